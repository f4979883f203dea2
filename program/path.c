/* SPDX-License-Identifier: MIT */
/* See path.h. */
#include "program/path.h"

#include <stdio.h>
#include <string.h>

#include "program/entry.h"
#include "program/fields.h"
#include "program/layout.h"
#include "program/ops.h"

enum { PAGE_LG = 12, ROOT_LG = 30, MAX_DOMAIN = 254 };

#define PAGE (UINT64_C(1) << PAGE_LG)

static uint64_t window(const TwDialect *d)
{
    return UINT64_C(1) << (d->dma_lg & 63);
}

/* An address in the window, with the same bits below its size. */
static uint64_t in_window(const TwDialect *d, uint64_t address)
{
    return d->dma_first + (address & (window(d) - 1));
}

/* The same, of a page whose index in a table of level 1 is none of the
 * machine's. */
static uint64_t page_in_window(const TwDialect *d, uint64_t address)
{
    address = in_window(d, address) & ~(PAGE - 1);
    if ((address >> PAGE_LG & 511) < TW_PATH_OWN_WORDS) {
        address += TW_PATH_OWN_WORDS * PAGE;
    }
    return address;
}

/* The same below 1 GiB, and what is above as far as the dialect is wide: no GiB
 * is one of the machine's own. */
static uint64_t widen(const TwDialect *d, uint64_t inside, uint64_t address)
{
    uint64_t high = (address & d->dma_wide) >> ROOT_LG;

    return (high & 511) < TW_PATH_OWN_WORDS
               ? inside
               : (inside & ((UINT64_C(1) << ROOT_LG) - 1)) | high << ROOT_LG;
}

/* The same, of a root where there are two stages. */
static uint64_t root_in_window(const TwDialect *d, uint64_t address,
                               unsigned stage)
{
    const uint64_t seconds = TW_PATH_SECOND_ROOTS * PAGE;
    uint64_t first = d->dma_first + window(d) - seconds;

    if (stage > 0) {
        return first + (address & (seconds - 1));
    }
    return address < first ? address : address - seconds;
}

/* Shape -------------------------------------------------------------------- */

static void shape_regions(const TwDialect *d, TwProgram *p)
{
    unsigned n = d->path_stages;
    TwRegion *ram = &p->regions[tw_path_ram(d)];

    p->n_regions = (uint8_t)(n + 2);
    p->n_spaces = (uint8_t)(n + 1);
    for (unsigned i = 0; i <= n; i++) {
        TwRegion *root = &p->regions[i];

        *root = tw_region_make(i < n ? TW_REGION_IOMMU : TW_REGION_CONTAINER);
        root->size = d->dma_wide ? UINT64_MAX : UINT64_C(1) << 32;
        root->iommu = i < n ? (uint8_t)i : TW_NONE;
        p->spaces[i] = (TwSpace){.present = true, .root = (uint8_t)i};
    }
    *ram = tw_region_make(TW_REGION_RAM);
    ram->size = window(d);
    ram->addr = d->dma_first;
    ram->container = (uint8_t)n;
    ram->block = tw_path_ram(d);
}

/* A first stage is one only before another one: of a machine, contexts of both
 * are one structure. */
static bool is_table(const TwDialect *d, const TwProgram *p, unsigned stage)
{
    if (tw_path_is_all_tables(d)) {
        return true;
    }
    for (unsigned i = stage; i < d->path_stages; i++) {
        if (p->n_iommus <= i || p->iommus[i].kind != TW_IOMMU_TABLE) {
            return false;
        }
    }
    return tw_path_has_tables(d);
}

static bool is_shared(const TwDialect *d, const TwProgram *p)
{
    return d->path_shared && p->n_iommus > 0 && p->iommus[0].indexes == 1;
}

void tw_path_shape(const TwDialect *d, TwProgram *p)
{
    unsigned n = d->path_stages;
    uint8_t indexes = is_shared(d, p) ? 1 : d->max_iommu_indexes;
    bool tables[2] = {is_table(d, p, 0), n > 1 && is_table(d, p, 1)};

    p->page_lg = PAGE_LG;
    p->hops = TW_DEFAULT_HOPS;
    p->contents = d->contents >> TW_CONTENTS_INERT & 1 ? TW_CONTENTS_INERT
                                                       : TW_CONTENTS_DATA;
    p->explicit_safepoints = false;
    p->n_cpus = p->n_actors = 0;
    shape_regions(d, p);
    p->n_iommus = (uint8_t)n;
    for (unsigned i = 0; i < n; i++) {
        TwIommu *m = &p->iommus[i];

        *m = tw_iommu_make(tables[i] ? TW_IOMMU_TABLE : TW_IOMMU_PAGETABLE,
                           PAGE_LG);
        m->indexes = indexes;
        m->select = TW_SELECT_REQUESTER;
        m->iotlb = true;
        m->bypass_space = (uint8_t)(i + 1);
        if (tables[i]) {
            continue;
        }
        m->pagetable.format = d->path_formats[i];
        m->pagetable.levels = d->path_levels;
        m->pagetable.output = d->path_outputs[i];
        m->pagetable.nested = i + 1 < n;
        if (!m->pagetable.nested) {
            m->pagetable.tables = tw_path_ram(d);
            m->pagetable.base = d->dma_first;
        }
    }
}

