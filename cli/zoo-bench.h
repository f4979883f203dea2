/* SPDX-License-Identifier: MIT */
/* Inside this folder only: twinwalk zoo bench. */
#ifndef TW_CLI_ZOO_BENCH_H
#define TW_CLI_ZOO_BENCH_H

#include "reports/trials/figures.h"

/* The verb: argv[0] is "bench". */
int tw_zoo_bench(int argc, char **argv);

/* Prints the figures as text; as JSON; each trial as a line of CSV. */
void tw_bench_show_text(const TwComparison *c);
void tw_bench_show_json(const TwComparison *c);
void tw_bench_show_csv(const TwComparison *c);

#endif
