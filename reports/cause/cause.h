/* SPDX-License-Identifier: MIT */
/*
 * What a finding comes from, in a few words that findings of one bug share.
 *
 * A key says what was seen; one bug is seen in many ways (loads and stores, RAM
 * and devices, stale or lost), so it has many keys.  A cause is what a
 * maintainer would call the bug by: "an UNMAP is missed when a mapping is
 * mapped over".  It is found as a doctor would: by what the story of the
 * finding tells, and by experiments.  An experiment edits one thing in the
 * program that a right target must not care about (or takes one circumstance
 * away) and runs it again; if the finding is gone, that thing is its cause.
 *
 * Nothing here knows which bug a target has, or by which name it was opened.
 */
#ifndef TW_REPORTS_CAUSE_CAUSE_H
#define TW_REPORTS_CAUSE_CAUSE_H

#include "fuzz/run/runner.h"

enum { TW_CAUSE_SIZE = 128 };

typedef struct TwCause {
    TwFinding finding;        /* of the program, run here */
    char name[TW_CAUSE_SIZE]; /* [a-z0-9-]+, words joined by '-'; "" where
                               * there is no finding */
    char rule[32]; /* ids of rules that are broken, ", " between them, or "" */
    bool security; /* an isolation finding: an access was let through that must
                    * be refused, or reached what it may no longer see */
    unsigned experiments; /* how many were made */
} TwCause;

/*
 * Runs the program and finds the cause of its finding.  `shrunk`: it is a
 * minimal case, of which all that is left is needed.  Takes some ten runs; in
 * this process, so where a target may die, call it in a child.
 */
void tw_cause_find(TwRunner *runner, const TwProgram *program, bool shrunk,
                   TwCause *cause);

/*
 * The same in a child process, which is killed after `timeout_ms` (0: 10 s).
 * Where the target dies, the cause is what a sanitizer's report says, or the
 * functions of its stack, or the signal.  False with `error` as
 * tw_run_isolated() has it.
 */
bool tw_cause_isolated(const TwTargetOptions *options, const TwProgram *program,
                       bool shrunk, uint32_t timeout_ms, TwCause *cause,
                       GError **error);

/*
 * The cause of a finding about which nothing more can be told: its verdict and
 * what of its text is no number (frames of a stack, which invariant broke).
 * For targets that die, and findings of twinwalk itself.
 */
void tw_cause_of_text(const TwFinding *finding, TwCause *cause);

/*
 * A sentence about a cause for people, without a full stop, for the caller to
 * free.
 */
char *tw_cause_title(const char *name);

#endif
