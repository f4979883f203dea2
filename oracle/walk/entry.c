/* SPDX-License-Identifier: MIT */
/*
 * Translations of an IOMMU: which index is asked, what records make of the
 * request, and the reads of entries of nested tables (LA-53),
 * each of which is a walk of its own.
 */
#include "oracle/walk/find.h"
#include "oracle/walk/used.h"
#include "oracle/walk/walk.h"
#include "oracle/world/iommu.h"

uint8_t tw_walk_index(const TwIommu *iommu, TwAttrs attrs)
{
    uint32_t index = 0;

    switch (iommu->select) {
    case TW_SELECT_SECURE:
        index = attrs & (TW_ATTR_SECURE | TW_ATTR_UNSPECIFIED) ? 0 : 1;
        break;
    case TW_SELECT_USER:
        index = attrs & TW_ATTR_USER ? 1 : 0;
        break;
    case TW_SELECT_SECURE_USER:
        index = attrs & (TW_ATTR_SECURE | TW_ATTR_UNSPECIFIED) ? 0 : 2;
        index += attrs & TW_ATTR_USER ? 1 : 0;
        break;
    case TW_SELECT_REQUESTER:
        index = attrs >> TW_ATTR_REQUESTER_SHIFT;
        break;
    default:
        break;
    }
    return index % iommu->indexes;
}

static bool answers(const TwRecord *record, const TwRequest *request)
{
    const TwRequest *r = &record->request;

    return r->granule == request->granule && r->iommu == request->iommu &&
           r->index == request->index && r->depth == request->depth &&
           r->table == request->table && r->asker == request->asker;
}

TwAsked tw_walk_asked(const TwRecords *records, const TwRequest *request,
                      uint8_t before, uint32_t t)
{
    unsigned n = records ? records->n : 0;
    TwAsked asked = {tw_parts_at(request->index, t), t, 0, false};

    if (request->table) {
        asked.combined = before;
    } else if (before & 1) { /* the second hop of what the first began */
        asked.combined = (uint8_t)(before + 1);
    }
    for (unsigned i = 0; i < n && !asked.combined && !request->table; i++) {
        if (records->list[i].both && answers(&records->list[i], request)) {
            asked.combined = (uint8_t)(2 * i + 1);
        }
    }
    if (asked.combined && !request->table) {
        asked.asked = records->list[(asked.combined - 1) / 2].parts.entry;
        asked.parts = tw_parts_at(request->index, asked.asked);
    }
    for (unsigned i = 0; i < n; i++) {
        const TwRecord *record = &records->list[i];

        if (!record->both && record->combined == asked.combined &&
            answers(record, request)) {
            asked.parts = record->parts;
            asked.recorded = true;
        }
    }
    return asked;
}

bool tw_walk_combined(const TwRecords *records)
{
    for (unsigned i = 0; records && i < records->n; i++) {
        if (records->list[i].both) {
            return true;
        }
    }
    return false;
}

/* The read of an entry of nested tables (LA-53) at work. */
typedef struct TableRead {
    const TwWorld *world;
    const TwIommu *iommu;
    uint8_t id;
    uint64_t granule; /* for which the tables are read */
    const TwLookUp *how;
    uint8_t level;
    uint32_t t;
    TwAttrs attrs;
    const TwSnapshot *snapshot;
    uint64_t entry;
    uint32_t since; /* of all links and bytes */
    uint16_t op;
} TableRead;

static bool read_entry(void *data, uint64_t address, unsigned level,
                       uint8_t domain, uint32_t t, uint64_t *entry,
                       uint32_t *since, uint16_t *op);
static bool read_bytes(TableRead *r, uint8_t space, uint64_t a, unsigned mask,
                       unsigned hops);

static void note_read(TableRead *r, uint32_t since, uint16_t op)
{
    if (since > r->since) {
        r->since = since;
        r->op = op;
    }
}

