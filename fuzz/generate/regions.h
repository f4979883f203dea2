/* SPDX-License-Identifier: MIT */
/* What spaces are filled with. */
#ifndef TW_FUZZ_GENERATE_REGIONS_H
#define TW_FUZZ_GENERATE_REGIONS_H

#include "fuzz/generate/sketch.h"

/* Where the next region of each space goes. */
typedef struct TwGenCursor {
    uint64_t at[TW_MAX_SPACES];
} TwGenCursor;

/* Are regions of this kind in the dialect? */
bool tw_gen_has_kind(const TwGen *gen, unsigned kind);
/* A new region, in `container` at `addr`; NULL if there is no room for it. */
TwRegion *tw_gen_new_region(TwGen *gen, TwRegionKind kind, uint8_t container,
                            uint64_t addr, uint64_t size);
uint8_t tw_gen_region_id(const TwGen *gen, const TwRegion *region);
/* The space to put something into that is to be seen in `space`. */
uint8_t tw_gen_no_twin(const TwGen *gen, unsigned space);

/* A leaf of about 2^lg_from to 2^(lg_from + lg_below - 1) pages; any of the
 * rest: leaves, containers, aliases; an IOMMU.  The sketch follows. */
bool tw_gen_add_leaf(TwGen *gen, TwGenCursor *cursor, uint8_t space,
                     TwRegionKind kind, unsigned lg_from, unsigned lg_below);
bool tw_gen_add_extra(TwGen *gen, TwGenCursor *cursor, uint8_t space);
void tw_gen_add_iommu(TwGen *gen, TwGenCursor *cursor, uint8_t space);
/* Aliases of rows of aliases: 9 to 4096 pieces of one leaf, so that views get
 * large; nothing if there are not regions enough left. */
void tw_gen_add_grid(TwGen *gen, TwGenCursor *cursor, uint8_t space);

/* Containers, one in the other, each beside a leaf of its priority; nothing if
 * there are not regions enough left. */
void tw_gen_add_ties(TwGen *gen, TwGenCursor *cursor, uint8_t space);
/* An alias of an alias of an alias ... of RAM; the same. */
void tw_gen_add_chain(TwGen *gen, TwGenCursor *cursor, uint8_t space);

#endif
