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

#include <string.h>

#include "oracle/freshness/endings.h"
#include "oracle/freshness/floor.h"

/*
 * A question about one page of an access.  If an operation takes place during
 * the access, there are two questions: the answers before the operation, and
 * the answers of a walk that the operation interrupted or that started after
 * it.  In both, the events of the operation do not count, because the target
 * may have begun its walk before them.
 */
typedef struct Ask {
    TwHistory *history;
    TwAnswers *answers;
    const TwWorld *world;
    const TwAccess *access;
    const TwFloor *floor; /* or NULL */
    uint64_t page;
    uint8_t mask;
    uint8_t number; /* of the page in the history */
    bool ever;      /* all answers, allowed or not */
    uint32_t now;
    uint32_t n_endings; /* events that count */
    uint32_t fresh;     /* the last of them that ended everything */
    uint32_t fill;      /* what was current then is in use, as far as it was
                         * granted, cacheable or not; TW_FOREVER: nothing is */
} Ask;

/* May answers to this access be kept in a cache? */
static bool is_cached(const Ask *ask)
{
    return ask->access->cpu != TW_BOARD && ask->world->contract.cpu_cache;
}

/* Prefixes ---------------------------------------------------------------- */

static unsigned slot_of(unsigned j)
{
    return j < TW_SLOT_FULL - 1 ? j : TW_SLOT_FULL - 1;
}

/* Since when the page-map entry, the topology and the first j hops have been
 * as they are in this walk (of one time). */
static uint32_t prefix_since(const TwWalk *walk, unsigned j)
{
    uint32_t since = walk->topology_since;

    if (since < walk->page_since) {
        since = walk->page_since;
    }
    for (unsigned i = 0; i < walk->n_hops; i++) {
        if (walk->hops[i].depth < j && since < walk->hops[i].since) {
            since = walk->hops[i].since;
        }
    }
    return since;
}

/* `small`: also what passes something below the page size. */
static bool prefix_granted(const TwWalk *walk, unsigned j, bool small)
{
    if (!walk->page.present || !walk->page.granted ||
        (walk->page.small && !small)) {
        return false;
    }
    for (unsigned i = 0; i < walk->n_hops; i++) {
        if (walk->hops[i].depth < j &&
            (!walk->hops[i].granted || (walk->hops[i].small && !small))) {
            return false;
        }
    }
    return true;
}

static bool prefix_cacheable(const TwWalk *walk, unsigned j)
{
    return prefix_granted(walk, j, false);
}

static bool refused(const TwByte *bytes, unsigned mask)
{
    for (; mask; mask &= mask - 1) {
        uint8_t where = bytes[__builtin_ctz(mask)].where;

        if (where == TW_AT_PAGE || where == TW_AT_HOP || where == TW_AT_LOOP) {
            return true;
        }
    }
    return false;
}

/* Endings ----------------------------------------------------------------- */

/* The first event after time t, counted by now, that covers that prefix. */
static const TwEnding *ended_by(const Ask *ask, const TwWalk *walk, unsigned j,
                                bool tail, uint32_t t)
{
    const TwWorld *world = ask->world;
    const TwEnding *first = NULL;

    for (uint32_t i = ask->n_endings; i > 0; i--) {
        const TwEnding *ending = &world->endings[i - 1];

        if (ending->tick <= t) {
            break;
        }
        if ((ask->access->cpu == TW_BOARD ||
             tw_world_counts(world, ending, ask->access->cpu)) &&
            tw_ending_covers(world, ask->access, ending, walk, j, tail)) {
            first = ending;
        }
    }
    return first;
}

/* Collecting -------------------------------------------------------------- */

static bool same_answer(const TwAnswer *a, const TwByte *bytes, uint8_t cuts,
                        unsigned mask)
{
    if (a->cuts != cuts) {
        return false;
    }
    for (; mask; mask &= mask - 1) {
        const TwByte *x = &a->bytes[__builtin_ctz(mask)];
        const TwByte *y = &bytes[__builtin_ctz(mask)];

        if (x->where != y->where || x->region != y->region ||
            x->offset != y->offset || x->flags != y->flags) {
            return false;
        }
    }
    return true;
}

/* What is known of an answer besides where its bytes go. */
typedef struct Facts {
    TwTimes times;
    uint32_t since;
    unsigned slot;
    bool allowed, cacheable;
    uint8_t link, event;
    uint16_t changed, ended, filled;
} Facts;

