/* SPDX-License-Identifier: MIT */
/*
 * IOMMUs of all kinds: bypass, the operations that change translations, and the
 * events of these changes.
 */
#include "oracle/world/iommu.h"

#include <glib.h>

#include "oracle/world/iommu-kind.h"
#include "oracle/world/mpc.h"
#include "oracle/world/owed.h"

/* The kinds that the oracle knows. */
static const TwIommuClass *const classes[TW_IOMMU_KINDS] = {
    [TW_IOMMU_TABLE] = &tw_iommu_table,
    [TW_IOMMU_MPC] = &tw_iommu_mpc,
    [TW_IOMMU_PAGETABLE] = &tw_iommu_pagetable,
};

static const TwIommuClass *class_of(const TwWorld *world, uint8_t iommu)
{
    return classes[world->program->iommus[iommu].kind];
}

/* Looking up -------------------------------------------------------------- */

TwFound tw_iommu_find(const TwWorld *world, uint8_t iommu, uint8_t index,
                      uint64_t x, uint32_t t)
{
    TwParts parts = tw_parts_at(index, t);

    return class_of(world, iommu)->find(world, iommu, index, x, &parts, NULL);
}

TwFound tw_iommu_translate(const TwWorld *world, uint8_t iommu, uint8_t index,
                           uint64_t x, TwParts parts,
                           const TwTableReader *reader)
{
    int32_t i = world->switch_head[iommu];
    uint32_t since;
    TwFound found;

    while (world->switches[i].tick > parts.entry) {
        i = world->switches[i].older;
    }
    since = world->switches[i].tick;
    if (world->switches[i].on) {
        return (TwFound){
            .out = x,
            .since = since,
            .op = world->switches[i].op,
            .space = world->program->iommus[iommu].bypass_space,
            .perm = TW_R | TW_W,
        };
    }
    found =
        class_of(world, iommu)->find(world, iommu, index, x, &parts, reader);
    if (found.since < since) {
        found.since = since;
        found.op = world->switches[i].op;
    }
    return found;
}

bool tw_iommu_bypassed(const TwWorld *world, uint8_t iommu, uint32_t t)
{
    int32_t i = world->switch_head[iommu];

    while (world->switches[i].tick > t) {
        i = world->switches[i].older;
    }
    return world->switches[i].on;
}

static void switch_bypass(TwWorld *world, uint8_t iommu, bool on,
                          uint16_t number, uint32_t tick)
{
    world->switches[world->n_switches] = (TwSwitch){
        .tick = tick,
        .older = world->switch_head[iommu],
        .op = number,
        .on = on,
    };
    world->switch_head[iommu] = world->n_switches++;
}

/* Telling ----------------------------------------------------------------- */

/* UNMAP of a range of the index that an operation names. */
static void unmap_event(TwWorld *world, const TwOp *op, uint64_t first,
                        uint64_t last, uint8_t actor, uint16_t number)
{
    tw_owed_unmap(world, op->obj, op->index, first, last, actor, number);
}

/* UNMAP of everything on all indexes; `kind` says on what ground. */
static void unmap_all(TwWorld *world, uint8_t iommu, TwEndingKind kind,
                      uint8_t actor, uint16_t number)
{
    for (unsigned k = 0; k < world->program->iommus[iommu].indexes; k++) {
        if (kind == TW_ENDING_UNMAP || k == 0) {
            tw_world_end(world, (TwEnding){.kind = kind,
                                           .actor = actor,
                                           .object = iommu,
                                           .index = k,
                                           .first = 0,
                                           .last = UINT64_MAX,
                                           .op = number});
        }
    }
    tw_owed_tell_all(world, iommu, number);
}

/* map, unmap, protect (LA-12, LA-15) */
static void change_range(TwWorld *world, const TwOp *op, uint8_t actor,
                         uint16_t number)
{
    bool notified = op->flags & TW_OPF_NOTIFIED;
    bool had = notified &&
               class_of(world, op->obj)
                   ->any_mapped(world, op->obj, op->index, op->addr, op->last);

    class_of(world, op->obj)->change(world, op, number, ++world->now);
    if (!notified) {
        world->silent++;
        return;
    }
    world->notified++;
    if (had) {
        unmap_event(world, op, op->addr, op->last, actor, number);
    }
    if (op->code == TW_OP_MAP && (op->perm & (TW_R | TW_W))) {
        tw_owed_tell(world,
                     (TwEventRecord){.op = number,
                                     .kind = TW_EVENT_MAP,
                                     .perm = op->perm,
                                     .space = op->other,
                                     .region = TW_NONE,
                                     .first = op->addr,
                                     .last = op->last,
                                     .out = op->out},
                     op->obj, op->index);
    }
}

