/* SPDX-License-Identifier: MIT */
/*
 * The target's end of the exec protocol: what a process does that another
 * twinwalk starts with --target exec:COMMAND.
 */
#ifndef TW_TARGETS_EXEC_SERVE_H
#define TW_TARGETS_EXEC_SERVE_H

#include <stdio.h>

#include "targets/target.h"

/*
 * Where to write the operation in flight: memory shared with the process that
 * started us, for TwTargetOptions.in_flight; NULL if none is offered.
 */
volatile uint32_t *tw_exec_in_flight(void);

/*
 * Greets for `target` and answers programs from `in` with traces on `out`
 * until `in` ends.  A program that cannot be parsed is answered with a trace
 * that ends `unsupported`.  False with `error` set (TW_TARGET_ERROR) if the
 * input ends inside a program (USAGE) or `out` cannot be written
 * (ENVIRONMENT).
 */
bool tw_exec_serve(TwTarget *target, FILE *in, FILE *out, GError **error);

#endif
