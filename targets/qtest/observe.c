/* SPDX-License-Identifier: MIT */
/*
 * Accesses of programs behind an observer: test devices are vhost-user devices,
 * and we are those.  An access looks its address up in our IOTLB, asks QEMU if
 * it is not there, and reads or writes where QEMU has said.
 */
#include <inttypes.h>
#include <string.h>

#include "targets/qtest/internal.h"

/* What QEMU has told for a miss, for the judge (LA-64): all of the range, with
 * the right that was asked for.  What else it grants, accesses will show. */
static void note_told(Machine *m, uint8_t right)
{
    const Told *told = tw_observer_told(m->observer);

    if (told) {
        tw_trace_add_event(m->trace,
                           (TwEventRecord){
                               .op = m->op,
                               .observer = TW_NONE,
                               .kind = TW_TRACE_TOLD,
                               .perm = right == IOTLB_WRITE ? TW_W : TW_R,
                               .space = m->dialect.path_stages,
                               .region = TW_NONE,
                               .first = told->first,
                               .last = told->last,
                               .out = told->place,
                           });
    }
}

/* Where the access goes; false: QEMU gives no translation, or is lost. */
static bool translate(Machine *m, unsigned index, uint64_t iova, uint8_t right,
                      uint64_t *place)
{
    TwReply reply;

    tw_direct_settle(m);
    if (m->broken) {
        return false;
    }
    if (tw_observer_find(m->observer, index, iova, right, place)) {
        return true;
    }
    reply = tw_observer_ask(m->observer, index, iova, right)
                ? tw_process_serve(&m->process, m->timeout_ms)
                : TW_REPLY_BAD;
    if (reply != TW_REPLY_DONE) {
        tw_qtest_lose(m, reply);
        return false;
    }
    note_told(m, right);
    return tw_observer_find(m->observer, index, iova, right, place);
}

/* What was recorded of a refusal. */
static void take_reason(Machine *m, const TwOp *op, unsigned index,
                        TwOutcome *outcome)
{
    tw_qtest_reason(m, index, AT_SLOTS, &outcome->reason);
    if (outcome->reason.kind == TW_REASON_NO_CONTEXT) {
        outcome->reason.address = op->addr; /* SMMUv3 records none then */
    }
}

static uint64_t tag_of(const Machine *m, const TwOp *op, unsigned number)
{
    uint64_t tag = 0;

    for (unsigned k = 0; k < op->size; k++) {
        tag |=
            (uint64_t)tw_content_tag(m->program->contents, number, op->addr, k)
            << 8 * k;
    }
    return tag;
}

static void store(Machine *m, const TwOp *op, unsigned number, uint64_t place,
                  TwOutcome *outcome)
{
    uint64_t at = place - m->driver->ram - AT_PROGRAM;
    uint64_t tag = tag_of(m, op, number);

    if (at >> PROGRAM_LG) {
        return; /* not in memory that a program may change */
    }
    tw_qtest_memory_use(m, place);
    memcpy(m->ram + AT_PROGRAM + at, &tag, op->size);
    tw_trace_add_location(
        m->trace, outcome,
        (TwLocation){
            .first = 0, .length = op->size, .region = m->block, .offset = at});
}

/* For a reader (emit-vhost.c): kind, index, address, bytes, what is stored. */
static void tell(Machine *m, const TwOp *op, unsigned number, unsigned index)
{
    g_string_append_printf(m->tell, "dma-%s %u 0x%" PRIx64 " %u",
                           op->code == TW_OP_DMA_WRITE ? "write" : "read",
                           index, op->addr, op->size);
    if (op->code == TW_OP_DMA_WRITE) {
        g_string_append_printf(m->tell, " 0x%" PRIx64, tag_of(m, op, number));
    }
    g_string_append_c(m->tell, '\n');
    m->n_told++;
    if (!m->tell_alone) {
        m->driver->capture(m);
    }
}

void tw_observe_access(Machine *m, const TwOp *op, unsigned number)
{
    TwOutcome *outcome = &m->trace->outcomes[number];
    unsigned index = tw_qtest_device_of(m, op);
    bool stores = op->code == TW_OP_DMA_WRITE;
    uint64_t place;

    if (m->tell) {
        tell(m, op, number, index);
        return;
    }
    outcome->reason = (TwReason){.kind = TW_REASON_NONE};
    if (!translate(m, index, op->addr, stores ? IOTLB_WRITE : IOTLB_READ,
                   &place)) {
        outcome->class_ = TW_CLASS_DECODE_ERROR;
        take_reason(m, op, index, outcome);
        return;
    }
    outcome->class_ = TW_CLASS_OK;
    if (stores) {
        store(m, op, number, place, outcome);
    } else if (tw_direct_is_ram(m, place)) {
        memcpy(&outcome->value, m->ram + (place - m->driver->ram), op->size);
    }
}
