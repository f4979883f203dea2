/* SPDX-License-Identifier: MIT */
/* twinwalk replay: runs case files, and files that engines saved, and prints
 * their verdicts. */
#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>

#include "fuzz/harness/judge-input.h"
#include "fuzz/run/series.h"

typedef struct Replay {
    TwCliTarget target;
    TwCliKnown known;
    gboolean as_target, bytes, in_process, trace, json, bisect;
    char *expect, *harness;
    int times;
    uint32_t patience;
    TwRunner *runner; /* with in_process, and for the dialect of bytes; else */
    TwSeries *series;
    JsonBuilder *builder;
    TwProgram *program;
    const char *first; /* file with a finding, or NULL */
    int code;
} Replay;

static void show_trace(Replay *r, const TwFinding *finding)
{
    GError *error = NULL;

    if (r->trace &&
        !tw_replay_trace(&r->target.options, r->program, r->patience, finding,
                         r->json ? r->builder : NULL, &error)) {
        r->code = tw_cli_worse(r->code, tw_cli_fail_error(error));
    }
}

/* All entries that the finding matches; which of them explains it, only
 * experiments tell. */
static void show_known(const Replay *r, const TwFinding *finding)
{
    uint8_t entries[TW_MAX_KNOWN];
    unsigned n =
        tw_known_match_all(r->known.list, r->program, finding, entries);

    for (unsigned i = 0; i < n; i++) {
        const TwKnownEntry *e = tw_known_entry(r->known.list, entries[i]);

        printf("  %s: %s: %s (%s)\n", i == 0 ? "known" : "or", e->name,
               e->reason, e->link);
    }
    if (n > 1) {
        printf("  (twinwalk explain tells which of them, by experiments)\n");
    }
}

static void show_text(Replay *r, const char *path, const TwFinding *finding)
{
    g_auto(GStrv) lines = g_strsplit(finding->text, "\n", -1);
    g_autofree char *name = tw_cli_clean(path);

    printf("%s: %s%s%s\n", name, tw_verdict_name(finding->verdict),
           finding->key[0] ? " " : "", finding->key);
    if (finding->op < r->program->n_script &&
        !g_str_has_prefix(finding->text, "op ")) {
        g_autoptr(GString) op = g_string_new(NULL);

        tw_op_print(r->program, &r->program->script[finding->op], op);
        printf("  operation %u: %s\n", finding->op, op->str);
    }
    for (char **line = lines; *line; line++) {
        if (**line) {
            printf("  %s\n", *line);
        }
    }
    if (finding->known) {
        show_known(r, finding);
    }
    if (r->times > 1) {
        printf("  %u of %u runs %s\n", finding->again, finding->replays,
               finding->key[0] ? "gave this key" : "gave a key");
    } else if (finding->verdict == TW_VERDICT_FLAKY) {
        printf("  %u of %u replays on a fresh target gave this key\n",
               finding->again, finding->replays);
    }
    show_trace(r, finding);
}

static void json_op(JsonBuilder *b, const char *name, uint16_t op)
{
    if (op != TW_NO_OP) {
        tw_json_int(b, name, op);
    }
}

static void show_json(Replay *r, const char *path, const TwFinding *finding)
{
    JsonBuilder *b = r->builder;

    json_builder_begin_object(b);
    tw_json_string(b, "file", path);
    tw_json_string(b, "verdict", tw_verdict_name(finding->verdict));
    tw_json_bool(b, "finding", tw_verdict_is_finding(finding->verdict));
    tw_json_string(b, "key", finding->key);
    json_op(b, "operation", finding->op);
    if (finding->verdict == TW_VERDICT_STALE || finding->changed != TW_NO_OP) {
        json_op(b, "filled", finding->filled);
        json_op(b, "changed", finding->changed);
        json_op(b, "ended", finding->ended);
    }
    tw_json_string(b, "text", finding->text);
    if (finding->known) {
        tw_json_string(
            b, "known",
            tw_known_entry(r->known.list, finding->known - 1u)->name);
    }
    if (finding->replays > 0) {
        tw_json_int(b, "replays", finding->replays);
        tw_json_int(b, "again", finding->again);
    }
    show_trace(r, finding);
    json_builder_end_object(b);
}

