/* SPDX-License-Identifier: MIT */
/* Options that choose a target, from the tables of the target classes; the
 * parser of the options of a verb. */
#ifndef TW_CLI_COMMON_TARGET_H
#define TW_CLI_COMMON_TARGET_H

#include <glib.h>
#include <stdbool.h>

#include "targets/classes/options.h"

/* --target, and the options of all classes. */
typedef struct TwCliTarget {
    char *name;              /* as given, or softmmu */
    TwTargetOptions options; /* with this name */
    uint32_t timeout_ms;     /* as given; 0: not given */
    GHashTable *given;       /* names of options that were given, or NULL */
} TwCliTarget;

/*
 * Parses the options of a verb.  `usage` follows the options in the usage line,
 * `summary` is a few lines for --help.  With `target`, also parses the options
 * that choose a target (`target` is cleared first).  argv keeps the name of the
 * verb and the arguments that are no options.  False: an error was printed
 * (exit with 2).
 */
bool tw_cli_options(int *argc, char ***argv, const char *usage,
                    const char *summary, const GOptionEntry *entries,
                    TwCliTarget *target);

/* Was this option given, whatever its value?  ("target" is one too.) */
bool tw_cli_target_given(const TwCliTarget *target, const char *option);

/* Was --target or an option of a class given (not one of any target)? */
bool tw_cli_target_chosen(const TwCliTarget *target);

/* Chooses another target, with the same options. */
void tw_cli_target_set_name(TwCliTarget *target, const char *name);

/*
 * For verbs that run cases in other processes.  Returns the limit in ms with
 * which a target hangs (process/watch.h; 0: the default).  The verb enforces
 * it; a target that does so itself (exec) keeps it as well.
 */
uint32_t tw_cli_target_patience(TwCliTarget *target);

/* The options that must be given again to get the same target and the same
 * time limit, as shell words (tw_target_options_words()).  To be freed. */
char *tw_cli_target_words(const TwCliTarget *target);
void tw_cli_target_clear(TwCliTarget *target);

#endif
