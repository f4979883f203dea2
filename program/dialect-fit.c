/* SPDX-License-Identifier: MIT */
/*
 * Narrows numbers to a dialect: a number outside becomes the nearest one
 * inside. tw_dialect_admits() uses the same functions, so it admits exactly the
 * numbers that they do not change.
 */
#include "program/content.h"
#include "program/dialect.h"

#include "program/check.h"
#include "program/legality.h"
#include "program/mpc-board.h"
#include "program/ops.h"
#include "program/path.h"

/* The highest address, or UINT64_MAX. */
static uint64_t highest(const TwDialect *d)
{
    return d->address_lg != 0 && d->address_lg < 64
               ? (UINT64_C(1) << d->address_lg) - 1
               : UINT64_MAX;
}

/* The same of where page-map entries lead, and of regions. */
static uint64_t highest_physical(const TwDialect *d)
{
    return d->physical_lg != 0 && d->physical_lg < 64
               ? (UINT64_C(1) << d->physical_lg) - 1
               : highest(d);
}

/* Low bits that are zero in what regions are made of. */
static uint64_t region_low(const TwDialect *d, const TwProgram *p)
{
    uint64_t low = (UINT64_C(1) << (d->region_lg & 63)) - 1;
    return tw_contents_are_words(p->contents) ? low | 7 : low;
}

static uint64_t fit_offset(const TwDialect *d, const TwProgram *p,
                           uint64_t offset)
{
    return offset & highest_physical(d) & ~region_low(d, p);
}

/* The size of region `id`, rounded up; 2^64 stays. */
static uint64_t fit_size(const TwDialect *d, const TwProgram *p, unsigned id,
                         uint64_t size)
{
    const TwRegion *r = &p->regions[id];
    uint64_t low = region_low(d, p), most = highest_physical(d);
    if (most != UINT64_MAX && size > most + 1 &&
        !(r->kind == TW_REGION_CONTAINER && r->container == TW_NONE)) {
        size = most + 1;
    }
    return size > UINT64_MAX - low ? UINT64_MAX : (size + low) & ~low;
}

bool tw_dialect_is_wide(const TwDialect *d, const TwProgram *p)
{
    return p->contents == TW_CONTENTS_DATA && !tw_dialect_is_machine(d) &&
           d->address_lg == 0 && d->region_lg == 0 && !d->identity_pages &&
           !d->whole_pages && !d->full_ram && !d->plain_accesses &&
           !d->wide_rmw && !d->aligned_rmw && !d->exclusives_of_ram &&
           !d->pairs_of_ram && d->physical_lg == 0 &&
           (d->page_rights == 0 || d->page_rights == 0xff) &&
           (d->page_lgs == 0 || d->page_lgs == UINT32_MAX) &&
           !d->plain_devices && d->implemented_sizes && !d->exec_needs_code &&
           tw_ops_has(&d->ops, TW_OP_READONLY);
}

/* Pages ---------------------------------------------------------------------
 */

/* The next larger size that the dialect has, or else the largest. */
static uint8_t fit_page_lg(const TwDialect *d, uint8_t lg)
{
    unsigned bit = lg < 31 ? lg : 31;
    uint32_t larger = d->page_lgs >> bit << bit;
    return d->page_lgs == 0 || d->page_lgs >> bit & 1 ? lg
           : larger != 0 ? (uint8_t)__builtin_ctz(larger)
                         : (uint8_t)(31 - __builtin_clz(d->page_lgs));
}

/* The smallest set of rights that contains these, or else the largest. */
static uint8_t fit_rights(const TwDialect *d, uint8_t rights)
{
    uint8_t best = 0;
    unsigned most = 4;
    if (d->page_rights == 0 || d->page_rights >> rights & 1) {
        return rights;
    }
    for (uint8_t set = 0; set < 8; set++) {
        unsigned n = (unsigned)__builtin_popcount(set);
        if (!(d->page_rights >> set & 1)) {
            continue;
        }
        if ((set & rights) == rights ? n < most : most == 4) {
            best = set;
            most = (set & rights) == rights ? n : 4;
        }
    }
    return best;
}

static void fit_page(const TwDialect *d, const TwProgram *p, TwOp *op)
{
    op->lg = fit_page_lg(d, op->lg);
    if ((d->identity_pages || d->whole_pages) && op->lg < p->page_lg) {
        op->lg = p->page_lg;
    }
    if (d->address_lg != 0 && op->lg > d->address_lg) {
        op->lg = d->address_lg;
    }
    op->addr &= highest(d);
    if (op->code == TW_OP_PAGE) {
        op->out = d->identity_pages ? op->addr : op->out & highest_physical(d);
        op->perm = fit_rights(d, op->perm);
    }
    tw_op_round(p, op);
}

