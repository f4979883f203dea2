/* SPDX-License-Identifier: MIT */
/*
 * What a difference is called, and the text of a finding.
 */
#ifndef TW_ORACLE_JUDGE_EXPLAIN_H
#define TW_ORACLE_JUDGE_EXPLAIN_H

#include "oracle/judge/oracle.h"

/* The rules that make answer->event end an answer. */
const char *tw_event_rule(const TwAnswer *answer);
/* What the operation that ended the time of an answer did, in words. */
const char *tw_change_text(const TwProgram *program, const TwAnswer *answer);

/* explain.c: names the difference of an access that nothing allowed explains
 * (oracle->history holds what was); fills in oracle->finding and returns the
 * verdict. */
TwVerdict tw_explain_access(TwOracle *oracle, const TwAccess *access,
                            const TwSeen *seen);
/* The same where the outcome would be right, had A and D been set in the
 * entries of tables that led to it (LA-55). `why`: which is not, in words. */
TwVerdict tw_explain_unmarked(TwOracle *oracle, const TwAccess *access,
                              const TwSeen *seen, const char *why);
/* A finding that is no access's answer; `format` as printf.  `op` is a script
 * operation or TW_NO_OP. */
TwVerdict tw_explain_other(TwOracle *oracle, TwVerdict verdict, uint16_t op,
                           const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The verdict of what a limit of the oracle leaves open; `format` as printf:
 * which limit.  tw_judge() notes the operation. */
TwVerdict tw_explain_limit(TwOracle *oracle, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
