/* SPDX-License-Identifier: MIT */
/*
 * Encodes a program to bytes.  All values are exact (BYTES.md).  The number of
 * literals in the pool is known only at the end.  Then the records are moved
 * behind the pool, and the numbers of the anchors, which follow those of the
 * literals, are corrected.
 */
#include "program/bytes/bytes.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "program/bytes/form.h"
#include "program/check.h"

/* Most addresses of one program. */
enum {
    MAX_NAMED = 9 * TW_MAX_REGIONS + 4 * TW_MAX_ACTORS +
                3 * (TW_MAX_SETUP + TW_MAX_SCRIPT),
};

/* An anchor and its number. */
typedef struct Named {
    uint64_t value;
    unsigned number;
} Named;

typedef struct Encode {
    const TwProgram *p;
    uint8_t *at, *end;
    bool failed;
    unsigned n_pool, n_named;
    uint8_t *named[MAX_NAMED]; /* selectors that name an anchor */
    uint64_t pool[TW_POOL_MAX];
    TwAnchors anchors;
    unsigned n_sorted;
    Named sorted[sizeof(((TwAnchors *)NULL)->at) / sizeof(uint64_t)];
    TwRanks regions, spaces, iommus, cpus;
    unsigned counts[TW_HEADER_BYTES];
    unsigned detached; /* container byte: none */
} Encode;

/* Bytes -------------------------------------------------------------------- */

static uint8_t *room(Encode *e, size_t size)
{
    if ((size_t)(e->end - e->at) < size) {
        e->failed = true;
        return NULL;
    }
    uint8_t *at = e->at;
    memset(at, 0, size);
    e->at += size;
    return at;
}

