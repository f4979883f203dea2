/* SPDX-License-Identifier: MIT */
/* The expected outcome of an access as data; see expect.h. */
#include "oracle/judge/expect.h"

#include "oracle/judge/choice.h"
#include "oracle/judge/fits.h"
#include "oracle/judge/reason.h"
#include "oracle/memory/told.h"

/* One choice as data. */
static TwAllowed allowed(const TwOracle *oracle, const TwAccess *access,
                         const TwChoice *choice)
{
    TwAllowed told = {.class_ = choice->effect.class_};

    if (!choice->answers[0] || told.class_ > TW_CLASS_DEVICE_ERROR) {
        told.reason = tw_reason_of(access, choice->bytes, &choice->effect);
        return told;
    }
    if (!tw_is_store(access)) {
        told.value =
            tw_contents_value(&oracle->contents, &oracle->contents.worlds[0],
                              access, choice->bytes, &choice->effect);
    }
    for (unsigned k = 0; k < access->size; k++) {
        const TwByte *byte = &choice->bytes[k];
        TwLocation *last =
            &told.locations[told.n_locations ? told.n_locations - 1 : 0];

        if (byte->where == TW_AT_BLOCKED) {
            continue; /* it has no location (LA-32) */
        }
        if (told.n_locations > 0 && last->first + last->length == k &&
            last->region == byte->region && last->flags == byte->flags &&
            last->offset + last->length == byte->offset) {
            last->length++;
        } else {
            told.locations[told.n_locations++] =
                (TwLocation){.first = k,
                             .length = 1,
                             .region = byte->region,
                             .flags = byte->flags,
                             .offset = byte->offset};
        }
    }
    return told;
}

void tw_judge_expect(TwOracle *oracle, const TwAccess *access,
                     const TwChoice *current)
{
    TwExpected *e = &oracle->expected;
    TwChoice choice;

    e->access = true;
    e->started = access->started;
    e->word = access->code == TW_OP_EXEC &&
                      tw_contents_are_runs(oracle->program->contents)
                  ? (unsigned)(access->addr -
                               oracle->program->script[access->op].addr) /
                        8
                  : 0;
    for (e->n_allowed = 0;
         e->n_allowed <= TW_MAX_ALLOWED &&
         tw_choice(oracle, &oracle->history, access, e->n_allowed, &choice);
         e->n_allowed++) {
        if (e->n_allowed < TW_MAX_ALLOWED) {
            e->allowed[e->n_allowed] = allowed(oracle, access, &choice);
        }
    }
    e->class_ = e->allowed[0].class_;
    e->value = e->allowed[0].value;
    e->n_log = 0;
    if (!current->answers[0] || !tw_is_told(oracle->world, access)) {
        return;
    }
    for (unsigned k = 0; k < access->size; k++) {
        TwLogRecord *told = &e->log[e->n_log];
        unsigned n = tw_told(oracle->world, access, current->bytes,
                             &current->effect, k, told);

        for (unsigned i = 0; i < n; i++) {
            told[i].call =
                oracle->world->contract.device_pieces ? told[i].call : 0;
        }
        e->n_log += n;
    }
}
