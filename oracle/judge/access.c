/* SPDX-License-Identifier: MIT */
/*
 * Judges one access: looks for an allowed answer that explains what the trace
 * says of it in some world, and applies its effects.
 */
#include "oracle/judge/access.h"

#include <glib.h>
#include <string.h>

#include "oracle/freshness/endings.h"
#include "oracle/freshness/floor.h"
#include "oracle/judge/apart.h"
#include "oracle/judge/blocked.h"
#include "oracle/judge/choice.h"
#include "oracle/judge/explain.h"
#include "oracle/judge/fits.h"
#include "oracle/judge/handled.h"
#include "oracle/judge/marks.h"
#include "oracle/judge/paired.h"
#include "oracle/judge/perform.h"
#include "oracle/judge/reason.h"
#include "oracle/judge/registers.h"
#include "oracle/walk/flat.h"
#include "program/content.h"
#include "program/ops.h"

/* One access -------------------------------------------------------------- */

/* The result of an access: the worlds after it, and the answer that explains
 * it. */
typedef struct Outcome {
    unsigned n;
    bool too_many;
    TwContent worlds[TW_MAX_WORLDS];
    bool current;  /* the current answer explains it */
    bool cached;   /* so does a CPU's cache without a record of an IOTLB */
    bool single;   /* so do records of single IOMMUs */
    bool record;   /* so does such a record without that cache */
    bool unknown;  /* an explanation that no cache entry stands behind */
    bool unmarked; /* something would explain it, were A and D set (LA-55) */
    bool callback;
    uint32_t oldest[2][TW_PREFIX_SLOTS];
    uint32_t n_log;
    TwReached reached;           /* registers of MPCs */
    TwByte bytes[TW_MAX_ACCESS]; /* of one explanation, if there are actors;
                                  * all log the same */
    TwEffect effect;
    TwBlocked blocked;
} Outcome;

/* Adds the world after the access, unless an equal one is there. */
static void add_world(TwContents *contents, uint32_t tick,
                      const TwContent *before, const TwAccess *access,
                      const TwByte *bytes, const TwEffect *effect, Outcome *out)
{
    uint32_t n_stored = contents->n_stored;
    TwContent world =
        tw_contents_apply(contents, *before, access, bytes, effect, tick);

    for (unsigned i = 0; i < out->n; i++) {
        if (tw_contents_same(&out->worlds[i], &world)) {
            contents->n_stored = n_stored;
            return;
        }
    }
    if (out->n == TW_MAX_WORLDS) {
        contents->n_stored = n_stored;
        out->too_many = true;
        return;
    }
    out->worlds[out->n++] = world;
}

static void merge_oldest(uint32_t *to, const uint32_t *from)
{
    for (unsigned s = 0; s < TW_PREFIX_SLOTS; s++) {
        to[s] = from[s] < to[s] ? from[s] : to[s];
    }
}

/* A store is a change where tables of IOMMUs are in RAM. */
static uint32_t store_tick(const TwWorld *world)
{
    return world->now + (world->pagetables ? 1 : 0);
}

/* Was all of A and D set that must be (LA-55)? */
static bool is_marked(const TwEffect *effect, const TwAnswer *first,
                      const TwAnswer *second)
{
    return effect->class_ > TW_CLASS_DEVICE_ERROR ||
           ((!first || first->marked) && (!second || second->marked));
}

/* Holds one choice of answers (one per page; the second may be missing)
 * against what was seen. */
