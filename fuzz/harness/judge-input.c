/* SPDX-License-Identifier: MIT */
/* See judge-input.h. */
#include "fuzz/harness/judge-input.h"

#include <string.h>

#include "fuzz/harness/ask.h"
#include "fuzz/process/isolate.h"
#include "process/beat.h"
#include "program/bytes/bytes.h"
#include "program/entry.h"
#include "program/legality.h"
#include "program/ops.h"
#include "program/text/text.h"

/* Older walks of an input: a third of a millisecond, from which on none is made
 * of it; and where the oracle gives up. */
enum { COSTLY = 256, PATIENCE = 1024 };

struct TwInputJudge {
    const TwHarnessInfo *harness;
    TwCoverage *coverage; /* or NULL */
    TwRunner *runner;     /* NULL where inputs are text */
    TwAsk *ask;           /* of the targets, or NULL */
    TwOracle *oracle;     /* of the walkers */
    TwTrace *trace;       /* of the walkers; room to parse */
    uint64_t older_walks; /* for the last input */
    TwDialect dialect;    /* of inputs; where there is a runner */
    const TwKnown *known;
    const TwProgram *accused;
    TwFinding *finding;
    TwProgram program, other, lenient;
    uint8_t bytes[TW_BYTES_MAX];
};

TwInputJudge *tw_input_judge_new(const TwHarnessInfo *harness,
                                 const char *target, TwKnown *known,
                                 volatile uint32_t *in_flight, GError **error)
{
    TwTargetOptions options = {
        .name = target,
        .in_flight = in_flight,
        .check = tw_question_info(harness->question)->check,
    };
    TwInputJudge *j = g_malloc(sizeof(*j));

    j->harness = harness;
    j->known = known;
    j->coverage = NULL;
    j->runner = NULL;
    j->ask = NULL;
    j->oracle = NULL;
    j->trace = NULL;
    j->older_walks = 0;
    j->accused = NULL;
    if (harness->kind != TW_HARNESS_RUN) {
        j->oracle = tw_oracle_new();
        tw_oracle_set_patience(j->oracle, PATIENCE);
        tw_oracle_ask_both_walkers(j->oracle, true);
        j->trace = g_malloc(sizeof(*j->trace));
    }
    if (harness->kind != TW_HARNESS_TEXT) {
        j->runner = tw_runner_new(&options, error);
        if (j->runner == NULL ||
            !tw_runner_set_known(j->runner, known, error)) {
            tw_input_judge_free(j);
            return NULL;
        }
        tw_runner_set_patience(j->runner, PATIENCE);
        tw_runner_ask_both_walkers(j->runner,
                                   harness->kind == TW_HARNESS_WALKERS);
        j->dialect =
            tw_question_narrow(harness->question, tw_runner_dialect(j->runner));
    }
    if (harness->kind == TW_HARNESS_TARGETS) {
        j->ask = tw_ask_new();
        j->dialect = tw_dialect_full();
    }
    return j;
}

void tw_input_judge_cover(TwInputJudge *j, TwCoverage *coverage)
{
    j->coverage = coverage;
    if (j->runner != NULL) {
        tw_runner_meet(j->runner);
    }
}

void tw_input_judge_free(TwInputJudge *j)
{
    if (j != NULL) {
        tw_runner_free(j->runner);
        g_clear_pointer(&j->oracle, tw_oracle_free);
        tw_ask_free(j->ask);
        g_free(j->trace);
        g_free(j);
    }
}

const TwDialect *tw_input_judge_dialect(TwInputJudge *j)
{
    return j->runner ? &j->dialect : NULL;
}

const TwProgram *tw_input_judge_accused(const TwInputJudge *j)
{
    return j->accused;
}

const TwProgram *tw_input_judge_program(TwInputJudge *j, const uint8_t *data,
                                        size_t size)
{
    if (j->runner != NULL) {
        tw_program_decode(&j->program, data, size, &j->dialect);
    } else if (!tw_program_parse(&j->program, (const char *)data, size, "input",
                                 TW_TEXT_STRICT, NULL, NULL, NULL)) {
        tw_program_init(&j->program);
    }
    return &j->program;
}

/* A promise of ours that was broken: always false, for the caller to return. */
static bool broken(TwInputJudge *j, const char *what, const char *why,
                   const TwProgram *program)
{
    TwFinding *finding = j->finding;

    finding->verdict = TW_VERDICT_SELF;
    tw_key_write(finding->key, TW_VERDICT_SELF, what, TW_OP_NOP,
                 TW_KEY_LEAF_NONE, TW_KEY_LINK_NONE, TW_KEY_EVENT_NONE);
    g_snprintf(finding->text, sizeof(finding->text), "%s%s%s\n", what,
               why[0] ? ": " : "", why);
    j->accused = program;
    return false;
}

/* Programs ---------------------------------------------------------------- */

