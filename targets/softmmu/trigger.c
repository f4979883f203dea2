/* SPDX-License-Identifier: MIT */
/*
 * Triggers of quirks: what a program must have for a quirk to show, told from
 * its objects (`possible`) and from one operation (`met`).  Where an access
 * leads is not asked.
 */
#include "targets/softmmu/trigger.h"

#include "program/ops.h"

typedef bool OpTest(const TwProgram *program, const TwOp *op);

/* What operations have in common ------------------------------------------- */

/* Does an operation of the setup, the script or an actor pass the test? */
static bool has_op(const TwProgram *program, OpTest *test)
{
    for (unsigned i = 0; i < program->n_setup; i++) {
        if (test(program, &program->setup[i])) {
            return true;
        }
    }
    for (unsigned i = 0; i < program->n_script; i++) {
        if (test(program, &program->script[i])) {
            return true;
        }
    }
    for (unsigned i = 0; i < program->n_actors; i++) {
        if (program->actors[i].region != TW_NONE &&
            test(program, &program->actors[i].op)) {
            return true;
        }
    }
    return false;
}

static bool is_access(const TwOp *op)
{
    return tw_op_info(op->code)->flags & TW_OP_ACCESS;
}

static bool is_cpu_access(const TwProgram *program, const TwOp *op)
{
    (void)program;
    return tw_op_info(op->code)->flags & TW_OP_CPU_ACCESS;
}

static void make_nop(TwProgram *program, TwOp *op)
{
    (void)program;
    *op = (TwOp){.code = TW_OP_NOP, .actor = op->actor};
}

/* Borders ------------------------------------------------------------------ */

/* The largest power of two, up to the smallest granule, of which all borders
 * between leaves, granules and pages are multiples. */
static uint64_t border_unit(const TwProgram *program)
{
    uint64_t all = UINT64_C(1) << TW_MIN_GRANULE_LG;

    for (unsigned i = 0; i < program->n_regions; i++) {
        const TwRegion *region = &program->regions[i];

        if (region->kind != TW_REGION_NONE) {
            all |= region->addr | region->alias_offset;
            all |= region->size == UINT64_MAX ? 0 : region->size;
        }
    }
    for (unsigned i = 0; i < program->n_script + program->n_actors; i++) {
        const TwOp *op = i < program->n_script
                             ? &program->script[i]
                             : &program->actors[i - program->n_script].op;

        if (op->code == TW_OP_ADD || op->code == TW_OP_MOVE ||
            op->code == TW_OP_ALIAS_OFFSET) {
            all |= op->addr;
        } else if (op->code == TW_OP_RESIZE && op->length != UINT64_MAX) {
            all |= op->length;
        }
    }
    return all & -all;
}

static bool crosses_border(const TwProgram *program, const TwOp *op)
{
    uint64_t unit;

    if (!is_access(op) || op->size < 2) {
        return false;
    }
    unit = border_unit(program);
    return (op->addr & (unit - 1)) + op->size > unit;
}

static bool store_crosses(const TwProgram *program, const TwOp *op)
{
    return (op->code == TW_OP_WRITE || op->code == TW_OP_DMA_WRITE) &&
           crosses_border(program, op);
}

static void one_byte(TwProgram *program, TwOp *op)
{
    (void)program;
    op->size = 1;
}

/* Devices ------------------------------------------------------------------ */

static bool has_device(const TwProgram *program)
{
    for (unsigned i = 0; i < program->n_regions; i++) {
        if (program->regions[i].kind == TW_REGION_MMIO) {
            return true;
        }
    }
    return false;
}

static bool has_device_without_limit(const TwProgram *program)
{
    for (unsigned i = 0; i < program->n_regions; i++) {
        const TwRegion *region = &program->regions[i];

        if ((region->kind == TW_REGION_MMIO ||
             region->kind == TW_REGION_ROMD) &&
            region->impl_max == 0) {
            return true;
        }
    }
    return false;
}

static bool is_wide(const TwProgram *program, const TwOp *op)
{
    (void)program;
    return is_access(op) && op->size > 4;
}

static void four_bytes(TwProgram *program, TwOp *op)
{
    (void)program;
    op->size = 4;
}

static bool dma_passes_end(const TwProgram *program, const TwOp *op)
{
    (void)program;
    return (op->code == TW_OP_DMA_READ || op->code == TW_OP_DMA_WRITE) &&
           op->addr > UINT64_MAX - (op->size - 1u);
}

/* Read-only ---------------------------------------------------------------- */

static bool makes_readonly(const TwProgram *program, const TwOp *op)
{
    (void)program;
    return op->code == TW_OP_READONLY;
}

