/* SPDX-License-Identifier: MIT */
/*
 * The bytes of RAM blocks (RU-2).  Bytes that were never written are a function
 * of block and offset.  Written ones are kept in aligned words, as many as a
 * script can store to, in a small hash table that stays in the host's cache.
 */
#include "targets/softmmu/internal.h"

static void ram_reset(Ram *ram, uint8_t contents)
{
    ram->contents = contents;
    memset(ram->buckets, 0, sizeof(ram->buckets));
    ram->n = 0;
}

static uint16_t *ram_bucket(Ram *ram, uint8_t block, uint64_t base)
{
    uint64_t h = (base >> 3 ^ (uint64_t)block << 56) * 0x9e3779b97f4a7c15u;

    return &ram->buckets[h >> (64 - BUCKETS_LG)];
}

/* The word at `base` of a block, or NULL if nothing was written there. */
static Word *ram_word(Ram *ram, uint8_t block, uint64_t base)
{
    for (unsigned i = *ram_bucket(ram, block, base); i != 0;
         i = ram->words[i - 1].next) {
        Word *word = &ram->words[i - 1];
        if (word->block == block && word->base == base) {
            return word;
        }
    }
    return NULL;
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
            word = ram_word(ram, block, offset & ~UINT64_C(7));
        }
        if (word != NULL && (word->written >> (offset & 7) & 1)) {
            byte = word->bytes[offset & 7];
        } else {
            byte = tw_content_initial(ram->contents, block, offset);
        }
        value |= (uint64_t)byte << 8 * k;
    }
    return value;
}

static void ram_write(Ram *ram, uint8_t block, uint64_t offset, uint8_t byte)
{
    uint64_t base = offset & ~UINT64_C(7);
    Word *word = ram_word(ram, block, base);

    if (word == NULL) {
        uint16_t *bucket = ram_bucket(ram, block, base);
        word = &ram->words[ram->n++];
        *word = (Word){.base = base, .block = block, .next = *bucket};
        *bucket = ram->n;
    }
    word->written |= 1 << (offset & 7);
    word->bytes[offset & 7] = byte;
}

/* Adds what was written to the digests of the blocks. */
static void ram_digest(const Ram *ram, uint64_t *digests)
{
    for (unsigned i = 0; i < ram->n; i++) {
        const Word *word = &ram->words[i];
        for (unsigned k = 0; k < 8; k++) {
            uint64_t offset = word->base + k;
            if ((word->written >> k & 1) &&
                word->bytes[k] !=
                    tw_content_initial(ram->contents, word->block, offset)) {
                digests[word->block] +=
                    tw_ram_digest_term(offset, word->bytes[k]);
            }
        }
    }
}
