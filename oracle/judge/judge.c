/* SPDX-License-Identifier: MIT */
/*
 * The judge: performs a program on the oracle's side, operation by operation,
 * and compares each outcome of a trace with those that the freshness rule
 * allows. If several answers are allowed, the judge continues with the one that
 * the target took or, if the trace does not show which, with each (content.c).
 *
 * It must not know any target: what a target promises is in its contract.
 */
#include "oracle/judge/blocked.h"
#include "oracle/judge/events.h"
#include "oracle/judge/explain.h"
#include "oracle/judge/mapped.h"
#include "oracle/judge/marks.h"
#include "oracle/judge/notes.h"
#include "oracle/judge/ranges.h"
#include "oracle/judge/observe.h"
#include "oracle/judge/perform.h"
#include "oracle/judge/reason.h"
#include "oracle/judge/run.h"
#include "oracle/judge/started.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

#include "program/ops.h"

TwOracle *tw_oracle_new(void)
{
    TwOracle *oracle = g_new0(TwOracle, 1);

    oracle->world = tw_world_new();
    tw_contents_init(&oracle->contents);
    tw_history_init(&oracle->history);
    tw_history_init(&oracle->past);
    return oracle;
}

void tw_oracle_free(TwOracle *oracle)
{
    if (oracle) {
        tw_world_free(oracle->world);
        tw_contents_clear(&oracle->contents);
        g_free(oracle->history.meeting);
        tw_history_clear(&oracle->history);
        tw_history_clear(&oracle->past);
        g_free(oracle);
    }
}

void tw_oracle_ask_both_walkers(TwOracle *oracle, bool on)
{
    oracle->both_walkers = on;
}

void tw_oracle_meet(TwOracle *oracle, TwMet *met)
{
    g_clear_pointer(&oracle->history.meeting, g_free);
    if (met) {
        oracle->history.meeting = g_new0(TwMeeting, 1);
        oracle->history.meeting->met = met;
        met->n = 0;
    }
}

void tw_judge_stats_add(TwJudgeStats *to, const TwJudgeStats *from)
{
    /* Counters only, all of one type. */
    uint64_t *sum = (uint64_t *)to;
    const uint64_t *more = (const uint64_t *)from;

    G_STATIC_ASSERT(sizeof(TwJudgeStats) % sizeof(uint64_t) == 0);
    for (size_t i = 0; i < sizeof(TwJudgeStats) / sizeof(uint64_t); i++) {
        sum[i] += more[i];
    }
}

/* One operation ----------------------------------------------------------- */

/* Operations that the oracle has no rules for. */
static const bool foreign[TW_OP_CODES] = {
    [TW_OP_PAR] = true,
    [TW_OP_AND] = true,
    [TW_OP_BARRIER] = true,
    [TW_OP_END_PAR] = true,
};

static bool knows(const TwOp *op)
{
    return op->code < TW_OP_CODES && !foreign[op->code];
}

/* A DMA access during another is performed in order where no answer is cached;
 * elsewhere the language leaves open which of them comes first (LA-47). */
static bool knows_order(const TwContract *contract, const TwOp *op)
{
    return !(op->flags & TW_OPF_DURING) || !tw_op_is_dma(op) ||
           (contract->during_refusals && !contract->cpu_cache);
}

/* Is operation `number` performed during a pair, inside a refusal?  Which of
 * the pair was made before it, nobody knows (LA-59). */
static bool is_inside_pair(const TwProgram *program, const TwContract *contract,
                           unsigned number)
{
    if (!(program->script[number].flags & TW_OPF_DURING) ||
        !contract->during_refusals || contract->cpu_cache) {
        return false;
    }
    while (number > 0 && program->script[number].flags & TW_OPF_DURING) {
        number--;
    }
    return program->script[number].flags & TW_OPF_PAIRED;
}

/* The first thing of the program that the oracle has no rules for; if there is
 * none, in *codes the operations of the script, in *starts whether actor
 * offsets start accesses. */
