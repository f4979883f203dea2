/* SPDX-License-Identifier: MIT */
/* What `twinwalk run` prints: a status line or plain lines, the summary, JSON.
 */
#include "cli/view/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "program/ops.h"

#define PLAIN_SECONDS 10.0

static double share(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

static double rate(uint64_t count, double seconds)
{
    return seconds > 0 ? (double)count / seconds : 0;
}

/* Programs with a finding (not the flaky ones). */
static uint64_t findings_of(const TwCampaignResult *result)
{
    uint64_t count = 0;

    for (unsigned i = 0; i < result->keys->len; i++) {
        const TwCampaignKey *key = g_ptr_array_index(result->keys, i);

        count += tw_verdict_is_finding(key->verdict) ? key->count : 0;
    }
    return count;
}

/* Keys of findings, or of flaky cases. */
static unsigned keys_of(const TwCampaignResult *result, bool flaky)
{
    unsigned count = 0;

    for (unsigned i = 0; i < result->keys->len; i++) {
        const TwCampaignKey *key = g_ptr_array_index(result->keys, i);

        count += tw_verdict_is_finding(key->verdict) != flaky;
    }
    return count;
}

/* While it runs ------------------------------------------------------------ */

/* What is left: "25 s left", "1000 programs left" or "". */
static char *left_of(const TwRunView *view, const TwCampaignResult *result)
{
    const TwCampaignOptions *o = view->options;

    if (o->seconds > result->seconds) {
        return g_strdup_printf(", %.0f s left", o->seconds - result->seconds);
    }
    if (o->programs > result->programs) {
        return g_strdup_printf(", %" PRIu64 " programs left",
                               o->programs - result->programs);
    }
    return g_strdup("");
}

void tw_run_view_progress(TwRunView *view, const TwCampaignResult *result)
{
    const TwJudgeStats *s = &result->stats;
    double since = result->seconds - view->last_seconds;
    size_t width = view->terminal ? tw_cli_width(STDERR_FILENO) : 0;
    g_autofree char *left = NULL, *line = NULL;

    if (!view->terminal && since < PLAIN_SECONDS) {
        return;
    }
    left = left_of(view, result);
    /* What matters least comes last, where a narrow terminal cuts it. */
    line = g_strdup_printf(
        "%.0f s%s: findings %" PRIu64 " (%u keys), %" PRIu64
        " programs (%.0f/s), %.0f accesses/s, window open %.1f %%, "
        "stale but allowed %" PRIu64 ", inconclusive %" PRIu64,
        result->seconds, left, findings_of(result), keys_of(result, false),
        result->programs, rate(result->programs - view->last_programs, since),
        rate(s->accesses - view->last_accesses, since),
        share(s->windows, s->accesses), s->verdicts[TW_VERDICT_AGREE_STALE],
        s->verdicts[TW_VERDICT_INCONCLUSIVE]);
    if (view->terminal) {
        if (width > 0 && strlen(line) >= width) {
            line[width - 1] = '\0';
        }
        fprintf(stderr, "\r%s\033[K", line);
        fflush(stderr);
        if (since < 2) {
            return; /* rates over at least two seconds */
        }
    } else {
        fprintf(stderr, "%s\n", line);
    }
    view->last_seconds = result->seconds;
    view->last_programs = result->programs;
    view->last_accesses = s->accesses;
}

void tw_run_view_clear(const TwRunView *view)
{
    if (view->terminal) {
        fprintf(stderr, "\r\033[K");
        fflush(stderr);
    }
}

/* The summary -------------------------------------------------------------- */

static void row(const char *name, uint64_t count, uint64_t whole)
{
    if (count > 0) {
        printf("  %-18s %14" PRIu64 "  %6.2f %%\n", name, count,
               share(count, whole));
    }
}

static void histograms(const TwCampaignResult *result)
{
    const TwJudgeStats *s = &result->stats;
    uint64_t regions = 0;
    char name[32];
    bool counted = false;

    printf("verdicts (per judged access; those of whole programs once)\n");
    for (unsigned v = 0; v < TW_VERDICTS; v++) {
        row(tw_verdict_name(v), s->verdicts[v], s->accesses);
    }
    printf("\nfault classes (per judged access)\n");
    for (unsigned i = 0; i < TW_CLASSES; i++) {
        row(tw_class_name(i), s->by_class[i], s->accesses);
    }
    printf("\naccess kinds\n");
    for (unsigned code = 0; code < TW_OP_CODES; code++) {
        if (tw_op_info(code)->flags & TW_OP_ACCESS) {
            row(tw_op_info(code)->name, s->by_code[code], s->accesses);
        }
    }
    for (unsigned i = TW_REGION_CONTAINER; i < TW_REGION_KINDS; i++) {
        regions += s->by_region[i];
    }
    printf("\nregion kinds (regions of all programs)\n");
    for (unsigned i = TW_REGION_CONTAINER; i < TW_REGION_KINDS; i++) {
        row(tw_region_kind_name(i), s->by_region[i], regions);
    }
    printf("\nleaf kinds (of the first byte)\n");
    for (unsigned i = 0; i < TW_REGION_KINDS; i++) {
        row(i == TW_REGION_NONE ? "hole or refused" : tw_region_kind_name(i),
            s->by_leaf[i], s->accesses);
    }
    printf("\nnested depth (IOMMUs passed by the first byte)\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(s->by_depth); i++) {
        g_snprintf(name, sizeof(name), "%u", i);
        row(name, s->by_depth[i], s->accesses);
    }
    printf("\nother operations\n");
    for (unsigned code = 0; code < TW_OP_CODES; code++) {
        if (!(tw_op_info(code)->flags & TW_OP_ACCESS)) {
            row(tw_op_info(code)->name, s->by_code[code], s->operations);
        }
    }
    for (unsigned i = 0; i < TW_COUNTERS; i++) {
        counted |= result->counters[i] != 0;
    }
    if (!counted) {
        printf("\nthe target has no counters of its own\n");
        return;
    }
    printf("\ncounters of the target\n");
    for (unsigned i = 0; i < TW_COUNTERS; i++) {
        printf("  %-18s %14" PRIu64 "\n", tw_counter_name(i),
               result->counters[i]);
    }
}

static void totals(const TwCampaignResult *result)
{
    const TwJudgeStats *s = &result->stats;

    printf("\nwhat was tested\n");
    printf("  accesses with an open window (more than one answer allowed): "
           "%.2f %%\n",
           share(s->windows, s->accesses));
    printf("  accesses that got an old answer which was still allowed: "
           "%.2f %%\n",
           share(s->verdicts[TW_VERDICT_AGREE_STALE], s->accesses));
    if (s->old_records > 0) {
        printf("  of them from a record of an IOTLB: %.2f %%, from a combined "
               "one: %.2f %%, held by a CPU's cache as well: %.2f %%\n",
               share(s->old_records, s->accesses),
               share(s->old_combined, s->accesses),
               share(s->old_both, s->accesses));
    }
    if (s->mapped > 0) {
        printf("  accesses that a DMA mapping may answer: %.2f %%, with an old "
               "answer: %.2f %%\n",
               share(s->mapped, s->accesses),
               share(s->old_mapped, s->accesses));
    }
    printf("  inconclusive accesses: %.2f %%\n",
           share(s->verdicts[TW_VERDICT_INCONCLUSIVE], s->accesses));
    printf("  effective commits %" PRIu64 ", silent changes %" PRIu64
           ", notified changes %" PRIu64 "\n",
           s->commits, s->silent, s->notified);
    printf("  operations %" PRIu64 ", of them not legal when they ran %" PRIu64
           "\n",
           s->operations, s->skipped);
    printf("  walks checked by the second walker: %" PRIu64 "\n",
           s->flat_checks);
    if (result->restarts > 0) {
        printf("  workers that crashed or hung and were replaced: %" PRIu64
               "\n",
               result->restarts);
    }
}

/* "AGAIN/REPLAYS" over the kept cases of a key. */
static void again_of(const TwCampaignKey *key, unsigned *again,
                     unsigned *replays)
{
    *again = *replays = 0;
    for (unsigned i = 0; i < key->cases->len; i++) {
        const TwFinding *finding =
            &g_array_index(key->cases, TwCampaignCase, i).finding;

        *again += finding->again;
        *replays += finding->replays;
    }
}

static void findings_table(const TwRunView *view,
                           const TwCampaignResult *result)
{
    g_autofree char *out = view->out ? tw_cli_clean(view->out) : NULL;
    unsigned again, replays;
    char rate_again[24];

    if (result->keys->len > 0) {
        printf("\n  %-26s %-10s %10s  %10s  %7s  file\n", "key", "verdict",
               "programs", "first seen", "again");
    }
    for (unsigned i = 0; i < result->keys->len; i++) {
        const TwCampaignKey *key = g_ptr_array_index(result->keys, i);

        again_of(key, &again, &replays);
        g_snprintf(rate_again, sizeof(rate_again), "%u/%u", again, replays);
        printf("  %-26s %-10s %10" PRIu64 "  %8.1f s  %7s  %s%s%s-1.tw\n",
               key->key, tw_verdict_name(key->verdict), key->count,
               key->first_seconds, rate_again, out ? out : "", out ? "/" : "",
               key->key);
    }
}

/* Known divergences that matched: how many, and in how many programs. */
static void known_line(const TwRunView *view, const TwCampaignResult *result)
{
    const TwKnown *known = view->options->known;
    uint64_t masked = result->stats.verdicts[TW_VERDICT_KNOWN];
    unsigned matched = 0;

    if (!tw_known_any_active(known)) {
        return;
    }
    for (unsigned i = 0; i < tw_known_n_entries(known); i++) {
        matched += tw_known_entry(known, i)->active && result->known[i] > 0;
    }
    printf("known divergences of this version: %" PRIu64
           " programs masked (%.1f %%), by %u entries\n",
           masked, share(masked, result->programs), matched);
    tw_cli_known_doubts(known, result->known, result->met);
}

/* Which known divergences were met, which were not. */
static void known_table(const TwRunView *view, const TwCampaignResult *result)
{
    const TwKnown *known = view->options->known;

    if (tw_known_any_active(known)) {
        printf("\nknown divergences of this version\n");
        tw_cli_known_table(known, result->known, result->met, "programs");
    }
}

/* After Ctrl-C: the command that runs the programs that are left.  A folder
 * without cases does not stay, unless the user named it. */
static void how_to_go_on(const TwRunView *view, const TwCampaignResult *result)
{
    g_autofree char *words = NULL;

    if (view->options->steer || view->options->stop_at_finding) {
        return;
    }
    if (view->out || view->folder_stays) {
        g_autofree char *out = tw_cli_word(view->folder);

        printf("\ngo on: twinwalk run --continue %s\n", out);
        return;
    }
    words = tw_cli_target_words(view->target);
    printf("\ngo on: twinwalk run %s --profile %s --seed %" PRIu64
           " --start %" PRIu64 "\n",
           words, view->profile, view->options->seed, result->next);
}

/* The last lines: what was found, and the next command. */
static void conclusion(const TwRunView *view, const TwCampaignResult *result)
{
    uint64_t findings = findings_of(result);
    unsigned flaky = keys_of(result, true);

    if (result->interrupted) {
        how_to_go_on(view, result);
    }
    if (findings == 0) {
        printf("\n%s0 findings%s%s\n", tw_cli_colour(TW_CLI_GOOD),
               result->keys->len ? " (a flaky case is not a finding)" : "",
               tw_cli_colour(TW_CLI_PLAIN));
        return;
    }
    printf("\n%s%" PRIu64 " programs with a finding, %u different keys",
           tw_cli_colour(TW_CLI_BAD), findings, keys_of(result, false));
    if (flaky) {
        printf("; %u more keys of flaky cases", flaky);
    }
    printf("%s\n", tw_cli_colour(TW_CLI_PLAIN));
    for (unsigned i = 0; view->out && i < result->keys->len; i++) {
        const TwCampaignKey *key = g_ptr_array_index(result->keys, i);

        if (tw_verdict_is_finding(key->verdict)) {
            g_autofree char *name = g_strdup_printf("%s-1.tw", key->key);
            g_autofree char *file = g_build_filename(view->out, name, NULL);

            tw_cli_next(stdout, view->target, view->known, "min", file,
                        "-o small.tw");
            break;
        }
    }
}

/* How the accesses were judged, on one line. */
static void verdict_line(const TwJudgeStats *s)
{
    printf("agree %.2f %%, old answers that are still allowed %.2f %%, "
           "inconclusive %.2f %%\n",
           share(s->verdicts[TW_VERDICT_AGREE], s->accesses),
           share(s->verdicts[TW_VERDICT_AGREE_STALE], s->accesses),
           share(s->verdicts[TW_VERDICT_INCONCLUSIVE], s->accesses));
}

void tw_run_view_summary(const TwRunView *view, const TwCampaignResult *result)
{
    const TwJudgeStats *s = &result->stats;

    if (view->statistics) {
        histograms(result);
        totals(result);
        known_table(view, result);
        putchar('\n');
    }
    printf("target %s (%s), profile %s, seed %" PRIu64 ", %u job%s%s\n",
           view->target->name, view->version, view->profile,
           view->options->seed, view->options->jobs,
           view->options->jobs == 1 ? "" : "s",
           result->interrupted ? "; interrupted" : "");
    printf("%" PRIu64 " programs in %.1f s (%.0f/s), %" PRIu64
           " accesses judged (%.0f/s; operations %.0f/s)\n",
           result->programs, result->seconds,
           rate(result->programs, result->seconds), s->accesses,
           rate(s->accesses, result->seconds),
           rate(s->operations, result->seconds));
    verdict_line(s);
    known_line(view, result);
    findings_table(view, result);
    conclusion(view, result);
}

/* JSON --------------------------------------------------------------------- */

static void begin_object(JsonBuilder *b, const char *name)
{
    json_builder_set_member_name(b, name);
    json_builder_begin_object(b);
}

static void json_counts(JsonBuilder *b, const TwCampaignResult *result)
{
    const TwJudgeStats *s = &result->stats;
    char name[16];

    tw_json_int(b, "programs", result->programs);
    tw_json_int(b, "operations", s->operations);
    tw_json_int(b, "skipped", s->skipped);
    tw_json_int(b, "accesses", s->accesses);
    tw_json_int(b, "windows", s->windows);
    tw_json_int(b, "old_records", s->old_records);
    tw_json_int(b, "old_combined", s->old_combined);
    tw_json_int(b, "old_both", s->old_both);
    tw_json_int(b, "mapped", s->mapped);
    tw_json_int(b, "old_mapped", s->old_mapped);
    tw_json_int(b, "met_iommu", s->met_iommu);
    tw_json_int(b, "hops", s->hops);
    tw_json_int(b, "commits", s->commits);
    tw_json_int(b, "silent", s->silent);
    tw_json_int(b, "notified", s->notified);
    tw_json_int(b, "worlds", s->worlds);
    tw_json_int(b, "flat_checks", s->flat_checks);
    begin_object(b, "verdicts");
    for (unsigned v = 0; v < TW_VERDICTS; v++) {
        tw_json_int(b, tw_verdict_name(v), s->verdicts[v]);
    }
    json_builder_end_object(b);
    begin_object(b, "classes");
    for (unsigned i = 0; i < TW_CLASSES; i++) {
        tw_json_int(b, tw_class_name(i), s->by_class[i]);
    }
    json_builder_end_object(b);
    begin_object(b, "by_operation");
    for (unsigned code = 0; code < TW_OP_CODES; code++) {
        tw_json_int(b, tw_op_info(code)->name, s->by_code[code]);
    }
    json_builder_end_object(b);
    begin_object(b, "regions");
    for (unsigned i = TW_REGION_CONTAINER; i < TW_REGION_KINDS; i++) {
        tw_json_int(b, tw_region_kind_name(i), s->by_region[i]);
    }
    json_builder_end_object(b);
    begin_object(b, "leaves");
    for (unsigned i = 0; i < TW_REGION_KINDS; i++) {
        tw_json_int(b, tw_region_kind_name(i), s->by_leaf[i]);
    }
    json_builder_end_object(b);
    begin_object(b, "depths");
    for (unsigned i = 0; i < G_N_ELEMENTS(s->by_depth); i++) {
        g_snprintf(name, sizeof(name), "%u", i);
        tw_json_int(b, name, s->by_depth[i]);
    }
    json_builder_end_object(b);
    begin_object(b, "counters");
    for (unsigned i = 0; i < TW_COUNTERS; i++) {
        tw_json_int(b, tw_counter_name(i), result->counters[i]);
    }
    json_builder_end_object(b);
}

static void json_key(JsonBuilder *b, const TwRunView *view,
                     const TwCampaignKey *key)
{
    json_builder_begin_object(b);
    tw_json_string(b, "key", key->key);
    tw_json_string(b, "verdict", tw_verdict_name(key->verdict));
    tw_json_int(b, "programs", key->count);
    json_builder_set_member_name(b, "cases");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < key->cases->len; i++) {
        const TwCampaignCase *one =
            &g_array_index(key->cases, TwCampaignCase, i);
        g_autofree char *file = tw_cli_case_name(view->before, key->key, i);
        g_autofree char *wish = tw_cli_wish_name(one->wish);

        json_builder_begin_object(b);
        tw_json_int(b, "number", one->number);
        tw_json_string(b, "profile", tw_profile_name(one->profile));
        if (wish) {
            tw_json_string(b, "wish", wish);
        }
        if (one->finding.op != TW_NO_OP) {
            tw_json_int(b, "operation", one->finding.op);
        }
        tw_json_int(b, "replays", one->finding.replays);
        tw_json_int(b, "again", one->finding.again);
        tw_json_string(b, "text", one->finding.text);
        if (view->out) {
            tw_json_string(b, "file", file);
        }
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
}

void tw_run_view_json(const TwRunView *view, const TwCampaignResult *result)
{
    g_autoptr(JsonBuilder) b = json_builder_new();

    json_builder_begin_object(b);
    tw_json_string(b, "target", view->target->name);
    tw_json_string(b, "version", view->version);
    tw_json_string(b, "profile", view->profile);
    tw_json_int(b, "seed", view->options->seed);
    tw_json_bool(b, "interrupted", result->interrupted);
    begin_object(b, "counts");
    json_counts(b, result);
    json_builder_end_object(b);
    json_builder_set_member_name(b, "findings");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < result->keys->len; i++) {
        json_key(b, view, g_ptr_array_index(result->keys, i));
    }
    json_builder_end_array(b);
    tw_cli_known_json(b, view->options->known, result->known, result->met);
    /* Only this member differs between runs of the same seed. */
    begin_object(b, "run");
    tw_json_int(b, "jobs", view->options->jobs);
    tw_json_double(b, "seconds", result->seconds);
    tw_json_double(b, "programs_per_second",
                   rate(result->programs, result->seconds));
    tw_json_int(b, "restarts", result->restarts);
    tw_cli_known_json_expired(b, view->options->known);
    if (view->out) {
        tw_json_string(b, "out", view->out);
    }
    begin_object(b, "first_seen_seconds");
    for (unsigned i = 0; i < result->keys->len; i++) {
        const TwCampaignKey *key = g_ptr_array_index(result->keys, i);

        tw_json_double(b, key->key, key->first_seconds);
    }
    json_builder_end_object(b);
    json_builder_end_object(b);
    json_builder_end_object(b);
    tw_cli_json_print(b, NULL);
}
