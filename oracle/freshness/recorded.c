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

#include <string.h>

#include "oracle/freshness/endings.h"
#include "oracle/freshness/floor.h"
#include "oracle/world/iommu.h"

/* Walks for one question; beyond, inconclusive. */
enum { MAX_TREE = 32 * TW_MAX_WALKS };

typedef struct Search Search;
struct Search {
    const TwAsk *ask;
    TwTimes times;  /* without the records */
    bool ended_too; /* also records that an event has ended */
    void (*visit)(const Search *search, const TwWalk *walk);
    uint32_t t; /* of the prefix */
    unsigned j; /* its hops */
    bool tail;  /* and the topology behind them */
    const TwNewer *newer;

    TwRecords records; /* of the walk at hand; the rest tells of the oldest: */
    uint32_t until;    /* when it was right last */
    uint16_t changed;  /* the operation that changed the entry */
    const TwEnding *ended; /* the event that ended it, or NULL */

    uint32_t since; /* when something changed that the tree looked at */
    uint8_t link;   /* what that was */
    uint16_t op;    /* the operation that changed it */
    unsigned depth; /* most hops of a walk */
};

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

/* An older answer of an IOMMU. */
typedef struct Older {
    unsigned hop; /* of the walk */
    uint64_t granule;
    uint32_t tick; /* when it was right last */
    uint16_t changed;
    uint8_t iommu, index, depth;
    const TwEnding *ended;
} Older;

/* The first event after time t, up to the question, that ends the record of
 * offset x that was found then. */
static const TwEnding *record_ended(const TwAsk *ask, const TwHop *hop,
                                    uint64_t x, const TwFound *found,
                                    uint32_t t)
{
    const TwWorld *world = ask->world;
    const TwEnding *first = NULL;

    for (uint32_t i = ask->n_endings; i > 0; i--) {
        const TwEnding *ending = &world->endings[i - 1];

        if (ending->tick <= t) {
            break;
        }
        if (ending->tick <= hop->asked &&
            tw_ending_covers_record(world, ending, hop->iommu, hop->index, x,
                                    found->lg)) {
            first = ending;
        }
    }
    return first;
}

/* A restore brings older entries back: what was there just before it, no list
 * says.  The last restore up to t. */
static uint32_t restored(const TwAsk *ask, uint32_t t)
{
    const TwWorld *world = ask->world;

    for (uint32_t i = ask->n_endings; i > 0; i--) {
        if (world->endings[i - 1].kind == TW_ENDING_RESTORE &&
            world->endings[i - 1].tick <= t) {
            return world->endings[i - 1].tick;
        }
    }
    return 0;
}

/* May a record say that, to an access that needs those rights? */
static bool may_say(const TwAsk *ask, TwFound found)
{
    uint8_t need = ask->access->hop_rights, kept = ask->world->contract.iotlb;

    return kept & (found.perm == 0               ? TW_IOTLB_ABSENT
                   : (found.perm & need) == need ? TW_IOTLB_ENTRIES
                                                 : TW_IOTLB_REFUSALS);
}

/* Adds to the list what records may answer where the walk passed `hop`. */
static unsigned older_of(Search *search, const TwHop *hop, unsigned number,
                         Older *list, unsigned n, unsigned room)
{
    const TwAsk *ask = search->ask;
    const TwIommu *iommu = &ask->world->program->iommus[hop->iommu];
    uint64_t x = hop->granule << iommu->granule_lg;
    TwFound found =
        tw_iommu_translate(ask->world, hop->iommu, hop->index, x, hop->asked);
    uint32_t t = hop->asked;

    while (n < room) {
        uint32_t since = found.since, back;
        uint16_t op = found.op;
        const TwEnding *ended;

        back = restored(ask, t);
        since = since > back ? since : back;
        if (since == 0) {
            return n;
        }
        note_since(search, since, TW_KEY_LINK_HOP, op);
        t = since - 1;
        found = tw_iommu_translate(ask->world, hop->iommu, hop->index, x, t);
        ended = record_ended(ask, hop, x, &found, t);
        if (ended && !search->ended_too) {
            note_since(search, ended->tick, TW_KEY_LINK_HOP, ended->op);
            if (found.since == 0 || !found.lg) {
                return n;
            }
            continue; /* an older, smaller leaf may not have ended */
        }
        if (may_say(ask, found)) {
            list[n++] = (Older){
                .hop = number,
                .granule = hop->granule,
                .tick = t,
                .changed = op,
                .iommu = hop->iommu,
                .index = hop->index,
                .depth = hop->depth,
                .ended = ended,
            };
        }
    }
    ask->answers->overflow = !search->ended_too;
    return n;
}

