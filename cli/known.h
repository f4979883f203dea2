/* SPDX-License-Identifier: MIT */
/* --known and --no-known, for the verbs that hold findings against a list. */
#ifndef TW_CLI_KNOWN_H
#define TW_CLI_KNOWN_H

#include "fuzz/known.h"

typedef struct TwCliKnown {
    gboolean off;
    char **files;
    TwKnown *list; /* after tw_cli_known_load(); NULL with --no-known */
} TwCliKnown;

/* Rows of a table of options, for a TwCliKnown that starts as zeros. */
#define TW_CLI_KNOWN_ENTRIES(known)                                           \
    {"known", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &(known).files,              \
     "Adds a list of known divergences to the built-in one", "FILE"},         \
    {                                                                         \
        "no-known", 0, 0, G_OPTION_ARG_NONE, &(known).off,                    \
            "Takes no divergence as known and avoids none", NULL              \
    }

/* Reads the lists.  False: an error was printed (exit with 2). */
bool tw_cli_known_load(TwCliKnown *known);
/* Reminds on standard error of active entries past their day. */
void tw_cli_known_warn(const TwCliKnown *known);
void tw_cli_known_clear(TwCliKnown *known);

#endif