/* Bytes of an entry, at offsets x + k of an IOMMU, in one granule. */
static bool read_through(TableRead *r, uint8_t id, uint64_t x, unsigned mask,
                         unsigned hops)
{
    const TwIommu *iommu = &r->world->program->iommus[id];
    TwReads *reads = r->how->reads;
    unsigned first = tw_lowest(mask);
    TwRequest request = {
        .granule = (x + first) >> iommu->granule_lg,
        .asker = r->granule,
        .iommu = id,
        .index = tw_walk_index(iommu, r->attrs),
        .depth = r->how->depth,
        .table = TW_TABLE_HOP(r->level, hops),
    };
    TwAsked asked =
        tw_walk_asked(r->how->records, &request, r->how->combined, r->t);
    TwUsing using;
    TwTableReader reader = {.seer =
                                r->how->used ? tw_using_start(&using) : NULL};
    TwFound found = tw_iommu_translate(r->world, id, request.index, x + first,
                                       asked.parts, &reader);

    if (r->how->used) {
        tw_using_end(&using, r->how->used, r->world, id, 0);
    }
    if (reads && reads->n == TW_MAX_READS) {
        reads->crowded = true;
    } else if (reads) {
        reads->asked[reads->n] = r->t;
        reads->list[reads->n++] = request;
    }
    note_read(r, found.since, found.op);
    return found.perm & TW_R && !found.blocked &&
           read_bytes(r, found.space, found.out - first, mask, hops + 1);
}

/* The bytes of `mask` at a + k in a space. */
static bool read_bytes(TableRead *r, uint8_t space, uint64_t a, unsigned mask,
                       unsigned hops)
{
    const TwWorld *world = r->world;
    TwFind f;

    if (tw_find_resolve(&f, r->snapshot, space, a, mask) != mask) {
        return false;
    }
    for (unsigned i = 0; i < f.n; i++) {
        const TwHit *hit = &f.hits[i];
        const TwNode *node = &r->snapshot->nodes[hit->region];
        uint16_t op = TW_NO_OP;
        uint32_t since;
        uint64_t word;

        if (node->kind == TW_REGION_IOMMU) {
            const TwIommu *iommu = &world->program->iommus[node->iommu];
            unsigned left = hit->mask;

            if (hops == TW_MAX_TABLE_HOPS ||
                (iommu->kind == TW_IOMMU_PAGETABLE &&
                 iommu->pagetable.nested)) {
                return false;
            }
            while (left) {
                unsigned group =
                    tw_find_granule(hit->x, left, iommu->granule_lg);

                if (!read_through(r, node->iommu, hit->x, group, hops)) {
                    return false;
                }
                left &= ~group;
            }
            continue;
        }
        if (node->kind != TW_REGION_RAM && node->kind != TW_REGION_ROM) {
            return false;
        }
        word = world->ram.word(world->ram.data, node->block, hit->x, r->t, 0,
                               &since, &op);
        note_read(r, since, op);
        if (r->how->used && r->t >= world->now) {
            tw_used_nested(r->how->used, r->id, r->level, node->block, hit->x);
        }
        for (unsigned left = hit->mask; left; left &= left - 1) {
            unsigned k = tw_lowest(left);

            r->entry |= (word >> 8 * k & 0xff) << 8 * k;
        }
    }
    return true;
}

/* TwTableReader.read */
static bool read_entry(void *data, uint64_t address, unsigned level,
                       uint8_t domain, uint32_t t, uint64_t *entry,
                       uint32_t *since, uint16_t *op)
{
    TableRead *r = data;
    bool there;

    r->level = (uint8_t)level;
    r->attrs = tw_table_attrs(domain);
    r->t = t;
    r->snapshot = tw_world_snapshot(r->world, t);
    r->entry = 0;
    r->since = r->snapshot->tick;
    r->op = r->snapshot->op;
    there = address <= UINT64_MAX - 7 &&
            read_bytes(r, r->iommu->bypass_space, address, 0xff, 0);
    *entry = r->entry;
    *since = r->since;
    *op = r->op;
    return there;
}

TwFound tw_walk_translation(const TwWorld *world, uint8_t iommu, uint8_t index,
                            uint64_t x, TwParts parts, const TwLookUp *how)
{
    static const TwLookUp plain;
    const TwIommu *what = &world->program->iommus[iommu];
    TableRead r = {.world = world,
                   .iommu = what,
                   .id = iommu,
                   .granule = x >> what->granule_lg,
                   .how = how ? how : &plain};
    TwTableReader reader = {read_entry, &r, r.how->seer};

    return tw_iommu_translate(world, iommu, index, x, parts, &reader);
}
