/* SPDX-License-Identifier: MIT */
/* See figures.h. */
#include "reports/measure/figures.h"

#include <glib.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double tw_median(double *values, unsigned n)
{
    qsort(values, n, sizeof(*values), compare);
    return n > 0 ? values[(n - 1) / 2] : 0;
}

static double pairs(double n)
{
    return n * (n - 1) / 2;
}

static double part(double some, double all)
{
    return all > 0 ? some / all : 1;
}

TwGrouping tw_grouping_of(const unsigned *counts, unsigned classes,
                          unsigned groups)
{
    g_autofree double *spread = g_new0(double, MAX(classes, 1));
    double both = 0, of_classes = 0, of_groups = 0, all = 0, expected, most;
    unsigned there = 0; /* classes that are not empty */
    TwGrouping m;

    for (unsigned c = 0; c < classes; c++) {
        double row = 0;

        for (unsigned g = 0; g < groups; g++) {
            both += pairs(counts[c * groups + g]);
            row += counts[c * groups + g];
            spread[there] += counts[c * groups + g] > 0;
        }
        of_classes += pairs(row);
        all += row;
        there += row > 0;
    }
    for (unsigned g = 0; g < groups; g++) {
        double column = 0;

        for (unsigned c = 0; c < classes; c++) {
            column += counts[c * groups + g];
        }
        of_groups += pairs(column);
    }
    expected = all > 1 ? of_classes * of_groups / pairs(all) : 0;
    most = (of_classes + of_groups) / 2;
    m.index = most - expected > 0 ? (both - expected) / (most - expected) : 1;
    m.precision = part(both, of_groups);
    m.recall = part(both, of_classes);
    m.groups = tw_median(spread, there); /* sorts them */
    m.nine_of_ten = there > 0 ? spread[(there * 9 + 9) / 10 - 1] : 0;
    m.most = there > 0 ? spread[there - 1] : 0;
    return m;
}
