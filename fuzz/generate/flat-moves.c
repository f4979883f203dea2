/* SPDX-License-Identifier: MIT */
/*
 * The script of flat programs (flat.c), move by move: fill, remove a region or
 * a right, access again.
 */
#include "fuzz/generate/flat.h"

#include "fuzz/generate/board.h"
#include "fuzz/generate/moves.h"
#include "fuzz/generate/op.h"
#include "fuzz/generate/put.h"
#include "program/ops.h"

/* What moves are made of ----------------------------------------------------
 */

static bool is_code(const TwGen *gen)
{
    return tw_contents_are_code(gen->program->contents) &&
           tw_gen_speaks(gen->dialect, TW_OP_EXEC);
}

/* What programs of these contents do most. */
static TwOpCode some_code(TwGen *gen)
{
    TwOpCode code = tw_gen_code(gen);

    if (is_code(gen)) {
        return tw_gen_chance(gen, 45) ? TW_OP_EXEC : code;
    }
    return code == TW_OP_EXEC && gen->dialect->exec_needs_code ? TW_OP_READ
                                                               : code;
}

/* An aim at a word of a page that is there, mostly. */
static bool aim(TwGen *gen, TwAim *at)
{
    bool good = tw_gen_chance(gen, 45) ? tw_aim_touched(gen, at)
                                       : tw_aim_anywhere(gen, at);

    for (unsigned tries = 0; good && tries < 2 && tw_aim_dead(gen, at);
         tries++) {
        good = tw_aim_anywhere(gen, at);
    }
    at->va &= ~7ull;
    return good;
}

static void put_word(TwGen *gen, TwOpCode code, const TwAim *at)
{
    tw_put_access(gen, code, at->cpu, at->mmu, at->va, 8);
}

/* The same word again, or something else in its page. */
static void put_again(TwGen *gen, TwOpCode code, const TwAim *at)
{
    if (tw_gen_chance(gen, 75)) {
        put_word(gen, code, at);
    } else {
        tw_put_near(gen, code, at->cpu, at->mmu, at->va);
    }
}

static void put_rights(TwGen *gen, const TwAim *at, uint8_t perm, uint8_t actor)
{
    unsigned lg = gen->program->page_lg;
    TwOp *op = tw_put(gen, TW_OP_PAGE, actor);

    if (tw_gen_chance(gen, 20)) {
        lg += tw_gen_below(gen, 4);
    }
    op->obj = at->cpu;
    op->index = at->mmu;
    op->lg = (uint8_t)lg;
    op->perm = perm;
    op->addr = op->out = at->va & ~((1ull << lg) - 1);
    tw_gen_note_page(gen, op);
}

static void put_unpage(TwGen *gen, const TwAim *at, uint8_t actor)
{
    TwOp *op = tw_put(gen, TW_OP_UNPAGE, actor);

    op->obj = at->cpu;
    op->index = at->mmu;
    op->lg = gen->program->page_lg;
    op->addr = at->va & ~(gen->page - 1);
    tw_gen_note_page(gen, op);
}

static void put_flush(TwGen *gen, const TwAim *at, uint8_t actor)
{
    unsigned draw = tw_gen_below(gen, 8);
    TwOp *op = tw_put(gen,
                      draw < 5    ? TW_OP_FLUSH_PAGE
                      : draw == 5 ? TW_OP_FLUSH_RANGE
                      : draw == 6 ? TW_OP_FLUSH_INDEX
                                  : TW_OP_FLUSH_ALL,
                      actor);

    op->obj = tw_gen_chance(gen, 10) ? TW_ALL : at->cpu;
    if (op->code == TW_OP_FLUSH_ALL) {
        return;
    }
    op->index = at->mmu;
    if (op->code == TW_OP_FLUSH_INDEX) {
        return;
    }
    op->addr = at->va;
    if (op->code == TW_OP_FLUSH_RANGE) {
        /* From the page before, or just these bytes. */
        bool before = tw_gen_chance(gen, 50) && at->va >= gen->page;

        op->addr -= before ? gen->page : 0;
        op->length = before ? gen->page + 8 : 8;
        op->bits = 64;
    }
}

