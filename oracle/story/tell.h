/* SPDX-License-Identifier: MIT */
/*
 * A walk once more, step by step, for people.
 */
#ifndef TW_ORACLE_STORY_TELL_H
#define TW_ORACLE_STORY_TELL_H

#include "oracle/story/story.h"
#include "oracle/walk/walk.h"

/*
 * Walks byte k of an access once more and writes the steps down, in
 * tale->steps; then compares the end with that of tw_walk(), the judge's own.
 * False: they differ.
 */
bool tw_tell(const TwWorld *world, const TwAccess *access, unsigned k,
             TwTimes times, TwTale *tale);

#endif
