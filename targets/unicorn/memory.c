/* SPDX-License-Identifier: MIT */
/*
 * The bytes of RAM blocks.  They live in host memory that the engine maps by
 * pointer, several times where there are aliases.  The initial contents of a
 * page are made once and kept in a master copy.  After a run, each page that
 * was mapped is compared with the copy, which gives the digest, and is reset.
 */
#include <string.h>
#include <sys/mman.h>

#include "targets/unicorn/internal.h"
#include "targets/unicorn/uncounted.h"

/* Prepared pages, of all pools, before all are given back. */
enum { MAX_PREPARED = 24 * 1024 };

#define POOL_SIZE ((size_t)BLOCK_PAGES * MAX_PAGE)

static uint8_t *pool_open(void)
{
    void *at = mmap(NULL, POOL_SIZE, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return at == MAP_FAILED ? NULL : at;
}

bool tw_uc_memory_open(Memory *memory, unsigned page_lg)
{
    memory->page_lg = page_lg;
    for (unsigned c = 0; c < POOLS; c++) {
        memory->now[c] = pool_open();
        memory->master[c] = pool_open();
        if (memory->now[c] == NULL || memory->master[c] == NULL) {
            return false;
        }
    }
    return true;
}

void tw_uc_memory_close(Memory *memory)
{
    for (unsigned c = 0; c < POOLS; c++) {
        if (memory->now[c] != NULL) {
            munmap(memory->now[c], POOL_SIZE);
        }
        if (memory->master[c] != NULL) {
            munmap(memory->master[c], POOL_SIZE);
        }
    }
    if (memory->saved != NULL) {
        munmap(memory->saved, POOL_SIZE);
    }
}

bool tw_uc_memory_open_saved(Memory *memory)
{
    memory->saved = pool_open();
    return memory->saved != NULL;
}

/* Unless an earlier program has shown it. */
TW_UNCOUNTED static void page_prepare(Memory *memory, unsigned contents,
                                      uint32_t n)
{
    uint64_t bit = UINT64_C(1) << n % 64;
    unsigned pool = pool_of(contents);
    size_t size = (size_t)1 << memory->page_lg;
    uint8_t *master = memory->master[pool] + n * size;
    uint8_t block = (uint8_t)(n / PAGES);
    uint64_t offset = (uint64_t)(n % PAGES) * size;

    if (memory->prepared[pool][n / 64] & bit) {
        return;
    }
    for (unsigned i = 0; i < size; i++) {
        master[i] = tw_content_initial(contents, block, offset + i);
    }
    memcpy(memory->now[pool] + n * size, master, size);
    memory->prepared[pool][n / 64] |= bit;
    memory->n_prepared++;
}

uint8_t *tw_uc_memory_use(Memory *memory, unsigned contents, uint8_t block,
                          uint32_t page, uint32_t n)
{
    uint32_t first = (uint32_t)block * PAGES + page;

    for (uint32_t i = first; i < first + n; i++) {
        uint64_t bit = UINT64_C(1) << i % 64;
        if (memory->used[i / 64] & bit) {
            continue;
        }
        memory->used[i / 64] |= bit;
        memory->pages[memory->n_pages++] = i;
        page_prepare(memory, contents, i);
    }
    return memory->now[pool_of(contents)] + ((size_t)first << memory->page_lg);
}

void tw_uc_memory_save(Memory *memory, unsigned contents)
{
    const uint8_t *now = memory->now[pool_of(contents)];
    size_t size = (size_t)1 << memory->page_lg;

    for (uint32_t i = 0; i < memory->n_pages; i++) {
        size_t at = memory->pages[i] * size;

        memcpy(memory->saved + at, now + at, size);
    }
    memory->n_saved = memory->n_pages;
}

void tw_uc_memory_restore(Memory *memory, unsigned contents, uint32_t i)
{
    unsigned pool = pool_of(contents);
    size_t size = (size_t)1 << memory->page_lg;
    size_t at = memory->pages[i] * size;

    memcpy(memory->now[pool] + at,
           (i < memory->n_saved ? memory->saved : memory->master[pool]) + at,
           size);
}

static uint64_t page_digest(const uint8_t *now, const uint8_t *master,
                            size_t size, uint64_t offset)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < size; i += 8) {
        if (memcmp(now + i, master + i, 8) == 0) {
            continue;
        }
        for (size_t k = i; k < i + 8; k++) {
            if (now[k] != master[k]) {
                sum += tw_ram_digest_term(offset + k, now[k]);
            }
        }
    }
    return sum;
}

TW_UNCOUNTED static void give_back(Memory *memory)
{
    if (memory->n_prepared <= MAX_PREPARED) {
        return;
    }
    for (unsigned c = 0; c < POOLS; c++) {
        madvise(memory->now[c], POOL_SIZE, MADV_DONTNEED);
        madvise(memory->master[c], POOL_SIZE, MADV_DONTNEED);
    }
    memset(memory->prepared, 0, sizeof(memory->prepared));
    memory->n_prepared = 0;
}

void tw_uc_memory_finish(Memory *memory, unsigned contents, uint64_t *digests)
{
    unsigned pool = pool_of(contents);
    size_t size = (size_t)1 << memory->page_lg;

    for (uint32_t i = 0; i < memory->n_pages; i++) {
        uint32_t n = memory->pages[i];
        uint8_t *now = memory->now[pool] + n * size;
        uint8_t *master = memory->master[pool] + n * size;

        memory->used[n / 64] = 0;
        if (memcmp(now, master, size) != 0) {
            digests[n / PAGES] +=
                page_digest(now, master, size, (uint64_t)(n % PAGES) * size);
            memcpy(now, master, size);
        }
    }
    memory->n_pages = 0;
    give_back(memory);
}
