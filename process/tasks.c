/* SPDX-License-Identifier: MIT */
/* See tasks.h. */
#include "process/tasks.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process/child.h"

enum {
    MOST_LEVELS = 16, /* of descendants that are looked at */
    MOST_BYTES = 4096 /* of a file of /proc */
};

typedef struct Sum {
    uint64_t ticks;
    bool runs, stopped;
} Sum;

/* The text of a file of /proc; false if there is none. */
static bool read_file(const char *path, char text[MOST_BYTES])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, MOST_BYTES - 1) : -1;

    if (fd >= 0) {
        close(fd);
    }
    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

/* Notes the state of a thread from a file "stat", and its ticks if they are
 * those of a whole process.  Returns the number of threads; 0: there is no such
 * file. */
static unsigned add_stat(const char *path, bool process, Sum *sum)
{
    char text[MOST_BYTES];
    unsigned long long mine = 0, sys = 0;
    long long children = 0, children_sys = 0;
    unsigned threads = 0;
    const char *rest;
    char state;

    /* The name of the program comes first, in parentheses, and may contain
     * anything. */
    if (!read_file(path, text) || (rest = strrchr(text, ')')) == NULL ||
        sscanf(rest,
               ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %lld "
               "%lld %*d %*d %u",
               &state, &mine, &sys, &children, &children_sys, &threads) != 6) {
        return 0;
    }
    sum->runs |= state == 'R';
    sum->stopped |= state == 'T' || state == 't';
    if (process) {
        sum->ticks += mine + sys + (uint64_t)(children + children_sys);
    }
    return threads;
}

static void add_process(pid_t pid, unsigned level, Sum *sum);

/* Each thread has a list of the processes that it has made. */
static void add_thread(pid_t pid, const char *thread, bool alone,
                       unsigned level, Sum *sum)
{
    char path[64], text[MOST_BYTES];
    char *at = text, *end;

    if (!alone) {
        snprintf(path, sizeof(path), "/proc/%d/task/%.16s/stat", (int)pid,
                 thread);
        add_stat(path, false, sum);
    }
    snprintf(path, sizeof(path), "/proc/%d/task/%.16s/children", (int)pid,
             thread);
    if (level == MOST_LEVELS || !read_file(path, text)) {
        return;
    }
    for (long child; (child = strtol(at, &end, 10)) > 0; at = end) {
        add_process((pid_t)child, level + 1, sum);
    }
}

static void add_process(pid_t pid, unsigned level, Sum *sum)
{
    char path[64];
    unsigned threads;
    DIR *folder;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    threads = add_stat(path, true, sum);
    if (threads == 1) {
        snprintf(path, sizeof(path), "%d", (int)pid);
        add_thread(pid, path, true, level, sum);
        return;
    }
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    folder = threads > 0 ? opendir(path) : NULL;
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (entry->d_name[0] != '.') {
            add_thread(pid, entry->d_name, false, level, sum);
        }
    }
    if (folder) {
        closedir(folder);
    }
}

void tw_tasks_look(pid_t pid, TwTasks *tasks)
{
    int64_t per_second = sysconf(_SC_CLK_TCK);
    Sum sum = {0};

    add_process(pid, 0, &sum);
    *tasks = (TwTasks){
        .now_ms = tw_child_now_ms(),
        .cpu_ms =
            (int64_t)sum.ticks * 1000 / (per_second > 0 ? per_second : 100),
        .state = sum.runs      ? TW_TASKS_RUN
                 : sum.stopped ? TW_TASKS_STOPPED
                               : TW_TASKS_WAIT,
    };
}
