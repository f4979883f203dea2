/* SPDX-License-Identifier: MIT */
/*
 * Configuration files: values for options that the command line does not give.
 * They are ./.twinwalk, then twinwalk/config in the user's folder for
 * configuration (~/.config); the first file that has a key counts.  If the
 * environment has TWINWALK_CONFIG, the file of that name is read instead of
 * both, and none if it is empty.
 *
 * A file has lines KEY = VALUE, empty lines and comments (#).  The keys are
 * target, store, known, jobs and the options of targets, without "--".
 */
#ifndef TW_CLI_COMMON_CONFIG_H
#define TW_CLI_COMMON_CONFIG_H

#include "cli/common/target.h"

/*
 * Gives the options of a verb that were not given their values (`jobs_given`:
 * --jobs was given).  The target of a file counts for a command that names no
 * target, and the options of targets count with it; for a campaign that goes on
 * (--continue) no file counts.  False: an error was
 * printed: a file that cannot be read, a line without =, an unknown key, a
 * wrong value, or a file that belongs to somebody else or that all may write.
 */
bool tw_cli_config(const GOptionEntry *entries, TwCliTarget *target,
                   bool jobs_given);

#endif
