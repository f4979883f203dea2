/* SPDX-License-Identifier: MIT */
/*
 * The built-in caching target: a memory system that answers accesses from
 * flat views, a dispatch tree, a soft TLB and IOMMU notifiers, and that has to
 * forget at the right moments.  It must not know the oracle, nor the oracle
 * it.
 *
 * The parts, lowest first; each only calls those above it, apart from the few
 * functions declared at the end of this header:
 *
 *   tell.c      reports of caches and notifiers to a teller, if there is one
 *   alloc.c     which allocation fails
 *   span.c      sorted disjoint intervals: page maps and IOMMU tables
 *   ram.c       RAM as a function plus the bytes that were written
 *   view.c      the region graph rendered into flat views, and their sharing
 *   dispatch.c  a view as a radix tree of sections and sub-page containers
 *   notify.c    notifiers and observers of IOMMUs, and events for them
 *   marks.c     A and D bits that walks set in page tables
 *   iommu-table.c, iommu-mpc.c, iommu-pagetable.c  the kinds of IOMMUs
 *   iommu.c     IOMMUs of any kind: translation, bypass, operations
 *   tlb.c       one soft TLB: table, victims, large pages, flushes
 *   cpu.c       page map, work queue, safe points, CPU notifiers
 *   dirty.c     which pages of RAM were stored to
 *   fill.c      the fill-time walk, which alone makes TLB entries
 *   mapping.c   cached DMA mappings
 *   access.c    one access: lookup of all its bytes, checks, effects
 *   actors.c    the whole of one: what comes during it, actor offsets, and the
 *               accesses that these start
 *   paired.c    two accesses that one instruction makes
 *   listen.c    listeners of spaces, told of flat ranges
 *   graph.c     the live region graph, its mutators, transactions
 *   snapshot.c  snapshot and restore
 *   invariants.c  what must hold between operations, on request
 *   run.c       one operation, one program, the target interface
 *
 * All of them are compiled as one unit, softmmu.c, and a second time with
 * TW_ZOO defined, as zoo.c, where TW_BUG(m, NAME) is true in a machine that was
 * opened with that bug.  In the plain build it is the constant false.  A bug is
 * part of an expression, or a hook in zoo-*.c (zoo-hooks.h, ci/check-zoo).
 *
 * One Machine is allocated when the target is opened; a run allocates nothing.
 * A run does not clear the state of the run before: counts are reset, and
 * stamps that are never used twice make old entries invalid.
 */
#ifndef TW_TARGETS_SOFTMMU_INTERNAL_H
#define TW_TARGETS_SOFTMMU_INTERNAL_H

#include <string.h>

#include "program/content.h"
#include "program/legality.h"
#include "program/ops.h"
#include "targets/target.h"

#ifdef __SIZEOF_INT128__
typedef __int128 Wide; /* AR-1: origins need a sign, sizes 65 bits */
#else
typedef signed _BitInt(128) Wide;
#endif

/* Internal to the unit; a part need not use all of another. */
#define PART static G_GNUC_UNUSED

#ifdef TW_ZOO
typedef enum Bug {
    BUG_NONE,
#define TW_ZOO_BUG(slug, name, layer, summary, provenance, verdicts, endings, \
                   rules) \
    BUG_##name,
#include "targets/zoo/bugs.def"
#undef TW_ZOO_BUG
#define TW_ZOO_MUTANT(slug, name, rules, summary) BUG_##name,
#include "targets/zoo/mutants.def"
#undef TW_ZOO_MUTANT
#define TW_ZOO_EQUIVALENT(slug, name, summary) BUG_##name,
#include "targets/zoo/equivalents.def"
#undef TW_ZOO_EQUIVALENT
    BUGS
} Bug;
#define TW_BUG(m, name) zoo_has(m, BUG_##name)
/* What a command of the machine misses (zoo-cells.c), or 0. */
#define TW_MISSES(m) ((m)->misses)
#else
#define TW_BUG(m, name) ((void)(m), false)
#define TW_MISSES(m) ((void)(m), 0)
#endif

