/* SPDX-License-Identifier: MIT */
/*
 * Asks every target about a program, whether the target takes it or refuses it:
 * triggers, avoidance, a run, the story of what it finds, a reproducer.  Says
 * whether twinwalk keeps its promises, not whether a target is right.
 */
#ifndef TW_FUZZ_HARNESS_ASK_H
#define TW_FUZZ_HARNESS_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "program/model.h"

typedef struct TwAsk TwAsk;

/* A promise that is broken. */
typedef struct TwAskBroken {
    const char *what; /* one word: "avoid" */
    char why[256];
    const TwProgram *program; /* valid until the next call */
} TwAskBroken;

/* Opens one target of each sort that can be opened; none in other processes. */
TwAsk *tw_ask_new(void);
void tw_ask_free(TwAsk *ask);

/*
 * Decodes `data` once in the whole language and once in the dialect of a
 * target, and asks all targets about both programs.  False: *broken says which
 * promise was not kept.
 */
bool tw_ask(TwAsk *ask, const uint8_t *data, size_t size, TwAskBroken *broken);

#endif
