/* SPDX-License-Identifier: MIT */
/*
 * Which processes hang.  The first tests have a clock and processes of their
 * own, so that no speed matters; the others run real processes, whose results
 * may come late but not differ.
 */
#define _GNU_SOURCE
#include "process/watch.h"

#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "process/child.h"
#include "process/process.h"

/* A clock of our own --------------------------------------------------------
 */

enum { LIMIT = 1000, STEP = 50 };

static TwTasks scene; /* what the process does, as the watch sees it */

static void look_at_scene(pid_t pid, TwTasks *tasks)
{
    g_assert_cmpint(pid, ==, 42);
    *tasks = scene;
}

static int64_t scene_now(void)
{
    return scene.now_ms;
}

typedef struct Stage {
    TwWatch watch;
    TwBeat beat;
    volatile uint32_t op;
} Stage;

/* A process without a beat, whose operation in flight is stage->op. */
static void stage_set(Stage *stage)
{
    memset(stage, 0, sizeof(*stage));
    scene = (TwTasks){.now_ms = 5000, .cpu_ms = 300, .state = TW_TASKS_RUN};
    tw_watch_start(&stage->watch, 42, NULL, LIMIT);
    stage->watch.look = look_at_scene;
    stage->watch.now_ms = scene_now;
    stage->watch.in_flight = &stage->op;
    stage->watch.last.now_ms = scene.now_ms;
    g_assert_cmpint(tw_watch_interval(&stage->watch), ==, STEP);
}

static void stage_give_beat(Stage *stage, TwDoing doing)
{
    stage->watch.beat = &stage->beat;
    stage->beat.doing = doing;
}

/* `ms` of wall time in this state, of which the process runs `percent`. */
static TwWatchState pass(Stage *stage, TwTaskState state, int64_t ms,
                         int64_t percent)
{
    TwWatchState result = TW_WATCH_GOES_ON;

    scene.state = state;
    for (int64_t at = 0; at < ms && result == TW_WATCH_GOES_ON; at += STEP) {
        scene.now_ms += STEP;
        scene.cpu_ms += STEP * percent / 100;
        result = tw_watch_look(&stage->watch);
    }
    return result;
}

/* About how much time is left in this state until it hangs, with `most` at
 * most? */
static int64_t until_hang(Stage *stage, TwTaskState state, int64_t percent,
                          int64_t most)
{
    int64_t start = scene.now_ms;

    while (scene.now_ms - start < most) {
        if (pass(stage, state, STEP, percent) != TW_WATCH_GOES_ON) {
            return scene.now_ms - start;
        }
    }
    return most;
}

/* Nothing is charged before the first look, one step after the start. */
static void test_burns(void)
{
    Stage s;

    stage_set(&s);
    g_assert_cmpint(until_hang(&s, TW_TASKS_RUN, 100, 99999), ==, 1050);
    stage_set(&s); /* half of a processor */
    g_assert_cmpint(until_hang(&s, TW_TASKS_RUN, 50, 99999), ==, 2050);
    stage_set(&s); /* four threads use as much as one */
    g_assert_cmpint(until_hang(&s, TW_TASKS_RUN, 400, 99999), ==, 1050);
}

static void test_sleeps(void)
{
    Stage s;

    stage_set(&s);
    g_assert_cmpint(until_hang(&s, TW_TASKS_WAIT, 0, 99999), ==, 1050);
    stage_set(&s); /* and wakes up now and then */
    g_assert_cmpint(until_hang(&s, TW_TASKS_WAIT, 10, 99999), ==, 1050);
}

/* It can run and has no processor: for ever, if need be.  Then it goes on. */
static void test_starves(void)
{
    Stage s;

    stage_set(&s);
    pass(&s, TW_TASKS_RUN, 500, 100);
    g_assert_cmpint(pass(&s, TW_TASKS_RUN, 1000 * LIMIT, 0), ==,
                    TW_WATCH_GOES_ON);
    g_assert_cmpint(until_hang(&s, TW_TASKS_RUN, 100, 99999), ==, 550);
}

/* A stopped process that is continued does not hang; one that nobody continues
 * does. */
static void test_stopped(void)
{
    Stage s;

    stage_set(&s);
    pass(&s, TW_TASKS_RUN, 500, 100);
    g_assert_cmpint(pass(&s, TW_TASKS_STOPPED, 2 * LIMIT, 0), ==,
                    TW_WATCH_GOES_ON);
    g_assert_cmpint(until_hang(&s, TW_TASKS_RUN, 100, 99999), ==, 550);
    stage_set(&s);
    g_assert_cmpint(until_hang(&s, TW_TASKS_STOPPED, 0, 99999), ==,
                    TW_WATCH_STOPPED * LIMIT + STEP);
}

/* The watching process did not run for an hour.  What the other one has used in
 * that time counts; that it sleeps now does not mean that it slept. */