/* Limits ----------------------------------------------------------------- */

enum {
    /* Distinct operations that can put borders into one map: the borders of
     * n distinct ranges cut a line into at most 2n + 1 pieces, and an actor
     * that repeats its operation repeats its borders. */
    MAX_SPANS = 2 * (TW_MAX_SETUP + TW_MAX_SCRIPT + TW_MAX_ACTORS) + 1,
    /* Beyond these a view is not rendered but searched (view.c). */
    MAX_RANGES = 512,
    MAX_VISITS = 1 << 14,
    /* Beyond these a view is dispatched by binary search (dispatch.c). */
    MAX_NODES = 2048,
    MAX_CONTAINERS = 2 * MAX_RANGES, /* a range has two ends */
    NODE_LG = 4,
    RESIZE_WINDOW = 100, /* virtual milliseconds (TL-12) */
    /* Beyond this a CPU flushes everything at its safe point. */
    MAX_WORK = 8,
    /* Beyond this a TLB entry goes with every UNMAP (page flush mode). */
    MAX_ENTRY_HOPS = 4,
    /* Each stored byte lies in one word. */
    MAX_WORDS = (TW_MAX_SCRIPT + TW_MAX_STARTED) * TW_MAX_ACCESS +
                2 * TW_MAX_SETUP + 2 * TW_MAX_MARKS,
    BUCKETS_LG = 8,
};

/* Spans ------------------------------------------------------------------ */

/* Addresses first .. last lead to out, out + 1 ... */
typedef struct Span {
    uint64_t first, last, out;
    uint8_t space; /* IOMMU tables: target space */
    uint8_t perm;
    uint8_t lg; /* page maps: log2 of the size of the whole assignment */
} Span;

typedef struct SpanMap {
    uint16_t n;
    Span spans[MAX_SPANS];
} SpanMap;

/* RAM -------------------------------------------------------------------- */

typedef struct Word { /* eight aligned bytes of a block */
    uint64_t base;
    uint16_t next; /* of its bucket: index + 1, or 0 */
    uint8_t block;
    uint8_t written; /* bit per byte */
    uint8_t bytes[8];
} Word;

typedef struct Ram {
    uint16_t buckets[1 << BUCKETS_LG]; /* index + 1, or 0 */
    uint16_t n;
    uint8_t contents; /* of the program */
    Word words[MAX_WORDS];
} Ram;

/* Regions and views ------------------------------------------------------ */

enum {
    FLAG_READONLY = TW_LOC_READONLY, /* as in locations */
    FLAG_ROMD = TW_LOC_ROMD,
    FLAG_NONVOLATILE = 4,
    FLAG_UNMERGEABLE = 8,
    FLAG_ALIASED = 16, /* shown even if disabled: for a bug of the zoo */
    FLAGS_LOCATION = TW_LOC_READONLY | TW_LOC_ROMD,
    FLAGS_INHERITED = FLAG_READONLY | FLAG_NONVOLATILE | FLAG_UNMERGEABLE,
};

typedef struct Region {
    uint64_t size; /* UINT64_MAX: 2^64 */
    uint64_t addr, alias_offset;
    int32_t priority;
    uint8_t kind, container, target;
    uint8_t child, next; /* first child, next sibling; TW_NONE ends */
    uint8_t flags;       /* FLAG_..., its own */
    bool enabled;
} Region;

/* A flat range; sections 1 .. n of a view are its ranges 0 .. n - 1. */
typedef struct Range {
    uint64_t first, last; /* addresses, ends included */
    uint64_t offset;      /* in the region, of `first` */
    uint8_t region, flags;
} Range;

/* Tree entries: a section, or with these bits a container or a node. */
enum { ENTRY_CONTAINER = 0x4000, ENTRY_NODE = 0x8000, SECTION_HOLE = 0 };
enum { NO_NODE = UINT16_MAX };

/* The ranges that meet one page without one of them covering it. */
typedef struct Container {
    uint64_t page; /* its number */
    uint16_t range, count;
} Container;

