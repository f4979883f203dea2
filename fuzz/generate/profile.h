/* SPDX-License-Identifier: MIT */
/* Profiles: what random programs are made of, in numbers. */
#ifndef TW_FUZZ_GENERATE_PROFILE_H
#define TW_FUZZ_GENERATE_PROFILE_H

#include "fuzz/generate/generate.h"

/* What the script is made of; see moves.c. */
typedef enum TwMove {
    MOVE_ACCESS,      /* somewhere */
    MOVE_AGAIN,       /* where an access was before, another type */
    MOVE_EDGE,        /* page and region ends: last byte, one beyond */
    MOVE_REMAP,       /* fill, change with a notification, access */
    MOVE_TWICE,       /* fill, UNMAP, fill, UNMAP, access */
    MOVE_SILENT,      /* fill, change silently, access, notify, access */
    MOVE_RIGHTS,      /* downgrade and upgrade of rights */
    MOVE_DENIED,      /* access to nothing, MAP, access */
    MOVE_NOTIFY,      /* silent change, then an event that just meets it */
    MOVE_SLOT,        /* same TLB slot, other pages; flush; back */
    MOVE_PAGE,        /* page-map change, flush, access */
    MOVE_RANGE,       /* large page, flush of a range that meets its edge */
    MOVE_INDEX,       /* the same page under another MMU index */
    MOVE_TOPOLOGY,    /* one topology change where an access went */
    MOVE_TRANSACTION, /* several at once, with accesses inside */
    MOVE_PINGPONG,    /* big section, hole, big section */
    MOVE_CPUS,        /* one CPU fills, another changes, safe point */
    MOVE_DMA,         /* device and CPU at the same bytes */
    MOVE_SWITCH,      /* reset, bypass, notify-all */
    MOVE_DESTROY,     /* IOMMU taken out and ended */
    MOVE_UNPLUG,      /* a CPU goes, an event follows */
    MOVE_OBSERVE,     /* observers, events about their edges, replay, veto */
    MOVE_LISTEN,      /* a listener, and what commits tell it */
    MOVE_DIRTY,       /* dirty log: store, clear, store through the same page */
    MOVE_SNAPSHOT,    /* fill, save, change, restore, access */
    MOVE_CLOCK,       /* full flushes with time between: TLBs resize */
    MOVE_ACTOR,       /* a write to a device changes the world */
    MOVE_DURING,      /* change inside a fill */
    MOVE_SPACE,       /* spaces come and go */
    MOVE_MAPPING,     /* a DMA mapping, its way changed, used again */
    MOVE_ANY,         /* any operation of the dialect */
    MOVES
} TwMove;

/* A profile's numbers; percentages and inclusive ranges. */
typedef struct TwMixture {
    uint8_t spaces[2], iommus[2], extras[2], cpus[2], mmus[2];
    uint16_t ops[2];
    uint8_t page_lg[2];
    uint8_t nest;        /* % of IOMMU entries that lead to another IOMMU */
    uint8_t via;         /* % of accesses aimed at IOMMUs */
    uint8_t subpage;     /* % of regions that do not keep to pages */
    uint8_t overlap;     /* % of regions put over others */
    uint8_t odd_granule; /* % of IOMMUs whose granule is not P */
    uint8_t extreme;     /* % of sizes and addresses at the ends of 2^64 */
    uint8_t loops;       /* % of IOMMU entries that lead back */
    uint8_t iotlb;       /* % of programs whose IOMMUs have IOTLBs */
    uint8_t pagetable;   /* % of programs whose IOMMUs are pagetables */
    uint8_t nested;      /* quarters of such IOMMUs whose tables are nested */
    uint8_t mpc;         /* % of programs whose IOMMUs are MPCs */
    bool mappings;       /* programs may have DMA mappings */
    bool commands;       /* commands between two uses are woven in */
    uint8_t slots;       /* % of page maps of small pages in one TLB slot */
    uint8_t explicit_safepoints; /* % */
    uint8_t moves[MOVES];        /* weights */
} TwMixture;

/* The numbers of a profile. */
const TwMixture *tw_gen_mixture(TwProfile profile);

/*
 * The moves that are possible in `dialect`, as bits (TwMove), and in *weights
 * the sum of their weights in `mixture`.
 */
uint64_t tw_gen_possible_moves(const TwDialect *dialect,
                               const TwMixture *mixture, uint32_t *weights);

#endif
