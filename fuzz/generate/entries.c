/* SPDX-License-Identifier: MIT */
/* See entries.h. */
#include "fuzz/generate/entries.h"

uint64_t tw_gen_without(uint64_t entry, TwBits right, uint64_t keep)
{
    if (!tw_gen_holds(right, entry)) {
        return entry;
    }
    if (right.mask & ~right.value) {
        return entry | (right.mask & ~right.value);
    }
    return entry & ~(right.value & ~keep);
}

uint64_t tw_gen_leaf(const TwLayout *layout, unsigned level, uint64_t address,
                     uint8_t perm)
{
    uint64_t entry =
        layout->present.value | tw_gen_address_bits(layout, address);

    if (level == 1) {
        entry |= layout->last.value;
    } else if (!layout->last_by_bits) {
        entry |= layout->leaf_some;
    }
    entry |= perm & TW_R ? layout->read.value : 0;
    entry |= perm & TW_W ? layout->write.value : 0;
    if (!(perm & TW_W)) {
        entry = tw_gen_without(entry, layout->write,
                               perm & TW_R ? layout->read.value : 0);
    }
    return perm & TW_R ? entry : tw_gen_without(entry, layout->read, 0);
}

uint64_t tw_gen_table(const TwLayout *layout, unsigned next, uint64_t address)
{
    uint64_t entry = layout->present.value | layout->present_some |
                     layout->table_read.value | layout->table_write.value |
                     tw_gen_address_bits(layout, address);

    if (layout->next_shift) {
        entry |= (uint64_t)next << layout->next_shift;
    } else if (layout->leaf_none) {
        entry |= layout->leaf_none & -layout->leaf_none;
    }
    return entry;
}