static void describe(TwAnswer *answer, const Facts *facts)
{
    answer->times = facts->times;
    answer->allowed = facts->allowed;
    answer->cacheable = facts->cacheable;
    answer->link = facts->link;
    answer->event = facts->event;
    answer->changed = facts->changed;
    answer->ended = facts->ended;
    answer->filled = facts->filled;
}

/* Is that a better reason for an answer than the one it has?  Those that come
 * later are of older times. */
static bool better(const Ask *ask, const Facts *facts, const TwAnswer *answer)
{
    if (answer->allowed || facts->allowed) {
        return !answer->allowed;
    }
    if (answer->cacheable != facts->cacheable) {
        return facts->cacheable;
    }
    if (!is_cached(ask)) {
        return false; /* right until the latest time: nothing was filled */
    }
    if ((answer->filled == TW_NO_OP) != (facts->filled == TW_NO_OP)) {
        return answer->filled == TW_NO_OP;
    }
    /* Prefer "replaced" only if no event ended the answer. */
    return answer->event == TW_KEY_EVENT_NEWER &&
           facts->event != TW_KEY_EVENT_NEWER &&
           facts->event != TW_KEY_EVENT_NONE;
}

/* Notes the prefix that explains the answer, if one may. */
static void note_slot(const Ask *ask, TwAnswer *answer, const Facts *facts)
{
    if (facts->allowed && answer->oldest[facts->slot] > facts->since) {
        answer->oldest[facts->slot] = facts->since;
    }
    /* What the fill at hand found is no old answer. */
    answer->current |= facts->allowed && facts->times.then == ask->fill;
}

/* Returns the answer, or NULL: there are too many. */
static TwAnswer *add(const Ask *ask, const TwWalk *walk, const Facts *facts)
{
    TwAnswers *answers = ask->answers;
    TwAnswer *answer;

    for (uint32_t i = 0; i < answers->n; i++) {
        answer = &answers->list[i];
        if (same_answer(answer, walk->bytes, walk->cuts, ask->mask)) {
            note_slot(ask, answer, facts);
            if (better(ask, facts, answer)) {
                describe(answer, facts);
            }
            return answer;
        }
    }
    if (answers->n == TW_MAX_WALKS) {
        answers->overflow = true;
        return NULL;
    }
    answer = &answers->list[answers->n++];
    describe(answer, facts);
    answer->mask = ask->mask;
    answer->cuts = walk->cuts;
    answer->current = answer->before = answer->after = false;
    answer->refused = refused(walk->bytes, ask->mask);
    for (unsigned s = 0; s < TW_PREFIX_SLOTS; s++) {
        answer->oldest[s] = TW_FOREVER;
    }
    note_slot(ask, answer, facts);
    memcpy(answer->bytes, walk->bytes, sizeof(answer->bytes));
    return answer;
}

/* The current answer, and which cached prefixes explain it as well. */
static void add_current(const Ask *ask, const TwWalk *walk)
{
    TwAnswer *answer;
    Facts facts = {
        .times = tw_times_at(ask->now),
        .since = TW_FOREVER,
        .slot = TW_SLOT_FULL,
        .allowed = true,
        .changed = TW_NO_OP,
        .ended = TW_NO_OP,
        .filled = TW_NO_OP,
    };

    answer = add(ask, walk, &facts);
    if (!answer) {
        return;
    }
    answer->current = true;
    answer->after |= ask->now == ask->world->now;
    answer->before |=
        ask->access->during && ask->now == ask->access->during->now;
    for (unsigned j = 0; j <= walk->depth && prefix_cacheable(walk, j); j++) {
        uint32_t since = prefix_since(walk, j);

        if (answer->oldest[slot_of(j)] > since) {
            answer->oldest[slot_of(j)] = since;
        }
        if (j == walk->depth && !answer->refused) {
            answer->oldest[TW_SLOT_FULL] = since;
        }
    }
}

/* Versions ---------------------------------------------------------------- */

/* The version just newer than the one at hand. */
typedef struct Newer {
    uint32_t since[TW_MAX_HOPS + 1]; /* of its prefixes */
    unsigned depth;
    uint8_t link; /* what its coming changed */
    uint16_t op;
} Newer;

