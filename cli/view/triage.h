/* SPDX-License-Identifier: MIT */
/* Inside this folder only: what is shown of a triage. */
#ifndef TW_CLI_VIEW_TRIAGE_H
#define TW_CLI_VIEW_TRIAGE_H

#include "cli/triage.h"

/* What a finding of the store is in this run, in the order of the list. */
typedef enum TwTriageNews {
    TW_TRIAGE_NEW, /* or returned, in this run */
    TW_TRIAGE_KNOWN,
    TW_TRIAGE_FIXED,     /* by this run */
    TW_TRIAGE_WAS_FIXED, /* before */
} TwTriageNews;

typedef struct TwTriageFinding {
    int64_t id, first_seen, last_seen;
    TwTriageNews news;
    TwStoreStatus status;
    bool security, minimal;
    uint64_t count;
    unsigned keys, lines;
    char *cause, *title, *verdict, *rule, *text, *origin, *form, *words;
    char *key;
    char *data; /* of the case, and a NUL */
    size_t size;
} TwTriageFinding;

/* The target's findings (TwTriageFinding, owned by the array), or NULL with
 * `error`. */
GPtrArray *tw_triage_findings(TwTriage *triage, GError **error);

/* The table, or JSON. */
void tw_triage_print(TwTriage *triage, GPtrArray *findings, bool json);
/* The text of a JUnit file, of a SARIF 2.1.0 file. */
GString *tw_triage_junit(const TwTriage *triage, GPtrArray *findings);
char *tw_triage_sarif(const TwTriage *triage, GPtrArray *findings);
/* A case of each finding that is there, as CAUSE.tw in a folder. */
bool tw_triage_write(const TwTriage *triage, GPtrArray *findings,
                     const char *folder, GError **error);
/* The exit code: 10 for what is new or returned, and after a retest alone for
 * what is not cured; 11 for a finding against twinwalk itself. */
int tw_triage_code(const TwTriage *triage, GPtrArray *findings,
                   bool retest_only);

#endif
