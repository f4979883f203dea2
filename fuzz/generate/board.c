/* SPDX-License-Identifier: MIT */
/*
 * Moves that concern the whole board: topology and transactions, several CPUs,
 * devices, and IOMMUs, CPUs and spaces that come and go.
 */
#include "fuzz/generate/board.h"

#include "fuzz/generate/moves.h"
#include "fuzz/generate/op.h"
#include "fuzz/generate/put.h"

/* Moves: topology --------------------------------------------------------- */

/* A place to move to: next page, other spot, off the page grid. */
static uint64_t other_place(TwGen *gen, const TwRegion *region)
{
    switch (tw_gen_below(gen, 6)) {
    case 0:
        return region->addr + gen->page;
    case 1:
        return region->addr >= gen->page ? region->addr - gen->page
                                         : region->addr;
    case 2:
        return region->addr + gen->page / 2;
    case 3:
        return region->addr; /* no change: keeps its turn */
    default:
        return gen->page * tw_gen_below(gen, 24);
    }
}

/* Adds it to any region, be it an alias, itself or below itself: mostly what is
 * not legal. */
static void misplace(TwGen *gen, TwOp *op)
{
    uint8_t in = (uint8_t)tw_gen_below(gen, gen->program->n_regions);

    if (gen->program->regions[in].kind != TW_REGION_NONE) {
        op->other = in;
    }
}

/* Undoes something that was done to a region; false if there is nothing. */
static bool put_undo(TwGen *gen, uint8_t actor)
{
    const TwProgram *program = gen->program;
    TwGenRegions *done = &gen->regions;
    TwRegionSet any =
        tw_regions_or(tw_regions_or(done->detached, done->disabled),
                      tw_regions_or(done->moved, done->resized));
    uint8_t id = (uint8_t)tw_regions_next(&any, 0);

    if (id == TW_NONE || !tw_gen_chance(gen, 70)) {
        return false;
    }
    const TwRegion *region = &program->regions[id];
    TwOp *op;
    if (tw_regions_has(&done->detached, id)) {
        op = tw_put(gen, TW_OP_ADD, actor);
        op->other = region->container;
        op->addr =
            tw_gen_chance(gen, 90) ? region->addr : other_place(gen, region);
        op->priority = tw_gen_chance(gen, 70)
                           ? region->priority
                           : (int32_t)tw_gen_below(gen, 5) - 2;
        tw_regions_remove(&done->detached, id);
        tw_regions_remove(&done->moved, id);
        if (tw_gen_chance(gen, 6)) {
            misplace(gen, op);
        }
    } else if (tw_regions_has(&done->disabled, id)) {
        op = tw_put(gen, TW_OP_ENABLE, actor);
        tw_put_on(gen, op, true);
        tw_regions_remove(&done->disabled, id);
    } else if (tw_regions_has(&done->moved, id)) {
        op = tw_put(gen, TW_OP_MOVE, actor);
        op->addr = region->addr;
        tw_regions_remove(&done->moved, id);
    } else {
        op = tw_put(gen, TW_OP_RESIZE, actor);
        op->last = region->size;
        tw_regions_remove(&done->resized, id);
    }
    op->obj = id;
    return true;
}

static void put_switch(TwGen *gen, TwOpCode code, uint8_t id, uint8_t actor,
                       unsigned percent)
{
    TwOp *op = tw_put(gen, code, actor);

    op->obj = id;
    tw_put_on(gen, op, tw_gen_chance(gen, percent));
}

static void put_enable(TwGen *gen, uint8_t id, uint8_t actor)
{
    TwOp *op = tw_put(gen, TW_OP_ENABLE, actor);
    bool on = tw_regions_has(&gen->regions.disabled, id);

    op->obj = id;
    tw_put_on(gen, op, on);
    tw_regions_put(&gen->regions.disabled, id, !on);
}

static void put_romd(TwGen *gen, uint8_t id, uint8_t actor)
{
    TwOp *op = tw_put(gen, TW_OP_ROMD, actor);

    op->obj = id;
    tw_put_on(gen, op,
              !gen->program->regions[id].romd_mode || tw_gen_chance(gen, 40));
}

