/* SPDX-License-Identifier: MIT */
/*
 * What a reproducer looks at when it has done what goes wrong: the outcome of
 * the access, what devices were told, bytes of RAM; for emit.c.
 */
#include <inttypes.h>
#include <string.h>

#include "program/content.h"
#include "program/ops.h"
#include "targets/unicorn/emit.h"

enum { MOST_BYTES = 3 }; /* of RAM that are looked at at the end */

/* The error ---------------------------------------------------------------- */

static const char *refusal_at(const Emit *e, const TwOp *op, uint64_t page)
{
    bool store = op->code == TW_OP_WRITE, fetch = op->code == TW_OP_EXEC;
    bool mapped = page < PAGES && e->shown[page] != 0;
    uint8_t rights = mapped ? e->rights[page] : 0;

    if (op->code == TW_OP_RMW && (!mapped || rights & TW_R)) {
        store = true;
    }
    if (mapped && rights & (fetch ? TW_X : store ? TW_W : TW_R)) {
        return NULL;
    }
    return fetch    ? mapped ? "UC_ERR_FETCH_PROT" : "UC_ERR_FETCH_UNMAPPED"
           : store  ? mapped ? "UC_ERR_WRITE_PROT" : "UC_ERR_WRITE_UNMAPPED"
           : mapped ? "UC_ERR_READ_PROT"
                    : "UC_ERR_READ_UNMAPPED";
}

static const char *refusal(const Emit *e)
{
    TwOp op = e->program->script[e->finding->op];
    const char *name = NULL;

    if (e->machine->vtlb != NULL) {
        return "UC_ERR_EXCEPTION";
    }
    if (strstr(e->finding->text, "the fetch of its instruction") != NULL) {
        op = (TwOp){.code = TW_OP_EXEC, .addr = op.from, .size = 4};
    }
    for (unsigned k = 0; k < op.size && name == NULL; k++) {
        name = refusal_at(e, &op, (op.addr + k) >> e->machine->flat.page_lg);
    }
    return name != NULL ? name : "an error";
}

/* Devices ------------------------------------------------------------------ */

/* Where byte k of the accused access goes, if that is a device. */
static const TwLocation *device_of(const Emit *e, unsigned k)
{
    const TwAllowed *a = &e->expected->allowed[0];

    for (unsigned i = 0; i < a->n_locations; i++) {
        const TwLocation *at = &a->locations[i];

        if (k >= at->first && k < (unsigned)at->first + at->length) {
            return e->program->regions[at->region].kind == TW_REGION_MMIO
                       ? at
                       : NULL;
        }
    }
    return NULL;
}

static uint64_t device_offset(const Emit *e, const TwLocation *at, unsigned k)
{
    return tw_uc_emit_device_offset(e, at->region, at->offset + k - at->first);
}

/* Are the bytes that devices were told what is looked at, too? */
static bool looks_at_told(const Emit *e, const TwOp *op)
{
    return e->log && !tw_op_is_dma(op);
}

static void put_told_check(Emit *e, const char *indent)
{
    const TwExpected *x = e->expected;
    uint64_t low = UINT64_MAX, high = 0;

    for (unsigned i = 0; i < x->n_log; i++) {
        uint64_t at =
            tw_uc_emit_device_offset(e, x->log[i].region, x->log[i].offset);

        low = MIN(low, at);
        high = MAX(high, at);
    }
    if (x->n_log == 0) {
        put(e,
            "%sprintf(\"expected: no callback; got: %%u byte%%s\\n\", n_told, "
            "n_told == 1 ? \"\" : \"s\");\n"
            "%swrong |= n_told != 0;\n",
            indent, indent);
        return;
    }
    put(e,
        "%sprintf(\"expected: callbacks get %u byte%s, offsets 0x%" PRIx64
        "-0x%" PRIx64 "; got: %%u, 0x%%\" PRIx64 \"-0x%%\" PRIx64 \"\\n\",\n"
        "%s       n_told, low, high);\n",
        indent, x->n_log, x->n_log == 1 ? "" : "s", low, high, indent);
    put(e,
        "%swrong |= n_told != %u || low != 0x%" PRIx64 " || high != 0x%" PRIx64
        ";\n",
        indent, x->n_log, low, high);
}