static void try_choice(TwOracle *oracle, const TwAccess *access,
                       const TwSeen *seen, const TwAnswer *first,
                       const TwAnswer *second, Outcome *out)
{
    TwContents *contents = &oracle->contents;
    const TwByte *bytes = first ? first->bytes : NULL;
    TwByte joined[TW_MAX_ACCESS];
    TwEffect effect;
    uint8_t cuts = first ? first->cuts : 0;
    uint32_t n_log;
    bool any = false, now = false;

    if (second) {
        tw_answer_join(access, first, second, joined, &cuts);
        bytes = joined;
    }
    effect = tw_leaf(oracle->world, access, bytes, cuts);
    if (effect.class_ != seen->class_ ||
        !tw_judge_log(oracle, access, bytes, &effect, &n_log)) {
        return;
    }
    for (unsigned w = 0; w < contents->n_worlds && !out->too_many; w++) {
        TwFit fit = tw_judge_fits(oracle, access, seen, bytes, &effect,
                                  &contents->worlds[w]);

        if (fit != TW_FIT_NOT && oracle->world->marks &&
            !is_marked(&effect, first, second)) {
            out->unmarked = true;
        } else if (fit != TW_FIT_NOT) {
            any = true;
            now |= fit == TW_FIT_NOW;
            add_world(contents, store_tick(oracle->world), &contents->worlds[w],
                      access, bytes, &effect, out);
        }
    }
    if (!any) {
        return;
    }
    out->callback &= effect.callback;
    out->n_log = n_log;
    if (oracle->world->has_mpcs) {
        tw_blocked_add(&out->blocked, oracle->world, access, bytes, &effect);
        tw_reached_add(&out->reached, bytes, &effect, access->size);
    }
    if (!first) {
        out->current = out->unknown = true; /* refused: no old bytes */
        return;
    }
    if (oracle->program->n_actors) {
        out->effect = effect;
        memcpy(out->bytes, bytes, sizeof(out->bytes));
    }
    out->current |= now && first->current && (!second || second->current) &&
                    !access->other_old;
    out->cached |= first->no_record && (!second || second->no_record);
    if (oracle->world->iotlbs) {
        out->single |= (first->no_record || first->single) &&
                       (!second || second->no_record || second->single);
    }
    out->record |= first->no_cache && (!second || second->no_cache);
    out->unknown |= first->refused || (second && second->refused);
    merge_oldest(out->oldest[0], first->oldest);
    if (second) {
        merge_oldest(out->oldest[1], second->oldest);
    }
}

static void try_choices(TwOracle *oracle, const TwAccess *access,
                        const TwSeen *seen, Outcome *out)
{
    const TwHistory *history = &oracle->history;
    const TwAnswers *first = &history->answers[0];
    const TwAnswers *second = &history->answers[1];

    if (history->n_pages == 0) {
        try_choice(oracle, access, seen, NULL, NULL, out);
        return;
    }
    for (uint32_t i = 0; i < first->n; i++) {
        if (history->n_pages == 1) {
            try_choice(oracle, access, seen, &first->list[i], NULL, out);
            continue;
        }
        for (uint32_t j = 0; j < second->n; j++) {
            try_choice(oracle, access, seen, &first->list[i], &second->list[j],
                       out);
        }
    }
}

/* With each class that the other access of a pair may have (LA-59). */
static void try_others(TwOracle *oracle, const TwAccess *access,
                       const TwSeen *seen, Outcome *out)
{
    TwAccess half = *access;

    for (unsigned i = 0; i < oracle->others.n; i++) {
        half.other = oracle->others.list[i].class_;
        half.other_old = oracle->others.list[i].old;
        try_choices(oracle, &half, seen, out);
    }
}

static void try_all(TwOracle *oracle, const TwAccess *access,
                    const TwSeen *seen, Outcome *out)
{
    out->n = out->n_log = 0;
    out->too_many = out->current = out->unknown = out->unmarked = false;
    out->cached = out->single = out->record = false;
    tw_reached_start(&out->reached);
    out->callback = true;
    memset(out->oldest, 0xff, sizeof(out->oldest));
    tw_blocked_start(&out->blocked);
    if (access->paired) {
        try_others(oracle, access, seen, out);
    } else {
        try_choices(oracle, access, seen, out);
    }
    if (access->during && access->during->sec_resp != oracle->world->sec_resp) {
        TwAccess early = *access;

        early.early = true;
        if (access->paired) {
            try_others(oracle, &early, seen, out);
        } else {
            try_choices(oracle, &early, seen, out);
        }
    }
}

/* Tells the history what was observed (one entry per page).  A refused access
 * shows a cached answer only if it has no other page and no other reason, and
 * is no half of a pair. */
static void observe(TwOracle *oracle, const TwAccess *access,
                    const TwSeen *seen, const Outcome *out)
{
    const TwHistory *history = &oracle->history;

    if (out->unknown || (seen->class_ > TW_CLASS_DEVICE_ERROR &&
                         (history->n_pages != 1 || access->code == TW_OP_RMW ||
                          access->paired))) {
        return;
    }
    for (unsigned i = 0; i < history->n_pages; i++) {
        tw_history_observed(history, i, oracle->world, access, out->oldest[i]);
    }
}

