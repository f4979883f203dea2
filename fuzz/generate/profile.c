/* SPDX-License-Identifier: MIT */
/* The table of profiles, and which moves a dialect permits. */
#include "fuzz/generate/profile.h"

#include <string.h>

/* clang-format off */
static const TwMixture mixtures[TW_MIXTURES] = {
    [TW_PROFILE_BALANCED] = {
        .spaces = {3, 4}, .iommus = {2, 3}, .extras = {1, 2},
        .cpus = {1, 2}, .mmus = {1, 2}, .ops = {22, 24},
        .page_lg = {6, 12}, .nest = 68, .via = 60, .subpage = 8,
        .overlap = 10, .odd_granule = 12, .extreme = 1, .loops = 2,
        .slots = 18, .explicit_safepoints = 15,
        .moves = {
            [MOVE_ACCESS] = 8, [MOVE_AGAIN] = 3, [MOVE_EDGE] = 4,
            [MOVE_REMAP] = 11, [MOVE_TWICE] = 3, [MOVE_SILENT] = 4,
            [MOVE_RIGHTS] = 6, [MOVE_DENIED] = 3, [MOVE_NOTIFY] = 4,
            [MOVE_SLOT] = 3, [MOVE_PAGE] = 4, [MOVE_RANGE] = 2,
            [MOVE_INDEX] = 2, [MOVE_TOPOLOGY] = 24, [MOVE_TRANSACTION] = 9,
            [MOVE_PINGPONG] = 2, [MOVE_CPUS] = 4, [MOVE_DMA] = 3,
            [MOVE_SWITCH] = 3, [MOVE_DESTROY] = 1, [MOVE_UNPLUG] = 1,
            [MOVE_OBSERVE] = 2, [MOVE_ACTOR] = 2, [MOVE_DURING] = 2,
            [MOVE_LISTEN] = 1, [MOVE_DIRTY] = 1, [MOVE_SNAPSHOT] = 1,
            [MOVE_CLOCK] = 1,
            [MOVE_SPACE] = 1, [MOVE_ANY] = 4,
        },
    },
    [TW_PROFILE_IOMMU] = {
        .spaces = {3, 7}, .iommus = {3, 8}, .extras = {1, 5},
        .cpus = {1, 2}, .mmus = {1, 3}, .ops = {20, 36},
        .page_lg = {6, 12}, .nest = 85, .via = 85, .subpage = 8,
        .overlap = 6, .odd_granule = 45, .extreme = 2, .loops = 4,
        .iotlb = 10, .slots = 8, .explicit_safepoints = 10,
        .moves = {
            [MOVE_ACCESS] = 14, [MOVE_AGAIN] = 8, [MOVE_EDGE] = 6,
            [MOVE_REMAP] = 12, [MOVE_TWICE] = 5, [MOVE_SILENT] = 8,
            [MOVE_RIGHTS] = 10, [MOVE_DENIED] = 6, [MOVE_NOTIFY] = 6,
            [MOVE_SLOT] = 2, [MOVE_PAGE] = 2, [MOVE_INDEX] = 8,
            [MOVE_TOPOLOGY] = 5, [MOVE_TRANSACTION] = 2,
            [MOVE_DMA] = 5, [MOVE_SWITCH] = 5, [MOVE_DESTROY] = 2,
            [MOVE_OBSERVE] = 3, [MOVE_DURING] = 3, [MOVE_ACTOR] = 1,
            [MOVE_SNAPSHOT] = 2,
            [MOVE_ANY] = 4,
        },
    },
    [TW_PROFILE_INVALIDATE] = {
        .spaces = {2, 4}, .iommus = {1, 4}, .extras = {1, 4},
        .cpus = {1, 3}, .mmus = {1, 2}, .ops = {24, 48},
        .page_lg = {6, 10}, .nest = 45, .via = 65, .subpage = 3,
        .overlap = 4, .odd_granule = 10, .extreme = 1, .loops = 1,
        .iotlb = 10, .slots = 30, .explicit_safepoints = 35,
        .moves = {
            [MOVE_ACCESS] = 8, [MOVE_AGAIN] = 8, [MOVE_EDGE] = 2,
            [MOVE_REMAP] = 14, [MOVE_TWICE] = 8, [MOVE_SILENT] = 12,
            [MOVE_RIGHTS] = 8, [MOVE_DENIED] = 4, [MOVE_NOTIFY] = 10,
            [MOVE_SLOT] = 10, [MOVE_PAGE] = 12, [MOVE_RANGE] = 10,
            [MOVE_INDEX] = 6, [MOVE_TOPOLOGY] = 4, [MOVE_TRANSACTION] = 3,
            [MOVE_CPUS] = 12, [MOVE_DMA] = 3, [MOVE_SWITCH] = 5,
            [MOVE_DESTROY] = 2, [MOVE_UNPLUG] = 3, [MOVE_OBSERVE] = 2,
            [MOVE_SNAPSHOT] = 3, [MOVE_CLOCK] = 4, [MOVE_DIRTY] = 2,
            [MOVE_ACTOR] = 3, [MOVE_DURING] = 4, [MOVE_ANY] = 4,
        },
    },
    [TW_PROFILE_TOPOLOGY] = {
        .spaces = {1, 3}, .iommus = {0, 2}, .extras = {6, 18},
        .cpus = {1, 2}, .mmus = {1, 2}, .ops = {20, 40},
        .page_lg = {6, 12}, .nest = 30, .via = 30, .subpage = 30,
        .overlap = 35, .odd_granule = 10, .extreme = 3, .loops = 1,
        .slots = 10, .explicit_safepoints = 10,
        .moves = {
            [MOVE_ACCESS] = 20, [MOVE_AGAIN] = 6, [MOVE_EDGE] = 12,
            [MOVE_REMAP] = 2, [MOVE_SILENT] = 1, [MOVE_PAGE] = 2,
            [MOVE_TOPOLOGY] = 30, [MOVE_TRANSACTION] = 16,
            [MOVE_PINGPONG] = 8, [MOVE_CPUS] = 3, [MOVE_DMA] = 6,
            [MOVE_DESTROY] = 2, [MOVE_ACTOR] = 3, [MOVE_DURING] = 3,
            [MOVE_LISTEN] = 5, [MOVE_SNAPSHOT] = 3, [MOVE_DIRTY] = 2,
            [MOVE_SPACE] = 3, [MOVE_ANY] = 6,
        },
    },
    [TW_PROFILE_HOSTILE] = {
        .spaces = {1, 8}, .iommus = {0, 8}, .extras = {4, 30},
        .cpus = {1, 4}, .mmus = {1, 4}, .ops = {10, 80},
        .page_lg = {6, 16}, .nest = 50, .via = 50, .subpage = 25,
        .overlap = 25, .odd_granule = 40, .extreme = 18, .loops = 25,
        .iotlb = 8, .slots = 15, .explicit_safepoints = 30,
        .moves = {
            [MOVE_ACCESS] = 12, [MOVE_AGAIN] = 6, [MOVE_EDGE] = 8,
            [MOVE_REMAP] = 5, [MOVE_TWICE] = 2, [MOVE_SILENT] = 3,
            [MOVE_RIGHTS] = 3, [MOVE_DENIED] = 2, [MOVE_NOTIFY] = 4,
            [MOVE_SLOT] = 2, [MOVE_PAGE] = 4, [MOVE_RANGE] = 4,
            [MOVE_INDEX] = 3, [MOVE_TOPOLOGY] = 8, [MOVE_TRANSACTION] = 6,
            [MOVE_PINGPONG] = 2, [MOVE_CPUS] = 4, [MOVE_DMA] = 4,
            [MOVE_SWITCH] = 3, [MOVE_DESTROY] = 2, [MOVE_UNPLUG] = 2,
            [MOVE_OBSERVE] = 4, [MOVE_ACTOR] = 2, [MOVE_DURING] = 4,
            [MOVE_LISTEN] = 3, [MOVE_DIRTY] = 3, [MOVE_SNAPSHOT] = 3,
            [MOVE_CLOCK] = 2,
            [MOVE_SPACE] = 3, [MOVE_ANY] = 30,
        },
    },
    [TW_PROFILE_IOTLB] = {
        .spaces = {2, 5}, .iommus = {1, 4}, .extras = {1, 3},
        .cpus = {1, 3}, .mmus = {1, 2}, .ops = {20, 40},
        .page_lg = {6, 12}, .nest = 50, .via = 80, .subpage = 4,
        .overlap = 4, .odd_granule = 30, .extreme = 1, .loops = 2,
        .iotlb = 100, .slots = 15, .explicit_safepoints = 60,
        .moves = {
            [MOVE_ACCESS] = 10, [MOVE_AGAIN] = 10, [MOVE_EDGE] = 2,
            [MOVE_REMAP] = 12, [MOVE_TWICE] = 8, [MOVE_SILENT] = 16,
            [MOVE_RIGHTS] = 10, [MOVE_DENIED] = 6, [MOVE_NOTIFY] = 12,
            [MOVE_SLOT] = 3, [MOVE_PAGE] = 4, [MOVE_RANGE] = 2,
            [MOVE_INDEX] = 8, [MOVE_TOPOLOGY] = 4, [MOVE_TRANSACTION] = 1,
            [MOVE_CPUS] = 14, [MOVE_DMA] = 14, [MOVE_SWITCH] = 5,
            [MOVE_DESTROY] = 1, [MOVE_OBSERVE] = 1, [MOVE_DURING] = 3,
            [MOVE_ACTOR] = 1, [MOVE_SNAPSHOT] = 3, [MOVE_ANY] = 4,
        },
    },
    [TW_PROFILE_PAGETABLE] = {
        .spaces = {2, 5}, .iommus = {1, 4}, .extras = {1, 3},
        .cpus = {1, 3}, .mmus = {1, 2}, .ops = {14, 28},
        .page_lg = {6, 12}, .nest = 50, .via = 80, .subpage = 4,
        .overlap = 4, .odd_granule = 30, .extreme = 1, .loops = 2,
        .iotlb = 75, .pagetable = 100, .nested = 1, .slots = 15,
        .explicit_safepoints = 60,
        .moves = {
            [MOVE_ACCESS] = 10, [MOVE_AGAIN] = 10, [MOVE_EDGE] = 2,
            [MOVE_REMAP] = 12, [MOVE_TWICE] = 8, [MOVE_SILENT] = 16,
            [MOVE_RIGHTS] = 10, [MOVE_DENIED] = 6, [MOVE_NOTIFY] = 12,
            [MOVE_SLOT] = 3, [MOVE_PAGE] = 4, [MOVE_RANGE] = 2,
            [MOVE_INDEX] = 8, [MOVE_TOPOLOGY] = 4, [MOVE_TRANSACTION] = 1,
            [MOVE_CPUS] = 14, [MOVE_DMA] = 14, [MOVE_SWITCH] = 5,
            [MOVE_DESTROY] = 1, [MOVE_OBSERVE] = 1, [MOVE_DURING] = 3,
            [MOVE_ACTOR] = 1, [MOVE_SNAPSHOT] = 3, [MOVE_ANY] = 4,
        },
    },
    [TW_PROFILE_MPC] = {
        .spaces = {2, 4}, .iommus = {1, 4}, .extras = {1, 3},
        .cpus = {1, 3}, .mmus = {2, 3}, .ops = {16, 32},
        .page_lg = {6, 12}, .nest = 40, .via = 85, .subpage = 3,
        .overlap = 3, .odd_granule = 5, .extreme = 1, .loops = 2,
        .iotlb = 10, .mpc = 100, .slots = 10, .explicit_safepoints = 50,
        .moves = {
            [MOVE_ACCESS] = 12, [MOVE_AGAIN] = 12, [MOVE_EDGE] = 4,
            [MOVE_REMAP] = 16, [MOVE_TWICE] = 8, [MOVE_RIGHTS] = 10,
            [MOVE_DENIED] = 10, [MOVE_NOTIFY] = 4, [MOVE_SLOT] = 4,
            [MOVE_PAGE] = 3, [MOVE_INDEX] = 14, [MOVE_TOPOLOGY] = 4,
            [MOVE_TRANSACTION] = 1, [MOVE_CPUS] = 14, [MOVE_DMA] = 10,
            [MOVE_SWITCH] = 8, [MOVE_DESTROY] = 1, [MOVE_OBSERVE] = 5,
            [MOVE_DURING] = 5, [MOVE_ACTOR] = 3, [MOVE_SNAPSHOT] = 4,
            [MOVE_DIRTY] = 1, [MOVE_ANY] = 4,
        },
    },
    [TW_PROFILE_DMA_MAP] = {
        .spaces = {2, 5}, .iommus = {1, 4}, .extras = {1, 5},
        .cpus = {1, 2}, .mmus = {1, 2}, .ops = {16, 32},
        .page_lg = {6, 12}, .nest = 60, .via = 75, .subpage = 8,
        .overlap = 8, .odd_granule = 40, .extreme = 2, .loops = 2,
        .iotlb = 12, .pagetable = 8, .nested = 1, .mappings = true, .slots = 5,
        .explicit_safepoints = 20,
        .moves = {
            [MOVE_MAPPING] = 50, [MOVE_ACCESS] = 4, [MOVE_REMAP] = 4,
            [MOVE_SILENT] = 5, [MOVE_RIGHTS] = 3, [MOVE_NOTIFY] = 5,
            [MOVE_INDEX] = 2, [MOVE_TOPOLOGY] = 5, [MOVE_TRANSACTION] = 3,
            [MOVE_DMA] = 4, [MOVE_SWITCH] = 4, [MOVE_DESTROY] = 1,
            [MOVE_OBSERVE] = 1, [MOVE_ACTOR] = 2, [MOVE_DURING] = 1,
            [MOVE_DIRTY] = 2, [MOVE_SNAPSHOT] = 3, [MOVE_SPACE] = 1,
            [MOVE_ANY] = 4,
        },
    },
    [TW_PROFILE_STATIC] = {
        .spaces = {1, 5}, .iommus = {0, 4}, .extras = {4, 16},
        .cpus = {1, 2}, .mmus = {1, 3}, .ops = {16, 40},
        .page_lg = {6, 16}, .nest = 70, .via = 45, .subpage = 25,
        .overlap = 30, .odd_granule = 30, .extreme = 6, .loops = 6,
        .slots = 10,
        .moves = {
            [MOVE_ACCESS] = 40, [MOVE_AGAIN] = 10, [MOVE_EDGE] = 20,
            [MOVE_PINGPONG] = 8, [MOVE_DMA] = 12, [MOVE_ANY] = 10,
        },
    },
    [TW_PROFILE_DMA] = {
        .spaces = {2, 5}, .iommus = {1, 4}, .extras = {2, 8},
        .cpus = {1, 1}, .mmus = {1, 2}, .ops = {20, 40},
        .page_lg = {6, 12}, .nest = 60, .via = 70, .subpage = 15,
        .overlap = 15, .odd_granule = 20, .extreme = 3, .loops = 4,
        .mappings = true, .slots = 5,
        .moves = {
            [MOVE_ACCESS] = 6, [MOVE_EDGE] = 4, [MOVE_REMAP] = 6,
            [MOVE_SILENT] = 6, [MOVE_RIGHTS] = 4, [MOVE_TOPOLOGY] = 6,
            [MOVE_PINGPONG] = 12, [MOVE_DMA] = 40, [MOVE_SWITCH] = 4,
            [MOVE_DIRTY] = 10, [MOVE_MAPPING] = 12,
            [MOVE_ACTOR] = 4, [MOVE_ANY] = 8,
        },
    },
    [TW_PROFILE_CPUS] = {
        .spaces = {2, 4}, .iommus = {1, 3}, .extras = {1, 3},
        .cpus = {2, 4}, .mmus = {1, 2}, .ops = {24, 48},
        .page_lg = {6, 10}, .nest = 45, .via = 60, .subpage = 3,
        .overlap = 5, .odd_granule = 8, .extreme = 1, .loops = 1,
        .slots = 15, .explicit_safepoints = 50,
        .moves = {
            [MOVE_ACCESS] = 8, [MOVE_AGAIN] = 8, [MOVE_REMAP] = 8,
            [MOVE_SILENT] = 4, [MOVE_NOTIFY] = 6, [MOVE_SLOT] = 4,
            [MOVE_PAGE] = 10, [MOVE_RANGE] = 4, [MOVE_TOPOLOGY] = 4,
            [MOVE_CPUS] = 40, [MOVE_SWITCH] = 4, [MOVE_UNPLUG] = 4,
            [MOVE_CLOCK] = 2,
            [MOVE_ACTOR] = 4, [MOVE_DURING] = 3, [MOVE_ANY] = 5,
        },
    },
    [TW_PROFILE_NESTED] = {
        .spaces = {3, 5}, .iommus = {2, 4}, .extras = {1, 3},
        .cpus = {1, 2}, .mmus = {1, 2}, .ops = {14, 28},
        .page_lg = {6, 12}, .nest = 50, .via = 85, .subpage = 4,
        .overlap = 4, .odd_granule = 30, .extreme = 1, .loops = 2,
        .iotlb = 75, .pagetable = 100, .nested = 3, .slots = 10,
        .explicit_safepoints = 60,
        .moves = {
            [MOVE_ACCESS] = 10, [MOVE_AGAIN] = 10, [MOVE_EDGE] = 2,
            [MOVE_REMAP] = 16, [MOVE_TWICE] = 8, [MOVE_SILENT] = 18,
            [MOVE_RIGHTS] = 8, [MOVE_DENIED] = 6, [MOVE_NOTIFY] = 14,
            [MOVE_SLOT] = 2, [MOVE_PAGE] = 3, [MOVE_RANGE] = 2,
            [MOVE_INDEX] = 6, [MOVE_CPUS] = 8, [MOVE_DMA] = 16,
            [MOVE_SWITCH] = 6, [MOVE_DURING] = 2, [MOVE_SNAPSHOT] = 3,
            [MOVE_ANY] = 6,
        },
    },
    [TW_PROFILE_COMMANDS] = {
        .spaces = {2, 4}, .iommus = {1, 3}, .extras = {1, 2},
        .cpus = {1, 2}, .mmus = {1, 2}, .ops = {6, 12},
        .page_lg = {6, 12}, .nest = 60, .via = 95, .subpage = 2,
        .overlap = 2, .odd_granule = 20, .extreme = 0, .loops = 1,
        .iotlb = 90, .pagetable = 75, .nested = 0, .mpc = 15,
        .mappings = true, .commands = true, .slots = 5,
        .moves = {
            [MOVE_ACCESS] = 10, [MOVE_AGAIN] = 10, [MOVE_REMAP] = 6,
            [MOVE_SILENT] = 10, [MOVE_RIGHTS] = 6, [MOVE_DENIED] = 4,
            [MOVE_INDEX] = 4, [MOVE_DMA] = 16, [MOVE_SWITCH] = 2,
            [MOVE_MAPPING] = 12,
        },
    },
};
/* clang-format on */

