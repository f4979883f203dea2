/* SPDX-License-Identifier: MIT */
/*
 * What is in RAM, in one possible world or in several.
 */
#ifndef TW_ORACLE_MEMORY_CONTENT_H
#define TW_ORACLE_MEMORY_CONTENT_H

#include "oracle/memory/leaf.h"

/* Up to eight bytes stored in a block. */
typedef struct TwStored {
    uint64_t offset;
    int32_t older;
    uint32_t tick; /* the store is younger than this tick */
    uint16_t op;
    uint8_t first; /* which byte of the access its first one is */
    uint8_t mark; /* 1 + the TwTableFormat of the entry in which A or D was set;
                   * 0: it is no such store */
    uint8_t block, length; /* length 0: a restore, where the chain goes on with
                            * the stores that were saved; the others are */
    uint8_t bytes[TW_MAX_ACCESS];
    int32_t past; /* still here */
    /* To pass many stores at once: the stores from this one down to that before
     * `jump` touch only words that have their bit in `words`. */
    uint64_t words;
    int32_t jump;
    uint32_t depth; /* how many stores are older in its chain */
} TwStored;

/* Each access adds at most TW_MAX_WORLDS worlds of TW_MAX_ACCESS runs, plus one
 * duplicate; and each A or D bit is a store. */
enum {
    TW_MAX_STORED =
        ((TW_MAX_SCRIPT + TW_MAX_STARTED) * TW_MAX_WORLDS + 1) * TW_MAX_ACCESS +
        TW_MAX_MARKS
};

/* One of the possible states of RAM, as the chain of its stores. */
typedef struct TwContent {
    int32_t newest, saved_newest; /* saved: what `restore` goes back to */
    uint64_t hash, saved_hash;    /* equal contents have equal hashes */
} TwContent;

/* What the 8 bytes at an offset of a block were in some world: see
 * tw_contents_word_at. */
typedef struct TwWordSeen {
    uint64_t offset, word;
    int32_t newest; /* the world, as its newest store */
    uint32_t start; /* TwContents.starts: of another program, it says nothing */
    uint32_t changed;
    uint16_t op;
    uint8_t block, marks; /* marks: of tw_contents_word_at() */
} TwWordSeen;
enum { TW_WORDS_SEEN_LG = 12 };

typedef struct TwContents {
    const TwProgram *program;
    uint32_t starts; /* calls of tw_contents_start */
    uint32_t n_worlds, n_stored, most;
    uint32_t in_line; /* so many of the first stores each follow the one before
                       */
    bool hashed;      /* worlds may split: keep the hashes */
    bool ordered; /* what was there before counts, too (FR-10, LA-39): worlds
                   * are equal only if their stores are, in their order */
    bool noted;   /* nor may a restore forget stores (LA-39) */
    TwContent worlds[TW_MAX_WORLDS];
    TwStored *stored;
    TwWordSeen *seen; /* 2^TW_WORDS_SEEN_LG, found by a hash */
} TwContents;

/* Allocates, and frees, what a TwContents points to. */
void tw_contents_init(TwContents *contents);
void tw_contents_clear(TwContents *contents);

void tw_contents_start(TwContents *contents, const TwProgram *program,
                       bool hashed, bool ordered, bool noted);
/* snapshot or restore (LA-40), in every world, by script operation `number` at
 * time `tick`. */
void tw_contents_perform(TwContents *contents, const TwOp *op, uint16_t number,
                         uint32_t tick);
/* Are these the same, now and saved? */
bool tw_contents_same(const TwContent *a, const TwContent *b);
/* The byte at `offset` of `block` in that world. */
uint8_t tw_contents_byte(const TwContents *contents, const TwContent *world,
                         uint8_t block, uint64_t offset);
/*
 * The same in the first world as at time t, stores up to the next tick
 * included: a TwRam.byte, whose data is the TwContents.  What a restore took
 * back is known only if `noted`.
 */
uint8_t tw_contents_byte_at(const void *contents, uint8_t block,
                            uint64_t offset, uint32_t t);
/* TwRam.word and TwRam.store, whose data is the TwContents; `word` is of the
 * first world, `store` for all. */
uint64_t tw_contents_word_at(const void *contents, uint8_t block,
                             uint64_t offset, uint32_t t, uint8_t marks,
                             uint32_t *changed, uint16_t *op);
void tw_contents_store(void *contents, uint8_t block, uint64_t offset,
                       uint64_t last, uint64_t value, uint32_t tick,
                       uint16_t op);
/* A walk sets A or D in the entry of that format at `offset` (LA-55): stores
 * the 8 bytes of `value`. */
void tw_contents_mark(TwContents *contents, uint8_t block, uint64_t offset,
                      uint64_t value, uint8_t format, uint32_t tick,
                      uint16_t op);
/* Value that a read (or exchange) gives in that world. */
uint64_t tw_contents_value(const TwContents *contents, const TwContent *world,
                           const TwAccess *access, const TwByte *bytes,
                           const TwEffect *effect);
/* The world after the access, at time `tick`. */
TwContent tw_contents_apply(TwContents *contents, TwContent world,
                            const TwAccess *access, const TwByte *bytes,
                            const TwEffect *effect, uint32_t tick);
/*
 * The newest store of the script that changed a byte that the access reads: in
 * *before the world without it and all later ones.  NULL if there is none.
 * `world` must be one that tw_contents_start() or this function has led to.
 */
const TwStored *tw_contents_before(const TwContents *contents,
                                   const TwContent *world,
                                   const TwAccess *access, const TwByte *bytes,
                                   const TwEffect *effect, TwContent *before);
/* The digests of a world; `digests` has n_regions elements. */
void tw_contents_digests(const TwContents *contents, const TwContent *world,
                         uint64_t *digests);

#endif