static void put_resize(TwGen *gen, uint8_t id, uint8_t actor)
{
    TwOp *op = tw_put(gen, TW_OP_RESIZE, actor);

    op->obj = id;
    op->length =
        tw_gen_chance(gen, 60)
            ? gen->page * (1 + tw_gen_below(gen, 16))
            : gen->program->regions[id].size / 2 + tw_gen_below(gen, 9);
    if (tw_gen_chance(gen, 5)) {
        op->length = 0;
    }
    tw_regions_add(&gen->regions.resized, id);
}

static void put_alias_offset(TwGen *gen, uint8_t id, uint8_t actor)
{
    TwOp *op = tw_put(gen, TW_OP_ALIAS_OFFSET, actor);

    op->obj = id;
    op->addr = tw_gen_chance(gen, 80)
                   ? gen->page * tw_gen_below(gen, 8)
                   : gen->program->regions[id].alias_offset + gen->page / 2;
}

static void put_move(TwGen *gen, uint8_t id, uint8_t actor)
{
    const TwRegion *region = &gen->program->regions[id];
    TwOp *op = tw_put(gen, TW_OP_MOVE, actor);

    op->obj = id;
    op->addr = tw_gen_chance(gen, 15) ? region->addr : other_place(gen, region);
    if (op->addr != region->addr) {
        tw_regions_add(&gen->regions.moved, id);
    }
}

void tw_put_topology(TwGen *gen, uint8_t id, uint8_t actor)
{
    if (put_undo(gen, actor)) {
        return;
    }
    const TwRegion *region = &gen->program->regions[id];
    bool root = region->container == TW_NONE;
    TwOp *op;

    switch (tw_gen_below(gen, root ? 6 : 16)) {
    case 0:
    case 1:
        put_enable(gen, id, actor);
        break;
    case 2:
        if (region->kind == TW_REGION_ROMD) {
            put_romd(gen, id, actor);
            break;
        }
        /* fall through */
    case 3:
        put_switch(gen, TW_OP_READONLY, id, actor, 55);
        break;
    case 4:
        put_switch(
            gen, tw_gen_chance(gen, 50) ? TW_OP_UNMERGEABLE : TW_OP_NONVOLATILE,
            id, actor, 60);
        break;
    case 5:
    case 6:
        put_resize(gen, id, actor);
        break;
    case 7:
    case 8:
        op = tw_put(gen, TW_OP_PRIORITY, actor);
        op->obj = id;
        op->priority = (int32_t)tw_gen_below(gen, 5) - 2;
        break;
    case 9:
    case 10:
        if (tw_gen_speaks(gen->dialect, TW_OP_DEL)) {
            tw_put(gen, TW_OP_DEL, actor)->obj = id;
            tw_regions_add(&gen->regions.detached, id);
            break;
        }
        /* fall through */
    case 11:
    case 12:
        if (region->kind == TW_REGION_ALIAS) {
            put_alias_offset(gen, id, actor);
            break;
        }
        /* fall through */
    default:
        put_move(gen, id, actor);
        break;
    }
}

uint8_t tw_gen_some_region(TwGen *gen, const TwAim *aim)
{
    const TwProgram *program = gen->program;
    unsigned draw = tw_gen_below(gen, 16);

    if (draw < 9 && aim->spot != NULL) {
        return draw < 7 ? aim->spot->region : aim->spot->leaf;
    }
    if (draw < 11 && aim->n_hops > 0) {
        uint8_t region = tw_program_iommu_region(
            program, aim->hop[tw_gen_below(gen, aim->n_hops)].iommu);
        if (region != TW_NONE) {
            return region;
        }
    }
    if (draw == 11) {
        return program->spaces[aim->space].root;
    }
    if (draw < 15 && gen->n_spots[aim->space] > 0) {
        unsigned n = gen->n_spots[aim->space];
        return gen->spots[aim->space][tw_gen_below(gen, n)].region;
    }
    return tw_gen_pick_region(program, ~0u,
                              tw_gen_below(gen, tw_gen_region_draws(program)));
}

