/* SPDX-License-Identifier: MIT */
/*
 * A corner case: a program whose comments name the corner of the rules that it
 * tests, what breaks it, and the required outcomes of its operations
 * (corpus/corners/README.md).  A case of one rule (corpus/rules) is the same
 * with the rule's id for the corner's number.
 */
#ifndef TW_FUZZ_RUN_CORNER_H
#define TW_FUZZ_RUN_CORNER_H

#include <glib.h>

#include "program/trace.h"

/* The notes of one operation; NULL or empty: there are none. */
typedef struct TwCornerNote {
    char *outcome;     /* "ok r1+0x0", "done" ...; NULL: any */
    bool value;        /* the outcome says which value, */
    bool reason;       /* and which reason (LA-60) */
    GPtrArray *events; /* "o0 add 0x0..0xfff r1+0x0" ...: all that it causes,
                        * in order; empty: any */
    GPtrArray *log;    /* "write r2+0x0 4 none" ... likewise */
    GPtrArray *starts; /* "ok r1+0x0" ...: accesses that actor offsets start,
                        * likewise */
    GPtrArray *told;   /* "1 render" ...: how often the target tells it */
    bool no_events, no_log, no_starts;
} TwCornerNote;

typedef struct TwCorner {
    char *file;      /* "12-alias-of-disabled.tw" */
    char *path;      /* "/corner/12/FV-1/alias-of-disabled" */
    unsigned number; /* 0: a case of */
    char *rule;      /* this rule, the first of its rules; else NULL */
    char **rules, **broken_by; /* NULL-terminated */
    bool silent;               /* the judge cannot tell what breaks it */
    TwProgram program;
    TwCornerNote notes[TW_MAX_SCRIPT];
    unsigned n_noted;
} TwCorner;

/* Reads one case; an error (G_FILE_ERROR, TW_TEXT_ERROR) names file and line
 * and says what was expected. */
TwCorner *tw_corner_load(const char *folder, const char *file, GError **error);
void tw_corner_free(TwCorner *corner);

/* A step that a target reported in one operation ("fill", "render" ...). */
typedef struct TwCornerTold {
    uint16_t op;
    const char *kind; /* interned */
} TwCornerTold;

/*
 * Compares a trace with the notes; `told` (of TwCornerTold) may be NULL, then
 * notes about reports are not checked.  Returns NULL if all notes hold, else a
 * line that names the operation, for the caller to free.
 */
char *tw_corner_differs(const TwCorner *corner, const TwTrace *trace,
                        const GArray *told);

#endif
