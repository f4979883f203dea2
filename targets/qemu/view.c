/* SPDX-License-Identifier: MIT */
/* Which RAM shows where in a program's only space.  Nothing changes it. */
#include "targets/qemu/view.h"

#include <stdlib.h>

/* The region of RAM that shows at `at` in a container, and the offset in it:
 * the highest priority counts, then the later one (MR-5). */
static unsigned find(const TwProgram *p, unsigned container, uint64_t at,
                     uint64_t *offset)
{
    unsigned best = TW_NONE;
    uint64_t best_offset = 0;
    int32_t priority = 0;

    for (unsigned i = 0; i < p->n_regions; i++) {
        const TwRegion *r = &p->regions[i];
        uint64_t inside;
        unsigned found;

        if (r->kind == TW_REGION_NONE || r->container != container ||
            !r->enabled || at < r->addr ||
            (r->size != UINT64_MAX && at - r->addr >= r->size) ||
            (best != TW_NONE && r->priority < priority)) {
            continue;
        }
        found = find(p, i, at - r->addr, &inside);
        if (found != TW_NONE) {
            best = found;
            best_offset = inside;
            priority = r->priority;
        }
    }
    if (best == TW_NONE && p->regions[container].kind == TW_REGION_RAM) {
        best = container; /* what is in it comes first */
        best_offset = at;
    }
    *offset = best_offset;
    return best;
}

/* Adds the places in space where regions begin and end. */
static unsigned cuts_add(const TwProgram *p, unsigned container, uint64_t base,
                         uint64_t *cuts, unsigned n)
{
    for (unsigned i = 0; i < p->n_regions; i++) {
        const TwRegion *r = &p->regions[i];

        if (r->kind != TW_REGION_NONE && r->container == container) {
            uint64_t at = base + r->addr;

            cuts[n++] = at;
            cuts[n++] = r->size > UINT64_MAX - at ? UINT64_MAX : at + r->size;
            n = cuts_add(p, i, at, cuts, n);
        }
    }
    return n;
}

static int compare_cuts(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

void tw_qemu_view_make(View *view, const TwProgram *p)
{
    uint64_t cuts[2 * TW_MAX_REGIONS + 2];
    unsigned n = 0, root;

    view->n = 0;
    if (p->n_spaces == 0 || !p->spaces[0].present) {
        return;
    }
    root = p->spaces[0].root;
    if (!p->regions[root].enabled) {
        return;
    }
    cuts[n++] = 0;
    cuts[n++] = p->regions[root].size;
    n = cuts_add(p, root, 0, cuts, n);
    qsort(cuts, n, sizeof(cuts[0]), compare_cuts);
    for (unsigned i = 0; i + 1 < n; i++) {
        uint64_t offset;
        unsigned region;

        if (cuts[i] == cuts[i + 1] || cuts[i] >= p->regions[root].size) {
            continue;
        }
        region = find(p, root, cuts[i], &offset);
        if (region != TW_NONE) {
            view->seen[view->n++] = (Seen){.first = cuts[i],
                                           .end = cuts[i + 1],
                                           .offset = offset,
                                           .block = p->regions[region].block};
        }
    }
}

const Seen *tw_qemu_view_at(const View *view, uint64_t pa)
{
    for (unsigned i = 0; i < view->n; i++) {
        if (pa >= view->seen[i].first && pa < view->seen[i].end) {
            return &view->seen[i];
        }
    }
    return NULL;
}

bool tw_qemu_view_uniform(const View *view, uint64_t pa, unsigned lg, bool *ram)
{
    uint64_t end = pa + (UINT64_C(1) << lg), at = pa;

    for (unsigned i = 0; i < view->n; i++) {
        const Seen *s = &view->seen[i];

        if (s->end <= pa || s->first >= end) {
            continue;
        }
        if (s->first > at) {
            return false;
        }
        at = s->end;
    }
    *ram = at > pa;
    return at == pa || at >= end;
}
