/* SPDX-License-Identifier: MIT */
/*
 * Two accesses that one instruction makes (LA-59).  Each is judged by itself,
 * with the class that may refuse the other: the first with those of the answers
 * that the second may get, in the world before both; the second with the class
 * that the first has got.
 */
#include "oracle/judge/paired.h"

#include "oracle/judge/apart.h"
#include "oracle/judge/choice.h"

static bool refuses(unsigned class_)
{
    return class_ > TW_CLASS_DEVICE_ERROR;
}

static void add_other(TwOthers *others, uint8_t class_, bool current)
{
    unsigned i = 0;

    while (i < others->n && others->list[i].class_ != class_) {
        i++;
    }
    if (i == others->n) {
        others->list[others->n++] = (TwOther){.class_ = class_, .old = true};
    }
    others->list[i].old &= !current;
}

/* The classes that the access may have. */
static void add_others(TwOracle *oracle, const TwAccess *access)
{
    TwHistory *history = &oracle->past;
    TwOthers *others = &oracle->others;
    TwChoice choice;

    tw_history_allowed(history, oracle->world, access);
    for (unsigned p = 0; p < history->n_pages; p++) {
        others->too_many |= history->answers[p].overflow;
    }
    for (uint32_t i = 0; tw_choice(oracle, history, access, i, &choice); i++) {
        uint8_t class_ = choice.effect.class_;

        add_other(others, refuses(class_) ? class_ : TW_CLASS_OK,
                  tw_choice_current(&choice));
    }
}

/* Takes OK from the classes, if there are others. */
static void only_refusals(TwOthers *others)
{
    unsigned n = 0;

    for (unsigned i = 0; i < others->n; i++) {
        if (refuses(others->list[i].class_)) {
            others->list[n++] = others->list[i];
        }
    }
    others->n = n > 0 ? n : others->n;
}

void tw_paired(TwOracle *oracle, TwAccess *access, uint16_t number)
{
    const TwOp *op = &oracle->program->script[number];
    const TwOutcome *outcomes = oracle->trace->outcomes;
    TwOthers *others = &oracle->others;
    unsigned class_ = outcomes[number].class_;
    TwAccess second;

    access->paired = true;
    *others = (TwOthers){.n = 0};
    if (op->flags & TW_OPF_PAIRED) {
        unsigned first = outcomes[number - 1].class_;

        add_other(others, refuses(first) ? (uint8_t)first : TW_CLASS_OK, true);
        return;
    }
    if (!refuses(class_) && (number + 1u >= oracle->trace->n_ops ||
                             !refuses(outcomes[number + 1].class_))) {
        /* Both were made.  If the second had to be refused, this is what is
         * wrong with it. */
        add_other(others, TW_CLASS_OK, true);
        return;
    }
    second = tw_apart(oracle, op + 1, (uint16_t)(number + 1));
    add_others(oracle, &second);
    if (!refuses(class_)) {
        /* The first was made, the second was not.  If it had to be, this is
         * what is wrong with the first. */
        only_refusals(others);
    }
}

void tw_paired_expect(const TwOracle *oracle, TwAccess *access)
{
    if (access->paired) {
        access->other = oracle->others.list[0].class_;
    }
}
