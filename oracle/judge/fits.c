/* SPDX-License-Identifier: MIT */
/*
 * Does an answer explain the outcome of an access?  Compares class, locations
 * and value in one world, and the records of devices.
 */
#include "oracle/judge/fits.h"

#include "oracle/freshness/endings.h"
#include "program/content.h"

/* Are these the bytes of some time since the last flush (FR-10)?  A flush has
 * a tick of its own, and what is stored after it has that tick or a later. */
static bool fetches_old(const TwOracle *oracle, const TwAccess *access,
                        const TwSeen *seen, const TwByte *bytes,
                        const TwEffect *effect, const TwContent *world)
{
    const TwEnding *flush;
    const TwStored *stored;
    TwContent at = *world;

    if (access->code != TW_OP_EXEC ||
        oracle->world->contract.code != TW_CODE_UNTIL_FLUSH) {
        return false;
    }
    flush = tw_ending_flushed(oracle->world, access);
    while ((stored = tw_contents_before(&oracle->contents, &at, access, bytes,
                                        effect, &at)) != NULL &&
           (!flush || stored->tick >= flush->tick)) {
        if (seen->value ==
            tw_contents_value(&oracle->contents, &at, access, bytes, effect)) {
            return true;
        }
    }
    return false;
}

TwFit tw_judge_fits(const TwOracle *oracle, const TwAccess *access,
                    const TwSeen *seen, const TwByte *bytes,
                    const TwEffect *effect, const TwContent *world)
{
    if (seen->broken || seen->class_ != effect->class_) {
        return TW_FIT_NOT;
    }
    if (seen->class_ > TW_CLASS_DEVICE_ERROR) {
        return seen->value == 0 ? TW_FIT_NOW : TW_FIT_NOT;
    }
    if (seen->located) {
        for (unsigned k = 0; k < access->size; k++) {
            if (seen->bytes[k].region != bytes[k].region ||
                seen->bytes[k].offset != bytes[k].offset ||
                seen->bytes[k].flags != bytes[k].flags) {
                return TW_FIT_NOT;
            }
        }
    }
    if (!tw_gives_value(access) ||
        seen->value == tw_contents_value(&oracle->contents, world, access,
                                         bytes, effect)) {
        return TW_FIT_NOW;
    }
    return fetches_old(oracle, access, seen, bytes, effect, world) ? TW_FIT_OLD
                                                                   : TW_FIT_NOT;
}

/* Has each device byte of a fetch been fetched since the last flush of its
 * address?  Code that is kept need not be fetched again (FR-10). */
static bool fetched_before(const TwOracle *oracle, const TwAccess *access,
                           const TwByte *bytes, const TwEffect *effect)
{
    const TwTrace *trace = oracle->trace;
    const TwEnding *flush;

    if (access->code != TW_OP_EXEC ||
        oracle->world->contract.code != TW_CODE_UNTIL_FLUSH) {
        return false;
    }
    flush = tw_ending_flushed(oracle->world, access);
    for (unsigned k = 0; k < access->size; k++) {
        uint32_t at = oracle->log;
        bool found = effect->acts[k] != TW_ACT_DEVICE;

        while (!found && at-- > 0) {
            const TwLogRecord *record = &trace->log[at];

            if (flush && record->op <= flush->op) {
                break;
            }
            found = record->kind == TW_LOG_FETCH &&
                    record->region == bytes[k].region &&
                    record->offset == bytes[k].offset &&
                    record->attrs == access->attrs;
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

bool tw_judge_log(const TwOracle *oracle, const TwAccess *access,
                  const TwByte *bytes, const TwEffect *effect, uint32_t *n)
{
    const TwTrace *trace = oracle->trace;
    bool store = tw_is_store(access);
    uint32_t at = oracle->log;

    *n = 0;
    if (!access->blind &&
        (at >= trace->n_log || trace->log[at].op > access->op) &&
        fetched_before(oracle, access, bytes, effect)) {
        return true;
    }
    if (store || access->code == TW_OP_EXEC) {
        for (unsigned k = 0; k < access->size; k++) {
            const TwLogRecord *record = &trace->log[at];

            if (effect->acts[k] != TW_ACT_DEVICE) {
                continue;
            }
            if (at >= trace->n_log || record->op != access->op ||
                record->kind != (store ? TW_LOG_WRITE : TW_LOG_FETCH) ||
                record->region != bytes[k].region ||
                record->offset != bytes[k].offset ||
                record->attrs != access->attrs ||
                record->byte != (store
                                     ? tw_content_tag(oracle->program->contents,
                                                      access->op, k)
                                     : 0)) {
                return access->blind &&
                       fetched_before(oracle, access, bytes, effect);
            }
            at++;
        }
    }
    *n = at - oracle->log;
    /* Behind a blind fetch comes the access itself. */
    return access->blind || at >= trace->n_log ||
           trace->log[at].op > access->op;
}
