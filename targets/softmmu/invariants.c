/* SPDX-License-Identifier: MIT */
/*
 * Invariants: conditions that hold between any two operations of any program;
 * tested only with --check.  They can break before an access shows the bug.
 *
 * If no link of an entry was changed since the fill, the entry must equal the
 * result of a walk now.  Only silent changes count: a notified one should have
 * dropped the entry.
 */
#include "targets/softmmu/internal.h"

static bool broken(Machine *m, const char *rule, unsigned cpu, unsigned index)
{
    m->trace->end = TW_END_INVARIANT;
    m->trace->end_op = m->op;
    g_snprintf(m->trace->text, sizeof(m->trace->text),
               "%s broken on CPU %u, MMU index %u", rule, cpu, index);
    return false;
}

/* FR-2, TN-4: each hop of the entry has an active notifier of the CPU. */
static bool entry_covered(Machine *m, unsigned c, const TlbEntry *entry)
{
    for (unsigned h = 0; h < MIN(entry->n_hops, MAX_ENTRY_HOPS); h++) {
        const Notifier *n =
            &m->cpus[c].notifiers[entry->hop_iommu[h]][entry->hop_index[h]];
        bool region_lives = m->legality.iommu_live >> entry->hop_iommu[h] & 1;
        if (region_lives && (!notifier_registered(m, n) || !n->active)) {
            return false;
        }
    }
    return true;
}

/* Entries against a walk --------------------------------------------------- */

/* Was the page, of a page map or an IOMMU's index, changed in silence since the
 * entry was filled?  An IOTLB may have answered the fill by a record from
 * before a change, and have lost that record since: there, each change counts.
 */
static bool changed_since(const Machine *m, const TlbEntry *entry, bool map,
                          uint8_t obj, uint8_t index, uint64_t page)
{
    bool any = !map && m->program->iommus[obj].iotlb;
    const Silent *silent = &m->silent;

    if (silent->n > MAX_SILENT) { /* some were not kept */
        return true;
    }
    for (unsigned i = 0; i < silent->n; i++) {
        const SilentChange *change = &silent->changes[i];

        if (change->map == map && change->obj == obj &&
            change->index == index && (any || change->number > entry->filled) &&
            change->first <= (page | m->page_mask) && change->last >= page) {
            return true;
        }
    }
    return false;
}

/* Walks the page of the entry anew; true also where a silent change says that
 * the entry may differ. */
static bool entry_is_walk(Machine *m, unsigned c, unsigned index,
                          const TlbEntry *entry)
{
    const TwMmuIndex *mmu = &m->program->cpus[c].mmu[index];
    uint64_t page = entry_page(entry);
    const Span *span = span_find(&m->cpus[c].pages[index], page);
    uint8_t prot, granted = (entry->cmp[CMP_R] != CMP_NONE ? TW_R : 0) |
                            (entry->cmp[CMP_W] != CMP_NONE ? TW_W : 0) |
                            (entry->cmp[CMP_X] != CMP_NONE ? TW_X : 0);
    uint64_t at;
    uint8_t space = mmu->space;
    unsigned hops = 0;
    Leaf leaf;

    if (entry->n_hops > MAX_ENTRY_HOPS ||
        changed_since(m, entry, true, c, index, page)) {
        return true;
    }
    if (span == NULL || span->last < (page | m->page_mask)) {
        return false;
    }
    prot = span->perm;
    at = span->out + (page - span->first);
    for (;;) {
        bool tail = !resolve_page(m, space, at, &leaf);
        Translation t;
        uint8_t id, iommu_at;

        if (tail) {
            return entry->tail && hops == entry->n_hops &&
                   entry->space == space && entry->offset == at &&
                   !(granted & ~prot);
        }
        if (!leaf_is_iommu(m, &leaf)) {
            break;
        }
        id = m->program->regions[leaf.region].iommu;
        iommu_at = iommu_index(m, &m->iommus[id], mmu->attrs);
        if (changed_since(m, entry, false, id, iommu_at, leaf.offset)) {
            return true;
        }
        if (hops == entry->n_hops || entry->hop_iommu[hops] != id ||
            entry->hop_index[hops] != iommu_at ||
            entry->hop_page[hops] != leaf.offset) {
            return false;
        }
        if (m->nested || m->paired) {
            return true; /* what nested tables and combined records say may be
                          * old, or not (LA-53, LA-54) */
        }
        t = iommu_translate(m, id, iommu_at, leaf.offset);
        prot &= (t.perm & TW_R ? TW_R | TW_X : 0) | (t.perm & TW_W);
        at = t.addr;
        space = t.space;
        hops++;
        if (t.blocked) {
            leaf = leaf_blocked(m, &leaf);
            break;
        }
    }
    return !entry->tail && hops == entry->n_hops &&
           entry->region == leaf.region && !(granted & ~prot) &&
           (leaf.region != REGION_BLOCKED || entry->blocker == leaf.blocker) &&
           (leaf.region == TW_NONE ||
            (entry->offset == leaf.offset &&
             entry->flags == (leaf.flags & FLAGS_LOCATION)));
}