/* Compares the objects by what has a meaning: without operations. */
bool tw_path_has_shape(const TwDialect *d, const TwProgram *p, char *why,
                       size_t why_size)
{
    static _Thread_local TwProgram bare, shape;

    memcpy(&bare, p, offsetof(TwProgram, regions));
    memcpy(bare.regions, p->regions, p->n_regions * sizeof(*p->regions));
    memcpy(bare.spaces, p->spaces, p->n_spaces * sizeof(*p->spaces));
    memcpy(bare.iommus, p->iommus, p->n_iommus * sizeof(*p->iommus));
    memcpy(bare.cpus, p->cpus, p->n_cpus * sizeof(*p->cpus));
    memcpy(bare.actors, p->actors, p->n_actors * sizeof(*p->actors));
    bare.n_setup = bare.n_script = shape.n_setup = shape.n_script = 0;
    shape.n_iommus = p->n_iommus;
    for (unsigned i = 0; i < p->n_iommus; i++) {
        shape.iommus[i].kind = p->iommus[i].kind;
        shape.iommus[i].indexes = p->iommus[i].indexes;
    }
    tw_path_shape(d, &shape);
    if (tw_program_equal(&bare, &shape)) {
        return true;
    }
    if (why) {
        snprintf(why, why_size,
                 "objects other than those of a machine with an IOMMU of %u "
                 "stage%s",
                 d->path_stages, d->path_stages > 1 ? "s" : "");
    }
    return false;
}

/* Operations --------------------------------------------------------------- */

/* Is there an address in an entry that is too wide for each stage (LA-63)?
 * Then it is nothing, whatever else it says. */
static bool is_too_wide(const TwDialect *d, uint64_t address)
{
    for (unsigned i = 0; i < d->path_stages; i++) {
        if (d->path_outputs[i] == 0 || address >> d->path_outputs[i] == 0) {
            return false;
        }
    }
    return true;
}

/* The 1 GiB that a leaf in a root leads to: those around the window, or those
 * where nothing is. */
static uint64_t fit_gib(const TwDialect *d, uint64_t address)
{
    uint64_t gib = address >> ROOT_LG << ROOT_LG;

    return d->path_far != 0 && gib == d->path_far
               ? gib
               : d->dma_first >> ROOT_LG << ROOT_LG;
}

/* `root`: of a root. */
static uint64_t fit_entry(const TwDialect *d, uint64_t value, bool root)
{
    const TwLayout *layout = tw_layout(d->path_formats[0]);
    uint64_t address = (value & layout->address) << layout->shift;
    uint64_t bits = value & d->entry_bits & ~layout->address;
    bool leaf = layout->leaf_some ? (bits & layout->leaf_some) != 0
                                  : (bits & layout->leaf_none) == 0;

    if (value == 0 || is_too_wide(d, address)) {
        return value;
    }
    address = !leaf  ? page_in_window(d, address)
              : root ? fit_gib(d, address)
                     : in_window(d, address);
    return (address >> layout->shift & layout->address) | bits | d->entry_ones;
}

static uint32_t fit_attrs(const TwDialect *d, uint32_t attrs)
{
    unsigned index = (attrs >> TW_ATTR_REQUESTER_SHIFT) % d->max_iommu_indexes;

    return index << TW_ATTR_REQUESTER_SHIFT;
}

/* Where the area of an address begins in its page. */
static uint64_t area_of(const TwDialect *d, uint64_t address)
{
    return address & (PAGE - 1) & ~((UINT64_C(1) << d->dma_area_lg) - 1);
}

/* Where the access in the area of an address is. */
static uint64_t in_area(const TwDialect *d, uint64_t address)
{
    uint64_t offset = address & ((UINT64_C(1) << d->dma_area_lg) - 1);

    return d->dma_area_at + (d->dma_area_step
                                 ? offset / d->dma_area_step * d->dma_area_step
                                 : 0);
}

/* The page of an address; not the last one of the window if an access may end
 * in the next. */
