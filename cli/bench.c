/* SPDX-License-Identifier: MIT */
/* twinwalk bench: speed, and how the time divides. */
#include "reports/measure/bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"
#include "reports/measure/scale.h"

enum { MODES = 2 };

typedef struct Figures {
    const char *target, *profile;
    unsigned modes;          /* flush modes measured: 1 or 2 */
    const char *mode[MODES]; /* NULL: the target has none */
    TwBenchLoop loop[MODES];
    bool has_micro;
    TwBenchMicro micro;
    char why[200]; /* why not */
    double round;  /* ns per round of the calibration loop */
} Figures;

static double ratio(double a, double b)
{
    return b > 0 ? a / b : 0;
}

static double mean(uint64_t sum, uint64_t n)
{
    return n ? (double)sum / (double)n : 0;
}

/* Of the CPU accesses that a cache could serve, those that it did. */
static double hit_share(const TwBenchLoop *l)
{
    uint64_t hits =
        l->counters[TW_COUNT_TLB_HIT] + l->counters[TW_COUNT_VICTIM_HIT];

    return 100 * mean(hits, hits + l->counters[TW_COUNT_FILL]);
}

/* Text --------------------------------------------------------------------- */

static void text_loop(const Figures *f, unsigned i)
{
    const TwBenchLoop *l = &f->loop[i];
    double whole = l->generate + l->target + l->judge;

    printf("%s, %s%s%s, one core, %" PRIu64 " programs\n", f->target,
           f->profile, f->mode[i] ? ", --flush " : "",
           f->mode[i] ? f->mode[i] : "", l->programs);
    printf("  %.0f programs/s (%.2f us each)\n", ratio(1e9, l->whole),
           l->whole / 1000);
    printf(
        "  %.0f judged operations/s, of them %.0f accesses/s\n",
        ratio((double)l->stats.operations * 1e9,
              l->whole * (double)l->programs),
        ratio((double)l->stats.accesses * 1e9, l->whole * (double)l->programs));
    printf("  of this time: generate %.1f %%, target %.1f %%, oracle and judge "
           "%.1f %%\n",
           100 * ratio(l->generate, whole), 100 * ratio(l->target, whole),
           100 * ratio(l->judge, whole));
    printf("  us per program: generate %.2f (or decode %.2f), target %.2f, "
           "oracle and judge %.2f\n",
           l->generate / 1000, l->decode / 1000, l->target / 1000,
           l->judge / 1000);
    printf("  %.1f times the time of an empty harness (no target, no judge), "
           "%.0f rounds of the calibration loop\n",
           ratio(l->whole, l->empty), ratio(l->whole, f->round));
    if (l->instructions > 0) {
        printf("  %.0f instructions per program, %.1f times those of an empty "
               "harness\n",
               l->instructions, ratio(l->instructions, l->empty_instructions));
    } else {
        printf("  instructions are not counted here (%s); ci/instructions "
               "counts them\n",
               l->why_not);
    }
    if (l->counters[TW_COUNT_FILL] > 0) {
        printf("  served from the TLB: %.1f %%; fills per program: %.2f\n",
               hit_share(l), mean(l->counters[TW_COUNT_FILL], l->programs));
    }
    if (l->findings > 0) {
        printf("  programs with a finding (run twice): %" PRIu64 "\n",
               l->findings);
    }
    printf("\n");
}

static void text_means(const Figures *f)
{
    const TwBenchLoop *l = &f->loop[0];
    const TwJudgeStats *s = &l->stats;

    printf("means of a program: %.1f operations, %.1f judged accesses, "
           "%.1f regions,\n"
           "  %.2f hops per access that meets an IOMMU, %.2f effective "
           "commits,\n"
           "  %.2f notified and %.2f silent changes, %.0f bytes\n",
           mean(s->operations, l->programs), mean(s->accesses, l->programs),
           mean(l->regions, l->programs), mean(s->hops, s->met_iommu),
           mean(s->commits, l->programs), mean(s->notified, l->programs),
           mean(s->silent, l->programs), mean(l->bytes, l->programs));
}

