/* SPDX-License-Identifier: MIT */
/* Calls of the library as a user writes them; for emit.c. */
#include <inttypes.h>

#include "program/ops.h"
#include "targets/unicorn/emit.h"

static void put_rights(Emit *e, uint8_t rights)
{
    static const char *const names[] = {"READ", "WRITE", "EXEC"};
    const char *between = "";

    if (rights == (TW_R | TW_W | TW_X)) {
        put(e, "UC_PROT_ALL");
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        static const uint8_t bits[] = {TW_R, TW_W, TW_X};

        if (rights & bits[i]) {
            put(e, "%sUC_PROT_%s", between, names[i]);
            between = " | ";
        }
    }
    put(e, "%s", *between ? "" : "UC_PROT_NONE");
}

static uint64_t address(const Emit *e, unsigned page)
{
    return e->base + ((uint64_t)page << e->machine->page_lg);
}

uint64_t tw_uc_emit_device_offset(const Emit *e, uint8_t region,
                                  uint64_t offset)
{
    return offset + (e->many_devices ? (uint64_t)region << 28 : 0);
}

/* "ram1[0x480", a byte of a RAM block. */
static void put_ram(Emit *e, uint8_t block, uint64_t offset)
{
    put(e, "ram%u[0x%" PRIx64, block,
        offset - ((uint64_t)e->first[block] << e->machine->flat.page_lg));
}

/* What a loop over calls counts by: `at`, if it is not NULL. */
static void put_address(Emit *e, const char *at, uint64_t addr)
{
    if (at != NULL) {
        put(e, "%s", at);
    } else {
        put(e, "0x%" PRIx64, addr);
    }
}

static void put_ram_of(Emit *e, const Call *call, const char *at, uint64_t addr)
{
    unsigned block = shown_id(call->shown);
    uint64_t offset = (uint64_t)(shown_page(call->shown) - e->first[block])
                      << e->machine->flat.page_lg;

    put(e, "ram%u", block);
    if (at != NULL && offset != addr) {
        put(e, " + %s - 0x%" PRIx64, at, addr - offset);
    } else if (at != NULL) {
        put(e, " + %s", at);
    } else if (offset != 0) {
        put(e, " + 0x%" PRIx64, offset);
    }
}

/* Callbacks that no access can call are left out. */
static void put_device_of(Emit *e, const Call *call)
{
    uint64_t offset = tw_uc_emit_device_offset(e, shown_id(call->shown),
                                               (uint64_t)shown_page(call->shown)
                                                   << e->machine->flat.page_lg);
    g_autofree char *data = offset != 0
                                ? g_strdup_printf("(void *)0x%" PRIx64, offset)
                                : g_strdup("NULL");
    bool reads = e->reads_devices, writes = e->writes_devices;

    put(e, "%s, %s,%s%s, %s)", reads ? "device_read" : "NULL",
        reads ? data : "NULL",
        reads && writes && offset != 0 ? "\n                   " : " ",
        writes ? "device_write" : "NULL", writes ? data : "NULL");
}

/* The call itself; `at` stands for the address in a loop. */
static void put_call(Emit *e, const Call *call, const char *at)
{
    unsigned lg = call->kind == CALL_TLB_ENTRY ? e->machine->page_lg
                                               : e->machine->flat.page_lg;
    uint64_t addr = e->base + ((uint64_t)call->first << lg);
    uint64_t size = (uint64_t)(call->end - call->first) << lg;

    switch (call->kind) {
    case CALL_MAP:
        put(e, "uc_mem_map_ptr(uc, ");
        put_address(e, at, addr);
        put(e, ", 0x%" PRIx64 ", ", size);
        put_rights(e, call->rights);
        put(e, ", ");
        put_ram_of(e, call, at, addr);
        put(e, ")");
        break;
    case CALL_MMIO:
        put(e, "uc_mmio_map(uc, 0x%" PRIx64 ", 0x%" PRIx64 ", ", addr, size);
        put_device_of(e, call);
        break;
    case CALL_UNMAP:
    case CALL_PROTECT:
        put(e, "uc_mem_%s(uc, ",
            call->kind == CALL_UNMAP ? "unmap" : "protect");
        put_address(e, at, addr);
        put(e, ", 0x%" PRIx64, size);
        if (call->kind == CALL_PROTECT) {
            put(e, ", ");
            put_rights(e, call->rights);
        }
        put(e, ")");
        break;
    case CALL_FLUSH:
        put(e, "uc_ctl_remove_cache(uc, ");
        put_address(e, at, addr);
        if (at != NULL) {
            put(e, ", %s + 0x%" PRIx64 ")", at, size);
        } else {
            put(e, ", 0x%" PRIx64 ")", addr + size ? addr + size : UINT64_MAX);
        }
        break;
    case CALL_SAVE:
        put(e, "uc_context_save(uc, context)");
        break;
    case CALL_RESTORE:
        put(e, "uc_context_restore(uc, context)");
        break;
    default:
        g_assert_not_reached();
    }
}

