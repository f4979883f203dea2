/* SPDX-License-Identifier: MIT */
/*
 * Hooks of the zoo for commands that miss one kind of record of one structure:
 * the mutants misses:COMMAND:STRUCTURE:KIND (targets/zoo/cells.def).  The kind
 * is what the record is when the command comes.
 */
#include "targets/softmmu/zoo-hooks.h"

PART void zoo_begins(Machine *m, const TwOp *op)
{
    if (TW_MISSES(m) == 0) {
        return;
    }
    switch (m->op == TW_NO_OP ? TW_OP_NOP : op->code) {
    case TW_OP_NOP: /* in the setup: nothing is kept yet */
    case TW_OP_IOMMU_DESTROY:
        m->command = COMMAND_NONE;
        break;
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
        m->command = COMMAND_NOTIFIED;
        break;
    case TW_OP_NOTIFY:
        m->command = COMMAND_UNMAP;
        break;
    case TW_OP_NOTIFY_ALL:
        m->command = COMMAND_UNMAP_ALL;
        break;
    case TW_OP_INVALIDATE:
        m->command = (uint8_t)(COMMAND_SCOPE + op->scope);
        break;
    case TW_OP_IOMMU_RESET:
        m->command = COMMAND_RESET;
        break;
    case TW_OP_BYPASS:
        m->command = COMMAND_BYPASS;
        break;
    case TW_OP_RESTORE:
        m->command = COMMAND_RESTORE;
        break;
    default: /* if it is one */
        m->command = COMMAND_COMMIT;
        break;
    }
}

PART void zoo_begins_lut(Machine *m)
{
    if (TW_MISSES(m) == 0) {
        return;
    }
    m->command = COMMAND_LUT;
}

static bool misses(Machine *m, unsigned structure, unsigned kind)
{
    if (TW_MISSES(m) == 0 ||
        TW_MISSES(m) != TW_CELL(m->command, structure, kind)) {
        return false;
    }
    m->n_missed++;
    return true;
}

static bool sets_marks(const Machine *m, uint8_t id)
{
    const TwIommu *from = &m->program->iommus[id];

    return from->kind == TW_IOMMU_PAGETABLE && from->pagetable.updates_ad;
}

static unsigned kind_of(const Machine *m, uint8_t id, uint8_t perm)
{
    return sets_marks(m, id)       ? KIND_MARKED
           : perm == (TW_R | TW_W) ? KIND_GRANT
                                   : KIND_REFUSAL;
}

PART bool zoo_misses_entry(Machine *m, uint8_t id, const IotlbRecord *record)
{
    return misses(m, STRUCTURE_ENTRY,
                  record->what.perm == 0 ? KIND_ABSENT
                                         : kind_of(m, id, record->what.perm));
}

PART bool zoo_misses_pointer(Machine *m, uint8_t id,
                             const IotlbPointer *pointer)
{
    return misses(m, STRUCTURE_POINTER, kind_of(m, id, pointer->perm));
}

PART bool zoo_misses_combined(Machine *m, uint8_t id, const IotlbPair *pair)
{
    return misses(m, STRUCTURE_COMBINED,
                  kind_of(m, id, pair->first.perm & pair->second.perm));
}

/* A restore ends the records of both IOMMUs. */
PART bool zoo_misses_second(Machine *m, uint8_t id, const IotlbPair *pair)
{
    if (m->command == COMMAND_RESTORE) {
        return zoo_misses_combined(m, id, pair);
    }
    return misses(
        m, STRUCTURE_SECOND,
        kind_of(m, pair->behind, pair->first.perm & pair->second.perm));
}

PART bool zoo_misses_mapping(Machine *m, const Mapping *map)
{
    unsigned kind = KIND_GRANT;

    for (unsigned i = 0; i < map->path.n; i++) {
        kind = sets_marks(m, map->path.hops[i].iommu) ? KIND_MARKED : kind;
    }
    return map->path.n > 0 && misses(m, STRUCTURE_MAPPING, kind);
}

/* Of an MPC, what is told is what has changed: an index that is closed now was
 * open.  A reset opens all to index 0, and closes all to index 1. */
PART bool zoo_misses_cpu(Machine *m, const Notifier *notifier, uint64_t first)
{
    uint8_t id = notifier->iommu;
    unsigned kind = sets_marks(m, id) ? KIND_MARKED : KIND_GRANT;

    if (m->program->iommus[id].kind == TW_IOMMU_MPC &&
        (m->command == COMMAND_LUT || m->command == COMMAND_RESET) &&
        !mpc_look_up(m, id, notifier->index, first).blocked) {
        kind = KIND_BLOCKED;
    }
    return misses(m, STRUCTURE_CPU, kind);
}

PART bool zoo_misses_commit(Machine *m, uint8_t c)
{
    return m->cpus[c].n_notifiers > 0 &&
           misses(m, STRUCTURE_CPU, m->marks ? KIND_MARKED : KIND_GRANT);
}

PART uint8_t zoo_missed_contexts(Machine *m, uint8_t id)
{
    static const uint8_t kinds[] = {
        [TW_CONTEXT_TABLES] = KIND_TABLES,
        [TW_CONTEXT_PASS] = KIND_PASS,
        [TW_CONTEXT_BLOCKED] = KIND_BLOCKED,
        [TW_CONTEXT_NONE] = KIND_ABSENT,
    };
    const Iotlb *iotlb = &m->iommus[id].iotlb;
    uint8_t missed = 0;

    for (unsigned k = 0; k < TW_MAX_IOMMU_INDEXES; k++) {
        if (iotlb->kept >> k & 1 &&
            misses(m, STRUCTURE_CONTEXT, kinds[iotlb->contexts[k].mode])) {
            missed |= (uint8_t)(1u << k);
        }
    }
    return missed;
}

PART bool zoo_empties_the_rest(Machine *m, uint8_t id)
{
    Iotlb *iotlb = &m->iommus[id].iotlb;

    if (TW_MISSES(m) == 0 || m->op == TW_NO_OP) {
        return false;
    }
    for (unsigned i = 0; i < IOTLB_RECORDS; i++) {
        IotlbRecord *record = &iotlb->entries[i];

        record->valid = record->valid && zoo_misses_entry(m, id, record);
    }
    for (unsigned i = 0; i < IOTLB_POINTERS; i++) {
        IotlbPointer *pointer = &iotlb->pointers[i];

        pointer->valid = pointer->valid && zoo_misses_pointer(m, id, pointer);
    }
    for (unsigned i = 0; i < IOTLB_PAIRS; i++) {
        IotlbPair *pair = &iotlb->pairs[i];

        pair->valid = pair->valid && zoo_misses_combined(m, id, pair);
    }
    iotlb->kept = zoo_missed_contexts(m, id);
    return true;
}
