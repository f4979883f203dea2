/* SPDX-License-Identifier: MIT */
/*
 * From an address to a section of a view (DS rules): a radix tree over page
 * numbers whose entries are sections (section 0: unassigned), or, for pages
 * that no section covers, sub-page containers.  Built on the first lookup in
 * a view; its height is that of the view's last page, and whole aligned
 * blocks of pages are one entry at an inner level.  A view that needs more
 * nodes than there are is searched by bisection instead.
 */
#include "targets/softmmu/internal.h"

/* Enters `value` for pages first .. last of the 16^level that `slot` spans. */
static bool tree_set(View *view, uint16_t *slot, unsigned level, uint64_t first,
                     uint64_t last, uint16_t value)
{
    unsigned shift = (level - 1) * NODE_LG;
    uint16_t *node;

    if (first == 0 && last == low_mask(level * NODE_LG)) {
        *slot = value;
        return true;
    }
    if (*slot & ENTRY_NODE) {
        node = view->nodes[*slot & ~ENTRY_NODE];
    } else {
        if (view->n_nodes == MAX_NODES) {
            return false;
        }
        node = view->nodes[view->n_nodes];
        memset(node, 0, sizeof(view->nodes[0]));
        *slot = ENTRY_NODE | view->n_nodes++;
    }
    if (shift == 0) {
        view->lowest = *slot & ~ENTRY_NODE;
    }
    for (uint64_t i = first >> shift; i <= last >> shift; i++) {
        uint64_t from = i == first >> shift ? first & low_mask(shift) : 0;
        uint64_t to =
            i == last >> shift ? last & low_mask(shift) : low_mask(shift);
        if (shift == 0) {
            node[i] = value;
        } else if (!tree_set(view, &node[i], level - 1, from, to, value)) {
            return false;
        }
    }
    return true;
}

/* Small ranges come in a row: if the last one was in the same node of the
 * lowest level, the way to it is known. */
static bool tree_pages(View *view, uint64_t first, uint64_t last,
                       uint16_t value)
{
    uint64_t block = first >> NODE_LG;

    if (view->height == 0) { /* the whole view is page 0 */
        view->top = value;
        return true;
    }
    if (view->lowest == NO_NODE || block != view->lowest_block ||
        block != last >> NODE_LG) {
        bool entered;

        view->lowest = NO_NODE;
        entered = tree_set(view, &view->top, view->height, first, last, value);
        view->lowest_block = block;
        if (block != last >> NODE_LG) {
            view->lowest = NO_NODE; /* of which block is not known */
        }
        return entered;
    }
    for (uint64_t i = first; i <= last; i++) {
        view->nodes[view->lowest][i & low_mask(NODE_LG)] = value;
    }
    return true;
}

/* Range `i` meets `page` without covering it: a container there has it. */
static bool tree_partial(View *view, unsigned i, uint64_t page)
{
    if (view->n_containers > 0) {
        Container *last = &view->containers[view->n_containers - 1];
        if (last->page == page) {
            last->count++;
            return true;
        }
    }
    view->containers[view->n_containers] =
        (Container){.page = page, .range = i, .count = 1};
    return tree_pages(view, page, page, ENTRY_CONTAINER | view->n_containers++);
}

/* DS-2: each range is cut into partial first page, pages, partial last page. */
static bool tree_build(const Machine *m, View *view)
{
    unsigned p = m->page_lg;

    view->height = 0;
    view->top = SECTION_HOLE;
    view->n_nodes = 0;
    view->lowest = NO_NODE;
    view->n_containers = 0;
    if (view->n == 0) {
        return true;
    }
    while (view->ranges[view->n - 1].last >> p >> (view->height * NODE_LG)) {
        view->height++;
    }
    for (unsigned i = 0; i < view->n; i++) {
        const Range *range = &view->ranges[i];
        uint64_t first = range->first >> p, last = range->last >> p;
        bool head = (range->first & m->page_mask) != 0 &&
                    !TW_BUG(m, PARTIAL_HEAD_IS_WHOLE);
        bool tail = (range->last & m->page_mask) != m->page_mask &&
                    !TW_BUG(m, PARTIAL_TAIL_IS_WHOLE);

        if (head || (tail && first == last)) {
            if (!tree_partial(view, i, first)) {
                return false;
            }
            if (first == last) {
                continue;
            }
            first++;
        }
        if (first + tail <= last &&
            !tree_pages(view, first, last - tail,
                        TW_BUG(m, SECTION_NUMBER_WRAPS) ? 1 + i % 32 : 1 + i)) {
            return false;
        }
        if (tail && !tree_partial(view, i, last)) {
            return false;
        }
    }
    return true;
}

