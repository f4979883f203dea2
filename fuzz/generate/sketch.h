/* SPDX-License-Identifier: MIT */
/*
 * The sketch of a program under construction: it knows roughly which addresses
 * lead where, so that moves can aim.  The sketch may be wrong about overlaps
 * and flags, because the generator does not need the exact effect of an
 * operation.
 */
#ifndef TW_FUZZ_GENERATE_SKETCH_H
#define TW_FUZZ_GENERATE_SKETCH_H

#include "fuzz/generate/profile.h"
#include "program/regionset.h"

enum {
    SKETCH_SPOTS = 12,  /* per space */
    SKETCH_ENTRIES = 8, /* per IOMMU index */
    SKETCH_PAGES = 16,  /* per MMU index */
    SKETCH_TOUCHED = 8, /* addresses accessed before */
    SKETCH_DEPTH = 8,   /* hops that an aim follows */
};

/* A piece of a space where something can be reached. */
typedef struct TwSketchSpot {
    uint64_t addr, size; /* in the space; size > 0 */
    uint64_t base;       /* leaf offset of `addr` */
    uint8_t region;      /* whose moving or disabling moves the spot */
    uint8_t leaf;        /* region that answers */
    uint8_t iommu;       /* or TW_NONE */
} TwSketchSpot;

typedef struct TwSketchEntry {
    uint64_t first, last, out;
    uint8_t space, perm;
} TwSketchEntry;

typedef struct TwSketchPage {
    uint64_t va, pa;
    uint8_t lg, perm;
} TwSketchPage;

typedef struct TwSketchTouch {
    uint64_t va;
    uint8_t cpu, mmu;
} TwSketchTouch;

typedef struct TwSketchHop {
    uint64_t offset; /* in the IOMMU's region */
    uint8_t iommu, index;
    bool known;          /* there is an entry, and it grants something */
    TwSketchEntry entry; /* if known */
} TwSketchHop;

/* Where an address leads, as far as the sketch knows. */
typedef struct TwAim {
    uint64_t va, pa; /* pa: in the MMU index's space */
    uint8_t cpu, mmu;
    uint8_t lg; /* size of the page-map entry */
    uint8_t n_hops;
    bool touched; /* accessed before */
    TwSketchHop hop[SKETCH_DEPTH];
    const TwSketchSpot *spot; /* the last one met, or NULL: a hole */
    uint8_t space;            /* the last space */
    uint64_t addr;            /* the address in it */
} TwAim;

/* Regions by what was done to them. */
typedef struct TwGenRegions {
    TwRegionSet disabled, detached, moved, resized;
} TwGenRegions;

/* What a program is made to reach (extreme.h). */
typedef enum TwExtreme {
    TW_EXTREME_NONE,
    TW_EXTREME_CHAIN,     /* all IOMMUs, one behind the other; many notifiers */
    TW_EXTREME_GRANULE,   /* granules of 2 MiB and more */
    TW_EXTREME_REQUESTER, /* requester ids of up to 16 bits */
    TW_EXTREME_TIES,      /* regions of one priority, box in box */
    TW_EXTREME_ALIASES,   /* a long chain of them */
    TW_EXTREME_ACTORS,    /* several actor offsets of one device */
    TW_EXTREME_SLOTS,     /* more than 32 entries in one TLB */
    TW_EXTREME_VICTIMS,   /* more than 8 victims in use */
    TW_EXTREME_MAPPINGS,  /* as many setup operations as there can be */
    TW_EXTREME_LONG,      /* a script of hundreds of operations */
    TW_EXTREME_REGIONS,   /* more regions than an integer has bits */
    TW_EXTREMES
} TwExtreme;

/* A DMA mapping as it was asked for. */
typedef struct TwGenMapping {
    uint64_t addr, length;
    TwAttrs attrs;
    uint8_t space;
    bool write;
} TwGenMapping;

