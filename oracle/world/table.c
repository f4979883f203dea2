/* SPDX-License-Identifier: MIT */
/*
 * Page maps and IOMMU tables: lists of assignments, newest first, that only
 * ever grow.  What a list says as at time t is what it says when assignments
 * newer than t are passed over; an unmap is an assignment of nothing, so what
 * is older never comes back (LA-12).
 *
 * The operations that change them, and the events that tell of it, are here
 * too.
 */
#include "oracle/world/table.h"

#include <glib.h>

#include "oracle/world/owed.h"

/* Looking up -------------------------------------------------------------- */

TwFound tw_table_find(const TwWorld *world, uint8_t iommu, uint8_t index,
                      uint64_t x, uint32_t t)
{
    uint64_t mask =
        ((uint64_t)1 << world->program->iommus[iommu].granule_lg) - 1;
    TwFound found = {.since = 0, .op = TW_NO_OP, .space = TW_NONE};
    const TwTableEntry *rights = NULL; /* the newest `protect` on the way */
    int32_t i = world->table_head[iommu][index];

    for (; i != TW_NIL; i = world->tables[i].older) {
        const TwTableEntry *entry = &world->tables[i];

        if (entry->tick > t || x < entry->first || x > entry->last) {
            continue;
        }
        if (entry->what == TW_ASSIGN_BACK) {
            /* Since when, the topology says that comes with it. */
            t = (uint32_t)entry->out;
            continue;
        }
        if (entry->what == TW_ASSIGN_RIGHTS) {
            rights = rights ? rights : entry;
            continue;
        }
        found.since = rights ? rights->tick : entry->tick;
        found.op = rights ? rights->op : entry->op;
        if (entry->what == TW_ASSIGN_ENTRY) {
            uint64_t granule = entry->out + ((x & ~mask) - entry->first);

            found.out = (granule & ~mask) | (x & mask);
            found.space = entry->space;
            found.perm = rights ? rights->perm : entry->perm;
        }
        return found;
    }
    return found;
}

