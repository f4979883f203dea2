/* SPDX-License-Identifier: MIT */
/* Child processes of all kinds: those that end, are killed, hang, write too
 * much, close their input, ignore signals, or try to outlive their parent. */
#define _GNU_SOURCE
#include "process/process.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process/child.h"
#include "process/stop.h"

/* Children ----------------------------------------------------------------- */

static void test_end(void)
{
    pid_t pid = tw_child_fork(SIGKILL);
    TwChildEnd end;

    if (pid == 0) {
        _exit(7);
    }
    g_assert_cmpint(pid, >, 0);
    end = tw_child_end_of(tw_child_reap(pid), false);
    g_assert_cmpint(end.signal, ==, 0);
    g_assert_cmpint(end.code, ==, 7);
    pid = tw_child_fork(SIGKILL);
    if (pid == 0) {
        pause();
        _exit(0);
    }
    end = tw_child_end_of(tw_child_kill(pid), false);
    g_assert_cmpint(end.signal, ==, SIGKILL);
    /* 128 + a signal is one for a shell only. */
    g_assert_cmpint(tw_child_end_of(137 << 8, true).signal, ==, SIGKILL);
    g_assert_cmpint(tw_child_end_of(137 << 8, false).code, ==, 137);
    g_assert_cmpint(tw_child_end_of(128 << 8, true).code, ==, 128);
}

/* Waits until a process is gone or no longer ours; false if it stays. */
static bool goes(pid_t pid)
{
    int64_t deadline = tw_child_now_ms() + 20000;

    while (tw_child_now_ms() < deadline) {
        g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
        g_autofree char *stat = NULL;

        if (!g_file_get_contents(path, &stat, NULL, NULL) ||
            strstr(stat, ") Z ")) {
            return true;
        }
        g_usleep(2000);
    }
    return false;
}

/* A child whose parent is killed ends with it, even one that ignores what
 * would end others. */
static void test_parent_dies(void)
{
    pid_t parent, child;
    int fds[2];

    g_assert_cmpint(pipe(fds), ==, 0);
    parent = tw_child_fork(SIGKILL);
    if (parent == 0) {
        child = tw_child_fork(SIGKILL);
        if (child == 0) {
            tw_child_ignore_signals();
            for (;;) {
                pause();
            }
        }
        g_assert_cmpint(write(fds[1], &child, sizeof(child)), >, 0);
        pause();
        _exit(0);
    }
    g_assert_cmpint(read(fds[0], &child, sizeof(child)), ==, sizeof(child));
    g_assert_cmpint(kill(child, 0), ==, 0);
    kill(child, SIGTERM);
    tw_child_kill(parent);
    g_assert_true(goes(child));
    close(fds[0]);
    close(fds[1]);
}

/* Commands ----------------------------------------------------------------- */

enum { MOST = 100000, PATIENCE = 20000 };

static TwReply ask_within(TwProcess *process, const char *question,
                          uint32_t timeout_ms)
{
    return tw_process_ask(process, question, strlen(question), "end\n", MOST,
                          timeout_ms, NULL);
}

static TwReply ask(TwProcess *process, const char *question)
{
    return ask_within(process, question, PATIENCE);
}

/* Starts a command, hears it, ends it. */
static TwReply run(TwProcess *process, const char *command,
                   const char *question, uint32_t timeout_ms)
{
    TwReply reply;

    g_assert_true(tw_process_start(process, command, NULL, 0));
    reply = ask_within(process, question, timeout_ms);
    tw_process_end(process, reply == TW_REPLY_TIMEOUT || reply == TW_REPLY_FLOOD
                                ? 0
                                : PATIENCE);
    g_assert_cmpint(process->pid, ==, 0);
    return reply;
}

static void test_replies(void)
{
    static const struct {
        const char *command, *question;
        uint32_t timeout_ms;
        TwReply reply;
    } cases[] = {
        {"echo a; echo end", "", PATIENCE, TW_REPLY_DONE},
        {"read q; echo \"$q\"; echo end", "what\n", PATIENCE, TW_REPLY_DONE},
        {"exec sleep 1000", "", 50, TW_REPLY_TIMEOUT},
        {"trap '' TERM; while :; do sleep 1; done", "", 50, TW_REPLY_TIMEOUT},
        {"yes", "", PATIENCE, TW_REPLY_FLOOD},
        {"echo end; echo more", "", PATIENCE, TW_REPLY_EXTRA},
        {"printf 'end'", "", PATIENCE, TW_REPLY_ENDED},
        {"exec >&-; sleep 0.05", "", PATIENCE, TW_REPLY_ENDED},
        {"kill -SEGV $$", "", PATIENCE, TW_REPLY_ENDED},
    };
    TwProcess process;

    tw_process_init(&process);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        TwReply reply = run(&process, cases[i].command, cases[i].question,
                            cases[i].timeout_ms);

        /* What comes behind the end may come too late to be seen with it. */
        if (reply != cases[i].reply &&
            !(cases[i].reply == TW_REPLY_EXTRA && reply == TW_REPLY_DONE)) {
            g_error("%s: %d", cases[i].command, reply);
        }
    }
    tw_process_clear(&process, 0);
}

