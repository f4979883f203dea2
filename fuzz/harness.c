/* SPDX-License-Identifier: MIT */
/* See harness.h. */
#include "fuzz/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/mutate.h"
#include "fuzz/runner.h"
#include "program/bytes.h"
#include "program/legality.h"
#include "program/ops.h"
#include "program/text.h"

/* libFuzzer's own mutator, where there is libFuzzer. */
extern size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
    __attribute__((weak));

static struct {
    const char *input_name;
    char *target;
    TwRunner *runner;
    TwKnown *known;
    TwOracle *oracle; /* of the walkers */
    TwTrace *trace;
    TwProgram program, other, crossed;
    uint8_t bytes[TW_BYTES_MAX];
} state;

void tw_harness_input_name(const char *name)
{
    state.input_name = name;
}

/* Dying ------------------------------------------------------------------- */

/* One function a verdict, so that stack traces tell findings apart. */
#define DEATH(name)                                                          \
    static void __attribute__((noinline, noreturn)) tw_finding_##name(void)  \
    {                                                                        \
        fflush(NULL);                                                        \
        abort();                                                             \
    }

DEATH(crash)
DEATH(hang)
DEATH(self)
DEATH(stale)
DEATH(perm)
DEATH(class)
DEATH(fault)
DEATH(wrong)
DEATH(effect)
DEATH(event)
DEATH(invariant)

static void __attribute__((noreturn)) die(unsigned verdict)
{
    switch (verdict) {
    case TW_VERDICT_CRASH:
        tw_finding_crash();
    case TW_VERDICT_HANG:
        tw_finding_hang();
    case TW_VERDICT_STALE:
        tw_finding_stale();
    case TW_VERDICT_PERM:
        tw_finding_perm();
    case TW_VERDICT_CLASS:
        tw_finding_class();
    case TW_VERDICT_FAULT:
        tw_finding_fault();
    case TW_VERDICT_WRONG:
        tw_finding_wrong();
    case TW_VERDICT_EFFECT:
        tw_finding_effect();
    case TW_VERDICT_EVENT:
        tw_finding_event();
    case TW_VERDICT_INVARIANT:
        tw_finding_invariant();
    default:
        tw_finding_self();
    }
}

static void print_program(const TwProgram *program)
{
    g_autoptr(GString) text = g_string_new(NULL);

    tw_program_print(program, NULL, text);
    fputs(text->str, stderr);
}

static void print_replay(const char *target, const uint8_t *data, size_t size)
{
    g_autofree char *sum =
        g_compute_checksum_for_data(G_CHECKSUM_SHA1, data, size);
    g_autofree char *name = g_strconcat("crash-", sum, NULL);
    g_autofree char *quoted =
        g_shell_quote(state.input_name ? state.input_name : name);

    fprintf(stderr, "replay: twinwalk replay --bytes --target %s %s\n",
            target, quoted);
}

static void __attribute__((noreturn))
report(const char *target, const TwProgram *program, const TwFinding *finding,
       const uint8_t *data, size_t size)
{
    char line[96];

    print_program(program);
    fprintf(stderr, "\n%s: %s %s\n%s\n", target,
            tw_verdict_name(finding->verdict), finding->key, finding->text);
    print_replay(target, data, size);
    tw_finding_hash_line(finding, target, line, sizeof(line));
    fprintf(stderr, "%s\n", line);
    die(finding->verdict);
}

/* The same for a promise of ours that was broken. */
static void __attribute__((noreturn))
broken(const char *what, const char *why, const TwProgram *program)
{
    TwFinding finding = {.verdict = TW_VERDICT_SELF};
    char line[96];

    if (program != NULL) {
        print_program(program);
    }
    fprintf(stderr, "\ntwinwalk: self\n%s%s%s\n", what, why[0] ? ": " : "",
            why);
    tw_key_write(finding.key, TW_VERDICT_SELF, what, TW_OP_NOP,
                 TW_KEY_LEAF_NONE, TW_KEY_LINK_NONE, TW_KEY_EVENT_NONE);
    tw_finding_hash_line(&finding, what, line, sizeof(line));
    fprintf(stderr, "%s\n", line);
    die(TW_VERDICT_SELF);
}

/* Programs ---------------------------------------------------------------- */

