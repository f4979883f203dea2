/* SPDX-License-Identifier: MIT */
/*
 * Answers where IOMMUs have IOTLBs.
 */
#ifndef TW_ORACLE_FRESHNESS_RECORDED_H
#define TW_ORACLE_FRESHNESS_RECORDED_H

#include "oracle/freshness/ask.h"

/* Fills in the answers to a question in a world that has an IOTLB whose target
 * may keep records (FR-11); `until`: no older version of a CPU's cached answers
 * needs to be looked for. */
void tw_ask_recorded(TwAsk *ask, uint32_t until);

#endif