/* Several questions to one process, which is started again after its end. */
static void test_again(void)
{
    TwProcess process;

    tw_process_init(&process);
    for (unsigned i = 0; i < 2; i++) {
        g_assert_true(tw_process_start(
            &process, "while read q; do echo \"<$q>\"; echo end; done", NULL,
            0));
        g_assert_cmpint(ask(&process, "one\n"), ==, TW_REPLY_DONE);
        g_assert_cmpstr(process.said->str, ==, "<one>\nend\n");
        g_assert_cmpint(ask(&process, "two\n"), ==, TW_REPLY_DONE);
        g_assert_cmpstr(process.said->str, ==, "<two>\nend\n");
        tw_process_end(&process, PATIENCE);
        g_assert_cmpint(process.signal, ==, 0);
        g_assert_cmpint(process.code, ==, 0);
    }
    tw_process_clear(&process, 0);
}

static void test_status(void)
{
    TwProcess process;

    tw_process_init(&process);
    run(&process, "exit 3", "", PATIENCE);
    g_assert_cmpint(process.signal, ==, 0);
    g_assert_cmpint(process.code, ==, 3);
    run(&process, "kill -ABRT $$", "", PATIENCE);
    g_assert_cmpint(process.signal, ==, SIGABRT);
    run(&process, "trap '' TERM HUP INT; while :; do sleep 1; done", "", 30);
    g_assert_cmpint(process.signal, ==, SIGKILL);
    tw_process_clear(&process, 0);
}

/* A process that closes its input: we hear of it, and live. */
static void test_closed_input(void)
{
    g_autofree char *question = g_strnfill(1 << 20, 'x');
    TwProcess process;

    tw_process_init(&process);
    g_assert_true(tw_process_start(&process, "exec <&-; sleep 1000", NULL, 0));
    g_assert_cmpint(ask(&process, question), ==, TW_REPLY_ENDED);
    tw_process_clear(&process, 0);
}

/* Much output on standard error does not block; its most useful line is kept.
 */
static void test_standard_error(void)
{
    TwProcess process;

    tw_process_init(&process);
    g_assert_cmpint(run(&process,
                        "i=0; while [ $i -lt 4000 ]; do echo \"line $i of "
                        "many, none of which tells anything\"; i=$((i+1)); "
                        "done >&2; echo end",
                        "", PATIENCE),
                    ==, TW_REPLY_DONE);
    g_assert_cmpstr(process.complaint, ==,
                    "line 3999 of many, none of which tells anything");
    run(&process,
        "{ echo first; echo '==12==ERROR: AddressSanitizer: at 0x1234'; echo "
        "'SUMMARY: AddressSanitizer: heap-use-after-free x.c:1'; echo last; } "
        ">&2",
        "", PATIENCE);
    g_assert_cmpstr(process.complaint, ==,
                    "SUMMARY: AddressSanitizer: heap-use-after-free x.c:1");
    run(&process, "printf 'no\\tend\\033[m' >&2", "", PATIENCE);
    g_assert_cmpstr(process.complaint, ==, "no?end?[m");
    tw_process_clear(&process, 0);
}

/* Memory and a socket would be given so: numbers 3 and 4, told by name. */
static void test_descriptors(void)
{
    int memory[2] = {memfd_create("a", MFD_CLOEXEC),
                     memfd_create("b", MFD_CLOEXEC)};
    const TwProcessFd fds[] = {{memory[0], "FIRST"}, {memory[1], "SECOND"}};
    char text[16] = "";
    TwProcess process;

    tw_process_init(&process);
    g_assert_true(tw_process_start(&process,
                                   "echo \"$FIRST $SECOND\"; echo one >&3; "
                                   "echo two >&4; "
                                   "[ -e /proc/self/fd/5 ] && echo more; "
                                   "echo end",
                                   fds, 2));
    g_assert_cmpint(ask(&process, ""), ==, TW_REPLY_DONE);
    g_assert_cmpstr(process.said->str, ==, "3 4\nend\n");
    tw_process_end(&process, PATIENCE);
    g_assert_cmpint(pread(memory[1], text, sizeof(text), 0), ==, 4);
    g_assert_cmpstr(text, ==, "two\n");
    tw_process_clear(&process, 0);
    close(memory[0]);
    close(memory[1]);
}

/* We are killed: the command goes, and what it left in the background, even if
 * they ignore SIGTERM and so did we, and even if all of them are stopped. */
