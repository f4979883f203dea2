/* SPDX-License-Identifier: MIT */
/* The bytes of a walk as places, and in words. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "oracle/walk/walk.h"
#include "program/trace.h"

unsigned tw_first_difference(unsigned from, unsigned to, const TwByte *a,
                             const TwByte *b)
{
    for (unsigned k = from; k < to; k++) {
        if (!tw_byte_same(&a[k], &b[k])) {
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
            .region = byte->where == TW_AT_HOP ? TW_NONE : byte->region,
            .flags = byte->where == TW_AT_LEAF ? byte->flags : 0,
            .depth = byte->depth,
            .offset = byte->offset,
            .reason = tw_byte_reason(byte),
        };
    }
    return n;
}

void tw_reason_text(const TwReason *reason, char *text, size_t size)
{
    char by[16] = "page-map", level[16] = "";

    text[0] = '\0';
    if (!tw_reason_name(reason->kind)) {
        return;
    }
    if (reason->iommu != TW_NONE) {
        snprintf(by, sizeof(by), "i%u", reason->iommu);
    }
    if (reason->level) {
        snprintf(level, sizeof(level), " level %u", reason->level);
    }
    snprintf(text, size, "%s %s%s at 0x%" PRIx64, by,
             tw_reason_name(reason->kind), level, reason->address);
}

void tw_place_text(const TwPlace *place, char *text, size_t size)
{
    char why[TW_PLACE_TEXT];

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
    tw_reason_text(&place->reason, why, sizeof(why));
    if (why[0]) {
        size_t n = strlen(text);

        snprintf(text + n, size - n, " (%s)", why);
    }
}
