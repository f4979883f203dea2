/* SPDX-License-Identifier: MIT */
/* The function of a reproducer that makes the calls of the case, in order; for
 * emit.c. */
#include <inttypes.h>

#include "program/content.h"
#include "program/ops.h"
#include "targets/unicorn/emit.h"

/* Accesses ----------------------------------------------------------------- */

/* All calls of access n, one after the other. */
static void put_parts(Emit *e, unsigned n, unsigned first, unsigned end)
{
    const TwOp *op = &e->program->script[n];
    bool accused = n == e->finding->op;
    unsigned done = 0, parts = 0;

    for (unsigned i = first; i < end; i++) {
        parts += tw_uc_emit_access(tw_uc_emit_at(e, i)) &&
                 tw_uc_emit_at(e, i)->op == n;
    }
    for (unsigned i = first; i < end; i++) {
        const Call *call = tw_uc_emit_at(e, i);
        unsigned shift = (unsigned)(call->addr - op->addr) * 8;
        const char *indent = done > 0 ? "        " : "    ";

        if (!tw_uc_emit_access(call) || call->op != n) {
            continue;
        }
        if (done > 0) {
            put(e, "    if (err == UC_ERR_OK) {\n");
        }
        tw_uc_emit_make(e, call, indent);
        if (accused && parts > 1) {
            put(e,
                done > 0 ? "%sgot |= value << %u;\n" : "%sgot = value << %u;\n",
                indent, shift);
        }
        put(e, "%s", done > 0 ? "    }\n" : "");
        done++;
    }
    if (accused && parts > 1) {
        put(e, "    value = got;\n");
    }
}

/* Operations --------------------------------------------------------------- */

static bool is_handled(const Emit *e, unsigned n)
{
    return n + 1 < e->n_ops && e->program->script[n + 1].flags & TW_OPF_DURING;
}

/* What nothing has performed during access n. */
static void put_left(Emit *e, unsigned n)
{
    unsigned nth;
    unsigned next = n + 1;
    bool last;

    while (next < e->n_ops && e->program->script[next].flags & TW_OPF_DURING) {
        next++;
    }
    last = next >= e->n_ops && e->finding->op != TW_NO_OP;
    if (tw_op_is_dma(&e->program->script[n])) {
        tw_uc_emit_inside(e, n, "    ");
    } else if (is_handled(e, n) && !last && n != e->finding->op &&
               !tw_uc_emit_has_inside(e, n, FROM_DEVICE, &nth)) {
        put(e, "    if (step == %u) {\n        step = -1;\n", n);
        tw_uc_emit_inside(e, n, "        ");
        put(e, "    }\n");
    }
}

static bool has_step(const Emit *e, unsigned n)
{
    unsigned nth;

    return (is_handled(e, n) && !tw_op_is_dma(&e->program->script[n])) ||
           tw_uc_emit_has_inside(e, n, FROM_DEVICE, &nth) ||
           tw_uc_emit_has_inside(e, n, FROM_DOORBELL, &nth);
}

static void put_step(Emit *e, unsigned n)
{
    unsigned nth = 0;

    if (has_step(e, n)) {
        put(e, "    step = %u;\n", n);
        if (tw_uc_emit_has_inside(e, n, FROM_DEVICE, &nth) && nth > 1) {
            put(e, "    n_called = 0;\n");
        }
    }
}

static void put_ring(Emit *e)
{
    put(e, "    run(RING, DOORBELL, 0%s);\n",
        e->third ? ", 0" : ""); /* a store, so the register is given */
}

/* Operation n with its calls first .. end - 1: an access, or what the guest
 * rings for. */
