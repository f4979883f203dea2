/* SPDX-License-Identifier: MIT */
/*
 * The live region graph, its transactions (LA-5 to LA-7), and the flat view
 * that an effective commit makes of it.  Everything that matters here is a
 * multiple of a page, so the view is an array of pages.
 */
#include <string.h>

#include "targets/unicorn/internal.h"

/* Visits of regions in one rendering.  Aliases of containers of aliases can
 * ask for more than anybody can wait for. */
enum { MAX_VISITS = 1 << 18 };

static int64_t pages_of(uint64_t size)
{
    return size == UINT64_MAX ? INT64_C(1) << (64 - PAGE_LG)
                              : (int64_t)(size >> PAGE_LG);
}

/* Puts a region into its container's list, the first of its class (MR-5). */
static void child_insert(Machine *m, uint8_t id)
{
    Region *region = &m->regions[id];
    uint8_t *link = &m->regions[region->container].child;

    while (*link != TW_NONE &&
           m->regions[*link].priority > region->priority) {
        link = &m->regions[*link].next;
    }
    region->next = *link;
    *link = id;
}

static void child_remove(Machine *m, uint8_t id)
{
    Region *region = &m->regions[id];
    uint8_t *link = &m->regions[region->container].child;

    while (*link != id) {
        link = &m->regions[*link].next;
    }
    *link = region->next;
}

/* Rendering -------------------------------------------------------------- */

/* Shows `id`, whose container begins at page `base`, in those of the pages
 * first .. end - 1 that show nothing yet. */
static bool render(Machine *m, uint8_t id, int64_t base, int64_t first,
                   int64_t end, unsigned *visits)
{
    const Region *region = &m->regions[id];
    int64_t origin = base + region->addr;

    if (!region->enabled) {
        return true;
    }
    if (++*visits > MAX_VISITS) {
        return false;
    }
    first = MAX(first, origin);
    end = MIN(end, origin + region->size);
    if (first >= end) {
        return true;
    }
    if (region->kind == TW_REGION_ALIAS) {
        return render(m, region->target,
                      origin - region->alias_offset -
                          m->regions[region->target].addr,
                      first, end, visits);
    }
    for (uint8_t c = region->child; c != TW_NONE; c = m->regions[c].next) {
        if (!render(m, c, origin, first, end, visits)) {
            return false;
        }
    }
    if (region->kind == TW_REGION_RAM || region->kind == TW_REGION_MMIO) {
        bool ram = region->kind == TW_REGION_RAM;
        Shown shown = shown_make(ram ? SHOWS_RAM : SHOWS_DEVICE,
                                 ram ? region->block : id,
                                 (uint32_t)(first - origin));
        for (int64_t p = first; p < end; p++, shown++) {
            if (m->view[p] == 0) {
                m->view[p] = shown;
            }
        }
    }
    return true;
}

static void publish(Machine *m)
{
    unsigned visits = 0;

    memset(m->view, 0, sizeof(m->view));
    if (m->root != TW_NONE && !render(m, m->root, 0, 0, PAGES, &visits)) {
        m->broken = true;
        m->trace->end = TW_END_UNSUPPORTED;
        m->trace->end_op = (uint16_t)m->op;
        g_strlcpy(m->trace->text, "regions shown too many times",
                  sizeof(m->trace->text));
        return;
    }
    tw_uc_map_sync(m, 0, PAGES);
}

/* Changes ---------------------------------------------------------------- */

static void move(Machine *m, uint8_t id, int64_t addr)
{
    Region *region = &m->regions[id];

    if (region->addr == addr) {
        return;
    }
    region->addr = addr;
    if (region->container != TW_NONE) {
        child_remove(m, id);
        child_insert(m, id); /* MR-7 */
        m->pending = true;
    }
}

static void change(Machine *m, const TwOp *op)
{
    Region *region = &m->regions[op->obj];
    bool on = op->flags & TW_OPF_ON;

    switch (op->code) {
    case TW_OP_ADD:
        region->container = op->other;
        region->addr = pages_of(op->addr);
        region->priority = op->priority;
        child_insert(m, op->obj);
        m->pending |= region->enabled && m->regions[op->other].enabled;
        break;
    case TW_OP_DEL:
        m->pending |= region->enabled && m->regions[region->container].enabled;
        child_remove(m, op->obj);
        region->container = TW_NONE;
        break;
    case TW_OP_MOVE:
        move(m, op->obj, pages_of(op->addr));
        break;
    case TW_OP_RESIZE:
        m->pending |= region->size != pages_of(op->last);
        region->size = pages_of(op->last);
        break;
    case TW_OP_ENABLE:
        m->pending |= region->enabled != on;
        region->enabled = on;
        break;
    case TW_OP_PRIORITY:
        child_remove(m, op->obj);
        region->priority = op->priority;
        child_insert(m, op->obj);
        m->pending |= region->enabled && m->regions[region->container].enabled;
        break;
    case TW_OP_ALIAS_OFFSET:
        m->pending |= region->alias_offset != pages_of(op->addr) &&
                      region->enabled;
        region->alias_offset = pages_of(op->addr);
        break;
    default:
        g_assert_not_reached();
    }
}

void tw_uc_graph_change(Machine *m, const TwOp *op)
{
    if (op->code == TW_OP_BEGIN) {
        m->depth++;
        return;
    }
    if (op->code == TW_OP_COMMIT) {
        m->depth--;
    } else {
        change(m, op);
    }
    if (m->depth == 0 && m->pending) {
        m->pending = false;
        publish(m);
    }
}

void tw_uc_graph_init(Machine *m)
{
    const TwProgram *program = m->program;

    for (unsigned i = 0; i < program->n_regions; i++) {
        const TwRegion *from = &program->regions[i];
        m->regions[i] = (Region){
            .size = pages_of(from->size),
            .addr = pages_of(from->addr),
            .alias_offset = pages_of(from->alias_offset),
            .priority = from->priority,
            .kind = from->kind,
            .container = from->container,
            .target = from->target,
            .child = TW_NONE,
            .next = TW_NONE,
            .block = from->block,
            .enabled = from->enabled,
        };
    }
    for (unsigned i = 0; i < program->n_regions; i++) {
        if (m->regions[i].kind != TW_REGION_NONE &&
            m->regions[i].container != TW_NONE) {
            child_insert(m, (uint8_t)i);
        }
    }
    m->root = program->n_spaces > 0 && program->spaces[0].present
                  ? program->spaces[0].root
                  : TW_NONE;
    m->depth = 0;
    m->pending = false;
    publish(m);
}
