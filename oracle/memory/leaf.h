/* SPDX-License-Identifier: MIT */
/*
 * What the leaves do with the bytes that reach them.
 */
#ifndef TW_ORACLE_MEMORY_LEAF_H
#define TW_ORACLE_MEMORY_LEAF_H

#include "oracle/walk/walk.h"
#include "program/content.h"

typedef enum TwAct {
    TW_ACT_NONE,     /* discarded, blocked, or the access was refused */
    TW_ACT_BYTES,    /* straight to or from the block's bytes */
    TW_ACT_DEVICE,   /* a callback */
    TW_ACT_ERROR,    /* DEVICE_ERROR: reads zero, does nothing */
    TW_ACT_REGISTER, /* a register of an MPC (LA-57) */
} TwAct;

/* The effect of an access that got these answers. */
typedef struct TwEffect {
    uint8_t class_;                /* TwClass */
    uint8_t acts[TW_MAX_ACCESS];   /* TwAct */
    uint8_t pieces[TW_MAX_ACCESS]; /* TW_ACT_DEVICE, _REGISTER: the size of the
                                    * piece that begins here (LA-23), or 0 */
    bool callback;                 /* a callback ran for sure */
    bool registers; /* some TW_ACT_REGISTER; then, of a read: in `given` what
                     * they give, in `open` the bits of it that are not known */
    uint64_t given, open;
} TwEffect;

/* The number of a store in its tags (LA-26, LA-61). */
static inline uint32_t tw_access_tag(const TwAccess *access)
{
    return tw_started_tag(access->op, access->started);
}

/* Does it reach a device that has started it, or led to it (AC-8)? */
static inline bool tw_is_busy(const TwAccess *access, const TwByte *bytes)
{
    for (unsigned k = 0; k < access->size && access->busy; k++) {
        if (bytes[k].where == TW_AT_LEAF &&
            tw_regions_has(access->busy, bytes[k].region)) {
            return true;
        }
    }
    return false;
}

/* The access to a register that the piece is which begins with byte k, as an
 * operation (LA-57). */
TwOp tw_register_op(const TwWorld *world, const TwAccess *access,
                    const TwByte *bytes, const TwEffect *effect, unsigned k);

/* `bytes` and `cuts` of the whole access. */
TwEffect tw_leaf(const TwWorld *world, const TwAccess *access,
                 const TwByte *bytes, uint8_t cuts);

#endif