static bool is_wrapper(const TwRegion *region)
{
    return region->kind == TW_REGION_ALIAS ||
           region->kind == TW_REGION_CONTAINER;
}

/* Is something read-only that shows others? */
static bool has_readonly_way(const TwProgram *program)
{
    for (unsigned i = 0; i < program->n_regions; i++) {
        if (program->regions[i].kind != TW_REGION_NONE &&
            program->regions[i].readonly) {
            return true;
        }
    }
    return has_op(program, makes_readonly);
}

/* Is a region read-only in which a store may end? */
static bool has_readonly_leaf(const TwProgram *program)
{
    for (unsigned i = 0; i < program->n_regions; i++) {
        const TwRegion *region = &program->regions[i];

        if (region->kind == TW_REGION_ROM ||
            (region->readonly && region->kind != TW_REGION_NONE &&
             !is_wrapper(region))) {
            return true;
        }
    }
    return has_op(program, makes_readonly);
}

static bool has_readonly(const TwProgram *program)
{
    return has_readonly_way(program) || has_readonly_leaf(program);
}

static bool is_dma_write(const TwProgram *program, const TwOp *op)
{
    (void)program;
    return op->code == TW_OP_DMA_WRITE;
}

static bool is_cpu_write(const TwProgram *program, const TwOp *op)
{
    (void)program;
    return op->code == TW_OP_WRITE;
}

static void make_read(TwProgram *program, TwOp *op)
{
    (void)program;
    op->code = op->code == TW_OP_WRITE ? TW_OP_READ : TW_OP_DMA_READ;
}

/* Mappings of devices ------------------------------------------------------ */

static bool may_unmap(const TwProgram *program, const TwOp *op)
{
    (void)program;
    switch (op->code) {
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
        return op->flags & TW_OPF_NOTIFIED;
    case TW_OP_NOTIFY:
        return op->events == TW_EVENT_UNMAP;
    case TW_OP_NOTIFY_ALL:
    case TW_OP_IOMMU_RESET:
    case TW_OP_BYPASS:
    case TW_OP_INVALIDATE:
    case TW_OP_MPC_WRITE:
        return true;
    default:
        return false;
    }
}

static bool has_unmap(const TwProgram *program)
{
    for (unsigned i = 0; i < program->n_regions; i++) {
        if (program->regions[i].kind == TW_REGION_MMIO &&
            program->regions[i].registers != TW_NONE) {
            return true;
        }
    }
    return has_op(program, may_unmap);
}

static bool is_via_mapping(const TwProgram *program, const TwOp *op)
{
    (void)program;
    return op->flags & TW_OPF_VIA;
}

static void not_via(TwProgram *program, TwOp *op)
{
    (void)program;
    op->flags &= (uint8_t)~TW_OPF_VIA;
    op->other = 0;
}

/* Roots -------------------------------------------------------------------- */

static bool flags_wrapper(const TwProgram *program, const TwOp *op)
{
    return (op->code == TW_OP_READONLY || op->code == TW_OP_NONVOLATILE ||
            op->code == TW_OP_UNMERGEABLE) &&
           op->obj < program->n_regions &&
           is_wrapper(&program->regions[op->obj]);
}

static bool has_flagged_wrapper(const TwProgram *program)
{
    for (unsigned i = 0; i < program->n_regions; i++) {
        const TwRegion *region = &program->regions[i];

        if (is_wrapper(region) &&
            (region->readonly || region->nonvolatile || region->unmergeable)) {
            return true;
        }
    }
    return has_op(program, flags_wrapper);
}

static void unflag_wrappers(TwProgram *program)
{
    for (unsigned i = 0; i < program->n_regions; i++) {
        TwRegion *region = &program->regions[i];

        if (is_wrapper(region)) {
            region->readonly = region->nonvolatile = region->unmergeable =
                false;
        }
    }
}

static bool shifts_to_zero(const TwProgram *program, const TwOp *op)
{
    (void)program;
    return op->code == TW_OP_ALIAS_OFFSET && op->addr == 0;
}

static bool moves_away(const TwProgram *program, const TwOp *op)
{
    (void)program;
    return (op->code == TW_OP_ADD || op->code == TW_OP_MOVE) && op->addr != 0;
}

/* Does an alias show its target from offset 0 on, though that may be at another
 * offset of its container? */
static bool has_alias_of_moved(const TwProgram *program)
{
    bool shifts = has_op(program, shifts_to_zero);
    bool moves = has_op(program, moves_away);

    for (unsigned i = 0; i < program->n_regions; i++) {
        const TwRegion *region = &program->regions[i];

        if (region->kind == TW_REGION_ALIAS &&
            (region->alias_offset == 0 || shifts) &&
            (program->regions[region->target].addr != 0 || moves)) {
            return true;
        }
    }
    return false;
}