static bool knows_all(const TwProgram *program, const TwContract *contract,
                      const char **what, TwOpSet *codes, bool *starts)
{
    TwOpSet seen = {{0}};

    *starts = false;
    for (unsigned i = 0; i < program->n_script; i++) {
        if (!knows(&program->script[i])) {
            const TwOpInfo *info = tw_op_info(program->script[i].code);

            *what = info ? info->name : "an unknown operation";
            return false;
        }
        if (!knows_order(contract, &program->script[i])) {
            *what = "a DMA access during an access that may fill";
            return false;
        }
        if (is_inside_pair(program, contract, i)) {
            *what = "an operation during a pair, inside a refusal";
            return false;
        }
        tw_ops_add(&seen, program->script[i].code);
    }
    for (unsigned i = 0; i < program->n_actors; i++) {
        if (program->actors[i].region != TW_NONE &&
            !knows(&program->actors[i].op)) {
            *what = "an actor's operation";
            return false;
        }
        *starts |= program->actors[i].region != TW_NONE &&
                   tw_op_is_dma(&program->actors[i].op);
    }
    *codes = seen;
    return true;
}

/* Did the target do, skip or fail the operation as it must?  In *perform
 * whether it took place. */
static inline TwVerdict judge_status(TwOracle *oracle, const TwOp *op,
                                     uint16_t number, bool *perform)
{
    uint8_t status = oracle->trace->outcomes[number].status;
    TwLegality *legality = &oracle->world->legality;
    TwIllegal illegal = tw_legality_step(legality, op);
    bool vetoed;

    *perform = false;
    if (illegal != TW_LEGAL) {
        oracle->stats->skipped++;
        if (status == TW_STATUS_SKIPPED) {
            return TW_VERDICT_AGREE;
        }
        return tw_explain_other(oracle, TW_VERDICT_WRONG, number,
                                "%s, but it is not legal here (RU-1): %s",
                                status < TW_STATUSES ? tw_status_name(status)
                                                     : "no status",
                                tw_illegal_text(illegal));
    }
    oracle->stats->operations++;
    oracle->stats->by_code[op->code]++;
    vetoed = oracle->world->vetoes && tw_observe_vetoed(oracle->world, op);
    if (vetoed && status == TW_STATUS_VETOED) {
        tw_legality_revert(legality, op);
        return TW_VERDICT_AGREE;
    }
    if (status == TW_STATUS_DONE && !vetoed) {
        *perform = true;
        return TW_VERDICT_AGREE;
    }
    if (status == TW_STATUS_NOMEM &&
        (op->code == TW_OP_OBSERVE || op->code == TW_OP_SPACE_NEW ||
         op->code == TW_OP_LISTEN || op->code == TW_OP_DMA_MAP)) {
        tw_legality_revert(legality, op); /* RU-8 */
        return TW_VERDICT_AGREE;
    }
    return tw_explain_other(
        oracle, TW_VERDICT_WRONG, number, "%s, but it %s",
        status < TW_STATUSES ? tw_status_name(status) : "no status",
        vetoed ? "must be vetoed (NT-2)" : "is legal here (RU-1)");
}

/* Performs an operation that is no access. */
static void perform(TwOracle *oracle, const TwOp *op, uint16_t number)
{
    if (op->actor != TW_BOARD && !oracle->program->explicit_safepoints) {
        tw_world_safepoint(oracle->world, op->actor); /* LA-3 */
    }
    tw_perform(oracle->world, op, op->actor, number);
    if (op->code == TW_OP_SNAPSHOT || op->code == TW_OP_RESTORE) {
        const TwWorld *world = oracle->world;

        tw_contents_perform(&oracle->contents, op, number,
                            world->snapshots[world->n_snapshots - 1].tick);
    }
}

/* Did operation `number`, which is no access, reach a device? */
static TwVerdict judge_silence(TwOracle *oracle, uint16_t number)
{
    if (oracle->log < oracle->trace->n_log &&
        oracle->trace->log[oracle->log].op <= number) {
        return tw_explain_other(oracle, TW_VERDICT_EFFECT, number,
                                "a device was reached by no access");
    }
    return tw_marks_left(oracle) ? tw_marks_none(oracle, number)
                                 : TW_VERDICT_AGREE;
}

