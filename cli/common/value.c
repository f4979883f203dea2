/* SPDX-License-Identifier: MIT */
/* Values of options; see value.h. */
#include "cli/common/value.h"

#include <string.h>

#include "cli/common/exit.h"
#include "fuzz/generate/generate.h"
#include "fuzz/run/runner.h"

bool tw_cli_times(const char *option, int times)
{
    if (times < 1 || times > TW_MAX_REPLAYS) {
        tw_cli_fail(TW_EXIT_USAGE, "%s: expected 1 to %d, not %d", option,
                    TW_MAX_REPLAYS, times);
        return false;
    }
    return true;
}

bool tw_cli_number(const char *option, const char *text, uint64_t *number)
{
    bool hex = g_str_has_prefix(text, "0x");
    guint64 value;

    if (!g_ascii_string_to_unsigned(hex ? text + 2 : text, hex ? 16 : 10, 0,
                                    G_MAXINT64, &value, NULL)) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "%s: expected a number from 0 to 2^63 - 1, not \"%s\"",
                    option, text);
        return false;
    }
    *number = value;
    return true;
}

bool tw_cli_seconds(const char *option, const char *text, uint32_t *seconds)
{
    size_t length = strlen(text);
    g_autofree char *digits = NULL;
    unsigned unit = 1;
    guint64 value;

    if (length > 1 && strchr("smh", text[length - 1])) {
        unit = text[length - 1] == 'm'   ? 60
               : text[length - 1] == 'h' ? 3600
                                         : 1;
        length--;
    }
    digits = g_strndup(text, length);
    if (!g_ascii_string_to_unsigned(digits, 10, 1, 1000000, &value, NULL)) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "%s: expected a time such as 90, 90s, 5m or 2h, not "
                    "\"%s\"",
                    option, text);
        return false;
    }
    *seconds = (uint32_t)value * unit;
    return true;
}

bool tw_cli_profile(const char *text, bool all, unsigned *profile)
{
    g_autoptr(GString) names = NULL;

    *profile = tw_profile_find(text);
    if (*profile < TW_PROFILES || (all && strcmp(text, "all") == 0)) {
        return true;
    }
    names = g_string_new(NULL);
    for (unsigned i = 0; i < TW_PROFILES; i++) {
        g_string_append_printf(names, "%s%s", i ? ", " : "",
                               tw_profile_name(i));
    }
    tw_cli_fail(TW_EXIT_USAGE, "--profile: expected %s%s, not \"%s\"",
                names->str, all ? " or all" : "", text);
    return false;
}

char *tw_cli_profile_help(bool all, unsigned the_default)
{
    GString *help = g_string_new("Kind of programs: ");

    for (unsigned i = 0; i < TW_PROFILES; i++) {
        g_string_append_printf(help, "%s%s%s", i ? ", " : "",
                               tw_profile_name(i),
                               i == the_default ? " (the default)" : "");
    }
    if (all) {
        g_string_append_printf(help, ", or all%s: each in turn",
                               the_default == TW_PROFILES ? " (the default)"
                                                          : "");
    }
    return g_string_free(help, FALSE);
}

char *tw_cli_wish_name(uint32_t wish)
{
    GString *name;
    TwSituation situation;

    if (wish >= TW_SITUATIONS) {
        return NULL;
    }
    situation = tw_situation_of(wish);
    name = g_string_new(NULL);
    for (unsigned d = 0; d < TW_MET_DIMENSIONS; d++) {
        g_string_append_printf(name, "%s%s", d ? ":" : "",
                               tw_situation_name(d, situation.is[d]));
    }
    return g_string_free(name, FALSE);
}

bool tw_cli_wish(const char *text, uint32_t *wish)
{
    g_auto(GStrv) words = g_strsplit(text, ":", 0);
    TwSituation situation;

    if (g_strv_length(words) != TW_MET_DIMENSIONS) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "--wish: expected ACCESS:LEAF:DEPTH:CHANGE:ENDING, "
                    "not \"%s\"",
                    text);
        return false;
    }
    for (unsigned d = 0; d < TW_MET_DIMENSIONS; d++) {
        unsigned value = 0;

        while (value < tw_situation_values(d) &&
               strcmp(words[d], tw_situation_name(d, value)) != 0) {
            value++;
        }
        if (value == tw_situation_values(d)) {
            tw_cli_fail(TW_EXIT_USAGE,
                        "--wish: expected a name of dimension %s, not \"%s\"",
                        tw_situation_dimension(d), words[d]);
            return false;
        }
        situation.is[d] = (uint8_t)value;
    }
    if (!tw_situation_possible(&situation)) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "--wish: expected a possible situation, not %s", text);
        return false;
    }
    if (tw_situation_needs_tables(&situation)) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "--wish: expected a situation that needs no tables in RAM "
                    "and no IOTLB, not %s",
                    text);
        return false;
    }
    *wish = tw_situation_number(&situation);
    return true;
}

const TwHarnessInfo *tw_cli_harness(const char *name, const char *others)
{
    const TwHarnessInfo *h = tw_harness_find(name);
    g_autoptr(GString) names = g_string_new(NULL);

    if (h) {
        return h;
    }
    for (const TwHarnessInfo *i = tw_harnesses; i->name; i++) {
        g_string_append_printf(names, "%s%s", names->len ? ", " : "", i->name);
    }
    tw_cli_fail(TW_EXIT_USAGE, "--harness: expected %s%s%s, not \"%s\"",
                names->str, others ? ", or " : "", others ? others : "", name);
    return NULL;
}
