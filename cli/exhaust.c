/* SPDX-License-Identifier: MIT */
/* twinwalk exhaust: all programs up to a length, on small boards. */
#include "cli/verbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/exhaust/exhaust.h"
#include "process/stop.h"

typedef struct Exhaust {
    TwCliTarget target;
    char *board, *resume, *out;
    gboolean json;
    double last;
} Exhaust;

static void show_progress(const TwExhaustResult *result, void *data)
{
    Exhaust *e = data;
    bool terminal = isatty(STDERR_FILENO);
    uint64_t programs = 0;

    if (result->seconds - e->last < (terminal ? 0.5 : 30)) {
        return;
    }
    e->last = result->seconds;
    for (unsigned b = 0; tw_exhaust_boards[b].name; b++) {
        programs += result->boards[b].programs;
    }
    fprintf(stderr, "%s%.0f s: part %u of %u, %" PRIu64 " programs%s",
            terminal ? "\r" : "", result->seconds, result->done, result->units,
            programs, terminal ? "\033[K" : "\n");
}

static void show_text(const Exhaust *e, const TwExhaustResult *r, int length)
{
    TwExhaustCounts all = {0};

    printf("target %s, all programs of at most %d operations\n\n",
           e->target.options.name, length);
    printf("  %-8s %12s %12s %12s %12s %12s %10s\n", "board", "programs",
           "skipped", "histories", "answers", "reached", "beyond");
    for (unsigned b = 0; tw_exhaust_boards[b].name; b++) {
        const TwExhaustCounts *c = &r->boards[b];

        if (e->board && strcmp(e->board, tw_exhaust_boards[b].name) != 0) {
            continue;
        }
        printf("  %-8s %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %12" PRIu64
               " %12" PRIu64 " %10" PRIu64 "\n",
               tw_exhaust_boards[b].name, c->programs, c->skipped, c->histories,
               c->answers, c->reached, c->beyond);
        all.programs += c->programs;
        all.reached += c->reached;
        all.beyond += c->beyond;
    }
    printf("\n%" PRIu64 " programs in %.1f s%s\n", all.programs, r->seconds,
           r->interrupted ? ", interrupted" : "");
    if (r->failure[0]) {
        printf("\nfailure:\n\n%s", r->failure);
    } else if (!r->interrupted) {
        printf("no failure: the target gives allowed answers, and each of the "
               "%" PRIu64 " answers\nthat a naive cache can give is "
               "allowed\n",
               all.reached);
    }
    if (r->beyond[0] && !r->failure[0]) {
        printf("\nallowed answers that a naive cache cannot give: %" PRIu64
               ", the first:\n\n%s",
               all.beyond, r->beyond);
    }
}

static void show_json(const Exhaust *e, const TwExhaustResult *r, int length)
{
    g_autoptr(JsonBuilder) b = json_builder_new();

    json_builder_begin_object(b);
    tw_json_string(b, "target", e->target.options.name);
    tw_json_int(b, "length", length);
    json_builder_set_member_name(b, "boards");
    json_builder_begin_array(b);
    for (unsigned i = 0; tw_exhaust_boards[i].name; i++) {
        const TwExhaustCounts *c = &r->boards[i];

        if (e->board && strcmp(e->board, tw_exhaust_boards[i].name) != 0) {
            continue;
        }
        json_builder_begin_object(b);
        tw_json_string(b, "name", tw_exhaust_boards[i].name);
        tw_json_string(b, "summary", tw_exhaust_boards[i].summary);
        tw_json_int(b, "programs", c->programs);
        tw_json_int(b, "skipped", c->skipped);
        tw_json_int(b, "histories", c->histories);
        tw_json_int(b, "answers", c->answers);
        tw_json_int(b, "reached", c->reached);
        tw_json_int(b, "beyond", c->beyond);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    tw_json_bool(b, "interrupted", r->interrupted);
    tw_json_string(b, "failure", r->failure);
    tw_json_string(b, "beyond", r->beyond);
    json_builder_end_object(b);
    tw_cli_json_print(b, NULL);
}

static bool board_exists(const char *name)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (unsigned b = 0; tw_exhaust_boards[b].name; b++) {
        if (strcmp(name, tw_exhaust_boards[b].name) == 0) {
            return true;
        }
        g_string_append_printf(names, "%s%s", b ? ", " : "",
                               tw_exhaust_boards[b].name);
    }
    tw_cli_fail(TW_EXIT_USAGE, "--board: expected one of %s, not \"%s\"",
                names->str, name);
    return false;
}

