/* SPDX-License-Identifier: MIT */
/*
 * The minimiser's small steps: addresses, sizes and the page size to small
 * numbers.  An address is shrunk in all places at once, because changing it in
 * one place would mostly lose the finding.
 */
#include "fuzz/minimise/passes.h"

#include <string.h>

#include "program/legality.h"
#include "program/ops.h"

/* Which fields of an operation are addresses or lengths. */
enum { FIELD_ADDR = 1, FIELD_LAST = 2, FIELD_OUT = 4, FIELD_LENGTH = 8 };

static unsigned fields_of(const TwOp *op)
{
    unsigned fields = 0;

    for (TwFieldAt at = tw_fields(tw_op_info(op->code)); at.part;
         tw_fields_next(&at)) {
        switch (at.part->type) {
        case TW_FIELD_ADDRESS:
            fields |=
                at.part->field == offsetof(TwOp, out) ? FIELD_OUT : FIELD_ADDR;
            break;
        case TW_FIELD_END:
            fields |= FIELD_LAST;
            break;
        case TW_FIELD_LENGTH:
            fields |= FIELD_LENGTH;
            break;
        default:
            break;
        }
    }
    if (op->flags & TW_OPF_FROM) {
        fields |= FIELD_OUT;
    }
    return fields;
}

typedef uint64_t (*Change)(uint64_t value, uint64_t a, uint64_t b);

static void change_op(TwOp *op, Change change, uint64_t a, uint64_t b)
{
    unsigned fields = fields_of(op);

    if (fields & FIELD_ADDR) {
        op->addr = change(op->addr, a, b);
    }
    if ((fields & FIELD_LAST) && op->last != UINT64_MAX) {
        op->last = change(op->last, a, b);
    }
    if (fields & FIELD_OUT) {
        op->out = change(op->out, a, b);
    }
}

/* Applies a change to every address of the candidate. */
static void change_all(TwProgram *program, Change change, uint64_t a,
                       uint64_t b)
{
    for (unsigned i = 0; i < program->n_regions; i++) {
        TwRegion *region = &program->regions[i];
        if (region->kind == TW_REGION_NONE) {
            continue;
        }
        if (region->container != TW_NONE) {
            region->addr = change(region->addr, a, b);
        }
        if (region->kind == TW_REGION_ALIAS) {
            region->alias_offset = change(region->alias_offset, a, b);
        }
    }
    for (unsigned i = 0; i < program->n_setup; i++) {
        change_op(&program->setup[i], change, a, b);
    }
    for (unsigned i = 0; i < program->n_script; i++) {
        change_op(&program->script[i], change, a, b);
    }
    for (unsigned i = 0; i < program->n_actors; i++) {
        if (program->actors[i].region != TW_NONE) {
            change_op(&program->actors[i].op, change, a, b);
        }
    }
}

/* Page `a` becomes page `b`; the page size comes in by a's low bits. */
static uint64_t change_page(uint64_t value, uint64_t a, uint64_t b)
{
    unsigned lg = a & 63;

    return value >> lg == a >> lg ? (b & ~63ull) | (value & ((1ull << lg) - 1))
                                  : value;
}

/* Page size 2^a becomes 2^b; offsets in a page stay if they fit. */
static uint64_t change_scale(uint64_t value, uint64_t a, uint64_t b)
{
    uint64_t low = value & ((1ull << a) - 1);
    uint64_t size = 1ull << b;

    if (low == (1ull << a) - 1) {
        low = size - 1; /* a last byte stays one */
    } else if (low >= size) {
        low = size - 1 - (low & (size - 1));
    } else if (low > (1ull << a) - 9) {
        low = size - ((1ull << a) - low);
    }
    return (value >> a) << b | low;
}

