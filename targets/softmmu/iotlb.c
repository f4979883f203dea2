/* SPDX-License-Identifier: MIT */
/*
 * IOTLBs (LA-51): records of what an IOMMU has found.  An IOMMU of kind `table`
 * keeps entries, by index and granule, until an UNMAP meets the granule.  One
 * of kind `pagetable` keeps contexts, by index, and entries and pointers to
 * tables, by the domain that the context names, until a command is about them
 * (LA-37). An entry answers with the rights that it has, also where those
 * refuse.  What is not there gets a record only if the contract says so.  Pairs
 * (LA-54) end like the entries of their first IOMMU, and by what UNMAPs and
 * commands other than those for leaves say of the second.
 */
#include "targets/softmmu/internal.h"

static IotlbRecord *iotlb_slot(Machine *m, uint8_t id, uint8_t whose,
                               uint64_t granule)
{
    uint64_t key =
        zoo_iotlb_key(m, whose, granule, granule ^ (uint64_t)whose << 60);

    return &m->iommus[id].iotlb.entries[key * 0x9e3779b97f4a7c15u >> 60];
}

/* Is the record that of a granule? */
static bool iotlb_is_of(const Machine *m, const IotlbRecord *record,
                        uint8_t whose, uint64_t granule)
{
    return record->valid && zoo_same_record(m, record, whose, granule,
                                            record->granule == granule &&
                                                record->whose == whose);
}

/* The record for an offset, or NULL. */
static const IotlbRecord *iotlb_find(Machine *m, uint8_t id, uint8_t whose,
                                     uint64_t offset)
{
    Iommu *iommu = &m->iommus[id];
    uint64_t granule = offset >> iommu->granule_lg;
    const IotlbRecord *record = iotlb_slot(m, id, whose, granule);

    if (!iotlb_is_of(m, record, whose, granule)) {
        return NULL;
    }
    count(m, TW_COUNT_IOTLB);
    TELL(m, "iotlb",
         "i%u 0x%" PRIx64 " of %u: a record of s%u 0x%" PRIx64 " %s", id,
         offset, whose, record->what.space, record->what.addr,
         rights_name(record->what.perm));
    return record;
}

/* What a record says of an offset. */
static Translation iotlb_answer(Machine *m, uint8_t id,
                                const IotlbRecord *record, uint64_t offset)
{
    Translation what = record->what;

    what.addr |= offset & low_mask(m->iommus[id].granule_lg);
    what.perm |= TW_BUG(m, IOTLB_HIT_GRANTS_WRITE) ? TW_W : 0;
    what.level = TW_BUG(m, RECORD_HAS_NO_LEVEL) ? 0 : what.level;
    return what;
}

/* Is it recorded, too, that there is no entry or context? */
static bool iotlb_keeps_absence(const Machine *m)
{
    return m->contract.iotlb & TW_IOTLB_ABSENT;
}

/* Records what was found for the granule of `offset`. */
static void iotlb_insert(Machine *m, uint8_t id, uint8_t whose, uint64_t offset,
                         Translation what)
{
    Iommu *iommu = &m->iommus[id];
    uint64_t granule = offset >> iommu->granule_lg;

    if ((what.perm == 0 && !iotlb_keeps_absence(m) &&
         !TW_BUG(m, IOTLB_KEEPS_ABSENCE)) ||
        TW_BUG(m, IOTLB_KEEPS_NOTHING) ||
        !allocate(m, "a record of an IOTLB")) {
        return;
    }
    what.addr &= ~low_mask(iommu->granule_lg);
    what.perm |= TW_BUG(m, IOTLB_HAS_LEAF_RIGHTS) ? what.upper : 0;
    *iotlb_slot(m, id, whose, granule) = (IotlbRecord){
        .what = what, .granule = granule, .whose = whose, .valid = true};
}

/* The pointer to the table of that level for an offset, or NULL. */
static const IotlbPointer *iotlb_pointer(Machine *m, uint8_t id, uint8_t domain,
                                         unsigned level, unsigned lg,
                                         uint64_t offset)
{
    const Iotlb *iotlb = &m->iommus[id].iotlb;

    for (unsigned i = 0; i < IOTLB_POINTERS; i++) {
        const IotlbPointer *pointer = &iotlb->pointers[i];

        if (pointer->valid && pointer->level == level &&
            pointer->domain == domain &&
            (lg >= 64 || pointer->first >> lg == offset >> lg)) {
            count(m, TW_COUNT_POINTER);
            TELL(m, "iotlb",
                 "i%u 0x%" PRIx64
                 " of %u: the table of level %u is at 0x%" PRIx64,
                 id, offset, domain, level, pointer->table);
            return pointer;
        }
    }
    return NULL;
}

