/* SPDX-License-Identifier: MIT */
/* Inside this folder only: a finding in the words of the target's
 * maintainers, for texts that go to them. */
#ifndef TW_CLI_VIEW_EMITTED_H
#define TW_CLI_VIEW_EMITTED_H

#include "cli/common/common.h"

typedef struct TwEmitted {
    char *title; /* tw_target_title(); NULL: it shows no finding here */
    char *text;  /* what `emit` writes; NULL: nothing for this finding */
} TwEmitted;

/*
 * Runs a program in a child of at most `patience` ms (0: TW_TIMEOUT_MS); what a
 * library says when it dies is not shown.  If the class can, and the finding
 * stays the same, the program gets contents that people can read.  False with
 * `error` if the target cannot be opened, or no child could be made.
 */
bool tw_view_find(const TwTargetOptions *options, uint32_t patience,
                  TwProgram *program, TwFinding *finding, GError **error);
/* For a finding that does not recur each time: runs a program until it has one
 * (with this key; NULL: any), at most `times` times. */
bool tw_view_look_for(const TwTargetOptions *options, uint32_t patience,
                      unsigned times, const char *key, const TwProgram *program,
                      TwFinding *finding, GError **error);
/* Is it a finding that shows outside the target, so that it can be emitted? */
bool tw_view_is_emitted(const TwTargetOptions *options,
                        const TwFinding *finding);

/*
 * Runs a program in children (each of at most `patience` ms; 0: TW_TIMEOUT_MS),
 * and takes its title and its reproducer, with contents that people can read if
 * the finding stays the same.  The texts are the caller's.  False with `error`
 * if the target cannot be opened, or no child could be made.
 */
bool tw_view_emit(const TwTargetOptions *options, uint32_t patience,
                  const TwProgram *program, TwEmitted *emitted, GError **error);

/* Memory that a child fills: its file, or -1 with `error`; what is in there
 * (and a NUL), to be freed, or NULL; false if it cannot be written. */
int tw_view_memory(GError **error);
char *tw_view_take(int fd, size_t *size);
bool tw_view_put(int fd, const char *data, size_t size);

#endif
