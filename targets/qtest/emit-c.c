/* SPDX-License-Identifier: MIT */
/*
 * A finding as a test of QEMU's own suite (tests/qtest/): calls of libqtest, a
 * call for each command, and what is right is asserted at the end.
 */
#include <inttypes.h>
#include <string.h>

#include "targets/qtest/emit.h"

/* What is looked at in the end. */
typedef enum Check {
    CHECK_ALIVE,   /* QEMU is there still */
    CHECK_VALUE,   /* what the access gave */
    CHECK_FAULT,   /* a fault was recorded */
    CHECK_WORDS,   /* it is another one than was seen: registers, */
    CHECK_RECORDS, /* records in memory */
} Check;

static Check check_of(const Emit *e)
{
    return e->dies                                 ? CHECK_ALIVE
           : tw_emit_is_value_wrong(e)             ? CHECK_VALUE
           : e->seen.reason.kind == TW_REASON_NONE ? CHECK_FAULT
           : e->records                            ? CHECK_RECORDS
                                                   : CHECK_WORDS;
}

/* The text as a comment. */
static void put_comment(const char *text, GString *out)
{
    g_auto(GStrv) parts = g_strsplit(text, "*/", -1);
    g_autofree char *safe = g_strjoinv("* /", parts);

    g_string_append_printf(out, "    /* %s */\n", safe);
}

/* "0xffee...", n bytes, as what memwrite stores: lines of a string. */
static void put_bytes(const char *hex, GString *out)
{
    enum { PER_LINE = 16 };

    for (unsigned i = 0; hex[2 * i]; i++) {
        g_string_append_printf(out, "%s\\x%.2s",
                               i % PER_LINE ? "" : "\n                   \"",
                               hex + 2 * i);
        if (i % PER_LINE == PER_LINE - 1 || !hex[2 * i + 2]) {
            g_string_append_c(out, '"');
        }
    }
}

/* Where a read puts what it gives: NULL, if nobody looks at it. */
static char *result_of(const Emit *e, unsigned number)
{
    Check check = check_of(e);
    unsigned before = number - e->faults[0], after = number - e->faults[1];

    if (check == CHECK_FAULT && before < e->n_faults) {
        return g_strdup_printf("before[%u]", before);
    }
    if ((check == CHECK_FAULT || check == CHECK_WORDS) && after < e->n_faults) {
        return g_strdup_printf("after[%u]", after);
    }
    if (check == CHECK_VALUE && e->second && number == e->answer + 1) {
        return g_strdup("second");
    }
    return check == CHECK_VALUE && number == e->answer ? g_strdup("answer")
                                                       : NULL;
}

static bool is_read(const char *word)
{
    return strcmp(word, "readb") == 0 || strcmp(word, "readl") == 0 ||
           strcmp(word, "readq") == 0 || strcmp(word, "inl") == 0;
}

static void put_command(const Emit *e, unsigned number, const char *line,
                        GString *out)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 4);
    const char *name = words[0];

    if (strcmp(name, "write") == 0) {
        g_string_append_printf(out, "    qtest_memwrite(qts, %s,", words[1]);
        put_bytes(words[3] + strlen("0x"), out);
        g_string_append_printf(out, ", %s);\n", words[2]);
    } else if (strcmp(name, "read") == 0) {
        if (number == e->records && check_of(e) == CHECK_RECORDS) {
            g_string_append_printf(out,
                                   "    qtest_memread(qts, %s, records, %s);\n",
                                   words[1], words[2]);
        }
    } else if (is_read(name)) {
        g_autofree char *result = result_of(e, number);

        if (result) {
            g_string_append_printf(out, "    %s = qtest_%s(qts, %s);\n", result,
                                   name, words[1]);
        }
    } else {
        g_string_append_printf(out, "    qtest_%s(qts, %s, %s);\n", name,
                               words[1], words[2]);
    }
}

