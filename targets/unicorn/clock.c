/* SPDX-License-Identifier: MIT */
/*
 * The library shrinks its TLB at a flush if the TLB was little used for 100 ms,
 * by gettimeofday().  So stale answers would depend on the load of the machine.
 * Therefore gettimeofday() is defined here, where the dynamic or static linker
 * finds it before libc's; its time stands still while a program runs.  Between
 * programs it goes from second to second, where the agent wants the library to
 * shrink its TLB (agent.c).
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/time.h>
#include <time.h>

#include "targets/unicorn/clock.h"
#include "targets/unicorn/uncounted.h"

static _Thread_local bool stopped, ticks;
static _Thread_local time_t seconds = 1; /* of a clock that is stopped */

void tw_uc_clock_stop(void)
{
    stopped = true;
}

void tw_uc_clock_go(void)
{
    stopped = false;
}

TW_UNCOUNTED void tw_uc_clock_tick(bool tick)
{
    ticks = tick;
}

/* As POSIX has it; the time zone has been out of use since. */
TW_UNCOUNTED int gettimeofday(struct timeval *restrict time,
                              void *restrict zone)
{
    struct timespec now = {.tv_sec = seconds += stopped && ticks};

    (void)zone;
    if (!stopped) {
        clock_gettime(CLOCK_REALTIME, &now);
    }
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}
