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

/* Names ---------------------------------------------------------------------
 */

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
