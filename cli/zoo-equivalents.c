/* SPDX-License-Identifier: MIT */
/*
 * zoo --equivalents: is anything reported that is right?  Runs random programs
 * on softmmu and on each equivalent (targets/zoo/equivalents.def); there must
 * be no finding.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/zoo.h"
#include "reports/measure/equivalents.h"

static void show_progress(const TwEquivalentsRun *run, void *data)
{
    double *last = data;
    bool terminal = isatty(STDERR_FILENO);

    if (run->seconds - *last < (terminal ? 0.5 : 30)) {
        return;
    }
    *last = run->seconds;
    fprintf(stderr, "%s%.0f s: %" PRIu64 " programs on each of %u%s",
            terminal ? "\r" : "", run->seconds, run->programs, run->n,
            terminal ? "\033[K" : "\n");
}

static void show(const TwEquivalentResult *result, const char *slug)
{
    printf("%-24s %10" PRIu64 " %10" PRIu64 "  ", slug, result->programs,
           result->judged);
    if (result->reported) {
        printf("REPORTED: %s %s, program %" PRIu64 "\n",
               tw_verdict_name(result->verdict), result->key, result->number);
    } else {
        printf("nothing\n");
    }
}

static void show_json(JsonBuilder *b, const TwEquivalentResult *result,
                      const char *slug)
{
    json_builder_begin_object(b);
    tw_json_string(b, "slug", slug);
    tw_json_int(b, "programs", result->programs);
    tw_json_int(b, "judged", result->judged);
    tw_json_bool(b, "reported", result->reported);
    if (result->reported) {
        tw_json_string(b, "verdict", tw_verdict_name(result->verdict));
        tw_json_string(b, "key", result->key);
        tw_json_int(b, "number", result->number);
    }
    json_builder_end_object(b);
}

static void show_text(const TwEquivalentsRun *run, const char *const *slugs,
                      unsigned reported)
{
    printf("%-24s %10s %10s  %s\n", "target", "programs", "judged", "reported");
    for (unsigned t = 0; t < run->n; t++) {
        show(&run->results[t], slugs[t]);
    }
    printf("%" PRIu64 " programs, %" PRIu64 " accesses on each, %.1f s%s\n",
           run->programs, run->accesses, run->seconds,
           run->interrupted ? ", interrupted" : "");
    printf("%u of %u reported\n", reported, run->n);
}

static void print_json(const TwEquivalentsRun *run, const char *const *slugs)
{
    g_autoptr(JsonBuilder) b = json_builder_new();

    json_builder_begin_array(b);
    for (unsigned t = 0; t < run->n; t++) {
        show_json(b, &run->results[t], slugs[t]);
    }
    json_builder_end_array(b);
    tw_cli_json_print(b, "equivalents");
}

/* The equivalents that are named, or all; false: there is none of that name. */
static bool choose(GPtrArray *slugs, char **named)
{
    unsigned n;
    const TwZooBug *all = tw_zoo_equivalents(&n);

    for (unsigned i = 0; !*named && i < n; i++) {
        g_ptr_array_add(slugs, (void *)all[i].slug);
    }
    for (; *named; named++) {
        unsigned i = 0;

        while (i < n && strcmp(all[i].slug, *named) != 0) {
            i++;
        }
        if (i == n) {
            tw_cli_fail(TW_EXIT_USAGE,
                        "--equivalents: expected the slug of an equivalent "
                        "(see twinwalk targets), not \"%s\"",
                        *named);
            return false;
        }
        if (!g_ptr_array_find(slugs, all[i].slug, NULL)) {
            g_ptr_array_add(slugs, (void *)all[i].slug);
        }
    }
    return true;
}

int tw_zoo_equivalent(const TwZooRun *zoo, char **named, uint64_t programs,
                      bool json)
{
    double last = 0;
    TwEquivalentsRun run = {.progress = show_progress, .data = &last};
    unsigned reported = 0;
    g_autoptr(GPtrArray) slugs = g_ptr_array_new();
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    GError *error = NULL;

    g_ptr_array_add(slugs, (void *)"softmmu");
    if (!choose(slugs, named)) {
        return TW_EXIT_USAGE;
    }
    for (unsigned i = 1; i < slugs->len; i++) {
        g_ptr_array_add(names, g_strconcat("zoo:", slugs->pdata[i], NULL));
    }
    if (!tw_equivalents_run(zoo, (const char *const *)names->pdata, names->len,
                            programs, &run, &error)) {
        return tw_cli_fail_error(error);
    }
    if (isatty(STDERR_FILENO)) {
        fputs("\r\033[K", stderr);
    }
    for (unsigned t = 0; t < run.n; t++) {
        reported += run.results[t].reported;
    }
    if (json) {
        print_json(&run, (const char *const *)slugs->pdata);
    } else {
        show_text(&run, (const char *const *)slugs->pdata, reported);
    }
    return reported ? TW_EXIT_FINDING : TW_EXIT_CLEAN;
}