/* The byte form is total, and encode is its inverse. */
static bool bytes_hold(TwInputJudge *j)
{
    const TwDialect *dialect = &j->dialect;
    const TwProgram *program = &j->program;
    char why[256] = "";
    size_t size;

    if (!tw_program_check(program, why, sizeof(why)) ||
        !tw_dialect_admits(dialect, program, why, sizeof(why))) {
        return broken(j, "decode", why, NULL);
    }
    size = tw_program_encode(program, j->bytes, sizeof(j->bytes), dialect);
    if (size == 0) {
        return broken(j, "encode", "it does not fit", program);
    }
    tw_program_decode(&j->other, j->bytes, size, dialect);
    return tw_program_equal(program, &j->other) ||
           broken(j, "encode", "decoding gives another program", program);
}

/* Runs and judges the program of the input. */
static void run(TwInputJudge *j)
{
    tw_runner_run(j->runner, &j->program, j->finding, NULL, NULL);
    j->older_walks += tw_runner_older_walks(j->runner);
    if (j->coverage != NULL) {
        tw_coverage_count(j->coverage, tw_runner_met(j->runner));
    }
}

static void judge_run(TwInputJudge *j)
{
    if (tw_program_hash(&j->program) % 8 == 0 && !bytes_hold(j)) {
        return;
    }
    tw_known_avoid_deadly(j->known, &j->program);
    run(j);
}

/* Only what the oracle says of itself counts here. */
static bool walkers_agree(TwFinding *finding)
{
    if (finding->verdict == TW_VERDICT_SELF) {
        return false;
    }
    finding->verdict = TW_VERDICT_AGREE;
    finding->op = TW_NO_OP;
    finding->key[0] = finding->text[0] = '\0';
    return true;
}

/* The number of the n-th access that was made (modulo how many were, at most
 * 32), or n_script if there is none. */
static unsigned choose_access(const TwProgram *program, const TwTrace *trace,
                              uint64_t n)
{
    unsigned made[32], n_made = 0;

    for (unsigned i = 0; i < program->n_script && n_made < G_N_ELEMENTS(made);
         i++) {
        if (tw_op_info(program->script[i].code)->flags & TW_OP_ACCESS &&
            trace->outcomes[i].status == TW_STATUS_DONE) {
            made[n_made++] = i;
        }
    }
    return n_made ? made[n % n_made] : program->n_script;
}

/*
 * Both walkers for each access (the runner asks both), then for one access that
 * is told to have gone wrong, with all its older answers.  (One, and an early
 * one: the time for each would grow with the square of the script.)
 */
static void judge_walkers(TwInputJudge *j)
{
    const TwProgram *program = &j->program;
    TwOutcome *outcome;
    unsigned n;

    run(j);
    tw_trace_copy(j->trace, tw_runner_trace(j->runner));
    if (!walkers_agree(j->finding) || j->trace->end != TW_END_DONE) {
        return;
    }
    n = choose_access(program, j->trace, tw_program_hash(program));
    if (n == program->n_script) {
        return;
    }
    outcome = &j->trace->outcomes[n];
    outcome->class_ =
        outcome->class_ == TW_CLASS_LOOP ? TW_CLASS_PAGE_FAULT : TW_CLASS_LOOP;
    outcome->n_locations = 0;
    outcome->value = 0;
    tw_judge(j->oracle, program, tw_runner_dialect(j->runner),
             tw_runner_contract(j->runner), j->harness->target, j->trace,
             j->finding, NULL);
    j->older_walks += tw_oracle_older_walks(j->oracle);
    walkers_agree(j->finding);
}

/* Targets ----------------------------------------------------------------- */

static void judge_targets(TwInputJudge *j, const uint8_t *data, size_t size)
{
    TwAskBroken told;

    if (!tw_ask(j->ask, data, size, &told)) {
        broken(j, told.what, told.why, told.program);
    }
}

/* Text -------------------------------------------------------------------- */

/* Prints `program` with its comments, parses that, prints again. */
static bool round_trip_holds(TwInputJudge *j, const TwProgram *program,
                             const TwComments *comments)
{
    g_autoptr(GString) first = g_string_new(NULL);
    g_autoptr(GString) second = g_string_new(NULL);
    g_autoptr(TwComments) again = tw_comments_new();
    g_autoptr(GError) error = NULL;
    char why[256] = "";

    if (!tw_program_check(program, why, sizeof(why))) {
        return broken(j, "parse", why, NULL);
    }
    tw_program_print(program, comments, first);
    if (!tw_program_parse(&j->other, first->str, first->len, "printed",
                          TW_TEXT_STRICT, again, NULL, &error)) {
        return broken(j, "print", error->message, program);
    }
    if (!tw_program_equal(program, &j->other)) {
        return broken(j, "print", "parsing gives another program", program);
    }
    tw_program_print(&j->other, again, second);
    return g_string_equal(first, second) ||
           broken(j, "print", "it is not canonical", program);
}

