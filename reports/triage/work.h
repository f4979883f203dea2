/* SPDX-License-Identifier: MIT */
/* Inside this folder only: what the phases of triage share. */
#ifndef TW_REPORTS_TRIAGE_WORK_H
#define TW_REPORTS_TRIAGE_WORK_H

#include "fuzz/process/work.h"
#include "reports/triage/triage.h"

/* Does the work of one phase in the triage's processes. */
bool tw_triage_work(TwTriage *triage, TwWork *work, GError **error);
/* For a worker: ms after which something is wrong with it. */
uint32_t tw_triage_limit(const TwTriage *triage);
/* While workers work: reports the progress, and ends a group that is old
 * enough to be written. */
void tw_triage_idle(TwTriage *triage, const char *what, unsigned done,
                    unsigned all);

/* Before each write to the store: what is written goes together, for a moment.
 * False with triage->error. */
bool tw_triage_group(TwTriage *triage);
bool tw_triage_group_end(TwTriage *triage);

/* In a worker: nothing more is written to standard error. */
void tw_triage_be_silent(void);

/* The program of a case; runs bytes in their harness. */
bool tw_triage_read(TwProgram *program, const char *data, size_t size,
                    GError **error);
bool tw_triage_judge_bytes(const TwTriage *triage, const TwHarnessInfo *harness,
                           const char *target, const char *data, size_t size,
                           unsigned times, TwFinding *finding, GError **error);

/* Notes a damaged case of the store, once, and warns of it. */
void tw_triage_set_aside(TwTriage *triage, TwDamaged damaged, const char *why);

/* The target under test, with the options that a case was found with. */
TwTargetOptions tw_triage_options(const TwTriage *triage, const char *words);

/* 1 + the number of the entry that a cause of this name is, or 0. */
unsigned tw_triage_entry(const TwTriage *triage, const char *name);

/* Options that choose a target, as shell words for the caller to free. */
char *tw_triage_words(const TwTriage *triage, const TwTargetOptions *options);

#endif
