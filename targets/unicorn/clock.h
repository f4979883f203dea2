/* SPDX-License-Identifier: MIT */
/* The library's clock, which stands still while a program runs (clock.c). */
#ifndef TW_TARGETS_UNICORN_CLOCK_H
#define TW_TARGETS_UNICORN_CLOCK_H

#include <stdbool.h>

/* In this thread gettimeofday() gives the same time from one to the other. */
void tw_uc_clock_stop(void);
void tw_uc_clock_go(void);

/* While it is stopped: from now on, each call of gettimeofday() takes a second,
 * or none again. */
void tw_uc_clock_tick(bool tick);

#endif
