/* SPDX-License-Identifier: MIT */
/* Inside this folder only: a finding as a script for a program's maintainers.
 */
#ifndef TW_TARGETS_EXEC_EMIT_H
#define TW_TARGETS_EXEC_EMIT_H

#include <glib.h>

#include "targets/target.h"

/*
 * Appends the script for a finding of the target, which runs `command`; it
 * gives up after `timeout_ms`.  Runs the program once more, unless the target
 * dies of it.  `expected` as for TwTargetClass.emit.
 */
bool tw_exec_emit(TwTarget *target, const TwProgram *program,
                  const TwFinding *finding, const TwExpected *expected,
                  const char *command, uint32_t timeout_ms, GString *out);

#endif
