/* SPDX-License-Identifier: MIT */
/*
 * What the files of the generator share: the sketch of a program under
 * construction.  The sketch is bookkeeping for aim only (which addresses lead
 * where, roughly); it may be wrong about overlaps and flags, for what an
 * operation really does is no concern of a generator.
 */
#ifndef TW_FUZZ_GENERATE_INTERNAL_H
#define TW_FUZZ_GENERATE_INTERNAL_H

#include "fuzz/generate/generate.h"

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

/* What the script is made of; see moves.c. */
typedef enum TwMove {
    MOVE_ACCESS,      /* somewhere */
    MOVE_AGAIN,       /* where an access was before, another type */
    MOVE_EDGE,        /* page and region ends: last byte, one beyond */
    MOVE_REMAP,       /* fill, change with a notification, access */
    MOVE_TWICE,       /* fill, UNMAP, fill, UNMAP, access */
    MOVE_SILENT,      /* fill, change silently, access, notify, access */
    MOVE_RIGHTS,      /* downgrade and upgrade of rights */
    MOVE_DENIED,      /* access to nothing, MAP, access */
    MOVE_NOTIFY,      /* silent change, then an event that just meets it */
    MOVE_SLOT,        /* same TLB slot, other pages; flush; back */
    MOVE_PAGE,        /* page-map change, flush, access */
    MOVE_RANGE,       /* large page, flush of a range that meets its edge */
    MOVE_INDEX,       /* the same page under another MMU index */
    MOVE_TOPOLOGY,    /* one topology change where an access went */
    MOVE_TRANSACTION, /* several at once, with accesses inside */
    MOVE_PINGPONG,    /* big section, hole, big section */
    MOVE_CPUS,        /* one CPU fills, another changes, safe point */
    MOVE_DMA,         /* device and CPU at the same bytes */
    MOVE_SWITCH,      /* reset, bypass, notify-all */
    MOVE_DESTROY,     /* IOMMU taken out and ended */
    MOVE_UNPLUG,      /* a CPU goes, an event follows */
    MOVE_OBSERVE,     /* observers, events about their edges, replay, veto */
    MOVE_LISTEN,      /* a listener, and what commits tell it */
    MOVE_DIRTY,       /* dirty log: store, clear, store through the same page */
    MOVE_SNAPSHOT,    /* fill, save, change, restore, access */
    MOVE_CLOCK,       /* full flushes with time between: TLBs resize */
    MOVE_ACTOR,       /* a write to a device changes the world */
    MOVE_DURING,      /* change inside a fill */
    MOVE_SPACE,       /* spaces come and go */
    MOVE_ANY,         /* any operation of the dialect */
    MOVES
} TwMove;

/* A profile's numbers; percentages and inclusive ranges. */
typedef struct TwMixture {
    uint8_t spaces[2], iommus[2], extras[2], cpus[2], mmus[2];
    uint16_t ops[2];
    uint8_t page_lg[2];
    uint8_t nest;        /* % of IOMMU entries that lead to another IOMMU */
    uint8_t via;         /* % of accesses aimed at IOMMUs */
    uint8_t subpage;     /* % of regions that do not keep to pages */
    uint8_t overlap;     /* % of regions put over others */
    uint8_t odd_granule; /* % of IOMMUs whose granule is not P */
    uint8_t extreme;     /* % of sizes and addresses at the ends of 2^64 */
    uint8_t loops;       /* % of IOMMU entries that lead back */
    uint8_t slots;       /* % of page maps of small pages in one TLB slot */
    uint8_t explicit_safepoints; /* % */
    uint8_t moves[MOVES];        /* weights */
} TwMixture;

typedef struct TwGen {
    TwProgram *program;
    const TwDialect *dialect;
    TwRng *rng;
    TwProfile profile;
    const TwMixture *mixture;
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
    uint8_t vetoing;              /* the IOMMU that has a veto, or TW_NONE */
    bool saved;                   /* there is a snapshot */
    /* disabled, detached, moved and resized of the snapshot. */
    uint64_t saved_regions[4];
    /* Bit per region: what was done to it and not undone. */
    uint64_t disabled, detached, moved, resized;
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

/* May operation `code` stand in a script of the dialect? */
static inline bool tw_gen_speaks(const TwDialect *dialect, unsigned code)
{
    return tw_dialect_speaks(dialect, code);
}

/* The numbers of a profile. */
const TwMixture *tw_gen_mixture(TwProfile profile);

/* --- topology.c: objects and setup --- */

/* Fills everything but the script; the sketch follows. */
void tw_gen_topology(TwGen *gen);

/* --- setup.c: tables and page maps --- */

/* Fills the setup of a program that has its objects. */
void tw_gen_setup(TwGen *gen);

/* How many spaces there are from the start; a late one is the last. */
unsigned tw_gen_live_spaces(const TwGen *gen);

/* --- sketch.c: what leads where --- */

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

/* A virtual address that the page map knows and that leads somewhere, in `via`
 * % of the cases to an IOMMU; false if there is no CPU left. */
bool tw_gen_pick_va(TwGen *gen, unsigned via, uint8_t *cpu, uint8_t *mmu,
                    uint64_t *va);

/* An address in `space` at which there is something; prefers IOMMUs in
 * `via` % of the cases. */
uint64_t tw_gen_pick_in_space(TwGen *gen, uint8_t space, TwAttrs attrs,
                              unsigned via);

/* A page address in `space` from which on `length` bytes are there; if what
 * is there is smaller, `length` becomes as small (but a page). */
uint64_t tw_gen_pick_room(TwGen *gen, uint8_t space, uint64_t *length,
                          unsigned via);

/* --- moves.c: the script --- */

/* Appends moves until the script has `goal` operations. */
void tw_gen_script(TwGen *gen, unsigned goal);

/* Adds up the weights of the moves that the dialect has a use for, once per
 * sketch. */
void tw_gen_weigh(TwGen *gen);

/* Appends one move of the profile's mixture. */
void tw_gen_move(TwGen *gen);

/* --- op.c: one operation, knowing only the program --- */

/*
 * A random operation with code `code` on objects that exist.  False if the
 * dialect lacks it, it needs an object that there is none of, or it cannot
 * stand alone (par and its parts).  The result is well formed.
 */
bool tw_gen_random_op(const TwProgram *program, const TwDialect *dialect,
                      TwRng *rng, unsigned code, TwOp *op);

/* Draws one operand anew, as tw_gen_random_op() does; false as there. */
bool tw_gen_random_arg(const TwProgram *program, const TwDialect *dialect,
                       TwRng *rng, unsigned arg, TwOp *op);

/* An address near something that the program names. */
uint64_t tw_gen_random_address(const TwProgram *program, TwRng *rng);

/* Attributes, mostly few distinct ones. */
TwAttrs tw_gen_random_attrs(TwRng *rng);

/* The n-th existing object modulo how many there are, or TW_NONE. */
uint8_t tw_gen_pick_region(const TwProgram *program, uint32_t kinds,
                           uint32_t n);
uint8_t tw_gen_pick_space(const TwProgram *program, uint32_t n);
uint8_t tw_gen_pick_iommu(const TwProgram *program, uint32_t n);
uint8_t tw_gen_pick_cpu(const TwProgram *program, uint32_t n);
uint8_t tw_gen_pick_mmu(const TwProgram *program, uint8_t cpu, uint32_t n);

#endif
