/* SPDX-License-Identifier: MIT */
/* Figures of a program as a whole, which no single field shows. */
#ifndef TW_FUZZ_GENERATE_SHAPE_H
#define TW_FUZZ_GENERATE_SHAPE_H

#include "program/model.h"

typedef enum TwShapeFigure {
    TW_SHAPE_TIE,         /* siblings of one priority at one address, most */
    TW_SHAPE_TIE_LEVELS,  /* containers with a tie, one inside the other */
    TW_SHAPE_PRIORITIES,  /* in one container, most */
    TW_SHAPE_CHILDREN,    /* of one region, most */
    TW_SHAPE_NESTING,     /* regions around one region, most */
    TW_SHAPE_ALIASES,     /* longest chain of an alias of an alias ... */
    TW_SHAPE_GRANULE,     /* log2 of the largest */
    TW_SHAPE_INDEXES,     /* of all IOMMUs together */
    TW_SHAPE_SELECTS,     /* how many of secure, user and requester choose the
                           * index of some IOMMU that has several */
    TW_SHAPE_REQUESTER,   /* largest requester id */
    TW_SHAPE_ATTRS,       /* different attributes of MMU indexes */
    TW_SHAPE_TLB,         /* log2 of the largest TLB */
    TW_SHAPE_MMUS,        /* MMU indexes of all CPUs together */
    TW_SHAPE_ACTORS,      /* actor offsets of one device, most */
    TW_SHAPE_ROMD_ACTORS, /* actor offsets of ROM devices */
    TW_SHAPE_PAGES,  /* page-map entries before the script, of one MMU index,
                      * most */
    TW_SHAPE_MAPS,   /* the same of one index of an IOMMU */
    TW_SHAPE_OPEN,   /* transactions open at once, most, if all are legal */
    TW_SHAPE_DURING, /* operations during one access, most */
    TW_SHAPES
} TwShapeFigure;

typedef struct TwShape {
    uint32_t is[TW_SHAPES];
} TwShape;

const char *tw_shape_name(unsigned figure); /* "tie" ... */

/* The figures of a well-formed program. */
void tw_shape_of(const TwProgram *program, TwShape *shape);

#endif
