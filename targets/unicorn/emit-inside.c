/* SPDX-License-Identifier: MIT */
/*
 * What the library calls back: a device, a hook of refused accesses, a
 * doorbell that the guest rings; and the changes that they make; for emit.c.
 */
#include <inttypes.h>

#include "program/ops.h"
#include "targets/unicorn/emit.h"

/* Is a call one of the changes inside access or doorbell operation n? */
static bool is_inside(const Emit *e, const Call *call, unsigned n)
{
    return call->kind != CALL_HOOK && tw_uc_emit_is_of(e, call, n) &&
           (e->program->script[call->op].flags & TW_OPF_DURING ||
            !tw_uc_emit_access(call));
}

/* Which bytes callbacks got is looked at only where some should get any. */
const char *tw_uc_emit_told(const Emit *e)
{
    return e->expected->n_log > 0 ? "n_told = low = high" : "n_told";
}

void tw_uc_emit_inside(Emit *e, unsigned n, const char *indent)
{
    unsigned accused = e->finding->op;

    for (unsigned i = 0; i < e->recorder.calls->len; i++) {
        const Call *call = tw_uc_emit_at(e, i);
        bool is_last = i + 1 == e->recorder.calls->len ||
                       tw_uc_emit_at(e, i + 1)->op != call->op;

        if (!is_inside(e, call, n)) {
            continue;
        }
        if (tw_uc_emit_access(call)) {
            if (call->op == accused && e->log) {
                put(e, "%s%s = 0;\n", indent, tw_uc_emit_told(e));
            }
            tw_uc_emit_make(e, call, indent);
        } else {
            tw_uc_emit_calls(e, i, i + 1, indent,
                             call->op == accused &&
                                 e->finding->verdict == TW_VERDICT_INVARIANT);
        }
        if (call->op == accused && is_last && tw_uc_emit_access(call)) {
            tw_uc_emit_check(e, &e->program->script[accused], indent);
        }
    }
}

/* Is operation n a case of these callbacks?  In *nth which call of it is. */
static bool is_case(const Emit *e, unsigned n, CallPlace place, bool loads,
                    unsigned *nth)
{
    const TwOp *op = &e->program->script[n];

    *nth = 0;
    return !(op->flags & TW_OPF_DURING) &&
           tw_uc_emit_has_inside(e, n, place, nth) &&
           (place == FROM_DOORBELL || loads == (op->code == TW_OP_READ));
}

/* if (step == n) with the changes; `nth`: in that callback of the access;
 * `caller`: what makes them. */
static void put_case(Emit *e, unsigned n, unsigned nth, const char *caller,
                     const char *extra)
{
    if (nth > 1) {
        put(e, "    if (step == %u && ++n_called == %u) {\n", n, nth);
    } else {
        put(e, "    if (step == %u) {\n", n);
    }
    put(e, "        step = -1;\n");
    tw_uc_emit_inside(e, n, "        ");
    if (e->forks) {
        put(e,
            "        *in_flight = \"uc_emu_start, after the %s returned\";\n",
            caller);
    }
    put(e, "%s    }\n", extra);
}

static void put_cases(Emit *e, CallPlace place, bool loads)
{
    for (unsigned n = 0; n < e->n_ops; n++) {
        unsigned nth = 0;

        if (is_case(e, n, place, loads, &nth)) {
            put_case(e, n, place == FROM_DEVICE ? nth : 0, "callback", "");
        }
    }
}

/* Devices ------------------------------------------------------------------ */

/* Is the instruction of the access that goes wrong fetched from elsewhere? */
static void put_instruction_told(Emit *e, unsigned k)
{
    const TwOp *op = &e->program->script[e->finding->op];
    Shown shown = e->shown[op->from >> e->machine->flat.page_lg & (PAGES - 1)];

    if (e->log && e->finding->verdict == TW_VERDICT_EFFECT &&
        op->flags & TW_OPF_FROM && (op->from >> 3 & 7) == k &&
        shown & SHOWS_DEVICE) {
        uint64_t page = (uint64_t)shown_page(shown) << e->machine->flat.page_lg;

        put(e,
            "        if (at / 8 != 0x%" PRIx64 " / 8) {\n"
            "            tell(at, size);\n        }\n",
            tw_uc_emit_device_offset(
                e, shown_id(shown),
                page | (op->from & (tw_uc_page_size(e->machine) - 1))));
    }
}

