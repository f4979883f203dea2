/* SPDX-License-Identifier: MIT */
/*
 * Programs for a machine whose devices reach RAM through an IOMMU of its own,
 * of one stage or two (`path_stages` of a dialect): what shape they have, and
 * which numbers stay inside the machine.  Functions are inside this folder,
 * but for those that generators need; dialect.h has the way in.
 *
 * All such programs have the same objects.  Region and IOMMU n are stage n, the
 * root of space n, from the first stage on; the next region is the container of
 * the last space, and the one after that the only RAM, the *window*: 2^dma_lg
 * bytes from dma_first on, by which its tables are addressed, too.
 *
 * The machine has words of its own in the tables: at indexes 0 to 3 of each
 * root, but not at that of the window.  No program sees or changes them.  So
 * accesses and commands are in the window; accesses, and what an entry of level
 * 2 takes for the address of a table, have an index of level 1 of 4 or more,
 * and so do roots; accesses leave out the first 32 bytes of a page, and a
 * `poke` writes there at the index of the window alone: an entry of a root, so
 * that a leaf there is the one of 1 GiB around the window, or, with path_far,
 * that of the 1 GiB where nothing is.  An entry whose address is too wide
 * (path_outputs) may say anything.
 *
 * The last IOMMU may also be of kind `table`, if the dialect has it, and then
 * the one before it, too: the machine
 * makes its tables itself, elsewhere, with pages of the granule.  A `map` is of
 * at most TW_PATH_MAP_PAGES pages then, and of rights that an entry of the
 * format can have.  If the dialect has no other kind, all IOMMUs are tables,
 * there are no formats, and a `map` may be of any rights.
 *
 * Accesses have 4 bytes, or 8 as stores do, and are aligned.  With `last_bytes`
 * a read may also have one byte, which is the last one of a page.
 *
 * Each device has an index of the IOMMUs of its own.  With `path_shared` a
 * program may have IOMMUs of one index instead: then all devices have the same
 * mappings.
 *
 * With `dma_wide`, accesses and commands are also in other GiB: their address
 * is one of the window but for bits 30 to 63, of which those of `dma_wide` may
 * be set; bits 30 to 38, the index in a root, are then 4 or more.  So an entry
 * of a root leads to the window from there, too.  IOMMUs and the spaces are of
 * 2^64 bytes instead of 2^32.
 *
 * With two stages, roots of the second are in the last pages of the window, and
 * those of the first are not: the machine's words there are of the stage.
 *
 * With `dma_area_lg`, devices map areas of that size, and each of their
 * accesses is 8 bytes at `dma_area_at` of an area, via a mapping or not; with
 * `dma_area_step`, each so many bytes from there on, too, as long as it begins
 * in the area.  So one may be in two pages, none of which is the last of the
 * window.  Then all IOMMUs are tables, and contents are `data`.
 *
 * A real second stage translates what the first one reads for the device that
 * makes the access.  Here such a read has the domain as its requester (LA-53).
 * So with two stages the domain of a context of the first is equal to its
 * index, modulo the number of indexes.
 */
#ifndef TW_PROGRAM_PATH_H
#define TW_PROGRAM_PATH_H

#include "program/dialect.h"

enum {
    TW_PATH_MAPPINGS = 3,  /* of all devices together */
    TW_PATH_OWN_WORDS = 4, /* first entries of a table, of the machine */
    TW_PATH_OWN_BYTES = 8 * TW_PATH_OWN_WORDS,
    TW_PATH_SECOND_ROOTS = 16, /* pages at the end of the window */
    TW_PATH_MAP_PAGES = 64,
};

/* May the IOMMUs be of kind `table`?  Not where commands are narrowed, of which
 * a table has others, nor in other GiB, which the machine does not map. */
static inline bool tw_path_has_tables(const TwDialect *dialect)
{
    return !dialect->path_scopes[0] && !dialect->path_scopes[1] &&
           !dialect->dma_wide && dialect->iommu_kinds >> TW_IOMMU_TABLE & 1;
}

/* Are all IOMMUs of kind `table`? */
static inline bool tw_path_is_all_tables(const TwDialect *dialect)
{
    return !(dialect->iommu_kinds >> TW_IOMMU_PAGETABLE & 1);
}

/* The number of the RAM; that of the space which is the machine's memory. */
static inline uint8_t tw_path_ram(const TwDialect *dialect)
{
    return (uint8_t)(dialect->path_stages + 1);
}

/* Index of the window in the table of the highest of three levels. */
static inline unsigned tw_path_root_index(const TwDialect *dialect)
{
    return dialect->dma_first >> 30 & (TW_PATH_OWN_WORDS - 1);
}

/* The entry of level 1 that a `table` has for a page, by the format of the
 * stage; false: it cannot grant just these rights. */
bool tw_path_page_entry(const TwDialect *dialect, unsigned stage, uint64_t out,
                        uint8_t perm, uint64_t *value);

/* Gives the program the objects of the dialect, contents and page size too; its
 * operations stay, and each IOMMU stays a `table` if it may be one. */
void tw_path_shape(const TwDialect *dialect, TwProgram *program);

/* Has it these objects?  If not, a line in `why` (may be NULL). */
bool tw_path_has_shape(const TwDialect *dialect, const TwProgram *program,
                       char *why, size_t why_size);

/* Changes what is outside in an operation, or makes it a nop; the program has
 * the shape. */
void tw_path_fit_op(const TwDialect *dialect, const TwProgram *program,
                    TwOp *op);

#endif
