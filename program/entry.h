/* SPDX-License-Identifier: MIT */
/*
 * Entries of page tables by their fields, for people who read or write a case:
 * which level, table or leaf, where to, with which rights.  The fields are
 * those of LAYOUTS.md.  No walk uses this: it decides nothing.
 */
#ifndef TW_PROGRAM_ENTRY_H
#define TW_PROGRAM_ENTRY_H

#include "program/model.h"

typedef enum TwEntryKind {
    TW_ENTRY_NOTHING, /* 8 bytes of 0 */
    TW_ENTRY_TABLE,
    TW_ENTRY_LEAF,
} TwEntryKind;

typedef struct TwEntry {
    uint8_t kind;     /* TwEntryKind */
    uint8_t perm;     /* what it grants, or lets through */
    uint64_t address; /* of the table or of the output */
    uint64_t more;    /* further bits that are set */
} TwEntry;

/*
 * What an entry of that level of a `pagetable` says; false: it cannot be said
 * so (a reserved bit, a table of a level that is skipped).  Whatever can be
 * said, tw_entry_value() gives back.
 */
bool tw_entry_read(const TwIommu *iommu, unsigned level, uint64_t value,
                   TwEntry *entry);

/* The bytes of an entry; false: the format has no such entry at that level. */
bool tw_entry_value(const TwIommu *iommu, unsigned level, const TwEntry *entry,
                    uint64_t *value);

/* Where an entry is. */
typedef struct TwEntryPlace {
    uint8_t iommu;
    uint8_t level; /* from 1; 0: nobody knows */
} TwEntryPlace;

/*
 * Of which IOMMU and at which level is the entry that a `poke` writes?  Found
 * from the contexts and the entries for tables that the program writes
 * anywhere; where tables are nested, also from where regions are at the start,
 * and from all that a `map`, or an entry and a context, does on the way. Nobody
 * knows if it is no entry of a table, or one of several levels or IOMMUs.
 */
TwEntryPlace tw_entry_place(const TwProgram *program, const TwOp *poke);
/* The same of n operations of the program; nobody knows it of those that are no
 * `poke`. */
void tw_entry_places(const TwProgram *program, const TwOp *ops, unsigned n,
                     TwEntryPlace *found);
/* Forgets what this thread has found in the last program: the next question
 * takes the same way for each program. */
void tw_entry_forget(void);

#endif
