/* SPDX-License-Identifier: MIT */
/* See combined.h. */
#include "oracle/freshness/combined.h"

#include "oracle/freshness/endings.h"

/* Adds the IOMMUs with IOTLBs that a region shows, as bits. */
static void add_shown(const TwWorld *world, const TwSnapshot *snapshot,
                      uint8_t r, bool seen[TW_MAX_REGIONS], uint32_t *iommus)
{
    const TwNode *node = &snapshot->nodes[r];

    if (seen[r] || !node->shown) {
        return;
    }
    seen[r] = true;
    if (node->kind == TW_REGION_IOMMU &&
        world->program->iommus[node->iommu].iotlb) {
        *iommus |= 1u << node->iommu;
    }
    if (node->kind == TW_REGION_ALIAS) {
        add_shown(world, snapshot, node->target, seen, iommus);
        return;
    }
    for (uint8_t c = node->first_child; c != TW_NONE;
         c = snapshot->nodes[c].next_sibling) {
        add_shown(world, snapshot, c, seen, iommus);
    }
}

/* The IOMMUs with IOTLBs that may be behind one, as bits. */
static uint32_t behind(const TwWorld *world, uint8_t id, uint32_t asked)
{
    const TwIommu *iommu = &world->program->iommus[id];
    const TwSnapshot *snapshot = tw_world_snapshot(world, asked);
    bool seen[TW_MAX_REGIONS] = {false};
    uint32_t iommus = 0;

    if (iommu->kind != TW_IOMMU_PAGETABLE) {
        return UINT32_MAX; /* its entries may lead to any space */
    }
    if (iommu->bypass_space < TW_MAX_SPACES &&
        snapshot->root[iommu->bypass_space] != TW_NONE) {
        add_shown(world, snapshot, snapshot->root[iommu->bypass_space], seen,
                  &iommus);
    }
    return iommus;
}

/* May the event end a record of a single IOMMU, and not a combined one of which
 * this IOMMU gave the second part? */
static bool parts_them(const TwWorld *world, const TwEnding *ending)
{
    const uint8_t *commands = world->contract.commands;

    switch (ending->kind) {
    case TW_ENDING_COMMAND:
        return commands[ending->scope] & ~TW_RECORD_COMBINED &&
               !(commands[ending->scope] & TW_RECORD_COMBINED);
    case TW_ENDING_UNMAP:
        return world->program->iommus[ending->object].kind == TW_IOMMU_TABLE &&
               (~commands[TW_SCOPE_RANGE] | ~commands[TW_SCOPE_DOMAIN]) &
                   TW_RECORD_COMBINED;
    default:
        return false;
    }
}

/*
 * Two parts of one time that nothing has happened to since say the same by
 * records of their own.  The last thing up to `asked` that ends records of one
 * of the IOMMUs `seconds`, but perhaps no combined one, or lets them not be
 * found; 0: none.
 */
static uint32_t last_gap(const TwAsk *ask, uint32_t seconds, uint32_t asked)
{
    const TwWorld *world = ask->world;
    uint32_t gap = 0;

    if (!(world->contract.iotlb & TW_IOTLB_ENTRIES)) {
        return seconds ? asked : 0;
    }
    for (uint32_t i = ask->n_endings; i > 0; i--) {
        const TwEnding *ending = &world->endings[i - 1];

        if (ending->tick <= asked && parts_them(world, ending) &&
            seconds >> ending->object & 1) {
            gap = ending->tick;
            break;
        }
    }
    for (unsigned i = 0; i < world->program->n_iommus; i++) {
        const TwIommu *iommu = &world->program->iommus[i];

        if (iommu->kind != TW_IOMMU_PAGETABLE || !iommu->iotlb ||
            !(seconds >> i & 1)) {
            continue;
        }
        for (unsigned k = 0; k < iommu->indexes; k++) {
            TwContext context =
                tw_iommu_context(world, (uint8_t)i, (uint8_t)k, asked);

            gap = context.since > gap ? context.since : gap;
        }
    }
    return gap;
}

/* The last event up to `asked` that ends all combined records of an IOMMU. */
static uint32_t last_reset(const TwAsk *ask, uint8_t iommu, uint32_t asked)
{
    for (uint32_t i = ask->n_endings; i > 0; i--) {
        const TwEnding *ending = &ask->world->endings[i - 1];

        if (ending->tick <= asked && ending->kind == TW_ENDING_RESET &&
            ending->object == iommu) {
            return ending->tick;
        }
    }
    return 0;
}

/* Do bytes of the walk go through another granule at that depth, or through
 * this one by a combined record?  What lies behind may be one granule for both,
 * where a combined record of the first leaves the others another answer: then
 * it says more than single records. */
static bool has_company(const TwWalk *walk, unsigned h)
{
    const TwHop *hop = &walk->hops[h];

    for (unsigned i = 0; i < walk->n_hops; i++) {
        const TwHop *other = &walk->hops[i];

        if (other->depth == hop->depth &&
            (other->iommu != hop->iommu || other->index != hop->index ||
             other->granule != hop->granule ||
             other->combined != hop->combined)) {
            return true;
        }
    }
    return false;
}

