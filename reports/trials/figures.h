/* SPDX-License-Identifier: MIT */
/* What the trials of one bug by one engine come to. */
#ifndef TW_REPORTS_TRIALS_FIGURES_H
#define TW_REPORTS_TRIALS_FIGURES_H

#include "reports/measure/survival.h"
#include "reports/trials/results.h"

/* What the figures are about: these bugs (const TwZooBug *), engines and
 * trials, in seconds or, with a limit of programs, in programs. */
typedef struct TwComparison {
    const TwTrialRules *rules;
    const TwResults *results;
    GPtrArray *bugs;
    bool engines[TW_ENGINES];
    unsigned trials; /* wanted of each bug and engine */
} TwComparison;

typedef struct TwTrialFigures {
    unsigned trials, reached, triggered, detected, died, unexpected;
    bool blind; /* the engine has counters for coverage of itself alone */
    uint32_t verdicts; /* bit per verdict of a detection */
    unsigned n_steps;
    TwSurvivalStep *steps; /* of the time to the detection */
    double median;         /* negative: less than half of the trials detect */
    double mean, error;    /* of that time, or the limit where it is longer */
    double programs;       /* run in all trials */
    double seconds;        /* likewise */
} TwTrialFigures;

/* The limit of a trial, in the unit of the comparison. */
double tw_comparison_limit(const TwComparison *c);
/* "s" or "programs" */
const char *tw_comparison_unit(const TwComparison *c);

/* Of one bug; NULL: of all bugs together.  To be cleared. */
void tw_trial_figures(const TwComparison *c, const TwZooBug *bug,
                      TwEngine engine, TwTrialFigures *figures);
void tw_trial_figures_clear(TwTrialFigures *figures);

/* Some engine detects the bug in some trial. */
bool tw_comparison_detects(const TwComparison *c, const TwZooBug *bug);

/* The bugs in the order to show: those that fewer trials detect first, then
 * those that take longer.  To be freed; the bugs are not. */
GPtrArray *tw_comparison_order(const TwComparison *c);

#endif
