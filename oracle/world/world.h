/* SPDX-License-Identifier: MIT */
/*
 * The oracle's world: topology, links, endings of answers, and due
 * notifications.
 *
 * Time.  Every change of the world and every event that ends cached answers
 * takes the next *tick*; S(t) is the world just after tick t, and S(0) the one
 * before operation 0.  Nothing that a walk looks at is ever overwritten: page
 * maps and tables are newest-first lists of stamped entries, topologies are
 * numbered snapshots.  So "the world as at time t" is the world of now with
 * everything newer than t skipped.
 *
 * All arrays are as large as a program can make them, are allocated once, and
 * are emptied by setting counts: nothing is allocated or cleared per program.
 */
#ifndef TW_ORACLE_WORLD_WORLD_H
#define TW_ORACLE_WORLD_WORLD_H

#include "program/dialect.h"
#include "program/finding.h"
#include "program/legality.h"
#include "program/trace.h"

#define TW_FOREVER UINT32_MAX /* a time later than all others */

enum {
    /* Operations that a program can perform: its own, and for each access one
     * actor per byte. */
    TW_MAX_PERFORMED = TW_MAX_SCRIPT * (TW_MAX_ACCESS + 1),
    /* Blocks of MPCs that change; beyond, inconclusive. */
    TW_MAX_BLOCK_CHANGES = 1 << 14,
    /* One list entry per operation, and per index for resets; and one that
     * takes it back, in lists that were changed since. */
    TW_MAX_ENTRIES = TW_MAX_SETUP +
                     2 * TW_MAX_PERFORMED * TW_MAX_IOMMU_INDEXES +
                     2 * TW_MAX_BLOCK_CHANGES,
    TW_MAX_PAGES = TW_MAX_SETUP + 2 * TW_MAX_PERFORMED,
    TW_MAX_SWITCHES = TW_MAX_IOMMUS + 2 * TW_MAX_PERFORMED,
    TW_MAX_SNAPSHOTS = TW_MAX_PERFORMED + 1,
    /* `invalidate` is a command, and UNMAP on each index. */
    TW_MAX_ENDS = TW_MAX_PERFORMED * (TW_MAX_IOMMU_INDEXES + 1) +
                  2 * TW_MAX_BLOCK_CHANGES,
    /* Maximum of pending events per observer: one more than a trace can hold,
     * which is a mismatch anyway. */
    TW_MAX_OWED = TW_MAX_EVENTS + 1,
    TW_MAX_WALKS = 64, /* per access; beyond, inconclusive */
    TW_MAX_WORLDS = 16,
    TW_NIL = -1,
};

/* Topology ---------------------------------------------------------------- */

/* A region as a walk sees it. */
typedef struct TwNode {
    uint64_t addr; /* offset in its container */
    uint64_t last; /* size - 1 */
    uint64_t alias_offset;
    uint8_t kind;   /* TwRegionKind */
    uint8_t target; /* alias */
    uint8_t iommu;
    uint8_t block;
    uint8_t first_child, next_sibling; /* in child order (MR-5), or TW_NONE */
    bool nonvolatile, unmergeable;     /* only listeners see these */
    int32_t priority;                  /* what that order came from */
    bool shown;                        /* enabled and not of size 0 */
    bool empty;                        /* of size 0 */
    bool readonly;
    bool romd_mode;
} TwNode;

/* The offsets in its container between which all leaves are to which a region
 * leads; `from` > `to`: there are none. */
typedef struct TwBounds {
    uint64_t from, to;
} TwBounds;

/* The committed topology between two effective commits. */
typedef struct TwSnapshot {
    uint32_t tick;
    uint16_t op; /* the committing operation, or TW_NO_OP */
    const TwNode *nodes;
    const TwBounds *bounds; /* of each node, but roots; or NULL: aliases are
                             * too few for the time that this saves */
    uint8_t root[TW_MAX_SPACES]; /* TW_NONE: a space that is not there */
} TwSnapshot;

/* What the live graph knows of a region beyond its node. */
typedef struct TwLive {
    uint8_t container;
    bool enabled;
} TwLive;

/* Links ------------------------------------------------------------------- */

/* One assignment of a CPU's page map (LA-20). */
typedef struct TwPageEntry {
    uint64_t first, last, out;
    uint32_t tick;
    int32_t older;
    uint16_t op;
    uint8_t lg;
    uint8_t perm;
    bool present; /* false: an unpage */
    bool back;    /* a restore: from here on the list says what it said as at
                   * time `out` (LA-40) */
} TwPageEntry;

typedef enum TwAssign {
    TW_ASSIGN_ENTRY,   /* each granule: the entry given */
    TW_ASSIGN_NOTHING, /* each granule: no entry */
    TW_ASSIGN_RIGHTS,  /* granules that have an entry: other rights */
    TW_ASSIGN_BACK,    /* each granule: what was there as at time `out` */
} TwAssign;

