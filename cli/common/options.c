/* SPDX-License-Identifier: MIT */
/* See options.h. */
#include "cli/common/options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/common/config.h"
#include "cli/common/exit.h"
#include "cli/common/near.h"
#include "cli/common/terminal.h"
#include "targets/classes/options.h"

enum { MAX_OPTIONS = 96 }; /* of one verb, with those of targets */

/* Words of the command line ------------------------------------------------ */

static bool takes_value(const GOptionEntry *e)
{
    return e->arg != G_OPTION_ARG_NONE && !(e->flags & G_OPTION_FLAG_NO_ARG);
}

/* The entry of a long name of `length` bytes, or of a letter. */
static const GOptionEntry *find_entry(const GOptionEntry *entries,
                                      const char *name, size_t length,
                                      char letter)
{
    for (const GOptionEntry *e = entries; e->long_name; e++) {
        if (letter ? e->short_name == letter
                   : strlen(e->long_name) == length &&
                         memcmp(e->long_name, name, length) == 0) {
            return e;
        }
    }
    return NULL;
}

/* glib takes words out of argv, so they belong to nobody: they are interned. */
static void add_word(GPtrArray *words, const char *word, size_t length)
{
    g_autofree char *copy = g_strndup(word, length);

    g_ptr_array_add(words, (void *)g_intern_string(copy));
}

/* Adds "-abc" as words that glib takes: -j4 is "-j" and "4".  Returns the entry
 * whose value is the next word, or NULL. */
static const GOptionEntry *add_letters(const GOptionEntry *entries,
                                       const char *word, GPtrArray *words)
{
    for (size_t i = 1; word[i]; i++) {
        const GOptionEntry *e = find_entry(entries, NULL, 0, word[i]);

        if (!e || !takes_value(e)) {
            continue;
        }
        if (!word[i + 1]) {
            break;
        }
        if (i > 1) {
            add_word(words, word, i);
        }
        add_word(words, (char[]){'-', word[i], '\0'}, 2);
        add_word(words, word + i + 1, strlen(word + i + 1));
        return NULL;
    }
    add_word(words, word, strlen(word));
    return find_entry(entries, NULL, 0, word[strlen(word) - 1]);
}

/*
 * Splits values from their letters.  The new words live as long as the process,
 * as those of main() do.  *jobs: --jobs is among the options.
 */
static void split_letters(int *argc, char ***argv, const GOptionEntry *entries,
                          bool *jobs)
{
    static GPtrArray *kept; /* of all calls: report and triage parse several */
    GPtrArray *words = g_ptr_array_new();

    kept = kept ? kept : g_ptr_array_new();
    g_ptr_array_add(kept, words);
    for (int i = 0; i < *argc; i++) {
        const char *word = (*argv)[i];
        const GOptionEntry *e = NULL;

        if (i == 0 || word[0] != '-' || word[1] == '\0') {
            add_word(words, word, strlen(word));
        } else if (strcmp(word, "--") == 0) {
            for (; i < *argc; i++) {
                add_word(words, (*argv)[i], strlen((*argv)[i]));
            }
            break;
        } else if (word[1] == '-') {
            size_t length = strcspn(word + 2, "=");

            e = find_entry(entries, word + 2, length, '\0');
            *jobs |= e && strcmp(e->long_name, "jobs") == 0;
            e = word[2 + length] == '=' ? NULL : e;
            add_word(words, word, strlen(word));
        } else {
            *jobs |= word[1] == 'j';
            e = add_letters(entries, word, words);
        }
        if (e && takes_value(e) && i + 1 < *argc) {
            i++;
            add_word(words, (*argv)[i], strlen((*argv)[i]));
        }
    }
    *argc = (int)words->len;
    g_ptr_array_add(words, NULL);
    *argv = (char **)words->pdata;
}

/* Help --------------------------------------------------------------------- */

/* Where the description of an option begins in a line of --help; 0: there is
 * none. */
static size_t description_at(const char *line, size_t length)
{
    size_t i = 0;

    if (strncmp(line, "  -", 3) != 0) {
        return 0;
    }
    for (i = 3; i + 2 < length; i++) {
        if (line[i] == ' ' && line[i + 1] == ' ') {
            while (i < length && line[i] == ' ') {
                i++;
            }
            return i;
        }
    }
    return 0;
}

/* Where to break a text at a blank so that at most `width` columns come before;
 * 0: nowhere behind `least`. */
static size_t break_at(const char *text, size_t width, size_t least)
{
    size_t at = width;

    while (at > least && text[at] != ' ') {
        at--;
    }
    return at > least ? at : 0;
}

/* Prints a line of at most `width` columns; the rest comes under its
 * description. */
static void print_line(const char *line, size_t length, size_t width)
{
    size_t indent = description_at(line, length);
    size_t least = indent, at;

    if (indent + 30 > width) { /* too narrow for two columns */
        indent = least = 8;
    }
    while (length > width && width > 8 &&
           (at = break_at(line, width, least)) > 0) {
        printf("%.*s\n%*s", (int)at, line, (int)indent, "");
        line += at + 1;
        length -= at + 1;
        width -= least > 0 ? indent : 0; /* from the second line on */
        least = 0;
    }
    printf("%.*s\n", (int)length, line);
}

