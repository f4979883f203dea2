/* SPDX-License-Identifier: MIT */
/* Ways through the region graph; see ways.h. */
#include "program/ways.h"

/* Are so few regions aliases that no containers can make too many ways?  n
 * regions with a aliases make at most n * 2^a. */
static bool are_few(const TwProgram *p)
{
    unsigned limit = tw_ways_limit(p), most = p->n_regions;
    for (unsigned i = 0; i < p->n_regions && most <= limit; i++) {
        if (p->regions[i].kind == TW_REGION_ALIAS) {
            most *= 2;
        }
    }
    return most <= limit;
}

static bool exists(const TwProgram *p, unsigned id)
{
    return id < p->n_regions && p->regions[id].kind != TW_REGION_NONE;
}

/* A count under way, from the leaves upwards: a region is counted when all that
 * it leads to are, and adds its own number to its container and its aliases. */
typedef struct Count {
    unsigned ways[TW_MAX_REGIONS], open[TW_MAX_REGIONS]; /* edges not counted */
    uint8_t todo[TW_MAX_REGIONS], aliases[TW_MAX_REGIONS];
    unsigned n_todo, n_aliases;
} Count;

/* Region `id` leads to one that is counted, with this number. */
static void add(Count *c, unsigned id, unsigned ways)
{
    c->ways[id] += ways;
    if (--c->open[id] == 0) {
        c->todo[c->n_todo++] = (uint8_t)id;
    }
}

uint8_t tw_ways_too_many(const TwProgram *p,
                         const uint8_t container[TW_MAX_REGIONS])
{
    Count count, *c = &count;
    unsigned limit = tw_ways_limit(p);
    if (are_few(p)) {
        return TW_NONE;
    }
    c->n_todo = c->n_aliases = 0;
    for (unsigned i = 0; i < p->n_regions; i++) {
        c->ways[i] = 1;
        c->open[i] = 0;
        if (p->regions[i].kind == TW_REGION_ALIAS &&
            exists(p, p->regions[i].target)) {
            c->aliases[c->n_aliases++] = (uint8_t)i;
            c->open[i] = 1;
        }
    }
    for (unsigned i = 0; i < p->n_regions; i++) {
        if (exists(p, i) && exists(p, container[i])) {
            c->open[container[i]]++;
        }
    }
    for (unsigned i = 0; i < p->n_regions; i++) {
        if (exists(p, i) && c->open[i] == 0) {
            c->todo[c->n_todo++] = (uint8_t)i;
        }
    }
    uint8_t worst = TW_NONE;
    for (unsigned done = 0; done < c->n_todo; done++) {
        unsigned id = c->todo[done];
        if (c->ways[id] > limit) {
            worst = worst == TW_NONE || id > worst ? (uint8_t)id : worst;
            c->ways[id] = limit + 1; /* so that no sum is too large */
        }
        if (exists(p, container[id])) {
            add(c, container[id], c->ways[id]);
        }
        for (unsigned i = 0; i < c->n_aliases; i++) {
            if (p->regions[c->aliases[i]].target == id) {
                add(c, c->aliases[i], c->ways[id]);
            }
        }
    }
    return worst;
}

uint8_t tw_ways_too_many_at_start(const TwProgram *p)
{
    uint8_t container[TW_MAX_REGIONS];
    for (unsigned i = 0; i < p->n_regions; i++) {
        container[i] = p->regions[i].container;
    }
    return tw_ways_too_many(p, container);
}