/* One assignment of an IOMMU's table (LA-12), or of a context (LA-35). */
typedef struct TwTableEntry {
    uint64_t first, last, out;
    uint32_t tick;
    int32_t older;
    uint16_t op;
    uint8_t what; /* TwAssign */
    union {
        uint8_t space;
        uint8_t mode; /* context: TwContextMode */
    };
    union {
        uint8_t perm;
        uint8_t domain; /* context */
    };
    bool blocked; /* of an MPC: leads to its blocked device (LA-32) */
} TwTableEntry;

/* The registers of an MPC (LA-33).  Which accesses it blocked is not always
 * known, and so neither is what they recorded. */
typedef struct TwMpc {
    uint32_t ctrl, index, int_en;
    uint32_t int_stat, info[2];
    bool stat_known, info_known; /* int_stat, info */
} TwMpc;

/* A position of an IOMMU's bypass switch. */
typedef struct TwSwitch {
    uint32_t tick;
    int32_t older;
    uint16_t op;
    bool on;
} TwSwitch;

/* An event that ends cached answers. */
typedef enum TwEndingKind {
    TW_ENDING_COMMIT,
    TW_ENDING_UNMAP,   /* object: IOMMU; index; range of offsets */
    TW_ENDING_RESET,   /* object: IOMMU; everything on all indexes */
    TW_ENDING_FLUSH,   /* object: CPU or TW_ALL; index or TW_ALL; range, bits */
    TW_ENDING_RESTORE, /* everything, and code (LA-40) */
    TW_ENDING_COMMAND, /* object: IOMMU; scope, whose, range: records only */
} TwEndingKind;

typedef struct TwEnding {
    uint64_t first, last; /* FLUSH: widened to whole pages */
    uint32_t tick;
    uint16_t op;
    uint8_t kind;  /* TwEndingKind */
    uint8_t actor; /* CPU or TW_BOARD */
    uint8_t object;
    union {
        uint8_t index;
        uint8_t whose; /* COMMAND: a domain or an index */
    };
    union {
        uint8_t bits;  /* FLUSH: significant address bits */
        uint8_t scope; /* COMMAND: TwScope */
    };
    bool whole; /* FLUSH: all pages of the index */
} TwEnding;

/* The oldest answers that may still be cached for one page, by how much of
 * them is cached; see FRESHNESS.md, "One entry per page". */
enum { TW_PREFIX_SLOTS = 6, TW_SLOT_FULL = 5 };
typedef struct TwFloor {
    uint64_t page;
    uint8_t cpu, mmu;
    uint16_t op; /* the observation that raised it last */
    uint32_t tick[TW_PREFIX_SLOTS];
} TwFloor;

/* A stretch of a space that shows one region. */
typedef struct TwShown {
    uint64_t first, last; /* addresses */
    uint64_t offset;      /* in the region, of `first` */
    uint8_t region;
    bool readonly;                 /* effective (LA-9) */
    bool nonvolatile, unmergeable; /* on the way (FV-2) */
} TwShown;

enum { TW_MAX_SHOWN = 512 }; /* ranges of a view; beyond, inconclusive */

/* What `snapshot` saved of the world.  RAM, page maps and tables are not here:
 * their contents at that time can still be read. */
typedef struct TwSaved {
    uint32_t tick;
    TwNode nodes[TW_MAX_REGIONS];
    TwLive live[TW_MAX_REGIONS];
    uint8_t root[TW_MAX_SPACES];
    bool bypass[TW_MAX_IOMMUS];
    TwMpc mpcs[TW_MAX_IOMMUS];
} TwSaved;

typedef struct TwObserver {
    bool live;
    uint8_t iommu, index, kinds;
    uint64_t first, last;
} TwObserver;

/* A cached DMA mapping (LA-38); legality knows whether it is there. */
typedef struct TwMapping {
    uint64_t addr, length; /* what was asked for; UINT64_MAX: 2^64 bytes */
    uint32_t made;         /* when: it holds answers of this time or later */
    TwAttrs attrs;
    uint16_t op; /* that made it */
    uint8_t space;
    bool write; /* the direction */
} TwMapping;

/* An event that an observer must have got; of kind 0: a replay begins, with the
 * observer's range if it asks for UNMAPs (LA-48). */
typedef struct TwOwed {
    TwEventRecord record;
    uint64_t low; /* low bits of `out` that an IOMMU ignores (LA-13) */
} TwOwed;

/*
 * RAM as at a time, for tables that lie in it.  What is in RAM is kept above
 * this room (oracle/memory), so the function is handed in.
 */
typedef struct TwRam {
    /* The byte at `offset` of `block` as at time t (TW_FOREVER: now). */
    uint8_t (*byte)(const void *data, uint8_t block, uint64_t offset,
                    uint32_t t);
    /* The 8 bytes at `offset` of `block` as at time t, little-endian; in
     * *changed the tick, at most t, of the last store to one of them, and in
     * *op its operation; 0 if there was none.  With `marks`, 1 + a format of
     * page tables, a store by which a walk set A or D in an entry of that
     * format, which is just there, does not count. */
    uint64_t (*word)(const void *data, uint8_t block, uint64_t offset,
                     uint32_t t, uint8_t marks, uint32_t *changed,
                     uint16_t *op);
    /* Stores 8 bytes, little-endian, at time `tick`; those beyond the last byte
     * of the block, at offset `last`, are lost (LA-36). */
    void (*store)(void *data, uint8_t block, uint64_t offset, uint64_t last,
                  uint64_t value, uint32_t tick, uint16_t op);
    void *data;
} TwRam;

