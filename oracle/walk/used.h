/* SPDX-License-Identifier: MIT */
/*
 * The entries of page tables that walks of one access read, for A and D bits
 * (LA-55).
 */
#ifndef TW_ORACLE_WALK_USED_H
#define TW_ORACLE_WALK_USED_H

#include "oracle/walk/walk.h"

/* An entry that was read now, and not as a record has it. */
typedef struct TwUsedEntry {
    uint64_t at; /* its offset in the region with the tables; of nested tables,
                  * where some of its bytes are in that block */
    uint8_t iommu, level, block;
    bool leaf;   /* it ended a walk */
    bool used;   /* by a translation that granted the access, of an IOMMU whose
                  * walks set A and D; */
    bool stores; /* which stores */
} TwUsedEntry;

enum { TW_MAX_USED = 256 };
typedef struct TwUsed {
    unsigned n;
    bool overflow; /* there were more */
    TwUsedEntry list[TW_MAX_USED];
} TwUsed;

/* One translation at work. */
typedef struct TwUsing {
    TwTableSeer seer;
    unsigned n;
    TwTableSeen seen[TW_MAX_LEVELS];
} TwUsing;

/* The seer for the translation; valid as long as `using` is. */
const TwTableSeer *tw_using_start(TwUsing *using);
/* Adds what the translation by that IOMMU has read; it granted these rights of
 * an access, or 0: it did not grant the access. */
void tw_using_end(const TwUsing *using, TwUsed *used, const TwWorld *world,
                  uint8_t iommu, uint8_t granted);

/* Adds bytes of an entry of nested tables of that IOMMU. */
void tw_used_nested(TwUsed *used, uint8_t iommu, uint8_t level, uint8_t block,
                    uint64_t at);

#endif
