/* SPDX-License-Identifier: MIT */
/*
 * From a program to its verdict: run the target and judge the trace.  A finding
 * is run again on a fresh target before it is reported.
 */
#ifndef TW_FUZZ_RUN_RUNNER_H
#define TW_FUZZ_RUN_RUNNER_H

#include "fuzz/run/known.h"
#include "oracle/freshness/situation.h"
#include "oracle/story/story.h"
#include "targets/target.h"

typedef struct TwRunner TwRunner;

/*
 * Opens the target and makes an oracle for it.  NULL with `error` set as
 * tw_target_open() does.
 */
TwRunner *tw_runner_new(const TwTargetOptions *options, GError **error);
void tw_runner_free(TwRunner *runner);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TwRunner, tw_runner_free)

/*
 * From now on findings are compared with this list (NULL: none), which must
 * outlive the runner.  False with `error` as tw_known_select() sets it.
 */
bool tw_runner_set_known(TwRunner *runner, TwKnown *known, GError **error);

const TwDialect *tw_runner_dialect(TwRunner *runner);
const TwContract *tw_runner_contract(TwRunner *runner);
const char *tw_runner_version(TwRunner *runner);

enum { TW_MAX_REPLAYS = 100 };

/*
 * Sets the number of replays of a finding, 0 to TW_MAX_REPLAYS (initially 1),
 * for the first `per_key` findings of each key (0: all).  Later findings are
 * replayed once; if the target runs elsewhere and no finding of the key was
 * flaky, on the target of the last replay, for a start may take long.
 */
void tw_runner_set_replays(TwRunner *runner, unsigned replays,
                           unsigned per_key);

/*
 * Runs and judges one program in this process.  A finding that is on the list
 * of known divergences gets the verdict `known`, in *finding too, whose key
 * and text stay, and finding->known says which.  Any other finding is run
 * again, each time on a freshly opened target (but for
 * tw_runner_set_replays()); unless each run gives the same key, the verdict is
 * `flaky`, and finding->again of finding->replays is its rate.  `stats` and
 * `counters` (TW_COUNTERS of them) are added to; both may be NULL.
 */
TwVerdict tw_runner_run(TwRunner *runner, const TwProgram *program,
                        TwFinding *finding, TwJudgeStats *stats,
                        uint64_t *counters);

/*
 * Runs the program, and asks no oracle if the trace says the same as `like`:
 * that of the same program on another target with the same dialect and
 * contract, which was judged.  Then true, and *finding is left as it is.  Else
 * false, and all is as after tw_runner_run().
 */
bool tw_runner_run_like(TwRunner *runner, const TwProgram *program,
                        const TwTrace *like, TwFinding *finding);

/* Of a flaky finding: does a fresh target show it if it runs `before` first?
 * Then the target carries something over from one program to the next. */
bool tw_runner_shows_after(TwRunner *runner, const TwProgram *before,
                           const TwProgram *program, const TwFinding *finding);

/* From now on the runner keeps the situations of the last program. */
void tw_runner_meet(TwRunner *runner);
/* The target must have this version, not just that of the first one. */
void tw_runner_expect(TwRunner *runner, const char *version);
/* NULL; or one line, valid as long as the runner, if a target had another
 * version than it must: then what the last run said counts for nothing. */
const char *tw_runner_changed(const TwRunner *runner);

/* The situations of the last program; NULL if they are not kept.  There are
 * none if no oracle judges. */
const TwMet *tw_runner_met(const TwRunner *runner);

/* What the last program cost the oracle: the older walks that it looked at; 0
 * if no oracle judges. */
uint64_t tw_runner_older_walks(const TwRunner *runner);
/* The oracle looks at no more than `walks` of them (tw_oracle_set_patience). */
void tw_runner_set_patience(TwRunner *runner, uint64_t walks);
/* Both walkers answer each access, not one in 64 (tw_oracle_ask_both_walkers).
 */
void tw_runner_ask_both_walkers(TwRunner *runner, bool on);

/* After a finding: its story (tw_story_new), for the caller to free.  NULL
 * if no oracle judged, but the target was compared with its own reference. */
TwStory *tw_runner_story(TwRunner *runner);

/*
 * Appends a reproducer of a finding of the last run for the target's
 * maintainers (TwTargetClass: emit; emit_test, if `test`).  False with `error`
 * (TW_TARGET_ERROR) if the target has none, or not for this finding.
 */
bool tw_runner_emit(TwRunner *runner, const TwProgram *program,
                    const TwFinding *finding, bool test, GString *out,
                    GError **error);

/* The trace of the last run; valid until the next. */
const TwTrace *tw_runner_trace(TwRunner *runner);

/*
 * The same in a child process that is killed if the target hangs
 * (process/watch.h) with the limit `timeout_ms` (0: TW_TIMEOUT_MS): a target
 * that dies or hangs becomes a crash or hang finding with the operation in
 * flight, which is not confirmed.  False with `error` set if no child could be
 * made or the target could not be opened.
 */
bool tw_run_isolated(const TwTargetOptions *options, const TwProgram *program,
                     uint32_t timeout_ms, TwFinding *finding, GError **error);
/*
 * For a finding that does not recur each time: the same without confirmation,
 * again and again until there is one (with this key; NULL: any), at most
 * `times` times.  `times` 0 or 1: tw_run_isolated().
 */
bool tw_run_until(const TwTargetOptions *options, const TwProgram *program,
                  uint32_t timeout_ms, unsigned times, const char *key,
                  TwFinding *finding, GError **error);

/*
 * The same `times` times (1 to TW_MAX_REPLAYS), each in a child of its own.
 * Gives the first finding, if there is any: finding->again of finding->replays
 * runs gave its key.  If not all of them did, the verdict is `flaky`.  With
 * `times` 1, a finding is run a second time: in the same child, or in another
 * one if that child died or hung.
 */
bool tw_run_repeatedly(const TwTargetOptions *options, const TwProgram *program,
                       uint32_t timeout_ms, unsigned times, TwFinding *finding,
                       GError **error);

#endif
