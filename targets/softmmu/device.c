/* SPDX-License-Identifier: MIT */
/*
 * What the callback of a device gets: pieces (AC-5, LA-23) in calls (LA-24,
 * LA-50), and the actors that its bytes start (LA-27).  Must not know how an
 * access came here.
 */
#include "targets/softmmu/internal.h"

static bool access_writes(const Access *access)
{
    return access->need & TW_W;
}

/* LA-57: is the device the registers of an MPC? */
static bool is_registers(const TwRegion *region)
{
    return region->kind == TW_REGION_MMIO && region->registers != TW_NONE;
}

/* AC-5, LA-50: the bytes of the next piece of `left` bytes at `offset`. */
static unsigned piece_length(const Machine *m, const TwRegion *region,
                             uint64_t offset, unsigned left)
{
    unsigned most = is_registers(region) && !TW_BUG(m, REGISTERS_TAKE_WIDE)
                        ? 4 /* LA-57 */
                        : 8;
    unsigned length = region->valid_max ? MIN(region->valid_max, most) : most;

    while (length > left ||
           (offset & (length - 1) &&
            (!region->unaligned || TW_BUG(m, UNALIGNED_IGNORED)))) {
        length /= 2;
    }
    return length;
}

/* LA-26, LA-61: of the access at hand. */
static uint32_t tag_number(const Machine *m)
{
    return tw_started_tag(m->op,
                          TW_BUG(m, STARTED_TAGS_OF_OUTER) ? 0 : m->started);
}

/* Byte k of what the access stores.  (Only words of runs depend on the address,
 * and here are none.) */
static uint8_t stored_byte(const Machine *m, unsigned k)
{
    return tw_content_tag(m->program->contents, tag_number(m), 0, k);
}

static bool range_meets(TwRange range, uint64_t offset, unsigned length)
{
    return range.first <= range.last && range.first <= offset + length - 1 &&
           range.last >= offset;
}

/* LA-27: the actors at this offset, each once. */
static void note_actors(Machine *m, uint8_t region, uint64_t offset)
{
    Access *access = &m->access;

    for (unsigned i = 0; i < m->program->n_actors; i++) {
        const TwActor *actor = &m->program->actors[i];
        if (actor->region == region && actor->offset == offset &&
            !(access->actors >> i & 1)) {
            access->actors |= 1u << i;
            access->actor_order[access->n_actors++] = i;
        }
    }
}

/* Byte k of a run, in a call of `call` bytes that begins with it, or, 0, that
 * has begun before it. */
static void device_byte(Machine *m, const Run *run, unsigned k, unsigned call)
{
    Access *access = &m->access;
    uint64_t offset = run->offset + k;
    unsigned byte = run->first + k;
    TwLogRecord record = {.op = m->op,
                          .region = run->region,
                          .started = m->started,
                          .offset = offset,
                          .attrs = access->attrs,
                          .call = (uint8_t)call};

    record.attrs &= TW_BUG(m, DEVICE_TOLD_LESS)
                        ? low_mask(TW_ATTR_REQUESTER_SHIFT)
                        : UINT64_MAX;

    if (access_writes(access)) {
        record.kind = TW_LOG_WRITE;
        record.byte = stored_byte(m, byte);
        tw_trace_add_log(m->trace, record);
        if (tw_regions_has(&m->actor_regions, run->region)) {
            note_actors(m, run->region, offset);
        }
        return;
    }
    if (access->code == TW_OP_EXEC) {
        record.kind = TW_LOG_FETCH;
    } else {
        record.kind = TW_LOG_READ;
        record.byte = tw_device_byte(run->region, offset, record.attrs);
    }
    if (record.kind != TW_LOG_FETCH || !TW_BUG(m, FETCH_NOT_LOGGED)) {
        tw_trace_add_log(m->trace, record);
    }
    access->value |=
        (uint64_t)tw_device_byte(run->region, offset, access->attrs)
        << 8 * byte;
}

/* A byte of a call that the access does not have.  `known`: the device is asked
 * for it, or was. */
static void device_other_byte(Machine *m, TwLogRecord record, bool known)
{
    record.op = m->op;
    record.started = m->started;
    record.attrs = m->access.attrs;
    record.byte =
        known ? tw_device_byte(record.region, record.offset, record.attrs) : 0;
    tw_trace_add_log(m->trace, record);
}

