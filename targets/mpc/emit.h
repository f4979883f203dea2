/* SPDX-License-Identifier: MIT */
/* Findings as scripts for QEMU's maintainers. */
#ifndef TW_TARGETS_MPC_EMIT_H
#define TW_TARGETS_MPC_EMIT_H

#include "targets/target.h"

bool tw_mpc_emit(TwTarget *target, const TwProgram *program,
                 const TwFinding *finding, const TwExpected *expected,
                 GString *out, GError **error);

#endif