typedef struct View {
    uint8_t root;    /* collapsed root region, or TW_NONE: slot unused */
    bool wanted;     /* some space has it (while publishing) */
    bool stale;      /* must be rendered */
    bool unrendered; /* too large: searched in the committed graph */
    bool built;      /* the tree exists, or `flat` says why not */
    bool flat;       /* too large a tree: binary search */
    uint8_t height;  /* levels of the tree */
    uint16_t top;    /* its entry */
    uint16_t n, n_nodes, n_containers;
    uint16_t lowest;       /* while building: a node of the lowest level, for */
    uint64_t lowest_block; /* these pages; or NO_NODE */
    TwRegionSet visited;   /* by rendering */
    /* The most recently used pages, a hint (DS-3); empty: first > last. */
    uint64_t hint_first, hint_last;
    uint16_t hint_entry;
    Range ranges[MAX_RANGES];
    Container containers[MAX_CONTAINERS];
    uint16_t nodes[MAX_NODES][1 << NODE_LG];
} View;

/* In place of a region: the blocked device of an MPC (LA-32). */
enum { REGION_BLOCKED = TW_NONE - 1 };
_Static_assert((int)REGION_BLOCKED >= (int)TW_MAX_REGIONS,
               "no region has this id");

/* What an address resolves to. */
typedef struct Leaf {
    uint8_t region; /* TW_NONE: a hole */
    uint8_t flags;
    uint8_t blocker; /* REGION_BLOCKED: the IOMMU, of which `offset` is one */
    uint16_t section;
    uint64_t offset; /* in the region */
    uint64_t more;   /* number of bytes after this one that continue it */
} Leaf;

/* IOMMUs ----------------------------------------------------------------- */

typedef struct Notifier Notifier;
struct Notifier { /* never moves while registered (TN-8) */
    Notifier *next;
    uint64_t stamp; /* registered in run number `stamp` */
    uint8_t iommu, index;
    uint8_t kinds;
    uint8_t cpu;      /* a CPU's, or TW_NONE: */
    uint8_t observer; /* an observer's */
    bool active;      /* CPU: entries may be derived through it (TN-4) */
    uint64_t first, last;
};

typedef struct IommuKind IommuKind;

typedef struct Translation {
    uint64_t addr;
    uint8_t space, perm;
    uint8_t lg;    /* of an entry for 2^lg bytes; 0: for a granule */
    uint8_t upper; /* rights that upper levels of a page table take away */
    uint8_t lacks; /* rights for which A or D is not set (LA-55) */
    bool blocked;  /* by an MPC: the walk ends here */
    uint8_t why;   /* TwReasonKind, if a right that is needed is missing; NONE:
                    * RIGHTS, or without any ABSENT; */
    uint8_t level; /* and the level of the entry, or 0 (LA-60) */
} Translation;

/* How an index of a `pagetable` is translated (LA-35). */
typedef struct Context {
    uint64_t root;
    uint8_t mode, domain;
} Context;

/* A translation that an IOTLB has kept. */
typedef struct IotlbRecord {
    Translation what; /* of the first byte of the granule */
    uint64_t granule; /* its number */
    uint8_t whose;    /* `pagetable`: the domain; otherwise the index */
    bool valid;
} IotlbRecord;

/* Where a page table is, with the rights on the way to it. */
typedef struct IotlbPointer {
    uint64_t first; /* an offset that it is for */
    uint64_t table;
    uint8_t level, perm, domain;
    bool valid;
} IotlbPointer;

/* Two translations of one walk, the second of what the first led to, that the
 * IOTLB of the first has kept (LA-54). */
typedef struct IotlbPair {
    Translation first, second; /* of the first byte of the granule */
    uint64_t granule;          /* of the first */
    uint64_t offset; /* in the region of the second, of that first byte */
    uint8_t whose;   /* as in IotlbRecord */
    uint8_t region;  /* of the second; its IOMMU, */
    uint8_t behind, index, behind_whose; /* index, and whose it was there */
    bool valid;
} IotlbPair;

