/* SPDX-License-Identifier: MIT */
/* Runs cases with one failing allocation after another; see sweep.h. */
#include "reports/sweep/sweep.h"

#include <string.h>

#include "fuzz/process/work.h"
#include "program/text/text.h"
#include "reports/sweep/leak.h"

/* More allocations than any program makes: a target that reports a failed one
 * in each run would not end. */
enum { MOST = 1 << 20 };

bool tw_sweep_fail(TwProgram *to, const TwProgram *program, uint32_t nth)
{
    TwOp fail = tw_op_make(TW_OP_FAIL_ALLOC);

    if (program->n_script == TW_MAX_SCRIPT) {
        return false;
    }
    tw_program_copy(to, program);
    fail.nth = nth;
    memmove(to->script + 1, to->script, to->n_script * sizeof(TwOp));
    to->n_script++;
    to->script[0] = fail;
    for (unsigned i = 1; i < to->n_script; i++) {
        if (to->script[i].code == TW_OP_FAIL_ALLOC) {
            to->script[i] = tw_op_make(TW_OP_NOP);
        }
    }
    return true;
}

static bool skip(TwSweepResult *result, const char *why)
{
    result->skipped = true;
    g_strlcpy(result->finding.text, why, sizeof(result->finding.text));
    return true;
}

static bool refuses(const TwTrace *trace)
{
    for (unsigned i = 0; i < trace->n_ops; i++) {
        if (trace->outcomes[i].status == TW_STATUS_NOMEM) {
            return true;
        }
    }
    return false;
}

/* A target in this process, and what goes on in it. */
typedef struct Bench {
    TwRunner *runner;
    const char *name; /* of the target */
    TwLeaks *leaks;
    uint16_t op; /* with the last allocation that failed, or TW_NO_OP */
    char what[TW_SWEEP_WHAT];
    const TwTeller *other; /* of the caller, or NULL */
} Bench;

/* "for a TLB entry (RU-8)". */
static void hear(void *data, uint16_t op, const char *kind, const char *text)
{
    Bench *bench = data;

    if (strcmp(kind, "no-memory") == 0) {
        const char *what = g_str_has_prefix(text, "for ") ? text + 4 : text;
        size_t length = strcspn(what, "(");

        bench->op = op;
        g_strlcpy(bench->what, what, MIN(length + 1, sizeof(bench->what)));
        g_strchomp(bench->what);
    }
    if (bench->other) {
        bench->other->tell(bench->other->data, op, kind, text);
    }
}

/* Has the run lost memory?  If so, once more, to be sure. */
static bool loses(Bench *bench, const TwProgram *swept, TwFinding *finding)
{
    char text[TW_FINDING_TEXT];
    TwFinding again;

    if (!tw_leaks_look(bench->leaks, text, sizeof(text))) {
        return false;
    }
    tw_runner_run(bench->runner, swept, &again, NULL, NULL);
    *finding = (TwFinding){.verdict = TW_VERDICT_CRASH,
                           .replays = 1,
                           .op = bench->op,
                           .filled = TW_NO_OP,
                           .changed = TW_NO_OP,
                           .ended = TW_NO_OP};
    g_strlcpy(finding->text, text, sizeof(finding->text));
    tw_key_write(finding->key, TW_VERDICT_CRASH, bench->name,
                 bench->op < swept->n_script
                     ? (TwOpCode)swept->script[bench->op].code
                     : TW_OP_NOP,
                 TW_KEY_LEAF_NONE, TW_KEY_LINK_NONE, TW_KEY_EVENT_NONE);
    finding->again = tw_leaks_look(bench->leaks, text, sizeof(text));
    if (!finding->again) {
        finding->verdict = TW_VERDICT_FLAKY;
    }
    return true;
}

/* Runs and judges it with allocation `nth` failing; false: none failed. */
static bool run_nth(Bench *bench, const TwProgram *swept, uint32_t nth,
                    TwSweepResult *result)
{
    const TwTrace *trace;
    TwFinding finding;
    TwVerdict verdict;
    bool failed, lost;

    bench->op = TW_NO_OP;
    bench->what[0] = '\0';
    verdict = tw_runner_run(bench->runner, swept, &finding, NULL, NULL);
    trace = tw_runner_trace(bench->runner);
    failed = trace->counters[TW_COUNT_NO_MEMORY] > 0;
    result->runs += failed;
    result->refused += failed && refuses(trace);
    result->inconclusive += verdict == TW_VERDICT_INCONCLUSIVE;
    if (verdict == TW_VERDICT_UNSUPPORTED) {
        return !skip(result, finding.text);
    }
    bool bad = tw_verdict_is_finding(verdict) || verdict == TW_VERDICT_FLAKY;

    lost = !bad && loses(bench, swept, &finding);
    if ((bad || lost) && result->bad++ == 0) {
        result->finding = finding;
        result->nth = nth;
        result->lost = lost;
        memcpy(result->what, bench->what, sizeof(result->what));
    }
    return failed;
}

