/* SPDX-License-Identifier: MIT */
/* Options that choose a target; see target.h. */
#include "cli/common/target.h"

#include <stdio.h>
#include <string.h>

#include "cli/common/exit.h"
#include "cli/common/near.h"
#include "targets/classes/options.h"
#include "targets/zoo/zoo.h"

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

static char *option_help(const TwTargetOption *row)
{
    g_autofree char *classes = tw_target_option_classes(row);

    return row->any_target ? g_strdup(row->help)
                           : g_strdup_printf("%s (%s)", row->help, classes);
}

void tw_cli_target_entries(TwCliTarget *target, GArray *entries,
                           GPtrArray *texts)
{
    const TwTargetOption *rows[TW_MAX_TARGET_OPTIONS];
    unsigned n = tw_target_options_all(rows);
    GOptionEntry first = {
        "target",
        't',
        0,
        G_OPTION_ARG_CALLBACK,
        take_name,
        "The target, such as unicorn or qemu-aarch64 (default: softmmu, the "
        "built-in one; twinwalk targets lists all, --help-target shows their "
        "options)",
        "NAME"};

    memset(target, 0, sizeof(*target));
    tw_cli_target_set_name(target, tw_target_classes()[0]->name);
    g_array_append_val(entries, first);
    for (unsigned i = 0; i < n; i++) {
        bool plain = rows[i]->type == TW_TARGET_SWITCH;
        GOptionEntry entry = {rows[i]->name,
                              0,
                              plain ? G_OPTION_FLAG_NO_ARG : 0,
                              G_OPTION_ARG_CALLBACK,
                              take_option,
                              option_help(rows[i]),
                              rows[i]->value};

        g_ptr_array_add(texts, (void *)entry.description);
        g_array_append_val(entries, entry);
    }
}

/* The bug or mutant of the zoo with a name like this, or NULL. */
static const char *near_slug(const char *slug)
{
    const TwZooBug *(*const lists[])(unsigned *) = {
        tw_zoo_bugs, tw_zoo_mutants, tw_zoo_equivalents, tw_zoo_cells};
    g_autoptr(GPtrArray) slugs = g_ptr_array_new();

    for (unsigned l = 0; l < G_N_ELEMENTS(lists); l++) {
        unsigned n;
        const TwZooBug *bugs = lists[l](&n);

        for (unsigned i = 0; i < n; i++) {
            if (strcmp(bugs[i].slug, slug) == 0) {
                return NULL;
            }
            g_ptr_array_add(slugs, (void *)bugs[i].slug);
        }
    }
    g_ptr_array_add(slugs, NULL);
    return tw_cli_near(slug, (const char *const *)slugs->pdata);
}

bool tw_cli_target_exists(const char *name)
{
    const TwTargetClass *const *classes = tw_target_classes();
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    size_t length = strcspn(name, ":");
    g_autofree char *klass = g_strndup(name, length);
    const char *near;

    if (tw_target_class_of(name)) {
        near = strcmp(klass, "zoo") == 0 && name[length]
                   ? near_slug(name + length + 1)
                   : NULL;
        if (near) {
            tw_cli_fail(TW_EXIT_USAGE,
                        "unknown target \"%s\": expected one that twinwalk "
                        "targets lists; did you mean zoo:%s?",
                        name, near);
        }
        return !near;
    }
    for (unsigned i = 0; classes[i]; i++) {
        g_ptr_array_add(names, (void *)classes[i]->name);
    }
    g_ptr_array_add(names, NULL);
    near = tw_cli_near(klass, (const char *const *)names->pdata);
    tw_cli_fail(TW_EXIT_USAGE,
                "unknown target \"%s\": expected one that twinwalk targets "
                "lists%s%s%s",
                name, near ? "; did you mean " : "", near ? near : "",
                near ? "?" : "");
    return false;
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
