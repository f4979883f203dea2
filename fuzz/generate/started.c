/* SPDX-License-Identifier: MIT */
/* See started.h.  Numbers of their own: other programs stay as they were. */
#include "fuzz/generate/started.h"

#include "program/check.h"
#include "program/ops.h"

enum {
    MOST_DEVICES = 8,
    MOST_ACCESSES = 16,
};

/* A device where a space shows it. */
typedef struct Device {
    uint8_t space, region;
    uint64_t addr;   /* in the space, */
    uint64_t offset; /* which is this one of the region */
    uint64_t size;   /* bytes that are shown from there on */
} Device;

typedef struct Maker {
    TwGen *gen;
    TwProgram *program;
    uint64_t state; /* of the draws */
    unsigned n;
    Device devices[MOST_DEVICES];
} Maker;

static unsigned draw(Maker *m, unsigned bound)
{
    m->state += 0x9e3779b97f4a7c15u;
    return (unsigned)(tw_mix64(m->state) >> 33) % bound;
}

/* One in so many programs of the profile; 0: none. */
static unsigned one_in(TwProfile profile)
{
    switch (profile) {
    case TW_PROFILE_DMA:
    case TW_PROFILE_DMA_MAP:
        return 2;
    case TW_PROFILE_IOMMU:
    case TW_PROFILE_HOSTILE:
    case TW_PROFILE_IOTLB:
        return 4;
    case TW_PROFILE_PAGETABLE:
    case TW_PROFILE_MPC:
        return 6;
    default:
        return 0;
    }
}

static void find_devices(Maker *m)
{
    const TwGen *gen = m->gen;
    const TwProgram *program = m->program;

    for (unsigned s = 0; s < program->n_spaces; s++) {
        for (unsigned i = 0; i < gen->n_spots[s] && m->n < MOST_DEVICES; i++) {
            const TwSketchSpot *spot = &gen->spots[s][i];
            const TwRegion *region;

            if (spot->leaf >= program->n_regions || spot->size == 0) {
                continue;
            }
            region = &program->regions[spot->leaf];
            if (tw_region_has_device(region->kind) &&
                region->registers == TW_NONE) {
                m->devices[m->n++] = (Device){.space = (uint8_t)s,
                                              .region = spot->leaf,
                                              .addr = spot->addr,
                                              .offset = spot->base,
                                              .size = spot->size};
            }
        }
    }
}

/* The device of an actor offset that is there already, or any one. */
static const Device *some_device(Maker *m)
{
    const TwProgram *program = m->program;
    unsigned first = draw(m, m->n);

    for (unsigned i = 0; i < m->n && draw(m, 2); i++) {
        const Device *device = &m->devices[(first + i) % m->n];

        for (unsigned a = 0; a < program->n_actors; a++) {
            if (program->actors[a].region == device->region) {
                return device;
            }
        }
    }
    return &m->devices[first];
}

/* How far behind the first byte of the device an access begins: most of them in
 * the first bytes, where the actor offsets are. */
static uint64_t some_distance(Maker *m, const Device *device)
{
    return draw(m, device->size < 8 ? (unsigned)device->size : 8);
}

static TwOp access_to(Maker *m, const Device *device)
{
    return (TwOp){.code = draw(m, 3) ? TW_OP_DMA_WRITE : TW_OP_DMA_READ,
                  .actor = TW_BOARD,
                  .obj = device->space,
                  .size = (uint8_t)(1u << draw(m, 4)),
                  .addr = device->addr + some_distance(m, device)};
}

/* One that the script has, or had before some of them became others, or one of
 * a device: the starter itself, or another. */
static TwOp some_access(Maker *m, const Device *starter, const TwOp *had,
                        unsigned n_had)
{
    if (n_had > 0 && draw(m, 8) >= 3) {
        TwOp op = had[draw(m, n_had)];

        op.flags &= TW_OPF_VIA;
        return op;
    }
    return access_to(m, draw(m, 2) ? starter : &m->devices[draw(m, m->n)]);
}

static void add_actor(Maker *m, const Device *device, uint64_t distance,
                      TwOp op)
{
    TwProgram *program = m->program;

    if (program->n_actors < TW_MAX_ACTORS) {
        program->actors[program->n_actors++] =
            (TwActor){.region = device->region,
                      .offset = device->offset + distance,
                      .op = op};
    }
}

/* May the operation become another? */
static bool is_free(const TwProgram *program, unsigned i)
{
    const TwOp *op = &program->script[i];

    return !(op->flags & (TW_OPF_DURING | TW_OPF_PAIRED)) &&
           !tw_op_leads_pair(program, i) &&
           !(i + 1u < program->n_script &&
             program->script[i + 1].flags & TW_OPF_DURING);
}

/* A write to the first bytes of the device, by another device. */
static TwOp doorbell(Maker *m, const Device *device)
{
    TwOp op = access_to(m, device);

    op.code = TW_OP_DMA_WRITE;
    op.addr = device->addr;
    return op;
}

/* A change that stands before a DMA access is made by the device instead, which
 * then starts this access. */