/* Removes the region of an aim, in one of several ways; the second half of the
 * function brings it back. */
static unsigned put_gone(TwGen *gen, const TwAim *at, uint8_t actor)
{
    uint8_t id = at->spot->region;
    bool root = gen->program->regions[id].container == TW_NONE;
    unsigned way = tw_gen_below(gen, 4);
    TwOp *op;

    if (way == 0 && !root && tw_gen_speaks(gen->dialect, TW_OP_DEL)) {
        op = tw_put(gen, TW_OP_DEL, actor);
    } else if (way == 1 && tw_gen_speaks(gen->dialect, TW_OP_RESIZE)) {
        op = tw_put(gen, TW_OP_RESIZE, actor);
    } else if (way == 2 && !root && tw_gen_speaks(gen->dialect, TW_OP_MOVE)) {
        op = tw_put(gen, TW_OP_MOVE, actor);
        op->addr = tw_flat_place(gen);
    } else {
        way = 3;
        op = tw_put(gen, TW_OP_ENABLE, actor);
    }
    op->obj = id;
    return way;
}

static void put_back(TwGen *gen, const TwAim *at, unsigned way, uint8_t actor)
{
    uint8_t id = at->spot->region;
    const TwRegion *region = &gen->program->regions[id];
    static const uint8_t codes[4] = {TW_OP_ADD, TW_OP_RESIZE, TW_OP_MOVE,
                                     TW_OP_ENABLE};
    TwOp *op = tw_put(gen, (TwOpCode)codes[way], actor);

    op->obj = id;
    switch (way) {
    case 0:
        op->other = region->container;
        op->addr = region->addr;
        op->priority = region->priority;
        break;
    case 1:
        op->last = region->size;
        break;
    case 2:
        op->addr = region->addr;
        break;
    default:
        tw_put_on(gen, op, true);
        break;
    }
}

/* Moves ---------------------------------------------------------------------
 */

static void move_access(TwGen *gen)
{
    TwAim at;

    if (aim(gen, &at)) {
        tw_put_aimed(gen, &at, some_code(gen));
    }
}

/* What guests do most: many accesses, some in places of their own, most where
 * something was before. */
static void move_burst(TwGen *gen)
{
    unsigned n = 12 + tw_gen_below(gen, 40);
    TwAim at;

    for (unsigned i = 0; i < n && !tw_gen_full(gen) && aim(gen, &at); i++) {
        if (tw_gen_chance(gen, 50)) {
            put_again(gen, some_code(gen), &at);
        } else {
            tw_put_aimed(gen, &at, some_code(gen));
        }
    }
}

/* Fill, take a right away, the same access; another right; give it back. */
static void move_protect(TwGen *gen)
{
    TwAim at;

    if (!aim(gen, &at)) {
        return;
    }
    TwOpCode code = some_code(gen);
    uint8_t actor = tw_gen_actor(gen, at.cpu);
    uint8_t lost = code == TW_OP_EXEC ? TW_X : code == TW_OP_READ ? TW_R : TW_W;

    put_word(gen, code, &at);
    put_rights(gen, &at,
               tw_gen_chance(gen, 70) ? (TW_R | TW_W | TW_X) & ~lost
                                      : tw_flat_rights(gen),
               actor);
    put_again(gen, code, &at);
    if (tw_gen_chance(gen, 50)) {
        put_again(gen, some_code(gen), &at);
    }
    if (tw_gen_chance(gen, 70)) {
        put_rights(gen, &at, TW_R | TW_W | TW_X, actor);
        put_again(gen, tw_gen_chance(gen, 70) ? code : some_code(gen), &at);
    }
}

/* The same with the page-map entry itself. */
static void move_unpage(TwGen *gen)
{
    TwAim at;

    if (!aim(gen, &at)) {
        return;
    }
    TwOpCode code = some_code(gen);
    uint8_t actor = tw_gen_actor(gen, at.cpu);

    put_word(gen, code, &at);
    put_unpage(gen, &at, actor);
    put_again(gen, code, &at);
    put_rights(gen, &at, TW_R | TW_W | TW_X, actor);
    put_again(gen, code, &at);
}

