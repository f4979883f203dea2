/* SPDX-License-Identifier: MIT */
/*
 * Where stores went.  Around each store the agent reads, through pages of its
 * own (look-table.c), all places to which its address has led so far in the
 * program: the place that has changed is the one (look-result.c).  So a store
 * to a wrong place is seen at once, and not only in a later load or in the
 * bytes at the end.
 *
 * Nothing is said of exchanges, which can read in one place and store in
 * another, of addresses that have led to too many places, and where the bytes
 * were there before.
 */
#include "targets/qemu/internal.h"

/* Bytes first .. first + length - 1 of a store may be at `pa`. */
static bool add(Machine *m, uint64_t pa, unsigned first, unsigned length)
{
    for (unsigned i = 0; i < m->n_looks; i++) {
        if (m->looks[i].pa == pa) {
            return true;
        }
    }
    if (tw_qemu_view_at(&m->view, pa) == NULL) {
        return true;
    }
    if (m->n_looks == MOST_LOOKS) {
        return false;
    }
    m->looks[m->n_looks++] =
        (Look){.pa = pa, .first = (uint8_t)first, .length = (uint8_t)length};
    return true;
}

static bool add_all(Machine *m, const TwOp *op, unsigned first, unsigned length)
{
    uint64_t addr = op->addr + first;

    for (unsigned i = 0; length > 0 && i < m->n_assigned; i++) {
        const Assigned *a = &m->assigned[i];

        if (a->leads && a->index == op->index &&
            addr >> a->lg == a->addr >> a->lg &&
            !add(m, a->out + (addr - a->addr), first, length)) {
            return false;
        }
    }
    return true;
}

/* Eight bytes around the place, all of its page. */
static void look(Machine *m, const Look *at, unsigned i, unsigned when,
                 unsigned number)
{
    uint64_t back = at->pa & (PAGE_BYTES - 1);
    TwDo *what = tw_qemu_do(m, TW_DO_READ, number);

    back = back > PAGE_BYTES - 8 ? back - (PAGE_BYTES - 8) : 0;
    what->lg = 3;
    what->note = (uint8_t)when;
    what->addr = tw_qemu_look_at(m, at->pa - back);
    /* The agent does not need these of a load. */
    what->from = at->pa;
    what->value = back << 24 | at->length << 16 | at->first << 8 | i;
}

void tw_qemu_look_before(Machine *m, const TwOp *op, unsigned number)
{
    unsigned left = PAGE_BYTES - (unsigned)(op->addr & (PAGE_BYTES - 1));
    unsigned length = MIN(op->size, left);

    m->n_looks = 0;
    if (op->code != TW_OP_WRITE || m->record || !add_all(m, op, 0, length) ||
        !add_all(m, op, length, op->size - length)) {
        m->n_looks = 0;
    }
    for (unsigned i = 0; i < m->n_looks; i++) {
        look(m, &m->looks[i], i, LOOK_BEFORE, number);
    }
}

void tw_qemu_look_after(Machine *m, unsigned number)
{
    for (unsigned i = 0; i < m->n_looks; i++) {
        look(m, &m->looks[i], i,
             i + 1 == m->n_looks ? LOOK_AFTER_LAST : LOOK_AFTER, number);
    }
}
