/* SPDX-License-Identifier: MIT */
/*
 * snapshot and restore (LA-40): saves and restores the live graph, RAM, tables
 * and page maps, and notifies all caches after a restore.
 */
#include "targets/softmmu/internal.h"

static void ram_copy(Ram *to, const Ram *from)
{
    memcpy(to->buckets, from->buckets, sizeof(to->buckets));
    to->n = from->n;
    memcpy(to->words, from->words, from->n * sizeof(Word));
}

static void snapshot(Machine *m)
{
    Snapshot *to = &m->snapshot;

    memcpy(to->regions, m->regions, m->program->n_regions * sizeof(Region));
    to->spaces_live = m->spaces_live;
    ram_copy(&to->ram, &m->ram);
    for (unsigned i = 0; i < m->program->n_iommus; i++) {
        iommu_save(m, i, to);
    }
    for (unsigned c = 0; c < m->program->n_cpus; c++) {
        for (unsigned k = 0; k < TW_MAX_MMU_INDEXES; k++) {
            span_copy(&to->pages[c][k], &m->cpus[c].pages[k]);
        }
    }
}

/* All is back before anybody is told (FR-5, NT-13). */
static void restore(Machine *m, uint8_t actor)
{
    const Snapshot *from = &m->snapshot;

    memcpy(m->regions, from->regions, m->program->n_regions * sizeof(Region));
    m->spaces_live = from->spaces_live;
    ram_copy(&m->ram, &from->ram);
    for (unsigned i = 0; i < m->program->n_iommus; i++) {
        iommu_load(m, i, from);
    }
    for (unsigned c = 0; c < m->program->n_cpus; c++) {
        for (unsigned k = 0; k < TW_MAX_MMU_INDEXES; k++) {
            span_copy(&m->cpus[c].pages[k], &from->pages[c][k]);
        }
    }
    m->changed = tw_regions_all();
    commit_effective(m, actor);
    for (unsigned i = 0; i < m->program->n_iommus; i++) {
        if (m->legality.iommu_live >> i & 1 &&
            !(TW_BUG(m, MPC_RESTORE_SILENT) &&
              m->iommus[i].kind == &iommu_mpc)) {
            iommu_notify_all(m, i, actor);
        }
    }
}
