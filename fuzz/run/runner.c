/* SPDX-License-Identifier: MIT */
/*
 * From program to verdict: in this process for speed, or in a child process if
 * the target may die or hang.
 */
#include "fuzz/run/runner.h"

#include <string.h>

#include "fuzz/process/isolate.h"
#include "fuzz/run/both.h"
#include "oracle/judge/pair.h"
#include "program/legality.h"

enum { MOST_KEYS = 128 }; /* whose findings are counted */

struct TwRunner {
    TwTargetOptions options;
    char *name;    /* options.name points here */
    char *version; /* when it was opened first */
    char *changed; /* tw_runner_changed() */
    TwTarget *target;
    TwTarget *spare;    /* of the last replay, if it runs elsewhere; or NULL */
    TwOracle *oracle;   /* made when it is needed: oracle_of() */
    TwMet *met;         /* or NULL */
    TwKnown *known;     /* not ours; or NULL */
    TwTrace *trace;     /* of the last run: trace_in() */
    TwTrace *reference; /* of a target that has one, or of its other
                         * configuration: likewise */
    TwTrace *confirm;   /* of the second run of a finding: likewise */
    unsigned replays, per_key; /* tw_runner_set_replays() */
    struct {
        char key[TW_KEY_SIZE];
        unsigned count;
        bool flaky; /* a replay of one of its findings gave another key */
    } seen[MOST_KEYS];
    unsigned n_seen;
};

TwRunner *tw_runner_new(const TwTargetOptions *options, GError **error)
{
    TwTarget *target = tw_target_open(options, error);

    if (target == NULL) {
        return NULL;
    }
    TwRunner *runner = g_new0(TwRunner, 1);
    runner->options = *options;
    runner->name = g_strdup(options->name);
    runner->options.name = runner->name;
    runner->target = target;
    runner->version = g_strdup(tw_target_version(target));
    runner->replays = 1;
    return runner;
}

void tw_runner_free(TwRunner *runner)
{
    if (runner == NULL) {
        return;
    }
    if (runner->target != NULL) {
        tw_target_close(runner->target);
    }
    if (runner->spare != NULL) {
        tw_target_close(runner->spare);
    }
    tw_oracle_free(runner->oracle);
    g_free(runner->trace);
    g_free(runner->reference);
    g_free(runner->confirm);
    g_free(runner->met);
    g_free(runner->name);
    g_free(runner->version);
    g_free(runner->changed);
    g_free(runner);
}

/* An oracle and traces are large, and many runners only look at their target:
 * each is made when it is needed first. */
static TwOracle *oracle_of(TwRunner *runner)
{
    if (runner->oracle == NULL) {
        runner->oracle = tw_oracle_new();
    }
    return runner->oracle;
}

static TwTrace *trace_in(TwTrace **place)
{
    if (*place == NULL) {
        *place = g_new(TwTrace, 1); /* not cleared: each run initialises it */
        tw_trace_init(*place, NULL);
    }
    return *place;
}

bool tw_runner_set_known(TwRunner *runner, TwKnown *known, GError **error)
{
    runner->known = known;
    return known == NULL ||
           tw_known_select(known, runner->target->klass,
                           tw_target_dialect(runner->target), runner->name,
                           tw_target_version(runner->target), error);
}

void tw_runner_set_replays(TwRunner *runner, unsigned replays, unsigned per_key)
{
    runner->replays = replays;
    runner->per_key = per_key;
}

const TwDialect *tw_runner_dialect(TwRunner *runner)
{
    return tw_target_dialect(runner->target);
}

const TwContract *tw_runner_contract(TwRunner *runner)
{
    return tw_target_contract(runner->target);
}

const char *tw_runner_version(TwRunner *runner)
{
    return tw_target_version(runner->target);
}

void tw_runner_meet(TwRunner *runner)
{
    if (!runner->met) {
        runner->met = g_new(TwMet, 1);
        tw_oracle_meet(oracle_of(runner), runner->met);
    }
}

const TwMet *tw_runner_met(const TwRunner *runner)
{
    return runner->met;
}

void tw_runner_set_patience(TwRunner *runner, uint64_t walks)
{
    tw_oracle_set_patience(oracle_of(runner), walks);
}