static uint8_t event_key(const TwEnding *ending)
{
    switch (ending->kind) {
    case TW_ENDING_COMMIT:
        return TW_KEY_EVENT_COMMIT;
    case TW_ENDING_UNMAP:
        return TW_KEY_EVENT_UNMAP;
    case TW_ENDING_RESET:
        return TW_KEY_EVENT_RESET;
    case TW_ENDING_RESTORE:
        return TW_KEY_EVENT_RESTORE;
    default:
        return TW_KEY_EVENT_FLUSH;
    }
}

/* The last access to the page in a span of time, or TW_NO_OP. */
static uint16_t filled_in(const Ask *ask, uint32_t since, uint32_t t)
{
    const TwTouch *touches = ask->history->touches[ask->number];

    for (uint32_t i = ask->ever ? ask->history->n_touches[ask->number] : 0;
         i > 0; i--) {
        if (touches[i - 1].tick >= since && touches[i - 1].tick <= t) {
            return touches[i - 1].op;
        }
    }
    return TW_NO_OP;
}

/* May the page-map entry and the first j hops of the walk, current up to t,
 * and, if `tail`, what was behind them, still be cached? */
static Facts judge_prefix(const Ask *ask, const TwWalk *walk, unsigned j,
                          bool tail, uint32_t t, const Newer *newer)
{
    const TwEnding *ending = ended_by(ask, walk, j, tail, t);
    bool cacheable = is_cached(ask) && prefix_cacheable(walk, j);

    return (Facts){
        .since = prefix_since(walk, j),
        .slot = slot_of(j),
        .cacheable =
            cacheable || (t == ask->fill && prefix_granted(walk, j, true)),
        .link = newer->link,
        .changed = newer->op,
        .event = ending ? event_key(ending) : TW_KEY_EVENT_NONE,
        .ended = ending ? ending->op : TW_NO_OP,
        .filled = filled_in(ask, prefix_since(walk, j), t),
    };
}

/* Takes the facts into one slot: is it allowed there? */
static Facts in_slot(const Ask *ask, Facts facts, unsigned slot, TwTimes times)
{
    facts.slot = slot;
    facts.times = times;
    facts.allowed = facts.cacheable && facts.event == TW_KEY_EVENT_NONE;
    if (facts.allowed && ask->floor && times.then < ask->floor->tick[slot]) {
        facts.allowed = false;
        facts.event = TW_KEY_EVENT_NEWER;
        facts.ended = ask->floor->op;
    }
    return facts;
}

/* A prefix with all hops, whose tail is resolved now as it was then: its answer
 * is that of the whole walk, but another kind of entry is behind it. */
static void add_known(const Ask *ask, Facts facts, uint32_t t, unsigned hops)
{
    facts =
        in_slot(ask, facts, slot_of(hops), (TwTimes){t, ask->now, hops, hops});
    if (facts.allowed || ask->ever) {
        add(ask, &ask->history->walk, &facts);
    }
}

/* A walk that takes some links as they were. */
static void add_mixed(const Ask *ask, Facts facts, uint32_t t,
                      unsigned topology, unsigned hops)
{
    TwHistory *history = ask->history;

    facts = in_slot(ask, facts, slot_of(hops),
                    (TwTimes){t, ask->now, topology, hops});
    if (!facts.allowed && !ask->ever) {
        return;
    }
    if (history->walks++ >= TW_MAX_WALKS && !ask->ever) {
        ask->answers->overflow = true;
        return;
    }
    tw_walk(ask->world, ask->access, ask->mask, facts.times, &history->mixed);
    add(ask, &history->mixed, &facts);
}

/*
 * Can links of several times make an answer?  What no cache may keep is never
 * combined with links of now: if an answer that was right once is looked for,
 * it is one of the whole walk, in a world that there was.
 */
static bool mixes(const Ask *ask, uint32_t t)
{
    return !ask->ever || t == ask->fill || is_cached(ask);
}

/* Everything that the version current up to t (in history->walk) can answer
 * now. */