/* The first range that ends at or after `addr`. */
static unsigned range_lower(const View *view, uint64_t addr)
{
    unsigned low = 0, high = view->n;

    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (view->ranges[middle].last < addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Without a tree: an entry for the page of `addr`. */
static uint16_t flat_entry(const Machine *m, const View *view, uint64_t addr)
{
    uint64_t first = addr & ~m->page_mask, last = addr | m->page_mask;
    unsigned i = range_lower(view, first);

    if (i == view->n || view->ranges[i].first > last) {
        return SECTION_HOLE;
    }
    if (view->ranges[i].first <= first && view->ranges[i].last >= last) {
        return i + 1;
    }
    return ENTRY_CONTAINER; /* its ranges are found by bisection, too */
}

static uint16_t find_entry(Machine *m, View *view, uint64_t addr)
{
    uint64_t page = addr >> m->page_lg;
    uint16_t entry;

    if (addr >= view->hint_first && addr <= view->hint_last) {
        return view->hint_entry;
    }
    if (view->unrendered) {
        return ENTRY_CONTAINER;
    }
    if (!view->built) {
        view->flat = !allocate(m, "a dispatch tree") || !tree_build(m, view);
        view->built = true;
        count(m, TW_COUNT_DISPATCH);
        TELL(m, "dispatch", "built for the view of r%u", view->root);
    }
    if (view->flat) {
        return flat_entry(m, view, addr);
    }
    if (page >> (view->height * NODE_LG)) {
        return SECTION_HOLE;
    }
    entry = view->top;
    for (unsigned level = view->height; entry & ENTRY_NODE; level--) {
        entry =
            view->nodes[entry & ~ENTRY_NODE]
                       [page >> ((level - 1) * NODE_LG) & low_mask(NODE_LG)];
    }
    if (entry & ENTRY_CONTAINER) {
        view->hint_first = addr & ~m->page_mask;
        view->hint_last = addr | m->page_mask;
        view->hint_entry = entry;
    } else if (entry != SECTION_HOLE) { /* its whole pages */
        const Range *range = &view->ranges[entry - 1];
        uint64_t head = -range->first & m->page_mask;
        uint64_t tail = (range->last + 1) & m->page_mask;
        view->hint_first = range->first + head;
        view->hint_last = range->last - tail;
        view->hint_entry = entry;
    }
    return entry;
}

/* The entry of the page of `addr`: a section or a container. */
static uint16_t page_entry(Machine *m, View *view, uint64_t addr)
{
    return TW_BUG(m, LAST_PAGE_UNASSIGNED) && (addr | m->page_mask) + 1 == 0
               ? SECTION_HOLE
               : find_entry(m, view, addr);
}

static Leaf leaf_hole(uint64_t more)
{
    return (Leaf){.region = TW_NONE, .section = SECTION_HOLE, .more = more};
}

static Leaf leaf_section(const View *view, unsigned section, uint64_t addr)
{
    const Range *range = &view->ranges[section - 1];

    if (addr < range->first || addr > range->last) { /* DS-3 */
        return leaf_hole(0);
    }
    return (Leaf){.region = range->region,
                  .flags = range->flags,
                  .section = section,
                  .offset = range->offset + (addr - range->first),
                  .more = range->last - addr};
}

/* Looks through a sub-page container. */
static Leaf leaf_in_container(Machine *m, const View *view, uint16_t entry,
                              uint64_t addr)
{
    uint64_t end = addr | m->page_mask;
    uint64_t at = TW_BUG(m, SUBPAGE_BY_WORD) ? addr & ~UINT64_C(7) : addr;
    unsigned i, n;
    Leaf leaf;

    m->access.container = true;
    if (view->unrendered) {
        if (!search_region(m, m->committed, view->root, 0, addr, 0, &leaf)) {
            leaf = leaf_hole(0);
        }
        return leaf;
    }
    if (view->flat) {
        i = range_lower(view, addr);
        n = view->n;
    } else {
        const Container *c = &view->containers[entry & ~ENTRY_CONTAINER];
        i = c->range;
        n = i + c->count;
        while (i < n && view->ranges[i].last < at) {
            i++;
        }
    }
    if (i < n && view->ranges[i].first <= at) {
        leaf = leaf_section(view, i + 1, addr);
        leaf.flags &= TW_BUG(m, READONLY_LOST_IN_SUBPAGE) ? ~FLAG_READONLY : ~0;
        return leaf;
    }
    if (i < n && view->ranges[i].first <= end) {
        end = view->ranges[i].first - 1;
    }
    return leaf_hole(end - addr);
}

/* The committed topology's answer for one address (LA-8: holes at least). */
static Leaf resolve(Machine *m, uint8_t space, uint64_t addr)
{
    View *view = m->published[space];
    uint16_t entry = page_entry(m, view, addr);
    Leaf leaf;

    if (zoo_resolves(m, space, addr, &leaf)) {
        return leaf;
    }
    if (entry & ENTRY_CONTAINER) {
        return leaf_in_container(m, view, entry, addr);
    }
    if (entry == SECTION_HOLE) {
        leaf = leaf_hole(m->page_mask - (addr & m->page_mask));
        leaf.region = TW_BUG(m, HOLE_IS_SECTION_1) && view->n > 0
                          ? view->ranges[0].region
                          : TW_NONE;
        return leaf;
    }
    return leaf_section(view, entry, addr);
}

/*
 * The same for a whole page, without looking through sub-page containers
 * (DS-4): false if the page is one.
 */
static bool resolve_page(Machine *m, uint8_t space, uint64_t page, Leaf *leaf)
{
    View *view = m->published[space];
    uint16_t entry = page_entry(m, view, page);

    if (entry & ENTRY_CONTAINER) {
        m->access.container = true;
        return false;
    }
    *leaf = entry == SECTION_HOLE ? leaf_hole(m->page_mask)
                                  : leaf_section(view, entry, page);
    return true;
}
