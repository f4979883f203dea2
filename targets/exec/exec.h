/* SPDX-License-Identifier: MIT */
/*
 * Any program as a target: started by a shell, it reads cases on its standard
 * input and writes traces on its standard output (PROTOCOL.md).
 */
#ifndef TW_TARGETS_EXEC_EXEC_H
#define TW_TARGETS_EXEC_EXEC_H

#include "targets/target.h"

/* Environment variable with the descriptor of the memory (one uint32_t) into
 * which the process writes the number of the operation in flight. */
#define TW_EXEC_INFLIGHT_ENV "TWINWALK_INFLIGHT_FD"

/* A line that ends a program on its way to the process. */
#define TW_EXEC_PROGRAM_END ".\n"

/* Class "exec": the argument is a command for /bin/sh. */
extern const TwTargetClass tw_exec_class;

#endif
