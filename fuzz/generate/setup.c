/* SPDX-License-Identifier: MIT */
/*
 * The state before the script starts: IOMMU tables that lead to what the
 * topology has, and page maps that lead to the tables.
 */
#include "fuzz/generate/topology.h"

#include "fuzz/generate/put.h"
#include "program/legality.h"

unsigned tw_gen_live_spaces(const TwGen *gen)
{
    unsigned n = gen->program->n_spaces;

    return n - (n > 0 && gen->program->spaces[n - 1].late);
}

TwOp *tw_gen_new_setup(TwGen *gen, TwOpCode code)
{
    TwProgram *program = gen->program;

    if (program->n_setup >= TW_MAX_SETUP ||
        program->n_setup >= gen->dialect->max_setup ||
        !tw_ops_has(&gen->dialect->ops, code)) {
        return NULL;
    }
    TwOp *op = &program->setup[program->n_setup++];
    *op = (TwOp){.code = (uint8_t)code, .actor = TW_BOARD};
    return op;
}

static uint8_t iommu_rights(TwGen *gen)
{
    unsigned draw = tw_gen_below(gen, 100);

    return draw < 91 ? TW_R | TW_W : draw < 96 ? TW_R : draw < 99 ? TW_W : 0;
}

enum { MAX_CHUNKS = 3 }; /* map operations for one index */

/* Fills one index of one IOMMU, mostly from end to end. */
static void fill_index(TwGen *gen, uint8_t space, const TwSketchSpot *spot,
                       uint8_t index)
{
    TwProgram *program = gen->program;
    uint64_t size = spot->size;
    uint64_t at = 0;
    unsigned chunks = 1 + tw_gen_below(gen, 5) / 2;

    if (size > 64 * gen->page) {
        size = 64 * gen->page;
    }
    for (unsigned i = 1; i <= MAX_CHUNKS && at < size; i++) {
        TwOp *op = tw_gen_new_setup(gen, TW_OP_MAP);
        if (op == NULL) {
            return;
        }
        uint64_t length = size - at;
        if (i < chunks && length > 2 * gen->page) {
            length = (length / 2) & ~(gen->page - 1);
        }
        unsigned live = tw_gen_live_spaces(gen);
        unsigned behind = space + 1u < live ? live - space - 1u : 0;
        uint8_t to = behind > 0 && !tw_gen_chance(gen, gen->mixture->loops)
                         ? (uint8_t)(space + 1 +
                                     (gen->extreme == TW_EXTREME_CHAIN ||
                                              tw_gen_chance(gen, 80)
                                          ? 0
                                          : tw_gen_below(gen, behind)))
                         : (uint8_t)tw_gen_below(gen, live);
        if (to == space && !tw_gen_chance(gen, gen->mixture->loops)) {
            to = (uint8_t)(live - 1);
        }
        op->obj = spot->iommu;
        op->index = index;
        op->addr = at;
        op->other = to;
        op->out = tw_gen_pick_room(gen, to, &length, gen->mixture->nest);
        op->last = at + (length - 1);
        op->perm = iommu_rights(gen);
        tw_op_round(program, op);
        tw_gen_note_map(gen, op);
        at += length;
        if (tw_gen_chance(gen, 10)) {
            at += gen->page; /* nothing there */
        }
    }
}

/* Later spaces first, so that what is pointed at is known. */
static void fill_tables(TwGen *gen)
{
    TwProgram *program = gen->program;
    uint16_t done = 0;

    for (unsigned s = program->n_spaces; s-- > 0;) {
        for (unsigned i = 0; i < gen->n_spots[s]; i++) {
            const TwSketchSpot *spot = &gen->spots[s][i];
            if (spot->iommu == TW_NONE || done >> spot->iommu & 1) {
                continue;
            }
            done |= (uint16_t)(1u << spot->iommu);
            unsigned indexes = program->iommus[spot->iommu].indexes;
            for (unsigned x = 0; x < indexes; x++) {
                fill_index(gen, (uint8_t)s, spot, (uint8_t)x);
            }
        }
    }
}

static uint8_t page_rights(TwGen *gen)
{
    return tw_gen_chance(gen, 93) ? TW_R | TW_W | TW_X
                                  : (uint8_t)tw_gen_below(gen, 8);
}

/* A virtual address for physical `pa`, aligned to 2^lg as that is. */
static uint64_t some_va(TwGen *gen, uint64_t pa, unsigned lg)
{
    uint64_t size = 1ull << lg;

    switch (tw_gen_below(gen, 16)) {
    case 0:
        return pa + (1ull << 48);
    case 1:
        return pa + (0xffffull << 48);
    case 2:
        return 0 - size; /* the top of 2^64 */
    case 3:
        return pa + 32 * size;
    case 4:
        return pa ^ size;
    default:
        return pa;
    }
}

