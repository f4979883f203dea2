/* SPDX-License-Identifier: MIT */
/* See reason.h. */
#include "oracle/judge/reason.h"

#include <string.h>

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

TwReasonsTold tw_reasons_told(const TwDialect *dialect)
{
    TwReasonsTold told = {.coarse = dialect->reason_coarse,
                          .lg = dialect->reason_lg};

    memcpy(told.groups, dialect->reason_groups, sizeof(told.groups));
    return told;
}

/* Would the target tell both in the same way?  Neither is of kind NONE. */
static bool alike(const TwReasonsTold *told, const TwReason *a,
                  const TwReason *b)
{
    uint8_t group = told->groups[a->kind];

    if (group ? told->groups[b->kind] != group : a->kind != b->kind) {
        return false;
    }
    if (!told->coarse && (a->iommu != b->iommu || a->level != b->level)) {
        return false;
    }
    return told->lg >= 64 || (a->address ^ b->address) >> told->lg == 0;
}

bool tw_reason_fits(const TwReasonsTold *told, const TwAccess *access,
                    const TwReason *seen, const TwByte *bytes,
                    const TwEffect *effect)
{
    TwReason due = tw_reason_of(access, bytes, effect);

    if (due.kind == TW_REASON_NONE ||
        told->groups[due.kind] == TW_REASON_UNTOLD) {
        return seen->kind == TW_REASON_NONE;
    }
    return seen->kind != TW_REASON_NONE && seen->kind < TW_REASONS &&
           alike(told, &due, seen);
}
