/* SPDX-License-Identifier: MIT */
/* How the time of a program grows with its parts: `twinwalk bench --scale`. */
#ifndef TW_REPORTS_SCALE_H
#define TW_REPORTS_SCALE_H

#include "targets/target.h"

/* Sizes of one part: doubled until the language's limit, which comes last. */
enum { TW_SCALE_SIZES = 10 };

typedef enum TwScalePart {
    TW_SCALE_REGIONS, /* leaves side by side in one container */
    TW_SCALE_ALIASES, /* of one container with two leaves */
    TW_SCALE_NESTING, /* containers in each other */
    TW_SCALE_HOPS,    /* IOMMUs that an access meets, one behind the other */
    TW_SCALE_IOMMUS,  /* side by side; an access meets one */
    TW_SCALE_CPUS,    /* they share four IOMMUs and take turns */
    TW_SCALE_MAPS,    /* entries in the table of an IOMMU */
    TW_SCALE_PAGES,   /* entries in the page map of a CPU */
    TW_SCALE_SCRIPT,  /* operations of the script */
    TW_SCALE_PARTS
} TwScalePart;

typedef struct TwScaleRow {
    unsigned sizes; /* how many were measured: those before the first that the
                     * target cannot run, or has a finding in */
    unsigned size[TW_SCALE_SIZES];
    double target[TW_SCALE_SIZES]; /* ns per program */
    double judge[TW_SCALE_SIZES]; /* ns per program: the oracle and the judge */
    /* By which power of the size the time grows: from half of the greatest
     * size, or what comes next to it, to the greatest.  1 is linear. */
    double target_power, judge_power;
} TwScaleRow;

/* "regions" and so on. */
const char *tw_scale_name(TwScalePart part);

/* Measures all parts in about `seconds`.  False with `error` set if the target
 * cannot be opened. */
bool tw_bench_scale(const TwTargetOptions *options, double seconds,
                    TwScaleRow rows[TW_SCALE_PARTS], GError **error);

#endif
