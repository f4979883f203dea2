/* SPDX-License-Identifier: MIT */
/* twinwalk replay: case files, each to its verdict. */
#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>

typedef struct Replay {
    TwCliTarget target;
    TwCliKnown known;
    gboolean as_target, bytes, in_process, trace, json;
    char *expect;
    uint32_t patience;
    TwRunner *runner; /* with in_process, and for the dialect of bytes */
    JsonBuilder *builder;
    TwProgram *program;
    int code;
} Replay;

static void show_trace(Replay *r)
{
    g_autoptr(GString) text = g_string_new(NULL);

    tw_trace_print(tw_runner_trace(r->runner), r->program, text);
    fputs(text->str, stdout);
}

static void show_text(Replay *r, const char *path, const TwFinding *finding)
{
    g_auto(GStrv) lines = g_strsplit(finding->text, "\n", -1);

    printf("%s: %s%s%s\n", path, tw_verdict_name(finding->verdict),
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
        const TwKnownEntry *e =
            tw_known_entry(r->known.list, finding->known - 1u);

        printf("  known: %s: %s (%s)\n", e->name, e->reason, e->link);
    }
    if (r->trace) {
        show_trace(r);
    }
}

static void json_op(JsonBuilder *b, const char *name, uint16_t op)
{
    if (op != TW_NO_OP) {
        tw_cli_json_int(b, name, op);
    }
}

static void show_json(Replay *r, const char *path, const TwFinding *finding)
{
    JsonBuilder *b = r->builder;

    json_builder_begin_object(b);
    tw_cli_json_string(b, "file", path);
    tw_cli_json_string(b, "verdict", tw_verdict_name(finding->verdict));
    tw_cli_json_bool(b, "finding", tw_verdict_is_finding(finding->verdict));
    tw_cli_json_string(b, "key", finding->key);
    json_op(b, "operation", finding->op);
    if (finding->verdict == TW_VERDICT_STALE) {
        json_op(b, "filled", finding->filled);
        json_op(b, "changed", finding->changed);
        json_op(b, "ended", finding->ended);
    }
    tw_cli_json_string(b, "text", finding->text);
    if (finding->known) {
        tw_cli_json_string(
            b, "known",
            tw_known_entry(r->known.list, finding->known - 1u)->name);
    }
    json_builder_end_object(b);
}

/* One file; false if the rest cannot be replayed either. */
static bool replay(Replay *r, const char *path)
{
    GError *error = NULL;
    TwFinding finding;
    int code;

    if (!tw_cli_load(r->program, path,
                     r->bytes ? tw_runner_dialect(r->runner) : NULL,
                     &error)) {
        r->code = tw_cli_fail_error(error);
        return false;
    }
    if (r->in_process) {
        tw_runner_run(r->runner, r->program, &finding, NULL, NULL);
    } else if (!tw_run_isolated(&r->target.options, r->program,
                                r->patience, &finding, &error)) {
        r->code = tw_cli_fail_error(error);
        return false;
    }
    /* Known or not, it is shown as what it is. */
    if (tw_verdict_is_finding(finding.verdict)) {
        finding.known = (uint8_t)(1 + tw_known_match(r->known.list,
                                                     r->program, &finding));
    }
    if (r->json) {
        show_json(r, path, &finding);
    } else {
        show_text(r, path, &finding);
    }
    code = tw_cli_exit_of(finding.verdict);
    if (r->expect) {
        bool matches = strcmp(r->expect, finding.key) == 0;

        if (!matches) {
            tw_cli_fail(0, "%s: expected key %s, not %s", path, r->expect,
                        finding.key[0] ? finding.key : "none");
        }
        code = matches ? TW_EXIT_CLEAN : TW_EXIT_FINDING;
    }
    r->code = tw_cli_worse(r->code, code);
    return true;
}

static int replay_all(Replay *r, int n, char **paths)
{
    GError *error = NULL;
    TwRunner *runner = tw_runner_new(&r->target.options, &error);

    if (!runner || !tw_runner_set_known(runner, r->known.list, &error)) {
        tw_runner_free(runner);
        return tw_cli_fail_error(error);
    }
    tw_runner_set_known(runner, NULL, NULL); /* selected, that is all */
    if (r->bytes || r->in_process) {
        r->runner = runner;
    } else {
        tw_runner_free(runner);
    }
    r->builder = json_builder_new();
    r->program = g_new(TwProgram, 1);
    json_builder_begin_array(r->builder);
    for (int i = 0; i < n; i++) {
        if (!replay(r, paths[i])) {
            break;
        }
    }
    json_builder_end_array(r->builder);
    if (r->json) {
        tw_cli_json_print(r->builder);
    }
    g_object_unref(r->builder);
    g_free(r->program);
    g_clear_pointer(&r->runner, tw_runner_free);
    return r->code;
}

int tw_verb_replay(int argc, char **argv)
{
    Replay r = {.code = TW_EXIT_CLEAN};
    GOptionEntry entries[] = {
        {"bytes", 'b', 0, G_OPTION_ARG_NONE, &r.bytes,
         "The files are bytes from a fuzzer, not text", NULL},
        {"in-process", 0, 0, G_OPTION_ARG_NONE, &r.in_process,
         "Runs in this process, not in a child: for debuggers", NULL},
        {"trace", 0, 0, G_OPTION_ARG_NONE, &r.trace,
         "Prints the target's trace too (implies --in-process)", NULL},
        {"expect", 0, 0, G_OPTION_ARG_STRING, &r.expect,
         "Exit code 0 if every file has this key, else 10", "KEY"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &r.json, "Prints JSON", NULL},
        TW_CLI_KNOWN_ENTRIES(r.known),
        {"as-target", 0, 0, G_OPTION_ARG_NONE, &r.as_target,
         "Is a target for exec: reads programs, answers traces", NULL},
        G_OPTION_ENTRY_NULL};
    int code = TW_EXIT_USAGE;

    if (!tw_cli_options(
            &argc, &argv, "FILE...",
            "Runs case files (\"-\": standard input) and prints, for each, "
            "the verdict, the\nkey and what was found. A target that dies or "
            "hangs is a verdict too: each\nfile is run in a child process.",
            entries, &r.target) ||
        !tw_cli_target_ready(&r.target)) {
        goto out;
    }
    if (r.as_target) {
        if (argc > 1 || r.bytes || r.trace || r.json || r.expect) {
            tw_cli_fail(TW_EXIT_USAGE, "--as-target: expected no files and no "
                                       "options but the target's");
            goto out;
        }
        code = tw_replay_as_target(&r.target);
        goto out;
    }
    if (argc < 2) {
        tw_cli_fail(TW_EXIT_USAGE, "replay: expected a file");
        goto out;
    }
    if (r.trace && r.json) {
        tw_cli_fail(TW_EXIT_USAGE, "replay: expected --trace or --json, not "
                                   "both");
        goto out;
    }
    if (!tw_cli_known_load(&r.known)) {
        goto out;
    }
    r.in_process = r.in_process || r.trace;
    if (!r.in_process) {
        r.patience = tw_cli_target_patience(&r.target, 1);
    }
    code = replay_all(&r, argc - 1, argv + 1);
out:
    g_free(r.expect);
    tw_cli_known_clear(&r.known);
    tw_cli_target_clear(&r.target);
    return code;
}
