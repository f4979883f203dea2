/* SPDX-License-Identifier: MIT */
/*
 * A reproducer for the library's maintainers: a C program that makes the calls
 * of one run again, with nothing but the library, and checks the outcome that
 * was wrong.  There each access of the guest is a run of one instruction.
 */
#include <inttypes.h>
#include <string.h>

#include "program/ops.h"
#include "program/text/text.h"
#include "targets/unicorn/agent.h"
#include "targets/unicorn/emit-text.h"
#include "targets/unicorn/emit.h"
#include "targets/unicorn/run.h"

/* Where the program's address 0 is: as in the first run of an engine, so that
 * addresses have the slots that they have here. */
static uint64_t base(const Emit *e)
{
    return tw_uc_window(e->machine->place, e->machine->memory.page_lg);
}

/* What the run needs ------------------------------------------------------ */

static int by_op(const void *a, const void *b)
{
    const Call *x = a, *y = b;
    unsigned i = (uint16_t)(x->op + 1), k = (uint16_t)(y->op + 1);

    return i < k ? -1 : i > k; /* before the script: first */
}

static const Call *call_at(const Emit *e, unsigned i)
{
    return &g_array_index(e->recorder.calls, Call, i);
}

/* Do devices change the world because of access n (LA-27)? */
static bool acts(const Emit *e, unsigned n)
{
    for (unsigned i = 0; i < e->recorder.calls->len; i++) {
        const Call *call = call_at(e, i);

        if (call->op == n && call->kind < CALL_PART) {
            return tw_op_info(e->program->script[n].code)->flags & TW_OP_ACCESS;
        }
    }
    return false;
}

/* How many operations are performed during operation n? */
static unsigned n_during(const Emit *e, unsigned n)
{
    unsigned k = 0;

    while (!(e->program->script[n].flags & TW_OPF_DURING) &&
           n + 1 + k < e->program->n_script &&
           e->program->script[n + 1 + k].flags & TW_OPF_DURING) {
        k++;
    }
    return k;
}

static void look_around(Emit *e)
{
    /* A stable sort: the guest's accesses were written down batch by batch. */
    g_array_sort(e->recorder.calls, by_op);
    for (unsigned i = e->recorder.calls->len; i > 0; i--) {
        if (call_at(e, i - 1)->op != TW_NO_OP &&
            call_at(e, i - 1)->op >= e->n_ops) {
            g_array_set_size(e->recorder.calls, i - 1);
        }
    }
    for (unsigned i = 0; i < e->recorder.calls->len; i++) {
        const Call *call = call_at(e, i);

        if (call->kind == CALL_MAP) {
            unsigned block = shown_id(call->shown);
            unsigned end = shown_page(call->shown) + call->end - call->first;

            tw_regions_add(&e->blocks, block);
            e->pages[block] = MAX(e->pages[block], end);
        }
        if (call->kind >= CALL_POINTER_READ) {
            unsigned block = shown_id(call->shown);

            tw_regions_add(&e->blocks, block);
            e->pages[block] = MAX(e->pages[block], shown_page(call->shown) + 1);
        }
        e->devices |= call->kind == CALL_MMIO;
        e->fetches |= call->kind == CALL_PART && call->part == RECORD_EXEC;
    }
    for (unsigned i = 0; i < e->n_ops; i++) {
        const TwOp *op = &e->program->script[i];

        e->stops |= tw_uc_crosses(e->program, op) && acts(e, i);
        e->stops |= op->actor != TW_BOARD &&
                    !(tw_op_info(op->code)->flags & TW_OP_ACCESS);
        e->handles |= n_during(e, i) > 0;
        e->stops |= n_during(e, i) > 0; /* if nothing performs them earlier */
    }
}

/* The head of the file ---------------------------------------------------- */

