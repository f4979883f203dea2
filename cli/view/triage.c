/* SPDX-License-Identifier: MIT */
/* What `twinwalk triage` prints and writes: a line for each finding, JSON,
 * cases as files. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/view/triage.h"
#include "targets/classes/options.h"

/* Progress ----------------------------------------------------------------- */

enum { SHOW_US = 200000, PLAIN_US = 10000000 };

void tw_triage_show(const char *what, unsigned done, unsigned all, void *data)
{
    static gint64 shown; /* one triage at a time */
    bool terminal = isatty(STDERR_FILENO);
    gint64 now = g_get_monotonic_time();

    (void)data;
    if (!what) {
        shown = 0;
        if (terminal) {
            fprintf(stderr, "\r\033[K");
        }
        return;
    }
    shown = shown ? shown : now;
    if (now - shown < (terminal ? SHOW_US : PLAIN_US)) {
        return;
    }
    shown = now;
    fprintf(stderr, terminal ? "\r%s: %u of %u\033[K" : "%s: %u of %u\n", what,
            done, all);
    fflush(stderr);
}

void tw_triage_warn(const char *message, void *data)
{
    (void)data;
    tw_cli_fail(0, "%s", message);
}

/* Text --------------------------------------------------------------------- */

/* A line of text from outside, for a terminal. */
static void plain(const char *text, const char *end)
{
    g_autofree char *clean = tw_cli_clean(text);

    printf("%s%s", clean, end);
}

char *tw_triage_decision(const TwTriageFinding *f)
{
    GString *text =
        g_string_new(f->state == TW_STORE_WONT_FIX ? "won't fix" : NULL);

    if (f->state == TW_STORE_DUPLICATE) {
        g_string_append_printf(text, "duplicate of %s", f->duplicate_of);
    }
    if (*f->issue) {
        g_string_append_printf(text, "%sissue %s", text->len ? "; " : "",
                               f->issue);
    }
    if (*f->comment) {
        g_string_append_printf(text, "%s%s", text->len ? "; " : "", f->comment);
    }
    return g_string_free(text, FALSE);
}

static void print_finding(const TwTriageFinding *f)
{
    g_autofree char *decision = tw_triage_decision(f);

    printf("  %-9s %-9s %6" PRIu64 " x %3u key%s  ",
           tw_store_status_name(f->status), f->verdict, f->count, f->keys,
           f->keys == 1 ? " " : "s");
    plain(f->cause, f->security ? "  SECURITY" : "");
    printf("\n      ");
    plain(f->title, "");
    if (f->rule[0]) {
        printf(" (");
        plain(f->rule, ")");
    }
    if (f->minimal) {
        printf("; %u lines", f->lines);
    } else if (f->news <= TW_TRIAGE_FLAKY && strcmp(f->form, "text") == 0) {
        printf("; not shrunk");
    }
    printf("\n");
    if (*decision) {
        printf("      ");
        plain(decision, "\n");
    }
}

static void print_retests(const TwTriage *t)
{
    unsigned cured = 0;

    for (unsigned i = 0; i < t->retests->len; i++) {
        const TwTriageRetest *r = g_ptr_array_index(t->retests, i);

        cured += r->done && r->again == 0;
        if (r->done && r->is != r->was) {
            printf("  %-9s %s of ",
                   r->again == 0                ? "cured"
                   : r->again < TW_TRIAGE_TIMES ? "flaky"
                   : r->was == TW_STORE_FIXED   ? "back"
                                                : "there",
                   r->key);
            plain(r->cause, "");
            printf(": %u of %d runs have the finding\n", r->again,
                   TW_TRIAGE_TIMES);
        }
    }
    if (t->retests->len > 0) {
        printf("%u known keys run again, %u have no finding any more\n",
               t->retests->len, cured);
    }
}

