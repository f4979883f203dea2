/* SPDX-License-Identifier: MIT */
/*
 * Layouts of page tables in RAM (LA-35), as data: where the fields of an entry
 * are, at each level.  Definitions only: who walks tables does so himself.
 * LAYOUTS.md beside this file has the manuals' sections.
 */
#ifndef TW_PROGRAM_LAYOUT_H
#define TW_PROGRAM_LAYOUT_H

#include "program/model.h"

/* Holds for an entry e if (e & mask) == value.  Mask 0: always. */
typedef struct TwBits {
    uint64_t mask, value;
} TwBits;

/*
 * The A and D bits, for IOMMUs whose walks set them (LA-55).  A bit is set if
 * its TwBits hold; it is set by giving the bits of the mask their value.
 */
typedef struct TwMarks {
    TwBits accessed, dirty;
    bool tables;        /* entries for tables have A, too */
    TwBits read, write; /* rights of a leaf, whether A and D are set or not; */
    TwBits write_clean; /* this grants W, too; mask 0: nothing does */
} TwMarks;

/*
 * Entries have 8 bytes, little-endian; a table has 2^(granule_lg - 3) of them.
 * Levels count from 1, the last one, which leads to a granule.  An entry that
 * breaks one of the conditions below is taken for one that is not there.
 */
typedef struct TwLayout {
    uint8_t least_levels, most_levels;
    uint8_t part_levels; /* so many are enough where a target has levels of its
                          * own above; 0: least_levels */
    uint8_t granule_lg;  /* 0: any */
    TwBits present;      /* of each entry */
    uint64_t present_some; /* one of these bits is set; 0: no such condition */
    uint8_t leaf_levels;   /* bit n: a leaf may be at level n */
    /* Above level 1, an entry is a leaf if some of these bits are set, or,
     * where this is 0, if none of leaf_none is. */
    uint64_t leaf_some, leaf_none;
    bool last_by_bits;  /* so at level 1, too: no table can be there */
    TwBits last;        /* of a leaf at level 1 */
    TwBits read, write; /* rights of a leaf */
    TwBits table_read, table_write; /* what an entry for a table lets through */
    TwBits wrong;           /* a leaf of which this holds is reserved; mask 0:
                             * none is */
    uint64_t reserved_leaf; /* bits that are 0 */
    uint64_t reserved_table;
    uint64_t address; /* bits with the address of a table or of the output, */
    uint8_t shift;    /* to be shifted left by this */
    bool aligned; /* a leaf's address is a multiple of its size; else its low
                   * bits are ignored */
    uint64_t low_free;  /* address bits of a leaf above level 1 that are none */
    uint8_t next_shift; /* 3 bits: the level of the table that the entry leads
                         * to; 0: always the next */
    uint8_t sized;      /* this in those bits: a leaf of 2^(n + 1) bytes, bit n
                         * the lowest of its address that is 0, from the
                         * granule on; larger than other leaves of its level,
                         * smaller than those of the next; 0: none is */
    TwMarks marks;
} TwLayout;

/* A and D must not be bits of an address (format abstract). */
enum { TW_MIN_MARKS_LG = 6 };

/* The least levels that a pagetable of the format may have. */
static inline unsigned tw_layout_fewest(const TwLayout *layout)
{
    return layout->part_levels ? layout->part_levels : layout->least_levels;
}

/* The layout of a format; never NULL for format < TW_FORMATS. */
const TwLayout *tw_layout(unsigned format);

#endif
