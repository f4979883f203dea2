/* SPDX-License-Identifier: MIT */
/*
 * Which situation an access was in (situation.h), told from the walk that the
 * history made.
 */
#ifndef TW_ORACLE_FRESHNESS_MET_H
#define TW_ORACLE_FRESHNESS_MET_H

#include "oracle/freshness/situation.h"
#include "oracle/walk/walk.h"

enum { TW_LAST_MET = 256 };

/* The last access to a page, where no other has taken its place. */
typedef struct TwLastMet {
    uint64_t program, page;
    uint32_t tick;    /* just after it */
    uint8_t cpu, mmu; /* of a DMA master: the space */
} TwLastMet;

typedef struct TwMeeting {
    TwMet *met;       /* the caller's */
    uint64_t program; /* number of the one that is judged, from 1 */
    TwWalk walks[2];  /* as it was before a change */
    TwLastMet last[TW_LAST_MET];
} TwMeeting;

/* The next program begins. */
void tw_met_start(TwMeeting *meeting);
/* Notes one page of an access and the walk of its bytes there, current at
 * time `now`. */
void tw_met_note(TwMeeting *meeting, const TwWorld *world,
                 const TwAccess *access, uint64_t page, const TwWalk *walk,
                 uint32_t now);

#endif
