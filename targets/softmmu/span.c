/* SPDX-License-Identifier: MIT */
/*
 * Sorted, disjoint intervals of 64-bit addresses: a page map (LA-20) or one
 * index of an IOMMU's table (LA-12).  Assigning a range cuts away what was
 * there, so the newest assignment counts and older ones never come back.
 */
#include "targets/softmmu/internal.h"

/* The first span that ends at or after `addr`; n if none. */
static unsigned span_lower(const SpanMap *map, uint64_t addr)
{
    unsigned low = 0, high = map->n;

    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (map->spans[middle].last < addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The span that contains `addr`, or NULL. */
static const Span *span_find(const SpanMap *map, uint64_t addr)
{
    unsigned i = span_lower(map, addr);

    if (i == map->n || map->spans[i].first > addr) {
        return NULL;
    }
    return &map->spans[i];
}

static void span_open_gap(SpanMap *map, unsigned at)
{
    g_assert(map->n < MAX_SPANS);
    memmove(&map->spans[at + 1], &map->spans[at], (map->n - at) * sizeof(Span));
    map->n++;
}

/* Makes `addr` a border: no span contains both addr - 1 and addr. */
static void span_split(SpanMap *map, uint64_t addr)
{
    unsigned i = span_lower(map, addr);
    Span *span = &map->spans[i];

    if (i == map->n || span->first >= addr) {
        return;
    }
    span_open_gap(map, i);
    span[1].out += addr - span->first;
    span[1].first = addr;
    span[0].last = addr - 1;
}

/* Splits at both ends of a range; *begin .. *end - 1 are the spans in it. */
static void span_cut(SpanMap *map, uint64_t first, uint64_t last,
                     unsigned *begin, unsigned *end)
{
    span_split(map, first);
    if (last != UINT64_MAX) {
        span_split(map, last + 1);
    }
    *begin = *end = span_lower(map, first);
    while (*end < map->n && map->spans[*end].first <= last) {
        (*end)++;
    }
}

/* Is anything assigned in first .. last? */
static bool span_any(const SpanMap *map, uint64_t first, uint64_t last)
{
    unsigned i = span_lower(map, first);

    return i < map->n && map->spans[i].first <= last;
}

static void span_remove(SpanMap *map, uint64_t first, uint64_t last)
{
    unsigned begin, end;

    if (!span_any(map, first, last)) {
        return;
    }
    span_cut(map, first, last, &begin, &end);
    memmove(&map->spans[begin], &map->spans[end],
            (map->n - end) * sizeof(Span));
    map->n -= end - begin;
}

static void span_assign(SpanMap *map, Span span)
{
    unsigned at;

    span_remove(map, span.first, span.last);
    at = span_lower(map, span.first);
    span_open_gap(map, at);
    map->spans[at] = span;
}

/* Gives all that is assigned in first .. last other rights. */
static void span_protect(SpanMap *map, uint64_t first, uint64_t last,
                         uint8_t perm)
{
    unsigned begin, end;

    if (!span_any(map, first, last)) {
        return;
    }
    span_cut(map, first, last, &begin, &end);
    for (unsigned i = begin; i < end; i++) {
        map->spans[i].perm = perm;
    }
}

static void span_copy(SpanMap *to, const SpanMap *from)
{
    to->n = from->n;
    memcpy(to->spans, from->spans, from->n * sizeof(Span));
}
