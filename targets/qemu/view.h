/* SPDX-License-Identifier: MIT */
/* Where a program's physical addresses lead: to RAM or to nothing. */
#ifndef TW_TARGETS_QEMU_VIEW_H
#define TW_TARGETS_QEMU_VIEW_H

#include "program/model.h"

/* RAM of one block: physical addresses first .. end - 1. */
typedef struct Seen {
    uint64_t first, end;
    uint64_t offset; /* in the block, of `first` */
    uint8_t block;
} Seen;

typedef struct View {
    unsigned n;
    Seen seen[2 * TW_MAX_REGIONS + 2]; /* ascending */
} View;

void tw_qemu_view_make(View *view, const TwProgram *program);
/* What is there, or NULL: nothing. */
const Seen *tw_qemu_view_at(const View *view, uint64_t pa);
/* Is all of the aligned range of 2^lg bytes RAM (*ram), or all nothing? */
bool tw_qemu_view_uniform(const View *view, uint64_t pa, unsigned lg,
                          bool *ram);

#endif
