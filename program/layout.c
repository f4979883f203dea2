/* SPDX-License-Identifier: MIT */
/* The table of layouts; LAYOUTS.md cites the manual for each. */
#include "program/layout.h"

#define BIT(n) (UINT64_C(1) << (n))
#define BITS(high, low) \
    ((UINT64_MAX >> (63 - (high))) & ~(BIT(low) - UINT64_C(1)))
#define SET(mask) \
    { \
        (mask), (mask) \
    }
#define CLEAR(mask) \
    { \
        (mask), 0 \
    }

/* clang-format off */
/* Of a request of user mode. */
#define X86 \
    .least_levels = 4, .most_levels = 5, .granule_lg = 12, \
    .present = SET(BIT(0)), \
    .leaf_levels = 1 << 1 | 1 << 2 | 1 << 3, \
    .leaf_some = BIT(7), \
    .read = SET(BIT(2)), .write = SET(BIT(2) | BIT(1)), \
    .table_read = SET(BIT(2)), .table_write = SET(BIT(2) | BIT(1)), \
    .address = BITS(51, 12), .aligned = true, .low_free = BIT(12), \
    .marks = { \
        .accessed = SET(BIT(5)), .dirty = SET(BIT(6)), .tables = true, \
        .read = SET(BIT(2)), .write = SET(BIT(2) | BIT(1)), \
    }

static const TwLayout layouts[TW_FORMATS] = {
    [TW_FORMAT_ABSTRACT] = {
        .least_levels = 1, .most_levels = 6,
        .present = SET(BIT(0)),
        .leaf_levels = 0x7e,
        .leaf_some = BIT(3),
        .read = SET(BIT(1)), .write = SET(BIT(2)),
        .table_read = SET(BIT(1)), .table_write = SET(BIT(2)),
        .address = UINT64_MAX,
        .marks = {
            .accessed = SET(BIT(4)), .dirty = SET(BIT(5)), .tables = true,
            .read = SET(BIT(1)), .write = SET(BIT(2)),
        },
    },
    /* Of a request of user mode. */
    [TW_FORMAT_SV39] = {
        .least_levels = 3, .most_levels = 3, .granule_lg = 12,
        .present = SET(BIT(0)),
        .leaf_levels = 1 << 1 | 1 << 2 | 1 << 3,
        .leaf_some = BITS(3, 1), .last_by_bits = true,
        .read = SET(BIT(1) | BIT(4) | BIT(6)),
        .write = SET(BIT(1) | BIT(2) | BIT(4) | BIT(6) | BIT(7)),
        .wrong = {BIT(1) | BIT(2), BIT(2)},
        .reserved_leaf = BITS(63, 54),
        .reserved_table = BITS(63, 54) | BIT(7) | BIT(6) | BIT(4),
        .address = BITS(53, 10), .shift = 2, .aligned = true,
        .marks = {
            .accessed = SET(BIT(6)), .dirty = SET(BIT(7)),
            .read = SET(BIT(1) | BIT(4)),
            .write = SET(BIT(1) | BIT(2) | BIT(4)),
        },
    },
    [TW_FORMAT_X86_64] = {X86},
    /* Of a request without privilege. */
    [TW_FORMAT_ARM64_S1] = {
        .least_levels = 3, .most_levels = 4, .granule_lg = 12,
        .present = SET(BIT(0)),
        .leaf_levels = 1 << 1 | 1 << 2 | 1 << 3,
        .leaf_none = BIT(1),
        .last = SET(BIT(1)),
        .read = SET(BIT(10) | BIT(6)),
        .write = {BIT(10) | BIT(7) | BIT(6), BIT(10) | BIT(6)},
        .table_read = CLEAR(BIT(61)), .table_write = CLEAR(BIT(62) | BIT(61)),
        .address = BITS(47, 12),
        .marks = {
            .accessed = SET(BIT(10)), .dirty = CLEAR(BIT(7)),
            .read = SET(BIT(6)),
            .write = {BIT(7) | BIT(6), BIT(6)},
            .write_clean = SET(BIT(51) | BIT(6)),
        },
    },
    [TW_FORMAT_ARM64_S2] = {
        .least_levels = 3, .most_levels = 4, .granule_lg = 12,
        .present = SET(BIT(0)),
        .leaf_levels = 1 << 1 | 1 << 2 | 1 << 3,
        .leaf_none = BIT(1),
        .last = SET(BIT(1)),
        .read = SET(BIT(10) | BIT(6)), .write = SET(BIT(10) | BIT(7)),
        .address = BITS(47, 12),
        .marks = {
            .accessed = SET(BIT(10)), .dirty = SET(BIT(7)),
            .read = SET(BIT(6)), .write = SET(BIT(7)),
            .write_clean = SET(BIT(51)),
        },
    },
    [TW_FORMAT_VTD_SL] = {
        .least_levels = 3, .most_levels = 5, .granule_lg = 12,
        .present_some = BITS(1, 0),
        .leaf_levels = 1 << 1 | 1 << 2 | 1 << 3,
        .leaf_some = BIT(7),
        .read = SET(BIT(0)), .write = SET(BIT(1)),
        .table_read = SET(BIT(0)), .table_write = SET(BIT(1)),
        .address = BITS(51, 12), .aligned = true,
        .marks = {
            .accessed = SET(BIT(8)), .dirty = SET(BIT(9)), .tables = true,
            .read = SET(BIT(0)), .write = SET(BIT(1)),
        },
    },
    [TW_FORMAT_VTD_FL] = {X86, .part_levels = 3},
    [TW_FORMAT_AMDVI] = {
        .least_levels = 1, .most_levels = 6, .granule_lg = 12,
        .present = SET(BIT(0)),
        .leaf_levels = 0x7e,
        .leaf_none = BITS(11, 9), .last_by_bits = true,
        .read = SET(BIT(61)), .write = SET(BIT(62)),
        .table_read = SET(BIT(61)), .table_write = SET(BIT(62)),
        .address = BITS(51, 12), .next_shift = 9, .sized = 7,
        .marks = {
            .accessed = SET(BIT(5)), .dirty = SET(BIT(6)), .tables = true,
            .read = SET(BIT(61)), .write = SET(BIT(62)),
        },
    },
};
/* clang-format on */

const TwLayout *tw_layout(unsigned format)
{
    return &layouts[format];
}