void tw_put_any_change(TwGen *gen, const TwAim *aim, uint8_t actor,
                       bool notified)
{
    unsigned draw = tw_gen_below(gen, 8);

    if (draw < 4 && aim->n_hops > 0 && tw_gen_speaks(gen->dialect, TW_OP_MAP)) {
        tw_put_change(gen, tw_aim_some_hop(gen, aim), actor, notified);
    } else if (draw < 6 && tw_gen_speaks(gen->dialect, TW_OP_PAGE)) {
        tw_put_page(gen, aim, actor);
    } else {
        tw_put_topology(gen, tw_gen_some_region(gen, aim), actor);
    }
}

void tw_move_topology(TwGen *gen)
{
    TwAim aim;

    if (!(tw_gen_chance(gen, 75) ? tw_aim_touched(gen, &aim)
                                 : tw_aim_anywhere(gen, &aim))) {
        return;
    }
    TwOpCode code = tw_gen_code(gen);
    tw_put_fill(gen, &aim, code);
    for (unsigned n = 0; n == 0 || (n == 1 && tw_gen_chance(gen, 30)); n++) {
        uint8_t region = tw_gen_some_region(gen, &aim);
        tw_put_topology(gen, region, tw_gen_actor(gen, aim.cpu));
    }
    tw_put_aimed(gen, &aim, code);
}

void tw_move_transaction(TwGen *gen)
{
    TwAim aim;

    if (!tw_aim_anywhere(gen, &aim) ||
        gen->program->n_script + 5u > gen->limit) {
        return;
    }
    TwOpCode code = tw_gen_code(gen);
    tw_put_fill(gen, &aim, code);
    tw_put(gen, TW_OP_BEGIN, TW_BOARD);
    uint8_t id = tw_gen_some_region(gen, &aim);
    for (unsigned n = 1 + tw_gen_below(gen, 3); n > 0; n--) {
        tw_put_topology(gen, id, TW_BOARD);
        if (tw_gen_chance(gen, 50)) {
            id = tw_gen_some_region(gen, &aim);
        }
    }
    if (tw_gen_chance(gen, 35)) {
        tw_put_aimed(gen, &aim, tw_gen_code(gen));
    }
    if (tw_gen_chance(gen, 8)) {
        tw_put(gen, TW_OP_BEGIN, TW_BOARD);
        tw_put_topology(gen, id, TW_BOARD);
        tw_put(gen, TW_OP_COMMIT, TW_BOARD);
    }
    if (tw_gen_full(gen)) {
        return;
    }
    tw_put(gen, TW_OP_COMMIT,
           tw_gen_chance(gen, 80) ? TW_BOARD : tw_gen_actor(gen, aim.cpu));
    tw_put_aimed(gen, &aim, code);
}

/* Alternates between a big section and the hole or page inside or after. */
void tw_move_pingpong(TwGen *gen)
{
    TwAim aim;
    uint8_t space = tw_gen_pick_space(gen->program, tw_gen_below(gen, 64));

    if (space == TW_NONE || gen->n_spots[space] == 0) {
        return;
    }
    if (tw_gen_chance(gen, 50) && tw_aim_anywhere(gen, &aim) &&
        aim.spot != NULL && aim.n_hops == 0) {
        uint64_t end = aim.va + (aim.spot->addr + aim.spot->size - aim.addr);
        tw_put_aimed(gen, &aim, TW_OP_READ);
        tw_put_near(gen, TW_OP_READ, aim.cpu, aim.mmu, end);
        tw_put_aimed(gen, &aim, TW_OP_READ);
        return;
    }
    const TwSketchSpot *spot =
        &gen->spots[space][tw_gen_below(gen, gen->n_spots[space])];
    TwAttrs attrs = tw_gen_random_attrs(gen->rng);
    uint64_t other = tw_gen_chance(gen, 60)
                         ? spot->addr + spot->size
                         : tw_gen_pick_in_space(gen, space, attrs, 0);

    tw_put_dma(gen, tw_gen_chance(gen, 30), space, spot->addr, attrs);
    tw_put_dma(gen, tw_gen_chance(gen, 30), space, other, attrs);
    tw_put_dma(gen, false, space, spot->addr, attrs);
}

