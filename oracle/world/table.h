/* SPDX-License-Identifier: MIT */
/*
 * Page maps and IOMMU tables: what they say as at a time, and what changes
 * them.
 */
#ifndef TW_ORACLE_WORLD_TABLE_H
#define TW_ORACLE_WORLD_TABLE_H

#include "oracle/world/world.h"

void tw_table_start(TwWorld *world);
void tw_table_perform(TwWorld *world, const TwOp *op, uint8_t actor,
                      uint16_t number);
/* Page maps, tables and bypass are from now on as they were saved; tells
 * nobody. */
void tw_table_restore(TwWorld *world, uint16_t number);
/* What was found where a link was looked up. */
typedef struct TwFound {
    uint64_t out;        /* output address of the byte */
    uint32_t since;      /* tick of the assignment that decided */
    uint16_t op;         /* its operation */
    uint8_t space, perm; /* perm 0: nothing there */
} TwFound;

/* The entry for offset x of an IOMMU's index, as at t; without bypass. */
TwFound tw_table_find(const TwWorld *world, uint8_t iommu, uint8_t index,
                      uint64_t x, uint32_t t);
/* The translation: tw_table_find, or in bypass the offset itself. */
TwFound tw_table_translate(const TwWorld *world, uint8_t iommu, uint8_t index,
                           uint64_t x, uint32_t t);
/* The page-map assignment that counts for `addr` as at t, or NULL; in
 * *uniform whether it is the same for addr .. addr + more. */
const TwPageEntry *tw_table_page(const TwWorld *world, uint8_t cpu, uint8_t mmu,
                                 uint64_t addr, uint64_t more, uint32_t t,
                                 bool *uniform);

#endif
