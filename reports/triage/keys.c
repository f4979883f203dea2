/* SPDX-License-Identifier: MIT */
/* Triage of keys: shrinks a case of each key that has no minimal case. */
#include <string.h>

#include "fuzz/minimise/minimise.h"
#include "fuzz/minimise/shrink.h"
#include "program/text/text.h"
#include "reports/triage/work.h"

typedef struct Shrunk {
    TwCause cause;
    char damaged[256]; /* why the case cannot be read, or "" */
    bool same;
    bool unshrunk; /* no step was made before the time was up */
    TwWorkFailure failure;
    unsigned lines, operations;
    TwProgram program;
} Shrunk;

typedef struct Judge {
    TwRunner *runner;
    const char *key;
    const TwKnown *known;
    unsigned entry; /* that explains the case, as TwCause has it */
    unsigned least; /* tw_pool_least() of the case */
    bool quick;     /* the finding keeps what follows, instead of `entry` */
    int match;      /* tw_known_match() of the case */
    uint64_t path;  /* tw_known_path() of the case */
    gint64 until;
    bool cut_short;
} Judge;

/* Does the same entry of the list explain the finding, or still none?  One key
 * can be that of several bugs, and what is dropped must not turn one into
 * another. */
static bool same_entry(const Judge *judge, const TwProgram *program,
                       const TwFinding *finding)
{
    unsigned made = 0;

    if (judge->quick) {
        return tw_known_match(judge->known, program, finding) == judge->match &&
               tw_known_path(judge->known, program, finding) == judge->path;
    }
    return tw_cause_known_here(judge->known, judge->runner, program, finding,
                               false, &made) == judge->entry;
}

/* In this worker: most findings do not kill it, and others would replace it. */
static unsigned first(TwProgram *const *candidates, unsigned n, void *data)
{
    const Judge *judge = data;

    for (unsigned i = 0; i < n; i++) {
        TwFinding finding;

        tw_runner_run(judge->runner, candidates[i], &finding, NULL, NULL);
        if (strcmp(finding.key, judge->key) == 0 &&
            tw_verdict_is_finding(finding.verdict) &&
            tw_pool_least(candidates[i], &finding) >= judge->least &&
            same_entry(judge, candidates[i], &finding)) {
            return i;
        }
    }
    return n;
}

static bool go_on(const TwProgram *best, const TwMinimiseStats *so_far,
                  void *data)
{
    Judge *judge = data;

    (void)best;
    (void)so_far;
    judge->cut_short |= g_get_monotonic_time() >= judge->until;
    return !judge->cut_short;
}

/* One way to shrink, for at most so many microseconds: as `judge` says. */
static void minimise(Judge *judge, gint64 us, Shrunk *out)
{
    TwMinimiseOptions options = {.dialect = tw_runner_dialect(judge->runner),
                                 .first = first,
                                 .first_data = judge,
                                 .go_on = go_on,
                                 .go_on_data = judge};
    TwMinimiseStats stats;

    judge->until = g_get_monotonic_time() + us;
    judge->cut_short = false;
    tw_minimise(&out->program, &options, &stats);
    out->lines = stats.lines_after;
    out->operations = stats.ops_after;
    out->unshrunk = judge->cut_short && stats.kept == 0;
}

/*
 * The experiments of same_entry() may take too long.  So what is left is shrunk
 * by what the list says without experiments, as `twinwalk min` does it; that
 * counts if the cause is then still the same.
 */
static void minimise_quickly(Judge *judge, gint64 us, Shrunk *out)
{
    g_autofree Shrunk *before = g_memdup2(out, sizeof(*out));
    const TwProgram *program = &out->program;
    TwFinding finding;

    tw_runner_run(judge->runner, program, &finding, NULL, NULL);
    judge->quick = true;
    judge->match = tw_known_match(judge->known, program, &finding);
    judge->path = tw_known_path(judge->known, program, &finding);
    minimise(judge, us, out);
    judge->quick = false;
    tw_runner_run(judge->runner, program, &finding, NULL, NULL);
    if (!same_entry(judge, program, &finding)) {
        *out = *before;
    }
}

/*
 * A raw case may meet so many entries of the list that only fewer operations
 * tell which of them explains it.  Then it begins with these.
 */
static void begin_with_fewer(const Judge *judge, Shrunk *out)
{
    if (judge->entry &&
        !same_entry(judge, &out->program, &out->cause.finding)) {
        tw_cause_drop_here(judge->known, judge->runner, &out->program,
                           &out->cause.finding);
    }
}

static bool shrink_here(const TwTriage *t, const TwTriageKey *key, Shrunk *out,
                        GError **error)
{
    g_autoptr(TwRunner) runner = tw_runner_new(key->options, error);
    Judge judge = {.runner = runner,
                   .key = key->key,
                   .known = t->known,
                   .entry = key->known};
    gint64 us = (gint64)t->seconds * G_USEC_PER_SEC;

    if (!runner) {
        return false;
    }
    /* A key that is fixed by now has nothing to keep. */
    tw_runner_run(runner, &out->program, &out->cause.finding, NULL, NULL);
    if (strcmp(out->cause.finding.key, key->key) != 0) {
        return true;
    }
    judge.least = tw_pool_least(&out->program, &out->cause.finding);
    begin_with_fewer(&judge, out);
    minimise(&judge, us / 4 * 3, out);
    if (judge.cut_short) {
        minimise_quickly(&judge, us / 4, out);
    }
    tw_cause_find(runner, t->known, &out->program, true, &out->cause);
    return true;
}

