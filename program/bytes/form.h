/* SPDX-License-Identifier: MIT */
/*
 * Inside this folder only: what decoder and encoder of the byte form share.
 * The layout itself is told in BYTES.md.
 */
#ifndef TW_PROGRAM_BYTES_FORM_H
#define TW_PROGRAM_BYTES_FORM_H

#include "program/dialect.h"
#include "program/ops.h"

enum {
    TW_BYTES_VERSION = 1,
    TW_BYTES_WIDE = 2, /* version of programs that need larger counts */
    TW_BYTES_MANY = 3, /* version of programs of more than 64 regions or 512
                        * operations */
    TW_HEADER_BYTES = 13,
    TW_POOL_BYTES = 8,
    TW_REGION_BYTES = 18,
    TW_EXTRA_BYTES = 10,
    TW_SPACE_BYTES = 2,
    TW_IOMMU_BYTES = 8,
    TW_CPU_BYTES = 22,
    TW_OP_BYTES = 20,
    TW_FORM_WIDTH = 8,  /* bits of the attributes of an MMU index: 6 for its */
    TW_FORM_WRAPS = 14, /* width, one for wrapping (LA-58) */
    TW_ACTOR_BYTES = 5 + TW_OP_BYTES,
    TW_POOL_NARROW_MAX = 4095,
    TW_POOL_LG = 13, /* lower bits of the count, in the wide version */
    TW_POOL_WIDE_MAX = (1 << TW_POOL_LG) - 1,
    TW_POOL_MAX = 11072, /* more than a program has addresses */
    TW_ANCHOR_LG = 14,   /* bits of the number of an anchor */
    TW_SCRIPT_FEW = 512, /* the longest script of other versions */
    TW_CPUS_LG = 4,      /* many: bits of the count of CPUs */
    TW_ACTORS_LG = 5,    /* many: bits of the count of actors */
};

/* Offsets in the header. */
enum {
    TW_HEADER_VERSION,
    TW_HEADER_FLAGS,
    TW_HEADER_PAGE,
    TW_HEADER_HOPS,
    TW_HEADER_REGIONS, /* default topology: its shape */
    TW_HEADER_EXTRAS,
    TW_HEADER_SPACES,
    TW_HEADER_IOMMUS,
    TW_HEADER_CPUS,   /* many: the upper bits count extras */
    TW_HEADER_ACTORS, /* many: the upper bits count literals */
    TW_HEADER_SETUP,
    TW_HEADER_POOL, /* two bytes; wide: the upper three bits are of SETUP */
};

enum {
    TW_FORM_OWN = 1,       /* header flag: the topology is written out */
    TW_FORM_EXPLICIT = 14, /* header flags, all set: explicit safe points */
    TW_FORM_COUNTS = 0x70, /* header flags, all set: counts are exact */
    TW_FORM_WORDS = 0x80,  /* header flag: not data; the upper bits of the
                            * page say which: */
    TW_FORM_CODE_LG = 5,
    TW_FORM_SELECTS = 4, /* selections below this are themselves; modulo
                          * it, but: */
    TW_FORM_SECURE_USER = 7,
    TW_FORM_NONE = 0xff,     /* object byte: no object */
    TW_FORM_FEW = 64,        /* so many regions, and exact ranks of them */
    TW_FORM_MANY = 255,      /* the same, in the version for more regions */
    TW_FORM_RAW = 0x80,      /* op byte 7: the immediate counts as it is */
    TW_FORM_EXACT = 0x40,    /* op byte 7: rights count as they are */
    TW_FORM_FLAG = 0x80,     /* op byte 2: with it, rare flags count */
    TW_FORM_ANCHOR = 0xc000, /* selector: an anchor, and the whole delta */
    TW_FORM_POWER = 0xb000,  /* selector of a size: a power of two */
};