/* To be freed. */
static char *board_help(void)
{
    GString *help = g_string_new("Uses this board only: ");

    for (unsigned b = 0; tw_exhaust_boards[b].name; b++) {
        g_string_append_printf(help, "%s%s", b ? ", " : "",
                               tw_exhaust_boards[b].name);
    }
    return g_string_free(help, FALSE);
}

/* Looks at what the command line says; false with a message. */
static bool ready(const Exhaust *e, int argc, char **argv, int length, int jobs)
{
    if (argc > 1) {
        tw_cli_fail(TW_EXIT_USAGE, "exhaust: expected options only, not \"%s\"",
                    argv[1]);
        return false;
    }
    if (length < 1 || length > TW_EXHAUST_MOST) {
        tw_cli_fail(TW_EXIT_USAGE, "--length: expected 1 to %d operations",
                    TW_EXHAUST_MOST);
        return false;
    }
    if (jobs < 1 || jobs > 1024) {
        tw_cli_fail(TW_EXIT_USAGE, "--jobs: expected 1 to 1024 processes");
        return false;
    }
    return !e->board || board_exists(e->board);
}

#define DEFAULT_LENGTH 4

int tw_verb_exhaust(int argc, char **argv)
{
    Exhaust e = {.last = 0};
    int length = DEFAULT_LENGTH, jobs = 1, code = TW_EXIT_USAGE;
    g_autofree char *boards = board_help();
    g_autofree TwExhaustResult *result = g_new0(TwExhaustResult, 1);
    GError *error = NULL;
    GOptionEntry entries[] = {
        {"length", 0, 0, G_OPTION_ARG_INT, &length,
         "Programs of at most N operations, 1 "
         "to " G_STRINGIFY(TW_EXHAUST_MOST) " (default " G_STRINGIFY(
             DEFAULT_LENGTH) ")",
         "N"},
        {"board", 0, 0, G_OPTION_ARG_STRING, &e.board, boards, "NAME"},
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &jobs,
         "Number of processes (default 1); does not change the result", "N"},
        {"resume", 0, 0, G_OPTION_ARG_FILENAME, &e.resume,
         "Saves the progress in this file, and continues from it", "FILE"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &e.out,
         "Writes the program that fails to this file", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &e.json, "Prints JSON", NULL},
        G_OPTION_ENTRY_NULL,
    };

    if (!tw_cli_options(&argc, &argv, NULL,
                        "Runs all programs up to a length over the operations "
                        "(letters) of a few small\ntopologies (boards). The "
                        "target must give allowed answers, and every answer "
                        "that\na naive cache can give must be allowed.",
                        entries, &e.target)) {
        goto out;
    }
    if (!ready(&e, argc, argv, length, jobs)) {
        goto out;
    }
    TwExhaustOptions options = {.target = e.target.options,
                                .board = e.board,
                                .length = (unsigned)length,
                                .jobs = (unsigned)jobs,
                                .resume = e.resume,
                                .stop = tw_stop_on_signals(),
                                .deaf_to = -1};
    if (!tw_exhaust(&options, show_progress, &e, result, &error)) {
        code = tw_cli_fail_error(error);
        goto out;
    }
    if (isatty(STDERR_FILENO)) {
        fputs("\r\033[K", stderr);
    }
    code = result->failure[0] ? TW_EXIT_FINDING : TW_EXIT_CLEAN;
    if (result->failure[0] && e.out &&
        !tw_cli_write(e.out, result->failure, strlen(result->failure),
                      &error)) {
        code = tw_cli_fail_error(error);
    }
    if (e.json) {
        show_json(&e, result, length);
    } else {
        show_text(&e, result, length);
    }
out:
    tw_cli_target_clear(&e.target);
    g_free(e.board);
    g_free(e.resume);
    g_free(e.out);
    return code;
}
