/* SPDX-License-Identifier: MIT */
/* IOMMUs: what they translate as at a time, and what changes it. */
#ifndef TW_ORACLE_WORLD_IOMMU_H
#define TW_ORACLE_WORLD_IOMMU_H

#include "oracle/world/world.h"

/* Sets up the entries that the program's setup describes, and bypass. */
void tw_iommu_start(TwWorld *world);

/*
 * Performs a legal operation of an IOMMU by `actor` (a CPU or the board), in
 * script operation `number`, and tells CPUs and observers of it.
 */
void tw_iommu_perform(TwWorld *world, const TwOp *op, uint8_t actor,
                      uint16_t number);

/* Brings back entries and bypass as they were saved; sends no event. */
void tw_iommu_restore(TwWorld *world, uint16_t number);

/* What was found where a link was looked up. */
typedef struct TwFound {
    uint64_t out;        /* output address of the byte */
    uint32_t since;      /* tick of the assignment that decided */
    uint16_t op;         /* its operation */
    uint8_t space, perm; /* perm 0: nothing there */
    uint8_t lg;          /* an entry for 2^lg bytes, at a multiple of that;
                          * 0: for one granule */
    bool blocked;        /* by an MPC: the walk ends here (LA-32) */
} TwFound;

/* The entry for offset x of an IOMMU's index, as at t; without bypass. */
TwFound tw_iommu_find(const TwWorld *world, uint8_t iommu, uint8_t index,
                      uint64_t x, uint32_t t);
/* The translation: tw_iommu_find, or in bypass the offset itself. */
TwFound tw_iommu_translate(const TwWorld *world, uint8_t iommu, uint8_t index,
                           uint64_t x, uint32_t t);

#endif