/* Where a walk is, for the sake of such pairs. */
typedef struct Stage {
    IotlbPair pair;
    uint64_t low; /* the byte of its granule */
    uint8_t from; /* its first IOMMU */
    bool begun;   /* the first was translated: `pair` is half */
    bool used;    /* the first came from `pair`: the second does, too */
} Stage;

enum {
    IOTLB_RECORDS = 16,
    IOTLB_POINTERS = 8,
    IOTLB_PAIRS = 4,
    TABLE_HOPS = 2, /* of the read of an entry of nested tables */
    MPC_WORDS = (1 << 16) / 32,
};

/* Where the page of a nested root was when it was read first. */
typedef struct IotlbRoot {
    uint64_t page, offset;
    uint8_t domain, block;
    bool valid;
} IotlbRoot;

typedef struct Iotlb {
    IotlbRecord entries[IOTLB_RECORDS];
    IotlbPointer pointers[IOTLB_POINTERS];
    IotlbPair pairs[IOTLB_PAIRS];
    unsigned next_pointer;
    Context contexts[TW_MAX_IOMMU_INDEXES]; /* those kept */
    uint8_t kept;                           /* bit per index */
    IotlbRoot roots[TW_MAX_IOMMU_INDEXES];  /* of a bug of the zoo */
} Iotlb;

typedef struct Iommu {
    const IommuKind *kind;
    uint8_t granule_lg, indexes, select;
    bool bypass, has_iotlb;
    uint8_t bypass_space;
    Notifier *notifiers;
    SpanMap tables[TW_MAX_IOMMU_INDEXES];
    Context contexts[TW_MAX_IOMMU_INDEXES]; /* pagetable */
    Iotlb iotlb;
    uint32_t iotlb_events; /* UNMAPs since the start */
} Iommu;

/* The registers of an MPC (LA-33). */
typedef struct Mpc {
    uint32_t ctrl, index, int_stat, int_en, info1, info2;
    uint32_t n_words;
    uint32_t lut[MPC_WORDS]; /* last: only n_words of them are copied */
} Mpc;

typedef struct Event {
    uint8_t kind, perm, space;
    uint64_t first, last, out;
} Event;

/* CPUs ------------------------------------------------------------------- */

enum { CMP_R, CMP_W, CMP_X, CMPS };
#define CMP_NONE UINT64_MAX /* pages are at least 2^6 aligned: never equal */

typedef struct TlbEntry {
    uint64_t stamp;     /* valid iff equal to the TLB's */
    uint64_t cmp[CMPS]; /* page address, or CMP_NONE: right not granted */
    /* The side record: where the page leads. */
    uint64_t offset; /* of its first byte in the leaf; tail: its address */
    uint8_t region, flags, blocker; /* as in Leaf */
    uint32_t filled; /* how many silent changes there had been (--check) */
    bool clean;    /* a store is the first since the notes were taken (TL-14) */
    uint8_t lacks; /* while it is filled: as in Translation */
    bool tail;     /* a sub-page container: resolved on each access (DS-7) */
    uint8_t space; /* tail: of the container */
    /* Its derivation (FR-1). */
    uint8_t n_hops;
    uint8_t hop_iommu[MAX_ENTRY_HOPS], hop_index[MAX_ENTRY_HOPS];
    uint64_t hop_page[MAX_ENTRY_HOPS]; /* page window: region offset */
} TlbEntry;

typedef struct Tlb {
    uint32_t most;  /* entries seen in use in this window of time (TL-12) */
    uint64_t since; /* when it began, in virtual milliseconds */
    uint64_t stamp;
    TlbEntry *table;
    uint32_t mask;   /* entries - 1 */
    uint32_t n_live; /* entries of the table */
    uint8_t n_live_victims;
    uint8_t n_victims, next_victim;
    bool dirty; /* filled since it was last flushed (TL-8) */
    bool large; /* a large page was filled; all of them lie in (TL-10): */
    uint64_t large_addr, large_mask;
    TlbEntry victims[TW_MAX_VICTIMS];
} Tlb;

typedef enum WorkKind {
    WORK_FLUSH_ALL,
    WORK_FLUSH_INDEX,
    WORK_FLUSH_PAGE,
    WORK_FLUSH_RANGE,
    WORK_UNMAP,
} WorkKind;

