/* SPDX-License-Identifier: MIT */
/*
 * The answers of a history as outcomes of a whole access, one by one.
 */
#ifndef TW_ORACLE_JUDGE_CHOICE_H
#define TW_ORACLE_JUDGE_CHOICE_H

#include "oracle/judge/oracle.h"

/* The i-th choice from a history, in an order that starts with the current
 * answers; false beyond the last. */
bool tw_choice(const TwOracle *oracle, const TwHistory *history,
               const TwAccess *access, uint32_t i, TwChoice *choice);
/* Is it made of current answers? */
static inline bool tw_choice_current(const TwChoice *choice)
{
    return (!choice->answers[0] || choice->answers[0]->current) &&
           (!choice->answers[1] || choice->answers[1]->current);
}
/* Was all of A and D set that must be (LA-55)?  An access that is refused needs
 * none of it. */
static inline bool tw_choice_marked(const TwChoice *choice)
{
    return choice->effect.class_ > TW_CLASS_DEVICE_ERROR ||
           ((!choice->answers[0] || choice->answers[0]->marked) &&
            (!choice->answers[1] || choice->answers[1]->marked));
}
/* Does it explain all but the device log, in some world? */
bool tw_choice_fits(const TwOracle *oracle, const TwAccess *access,
                    const TwSeen *seen, const TwChoice *choice);
/* The value that it gives, in the first world; false: it gives none. */
bool tw_choice_value(const TwOracle *oracle, const TwAccess *access,
                     const TwChoice *choice, uint64_t *value);
#endif
