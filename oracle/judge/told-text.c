/* SPDX-License-Identifier: MIT */
/* What devices were told, as text; see told-text.h. */
#include "oracle/judge/told-text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 3, TEXT = 160 }; /* runs that are named */

static void add(char *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void add(char *text, const char *format, ...)
{
    size_t n = strlen(text);
    va_list args;

    va_start(args, format);
    vsnprintf(text + n, TEXT - n, format, args);
    va_end(args);
}

/* Bytes of one kind that follow each other are a run. */
static void name_runs(char *text, const TwLogRecord *log, unsigned n)
{
    unsigned runs = 0;

    text[0] = '\0';
    for (unsigned i = 0, k; i < n; i = k, runs++) {
        for (k = i + 1; k < n && log[k].kind == log[i].kind &&
                        log[k].region == log[i].region &&
                        log[k].offset == log[i].offset + (k - i);
             k++) {
        }
        if (runs < MOST) {
            add(text, "%s%s of %u byte%s at r%u+0x%" PRIx64, runs ? ", " : "",
                tw_log_kind_name(log[i].kind), k - i, k - i > 1 ? "s" : "",
                log[i].region, log[i].offset);
        }
    }
    if (runs > MOST) {
        add(text, " and %u more", runs - MOST);
    }
    if (runs == 0) {
        add(text, "nothing");
    }
}

bool tw_told_text(const TwOracle *oracle, const TwAccess *access, char *text,
                  size_t size)
{
    const TwTrace *trace = oracle->trace;
    const TwExpected *due = &oracle->expected;
    char told[TEXT], wanted[TEXT];
    uint32_t end = oracle->log;

    while (end < trace->n_log && trace->log[end].op == access->op &&
           trace->log[end].started == access->started) {
        end++;
    }
    name_runs(told, trace->log + oracle->log, end - oracle->log);
    name_runs(wanted, due->log, due->n_log);
    if (strcmp(told, wanted) != 0) {
        snprintf(text, size, "told: %s; due: %s", told, wanted);
    } else {
        snprintf(text, size, "told: %s, in other calls than are due", told);
    }
    return strcmp(told, wanted) != 0;
}