/* Each candidate in a process of its own. */
static bool shrink_isolated(const TwTriage *t, const TwTriageKey *key,
                            Shrunk *out, GError **error)
{
    g_autoptr(TwRunner) runner = tw_runner_new(key->options, error);
    TwShrink shrink = {.target = *key->options,
                       .expect = key->key,
                       .jobs = 1,
                       .seconds = t->seconds,
                       .patience = t->patience,
                       .isolated = true};
    TwShrunk shrunk;

    if (!runner) {
        return false;
    }
    if (!tw_cause_isolated(key->options, t->known, &out->program, false,
                           t->patience, &out->cause, error)) {
        return false;
    }
    if (strcmp(out->cause.finding.key, key->key) != 0) {
        return true;
    }
    if (!tw_shrink(&shrink, tw_runner_dialect(runner), &out->program, &shrunk,
                   error)) {
        return false;
    }
    out->lines = shrunk.stats.lines_after;
    out->operations = shrunk.stats.ops_after;
    out->unshrunk = shrunk.cut_short && shrunk.stats.kept == 0;
    return tw_cause_isolated(key->options, t->known, &out->program, true,
                             t->patience, &out->cause, error);
}

static bool needs_isolation(const char *key)
{
    return g_str_has_prefix(key, "Crs") || g_str_has_prefix(key, "Hng");
}

/* The case of a key; the other one, if it is damaged. */
static bool read_key(const TwTriageKey *key, TwProgram *program, GError **error)
{
    if (tw_triage_read(program, key->data, key->size, error)) {
        return true;
    }
    if (!key->other ||
        !tw_triage_read(program, key->other, key->other_size, NULL)) {
        return false;
    }
    g_clear_error(error);
    return true;
}

static void shrink_one(unsigned i, void *slot, void *data)
{
    TwTriage *t = data;
    const TwTriageKey *key = g_ptr_array_index(t->keys, i);
    Shrunk *out = slot;
    GError *error = NULL;

    tw_triage_be_silent();
    if (!read_key(key, &out->program, &error)) {
        g_strlcpy(out->damaged, error->message, sizeof(out->damaged));
        g_clear_error(&error);
        return;
    } else {
        if (needs_isolation(key->key)) {
            shrink_isolated(t, key, out, &error);
        } else {
            shrink_here(t, key, out, &error);
        }
    }
    if (error) {
        tw_work_fail(&out->failure, error);
    }
    out->same = strcmp(out->cause.finding.key, key->key) == 0;
    out->lines = out->lines ? out->lines : tw_minimise_lines(&out->program);
}

/* A candidate killed the worker: shrink again, each candidate in a process. */
static bool once_more(TwTriage *t, const TwTriageKey *key, Shrunk *out)
{
    GError *error = NULL;

    memset(out, 0, sizeof(*out));
    if (!read_key(key, &out->program, &error) ||
        !shrink_isolated(t, key, out, &error)) {
        g_propagate_error(&t->error, error);
        return false;
    }
    out->same = strcmp(out->cause.finding.key, key->key) == 0;
    return true;
}

static bool record_minimal(TwTriage *t, TwTriageKey *key, const Shrunk *out)
{
    g_autofree char *title = NULL, *words = tw_triage_words(t, key->options);
    g_autoptr(GString) text = g_string_new(NULL);
    TwStoreMinimal minimal = {
        .run = t->run.id,
        .key = key->id,
        .cause = out->cause.name,
        .rule = out->cause.rule,
        .text = out->cause.finding.text,
        .security = out->cause.security,
        .form = "text",
        .words = words,
        .lines = out->lines,
        .operations = out->operations,
    };

    tw_program_print(&out->program, NULL, text);
    title = tw_cause_title_known(t->known, out->cause.known, out->cause.name);
    minimal.title = title;
    minimal.data = text->str;
    minimal.size = text->len;
    return tw_triage_group(t) &&
           tw_store_minimal(t->store, &minimal, &t->error) != 0;
}

/*
 * Records a shrunk case, unless its cause differs from that of its raw case and
 * a second case can decide: the smallest case of a key may be an exception.
 */
static bool opinion(TwTriage *t, TwTriageKey *key, const Shrunk *out)
{
    bool agrees = strcmp(out->cause.name, key->sign) == 0;

    if (out->cause.known != key->known) {
        return true; /* shrunk into another bug: the raw cases count */
    }
    if (!agrees && !key->second && key->other) {
        TwTriageKey *other = g_new0(TwTriageKey, 1);

        other->id = key->id;
        other->key = g_strdup(key->key);
        other->sign = g_strdup(key->sign);
        other->cause = g_strdup(key->cause);
        other->known = key->known;
        other->size = key->other_size;
        other->data = g_memdup2(key->other, other->size);
        other->options = key->other_options;
        other->second = true;
        g_ptr_array_add(t->again, other);
    }
    /* If the two differ, the second counts if its cause is that of its raw
     * case. */
    return (key->second && !agrees) || record_minimal(t, key, out);
}

