/* SPDX-License-Identifier: MIT */
/*
 * Programs as plain data: making, copying, comparing, hashing.  Comparing and
 * hashing ignore everything without a meaning: all unused ids are equal, an id
 * beyond a count is an unused one, fields that the kind of an object does not
 * use are ignored, and all empty ranges are equal.
 */
#include "program/model.h"

#include <string.h>

#include "program/fields.h"
#include "program/rng.h"

void tw_program_init(TwProgram *program)
{
    program->page_lg = TW_DEFAULT_PAGE_LG;
    program->hops = TW_DEFAULT_HOPS;
    program->contents = TW_CONTENTS_DATA;
    program->explicit_safepoints = false;
    program->n_regions = 0;
    program->n_spaces = 0;
    program->n_iommus = 0;
    program->n_cpus = 0;
    program->n_actors = 0;
    program->n_setup = 0;
    program->n_script = 0;
}

/* What fields.c says, without going through it: this runs for each region of
 * each program.  test-fields.c holds the two together. */
TwRegion tw_region_make(TwRegionKind kind)
{
    static const TwRange empty = {1, 0};
    return (TwRegion){
        .kind = kind,
        .container = TW_NONE,
        .target = TW_NONE,
        .iommu = TW_NONE,
        .registers = TW_NONE,
        .block = TW_NONE,
        .enabled = true,
        .romd_mode = kind == TW_REGION_ROMD,
        .reject = empty,
        .error = empty,
    };
}

TwOp tw_op_make(TwOpCode code)
{
    TwOp op = {.code = code, .actor = TW_BOARD};
    switch (code) {
    case TW_OP_READ:
    case TW_OP_WRITE:
    case TW_OP_EXEC:
    case TW_OP_RMW:
        op.actor = 0;
        op.size = 1;
        break;
    case TW_OP_DMA_READ:
    case TW_OP_DMA_WRITE:
    case TW_OP_MPC_READ:
    case TW_OP_MPC_WRITE:
        op.size = 1;
        break;
    case TW_OP_PAGE:
    case TW_OP_UNPAGE:
        op.lg = 12;
        break;
    case TW_OP_FLUSH_RANGE:
        op.bits = 64;
        break;
    case TW_OP_NOTIFY:
    case TW_OP_OBSERVE:
        op.events = TW_EVENT_UNMAP;
        break;
    case TW_OP_DMA_MAP:
        op.perm = TW_R;
        break;
    default:
        break;
    }
    return op;
}

uint8_t tw_program_iommu_region(const TwProgram *program, uint8_t iommu)
{
    for (unsigned i = 0; i < program->n_regions; i++) {
        if (program->regions[i].kind == TW_REGION_IOMMU &&
            program->regions[i].iommu == iommu) {
            return (uint8_t)i;
        }
    }
    return TW_NONE;
}

void tw_program_copy(TwProgram *to, const TwProgram *from)
{
    if (to == from) {
        return;
    }
    memcpy(to, from, offsetof(TwProgram, regions));
#define COPY(array, count) \
    memcpy(to->array, from->array, (count) * sizeof from->array[0])
    COPY(regions, from->n_regions);
    COPY(spaces, from->n_spaces);
    COPY(iommus, from->n_iommus);
    COPY(cpus, from->n_cpus);
    COPY(actors, from->n_actors);
    COPY(setup, from->n_setup);
    COPY(script, from->n_script);
#undef COPY
}

/*
 * Words ---------------------------------------------------------------------
 * Each object as a few 64-bit words that hold all that has a meaning; equal
 * objects have equal words.  Comparing and hashing both go by them, so they
 * cannot disagree on what counts.
 */

enum { REGION_WORDS = 9, IOMMU_WORDS = 3, CPU_WORDS = 5, OP_WORDS = 6 };

static void region_words(const TwRegion *r, uint64_t w[REGION_WORDS])
{
    memset(w, 0, REGION_WORDS * sizeof w[0]);
    if (r->kind != TW_REGION_NONE) {
        w[0] = r->kind;
        tw_properties_words(tw_region_properties, r, r->kind, w);
    }
}

