/* SPDX-License-Identifier: MIT */
/* The tables behind fields.h, and functions that need only the tables. */
#include "program/fields.h"

#include <string.h>

#define FIELD(what, place, ...) \
    { \
        .type = TW_FIELD_##what, .field = offsetof(OBJECT, place), \
        .width = sizeof(((OBJECT *)NULL)->place), .member = #place, \
        __VA_ARGS__ \
    }
#define ID(place, kind) FIELD(ID, place, .object = TW_OBJECT_##kind)
#define AT(word, first_bit) .word_at = (word), .bit = (first_bit)
#define KINDS(...) .kinds = (uint16_t)(__VA_ARGS__)
#define NEEDED .flags = TW_PROPERTY_NEEDED | TW_PROPERTY_SHOWN
#define EVERY KINDS(0xffff)

/* Regions ------------------------------------------------------------------ */

#define IN(kind) (1u << TW_REGION_##kind)
#define BYTES (IN(RAM) | IN(ROM) | IN(ROMD) | IN(RAM_DEVICE))
#define DEVICE (IN(MMIO) | IN(ROMD))
#define OBJECT TwRegion

/* clang-format off */
const TwProperty tw_region_properties[] = {
    {"size", {FIELD(LENGTH, size)}, NEEDED, EVERY, AT(2, 0)},
    {"of", {ID(target, REGION)}, NEEDED, KINDS(IN(ALIAS)), AT(0, 16),
     .plain = TW_NONE, .wrong = "its target does not exist"},
    {"offset", {FIELD(ADDRESS, alias_offset)}, KINDS(IN(ALIAS)), AT(4, 0)},
    {"block", {ID(block, REGION)}, .flags = TW_PROPERTY_OWN, KINDS(BYTES),
     AT(0, 32), .plain = TW_NONE,
     .wrong = "its block is no region with bytes"},
    {"root", {{.type = TW_FIELD_ELSEWHERE}}, EVERY},
    {"in", {ID(container, REGION)}, EVERY, AT(0, 8), .plain = TW_NONE,
     .wrong = "its container does not exist"},
    {"at", {FIELD(ADDRESS, addr)}, .flags = TW_PROPERTY_WITH, EVERY, AT(3, 0)},
    {"iommu", {ID(iommu, IOMMU)}, NEEDED, KINDS(IN(IOMMU)), AT(0, 24),
     .plain = TW_NONE, .wrong = "its iommu does not exist"},
    {"prio", {FIELD(PRIORITY, priority)}, EVERY, AT(1, 32), .turn = 9},
    {"valid", {FIELD(PIECE, valid_min), FIELD(PIECE_END, valid_max)},
     KINDS(DEVICE), AT(0, 40), .turn = 6,
     .wrong = "valid sizes are 0, 1, 2, 4 or 8"},
    {"implements", {FIELD(PIECE, impl_min), FIELD(PIECE_END, impl_max)},
     KINDS(DEVICE), AT(1, 8), .turn = 10,
     .wrong = "implemented sizes are 0, 1, 2, 4 or 8"},
    {"reject", {FIELD(ADDRESS, reject.first), FIELD(END, reject.last)},
     KINDS(DEVICE), AT(5, 0), .turn = 7},
    {"error", {FIELD(ADDRESS, error.first), FIELD(END, error.last)},
     KINDS(DEVICE), AT(7, 0), .turn = 8},
    {"registers", {ID(registers, IOMMU)}, .flags = TW_PROPERTY_ADDED,
     KINDS(IN(MMIO)), AT(1, 24),
     .turn = 12, .plain = TW_NONE, .wrong = "its iommu does not exist"},
    {"disabled", {FIELD(SETTING, enabled)}, EVERY, AT(1, 0), .turn = 1,
     .plain = true},
    {"readonly", {FIELD(SETTING, readonly)}, EVERY, AT(1, 1), .turn = 2},
    {"nonvolatile", {FIELD(SETTING, nonvolatile)}, EVERY, AT(1, 2), .turn = 3},
    {"unmergeable", {FIELD(SETTING, unmergeable)}, EVERY, AT(1, 3), .turn = 4},
    {"unaligned", {FIELD(SETTING, unaligned)}, KINDS(DEVICE), AT(1, 5),
     .turn = 11},
    {"romd-off", {FIELD(SETTING, romd_mode)}, KINDS(IN(ROMD)), AT(1, 4),
     .turn = 5, .plain = true},
    {.word = NULL},
};
#undef OBJECT

