/* SPDX-License-Identifier: MIT */
/*
 * zoo --triage: does triage separate the bugs?  Triages raw findings of all
 * bugs under one name; then counts the bug of each.  Triage itself is told only
 * how to run each finding, not its bug.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/triage-score.h"
#include "cli/view/triage.h"
#include "cli/zoo.h"

/* Findings ----------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    uint64_t x = (*(const TwCampaignCase *const *)a)->number;
    uint64_t y = (*(const TwCampaignCase *const *)b)->number;

    return (x > y) - (x < y);
}

/* The first `n` findings of a bug by their numbers, as they come. */
static bool add_findings(const TwZooRun *zoo, TwTriage *t, const char *name,
                         unsigned n, GError **error)
{
    TwTargetOptions options = zoo->target;
    g_autoptr(GPtrArray) cases = g_ptr_array_new();
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autoptr(TwRunner) runner = NULL;
    TwCampaignResult result;
    uint64_t programs;

    options.name = name;
    if (!tw_zoo_hunt(zoo, name, n, &programs, &result, error)) {
        return false;
    }
    for (unsigned k = 0; k < result.keys->len; k++) {
        const TwCampaignKey *key = g_ptr_array_index(result.keys, k);

        for (unsigned i = 0; i < key->cases->len; i++) {
            if (tw_verdict_is_finding(key->verdict)) {
                g_ptr_array_add(cases,
                                &g_array_index(key->cases, TwCampaignCase, i));
            }
        }
    }
    if (cases->len > 0) {
        qsort(cases->pdata, cases->len, sizeof(gpointer), by_number);
    }
    runner = tw_runner_new(&options, error);
    for (unsigned i = 0; runner && i < MIN(n, cases->len); i++) {
        const TwCampaignCase *c = g_ptr_array_index(cases, i);
        g_autofree char *origin = g_strdup_printf(
            "seed %" PRIu64 " number %" PRIu64, zoo->seed, c->number);

        tw_campaign_program(program, zoo->seed, c->number, tw_zoo_profile(name),
                            tw_runner_dialect(runner), NULL, NULL);
        tw_triage_add_program(t, origin, &options, program);
    }
    tw_campaign_result_clear(&result);
    return runner != NULL;
}

/* Halves ------------------------------------------------------------------- */

/*
 * The experiments of triage may be made for the bugs of one half, the training
 * half; the other half tests them.  FNV-1a of the slug, so that a new bug moves
 * no other one.
 */
static bool is_training(const char *slug)
{
    uint32_t hash = 2166136261u;

    for (; *slug; slug++) {
        hash = (hash ^ (uint8_t)*slug) * 16777619u;
    }
    return (hash >> 16 & 1) == 0;
}

/* Of the bugs of one half, in the store. */
static TwGrouping of_half(const TwTriageScore *s, bool training)
{
    g_autofree bool *chosen = g_new0(bool, MAX(s->labels->len, 1));

    for (unsigned i = 0; i < s->labels->len; i++) {
        chosen[i] = is_training(g_ptr_array_index(s->labels, i)) == training;
    }
    return tw_triage_score_of(s, s->stored, chosen);
}

/* Showing ------------------------------------------------------------------ */

static void print_json(const TwTriage *t, const TwTriageScore *s,
                       double seconds, bool well)
{
    g_autoptr(JsonBuilder) b = json_builder_new();

    json_builder_begin_object(b);
    tw_json_int(b, "findings", s->findings);
    tw_json_int(b, "shrunk", t->shrunk);
    tw_json_double(b, "seconds", seconds);
    tw_score_json(b, "raw_causes", s, false);
    tw_score_json(b, "store", s, true);
    tw_score_json_figures(b, "store_training", of_half(s, true));
    tw_score_json_figures(b, "store_testing", of_half(s, false));
    tw_json_bool(b, "well", well);
    json_builder_end_object(b);
    tw_cli_json_print(b, NULL);
}

static void print_text(const TwTriage *t, const TwTriageScore *s, unsigned bugs,
                       double seconds, bool well)
{
    tw_score_print_table(s, false);
    tw_score_print_table(s, true);
    printf("%u findings of %u bugs, %u cases shrunk, triaged in %.1f s\n",
           s->findings, bugs, t->shrunk, seconds);
    tw_score_print_figures("each by itself", s->of_raw);
    tw_score_print_figures("in the store", s->of_stored);
    tw_score_print_figures("in the store, the training half of the bugs",
                           of_half(s, true));
    tw_score_print_figures("in the store, the testing half of the bugs",
                           of_half(s, false));
    printf("wanted: adjusted Rand index %.1f raw and %.1f in the store, median "
           "%d at most: %s\n",
           TW_ZOO_RAND_RAW, TW_ZOO_RAND_STORE, TW_ZOO_GROUPS,
           well ? "yes" : "NO");
}

static int show_all(const TwTriage *t, const TwTriageScore *s, unsigned bugs,
                    unsigned wanted, double seconds, bool json)
{
    bool well = s->findings >= wanted && s->of_raw.index >= TW_ZOO_RAND_RAW &&
                s->of_stored.index >= TW_ZOO_RAND_STORE &&
                s->of_stored.groups <= TW_ZOO_GROUPS;

    if (json) {
        print_json(t, s, seconds, well);
    } else {
        print_text(t, s, bugs, seconds, well);
    }
    return well ? TW_EXIT_CLEAN : TW_EXIT_FINDING;
}

/* The whole ---------------------------------------------------------------- */

static bool add_all(TwTriage *t, const TwZooRun *zoo, GPtrArray *bugs,
                    unsigned n, GError **error)
{
    for (unsigned i = 0; i < bugs->len && !*zoo->stop; i++) {
        const TwZooBug *bug = g_ptr_array_index(bugs, i);
        unsigned share = n / bugs->len + (i < n % bugs->len);
        unsigned before = t->cases->len;
        g_autofree char *name = g_strdup_printf("zoo:%s", bug->slug);

        if (!add_findings(zoo, t, g_intern_string(name), share, error)) {
            return false;
        }
        for (unsigned k = before; k < t->cases->len; k++) {
            TwTriageCase *one = g_ptr_array_index(t->cases, k);

            one->label = g_strdup(bug->slug);
        }
    }
    return true;
}

int tw_zoo_triage(const TwZooRun *zoo, GPtrArray *bugs, unsigned n, bool json)
{
    TwTriage t = {.label = g_strdup("zoo"),
                  .version = "",
                  .shrink = true,
                  .seconds = TW_TRIAGE_SECONDS,
                  .raw = TW_TRIAGE_RAW,
                  .jobs = zoo->jobs,
                  .progress = tw_triage_show,
                  .stop = zoo->stop};
    TwTriageScore score = {.findings = 0};
    GError *error = NULL;
    double seconds = 0;
    int code;

    tw_triage_init(&t);
    if (!add_all(&t, zoo, bugs, n, &error) ||
        !tw_score_run(&t, "zoo", &score, &seconds, &error)) {
        code = tw_cli_fail_error(error);
    } else {
        code = show_all(&t, &score, bugs->len, n, seconds, json);
    }
    tw_triage_score_clear(&score);
    tw_triage_clear(&t);
    return code;
}
