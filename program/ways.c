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

static bool is_alias_of(const TwProgram *p, unsigned id, unsigned target)
{
    return p->regions[id].kind == TW_REGION_ALIAS &&
           p->regions[id].target == target;
}

/*
 * From the leaves upwards: a region is counted when all that it leads to
 * are, and adds its own number to its container and to its aliases.
 */
uint8_t tw_ways_too_many(const TwProgram *p,
                         const uint8_t container[TW_MAX_REGIONS])
{
    unsigned ways[TW_MAX_REGIONS], open[TW_MAX_REGIONS]; /* edges not counted */
    uint8_t todo[TW_MAX_REGIONS];
    unsigned n_todo = 0, limit = tw_ways_limit(p);
    if (are_few(p)) {
        return TW_NONE;
    }
    for (unsigned i = 0; i < p->n_regions; i++) {
        ways[i] = 1;
        open[i] = exists(p, i) && p->regions[i].kind == TW_REGION_ALIAS &&
                  exists(p, p->regions[i].target);
    }
    for (unsigned i = 0; i < p->n_regions; i++) {
        if (exists(p, i) && exists(p, container[i])) {
            open[container[i]]++;
        }
    }
    for (unsigned i = 0; i < p->n_regions; i++) {
        if (exists(p, i) && open[i] == 0) {
            todo[n_todo++] = (uint8_t)i;
        }
    }
    uint8_t worst = TW_NONE;
    for (unsigned done = 0; done < n_todo; done++) {
        unsigned id = todo[done];
        if (ways[id] > limit) {
            worst = worst == TW_NONE || id > worst ? (uint8_t)id : worst;
            ways[id] = limit + 1; /* so that no sum is too large */
        }
        for (unsigned i = 0; i < p->n_regions; i++) {
            if (exists(p, i) && (i == container[id] || is_alias_of(p, i, id))) {
                ways[i] += ways[id];
                if (--open[i] == 0) {
                    todo[n_todo++] = (uint8_t)i;
                }
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
