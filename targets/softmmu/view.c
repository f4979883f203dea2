/* SPDX-License-Identifier: MIT */
/*
 * The region graph rendered into flat views (FV rules), which spaces
 * share one (FV-6, FV-7), and what an effective commit publishes.
 *
 * Rendering goes depth first in child order with a clip range; each terminating
 * region fills the part of its range that is still free.  A graph in which
 * aliases multiply the pieces beyond MAX_RANGES is not rendered: its view stays
 * `unrendered`, and each address is searched in a copy of the committed graph,
 * which is slow and right.
 */
#include "targets/softmmu/internal.h"

static const Wide WIDE_END = (Wide)1 << 64;

static Wide region_size(const Machine *m, const Region *region)
{
    if (region->size == UINT64_MAX && !TW_BUG(m, SIZE_LOSES_BIT_64)) {
        return WIDE_END; /* AR-2 */
    }
    return TW_BUG(m, SIZE_ZERO_IS_ONE) ? MAX(region->size, 1) : region->size;
}

static bool region_terminates(const Machine *m, const Region *region)
{
    bool terminates =
        region->kind != TW_REGION_CONTAINER && region->kind != TW_REGION_ALIAS;

    return zoo_terminates(m, region, terminates);
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

/* What an alias passes on of the flags on its path (FV-2). */
static uint8_t alias_flags(const Machine *m, uint8_t flags)
{
    flags |= TW_BUG(m, DISABLED_TARGET_SHOWN) ? FLAG_ALIASED : 0;
    return TW_BUG(m, READONLY_LOST_AT_ALIAS) ? flags & ~FLAG_READONLY : flags;
}

/* Where an alias whose origin is `origin` puts the container of its target:
 * it may lie below zero (AR-1). */
static Wide alias_base(const Machine *m, const Region *regions,
                       const Region *alias, Wide origin)
{
    const Region *target = &regions[alias->target];

    return zoo_alias_base(m, target,
                          origin - target->addr - alias->alias_offset);
}

/* What a region passes on to its children of the flags on the path to it. */
static uint8_t child_flags(const Machine *m, const Region *region,
                           uint8_t flags)
{
    return TW_BUG(m, READONLY_LOST_BELOW) ? flags & ~region->flags : flags;
}

/* Rendering -------------------------------------------------------------- */

typedef struct Render {
    const Machine *m;
    const Region *regions;
    View *view;
    unsigned visits;
} Render;

/* Moves the ranges from `at` on to the next place: the end first, in parts that
 * do not overlap.  (The memmove() of AddressSanitizer moves byte by byte.) */
static void make_room(View *view, unsigned at)
{
    Range part[32];

    for (unsigned end = view->n; end > at;) {
        unsigned n = MIN(end - at, G_N_ELEMENTS(part));

        end -= n;
        memcpy(part, &view->ranges[end], n * sizeof(*part));
        memcpy(&view->ranges[end + 1], part, n * sizeof(*part));
    }
}

static bool render_insert(const Machine *m, View *view, unsigned at,
                          Range range)
{
    if (view->n == MAX_RANGES) {
        return TW_BUG(m, RANGES_BEYOND_LIMIT_LOST);
    }
    if (at < view->n) {
        make_room(view, at);
    }
    view->ranges[at] = range;
    view->n++;
    return true;
}

/* Puts `leaf` with origin `origin` into the gaps of first .. last. */
static bool render_pour(const Machine *m, View *view, uint8_t leaf,
                        uint8_t flags, Wide origin, uint64_t first,
                        uint64_t last)
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
            origin = TW_BUG(m, OFFSET_FROM_GAP) && i > 0 ? first : origin;
            if (!render_insert(m, view, i,
                               (Range){.first = first,
                                       .last = end,
                                       .offset = (uint64_t)(first - origin),
                                       .region = leaf,
                                       .flags = flags})) {
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

static bool render_region(Render *r, uint8_t id, Wide base, Wide first,
                          Wide end, uint8_t flags);

/* Renders what an alias whose origin is `origin` shows into first .. end - 1.
 */
static bool render_target(Render *r, const Region *alias, Wide origin,
                          Wide first, Wide end, uint8_t flags)
{
    const Machine *m = r->m;
    TwRegionSet visited = r->view->visited;
    bool fits = zoo_hides_target(m, r->regions, alias->target) ||
                render_region(r, alias->target,
                              alias_base(m, r->regions, alias, origin), first,
                              end, alias_flags(m, flags));

    zoo_forget_visits(m, r->view, &visited);
    return fits;
}

/* Renders `id`, whose container starts at `base`, into first .. end - 1. */
static bool render_region(Render *r, uint8_t id, Wide base, Wide first,
                          Wide end, uint8_t flags)
{
    const Machine *m = r->m;
    const Region *region = &r->regions[id];
    Wide origin = base + region->addr;

    tw_regions_add(&r->view->visited, id);
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
    if (end > origin + region_size(m, region) &&
        !(TW_BUG(m, ALIAS_EXTENT_IGNORED) && region->kind == TW_REGION_ALIAS)) {
        end = origin + region_size(m, region);
    }
    if (first >= end) {
        return true;
    }
    flags |= region->flags & FLAGS_INHERITED;
    if (region->kind == TW_REGION_ALIAS &&
        !render_target(r, region, origin, first, end, flags)) {
        return false;
    }
    for (uint8_t c = region->child; c != TW_NONE; c = r->regions[c].next) {
        if (!render_region(r, c, origin, first, end,
                           child_flags(m, region, flags))) {
            return false;
        }
    }
    zoo_wrap_end(m, r->view, id, region, leaf_flags(region, flags), origin);
    return !region_terminates(m, region) ||
           render_pour(m, r->view, id, leaf_flags(region, flags), origin,
                       (uint64_t)first, (uint64_t)(end - 1));
}

/* FV-4: does `b` continue `a`, so that one range can be both? */
static bool range_continues(const Machine *m, const Range *a, const Range *b)
{
    uint8_t ignored =
        (TW_BUG(m, MERGE_IGNORES_READONLY) ? FLAG_READONLY : 0) |
        (TW_BUG(m, MERGE_IGNORES_UNMERGEABLE) ? FLAG_UNMERGEABLE : 0);

    return a->last + 1 == b->first && a->region == b->region &&
           (Wide)a->offset + (b->first - a->first) == (Wide)b->offset &&
           ((a->flags ^ b->flags) & ~ignored) == 0 &&
           (a->flags & FLAG_UNMERGEABLE & ~ignored) == 0 &&
           !TW_BUG(m, NOTHING_MERGES);
}

static void render_merge(const Machine *m, View *view)
{
    unsigned to = 0;

    for (unsigned i = 1; i < view->n; i++) {
        Range *a = &view->ranges[to];
        const Range *b = &view->ranges[i];

        if (range_continues(m, a, b)) {
            a->last = b->last;
        } else {
            view->ranges[++to] = *b;
        }
    }
    if (view->n > 0) {
        view->n = to + 1;
    }
}

/* Without memory for its ranges, a view is searched until the next commit that
 * acts (RU-8). */
static void view_postpone(View *view)
{
    view->hint_first = 1;
    view->hint_last = 0;
    view->n = 0;
    view->visited = tw_regions_all();
    view->built = false;
    view->unrendered = true;
    view->stale = true;
}

static bool view_is_postponed(const View *view)
{
    return view->unrendered && view->stale;
}

static void view_render(Machine *m, View *view)
{
    Render r = {.m = m, .regions = m->regions, .view = view};

    if (!allocate(m, "the ranges of a view")) {
        if (!TW_BUG(m, FAILED_RENDER_KEEPS_VIEW) || view->stale) {
            view_postpone(view);
        }
        return;
    }
    count(m, TW_COUNT_RENDER);
    if (view->stale || !TW_BUG(m, HINT_SURVIVES_COMMIT)) { /* DS-3 */
        view->hint_first = 1;
        view->hint_last = 0;
    }
    view->n = 0;
    view->visited = (TwRegionSet){{0}};
    view->built = false;
    view->unrendered = false;
    view->stale = false;
    if (!render_region(&r, view->root, 0, 0, WIDE_END,
                       TW_BUG(m, DISABLED_ROOT_SHOWN) ? FLAG_ALIASED : 0)) {
        view->unrendered = true;
        view->n = 0;
        view->visited = tw_regions_all();
        TELL(m, "render",
             "the view of r%u: too many ranges, searched instead "
             "(DS-9)",
             view->root);
        return;
    }
    render_merge(m, view);
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
        addr >= origin + region_size(m, region)) {
        return false;
    }
    flags &= FLAGS_INHERITED;
    flags |= region->flags & FLAGS_INHERITED;
    if (region->kind == TW_REGION_ALIAS) {
        return search_region(m, regions, region->target,
                             alias_base(m, regions, region, origin), addr,
                             alias_flags(m, flags), leaf);
    }
    for (uint8_t c = region->child; c != TW_NONE; c = regions[c].next) {
        if (search_region(m, regions, c, origin, addr,
                          child_flags(m, region, flags), leaf)) {
            return true;
        }
    }
    if (!region_terminates(m, region)) {
        return false;
    }
    *leaf = (Leaf){.region = id,
                   .flags = leaf_flags(region, flags),
                   .offset = (uint64_t)(addr - origin)};
    return true;
}

/* Sharing and publishing ------------------------------------------------- */

/* The only region that `id` shows, and nothing beside it; TW_NONE: it shows
 * nothing; `id`: it shows more than another region. */
static uint8_t only_shown(const Machine *m, uint8_t id)
{
    const Region *region = &m->regions[id];
    uint8_t only = TW_NONE;

    if (region->kind == TW_REGION_ALIAS) {
        return region->alias_offset == 0 ? region->target : id;
    }
    if (region->kind != TW_REGION_CONTAINER) {
        return id;
    }
    for (uint8_t c = region->child; c != TW_NONE; c = m->regions[c].next) {
        if (!m->regions[c].enabled) {
            continue;
        }
        if (only != TW_NONE && !TW_BUG(m, COLLAPSE_TO_LAST_CHILD)) {
            return id;
        }
        only = c;
    }
    return only;
}

/*
 * The root whose rendering equals that of `id`, so that spaces can share a
 * view; TW_NONE: nothing to see.  Unobservable (FV-6): a wrapper is skipped
 * only if it has no flags, and nothing is skipped if that moved what is
 * behind it (FV-7).
 */
static uint8_t collapse_root(const Machine *m, uint8_t id)
{
    if (m->regions[id].enabled ? m->regions[id].addr != 0
                               : TW_BUG(m, DISABLED_ROOT_SHOWN)) {
        return id;
    }
    for (;;) {
        const Region *region = &m->regions[id];
        uint8_t next;

        if (!region->enabled) {
            return TW_NONE;
        }
        if ((region->flags & FLAGS_INHERITED) &&
            !TW_BUG(m, COLLAPSE_IGNORES_FLAGS)) {
            return id;
        }
        next = only_shown(m, id);
        if (next == TW_NONE || next == id) {
            return next;
        }
        if ((m->regions[next].addr != 0 &&
             !(TW_BUG(m, COLLAPSE_IGNORES_ADDR) &&
               region->kind == TW_REGION_ALIAS)) ||
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
        uint8_t root = m->program->spaces[s].root;

        roots[s] = !(m->spaces_live >> s & 1)   ? TW_NONE
                   : TW_BUG(m, NEVER_COLLAPSES) ? root
                                                : collapse_root(m, root);
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
            tw_regions_meet(&view->visited, &m->changed)) {
            m->spaces_changed |= 1u << s;
        }
        m->published[s] = view;
    }
    for (unsigned i = 0; i < n; i++) {
        View *view = &m->views[i];
        if (view->root == TW_NONE) {
            continue;
        }
        if (view->stale || m->full_rebuild || TW_BUG(m, RENDERS_ALL) ||
            tw_regions_meet(&view->visited, &m->changed)) {
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
    m->changed = (TwRegionSet){{0}};
}
