/* SPDX-License-Identifier: MIT */
/*
 * Answers where IOMMUs have IOTLBs (FRESHNESS.md, "A cache inside the path").
 *
 * Where a walk asks an IOMMU at time s, the IOMMU may answer as at any time
 * before s, up to the last event that ended its record of the granule.  So one
 * time no longer gives one walk but a tree of walks: each translation of a walk
 * has an answer of s and some of records, and what comes behind differs.  This
 * file visits the whole tree, plainly; programs with IOTLBs are few, and the
 * windows in which a tree has more than one walk are short.
 *
 * A CPU's cache holds answers of such walks.  So for each time t, and each
 * length of a prefix, the tree is visited in which the prefix was asked at t
 * and the rest is asked now.  From the time at which something that the tree of
 * t looked at changed last, up to t, all trees are the same; so t steps from
 * one such change to the next.
 */
#include "oracle/freshness/recorded.h"

#include <glib.h>
#include <string.h>

#include "oracle/freshness/combined.h"
#include "oracle/freshness/floor.h"
#include "oracle/freshness/kept.h"
#include "oracle/freshness/nested.h"
#include "oracle/freshness/older.h"

/* Walks for one question; beyond, inconclusive. */
enum { MAX_TREE = 64 * TW_MAX_WALKS };

typedef struct Search Search;
struct Search {
    const TwAsk *ask;
    TwTimes times;  /* without the records */
    bool ended_too; /* also records that an event has ended */
    void (*visit)(Search *search, const TwWalk *walk);
    uint32_t t; /* of the prefix */
    unsigned j; /* its hops */
    bool tail;  /* and the topology behind them */
    const TwNewer *newer;

    TwRecords records; /* of the walk at hand; the rest tells of the oldest: */
    uint32_t until;    /* when it was right last */
    uint16_t changed;  /* the operation that changed the entry */
    const TwEnding *ended;          /* the event that ended it, or NULL */
    uint32_t asked[TW_MAX_RECORDS]; /* when a combined one is */
    unsigned combined; /* the one whose versions are looked for: its number, and
                        * one more; 0: none; */
    uint32_t under;    /* when something changed that decides what it says */

    uint32_t since; /* when something changed that the tree looked at */
    uint8_t link;   /* what that was */
    uint16_t op;    /* the operation that changed it */
    unsigned depth; /* most hops of a walk */
    /* The same, of the page map and the topology, and then hop by hop. */
    uint32_t since_at[TW_MAX_HOPS + 2];
    bool kept[TW_MAX_HOPS + 2]; /* some walk's first j hops may be in a cache */
};

/* Something changed that prefixes with more than `depth` hops depend on. */
static void note_at(Search *search, unsigned depth, uint32_t since)
{
    if (since > search->since_at[depth + 1]) {
        search->since_at[depth + 1] = since;
    }
}

static void note_since(Search *search, uint32_t since, uint8_t link,
                       uint16_t op)
{
    if (since > search->since) {
        search->since = since;
        search->link = link;
        search->op = op;
    }
}

/* Records ----------------------------------------------------------------- */

/* Do bytes of the walk meet this granule after the same hops twice?  Then they
 * share the record. */
static bool met_before(const TwWalk *walk, unsigned h)
{
    const TwHop *hop = &walk->hops[h];

    for (unsigned i = 0; i < h; i++) {
        const TwHop *other = &walk->hops[i];

        if (other->iommu == hop->iommu && other->index == hop->index &&
            other->granule == hop->granule && other->depth == hop->depth &&
            other->combined == hop->combined) {
            return true;
        }
    }
    return false;
}

static void note_under(Search *search, const TwHop *hop, uint32_t since)
{
    if (search->combined && (hop->combined + 1u) / 2 == search->combined &&
        since > search->under) {
        search->under = since;
    }
}

/* Visits the walk, if combined records may say what they said in it. */
static void visit_one(Search *search, const TwWalk *walk)
{
    const TwEnding *ended = search->ended;
    TwChange change = {0, TW_NO_OP};
    bool says = true;

    for (unsigned k = 0; says && k < search->records.n; k++) {
        const TwEnding *by;

        if (!search->records.list[k].both) {
            continue;
        }
        says = tw_combined_says(search->ask, search->ended_too, walk,
                                &search->records, k, search->asked[k], &by,
                                &change);
        note_at(search, search->records.list[k].request.depth, change.since);
        if (by) {
            note_since(search, by->tick, TW_KEY_LINK_HOP, by->op);
            note_at(search, search->records.list[k].request.depth, by->tick);
            says &= search->ended_too;
            ended = ended ? ended : by;
        }
    }
    note_since(search, change.since, TW_KEY_LINK_HOP, change.op);
    if (says) {
        const TwEnding *before = search->ended;

        search->ended = ended;
        search->visit(search, walk);
        search->ended = before;
    }
}