/* Moves: several actors --------------------------------------------------- */

void tw_move_cpus(TwGen *gen)
{
    TwAim aim;

    if (!(tw_gen_chance(gen, 70) ? tw_aim_hop(gen, &aim)
                                 : tw_aim_anywhere(gen, &aim))) {
        tw_move_access(gen);
        return;
    }
    uint8_t other = tw_gen_pick_cpu(gen->program, aim.cpu + 1u);
    TwOpCode code = tw_gen_code(gen);

    tw_put_fill(gen, &aim, code);
    if (tw_gen_chance(gen, 30)) {
        tw_put_near(gen, code, other, aim.mmu, aim.va);
    }
    if (aim.n_hops > 0) {
        tw_put_change(gen, tw_aim_some_hop(gen, &aim), other, true);
    } else if (tw_gen_chance(gen, 50)) {
        tw_put_page(gen, &aim, other);
        tw_put_flush(gen, &aim, other);
    } else {
        tw_put_topology(gen, tw_gen_some_region(gen, &aim), other);
    }
    tw_put_aimed(gen, &aim, code);
    tw_put_safepoint(gen, aim.cpu);
    tw_put_aimed(gen, &aim, code);
}

void tw_move_dma(TwGen *gen)
{
    TwAim aim;

    if (!tw_aim_anywhere(gen, &aim)) {
        return;
    }
    const TwMmuIndex *index = &gen->program->cpus[aim.cpu].mmu[aim.mmu];
    bool deep = tw_gen_chance(gen, 40) && aim.n_hops > 0;
    uint8_t space = deep ? aim.space : index->space;
    uint64_t addr = deep ? aim.addr : aim.pa;

    if (tw_gen_chance(gen, 50)) {
        tw_put_dma(gen, true, space, addr, index->attrs);
        tw_put_aimed(gen, &aim, TW_OP_READ);
    } else {
        tw_put_access(gen, TW_OP_WRITE, aim.cpu, aim.mmu, aim.va,
                      (uint8_t)(1u << tw_gen_below(gen, 4)));
        tw_put_dma(gen, false, space, addr, index->attrs);
    }
}

void tw_move_switch(TwGen *gen)
{
    TwAim aim;

    if (!tw_aim_hop(gen, &aim)) {
        tw_move_access(gen);
        return;
    }
    const TwSketchHop *hop = tw_aim_some_hop(gen, &aim);
    uint8_t actor = tw_gen_actor(gen, aim.cpu);
    TwOpCode code = tw_gen_code(gen);

    tw_put_fill(gen, &aim, code);
    switch (tw_gen_below(gen, 8)) {
    case 0:
        tw_put(gen, TW_OP_IOMMU_RESET, actor)->obj = hop->iommu;
        tw_put_aimed(gen, &aim, code);
        tw_put_remap_same(gen, hop, actor, tw_gen_chance(gen, 50));
        break;
    case 1:
    case 2:
    case 3: {
        TwOp *op = tw_put(gen, TW_OP_BYPASS, actor);
        op->obj = hop->iommu;
        tw_put_on(gen, op, true);
        tw_put_aimed(gen, &aim, code);
        tw_put(gen, TW_OP_BYPASS, actor)->obj = hop->iommu;
        break;
    }
    default:
        tw_put_change(gen, hop, actor, false);
        tw_put(gen, TW_OP_NOTIFY_ALL, actor)->obj = hop->iommu;
        break;
    }
    tw_put_aimed(gen, &aim, code);
}