static void rescale_program(TwProgram *program, unsigned lg)
{
    unsigned old = program->page_lg;

    program->page_lg = (uint8_t)lg;
    change_all(program, change_scale, old, lg);
    for (unsigned i = 0; i < program->n_iommus; i++) {
        int granule = (int)program->iommus[i].granule_lg + (int)lg - (int)old;
        program->iommus[i].granule_lg = (uint8_t)(granule < 0 ? 0 : granule);
    }
    for (unsigned i = 0; i < program->n_regions; i++) {
        TwRegion *region = &program->regions[i];
        if (region->size != UINT64_MAX && region->size >> (63 - 16) == 0) {
            region->size = change_scale(region->size, old, lg);
        }
    }
    for (unsigned k = 0; k < 2u; k++) {
        unsigned n = k ? program->n_script : program->n_setup;
        for (unsigned i = 0; i < n; i++) {
            TwOp *op = k ? &program->script[i] : &program->setup[i];
            unsigned fields = fields_of(op);
            if (op->code == TW_OP_PAGE || op->code == TW_OP_UNPAGE) {
                int size = (int)op->lg + (int)lg - (int)old;
                op->lg = (uint8_t)(size < 0 ? 0 : size > 63 ? 63 : size);
            }
            if ((fields & FIELD_LENGTH) && op->length >> (63 - 16) == 0) {
                op->length = change_scale(op->length, old, lg);
            }
            tw_op_round(program, op);
        }
    }
}

/* To the page size that needs no line. */
void tw_pass_page_size(TwTurns *turns)
{
    unsigned lg = TW_DEFAULT_PAGE_LG;

    if (turns->best->page_lg != lg && lg >= turns->dialect->min_page_lg &&
        lg <= turns->dialect->max_page_lg) {
        TW_TURN(turns, p, rescale_program(p, lg));
    }
}

enum { MAX_PLACES = 96 };

static void add_place(uint64_t *places, unsigned *n, uint64_t page)
{
    unsigned at = *n;

    for (unsigned i = 0; i < *n; i++) {
        if (places[i] == page) {
            return;
        }
        if (places[i] > page && at == *n) {
            at = i;
        }
    }
    if (*n == MAX_PLACES) {
        return;
    }
    memmove(&places[at + 1], &places[at], (*n - at) * sizeof(*places));
    places[at] = page;
    (*n)++;
}

static unsigned collect_places(const TwProgram *program, uint64_t *places)
{
    unsigned n = 0;
    unsigned lg = program->page_lg;

    for (unsigned i = 0; i < program->n_regions; i++) {
        const TwRegion *region = &program->regions[i];
        if (region->kind == TW_REGION_NONE) {
            continue;
        }
        add_place(places, &n, region->addr >> lg);
        if (region->kind == TW_REGION_ALIAS) {
            add_place(places, &n, region->alias_offset >> lg);
        }
    }
    for (unsigned k = 0; k < 2; k++) {
        unsigned count = k ? program->n_script : program->n_setup;
        for (unsigned i = 0; i < count; i++) {
            const TwOp *op = k ? &program->script[i] : &program->setup[i];
            unsigned fields = fields_of(op);
            if (fields & FIELD_ADDR) {
                add_place(places, &n, op->addr >> lg);
            }
            if ((fields & FIELD_LAST) && op->last != UINT64_MAX) {
                add_place(places, &n, op->last >> lg);
            }
            if (fields & FIELD_OUT) {
                add_place(places, &n, op->out >> lg);
            }
        }
    }
    return n;
}

enum { FEW_PLACES = 6 };

/* Everything that is in one block of addresses moves to the first. */
static void move_blocks(TwTurns *turns, const uint64_t *places, unsigned n,
                        unsigned block_lg)
{
    unsigned lg = turns->best->page_lg;
    uint64_t last = 0; /* places are in order */

    for (unsigned i = 0; i < n && block_lg > lg; i++) {
        uint64_t block = places[i] << lg >> block_lg;

        if (block != last) {
            TW_TURN(
                turns, p,
                change_all(p, change_page, block << block_lg | block_lg, 0));
        }
        last = block;
    }
}

/* Gives every page that is named a small number: many at once, and one page at
 * a time that of another page, or a free one. */
void tw_pass_places(TwTurns *turns)
{
    uint64_t places[MAX_PLACES];
    unsigned n = collect_places(turns->best, places);
    unsigned lg = turns->best->page_lg;

    for (unsigned block_lg = 48; block_lg >= 16; block_lg -= 8) {
        move_blocks(turns, places, n, block_lg);
    }
    for (unsigned i = n; i-- > 0;) {
        for (unsigned to = 0; to < FEW_PLACES && to < places[i]; to++) {
            TW_TURN(turns, p,
                    change_all(p, change_page, places[i] << lg | lg,
                               (uint64_t)to << lg));
        }
    }
}