static void print_text(TwTriage *t, GPtrArray *findings)
{
    unsigned counts[TW_TRIAGE_WAS_FIXED + 1] = {0};
    unsigned known = 0;

    for (unsigned i = 0; i < TW_MAX_KNOWN; i++) {
        known += (unsigned)t->matched[i];
    }
    plain(t->label, "");
    printf(" (%s): %u input%s", t->version, t->cases->len,
           t->cases->len == 1 ? "" : "s");
    if (t->clean || t->unsupported || known || t->unreadable) {
        printf(" (%u clean, %u not judged, %u known divergences, %u "
               "skipped)",
               t->clean, t->unsupported, known, t->unreadable);
    }
    printf("\n");
    print_retests(t);
    for (unsigned i = 0; i < findings->len; i++) {
        const TwTriageFinding *f = g_ptr_array_index(findings, i);

        counts[f->news]++;
        if (f->news != TW_TRIAGE_WAS_FIXED) {
            print_finding(f);
        }
    }
    printf("%u finding%s new or returned, %u known, %u flaky, %u newly fixed, "
           "%u fixed before; kept in ",
           counts[TW_TRIAGE_NEW], counts[TW_TRIAGE_NEW] == 1 ? "" : "s",
           counts[TW_TRIAGE_KNOWN], counts[TW_TRIAGE_FLAKY],
           counts[TW_TRIAGE_FIXED], counts[TW_TRIAGE_WAS_FIXED]);
    plain(t->store_path, "\n");
    tw_damaged_print(t->damaged);
    if (*t->stop) {
        printf("interrupted: what was done is in the store, and the next "
               "triage goes on\n");
    } else if (counts[TW_TRIAGE_NEW] + counts[TW_TRIAGE_KNOWN] +
                   counts[TW_TRIAGE_FLAKY] >
               0) {
        g_autofree char *store = tw_cli_word(t->store_path);

        fprintf(stderr, "next: twinwalk report --store %s\n", store);
    }
}

/* JSON --------------------------------------------------------------------- */

static void json_finding(JsonBuilder *b, const TwTriageFinding *f)
{
    json_builder_begin_object(b);
    tw_json_string(b, "cause", f->cause);
    tw_json_string(b, "title", f->title);
    tw_json_string(b, "status", tw_store_status_name(f->status));
    tw_json_bool(b, "changed",
                 f->news == TW_TRIAGE_NEW || f->news == TW_TRIAGE_FIXED);
    tw_json_string(b, "verdict", f->verdict);
    tw_json_string(b, "rule", f->rule);
    tw_json_bool(b, "security", f->security);
    tw_json_int(b, "count", f->count);
    tw_json_int(b, "keys", f->keys);
    tw_json_string(b, "key", f->key);
    tw_json_int(b, "first_seen", (uint64_t)f->first_seen);
    tw_json_int(b, "last_seen", (uint64_t)f->last_seen);
    tw_json_bool(b, "minimal", f->minimal);
    tw_json_string(b, "text", f->text);
    tw_json_string(b, "origin", f->origin);
    tw_json_string(b, "see_it", f->words);
    tw_json_string(b, "state", tw_store_state_name(f->state));
    tw_json_string(b, "issue", f->issue);
    tw_json_string(b, "duplicate_of", f->duplicate_of);
    tw_json_string(b, "comment", f->comment);
    if (strcmp(f->form, "text") == 0) {
        tw_json_string(b, "case", f->data);
    }
    json_builder_end_object(b);
}

static void json_retests(JsonBuilder *b, const TwTriage *t)
{
    json_builder_set_member_name(b, "retested");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < t->retests->len; i++) {
        const TwTriageRetest *r = g_ptr_array_index(t->retests, i);

        if (r->done) {
            json_builder_begin_object(b);
            tw_json_string(b, "key", r->key);
            tw_json_string(b, "cause", r->cause);
            tw_json_string(b, "was", tw_store_status_name(r->was));
            tw_json_string(b, "is", tw_store_status_name(r->is));
            tw_json_int(b, "again", r->again);
            tw_json_int(b, "runs", TW_TRIAGE_TIMES);
            json_builder_end_object(b);
        }
    }
    json_builder_end_array(b);
}

static void json_damaged(JsonBuilder *b, const TwTriage *t)
{
    json_builder_set_member_name(b, "damaged");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < t->damaged->len; i++) {
        const TwDamaged *d = g_ptr_array_index(t->damaged, i);

        json_builder_begin_object(b);
        tw_json_string(b, "key", d->key);
        tw_json_string(b, "cause", d->cause);
        tw_json_string(b, "why", d->why);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

static void print_json(TwTriage *t, GPtrArray *findings)
{
    g_autoptr(JsonBuilder) b = json_builder_new();

    json_builder_begin_object(b);
    tw_json_string(b, "target", t->label);
    tw_json_string(b, "version", t->version);
    tw_json_string(b, "store", t->store_path);
    tw_json_int(b, "run", (uint64_t)t->run.id);
    tw_json_int(b, "inputs", t->cases->len);
    tw_json_int(b, "clean", t->clean);
    tw_json_int(b, "flaky", t->flaky);
    tw_json_int(b, "not_judged", t->unsupported);
    tw_json_int(b, "passed_over", t->unreadable);
    tw_json_bool(b, "interrupted", *t->stop != 0);
    json_damaged(b, t);
    json_builder_set_member_name(b, "known");
    json_builder_begin_object(b);
    for (unsigned i = 0; i < tw_known_n_entries(t->known); i++) {
        if (t->matched[i]) {
            tw_json_int(b, tw_known_entry(t->known, i)->name, t->matched[i]);
        }
    }
    json_builder_end_object(b);
    json_builder_set_member_name(b, "findings");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < findings->len; i++) {
        json_finding(b, g_ptr_array_index(findings, i));
    }
    json_builder_end_array(b);
    json_retests(b, t);
    json_builder_end_object(b);
    tw_cli_json_print(b, NULL);
}