static void put(uint8_t *at, unsigned bytes, uint64_t value)
{
    for (unsigned i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

/* Addresses ---------------------------------------------------------------- */

/* How far `value` is from `base`, if a delta can say it. */
static bool near(uint64_t value, uint64_t base, int *delta)
{
    int64_t apart = (int64_t)(value - base);
    if (apart < INT16_MIN || apart > INT16_MAX) {
        return false;
    }
    *delta = (int)apart;
    return true;
}

static unsigned distance(int delta)
{
    return delta < 0 ? (unsigned)-delta : (unsigned)delta;
}

static int by_value(const void *a, const void *b)
{
    const Named *x = a, *y = b;

    return x->value != y->value ? (x->value < y->value ? -1 : 1)
                                : (int)x->number - (int)y->number;
}

/* Sorts the anchors that can be named; of several with one value, the first
 * stays.  Most of the others are left out before: sorting takes longer. */
static void sort_anchors(Encode *e)
{
    unsigned n = MIN(e->anchors.count, TW_ANCHORS_NAMED), left = 0, kept = 0;
    uint16_t seen[1 << 6] = {0}; /* by a hash: the last one, and one more */

    for (unsigned i = 0; i < n; i++) {
        uint64_t value = e->anchors.at[i];
        uint16_t *last = &seen[value * UINT64_C(0x9e3779b97f4a7c15) >> 58];

        if (*last == 0 || e->anchors.at[*last - 1] != value) {
            *last = (uint16_t)(i + 1);
            e->sorted[left++] = (Named){value, i};
        }
    }
    qsort(e->sorted, left, sizeof(e->sorted[0]), by_value);
    for (unsigned i = 0; i < left; i++) {
        if (kept == 0 || e->sorted[kept - 1].value != e->sorted[i].value) {
            e->sorted[kept++] = e->sorted[i];
        }
    }
    e->n_sorted = kept;
}

/* Takes the anchor if a delta from it can say the value, and it is nearer than
 * the best one; or as near, and before it. */
static void try_anchor(const Named *anchor, uint64_t value, unsigned *best,
                       int *best_delta)
{
    int delta;

    if (near(value, anchor->value, &delta) &&
        (*best == UINT32_MAX || distance(delta) < distance(*best_delta) ||
         (distance(delta) == distance(*best_delta) &&
          anchor->number < *best))) {
        *best = anchor->number;
        *best_delta = delta;
    }
}

/* The nearest anchor, or UINT32_MAX if none is near. */
static unsigned find_anchor(const Encode *e, uint64_t value, int *delta)
{
    unsigned low = 0, high = e->n_sorted, best = UINT32_MAX;

    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (e->sorted[middle].value <= value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    /* The one before it and the one behind it; after the last comes the first,
     * since deltas are modulo 2^64. */
    try_anchor(&e->sorted[low ? low - 1 : e->n_sorted - 1], value, &best,
               delta);
    try_anchor(&e->sorted[low < e->n_sorted ? low : 0], value, &best, delta);
    return best;
}

static void put_address(Encode *e, uint8_t *at, uint64_t value)
{
    int delta = 0;
    /* What the program has, before a literal: it follows changes. */
    unsigned best = find_anchor(e, value, &delta);

    if (best != UINT32_MAX) {
        e->named[e->n_named++] = at;
    } else {
        for (best = 0; best < e->n_pool; best++) {
            if (near(value, e->pool[best], &delta)) {
                break;
            }
        }
        if (best == e->n_pool) {
            if (e->n_pool == TW_POOL_MAX) {
                e->failed = true;
                return;
            }
            e->pool[e->n_pool++] = value;
            delta = 0;
        }
    }
    put(at, 2, TW_FORM_ANCHOR + best);
    put(at + 2, 2, (uint16_t)(int16_t)delta);
}

static void put_size(Encode *e, uint8_t *at, uint64_t size)
{
    if (size != 0 && (size & (size - 1)) == 0) {
        put(at, 2, TW_FORM_POWER | (unsigned)__builtin_ctzll(size));
    } else {
        put_address(e, at, size);
    }
}

/* Objects ------------------------------------------------------------------ */

static uint8_t rank(const TwRanks *ranks, unsigned id)
{
    for (unsigned i = 0; i < ranks->count; i++) {
        if (ranks->ids[i] == id) {
            return (uint8_t)i;
        }
    }
    return TW_FORM_NONE;
}

static unsigned encode_pieces(unsigned least, unsigned most)
{
    static const uint8_t codes[9] = {0, 1, 2, 0, 3, 0, 0, 0, 4};
    return codes[least] | (unsigned)codes[most] << 3;
}

static void encode_region(Encode *e, unsigned id)
{
    const TwRegion *r = &e->p->regions[id];
    uint8_t *at = room(e, TW_REGION_BYTES);
    if (!at || r->kind == TW_REGION_NONE) {
        return;
    }
    unsigned reference = id;
    at[0] = r->kind;
    at[1] = (uint8_t)(0xe0u | (r->enabled ? 0 : 1) | (r->readonly ? 2 : 0) |
                      (r->nonvolatile ? 4 : 0) | (r->unmergeable ? 8 : 0) |
                      (r->romd_mode ? 0 : 16));
    at[2] = r->container == TW_NONE ? (uint8_t)e->detached
                                    : rank(&e->regions, r->container);
    if (r->kind == TW_REGION_ALIAS) {
        reference = r->target;
        put_address(e, at + 14, r->alias_offset);
    } else if (tw_region_has_block(r->kind)) {
        reference = r->block;
    }
    at[3] = r->kind == TW_REGION_IOMMU ? rank(&e->iommus, r->iommu)
                                       : rank(&e->regions, reference);
    at[4] =
        r->priority >= -3 && r->priority <= 3 ? (uint8_t)(r->priority + 3) : 0;
    if (tw_region_has_device(r->kind)) {
        at[5] = (uint8_t)(0x80u | encode_pieces(r->valid_min, r->valid_max));
    }
    put_size(e, at + 6, r->size);
    put_address(e, at + 10, r->addr);
}

static void encode_extra(Encode *e, unsigned what, unsigned id, uint64_t first,
                         uint64_t last)
{
    uint8_t *at = room(e, TW_EXTRA_BYTES);
    if (at) {
        at[0] = (uint8_t)what;
        at[1] = rank(&e->regions, id);
        put_address(e, at + 2, first);
        put_address(e, at + 6, last);
    }
    e->counts[TW_HEADER_EXTRAS]++;
}

static void encode_implements(Encode *e, unsigned id)
{
    const TwRegion *r = &e->p->regions[id];
    if (r->impl_min == 0 && r->impl_max == 0 && !r->unaligned) {
        return;
    }
    uint8_t *at = room(e, TW_EXTRA_BYTES);
    if (at) {
        at[0] = TW_EXTRA_IMPLEMENTS;
        at[1] = rank(&e->regions, id);
        at[2] = (uint8_t)(encode_pieces(r->impl_min, r->impl_max) |
                          (r->unaligned ? 0x40u : 0));
    }
    e->counts[TW_HEADER_EXTRAS]++;
}

static void encode_registers(Encode *e, unsigned id)
{
    const TwRegion *r = &e->p->regions[id];
    if (r->kind != TW_REGION_MMIO || r->registers == TW_NONE) {
        return;
    }
    uint8_t *at = room(e, TW_EXTRA_BYTES);
    if (at) {
        at[0] = TW_EXTRA_REGISTERS;
        at[1] = rank(&e->regions, id);
        at[2] = rank(&e->iommus, r->registers);
    }
    e->counts[TW_HEADER_EXTRAS]++;
}

static void encode_base(Encode *e, unsigned id)
{
    const TwIommu *m = &e->p->iommus[e->p->regions[id].iommu];
    if (m->kind == TW_IOMMU_PAGETABLE && m->pagetable.base != 0) {
        encode_extra(e, TW_EXTRA_BASE, id, m->pagetable.base, 0);
    }
}

static void encode_output(Encode *e, unsigned id)
{
    const TwIommu *m = &e->p->iommus[e->p->regions[id].iommu];
    if (m->kind != TW_IOMMU_PAGETABLE || m->pagetable.output == 0) {
        return;
    }
    uint8_t *at = room(e, TW_EXTRA_BYTES);
    if (at) {
        at[0] = TW_EXTRA_OUTPUT;
        at[1] = rank(&e->regions, id);
        at[2] = m->pagetable.output;
    }
    e->counts[TW_HEADER_EXTRAS]++;
}

static void encode_extras(Encode *e)
{
    for (unsigned i = 0; i < e->counts[TW_HEADER_REGIONS]; i++) {
        const TwRegion *r = &e->p->regions[i];
        if (r->kind == TW_REGION_NONE) {
            continue;
        }
        if (r->priority < -3 || r->priority > 3) {
            encode_extra(e, TW_EXTRA_PRIORITY, i,
                         (uint64_t)(int64_t)r->priority, 0);
        }
        if (r->kind == TW_REGION_IOMMU) {
            encode_base(e, i);
            encode_output(e, i);
        }
        if (!tw_region_has_device(r->kind)) {
            continue;
        }
        if (r->reject.first <= r->reject.last) {
            encode_extra(e, TW_EXTRA_REJECT, i, r->reject.first,
                         r->reject.last);
        }
        if (r->error.first <= r->error.last) {
            encode_extra(e, TW_EXTRA_ERROR, i, r->error.first, r->error.last);
        }
        encode_implements(e, i);
        encode_registers(e, i);
    }
}

static void encode_space(Encode *e, const TwSpace *s)
{
    uint8_t *at = room(e, TW_SPACE_BYTES);
    if (at) {
        at[0] = s->present ? rank(&e->regions, s->root) : TW_FORM_NONE;
        at[1] = s->present && s->late ? 0xff : 0;
    }
}

static void encode_iommu(Encode *e, const TwIommu *m)
{
    uint8_t *at = room(e, TW_IOMMU_BYTES);
    if (!at || m->kind == TW_IOMMU_NONE) {
        return;
    }
    at[0] = m->kind;
    at[1] = m->granule_lg;
    unsigned select =
        m->select == TW_SELECT_SECURE_USER ? TW_FORM_SECURE_USER : m->select;
    at[2] = (uint8_t)((m->indexes - 1u) | select << 2);
    at[3] = m->bypass ? 0xff : 0;
    at[4] = rank(&e->spaces, m->bypass_space);
    at[5] = TW_FORM_NONE;
    if (m->kind == TW_IOMMU_MPC) {
        at[5] = rank(&e->spaces, m->mpc.blocked_space);
    } else if (m->kind == TW_IOMMU_TABLE) {
        at[6] = m->iotlb ? 0xff : 0;
    } else if (m->kind == TW_IOMMU_PAGETABLE) {
        at[5] = (uint8_t)((m->iotlb ? 1 : 0) | (m->pagetable.nested ? 2 : 0) |
                          (m->pagetable.updates_ad ? 4 : 0));
        at[6] = (uint8_t)(m->pagetable.format | m->pagetable.levels << 4);
        at[7] = rank(&e->regions, m->pagetable.tables);
    }
}

static void encode_cpu(Encode *e, const TwCpu *c)
{
    uint8_t *at = room(e, TW_CPU_BYTES);
    if (!at) {
        return;
    }
    at[0] = c->present ? c->tlb_lg : TW_FORM_NONE;
    at[1] = c->present ? c->victims : 0;
    for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
        const TwMmuIndex *mmu = &c->mmu[m];
        bool present = c->present && mmu->present;
        at[2 + m * 5] = present ? rank(&e->spaces, mmu->space) : TW_FORM_NONE;
        put(at + 3 + m * 5, 4,
            present ? mmu->attrs | (TwAttrs)mmu->width << TW_FORM_WIDTH |
                          (TwAttrs)mmu->wraps << TW_FORM_WRAPS
                    : 0);
    }
}

/* Operations --------------------------------------------------------------- */

static uint8_t encode_id(const Encode *e, const TwField *part, unsigned id)
{
    switch (part->object) {
    case TW_OBJECT_REGION:
        return rank(&e->regions, id);
    case TW_OBJECT_SPACE:
        return rank(&e->spaces, id);
    case TW_OBJECT_IOMMU:
        return rank(&e->iommus, id);
    case TW_OBJECT_CPU:
        return rank(&e->cpus, id); /* of TW_ALL: 0xff */
    default:
        return (uint8_t)id;
    }
}

static void encode_part(Encode *e, uint8_t *record, const TwOp *op,
                        const TwField *part, unsigned immediate)
{
    uint8_t *at = record + tw_form_place(part);
    uint64_t value = tw_field_get(part, op);
    switch (part->type) {
    case TW_FIELD_ID:
        *at = encode_id(e, part, (unsigned)value);
        break;
    case TW_FIELD_INDEX:
        *at = (uint8_t)value;
        break;
    case TW_FIELD_ADDRESS:
    case TW_FIELD_END:
    case TW_FIELD_LENGTH:
    case TW_FIELD_VALUE:
        put_address(e, at, value);
        break;
    case TW_FIELD_SIZE:
        *at = (uint8_t)(part->powers ? (unsigned)__builtin_ctzll(value)
                                     : 0x80 | (value - 1));
        break;
    case TW_FIELD_POWER:
        *at = (uint8_t)(0x80 | value);
        break;
    case TW_FIELD_BITS:
        *at = (uint8_t)(0x80 | (value - 1));
        break;
    case TW_FIELD_RIGHTS:
        *at |= (uint8_t)(TW_FORM_EXACT | value);
        break;
    case TW_FIELD_DIRECTION:
        *at |= value == TW_W;
        break;
    case TW_FIELD_EVENT:
        *at |= (uint8_t)__builtin_ctzll(value);
        break;
    case TW_FIELD_EVENTS:
    case TW_FIELD_WORD:
        *at |= (uint8_t)value;
        break;
    case TW_FIELD_NUMBER:
        if (part->width == 1) {
            *at = (uint8_t)value;
            break;
        }
        /* fall through */
    case TW_FIELD_ATTRS:
    case TW_FIELD_PRIORITY:
        record[TW_FORM_PERM] |= TW_FORM_RAW;
        put(record + immediate, 4, value);
        break;
    default: /* TW_FIELD_SWITCH: flags are written as they are */
        break;
    }
}

static void encode_op_at(Encode *e, uint8_t *at, const TwOp *op)
{
    const TwOpInfo *info = tw_op_info(op->code);
    unsigned immediate = tw_form_immediate(info);
    at[TW_FORM_CODE] = op->code;
    at[TW_FORM_ACTOR] =
        op->actor == TW_BOARD ? 0xff : rank(&e->cpus, op->actor);
    at[TW_FORM_FLAGS] = op->flags;
    if (op->flags & (TW_OPF_DURING | TW_OPF_FROM | TW_OPF_VIA |
                     TW_OPF_EXCLUSIVE | TW_OPF_PAIRED)) {
        at[TW_FORM_FLAGS] |= TW_FORM_FLAG;
    }
    for (TwFieldAt part = tw_fields(info); part.part; tw_fields_next(&part)) {
        encode_part(e, at, op, part.part, immediate);
    }
    if (op->flags & TW_OPF_FROM) {
        put_address(e, at + TW_FORM_OUT, op->from);
    }
    if (op->flags & TW_OPF_VIA) {
        at[TW_FORM_OTHER] = op->other;
    }
}

static void encode_op(Encode *e, const TwOp *op)
{
    uint8_t *at = room(e, TW_OP_BYTES);
    if (at) {
        encode_op_at(e, at, op);
    }
}

static void encode_actor(Encode *e, const TwActor *actor)
{
    const TwProgram *p = e->p;
    uint8_t *at = room(e, TW_ACTOR_BYTES);
    unsigned device = 0;
    if (!at) {
        return;
    }
    for (unsigned i = 0; i < actor->region; i++) {
        device += tw_region_has_device(p->regions[i].kind);
    }
    at[0] = (uint8_t)device;
    put_address(e, at + 1, actor->offset);
    encode_op_at(e, at + 5, &actor->op);
}

/* The whole ---------------------------------------------------------------- */

static void count_all(Encode *e)
{
    const TwProgram *p = e->p;
    unsigned *n = e->counts;
    memset(n, 0, sizeof e->counts);
    tw_ranks_of_regions(&e->regions, p);
    tw_ranks_of_spaces(&e->spaces, p);
    tw_ranks_of_iommus(&e->iommus, p);
    tw_ranks_of_cpus(&e->cpus, p);
#define COUNT(ranks) (ranks.count ? ranks.ids[ranks.count - 1] + 1u : 0)
    n[TW_HEADER_REGIONS] = COUNT(e->regions);
    n[TW_HEADER_SPACES] = COUNT(e->spaces);
    n[TW_HEADER_IOMMUS] = COUNT(e->iommus);
    n[TW_HEADER_CPUS] = COUNT(e->cpus);
#undef COUNT
    for (unsigned i = 0; i < p->n_actors; i++) {
        n[TW_HEADER_ACTORS] += p->actors[i].region != TW_NONE;
    }
    n[TW_HEADER_SETUP] = p->n_setup;
    e->detached =
        n[TW_HEADER_REGIONS] > TW_FORM_FEW || p->n_script > TW_SCRIPT_FEW
            ? TW_FORM_MANY
            : TW_FORM_FEW;
}

static void encode_all(Encode *e)
{
    const TwProgram *p = e->p;
    unsigned *n = e->counts;
    n[TW_HEADER_EXTRAS] = 0;
    tw_anchors_init(&e->anchors);
    sort_anchors(e);
    for (unsigned i = 0; i < n[TW_HEADER_REGIONS]; i++) {
        encode_region(e, i);
    }
    encode_extras(e);
    for (unsigned i = 0; i < n[TW_HEADER_SPACES]; i++) {
        encode_space(e, &p->spaces[i]);
    }
    for (unsigned i = 0; i < n[TW_HEADER_IOMMUS]; i++) {
        encode_iommu(e, &p->iommus[i]);
    }
    for (unsigned i = 0; i < n[TW_HEADER_CPUS]; i++) {
        encode_cpu(e, &p->cpus[i]);
    }
    tw_anchors_add_regions(&e->anchors, p);
    sort_anchors(e);
    for (unsigned i = 0; i < p->n_setup; i++) {
        encode_op(e, &p->setup[i]);
    }
    tw_anchors_add_setup(&e->anchors, p);
    sort_anchors(e);
    for (unsigned i = 0; i < p->n_actors; i++) {
        if (p->actors[i].region != TW_NONE) {
            encode_actor(e, &p->actors[i]);
        }
    }
    for (unsigned i = 0; i < p->n_script; i++) {
        encode_op(e, &p->script[i]);
    }
}

size_t tw_program_encode(const TwProgram *p, uint8_t *data, size_t capacity,
                         const TwDialect *d)
{
    Encode encode, *e = &encode;
    if (capacity < TW_HEADER_BYTES || !tw_dialect_admits(d, p, NULL, 0)) {
        return 0; /* no room, or the decoder would narrow it */
    }
    e->p = p;
    e->failed = false;
    e->n_pool = e->n_named = 0;
    e->at = data;
    e->end = data + capacity;
    uint8_t *header = room(e, TW_HEADER_BYTES);
    count_all(e);
    encode_all(e);
    uint8_t *records = data + TW_HEADER_BYTES;
    size_t length = (size_t)(e->at - records);
    size_t pool = (size_t)e->n_pool * TW_POOL_BYTES;
    if (e->failed || !room(e, pool)) {
        return 0;
    }
    for (unsigned i = 0; i < e->n_named; i++) {
        put(e->named[i], 2, tw_get(e->named[i], 2) + e->n_pool);
    }
    memmove(records + pool, records, length);
    for (unsigned i = 0; i < e->n_pool; i++) {
        put(records + i * TW_POOL_BYTES, TW_POOL_BYTES, e->pool[i]);
    }

    bool many = e->detached == TW_FORM_MANY;
    bool wide = e->counts[TW_HEADER_SETUP] > UINT8_MAX ||
                e->n_pool > TW_POOL_NARROW_MAX;
    header[TW_HEADER_VERSION] = many   ? TW_BYTES_MANY
                                : wide ? TW_BYTES_WIDE
                                       : TW_BYTES_VERSION;
    header[TW_HEADER_FLAGS] =
        TW_FORM_OWN | TW_FORM_COUNTS |
        (p->explicit_safepoints ? TW_FORM_EXPLICIT : 0) |
        (tw_contents_are_words(p->contents) ? TW_FORM_WORDS : 0);
    header[TW_HEADER_PAGE] = p->page_lg;
    if (tw_contents_are_words(p->contents)) {
        header[TW_HEADER_PAGE] |=
            (uint8_t)((p->contents - TW_CONTENTS_CODE) << TW_FORM_CODE_LG);
    }
    header[TW_HEADER_HOPS] = p->hops;
    for (unsigned i = TW_HEADER_REGIONS; i < TW_HEADER_POOL; i++) {
        header[i] = (uint8_t)e->counts[i];
    }
    if (many) {
        header[TW_HEADER_CPUS] |=
            (uint8_t)(e->counts[TW_HEADER_EXTRAS] >> 8 << TW_CPUS_LG);
        header[TW_HEADER_ACTORS] |=
            (uint8_t)(e->n_pool >> TW_POOL_LG << TW_ACTORS_LG);
    }
    put(header + TW_HEADER_POOL, 2,
        (e->n_pool & TW_POOL_WIDE_MAX) |
            e->counts[TW_HEADER_SETUP] >> 8 << TW_POOL_LG);
    return (size_t)(e->at - data);
}