static void put_device_code(Emit *e)
{
    bool runs = tw_contents_are_runs(e->program->contents);

    for (unsigned k = 0; k < 8; k++) {
        if (e->access_words >> k & 1) {
            put(e, "    if (at %% 0x1000 / 8 == 0x%x / 8) {\n", 0xfc0 + 8 * k);
            put_instruction_told(e, k);
            put(e, "        return ACCESS_%u >> 8 * (at %% 8);\n    }\n", k);
        }
    }
    if (!(e->pieces >> PIECE_CALL & 1)) {
        return;
    }
    put(e, "%s", e->device_loads ? "    if (fetching) {\n    " : "");
    if (e->log) {
        put(e, "    tell(at, size);\n%s", e->device_loads ? "    " : "");
    }
    put(e, "    return CODE_WORD(0x%x + (at / 8 & 0x%x)%s) >> 8 * (at %% 8);\n",
        runs ? 0x600 : 0xc000, runs ? 0x1ff : 0x3fff, runs ? ", at" : "");
    put(e, "%s", e->device_loads ? "    }\n" : "");
}

/* The expression for where in a device a callback is. */
static const char *at_of(const Emit *e)
{
    return e->device_bases ? "(uintptr_t)data + offset" : "offset";
}

static void put_device_write(Emit *e)
{
    bool acts = e->log;
    unsigned nth;

    for (unsigned n = 0; n < e->n_ops && !acts; n++) {
        acts = is_case(e, n, FROM_DEVICE, false, &nth);
    }
    put(e,
        "static void device_write(uc_engine *engine, uint64_t offset, "
        "unsigned size, uint64_t value, void *data)%s",
        acts ? "\n{\n" : " {}\n\n");
    if (!acts) {
        return;
    }
    if (e->log) {
        put(e, "    tell(%s, size);\n", at_of(e));
    }
    put_cases(e, FROM_DEVICE, false);
    put(e, "}\n\n");
}

static void put_device_read(Emit *e)
{
    bool used = e->device_code || e->device_loads;

    put(e,
        "static uint64_t device_read(uc_engine *engine, uint64_t %s, "
        "unsigned size, void *data)\n{\n",
        e->device_bases ? "offset" : "at");
    if (!used) {
        put(e, "    return 0;\n}\n\n");
        return;
    }
    if (e->device_bases) {
        put(e, "    uint64_t at = (uintptr_t)data + offset;\n");
    }
    if (e->device_code) {
        put_device_code(e);
    }
    if (!e->device_code || e->device_loads) {
        put(e, e->log ? "    tell(at, size);\n"
                      : "    printf(\"device_read(): offset 0x%%\" PRIx64 "
                        "\"\\n\", at);\n");
        put_cases(e, FROM_DEVICE, true);
        put(e, "    return UINT64_C(0x0101010101010101) * (0xd0 + (at >> 12 & "
               "15)); /* 0xd0 + the page */\n");
    } else if (!(e->pieces >> PIECE_CALL & 1)) {
        put(e, "    return 0;\n");
    }
    put(e, "}\n\n");
}

static void put_log(Emit *e)
{
    if (e->expected->n_log == 0) {
        put(e, "static unsigned n_told; /* bytes of devices that were accessed "
               "*/\n\n"
               "static void tell(uint64_t at, unsigned size)\n{\n"
               "    n_told += size;\n}\n\n");
        return;
    }
    put(e, "/* How many bytes of devices were accessed, and which. */\n"
           "static unsigned n_told;\nstatic uint64_t low, high;\n\n"
           "static void tell(uint64_t at, unsigned size)\n{\n"
           "    low = n_told && low < at ? low : at;\n"
           "    high = n_told && high >= at + size ? high : at + size - 1;\n"
           "    n_told += size;\n}\n\n");
}

/* The hook ----------------------------------------------------------------- */

static const char grants_code[] =
    "/* Is the memory at an address mapped, with the right? */\n"
    "static bool grants(uint64_t address, uint32_t right)\n{\n"
    "    uc_mem_region *regions;\n    uint32_t n;\n    bool yes = false;\n\n"
    "    OK(uc_mem_regions(uc, &regions, &n));\n"
    "    for (uint32_t i = 0; i < n; i++) {\n"
    "        yes |= address >= regions[i].begin && address <= regions[i].end "
    "&&\n               regions[i].perms & right;\n    }\n"
    "    uc_free(regions);\n%s    return yes;\n}\n\n";

static const char asks_code[] =
    "    return grants(address, type == UC_MEM_WRITE_UNMAPPED ||\n"
    "                                   type == UC_MEM_WRITE_PROT\n"
    "                               ? UC_PROT_WRITE\n"
    "                           : type == UC_MEM_FETCH_UNMAPPED ||\n"
    "                                   type == UC_MEM_FETCH_PROT\n"
    "                               ? UC_PROT_EXEC\n"
    "                               : UC_PROT_READ);\n";

