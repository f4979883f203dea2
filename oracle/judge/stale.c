/* SPDX-License-Identifier: MIT */
/*
 * The older answer that was seen, among all that an access ever had.
 */
#include "oracle/judge/stale.h"

#include "oracle/judge/fits.h"
#include "program/ops.h"

/* If a target reports values only, the verdict stale needs at least this number
 * of matching tagged bytes. */
enum { TAGGED_BYTES = 4 };

const TwAnswer *tw_stale_answer(const TwChoice *choice)
{
    for (unsigned p = 0; p < 2; p++) {
        if (choice->answers[p] && !choice->answers[p]->allowed) {
            return choice->answers[p];
        }
    }
    return NULL;
}

/* Is what was seen evidence enough for that choice? */
static bool convincing(const TwAccess *access, const TwSeen *seen,
                       const TwChoice *choice)
{
    unsigned tagged = 0;

    if (seen->located || seen->class_ > TW_CLASS_DEVICE_ERROR) {
        return true;
    }
    if (!tw_gives_value(access)) {
        return false;
    }
    for (unsigned k = 0; k < access->size; k++) {
        tagged += choice->effect.acts[k] == TW_ACT_BYTES ||
                  choice->effect.acts[k] == TW_ACT_DEVICE;
    }
    return tagged >= TAGGED_BYTES;
}

/* 4: an access can have cached it, and an event should have ended it; 3: a
 * newer answer should have replaced it; 2: something else than an access can
 * have cached it; 1: it should not have been cached; 0: it is not stale. */
static int rank(const TwAnswer *answer)
{
    return !answer                                                    ? 0
           : !answer->cacheable || answer->event == TW_KEY_EVENT_NONE ? 1
           : answer->filled == TW_NO_OP                               ? 2
           : answer->event == TW_KEY_EVENT_NEWER                      ? 3
                                                                      : 4;
}

/* Notes which accesses before this one can have filled what it was answered
 * from: by the same CPU and MMU index, to the same pages. */
static void note_touches(TwOracle *oracle, const TwAccess *access)
{
    const TwProgram *program = oracle->program;
    TwHistory *past = &oracle->past;
    unsigned lg = program->page_lg;

    past->n_touches[0] = past->n_touches[1] = 0;
    for (uint16_t n = 0; n < access->op && access->cpu != TW_BOARD; n++) {
        const TwOp *op = &program->script[n];
        uint64_t first = (op->addr & ~access->above) >> lg;
        uint64_t last = ((op->addr + (op->size - 1)) & ~access->above) >> lg;

        if (!(tw_op_info(op->code)->flags & TW_OP_CPU_ACCESS) ||
            oracle->trace->outcomes[n].status != TW_STATUS_DONE ||
            op->obj != access->cpu || op->index != access->mmu) {
            continue;
        }
        for (unsigned p = 0; p < 2; p++) {
            uint64_t page = ((access->addr >> lg) + p) & (~access->above >> lg);

            if (page == first || page == last) {
                past->touches[p][past->n_touches[p]++] =
                    (TwTouch){.tick = oracle->before[n], .op = n};
            }
        }
    }
}

bool tw_find_stale(TwOracle *oracle, const TwAccess *access, const TwSeen *seen,
                   TwChoice *best, TwChoice *weak)
{
    TwChoice choice;
    int top = 0, most = 0;

    note_touches(oracle, access);
    tw_history_ever(&oracle->past, oracle->world, access);
    for (uint32_t i = 0;
         top < 4 && tw_choice(oracle, &oracle->past, access, i, &choice); i++) {
        int r = rank(tw_stale_answer(&choice));

        if (r <= top || (r <= most && !convincing(access, seen, &choice)) ||
            !tw_choice_fits(oracle, access, seen, &choice)) {
            continue;
        }
        if (convincing(access, seen, &choice)) {
            top = r;
            *best = choice;
        } else {
            most = r;
            *weak = choice;
        }
    }
    return top > 0;
}

/* Is the way of now the one that was seen, but for a right? */
static bool only_a_right(const TwOracle *oracle, const TwAccess *access,
                         const TwSeen *seen)
{
    TwAccess like = *access;
    TwWalk walk;

    like.page_rights = like.hop_rights = 0;
    tw_walk(oracle->world, &like, (uint8_t)((1u << access->size) - 1),
            tw_times_at(oracle->world->now), &walk);
    for (unsigned k = 0; k < access->size; k++) {
        if (walk.bytes[k].where != TW_AT_LEAF ||
            walk.bytes[k].region != seen->bytes[k].region ||
            walk.bytes[k].offset != seen->bytes[k].offset) {
            return false;
        }
    }
    return true;
}

bool tw_find_old_right(TwOracle *oracle, const TwAccess *access,
                       const TwSeen *seen, TwChoice *old)
{
    TwChoice choice;
    int top = 0;

    if (!seen->located || seen->class_ > TW_CLASS_DEVICE_ERROR ||
        !only_a_right(oracle, access, seen)) {
        return false;
    }
    for (uint32_t i = 0;
         top < 4 && tw_choice(oracle, &oracle->past, access, i, &choice); i++) {
        int r = rank(tw_stale_answer(&choice));

        if (r > top && choice.effect.class_ == seen->class_) {
            top = r;
            *old = choice;
        }
    }
    return top > 0;
}