typedef struct Work {
    uint8_t kind;  /* WorkKind */
    uint8_t index; /* MMU index; unmap: IOMMU index */
    uint8_t bits;
    uint8_t iommu;
    uint16_t op; /* that asked for it */
    uint64_t first, last;
} Work;

typedef struct Cpu {
    bool live;
    bool too_much_work; /* the queue ran over: flush everything */
    uint8_t n_work;
    uint8_t n_notifiers; /* registered */
    uint64_t epoch;      /* counts flushes (FR-6) */
    Work work[MAX_WORK];
    Tlb tlbs[TW_MAX_MMU_INDEXES];
    SpanMap pages[TW_MAX_MMU_INDEXES];
    Notifier notifiers[TW_MAX_IOMMUS][TW_MAX_IOMMU_INDEXES];
} Cpu;

/* One access ------------------------------------------------------------- */

/* Bytes that one walk found in one leaf (LA-23). */
typedef struct Run {
    uint8_t first, length;
    uint8_t region, flags, blocker; /* as in Leaf */
    bool noted; /* by an entry that is not clean: a store is noted already */
    uint64_t offset;
} Run;

typedef struct Hop { /* what must not change within a run */
    uint64_t granule;
    uint8_t iommu;
} Hop;

typedef struct Path {
    uint8_t n;
    Hop hops[TW_MAX_HOPS];
} Path;

typedef struct Access {
    uint8_t code; /* TwOpCode */
    uint8_t need; /* rights */
    uint8_t size;
    uint8_t class_;       /* the worst so far */
    uint8_t reason_class; /* in which a link refused, the worst of them; OK:
                           * none did */
    TwReason reason;      /* of the lowest byte that it refused so (LA-60) */
    TwReason denial;      /* of the first hop of a fill that lacks a right; its
                           * address: of the page */
    uint8_t actor;
    TwAttrs attrs;
    uint8_t n_runs;
    bool callback;  /* a device callback ran */
    bool container; /* a sub-page container was looked into */
    bool uncached;
    uint16_t actors; /* bit per actor to perform */
    uint8_t n_actors;
    uint8_t actor_order[TW_MAX_ACTORS];
    uint64_t value;
    /* This many operations behind it are to be performed inside its first fill
     * (RU-6). */
    unsigned during;
    Run runs[TW_MAX_ACCESS];
} Access;

/* Cached DMA mappings ------------------------------------------------------ */

typedef struct MappingHop {
    uint64_t offset; /* in the IOMMU's region, of the run's first byte */
    uint8_t iommu, index;
} MappingHop;

typedef struct MappingPath {
    uint8_t n;
    MappingHop hops[TW_MAX_HOPS];
} MappingPath;

typedef struct Mapping {
    uint8_t code; /* of the accesses that it is for */
    uint8_t space;
    TwAttrs attrs;
    bool nothing;         /* it was made for no bytes */
    uint64_t addr, asked; /* its first byte; offset of the last one asked for */
    bool valid;           /* what follows holds; else it is found anew */
    bool any;             /* there is a run */
    uint8_t region, flags;
    uint64_t offset, last; /* of the run in the region; its last byte */
    MappingPath path;
} Mapping;

/* Dirty logs, listeners, snapshots --------------------------------------- */

typedef struct DirtyPage {
    uint64_t page; /* its first offset in the block */
    uint8_t block;
} DirtyPage;

typedef struct Dirty {
    TwRegionSet blocks; /* logged */
    uint8_t n_blocks;
    uint16_t n;
    DirtyPage pages[MAX_WORDS]; /* noted: no more than bytes are stored */
} Dirty;

enum { MAX_SILENT = 128 };

/* A silent change, kept for the invariants. */
typedef struct SilentChange {
    bool map; /* of a CPU's page map; else of an IOMMU */
    uint8_t obj, index;
    uint32_t number; /* from 1 */
    uint64_t first, last;
} SilentChange;

