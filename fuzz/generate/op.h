/* SPDX-License-Identifier: MIT */
/* One random operation, made from the program alone. */
#ifndef TW_FUZZ_GENERATE_OP_H
#define TW_FUZZ_GENERATE_OP_H

#include "fuzz/generate/generate.h"

/*
 * A random operation with code `code` on objects that exist.  False if the
 * dialect lacks the operation, if an object that it needs does not exist, or if
 * it cannot stand alone (par and its parts).  The result is well formed.
 */
bool tw_gen_random_op(const TwProgram *program, const TwDialect *dialect,
                      TwRng *rng, unsigned code, TwOp *op);

/* Draws one operand anew, as tw_gen_random_op() does; false as there. */
bool tw_gen_random_arg(const TwProgram *program, const TwDialect *dialect,
                       TwRng *rng, unsigned arg, TwOp *op);

/* An address near something that the program names. */
uint64_t tw_gen_random_address(const TwProgram *program, TwRng *rng);

/* Attributes, mostly few distinct ones. */
TwAttrs tw_gen_random_attrs(TwRng *rng);
/* A requester id of up to 16 bits, mostly a large one. */
uint16_t tw_gen_some_requester(TwRng *rng);

/* Of how many numbers one is to be drawn that picks a region: any may be
 * picked, and where there are few regions, the number is always the same, so
 * that the same draws make the same program. */
static inline uint32_t tw_gen_region_draws(const TwProgram *program)
{
    return program->n_regions > 64 ? program->n_regions : 64;
}

/* The n-th existing object modulo the number of objects, or TW_NONE. */
uint8_t tw_gen_pick_region(const TwProgram *program, uint32_t kinds,
                           uint32_t n);
uint8_t tw_gen_pick_space(const TwProgram *program, uint32_t n);
uint8_t tw_gen_pick_iommu(const TwProgram *program, uint32_t n);
uint8_t tw_gen_pick_cpu(const TwProgram *program, uint32_t n);
uint8_t tw_gen_pick_mmu(const TwProgram *program, uint8_t cpu, uint32_t n);

#endif