bool tw_combined_begins(const TwAsk *ask, bool ended_too, const TwWalk *walk,
                        TwTimes times, unsigned h, TwCombined *combined)
{
    const TwWorld *world = ask->world;
    const TwHop *hop = &walk->hops[h];
    uint32_t seconds, gap, reset;
    uint32_t restored = tw_older_restored(ask, hop->asked);
    uint32_t commit = tw_world_snapshot(world, hop->asked)->tick;

    if (!(world->contract.iotlb & TW_IOTLB_COMBINED) || hop->combined ||
        !world->program->iommus[hop->iommu].iotlb ||
        hop->depth + 1u >= world->program->hops ||
        (hop->depth < times.hops) != (hop->depth + 1 < times.hops) ||
        tw_iommu_bypassed(world, hop->iommu, hop->asked)) {
        return false;
    }
    seconds = behind(world, hop->iommu, hop->asked);
    gap = seconds && has_company(walk, h) ? hop->asked + 1
                                          : last_gap(ask, seconds, hop->asked);
    reset = ended_too ? 0 : last_reset(ask, hop->iommu, hop->asked);
    *combined = (TwCombined){
        .record = {.request = {.granule = hop->granule,
                               .iommu = hop->iommu,
                               .index = hop->index,
                               .depth = hop->depth},
                   .both = true},
        .newest = gap ? gap - 1 : 0,
        .oldest = restored > commit ? restored : commit,
        .hop = h,
        .asked = hop->asked,
    };
    if (combined->oldest < reset) {
        combined->oldest = reset;
    }
    return gap && combined->newest >= combined->oldest;
}

/* One of the two parts. */
typedef struct Part {
    TwRecordKey key;
    bool entry; /* it is one: neither bypass nor a context without tables */
} Part;

/* The hop of the walk that has this number in a combined record, or NULL: there
 * is none, or several. */
static const TwHop *only_hop(const TwWalk *walk, unsigned number)
{
    const TwHop *only = NULL;

    for (unsigned h = 0; h < walk->n_hops; h++) {
        const TwHop *hop = &walk->hops[h];

        if (hop->combined != number) {
            continue;
        }
        if (only && (only->iommu != hop->iommu || only->index != hop->index ||
                     only->granule != hop->granule)) {
            return NULL;
        }
        only = hop;
    }
    return only;
}

static Part part_of(const TwWorld *world, const TwHop *hop,
                    const TwRecords *records, uint8_t kind)
{
    const TwIommu *iommu = &world->program->iommus[hop->iommu];
    uint64_t x = hop->granule << iommu->granule_lg, low;
    TwRequest request = {.granule = hop->granule,
                         .iommu = hop->iommu,
                         .index = hop->index,
                         .depth = hop->depth};
    TwParts parts = tw_walk_asked(records, &request,
                                  hop->combined & 1 ? 0 : hop->combined - 1, 0)
                        .parts;
    TwLookUp how = {
        .records = records, .depth = hop->depth, .combined = hop->combined};
    TwFound found =
        tw_walk_translation(world, hop->iommu, hop->index, x, parts, &how);
    unsigned lg = found.lg ? found.lg : iommu->granule_lg;
    Part part = {
        .key = {.kind = kind, .iommu = hop->iommu, .index = hop->index},
        .entry = hop->present && iommu->iotlb && found.entry,
    };

    low = lg < 64 ? ((uint64_t)1 << lg) - 1 : UINT64_MAX;
    part.key.first = x & ~low;
    part.key.last = x | low;
    part.key.domain = found.domain;
    return part;
}

bool tw_combined_says(const TwAsk *ask, bool ended_too, const TwWalk *walk,
                      const TwRecords *records, unsigned k, uint32_t asked,
                      const TwEnding **ended, TwChange *change)
{
    const TwWorld *world = ask->world;
    const TwRecord *record = &records->list[k];
    TwOlderAsk question = {.ask = ask,
                           .ended_too = ended_too,
                           .asked = asked,
                           .iommu = record->request.iommu,
                           .index = record->request.index};
    const TwHop *hops[2] = {only_hop(walk, 2 * k + 1),
                            only_hop(walk, 2 * k + 2)};
    Part first, second;

    *ended = NULL;
    if (!hops[0] || !hops[1] || !hops[0]->granted ||
        (!hops[1]->granted && !(world->contract.iotlb & TW_IOTLB_REFUSALS))) {
        return false;
    }
    first = part_of(world, hops[0], records, TW_RECORD_ENTRY);
    second = part_of(world, hops[1], records, TW_RECORD_COMBINED);
    if (!first.entry || !second.entry ||
        (world->program->iommus[question.iommu].kind == TW_IOMMU_PAGETABLE &&
         !(world->contract.iotlb & TW_IOTLB_BY_INDEX) &&
         !tw_older_names(&question, first.key.domain, change))) {
        return false;
    }
    for (uint32_t i = ask->n_endings; i > 0; i--) {
        const TwEnding *ending = &world->endings[i - 1];

        if (ending->tick <= record->parts.entry) {
            break;
        }
        if (ending->tick <= asked &&
            (tw_ending_covers_record(world, ending, &first.key) ||
             tw_ending_covers_record(world, ending, &second.key))) {
            *ended = ending;
        }
    }
    return true;
}