static void notify(TwWorld *world, const TwOp *op, uint8_t actor,
                   uint16_t number)
{
    TwEventRecord event = {.op = number,
                           .kind = op->events,
                           .space = TW_NONE,
                           .region = TW_NONE,
                           .first = op->addr,
                           .last = op->last};

    if (op->addr > op->last) {
        return; /* an empty range */
    }
    if (op->events == TW_EVENT_UNMAP) {
        unmap_event(world, op, op->addr, op->last, actor, number);
        return;
    }
    if (op->events == TW_EVENT_MAP) {
        const TwIommu *iommu = &world->program->iommus[op->obj];
        TwFound found = {.space = TW_NONE};

        if (iommu->kind != TW_IOMMU_PAGETABLE || !iommu->pagetable.nested) {
            found =
                tw_iommu_find(world, op->obj, op->index, op->addr, TW_FOREVER);
        }
        event.perm = found.perm;
        event.space = found.space;
        event.out = found.out;
    }
    tw_owed_tell(world, event, op->obj, op->index);
}

/* context: as a silent change of all entries of the index (LA-35) */
static void change_context(TwWorld *world, const TwOp *op, uint16_t number)
{
    class_of(world, op->obj)->change(world, op, number, ++world->now);
    world->silent++;
}

/* Does a command of that scope name a range, a domain, an index? */
static bool has_range(unsigned scope)
{
    return scope == TW_SCOPE_RANGE || scope == TW_SCOPE_LEAF ||
           scope == TW_SCOPE_ANY_RANGE || scope == TW_SCOPE_ANY_LEAF;
}

static bool has_domain(unsigned scope)
{
    return scope == TW_SCOPE_DOMAIN || scope == TW_SCOPE_RANGE ||
           scope == TW_SCOPE_LEAF;
}

/* Is index k one that a command is about (LA-37)? */
static bool is_meant(const TwWorld *world, const TwOp *op, uint8_t k)
{
    TwContext context;

    if (op->scope == TW_SCOPE_CONTEXT) {
        return k == op->whose % world->program->iommus[op->obj].indexes;
    }
    if (!has_domain(op->scope)) {
        return true;
    }
    context = tw_iommu_context(world, op->obj, k, world->now);
    return context.domain == op->whose && (context.mode == TW_CONTEXT_TABLES ||
                                           context.mode == TW_CONTEXT_PASS);
}

/* invalidate: ends records, and is UNMAP on each index that it is about
 * (LA-37). */
static void invalidate(TwWorld *world, const TwOp *op, uint8_t actor,
                       uint16_t number)
{
    unsigned indexes = world->program->iommus[op->obj].indexes;
    bool range = has_range(op->scope), context = op->scope == TW_SCOPE_CONTEXT;
    TwOp whole = *op;

    world->notified++;
    if (range && op->addr > op->last) {
        return;
    }
    if (!has_domain(op->scope) || op->whose <= UINT8_MAX) {
        tw_world_end(world,
                     (TwEnding){.kind = TW_ENDING_COMMAND,
                                .actor = actor,
                                .object = op->obj,
                                .whose = (uint8_t)(context ? op->whose % indexes
                                                           : op->whose),
                                .scope = op->scope,
                                .first = range ? op->addr : 0,
                                .last = range ? op->last : UINT64_MAX,
                                .op = number});
    }
    if (op->scope == TW_SCOPE_GLOBAL || op->scope == TW_SCOPE_CONTEXTS) {
        unmap_all(world, op->obj, TW_ENDING_UNMAP, actor, number);
        return;
    }
    for (unsigned k = 0; k < indexes; k++) {
        if (is_meant(world, op, (uint8_t)k)) {
            whole.index = (uint8_t)k;
            unmap_event(world, &whole, range ? op->addr : 0,
                        range ? op->last : UINT64_MAX, actor, number);
        }
    }
}