static void put_entry(Emit *e, const Call *call, const char *indent)
{
    uint64_t size = (uint64_t)(call->end - call->first) << e->machine->page_lg;

    put(e, "%sset_pages(0x%" PRIx64 ", 0x%" PRIx64 ", ", indent,
        address(e, call->first), size);
    if (call->rights & NO_ENTRY) {
        put(e, "0, NO_PAGE);\n");
        return;
    }
    put(e, "0x%" PRIx64 ", ", address(e, call->out));
    put_rights(e, call->rights & (TW_R | TW_W | TW_X));
    put(e, ");\n");
}

/* Is call b what call a is, `step` pages further on?  (Modulo 2^32: a step may
 * go back.) */
static bool follows(const Emit *e, const Call *a, const Call *b, unsigned step)
{
    return a->kind == b->kind && b->first == a->first + step &&
           b->end - b->first == a->end - a->first && a->rights == b->rights &&
           (a->kind == CALL_PROTECT || a->kind == CALL_UNMAP ||
            (a->kind == CALL_FLUSH && address(e, a->end) != 0 &&
             address(e, b->end) != 0) ||
            (a->kind == CALL_MAP && b->shown == a->shown + step));
}

/* How many times from `first` on `period` calls come again, at equal
 * distances? */
static unsigned count_alike(const Emit *e, unsigned first, unsigned end,
                            unsigned period)
{
    unsigned n = period, step;

    if (first + period >= end) {
        return 1;
    }
    step = tw_uc_emit_at(e, first + period)->first -
           tw_uc_emit_at(e, first)->first;
    while (first + n < end && follows(e, tw_uc_emit_at(e, first + n - period),
                                      tw_uc_emit_at(e, first + n), step)) {
        n++;
    }
    return n / period;
}

/*
 * The head of a loop that is run n times, from address `first` on by `step`,
 * modulo 2^64.  The address behind the last may be 2^64, or below 0, so the
 * loop ends where `at` is equal to it.
 */
static void put_loop_head(Emit *e, uint64_t first, uint64_t step, unsigned n,
                          const char *indent)
{
    bool back = step >> 63;

    put(e,
        "%sfor (uint64_t at = 0x%" PRIx64 "; at != 0x%" PRIx64
        "; at %c= 0x%" PRIx64 ") {\n",
        indent, first, first + step * n, back ? '-' : '+', back ? -step : step);
}

/* A loop that makes `period` calls n times. */
static void put_loop(Emit *e, unsigned i, unsigned period, unsigned n,
                     const char *indent)
{
    uint64_t first = address(e, tw_uc_emit_at(e, i)->first);
    uint64_t step = address(e, tw_uc_emit_at(e, i + period)->first) - first;

    if (step == 0) {
        put(e, "%sfor (unsigned i = 0; i < %u; i++) {\n", indent, n);
    } else {
        put_loop_head(e, first, step, n, indent);
    }
    for (unsigned k = 0; k < period; k++) {
        const Call *call = tw_uc_emit_at(e, i + k);
        uint64_t behind = address(e, call->first) - first;
        g_autofree char *at =
            behind >> 63 ? g_strdup_printf("at - 0x%" PRIx64, -behind)
            : behind > 0 ? g_strdup_printf("at + 0x%" PRIx64, behind)
                         : g_strdup("at");

        put(e, "%s    OK(", indent);
        put_call(e, call, step != 0 ? at : NULL);
        put(e, ");\n");
    }
    put(e, "%s}\n", indent);
}