static void visit_all(Search *search, unsigned from);

/* Is there no room for further records?  Then the search is not complete. */
static bool is_full(const Search *search, unsigned more)
{
    const TwAsk *ask = search->ask;

    if (search->records.n + more <= TW_MAX_RECORDS &&
        ask->history->walks < MAX_TREE && !tw_ask_lost_patience(ask)) {
        return false;
    }
    ask->answers->overflow |= !search->ended_too;
    return true;
}

/* Visits all walks with the records that have been added since there were
 * n, and what the oldest adds to the tale. */
static void visit_with(Search *search, unsigned n, unsigned from,
                       uint32_t until, uint16_t changed, const TwEnding *ended)
{
    const TwEnding *ended_before = search->ended;
    uint32_t until_before = search->until;
    uint16_t changed_before = search->changed;

    search->ask->history->walks++;
    if (!search->ended && (ended || n == 0)) {
        search->until = until;
        search->changed = changed;
        search->ended = ended;
    }
    visit_all(search, from);
    search->records.n = n;
    search->until = until_before;
    search->changed = changed_before;
    search->ended = ended_before;
}

/* Visits all walks with an answer of records at a hop. */
static void visit_older(Search *search, const TwOlder *older, const TwHop *hop,
                        unsigned from)
{
    TwRecords *records = &search->records;
    TwRecord record = {.request = {.granule = hop->granule,
                                   .iommu = hop->iommu,
                                   .index = hop->index,
                                   .depth = hop->depth},
                       .parts = older->parts,
                       .combined = hop->combined};
    unsigned n = records->n;

    if (is_full(search, 1 + older->n_others)) {
        return;
    }
    if (older->own) {
        records->list[records->n++] = record;
    }
    for (unsigned i = 0; i < older->n_others; i++) {
        record = older->others[i];
        record.request.depth = hop->depth;
        record.combined = hop->combined;
        records->list[records->n++] = record;
    }
    visit_with(search, n, from, older->until, older->changed, older->ended);
}

/* Visits all walks with a combined record at a hop, version by version. */
static void visit_combined(Search *search, const TwCombined *combined)
{
    TwRecord record = combined->record;
    uint32_t u = combined->newest;
    uint16_t changed = TW_NO_OP;
    unsigned outer = search->combined;
    uint32_t under = search->under;

    while (!is_full(search, 1)) {
        unsigned n = search->records.n;

        record.parts = tw_parts_at(record.request.index, u);
        search->asked[n] = combined->asked;
        search->combined = n + 1;
        search->under = 0;
        search->records.list[search->records.n++] = record;
        visit_with(search, n, combined->hop, u, changed, NULL);
        if (search->under <= combined->oldest || search->under > u) {
            break;
        }
        u = search->under - 1;
    }
    search->combined = outer;
    search->under = under;
}

/* A hop of a walk, and what records may answer there. */
typedef struct Turn {
    TwHop hop;
    const TwOlders *olders;
} Turn;

enum { MAX_COMBINED = 4, MAX_TURNS = TW_MAX_ACCESS * (TW_MAX_HOPS + 1) };

/* Asks what records may answer at a hop. */
static const TwOlders *ask_at(Search *search, const TwHop *hop)
{
    const TwOlders *olders =
        tw_older_find(&(TwOlderAsk){.ask = search->ask,
                                    .ended_too = search->ended_too,
                                    .granule = hop->granule,
                                    .asked = hop->asked,
                                    .iommu = hop->iommu,
                                    .index = hop->index,
                                    .need = search->ask->access->hop_rights});

    note_since(search, olders->change.since, TW_KEY_LINK_HOP,
               olders->change.op);
    note_under(search, hop, olders->change.since);
    note_at(search, hop->depth, olders->change.since);
    search->ask->answers->overflow |= olders->overflow && !search->ended_too;
    return olders;
}

