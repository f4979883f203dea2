/* SPDX-License-Identifier: MIT */
/*
 * The bump allocator of arena.h: a chain of chunks, each twice the one before,
 * that a reset rewinds and never gives back.  Under AddressSanitizer all that
 * is not handed out is poisoned, so a pointer kept across a reset is caught.
 */
#include "program/arena.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define POISONING 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISONING 1
#endif
#endif

#ifdef POISONING
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

enum {
    ALIGNMENT = 16,
    FIRST_CHUNK = 64 << 10,
    DEFAULT_LIMIT = 64 << 20,
};

typedef struct Chunk {
    struct Chunk *next;
    size_t size; /* bytes of `memory` */
    _Alignas(ALIGNMENT) unsigned char memory[];
} Chunk;

struct TwArena {
    Chunk *first, *current;
    size_t used;   /* bytes of `current` handed out */
    size_t handed; /* bytes handed out since the reset */
    size_t limit;
    uint32_t count; /* allocations handed out since the reset */
    uint32_t fail;  /* the n-th from now fails; 0 = none */
};

TwArena *tw_arena_new(size_t limit)
{
    TwArena *arena = calloc(1, sizeof *arena);
    if (!arena) {
        return NULL;
    }
    arena->limit = limit ? limit : DEFAULT_LIMIT;
    return arena;
}

void tw_arena_free(TwArena *arena)
{
    if (!arena) {
        return;
    }
    for (Chunk *chunk = arena->first; chunk;) {
        Chunk *next = chunk->next;
        UNPOISON(chunk->memory, chunk->size);
        free(chunk);
        chunk = next;
    }
    free(arena);
}

/* Makes the next chunk that holds `size` bytes the current one. */
static bool next_chunk(TwArena *arena, size_t size)
{
    Chunk *last = arena->current;
    Chunk *chunk = last ? last->next : arena->first;
    while (chunk && chunk->size < size) {
        last = chunk;
        chunk = chunk->next;
    }
    if (!chunk) {
        size_t room = last ? last->size * 2 : FIRST_CHUNK;
        while (room < size) {
            room *= 2;
        }
        chunk = malloc(sizeof *chunk + room);
        if (!chunk) {
            return false;
        }
        chunk->next = NULL;
        chunk->size = room;
        POISON(chunk->memory, room);
        if (last) {
            last->next = chunk;
        } else {
            arena->first = chunk;
        }
    }
    arena->current = chunk;
    arena->used = 0;
    return true;
}

void *tw_arena_alloc(TwArena *arena, size_t size)
{
    if (arena->fail && --arena->fail == 0) {
        return NULL;
    }
    if (size > arena->limit) {
        return NULL;
    }
    size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (rounded == 0) {
        rounded = ALIGNMENT;
    }
    if (rounded > arena->limit - arena->handed) {
        return NULL;
    }
    if (!arena->current || rounded > arena->current->size - arena->used) {
        if (!next_chunk(arena, rounded)) {
            return NULL;
        }
    }
    void *memory = arena->current->memory + arena->used;
    arena->used += rounded;
    arena->handed += rounded;
    arena->count++;
    UNPOISON(memory, size);
    return memory;
}

void *tw_arena_zalloc(TwArena *arena, size_t size)
{
    void *memory = tw_arena_alloc(arena, size);
    if (memory) {
        memset(memory, 0, size);
    }
    return memory;
}

void tw_arena_reset(TwArena *arena)
{
#ifdef POISONING
    for (Chunk *chunk = arena->first; chunk; chunk = chunk->next) {
        POISON(chunk->memory, chunk->size);
    }
#endif
    arena->current = arena->first;
    arena->used = 0;
    arena->handed = 0;
    arena->count = 0;
    arena->fail = 0;
}

void tw_arena_fail_nth(TwArena *arena, uint32_t n)
{
    arena->fail = n;
}

uint32_t tw_arena_count(const TwArena *arena)
{
    return arena->count;
}
