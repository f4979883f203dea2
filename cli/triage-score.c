/* SPDX-License-Identifier: MIT */
/* See triage-score.h. */
#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "cli/triage-score.h"
#include "program/text/text.h"

/* Running ------------------------------------------------------------------ */

static bool run_in_store(TwTriage *t, const char *verb, const char *path,
                         TwTriageScore *score, GError **error)
{
    t->store = tw_store_open(path, true, error);
    t->run = (TwStoreRun){
        .verb = verb, .target = t->label, .version = t->version, .options = ""};
    t->run.id = t->store ? tw_store_run_begin(t->store, &t->run, error) : 0;
    return t->run.id != 0 && tw_triage_run(t, error) &&
           tw_triage_shrink(t, error) && tw_triage_score(t, score, error);
}

bool tw_score_run(TwTriage *t, const char *verb, TwTriageScore *score,
                  double *seconds, GError **error)
{
    g_autofree char *folder = g_dir_make_tmp("twinwalk-XXXXXX", error);
    g_autofree char *path = NULL;
    gint64 start = g_get_monotonic_time();
    bool ok;

    memset(score, 0, sizeof(*score));
    if (!folder) {
        return false;
    }
    path = g_build_filename(folder, "findings.db", NULL);
    ok = run_in_store(t, verb, path, score, error);
    g_clear_pointer(&t->store, tw_store_free);
    *seconds = (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
    g_unlink(path);
    g_rmdir(folder);
    return ok;
}

/* Showing ------------------------------------------------------------------ */

static bool is_good(const TwTriageScore *s)
{
    return s->findings > 0 && s->of_stored.index >= TW_SCORE_INDEX;
}

static void print_json(const TwTriage *t, const TwTriageScore *s,
                       double seconds)
{
    g_autoptr(JsonBuilder) b = json_builder_new();

    json_builder_begin_object(b);
    tw_json_string(b, "target", t->label);
    tw_json_string(b, "version", t->version);
    tw_json_int(b, "cases", t->cases->len);
    tw_json_int(b, "findings", s->findings);
    tw_json_int(b, "labels", s->labels->len);
    tw_json_int(b, "causes", s->causes->len);
    tw_json_int(b, "without_label", s->unlabelled);
    tw_json_int(b, "with_several_labels", s->several);
    tw_json_int(b, "without_finding", s->silent);
    tw_json_double(b, "seconds", seconds);
    tw_score_json(b, "raw_causes", s, false);
    tw_score_json(b, "store", s, true);
    tw_json_bool(b, "well", is_good(s));
    json_builder_end_object(b);
    tw_cli_json_print(b, NULL);
}

static void print_text(const TwTriage *t, const TwTriageScore *s,
                       double seconds)
{
    tw_score_print_table(s, false);
    tw_score_print_table(s, true);
    printf("%s (%s): %u findings with %u labels, %u causes; %.1f s\n"
           "left out: %u findings without a label, %u with several, %u cases "
           "with a label but without a finding here\n",
           t->label, t->version, s->findings, s->labels->len, s->causes->len,
           seconds, s->unlabelled, s->several, s->silent);
    tw_score_print_figures("each by itself", s->of_raw);
    tw_score_print_figures("in the store", s->of_stored);
    printf("adjusted Rand index in the store: wanted %.1f: %s\n",
           TW_SCORE_INDEX, is_good(s) ? "yes" : "NO");
}

int tw_triage_show_score(TwTriage *t, bool json)
{
    TwTriageScore score;
    GError *error = NULL;
    double seconds;
    int code;

    t->keep_known = true;
    if (!tw_score_run(t, "triage", &score, &seconds, &error)) {
        code = tw_cli_fail_error(error);
    } else if (*t->stop) {
        code = tw_cli_fail(TW_EXIT_ENVIRONMENT,
                           "--score: expected to measure all cases, was "
                           "interrupted");
    } else if (score.findings == 0) {
        code = tw_cli_fail(TW_EXIT_USAGE,
                           "--score: expected cases with a line \"# " //
                           TW_TRIAGE_LABEL ": NAME\" that have a finding");
    } else {
        if (json) {
            print_json(t, &score, seconds);
        } else {
            print_text(t, &score, seconds);
        }
        code = is_good(&score) ? TW_EXIT_CLEAN : TW_EXIT_FINDING;
    }
    tw_triage_score_clear(&score);
    return t->self ? TW_EXIT_SELF : code;
}

/* Labels ------------------------------------------------------------------- */

/* The names of two files in different folders can be the same. */
static char *name_for(const TwTriageCase *one, unsigned number)
{
    g_autofree char *base = g_path_get_basename(one->path);

    return g_strdup_printf("%05u-%s", number, base);
}

static bool write_label(const TwTriageCase *one, unsigned number,
                        const char *folder, GError **error)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autoptr(TwComments) comments = tw_comments_new();
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *line =
        g_strdup_printf("%s: %s", TW_TRIAGE_LABEL, one->label);
    g_autofree char *old = NULL, *name = name_for(one, number);
    g_autofree char *path = g_build_filename(folder, name, NULL);

    if (!tw_program_load(program, one->path, TW_TEXT_STRICT, comments, error)) {
        return false;
    }
    old = tw_comments_note(comments, TW_TRIAGE_LABEL, 0);
    if (!old) {
        tw_comments_add_top(comments, line);
    }
    tw_program_print(program, comments, text);
    return tw_cli_write(path, text->str, text->len, error);
}

int tw_triage_write_labels(TwTriage *t, const char *folder)
{
    unsigned written = 0, several = 0;
    GError *error = NULL;

    if (g_mkdir_with_parents(folder, 0777) != 0) {
        return tw_cli_fail(TW_EXIT_USAGE,
                           "--label: expected a folder that can be made, not "
                           "\"%s\": %s",
                           folder, g_strerror(errno));
    }
    if (!tw_triage_label(t, &error)) {
        return tw_cli_fail_error(error);
    }
    for (unsigned i = 0; i < t->cases->len; i++) {
        const TwTriageCase *one = g_ptr_array_index(t->cases, i);

        if (one->label) {
            if (!write_label(one, i, folder, &error)) {
                return tw_cli_fail_error(error);
            }
            written++;
        }
        several += one->alone > 1;
    }
    printf("%s (%s): %u cases; %u with a label, in %s; left out: %u that "
           "several entries explain alone, %u that no entry explains "
           "alone\n",
           t->label, t->version, t->cases->len, written, folder, several,
           t->cases->len - written - several);
    return t->self ? TW_EXIT_SELF : TW_EXIT_CLEAN;
}
