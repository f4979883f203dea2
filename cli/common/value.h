/* SPDX-License-Identifier: MIT */
/* Values of options: each is checked, and an error is printed. */
#ifndef TW_CLI_COMMON_VALUE_H
#define TW_CLI_COMMON_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "fuzz/harness/list.h"

/* Where --store is, for verbs that always have one. */
#define TW_CLI_STORE "out/findings.db"

/* --times and --replays: 1 to TW_MAX_REPLAYS; false: error printed. */
bool tw_cli_times(const char *option, int times);

/* A number from 0 to 2^63 - 1, decimal or 0x...; false: error printed. */
bool tw_cli_number(const char *option, const char *text, uint64_t *number);

/* Seconds: "90", "90s", "5m", "2h"; false: error printed. */
bool tw_cli_seconds(const char *option, const char *text, uint32_t *seconds);

/* A profile, or TW_PROFILES for "all" if `all` is allowed. */
bool tw_cli_profile(const char *text, bool all, unsigned *profile);
/* The help of --profile: the names of all profiles, and which is the default
 * (TW_PROFILES: all).  To be freed. */
char *tw_cli_profile_help(bool all, unsigned the_default);

/* A wish as "read:ram:1:map:notify", to be freed; NULL for TW_NO_WISH.  And
 * back: false after one line on standard error. */
char *tw_cli_wish_name(uint32_t wish);
bool tw_cli_wish(const char *text, uint32_t *wish);

/* A harness; `others` names what else is allowed (in the error message), or
 * is NULL.  NULL: error printed. */
const TwHarnessInfo *tw_cli_harness(const char *name, const char *others);

#endif