/* reset, bypass, destroy: UNMAP of everything, by another name (RU-10) */
static void change_whole(TwWorld *world, const TwOp *op, uint8_t actor,
                         uint16_t number)
{
    const TwIommu *iommu = &world->program->iommus[op->obj];
    bool now_on = world->switches[world->switch_head[op->obj]].on;
    bool on =
        op->code == TW_OP_BYPASS ? (op->flags & TW_OPF_ON) != 0 : iommu->bypass;
    uint32_t tick;

    if (op->code == TW_OP_BYPASS && on == now_on) {
        return;
    }
    tick = ++world->now;
    world->notified++;
    if (op->code == TW_OP_IOMMU_RESET) {
        class_of(world, op->obj)->empty(world, op->obj, number, tick);
    }
    if (on != now_on) {
        switch_bypass(world, op->obj, on, number, tick);
    }
    unmap_all(world, op->obj, TW_ENDING_RESET, actor, number);
}

/* Its notifiers are unregistered without an event (LA-16). */
static void destroy(TwWorld *world, uint8_t iommu, uint8_t actor,
                    uint16_t number)
{
    for (unsigned o = 0; o < TW_MAX_OBSERVERS; o++) {
        if (world->observers[o].iommu == iommu) {
            world->observers[o].live = false;
        }
    }
    tw_world_end(world, (TwEnding){.kind = TW_ENDING_RESET,
                                   .actor = actor,
                                   .object = iommu,
                                   .last = UINT64_MAX,
                                   .op = number});
}

void tw_iommu_start(TwWorld *world)
{
    const TwProgram *program = world->program;

    for (unsigned i = 0; i < program->n_iommus; i++) {
        /* Of kinds that the oracle does not know, too: scenes show them. */
        for (unsigned k = 0; k < TW_MAX_IOMMU_INDEXES; k++) {
            world->table_head[i][k] = TW_NIL;
        }
        world->switch_head[i] = TW_NIL;
        switch_bypass(world, i, program->iommus[i].bypass, TW_NO_OP, 0);
        if (program->iommus[i].kind == TW_IOMMU_MPC) {
            tw_iommu_mpc.empty(world, i, TW_NO_OP, 0);
        }
    }
    for (unsigned i = 0; i < program->n_setup; i++) {
        const TwOp *op = &program->setup[i];

        if (op->code == TW_OP_MAP || op->code == TW_OP_CONTEXT) {
            class_of(world, op->obj)->change(world, op, TW_NO_OP, 0);
        }
    }
}

void tw_iommu_restore(TwWorld *world, uint16_t number)
{
    for (unsigned i = 0; i < world->program->n_iommus; i++) {
        const TwIommuClass *class_ = class_of(world, i);
        bool on = world->saved.bypass[i];

        if (class_) {
            class_->restore(world, i, number);
        }
        if (world->switches[world->switch_head[i]].on != on) {
            switch_bypass(world, i, on, number, world->now);
        }
    }
}

void tw_iommu_perform(TwWorld *world, const TwOp *op, uint8_t actor,
                      uint16_t number)
{
    switch (op->code) {
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
        change_range(world, op, actor, number);
        break;
    case TW_OP_NOTIFY:
        notify(world, op, actor, number);
        break;
    case TW_OP_NOTIFY_ALL:
        unmap_all(world, op->obj, TW_ENDING_UNMAP, actor, number);
        break;
    case TW_OP_IOMMU_RESET:
    case TW_OP_BYPASS:
        change_whole(world, op, actor, number);
        break;
    case TW_OP_CONTEXT:
        change_context(world, op, number);
        break;
    case TW_OP_INVALIDATE:
        invalidate(world, op, actor, number);
        break;
    case TW_OP_MPC_READ:
        tw_mpc_read(world, op);
        break;
    case TW_OP_MPC_WRITE:
        tw_mpc_write(world, op, actor, number);
        break;
    case TW_OP_IOMMU_DESTROY:
        destroy(world, op->obj, actor, number);
        break;
    default:
        g_assert_not_reached();
    }
}