static void shift_aliases(TwProgram *program)
{
    for (unsigned i = 0; i < program->n_regions; i++) {
        TwRegion *region = &program->regions[i];

        if (region->kind == TW_REGION_ALIAS && region->alias_offset == 0) {
            region->alias_offset = UINT64_C(1) << program->page_lg;
        }
    }
}

static void shift_more(TwProgram *program, TwOp *op)
{
    op->addr = UINT64_C(1) << program->page_lg;
}

/* Fills and flushes -------------------------------------------------------- */

static bool has_small_granule(const TwProgram *program)
{
    for (unsigned i = 0; i < program->n_iommus; i++) {
        if (program->iommus[i].kind != TW_IOMMU_NONE &&
            program->iommus[i].granule_lg < program->page_lg) {
            return true;
        }
    }
    return false;
}

/* The smallest pages that the program can have: each is a block of its MPCs. */
static unsigned smallest_page(const TwProgram *program)
{
    unsigned lg = TW_MIN_PAGE_LG;

    for (unsigned i = 0; i < program->n_regions; i++) {
        const TwRegion *region = &program->regions[i];

        if (region->kind == TW_REGION_IOMMU &&
            program->iommus[region->iommu].kind == TW_IOMMU_MPC) {
            while (region->size >> lg > TW_MAX_MPC_BLOCKS) {
                lg++;
            }
        }
    }
    return lg;
}

/* Pages become as small as the smallest granule, if they can. */
static void shrink_pages(TwProgram *program)
{
    unsigned least = program->page_lg;

    for (unsigned i = 0; i < program->n_iommus; i++) {
        if (program->iommus[i].kind != TW_IOMMU_NONE) {
            least = MIN(least, program->iommus[i].granule_lg);
        }
    }
    program->page_lg = (uint8_t)MAX(least, smallest_page(program));
    for (unsigned i = 0; i < program->n_iommus; i++) {
        if (program->iommus[i].kind == TW_IOMMU_MPC) {
            program->iommus[i].granule_lg = program->page_lg;
        }
    }
}

/* Are there rights to read without those to write, or the other way round? */
static bool grants_one(const TwProgram *program, const TwOp *op)
{
    (void)program;
    return (op->code == TW_OP_MAP || op->code == TW_OP_PROTECT) &&
           (op->perm == TW_R || op->perm == TW_W);
}

static bool grants_halves(const TwProgram *program)
{
    for (unsigned i = 0; i < program->n_iommus; i++) {
        if (program->iommus[i].kind == TW_IOMMU_PAGETABLE) {
            return true;
        }
    }
    return has_op(program, grants_one);
}

static bool is_during(const TwProgram *program, const TwOp *op)
{
    (void)program;
    return op->flags & TW_OPF_DURING;
}

static void not_during(TwProgram *program, TwOp *op)
{
    (void)program;
    op->flags &= (uint8_t)~TW_OPF_DURING;
}

static bool maps_large_page(const TwProgram *program, const TwOp *op)
{
    return op->code == TW_OP_PAGE && op->lg > program->page_lg;
}

static bool has_large_page(const TwProgram *program)
{
    return has_op(program, maps_large_page);
}

static bool is_range_flush(const TwProgram *program, const TwOp *op)
{
    (void)program;
    return op->code == TW_OP_FLUSH_RANGE;
}

/* Observers ---------------------------------------------------------------- */

static bool observes_maps_from_within(const TwProgram *program, const TwOp *op)
{
    (void)program;
    return op->code == TW_OP_OBSERVE && op->events & TW_EVENT_MAP &&
           op->addr != 0;
}

static void observe_from_zero(TwProgram *program, TwOp *op)
{
    (void)program;
    op->addr = 0;
}

static bool is_replay(const TwProgram *program, const TwOp *op)
{
    (void)program;
    return op->code == TW_OP_REPLAY;
}

static bool vetoes(const TwProgram *program, const TwOp *op)
{
    (void)program;
    return op->code == TW_OP_VETO && op->flags & TW_OPF_ON;
}

static bool has_veto(const TwProgram *program)
{
    return has_op(program, vetoes);
}

static bool is_unobserve(const TwProgram *program, const TwOp *op)
{
    (void)program;
    return op->code == TW_OP_UNOBSERVE;
}

static bool resets_mpc(const TwProgram *program, const TwOp *op)
{
    return op->code == TW_OP_IOMMU_RESET && op->obj < program->n_iommus &&
           program->iommus[op->obj].kind == TW_IOMMU_MPC;
}

