/* SPDX-License-Identifier: MIT */
/*
 * See commands.h.  Changes are made of operations that the program has: an
 * entry or a context like another one, with other rights, or none.
 */
#include "fuzz/generate/commands.h"

#include <string.h>

#include "fuzz/generate/put.h"

enum { TIMES = 10, MOST_WOVEN = 48 };

/* What is put in at one place. */
typedef struct Woven {
    TwGen *gen;
    uint8_t iommu;
    unsigned n;
    TwOp ops[MOST_WOVEN];
} Woven;

static unsigned draw(const Woven *w, unsigned below)
{
    return (unsigned)tw_rng_below(w->gen->rng, below);
}

static void weave(Woven *w, TwOp op)
{
    if (w->n < MOST_WOVEN && tw_gen_speaks(w->gen->dialect, op.code)) {
        op.flags &= (uint8_t)~TW_OPF_DURING;
        w->ops[w->n++] = op;
    }
}

static const TwIommu *iommu_of(const Woven *w)
{
    return &w->gen->program->iommus[w->iommu];
}

/* Is it an operation by which the IOMMU translates? */
static bool is_entry(const Woven *w, const TwOp *op)
{
    const TwIommu *iommu = iommu_of(w);

    switch (op->code) {
    case TW_OP_MAP:
        return iommu->kind == TW_IOMMU_TABLE && op->obj == w->iommu;
    case TW_OP_POKE:
        return iommu->kind == TW_IOMMU_PAGETABLE &&
               op->obj == iommu->pagetable.tables;
    case TW_OP_CONTEXT:
        return op->obj == w->iommu;
    default:
        return false;
    }
}

/* One of these operations of the program, or NULL: it has none. */
static const TwOp *some_entry(const Woven *w)
{
    const TwProgram *p = w->gen->program;
    const TwOp *found = NULL;
    unsigned n = 0;

    for (unsigned i = 0; i < p->n_setup + p->n_script; i++) {
        const TwOp *op =
            i < p->n_setup ? &p->setup[i] : &p->script[i - p->n_setup];

        if (is_entry(w, op)) {
            n++;
            found = draw(w, n) == 0 ? op : found;
        }
    }
    return found;
}

/* A silent change; of an MPC, one that is told. */
static void weave_change(Woven *w)
{
    const TwIommu *iommu = iommu_of(w);
    const TwOp *from, *like;
    TwOp op = {.actor = TW_BOARD, .obj = w->iommu};
    unsigned how = draw(w, 4);

    if (iommu->kind == TW_IOMMU_MPC) {
        op.code = TW_OP_MPC_WRITE;
        op.attrs = TW_ATTR_SECURE;
        op.addr = 0x18;
        op.size = 4;
        weave(w, op);
        op.addr = 0x1c;
        op.size = 1;
        op.value = draw(w, 256);
        weave(w, op);
        return;
    }
    from = some_entry(w);
    like = some_entry(w);
    if (from == NULL) {
        return;
    }
    op = *from;
    op.actor = TW_BOARD;
    switch (op.code) {
    case TW_OP_MAP:
        op.flags = 0;
        op.perm = how == 0 ? (uint8_t)draw(w, 4) : op.perm;
        op.out = how == 1 ? like->out : op.out;
        op.out += how == 2 ? UINT64_C(1) << iommu->granule_lg : 0;
        break;
    case TW_OP_POKE:
        op.value =
            how == 0 && like->code == TW_OP_POKE ? like->value : op.value;
        op.value ^= how == 1 ? UINT64_C(1) << draw(w, 4) : 0;
        op.value ^= how == 2 ? UINT64_C(1) << iommu->granule_lg : 0;
        break;
    default:
        op.mode = how < 2 ? (uint8_t)draw(w, 4) : op.mode;
        op.out = how == 2 && like->code == TW_OP_CONTEXT ? like->out : op.out;
        break;
    }
    weave(w, op);
}

/* What a reset has taken away comes back. */
static void weave_setup(Woven *w)
{
    const TwProgram *p = w->gen->program;

    for (unsigned i = 0; i < p->n_setup; i++) {
        if (is_entry(w, &p->setup[i]) && p->setup[i].code != TW_OP_POKE) {
            weave(w, p->setup[i]);
        }
    }
}

static void weave_invalidate(Woven *w)
{
    const TwOp *entry = some_entry(w);
    TwOp op = {.code = TW_OP_INVALIDATE,
               .actor = TW_BOARD,
               .obj = w->iommu,
               .last = UINT64_MAX};

    for (unsigned i = 0; i < 8 && entry && entry->code != TW_OP_CONTEXT; i++) {
        entry = some_entry(w);
    }
    op.scope = (uint8_t)draw(w, TW_SCOPES);
    op.whose = op.scope == TW_SCOPE_CONTEXT ? draw(w, iommu_of(w)->indexes)
               : entry && entry->code == TW_OP_CONTEXT ? entry->domain
                                                       : 0;
    weave(w, op);
}

