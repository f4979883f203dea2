/* SPDX-License-Identifier: MIT */
/* See match.h. */
#include "oracle/judge/match.h"

#include <string.h>

#include "oracle/judge/fits.h"

/* Adds the world after the access, unless an equal one is there. */
static void add_world(TwContents *contents, uint32_t tick,
                      const TwContent *before, const TwAccess *access,
                      const TwByte *bytes, const TwEffect *effect, TwMatch *out)
{
    uint32_t n_stored = contents->n_stored;
    TwContent world =
        tw_contents_apply(contents, *before, access, bytes, effect, tick);

    for (unsigned i = 0; i < out->n; i++) {
        if (tw_contents_same(&out->worlds[i], &world)) {
            contents->n_stored = n_stored;
            return;
        }
    }
    if (out->n == TW_MAX_WORLDS) {
        contents->n_stored = n_stored;
        out->too_many = true;
        return;
    }
    out->worlds[out->n++] = world;
}

static void merge_oldest(uint32_t *to, const uint32_t *from)
{
    for (unsigned s = 0; s < TW_PREFIX_SLOTS; s++) {
        to[s] = from[s] < to[s] ? from[s] : to[s];
    }
}

/* Was all of A and D set that must be (LA-55)? */
static bool is_marked(const TwEffect *effect, const TwAnswer *first,
                      const TwAnswer *second)
{
    return effect->class_ > TW_CLASS_DEVICE_ERROR ||
           ((!first || first->marked) && (!second || second->marked));
}

/*
 * Does the access reach bytes that an operation during it pokes?  The poke
 * comes first if the access fills, and last if it does not (LA-47); RAM is here
 * as if it came first.
 */
static bool reaches_poke(const TwProgram *program, const TwAccess *access,
                         const TwByte *bytes, const TwEffect *effect)
{
    const TwDuring *during = access->during;

    for (unsigned i = 0; i < during->n_pokes; i++) {
        const TwPoked *poke = &during->pokes[i];

        for (unsigned k = 0; k < access->size; k++) {
            if (effect->acts[k] == TW_ACT_BYTES &&
                program->regions[bytes[k].region].block == poke->block &&
                bytes[k].offset - poke->offset < 8) {
                return true;
            }
        }
    }
    return false;
}

/* Holds one choice of answers (one per page; the second may be missing)
 * against what was seen. */
static void try_choice(TwOracle *oracle, const TwAccess *access,
                       const TwSeen *seen, const TwAnswer *first,
                       const TwAnswer *second, TwMatch *out)
{
    TwContents *contents = &oracle->contents;
    const TwByte *bytes = first ? first->bytes : NULL;
    TwByte joined[TW_MAX_ACCESS];
    TwEffect effect;
    uint8_t cuts = first ? first->cuts : 0;
    uint32_t n_log;
    bool any = false, now = false;

    if (second) {
        tw_answer_join(access, first, second, joined, &cuts);
        bytes = joined;
    }
    effect = tw_leaf(oracle->world, access, bytes, cuts);
    out->unordered |= effect.registers && (access->during || access->paired);
    if (effect.class_ != seen->class_ ||
        !tw_judge_log(oracle, access, bytes, &effect, &n_log)) {
        return;
    }
    if (access->during) {
        out->poked |= reaches_poke(oracle->program, access, bytes, &effect);
    }
    for (unsigned w = 0; w < contents->n_worlds && !out->too_many; w++) {
        TwFit fit = tw_judge_fits(oracle, access, seen, bytes, &effect,
                                  &contents->worlds[w]);

        if (fit != TW_FIT_NOT && oracle->world->marks &&
            !is_marked(&effect, first, second)) {
            out->unmarked = true;
        } else if (fit != TW_FIT_NOT) {
            any = true;
            now |= fit == TW_FIT_NOW;
            add_world(contents, tw_match_store_tick(oracle->world),
                      &contents->worlds[w], access, bytes, &effect, out);
        }
    }
    if (!any) {
        return;
    }
    out->callback &= effect.callback;
    out->n_log = n_log;
    if (oracle->world->has_mpcs) {
        tw_blocked_add(&out->blocked, oracle->world, access, bytes, &effect);
        tw_reached_add(&out->reached, bytes, &effect, access->size);
    }
    if (!first) {
        out->current = out->unknown = true; /* refused: no old bytes */
        return;
    }
    if (oracle->program->n_actors) {
        out->effect = effect;
        memcpy(out->bytes, bytes, sizeof(out->bytes));
    }
    out->current |= now && first->current && (!second || second->current) &&
                    !access->other_old;
    out->cached |= first->no_record && (!second || second->no_record);
    if (oracle->world->iotlbs) {
        out->single |= (first->no_record || first->single) &&
                       (!second || second->no_record || second->single);
    }
    out->record |= first->no_cache && (!second || second->no_cache);
    out->unknown |= first->refused || (second && second->refused);
    if (oracle->history.open[0]) {
        merge_oldest(out->oldest[0], first->oldest);
    }
    if (second && oracle->history.open[1]) {
        merge_oldest(out->oldest[1], second->oldest);
    }
}

static void try_choices(TwOracle *oracle, const TwAccess *access,
                        const TwSeen *seen, TwMatch *out)
{
    const TwHistory *history = &oracle->history;
    const TwAnswers *first = &history->answers[0];
    const TwAnswers *second = &history->answers[1];

    if (history->n_pages == 0) {
        try_choice(oracle, access, seen, NULL, NULL, out);
        return;
    }
    for (uint32_t i = 0; i < first->n; i++) {
        if (history->n_pages == 1) {
            try_choice(oracle, access, seen, &first->list[i], NULL, out);
            continue;
        }
        for (uint32_t j = 0; j < second->n; j++) {
            try_choice(oracle, access, seen, &first->list[i], &second->list[j],
                       out);
        }
    }
}

/* With each class that the other access of a pair may have (LA-59). */
static void try_others(TwOracle *oracle, const TwAccess *access,
                       const TwSeen *seen, TwMatch *out)
{
    TwAccess half = *access;

    for (unsigned i = 0; i < oracle->others.n; i++) {
        half.other = oracle->others.list[i].class_;
        half.other_old = oracle->others.list[i].old;
        try_choices(oracle, &half, seen, out);
    }
}

void tw_match(TwOracle *oracle, const TwAccess *access, const TwSeen *seen,
              TwMatch *out)
{
    out->n = out->n_log = 0;
    out->too_many = out->current = out->unknown = out->unmarked = false;
    out->poked = out->unordered = false;
    out->cached = out->single = out->record = false;
    tw_reached_start(&out->reached);
    out->callback = true;
    for (unsigned i = 0; i < oracle->history.n_pages; i++) {
        if (oracle->history.open[i]) {
            memset(out->oldest[i], 0xff, sizeof(out->oldest[i]));
        }
    }
    tw_blocked_start(&out->blocked);
    if (access->paired) {
        try_others(oracle, access, seen, out);
    } else {
        try_choices(oracle, access, seen, out);
    }
    if (access->during && access->during->sec_resp != oracle->world->sec_resp) {
        TwAccess early = *access;

        early.early = true;
        if (access->paired) {
            try_others(oracle, &early, seen, out);
        } else {
            try_choices(oracle, &early, seen, out);
        }
    }
}