/* Values worth trying instead of `value`, best first. */
static unsigned smaller(const TwProgram *program, uint64_t value,
                        uint64_t tries[6])
{
    uint64_t page = 1ull << program->page_lg;
    uint64_t candidates[] = {0,
                             page,
                             value & ~(page - 1),
                             value & ~7ull,
                             value & (page - 1),
                             value / 2 & ~(page - 1)};
    unsigned n = 0;

    for (unsigned i = 0; i < 6; i++) {
        bool seen = candidates[i] >= value;
        for (unsigned k = 0; k < n; k++) {
            seen |= tries[k] == candidates[i];
        }
        if (!seen) {
            tries[n++] = candidates[i];
        }
    }
    return n;
}

void tw_pass_sizes(TwTurns *turns)
{
    uint64_t page = 1ull << turns->best->page_lg;

    for (unsigned i = 0; i < turns->best->n_regions; i++) {
        const TwRegion *region = &turns->best->regions[i];
        if (region->kind == TW_REGION_NONE) {
            continue;
        }
        if (region->kind == TW_REGION_CONTAINER &&
            region->container == TW_NONE) {
            TW_TURN(turns, p, p->regions[i].size = UINT64_MAX);
            continue;
        }
        for (unsigned k = 0; k < 8 && page << k < region->size; k++) {
            TW_TURN(turns, p, p->regions[i].size = page << k);
        }
        if ((region->size & (page - 1)) != 0 && region->size != UINT64_MAX) {
            TW_TURN(turns, p,
                    p->regions[i].size =
                        (p->regions[i].size + page - 1) & ~(page - 1));
        }
    }
}

static TwOp *op_at(TwProgram *program, bool script, unsigned i)
{
    return script ? &program->script[i] : &program->setup[i];
}

static void set_field(TwProgram *program, TwOp *op, unsigned field,
                      uint64_t value)
{
    if (field == FIELD_ADDR) {
        if (op->last >= op->addr && op->last != UINT64_MAX &&
            (fields_of(op) & FIELD_LAST)) {
            op->last -= op->addr - value;
        }
        op->addr = value;
    } else if (field == FIELD_OUT) {
        op->out = value;
    } else {
        op->length = value;
    }
    tw_op_round(program, op);
}

/* Where a range can begin and end: at granules, or at pages. */
static unsigned unit_of(const TwProgram *program, const TwOp *op)
{
    const TwField *of = tw_op_indexed(tw_op_info(op->code), TW_OBJECT_IOMMU);
    unsigned lg = program->page_lg;

    if (of != NULL && of->field == offsetof(TwOp, obj) &&
        program->iommus[op->obj].granule_lg > lg) {
        lg = program->iommus[op->obj].granule_lg;
    }
    return lg;
}

/* One field of one operation. */
static void shrink_field(TwTurns *turns, const TwOp *op, bool script,
                         unsigned i, unsigned field)
{
    uint64_t old = field == FIELD_ADDR  ? op->addr
                   : field == FIELD_OUT ? op->out
                                        : op->length;
    uint64_t tries[6];
    unsigned n = smaller(turns->best, old, tries);

    uint64_t within = 0;

    /* Rounding would make a range larger, which could go on for ever. */
    if (field == FIELD_ADDR && (fields_of(op) & FIELD_LAST)) {
        within = (1ull << unit_of(turns->best, op)) - 1;
    }
    for (unsigned k = 0; k < n; k++) {
        if ((tries[k] & within) == 0) {
            TW_TURN(turns, p,
                    set_field(p, op_at(p, script, i), field, tries[k]));
        }
    }
}

enum { MAX_PIECES = 16 }; /* of a range or large page, that are tried */

/* A range becomes `size` bytes of itself, `by` bytes behind its start. */
static void cut_range(TwOp *op, uint64_t by, uint64_t size)
{
    op->addr += by;
    op->last = op->addr + size - 1;
    if (op->code == TW_OP_MAP) {
        op->out += by;
    }
}