TwFound tw_table_translate(const TwWorld *world, uint8_t iommu, uint8_t index,
                           uint64_t x, uint32_t t)
{
    int32_t i = world->switch_head[iommu];
    uint32_t since;
    TwFound found;

    while (world->switches[i].tick > t) {
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
    found = tw_table_find(world, iommu, index, x, t);
    if (found.since < since) {
        found.since = since;
        found.op = world->switches[i].op;
    }
    return found;
}

const TwPageEntry *tw_table_page(const TwWorld *world, uint8_t cpu, uint8_t mmu,
                                 uint64_t addr, uint64_t more, uint32_t t,
                                 bool *uniform)
{
    int32_t i = world->page_head[cpu][mmu];

    *uniform = true;
    for (; i != TW_NIL; i = world->pages[i].older) {
        const TwPageEntry *entry = &world->pages[i];

        if (entry->tick > t || addr + more < entry->first ||
            addr > entry->last) {
            continue;
        }
        if (entry->back) {
            t = (uint32_t)entry->out;
            continue;
        }
        if (addr >= entry->first) {
            *uniform = *uniform && entry->last - addr >= more;
            return entry;
        }
        *uniform = false; /* it begins further on */
    }
    return NULL;
}

/* Is any offset of first .. last mapped now?  Between the ends of assignments
 * the answer is everywhere the same, so only there it needs to be asked. */
static bool any_mapped(const TwWorld *world, uint8_t iommu, uint8_t index,
                       uint64_t first, uint64_t last)
{
    int32_t i = world->table_head[iommu][index];

    if (tw_table_find(world, iommu, index, first, TW_FOREVER).perm) {
        return true;
    }
    for (; i != TW_NIL; i = world->tables[i].older) {
        const TwTableEntry *entry = &world->tables[i];

        if (entry->first > first && entry->first <= last &&
            tw_table_find(world, iommu, index, entry->first, TW_FOREVER).perm) {
            return true;
        }
        if (entry->last >= first && entry->last < last &&
            tw_table_find(world, iommu, index, entry->last + 1, TW_FOREVER)
                .perm) {
            return true;
        }
    }
    return false;
}

/* Assigning --------------------------------------------------------------- */

static void assign_page(TwWorld *world, const TwOp *op, uint16_t number,
                        uint32_t tick)
{
    uint64_t size_1 = op->lg >= 64 ? UINT64_MAX : ((uint64_t)1 << op->lg) - 1;
    int32_t *head = &world->page_head[op->obj][op->index];

    world->pages[world->n_pages] = (TwPageEntry){
        .first = op->addr,
        .last = op->addr + size_1,
        .out = op->out,
        .tick = tick,
        .older = *head,
        .op = number,
        .lg = op->lg,
        .perm = op->code == TW_OP_PAGE ? op->perm : 0,
        .present = op->code == TW_OP_PAGE,
    };
    *head = world->n_pages++;
}

static void assign(TwWorld *world, uint8_t iommu, uint8_t index,
                   TwTableEntry entry)
{
    int32_t *head = &world->table_head[iommu][index];

    entry.older = *head;
    world->tables[world->n_tables] = entry;
    *head = world->n_tables++;
}

/* map, unmap, protect */
static void assign_range(TwWorld *world, const TwOp *op, uint16_t number,
                         uint32_t tick)
{
    TwTableEntry entry = {
        .first = op->addr,
        .last = op->last,
        .out = op->out,
        .tick = tick,
        .op = number,
        .what = TW_ASSIGN_NOTHING,
        .space = op->other,
        .perm = op->perm & (TW_R | TW_W),
    };

    if (op->code != TW_OP_UNMAP && entry.perm) {
        entry.what = op->code == TW_OP_MAP ? TW_ASSIGN_ENTRY : TW_ASSIGN_RIGHTS;
    }
    assign(world, op->obj, op->index, entry);
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

void tw_table_start(TwWorld *world)
{
    const TwProgram *program = world->program;

    for (unsigned c = 0; c < program->n_cpus; c++) {
        for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
            world->page_head[c][m] = TW_NIL;
        }
    }
    for (unsigned i = 0; i < program->n_iommus; i++) {
        for (unsigned k = 0; k < TW_MAX_IOMMU_INDEXES; k++) {
            world->table_head[i][k] = TW_NIL;
        }
        world->switch_head[i] = TW_NIL;
        switch_bypass(world, i, program->iommus[i].bypass, TW_NO_OP, 0);
    }
    for (unsigned i = 0; i < program->n_setup; i++) {
        const TwOp *op = &program->setup[i];

        if (op->code == TW_OP_PAGE) {
            assign_page(world, op, TW_NO_OP, 0);
        } else if (op->code == TW_OP_MAP) {
            assign_range(world, op, TW_NO_OP, 0);
        }
    }
}

/* Telling ----------------------------------------------------------------- */

/* UNMAP of a range, to CPUs and observers. */
static void unmap_event(TwWorld *world, const TwOp *op, uint64_t first,
                        uint64_t last, uint8_t actor, uint16_t number)
{
    tw_world_end(world, (TwEnding){.kind = TW_ENDING_UNMAP,
                                   .actor = actor,
                                   .object = op->obj,
                                   .index = op->index,
                                   .first = first,
                                   .last = last,
                                   .op = number});
    tw_owed_tell(world,
                 (TwEventRecord){.op = number,
                                 .kind = TW_EVENT_UNMAP,
                                 .space = TW_NONE,
                                 .region = TW_NONE,
                                 .first = first,
                                 .last = last},
                 op->obj, op->index);
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
    bool had =
        notified && any_mapped(world, op->obj, op->index, op->addr, op->last);

    assign_range(world, op, number, ++world->now);
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
        TwFound found =
            tw_table_find(world, op->obj, op->index, op->addr, TW_FOREVER);

        event.perm = found.perm;
        event.space = found.space;
        event.out = found.out;
    }
    tw_owed_tell(world, event, op->obj, op->index);
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
        for (unsigned k = 0; k < iommu->indexes; k++) {
            assign(world, op->obj, k,
                   (TwTableEntry){.first = 0,
                                  .last = UINT64_MAX,
                                  .tick = tick,
                                  .op = number,
                                  .what = TW_ASSIGN_NOTHING});
        }
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

static void restore_pages(TwWorld *world, int32_t *head, uint16_t number)
{
    const TwPageEntry *newest = &world->pages[*head == TW_NIL ? 0 : *head];
    uint32_t saved = world->saved.tick;

    if (*head == TW_NIL || newest->tick <= saved ||
        (newest->back && newest->out == saved)) {
        return; /* it says that already */
    }
    world->pages[world->n_pages] = (TwPageEntry){
        .last = UINT64_MAX,
        .out = saved,
        .tick = world->now,
        .older = *head,
        .op = number,
        .back = true,
    };
    *head = world->n_pages++;
}

static void restore_entries(TwWorld *world, uint8_t iommu, uint8_t index,
                            uint16_t number)
{
    int32_t head = world->table_head[iommu][index];
    const TwTableEntry *newest = &world->tables[head == TW_NIL ? 0 : head];
    uint32_t saved = world->saved.tick;

    if (head == TW_NIL || newest->tick <= saved ||
        (newest->what == TW_ASSIGN_BACK && newest->out == saved)) {
        return;
    }
    assign(world, iommu, index,
           (TwTableEntry){.last = UINT64_MAX,
                          .out = saved,
                          .tick = world->now,
                          .op = number,
                          .what = TW_ASSIGN_BACK});
}

void tw_table_restore(TwWorld *world, uint16_t number)
{
    const TwProgram *program = world->program;

    for (unsigned c = 0; c < program->n_cpus; c++) {
        for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
            restore_pages(world, &world->page_head[c][m], number);
        }
    }
    for (unsigned i = 0; i < program->n_iommus; i++) {
        bool on = world->saved.bypass[i];

        for (unsigned k = 0; k < TW_MAX_IOMMU_INDEXES; k++) {
            restore_entries(world, i, k, number);
        }
        if (world->switches[world->switch_head[i]].on != on) {
            switch_bypass(world, i, on, number, world->now);
        }
    }
}

void tw_table_perform(TwWorld *world, const TwOp *op, uint8_t actor,
                      uint16_t number)
{
    switch (op->code) {
    case TW_OP_PAGE:
    case TW_OP_UNPAGE:
        assign_page(world, op, number, ++world->now);
        world->silent++;
        break;
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
    case TW_OP_IOMMU_DESTROY:
        destroy(world, op->obj, actor, number);
        break;
    default:
        g_assert_not_reached();
    }
}