static void iotlb_insert_pointer(Machine *m, uint8_t id, IotlbPointer pointer)
{
    Iotlb *iotlb = &m->iommus[id].iotlb;

    pointer.valid = true;
    iotlb->pointers[iotlb->next_pointer++ % IOTLB_POINTERS] = pointer;
}

/* Does the entry that the record is of, a whole leaf, meet the range? */
static bool iotlb_meets(const Machine *m, const Iommu *iommu,
                        const IotlbRecord *record, uint64_t first,
                        uint64_t last)
{
    unsigned lg = iommu->granule_lg;
    uint64_t at = record->granule << lg;

    if (record->what.lg > lg && !TW_BUG(m, IOTLB_FRAGMENT_ONLY)) {
        lg = record->what.lg;
    }
    return (at & ~low_mask(lg)) <= last && (at | low_mask(lg)) >= first;
}

/* Ends the pairs of an index or domain whose first part meets a range. */
static void iotlb_forget_pairs(Machine *m, uint8_t id, uint8_t whose,
                               uint64_t first, uint64_t last)
{
    const Iommu *iommu = &m->iommus[id];

    if (!m->paired || (TW_BUG(m, COMBINED_SURVIVES_RANGES) &&
                       !(first == 0 && last == UINT64_MAX))) {
        return;
    }
    for (unsigned i = 0; i < IOTLB_PAIRS; i++) {
        IotlbPair *pair = &m->iommus[id].iotlb.pairs[i];
        IotlbRecord record = {.what = pair->first, .granule = pair->granule};

        if (pair->valid && (pair->whose == whose || whose == TW_ALL) &&
            iotlb_meets(m, iommu, &record, first, last) &&
            !zoo_misses_combined(m, id, pair)) {
            TELL(m, "iotlb",
                 "i%u 0x%" PRIx64 " of %u: the combined record ends (FR-12)",
                 id, pair->granule << iommu->granule_lg, pair->whose);
            pair->valid = false;
        }
    }
}

/* Does the second part of a pair of IOMMU `id` meet a range of offsets of the
 * IOMMU that gave it? */
static bool iotlb_meets_behind(const Machine *m, unsigned id,
                               const IotlbPair *pair, uint64_t first,
                               uint64_t last)
{
    bool input = TW_BUG(m, GUEST_ADDRESS_IS_INPUT);
    const Iommu *iommu = &m->iommus[input ? id : pair->behind];
    IotlbRecord record = {.what = input ? pair->first : pair->second,
                          .granule = input ? pair->granule
                                           : pair->offset >> iommu->granule_lg};

    return iotlb_meets(m, iommu, &record, first, last);
}

/* Ends the pairs of which the IOMMU has given the second part. */
static void iotlb_forget_behind(Machine *m, uint8_t id, uint8_t whose,
                                uint64_t first, uint64_t last)
{
    bool all = first == 0 && last == UINT64_MAX;

    if (!m->paired || (TW_BUG(m, COMBINED_SURVIVES_SECOND) && all)) {
        return;
    }
    for (unsigned k = 0; k < m->program->n_iommus; k++) {
        if (!m->iommus[k].has_iotlb) {
            continue; /* its pairs are those of an earlier program */
        }
        for (unsigned i = 0; i < IOTLB_PAIRS; i++) {
            IotlbPair *pair = &m->iommus[k].iotlb.pairs[i];

            if (pair->valid && pair->behind == id &&
                (pair->behind_whose == whose || whose == TW_ALL) &&
                iotlb_meets_behind(m, k, pair, first, last) &&
                !zoo_misses_second(m, (uint8_t)k, pair)) {
                TELL(m, "iotlb",
                     "i%u 0x%" PRIx64
                     " of %u: the combined record ends with i%u (FR-12)",
                     k, pair->granule << m->iommus[k].granule_lg, pair->whose,
                     id);
                pair->valid = false;
            }
        }
    }
}

/* An effective commit ends all pairs. */
static void iotlb_commit(Machine *m)
{
    if (!m->paired || TW_BUG(m, COMBINED_SURVIVES_COMMIT)) {
        return;
    }
    for (unsigned k = 0; k < m->program->n_iommus; k++) {
        for (unsigned i = 0; m->iommus[k].has_iotlb && i < IOTLB_PAIRS; i++) {
            IotlbPair *pair = &m->iommus[k].iotlb.pairs[i];

            pair->valid = pair->valid && zoo_misses_combined(m, k, pair);
        }
    }
}

/* Ends the records of entries of an index or domain (TW_ALL: of each) that meet
 * a range of offsets. */
