/* SPDX-License-Identifier: MIT */
/* A worker process of a campaign: runs chunks of programs and reports their
 * results through its slot.  Must not know the other workers. */
#define _GNU_SOURCE
#include "fuzz/campaign/internal.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOG_MAX = 1 << 20 }; /* bytes of what a target says on stderr */

typedef struct Worker {
    const TwCampaignPost *post;
    TwProgress mine;
    uint64_t before; /* 1 + number of the program that this target ran last;
                      * 0: none */
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
        profile != TW_PROFILES ? profile : tw_profile_in_turn(number);

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

/* Waits until a ring of `size` entries has room: fewer than `size` of the
 * `given` ones are not taken yet. */
static void wait_for_room(uint64_t given, _Atomic uint64_t *taken,
                          uint64_t size)
{
    if (given - atomic_load(taken) < size) {
        return;
    }
    tw_beat_enter(TW_DOING_WAIT);
    while (given - atomic_load(taken) >= size) {
        nanosleep(&(struct timespec){0, 500000}, NULL);
    }
    tw_beat_enter(TW_DOING_OURS);
}

/* Hands the finished chunk over; committed with the next state. */
static void close_chunk(Worker *w)
{
    wait_for_room(w->mine.chunks, &w->post->slot->chunks_taken, TW_RING_CHUNKS);
    w->post->slot->chunks[w->mine.chunks++ % TW_RING_CHUNKS] = w->mine.chunk;
    w->mine.open = false;
    if (lseek(w->post->log_fd, 0, SEEK_CUR) > LOG_MAX &&
        ftruncate(w->post->log_fd, 0) == 0) {
        lseek(w->post->log_fd, 0, SEEK_SET);
    }
}

/* The number of a chunk for this worker; false if none is left.  A worker that
 * waits for the next round has no chunk yet, so it can be given a lost one. */
static bool take_number(Worker *w, uint64_t *n)
{
    uint64_t redo, first;

    while (!atomic_load(&w->post->shared->stop)) {
        redo = atomic_exchange(&w->post->shared->redo, 0);
        *n = redo > 0 ? redo - 1 : atomic_load(&w->post->shared->dealt);
        first = w->post->start + *n * w->post->chunk_size;
        if (first >= atomic_load(&w->post->shared->limit)) {
            return false;
        }
        if (redo > 0) {
            return true;
        }
        if (first >= atomic_load(&w->post->shared->open)) {
            tw_beat_enter(TW_DOING_WAIT);
            nanosleep(&(struct timespec){0, 500000}, NULL);
            tw_beat_enter(TW_DOING_OURS);
        } else if (atomic_compare_exchange_weak(&w->post->shared->dealt, n,
                                                *n + 1)) {
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
    first = w->post->start + first * w->post->chunk_size;
    if (tw_campaign_test_dealt) {
        tw_campaign_test_dealt(first);
    }
    limit = atomic_load(&w->post->shared->limit);
    if (first >= limit) {
        return false;
    }
    memset(&w->mine.chunk, 0, sizeof(w->mine.chunk));
    w->mine.chunk.first = w->mine.chunk.next = first;
    w->mine.end = MIN(limit - first, w->post->chunk_size) + first;
    w->mine.open = true;
    return true;
}

/* Must the chunk end before its next program? */
static bool chunk_is_over(const Worker *w)
{
    uint64_t next = w->mine.chunk.next;

    return next >= w->mine.end ||
           next >= atomic_load_explicit(&w->post->shared->limit,
                                        memory_order_relaxed) ||
           atomic_load_explicit(&w->post->shared->stop, memory_order_relaxed);
}

/* The situation at which program `number` aims. */
static uint32_t wish_of(const Worker *w, uint64_t number)
{
    return w->post->options->steer ? w->post->shared->wishes[number % TW_ROUND]
                                   : TW_NO_WISH;
}

static void keep_case(Worker *w, unsigned profile, const TwFinding *finding)
{
    TwCampaignCase *c;
    uint64_t number = w->mine.chunk.next;

    wait_for_room(w->mine.cases, &w->post->slot->cases_taken, TW_RING_CASES);
    c = &w->post->slot->cases[w->mine.cases++ % TW_RING_CASES];
    c->number = number;
    c->profile = profile;
    c->wish = wish_of(w, number);
    c->finding = *finding;
    if (w->post->options->stop_at_finding &&
        tw_verdict_is_finding(finding->verdict)) {
        tw_shared_lower_limit(w->post->shared, number + 1);
    }
}

/* If a worker is killed between this and the commit of the program, the next
 * worker counts the program again: a count can be too high, but a situation
 * that was not met is never counted. */
static void count_met(TwSlotMet *to, const TwMet *met)
{
    to->programs++;
    for (uint32_t i = 0; i < met->n; i++) {
        to->seen[met->list[i]]++;
    }
}

/* Says in a flaky finding whether it is the program before it that matters:
 * then the target carries something over, and both programs together show it.
 */
static void try_pair(const Worker *w, TwRunner *runner,
                     const TwProgram *program, TwFinding *finding)
{
    const TwCampaignOptions *options = w->post->options;
    uint64_t before = w->before - 1;
    size_t length = strlen(finding->text);
    TwProgram *first;

    /* The wishes of other rounds are gone. */
    if (w->before == 0 ||
        (options->steer &&
         before / TW_ROUND != w->mine.chunk.next / TW_ROUND)) {
        return;
    }
    first = g_new(TwProgram, 1);
    tw_campaign_program_towards(first, options->seed, before, options->profile,
                                wish_of(w, before), tw_runner_dialect(runner),
                                options->known, NULL);
    if (tw_runner_shows_after(runner, first, program, finding)) {
        g_snprintf(finding->text + length, sizeof(finding->text) - length,
                   "%sa fresh target shows it after program %" G_GUINT64_FORMAT
                   " of this seed\n",
                   length > 0 && finding->text[length - 1] != '\n' ? "\n" : "",
                   before);
    }
    g_free(first);
}

/* Ends this worker, and with it the campaign. */
static _Noreturn void give_up(const TwCampaignPost *post, unsigned code,
                              const char *why)
{
    post->slot->error_code = code;
    g_strlcpy(post->slot->error, why, sizeof(post->slot->error));
    _exit(1);
}

static void end_if_changed(const TwCampaignPost *post, const TwRunner *runner)
{
    if (tw_runner_changed(runner)) {
        give_up(post, TW_TARGET_ERROR_ENVIRONMENT, tw_runner_changed(runner));
    }
}

static void run_one(Worker *w, TwRunner *runner, TwProgram *program)
{
    TwCampaignSums *sums = &w->mine.chunk.sums;
    TwFinding finding;
    TwVerdict verdict;
    unsigned profile;

    w->post->beat->in_flight = TW_NO_OP;
    if (tw_campaign_program_towards(
            program, w->post->options->seed, w->mine.chunk.next,
            w->post->options->profile, wish_of(w, w->mine.chunk.next),
            tw_runner_dialect(runner), w->post->options->known, &profile)) {
        /* Most programs meet none: telling costs time. */
        tw_known_count_met(w->post->options->known, program, sums->met);
    }
    verdict =
        tw_runner_run(runner, program, &finding, &sums->stats, sums->counters);
    end_if_changed(w->post, runner);
    if (w->post->met) {
        count_met(w->post->met, tw_runner_met(runner));
    }
    if (verdict == TW_VERDICT_FLAKY && finding.again == 0) {
        try_pair(w, runner, program, &finding);
    }
    w->before = w->mine.chunk.next + 1;
    if (finding.known) {
        sums->known[finding.known - 1]++;
    }
    if (tw_campaign_keeps(verdict)) {
        keep_case(w, profile, &finding);
    }
    sums->programs++;
    w->mine.chunk.next++;
}

/* The target's output to standard error goes to the log, so that it does not
 * garble the status line. */
static void speak_to_log(int log_fd)
{
    if (log_fd >= 0 && ftruncate(log_fd, 0) == 0) {
        lseek(log_fd, 0, SEEK_SET);
        dup2(log_fd, STDERR_FILENO);
    }
}

/* Publishes the progress: in the slot, and by the beat. */
static void commit(Worker *w)
{
    tw_slot_commit(w->post->slot, &w->mine);
    tw_beat_move();
}

/* Runs chunks until there are none. */
static void run_chunks(Worker *w, TwRunner *runner)
{
    TwProgram *program = g_new(TwProgram, 1);

    tw_slot_read(w->post->slot, &w->mine); /* of our predecessor */
    for (;;) {
        if (w->mine.open && chunk_is_over(w)) {
            close_chunk(w);
            commit(w); /* the next may be long in coming */
        }
        if (!w->mine.open && !open_chunk(w)) {
            break;
        }
        commit(w);
        if (!chunk_is_over(w)) {
            run_one(w, runner, program);
        }
    }
    w->mine.finished = true;
    commit(w);
    g_free(program);
}

void tw_campaign_worker(const TwCampaignPost *post)
{
    const TwCampaignOptions *options = post->options;
    TwTargetOptions target = options->target;
    Worker w = {.post = post};
    GError *error = NULL;
    TwRunner *runner;

    speak_to_log(post->log_fd);
    target.in_flight = &post->beat->in_flight;
    runner = tw_runner_new(&target, &error);
    if (!runner || !tw_runner_set_known(runner, options->known, &error)) {
        give_up(post, (unsigned)error->code, error->message);
    }
    tw_runner_expect(runner, post->version);
    end_if_changed(post, runner);
    /* Numbers only go up: a case that is not among the first of its key here is
     * not among the first of the campaign. */
    if (post->met) {
        tw_runner_meet(runner);
    }
    tw_runner_set_replays(runner, options->replays, options->cases_per_key);
    run_chunks(&w, runner);
    tw_runner_free(runner);
}