/* Fill, take the region away, access, put it back, access. */
static void move_unmap(TwGen *gen)
{
    TwAim at;

    if (!aim(gen, &at) || at.spot == NULL) {
        return;
    }
    TwOpCode code = some_code(gen);
    uint8_t actor = tw_gen_actor(gen, at.cpu);

    put_word(gen, code, &at);
    unsigned way = put_gone(gen, &at, actor);
    put_again(gen, code, &at);
    if (tw_gen_chance(gen, 30)) {
        put_again(gen, some_code(gen), &at);
    }
    put_back(gen, &at, way, actor);
    put_again(gen, tw_gen_chance(gen, 60) ? code : some_code(gen), &at);
}

/* Another address of the bytes of an aim; false if there is none. */
static bool twin_of(TwGen *gen, const TwAim *at, TwAim *twin)
{
    const TwSketchSpot *spot = at->spot;
    unsigned n = gen->n_spots[at->space];
    unsigned k = n > 0 ? tw_gen_below(gen, n) : 0;

    for (unsigned i = 0; spot != NULL && i < n;
         i++, k = k + 1 == n ? 0 : k + 1) {
        const TwSketchSpot *other = &gen->spots[at->space][k];
        uint64_t offset = spot->base + (at->va - spot->addr);

        if (other != spot && other->leaf == spot->leaf &&
            offset - other->base < other->size) {
            *twin = *at;
            twin->va = other->addr + (offset - other->base);
            twin->spot = other;
            return true;
        }
    }
    return false;
}

/* Writes by one name, reads by the other; one of them loses its rights. */
static void move_alias(TwGen *gen)
{
    TwAim at, twin;

    if (!aim(gen, &at) || !twin_of(gen, &at, &twin)) {
        move_access(gen);
        return;
    }
    TwOpCode read =
        is_code(gen) && tw_gen_chance(gen, 50) ? TW_OP_EXEC : TW_OP_READ;

    put_word(gen, read, &twin);
    put_word(gen, TW_OP_WRITE, &at);
    if (tw_gen_chance(gen, 40)) {
        put_flush(gen, tw_gen_chance(gen, 70) ? &twin : &at, TW_BOARD);
    }
    put_word(gen, read, &twin);
    if (tw_gen_chance(gen, 40)) {
        put_rights(gen, &twin, TW_R | TW_X, TW_BOARD);
        put_word(gen, TW_OP_WRITE, &twin);
        put_word(gen, TW_OP_WRITE, &at);
        put_word(gen, read, &twin);
    }
}

/* Makes the latest operation one `during` the access before it, or before
 * others like it. */
static void set_during(TwGen *gen, unsigned access)
{
    TwProgram *program = gen->program;
    unsigned last = program->n_script - 1u;

    if (last > access && last <= access + TW_MAX_DURING) {
        program->script[last].flags |= TW_OPF_DURING;
    }
}

/* What a handler does besides: to the same page or another. */
static void put_beside(TwGen *gen, const TwAim *at, uint8_t actor)
{
    TwAim other;
    bool same = tw_gen_chance(gen, 60) || !aim(gen, &other);

    if (same) {
        other = *at;
    }
    switch (tw_gen_below(gen, 6)) {
    case 0:
        put_unpage(gen, &other, actor);
        break;
    case 1:
        put_flush(gen, &other, actor);
        break;
    case 2:
        if (other.spot != NULL) {
            put_gone(gen, &other, actor);
            break;
        }
        /* fall through */
    default:
        put_rights(gen, &other,
                   tw_gen_chance(gen, 40) ? TW_R | TW_W | TW_X
                                          : tw_flat_rights(gen),
                   actor);
        break;
    }
}

/* A handler's host reads or writes what the access at hand accesses, or its
 * neighbourhood. */
static void put_host_inside(TwGen *gen, const TwAim *at, unsigned access)
{
    bool near, store;

    if (!gen->dialect->during_dma || !tw_gen_chance(gen, 40)) {
        return;
    }
    near = tw_gen_chance(gen, 80);
    store = tw_gen_chance(gen, 70);
    tw_put_dma(gen, store, 0, near ? at->va & ~UINT64_C(7) : at->va ^ gen->page,
               0);
    set_during(gen, access);
}

