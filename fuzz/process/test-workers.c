/* SPDX-License-Identifier: MIT */
/* The pool of workers, and numbered things dealt out to them. */
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/process/work.h"
#include "fuzz/process/workers.h"
#include "targets/target.h"

/* Workers ------------------------------------------------------------------ */

typedef struct Board {
    _Atomic int lives[8]; /* how often each was started */
    _Atomic int go;
} Board;

static Board *board;

static void wait_until(TwWorkers *workers, unsigned w, int *status)
{
    while (!tw_workers_ended(workers, w, status)) {
        g_usleep(500);
    }
}

/* 0 returns, 1 ends with a code, 2 is killed, 3 waits to be told. */
static void live(unsigned w, TwBeat *beat, void *data)
{
    (void)data;
    (void)beat;
    tw_beat_move();
    atomic_fetch_add(&board->lives[w], 1);
    if (w == 1) {
        _exit(9);
    }
    if (w == 2) {
        raise(SIGTERM); /* is ignored: Ctrl-C is the parent's affair */
        raise(SIGKILL);
    }
    while (w == 3 && !atomic_load(&board->go)) {
        tw_beat_enter(TW_DOING_WAIT);
        g_usleep(500);
    }
}

static void test_ends(void)
{
    g_autoptr(TwWorkers) workers = NULL;
    GError *error = NULL;
    int status;

    board = tw_shared_new(sizeof(*board), &error);
    workers = tw_workers_new(4, live, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(tw_workers_running(workers), ==, 0);
    for (unsigned w = 0; w < 4; w++) {
        g_assert_true(tw_workers_start(workers, w, &error));
    }
    wait_until(workers, 0, &status);
    g_assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    g_assert_false(tw_workers_ended(workers, 0, &status)); /* told once */
    wait_until(workers, 1, &status);
    g_assert_cmpint(WEXITSTATUS(status), ==, 9);
    wait_until(workers, 2, &status);
    g_assert_cmpint(WTERMSIG(status), ==, SIGKILL);
    g_assert_cmpuint(tw_workers_running(workers), ==, 1);
    g_assert_true(tw_workers_runs(workers, 3));
    /* A dead worker can be started again, several times. */
    for (unsigned i = 0; i < 3; i++) {
        g_assert_true(tw_workers_start(workers, 2, &error));
        wait_until(workers, 2, &status);
    }
    g_assert_cmpint(atomic_load(&board->lives[2]), ==, 4);
    atomic_store(&board->go, 1);
    tw_workers_wait(workers, 3);
    g_assert_cmpuint(tw_workers_running(workers), ==, 0);
    tw_shared_free(board, sizeof(*board));
}

/* A worker that waits does not hang, however long it waits. */
static void test_waits(void)
{
    g_autoptr(TwWorkers) workers = NULL;
    int status;

    board = tw_shared_new(sizeof(*board), NULL);
    workers = tw_workers_new(4, live, NULL, NULL);
    g_assert_true(tw_workers_start(workers, 3, NULL));
    while (!tw_workers_waits(workers, 3)) {
        g_usleep(500);
    }
    for (unsigned i = 0; i < 20; i++) {
        g_usleep(2000);
        g_assert_cmpint(tw_workers_look(workers, 3, 1), ==, TW_WATCH_GOES_ON);
    }
    tw_workers_kill(workers, 3);
    wait_until(workers, 3, &status);
    g_assert_cmpint(WTERMSIG(status), ==, SIGKILL);
    tw_shared_free(board, sizeof(*board));
}

/* Work --------------------------------------------------------------------- */

typedef struct Job {
    unsigned n, taken, died, until;
    int dies, hangs; /* numbers, or -1 */
    bool fails;
    unsigned idle;
    GError *error;
    volatile int stop;
} Job;

typedef struct Result {
    unsigned square;
    TwWorkFailure failure;
} Result;

static void square(unsigned i, void *slot, void *data)
{
    const Job *job = data;
    Result *result = slot;

    g_assert_cmpuint(result->square, ==, 0);
    if ((int)i == job->dies) {
        raise(SIGKILL);
    }
    if ((int)i == job->hangs) {
        tw_beat_enter(TW_DOING_TARGET);
        for (;;) {
            pause();
        }
    }
    result->square = i * i;
    if (job->fails && i == 2) {
        tw_work_fail(&result->failure,
                     g_error_new(TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                                 "no memory for %u", i));
    }
}

static bool take(unsigned i, const void *slot, bool died, void *data)
{
    Job *job = data;
    const Result *result = slot;

    g_assert_cmpuint(i, ==, job->taken); /* in order */
    job->taken++;
    job->died += died;
    if (tw_work_failed(&result->failure, &job->error)) {
        return false;
    }
    g_assert_true(died || result->square == i * i);
    if (job->until == job->taken) {
        job->stop = 1;
    }
    return true;
}

static void idle(unsigned done, void *data)
{
    Job *job = data;

    g_assert_cmpuint(done, ==, job->taken);
    job->idle++;
}

static void work(Job *job, unsigned jobs, uint32_t limit_ms)
{
    TwWork todo = {.n = job->n,
                   .jobs = jobs,
                   .slot = sizeof(Result),
                   .limit_ms = limit_ms,
                   .one = square,
                   .done = take,
                   .idle = idle,
                   .data = job,
                   .stop = &job->stop};
    GError *error = NULL;

    g_assert_true(tw_work_run(&todo, &error));
    g_assert_no_error(error);
}

static void test_work(void)
{
    static const unsigned jobs[] = {1, 3, 64};

    for (unsigned i = 0; i < G_N_ELEMENTS(jobs); i++) {
        Job job = {.n = 50, .dies = -1, .hangs = -1};

        work(&job, jobs[i], 0);
        g_assert_cmpuint(job.taken, ==, 50);
        g_assert_cmpuint(job.died, ==, 0);
        g_assert_cmpuint(job.idle, >=, 50);
    }
    work(&(Job){.n = 0}, 3, 0);
}

/* If a worker dies or takes too long, only its current task is lost. */
static void test_work_dies(void)
{
    for (unsigned jobs = 1; jobs <= 2; jobs++) {
        Job dies = {.n = 20, .dies = 7, .hangs = -1};
        Job last = {.n = 8, .dies = 7, .hangs = -1};
        Job hangs = {.n = 20, .dies = -1, .hangs = 3};

        work(&dies, jobs, 0);
        g_assert_cmpuint(dies.taken, ==, 20);
        g_assert_cmpuint(dies.died, ==, 1);
        work(&last, jobs, 0);
        g_assert_cmpuint(last.taken, ==, 8);
        g_assert_cmpuint(last.died, ==, 1);
        work(&hangs, jobs, 200);
        g_assert_cmpuint(hangs.taken, ==, 20);
        g_assert_cmpuint(hangs.died, ==, 1);
    }
}

static void test_work_ends_early(void)
{
    Job fails = {.n = 20, .dies = -1, .hangs = 5, .fails = true};
    Job stopped = {.n = 20, .dies = -1, .hangs = 9, .until = 4};

    work(&fails, 2, 0);
    g_assert_cmpuint(fails.taken, ==, 3);
    g_assert_error(fails.error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT);
    g_assert_cmpstr(fails.error->message, ==, "no memory for 2");
    g_clear_error(&fails.error);
    work(&stopped, 2, 0);
    g_assert_cmpuint(stopped.taken, ==, 4);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/workers/ends", test_ends);
    g_test_add_func("/workers/waits", test_waits);
    g_test_add_func("/work/in-order", test_work);
    g_test_add_func("/work/deaths", test_work_dies);
    g_test_add_func("/work/ends-early", test_work_ends_early);
    return g_test_run();
}
