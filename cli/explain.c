/* SPDX-License-Identifier: MIT */
/* twinwalk explain: the story of a finding, as text or as data. */
#include "cli/verbs.h"
#include "cli/view/explain.h"
#include "cli/view/explained.h"

#include <stdio.h>

typedef struct Explain {
    TwCliTarget target;
    TwCliKnown known;
    gboolean bytes, json;
    uint32_t patience;
    TwRunner *runner;
    JsonBuilder *builder;
    TwProgram *program;
    const TwKnownEntry *entry; /* that explains the finding, or NULL */
    const char *first;         /* file with a finding, or NULL */
    int code;
} Explain;

/* Prints what is known without a story. */
static void show_bare(Explain *e, const TwFinding *finding, GString *out)
{
    g_auto(GStrv) lines = g_strsplit(finding->text, "\n", -1);

    if (finding->op < e->program->n_script &&
        !g_str_has_prefix(finding->text, "op ")) {
        g_string_append_printf(out, "op %u: ", finding->op);
        tw_op_print(e->program, &e->program->script[finding->op], out);
        g_string_append_c(out, '\n');
    }
    for (char **line = lines; *line; line++) {
        if (**line) {
            tw_story_line(*line, 2, out);
        }
    }
}

static void show_text(Explain *e, const char *path, const TwFinding *finding,
                      const TwStory *story)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *words = tw_cli_target_words(&e->target);
    g_autofree char *name = tw_cli_clean(path);
    const TwKnownEntry *known = e->entry;
    g_autoptr(GString) line = g_string_new(NULL);
    char legend[TW_KEY_LEGEND];

    g_string_append_printf(out, "%s: %s%s%s\n", name,
                           tw_verdict_name(finding->verdict),
                           finding->key[0] ? " " : "", finding->key);
    if (tw_key_legend(finding->key, legend, sizeof(legend))) {
        g_string_append_printf(line, "key: %s", legend);
        tw_story_line(line->str, 2, out);
    }
    if (story) {
        g_string_append_printf(out, "%s\n\n", words);
        tw_story_print(story, out);
    } else {
        show_bare(e, finding, out);
    }
    if (known) {
        g_string_printf(line, "known: %s: %s (%s)", known->name, known->reason,
                        known->link);
        g_string_append_c(out, '\n');
        tw_story_line(line->str, 2, out);
    }
    fputs(out->str, stdout);
}

static void show_json(Explain *e, const char *path, const TwFinding *finding,
                      const TwStory *story)
{
    JsonBuilder *b = e->builder;
    const TwKnownEntry *known = e->entry;
    char legend[TW_KEY_LEGEND];

    json_builder_begin_object(b);
    tw_json_string(b, "file", path);
    tw_json_string(b, "target", e->target.name);
    tw_json_string(b, "verdict", tw_verdict_name(finding->verdict));
    tw_json_bool(b, "finding", tw_verdict_is_finding(finding->verdict));
    tw_json_string(b, "key", finding->key);
    if (tw_key_legend(finding->key, legend, sizeof(legend))) {
        tw_json_string(b, "legend", legend);
    }
    if (finding->op != TW_NO_OP) {
        tw_json_int(b, "operation", finding->op);
    }
    tw_json_string(b, "text", finding->text);
    if (known) {
        tw_json_string(b, "known", known->name);
    }
    if (story && story->access) {
        tw_explain_json(b, story);
    }
    json_builder_end_object(b);
}

/* One file; false if the rest cannot be explained either. */
static bool explain(Explain *e, const char *path)
{
    g_autoptr(TwStory) story = NULL;
    GError *error = NULL;
    TwFinding finding;
    int code;

    if (!tw_cli_load(e->program, path,
                     e->bytes ? tw_runner_dialect(e->runner) : NULL, &error) ||
        !tw_run_isolated(&e->target.options, e->program, e->patience, &finding,
                         &error) ||
        !tw_view_explained(e->known.list, &e->target.options, e->patience,
                           e->program, &finding, &e->entry, &error)) {
        e->code = tw_cli_fail_error(error);
        return false;
    }
    story = tw_cli_story(e->runner, e->program, &finding);
    if (e->json) {
        show_json(e, path, &finding, story);
    } else {
        show_text(e, path, &finding, story);
    }
    code = story && story->differ
               ? TW_EXIT_SELF
               : tw_cli_exit_of_known(finding.verdict, e->entry != NULL);
    if (!e->first && tw_verdict_is_finding(finding.verdict)) {
        e->first = path;
    }
    e->code = tw_cli_worse(e->code, code);
    return true;
}

static int explain_all(Explain *e, int n, char **paths)
{
    GError *error = NULL;

    e->runner = tw_runner_new(&e->target.options, &error);
    if (!e->runner || !tw_runner_set_known(e->runner, e->known.list, &error)) {
        g_clear_pointer(&e->runner, tw_runner_free);
        return tw_cli_fail_error(error);
    }
    tw_runner_set_known(e->runner, NULL, NULL); /* selected, that is all */
    tw_cli_known_tell_newer(&e->known);
    e->builder = json_builder_new();
    e->program = g_new(TwProgram, 1);
    json_builder_begin_array(e->builder);
    for (int i = 0; i < n; i++) {
        if (i && !e->json) {
            putchar('\n');
        }
        if (!explain(e, paths[i])) {
            break;
        }
    }
    json_builder_end_array(e->builder);
    if (e->json) {
        tw_cli_json_print(e->builder, "files");
    } else if (e->first && !e->bytes) {
        tw_cli_next(stderr, &e->target, &e->known, "emit", e->first,
                    "-o reproducer");
    }
    g_object_unref(e->builder);
    g_free(e->program);
    g_clear_pointer(&e->runner, tw_runner_free);
    return e->code;
}

int tw_verb_explain(int argc, char **argv)
{
    Explain e = {.code = TW_EXIT_CLEAN};
    GOptionEntry entries[] = {
        {"bytes", 'b', 0, G_OPTION_ARG_NONE, &e.bytes,
         "The files contain bytes of a fuzzing engine, not text", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &e.json, "Prints JSON", NULL},
        TW_CLI_KNOWN_ENTRIES(e.known),
        G_OPTION_ENTRY_NULL,
    };
    int code = TW_EXIT_USAGE;

    if (!tw_cli_options(
            &argc, &argv, "FILE...",
            "Runs case files (\"-\": standard input) and explains the finding "
            "of each: what the\nletters of its key mean, what was allowed and "
            "what was seen, both walks step by\nstep with the rules, and which "
            "operation should have ended an old answer.",
            entries, &e.target)) {
        goto out;
    }
    if (argc < 2) {
        tw_cli_fail(TW_EXIT_USAGE, "explain: expected a file");
        goto out;
    }
    if (!tw_cli_known_load(&e.known)) {
        goto out;
    }
    e.patience = tw_cli_target_patience(&e.target);
    code = explain_all(&e, argc - 1, argv + 1);
out:
    tw_cli_known_clear(&e.known);
    tw_cli_target_clear(&e.target);
    return code;
}
