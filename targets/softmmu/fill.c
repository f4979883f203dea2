/* SPDX-License-Identifier: MIT */
/*
 * The fill (FI rules): walks one page for all its rights at once, and makes a
 * TLB entry of the answer, if one entry can hold it.  At each IOMMU a notifier
 * is armed before the IOMMU translates.
 */
#include "targets/softmmu/internal.h"

typedef enum Fill {
    FILL_DONE,     /* inserted; what it grants, it grants */
    FILL_DENIED,   /* no right is left: nothing to cache (TL-7) */
    FILL_UNCACHED, /* cannot be cached, or LOOP: walk */
    FILL_ONCE,     /* served from *entry, which is not inserted */
} Fill;

static bool leaf_is_iommu(const Machine *m, const Leaf *leaf)
{
    return leaf->region != TW_NONE &&
           m->regions[leaf->region].kind == TW_REGION_IOMMU;
}

/* TL-5: bytes are cached by the page, so they must start with one. */
static bool leaf_is_cacheable(const Machine *m, const Leaf *leaf)
{
    if ((leaf->offset & m->page_mask) == 0 || leaf->region >= REGION_BLOCKED) {
        return true;
    }
    switch (m->regions[leaf->region].kind) {
    case TW_REGION_RAM:
    case TW_REGION_ROM:
    case TW_REGION_ROMD:
    case TW_REGION_RAM_DEVICE:
        return false;
    default:
        return true;
    }
}

/* TL-14: a store through it is the first to its page that is noted. */
static bool leaf_is_clean(Machine *m, const Leaf *leaf)
{
    uint8_t block;

    if (m->dirty.n_blocks == 0 || leaf->region >= REGION_BLOCKED) {
        return false;
    }
    block = m->program->regions[leaf->region].block;
    return dirty_logged(m, block) &&
           dirty_find(m, block, leaf->offset & ~m->page_mask) == NULL;
}

static void entry_set_leaf(TlbEntry *entry, const Leaf *leaf)
{
    entry->region = leaf->region;
    entry->flags = leaf->flags & FLAGS_LOCATION;
    entry->blocker = leaf->blocker;
    entry->offset = leaf->offset;
}

/*
 * From the page of `leaf`, an IOMMU, to the page behind it.  *prot loses what
 * this hop does not grant (FI-1); granted is what the page map does.
 */
static Fill fill_hop(Machine *m, uint8_t c, const TwMmuIndex *mmu, Stage *stage,
                     const Leaf *leaf, uint8_t granted, uint8_t *prot,
                     TlbEntry *entry, Translation *t)
{
    uint8_t id = m->program->regions[leaf->region].iommu;
    uint8_t index = iommu_index(m, &m->iommus[id], mmu->attrs);
    uint8_t rights, before;

    if ((entry->n_hops == 0 || !TW_BUG(m, SECOND_HOP_UNREGISTERED)) &&
        !cpu_arm(m, c, id, index)) {
        return FILL_UNCACHED; /* IW-11 */
    }
    if ((m->iommus[id].granule_lg < m->page_lg &&
         !TW_BUG(m, SMALL_GRANULE_CACHED)) ||
        (leaf->offset & m->page_mask)) { /* FI-2 */
        return FILL_UNCACHED;
    }
    if (m->marks) {
        m->marking =
            m->access.need & ~*prot ? 0 : marking_rights(m->access.need);
    }
    *t = stage_translate(m, stage, leaf, index, mmu->attrs, entry->n_hops);
    if (m->marks) {
        m->marking = 0;
        entry->lacks |= t->lacks;
    }
    rights = (t->perm & TW_R ? TW_R | TW_X : 0) | (t->perm & TW_W);
    if (m->access.need & ~rights && m->access.denial.kind == TW_REASON_NONE) {
        m->access.denial =
            hop_reason(m, id, entry->n_hops > 0 ? entry->hop_iommu[0] : id, t,
                       leaf->offset);
    }
    before = *prot;
    *prot &= rights;
    zoo_rights_left(m, entry, granted, before, rights, prot);
    if (*prot == 0) {
        return zoo_fills_garbage(m, mmu->space, leaf->offset, entry)
                   ? FILL_ONCE
                   : FILL_DENIED;
    }
    if (t->addr & m->page_mask) { /* not where a page starts */
        return FILL_UNCACHED;
    }
    if (entry->n_hops < MAX_ENTRY_HOPS) {
        entry->hop_iommu[entry->n_hops] = id;
        entry->hop_index[entry->n_hops] = index;
        entry->hop_page[entry->n_hops] = leaf->offset;
        zoo_forget_visit(m, entry, entry->n_hops);
    }
    entry->n_hops++;
    return FILL_DONE;
}

/*
 * From page *at, in the CPU's space, through all IOMMUs to the page behind
 * them: entry->tail, or *leaf.  *prot and granted: as for one hop.
 */
