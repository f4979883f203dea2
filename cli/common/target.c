/* SPDX-License-Identifier: MIT */
/* Options that choose a target, and the parser of a verb's options; see
 * target.h. */
#include "cli/common/target.h"

#include <string.h>

#include "cli/common/exit.h"

static void add_target_options(GOptionContext *context, TwCliTarget *target)
{
    GOptionEntry entries[] = {
        {"target", 't', 0, G_OPTION_ARG_STRING, &target->name,
         "What is tested: softmmu (the default), zoo:SLUG, unicorn, "
         "unicorn:GUEST, unicorn-ab, unicorn-vtlb, exec:COMMAND",
         "NAME"},
        {"flush", 0, 0, G_OPTION_ARG_STRING, &target->flush,
         "What an IOMMU's UNMAP flushes (softmmu, zoo): all (the default) "
         "or page",
         "MODE"},
        {"hide-locations", 0, 0, G_OPTION_ARG_NONE, &target->hide_locations,
         "The target does not say where accesses went (softmmu, zoo)", NULL},
        {"check", 0, 0, G_OPTION_ARG_NONE, &target->check,
         "Tests the target's invariants after each operation (softmmu, zoo)",
         NULL},
        {"contract", 0, 0, G_OPTION_ARG_STRING, &target->contract,
         "How much is demanded (unicorn, unicorn-vtlb): documented (the "
         "default) or strict",
         "NAME"},
        {"timeout", 0, 0, G_OPTION_ARG_INT, &target->timeout_ms,
         "Time for one program (default 10000)", "MS"},
        G_OPTION_ENTRY_NULL,
    };

    memset(target, 0, sizeof(*target));
    g_option_context_add_main_entries(context, entries, NULL);
}

bool tw_cli_options(int *argc, char ***argv, const char *usage,
                    const char *summary, const GOptionEntry *entries,
                    TwCliTarget *target)
{
    g_autoptr(GOptionContext) context = g_option_context_new(usage);
    GError *error = NULL;

    g_option_context_set_summary(context, summary);
    g_option_context_add_main_entries(context, entries, NULL);
    if (target) {
        add_target_options(context, target);
    }
    if (!g_option_context_parse(context, argc, argv, &error)) {
        tw_cli_fail(TW_EXIT_USAGE, "%s (see %s --help)", error->message,
                    g_get_prgname());
        g_error_free(error);
        return false;
    }
    if (*argc > 1 && strcmp((*argv)[1], "--") == 0) {
        memmove(&(*argv)[1], &(*argv)[2], (size_t)(*argc - 1) * sizeof(char *));
        (*argc)--;
    }
    return true;
}

bool tw_cli_target_chosen(const TwCliTarget *target)
{
    return target->name || target->flush || target->hide_locations ||
           target->check || target->contract;
}

bool tw_cli_target_ready(TwCliTarget *target)
{
    TwTargetOptions *o = &target->options;

    memset(o, 0, sizeof(*o));
    if (!target->name) {
        target->name = g_strdup("softmmu");
    }
    o->name = target->name;
    if (!target->flush || strcmp(target->flush, "all") == 0) {
        o->flush = TW_FLUSH_ALL_ENTRIES;
    } else if (strcmp(target->flush, "page") == 0) {
        o->flush = TW_FLUSH_PAGES;
    } else {
        tw_cli_fail(TW_EXIT_USAGE, "--flush: expected all or page, not \"%s\"",
                    target->flush);
        return false;
    }
    if (target->contract && strcmp(target->contract, "strict") == 0) {
        o->strict = true;
    } else if (target->contract &&
               strcmp(target->contract, "documented") != 0) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "--contract: expected documented or strict, not \"%s\"",
                    target->contract);
        return false;
    }
    if (target->timeout_ms < 0) {
        tw_cli_fail(TW_EXIT_USAGE, "--timeout: expected milliseconds, 1 or "
                                   "more");
        return false;
    }
    o->hide_locations = target->hide_locations;
    o->check = target->check;
    o->timeout_ms = (uint32_t)target->timeout_ms;
    return true;
}

uint32_t tw_cli_target_patience(TwCliTarget *target, unsigned replays)
{
    uint32_t own = target->options.timeout_ms;

    if (g_str_has_prefix(target->name, "exec:")) {
        /* A run, and each time again a start and a run. */
        return (1 + 2 * replays) * (own ? own : 10000);
    }
    target->options.timeout_ms = 0;
    return own;
}

char *tw_cli_target_words(const TwCliTarget *target)
{
    g_autofree char *name = NULL;
    GString *words = g_string_new("--target ");

    if (strspn(target->name, "abcdefghijklmnopqrstuvwxyz0123456789-_:./") ==
        strlen(target->name)) {
        g_string_append(words, target->name);
    } else {
        name = g_shell_quote(target->name);
        g_strdelimit(name, "\n\r", ' ');
        g_string_append(words, name);
    }
    if (target->options.flush == TW_FLUSH_PAGES) {
        g_string_append(words, " --flush page");
    }
    if (target->hide_locations) {
        g_string_append(words, " --hide-locations");
    }
    if (target->check) {
        g_string_append(words, " --check");
    }
    if (target->options.strict) {
        g_string_append(words, " --contract strict");
    }
    if (target->timeout_ms) {
        g_string_append_printf(words, " --timeout %d", target->timeout_ms);
    }
    return g_string_free(words, FALSE);
}

void tw_cli_target_clear(TwCliTarget *target)
{
    g_clear_pointer(&target->name, g_free);
    g_clear_pointer(&target->flush, g_free);
    g_clear_pointer(&target->contract, g_free);
}
