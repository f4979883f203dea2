/* SPDX-License-Identifier: MIT */
/* See equivalents.h. */
#include "reports/measure/equivalents.h"

#include <inttypes.h>

#include "fuzz/process/work.h"
#include "process/beat.h"

enum {
    LEAST_PER_CHUNK = 250, /* programs that a worker runs for one result */
    MOST_CHUNKS = 20000,
    SOFTMMU = 0,
};

/* The result of one chunk. */
typedef struct Chunk {
    TwWorkFailure failure;
    volatile unsigned target; /* in flight, */
    volatile uint64_t number; /* and its program */
    uint64_t accesses;        /* on softmmu */
    TwEquivalentResult results[TW_MOST_EQUIVALENTS];
} Chunk;

typedef struct Beside {
    const TwZooRun *zoo;
    TwEquivalentsRun *run;
    const char *names[TW_MOST_EQUIVALENTS];
    uint64_t programs, per_chunk;
    gint64 start;
    GError *error;
    /* Of a worker. */
    TwProgram *program; /* NULL: nothing is open yet */
    TwRunner *runners[TW_MOST_EQUIVALENTS];
} Beside;

static TwTargetOptions options_of(const Beside *b, unsigned t)
{
    TwTargetOptions options = b->zoo->target;

    options.name = b->names[t];
    return options;
}

static void make_program(const Beside *b, uint64_t number, TwRunner *runner,
                         TwProgram *program)
{
    tw_campaign_program(program, b->zoo->seed, number, TW_PROFILES,
                        tw_runner_dialect(runner), NULL, NULL);
}

static void note(TwEquivalentResult *result, uint64_t number,
                 const TwFinding *finding)
{
    if (tw_verdict_is_finding(finding->verdict)) {
        result->reported = true;
        result->number = number;
        result->verdict = finding->verdict;
        g_strlcpy(result->key, finding->key, TW_KEY_SIZE);
    }
}

/* In a worker -------------------------------------------------------------- */

static bool open_all(Beside *b, GError **error)
{
    for (unsigned t = 0; t < b->run->n && !b->program; t++) {
        TwTargetOptions options = options_of(b, t);

        b->runners[t] = tw_runner_new(&options, error);
        if (!b->runners[t]) {
            return false;
        }
    }
    if (!b->program) {
        b->program = g_new(TwProgram, 1);
    }
    return true;
}

static void run_on(Beside *b, Chunk *chunk, unsigned t, TwJudgeStats *stats)
{
    const TwTrace *right = tw_runner_trace(b->runners[SOFTMMU]);
    TwEquivalentResult *result = &chunk->results[t];
    TwFinding finding;

    chunk->target = t;
    result->programs++;
    if (t == SOFTMMU) {
        tw_runner_run(b->runners[t], b->program, &finding, stats, NULL);
    } else if (tw_runner_run_like(b->runners[t], b->program, right, &finding)) {
        return;
    }
    result->judged++;
    note(result, chunk->number, &finding);
}

static void run_program(Beside *b, Chunk *chunk, TwJudgeStats *stats)
{
    make_program(b, chunk->number, b->runners[SOFTMMU], b->program);
    for (unsigned t = 0; t < b->run->n && !chunk->results[SOFTMMU].reported;
         t++) {
        if (!chunk->results[t].reported) {
            run_on(b, chunk, t, stats);
        }
    }
    tw_beat_move();
}

static void run_chunk(unsigned i, void *slot, void *data)
{
    Beside *b = data;
    Chunk *chunk = slot;
    uint64_t first = i * b->per_chunk;
    uint64_t end = MIN(first + b->per_chunk, b->programs);
    TwJudgeStats stats = {0};
    GError *error = NULL;

    if (!open_all(b, &error)) {
        tw_work_fail(&chunk->failure, error);
        return;
    }
    for (uint64_t number = first;
         number < end && !chunk->results[SOFTMMU].reported; number++) {
        chunk->number = number;
        run_program(b, chunk, &stats);
    }
    chunk->accesses = stats.accesses;
}

/* In the parent ------------------------------------------------------------ */

/* A worker crashed or hung: notes what its last program gives alone. */
static bool explain(Beside *b, Chunk *chunk)
{
    TwTargetOptions options = options_of(b, chunk->target);
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autoptr(TwRunner) runner = tw_runner_new(&options, &b->error);
    TwFinding finding;

    if (!runner) {
        return false;
    }
    make_program(b, chunk->number, runner, program);
    if (!tw_run_isolated(&options, program, 0, &finding, &b->error)) {
        return false;
    }
    if (!tw_verdict_is_finding(finding.verdict)) {
        g_set_error(
            &b->error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
            "%s: a worker ended in program %" PRIu64 ", which alone gives: %s",
            options.name, chunk->number, tw_verdict_name(finding.verdict));
        return false;
    }
    note(&chunk->results[chunk->target], chunk->number, &finding);
    return true;
}

static void add(TwEquivalentResult *all, const TwEquivalentResult *more)
{
    TwEquivalentResult sum = *more;

    if (!all->reported) {
        sum.programs += all->programs;
        sum.judged += all->judged;
        *all = sum;
    }
}

static bool take_chunk(unsigned i, const void *slot, bool died, void *data)
{
    Beside *b = data;
    Chunk chunk = *(const Chunk *)slot;

    (void)i;
    if (died ? !explain(b, &chunk)
             : tw_work_failed(&chunk.failure, &b->error)) {
        return false;
    }
    for (unsigned t = 0; t < b->run->n; t++) {
        add(&b->run->results[t], &chunk.results[t]);
    }
    b->run->programs = b->run->results[SOFTMMU].programs;
    b->run->accesses += chunk.accesses;
    return !died && !b->run->results[SOFTMMU].reported;
}

static void look_around(unsigned done, void *data)
{
    const Beside *b = data;

    (void)done;
    b->run->seconds =
        (double)(g_get_monotonic_time() - b->start) / G_USEC_PER_SEC;
    if (b->run->progress) {
        b->run->progress(b->run, b->run->data);
    }
}

bool tw_equivalents_run(const TwZooRun *zoo, const char *const *names,
                        unsigned n, uint64_t programs, TwEquivalentsRun *run,
                        GError **error)
{
    uint64_t per_chunk = MAX(LEAST_PER_CHUNK, programs / MOST_CHUNKS + 1);
    Beside b = {.zoo = zoo,
                .run = run,
                .programs = programs,
                .per_chunk = per_chunk,
                .start = g_get_monotonic_time()};
    TwWork work = {
        .n = (unsigned)(programs / per_chunk + (programs % per_chunk != 0)),
        .jobs = zoo->jobs,
        .slot = sizeof(Chunk),
        .limit_ms = TW_TIMEOUT_MS,
        .one = run_chunk,
        .done = take_chunk,
        .idle = look_around,
        .data = &b,
        .stop = zoo->stop};
    bool ok;

    g_assert(n < TW_MOST_EQUIVALENTS);
    run->n = n + 1;
    run->programs = run->accesses = 0;
    for (unsigned t = 0; t < run->n; t++) {
        run->results[t] = (TwEquivalentResult){0};
        b.names[t] = t == SOFTMMU ? "softmmu" : names[t - 1];
    }
    ok = tw_work_run(&work, error);
    look_around(work.n, &b);
    run->interrupted = zoo->stop && *zoo->stop;
    if (ok && b.error) {
        g_propagate_error(error, b.error);
        return false;
    }
    return ok;
}
