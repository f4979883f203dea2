/* SPDX-License-Identifier: MIT */
/* IOMMUs: what they translate as at a time, and what changes it. */
#ifndef TW_ORACLE_WORLD_IOMMU_H
#define TW_ORACLE_WORLD_IOMMU_H

#include "oracle/world/world.h"

/* Sets up the entries that the program's setup describes, and bypass. */
void tw_iommu_start(TwWorld *world);

/*
 * Performs a legal operation of an IOMMU by `actor` (a CPU or the board), in
 * script operation `number`, and tells CPUs and observers of it.
 */
void tw_iommu_perform(TwWorld *world, const TwOp *op, uint8_t actor,
                      uint16_t number);

/* Brings back entries and bypass as they were saved; sends no event. */
void tw_iommu_restore(TwWorld *world, uint16_t number);

/* What was found where a link was looked up. */
typedef struct TwFound {
    uint64_t out;        /* output address of the byte */
    uint32_t since;      /* tick of the assignment that decided */
    uint16_t op;         /* its operation */
    uint8_t space, perm; /* perm 0: nothing there */
    uint8_t lg;          /* an entry for 2^lg bytes, at a multiple of that;
                          * 0: for one granule */
    bool blocked;        /* by an MPC: the walk ends here (LA-32) */
    bool entry;     /* looked up in tables: no bypass, no context without */
    uint8_t domain; /* `pagetable`: of the root of the tables */
    uint8_t
        tables; /* `pagetable`: bit n: the walk came to a table of level n */
    /* Why an access that it does not grant is refused (LA-60): */
    uint8_t denial; /* TwReasonKind */
    uint8_t level;  /* of the entry that decides, or 0 */
    /* Where walks set A and D (LA-55): the rights that an access may not use
     * until a bit is set that was not; and a number for the entries of now
     * without such bits: where it differs, others would be set. */
    uint8_t unmarked;
    uint32_t to_mark;
} TwFound;

/*
 * When the parts of a translation were read (FRESHNESS.md, "A cache inside the
 * path").  Of a `table`, only `entry` counts.
 */
enum { TW_MAX_POINTERS = 3 }; /* of one translation */
typedef struct TwParts {
    uint32_t lookup; /* the context of the index: whether there is translation,
                      * and in which domain */
    uint32_t entry;  /* entries of tables, */
    uint32_t root;   /* the context that the root of the tables comes from, */
    uint8_t from;    /* which is that of this index */
    uint8_t n_pointers;
    /* Pointers to tables, from the top down: entries of levels above `level`,
     * and below the pointer before it, are of that time. */
    struct {
        uint32_t t;
        uint8_t level;
    } pointers[TW_MAX_POINTERS];
} TwParts;

/* When the entries of a level are read. */
static inline uint32_t tw_parts_time(const TwParts *parts, unsigned level)
{
    for (unsigned i = 0; i < parts->n_pointers; i++) {
        if (level > parts->pointers[i].level) {
            return parts->pointers[i].t;
        }
    }
    return parts->entry;
}

/* All as at time t, for one index. */
static inline TwParts tw_parts_at(uint8_t index, uint32_t t)
{
    return (TwParts){.lookup = t, .entry = t, .root = t, .from = index};
}

/* What a translation by tables in RAM reads, in order: for a story. */
typedef struct TwTableSeen {
    uint8_t level;        /* of an entry; 0: the context of the index */
    uint8_t mode, domain; /* context: TwContextMode, */
    bool there;           /* entry: it can be read */
    uint64_t at;    /* entry: where; an offset of the tables' region or, if they
                     * are nested, an address of the space `to` */
    uint64_t value; /* entry: its bytes; context: the root */
    uint32_t since; /* tick of the last change, */
    uint16_t op;    /* and its operation */
    uint32_t t;     /* entry: when it was read */
} TwTableSeen;

typedef struct TwTableSeer {
    void (*see)(void *data, const TwTableSeen *seen);
    void *data;
} TwTableSeer;

/*
 * Reads entries of nested tables (LA-53), which takes walks, and so is done
 * above this room: the 8 bytes at `address` as at time t, an entry of that
 * level for that domain, and the tick and operation of the last change on the
 * way to them; false: they cannot be read.
 */
typedef struct TwTableReader {
    bool (*read)(void *data, uint64_t address, unsigned level, uint8_t domain,
                 uint32_t t, uint64_t *entry, uint32_t *since, uint16_t *op);
    void *data;
    const TwTableSeer *seer; /* told of each context and entry; or NULL */
} TwTableReader;

/* The entry for offset x of an IOMMU's index, as at t; without bypass.  Nothing
 * is found in nested tables. */
TwFound tw_iommu_find(const TwWorld *world, uint8_t iommu, uint8_t index,
                      uint64_t x, uint32_t t);
/* The translation: as tw_iommu_find, or in bypass the offset itself.  `reader`
 * is for nested tables. */
TwFound tw_iommu_translate(const TwWorld *world, uint8_t iommu, uint8_t index,
                           uint64_t x, TwParts parts,
                           const TwTableReader *reader);

/* Is the IOMMU in bypass at time t? */
bool tw_iommu_bypassed(const TwWorld *world, uint8_t iommu, uint32_t t);

/* A context of an index (LA-35). */
typedef struct TwContext {
    uint64_t root;
    uint32_t since; /* tick of the operation that wrote it */
    uint16_t op;
    uint8_t mode; /* TwContextMode */
    uint8_t domain;
} TwContext;

/* The context of an index of a `pagetable` as at time t. */
TwContext tw_iommu_context(const TwWorld *world, uint8_t iommu, uint8_t index,
                           uint32_t t);

#endif
