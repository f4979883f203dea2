/* SPDX-License-Identifier: MIT */
/* The way out of what takes long: the first Ctrl-C asks for an end, the second
 * one ends the process. */
#ifndef TW_PROCESS_STOP_H
#define TW_PROCESS_STOP_H

/*
 * From here on SIGINT, SIGTERM and SIGHUP set what this returns, each the first
 * time it comes.  It is 0 until then; one for the whole process.
 */
volatile int *tw_stop_on_signals(void);

/* The same, without catching anything. */
volatile int *tw_stop_asked(void);

#endif
