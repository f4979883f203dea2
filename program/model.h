/* SPDX-License-Identifier: MIT */
/*
 * What a case is: a topology (regions, address spaces, IOMMUs, CPUs) and a
 * script of operations, as plain data.  Objects name each other by id, the
 * index into their array; there are no pointers, so a program is copied by
 * assignment and compared field by field.  Ids may have holes: an object whose
 * kind (or `present`) says "none" does not exist, so that dropping an object
 * never renames the others.
 *
 * This header knows nothing of how a program is written down (text.h, bytes.h),
 * which programs are legal (legality.h), or what a program does: oracle/ and
 * targets/ each implement that.  LANGUAGE.md in this folder says what the
 * fields mean.
 */
#ifndef TW_PROGRAM_MODEL_H
#define TW_PROGRAM_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TW_LANGUAGE_VERSION 1

enum {
    TW_MAX_REGIONS = 254, /* ids are bytes, and TW_NONE is 255 */
    TW_MAX_SPACES = 16,
    TW_MAX_IOMMUS = 16,
    TW_MAX_IOMMU_INDEXES = 4,
    TW_MAX_LEVELS = 6, /* of page tables */
    TW_MAX_CPUS = 4,
    TW_MAX_MMU_INDEXES = 4,
    TW_MAX_ACTORS = 16,
    TW_MAX_OBSERVERS = 8,
    TW_MAX_MAPPINGS = 8,
    TW_MAX_SETUP = 1536,
    TW_MAX_SCRIPT = 1536,
    TW_MAX_ACCESS = 8, /* bytes of one access */
    TW_MAX_HOPS = 32,
    TW_DEFAULT_HOPS = 16,
    TW_MIN_PAGE_LG = 6,
    TW_MAX_PAGE_LG = 16,
    TW_DEFAULT_PAGE_LG = 12,
    TW_MIN_GRANULE_LG = 4,
    TW_MAX_GRANULE_LG = 30,
    TW_MAX_TLB_LG = 12,
    TW_MAX_VICTIMS = 16,
    TW_MAX_MPC_BLOCKS = 1 << 16, /* in the look-up table of an MPC */
};

#define TW_NONE 0xffu  /* "no object" wherever an id is expected */
#define TW_ALL 0xffu   /* "every CPU" in flush operands */
#define TW_BOARD 0xffu /* actor of an operation that no CPU issued */

/* Rights, of pages, hops and accesses. */
enum {
    TW_R = 1,
    TW_W = 2,
    TW_X = 4,
};

/*
 * Transaction attributes (AT-1), packed.  Equal iff all bits are equal.
 * `unspecified` is not the same as "all zero" (AT-4).
 */
typedef uint32_t TwAttrs;
#define TW_ATTR_UNSPECIFIED 0x1u
#define TW_ATTR_SECURE 0x2u
#define TW_ATTR_USER 0x4u
#define TW_ATTR_REQUESTER_SHIFT 16
#define TW_ATTR_MASK 0xffff0007u

/* Regions ---------------------------------------------------------------- */

typedef enum TwRegionKind {
    TW_REGION_NONE, /* this id is not used */
    TW_REGION_CONTAINER,
    TW_REGION_RAM,
    TW_REGION_ROM,
    TW_REGION_ROMD, /* ROM device */
    TW_REGION_MMIO,
    TW_REGION_ALIAS,
    TW_REGION_IOMMU,
    TW_REGION_RESERVATION,
    TW_REGION_RAM_DEVICE,
    TW_REGION_KINDS
} TwRegionKind;

/* A range of offsets, ends included; empty iff first > last. */
typedef struct TwRange {
    uint64_t first, last;
} TwRange;

