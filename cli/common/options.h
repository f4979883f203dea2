/* SPDX-License-Identifier: MIT */
/* The options of a verb: from the command line, and from configuration
 * files. */
#ifndef TW_CLI_COMMON_OPTIONS_H
#define TW_CLI_COMMON_OPTIONS_H

#include "cli/common/target.h"

/*
 * Parses the options of a verb.  `usage` follows the options in the usage line,
 * `summary` is a few lines for --help.  With `target`, also parses the options
 * that choose a target (`target` is cleared first).  Then options that were not
 * given get the values of the configuration files (config.h).  argv keeps the
 * name of the verb and the arguments that are no options.  False: an error was
 * printed (exit with 2).
 *
 * As in other commands, the value of an option of one letter may follow at
 * once: -j4.
 */
bool tw_cli_options(int *argc, char ***argv, const char *usage,
                    const char *summary, const GOptionEntry *entries,
                    TwCliTarget *target);

#endif