void tw_runner_ask_both_walkers(TwRunner *runner, bool on)
{
    tw_oracle_ask_both_walkers(oracle_of(runner), on);
}

uint64_t tw_runner_older_walks(const TwRunner *runner)
{
    return runner->oracle == NULL ? 0 : tw_oracle_older_walks(runner->oracle);
}

TwStory *tw_runner_story(TwRunner *runner)
{
    return runner->target->klass->run_reference
               ? NULL
               : tw_story_new(oracle_of(runner));
}

bool tw_runner_emit(TwRunner *runner, const TwProgram *program,
                    const TwFinding *finding, bool test, GString *out,
                    GError **error)
{
    const TwTargetClass *klass = runner->target->klass;
    char why[160];

    if ((test ? klass->emit_test : klass->emit) == NULL) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    test ? "%s: writes no tests of its maintainers' suite"
                         : "%s: writes no reproducers",
                    klass->name);
        return false;
    }
    if (!tw_dialect_admits(tw_runner_dialect(runner), program, why,
                           sizeof(why))) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "%s: expected a program of its dialect: %s", runner->name,
                    why);
        return false;
    }
    return (test ? klass->emit_test : klass->emit)(
        finding->other ? tw_target_other(runner->target) : runner->target,
        program, finding, tw_judge_expected(oracle_of(runner)), out, error);
}

const TwTrace *tw_runner_trace(TwRunner *runner)
{
    return trace_in(&runner->trace);
}

/* Judges `trace`: by the oracle, or by the target's own reference.  *alive:
 * becomes false if the target is lost. */
static TwVerdict judge(TwRunner *runner, TwTarget *target,
                       const TwProgram *program, TwTrace *trace,
                       TwFinding *finding, TwJudgeStats *stats, bool *alive)
{
    TwTarget *other = tw_target_other(target);

    if (other != NULL) {
        return tw_judge_both(oracle_of(runner), program, target, other,
                             runner->name, trace, trace_in(&runner->reference),
                             finding, stats, alive);
    }
    finding->other = false;
    if (target->klass->run_reference != NULL) {
        tw_target_run_reference(target, program, trace_in(&runner->reference));
        return tw_judge_pair(program, tw_target_contract(target), runner->name,
                             trace, trace_in(&runner->reference), finding,
                             stats);
    }
    return tw_judge(oracle_of(runner), program, tw_target_dialect(target),
                    tw_target_contract(target), runner->name, trace, finding,
                    stats);
}

static void look_at_version(TwRunner *runner, TwTarget *target)
{
    if (runner->changed == NULL &&
        strcmp(tw_target_version(target), runner->version) != 0) {
        runner->changed = g_strdup_printf(
            "%s: expected version %s, as at the start, not %s", runner->name,
            runner->version, tw_target_version(target));
    }
}

void tw_runner_expect(TwRunner *runner, const char *version)
{
    g_free(runner->version);
    runner->version = g_strdup(version);
    look_at_version(runner, runner->target);
}

/* A fresh target, or NULL.  One of another version is none. */
static TwTarget *open_again(TwRunner *runner)
{
    TwTarget *fresh = tw_target_open(&runner->options, NULL);

    if (fresh != NULL) {
        look_at_version(runner, fresh);
    }
    if (runner->changed != NULL) {
        tw_target_close(fresh);
        return NULL;
    }
    return fresh;
}

const char *tw_runner_changed(const TwRunner *runner)
{
    return runner->changed;
}

/* Keeps the target of a replay, which its program has not ended, for findings
 * that need no fresh one; only where a start is dear. */
static void keep_spare(TwRunner *runner, TwTarget *target, bool alive)
{
    if (runner->spare != NULL) {
        tw_target_close(runner->spare);
    }
    runner->spare = NULL;
    if (target->klass->elsewhere && alive) {
        runner->spare = target;
    } else {
        tw_target_close(target);
    }
}

/* Does a fresh target give the same key?  `before`, which may be NULL, is run
 * first.  If `spare`, the target of the last replay will do. */