static void put_head(Emit *e)
{
    g_auto(GStrv) lines = g_strsplit(e->finding->text, "\n", -1);

    put(e, "/*\n * ");
    tw_target_title(e->machine->target.klass, e->program, e->finding, e->out);
    put(e, "\n *\n * %s (%s), seen with libunicorn %s, %s.\n *\n",
        tw_verdict_name(e->finding->verdict), e->finding->key,
        e->machine->version, e->machine->guest->title);
    for (char **line = lines; *line; line++) {
        if (**line) {
            put(e, " *   %s\n", *line);
        }
    }
    put(e,
        " *\n * What is expected follows from unicorn.h: uc_mem_map_ptr, "
        "uc_mmio_map,\n * uc_mem_unmap and uc_mem_protect change what the "
        "guest may do from their\n * return on; uc_ctl_remove_cache drops "
        "translated code. Translated code may be\n * old until then; data, "
        "rights and mappings may not.%s\n *\n"
        " *     cc -o case case.c -lunicorn && ./case\n *\n"
        " * Exit status: 1 while the defect is there, 0 if all is as "
        "expected, 2 if a call\n * fails. The guest's address 0x%" PRIx64
        " + x is address x in the text above.\n */\n",
        e->handles
            ? "\n * A hook of a refused access that gives the access what it "
              "needs, and returns\n * true, lets the access go on as it was "
              "supposed to."
            : "",
        base(e));
}

/* Calls ------------------------------------------------------------------- */

static void put_rights(Emit *e, uint8_t rights)
{
    static const char *const names[] = {"READ", "WRITE", "EXEC"};
    static const uint8_t bits[] = {TW_R, TW_W, TW_X};
    const char *between = "";

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (rights & bits[i]) {
            put(e, "%sUC_PROT_%s", between, names[i]);
            between = " | ";
        }
    }
    put(e, "%s", *between ? "" : "UC_PROT_NONE");
}

static uint64_t guest_address(const Emit *e, unsigned page)
{
    return base(e) + ((uint64_t)page << e->machine->flat.page_lg);
}

/* The access as the guest makes it: an expression of type uc_err. */
static void put_access(Emit *e, const Call *call)
{
    uint64_t addr = base(e) + call->addr;
    uint64_t offset =
        ((uint64_t)shown_page(call->shown) << e->machine->flat.page_lg) +
        (call->addr & (tw_uc_page_size(e->machine) - 1));

    if (call->kind == CALL_HOST_READ || call->kind == CALL_HOST_WRITE) {
        put(e, "uc_mem_%s(uc, 0x%" PRIx64 ", &value, %u)",
            call->kind == CALL_HOST_READ ? "read" : "write", addr, call->size);
    } else if (call->kind == CALL_POINTER_READ) {
        put(e, "UC_ERR_OK;\n    value = ram%u[0x%" PRIx64 "]",
            shown_id(call->shown), offset);
    } else if (call->kind == CALL_POINTER_WRITE) {
        put(e, "UC_ERR_OK;\n    ram%u[0x%" PRIx64 "] = (uint8_t)value",
            shown_id(call->shown), offset);
    } else if (call->part >= RECORD_PAIR_READ) {
        put(e, "guest(PAIR + %u, 0x%" PRIx64 ", &value)",
            call->part - RECORD_PAIR_READ, addr);
    } else if (call->part == RECORD_FROM) {
        put(e, "guest(FROM, 0x%" PRIx64 ", &value)", addr);
    } else if (call->part == RECORD_EXEC) {
        put(e, "guest(RUN, 0x%" PRIx64 ", &value)", addr);
    } else if (call->part >= RECORD_EXCLUSIVE) {
        put(e, "guest(EXCLUSIVE + %u, 0x%" PRIx64 ", &value)",
            call->part - RECORD_EXCLUSIVE, addr);
    } else if (call->part >= RECORD_RMW) {
        put(e, "guest(SWAP + %u, 0x%" PRIx64 ", &value)",
            call->part - RECORD_RMW, addr);
    } else if (call->part >= RECORD_WRITE) {
        put(e, "guest(STORE + %u, 0x%" PRIx64 ", &value)",
            call->part - RECORD_WRITE, addr);
    } else {
        put(e, "guest(LOAD + %u, 0x%" PRIx64 ", &value)",
            call->part - RECORD_READ, addr);
    }
}

