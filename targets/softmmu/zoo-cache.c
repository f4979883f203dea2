/* SPDX-License-Identifier: MIT */
/*
 * Hooks of the zoo in TLBs, in the queues of CPUs and in fills (zoo-hooks.h).
 */
#include "targets/softmmu/zoo-hooks.h"

/* TLBs and queues -------------------------------------------------------- */

PART void zoo_flush_first(Machine *m, Tlb *tlb)
{
    if (TW_BUG(m, FLUSH_BEFORE_FILL)) {
        tlb_flush(m, tlb);
    }
}

PART void zoo_make_room(Machine *m, Tlb *tlb, const TlbEntry *slot)
{
    if (TW_BUG(m, EMPTY_TO_VICTIMS) && slot->stamp != tlb->stamp &&
        tlb->n_victims > 0) {
        TlbEntry *victim = &tlb->victims[tlb->next_victim];

        tlb->n_live_victims -= victim->stamp == tlb->stamp;
        *victim = *slot;
        tlb->next_victim = (tlb->next_victim + 1) % tlb->n_victims;
    }
}

/* The entries changed places: all but their comparators changes back. */
PART void zoo_swap_sides(const Machine *m, TlbEntry *slot, TlbEntry *victim)
{
    TlbEntry swapped = *slot;

    if (!TW_BUG(m, SWAP_COMPARATORS_ONLY)) {
        return;
    }
    *slot = *victim;
    *victim = swapped;
    slot->stamp = swapped.stamp;
    victim->stamp = slot->stamp;
    for (unsigned t = 0; t < CMPS; t++) {
        victim->cmp[t] = slot->cmp[t];
        slot->cmp[t] = swapped.cmp[t];
    }
}

PART void zoo_restamp_victims(const Machine *m, Tlb *tlb, uint64_t before)
{
    if (!TW_BUG(m, VICTIMS_SURVIVE_FLUSH)) {
        return;
    }
    for (unsigned i = 0; i < tlb->n_victims; i++) {
        if (tlb->victims[i].stamp == before) {
            tlb->victims[i].stamp = tlb->stamp;
            tlb->dirty = true;
        }
    }
}

PART bool zoo_flushes_slot_only(const Machine *m, Tlb *tlb, uint64_t page)
{
    if (!TW_BUG(m, VICTIM_SURVIVES_PAGE_FLUSH)) {
        return false;
    }
    tlb_slot(m, tlb, page)->stamp = 0;
    return true;
}

PART bool zoo_misses_slot_only(const Machine *m, Tlb *tlb, uint64_t page)
{
    TlbEntry *slot = tlb_slot(m, tlb, page);

    if (!TW_BUG(m, VICTIM_COPY_LEFT)) {
        return false;
    }
    if (entry_is_page(tlb, slot, page, UINT64_MAX)) {
        slot->stamp = 0;
    }
    return true;
}

PART bool zoo_is_not_asked(const Machine *m, uint8_t c, uint8_t actor)
{
    return (TW_BUG(m, ONLY_ACTOR_FLUSHED) && actor != TW_BOARD && c != actor) ||
           (TW_BUG(m, ACTOR_NOT_FLUSHED) && c == actor) || /* not TX-8 */
           (TW_BUG(m, IDLE_CPU_NOT_FLUSHED) && actor == TW_BOARD);
}

/* Fills ------------------------------------------------------------------ */

PART void zoo_rights_left(const Machine *m, const TlbEntry *entry,
                          uint8_t granted, uint8_t before, uint8_t rights,
                          uint8_t *prot)
{
    if (TW_BUG(m, NO_RIGHT_ECHOED)) {
        *prot = 0;
    }
    if (TW_BUG(m, FILL_ASKS_FOR_READ)) {
        *prot &= TW_R | TW_X;
    }
    if (TW_BUG(m, FETCH_ALWAYS_GRANTED) && rights != 0) {
        *prot = before & (rights | TW_X);
    }
    if (TW_BUG(m, FIRST_HOP_RIGHTS_ONLY) && entry->n_hops > 0) {
        *prot = before;
    }
    if (TW_BUG(m, RIGHTS_NOT_ANDED)) {
        *prot = granted & rights;
    }
    if (TW_BUG(m, FILL_GIVES_UP_EARLY) && *prot != granted) {
        *prot = 0;
    }
}

PART uint8_t zoo_other_rights(const Machine *m, uint8_t prot)
{
    return (TW_BUG(m, WRITE_FOLLOWS_READ) && (prot & TW_R) ? TW_W : 0) |
           (TW_BUG(m, READ_FOLLOWS_WRITE) && (prot & TW_W) ? TW_R : 0) |
           (TW_BUG(m, FETCH_FOLLOWS_READ) && (prot & TW_R) ? TW_X : 0);
}

