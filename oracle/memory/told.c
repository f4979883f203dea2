/* SPDX-License-Identifier: MIT */
/*
 * The calls of a device's callback (LA-24, LA-50), byte by byte, as a log has
 * them.  Must not know what a target did.
 */
#include "oracle/memory/told.h"

#include "program/content.h"

bool tw_is_told(const TwWorld *world, const TwAccess *access)
{
    return tw_is_store(access) || access->code == TW_OP_EXEC ||
           world->contract.device_reads || access->code == TW_OP_RMW;
}

bool tw_has_calls(const TwWorld *world, const TwByte *byte)
{
    const TwRegion *region = &world->program->regions[byte->region];

    return region->impl_min != 0 || region->impl_max != 0;
}

/* The record of a byte of region `region` that is read or fetched. */
static TwLogRecord asked(const TwAccess *access, unsigned region,
                         uint64_t offset, bool fetch)
{
    return (TwLogRecord){
        .op = access->op,
        .started = access->started,
        .kind = fetch ? TW_LOG_FETCH : TW_LOG_READ,
        .region = (uint8_t)region,
        .byte =
            fetch ? 0 : tw_device_byte((uint8_t)region, offset, access->attrs),
        .offset = offset,
        .attrs = access->attrs,
    };
}

/* The record of byte k of the access. */
static TwLogRecord own(const TwWorld *world, const TwAccess *access,
                       const TwByte *bytes, unsigned k)
{
    TwLogRecord record = asked(access, bytes[k].region, bytes[k].offset,
                               access->code == TW_OP_EXEC);

    if (tw_is_store(access)) {
        record.kind = TW_LOG_WRITE;
        record.byte = tw_content_tag(world->program->contents,
                                     tw_access_tag(access), access->addr, k);
    }
    return record;
}

/* A piece of `piece` bytes from byte k on, for which the calls of its device
 * are too wide (LA-50). */
static unsigned widened(const TwWorld *world, const TwAccess *access,
                        const TwByte *bytes, unsigned k, unsigned piece,
                        TwLogRecord *told)
{
    const TwRegion *region = &world->program->regions[bytes[k].region];
    unsigned width = region->impl_min, n = 0;
    bool store = tw_is_store(access), words = world->contract.device_words;
    uint64_t start = bytes[k].offset;

    if (words && !region->unaligned) {
        start -= start % width;
    }
    if (store && words) {
        for (unsigned i = 0; i < width; i++) {
            told[n++] = asked(access, bytes[k].region, start + i, false);
        }
        told[0].call = (uint8_t)width;
    }
    for (unsigned i = 0; i < width; i++) {
        uint64_t in_piece = start + i - bytes[k].offset;

        if (in_piece < piece) {
            told[n] = own(world, access, bytes, k + (unsigned)in_piece);
        } else {
            told[n] = asked(access, bytes[k].region, start + i,
                            access->code == TW_OP_EXEC);
            if (store) {
                told[n].kind = TW_LOG_WRITE;
                told[n].byte = words ? told[n].byte : 0;
            }
        }
        told[n].call = i == 0 ? (uint8_t)width : 0;
        n++;
    }
    return n;
}

static unsigned told_once(const TwWorld *world, const TwAccess *access,
                          const TwByte *bytes, const TwEffect *effect,
                          unsigned k, TwLogRecord *told)
{
    unsigned piece = effect->pieces[k], call = piece;
    const TwRegion *region;

    if (effect->acts[k] != TW_ACT_DEVICE || piece == 0) {
        return 0;
    }
    region = &world->program->regions[bytes[k].region];
    if (piece < region->impl_min) {
        return widened(world, access, bytes, k, piece, told);
    }
    if (region->impl_max != 0 && call > region->impl_max) {
        call = region->impl_max;
    }
    for (unsigned i = 0; i < piece; i++) {
        told[i] = own(world, access, bytes, k + i);
        told[i].call = i % call == 0 ? (uint8_t)call : 0;
    }
    return piece;
}

unsigned tw_told(const TwWorld *world, const TwAccess *access,
                 const TwByte *bytes, const TwEffect *effect, unsigned k,
                 TwLogRecord *told)
{
    TwAccess half;
    unsigned n;

    if (access->code != TW_OP_RMW) {
        return told_once(world, access, bytes, effect, k, told);
    }
    /* An exchange reads its only piece, and then writes it (LA-25). */
    half = *access;
    half.code = TW_OP_READ;
    n = world->contract.device_reads
            ? told_once(world, &half, bytes, effect, k, told)
            : 0;
    half.code = TW_OP_WRITE;
    return n + told_once(world, &half, bytes, effect, k, told + n);
}