/* Accesses ------------------------------------------------------------------
 */

/*
 * An instruction must be where the code word is that makes the access (LA-46):
 * so nothing else is stored or executed there, and the access does not touch
 * the words itself.
 */
static void fit_from(const TwDialect *d, const TwProgram *p, TwOp *op)
{
    bool words = d->exec_needs_code && d->op_flags & TW_OPF_FROM &&
                 tw_contents_are_code(p->contents);
    bool load = op->code == TW_OP_READ;

    if (tw_contents_are_runs(p->contents)) {
        if (op->flags & TW_OPF_FROM) {
            op->flags &= (uint8_t)~TW_OPF_FROM;
            op->from = 0;
        }
        return;
    }
    if (words && op->code != TW_OP_READ && op->code != TW_OP_DMA_READ &&
        tw_code_is_access(op->addr)) {
        op->addr -= TW_CODE_PAGE - TW_CODE_ACCESSES;
    }
    if (!(op->flags & TW_OPF_FROM)) {
        return;
    }
    op->from &= highest(d);
    if (!d->exec_needs_code) {
        return;
    }
    if (!words || (!load && op->code != TW_OP_WRITE) ||
        (op->size & (op->size - 1)) != 0) {
        op->flags &= (uint8_t)~TW_OPF_FROM;
        op->from = 0;
        return;
    }
    op->from = (op->from & ~(uint64_t)(TW_CODE_PAGE - 1)) |
               tw_code_access_place(!load, op->size);
    if (op->addr % TW_CODE_PAGE + op->size > TW_CODE_ACCESSES) {
        op->addr -= TW_CODE_PAGE - TW_CODE_ACCESSES + op->size;
    }
}

/* Where an access may reach a device, it is no exclusive exchange (LA-56) and
 * not paired (LA-59). */
static void fit_of_ram(const TwDialect *d, const TwProgram *p, TwOp *op)
{
    unsigned flags =
        op->flags & ((d->exclusives_of_ram ? TW_OPF_EXCLUSIVE : 0) |
                     (d->pairs_of_ram ? TW_OPF_PAIRED : 0));

    for (unsigned i = 0; flags != 0 && i < p->n_regions; i++) {
        if (tw_region_has_device(p->regions[i].kind)) {
            op->flags &= (uint8_t)~flags;
        }
    }
}

static void fit_access(const TwDialect *d, const TwProgram *p, TwOp *op)
{
    uint64_t most = highest(d);
    if (op->code == TW_OP_EXEC && d->exec_needs_code &&
        !tw_contents_are_code(p->contents)) {
        if (!tw_ops_has(&d->ops, TW_OP_READ)) {
            *op = (TwOp){.code = TW_OP_NOP, .actor = TW_BOARD};
            return;
        }
        op->code = TW_OP_READ;
    }
    if (tw_contents_are_words(p->contents) && op->code != TW_OP_READ &&
        op->code != TW_OP_DMA_READ &&
        (op->code != TW_OP_EXEC || tw_contents_are_code(p->contents))) {
        op->size = 8;
        op->addr &= ~UINT64_C(7);
    }
    if (d->wide_rmw && op->code == TW_OP_RMW && op->size < 4) {
        op->size = 4;
    }
    if (d->plain_accesses) {
        op->size =
            op->size >= 8 ? 8 : (uint8_t)(1u << (31 - __builtin_clz(op->size)));
    }
    if ((d->plain_accesses || d->aligned_rmw) && op->code == TW_OP_RMW) {
        op->addr &= ~(uint64_t)(op->size - 1);
    }
    op->addr &= most;
    if (most != UINT64_MAX && op->addr > most - (op->size - 1)) {
        op->addr = most - (op->size - 1);
    }
    fit_of_ram(d, p, op);
    fit_from(d, p, op);
}

bool tw_dialect_parts_pair(const TwDialect *d, const TwProgram *p, unsigned n)
{
    return d->pairs_of_ram && n > 0 && p->script[n].flags & TW_OPF_DURING &&
           p->script[n - 1].flags & TW_OPF_PAIRED;
}