static bool same_again(TwRunner *runner, const TwProgram *before,
                       const TwProgram *program, const TwFinding *finding,
                       bool spare)
{
    TwFinding again;
    TwTarget *target = spare ? runner->spare : NULL;
    TwTrace *trace = trace_in(&runner->confirm);
    bool alive;

    if (target != NULL) {
        runner->spare = NULL;
    } else {
        target = open_again(runner);
    }
    if (target == NULL) {
        return false;
    }
    if (before != NULL) {
        tw_target_run(target, before, trace);
    }
    alive = tw_target_run(target, program, trace);
    judge(runner, target, program, trace, &again, NULL, &alive);
    keep_spare(runner, target, alive);
    return strcmp(again.key, finding->key) == 0;
}

/* What is known of the findings of a key: its place in the table, new or not;
 * TW_NONE: there is no room for it, or nothing is counted. */
static unsigned place_of(TwRunner *runner, const char *key)
{
    unsigned i = 0;

    if (runner->per_key == 0) {
        return TW_NONE;
    }
    while (i < runner->n_seen && strcmp(runner->seen[i].key, key) != 0) {
        i++;
    }
    if (i == MOST_KEYS) {
        return TW_NONE;
    }
    if (i == runner->n_seen) {
        g_strlcpy(runner->seen[i].key, key, TW_KEY_SIZE);
        runner->seen[i].count = 0;
        runner->seen[i].flaky = false;
        runner->n_seen++;
    }
    return i;
}

/* Runs a finding again; false if it is flaky.  A finding that is only counted
 * is replayed once, and if each replay of the others of its key gave the key,
 * this need not be on a fresh target. */
static bool confirm(TwRunner *runner, const TwProgram *program,
                    TwFinding *finding)
{
    unsigned i = place_of(runner, finding->key);
    bool counted = i != TW_NONE && ++runner->seen[i].count > runner->per_key;
    bool spare = counted && !runner->seen[i].flaky && runner->spare != NULL;

    finding->replays = (uint8_t)(counted ? 1 : runner->replays);
    for (unsigned n = 0; n < finding->replays; n++) {
        finding->again += same_again(runner, NULL, program, finding, spare);
    }
    if (spare && finding->again == 0) { /* only a fresh one tells */
        finding->again += same_again(runner, NULL, program, finding, false);
    }
    if (i != TW_NONE && finding->again < finding->replays) {
        runner->seen[i].flaky = true;
    }
    return finding->again == finding->replays;
}

/* A program that is not well formed accuses whoever made it: it could be
 * neither written nor read again.  Then *finding says that. */
static bool is_ours(const TwProgram *program, TwFinding *finding)
{
    char why[256];

    if (tw_program_check(program, why, sizeof(why))) {
        return false;
    }
    memset(finding, 0, sizeof(*finding));
    finding->verdict = TW_VERDICT_SELF;
    finding->op = finding->filled = finding->changed = finding->ended =
        TW_NO_OP;
    tw_key_write(finding->key, TW_VERDICT_SELF, "program", TW_OP_NOP,
                 TW_KEY_LEAF_NONE, TW_KEY_LINK_NONE, TW_KEY_EVENT_NONE);
    g_snprintf(finding->text, sizeof(finding->text),
               "expected a well-formed program: %s\n", why);
    return true;
}

bool tw_runner_shows_after(TwRunner *runner, const TwProgram *before,
                           const TwProgram *program, const TwFinding *finding)
{
    return same_again(runner, before, program, finding, false);
}

