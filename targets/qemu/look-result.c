/* SPDX-License-Identifier: MIT */
/* What the looks around a store (look.c) say of where it went. */
#include <stdio.h>

#include "targets/qemu/internal.h"

uint64_t tw_qemu_store_value(const Machine *m, unsigned number)
{
    uint64_t value = 0;

    for (unsigned k = 0; k < m->program->script[number].size; k++) {
        value |= (uint64_t)tw_content_tag(m->program->contents, number,
                                          m->program->script[number].addr, k)
                 << 8 * k;
    }
    return value;
}

typedef enum Where { SOMEWHERE, NOWHERE, THERE } Where;

/* Where the piece of a store is that begins with byte `first`. */
static Where find(const Machine *m, unsigned n, unsigned first, uint64_t stored,
                  const Saw **place)
{
    unsigned there = 0, changed = 0;

    for (unsigned i = 0; i < n; i++) {
        const Saw *saw = &m->saw[i];
        uint64_t mask = ~UINT64_C(0) >> (64 - 8 * saw->at.length);

        if (saw->at.first != first) {
            continue;
        }
        there += ((saw->after ^ stored >> 8 * first) & mask) == 0;
        if ((saw->after ^ saw->before) & mask) {
            changed++;
            *place = saw;
        }
    }
    return there == 0                   ? NOWHERE
           : there == 1 && changed == 1 ? THERE
                                        : SOMEWHERE;
}

/* All looks of a store are there. */
static void conclude(Machine *m, unsigned n, unsigned op)
{
    TwOutcome *outcome = &m->trace->outcomes[op];
    uint64_t stored = tw_qemu_store_value(m, op);
    const Saw *places[2];
    unsigned pieces = m->saw[n - 1].at.first > 0 ? 2 : 1;
    unsigned told = 0;
    bool there = true;

    if (outcome->class_ != TW_CLASS_OK) {
        return;
    }
    for (unsigned i = 0; i < pieces; i++) {
        Where where =
            find(m, n, i > 0 ? m->saw[n - 1].at.first : 0, stored, &places[i]);

        if (where == NOWHERE) {
            outcome->class_ = TW_CLASS_DISCARD;
            return;
        }
        there &= where == THERE;
        told += where == THERE ? places[i]->at.length : 0;
    }
    there &= told == m->program->script[op].size;
    for (unsigned i = 0; there && i < pieces; i++) {
        const Look *at = &places[i]->at;
        const Seen *seen = tw_qemu_view_at(&m->view, at->pa);

        tw_trace_add_location(
            m->trace, outcome,
            (TwLocation){.first = at->first,
                         .length = at->length,
                         .region = seen->block,
                         .offset = seen->offset + (at->pa - seen->first)});
    }
}

void tw_qemu_look_result(Machine *m, const TwDo *what, const TwDone *done)
{
    unsigned i = what->value & 0xff;
    Saw *saw = &m->saw[i];
    uint64_t bytes = done->value >> 8 * (what->value >> 24 & 0xff);

    if (done->fault != 0) {
        m->broken = true;
        m->trace->end = TW_END_INVARIANT;
        m->trace->end_op = (uint16_t)what->op;
        snprintf(m->trace->text, sizeof(m->trace->text),
                 "the agent cannot see RAM at 0x%llx",
                 (unsigned long long)what->from);
        return;
    }
    if (what->note == LOOK_BEFORE) {
        saw->at = (Look){.pa = what->from,
                         .first = what->value >> 8 & 0xff,
                         .length = what->value >> 16 & 0xff};
        saw->before = bytes;
        return;
    }
    saw->after = bytes;
    if (what->note == LOOK_AFTER_LAST) {
        conclude(m, i + 1, what->op);
    }
}