/* What an extra record says of a region. */
enum {
    TW_EXTRA_REJECT,
    TW_EXTRA_ERROR,
    TW_EXTRA_PRIORITY,
    TW_EXTRAS,                 /* modulo this, but: */
    TW_EXTRA_OUTPUT = 0xfc,    /* output width of that IOMMU, as a byte */
    TW_EXTRA_BASE = 0xfd,      /* of the tables of the IOMMU that it is */
    TW_EXTRA_REGISTERS = 0xfe, /* the IOMMU, in the place of an address */
    TW_EXTRA_IMPLEMENTS = 0xff /* calls: bits 0-2 least, 3-5 most, 6 at any
                                * offset, in the place of an address */
};

/* Offsets in an operation record. */
enum {
    TW_FORM_CODE,
    TW_FORM_ACTOR,
    TW_FORM_FLAGS,
    TW_FORM_OBJ,
    TW_FORM_INDEX,
    TW_FORM_OTHER,
    TW_FORM_SIZE, /* size, log2 of a size, or bits */
    TW_FORM_PERM, /* rights or kinds */
    TW_FORM_ADDR,
    TW_FORM_LAST = 12,
    TW_FORM_OUT = 16,
};

/*
 * Addresses that operands are near to, in the order of their numbers, which
 * follow the literals of the pool.  They grow as the program does: first 0,
 * then with the regions, then with the setup.
 */
typedef struct TwAnchors {
    unsigned count;
    uint64_t at[2 + 3 * TW_MAX_REGIONS + 3 * TW_MAX_SETUP];
    uint64_t start[TW_MAX_REGIONS]; /* of a region, in its outermost
                                     * container */
} TwAnchors;

/* Anchors that have a selector whatever the number of literals. */
enum { TW_ANCHORS_NAMED = (1 << TW_ANCHOR_LG) - TW_POOL_MAX };

void tw_anchors_init(TwAnchors *anchors);
void tw_anchors_add_regions(TwAnchors *anchors, const TwProgram *program);
void tw_anchors_add_setup(TwAnchors *anchors, const TwProgram *program);

/* Where a part of an operand is in an operation record; not for immediates and
 * flags.  Fields that share a place in TwOp share it here. */
static inline unsigned tw_form_place(const TwField *part)
{
    static const uint8_t places[sizeof(TwOp)] = {
        [offsetof(TwOp, obj)] = TW_FORM_OBJ,
        [offsetof(TwOp, index)] = TW_FORM_INDEX,
        [offsetof(TwOp, other)] = TW_FORM_OTHER,
        [offsetof(TwOp, size)] = TW_FORM_SIZE,
        [offsetof(TwOp, lg)] = TW_FORM_SIZE,
        [offsetof(TwOp, perm)] = TW_FORM_PERM,
        [offsetof(TwOp, events)] = TW_FORM_PERM,
        [offsetof(TwOp, domain)] = TW_FORM_OTHER,
        [offsetof(TwOp, addr)] = TW_FORM_ADDR,
        [offsetof(TwOp, last)] = TW_FORM_LAST,
        [offsetof(TwOp, out)] = TW_FORM_OUT,
    };
    return places[part->field];
}

/* Where an operation's 32-bit immediate is in its record; 0: it has none. */
unsigned tw_form_immediate(const TwOpInfo *info);

/* Ids that exist, in ascending order, and back. */
typedef struct TwRanks {
    uint8_t count;
    uint8_t ids[TW_MAX_REGIONS];
} TwRanks;

void tw_ranks_of_regions(TwRanks *ranks, const TwProgram *program);
void tw_ranks_of_spaces(TwRanks *ranks, const TwProgram *program);
void tw_ranks_of_iommus(TwRanks *ranks, const TwProgram *program);
void tw_ranks_of_cpus(TwRanks *ranks, const TwProgram *program);

/* Bytes of a text being decoded; beyond its end there are zeros. */
typedef struct TwBytesIn {
    const uint8_t *at, *end;
    const uint8_t *pool;
    unsigned n_pool;
} TwBytesIn;

