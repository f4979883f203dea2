/* SPDX-License-Identifier: MIT */
/*
 * The fill (FI rules): walks one page for all its rights at once, with a
 * notifier armed at each IOMMU before it is asked, and makes a TLB entry of
 * the answer, if one entry can hold it.
 */
#include "targets/softmmu/internal.h"

typedef enum Fill {
    FILL_DONE,     /* inserted; what it grants, it grants */
    FILL_DENIED,   /* no right is left: nothing to cache (TL-7) */
    FILL_UNCACHED, /* cannot be cached, or LOOP: walk */
    FILL_GARBAGE,  /* the zoo only: denied, and yet served from *entry */
} Fill;

/* Is what is there reached by callbacks rather than as memory? */
static bool leaf_is_io(const Machine *m, const Leaf *leaf)
{
    return leaf->region == TW_NONE ||
           (m->regions[leaf->region].kind != TW_REGION_RAM &&
            m->regions[leaf->region].kind != TW_REGION_ROM);
}

static bool leaf_is_iommu(const Machine *m, const Leaf *leaf)
{
    return leaf->region != TW_NONE &&
           m->regions[leaf->region].kind == TW_REGION_IOMMU;
}

/* TL-5: bytes are cached by the page, so they must start with one. */
static bool leaf_is_cacheable(const Machine *m, const Leaf *leaf)
{
    if ((leaf->offset & m->page_mask) == 0 || leaf->region == TW_NONE) {
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

    if (m->dirty.blocks == 0 || leaf->region == TW_NONE) {
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
    entry->offset = leaf->offset;
}

/* For the zoo: the section of this number in the view of `space`. */
PART Leaf foreign_section(const Machine *m, uint8_t space, unsigned section,
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

/* For the zoo: what a section number left over from a denial comes to. */
PART Fill fill_garbage(const Machine *m, uint8_t space, uint64_t xlat,
                       TlbEntry *entry)
{
    unsigned n = MAX(m->published[space]->n, 1);
    Leaf leaf = foreign_section(m, space, 1 + (xlat >> m->page_lg) % n, xlat);

    entry_set_leaf(entry, &leaf);
    return FILL_GARBAGE;
}

/* For the zoo: of an IOMMU that was met before, hop `h` is taken for the hop
 * there. */
PART void entry_forget_visits(TlbEntry *entry, unsigned h)
{
    for (unsigned k = 0; k < h; k++) {
        if (entry->hop_iommu[k] == entry->hop_iommu[h] &&
            entry->hop_index[k] == entry->hop_index[h]) {
            entry->hop_page[h] = entry->hop_page[k];
        }
    }
}

/* For the zoo: a hole behind an IOMMU is taken for what stands, in the CPU's
 * own space, at the offset that the last IOMMU was asked for. */
PART void hole_falls_back(Machine *m, uint8_t space, const TlbEntry *entry,
                          Leaf *leaf)
{
    Leaf other;

    if (leaf->region == TW_NONE && entry->n_hops > 0 &&
        entry->n_hops <= MAX_ENTRY_HOPS &&
        resolve_page(m, space, entry->hop_page[entry->n_hops - 1], &other) &&
        !leaf_is_iommu(m, &other)) {
        *leaf = other;
    }
}

/*
 * From the page of `leaf`, an IOMMU, to the page behind it.  *prot loses what
 * this hop does not grant (FI-1); granted is what the page map does.
 */
static Fill fill_hop(Machine *m, uint8_t c, const TwMmuIndex *mmu,
                     const Leaf *leaf, uint8_t granted, uint8_t *prot,
                     TlbEntry *entry, Translation *t)
{
    uint8_t id = m->program->regions[leaf->region].iommu;
    uint8_t index = iommu_index(m, &m->iommus[id], mmu->attrs);
    uint8_t rights;

    if (entry->n_hops == 0 || !TW_BUG(SECOND_HOP_UNREGISTERED)) {
        cpu_arm(m, c, id, index);
    }
    if ((m->iommus[id].granule_lg < m->page_lg &&
         !TW_BUG(SMALL_GRANULE_CACHED)) ||
        (leaf->offset & m->page_mask)) { /* FI-2 */
        return FILL_UNCACHED;
    }
    *t = iommu_translate(m, id, index, leaf->offset);
    rights = (t->perm & TW_R ? TW_R | TW_X : 0) | (t->perm & TW_W);
    if (TW_BUG(FILL_ASKS_FOR_READ)) {
        rights &= TW_R | TW_X;
    }
    if (TW_BUG(FETCH_ALWAYS_GRANTED) && rights != 0) {
        rights |= TW_X;
    }
    if (TW_BUG(FIRST_HOP_RIGHTS_ONLY) && entry->n_hops > 0) {
        rights = TW_R | TW_W | TW_X;
    }
    *prot = (TW_BUG(RIGHTS_NOT_ANDED) ? granted : *prot) & rights;
    if (*prot == 0 || (TW_BUG(FILL_GIVES_UP_EARLY) && *prot != granted)) {
        return TW_BUG(GARBAGE_XLAT_ON_DENY)
                   ? fill_garbage(m, mmu->space, leaf->offset, entry)
                   : FILL_DENIED;
    }
    if (t->addr & m->page_mask) { /* only where the zoo adds low bits */
        return FILL_UNCACHED;
    }
    if (entry->n_hops < MAX_ENTRY_HOPS) {
        entry->hop_iommu[entry->n_hops] = id;
        entry->hop_index[entry->n_hops] = index;
        entry->hop_page[entry->n_hops] = leaf->offset;
        if (TW_BUG(SECOND_VISIT_UNWATCHED)) {
            entry_forget_visits(entry, entry->n_hops);
        }
    }
    entry->n_hops++;
    return FILL_DONE;
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

    if (span->lg > m->page_lg) {
        TELL(m, "large",
             "%s page 0x%" PRIx64 " is part of a page of 0x%" PRIx64
             " bytes (TL-10)",
             tlb_name(m, tlb).text, page, low_mask(span->lg) + 1);
        tlb_add_large(m, tlb, page, span->lg);
    }
    entry->n_hops = 0;
    entry->filled = m->silent.n;
    entry->clean = false; /* a bug may use it before it is done */
    for (;;) {
        Fill hop;

        entry->tail = !resolve_page(m, at.space, at.addr, &leaf);
        if (TW_BUG(FILL_SEES_THROUGH) && entry->tail) {
            leaf = resolve(m, at.space, at.addr);
            entry->tail = false;
        }
        if (entry->tail || !leaf_is_iommu(m, &leaf)) {
            break;
        }
        if (entry->n_hops == m->program->hops) { /* IW-8: not cached */
            return FILL_UNCACHED;
        }
        if (TW_BUG(IOMMU_GETS_ADDRESS)) {
            leaf.offset = at.addr;
        }
        hop = fill_hop(m, c, mmu, &leaf, span->perm, &prot, entry, &at);
        if (TW_BUG(DENIED_GETS_ENTRY) && hop == FILL_DENIED) {
            entry->cmp[CMP_R] = entry->cmp[CMP_W] = entry->cmp[CMP_X] =
                CMP_NONE;
            tlb_insert(m, tlb, page, entry);
        }
        if (hop != FILL_DONE) {
            return hop;
        }
    }
    if (entry->tail) {
        entry->space = at.space;
        entry->offset = at.addr;
    } else {
        if (!leaf_is_cacheable(m, &leaf)) {
            if (!TW_BUG(SHIFTED_RAM_ALIGNED)) {
                return FILL_UNCACHED;
            }
            leaf.offset &= ~m->page_mask;
        }
        if (TW_BUG(HOLE_FALLS_BACK)) {
            hole_falls_back(m, mmu->space, entry, &leaf);
        }
        if (TW_BUG(WRONG_AS_SECTION) && leaf_is_io(m, &leaf)) {
            leaf = foreign_section(m, mmu->space, leaf.section, leaf.offset);
        }
        entry_set_leaf(entry, &leaf);
    }
    if (m->access.during != NULL) {
        perform_during(m);
    }
    entry->clean = !entry->tail && leaf_is_clean(m, &leaf);
    if (m->cpus[c].epoch != epoch && !TW_BUG(EPOCH_IGNORED)) {
        return FILL_UNCACHED;
    }
    if (TW_BUG(WRITE_FOLLOWS_READ) && (prot & TW_R)) {
        prot |= TW_W;
    }
    if (TW_BUG(READ_FOLLOWS_WRITE) && (prot & TW_W)) {
        prot |= TW_R;
    }
    entry->cmp[CMP_R] = prot & TW_R ? page : CMP_NONE;
    entry->cmp[CMP_W] = prot & TW_W ? page : CMP_NONE;
    entry->cmp[CMP_X] = prot & TW_X ? page : CMP_NONE;
    tlb_insert(m, tlb, page, entry);
    return FILL_DONE;
}
