/* SPDX-License-Identifier: MIT */
/*
 * Experiments: each edits one thing of a program and checks whether the finding
 * is still there.  An edit that the target cannot express, or that makes the
 * program ill formed, counts as if the finding stayed.
 */
#include "reports/cause/internal.h"

#include <string.h>

#include "program/legality.h"
#include "program/ops.h"

static TwProgram *edit(TwExperiment *e)
{
    tw_program_copy(e->edited, e->program);
    return e->edited;
}

typedef enum Fate { GONE, STAYS, UNKNOWN } Fate;

/*
 * Runs the edited program, in which the accused operation stands `shift`
 * operations later.
 */
static Fate try_it(TwExperiment *e, unsigned shift)
{
    const TwDialect *dialect = tw_runner_dialect(e->runner);
    TwVerdict verdict;

    if (!tw_program_check(e->edited, NULL, 0) ||
        !tw_dialect_admits(dialect, e->edited, NULL, 0)) {
        return UNKNOWN;
    }
    e->made++;
    verdict = tw_runner_run(e->runner, e->edited, &e->outcome, NULL, NULL);
    if (verdict == TW_VERDICT_AGREE || verdict == TW_VERDICT_AGREE_STALE) {
        return GONE;
    }
    if (!tw_verdict_is_finding(verdict)) {
        return UNKNOWN;
    }
    if (e->finding.op == TW_NO_OP || e->outcome.op == e->finding.op + shift) {
        return STAYS;
    }
    /* Judging stops at the first. */
    return e->outcome.op > e->finding.op + shift ? GONE : UNKNOWN;
}

bool tw_stays(TwExperiment *e)
{
    return try_it(e, 0) == STAYS;
}

static bool gone(TwExperiment *e, unsigned shift)
{
    return try_it(e, shift) == GONE;
}

/* Puts an operation before number `at`, but never between an access and what
 * happens during it.  False: there is no room. */
static bool insert(TwProgram *p, unsigned at, const TwOp *op)
{
    while (at < p->n_script && p->script[at].flags & TW_OPF_DURING) {
        at++;
    }
    if (p->n_script >= TW_MAX_SCRIPT) {
        return false;
    }
    memmove(&p->script[at + 1], &p->script[at],
            (p->n_script - at) * sizeof(*p->script));
    p->script[at] = *op;
    p->n_script++;
    return true;
}

/* Calls `change` for each operation that may be performed. */
static void each_op(TwProgram *p,
                    void (*change)(TwProgram *p, TwOp *op, void *data),
                    void *data)
{
    for (unsigned i = 0; i < p->n_setup; i++) {
        change(p, &p->setup[i], data);
    }
    for (unsigned i = 0; i < p->n_script; i++) {
        change(p, &p->script[i], data);
    }
    for (unsigned i = 0; i < p->n_actors; i++) {
        if (p->actors[i].region != TW_NONE) {
            change(p, &p->actors[i].op, data);
        }
    }
}

/* Does it change what an IOMMU or a TLB says? */
static bool of_iommu_or_flush(const TwOp *op)
{
    return (op->code >= TW_OP_MAP && op->code <= TW_OP_INVALIDATE &&
            op->code != TW_OP_POKE) ||
           (op->code >= TW_OP_FLUSH_PAGE && op->code <= TW_OP_FLUSH_ALL);
}

/* Caches ------------------------------------------------------------------ */

static bool meets_page(const TwProgram *p, const TwOp *op, uint64_t addr)
{
    uint64_t page = addr >> p->page_lg;

    return op->addr >> p->page_lg == page ||
           (op->addr + (op->size - 1u)) >> p->page_lg == page;
}

bool tw_stays_without_fills(TwExperiment *e, const TwSuspect *s)
{
    TwProgram *p = edit(e);
    bool any = false;

    for (unsigned i = 0; i < e->finding.op && i < p->n_script; i++) {
        TwOp *op = &p->script[i];
        bool meets = false;

        for (unsigned n = 0; n < s->n_pages; n++) {
            meets |= meets_page(p, op, s->pages[n]);
        }
        /* The other effects of an access must stay. */
        if (meets && tw_op_info(op->code)->flags & TW_OP_CPU_ACCESS &&
            op->obj == s->cpu && op->index == s->mmu && i != s->changed &&
            i != s->ended &&
            !(i + 1 < p->n_script && p->script[i + 1].flags & TW_OPF_DURING)) {
            *op = tw_op_make(TW_OP_NOP);
            any = true;
        }
    }
    return any && tw_stays(e);
}

