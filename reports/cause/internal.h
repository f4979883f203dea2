/* SPDX-License-Identifier: MIT */
/* Inside this folder only: experiments on a program with a finding. */
#ifndef TW_REPORTS_CAUSE_INTERNAL_H
#define TW_REPORTS_CAUSE_INTERNAL_H

#include "reports/cause/cause.h"

typedef struct TwExperiment {
    TwRunner *runner;
    const TwProgram *program; /* as it was found */
    bool shrunk;              /* it is a minimal one */
    TwFinding finding;        /* and its finding */
    TwProgram *edited;        /* room for the next one */
    TwFinding outcome;        /* of the last */
    unsigned made;
} TwExperiment;

/* The part of an old answer at fault, as the story tells it. */
typedef struct TwSuspect {
    uint16_t changed, ended; /* script operations */
    const TwOp *ending;      /* what was performed there, or NULL */
    bool by_actor;           /* by an access to an actor offset */
    uint8_t iommu, index;    /* of the translation at fault, or TW_NONE */
    unsigned hop;            /* which of the walk it is, from 0 */
    uint8_t cpu, mmu;        /* of the access, or TW_BOARD */
    unsigned n_pages;        /* that are stale */
    uint64_t pages[2];       /* addresses in them */
} TwSuspect;

/*
 * Without earlier accesses of that CPU and index to the pages, is there still a
 * finding at that operation?  If so, the answer was not in the cache.
 */
bool tw_stays_without_fills(TwExperiment *e, const TwSuspect *s);

/*
 * Each of these edits the program and returns true if the finding is gone.  The
 * finding is not gone if there is another one at the same operation, if an
 * earlier operation has one (then nothing is known), or if the edit is not
 * possible.
 */

/* A flush of the very page follows the ending. */
bool tw_with_direct_flush(TwExperiment *e, const TwSuspect *s);
/* The CPU has no victim TLB. */
bool tw_without_victims(TwExperiment *e, const TwSuspect *s);
/* An UNMAP of the range comes before the MAP that replaces it. */
bool tw_with_unmap_first(TwExperiment *e, uint16_t op);
/* The index of the IOMMU changes places with index 0. */
bool tw_with_index_zero(TwExperiment *e, uint8_t iommu, uint8_t index);
/* All IOMMUs have one index. */
bool tw_with_one_index(TwExperiment *e);
/* No IOMMU has an IOTLB. */
bool tw_without_iotlbs(TwExperiment *e);
/* Nothing notifies of that IOMMU before operation `op`; CPUs flush instead. */
bool tw_without_earlier_events(TwExperiment *e, uint8_t iommu, uint16_t op);
/* Entries lead to addresses whose bits below the granule are zero. */
bool tw_with_aligned_entries(TwExperiment *e);
/* These regions get the next higher priority before the accused operation. */
bool tw_with_higher_priority(TwExperiment *e, const uint8_t *regions,
                             const int32_t *priorities, unsigned n);

/* That IOMMU has one index, the one that the access needs. */
bool tw_with_fixed_index(TwExperiment *e, uint8_t iommu, uint8_t index);
/* A DMA access through a mapping goes without it. */
bool tw_without_mapping(TwExperiment *e);
/* No clock ticks, so no TLB changes its size. */
bool tw_without_clock(TwExperiment *e);
/* Everything is flushed before the accused operation. */
bool tw_with_flush_before(TwExperiment *e);
/* The root of each space is disabled and enabled again before the accused
 * operation, so that all views are made anew. */
bool tw_with_roots_switched(TwExperiment *e);
/* Priorities are 0, 1, 2 ... in their order. */
bool tw_with_ranked_priorities(TwExperiment *e);
/* The CPU itself makes all changes and flushes. */
bool tw_with_own_changes(TwExperiment *e, uint8_t cpu);

/* Runs e->edited: does the accused operation have a finding? */
bool tw_stays(TwExperiment *e);

/*
 * Makes the case plainer as long as the accused operation has a finding, of
 * whatever key: a load, of one byte, through IOMMUs without page tables, of RAM
 * that can be written, of whole pages, of one priority.  What is left is the
 * bug's, not of the case.  Writes the case into `plain`; false: it is
 * e->program.
 */
bool tw_make_plain(TwExperiment *e, TwProgram *plain);

/* Known divergences ---------------------------------------------------------
 */

/* How a program is run. */
typedef struct TwCauseRun {
    /* False: it could not be run, and nothing is known. */
    bool (*run)(const TwProgram *program, TwFinding *finding, void *data);
    void *data;
    const TwDialect *dialect;
} TwCauseRun;

/* tw_cause_known_here() with another way to run programs. */
unsigned tw_cause_known(const TwKnown *known, const TwCauseRun *run,
                        const TwProgram *program, const TwFinding *finding,
                        bool drop, unsigned *experiments);

/* Stories -------------------------------------------------------------------
 */

/* The outcome that is right now. */
const TwTold *tw_told_expected(const TwStory *story);
bool tw_told_succeeds(const TwTold *told);
/* The part of the access that went elsewhere; of one that must be refused, the
 * part that is. */
const TwPart *tw_told_part(const TwStory *story);
const TwPart *tw_told_part_refused(const TwStory *story,
                                   const TwTold *expected);
/* Where a byte goes; NULL: nowhere. */
const TwPlace *tw_told_place(const TwTold *told, unsigned byte);
bool tw_told_is_refusal(const TwPlace *place);
/* How many translations a walk makes. */
unsigned tw_told_hops(const TwTale *tale);

/* Names ---------------------------------------------------------------------
 */

void tw_cause_name(TwCause *cause, const char *name);
/* NULL: none is known. */
void tw_cause_broken_rule(TwCause *cause, const char *rule);

/* An access that went elsewhere, and not by an old answer: walk.c. */
void tw_cause_of_walk(TwExperiment *e, const TwStory *story, TwCause *cause);

/* Does an access reach it by a call, not through host memory? */
bool tw_cause_is_device(const TwStory *story, const TwPlace *place);

/* Where nothing better is known: what was asked of what.  `place`: where the
 * access should have gone, or NULL; `hops`: IOMMUs on its way. */
void tw_cause_by_kind(const TwStory *story, const TwPlace *place, unsigned hops,
                      TwCause *cause);
/* The same of a minimal case. */
void tw_cause_by_parts(const TwStory *story, const TwPlace *place,
                       unsigned hops, TwCause *cause);

/* Of a refusal for another reason, which is told: what of it is wrong (LA-60).
 */
void tw_cause_by_reason(const TwReason *expected, const TwReason *seen,
                        TwCause *cause);

/* What is wrong with an event, by the words of the judge. */
const char *tw_cause_what_of_event(const char *text);

/* cause->rule from the last parentheses of the finding's text. */
void tw_cause_rule_of_text(TwCause *cause);

#endif
