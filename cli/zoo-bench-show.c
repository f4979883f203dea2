/* SPDX-License-Identifier: MIT */
/* What twinwalk zoo bench prints. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/common/common.h"
#include "cli/zoo-bench.h"
#include "reports/trials/page.h"

/* Text --------------------------------------------------------------------- */

static void number(char text[32], double value)
{
    g_autoptr(GString) out = g_string_new(NULL);

    if (value < 0) {
        g_string_append(out, "-");
    } else {
        tw_trials_number(out, value);
    }
    g_strlcpy(text, out->str, 32);
}

/* The verdicts of detections, with commas between, or "-". */
static char *verdicts_of(const TwTrialFigures *f)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned v = 0; v < TW_VERDICTS; v++) {
        if (f->verdicts >> v & 1) {
            g_string_append_printf(text, "%s%s", text->len ? "," : "",
                                   tw_verdict_name(v));
        }
    }
    return g_strdup(text->len ? text->str : "-");
}

static void show_bug(const TwComparison *c, const TwZooBug *bug,
                     unsigned engine)
{
    TwTrialFigures f;
    g_autofree char *verdicts = NULL;
    char median[32], mean[32], error[32], programs[32];

    tw_trial_figures(c, bug, (TwEngine)engine, &f);
    verdicts = verdicts_of(&f);
    number(median, f.median);
    number(mean, f.mean);
    number(error, f.error);
    number(programs, f.programs);
    printf("%-28s %-9s %3u %7u %9u %8u  %-16s %8s %9s +- %-8s %8s%s", bug->slug,
           tw_engine_name(engine), f.trials, f.reached, f.triggered, f.detected,
           verdicts, median, mean, error, programs,
           f.trials && !f.detected ? "  MISSED" : "");
    if (f.unexpected) {
        printf("  UNEXPECTED VERDICT in %u", f.unexpected);
    }
    if (f.died) {
        printf("  DIED in %u", f.died);
    }
    printf("\n");
    tw_trial_figures_clear(&f);
}

static void show_engine(const TwComparison *c, unsigned engine)
{
    TwTrialFigures f;
    unsigned bugs = 0;
    char mean[32], rate[32];

    for (unsigned i = 0; i < c->bugs->len; i++) {
        tw_trial_figures(c, g_ptr_array_index(c->bugs, i), (TwEngine)engine,
                         &f);
        bugs += f.detected > 0;
        tw_trial_figures_clear(&f);
    }
    tw_trial_figures(c, NULL, (TwEngine)engine, &f);
    number(mean, f.mean);
    number(rate, f.seconds > 0 ? f.programs / f.seconds : -1);
    printf("%s: %u of %u bugs; of %u trials %u reached, %u triggered, %u "
           "detected; mean %s %s; %s programs/s%s\n",
           tw_engine_name(engine), bugs, c->bugs->len, f.trials, f.reached,
           f.triggered, f.detected, mean, tw_comparison_unit(c), rate,
           f.blind ? "; its harness is built without coverage of softmmu" : "");
    tw_trial_figures_clear(&f);
}

void tw_bench_show_text(const TwComparison *c)
{
    g_autoptr(GPtrArray) order = tw_comparison_order(c);

    printf("%-28s %-9s %3s %7s %9s %8s  %-16s %8s %9s    %-8s %8s\n", "bug",
           "engine", "n", "reached", "triggered", "detected", "verdict",
           "median", "mean", "error", "programs");
    for (unsigned i = 0; i < order->len; i++) {
        for (unsigned e = 0; e < TW_ENGINES; e++) {
            if (c->engines[e]) {
                show_bug(c, g_ptr_array_index(order, i), e);
            }
        }
    }
    for (unsigned e = 0; e < TW_ENGINES; e++) {
        if (c->engines[e]) {
            show_engine(c, e);
        }
    }
}

/* JSON --------------------------------------------------------------------- */