static Fill fill_walk(Machine *m, uint8_t c, const TwMmuIndex *mmu,
                      uint8_t granted, uint8_t *prot, TlbEntry *entry,
                      Translation *at, Leaf *leaf)
{
    Stage stage;

    stage.begun = stage.used = false;
    entry->n_hops = entry->lacks = 0;
    at->addr &= TW_BUG(m, ADDRESS_OF_32_BITS) ? UINT32_MAX : UINT64_MAX;
    for (;;) {
        Fill hop;

        entry->tail = !stage_knows(&stage, leaf) &&
                      !resolve_page(m, at->space, at->addr, leaf);
        zoo_see_through(m, at, entry, leaf);
        if (entry->tail || !leaf_is_iommu(m, leaf)) {
            note_peak(m, TW_PEAK_HOPS, entry->n_hops);
            return FILL_DONE;
        }
        if (entry->n_hops == m->program->hops) { /* IW-8: not cached */
            return FILL_UNCACHED;
        }
        leaf->offset = TW_BUG(m, IOMMU_GETS_ADDRESS) ? at->addr : leaf->offset;
        hop = fill_hop(m, c, mmu, &stage, leaf, granted, prot, entry, at);
        if (hop != FILL_DONE) {
            return hop;
        }
        if (at->blocked) {
            note_peak(m, TW_PEAK_HOPS, entry->n_hops);
            *leaf = leaf_blocked(m, leaf);
            return FILL_DONE;
        }
    }
}

/* Where the walk ended becomes where the entry leads; false: no entry can lead
 * there. */
static bool fill_leaf(Machine *m, const TwMmuIndex *mmu, const Translation *at,
                      TlbEntry *entry, Leaf *leaf)
{
    if (entry->tail) {
        entry->space = at->space;
        entry->offset = at->addr;
        return true;
    }
    if (!leaf_is_cacheable(m, leaf) && !zoo_aligns(m, leaf)) {
        return false;
    }
    zoo_mistake_leaf(m, mmu->space, entry, leaf);
    entry_set_leaf(entry, leaf);
    return true;
}

/* The rights that A and D do not stand in the way of (FR-13). */
static uint8_t entry_serves(Machine *m, const TlbEntry *entry)
{
    uint8_t lacks = TW_BUG(m, FILL_IGNORES_DIRTY) ? 0 : entry->lacks;

    return (uint8_t) ~(lacks | (lacks & TW_R ? TW_X : 0));
}

/*
 * Fills `page` of (c, index), all of which the page-map assignment `span`
 * governs.  `entry` is scratch.
 */
static Fill fill(Machine *m, uint8_t c, uint8_t index, uint64_t page,
                 const Span *span, TlbEntry *entry)
{
    const TwMmuIndex *mmu = &m->program->cpus[c].mmu[index];
    Tlb *tlb = &m->cpus[c].tlbs[index];
    uint64_t epoch = m->cpus[c].epoch; /* FR-6 */
    Translation at = {.addr = span->out + (page - span->first),
                      .space = mmu->space};
    uint8_t prot = span->perm;
    Leaf leaf;
    Fill walked;

    zoo_flush_first(m, tlb);
    if (span->lg > m->page_lg) {
        TELL(m, "large",
             "%s page 0x%" PRIx64 " is part of a page of 0x%" PRIx64
             " bytes (TL-10)",
             tlb_name(m, tlb).text, page, low_mask(span->lg) + 1);
        tlb_add_large(m, tlb, page, span->lg);
    }
    entry->filled = m->silent.n;
    entry->clean = false; /* FILL_ONCE does not get to where it is known */
    walked = fill_walk(m, c, mmu, span->perm, &prot, entry, &at, &leaf);
    if (walked != FILL_DONE) {
        zoo_insert_denied(m, tlb, page, entry, walked == FILL_DENIED);
        return walked;
    }
    if (!fill_leaf(m, mmu, &at, entry, &leaf)) {
        return FILL_UNCACHED;
    }
    perform_during(m);
    entry->clean = !entry->tail && leaf_is_clean(m, &leaf);
    if (m->marks && (prot &= entry_serves(m, entry)) == 0) {
        return FILL_DENIED; /* the access is, too: else nothing would lack */
    }
    if ((m->cpus[c].epoch != epoch && !TW_BUG(m, EPOCH_IGNORED)) ||
        !allocate(m, "a TLB entry")) {
        return FILL_UNCACHED;
    }
    prot |= zoo_other_rights(m, prot);
    entry->cmp[CMP_R] = prot & TW_R ? page : CMP_NONE;
    entry->cmp[CMP_W] = prot & TW_W ? page : CMP_NONE;
    entry->cmp[CMP_X] = prot & TW_X ? page : CMP_NONE;
    tlb_insert(m, tlb, page, entry);
    return FILL_DONE;
}