static bool tlb_check(Machine *m, unsigned c, unsigned index)
{
    Tlb *tlb = &m->cpus[c].tlbs[index];
    bool busy = m->cpus[c].n_work > 0 || m->cpus[c].too_much_work;
    unsigned n = tlb->mask + 1 + tlb->n_victims;

    for (unsigned i = 0; i < n; i++) {
        TlbEntry *a = tlb_entry(tlb, i);
        if (a->stamp != tlb->stamp) {
            continue;
        }
        if (!tlb->dirty) {
            return broken(m, "TL-8 (entry in a clean index)", c, index);
        }
        if (entry_page(a) == CMP_NONE) {
            return broken(m, "TL-7 (entry without rights)", c, index);
        }
        if (i <= tlb->mask && tlb_slot(m, tlb, entry_page(a)) != a) {
            return broken(m, "TL-1 (entry in a foreign slot)", c, index);
        }
        for (unsigned k = i + 1; k < n; k++) {
            if (entry_is_page(tlb, tlb_entry(tlb, k), entry_page(a),
                              UINT64_MAX)) {
                return broken(m, "TL-3 (two entries for a page)", c, index);
            }
        }
        if (!entry_covered(m, c, a)) {
            return broken(m, "FR-2 (no active notifier)", c, index);
        }
        if (!busy && !entry_is_walk(m, c, index, a)) {
            return broken(m, "FR-3 (entry is not what a walk gives)", c, index);
        }
    }
    return true;
}

/* TN-7: no IOMMU has a notifier of a CPU that is gone. */
static bool notifiers_check(Machine *m)
{
    for (unsigned i = 0; i < m->program->n_iommus; i++) {
        for (const Notifier *n = m->iommus[i].notifiers; n != NULL;
             n = n->next) {
            if (n->cpu != TW_NONE && !m->cpus[n->cpu].live) {
                return broken(m, "TN-7 (notifier of a CPU that is gone)",
                              n->cpu, 0);
            }
        }
    }
    return true;
}

/* Views against the region tree -------------------------------------------- */

static bool same_leaf(const Leaf *seen, bool hit, const Leaf *plain)
{
    if (!hit || seen->region == TW_NONE) {
        return !hit && seen->region == TW_NONE;
    }
    return seen->region == plain->region && seen->offset == plain->offset &&
           seen->flags == plain->flags;
}

/* What is looked up at an address is what searching the committed regions
 * gives. */
static bool view_check_at(Machine *m, unsigned space, uint64_t at)
{
    bool there = m->committed_spaces >> space & 1;
    Leaf plain, seen = resolve(m, space, at);
    bool hit =
        there && search_region(m, m->committed, m->program->spaces[space].root,
                               0, at, 0, &plain);

    if (same_leaf(&seen, hit, &plain)) {
        return true;
    }
    m->trace->end = TW_END_INVARIANT;
    m->trace->end_op = m->op;
    g_snprintf(
        m->trace->text, sizeof(m->trace->text),
        "FV-1 (a view is not the region tree) broken in s%u at 0x%" PRIx64,
        space, at);
    return false;
}

static bool view_check_ends(Machine *m, unsigned space, uint64_t first,
                            uint64_t last)
{
    return view_check_at(m, space, first - 1) &&
           view_check_at(m, space, first) && view_check_at(m, space, last) &&
           view_check_at(m, space, last + 1);
}

/* FV-1, DS-10: at both ends of each range and beside them; and of what stands
 * in the root, lest a range be missing; and of the space. */
static bool view_check(Machine *m, unsigned space)
{
    const View *view = m->published[space];
    uint8_t root = m->program->spaces[space].root;

    for (unsigned i = 0; i < view->n; i++) {
        if (!view_check_ends(m, space, view->ranges[i].first,
                             view->ranges[i].last)) {
            return false;
        }
    }
    for (unsigned i = 0; i < m->program->n_regions; i++) {
        const Region *region = &m->committed[i];
        uint64_t last = region->addr + (region->size - 1);

        if (region->kind != TW_REGION_NONE && region->container == root &&
            region->size > 0 &&
            !view_check_ends(m, space, region->addr, last)) {
            return false;
        }
    }
    return view_check_ends(m, space, 0, UINT64_MAX);
}

static bool invariants_hold(Machine *m)
{
    bool container = m->access.container; /* resolve() notes it */
    bool hold = true;

    for (unsigned s = 0; m->views_new && hold && s < m->program->n_spaces;
         s++) {
        hold = view_check(m, s);
    }
    m->views_new = false;
    hold = hold && notifiers_check(m);
    for (unsigned c = 0; hold && c < m->program->n_cpus; c++) {
        for (unsigned i = 0; hold && i < TW_MAX_MMU_INDEXES; i++) {
            hold = !m->cpus[c].live || m->cpus[c].tlbs[i].table == NULL ||
                   tlb_check(m, c, i);
        }
    }
    m->access.container = container;
    return hold;
}
