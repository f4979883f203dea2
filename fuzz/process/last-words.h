/* SPDX-License-Identifier: MIT */
/*
 * Where a child process died or hangs: the child writes its stack into memory
 * that it shares with its parent.  The parent is the same program with the same
 * libraries at the same addresses, so it can find the names of the frames.
 */
#ifndef TW_FUZZ_PROCESS_LAST_WORDS_H
#define TW_FUZZ_PROCESS_LAST_WORDS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

enum { TW_MAX_FRAMES = 24 };

typedef struct TwLastWords {
    volatile sig_atomic_t said;
    int n;
    void *frames[TW_MAX_FRAMES]; /* innermost first */
} TwLastWords;

/* The signal that asks a child where it is. */
enum { TW_ASK_SIGNAL = SIGQUIT };

/*
 * In the child: from now on fatal signals and TW_ASK_SIGNAL fill `words`
 * (shared memory, zeros) before they end the process.  Signals that already
 * have a handler, for instance of a sanitizer, are not changed.
 */
void tw_last_words_prepare(TwLastWords *words);

/*
 * In the parent: appends the frames, one a line, as "  function (library)",
 * as far as they have names, at most `most`, to `text` of `size` bytes.
 */
void tw_last_words_print(const TwLastWords *words, unsigned most, char *text,
                         size_t size);

#endif
