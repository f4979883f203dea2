/* SPDX-License-Identifier: MIT */
/* Options that choose a target, and the parser of a verb's options; see
 * target.h. */
#include "cli/common/target.h"

#include <stdio.h>
#include <string.h>

#include "cli/common/exit.h"
#include "targets/classes/options.h"

static void note(TwCliTarget *target, const char *option)
{
    if (!target->given) {
        target->given = g_hash_table_new(g_str_hash, g_str_equal);
    }
    g_hash_table_add(target->given, (void *)option);
}

static gboolean take_name(const char *option, const char *value, void *data,
                          GError **error)
{
    (void)option;
    (void)error;
    note(data, "target");
    tw_cli_target_set_name(data, value);
    return TRUE;
}

/* An option of a table, found by its name on the command line. */
static gboolean take_option(const char *name, const char *value, void *data,
                            GError **error)
{
    const TwTargetOption *rows[TW_MAX_TARGET_OPTIONS];
    unsigned n = tw_target_options_all(rows), i = 0;
    TwCliTarget *target = data;

    while (i < n && strcmp(rows[i]->name, name + strlen("--")) != 0) {
        i++;
    }
    g_assert(i < n);
    note(target, rows[i]->name);
    return tw_target_option_set(&target->options, rows[i], value, error);
}

/* "softmmu (the default), zoo:SLUG, ...". */
static char *target_help(void)
{
    const TwTargetClass *const *classes = tw_target_classes();
    GString *help = g_string_new("The target: ");

    for (unsigned i = 0; classes[i]; i++) {
        g_string_append_printf(help, "%s%s%s", i ? ", " : "",
                               classes[i]->forms ? classes[i]->forms
                                                 : classes[i]->name,
                               i ? "" : " (the default)");
    }
    return g_string_free(help, FALSE);
}

static char *option_help(const TwTargetOption *row)
{
    g_autofree char *classes = tw_target_option_classes(row);

    return row->any_target ? g_strdup(row->help)
                           : g_strdup_printf("%s (%s)", row->help, classes);
}

/* `texts` keeps what the entries show. */
static void add_target_options(GOptionContext *context, GPtrArray *texts)
{
    const TwTargetOption *rows[TW_MAX_TARGET_OPTIONS];
    unsigned n = tw_target_options_all(rows);
    GOptionEntry entries[TW_MAX_TARGET_OPTIONS + 2] = {
        {"target", 't', 0, G_OPTION_ARG_CALLBACK, take_name, target_help(),
         "NAME"},
    };

    g_ptr_array_add(texts, (void *)entries[0].description);
    for (unsigned i = 0; i < n; i++) {
        bool plain = rows[i]->type == TW_TARGET_SWITCH;

        entries[1 + i] = (GOptionEntry){rows[i]->name,
                                        0,
                                        plain ? G_OPTION_FLAG_NO_ARG : 0,
                                        G_OPTION_ARG_CALLBACK,
                                        take_option,
                                        option_help(rows[i]),
                                        rows[i]->value};
        g_ptr_array_add(texts, (void *)entries[1 + i].description);
    }
    g_option_context_add_main_entries(context, entries, NULL);
}

/* glib writes "[OPTION", an ellipsis and "]", which an ASCII terminal shows as
 * "[OPTION?]". */
static void print_help(const char *text)
{
    static const char ellipsis[] = "\xe2\x80\xa6";
    const char *there = strstr(text, ellipsis);

    if (there) {
        printf("%.*s...", (int)(there - text), text);
        text = there + strlen(ellipsis);
    }
    fputs(text, stdout);
}

bool tw_cli_options(int *argc, char ***argv, const char *usage,
                    const char *summary, const GOptionEntry *entries,
                    TwCliTarget *target)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GOptionContext) context = g_option_context_new(usage);
    GError *error = NULL;

    g_set_print_handler(print_help);
    g_option_context_set_summary(context, summary);
    g_option_context_set_main_group(
        context, g_option_group_new("main", "", "", target, NULL));
    g_option_context_add_main_entries(context, entries, NULL);
    if (target) {
        memset(target, 0, sizeof(*target));
        tw_cli_target_set_name(target, tw_target_classes()[0]->name);
        add_target_options(context, texts);
    }
    if (!g_option_context_parse(context, argc, argv, &error)) {
        bool ours = error->domain == TW_TARGET_ERROR;

        tw_cli_fail(TW_EXIT_USAGE, ours ? "%s" : "%s (see %s --help)",
                    error->message, g_get_prgname());
        g_error_free(error);
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

bool tw_cli_target_given(const TwCliTarget *target, const char *option)
{
    return target->given && g_hash_table_contains(target->given, option);
}

bool tw_cli_target_chosen(const TwCliTarget *target)
{
    const TwTargetOption *rows[TW_MAX_TARGET_OPTIONS];
    unsigned n = tw_target_options_all(rows);

    for (unsigned i = 0; i < n; i++) {
        if (!rows[i]->any_target &&
            tw_cli_target_given(target, rows[i]->name)) {
            return true;
        }
    }
    return tw_cli_target_given(target, "target");
}

void tw_cli_target_set_name(TwCliTarget *target, const char *name)
{
    char *before = target->name;

    target->name = g_strdup(name);
    target->options.name = target->name;
    g_free(before);
}

uint32_t tw_cli_target_patience(TwCliTarget *target)
{
    const TwTargetClass *klass = tw_target_class_of(target->name);
    uint32_t own = target->options.timeout_ms;

    if (!klass || !klass->elsewhere) {
        target->options.timeout_ms = 0;
    }
    return own;
}

char *tw_cli_target_words(const TwCliTarget *target)
{
    TwTargetOptions options = target->options;

    options.timeout_ms = target->timeout_ms;
    return tw_target_options_words(&options);
}

void tw_cli_target_clear(TwCliTarget *target)
{
    g_clear_pointer(&target->name, g_free);
    g_clear_pointer(&target->given, g_hash_table_unref);
}
