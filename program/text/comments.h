/* SPDX-License-Identifier: MIT */
/* Inside this folder only: how parser and printer keep comments. */
#ifndef TW_PROGRAM_TEXT_COMMENTS_H
#define TW_PROGRAM_TEXT_COMMENTS_H

#include "program/check.h"
#include "program/text/text.h"

/* Adds `lines` (each ended by a newline) above or behind what is at `spot`. */
void tw_comments_add(TwComments *comments, TwSpot spot, bool behind,
                     const char *lines);

/* The lines kept there, each ended by a newline, or NULL. */
const char *tw_comments_find(const TwComments *comments, TwSpot spot,
                             bool behind);

/* What was at `spot` is gone: its comments go, later ones move up. */
void tw_comments_drop(TwComments *comments, TwSpot spot);

#endif
