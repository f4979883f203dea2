/* SPDX-License-Identifier: MIT */
/*
 * One soft TLB: that of one CPU and MMU index (TL rules).  A direct-mapped
 * table, a victim list that is searched before a page is filled again, and one
 * range in which all large pages lie.  An entry is valid if it has the stamp of
 * its TLB, so a full flush only takes a new stamp.
 */
#include "targets/softmmu/internal.h"

static void tlb_init(Machine *m, Tlb *tlb, TlbEntry *table, uint8_t lg,
                     uint8_t n_victims)
{
    tlb->stamp = ++m->stamp;
    tlb->table = table;
    tlb->mask = low_mask(lg);
    tlb->n_victims = n_victims;
    tlb->next_victim = 0;
    tlb->n_live = tlb->n_live_victims = 0;
    tlb->dirty = false;
    tlb->large = false;
    tlb->most = 0;
    tlb->since = 0;
}

static TlbEntry *tlb_slot(const Machine *m, const Tlb *tlb, uint64_t page)
{
    return &tlb->table[page >> m->page_lg & tlb->mask];
}

/* The table's entries, then the victims: 0 .. mask + n_victims. */
static TlbEntry *tlb_entry(Tlb *tlb, unsigned i)
{
    return i <= tlb->mask ? &tlb->table[i] : &tlb->victims[i - tlb->mask - 1];
}

/* Are all rights of `need` granted for `page`? (TL-1) */
static bool entry_hits(const Tlb *tlb, const TlbEntry *entry, uint64_t page,
                       uint8_t need)
{
    return entry->stamp == tlb->stamp &&
           (!(need & TW_R) || entry->cmp[CMP_R] == page) &&
           (!(need & TW_W) || entry->cmp[CMP_W] == page) &&
           (!(need & TW_X) || entry->cmp[CMP_X] == page);
}

/* Is it an entry of a page that equals `page` under `mask`, for anything? */
static bool entry_is_page(const Tlb *tlb, const TlbEntry *entry, uint64_t page,
                          uint64_t mask)
{
    if (entry->stamp != tlb->stamp) {
        return false;
    }
    for (unsigned t = 0; t < CMPS; t++) {
        if (entry->cmp[t] != CMP_NONE && ((entry->cmp[t] ^ page) & mask) == 0) {
            return true;
        }
    }
    return false;
}

/* TL-2: the entry that serves an access, or NULL. */
static TlbEntry *tlb_lookup(Machine *m, Tlb *tlb, uint64_t page, uint8_t need)
{
    TlbEntry *slot = tlb_slot(m, tlb, page);

    if (entry_hits(tlb, slot, page, need) ||
        (TW_BUG(m, TAG_LOSES_A_BIT) &&
         entry_hits(tlb, slot, page ^ (m->page_mask + 1), need))) {
        count(m, TW_COUNT_TLB_HIT);
        TELL(m, "hit", "%s page 0x%" PRIx64 ": %s (TL-1)",
             tlb_name(m, tlb).text, page, entry_name(slot).text);
        return slot;
    }
    if (!tlb->dirty) {
        return NULL;
    }
    for (unsigned i = 0; i < tlb->n_victims; i++) {
        TlbEntry *victim = &tlb->victims[i];
        if (entry_hits(tlb, victim, page,
                       TW_BUG(m, VICTIM_WRITE_COMPARATOR) && need == TW_R
                           ? TW_W
                           : need)) {
            TlbEntry swapped = *slot;
            bool vacant = swapped.stamp != tlb->stamp;

            tlb->n_live += vacant;
            tlb->n_live_victims -= vacant;
            *slot = *victim; /* comparators and side record alike */
            *victim = swapped;
            zoo_swap_sides(m, slot, victim);
            count(m, TW_COUNT_VICTIM_HIT);
            TELL(m, "victim-swap",
                 "%s page 0x%" PRIx64 ": %s, changes places "
                 "with victim %u (TL-2)",
                 tlb_name(m, tlb).text, page, entry_name(slot).text, i);
            return slot;
        }
    }
    return NULL;
}

static void tlb_drop_victims(Tlb *tlb, uint64_t page, uint64_t mask)
{
    for (unsigned i = 0; i < tlb->n_victims; i++) {
        if (entry_is_page(tlb, &tlb->victims[i], page, mask)) {
            tlb->victims[i].stamp = 0;
            tlb->n_live_victims--;
        }
    }
}

