/* SPDX-License-Identifier: MIT */
/*
 * Two accesses that one instruction makes (LA-59): both are resolved, then both
 * are performed, or neither is.
 */
#include "targets/softmmu/internal.h"

static bool refuses(uint8_t class_)
{
    return class_ > TW_CLASS_DEVICE_ERROR;
}

static uint8_t half_class(const Machine *m, uint8_t class_, uint8_t worst)
{
    return refuses(worst) && !TW_BUG(m, PAIR_OWN_CLASSES) ? worst : class_;
}

/* Performs the half in m->access, operation `number`, in a pair of class
 * `worst`. */
static void half_perform(Machine *m, uint16_t number, uint8_t worst)
{
    TwOutcome *outcome = &m->trace->outcomes[number];

    m->op = number;
    outcome->class_ = half_class(m, m->access.class_, worst);
    outcome->location = m->trace->n_locations;
    if (refuses(outcome->class_)) {
        report_reason(m, outcome);
    }
    if (!refuses(worst)) {
        access_effects(m, outcome);
    }
    zoo_refused_half(m, worst);
}

/* What the writes of the half in m->access start, by actor offsets. */
static void half_acts(Machine *m, uint16_t number, uint8_t actor)
{
    uint16_t second = m->op;

    m->op = number;
    perform_actors(m, actor);
    m->op = second;
}

/* Operations m->op and the one behind it, accesses of one CPU.  m->op is the
 * second afterwards.  `during`: how many operations behind that come inside the
 * first fill (LA-47). */
static void pair_perform(Machine *m, const TwOp *op, unsigned during)
{
    uint16_t number = m->op;
    uint8_t worst, cpu = op->obj;
    Access first, second;

    m->pair = 1;
    access_resolve(m, op, during);
    m->pair = 0;
    first = m->access;
    m->op = number + 1;
    access_resolve(m, op + 1, first.during);
    second = m->access;
    worst = MAX(first.class_, second.class_);

    m->access = first;
    half_perform(m, number, worst);
    first = m->access; /* with what its effects began */
    m->access = second;
    zoo_resolve_again(m, op + 1, worst);
    half_perform(m, number + 1, worst);
    perform_during(m);
    if (refuses(worst)) {
        return;
    }
    second = m->access;
    m->access = first;
    half_acts(m, number, cpu);
    m->access = second;
    half_acts(m, number + 1, cpu);
    if (first.callback || second.callback) {
        cpu_safepoint(m, cpu); /* LA-3 */
    }
}