static const char *const profiles[TW_PROFILES] = {
    "balanced",   /* a bit of everything; what bench measures */
    "iommu",      /* deep nesting, small granules, several indexes */
    "invalidate", /* fill, change, notify, access; several CPUs */
    "topology",   /* overlaps, aliases, sub-pages, transactions */
    "hostile",    /* extremes: 2^64, cycles, many objects */
    "iotlb",      /* IOMMUs that answer from records */
    "pagetable",  /* IOMMUs with tables in RAM, most with records */
    "mpc",        /* TrustZone Memory Protection Controllers */
    "dma-map",    /* cached DMA mappings */
};

const char *tw_profile_name(unsigned profile)
{
    return profile < TW_PROFILES ? profiles[profile] : NULL;
}

unsigned tw_profile_find(const char *name)
{
    unsigned profile = 0;

    while (profile < TW_PROFILES && strcmp(profiles[profile], name) != 0) {
        profile++;
    }
    return profile;
}

TwProfile tw_profile_in_turn(uint64_t number)
{
    enum { TURNS = TW_PROFILE_IOTLB + 1 };
    static const TwProfile last[] = {TW_PROFILE_IOTLB,   TW_PROFILE_PAGETABLE,
                                     TW_PROFILE_MPC,     TW_PROFILE_PAGETABLE,
                                     TW_PROFILE_DMA_MAP, TW_PROFILE_PAGETABLE,
                                     TW_PROFILE_MPC,     TW_PROFILE_PAGETABLE};
    unsigned turn = (unsigned)(number % TURNS);

    return turn < TW_PROFILE_IOTLB ? (TwProfile)turn : last[number / TURNS % 8];
}

