/* SPDX-License-Identifier: MIT */
/*
 * Judges an input as a harness does, but does not abort.  Shared by the
 * harnesses, which abort, and by the verbs that replay files of engines.
 */
#ifndef TW_FUZZ_HARNESS_JUDGE_INPUT_H
#define TW_FUZZ_HARNESS_JUDGE_INPUT_H

#include "fuzz/run/coverage.h"
#include "fuzz/harness/list.h"
#include "fuzz/run/runner.h"

typedef struct TwInputJudge TwInputJudge;

/*
 * Opens the target of the harness.  `target` comes from tw_harness_target();
 * findings on the list `known` (or NULL) are no findings; `in_flight` is as in
 * TwTargetOptions.  NULL with `error` set as tw_runner_new() and
 * tw_runner_set_known() do.
 */
TwInputJudge *tw_input_judge_new(const TwHarnessInfo *harness,
                                 const char *target, TwKnown *known,
                                 volatile uint32_t *in_flight, GError **error);
void tw_input_judge_free(TwInputJudge *judge);

/* The situations of the last input are added to `coverage` from here on, where
 * the harness runs programs. */
void tw_input_judge_cover(TwInputJudge *judge, TwCoverage *coverage);

/* The dialect in which inputs have their meaning; NULL where they are text. */
const TwDialect *tw_input_judge_dialect(TwInputJudge *judge);

/*
 * The program of an input; valid until the next call.  Text that is not a
 * program gives an empty one.
 */
const TwProgram *tw_input_judge_program(TwInputJudge *judge,
                                        const uint8_t *data, size_t size);

/*
 * Judges an input.  RUN: runs it as tw_runner_run() does, and checks the
 * promises of the byte form for one input in eight.  WALKERS: for each access,
 * judges a trace with a wrong outcome of this access, because the oracle asks
 * its second walker only about wrong outcomes.  TEXT: parses the input strictly
 * and leniently; an accepted program must be well formed, and printing and
 * parsing it again must give the same program.  If twinwalk itself breaks a
 * promise, the verdict is `self`.
 */
TwVerdict tw_input_judge(TwInputJudge *judge, const uint8_t *data, size_t size,
                         TwFinding *finding);

/*
 * Did the last input cost so much that an engine should not breed from it?  One
 * in ten or twenty does, and takes as much time as thirty others; so would
 * those that are made from it.  The same input always gives the same answer.
 */
bool tw_input_judge_was_costly(const TwInputJudge *judge);

/* Appends the trace of the last input, where there is one. */
void tw_input_judge_print(TwInputJudge *judge, GString *out);

/* After a finding: the program to show, or NULL: none could be made. */
const TwProgram *tw_input_judge_accused(const TwInputJudge *judge);

/*
 * Judges an input in a child process, on a fresh target, as tw_run_repeatedly()
 * runs a program; `program` is that of the input.
 */
bool tw_input_judge_isolated(const TwHarnessInfo *harness, const char *target,
                             const uint8_t *data, size_t size,
                             const TwProgram *program, uint32_t timeout_ms,
                             unsigned times, TwFinding *finding,
                             GError **error);

#endif
