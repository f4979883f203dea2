/* SPDX-License-Identifier: MIT */
/* See conform.h. */
#include "reports/conform/conform.h"

#include <string.h>

#include "fuzz/campaign/campaign.h"
#include "fuzz/process/work.h"
#include "program/legality.h"
#include "program/text/text.h"

enum { CHUNK = 100 }; /* random programs that a worker does at once */

/* The cases ---------------------------------------------------------------- */

/* "# rule TL-4: an entry ...", which may go on in the next lines, up to
 * "# rules: ..." */
static void read_title(const char *text, char *title, size_t size)
{
    g_autofree char *head =
        g_strndup(text, (size_t)(strstr(text, "\n# rules: ") - text));
    g_auto(GStrv) lines = g_strsplit(head, "\n", -1);
    g_autofree char *whole = NULL;

    for (char **line = lines; *line; line++) {
        memmove(*line, *line + 2, strlen(*line + 2) + 1); /* "# " */
    }
    whole = g_strjoinv(" ", lines);
    g_strlcpy(title, whole + (g_str_has_prefix(whole, "rule ") ? 5 : 0), size);
}

/* Is the case the same but for the sizes of regions and TLBs? */
static bool is_same_case(const TwProgram *a, const TwProgram *b)
{
    bool same = a->page_lg == b->page_lg && a->contents == b->contents &&
                a->n_setup == b->n_setup && a->n_script == b->n_script &&
                memcmp(a->setup, b->setup, a->n_setup * sizeof(TwOp)) == 0 &&
                memcmp(a->script, b->script, a->n_script * sizeof(TwOp)) == 0;

    for (unsigned i = 0; i < a->n_regions && same; i++) {
        same = a->regions[i].kind == b->regions[i].kind &&
               a->regions[i].addr == b->regions[i].addr;
    }
    return same;
}

/* Makes `program` one of the dialect, if no more than sizes must change for
 * that.  False with `why`. */
static bool fit(const TwDialect *dialect, TwProgram *program, char *why,
                size_t size)
{
    g_autofree TwProgram *fitted = NULL;

    if (tw_dialect_admits(dialect, program, why, size)) {
        return true;
    }
    fitted = g_new(TwProgram, 1);
    tw_program_copy(fitted, program);
    for (unsigned i = 0; i < fitted->n_cpus; i++) {
        TwCpu *cpu = &fitted->cpus[i];

        cpu->tlb_lg = MIN(cpu->tlb_lg, dialect->max_tlb_lg);
        cpu->victims = MIN(cpu->victims, dialect->max_victims);
    }
    tw_dialect_fit(dialect, fitted);
    if (!is_same_case(program, fitted) || !tw_program_check(fitted, NULL, 0) ||
        !tw_dialect_admits(dialect, fitted, NULL, 0)) {
        return false;
    }
    tw_program_copy(program, fitted);
    return true;
}

/* Reads all cases; those of the dialect are to be run. */
static bool choose_cases(TwConform *c, GError **error)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    unsigned n;
    const TwConformCase *cases = tw_conform_cases(&n);

    c->results = g_array_sized_new(FALSE, TRUE, sizeof(TwConformResult), n);
    for (unsigned i = 0; i < n; i++) {
        TwConformResult result = {.of = &cases[i]};

        if (!tw_program_parse(program, cases[i].text, strlen(cases[i].text),
                              cases[i].name, TW_TEXT_STRICT, NULL, NULL,
                              error)) {
            return false;
        }
        read_title(cases[i].text, result.title, sizeof(result.title));
        if (fit(&c->dialect, program, result.outside, sizeof(result.outside))) {
            result.outside[0] = '\0';
            tw_check_add_program(&c->check, cases[i].name, program);
            result.ran =
                g_ptr_array_index(c->check.cases, c->check.cases->len - 1);
        }
        g_array_append_val(c->results, result);
    }
    return true;
}

static void ignore(TwCheckJob *check, TwCheckCase *one, void *data)
{
    (void)check;
    (void)one;
    (void)data;
}

