/* SPDX-License-Identifier: MIT */
/* --known and --no-known, for the verbs that compare findings with a list. */
#ifndef TW_CLI_COMMON_KNOWN_H
#define TW_CLI_COMMON_KNOWN_H

#include <json-glib/json-glib.h>

#include "fuzz/run/known.h"

typedef struct TwCliKnown {
    gboolean off;
    char **files;
    TwKnown *list; /* after tw_cli_known_load(); NULL with --no-known
                    * alone */
} TwCliKnown;

/* Rows of a table of options, for a TwCliKnown that starts as zeros. */
/* clang-format off */
#define TW_CLI_KNOWN_ENTRIES(known)                                           \
    {"known", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &(known).files,              \
     "Adds a list of known divergences to the built-in one; its entries "     \
     "replace those of the same name; with --no-known: only this list",       \
     "FILE"},                                                                 \
    {                                                                         \
        "no-known", 0, 0, G_OPTION_ARG_NONE, &(known).off,                    \
            "Ignores the built-in list of known divergences", NULL            \
    }
/* clang-format on */

/* Reads the lists.  False: an error was printed (exit with 2). */
bool tw_cli_known_load(TwCliKnown *known);
/* After the list was selected for a target, once: prints a line on standard
 * error for each list that is older than the version of the target. */
void tw_cli_known_tell_newer(const TwCliKnown *known);
/* The same, and a reminder for each active entry past its day. */
void tw_cli_known_warn(const TwCliKnown *known);
void tw_cli_known_clear(TwCliKnown *known);

/*
 * For each active entry: how many matched it, how many met its triggers, and
 * the reason of the entry; or that it never matched, if enough met its
 * triggers. `unit` names the counted things ("programs").
 */
void tw_cli_known_table(const TwKnown *known, const uint64_t *matched,
                        const uint64_t *met, const char *unit);
/* A line for each active entry that enough met and none matched, and for each
 * that is past its day. */
void tw_cli_known_doubts(const TwKnown *known, const uint64_t *matched,
                         const uint64_t *met);
/* The same as a member "known" of the JSON object that is open. */
void tw_cli_known_json(JsonBuilder *builder, const TwKnown *known,
                       const uint64_t *matched, const uint64_t *met);
/* The names of active entries past their day, as a member "expired": it
 * depends on the day. */
void tw_cli_known_json_expired(JsonBuilder *builder, const TwKnown *known);

#endif
