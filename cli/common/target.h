/* SPDX-License-Identifier: MIT */
/* Options that choose a target, from the tables of the target classes. */
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
 * Clears `target` and appends the options that choose it to `entries`
 * (GOptionEntry), --target first; their callbacks expect `target` as the data
 * of their group.  `texts` keeps what the entries show.
 */
void tw_cli_target_entries(TwCliTarget *target, GArray *entries,
                           GPtrArray *texts);

/* Is there a target of this name, as far as one can say without opening it?
 * False: an error was printed, with the name that may have been meant. */
bool tw_cli_target_exists(const char *name);

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
