/* SPDX-License-Identifier: MIT */
/*
 * The minimiser's steps that make one thing of two: two objects are merged, a
 * container is replaced by its content, and a change of the script becomes a
 * part of the initial state.
 */
#include "fuzz/minimise/passes.h"

#include "program/legality.h"
#include "program/ops.h"

/* All operations ----------------------------------------------------------- */

typedef void (*OpChange)(TwOp *op, const void *data);

static void change_ops(TwProgram *program, OpChange change, const void *data)
{
    for (unsigned i = 0; i < program->n_setup; i++) {
        change(&program->setup[i], data);
    }
    for (unsigned i = 0; i < program->n_script; i++) {
        change(&program->script[i], data);
    }
    for (unsigned i = 0; i < program->n_actors; i++) {
        if (program->actors[i].region != TW_NONE) {
            change(&program->actors[i].op, data);
        }
    }
}

/* Merging ------------------------------------------------------------------ */

typedef struct Rename {
    TwObject kind;
    uint8_t from, to;
} Rename;

static void rename_in(TwOp *op, const void *data)
{
    const Rename *rename = data;
    uint8_t *refs[EDIT_REFS];
    unsigned n = tw_edit_refs(op, rename->kind, refs);

    for (unsigned i = 0; i < n; i++) {
        if (*refs[i] == rename->from) {
            *refs[i] = rename->to;
        }
    }
}

static void rename_object(TwProgram *program, TwObject kind, unsigned from,
                          unsigned to)
{
    Rename rename = {kind, (uint8_t)from, (uint8_t)to};

    change_ops(program, rename_in, &rename);
}

static void merge_cpu(TwProgram *program, unsigned from, unsigned to)
{
    TwCpu *a = &program->cpus[from], *b = &program->cpus[to];

    for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
        if (a->mmu[m].present && !b->mmu[m].present) {
            b->mmu[m] = a->mmu[m];
        }
    }
    rename_object(program, TW_OBJECT_CPU, from, to);
    a->present = false;
}

typedef struct Index {
    uint8_t cpu, from, to;
} Index;

static void rename_index(TwOp *op, const void *data)
{
    const Index *index = data;

    if (tw_op_indexed(tw_op_info(op->code), TW_OBJECT_CPU) != NULL &&
        (op->obj == index->cpu || op->obj == TW_ALL) &&
        op->index == index->from) {
        op->index = index->to;
    }
}

/* Index `from` of a CPU becomes `to`, which is another or free. */
static void merge_index(TwProgram *program, unsigned cpu, unsigned from,
                        unsigned to)
{
    TwCpu *c = &program->cpus[cpu];
    Index index = {(uint8_t)cpu, (uint8_t)from, (uint8_t)to};

    if (!c->mmu[to].present) {
        c->mmu[to] = c->mmu[from];
    }
    c->mmu[from].present = false;
    change_ops(program, rename_index, &index);
}

static void merge_cpus(TwTurns *turns)
{
    const TwProgram *best = turns->best;

    for (unsigned i = best->n_cpus; i-- > 0;) {
        if (!best->cpus[i].present) {
            continue;
        }
        for (unsigned k = 0; k < best->n_cpus; k++) {
            if (k != i && best->cpus[k].present) {
                TW_TURN(turns, p, merge_cpu(p, i, k));
            }
        }
        for (unsigned m = TW_MAX_MMU_INDEXES; m-- > 1;) {
            for (unsigned k = 0; k < m && best->cpus[i].mmu[m].present; k++) {
                TW_TURN(turns, p, merge_index(p, i, m, k));
            }
        }
    }
}

void tw_pass_merge(TwTurns *turns)
{
    const TwProgram *best = turns->best;

    merge_cpus(turns);
    for (unsigned i = best->n_spaces; i-- > 0;) {
        for (unsigned k = 0; k < best->n_spaces; k++) {
            if (k != i && best->spaces[k].present && best->spaces[i].present) {
                TW_TURN(turns, p,
                        tw_edit_merge_space(p, (uint8_t)i, (uint8_t)k));
            }
        }
    }
    for (unsigned i = best->n_iommus; i-- > 0;) {
        for (unsigned k = 0; k < best->n_iommus; k++) {
            if (k != i && best->iommus[k].kind != TW_IOMMU_NONE &&
                best->iommus[i].kind != TW_IOMMU_NONE) {
                TW_TURN(turns, p, {
                    tw_edit_redirect_iommu(p, (uint8_t)i, (uint8_t)k);
                    rename_object(p, TW_OBJECT_IOMMU, i, k);
                    tw_edit_drop_iommu(p, (uint8_t)i);
                });
            }
        }
    }
}

