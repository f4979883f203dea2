/* SPDX-License-Identifier: MIT */
/* See started.h. */
#include "oracle/judge/started.h"

#include <inttypes.h>

#include "oracle/judge/explain.h"
#include "oracle/judge/marks.h"

unsigned tw_started_list(TwOracle *oracle, const TwAccess *access,
                         const TwEffect *effect, const TwByte *bytes,
                         uint8_t list[TW_MAX_ACTORS])
{
    const TwProgram *program = oracle->program;
    unsigned n = 0;

    if (!access->started) {
        oracle->acted = 0;
    }
    if ((!tw_is_store(access) && access->code != TW_OP_RMW) || access->beyond) {
        return 0;
    }
    for (unsigned k = 0; k < access->size; k++) {
        for (unsigned a = 0; a < program->n_actors; a++) {
            const TwActor *actor = &program->actors[a];

            if (effect->acts[k] == TW_ACT_DEVICE && !(oracle->acted >> a & 1) &&
                actor->region == bytes[k].region &&
                actor->offset == bytes[k].offset) {
                oracle->acted |= 1u << a;
                list[n++] = (uint8_t)a;
            }
        }
    }
    return n;
}

const TwOutcome *tw_started_begin(TwOracle *oracle, const TwActor *actor,
                                  uint16_t number, TwStart *start)
{
    const TwTrace *trace = oracle->trace;
    const TwStarted *next = &trace->started[oracle->next];

    if (oracle->next >= trace->n_started || next->op != number) {
        return NULL;
    }
    *start = (TwStart){.during = oracle->during,
                       .outer = oracle->outer,
                       .started = oracle->started,
                       .starter = oracle->starter,
                       .busy = oracle->busy};
    if (!oracle->started) {
        oracle->busy = (TwRegionSet){{0}};
    }
    tw_regions_add(&oracle->busy, actor->region);
    oracle->starter = (uint8_t)(1 + (actor - oracle->program->actors));
    oracle->during = NULL;
    oracle->outer = TW_NO_OP;
    oracle->started =
        (uint8_t)(1 + tw_trace_started_before(trace, oracle->next, number));
    oracle->next++;
    return &next->outcome;
}

void tw_started_end(TwOracle *oracle, const TwStart *start)
{
    oracle->during = start->during;
    oracle->outer = start->outer;
    oracle->started = start->started;
    oracle->starter = start->starter;
    oracle->busy = start->busy;
}

TwVerdict tw_started_missing(TwOracle *oracle, const TwActor *actor,
                             uint16_t number)
{
    oracle->expected.starts = true;
    oracle->expected.starts_least =
        tw_trace_started_before(oracle->trace, oracle->next, number) + 1;
    oracle->expected.starts_most = UINT8_MAX;
    return tw_explain_other(oracle, TW_VERDICT_EFFECT, number,
                            "the actor offset r%u+0x%" PRIx64
                            " starts an access of s%u at 0x%" PRIx64
                            ", but no such access was made (LA-61)",
                            actor->region, actor->offset, actor->op.obj,
                            actor->op.addr);
}

TwVerdict tw_started_none_left(TwOracle *oracle, uint16_t number)
{
    const TwTrace *trace = oracle->trace;

    if (oracle->next < trace->n_started &&
        trace->started[oracle->next].op <= number) {
        oracle->expected.starts = true;
        oracle->expected.starts_least = oracle->expected.starts_most =
            tw_trace_started_before(trace, oracle->next, number);
        return tw_explain_other(oracle, TW_VERDICT_EFFECT, number,
                                "an access was made that no actor offset "
                                "starts (LA-61)");
    }
    if (oracle->log < trace->n_log && trace->log[oracle->log].op <= number) {
        return tw_explain_other(oracle, TW_VERDICT_EFFECT, number,
                                "a device was reached by no access");
    }
    return tw_marks_left(oracle) ? tw_marks_none(oracle, number)
                                 : TW_VERDICT_AGREE;
}