static void open_target(const char *target)
{
    if (state.runner != NULL && strcmp(state.target, target) == 0) {
        return;
    }
    TwTargetOptions options = {.name = target};
    GError *error = NULL;
    TwRunner *runner = tw_runner_new(&options, &error);
    if (runner == NULL) {
        fprintf(stderr, "twinwalk: %s\n", error->message);
        exit(error->code == TW_TARGET_ERROR_USAGE ? 2 : 99);
    }
    if (state.known == NULL && g_getenv("TWINWALK_NO_KNOWN") == NULL) {
        state.known = tw_known_new_builtin();
    }
    if (!tw_runner_set_known(runner, state.known, &error)) {
        fprintf(stderr, "twinwalk: %s\n", error->message);
        exit(2);
    }
    tw_runner_free(state.runner);
    g_free(state.target);
    state.runner = runner;
    state.target = g_strdup(target);
}

/* The byte form is total, and encode is its inverse. */
static void check_bytes(const TwProgram *program, const TwDialect *dialect)
{
    char why[256] = "";

    if (!tw_program_check(program, why, sizeof(why)) ||
        !tw_dialect_admits(dialect, program, why, sizeof(why))) {
        broken("decode", why, NULL);
    }
    size_t size = tw_program_encode(program, state.bytes,
                                    sizeof(state.bytes), dialect);
    if (size == 0) {
        broken("encode", "it does not fit", program);
    }
    tw_program_decode(&state.other, state.bytes, size, dialect);
    if (!tw_program_equal(program, &state.other)) {
        broken("encode", "decoding gives another program", program);
    }
}

int tw_harness_run(const char *target, const uint8_t *data, size_t size)
{
    TwFinding finding;

    open_target(target);
    const TwDialect *dialect = tw_runner_dialect(state.runner);
    tw_program_decode(&state.program, data, size, dialect);
    if (tw_program_hash(&state.program) % 8 == 0) {
        check_bytes(&state.program, dialect);
    }
    TwVerdict verdict = tw_runner_run(state.runner, &state.program, &finding,
                                      NULL, NULL);
    if (tw_verdict_is_finding(verdict)) {
        report(target, &state.program, &finding, data, size);
    }
    return 0;
}

int tw_harness_walkers(const uint8_t *data, size_t size)
{
    TwFinding finding;

    open_target("softmmu");
    if (state.oracle == NULL) {
        state.oracle = tw_oracle_new();
        state.trace = g_malloc(sizeof(*state.trace));
    }
    const TwDialect *dialect = tw_runner_dialect(state.runner);
    const TwProgram *program = &state.program;
    tw_program_decode(&state.program, data, size, dialect);
    tw_runner_run(state.runner, program, &finding, NULL, NULL);
    if (finding.verdict == TW_VERDICT_SELF) {
        report("softmmu", program, &finding, data, size);
    }
    const TwTrace *truth = tw_runner_trace(state.runner);
    if (truth->end != TW_END_DONE) {
        return 0;
    }
    memcpy(state.trace, truth, sizeof(*truth));
    for (unsigned i = 0; i < program->n_script; i++) {
        TwOutcome *outcome = &state.trace->outcomes[i];
        TwOutcome told = *outcome;
        if (!(tw_op_info(program->script[i].code)->flags & TW_OP_ACCESS) ||
            outcome->status != TW_STATUS_DONE) {
            continue;
        }
        outcome->class_ = told.class_ == TW_CLASS_LOOP ? TW_CLASS_PAGE_FAULT
                                                       : TW_CLASS_LOOP;
        outcome->n_locations = 0;
        outcome->value = 0;
        tw_judge(state.oracle, program, dialect,
                 tw_runner_contract(state.runner), "softmmu", state.trace,
                 &finding, NULL);
        if (finding.verdict == TW_VERDICT_SELF) {
            report("softmmu", program, &finding, data, size);
        }
        *outcome = told;
    }
    return 0;
}

/* Text -------------------------------------------------------------------- */

/* Prints `program` with its comments, parses that, prints again. */
static void check_round_trip(const TwProgram *program,
                             const TwComments *comments)
{
    g_autoptr(GString) first = g_string_new(NULL);
    g_autoptr(GString) second = g_string_new(NULL);
    g_autoptr(TwComments) again = tw_comments_new();
    g_autoptr(GError) error = NULL;
    char why[256] = "";

    if (!tw_program_check(program, why, sizeof(why))) {
        broken("parse", why, NULL);
    }
    tw_program_print(program, comments, first);
    if (!tw_program_parse(&state.other, first->str, first->len, "printed",
                          TW_TEXT_STRICT, again, NULL, &error)) {
        broken("print", error->message, program);
    }
    if (!tw_program_equal(program, &state.other)) {
        broken("print", "parsing gives another program", program);
    }
    tw_program_print(&state.other, again, second);
    if (!g_string_equal(first, second)) {
        broken("print", "it is not canonical", program);
    }
}

