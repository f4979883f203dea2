/* SPDX-License-Identifier: MIT */
/* The gist of a sanitizer's report, without addresses, lines and numbers. */
#ifndef TW_REPORTS_CAUSE_SANITIZER_H
#define TW_REPORTS_CAUSE_SANITIZER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Looks for a report of AddressSanitizer, MemorySanitizer, ThreadSanitizer,
 * LeakSanitizer or UndefinedBehaviorSanitizer in `text`, which may hold
 * anything.  Writes what it complains of and the innermost three functions of
 * its first stack, those of sanitizers and of the C library left out:
 * "heap-use-after-free-in-flush-page-run"; letters, digits and '-' only.
 * False: there is none, and `name` is empty.
 */
bool tw_sanitizer_name(const char *text, size_t length, char *name,
                       size_t size);

#endif