/* A DMA access during an access, where there is none. */
static void fit_during(const TwDialect *d, TwOp *op)
{
    if (op->flags & TW_OPF_DURING && !d->during_dma && tw_op_is_dma(op)) {
        op->flags &= (uint8_t)~TW_OPF_DURING;
    }
}

void tw_dialect_fit_op(const TwDialect *d, const TwProgram *p, TwOp *op)
{
    uint64_t most = highest(d);

    if (d->path_stages != 0) {
        tw_path_fit_op(d, p, op);
        return;
    }
    if (d->mpc_board) {
        tw_mpc_board_fit_op(p, op);
        return;
    }
    fit_during(d, op);
    if (tw_dialect_is_wide(d, p)) {
        return;
    }
    switch (op->code) {
    case TW_OP_READ:
    case TW_OP_WRITE:
    case TW_OP_EXEC:
    case TW_OP_RMW:
    case TW_OP_DMA_READ:
    case TW_OP_DMA_WRITE:
        fit_access(d, p, op);
        break;
    case TW_OP_PAGE:
    case TW_OP_UNPAGE:
        fit_page(d, p, op);
        break;
    case TW_OP_FLUSH_RANGE:
        op->addr &= most;
        if (most != UINT64_MAX && op->length > most - op->addr + 1) {
            op->length = most - op->addr + 1;
        }
        break;
    case TW_OP_FLUSH_PAGE:
        op->addr &= most;
        break;
    case TW_OP_ADD:
    case TW_OP_MOVE:
    case TW_OP_ALIAS_OFFSET:
        op->addr = fit_offset(d, p, op->addr);
        break;
    case TW_OP_RESIZE:
        op->length = fit_size(d, p, op->obj, op->length);
        break;
    case TW_OP_POKE:
        if (tw_contents_are_code(p->contents)) {
            *op = (TwOp){.code = TW_OP_NOP, .actor = TW_BOARD};
        }
        break;
    default:
        break;
    }
}

/* Regions -------------------------------------------------------------------
 */

/* The RAM region that is everywhere, or TW_NONE. */
static unsigned full_region(const TwDialect *d, const TwProgram *p)
{
    unsigned id = 0;
    if (!d->full_ram || p->n_spaces == 0 || !p->spaces[0].present) {
        return TW_NONE;
    }
    while (id < p->n_regions && p->regions[id].kind != TW_REGION_RAM) {
        id++;
    }
    return id < p->n_regions ? id : TW_NONE;
}

/* In the root of the space, or the root itself, and from end to end. */
static void fit_full(const TwDialect *d, const TwProgram *p, unsigned id,
                     TwRegion *r)
{
    uint64_t most = highest_physical(d);
    unsigned full = full_region(d, p);
    unsigned root = full != TW_NONE ? p->spaces[0].root : TW_NONE;
    if (full == TW_NONE || (id != full && id != root)) {
        return;
    }
    r->enabled = true;
    if (id == full) {
        r->addr = 0;
        r->container = id == root ? TW_NONE : (uint8_t)root;
        r->size = most == UINT64_MAX ? most : most + 1;
    } else if (most == UINT64_MAX || r->size < most + 1) {
        r->size = UINT64_MAX;
    }
}

void tw_dialect_fit_region(const TwDialect *d, const TwProgram *p, unsigned id,
                           TwRegion *r)
{
    r->addr = fit_offset(d, p, r->addr);
    r->size = fit_size(d, p, id, r->size);
    if (r->kind == TW_REGION_ALIAS) {
        r->alias_offset = fit_offset(d, p, r->alias_offset);
    }
    fit_full(d, p, id, r);
    if (!tw_ops_has(&d->ops, TW_OP_READONLY)) {
        r->readonly = false;
    }
    if (d->plain_devices && tw_region_has_device(r->kind)) {
        r->valid_min = r->valid_max = 0;
        r->reject = r->error = (TwRange){1, 0};
    }
    if (!d->implemented_sizes && tw_region_has_device(r->kind)) {
        r->impl_min = r->impl_max = 0;
        r->unaligned = false;
    }
}

void tw_dialect_fit_regions(const TwDialect *d, TwProgram *p)
{
    if (tw_dialect_is_wide(d, p)) {
        return;
    }
    for (unsigned i = 0; i < p->n_regions; i++) {
        if (p->regions[i].kind != TW_REGION_NONE) {
            tw_dialect_fit_region(d, p, i, &p->regions[i]);
        }
    }
}

/* The whole -----------------------------------------------------------------
 */