/* Whole pages are cleared by another way, which arms nothing. */
PART uint64_t zoo_arms_from(const Machine *m, uint64_t first, uint64_t last)
{
    bool whole = !((first | (last + 1)) & m->page_mask);

    return TW_BUG(m, WHOLE_PAGES_NOT_ARMED) && whole ? UINT64_MAX
           : TW_BUG(m, ONLY_END_ARMED)               ? last
                                                     : first;
}

/* The section of this number in the view of `space`. */
static Leaf foreign_section(const Machine *m, uint8_t space, unsigned section,
                            uint64_t offset)
{
    const View *view = m->published[space];
    Leaf leaf = leaf_hole(m->page_mask);

    if (section > 0 && section <= view->n) {
        leaf.region = view->ranges[section - 1].region;
        leaf.flags = view->ranges[section - 1].flags;
        leaf.offset = offset;
        if (leaf_is_iommu(m, &leaf)) { /* nothing that can be accessed */
            leaf.region = TW_NONE;
        }
    }
    return leaf;
}

/* A section number is left over from the denial. */
PART bool zoo_fills_garbage(const Machine *m, uint8_t space, uint64_t xlat,
                            TlbEntry *entry)
{
    unsigned n = MAX(m->published[space]->n, 1);
    Leaf leaf;

    if (!TW_BUG(m, GARBAGE_XLAT_ON_DENY)) {
        return false;
    }
    leaf = foreign_section(m, space, 1 + (xlat >> m->page_lg) % n, xlat);
    entry_set_leaf(entry, &leaf);
    return true;
}

/* Of an IOMMU that was met before, this hop is taken for the hop there. */
PART void zoo_forget_visit(const Machine *m, TlbEntry *entry, unsigned h)
{
    for (unsigned k = 0; TW_BUG(m, SECOND_VISIT_UNWATCHED) && k < h; k++) {
        if (entry->hop_iommu[k] == entry->hop_iommu[h] &&
            entry->hop_index[k] == entry->hop_index[h]) {
            entry->hop_page[h] = entry->hop_page[k];
        }
    }
}

PART void zoo_see_through(Machine *m, const Translation *at, TlbEntry *entry,
                          Leaf *leaf)
{
    if (TW_BUG(m, FILL_SEES_THROUGH) && entry->tail) {
        *leaf = resolve(m, at->space, at->addr);
        entry->tail = false;
    }
}

PART bool zoo_aligns(const Machine *m, Leaf *leaf)
{
    if (!TW_BUG(m, SHIFTED_RAM_ALIGNED)) {
        return false;
    }
    leaf->offset &= ~m->page_mask;
    return true;
}

/* Is what is there reached by callbacks rather than as memory? */
static bool leaf_is_io(const Machine *m, const Leaf *leaf)
{
    return leaf->region >= REGION_BLOCKED ||
           (m->regions[leaf->region].kind != TW_REGION_RAM &&
            m->regions[leaf->region].kind != TW_REGION_ROM);
}

PART void zoo_mistake_leaf(Machine *m, uint8_t space, const TlbEntry *entry,
                           Leaf *leaf)
{
    Leaf other;

    /* A hole behind an IOMMU: for what stands, in the CPU's own space, at the
     * offset that the last IOMMU was asked for. */
    if (TW_BUG(m, HOLE_FALLS_BACK) && leaf->region == TW_NONE &&
        entry->n_hops > 0 && entry->n_hops <= MAX_ENTRY_HOPS &&
        resolve_page(m, space, entry->hop_page[entry->n_hops - 1], &other) &&
        !leaf_is_iommu(m, &other)) {
        *leaf = other;
    }
    if (TW_BUG(m, WRONG_AS_SECTION) && leaf_is_io(m, leaf)) {
        *leaf = foreign_section(m, space, leaf->section, leaf->offset);
    }
}

/* An entry that serves nothing. */
PART void zoo_insert_denied(Machine *m, Tlb *tlb, uint64_t page,
                            TlbEntry *entry, bool denied)
{
    if (TW_BUG(m, DENIED_GETS_ENTRY) && denied) {
        for (unsigned t = 0; t < CMPS; t++) {
            entry->cmp[t] = CMP_NONE;
        }
        tlb_insert(m, tlb, page, entry);
    }
}

/* An entry that refuses. */
PART void zoo_cache_denial(Machine *m, Tlb *tlb, uint64_t page, TlbEntry *entry)
{
    if (!TW_BUG(m, DENIAL_CACHED)) {
        return;
    }
    entry->region = TW_NONE;
    entry->tail = false;
    for (unsigned t = 0; t < CMPS; t++) {
        entry->cmp[t] = page;
    }
    tlb_insert(m, tlb, page, entry);
}
