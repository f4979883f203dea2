/* SPDX-License-Identifier: MIT */
/* See used.h. */
#include "oracle/walk/used.h"

/* TwTableSeer.see */
static void see(void *data, const TwTableSeen *seen)
{
    TwUsing *using = data;

    if (seen->level && seen->there && using->n < TW_MAX_LEVELS) {
        using->seen[using->n++] = *seen;
    }
}

const TwTableSeer *tw_using_start(TwUsing *using)
{
    using->seer = (TwTableSeer){see, using};
    using->n = 0;
    return &using->seer;
}

static TwUsedEntry *find(TwUsed *used, uint8_t iommu, unsigned level,
                         uint8_t block, uint64_t at)
{
    for (unsigned i = 0; i < used->n; i++) {
        TwUsedEntry *entry = &used->list[i];

        if (entry->iommu == iommu && entry->level == level &&
            entry->block == block && entry->at == at) {
            return entry;
        }
    }
    if (used->n == TW_MAX_USED) {
        used->overflow = true;
        return NULL;
    }
    used->list[used->n] = (TwUsedEntry){
        .at = at, .iommu = iommu, .level = (uint8_t)level, .block = block};
    return &used->list[used->n++];
}

void tw_using_end(const TwUsing *using, TwUsed *used, const TwWorld *world,
                  uint8_t iommu, uint8_t granted)
{
    const TwIommu *what = &world->program->iommus[iommu];

    if (what->kind != TW_IOMMU_PAGETABLE || what->pagetable.nested) {
        return;
    }
    for (unsigned i = 0; i < using->n; i++) {
        const TwTableSeen *seen = &using->seen[i];
        TwUsedEntry *entry;

        if (seen->t < world->now) {
            continue;
        }
        entry = find(used, iommu, seen->level,
                     world->program->regions[what->pagetable.tables].block,
                     seen->at);
        if (entry && granted && what->pagetable.updates_ad) {
            entry->used = true;
            entry->leaf |= i + 1 == using->n;
            entry->stores |= (granted & TW_W) != 0;
        }
    }
}

void tw_used_nested(TwUsed *used, uint8_t iommu, uint8_t level, uint8_t block,
                    uint64_t at)
{
    find(used, iommu, level, block, at);
}