/* The answer for git bisect: is the bug there?  Inconclusive if the program was
 * not judged to its end, or if its runs gave different results. */
static int bisect_answer(const Replay *r, const TwFinding *finding)
{
    switch (finding->verdict) {
    case TW_VERDICT_AGREE:
    case TW_VERDICT_AGREE_STALE:
        return TW_EXIT_BISECT_GOOD;
    case TW_VERDICT_SELF:
    case TW_VERDICT_INCONCLUSIVE:
    case TW_VERDICT_UNSUPPORTED:
    case TW_VERDICT_FLAKY:
        return TW_EXIT_BISECT_SKIP;
    default:
        break;
    }
    if (!r->expect || strcmp(r->expect, finding->key) == 0) {
        return TW_EXIT_BISECT_BAD;
    }
    return finding->verdict == TW_VERDICT_CRASH ||
                   finding->verdict == TW_VERDICT_HANG
               ? TW_EXIT_BISECT_SKIP
               : TW_EXIT_BISECT_GOOD;
}

/* One bad file makes the result bad; an inconclusive one outranks good ones. */
static int bisect_worse(int a, int b)
{
    return a == TW_EXIT_BISECT_BAD || b == TW_EXIT_BISECT_BAD
               ? TW_EXIT_BISECT_BAD
               : MAX(a, b);
}

static int code_of(Replay *r, const char *path, const TwFinding *finding)
{
    bool matches;

    if (r->bisect) {
        return bisect_worse(r->code, bisect_answer(r, finding));
    }
    if (!r->expect) {
        return tw_cli_worse(
            r->code, tw_cli_exit_of_known(finding->verdict, finding->known));
    }
    matches = strcmp(r->expect, finding->key) == 0;
    if (!matches) {
        tw_cli_fail(0, "%s: expected key %s, not %s", path, r->expect,
                    finding->key[0] ? finding->key : "none");
    }
    return tw_cli_worse(r->code, matches ? TW_EXIT_CLEAN : TW_EXIT_FINDING);
}

/* Shows the finding; a known one is marked, but keeps its verdict. */
static void show(Replay *r, const char *path, TwFinding *finding)
{
    if (tw_verdict_is_finding(finding->verdict)) {
        finding->known =
            (uint8_t)(1 + tw_known_match(r->known.list, r->program, finding));
    }
    if (r->json) {
        show_json(r, path, finding);
    } else {
        show_text(r, path, finding);
    }
    r->code = code_of(r, path, finding);
}

/* One file; false if the rest cannot be replayed either. */
static bool replay(Replay *r, const char *path)
{
    GError *error = NULL;
    TwFinding finding;

    if (!tw_cli_load(r->program, path,
                     r->bytes ? tw_runner_dialect(r->runner) : NULL, &error)) {
        r->code = tw_cli_fail_error(error);
        return false;
    }
    if (r->in_process) {
        tw_runner_run(r->runner, r->program, &finding, NULL, NULL);
    } else if (!tw_series_run(r->series, r->program, &finding, &error)) {
        r->code = tw_cli_fail_error(error);
        return false;
    }
    show(r, path, &finding);
    if (!r->first && tw_verdict_is_finding(finding.verdict)) {
        r->first = path;
    }
    return true;
}

static bool open_target(Replay *r)
{
    GError *error = NULL;

    if (r->bytes || r->in_process) {
        r->runner = tw_runner_new(&r->target.options, &error);
        if (r->runner &&
            tw_runner_set_known(r->runner, r->known.list, &error)) {
            tw_runner_set_known(r->runner, NULL, NULL); /* selected */
        }
    }
    if (!r->in_process && !error) {
        r->series = tw_series_open(&r->target.options, r->patience,
                                   (unsigned)r->times, r->known.list, &error);
    }
    if (error) {
        r->code = tw_cli_fail_error(error);
        return false;
    }
    tw_cli_known_tell_newer(&r->known);
    return true;
}

