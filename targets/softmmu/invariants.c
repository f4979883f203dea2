/* SPDX-License-Identifier: MIT */
/*
 * What must hold between any two operations, whatever the program did; tested
 * only when asked for.  These break before an access shows it.
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
        const Notifier *n = &m->cpus[c].notifiers[entry->hop_iommu[h]]
                                                 [entry->hop_index[h]];
        bool region_lives =
            m->legality.iommu_live >> entry->hop_iommu[h] & 1;
        if (region_lives && (!notifier_registered(m, n) || !n->active)) {
            return false;
        }
    }
    return true;
}

static bool tlb_check(Machine *m, unsigned c, unsigned index)
{
    Tlb *tlb = &m->cpus[c].tlbs[index];
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
    }
    return true;
}

static bool invariants_hold(Machine *m)
{
    for (unsigned c = 0; c < m->program->n_cpus; c++) {
        for (unsigned i = 0; i < TW_MAX_MMU_INDEXES; i++) {
            if (m->cpus[c].live && m->cpus[c].tlbs[i].table != NULL &&
                !tlb_check(m, c, i)) {
                return false;
            }
        }
    }
    return true;
}
