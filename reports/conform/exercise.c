/* SPDX-License-Identifier: MIT */
/*
 * See exercise.h.  A feature that is neither an operation nor a kind is used by
 * a program if the dialect without it does not admit the program: so what
 * counts as its use is said in one place, tw_dialect_admits().
 */
#include "reports/conform/exercise.h"

#include <glib.h>
#include <string.h>

#include "program/ops.h"

typedef enum Kind {
    OPERATION,
    REGION,
    IOMMU,
    SELECT,
    FLAG,
    CONTENTS,
    SWITCH,
    NUMBER
} Kind;

/* What must be in a dialect for a switch to mean anything in it. */
typedef enum Needs {
    NOTHING,
    DEVICES,
    PAGES,
    RMW,
    EXCLUSIVES,
    PAIRS,
    TABLES,
    PAGETABLES,
    MPCS
} Needs;

/* Members of TwDialect with which it admits more, or, if `narrows`, less. */
typedef struct Switch {
    const char *name;
    size_t member;
    bool narrows;
    Needs needs;
} Switch;

#define WIDENS(member, needs, name) \
    { \
        name, offsetof(TwDialect, member), false, needs \
    }
#define NARROWS(member, needs, name) \
    { \
        name, offsetof(TwDialect, member), true, needs \
    }

static const Switch switches[] = {
    WIDENS(actors, DEVICES, "actor offsets"),
    WIDENS(started, DEVICES, "accesses that devices start"),
    WIDENS(explicit_safepoints, NOTHING, "explicit safe points"),
    WIDENS(shared_blocks, NOTHING, "two regions on one RAM block"),
    WIDENS(late_spaces, NOTHING, "spaces that come late"),
    WIDENS(during_dma, NOTHING, "DMA during an access"),
    WIDENS(implemented_sizes, DEVICES, "implemented sizes of devices"),
    WIDENS(widths, NOTHING, "widths of MMU indexes"),
    WIDENS(iotlbs, TABLES, "IOTLBs"),
    WIDENS(nested_tables, PAGETABLES, "nested tables"),
    WIDENS(updates_ad, PAGETABLES, "A and D bits set by walks"),
    WIDENS(table_bases, PAGETABLES, "bases of tables"),
    WIDENS(output_widths, PAGETABLES, "output widths"),
    WIDENS(mpc_registers, MPCS, "registers of an MPC as a device"),
    NARROWS(identity_pages, PAGES, "pages that lead to other addresses"),
    NARROWS(whole_pages, PAGES, "page-map entries below the page size"),
    NARROWS(plain_devices, DEVICES, "devices that refuse accesses"),
    NARROWS(plain_accesses, NOTHING, "accesses of odd sizes"),
    NARROWS(aligned_rmw, RMW, "unaligned rmw"),
    NARROWS(exclusives_of_ram, EXCLUSIVES, "exclusive rmw beside devices"),
    NARROWS(pairs_of_ram, PAIRS, "paired accesses beside devices"),
};

static bool has(const TwDialect *d, Needs needs)
{
    uint32_t devices = 1u << TW_REGION_MMIO | 1u << TW_REGION_ROMD;

    switch (needs) {
    case DEVICES:
        return d->region_kinds & devices;
    case PAGES:
        return tw_ops_has(&d->ops, TW_OP_PAGE);
    case RMW:
        return tw_ops_has(&d->ops, TW_OP_RMW) && !d->plain_accesses;
    case EXCLUSIVES:
        return d->op_flags & TW_OPF_EXCLUSIVE;
    case PAIRS:
        return d->op_flags & TW_OPF_PAIRED;
    case TABLES:
        return d->iommu_kinds &
               (1u << TW_IOMMU_TABLE | 1u << TW_IOMMU_PAGETABLE);
    case PAGETABLES:
        return d->iommu_kinds & 1u << TW_IOMMU_PAGETABLE;
    case MPCS:
        return d->iommu_kinds & 1u << TW_IOMMU_MPC;
    default:
        return true;
    }
}

/* How many there may be of something: is more than one used? */
typedef struct Number {
    const char *name;
    size_t member;
    bool iommus; /* means nothing without one */
} Number;

static const Number numbers[] = {
    {"two CPUs or more", offsetof(TwDialect, max_cpus), false},
    {"two MMU indexes or more", offsetof(TwDialect, max_mmu_indexes), false},
    {"two spaces or more", offsetof(TwDialect, max_spaces), false},
    {"two IOMMUs or more", offsetof(TwDialect, max_iommus), false},
    {"two IOMMU indexes or more", offsetof(TwDialect, max_iommu_indexes), true},
};

static const char *flag_name(unsigned bit)
{
    static const char *const names[] = {"during", "notified",  "on",    "from",
                                        "via",    "exclusive", "paired"};
    return names[bit];
}

enum { FLAGS = 7 };

