/* SPDX-License-Identifier: MIT */
/*
 * The processes: this process forks the guardian, which becomes the leader of a
 * new process group and forks the shell.  When this process ends, the kernel
 * sends the guardian SIGCONT (PR_SET_PDEATHSIG), which wakes it even if it is
 * stopped; the guardian sees that its parent is gone, and kills its group,
 * itself included.  So even processes that the shell has started in the
 * background end with this process.
 */
#define _GNU_SOURCE
#include "process/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "process/child.h"
#include "process/watch.h"

/* Of the command: its three pipes, then what it is given. */
enum { PIPES = 3, MAX_FDS = PIPES + TW_PROCESS_MAX_FDS };

void tw_process_init(TwProcess *process)
{
    memset(process, 0, sizeof(*process));
    process->in = process->out = process->err = -1;
    process->said = g_string_new(NULL);
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

/* Guardian and shell ------------------------------------------------------ */

static volatile pid_t guarded; /* parent of the guardian; for its signals */

static void kill_group(int number)
{
    if (number != SIGCONT || getppid() != guarded) {
        kill(0, SIGKILL);
    }
}

static void default_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++) {
        signal(number, SIG_DFL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Does not return. */
static void be_shell(const char *command, const TwProcessFd *given, unsigned n,
                     const int fds[MAX_FDS])
{
    default_signals();
    for (unsigned i = 0; i < PIPES + n; i++) {
        /* All of fds are 10 or more, so none is overwritten here. */
        if (dup2(fds[i], (int)i) < 0) {
            _exit(126);
        }
    }
    close_range(PIPES + n, ~0u, 0);
    for (unsigned i = 0; i < n; i++) {
        char number[2] = {(char)('0' + PIPES + i), '\0'};

        if (setenv(given[i].variable, number, 1) != 0) {
            _exit(127);
        }
    }
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

/* Does not return. */
static void be_guardian(pid_t parent, const char *command,
                        const TwProcessFd *given, unsigned n,
                        const int fds[MAX_FDS])
{
    int status;
    pid_t shell, got;

    setpgid(0, 0);
    default_signals();
    guarded = parent;
    signal(SIGTERM, kill_group);
    signal(SIGCONT, kill_group);
    /* Until here the signal may have been one that we ignore. */
    tw_child_bind(parent, SIGCONT);
    /* What the shell leaves behind stays below the guardian: it is watched. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    shell = tw_child_fork(SIGKILL);
    if (shell == 0) {
        be_shell(command, given, n, fds);
    }
    close_range(0, ~0u, 0);
    if (shell < 0) {
        _exit(126);
    }
    do {
        got = waitpid(-1, &status, 0);
    } while (got > 0 ? got != shell : errno == EINTR);
    if (got != shell) {
        _exit(126);
    }
    _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

bool tw_process_start(TwProcess *process, const char *command,
                      const TwProcessFd *given, unsigned n)
{
    int pipes[PIPES][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    int fds[MAX_FDS];
    pid_t parent = getpid();
    bool ok = true;
    int saved;

    g_assert(process->pid == 0 && n <= TW_PROCESS_MAX_FDS);
    memset(fds, 0xff, sizeof(fds)); /* none: -1 */
    for (unsigned i = 0; i < PIPES; i++) {
        ok = ok && pipe2(pipes[i], O_CLOEXEC) == 0;
    }
    for (unsigned i = 0; ok && i < PIPES + n; i++) {
        int end = i < PIPES ? pipes[i][i == 0 ? 0 : 1] : given[i - PIPES].fd;

        fds[i] = fcntl(end, F_DUPFD_CLOEXEC, 10);
        ok = fds[i] >= 0;
    }
    if (ok) {
        process->pid = tw_child_fork(SIGTERM);
        if (process->pid == 0) {
            be_guardian(parent, command, given, n, fds);
        }
        ok = process->pid > 0;
    }
    saved = errno;
    for (unsigned i = 0; i < PIPES + n; i++) {
        close_fd(&fds[i]);
    }
    for (unsigned i = 0; i < PIPES; i++) {
        close_fd(&pipes[i][i == 0 ? 0 : 1]);
        if (!ok) {
            close_fd(&pipes[i][i == 0 ? 1 : 0]);
        }
    }
    if (!ok) {
        process->pid = 0;
        errno = saved;
        return false;
    }
    /* Parent and child both make the group; the first call counts. */
    setpgid(process->pid, process->pid);
    process->in = pipes[0][1];
    process->out = pipes[1][0];
    process->err = pipes[2][0];
    fcntl(process->in, F_SETFL, O_NONBLOCK);
    fcntl(process->out, F_SETFL, O_NONBLOCK);
    fcntl(process->err, F_SETFL, O_NONBLOCK);
    process->complaint[0] = '\0';
    process->rank = 0;
    process->n_partial = 0;
    process->signal = process->code = 0;
    g_string_truncate(process->said, 0);
    return true;
}

/* Talking ----------------------------------------------------------------- */

/* How much a line of standard error tells: a sanitizer's summary names no
 * address, its first line and failed assertions do not always. */
static int rank_of(const char *line)
{
    return strstr(line, "SUMMARY: ")                           ? 3
           : strstr(line, "ERROR") || strstr(line, "ssertion") ? 2
                                                               : 1;
}

/* A line of standard error has come: keeps the first of those that tell most,
 * of those that tell nothing the last. */
static void heed(TwProcess *process)
{
    const char *line = process->partial;
    int rank;

    process->partial[process->n_partial] = '\0';
    process->n_partial = 0;
    if (strncmp(line, "==", 2) == 0 && strstr(line + 2, "==")) {
        line = strstr(line + 2, "==") + 2; /* a process id */
    }
    rank = *line ? rank_of(line) : 0;
    if (rank > process->rank || (rank == 1 && process->rank == 1)) {
        process->rank = rank;
        memmove(process->complaint, line, strlen(line) + 1);
    }
}

static void listen_to_errors(TwProcess *process)
{
    char buffer[4096];
    ssize_t n = read(process->err, buffer, sizeof(buffer));

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        close_fd(&process->err);
        n = 0;
    }
    for (ssize_t i = 0; i < n; i++) {
        if (buffer[i] == '\n') {
            heed(process);
        } else if (process->n_partial < sizeof(process->partial) - 1) {
            process->partial[process->n_partial++] =
                buffer[i] >= ' ' && buffer[i] <= '~' ? buffer[i] : '?';
        }
    }
    if (process->err < 0) {
        heed(process);
    }
}

/* write() to a pipe without a reader: EPIPE without the signal, whatever the
 * process at large wants done with SIGPIPE. */
static ssize_t write_quietly(int fd, const char *data, size_t length)
{
    sigset_t pipes, before, pending;
    bool was_pending;
    ssize_t n;
    int saved;

    sigemptyset(&pipes);
    sigaddset(&pipes, SIGPIPE);
    sigpending(&pending);
    was_pending = sigismember(&pending, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipes, &before);
    n = write(fd, data, length);
    saved = errno;
    if (n < 0 && errno == EPIPE && !was_pending) {
        sigtimedwait(&pipes, NULL, &(struct timespec){0, 0});
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = saved;
    return n;
}

/* Reads the available output; false at its end. */
static bool hear(TwProcess *process)
{
    char buffer[16384];
    ssize_t n = read(process->out, buffer, sizeof(buffer));

    if (n > 0) {
        g_string_append_len(process->said, buffer, n);
        return true;
    }
    return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Where the line `last` ends in what was said, or 0; `*from` is where it is
 * worth looking. */
static size_t find_last(const GString *said, const char *last, size_t *from)
{
    size_t n = strlen(last);
    const char *newline;

    while (*from < said->len &&
           (newline = memchr(said->str + *from, '\n', said->len - *from))) {
        size_t line = (size_t)(newline - (said->str + *from)) + 1;

        if (line == n && memcmp(said->str + *from, last, n) == 0) {
            return *from + line;
        }
        *from += line;
    }
    return 0;
}

/* Writes what the pipe takes of the question; false if nobody reads it. */
static bool tell(TwProcess *process, const char *question, size_t length,
                 size_t *written)
{
    ssize_t n =
        write_quietly(process->in, question + *written, length - *written);

    if (n > 0) {
        *written += (size_t)n;
    }
    return n > 0 || errno == EAGAIN || errno == EINTR;
}

/* After output has come: TW_REPLY_TIMEOUT if there is more to come. */
static TwReply judge_output(TwProcess *process, const char *last, size_t most,
                            bool told, size_t *from)
{
    size_t end;

    if (!hear(process)) {
        return TW_REPLY_ENDED;
    }
    if (!last) {
        return process->said->len > 0 ? TW_REPLY_EXTRA : TW_REPLY_TIMEOUT;
    }
    end = find_last(process->said, last, from);
    if (end > 0) {
        return end < process->said->len ? TW_REPLY_EXTRA
               : told                   ? TW_REPLY_DONE
                                        : TW_REPLY_EARLY;
    }
    return process->said->len > most ? TW_REPLY_FLOOD : TW_REPLY_TIMEOUT;
}

/* Adds what is served to a set of descriptors. */
static void poll_served(const TwProcess *process, struct pollfd *fds)
{
    for (unsigned i = 0; i < TW_PROCESS_MAX_SERVED; i++) {
        fds[i] = (struct pollfd){
            process->serving ? process->serving->fds[i] : -1, POLLIN, 0};
    }
}

/* Serves those that can be read.  An earlier one may have closed a later one.
 */
static TwServed serve(TwProcess *process, const struct pollfd *fds)
{
    TwServing *serving = process->serving;
    TwServed result = TW_SERVED;

    for (unsigned i = 0; i < TW_PROCESS_MAX_SERVED; i++) {
        if (fds[i].fd >= 0 && fds[i].revents && serving->fds[i] == fds[i].fd) {
            TwServed served = serving->serve(serving->data, i);

            result = served > result ? served : result;
        }
    }
    return result;
}

/* Writes and reads until there is an answer, or the watch ends it; without
 * `last`, until what is served is the last. */
static TwReply talk(TwProcess *process, const char *question, size_t length,
                    const char *last, size_t most, TwWatch *watch)
{
    size_t written = 0, from = 0;

    for (;;) {
        struct pollfd fds[PIPES + TW_PROCESS_MAX_SERVED] = {
            {process->out, POLLIN, 0},
            {process->err, POLLIN, 0},
            {written < length ? process->in : -1, POLLOUT, 0},
        };
        TwServed served = TW_SERVED;
        int ready;

        poll_served(process, fds + PIPES);
        ready = poll(fds, G_N_ELEMENTS(fds), tw_watch_interval(watch));
        if (ready > 0) {
            served = serve(process, fds + PIPES);
        }
        if (served == TW_SERVED_BAD || (served == TW_SERVED_LAST && !last)) {
            return served == TW_SERVED_BAD ? TW_REPLY_BAD : TW_REPLY_DONE;
        }

        if (ready > 0 && fds[1].revents) {
            listen_to_errors(process);
        }
        if (ready > 0 && fds[2].revents &&
            !tell(process, question, length, &written)) {
            return TW_REPLY_ENDED;
        }
        if (ready > 0 && fds[0].revents) {
            TwReply reply =
                judge_output(process, last, most, written == length, &from);

            if (reply != TW_REPLY_TIMEOUT) {
                return reply;
            }
        }
        if (tw_watch_look(watch) != TW_WATCH_GOES_ON) {
            return TW_REPLY_TIMEOUT;
        }
    }
}

TwReply tw_process_ask(TwProcess *process, const char *question, size_t length,
                       const char *last, size_t most, uint32_t timeout_ms,
                       const volatile uint32_t *in_flight)
{
    TwDoing before;
    TwWatch watch;
    TwReply reply;

    g_string_truncate(process->said, 0);
    if (length > 0) {
        /* What it says unasked is no answer to this question. */
        if (!hear(process)) {
            return TW_REPLY_ENDED;
        }
        if (process->said->len > 0) {
            return TW_REPLY_EXTRA;
        }
    }
    before = tw_beat_enter(TW_DOING_WAIT);
    tw_watch_start(&watch, process->pid, NULL, timeout_ms);
    watch.in_flight = in_flight;
    reply = talk(process, question, length, last, most, &watch);
    tw_beat_enter(before);
    return reply;
}

TwReply tw_process_serve(TwProcess *process, uint32_t timeout_ms)
{
    TwDoing before = tw_beat_enter(TW_DOING_WAIT);
    TwWatch watch;
    TwReply reply;

    g_string_truncate(process->said, 0);
    tw_watch_start(&watch, process->pid, NULL, timeout_ms);
    reply = talk(process, "", 0, NULL, 0, &watch);
    tw_beat_enter(before);
    return reply;
}

/* Ending ------------------------------------------------------------------ */

/* Has the guardian gone?  Waits until it hangs with the limit `ms`, hearing the
 * last complaints. */
static bool wait_for(TwProcess *process, uint32_t ms, int *status)
{
    TwWatch watch;

    tw_watch_start(&watch, process->pid, NULL, ms);

    for (;;) {
        bool ended = tw_child_ended(process->pid, status);

        if (process->err >= 0) {
            listen_to_errors(process);
        }
        if (ended) {
            return true;
        }
        if (ms == 0 || tw_watch_look(&watch) != TW_WATCH_GOES_ON) {
            return false;
        }
        nanosleep(&(struct timespec){0, 500000}, NULL);
    }
}

void tw_process_end(TwProcess *process, uint32_t grace_ms)
{
    TwDoing before;
    TwChildEnd end;
    int status = 0;
    bool by_itself;

    if (process->pid == 0) {
        return;
    }
    before = tw_beat_enter(TW_DOING_WAIT);
    close_fd(&process->in);
    by_itself = wait_for(process, grace_ms, &status);
    kill(-process->pid, SIGKILL);
    if (!by_itself) {
        status = tw_child_reap(process->pid);
    }
    while (process->err >= 0) {
        struct pollfd left = {process->err, POLLIN, 0};

        if (poll(&left, 1, 0) <= 0) {
            break;
        }
        listen_to_errors(process);
    }
    process->pid = 0;
    close_fd(&process->out);
    close_fd(&process->err);
    tw_beat_enter(before);
    end = tw_child_end_of(status, true);
    process->signal = end.signal;
    process->code = end.code;
}

void tw_process_clear(TwProcess *process, uint32_t grace_ms)
{
    tw_process_end(process, grace_ms);
    g_string_free(process->said, TRUE);
}