static uint64_t area_page(const TwDialect *d, uint64_t address)
{
    uint64_t page = page_in_window(d, address);

    return d->dma_area_step && page == in_window(d, UINT64_MAX) - (PAGE - 1)
               ? page - PAGE
               : page;
}

static void fit_access(const TwDialect *d, TwOp *op, uint8_t flags)
{
    uint64_t offset;

    op->obj = 0;
    op->flags = flags & d->op_flags & TW_OPF_VIA;
    op->other = op->flags ? op->other % TW_PATH_MAPPINGS : 0;
    op->attrs = fit_attrs(d, op->attrs);
    if (d->last_bytes && op->size == 1 && op->code == TW_OP_DMA_READ) {
        op->addr = widen(d, page_in_window(d, op->addr), op->addr) | (PAGE - 1);
        return;
    }
    op->size = op->code == TW_OP_DMA_WRITE || op->size > 4 ? 8 : 4;
    offset = op->addr & (PAGE - 1) & ~(uint64_t)(op->size - 1);
    if (offset < TW_PATH_OWN_BYTES) {
        offset += TW_PATH_OWN_BYTES;
    }
    if (d->dma_area_lg != 0) {
        op->size = 8;
        offset = area_of(d, op->addr) + in_area(d, op->addr);
    }
    op->addr = widen(d, area_page(d, op->addr) + offset, op->addr);
}

static void fit_mapping(const TwDialect *d, TwOp *op)
{
    op->obj %= TW_PATH_MAPPINGS;
    if (op->code == TW_OP_DMA_UNMAP) {
        return;
    }
    op->other = 0;
    op->attrs = fit_attrs(d, op->attrs);
    op->addr =
        widen(d, area_page(d, op->addr) + area_of(d, op->addr), op->addr);
    op->length = UINT64_C(1) << d->dma_area_lg;
    if (op->perm != TW_R || !tw_ops_has(&d->ops, TW_OP_DMA_READ)) {
        op->perm = TW_W;
    }
}

static void fit_poke(const TwDialect *d, TwOp *op)
{
    bool root;

    op->obj = tw_path_ram(d);
    op->addr &= (window(d) - 1) & ~UINT64_C(7);
    root = (op->addr & (PAGE - 1)) < TW_PATH_OWN_BYTES;
    if (root) {
        op->addr = (op->addr & ~(PAGE - 1)) + 8 * tw_path_root_index(d);
    }
    op->value = fit_entry(d, op->value, root);
}

static void fit_context(const TwDialect *d, TwOp *op)
{
    unsigned n = d->max_iommu_indexes;

    op->obj %= d->path_stages;
    op->requester %= n;
    op->out = page_in_window(d, op->out);
    if (d->path_stages > 1) {
        op->out = root_in_window(d, op->out, op->obj);
    }
    if (d->path_stages > 1 && op->obj == 0) {
        op->domain = (uint8_t)(op->domain - op->domain % n + op->requester);
        if (op->domain > MAX_DOMAIN) {
            op->domain = (uint8_t)(op->domain - n);
        }
    }
}

/* The nearest stage and scope that the dialect has. */
static void fit_scope(const TwDialect *d, TwOp *op)
{
    unsigned stage = op->obj, scope = op->scope;

    if (!d->path_scopes[stage]) {
        stage = (stage + 1) % d->path_stages;
    }
    if (!d->path_scopes[stage]) {
        return;
    }
    while (!(d->path_scopes[stage] >> scope & 1)) {
        scope = (scope + 1) % TW_SCOPES;
    }
    op->obj = (uint8_t)stage;
    op->scope = (uint8_t)scope;
}

/* A range of whole pages of the window, or of one GiB like it. */
static void fit_range(const TwDialect *d, TwOp *op)
{
    op->last = widen(d, in_window(d, op->last), op->addr) | (PAGE - 1);
    op->addr = widen(d, in_window(d, op->addr), op->addr) & ~(PAGE - 1);
    if (op->last < op->addr) {
        op->last = op->addr | (PAGE - 1);
    }
}

static void fit_invalidate(const TwDialect *d, TwOp *op)
{
    bool context;

    op->obj %= d->path_stages;
    fit_scope(d, op);
    context = op->scope == TW_SCOPE_CONTEXT;
    op->whose %= context ? d->max_iommu_indexes : MAX_DOMAIN + 1u;
    fit_range(d, op);
}

/* Of a `table` ------------------------------------------------------------- */

