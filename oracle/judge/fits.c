/* SPDX-License-Identifier: MIT */
/*
 * Does an answer explain the outcome of an access?  Compares class, locations
 * and value in one world, and the records of devices.
 */
#include "oracle/judge/fits.h"

#include "oracle/freshness/endings.h"
#include "oracle/judge/reason.h"
#include "oracle/memory/told.h"
#include "program/content.h"
#include "program/ops.h"

/*
 * Did the CPU make the store itself, through the address and the MMU index
 * through which it fetches now?  The store's bytes must be some of the fetch's.
 */
static bool is_own_store(const TwOracle *oracle, const TwAccess *access,
                         const TwByte *bytes, const TwStored *stored)
{
    const TwOp *op = &oracle->program->script[stored->op];

    if (!(tw_op_info(op->code)->flags & TW_OP_CPU_ACCESS) ||
        op->obj != access->cpu || op->index != access->mmu) {
        return false;
    }
    for (unsigned k = 0; k < access->size; k++) {
        uint64_t at = bytes[k].offset - stored->offset;

        if (bytes[k].where == TW_AT_LEAF &&
            oracle->program->regions[bytes[k].region].block == stored->block &&
            at < stored->length) {
            return ((op->addr + stored->first + at) & ~access->above) ==
                   tw_access_at(access, k);
        }
    }
    return false;
}

TwOldCode tw_judge_old_code(const TwOracle *oracle, const TwAccess *access,
                            const TwByte *bytes, const TwStored *stored)
{
    const TwEnding *flush = tw_ending_flushed(oracle->world, access);
    bool own = is_own_store(oracle, access, bytes, stored);
    unsigned kind = own ? TW_CODE_OWN_STORES : TW_CODE_OTHER_STORES;

    /* A flush has a tick of its own, and what is stored after it has that tick
     * or a later. */
    return !(oracle->world->contract.code & kind)
               ? own ? TW_OLD_CODE_OWN_STORE : TW_OLD_CODE_STORE
           : flush && stored->tick < flush->tick ? TW_OLD_CODE_FLUSHED
                                                 : TW_OLD_CODE_ALLOWED;
}

