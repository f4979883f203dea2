/* SPDX-License-Identifier: MIT */
/*
 * Moves about time: a change inside a fill, snapshot and restore, virtual time
 * that passes.
 */
#include "fuzz/generate/moves.h"

#include <string.h>

#include "fuzz/generate/board.h"
#include "fuzz/generate/put.h"
#include "program/ops.h"

/* During a fill ----------------------------------------------------------- */

/* What happens inside: a change of what is walked, or only an event. */
static void put_inside(TwGen *gen, const TwAim *aim, uint8_t actor)
{
    switch (tw_gen_below(gen, 8)) {
    case 0:
        tw_put_flush(gen, aim, actor);
        break;
    case 1:
        if (aim->n_hops > 0 && tw_gen_speaks(gen->dialect, TW_OP_NOTIFY)) {
            tw_put_notify(gen, tw_aim_some_hop(gen, aim), actor);
            break;
        }
        /* fall through */
    default:
        tw_put_any_change(gen, aim, actor, tw_gen_chance(gen, 80));
        break;
    }
}

/* One in four times, inside too: a flush of what was changed. */
static void put_flush_inside(TwGen *gen, const TwAim *aim, uint8_t actor)
{
    TwProgram *program = gen->program;
    TwRng ahead = *gen->rng; /* the other programs do not notice */

    if (tw_rng_below(&ahead, 4) != 0) {
        return;
    }
    *gen->rng = ahead;
    unsigned before = program->n_script;
    tw_put_flush(gen, aim, actor);
    if (program->n_script == before + 1) {
        program->script[before].flags |= TW_OPF_DURING;
    }
}

/*
 * An access that misses, since its page was never met or has just been
 * flushed; a change of what it walks while it fills; accesses that must see
 * the change.
 */
/* As many operations during an access as there can be; `first` is the number
 * of the first of them. */
static void put_more_inside(TwGen *gen, const TwAim *aim, uint8_t actor,
                            unsigned first)
{
    TwProgram *program = gen->program;
    unsigned n = program->n_script;

    while (n < first + TW_MAX_DURING && n < gen->limit) {
        put_inside(gen, aim, actor);
        if (program->n_script != n + 1u) {
            return;
        }
        program->script[n++].flags |= TW_OPF_DURING;
    }
}

void tw_move_during(TwGen *gen)
{
    TwProgram *program = gen->program;
    TwAim aim;

    if (!tw_aim_anywhere(gen, &aim) || program->n_script + 6u > gen->limit) {
        tw_move_access(gen);
        return;
    }
    TwOpCode code = tw_gen_code(gen);
    uint8_t actor =
        tw_gen_chance(gen, 60) ? aim.cpu : tw_gen_actor(gen, aim.cpu);

    if (tw_gen_chance(gen, 70)) {
        tw_put_flush(gen, &aim, aim.cpu);
    }
    unsigned first = program->n_script;
    if (tw_gen_chance(gen, 10)) {
        const TwMmuIndex *index = &program->cpus[aim.cpu].mmu[aim.mmu];
        tw_put_dma(gen, tw_gen_chance(gen, 50), index->space, aim.pa,
                   index->attrs);
    } else {
        tw_put_aimed(gen, &aim, code);
    }
    unsigned before = program->n_script;
    put_inside(gen, &aim, actor);
    if (before > first && program->n_script == before + 1) {
        program->script[before].flags |= TW_OPF_DURING;
        put_flush_inside(gen, &aim, actor);
        if (tw_gen_seldom(gen, 512)) {
            put_more_inside(gen, &aim, actor, before);
        }
    }
    tw_put_aimed(gen, &aim, code);
    if (program->explicit_safepoints && tw_gen_chance(gen, 50)) {
        tw_put_safepoint(gen, aim.cpu);
    }
    tw_put_aimed(gen, &aim, tw_gen_code(gen));
}

/* Snapshots --------------------------------------------------------------- */

static void put_snapshot(TwGen *gen)
{
    tw_put(gen, TW_OP_SNAPSHOT, TW_BOARD);
    gen->saved_regions = gen->regions;
    gen->saved = true;
}

