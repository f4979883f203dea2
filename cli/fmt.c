/* SPDX-License-Identifier: MIT */
/* twinwalk fmt: case files in canonical form, comments kept. */
#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>

typedef struct Fmt {
    gboolean check, lenient, in_place;
    TwProgram *program;
} Fmt;

/* One file; returns an exit code. */
static int format(const Fmt *f, const char *path)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(TwComments) comments = tw_comments_new();
    g_autoptr(GString) text = g_string_new(NULL);
    GError *error = NULL;
    unsigned dropped = 0;
    bool same;

    if (!tw_file_read(path, bytes, &error) ||
        !tw_program_parse(f->program, (const char *)bytes->data, bytes->len,
                          path, f->lenient ? TW_TEXT_LENIENT : TW_TEXT_STRICT,
                          comments, &dropped, &error)) {
        return tw_cli_fail_error(error);
    }
    tw_program_print(f->program, comments, text);
    same = text->len == bytes->len &&
           memcmp(text->str, bytes->data, text->len) == 0;
    if (dropped > 0) {
        tw_cli_fail(0, "%s: %u line%s left out", path, dropped,
                    dropped == 1 ? "" : "s");
    }
    if (f->check) {
        return same ? TW_EXIT_CLEAN
                    : tw_cli_fail(TW_EXIT_USAGE,
                                  "%s: expected the canonical form (twinwalk "
                                  "fmt -i makes it)",
                                  path);
    }
    if (f->in_place && same) {
        return TW_EXIT_CLEAN;
    }
    if (!tw_cli_write(f->in_place ? path : "-", text->str, text->len, &error)) {
        return tw_cli_fail_error(error);
    }
    return TW_EXIT_CLEAN;
}

int tw_verb_fmt(int argc, char **argv)
{
    Fmt f = {0};
    GOptionEntry entries[] = {
        {"check", 'c', 0, G_OPTION_ARG_NONE, &f.check,
         "Changes nothing; exit code 2 if a file is not in canonical form",
         NULL},
        {"lenient", 'l', 0, G_OPTION_ARG_NONE, &f.lenient,
         "Drops lines that it cannot parse, and prints their number", NULL},
        {"in-place", 'i', 0, G_OPTION_ARG_NONE, &f.in_place,
         "Changes the files instead of printing", NULL},
        G_OPTION_ENTRY_NULL,
    };
    int code = TW_EXIT_CLEAN;

    if (!tw_cli_options(&argc, &argv, "FILE...",
                        "Brings case files (\"-\": standard input) into "
                        "canonical form and prints them.\nComments are kept.",
                        entries, NULL)) {
        return TW_EXIT_USAGE;
    }
    if (argc < 2) {
        return tw_cli_fail(TW_EXIT_USAGE, "fmt: expected a file");
    }
    if (f.check && f.in_place) {
        return tw_cli_fail(TW_EXIT_USAGE,
                           "fmt: expected --check or --in-place, not both");
    }
    f.program = g_new(TwProgram, 1);
    for (int i = 1; i < argc; i++) {
        int one;

        if (f.in_place && strcmp(argv[i], "-") == 0) {
            code = tw_cli_fail(TW_EXIT_USAGE,
                               "-i: expected a file, not standard input");
            break;
        }
        one = format(&f, argv[i]);
        code = one ? one : code;
        if (one && !f.check) {
            break;
        }
    }
    g_free(f.program);
    return code;
}
