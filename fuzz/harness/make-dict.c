/* SPDX-License-Identifier: MIT */
/*
 * Prints the dictionary of a harness for fuzzing engines.  If inputs are text,
 * its entries are the words of the language, from the tables of the parser.  If
 * inputs are programs in bytes, its entries are a record of each operation of
 * the dialect, and some headers (program/bytes/BYTES.md).
 */
#include <stdio.h>
#include <string.h>

#include "fuzz/harness/judge-input.h"
#include "program/finding.h"
#include "program/ops.h"
#include "program/trace.h"

static void names(const char *(*name)(unsigned))
{
    for (unsigned i = 0; name(i) != NULL; i++) {
        printf("\"%s\"\n", name(i));
    }
}

static void text_words(void)
{
    /* The words that stand in no table. */
    static const char *const words[] = {"twinwalk 1\\x0a",
                                        "twinwalk-trace 1\\x0a",
                                        "end\\x0a",
                                        "page ",
                                        "hops ",
                                        "safepoints explicit",
                                        "region r0 ",
                                        "space s0 ",
                                        "iommu i0 ",
                                        "cpu c0 ",
                                        "mmu c0.0 ",
                                        "actor r0 ",
                                        "setup\\x0a",
                                        "script\\x0a",
                                        " size ",
                                        " in r0",
                                        " at 0x",
                                        " root r0",
                                        " root s0",
                                        " granule ",
                                        " indexes ",
                                        " select ",
                                        " to s0",
                                        " late",
                                        " prio -1",
                                        " readonly",
                                        " disabled",
                                        " attrs ",
                                        " victims ",
                                        " tlb ",
                                        " offset ",
                                        " of ",
                                        "0x0..0xfff",
                                        " -> ",
                                        "rwx",
                                        "none",
                                        "secure",
                                        "user",
                                        "rid=1",
                                        "unspecified",
                                        "silent",
                                        "notified",
                                        "c0: ",
                                        "during ",
                                        " bits 64",
                                        "all.0",
                                        "2^64",
                                        " on",
                                        " off",
                                        " exclusive",
                                        " paired",
                                        "unmap,map",
                                        "deviotlb",
                                        " # "};

    puts("# Words of the text form of programs and traces.");
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        printf("\"%s\"\n", words[i]);
    }
    for (unsigned code = 0; code < TW_OP_CODES; code++) {
        printf("\"%s \"\n", tw_op_info(code)->name);
    }
    names(tw_region_kind_name);
    names(tw_iommu_kind_name);
    names(tw_select_name);
    names(tw_format_name);
    names(tw_scope_name);
    names(tw_class_name);
    names(tw_status_name);
    names(tw_end_name);
}

/* Bytes ------------------------------------------------------------------- */

enum {
    HEADER = 13,
    RECORD = 20,
    LIKELY_BOARD = 0xff, /* actor */
    RARE_FLAGS = 0x80,
};

static void entry(const char *name, const uint8_t *bytes, unsigned n)
{
    printf("%s=\"", name);
    for (unsigned i = 0; i < n; i++) {
        printf("\\x%02x", bytes[i]);
    }
    puts("\"");
}

static void record(const char *name, unsigned code, unsigned flags)
{
    uint8_t bytes[RECORD] = {(uint8_t)code, LIKELY_BOARD, (uint8_t)flags};

    /* What is zero stands for something likely. */
    entry(name, bytes, sizeof(bytes));
}

static bool takes(const TwOpInfo *info, unsigned flag)
{
    for (TwFieldAt at = tw_fields(info); at.part; tw_fields_next(&at)) {
        if (at.part->type == TW_FIELD_SWITCH && at.part->mask == flag) {
            return true;
        }
    }
    return false;
}

static void operation(const TwDialect *dialect, unsigned code)
{
    const TwOpInfo *info = tw_op_info(code);
    g_autofree char *name = g_strdelimit(g_strdup(info->name), "-", '_');
    unsigned flags = dialect->op_flags;

    record(name, code, 0);
    if (takes(info, TW_OPF_NOTIFIED) && (flags & TW_OPF_NOTIFIED)) {
        record(name, code, TW_OPF_NOTIFIED);
    }
    if (takes(info, TW_OPF_ON) && (flags & TW_OPF_ON)) {
        record(name, code, TW_OPF_ON);
    }
    if (tw_dialect_suits_during(dialect, &(TwOp){.code = (uint8_t)code})) {
        record(name, code, TW_OPF_DURING | RARE_FLAGS);
    }
    if (code == TW_OP_RMW && (flags & TW_OPF_EXCLUSIVE)) {
        record(name, code, TW_OPF_EXCLUSIVE | RARE_FLAGS);
    }
    if ((code == TW_OP_READ || code == TW_OP_WRITE) &&
        (flags & TW_OPF_PAIRED)) {
        record(name, code, TW_OPF_PAIRED | RARE_FLAGS);
    }
}

/* Headers of the default topology, by its shape. */
static void headers(const TwDialect *dialect)
{
    for (unsigned shape = 0; shape < 32; shape += 5) {
        uint8_t bytes[HEADER] = {1, 0, dialect->min_page_lg, 16,
                                 (uint8_t)shape};
        entry("header", bytes, sizeof(bytes));
    }
}

int main(int argc, char **argv)
{
    const TwHarnessInfo *harness = argc == 2 ? tw_harness_find(argv[1]) : NULL;
    GError *error = NULL;

    if (harness == NULL) {
        fprintf(stderr, "usage: %s HARNESS\n", argv[0]);
        return 2;
    }
    TwInputJudge *judge = tw_input_judge_new(harness, tw_harness_model(harness),
                                             NULL, NULL, &error);
    if (judge == NULL) {
        fprintf(stderr, "%s: %s\n", argv[0], error->message);
        return 1;
    }
    const TwDialect *dialect = tw_input_judge_dialect(judge);
    if (dialect == NULL) {
        text_words();
    } else {
        puts("# Records of the byte form: program/bytes/BYTES.md.");
        headers(dialect);
        for (unsigned code = 0; code < TW_OP_CODES; code++) {
            if (tw_dialect_speaks(dialect, code)) {
                operation(dialect, code);
            }
        }
    }
    tw_input_judge_free(judge);
    return 0;
}