static void test_gap(void)
{
    Stage s;

    stage_set(&s);
    pass(&s, TW_TASKS_WAIT, 100, 0);
    scene.now_ms += 3600 * 1000;
    g_assert_cmpint(tw_watch_look(&s.watch), ==, TW_WATCH_GOES_ON);
    g_assert_cmpint(s.watch.op_ms, <=, STEP + 4 * STEP);
    scene.now_ms += 3600 * 1000;
    scene.cpu_ms += LIMIT;
    g_assert_cmpint(tw_watch_look(&s.watch), ==, TW_WATCH_HANGS);
}

/* Each operation has the limit; all together have ten limits. */
static void test_progress(void)
{
    int64_t start;
    Stage s;

    stage_set(&s);
    start = scene.now_ms;
    while (pass(&s, TW_TASKS_RUN, 900, 100) == TW_WATCH_GOES_ON) {
        s.op++;
    }
    g_assert_cmpint(scene.now_ms - start, ==, TW_WATCH_WHOLE * LIMIT + STEP);
    stage_set(&s); /* the same operation again is no progress */
    pass(&s, TW_TASKS_RUN, 900, 100);
    g_assert_cmpint(until_hang(&s, TW_TASKS_RUN, 100, 99999), ==, 150);
}

/* What twinwalk does itself is not the target's time; a process that waits for
 * one that it watches has no limit; a move is a new beginning. */
static void test_beat(void)
{
    Stage s;

    stage_set(&s);
    stage_give_beat(&s, TW_DOING_TARGET);
    g_assert_cmpint(until_hang(&s, TW_TASKS_RUN, 100, 99999), ==, 1050);
    stage_set(&s);
    stage_give_beat(&s, TW_DOING_WAIT);
    g_assert_cmpint(pass(&s, TW_TASKS_WAIT, 1000 * LIMIT, 0), ==,
                    TW_WATCH_GOES_ON);
    s.beat.doing = TW_DOING_OURS;
    g_assert_cmpint(pass(&s, TW_TASKS_RUN, 50 * LIMIT, 100), ==,
                    TW_WATCH_GOES_ON);
    s.beat.moves++;
    s.beat.doing = TW_DOING_TARGET;
    g_assert_cmpint(until_hang(&s, TW_TASKS_RUN, 100, 99999), ==, 1100);
    stage_set(&s);
    stage_give_beat(&s, TW_DOING_TARGET);
    for (unsigned i = 0; i < 100; i++) {
        g_assert_cmpint(pass(&s, TW_TASKS_RUN, 900, 100), ==, TW_WATCH_GOES_ON);
        s.beat.moves++;
    }
    stage_set(&s);
    stage_give_beat(&s, TW_DOING_OURS);
    g_assert_cmpint(pass(&s, TW_TASKS_RUN, 2 * TW_WATCH_OURS_MS, 100), ==,
                    TW_WATCH_OURS_HANGS);
}

/* The beat of this process ---------------------------------------------------
 */

static void test_beat_use(void)
{
    static TwBeat beat; /* used to the end of the process */

    tw_beat_enter(TW_DOING_TARGET);
    tw_beat_enter(TW_DOING_OURS);
    tw_beat_use(&beat);
    tw_beat_move();
    g_assert_cmpuint(beat.moves, ==, 1);
    g_assert_cmpint(tw_beat_enter(TW_DOING_TARGET), ==, TW_DOING_OURS);
    g_assert_cmpuint(beat.moves, ==, 2);
    g_assert_cmpuint(beat.doing, ==, TW_DOING_TARGET);
    g_assert_cmpint(tw_beat_enter(TW_DOING_TARGET), ==, TW_DOING_TARGET);
    g_assert_cmpuint(beat.moves, ==, 2); /* a target in a target */
    g_assert_cmpint(tw_beat_enter(TW_DOING_OURS), ==, TW_DOING_TARGET);
    g_assert_cmpuint(beat.moves, ==, 3);
}

/* Real processes -------------------------------------------------------------
 */

static int64_t own_cpu_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void burn(int64_t ms)
{
    for (int64_t end = own_cpu_ms() + ms; own_cpu_ms() < end;) {
    }
}

/* A child that does this and ends; *fd closes when it does. */
static pid_t child_of(void (*life)(void), int *fd)
{
    int fds[2];
    pid_t pid;

    g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
    pid = tw_child_fork(SIGKILL);
    if (pid == 0) {
        close(fds[0]);
        life();
        _exit(0);
    }
    close(fds[1]);
    *fd = fds[0];
    return pid;
}

static TwWatchState watched(void (*life)(void), uint32_t limit_ms)
{
    TwWatchState state;
    TwWatch watch;
    int fd;
    pid_t pid = child_of(life, &fd);

    tw_watch_start(&watch, pid, NULL, limit_ms);
    state = tw_watch_wait_closed(&watch, fd);
    tw_child_kill(pid);
    close(fd);
    return state;
}

