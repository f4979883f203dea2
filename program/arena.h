/* SPDX-License-Identifier: MIT */
/*
 * Memory for what lives as long as one program: a bump allocator that is reset
 * between programs and can be told to fail.  What runs per program (decode,
 * run, judge, mutate) allocates from nothing else, so no run can leak into the
 * next, and a failing allocation can be placed anywhere on purpose.
 */
#ifndef TW_PROGRAM_ARENA_H
#define TW_PROGRAM_ARENA_H

#include <stddef.h>
#include <stdint.h>

typedef struct TwArena TwArena;

/* `limit` is the most bytes handed out between resets (0: 64 MiB). */
TwArena *tw_arena_new(size_t limit);
void tw_arena_free(TwArena *arena);

/*
 * `size` bytes, aligned to 16, not initialised; NULL if the limit is reached
 * or the allocation was told to fail.  Valid until the next reset.
 */
void *tw_arena_alloc(TwArena *arena, size_t size);

/* The same, filled with zeros. */
void *tw_arena_zalloc(TwArena *arena, size_t size);

/* Everything handed out is gone; the memory is kept; no failure is pending. */
void tw_arena_reset(TwArena *arena);

/* The n-th allocation from now (1 = the next) fails, once; 0 = none. */
void tw_arena_fail_nth(TwArena *arena, uint32_t n);

/* Allocations handed out since the last reset. */
uint32_t tw_arena_count(const TwArena *arena);

#endif