typedef struct TwRegion {
    uint8_t kind;      /* TwRegionKind */
    uint8_t container; /* region id it starts in, or TW_NONE */
    uint8_t target;    /* alias: region id */
    uint8_t iommu;     /* iommu: IOMMU id, each named by one region only */
    uint8_t registers; /* mmio: the MPC whose registers it is (LA-57), or
                        * TW_NONE */
    uint8_t block;     /* ram, rom, romd, ram-device: id of the region whose
                        * bytes it shows; its own id unless shared */
    bool enabled;
    bool readonly;
    bool nonvolatile;
    bool unmergeable;
    bool romd_mode;    /* romd: reads come from the bytes, not the callback */
    uint8_t valid_min; /* mmio, romd: piece sizes that the device takes, */
    uint8_t valid_max; /* 1, 2, 4 or 8 each; 0 = anything */
    uint8_t impl_min;  /* mmio, romd: sizes of the calls of its callback, */
    uint8_t impl_max;  /* 1, 2, 4 or 8 each; 0 = any (LA-50) */
    bool unaligned;    /* mmio, romd: calls may begin at any offset */
    int32_t priority;
    uint64_t size; /* bytes; UINT64_MAX means 2^64 (AR-2) */
    uint64_t addr; /* offset in its container */
    uint64_t alias_offset;
    TwRange reject; /* mmio, romd: offsets that `accepts` says no to */
    TwRange error;  /* mmio, romd: offsets that answer DEVICE_ERROR */
} TwRegion;

/* Address spaces --------------------------------------------------------- */

typedef struct TwSpace {
    bool present;
    bool late;    /* does not exist until space-new creates it */
    uint8_t root; /* region id, without container and with addr 0 (FV-8) */
} TwSpace;

/* IOMMUs ----------------------------------------------------------------- */

typedef enum TwIommuKind {
    TW_IOMMU_NONE,
    TW_IOMMU_TABLE,     /* abstract entries; changing and notifying are two */
    TW_IOMMU_MPC,       /* TrustZone Memory Protection Controller */
    TW_IOMMU_PAGETABLE, /* radix table in RAM, behind an IOTLB of its own */
    TW_IOMMU_KINDS
} TwIommuKind;

/* Which attributes choose the index of a translation. */
typedef enum TwSelect {
    TW_SELECT_ZERO,        /* the method is absent: index 0 */
    TW_SELECT_SECURE,      /* secure or unspecified: 0, else 1 */
    TW_SELECT_USER,        /* user: 1, else 0 */
    TW_SELECT_REQUESTER,   /* requester id */
    TW_SELECT_SECURE_USER, /* twice what `secure` chooses, and what `user`
                            * does */
    TW_SELECTS             /* (each modulo the number of indexes) */
} TwSelect;

typedef enum TwTableFormat {
    TW_FORMAT_ABSTRACT,
    TW_FORMAT_SV39,     /* RISC-V, and the first stage of its IOMMU */
    TW_FORMAT_X86_64,   /* 4 or 5 levels */
    TW_FORMAT_ARM64_S1, /* VMSAv8-64 and SMMUv3, 4 KiB granule, stage 1 */
    TW_FORMAT_ARM64_S2, /* stage 2 */
    TW_FORMAT_VTD_SL,   /* VT-d, second-level */
    TW_FORMAT_VTD_FL,   /* VT-d, first-level */
    TW_FORMAT_AMDVI,    /* AMD-Vi, host tables */
    TW_FORMATS
} TwTableFormat;

typedef struct TwIommu {
    uint8_t kind; /* TwIommuKind */
    uint8_t granule_lg;
    uint8_t indexes;      /* 1 .. TW_MAX_IOMMU_INDEXES */
    uint8_t select;       /* TwSelect */
    bool bypass;          /* starts in bypass */
    bool iotlb;           /* may answer from records (LA-51); not mpc */
    uint8_t bypass_space; /* where bypass leads, or mpc's downstream space */
    union {               /* what is of one kind; `table` has nothing */
        struct {
            uint8_t blocked_space; /* where a blocked access leads */
        } mpc;
        struct {
            uint8_t format; /* TwTableFormat */
            uint8_t tables; /* RAM region that holds the tables, or TW_NONE: */
            uint8_t levels;
            bool nested;     /* they are read in the space that it leads to */
            bool updates_ad; /* walks set A and D in them (LA-55) */
            uint8_t output;  /* bits that addresses in entries have (LA-63);
                              * 0: any */
            uint64_t base;   /* what roots and entries call the first byte of
                              * `tables` (LA-35); a multiple of the granule */
        } pagetable;
    };
} TwIommu;

/* CPUs ------------------------------------------------------------------- */

