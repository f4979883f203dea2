/* SPDX-License-Identifier: MIT */
/*
 * Accesses taken apart: what an operation asks for, and what the trace says.
 */
#ifndef TW_ORACLE_JUDGE_APART_H
#define TW_ORACLE_JUDGE_APART_H

#include "oracle/judge/oracle.h"

/* Operation `number`, an access. */
TwAccess tw_apart(const TwOracle *oracle, const TwOp *op, uint16_t number);
/* The fetch of the instruction that makes an access (LA-46). */
TwAccess tw_apart_fetch(const TwOracle *oracle, const TwOp *op,
                        uint16_t number);
/* What the trace says of one access, byte by byte. */
void tw_apart_see(const TwOracle *oracle, const TwAccess *access,
                  const TwOutcome *outcome, TwSeen *seen);

#endif