/* A call of operation n: may it fail? */
static const char *how(const Emit *e, unsigned n)
{
    return n == e->finding->op && e->finding->verdict == TW_VERDICT_INVARIANT
               ? "must"
               : "DO";
}

static void put_call(Emit *e, const Call *call, const char *with)
{
    uint64_t addr = guest_address(e, call->first);
    uint64_t size = (uint64_t)(call->end - call->first)
                    << e->machine->flat.page_lg;
    uint64_t offset = (uint64_t)shown_page(call->shown)
                      << e->machine->flat.page_lg;

    put(e, "    %s(", with);
    switch (call->kind) {
    case CALL_MAP:
        put(e, "uc_mem_map_ptr(uc, 0x%" PRIx64 ", 0x%" PRIx64 ", ", addr, size);
        put_rights(e, call->rights);
        put(e, ",\n        ram%u + 0x%" PRIx64 ")", shown_id(call->shown),
            offset);
        break;
    case CALL_MMIO:
        put(e,
            "uc_mmio_map(uc, 0x%" PRIx64 ", 0x%" PRIx64 ", device_read,\n"
            "        &devices[%u], device_write, &devices[%u])",
            addr, size, e->n_devices, e->n_devices);
        e->n_devices++;
        break;
    case CALL_UNMAP:
        put(e, "uc_mem_unmap(uc, 0x%" PRIx64 ", 0x%" PRIx64 ")", addr, size);
        break;
    case CALL_PROTECT:
        put(e, "uc_mem_protect(uc, 0x%" PRIx64 ", 0x%" PRIx64 ", ", addr, size);
        put_rights(e, call->rights);
        put(e, ")");
        break;
    case CALL_FLUSH:
        put(e, "uc_ctl_remove_cache(uc, 0x%" PRIx64 ", 0x%" PRIx64 ")", addr,
            addr + size);
        break;
    case CALL_FLUSH_TLB:
        put(e, "uc_ctl_flush_tlb(uc)");
        break;
    default:
        g_assert_not_reached();
    }
    put(e, ");\n");
}

/* Data that the calls name ------------------------------------------------ */

static void put_data(Emit *e)
{
    bool code = tw_contents_are_code(e->program->contents);
    bool runs = tw_contents_are_runs(e->program->contents);
    const char *between = "";

    if (e->devices || (code && !tw_regions_empty(&e->blocks))) {
        tw_uc_emit_words(e);
    }
    if (!tw_regions_empty(&e->blocks)) {
        if (code) {
            put(e, code_bytes, runs ? "0x3ff" : "0x7fff",
                runs ? "0x3ff" : "0x7fff");
        } else {
            g_string_append(e->out, data_bytes);
        }
        g_string_append(e->out, ram_new);
        put(e, "static uint8_t ");
        for (unsigned b = 0; b < TW_MAX_REGIONS; b++) {
            if (tw_regions_has(&e->blocks, b)) {
                put(e, "%s*ram%u", between, b);
                between = ", ";
            }
        }
        put(e, ";\n\n");
    }
    if (e->handles) {
        g_string_append(e->out, during_code);
        g_string_append(e->out, refused_code);
    }
    if (!e->devices) {
        return;
    }
    put(e, "#define ATTRIBUTES UINT64_C(%u)\n\n", e->machine->attrs + 7u);
    g_string_append(e->out, log_code);
    put(e, fetched_code, runs ? "0x600" : "0xc000", runs ? "0x1ff" : "0x3fff");
    put(e, device_code, e->handles ? ", whole_load" : "",
        e->handles ? "        if (size == whole_load) {\n"
                     "            perform_during();\n        }\n"
                   : "",
        e->handles ? "    if (stored == whole) {\n"
                     "        perform_during();\n    }\n"
                   : "");
    put(e, "/* A row for each mapping. */\nstatic struct device devices[] = "
           "{\n");
    for (unsigned i = 0; i < e->recorder.calls->len; i++) {
        const Call *call = call_at(e, i);

        if (call->kind == CALL_MMIO) {
            put(e, "    {%u, 0x%x},\n", shown_id(call->shown),
                shown_page(call->shown) << e->machine->flat.page_lg);
        }
    }
    put(e, "};\n\n");
}

