/* SPDX-License-Identifier: MIT */
/*
 * The cause of a finding, in a few words that all findings of one bug share.
 *
 * A key says how a bug shows.  One bug shows in many ways (loads and stores,
 * RAM and devices, stale or lost), so it has many keys.  A cause describes the
 * bug itself: "an UNMAP is missed when a mapping is mapped over".  It follows
 * from the story of the finding and from experiments.  An experiment changes
 * one thing in the program that makes no difference on a correct target (or
 * removes one circumstance) and runs the program again.  If the finding
 * disappears, this thing is the cause.
 *
 * Of a finding on the list of known divergences, the cause is the entry that
 * explains it, by experiments too (known.c).
 *
 * Must not know which bug a target has, or the name of the target.
 */
#ifndef TW_REPORTS_CAUSE_CAUSE_H
#define TW_REPORTS_CAUSE_CAUSE_H

#include "fuzz/run/runner.h"

enum { TW_CAUSE_SIZE = 128 };

/* The characters of a name; and how the name of a cause begins that is an entry
 * of the list of known divergences. */
#define TW_CAUSE_LETTERS \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"
#define TW_CAUSE_KNOWN "known-"

typedef struct TwCause {
    TwFinding finding;        /* of the program, run here */
    char name[TW_CAUSE_SIZE]; /* of TW_CAUSE_LETTERS, words joined by '-'; ""
                               * where there is no finding */
    unsigned known; /* 1 + number of the entry of the list that explains it; 0:
                     * none does */
    char rule[32];  /* ids of rules that are broken, ", " between them, or "" */
    bool security;  /* an isolation finding: an access was let through that must
                     * be refused, or reached what it may no longer see */
    unsigned experiments; /* how many were made */
} TwCause;

/*
 * Runs the program and finds the cause of its finding.  `known`: the list,
 * selected for the target, or NULL.  `shrunk`: the program is a minimal case,
 * so all its parts are needed for the finding.  Needs several runs in this
 * process; if the target may die, call tw_cause_isolated().
 */
void tw_cause_find(TwRunner *runner, const TwKnown *known,
                   const TwProgram *program, bool shrunk, TwCause *cause);

/*
 * The same in a child process, which is killed after `timeout_ms` (0:
 * TW_TIMEOUT_MS).  If the target dies, the cause is the report of a sanitizer,
 * the functions of its stack, or the signal.  False with `error` as
 * tw_run_isolated() sets it.
 */
bool tw_cause_isolated(const TwTargetOptions *options, const TwKnown *known,
                       const TwProgram *program, bool shrunk,
                       uint32_t timeout_ms, TwCause *cause, GError **error);

/*
 * Which entry of the list explains a finding of the program, by experiments in
 * this process: 1 + its number, or 0.  `drop`: the program is not minimal, so
 * the experiments begin with dropping operations.  Adds the number of runs to
 * *experiments.
 */
unsigned tw_cause_known_here(const TwKnown *known, TwRunner *runner,
                             const TwProgram *program, const TwFinding *finding,
                             bool drop, unsigned *experiments);

/*
 * Replaces operations of the program by `nop`, as tw_cause_known_here() does
 * with `drop`: that function has the same answer for what is left, with and
 * without `drop`.  A program that matches no entry of the list stays as it is.
 */
void tw_cause_drop_here(const TwKnown *known, TwRunner *runner,
                        TwProgram *program, const TwFinding *finding);

/* Names a cause after the entry cause->known - 1. */
void tw_cause_name_known(const TwKnown *known, TwCause *cause);

/*
 * The cause of a finding without a story: its verdict, and its text without
 * numbers (frames of a stack, which invariant broke).  For targets that die,
 * and for findings against twinwalk itself.
 */
void tw_cause_of_text(const TwFinding *finding, TwCause *cause);

/*
 * A sentence about a cause for people, without a full stop, for the caller to
 * free.
 */
char *tw_cause_title(const char *name);
/* The same of a cause that may be an entry of the list: then the reason that
 * the list gives.  `entry`: as TwCause.known. */
char *tw_cause_title_known(const TwKnown *known, unsigned entry,
                           const char *name);

#endif
