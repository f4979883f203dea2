/* SPDX-License-Identifier: MIT */
/*
 * The region graph rendered into flat views (FV rules), which spaces
 * share one (FV-6, FV-7), and what an effective commit publishes.
 *
 * Rendering goes depth first in child order with a clip range and pours each
 * terminating region into what nothing rendered before it has claimed.  A
 * graph in which aliases multiply the pieces beyond MAX_RANGES is not
 * rendered: its view stays `unrendered` and every address is searched for by
 * itself in a copy of the committed graph, which is slow and right.
 */
#include "targets/softmmu/internal.h"

static const Wide WIDE_END = (Wide)1 << 64;

static Wide region_size(const Region *region)
{
    return region->size == UINT64_MAX ? WIDE_END : (Wide)region->size;
}

static bool region_terminates(const Region *region)
{
    return region->kind != TW_REGION_CONTAINER &&
           region->kind != TW_REGION_ALIAS;
}

/* The flags that a leaf reached with `inherited` shows (FV-2, LA-9). */
static uint8_t leaf_flags(const Region *region, uint8_t inherited)
{
    uint8_t flags = inherited & FLAGS_INHERITED;

    if (region->kind == TW_REGION_ROM) {
        flags |= FLAG_READONLY;
    }
    if (region->kind == TW_REGION_ROMD) {
        flags |= region->flags & FLAG_ROMD;
    }
    return flags;
}

/* Does a region that was reached with `inherited` show anything? */
static bool region_shows(const Region *region, uint8_t inherited)
{
    return region->enabled || (inherited & FLAG_ALIASED);
}

/* What an alias adds to the flags that its target inherits. */
static uint8_t alias_flags(const Machine *m)
{
    return TW_BUG(DISABLED_TARGET_SHOWN) ? FLAG_ALIASED : 0;
}

/* Rendering -------------------------------------------------------------- */

typedef struct Render {
    const Machine *m;
    const Region *regions;
    View *view;
    unsigned visits;
} Render;

static bool render_insert(View *view, unsigned at, Range range)
{
    if (view->n == MAX_RANGES) {
        return false;
    }
    memmove(&view->ranges[at + 1], &view->ranges[at],
            (view->n - at) * sizeof(Range));
    view->ranges[at] = range;
    view->n++;
    return true;
}

/* Puts `leaf` with origin `origin` into the gaps of first .. last. */
static bool render_pour(View *view, uint8_t leaf, uint8_t flags, Wide origin,
                        uint64_t first, uint64_t last)
{
    unsigned i = 0;

    for (unsigned high = view->n; i < high;) {
        unsigned middle = (i + high) / 2;
        if (view->ranges[middle].last < first) {
            i = middle + 1;
        } else {
            high = middle;
        }
    }
    for (;; i++) {
        uint64_t end = last;

        if (i == view->n || view->ranges[i].first > first) {
            if (i < view->n && view->ranges[i].first <= last) {
                end = view->ranges[i].first - 1;
            }
            if (!render_insert(view, i,
                               (Range){.first = first, .last = end,
                                       .offset = (uint64_t)(first - origin),
                                       .region = leaf, .flags = flags})) {
                return false;
            }
        } else {
            end = view->ranges[i].last;
        }
        if (end >= last) {
            return true;
        }
        first = end + 1;
    }
}

/* Renders `id`, whose container starts at `base`, into first .. end - 1. */
static bool render_region(Render *r, uint8_t id, Wide base, Wide first,
                          Wide end, uint8_t flags)
{
    const Region *region = &r->regions[id];
    Wide origin = base + region->addr;

    r->view->visited |= UINT64_C(1) << id;
    if (!region_shows(region, flags)) {
        return true;
    }
    flags &= FLAGS_INHERITED;
    if (++r->visits > MAX_VISITS) {
        return false;
    }
    if (first < origin) {
        first = origin;
    }
    if (end > origin + region_size(region)) {
        end = origin + region_size(region);
    }
    if (first >= end) {
        return true;
    }
    flags |= region->flags & FLAGS_INHERITED;
    if (region->kind == TW_REGION_ALIAS) {
        return render_region(r, region->target,
                             origin - r->regions[region->target].addr -
                                 region->alias_offset,
                             first, end, flags | alias_flags(r->m));
    }
    for (uint8_t c = region->child; c != TW_NONE; c = r->regions[c].next) {
        if (!render_region(r, c, origin, first, end, flags)) {
            return false;
        }
    }
    return !region_terminates(region) ||
           render_pour(r->view, id, leaf_flags(region, flags), origin,
                       (uint64_t)first, (uint64_t)(end - 1));
}

/* FV-4: joins ranges that continue each other. */
static void render_merge(View *view)
{
    unsigned to = 0;

    for (unsigned i = 1; i < view->n; i++) {
        Range *a = &view->ranges[to];
        const Range *b = &view->ranges[i];

        if (a->last + 1 == b->first && a->region == b->region &&
            (Wide)a->offset + (b->first - a->first) == (Wide)b->offset &&
            a->flags == b->flags && !(a->flags & FLAG_UNMERGEABLE)) {
            a->last = b->last;
        } else {
            view->ranges[++to] = *b;
        }
    }
    if (view->n > 0) {
        view->n = to + 1;
    }
}