void tw_triage_print(TwTriage *t, GPtrArray *findings, bool json)
{
    if (json) {
        print_json(t, findings);
    } else {
        print_text(t, findings);
    }
}

/* Files -------------------------------------------------------------------- */

/* The name of a file for a finding.  Causes are letters, digits and '-', but a
 * hostile store may contain others. */
static char *file_name(const TwTriageFinding *f, const char *ending)
{
    g_autofree char *name = g_strdup(f->cause);

    g_strcanon(name, TW_CAUSE_LETTERS, '-');
    return g_strdup_printf("%s.%s", name, ending);
}

char *tw_triage_case_name(const TwTriageFinding *f)
{
    return file_name(f, strcmp(f->form, "text") == 0 ? "tw" : "bin");
}

static bool write_issue(const TwTriageFinding *f, const char *folder,
                        GError **error)
{
    g_autofree char *name = file_name(f, "md");
    g_autofree char *path = g_build_filename(folder, name, NULL);

    return !f->issue_text ||
           tw_cli_write(path, f->issue_text, strlen(f->issue_text), error);
}

static bool write_finding(const TwTriage *t, const TwTriageFinding *f,
                          const char *folder, GError **error)
{
    g_autofree char *name = tw_triage_case_name(f);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree TwProgram *program = NULL;
    TwFinding finding = {.op = TW_NO_OP};
    TwTargetOptions options = t->target;
    g_autofree char *words = NULL;
    g_autofree char *origin = g_strdup_printf("triage: %s", f->title);
    GString *text;
    bool ok;

    if (strcmp(f->form, "text") != 0) {
        return tw_cli_write(path, f->data, f->size, error);
    }
    program = g_new(TwProgram, 1);
    if (!tw_program_parse(program, f->data, f->size, "the store",
                          TW_TEXT_STRICT, NULL, NULL, error)) {
        return false;
    }
    for (unsigned v = 0; v < TW_VERDICTS; v++) {
        if (strcmp(tw_verdict_name(v), f->verdict) == 0) {
            finding.verdict = (uint8_t)v;
        }
    }
    g_strlcpy(finding.key, f->key, sizeof(finding.key));
    g_strlcpy(finding.text, f->text, sizeof(finding.text));
    options.check |= strstr(f->words, " --check") != NULL;
    options.timeout_ms = t->timeout_ms;
    words = tw_target_options_words(&options);
    text = tw_cli_case_text(program, &finding, "replay", words, origin);
    ok = tw_cli_write(path, text->str, text->len, error);
    g_string_free(text, TRUE);
    return ok;
}

bool tw_triage_write(const TwTriage *t, GPtrArray *findings, const char *folder,
                     GError **error)
{
    if (g_mkdir_with_parents(folder, 0777) != 0) {
        g_set_error(error, TW_TEXT_ERROR, TW_TEXT_ERROR_IO,
                    "%s: expected a folder that can be made: %s", folder,
                    g_strerror(errno));
        return false;
    }
    for (unsigned i = 0; i < findings->len; i++) {
        const TwTriageFinding *f = g_ptr_array_index(findings, i);

        if (!write_issue(f, folder, error)) {
            return false;
        }
        if (f->news != TW_TRIAGE_WAS_FIXED && f->news != TW_TRIAGE_FIXED &&
            f->size > 0 && !write_finding(t, f, folder, error)) {
            return false;
        }
    }
    return true;
}

int tw_triage_code(const TwTriage *t, GPtrArray *findings, bool retest_only)
{
    int code = TW_EXIT_CLEAN;

    for (unsigned i = 0; i < findings->len; i++) {
        const TwTriageFinding *f = g_ptr_array_index(findings, i);

        if (f->news == TW_TRIAGE_NEW ||
            (retest_only &&
             (f->news == TW_TRIAGE_KNOWN || f->news == TW_TRIAGE_FLAKY) &&
             f->state == TW_STORE_OPEN)) {
            code = TW_EXIT_FINDING;
        }
    }
    return t->self ? TW_EXIT_SELF : code;
}
