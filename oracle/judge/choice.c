/* SPDX-License-Identifier: MIT */
/*
 * The answers of a history as outcomes of the whole access, one by one.
 */
#include "oracle/judge/choice.h"

#include "oracle/judge/fits.h"

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