/* Do both walkers give every allowed answer? */
static bool walkers_agree(TwOracle *oracle, const TwAccess *access)
{
    const TwHistory *history = &oracle->history;

    for (unsigned p = 0; p < history->n_pages; p++) {
        for (uint32_t i = 0; i < history->answers[p].n; i++) {
            const TwAnswer *answer = &history->answers[p].list[i];

            oracle->stats->flat_checks++;
            if (!tw_flat_agrees(oracle->world, access, answer->mask,
                                answer->times)) {
                return false;
            }
        }
    }
    return true;
}

/* May a fetch see other bytes than those that are there now (FR-10)? */
static bool has_old_code(const TwOracle *oracle, const TwAccess *access)
{
    const TwHistory *history = &oracle->history;
    const TwStored *stored;
    TwByte bytes[TW_MAX_ACCESS];
    TwContent before;
    TwEffect effect;
    uint8_t cuts;

    if (access->code != TW_OP_EXEC || history->n_pages == 0 ||
        oracle->world->contract.code == 0) {
        return false;
    }
    tw_answer_join(access, &history->answers[0].list[0],
                   history->n_pages > 1 ? &history->answers[1].list[0] : NULL,
                   bytes, &cuts);
    effect = tw_leaf(oracle->world, access, bytes, cuts);
    stored = tw_contents_before(&oracle->contents, &oracle->contents.worlds[0],
                                access, bytes, &effect, &before);
    return stored && tw_judge_old_code(oracle, access, bytes, stored) ==
                         TW_OLD_CODE_ALLOWED;
}

static void count_access(TwOracle *oracle, const TwAccess *access,
                         const TwOutcome *outcome)
{
    const TwHistory *history = &oracle->history;
    TwJudgeStats *stats = oracle->stats;
    uint8_t leaf = TW_REGION_NONE, depth = 0;

    if (history->n_pages) {
        const TwByte *byte = &history->answers[0].list[0].bytes[0];

        depth = byte->depth;
        if (byte->where == TW_AT_LEAF) {
            leaf = oracle->program->regions[byte->region].kind;
        }
        if (depth > 0 || byte->where == TW_AT_HOP ||
            byte->where == TW_AT_LOOP) {
            stats->met_iommu++;
            stats->hops += depth;
        }
    }
    stats->accesses++;
    stats->by_leaf[leaf]++;
    stats->by_depth[depth]++;
    if (outcome->class_ < TW_CLASSES) {
        stats->by_class[outcome->class_]++;
    }
    stats->windows += (history->n_pages > 0 && history->answers[0].n > 1) ||
                      (history->n_pages > 1 && history->answers[1].n > 1) ||
                      has_old_code(oracle, access);
}

/* The operations behind actor offsets that an access with this effect wrote
 * (LA-27). */
static void perform_actors(TwOracle *oracle, const TwAccess *access,
                           const TwEffect *effect, const TwByte *bytes)
{
    const TwProgram *program = oracle->program;
    uint32_t done = 0;

    if ((!tw_is_store(access) && access->code != TW_OP_RMW) ||
        program->n_actors == 0 || access->beyond) {
        return;
    }
    for (unsigned k = 0; k < access->size; k++) {
        for (unsigned a = 0; a < program->n_actors; a++) {
            const TwActor *actor = &program->actors[a];

            if (effect->acts[k] == TW_ACT_DEVICE && !(done >> a & 1) &&
                actor->region == bytes[k].region &&
                actor->offset == bytes[k].offset) {
                done |= 1u << a;
                if (tw_legality_step(&oracle->world->legality, &actor->op) ==
                    TW_LEGAL) {
                    tw_perform(oracle->world, &actor->op, access->cpu,
                               access->op);
                }
            }
        }
    }
}

/* May the access behind a fetch be refused as the operation was? */
static bool may_be_refused(TwOracle *oracle, const TwOp *op, uint16_t number)
{
    TwAccess access = tw_apart(oracle, op, number);
    TwChoice choice;

    tw_history_allowed(&oracle->history, oracle->world, &access);
    tw_handled(oracle, &access, false);
    for (uint32_t i = 0;
         tw_choice(oracle, &oracle->history, &access, i, &choice); i++) {
        if (choice.effect.class_ == oracle->trace->outcomes[number].class_ &&
            (!oracle->world->reasons ||
             tw_reason_fits(&access, &oracle->trace->outcomes[number].reason,
                            choice.bytes, &choice.effect))) {
            return true;
        }
    }
    return false;
}

