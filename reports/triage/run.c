/* SPDX-License-Identifier: MIT */
/*
 * The work of triage: finds the cause of each case, shrinks a case of each key,
 * and runs each known key again.  Workers do it.  This process takes their
 * results in a fixed order, and writes them into the store at least twice a
 * second, so a kill loses no more than that.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/harness/judge-input.h"
#include "program/text/text.h"
#include "reports/triage/work.h"
#include "targets/classes/options.h"

enum {
    GROUP_US = 400000, /* what is written together */
};

/* The store --------------------------------------------------------------- */

/* From now on, writes are collected in one transaction, for a short time. */
bool tw_triage_group(TwTriage *t)
{
    if (!t->grouped) {
        if (!tw_store_group_begin(t->store, &t->error)) {
            return false;
        }
        t->grouped = g_get_monotonic_time();
    }
    return true;
}

bool tw_triage_group_end(TwTriage *t)
{
    bool ok = true;

    if (t->grouped) {
        t->grouped = 0;
        ok = tw_store_group_end(t->store, t->error ? NULL : &t->error);
    }
    return ok;
}

void tw_triage_idle(TwTriage *t, const char *what, unsigned done, unsigned all)
{
    if (t->grouped && g_get_monotonic_time() - t->grouped > GROUP_US &&
        !t->error) {
        tw_triage_group_end(t);
    }
    if (t->progress) {
        t->progress(what, done, all, t->data);
    }
}

/* Does the work of one phase. */
bool tw_triage_work(TwTriage *t, TwWork *work, GError **error)
{
    bool ok;

    work->jobs = t->jobs;
    work->data = t;
    work->stop = t->stop;
    ok = tw_work_run(work, error);
    if (t->progress) {
        t->progress(NULL, 0, 0, t->data);
    }
    if (!tw_triage_group_end(t) || t->error) {
        if (ok && t->error) {
            g_propagate_error(error, g_steal_pointer(&t->error));
        }
        ok = false;
    }
    return ok;
}

uint32_t tw_triage_limit(const TwTriage *t)
{
    return t->patience ? t->patience : TW_TIMEOUT_MS;
}

/* Cases to causes ---------------------------------------------------------- */

typedef struct Outcome {
    TwCause cause;
    TwWorkFailure failure;
} Outcome;

/* Hides the standard error of a dying target from the user;
 * tw_cause_isolated() reads it where it is needed. */
void tw_triage_be_silent(void)
{
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (fd >= 0) {
        dup2(fd, STDERR_FILENO);
        close(fd);
    }
}

bool tw_triage_read(TwProgram *program, const char *data, size_t size,
                    GError **error)
{
    return tw_program_parse(program, data, size, "the store", TW_TEXT_STRICT,
                            NULL, NULL, error);
}

bool tw_triage_judge_bytes(const TwTriage *t, const TwHarnessInfo *h,
                           const char *target, const char *data, size_t size,
                           unsigned times, TwFinding *finding, GError **error)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    TwInputJudge *judge = tw_input_judge_new(h, target, NULL, NULL, error);

    if (!judge) {
        return false;
    }
    tw_program_copy(program,
                    tw_input_judge_program(judge, (const uint8_t *)data, size));
    tw_input_judge_free(judge);
    return tw_input_judge_isolated(h, target, (const uint8_t *)data, size,
                                   program, t->patience, times, finding, error);
}

/* In this process, which serves many cases, and which a case may kill. */
static bool find_cause_here(TwTriage *t, const TwTargetOptions *options,
                            const TwProgram *program, TwCause *cause,
                            GError **error)
{
    if (!t->runner || !tw_target_options_same(&t->runner_options, options)) {
        g_clear_pointer(&t->runner, tw_runner_free);
        t->runner = tw_runner_new(options, error);
        t->runner_options = *options;
    }
    if (!t->runner) {
        return false;
    }
    tw_cause_find(t->runner, t->known, program, false, cause);
    return true;
}

static void find_cause(unsigned i, void *slot, void *data)
{
    TwTriage *t = data;
    const TwTriageCase *one = g_ptr_array_index(
        t->cases, t->died ? g_array_index(t->died, unsigned, i) : i);
    Outcome *out = slot;
    TwProgram *program = g_new(TwProgram, 1);
    GError *error = NULL;

    tw_triage_be_silent();
    if (one->harness) {
        if (tw_triage_judge_bytes(t, one->harness, one->harness->target,
                                  one->data->str, one->data->len, 1,
                                  &out->cause.finding, &error) &&
            tw_verdict_is_finding(out->cause.finding.verdict)) {
            TwFinding finding = out->cause.finding;

            tw_cause_of_text(&finding, &out->cause);
        }
    } else if (tw_triage_read(program, one->data->str, one->data->len,
                              &error)) {
        if (t->died) {
            tw_cause_isolated(&one->options, t->known, program, false,
                              t->patience, &out->cause, &error);
        } else {
            find_cause_here(t, &one->options, program, &out->cause, &error);
        }
    }
    if (error) {
        tw_work_fail(&out->failure, error);
    }
    g_free(program);
}