/* Has access n operations during it that a hook may perform? */
static bool is_handled(const Emit *e, unsigned n)
{
    unsigned nth;

    return n + 1 < e->n_ops && !(e->program->script[n].flags & TW_OPF_DURING) &&
           e->program->script[n + 1].flags & TW_OPF_DURING &&
           !tw_uc_emit_has_inside(e, n, FROM_DEVICE, &nth) &&
           tw_op_info(e->program->script[n].code)->flags & TW_OP_CPU_ACCESS;
}

static void put_hook(Emit *e)
{
    if (e->hook_asks) {
        put(e, grants_code,
            e->forks ? "    *in_flight = \"uc_emu_start, after the hook "
                       "returned\";\n"
                     : "");
    }
    put(e, "static bool refused(uc_engine *engine, uc_mem_type type, "
           "uint64_t address, int size,\n                    int64_t value, "
           "void *data)\n{\n");
    for (unsigned n = 0; n < e->n_ops; n++) {
        if (is_handled(e, n)) {
            put_case(e, n, 0, "hook",
                     e->hook_asks ? "" : "        return true;\n");
        }
    }
    put(e, "%s}\n\n", e->hook_asks ? asks_code : "    return false;\n");
}

static void put_doorbell(Emit *e)
{
    put(e, "#define DOORBELL UINT64_C(0x100c5000)\n\n"
           "/* The guest rings it: calls inside a run. */\n"
           "static void doorbell_write(uc_engine *engine, uint64_t offset, "
           "unsigned size,\n                           uint64_t value, void "
           "*data)\n{\n");
    put_cases(e, FROM_DOORBELL, false);
    put(e, "}\n\n");
}

static const char pages_code[] =
    "/* The page map: what the library asks for at each miss of its TLB. */\n"
    "enum { NO_PAGE = 0x80 };\n"
    "static struct pages {\n    uint64_t first, end, to;\n"
    "    unsigned rights;\n} pages[%u];\nstatic unsigned n_pages;\n\n"
    "static void set_pages(uint64_t first, uint64_t size, uint64_t to,\n"
    "                      unsigned rights)\n{\n"
    "    pages[n_pages++] = (struct pages){first, first + size, to, rights};\n"
    "}\n\n"
    "static bool fill_tlb(uc_engine *engine, uint64_t address, uc_mem_type "
    "type,\n                     uc_tlb_entry *entry, void *data)\n{\n"
    "    *entry = (uc_tlb_entry){address, UC_PROT_ALL};\n"
    "    if (address >= 0x%x || type == UC_MEM_FETCH) {\n"
    "        return true; /* not what is tested */\n    }\n"
    "    for (unsigned i = n_pages; i-- > 0;) { /* the latest counts */\n"
    "        if (address >= pages[i].first && address < pages[i].end) {\n"
    "            entry->paddr = address - pages[i].first + pages[i].to;\n"
    "            entry->perms = pages[i].rights & UC_PROT_ALL;\n"
    "            return !(pages[i].rights & NO_PAGE);\n        }\n    }\n"
    "    return false;\n}\n\n";

static void put_page_map(Emit *e)
{
    unsigned n = 0;

    for (unsigned i = 0; i < e->recorder.calls->len; i++) {
        n += tw_uc_emit_at(e, i)->kind == CALL_TLB_ENTRY;
    }
    put(e, pages_code, n + 1, PAGES << e->machine->flat.page_lg);
}

void tw_uc_emit_callbacks(Emit *e)
{
    if (e->inside || e->doorbell) {
        put(e, "static int step = -1; /* of the changes that callbacks make "
               "*/\n");
        for (unsigned n = 0; n < e->n_ops; n++) {
            unsigned nth = 0;

            if (tw_uc_emit_has_inside(e, n, FROM_DEVICE, &nth) && nth > 1) {
                put(e, "static int n_called;\n");
                break;
            }
        }
        put(e, "\n");
    }
    if (e->machine->vtlb != NULL) {
        put_page_map(e);
    }
    if (e->log) {
        put_log(e);
    }
    if (e->devices && e->reads_devices) {
        put_device_read(e);
    }
    if (e->devices && e->writes_devices) {
        put_device_write(e);
    }
    if (e->hook) {
        put_hook(e);
    }
    if (e->doorbell) {
        put_doorbell(e);
    }
}
