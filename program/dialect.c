/* SPDX-License-Identifier: MIT */
/* What a dialect admits. */
#include "program/dialect.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "program/mpc-board.h"
#include "program/ops.h"
#include "program/path.h"

TwDialect tw_dialect_full(void)
{
    return (TwDialect){
        .ops = tw_ops_all(),
        .region_kinds = (1u << TW_REGION_KINDS) - 1,
        .iommu_kinds = (1u << TW_IOMMU_KINDS) - 1,
        .selects = (1u << TW_SELECTS) - 1,
        .op_flags = TW_OPF_DURING | TW_OPF_NOTIFIED | TW_OPF_ON | TW_OPF_FROM |
                    TW_OPF_VIA | TW_OPF_EXCLUSIVE | TW_OPF_PAIRED,
        .actors = true,
        .started = true,
        .explicit_safepoints = true,
        .shared_blocks = true,
        .late_spaces = true,
        .during_dma = true,
        .implemented_sizes = true,
        .widths = true,
        .iotlbs = true,
        .nested_tables = true,
        .updates_ad = true,
        .table_bases = true,
        .output_widths = true,
        .mpc_registers = true,
        .locations = true,
        .contents = (1u << TW_CONTENTS_KINDS) - 1,
        .page_rights = 0xff,
        .page_lgs = UINT32_MAX,
        .min_page_lg = TW_MIN_PAGE_LG,
        .max_page_lg = TW_MAX_PAGE_LG,
        .min_granule_lg = TW_MIN_GRANULE_LG,
        .max_granule_lg = TW_MAX_GRANULE_LG,
        .max_regions = TW_MAX_REGIONS,
        .max_spaces = TW_MAX_SPACES,
        .max_iommus = TW_MAX_IOMMUS,
        .max_cpus = TW_MAX_CPUS,
        .max_mmu_indexes = TW_MAX_MMU_INDEXES,
        .max_iommu_indexes = TW_MAX_IOMMU_INDEXES,
        .max_tlb_lg = TW_MAX_TLB_LG,
        .max_victims = TW_MAX_VICTIMS,
        .max_setup = TW_MAX_SETUP,
        .max_script = TW_MAX_SCRIPT,
    };
}

typedef struct Reply {
    char *why;
    size_t size;
} Reply;

static bool __attribute__((format(printf, 2, 3)))
no(Reply reply, const char *format, ...)
{
    if (reply.why && reply.size > 0) {
        va_list args;
        va_start(args, format);
        vsnprintf(reply.why, reply.size, format, args);
        va_end(args);
    }
    return false;
}

bool tw_dialect_suits_during(const TwDialect *d, const TwOp *op)
{
    return d->op_flags & TW_OPF_DURING &&
           tw_op_suits_during(tw_op_info(op->code)) &&
           (d->during_dma || !tw_op_is_dma(op));
}

/* What is wrong with an operation that was narrowed to another. */
static const char *narrowed(const TwDialect *d, const TwOp *op, const TwOp *fit)
{
    if (fit->code != op->code) {
        return op->code == TW_OP_EXEC ? "needs code contents"
                                      : "cannot be with code contents";
    }
    if (fit->size != op->size) {
        return d->wide_rmw && fit->size > op->size ? "has fewer than 4 bytes"
               : d->plain_accesses ? "is of a size that is no power of two"
                                   : "is of 8 bytes with code contents";
    }
    if (fit->flags != op->flags && op->code == TW_OP_RMW) {
        return "is exclusive beside a device";
    }
    if ((fit->flags ^ op->flags) & TW_OPF_PAIRED) {
        return "is paired beside a device";
    }
    if (fit->perm != op->perm) {
        return "has rights that pages cannot have";
    }
    if (fit->lg != op->lg && d->page_lgs != 0 && d->page_lgs != UINT32_MAX) {
        return "is of a size that pages cannot have";
    }
    if (fit->lg != op->lg) {
        return fit->lg > op->lg ? "is smaller than a page" : "is too large";
    }
    if (fit->addr == op->addr && fit->out != op->out && d->identity_pages &&
        op->code == TW_OP_PAGE) {
        return "leads to another address";
    }
    return "has numbers that are out of reach or not aligned";
}

