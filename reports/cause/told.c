/* SPDX-License-Identifier: MIT */
/* What the story of a finding says: small questions that all who look for its
 * cause ask. */
#include <string.h>

#include "reports/cause/internal.h"

void tw_cause_name(TwCause *cause, const char *name)
{
    g_strlcpy(cause->name, name, sizeof(cause->name));
}

void tw_cause_broken_rule(TwCause *cause, const char *rule)
{
    g_strlcpy(cause->rule, rule ? rule : "", sizeof(cause->rule));
}

/* Stories ------------------------------------------------------------------ */

const TwTold *tw_told_expected(const TwStory *story)
{
    for (unsigned i = 0; i < story->n_allowed && i < TW_STORY_ALLOWED; i++) {
        if (story->allowed[i].current) {
            return &story->allowed[i];
        }
    }
    return &story->allowed[0];
}

bool tw_told_succeeds(const TwTold *told)
{
    return told->class_ <= TW_CLASS_DEVICE_ERROR;
}

/* The part of the access that went elsewhere. */
const TwPart *tw_told_part(const TwStory *story)
{
    for (unsigned i = 0; i < story->n_parts; i++) {
        if (story->parts[i].paired) {
            return &story->parts[i];
        }
    }
    return &story->parts[0];
}

const TwPlace *tw_told_place(const TwTold *told, unsigned byte)
{
    for (unsigned i = 0; i < told->n_places; i++) {
        const TwPlace *place = &told->places[i];

        if (byte >= place->from && byte < place->from + place->length) {
            return place;
        }
    }
    return told->n_places ? &told->places[0] : NULL;
}

bool tw_told_is_refusal(const TwPlace *place)
{
    return place && (place->where == TW_AT_HOP || place->where == TW_AT_PAGE);
}

/* Of an access that must be refused, the part that is; else the part at fault.
 */
const TwPart *tw_told_part_refused(const TwStory *story, const TwTold *expected)
{
    for (unsigned i = 0; i < story->n_parts; i++) {
        if (tw_told_is_refusal(tw_told_place(expected, story->parts[i].byte))) {
            return &story->parts[i];
        }
    }
    return tw_told_part(story);
}

unsigned tw_told_hops(const TwTale *tale)
{
    unsigned n = 0;

    for (unsigned i = 0; i < tale->steps->len; i++) {
        n += g_array_index(tale->steps, TwStep, i).kind == TW_STEP_TRANSLATE;
    }
    return n;
}
