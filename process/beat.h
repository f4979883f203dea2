/* SPDX-License-Identifier: MIT */
/*
 * What a watched process shows of its progress, in memory that it shares with
 * the process that watches it (watch.h).  Must not know what the process does.
 */
#ifndef TW_PROCESS_BEAT_H
#define TW_PROCESS_BEAT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Whose time it is. */
typedef enum TwDoing {
    TW_DOING_OURS,   /* our own code: making a program, judging a trace */
    TW_DOING_TARGET, /* what is tested */
    TW_DOING_WAIT,   /* nothing: it is idle, or waits for a process that it
                      * watches itself */
} TwDoing;

typedef struct TwBeat {
    volatile uint32_t in_flight; /* operation of the target */
    _Atomic uint32_t doing;      /* TwDoing */
    _Atomic uint64_t moves;      /* steps done and changes of `doing` */
} TwBeat;

/* By a watched process, once: from now on the functions below write here.
 * Without such a call they change nothing that can be seen. */
void tw_beat_use(TwBeat *beat);

/* A step is done. */
void tw_beat_move(void);

/* From now on it is `doing`.  Returns what it was doing before, to which the
 * caller goes back afterwards. */
TwDoing tw_beat_enter(TwDoing doing);

#endif