/* What an operation that is no access leaves to be judged at once. */
static TwVerdict judge_performed(TwOracle *oracle, uint16_t number)
{
    const TwOp *op = &oracle->program->script[number];

    if (oracle->world->differ) {
        return tw_explain_other(oracle, TW_VERDICT_SELF, number,
                                "the two walkers disagree on a view");
    }
    if (op->code == TW_OP_DIRTY_LOG || op->code == TW_OP_DIRTY_CLEAR) {
        TwVerdict verdict = tw_notes_judge(oracle, op, number);

        if (verdict != TW_VERDICT_AGREE) {
            return verdict;
        }
    }
    if (op->code == TW_OP_DMA_MAP && oracle->world->contract.mapped_lengths) {
        TwVerdict verdict = tw_mapped_judge(oracle, op, number);

        if (verdict != TW_VERDICT_AGREE) {
            return verdict;
        }
    }
    return judge_silence(oracle, number);
}

/* Performs an operation that is no access, and judges what it gave. */
static TwVerdict perform_judged(TwOracle *oracle, const TwOp *op,
                                uint16_t number)
{
    perform(oracle, op, number);
    return op->code == TW_OP_MPC_READ
               ? tw_blocked_judge_read(oracle, op, number)
               : TW_VERDICT_AGREE;
}

/* How many operations behind access `number` are performed during it? */
static unsigned n_during(const TwOracle *oracle, unsigned number)
{
    unsigned n = 0;

    if (oracle->program->script[number].flags & TW_OPF_DURING) {
        return 0; /* below a skipped access it stands alone */
    }
    while (number + 1 + n < oracle->program->n_script &&
           oracle->program->script[number + 1 + n].flags & TW_OPF_DURING) {
        n++;
    }
    return n;
}

/* A DMA access, operation `number`, during access `outer`. */
static TwVerdict judge_inside(TwOracle *oracle, const TwOp *op, uint16_t outer,
                              uint16_t number)
{
    const TwDuring *during = oracle->during;
    TwVerdict verdict;
    bool legal;

    if (number >= oracle->trace->n_ops) {
        return tw_explain_limit(oracle, "the trace ends during access %u",
                                outer);
    }
    verdict = judge_status(oracle, op, number, &legal);
    if (!legal) {
        return verdict;
    }
    oracle->during = NULL;
    oracle->outer = outer;
    oracle->before[number] = oracle->world->now;
    verdict = tw_judge_access(oracle, op, number);
    oracle->outer = TW_NO_OP;
    oracle->during = during;
    if (verdict <= TW_VERDICT_AGREE_STALE) {
        oracle->stats->verdicts[verdict]++;
    }
    return verdict;
}

static void note_poke(TwDuring *during, const TwWorld *world, const TwOp *op)
{
    if (op->code == TW_OP_POKE) {
        during->pokes[during->n_pokes++] =
            (TwPoked){.offset = op->addr,
                      .block = world->program->regions[op->obj].block};
    }
}

/*
 * Performs the `n` operations behind `number`, an access, during it (LA-47).
 * Where the trace ends between them, they are taken to have been performed: the
 * access may have seen them.
 */
static TwVerdict perform_during(TwOracle *oracle, uint16_t number)
{
    const TwOp *access = &oracle->program->script[number];
    unsigned n = n_during(oracle, number);
    const TwWorld *world = oracle->world;

    oracle->before_during = (TwDuring){
        .now = world->now,
        .n_endings = world->n_endings,
        .sec_resp = world->sec_resp,
        .mpc_changes = world->mpc_changes,
    };
    if (tw_op_info(access->code)->flags & TW_OP_CPU_ACCESS) {
        oracle->before_during.fresh = world->fresh[access->obj][access->index];
    }
    for (unsigned i = 1; i <= n; i++) {
        const TwOp *op = &oracle->program->script[number + i];
        TwVerdict verdict = TW_VERDICT_AGREE;
        bool legal;

        if (tw_op_is_dma(op)) {
            verdict = judge_inside(oracle, op, number, (uint16_t)(number + i));
            if (verdict > TW_VERDICT_AGREE_STALE) {
                return verdict;
            }
            continue;
        }
        if (number + i < oracle->trace->n_ops) {
            verdict = judge_status(oracle, op, (uint16_t)(number + i), &legal);
        } else {
            legal = tw_legality_step(&oracle->world->legality, op) == TW_LEGAL;
        }
        if (verdict != TW_VERDICT_AGREE) {
            return verdict;
        }
        if (legal) {
            note_poke(&oracle->before_during, world, op);
            oracle->during = &oracle->before_during;
            verdict = perform_judged(oracle, op, (uint16_t)(number + i));
            if (verdict != TW_VERDICT_AGREE) {
                return verdict;
            }
        }
    }
    return TW_VERDICT_AGREE;
}

