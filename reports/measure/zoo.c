/* SPDX-License-Identifier: MIT */
/* See zoo.h. */
#include "reports/measure/zoo.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_PROGRAMS = 500,
    MORE_PROGRAMS = 4, /* times as many if that was not enough */
};

unsigned tw_zoo_profile(const char *name)
{
    return strstr(name, "misses:") ? TW_PROFILE_COMMANDS : TW_PROFILES;
}

/* One finding -------------------------------------------------------------- */

/* The case with the lowest number; false: there is none. */
static bool first_case(const TwCampaignResult *result, TwCampaignCase *first)
{
    bool any = false;

    for (unsigned k = 0; k < result->keys->len; k++) {
        const TwCampaignKey *key = g_ptr_array_index(result->keys, k);
        const TwCampaignCase *c = &g_array_index(key->cases, TwCampaignCase, 0);

        if (!any || c->number < first->number) {
            *first = *c;
            any = true;
        }
    }
    return any;
}

bool tw_zoo_catch(const TwZooRun *zoo, const TwZooBug *bug, TwZooCaught *caught,
                  GError **error)
{
    g_autofree char *name = g_strdup_printf("zoo:%s", bug->slug);
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    TwCampaignOptions options = {
        .target = zoo->target,
        .profile = tw_zoo_profile(name),
        .seed = zoo->seed,
        .seconds = zoo->seconds,
        .jobs = zoo->jobs,
        .stop_at_finding = true,
        .stop = zoo->stop,
    };
    g_autoptr(TwRunner) runner = NULL;
    TwCampaignResult result;
    TwShrink shrink = {.jobs = zoo->jobs, .expect = caught->first.finding.key};
    TwShrunk shrunk;
    TwFinding again;
    bool ok;

    memset(caught, 0, sizeof(*caught));
    options.target.name = name;
    options.target.check |= strcmp(bug->shown, "check") == 0;
    if (strcmp(bug->shown, "page") == 0) {
        options.target.flush = TW_FLUSH_PAGES;
    }
    ok = tw_campaign_run(&options, NULL, NULL, &result, error);
    caught->seconds = result.seconds;
    caught->found = ok && first_case(&result, &caught->first);
    tw_campaign_result_clear(&result);
    if (!caught->found) {
        return ok;
    }
    caught->fits = tw_zoo_expects(bug, caught->first.finding.verdict);
    runner = tw_runner_new(&options.target, error);
    if (!runner) {
        return false;
    }
    tw_campaign_program(program, zoo->seed, caught->first.number,
                        tw_zoo_profile(name), tw_runner_dialect(runner), NULL,
                        NULL);
    if (!tw_run_isolated(&options.target, program, 0, &again, error)) {
        return false;
    }
    caught->replays = strcmp(again.key, caught->first.finding.key) == 0;
    shrink.target = options.target;
    if (!tw_shrink(&shrink, tw_runner_dialect(runner), program, &shrunk,
                   error)) {
        return false;
    }
    caught->shrunk = shrunk.stats;
    caught->shrinks =
        shrunk.same && shrunk.stats.ops_after < shrunk.stats.ops_before;
    return true;
}

/* Many findings ------------------------------------------------------------ */

static uint64_t count_cases(const TwCampaignResult *result)
{
    uint64_t n = 0;

    for (unsigned k = 0; k < result->keys->len; k++) {
        n += ((const TwCampaignKey *)g_ptr_array_index(result->keys, k))
                 ->cases->len;
    }
    return n;
}

bool tw_zoo_hunt(const TwZooRun *zoo, const char *name, unsigned n,
                 uint64_t *programs, TwCampaignResult *result, GError **error)
{
    TwCampaignOptions options = {
        .target = zoo->target,
        .profile = tw_zoo_profile(name),
        .seed = zoo->seed,
        .programs = FIRST_PROGRAMS,
        .seconds = zoo->seconds,
        .jobs = zoo->jobs,
        .cases_per_key = n,
        .stop = zoo->stop,
    };

    options.target.name = name;
    for (;;) {
        if (!tw_campaign_run(&options, NULL, NULL, result, error)) {
            return false;
        }
        *programs = options.programs;
        if (count_cases(result) >= n || result->seconds >= zoo->seconds ||
            *zoo->stop || options.programs > UINT64_MAX / MORE_PROGRAMS) {
            return true;
        }
        options.programs *= MORE_PROGRAMS;
        tw_campaign_result_clear(result);
    }
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = (*(const TwCampaignCase *const *)a)->number;
    uint64_t y = (*(const TwCampaignCase *const *)b)->number;

    return (x > y) - (x < y);
}

/* The first case of each key, by their numbers, then the second of each, ... */
static GPtrArray *choose(const TwCampaignResult *result, unsigned n)
{
    GPtrArray *chosen = g_ptr_array_new();
    bool more = true;

    for (unsigned rank = 0; more; rank++) {
        g_autoptr(GPtrArray) row = g_ptr_array_new();

        for (unsigned k = 0; k < result->keys->len; k++) {
            const TwCampaignKey *key = g_ptr_array_index(result->keys, k);

            if (tw_verdict_is_finding(key->verdict) && rank < key->cases->len) {
                g_ptr_array_add(
                    row, &g_array_index(key->cases, TwCampaignCase, rank));
            }
        }
        more = row->len > 0;
        if (more) {
            qsort(row->pdata, row->len, sizeof(gpointer), by_number);
        }
        for (unsigned i = 0; i < row->len && chosen->len < n; i++) {
            g_ptr_array_add(chosen, row->pdata[i]);
        }
        more = more && chosen->len < n;
    }
    return chosen;
}

bool tw_zoo_shrink(const TwZooRun *zoo, const char *name, unsigned n,
                   TwZooTake take, void *data, TwZooShrunk *sums,
                   GError **error)
{
    g_autoptr(GHashTable) keys = g_hash_table_new(g_str_hash, g_str_equal);
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    TwShrink shrink = {
        .target = zoo->target, .jobs = zoo->jobs, .stop = zoo->stop};
    g_autoptr(GPtrArray) cases = NULL;
    g_autoptr(TwRunner) runner = NULL;
    TwCampaignResult result;
    bool ok;

    memset(sums, 0, sizeof(*sums));
    if (!tw_zoo_hunt(zoo, name, n, &sums->programs, &result, error)) {
        return false;
    }
    shrink.target.name = name;
    cases = choose(&result, n);
    runner = tw_runner_new(&shrink.target, error);
    ok = runner != NULL;
    sums->found = cases->len;
    for (unsigned i = 0; ok && i < cases->len && !*zoo->stop; i++) {
        const TwCampaignCase *c = g_ptr_array_index(cases, i);
        TwShrunk shrunk;

        g_hash_table_add(keys, (gpointer)c->finding.key);
        tw_campaign_program(program, zoo->seed, c->number, tw_zoo_profile(name),
                            tw_runner_dialect(runner), NULL, NULL);
        shrink.expect = c->finding.key;
        ok = tw_shrink(&shrink, tw_runner_dialect(runner), program, &shrunk,
                       error) &&
             take(c, program, &shrunk, data, error);
    }
    sums->keys = g_hash_table_size(keys);
    tw_campaign_result_clear(&result);
    return ok;
}
