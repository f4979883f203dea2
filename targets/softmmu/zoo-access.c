/* SPDX-License-Identifier: MIT */
/*
 * Hooks of the zoo in accesses (zoo-hooks.h).
 */
#include "targets/softmmu/zoo-hooks.h"

/* Its IOMMU was met before. */
PART bool zoo_refuses_hop(Machine *m, const Path *path)
{
    const Hop *last = &path->hops[path->n - 1];

    for (const Hop *hop = path->hops;
         TW_BUG(m, IOMMU_TWICE_IS_LOOP) && hop < last; hop++) {
        if (hop->iommu == last->iommu) {
            refuse(&m->access, TW_CLASS_LOOP);
            return true;
        }
    }
    return false;
}

PART bool zoo_refuses_upgrade(Machine *m, const Tlb *tlb, uint64_t page)
{
    if (!TW_BUG(m, UPGRADE_NEEDS_UNMAP) ||
        !entry_is_page(tlb, tlb_slot(m, tlb, page), page, UINT64_MAX)) {
        return false;
    }
    refuse(&m->access, TW_CLASS_DECODE_ERROR);
    return true;
}

/* It has some right, and leads to RAM. */
PART bool zoo_serves_refused(const Machine *m, const TlbEntry *entry)
{
    return TW_BUG(m, REFUSED_RIGHT_SERVED) && !entry->tail &&
           entry->region < m->program->n_regions &&
           m->regions[entry->region].kind == TW_REGION_RAM &&
           !(entry->flags & FLAG_READONLY);
}

PART bool zoo_is_gone(const Machine *m, uint8_t region)
{
    return TW_BUG(m, REMOVED_READS_ZERO) &&
           m->regions[region].container == TW_NONE &&
           m->program->regions[region].container != TW_NONE;
}

/* It is read from the page's slot, whatever has become of that since (TL-15).
 */
PART void zoo_look_up_late(Machine *m, uint8_t c, uint8_t index, uint64_t va)
{
    const Tlb *tlb = cpu_tlb(m, c, index);
    const TlbEntry *slot = tlb_slot(m, tlb, va & ~m->page_mask);
    Run *run = &m->access.runs[0];

    if (!TW_BUG(m, FIRST_HALF_LOOKED_UP_LATE) || !m->access.uncached ||
        m->access.n_runs == 0 || run->first > 0 || slot->tail ||
        slot->region >= m->program->n_regions) {
        return;
    }
    run->region = slot->region;
    run->flags = slot->flags;
    run->offset = slot->offset + (va & m->page_mask);
}

PART void zoo_refused_half(Machine *m, uint8_t worst)
{
    const Access *access = &m->access;

    for (unsigned i = 0; i < access->n_runs && TW_BUG(m, PAIR_HALF_PERFORMED) &&
                         worst > TW_CLASS_DEVICE_ERROR &&
                         access->class_ <= TW_CLASS_DEVICE_ERROR;
         i++) {
        run_effects(m, &access->runs[i]);
    }
}

PART void zoo_resolve_again(Machine *m, const TwOp *op, uint8_t worst)
{
    unsigned during = m->access.during;

    if (TW_BUG(m, PAIR_RESOLVED_LATE) && worst <= TW_CLASS_DEVICE_ERROR) {
        access_resolve(m, op, during);
    }
}

PART void zoo_resolve_early(Machine *m)
{
    Access outer;

    if (!TW_BUG(m, STARTED_EARLY) || m->started != 0) {
        return;
    }
    outer = m->access;
    for (unsigned i = 0; i < outer.n_actors; i++) {
        const TwActor *actor = &m->program->actors[outer.actor_order[i]];

        if (tw_op_is_dma(&actor->op) &&
            m->legality.space_live >> actor->op.obj & 1 &&
            !(actor->op.flags & TW_OPF_VIA)) {
            m->started = 1; /* for what the device refuses */
            m->busy = (TwRegionSet){{0}};
            tw_regions_add(&m->busy, actor->region);
            access_resolve(m, &actor->op, 0);
            m->early[i] = m->access;
            m->access = outer;
            m->started = 0;
        }
    }
}

PART const Access *zoo_resolved_early(const Machine *m, unsigned n)
{
    const TwOp *op = &m->program->actors[m->access.actor_order[n]].op;

    return TW_BUG(m, STARTED_EARLY) && m->started == 0 &&
                   !(op->flags & TW_OPF_VIA)
               ? &m->early[n]
               : NULL;
}

/* Whatever the way to it. */
static bool is_readonly_itself(const Machine *m, uint8_t region)
{
    return region < m->program->n_regions &&
           (m->regions[region].kind == TW_REGION_ROM ||
            m->regions[region].flags & FLAG_READONLY);
}

/* A CPU's store to a page of several parts. */
static bool is_subpage_store(const Machine *m)
{
    return TW_BUG(m, SUBPAGE_STORES_AS_DMA) && m->access.code == TW_OP_WRITE &&
           m->access.container;
}

PART bool zoo_refuses_readonly(const Machine *m, uint8_t region)
{
    return ((TW_BUG(m, ROM_DMA_DECODE_ERROR) &&
             m->access.code == TW_OP_DMA_WRITE) ||
            is_subpage_store(m)) &&
           is_readonly_itself(m, region);
}

PART uint8_t zoo_leaf_flags(const Machine *m, const Leaf *leaf)
{
    return ((TW_BUG(m, RO_ALIAS_DMA_WRITES) &&
             m->access.code == TW_OP_DMA_WRITE) ||
            is_subpage_store(m)) &&
                   !is_readonly_itself(m, leaf->region)
               ? leaf->flags & (uint8_t)~FLAG_READONLY
               : leaf->flags;
}

/* Stores the first part of a store that is refused, if that is not. */
static void store_first(Machine *m)
{
    Access *access = &m->access;
    uint8_t class_ = access->class_;
    bool taken;

    access->class_ = TW_CLASS_OK;
    check_run(m, &access->runs[0]);
    taken = access->class_ <= TW_CLASS_DEVICE_ERROR;
    access->class_ = class_;
    if (taken) {
        run_effects(m, &access->runs[0]);
    }
}

PART void zoo_refused_effects(Machine *m, TwOutcome *outcome)
{
    const Access *access = &m->access;

    if (access->class_ <= TW_CLASS_DEVICE_ERROR) {
        return;
    }
    if (TW_BUG(m, REFUSED_READS_ONES)) {
        outcome->value = UINT64_MAX >> (64 - 8 * access->size);
    }
    if (TW_BUG(m, PARTIAL_STORE) && access->need == TW_W &&
        access->n_runs > 0 && access->runs[0].first == 0 &&
        access->runs[0].length < access->size) {
        store_first(m);
    }
}

PART void zoo_device_read_on(Machine *m, const Run *run, unsigned k,
                             unsigned length)
{
    uint64_t offset = run->offset + k + length;

    if (TW_BUG(m, DEVICE_READ_TOO_WIDE) && !access_writes(&m->access) &&
        m->access.code != TW_OP_EXEC && length < 8) {
        tw_trace_add_log(
            m->trace, (TwLogRecord){.op = m->op,
                                    .kind = TW_LOG_READ,
                                    .region = run->region,
                                    .offset = offset,
                                    .byte = tw_device_byte(run->region, offset,
                                                           m->access.attrs),
                                    .attrs = m->access.attrs});
    }
}