typedef struct TwMmuIndex {
    bool present;
    uint8_t space; /* address space of its accesses */
    TwAttrs attrs;
    uint8_t width; /* bits of its addresses (LA-58): 16 to 63; 0: 64 */
    bool wraps;    /* 0 comes after the highest address */
} TwMmuIndex;

enum { TW_MIN_WIDTH = 16 };

/* The highest address of a width. */
static inline uint64_t tw_width_last(unsigned width)
{
    return width ? (UINT64_C(1) << width) - 1 : UINT64_MAX;
}

typedef struct TwCpu {
    bool present;
    uint8_t tlb_lg;  /* 2^n entries per MMU index */
    uint8_t victims; /* entries of the victim TLB, 0 .. TW_MAX_VICTIMS */
    TwMmuIndex mmu[TW_MAX_MMU_INDEXES];
} TwCpu;

/* Kinds of objects that have ids.  Observers and cached DMA mappings exist by
 * being named in operations. */
typedef enum TwObject {
    TW_OBJECT_REGION,
    TW_OBJECT_SPACE,
    TW_OBJECT_IOMMU,
    TW_OBJECT_CPU,
    TW_OBJECT_OBSERVER,
    TW_OBJECT_MAPPING,
    TW_OBJECTS
} TwObject;

/* Operations ------------------------------------------------------------- */

/*
 * The order is the byte form's: new operations are appended, none is ever
 * moved.  What each one takes is in the table of ops.c, what it does in
 * LANGUAGE.md.
 */
typedef enum TwOpCode {
    TW_OP_NOP,
    /* accesses: judged */
    TW_OP_READ,
    TW_OP_WRITE,
    TW_OP_EXEC,
    TW_OP_RMW,
    TW_OP_DMA_READ,
    TW_OP_DMA_WRITE,
    /* the CPU's page map and TLB */
    TW_OP_PAGE,
    TW_OP_UNPAGE,
    TW_OP_FLUSH_PAGE,
    TW_OP_FLUSH_RANGE,
    TW_OP_FLUSH_INDEX,
    TW_OP_FLUSH_ALL,
    TW_OP_SAFEPOINT,
    TW_OP_CLOCK,
    /* IOMMUs */
    TW_OP_MAP,
    TW_OP_UNMAP,
    TW_OP_PROTECT,
    TW_OP_NOTIFY,
    TW_OP_NOTIFY_ALL,
    TW_OP_IOMMU_RESET,
    TW_OP_BYPASS,
    TW_OP_IOMMU_DESTROY,
    TW_OP_MPC_READ,
    TW_OP_MPC_WRITE,
    TW_OP_POKE,
    TW_OP_CONTEXT,
    TW_OP_INVALIDATE,
    /* regions and transactions */
    TW_OP_BEGIN,
    TW_OP_COMMIT,
    TW_OP_ADD,
    TW_OP_DEL,
    TW_OP_MOVE,
    TW_OP_RESIZE,
    TW_OP_ENABLE,
    TW_OP_PRIORITY,
    TW_OP_READONLY,
    TW_OP_NONVOLATILE,
    TW_OP_UNMERGEABLE,
    TW_OP_ROMD,
    TW_OP_ALIAS_OFFSET,
    TW_OP_SPACE_NEW,
    TW_OP_SPACE_DEL,
    TW_OP_UNPLUG,
    /* observers */
    TW_OP_OBSERVE,
    TW_OP_UNOBSERVE,
    TW_OP_REPLAY,
    TW_OP_VETO,
    TW_OP_LISTEN,
    TW_OP_UNLISTEN,
    /* dirty log, snapshots, cached DMA mappings */
    TW_OP_DIRTY_LOG,
    TW_OP_DIRTY_CLEAR,
    TW_OP_SNAPSHOT,
    TW_OP_RESTORE,
    TW_OP_DMA_MAP,
    TW_OP_DMA_UNMAP,
    /* the machine itself */
    TW_OP_PAR,
    TW_OP_AND,
    TW_OP_BARRIER,
    TW_OP_END_PAR,
    TW_OP_FAIL_ALLOC,
    TW_OP_CODES
} TwOpCode;