/* Are there more answers, or pairs of answers of two pages, than the oracle
 * keeps? */
static bool too_many_answers(const TwHistory *history)
{
    return (history->n_pages > 0 && history->answers[0].overflow) ||
           (history->n_pages > 1 &&
            (history->answers[1].overflow ||
             history->answers[0].n * history->answers[1].n > TW_MAX_WALKS));
}

static TwVerdict say_too_many(TwOracle *oracle)
{
    return tw_explain_limit(oracle,
                            "more than %d older answers may still be allowed, "
                            "and the oracle keeps no more",
                            TW_MAX_WALKS);
}

/* The operations during access `number`, if there are DMA accesses among them
 * and they are still to be performed. */
static TwVerdict perform_inside(TwOracle *oracle, uint16_t number)
{
    TwVerdict (*perform)(TwOracle *, uint16_t) = oracle->perform_inside;

    oracle->perform_inside = NULL;
    return perform ? perform(oracle, number) : TW_VERDICT_AGREE;
}

/* The same, if they come inside a refusal of the access, or of its fetch;
 * false: *verdict is that of one of them. */
static bool repaired(TwOracle *oracle, const TwAccess *access, uint16_t number,
                     TwVerdict *verdict)
{
    *verdict = oracle->perform_inside && tw_refused_now(oracle, access)
                   ? perform_inside(oracle, number)
                   : TW_VERDICT_AGREE;
    return *verdict <= TW_VERDICT_AGREE_STALE;
}

static TwVerdict explain_unmarked(TwOracle *oracle, const TwAccess *access,
                                  const TwSeen *seen)
{
    char why[160];

    tw_marks_text(oracle, access, why, sizeof(why));
    return tw_explain_unmarked(oracle, access, seen, why);
}

/*
 * The fetch of the instruction that makes an access (LA-46), before it.  True:
 * the access is to be judged; false: *verdict is that of the operation.  In
 * *handled whether the operations during it were inside a refusal of the fetch.
 */
static bool judge_fetch(TwOracle *oracle, const TwOp *op, uint16_t number,
                        bool *handled, TwVerdict *verdict)
{
    const TwOutcome *outcome = &oracle->trace->outcomes[number];
    TwHistory *history = &oracle->history;
    bool refused = outcome->class_ > TW_CLASS_DEVICE_ERROR;
    bool refuses = false, passes = false, callback = true, unmarked = false;
    uint32_t n_log = 0, n;
    TwAccess access = tw_apart_fetch(oracle, op, number);
    TwBlocked blocked;
    TwChoice choice;
    TwSeen seen;

    tw_blocked_start(&blocked);
    tw_history_allowed(history, oracle->world, &access);
    *handled = tw_handled(oracle, &access, false);
    *verdict = TW_VERDICT_INCONCLUSIVE;
    for (unsigned p = 0; p < history->n_pages; p++) {
        if (history->answers[p].overflow) {
            *verdict = say_too_many(oracle);
            return false;
        }
    }
    for (uint32_t i = 0; tw_choice(oracle, history, &access, i, &choice); i++) {
        if (choice.effect.class_ > TW_CLASS_DEVICE_ERROR) {
            if (refused && choice.effect.class_ == outcome->class_ &&
                outcome->value == 0 &&
                (!oracle->world->reasons ||
                 tw_reason_fits(&access, &outcome->reason, choice.bytes,
                                &choice.effect)) &&
                tw_judge_log(oracle, &access, choice.bytes, &choice.effect,
                             &n)) {
                *verdict = i == 0 || (refuses && *verdict == TW_VERDICT_AGREE)
                               ? TW_VERDICT_AGREE
                               : TW_VERDICT_AGREE_STALE;
                refuses = true;
            }
        } else if (!tw_choice_marked(&choice)) {
            unmarked = true;
        } else if (tw_judge_log(oracle, &access, choice.bytes, &choice.effect,
                                &n)) {
            n_log = passes ? MAX(n_log, n) : n;
            callback &= choice.effect.callback;
            passes = true;
            tw_blocked_add(&blocked, oracle->world, &access, choice.bytes,
                           &choice.effect);
        }
    }
    if (refuses && (oracle->log >= oracle->trace->n_log ||
                    oracle->trace->log[oracle->log].op > number)) {
        count_access(oracle, &access, outcome);
        return false;
    }
    if (!passes) {
        tw_apart_see(oracle, &access, outcome, &seen);
        seen.located = false; /* that would be the access's */
        if (refused && may_be_refused(oracle, op, number)) {
            seen.class_ = TW_CLASS_OK; /* it is the access's, too */
            seen.value = 0;
        }
        tw_history_allowed(history, oracle->world, &access);
        tw_handled(oracle, &access, false);
        count_access(oracle, &access, outcome);
        *verdict = walkers_agree(oracle, &access)
                       ? unmarked ? explain_unmarked(oracle, &access, &seen)
                                  : tw_explain_access(oracle, &access, &seen)
                       : tw_explain_other(oracle, TW_VERDICT_SELF, number,
                                          "the two walkers disagree");
        return false;
    }
    oracle->log += n_log;
    access.during = oracle->during;
    if (oracle->world->has_mpcs) {
        tw_blocked_record(&blocked, oracle->world, &access);
    }
    if (callback) {
        tw_world_safepoint(oracle->world, access.cpu);
    }
    return true;
}