uint8_t tw_dialect_code(const TwDialect *d)
{
    uint32_t has =
        d->contents & ~(1u << TW_CONTENTS_DATA | 1u << TW_CONTENTS_INERT);
    return has ? (uint8_t)__builtin_ctz(has) : TW_CONTENTS_DATA;
}

uint8_t tw_dialect_runs(const TwDialect *d)
{
    uint32_t has = (d->contents & ~(1u << TW_CONTENTS_INERT)) >>
                   TW_CONTENTS_RUNS << TW_CONTENTS_RUNS;
    return has ? (uint8_t)__builtin_ctz(has) : TW_CONTENTS_DATA;
}

uint8_t tw_dialect_fit_contents(const TwDialect *d, unsigned contents)
{
    uint32_t has = d->contents ? d->contents : 1u << TW_CONTENTS_DATA;
    if (tw_contents_kind(contents) < TW_CONTENTS_KINDS &&
        (has >> tw_contents_kind(contents) & 1)) {
        return (uint8_t)contents;
    }
    if (has >> TW_CONTENTS_DATA & 1 && !tw_contents_are_code(contents)) {
        return TW_CONTENTS_DATA;
    }
    if (tw_dialect_code(d) == TW_CONTENTS_DATA &&
        has >> TW_CONTENTS_INERT & 1) {
        return TW_CONTENTS_INERT;
    }
    return tw_contents_are_runs(contents) &&
                   tw_dialect_runs(d) != TW_CONTENTS_DATA
               ? tw_dialect_runs(d)
               : tw_dialect_code(d);
}

void tw_dialect_fit(const TwDialect *d, TwProgram *p)
{
    if (d->path_stages != 0) {
        tw_path_shape(d, p);
    }
    if (d->mpc_board) {
        p->n_cpus = p->n_cpus < d->max_cpus ? p->n_cpus : d->max_cpus;
        p->explicit_safepoints &= d->explicit_safepoints;
        tw_mpc_board_shape(p);
    }
    p->contents = tw_dialect_fit_contents(d, p->contents);
    for (unsigned i = 0; p->contents != TW_CONTENTS_DATA && i < p->n_iommus;
         i++) {
        if (p->iommus[i].kind == TW_IOMMU_PAGETABLE) {
            p->iommus[i].pagetable.updates_ad = false; /* LA-55 */
        }
    }
    for (unsigned i = 0; i < p->n_script && !d->during_dma; i++) {
        fit_during(d, &p->script[i]);
    }
    for (unsigned i = 0; i < p->n_actors; i++) {
        if (p->actors[i].region != TW_NONE && tw_op_is_dma(&p->actors[i].op) &&
            (!d->started || p->contents != TW_CONTENTS_DATA)) {
            p->actors[i].region = TW_NONE; /* LA-61 */
        }
    }
    for (unsigned i = 0; i < p->n_cpus && !d->widths; i++) {
        for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
            p->cpus[i].mmu[m].width = 0;
            p->cpus[i].mmu[m].wraps = false;
        }
    }
    if (tw_dialect_is_wide(d, p)) {
        return;
    }
    tw_dialect_fit_regions(d, p);
    uint16_t n = 0;
    for (unsigned i = 0; i < p->n_setup; i++) {
        tw_dialect_fit_op(d, p, &p->setup[i]);
        if (p->setup[i].code != TW_OP_NOP) {
            p->setup[n++] = p->setup[i];
        }
    }
    p->n_setup = n;
    for (unsigned i = 0; i < p->n_actors; i++) {
        TwActor *actor = &p->actors[i];
        if (actor->region != TW_NONE) {
            tw_dialect_fit_op(d, p, &actor->op);
            if (actor->op.code == TW_OP_NOP) {
                actor->region = TW_NONE;
            }
        }
    }
    for (unsigned i = 0; i < p->n_script; i++) {
        TwOp *op = &p->script[i];
        tw_dialect_fit_op(d, p, op);
        if ((op->flags & TW_OPF_DURING) && !tw_op_may_be_during(p, i)) {
            op->flags &= (uint8_t)~TW_OPF_DURING;
        }
        if ((op->flags & TW_OPF_PAIRED) && !tw_op_may_be_paired(p, i)) {
            op->flags &= (uint8_t)~TW_OPF_PAIRED;
        }
        if (tw_dialect_parts_pair(d, p, i)) {
            op[-1].flags &= (uint8_t)~TW_OPF_PAIRED;
        }
    }
    if (d->mpc_board) {
        tw_mpc_board_fit_execs(p);
    }
}
