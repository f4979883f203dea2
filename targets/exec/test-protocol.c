/* SPDX-License-Identifier: MIT */
/*
 * PROTOCOL.md is true: each test vector in its tables is what content.h
 * computes, its greeting is one, and its answer is that of softmmu to its
 * question.  The argument is the path of the file.
 */
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "program/content.h"
#include "program/ops.h"
#include "program/text/text.h"
#include "targets/exec/greeting.h"
#include "targets/target.h"

enum { COLUMNS = 4, CELL = 120 };

typedef char Cells[COLUMNS][CELL];

static char *document;

/* Takes a line of a table apart; how many cells, without blanks and marks of
 * code. */
static unsigned cells_of(const char *line, Cells cells)
{
    g_auto(GStrv) parts = g_strsplit(line, "|", -1);
    unsigned n = g_strv_length(parts);

    if (n < 3 || line[0] != '|' || n - 2 > COLUMNS) {
        return 0;
    }
    for (unsigned i = 0; i < n - 2; i++) {
        g_strdelimit(parts[i + 1], "`", ' ');
        g_assert_cmpuint(strlen(parts[i + 1]), <, CELL);
        strcpy(cells[i], g_strstrip(parts[i + 1]));
    }
    return n - 2;
}

/* What a cell says; a mistake in it fails the test. */
static uint64_t number(const char *cell)
{
    const char *digits = cell[0] == 'r' ? cell + 1 : cell;
    bool hex = g_str_has_prefix(digits, "0x");
    guint64 value = 0;

    g_assert_true(g_ascii_string_to_unsigned(
        hex ? digits + 2 : digits, hex ? 16 : 10, 0, UINT64_MAX, &value, NULL));
    return value;
}

static TwAttrs attributes(const char *cell)
{
    g_auto(GStrv) words = g_strsplit(cell, ",", -1);
    TwAttrs attrs = 0;

    for (char **word = words; *word; word++) {
        if (g_str_has_prefix(*word, "rid=")) {
            attrs |= (TwAttrs)number(*word + 4) << TW_ATTR_REQUESTER_SHIFT;
        } else if (strcmp(*word, "none") != 0) {
            attrs |= strcmp(*word, "unspecified") == 0 ? TW_ATTR_UNSPECIFIED
                     : strcmp(*word, "secure") == 0    ? TW_ATTR_SECURE
                     : strcmp(*word, "user") == 0      ? TW_ATTR_USER
                                                       : 0x8000;
        }
    }
    return attrs;
}

static unsigned contents_of(const char *cell)
{
    unsigned kind = 0;

    while (kind < TW_CONTENTS_KINDS &&
           strcmp(tw_contents_name(kind), cell) != 0) {
        kind++;
    }
    g_assert_cmpuint(kind, <, TW_CONTENTS_KINDS);
    return kind;
}

static void say_bytes(const uint8_t bytes[8], char out[CELL])
{
    g_snprintf(out, CELL, "%02x %02x %02x %02x %02x %02x %02x %02x", bytes[0],
               bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6],
               bytes[7]);
}

static void say_word(const uint8_t bytes[8], char out[CELL])
{
    uint64_t word = 0;

    for (unsigned k = 8; k-- > 0;) {
        word = word << 8 | bytes[k];
    }
    g_snprintf(out, CELL, "0x%016" PRIx64, word);
}

/* The last cell of a row, from the others. */

static void initial(Cells in, char out[CELL])
{
    uint8_t bytes[8];

    for (unsigned k = 0; k < 8; k++) {
        bytes[k] = tw_content_initial(TW_CONTENTS_DATA, (uint8_t)number(in[0]),
                                      number(in[1]) + k);
    }
    say_bytes(bytes, out);
}

static void stored(Cells in, char out[CELL])
{
    uint8_t bytes[8];

    for (unsigned k = 0; k < 8; k++) {
        bytes[k] =
            tw_content_tag(TW_CONTENTS_DATA, (uint32_t)number(in[0]), 0, k);
    }
    say_bytes(bytes, out);
}

static void attribute(Cells in, char out[CELL])
{
    g_snprintf(out, CELL, "0x%x", attributes(in[0]));
}

static void answered(Cells in, char out[CELL])
{
    uint8_t bytes[8];

    for (unsigned k = 0; k < 8; k++) {
        bytes[k] = tw_device_byte((uint8_t)number(in[0]), number(in[1]) + k,
                                  attributes(in[2]));
    }
    say_bytes(bytes, out);
}

static void digested(Cells in, char out[CELL])
{
    g_snprintf(out, CELL, "0x%" PRIx64,
               tw_ram_digest_term(number(in[0]), (uint8_t)number(in[1])));
}

static void word_of_ram(Cells in, char out[CELL])
{
    uint8_t bytes[8];

    for (unsigned k = 0; k < 8; k++) {
        bytes[k] = tw_content_initial(
            contents_of(in[0]), (uint8_t)number(in[1]), number(in[2]) + k);
    }
    say_word(bytes, out);
}

static void word_of_store(Cells in, char out[CELL])
{
    uint8_t bytes[8];

    for (unsigned k = 0; k < 8; k++) {
        bytes[k] = tw_content_tag(contents_of(in[0]), (uint32_t)number(in[1]),
                                  number(in[2]), k);
    }
    say_word(bytes, out);
}

static void word_of_device(Cells in, char out[CELL])
{
    uint8_t bytes[8];

    for (unsigned k = 0; k < 8; k++) {
        bytes[k] = tw_content_fetched(
            contents_of(in[0]), (uint8_t)number(in[1]), number(in[2]) + k, 0);
    }
    say_word(bytes, out);
}