static bool has_mpc(const TwProgram *program)
{
    for (unsigned i = 0; i < program->n_iommus; i++) {
        if (program->iommus[i].kind == TW_IOMMU_MPC) {
            return true;
        }
    }
    return false;
}

static bool is_restore(const TwProgram *program, const TwOp *op)
{
    (void)program;
    return op->code == TW_OP_RESTORE;
}

/* The list ----------------------------------------------------------------- */

typedef struct Trigger {
    /* Can the program meet it at all?  NULL: any can. */
    bool (*possible)(const TwProgram *program);
    OpTest *met; /* which operation meets it; NULL: the objects do */
    /* To avoid it: a change of the objects, or NULL; then, if it is still
     * possible, one of each operation that passes a test. */
    void (*prepare)(TwProgram *program);
    OpTest *edits;
    void (*edit)(TwProgram *program, TwOp *op);
} Trigger;

const TwTriggerInfo tw_softmmu_triggers[] = {
#define TRIGGER(name, text, ...) {name, text, false},
#include "targets/softmmu/triggers.def"
#undef TRIGGER
    {NULL, NULL, false},
};

static const Trigger triggers[] = {
#define TRIGGER(name, text, ...) {__VA_ARGS__},
#include "targets/softmmu/triggers.def"
#undef TRIGGER
};

static bool is_possible(const Trigger *trigger, const TwProgram *program)
{
    return trigger->possible == NULL || trigger->possible(program);
}

/* Does an operation up to the accused one, or an actor's, meet it? */
static bool is_met(const Trigger *trigger, const TwProgram *program,
                   const TwFinding *finding)
{
    if (!is_possible(trigger, program)) {
        return false;
    }
    if (trigger->met == NULL) {
        return true;
    }
    for (unsigned i = 0; i < program->n_script && i <= finding->op; i++) {
        if (trigger->met(program, &program->script[i])) {
            return true;
        }
    }
    for (unsigned i = 0; i < program->n_actors; i++) {
        if (program->actors[i].region != TW_NONE &&
            trigger->met(program, &program->actors[i].op)) {
            return true;
        }
    }
    return false;
}

uint64_t tw_softmmu_triggers_met(const TwProgram *program,
                                 const TwFinding *finding)
{
    uint64_t met = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(triggers); i++) {
        met |= (uint64_t)is_met(&triggers[i], program, finding) << i;
    }
    return met;
}

static void avoid(const Trigger *trigger, TwProgram *program)
{
    if (trigger->prepare != NULL) {
        trigger->prepare(program);
    }
    if (!is_possible(trigger, program)) {
        return;
    }
    for (unsigned i = 0; i < program->n_script; i++) {
        if (trigger->edits(program, &program->script[i])) {
            trigger->edit(program, &program->script[i]);
        }
    }
    for (unsigned i = 0; i < program->n_actors; i++) {
        TwActor *actor = &program->actors[i];

        if (actor->region != TW_NONE && trigger->edits(program, &actor->op)) {
            trigger->edit(program, &actor->op);
            if (actor->op.code == TW_OP_NOP) { /* which no actor performs */
                actor->region = TW_NONE;
            }
        }
    }
}

/* Does it store less than a whole word (LA-62)? */
static bool cuts_words(const TwOp *op)
{
    return (op->code == TW_OP_WRITE || op->code == TW_OP_DMA_WRITE ||
            op->code == TW_OP_RMW) &&
           (op->size != 8 || op->addr % 8 != 0);
}

void tw_softmmu_avoid(TwProgram *program, uint64_t which)
{
    bool may = false; /* something stands during an access before it */
    bool cut = false;

    for (unsigned i = 0; i < G_N_ELEMENTS(triggers); i++) {
        if (which >> i & 1) {
            avoid(&triggers[i], program);
        }
    }
    for (unsigned i = 0; i < program->n_script; i++) {
        TwOp *op = &program->script[i];

        if (op->flags & TW_OPF_PAIRED && !tw_op_may_be_paired(program, i)) {
            op->flags &= (uint8_t)~TW_OPF_PAIRED;
        }
        if (op->flags & TW_OPF_DURING && !may) {
            op->flags &= (uint8_t)~TW_OPF_DURING;
        }
        may = op->flags & TW_OPF_DURING || is_access(op);
        cut |= cuts_words(op);
    }
    for (unsigned i = 0; i < program->n_actors; i++) {
        cut |= program->actors[i].region != TW_NONE &&
               cuts_words(&program->actors[i].op);
    }
    if (cut && program->contents == TW_CONTENTS_INERT) {
        program->contents = TW_CONTENTS_DATA;
    }
}
