/* SPDX-License-Identifier: MIT */
/*
 * zoo --equivalents: is anything reported that is right?  Runs random programs
 * on each equivalent (targets/zoo/equivalents.def); there must be no finding.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli/zoo.h"

/* What the programs of one equivalent gave. */
typedef struct Calm {
    TwCampaignResult result;
    const TwCampaignKey *reported; /* or NULL */
} Calm;

/* A verdict that is no finding has a key, too. */
static const TwCampaignKey *find_reported(const TwCampaignResult *result)
{
    for (unsigned k = 0; k < result->keys->len; k++) {
        const TwCampaignKey *key = g_ptr_array_index(result->keys, k);

        if (tw_verdict_is_finding(key->verdict)) {
            return key;
        }
    }
    return NULL;
}

static uint64_t first_number(const TwCampaignKey *key)
{
    return g_array_index(key->cases, TwCampaignCase, 0).number;
}

static void show(const TwZooBug *equivalent, const Calm *calm)
{
    printf("%-24s %10" PRIu64 " %12" PRIu64 " %8.2f  ", equivalent->slug,
           calm->result.programs, calm->result.stats.accesses,
           calm->result.seconds);
    if (calm->reported) {
        printf("REPORTED: %s %s, program %" PRIu64 "\n",
               tw_verdict_name(calm->reported->verdict), calm->reported->key,
               first_number(calm->reported));
    } else {
        printf("nothing\n");
    }
    fflush(stdout);
}

static void show_json(JsonBuilder *b, const TwZooBug *equivalent,
                      const Calm *calm)
{
    json_builder_begin_object(b);
    tw_json_string(b, "slug", equivalent->slug);
    tw_json_int(b, "programs", calm->result.programs);
    tw_json_int(b, "accesses", calm->result.stats.accesses);
    tw_json_double(b, "seconds", calm->result.seconds);
    tw_json_bool(b, "reported", calm->reported != NULL);
    if (calm->reported) {
        tw_json_string(b, "verdict", tw_verdict_name(calm->reported->verdict));
        tw_json_string(b, "key", calm->reported->key);
        tw_json_int(b, "number", first_number(calm->reported));
    }
    json_builder_end_object(b);
}

static bool run(const TwZooRun *zoo, const TwZooBug *equivalent,
                uint64_t programs, Calm *calm, GError **error)
{
    g_autofree char *name = g_strdup_printf("zoo:%s", equivalent->slug);
    TwCampaignOptions options = {
        .target = zoo->target,
        .profile = TW_PROFILES,
        .seed = zoo->seed,
        .programs = programs,
        .jobs = zoo->jobs,
        .stop_at_finding = true,
        .stop = zoo->stop,
    };

    options.target.name = name;
    if (!tw_campaign_run(&options, NULL, NULL, &calm->result, error)) {
        return false;
    }
    calm->reported = find_reported(&calm->result);
    return true;
}

int tw_zoo_equivalent(const TwZooRun *zoo, uint64_t programs, bool json)
{
    g_autoptr(JsonBuilder) b = json_builder_new();
    unsigned count, reported = 0;
    const TwZooBug *all = tw_zoo_equivalents(&count);

    if (!json) {
        printf("%-24s %10s %12s %8s  %s\n", "equivalent", "programs",
               "accesses", "seconds", "reported");
    }
    json_builder_begin_array(b);
    for (unsigned i = 0; i < count && !*zoo->stop; i++) {
        GError *error = NULL;
        Calm calm;

        if (!run(zoo, &all[i], programs, &calm, &error)) {
            return tw_cli_fail_error(error);
        }
        reported += calm.reported != NULL;
        if (json) {
            show_json(b, &all[i], &calm);
        } else {
            show(&all[i], &calm);
        }
        tw_campaign_result_clear(&calm.result);
    }
    json_builder_end_array(b);
    if (json) {
        tw_cli_json_print(b, "equivalents");
    } else {
        printf("%u of %u equivalents reported\n", reported, count);
    }
    return reported ? TW_EXIT_FINDING : TW_EXIT_CLEAN;
}
