/* SPDX-License-Identifier: MIT */
/* twinwalk new target: writes the beginning of a target in another process,
 * which runs at once (cli/skeleton). */
#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "cli/common/file.h"
#include "cli/verbs.h"

/* The name that the skeletons have. */
#define PLACEHOLDER "my-target"

enum { FILES = 2, LONGEST = 60 };

static const struct {
    const char *language;
    struct {
        const char *name, *text;
        bool runs; /* it is a program */
    } files[FILES];
    const char *build; /* the first command, after which the other files stand,
                        * with the name in place of %s; or NULL */
    const char *command; /* likewise, in the folder that holds the target's */
} skeletons[] = {
    {"python",
     {{"target.py",
#include <skeleton-target-py.inc>
       , true},
      {"README.md",
#include <skeleton-python.inc>
       , false}},
     NULL,
     "exec:./%s/target.py"},
    {"c",
     {{"target.c",
#include <skeleton-target-c.inc>
       , false},
      {"README.md",
#include <skeleton-c.inc>
       , false}},
     "cc -Wall -Wextra -O2 %s/target.c -o %s/target",
     "exec:./%s/target"},
};

/* The name stands in file names, commands and C strings. */
static bool name_ready(const char *name)
{
    size_t n = strlen(name);

    if (n >= 1 && n <= LONGEST && g_ascii_isalnum(name[0]) &&
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                     "0123456789-_.") == n) {
        return true;
    }
    tw_cli_fail(TW_EXIT_USAGE,
                "new: expected a name of 1 to %d letters, digits, '-', '_' and "
                "'.', with a letter or digit first, not \"%.80s\"",
                LONGEST, name);
    return false;
}

static bool write_file(const char *folder, unsigned s, unsigned f,
                       const char *name, GError **error)
{
    g_autofree char *path =
        g_build_filename(folder, skeletons[s].files[f].name, NULL);
    g_auto(GStrv) parts =
        g_strsplit(skeletons[s].files[f].text, PLACEHOLDER, -1);
    g_autofree char *text = g_strjoinv(name, parts);

    if (!tw_cli_write(path, text, strlen(text), error)) {
        return false;
    }
    if (skeletons[s].files[f].runs && g_chmod(path, 0755) != 0) {
        g_set_error(error, TW_TEXT_ERROR, TW_TEXT_ERROR_IO,
                    "%s: expected to make it executable: %s", path,
                    g_strerror(errno));
        return false;
    }
    return true;
}

/* Either the whole folder is there afterwards, or nothing. */
static int write_all(unsigned s, const char *out, const char *name)
{
    g_autofree char *folder = g_build_filename(out, name, NULL);
    GError *error = NULL;

    if (g_mkdir_with_parents(out, 0777) != 0 || g_mkdir(folder, 0777) != 0) {
        return tw_cli_fail(TW_EXIT_USAGE,
                           "new: %s: expected to make a new folder: %s", folder,
                           g_strerror(errno));
    }
    for (unsigned f = 0; f < FILES; f++) {
        if (write_file(folder, s, f, name, &error)) {
            continue;
        }
        for (unsigned k = 0; k < FILES; k++) {
            g_autofree char *path =
                g_build_filename(folder, skeletons[s].files[k].name, NULL);

            g_unlink(path);
        }
        g_rmdir(folder);
        return tw_cli_fail_error(error);
    }
    return TW_EXIT_CLEAN;
}

/* What was written, and what to do next, in the folder that holds it. */
static void say_next(unsigned s, const char *out, const char *name)
{
    g_auto(GStrv) parts = g_strsplit(skeletons[s].command, "%s", -1);
    g_autofree char *command = g_strjoinv(name, parts);

    for (unsigned f = 0; f < FILES; f++) {
        printf("%s%s%s/%s\n", out, g_str_has_suffix(out, "/") ? "" : "/", name,
               skeletons[s].files[f].name);
    }
    printf("next, in %s:\n", out);
    if (skeletons[s].build) {
        g_auto(GStrv) words = g_strsplit(skeletons[s].build, "%s", -1);
        g_autofree char *build = g_strjoinv(name, words);

        printf("  %s\n", build);
    }
    printf("  twinwalk run --target %s --programs 2000\n", command);
    printf("  twinwalk conform --target %s\n", command);
}

int tw_verb_new(int argc, char **argv)
{
    char *language = NULL, *out = NULL;
    unsigned s = 0;
    int code = TW_EXIT_USAGE;
    GOptionEntry entries[] = {
        {"language", 0, 0, G_OPTION_ARG_STRING, &language,
         "Language of the program: python (the default) or c", "NAME"},
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &out,
         "Makes the new folder in this one (default .)", "DIR"},
        G_OPTION_ENTRY_NULL,
    };

    if (!tw_cli_options(
            &argc, &argv, "target NAME",
            "Writes the folder NAME with a small target of its own and a "
            "README. The target runs\nat once, as exec:./NAME/target.py or, "
            "after the compiler, exec:./NAME/target.\nReplace its memory "
            "system by yours.",
            entries, NULL)) {
        goto done;
    }
    while (language && s < G_N_ELEMENTS(skeletons) &&
           strcmp(skeletons[s].language, language) != 0) {
        s++;
    }
    if (argc != 3 || strcmp(argv[1], "target") != 0) {
        tw_cli_fail(
            TW_EXIT_USAGE,
            "new: expected the word target and a name: new target NAME");
    } else if (s == G_N_ELEMENTS(skeletons)) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "--language: expected python or c, not \"%.80s\"",
                    language);
    } else if (name_ready(argv[2])) {
        code = write_all(s, out ? out : ".", argv[2]);
        if (code == TW_EXIT_CLEAN) {
            say_next(s, out ? out : ".", argv[2]);
        }
    }
done:
    g_free(language);
    g_free(out);
    return code;
}
