/* SPDX-License-Identifier: MIT */
/* The owner of a run: recognising the same process, and runs whose process was
 * killed. */
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reports/store/test-store.h"

/* Owners ------------------------------------------------------------------- */

/* A child that does its work and waits to be killed; returns once it waits. */
static pid_t child(void (*work)(const char *path), const char *path)
{
    char byte;
    int fds[2];
    pid_t pid;

    g_assert_cmpint(pipe(fds), ==, 0);
    pid = fork();
    if (pid == 0) {
        work(path);
        g_assert_cmpint(write(fds[1], "", 1), ==, 1);
        for (;;) {
            pause();
        }
    }
    g_assert_cmpint(read(fds[0], &byte, 1), ==, 1);
    close(fds[0]);
    close(fds[1]);
    return pid;
}

/* Takes a name that looks like its state. */
static void rename_itself(const char *path)
{
    (void)path;
    prctl(PR_SET_NAME, "x) Z 1 (1 1");
}

static void test_process(void)
{
    g_autofree char *here = tw_store_here(), *owner = NULL, *late = NULL;
    pid_t pid = child(rename_itself, NULL);
    siginfo_t info;

    g_assert_nonnull(here);
    owner = tw_store_owner(here, pid);
    g_assert_cmpint(tw_store_owner_there(here, owner), ==, TW_STORE_THERE);
    kill(pid, SIGKILL);
    g_assert_cmpint(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), ==, 0);
    /* Dead, and not yet waited for. */
    g_assert_cmpint(tw_store_owner_there(here, owner), ==, TW_STORE_GONE);
    waitpid(pid, NULL, 0);
    g_assert_cmpint(tw_store_owner_there(here, owner), ==, TW_STORE_GONE);
    late = tw_store_owner(here, pid);
    g_assert_cmpstr(late, ==, "");
}

static TwStoreThere there(const char *here, const char *format, ...)
    G_GNUC_PRINTF(2, 3);
static TwStoreThere there(const char *here, const char *format, ...)
{
    g_autofree char *owner = NULL;
    va_list args;

    va_start(args, format);
    owner = g_strdup_vprintf(format, args);
    va_end(args);
    return tw_store_owner_there(here, owner);
}

/* Another process of that number, another boot of the machine, another
 * container and another machine: what the store makes of such owners. */
static void test_others(void)
{
    static const char here[] = "aa boot1 pid:[1]";
    static const char container[] = "- boot1 pid:[2]";
    g_autofree char *mine = tw_store_owner(here, getpid());
    g_auto(GStrv) words = g_strsplit(mine, " ", -1);
    const char *start = words[4];
    int pid = getpid();

    g_assert_cmpint(g_strv_length(words), ==, 6);
    g_assert_cmpint(there(here, "%s", mine), ==, TW_STORE_THERE);
    g_assert_cmpint(there(here, "aa boot1 pid:[1] %d 1%s h", pid, start), ==,
                    TW_STORE_GONE);
    g_assert_cmpint(there(here, "aa boot0 pid:[1] %d %s h", pid, start), ==,
                    TW_STORE_GONE);
    g_assert_cmpint(there(here, "bb boot0 pid:[1] %d %s h", pid, start), ==,
                    TW_STORE_UNKNOWN);
    g_assert_cmpint(there(here, "- boot1 pid:[2] %d 1%s h", pid, start), ==,
                    TW_STORE_UNKNOWN);
    g_assert_cmpint(there(container, "- boot1 pid:[2] %d 1%s h", pid, start),
                    ==, TW_STORE_GONE);
    g_assert_cmpint(there(container, "- boot0 pid:[2] %d %s h", pid, start), ==,
                    TW_STORE_UNKNOWN);
    g_assert_cmpint(there(NULL, "aa boot1 pid:[1] %d 1%s h", pid, start), ==,
                    TW_STORE_UNKNOWN);
    g_assert_cmpint(there(here, "aa boot1 pid:[1]"), ==, TW_STORE_UNKNOWN);
    g_assert_cmpint(there(here, "%s", ""), ==, TW_STORE_UNKNOWN);
}

/* Runs --------------------------------------------------------------------- */