/* glib writes "[OPTION", an ellipsis and "]", which an ASCII terminal shows as
 * "[OPTION?]". */
static void print_help(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "\xe2\x80\xa6", 2);
    g_autofree char *plain = g_strjoinv("...", parts);
    size_t width = tw_cli_width(STDOUT_FILENO);
    const char *line = plain;

    while (*line) {
        size_t length = strcspn(line, "\n");

        if (width > 0) {
            print_line(line, length, width);
        } else {
            printf("%.*s\n", (int)length, line);
        }
        line += length + (line[length] == '\n');
    }
}

/* Errors ------------------------------------------------------------------- */

/* One line about an option that is wrong. */
static void explain_error(const GError *error, const GOptionEntry *entries)
{
    const char *names[MAX_OPTIONS + 1] = {NULL};
    const char *unknown = "Unknown option --",
               *number = "Cannot parse integer value ",
               *missing = "Missing argument for ";
    g_autofree char *mean = NULL;

    if (g_str_has_prefix(error->message, unknown)) {
        const char *word = error->message + strlen(unknown);

        for (unsigned i = 0; entries[i].long_name; i++) {
            names[i] = entries[i].long_name;
        }
        if (tw_cli_near(word, names)) {
            mean = g_strdup_printf("; did you mean --%s?",
                                   tw_cli_near(word, names));
        }
        tw_cli_fail(TW_EXIT_USAGE, "unknown option --%s%s (see %s --help)",
                    word, mean ? mean : "", g_get_prgname());
    } else if (g_str_has_prefix(error->message, number) &&
               strstr(error->message, " for ")) {
        const char *value = error->message + strlen(number);
        const char *option = g_strrstr(error->message, " for ");

        tw_cli_fail(TW_EXIT_USAGE, "%s: expected a whole number, not \"%.*s\"",
                    option + strlen(" for "), (int)(option - value) - 6,
                    value + 3); /* curly quotes */
    } else if (g_str_has_prefix(error->message, missing)) {
        tw_cli_fail(TW_EXIT_USAGE, "%s: expected a value (see %s --help)",
                    error->message + strlen(missing), g_get_prgname());
    } else {
        bool ours = error->domain == TW_TARGET_ERROR;

        tw_cli_fail(TW_EXIT_USAGE, ours ? "%s" : "%s (see %s --help)",
                    error->message, g_get_prgname());
    }
}

/* Parsing ------------------------------------------------------------------ */

/* All entries in one table, which the caller frees. */
static GOptionEntry *all_entries(const GOptionEntry *entries,
                                 const GArray *of_target)
{
    GOptionEntry *all = g_new0(GOptionEntry, MAX_OPTIONS + 1);
    unsigned n = 0;

    for (; entries->long_name; entries++) {
        g_assert(n < MAX_OPTIONS);
        all[n++] = *entries;
    }
    for (unsigned i = 0; i < of_target->len; i++) {
        g_assert(n < MAX_OPTIONS);
        all[n++] = g_array_index(of_target, GOptionEntry, i);
    }
    return all;
}

/* The first entry that chooses a target is --target: it stands among the verb's
 * own. */
static void add_target(GOptionContext *context, const GArray *of_target,
                       TwCliTarget *target)
{
    GOptionEntry first[] = {g_array_index(of_target, GOptionEntry, 0),
                            G_OPTION_ENTRY_NULL};
    GOptionGroup *group = g_option_group_new(
        "target",
        "Options of targets (in brackets the targets that take them):",
        "Shows the options of targets", target, NULL);

    g_option_context_add_main_entries(context, first, NULL);
    for (unsigned i = 1; i < of_target->len; i++) {
        GOptionEntry one[] = {g_array_index(of_target, GOptionEntry, i),
                              G_OPTION_ENTRY_NULL};

        g_option_group_add_entries(group, one);
    }
    g_option_context_add_group(context, group);
}

bool tw_cli_options(int *argc, char ***argv, const char *usage,
                    const char *summary, const GOptionEntry *entries,
                    TwCliTarget *target)
{
    g_autoptr(GOptionContext) context = g_option_context_new(usage);
    g_autoptr(GArray) of_target =
        g_array_new(FALSE, FALSE, sizeof(GOptionEntry));
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autofree GOptionEntry *all = NULL;
    g_autoptr(GError) error = NULL;
    bool jobs = false;

    g_set_print_handler(print_help);
    g_option_context_set_summary(context, summary);
    g_option_context_set_main_group(
        context, g_option_group_new("main", "", "", target, NULL));
    g_option_context_add_main_entries(context, entries, NULL);
    if (target) {
        tw_cli_target_entries(target, of_target, texts);
        add_target(context, of_target, target);
    }
    all = all_entries(entries, of_target);
    split_letters(argc, argv, all, &jobs);
    if (!g_option_context_parse(context, argc, argv, &error)) {
        explain_error(error, all);
        return false;
    }
    if (!tw_cli_config(entries, target, jobs) ||
        (target && !tw_cli_target_exists(target->name))) {
        return false;
    }
    if (target) {
        target->timeout_ms = target->options.timeout_ms;
    }
    if (*argc > 1 && strcmp((*argv)[1], "--") == 0) {
        memmove(&(*argv)[1], &(*argv)[2], (size_t)(*argc - 1) * sizeof(char *));
        (*argc)--;
    }
    return true;
}
