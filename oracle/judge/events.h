/* SPDX-License-Identifier: MIT */
/*
 * Judging the events of observers and listeners.
 */
#ifndef TW_ORACLE_JUDGE_EVENTS_H
#define TW_ORACLE_JUDGE_EVENTS_H

#include "oracle/judge/oracle.h"

/* At the end of a program: did each observer and listener get what it is owed,
 * in order, and nothing else? */
TwVerdict tw_judge_events(TwOracle *oracle);

#endif
