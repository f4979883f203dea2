/* SPDX-License-Identifier: MIT */
/*
 * The uncached answer to an access, byte by byte: where it went, which links
 * decided, and since when.  The first opinion; flat.h is the second.
 */
#ifndef TW_ORACLE_WALK_WALK_H
#define TW_ORACLE_WALK_WALK_H

#include "oracle/walk/place.h"
#include "oracle/world/iommu.h"
#include "oracle/world/world.h"
#include "program/ops.h"

/* Where 8 bytes are poked. */
typedef struct TwPoked {
    uint64_t offset;
    uint8_t block;
} TwPoked;

/* The world just before an operation that is performed `during` an access
 * (LA-47). */
typedef struct TwDuring {
    uint32_t now;
    uint32_t n_endings;
    uint32_t fresh; /* for the CPU and MMU index of the access */
    uint32_t sec_resp, mpc_changes; /* TwWorld */
    unsigned n_pokes;               /* among the operations: what they store */
    TwPoked pokes[TW_MAX_DURING];
} TwDuring;

/* An access, taken apart. */
typedef struct TwAccess {
    uint8_t code;
    uint8_t cpu, mmu; /* TW_BOARD: DMA */
    uint8_t space;
    uint8_t size;
    uint8_t page_rights, hop_rights; /* rights that it needs */
    uint8_t started; /* 0, or the number of the access that an actor offset of
                      * `op` has started (LA-61) */
    uint16_t op;
    TwAttrs attrs;
    uint64_t addr;
    uint64_t above; /* bits of addresses that the CPU does not have (LA-58) */
    bool wrapped;   /* passes the highest address, and goes on at 0 */
    bool exclusive; /* an rmw that no device takes (LA-56) */
    bool paired;    /* one of the two that an instruction makes (LA-59): */
    uint8_t other;  /* the class that refuses the other one, or OK */
    bool other_old; /* which is the class of an older answer only */
    bool beyond;    /* runs past the highest address (LA-19, LA-58) */
    bool blind; /* the fetch of the instruction behind another access (LA-46):
                 * the bytes that it gets are not compared */
    bool more;  /* one of the fetches of a run, and not the last (LA-52) */
    bool early; /* MPCs say what class a blocked access has as before the
                 * operations `during` it */
    bool apart; /* the pages of a DMA access are asked one by one (LA-51) */
    struct TwUsed *used; /* notes which entries of tables walks read (used.h),
                          * or NULL */
    const TwDuring *during;   /* or NULL */
    const TwMapping *mapping; /* that may answer it (LA-38), or NULL */
    const TwRegionSet *busy;  /* devices that refuse it (AC-8), or NULL: none */
} TwAccess;

/* The address of byte k. */
static inline uint64_t tw_access_at(const TwAccess *access, unsigned k)
{
    return (access->addr + k) & ~access->above;
}

/* Reads, fetches and exchanges give a value; stores give none. */
static inline bool tw_is_store(const TwAccess *access)
{
    return access->code == TW_OP_WRITE || access->code == TW_OP_DMA_WRITE;
}
static inline bool tw_gives_value(const TwAccess *access)
{
    return !tw_is_store(access) && !access->blind;
}

/* Where one byte of an access went.  What a link refuses (PAGE, HOP, LOOP) has
 * a reason if the world has `reasons` (LA-60): see tw_byte_refuse(). */
typedef struct TwByte {
    uint64_t offset; /* LEAF, BLOCKED; the address of a reason; else 0 */
    uint8_t where;   /* TwWhere */
    uint8_t region;  /* LEAF; LOOP, BLOCKED: the IOMMU; else TW_NONE */
    uint8_t flags;   /* TW_LOC_..., LEAF only */
    uint8_t depth;   /* hops passed */
} TwByte;

/* Gives a byte its reason.  It is in fields that mean nothing otherwise, so
 * that bytes stay small: kind and level, or of LOOP the IOMMU, in `flags`, the
 * IOMMU of HOP in `region`. */
