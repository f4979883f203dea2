/* SPDX-License-Identifier: MIT */
/* What the agent is to do, round by round, and what it says about that. */
#include "targets/qemu/internal.h"

/* Results ------------------------------------------------------------------ */

static const TwDone *results(Machine *m)
{
    return (const TwDone *)(const void *)(m->ram + TW_AGENT_RESULTS);
}

/* What an executed word left as its result, as the bytes that were fetched. */
static uint64_t executed_value(const Machine *m, uint64_t result)
{
    uint16_t number = tw_code_number(m->program->contents, result);

    if (tw_contents_are_runs(m->program->contents)) {
        return tw_run_numbers(result); /* LA-52 */
    }
    return number ? tw_code_word(m->program->contents, number)
                  : result; /* no word does that */
}

/* In a run: what is accessed is the first word that did not run. */
static void refused_word(TwDo *what, uint64_t numbers)
{
    for (; numbers != 0; numbers >>= 16) {
        what->from += 8;
    }
    what->addr = what->from;
}

static void take_result(Machine *m, const TwDo *what, const TwDone *done)
{
    const TwOp *op = &m->program->script[what->op];
    TwOutcome *outcome = &m->trace->outcomes[what->op];
    uint64_t mask =
        op->size == 8 ? ~UINT64_C(0) : (UINT64_C(1) << 8 * op->size) - 1;

    if (done->fault != 0) {
        TwDo word = *what;
        TwClass class_;

        if (op->code == TW_OP_EXEC &&
            tw_contents_are_runs(m->program->contents)) {
            outcome->value = executed_value(m, done->value);
            refused_word(&word, outcome->value);
        }
        class_ =
            m->arch->fault(&word, done, m->trace->text, sizeof(m->trace->text));

        if (class_ == TW_CLASSES) {
            m->broken = true;
            m->trace->end = TW_END_INVARIANT;
            m->trace->end_op = (uint16_t)what->op;
            return;
        }
        outcome->class_ = (uint8_t)class_;
    } else if (op->code == TW_OP_EXEC) {
        outcome->value = executed_value(m, done->value);
    } else if (op->code != TW_OP_WRITE) {
        outcome->value = done->value & mask;
    }
}

/* Takes over the results of the accesses that were performed. */
static void take_results(Machine *m)
{
    const TwDo *ops = (const TwDo *)(const void *)(m->ram + TW_AGENT_OPS);
    unsigned n = tw_qemu_mailbox(m)->n_done, k = 0;

    for (unsigned i = 0; i < m->n_ops && k < n && !m->broken; i++) {
        if (ops[i].kind < TW_DO_ACCESSES) {
            (ops[i].note ? tw_qemu_look_result : take_result)(m, &ops[i],
                                                              &results(m)[k++]);
        }
    }
}

void tw_qemu_flush_queue(Machine *m)
{
    if (m->n_ops == 0) {
        return;
    }
    if (m->record) {
        g_array_append_vals(m->record, m->ram + TW_AGENT_OPS, m->n_ops);
        m->n_ops = m->n_accesses = 0;
        return;
    }
    tw_qemu_round(m);
    take_results(m);
    m->n_ops = m->n_accesses = 0;
}

TwDo *tw_qemu_do(Machine *m, unsigned kind, unsigned op)
{
    TwDo *ops = (TwDo *)(void *)(m->ram + TW_AGENT_OPS);
    TwDo *what;

    if (m->n_ops == TW_AGENT_MAX_OPS || m->n_accesses == TW_AGENT_MAX_RESULTS) {
        tw_qemu_flush_queue(m);
    }
    what = &ops[m->broken ? 0 : m->n_ops++];
    *what = (TwDo){.kind = (uint16_t)kind, .op = op};
    m->n_accesses += kind < TW_DO_ACCESSES;
    return what;
}
