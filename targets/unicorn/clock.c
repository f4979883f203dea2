/* SPDX-License-Identifier: MIT */
/*
 * The library makes its TLB smaller when it is flushed and has been used little
 * for 100 ms, and asks gettimeofday() how long that is.  What is stale would
 * come and go with the load of the machine.  So the function is defined here,
 * where the dynamic linker (or the static one) finds it before libc's, and
 * stands still while a program runs.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/time.h>
#include <time.h>

#include "targets/unicorn/clock.h"
#include "targets/unicorn/uncounted.h"

static _Thread_local bool stopped;

void tw_uc_clock_stop(void)
{
    stopped = true;
}

void tw_uc_clock_go(void)
{
    stopped = false;
}

/* As POSIX has it; the time zone has been out of use since. */
TW_UNCOUNTED int gettimeofday(struct timeval *restrict time,
                              void *restrict zone)
{
    struct timespec now = {.tv_sec = 1};

    (void)zone;
    if (!stopped) {
        clock_gettime(CLOCK_REALTIME, &now);
    }
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}
