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
    JsonBuilder *json; /* NULL: text */
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
        printf("%s: %s %s, first with fail-alloc %" PRIu32 "\n", name,
               tw_verdict_name(r->finding.verdict), r->finding.key, r->nth);
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
        tw_json_string(b, "verdict", tw_verdict_name(r->finding.verdict));
        tw_json_string(b, "key", r->finding.key);
    }
    tw_json_string(b, "text", r->finding.text);
    json_builder_end_object(b);
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
    tw_cli_json_print(b);
}

static int sweep_all(TwCheckJob *check, bool json)
{
    g_autoptr(JsonBuilder) builder = json ? json_builder_new() : NULL;
    Output out = {.check = check, .json = builder};
    GError *error = NULL;

    if (json) {
        json_builder_begin_object(builder);
        tw_json_string(builder, "target", check->targets[0].name);
        tw_json_string(builder, "version", check->versions[0]);
        json_builder_set_member_name(builder, "cases");
        json_builder_begin_array(builder);
    }
    if (!tw_sweep_run(check, is_done, show_progress, &out, &error)) {
        return tw_cli_fail_error(error);
    }
    if (isatty(STDERR_FILENO)) {
        fputs("\r\033[K", stderr);
    }
    if (json) {
        json_totals(&out);
    } else {
        print_totals(&out);
    }
    return out.self                           ? TW_EXIT_SELF
           : out.bad > 0                      ? TW_EXIT_FINDING
           : out.skipped == check->cases->len ? TW_EXIT_SKIPPED
                                              : TW_EXIT_CLEAN;
}

static int sweep_files(TwCheckJob *check, int n, char **paths, bool json)
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
    return sweep_all(check, json);
}

int tw_verb_sweep(int argc, char **argv)
{
    TwCheckJob check = {.n_targets = 1};
    TwCliTarget target = {.timeout_ms = 0};
    int jobs = (int)g_get_num_processors(), code = TW_EXIT_USAGE;
    gboolean json = FALSE;
    GOptionEntry entries[] = {
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &jobs,
         "Number of processes (default: one per processor)", "N"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Prints JSON", NULL},
        G_OPTION_ENTRY_NULL,
    };

    tw_check_init(&check);
    if (!tw_cli_options(
            &argc, &argv, "DIR|FILE...",
            "Runs cases (of a folder: all *.tw) with allocations that fail: "
            "the first one in one\nrun, the second one in the next, until none "
            "fails. Each run is judged. Exit code 10\nif a run has a finding.",
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
        code = sweep_files(&check, argc - 1, argv + 1, json);
    }
    tw_check_clear(&check);
    tw_cli_target_clear(&target);
    return code;
}