/* The script -------------------------------------------------------------- */

static void put_op_comment(Emit *e, unsigned n)
{
    g_autoptr(GString) text = g_string_new(NULL);

    tw_op_print(e->program, &e->program->script[n], text);
    put(e, "    /* %u: %s%s */\n", n, text->str,
        n == e->finding->op ? ": this goes wrong" : "");
}

/* What an access has performed during it: in the hook, in a device, or later.
 */
static void put_before(Emit *e, unsigned n)
{
    const TwOp *op = &e->program->script[n];
    bool whole = (op->size & (op->size - 1)) == 0 && op->addr % op->size == 0;

    if (n_during(e, n) > 0) {
        put(e, "    during = inside_%u;\n", n);
    }
    if (n_during(e, n) > 0 && e->devices) {
        put(e, "    whole_load = %u;\n    stored = 0;\n    whole = %u;\n",
            op->code == TW_OP_READ && whole ? op->size : 0,
            tw_uc_crosses(e->program, op) ? 0 : op->size);
    }
}

/* One call of the access `op`, its first or another. */
static void put_part(Emit *e, const Call *call, const TwOp *op, bool first)
{
    unsigned shift = (unsigned)(call->addr - op->addr) * 8;
    const char *indent = first ? "    " : "        ";

    if (!first) {
        put(e, "    if (err == UC_ERR_OK) {\n");
    }
    if (call->part == RECORD_FROM) {
        put(e, "%sfrom = 0x%" PRIx64 ";\n", indent, base(e) + call->from);
    } else if (call->part >= RECORD_PAIR_READ) {
        put(e, "%ssecond = UINT64_C(0x%" PRIx64 ");\n", indent, call->from);
    }
    put(e, "%svalue = UINT64_C(0x%" PRIx64 ");\n%serr = ", indent, call->value,
        indent);
    put_access(e, call);
    if (call->part == RECORD_FROM) {
        put(e, ";\n%sfrom = 0", indent);
    }
    put(e, ";\n%sgot |= value << %u;\n%s", indent, shift,
        first ? "" : "    }\n");
}

/* What is looked at behind operation n, if it is the accused one. */
static void put_check(Emit *e, unsigned n)
{
    const TwOp *op = &e->program->script[n];

    if (n != e->finding->op) {
        return;
    }
    if (tw_op_info(op->code)->flags & TW_OP_ACCESS && e->expected->access) {
        tw_uc_emit_access_check(e, op);
    } else if (e->finding->verdict == TW_VERDICT_EFFECT) {
        tw_uc_emit_log_check(e, 0, NULL);
    }
}

/* What the access `op` was to have performed during it, if nothing has. */
static void put_left(Emit *e, const TwOp *op)
{
    put(e, "    if (during) {\n        %s;\n    }\n",
        tw_op_info(op->code)->flags & TW_OP_CPU_ACCESS ? "ring(RING_DURING)"
                                                       : "perform_during()");
}

