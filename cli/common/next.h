/* SPDX-License-Identifier: MIT */
/* The command that usually comes next. */
#ifndef TW_CLI_COMMON_NEXT_H
#define TW_CLI_COMMON_NEXT_H

#include <stdio.h>

#include "cli/common/known.h"
#include "cli/common/target.h"

/* A file name as a word of the shell, without what could move a terminal.  To
 * be freed. */
char *tw_cli_word(const char *file);

/*
 * Prints "next: twinwalk VERB OPTIONS FILE MORE", as a shell reads it: with the
 * options for the target and for known divergences of this command.  `more` is
 * text of our own, or NULL.
 */
void tw_cli_next(FILE *to, const TwCliTarget *target, const TwCliKnown *known,
                 const char *verb, const char *file, const char *more);

#endif