/* A range down to half of it, or to one unit of the first or the last. */
static void shrink_range(TwTurns *turns, const TwOp *op, bool script,
                         unsigned i)
{
    unsigned lg = unit_of(turns->best, op);
    uint64_t more = (op->last - op->addr) >> lg; /* units after the first */
    uint64_t half = (more + 1) / 2;

    if (more == 0) {
        return;
    }
    TW_TURN(turns, p, cut_range(op_at(p, script, i), 0, half << lg));
    TW_TURN(
        turns, p,
        cut_range(op_at(p, script, i), half << lg, (more + 1 - half) << lg));
    for (uint64_t k = 0; k < MAX_PIECES && k < more; k++) {
        TW_TURN(turns, p, cut_range(op_at(p, script, i), k << lg, 1ull << lg));
    }
    TW_TURN(turns, p, cut_range(op_at(p, script, i), more << lg, 1ull << lg));
}

static void cut_page(TwOp *op, uint64_t by, unsigned lg)
{
    op->lg = (uint8_t)lg;
    op->addr += by;
    if (op->code == TW_OP_PAGE) {
        op->out += by;
    }
}

/* A large page down to half of it, or to one of its first pages. */
static void shrink_page(TwTurns *turns, const TwOp *op, bool script, unsigned i)
{
    unsigned lg = turns->best->page_lg, half = op->lg - 1u;

    if (op->lg <= lg) {
        return;
    }
    TW_TURN(turns, p, cut_page(op_at(p, script, i), 0, half));
    TW_TURN(turns, p, cut_page(op_at(p, script, i), 1ull << half, half));
    for (uint64_t k = 0; k < MAX_PIECES && k >> (op->lg - lg) == 0; k++) {
        TW_TURN(turns, p, cut_page(op_at(p, script, i), k << lg, lg));
    }
}

/* What is written to a register of an MPC: no bits beyond its size, then fewer
 * bits. */
static void shrink_written(TwTurns *turns, const TwOp *op, bool script,
                           unsigned i)
{
    uint64_t kept = op->size < 8
                        ? op->value & ((UINT64_C(1) << 8 * op->size) - 1)
                        : op->value;

    TW_TURN(turns, p, op_at(p, script, i)->value = 0);
    TW_TURN(turns, p, op_at(p, script, i)->value = kept);
    for (uint64_t left = kept; left; left &= left - 1) {
        TW_TURN(turns, p, op_at(p, script, i)->value = left & -left);
        TW_TURN(turns, p, op_at(p, script, i)->value = kept & ~(left & -left));
    }
}

static void shrink_ops(TwTurns *turns, const TwOp *ops, unsigned n, bool script)
{
    for (unsigned i = 0; i < n; i++) {
        unsigned fields = fields_of(&ops[i]);

        if (fields & FIELD_LAST) {
            shrink_range(turns, &ops[i], script, i);
        }
        if (ops[i].code == TW_OP_PAGE || ops[i].code == TW_OP_UNPAGE) {
            shrink_page(turns, &ops[i], script, i);
        }
        if (ops[i].code == TW_OP_MPC_WRITE) {
            shrink_written(turns, &ops[i], script, i);
        }
        for (unsigned field = FIELD_ADDR; field <= FIELD_LENGTH; field *= 2) {
            if ((fields & field) && field != FIELD_LAST) {
                shrink_field(turns, &ops[i], script, i, field);
            }
        }
    }
}

static void shrink_regions(TwTurns *turns)
{
    uint64_t tries[6];

    for (unsigned i = 0; i < turns->best->n_regions; i++) {
        const TwRegion *region = &turns->best->regions[i];
        if (region->kind == TW_REGION_NONE) {
            continue;
        }
        unsigned n = smaller(turns->best, region->addr, tries);
        for (unsigned k = 0; k < n; k++) {
            TW_TURN(turns, p, p->regions[i].addr = tries[k]);
        }
        if (region->kind == TW_REGION_ALIAS) {
            n = smaller(turns->best, region->alias_offset, tries);
            for (unsigned k = 0; k < n; k++) {
                TW_TURN(turns, p, p->regions[i].alias_offset = tries[k]);
            }
        }
    }
}

void tw_pass_addresses(TwTurns *turns)
{
    const TwProgram *best = turns->best;

    shrink_regions(turns);
    shrink_ops(turns, best->setup, best->n_setup, false);
    shrink_ops(turns, best->script, best->n_script, true);
}