static int64_t begin(TwStore *store, int64_t owner)
{
    TwStoreRun run = {.verb = "run",
                      .target = "softmmu",
                      .version = "1",
                      .options = "",
                      .owner = owner};
    int64_t id = tw_store_run_begin(store, &run, NULL);

    g_assert_cmpint(id, >, 0);
    return id;
}

/* Begins a run at 1000, and meets something at 1030. */
static void meet(const char *path)
{
    TwStoreSight sight =
        test_sight(0, "StaSoftmmuRdRam", "missed-unmap", "case");
    TwStore *store = test_open(path);
    TwStoreSeen seen;

    tw_store_set_now(store, 1000);
    sight.run = begin(store, 0);
    tw_store_set_now(store, 1030);
    g_assert_true(tw_store_see(store, &sight, 3, &seen, NULL));
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
}

static bool add_run(const TwStoreRun *run, void *data)
{
    g_string_append_printf(data, "%s%s %g\n", run->outcome,
                           run->alive ? " alive" : "", run->seconds);
    return true;
}

static void says(TwStore *store, const char *runs)
{
    g_autoptr(GString) text = g_string_new(NULL);

    g_assert_true(tw_store_runs(store, NULL, add_run, text, NULL));
    g_assert_cmpstr(text->str, ==, runs);
}

#define MARKED "SELECT count(*) FROM runs WHERE outcome = 'interrupted'"

static void test_killed(Fixture *f, gconstpointer data)
{
    pid_t first = child(meet, f->path), second = child(meet, f->path);
    TwStore *store = test_open(f->path);

    (void)data;
    says(store, "running alive 30\nrunning alive 30\n");
    end(first);
    /* A reader sees it at once, although it is not written yet. */
    says(store, "interrupted 30\nrunning alive 30\n");
    g_assert_cmpint(test_number(store, MARKED), ==, 0);
    tw_store_free(store);
    store = test_open(f->path);
    says(store, "interrupted 30\nrunning alive 30\n");
    g_assert_cmpint(test_number(store, MARKED), ==, 1);
    end(second);
    tw_store_free(store);
    store = test_open(f->path);
    says(store, "interrupted 30\ninterrupted 30\n");
    g_assert_cmpint(test_number(store, MARKED), ==, 2);
    g_assert_cmpint(test_number(store, "SELECT count FROM keys"), ==, 1);
    /* A run that has ended gets no more records. */
    g_assert_true(tw_store_measure(store, 1, "x", 1, NULL));
    says(store, "interrupted 30\ninterrupted 30\n");
    tw_store_free(store);
}

static void test_nobody(Fixture *f, gconstpointer data)
{
    TwStore *store = test_open(f->path);
    pid_t pid = child(rename_itself, NULL);

    (void)data;
    begin(store, TW_STORE_NOBODY);
    begin(store, pid);
    says(store, "running 0\nrunning alive 0\n");
    end(pid);
    tw_store_free(store);
    store = test_open(f->path);
    says(store, "running 0\ninterrupted 0\n");
    tw_store_free(store);
}

static void test_so_far(Fixture *f, gconstpointer data)
{
    TwStoreRun run = {.seconds = 90, .programs = 7, .accesses = 70};
    TwStore *store = test_open(f->path);

    (void)data;
    run.id = begin(store, 0);
    g_assert_true(tw_store_run_so_far(store, &run, NULL));
    says(store, "running alive 90\n");
    run.outcome = "done";
    g_assert_true(tw_store_run_end(store, &run, NULL));
    run.seconds = 100;
    g_assert_true(tw_store_run_so_far(store, &run, NULL));
    says(store, "done 90\n");
    g_assert_cmpint(test_number(store, "SELECT programs FROM runs"), ==, 7);
    tw_store_free(store);
}

#define ADD(path, test) \
    g_test_add(path, Fixture, NULL, test_set_up, test, test_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/owner/process", test_process);
    g_test_add_func("/store/owner/others", test_others);
    ADD("/store/owner/killed", test_killed);
    ADD("/store/owner/nobody", test_nobody);
    ADD("/store/owner/so-far", test_so_far);
    return g_test_run();
}