/* Operations in one place. */
typedef struct Place {
    const char *name;
    TwOpSet ops; /* those that may stand there */
    bool wide;   /* no number needs fitting */
} Place;

/* Is the operation one that needs no look at its numbers?  The usual case,
 * decided quickly. */
static inline bool is_plain(const TwDialect *d, const Place *place,
                            const TwOp *op)
{
    return place->wide && !(op->flags & (~d->op_flags | TW_OPF_DURING)) &&
           tw_ops_has(&place->ops, op->code);
}

static bool admits_op(const TwDialect *d, const Place *place,
                      const TwProgram *p, const TwOp *op, unsigned number,
                      Reply reply)
{
    const char *where = place->name;
    unsigned flags = op->flags & ~d->op_flags;
    if (op->flags & ~flags & TW_OPF_DURING && !d->during_dma &&
        tw_op_is_dma(op)) {
        return no(reply, "%s %u: a DMA access during an access", where, number);
    }
    if (place->wide && !flags && tw_ops_has(&place->ops, op->code)) {
        return true;
    }
    const TwOpInfo *info = tw_op_info(op->code);
    if (!info) {
        return no(reply, "%s %u: no such operation", where, number);
    }
    if (op->code != TW_OP_NOP && !tw_ops_has(&place->ops, op->code)) {
        return no(reply, "%s %u: operation %s", where, number, info->name);
    }
    if (flags) {
        return no(reply, "%s %u: %s %s", where, number, info->name,
                  flags & TW_OPF_DURING      ? "during an access"
                  : flags & TW_OPF_NOTIFIED  ? "notified"
                  : flags & TW_OPF_FROM      ? "from an instruction"
                  : flags & TW_OPF_VIA       ? "via a mapping"
                  : flags & TW_OPF_EXCLUSIVE ? "exclusive"
                  : flags & TW_OPF_PAIRED    ? "paired"
                                             : "on");
    }
    TwOp fit = *op;
    tw_dialect_fit_op(d, p, &fit);
    if (memcmp(&fit, op, sizeof fit) != 0) {
        return no(reply, "%s %u: %s %s", where, number, info->name,
                  narrowed(d, op, &fit));
    }
    return true;
}

static bool has_device(const TwRegion *r)
{
    return r->kind == TW_REGION_MMIO || r->kind == TW_REGION_ROMD;
}

static bool admits_regions(const TwDialect *d, const TwProgram *p, bool wide,
                           Reply reply)
{
    bool has_ram = false;
    for (unsigned i = 0; i < p->n_regions; i++) {
        const TwRegion *r = &p->regions[i];
        if (r->kind == TW_REGION_NONE) {
            continue;
        }
        has_ram |= r->kind == TW_REGION_RAM;
        if (i >= d->max_regions) {
            return no(reply, "region r%u: at most %u regions", i,
                      d->max_regions);
        }
        if (r->kind != TW_REGION_CONTAINER &&
            !(d->region_kinds >> r->kind & 1)) {
            return no(reply, "region r%u: kind %s", i,
                      tw_region_kind_name(r->kind));
        }
        if (r->block != TW_NONE && r->block != i && !d->shared_blocks) {
            return no(reply, "region r%u: a shared block", i);
        }
        if (has_device(r) && !d->implemented_sizes &&
            (r->impl_min != 0 || r->impl_max != 0 || r->unaligned)) {
            return no(reply,
                      "region r%u: a device that implements other sizes than "
                      "it takes",
                      i);
        }
        if (r->registers != TW_NONE && r->kind == TW_REGION_MMIO &&
            !d->mpc_registers) {
            return no(reply, "region r%u: the registers of an mpc", i);
        }
        if (wide) {
            continue;
        }
        TwRegion fit = *r;
        tw_dialect_fit_region(d, p, i, &fit);
        if (fit.enabled != r->enabled || fit.container != r->container) {
            return no(reply, "region r%u: not in all of the space", i);
        }
        if (fit.addr != r->addr || fit.size != r->size ||
            fit.alias_offset != r->alias_offset) {
            return no(reply,
                      "region r%u: numbers that are out of reach or "
                      "not aligned",
                      i);
        }
        if (r->readonly && !tw_ops_has(&d->ops, TW_OP_READONLY)) {
            return no(reply, "region r%u: read-only", i);
        }
        if (d->plain_devices && has_device(r) &&
            (r->valid_min != 0 || r->valid_max != 0 ||
             r->reject.first <= r->reject.last ||
             r->error.first <= r->error.last)) {
            return no(reply, "region r%u: a device that refuses something", i);
        }
    }
    if (d->full_ram && !has_ram) {
        return no(reply, "no RAM");
    }
    return true;
}

