/* SPDX-License-Identifier: MIT */
/*
 * Allocations that can fail (LA-42, RU-8).  The memory of a machine is there
 * from the start; a run takes parts of it: a notifier, the rendering of a view,
 * a TLB entry.  Each taking is an allocation, and the n-th can be told to fail.
 * Whoever takes a part must then do without: registrations answer `nomem`,
 * all else caches less or flushes more.
 */
#include "targets/softmmu/internal.h"

/* Takes memory for `what`; false: this is the allocation that fails. */
static inline bool allocate(Machine *m, const char *what)
{
    if (G_LIKELY(m->fails_in == 0) || --m->fails_in > 0) {
        return true;
    }
    count(m, TW_COUNT_NO_MEMORY);
    TELL(m, "no-memory", "for %s (RU-8)", what);
    return false;
}