/* Spaces ------------------------------------------------------------------- */

#define OBJECT TwSpace
const TwProperty tw_space_properties[] = {
    {"root", {ID(root, REGION)}, NEEDED, EVERY, AT(0, 8), .plain = TW_NONE,
     .wrong = "its root does not exist"},
    {"late", {FIELD(SETTING, late)}, EVERY, AT(0, 1)},
    {.word = NULL},
};
#undef OBJECT

/* IOMMUs ------------------------------------------------------------------- */

#define MPC (1u << TW_IOMMU_MPC)
#define PAGETABLE (1u << TW_IOMMU_PAGETABLE)
#define OBJECT TwIommu
const TwProperty tw_iommu_properties[] = {
    {"granule",
     {FIELD(POWER, granule_lg, .least = TW_MIN_GRANULE_LG,
            .most = TW_MAX_GRANULE_LG, .decimal = true,
            .expected = "a power of two from 16 to 2^30")},
     .flags = TW_PROPERTY_PAGE, EVERY, AT(0, 8),
     .wrong = "a granule is 2^4 to 2^30 bytes"},
    {"indexes",
     {FIELD(NUMBER, indexes, .least = 1, .most = TW_MAX_IOMMU_INDEXES,
            .expected = "1 to 4 indexes")},
     EVERY, AT(0, 16), .plain = 1, .wrong = "1 to 4 indexes"},
    {"select",
     {FIELD(WORD, select, .name = tw_select_name, .count = TW_SELECTS,
            .expected = "zero, secure, user, requester or secure-user")},
     EVERY, AT(0, 24), .turn = 1, .wrong = "no such selection"},
    {"to", {ID(bypass_space, SPACE)}, EVERY, AT(0, 40), .plain = TW_NONE,
     .wrong = "the space that 'to' names does not exist"},
    {"blocked", {ID(mpc.blocked_space, SPACE)}, NEEDED, KINDS(MPC), AT(1, 0),
     .plain = TW_NONE,
     .wrong = "an mpc leads to a space and blocks to another"},
    {"format",
     {FIELD(WORD, pagetable.format, .name = tw_format_name,
            .count = TW_FORMATS,
            .expected = "abstract, sv39, x86-64, arm64-s1, arm64-s2, vtd-sl, vtd-fl or "
                        "amdvi")},
     .flags = TW_PROPERTY_SHOWN, KINDS(PAGETABLE), AT(1, 0),
     .wrong = "no such format"},
    {"tables", {ID(pagetable.tables, REGION)}, KINDS(PAGETABLE),
     AT(1, 8), .plain = TW_NONE, .wrong = "its tables are in no ram region"},
    {"base", {FIELD(ADDRESS, pagetable.base)}, KINDS(PAGETABLE), AT(2, 0),
     .turn = 4},
    {"levels",
     {FIELD(NUMBER, pagetable.levels, .least = 1, .most = 6,
            .expected = "1 to 6 levels")},
     NEEDED, KINDS(PAGETABLE), AT(1, 16),
     .wrong = "a pagetable has 1 to 6 levels that fit 64 bits"},
    {"output-width",
     {FIELD(NUMBER, pagetable.output, .most = 63, .decimal = true,
            .expected = "more bits than the granule has, to 63, or 0: any")},
     KINDS(PAGETABLE), AT(1, 32), .turn = 5,
     .wrong = "addresses in entries have more bits than the granule, to 63"},
    {"nested", {FIELD(SETTING, pagetable.nested)}, KINDS(PAGETABLE), AT(1, 24)},
    {"updates-ad", {FIELD(SETTING, pagetable.updates_ad)}, KINDS(PAGETABLE), AT(1, 25)},
    {"bypass", {FIELD(SETTING, bypass)}, EVERY, AT(0, 32), .turn = 2},
    {"iotlb", {FIELD(SETTING, iotlb)}, KINDS(1u << TW_IOMMU_TABLE | PAGETABLE), AT(0, 33),
     .turn = 3},
    {.word = NULL},
};
#undef OBJECT

/* CPUs --------------------------------------------------------------------- */

