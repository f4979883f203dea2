/* SPDX-License-Identifier: MIT */
/* Runs a case for the page: its story and its drawing (report.h). */
#include "cli/view/report.h"

#include <string.h>
#include <unistd.h>

#include "cli/view/emitted.h"
#include "fuzz/process/isolate.h"
#include "fuzz/run/runner.h"
#include "reports/draw/draw.h"

typedef struct Telling {
    const TwTargetOptions *options;
    const TwProgram *program;
    const char *words, *name;
    int fd; /* receives the story, a NUL, and the drawing */
} Telling;

static void draw(const Telling *t, const TwStory *story,
                 const TwFinding *finding, GString *out)
{
    g_autoptr(TwScene) start = tw_scene_start(t->program);
    g_autofree char *first = g_strdup_printf(
        "%s: %s%s%s", t->name, tw_verdict_name(finding->verdict),
        finding->key[0] ? " " : "", finding->key);
    const char *head[] = {first, t->words, NULL, NULL};
    bool ways = story && story->access;

    if (!ways) {
        head[2] = "The topology as it is at the start.";
    }
    tw_draw(ways ? story->scene : start, ways ? story : NULL, head, out);
}

/* In the child. */
static bool tell(void *data, volatile uint32_t *in_flight, TwFinding *finding,
                 GError **error)
{
    const Telling *t = data;
    TwTargetOptions options = *t->options;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(TwStory) story = NULL;
    TwRunner *runner;

    options.in_flight = in_flight;
    runner = tw_runner_new(&options, error);
    if (!runner) {
        return false;
    }
    tw_runner_run(runner, t->program, finding, NULL, NULL);
    if (tw_verdict_is_finding(finding->verdict)) {
        story = tw_runner_story(runner);
    }
    if (story) {
        tw_story_print(story, text);
    }
    g_string_append_c(text, '\0');
    draw(t, story, finding, text);
    tw_view_put(t->fd, text->str, text->len);
    return true;
}

/* Accepts only long options whose values are no options, as twinwalk writes
 * them. A word such as --help would end the process. */
static bool may_parse(char **words)
{
    for (; *words; words++) {
        if (**words == '-' && (!g_str_has_prefix(*words, "--") ||
                               g_str_has_prefix(*words, "--help"))) {
            return false;
        }
    }
    return true;
}

/* The target of the words, or false. */
static bool parse_words(const TwPageFinding *f, TwCliTarget *target)
{
    static const GOptionEntry none[] = {
        G_OPTION_ENTRY_NULL,
    };
    g_autofree char *line = g_strconcat("report ", f->words, NULL);
    char **argv = NULL, **rest, **copy;
    int argc;
    bool ok;

    memset(target, 0, sizeof(*target));
    if (!*f->words || !g_shell_parse_argv(line, &argc, &argv, NULL)) {
        return false;
    }
    /* The parser changes `rest`; `argv` still owns the strings. */
    copy = g_memdup2(argv, (size_t)(argc + 1) * sizeof(char *));
    rest = copy;
    ok = may_parse(argv) &&
         tw_cli_options(&argc, &rest, "", "", none, target) && argc == 1;
    g_free(copy);
    g_strfreev(argv);
    return ok;
}

static void take(TwPageFinding *f, int fd)
{
    size_t size, story;
    g_autofree char *data = tw_view_take(fd, &size);

    if (!data) {
        return;
    }
    story = strlen(data);
    if (story > 0) {
        f->explanation = g_strdup(data);
    }
    if (story + 1 < size) {
        f->drawing = g_strdup(data + story + 1);
    }
}

static bool run(TwPageFinding *f, TwCliTarget *target, uint32_t patience,
                const TwProgram *program, GError **error)
{
    g_autofree char *name = tw_page_case_name(f);
    Telling t = {.options = &target->options,
                 .program = program,
                 .words = f->words_now,
                 .name = name};
    TwFinding finding;
    bool ok;

    t.fd = tw_view_memory(error);
    if (t.fd < 0) {
        return false;
    }
    ok = tw_isolate(tell, &t, target->name, program, patience, &finding, error);
    if (ok) {
        take(f, t.fd);
    } else if (!g_error_matches(*error, TW_TARGET_ERROR,
                                TW_TARGET_ERROR_ENVIRONMENT)) {
        /* The target cannot be opened today: show the text of the store. */
        tw_cli_fail(0, "finding %" G_GINT64_FORMAT ": %s", f->id,
                    (*error)->message);
        g_clear_error(error);
        ok = true;
    }
    close(t.fd);
    return ok;
}

/* Its title and reproducer, for the people who may fix it. */
static bool put_in_words(TwPageFinding *f, const TwCliTarget *target,
                         uint32_t patience, const TwProgram *program,
                         GError **error)
{
    TwEmitted emitted;
    GError *mine = NULL;

    bool wanted = f->news != TW_PAGE_GONE && f->news != TW_PAGE_FLAKY;

    if (!wanted ||
        tw_view_emit(&target->options, patience, program, &emitted, &mine)) {
        if (wanted) {
            f->headline = g_steal_pointer(&emitted.title);
            f->emitted = g_steal_pointer(&emitted.text);
        }
        return true;
    }
    if (g_error_matches(mine, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT)) {
        g_propagate_error(error, mine);
        return false;
    }
    g_error_free(mine); /* it was told when its story was wanted */
    return true;
}

bool tw_report_tell(TwPageFinding *f, bool exec, const GPtrArray *damaged,
                    GError **error)
{
    gsize size;
    const char *data = g_bytes_get_data(f->data, &size);
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    TwCliTarget target;
    GError *refused = NULL;
    bool ok = true;

    if (strcmp(f->form, "text") != 0 || size == 0) {
        return true;
    }
    if (!parse_words(f, &target)) {
        tw_cli_fail(0,
                    "finding %" G_GINT64_FORMAT ": expected options that "
                    "choose a target, not \"%s\"",
                    f->id, f->words);
    } else {
        uint32_t patience = tw_cli_target_patience(&target);

        f->words_now = tw_cli_target_words(&target);
        if (strcmp(target.name, "unicorn-ab") == 0) {
            f->seen_with = g_strdup_printf("libunicorn %s against itself",
                                           f->last_version);
        }
        if (!tw_program_parse(program, data, size, "case", TW_TEXT_STRICT, NULL,
                              NULL, &refused)) {
            if (!tw_damaged_has(damaged, data, size)) {
                tw_cli_fail(0, "finding %" G_GINT64_FORMAT ": %s", f->id,
                            refused->message);
            }
            g_error_free(refused);
        } else if (exec || !g_str_has_prefix(target.name, "exec:")) {
            ok = run(f, &target, patience, program, error) &&
                 put_in_words(f, &target, patience, program, error);
        }
    }
    tw_cli_target_clear(&target);
    return ok;
}