/* World ------------------------------------------------------------------- */

typedef struct TwWorld {
    const TwProgram *program;
    TwContract contract; /* a copy: targets go before their judges */
    uint64_t page_size;
    uint32_t now; /* tick of the last change or event */
    TwLegality legality;
    TwRam ram; /* tw_world_reset() leaves it alone */

    TwNode nodes[TW_MAX_REGIONS]; /* the live graph */
    bool many_aliases;            /* so that topologies get bounds */
    TwLive live[TW_MAX_REGIONS];
    uint8_t root[TW_MAX_SPACES];
    bool pending;
    uint32_t depth; /* open transactions */

    uint32_t n_snapshots, n_pages, n_tables, n_switches, n_endings, n_owed,
        n_floors;
    TwSnapshot *snapshots;
    TwNode *snapshot_nodes;    /* n_regions each */
    TwBounds *snapshot_bounds; /* likewise */
    TwPageEntry *pages;
    TwTableEntry *tables;
    TwSwitch *switches;
    TwEnding *endings;
    TwOwed *owed;
    TwFloor *floors;
    int32_t page_head[TW_MAX_CPUS][TW_MAX_MMU_INDEXES];
    int32_t table_head[TW_MAX_IOMMUS][TW_MAX_IOMMU_INDEXES];
    int32_t switch_head[TW_MAX_IOMMUS];

    /* Per CPU: endings before `seen` count for the CPU, also those that another
     * one caused (it has passed a safe point since). */
    uint32_t seen[TW_MAX_CPUS];
    /* Tick of the last counted event that ended everything there. */
    uint32_t fresh[TW_MAX_CPUS][TW_MAX_MMU_INDEXES];

    TwObserver observers[TW_MAX_OBSERVERS];
    TwMapping mappings[TW_MAX_MAPPINGS];
    uint32_t vetoes;    /* bit per IOMMU */
    uint32_t listening; /* bit per listener */
    struct {
        uint8_t space;
    } listeners[TW_MAX_OBSERVERS];
    TwShown *views[2]; /* room for two views, old and new */
    int32_t *order;    /* room of the second walker: the entries of a list */
    uint32_t starts;   /* how many programs have begun */
    bool iotlbs;       /* some IOMMU may answer from records */
    bool pagetables; /* some IOMMU has its tables in RAM: stores are changes */
    bool reasons;    /* walks say why a link refuses (LA-60); the caller of
                      * tw_world_reset() sets it afterwards */
    bool marks;      /* walks of some IOMMU set A and D in them (LA-55) */
    bool has_mpcs;   /* some IOMMU is an MPC: */
    TwMpc mpcs[TW_MAX_IOMMUS];
    uint32_t sec_resp;      /* bit per MPC: blocked accesses are errors */
    uint32_t mpc_changes;   /* operations that changed an MPC */
    uint32_t block_changes; /* blocks that they changed */
    bool full;              /* there were more than TW_MAX_BLOCK_CHANGES */
    /* What the last mpc-read gave, as far as the bits are known. */
    uint32_t mpc_value, mpc_known;
    bool crowded;  /* a view had too many ranges */
    bool differ;   /* in a view, the two walkers did */
    TwSaved saved; /* legality knows whether there is one */
    uint64_t commits, silent, notified; /* counts for the statistics */
} TwWorld;

TwWorld *tw_world_new(void);
void tw_world_free(TwWorld *world);

/* CPU `cpu` does its queued work (LA-3). */
void tw_world_safepoint(TwWorld *world, uint8_t cpu);

/* Does `ending` count for `cpu` by now (LA-4)? */
static inline bool tw_world_counts(const TwWorld *world, const TwEnding *ending,
                                   uint8_t cpu)
{
    return !world->contract.queued || ending->actor == cpu ||
           (uint32_t)(ending - world->endings) < world->seen[cpu];
}

/*
 * Sets the live graph, safe points and counts to the state before operation 0,
 * all lists empty; tw_perform_start() does the rest.
 */
void tw_world_reset(TwWorld *world, const TwProgram *program,
                    const TwContract *contract);

/* Performs an operation on the live graph (LA-6); the caller commits. */
void tw_world_change(TwWorld *world, const TwOp *op);

/* An explicit flush (LA-29) by `actor`, in script operation `number`. */
void tw_world_flush(TwWorld *world, const TwOp *op, uint8_t actor,
                    uint16_t number);

/* Adds an event to the log and notes what it ended whole. */
void tw_world_end(TwWorld *world, TwEnding ending);

/* The live graph, from now on, is the committed topology. */
void tw_world_publish(TwWorld *world, uint16_t op);

/* The topology as at time t. */
const TwSnapshot *tw_world_snapshot(const TwWorld *world, uint32_t t);

#endif
