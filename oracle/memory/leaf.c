/* SPDX-License-Identifier: MIT */
/*
 * What the leaves do with an access (LA-22 to LA-25): whether it is refused,
 * how it is cut into runs and pieces, which bytes come straight from the
 * block, which through a callback, and the class of the access.  Must not know
 * contents.
 */
#include "oracle/memory/leaf.h"

#include <string.h>

#include "oracle/world/mpc.h"
#include "program/content.h"

/* May an exchange reach a leaf of this region (LA-25)? */
static bool takes_rmw(const TwWorld *world, const TwAccess *access,
                      const TwRegion *region)
{
    return region->kind == TW_REGION_RAM || region->kind == TW_REGION_ROM ||
           (region->kind == TW_REGION_MMIO && world->contract.device_rmw &&
            region->registers == TW_NONE && /* LA-57 */
            !access->exclusive &&           /* LA-56 */
            region->impl_min == 0 && region->impl_max == 0);
}

static bool has_bytes(uint8_t kind)
{
    return kind == TW_REGION_RAM || kind == TW_REGION_ROM ||
           kind == TW_REGION_ROMD || kind == TW_REGION_RAM_DEVICE;
}

/* Is the region the registers of an MPC (LA-57)? */
static bool is_registers(const TwRegion *region)
{
    return region->kind == TW_REGION_MMIO && region->registers != TW_NONE;
}

/* Class of a byte that did not get as far as a leaf that takes it; OK if it
 * did. */
static TwClass byte_class(const TwWorld *world, const TwAccess *access,
                          const TwByte *byte)
{
    const TwRegion *region;

    switch (byte->where) {
    case TW_AT_PAGE:
        return TW_CLASS_PAGE_FAULT;
    case TW_AT_LOOP:
        return TW_CLASS_LOOP;
    case TW_AT_HOP:
    case TW_AT_HOLE:
        return TW_CLASS_DECODE_ERROR;
    case TW_AT_BLOCKED:
        return access->code == TW_OP_RMW ? TW_CLASS_DECODE_ERROR : TW_CLASS_OK;
    default:
        break;
    }
    region = &world->program->regions[byte->region];
    if (region->kind == TW_REGION_RESERVATION) {
        return TW_CLASS_DECODE_ERROR;
    }
    if (access->code != TW_OP_RMW && access->code != TW_OP_EXEC) {
        return TW_CLASS_OK;
    }
    return (access->code == TW_OP_EXEC ? is_registers(region)
                                       : !takes_rmw(world, access, region))
               ? TW_CLASS_DECODE_ERROR
               : TW_CLASS_OK;
}

/* Does a run go on from byte k - 1 to byte k (LA-23)? */
static bool continues(const TwByte *bytes, uint8_t cuts, unsigned k)
{
    return !(cuts >> k & 1) && bytes[k].region == bytes[k - 1].region &&
           bytes[k].offset == bytes[k - 1].offset + 1 &&
           bytes[k].flags == bytes[k - 1].flags;
}

static bool meets(TwRange range, uint64_t first, unsigned length)
{
    return range.first <= range.last && first <= range.last &&
           first + (length - 1) >= range.first;
}

static void worsen(TwEffect *effect, TwClass class_)
{
    if (class_ > effect->class_) {
        effect->class_ = class_;
    }
}

/* A run of `length` bytes on a device, from byte k of the access on. */
static void device_run(const TwAccess *access, const TwRegion *region,
                       const TwByte *bytes, unsigned k, unsigned length,
                       TwEffect *effect)
{
    bool registers = is_registers(region);
    unsigned most = region->valid_max ? region->valid_max : 8;
    unsigned end = k + length;

    if (registers) {
        most = most > 4 ? 4 : most;
        effect->registers = true;
    }

    if (access->busy && tw_regions_has(access->busy, bytes[k].region)) {
        worsen(effect, TW_CLASS_DECODE_ERROR); /* AC-8 */
    }
    while (k < end) {
        uint64_t offset = bytes[k].offset;
        unsigned piece = most;

        while (piece > end - k ||
               (!region->unaligned && offset & (piece - 1))) {
            piece /= 2;
        }
        if (meets(region->reject, offset, piece) || piece < region->valid_min) {
            worsen(effect, TW_CLASS_DECODE_ERROR);
        }
        if (meets(region->error, offset, piece)) {
            worsen(effect, TW_CLASS_DEVICE_ERROR);
            for (unsigned i = k; i < k + piece; i++) {
                effect->acts[i] = TW_ACT_ERROR;
            }
        } else {
            effect->callback = true;
            effect->pieces[k] = (uint8_t)piece;
            for (unsigned i = k; i < k + piece; i++) {
                effect->acts[i] = registers ? TW_ACT_REGISTER : TW_ACT_DEVICE;
            }
        }
        k += piece;
    }
}

/* Bytes from k on in the blocked device of an MPC (LA-32). */
static void blocked_run(const TwWorld *world, const TwAccess *access,
                        const TwByte *byte, unsigned k, unsigned length,
                        TwEffect *effect)
{
    uint32_t errors =
        access->early ? access->during->sec_resp : world->sec_resp;
    uint8_t iommu = world->program->regions[byte->region].iommu;

    if (errors >> iommu & 1) {
        worsen(effect, TW_CLASS_DEVICE_ERROR);
        for (unsigned i = k; i < k + length; i++) {
            effect->acts[i] = TW_ACT_ERROR;
        }
    }
}