/* Calls number *at on, of operation n. */
static void put_op(Emit *e, unsigned n, unsigned *at)
{
    const TwOp *op = &e->program->script[n];
    bool access = tw_op_info(op->code)->flags & TW_OP_ACCESS;
    bool accused = n == e->finding->op;
    unsigned first = *at;

    while (*at < e->recorder.calls->len && call_at(e, *at)->op == n) {
        ++*at;
    }
    put(e, "\n");
    put_op_comment(e, n);
    if (first == *at && op->flags & TW_OPF_PAIRED) { /* with the one before */
        put(e, "    got = second;\n");
        put_check(e, n);
        return;
    }
    if (first == *at) { /* nothing to ask of the library */
        if (access && n_during(e, n) > 0) {
            put(e, "    during = inside_%u;\n", n);
            put_left(e, op);
        }
        return;
    }
    if (accused && e->devices) {
        put(e, "    n_told = 0;\n");
    }
    if (!access) {
        if (op->actor != TW_BOARD) {
            put(e, "    ring(%u);\n", n);
        } else {
            for (unsigned i = first; i < *at; i++) {
                put_call(e, call_at(e, i), how(e, n));
            }
        }
        put_check(e, n);
        return;
    }
    if (e->devices && op->code == TW_OP_EXEC) {
        put(e, "    fetching = true;\n");
    }
    put(e, "    got = 0;\n");
    put_before(e, n);
    if (acts(e, n) && op->code == TW_OP_WRITE) {
        put(e, "    stored = 0;\n    whole = %u;\n    then = change_%u;\n",
            tw_uc_crosses(e->program, op) ? 0 : op->size, n);
    }
    for (unsigned i = first; i < *at; i++) {
        const Call *call = call_at(e, i);

        if (call->kind < CALL_PART) {
            e->n_devices += call->kind == CALL_MMIO; /* in change_n() */
        } else {
            put_part(e, call, op, i == first);
        }
    }
    if (e->devices && op->code == TW_OP_EXEC) {
        put(e, "    fetching = false;\n");
    }
    if (n_during(e, n) > 0) {
        put_left(e, op);
    }
    if (acts(e, n) && op->code == TW_OP_DMA_WRITE) {
        put(e, "    change_%u();\n", n);
    } else if (acts(e, n) && tw_uc_crosses(e->program, op)) {
        put(e, "    if (err == UC_ERR_OK) {\n        ring(%u);\n    }\n", n);
    }
    put_check(e, n);
}

/* What is performed during accesses, a function for each access. */
static void put_insides(Emit *e)
{
    for (unsigned n = 0; n < e->n_ops; n++) {
        unsigned k = n_during(e, n);

        if (k == 0) {
            continue;
        }
        put(e, "static void inside_%u(void)\n{\n", n);
        for (unsigned i = n + 1; i <= n + k && i < e->n_ops; i++) {
            put(e, "    change_%u();\n", i);
        }
        put(e, "}\n\n");
    }
}

/* The calls number *at on, of operation n: the host's accesses, if it is
 * performed during an access, and changes. */
static void put_change(Emit *e, unsigned n, unsigned *at)
{
    const TwOp *op = &e->program->script[n];
    bool inside = op->flags & TW_OPF_DURING && tw_op_is_dma(op);
    bool first = true;

    if (inside) {
        put(e, "    uint64_t value = 0, got = 0;\n"
               "    uc_err err = UC_ERR_OK;\n\n");
        if (n == e->finding->op && e->devices) {
            put(e, "    n_told = 0;\n");
        }
    }
    for (; *at < e->recorder.calls->len && call_at(e, *at)->op == n; ++*at) {
        const Call *call = call_at(e, *at);

        if (call->kind < CALL_PART) {
            put_call(e, call, how(e, n));
        } else if (inside) {
            put_part(e, call, op, first);
            first = false;
        }
    }
    if (inside) {
        put_check(e, n);
        put(e, "    (void)value, (void)got, (void)err;\n");
    }
}

