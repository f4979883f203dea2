/* SPDX-License-Identifier: MIT */
/* What a reproducer looks at, and what it expects there; for emit.c. */
#include <inttypes.h>

#include "targets/unicorn/emit.h"

enum { MOST_BYTES = 8 }; /* of RAM that are looked at at the end */

void tw_uc_emit_put(Emit *e, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_string_append_vprintf(e->out, format, args);
    va_end(args);
}

/* What runs of the expected word leave as their result. */
static void put_expected_number(Emit *e)
{
    const TwExpected *x = e->expected;
    unsigned contents = e->program->contents;

    if (x->n_log > 0) {
        put(e, "fetched_number(%u, 0x%" PRIx64 ") * UINT64_C(%" PRIu64 ")",
            x->log[0].region, x->log[0].offset, tw_code_result(contents, 1));
    } else {
        put(e, "0x%" PRIx64,
            tw_code_result(contents, tw_code_number_at(contents, x->value)));
    }
}

/* Which words of a run ran, whether it came to its end or not. */
static void put_run_check(Emit *e)
{
    const TwExpected *x = e->expected;
    bool refused = x->class_ > TW_CLASS_DEVICE_ERROR;

    put(e, "    if (number_of(got, %u) != ", x->word);
    if (!refused && x->n_log > 0) {
        put(e, "fetched_number(%u, 0x%" PRIx64 ")", x->log[0].region,
            x->log[0].offset);
    } else {
        put(e, "0x%x",
            refused ? 0 : tw_run_number(e->program->contents, x->value));
    }
    put(e,
        ") {\n"
        "        printf(\"expected: word %u of the run, from 0, is %s; got: "
        "\"\n               \"result 0x%%\" PRIx64 \", %%s\\n\",\n"
        "               got, uc_strerror(err));\n"
        "        wrong = 1;\n    }\n",
        x->word, refused ? "refused" : "run as it is in memory");
}

void tw_uc_emit_log_check(Emit *e, unsigned n, const TwLogRecord *log)
{
    if (!e->devices) {
        return;
    }
    put(e, "    if (n_told != %u", n);
    for (unsigned i = 0; i < n; i++) {
        put(e,
            " ||\n        told[%u].kind != '%c' || told[%u].device != %u ||\n"
            "        told[%u].offset != 0x%" PRIx64 " || told[%u].byte != 0x%x",
            i, tw_log_kind_name(log[i].kind)[0], i, log[i].region, i,
            log[i].offset, i, log[i].byte);
    }
    put(e,
        ") {\n"
        "        printf(\"expected: devices are told %u bytes%s; got %%u:"
        "\\n\", n_told);\n"
        "        for (unsigned i = 0; i < n_told; i++) {\n"
        "            printf(\"  %%c device %%d offset 0x%%\" PRIx64 "
        "\" byte 0x%%x\\n\",\n"
        "                   told[i].kind, told[i].device, told[i].offset,\n"
        "                   told[i].byte);\n        }\n"
        "        wrong = 1;\n    }\n",
        n, n ? ", as in the source" : "");
}

void tw_uc_emit_access_check(Emit *e, const TwOp *op)
{
    const TwExpected *x = e->expected;

    if (op->code == TW_OP_EXEC && tw_contents_are_runs(e->program->contents)) {
        put_run_check(e);
    } else if (x->class_ > TW_CLASS_DEVICE_ERROR) {
        put(e, "    if (err == UC_ERR_OK) {\n"
               "        printf(\"expected: refused; got: value 0x%%\" PRIx64 "
               "\"\\n\", got);\n"
               "        wrong = 1;\n    }\n");
    } else {
        put(e, "    if (err != UC_ERR_OK) {\n"
               "        printf(\"expected: success; got: %%s\\n\", "
               "uc_strerror(err));\n"
               "        wrong = 1;\n    }");
        if (op->code == TW_OP_WRITE) {
            put(e, "\n");
        } else {
            put(e, " else if (got != ");
            if (op->code == TW_OP_EXEC) {
                put_expected_number(e);
            } else {
                put(e, "UINT64_C(0x%" PRIx64 ")", x->value);
            }
            put(e, ") {\n        printf(\"expected: 0x%%\" PRIx64 \"; got: "
                   "0x%%\" PRIx64 \"\\n\",\n               (uint64_t)");
            if (op->code == TW_OP_EXEC) {
                put_expected_number(e);
            } else {
                put(e, "UINT64_C(0x%" PRIx64 ")", x->value);
            }
            put(e, ", got);\n        wrong = 1;\n    }\n");
        }
    }
    if (e->finding->verdict == TW_VERDICT_EFFECT) {
        tw_uc_emit_log_check(e, x->n_log, x->log);
    }
}

/* Bytes of RAM at the end; false if there is no difference to be seen. */
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

            if (byte != page->bytes[k]) {
                put(e,
                    "    if (ram%u[0x%" PRIx64 "] != 0x%x) {\n"
                    "        printf(\"ram%u at 0x%" PRIx64
                    ": expected 0x%x; got 0x%%x\\n\",\n"
                    "               ram%u[0x%" PRIx64 "]);\n"
                    "        wrong = 1;\n    }\n",
                    page->block, base + k, byte, page->block, base + k, byte,
                    page->block, base + k);
                n++;
            }
        }
    }
    return n > 0;
}