static void group_dies(bool stopped)
{
    long pids[2] = {0, 0};
    char text[64] = "";
    int fds[2];
    pid_t us;

    g_assert_cmpint(pipe(fds), ==, 0);
    us = tw_child_fork(SIGKILL);
    if (us == 0) {
        TwProcess process;

        tw_child_ignore_signals();
        tw_process_init(&process);
        g_assert_true(tw_process_start(&process,
                                       "trap '' TERM HUP; sleep 1000 & "
                                       "echo $$ $!; echo end; wait",
                                       NULL, 0));
        g_assert_cmpint(ask(&process, ""), ==, TW_REPLY_DONE);
        g_assert_cmpint(write(fds[1], process.said->str, process.said->len), >,
                        0);
        pause();
        _exit(0);
    }
    g_assert_cmpint(read(fds[0], text, sizeof(text) - 1), >, 0);
    g_assert_cmpint(sscanf(text, "%ld %ld", &pids[0], &pids[1]), ==, 2);
    g_assert_cmpint(kill((pid_t)pids[1], 0), ==, 0);
    if (stopped) {
        g_assert_cmpint(kill(-getpgid((pid_t)pids[0]), SIGSTOP), ==, 0);
    }
    tw_child_kill(us);
    g_assert_true(goes((pid_t)pids[0]));
    g_assert_true(goes((pid_t)pids[1]));
    close(fds[0]);
    close(fds[1]);
}

/* A descriptor that is served: one byte in, one out. */
static TwServed answer(void *data, unsigned number)
{
    TwServing *serving = data;
    char byte;

    g_assert_cmpuint(number, ==, 1);
    g_assert_cmpint(read(serving->fds[1], &byte, 1), ==, 1);
    if (byte == '?') {
        g_assert_cmpint(write(serving->fds[1], "y\n", 2), ==, 2);
    }
    return byte == '?'   ? TW_SERVED
           : byte == '.' ? TW_SERVED_LAST
                         : TW_SERVED_BAD;
}

/* The command cannot answer until it has been served. */
static void test_served(void)
{
    TwServing serving = {.fds = {-1, -1, -1, -1}, .serve = answer};
    TwProcess p;
    int pair[2];

    serving.data = &serving;
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    serving.fds[1] = pair[0];
    tw_process_init(&p);
    p.serving = &serving;
    g_assert_true(tw_process_start(
        &p,
        "while read -r a; do printf %s \"$a\" >&$S; [ \"$a\" != '?' ] || "
        "{ read -r b <&$S; echo $b; }; done",
        (TwProcessFd[]){{pair[1], "S"}}, 1));
    close(pair[1]);
    for (unsigned i = 0; i < 3; i++) {
        g_assert_cmpint(tw_process_ask(&p, "?\n", 2, "y\n", 100, 10000, NULL),
                        ==, TW_REPLY_DONE);
    }
    g_assert_cmpint(write(p.in, ".\n", 2), ==, 2);
    g_assert_cmpint(tw_process_serve(&p, 10000), ==, TW_REPLY_DONE);
    g_assert_cmpint(tw_process_ask(&p, "!\n", 2, "y\n", 100, 10000, NULL), ==,
                    TW_REPLY_BAD);
    /* It says something, or ends, while only served. */
    g_assert_cmpint(write(p.in, "?\n", 2), ==, 2);
    g_assert_cmpint(tw_process_serve(&p, 10000), ==, TW_REPLY_EXTRA);
    tw_process_end(&p, 0);
    serving.fds[1] = -1;
    g_assert_true(tw_process_start(&p, "exit 3", NULL, 0));
    g_assert_cmpint(tw_process_serve(&p, 10000), ==, TW_REPLY_ENDED);
    tw_process_clear(&p, 0);
    close(pair[0]);
}

static void test_group_dies(void)
{
    group_dies(false);
}

/* The group becomes ours, so it is not orphaned: then the kernel would wake
 * it. */
static void test_stopped_group_dies(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    group_dies(true);
    prctl(PR_SET_CHILD_SUBREAPER, 0);
}

/* The first Ctrl-C asks for an end, the second one is one. */
static void test_stop(void)
{
    pid_t pid = tw_child_fork(SIGKILL);
    TwChildEnd end;

    if (pid == 0) {
        volatile int *stop = tw_stop_on_signals();

        if (*stop || raise(SIGINT) != 0 || !*stop || stop != tw_stop_asked()) {
            _exit(1);
        }
        raise(SIGINT);
        _exit(2);
    }
    end = tw_child_end_of(tw_child_reap(pid), false);
    g_assert_cmpint(end.code, ==, 0);
    g_assert_cmpint(end.signal, ==, SIGINT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/process/child/end", test_end);
    g_test_add_func("/process/child/parent-dies", test_parent_dies);
    g_test_add_func("/process/command/replies", test_replies);
    g_test_add_func("/process/command/again", test_again);
    g_test_add_func("/process/command/status", test_status);
    g_test_add_func("/process/command/closed-input", test_closed_input);
    g_test_add_func("/process/command/standard-error", test_standard_error);
    g_test_add_func("/process/command/descriptors", test_descriptors);
    g_test_add_func("/process/command/served", test_served);
    g_test_add_func("/process/command/group-dies", test_group_dies);
    g_test_add_func("/process/command/stopped-group-dies",
                    test_stopped_group_dies);
    g_test_add_func("/process/stop", test_stop);
    return g_test_run();
}
