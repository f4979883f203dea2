/* SPDX-License-Identifier: MIT */
/* Exit codes and one-line errors. */
#ifndef TW_CLI_COMMON_EXIT_H
#define TW_CLI_COMMON_EXIT_H

#include <glib.h>
#include <stdbool.h>

#include "program/finding.h"

/* twinwalk.1, EXIT STATUS, says what they mean. */
enum {
    TW_EXIT_CLEAN = 0,
    TW_EXIT_USAGE = 2, /* usage, or input that is no program */
    TW_EXIT_FINDING = 10,
    TW_EXIT_SELF = 11, /* a finding against twinwalk itself */
    TW_EXIT_SKIPPED = 77,
    TW_EXIT_ENVIRONMENT = 99,
    /* Of replay --bisect, as git bisect run reads them. */
    TW_EXIT_BISECT_GOOD = 0,
    TW_EXIT_BISECT_BAD = 1,
    TW_EXIT_BISECT_SKIP = 125,
    TW_EXIT_BISECT_ABORT = 128,
};

/* Prints "twinwalk: MESSAGE" on standard error and returns `code`. */
int tw_cli_fail(int code, const char *format, ...) G_GNUC_PRINTF(2, 3);

/*
 * `text` from outside (a file name) as text for a terminal, to be freed: UTF-8,
 * and what could move or colour the terminal is "?".
 */
char *tw_cli_clean(const char *text);

/* The same for an error; the code follows from its domain.  Frees it. */
int tw_cli_fail_error(GError *error);

/* For a verb that can do nothing with a case which the target refuses
 * (TW_VERDICT_UNSUPPORTED): prints that with the reason; TW_EXIT_SKIPPED. */
int tw_cli_refused(const char *path, const TwFinding *finding);

/* The exit code of a verdict. */
int tw_cli_exit_of(unsigned verdict);

/* The same; a finding that is on a list of known divergences is none. */
int tw_cli_exit_of_known(unsigned verdict, bool known);

/* The more serious of two exit codes of verdicts. */
int tw_cli_worse(int a, int b);

/* Flushes standard output; TW_EXIT_ENVIRONMENT with a line if that fails
 * (disk full), else `code`. */
int tw_cli_finish(int code);

#endif
