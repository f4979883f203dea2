/* SPDX-License-Identifier: MIT */
/* The targets that run a stock QEMU with an agent inside. */
#ifndef TW_TARGETS_QEMU_CLASS_H
#define TW_TARGETS_QEMU_CLASS_H

#include "targets/target.h"

extern const TwTargetClass tw_qemu_aarch64_class, tw_qemu_x86_64_class,
    tw_qemu_riscv64_class, tw_qemu_ab_class;

/* title.c: rows `call` and `title` of the classes. */
const char *tw_qemu_call_aarch64(const TwProgram *program, const TwOp *op);
const char *tw_qemu_call_x86_64(const TwProgram *program, const TwOp *op);
const char *tw_qemu_call_riscv64(const TwProgram *program, const TwOp *op);
bool tw_qemu_title(const TwProgram *program, const TwFinding *finding,
                   GString *title);

/* Of qemu-ab (options.c); the first rows are of pairs alone. */
extern const TwTargetOption tw_qemu_ab_options[];
enum { TW_QEMU_PAIR_ROWS = 2 };

#endif