bool tw_with_direct_flush(TwExperiment *e, const TwSuspect *s)
{
    TwProgram *p = edit(e);
    unsigned shift = 0;

    for (unsigned n = 0; n < s->n_pages; n++) {
        TwOp op = tw_op_make(TW_OP_FLUSH_PAGE);

        op.actor = op.obj = s->cpu;
        op.index = s->mmu;
        op.addr = s->pages[n] >> p->page_lg << p->page_lg;
        if (!insert(p, s->ended + 1u, &op)) {
            return false;
        }
        shift++;
    }
    return gone(e, shift);
}

bool tw_without_victims(TwExperiment *e, const TwSuspect *s)
{
    TwProgram *p = edit(e);

    if (p->cpus[s->cpu].victims == 0) {
        return false;
    }
    p->cpus[s->cpu].victims = 0;
    return gone(e, 0);
}

/* Notifications ----------------------------------------------------------- */

bool tw_with_unmap_first(TwExperiment *e, uint16_t at)
{
    TwProgram *p = edit(e);
    TwOp op = p->script[at];

    if (op.code != TW_OP_MAP || !(op.flags & TW_OPF_NOTIFIED) ||
        op.flags & TW_OPF_DURING) {
        return false;
    }
    op.code = TW_OP_UNMAP;
    op.other = op.perm = 0;
    op.out = 0;
    return insert(p, at, &op) && gone(e, 1);
}

typedef struct Swap {
    uint8_t iommu, index;
} Swap;

static bool has_index(const TwOp *op, uint8_t iommu)
{
    switch (op->code) {
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
    case TW_OP_NOTIFY:
        return op->obj == iommu || iommu == TW_NONE;
    case TW_OP_OBSERVE:
        return op->other == iommu || iommu == TW_NONE;
    default:
        return false;
    }
}

static void swap(TwProgram *p, TwOp *op, void *data)
{
    const Swap *s = data;

    (void)p;
    if (has_index(op, s->iommu)) {
        op->index = op->index == s->index ? 0
                    : op->index == 0      ? s->index
                                          : op->index;
    }
}

bool tw_with_index_zero(TwExperiment *e, uint8_t iommu, uint8_t index)
{
    TwProgram *p = edit(e);
    Swap s = {iommu, index};

    if (index == 0 || iommu >= p->n_iommus) {
        return false;
    }
    p->iommus[iommu].select = TW_SELECT_ZERO;
    each_op(p, swap, &s);
    return gone(e, 0);
}

static void to_zero(TwProgram *p, TwOp *op, void *data)
{
    (void)p;
    (void)data;
    if (has_index(op, TW_NONE)) {
        op->index = 0;
    }
}

bool tw_with_fixed_index(TwExperiment *e, uint8_t iommu, uint8_t index)
{
    TwProgram *p = edit(e);
    Swap s = {iommu, index};

    if (iommu >= p->n_iommus || p->iommus[iommu].select == TW_SELECT_ZERO) {
        return false;
    }
    p->iommus[iommu].select = TW_SELECT_ZERO;
    each_op(p, swap, &s);
    return gone(e, 0);
}

bool tw_without_mapping(TwExperiment *e)
{
    TwProgram *p = edit(e);

    if (e->finding.op >= p->n_script ||
        !(p->script[e->finding.op].flags & TW_OPF_VIA)) {
        return false;
    }
    p->script[e->finding.op].flags &= (uint8_t)~TW_OPF_VIA;
    p->script[e->finding.op].other = 0;
    return gone(e, 0);
}

bool tw_without_clock(TwExperiment *e)
{
    TwProgram *p = edit(e);
    bool any = false;

    for (unsigned i = 0; i < p->n_script; i++) {
        if (p->script[i].code == TW_OP_CLOCK) {
            p->script[i] = tw_op_make(TW_OP_NOP);
            any = true;
        }
    }
    return any && gone(e, 0);
}

