/* SPDX-License-Identifier: MIT */
/*
 * The pool: the parent gives candidates to idle processes in order, through
 * shared memory, and stops after the first candidate that has the finding.  A
 * socket for each process carries the numbers of slots there and back.
 */
#include "fuzz/minimise/pool.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/process/workers.h"

enum {
    IDLE = -1,
    MAX_JOBS = 64,
    LOOK_MS = 5, /* between two looks at busy processes */
};

/* One candidate, shared with the process that runs it. */
typedef struct Slot {
    TwProgram program;
    TwFinding finding;
    bool judged; /* the finding is whole */
    bool failed; /* the environment: code and message */
    int32_t code;
    char message[256];
} Slot;

typedef struct Process {
    int socket, theirs; /* our end and, while it starts, its own */
    int slot;           /* what it runs, or IDLE */
} Process;

struct TwPool {
    TwPoolOptions options;
    char *name; /* options.target.name */
    Slot *slots;
    unsigned n_slots;
    Process *processes;
    TwWorkers *workers;
    GError *error;
};

unsigned tw_pool_window(unsigned jobs)
{
    /* More than the processes, because candidates differ in length. */
    return jobs > 1 ? 4 * MIN(jobs, MAX_JOBS) : 1;
}

/* A process --------------------------------------------------------------- */

/* Runs the candidate by itself.  A finding that does not recur each time must
 * show twice: else lucky candidates, in which it is ever rarer, would be kept.
 */
static bool run_alone(const TwPoolOptions *options, Slot *slot, GError **error)
{
    bool twice = options->times > 1, ok = true;

    for (unsigned i = 0; i < 1u + twice && ok; i++) {
        ok =
            tw_run_until(&options->target, &slot->program, options->patience_ms,
                         options->times, options->key, &slot->finding, error) &&
            strcmp(slot->finding.key, options->key) == 0;
    }
    return ok || !*error;
}

static void run_slot(TwPool *pool, TwRunner **runner, Slot *slot)
{
    const TwPoolOptions *options = &pool->options;
    GError *error = NULL;

    if (options->isolated) {
        slot->judged = run_alone(options, slot, &error);
    } else {
        if (!*runner) {
            *runner = tw_runner_new(&options->target, &error);
            if (*runner) { /* the result is run on a fresh target anyway */
                tw_runner_set_replays(*runner, 1, 1);
            }
        }
        if (*runner) {
            tw_runner_run(*runner, &slot->program, &slot->finding, NULL, NULL);
            slot->judged = true;
        }
    }
    if (error) {
        slot->code = error->code;
        g_strlcpy(slot->message, error->message, sizeof(slot->message));
        slot->failed = true;
        g_error_free(error);
    }
}

/* Waits for the number of a slot; false if there will be none. */
static bool next_slot(int socket, unsigned char *slot)
{
    bool there;

    tw_beat_enter(TW_DOING_WAIT);
    there = read(socket, slot, 1) == 1;
    tw_beat_enter(TW_DOING_OURS);
    return there;
}

/* What a process runs: judges slots until its socket is closed. */
static void work(unsigned number, TwBeat *beat, void *data)
{
    TwPool *pool = data;
    TwRunner *runner = NULL;
    int socket = pool->processes[number].theirs;
    unsigned char slot;

    (void)beat;
    /* If the parent's ends stayed open here, others would not see its end. */
    for (unsigned i = 0; i < pool->options.jobs; i++) {
        if (pool->processes[i].socket >= 0) {
            close(pool->processes[i].socket);
        }
    }
    while (next_slot(socket, &slot)) {
        run_slot(pool, &runner, &pool->slots[slot]);
        if (write(socket, &slot, 1) != 1) {
            break;
        }
    }
    tw_runner_free(runner);
}

static bool start(TwPool *pool, unsigned i, GError **error)
{
    Process *process = &pool->processes[i];
    int ends[2];
    bool ok;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "cannot make a socket: %s", g_strerror(errno));
        return false;
    }
    process->socket = ends[0];
    process->theirs = ends[1];
    ok = tw_workers_start(pool->workers, i, error);
    close(ends[1]);
    if (!ok) {
        close(ends[0]);
        process->socket = -1;
    }
    process->slot = IDLE;
    return ok;
}

static void end(TwPool *pool, unsigned i, bool kill_it)
{
    Process *process = &pool->processes[i];

    if (!tw_workers_runs(pool->workers, i)) {
        return;
    }
    close(process->socket); /* it ends by itself at the end of its input */
    if (kill_it) {
        tw_workers_kill(pool->workers, i);
    }
    tw_workers_wait(pool->workers, i);
    process->socket = -1;
    process->slot = IDLE;
}

/* The pool ---------------------------------------------------------------- */

TwPool *tw_pool_new(const TwPoolOptions *options, GError **error)
{
    TwPool *pool = g_new0(TwPool, 1);

    pool->options = *options;
    pool->options.jobs = CLAMP(options->jobs, 1, MAX_JOBS);
    pool->name = g_strdup(options->target.name);
    pool->options.target.name = pool->name;
    if (pool->options.patience_ms == 0) {
        pool->options.patience_ms = TW_TIMEOUT_MS;
    }
    pool->n_slots = tw_pool_window(pool->options.jobs);
    pool->processes = g_new0(Process, pool->options.jobs);
    for (unsigned i = 0; i < pool->options.jobs; i++) {
        pool->processes[i].socket = -1;
        pool->processes[i].slot = IDLE;
    }
    pool->slots = tw_shared_new(pool->n_slots * sizeof(Slot), error);
    pool->workers = pool->slots
                        ? tw_workers_new(pool->options.jobs, work, pool, error)
                        : NULL;
    if (!pool->workers) {
        tw_pool_free(pool);
        return NULL;
    }
    return pool;
}