static bool run_cases(TwConform *c, GError **error)
{
    if (!choose_cases(c, error) ||
        !tw_check_run(&c->check, ignore, NULL, error)) {
        return false;
    }
    for (unsigned i = 0; i < c->results->len; i++) {
        const TwConformResult *r =
            &g_array_index(c->results, TwConformResult, i);

        if (!r->ran || r->ran->status == TW_CHECK_SKIPPED) {
            c->outside++;
        } else if (r->ran->status == TW_CHECK_KNOWN) {
            c->n_known++;
        } else if (r->ran->status == TW_CHECK_AS_NOTED) {
            c->passed++;
        } else {
            c->failed++;
        }
    }
    return true;
}

/* Random programs ---------------------------------------------------------- */

/* What a chunk of them gave. */
typedef struct Slot {
    TwWorkFailure failure;
    TwJudgeStats stats;
    uint64_t used[TW_MAX_FEATURES];
    uint64_t at; /* the program in hand: its number */
    uint64_t findings, flaky, known, early, first;
    TwFinding finding;
} Slot;

/* Numbers of programs, from `next` up to `end`. */
typedef struct Chunk {
    uint64_t next, end;
} Chunk;

typedef struct Run {
    TwConform *conform;
    GArray *chunks;   /* of Chunk: those in work */
    GArray *rest;     /* what was left of those whose worker died */
    TwRunner *runner; /* of this worker; NULL: not open yet */
    TwProgram *program;
    TwConformProgress progress;
    void *data;
    GError *error;
} Run;

static void note_finding(Slot *slot, uint64_t number, const TwFinding *finding)
{
    if (slot->findings++ == 0) {
        slot->first = number;
        slot->finding = *finding;
    }
}

static void run_program(Run *run, Slot *slot)
{
    TwConform *c = run->conform;
    TwFinding finding;
    TwVerdict verdict;

    tw_campaign_program(run->program, c->seed, slot->at, TW_PROFILES,
                        &c->dialect, c->check.known, NULL);
    verdict =
        tw_runner_run(run->runner, run->program, &finding, &slot->stats, NULL);
    tw_features_count(&c->features, &c->dialect, run->program,
                      tw_runner_trace(run->runner), slot->used);
    slot->known += finding.known != 0;
    slot->early += tw_runner_trace(run->runner)->end != TW_END_DONE;
    slot->flaky += verdict == TW_VERDICT_FLAKY;
    if (tw_verdict_is_finding(verdict)) {
        note_finding(slot, slot->at, &finding);
    }
}

static bool open_runner(Run *run, GError **error)
{
    TwConform *c = run->conform;

    run->program = g_new(TwProgram, 1);
    run->runner = tw_runner_new(&c->check.targets[0], error);
    if (!run->runner) {
        return false;
    }
    tw_runner_set_replays(run->runner, 1, 1); /* most are only counted */
    return tw_runner_set_known(run->runner, c->check.known, error);
}

static void run_chunk(unsigned i, void *memory, void *data)
{
    Run *run = data;
    const Chunk *chunk = &g_array_index(run->chunks, Chunk, i);
    Slot *slot = memory;
    GError *error = NULL;

    if (!run->runner && !open_runner(run, &error)) {
        tw_work_fail(&slot->failure, error);
        return;
    }
    tw_runner_expect(run->runner, run->conform->check.versions[0]);
    for (slot->at = chunk->next; slot->at < chunk->end; slot->at++) {
        run_program(run, slot);
        if (tw_runner_changed(run->runner)) {
            g_set_error(&error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                        "%s", tw_runner_changed(run->runner));
            tw_work_fail(&slot->failure, error);
            return;
        }
    }
}

/* The worker died with a target that is part of it: a crash, which is run
 * again alone.  False with run->error. */