static bool take_shrunk(unsigned i, const void *slot, bool died, void *data)
{
    TwTriage *t = data;
    TwTriageKey *key = g_ptr_array_index(t->keys, i);
    g_autofree Shrunk *again = NULL;
    const Shrunk *out = slot;

    if (died) {
        again = g_new(Shrunk, 1);
        if (!tw_triage_group_end(t) || !once_more(t, key, again)) {
            return false;
        }
        out = again;
    }
    if (tw_work_failed(&out->failure, &t->error)) {
        return false;
    }
    if (out->damaged[0]) {
        tw_triage_set_aside(t,
                            (TwDamaged){.id = key->id,
                                        .key = key->key,
                                        .cause = key->cause,
                                        .form = "text",
                                        .data = key->data,
                                        .size = key->size},
                            out->damaged);
        return true;
    }
    /* A key that does not recur keeps its raw cases, and so does one for which
     * the time was too short: the next triage tries again. */
    return !out->same || out->unshrunk || opinion(t, key, out);
}

static void show_keys(unsigned done, void *data)
{
    TwTriage *t = data;

    tw_triage_idle(t, "keys shrunk", done, t->keys->len);
}

/* The smallest case with this key, ignoring one case; NULL if there is none. */
static const TwTriageCase *smallest(const TwTriage *t, int64_t key,
                                    const TwTriageCase *but)
{
    const TwTriageCase *best = NULL;

    for (unsigned i = 0; i < t->cases->len; i++) {
        const TwTriageCase *one = g_ptr_array_index(t->cases, i);

        if (one->seen.key == key && one != but && !one->harness &&
            (!best || one->data->len < best->data->len)) {
            best = one;
        }
    }
    return best;
}

/* Its case, or its other one; true if it has both now. */
static bool take_data(TwTriageKey *key, const void *data, size_t size)
{
    if (!key->data) {
        key->data = g_memdup2(data, size);
        key->size = size;
        return false;
    }
    key->other = g_memdup2(data, size);
    key->other_size = size;
    return true;
}

static bool want_key(const TwStoreKey *stored, void *data)
{
    TwTriage *t = data;
    const TwTriageCase *one;
    TwTriageKey *key;

    if (stored->minimal || !stored->data || stored->status == TW_STORE_FIXED ||
        strcmp(stored->form, "text") ||
        strcmp(stored->verdict, tw_verdict_name(TW_VERDICT_FLAKY)) == 0) {
        return true;
    }
    key = g_new0(TwTriageKey, 1);
    key->id = stored->id;
    key->key = g_strdup(stored->key);
    key->sign = g_strdup(stored->sign);
    key->cause = g_strdup(stored->cause);
    key->known = tw_triage_entry(t, stored->sign);
    one = smallest(t, stored->id, NULL);
    if (one) {
        const TwTriageCase *other = smallest(t, stored->id, one);

        take_data(key, one->data->str, one->data->len);
        key->options = &one->options;
        if (other) {
            take_data(key, other->data->str, other->data->len);
            key->other_options = &other->options;
        }
    } else {
        TwTargetOptions *options = g_new(TwTargetOptions, 1);

        *options = tw_triage_options(t, stored->words);
        key->options = key->other_options = options;
        g_ptr_array_add(t->options, options);
    }
    g_ptr_array_add(t->keys, key);
    return true;
}

/* The same choice from the store, where an earlier triage has left keys. */
static bool want_raw(const void *data, size_t size, const char *words,
                     void *of_key)
{
    (void)words;
    return !take_data(of_key, data, size);
}

static bool choose_raw(TwTriage *t, GError **error)
{
    for (unsigned i = 0; i < t->keys->len; i++) {
        TwTriageKey *key = g_ptr_array_index(t->keys, i);

        if (!key->data &&
            !tw_store_raw(t->store, key->id, want_raw, key, error)) {
            return false;
        }
    }
    return true;
}

bool tw_triage_shrink(TwTriage *t, GError **error)
{
    TwWork todo = {.slot = sizeof(Shrunk),
                   .limit_ms = tw_triage_limit(t),
                   .one = shrink_one,
                   .done = take_shrunk,
                   .idle = show_keys};

    if (!t->shrink) {
        return true;
    }
    if (!tw_store_keys(t->store, t->label, want_key, t, error) ||
        !choose_raw(t, error)) {
        return false;
    }
    for (unsigned round = 0; round < 2 && t->keys->len > 0; round++) {
        g_autoptr(GPtrArray) again = tw_triage_new_keys();

        t->again = again;
        todo.n = t->keys->len;
        if (!tw_triage_work(t, &todo, error)) {
            return false;
        }
        t->shrunk += t->keys->len;
        g_ptr_array_unref(t->keys);
        t->keys = g_ptr_array_ref(again);
    }
    return true;
}
