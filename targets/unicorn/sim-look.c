/* SPDX-License-Identifier: MIT */
/* What operations do that can be told without stepping; see sim.h. */
#include "targets/unicorn/sim.h"

/* Are all parts of an access, as the guest makes them (run.c), aligned? */
static bool is_aligned(const TwProgram *program, const TwOp *op)
{
    unsigned size = op->size, big = size >= 4 ? 4 : 2;
    uint64_t page = UINT64_C(1) << program->page_lg;
    unsigned cut = (unsigned)MIN(page - (op->addr & (page - 1)), size);
    unsigned low = cut < size && cut >= big ? size - big : 0;

    if ((size & (size - 1)) == 0) {
        return (op->addr & (size - 1)) == 0;
    }
    if ((op->addr + low) % big != 0) {
        return false;
    }
    for (unsigned at = low == 0 ? big : 0, end = low == 0 ? size : low;
         at < end; at += 2) {
        if (end - at >= 2 && (op->addr + at) % 2 != 0) {
            return false;
        }
    }
    return true;
}

bool tw_uc_is_unaligned_load(const Sim *sim, const TwOp *op)
{
    uint64_t first = op->addr >> sim->flat.page_lg;
    uint64_t last = (op->addr + op->size - 1) >> sim->flat.page_lg;

    return op->code == TW_OP_READ && last < PAGES &&
           !is_aligned(sim->program, op) &&
           (sim->flat.mapped[first] | sim->flat.mapped[last]) & SHOWS_DEVICE;
}

/* The pages of a flush, last included; false: none. */
bool tw_uc_flush_range(const Sim *sim, const TwOp *op, uint64_t *first,
                       uint64_t *last)
{
    *first = 0;
    *last = PAGES - 1;
    if (op->code == TW_OP_FLUSH_PAGE) {
        *first = *last = op->addr >> sim->flat.page_lg;
    } else if (op->code == TW_OP_FLUSH_RANGE) {
        if (op->length == 0) {
            return false;
        }
        if (op->bits >= PAGES_LG + sim->flat.page_lg &&
            op->length != UINT64_MAX && op->addr + op->length >= op->addr) {
            *first = op->addr >> sim->flat.page_lg;
            *last = (op->addr + op->length - 1) >> sim->flat.page_lg;
        }
    } else if (op->code != TW_OP_FLUSH_INDEX && op->code != TW_OP_FLUSH_ALL) {
        return false;
    }
    *last = MIN(*last, PAGES - 1);
    return *first <= *last;
}

/* Does the access fill the entry of a page without R? */
bool tw_uc_is_unreadable(const Sim *sim, const TwOp *op)
{
    uint64_t last = tw_uc_last_byte(sim, op) >> sim->flat.page_lg;

    if (op->code != TW_OP_WRITE && op->code != TW_OP_EXEC) {
        return false;
    }
    for (uint64_t p = op->addr >> sim->flat.page_lg; p <= last && p < PAGES;
         p++) {
        if (cannot_read(sim, p)) {
            return true;
        }
    }
    return false;
}

/* Does a load want to see a page that refused one before? */
bool tw_uc_reads_again(const Sim *sim, const TwOp *op)
{
    uint64_t last = (op->addr + op->size - 1) >> sim->flat.page_lg;

    for (uint64_t p = op->addr >> sim->flat.page_lg; p <= last && p < PAGES;
         p++) {
        if (loads(op) && sim->refused[p] && cannot_read(sim, p)) {
            return true;
        }
    }
    return false;
}

bool tw_uc_leads_pair(const Sim *sim, const TwOp *op)
{
    size_t n = (size_t)(op - sim->program->script);

    return op >= sim->program->script && n < sim->program->n_script &&
           tw_op_leads_pair(sim->program, (unsigned)n);
}

/* The pages of an access, or of the pair that it is one of. */
static void whole_pages(const Sim *sim, const TwOp *op, uint64_t *first,
                        uint64_t *last)
{
    uint64_t behind = tw_uc_leads_pair(sim, op) ? op->size : 0;

    *first = tw_uc_whole_address(op) >> sim->flat.page_lg;
    *last = (op->addr + op->size - 1 + behind) >> sim->flat.page_lg;
}

bool tw_uc_is_partial_store(const Sim *sim, const TwOp *op)
{
    uint64_t first, last;

    whole_pages(sim, op, &first, &last);
    return op->code == TW_OP_WRITE && first != last &&
           granted(sim, first, TW_W) && !granted(sim, last, TW_W);
}

bool tw_uc_load_crosses(const Sim *sim, const TwOp *op)
{
    uint64_t first, last;

    whole_pages(sim, op, &first, &last);
    return op->code == TW_OP_READ && first != last && last < PAGES &&
           granted(sim, first, TW_R) && cannot_read(sim, last);
}

bool tw_uc_is_half_exchange(const Sim *sim, const TwOp *op)
{
    uint64_t page = op->addr >> sim->flat.page_lg;

    return op->code == TW_OP_RMW && page < PAGES &&
           sim->flat.mapped[page] != 0 &&
           sim->flat.mapped_rights[page] & TW_R &&
           !(sim->flat.mapped_rights[page] & TW_W);
}
