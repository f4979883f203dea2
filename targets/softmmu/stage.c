/* SPDX-License-Identifier: MIT */
/*
 * The hops of a walk, and combined records (LA-54).  Where two IOMMUs with
 * IOTLBs follow each other, the first keeps what both have said of a granule,
 * if the granule lies whole in one of the second.  Such a pair then answers
 * both hops: the space between them is not looked at.
 */
#include "targets/softmmu/internal.h"

/* Whose records answer that index of an IOMMU now; false: none do. */
static bool stage_whose(const Machine *m, uint8_t id, uint8_t index,
                        uint8_t *whose)
{
    const Iommu *iommu = &m->iommus[id];
    const Context *context = iommu->iotlb.kept >> index & 1
                                 ? &iommu->iotlb.contexts[index]
                                 : &iommu->contexts[index];

    *whose = index;
    if (iommu->bypass) {
        return false;
    }
    if (iommu->kind == &iommu_pagetable) {
        *whose = context->domain;
        return context->mode == TW_CONTEXT_TABLES;
    }
    return true;
}

/* The pair for an offset, or NULL. */
static const IotlbPair *stage_find(const Machine *m, uint8_t id, uint8_t whose,
                                   uint64_t offset, TwAttrs attrs)
{
    const Iommu *iommu = &m->iommus[id];
    uint64_t granule = offset >> iommu->granule_lg;

    for (unsigned i = 0; i < IOTLB_PAIRS; i++) {
        const IotlbPair *pair = &iommu->iotlb.pairs[i];

        if (pair->valid && pair->granule == granule && pair->whose == whose &&
            (!(m->marking & (pair->first.lacks | pair->second.lacks)) ||
             TW_BUG(m, COMBINED_IGNORES_DIRTY)) &&
            iommu_index(m, &m->iommus[pair->behind], attrs) == pair->index) {
            return pair;
        }
    }
    return NULL;
}

/* Keeps the pair that `what` completes, of the byte of `leaf`, if its whole
 * granule goes the same way. */
static void stage_keep(Machine *m, const Stage *stage, const Leaf *leaf,
                       uint8_t index, uint8_t whose, Translation what)
{
    IotlbPair pair = stage->pair;
    Iommu *from = &m->iommus[stage->from];
    uint8_t id = m->program->regions[leaf->region].iommu;
    unsigned lg = m->iommus[id].granule_lg;
    uint64_t low = low_mask(from->granule_lg);
    bool container = m->access.container; /* resolve() notes it */
    Leaf first = resolve(m, pair.first.space, pair.first.addr);

    m->access.container = container;
    pair.offset = leaf->offset - stage->low;
    if (first.region != leaf->region || first.offset != pair.offset ||
        first.more < low || pair.offset >> lg != (pair.offset + low) >> lg ||
        !allocate(m, "a combined record of an IOTLB")) {
        return;
    }
    pair.second = what;
    pair.second.addr -= stage->low;
    pair.second.perm |= TW_BUG(m, COMBINED_HAS_FIRST_RIGHTS) ? TW_W : 0;
    pair.region = leaf->region;
    pair.behind = id;
    pair.index = index;
    pair.behind_whose = whose;
    pair.valid = true;
    m->paired = true;
    from->iotlb.pairs[pair.granule % IOTLB_PAIRS] = pair;
}

/* The leaf at an address of a walk: an IOMMU that a pair is about, or what the
 * space shows. */
static bool stage_knows(const Stage *stage, Leaf *leaf)
{
    if (!stage->used) {
        return false;
    }
    *leaf = (Leaf){.region = stage->pair.region,
                   .section = 1,
                   .offset = stage->pair.offset + stage->low};
    return true;
}

static Leaf stage_resolve(Machine *m, const Stage *stage, uint8_t space,
                          uint64_t addr)
{
    Leaf leaf;

    if (!stage_knows(stage, &leaf)) {
        return resolve(m, space, addr);
    }
    leaf.more = low_mask(m->iommus[stage->from].granule_lg) - stage->low;
    return leaf;
}

/* The first hop of a pair, whose second is to follow. */
static Translation stage_answer(Machine *m, Stage *stage, const IotlbPair *pair,
                                const Leaf *leaf, uint8_t id)
{
    Translation what = pair->first;

    count(m, TW_COUNT_COMBINED);
    TELL(m, "iotlb",
         "i%u 0x%" PRIx64 " of %u: a combined record, with i%u 0x%" PRIx64
         ", of s%u 0x%" PRIx64 " %s",
         id, leaf->offset, pair->whose, pair->behind, pair->offset,
         pair->second.space, pair->second.addr,
         rights_name(pair->first.perm & pair->second.perm));
    stage->pair = *pair;
    what.addr += stage->low;
    return what;
}

/* The same where the IOMMU has an IOTLB, or a pair has answered. */
static Translation stage_record(Machine *m, Stage *stage, const Leaf *leaf,
                                uint8_t index, TwAttrs attrs, unsigned hops)
{
    uint8_t id = m->program->regions[leaf->region].iommu;
    const IotlbPair *pair = NULL;
    uint8_t whose;
    bool keeps, second = stage->begun;
    Stage before;
    Translation what;

    if (stage->used) {
        stage->used = false;
        what = stage->pair.second;
        what.addr += stage->low;
        return what;
    }
    stage->begun = false;
    keeps = stage_whose(m, id, index, &whose);
    if (keeps && m->paired && hops + 2 <= m->program->hops) {
        pair = stage_find(m, id, whose, leaf->offset, attrs);
    }
    before = *stage;
    stage->used = pair != NULL;
    stage->from = id;
    stage->low = leaf->offset & low_mask(m->iommus[id].granule_lg);
    if (pair != NULL) {
        return stage_answer(m, stage, pair, leaf, id);
    }
    what = iommu_translate(m, id, index, leaf->offset);
    if (second && keeps && what.perm != 0) {
        stage_keep(m, &before, leaf, index, whose, what);
    }
    stage->begun = keeps && what.perm != 0;
    stage->pair =
        (IotlbPair){.first = what,
                    .granule = leaf->offset >> m->iommus[id].granule_lg,
                    .whose = whose};
    stage->pair.first.addr &= ~low_mask(m->iommus[id].granule_lg);
    return what;
}

/* The translation at `leaf`, for that index, after `hops` others; by a pair
 * where there is one. */
static inline __attribute__((always_inline)) Translation
stage_translate(Machine *m, Stage *stage, const Leaf *leaf, uint8_t index,
                TwAttrs attrs, unsigned hops)
{
    uint8_t id = m->program->regions[leaf->region].iommu;

    if (stage->used || m->iommus[id].has_iotlb) {
        return stage_record(m, stage, leaf, index, attrs, hops);
    }
    stage->begun = false;
    return iommu_translate(m, id, index, leaf->offset);
}
