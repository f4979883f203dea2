/* SPDX-License-Identifier: MIT */
/*
 * How many ways lead through the region graph (LA-49).  A walk that finds
 * nothing takes each way from a root, once for each hop, so the limit bounds
 * the time of a walk.
 */
#ifndef TW_PROGRAM_WAYS_H
#define TW_PROGRAM_WAYS_H

#include "program/model.h"

/* A walk visits at most this many regions: the regions that a region leads to,
 * itself included, each counted once for each way that leads there, times the
 * hop limit. */
enum { TW_MAX_WALK_REGIONS = 1 << 14 };

/* How many regions a region may lead to, by the hop limit of the program. */
static inline unsigned tw_ways_limit(const TwProgram *program)
{
    return TW_MAX_WALK_REGIONS / (program->hops ? program->hops : 1u);
}

/*
 * The region of the highest id that leads to more regions than the limit, or
 * TW_NONE.  `container`: the container of each region now, or TW_NONE.
 * Container and alias edges must make no cycle; edges to regions that do not
 * exist are ignored.
 */
uint8_t tw_ways_too_many(const TwProgram *program,
                         const uint8_t container[TW_MAX_REGIONS]);

/* The same with the containers at the start. */
uint8_t tw_ways_too_many_at_start(const TwProgram *program);

#endif