/* An access that is refused, and a handler that lets it go on: it gives a right
 * back, or maps the memory.  Or a device, or what comes after the access, takes
 * something away. */
static void move_handled(TwGen *gen)
{
    TwAim at;

    if (!aim(gen, &at) || gen->program->n_script + 14u > gen->limit) {
        move_access(gen);
        return;
    }
    TwOpCode code = some_code(gen);
    uint8_t actor = tw_gen_actor(gen, at.cpu);
    uint8_t lost = code == TW_OP_EXEC ? TW_X : code == TW_OP_READ ? TW_R : TW_W;
    bool refused = tw_gen_chance(gen, 75);
    unsigned draw = tw_gen_below(gen, 3), way = 0;
    bool gone = draw == 2 && at.spot != NULL;

    if (tw_gen_chance(gen, 60)) {
        put_word(gen, code, &at);
    }
    if (refused && gone) {
        way = put_gone(gen, &at, actor);
    } else if (refused && draw == 1) {
        put_unpage(gen, &at, actor);
    } else if (refused) {
        put_rights(gen, &at, (TW_R | TW_W | TW_X) & ~lost, actor);
    }
    if (refused && tw_gen_chance(gen, 40)) {
        put_again(gen, some_code(gen), &at); /* fills, perhaps */
    }
    unsigned access = gen->program->n_script;
    put_again(gen, code, &at);
    put_host_inside(gen, &at, access);
    if (refused && gone) {
        put_back(gen, &at, way, actor);
        set_during(gen, access);
    } else if (refused && tw_gen_chance(gen, 90)) {
        put_rights(gen, &at, lost | (uint8_t)tw_gen_below(gen, 8), actor);
        set_during(gen, access);
    }
    if (!refused || tw_gen_chance(gen, 25)) {
        put_beside(gen, &at, actor);
        set_during(gen, access);
    }
    put_host_inside(gen, &at, access);
    if (code == TW_OP_EXEC && tw_gen_chance(gen, 50)) {
        put_word(gen, TW_OP_WRITE, &at);
    }
    put_word(gen,
             code == TW_OP_WRITE && tw_gen_chance(gen, 70) ? TW_OP_READ : code,
             &at);
    if (tw_gen_chance(gen, 40)) {
        put_again(gen, some_code(gen), &at);
    }
}

/* The host reads and writes what the guest uses, without its rights: before and
 * after what the guest loads, stores or runs there. */
static void move_host(TwGen *gen)
{
    TwAim at;

    if (!aim(gen, &at)) {
        return;
    }
    bool code = is_code(gen) && tw_gen_chance(gen, 60);
    TwOpCode use = code ? TW_OP_EXEC : some_code(gen);

    if (tw_gen_chance(gen, 70)) {
        put_word(gen, use, &at);
    }
    if (tw_gen_chance(gen, 20)) {
        put_rights(gen, &at, (uint8_t)tw_gen_below(gen, 8), TW_BOARD);
    }
    tw_put_dma(gen, tw_gen_chance(gen, 70), 0, at.va & ~UINT64_C(7), 0);
    if (code && tw_gen_chance(gen, 50)) {
        put_flush(gen, &at, TW_BOARD);
    }
    put_word(gen, use, &at);
    if (tw_gen_chance(gen, 50)) {
        put_word(gen, TW_OP_WRITE, &at);
        tw_put_dma(gen, false, 0, at.va & ~UINT64_C(7), 0);
    }
}

