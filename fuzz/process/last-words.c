/* SPDX-License-Identifier: MIT */
/* See last-words.h. */
#define _GNU_SOURCE
#include "fuzz/process/last-words.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <glib.h>
#include <string.h>

static TwLastWords *mine;

/* Only the first signal counts: the handler itself may cause later ones. */
static void on_signal(int number)
{
    if (!mine->said) {
        mine->n = backtrace(mine->frames, TW_MAX_FRAMES);
        mine->said = 1;
    }
    signal(number, SIG_DFL);
    raise(number);
}

void tw_last_words_prepare(TwLastWords *words)
{
    static const int signals[] = {SIGSEGV, SIGBUS,  SIGILL,       SIGFPE,
                                  SIGABRT, SIGTRAP, TW_ASK_SIGNAL};
    static char stack[64 * 1024]; /* the usual one may be used up */
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
    struct sigaction action = {.sa_handler = on_signal,
                               .sa_flags = SA_ONSTACK | SA_NODEFER};
    void *first[2];
    sigset_t asked;

    mine = words;
    backtrace(first, 2); /* loads what it needs, which a handler may not */
    sigaltstack(&alternate, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(signals); i++) {
        struct sigaction old;
        bool ask = signals[i] == TW_ASK_SIGNAL;

        /* A job in the background starts with the one that asks ignored. */
        if (sigaction(signals[i], NULL, &old) == 0 &&
            (old.sa_handler == SIG_DFL || (ask && old.sa_handler == SIG_IGN))) {
            sigaction(signals[i], &action, NULL);
        }
    }
    sigemptyset(&asked);
    sigaddset(&asked, TW_ASK_SIGNAL);
    sigprocmask(SIG_UNBLOCK, &asked, NULL);
}

/* "function (library)", or nothing if the frame has no name. */
static bool frame_name(void *frame, bool call, char *name, size_t size)
{
    Dl_info info;
    const char *library;

    /* A return address may be the first of the next function. */
    if (!dladdr((char *)frame - call, &info) || info.dli_fname == NULL) {
        return false;
    }
    library = strrchr(info.dli_fname, '/');
    library = library ? library + 1 : info.dli_fname;
    g_snprintf(name, size, "%s (%s)", info.dli_sname ? info.dli_sname : "?",
               library);
    return true;
}

void tw_last_words_print(const TwLastWords *words, unsigned most, char *text,
                         size_t size)
{
    unsigned told = 0;

    if (!words->said) {
        return;
    }
    /* 0 and 1 are the handler and the kernel's way into it. */
    for (int i = 2; i < words->n && told < most; i++) {
        char name[160];
        size_t length = strlen(text);

        if (frame_name(words->frames[i], i > 2, name, sizeof(name))) {
            g_snprintf(text + length, size - length, "  %s\n", name);
            told++;
        }
    }
}