/* Unpacking ---------------------------------------------------------------- */

static uint8_t free_space(const TwProgram *program)
{
    for (unsigned i = 0; i < TW_MAX_SPACES; i++) {
        if (i >= program->n_spaces || !program->spaces[i].present) {
            return (uint8_t)i;
        }
    }
    return TW_NONE;
}

/* A child of a root becomes the root of `to`, a new space or that of the root
 * itself.  Accesses that led to the child still do. */
static void make_root(TwProgram *program, unsigned child, unsigned from,
                      unsigned to)
{
    TwRegion *region = &program->regions[child];

    tw_edit_redirect(program, (uint8_t)from, region->addr, region->size,
                     (uint8_t)to, 0, true);
    region->container = TW_NONE;
    region->addr = 0;
    program->spaces[to] = (TwSpace){.present = true, .root = (uint8_t)child};
    if (to >= program->n_spaces) {
        program->n_spaces = (uint8_t)(to + 1);
    }
}

/* A root becomes one of the regions in it; the others go. */
static void unwrap(TwProgram *program, unsigned space, unsigned child)
{
    uint8_t root = program->spaces[space].root;

    make_root(program, child, space, space);
    for (unsigned s = 0; s < program->n_spaces; s++) {
        if (program->spaces[s].present && program->spaces[s].root == root) {
            program->spaces[s].root = (uint8_t)child;
        }
    }
    tw_edit_drop_region(program, root);
}

/* Each region in a root becomes the root of a space of its own. */
static void explode(TwProgram *program, unsigned space)
{
    uint8_t root = program->spaces[space].root;

    for (unsigned i = 0; i < program->n_regions; i++) {
        uint8_t to = free_space(program);
        if (to != TW_NONE && program->regions[i].kind != TW_REGION_NONE &&
            program->regions[i].container == root) {
            make_root(program, i, space, to);
        }
    }
    tw_edit_drop_space(program, (uint8_t)space);
}

/* Is it the root of just this one space? */
static bool only_root_of(const TwProgram *program, uint8_t region,
                         unsigned space)
{
    for (unsigned s = 0; s < program->n_spaces; s++) {
        if (s != space && program->spaces[s].present &&
            program->spaces[s].root == region) {
            return false;
        }
    }
    return program->spaces[space].present &&
           program->spaces[space].root == region;
}

/* The first space with this root, or TW_NONE. */
static uint8_t space_of(const TwProgram *program, uint8_t root)
{
    for (unsigned s = 0; s < program->n_spaces; s++) {
        if (program->spaces[s].present && program->spaces[s].root == root) {
            return (uint8_t)s;
        }
    }
    return TW_NONE;
}

/* Replaces an IOMMU by the region to which one of its entries leads. */
static void stand_in(TwProgram *program, const TwOp *entry)
{
    TwOp map = *entry; /* it goes with the IOMMU */
    uint8_t hop = tw_program_iommu_region(program, map.obj);
    uint8_t root = program->spaces[map.other].root;
    uint8_t to = hop == TW_NONE
                     ? TW_NONE
                     : space_of(program, program->regions[hop].container);
    TwRegion *region = &program->regions[root];

    if (to == TW_NONE || !only_root_of(program, root, map.other)) {
        return;
    }
    region->container = program->regions[hop].container;
    region->addr = program->regions[hop].addr + map.addr - map.out;
    region->priority = program->regions[hop].priority;
    tw_edit_redirect(program, map.other, 0, UINT64_MAX, to, region->addr, true);
    program->spaces[map.other].present = false;
    tw_edit_drop_iommu(program, map.obj);
}

void tw_pass_stand_in(TwTurns *turns)
{
    const TwProgram *best = turns->best;

    for (unsigned i = 0; i < best->n_setup; i++) {
        if (best->setup[i].code == TW_OP_MAP) {
            TW_TURN(turns, p, stand_in(p, &p->setup[i]));
        }
    }
}

void tw_pass_unwrap(TwTurns *turns)
{
    const TwProgram *best = turns->best;

    for (unsigned s = 0; s < best->n_spaces; s++) {
        if (!best->spaces[s].present) {
            continue;
        }
        for (unsigned i = 0; i < best->n_regions; i++) {
            const TwRegion *child = &best->regions[i];
            if (child->kind != TW_REGION_NONE &&
                child->container == best->spaces[s].root) {
                TW_TURN(turns, p, unwrap(p, s, i));
            }
        }
        TW_TURN(turns, p, explode(p, s));
    }
}