/* Forgets one page, table and victims, under a mask of its address. */
static void tlb_drop_page(const Machine *m, Tlb *tlb, uint64_t page,
                          uint64_t mask)
{
    TlbEntry *slot = tlb_slot(m, tlb, page);

    if (!tlb->dirty) {
        return;
    }
    if (entry_is_page(tlb, slot, page, mask)) {
        slot->stamp = 0;
        tlb->n_live--;
    }
    tlb_drop_victims(tlb, page, mask);
}

/* TL-3.  The page has no entry: it was dropped when it missed. */
static void tlb_insert(Machine *m, Tlb *tlb, uint64_t page,
                       const TlbEntry *entry)
{
    TlbEntry *slot = tlb_slot(m, tlb, page);

    zoo_make_room(m, tlb, slot);
    if (slot->stamp == tlb->stamp) {
        TELL(m, "evict", "%s page 0x%" PRIx64 " goes %s (TL-3)",
             tlb_name(m, tlb).text, entry_page(slot),
             tlb->n_victims > 0 ? "to the victims" : "for good");
    }
    if (slot->stamp == tlb->stamp && tlb->n_victims > 0 &&
        !TW_BUG(m, VICTIMS_UNUSED)) {
        TlbEntry *victim = &tlb->victims[tlb->next_victim];

        tlb->n_live_victims += victim->stamp != tlb->stamp;
        *victim = *slot;
        tlb->next_victim = (tlb->next_victim + 1) % tlb->n_victims;
        note_peak(m, TW_PEAK_VICTIMS, tlb->n_live_victims);
    }
    tlb->n_live += slot->stamp != tlb->stamp;
    note_peak(m, TW_PEAK_SLOTS, tlb->n_live);
    *slot = *entry;
    slot->stamp = tlb->stamp;
    tlb->dirty |= !TW_BUG(m, FILL_LEAVES_CLEAN);
    count(m, TW_COUNT_FILL);
    TELL(m, "fill", "%s page 0x%" PRIx64 " -> %s (TL-3)", tlb_name(m, tlb).text,
         page, entry_name(slot).text);
}

/* TL-10: one aligned range that holds every large page filled so far. */
static void tlb_add_large(const Machine *m, Tlb *tlb, uint64_t addr,
                          unsigned lg)
{
    uint64_t mask = ~low_mask(lg);

    if (tlb->large && !TW_BUG(m, LAST_LARGE_PAGE_ONLY)) {
        mask &= tlb->large_mask;
        while ((tlb->large_addr ^ addr) & mask) {
            mask <<= 1;
        }
    }
    tlb->large = tlb->dirty = true;
    tlb->large_addr = addr & mask;
    tlb->large_mask = mask;
}

/* The number of its entries, for a teller. */
static unsigned tlb_live(const Tlb *tlb)
{
    unsigned n = 0;

    for (unsigned i = 0; tlb->table != NULL && i <= tlb->mask; i++) {
        n += tlb->table[i].stamp == tlb->stamp;
    }
    for (unsigned i = 0; tlb->table != NULL && i < tlb->n_victims; i++) {
        n += tlb->victims[i].stamp == tlb->stamp;
    }
    return n;
}

/*
 * TL-12: twice the size if it was used to more than 70 %; if a window of time
 * in which it was used to less than 30 % is over, the least size that what was
 * used would not fill to more than 70 %.  All entries are void by now.
 */
static void tlb_resize(Machine *m, Tlb *tlb)
{
    unsigned size = tlb->mask + 1, live = tlb_live(tlb), least = 1;
    bool over = m->clock - tlb->since >= RESIZE_WINDOW;

    tlb->most = MAX(tlb->most, MIN(live, size));
    while (100 * tlb->most > 70 * least) {
        least *= 2;
    }
    if (100 * tlb->most > 70 * size && size < 1u << TW_MAX_TLB_LG) {
        size *= 2;
    } else if (100 * tlb->most < 30 * size && over) {
        size = least;
    } else if (!over) {
        return;
    }
    if (size != tlb->mask + 1) {
        if (!allocate(m, "a TLB")) {
            return; /* it keeps its size */
        }
        TELL(m, "resize", "%s from %u entries to %u (TL-12)",
             tlb_name(m, tlb).text, tlb->mask + 1, size);
    }
    tlb->mask = size - 1;
    tlb->most = 0;
    tlb->since = m->clock;
}