static void put_commands(const Emit *e, const GString *commands, GString *out)
{
    g_auto(GStrv) lines = g_strsplit(commands->str, "\n", -1);
    unsigned number = 0;

    for (char **line = lines; *line; line++) {
        if (**line == '#') {
            put_comment(*line + 2, out);
        } else if (**line) {
            put_command(e, ++number, *line, out);
        } else if (line[1]) {
            g_string_append_c(out, '\n');
        }
    }
}

/* What is right -------------------------------------------------------------
 */

static void put_right_values(const Emit *e, GString *out)
{
    g_string_append(out, "    g_assert_true(");
    for (unsigned i = 0; i < e->expected->n_allowed; i++) {
        const TwAllowed *allowed = &e->expected->allowed[i];

        g_string_append_printf(out, "%sanswer == 0x%" PRIx64,
                               i > 0 ? " ||\n                  " : "",
                               allowed->class_ == TW_CLASS_OK ? allowed->value
                                                              : 0);
    }
    g_string_append(out, ");\n");
}

/* The registers are not as they were seen. */
static void put_words_check(const Emit *e, GString *out)
{
    g_string_append(out, "    g_assert_false(");
    for (unsigned i = 0; i < e->n_recorded / 8; i++) {
        uint64_t word = 0;

        for (unsigned k = 8; k > 0; k--) {
            word = word << 8 | e->recorded[8 * i + k - 1];
        }
        g_string_append_printf(out, "%safter[%u] == 0x%" PRIx64,
                               i > 0 ? " &&\n                   " : "", i,
                               word);
    }
    g_string_append(out, ");\n");
}

/* Nor is a record. */
static void put_records_check(const Emit *e, GString *out)
{
    g_string_append_printf(out,
                           "    for (unsigned i = 0; i + %u <= sizeof(records);"
                           " i += %u) {\n"
                           "        g_assert_cmpint(memcmp(records + i,",
                           e->n_recorded, e->n_recorded);
    for (unsigned i = 0; i < e->n_recorded; i++) {
        g_string_append_printf(out, "%s\\x%02x",
                               i % 16 ? ""
                               : i    ? "\"\n            \""
                                      : "\n            \"",
                               e->recorded[i]);
    }
    g_string_append_printf(out, "\", %u), !=, 0);\n    }\n", e->n_recorded);
}

static void put_value_check(const Emit *e, GString *out)
{
    g_autoptr(GString) line = g_string_new(NULL);

    if (!tw_emit_stores(e)) {
        put_comment("What the device may read; zeros, where it is refused.",
                    out);
        put_right_values(e, out);
        return;
    }
    g_string_append_printf(line, "The %s must %sbe there.", tw_emit_left(e),
                           tw_emit_is_lost(e) ? "" : "not ");
    put_comment(line->str, out);
    g_string_append_printf(
        out, "    g_assert_cmphex(answer%s, %s, 0x%" PRIx64 ");\n",
        e->second ? " | second << 32" : "",
        tw_emit_is_lost(e) ? "==" : "!=", e->tag);
}

static void put_check(const Emit *e, GString *out)
{
    switch (check_of(e)) {
    case CHECK_ALIVE:
        put_comment("QEMU must be there still.", out);
        g_string_append(out, "    qtest_readl(qts, 0);\n");
        return;
    case CHECK_VALUE:
        put_value_check(e, out);
        return;
    case CHECK_FAULT:
        put_comment("The access is refused, as it must be; a fault must be "
                    "recorded.",
                    out);
        g_string_append(out, "    g_assert_cmpint(memcmp(before, after, "
                             "sizeof(after)), !=, 0);\n");
        return;
    default:
        put_comment("The access is refused, as it must be; the fault must not "
                    "be recorded like this.",
                    out);
        if (check_of(e) == CHECK_RECORDS) {
            put_records_check(e, out);
        } else {
            put_words_check(e, out);
        }
        return;
    }
}

/* The test ------------------------------------------------------------------
 */

