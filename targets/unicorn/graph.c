/* SPDX-License-Identifier: MIT */
/*
 * The live region graph, its transactions (LA-5 to LA-7), and the flat view
 * that an effective commit makes of it.  Everything that matters here is a
 * multiple of a page, so the view is an array of pages.
 */
#include <string.h>

#include "targets/unicorn/flat.h"

/* Visits of regions in one rendering.  Aliases of containers of aliases can
 * ask for more than anybody can wait for. */
enum { MAX_VISITS = 1 << 18 };

static int64_t pages_of(const Graph *g, uint64_t size)
{
    return size == UINT64_MAX ? INT64_C(1) << (64 - g->page_lg)
                              : (int64_t)(size >> g->page_lg);
}

/* Puts a region into its container's list, the first of its class (MR-5). */
static void child_insert(Graph *g, uint8_t id)
{
    Region *region = &g->regions[id];
    uint8_t *link = &g->regions[region->container].child;

    while (*link != TW_NONE && g->regions[*link].priority > region->priority) {
        link = &g->regions[*link].next;
    }
    region->next = *link;
    *link = id;
}

static void child_remove(Graph *g, uint8_t id)
{
    Region *region = &g->regions[id];
    uint8_t *link = &g->regions[region->container].child;

    while (*link != id) {
        link = &g->regions[*link].next;
    }
    *link = region->next;
}

/* Rendering -------------------------------------------------------------- */

/* Shows `id`, whose container begins at page `base`, in those of the pages
 * first .. end - 1 that show nothing yet. */
static bool render(Graph *g, uint8_t id, int64_t base, int64_t first,
                   int64_t end, unsigned *visits)
{
    const Region *region = &g->regions[id];
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
        return render(g, region->target,
                      origin - region->alias_offset -
                          g->regions[region->target].addr,
                      first, end, visits);
    }
    for (uint8_t c = region->child; c != TW_NONE; c = g->regions[c].next) {
        if (!render(g, c, origin, first, end, visits)) {
            return false;
        }
    }
    if (region->kind == TW_REGION_RAM || region->kind == TW_REGION_MMIO) {
        bool ram = region->kind == TW_REGION_RAM;
        Shown shown =
            shown_make(ram ? SHOWS_RAM : SHOWS_DEVICE, ram ? region->block : id,
                       (uint32_t)(first - origin));
        for (int64_t p = first; p < end; p++, shown++) {
            if (g->view[p] == 0) {
                g->view[p] = shown;
            }
        }
    }
    return true;
}

static void publish(Graph *g)
{
    unsigned visits = 0;
    Shown before[PAGES];

    memcpy(before, g->view, sizeof(before));
    memset(g->view, 0, sizeof(g->view));
    if (g->root != TW_NONE && !render(g, g->root, 0, 0, PAGES, &visits)) {
        g->too_deep = true;
    }
    g->first = 0;
    g->end = PAGES;
    while (g->first < g->end && g->view[g->first] == before[g->first]) {
        g->first++;
    }
    while (g->end > g->first && g->view[g->end - 1] == before[g->end - 1]) {
        g->end--;
    }
}

/* Changes ---------------------------------------------------------------- */

static void move(Graph *g, uint8_t id, int64_t addr)
{
    Region *region = &g->regions[id];

    if (region->addr == addr) {
        return;
    }
    region->addr = addr;
    if (region->container != TW_NONE) {
        child_remove(g, id);
        child_insert(g, id); /* MR-7 */
        g->pending = true;
    }
}

static void change(Graph *g, const TwOp *op)
{
    Region *region = &g->regions[op->obj];
    bool on = op->flags & TW_OPF_ON;

    switch (op->code) {
    case TW_OP_ADD:
        region->container = op->other;
        region->addr = pages_of(g, op->addr);
        region->priority = op->priority;
        child_insert(g, op->obj);
        g->pending |= region->enabled && g->regions[op->other].enabled;
        break;
    case TW_OP_DEL:
        g->pending |= region->enabled && g->regions[region->container].enabled;
        child_remove(g, op->obj);
        region->container = TW_NONE;
        break;
    case TW_OP_MOVE:
        move(g, op->obj, pages_of(g, op->addr));
        break;
    case TW_OP_RESIZE:
        g->pending |= region->size != pages_of(g, op->last);
        region->size = pages_of(g, op->last);
        break;
    case TW_OP_ENABLE:
        g->pending |= region->enabled != on;
        region->enabled = on;
        break;
    case TW_OP_PRIORITY:
        child_remove(g, op->obj);
        region->priority = op->priority;
        child_insert(g, op->obj);
        g->pending |= region->enabled && g->regions[region->container].enabled;
        break;
    case TW_OP_ALIAS_OFFSET:
        g->pending |=
            region->alias_offset != pages_of(g, op->addr) && region->enabled;
        region->alias_offset = pages_of(g, op->addr);
        break;
    default:
        g_assert_not_reached();
    }
}

bool tw_uc_graph_change(Graph *g, const TwOp *op)
{
    if (op->code == TW_OP_BEGIN) {
        g->depth++;
        return false;
    }
    if (op->code == TW_OP_COMMIT) {
        g->depth--;
    } else {
        change(g, op);
    }
    if (g->depth > 0 || !g->pending) {
        return false;
    }
    g->pending = false;
    publish(g);
    return true;
}

void tw_uc_graph_init(Graph *g, const TwProgram *program, unsigned page_lg)
{
    g->page_lg = (uint8_t)page_lg;
    for (unsigned i = 0; i < program->n_regions; i++) {
        const TwRegion *from = &program->regions[i];
        g->regions[i] = (Region){
            .size = pages_of(g, from->size),
            .addr = pages_of(g, from->addr),
            .alias_offset = pages_of(g, from->alias_offset),
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
        if (g->regions[i].kind != TW_REGION_NONE &&
            g->regions[i].container != TW_NONE) {
            child_insert(g, (uint8_t)i);
        }
    }
    g->root = program->n_spaces > 0 && program->spaces[0].present
                  ? program->spaces[0].root
                  : TW_NONE;
    g->depth = 0;
    g->pending = false;
    g->too_deep = false;
    memset(g->view, 0, sizeof(g->view));
    publish(g);
}
