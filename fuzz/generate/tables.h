/* SPDX-License-Identifier: MIT */
/*
 * Page tables in RAM: programs are made with IOMMUs of kind `table`, and some
 * of these become a `pagetable` at the end.  What was done to their entries
 * becomes stores to tables, and invalidations.
 */
#ifndef TW_FUZZ_GENERATE_TABLES_H
#define TW_FUZZ_GENERATE_TABLES_H

#include "fuzz/generate/sketch.h"

/* Has the dialect all that pagetables need? */
bool tw_tables_possible(const TwDialect *dialect);

/* May the IOMMU that is being made become a pagetable?  Then sets its granule,
 * and the least size of its region in *size. */
void tw_tables_plan(TwGen *gen, TwIommu *iommu, uint64_t *size);

/* Turns the IOMMUs that were planned, and the program with them. */
void tw_tables_turn(TwGen *gen);

#endif
