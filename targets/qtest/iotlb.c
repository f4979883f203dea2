/* SPDX-License-Identifier: MIT */
/* See iotlb.h. */
#include "targets/qtest/iotlb.h"

#include <string.h>

uint64_t tw_iotlb_last(uint64_t first, uint64_t size)
{
    uint64_t last = first + (size - 1);

    return last < first ? UINT64_MAX : last;
}

static bool meets(const IotlbEntry *entry, uint64_t first, uint64_t last)
{
    return entry->first <= last && first <= entry->last;
}

bool tw_iotlb_meets(const Iotlb *iotlb, uint64_t first, uint64_t last)
{
    unsigned i = 0;

    while (i < iotlb->n && !meets(&iotlb->entries[i], first, last)) {
        i++;
    }
    return i < iotlb->n;
}

void tw_iotlb_drop(Iotlb *iotlb, uint64_t first, uint64_t last)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < iotlb->n; i++) {
        const IotlbEntry *entry = &iotlb->entries[i];

        if (!meets(entry, first, last)) {
            iotlb->entries[kept++] = *entry;
        }
    }
    iotlb->n = kept;
}

void tw_iotlb_add(Iotlb *iotlb, const IotlbEntry *entry)
{
    tw_iotlb_drop(iotlb, entry->first, entry->last);
    if (iotlb->n == IOTLB_ENTRIES) {
        iotlb->n--;
        memmove(iotlb->entries, iotlb->entries + 1,
                iotlb->n * sizeof(iotlb->entries[0]));
    }
    iotlb->entries[iotlb->n++] = *entry;
}

const IotlbEntry *tw_iotlb_find(const Iotlb *iotlb, uint64_t address,
                                uint8_t rights)
{
    for (unsigned i = 0; i < iotlb->n; i++) {
        const IotlbEntry *entry = &iotlb->entries[i];

        if (entry->first <= address && address <= entry->last &&
            entry->rights & rights) {
            return entry;
        }
    }
    return NULL;
}
