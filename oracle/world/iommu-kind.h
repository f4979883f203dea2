/* SPDX-License-Identifier: MIT */
/* What an IOMMU of a kind does: a row of functions for each kind. */
#ifndef TW_ORACLE_WORLD_IOMMU_KIND_H
#define TW_ORACLE_WORLD_IOMMU_KIND_H

#include "oracle/world/iommu.h"

typedef struct TwIommuClass {
    /* The entry for offset x of an index as at those times, without bypass.  A
     * kind whose tables lie in RAM reads them through world->ram, or, if they
     * are nested, through the reader, which may be NULL. */
    TwFound (*find)(const TwWorld *world, uint8_t iommu, uint8_t index,
                    uint64_t x, const TwParts *parts,
                    const TwTableReader *reader);
    /* Is any offset of first .. last mapped now?  This and the next may be
     * NULL if such operations are not legal of the kind. */
    bool (*any_mapped)(const TwWorld *world, uint8_t iommu, uint8_t index,
                       uint64_t first, uint64_t last);
    /* Performs map, unmap or protect at time `tick`; sends no event. */
    void (*change)(TwWorld *world, const TwOp *op, uint16_t number,
                   uint32_t tick);
    /* Removes all entries (reset) at time `tick`; sends no event. */
    void (*empty)(TwWorld *world, uint8_t iommu, uint16_t number,
                  uint32_t tick);
    /* From now on the entries are those as at world->saved.tick. */
    void (*restore)(TwWorld *world, uint8_t iommu, uint16_t number);
} TwIommuClass;

/* Assigns to a list of entries (TW_IOMMU_TABLE), or of contexts. */
void tw_iommu_assign(TwWorld *world, uint8_t iommu, uint8_t index,
                     TwTableEntry entry);
/* TwIommuClass.empty and .restore for what is kept in such lists. */
void tw_iommu_empty(TwWorld *world, uint8_t iommu, uint16_t number,
                    uint32_t tick);
void tw_iommu_restore_lists(TwWorld *world, uint8_t iommu, uint16_t number);

/* TW_IOMMU_TABLE: abstract entries (LA-12). */
extern const TwIommuClass tw_iommu_table;
/* TW_IOMMU_PAGETABLE: tables in RAM (LA-35). */
extern const TwIommuClass tw_iommu_pagetable;
/* TW_IOMMU_MPC: a look-up table behind registers (LA-31). */
extern const TwIommuClass tw_iommu_mpc;

#endif
