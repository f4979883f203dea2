/* SPDX-License-Identifier: MIT */
/* See score.h: which entry of the list explains a case alone. */
#include <string.h>

#include "program/text/text.h"
#include "reports/triage/score.h"
#include "reports/triage/work.h"

typedef struct Labelled {
    unsigned alone; /* entries that do */
    unsigned entry; /* the first of them */
    TwWorkFailure failure;
} Labelled;

static bool same_finding(const TwFinding *a, const TwFinding *b)
{
    return tw_verdict_is_finding(b->verdict) && a->op == b->op &&
           strcmp(a->key, b->key) == 0;
}

/* Does the finding stay without the triggers of all other entries? */
static bool is_alone(const TwTriage *t, const TwTriageCase *one,
                     const TwProgram *program, const TwFinding *finding,
                     unsigned entry, TwProgram *edited, GError **error)
{
    uint64_t its = tw_known_entry(t->known, entry)->triggers;
    TwFinding outcome;

    tw_program_copy(edited, program);
    tw_known_avoid_these(t->known, edited, tw_known_triggers(t->known) & ~its);
    return tw_run_isolated(&one->options, edited, t->patience, &outcome,
                           error) &&
           same_finding(finding, &outcome);
}

static void label_one(unsigned i, void *slot, void *data)
{
    TwTriage *t = data;
    const TwTriageCase *one = g_ptr_array_index(t->cases, i);
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autofree TwProgram *edited = g_new(TwProgram, 1);
    TwFinding finding;
    Labelled *out = slot;
    GError *error = NULL;

    tw_triage_be_silent();
    if (one->harness || one->label ||
        !tw_triage_read(program, one->data->str, one->data->len, &error) ||
        !tw_run_isolated(&one->options, program, t->patience, &finding,
                         &error) ||
        !tw_verdict_is_finding(finding.verdict)) {
        goto out;
    }
    for (unsigned e = 0; e < tw_known_n_entries(t->known) && !error; e++) {
        if (tw_known_entry(t->known, e)->active &&
            tw_known_fits_outcome(t->known, e, &finding) &&
            is_alone(t, one, program, &finding, e, edited, &error)) {
            out->entry = out->alone++ ? out->entry : e;
        }
    }
out:
    if (error) {
        tw_work_fail(&out->failure, error);
    }
}

static bool take_label(unsigned i, const void *slot, bool died, void *data)
{
    TwTriage *t = data;
    TwTriageCase *one = g_ptr_array_index(t->cases, i);
    const Labelled *out = slot;

    if (died) {
        t->self = true; /* each run has a process of its own */
        return true;
    }
    if (tw_work_failed(&out->failure, &t->error)) {
        return false;
    }
    one->alone = out->alone;
    if (out->alone == 1) {
        one->label = g_strdup(tw_known_entry(t->known, out->entry)->name);
    }
    return true;
}

static void show_labels(unsigned done, void *data)
{
    TwTriage *t = data;

    tw_triage_idle(t, "cases labelled", done, t->cases->len);
}

bool tw_triage_label(TwTriage *t, GError **error)
{
    TwWork todo = {.n = t->cases->len,
                   .slot = sizeof(Labelled),
                   .limit_ms = tw_triage_limit(t),
                   .one = label_one,
                   .done = take_label,
                   .idle = show_labels};

    return tw_triage_work(t, &todo, error);
}