/* Are these the bytes of some time that the contract still allows (FR-10)? */
static bool fetches_old(const TwOracle *oracle, const TwAccess *access,
                        const TwSeen *seen, const TwByte *bytes,
                        const TwEffect *effect, const TwContent *world)
{
    const TwStored *stored;
    TwContent at = *world;

    if (access->code != TW_OP_EXEC || oracle->world->contract.code == 0) {
        return false;
    }
    while ((stored = tw_contents_before(&oracle->contents, &at, access, bytes,
                                        effect, &at)) != NULL &&
           tw_judge_old_code(oracle, access, bytes, stored) ==
               TW_OLD_CODE_ALLOWED) {
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
    uint64_t wrong;

    if (seen->broken || seen->class_ != effect->class_) {
        return TW_FIT_NOT;
    }
    if (seen->class_ > TW_CLASS_DEVICE_ERROR) {
        return seen->value == 0 &&
                       (!oracle->world->reasons ||
                        tw_reason_fits(&oracle->told, access, &seen->reason,
                                       bytes, effect))
                   ? TW_FIT_NOW
                   : TW_FIT_NOT;
    }
    if (seen->located) {
        for (unsigned k = 0; k < access->size; k++) {
            if ((bytes[k].where == TW_AT_BLOCKED) !=
                (seen->bytes[k].where == TW_AT_BLOCKED)) {
                return TW_FIT_NOT;
            }
            if (bytes[k].where == TW_AT_BLOCKED) {
                continue; /* there is no location (LA-32) */
            }
            if (seen->bytes[k].region != bytes[k].region ||
                seen->bytes[k].offset != bytes[k].offset ||
                seen->bytes[k].flags != bytes[k].flags) {
                return TW_FIT_NOT;
            }
        }
    }
    if (!tw_gives_value(access)) {
        return TW_FIT_NOW;
    }
    wrong = seen->value ^
            tw_contents_value(&oracle->contents, world, access, bytes, effect);
    if (effect->registers) {
        wrong &= ~effect->open;
    }
    if (wrong == 0) {
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

    if (access->code != TW_OP_EXEC || oracle->world->contract.code == 0) {
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

/* Is this the record that is due?  In *left the bytes of the call at hand that
 * are still to come: a call that is told ends inside the access. */
static bool is_due(const TwContract *contract, const TwLogRecord *record,
                   const TwLogRecord *due, unsigned left_of_access,
                   unsigned *left)
{
    if (record->op != due->op || record->started != due->started ||
        record->kind != due->kind || record->region != due->region ||
        record->offset != due->offset || record->attrs != due->attrs ||
        record->byte != due->byte) {
        return false;
    }
    if (!contract->device_reads) {
        return true;
    }
    if (contract->device_pieces ? record->call != due->call
                                : (record->call == 0) != (*left > 0)) {
        return false;
    }
    *left = record->call ? record->call - 1u : *left - 1;
    return *left < left_of_access;
}

static bool same_record(const TwLogRecord *a, const TwLogRecord *b)
{
    return a->op == b->op && a->started == b->started && a->kind == b->kind &&
           a->region == b->region && a->offset == b->offset &&
           a->attrs == b->attrs && a->byte == b->byte && a->call == b->call;
}

/* Does the log have the bytes of the access from `at` on, and nothing else for
 * them?  In *n how many records those are. */
static bool log_has(const TwOracle *oracle, const TwAccess *access,
                    const TwByte *bytes, const TwEffect *effect, uint32_t at,
                    uint32_t *n)
{
    const TwTrace *trace = oracle->trace;
    const TwContract *contract = &oracle->world->contract;
    TwLogRecord told[2 * TW_MAX_ACCESS];
    unsigned left = 0; /* bytes of the call at hand */

    *n = 0;
    for (unsigned k = 0; k < access->size; k++) {
        bool exact;
        unsigned due;

        if (effect->acts[k] == TW_ACT_DEVICE && effect->pieces[k] == 0) {
            continue; /* in the piece before it */
        }
        if (effect->acts[k] != TW_ACT_DEVICE) {
            if (left > 0) {
                return false; /* a call goes on where the device does not */
            }
            continue;
        }
        exact = tw_has_calls(oracle->world, &bytes[k]);
        if (exact && left > 0) {
            return false; /* or where another call is known to begin */
        }
        due = tw_told(oracle->world, access, bytes, effect, k, told);
        for (unsigned i = 0; i < due; i++) {
            if (at + *n >= trace->n_log ||
                !(exact ? same_record(&trace->log[at + *n], &told[i])
                        : is_due(contract, &trace->log[at + *n], &told[i],
                                 access->size - k - i % effect->pieces[k],
                                 &left))) {
                return false;
            }
            ++*n;
        }
    }
    return true;
}

/* Has the log no record of this access from `at` on? */
static bool log_ends(const TwOracle *oracle, const TwAccess *access,
                     uint32_t at)
{
    const TwTrace *trace = oracle->trace;

    return at >= trace->n_log || trace->log[at].op > access->op ||
           trace->log[at].op == oracle->outer ||
           trace->log[at].started != access->started;
}

bool tw_judge_log(const TwOracle *oracle, const TwAccess *access,
                  const TwByte *bytes, const TwEffect *effect, uint32_t *n)
{
    uint32_t at = oracle->log;

    bool goes_on = access->blind || access->more;

    *n = 0;
    if (!effect->callback && oracle->world->contract.code == 0) {
        return goes_on || log_ends(oracle, access, at); /* the usual case */
    }
    if (!goes_on && log_ends(oracle, access, at) &&
        fetched_before(oracle, access, bytes, effect)) {
        return true;
    }
    if (tw_is_told(oracle->world, access) &&
        !log_has(oracle, access, bytes, effect, at, n)) {
        *n = 0;
        return goes_on && fetched_before(oracle, access, bytes, effect);
    }
    at += *n;
    /* Behind a blind fetch comes the access itself, or the next word. */
    return goes_on || log_ends(oracle, access, at);
}
