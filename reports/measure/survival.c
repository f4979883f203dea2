/* SPDX-License-Identifier: MIT */
/* See survival.h. */
#include "reports/measure/survival.h"

#include <math.h>
#include <stdlib.h>

static const double NORMAL_975 = 1.959963984540054; /* 97.5 % lie below */

static int by_time(const void *a, const void *b)
{
    const TwSurvivalTime *x = a, *y = b;

    return x->time < y->time   ? -1
           : x->time > y->time ? 1
                               : (int)y->event - (int)x->event;
}

/* log(-log(share)) is more nearly normal than the share, and its limits stay
 * between 0 and 1 (Kalbfleisch and Prentice 1980). */
static void set_band(TwSurvivalStep *step, double sum)
{
    double width;

    step->has_band = step->share > 0;
    step->low = step->high = step->share;
    if (step->has_band) {
        width = NORMAL_975 * sqrt(sum) / -log(step->share);
        step->low = pow(step->share, exp(width));
        step->high = pow(step->share, exp(-width));
    }
}

unsigned tw_survival_curve(TwSurvivalTime *times, unsigned n,
                           TwSurvivalStep *steps)
{
    unsigned made = 0;
    double share = 1, sum = 0; /* Greenwood's */

    qsort(times, n, sizeof(*times), by_time);
    for (unsigned i = 0, next; i < n; i = next) {
        unsigned at_risk = n - i, events = 0;

        for (next = i; next < n && times[next].time == times[i].time; next++) {
            events += times[next].event;
        }
        if (events == 0) {
            continue;
        }
        share *= 1 - (double)events / at_risk;
        if (events < at_risk) {
            sum += events / ((double)at_risk * (at_risk - events));
        }
        steps[made] = (TwSurvivalStep){.time = times[i].time,
                                       .at_risk = at_risk,
                                       .events = events,
                                       .share = events < at_risk ? share : 0};
        steps[made].variance = steps[made].share * steps[made].share * sum;
        set_band(&steps[made], sum);
        made++;
    }
    return made;
}

double tw_survival_median(const TwSurvivalStep *steps, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (steps[i].share <= 0.5) {
            return steps[i].time;
        }
    }
    return -1;
}

double tw_survival_mean(const TwSurvivalStep *steps, unsigned n, double limit,
                        double *error)
{
    double area = 0, end = limit, variance = 0;

    /* From the end: the area behind each step is in its variance. */
    for (unsigned i = n; i-- > 0;) {
        const TwSurvivalStep *s = &steps[i];

        if (s->time >= limit) {
            continue;
        }
        area += s->share * (end - s->time);
        end = s->time;
        if (s->events < s->at_risk) {
            variance += area * area * s->events /
                        ((double)s->at_risk * (s->at_risk - s->events));
        }
    }
    *error = sqrt(variance);
    return area + end;
}