/* Across the end of a page, into what may be a hole or less accessible. */
static void move_cross(TwGen *gen)
{
    TwAim at, next;

    if (!aim(gen, &at)) {
        return;
    }
    TwOpCode code = tw_contents_are_code(gen->program->contents)
                        ? TW_OP_READ
                        : some_code(gen);
    uint64_t end = (at.va | (gen->page - 1)) + 1;
    uint8_t size = (uint8_t)(2u << tw_gen_below(gen, 3));
    uint64_t va = end - 1 - tw_gen_below(gen, size - 1u);

    if (at.spot != NULL && tw_gen_chance(gen, 30)) {
        end = at.spot->addr + at.spot->size;
        va = end - 1 - tw_gen_below(gen, size - 1u);
    }
    if (code == TW_OP_RMW) {
        code = TW_OP_WRITE;
    }
    next = at;
    next.va = end;
    tw_put_access(gen, code, at.cpu, at.mmu, va, size);
    switch (tw_gen_below(gen, 4)) {
    case 0:
        put_rights(gen, &next, tw_flat_rights(gen), TW_BOARD);
        break;
    case 1:
        put_unpage(gen, &next, TW_BOARD);
        break;
    case 2:
        put_rights(gen, &at, tw_flat_rights(gen), TW_BOARD);
        break;
    default:
        return;
    }
    tw_put_access(gen, code, at.cpu, at.mmu, va, size);
    tw_put_access(gen, TW_OP_READ, at.cpu, at.mmu, va & ~7ull, 8);
}

/* Pages a MiB apart share a slot: fill, push out, change, look again. */
static void move_slot(TwGen *gen)
{
    TwAim at, rival;

    if (!aim(gen, &at)) {
        return;
    }
    TwOpCode code = some_code(gen);
    unsigned lg = tw_flat_limit_lg(gen);
    unsigned slots = lg > TW_FLAT_MIB_LG ? 1u << (lg - TW_FLAT_MIB_LG) : 1;

    rival = at;
    put_word(gen, code, &at);
    for (unsigned i = 0; i < 2; i++) {
        rival.va = at.va ^ (uint64_t)tw_gen_below(gen, slots) << TW_FLAT_MIB_LG;
        put_word(gen, some_code(gen), &rival);
    }
    if (tw_gen_chance(gen, 70)) {
        const TwAim *of = tw_gen_chance(gen, 70) ? &at : &rival;

        put_rights(gen, of, tw_flat_rights(gen), TW_BOARD);
    }
    put_word(gen, code, &at);
    put_word(gen, some_code(gen), &rival);
}

/* Run, change the code, run, flush, run. */
static void move_code(TwGen *gen)
{
    TwAim at, by;

    if (!is_code(gen) || !aim(gen, &at)) {
        move_access(gen);
        return;
    }
    bool twin = tw_gen_chance(gen, 25) && twin_of(gen, &at, &by);

    if (!twin) {
        by = at;
    }
    put_word(gen, TW_OP_EXEC, &at);
    put_word(gen, tw_gen_chance(gen, 85) ? TW_OP_WRITE : TW_OP_RMW, &by);
    if (tw_gen_chance(gen, 35)) {
        put_word(gen, TW_OP_EXEC, &at);
    }
    if (tw_gen_chance(gen, 80)) {
        const TwAim *of = tw_gen_chance(gen, 90) ? &at : &by;

        put_flush(gen, of, tw_gen_actor(gen, at.cpu));
    }
    put_word(gen, TW_OP_EXEC, &at);
}

/* Something else where code was run: another region over it, the alias's
 * window elsewhere, or the region gone and another in its place. */
