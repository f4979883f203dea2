/* SPDX-License-Identifier: MIT */
/*
 * How a target in another process introduces itself: what it can express and
 * what its caches promise, as text lines (PROTOCOL.md).  The target prints
 * them, the class exec parses them.
 */
#ifndef TW_TARGETS_EXEC_GREETING_H
#define TW_TARGETS_EXEC_GREETING_H

#include <glib.h>

#include "program/dialect.h"

enum {
    TW_GREETING_VERSION = 80,   /* bytes of the version text, with its NUL */
    TW_GREETING_MAX = 64 << 10, /* bytes of a whole greeting */
};

/* Appends the greeting, from "twinwalk-target 1" to "ready". */
void tw_greeting_print(const TwDialect *dialect, const TwContract *contract,
                       const char *version, GString *out);

/*
 * Parses a whole greeting.  Strict: every field once, every word known, every
 * number inside the language's limits.  On failure returns false with `error`
 * set (TW_TARGET_ERROR_ENVIRONMENT, "greeting:LINE: expected ...") and the
 * results undefined.
 */
bool tw_greeting_parse(const char *text, size_t length, TwDialect *dialect,
                       TwContract *contract, char version[TW_GREETING_VERSION],
                       GError **error);

#endif