/* Judges the trace of the last run, and replays what is found. */
static TwVerdict conclude(TwRunner *runner, const TwProgram *program,
                          bool alive, TwFinding *finding, TwJudgeStats *stats)
{
    TwVerdict verdict = judge(runner, runner->target, program, runner->trace,
                              finding, stats, &alive);
    bool ours = false;

    finding->known = 0;
    finding->replays = finding->again = 0;
    if (tw_verdict_is_finding(verdict)) {
        finding->known =
            (uint8_t)(1 + tw_known_match(runner->known, program, finding));
    }
    if (finding->known) {
        if (stats != NULL) {
            stats->verdicts[verdict]--;
            stats->verdicts[TW_VERDICT_KNOWN]++;
        }
        verdict = TW_VERDICT_KNOWN;
        finding->verdict = TW_VERDICT_KNOWN;
    }
    if (tw_verdict_is_finding(verdict) && is_ours(program, finding)) {
        ours = true;
        if (stats != NULL) {
            stats->verdicts[verdict]--;
            stats->verdicts[TW_VERDICT_SELF]++;
        }
        verdict = TW_VERDICT_SELF;
    }
    if (tw_verdict_is_finding(verdict) && !ours &&
        !confirm(runner, program, finding)) {
        verdict = TW_VERDICT_FLAKY;
        finding->verdict = TW_VERDICT_FLAKY;
        if (stats != NULL) {
            stats->verdicts[TW_VERDICT_FLAKY]++;
        }
    }
    if (!alive) {
        /* The target is lost: the next program gets a new one, or is a crash.
         */
        TwTarget *fresh = open_again(runner);
        if (fresh != NULL) {
            tw_target_close(runner->target);
            runner->target = fresh;
        }
    }
    return verdict;
}

TwVerdict tw_runner_run(TwRunner *runner, const TwProgram *program,
                        TwFinding *finding, TwJudgeStats *stats,
                        uint64_t *counters)
{
    TwTrace *trace = trace_in(&runner->trace);
    bool alive = tw_target_run(runner->target, program, trace);
    TwVerdict verdict = conclude(runner, program, alive, finding, stats);

    if (counters != NULL) {
        for (unsigned i = 0; i < TW_COUNTERS; i++) {
            counters[i] += trace->counters[i];
        }
    }
    return verdict;
}

bool tw_runner_run_like(TwRunner *runner, const TwProgram *program,
                        const TwTrace *like, TwFinding *finding)
{
    TwTrace *trace = trace_in(&runner->trace);
    bool alive = tw_target_run(runner->target, program, trace);

    if (alive && tw_trace_same(trace, like, program->n_regions)) {
        return true;
    }
    conclude(runner, program, alive, finding, NULL);
    return false;
}

/* In a child -------------------------------------------------------------- */

typedef struct Isolated {
    const TwTargetOptions *options;
    const TwProgram *program;
    unsigned replays;
} Isolated;

static bool run_there(void *data, volatile uint32_t *in_flight,
                      TwFinding *finding, GError **error)
{
    const Isolated *i = data;
    TwTargetOptions mine = *i->options;
    TwRunner *runner;

    mine.in_flight = in_flight;
    runner = tw_runner_new(&mine, error);
    if (runner == NULL) {
        return false;
    }
    tw_runner_set_replays(runner, i->replays, 0);
    tw_runner_run(runner, i->program, finding, NULL, NULL);
    return true; /* the runner goes with the process */
}

bool tw_run_isolated(const TwTargetOptions *options, const TwProgram *program,
                     uint32_t timeout_ms, TwFinding *finding, GError **error)
{
    Isolated once = {options, program, 1};

    return tw_isolate(run_there, &once, options->name, program, timeout_ms,
                      finding, error);
}

bool tw_run_until(const TwTargetOptions *options, const TwProgram *program,
                  uint32_t timeout_ms, unsigned times, const char *key,
                  TwFinding *finding, GError **error)
{
    Isolated once = {options, program, 0};
    bool ok = true, found = false;

    if (times <= 1) {
        return tw_run_isolated(options, program, timeout_ms, finding, error);
    }
    for (unsigned i = 0; i < times && ok && !found; i++) {
        ok = tw_isolate(run_there, &once, options->name, program, timeout_ms,
                        finding, error);
        found = ok && tw_verdict_is_finding(finding->verdict) &&
                (!key || strcmp(finding->key, key) == 0);
    }
    return ok;
}

bool tw_run_repeatedly(const TwTargetOptions *options, const TwProgram *program,
                       uint32_t timeout_ms, unsigned times, TwFinding *finding,
                       GError **error)
{
    Isolated once = {options, program, 1}, each = {options, program, 0};

    return times == 1
               ? tw_isolate_confirmed(run_there, &once, options->name, program,
                                      timeout_ms, finding, error)
               : tw_isolate_repeatedly(run_there, &each, options->name, program,
                                       timeout_ms, times, finding, error);
}