/* LA-50: `length` bytes from byte k on, fewer than the device implements. */
static void device_word(Machine *m, const TwRegion *region, const Run *run,
                        unsigned k, unsigned length)
{
    unsigned width = region->impl_min;
    TwLogRecord record = {.region = run->region,
                          .kind = access_writes(&m->access)      ? TW_LOG_WRITE
                                  : m->access.code == TW_OP_EXEC ? TW_LOG_FETCH
                                                                 : TW_LOG_READ};
    bool merges = record.kind == TW_LOG_WRITE && !m->narrow_as_is &&
                  !TW_BUG(m, NARROW_WRITE_DROPS);
    uint64_t start = run->offset + k;
    unsigned before = 0; /* bytes of the call before those of the access */

    if (!m->narrow_as_is && !region->unaligned) {
        before = start & (width - 1);
        start -= before;
    }
    for (unsigned i = 0; i < width && merges; i++) {
        device_other_byte(m,
                          (TwLogRecord){.region = run->region,
                                        .kind = TW_LOG_READ,
                                        .offset = start + i,
                                        .call = i == 0 ? width : 0},
                          true);
    }
    for (unsigned i = 0; i < width; i++) {
        record.call = i == 0 ? width : 0;
        record.offset = start + i;
        if (i - before < length) {
            device_byte(m, run, k + i - before, record.call);
        } else {
            device_other_byte(m, record, merges || record.kind == TW_LOG_READ);
        }
    }
}

/* The bytes of each call for a piece of `length` bytes, which are not fewer
 * than the device implements. */
static unsigned call_length(const Machine *m, const TwRegion *region,
                            unsigned length)
{
    unsigned most = region->impl_max ? region->impl_max
                    : TW_BUG(m, CALLS_OF_FOUR) && region->impl_min <= 4
                        ? 4
                        : length;

    return TW_BUG(m, DEVICE_CALLED_PER_BYTE)                  ? 1
           : most < length && !TW_BUG(m, WIDE_CALL_NOT_SPLIT) ? most
                                                              : length;
}

static void device_piece(Machine *m, const TwRegion *region, const Run *run,
                         unsigned k, unsigned length)
{
    unsigned call;

    if (length < region->impl_min &&
        !(TW_BUG(m, NARROW_READ_NOT_WIDENED) && !access_writes(&m->access))) {
        device_word(m, region, run, k, length);
        return;
    }
    call = call_length(m, region, length);
    for (unsigned i = 0; i < length; i++) {
        device_byte(m, run, k + i, i & (call - 1) ? 0 : call);
    }
}

/* LA-57: a piece is an access to a register. */
static void registers_piece(Machine *m, const TwRegion *region, const Run *run,
                            unsigned k, unsigned length)
{
    Access *access = &m->access;
    unsigned byte = run->first + k;
    TwOp op = {.obj = region->registers,
               .size = (uint8_t)length,
               .attrs = TW_BUG(m, REGISTERS_FOR_ALL) ? TW_ATTR_SECURE
                                                     : access->attrs,
               .addr = run->offset + k};

    if (!(m->legality.iommu_live >> op.obj & 1)) {
        return;
    }
    if (!access_writes(access)) {
        access->value |= (uint64_t)mpc_read(m, &op) << 8 * byte;
        return;
    }
    for (unsigned i = 0; i < length; i++) {
        op.value |= (uint64_t)stored_byte(m, byte + i) << 8 * i;
    }
    zoo_unlocks(m, op.obj);
    mpc_write(m, &op, access->actor);
}

static void device_run(Machine *m, const TwRegion *region, const Run *run)
{
    unsigned length;

    m->access.callback = true;
    for (unsigned k = 0; k < run->length; k += length) {
        length = piece_length(m, region, run->offset + k, run->length - k);
        if (range_meets(region->error, run->offset + k, length)) {
            continue;
        }
        if (is_registers(region)) {
            length = TW_BUG(m, REGISTERS_BY_BYTE) ? 1 : length;
            registers_piece(m, region, run, k, length);
            continue;
        }
        device_piece(m, region, run, k, length);
        zoo_device_read_on(m, run, k, length);
    }
}
