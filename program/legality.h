/* SPDX-License-Identifier: MIT */
/*
 * Which programs are well formed, and which operations of a well-formed
 * program are legal at the moment they run (RU-1, MR-2 to MR-4, MR-10).  Both
 * sides of a run step a TwLegality of their own through the operations they
 * perform, actor operations included; an operation that is not legal is
 * `skipped` on both sides and counted.  Neither side decides by itself.
 */
#ifndef TW_PROGRAM_LEGALITY_H
#define TW_PROGRAM_LEGALITY_H

#include "program/regionset.h"

/*
 * Well-formedness, independent of any dialect: ids name what exists, ranges
 * are in order, rounded to granules (map, unmap, protect) or aligned (page),
 * no cycle of container and alias edges at the start, roots without container
 * at address 0, each IOMMU one region, `during` only after an access, setup
 * and actors hold only what may stand there, fields that an operation does not
 * use are zero.  Fields that a region's or an IOMMU's kind does not use have no
 * meaning and are not looked at.
 * Returns true, or false with one line in `why` (at least 160 bytes) that
 * names the object or operation.  `why` may be NULL.
 */
bool tw_program_check(const TwProgram *program, char *why, size_t why_size);

/*
 * Rounds what tw_program_check wants rounded in one operation: ranges of map,
 * unmap and protect outwards to granules (a range that would pass 2^64 - 1
 * ends there), page addresses down to the entry's size.  The decoder and the
 * generator use it.
 */
void tw_op_round(const TwProgram *program, TwOp *op);

typedef enum TwIllegal {
    TW_LEGAL,
    TW_ILLEGAL_ABSENT,        /* an operand does not exist (any more, or yet) */
    TW_ILLEGAL_EXISTS,        /* space-new of a live space, observer in use */
    TW_ILLEGAL_HAS_CONTAINER, /* add of a region that has one (MR-2) */
    TW_ILLEGAL_NO_CONTAINER,  /* del or priority of one that has none */
    TW_ILLEGAL_CYCLE,         /* container and alias edges (MR-3) */
    TW_ILLEGAL_WAYS,          /* too many ways through the graph (LA-49) */
    TW_ILLEGAL_ALIAS_CHILD,   /* add into an alias (MR-4) */
    TW_ILLEGAL_ROOT,          /* add or move of a live space's root (MR-10) */
    TW_ILLEGAL_KIND,          /* the region or IOMMU is of another kind */
    TW_ILLEGAL_DEPTH,         /* commit without begin, begin too deep */
    TW_ILLEGAL_IN_USE,        /* space-del, iommu-destroy of what is in use */
    TW_ILLEGAL_NO_SNAPSHOT,   /* restore before snapshot */
    TW_ILLEGAL_REASONS
} TwIllegal;

/* A short text for a reason ("has a container"). */
const char *tw_illegal_text(TwIllegal reason);

enum { TW_MAX_DEPTH = 8 }; /* nested transactions */

/* What legality depends on; plain data, copied by assignment. */
typedef struct TwLegality {
    const TwProgram *program;
    uint8_t container[TW_MAX_REGIONS]; /* now, or TW_NONE */
    TwRegionSet region_rooted;         /* roots of live spaces */
    uint32_t space_live;               /* bit per space */
    uint32_t space_named; /* bit per space: CPU, IOMMU or op names it */
    bool names_known;     /* space_named is filled in */
    uint32_t iommu_live;
    uint32_t cpu_live;
    uint32_t observer_live, listener_live, mapping_live;
    uint32_t depth;
    bool changed_in_transaction; /* something was changed and not committed */
    bool snapshot;
    TwRegionSet displaced;                 /* whose offset is not 0 */
    uint8_t observer_of[TW_MAX_OBSERVERS]; /* IOMMU of a live observer */
    /* What restore goes back to; meaningful if `snapshot`. */
    uint8_t saved_container[TW_MAX_REGIONS];
    TwRegionSet saved_rooted, saved_displaced;
    uint32_t saved_spaces, saved_iommus;
} TwLegality;

/* The state at the start of the script.  `program` must outlive it. */
void tw_legality_init(TwLegality *legality, const TwProgram *program);

/* Is `op` legal now?  If so, what follows from it is noted. */
TwIllegal tw_legality_step(TwLegality *legality, const TwOp *op);

/* Creation or registration answered `nomem` (RU-8), or observe or unobserve
 * `vetoed` (NT-2): takes the step back. */
void tw_legality_revert(TwLegality *legality, const TwOp *op);

#endif