/* Values ------------------------------------------------------------------- */

/* What a load gives, with the bytes of devices as the reproducer's are. */
static uint64_t loaded(const Emit *e, const TwOp *op)
{
    uint64_t value = e->expected->value;

    for (unsigned k = 0; k < op->size && k < 8; k++) {
        const TwLocation *at = device_of(e, k);

        if (at != NULL) {
            uint64_t byte = 0xd0 + (device_offset(e, at, k) >> 12 & 15);

            value = (value & ~(UINT64_C(0xff) << 8 * k)) | byte << 8 * k;
        }
    }
    return value;
}

/* What the code that is expected to run leaves. */
static uint64_t result(const Emit *e)
{
    const TwExpected *x = e->expected;
    unsigned contents = e->program->contents;
    bool runs = tw_contents_are_runs(contents);

    if (x->n_log > 0) {
        uint64_t at =
            tw_uc_emit_device_offset(e, x->log[0].region, x->log[0].offset);
        return runs ? 0x600 | (at / 8 & 0x1ff)
                    : tw_code_result(contents,
                                     (uint16_t)(0xc000 | (at / 8 & 0x3fff)));
    }
    return runs ? tw_run_number(contents, x->value)
                : tw_code_result(contents,
                                 tw_code_number_at(contents, x->value));
}

/* Which words of a run ran, whether it came to its end or not. */
static void put_run_check(Emit *e, const char *indent)
{
    bool refused = e->expected->class_ > TW_CLASS_DEVICE_ERROR;
    unsigned word = e->expected->word;

    put(e,
        "%sprintf(\"expected of word %u of the code: 0x%x; got: 0x%%x "
        "(%%s)\\n\",\n%s       number_of(value, %u), uc_strerror(err));\n"
        "%swrong |= number_of(value, %u) != 0x%x;\n",
        indent, word, refused ? 0 : (unsigned)result(e), indent, word, indent,
        word, refused ? 0 : (unsigned)result(e));
}

static void put_error_check(Emit *e, const char *indent)
{
    put(e,
        "%sprintf(\"expected: UC_ERR_OK; got: %%s\\n\", uc_strerror(err));\n"
        "%swrong |= err != UC_ERR_OK;\n",
        indent, indent);
}

static void put_value_check(Emit *e, const TwOp *op, const char *indent)
{
    uint64_t expected = op->code == TW_OP_EXEC ? result(e) : loaded(e, op);
    bool cut = op->code == TW_OP_RMW && op->size == 4;

    put(e,
        "%sprintf(\"expected: 0x%" PRIx64 "; got: 0x%%\" PRIx64 \" "
        "(%%s)\\n\", %svalue, uc_strerror(err));\n"
        "%swrong |= err != UC_ERR_OK || %svalue != %s0x%" PRIx64 "%s;\n",
        indent, expected, cut ? "(uint64_t)(uint32_t)" : "", indent,
        cut ? "(uint32_t)" : "", expected > UINT32_MAX ? "UINT64_C(" : "",
        expected, expected > UINT32_MAX ? ")" : "");
}

static void put_refusal_check(Emit *e, const char *indent)
{
    const char *name = refusal(e);

    put(e, "%sprintf(\"expected: %s; got: %%s\\n\", uc_strerror(err));\n",
        indent, name);
    if (e->finding->verdict == TW_VERDICT_FAULT) {
        put(e, "%swrong |= err != %s;\n", indent, name);
    } else {
        put(e, "%swrong |= err == UC_ERR_OK;\n", indent);
    }
}

