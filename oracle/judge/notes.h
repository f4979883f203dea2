/* SPDX-License-Identifier: MIT */
/*
 * What the trace says of dirty logs, judged.
 */
#ifndef TW_ORACLE_JUDGE_NOTES_H
#define TW_ORACLE_JUDGE_NOTES_H

#include "oracle/judge/oracle.h"

/* Performs dirty-log or dirty-clear, and judges what the trace says of it. */
TwVerdict tw_notes_judge(TwOracle *oracle, const TwOp *op, uint16_t number);
/* Does the trace have a note that no operation asked for? */
TwVerdict tw_notes_judge_end(TwOracle *oracle);

#endif
