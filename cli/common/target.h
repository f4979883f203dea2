/* SPDX-License-Identifier: MIT */
/* Options that choose a target; the parser of the options of a verb. */
#ifndef TW_CLI_COMMON_TARGET_H
#define TW_CLI_COMMON_TARGET_H

#include <glib.h>
#include <stdbool.h>

#include "targets/target.h"

/* --target, --flush, --hide-locations, --check, --contract, --timeout. */
typedef struct TwCliTarget {
    char *name;
    char *flush;
    gboolean hide_locations;
    gboolean check;
    char *contract;
    int timeout_ms;
    TwTargetOptions options; /* valid after tw_cli_target_ready() */
} TwCliTarget;

/*
 * Parses the options of a verb: `usage` is what follows the options in the
 * usage line, `summary` a few lines for --help; with `target`, the options
 * that choose one too (it is cleared first).  argv keeps the verb's name and
 * what is no option.  False: an error was printed (exit with 2).
 */
bool tw_cli_options(int *argc, char ***argv, const char *usage,
                    const char *summary, const GOptionEntry *entries,
                    TwCliTarget *target);

/* Was one of these given, --timeout aside? */
bool tw_cli_target_chosen(const TwCliTarget *target);

/* Checks the values.  False: an error was printed. */
bool tw_cli_target_ready(TwCliTarget *target);

/*
 * For verbs that run cases in other processes: --timeout is theirs, unless the
 * target keeps time itself (exec).  Returns how long to wait for a process in
 * ms (0: the default), which runs a case and, if it is a finding, `replays`
 * times again.
 */
uint32_t tw_cli_target_patience(TwCliTarget *target, unsigned replays);

/* The options that must be given again to get the same target, as shell
 * words: "--target zoo:slug --flush page". */
char *tw_cli_target_words(const TwCliTarget *target);
void tw_cli_target_clear(TwCliTarget *target);

#endif
