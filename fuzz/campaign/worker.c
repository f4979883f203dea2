/* SPDX-License-Identifier: MIT */
/* A worker process of a campaign: runs chunks of programs and tells what came
 * of them through its slot.  Knows nothing of the other workers. */
#define _GNU_SOURCE
#include "fuzz/campaign/internal.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { LOG_MAX = 1 << 20 }; /* bytes of what a target says on stderr */

typedef struct Worker {
    const TwCampaignOptions *options;
    TwShared *shared;
    TwSlot *slot;
    TwSlotMet *met; /* or NULL */
    uint64_t chunk_size;
    int log_fd;
    TwProgress mine;
} Worker;

bool tw_campaign_keeps(unsigned verdict)
{
    return tw_verdict_is_finding(verdict) || verdict == TW_VERDICT_FLAKY;
}

bool tw_campaign_program(TwProgram *program, uint64_t seed, uint64_t number,
                         unsigned profile, const TwDialect *dialect,
                         const TwKnown *known, unsigned *profile_used)
{
    return tw_campaign_program_towards(program, seed, number, profile,
                                       TW_NO_WISH, dialect, known,
                                       profile_used);
}

bool tw_campaign_program_towards(TwProgram *program, uint64_t seed,
                                 uint64_t number, unsigned profile,
                                 uint32_t wish, const TwDialect *dialect,
                                 const TwKnown *known, unsigned *profile_used)
{
    TwSituation situation;
    TwRng rng = tw_rng_for(seed, number);
    unsigned used =
        profile < TW_PROFILES ? profile : (unsigned)(number % TW_PROFILES);

    if (wish != TW_NO_WISH) {
        situation = tw_situation_of(wish);
    }
    tw_generate_towards(program, (TwProfile)used, dialect, &rng,
                        wish != TW_NO_WISH ? &situation : NULL);
    if (profile_used) {
        *profile_used = used;
    }
    return tw_known_avoid(known, program, &rng);
}

void tw_campaign_count_met(TwCampaignSums *sums, uint64_t met)
{
    for (; met; met &= met - 1) {
        sums->met[__builtin_ctzll(met)]++;
    }
}

void tw_slot_commit(TwSlot *slot, const TwProgress *progress)
{
    uint64_t commits =
        atomic_load_explicit(&slot->commits, memory_order_relaxed) + 1;

    slot->progress[commits & 1] = *progress;
    atomic_store_explicit(&slot->commits, commits, memory_order_release);
}

void tw_slot_read(const TwSlot *slot, TwProgress *progress)
{
    uint64_t before, after;

    do {
        before = atomic_load_explicit(&slot->commits, memory_order_acquire);
        *progress = slot->progress[before & 1];
        atomic_thread_fence(memory_order_acquire);
        after = atomic_load_explicit(&slot->commits, memory_order_relaxed);
    } while (before != after);
}

/* Waits until fewer than `size` of `given` things lie untaken. */
static void wait_for_room(Worker *w, uint64_t given, _Atomic uint64_t *taken,
                          uint64_t size)
{
    if (given - atomic_load(taken) < size) {
        return;
    }
    atomic_store(&w->slot->waiting, 1);
    while (given - atomic_load(taken) >= size) {
        nanosleep(&(struct timespec){0, 500000}, NULL);
    }
    atomic_store(&w->slot->waiting, 0);
}

/* Hands the finished chunk over; committed with the next state. */
static void close_chunk(Worker *w)
{
    wait_for_room(w, w->mine.chunks, &w->slot->chunks_taken, TW_RING_CHUNKS);
    w->slot->chunks[w->mine.chunks++ % TW_RING_CHUNKS] = w->mine.chunk;
    w->mine.open = false;
    if (lseek(w->log_fd, 0, SEEK_CUR) > LOG_MAX &&
        ftruncate(w->log_fd, 0) == 0) {
        lseek(w->log_fd, 0, SEEK_SET);
    }
}

/* The number of a chunk for us; false if there is none.  Who has to wait for
 * the next round has no chunk yet, so that a lost one can be given to it. */
static bool take_number(Worker *w, uint64_t *n)
{
    uint64_t redo, first;

    while (!atomic_load(&w->shared->stop)) {
        redo = atomic_exchange(&w->shared->redo, 0);
        *n = redo > 0 ? redo - 1 : atomic_load(&w->shared->dealt);
        first = *n * w->chunk_size;
        if (first >= atomic_load(&w->shared->limit)) {
            return false;
        }
        if (redo > 0) {
            return true;
        }
        if (first >= atomic_load(&w->shared->open)) {
            atomic_store(&w->slot->waiting, 1);
            nanosleep(&(struct timespec){0, 500000}, NULL);
            atomic_store(&w->slot->waiting, 0);
        } else if (atomic_compare_exchange_weak(&w->shared->dealt, n, *n + 1)) {
            return true;
        }
    }
    return false;
}

