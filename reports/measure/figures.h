/* SPDX-License-Identifier: MIT */
/* Figures of measurements: medians, and how well groups match the wanted ones.
 */
#ifndef TW_REPORTS_FIGURES_H
#define TW_REPORTS_FIGURES_H

/* Sorts `n` values and returns the one in the middle (of two the lower); 0 of
 * none. */
double tw_median(double *values, unsigned n);

typedef struct TwGrouping {
    double index;  /* the adjusted Rand index (Hubert and Arabie 1985): 1: the
                    * groups are the classes; 0: they are as good as chance */
    double groups; /* median of the groups that a class is spread over */
} TwGrouping;

/* counts[class * groups + group]: how many things of each class are in each
 * group. */
TwGrouping tw_grouping_of(const unsigned *counts, unsigned classes,
                          unsigned groups);

#endif
