/* SPDX-License-Identifier: MIT */
/* Instructions by perf_event_open(2). */
#include "reports/measure/instructions.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>

int tw_instructions_open(char *why, size_t size)
{
    struct perf_event_attr attr = {.type = PERF_TYPE_HARDWARE,
                                   .size = sizeof(attr),
                                   .config = PERF_COUNT_HW_INSTRUCTIONS,
                                   .exclude_kernel = 1,
                                   .exclude_hv = 1};
    long counter = syscall(SYS_perf_event_open, &attr, 0, -1, -1,
                           (unsigned long)PERF_FLAG_FD_CLOEXEC);

    if (counter < 0) {
        g_snprintf(why, size, "perf_event_open: %s", strerror(errno));
        return -1;
    }
    return (int)counter;
}

uint64_t tw_instructions_read(int counter)
{
    uint64_t count;

    if (counter < 0 || read(counter, &count, sizeof(count)) != sizeof(count)) {
        return 0;
    }
    return count;
}