void tw_move_destroy(TwGen *gen)
{
    TwAim aim;

    if (!tw_aim_hop(gen, &aim)) {
        tw_move_access(gen);
        return;
    }
    uint8_t iommu = aim.hop[tw_gen_below(gen, aim.n_hops)].iommu;
    uint8_t region = tw_program_iommu_region(gen->program, iommu);

    tw_put_aimed(gen, &aim, TW_OP_READ);
    tw_put(gen, TW_OP_DEL, TW_BOARD)->obj = region;
    tw_put(gen, TW_OP_IOMMU_DESTROY, TW_BOARD)->obj = iommu;
    tw_put_aimed(gen, &aim, TW_OP_READ);
}

void tw_move_unplug(TwGen *gen)
{
    TwAim aim;

    if (gen->program->n_cpus < 2 || gen->unplugged != 0 ||
        !tw_aim_hop(gen, &aim)) {
        tw_move_access(gen);
        return;
    }
    const TwSketchHop *hop = tw_aim_some_hop(gen, &aim);

    tw_put_aimed(gen, &aim, TW_OP_READ);
    tw_put_unmap(gen, hop, TW_BOARD, true);
    tw_put_remap_same(gen, hop, TW_BOARD, true);
    tw_put(gen, TW_OP_UNPLUG, TW_BOARD)->obj = aim.cpu;
    gen->unplugged |= (uint8_t)(1u << aim.cpu);
    tw_put_notify(gen, hop, TW_BOARD);
}

/* A write that reaches an actor offset, if the page maps lead there. */
void tw_move_actor(TwGen *gen)
{
    const TwProgram *program = gen->program;
    TwAim aim;

    if (program->n_actors == 0 || !tw_aim_touched(gen, &aim)) {
        tw_move_access(gen);
        return;
    }
    const TwActor *actor =
        &program->actors[tw_gen_below(gen, program->n_actors)];
    tw_put_aimed(gen, &aim, TW_OP_READ);
    for (unsigned s = 0; s < program->n_spaces; s++) {
        for (unsigned i = 0; i < gen->n_spots[s]; i++) {
            const TwSketchSpot *spot = &gen->spots[s][i];
            uint64_t offset = actor->offset - spot->base;
            if (spot->leaf != actor->region || offset >= spot->size) {
                continue;
            }
            uint64_t pa = spot->addr + offset;
            const TwSketchPage *pages = gen->pages[aim.cpu][aim.mmu];
            if (program->cpus[aim.cpu].mmu[aim.mmu].space == s) {
                for (unsigned k = gen->n_pages[aim.cpu][aim.mmu]; k-- > 0;) {
                    if ((pa ^ pages[k].pa) >> pages[k].lg == 0) {
                        tw_put_access(gen, TW_OP_WRITE, aim.cpu, aim.mmu,
                                      pages[k].va + (pa - pages[k].pa), 4);
                        tw_put_aimed(gen, &aim, TW_OP_READ);
                        return;
                    }
                }
            }
            tw_put_dma(gen, true, (uint8_t)s, pa, 0);
            tw_put_aimed(gen, &aim, TW_OP_READ);
            return;
        }
    }
}

void tw_move_space(TwGen *gen)
{
    const TwProgram *program = gen->program;
    uint8_t space = tw_gen_pick_space(program, tw_gen_below(gen, 64));

    if (space == TW_NONE) {
        return;
    }
    for (unsigned s = 0; s < program->n_spaces; s++) {
        if (program->spaces[s].present && program->spaces[s].late) {
            space = (uint8_t)s;
        }
    }
    uint64_t addr = tw_gen_pick_in_space(gen, space, 0, 30);
    tw_put_dma(gen, false, space, addr, 0);
    tw_put(gen, program->spaces[space].late ? TW_OP_SPACE_NEW : TW_OP_SPACE_DEL,
           TW_BOARD)
        ->obj = space;
    tw_put_dma(gen, false, space, addr, 0);
    if (tw_gen_chance(gen, 40)) {
        tw_put(gen,
               program->spaces[space].late ? TW_OP_SPACE_DEL : TW_OP_SPACE_NEW,
               TW_BOARD)
            ->obj = space;
        tw_put_dma(gen, false, space, addr, 0);
    }
}
