/* SPDX-License-Identifier: MIT */
/* The library's clock, which stands still while a program runs (clock.c). */
#ifndef TW_TARGETS_UNICORN_CLOCK_H
#define TW_TARGETS_UNICORN_CLOCK_H

/* In this thread gettimeofday() gives the same time from one to the other. */
void tw_uc_clock_stop(void);
void tw_uc_clock_go(void);

#endif
