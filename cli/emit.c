/* SPDX-License-Identifier: MIT */
/* twinwalk emit: a case as source code for the target's maintainers. */
#include <string.h>

#include "cli/verbs.h"
#include "cli/view/emitted.h"
#include "cli/view/explained.h"

typedef struct Emit {
    TwCliTarget target;
    TwCliKnown known;
    const char *path; /* of the case */
    const char *out;
    gboolean test;
    uint32_t patience;
    int times; /* 1: the finding must recur */
    TwProgram program;
    TwFinding finding;
} Emit;

static int wrong_verdict(const Emit *e, const char *expected)
{
    return tw_cli_fail(TW_EXIT_USAGE, "%s: expected %s; its verdict is %s",
                       e->path, expected, tw_verdict_name(e->finding.verdict));
}

/* Finds the finding; TW_EXIT_CLEAN: there is one that can be written down. */
static int find(Emit *e)
{
    g_autoptr(TwComments) comments = tw_comments_new();
    g_autofree char *key = NULL;
    GError *error = NULL;

    if (!tw_program_load(&e->program, e->path, TW_TEXT_STRICT, comments,
                         &error)) {
        return tw_cli_fail_error(error);
    }
    if (e->times == 1 && tw_cli_notes_flaky(comments)) {
        return tw_cli_fail(TW_EXIT_USAGE,
                           "%s: expected a finding that recurs; the case says "
                           "that it is flaky (--times runs it until it shows)",
                           e->path);
    }
    key = e->times > 1 ? tw_cli_noted_key(comments) : NULL;
    if (!(e->times == 1 ? tw_view_find(&e->target.options, e->patience,
                                       &e->program, &e->finding, &error)
                        : tw_view_look_for(&e->target.options, e->patience,
                                           (unsigned)e->times, key, &e->program,
                                           &e->finding, &error))) {
        return tw_cli_fail_error(error);
    }
    if (e->finding.verdict == TW_VERDICT_UNSUPPORTED) {
        return tw_cli_refused(e->path, &e->finding);
    }
    if (!tw_verdict_is_finding(e->finding.verdict)) {
        return wrong_verdict(e, "a program with a finding");
    }
    if (key && strcmp(e->finding.key, key) != 0) {
        g_autofree char *clean = tw_cli_clean(key);

        return tw_cli_fail(
            TW_EXIT_USAGE,
            "%s: expected key %s in one of %d runs; the last one has %s",
            e->path, clean, e->times, e->finding.key);
    }
    if (!tw_view_is_emitted(&e->target.options, &e->finding)) {
        return wrong_verdict(e, "a finding that shows outside the target");
    }
    return TW_EXIT_CLEAN;
}

/* Which entry of the lists explains the finding, as a line of its text. */
static bool note_known(Emit *e, GError **error)
{
    size_t length = strlen(e->finding.text);
    const TwKnownEntry *entry;

    if (!tw_view_explained(e->known.list, &e->target.options, e->patience,
                           &e->program, &e->finding, &entry, error)) {
        return false;
    }
    if (entry) {
        bool url = strstr(entry->link, "://") != NULL;
        g_autoptr(GString) line = g_string_new(NULL);

        g_string_printf(line, "known: %s: %s%s%s%s", entry->name, entry->reason,
                        url ? " (" : "", url ? entry->link : "",
                        url ? ")" : "");
        g_string_replace(line, "*/", "* /", 0); /* it is in a comment there */
        g_snprintf(e->finding.text + length, sizeof(e->finding.text) - length,
                   "%s%s\n",
                   length > 0 && e->finding.text[length - 1] != '\n' ? "\n"
                                                                     : "",
                   line->str);
    }
    return true;
}

static int emit(Emit *e)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(TwRunner) runner = NULL;
    GError *error = NULL;
    char key[TW_KEY_SIZE];
    int code = find(e);

    if (code != TW_EXIT_CLEAN) {
        return code;
    }
    memcpy(key, e->finding.key, sizeof(key));
    runner = tw_runner_new(&e->target.options, &error);
    if (!runner || !tw_runner_set_known(runner, e->known.list, &error)) {
        return tw_cli_fail_error(error);
    }
    tw_runner_set_known(runner, NULL, NULL); /* selected, that is all */
    tw_runner_set_replays(runner, 0, 0);     /* find() ran it before */
    if (e->finding.verdict != TW_VERDICT_CRASH &&
        e->finding.verdict != TW_VERDICT_HANG) {
        tw_runner_run(runner, &e->program, &e->finding, NULL, NULL);
    }
    if (strcmp(e->finding.key, key) != 0) {
        return tw_cli_fail(TW_EXIT_USAGE,
                           "%s: expected a finding that recurs: one run has "
                           "%s, the next one %s",
                           e->path, key,
                           e->finding.key[0]
                               ? e->finding.key
                               : tw_verdict_name(e->finding.verdict));
    }
    if (!note_known(e, &error) ||
        !tw_runner_emit(runner, &e->program, &e->finding, e->test, text,
                        &error) ||
        !tw_cli_write(e->out, text->str, text->len, &error)) {
        return tw_cli_fail_error(error);
    }
    return TW_EXIT_CLEAN;
}

int tw_verb_emit(int argc, char **argv)
{
    g_autofree char *out = NULL;
    g_autofree Emit *e = g_new0(Emit, 1);
    GOptionEntry entries[] = {
        {"qtest", 0, 0, G_OPTION_ARG_NONE, &e->test,
         "For a virtual IOMMU of a QEMU: a test in C of QEMU's own suite "
         "(libqtest) instead of a script",
         NULL},
        {"times", 0, 0, G_OPTION_ARG_INT, &e->times,
         "Runs the case until it has its finding, at most N times (default "
         "1): for one that does not recur each time",
         "N"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &out,
         "Output file instead of standard output", "FILE"},
        TW_CLI_KNOWN_ENTRIES(e->known),
        G_OPTION_ENTRY_NULL,
    };
    int code = TW_EXIT_USAGE;

    e->times = 1;
    if (!tw_cli_options(
            &argc, &argv, "FILE",
            "Writes a case with a finding as source code that the target's "
            "maintainers can\ncompile and run; the first line says what is "
            "wrong, in their words. For unicorn...\nthis is a C program that "
            "needs only the library, for qemu-... a shell script with\na guest "
            "in assembly, or with qtest commands for a virtual IOMMU: they "
            "exit\nwith 1 if the library or the QEMU has the defect, with 0 if "
            "not, with 2 if that\ncannot be told. For "
            "softmmu and the zoo it is a GTest file: it passes on a correct\n"
            "target, and fails on one that has the bug. What is on a list of "
            "known divergences\nis written, too, and its entry is named.",
            entries, &e->target)) {
        goto out;
    }
    if (argc != 2) {
        tw_cli_fail(TW_EXIT_USAGE, "emit: expected one file");
        goto out;
    }
    if (!tw_cli_times("--times", e->times) || !tw_cli_known_load(&e->known)) {
        goto out;
    }
    e->path = argv[1];
    e->out = out ? out : "-";
    e->patience = tw_cli_target_patience(&e->target);
    code = emit(e);
out:
    tw_cli_known_clear(&e->known);
    tw_cli_target_clear(&e->target);
    return code;
}
