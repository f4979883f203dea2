/* SPDX-License-Identifier: MIT */
/*
 * The answers of a history as outcomes of the whole access, one by one, and in
 * words: what naming a difference (explain.c) and telling it (story.c) share.
 */
#include "oracle/judge/internal.h"

#include <inttypes.h>
#include <stdio.h>

bool tw_choice(const TwOracle *oracle, const TwHistory *history,
               const TwAccess *access, uint32_t i, TwChoice *choice)
{
    uint32_t n = history->n_pages > 1 ? history->answers[1].n : 1;
    uint8_t cuts = 0;

    choice->answers[0] = choice->answers[1] = NULL;
    if (history->n_pages == 0) {
        choice->effect = tw_leaf(oracle->world, access, choice->bytes, 0);
        return i == 0;
    }
    if (i / n >= history->answers[0].n) {
        return false;
    }
    choice->answers[0] = &history->answers[0].list[i / n];
    if (history->n_pages > 1) {
        choice->answers[1] = &history->answers[1].list[i % n];
    }
    tw_answer_join(access, choice->answers[0], choice->answers[1],
                   choice->bytes, &cuts);
    choice->effect = tw_leaf(oracle->world, access, choice->bytes, cuts);
    return true;
}

bool tw_choice_fits(const TwOracle *oracle, const TwAccess *access,
                    const TwSeen *seen, const TwChoice *choice)
{
    for (unsigned w = 0; w < oracle->contents.n_worlds; w++) {
        if (tw_judge_fits(oracle, access, seen, choice->bytes, &choice->effect,
                          &oracle->contents.worlds[w]) != TW_FIT_NOT) {
            return true;
        }
    }
    return false;
}

bool tw_choice_value(const TwOracle *oracle, const TwAccess *access,
                     const TwChoice *choice, uint64_t *value)
{
    if (!tw_gives_value(access) || !choice->answers[0] ||
        choice->effect.class_ > TW_CLASS_DEVICE_ERROR) {
        return false;
    }
    *value = tw_contents_value(&oracle->contents, &oracle->contents.worlds[0],
                               access, choice->bytes, &choice->effect);
    return true;
}

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
            (byte->where != TW_AT_LEAF ||
             byte->offset == byte[-1].offset + 1)) {
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
    case TW_AT_HOP:
        snprintf(text, size, "denied at IOMMU hop %u", place->depth + 1);
        break;
    default:
        snprintf(text, size, "too many hops");
        break;
    }
}
