/* SPDX-License-Identifier: MIT */
/*
 * A harness with state between runs, as its input says: "stale", another result
 * in the fourth run; "grow", heap; "map", pages.  The stand-alone driver must
 * notice each.
 */
#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "fuzz/harness/harness.h"

enum { PORTION = 1 << 20 };

static unsigned runs;
static bool stale;
static GSList *kept;

void tw_harness_input_name(const char *name)
{
    (void)name;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *word = g_strndup((const char *)data, size);

    runs++;
    stale = strcmp(word, "stale") == 0;
    if (strcmp(word, "grow") == 0) {
        kept = g_slist_prepend(kept, g_malloc(PORTION));
    } else if (strcmp(word, "map") == 0) {
        void *pages = mmap(NULL, 4 * PORTION, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        g_assert(pages != MAP_FAILED);
        memset(pages, 1, 4 * PORTION); /* so that they are there */
    }
    return 0;
}

char *tw_harness_result(void)
{
    return g_strdup(stale && runs == 4 ? "stale" : "agree");
}
