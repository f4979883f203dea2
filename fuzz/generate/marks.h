/* SPDX-License-Identifier: MIT */
/* Programs in which walks set A and D in page tables (LA-55). */
#ifndef TW_FUZZ_GENERATE_MARKS_H
#define TW_FUZZ_GENERATE_MARKS_H

#include "fuzz/generate/put.h"
#include "program/layout.h"

/* A leaf with the rights `perm`, as one for walks that set A and D: mostly
 * neither of them is set; `mix` is random. */
uint64_t tw_marks_leaf(const TwLayout *layout, uint64_t entry, uint8_t perm,
                       uint64_t mix);
/* Is there an IOMMU whose walks set A and D? */
bool tw_marks_any(const TwProgram *p);
/* An access that sets A or D and has operations during it is not judged: so
 * mostly none has, in a program with such an IOMMU. */
void tw_marks_part_during(TwGen *gen);

#endif
