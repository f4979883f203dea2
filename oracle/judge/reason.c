/* SPDX-License-Identifier: MIT */
/* See reason.h. */
#include "oracle/judge/reason.h"

/* How a link refuses in a class. */
static const uint8_t refused[TW_CLASSES] = {
    [TW_CLASS_DECODE_ERROR] = TW_AT_HOP,
    [TW_CLASS_LOOP] = TW_AT_LOOP,
    [TW_CLASS_PAGE_FAULT] = TW_AT_PAGE,
};
_Static_assert(TW_AT_LEAF == 0, "the other classes are not refusals");

/* The byte that decides, or NULL. */
static inline const TwByte *decides(const TwAccess *access, const TwByte *bytes,
                                    const TwEffect *effect)
{
    uint8_t where = refused[effect->class_];

    for (unsigned k = 0; where && k < access->size && !access->beyond; k++) {
        if (bytes[k].where == where) {
            return &bytes[k];
        }
    }
    return NULL;
}

TwReason tw_reason_of(const TwAccess *access, const TwByte *bytes,
                      const TwEffect *effect)
{
    const TwByte *byte = decides(access, bytes, effect);

    return byte ? tw_byte_reason(byte) : (TwReason){.kind = TW_REASON_NONE};
}

bool tw_reason_fits(const TwAccess *access, const TwReason *seen,
                    const TwByte *bytes, const TwEffect *effect)
{
    const TwByte *byte = decides(access, bytes, effect);
    TwReason due;

    if (!byte) {
        return seen->kind == TW_REASON_NONE;
    }
    due = tw_byte_reason(byte);
    return tw_reason_same(seen, &due);
}
