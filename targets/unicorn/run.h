/* SPDX-License-Identifier: MIT */
/* One program on the target "unicorn": the class's `run`. */
#ifndef TW_TARGETS_UNICORN_RUN_H
#define TW_TARGETS_UNICORN_RUN_H

#include "targets/unicorn/internal.h"

bool tw_uc_run(TwTarget *target, const TwProgram *program, TwTrace *trace);

#endif
