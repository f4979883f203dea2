/* SPDX-License-Identifier: MIT */
/*
 * Random programs, made to find bugs.  A profile is a mixture of moves and
 * shapes.  The same dialect, profile and generator state give the same program
 * on every host.
 */
#ifndef TW_FUZZ_GENERATE_GENERATE_H
#define TW_FUZZ_GENERATE_GENERATE_H

#include "oracle/freshness/situation.h"
#include "program/dialect.h"
#include "program/rng.h"

typedef enum TwProfile {
    TW_PROFILE_BALANCED,   /* a bit of everything; what `bench` measures */
    TW_PROFILE_IOMMU,      /* deep nesting, small granules, several indexes */
    TW_PROFILE_INVALIDATE, /* fill, change, notify, access; several CPUs */
    TW_PROFILE_TOPOLOGY,   /* overlaps, aliases, sub-pages, transactions */
    TW_PROFILE_HOSTILE,    /* extremes: 2^64, cycles, many objects */
    TW_PROFILE_IOTLB,      /* IOMMUs that answer from records */
    TW_PROFILE_PAGETABLE,  /* IOMMUs with tables in RAM, most with records */
    TW_PROFILE_MPC,        /* TrustZone Memory Protection Controllers */
    TW_PROFILE_DMA_MAP,    /* cached DMA mappings */
    TW_PROFILES,
    /* Campaigns have these only if they are asked for them; all but the last
     * are of one question each (question.h). */
    TW_PROFILE_STATIC = TW_PROFILES, /* many kinds of regions, accesses */
    TW_PROFILE_DMA,                  /* devices and a CPU at the same bytes */
    TW_PROFILE_CPUS,                 /* two CPUs or more */
    TW_PROFILE_NESTED,               /* tables that other IOMMUs translate */
    TW_PROFILE_COMMANDS,             /* each command, each kept record */
    TW_MIXTURES
} TwProfile;

/* The longest script, but for programs that are made to be long. */
enum { TW_USUAL_SCRIPT = 512 };

/* How long the script of a program may become by a change: as long as usual, or
 * as it is, if the dialect permits. */
static inline unsigned tw_script_limit(const TwProgram *program,
                                       const TwDialect *dialect)
{
    unsigned limit = program->n_script > TW_USUAL_SCRIPT ? program->n_script
                                                         : TW_USUAL_SCRIPT;
    return limit < dialect->max_script ? limit : dialect->max_script;
}

/* "balanced" ...; NULL from TW_PROFILES on. */
const char *tw_profile_name(unsigned profile);
/* The profile with this name, or TW_PROFILES. */
unsigned tw_profile_find(const char *name);

/* The profile of a program with that number, where all profiles take turns.
 * Those of IOTLBs, of tables in RAM, of MPCs and of DMA mappings share a turn.
 */
TwProfile tw_profile_in_turn(uint64_t number);

/*
 * Fills `program` with a random program that passes tw_program_check and that
 * `dialect` admits.  Does not allocate.
 */
void tw_generate(TwProgram *program, TwProfile profile,
                 const TwDialect *dialect, TwRng *rng);

/*
 * The same, but the script begins with an attempt to reach the situation
 * `wish`, if the dialect permits; the rest is random as usual.  With `wish`
 * NULL this is tw_generate().
 */
void tw_generate_towards(TwProgram *program, TwProfile profile,
                         const TwDialect *dialect, TwRng *rng,
                         const TwSituation *wish);

#endif