static void add_version(const Ask *ask, uint32_t t, const Newer *newer)
{
    const TwWalk *walk = &ask->history->walk;
    bool was_refused = refused(walk->bytes, ask->mask);
    bool same_topology =
        walk->topology_since == tw_world_snapshot(ask->world, ask->now)->tick;

    for (unsigned j = mixes(ask, t) ? 0 : walk->depth; j <= walk->depth; j++) {
        bool whole = j == walk->depth && !was_refused;
        bool known =
            j <= newer->depth && newer->since[j] == prefix_since(walk, j);
        Facts facts;

        if (known && !ask->ever) {
            continue; /* the same prefix as in the newer version */
        }
        facts = judge_prefix(ask, walk, j, false, t, newer);
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
        facts = judge_prefix(ask, walk, j, true, t, newer);
        if (mixes(ask, t) && !known && !whole && !same_topology) {
            /* What the prefix leads to is a page with several leaves, found
             * out when it was cached (FRESHNESS.md, "Tails"). */
            add_mixed(ask, facts, t, j + 1, j);
        }
        if (whole || (ask->ever && j == walk->depth)) {
            /* A refusal may have been right, but is never cached. */
            facts.cacheable = facts.cacheable && whole;
            facts = in_slot(ask, facts, TW_SLOT_FULL, tw_times_at(t));
            if (facts.allowed || ask->ever) {
                add(ask, walk, &facts);
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
static uint32_t open_since(const Ask *ask, const TwWalk *walk)
{
    uint32_t since = walk->since;
    unsigned j = walk->n_hops, h;

    if (ask->ever || j == 0 || walk->hops[j - 1].depth != j - 1) {
        return since; /* all versions; or no hops in a row */
    }
    for (; since > 0; since = prefix_since(walk, h), j = h) {
        for (h = 0; h < j && walk->hops[h].since != since; h++) {
        }
        if (h == j || !ended_by(ask, walk, h + 1, false, since - 1)) {
            break;
        }
    }
    return since;
}

static void collect(Ask *ask)
{
    TwHistory *history = ask->history;
    const TwAccess *access = ask->access;
    TwWalk *walk = &history->walk;
    uint32_t limit = ask->ever ? 64 * TW_MAX_WALKS : TW_MAX_WALKS;
    bool cached = is_cached(ask);
    uint32_t until = ask->ever ? 0 : ask->fill;
    uint32_t since;
    Newer newer;

    tw_walk(ask->world, access, ask->mask, tw_times_at(ask->now), walk);
    /* An access with a change inside its fill is in the later of its worlds. */
    if (history->meeting && !ask->ever &&
        (!access->during || access->cpu == TW_BOARD ||
         ask->now == ask->world->now)) {
        tw_met_note(history->meeting, ask->world, access, ask->page, walk,
                    ask->now);
    }
    add_current(ask, walk);
    if (cached && !ask->ever) {
        until = ask->fresh;
    }
    if (walk->since > until && cached) {
        ask->floor =
            tw_floor_find(ask->world, access->cpu, access->mmu, ask->page);
    }
    while (walk->since > until && (since = open_since(ask, walk)) > until) {
        uint32_t t = since - 1;

        newer.depth = walk->depth;
        newer.link = walk->link;
        newer.op = walk->op;
        for (unsigned j = 0; j <= walk->depth; j++) {
            newer.since[j] = prefix_since(walk, j);
        }
        if (history->walks++ >= limit) {
            ask->answers->overflow = true;
            return;
        }
        tw_walk(ask->world, access, ask->mask, tw_times_at(t), walk);
        add_version(ask, t, &newer);
    }
}

/* The door ---------------------------------------------------------------- */

/* Asks for one page, and once more if an operation came in between. */
static void ask_page(Ask *question)
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
    if (cpu) {
        uint64_t left =
            world->page_size - (access->addr & (world->page_size - 1));

        split = left < access->size ? (unsigned)left : access->size;
    }
    for (unsigned from = 0; from < access->size; from = split) {
        unsigned i = history->n_pages++;
        unsigned mask = from ? all & ~((1u << from) - 1) : (1u << split) - 1;
        uint64_t page = (access->addr + from) >> lg;
        Ask question = {
            .history = history,
            .answers = &history->answers[i],
            .world = world,
            .access = access,
            .page = page,
            .mask = mask,
            .number = i,
            .ever = ever,
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

void tw_history_allowed(TwHistory *history, const TwWorld *world,
                        const TwAccess *access)
{
    ask(history, world, access, false);
}

void tw_history_ever(TwHistory *history, const TwWorld *world,
                     const TwAccess *access)
{
    ask(history, world, access, true);
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
