/* SPDX-License-Identifier: MIT */
/* What the agent is to do, round by round. */
#include "targets/mpc/internal.h"

static void take_results(Machine *m)
{
    const TwMpcDo *ops = (const TwMpcDo *)(const void *)(m->ram + TW_MPC_OPS);
    const TwMpcDone *done =
        (const TwMpcDone *)(const void *)(m->ram + TW_MPC_RESULTS);
    unsigned n = tw_mpc_mailbox(m)->n_done, k = 0;

    for (unsigned i = 0; i < m->n_ops && k < n; i++) {
        if (ops[i].kind < TW_MPC_ACCESSES) {
            tw_mpc_result(m, &ops[i], &done[k++]);
        }
    }
}

void tw_mpc_flush_queue(Machine *m)
{
    if (m->n_ops == 0 || m->broken) {
        return;
    }
    tw_mpc_round(m);
    take_results(m);
    m->n_ops = 0;
}

TwMpcDo *tw_mpc_do(Machine *m, unsigned kind, unsigned op)
{
    TwMpcDo *ops = (TwMpcDo *)(void *)(m->ram + TW_MPC_OPS);
    TwMpcDo *what;

    if (m->n_ops == TW_MPC_MAX_OPS) {
        tw_mpc_flush_queue(m);
    }
    what = &ops[m->broken ? 0 : m->n_ops++];
    *what = (TwMpcDo){.kind = (uint8_t)kind, .op = op};
    return what;
}
