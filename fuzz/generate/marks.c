/* SPDX-License-Identifier: MIT */
/* See marks.h. */
#include "fuzz/generate/marks.h"

uint64_t tw_marks_leaf(const TwLayout *layout, uint64_t entry, uint8_t perm,
                       uint64_t mix)
{
    const TwMarks *marks = &layout->marks;
    bool accessed = mix % 4 == 0, dirty = (mix >> 8) % 4 == 0;

    if (perm & TW_W && marks->write_clean.mask) {
        entry = (entry | marks->write_clean.value) & ~marks->dirty.mask;
        entry |= marks->dirty.mask & ~marks->dirty.value;
    }
    entry &= ~marks->accessed.mask;
    if (!marks->write_clean.mask) {
        entry &= ~marks->dirty.mask;
    }
    if (accessed) {
        entry |= marks->accessed.value;
    }
    if (accessed && dirty && perm & TW_W) {
        entry = (entry & ~marks->dirty.mask) | marks->dirty.value;
    }
    return entry;
}

bool tw_marks_any(const TwProgram *p)
{
    for (unsigned i = 0; i < p->n_iommus; i++) {
        if (p->iommus[i].kind == TW_IOMMU_PAGETABLE &&
            p->iommus[i].pagetable.updates_ad) {
            return true;
        }
    }
    return false;
}

void tw_marks_part_during(TwGen *gen)
{
    TwProgram *p = gen->program;

    if (!tw_marks_any(p) || tw_mix64(gen->rng->state ^ 0x647572) % 64 == 0) {
        return;
    }
    for (unsigned i = 0; i < p->n_script; i++) {
        p->script[i].flags &= (uint8_t)~TW_OPF_DURING;
    }
}