static void put_op(Emit *e, unsigned n, unsigned first, unsigned end)
{
    const TwOp *op = &e->program->script[n];
    unsigned nth, second = n + 1;
    bool rings =
        tw_uc_emit_has_inside(e, n, FROM_DOORBELL, &nth) && !is_handled(e, n);

    if (e->forks ? end == e->recorder.calls->len : n == e->finding->op) {
        put(e, "    /* This goes wrong: */\n");
    }
    put_step(e, n);
    if (!(tw_op_info(op->code)->flags & TW_OP_ACCESS)) {
        put_ring(e);
        return;
    }
    if (n == e->finding->op && e->log) {
        put(e, "    %s = 0;\n", tw_uc_emit_told(e));
    }
    put_parts(e, n, first, end);
    put_left(e, n);
    if (rings) {
        put(e, "    if (err == UC_ERR_OK) {\n    ");
        put_ring(e);
        put(e, "    }\n");
    }
    if (n == e->finding->op) {
        tw_uc_emit_check(e, op, "    ");
    } else if (second == e->finding->op &&
               e->program->script[second].flags & TW_OPF_PAIRED) {
        put(e, "    value = second; /* of the two */\n");
        tw_uc_emit_check(e, &e->program->script[second], "    ");
    }
}

/* Is it a call that the host makes for an operation of its own? */
static bool is_plain(const Emit *e, const Call *call)
{
    return call->op == TW_NO_OP ||
           (call->place == FROM_HOST && !tw_uc_emit_access(call) &&
            call->kind != CALL_HOOK &&
            !(tw_op_info(e->program->script[tw_uc_emit_main(e, call)].code)
                  ->flags &
              TW_OP_ACCESS));
}

static void put_plain(Emit *e, unsigned first, unsigned end)
{
    unsigned op = tw_uc_emit_at(e, first)->op;
    bool tries = op != TW_NO_OP && op == e->finding->op &&
                 e->finding->verdict == TW_VERDICT_INVARIANT;

    if (tries) {
        put(e, "    /* This goes wrong: */\n    err = UC_ERR_OK;\n");
    } else if (e->forks && op != TW_NO_OP && end == e->recorder.calls->len) {
        put(e, "    /* This goes wrong: */\n");
    }
    tw_uc_emit_calls(e, first, end, "    ", tries);
    if (tries) {
        tw_uc_emit_check(e, &e->program->script[op], "    ");
    }
}

static void put_script(Emit *e)
{
    unsigned n = e->recorder.calls->len, accused = e->finding->op;

    for (unsigned i = 0, end; i < n; i = end) {
        const Call *call = tw_uc_emit_at(e, i);
        unsigned op =
            call->op == TW_NO_OP ? TW_NO_OP : tw_uc_emit_main(e, call);

        end = i + 1;
        if (is_plain(e, call)) {
            while (end < n && is_plain(e, tw_uc_emit_at(e, end)) &&
                   (tw_uc_emit_at(e, end)->op == accused) ==
                       (call->op == accused)) {
                end++;
            }
            put_plain(e, i, end);
        } else {
            while (end < n && tw_uc_emit_is_of(e, tw_uc_emit_at(e, end), op)) {
                end++;
            }
            put_op(e, op, i, end);
        }
    }
}

/* Memory ------------------------------------------------------------------- */

static void put_code_words(Emit *e, unsigned block, uint64_t size,
                           uint64_t offset)
{
    put(e,
        "    for (unsigned i = 0; i < 0x%" PRIx64 "; i += 8) {\n"
        "        *(uint64_t *)(ram%u + i) = CODE_WORD(0x%x + i / 0x1000);\n",
        size, block, tw_readable_code((uint8_t)block, offset));
    for (unsigned k = 0; k < 8; k++) {
        if (e->access_words >> k & 1) {
            put(e,
                "        if (i %% 0x1000 == 0x%x) {\n"
                "            *(uint64_t *)(ram%u + i) = ACCESS_%u;\n"
                "        }\n",
                0xfc0 + 8 * k, block, k);
        }
    }
    put(e, "    }\n");
}

