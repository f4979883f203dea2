/* SPDX-License-Identifier: MIT */
/* What `twinwalk conform` prints. */
#ifndef TW_CLI_VIEW_CONFORM_H
#define TW_CLI_VIEW_CONFORM_H

#include "reports/conform/conform.h"

/* The cases (all, or only those that failed), the random programs, and what
 * they used of the dialect. */
void tw_conform_print(const TwConform *conform, bool all);
void tw_conform_print_json(const TwConform *conform);

#endif