/* What comes after the effects of an access; of a pair, after those of both
 * (LA-59). */
static TwVerdict end_access(TwOracle *oracle, const TwAccess *access,
                            const Outcome *out)
{
    bool callback = out->callback;
    TwVerdict inside;

    if (tw_is_store(access) || access->code == TW_OP_RMW) {
        oracle->world->now = store_tick(oracle->world);
    }
    if (out->reached.any) {
        tw_registers_perform(oracle->world, access, &out->reached,
                             out->blocked.any);
    }
    inside = perform_inside(oracle, access->op);
    if (inside > TW_VERDICT_AGREE_STALE) {
        return inside;
    }
    if (access->paired) {
        callback |= oracle->first.callback;
        perform_actors(oracle, &oracle->first.access, &oracle->first.effect,
                       oracle->first.bytes);
    }
    perform_actors(oracle, access, &out->effect, out->bytes);
    if (callback && access->cpu != TW_BOARD) {
        tw_world_safepoint(oracle->world, access->cpu); /* LA-3 */
    }
    return inside;
}

/* Goes on in the worlds after the access; an answer explains it. */
static TwVerdict accept(TwOracle *oracle, const TwAccess *access,
                        const TwSeen *seen, const Outcome *out)
{
    if (out->reached.perhaps ||
        (out->reached.any && (oracle->during || access->paired))) {
        return tw_explain_limit(oracle, "the access may have reached registers "
                                        "of an MPC, or is one of a pair or has "
                                        "operations during it");
    }
    if (out->n > 1 && oracle->world->pagetables) {
        return tw_explain_limit(oracle,
                                "a store may have left RAM, where tables are, "
                                "in more than one way");
    }
    oracle->contents.n_worlds = out->n;
    memcpy(oracle->contents.worlds, out->worlds,
           out->n * sizeof(out->worlds[0]));
    if (out->n > oracle->contents.most) {
        oracle->contents.most = out->n;
    }
    oracle->log += out->n_log;
    oracle->stats->old_records += !out->current && !out->cached;
    if (oracle->world->iotlbs) {
        oracle->stats->old_combined += !out->current && !out->single;
    }
    oracle->stats->old_both += !out->current && !out->cached && !out->record;
    oracle->stats->blocked += out->blocked.any != 0;
    if (oracle->world->has_mpcs) {
        tw_blocked_record(&out->blocked, oracle->world, access);
    }
    oracle->stats->mapped += access->mapping != NULL;
    oracle->stats->old_mapped += access->mapping && !out->current;
    observe(oracle, access, seen, out);
    if (tw_op_leads_pair(oracle->program, access->op)) {
        oracle->first = (TwHalf){.access = *access,
                                 .effect = out->effect,
                                 .callback = out->callback};
        memcpy(oracle->first.bytes, out->bytes, sizeof(out->bytes));
    } else {
        TwVerdict inside = end_access(oracle, access, out);
        if (inside > TW_VERDICT_AGREE_STALE) {
            return inside;
        }
    }
    return out->current ? TW_VERDICT_AGREE : TW_VERDICT_AGREE_STALE;
}

