/* SPDX-License-Identifier: MIT */
/*
 * Prints the dictionary of the text form for fuzzing engines, from the tables
 * that the parser itself uses.
 */
#include <stdio.h>

#include "program/dialect.h"
#include "program/finding.h"
#include "program/ops.h"
#include "program/trace.h"

static void names(const char *(*name)(unsigned))
{
    for (unsigned i = 0; name(i) != NULL; i++) {
        printf("\"%s\"\n", name(i));
    }
}

int main(void)
{
    /* The words that stand in no table. */
    static const char *const words[] = {
        "twinwalk 1\\x0a", "twinwalk-trace 1\\x0a", "end\\x0a", "page ",
        "hops ",           "safepoints explicit",   "region r0 ", "space s0 ",
        "iommu i0 ",       "cpu c0 ",               "mmu c0.0 ",  "actor r0 ",
        "setup\\x0a",      "script\\x0a",           " size ",     " in r0",
        " at 0x",          " root r0", " root s0",              " granule ",  " indexes ",
        " select ",        " to s0",                " late",      " prio -1",
        " readonly",       " disabled",             " attrs ",    " victims ",
        " tlb ",           " offset ",              " of ",       "0x0..0xfff",
        " -> ",            "rwx",                   "none",       "secure",
        "user",            "rid=1",                 "unspecified", "silent",
        "notified",        "c0: ",                  "during ",    " bits 64",
        "all.0",           "2^64",                  " on",        " off",
        "unmap,map",       "deviotlb",              " # "};

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
    return 0;
}