static void json_steps(JsonBuilder *b, const TwTrialFigures *f)
{
    tw_json_array(b, "curve");
    for (unsigned i = 0; i < f->n_steps; i++) {
        const TwSurvivalStep *s = &f->steps[i];

        json_builder_begin_object(b);
        tw_json_double(b, "time", s->time);
        tw_json_int(b, "at_risk", s->at_risk);
        tw_json_int(b, "events", s->events);
        tw_json_double(b, "share", s->share);
        if (s->has_band) {
            tw_json_double(b, "low", s->low);
            tw_json_double(b, "high", s->high);
        }
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

static void json_figures(JsonBuilder *b, const TwComparison *c,
                         const TwZooBug *bug, unsigned engine)
{
    TwTrialFigures f;
    g_autofree char *verdicts = NULL;

    tw_trial_figures(c, bug, (TwEngine)engine, &f);
    verdicts = verdicts_of(&f);
    tw_json_int(b, "trials", f.trials);
    tw_json_int(b, "reached", f.reached);
    tw_json_int(b, "triggered", f.triggered);
    tw_json_int(b, "detected", f.detected);
    tw_json_int(b, "died", f.died);
    tw_json_int(b, "unexpected", f.unexpected);
    tw_json_bool(b, "blind", f.blind);
    tw_json_string(b, "verdicts", verdicts);
    if (f.median >= 0) {
        tw_json_double(b, "median", f.median);
    }
    tw_json_double(b, "mean", f.mean);
    if (bug) { /* trials of several bugs are no sample of one thing */
        tw_json_double(b, "mean_error", f.error);
    }
    tw_json_double(b, "programs", f.programs);
    tw_json_double(b, "seconds", f.seconds);
    json_steps(b, &f);
    tw_trial_figures_clear(&f);
}

static void json_engines(JsonBuilder *b, const TwComparison *c,
                         const TwZooBug *bug)
{
    tw_json_array(b, "engines");
    for (unsigned e = 0; e < TW_ENGINES; e++) {
        if (c->engines[e]) {
            json_builder_begin_object(b);
            tw_json_string(b, "engine", tw_engine_name(e));
            json_figures(b, c, bug, e);
            json_builder_end_object(b);
        }
    }
    json_builder_end_array(b);
}

void tw_bench_show_json(const TwComparison *c)
{
    g_autoptr(JsonBuilder) b = json_builder_new();
    g_autoptr(GPtrArray) order = tw_comparison_order(c);

    json_builder_begin_object(b);
    tw_json_string(b, "unit", c->rules->programs > 0 ? "programs" : "seconds");
    tw_json_double(b, "limit", tw_comparison_limit(c));
    tw_json_int(b, "seed", c->rules->seed);
    tw_json_int(b, "trials", c->trials);
    json_engines(b, c, NULL);
    tw_json_array(b, "bugs");
    for (unsigned i = 0; i < order->len; i++) {
        const TwZooBug *bug = g_ptr_array_index(order, i);

        json_builder_begin_object(b);
        tw_json_string(b, "slug", bug->slug);
        tw_json_string(b, "expected", bug->verdicts);
        json_engines(b, c, bug);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
    tw_cli_json_print(b, NULL);
}

/* CSV ---------------------------------------------------------------------- */

/* No field has a comma or a quote: slugs, words and numbers. */
static void csv_trial(const TwTrial *t)
{
    char seconds[G_ASCII_DTOSTR_BUF_SIZE];
    bool detected = t->outcome == TW_TRIAL_DETECTED;

    printf("%s,%s,%u,%" PRIu64 ",%s,%s,%s,%" PRIu64 ",%s,%" PRIu64 ",%" PRIu64
           ",%" PRIu64 ",%s,%s\n",
           t->slug, tw_engine_name(t->engine), t->number, t->seed,
           tw_trial_outcome_name(t->outcome),
           detected ? tw_verdict_name(t->verdict) : "", t->key, t->programs,
           g_ascii_formatd(seconds, sizeof(seconds), "%.6f", t->seconds),
           t->reached, t->triggered, t->unexpected,
           t->unexpected ? tw_verdict_name(t->unexpected_verdict) : "",
           t->build);
}

void tw_bench_show_csv(const TwComparison *c)
{
    printf("bug,engine,trial,seed,outcome,verdict,key,programs,seconds,reached,"
           "triggered,unexpected,unexpected_verdict,build\n");
    for (unsigned i = 0; i < c->bugs->len; i++) {
        const TwZooBug *bug = g_ptr_array_index(c->bugs, i);

        for (unsigned e = 0; e < TW_ENGINES; e++) {
            for (unsigned n = 1; c->engines[e] && n <= c->trials; n++) {
                const TwTrial *t =
                    tw_results_find(c->results, bug->slug, (TwEngine)e, n);

                if (t) {
                    csv_trial(t);
                }
            }
        }
    }
}