/* The changes that the doorbell's callback makes, a function each. */
static void put_changes(Emit *e)
{
    unsigned at = 0;

    for (unsigned n = 0; n < e->n_ops; n++) {
        const TwOp *op = &e->program->script[n];
        bool access = tw_op_info(op->code)->flags & TW_OP_ACCESS;

        while (at < e->recorder.calls->len &&
               (uint16_t)(call_at(e, at)->op + 1) < n + 1) {
            e->n_devices += call_at(e, at)->kind == CALL_MMIO;
            at++;
        }
        if (op->flags & TW_OPF_DURING ? false
            : access                  ? !acts(e, n)
                                      : op->actor == TW_BOARD) {
            continue;
        }
        put(e, "static void change_%u(void)\n{\n", n);
        put_change(e, n, &at);
        put(e, "}\n\n");
    }
    put_insides(e);
    e->n_devices = 0;
    if (!e->stops) {
        return;
    }
    g_string_append(e->out, doorbell_code);
    for (unsigned n = 0; n < e->n_ops; n++) {
        const TwOp *op = &e->program->script[n];

        if (tw_op_info(op->code)->flags & TW_OP_ACCESS
                ? acts(e, n) && tw_uc_crosses(e->program, op) &&
                      !(op->flags & TW_OPF_DURING)
                : op->actor != TW_BOARD && !(op->flags & TW_OPF_DURING)) {
            put(e, "    case %u:\n        change_%u();\n        break;\n", n,
                n);
        }
    }
    put(e,
        "%s    default:\n        break;\n    }\n}\n\n"
        "static void ring(uint64_t change)\n{\n"
        "    DO(guest(RING, DOORBELL, &change));\n}\n\n",
        e->handles ? "    case RING_DURING:\n        perform_during();\n"
                     "        break;\n"
                   : "");
}

static bool put_main(Emit *e)
{
    bool crash = e->finding->verdict == TW_VERDICT_CRASH;
    unsigned at = 0;
    bool told = true;

    put(e, "int main(void)\n{\n"
           "    uint64_t value = 0, got = 0;\n"
           "    uc_err err = UC_ERR_OK;\n\n");
    if (crash || e->handles) { /* what a hook does may kill it elsewhere */
        put(e, "    signal(SIGABRT, died);\n    signal(SIGSEGV, died);\n"
               "    signal(SIGBUS, died);\n    signal(SIGFPE, died);\n"
               "    signal(SIGILL, died);\n");
    }
    tw_uc_emit_open(e);
    put(e, "    DO(uc_mem_map(uc, CODE, 0x1000, UC_PROT_READ | "
           "UC_PROT_EXEC));\n"
           "    DO(uc_mem_write(uc, CODE, guest_code, sizeof(guest_code)));\n");
    if (e->stops) {
        put(e, "    DO(uc_mmio_map(uc, DOORBELL, 0x1000, doorbell_read, NULL,\n"
               "        doorbell_write, NULL));\n");
    }
    if (e->handles) {
        put(e, "    DO(uc_hook_add(uc, &hook, UC_HOOK_MEM_UNMAPPED | "
               "UC_HOOK_MEM_PROT,\n"
               "        (void *)refused, NULL, 1, 0));\n");
    }
    if (crash) {
        put(e, "    /* Pages that stand for two of the tool that found this. "
               "*/\n    DO(uc_mem_map(uc, CODE + 0x12000, 0x1000, "
               "UC_PROT_READ));\n");
        if (!e->stops) {
            put(e, "    DO(uc_mem_map(uc, DOORBELL, 0x1000, UC_PROT_READ));\n");
        }
    }
    for (unsigned b = 0; b < TW_MAX_REGIONS; b++) {
        if (tw_regions_has(&e->blocks, b)) {
            put(e, "    ram%u = ram_new(%u, 0x%x);\n", b, b,
                e->pages[b] << e->machine->flat.page_lg);
        }
    }
    put(e, "\n    /* What the script starts with. */\n");
    for (; at < e->recorder.calls->len && call_at(e, at)->op == TW_NO_OP;
         at++) {
        put_call(e, call_at(e, at), "DO");
    }
    for (unsigned n = 0; n < e->n_ops; n++) {
        const TwOp *op = &e->program->script[n];

        if (op->flags & TW_OPF_DURING ||
            (op->actor != TW_BOARD &&
             !(tw_op_info(op->code)->flags & TW_OP_ACCESS))) {
            /* Its calls are in change_n(), and so are its devices' rows. */
            put(e, "\n");
            put_op_comment(e, n);
            if (!(op->flags & TW_OPF_DURING)) {
                put(e, "    ring(%u);\n", n);
            }
            for (; at < e->recorder.calls->len && call_at(e, at)->op == n;
                 at++) {
                e->n_devices += call_at(e, at)->kind == CALL_MMIO;
            }
            continue;
        }
        put_op(e, n, &at);
    }
    if (e->finding->op == TW_NO_OP && !crash) {
        put(e, "\n    /* What is in RAM now. */\n");
        told = tw_uc_emit_ram_check(e);
    }
    put(e,
        "\n    (void)err, (void)got%s%s;\n    uc_close(uc);\n"
        "    printf(\"%%s\\n\", wrong ? \"the defect is there\" : \"all is "
        "as expected\");\n    return wrong;\n}\n",
        crash || e->finding->verdict == TW_VERDICT_INVARIANT
            ? ", (void)value, (void)guest"
            : "",
        tw_contents_are_runs(e->program->contents) &&
                (e->devices || !tw_regions_empty(&e->blocks))
            ? ", (void)number_of"
            : "");
    return told;
}