bool tw_without_iotlbs(TwExperiment *e)
{
    TwProgram *p = edit(e);
    bool any = false;

    for (unsigned i = 0; i < p->n_iommus; i++) {
        any |= p->iommus[i].iotlb;
        p->iommus[i].iotlb = false;
    }
    return any && gone(e, 0);
}

bool tw_with_one_index(TwExperiment *e)
{
    TwProgram *p = edit(e);
    bool any = false;

    for (unsigned i = 0; i < p->n_iommus; i++) {
        any |= p->iommus[i].kind != TW_IOMMU_NONE && p->iommus[i].indexes > 1;
        p->iommus[i].indexes = 1;
    }
    each_op(p, to_zero, NULL);
    return any && gone(e, 0);
}

/* Does it tell the notifiers of that IOMMU something? */
static bool notifies(const TwOp *op, uint8_t iommu)
{
    switch (op->code) {
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
        return op->obj == iommu && op->flags & TW_OPF_NOTIFIED;
    case TW_OP_NOTIFY:
    case TW_OP_NOTIFY_ALL:
    case TW_OP_IOMMU_RESET:
    case TW_OP_BYPASS:
        return op->obj == iommu;
    case TW_OP_RESTORE:
        return true;
    default:
        return false;
    }
}

/* Makes the operation silent; false: it has no silent form. */
static bool silence(TwOp *op)
{
    switch (op->code) {
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
        op->flags &= (uint8_t)~TW_OPF_NOTIFIED;
        return true;
    case TW_OP_IOMMU_RESET:
    case TW_OP_BYPASS:
    case TW_OP_RESTORE:
        return false;
    default:
        *op = tw_op_make(TW_OP_NOP);
        return true;
    }
}

/* An actor offset that is used at `but` may be needed there, so it stays. */
static bool silence_actors(TwExperiment *e, TwProgram *p, uint8_t iommu,
                           const TwOp *but)
{
    bool any = false;

    for (unsigned i = 0; i < p->n_actors; i++) {
        if (p->actors[i].region != TW_NONE &&
            &e->program->actors[i].op != but &&
            notifies(&p->actors[i].op, iommu)) {
            any |= silence(&p->actors[i].op);
        }
    }
    return any;
}

bool tw_without_earlier_events(TwExperiment *e, uint8_t iommu, uint16_t op)
{
    TwProgram *p = edit(e);
    TwOp flush = tw_op_make(TW_OP_FLUSH_ALL);
    unsigned shift = 0;
    bool any;

    flush.actor = TW_BOARD;
    flush.obj = TW_ALL;
    any = silence_actors(e, p, iommu, NULL);
    for (unsigned i = op; i-- > 0;) {
        TwOp *at = &p->script[i];

        if (!notifies(at, iommu)) {
            continue;
        }
        if (silence(at)) {
            any = true;
            if (!(at->flags & TW_OPF_DURING) && insert(p, i + 1, &flush)) {
                shift++;
            }
        }
    }
    return any && gone(e, shift);
}

/* Translations and regions ------------------------------------------------ */

static void align(TwProgram *p, TwOp *op, void *data)
{
    bool *any = data;
    uint64_t low;

    if (op->code == TW_OP_MAP && op->obj < p->n_iommus) {
        low = (UINT64_C(1) << p->iommus[op->obj].granule_lg) - 1;
        *any |= (op->out & low) != 0;
        op->out &= ~low;
    }
}

bool tw_with_aligned_entries(TwExperiment *e)
{
    TwProgram *p = edit(e);
    bool any = false;

    each_op(p, align, &any);
    return any && gone(e, 0);
}

bool tw_with_higher_priority(TwExperiment *e, const uint8_t *regions,
                             const int32_t *priorities, unsigned n)
{
    TwProgram *p = edit(e);
    unsigned shift = 0;

    for (unsigned i = 0; i < n; i++) {
        TwOp op = tw_op_make(TW_OP_PRIORITY);

        op.actor = TW_BOARD;
        op.obj = regions[i];
        op.priority = priorities[i] + 1;
        if (priorities[i] == INT32_MAX || !insert(p, e->finding.op, &op)) {
            return false;
        }
        shift++;
    }
    return n > 0 && gone(e, shift);
}

