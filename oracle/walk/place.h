/* SPDX-License-Identifier: MIT */
/* Where bytes of an access went: in data, and in words. */
#ifndef TW_ORACLE_WALK_PLACE_H
#define TW_ORACLE_WALK_PLACE_H

#include <stddef.h>
#include <stdint.h>

#include "program/trace.h"

typedef enum TwWhere {
    TW_AT_LEAF, /* a terminating region that is no IOMMU */
    TW_AT_HOLE,
    TW_AT_PAGE,    /* refused by the page map */
    TW_AT_HOP,     /* refused by an IOMMU */
    TW_AT_LOOP,    /* too many hops */
    TW_AT_BLOCKED, /* the blocked device of an MPC (LA-32) */
} TwWhere;

/* Where some bytes of an access are that lie together. */
typedef struct TwPlace {
    uint8_t from, length; /* bytes from .. from + length - 1 of the access */
    uint8_t where;        /* TwWhere */
    uint8_t region;       /* LEAF, LOOP, BLOCKED if known; else TW_NONE */
    uint8_t flags;        /* TW_LOC_..., LEAF */
    uint8_t depth;        /* IOMMUs passed */
    uint64_t offset;      /* LEAF, BLOCKED: of byte `from` */
    TwReason reason;      /* PAGE, HOP, LOOP: of byte `from`, if known */
} TwPlace;

enum { TW_PLACE_TEXT = 96 }; /* room for the longest text of a place */

/* "i0 absent level 2 at 0x1234"; "" for kind NONE; NUL-terminated. */
void tw_reason_text(const TwReason *reason, char *text, size_t size);

/* "r3+0x10 ro", "denied at IOMMU hop 1", with the reason if it is known ...;
 * NUL-terminated. */
void tw_place_text(const TwPlace *place, char *text, size_t size);

#endif