/* Of two runs: the second one compares. */
static void put_pair_check(Emit *e, const char *indent)
{
    put(e,
        "%sif (slow) {\n"
        "%s    printf(\"with a hook of every access: 0x%%\" PRIx64 \" "
        "(%%s)\\n\", value, uc_strerror(err));\n"
        "%s    wrong |= err != seen.err || (err == UC_ERR_OK && value != "
        "seen.value);\n",
        indent, indent, indent);
    if (e->log) {
        put(e, "%s    wrong |= n_told != seen.n_told;\n", indent);
    }
    put(e, "%s} else {\n", indent);
    put(e,
        "%s    printf(\"without: 0x%%\" PRIx64 \" (%%s)\\n\", value, "
        "uc_strerror(err));\n"
        "%s    seen.err = err;\n%s    seen.value = value;\n",
        indent, indent, indent);
    put(e, e->log ? "%s    seen.n_told = n_told;\n%s}\n" : "%s%s}\n",
        e->log ? indent : "", indent);
}

void tw_uc_emit_check(Emit *e, const TwOp *op, const char *indent)
{
    const TwExpected *x = e->expected;

    if (e->finding->verdict == TW_VERDICT_CRASH ||
        e->finding->verdict == TW_VERDICT_HANG) {
        return;
    }
    if (e->two && !e->forks) {
        e->looks = true;
        put_pair_check(e, indent);
        return;
    }
    e->looks = true;
    if (!x->access) {
        put_error_check(e, indent);
        return;
    }
    if (op->code == TW_OP_EXEC && tw_contents_are_runs(e->program->contents)) {
        put_run_check(e, indent);
    } else if (x->class_ > TW_CLASS_DEVICE_ERROR) {
        put_refusal_check(e, indent);
    } else if (op->code == TW_OP_WRITE || op->code == TW_OP_DMA_WRITE) {
        put_error_check(e, indent);
    } else {
        put_value_check(e, op, indent);
    }
    if (looks_at_told(e, op)) {
        put_told_check(e, indent);
    }
}

/* The end ------------------------------------------------------------------ */

/* After a snapshot, what a page was mapped from is not what the guest sees. */
static void put_from_library(Emit *e, const RamPage *page, unsigned k)
{
    Shown shown = shown_make(SHOWS_RAM, page->block, page->page);
    unsigned p = 0;

    while (p < PAGES && e->shown[p] != shown) {
        p++;
    }
    if (e->snapshots && p < PAGES) {
        put(e, "    OK(uc_mem_read(uc, 0x%" PRIx64 ", &value, 1));\n",
            e->base + ((uint64_t)p << e->machine->flat.page_lg) + k);
    }
}

bool tw_uc_emit_ram_check(Emit *e)
{
    unsigned n = 0;

    for (unsigned i = 0; i < e->recorder.ram->len; i++) {
        const RamPage *page = &g_array_index(e->recorder.ram, RamPage, i);
        uint64_t base = (uint64_t)page->page << e->machine->flat.page_lg;

        for (unsigned k = 0; k < tw_uc_page_size(e->machine) && n < MOST_BYTES;
             k++) {
            uint8_t byte =
                e->expected->ram(e->expected->data, page->block, base + k);
            g_autoptr(GString) place = g_string_new(NULL);

            if (byte == page->bytes[k]) {
                continue;
            }
            g_string_append_printf(place, "ram%u[0x%" PRIx64 "]", page->block,
                                   base + k -
                                       ((uint64_t)e->first[page->block]
                                        << e->machine->flat.page_lg));
            put_from_library(e, page, k);
            if (e->snapshots) {
                g_string_assign(place, "(uint8_t)value");
            }
            put(e,
                "    printf(\"expected: %s is 0x%x; got: 0x%%x\\n\", %s);\n"
                "    wrong |= %s != 0x%x;\n",
                place->str, byte, place->str, place->str, byte);
            n++;
        }
    }
    e->looks |= n > 0;
    return n > 0;
}
