/* SPDX-License-Identifier: MIT */
/*
 * MPCs: programs are made with IOMMUs of kind `table`, and some of these become
 * an `mpc` at the end.  What was done to their entries becomes writes of
 * registers.
 */
#ifndef TW_FUZZ_GENERATE_MPC_H
#define TW_FUZZ_GENERATE_MPC_H

#include "fuzz/generate/sketch.h"

/* Has the dialect all that MPCs need? */
bool tw_mpc_possible(const TwDialect *dialect);

/* May the IOMMU that is being made become an MPC?  Then sets the size of its
 * region in *size. */
void tw_mpc_plan(TwGen *gen, uint8_t iommu, uint64_t *size);
/* Sets granule and indexes as an MPC has them, if it may become one. */
void tw_mpc_shape(const TwGen *gen, uint8_t iommu);

/* Turns the IOMMUs that were planned, and the program with them. */
void tw_mpc_turn(TwGen *gen);

#endif
