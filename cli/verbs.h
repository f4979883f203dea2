/* SPDX-License-Identifier: MIT */
/*
 * The verbs of the twinwalk command, one file each.  A verb gets its own
 * name as argv[0] and returns an exit code.
 */
#ifndef TW_CLI_VERBS_H
#define TW_CLI_VERBS_H

#include "cli/common/common.h"
#include "cli/common/known.h"
#include "fuzz/run/runner.h"

int tw_verb_run(int argc, char **argv);
int tw_verb_replay(int argc, char **argv);
int tw_verb_check(int argc, char **argv);
int tw_verb_conform(int argc, char **argv);
int tw_verb_gen(int argc, char **argv);
int tw_verb_fmt(int argc, char **argv);
int tw_verb_encode(int argc, char **argv);
int tw_verb_min(int argc, char **argv);
int tw_verb_explain(int argc, char **argv);
int tw_verb_draw(int argc, char **argv);
int tw_verb_emit(int argc, char **argv);
int tw_verb_targets(int argc, char **argv);
int tw_verb_cover(int argc, char **argv);
int tw_verb_bench(int argc, char **argv);
int tw_verb_triage(int argc, char **argv);
int tw_verb_zoo(int argc, char **argv);
int tw_verb_exhaust(int argc, char **argv);
int tw_verb_sweep(int argc, char **argv);
int tw_verb_report(int argc, char **argv);
int tw_verb_mark(int argc, char **argv);
int tw_verb_note(int argc, char **argv);
int tw_verb_new(int argc, char **argv);

/*
 * The story of a finding of a child process.  Runs the program again in this
 * process, because the walks are in the judge that made them.  NULL if it
 * cannot run here, if no oracle judged, or if the finding does not recur.
 */
TwStory *tw_cli_story(TwRunner *runner, const TwProgram *program,
                      const TwFinding *finding);

/*
 * replay --trace: runs the program once more, in a child (of at most
 * `timeout_ms`; 0: TW_TIMEOUT_MS), on a target that reports its steps.  Prints
 * each operation with its steps, up to the last one that the child reached, and
 * then the trace; with `builder`, as members of the open JSON object.  False
 * with `error` if the target cannot be opened.
 */
bool tw_replay_trace(const TwTargetOptions *options, const TwProgram *program,
                     uint32_t timeout_ms, const TwFinding *finding,
                     JsonBuilder *builder, GError **error);

/* cover --fields: the census of `programs` random programs of this seed and
 * profile (TW_PROFILES: all).  Returns an exit code. */
int tw_cover_fields(const TwCliTarget *chosen, uint64_t programs, uint64_t seed,
                    unsigned profile, bool json);

/* replay --as-target: answers cases on standard input until it ends. */
int tw_replay_as_target(const TwCliTarget *target);

#endif