static void change_first(Maker *m, const Device *device)
{
    enum { NEAR = 6 };
    TwProgram *program = m->program;
    unsigned i = program->n_script ? draw(m, program->n_script) : 0, at;
    uint64_t distance = some_distance(m, device);
    TwOp change, access;

    while (i < program->n_script && !tw_op_is_dma(&program->script[i])) {
        i++;
    }
    if (i >= program->n_script || program->n_actors + 2 > TW_MAX_ACTORS) {
        return;
    }
    access = program->script[i];
    access.flags &= TW_OPF_VIA;
    at = i;
    while (at > 0 && at + NEAR > i) {
        at--;
        change = program->script[at];
        if (tw_op_info(change.code)->flags & TW_OP_CHANGE &&
            tw_op_info(change.code)->flags & TW_OP_ACTOR_OK &&
            is_free(program, at)) {
            change.actor = TW_BOARD;
            add_actor(m, device, distance, change);
            add_actor(m, device, distance, access);
            program->script[at] = doorbell(m, device);
            program->script[at].addr += distance;
            program->script[at].size = 1;
            return;
        }
    }
}

/* The page map of an index leads to the device at `va`. */
static bool add_page(Maker *m, const Device *device, const TwOp *like,
                     uint64_t va)
{
    TwProgram *program = m->program;
    uint64_t low = (UINT64_C(1) << program->page_lg) - 1;

    if (program->n_setup >= m->gen->dialect->max_setup ||
        program->n_setup >= TW_MAX_SETUP) {
        return false;
    }
    program->setup[program->n_setup++] = (TwOp){.code = TW_OP_PAGE,
                                                .actor = TW_BOARD,
                                                .obj = like->obj,
                                                .index = like->index,
                                                .lg = program->page_lg,
                                                .perm = TW_R | TW_W,
                                                .addr = va & ~low,
                                                .out = device->addr & ~low};
    return true;
}

/* CPU writes become writes to the device. */
static void by_cpu(Maker *m, const Device *device)
{
    TwProgram *program = m->program;
    uint64_t low = (UINT64_C(1) << program->page_lg) - 1;
    uint64_t va = (UINT64_C(0x5a5a) << program->page_lg) | (device->addr & low);
    const TwOp *like = NULL;

    for (unsigned i = 0; i < program->n_script; i++) {
        TwOp *op = &program->script[i];
        const TwMmuIndex *mmu;

        if ((op->code != TW_OP_WRITE && op->code != TW_OP_READ) ||
            op->flags & TW_OPF_FROM || !is_free(program, i) || draw(m, 3)) {
            continue;
        }
        mmu = &program->cpus[op->obj].mmu[op->index];
        if (mmu->space != device->space || mmu->width | mmu->wraps) {
            continue;
        }
        if (like == NULL) {
            if (!add_page(m, device, op, va)) {
                return;
            }
            like = op;
        }
        if (op->obj == like->obj && op->index == like->index) {
            op->code = TW_OP_WRITE;
            op->addr = va;
            op->size = (uint8_t)(1u << draw(m, 4));
        }
    }
}

static bool is_possible(const TwGen *gen)
{
    const TwDialect *dialect = gen->dialect;

    return dialect->started && dialect->actors && dialect->locations &&
           gen->program->contents == TW_CONTENTS_DATA &&
           tw_dialect_speaks(dialect, TW_OP_DMA_READ) &&
           tw_dialect_speaks(dialect, TW_OP_DMA_WRITE) &&
           tw_dialect_speaks(dialect, TW_OP_WRITE) &&
           tw_ops_has(&dialect->ops, TW_OP_PAGE);
}

void tw_started_make(TwGen *gen)
{
    TwProgram *program = gen->program;
    Maker m = {.gen = gen,
               .program = program,
               .state = gen->rng->state ^ 0x737461727473};
    TwOp had[MOST_ACCESSES];
    unsigned n_had = 0, chance = one_in(gen->profile);
    const Device *starter;

    if (chance == 0 || !is_possible(gen) || tw_mix64(m.state) % chance != 0) {
        return;
    }
    find_devices(&m);
    if (m.n == 0) {
        return;
    }
    for (unsigned i = 0; i < program->n_script && n_had < MOST_ACCESSES; i++) {
        if (tw_op_is_dma(&program->script[i])) {
            had[n_had++] = program->script[i];
        }
    }
    starter = some_device(&m);
    for (unsigned n = 1 + draw(&m, 3); n > 0; n--) {
        TwOp op = some_access(&m, starter, had, n_had);

        const Device *by = draw(&m, 4) ? starter : &m.devices[draw(&m, m.n)];

        add_actor(&m, by, some_distance(&m, by), op);
    }
    change_first(&m, starter);
    change_first(&m, starter);
    for (unsigned i = 0; i < program->n_script; i++) {
        TwOp *op = &program->script[i];

        if (tw_op_is_dma(op) && is_free(program, i) && draw(&m, 3) == 0) {
            *op = doorbell(&m, starter);
        }
    }
    by_cpu(&m, starter);
}