static void weave_event(Woven *w)
{
    const TwOp *entry = some_entry(w);
    TwOp op = {.code = TW_OP_NOTIFY,
               .actor = TW_BOARD,
               .obj = w->iommu,
               .events = TW_EVENT_UNMAP,
               .last = UINT64_MAX};
    unsigned how = draw(w, 3);

    op.index = (uint8_t)draw(w, iommu_of(w)->indexes);
    if (how == 0) {
        op = (TwOp){
            .code = TW_OP_NOTIFY_ALL, .actor = TW_BOARD, .obj = w->iommu};
    } else if (how == 1 && entry && entry->code == TW_OP_MAP) {
        op = *entry;
        op.flags = TW_OPF_NOTIFIED;
    }
    weave(w, op);
}

static void weave_switch(Woven *w)
{
    TwOp op = {.code = TW_OP_IOMMU_RESET, .actor = TW_BOARD, .obj = w->iommu};
    unsigned how = draw(w, 3);

    if (how == 0) {
        weave(w, op);
        weave_setup(w);
        return;
    }
    if (how == 1 && iommu_of(w)->kind != TW_IOMMU_MPC &&
        iommu_of(w)->bypass_space != TW_NONE) {
        op.code = TW_OP_BYPASS;
        op.flags = iommu_of(w)->bypass ? 0 : TW_OPF_ON;
        weave(w, op);
        op.flags ^= TW_OPF_ON;
        weave(w, op);
        return;
    }
    op = (TwOp){.code = TW_OP_NONVOLATILE, .actor = TW_BOARD}; /* a commit */
    op.obj = tw_program_iommu_region(w->gen->program, w->iommu);
    op.flags = TW_OPF_ON;
    weave(w, op);
    op.flags = 0;
    weave(w, op);
}

static void weave_command(Woven *w)
{
    unsigned how = draw(w, 4);

    if (how < 2 && iommu_of(w)->kind == TW_IOMMU_PAGETABLE) {
        weave_invalidate(w);
    } else if (how < 3) {
        weave_event(w);
    } else {
        weave_switch(w);
    }
}

/* Loads and stores where `access` was. */
static void weave_accesses(Woven *w, const TwOp *access)
{
    bool dma =
        access->code == TW_OP_DMA_READ || access->code == TW_OP_DMA_WRITE;
    unsigned how = draw(w, 3);
    TwOp op = *access;

    op.code = dma ? TW_OP_DMA_WRITE : TW_OP_WRITE;
    if (how < 2) {
        weave(w, op);
    }
    op.code = dma ? TW_OP_DMA_READ : TW_OP_READ;
    if (how > 0) {
        weave(w, op);
    }
}

/* What comes after one access. */
static void weave_after(Woven *w, const TwOp *access)
{
    bool restore =
        draw(w, 6) == 0 && tw_gen_speaks(w->gen->dialect, TW_OP_RESTORE);
    unsigned again = draw(w, 3);

    if (restore) {
        weave(w, (TwOp){.code = TW_OP_SNAPSHOT, .actor = TW_BOARD});
        weave_change(w);
        weave_accesses(w, access);
        weave(w, (TwOp){.code = TW_OP_RESTORE, .actor = TW_BOARD});
    } else {
        weave_accesses(w, access);
        weave_change(w);
        if (again == 0) {
            weave_accesses(w, access);
        }
        weave_command(w);
    }
    weave_accesses(w, access);
}

/* Is it an access that may come again? */
static bool is_plain(const TwOp *op)
{
    return (op->code == TW_OP_READ || op->code == TW_OP_WRITE ||
            op->code == TW_OP_DMA_READ || op->code == TW_OP_DMA_WRITE) &&
           !(op->flags & (TW_OPF_DURING | TW_OPF_FROM | TW_OPF_PAIRED));
}

/* Puts the operations in before operation `at` of the script. */
static void put_in(TwProgram *p, unsigned at, const Woven *w)
{
    memmove(&p->script[at + w->n], &p->script[at],
            (p->n_script - at) * sizeof(*p->script));
    memcpy(&p->script[at], w->ops, w->n * sizeof(*p->script));
    p->n_script = (uint16_t)(p->n_script + w->n);
}

static void weave_once(TwGen *gen)
{
    TwProgram *p = gen->program;
    Woven w = {.gen = gen};
    unsigned at;
    TwOp access;

    if (p->n_script == 0 || p->n_iommus == 0) {
        return;
    }
    w.iommu = (uint8_t)draw(&w, p->n_iommus);
    at = draw(&w, p->n_script);
    if (!iommu_of(&w)->kind || tw_program_iommu_region(p, w.iommu) == TW_NONE ||
        !is_plain(&p->script[at])) {
        return;
    }
    access = p->script[at];
    for (at++; at < p->n_script && p->script[at].flags & TW_OPF_DURING;) {
        at++;
    }
    weave_after(&w, &access);
    if (p->n_script + w.n <= gen->limit) {
        put_in(p, at, &w);
    }
}

void tw_commands_weave(TwGen *gen)
{
    for (unsigned i = 0; i < TIMES; i++) {
        weave_once(gen);
    }
}