static bool take_death(Run *run, const Slot *slot)
{
    TwConform *c = run->conform;
    TwFinding finding;

    tw_campaign_program(run->program, c->seed, slot->at, TW_PROFILES,
                        &c->dialect, c->check.known, NULL);
    if (!tw_run_repeatedly(&c->check.targets[0], run->program,
                           c->check.patience[0], 1, &finding, &run->error)) {
        return false;
    }
    c->early++;
    if (tw_verdict_is_finding(finding.verdict) &&
        tw_known_match(c->check.known, run->program, &finding) >= 0) {
        c->known++;
        return true;
    }
    if (!tw_verdict_is_finding(finding.verdict)) {
        c->flaky++; /* it died, but not a second time */
        return true;
    }
    if (c->findings++ == 0 || slot->at < c->first) {
        c->first = slot->at;
        c->finding = finding;
    }
    return true;
}

static bool take_chunk(unsigned i, const void *memory, bool died, void *data)
{
    Run *run = data;
    const Chunk *chunk = &g_array_index(run->chunks, Chunk, i);
    TwConform *c = run->conform;
    const Slot *slot = memory;

    if (!died && tw_work_failed(&slot->failure, &run->error)) {
        return false;
    }
    tw_judge_stats_add(&c->stats, &slot->stats);
    for (unsigned f = 0; f < c->features.n; f++) {
        c->used[f] += slot->used[f];
    }
    if (slot->findings > 0 && (c->findings == 0 || slot->first < c->first)) {
        c->first = slot->first;
        c->finding = slot->finding;
    }
    c->findings += slot->findings;
    c->flaky += slot->flaky;
    c->known += slot->known;
    c->early += slot->early;
    c->done += (died ? slot->at + 1 : chunk->end) - chunk->next;
    if (died) {
        Chunk rest = {slot->at + 1, chunk->end};

        g_array_append_val(run->rest, rest);
        if (!take_death(run, slot)) {
            return false;
        }
    }
    run->progress(c, run->data);
    return true;
}

/* All chunks in work.  False with `error`. */
static bool run_chunks(Run *run, GError **error)
{
    const TwCheckJob *check = &run->conform->check;
    uint32_t patience = check->patience[0];
    TwWork work = {.n = run->chunks->len,
                   .jobs = check->jobs,
                   .slot = sizeof(Slot),
                   .limit_ms = patience ? patience : TW_TIMEOUT_MS,
                   .one = run_chunk,
                   .done = take_chunk,
                   .data = run};

    if (!tw_work_run(&work, error)) {
        return false;
    }
    if (run->error) {
        g_propagate_error(error, run->error);
        return false;
    }
    return true;
}

static bool run_programs(TwConform *c, TwConformProgress progress, void *data,
                         GError **error)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    Run run = {.conform = c,
               .chunks = g_array_new(FALSE, FALSE, sizeof(Chunk)),
               .program = program,
               .progress = progress,
               .data = data};
    bool ok = true;

    for (uint64_t i = 0; i < c->programs; i += CHUNK) {
        Chunk chunk = {i, MIN(i + CHUNK, c->programs)};

        g_array_append_val(run.chunks, chunk);
    }
    while (ok && run.chunks->len > 0) {
        run.rest = g_array_new(FALSE, FALSE, sizeof(Chunk));
        ok = run_chunks(&run, error);
        g_array_unref(run.chunks);
        run.chunks = run.rest;
    }
    g_array_unref(run.chunks);
    return ok;
}

/* The whole ---------------------------------------------------------------- */

static bool look_at_target(TwConform *c, GError **error)
{
    g_autoptr(TwRunner) runner = tw_runner_new(&c->check.targets[0], error);

    if (!runner || !tw_runner_set_known(runner, c->check.known, error)) {
        return false;
    }
    c->dialect = *tw_runner_dialect(runner);
    c->check.versions[0] = g_strdup(tw_runner_version(runner));
    tw_features_of(&c->dialect, &c->features);
    return true;
}

bool tw_conform_run(TwConform *c, TwConformProgress progress, void *data,
                    GError **error)
{
    c->check.n_targets = 1;
    c->check.want = TW_CHECK_WANT_CLEAN;
    return look_at_target(c, error) && run_cases(c, error) &&
           run_programs(c, progress, data, error);
}

void tw_conform_clear(TwConform *c)
{
    if (c->results) {
        g_array_unref(c->results);
    }
    tw_check_clear(&c->check);
}