bool tw_path_page_entry(const TwDialect *d, unsigned stage, uint64_t out,
                        uint8_t perm, uint64_t *value)
{
    TwIommu like = tw_iommu_make(TW_IOMMU_PAGETABLE, PAGE_LG);
    TwEntry entry = {.kind = TW_ENTRY_LEAF, .perm = perm, .address = out};

    like.pagetable.format = d->path_formats[stage];
    like.pagetable.levels = d->path_levels;
    if (!tw_entry_value(&like, 1, &entry, value)) {
        return false;
    }
    *value |= d->entry_ones;
    return tw_entry_read(&like, 1, *value, &entry) && entry.perm == perm;
}

static void fit_rights(const TwDialect *d, TwOp *op)
{
    uint64_t value;

    op->perm &= TW_R | TW_W;
    if (op->perm == 0) {
        op->perm = TW_R;
    }
    if (!tw_path_is_all_tables(d) &&
        !tw_path_page_entry(d, op->obj, 0, op->perm, &value)) {
        op->perm = TW_R | TW_W;
    }
}

static void fit_map(const TwDialect *d, TwOp *op)
{
    uint64_t end = d->dma_first + window(d);
    uint64_t most = op->addr + TW_PATH_MAP_PAGES * PAGE - 1;

    op->last = op->last < most ? op->last : most;
    if (op->code == TW_OP_UNMAP) {
        return;
    }
    fit_rights(d, op);
    if (op->code == TW_OP_MAP) {
        uint64_t length = op->last - op->addr + 1;

        op->other = (uint8_t)(op->obj + 1);
        op->out = in_window(d, op->out) & ~(PAGE - 1);
        op->out = op->out < end - length ? op->out : end - length;
    }
}

/* An operation on a `table`. */
static void fit_of_table(const TwDialect *d, const TwProgram *p, TwOp *op,
                         uint8_t flags)
{
    op->index %= is_shared(d, p) ? 1 : d->max_iommu_indexes;
    switch (op->code) {
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
        op->flags = flags & TW_OPF_NOTIFIED;
        fit_range(d, op);
        fit_map(d, op);
        break;
    case TW_OP_NOTIFY:
        op->events = TW_EVENT_UNMAP;
        fit_range(d, op);
        break;
    case TW_OP_BYPASS:
        op->flags = flags & TW_OPF_ON;
        break;
    default: /* notify-all */
        break;
    }
}

/* The kind of IOMMU that the operation works on; TW_IOMMU_NONE: any, or none.
 */
static TwIommuKind kind_for(unsigned code)
{
    switch (code) {
    case TW_OP_CONTEXT:
    case TW_OP_INVALIDATE:
        return TW_IOMMU_PAGETABLE;
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
    case TW_OP_NOTIFY:
    case TW_OP_NOTIFY_ALL:
    case TW_OP_BYPASS:
        return TW_IOMMU_TABLE;
    default:
        return TW_IOMMU_NONE;
    }
}

void tw_path_fit_op(const TwDialect *d, const TwProgram *p, TwOp *op)
{
    TwIommuKind kind = kind_for(op->code);
    uint8_t flags = op->flags & d->op_flags;

    op->actor = TW_BOARD;
    op->flags = 0;
    if (!tw_ops_has(&d->ops, op->code)) {
        *op = (TwOp){.code = TW_OP_NOP, .actor = TW_BOARD};
        return;
    }
    if (kind != TW_IOMMU_NONE) {
        op->obj %= d->path_stages;
        if (is_table(d, p, op->obj) != (kind == TW_IOMMU_TABLE)) {
            op->obj = (uint8_t)((op->obj + 1) % d->path_stages);
        }
        if (is_table(d, p, op->obj) != (kind == TW_IOMMU_TABLE)) {
            *op = (TwOp){.code = TW_OP_NOP, .actor = TW_BOARD};
            return;
        }
    }
    if (kind == TW_IOMMU_TABLE) {
        fit_of_table(d, p, op, flags);
        return;
    }
    if (!tw_ops_has(&d->ops, op->code)) {
        *op = (TwOp){.code = TW_OP_NOP, .actor = TW_BOARD};
        return;
    }
    switch (op->code) {
    case TW_OP_DMA_READ:
    case TW_OP_DMA_WRITE:
        fit_access(d, op, flags);
        return;
    case TW_OP_DMA_MAP:
    case TW_OP_DMA_UNMAP:
        if (d->dma_area_lg != 0) {
            fit_mapping(d, op);
            return;
        }
        break;
    case TW_OP_CONTEXT:
        fit_context(d, op);
        return;
    case TW_OP_INVALIDATE:
        fit_invalidate(d, op);
        return;
    case TW_OP_POKE:
        if (!is_table(d, p, 0)) {
            fit_poke(d, op);
            return;
        }
        break;
    default:
        break;
    }
    *op = (TwOp){.code = TW_OP_NOP, .actor = TW_BOARD};
}
