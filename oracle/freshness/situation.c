/* SPDX-License-Identifier: MIT */
/* The names and numbers of situations, and which of them are possible.  met.c
 * determines the situation of an access. */
#include "oracle/freshness/situation.h"

#include <stddef.h>

static const char *const accesses[TW_MET_ACCESSES] = {
    "read", "write", "exec", "rmw", "dma-read", "dma-write",
};
static const char *const leaves[TW_MET_LEAVES] = {
    "ram",        "rom",  "romd",    "mmio",   "reservation",
    "ram-device", "hole", "no-page", "no-hop", "loop",
};
static const char *const depths[TW_MET_DEPTHS] = {"0", "1", "2", "3+"};
static const char *const changes[TW_MET_CHANGES] = {
    "first",
    "same",
    "page",
    "unpage",
    "map",
    "unmap",
    "protect",
    "map-notified",
    "unmap-notified",
    "protect-notified",
    "reset",
    "bypass",
    "add",
    "del",
    "move",
    "resize",
    "enable",
    "disable",
    "priority",
    "readonly",
    "rom-mode",
    "alias-offset",
    "transaction",
    "restore",
    "device",
    "during",
    "table",
    "context",
};
static const char *const endings[TW_MET_ENDINGS] = {
    "open",
    "waiting",
    "safepoint",
    "flush-page",
    "flush-range",
    "flush-index",
    "flush-all",
    "notified",
    "notify",
    "notify-all",
    "reset",
    "bypass",
    "commit",
    "other",
    "invalidate-global",
    "invalidate-domain",
    "invalidate-range",
    "invalidate-leaf",
    "invalidate-context",
};

static const struct {
    const char *name;
    const char *const *values;
    unsigned n;
} dimensions[TW_MET_DIMENSIONS] = {
    [TW_MET_BY_ACCESS] = {"access", accesses, TW_MET_ACCESSES},
    [TW_MET_BY_LEAF] = {"leaf", leaves, TW_MET_LEAVES},
    [TW_MET_BY_DEPTH] = {"depth", depths, TW_MET_DEPTHS},
    [TW_MET_BY_CHANGE] = {"change", changes, TW_MET_CHANGES},
    [TW_MET_BY_ENDING] = {"ending", endings, TW_MET_ENDINGS},
};

uint32_t tw_situation_number(const TwSituation *situation)
{
    uint32_t number = 0;

    for (unsigned d = 0; d < TW_MET_DIMENSIONS; d++) {
        number = number * dimensions[d].n + situation->is[d];
    }
    return number;
}

TwSituation tw_situation_of(uint32_t number)
{
    TwSituation situation;

    for (unsigned d = TW_MET_DIMENSIONS; d-- > 0;) {
        situation.is[d] = (uint8_t)(number % dimensions[d].n);
        number /= dimensions[d].n;
    }
    return situation;
}

unsigned tw_situation_values(unsigned dimension)
{
    return dimensions[dimension].n;
}

const char *tw_situation_dimension(unsigned dimension)
{
    return dimension < TW_MET_DIMENSIONS ? dimensions[dimension].name : NULL;
}

const char *tw_situation_name(unsigned dimension, unsigned value)
{
    return value < dimensions[dimension].n ? dimensions[dimension].values[value]
                                           : NULL;
}

/* What there can be -------------------------------------------------------- */

#define BIT(value) (UINT32_C(1) << (value))

static const uint32_t of_tables =
    BIT(TW_MET_MAP) | BIT(TW_MET_UNMAP) | BIT(TW_MET_PROTECT) |
    BIT(TW_MET_MAP_NOTIFIED) | BIT(TW_MET_UNMAP_NOTIFIED) |
    BIT(TW_MET_PROTECT_NOTIFIED) | BIT(TW_MET_RESET) | BIT(TW_MET_BYPASS) |
    BIT(TW_MET_TABLE) | BIT(TW_MET_CONTEXT);
static const uint32_t of_topology =
    BIT(TW_MET_ADD) | BIT(TW_MET_DEL) | BIT(TW_MET_MOVE) | BIT(TW_MET_RESIZE) |
    BIT(TW_MET_ENABLE) | BIT(TW_MET_DISABLE) | BIT(TW_MET_PRIORITY) |
    BIT(TW_MET_READONLY) | BIT(TW_MET_ROM_MODE) | BIT(TW_MET_ALIAS_OFFSET) |
    BIT(TW_MET_TRANSACTION);
/* Those whose own event ends what they change: never open. */
static const uint32_t of_own_end = BIT(TW_MET_UNMAP_NOTIFIED) |
                                   BIT(TW_MET_PROTECT_NOTIFIED) |
                                   BIT(TW_MET_RESET) | BIT(TW_MET_BYPASS);

