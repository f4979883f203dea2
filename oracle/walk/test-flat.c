/* SPDX-License-Identifier: MIT */
/*
 * Compares the two walkers on random and hostile topologies that change, at
 * each tick.
 */
#include "oracle/test/test-support.h"

#include <glib.h>

static TwAccess random_access(const TwProgram *p, TwRng *rng)
{
    bool dma = tw_rng_chance(rng, 40);
    unsigned cpu = tw_rng_below(rng, 2), m = tw_rng_below(rng, 2);
    TwAccess access = {
        .code = dma ? TW_OP_DMA_READ : TW_OP_READ,
        .cpu = dma ? TW_BOARD : cpu,
        .mmu = m,
        .space = dma ? m : p->cpus[cpu].mmu[m].space,
        .attrs = dma ? tw_rng_below(rng, 8) : p->cpus[cpu].mmu[m].attrs,
        .size = 1 + tw_rng_below(rng, 8),
        .addr = tw_rng_below(rng, 0x1100),
        .page_rights = TW_R,
        .hop_rights = TW_R,
    };

    if (tw_rng_chance(rng, 20)) {
        access.addr = UINT64_MAX - access.size + 1 -
                      (tw_rng_chance(rng, 50) ? 0 : access.addr);
    }
    return access;
}

/* Which kinds of place the walks came to; tests must not agree on nothing. */
typedef struct Seen {
    unsigned where[TW_AT_LOOP + 1], depth[8], split, cuts;
} Seen;

static void walk_some(const TwWorld *world, TwRng *rng, Seen *seen)
{
    for (unsigned i = 0; i < 6; i++) {
        TwAccess access = random_access(world->program, rng);
        unsigned all = (1u << access.size) - 1;
        TwTimes times = tw_times_at(world->now);
        static TwWalk walk;

        if (tw_rng_chance(rng, 50)) {
            times.then = tw_rng_below(rng, world->now + 1);
            times.hops = tw_rng_below(rng, 4);
            times.topology = times.hops + tw_rng_below(rng, 2);
        }
        tw_walk(world, &access, all, times, &walk);
        for (unsigned k = 0; k < access.size; k++) {
            seen->where[walk.bytes[k].where]++;
            seen->depth[walk.bytes[k].depth]++;
            seen->split += k && walk.bytes[k].region != walk.bytes[0].region;
        }
        seen->cuts += walk.cuts != 0;
        if (!tw_flat_agrees(world, &access, all, times)) {
            g_error("the walkers differ at 0x%" G_GINT64_MODIFIER "x size %u",
                    access.addr, access.size);
        }
    }
}

static void check(const void *data)
{
    bool hostile = GPOINTER_TO_INT(data);
    TwContract contract = test_contract();
    TwProgram *program = g_new(TwProgram, 1);
    TwWorld *world = tw_world_new();
    Seen seen = {.split = 0};

    for (unsigned n = 0; n < 1500; n++) {
        TwRng rng = tw_rng_for(hostile, n);

        test_random(program, &rng, hostile);
        tw_perform_start(world, program, &contract);
        world->reasons = true;
        for (unsigned i = 0; i < program->n_script; i++) {
            const TwOp *op = &program->script[i];

            if (op->code > TW_OP_DMA_WRITE &&
                tw_legality_step(&world->legality, op) == TW_LEGAL) {
                tw_perform(world, op, op->actor, i);
            }
            walk_some(world, &rng, &seen);
        }
    }
    for (unsigned w = 0; w <= TW_AT_LOOP; w++) {
        g_assert_cmpuint(seen.where[w], >, 100);
    }
    for (unsigned d = 0; d <= 4; d++) {
        g_assert_cmpuint(seen.depth[d], >, 100);
    }
    g_assert_cmpuint(seen.split, >, 1000);
    g_assert_cmpuint(seen.cuts, >, 1000);
    tw_world_free(world);
    g_free(program);
}

/*
 * A difference must be noticed: the check that all of this rests on.
 *
 *      0       0x100
 *   s0 |  r1   |  hole
 */
static void check_notices(void)
{
    TwProgram *program = test_program("twinwalk 1\npage 64\nhops 2\n"
                                      "region r0 container size 0x200\n"
                                      "region r1 ram size 0x100 in r0 at 0x0\n"
                                      "space s0 root r0\n"
                                      "script\n");
    TwContract contract = test_contract();
    TwWorld *world = tw_world_new();
    TwAccess access = {.code = TW_OP_DMA_READ,
                       .cpu = TW_BOARD,
                       .size = 4,
                       .addr = 0xfe,
                       .hop_rights = TW_R};
    TwByte bytes[TW_MAX_ACCESS];
    uint8_t cuts;
    bool unmarked;

    tw_perform_start(world, program, &contract);
    g_assert_true(tw_flat_agrees(world, &access, 0xf, tw_times_at(0)));
    tw_flat(world, &access, 0xf, tw_times_at(0), bytes, &cuts, &unmarked);
    g_assert_cmpint(bytes[1].where, ==, TW_AT_LEAF);
    g_assert_cmpuint(bytes[1].offset, ==, 0xff);
    g_assert_cmpint(bytes[2].where, ==, TW_AT_HOLE);
    tw_world_free(world);
    g_free(program);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/flat/FV-1/edge-of-ram", check_notices);
    g_test_add_data_func("/flat/agrees/random", GINT_TO_POINTER(0), check);
    g_test_add_data_func("/flat/agrees/hostile", GINT_TO_POINTER(1), check);
    return g_test_run();
}
