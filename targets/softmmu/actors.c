/* SPDX-License-Identifier: MIT */
/*
 * The whole of an access: its effects, the operations during it, and those of
 * the actor offsets that it wrote (LA-27), with the accesses that these start
 * (LA-61).
 */
#include "targets/softmmu/internal.h"

static void perform_actors(Machine *m, uint8_t actor);

/* Makes the access of an actor offset: `early`, which has been resolved, or, if
 * NULL, the operation's. */
static void start_resolved(Machine *m, const TwOp *actor, const Access *early,
                           TwOutcome *outcome)
{
    Access *access = &m->access;
    uint16_t acted = access->actors;
    TwOp op = *actor;

    op.attrs = TW_BUG(m, STARTED_WITH_OUTER_ATTRS) ? access->attrs : op.attrs;
    if (early != NULL) {
        *access = *early;
    } else {
        access_resolve(m, &op, 0);
    }
    access->actors = acted; /* they are performed once */
    outcome->class_ = access->class_;
    if (access->class_ > TW_CLASS_DEVICE_ERROR) {
        report_reason(m, outcome);
        return;
    }
    access_effects(m, outcome);
    if (!TW_BUG(m, STARTED_STARTS_NOTHING)) {
        perform_actors(m, TW_BOARD);
    }
}

/* The devices that refuse an access which that one starts (AC-8). */
static TwRegionSet busy_with(const Machine *m, uint8_t region)
{
    TwRegionSet busy = m->busy;

    if ((m->started == 0 && !TW_BUG(m, BUSY_FOR_GOOD)) ||
        TW_BUG(m, ONLY_STARTER_IS_BUSY)) {
        busy = (TwRegionSet){{0}};
    }
    tw_regions_add(&busy, region);
    return busy;
}

/* The access of an actor offset, inside the one in m->access. */
static G_NO_INLINE void start_access(Machine *m, const TwActor *actor,
                                     const Access *early)
{
    TwOutcome *outcome = tw_trace_add_started(m->trace, m->op);
    Access outer = m->access;
    TwRegionSet busy = m->busy;
    uint8_t started = m->started;

    if (outcome == NULL) {
        return;
    }
    m->busy = busy_with(m, actor->region);
    m->started =
        (uint8_t)tw_trace_started_before(m->trace, m->trace->n_started, m->op);
    TELL(m, "start", "access %u: r%u+0x%" PRIx64 " was written (LA-61)",
         m->started, actor->region, actor->offset);
    count(m, TW_COUNT_STARTED);
    start_resolved(m, &actor->op, early, outcome);
    outer.actors |= m->access.actors;
    if (!TW_BUG(m, STARTED_TAKES_OVER)) {
        m->access = outer;
    }
    m->started = started;
    if (!TW_BUG(m, BUSY_FOR_GOOD)) {
        m->busy = busy;
    }
}

static void perform_actors(Machine *m, uint8_t actor)
{
    zoo_resolve_early(m);
    for (unsigned i = 0; i < m->access.n_actors && !TW_BUG(m, ACTORS_IGNORED);
         i++) {
        const TwActor *what = &m->program->actors[m->access.actor_order[i]];
        TwOp op = what->op;

        if (tw_legality_step(&m->legality, &op) != TW_LEGAL) {
            continue;
        }
        if (tw_op_is_dma(&op)) {
            start_access(m, what, zoo_resolved_early(m, i));
        } else {
            op.actor = actor;
            perform(m, &op, actor);
        }
    }
}

/* Performs an access of `actor` and fills its outcome.  `during`: how
 * many operations behind it come inside its first fill, or else just after its
 * effects (LA-47). */
static void access_perform(Machine *m, const TwOp *op, uint8_t actor,
                           unsigned during, TwOutcome *outcome)
{
    Access *access = &m->access;

    access_resolve(m, op, during);
    outcome->class_ = access->class_;
    if (access->class_ <= TW_CLASS_DEVICE_ERROR) {
        access_effects(m, outcome);
    } else {
        report_reason(m, outcome);
    }
    zoo_refused_effects(m, outcome);
    perform_during(m);
    if (access->class_ > TW_CLASS_DEVICE_ERROR) {
        return;
    }
    perform_actors(m, actor);
    if (access->callback && tw_op_info(op->code)->flags & TW_OP_CPU_ACCESS) {
        cpu_safepoint(m, op->obj); /* LA-3 */
    }
}