static void text_overheads(const TwBenchMicro *m)
{
    printf("us per program without operations: %.1f", m->empty / 1e3);
    if (m->trip > 0) {
        printf("; per exchange with the other process: %.1f", m->trip / 1e3);
    }
    printf("\nms to start the target: %.1f\n", m->start / 1e6);
}

static void text(const Figures *f)
{
    for (unsigned i = 0; i < f->modes; i++) {
        text_loop(f, i);
    }
    text_means(f);
    if (f->micro.depths > 0) {
        printf("\nns per TLB hit in the bare loop of the target, not judged: "
               "%.1f (%.0f/s)\n",
               f->micro.hit, ratio(1e9, f->micro.hit));
        printf("ns per access that needs a fill through 0, 1, ... IOMMUs:");
        for (unsigned i = 0; i < f->micro.depths; i++) {
            printf(" %.0f", f->micro.fill[i]);
        }
        printf("\nns per judged reference walk of 8 bytes, likewise:");
        for (unsigned i = 0; i < f->micro.depths; i++) {
            printf(" %.0f", f->micro.walk[i]);
        }
        printf("\n");
    } else {
        printf("\nno figures for single accesses: %s\n", f->why);
    }
    if (f->has_micro) {
        text_overheads(&f->micro);
    }
    printf("ns per round of the calibration loop: %.3f\n", f->round);
}

/* JSON --------------------------------------------------------------------- */

static void json_loop(JsonBuilder *b, const Figures *f, unsigned i)
{
    const TwBenchLoop *l = &f->loop[i];

    json_builder_begin_object(b);
    if (f->mode[i]) {
        tw_json_string(b, "flush", f->mode[i]);
    }
    tw_json_int(b, "programs", l->programs);
    tw_json_double(b, "programs_per_second", ratio(1e9, l->whole));
    tw_json_double(b, "operations_per_second",
                   ratio((double)l->stats.operations * 1e9,
                         l->whole * (double)l->programs));
    tw_json_double(
        b, "accesses_per_second",
        ratio((double)l->stats.accesses * 1e9, l->whole * (double)l->programs));
    tw_json_double(b, "ns_whole", l->whole);
    tw_json_double(b, "ns_generate", l->generate);
    tw_json_double(b, "ns_decode", l->decode);
    tw_json_double(b, "ns_target", l->target);
    tw_json_double(b, "ns_judge", l->judge);
    tw_json_double(b, "ns_empty", l->empty);
    tw_json_double(b, "ratio_to_empty", ratio(l->whole, l->empty));
    tw_json_double(b, "ratio_to_calibration", ratio(l->whole, f->round));
    if (l->instructions > 0) {
        tw_json_double(b, "instructions", l->instructions);
        tw_json_double(b, "instructions_to_empty",
                       ratio(l->instructions, l->empty_instructions));
    }
    tw_json_double(b, "tlb_percent", hit_share(l));
    tw_json_double(b, "fills", mean(l->counters[TW_COUNT_FILL], l->programs));
    tw_json_int(b, "findings", l->findings);
    json_builder_end_object(b);
}

static void json_list(JsonBuilder *b, const char *name, const double *values,
                      unsigned n)
{
    json_builder_set_member_name(b, name);
    json_builder_begin_array(b);
    for (unsigned i = 0; i < n; i++) {
        json_builder_add_double_value(b, values[i]);
    }
    json_builder_end_array(b);
}

