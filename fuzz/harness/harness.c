/* SPDX-License-Identifier: MIT */
/* See harness.h. */
#include "fuzz/harness/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/harness/judge-input.h"
#include "fuzz/mutate/mutate.h"
#include "fuzz/run/meter.h"
#include "program/bytes/bytes.h"
#include "program/legality.h"
#include "program/text/text.h"

/* libFuzzer's own mutator, where there is libFuzzer. */
extern size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
    __attribute__((weak));

/* The counters of edges of this program, where it has some: its compiler's
 * section. */
extern uint8_t __start___sancov_cntrs[]
    __attribute__((weak, visibility("hidden")));
extern uint8_t __stop___sancov_cntrs[]
    __attribute__((weak, visibility("hidden")));

/* For the life of the process, which runs one harness. */
static struct {
    const char *input_name;
    const TwHarnessInfo *info;
    char *target;
    TwKnown *known;
    TwInputJudge *judge;
    bool raw;       /* no mutation by structure */
    bool measured;  /* open_meter() was called */
    TwMeter *meter; /* or NULL */
    const char *coverage_file;
    TwCoverage *coverage;              /* since the process began; or NULL */
    TwProgram program, other, crossed; /* of the mutators */
    uint8_t bytes[TW_BYTES_MAX];
    TwVerdict verdict; /* of the last input */
} state;

void tw_harness_input_name(const char *name)
{
    state.input_name = name;
}

/* Coverage ---------------------------------------------------------------- */

static void __attribute__((noreturn)) refuse(const GError *error)
{
    fprintf(stderr, "twinwalk: %s\n", error->message);
    exit(g_error_matches(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT)
             ? 99
             : 2);
}

static void save_coverage(void)
{
    g_autoptr(GError) error = NULL;

    if (state.coverage != NULL &&
        !tw_coverage_save(state.coverage, state.coverage_file, &error)) {
        fprintf(stderr, "twinwalk: %s\n", error->message);
    }
    g_clear_pointer(&state.coverage, g_free);
}

/* Writes nothing new yet; fails early if the file is not writable. */
static void open_coverage(void)
{
    GError *error = NULL;

    state.coverage_file = g_getenv("TWINWALK_COVERAGE");
    if (state.coverage_file == NULL) {
        return;
    }
    state.coverage = tw_coverage_new();
    if (!tw_coverage_save(state.coverage, state.coverage_file, &error)) {
        refuse(error);
    }
    tw_input_judge_cover(state.judge, state.coverage);
    atexit(save_coverage);
}

/* Dying ------------------------------------------------------------------- */

/* One function a verdict, so that stack traces tell findings apart. */
#define DEATH(name) \
    static void __attribute__((noinline, noreturn)) tw_finding_##name(void) \
    { \
        fflush(NULL); \
        abort(); \
    }

DEATH(crash)
DEATH(hang)
DEATH(malformed)
DEATH(self)
DEATH(stale)
DEATH(perm)
DEATH(class)
DEATH(fault)
DEATH(reason)
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
    case TW_VERDICT_MALFORMED:
        tw_finding_malformed();
    case TW_VERDICT_STALE:
        tw_finding_stale();
    case TW_VERDICT_PERM:
        tw_finding_perm();
    case TW_VERDICT_CLASS:
        tw_finding_class();
    case TW_VERDICT_FAULT:
        tw_finding_fault();
    case TW_VERDICT_REASON:
        tw_finding_reason();
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

static void print_replay(const uint8_t *data, size_t size)
{
    const TwHarnessInfo *h = state.info;
    g_autofree char *sum =
        g_compute_checksum_for_data(G_CHECKSUM_SHA1, data, size);
    g_autofree char *name = g_strconcat("crash-", sum, NULL);
    g_autofree char *quoted =
        g_shell_quote(state.input_name ? state.input_name : name);

    /* What the environment said belongs to the command. */
    bool zoo = g_str_has_prefix(state.target, "zoo:");
    fprintf(stderr, "replay: %s%s%stwinwalk replay --harness %s %s\n",
            zoo ? "TWINWALK_ZOO=" : "", zoo ? state.target + 4 : "",
            zoo ? " " : "", h->name, quoted);
}

static void __attribute__((noreturn))
report(const TwFinding *finding, const uint8_t *data, size_t size)
{
    const TwProgram *program = tw_input_judge_accused(state.judge);
    const char *target = state.target[0] ? state.target : "twinwalk";
    char line[96];

    if (program != NULL) {
        print_program(program);
    }
    fprintf(stderr, "\n%s: %s %s\n%s\n", target,
            tw_verdict_name(finding->verdict), finding->key, finding->text);
    print_replay(data, size);
    tw_finding_hash_line(finding, target, line, sizeof(line));
    fprintf(stderr, "%s\n", line);
    save_coverage();
    die(finding->verdict);
}

