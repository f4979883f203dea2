/* SPDX-License-Identifier: MIT */
/* What devices were told of an access, and what they should have been told, as
 * a line of a finding. */
#ifndef TW_ORACLE_JUDGE_TOLD_TEXT_H
#define TW_ORACLE_JUDGE_TOLD_TEXT_H

#include "oracle/judge/oracle.h"

enum { TW_TOLD_TEXT = 400 };

/*
 * "told: write of 1 byte at r1+0x4000; due: write of 1 byte at r1+0x5000" into
 * text[size], without a newline.  After tw_judge_expect() of the access, before
 * its records in the log are accounted for.  Allocates nothing.  False if each
 * byte was told as it should be, in other calls.
 */
bool tw_told_text(const TwOracle *oracle, const TwAccess *access, char *text,
                  size_t size);

#endif
