/* SPDX-License-Identifier: MIT */
/*
 * The registers of MPCs (LA-33), and what the accesses that an MPC blocks leave
 * in them (LA-32).
 */
#ifndef TW_ORACLE_WORLD_MPC_H
#define TW_ORACLE_WORLD_MPC_H

#include "oracle/world/world.h"

/* mpc-read: what it gives is in world->mpc_value afterwards. */
void tw_mpc_read(TwWorld *world, const TwOp *op);

/*
 * The same of the (*turn)-th such read of an access, without an effect, the
 * reads before it counted in *turn as having one (LA-57).  In *known the bits
 * of the value that are known.
 */
uint32_t tw_mpc_peek(const TwWorld *world, const TwOp *op, uint32_t *turn,
                     uint32_t *known);

/* Does the operation access a register that blocked accesses change? */
bool tw_mpc_is_recorded(const TwOp *op);

/* mpc-write by `actor`, in script operation `number`; tells CPUs and observers
 * which blocks changed (LA-34). */
void tw_mpc_write(TwWorld *world, const TwOp *op, uint8_t actor,
                  uint16_t number);

typedef enum TwMpcBlocked {
    TW_MPC_BLOCKED,           /* the access, at that offset */
    TW_MPC_BLOCKED_SOMEWHERE, /* the access, at an offset that is not known */
    TW_MPC_BLOCKED_PERHAPS,   /* it is not known whether the access */
} TwMpcBlocked;

/* An access with these attributes reached the blocked device of an MPC first at
 * `offset` of the MPC's region (LA-32). */
void tw_mpc_record(TwWorld *world, uint8_t iommu, TwMpcBlocked how,
                   uint64_t offset, TwAttrs attrs);

/* Nothing is known of what blocked accesses have recorded. */
void tw_mpc_forget(TwWorld *world, uint8_t iommu);

#endif
