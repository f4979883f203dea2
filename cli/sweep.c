/* SPDX-License-Identifier: MIT */
/* twinwalk sweep: runs cases with each allocation failing, one after the
 * other. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/verbs.h"
#include "reports/sweep/sweep.h"

typedef struct Output {
    const TwCheckJob *check;
    JsonBuilder *json;  /* NULL: text */
    const char *folder; /* for the cases of findings, or NULL */
    char *words;        /* the options that choose the target */
    GHashTable *saved;  /* key: number of its cases there */
    GError *error;      /* the first case that could not be saved */
    unsigned clean, bad, skipped;
    uint64_t runs, refused, inconclusive;
    bool self; /* a finding against twinwalk itself */
} Output;

/* The text of a finding, line by line. */
static void print_text(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (unsigned i = 0; lines[i]; i++) {
        g_autofree char *line = tw_cli_clean(lines[i]);

        printf("  %s\n", line);
    }
}

static void print_case(const TwCheckCase *one, const TwSweepResult *r)
{
    g_autofree char *name = tw_cli_clean(one->path);

    if (r->skipped) {
        printf("%s: skipped (%s)\n", name, r->finding.text);
    } else if (r->bad > 0) {
        printf("%s: %s %s, first with fail-alloc %" PRIu32 "%s%s%s\n", name,
               tw_verdict_name(r->finding.verdict), r->finding.key, r->nth,
               r->what[0] ? " (" : "", r->what, r->what[0] ? ")" : "");
        print_text(r->finding.text);
    } else {
        printf("%s: clean, allocations %" PRIu32 "\n", name, r->runs);
    }
    fflush(stdout);
}

static void json_case(JsonBuilder *b, const TwCheckCase *one,
                      const TwSweepResult *r)
{
    json_builder_begin_object(b);
    tw_json_string(b, "file", one->path);
    tw_json_bool(b, "skipped", r->skipped);
    tw_json_int(b, "allocations", r->runs);
    tw_json_int(b, "refused", r->refused);
    tw_json_int(b, "inconclusive", r->inconclusive);
    tw_json_int(b, "findings", r->bad);
    if (r->bad > 0) {
        tw_json_int(b, "fail_alloc", r->nth);
        tw_json_string(b, "allocation", r->what);
        tw_json_string(b, "verdict", tw_verdict_name(r->finding.verdict));
        tw_json_string(b, "key", r->finding.key);
    }
    tw_json_string(b, "text", r->finding.text);
    json_builder_end_object(b);
}

/* The program with the allocation that fails, as a case. */
static GString *case_text(const Output *out, const TwCheckCase *one,
                          const TwSweepResult *r, GError **error)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autofree TwProgram *swept = g_new(TwProgram, 1);
    g_autofree char *origin = NULL;

    if (!tw_program_load(program, one->path, TW_TEXT_STRICT, NULL, error)) {
        return NULL;
    }
    tw_sweep_fail(swept, program, r->nth);
    origin = g_strdup_printf("%s with fail-alloc %" PRIu32 "%s%s", one->path,
                             r->nth, r->what[0] ? ", for " : "", r->what);
    /* replay does not look for lost memory */
    return tw_cli_case_text(swept, &r->finding, r->lost ? "sweep" : "replay",
                            out->words, origin);
}

/* Saves the case of a finding as KEY-N.tw. */
static void save(Output *out, const TwCheckCase *one, const TwSweepResult *r)
{
    const char *key = r->finding.key;
    unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(out->saved, key)) + 1;
    g_autofree char *name = g_strdup_printf("%s-%u.tw", key, n);
    g_autofree char *path = g_build_filename(out->folder, name, NULL);
    GError *error = NULL;
    GString *text = case_text(out, one, r, &error);

    if (text) {
        tw_cli_write(path, text->str, text->len, &error);
        g_string_free(text, TRUE);
    }
    if (error && !out->error) {
        g_propagate_error(&out->error, error);
    } else {
        g_clear_error(&error);
    }
    g_hash_table_replace(out->saved, g_strdup(key), GUINT_TO_POINTER(n));
}

static void is_done(const TwCheckCase *one, const TwSweepResult *result,
                    void *data)
{
    Output *out = data;

    out->skipped += result->skipped;
    out->bad += result->bad > 0;
    out->clean += !result->skipped && result->bad == 0;
    out->runs += result->runs;
    out->refused += result->refused;
    out->inconclusive += result->inconclusive;
    out->self |= result->bad > 0 && result->finding.verdict == TW_VERDICT_SELF;
    if (out->json) {
        json_case(out->json, one, result);
    } else {
        print_case(one, result);
    }
    if (out->folder && result->bad > 0) {
        save(out, one, result);
    }
}

static void show_progress(unsigned done, void *data)
{
    const Output *out = data;

    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r\033[K%u of %u cases", done, out->check->cases->len);
    }
}