static inline void tw_byte_refuse(TwByte *byte, TwReason why)
{
    unsigned high = byte->where == TW_AT_LOOP ? why.iommu : why.level;

    byte->offset = why.address;
    byte->flags = (uint8_t)(high << 4 | why.kind);
    byte->region = byte->where == TW_AT_HOP ? why.iommu : byte->region;
}

/* The reason of a byte; kind NONE: no link refuses it, or nobody asks. */
static inline TwReason tw_byte_reason(const TwByte *byte)
{
    bool hop = byte->where == TW_AT_HOP, loop = byte->where == TW_AT_LOOP;
    uint8_t high = byte->flags >> 4;

    if (!hop && !loop && byte->where != TW_AT_PAGE) {
        return (TwReason){.kind = TW_REASON_NONE};
    }
    return (TwReason){.kind = byte->flags & 15,
                      .iommu = hop    ? byte->region
                               : loop ? high
                                      : TW_NONE,
                      .level = hop ? high : 0,
                      .address = byte->offset};
}

/* Do two bytes end in the same way? */
static inline bool tw_byte_same(const TwByte *a, const TwByte *b)
{
    return a->where == b->where && a->region == b->region &&
           a->offset == b->offset && a->flags == b->flags;
}

/* A translation that some bytes of an access met. */
typedef struct TwHop {
    uint64_t granule; /* number of the granule */
    uint64_t window;  /* first offset of the page window (LA-17) */
    uint32_t since;   /* tick of the entry */
    uint32_t asked;   /* when the IOMMU was asked */
    uint32_t entry;   /* the time of the entry: then, or that of a record */
    uint16_t op;
    int16_t before;              /* index of the hop before it, or TW_NIL */
    uint8_t mask;                /* the bytes that passed it */
    uint8_t iommu, index, depth; /* depth: hops before it */
    uint8_t combined;            /* TwAsked */
    bool present;                /* there was an entry */
    bool granted;
    bool small; /* granule below the page size */
} TwHop;

/* The part of a walk that the page map decides. */
typedef struct TwPageLink {
    uint64_t first, last; /* the whole assignment */
    bool present;         /* some assignment was found */
    bool granted;         /* for all bytes */
    bool small;           /* some assignment is below the page size */
} TwPageLink;

typedef struct TwWalk {
    uint8_t mask;   /* the bytes that were walked */
    uint8_t cuts;   /* bit k: a run cannot continue from byte k - 1 to k for
                     * the sake of a link (granule, small page assignment) */
    uint8_t depth;  /* most hops that a byte passed */
    uint8_t link;   /* TwKeyLink: the link that changed last */
    uint16_t op;    /* the operation that changed it */
    uint32_t since; /* when: from then on the walk was like this */
    uint16_t n_hops;
    bool parted;     /* some bytes passed a hop, and others did not */
    bool unmarked;   /* a hop granted it by entries in which A or D was not set,
                      * and must be for such an access (LA-55) */
    TwPageLink page; /* CPU accesses */
    uint32_t page_since; /* of the page map alone */
    uint32_t topology_since;
    TwByte bytes[TW_MAX_ACCESS];
    TwHop hops[TW_MAX_ACCESS * (TW_MAX_HOPS + 1)];
} TwWalk;

/* A request for a translation: who is asked, and where on the way. */
typedef struct TwRequest {
    uint64_t granule; /* number of the granule */
    uint64_t asker;   /* of the read of an entry of nested tables (LA-53): for
                       * which granule the tables are read */
    uint8_t iommu, index;
    uint8_t depth; /* hops of the access before it */
    uint8_t table; /* of such a read: the level of the entry, and how many hops
                    * of this read are before, as TW_TABLE_HOP(); 0: of the
                    * access itself */
} TwRequest;
enum { TW_MAX_TABLE_HOPS = 2 }; /* of the read of one entry */
#define TW_TABLE_HOP(level, n) ((uint8_t)((level) << 4 | (n)))

