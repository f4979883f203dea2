/* SPDX-License-Identifier: MIT */
/* Triage of keys: runs each key again that this triage has not met. */
#include <string.h>

#include "program/text/text.h"
#include "reports/triage/work.h"
#include "targets/classes/options.h"

void tw_triage_set_aside(TwTriage *t, TwDamaged damaged, const char *why)
{
    if (tw_damaged_add(t->damaged, &damaged, why) && t->warn) {
        g_autofree char *text = tw_damaged_text(t->damaged);

        t->warn(text, t->data);
    }
}

TwTargetOptions tw_triage_options(const TwTriage *t, const char *words)
{
    TwTargetOptions options = t->target;

    tw_target_options_add_words(&options, words);
    return options;
}

typedef struct Again {
    unsigned again;
    char damaged[256]; /* why the case cannot be read, or "" */
    TwWorkFailure failure;
} Again;

static void run_again(unsigned i, void *slot, void *data)
{
    TwTriage *t = data;
    const TwTriageRetest *retest = g_ptr_array_index(t->retests, i);
    TwTargetOptions options = tw_triage_options(t, retest->words);
    TwProgram *program = g_new(TwProgram, 1);
    const TwHarnessInfo *h = NULL;
    Again *out = slot;
    GError *error = NULL;

    if (g_str_has_prefix(retest->form, "bytes:")) {
        h = tw_harness_find(retest->form + strlen("bytes:"));
    }
    for (unsigned n = 0; n < TW_TRIAGE_TIMES && !error; n++) {
        TwFinding finding = {.verdict = TW_VERDICT_AGREE};

        if (h) {
            tw_triage_judge_bytes(t, h, h->target, retest->data, retest->size,
                                  1, &finding, &error);
        } else if (tw_triage_read(program, retest->data, retest->size,
                                  &error)) {
            tw_run_isolated(&options, program, t->patience, &finding, &error);
        } else {
            g_strlcpy(out->damaged, error->message, sizeof(out->damaged));
            g_clear_error(&error);
            break;
        }
        /* Another key is that of another finding. */
        out->again += !error && strcmp(finding.key, retest->key) == 0;
    }
    if (error) {
        tw_work_fail(&out->failure, error);
    }
    g_free(program);
}

/* The worker died, and each run has a process of its own: nothing is known of
 * the target, but twinwalk has a fault. */
static void died_watching(TwTriage *t, const TwTriageRetest *retest)
{
    g_autofree char *message = g_strdup_printf(
        "finding %s: the process of twinwalk that ran the case of its key %s "
        "again died",
        retest->cause, retest->key);

    t->self = true;
    if (t->warn) {
        t->warn(message, t->data);
    }
}

static bool take_again(unsigned i, const void *slot, bool died, void *data)
{
    TwTriage *t = data;
    TwTriageRetest *retest = g_ptr_array_index(t->retests, i);
    const Again *out = slot;
    TwStoreStatus status;

    if (died) {
        died_watching(t, retest);
        return true;
    }
    if (tw_work_failed(&out->failure, &t->error)) {
        return false;
    }
    if (out->damaged[0]) {
        tw_triage_set_aside(t,
                            (TwDamaged){.id = retest->id,
                                        .key = retest->key,
                                        .cause = retest->cause,
                                        .form = retest->form,
                                        .data = retest->data,
                                        .size = retest->size},
                            out->damaged);
        return true;
    }
    retest->again = out->again;
    retest->is = retest->again == 0                ? TW_STORE_FIXED
                 : retest->again < TW_TRIAGE_TIMES ? TW_STORE_FLAKY
                                                   : TW_STORE_KNOWN;
    retest->done = true;
    return tw_triage_group(t) &&
           tw_store_retested(t->store, t->run.id, retest->id, t->version,
                             retest->again, TW_TRIAGE_TIMES, &status,
                             &t->error);
}

static void show_retests(unsigned done, void *data)
{
    TwTriage *t = data;

    tw_triage_idle(t, "known keys run again", done, t->retests->len);
}

static bool want_retest(const TwStoreKey *stored, void *data)
{
    TwTriage *t = data;
    TwTriageRetest *retest;

    for (unsigned i = 0; i < t->cases->len; i++) {
        const TwTriageCase *one = g_ptr_array_index(t->cases, i);

        if (one->seen.key == stored->id) {
            return true; /* it was just there */
        }
    }
    if (!stored->data) {
        return true;
    }
    retest = g_new0(TwTriageRetest, 1);
    retest->id = stored->id;
    retest->finding = stored->finding;
    retest->form = g_strdup(stored->form);
    retest->key = g_strdup(stored->key);
    retest->cause = g_strdup(stored->cause);
    retest->words = g_strdup(stored->words);
    retest->size = stored->size;
    retest->data = g_memdup2(stored->data, stored->size);
    retest->was = stored->status;
    g_ptr_array_add(t->retests, retest);
    return true;
}

bool tw_triage_retest(TwTriage *t, GError **error)
{
    return tw_store_keys(t->store, t->label, want_retest, t, error) &&
           tw_triage_work(t,
                          &(TwWork){.n = t->retests->len,
                                    .slot = sizeof(Again),
                                    .limit_ms = tw_triage_limit(t),
                                    .one = run_again,
                                    .done = take_again,
                                    .idle = show_retests},
                          error);
}
