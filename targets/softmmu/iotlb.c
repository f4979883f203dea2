/* SPDX-License-Identifier: MIT */
/*
 * IOTLBs (LA-51): records of translations that an IOMMU has made, by index and
 * granule.  A record answers until an UNMAP meets its granule, or the IOMMU is
 * reset; with the rights that it has, also where those refuse (FR-11).  What is
 * not mapped gets no record.
 */
#include "targets/softmmu/internal.h"

static IotlbRecord *iotlb_slot(Iommu *iommu, uint8_t index, uint64_t granule)
{
    uint64_t mix = (granule ^ (uint64_t)index << 60) * 0x9e3779b97f4a7c15u;

    return &iommu->iotlb[mix >> 60];
}

/* The record for an offset, or NULL. */
static const IotlbRecord *iotlb_find(Machine *m, uint8_t id, uint8_t index,
                                     uint64_t offset)
{
    Iommu *iommu = &m->iommus[id];
    uint64_t granule = offset >> iommu->granule_lg;
    const IotlbRecord *record =
        iotlb_slot(iommu, TW_BUG(m, IOTLB_IGNORES_INDEX) ? 0 : index, granule);

    if (!record->valid || record->granule != granule ||
        (record->index != index && !TW_BUG(m, IOTLB_IGNORES_INDEX))) {
        return NULL;
    }
    count(m, TW_COUNT_IOTLB);
    TELL(m, "iotlb", "i%u.%u 0x%" PRIx64 ": a record of s%u 0x%" PRIx64 " %s",
         id, index, offset, record->what.space, record->what.addr,
         rights_name(record->what.perm));
    return record;
}

/* Records what was found for the granule of `offset`. */
static void iotlb_insert(Machine *m, uint8_t id, uint8_t index, uint64_t offset,
                         Translation what)
{
    Iommu *iommu = &m->iommus[id];
    uint64_t granule = offset >> iommu->granule_lg;

    if ((what.perm == 0 && !TW_BUG(m, IOTLB_KEEPS_ABSENCE)) ||
        !allocate(m, "a record of an IOTLB")) {
        return;
    }
    what.addr &= ~low_mask(iommu->granule_lg);
    what.perm |= TW_BUG(m, IOTLB_HAS_LEAF_RIGHTS) ? what.upper : 0;
    *iotlb_slot(iommu, TW_BUG(m, IOTLB_IGNORES_INDEX) ? 0 : index, granule) =
        (IotlbRecord){
            .what = what, .granule = granule, .index = index, .valid = true};
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

/* Ends the records of an index that meet a range of offsets. */
static void iotlb_forget(Machine *m, uint8_t id, uint8_t index, uint64_t first,
                         uint64_t last)
{
    Iommu *iommu = &m->iommus[id];

    if (!iommu->has_iotlb || zoo_iotlb_keeps(m, id, &first, &last)) {
        return;
    }
    for (unsigned i = 0; i < IOTLB_RECORDS; i++) {
        IotlbRecord *record = &iommu->iotlb[i];

        if (record->valid && record->index == index &&
            iotlb_meets(m, iommu, record, first, last)) {
            TELL(m, "iotlb", "i%u.%u 0x%" PRIx64 ": the record ends (FR-11)",
                 id, index, record->granule << iommu->granule_lg);
            record->valid = false;
        }
    }
}

static void iotlb_empty(Machine *m, uint8_t id)
{
    Iommu *iommu = &m->iommus[id];

    if (iommu->has_iotlb) {
        memset(iommu->iotlb, 0, sizeof(iommu->iotlb));
    }
}