static inline uint64_t tw_get(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++) {
        value |= (uint64_t)at[i] << (8 * i);
    }
    return value;
}

/* The address that a selector of the anchor kind and a delta name. */
uint64_t tw_anchor_value(const TwBytesIn *in, const TwAnchors *anchors,
                         unsigned selector, int delta);

/* Do the counts of literals and of the setup have 13 and 11 bits? */
bool tw_form_is_wide(const uint8_t header[TW_HEADER_BYTES]);
/* Bytes below this are exact ranks of regions; in the byte of a container, it
 * stands for none. */
unsigned tw_form_exact_regions(const uint8_t header[TW_HEADER_BYTES]);
/* How many extra records there are; how many records of CPUs. */
unsigned tw_form_extras(const uint8_t header[TW_HEADER_BYTES]);
unsigned tw_form_cpus(const uint8_t header[TW_HEADER_BYTES], unsigned max);
unsigned tw_form_actors(const uint8_t header[TW_HEADER_BYTES]);
/* How many literals; the longest script. */
unsigned tw_form_pool(const uint8_t header[TW_HEADER_BYTES]);
unsigned tw_form_max_script(const uint8_t header[TW_HEADER_BYTES]);

/*
 * How many of something a count byte of the header means: that many, if counts
 * are exact, else `low` to `high`; at most `max`.
 */
unsigned tw_form_count(const uint8_t header[TW_HEADER_BYTES], unsigned offset,
                       unsigned low, unsigned high, unsigned max);

/* Sets of what a dialect has ----------------------------------------------- */

static inline unsigned tw_form_clamp(unsigned value, unsigned low,
                                     unsigned high)
{
    return value < low ? low : value > high ? high : value;
}

static inline bool tw_form_admits_kind(const TwDialect *d, unsigned kind)
{
    return kind == TW_REGION_CONTAINER || (d->region_kinds >> kind & 1);
}

/* A leaf that the dialect has, where another kind cannot be. */
static inline unsigned tw_form_plain_kind(const TwDialect *d)
{
    return tw_form_admits_kind(d, TW_REGION_RAM) ? TW_REGION_RAM
                                                 : TW_REGION_CONTAINER;
}

static inline unsigned tw_form_max_iommus(const TwDialect *d)
{
    return d->iommu_kinds && tw_form_admits_kind(d, TW_REGION_IOMMU)
               ? d->max_iommus
               : 0;
}

static inline unsigned tw_form_clamp_granule(const TwDialect *d, unsigned lg)
{
    return tw_form_clamp(lg, d->min_granule_lg, d->max_granule_lg);
}

/*
 * Decodes the topology from the records at `in` (which it moves on), or makes
 * the default one, with its setup.
 */
void tw_decode_topology(TwProgram *program, TwBytesIn *in,
                        const uint8_t header[TW_HEADER_BYTES],
                        const TwDialect *dialect);
void tw_default_topology(TwProgram *program, unsigned shape,
                         const TwDialect *dialect);

/* A program being decoded. */
typedef struct TwDecode {
    TwProgram *p;
    TwBytesIn in;
    const TwDialect *d;
    TwAnchors anchors;
    TwRanks regions, spaces, iommus, cpus;
    unsigned n_pages;
    uint16_t pages[TW_MAX_SETUP]; /* setup operations that are `page` */
    TwAttrs attrs[TW_MAX_CPUS * TW_MAX_MMU_INDEXES]; /* of MMU indexes */
    unsigned n_attrs;
} TwDecode;

/* Where an operation stands. */
typedef enum TwOpPlace { TW_IN_SETUP, TW_IN_ACTOR, TW_IN_SCRIPT } TwOpPlace;

/*
 * Decodes the operation record at `at`.  False if the objects that it needs do
 * not exist; it is then a nop.
 */
bool tw_decode_op(TwDecode *decode, const uint8_t *at, TwOpPlace place,
                  TwOp *op);

#endif
