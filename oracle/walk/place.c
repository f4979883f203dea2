/* SPDX-License-Identifier: MIT */
/* The bytes of a walk as places, and in words. */
#include <inttypes.h>
#include <stdio.h>

#include "oracle/walk/walk.h"
#include "program/trace.h"

unsigned tw_first_difference(unsigned from, unsigned to, const TwByte *a,
                             const TwByte *b)
{
    for (unsigned k = from; k < to; k++) {
        if (a[k].where != b[k].where || a[k].region != b[k].region ||
            a[k].offset != b[k].offset || a[k].flags != b[k].flags) {
            return k;
        }
    }
    return from;
}

unsigned tw_places(const TwAccess *access, const TwByte *bytes,
                   TwPlace places[TW_MAX_ACCESS])
{
    unsigned n = 0;

    for (unsigned k = 0; k < access->size; k++) {
        const TwByte *byte = &bytes[k];

        if (k && byte->where == byte[-1].where &&
            byte->region == byte[-1].region && byte->flags == byte[-1].flags &&
            ((byte->where != TW_AT_LEAF && byte->where != TW_AT_BLOCKED) ||
             byte->region == TW_NONE || byte->offset == byte[-1].offset + 1)) {
            places[n - 1].length++;
            continue;
        }
        places[n++] = (TwPlace){
            .from = k,
            .length = 1,
            .where = byte->where,
            .region = byte->region,
            .flags = byte->flags,
            .depth = byte->depth,
            .offset = byte->offset,
        };
    }
    return n;
}

void tw_place_text(const TwPlace *place, char *text, size_t size)
{
    switch (place->where) {
    case TW_AT_LEAF:
        snprintf(text, size, "r%u+0x%" PRIx64 "%s%s", place->region,
                 place->offset, place->flags & TW_LOC_READONLY ? " ro" : "",
                 place->flags & TW_LOC_ROMD ? " romd" : "");
        break;
    case TW_AT_HOLE:
        snprintf(text, size, "hole");
        break;
    case TW_AT_PAGE:
        snprintf(text, size, "denied by the page map");
        break;
    case TW_AT_BLOCKED:
        if (place->region == TW_NONE) { /* a target does not say by whom */
            snprintf(text, size, "blocked");
            break;
        }
        snprintf(text, size, "blocked at r%u+0x%" PRIx64, place->region,
                 place->offset);
        break;
    case TW_AT_HOP:
        snprintf(text, size, "denied at IOMMU hop %u", place->depth + 1);
        break;
    default:
        snprintf(text, size, "too many hops");
        break;
    }
}
