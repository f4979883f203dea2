/* SPDX-License-Identifier: MIT */
/* --known and --no-known, and how known divergences are shown. */
#include "cli/common/known.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/common/common.h"

bool tw_cli_known_load(TwCliKnown *known)
{
    GError *error = NULL;

    if (known->off && !known->files) {
        return true;
    }
    known->list = known->off ? tw_known_new() : tw_known_new_builtin();
    for (char **file = known->files; file && *file; file++) {
        if (!tw_known_add_file(known->list, *file, &error)) {
            tw_cli_fail_error(error);
            return false;
        }
    }
    return true;
}

void tw_cli_known_clear(TwCliKnown *known)
{
    g_strfreev(known->files);
    tw_known_free(known->list);
}

static void today(GDate *day)
{
    g_date_clear(day, 1);
    g_date_set_time_t(day, time(NULL));
}

static bool is_expired(const TwKnownEntry *e)
{
    GDate day;

    today(&day);
    return g_date_compare(&e->expires, &day) < 0;
}

/* YYYY-MM-DD */
static void print_day(const GDate *day, char text[16])
{
    g_snprintf(text, 16, "%04u-%02u-%02u", g_date_get_year(day),
               g_date_get_month(day), g_date_get_day(day));
}

void tw_cli_known_tell_newer(const TwCliKnown *known)
{
    const char *line;

    for (unsigned i = 0; (line = tw_known_newer(known->list, i)); i++) {
        fprintf(stderr, "twinwalk: %s\n", line);
    }
}

void tw_cli_known_warn(const TwCliKnown *known)
{
    tw_cli_known_tell_newer(known);
    for (unsigned i = 0; i < tw_known_n_entries(known->list); i++) {
        const TwKnownEntry *e = tw_known_entry(known->list, i);
        char day[16];

        if (e->active && is_expired(e)) {
            print_day(&e->expires, day);
            fprintf(stderr,
                    "twinwalk: known divergence %s expired on %s: is it "
                    "still so? (%s)\n",
                    e->name, day, e->link);
        }
    }
}

static bool never_matches(uint64_t matched, uint64_t met)
{
    return matched == 0 && met >= TW_KNOWN_ENOUGH;
}

void tw_cli_known_table(const TwKnown *known, const uint64_t *matched,
                        const uint64_t *met, const char *unit)
{
    printf("  %-18s %10s  of %s that met its triggers\n", "", "matched", unit);
    for (unsigned i = 0; i < tw_known_n_entries(known); i++) {
        const TwKnownEntry *e = tw_known_entry(known, i);
        char day[16];

        if (!e->active) {
            continue;
        }
        printf("  %-18s %10" PRIu64 "  of %8" PRIu64 "  %s", e->name,
               matched[i], met[i],
               matched[i] ? e->reason
               : never_matches(matched[i], met[i])
                   ? "never matched: is it still correct?"
               : met[i] ? "not matched"
                        : "not met");
        if (is_expired(e)) {
            print_day(&e->expires, day);
            printf(" (expired %s)", day);
        }
        putchar('\n');
    }
}

void tw_cli_known_doubts(const TwKnown *known, const uint64_t *matched,
                         const uint64_t *met)
{
    for (unsigned i = 0; i < tw_known_n_entries(known); i++) {
        const TwKnownEntry *e = tw_known_entry(known, i);
        char day[16];

        if (!e->active ||
            !(is_expired(e) || never_matches(matched[i], met[i]))) {
            continue;
        }
        print_day(&e->expires, day);
        printf("  %s: %s%s%s\n", e->name,
               never_matches(matched[i], met[i])
                   ? "never matched: is it still correct?"
                   : "matched",
               is_expired(e) ? "; expired " : "", is_expired(e) ? day : "");
    }
}

void tw_cli_known_json(JsonBuilder *b, const TwKnown *known,
                       const uint64_t *matched, const uint64_t *met)
{
    json_builder_set_member_name(b, "known");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < tw_known_n_entries(known); i++) {
        const TwKnownEntry *e = tw_known_entry(known, i);
        char day[16];

        if (!e->active) {
            continue;
        }
        print_day(&e->expires, day);
        json_builder_begin_object(b);
        tw_json_string(b, "name", e->name);
        tw_json_int(b, "programs", matched[i]);
        tw_json_int(b, "met", met[i]);
        tw_json_bool(b, "never_matched", never_matches(matched[i], met[i]));
        tw_json_string(b, "expires", day);
        tw_json_string(b, "reason", e->reason);
        tw_json_string(b, "link", e->link);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

void tw_cli_known_json_expired(JsonBuilder *b, const TwKnown *known)
{
    json_builder_set_member_name(b, "expired");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < tw_known_n_entries(known); i++) {
        const TwKnownEntry *e = tw_known_entry(known, i);

        if (e->active && is_expired(e)) {
            json_builder_add_string_value(b, e->name);
        }
    }
    json_builder_end_array(b);
}