/* Sweeps one program.  *at is the allocation that fails in the run at hand.
 * False with `error` if the target cannot be opened. */
static bool sweep_program(const TwTargetOptions *options, TwLeaks *leaks,
                          const TwProgram *program, volatile uint32_t *at,
                          TwSweepResult *result, GError **error)
{
    Bench bench = {
        .name = options->name, .leaks = leaks, .other = options->teller};
    TwTeller teller = {hear, &bench};
    TwTargetOptions telling = *options;
    g_autoptr(TwRunner) runner = NULL;
    g_autofree TwProgram *swept = g_new(TwProgram, 1);
    bool failed = true;

    memset(result, 0, sizeof(*result));
    result->finding.verdict = TW_VERDICT_AGREE;
    telling.teller = &teller;
    runner = tw_runner_new(&telling, error);
    if (!runner) {
        return false;
    }
    bench.runner = runner;
    if (!tw_dialect_speaks(tw_runner_dialect(runner), TW_OP_FAIL_ALLOC)) {
        return skip(result, "the target has no fail-alloc");
    }
    for (uint32_t nth = 1; failed && nth < MOST; nth++) {
        if (!tw_sweep_fail(swept, program, nth)) {
            return skip(result, "there is no room for one more operation");
        }
        *at = nth;
        failed = run_nth(&bench, swept, nth, result);
    }
    return true;
}

/* Many --------------------------------------------------------------------- */

typedef struct Slot {
    TwWorkFailure failure;
    volatile uint32_t at;
    TwSweepResult result;
} Slot;

typedef struct Sweep {
    TwCheckJob *check;
    TwSweepDone done;
    void (*idle)(unsigned done, void *data);
    void *data;
    TwLeaks *leaks; /* of each worker its own */
    GError *error;
} Sweep;

static const TwCheckCase *case_of(const Sweep *sweep, unsigned i)
{
    return g_ptr_array_index(sweep->check->cases, i);
}

static void sweep_case(unsigned i, void *slot, void *data)
{
    const Sweep *sweep = data;
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    Slot *out = slot;
    GError *error = NULL;

    if (!tw_program_load(program, case_of(sweep, i)->path, TW_TEXT_STRICT, NULL,
                         &error) ||
        !sweep_program(&sweep->check->targets[0], sweep->leaks, program,
                       &out->at, &out->result, &error)) {
        tw_work_fail(&out->failure, error);
    }
}

/* The worker is gone: the run at hand once more, for the finding. */
static bool run_again(Sweep *sweep, const TwCheckCase *one, uint32_t nth,
                      TwSweepResult *result)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autofree TwProgram *swept = g_new(TwProgram, 1);

    memset(result, 0, sizeof(*result));
    result->bad = 1;
    result->nth = nth;
    return tw_program_load(program, one->path, TW_TEXT_STRICT, NULL,
                           &sweep->error) &&
           tw_sweep_fail(swept, program, nth) &&
           tw_run_repeatedly(&sweep->check->targets[0], swept,
                             sweep->check->patience[0], 1, &result->finding,
                             &sweep->error);
}

static bool take_case(unsigned i, const void *slot, bool died, void *data)
{
    Sweep *sweep = data;
    const Slot *out = slot;
    TwSweepResult again;

    if (!died && tw_work_failed(&out->failure, &sweep->error)) {
        return false;
    }
    if (died) {
        if (!run_again(sweep, case_of(sweep, i), out->at, &again)) {
            return false;
        }
        if (!tw_verdict_is_finding(again.finding.verdict)) {
            g_set_error(&sweep->error, TW_TARGET_ERROR,
                        TW_TARGET_ERROR_ENVIRONMENT,
                        "%s: the process that ran this case crashed",
                        case_of(sweep, i)->path);
            return false;
        }
    }
    sweep->done(case_of(sweep, i), died ? &again : &out->result, sweep->data);
    return true;
}

static void is_idle(unsigned done, void *data)
{
    Sweep *sweep = data;

    if (sweep->idle) {
        sweep->idle(done, sweep->data);
    }
}

bool tw_sweep_run(TwCheckJob *check, TwSweepDone done,
                  void (*idle)(unsigned done, void *data), void *data,
                  GError **error)
{
    g_autoptr(TwLeaks) leaks = tw_leaks_new();
    Sweep sweep = {.check = check,
                   .done = done,
                   .idle = idle,
                   .data = data,
                   .leaks = leaks};
    TwWork todo = {.n = check->cases->len,
                   .jobs = check->jobs,
                   .slot = sizeof(Slot),
                   .limit_ms =
                       check->patience[0] ? check->patience[0] : TW_TIMEOUT_MS,
                   .one = sweep_case,
                   .done = take_case,
                   .idle = is_idle,
                   .data = &sweep};

    if (!tw_work_run(&todo, error)) {
        return false;
    }
    if (sweep.error) {
        g_propagate_error(error, sweep.error);
        return false;
    }
    return true;
}