int tw_harness_text(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    g_autoptr(TwComments) strict = tw_comments_new();
    g_autoptr(TwComments) lenient = tw_comments_new();
    g_autoptr(GError) error = NULL;
    unsigned dropped = 0;
    bool accepted = tw_program_parse(&state.program, text, size, "input",
                                     TW_TEXT_STRICT, strict, NULL, &error);

    if (accepted) {
        check_round_trip(&state.program, strict);
    } else if (error == NULL || error->message[0] == '\0') {
        broken("parse", "it failed without a word", NULL);
    }
    g_clear_error(&error);
    if (tw_program_parse(&state.crossed, text, size, "input",
                         TW_TEXT_LENIENT, lenient, &dropped, &error)) {
        if (accepted && (dropped != 0 || !tw_program_equal(&state.crossed,
                                                           &state.program))) {
            broken("parse", "lenient and strict differ", &state.program);
        }
        check_round_trip(&state.crossed, lenient);
    } else if (accepted) {
        broken("parse", "strict accepts what lenient refuses",
               &state.program);
    }
    /* Traces are read from other processes with the same lexer. */
    if (state.trace == NULL) {
        state.trace = g_malloc(sizeof(*state.trace));
    }
    g_clear_error(&error);
    if (!accepted) {
        tw_program_init(&state.program);
    }
    if (!tw_trace_parse(state.trace, &state.program, text, size, "input",
                        &error) &&
        error == NULL) {
        broken("trace", "it failed without a word", NULL);
    }
    return 0;
}

/* Mutators ---------------------------------------------------------------- */

/* Encodes a program in at most `max_size` bytes, at the cost of its tail. */
static size_t encode(TwProgram *program, uint8_t *data, size_t max_size,
                     const TwDialect *dialect)
{
    for (;;) {
        size_t size = tw_program_encode(program, state.bytes,
                                        sizeof(state.bytes), dialect);
        if (size > 0 && size <= max_size) {
            memcpy(data, state.bytes, size);
            return size;
        }
        if (program->n_script == 0) {
            return 0;
        }
        program->n_script /= 2;
        if (!tw_program_check(program, NULL, 0)) {
            return 0; /* cut through a par */
        }
    }
}

size_t tw_harness_mutate(const char *target, uint8_t *data, size_t size,
                         size_t max_size, unsigned int seed)
{
    TwRng rng = tw_rng_for(0x6d75746174650000u, seed);

    if (LLVMFuzzerMutate != NULL && tw_rng_below(&rng, 16) == 0) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    open_target(target);
    const TwDialect *dialect = tw_runner_dialect(state.runner);
    tw_program_decode(&state.program, data, size, dialect);
    tw_mutate(&state.program, dialect, &rng);
    tw_known_avoid(state.known, &state.program, &rng);
    size_t encoded = encode(&state.program, data, max_size, dialect);
    return encoded > 0 ? encoded : size;
}

size_t tw_harness_cross(const char *target, const uint8_t *data1,
                        size_t size1, const uint8_t *data2, size_t size2,
                        uint8_t *out, size_t max_out_size, unsigned int seed)
{
    TwRng rng = tw_rng_for(0x63726f7373000000u, seed);

    open_target(target);
    const TwDialect *dialect = tw_runner_dialect(state.runner);
    tw_program_decode(&state.program, data1, size1, dialect);
    tw_program_decode(&state.other, data2, size2, dialect);
    tw_crossover(&state.crossed, &state.program, &state.other, dialect, &rng);
    return encode(&state.crossed, out, max_out_size, dialect);
}

const char *tw_harness_zoo(void)
{
    static char *target;

    if (target == NULL) {
        const char *slug = g_getenv("TWINWALK_ZOO");
        if (slug == NULL || slug[0] == '\0') {
            fputs("twinwalk: TWINWALK_ZOO: expected the slug of a zoo bug\n",
                  stderr);
            exit(2);
        }
        target = g_strconcat("zoo:", slug, NULL);
    }
    return target;
}
