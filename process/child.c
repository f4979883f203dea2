/* SPDX-License-Identifier: MIT */
/* See child.h. */
#define _GNU_SOURCE
#include "process/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void tw_child_bind(pid_t parent, int at_parents_end)
{
    prctl(PR_SET_PDEATHSIG, at_parents_end);
    if (getppid() != parent) {
        _exit(1); /* it ended in between */
    }
}

pid_t tw_child_fork(int at_parents_end)
{
    pid_t parent = getpid(), pid;

    fflush(NULL); /* or both write it */
    pid = fork();
    if (pid == 0) {
        tw_child_bind(parent, at_parents_end);
    }
    return pid;
}

void tw_child_ignore_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

    for (unsigned i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
        signal(signals[i], SIG_IGN);
    }
}

int64_t tw_child_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool tw_child_ended(pid_t pid, int *status)
{
    return waitpid(pid, status, WNOHANG) == pid;
}

int tw_child_reap(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

int tw_child_kill(pid_t pid)
{
    kill(pid, SIGKILL);
    return tw_child_reap(pid);
}

TwChildEnd tw_child_end_of(int status, bool shell)
{
    TwChildEnd end = {0, 0};

    if (WIFSIGNALED(status)) {
        end.signal = WTERMSIG(status);
    } else if (shell && WEXITSTATUS(status) > 128) {
        end.signal = WEXITSTATUS(status) - 128;
    } else {
        end.code = WEXITSTATUS(status);
    }
    return end;
}