static bool has_dma(const TwOp *ops, unsigned n)
{
    while (n > 0 && !tw_op_is_dma(&ops[n - 1])) {
        n--;
    }
    return n > 0;
}

static bool is_run(const TwProgram *program, const TwOp *op)
{
    return op->code == TW_OP_EXEC && tw_contents_are_runs(program->contents);
}

/*
 * Before access `number` of a CPU or a device, of a pair before the first of it
 * (LA-59): a safe point, and the operations during it, which are `n` behind
 * access `last`.
 */
static TwVerdict start_access(TwOracle *oracle, unsigned number, unsigned last,
                              unsigned n)
{
    const TwProgram *program = oracle->program;
    const TwOp *op = &program->script[number];

    if (tw_op_info(op->code)->flags & TW_OP_CPU_ACCESS &&
        !program->explicit_safepoints) {
        tw_world_safepoint(oracle->world, op->obj); /* LA-3 */
    }
    oracle->before[number] = oracle->before[last] = oracle->world->now;
    oracle->during = NULL;
    oracle->outer = TW_NO_OP;
    oracle->perform_inside =
        has_dma(&program->script[last + 1], n) || (n > 0 && is_run(program, op))
            ? perform_during
            : NULL;
    return n > 0 && !oracle->perform_inside
               ? perform_during(oracle, (uint16_t)last)
               : TW_VERDICT_AGREE;
}

/* In *judged whether it is an access that was judged, in *during how many
 * operations behind it were performed during it, and judged. */
static TwVerdict judge_op(TwOracle *oracle, uint16_t number, bool *judged,
                          unsigned *during)
{
    const TwProgram *program = oracle->program;
    const TwOp *op = &program->script[number];
    uint16_t flags = tw_op_info(op->code)->flags;
    bool performed, leads;
    TwVerdict verdict = judge_status(oracle, op, number, &performed);

    *judged = false;
    *during = 0;
    if (!performed) {
        return verdict;
    }
    if (!(flags & TW_OP_ACCESS)) {
        verdict = perform_judged(oracle, op, number);
        return verdict == TW_VERDICT_AGREE ? judge_performed(oracle, number)
                                           : verdict;
    }
    leads = tw_op_leads_pair(program, number);
    *during = leads ? 0 : n_during(oracle, number);
    if (!(op->flags & TW_OPF_PAIRED)) {
        verdict = start_access(oracle, number, number + leads,
                               leads ? n_during(oracle, number + 1) : *during);
        if (verdict != TW_VERDICT_AGREE) {
            return verdict;
        }
    }
    *judged = true;
    verdict = tw_judge_access(oracle, op, number);
    if ((oracle->starts || oracle->trace->n_started) && !leads &&
        verdict <= TW_VERDICT_AGREE_STALE) {
        TwVerdict left = tw_started_none_left(oracle, number);

        verdict = left == TW_VERDICT_AGREE ? verdict : left;
    }
    if (oracle->trace->n_events > 0 && verdict <= TW_VERDICT_AGREE_STALE) {
        TwVerdict ranges = tw_ranges_judge(oracle, op, number);

        verdict = ranges == TW_VERDICT_AGREE ? verdict : ranges;
    }
    for (unsigned i = 1; i <= *during && verdict <= TW_VERDICT_AGREE_STALE;
         i++) {
        TwVerdict more = judge_performed(oracle, (uint16_t)(number + i));

        verdict = more == TW_VERDICT_AGREE ? verdict : more;
    }
    return verdict;
}

/* The end state ----------------------------------------------------------- */

static TwVerdict judge_end_state(TwOracle *oracle)
{
    const TwContents *contents = &oracle->contents;
    const TwTrace *trace = oracle->trace;
    uint64_t digests[TW_MAX_REGIONS];
    unsigned bad = 0;

    if (oracle->log < trace->n_log) {
        return tw_explain_other(oracle, TW_VERDICT_EFFECT,
                                trace->log[oracle->log].op,
                                "a device was reached by no access");
    }
    if (tw_marks_none(oracle, TW_NO_OP) != TW_VERDICT_AGREE) {
        return oracle->finding->verdict;
    }
    for (unsigned w = 0; w < contents->n_worlds; w++) {
        unsigned r = 0;

        tw_contents_digests(contents, &contents->worlds[w], digests);
        while (r < oracle->program->n_regions &&
               digests[r] == trace->digests[r]) {
            r++;
        }
        if (r == oracle->program->n_regions) {
            return tw_judge_events(oracle);
        }
        bad = r;
    }
    oracle->expected.block = bad;
    oracle->expected.digest = digests[bad];
    return tw_explain_other(oracle, TW_VERDICT_EFFECT, TW_NO_OP,
                            "the bytes of r%u at the end are not those that "
                            "its stores left there",
                            bad);
}