/* TL-8. */
static void tlb_flush(Machine *m, Tlb *tlb)
{
    uint64_t before = tlb->stamp;
    uint32_t mask = tlb->mask;

    if (m->resizes && tlb->table != NULL && !TW_BUG(m, NEVER_RESIZES)) {
        tlb_resize(m, tlb);
    }
    if (!tlb->dirty || (TW_BUG(m, RESIZE_KEEPS_ENTRIES) && tlb->mask != mask)) {
        return;
    }
    tlb->stamp = ++m->stamp;
    tlb->next_victim = 0;
    tlb->n_live = tlb->n_live_victims = 0;
    tlb->dirty = false;
    tlb->large = false;
    zoo_restamp_victims(m, tlb, before);
}

/* TL-9. */
static void tlb_flush_page(Machine *m, Tlb *tlb, uint64_t page)
{
    count(m, TW_COUNT_FLUSH_PAGE);
    if ((tlb->large && (page & tlb->large_mask) == tlb->large_addr &&
         !TW_BUG(m, LARGE_PAGE_SIBLING)) ||
        TW_BUG(m, PAGE_FLUSH_IS_FULL)) {
        tlb_flush(m, tlb);
        return;
    }
    if (!zoo_flushes_slot_only(m, tlb, page)) {
        tlb_drop_page(m, tlb, page, UINT64_MAX);
    }
}

/*
 * TL-11, for whole pages from `first` on, up to the one that contains `last`,
 * compared under the low `bits` bits (LA-29).
 */
static void tlb_flush_range(Machine *m, Tlb *tlb, uint64_t first, uint64_t last,
                            unsigned bits)
{
    uint64_t page = first & ~m->page_mask;
    uint64_t end = last | m->page_mask;
    uint64_t pages = ((end - page) >> m->page_lg) + 1;
    uint64_t compared = low_mask(bits);

    if (bits == 64 && pages == 1) {
        tlb_flush_page(m, tlb, page);
        return;
    }
    if (!tlb->dirty) {
        return;
    }
    if (pages > (uint64_t)tlb->mask + 1 || end - page >= compared ||
        compared >> m->page_lg < tlb->mask ||
        (tlb->large &&
         (bits < 64 || (page <= (tlb->large_addr | ~tlb->large_mask) &&
                        end >= tlb->large_addr)) &&
         (!TW_BUG(m, RANGE_FLUSH_SEES_ITS_END) ||
          (end & tlb->large_mask) == tlb->large_addr))) {
        tlb_flush(m, tlb);
        return;
    }
    compared = TW_BUG(m, SIGNIFICANT_BITS_IGNORED) ? UINT64_MAX : compared;
    for (; pages > 0; pages--, page += m->page_mask + 1) {
        tlb_drop_page(m, tlb, page, compared);
    }
}

/* Does the entry's translation go through a window that meets the range? */
static bool entry_derived(const TlbEntry *entry, uint8_t iommu, uint8_t index,
                          uint64_t first, uint64_t last, uint64_t page_mask)
{
    if (entry->n_hops > MAX_ENTRY_HOPS) { /* we do not know all of them */
        return true;
    }
    for (unsigned h = 0; h < entry->n_hops; h++) {
        if (entry->hop_iommu[h] == iommu && entry->hop_index[h] == index &&
            entry->hop_page[h] <= last &&
            (entry->hop_page[h] | page_mask) >= first) {
            return true;
        }
    }
    return false;
}

/*
 * Drops what was derived through a range of (iommu, index) (FR-1).  Returns
 * whether anything derived through another part of (iommu, index) is left.
 */
static bool tlb_flush_derived(const Machine *m, Tlb *tlb, uint8_t iommu,
                              uint8_t index, uint64_t first, uint64_t last)
{
    bool left = false;

    if (!tlb->dirty) {
        return false;
    }
    for (unsigned i = 0; i <= tlb->mask + tlb->n_victims; i++) {
        TlbEntry *entry = tlb_entry(tlb, i);

        if (entry->stamp != tlb->stamp) {
            continue;
        }
        if (entry_derived(entry, iommu, index, first, last, m->page_mask)) {
            entry->stamp = 0;
            tlb->n_live -= i <= tlb->mask;
            tlb->n_live_victims -= i > tlb->mask;
        } else {
            left |=
                entry_derived(entry, iommu, index, 0, UINT64_MAX, m->page_mask);
        }
    }
    return left;
}