typedef struct TwGen {
    TwProgram *program;
    const TwDialect *dialect;
    TwRng *rng;
    TwProfile profile;
    const TwMixture *mixture;
    TwExtreme extreme;
    bool iotlbs;                    /* most IOMMUs have IOTLBs */
    bool pagetables;                /* most become pagetables (tables.h): */
    uint8_t planned[TW_MAX_IOMMUS]; /* their formats, from 1 on */
    bool mpcs;                      /* most become MPCs (mpc.h): */
    uint32_t mpc_planned;           /* bit per IOMMU */
    /* Of an extreme: its mixture; a region of RAM, or TW_NONE; pages that its
     * script goes through: how many, how far apart, and from where on. */
    TwMixture own;
    uint8_t pool;
    uint16_t n_many;
    uint64_t step, base;
    uint64_t page;     /* P */
    uint32_t weights;  /* sum of the possible moves' */
    uint64_t possible; /* bit per TwMove */
    uint16_t limit;    /* script operations */
    uint8_t n_spots[TW_MAX_SPACES];
    uint8_t n_entries[TW_MAX_IOMMUS][TW_MAX_IOMMU_INDEXES];
    uint8_t n_pages[TW_MAX_CPUS][TW_MAX_MMU_INDEXES];
    uint8_t n_touched;
    uint8_t open; /* transactions */
    uint8_t twin; /* a space that shows the one before it, or TW_NONE; while
                   * the topology is made */
    uint8_t unplugged;            /* bit per CPU */
    uint8_t observing, listening; /* bit per number of an observer */
    uint8_t mapping;              /* bit per DMA mapping that was made: */
    TwGenMapping mapped[TW_MAX_MAPPINGS];
    uint8_t vetoing; /* the IOMMU that has a veto, or TW_NONE */
    bool saved;      /* there is a snapshot */
    /* What was done and not undone: now, and when the snapshot was taken. */
    TwGenRegions regions, saved_regions;
    TwSketchTouch touched[SKETCH_TOUCHED];
    TwSketchSpot spots[TW_MAX_SPACES][SKETCH_SPOTS];
    TwSketchEntry entries[TW_MAX_IOMMUS][TW_MAX_IOMMU_INDEXES][SKETCH_ENTRIES];
    TwSketchPage pages[TW_MAX_CPUS][TW_MAX_MMU_INDEXES][SKETCH_PAGES];
    TwOp scratch; /* where operations outside the dialect go */
} TwGen;

static inline uint32_t tw_gen_below(TwGen *gen, uint32_t bound)
{
    return tw_rng_below(gen->rng, bound);
}

static inline bool tw_gen_chance(TwGen *gen, uint32_t percent)
{
    return tw_rng_chance(gen->rng, percent);
}

/* True with a chance of one in `one_in`, without a draw: only the programs in
 * which it is true notice. */
static inline bool tw_gen_seldom(const TwGen *gen, unsigned one_in)
{
    return tw_mix64(gen->rng->state) % one_in == 0;
}

/* May operation `code` stand in a script of the dialect? */
static inline bool tw_gen_speaks(const TwDialect *dialect, unsigned code)
{
    return tw_dialect_speaks(dialect, code);
}

/* Is a region no longer where it was at the start? */
static inline bool tw_gen_is_gone(const TwGen *gen, uint8_t region)
{
    return tw_regions_has(&gen->regions.disabled, region) ||
           tw_regions_has(&gen->regions.detached, region) ||
           tw_regions_has(&gen->regions.moved, region);
}

/* What leads where -------------------------------------------------------- */

/*
 * Sketches an existing program (its topology, setup and the page-map and IOMMU
 * operations of its script), so that moves can be added to it.
 */
void tw_gen_sketch(TwGen *gen, TwProgram *program, const TwDialect *dialect,
                   TwProfile profile, TwRng *rng);

/* Empties the sketch of a program whose counts are set. */
void tw_gen_clear(TwGen *gen);

/* Notes what can be reached in a space. */
void tw_gen_note_spot(TwGen *gen, uint8_t space, TwSketchSpot spot);
/* Notes a page-map or IOMMU operation of either kind. */
void tw_gen_note_page(TwGen *gen, const TwOp *op);
void tw_gen_note_map(TwGen *gen, const TwOp *op);

/* The index that attributes select at an IOMMU (LA-11). */
uint8_t tw_gen_select(const TwIommu *iommu, TwAttrs attrs);

/* Follows virtual address `va` of (cpu, mmu). */
void tw_gen_aim(TwGen *gen, uint8_t cpu, uint8_t mmu, uint64_t va, TwAim *aim);

/* A virtual address that has a page-map entry and a leaf, in `via` % of the
 * cases behind an IOMMU; false if there is no CPU left. */
bool tw_gen_pick_va(TwGen *gen, unsigned via, uint8_t *cpu, uint8_t *mmu,
                    uint64_t *va);

/* An address in `space` at which a region answers; prefers IOMMUs in `via` % of
 * the cases. */
uint64_t tw_gen_pick_in_space(TwGen *gen, uint8_t space, TwAttrs attrs,
                              unsigned via);

/* A page address in `space` from which on regions answer for `length` bytes. If
 * there are fewer, `length` becomes smaller (at least a page). */
uint64_t tw_gen_pick_room(TwGen *gen, uint8_t space, uint64_t *length,
                          unsigned via);

#endif