/* One run of `length` bytes from byte k on; nothing refuses it before the
 * leaf. */
static void run(const TwWorld *world, const TwAccess *access,
                const TwByte *bytes, unsigned k, unsigned length,
                TwEffect *effect)
{
    const TwRegion *region = &world->program->regions[bytes[k].region];
    bool store = tw_is_store(access);
    bool readonly = bytes[k].flags & TW_LOC_READONLY;

    if (bytes[k].where == TW_AT_BLOCKED) {
        blocked_run(world, access, &bytes[k], k, length, effect);
        return;
    }
    if (store && readonly) {
        worsen(effect, TW_CLASS_DISCARD);
        return;
    }
    if (has_bytes(region->kind) && (region->kind != TW_REGION_ROMD ||
                                    (!store && bytes[k].flags & TW_LOC_ROMD))) {
        for (unsigned i = k; i < k + length; i++) {
            effect->acts[i] = TW_ACT_BYTES;
        }
        if (access->code == TW_OP_RMW && readonly) {
            worsen(effect, TW_CLASS_DISCARD); /* RU-5: the old bytes */
        }
        return;
    }
    device_run(access, region, bytes, k, length, effect);
    if (access->code == TW_OP_RMW &&
        (readonly || effect->pieces[k] != access->size)) {
        worsen(effect, TW_CLASS_DECODE_ERROR); /* LA-25 */
    }
}

/* What the registers give that an access reads: as they are in turn, since a
 * read of BLK_LUT may go on to the next word. */
static void read_registers(const TwWorld *world, const TwAccess *access,
                           const TwByte *bytes, TwEffect *effect)
{
    uint32_t turn[TW_MAX_IOMMUS] = {0}, blocked = 0;

    effect->given = effect->open = 0;
    for (unsigned k = 0; k < access->size; k++) {
        blocked |= bytes[k].where == TW_AT_BLOCKED;
    }
    for (unsigned k = 0; k < access->size; k++) {
        uint32_t known;
        uint64_t value, mask;
        TwOp op;

        if (effect->acts[k] != TW_ACT_REGISTER || effect->pieces[k] == 0) {
            continue;
        }
        op = tw_register_op(world, access, bytes, effect, k);
        value = tw_mpc_peek(world, &op, &turn[op.obj], &known);
        mask = (UINT64_C(1) << 8 * effect->pieces[k]) - 1;
        if (blocked && tw_mpc_is_recorded(&op)) {
            known = 0; /* the access itself may be in it */
        }
        effect->given |= (value & mask) << 8 * k;
        effect->open |= (~(uint64_t)known & mask) << 8 * k;
    }
}

TwOp tw_register_op(const TwWorld *world, const TwAccess *access,
                    const TwByte *bytes, const TwEffect *effect, unsigned k)
{
    const TwProgram *program = world->program;
    TwOp op = {.code = tw_is_store(access) ? TW_OP_MPC_WRITE : TW_OP_MPC_READ,
               .obj = program->regions[bytes[k].region].registers,
               .size = effect->pieces[k],
               .attrs = access->attrs,
               .addr = bytes[k].offset};

    for (unsigned i = 0; i < op.size && tw_is_store(access); i++) {
        op.value |=
            (uint64_t)tw_content_tag(program->contents, tw_access_tag(access),
                                     access->addr, k + i)
            << 8 * i;
    }
    return op;
}

TwEffect tw_leaf(const TwWorld *world, const TwAccess *access,
                 const TwByte *bytes, uint8_t cuts)
{
    TwEffect effect;
    unsigned runs = 0;

    memset(&effect, 0, offsetof(TwEffect, given));
    effect.class_ = access->other; /* OK, or refused (LA-59) */
    if (access->beyond) {
        worsen(&effect, TW_CLASS_DECODE_ERROR);
        return effect;
    }
    for (unsigned k = 0; k < access->size; k++) {
        if (k == 0 || bytes[k].where != bytes[k - 1].where ||
            bytes[k].region != bytes[k - 1].region) {
            worsen(&effect, byte_class(world, access, &bytes[k]));
        }
    }
    if (effect.class_ > TW_CLASS_DEVICE_ERROR) {
        return effect;
    }
    for (unsigned k = 0, length; k < access->size; k += length) {
        length = 1;
        while (k + length < access->size &&
               continues(bytes, cuts, k + length)) {
            length++;
        }
        run(world, access, bytes, k, length, &effect);
        runs++;
    }
    if (access->code == TW_OP_RMW && runs > 1) {
        worsen(&effect, TW_CLASS_DECODE_ERROR); /* LA-25 */
    }
    if (effect.class_ > TW_CLASS_DEVICE_ERROR) {
        effect.callback = false;
        for (unsigned k = 0; k < access->size; k++) {
            effect.acts[k] = TW_ACT_NONE;
        }
        effect.registers = false;
    }
    if (effect.registers && !tw_is_store(access)) {
        read_registers(world, access, bytes, &effect);
    }
    return effect;
}