/* Takes the next chunk; false if there is none. */
static bool open_chunk(Worker *w)
{
    uint64_t limit, first;

    if (!take_number(w, &first)) {
        return false;
    }
    first *= w->chunk_size;
    if (tw_campaign_test_dealt) {
        tw_campaign_test_dealt(first);
    }
    limit = atomic_load(&w->shared->limit);
    if (first >= limit) {
        return false;
    }
    memset(&w->mine.chunk, 0, sizeof(w->mine.chunk));
    w->mine.chunk.first = w->mine.chunk.next = first;
    w->mine.end = MIN(limit - first, w->chunk_size) + first;
    w->mine.open = true;
    return true;
}

/* Must the chunk end before its next program? */
static bool chunk_is_over(const Worker *w)
{
    uint64_t next = w->mine.chunk.next;

    return next >= w->mine.end ||
           next >=
               atomic_load_explicit(&w->shared->limit, memory_order_relaxed) ||
           atomic_load_explicit(&w->shared->stop, memory_order_relaxed);
}

/* What program `number` is made towards. */
static uint32_t wish_of(const Worker *w, uint64_t number)
{
    return w->options->steer ? w->shared->wishes[number % TW_ROUND]
                             : TW_NO_WISH;
}

static void keep_case(Worker *w, unsigned profile, const TwFinding *finding)
{
    TwCampaignCase *c;
    uint64_t number = w->mine.chunk.next;

    wait_for_room(w, w->mine.cases, &w->slot->cases_taken, TW_RING_CASES);
    c = &w->slot->cases[w->mine.cases++ % TW_RING_CASES];
    c->number = number;
    c->profile = profile;
    c->wish = wish_of(w, number);
    c->finding = *finding;
    if (w->options->stop_at_finding &&
        tw_verdict_is_finding(finding->verdict)) {
        tw_shared_lower_limit(w->shared, number + 1);
    }
}

/* Who is killed between this and the commit of the program has it counted
 * again by the next: a count too many, never a situation that was not met. */
static void count_met(TwSlotMet *to, const TwMet *met)
{
    to->programs++;
    for (uint32_t i = 0; i < met->n; i++) {
        to->seen[met->list[i]]++;
    }
}

static void run_one(Worker *w, TwRunner *runner, TwProgram *program)
{
    TwCampaignSums *sums = &w->mine.chunk.sums;
    TwFinding finding;
    TwVerdict verdict;
    unsigned profile;
    uint64_t met = 0; /* most programs meet none: telling costs time */

    w->slot->in_flight = TW_NO_OP;
    if (tw_campaign_program_towards(
            program, w->options->seed, w->mine.chunk.next, w->options->profile,
            wish_of(w, w->mine.chunk.next), tw_runner_dialect(runner),
            w->options->known, &profile)) {
        met = tw_known_met(w->options->known, program);
    }
    verdict =
        tw_runner_run(runner, program, &finding, &sums->stats, sums->counters);
    if (w->met) {
        count_met(w->met, tw_runner_met(runner));
    }
    if (finding.known) {
        sums->known[finding.known - 1]++;
    }
    tw_campaign_count_met(sums, met);
    if (tw_campaign_keeps(verdict)) {
        keep_case(w, profile, &finding);
    }
    sums->programs++;
    w->mine.chunk.next++;
}

/* Ctrl-C reaches us too, but it is the parent who ends the campaign.  What the
 * target says goes to the log, so that it does not garble the status line. */
static void settle(const Worker *w, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(1);
    }
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    if (w->log_fd >= 0 && ftruncate(w->log_fd, 0) == 0) {
        lseek(w->log_fd, 0, SEEK_SET);
        dup2(w->log_fd, STDERR_FILENO);
    }
}

void tw_campaign_worker(const TwCampaignOptions *options, TwShared *shared,
                        TwSlot *slot, TwSlotMet *met, uint64_t chunk_size,
                        int log_fd, pid_t parent)
{
    Worker w = {.options = options,
                .shared = shared,
                .slot = slot,
                .met = met,
                .chunk_size = chunk_size,
                .log_fd = log_fd};
    TwTargetOptions target = options->target;
    TwProgram *program = g_new(TwProgram, 1);
    GError *error = NULL;
    TwRunner *runner;

    settle(&w, parent);
    target.in_flight = &slot->in_flight;
    atomic_store(&slot->waiting, 0);
    runner = tw_runner_new(&target, &error);
    if (!runner || !tw_runner_set_known(runner, options->known, &error)) {
        slot->error_code = (uint32_t)error->code;
        g_strlcpy(slot->error, error->message, sizeof(slot->error));
        _exit(1);
    }
    /* Numbers only go up, so what is not among the first of a key here is not
     * among the first of all either. */
    if (met) {
        tw_runner_meet(runner);
    }
    tw_runner_set_replays(runner, options->replays, options->cases_per_key);
    tw_slot_read(slot, &w.mine); /* of our predecessor */
    for (;;) {
        if (w.mine.open && chunk_is_over(&w)) {
            close_chunk(&w);
            tw_slot_commit(slot, &w.mine); /* the next may be long in coming */
        }
        if (!w.mine.open && !open_chunk(&w)) {
            break;
        }
        tw_slot_commit(slot, &w.mine);
        if (!chunk_is_over(&w)) {
            run_one(&w, runner, program);
        }
    }
    w.mine.finished = true;
    tw_slot_commit(slot, &w.mine);
    tw_runner_free(runner);
    _exit(0);
}