typedef struct Silent {
    uint32_t n; /* more than MAX_SILENT: not all are kept */
    SilentChange changes[MAX_SILENT];
} Silent;

typedef struct Listener {
    uint8_t space;
    uint16_t n;
    Range ranges[MAX_RANGES]; /* as it was told */
} Listener;

typedef struct Snapshot {
    Region regions[TW_MAX_REGIONS];
    uint32_t spaces_live;
    Ram ram;
    bool bypass[TW_MAX_IOMMUS];
    SpanMap tables[TW_MAX_IOMMUS][TW_MAX_IOMMU_INDEXES];
    Context contexts[TW_MAX_IOMMUS][TW_MAX_IOMMU_INDEXES];
    Mpc mpcs[TW_MAX_IOMMUS];
    SpanMap pages[TW_MAX_CPUS][TW_MAX_MMU_INDEXES];
} Snapshot;

/* The machine ------------------------------------------------------------ */

enum { MAX_TLB_ENTRIES = TW_MAX_CPUS * TW_MAX_MMU_INDEXES << TW_MAX_TLB_LG };

typedef struct Machine {
    TwTarget target; /* first: the machine is the target */
    TwDialect dialect;
    TwContract contract;
    bool flush_pages, hide_locations;
    bool pagetables;    /* some IOMMU has its tables in RAM */
    bool nested;        /* some has them behind others */
    bool marks;         /* walks of some set A and D in them */
    bool paired;        /* some IOTLB has kept a pair since the start */
    bool narrow_as_is;  /* without the promise `device_words` */
    const char *name;   /* as the user gave it */
    const char *quirks; /* what it has of quirks.def, as given; or NULL */
    bool full_rebuild;  /* render every view on every effective commit */
    bool check;         /* test the invariants after every operation */
    volatile uint32_t *in_flight;
    const TwTeller *teller;
#ifdef TW_ZOO
    uint64_t bugs[(BUGS + 63) / 64]; /* those that it has: bit per Bug */
    uint16_t misses;                 /* TW_CELL(), or 0 */
    uint64_t n_reached;              /* how often the code of one was run */
#endif
    uint8_t command;   /* for zoo-cells.c: COMMAND_... in flight, */
    uint64_t n_missed; /* and how often one has missed something */

    const TwProgram *program;
    TwTrace *trace;
    TwLegality legality;
    uint64_t run;      /* number of this run: a stamp, from 1 on */
    uint64_t stamp;    /* the newest TLB stamp; never used twice */
    uint16_t op;       /* script operation in flight */
    uint32_t fails_in; /* the allocation that fails, counted from now, or 0 */
    uint8_t page_lg;
    uint64_t page_mask; /* P - 1 */

    /* The live graph. */
    Region regions[TW_MAX_REGIONS];
    uint32_t spaces_live;
    TwRegionSet actor_regions; /* that have an actor offset */
    uint32_t depth;
    bool pending;
    TwRegionSet changed; /* since the last effective commit */

    /* The committed topology. */
    View *published[TW_MAX_SPACES];
    uint32_t spaces_changed;          /* by the last effective commit */
    Region committed[TW_MAX_REGIONS]; /* only if a view is unrendered, or with
                                       * `check` */
    View empty;
    View views[TW_MAX_SPACES];

    Notifier observers[TW_MAX_OBSERVERS];
    uint32_t listening; /* bit per listener */
    uint32_t vetoing;   /* bit per IOMMU (NT-2) */
    Listener listeners[TW_MAX_OBSERVERS];
    Dirty dirty;
    uint64_t clock;            /* virtual milliseconds */
    Silent silent;             /* with `check` */
    uint32_t committed_spaces; /* with `check`: live at the last commit */
    bool views_new;            /* not tested since the last commit */
    bool resizes; /* the program lets time pass: TLBs change their sizes */
    Snapshot snapshot;
    Iommu iommus[TW_MAX_IOMMUS];
    Mpc mpcs[TW_MAX_IOMMUS];
    Cpu cpus[TW_MAX_CPUS];
    Mapping mappings[TW_MAX_MAPPINGS]; /* legality knows which are there */
    Access access;
    uint8_t marking; /* rights of an access that the translation at work is for;
                      * 0: of none, and no A or D is set */
    uint8_t started; /* number of the access at hand among those that actor
                      * offsets of the operation started; 0: its own */
    TwRegionSet busy; /* the devices that have started the one at hand */
    Access early[TW_MAX_ACTORS]; /* of a bug of the zoo */
    unsigned pair; /* 1: it is the first of one (paired.c), else 0 */
    Path paths[2]; /* of the walk in progress: this run, and the one before */
    Ram ram;
    TlbEntry entries[MAX_TLB_ENTRIES];
} Machine;

