/* SPDX-License-Identifier: MIT */
/* What tests share that need programs: from text, and odd ones by the thousand.
 */
#ifndef TW_PROGRAM_TEST_PROGRAM_H
#define TW_PROGRAM_TEST_PROGRAM_H

#include <string.h>

#include "program/bytes/bytes.h"
#include "program/legality.h"
#include "program/ops.h"
#include "program/rng.h"
#include "program/text/text.h"

/* Parses text that is right; the program is in `program`. */
static inline void test_parse(TwProgram *program, const char *text)
{
    g_autoptr(GError) error = NULL;
    tw_program_parse(program, text, strlen(text), "test", TW_TEXT_STRICT, NULL,
                     NULL, &error);
    g_assert_no_error(error);
}

static inline uint64_t test_extreme(TwRng *rng)
{
    static const uint64_t values[] = {0,
                                      1,
                                      15,
                                      0x7fff,
                                      0x8000,
                                      0x8001,
                                      0xffff,
                                      0x10000,
                                      0x7fffffff,
                                      0x80000000,
                                      UINT64_MAX,
                                      UINT64_MAX - 1,
                                      UINT64_C(1) << 63,
                                      (UINT64_C(1) << 63) - 1,
                                      UINT64_MAX - 0x7fff,
                                      UINT64_MAX - 0x8000};
    switch (tw_rng_below(rng, 3)) {
    case 0:
        return values[tw_rng_below(rng, G_N_ELEMENTS(values))];
    case 1:
        return (UINT64_C(1) << tw_rng_below(rng, 64)) + tw_rng_below(rng, 3) -
               1;
    default:
        return tw_rng_next(rng);
    }
}

/* Sets one field of one operation to something far out. */
static inline void test_twist_op(TwRng *rng, const TwProgram *p, TwOp *op)
{
    switch (tw_rng_below(rng, 12)) {
    case 0:
        op->addr = test_extreme(rng);
        break;
    case 1:
        op->last = test_extreme(rng);
        break;
    case 2:
        op->out = test_extreme(rng);
        break;
    case 3:
        op->obj = (uint8_t)tw_rng_below(rng, 4);
        break;
    case 4:
        op->actor =
            tw_rng_chance(rng, 50) ? TW_BOARD : (uint8_t)tw_rng_below(rng, 4);
        break;
    case 5:
        op->flags ^= (uint8_t)(1u << tw_rng_below(rng, 5));
        break;
    case 6:
        op->priority = (int32_t)test_extreme(rng);
        break;
    case 7:
        op->attrs = (TwAttrs)test_extreme(rng) & TW_ATTR_MASK;
        break;
    case 8:
        op->nth = (uint32_t)test_extreme(rng);
        break;
    case 9:
        op->lg = (uint8_t)tw_rng_below(rng, 66);
        break;
    case 10:
        op->size = (uint8_t)tw_rng_below(rng, 10);
        break;
    default:
        op->perm = (uint8_t)tw_rng_below(rng, 9);
        op->events = (uint8_t)tw_rng_below(rng, 9);
        break;
    }
    tw_op_round(p, op);
}

static inline void test_twist_object(TwRng *rng, TwProgram *p)
{
    if (p->n_regions == 0) {
        return;
    }
    TwRegion *r = &p->regions[tw_rng_below(rng, p->n_regions)];
    switch (tw_rng_below(rng, 10)) {
    case 0:
        r->size = test_extreme(rng);
        break;
    case 1:
        r->addr = test_extreme(rng);
        break;
    case 2:
        r->alias_offset = test_extreme(rng);
        break;
    case 3:
        r->priority = (int32_t)test_extreme(rng);
        break;
    case 4:
        r->reject = (TwRange){test_extreme(rng), test_extreme(rng)};
        break;
    case 5:
        r->error = (TwRange){test_extreme(rng), test_extreme(rng)};
        break;
    case 6:
        r->kind = TW_REGION_NONE;
        break;
    case 7:
        r->container = (uint8_t)tw_rng_below(rng, p->n_regions);
        break;
    case 8:
        r->block = (uint8_t)tw_rng_below(rng, p->n_regions);
        break;
    default:
        p->cpus[0].present ^= 1;
        break;
    }
}

/*
 * A well-formed program of the whole language: decoded from random bytes,
 * then twisted wherever it stays well formed.
 */
static inline void test_random_program(TwRng *rng, TwProgram *p)
{
    static TwProgram twisted;
    uint8_t bytes[1500];
    size_t size = tw_rng_below(rng, sizeof bytes);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)tw_rng_next(rng);
    }
    const TwDialect dialect = tw_dialect_full();
    tw_program_decode(p, bytes, size, &dialect);
    for (unsigned i = 0; i < 24; i++) {
        tw_program_copy(&twisted, p);
        if (twisted.n_script > 0 && tw_rng_chance(rng, 60)) {
            test_twist_op(rng, &twisted,
                          &twisted.script[tw_rng_below(rng, twisted.n_script)]);
        } else if (twisted.n_setup > 0 && tw_rng_chance(rng, 30)) {
            test_twist_op(rng, &twisted,
                          &twisted.setup[tw_rng_below(rng, twisted.n_setup)]);
        } else {
            test_twist_object(rng, &twisted);
        }
        if (tw_program_check(&twisted, NULL, 0)) {
            tw_program_copy(p, &twisted);
        }
    }
}

#endif
