/* SPDX-License-Identifier: MIT */
/* See near.h. */
#include "cli/common/near.h"

#include <string.h>

enum { LONGEST = 63 }; /* letters of words that are compared */

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    return MIN(a, MIN(b, c));
}

/* How many letters must be added, dropped, replaced or swapped with their
 * neighbour to make one word of the other (Damerau and Levenshtein, each place
 * edited once). */
static unsigned distance(const char *a, const char *b)
{
    unsigned rows[3][LONGEST + 1];
    size_t n = strlen(a), m = strlen(b);

    if (n > LONGEST || m > LONGEST) {
        return UINT_MAX;
    }
    for (unsigned j = 0; j <= m; j++) {
        rows[0][j] = j;
    }
    for (unsigned i = 1; i <= n; i++) {
        unsigned *now = rows[i % 3], *before = rows[(i + 2) % 3],
                 *two = rows[(i + 1) % 3];

        now[0] = i;
        for (unsigned j = 1; j <= m; j++) {
            now[j] = least(before[j] + 1, now[j - 1] + 1,
                           before[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
                a[i - 2] == b[j - 1]) {
                now[j] = MIN(now[j], two[j - 2] + 1);
            }
        }
    }
    return rows[n % 3][m];
}

const char *tw_cli_near(const char *word, const char *const *words)
{
    unsigned best = (unsigned)CLAMP(strlen(word) / 3, 1, 3) + 1;
    const char *near = NULL;

    for (unsigned i = 0; words[i]; i++) {
        unsigned d = distance(word, words[i]);

        if (d < best) {
            best = d;
            near = words[i];
        }
    }
    for (unsigned i = 0; !near && words[i] && strlen(word) > 1; i++) {
        if (g_str_has_prefix(words[i], word)) {
            near = words[i];
        }
    }
    return near;
}

char *tw_cli_did_you_mean(const char *near)
{
    return near ? g_strdup_printf("; did you mean %s?", near) : g_strdup("");
}