/* Inputs ------------------------------------------------------------------ */

static void open_harness(const char *name)
{
    GError *error = NULL;

    if (state.judge != NULL) {
        return;
    }
    state.info = tw_harness_find(name);
    g_assert(state.info != NULL);
    state.target = tw_harness_target(state.info, &error);
    if (state.target == NULL) {
        refuse(error);
    }
    /* Only libunicorn has known divergences. */
    if (g_str_has_prefix(tw_harness_model(state.info), "unicorn") &&
        g_getenv("TWINWALK_NO_KNOWN") == NULL) {
        state.known = tw_known_new_builtin();
    }
    state.judge =
        tw_input_judge_new(state.info, state.target, state.known, NULL, &error);
    if (state.judge == NULL) {
        refuse(error);
    }
    state.raw = g_getenv("TWINWALK_RAW") != NULL;
    open_coverage();
}

/* For `twinwalk zoo bench`, at the first input: a mutator that AFL++ loads
 * measures nothing. */
static void open_meter(void)
{
    const char *file = g_getenv("TWINWALK_METER");
    TwTargetOptions options = {.name = state.target};
    TwMeterRecord *record;
    GError *error = NULL;

    if (state.measured || file == NULL) {
        return;
    }
    state.measured = true;
    record = tw_meter_map(file, &error);
    state.meter =
        record != NULL ? tw_meter_new(&options, record, &error) : NULL;
    if (state.meter == NULL) {
        refuse(error);
    }
}

/* libFuzzer keeps what has reached something new, whatever it costs.  An input
 * that has reached nothing is judged as any other, and not kept. */
static void forget_what_was_reached(void)
{
    if (__start___sancov_cntrs != NULL) {
        memset(__start___sancov_cntrs, 0,
               (size_t)(__stop___sancov_cntrs - __start___sancov_cntrs));
    }
}

int tw_harness_run(const char *name, const uint8_t *data, size_t size)
{
    TwFinding finding;

    open_harness(name);
    open_meter();
    if (state.meter != NULL && tw_meter_begin(state.meter)) {
        tw_meter_compare(state.meter,
                         tw_input_judge_program(state.judge, data, size));
    }
    state.verdict = tw_input_judge(state.judge, data, size, &finding);
    if (state.meter != NULL && !tw_meter_after(state.meter, &finding)) {
        return 0; /* what the bug is not known to cause is noted only */
    }
    if (tw_verdict_is_finding(state.verdict)) {
        report(&finding, data, size);
    }
    if (tw_input_judge_was_costly(state.judge)) {
        forget_what_was_reached();
    }
    return 0;
}

char *tw_harness_result(void)
{
    GString *text = g_string_new(tw_verdict_name(state.verdict));

    g_string_append_c(text, '\n');
    if (strcmp(tw_harness_model(state.info), "softmmu") == 0) {
        tw_input_judge_print(state.judge, text);
    }
    return g_string_free(text, FALSE);
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

const TwDialect *tw_harness_dialect(const char *name)
{
    open_harness(name);
    return tw_input_judge_dialect(state.judge);
}

size_t tw_harness_mutate(const char *name, uint8_t *data, size_t size,
                         size_t max_size, unsigned int seed)
{
    TwRng rng = tw_rng_for(0x6d75746174650000u, seed);

    open_harness(name);
    if (LLVMFuzzerMutate != NULL &&
        (state.raw || tw_rng_below(&rng, 16) == 0)) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    const TwDialect *dialect = tw_input_judge_dialect(state.judge);
    tw_program_decode(&state.program, data, size, dialect);
    tw_mutate(&state.program, dialect,
              tw_question_info(state.info->question)->profiles, &rng);
    tw_known_avoid(state.known, &state.program, &rng);
    size_t encoded = encode(&state.program, data, max_size, dialect);
    return encoded > 0 ? encoded : size;
}

size_t tw_harness_cross(const char *name, const uint8_t *data1, size_t size1,
                        const uint8_t *data2, size_t size2, uint8_t *out,
                        size_t max_out_size, unsigned int seed)
{
    TwRng rng = tw_rng_for(0x63726f7373000000u, seed);

    open_harness(name);
    if (state.raw) {
        return 0; /* libFuzzer's mutator crosses inputs itself */
    }
    const TwDialect *dialect = tw_input_judge_dialect(state.judge);
    tw_program_decode(&state.program, data1, size1, dialect);
    tw_program_decode(&state.other, data2, size2, dialect);
    tw_crossover(&state.crossed, &state.program, &state.other, dialect, &rng);
    return encode(&state.crossed, out, max_out_size, dialect);
}