static uint64_t space_word(const TwSpace *s)
{
    uint64_t word = s->present;
    if (s->present) {
        tw_properties_words(tw_space_properties, s, 0, &word);
    }
    return word;
}

static void iommu_words(const TwIommu *i, uint64_t w[IOMMU_WORDS])
{
    w[0] = i->kind;
    w[1] = w[2] = 0;
    if (i->kind != TW_IOMMU_NONE) {
        tw_properties_words(tw_iommu_properties, i, i->kind, w);
    }
}

static void cpu_words(const TwCpu *c, uint64_t w[CPU_WORDS])
{
    memset(w, 0, CPU_WORDS * sizeof w[0]);
    if (!c->present) {
        return;
    }
    w[0] = 1;
    tw_properties_words(tw_cpu_properties, c, 0, w);
    for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
        if (c->mmu[m].present) {
            w[1 + m] = 1;
            tw_properties_words(tw_mmu_properties, &c->mmu[m], 0, &w[1 + m]);
        }
    }
}

static void op_words(const TwOp *o, uint64_t w[OP_WORDS])
{
    w[0] = o->code | (uint64_t)o->actor << 8 | (uint64_t)o->flags << 16 |
           (uint64_t)o->obj << 24 | (uint64_t)o->index << 32 |
           (uint64_t)o->other << 40 | (uint64_t)o->size << 48 |
           (uint64_t)o->lg << 56;
    w[1] = o->perm | (uint64_t)o->events << 8 | (uint64_t)o->domain << 16 |
           (uint64_t)o->zero << 24 | (uint64_t)(uint32_t)o->priority << 32;
    w[2] = o->attrs | (uint64_t)o->nth << 32;
    w[3] = o->addr;
    w[4] = o->last;
    w[5] = o->out;
}

/* Counts without trailing unused ids. ------------------------------------ */

static unsigned used_regions(const TwProgram *p)
{
    unsigned n = p->n_regions;
    while (n > 0 && p->regions[n - 1].kind == TW_REGION_NONE) {
        n--;
    }
    return n;
}

static unsigned used_spaces(const TwProgram *p)
{
    unsigned n = p->n_spaces;
    while (n > 0 && !p->spaces[n - 1].present) {
        n--;
    }
    return n;
}

static unsigned used_iommus(const TwProgram *p)
{
    unsigned n = p->n_iommus;
    while (n > 0 && p->iommus[n - 1].kind == TW_IOMMU_NONE) {
        n--;
    }
    return n;
}

static unsigned used_cpus(const TwProgram *p)
{
    unsigned n = p->n_cpus;
    while (n > 0 && !p->cpus[n - 1].present) {
        n--;
    }
    return n;
}

/* The next used actor slot from `i` on, or n_actors. */
static unsigned next_actor(const TwProgram *p, unsigned i)
{
    while (i < p->n_actors && p->actors[i].region == TW_NONE) {
        i++;
    }
    return i;
}

/* Comparing ---------------------------------------------------------------- */

static bool topology_equal(const TwProgram *a, const TwProgram *b)
{
    unsigned n = used_regions(a);
    if (n != used_regions(b)) {
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        uint64_t x[REGION_WORDS], y[REGION_WORDS];
        region_words(&a->regions[i], x);
        region_words(&b->regions[i], y);
        if (memcmp(x, y, sizeof x) != 0) {
            return false;
        }
    }
    n = used_spaces(a);
    if (n != used_spaces(b)) {
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        if (space_word(&a->spaces[i]) != space_word(&b->spaces[i])) {
            return false;
        }
    }
    n = used_iommus(a);
    if (n != used_iommus(b)) {
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        uint64_t x[IOMMU_WORDS], y[IOMMU_WORDS];
        iommu_words(&a->iommus[i], x);
        iommu_words(&b->iommus[i], y);
        if (memcmp(x, y, sizeof x) != 0) {
            return false;
        }
    }
    n = used_cpus(a);
    if (n != used_cpus(b)) {
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        uint64_t x[CPU_WORDS], y[CPU_WORDS];
        cpu_words(&a->cpus[i], x);
        cpu_words(&b->cpus[i], y);
        if (memcmp(x, y, sizeof x) != 0) {
            return false;
        }
    }
    return true;
}

