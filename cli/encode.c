/* SPDX-License-Identifier: MIT */
/* twinwalk encode: the byte form for fuzzing engines, from text and back. */
#include "cli/verbs.h"

#include <stdio.h>
#include <unistd.h>

#include "fuzz/harness/judge-input.h"
#include "program/bytes/bytes.h"

static int encode(const char *path, const char *out, const TwDialect *dialect)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autofree uint8_t *bytes = g_malloc(TW_BYTES_MAX);
    GError *error = NULL;
    char why[200];
    size_t length;

    if (!tw_program_load(program, path, TW_TEXT_STRICT, NULL, &error)) {
        return tw_cli_fail_error(error);
    }
    if (!tw_dialect_admits(dialect, program, why, sizeof(why))) {
        return tw_cli_fail(TW_EXIT_USAGE,
                           "%s: expected a program of the target's dialect: "
                           "%s",
                           path, why);
    }
    length = tw_program_encode(program, bytes, TW_BYTES_MAX, dialect);
    if (length == 0) {
        return tw_cli_fail(TW_EXIT_USAGE,
                           "%s: expected a program that has a byte form of at "
                           "most %d bytes",
                           path, TW_BYTES_MAX);
    }
    if (!tw_cli_write(out, (const char *)bytes, length, &error)) {
        return tw_cli_fail_error(error);
    }
    return TW_EXIT_CLEAN;
}

static int decode(const char *path, const char *out, const TwDialect *dialect)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(GString) text = g_string_new(NULL);
    GError *error = NULL;

    if (!tw_file_read(path, bytes, &error)) {
        return tw_cli_fail_error(error);
    }
    tw_program_decode(program, bytes->data, bytes->len, dialect);
    tw_program_print(program, NULL, text);
    if (!tw_cli_write(out, text->str, text->len, &error)) {
        return tw_cli_fail_error(error);
    }
    return TW_EXIT_CLEAN;
}

static int convert(const TwCliTarget *target, const char *path, const char *out,
                   bool back)
{
    g_autoptr(TwRunner) runner = NULL;
    GError *error = NULL;

    runner = tw_runner_new(&target->options, &error);
    if (!runner) {
        return tw_cli_fail_error(error);
    }
    return (back ? decode : encode)(path, out, tw_runner_dialect(runner));
}

/* The same for the bytes that a harness takes. */
static int convert_input(const char *harness, const char *path, const char *out,
                         bool back)
{
    const TwHarnessInfo *h = tw_cli_harness(harness, NULL);
    GError *error = NULL;
    TwInputJudge *judge;
    int code;

    if (!h) {
        return TW_EXIT_USAGE;
    }
    judge = tw_input_judge_new(h, tw_harness_model(h), NULL, NULL, &error);
    if (!judge) {
        return tw_cli_fail_error(error);
    }
    if (!tw_input_judge_dialect(judge)) {
        code = tw_cli_fail(TW_EXIT_USAGE,
                           "--harness: expected one that takes bytes; %s takes "
                           "text",
                           h->name);
    } else {
        code =
            (back ? decode : encode)(path, out, tw_input_judge_dialect(judge));
    }
    tw_input_judge_free(judge);
    return code;
}

int tw_verb_encode(int argc, char **argv)
{
    g_autofree char *out = NULL, *harness = NULL;
    gboolean back = FALSE;
    TwCliTarget target;
    GOptionEntry entries[] = {
        {"harness", 0, 0, G_OPTION_ARG_STRING, &harness,
         "The bytes are those of this harness, on its target", "NAME"},
        {"decode", 'd', 0, G_OPTION_ARG_NONE, &back, "Turns bytes into a case",
         NULL},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &out,
         "Output file instead of standard output", "FILE"},
        G_OPTION_ENTRY_NULL,
    };
    int code = TW_EXIT_USAGE;

    if (!tw_cli_options(
            &argc, &argv, "FILE",
            "Turns a case file (\"-\": standard input) into the bytes that "
            "fuzzing engines mutate,\nor bytes into a case. The meaning of "
            "bytes depends on the dialect of a target or\nof a harness.",
            entries, &target)) {
        goto out;
    }
    if (harness && tw_cli_target_chosen(&target)) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "--harness: expected no options of targets, because the "
                    "harness determines the target");
        goto out;
    }
    if (argc != 2) {
        tw_cli_fail(TW_EXIT_USAGE, "encode: expected one file");
        goto out;
    }
    if (!out && !back && isatty(STDOUT_FILENO)) {
        tw_cli_fail(TW_EXIT_USAGE, "encode: expected -o FILE: bytes do no "
                                   "good on a terminal");
        goto out;
    }
    code = harness ? convert_input(harness, argv[1], out ? out : "-", back)
                   : convert(&target, argv[1], out ? out : "-", back);
out:
    tw_cli_target_clear(&target);
    return code;
}