static void add(TwFeatures *features, const char *group, const char *name,
                Kind kind, unsigned bit)
{
    g_assert(features->n < TW_MAX_FEATURES);
    features->at[features->n++] =
        (TwFeature){group, name, (uint8_t)kind, (uint8_t)bit};
}

static void add_bits(TwFeatures *features, const char *group, Kind kind,
                     uint64_t bits, unsigned first, unsigned end,
                     const char *(*name)(unsigned))
{
    for (unsigned bit = first; bit < end; bit++) {
        if (bits >> bit & 1) {
            add(features, group, name(bit), kind, bit);
        }
    }
}

static bool *switch_in(TwDialect *d, unsigned i)
{
    return (bool *)((char *)d + switches[i].member);
}

static uint8_t *number_in(TwDialect *d, unsigned i)
{
    return (uint8_t *)d + numbers[i].member;
}

void tw_features_of(const TwDialect *dialect, TwFeatures *features)
{
    TwDialect d = *dialect;

    features->n = 0;
    for (unsigned code = 0; code < TW_OP_CODES; code++) {
        if (code != TW_OP_NOP && tw_ops_has(&d.ops, code)) {
            add(features, "operations", tw_op_info(code)->name, OPERATION,
                code);
        }
    }
    add_bits(features, "region kinds", REGION, d.region_kinds, 1,
             TW_REGION_KINDS, tw_region_kind_name);
    add_bits(features, "IOMMU kinds", IOMMU, d.iommu_kinds, 1, TW_IOMMU_KINDS,
             tw_iommu_kind_name);
    if (d.iommu_kinds >> 1) {
        add_bits(features, "selects", SELECT, d.selects, 1, TW_SELECTS,
                 tw_select_name);
    }
    add_bits(features, "operation flags", FLAG, d.op_flags, 0, FLAGS,
             flag_name);
    add_bits(features, "contents", CONTENTS, d.contents, 0, TW_CONTENTS_KINDS,
             tw_contents_name);
    for (unsigned i = 0; i < G_N_ELEMENTS(switches); i++) {
        if (*switch_in(&d, i) != switches[i].narrows &&
            has(&d, switches[i].needs)) {
            add(features, "features", switches[i].name, SWITCH, i);
        }
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
        if (*number_in(&d, i) > 1 && (!numbers[i].iommus || d.max_iommus > 0)) {
            add(features, "features", numbers[i].name, NUMBER, i);
        }
    }
}

static void take_away(TwDialect *d, const TwFeature *feature)
{
    switch (feature->kind) {
    case SELECT:
        d->selects &= ~(1u << feature->bit);
        break;
    case FLAG:
        d->op_flags &= (uint8_t) ~(1u << feature->bit);
        break;
    case SWITCH:
        *switch_in(d, feature->bit) = switches[feature->bit].narrows;
        break;
    case NUMBER:
        *number_in(d, feature->bit) = 1;
        break;
    default:
        g_assert_not_reached();
    }
}

static TwOpSet performed(const TwProgram *program, const TwTrace *trace)
{
    TwOpSet set = {{0}};

    for (unsigned i = 0; i < program->n_setup; i++) {
        tw_ops_add(&set, program->setup[i].code);
    }
    for (unsigned i = 0; i < program->n_script && i < trace->n_ops; i++) {
        if (trace->outcomes[i].status == TW_STATUS_DONE) {
            tw_ops_add(&set, program->script[i].code);
        }
    }
    return set;
}

static bool has_region(const TwProgram *program, unsigned kind)
{
    unsigned i = 0;

    while (i < program->n_regions && program->regions[i].kind != kind) {
        i++;
    }
    return i < program->n_regions;
}

static bool has_iommu(const TwProgram *program, unsigned kind)
{
    unsigned i = 0;

    while (i < program->n_iommus && program->iommus[i].kind != kind) {
        i++;
    }
    return i < program->n_iommus;
}

static bool uses(const TwFeature *feature, const TwDialect *dialect,
                 const TwProgram *program, const TwOpSet *done)
{
    TwDialect less = *dialect;

    switch (feature->kind) {
    case OPERATION:
        return tw_ops_has(done, feature->bit);
    case REGION:
        return has_region(program, feature->bit);
    case IOMMU:
        return has_iommu(program, feature->bit);
    case CONTENTS:
        return program->contents == feature->bit;
    default:
        take_away(&less, feature);
        return !tw_dialect_admits(&less, program, NULL, 0);
    }
}

void tw_features_count(const TwFeatures *features, const TwDialect *dialect,
                       const TwProgram *program, const TwTrace *trace,
                       uint64_t used[TW_MAX_FEATURES])
{
    TwOpSet done = performed(program, trace);

    for (unsigned i = 0; i < features->n; i++) {
        used[i] += uses(&features->at[i], dialect, program, &done);
    }
}
