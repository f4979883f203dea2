/* SPDX-License-Identifier: MIT */
/* Ctrl-C in long work: the first one asks the work to stop, the second one ends
 * the process. */
#ifndef TW_PROCESS_STOP_H
#define TW_PROCESS_STOP_H

/*
 * From now on SIGINT, SIGTERM and SIGHUP, each the first time it arrives, set
 * the variable to which the result points.  It is 0 until then.  The process
 * has one such variable.
 */
volatile int *tw_stop_on_signals(void);

/* The same variable; catches no signal. */
volatile int *tw_stop_asked(void);

#endif
