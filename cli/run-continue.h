/* SPDX-License-Identifier: MIT */
/*
 * Inside this folder only: how a campaign that ended early goes on (run
 * --continue).  Its folder has a file "campaign" with its options and how far
 * it came.
 */
#ifndef TW_CLI_RUN_CONTINUE_H
#define TW_CLI_RUN_CONTINUE_H

#include "cli/verbs.h"

typedef struct TwRunSaved {
    char *target, *version;         /* its name, and the version that ran */
    char *words;                    /* the options that choose the target */
    char *profile;                  /* a name, or "all" */
    char **known;                   /* files of --known, or NULL */
    char *store, *label, *coverage; /* or NULL */
    bool no_known;
    bool unfinished; /* it was interrupted or killed */
    int replays;
    uint64_t seed;
    uint64_t next; /* number of the first program that is left */
    uint64_t left; /* how many programs are; 0: no limit was given */
} TwRunSaved;

/* Writes the file into the folder `out`, whole or not at all. */
bool tw_run_saved_write(const TwRunSaved *saved, const char *out,
                        GError **error);

/* Reads it.  False: an error was printed (exit with 2). */
bool tw_run_saved_read(TwRunSaved *saved, const char *out);
void tw_run_saved_clear(TwRunSaved *saved);

/* Does `out` have a campaign that was interrupted or killed? */
bool tw_run_saved_unfinished(const char *out);

/* Removes the file from `out`. */
void tw_run_saved_remove(const char *out);

#endif