static void json(const Figures *f)
{
    g_autoptr(JsonBuilder) b = json_builder_new();
    const TwBenchLoop *l = &f->loop[0];
    const TwJudgeStats *s = &l->stats;

    json_builder_begin_object(b);
    tw_json_string(b, "target", f->target);
    tw_json_string(b, "profile", f->profile);
    json_builder_set_member_name(b, "loops");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < f->modes; i++) {
        json_loop(b, f, i);
    }
    json_builder_end_array(b);
    json_builder_set_member_name(b, "means");
    json_builder_begin_object(b);
    tw_json_double(b, "operations", mean(s->operations, l->programs));
    tw_json_double(b, "accesses", mean(s->accesses, l->programs));
    tw_json_double(b, "regions", mean(l->regions, l->programs));
    tw_json_double(b, "hops", mean(s->hops, s->met_iommu));
    tw_json_double(b, "commits", mean(s->commits, l->programs));
    tw_json_double(b, "notified", mean(s->notified, l->programs));
    tw_json_double(b, "silent", mean(s->silent, l->programs));
    tw_json_double(b, "bytes", mean(l->bytes, l->programs));
    json_builder_end_object(b);
    if (f->micro.depths > 0) {
        tw_json_double(b, "ns_hit", f->micro.hit);
        json_list(b, "ns_fill", f->micro.fill, f->micro.depths);
        json_list(b, "ns_walk", f->micro.walk, f->micro.depths);
    }
    if (f->has_micro) {
        tw_json_double(b, "ns_empty_program", f->micro.empty);
        if (f->micro.trip > 0) {
            tw_json_double(b, "ns_exchange", f->micro.trip);
        }
        tw_json_double(b, "ns_start", f->micro.start);
    }
    tw_json_double(b, "ns_calibration", f->round);
    json_builder_end_object(b);
    tw_cli_json_print(b, NULL);
}

/* How time grows ----------------------------------------------------------- */

static void text_scale(const char *target, const TwScaleRow *rows)
{
    printf("%s: us per program by the number of its parts, and the power of "
           "this number\nby which the last doubling grows (1: linear)\n\n"
           "%-8s %6s %10s %10s\n",
           target, "part", "number", "target", "judge");
    for (TwScalePart part = 0; part < TW_SCALE_PARTS; part++) {
        const TwScaleRow *row = &rows[part];

        for (unsigned i = 0; i < row->sizes; i++) {
            printf("%-8s %6u %10.2f %10.2f\n",
                   i == 0 ? tw_scale_name(part) : "", row->size[i],
                   row->target[i] / 1000, row->judge[i] / 1000);
        }
        if (row->sizes > 1) {
            printf("%-8s %6s %10.2f %10.2f\n", "", "power", row->target_power,
                   row->judge_power);
        } else if (row->sizes == 0) {
            printf("%-8s the target runs no such program, or has a finding in "
                   "it\n",
                   tw_scale_name(part));
        }
    }
}

