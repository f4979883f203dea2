/* SPDX-License-Identifier: MIT */
/* What the targets here can express. */
#ifndef TW_TARGETS_QEMU_DIALECT_H
#define TW_TARGETS_QEMU_DIALECT_H

#include "program/dialect.h"
#include "targets/qemu/arch.h"

TwDialect tw_qemu_dialect(const Arch *arch);

/* Does one of the targets run the program? */
bool tw_qemu_admits(const TwProgram *program);

#endif
