/* SPDX-License-Identifier: MIT */
/* The word that somebody may have meant. */
#ifndef TW_CLI_COMMON_NEAR_H
#define TW_CLI_COMMON_NEAR_H

#include <glib.h>

/*
 * The one of `words` (which ends with NULL) that is nearest to `word`: it
 * begins with it, or few letters are missing, wrong or swapped.  NULL: none is
 * near.  The result is one of `words`.
 */
const char *tw_cli_near(const char *word, const char *const *words);

/* "; did you mean NAME?", or "" if `near` is NULL.  To be freed. */
char *tw_cli_did_you_mean(const char *near);

#endif
