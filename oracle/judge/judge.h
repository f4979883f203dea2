/* SPDX-License-Identifier: MIT */
/*
 * The judge: steps the oracle through a program and holds each outcome of a
 * trace against what the freshness rule allows.  The only place that sees both
 * sides, and of the target it sees only the trace, the dialect and the
 * contract.
 */
#ifndef TW_ORACLE_JUDGE_JUDGE_H
#define TW_ORACLE_JUDGE_JUDGE_H

#include "program/dialect.h"
#include "program/finding.h"
#include "program/trace.h"

typedef struct TwMet TwMet; /* situation.h */

/* What judging one trace showed; all counts add up over programs. */
typedef struct TwJudgeStats {
    uint64_t programs;
    uint64_t operations;            /* script operations judged or performed */
    uint64_t skipped;               /* not legal when they ran */
    uint64_t accesses;              /* judged accesses */
    uint64_t verdicts[TW_VERDICTS]; /* per judged access; crash, hang, effect,
                                     * event, invariant, unsupported count
                                     * once per program */
    uint64_t windows; /* accesses with more than one allowed answer */
    /* Accesses with an old answer that only a record of an IOTLB explains; of
     * those, one of two IOMMUs together; by a CPU whose own cache held it. */
    uint64_t old_records, old_combined, old_both;
    uint64_t blocked; /* accesses that an MPC blocked, or may have (LA-32) */
    /* Accesses that a DMA mapping may have answered; and those that got an old
     * answer from one. */
    uint64_t mapped, old_mapped;
    uint64_t marks;   /* A and D bits set by walks (LA-55) */
    uint64_t started; /* accesses that actor offsets started (LA-61) */
    uint64_t by_code[TW_OP_CODES];
    uint64_t by_class[TW_CLASSES];
    uint64_t by_region[TW_REGION_KINDS]; /* regions of the programs */
    uint64_t by_leaf[TW_REGION_KINDS];   /* leaf kind of byte 0; NONE = a hole
                                          * or refused before a leaf */
    uint64_t by_depth[TW_MAX_HOPS + 2];  /* hops of byte 0's current walk */
    uint64_t hops;        /* sum of those, over accesses that met an IOMMU */
    uint64_t met_iommu;   /* accesses that met an IOMMU */
    uint64_t commits;     /* effective commits */
    uint64_t silent;      /* silent changes of an IOMMU table or page map */
    uint64_t notified;    /* notified changes */
    uint64_t worlds;      /* most worlds at once, summed over programs */
    uint64_t flat_checks; /* walks that the second walker repeated */
} TwJudgeStats;

void tw_judge_stats_add(TwJudgeStats *to, const TwJudgeStats *from);

typedef struct TwOracle TwOracle;

/* One oracle serves any number of programs, one after the other. */
TwOracle *tw_oracle_new(void);
void tw_oracle_free(TwOracle *oracle);

/*
 * From here on the second walker repeats every walk to an allowed answer, or,
 * if not `on` (the default), one in 64 and all those of an access that
 * disagrees.
 */
void tw_oracle_ask_both_walkers(TwOracle *oracle, bool on);

/*
 * From here on `met` (may be NULL), which must outlive the oracle, holds the
 * situations of the program that was judged last.
 */
void tw_oracle_meet(TwOracle *oracle, TwMet *met);

/*
 * Judges `trace` of `program`.  `target` names the target in the key.
 * Returns the verdict of the program: the first finding (judging stops
 * there), else inconclusive if an access was, else agree-stale if an access
 * was, else agree.  `finding` is always filled (verdict, and key and text if it
 * is a finding); `stats` (may be NULL) is added to.
 */
TwVerdict tw_judge(TwOracle *oracle, const TwProgram *program,
                   const TwDialect *dialect, const TwContract *contract,
                   const char *target, const TwTrace *trace, TwFinding *finding,
                   TwJudgeStats *stats);

/* How many older walks the last tw_judge() looked at: what a program that costs
 * the oracle much time has many of.  The same program and trace give the same
 * number. */
uint64_t tw_oracle_older_walks(const TwOracle *oracle);

/*
 * From here on, after so many older walks for the accesses of a program (by
 * default there is no limit) the oracle looks at no more of them: a further
 * access with an answer that is not the current one is inconclusive.  What
 * explains a finding has no limit.
 */
void tw_oracle_set_patience(TwOracle *oracle, uint64_t walks);

/*
 * After tw_judge() gave a finding: the expected outcome.  Valid until the next
 * call; the program must still exist.
 */
const TwExpected *tw_judge_expected(const TwOracle *oracle);

#endif
