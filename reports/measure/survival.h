/* SPDX-License-Identifier: MIT */
/*
 * Times until something happens, where some observations ended before it
 * happened (they are *censored*): the curve of Kaplan and Meier, its confidence
 * band, and the mean time up to a limit.  Must not know what is waited for.
 */
#ifndef TW_REPORTS_SURVIVAL_H
#define TW_REPORTS_SURVIVAL_H

#include <stdbool.h>

/* One observation: it lasted `time` (at least 0); then it happened (`event`),
 * or the observation ended. */
typedef struct TwSurvivalTime {
    double time;
    bool event;
} TwSurvivalTime;

/* The curve falls at `time`, to `share`. */
typedef struct TwSurvivalStep {
    double time;
    unsigned at_risk; /* observations that lasted at least so long */
    unsigned events;  /* of them, those that ended now with an event */
    double share;     /* to which it has not happened yet, from here on */
    double variance;  /* of that share (Greenwood 1926) */
    bool has_band;    /* not where the share is 0: the band is not defined */
    double low, high; /* 95 % confidence, of log(-log(share)) */
} TwSurvivalStep;

/*
 * Sorts `times`, by time, events before ends of observation.  Writes the steps
 * of the curve (Kaplan and Meier 1958), at most `n`; returns their number.
 * Before the first step the share is 1.
 */
unsigned tw_survival_curve(TwSurvivalTime *times, unsigned n,
                           TwSurvivalStep *steps);

/* The first time at which the share is at most a half; negative: it never is.
 */
double tw_survival_median(const TwSurvivalStep *steps, unsigned n);

/* The mean of the time, or of `limit` where it is longer: the area below the
 * curve up to there; *error gets its standard error. */
double tw_survival_mean(const TwSurvivalStep *steps, unsigned n, double limit,
                        double *error);

#endif