const TwMixture *tw_gen_mixture(TwProfile profile)
{
    return &mixtures[profile];
}

/* Moves ------------------------------------------------------------------- */

#define OP(x) TW_OP_##x
#define CHANGES OP(MAP), OP(UNMAP), OP(PROTECT)
#define FLUSHES OP(FLUSH_PAGE), OP(FLUSH_RANGE), OP(FLUSH_INDEX), OP(FLUSH_ALL)
#define REGIONS \
    OP(ENABLE), OP(MOVE), OP(RESIZE), OP(PRIORITY), OP(READONLY), OP(DEL), \
        OP(ALIAS_OFFSET)

/* One of these operations; none: accesses only. */
static const uint8_t needs[MOVES][16] = {
    [MOVE_REMAP] = {CHANGES},
    [MOVE_TWICE] = {CHANGES},
    [MOVE_SILENT] = {CHANGES},
    [MOVE_RIGHTS] = {CHANGES},
    [MOVE_DENIED] = {CHANGES},
    [MOVE_NOTIFY] = {CHANGES},
    [MOVE_PAGE] = {OP(PAGE)},
    [MOVE_RANGE] = {OP(FLUSH_RANGE)},
    [MOVE_INDEX] = {OP(FLUSH_INDEX), CHANGES},
    [MOVE_TOPOLOGY] = {REGIONS},
    [MOVE_TRANSACTION] = {OP(BEGIN)},
    [MOVE_CPUS] = {CHANGES, FLUSHES, REGIONS},
    [MOVE_DMA] = {OP(DMA_READ), OP(DMA_WRITE)},
    [MOVE_SWITCH] = {OP(BYPASS), OP(IOMMU_RESET), OP(NOTIFY_ALL)},
    [MOVE_DESTROY] = {OP(IOMMU_DESTROY)},
    [MOVE_UNPLUG] = {OP(UNPLUG)},
    [MOVE_OBSERVE] = {OP(OBSERVE)},
    [MOVE_LISTEN] = {OP(LISTEN)},
    [MOVE_DIRTY] = {OP(DIRTY_CLEAR)},
    [MOVE_SNAPSHOT] = {OP(RESTORE)},
    [MOVE_CLOCK] = {OP(CLOCK)},
    [MOVE_DURING] = {CHANGES, REGIONS},
    [MOVE_SPACE] = {OP(SPACE_NEW), OP(SPACE_DEL)},
    [MOVE_MAPPING] = {OP(DMA_MAP)},
};

static bool is_possible(const TwDialect *dialect, unsigned move)
{
    unsigned i = 0;

    if ((move == MOVE_DURING && !(dialect->op_flags & TW_OPF_DURING)) ||
        (move == MOVE_MAPPING && !(dialect->op_flags & TW_OPF_VIA))) {
        return false;
    }
    while (needs[move][i] != TW_OP_NOP &&
           !tw_dialect_speaks(dialect, needs[move][i])) {
        i++;
    }
    return i == 0 || needs[move][i] != TW_OP_NOP;
}

uint64_t tw_gen_possible_moves(const TwDialect *dialect,
                               const TwMixture *mixture, uint32_t *weights)
{
    uint64_t possible = 0;

    *weights = 0;
    for (unsigned i = 0; i < MOVES; i++) {
        if (is_possible(dialect, i)) {
            possible |= UINT64_C(1) << i;
            *weights += mixture->moves[i];
        }
    }
    return possible;
}