static void put_fill(Emit *e, unsigned block)
{
    uint64_t size = (uint64_t)(e->end[block] - e->first[block])
                    << e->machine->flat.page_lg;
    uint64_t offset = (uint64_t)e->first[block] << e->machine->flat.page_lg;
    bool code = tw_contents_are_code(e->program->contents);

    if (!(e->program->contents & TW_CONTENTS_READABLE)) {
        put(e, "    fill(ram%u, 0x%" PRIx64 ", %u, 0x%" PRIx64 ");\n", block,
            size, block, offset);
    } else if (tw_contents_are_runs(e->program->contents)) {
        put(e, "    fill(ram%u, 0x%" PRIx64 ", 0x%x);\n", block, size,
            tw_readable_run((uint8_t)block, offset));
    } else if (code) {
        put_code_words(e, block, size, offset);
    } else {
        for (uint64_t at = 0; at < size; at += 0x1000) {
            if (size > 0x4000) { /* the same in a loop */
                put(e,
                    "    for (unsigned i = 0; i < 0x%" PRIx64 "; i++) {\n"
                    "        ram%u[i] = 0x%x + ((i >> 12) + %u) %% 16;\n    "
                    "}\n",
                    size, block, tw_readable_initial((uint8_t)block, 0),
                    (unsigned)(offset >> 12) % 16);
                break;
            }
            put(e,
                at ? "    memset(ram%u + 0x%" PRIx64 ", 0x%x, 0x%x);\n"
                   : "    memset(ram%u%.0" PRIu64 ", 0x%x, 0x%x);\n",
                block, at, tw_readable_initial((uint8_t)block, offset + at),
                (unsigned)MIN(size - at, 0x1000));
        }
    }
}

static void put_memory(Emit *e)
{
    for (unsigned b = 0; b < TW_MAX_REGIONS; b++) {
        if (tw_regions_has(&e->blocks, b)) {
            put_fill(e, b);
        }
    }
}

static void put_start(Emit *e)
{
    if (e->hook && !e->forks) { /* it may die of another defect */
        put(e, "    signal(SIGSEGV, died);\n    signal(SIGABRT, died);\n");
    }
    tw_uc_emit_open(e);
    put(e, "    OK(uc_mem_map_ptr(uc, CODE, 0x1000, UC_PROT_READ | "
           "UC_PROT_EXEC, code));\n");
    if (e->doorbell) {
        put(e, "    OK(uc_mmio_map(uc, DOORBELL, 0x1000, NULL, NULL, "
               "doorbell_write, NULL));\n");
    }
    if (e->hook) {
        put(e, "    OK(uc_hook_add(uc, &hook, UC_HOOK_MEM_UNMAPPED | "
               "UC_HOOK_MEM_PROT,\n"
               "                   (void *)refused, NULL, 1, 0));\n");
    }
    if (e->two) {
        put(e, "    if (slow) {\n"
               "        OK(uc_hook_add(uc, &every, UC_HOOK_MEM_READ | "
               "UC_HOOK_MEM_WRITE,\n"
               "                       (void *)nothing, NULL, 1, 0));\n    "
               "}\n");
    }
    if (e->machine->vtlb != NULL) {
        put(e, "    OK(uc_ctl_tlb_mode(uc, UC_TLB_VIRTUAL));\n"
               "    OK(uc_hook_add(uc, &hook, UC_HOOK_TLB_FILL, (void "
               "*)fill_tlb, NULL, 1, 0));\n");
    }
    if (e->snapshots) {
        put(e, "    OK(uc_ctl_context_mode(uc, UC_CTL_CONTEXT_CPU |\n"
               "                               UC_CTL_CONTEXT_MEMORY));\n"
               "    OK(uc_context_alloc(uc, &context));\n");
    }
    if (e->recorder.calls->len > 200) {
        put(e, "    /* Mappings count here: three that are not used. */\n"
               "    OK(uc_mem_map(uc, CODE + 0x12000, 0x3000, UC_PROT_READ));\n"
               "    OK(uc_mem_map(uc, CODE + 0x2b000, 0x1000, UC_PROT_READ));\n"
               "    OK(uc_mem_map(uc, CODE + 0x165000, 0x1000, "
               "UC_PROT_READ));\n");
    }
}

bool tw_uc_emit_body(Emit *e)
{
    bool told = true;

    if (e->splits) {
        put(e, "    uint64_t got = 0;\n\n");
    }
    put_start(e);
    if (e->contents) {
        put_memory(e);
    }
    put_script(e);
    if (e->finding->op == TW_NO_OP && !e->two &&
        e->finding->verdict == TW_VERDICT_EFFECT) {
        put(e, "\n    /* What is in RAM now. */\n");
        told = tw_uc_emit_ram_check(e);
    }
    put(e, "%s%s", e->splits ? "    (void)got;\n" : "",
        e->two ? "    uc_close(uc);\n" : "");
    return told;
}
