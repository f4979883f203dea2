/* SPDX-License-Identifier: MIT */
/*
 * Dirty logs: which pages of RAM were stored to (LA-39).
 */
#ifndef TW_ORACLE_JUDGE_DIRTY_H
#define TW_ORACLE_JUDGE_DIRTY_H

#include "oracle/memory/content.h"

enum { TW_MAX_DIRTY = TW_MAX_SCRIPT * TW_MAX_ACCESS * 2 }; /* pages */

typedef struct TwDirtyClear {
    uint64_t first, last; /* page numbers */
    uint16_t op;
    uint8_t block;
} TwDirtyClear;

typedef struct TwDirty {
    uint16_t since[TW_MAX_REGIONS]; /* per block: the operation that started
                                     * its log, or TW_NO_OP */
    unsigned n_clears;
    TwDirtyClear clears[TW_MAX_SCRIPT];
    uint64_t pages[TW_MAX_DIRTY]; /* at work */
    TwRange runs[TW_MAX_DIRTY];
} TwDirty;

void tw_dirty_start(TwDirty *dirty);
void tw_dirty_perform(TwDirty *dirty, const TwProgram *program, const TwOp *op,
                      uint16_t number);
/* What dirty-clear `op` must find in that world, in dirty->runs; returns how
 * many. */
unsigned tw_dirty_runs(TwDirty *dirty, const TwContents *contents,
                       const TwContent *world, const TwOp *op);

#endif
