/* SPDX-License-Identifier: MIT */
/* The list of harnesses, and the question of each. */
#ifndef TW_FUZZ_HARNESS_LIST_H
#define TW_FUZZ_HARNESS_LIST_H

#include <glib.h>
#include <stdbool.h>

#include "fuzz/harness/question.h"

typedef enum TwHarnessKind {
    TW_HARNESS_RUN,     /* does the target agree with the oracle? */
    TW_HARNESS_WALKERS, /* do the oracle's two walkers agree? */
    TW_HARNESS_TARGETS, /* is any program safe with every target? */
    TW_HARNESS_TEXT,    /* does the text form hold to its promises? */
} TwHarnessKind;

typedef struct TwHarnessInfo {
    const char *name; /* "softmmu_fuzzer" */
    TwHarnessKind kind;
    const char *target; /* "": none; see tw_harness_target() */
    TwQuestion question;
} TwHarnessInfo;

/* All, ended by a NULL name. */
extern const TwHarnessInfo tw_harnesses[];

/* The harness of this name, or NULL. */
const TwHarnessInfo *tw_harness_find(const char *name);

/*
 * The harness in the name that ClusterFuzz gives to a file,
 * clusterfuzz-testcase[-minimized]-NAME-NUMBER, where a prefix of the engine or
 * the project may stand before NAME; NULL: the name contains no harness.
 */
const TwHarnessInfo *tw_harness_of_file(const char *path);

/*
 * The target of a harness, for the caller to free.  If the harness runs
 * softmmu, the environment variable TWINWALK_ZOO can name a bug of the zoo to
 * put back. zoo_fuzzer needs this variable: NULL with `error` set
 * (TW_TARGET_ERROR) if it is missing.
 */
char *tw_harness_target(const TwHarnessInfo *harness, GError **error);

/* A target with the same dialect, so that inputs have the same meaning; it does
 * not depend on the environment. */
const char *tw_harness_model(const TwHarnessInfo *harness);

#endif