/* In the first of the worlds that are left. */
static uint8_t ram_at_end(const void *data, uint8_t block, uint64_t offset)
{
    const TwOracle *oracle = data;

    return tw_contents_byte(&oracle->contents, &oracle->contents.worlds[0],
                            block, offset);
}

const TwExpected *tw_judge_expected(const TwOracle *oracle)
{
    return &oracle->expected;
}

/* The whole --------------------------------------------------------------- */

/* Ends that need no judging, and what to call the others. */
static TwVerdict judge_end(TwOracle *oracle)
{
    const TwTrace *trace = oracle->trace;

    switch (trace->end) {
    case TW_END_DONE:
        return TW_VERDICT_AGREE;
    case TW_END_DIED:
        /* Without a signal, the text says how: an exit code ... */
        return trace->signal != 0
                   ? tw_explain_other(oracle, TW_VERDICT_CRASH, trace->end_op,
                                      "the target died (signal %d): %s",
                                      trace->signal, trace->text)
                   : tw_explain_other(oracle, TW_VERDICT_CRASH, trace->end_op,
                                      "the target died: %s", trace->text);
    case TW_END_HUNG:
        return tw_explain_other(oracle, TW_VERDICT_HANG, trace->end_op,
                                "the target did not answer in time");
    case TW_END_MALFORMED:
        return tw_explain_other(oracle, TW_VERDICT_MALFORMED, trace->end_op,
                                "the target's answer is no trace: %s",
                                trace->text);
    case TW_END_EVENT:
        return tw_explain_other(oracle, TW_VERDICT_EVENT, trace->end_op,
                                "a device was told what it must not be: %s",
                                trace->text);
    case TW_END_INVARIANT:
        return tw_explain_other(oracle, TW_VERDICT_INVARIANT, trace->end_op,
                                "%s", trace->text);
    case TW_END_UNSUPPORTED:
        g_strlcpy(oracle->finding->text, trace->text, TW_FINDING_TEXT);
        return TW_VERDICT_UNSUPPORTED;
    default:
        return tw_explain_limit(oracle,
                                "at operation %u the target had told more than "
                                "a trace keeps (%d log records, %d events, %d "
                                "marks)",
                                trace->end_op, TW_MAX_LOG, TW_MAX_EVENTS,
                                TW_MAX_MARKS);
    }
}

/* Performs and judges the script as far as the trace goes. */
static TwVerdict judge_script(TwOracle *oracle, uint16_t *op)
{
    const TwProgram *program = oracle->program;
    const TwTrace *trace = oracle->trace;
    unsigned n =
        trace->n_ops < program->n_script ? trace->n_ops : program->n_script;
    TwVerdict result = TW_VERDICT_AGREE;

    for (unsigned i = 0; i < n; i++) {
        bool judged;
        unsigned number = i, during;
        TwVerdict verdict = judge_op(oracle, i, &judged, &during);

        i += during;
        if (oracle->world->full && verdict <= TW_VERDICT_AGREE_STALE) {
            verdict = tw_explain_limit(oracle,
                                       "more than %d blocks of MPCs changed, "
                                       "and the oracle keeps no more",
                                       TW_MAX_BLOCK_CHANGES);
        }
        if (judged) {
            oracle->stats->verdicts[verdict]++;
        } else if (verdict != TW_VERDICT_AGREE) {
            oracle->stats->verdicts[verdict]++;
        }
        if (verdict == TW_VERDICT_AGREE_STALE) {
            result = verdict;
        } else if (verdict != TW_VERDICT_AGREE) {
            *op = number;
            return verdict;
        }
    }
    return result;
}

