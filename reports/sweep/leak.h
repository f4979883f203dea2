/* SPDX-License-Identifier: MIT */
/*
 * Memory of this process that nothing points to any more, as LeakSanitizer
 * finds it.  Only builds with AddressSanitizer have it; in others, and where
 * ASAN_OPTIONS has detect_leaks=0, nothing is found.
 */
#ifndef TW_REPORTS_SWEEP_LEAK_H
#define TW_REPORTS_SWEEP_LEAK_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* What was lost already, by the stack of its allocation. */
typedef struct TwLeaks TwLeaks;

TwLeaks *tw_leaks_new(void);
void tw_leaks_free(TwLeaks *leaks);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TwLeaks, tw_leaks_free)

/*
 * Looks for lost memory that was not lost at the last look.  Writes the first
 * such block as lines into `text`: how much it is, and the innermost functions
 * of its allocation.  False: there is none.
 */
bool tw_leaks_look(TwLeaks *leaks, char *text, size_t size);

#endif