static bool admits_spaces(const TwDialect *d, const TwProgram *p, Reply reply)
{
    for (unsigned i = 0; i < p->n_spaces; i++) {
        if (!p->spaces[i].present) {
            continue;
        }
        if (i >= d->max_spaces) {
            return no(reply, "space s%u: at most %u spaces", i, d->max_spaces);
        }
        if (p->spaces[i].late && !d->late_spaces) {
            return no(reply, "space s%u: late", i);
        }
    }
    return true;
}

static bool admits_iommus(const TwDialect *d, const TwProgram *p, Reply reply)
{
    for (unsigned i = 0; i < p->n_iommus; i++) {
        const TwIommu *m = &p->iommus[i];
        if (m->kind == TW_IOMMU_NONE) {
            continue;
        }
        if (i >= d->max_iommus) {
            return no(reply, "iommu i%u: at most %u IOMMUs", i, d->max_iommus);
        }
        if (!(d->iommu_kinds >> m->kind & 1)) {
            return no(reply, "iommu i%u: kind %s", i,
                      tw_iommu_kind_name(m->kind));
        }
        if (m->indexes > d->max_iommu_indexes) {
            return no(reply, "iommu i%u: at most %u indexes", i,
                      d->max_iommu_indexes);
        }
        if (m->select != TW_SELECT_ZERO && !(d->selects >> m->select & 1)) {
            return no(reply, "iommu i%u: select %s", i,
                      tw_select_name(m->select));
        }
        if (m->granule_lg < d->min_granule_lg ||
            m->granule_lg > d->max_granule_lg) {
            return no(reply, "iommu i%u: granule 2^%u, not 2^%u to 2^%u", i,
                      m->granule_lg, d->min_granule_lg, d->max_granule_lg);
        }
        if (m->iotlb && !d->iotlbs) {
            return no(reply, "iommu i%u: an IOTLB", i);
        }
        if (m->kind == TW_IOMMU_PAGETABLE && m->pagetable.nested &&
            !d->nested_tables) {
            return no(reply, "iommu i%u: nested tables", i);
        }
        if (m->kind == TW_IOMMU_PAGETABLE && m->pagetable.updates_ad &&
            !d->updates_ad) {
            return no(reply, "iommu i%u: A and D set by walks", i);
        }
        if (m->kind == TW_IOMMU_PAGETABLE && m->pagetable.base != 0 &&
            !d->table_bases) {
            return no(reply, "iommu i%u: tables with a base", i);
        }
        if (m->kind == TW_IOMMU_PAGETABLE && m->pagetable.output != 0 &&
            !d->output_widths) {
            return no(reply, "iommu i%u: an output width", i);
        }
    }
    return true;
}