/* An access with this outcome; `more`: the next word of a run follows. */
static TwVerdict judge_one(TwOracle *oracle, const TwOp *op, uint16_t number,
                           const TwOutcome *outcome, bool more)
{
    TwAccess access = tw_apart(oracle, op, number);
    TwHistory *history = &oracle->history;
    uint64_t lot = op->addr ^ ((uint64_t)number << 40) ^
                   ((uint64_t)op->code << 56) ^ oracle->program->n_script;
    TwVerdict verdict, inside;
    TwSeen seen;
    Outcome out;
    bool handled = false;

    if (tw_marks_left(oracle)) {
        verdict = tw_marks_apply(oracle, op, number);
        if (verdict != TW_VERDICT_AGREE) {
            return verdict;
        }
    }
    if (op->flags & TW_OPF_FROM) {
        TwAccess fetch = tw_apart_fetch(oracle, op, number);

        if (!repaired(oracle, &fetch, number, &inside)) {
            return inside;
        }
        if (!judge_fetch(oracle, op, number, &handled, &verdict)) {
            return verdict;
        }
    }
    if (!repaired(oracle, &access, number, &inside)) {
        return inside;
    }
    access.during = oracle->during;
    access.more = more;
    if (op->flags & TW_OPF_PAIRED ||
        tw_op_leads_pair(oracle->program, number)) {
        tw_paired(oracle, &access, number);
    }
    tw_apart_see(oracle, &access, outcome, &seen);
    if (!seen.located) {
        oracle->contents.hashed = true;
    }
    tw_history_allowed(history, oracle->world, &access);
    tw_handled(oracle, &access, handled);
    count_access(oracle, &access, outcome);
    if (too_many_answers(history) ||
        (access.paired && oracle->others.too_many)) {
        return say_too_many(oracle);
    }
    if ((oracle->both_walkers || (tw_mix64(lot) & 63) == 0) &&
        !walkers_agree(oracle, &access)) {
        return tw_explain_other(oracle, TW_VERDICT_SELF, number,
                                "the two walkers disagree");
    }
    try_all(oracle, &access, &seen, &out);
    if (out.too_many) {
        return tw_explain_limit(oracle,
                                "stores may have left RAM in more than %d "
                                "ways, and the oracle keeps no more",
                                TW_MAX_WORLDS);
    }
    if (out.n == 0) {
        if (!walkers_agree(oracle, &access)) {
            return tw_explain_other(oracle, TW_VERDICT_SELF, number,
                                    "the two walkers disagree");
        }
        tw_paired_expect(oracle, &access);
        return out.unmarked ? explain_unmarked(oracle, &access, &seen)
                            : tw_explain_access(oracle, &access, &seen);
    }
    return accept(oracle, &access, &seen, &out);
}

/*
 * The words of a run are fetched one by one (LA-52), each as if by an operation
 * of its own; the first that is refused ends it.
 */
static TwVerdict judge_run(TwOracle *oracle, const TwOp *op, uint16_t number)
{
    const TwOutcome *outcome = &oracle->trace->outcomes[number];
    unsigned contents = oracle->program->contents,
             length = tw_run_length(op->addr);
    bool refused = outcome->class_ > TW_CLASS_DEVICE_ERROR, ends = false;
    TwVerdict verdict = TW_VERDICT_AGREE;

    for (unsigned i = 0; i < length && !ends; i++) {
        uint64_t left = outcome->value >> 16 * i; /* numbers */
        uint16_t ran = (uint16_t)left;
        bool last = i + 1 == length;
        TwOutcome word = *outcome;
        TwOp fetch = *op;
        TwVerdict one;

        fetch.addr += 8 * i;
        ends = refused && (ran == 0 || last);
        word.class_ = ends ? outcome->class_ : TW_CLASS_OK;
        word.value = ends ? left /* which must be 0 */
                     : ran == 0 || (last && left != ran)
                         ? 0 /* it did not run, or more than the run did */
                         : tw_run_word(contents, fetch.addr, ran);
        word.n_locations = 0;
        one = judge_one(oracle, &fetch, number, &word, !ends && !last);
        if (one > TW_VERDICT_AGREE_STALE) {
            return one;
        }
        verdict = MAX(verdict, one);
    }
    return verdict;
}

TwVerdict tw_judge_access(TwOracle *oracle, const TwOp *op, uint16_t number)
{
    return op->code == TW_OP_EXEC &&
                   tw_contents_are_runs(oracle->program->contents)
               ? judge_run(oracle, op, number)
               : judge_one(oracle, op, number, &oracle->trace->outcomes[number],
                           false);
}