static void move_remap_code(TwGen *gen)
{
    TwAim at;

    if (!aim(gen, &at) || at.spot == NULL) {
        move_access(gen);
        return;
    }
    const TwProgram *program = gen->program;
    TwOpCode code = is_code(gen) ? TW_OP_EXEC : TW_OP_READ;
    uint8_t id = at.spot->region;
    uint8_t other =
        tw_gen_pick_region(program, 1u << TW_REGION_RAM | 1u << TW_REGION_ALIAS,
                           tw_gen_below(gen, 64));
    TwOp *op;

    put_word(gen, code, &at);
    if (program->regions[id].kind == TW_REGION_ALIAS &&
        tw_gen_chance(gen, 60)) {
        op = tw_put(gen, TW_OP_ALIAS_OFFSET, TW_BOARD);
        op->obj = id;
        op->addr = tw_flat_unit(gen) * tw_gen_below(gen, 4);
    } else if (other != TW_NONE && other != id) {
        /* In one transaction or in two: with a hole between, or without. */
        bool once = tw_gen_chance(gen, 50) &&
                    tw_gen_speaks(gen->dialect, TW_OP_BEGIN) &&
                    tw_gen_speaks(gen->dialect, TW_OP_COMMIT);
        unsigned way = 0;
        bool gone = tw_gen_chance(gen, 50);

        if (once) {
            tw_put(gen, TW_OP_BEGIN, TW_BOARD);
        }
        if (gone) {
            way = put_gone(gen, &at, TW_BOARD);
        } else {
            op = tw_put(gen, TW_OP_PRIORITY, TW_BOARD);
            op->obj = other;
            op->priority = 3;
        }
        op = tw_put(gen, TW_OP_MOVE, TW_BOARD);
        op->obj = other;
        op->addr = at.va & ~(tw_flat_unit(gen) - 1);
        if (once) {
            tw_put(gen, TW_OP_COMMIT, TW_BOARD);
        }
        put_again(gen, code, &at);
        op = tw_put(gen, TW_OP_MOVE, TW_BOARD);
        op->obj = other;
        op->addr = program->regions[other].addr;
        if (gone) {
            put_back(gen, &at, way, TW_BOARD);
        }
    }
    put_again(gen, code, &at);
}

static void move_flush(TwGen *gen)
{
    TwAim at;

    if (aim(gen, &at)) {
        put_flush(gen, &at, tw_gen_actor(gen, at.cpu));
        put_again(gen, some_code(gen), &at);
    }
}

/* Any operation of the dialect. */
static void move_any(TwGen *gen)
{
    TwOp op;

    if (!tw_gen_full(gen) &&
        tw_gen_random_op(gen->program, gen->dialect, gen->rng,
                         tw_gen_below(gen, TW_OP_CODES), &op)) {
        gen->program->script[gen->program->n_script++] = op;
        if (op.code == TW_OP_UNPLUG) {
            gen->unplugged |= (uint8_t)(1u << op.obj);
        }
    }
    move_access(gen);
}

void tw_flat_move(TwGen *gen)
{
    static const struct {
        void (*make)(TwGen *);
        uint8_t weight, topology, hostile; /* by profile */
    } moves[] = {
        {move_burst, 36, 30, 28},     {move_access, 8, 6, 6},
        {move_protect, 16, 6, 8},     {move_unpage, 8, 3, 4},
        {move_unmap, 13, 16, 8},      {move_alias, 9, 10, 6},
        {move_cross, 9, 9, 9},        {move_slot, 8, 4, 4},
        {move_code, 24, 12, 12},      {move_remap_code, 8, 12, 6},
        {move_flush, 3, 2, 4},        {tw_move_actor, 5, 5, 5},
        {tw_move_topology, 6, 14, 8}, {tw_move_transaction, 4, 8, 6},
        {move_any, 3, 3, 24},         {move_host, 8, 4, 6},
        {move_handled, 12, 8, 8},     {tw_flat_saved, 20, 20, 12},
    };
    enum { N_MOVES = sizeof(moves) / sizeof(moves[0]) };
    unsigned n = N_MOVES, sum = 0, draw, i = 0;
    /* The last three only where they can be said. */
    bool hosts = tw_gen_speaks(gen->dialect, TW_OP_DMA_WRITE);
    bool handles = gen->dialect->op_flags & TW_OPF_DURING;
    bool saves = tw_gen_speaks(gen->dialect, TW_OP_SNAPSHOT);

#define WEIGHT(k) \
    ((k) == N_MOVES - 1 && !saves          ? 0 \
     : (k) == N_MOVES - 2 && !handles      ? 0 \
     : (k) == N_MOVES - 3 && !hosts        ? 0 \
     : gen->profile == TW_PROFILE_TOPOLOGY ? moves[k].topology \
     : gen->profile == TW_PROFILE_HOSTILE  ? moves[k].hostile \
                                           : moves[k].weight)
    for (unsigned k = 0; k < n; k++) {
        sum += WEIGHT(k);
    }
    draw = tw_gen_below(gen, sum);
    while (draw >= WEIGHT(i)) {
        draw -= WEIGHT(i);
        i++;
    }
#undef WEIGHT
    moves[i].make(gen);
}
