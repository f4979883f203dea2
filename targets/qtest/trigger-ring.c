/* SPDX-License-Identifier: MIT */
/* Triggers of devices with rings. */
#include "targets/qtest/trigger.h"

enum { OVER_PAGE = 1, PAGE = 4096 };

const TwTriggerInfo tw_qtest_virtio_vtd_triggers[] = {
    {.name = "over-page", .meaning = "the script makes a store of two pages"},
    {.name = NULL},
};

static bool is_over_page(const TwOp *op)
{
    return op->code == TW_OP_DMA_WRITE && op->addr % PAGE + op->size > PAGE;
}

uint64_t tw_qtest_virtio_vtd_met(const TwProgram *program,
                                 const TwFinding *finding)
{
    unsigned n =
        finding->op < program->n_script ? finding->op + 1u : program->n_script;

    for (unsigned i = 0; i < n; i++) {
        if (is_over_page(&program->script[i])) {
            return OVER_PAGE;
        }
    }
    return 0;
}

/* The element before it is in one page. */
void tw_qtest_virtio_vtd_avoid(TwProgram *program, uint64_t triggers)
{
    for (unsigned i = 0; triggers & OVER_PAGE && i < program->n_script; i++) {
        if (is_over_page(&program->script[i])) {
            program->script[i].addr -= program->script[i].size;
        }
    }
}
