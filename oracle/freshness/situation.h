/* SPDX-License-Identifier: MIT */
/*
 * What a judged access met: its kind, what answered it, behind how many
 * IOMMUs, what has changed that answer since the same page was accessed last,
 * and which event has ended the old one.  Programs are compared by the
 * situations that they bring about, so the word for having had all of them is
 * coverage.
 *
 * A situation is the oracle's: it does not depend on what the target did,
 * except where the target decides which world goes on.
 */
#ifndef TW_ORACLE_FRESHNESS_SITUATION_H
#define TW_ORACLE_FRESHNESS_SITUATION_H

#include <stdbool.h>
#include <stdint.h>

#include "program/model.h"

/* Which operation made the access. */
typedef enum TwMetAccess {
    TW_MET_READ,
    TW_MET_WRITE,
    TW_MET_EXEC,
    TW_MET_RMW,
    TW_MET_DMA_READ,
    TW_MET_DMA_WRITE,
    TW_MET_ACCESSES
} TwMetAccess;

/* Where its first byte in the page went. */
typedef enum TwMetLeaf {
    TW_MET_RAM,
    TW_MET_ROM,
    TW_MET_ROMD,
    TW_MET_MMIO,
    TW_MET_RESERVATION,
    TW_MET_RAM_DEVICE,
    TW_MET_HOLE,
    TW_MET_NO_PAGE, /* refused by the page map */
    TW_MET_NO_HOP,  /* refused by an IOMMU */
    TW_MET_LOOP,    /* too many hops */
    TW_MET_LEAVES
} TwMetLeaf;

enum { TW_MET_DEPTHS = 4 }; /* IOMMUs met: 0, 1, 2, 3 or more */

/* What has changed the answer since the last access to the page.  Of several
 * changes of its links it is the last one. */
typedef enum TwMetChange {
    TW_MET_FIRST, /* there was none */
    TW_MET_SAME,  /* the answer is what it was */
    TW_MET_PAGE,
    TW_MET_UNPAGE,
    TW_MET_MAP, /* silent */
    TW_MET_UNMAP,
    TW_MET_PROTECT,
    TW_MET_MAP_NOTIFIED,
    TW_MET_UNMAP_NOTIFIED,
    TW_MET_PROTECT_NOTIFIED,
    TW_MET_RESET,
    TW_MET_BYPASS,
    TW_MET_ADD, /* topology, outside of transactions */
    TW_MET_DEL,
    TW_MET_MOVE,
    TW_MET_RESIZE,
    TW_MET_ENABLE,
    TW_MET_DISABLE,
    TW_MET_PRIORITY,
    TW_MET_READONLY,
    TW_MET_ROM_MODE,
    TW_MET_ALIAS_OFFSET,
    TW_MET_TRANSACTION, /* whatever was in it */
    TW_MET_RESTORE,
    TW_MET_DEVICE, /* whatever a write to a device did */
    TW_MET_DURING, /* whatever was done inside a fill */
    TW_MET_TABLE,  /* another entry is in a table in RAM, or nested tables are
                    * read elsewhere */
    TW_MET_CONTEXT,
    TW_MET_CHANGES
} TwMetChange;

/*
 * The first event since that change that has ended the answer before it.  A
 * device has no cache of its own; the events are those that end the record of
 * the IOTLB whose translation has changed.
 */
typedef enum TwMetEnding {
    TW_MET_OPEN,      /* none: an old answer would be allowed */
    TW_MET_WAITING,   /* another CPU's, which does not count yet */
    TW_MET_SAFEPOINT, /* another CPU's, which counts since a safe point */
    TW_MET_FLUSH_PAGE,
    TW_MET_FLUSH_RANGE,
    TW_MET_FLUSH_INDEX,
    TW_MET_FLUSH_ALL,
    TW_MET_NOTIFIED, /* what a notified change sends */
    TW_MET_NOTIFY,
    TW_MET_NOTIFY_ALL,
    TW_MET_END_RESET, /* reset and destruction of an IOMMU */
    TW_MET_END_BYPASS,
    TW_MET_COMMIT,
    TW_MET_END_OTHER,         /* what a write to a device or a restore ended */
    TW_MET_INVALIDATE_GLOBAL, /* by its scope (LA-37) */
    TW_MET_INVALIDATE_DOMAIN,
    TW_MET_INVALIDATE_RANGE,
    TW_MET_INVALIDATE_LEAF,
    TW_MET_INVALIDATE_CONTEXT,
    TW_MET_ENDINGS
} TwMetEnding;

typedef enum TwMetDimension {
    TW_MET_BY_ACCESS,
    TW_MET_BY_LEAF,
    TW_MET_BY_DEPTH,
    TW_MET_BY_CHANGE,
    TW_MET_BY_ENDING,
    TW_MET_DIMENSIONS
} TwMetDimension;

typedef struct TwSituation {
    uint8_t is[TW_MET_DIMENSIONS];
} TwSituation;

enum {
    /* Situations have numbers, from 0. */
    TW_SITUATIONS = TW_MET_ACCESSES * TW_MET_LEAVES * TW_MET_DEPTHS *
                    TW_MET_CHANGES * TW_MET_ENDINGS,
    /* Of one program: two pages, of an access and of the fetch before it. */
    TW_MAX_MET = 4 * TW_MAX_SCRIPT,
};

/* The situations of one program, in the order of its accesses. */
typedef struct TwMet {
    uint32_t n;
    uint32_t list[TW_MAX_MET];
} TwMet;

uint32_t tw_situation_number(const TwSituation *situation);
TwSituation tw_situation_of(uint32_t number);

/* How many values there are, and what each is called; NULL beyond them. */
unsigned tw_situation_values(unsigned dimension);
const char *tw_situation_dimension(unsigned dimension);
const char *tw_situation_name(unsigned dimension, unsigned value);

/*
 * Is such a situation possible, on a target that obeys all events?  The rules
 * are in COVERAGE.md beside this file; what they let pass may still be out of
 * reach.
 */
bool tw_situation_possible(const TwSituation *situation);
/* Is it one of IOMMUs with tables in RAM or an IOTLB only?  No program is made
 * towards such a situation (wish.h). */
bool tw_situation_needs_tables(const TwSituation *situation);

#endif
