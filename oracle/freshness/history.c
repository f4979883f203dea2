/* SPDX-License-Identifier: MIT */
/*
 * The freshness rule: which answers to an access are allowed besides the
 * current one.  FRESHNESS.md in this folder explains the rule and its reasons;
 * this file computes it.
 *
 * Versions.  `since` of a walk is the newest tick of the links that it used;
 * just before that tick it was another walk.  So stepping from `since - 1` to
 * `since - 1` visits each walk that ever was, each once, at the latest time at
 * which it was current.  The fewest later events end an answer of that time.
 * Stepping stops at the last event that ended everything for that CPU; mostly
 * it stops at once.
 *
 * Prefixes.  Of each version, the page-map entry and the first j hops may be
 * what is cached, for any j.  All bytes of the access in one page share the
 * version and j.
 */
#include "oracle/freshness/history.h"

#include "oracle/freshness/ask.h"
#include "oracle/freshness/floor.h"
#include "oracle/freshness/kept.h"
#include "oracle/freshness/recorded.h"

/* A prefix with all hops, whose tail is resolved now as it was then: its answer
 * is that of the whole walk, but another kind of entry is behind it. */
static void add_known(const TwAsk *ask, TwFacts facts, uint32_t t,
                      unsigned hops)
{
    facts = tw_ask_in_slot(ask, facts, tw_prefix_slot(hops),
                           (TwTimes){t, ask->now, hops, hops, NULL});
    if (facts.allowed || ask->ever) {
        tw_ask_add(ask, &ask->history->walk, &facts);
    }
}

/* A walk that takes some links as they were. */
static void add_mixed(const TwAsk *ask, TwFacts facts, uint32_t t,
                      unsigned topology, unsigned hops)
{
    TwHistory *history = ask->history;

    facts = tw_ask_in_slot(ask, facts, tw_prefix_slot(hops),
                           (TwTimes){t, ask->now, topology, hops, NULL});
    if (!facts.allowed && !ask->ever) {
        return;
    }
    if (history->walks++ >= TW_MAX_WALKS && !ask->ever) {
        ask->answers->overflow = true;
        return;
    }
    tw_walk(ask->world, ask->access, ask->mask, facts.times, &history->mixed);
    tw_ask_add(ask, &history->mixed, &facts);
}

/*
 * Can links of several times make an answer?  What no cache may keep is never
 * combined with links of now: if an answer that was right once is looked for,
 * it is one of the whole walk, in a world that there was.
 */
static bool mixes(const TwAsk *ask, uint32_t t)
{
    return !ask->ever || t == ask->fill || tw_ask_is_cached(ask);
}

/* Everything that the version current up to t (in history->walk) can answer
 * now. */
static void add_version(const TwAsk *ask, uint32_t t, const TwNewer *newer)
{
    const TwWalk *walk = &ask->history->walk;
    bool was_refused = tw_ask_refused(walk->bytes, ask->mask);
    bool same_topology =
        walk->topology_since == tw_world_snapshot(ask->world, ask->now)->tick;

    for (unsigned j = mixes(ask, t) ? 0 : walk->depth; j <= walk->depth; j++) {
        bool whole = j == walk->depth && !was_refused;
        bool known =
            j <= newer->depth && newer->since[j] == tw_prefix_since(walk, j);
        TwFacts facts;

        if (known && !ask->ever) {
            continue; /* the same prefix as in the newer version */
        }
        facts = tw_ask_judge_prefix(ask, walk, j, false, t, newer);
        if (!ask->ever &&
            (!facts.cacheable || facts.event != TW_KEY_EVENT_NONE)) {
            break; /* nor can a longer prefix be cached */
        }
        if (!mixes(ask, t)) {
            /* nothing but the whole */
        } else if (!known && whole && same_topology) {
            /* The tail is the end of the walk as it was: no need to walk. */
            add_known(ask, facts, t, j);
        } else if (!known) {
            add_mixed(ask, facts, t, j, j);
        }
        facts = tw_ask_judge_prefix(ask, walk, j, true, t, newer);
        if (mixes(ask, t) && !known && !whole && !same_topology) {
            /* What the prefix leads to is a page with several leaves, found
             * out when it was cached (FRESHNESS.md, "Tails"). */
            add_mixed(ask, facts, t, j + 1, j);
        }
        if (whole || (ask->ever && j == walk->depth)) {
            /* A refusal may have been right, but is never cached. */
            facts.cacheable = facts.cacheable && whole;
            facts = tw_ask_in_slot(ask, facts, TW_SLOT_FULL, tw_times_at(t));
            if (facts.allowed || ask->ever) {
                tw_ask_add(ask, walk, &facts);
            }
        }
    }
}