static bool actors_equal(const TwProgram *a, const TwProgram *b)
{
    unsigned i = next_actor(a, 0), k = next_actor(b, 0);
    for (; i < a->n_actors && k < b->n_actors;
         i = next_actor(a, i + 1), k = next_actor(b, k + 1)) {
        if (a->actors[i].region != b->actors[k].region ||
            a->actors[i].offset != b->actors[k].offset ||
            memcmp(&a->actors[i].op, &b->actors[k].op, sizeof(TwOp)) != 0) {
            return false;
        }
    }
    return i >= a->n_actors && k >= b->n_actors;
}

bool tw_program_equal(const TwProgram *a, const TwProgram *b)
{
    return a->page_lg == b->page_lg && a->hops == b->hops &&
           a->contents == b->contents &&
           a->explicit_safepoints == b->explicit_safepoints &&
           a->n_setup == b->n_setup && a->n_script == b->n_script &&
           memcmp(a->setup, b->setup, a->n_setup * sizeof(TwOp)) == 0 &&
           memcmp(a->script, b->script, a->n_script * sizeof(TwOp)) == 0 &&
           topology_equal(a, b) && actors_equal(a, b);
}

/* Hashing ------------------------------------------------------------------ */

static uint64_t fold(uint64_t hash, const uint64_t *words, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        hash = tw_mix64(hash ^ words[i]) + 0x9e3779b97f4a7c15u;
    }
    return hash;
}

static uint64_t fold_op(uint64_t hash, const TwOp *op)
{
    uint64_t w[OP_WORDS];
    op_words(op, w);
    return fold(hash, w, OP_WORDS);
}

uint64_t tw_program_hash(const TwProgram *p)
{
    unsigned regions = used_regions(p), spaces = used_spaces(p);
    unsigned iommus = used_iommus(p), cpus = used_cpus(p), actors = 0;
    for (unsigned i = next_actor(p, 0); i < p->n_actors;
         i = next_actor(p, i + 1)) {
        actors++;
    }
    uint64_t w[REGION_WORDS];
    w[0] = p->page_lg | (uint64_t)p->hops << 8 |
           (uint64_t)p->explicit_safepoints << 16 | (uint64_t)regions << 24 |
           (uint64_t)spaces << 32 | (uint64_t)iommus << 40 |
           (uint64_t)cpus << 48 | (uint64_t)actors << 56;
    w[1] =
        p->n_setup | (uint64_t)p->n_script << 16 | (uint64_t)p->contents << 32;
    uint64_t hash = fold(TW_LANGUAGE_VERSION, w, 2);
    for (unsigned i = 0; i < regions; i++) {
        region_words(&p->regions[i], w);
        hash = fold(hash, w, REGION_WORDS);
    }
    for (unsigned i = 0; i < spaces; i++) {
        w[0] = space_word(&p->spaces[i]);
        hash = fold(hash, w, 1);
    }
    for (unsigned i = 0; i < iommus; i++) {
        iommu_words(&p->iommus[i], w);
        /* Without a base it is what it was before there was one. */
        hash = fold(hash, w, w[2] ? IOMMU_WORDS : IOMMU_WORDS - 1);
    }
    for (unsigned i = 0; i < cpus; i++) {
        cpu_words(&p->cpus[i], w);
        hash = fold(hash, w, CPU_WORDS);
    }
    for (unsigned i = next_actor(p, 0); i < p->n_actors;
         i = next_actor(p, i + 1)) {
        w[0] = p->actors[i].region;
        w[1] = p->actors[i].offset;
        hash = fold_op(fold(hash, w, 2), &p->actors[i].op);
    }
    for (unsigned i = 0; i < p->n_setup; i++) {
        hash = fold_op(hash, &p->setup[i]);
    }
    for (unsigned i = 0; i < p->n_script; i++) {
        hash = fold_op(hash, &p->script[i]);
    }
    return hash;
}