static TwVerdict judge_all(TwOracle *oracle, const TwDialect *dialect,
                           const TwContract *contract, uint16_t *op)
{
    const TwTrace *trace = oracle->trace;
    const char *what = NULL;
    TwOpSet codes;
    TwVerdict verdict, last;

    *op = TW_NO_OP;
    if (trace->end == TW_END_DIED || trace->end == TW_END_HUNG ||
        trace->end == TW_END_MALFORMED || trace->end == TW_END_UNSUPPORTED) {
        verdict = judge_end(oracle);
        oracle->stats->verdicts[verdict]++;
        return verdict;
    }
    if (!knows_all(oracle->program, contract, &what, &codes, &oracle->starts)) {
        oracle->stats->verdicts[TW_VERDICT_UNSUPPORTED]++;
        g_snprintf(oracle->finding->text, TW_FINDING_TEXT,
                   "the oracle has no rules for %s", what);
        return TW_VERDICT_UNSUPPORTED;
    }
    tw_perform_start(oracle->world, oracle->program, contract);
    oracle->world->reasons = dialect->reasons;
    oracle->told = tw_reasons_told(dialect);
    oracle->tells_places = !trace->locations_hidden && dialect->locations &&
                           !tw_contents_are_runs(oracle->program->contents);
    tw_contents_start(
        &oracle->contents, oracle->program,
        trace->locations_hidden || !dialect->locations, contract->code != 0,
        tw_ops_has(&codes, TW_OP_DIRTY_LOG) || oracle->world->pagetables);
    tw_perform_fill(oracle->world, &oracle->contents);
    tw_dirty_start(&oracle->dirty);
    oracle->log = oracle->mark = oracle->next = 0;
    oracle->dirty_record = oracle->range_record = 0;
    oracle->started = oracle->starter = 0;
    memset(&oracle->expected, 0, offsetof(TwExpected, log));
    oracle->expected.observer = oracle->expected.block = TW_NONE;
    oracle->expected.ram = ram_at_end;
    oracle->expected.data = oracle;
    verdict = judge_script(oracle, op);
    oracle->stats->commits += oracle->world->commits;
    oracle->stats->silent += oracle->world->silent;
    oracle->stats->notified += oracle->world->notified;
    oracle->stats->worlds += oracle->contents.most;
    if (verdict != TW_VERDICT_AGREE && verdict != TW_VERDICT_AGREE_STALE) {
        return verdict;
    }
    last = judge_end(oracle);
    if (last == TW_VERDICT_AGREE) {
        last = trace->n_ops == oracle->program->n_script
                   ? judge_end_state(oracle)
                   : tw_explain_other(oracle, TW_VERDICT_WRONG, trace->n_ops,
                                      "the trace ends early, but says done");
    }
    if (last != TW_VERDICT_AGREE) {
        oracle->stats->verdicts[last]++;
        return last;
    }
    return verdict;
}

TwVerdict tw_judge(TwOracle *oracle, const TwProgram *program,
                   const TwDialect *dialect, const TwContract *contract,
                   const char *target, const TwTrace *trace, TwFinding *finding,
                   TwJudgeStats *stats)
{
    TwVerdict verdict;
    uint16_t op;

    oracle->program = program;
    oracle->trace = trace;
    oracle->target = target;
    oracle->finding = finding;
    oracle->stats = stats ? stats : &oracle->unused;
    finding->op = finding->filled = finding->changed = finding->ended =
        TW_NO_OP;
    finding->starter = 0;
    finding->key[0] = finding->text[0] = '\0';
    oracle->accused.is_access = oracle->accused.stale = false;
    oracle->accused.too_short = oracle->accused.right_only = false;
    oracle->stats->programs++;
    oracle->history.all_walks = oracle->past.all_walks = 0;
    if (oracle->history.meeting) {
        tw_met_start(oracle->history.meeting);
    }
    for (unsigned i = 0; i < program->n_regions; i++) {
        oracle->stats->by_region[program->regions[i].kind]++;
    }
    verdict = judge_all(oracle, dialect, contract, &op);
    finding->verdict = verdict;
    if (!tw_verdict_is_finding(verdict)) {
        finding->op = op;
    } else {
        oracle->accused.finding = *finding;
    }
    return verdict;
}

uint64_t tw_oracle_older_walks(const TwOracle *oracle)
{
    return oracle->history.all_walks + oracle->past.all_walks;
}

void tw_oracle_set_patience(TwOracle *oracle, uint64_t walks)
{
    oracle->history.patience = walks;
}
