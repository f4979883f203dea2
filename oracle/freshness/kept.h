/* SPDX-License-Identifier: MIT */
/*
 * Answers of records that were found before.  What is past never changes: the
 * same question has the same answers for the rest of the program, and each walk
 * of a tree asks the same ones again.  For this room only.
 */
#ifndef TW_ORACLE_FRESHNESS_KEPT_H
#define TW_ORACLE_FRESHNESS_KEPT_H

#include "oracle/freshness/record.h"

/* Nothing yet; the caller owns it, until tw_kept_clear(). */
TwOlderMemo *tw_kept_new(void);
/* Before the history takes up an access: forgets the answers of another
 * program, and all if there is little room left.  Until the next call, answers
 * stay where they are. */
void tw_kept_begin(TwHistory *history, const TwWorld *world);
/* Frees what the history keeps. */
void tw_kept_clear(TwHistory *history);

/* The answers to the question, or NULL: it is new. */
const TwOlders *tw_kept_find(const TwOlderAsk *question);
/* Keeps a copy of the answers to a new question, and returns it.  If there is
 * no room, it says that there are more. */
const TwOlders *tw_kept_add(const TwOlderAsk *question, TwOlders olders);

#endif
