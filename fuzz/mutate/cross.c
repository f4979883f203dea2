/* SPDX-License-Identifier: MIT */
/*
 * Cross-over: the topology of one program, a script of both.  An operand of the
 * other program becomes the object of the same kind and rank here; an address
 * becomes the same offset in the page-map entry of the same rank.
 */
#include "fuzz/mutate/mutate.h"

#include "fuzz/generate/moves.h"
#include "fuzz/generate/op.h"
#include "program/edit/edit.h"
#include "program/legality.h"
#include "program/ops.h"

/* How many objects of a kind there are. */
static unsigned count_of(const TwProgram *program, TwObject kind)
{
    switch (kind) {
    case TW_OBJECT_REGION:
        return program->n_regions;
    case TW_OBJECT_SPACE:
        return program->n_spaces;
    case TW_OBJECT_IOMMU:
        return program->n_iommus;
    case TW_OBJECT_CPU:
        return program->n_cpus;
    default:
        return 0;
    }
}

static uint8_t pick(const TwProgram *program, TwObject kind, uint8_t n)
{
    switch (kind) {
    case TW_OBJECT_REGION:
        return tw_gen_pick_region(program, ~0u, n);
    case TW_OBJECT_SPACE:
        return tw_gen_pick_space(program, n);
    case TW_OBJECT_IOMMU:
        return tw_gen_pick_iommu(program, n);
    default:
        return tw_gen_pick_cpu(program, n);
    }
}

/* The n-th page-map entry of (cpu, mmu) in the setup, or NULL. */
static const TwOp *nth_page(const TwProgram *program, uint8_t cpu, uint8_t mmu,
                            unsigned n)
{
    unsigned count = 0;

    for (unsigned round = 0; round < 2; round++) {
        unsigned at = 0;
        for (unsigned i = 0; i < program->n_setup; i++) {
            const TwOp *op = &program->setup[i];
            if (op->code != TW_OP_PAGE || op->obj != cpu || op->index != mmu) {
                continue;
            }
            if (round == 1 && at == n % count) {
                return op;
            }
            at++;
        }
        count = at;
        if (count == 0) {
            return NULL;
        }
    }
    return NULL;
}

/* Where virtual address `va` of b's program would be in a's. */
static uint64_t map_address(const TwProgram *a, const TwProgram *b,
                            const TwOp *from, const TwOp *to, uint64_t va)
{
    unsigned n = 0;

    for (unsigned i = 0; i < b->n_setup; i++) {
        const TwOp *page = &b->setup[i];
        if (page->code != TW_OP_PAGE || page->obj != from->obj ||
            page->index != from->index) {
            continue;
        }
        if ((va ^ page->addr) >> page->lg == 0) {
            const TwOp *there = nth_page(a, to->obj, to->index, n);
            if (there == NULL) {
                return va;
            }
            uint64_t low = (1ull << there->lg) - 1;
            return there->addr + ((va - page->addr) & low);
        }
        n++;
    }
    return va;
}

/* One operation of b's script in terms of a's objects; false if it has no
 * place there. */
static bool translate(const TwProgram *a, const TwProgram *b, const TwOp *from,
                      TwOp *op)
{
    const TwOpInfo *info = tw_op_info(from->code);
    uint8_t *refs[EDIT_REFS];

    *op = *from;
    for (unsigned kind = 0; kind <= TW_OBJECT_CPU; kind++) {
        unsigned n = tw_edit_refs(op, (TwObject)kind, refs);
        for (unsigned i = 0; i < n; i++) {
            if (count_of(a, (TwObject)kind) == 0) {
                return false;
            }
            *refs[i] = pick(a, (TwObject)kind, *refs[i]);
            if (*refs[i] == TW_NONE) {
                return false;
            }
        }
    }
    const TwField *iommu = tw_op_indexed(info, TW_OBJECT_IOMMU);
    if (iommu != NULL) {
        const TwIommu *m = &a->iommus[*tw_field_byte(iommu, op)];
        op->index = (uint8_t)(op->index % m->indexes);
    }
    if (tw_op_indexed(info, TW_OBJECT_CPU) != NULL && op->obj != TW_ALL) {
        op->index = tw_gen_pick_mmu(a, op->obj, op->index);
        if (op->index == TW_NONE) {
            return false;
        }
        if (info->args[1] != TW_ARG_END) { /* an address of that index */
            op->addr = map_address(a, b, from, op, op->addr);
        }
    }
    if (info->flags & TW_OP_CPU_ACCESS) {
        op->actor = op->obj;
    }
    tw_op_round(a, op);
    return true;
}

void tw_crossover(TwProgram *out, const TwProgram *a, const TwProgram *b,
                  const TwDialect *dialect, TwRng *rng)
{
    unsigned limit = tw_script_limit(a, dialect);

    tw_program_copy(out, a);
    if (b->n_script == 0) {
        return;
    }
    /* a's script up to somewhere, a stretch of b's, then maybe a's rest. */
    unsigned at = tw_rng_below(rng, a->n_script + 1u);
    unsigned from = tw_rng_below(rng, b->n_script);
    unsigned count = 1 + tw_rng_below(rng, b->n_script - from);
    unsigned resume = tw_rng_chance(rng, 70)
                          ? at
                          : at + tw_rng_below(rng, a->n_script - at + 1u);
    unsigned n = at;

    for (unsigned i = from; i < from + count && n < limit; i++) {
        n += translate(a, b, &b->script[i], &out->script[n]);
    }
    for (unsigned i = resume; i < a->n_script && n < limit; i++) {
        out->script[n++] = a->script[i];
    }
    out->n_script = (uint16_t)n;
    tw_edit_tidy(out);
    tw_dialect_fit(dialect, out);
    if (!tw_program_check(out, NULL, 0) ||
        !tw_dialect_admits(dialect, out, NULL, 0)) {
        tw_program_copy(out, a);
    }
}
