/* SPDX-License-Identifier: MIT */
/* See handled.h. */
#include "oracle/judge/handled.h"

#include "oracle/judge/choice.h"

/* Would the bytes of one page be refused, with that answer? */
static bool refuses(const TwOracle *oracle, const TwAccess *access,
                    const TwAnswer *answer)
{
    unsigned first = (unsigned)__builtin_ctz(answer->mask);
    TwAccess part = *access;

    part.addr += first;
    part.size = (uint8_t)__builtin_popcount(answer->mask);
    return tw_leaf(oracle->world, &part, answer->bytes + first,
                   answer->cuts >> first)
               .class_ > TW_CLASS_DEVICE_ERROR;
}

/* The answer before the operations. */
static const TwAnswer *before(const TwAnswers *answers)
{
    for (uint32_t i = 0; i < answers->n; i++) {
        if (answers->list[i].before) {
            return &answers->list[i];
        }
    }
    return NULL;
}

static void keep(TwAnswers *answers, bool earlier, bool later)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < answers->n; i++) {
        const TwAnswer *answer = &answers->list[i];

        if ((earlier && answer->before) || (later && answer->after)) {
            answers->list[n++] = *answer;
        }
    }
    answers->n = n;
}

bool tw_refused_now(TwOracle *oracle, const TwAccess *access)
{
    TwHistory *history = &oracle->history;
    TwChoice choice;

    if (access->cpu == TW_BOARD) {
        return false;
    }
    tw_history_allowed(history, oracle->world, access);
    return history->n_pages > 0 && !history->answers[0].overflow &&
           tw_choice(oracle, history, access, 0, &choice) &&
           choice.effect.class_ > TW_CLASS_DEVICE_ERROR;
}

bool tw_handled(TwOracle *oracle, const TwAccess *access, bool handled)
{
    TwHistory *history = &oracle->history;
    bool refused[2] = {false, false};
    bool any;

    if (!oracle->world->contract.during_refusals ||
        oracle->world->contract.cpu_cache || !access->during ||
        access->cpu == TW_BOARD || history->n_pages == 0) {
        return handled;
    }
    for (unsigned p = 0; p < history->n_pages && !handled; p++) {
        const TwAnswer *answer = before(&history->answers[p]);

        if (history->answers[p].overflow || answer == NULL) {
            return handled; /* inconclusive */
        }
        refused[p] = refuses(oracle, access, answer);
    }
    any = refused[0] || refused[1];
    if (access->code == TW_OP_RMW && !any && !handled && history->n_pages > 1) {
        TwChoice choice;

        /* Refused as a whole only (LA-25). */
        any = tw_choice(oracle, history, access, 0, &choice) &&
              choice.effect.class_ > TW_CLASS_DEVICE_ERROR;
    }
    for (unsigned p = 0; p < history->n_pages; p++) {
        keep(&history->answers[p], !handled && !refused[p], handled || any);
    }
    return handled || any;
}
