/* SPDX-License-Identifier: MIT */
/* twinwalk cover --fields: which values random programs give each field. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/verbs.h"
#include "fuzz/campaign/campaign.h"
#include "fuzz/generate/census.h"

enum { WIDTH = 79, INDENT = 24 };

/* "region.size             1: 20  2: 311 ...", in lines of WIDTH. */
static void print_field(const TwCensus *census, unsigned field)
{
    g_autoptr(GString) text = g_string_new(NULL);
    uint64_t programs;
    unsigned at = 0;
    int column = printf("%-*s", INDENT - 1, tw_census_name(census, field));

    while (tw_census_next(census, field, &at, text, &programs)) {
        g_string_append_printf(text, ": %" PRIu64, programs);
        if (column > INDENT && column + 2 + (int)text->len > WIDTH) {
            printf("\n%*s", INDENT - 1, "");
            column = INDENT - 1;
        }
        column += printf("%s%s", column < INDENT ? " " : "  ", text->str);
    }
    printf("%s\n", column < INDENT ? " never" : "");
}

static void print_table(const TwCensus *census, bool ran)
{
    printf("%" PRIu64 " programs; for each field its values, and how many "
           "programs have them\n\n",
           tw_census_programs(census));
    for (unsigned i = 0; i < tw_census_fields(census); i++) {
        if (ran || !g_str_has_prefix(tw_census_name(census, i), "run.")) {
            print_field(census, i);
        }
    }
}

static void print_json(const TwCensus *census, bool ran)
{
    g_autoptr(JsonBuilder) b = json_builder_new();
    g_autoptr(GString) text = g_string_new(NULL);

    json_builder_begin_object(b);
    tw_json_int(b, "programs", tw_census_programs(census));
    tw_json_array(b, "fields");
    for (unsigned i = 0; i < tw_census_fields(census); i++) {
        uint64_t programs;
        unsigned at = 0;

        if (!ran && g_str_has_prefix(tw_census_name(census, i), "run.")) {
            continue;
        }
        json_builder_begin_object(b);
        tw_json_string(b, "field", tw_census_name(census, i));
        tw_json_array(b, "values");
        while (tw_census_next(census, i, &at, text, &programs)) {
            json_builder_begin_object(b);
            tw_json_string(b, "value", text->str);
            tw_json_int(b, "programs", programs);
            json_builder_end_object(b);
        }
        json_builder_end_array(b);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
    tw_cli_json_print(b, NULL);
}

enum { SHOW_US = G_USEC_PER_SEC / 2, PLAIN_US = 30 * G_USEC_PER_SEC };

/* On a terminal from the start, else now and then; *shown: when it was. */
static void show_progress(uint64_t done, uint64_t all, gint64 *shown)
{
    bool terminal = isatty(STDERR_FILENO);
    gint64 now = g_get_monotonic_time();

    if (now - *shown < (terminal ? SHOW_US : PLAIN_US)) {
        return;
    }
    *shown = now;
    fprintf(stderr, "%s%" PRIu64 " of %" PRIu64 " programs%s",
            terminal ? "\r" : "", done, all, terminal ? "\033[K" : "\n");
    fflush(stderr);
}

int tw_cover_fields(const TwCliTarget *chosen, uint64_t programs, uint64_t seed,
                    unsigned profile, bool json)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autofree TwTrace *trace = g_new(TwTrace, 1);
    g_autoptr(TwCensus) census = tw_census_new();
    GError *error = NULL;
    TwTarget *target = tw_target_open(&chosen->options, &error);

    gint64 shown = isatty(STDERR_FILENO) ? 0 : g_get_monotonic_time();
    bool ran;

    if (target == NULL) {
        return tw_cli_fail_error(error);
    }
    ran = target->klass->peaks;
    for (uint64_t i = 0; i < programs; i++) {
        unsigned used;

        if ((i & 255) == 0) {
            show_progress(i, programs, &shown);
        }

        tw_campaign_program(program, seed, i, profile,
                            tw_target_dialect(target), NULL, &used);
        if (ran) {
            tw_target_run(target, program, trace);
        }
        tw_census_count(census, program, ran ? trace : NULL);
    }
    tw_target_close(target);
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r\033[K");
    }
    if (json) {
        print_json(census, ran);
    } else {
        print_table(census, ran);
    }
    return TW_EXIT_CLEAN;
}