bool tw_uc_emit(TwTarget *target, const TwProgram *program,
                const TwFinding *finding, const TwExpected *expected,
                GString *out, GError **error)
{
    Machine *m = (Machine *)target;
    bool crash = finding->verdict == TW_VERDICT_CRASH;
    Emit e = {.machine = m,
              .program = program,
              .finding = finding,
              .expected = expected,
              .out = out};
    bool told;

    /* What follows the accused operation was not judged. */
    e.n_ops =
        finding->op < program->n_script ? finding->op + 1u : program->n_script;
    if (finding->verdict == TW_VERDICT_FAULT) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "unicorn: writes no reproducer for one refusal instead "
                    "of another");
        return false;
    }
    if (finding->verdict == TW_VERDICT_EFFECT && expected->access &&
        program->script[finding->op].code == TW_OP_EXEC &&
        tw_contents_are_runs(program->contents)) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "unicorn: writes no reproducer for what a run fetches "
                    "from a device");
        return false;
    }
    told = tw_uc_record_run(m, program, crash, &e.recorder);
    for (unsigned i = 0; crash && i < e.recorder.calls->len; i++) {
        unsigned op = call_at(&e, i)->op;

        e.n_ops = i == 0 ? 0 : e.n_ops; /* up to the one that was its last */
        e.n_ops = op == TW_NO_OP ? e.n_ops : MAX(e.n_ops, op + 1);
    }
    while (e.n_ops < program->n_script &&
           program->script[e.n_ops].flags & TW_OPF_DURING) {
        e.n_ops++;
    }
    look_around(&e);
    put_head(&e);
    g_string_append(out, includes);
    if (crash || e.handles) {
        g_string_append(out, death);
    }
    if (finding->verdict == TW_VERDICT_INVARIANT) {
        put(&e, "#define must(call) (wrong |= (call) != UC_ERR_OK)\n");
    }
    g_string_append(out, frame);
    tw_uc_emit_guest(&e);
    put_data(&e);
    put_changes(&e);
    told &= put_main(&e);
    g_array_unref(e.recorder.calls);
    g_array_unref(e.recorder.ram);
    if (!told) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    crash ? "unicorn: no call was made before the crash"
                          : "unicorn: RAM at the end is as expected when run "
                            "again");
    }
    return told;
}