/*
 * Translations in which records of an IOTLB took part (LA-51): the request is
 * answered as at the times of `parts`.  Of a combined record (LA-54), this hop
 * and the next one are *asked* at the time `parts.entry`, and further records
 * may answer them then; these have the same `combined` as the hop that they
 * answer (TwAsked).
 */
enum { TW_MAX_RECORDS = 12 };
typedef struct TwRecord {
    TwRequest request;
    TwParts parts;
    uint8_t combined;
    bool both; /* a combined one */
} TwRecord;
typedef struct TwRecords {
    unsigned n;
    TwRecord list[TW_MAX_RECORDS];
} TwRecords;

/*
 * Which time each link is taken from: the page map as at `then`, the first
 * `topology` resolutions of an address in the topology as at `then`, the first
 * `hops` translations in the tables as at `then`, and everything else as at
 * `now`; but translations that `records` names (or NULL; the caller keeps it)
 * are of the times there.
 */
typedef struct TwTimes {
    uint32_t then, now;
    uint8_t topology, hops;
    const TwRecords *records;
} TwTimes;

static inline TwTimes tw_times_at(uint32_t t)
{
    return (TwTimes){t, t, UINT8_MAX, UINT8_MAX, NULL};
}

/*
 * Walks the bytes in `mask` of an access.  `since`, `link` and `op` mean
 * something only if all times are one.
 */
void tw_walk(const TwWorld *world, const TwAccess *access, uint8_t mask,
             TwTimes times, TwWalk *walk);

/* Is one of the records a combined one? */
bool tw_walk_combined(const TwRecords *records);

/* What records make of a translation that is asked for at some time. */
typedef struct TwAsked {
    TwParts parts;
    uint32_t asked;   /* then, or when its combined record was made */
    uint8_t combined; /* 2 n + 1, 2 n + 2: the first, second hop of combined
                       * record number n; reads of the tables of a hop have what
                       * it has; 0: of none */
    bool recorded;    /* by a record of its own */
} TwAsked;

/* The same for a request at time t; `before`: what the hop before it has as
 * `combined`, or that asks for the read. */
TwAsked tw_walk_asked(const TwRecords *records, const TwRequest *request,
                      uint8_t before, uint32_t t);

/* The requests of the reads of entries of nested tables. */
enum { TW_MAX_READS = 64 };
typedef struct TwReads {
    unsigned n;
    bool crowded; /* there are more */
    TwRequest list[TW_MAX_READS];
    uint32_t asked[TW_MAX_READS]; /* when */
} TwReads;

/* How a translation is looked up besides its own times. */
typedef struct TwLookUp {
    const TwRecords *records; /* that may answer reads of nested tables; or NULL
                               */
    uint8_t depth, combined;  /* of the hop that asks */
    TwReads *reads;           /* to which those reads are added; or NULL */
    const TwTableSeer *seer;  /* told of what is read of tables in RAM; or NULL
                               */
    struct TwUsed *used;      /* gets what those reads read (used.h); or NULL */
} TwLookUp;

/* The translation of offset x of an IOMMU's index, read at the times of
 * `parts`, nested tables with the whole way to them. */
TwFound tw_walk_translation(const TwWorld *world, uint8_t iommu, uint8_t index,
                            uint64_t x, TwParts parts, const TwLookUp *how);
/* The attributes of reads of nested tables (LA-53). */
static inline TwAttrs tw_table_attrs(uint8_t domain)
{
    return (TwAttrs)domain << TW_ATTR_REQUESTER_SHIFT;
}

/* The index of an IOMMU that attributes choose (LA-11). */
uint8_t tw_walk_index(const TwIommu *iommu, TwAttrs attrs);

/* The first of bytes from .. to - 1 in which two outcomes part, or `from`. */
unsigned tw_first_difference(unsigned from, unsigned to, const TwByte *a,
                             const TwByte *b);
/* Where the bytes are, run by run; returns how many runs. */
unsigned tw_places(const TwAccess *access, const TwByte *bytes,
                   TwPlace places[TW_MAX_ACCESS]);

#endif
