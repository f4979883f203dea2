/* SPDX-License-Identifier: MIT */
/*
 * The bytes of RAM blocks (RU-2): what was never written is a function of
 * block and offset; what was is kept in a hash table of aligned words.  A
 * script stores at most TW_MAX_SCRIPT * TW_MAX_ACCESS bytes, so the table is
 * at most half full.
 */
#include "targets/softmmu/internal.h"

G_STATIC_ASSERT(2 * TW_MAX_SCRIPT * TW_MAX_ACCESS <= 1 << WORDS_LG);

static void ram_reset(Ram *ram)
{
    if (++ram->stamp == 0) {
        memset(ram->words, 0, sizeof(ram->words));
        ram->stamp = 1;
    }
    ram->n_used = 0;
}

/* The slot of a word: the one that holds it, or a free one. */
static Word *ram_slot(Ram *ram, uint8_t block, uint64_t base)
{
    uint64_t h = (base >> 3 ^ (uint64_t)block << 56) * 0x9e3779b97f4a7c15u;
    unsigned i = h >> (64 - WORDS_LG);

    for (;;) {
        Word *word = &ram->words[i];
        if (word->stamp != ram->stamp ||
            (word->block == block && word->base == base)) {
            return word;
        }
        i = (i + 1) & low_mask(WORDS_LG);
    }
}

/* `length` (1 .. 8) bytes at `offset`, little-endian. */
static uint64_t ram_read(Ram *ram, uint8_t block, uint64_t offset,
                         unsigned length)
{
    uint64_t value = 0;
    const Word *word = NULL;

    for (unsigned k = 0; k < length; k++, offset++) {
        uint8_t byte;
        if (k == 0 || (offset & 7) == 0) {
            word = ram_slot(ram, block, offset & ~UINT64_C(7));
        }
        if (word->stamp == ram->stamp && (word->written >> (offset & 7) & 1)) {
            byte = word->bytes[offset & 7];
        } else {
            byte = tw_ram_initial(block, offset);
        }
        value |= (uint64_t)byte << 8 * k;
    }
    return value;
}

static void ram_write(Ram *ram, uint8_t block, uint64_t offset, uint8_t byte)
{
    uint64_t base = offset & ~UINT64_C(7);
    Word *word = ram_slot(ram, block, base);

    if (word->stamp != ram->stamp) {
        word->stamp = ram->stamp;
        word->base = base;
        word->block = block;
        word->written = 0;
        ram->used[ram->n_used++] = word - ram->words;
    }
    word->written |= 1 << (offset & 7);
    word->bytes[offset & 7] = byte;
}

/* Adds what was written to the digests of the blocks. */
static void ram_digest(const Ram *ram, uint64_t *digests)
{
    for (unsigned i = 0; i < ram->n_used; i++) {
        const Word *word = &ram->words[ram->used[i]];
        for (unsigned k = 0; k < 8; k++) {
            uint64_t offset = word->base + k;
            if ((word->written >> k & 1) &&
                word->bytes[k] != tw_ram_initial(word->block, offset)) {
                digests[word->block] +=
                    tw_ram_digest_term(offset, word->bytes[k]);
            }
        }
    }
}