enum {
    TW_OPF_DURING = 1,     /* applied inside the first fill of the access before
                            * it (RU-6), behind others that are */
    TW_OPF_NOTIFIED = 2,   /* map, unmap, protect: tells its notifiers */
    TW_OPF_ON = 4,         /* the new value of a switch */
    TW_OPF_FROM = 8,       /* CPU access: issued by an instruction at `from` */
    TW_OPF_VIA = 16,       /* DMA access: through the mapping `other` */
    TW_OPF_EXCLUSIVE = 32, /* rmw: made of a load and a store (LA-56) */
    TW_OPF_PAIRED = 64,    /* read, write: made by one instruction with the
                            * operation before it (LA-59) */
};

/* Kinds of IOMMU events and of what a notifier asks for (NT-1). */
enum {
    TW_EVENT_UNMAP = 1,
    TW_EVENT_MAP = 2,
    TW_EVENT_DEVIOTLB_UNMAP = 4,
};

/* Scopes of TW_OP_INVALIDATE (LA-37). */
typedef enum TwScope {
    TW_SCOPE_GLOBAL,
    TW_SCOPE_DOMAIN,
    TW_SCOPE_RANGE,     /* of a domain */
    TW_SCOPE_CONTEXT,   /* of an index */
    TW_SCOPE_LEAF,      /* a range of a domain: entries only, no pointers */
    TW_SCOPE_CONTEXTS,  /* of all indexes */
    TW_SCOPE_ANY_RANGE, /* of all domains */
    TW_SCOPE_ANY_LEAF,
    TW_SCOPES
} TwScope;

/* What a context of a `pagetable` says (LA-35). */
typedef enum TwContextMode {
    TW_CONTEXT_TABLES,  /* translate by the tables of a root */
    TW_CONTEXT_PASS,    /* offsets are output addresses */
    TW_CONTEXT_BLOCKED, /* refuse all */
    TW_CONTEXT_NONE,    /* there is no context: refuse all */
    TW_CONTEXT_MODES
} TwContextMode;

/*
 * One operation.  Which fields a code uses is in tw_op_info(); all others are
 * zero, so that operations can be compared as bytes (there is no padding).
 * What shares a place is never used by one code (test-ops.c).
 */
typedef struct TwOp {
    uint8_t code;  /* TwOpCode */
    uint8_t actor; /* CPU id or TW_BOARD */
    uint8_t flags; /* TW_OPF_... */
    uint8_t obj;   /* the object it works on */
    uint8_t index; /* its MMU or IOMMU index */
    uint8_t other; /* a second object: container, target space, mapping */
    uint8_t size;  /* bytes of an access, 1 .. 8 */
    union {
        uint8_t lg;   /* log2 of a page-map entry */
        uint8_t bits; /* flush-range: significant ones, 1 .. 64 */
    };
    uint8_t perm; /* TW_R | TW_W | TW_X */
    union {
        uint8_t events; /* TW_EVENT_... */
        uint8_t scope;  /* TwScope */
        uint8_t mode;   /* context: TwContextMode */
    };
    uint8_t domain; /* context */
    uint8_t zero;
    int32_t priority;
    TwAttrs attrs;
    union {
        uint32_t milliseconds; /* clock */
        uint32_t requester;    /* context */
        uint32_t whose;        /* invalidate: a domain or an index */
        uint32_t nth;          /* fail-alloc: allocation from here */
    };
    uint64_t addr; /* first address */
    union {
        uint64_t last;   /* last address of a range, included */
        uint64_t length; /* bytes; UINT64_MAX means 2^64 */
    };
    union {
        uint64_t out;   /* where an entry leads, or a table root */
        uint64_t value; /* that is written */
        uint64_t from;  /* TW_OPF_FROM: address of the instruction */
    };
} TwOp;

_Static_assert(sizeof(TwOp) == 48, "operations are small and without padding");

/* A write to `offset` of MMIO region `region` performs `op` once (RU-3). */
typedef struct TwActor {
    uint8_t region; /* TW_NONE: this slot is not used */
    uint64_t offset;
    TwOp op; /* see tw_op_suits_during(); its actor field is TW_BOARD and
              * means "the actor of the access", but of a DMA access */
} TwActor;

/* Programs --------------------------------------------------------------- */

