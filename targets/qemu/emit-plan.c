/* SPDX-License-Identifier: MIT */
/* See emit-plan.h. */
#include "targets/qemu/emit-plan.h"

#include <string.h>

#include "program/ops.h"

enum { OWN_SLOTS = 0x80 }; /* the guest's own pages have slots from here on */

uint64_t tw_qemu_emit_ram(const QemuEmit *e, uint64_t pa)
{
    return e->machine->arch->ram + tw_qemu_window(e->program->contents) + pa;
}

static int compare_words(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* The words that a byte of a page map has ever led to. */
static void reach(QemuEmit *e, unsigned index, uint64_t va)
{
    const Machine *m = e->machine;

    for (unsigned i = 0; i < m->n_assigned; i++) {
        const Assigned *a = &m->assigned[i];
        uint64_t word = (a->out + (va - a->addr)) & ~UINT64_C(7);

        if (a->leads && a->index == index && va >> a->lg == a->addr >> a->lg &&
            word >> TW_QEMU_RAM_LG == 0 &&
            tw_qemu_frames(m)[word >> PAGE_LG].used) {
            g_array_append_val(e->words, word);
        }
    }
}

void tw_qemu_emit_words(QemuEmit *e)
{
    unsigned n = 0;

    for (unsigned i = 0; i < e->program->n_script; i++) {
        const TwOp *op = &e->program->script[i];

        if (!(tw_op_info(op->code)->flags & TW_OP_ACCESS)) {
            continue;
        }
        for (unsigned k = 0; k < tw_op_bytes(e->program, op); k += 8) {
            reach(e, op->index, op->addr + k);
        }
        reach(e, op->index, op->addr + op->size - 1);
        if (op->flags & TW_OPF_FROM) {
            reach(e, op->index, op->from);
        }
    }
    g_array_sort(e->words, compare_words);
    for (unsigned i = 0; i < e->words->len; i++) {
        uint64_t word = g_array_index(e->words, uint64_t, i);

        if (n == 0 || word != g_array_index(e->words, uint64_t, n - 1)) {
            g_array_index(e->words, uint64_t, n++) = word;
        }
    }
    g_array_set_size(e->words, n);
}

/* Before the script: entries of the page tables are as the setup wants them. */
void tw_qemu_emit_ops(QemuEmit *e)
{
    bool setup = true;

    for (unsigned i = 0; i < e->ops->len; i++) {
        const TwDo *what = &g_array_index(e->ops, TwDo, i);

        if (setup && what->kind == TW_DO_PUT) {
            memcpy(e->machine->ram + what->addr, &what->value, 8);
        } else if (setup) {
            setup = false;
            e->n_setup = i + 1; /* the flush that ends it */
        }
        if (what->kind >= TW_DO_ACCESSES || i < e->n_setup) {
            continue;
        }
        if (e->accused.note == 0) {
            e->line++;
        }
        if (what->op == e->finding->op) {
            e->accused = *what;
            e->accused.note = 1;
        }
    }
}

static bool same_slot(uint64_t a, uint64_t b)
{
    return a >> PAGE_LG != b >> PAGE_LG &&
           (a >> PAGE_LG) % TW_QEMU_SMALL_TLB ==
               (b >> PAGE_LG) % TW_QEMU_SMALL_TLB;
}

bool tw_qemu_emit_large_tlb(const QemuEmit *e)
{
    g_autofree uint64_t *pages = g_new(uint64_t, 3 * e->ops->len + 1);
    unsigned n = 0;

    for (unsigned i = e->n_setup; i < e->ops->len; i++) {
        const TwDo *what = &g_array_index(e->ops, TwDo, i);

        if (what->kind < TW_DO_ACCESSES) {
            pages[n++] = what->addr;
            pages[n++] = what->addr + (UINT64_C(1) << what->lg) - 1;
            pages[n++] = what->kind == TW_DO_CALL ? what->from : what->addr;
        }
    }
    for (unsigned i = 0; i < n; i++) {
        if ((pages[i] >> PAGE_LG) % TW_QEMU_SMALL_TLB >= OWN_SLOTS) {
            return true;
        }
        for (unsigned k = 0; k < i; k++) {
            if (same_slot(pages[i], pages[k])) {
                return true;
            }
        }
    }
    return false;
}

void tw_qemu_emit_end_byte(QemuEmit *e)
{
    g_autofree TwTrace *trace = g_new(TwTrace, 1);
    Machine *m = e->machine;

    if (e->expected->ram == NULL ||
        !tw_qemu_run(&m->target, e->program, trace)) {
        return;
    }
    for (unsigned i = 0; i < 8 * e->words->len; i++) {
        uint64_t pa = g_array_index(e->words, uint64_t, i / 8) + i % 8;
        const Seen *seen = tw_qemu_view_at(&m->view, pa);
        uint8_t must;

        if (seen == NULL || seen->block != e->expected->block) {
            continue;
        }
        must = e->expected->ram(e->expected->data, seen->block,
                                seen->offset + pa - seen->first);
        if (m->ram[tw_qemu_window(e->program->contents) + pa] != must) {
            e->end_byte = tw_qemu_emit_ram(e, pa);
            e->end_value = must;
            return;
        }
    }
}

bool tw_qemu_emit_misplaced(const QemuEmit *e)
{
    const TwFinding *finding = e->finding;

    return finding->op < e->program->n_script &&
           e->program->script[finding->op].code == TW_OP_WRITE &&
           e->expected->access && e->expected->n_allowed == 1 &&
           e->expected->class_ == TW_CLASS_OK &&
           (finding->verdict == TW_VERDICT_STALE ||
            finding->verdict == TW_VERDICT_WRONG ||
            finding->verdict == TW_VERDICT_CLASS);
}

void tw_qemu_emit_lost_byte(QemuEmit *e)
{
    g_autofree TwTrace *trace = g_new(TwTrace, 1);
    const TwAllowed *must = &e->expected->allowed[0];
    Machine *m = e->machine;

    if (!tw_qemu_run(&m->target, e->program, trace) ||
        trace->outcomes[e->finding->op].class_ > TW_CLASS_DISCARD) {
        return;
    }
    for (unsigned i = 0; i < 8 * e->words->len && !e->end_byte; i++) {
        uint64_t pa = g_array_index(e->words, uint64_t, i / 8) + i % 8;
        const Seen *seen = tw_qemu_view_at(&m->view, pa);

        for (unsigned k = 0; seen && k < must->n_locations; k++) {
            const TwLocation *at = &must->locations[k];
            uint64_t in = seen->offset + (pa - seen->first) - at->offset;
            uint8_t byte;

            if (seen->block != at->region || in >= at->length) {
                continue;
            }
            byte = (uint8_t)(tw_qemu_store_value(m, e->finding->op) >>
                             8 * (at->first + in));
            if (m->ram[tw_qemu_window(e->program->contents) + pa] != byte) {
                e->end_byte = tw_qemu_emit_ram(e, pa);
                e->end_value = byte;
            }
        }
    }
}