static void put_devices(const Emit *e, GString *out)
{
    g_string_append(out, " *\n * No guest runs.  ");
    if (e->m->driver->keeper) {
        g_auto(GStrv) about = g_strsplit(e->m->driver->keeper->about, "\n", -1);

        for (char **line = about; *line; line++) {
            g_string_append_printf(out, "%s%s", *line, line[1] ? "\n * " : "");
        }
        return;
    }
    g_string_append_printf(out,
                           "Devices make DMA: lsi53c895a 00:04.0, which "
                           "the IOMMU passes\n * through, and %s 00:05.0 "
                           "(rid=0) and 00:06.0 (rid=1).  ",
                           e->m->wide ? "e1000e" : "lsi53c895a");
}

static void put_head(const Emit *e, GString *out)
{
    g_auto(GStrv) lines = g_strsplit(e->finding->text, "\n", -1);

    g_string_append(out, "/*\n * ");
    tw_target_title(e->m->target.klass, e->program, e->finding, out);
    g_string_append_printf(out, "\n *\n * %s (%s), seen with QEMU %s.\n *\n",
                           tw_verdict_name(e->finding->verdict),
                           e->finding->key, e->m->version);
    for (char **line = lines; *line; line++) {
        if (**line) {
            g_string_append_printf(out, " *   %s\n", *line);
        }
    }
    put_devices(e, out);
    g_string_append_printf(
        out,
        "RAM of the case begins at\n * 0x%" PRIx64 ".\n *\n"
        " * To add it to tests/qtest/meson.build, name the test in the list of "
        "%s.\n */\n"
        "#include \"qemu/osdep.h\"\n#include \"libqtest.h\"\n\n",
        e->m->driver->ram + AT_PROGRAM, e->m->driver->binary);
}

static void put_variables(const Emit *e, GString *out)
{
    switch (check_of(e)) {
    case CHECK_ALIVE:
        break;
    case CHECK_VALUE:
        g_string_append_printf(out, "    uint64_t answer%s;\n",
                               e->second ? ", second" : "");
        break;
    case CHECK_FAULT:
        g_string_append_printf(
            out, "    uint64_t before[%u] = {0}, after[%u] = {0};\n",
            e->n_faults, e->n_faults);
        break;
    case CHECK_WORDS:
        g_string_append_printf(out, "    uint64_t after[%u] = {0};\n",
                               e->n_faults);
        break;
    case CHECK_RECORDS:
        g_string_append_printf(out, "    uint8_t records[%u];\n",
                               e->m->driver->records_bytes);
        break;
    }
}

static void put_start(const Emit *e, GString *out)
{
    g_autofree char *machine = g_strescape(e->m->machine, NULL);
    g_autofree char *args = g_strescape(e->m->args, NULL);

    g_string_append_printf(out,
                           "    QTestState *qts = qtest_init(\n"
                           "        \"-nodefaults -object "
                           "memory-backend-ram,id=m0,size=%uM -m %u \"\n"
                           "        \"%s \"\n",
                           RAM_BYTES >> 20, RAM_BYTES >> 20, machine);
    for (unsigned i = 0; i < DEVICES; i++) {
        bool more = i + 1 < DEVICES || *args;

        if (tw_qtest_device(e->m, i)) {
            g_string_append_printf(out, "        \"-device %s%s\"%s\n",
                                   tw_qtest_device(e->m, i), more ? " " : "",
                                   more ? "" : ");");
        }
    }
    if (*args) {
        g_string_append_printf(out, "        \"%s\");\n", args);
    }
    put_variables(e, out);
    g_string_append_c(out, '\n');
}

void tw_emit_as_test(const Emit *e, const GString *commands, GString *out)
{
    put_head(e, out);
    g_string_append(out, "static void test_case(void)\n{\n");
    put_start(e, out);
    put_commands(e, commands, out);
    g_string_append_c(out, '\n');
    put_check(e, out);
    g_string_append_printf(out,
                           "    qtest_quit(qts);\n}\n\n"
                           "int main(int argc, char **argv)\n{\n"
                           "    g_test_init(&argc, &argv, NULL);\n"
                           "    qtest_add_func(\"/iommu/%s\", test_case);\n"
                           "    return g_test_run();\n}\n",
                           e->finding->key);
}
