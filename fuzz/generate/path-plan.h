/* SPDX-License-Identifier: MIT */
/*
 * Inside path*.c only: a program for a machine with an IOMMU while it is made.
 * Pages are numbers of pages of the window.  The plan knows what is stored in
 * the tables, so that changes are made where walks go.
 */
#ifndef TW_FUZZ_GENERATE_PATH_PLAN_H
#define TW_FUZZ_GENERATE_PATH_PLAN_H

#include "program/dialect.h"
#include "program/layout.h"
#include "program/path.h"
#include "program/rng.h"

enum {
    TW_PATH_ROOTS = 2,
    TW_PATH_UPPERS = 2, /* tables of level 2 */
    TW_PATH_LOWERS = 3, /* tables of level 1 */
    TW_PATH_HOT = 6,
    TW_PATH_BLOCK = 512, /* pages of a leaf of level 2 */
    TW_PATH_STEPS = 6,
    TW_PATH_GIBS = 4,     /* at which programs look, if the dialect is wide */
    TW_PATH_WORDS = 2048, /* places of words that were stored */
};

typedef struct TwPathContext {
    uint8_t mode, domain;
    uint16_t root; /* page */
} TwPathContext;

/* Of a first stage before a second, pages are those of the second's input. */
typedef struct TwPathStage {
    const TwLayout *layout;
    uint16_t roots[TW_PATH_ROOTS], uppers[TW_PATH_UPPERS],
        lowers[TW_PATH_LOWERS];
    TwPathContext contexts[TW_MAX_IOMMU_INDEXES];
} TwPathStage;

typedef struct TwPathPlan {
    TwProgram *program;
    const TwDialect *dialect;
    TwRng *rng;
    TwOp *to; /* where operations go */
    uint16_t *n, most;
    uint16_t pages; /* of the window */
    unsigned n_hot;
    uint16_t hot[TW_PATH_HOT];
    uint64_t gibs[TW_PATH_GIBS]; /* bits 30 to 63; the window's, if it is not */
    TwPathStage stages[2];
    TwOp mappings[TW_PATH_MAPPINGS]; /* how they were made; length 0: not */
    uint32_t word_at[TW_PATH_WORDS]; /* offset in the RAM + 1, or 0 */
    uint64_t words[TW_PATH_WORDS];
} TwPathPlan;

/* An entry that a walk looks at. */
typedef struct TwPathStep {
    uint64_t value;
    uint64_t at;    /* as the stage sees it: an address */
    uint32_t where; /* offset in the RAM */
    uint8_t level;
} TwPathStep;

typedef struct TwPathWalk {
    TwPathStep steps[TW_PATH_STEPS];
    uint8_t n;
    bool found;  /* a leaf, or no translation is needed */
    uint8_t bad; /* the first step that takes a right away or is nothing; n:
                  * none does */
    uint64_t out;
} TwPathWalk;

static inline unsigned tw_path_draw(TwPathPlan *plan, unsigned below)
{
    return (unsigned)tw_rng_below(plan->rng, below);
}

static inline bool tw_path_chance(TwPathPlan *plan, unsigned percent)
{
    return tw_rng_below(plan->rng, 100) < percent;
}

/* The address of a page; which of two blocks of pages it is in. */
static inline uint64_t tw_path_address(const TwPathPlan *plan, unsigned page)
{
    return plan->dialect->dma_first + ((uint64_t)page << 12);
}

/* The same page in one of the GiB. */
static inline uint64_t tw_path_some_address(TwPathPlan *plan, unsigned page)
{
    uint64_t address = tw_path_address(plan, page);

    if (plan->dialect->dma_wide == 0) {
        return address;
    }
    return (address & ((UINT64_C(1) << 30) - 1)) |
           plan->gibs[tw_path_draw(plan, TW_PATH_GIBS)];
}

/* The page of an address, modulo the window. */
static inline uint16_t tw_path_page(const TwPathPlan *plan, uint64_t address)
{
    return (uint16_t)((address >> 12) & (plan->pages - 1u));
}

/* Is this the stage whose tables are in RAM as they are? */
static inline bool tw_path_is_last(const TwPathPlan *plan, unsigned stage)
{
    return stage + 1 == plan->dialect->path_stages;
}

/* The bytes of an address that an entry of that level translates, less one. */
static inline uint64_t tw_path_span(unsigned level)
{
    return (UINT64_C(1) << (12 + 9 * (level - 1))) - 1;
}

/* The entry for an address in a table of that level, as a number of bytes. */
static inline unsigned tw_path_slot(unsigned level, uint64_t address)
{
    return 8 * (unsigned)(address >> (12 + 9 * (level - 1)) & 511);
}

/* Walks (path-walk.c) ------------------------------------------------------ */

/* Where the tables lead address x of a stage, for an index, without caches. */
void tw_path_walk(const TwPathPlan *plan, unsigned stage, unsigned index,
                  uint64_t x, TwPathWalk *walk);

/* Does an entry that is there end the walk? */
bool tw_path_is_leaf(const TwLayout *layout, unsigned level, uint64_t entry);

/* Notes that a word of the RAM has changed. */
void tw_path_note(TwPathPlan *plan, uint32_t where, uint64_t value);

/* Operations (path-put.c)
 * ------------------------------------------------------ */

/* A new operation, which fits the dialect once tw_path_done() was called. */
TwOp *tw_path_put(TwPathPlan *plan, TwOpCode code);

/* Fits the numbers of an operation, and notes what it changes. */
void tw_path_done(TwPathPlan *plan, TwOp *op);

/* One to four accesses, mostly by that index and in the page of x. */
void tw_path_accesses(TwPathPlan *plan, unsigned index, uint64_t x);

void tw_path_poke(TwPathPlan *plan, uint32_t where, uint64_t value);
void tw_path_context(TwPathPlan *plan, unsigned stage, unsigned index,
                     unsigned mode, unsigned root, unsigned domain);

/* What an entry of that level for address x of a stage is when all is well. */
uint64_t tw_path_good_entry(TwPathPlan *plan, unsigned stage, unsigned level,
                            uint64_t x);

/* Mostly its own. */
unsigned tw_path_some_domain(TwPathPlan *plan, unsigned stage, unsigned index);

/* An IOMMU of kind `table` (path-table.c) -----------------------------------
 */

/* Its entries at the start; a move. */
void tw_path_table_setup(TwPathPlan *plan);
void tw_path_table_move(TwPathPlan *plan);

/* Moves (path-moves.c) ----------------------------------------------------- */

/* One move: changes, commands and accesses. */
void tw_path_move(TwPathPlan *plan);

#endif