/* What RAM holds. */
typedef enum TwContentsKind {
    TW_CONTENTS_DATA, /* bytes: initial ones and store tags */
    /* Words of 8 bytes that can be executed, by such a CPU (LA-44). */
    TW_CONTENTS_CODE, /* AArch64 */
    TW_CONTENTS_CODE_X86_64,
    TW_CONTENTS_CODE_RISCV64,
    /* Such words, most of which go on with the next one (LA-52). */
    TW_CONTENTS_RUNS, /* AArch64 */
    TW_CONTENTS_RUNS_X86_64,
    TW_CONTENTS_RUNS_RISCV64,
    /* Words of 8 bytes that are no entry of any format (LA-62). */
    TW_CONTENTS_INERT,
    TW_CONTENTS_RUNS_THUMB, /* LA-52; there is no code without runs */
    TW_CONTENTS_KINDS
} TwContentsKind;

/*
 * Added to the contents of a program, never in a file: the initial bytes of RAM
 * and what stores write are such that people can read them, instead of hashes
 * (content.h).  They tell fewer places apart, so a finding can be gone with
 * them.
 */
enum { TW_CONTENTS_READABLE = 0x40 };

static inline TwContentsKind tw_contents_kind(unsigned contents)
{
    return (TwContentsKind)(contents & ~(unsigned)TW_CONTENTS_READABLE);
}

static inline bool tw_contents_are_code(unsigned contents)
{
    unsigned kind = tw_contents_kind(contents);

    return kind != TW_CONTENTS_DATA && kind != TW_CONTENTS_INERT;
}

static inline bool tw_contents_are_runs(unsigned contents)
{
    unsigned kind = tw_contents_kind(contents);

    return kind >= TW_CONTENTS_RUNS && kind != TW_CONTENTS_INERT;
}

/* Do accesses store words of 8 bytes at multiples of 8 only (LA-44, LA-62)? */
static inline bool tw_contents_are_words(unsigned contents)
{
    return tw_contents_kind(contents) != TW_CONTENTS_DATA;
}

/* Of code contents, those for runs of the same architecture.  Not of Thumb,
 * which has those alone. */
static inline uint8_t tw_contents_runs(unsigned code)
{
    return (uint8_t)(code + TW_CONTENTS_RUNS - TW_CONTENTS_CODE);
}

typedef struct TwProgram {
    uint8_t page_lg;          /* P = 2^page_lg (AR-5) */
    uint8_t hops;             /* limit H of IW-8, 1 .. TW_MAX_HOPS */
    uint8_t contents;         /* TwContentsKind */
    bool explicit_safepoints; /* no implied safe point at an operation's
                               * start (TX-8) */
    uint8_t n_regions, n_spaces, n_iommus, n_cpus, n_actors;
    uint16_t n_setup, n_script;
    TwRegion regions[TW_MAX_REGIONS];
    TwSpace spaces[TW_MAX_SPACES];
    TwIommu iommus[TW_MAX_IOMMUS];
    TwCpu cpus[TW_MAX_CPUS];
    TwActor actors[TW_MAX_ACTORS];
    TwOp setup[TW_MAX_SETUP]; /* page, silent map, poke and context operations:
                               * the state before the script starts */
    TwOp script[TW_MAX_SCRIPT];
} TwProgram;

/*
 * Sets up an empty program: 4 KiB pages, 16 hops, data in RAM, no objects.
 * Arrays beyond their counts are not initialised and never read.
 */
void tw_program_init(TwProgram *program);

/* Field by field, up to the counts; unused ids (kind "none") are equal. */
bool tw_program_equal(const TwProgram *a, const TwProgram *b);

/* Copies only what the counts cover: most of a program's memory is unused. */
void tw_program_copy(TwProgram *to, const TwProgram *from);

/*
 * A hash of what tw_program_equal compares, the same on every host; names
 * files and guards golden corpora.
 */
uint64_t tw_program_hash(const TwProgram *program);

/* Defaults of one object: enabled, no flags, empty reject and error ranges. */
TwRegion tw_region_make(TwRegionKind kind);
TwOp tw_op_make(TwOpCode code);

/* The id of the region that is IOMMU `iommu`, or TW_NONE. */
uint8_t tw_program_iommu_region(const TwProgram *program, uint8_t iommu);

#endif
