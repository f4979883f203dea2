/* SPDX-License-Identifier: MIT */
/*
 * The byte form, for fuzzing engines: total (every byte string is a program)
 * and invertible (encode, then decode, is the identity on every program that
 * tw_program_check accepts and the dialect admits).  BYTES.md beside this file
 * has the layout.
 */
#ifndef TW_PROGRAM_BYTES_BYTES_H
#define TW_PROGRAM_BYTES_BYTES_H

#include "program/dialect.h"

enum { TW_BYTES_MAX = 192 << 10 };

/*
 * Decodes any `size` bytes into a program that passes tw_program_check and
 * that `dialect` admits; the same on every host.  No allocation.
 */
void tw_program_decode(TwProgram *program, const uint8_t *data, size_t size,
                       const TwDialect *dialect);

/*
 * Encodes `program`, which must pass tw_program_check and be admitted by
 * `dialect`, into at most `capacity` bytes.  Returns the length, or 0 if it
 * does not fit or cannot be expressed (then nothing of use was written).
 */
size_t tw_program_encode(const TwProgram *program, uint8_t *data,
                         size_t capacity, const TwDialect *dialect);

#endif