/*
 * Since when the walk has been like this, ignoring versions without new
 * answers. Suppose that only the entry of hop h was another, and that an event
 * has since ended the answers through that hop.  Then all versions with the
 * same links before hop h have only prefixes that have ended, or that this walk
 * has too.
 */
static uint32_t open_since(const TwAsk *ask, const TwWalk *walk)
{
    uint32_t since = walk->since;
    unsigned j = walk->n_hops, h;

    if (ask->ever || j == 0 || walk->hops[j - 1].depth != j - 1) {
        return since; /* all versions; or no hops in a row */
    }
    for (; since > 0; since = tw_prefix_since(walk, h), j = h) {
        for (h = 0; h < j && walk->hops[h].since != since; h++) {
        }
        if (h == j || !tw_ask_ended_by(ask, walk, h + 1, false, since - 1)) {
            break;
        }
    }
    return since;
}

/* The same for an access that a DMA mapping may answer: the mapping is a whole
 * walk (LA-38). */
static void add_mapped(const TwAsk *ask, uint32_t t, const TwNewer *newer)
{
    TwFacts facts = tw_ask_judge_mapping(ask, tw_times_at(t), newer);

    if (facts.allowed || ask->ever) {
        tw_ask_add(ask, &ask->history->walk, &facts);
    }
}

/* Is there a version that is older than `walk`, and may matter?  In *since when
 * that began to be as it is. */
static inline __attribute__((always_inline)) bool
has_older(const TwAsk *ask, const TwWalk *walk, uint32_t until, uint32_t *since)
{
    *since = walk->since;
    if (*since > until && !ask->access->mapping) {
        *since = open_since(ask, walk);
    }
    return *since > until;
}

static void collect(TwAsk *ask)
{
    TwHistory *history = ask->history;
    const TwAccess *access = ask->access;
    TwWalk *walk = &history->walk;
    uint32_t limit = ask->ever ? 64 * TW_MAX_WALKS : TW_MAX_WALKS;
    bool cached = tw_ask_is_cached(ask);
    uint32_t until = ask->ever ? 0 : ask->fill;
    uint32_t since;
    bool older;
    TwNewer newer;

    tw_walk(ask->world, access, ask->mask, tw_times_at(ask->now), walk);
    /* An access with a change inside its fill is in the later of its worlds. */
    if (history->meeting && !ask->ever &&
        (!access->during || access->cpu == TW_BOARD ||
         ask->now == ask->world->now)) {
        tw_met_note(history->meeting, ask->world, access, ask->page, walk,
                    ask->now);
    }
    if (cached && !ask->ever) {
        until = ask->fresh;
    } else if (access->mapping && !ask->ever) {
        until = tw_ask_mapped_since(ask);
    }
    if (ask->world->iotlbs) {
        tw_ask_recorded(ask, until);
        return;
    }
    older = has_older(ask, walk, until, &since);
    ask->slots &= older || access->during;
    tw_ask_add_current(ask, walk);
    if (walk->since > until && cached) {
        ask->floor =
            tw_floor_find(ask->world, access->cpu, access->mmu, ask->page);
    }
    for (; older; older = has_older(ask, walk, until, &since)) {
        uint32_t t = since - 1;

        newer.depth = walk->depth;
        newer.link = walk->link;
        newer.op = walk->op;
        for (unsigned j = 0; j <= walk->depth; j++) {
            newer.since[j] = tw_prefix_since(walk, j);
        }
        if (history->walks++ >= limit || tw_ask_lost_patience(ask)) {
            ask->answers->overflow = true;
            return;
        }
        tw_walk(ask->world, access, ask->mask, tw_times_at(t), walk);
        if (access->mapping) {
            add_mapped(ask, t, &newer);
        } else {
            add_version(ask, t, &newer);
        }
    }
}

