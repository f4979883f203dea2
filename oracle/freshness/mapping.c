/* SPDX-License-Identifier: MIT */
/*
 * Cached DMA mappings; see mapping.h.  A run is found by ranges, not byte by
 * byte: each address on the way is looked up in what its space shows, and the
 * run is as long as the shortest of the ranges and granules that it lies in.
 */
#include "oracle/freshness/mapping.h"

#include "oracle/freshness/ask.h"
#include "oracle/walk/render.h"
#include "oracle/world/iommu.h"

/* Of what a mapping of that length (not 0) asks for: the last byte. */
static uint64_t last_byte(uint64_t length)
{
    return length == UINT64_MAX ? UINT64_MAX : length - 1;
}

/* Where the first byte of a run is at one step of its way. */
typedef struct Spot {
    uint64_t at; /* address in the space, then offset in the region */
    uint8_t space, region;
    bool readonly;
} Spot;

/* What the space shows at the spot's address; *last, the last byte of the run,
 * counted from its first, is cut down to what continues it.  False: a hole. */
static bool look_up(const TwSnapshot *snapshot, Spot *spot, uint64_t *last,
                    bool *unknown)
{
    TwShown shown[TW_MAX_SHOWN];
    uint64_t end;
    unsigned n, i;
    bool iommu; /* whether the way to it is read-only is all the same */

    if (*last > UINT64_MAX - spot->at) {
        *last = UINT64_MAX - spot->at;
    }
    if (!tw_render(snapshot, spot->space, spot->at, spot->at + *last, shown,
                   TW_MAX_SHOWN, &n)) {
        *unknown = true;
        return false;
    }
    if (n == 0 || shown[0].first != spot->at) {
        return false;
    }
    iommu = snapshot->nodes[shown[0].region].kind == TW_REGION_IOMMU;
    end = shown[0].last;
    for (i = 1; i < n && shown[i].first == end + 1 &&
                shown[i].region == shown[0].region &&
                (shown[i].readonly == shown[0].readonly || iommu) &&
                shown[i].offset - shown[0].offset == end + 1 - spot->at;
         i++) {
        end = shown[i].last;
    }
    *last = end - spot->at;
    spot->region = shown[0].region;
    spot->readonly = shown[0].readonly;
    spot->at = shown[0].offset;
    return true;
}

/* Through the IOMMU at the spot, after `depth` others; false: it refuses. */
static bool translate(const TwWorld *world, const TwMapping *mapping,
                      TwTimes times, uint8_t id, Spot *spot, unsigned depth,
                      uint8_t *combined, TwMappingRun *run)
{
    const TwIommu *iommu = &world->program->iommus[id];
    uint8_t index = tw_walk_index(iommu, mapping->attrs);
    uint64_t granule = spot->at >> iommu->granule_lg;
    uint64_t low = ((uint64_t)1 << iommu->granule_lg) - 1;
    TwRequest request = {.granule = granule,
                         .iommu = id,
                         .index = index,
                         .depth = (uint8_t)depth};
    TwAsked asked =
        tw_walk_asked(times.records, &request, *combined, times.then);
    TwLookUp how = {.records = times.records,
                    .depth = (uint8_t)depth,
                    .combined = asked.combined};
    TwFound found =
        tw_walk_translation(world, id, index, spot->at, asked.parts, &how);

    *combined = asked.combined;
    if (run->last > low - (spot->at & low)) {
        run->last = low - (spot->at & low);
    }
    if (found.blocked || !(found.perm & (mapping->write ? TW_W : TW_R))) {
        return false; /* a blocked device has no bytes (LA-32) */
    }
    run->hops[depth].iommu = id;
    run->hops[depth].index = index;
    run->hops[depth].first = spot->at;
    run->n_hops = (uint8_t)(depth + 1);
    spot->space = found.space;
    spot->at = found.out;
    return true;
}

/* LA-22: bytes rather than callbacks, and a store is not discarded. */
static bool is_direct(const TwNode *node, const Spot *spot, bool write)
{
    switch (node->kind) {
    case TW_REGION_RAM:
    case TW_REGION_ROM:
    case TW_REGION_RAM_DEVICE:
        return !write || !spot->readonly;
    case TW_REGION_ROMD:
        return !write && node->romd_mode;
    default:
        return false;
    }
}