static void view_render(Machine *m, View *view)
{
    Render r = {.m = m, .regions = m->regions, .view = view};

    count(m, TW_COUNT_RENDER);
    view->n = 0;
    view->visited = 0;
    view->built = false;
    view->unrendered = false;
    view->stale = false;
    view->hint_first = 1;
    view->hint_last = 0;
    if (!render_region(&r, view->root, 0, 0, WIDE_END, 0)) {
        view->unrendered = true;
        view->n = 0;
        view->visited = UINT64_MAX;
        return;
    }
    render_merge(view);
    TELL(m, "render", "the view of r%u: %u ranges", view->root, view->n);
}

/* Searching -------------------------------------------------------------- */

/* One address of an unrendered view, resolved as RULES.md has it. */
static bool search_region(const Machine *m, const Region *regions, uint8_t id,
                          Wide base, Wide addr, uint8_t flags, Leaf *leaf)
{
    const Region *region = &regions[id];
    Wide origin = base + region->addr;

    if (!region_shows(region, flags) || addr < origin ||
        addr >= origin + region_size(region)) {
        return false;
    }
    flags &= FLAGS_INHERITED;
    flags |= region->flags & FLAGS_INHERITED;
    if (region->kind == TW_REGION_ALIAS) {
        return search_region(m, regions, region->target,
                             origin - regions[region->target].addr -
                                 region->alias_offset,
                             addr, flags | alias_flags(m), leaf);
    }
    for (uint8_t c = region->child; c != TW_NONE; c = regions[c].next) {
        if (search_region(m, regions, c, origin, addr, flags, leaf)) {
            return true;
        }
    }
    if (!region_terminates(region)) {
        return false;
    }
    *leaf = (Leaf){.region = id, .flags = leaf_flags(region, flags),
                   .offset = (uint64_t)(addr - origin)};
    return true;
}

/* Sharing and publishing ------------------------------------------------- */

/*
 * The root whose rendering equals that of `id`, so that spaces can share a
 * view; TW_NONE: nothing to see.  Unobservable (FV-6): a wrapper is skipped
 * only if it has no flags, and nothing is skipped if that moved what is
 * behind it (FV-7).
 */
static uint8_t collapse_root(const Machine *m, uint8_t id)
{
    if (m->regions[id].enabled && m->regions[id].addr != 0) {
        return id;
    }
    for (;;) {
        const Region *region = &m->regions[id];
        uint8_t next = TW_NONE;

        if (!region->enabled) {
            return TW_NONE;
        }
        if (region->flags & FLAGS_INHERITED) {
            return id;
        }
        if (region->kind == TW_REGION_ALIAS) {
            if (region->alias_offset != 0) {
                return id;
            }
            next = region->target;
        } else if (region->kind == TW_REGION_CONTAINER) {
            for (uint8_t c = region->child; c != TW_NONE;
                 c = m->regions[c].next) {
                if (m->regions[c].enabled) {
                    if (next != TW_NONE) {
                        return id;
                    }
                    next = c;
                }
            }
            if (next == TW_NONE) {
                return TW_NONE;
            }
        } else {
            return id;
        }
        if (m->regions[next].addr != 0 ||
            m->regions[next].size > region->size) {
            return id;
        }
        id = next;
    }
}

/* The view of a collapsed root, which may be one yet to be rendered. */
static View *view_for(Machine *m, uint8_t root)
{
    View *slot = NULL;

    if (root == TW_NONE) {
        return &m->empty;
    }
    for (unsigned i = 0; i < m->program->n_spaces; i++) {
        if (m->views[i].root == root) {
            return &m->views[i];
        }
        if (m->views[i].root == TW_NONE) {
            slot = &m->views[i];
        }
    }
    slot->root = root;
    slot->stale = true;
    return slot;
}

/* Publishes the live graph as the committed topology (TX-3, LA-7). */
static void views_publish(Machine *m)
{
    unsigned n = m->program->n_spaces;
    uint8_t roots[TW_MAX_SPACES];
    View *now[TW_MAX_SPACES];
    bool unrendered = false;

    /* Which views are still wanted; the slots of the others are free. */
    for (unsigned i = 0; i < n; i++) {
        m->views[i].wanted = false;
    }
    for (unsigned s = 0; s < n; s++) {
        roots[s] = m->spaces_live >> s & 1
                       ? collapse_root(m, m->program->spaces[s].root)
                       : TW_NONE;
        for (unsigned i = 0; i < n && roots[s] != TW_NONE; i++) {
            if (m->views[i].root == roots[s]) {
                m->views[i].wanted = true;
            }
        }
    }
    for (unsigned i = 0; i < n; i++) {
        if (!m->views[i].wanted) {
            m->views[i].root = TW_NONE;
        }
    }
    for (unsigned s = 0; s < n; s++) {
        now[s] = view_for(m, roots[s]);
    }

    m->spaces_changed = 0;
    for (unsigned s = 0; s < n; s++) {
        View *view = now[s];
        if (view != m->published[s] || view->stale ||
            (view->visited & m->changed)) {
            m->spaces_changed |= 1u << s;
        }
        m->published[s] = view;
    }
    for (unsigned i = 0; i < n; i++) {
        View *view = &m->views[i];
        if (view->root == TW_NONE) {
            continue;
        }
        if (view->stale || m->full_rebuild || (view->visited & m->changed)) {
            view_render(m, view);
        }
        unrendered |= view->unrendered;
    }
    m->committed_spaces = m->spaces_live;
    m->views_new = true;
    if (unrendered || m->check) {
        memcpy(m->committed, m->regions,
               m->program->n_regions * sizeof(Region));
    }
    m->changed = 0;
}