void tw_uc_emit_calls(Emit *e, unsigned first, unsigned end, const char *indent,
                      bool tries)
{
    for (unsigned i = first; i < end;) {
        const Call *call = tw_uc_emit_at(e, i);
        unsigned period = 1, n = tries ? 1 : count_alike(e, i, end, 1);

        if (n < 3 && !tries) {
            n = count_alike(e, i, end, ++period);
        }
        if (call->kind == CALL_TLB_ENTRY) {
            put_entry(e, call, indent);
            i++;
        } else if (call->kind == CALL_FLUSH_TLB) {
            /* The header of 2.0 has another call of this name. */
            put(e,
                "%sif (uc_version(NULL, NULL) >= 0x2010000) { "
                "OK(uc_ctl(uc, UC_CTL_WRITE(11, 0))); } /* uc_ctl_flush_tlb "
                "*/\n",
                indent);
            i++;
        } else if (n >= 3) {
            put_loop(e, i, period, n, indent);
            i += period * n;
        } else {
            put(e, tries ? "%serr = err ? err : " : "%sOK(", indent);
            put_call(e, call, NULL);
            put(e, tries ? ";\n" : ");\n");
            i++;
        }
    }
}

/* Accesses ----------------------------------------------------------------- */

/* A user's address of byte `addr` of the program. */
static uint64_t guest_address(const Emit *e, uint64_t addr)
{
    return e->base + addr;
}

static void put_number(Emit *e, uint64_t value)
{
    put(e, value > UINT32_MAX ? "UINT64_C(0x%" PRIx64 ")" : "0x%" PRIx64,
        value);
}

static void put_run(Emit *e, const Call *call)
{
    unsigned piece = tw_uc_emit_piece(call);

    put(e, "run(%s, ", tw_uc_emit_piece_name(piece));
    put_number(e, guest_address(e, call->addr));
    if (e->gives) {
        put(e, ", ");
        put_number(e, call->value);
    }
    if (e->third) {
        put(e, ", ");
        put_number(e, piece == PIECE_FROM        ? guest_address(e, call->from)
                      : piece >= PIECE_LOAD_PAIR ? call->from
                                                 : 0);
    }
    put(e, ");\n");
}

void tw_uc_emit_make(Emit *e, const Call *call, const char *indent)
{
    bool store = call->kind == CALL_HOST_WRITE;

    put(e, "%s", indent);
    switch (call->kind) {
    case CALL_HOST_READ:
    case CALL_HOST_WRITE:
        put(e, "value = ");
        put_number(e, store ? call->value : 0);
        put(e, ";\n");
        if (e->forks) {
            put(e, "%s*in_flight = \"uc_mem_%s(uc, 0x%" PRIx64 ", ...)\";\n",
                indent, store ? "write" : "read", guest_address(e, call->addr));
        }
        put(e, "%serr = uc_mem_%s(uc, 0x%" PRIx64 ", &value, %u);\n", indent,
            store ? "write" : "read", guest_address(e, call->addr), call->size);
        break;
    case CALL_POINTER_READ:
    case CALL_POINTER_WRITE: {
        uint64_t offset =
            ((uint64_t)shown_page(call->shown) << e->machine->flat.page_lg) +
            (call->addr & (tw_uc_page_size(e->machine) - 1));

        put(e, "%s", call->kind == CALL_POINTER_READ ? "value = " : "");
        put_ram(e, shown_id(call->shown), offset);
        if (call->kind == CALL_POINTER_READ) {
            put(e, "];\n");
        } else {
            put(e, "] = 0x%x;\n", (unsigned)call->value & 0xff);
        }
        break;
    }
    default:
        put_run(e, call);
        break;
    }
}