void tw_mapping_run(const TwWorld *world, const TwMapping *mapping,
                    TwTimes times, TwMappingRun *run)
{
    const TwSnapshot *snapshot = tw_world_snapshot(world, times.then);
    Spot spot = {.at = mapping->addr, .space = mapping->space};
    uint8_t combined = 0;

    run->any = run->unknown = false;
    run->n_hops = 0;
    if (mapping->length == 0) {
        return;
    }
    run->last = last_byte(mapping->length);
    for (unsigned depth = 0;; depth++) {
        const TwNode *node;

        if (!look_up(snapshot, &spot, &run->last, &run->unknown)) {
            return;
        }
        node = &snapshot->nodes[spot.region];
        if (node->kind != TW_REGION_IOMMU) {
            run->any = is_direct(node, &spot, mapping->write);
            break;
        }
        if (depth == world->program->hops ||
            !translate(world, mapping, times, node->iommu, &spot, depth,
                       &combined, run)) {
            return;
        }
    }
    for (unsigned i = 0; i < run->n_hops; i++) {
        run->hops[i].last = run->hops[i].first + run->last;
    }
}

const TwMapping *tw_mapping_of(const TwWorld *world, const TwOp *op)
{
    const TwMapping *mapping;
    uint64_t from, more = op->size - 1;

    if (!(op->flags & TW_OPF_VIA)) {
        return NULL;
    }
    mapping = &world->mappings[op->other];
    from = op->addr - mapping->addr;
    return mapping->space == op->obj && mapping->attrs == op->attrs &&
                   mapping->write == (op->code == TW_OP_DMA_WRITE) &&
                   op->addr >= mapping->addr && mapping->length > more &&
                   from <= last_byte(mapping->length) - more
               ? mapping
               : NULL;
}

/* Does the event end a mapping that has that run?  The contract says which
 * events do. */
static bool ends(const TwWorld *world, const TwEnding *ending,
                 const TwMappingRun *run)
{
    uint64_t page_1 = world->page_size - 1;
    uint8_t promised = world->contract.mapping_ends;

    switch (ending->kind) {
    case TW_ENDING_RESTORE:
        return true;
    case TW_ENDING_COMMIT:
        return promised & TW_ENDS_COMMIT;
    case TW_ENDING_UNMAP:
    case TW_ENDING_RESET:
        break;
    default:
        return false;
    }
    if (!(promised &
          (ending->kind == TW_ENDING_RESET ? TW_ENDS_RESET : TW_ENDS_UNMAP))) {
        return false;
    }
    for (unsigned i = 0; i < run->n_hops; i++) {
        if (run->hops[i].iommu == ending->object &&
            (ending->kind == TW_ENDING_RESET ||
             (run->hops[i].index == ending->index &&
              (run->hops[i].first & ~page_1) <= ending->last &&
              (run->hops[i].last | page_1) >= ending->first))) {
            return true;
        }
    }
    return false;
}

/* The first event after time t, up to the question, that ends the run. */
static const TwEnding *ended_by(const TwAsk *ask, const TwMappingRun *run,
                                uint32_t t)
{
    const TwEnding *first = NULL;

    for (uint32_t i = ask->n_endings; i > 0; i--) {
        const TwEnding *ending = &ask->world->endings[i - 1];

        if (ending->tick <= t) {
            break;
        }
        if (ends(ask->world, ending, run)) {
            first = ending;
        }
    }
    return first;
}

uint32_t tw_ask_mapped_since(const TwAsk *ask)
{
    const TwMapping *mapping = ask->access->mapping;

    for (uint32_t i = ask->n_endings; i > 0; i--) {
        const TwEnding *ending = &ask->world->endings[i - 1];

        if (ending->tick <= mapping->made) {
            break;
        }
        if (ending->kind == TW_ENDING_RESTORE ||
            (ending->kind == TW_ENDING_COMMIT &&
             ask->world->contract.mapping_ends & TW_ENDS_COMMIT)) {
            return ending->tick;
        }
    }
    return mapping->made;
}

TwFacts tw_ask_judge_mapping(const TwAsk *ask, TwTimes times,
                             const TwNewer *newer)
{
    const TwMapping *mapping = ask->access->mapping;
    uint64_t end = ask->access->addr - mapping->addr + (ask->access->size - 1);
    const TwEnding *ending = NULL;
    TwMappingRun run;
    bool serves;

    tw_mapping_run(ask->world, mapping, times, &run);
    ask->answers->overflow |= run.unknown && !ask->ever;
    serves = run.any && run.last >= end && times.then >= mapping->made;
    if (serves) {
        ending = ended_by(ask, &run, times.then);
    }
    return (TwFacts){
        .times = times,
        .since = TW_FOREVER,
        .until = times.then,
        .slot = TW_SLOT_FULL,
        .cacheable = serves,
        .by_mapping = serves,
        .allowed = serves && !ending,
        .link = newer->link,
        .changed = newer->op,
        .event = ending ? tw_ask_event_key(ending) : TW_KEY_EVENT_NONE,
        .ended = ending ? ending->op : TW_NO_OP,
        .filled = serves ? mapping->op : TW_NO_OP,
    };
}
