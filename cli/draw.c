/* SPDX-License-Identifier: MIT */
/* twinwalk draw: the topology of a case as SVG, with the paths of its access.
 */
#include <stdio.h>

#include "cli/common/known.h"
#include "cli/verbs.h"
#include "reports/draw/draw.h"

typedef struct Draw {
    TwCliTarget target;
    TwCliKnown known;
    gboolean bytes, no_run;
    char *out;
    uint32_t patience;
    TwProgram *program;
    TwRunner *runner; /* NULL with --no-run */
} Draw;

static void add_line(GPtrArray *head, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
static void add_line(GPtrArray *head, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(head, g_strdup_vprintf(format, args));
    va_end(args);
}

static void add_text(GPtrArray *head, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(g_strchomp((char *)text), "\n", -1);

    for (char **line = lines; *line; line++) {
        add_line(head, "%s", *line);
    }
}

/* The known divergence that the finding is, if it is one. */
static void add_known(GPtrArray *head, const Draw *d, const TwFinding *finding)
{
    int i = tw_verdict_is_finding(finding->verdict)
                ? tw_known_match(d->known.list, d->program, finding)
                : -1;

    if (i >= 0) {
        const TwKnownEntry *e = tw_known_entry(d->known.list, (unsigned)i);

        add_line(head, "known: %s: %s (%s)", e->name, e->reason, e->link);
    }
}

/* Draws the finding, if there is one (NULL: the case was not run). */
static int draw_finding(Draw *d, const char *path, const TwFinding *finding)
{
    g_autoptr(TwStory) story =
        finding ? tw_cli_story(d->runner, d->program, finding) : NULL;
    g_autoptr(TwScene) start = tw_scene_start(d->program);
    g_autoptr(GPtrArray) head = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) text = g_string_new(NULL);
    bool ways = story && story->access;
    GError *error = NULL;

    if (finding) {
        g_autofree char *words = tw_cli_target_words(&d->target);

        add_line(head, "%s: %s%s%s", path, tw_verdict_name(finding->verdict),
                 finding->key[0] ? " " : "", finding->key);
        add_line(head, "%s", words);
        if (story) {
            tw_story_print_brief(story, text);
        } else {
            g_string_append(text, finding->text);
        }
        if (text->len) {
            add_text(head, text->str);
        }
        add_known(head, d, finding);
    } else {
        add_line(head, "%s", path);
    }
    if (!ways) {
        add_line(
            head, "The topology as it is at the start; %s.",
            !finding ? "the case was not run, so no path is drawn"
            : tw_verdict_is_finding(finding->verdict)
                ? "there are no walks for this verdict, so no path is drawn"
                : "there is no finding, so no path is drawn");
        if (finding) {
            bool refused = finding->verdict == TW_VERDICT_UNSUPPORTED;

            tw_cli_fail(0, "%s: %s%s%s%s: no path is drawn", path,
                        tw_verdict_name(finding->verdict), refused ? " (" : "",
                        refused ? finding->text : "", refused ? ")" : "");
        }
    }
    g_ptr_array_add(head, NULL);
    g_string_truncate(text, 0);
    tw_draw(ways ? story->scene : start, ways ? story : NULL,
            (const char *const *)head->pdata, text);
    if (!tw_cli_write(d->out ? d->out : "-", text->str, text->len, &error)) {
        return tw_cli_fail_error(error);
    }
    return story && story->differ ? TW_EXIT_SELF : TW_EXIT_CLEAN;
}

static int draw_file(Draw *d, const char *path)
{
    GError *error = NULL;
    TwFinding finding;

    if (!d->no_run || d->bytes) {
        d->runner = tw_runner_new(&d->target.options, &error);
        if (!d->runner ||
            !tw_runner_set_known(d->runner, d->known.list, &error)) {
            return tw_cli_fail_error(error);
        }
        tw_runner_set_known(d->runner, NULL, NULL); /* selected, that is all */
        tw_cli_known_tell_newer(&d->known);
    }
    if (!tw_cli_load(d->program, path,
                     d->bytes ? tw_runner_dialect(d->runner) : NULL, &error)) {
        return tw_cli_fail_error(error);
    }
    if (d->no_run) {
        return draw_finding(d, path, NULL);
    }
    if (!tw_run_isolated(&d->target.options, d->program, d->patience, &finding,
                         &error)) {
        return tw_cli_fail_error(error);
    }
    return draw_finding(d, path, &finding);
}

int tw_verb_draw(int argc, char **argv)
{
    Draw d = {.out = NULL};
    GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &d.out,
         "Output file instead of standard output", "FILE"},
        {"bytes", 'b', 0, G_OPTION_ARG_NONE, &d.bytes,
         "The file contains bytes of a fuzzing engine, not text", NULL},
        {"no-run", 0, 0, G_OPTION_ARG_NONE, &d.no_run,
         "Does not run the case: draws the topology at the start", NULL},
        TW_CLI_KNOWN_ENTRIES(d.known),
        G_OPTION_ENTRY_NULL,
    };
    int code = TW_EXIT_USAGE;

    if (!tw_cli_options(&argc, &argv, "FILE",
                        "Draws a case (\"-\": standard input) as SVG: regions "
                        "inside regions, spaces, page\nmaps, tables of IOMMUs. "
                        "The case is run. If one of its accesses is a finding, "
                        "the\ndrawing shows the world as it was at this "
                        "access, with the expected path and the\nseen path.",
                        entries, &d.target)) {
        goto out;
    }
    if (argc != 2) {
        tw_cli_fail(TW_EXIT_USAGE, "draw: expected one file");
        goto out;
    }
    if (d.no_run && (d.known.off || d.known.files)) {
        tw_cli_fail(TW_EXIT_USAGE, "draw: expected --no-run without --known "
                                   "and --no-known, or these without it");
        goto out;
    }
    if (!tw_cli_known_load(&d.known)) {
        goto out;
    }
    d.patience = tw_cli_target_patience(&d.target);
    d.program = g_new(TwProgram, 1);
    code = draw_file(&d, argv[1]);
out:
    g_clear_pointer(&d.runner, tw_runner_free);
    g_free(d.program);
    g_free(d.out);
    tw_cli_known_clear(&d.known);
    tw_cli_target_clear(&d.target);
    return code;
}
