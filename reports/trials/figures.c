/* SPDX-License-Identifier: MIT */
/* See figures.h. */
#include "reports/trials/figures.h"

#include <string.h>

/* A harness alone has some hundred counters for coverage; with the libraries it
 * has thousands. */
enum { BLIND = 2000 };

double tw_comparison_limit(const TwComparison *c)
{
    return c->rules->programs > 0 ? (double)c->rules->programs
                                  : c->rules->seconds;
}

const char *tw_comparison_unit(const TwComparison *c)
{
    return c->rules->programs > 0 ? "programs" : "s";
}

static bool is_wanted(const TwComparison *c, const TwTrial *t)
{
    for (unsigned i = 0; i < c->bugs->len; i++) {
        const TwZooBug *bug = g_ptr_array_index(c->bugs, i);

        if (strcmp(bug->slug, t->slug) == 0) {
            return t->number <= c->trials;
        }
    }
    return false;
}

static TwSurvivalTime time_of(const TwComparison *c, const TwTrial *t)
{
    double time = c->rules->programs > 0 ? (double)t->programs : t->seconds;

    return (TwSurvivalTime){time, t->outcome == TW_TRIAL_DETECTED};
}

static void count(TwTrialFigures *f, const TwTrial *t)
{
    f->trials++;
    f->reached += t->reached > 0;
    f->triggered += t->triggered > 0;
    f->detected += t->outcome == TW_TRIAL_DETECTED;
    f->died += t->outcome == TW_TRIAL_DIED;
    f->unexpected += t->unexpected > 0;
    f->blind |= t->engine != TW_ENGINE_RANDOM && t->engine != TW_ENGINE_AFL &&
                t->counters < BLIND;
    f->verdicts |=
        t->outcome == TW_TRIAL_DETECTED ? UINT32_C(1) << t->verdict : 0;
    f->programs += (double)t->programs;
    f->seconds += t->seconds;
}

void tw_trial_figures(const TwComparison *c, const TwZooBug *bug,
                      TwEngine engine, TwTrialFigures *f)
{
    const GArray *trials = c->results->trials;
    g_autofree TwSurvivalTime *times =
        g_new(TwSurvivalTime, MAX(trials->len, 1));

    memset(f, 0, sizeof(*f));
    f->steps = g_new(TwSurvivalStep, MAX(trials->len, 1));
    for (unsigned i = 0; i < trials->len; i++) {
        const TwTrial *t = &g_array_index(trials, TwTrial, i);

        if (t->engine == engine && is_wanted(c, t) &&
            (!bug || strcmp(bug->slug, t->slug) == 0)) {
            times[f->trials] = time_of(c, t);
            count(f, t);
        }
    }
    f->n_steps = tw_survival_curve(times, f->trials, f->steps);
    f->median = tw_survival_median(f->steps, f->n_steps);
    f->mean = tw_survival_mean(f->steps, f->n_steps, tw_comparison_limit(c),
                               &f->error);
}

void tw_trial_figures_clear(TwTrialFigures *f)
{
    g_clear_pointer(&f->steps, g_free);
}

typedef struct Rank {
    const TwZooBug *bug;
    double missed, mean; /* parts and means of all engines, summed */
} Rank;

static Rank rank_of(const TwComparison *c, const TwZooBug *bug)
{
    Rank rank = {.bug = bug};

    for (unsigned e = 0; e < TW_ENGINES; e++) {
        TwTrialFigures f;

        if (!c->engines[e]) {
            continue;
        }
        tw_trial_figures(c, bug, (TwEngine)e, &f);
        rank.missed +=
            f.trials ? (double)(f.trials - f.detected) / f.trials : 0;
        rank.mean += f.trials ? f.mean : 0;
        tw_trial_figures_clear(&f);
    }
    return rank;
}

static int by_rank(const void *a, const void *b)
{
    const Rank *x = a, *y = b;

    return x->missed != y->missed
               ? (x->missed < y->missed) - (x->missed > y->missed)
           : x->mean != y->mean ? (x->mean < y->mean) - (x->mean > y->mean)
                                : strcmp(x->bug->slug, y->bug->slug);
}

GPtrArray *tw_comparison_order(const TwComparison *c)
{
    g_autoptr(GArray) ranks = g_array_new(FALSE, FALSE, sizeof(Rank));
    GPtrArray *order = g_ptr_array_new();

    for (unsigned i = 0; i < c->bugs->len; i++) {
        Rank rank = rank_of(c, g_ptr_array_index(c->bugs, i));

        g_array_append_val(ranks, rank);
    }
    g_array_sort(ranks, by_rank);
    for (unsigned i = 0; i < ranks->len; i++) {
        g_ptr_array_add(order, (void *)g_array_index(ranks, Rank, i).bug);
    }
    return order;
}

bool tw_comparison_detects(const TwComparison *c, const TwZooBug *bug)
{
    unsigned detected = 0;

    for (unsigned e = 0; e < TW_ENGINES; e++) {
        TwTrialFigures f;

        if (c->engines[e]) {
            tw_trial_figures(c, bug, (TwEngine)e, &f);
            detected += f.detected;
            tw_trial_figures_clear(&f);
        }
    }
    return detected > 0;
}
