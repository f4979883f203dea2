/* SPDX-License-Identifier: MIT */
/*
 * A finding of softmmu or the zoo as a test that stands beside theirs: C on
 * test-kit.h.  Knows programs only, nothing of a machine.
 */
#ifndef TW_TARGETS_SOFTMMU_EMIT_H
#define TW_TARGETS_SOFTMMU_EMIT_H

#include "targets/target.h"

/*
 * Appends the test: it passes on a target that does what is expected.  `name`:
 * of the target that the finding is of.  False with `error` (TW_TARGET_ERROR)
 * where a test of this kind cannot tell the finding.
 */
bool tw_softmmu_emit(const char *name, bool flush_pages,
                     const TwProgram *program, const TwFinding *finding,
                     const TwExpected *expected, GString *out, GError **error);

/* emit-op.c: one operation as an expression of type TwOp. */
void tw_softmmu_emit_op(const TwOp *op, GString *out);

/* Words of C. */
void tw_softmmu_emit_number(uint64_t number, GString *out);
/* An id of letter `letter` ("r3"), or TW_NONE. */
void tw_softmmu_emit_id(char letter, unsigned id, GString *out);
/* PREFIX and `name` as enumerators are written: "RAM_DEVICE". */
void tw_softmmu_emit_upper(const char *prefix, const char *name, GString *out);

#endif