char *tw_triage_words(const TwTriage *t, const TwTargetOptions *options)
{
    TwTargetOptions with_time = *options;

    with_time.timeout_ms = t->timeout_ms;
    return tw_target_options_words(&with_time);
}

unsigned tw_triage_entry(const TwTriage *t, const char *name)
{
    for (unsigned i = 0; i < tw_known_n_entries(t->known); i++) {
        TwCause cause = {.known = i + 1};

        tw_cause_name_known(t->known, &cause);
        if (tw_known_entry(t->known, i)->active &&
            strcmp(cause.name, name) == 0) {
            return i + 1;
        }
    }
    return 0;
}

static bool record(TwTriage *t, TwTriageCase *one)
{
    const TwFinding *finding = &one->cause.finding;
    g_autofree char *words = tw_triage_words(t, &one->options);
    g_autofree char *title =
        tw_cause_title_known(t->known, one->cause.known, one->cause.name);
    g_autofree char *form =
        one->harness ? g_strdup_printf("bytes:%s", one->harness->name)
                     : g_strdup("text");
    TwStoreSight sight = {
        .run = t->run.id,
        .target = t->label,
        .version = t->version,
        .key = finding->key,
        .sign = one->cause.name,
        .title = title,
        .verdict = tw_verdict_name(finding->verdict),
        .rule = one->cause.rule,
        .security = one->cause.security,
        .text = finding->text,
        .form = form,
        .data = one->data->str,
        .size = one->data->len,
        .origin = one->path,
        .words = words,
    };

    if (finding->verdict == TW_VERDICT_FLAKY) {
        sight.sign = "flaky";
        sight.title = NULL;
    }
    return tw_triage_group(t) &&
           tw_store_see(t->store, &sight, t->raw, &one->seen, &t->error) &&
           (finding->verdict != TW_VERDICT_FLAKY ||
            tw_store_retested(t->store, t->run.id, one->seen.key, t->version,
                              MAX(finding->again, 1), finding->replays + 1u,
                              &one->seen.status, &t->error));
}

/* A worker died that runs each case in a process of its own: the target cannot
 * have killed it. */
static void of_dead_worker(TwTriageCase *one)
{
    TwFinding finding = {.verdict = TW_VERDICT_SELF, .op = TW_NO_OP};

    tw_key_write(finding.key, TW_VERDICT_SELF, one->options.name, TW_OP_NOP,
                 TW_KEY_LEAF_NONE, TW_KEY_LINK_NONE, TW_KEY_EVENT_NONE);
    g_strlcpy(finding.text,
              "the process of twinwalk that watched the target died\n",
              sizeof(finding.text));
    memset(&one->cause, 0, sizeof(one->cause));
    tw_cause_of_text(&finding, &one->cause);
}

static bool take_case(unsigned i, const void *slot, bool died, void *data)
{
    TwTriage *t = data;
    unsigned number = t->died ? g_array_index(t->died, unsigned, i) : i;
    TwTriageCase *one = g_ptr_array_index(t->cases, number);
    const Outcome *out = slot;
    unsigned verdict;

    verdict = out->cause.finding.verdict;
    if (!t->died && (died || (!out->failure.failed && !one->harness &&
                              (verdict == TW_VERDICT_CRASH ||
                               verdict == TW_VERDICT_HANG)))) {
        g_array_append_val(t->dying, number); /* to hear its last words */
        return true;
    }
    if (died) {
        of_dead_worker(one);
    } else if (tw_work_failed(&out->failure, &t->error)) {
        return false;
    } else {
        one->cause = out->cause;
        one->known = (int)out->cause.known - 1;
    }
    verdict = one->cause.finding.verdict;
    t->self |= verdict == TW_VERDICT_SELF;
    if (one->known >= 0 && !t->keep_known) {
        t->matched[one->known]++;
        return true;
    }
    if (verdict == TW_VERDICT_FLAKY) {
        t->flaky++;
        return record(t, one);
    }
    if (tw_verdict_is_finding(verdict)) {
        return record(t, one);
    }
    t->unsupported +=
        verdict == TW_VERDICT_UNSUPPORTED || verdict == TW_VERDICT_INCONCLUSIVE;
    t->clean +=
        verdict == TW_VERDICT_AGREE || verdict == TW_VERDICT_AGREE_STALE;
    return true;
}

static void show_cases(unsigned done, void *data)
{
    TwTriage *t = data;

    tw_triage_idle(t, "cases run", done, t->cases->len);
}

/* First runs all cases in processes that serve many; then each case that killed
 * such a process, in a process of its own. */
bool tw_triage_run(TwTriage *t, GError **error)
{
    g_autoptr(GArray) dying = g_array_new(FALSE, FALSE, sizeof(unsigned));
    TwWork todo = {.n = t->cases->len,
                   .slot = sizeof(Outcome),
                   .limit_ms = tw_triage_limit(t),
                   .one = find_cause,
                   .done = take_case,
                   .idle = show_cases};
    bool ok;

    t->dying = dying;
    ok = tw_triage_work(t, &todo, error);
    if (ok && dying->len > 0 && !*t->stop) {
        t->died = dying;
        todo.n = dying->len;
        ok = tw_triage_work(t, &todo, error);
    }
    t->dying = t->died = NULL;
    return ok;
}
