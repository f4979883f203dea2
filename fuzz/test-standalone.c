/* SPDX-License-Identifier: MIT */
/*
 * A harness that leaves something behind when its input says "leak": what the
 * stand-alone driver is to notice.
 */
#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz/harness.h"

static unsigned runs;
static bool leaks;

void tw_harness_input_name(const char *name)
{
    (void)name;
    runs = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    leaks = size >= 4 && memcmp(data, "leak", 4) == 0;
    runs++;
    return 0;
}

char *tw_harness_result(void)
{
    return g_strdup(leaks && runs == 4 ? "stale" : "agree");
}
