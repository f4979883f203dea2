/* SPDX-License-Identifier: MIT */
/*
 * What an IOMMU must have for a target, by its capability registers, as a
 * table: a machine that lacks something is refused with one line.
 */
#ifndef TW_TARGETS_QTEST_NEEDS_H
#define TW_TARGETS_QTEST_NEEDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A field of a register must be at least `least`, and at most `most`, if that
 * is not 0. */
typedef struct Need {
    uint8_t modes; /* bits of the modes that need it */
    uint8_t reg;   /* number of the register */
    uint8_t shift, bits;
    uint8_t least, most;
    const char *what;
} Need;

typedef struct NeedRegister {
    const char *name;
    uint64_t value;
} NeedRegister;

static inline uint64_t tw_need_field(uint64_t value, unsigned shift,
                                     unsigned bits)
{
    return value >> shift & ((UINT64_C(1) << bits) - 1);
}

/* Is all there that the mode (one bit) needs?  If not, a line in `why`: what
 * the unit of that name should have, and the register that says no. */
bool tw_needs_met(const Need *needs, unsigned n, unsigned mode,
                  const char *unit, const NeedRegister *registers, char *why,
                  size_t size);

#endif