/* Files that engines saved --------------------------------------------------
 */

static const TwHarnessInfo *harness_for(const Replay *r, const char *path)
{
    const TwHarnessInfo *h;

    if (strcmp(r->harness, "auto") != 0) {
        return tw_cli_harness(r->harness, "auto");
    }
    h = tw_harness_of_file(path);
    if (!h) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "--harness auto: expected a file with the name "
                    "clusterfuzz-testcase-...HARNESS-NUMBER, not \"%s\"",
                    path);
    }
    return h;
}

/* Judges an input as its harness would. */
static bool judge_input(Replay *r, const TwHarnessInfo *h, const char *target,
                        const GByteArray *bytes, TwFinding *finding,
                        GError **error)
{
    TwInputJudge *judge =
        tw_input_judge_new(h, target, r->known.list, NULL, error);

    if (!judge) {
        return false;
    }
    tw_program_copy(r->program,
                    tw_input_judge_program(judge, bytes->data, bytes->len));
    tw_input_judge_free(judge);
    return tw_input_judge_isolated(h, target, bytes->data, bytes->len,
                                   r->program, r->patience, (unsigned)r->times,
                                   finding, error);
}

static bool replay_input(Replay *r, const char *path)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    const TwHarnessInfo *h = harness_for(r, path);
    g_autofree char *target = NULL;
    GError *error = NULL;
    TwFinding finding;

    if (!h) {
        r->code = TW_EXIT_USAGE;
        return false;
    }
    target = tw_harness_target(h, &error);
    if (!target || !tw_file_read(path, bytes, &error) ||
        !judge_input(r, h, target, bytes, &finding, &error)) {
        r->code = tw_cli_fail_error(error);
        return false;
    }
    show(r, path, &finding);
    return true;
}

static int replay_all(Replay *r, int n, char **paths)
{
    bool ok = r->harness || open_target(r);

    r->builder = json_builder_new();
    r->program = g_new(TwProgram, 1);
    json_builder_begin_array(r->builder);
    for (int i = 0; i < n && ok; i++) {
        ok = r->harness ? replay_input(r, paths[i]) : replay(r, paths[i]);
    }
    json_builder_end_array(r->builder);
    if (r->harness) { /* which selects the list for each file */
        tw_cli_known_tell_newer(&r->known);
    }
    if (r->json) {
        tw_cli_json_print(r->builder, "files");
    }
    if (r->bisect && ok && !r->json) {
        printf("bisect: %s\n", r->code == TW_EXIT_BISECT_GOOD  ? "good"
                               : r->code == TW_EXIT_BISECT_BAD ? "bad"
                                                               : "cannot tell");
    }
    if (r->first && !r->json && !r->bisect && !r->expect && !r->bytes) {
        tw_cli_next(stderr, &r->target, &r->known, "explain", r->first, NULL);
    }
    g_object_unref(r->builder);
    g_free(r->program);
    tw_runner_free(r->runner);
    tw_series_free(r->series);
    return r->code;
}

/* Options ------------------------------------------------------------------ */

/* Do the options go together?  False: an error was printed. */
static bool options_ready(Replay *r, int argc)
{
    const char *wrong = NULL;
    bool chosen = tw_cli_target_chosen(&r->target);

    if (!tw_cli_times("--times", r->times)) {
        return false;
    }
    if (r->as_target) {
        if (argc > 1 || r->bytes || r->in_process || r->trace || r->json ||
            r->expect || r->bisect || r->harness || r->times > 1) {
            wrong = "--as-target: expected no files and no options but the "
                    "target's";
        }
    } else if (argc < 2) {
        wrong = "replay: expected a file";
    } else if (r->in_process && r->times > 1) {
        wrong = "--times: expected no --in-process, because each run needs a "
                "process of its own";
    } else if (r->harness &&
               (chosen || r->bytes || r->in_process || r->trace)) {
        wrong = "--harness: expected no --bytes, --in-process, --trace or "
                "options of targets, because the harness determines the target "
                "and the format of files";
    }
    if (wrong) {
        tw_cli_fail(TW_EXIT_USAGE, "%s", wrong);
        return false;
    }
    if (r->harness && !r->known.files && g_getenv("TWINWALK_NO_KNOWN")) {
        r->known.off = TRUE;
    }
    return tw_cli_known_load(&r->known);
}

