/* SPDX-License-Identifier: MIT */
/* See registers.h. */
#include "oracle/judge/registers.h"

#include <string.h>

#include "oracle/world/mpc.h"

void tw_reached_add(TwReached *reached, const TwByte *bytes,
                    const TwEffect *effect, unsigned size)
{
    reached->perhaps |= reached->explained && effect->registers != reached->any;
    reached->explained = true;
    if (!effect->registers) {
        return;
    }
    for (unsigned k = 0; k < size && reached->any; k++) {
        reached->perhaps |= bytes[k].region != reached->bytes[k].region ||
                            bytes[k].offset != reached->bytes[k].offset;
    }
    reached->any = true;
    reached->effect = *effect;
    memcpy(reached->bytes, bytes, sizeof(reached->bytes));
}

void tw_registers_perform(TwWorld *world, const TwAccess *access,
                          const TwReached *reached, uint32_t blocked)
{
    const TwEffect *effect = &reached->effect;

    for (unsigned k = 0; k < access->size; k++) {
        TwOp op;

        if (effect->acts[k] != TW_ACT_REGISTER || effect->pieces[k] == 0) {
            continue;
        }
        op = tw_register_op(world, access, reached->bytes, effect, k);
        if (!tw_is_store(access)) {
            tw_mpc_read(world, &op);
            continue;
        }
        tw_mpc_write(world, &op, access->cpu, access->op);
        if (blocked >> op.obj & 1) {
            /* What it recorded came before or after the write. */
            tw_mpc_forget(world, op.obj);
        }
    }
}