/* Traces are read from other processes with the same lexer. */
static bool trace_holds(TwInputJudge *j, const char *text, size_t size)
{
    g_autoptr(GError) error = NULL;

    return tw_trace_parse(j->trace, &j->program, text, size, "input", &error) ||
           error != NULL ||
           broken(j, "trace", "it failed without a word", NULL);
}

static bool lenient_holds(TwInputJudge *j, const char *text, size_t size,
                          bool accepted)
{
    g_autoptr(TwComments) comments = tw_comments_new();
    unsigned dropped = 0;

    if (!tw_program_parse(&j->lenient, text, size, "input", TW_TEXT_LENIENT,
                          comments, &dropped, NULL)) {
        return !accepted ||
               broken(j, "parse", "strict accepts what lenient refuses",
                      &j->program);
    }
    if (accepted &&
        (dropped != 0 || !tw_program_equal(&j->lenient, &j->program))) {
        return broken(j, "parse", "lenient and strict differ", &j->program);
    }
    return round_trip_holds(j, &j->lenient, comments);
}

static void judge_text(TwInputJudge *j, const char *text, size_t size)
{
    g_autoptr(TwComments) comments = tw_comments_new();
    g_autoptr(GError) error = NULL;
    bool accepted = tw_program_parse(&j->program, text, size, "input",
                                     TW_TEXT_STRICT, comments, NULL, &error);

    if (accepted) {
        if (!round_trip_holds(j, &j->program, comments)) {
            return;
        }
    } else if (error == NULL || error->message[0] == '\0') {
        broken(j, "parse", "it failed without a word", NULL);
        return;
    } else {
        tw_program_init(&j->program);
    }
    if (lenient_holds(j, text, size, accepted)) {
        trace_holds(j, text, size);
    }
}

/* All --------------------------------------------------------------------- */

TwVerdict tw_input_judge(TwInputJudge *j, const uint8_t *data, size_t size,
                         TwFinding *finding)
{
    memset(finding, 0, sizeof(*finding));
    finding->verdict = TW_VERDICT_AGREE;
    finding->op = finding->filled = finding->changed = finding->ended =
        TW_NO_OP;
    j->finding = finding;
    j->accused = &j->program;
    j->older_walks = 0;
    tw_entry_forget(); /* no input depends on those before it */
    switch (j->harness->kind) {
    case TW_HARNESS_RUN:
        tw_input_judge_program(j, data, size);
        judge_run(j);
        break;
    case TW_HARNESS_WALKERS:
        tw_input_judge_program(j, data, size);
        judge_walkers(j);
        break;
    case TW_HARNESS_TARGETS:
        tw_input_judge_program(j, data, size);
        judge_targets(j, data, size);
        break;
    case TW_HARNESS_TEXT:
        judge_text(j, (const char *)data, size);
        break;
    }
    return (TwVerdict)finding->verdict;
}

bool tw_input_judge_was_costly(const TwInputJudge *j)
{
    return j->older_walks > COSTLY;
}

void tw_input_judge_print(TwInputJudge *j, GString *out)
{
    if (j->runner != NULL) {
        tw_trace_print(tw_runner_trace(j->runner), &j->program, out);
    }
}

/* In a child -------------------------------------------------------------- */

typedef struct Isolated {
    const TwHarnessInfo *harness;
    const char *target;
    const uint8_t *data;
    size_t size;
    unsigned replays;
} Isolated;

static bool judge_there(void *data, volatile uint32_t *in_flight,
                        TwFinding *finding, GError **error)
{
    const Isolated *i = data;
    TwInputJudge *judge =
        tw_input_judge_new(i->harness, i->target, NULL, in_flight, error);

    if (judge == NULL) {
        return false;
    }
    if (judge->runner != NULL) {
        tw_runner_set_replays(judge->runner, i->replays, 0);
    }
    if (i->harness->kind != TW_HARNESS_RUN) {
        tw_beat_enter(TW_DOING_TARGET); /* twinwalk itself is tested */
    }
    tw_input_judge(judge, i->data, i->size, finding);
    return true; /* the judge goes with the process */
}

bool tw_input_judge_isolated(const TwHarnessInfo *harness, const char *target,
                             const uint8_t *data, size_t size,
                             const TwProgram *program, uint32_t timeout_ms,
                             unsigned times, TwFinding *finding, GError **error)
{
    Isolated each = {harness, target, data, size, times == 1 ? 1 : 0};
    const char *name = target[0] ? target : "twinwalk";

    return times == 1
               ? tw_isolate_confirmed(judge_there, &each, name, program,
                                      timeout_ms, finding, error)
               : tw_isolate_repeatedly(judge_there, &each, name, program,
                                       timeout_ms, times, finding, error);
}
