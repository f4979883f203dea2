/* SPDX-License-Identifier: MIT */
/* See run.h. */
#include "oracle/judge/run.h"

#include <glib.h>

#include "oracle/judge/access.h"
#include "program/ops.h"

/* What the word that ended a run counts as; `left`, the numbers of it and those
 * behind it, must be 0.  The zeros of a DEVICE_ERROR are a word, number 0. */
static uint64_t failed_value(const TwOutcome *outcome, unsigned contents,
                             uint64_t addr, uint64_t left)
{
    return left == 0 && outcome->class_ == TW_CLASS_DEVICE_ERROR
               ? tw_run_word(contents, addr, 0)
               : left;
}

/* The store between the first word and the second one performs what is during
 * the run (LA-52): `perform`, or NULL.  The fetches after the ISB, those of the
 * last word, are later. */
static TwVerdict go_on(TwOracle *oracle, uint16_t number, unsigned word,
                       TwVerdict (*perform)(TwOracle *, uint16_t))
{
    if (word + 1 == TW_RUN_WORDS) {
        oracle->during = NULL;
    }
    return word == 1 && perform ? perform(oracle, number) : TW_VERDICT_AGREE;
}

/*
 * The words of a run are fetched one by one (LA-52), each as if by an operation
 * of its own; the first that fails, refused or with DEVICE_ERROR, ends it.
 */
static TwVerdict judge_run(TwOracle *oracle, const TwOp *op, uint16_t number)
{
    const TwOutcome *outcome = &oracle->trace->outcomes[number];
    unsigned contents = oracle->program->contents,
             length = tw_run_length(op->addr);
    bool failed = outcome->class_ >= TW_CLASS_DEVICE_ERROR, ends = false;
    TwVerdict (*perform)(TwOracle *, uint16_t) = oracle->perform_inside;
    TwVerdict verdict = TW_VERDICT_AGREE;

    oracle->perform_inside = NULL;
    for (unsigned i = 0; i < length && !ends; i++) {
        uint64_t left = outcome->value >> 16 * i; /* numbers */
        uint16_t ran = (uint16_t)left;
        bool last = i + 1 == length;
        TwOutcome word = *outcome;
        TwOp fetch = *op;
        TwVerdict one = go_on(oracle, number, i, perform);

        if (one != TW_VERDICT_AGREE) {
            return one;
        }
        fetch.addr += 8 * i;
        ends = failed && (ran == 0 || last);
        word.class_ = ends ? outcome->class_ : TW_CLASS_OK;
        word.value = ends ? failed_value(outcome, contents, fetch.addr, left)
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