/* Visits the walk with the records at hand, and all with a further record at
 * hop number `from` or behind. */
static void visit_all(Search *search, unsigned from)
{
    const TwAsk *ask = search->ask;
    TwWalk *walk = &ask->history->mixed;
    TwTimes times = search->times;
    TwCombined combined[MAX_COMBINED + 1]; /* the last is one too many */
    Turn turns[MAX_TURNS];
    unsigned n = 0, n_hops;

    if (search->records.n) {
        times.records = &search->records;
    }
    tw_walk(ask->world, ask->access, ask->mask, times, walk);
    if (times.then == times.now) {
        note_since(search, walk->since, walk->link, walk->op);
    }
    search->depth = walk->depth > search->depth ? walk->depth : search->depth;
    search->since_at[0] =
        MAX(search->since_at[0], MAX(walk->page_since, walk->topology_since));
    for (unsigned h = 0; h < walk->n_hops; h++) {
        note_under(search, &walk->hops[h], walk->hops[h].since);
        note_at(search, walk->hops[h].depth, walk->hops[h].since);
    }
    visit_one(search, walk);
    n_hops = walk->n_hops;
    for (unsigned h = from; h < n_hops; h++) {
        const TwHop *hop = &walk->hops[h];

        turns[h].olders = NULL;
        if (!ask->world->program->iommus[hop->iommu].iotlb &&
            !tw_nested_mixes(ask->world, hop->iommu)) {
            continue;
        }
        if (!met_before(walk, h)) {
            turns[h].hop = *hop;
            turns[h].olders = ask_at(search, hop);
            if (tw_combined_begins(
                    ask, search->ended_too, walk, times, h,
                    &combined[n < MAX_COMBINED ? n : MAX_COMBINED])) {
                n++;
            }
        }
    }
    if (n > MAX_COMBINED) {
        ask->answers->overflow |= !search->ended_too;
        n = MAX_COMBINED;
    }
    for (unsigned h = from; h < n_hops; h++) {
        for (unsigned i = 0; turns[h].olders && i < turns[h].olders->n; i++) {
            visit_older(search, &turns[h].olders->list[i], &turns[h].hop,
                        h + 1);
        }
    }
    for (unsigned i = 0; i < n; i++) {
        visit_combined(search, &combined[i]);
    }
}

static TwTimes times_of(const Search *search)
{
    TwTimes times = search->times;

    times.records = search->records.n ? &search->records : NULL;
    return times;
}

/* Answers ----------------------------------------------------------------- */

/* A walk of now. */
static void add_now(Search *search, const TwWalk *walk)
{
    const TwAsk *ask = search->ask;
    TwFacts facts = {
        .times = times_of(search),
        .since = TW_FOREVER,
        .until = search->until,
        .slot = TW_SLOT_FULL,
        .cacheable = true,
        .by_record = true,
        .allowed = !search->ended,
        .link = TW_KEY_LINK_HOP,
        .changed = search->changed,
        .event =
            search->ended ? tw_ask_event_key(search->ended) : TW_KEY_EVENT_NONE,
        .ended = search->ended ? search->ended->op : TW_NO_OP,
        .filled = TW_NO_OP,
    };

    if (search->records.n) {
        tw_ask_add(ask, walk, &facts);
    } else {
        tw_ask_add_current(ask, walk);
    }
}

/* Notes which prefixes of a walk of time t may be in a cache: if one cannot,
 * neither can longer ones. */
static void note_kept(Search *search, const TwWalk *walk)
{
    for (unsigned j = 0; j <= walk->depth; j++) {
        TwFacts facts = tw_ask_judge_prefix(search->ask, walk, j, false,
                                            search->t, search->newer);

        if (!facts.cacheable || facts.event != TW_KEY_EVENT_NONE) {
            break;
        }
        search->kept[j] = true;
    }
}

/* A walk of time t, cached whole. */
static void add_whole(Search *search, const TwWalk *walk)
{
    const TwAsk *ask = search->ask;
    TwFacts facts;

    if (ask->access->mapping) {
        facts = tw_ask_judge_mapping(ask, times_of(search), search->newer);
        if (facts.allowed || ask->ever) {
            tw_ask_add(ask, walk, &facts);
        }
        return;
    }
    if (!ask->ever) {
        note_kept(search, walk);
    }
    facts = tw_ask_judge_prefix(ask, walk, walk->depth, true, search->t,
                                search->newer);
    facts.cacheable &= !tw_ask_refused(walk->bytes, ask->mask);
    facts = tw_ask_in_slot(ask, facts, TW_SLOT_FULL, times_of(search));
    if (facts.allowed || ask->ever) {
        tw_ask_add(ask, walk, &facts);
    }
}

