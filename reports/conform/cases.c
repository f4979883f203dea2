/* SPDX-License-Identifier: MIT */
/* The corner cases, as the build has put them into cases.inc. */
#include "reports/conform/conform.h"

static const TwConformCase cases[] = {
#include "reports/conform-cases.inc"
};

const TwConformCase *tw_conform_cases(unsigned *count)
{
    *count = G_N_ELEMENTS(cases);
    return cases;
}