/* git bisect run treats 1 to 127 as bad.  A mistake in the command must stop
 * it, even if the mistake is an option that cannot be parsed. */
static bool asks_for_bisect(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--bisect") == 0) {
            return true;
        }
    }
    return false;
}

static int for_bisect(int code)
{
    if (code == TW_EXIT_USAGE || tw_cli_finish(code) != code) {
        return TW_EXIT_BISECT_ABORT;
    }
    return code == TW_EXIT_ENVIRONMENT ? TW_EXIT_BISECT_SKIP : code;
}

int tw_verb_replay(int argc, char **argv)
{
    bool bisect = asks_for_bisect(argc, argv);
    Replay r = {.code = TW_EXIT_CLEAN, .times = 1};
    GOptionEntry entries[] = {
        {"bytes", 'b', 0, G_OPTION_ARG_NONE, &r.bytes,
         "The files contain bytes of a fuzzing engine, not text", NULL},
        {"harness", 0, 0, G_OPTION_ARG_STRING, &r.harness,
         "The files are inputs that an engine saved for this harness "
         "(softmmu_fuzzer ...); auto: takes the harness from the file names of "
         "ClusterFuzz",
         "NAME"},
        {"in-process", 0, 0, G_OPTION_ARG_NONE, &r.in_process,
         "Runs the file in this process, for debuggers", NULL},
        {"trace", 0, 0, G_OPTION_ARG_NONE, &r.trace,
         "Prints what each operation did to caches and notifiers, then the "
         "trace",
         NULL},
        {"times", 0, 0, G_OPTION_ARG_INT, &r.times,
         "Runs each file N times, each time on a fresh target, and prints how "
         "many runs gave the key",
         "N"},
        {"expect", 0, 0, G_OPTION_ARG_STRING, &r.expect,
         "Exit code 0 if every file has this key, else 10", "KEY"},
        {"bisect", 0, 0, G_OPTION_ARG_NONE, &r.bisect,
         "Works as a test for git bisect run, with exit codes for git: 0 good "
         "(no finding), 1 bad (a finding; with --expect, one with that key), "
         "125 inconclusive, 128 bad usage",
         NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &r.json, "Prints JSON", NULL},
        TW_CLI_KNOWN_ENTRIES(r.known),
        {"as-target", 0, 0, G_OPTION_ARG_NONE, &r.as_target,
         "Speaks the protocol of exec on standard input and output, for the "
         "target of --target",
         NULL},
        G_OPTION_ENTRY_NULL,
    };
    int code = TW_EXIT_USAGE;

    if (!tw_cli_options(
            &argc, &argv, "FILE...",
            "Runs case files (\"-\": standard input), each in a child process, "
            "and prints the\nverdict, the key and the description of the "
            "finding. A crash or a hang of the\ntarget is a verdict, too.",
            entries, &r.target) ||
        !options_ready(&r, argc)) {
        goto out;
    }
    if (r.as_target) {
        code = tw_replay_as_target(&r.target);
        goto out;
    }
    if (!r.in_process) {
        r.patience = tw_cli_target_patience(&r.target);
    }
    code = replay_all(&r, argc - 1, argv + 1);
out:
    g_free(r.expect);
    g_free(r.harness);
    tw_cli_known_clear(&r.known);
    tw_cli_target_clear(&r.target);
    return bisect ? for_bisect(code) : code;
}