/* A walk whose first j hops were cached at time t. */
static void add_prefix(Search *search, const TwWalk *walk)
{
    const TwAsk *ask = search->ask;
    TwFacts facts;

    if (walk->depth < search->j) {
        return;
    }
    facts = tw_ask_judge_prefix(ask, walk, search->j, search->tail, search->t,
                                search->newer);
    facts =
        tw_ask_in_slot(ask, facts, tw_prefix_slot(search->j), times_of(search));
    if (facts.allowed || (ask->ever && tw_ask_is_cached(ask))) {
        tw_ask_add(ask, walk, &facts);
    }
}

/* The last change of what the first j hops of the tree depend on. */
static uint32_t prefix_since(const Search *search, unsigned j)
{
    uint32_t since = 0;

    for (unsigned i = 0; i <= j; i++) {
        since = MAX(since, search->since_at[i]);
    }
    return since;
}

/*
 * Visits all walks whose first j hops were asked at time t, in one or the other
 * topology behind them; not those that can be in no cache, and not those that
 * are the same in the version just newer, `known`.
 */
static void add_prefixes(Search *search)
{
    const TwAsk *ask = search->ask;
    bool same_topology = tw_world_snapshot(ask->world, search->t) ==
                         tw_world_snapshot(ask->world, ask->now);
    Search whole = *search;

    search->visit = add_prefix;
    for (unsigned j = 0; j <= whole.depth; j++) {
        bool known =
            j <= search->newer->depth && search->newer->since[j] <= search->t;

        if (!ask->ever && (known || !whole.kept[j])) {
            continue;
        }
        search->j = j;
        for (unsigned tail = 0; tail <= (same_topology ? 0 : 1); tail++) {
            search->tail = tail;
            search->times = (TwTimes){search->t, ask->now, (uint8_t)(j + tail),
                                      (uint8_t)j, NULL};
            ask->history->walks++;
            visit_all(search, 0);
        }
    }
    search->since = whole.since; /* what is behind the prefix is of now */
    search->link = whole.link;
    search->op = whole.op;
    memcpy(search->since_at, whole.since_at, sizeof(whole.since_at));
}

void tw_ask_recorded(TwAsk *ask, uint32_t until)
{
    bool cached = tw_ask_is_cached(ask);
    uint32_t walks = ask->history->walks;
    TwNewer newer = {.op = TW_NO_OP};
    Search search = {
        .ask = ask,
        .times = tw_times_at(ask->now),
        .ended_too = ask->ever,
        .visit = add_now,
        .newer = &newer,
        .t = ask->now,
        .changed = TW_NO_OP,
    };

    tw_kept_begin(ask->history, ask->world);
    visit_all(&search, 0);
    search.ended_too = false;
    if (cached) {
        ask->floor = tw_floor_find(ask->world, ask->access->cpu,
                                   ask->access->mmu, ask->page);
    }
    if (cached && !ask->ever && ask->history->walks > walks &&
        ask->world->contract.one_entry_per_page) {
        /* Which entries explain the answers of records, too. */
        newer.since[0] = TW_FOREVER; /* no version is newer */
        search.visit = add_whole;
        visit_all(&search, 0);
        add_prefixes(&search);
    }
    while (search.since > until) {
        newer.link = search.link;
        newer.op = search.op;
        newer.depth = search.depth;
        for (unsigned j = 0; j <= search.depth; j++) {
            newer.since[j] = prefix_since(&search, j);
        }
        search.t = search.since - 1;
        search.times = tw_times_at(search.t);
        search.since = 0;
        search.depth = 0;
        memset(search.since_at, 0, sizeof(search.since_at));
        memset(search.kept, 0, sizeof(search.kept));
        search.visit = add_whole;
        if (ask->history->walks++ >= MAX_TREE || tw_ask_lost_patience(ask)) {
            ask->answers->overflow |= !ask->ever;
            return;
        }
        visit_all(&search, 0);
        if (cached) {
            add_prefixes(&search);
        }
    }
}
