/* SPDX-License-Identifier: MIT */
/*
 * The minimiser's small steps: addresses, sizes and the page size to small
 * numbers.  An address is shrunk wherever it is named at once, since changing
 * one name of a place only would mostly lose the finding.
 */
#include "fuzz/minimise-internal.h"

#include <string.h>

#include "program/legality.h"
#include "program/ops.h"

/* Which fields of an operation are addresses or lengths. */
enum { FIELD_ADDR = 1, FIELD_LAST = 2, FIELD_OUT = 4, FIELD_LENGTH = 8 };

static unsigned fields_of(const TwOp *op)
{
    const TwOpInfo *info = tw_op_info(op->code);
    unsigned fields = 0;

    for (unsigned i = 0; info->args[i] != TW_ARG_END; i++) {
        switch (info->args[i]) {
        case TW_ARG_ADDR:
        case TW_ARG_AT:
            fields |= FIELD_ADDR;
            break;
        case TW_ARG_RANGE:
            fields |= FIELD_ADDR | FIELD_LAST;
            break;
        case TW_ARG_LENGTH:
            fields |= FIELD_LENGTH;
            break;
        case TW_ARG_TO:
        case TW_ARG_TO_SPACE:
            fields |= FIELD_OUT;
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

static bool rescale(TwMinimiser *min, unsigned lg)
{
    unsigned old = min->best->page_lg;

    if (old == lg || lg < min->dialect->min_page_lg ||
        lg > min->dialect->max_page_lg) {
        return false;
    }
    TwProgram *program = tw_minimise_start(min);
    program->page_lg = (uint8_t)lg;
    change_all(program, change_scale, old, lg);
    for (unsigned i = 0; i < program->n_iommus; i++) {
        int granule = (int)program->iommus[i].granule_lg + (int)lg - (int)old;
        program->iommus[i].granule_lg =
            (uint8_t)(granule < 0 ? 0 : granule);
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
            if ((fields & FIELD_LENGTH) && op->last >> (63 - 16) == 0) {
                op->last = change_scale(op->last, old, lg);
            }
            tw_op_round(program, op);
        }
    }
    return tw_minimise_try(min);
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

/* Gives every page that is named a small number, one page at a time. */
static bool shrink_places(TwMinimiser *min)
{
    uint64_t places[MAX_PLACES];
    unsigned n = collect_places(min->best, places);
    unsigned lg = min->best->page_lg;
    bool any = false;

    for (unsigned i = n; i-- > 0;) {
        /* First the same place as one already there, then the lowest free. */
        for (unsigned to = 0; to < 6 && to < places[i]; to++) {
            TwProgram *p = tw_minimise_start(min);
            change_all(p, change_page, places[i] << lg | lg,
                       (uint64_t)to << lg);
            if (tw_minimise_try(min)) {
                any = true;
                break;
            }
        }
    }
    return any;
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

static bool shrink_sizes(TwMinimiser *min)
{
    bool any = false;
    uint64_t page = 1ull << min->best->page_lg;

    for (unsigned i = 0; i < min->best->n_regions; i++) {
        const TwRegion *region = &min->best->regions[i];
        if (region->kind == TW_REGION_NONE) {
            continue;
        }
        if (region->kind == TW_REGION_CONTAINER &&
            region->container == TW_NONE) {
            TW_TRY(min, p, p->regions[i].size = UINT64_MAX);
            continue;
        }
        for (unsigned k = 0; k < 8 && page << k < region->size; k++) {
            TW_TRY(min, p, p->regions[i].size = page << k);
        }
        if ((region->size & (page - 1)) != 0 && region->size != UINT64_MAX) {
            TW_TRY(min, p,
                p->regions[i].size =
                    (p->regions[i].size + page - 1) & ~(page - 1));
        }
    }
    return any;
}

/* One field of one operation. */
static bool shrink_field(TwMinimiser *min, bool script, unsigned i,
                         unsigned field)
{
    const TwOp *op = script ? &min->best->script[i] : &min->best->setup[i];
    uint64_t old = field == FIELD_ADDR  ? op->addr
                   : field == FIELD_OUT ? op->out
                                        : op->last;
    uint64_t tries[6];
    unsigned n = smaller(min->best, old, tries);

    for (unsigned k = 0; k < n; k++) {
        TwProgram *p = tw_minimise_start(min);
        TwOp *to = script ? &p->script[i] : &p->setup[i];
        if (field == FIELD_ADDR) {
            if (to->last >= to->addr && to->last != UINT64_MAX &&
                (fields_of(to) & FIELD_LAST)) {
                to->last -= to->addr - tries[k];
            }
            to->addr = tries[k];
        } else if (field == FIELD_OUT) {
            to->out = tries[k];
        } else {
            to->last = tries[k];
        }
        tw_op_round(p, to);
        if (tw_minimise_try(min)) {
            return true;
        }
    }
    return false;
}

enum { MAX_PIECES = 16 }; /* of a range or large page, that are tried */

/* A range down to one page: any of the first, or the last; or by half. */
static bool shrink_range(TwMinimiser *min, bool script, unsigned i)
{
    uint64_t page = 1ull << min->best->page_lg;
    const TwOp old = script ? min->best->script[i] : min->best->setup[i];
    uint64_t pieces = (old.last - old.addr) >> min->best->page_lg;

    if (pieces == 0) {
        return false;
    }
    for (unsigned k = 0; k <= MAX_PIECES + 1; k++) {
        TwProgram *p = tw_minimise_start(min);
        TwOp *to = script ? &p->script[i] : &p->setup[i];
        uint64_t by = 0;

        if (k <= MAX_PIECES) {
            by = page * (k < MAX_PIECES && k < pieces ? k : pieces);
            to->addr += by;
            to->last = to->addr + (page - 1);
        } else {
            to->last = to->addr + (to->last - to->addr) / 2;
        }
        if (to->code == TW_OP_MAP) {
            to->out += by;
        }
        tw_op_round(p, to);
        if (tw_minimise_try(min)) {
            return true;
        }
        if (k >= pieces && k < MAX_PIECES) {
            k = MAX_PIECES; /* all pieces were tried */
        }
    }
    return false;
}

/* A large page down to one of its pages. */
static bool shrink_page(TwMinimiser *min, bool script, unsigned i)
{
    const TwOp old = script ? min->best->script[i] : min->best->setup[i];
    unsigned lg = min->best->page_lg;

    if (old.lg <= lg) {
        return false;
    }
    for (unsigned k = 0; k < MAX_PIECES && k >> (old.lg - lg) == 0; k++) {
        TwProgram *p = tw_minimise_start(min);
        TwOp *to = script ? &p->script[i] : &p->setup[i];

        to->lg = (uint8_t)lg;
        to->addr += (uint64_t)k << lg;
        if (to->code == TW_OP_PAGE) {
            to->out += (uint64_t)k << lg;
        }
        if (tw_minimise_try(min)) {
            return true;
        }
    }
    return false;
}

static bool shrink_ops(TwMinimiser *min, bool script)
{
    bool any = false;

    for (unsigned i = 0;
         i < (script ? min->best->n_script : min->best->n_setup); i++) {
        unsigned fields = fields_of(script ? &min->best->script[i]
                                           : &min->best->setup[i]);
        if (fields & FIELD_LAST) {
            any |= shrink_range(min, script, i);
        }
        unsigned code = script ? min->best->script[i].code
                               : min->best->setup[i].code;
        if (code == TW_OP_PAGE || code == TW_OP_UNPAGE) {
            any |= shrink_page(min, script, i);
        }
        for (unsigned field = FIELD_ADDR; field <= FIELD_LENGTH;
             field *= 2) {
            if ((fields & field) && field != FIELD_LAST) {
                any |= shrink_field(min, script, i, field);
            }
        }
    }
    return any;
}

static bool shrink_regions(TwMinimiser *min)
{
    bool any = false;
    uint64_t tries[6];

    for (unsigned i = 0; i < min->best->n_regions; i++) {
        const TwRegion *region = &min->best->regions[i];
        if (region->kind == TW_REGION_NONE) {
            continue;
        }
        unsigned n = smaller(min->best, region->addr, tries);
        for (unsigned k = 0; k < n; k++) {
            TW_TRY(min, p, p->regions[i].addr = tries[k]);
        }
        if (region->kind == TW_REGION_ALIAS) {
            n = smaller(min->best, region->alias_offset, tries);
            for (unsigned k = 0; k < n; k++) {
                TW_TRY(min, p, p->regions[i].alias_offset = tries[k]);
            }
        }
    }
    return any;
}

bool tw_minimise_numbers(TwMinimiser *min)
{
    bool any = rescale(min, 12);

    any |= shrink_places(min);
    any |= shrink_sizes(min);
    any |= shrink_regions(min);
    any |= shrink_ops(min, false);
    any |= shrink_ops(min, true);
    return any;
}