static void put_restore(TwGen *gen)
{
    tw_put(gen, TW_OP_RESTORE, TW_BOARD);
    gen->regions = gen->saved_regions;
}

/* An aim's page-map entry and hops are again what they were. */
static void note_again(TwGen *gen, const TwAim *aim)
{
    uint64_t low = aim->lg < 64 ? (1ull << aim->lg) - 1 : ~0ull;

    tw_gen_note_page(gen, &(TwOp){.code = TW_OP_PAGE,
                                  .obj = aim->cpu,
                                  .index = aim->mmu,
                                  .lg = aim->lg,
                                  .perm = TW_R | TW_W | TW_X,
                                  .addr = aim->va & ~low,
                                  .out = aim->pa & ~low});
    for (unsigned h = 0; h < aim->n_hops; h++) {
        const TwSketchHop *hop = &aim->hop[h];
        if (hop->known) {
            tw_gen_note_map(gen, &(TwOp){.code = TW_OP_MAP,
                                         .obj = hop->iommu,
                                         .index = hop->index,
                                         .other = hop->entry.space,
                                         .perm = hop->entry.perm,
                                         .addr = hop->entry.first,
                                         .last = hop->entry.last,
                                         .out = hop->entry.out});
        }
    }
}

/*
 * Fill, save, change, fill what is new, restore, access: what was filled in
 * between must be gone, and bytes stored in between too.  Sometimes the
 * restore comes some moves later, or twice.
 */
void tw_move_snapshot(TwGen *gen)
{
    TwAim aim;

    if (!(tw_gen_chance(gen, 70) ? tw_aim_touched(gen, &aim)
                                 : tw_aim_anywhere(gen, &aim)) ||
        gen->program->n_script + 6u > gen->limit) {
        return;
    }
    TwOpCode code = tw_gen_code(gen);

    tw_put_fill(gen, &aim, code);
    if (!gen->saved || tw_gen_chance(gen, 50)) {
        put_snapshot(gen);
        for (unsigned n = 1 + tw_gen_below(gen, 2); n > 0; n--) {
            uint8_t actor = tw_gen_actor(gen, aim.cpu);

            tw_put_any_change(gen, &aim, actor, tw_gen_chance(gen, 60));
        }
        tw_put_aimed(gen, &aim, tw_gen_chance(gen, 50) ? TW_OP_WRITE : code);
        if (tw_gen_chance(gen, 25)) {
            return;
        }
    }
    put_restore(gen);
    note_again(gen, &aim);
    tw_put_aimed(gen, &aim, code);
}

/* Time -------------------------------------------------------------------- */

/*
 * TLBs change their size inside full flushes, by how many entries were in use
 * since some time: some pages, a flush, time, one page, a flush.
 */
void tw_move_clock(TwGen *gen)
{
    static const uint16_t waits[] = {1, 50, 99, 100, 101, 250, 1000};
    TwAim aim;

    if (!tw_aim_anywhere(gen, &aim)) {
        return;
    }
    uint64_t size = aim.lg < 63 ? 1ull << aim.lg : 1ull << 62;
    uint64_t base = aim.va & ~(size - 1);
    unsigned pages = 1 + tw_gen_below(gen, 5);

    for (unsigned n = 0; n < pages; n++) {
        uint64_t va = base + ((aim.va - base + n * gen->page) & (size - 1));
        tw_put_near(gen, TW_OP_READ, aim.cpu, aim.mmu, va);
    }
    for (unsigned round = 1 + tw_gen_below(gen, 2); round > 0; round--) {
        tw_put(gen, TW_OP_CLOCK, TW_BOARD)->milliseconds =
            waits[tw_gen_below(gen, sizeof(waits) / sizeof(waits[0]))];
        bool all = tw_gen_chance(gen, 50);
        TwOp *op = tw_put(gen, all ? TW_OP_FLUSH_ALL : TW_OP_FLUSH_INDEX,
                          tw_gen_actor(gen, aim.cpu));
        op->obj = aim.cpu;
        if (!all) {
            op->index = aim.mmu;
        }
        tw_put_aimed(gen, &aim, tw_gen_code(gen));
    }
}
