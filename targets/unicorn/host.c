/* SPDX-License-Identifier: MIT */
/*
 * DMA accesses are the host's: between runs of the guest, the host reads and
 * writes the memory of the guest with uc_mem_read and uc_mem_write, which look
 * at no rights.  RAM that the page map does not show is not mapped in the
 * engine; the host accesses it by its own pointer, and devices itself.
 */
#include <string.h>

#include "targets/unicorn/internal.h"
#include "targets/unicorn/record.h"

/* What the guest's memory shows for byte k of an access, or 0: nothing. */
static Shown shows(const Machine *m, const TwOp *op, unsigned k)
{
    uint64_t at = op->addr + k;

    return at >= op->addr && at >> m->flat.page_lg < PAGES
               ? m->flat.graph.view[at >> m->flat.page_lg]
               : 0;
}

static uint64_t offset_of(const Machine *m, Shown shown, uint64_t at)
{
    return ((uint64_t)shown_page(shown) << m->flat.page_lg) |
           (at & (tw_uc_page_size(m) - 1));
}

/* Is byte k in RAM that the engine has mapped? */
static bool is_mapped(const Machine *m, const TwOp *op, unsigned k)
{
    Shown shown = shows(m, op, k);

    return shown & SHOWS_RAM &&
           m->flat.mapped[(op->addr + k) >> m->flat.page_lg] == shown;
}

/* Are all of its bytes? */
static bool is_all_mapped(const Machine *m, const TwOp *op)
{
    unsigned k = 0;

    while (k < op->size && is_mapped(m, op, k)) {
        k++;
    }
    return k == op->size;
}

/* A call of the library for the whole access. */
static void by_library(Machine *m, const TwOp *op, uint64_t *value)
{
    bool store = op->code == TW_OP_DMA_WRITE;
    uint8_t bytes[TW_MAX_ACCESS];
    uc_err err;

    for (unsigned k = 0; k < op->size; k++) {
        bytes[k] = (uint8_t)(*value >> 8 * k);
    }
    tw_uc_record_host(m, store ? CALL_HOST_WRITE : CALL_HOST_READ, 0, 0,
                      *value);
    err = store ? m->lib.mem_write(m->uc, m->window + op->addr, bytes, op->size)
                : m->lib.mem_read(m->uc, m->window + op->addr, bytes, op->size);
    if (err != UC_ERR_OK) {
        tw_uc_fail(m, store ? "uc_mem_write" : "uc_mem_read", op->addr,
                   op->size, err);
        return;
    }
    *value = 0;
    for (unsigned k = 0; k < op->size && !store; k++) {
        *value |= (uint64_t)bytes[k] << 8 * k;
    }
}

/* Byte k.  After a snapshot the bytes of mapped memory are not where they were
 * mapped from. */
static void byte_by_library(Machine *m, const TwOp *op, unsigned k,
                            uint64_t *value)
{
    TwOp one = *op;
    uint64_t byte = *value >> 8 * k & 0xff;

    one.addr += k;
    one.size = 1;
    by_library(m, &one, &byte);
    *value = (*value & ~(UINT64_C(0xff) << 8 * k)) | byte << 8 * k;
}

static void log_byte(Machine *m, const TwOp *op, Shown shown, uint64_t offset,
                     uint8_t byte)
{
    unsigned n = m->trace->n_log;
    TwLogRecord record = {
        .op = (uint16_t)m->op,
        .kind = op->code == TW_OP_DMA_WRITE ? TW_LOG_WRITE : TW_LOG_READ,
        .region = shown_id(shown),
        .byte = byte,
        .call = 1,
        .offset = offset,
        .attrs = op->attrs,
    };

    if (tw_trace_add_log(m->trace, record)) {
        m->log_at[n] = 0; /* no batch sorts it */
    } else if (!m->broken) {
        m->broken = true;
        m->trace->end_op = (uint16_t)m->op;
    }
}

/* Byte k, without the library. */
static void by_pointer(Machine *m, const TwOp *op, unsigned k, uint64_t *value)
{
    Shown shown = shows(m, op, k);
    uint64_t offset = offset_of(m, shown, op->addr + k);
    bool store = op->code == TW_OP_DMA_WRITE;
    uint8_t byte = (uint8_t)(*value >> 8 * k);

    if (shown & SHOWS_DEVICE) {
        if (!store) {
            byte = tw_device_byte(shown_id(shown), offset, op->attrs);
        }
        log_byte(m, op, shown, offset, byte);
        if (store) {
            tw_uc_ask_actors(m, shown_id(shown), (uint16_t)m->op, offset, 1);
        }
    } else {
        uint8_t *at = tw_uc_memory_use(&m->memory, m->program->contents,
                                       shown_id(shown), shown_page(shown), 1) +
                      (offset & (tw_uc_page_size(m) - 1));

        tw_uc_record_host(m, store ? CALL_POINTER_WRITE : CALL_POINTER_READ, k,
                          shown, byte);
        if (store) {
            *at = byte;
        }
        byte = *at;
    }
    *value = (*value & ~(UINT64_C(0xff) << 8 * k)) | (uint64_t)byte << 8 * k;
}

void tw_uc_host_access(Machine *m, const TwOp *op, TwOutcome *outcome)
{
    bool store = op->code == TW_OP_DMA_WRITE;
    uint64_t value = 0;

    for (unsigned k = 0; k < op->size; k++) {
        if (shows(m, op, k) == 0) {
            outcome->class_ = TW_CLASS_DECODE_ERROR;
            return;
        }
        if (store) {
            value |= (uint64_t)tw_content_tag(m->program->contents, m->op,
                                              op->addr, k)
                     << 8 * k;
        }
    }
    if (is_all_mapped(m, op)) {
        by_library(m, op, &value);
    } else {
        for (unsigned k = 0; k < op->size; k++) {
            if (m->saved != NULL && is_mapped(m, op, k)) {
                byte_by_library(m, op, k, &value);
            } else {
                by_pointer(m, op, k, &value);
            }
        }
    }
    outcome->value = store ? 0 : value;
}
