/* SPDX-License-Identifier: MIT */
/*
 * Programs without open windows, for two QEMUs that are compared.  While a
 * changed entry is not flushed yet, either answer is right, and two QEMUs may
 * differ.  So an access that could meet an older answer is preceded by a flush:
 * the same one on both, of one of several kinds.  The flushes of the program
 * itself are all done; what they fail to end still shows.
 *
 * A flush of ours that has an address counts for one access only, and the next
 * one gets its own: known defects of QEMU need a flush by another address.
 *
 * An older answer is that of an assignment which a newer one covers at the
 * address, and which no flush has met since (LA-29).
 */
#include "program/ops.h"
#include "targets/qemu/internal.h"

static uint64_t last_of(const Assigned *a)
{
    return a->addr + ((UINT64_C(1) << a->lg) - 1);
}

void tw_qemu_settle_assigned(Machine *m)
{
    const Assigned *newest = &m->assigned[m->n_assigned - 1];

    for (Assigned *a = m->assigned; a <= newest; a++) {
        a->cached |= a->index == newest->index && a->addr <= last_of(newest) &&
                     last_of(a) >= newest->addr;
    }
}

/* The range of a flush, widened to whole pages; false: everything. */
static bool range_of(const TwOp *op, uint64_t *first, uint64_t *last)
{
    uint64_t length = op->code == TW_OP_FLUSH_PAGE ? 1 : op->length;

    *first = op->addr & -(uint64_t)PAGE_BYTES;
    *last = (op->addr + (length - 1)) | (PAGE_BYTES - 1);
    return op->code == TW_OP_FLUSH_PAGE ||
           (op->code == TW_OP_FLUSH_RANGE && *last >= *first &&
            op->bits > TW_QEMU_VIRTUAL_LG);
}

void tw_qemu_settle_flushed(Machine *m, const TwOp *op)
{
    uint64_t first, last;
    bool all = op->code == TW_OP_FLUSH_ALL;
    bool range = range_of(op, &first, &last);

    if (op->code == TW_OP_FLUSH_RANGE && op->length == 0) {
        return;
    }
    for (unsigned i = 0; i < m->n_assigned; i++) {
        Assigned *a = &m->assigned[i];

        if (all || (a->index == op->index &&
                    (!range || (a->addr <= last && last_of(a) >= first)))) {
            a->cached = false;
        }
    }
}

static bool is_open(const Machine *m, unsigned index, uint64_t addr)
{
    bool newer = false;

    for (unsigned i = m->n_assigned; i-- > 0;) {
        const Assigned *a = &m->assigned[i];

        if (a->index == index && addr >= a->addr && addr <= last_of(a)) {
            if (newer && a->cached) {
                return true;
            }
            newer = true;
        }
    }
    return false;
}

static void settle(Machine *m, const TwOp *access, uint64_t addr,
                   unsigned number)
{
    static const uint8_t kinds[] = {
        TW_OP_FLUSH_PAGE,  TW_OP_FLUSH_PAGE,  TW_OP_FLUSH_PAGE,
        TW_OP_FLUSH_RANGE, TW_OP_FLUSH_INDEX, TW_OP_FLUSH_PAGE,
        TW_OP_FLUSH_RANGE, TW_OP_FLUSH_ALL,
    };
    TwOp flush = {.code = kinds[number % sizeof(kinds)],
                  .index = access->index,
                  .addr = addr,
                  .bits = 64};

    if (!is_open(m, access->index, addr)) {
        return;
    }
    flush.length = (number % 3 + 1) * PAGE_BYTES;
    tw_qemu_page_flush(m, &flush, number);
    if (flush.code == TW_OP_FLUSH_INDEX || flush.code == TW_OP_FLUSH_ALL) {
        tw_qemu_settle_flushed(m, &flush);
    }
}

void tw_qemu_settle_access(Machine *m, const TwOp *op, unsigned number)
{
    settle(m, op, op->addr, number);
    settle(m, op, op->addr - 1 + tw_op_bytes(m->program, op), number);
    if (op->flags & TW_OPF_FROM) {
        settle(m, op, op->from, number);
    }
}
