/* SPDX-License-Identifier: MIT */
/* The board of the tests of TLBs and CPUs: RAM and a device behind an IOMMU. */
#ifndef TW_TARGETS_SOFTMMU_TEST_BOARD_H
#define TW_TARGETS_SOFTMMU_TEST_BOARD_H

#include "targets/softmmu/softmmu.h"
#include "targets/softmmu/test-kit.h"

typedef struct Board {
    Kit *k;
    uint8_t a, b;   /* RAM of 64 pages each, at 0 of space 1 and 2 */
    uint8_t device; /* at 0x80000 of space 1 */
    uint8_t i0;     /* IOMMU at 0x100000 of space 0, 16 pages, 2 indexes */
} Board;

/*
 *   space 0:  0x100000 iommu i0 ........ 0x110000
 *   space 1:  0 ram a ...... 0x40000     0x80000 device 0x81000
 *   space 2:  0 ram b ...... 0x40000
 *
 * c0.0 has no attributes (index 1 of i0), c0.1 is secure (index 0); pages of
 * i0's window are mapped one to one.
 */
KIT Board board_new(uint8_t tlb_lg, uint8_t victims)
{
    Board t = {.k = kit_new("softmmu")};
    Kit *k = t.k;
    uint8_t root = new_space(k), one = new_space(k), two = new_space(k);

    t.a = region(k, TW_REGION_RAM, one, 0, 0x40000);
    t.b = region(k, TW_REGION_RAM, two, 0, 0x40000);
    t.device = region(k, TW_REGION_MMIO, one, 0x80000, 0x1000);
    t.i0 = iommu(k, root, 0x100000, 0x10000, 2, TW_SELECT_SECURE);
    cpu(k, tlb_lg, victims);
    mmu(k, 0, 1, 0, TW_ATTR_SECURE);
    pages(k, 0, 0, 0x100000, 16);
    pages(k, 0, 1, 0x100000, 16);
    tw_softmmu_set_check(k->target, true);
    return t;
}

KIT unsigned counter(const Board *t, TwCounter c)
{
    return t->k->trace.counters[c];
}

/* i0, index 1 (what c0.0 uses): page n leads to page `to` of space `in`. */
KIT TwOp map_page(unsigned n, uint8_t in, unsigned to, uint8_t perm,
                  bool notified)
{
    return map_op(0, 1, n * (uint64_t)P, n * (uint64_t)P + P - 1, in,
                  to * (uint64_t)P, perm, notified);
}

#endif