static void add_page(TwGen *gen, uint8_t cpu, uint8_t mmu, uint64_t pa,
                     unsigned lg)
{
    TwOp *op = tw_gen_new_setup(gen, TW_OP_PAGE);

    if (op == NULL) {
        return;
    }
    pa &= ~((1ull << lg) - 1);
    op->obj = cpu;
    op->index = mmu;
    op->lg = (uint8_t)lg;
    op->out = pa;
    op->addr = some_va(gen, pa, lg);
    op->perm = page_rights(gen);
    tw_op_round(gen->program, op);
    tw_gen_note_page(gen, op);
}

/* Small pages only, most of them in one slot of the TLB: what victims and
 * page flushes are about.  (A large page makes every page flush a full one.) */
static void fill_slots(TwGen *gen, uint8_t cpu, uint8_t mmu)
{
    const TwProgram *program = gen->program;
    const TwMmuIndex *index = &program->cpus[cpu].mmu[mmu];
    uint64_t step = gen->page << program->cpus[cpu].tlb_lg;
    uint64_t slot = gen->page * tw_gen_below(gen, 4);
    unsigned n = 3 + tw_gen_below(gen, 4);

    for (unsigned i = 0; i < n; i++) {
        TwOp *op = tw_gen_new_setup(gen, TW_OP_PAGE);
        if (op == NULL) {
            return;
        }
        op->obj = cpu;
        op->index = mmu;
        op->lg = program->page_lg;
        op->addr = slot + i * step + (i == n - 1 ? gen->page : 0);
        op->out = tw_gen_pick_in_space(gen, index->space, index->attrs,
                                       gen->mixture->via) &
                  ~(gen->page - 1);
        op->perm = page_rights(gen);
        tw_gen_note_page(gen, op);
    }
}

/* What one MMU index sees: small pages, one page over all, or one per spot. */
static void fill_pages(TwGen *gen, uint8_t cpu, uint8_t mmu)
{
    const TwProgram *program = gen->program;
    uint8_t space = program->cpus[cpu].mmu[mmu].space;
    unsigned p = program->page_lg;
    unsigned spots = gen->n_spots[space];

    if (tw_gen_chance(gen, gen->mixture->slots)) {
        fill_slots(gen, cpu, mmu);
        return;
    }
    if (tw_gen_chance(gen, 40)) {
        TwOp *op = tw_gen_new_setup(gen, TW_OP_PAGE);
        if (op != NULL) {
            op->obj = cpu;
            op->index = mmu;
            op->lg = (uint8_t)(p + 5 + tw_gen_below(gen, 3));
            op->perm = TW_R | TW_W | TW_X;
            tw_gen_note_page(gen, op);
        }
        if (spots > 2) {
            spots = tw_gen_below(gen, 3);
        }
    }
    unsigned most = gen->mixture->extras[1] > 8 ? 8 : 4;
    for (unsigned i = 0; i < spots && i < most; i++) {
        const TwSketchSpot *spot = &gen->spots[space][i];
        uint64_t pages = spot->size >> p;
        unsigned lg = p;

        while (lg < p + 6 && (2ull << (lg - p)) <= pages &&
               (spot->addr >> lg & 1) == 0) {
            lg++;
        }
        add_page(gen, cpu, mmu, spot->addr, lg);
        if (tw_gen_chance(gen, 12)) {
            uint64_t va = spot->addr + gen->page * tw_gen_below(gen, 4);
            unsigned small = p;
            if (tw_gen_chance(gen, gen->mixture->subpage)) {
                small = p - 1 - tw_gen_below(gen, p - 4);
            }
            add_page(gen, cpu, mmu, va, small);
        }
    }
}

/* The page map that the first CPU has under the same index. */
static void copy_pages(TwGen *gen, uint8_t cpu, uint8_t mmu)
{
    const TwProgram *program = gen->program;

    for (unsigned i = 0, n = program->n_setup; i < n; i++) {
        const TwOp *from = &program->setup[i];
        if (from->code == TW_OP_PAGE && from->obj == 0 && from->index == mmu) {
            TwOp *op = tw_gen_new_setup(gen, TW_OP_PAGE);
            if (op == NULL) {
                return;
            }
            *op = *from;
            op->obj = cpu;
            tw_gen_note_page(gen, op);
        }
    }
}

void tw_gen_setup(TwGen *gen)
{
    const TwProgram *program = gen->program;

    fill_tables(gen);
    for (unsigned c = 0; c < program->n_cpus; c++) {
        for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
            if (!program->cpus[c].mmu[m].present) {
                continue;
            }
            if (c > 0 && tw_gen_chance(gen, 70)) {
                copy_pages(gen, (uint8_t)c, (uint8_t)m);
            } else {
                fill_pages(gen, (uint8_t)c, (uint8_t)m);
            }
        }
    }
}