/* Actors ------------------------------------------------------------------- */

static void perform(TwProgram *program, unsigned slot, TwOp *access)
{
    TwOp op = program->actors[slot].op;

    op.actor = tw_op_is_dma(&op) ? TW_BOARD : access->actor;
    *access = op;
    tw_edit_drop_actor(program, (uint8_t)slot);
    tw_edit_tidy(program);
}

/* Performs the operation of an actor offset directly, without the store and the
 * device. */
void tw_pass_actors(TwTurns *turns)
{
    const TwProgram *best = turns->best;

    for (unsigned slot = 0; slot < best->n_actors; slot++) {
        if (best->actors[slot].region == TW_NONE) {
            continue;
        }
        for (unsigned i = 0; i < best->n_script; i++) {
            unsigned code = best->script[i].code;
            if (code == TW_OP_WRITE || code == TW_OP_RMW ||
                code == TW_OP_DMA_WRITE) {
                TW_TURN(turns, p, perform(p, slot, &p->script[i]));
            }
        }
    }
}

/* From the start ----------------------------------------------------------- */

/* Makes the world at the start as `op` would make it; false if it cannot. */
static bool start_with(TwProgram *program, const TwOp *op)
{
    /* Of what changes a region; others have other objects there. */
    TwRegion *region =
        &program->regions[op->obj < TW_MAX_REGIONS ? op->obj : 0];
    bool on = op->flags & TW_OPF_ON;

    switch (op->code) {
    case TW_OP_MAP:
    case TW_OP_PAGE:
        if (program->n_setup == TW_MAX_SETUP) {
            return false;
        }
        program->setup[program->n_setup] = *op;
        program->setup[program->n_setup].actor = TW_BOARD;
        program->setup[program->n_setup++].flags = 0;
        return true;
    case TW_OP_ADD:
        region->container = op->other;
        region->addr = op->addr;
        region->priority = op->priority;
        return true;
    case TW_OP_DEL:
        region->container = TW_NONE;
        return true;
    case TW_OP_MOVE:
        region->addr = op->addr;
        return true;
    case TW_OP_RESIZE:
        region->size = op->last;
        return true;
    case TW_OP_PRIORITY:
        region->priority = op->priority;
        return true;
    case TW_OP_ALIAS_OFFSET:
        region->alias_offset = op->addr;
        return true;
    case TW_OP_ENABLE:
        region->enabled = on;
        return true;
    case TW_OP_READONLY:
        region->readonly = on;
        return true;
    case TW_OP_ROMD:
        region->romd_mode = on;
        return true;
    case TW_OP_BYPASS:
        program->iommus[op->obj].bypass = on;
        return true;
    case TW_OP_SPACE_NEW:
        program->spaces[op->obj].late = false;
        return true;
    default:
        return false;
    }
}

/* Changes of the script that become part of the initial state. */
void tw_pass_start(TwTurns *turns)
{
    const TwProgram *best = turns->best;

    for (unsigned i = 0; i < best->n_script; i++) {
        TW_TURN(turns, p, {
            TwOp op = p->script[i];
            if (start_with(p, &op)) {
                tw_edit_cut_script(p, i, 1);
                tw_edit_tidy(p);
            }
        });
    }
}

/* Entries ------------------------------------------------------------------ */

enum { LARGER_PAGES = 4, MAX_ENTRIES = 24 };

static void widen_page(TwProgram *program, TwOp *op, unsigned by)
{
    op->lg = (uint8_t)(op->lg + by);
    tw_op_round(program, op);
}

/* One entry that covers what two did. */
void tw_pass_entries(TwTurns *turns)
{
    const TwProgram *best = turns->best;

    for (unsigned a = 0; a < best->n_setup && best->n_setup <= MAX_ENTRIES;
         a++) {
        for (unsigned b = 0; b < best->n_setup; b++) {
            const TwOp *one = &best->setup[a], *other = &best->setup[b];
            if (a == b || one->code != other->code || one->obj != other->obj ||
                one->index != other->index) {
                continue;
            }
            if (one->code == TW_OP_MAP && one->addr < other->addr) {
                TW_TURN(turns, p, {
                    p->setup[a].last = other->last;
                    tw_edit_cut_setup(p, b, 1);
                });
            }
            for (unsigned by = 1; one->code == TW_OP_PAGE && by <= LARGER_PAGES;
                 by++) {
                TW_TURN(turns, p, {
                    widen_page(p, &p->setup[a], by);
                    tw_edit_cut_setup(p, b, 1);
                });
            }
        }
    }
}
