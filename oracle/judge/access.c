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
#include "oracle/judge/match.h"
#include "oracle/judge/paired.h"
#include "oracle/judge/perform.h"
#include "oracle/judge/reason.h"
#include "oracle/judge/registers.h"
#include "oracle/judge/started.h"
#include "oracle/walk/flat.h"
#include "program/content.h"
#include "program/ops.h"

/* One access -------------------------------------------------------------- */

/* A load or a fetch, which leaves RAM as it is? */
static bool is_read(const TwAccess *access)
{
    return !tw_is_store(access) && access->code != TW_OP_RMW;
}

/* Tells the history what was observed (one entry per page).  A refused access
 * shows a cached answer only if it has no other page and no other reason, and
 * is no half of a pair. */
static void observe(TwOracle *oracle, const TwAccess *access,
                    const TwSeen *seen, const TwMatch *out)
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
             tw_reason_fits(&oracle->told, &access,
                            &oracle->trace->outcomes[number].reason,
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
                 tw_reason_fits(&oracle->told, &access, &outcome->reason,
                                choice.bytes, &choice.effect)) &&
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

/* The access of an actor offset, whose turn it is (LA-61). */
static TwVerdict judge_started(TwOracle *oracle, const TwActor *actor,
                               uint16_t number)
{
    TwStart start;
    const TwOutcome *outcome = tw_started_begin(oracle, actor, number, &start);
    TwVerdict verdict;

    if (!outcome) {
        return tw_started_missing(oracle, actor, number);
    }
    verdict = tw_judge_one(oracle, &actor->op, number, outcome, false);
    if (verdict <= TW_VERDICT_AGREE_STALE) {
        tw_started_end(oracle, &start);
        oracle->stats->verdicts[verdict]++;
        oracle->stats->started++;
    }
    return verdict;
}

/* Performs the operations behind actor offsets that an access with this effect
 * wrote (LA-27); of those that are accesses, the verdict of the last one, or
 * the first bad one. */
static TwVerdict perform_actors(TwOracle *oracle, const TwAccess *access,
                                const TwEffect *effect, const TwByte *bytes)
{
    const TwProgram *program = oracle->program;
    TwVerdict verdict = TW_VERDICT_AGREE;
    uint8_t list[TW_MAX_ACTORS];
    unsigned n;

    if (program->n_actors == 0) {
        return verdict;
    }
    n = tw_started_list(oracle, access, effect, bytes, list);
    for (unsigned i = 0; i < n && verdict <= TW_VERDICT_AGREE_STALE; i++) {
        const TwActor *actor = &program->actors[list[i]];

        if (tw_legality_step(&oracle->world->legality, &actor->op) !=
            TW_LEGAL) {
            continue;
        }
        if (tw_op_is_dma(&actor->op)) {
            verdict = judge_started(oracle, actor, access->op);
        } else {
            tw_perform(oracle->world, &actor->op, access->cpu, access->op);
        }
    }
    return verdict;
}

/* What comes after the effects of an access; of a pair, after those of both
 * (LA-59). */
static TwVerdict end_access(TwOracle *oracle, const TwAccess *access,
                            const TwMatch *out)
{
    bool callback = out->callback;
    TwVerdict inside;

    if (!is_read(access)) {
        oracle->world->now = tw_match_store_tick(oracle->world);
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
        inside = perform_actors(oracle, &oracle->first.access,
                                &oracle->first.effect, oracle->first.bytes);
    }
    if (inside <= TW_VERDICT_AGREE_STALE) {
        inside = perform_actors(oracle, access, &out->effect, out->bytes);
    }
    if (inside > TW_VERDICT_AGREE_STALE) {
        return inside;
    }
    if (callback && access->cpu != TW_BOARD) {
        tw_world_safepoint(oracle->world, access->cpu); /* LA-3 */
    }
    return inside;
}

/* Accesses to registers that have no verdict (LA-57). */
static TwVerdict say_registers(TwOracle *oracle)
{
    return tw_explain_limit(oracle, "the access reaches registers of an MPC, "
                                    "but perhaps other places, or it is one of "
                                    "a pair, or operations are during it");
}

/* Goes on in the worlds after the access; an answer explains it. */
static TwVerdict accept(TwOracle *oracle, const TwAccess *access,
                        const TwSeen *seen, const TwMatch *out)
{
    if (out->reached.perhaps ||
        (out->reached.any && (oracle->during || access->paired))) {
        return say_registers(oracle);
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
    if (!access->started && tw_op_leads_pair(oracle->program, access->op)) {
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

/*
 * An access of a device may be made page by page, and what it looks up for the
 * first page may replace a record that would have answered for the second.  Is
 * that what was seen?
 */
static bool fits_apart(TwOracle *oracle, const TwAccess *access,
                       const TwSeen *seen)
{
    uint64_t last = access->addr + access->size - 1;
    TwAccess apart = *access;
    TwMatch out;

    if (access->cpu != TW_BOARD || !oracle->world->iotlbs ||
        access->addr >> oracle->program->page_lg ==
            last >> oracle->program->page_lg) {
        return false;
    }
    apart.apart = true;
    tw_history_allowed(&oracle->history, oracle->world, &apart);
    tw_match(oracle, &apart, seen, &out);
    tw_history_allowed(&oracle->history, oracle->world, access);
    return out.n > 0;
}

/* No answer explains the access; of a pair, it is left as it is expected. */
static TwVerdict explain_unmatched(TwOracle *oracle, TwAccess *access,
                                   const TwSeen *seen, const TwMatch *out)
{
    if (!walkers_agree(oracle, access)) {
        return tw_explain_other(oracle, TW_VERDICT_SELF, access->op,
                                "the two walkers disagree");
    }
    if (out->unordered) {
        return say_registers(oracle);
    }
    if (fits_apart(oracle, access, seen)) {
        return tw_explain_limit(oracle,
                                "records of an IOTLB may answer the pages of "
                                "one DMA access differently");
    }
    tw_paired_expect(oracle, access);
    return out->unmarked ? explain_unmarked(oracle, access, seen)
                         : tw_explain_access(oracle, access, seen);
}

TwVerdict tw_judge_one(TwOracle *oracle, const TwOp *op, uint16_t number,
                       const TwOutcome *outcome, bool more)
{
    TwAccess access = tw_apart(oracle, op, number);
    TwHistory *history = &oracle->history;
    uint64_t lot = op->addr ^ ((uint64_t)number << 40) ^
                   ((uint64_t)op->code << 56) ^ oracle->program->n_script;
    TwVerdict verdict, inside;
    TwSeen seen;
    TwMatch out;
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
        (!access.started && tw_op_leads_pair(oracle->program, number))) {
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
    tw_match(oracle, &access, &seen, &out);
    if (out.too_many) {
        return tw_explain_limit(oracle,
                                "stores may have left RAM in more than %d "
                                "ways, and the oracle keeps no more",
                                TW_MAX_WORLDS);
    }
    if (out.poked && (out.n == 0 || !is_read(&access))) {
        return tw_explain_limit(oracle, "an operation during the access pokes "
                                        "bytes that it reaches, and nothing "
                                        "tells which of the two came first");
    }
    return out.n == 0 ? explain_unmatched(oracle, &access, &seen, &out)
                      : accept(oracle, &access, &seen, &out);
}
