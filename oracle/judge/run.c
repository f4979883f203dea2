/* SPDX-License-Identifier: MIT */
/* See run.h. */
#include "oracle/judge/run.h"

#include <glib.h>

#include "oracle/judge/access.h"
#include "program/ops.h"

/*
 * The words of a run are fetched one by one (LA-52), each as if by an operation
 * of its own; the first that is refused ends it.
 */
static TwVerdict judge_run(TwOracle *oracle, const TwOp *op, uint16_t number)
{
    const TwOutcome *outcome = &oracle->trace->outcomes[number];
    unsigned contents = oracle->program->contents,
             length = tw_run_length(op->addr);
    bool refused = outcome->class_ > TW_CLASS_DEVICE_ERROR, ends = false;
    TwVerdict verdict = TW_VERDICT_AGREE;

    for (unsigned i = 0; i < length && !ends; i++) {
        uint64_t left = outcome->value >> 16 * i; /* numbers */
        uint16_t ran = (uint16_t)left;
        bool last = i + 1 == length;
        TwOutcome word = *outcome;
        TwOp fetch = *op;
        TwVerdict one;

        fetch.addr += 8 * i;
        ends = refused && (ran == 0 || last);
        word.class_ = ends ? outcome->class_ : TW_CLASS_OK;
        word.value = ends ? left /* which must be 0 */
                     : ran == 0 || (last && left != ran)
                         ? 0 /* it did not run, or more than the run did */
                         : tw_run_word(contents, fetch.addr, ran);
        word.n_locations = 0;
        one = tw_judge_one(oracle, &fetch, number, &word, !ends && !last);
        if (one > TW_VERDICT_AGREE_STALE) {
            return one;
        }
        verdict = MAX(verdict, one);
    }
    return verdict;
}

TwVerdict tw_judge_access(TwOracle *oracle, const TwOp *op, uint16_t number)
{
    return op->code == TW_OP_EXEC &&
                   tw_contents_are_runs(oracle->program->contents)
               ? judge_run(oracle, op, number)
               : tw_judge_one(oracle, op, number,
                              &oracle->trace->outcomes[number], false);
}
