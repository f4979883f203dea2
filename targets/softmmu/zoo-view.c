/* SPDX-License-Identifier: MIT */
/*
 * Hooks of the zoo in views and in the region graph (zoo-hooks.h).
 */
#include "targets/softmmu/zoo-hooks.h"

PART bool zoo_terminates(const Machine *m, const Region *region,
                         bool terminates)
{
    switch (region->kind) {
    case TW_REGION_CONTAINER:
        return terminates || TW_BUG(m, CONTAINER_TERMINATES);
    case TW_REGION_ALIAS:
        return terminates || TW_BUG(m, ALIAS_TERMINATES);
    case TW_REGION_RESERVATION:
        return terminates && !TW_BUG(m, RESERVATION_IS_HOLE);
    default:
        return terminates &&
               !(TW_BUG(m, OWN_HOLES_UNFILLED) && region->child != TW_NONE);
    }
}

PART Wide zoo_alias_base(const Machine *m, const Region *target, Wide base)
{
    if (TW_BUG(m, INNER_ALIAS_OFFSET_LOST) && target->kind == TW_REGION_ALIAS) {
        base += target->alias_offset;
    }
    return TW_BUG(m, ORIGIN_BELOW_ZERO_IS_ZERO) ? MAX(base, 0) : base;
}

PART bool zoo_hides_target(const Machine *m, const Region *regions,
                           uint8_t target)
{
    uint8_t container = regions[target].container;

    return TW_BUG(m, TARGET_NEEDS_CONTAINER) && container != TW_NONE &&
           !regions[container].enabled;
}

PART void zoo_forget_visits(const Machine *m, View *view,
                            const TwRegionSet *visited)
{
    if (TW_BUG(m, NO_REBUILD_BEHIND_ALIAS)) {
        view->visited = *visited;
    }
}

PART void zoo_wrap_end(const Machine *m, View *view, uint8_t id,
                       const Region *region, uint8_t flags, Wide origin)
{
    Wide end = origin + region_size(m, region);

    if (TW_BUG(m, END_WRAPS) && end > WIDE_END &&
        region_terminates(m, region)) { /* not AR-6 */
        render_pour(m, view, id, flags, origin - WIDE_END, 0,
                    (uint64_t)(end - WIDE_END - 1));
    }
}

PART bool zoo_resolves(Machine *m, uint8_t space, uint64_t addr, Leaf *leaf)
{
    if (!TW_BUG(m, WALK_SEES_TRANSACTION) || m->depth == 0) {
        return false;
    }
    if (!search_region(m, m->regions, m->program->spaces[space].root, 0, addr,
                       0, leaf)) { /* not TX-2 */
        *leaf = leaf_hole(0);
    }
    return true;
}

PART int64_t zoo_child_rank(const Machine *m, const Region *region,
                            int64_t rank)
{
    if (TW_BUG(m, PRIORITY_UNSIGNED)) {
        return (uint32_t)region->priority;
    }
    if (TW_BUG(m, PRIORITY_OF_CHILDREN)) {
        for (uint8_t c = region->child; c != TW_NONE; c = m->regions[c].next) {
            rank = MAX(rank, m->regions[c].priority);
        }
    }
    return rank;
}

PART bool zoo_sees_no_change(const Machine *m, uint8_t c)
{
    const TwCpu *cpu = &m->program->cpus[c];
    uint32_t spaces = 0;

    if (TW_BUG(m, RESTORE_KEEPS_ENTRIES) && m->op < m->program->n_script &&
        m->program->script[m->op].code == TW_OP_RESTORE) {
        return true;
    }
    if (!TW_BUG(m, COMMIT_FLUSH_OWN_AS_ONLY)) {
        return false;
    }
    for (unsigned i = 0; i < TW_MAX_MMU_INDEXES; i++) {
        spaces |= cpu->mmu[i].present ? 1u << cpu->mmu[i].space : 0;
    }
    return !(spaces & m->spaces_changed);
}

PART void zoo_move_in_place(Machine *m, uint8_t id)
{
    uint8_t container = m->regions[id].container;

    if (TW_BUG(m, MOVE_KEEPS_PLACE) && container != TW_NONE) {
        note_changed(m, container);
        m->pending = true;
    }
}

PART void zoo_reorder_enabled(Machine *m, uint8_t id, bool on)
{
    if (TW_BUG(m, ENABLE_REORDERS) && on &&
        m->regions[id].container != TW_NONE) {
        child_remove(m, id);
        child_insert(m, id);
    }
}