static void json_scale(const char *target, const TwScaleRow *rows)
{
    g_autoptr(JsonBuilder) b = json_builder_new();

    json_builder_begin_object(b);
    tw_json_string(b, "target", target);
    json_builder_set_member_name(b, "scale");
    json_builder_begin_array(b);
    for (TwScalePart part = 0; part < TW_SCALE_PARTS; part++) {
        const TwScaleRow *row = &rows[part];

        json_builder_begin_object(b);
        tw_json_string(b, "part", tw_scale_name(part));
        json_builder_set_member_name(b, "number");
        json_builder_begin_array(b);
        for (unsigned i = 0; i < row->sizes; i++) {
            json_builder_add_int_value(b, row->size[i]);
        }
        json_builder_end_array(b);
        json_list(b, "ns_target", row->target, row->sizes);
        json_list(b, "ns_judge", row->judge, row->sizes);
        if (row->sizes > 1) {
            tw_json_double(b, "target_power", row->target_power);
            tw_json_double(b, "judge_power", row->judge_power);
        }
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
    tw_cli_json_print(b, NULL);
}

static int scale(const TwCliTarget *target, double seconds, bool as_json)
{
    TwScaleRow rows[TW_SCALE_PARTS];
    GError *error = NULL;

    if (!tw_bench_scale(&target->options, seconds, rows, &error)) {
        return tw_cli_fail_error(error);
    }
    (as_json ? json_scale : text_scale)(target->name, rows);
    return TW_EXIT_CLEAN;
}

/* The verb ----------------------------------------------------------------- */

static int measure(Figures *f, const TwCliTarget *target, TwKnown *known,
                   bool both, unsigned profile, double seconds)
{
    TwTargetOptions options = target->options;
    bool has_modes =
        tw_target_option_of(tw_target_class_of(target->name), "flush") != NULL;
    GError *error = NULL;

    f->target = target->name;
    f->profile = tw_profile_name(profile);
    f->modes = both ? MODES : 1;
    f->round = tw_bench_calibrate();
    for (unsigned i = 0; i < f->modes; i++) {
        if (both) {
            options.flush = i == 0 ? TW_FLUSH_ALL_ENTRIES : TW_FLUSH_PAGES;
        }
        f->mode[i] = !has_modes                        ? NULL
                     : options.flush == TW_FLUSH_PAGES ? "page"
                                                       : "all";
        if (!tw_bench_loop(&options, known, profile, 0.8 * seconds / f->modes,
                           &f->loop[i], &error)) {
            return tw_cli_fail_error(error);
        }
    }
    f->has_micro = tw_bench_micro(&target->options, 0.2 * seconds, &f->micro,
                                  f->why, sizeof(f->why), &error);
    return error ? tw_cli_fail_error(error) : TW_EXIT_CLEAN;
}

#define DEFAULT_SECONDS 10

int tw_verb_bench(int argc, char **argv)
{
    g_autofree char *profiles = tw_cli_profile_help(false, TW_PROFILE_BALANCED);
    g_autofree char *profile_name = NULL;
    g_autofree Figures *figures = g_new0(Figures, 1);
    unsigned profile = TW_PROFILE_BALANCED;
    gboolean as_json = FALSE, by_size = FALSE;
    double seconds = DEFAULT_SECONDS;
    TwCliKnown known = {0};
    TwCliTarget target;
    bool both;
    GOptionEntry entries[] = {
        {"profile", 'p', 0, G_OPTION_ARG_STRING, &profile_name, profiles,
         "NAME"},
        {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &seconds,
         "Measures for about N seconds "
         "(default " G_STRINGIFY(DEFAULT_SECONDS) ")",
         "N"},
        {"scale", 0, 0, G_OPTION_ARG_NONE, &by_size,
         "Measures instead how the time of a program grows with its regions, "
         "hops, IOMMUs, CPUs, entries and operations",
         NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "Prints JSON", NULL},
        TW_CLI_KNOWN_ENTRIES(known),
        G_OPTION_ENTRY_NULL,
    };
    int code = TW_EXIT_USAGE;

    if (!tw_cli_options(
            &argc, &argv, NULL,
            "Measures on one core how long a whole program takes, how this "
            "time divides into\nphases, and how long a single access takes. "
            "Prints ns, and ratios to a run without\na target. Times are CPU "
            "times of this process; for exec and qemu-..., elapsed\ntimes. "
            "Without --flush, softmmu and the zoo are measured in both modes.",
            entries, &target)) {
        goto out;
    }
    both = !tw_cli_target_given(&target, "flush") &&
           tw_target_option_of(tw_target_class_of(target.name), "flush");
    if (argc > 1) {
        tw_cli_fail(TW_EXIT_USAGE, "bench: expected options only, not \"%s\"",
                    argv[1]);
        goto out;
    }
    if (!(seconds > 0 && seconds <= 3600)) {
        tw_cli_fail(TW_EXIT_USAGE, "--seconds: expected more than 0 and at "
                                   "most 3600");
        goto out;
    }
    if (by_size && (profile_name || known.off || known.files)) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "--%s: expected without --scale, which has programs of "
                    "its own",
                    profile_name ? "profile"
                    : known.off  ? "no-known"
                                 : "known");
        goto out;
    }
    if ((profile_name && !tw_cli_profile(profile_name, false, &profile)) ||
        !tw_cli_known_load(&known)) {
        goto out;
    }
    if (by_size) {
        code = scale(&target, seconds, as_json);
        goto out;
    }
    code = measure(figures, &target, known.list, both, profile, seconds);
    tw_cli_known_tell_newer(&known);
    if (code == TW_EXIT_CLEAN) {
        if (as_json) {
            json(figures);
        } else {
            text(figures);
        }
    }
out:
    tw_cli_known_clear(&known);
    tw_cli_target_clear(&target);
    return code;
}