/* What may change a translation that is in an IOTLB, and the events that end
 * records there. */
static const uint32_t of_records =
    BIT(TW_MET_MAP) | BIT(TW_MET_UNMAP) | BIT(TW_MET_PROTECT) |
    BIT(TW_MET_MAP_NOTIFIED) | BIT(TW_MET_UNMAP_NOTIFIED) |
    BIT(TW_MET_PROTECT_NOTIFIED) | BIT(TW_MET_RESET) | BIT(TW_MET_BYPASS) |
    BIT(TW_MET_TABLE) | BIT(TW_MET_CONTEXT) | BIT(TW_MET_RESTORE) |
    BIT(TW_MET_DEVICE) | BIT(TW_MET_DURING);
static const uint32_t end_records =
    BIT(TW_MET_NOTIFIED) | BIT(TW_MET_NOTIFY) | BIT(TW_MET_NOTIFY_ALL) |
    BIT(TW_MET_END_RESET) | BIT(TW_MET_END_BYPASS) | BIT(TW_MET_END_OTHER) |
    BIT(TW_MET_INVALIDATE_GLOBAL) | BIT(TW_MET_INVALIDATE_DOMAIN) |
    BIT(TW_MET_INVALIDATE_RANGE) | BIT(TW_MET_INVALIDATE_LEAF) |
    BIT(TW_MET_INVALIDATE_CONTEXT);
static const uint32_t invalidations =
    BIT(TW_MET_INVALIDATE_GLOBAL) | BIT(TW_MET_INVALIDATE_DOMAIN) |
    BIT(TW_MET_INVALIDATE_RANGE) | BIT(TW_MET_INVALIDATE_LEAF) |
    BIT(TW_MET_INVALIDATE_CONTEXT);

static bool leaf_fits(unsigned leaf, unsigned depth, unsigned change)
{
    switch (leaf) {
    case TW_MET_NO_PAGE:
        return depth == 0 && !((of_tables | of_topology) >> change & 1);
    case TW_MET_NO_HOP:
        return depth > 0;
    case TW_MET_LOOP:
        return depth > 0;
    default:
        return true;
    }
}

static bool change_fits(unsigned change, unsigned leaf)
{
    switch (change) {
    case TW_MET_UNPAGE:
        return leaf == TW_MET_NO_PAGE;
    case TW_MET_UNMAP:
    case TW_MET_UNMAP_NOTIFIED:
        return leaf == TW_MET_NO_HOP;
    case TW_MET_ROM_MODE:
        return leaf == TW_MET_ROMD;
    case TW_MET_READONLY:
        return leaf == TW_MET_RAM || leaf == TW_MET_ROMD ||
               leaf == TW_MET_ROM || leaf == TW_MET_RAM_DEVICE ||
               leaf == TW_MET_MMIO || leaf == TW_MET_RESERVATION;
    default:
        return true;
    }
}

bool tw_situation_possible(const TwSituation *situation)
{
    unsigned access = situation->is[TW_MET_BY_ACCESS];
    unsigned leaf = situation->is[TW_MET_BY_LEAF];
    unsigned depth = situation->is[TW_MET_BY_DEPTH];
    unsigned change = situation->is[TW_MET_BY_CHANGE];
    unsigned ending = situation->is[TW_MET_BY_ENDING];

    if (!leaf_fits(leaf, depth, change) || !change_fits(change, leaf) ||
        (depth == 0 && of_tables >> change & 1)) {
        return false;
    }
    if (access == TW_MET_DMA_READ || access == TW_MET_DMA_WRITE) {
        /* No page map, no cache but those in IOMMUs. */
        return (ending == TW_MET_OPEN ||
                (of_records >> change & 1 && end_records >> ending & 1)) &&
               leaf != TW_MET_NO_PAGE && change != TW_MET_PAGE &&
               change != TW_MET_UNPAGE;
    }
    if (change == TW_MET_FIRST || change == TW_MET_SAME) {
        return ending == TW_MET_OPEN;
    }
    return ending != TW_MET_OPEN || !((of_topology | of_own_end) >> change & 1);
}

bool tw_situation_needs_tables(const TwSituation *situation)
{
    unsigned access = situation->is[TW_MET_BY_ACCESS];
    unsigned change = situation->is[TW_MET_BY_CHANGE];
    unsigned ending = situation->is[TW_MET_BY_ENDING];

    return change == TW_MET_TABLE || change == TW_MET_CONTEXT ||
           invalidations >> ending & 1 ||
           (ending != TW_MET_OPEN &&
            (access == TW_MET_DMA_READ || access == TW_MET_DMA_WRITE));
}
