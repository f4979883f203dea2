/* SPDX-License-Identifier: MIT */
/* See word.h. */
#include "oracle/walk/word.h"

static bool fits(TwBits bits, uint64_t word)
{
    return !((word ^ bits.value) & bits.mask);
}

static bool says_size(const TwLayout *l, uint64_t word)
{
    return l->sized != 0 && (word >> l->next_shift) % 8 == l->sized;
}

/* Has its address bits that no address of this IOMMU has (LA-63)? */
static bool too_wide(const TwIommu *m, const TwLayout *l, uint64_t word)
{
    unsigned bits = m->pagetable.output;

    return bits != 0 && (word & l->address) << l->shift >= UINT64_C(1) << bits;
}

TwWordIs tw_word_is(const TwIommu *m, unsigned n, uint64_t word)
{
    const TwLayout *l = tw_layout(m->pagetable.format);
    bool some = l->present_some == 0 || (word & l->present_some) != 0;
    bool marked = l->leaf_some != 0 ? (word & l->leaf_some) != 0
                                    : (word & l->leaf_none) == 0;
    bool leaf = marked || (n == 1 && !l->last_by_bits) || says_size(l, word);

    if (!fits(l->present, word) || !some) {
        return TW_WORD_NOTHING;
    }
    if (too_wide(m, l, word)) {
        return TW_WORD_WRONG;
    }
    if (!leaf) {
        return (word & l->reserved_table) == 0 ? TW_WORD_TABLE : TW_WORD_WRONG;
    }
    if ((l->leaf_levels & 1u << n) == 0 || (word & l->reserved_leaf) != 0 ||
        (n == 1 && !fits(l->last, word)) ||
        (l->wrong.mask != 0 && fits(l->wrong, word))) {
        return TW_WORD_WRONG;
    }
    return TW_WORD_LEAF;
}

uint8_t tw_word_grants(const TwIommu *m, uint64_t word)
{
    const TwLayout *l = tw_layout(m->pagetable.format);
    bool updates = m->pagetable.updates_ad;
    TwBits read = updates ? l->marks.read : l->read;
    TwBits write = updates ? l->marks.write : l->write;
    TwBits clean = l->marks.write_clean;
    uint8_t perm = fits(read, word) ? TW_R : 0;

    if (fits(write, word) ||
        (updates && clean.mask != 0 && fits(clean, word))) {
        perm |= TW_W;
    }
    return perm;
}

uint8_t tw_word_lets(const TwLayout *l, uint64_t word)
{
    return (fits(l->table_read, word) ? TW_R : 0) |
           (fits(l->table_write, word) ? TW_W : 0);
}

uint8_t tw_word_marked(const TwIommu *m, uint64_t word, bool leaf)
{
    const TwMarks *marks = &tw_layout(m->pagetable.format)->marks;

    if (!m->pagetable.updates_ad || (!leaf && !marks->tables)) {
        return TW_R | TW_W;
    }
    if (!fits(marks->accessed, word)) {
        return 0;
    }
    return !leaf || fits(marks->dirty, word) ? TW_R | TW_W : TW_R;
}

uint64_t tw_word_granules(const TwIommu *m, unsigned n, uint64_t word)
{
    const TwLayout *l = tw_layout(m->pagetable.format);
    unsigned bits = m->granule_lg - 3u;
    uint64_t usual = (uint64_t)1 << (n - 1) * bits, number, twice;

    if (!says_size(l, word)) {
        return usual;
    }
    /* Granules are counted by the address: 0, 01, 011 at its end are 2, 4, 8.
     */
    number = (word & l->address) << l->shift >> m->granule_lg;
    twice = (number ^ (number + 1)) + 1;
    if (twice <= usual || twice >> bits >= usual ||
        ((number + 1) & ~number & l->address << l->shift >> m->granule_lg) ==
            0) {
        return 0;
    }
    return twice;
}
