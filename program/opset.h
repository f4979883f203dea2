/* SPDX-License-Identifier: MIT */
/*
 * Sets of operations, as bits by TwOpCode.  What a set is made of is known here
 * only, so that the language may have more operations than an integer has bits.
 */
#ifndef TW_PROGRAM_OPSET_H
#define TW_PROGRAM_OPSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "program/model.h"

/* The byte form gives the code of an operation 7 bits. */
enum { TW_OP_SET_MAX = 128 };

_Static_assert((int)TW_OP_CODES <= (int)TW_OP_SET_MAX,
               "operations fit in a set");

/* No operation, if all is zero. */
typedef struct TwOpSet {
    uint64_t bits[TW_OP_SET_MAX / 64];
} TwOpSet;

/* Codes of TW_OP_SET_MAX and above are in no set. */
static inline bool tw_ops_has(const TwOpSet *set, unsigned code)
{
    return code < TW_OP_SET_MAX && (set->bits[code / 64] >> code % 64 & 1);
}

/* `code` is below TW_OP_SET_MAX. */
static inline void tw_ops_add(TwOpSet *set, unsigned code)
{
    set->bits[code / 64] |= UINT64_C(1) << code % 64;
}

static inline void tw_ops_remove(TwOpSet *set, unsigned code)
{
    set->bits[code / 64] &= ~(UINT64_C(1) << code % 64);
}

static inline TwOpSet tw_ops_or(TwOpSet a, TwOpSet b)
{
    for (unsigned i = 0; i < TW_OP_SET_MAX / 64; i++) {
        a.bits[i] |= b.bits[i];
    }
    return a;
}

static inline TwOpSet tw_ops_and(TwOpSet a, TwOpSet b)
{
    for (unsigned i = 0; i < TW_OP_SET_MAX / 64; i++) {
        a.bits[i] &= b.bits[i];
    }
    return a;
}

/* Those of `a` that are not in `b`. */
static inline TwOpSet tw_ops_without(TwOpSet a, TwOpSet b)
{
    for (unsigned i = 0; i < TW_OP_SET_MAX / 64; i++) {
        a.bits[i] &= ~b.bits[i];
    }
    return a;
}

static inline bool tw_ops_equal(TwOpSet a, TwOpSet b)
{
    bool equal = true;
    for (unsigned i = 0; i < TW_OP_SET_MAX / 64; i++) {
        equal &= a.bits[i] == b.bits[i];
    }
    return equal;
}

/* Every operation of the language. */
static inline TwOpSet tw_ops_all(void)
{
    TwOpSet set = {{0}};
    for (unsigned code = 0; code < TW_OP_CODES; code++) {
        tw_ops_add(&set, code);
    }
    return set;
}

static inline TwOpSet tw_ops_of(const uint8_t *codes, size_t count)
{
    TwOpSet set = {{0}};
    for (size_t i = 0; i < count; i++) {
        tw_ops_add(&set, codes[i]);
    }
    return set;
}

/* The set of the operations that are named: TW_OPS(TW_OP_READ, TW_OP_WRITE). */
#define TW_OPS(...) \
    tw_ops_of((const uint8_t[]){__VA_ARGS__}, \
              sizeof((const uint8_t[]){__VA_ARGS__}))

#endif
