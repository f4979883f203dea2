/* SPDX-License-Identifier: MIT */
/*
 * Inside this folder only: the parts of tw_program_check() that the two forms
 * of a program need by themselves, to name the line at fault and to make any
 * byte string well formed.
 */
#ifndef TW_PROGRAM_CHECK_H
#define TW_PROGRAM_CHECK_H

#include "program/regionset.h"

/* What a message or a comment is about. */
typedef enum TwSpotKind {
    TW_SPOT_TOP, /* above the version line */
    TW_SPOT_VERSION,
    TW_SPOT_PAGE,
    TW_SPOT_HOPS,
    TW_SPOT_CONTENTS,
    TW_SPOT_SAFEPOINTS,
    TW_SPOT_REGION,
    TW_SPOT_SPACE,
    TW_SPOT_IOMMU,
    TW_SPOT_CPU,
    TW_SPOT_MMU, /* index: CPU * TW_MAX_MMU_INDEXES + MMU index */
    TW_SPOT_ACTOR,
    TW_SPOT_SETUP_WORD,
    TW_SPOT_SETUP,
    TW_SPOT_SCRIPT_WORD,
    TW_SPOT_SCRIPT,
    TW_SPOT_END, /* below everything */
    TW_SPOT_KINDS
} TwSpotKind;

typedef struct TwSpot {
    uint8_t kind; /* TwSpotKind */
    uint16_t index;
} TwSpot;

/* tw_program_check(), and where the mistake is.  `spot` may be NULL. */
bool tw_program_check_spot(const TwProgram *program, TwSpot *spot, char *why,
                           size_t why_size);

/* A check under way. */
typedef struct TwCheck {
    const TwProgram *p;
    TwSpot *spot; /* or NULL, as `why` */
    char *why;
    size_t why_size;
} TwCheck;

/* Says what is wrong with the object at a spot; always false. */
bool __attribute__((format(printf, 4, 5)))
tw_check_wrong(const TwCheck *check, TwSpotKind kind, unsigned index,
               const char *format, ...);

/* One operation where it stands: SETUP, ACTOR or SCRIPT. */
bool tw_check_op(const TwCheck *check, TwSpotKind kind, unsigned index,
                 const TwOp *op);

static inline bool tw_has_region(const TwProgram *p, unsigned id)
{
    return id < p->n_regions && p->regions[id].kind != TW_REGION_NONE;
}

static inline bool tw_has_space(const TwProgram *p, unsigned id)
{
    return id < p->n_spaces && p->spaces[id].present;
}

static inline bool tw_has_iommu(const TwProgram *p, unsigned id)
{
    return id < p->n_iommus && p->iommus[id].kind != TW_IOMMU_NONE;
}

static inline bool tw_has_cpu(const TwProgram *p, unsigned id)
{
    return id < p->n_cpus && p->cpus[id].present;
}

static inline bool tw_is_piece_size(unsigned size)
{
    return size == 0 || size == 1 || size == 2 || size == 4 || size == 8;
}

/*
 * The regions that lie on a cycle of container and alias edges.
 * Edges to regions that do not exist are ignored.
 */
TwRegionSet tw_program_cycles(const TwProgram *program);

static inline bool tw_region_has_block(unsigned kind)
{
    return kind == TW_REGION_RAM || kind == TW_REGION_ROM ||
           kind == TW_REGION_ROMD || kind == TW_REGION_RAM_DEVICE;
}

static inline bool tw_region_has_device(unsigned kind)
{
    return kind == TW_REGION_MMIO || kind == TW_REGION_ROMD;
}

/* Where in par ... and ... end-par a script stands. */
typedef struct TwPar {
    bool open;
    bool has_actor; /* the part has an operation, by: */
    uint8_t actor;
    uint32_t cpus; /* CPUs that parts belong to */
    bool board;    /* a part belongs to the board */
} TwPar;

/*
 * Steps through one more script operation.  NULL if it may stand here, else
 * what was expected (and `par` is as before).
 */
const char *tw_par_step(TwPar *par, const TwOp *op);

#endif