void tw_pool_free(TwPool *pool)
{
    if (!pool) {
        return;
    }
    for (unsigned i = 0; pool->workers && i < pool->options.jobs; i++) {
        end(pool, i, pool->processes[i].slot != IDLE);
    }
    tw_workers_free(pool->workers);
    tw_shared_free(pool->slots, pool->n_slots * sizeof(Slot));
    g_clear_error(&pool->error);
    g_free(pool->processes);
    g_free(pool->name);
    g_free(pool);
}

const GError *tw_pool_error(const TwPool *pool)
{
    return pool->error;
}

/*
 * The same finding has the same cause.  A new one must not shrink into a known
 * one, nor to where a known defect could be the cause: its path meets no
 * trigger that it did not meet.  A known one keeps its entry and all triggers:
 * without one of them another one could be the cause.
 */
static bool has_cause(const TwPoolOptions *options, const TwProgram *program,
                      const TwFinding *finding)
{
    uint64_t path;

    if (options->entry == TW_POOL_ANY_ENTRY) {
        return true;
    }
    if (tw_known_match(options->known, program, finding) != options->entry) {
        return false;
    }
    path = tw_known_path(options->known, program, finding);
    return options->entry < 0 ? (path & ~options->path) == 0
                              : path == options->path;
}

unsigned tw_pool_least(const TwProgram *program, const TwFinding *finding)
{
    return finding->verdict == TW_VERDICT_STALE &&
                   finding->op < program->n_script
               ? MIN(tw_finding_accused(finding, program)->size, 4)
               : 0;
}

static bool has_finding(TwPool *pool, const Slot *slot)
{
    const TwPoolOptions *options = &pool->options;

    return slot->judged && tw_verdict_is_finding(slot->finding.verdict) &&
           strcmp(slot->finding.key, options->key) == 0 &&
           tw_pool_least(&slot->program, &slot->finding) >= options->least &&
           has_cause(options, &slot->program, &slot->finding);
}

/* Gives a slot to an idle process, which is started if need be. */
static bool deal(TwPool *pool, unsigned i, unsigned slot)
{
    Process *process = &pool->processes[i];
    unsigned char number = (unsigned char)slot;

    if (!tw_workers_runs(pool->workers, i) && !start(pool, i, &pool->error)) {
        return false;
    }
    process->slot = (int)slot;
    if (send(process->socket, &number, 1, MSG_NOSIGNAL) != 1) {
        /* The process died before: it will not answer, as if it died now. */
        shutdown(process->socket, SHUT_RDWR);
    }
    return true;
}

/* A process has answered, or is dead, or hangs. */
static void collect(TwPool *pool, unsigned i, bool readable, unsigned *first)
{
    Process *process = &pool->processes[i];
    unsigned slot = (unsigned)process->slot;
    unsigned char number;

    if (!readable || read(process->socket, &number, 1) != 1) {
        end(pool, i, true);
        return;
    }
    process->slot = IDLE;
    if (pool->slots[slot].failed && !pool->error) {
        g_set_error(&pool->error, TW_TARGET_ERROR, pool->slots[slot].code, "%s",
                    pool->slots[slot].message);
    }
    if (has_finding(pool, &pool->slots[slot])) {
        *first = MIN(*first, slot);
    }
}

/* Waits until one process is idle again, or hangs, or for a moment. */
static void wait_for_some(TwPool *pool, unsigned *first)
{
    struct pollfd fds[MAX_JOBS];
    unsigned busy[MAX_JOBS];
    unsigned n = 0;

    for (unsigned i = 0; i < pool->options.jobs; i++) {
        Process *process = &pool->processes[i];
        if (process->slot != IDLE) {
            fds[n] = (struct pollfd){.fd = process->socket, .events = POLLIN};
            busy[n++] = i;
        }
    }
    int ready = poll(fds, n, LOOK_MS);
    for (unsigned i = 0; i < n; i++) {
        bool readable = ready > 0 && fds[i].revents != 0;
        if (readable ||
            tw_workers_look(pool->workers, busy[i],
                            pool->options.patience_ms) != TW_WATCH_GOES_ON) {
            collect(pool, busy[i], readable, first);
        }
    }
}

unsigned tw_pool_first(TwProgram *const *candidates, unsigned n, void *data)
{
    TwPool *pool = data;
    unsigned first = n, next = 0, running;

    g_assert(n <= pool->n_slots);
    for (unsigned i = 0; i < n; i++) {
        pool->slots[i].judged = pool->slots[i].failed = false;
        tw_program_copy(&pool->slots[i].program, candidates[i]);
    }
    do {
        running = 0;
        for (unsigned i = 0; i < pool->options.jobs && !pool->error; i++) {
            if (pool->processes[i].slot == IDLE && next < first) {
                next += deal(pool, i, next);
            }
        }
        for (unsigned i = 0; i < pool->options.jobs; i++) {
            running += pool->processes[i].slot != IDLE;
        }
        if (running > 0) {
            wait_for_some(pool, &first);
        }
    } while (running > 0 || (next < first && !pool->error));
    if (pool->error) {
        return n;
    }
    return first;
}
