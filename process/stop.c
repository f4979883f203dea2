/* SPDX-License-Identifier: MIT */
/* See stop.h. */
#define _GNU_SOURCE
#include "process/stop.h"

#include <signal.h>
#include <stddef.h>

static volatile int stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

volatile int *tw_stop_on_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal,
                               .sa_flags = (int)SA_RESETHAND | SA_RESTART};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    return &stop;
}

volatile int *tw_stop_asked(void)
{
    return &stop;
}
