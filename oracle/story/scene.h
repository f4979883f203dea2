/* SPDX-License-Identifier: MIT */
/*
 * The world at one moment, as data for drawings: regions in the order
 * in which they are seen, and what page maps and IOMMU tables say, range by
 * range.  Made for people, so unlike judging it may allocate.
 */
#ifndef TW_ORACLE_STORY_SCENE_H
#define TW_ORACLE_STORY_SCENE_H

#include <glib.h>

#include "program/model.h"

/* A region of the committed topology. */
typedef struct TwSceneRegion {
    uint64_t addr; /* offset in its container */
    uint64_t size; /* bytes; UINT64_MAX means 2^64 */
    uint64_t alias_offset;
    int32_t priority;
    uint8_t container;    /* or TW_NONE */
    uint8_t first_child;  /* the one in front (MR-5), or TW_NONE */
    uint8_t next_sibling; /* behind this one, or TW_NONE */
    bool shown;           /* enabled and not of size 0 */
    bool readonly, romd_mode;
} TwSceneRegion;

/* A range for which a page map or an index of an IOMMU has an entry. */
typedef struct TwSceneEntry {
    uint64_t first, last;
    uint64_t out;  /* of `first` */
    uint16_t op;   /* what made it so, or TW_NO_OP: the setup */
    uint8_t space; /* IOMMU: where it leads; else TW_NONE */
    uint8_t perm;  /* 0: refused, by an assignment without rights */
} TwSceneEntry;

typedef struct TwScene {
    const TwProgram *program;
    uint32_t cpus, iommus; /* those not unplugged or destroyed, as bits */
    TwSceneRegion regions[TW_MAX_REGIONS];
    uint8_t root[TW_MAX_SPACES]; /* TW_NONE: the space is not there */
    bool bypass[TW_MAX_IOMMUS];
    /* TwSceneEntry, ascending, none meets another; empty for what does not
     * exist. */
    GArray *pages[TW_MAX_CPUS][TW_MAX_MMU_INDEXES];
    GArray *tables[TW_MAX_IOMMUS][TW_MAX_IOMMU_INDEXES];
} TwScene;

/* The world as it is now.  Free with tw_scene_free(). */
struct TwWorld;
TwScene *tw_scene_new(const struct TwWorld *world);

/*
 * The world before operation 0.  The program must stay as long as the scene.
 * Free with tw_scene_free().
 */
TwScene *tw_scene_start(const TwProgram *program);
void tw_scene_free(TwScene *scene);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TwScene, tw_scene_free)

#endif
