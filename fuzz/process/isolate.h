/* SPDX-License-Identifier: MIT */
/*
 * Runs a function in a child process that may crash or hang; a crash or hang is
 * a finding.  Must not know what the function does.
 */
#ifndef TW_FUZZ_PROCESS_ISOLATE_H
#define TW_FUZZ_PROCESS_ISOLATE_H

#include <glib.h>

#include "program/finding.h"

/*
 * Runs in the child: writes a finding, and the operation in flight before each
 * (or hands the pointer to a target that does).  False with `error` set
 * (TW_TARGET_ERROR) if there is nothing to run it on.
 */
typedef bool (*TwIsolated)(void *data, volatile uint32_t *in_flight,
                           TwFinding *finding, GError **error);

/*
 * Calls `run` in a child process that is killed if the target hangs in it
 * (process/watch.h) with the limit `timeout_ms` (0: TW_TIMEOUT_MS).
 * If it dies or hangs, the finding is a crash or a hang of `target` in the
 * operation of `program` (NULL: of none) that was in flight.  If our own code
 * hangs in it, the verdict is `self`.  False with
 * `error` set if no child could be made or `run` failed.
 */
bool tw_isolate(TwIsolated run, void *data, const char *target,
                const TwProgram *program, uint32_t timeout_ms,
                TwFinding *finding, GError **error);

/*
 * The same; a child that dies or hangs is a finding only if another one does as
 * well, with the same key.  Then finding->again of finding->replays is 1 of 1.
 * Otherwise the verdict is `flaky`.  Findings that `run` itself gives are not
 * run again.
 */
bool tw_isolate_confirmed(TwIsolated run, void *data, const char *target,
                          const TwProgram *program, uint32_t timeout_ms,
                          TwFinding *finding, GError **error);

/*
 * The same `times` times, each in a child of its own.  Gives the first finding,
 * if there is any: finding->again of finding->replays runs gave its key.  If
 * not all of them did, the verdict is `flaky`.
 */
bool tw_isolate_repeatedly(TwIsolated run, void *data, const char *target,
                           const TwProgram *program, uint32_t timeout_ms,
                           unsigned times, TwFinding *finding, GError **error);

#endif