static void burn_for_ever(void)
{
    for (;;) {
        burn(1000);
    }
}

static void sleep_for_ever(void)
{
    for (;;) {
        pause();
    }
}

static void end_at_once(void)
{
}

static void test_real(void)
{
    int64_t start = tw_child_now_ms();

    g_assert_cmpint(watched(end_at_once, 600000), ==, TW_WATCH_GOES_ON);
    g_assert_cmpint(tw_child_now_ms() - start, <, 600000);
    start = tw_child_now_ms();
    g_assert_cmpint(watched(sleep_for_ever, 60), ==, TW_WATCH_HANGS);
    g_assert_cmpint(tw_child_now_ms() - start, >=, 60);
    start = tw_child_now_ms();
    g_assert_cmpint(watched(burn_for_ever, 60), ==, TW_WATCH_HANGS);
    g_assert_cmpint(tw_child_now_ms() - start, >=, 60);
}

/* Needs far less than the limit, but gets that only after it. */
static void test_real_starves(void)
{
    enum { MS = 600 };
    TwWatchState state = TW_WATCH_GOES_ON;
    int64_t start = tw_child_now_ms();
    bool stopped = true;
    TwWatch watch;
    int fd, status;
    pid_t pid = child_of(sleep_for_ever, &fd);

    tw_watch_start(&watch, pid, NULL, MS);
    kill(pid, SIGSTOP);
    while (stopped && state == TW_WATCH_GOES_ON) {
        g_usleep(5000);
        state = tw_watch_look(&watch);
        stopped = tw_child_now_ms() - start < MS + MS / 2;
    }
    g_assert_cmpint(state, ==, TW_WATCH_GOES_ON);
    kill(pid, SIGCONT);
    kill(pid, SIGTERM);
    g_assert_cmpint(tw_watch_wait_closed(&watch, fd), ==, TW_WATCH_GOES_ON);
    status = tw_child_reap(pid);
    g_assert_cmpint(tw_child_end_of(status, false).signal, ==, SIGTERM);
    close(fd);
}

/* Of a process and its descendants: the state, and the time that all of them
 * have used, also those that have ended. */
static void test_tasks(void)
{
    int fd, status;
    TwTasks tasks;
    pid_t pid = child_of(sleep_for_ever, &fd);

    do {
        tw_tasks_look(pid, &tasks);
    } while (tasks.state != TW_TASKS_WAIT);
    kill(pid, SIGSTOP);
    do {
        tw_tasks_look(pid, &tasks);
    } while (tasks.state != TW_TASKS_STOPPED);
    tw_child_kill(pid);
    close(fd);

    pid = child_of(burn_for_ever, &fd);
    do {
        tw_tasks_look(pid, &tasks);
        g_assert_cmpint(tasks.state, !=, TW_TASKS_STOPPED);
    } while (tasks.state != TW_TASKS_RUN || tasks.cpu_ms < 50);
    tw_child_kill(pid);
    close(fd);

    tw_tasks_look(getpid(), &tasks);
    g_assert_cmpint(tasks.state, ==, TW_TASKS_RUN);
    g_assert_cmpint(tasks.cpu_ms, >=, 50); /* of the child that ended */
    g_assert_cmpint(tasks.now_ms, <=, tw_child_now_ms());
    g_assert_false(tw_child_ended(pid, &status));
}

/* The command burns in a process that the shell has left behind, while the
 * shell itself waits for input: what burns is found, and what waits is charged.
 */
static void test_tasks_of_command(void)
{
    TwProcess process;
    TwTasks tasks;

    tw_process_init(&process);
    g_assert_true(tw_process_start(
        &process, "(while :; do :; done &); echo end; read x", NULL, 0));
    g_assert_cmpint(tw_process_ask(&process, "", 0, "end\n", 100, 600000, NULL),
                    ==, TW_REPLY_DONE);
    do {
        tw_tasks_look(process.pid, &tasks);
    } while (tasks.cpu_ms < 50);
    g_assert_cmpint(tasks.state, ==, TW_TASKS_RUN);
    tw_process_clear(&process, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/watch/burns", test_burns);
    g_test_add_func("/watch/sleeps", test_sleeps);
    g_test_add_func("/watch/starves", test_starves);
    g_test_add_func("/watch/stopped", test_stopped);
    g_test_add_func("/watch/gap", test_gap);
    g_test_add_func("/watch/progress", test_progress);
    g_test_add_func("/watch/beat", test_beat);
    g_test_add_func("/watch/beat-use", test_beat_use);
    g_test_add_func("/watch/real", test_real);
    g_test_add_func("/watch/real-starves", test_real_starves);
    g_test_add_func("/watch/tasks", test_tasks);
    g_test_add_func("/watch/tasks-of-command", test_tasks_of_command);
    return g_test_run();
}