#define OBJECT TwCpu
const TwProperty tw_cpu_properties[] = {
    {"tlb",
     {FIELD(POWER, tlb_lg, .most = TW_MAX_TLB_LG, .decimal = true,
            .expected = "a power of two from 1 to 4096")},
     EVERY, AT(0, 8), .turn = 2, .plain = 3,
     .wrong = "a TLB of at most 4096 entries"},
    {"victims",
     {FIELD(NUMBER, victims, .most = TW_MAX_VICTIMS,
            .expected = "0 to 16 victims")},
     EVERY, AT(0, 16), .turn = 1, .wrong = "at most 16 victims"},
    {.word = NULL},
};
#undef OBJECT

#define OBJECT TwMmuIndex
const TwProperty tw_mmu_properties[] = {
    {"space", {ID(space, SPACE)}, NEEDED, EVERY, AT(0, 8), .plain = TW_NONE,
     .wrong = "its space does not exist"},
    {"attrs", {FIELD(ATTRS, attrs)}, EVERY, AT(0, 32),
     .wrong = "no such attributes"},
    {"width",
     {FIELD(NUMBER, width, .most = 63, .decimal = true,
            .expected = "16 to 63 bits, or 0 for 64")},
     EVERY, AT(0, 16), .turn = 2, .wrong = "an address has 16 to 64 bits"},
    {"wraps", {FIELD(SETTING, wraps)}, EVERY, AT(0, 24), .turn = 1},
    {.word = NULL},
};
#undef OBJECT
/* clang-format on */

/* Through the tables ------------------------------------------------------- */

static bool is_range(const TwProperty *property)
{
    return property->parts[1].type == TW_FIELD_END;
}

static bool is_empty(const TwProperty *range, const void *object)
{
    return tw_field_get(&range->parts[0], object) >
           tw_field_get(&range->parts[1], object);
}

static uint64_t plain_value(const TwProperty *property, unsigned own,
                            unsigned page_lg)
{
    return property->flags & TW_PROPERTY_OWN    ? own
           : property->flags & TW_PROPERTY_PAGE ? page_lg
                                                : property->plain;
}

bool tw_property_is_plain(const TwProperty *property, const void *object,
                          unsigned own, unsigned page_lg)
{
    if (is_range(property)) {
        return is_empty(property, object);
    }
    bool plain = true;
    for (const TwField *f = property->parts; f->type != TW_FIELD_NONE; f++) {
        plain &= tw_field_get(f, object) == plain_value(property, own, page_lg);
    }
    return plain;
}

void tw_property_set_plain(const TwProperty *property, void *object,
                           unsigned own, unsigned page_lg)
{
    if (is_range(property)) {
        tw_field_set(&property->parts[0], object, 1);
        tw_field_set(&property->parts[1], object, 0);
        return;
    }
    for (const TwField *f = property->parts; f->type != TW_FIELD_NONE; f++) {
        tw_field_set(f, object, plain_value(property, own, page_lg));
    }
}

void tw_properties_set_plain(const TwProperty *table, void *object,
                             unsigned kind, unsigned own, unsigned page_lg)
{
    TW_EACH_PROPERTY(property, table, kind)
    {
        tw_property_set_plain(property, object, own, page_lg);
    }
}

void tw_properties_words(const TwProperty *table, const void *object,
                         unsigned kind, uint64_t *words)
{
    TW_EACH_PROPERTY(property, table, kind)
    {
        const TwField *f = property->parts;
        uint64_t *word = &words[property->word_at];
        uint64_t first = tw_field_get(&f[0], object);
        if (property->flags & TW_PROPERTY_ADDED) {
            first ^= property->plain;
        }
        if (is_range(property)) {
            bool empty = is_empty(property, object);
            word[0] |= empty ? 1 : first;
            word[1] |= empty ? 0 : tw_field_get(&f[1], object);
            continue;
        }
        *word |= first << property->bit;
        if (f[1].type != TW_FIELD_NONE) {
            *word |= tw_field_get(&f[1], object) << (property->bit + 8);
        }
    }
}

TwIommu tw_iommu_make(TwIommuKind kind, unsigned granule_lg)
{
    TwIommu iommu = {.kind = (uint8_t)kind};
    tw_properties_set_plain(tw_iommu_properties, &iommu, kind, TW_NONE,
                            granule_lg);
    return iommu;
}