/* Walks ------------------------------------------------------------------- */

bool tw_with_flush_before(TwExperiment *e)
{
    TwProgram *p = edit(e);
    TwOp flush = tw_op_make(TW_OP_FLUSH_ALL);

    flush.actor = TW_BOARD;
    flush.obj = TW_ALL;
    return insert(p, e->finding.op, &flush) && gone(e, 1);
}

/* Is the region switched by an operation of the script? */
static bool is_switched(const TwProgram *p, uint8_t region)
{
    for (unsigned i = 0; i < p->n_script; i++) {
        if (p->script[i].code == TW_OP_ENABLE && p->script[i].obj == region) {
            return true;
        }
    }
    return false;
}

bool tw_with_roots_switched(TwExperiment *e)
{
    TwProgram *p = edit(e);
    TwOp op = tw_op_make(TW_OP_ENABLE);
    unsigned shift = 0;

    op.actor = TW_BOARD;
    if (e->finding.op >= p->n_script ||
        p->script[e->finding.op].flags & TW_OPF_VIA) {
        return false; /* it would end the mapping of a device */
    }
    for (unsigned i = 0; i < p->n_spaces; i++) {
        uint8_t root = p->spaces[i].root;

        if (!p->spaces[i].present || p->spaces[i].late ||
            !p->regions[root].enabled || is_switched(p, root)) {
            continue;
        }
        op.obj = root;
        op.flags = TW_OPF_ON; /* the second, since each goes in front */
        if (!insert(p, e->finding.op, &op)) {
            return false;
        }
        op.flags = 0;
        if (!insert(p, e->finding.op, &op)) {
            return false;
        }
        shift += 2;
    }
    return shift > 0 && gone(e, shift);
}

/* All priorities of a program. */
typedef struct Priorities {
    int32_t values[2 * TW_MAX_REGIONS + TW_MAX_SCRIPT];
    unsigned n;
    bool any; /* was changed */
} Priorities;

static bool has_priority(const TwOp *op)
{
    return op->code == TW_OP_ADD || op->code == TW_OP_PRIORITY;
}

static void note_priority(TwProgram *p, TwOp *op, void *data)
{
    Priorities *all = data;

    (void)p;
    if (has_priority(op) && all->n < G_N_ELEMENTS(all->values)) {
        all->values[all->n++] = op->priority;
    }
}

/* How many values are lower, each counted once. */
static int32_t rank_of(const Priorities *all, int32_t value)
{
    int32_t rank = 0;

    for (unsigned i = 0; i < all->n; i++) {
        bool first = all->values[i] < value;

        for (unsigned k = 0; k < i && first; k++) {
            first = all->values[k] != all->values[i];
        }
        rank += first;
    }
    return rank;
}

static void rank_priority(TwProgram *p, TwOp *op, void *data)
{
    Priorities *all = data;

    (void)p;
    if (has_priority(op)) {
        int32_t rank = rank_of(all, op->priority);

        all->any |= rank != op->priority;
        op->priority = rank;
    }
}

bool tw_with_ranked_priorities(TwExperiment *e)
{
    TwProgram *p = edit(e);
    Priorities all = {.n = 0};

    for (unsigned i = 0; i < p->n_regions; i++) {
        all.values[all.n++] = p->regions[i].priority;
    }
    each_op(p, note_priority, &all);
    for (unsigned i = 0; i < p->n_regions; i++) {
        int32_t rank = rank_of(&all, p->regions[i].priority);

        all.any |= rank != p->regions[i].priority;
        p->regions[i].priority = rank;
    }
    each_op(p, rank_priority, &all);
    return all.any && gone(e, 0);
}

bool tw_with_own_changes(TwExperiment *e, uint8_t cpu)
{
    TwProgram *p = edit(e);
    bool any = false;

    for (unsigned i = 0; i < p->n_script; i++) {
        TwOp *op = &p->script[i];

        if (of_iommu_or_flush(op) && op->actor != cpu) {
            op->actor = cpu;
            any = true;
        }
    }
    return any && gone(e, 0);
}