/* The door ---------------------------------------------------------------- */

/* Asks for one page, and once more if an operation came in between. */
static void ask_page(TwAsk *question)
{
    const TwWorld *world = question->world;
    const TwAccess *access = question->access;
    const TwDuring *during = access->during;

    question->answers->n = 0;
    question->answers->overflow = false;
    question->now = world->now;
    question->n_endings = world->n_endings;
    question->fill = TW_FOREVER;
    if (access->cpu != TW_BOARD) {
        question->fresh = world->fresh[access->cpu][access->mmu];
    }
    if (!during) {
        collect(question);
        return;
    }
    question->n_endings = during->n_endings;
    question->fresh = during->fresh;
    question->now = during->now;
    collect(question);
    if (access->cpu != TW_BOARD) { /* a DMA access fills nothing */
        question->now = world->now;
        question->fill = during->now;
        collect(question);
    }
}

static void ask(TwHistory *history, const TwWorld *world,
                const TwAccess *access, bool ever)
{
    unsigned lg = world->program->page_lg;
    unsigned all = (1u << access->size) - 1, split = access->size;
    bool cpu = access->cpu != TW_BOARD;
    uint32_t walks;

    history->walks = 0;
    history->n_pages = 0;
    if (access->beyond) {
        return;
    }
    if (cpu || access->apart) {
        uint64_t left =
            world->page_size - (access->addr & (world->page_size - 1));

        split = left < access->size ? (unsigned)left : access->size;
    }
    for (unsigned from = 0; from < access->size; from = split) {
        unsigned i = history->n_pages++;
        unsigned mask = from ? all & ~((1u << from) - 1) : (1u << split) - 1;
        uint64_t page =
            (from ? tw_access_at(access, from) : access->addr) >> lg;
        TwAsk question = {
            .history = history,
            .answers = &history->answers[i],
            .world = world,
            .access = access,
            .page = page,
            .mask = mask,
            .number = i,
            .ever = ever,
            .slots = cpu && world->contract.one_entry_per_page,
        };

        history->page[i] = page;
        walks = history->walks;
        ask_page(&question);
        history->open[i] = cpu && history->walks > walks;
        if (from) {
            break;
        }
    }
}

void tw_history_init(TwHistory *history)
{
    history->older = tw_kept_new();
    history->patience = UINT64_MAX;
}

void tw_history_clear(TwHistory *history)
{
    tw_kept_clear(history);
}

void tw_history_allowed(TwHistory *history, const TwWorld *world,
                        const TwAccess *access)
{
    ask(history, world, access, false);
    history->all_walks += history->walks;
}

void tw_history_ever(TwHistory *history, const TwWorld *world,
                     const TwAccess *access)
{
    ask(history, world, access, true);
    history->all_walks += history->walks;
}

void tw_answer_join(const TwAccess *access, const TwAnswer *first,
                    const TwAnswer *second, TwByte bytes[TW_MAX_ACCESS],
                    uint8_t *cuts)
{
    unsigned split =
        second ? (unsigned)__builtin_ctz(second->mask) : access->size;

    for (unsigned k = 0; k < access->size; k++) {
        bytes[k] = k < split ? first->bytes[k] : second->bytes[k];
    }
    *cuts = first->cuts;
    if (second) {
        *cuts |= second->cuts | 1u << split; /* a page boundary (LA-23) */
    }
}
