/* SPDX-License-Identifier: MIT */
/*
 * Snapshots in flat programs (flat.c): of what stands in memory.  Moves of
 * flat-moves.c that change mappings or rights are no part of the dialects that
 * this is for.
 */
#include "fuzz/generate/flat.h"

#include "fuzz/generate/put.h"

enum {
    MOST = 32, /* operations of the move */
};

/* A store to the page of an aim: the guest's or, by another way, the host's. */
static void put_store(TwGen *gen, const TwAim *at)
{
    if (tw_gen_chance(gen, 25)) {
        tw_put_dma(gen, true, 0, at->va & ~UINT64_C(7), 0);
    } else {
        tw_put_aimed(gen, at, tw_gen_chance(gen, 85) ? TW_OP_WRITE : TW_OP_RMW);
    }
}

static void put_look(TwGen *gen, const TwAim *at)
{
    if (tw_gen_chance(gen, 20)) {
        tw_put_dma(gen, false, 0, at->va & ~UINT64_C(7), 0);
    } else {
        tw_put_access(gen, TW_OP_READ, at->cpu, at->mmu, at->va & ~UINT64_C(7),
                      8);
    }
}

static void put_snapshot(TwGen *gen)
{
    if (tw_gen_chance(gen, 50)) {
        tw_put(gen, TW_OP_FLUSH_ALL, TW_BOARD)->obj = TW_ALL;
    }
    tw_put(gen, TW_OP_SNAPSHOT, TW_BOARD);
}

/* Stores to one page or two, and loads; a restore, and what is there now. */
static void put_round(TwGen *gen, const TwAim *at, const TwAim *other)
{
    unsigned n = 1 + tw_gen_below(gen, 3);

    for (unsigned i = 0; i < n; i++) {
        const TwAim *of = tw_gen_chance(gen, 65) ? at : other;

        put_store(gen, of);
        if (tw_gen_chance(gen, 50)) {
            put_look(gen, of);
        }
    }
    if (tw_gen_chance(gen, 85)) {
        tw_put(gen, TW_OP_RESTORE, TW_BOARD);
    }
    put_look(gen, at);
    if (tw_gen_chance(gen, 40)) {
        put_look(gen, other);
    }
}

void tw_flat_saved(TwGen *gen)
{
    unsigned rounds = 1 + tw_gen_below(gen, 2);
    TwAim at, other;

    if (!tw_aim_anywhere(gen, &at) ||
        gen->program->n_script + (unsigned)MOST > gen->limit) {
        return;
    }
    if (!tw_aim_touched(gen, &other)) {
        other = at;
    }
    if (tw_gen_chance(gen, 50)) {
        put_store(gen, &at);
    }
    if (tw_gen_chance(gen, 75)) {
        put_snapshot(gen);
    }
    for (unsigned i = 0; i < rounds; i++) {
        put_round(gen, &at, &other);
    }
    if (tw_gen_chance(gen, 25)) {
        put_snapshot(gen);
        put_round(gen, &at, &other);
    }
}
