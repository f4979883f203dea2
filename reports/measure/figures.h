/* SPDX-License-Identifier: MIT */
/* Figures of measurements: medians, and how well groups match the wanted ones.
 */
#ifndef TW_REPORTS_FIGURES_H
#define TW_REPORTS_FIGURES_H

/* Sorts `n` values and returns the one in the middle (of two the lower); 0 of
 * none. */
double tw_median(double *values, unsigned n);

typedef struct TwGrouping {
    double index; /* the adjusted Rand index (Hubert and Arabie 1985): 1: the
                   * groups are the classes; 0: they are as good as chance */
    double precision; /* of the pairs in one group, the part in one class; 1 if
                       * there is no such pair: low if groups mix classes */
    double recall;    /* of the pairs in one class, the part in one group; 1 if
                       * there is no such pair: low if classes are spread */
    /* Over how many groups a class is spread: the median class, nine of ten
     * classes at most, any class at most.  (Of classes that are there.) */
    double groups, nine_of_ten, most;
} TwGrouping;

/* counts[class * groups + group]: how many things of each class are in each
 * group. */
TwGrouping tw_grouping_of(const unsigned *counts, unsigned classes,
                          unsigned groups);

#endif
