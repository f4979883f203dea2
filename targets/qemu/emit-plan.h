/* SPDX-License-Identifier: MIT */
/* What emit.c knows of a program before it writes: the operations, the RAM that
 * matters, and a byte that tells of the defect; found by emit-plan.c. */
#ifndef TW_TARGETS_QEMU_EMIT_PLAN_H
#define TW_TARGETS_QEMU_EMIT_PLAN_H

#include "targets/qemu/emit.h"
#include "targets/qemu/internal.h"

enum { TW_QEMU_SMALL_TLB = 256 }; /* slots of a TLB that is not grown */

typedef struct QemuEmit {
    Machine *machine;
    const EmitArch *text;
    const TwProgram *program; /* up to the accused operation */
    const TwFinding *finding;
    const TwExpected *expected;
    GString *out;
    GArray *ops;      /* TwDo: all that the agent would be told */
    unsigned n_setup; /* of them, before the script */
    GArray *words;    /* uint64_t: physical addresses of RAM that matters */
    /* The accused access: the line of the guest's output, what it was, or a
     * byte of RAM at the end that is loaded to see it. */
    unsigned line;
    TwDo accused;
    uint64_t end_byte; /* guest physical address, or 0 */
    uint8_t end_value;
} QemuEmit;

/* The guest physical address of byte `pa` of the program's RAM. */
uint64_t tw_qemu_emit_ram(const QemuEmit *e, uint64_t pa);
/* Fills in `words`: those that accesses may reach. */
void tw_qemu_emit_words(QemuEmit *e);
/* Fills in `n_setup`, `line` and `accused`, and makes the page tables in RAM
 * those before the script. */
void tw_qemu_emit_ops(QemuEmit *e);
/* Do two pages of the accesses share a slot of a small TLB, or one with the
 * guest's own pages? */
bool tw_qemu_emit_large_tlb(const QemuEmit *e);
/* Is the accused access a store that was done, but not where it must be?  Then
 * nothing but RAM tells. */
bool tw_qemu_emit_misplaced(const QemuEmit *e);
/* Fill in `end_byte` and `end_value`, if there is such a byte: one of RAM that
 * is not as it must be after the program, or one of the accused store that is
 * not where it must be.  They run the program. */
void tw_qemu_emit_end_byte(QemuEmit *e);
void tw_qemu_emit_lost_byte(QemuEmit *e);

#endif