static bool admits_cpus(const TwDialect *d, const TwProgram *p, Reply reply)
{
    for (unsigned i = 0; i < p->n_cpus; i++) {
        const TwCpu *c = &p->cpus[i];
        if (!c->present) {
            continue;
        }
        if (i >= d->max_cpus) {
            return no(reply, "cpu c%u: at most %u CPUs", i, d->max_cpus);
        }
        if (c->tlb_lg > d->max_tlb_lg) {
            return no(reply, "cpu c%u: a TLB of at most %u entries", i,
                      1u << d->max_tlb_lg);
        }
        if (c->victims > d->max_victims) {
            return no(reply, "cpu c%u: at most %u victims", i, d->max_victims);
        }
        for (unsigned m = 0; m < TW_MAX_MMU_INDEXES && !d->widths; m++) {
            if (c->mmu[m].present && (c->mmu[m].width || c->mmu[m].wraps)) {
                return no(reply, "mmu c%u.%u: a width, or wraps", i, m);
            }
        }
        for (unsigned m = d->max_mmu_indexes; m < TW_MAX_MMU_INDEXES; m++) {
            if (c->mmu[m].present) {
                return no(reply, "mmu c%u.%u: at most %u MMU indexes", i, m,
                          d->max_mmu_indexes);
            }
        }
    }
    return true;
}

static bool admits_actors(const TwDialect *d, const Place *later,
                          const TwProgram *p, Reply reply)
{
    Place place = *later;
    place.name = "actor";
    for (unsigned i = 0; i < p->n_actors; i++) {
        if (p->actors[i].region == TW_NONE) {
            continue;
        }
        if (!d->actors) {
            return no(reply, "actor %u: actor offsets", i);
        }
        if (!d->started && tw_op_is_dma(&p->actors[i].op)) {
            return no(reply, "actor %u: a DMA access", i);
        }
        if (!admits_op(d, &place, p, &p->actors[i].op, i, reply)) {
            return false;
        }
    }
    return true;
}

static bool admits_ops(const TwDialect *d, const TwProgram *p, bool wide,
                       Reply reply)
{
    Place setup = {"setup", d->ops, wide};
    Place script = {"operation", tw_ops_without(d->ops, d->setup_only), wide};
    if (!admits_actors(d, &script, p, reply)) {
        return false;
    }
    if (p->n_setup > d->max_setup) {
        return no(reply, "at most %u setup operations", d->max_setup);
    }
    for (unsigned i = 0; i < p->n_setup; i++) {
        if (!is_plain(d, &setup, &p->setup[i]) &&
            !admits_op(d, &setup, p, &p->setup[i], i, reply)) {
            return false;
        }
    }
    if (p->n_script > d->max_script) {
        return no(reply, "at most %u operations", d->max_script);
    }
    for (unsigned i = 0; i < p->n_script; i++) {
        if (!is_plain(d, &script, &p->script[i]) &&
            !admits_op(d, &script, p, &p->script[i], i, reply)) {
            return false;
        }
        if (tw_dialect_parts_pair(d, p, i)) {
            return no(reply, "operation %u: during a paired access", i);
        }
    }
    return true;
}

bool tw_dialect_admits(const TwDialect *d, const TwProgram *p, char *why,
                       size_t why_size)
{
    Reply reply = {why, why_size};
    if (p->page_lg < d->min_page_lg || p->page_lg > d->max_page_lg) {
        return no(reply, "page 2^%u, not 2^%u to 2^%u", p->page_lg,
                  d->min_page_lg, d->max_page_lg);
    }
    if (p->explicit_safepoints && !d->explicit_safepoints) {
        return no(reply, "explicit safe points");
    }
    if (tw_dialect_fit_contents(d, p->contents) != p->contents) {
        return no(reply, "contents %s", tw_contents_name(p->contents));
    }
    bool wide = tw_dialect_is_wide(d, p);
    if (d->path_stages != 0 && !tw_path_has_shape(d, p, why, why_size)) {
        return false;
    }
    if (d->mpc_board && !tw_mpc_board_has_shape(p, why, why_size)) {
        return false;
    }
    return admits_regions(d, p, wide, reply) && admits_spaces(d, p, reply) &&
           admits_iommus(d, p, reply) && admits_cpus(d, p, reply) &&
           admits_ops(d, p, wide, reply);
}