#ifdef TW_ZOO
/* Without a branch: an engine that counts branches sees none.  (A machine is
 * never a constant.) */
static inline bool zoo_has(const Machine *m, unsigned bug)
{
    bool has = m->bugs[bug / 64] >> bug % 64 & 1;

    ((Machine *)m)->n_reached += has;
    return has;
}
#endif

/* What depends on the kind of an IOMMU; a row of iommu_kinds[] (iommu.c).
 * `id`: of the IOMMU, `index`: one that it has. */
struct IommuKind {
    /* The complete entry for `offset`; rights 0 if there is none. */
    Translation (*translate)(Machine *m, uint8_t id, uint8_t index,
                             uint64_t offset);
    /* Performs an operation on its translations, and notifies. */
    void (*perform)(Machine *m, const TwOp *op, uint8_t actor);
    /* Sets the state of the start of a program; sends no event. */
    void (*reset)(Machine *m, uint8_t id);
    /* What a MAP event for event->first says: sets rights, space and output.
     * Unchanged: nothing is mapped there. */
    void (*find_map)(Machine *m, uint8_t id, uint8_t index, Event *event);
    /* What is mapped, in ascending order, as MAP events.  *at is 0 at first and
     * the kind's afterwards.  False: that was all. */
    bool (*next_map)(const Machine *m, uint8_t id, uint8_t index, unsigned *at,
                     Event *event);
    /* Saves to a snapshot and restores from it; sends no event. */
    void (*save)(const Machine *m, uint8_t id, Snapshot *to);
    void (*load)(Machine *m, uint8_t id, const Snapshot *from);
};

static inline void count(Machine *m, TwCounter counter)
{
    m->trace->counters[counter]++;
}

static inline void note_peak(Machine *m, TwPeak peak, uint32_t now)
{
    m->trace->peaks[peak] = MAX(m->trace->peaks[peak], now);
}

static inline uint64_t low_mask(unsigned lg) /* the low `lg` bits, 0 .. 64 */
{
    return lg >= 64 ? UINT64_MAX : (UINT64_C(1) << lg) - 1;
}

/* TELL(m, KIND, FORMAT, ...): one cache event; its operands are evaluated
 * only if there is a teller. */
#define TELL(m, ...) \
    do { \
        if (G_UNLIKELY((m)->teller != NULL)) { \
            tell(m, __VA_ARGS__); \
        } \
    } while (0)

/* Notes a silent change (invariants.c). */
static inline void note_silent(Machine *m, bool map, uint8_t obj, uint8_t index,
                               uint64_t first, uint64_t last)
{
    Silent *silent = &m->silent;

    if (!m->check) {
        return;
    }
    if (silent->n < MAX_SILENT) {
        silent->changes[silent->n] =
            (SilentChange){map, obj, index, silent->n + 1, first, last};
    }
    silent->n += silent->n <= MAX_SILENT;
}

/* Calls that go upwards: who changes something tells the CPUs. */
PART void cpu_unmap(Machine *m, Notifier *notifier, uint64_t first,
                    uint64_t last, uint8_t actor);
PART void mapping_unmap(Machine *m, uint8_t id, uint8_t index, uint64_t first,
                        uint64_t last);
PART void perform(Machine *m, const TwOp *op, uint8_t actor);
PART void table_store(Machine *m, uint8_t block, uint64_t at, unsigned length,
                      uint64_t value);
PART void perform_during(Machine *m);

#endif