static void iotlb_forget(Machine *m, uint8_t id, uint8_t whose, uint64_t first,
                         uint64_t last)
{
    Iommu *iommu = &m->iommus[id];
    bool part = first != 0 || last != UINT64_MAX;

    if (!iommu->has_iotlb || zoo_iotlb_keeps(m, id, &first, &last)) {
        return;
    }
    for (unsigned i = 0; i < IOTLB_RECORDS; i++) {
        IotlbRecord *record = &iommu->iotlb.entries[i];

        if (record->valid &&
            (record->whose == whose ||
             (whose == TW_ALL && !(TW_BUG(m, ANY_DOMAIN_IS_KEY) && part))) &&
            iotlb_meets(m, iommu, record, first, last) &&
            !zoo_misses_entry(m, id, record)) {
            TELL(m, "iotlb", "i%u 0x%" PRIx64 " of %u: the record ends (FR-11)",
                 id, record->granule << iommu->granule_lg, record->whose);
            record->valid = false;
        }
    }
    iotlb_forget_pairs(m, id, whose, first, last);
}

/* The same for pointers to tables. */
static void iotlb_forget_pointers(Machine *m, uint8_t id, uint8_t domain,
                                  uint64_t first, uint64_t last)
{
    Iommu *iommu = &m->iommus[id];

    for (unsigned i = 0; i < IOTLB_POINTERS; i++) {
        IotlbPointer *pointer = &iommu->iotlb.pointers[i];
        unsigned lg = iommu->granule_lg +
                      pointer->level * (unsigned)(iommu->granule_lg - 3);

        if (pointer->valid && (pointer->domain == domain || domain == TW_ALL) &&
            (pointer->first & ~low_mask(lg)) <= last &&
            (pointer->first | low_mask(lg)) >= first) {
            pointer->valid = zoo_misses_pointer(m, id, pointer);
        }
    }
}

static void iotlb_empty(Machine *m, uint8_t id)
{
    Iommu *iommu = &m->iommus[id];

    if (!iommu->has_iotlb) {
        return;
    }
    if (!zoo_empties_the_rest(m, id)) {
        memset(&iommu->iotlb, 0, sizeof(iommu->iotlb));
    }
    iotlb_forget_behind(m, id, TW_ALL, 0, UINT64_MAX);
}

/* A command about one context, or all. */
static void iotlb_forget_contexts(Machine *m, const TwOp *op)
{
    Iommu *iommu = &m->iommus[op->obj];
    uint8_t one = (uint8_t)(1u << op->whose % iommu->indexes);
    uint8_t missed = zoo_missed_contexts(m, op->obj);

    memset(iommu->iotlb.roots, 0, sizeof(iommu->iotlb.roots));
    if (op->scope == TW_SCOPE_CONTEXTS) {
        iommu->iotlb.kept &=
            TW_BUG(m, CONTEXTS_COMMAND_IS_FOR_ONE) ? 0xfe : missed;
    } else if (!TW_BUG(m, CONTEXT_COMMAND_IGNORED)) {
        iommu->iotlb.kept &= (uint8_t)(~one | missed);
    }
}

/* A command of a `pagetable` (LA-37): what it ends at least, this ends. */
static void iotlb_command(Machine *m, const TwOp *op)
{
    Iommu *iommu = &m->iommus[op->obj];
    bool any = op->scope == TW_SCOPE_GLOBAL ||
               op->scope == TW_SCOPE_ANY_RANGE ||
               op->scope == TW_SCOPE_ANY_LEAF;
    bool whole = op->scope == TW_SCOPE_GLOBAL || op->scope == TW_SCOPE_DOMAIN;
    bool leaf = op->scope == TW_SCOPE_LEAF || op->scope == TW_SCOPE_ANY_LEAF;
    uint64_t first = whole ? 0 : op->addr, last = whole ? UINT64_MAX : op->last;
    uint8_t whose = any ? TW_ALL : (uint8_t)op->whose;

    if (!iommu->has_iotlb) {
        return;
    }
    zoo_change_range(m, op, &first, &last);
    if (op->scope == TW_SCOPE_CONTEXT || op->scope == TW_SCOPE_CONTEXTS) {
        iotlb_forget_contexts(m, op);
        return;
    }
    if (!any && op->whose >= TW_ALL) {
        return; /* no context can name it */
    }
    iotlb_forget(m, op->obj, whose, first, last);
    if (!leaf) {
        iotlb_forget_behind(m, op->obj, whose, first, last);
    }
    if (!leaf && !TW_BUG(m, POINTERS_SURVIVE_COMMANDS) &&
        !(TW_BUG(m, POINTERS_SURVIVE_RANGES) && !whole)) {
        iotlb_forget_pointers(m, op->obj, whose, first, last);
    }
}
