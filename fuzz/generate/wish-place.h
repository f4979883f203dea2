/* SPDX-License-Identifier: MIT */
/* A wish while its program is made, and places for it: pages of regions,
 * entries of the setup. */
#ifndef TW_FUZZ_GENERATE_WISH_PLACE_H
#define TW_FUZZ_GENERATE_WISH_PLACE_H

#include "fuzz/generate/sketch.h"
#include "oracle/freshness/situation.h"

enum { WISH_HOPS = 4 };

/* A page of a space, and the region that shows it there. */
typedef struct TwWishPlace {
    uint64_t at;     /* address of the page in the space */
    uint64_t within; /* the same, in the region */
    uint8_t space;
    uint8_t region; /* or TW_NONE: a hole, as far as is known */
    uint8_t iommu;  /* or TW_NONE */
    uint8_t index;  /* of the IOMMU, for the attributes of the access */
} TwWishPlace;

typedef struct TwWish {
    TwGen *gen;
    const TwSituation *want;
    uint8_t change; /* TwMetChange: the wished one, or one for it to hold */
    TwOpCode code;  /* of the access */
    bool dma;
    bool cover; /* the change is one of `lid` */
    uint8_t cpu, mmu;
    uint8_t hop_right;         /* that the access needs of IOMMUs */
    uint8_t bad_page, bad_hop; /* rights that are not enough */
    uint64_t va;
    TwAttrs attrs;
    unsigned n_hops, hop_at;        /* hop_at: the hop whose entry changes */
    TwWishPlace way[WISH_HOPS + 1]; /* hops, then the leaf */
    TwWishPlace last;  /* what the answer is about: the leaf, or the hop that
                        * refuses */
    TwWishPlace aside; /* another IOMMU, for the old answer; or no region */
    TwWishPlace old;   /* where the old answer leads */
    uint8_t lid;       /* region over `last`, or TW_NONE */
} TwWish;

/* A page of a region of `kind` (TW_REGION_...) in `space`, or in any space
 * (TW_NONE); made if there is none, or by chance.  False: no room for one. */
bool tw_wish_find(TwWish *wish, unsigned kind, uint8_t space,
                  TwWishPlace *place);
/* A page where nothing was put so far. */
uint64_t tw_wish_free_page(TwGen *gen);

/* Entries of the setup; if it is full, none. */
void tw_wish_set_page(TwWish *wish, uint8_t cpu, uint64_t va, uint64_t pa,
                      uint8_t perm);
void tw_wish_set_map(TwWish *wish, const TwWishPlace *hop,
                     const TwWishPlace *to, uint8_t perm);

#endif