/* All columns but the first. */
static void words_of_accesses(Cells in, char out[CELL])
{
    static const unsigned kinds[] = {TW_CONTENTS_CODE, TW_CONTENTS_CODE_X86_64,
                                     TW_CONTENTS_CODE_RISCV64};

    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        uint8_t bytes[8];

        for (unsigned k = 0; k < 8; k++) {
            bytes[k] = tw_content_initial(kinds[i], 1, number(in[0]) + k);
        }
        say_word(bytes, out);
        g_assert_cmpstr(in[i + 1], ==, out);
    }
}

static const struct {
    const char *path, *head; /* the line above the table's rows */
    void (*compute)(Cells in, char out[CELL]);
    unsigned rows; /* at least */
} tables[] = {
    {"initial", "| block | offset | eight initial bytes from there on |",
     initial, 7},
    {"stores", "| operation | eight bytes that it stores |", stored, 6},
    {"attributes", "| attributes | number |", attribute, 5},
    {"devices",
     "| device | offset | attributes | eight bytes that it answers from there "
     "on |",
     answered, 8},
    {"digests", "| offset | byte | term |", digested, 6},
    {"accesses",
     "| offset in 4 KiB | `code` | `code-x86-64` | `code-riscv64` |",
     words_of_accesses, 8},
    {"words", "| contents | block | offset | word that RAM starts with |",
     word_of_ram, 21},
    {"stored-words", "| contents | operation | address | word that it stores |",
     word_of_store, 14},
    {"fetched-words",
     "| contents | device | offset | word that a fetch gives |", word_of_device,
     3},
};

static void test_table(const void *data)
{
    unsigned t = GPOINTER_TO_UINT(data), rows = 0;
    g_auto(GStrv) lines = g_strsplit(document, "\n", -1);
    char **line = lines;

    while (*line && strcmp(*line, tables[t].head) != 0) {
        line++;
    }
    g_assert_nonnull(*line); /* the table is there */
    for (line += 2; **line == '|'; line++) {
        Cells cells;
        unsigned n = cells_of(*line, cells);
        char right[CELL];

        g_assert_cmpuint(n, >=, 2);
        tables[t].compute(cells, right);
        if (strcmp(cells[n - 1], right) != 0) {
            g_error("%s: expected %s", *line, right);
        }
        rows++;
    }
    g_assert_cmpuint(rows, >=, tables[t].rows);
}

/* The text between the lines "```NAME" and "```". */
static char *block_of(const char *name)
{
    g_autofree char *head = g_strdup_printf("\n```%s\n", name);
    const char *start = strstr(document, head);

    g_assert_nonnull(start);
    start += strlen(head);
    g_assert_nonnull(strstr(start, "\n```"));
    return g_strndup(start, (size_t)(strstr(start, "\n```") - start) + 1);
}

static void test_greeting(void)
{
    g_autofree char *text = block_of("greeting");
    char version[TW_GREETING_VERSION];
    TwContract contract;
    TwDialect dialect;
    g_autoptr(GString) again = g_string_new(NULL);
    GError *error = NULL;

    g_assert_true(tw_greeting_parse(text, strlen(text), &dialect, &contract,
                                    version, &error));
    g_assert_no_error(error);
    tw_greeting_print(&dialect, &contract, version, again);
    g_assert_cmpstr(text, ==, again->str);
}

/* The question is canonical and in the greeting's dialect. */
static void test_exchange(void)
{
    g_autofree char *greeting = block_of("greeting");
    g_autofree char *question = block_of("question");
    g_autofree char *answer = block_of("answer");
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) said = g_string_new(NULL);
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autofree TwTrace *trace = g_new(TwTrace, 1);
    TwTargetOptions options = {.name = "softmmu"};
    TwTarget *target = tw_target_open(&options, NULL);
    char version[TW_GREETING_VERSION], why[200];
    TwContract contract;
    TwDialect dialect;
    GError *error = NULL;

    g_assert_true(g_str_has_suffix(question, "\n.\n"));
    question[strlen(question) - 2] = '\0';
    tw_program_parse(program, question, strlen(question), "question",
                     TW_TEXT_STRICT, NULL, NULL, &error);
    g_assert_no_error(error);
    tw_program_print(program, NULL, text);
    g_assert_cmpstr(question, ==, text->str);
    g_assert_true(tw_greeting_parse(greeting, strlen(greeting), &dialect,
                                    &contract, version, NULL));
    if (!tw_dialect_admits(&dialect, program, why, sizeof(why))) {
        g_error("the question is not in the dialect: %s", why);
    }
    g_assert_true(tw_target_run(target, program, trace));
    memset(trace->counters, 0, sizeof(trace->counters)); /* may be left out */
    for (unsigned i = 0; i < trace->n_ops; i++) {
        trace->outcomes[i].reason = (TwReason){0}; /* not in this dialect */
    }
    tw_trace_print(trace, program, said);
    g_assert_cmpstr(answer, ==, said->str);
    tw_target_close(target);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 2);
    g_assert_true(g_file_get_contents(argv[1], &document, NULL, NULL));
    for (unsigned t = 0; t < G_N_ELEMENTS(tables); t++) {
        g_autofree char *path = g_strconcat("/protocol/", tables[t].path, NULL);

        g_test_add_data_func(path, GUINT_TO_POINTER(t), test_table);
    }
    g_test_add_func("/protocol/greeting", test_greeting);
    g_test_add_func("/protocol/exchange", test_exchange);
    status = g_test_run();
    g_free(document);
    return status;
}