/* Do bytes of the walk meet this granule after the same hops twice?  Then they
 * share the record. */
static bool met_before(const TwWalk *walk, unsigned h)
{
    const TwHop *hop = &walk->hops[h];

    for (unsigned i = 0; i < h; i++) {
        const TwHop *other = &walk->hops[i];

        if (other->iommu == hop->iommu && other->index == hop->index &&
            other->granule == hop->granule && other->depth == hop->depth) {
            return true;
        }
    }
    return false;
}

/* Visits the walk with the records at hand, and all with a further record at
 * hop number `from` or behind. */
static void visit_all(Search *search, unsigned from)
{
    enum { ROOM = 24 };
    const TwAsk *ask = search->ask;
    TwHistory *history = ask->history;
    TwWalk *walk = &history->mixed;
    TwTimes times = search->times;
    Older older[ROOM];
    unsigned n = 0;

    if (search->records.n) {
        times.records = &search->records;
    }
    tw_walk(ask->world, ask->access, ask->mask, times, walk);
    if (times.then == times.now) {
        note_since(search, walk->since, walk->link, walk->op);
    }
    search->depth = walk->depth > search->depth ? walk->depth : search->depth;
    search->visit(search, walk);
    for (unsigned h = from; h < walk->n_hops; h++) {
        if (ask->world->program->iommus[walk->hops[h].iommu].iotlb &&
            !met_before(walk, h)) {
            n = older_of(search, &walk->hops[h], h, older, n, ROOM);
        }
    }
    for (unsigned i = 0; i < n; i++) {
        Search was = *search;
        TwRecords *records = &search->records;

        if (records->n == TW_MAX_RECORDS || history->walks >= MAX_TREE) {
            ask->answers->overflow |= !search->ended_too;
            return;
        }
        history->walks++;
        records->list[records->n].granule = older[i].granule;
        records->list[records->n].tick = older[i].tick;
        records->list[records->n].iommu = older[i].iommu;
        records->list[records->n].index = older[i].index;
        records->list[records->n++].depth = older[i].depth;
        if (!search->ended && (older[i].ended || records->n == 1)) {
            search->until = older[i].tick;
            search->changed = older[i].changed;
            search->ended = older[i].ended;
        }
        visit_all(search, older[i].hop + 1);
        records->n--;
        search->until = was.until;
        search->changed = was.changed;
        search->ended = was.ended;
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
static void add_now(const Search *search, const TwWalk *walk)
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

/* A walk of time t, cached whole. */
static void add_whole(const Search *search, const TwWalk *walk)
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
    facts = tw_ask_judge_prefix(ask, walk, walk->depth, true, search->t,
                                search->newer);
    facts.cacheable &= !tw_ask_refused(walk->bytes, ask->mask);
    facts = tw_ask_in_slot(ask, facts, TW_SLOT_FULL, times_of(search));
    if (facts.allowed || ask->ever) {
        tw_ask_add(ask, walk, &facts);
    }
}

/* A walk whose first j hops were cached at time t. */
static void add_prefix(const Search *search, const TwWalk *walk)
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

/* Visits all walks whose first j hops were asked at time t, in one or the other
 * topology behind them. */
static void add_prefixes(Search *search)
{
    const TwAsk *ask = search->ask;
    Search whole = *search;

    search->visit = add_prefix;
    for (unsigned j = 0; j <= whole.depth; j++) {
        search->j = j;
        for (unsigned tail = 0; tail <= 1; tail++) {
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

    visit_all(&search, 0);
    search.ended_too = false;
    if (cached) {
        ask->floor = tw_floor_find(ask->world, ask->access->cpu,
                                   ask->access->mmu, ask->page);
    }
    if (cached && !ask->ever && ask->history->walks > walks &&
        ask->world->contract.one_entry_per_page) {
        /* Which entries explain the answers of records, too. */
        search.visit = add_whole;
        visit_all(&search, 0);
        add_prefixes(&search);
    }
    while (search.since > until) {
        newer.link = search.link;
        newer.op = search.op;
        search.t = search.since - 1;
        search.times = tw_times_at(search.t);
        search.since = 0;
        search.depth = 0;
        search.visit = add_whole;
        if (ask->history->walks++ >= MAX_TREE) {
            ask->answers->overflow |= !ask->ever;
            return;
        }
        visit_all(&search, 0);
        if (cached) {
            add_prefixes(&search);
        }
    }
}
