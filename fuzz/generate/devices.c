/* SPDX-License-Identifier: MIT */
/* See devices.h.  Numbers of their own: other programs stay as they were. */
#include "fuzz/generate/devices.h"

#include "program/ops.h"

enum { ONE_IN = 4 }; /* programs with an IOTLB */

static uint64_t lot(const TwGen *gen, uint64_t salt)
{
    return tw_mix64((gen->rng->state ^ 0x64657669636573) +
                    salt * 0x9e3779b97f4a7c15u);
}

static bool has_iotlb(const TwProgram *program)
{
    for (unsigned i = 0; i < program->n_iommus; i++) {
        if (program->iommus[i].iotlb) {
            return true;
        }
    }
    return false;
}

/* The newest of these operations that gives the page of an access, or NULL. */
static const TwOp *page_in(const TwOp *ops, unsigned n, const TwOp *access)
{
    while (n-- > 0) {
        const TwOp *op = &ops[n];

        if ((op->code == TW_OP_PAGE || op->code == TW_OP_UNPAGE) &&
            op->obj == access->obj && op->index == access->index &&
            (access->addr ^ op->addr) >> op->lg == 0) {
            return op;
        }
    }
    return NULL;
}

/* Can access i be one of a device? */
static bool is_plain(const TwProgram *program, unsigned i)
{
    const TwOp *op = &program->script[i];

    return (op->code == TW_OP_READ || op->code == TW_OP_WRITE) &&
           !(op->flags & (TW_OPF_PAIRED | TW_OPF_FROM)) &&
           !tw_op_leads_pair(program, i);
}

static void make_one(TwProgram *program, unsigned i)
{
    TwOp *op = &program->script[i];
    const TwMmuIndex *mmu = &program->cpus[op->obj].mmu[op->index];
    const TwOp *page = page_in(program->script, i, op);

    if (!page) {
        page = page_in(program->setup, program->n_setup, op);
    }
    if (page && page->code == TW_OP_PAGE) {
        *op = (TwOp){.code = op->code == TW_OP_READ ? TW_OP_DMA_READ
                                                    : TW_OP_DMA_WRITE,
                     .actor = TW_BOARD,
                     .obj = mmu->space,
                     .attrs = mmu->attrs,
                     .size = op->size,
                     .addr = page->out + (op->addr - page->addr)};
    }
}

void tw_devices_make(TwGen *gen)
{
    TwProgram *program = gen->program;

    if (!has_iotlb(program) || lot(gen, 0) % ONE_IN ||
        !tw_gen_speaks(gen->dialect, TW_OP_DMA_READ) ||
        !tw_gen_speaks(gen->dialect, TW_OP_DMA_WRITE)) {
        return;
    }
    for (unsigned i = 0; i < program->n_script; i++) {
        if (is_plain(program, i) && lot(gen, 1 + i) % 8) {
            make_one(program, i);
        }
    }
}