static void print_totals(const Output *out)
{
    g_autofree char *target = tw_cli_clean(out->check->targets[0].name);

    printf("\n%u cases on %s\n", out->check->cases->len, target);
    printf("  clean                    %8u\n", out->clean);
    printf("  with a finding           %8u\n", out->bad);
    printf("  skipped                  %8u\n", out->skipped);
    printf("  allocations that failed  %8" PRIu64 "\n", out->runs);
    printf("  answered by nomem        %8" PRIu64 "\n", out->refused);
    printf("  inconclusive runs        %8" PRIu64 "\n", out->inconclusive);
}

static void json_totals(const Output *out)
{
    JsonBuilder *b = out->json;

    json_builder_end_array(b);
    tw_json_int(b, "clean", out->clean);
    tw_json_int(b, "with_finding", out->bad);
    tw_json_int(b, "skipped", out->skipped);
    tw_json_int(b, "allocations", out->runs);
    tw_json_int(b, "refused", out->refused);
    tw_json_int(b, "inconclusive", out->inconclusive);
    json_builder_end_object(b);
    tw_cli_json_print(b, NULL);
}

static void print_start(const Output *out)
{
    json_builder_begin_object(out->json);
    tw_json_string(out->json, "target", out->check->targets[0].name);
    tw_json_string(out->json, "version", out->check->versions[0]);
    json_builder_set_member_name(out->json, "cases");
    json_builder_begin_array(out->json);
}

static int sweep_all(TwCheckJob *check, Output *out)
{
    GError *error = NULL;

    if (out->json) {
        print_start(out);
    }
    if (!tw_sweep_run(check, is_done, show_progress, out, &error)) {
        return tw_cli_fail_error(error);
    }
    if (isatty(STDERR_FILENO)) {
        fputs("\r\033[K", stderr);
    }
    if (out->json) {
        json_totals(out);
    } else {
        print_totals(out);
    }
    if (out->error) {
        return tw_cli_fail_error(g_steal_pointer(&out->error));
    }
    return out->self                           ? TW_EXIT_SELF
           : out->bad > 0                      ? TW_EXIT_FINDING
           : out->skipped == check->cases->len ? TW_EXIT_SKIPPED
                                               : TW_EXIT_CLEAN;
}

static int sweep_files(TwCheckJob *check, int n, char **paths, Output *out)
{
    GError *error = NULL;

    if (!tw_check_open(check, &error)) {
        return tw_cli_fail_error(error);
    }
    for (int i = 0; i < n; i++) {
        if (!tw_check_add(check, paths[i], &error)) {
            return tw_cli_fail_error(error);
        }
    }
    if (!tw_check_read(check, &error)) {
        return tw_cli_fail_error(error);
    }
    if (out->folder && !tw_cli_folder_ready("--out", out->folder)) {
        return TW_EXIT_USAGE;
    }
    return sweep_all(check, out);
}

/* With the list of cases, and the target, that the options name. */
static int sweep_target(TwCheckJob *check, const TwCliTarget *target, int n,
                        char **paths, const char *folder, bool json)
{
    g_autoptr(JsonBuilder) builder = json ? json_builder_new() : NULL;
    g_autoptr(GHashTable) saved =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Output out = {.check = check,
                  .json = builder,
                  .folder = folder,
                  .words = tw_cli_target_words(target),
                  .saved = saved};
    int code = sweep_files(check, n, paths, &out);

    g_clear_error(&out.error);
    g_free(out.words);
    return code;
}

int tw_verb_sweep(int argc, char **argv)
{
    TwCheckJob check = {.n_targets = 1};
    TwCliTarget target = {.timeout_ms = 0};
    int jobs = (int)g_get_num_processors(), code = TW_EXIT_USAGE;
    gboolean json = FALSE;
    g_autofree char *folder = NULL;
    GOptionEntry entries[] = {
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &jobs,
         "Number of processes (default: one per processor)", "N"},
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &folder,
         "Folder for the cases of findings (default: none is saved)", "DIR"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Prints JSON", NULL},
        G_OPTION_ENTRY_NULL,
    };

    tw_check_init(&check);
    if (!tw_cli_options(
            &argc, &argv, "DIR|FILE...",
            "Runs cases (of a folder: all *.tw) with allocations that fail: "
            "the first one in one\nrun, the second one in the next, until none "
            "fails. Each run is judged; in a\nbuild with AddressSanitizer, "
            "lost memory is a finding, too. Exit code 10 if a run\nhas a "
            "finding.",
            entries, &target)) {
    } else if (argc < 2) {
        tw_cli_fail(TW_EXIT_USAGE, "sweep: expected a folder or a file");
    } else if (jobs < 1 || jobs > 1024) {
        tw_cli_fail(TW_EXIT_USAGE, "--jobs: expected 1 to 1024, not %d", jobs);
    } else {
        check.targets[0] = target.options;
        check.patience[0] = tw_cli_target_patience(&target);
        check.times = 1;
        check.jobs = (unsigned)jobs;
        code = sweep_target(&check, &target, argc - 1, argv + 1, folder, json);
    }
    tw_check_clear(&check);
    tw_cli_target_clear(&target);
    return code;
}
