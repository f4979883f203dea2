/* SPDX-License-Identifier: MIT */
/*
 * The parent of a campaign.  It assigns no work (the workers take programs
 * themselves): it collects their findings, watches that they live and make
 * progress, and adds up the counts.
 *
 * If a worker dies or hangs, its program is run again in a separate process,
 * and the result is the finding.  If that run passes, and the worker was killed
 * from outside, the program is retried a few times; otherwise it is `flaky`.
 */
#define _GNU_SOURCE
#include "fuzz/campaign/internal.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    POLL_NS = 4000000,
    MOST_TRIES = 8, /* of a program whose worker is killed from outside */
    DEFAULT_CASES = 10,
    BARREN_DEATHS = 3, /* in a row, without a program between them */
};

#define PROGRESS_SECONDS 0.25
#define STOP_SECONDS 3.0 /* for a worker to end its program at the end */

typedef struct Watched {
    int log_fd;         /* what it says on its standard error */
    bool hung;          /* killed by us for not moving */
    unsigned barren;    /* deaths since it last finished a program */
    uint64_t barren_at; /* commits at the last of them */
    uint64_t again;     /* 1 + number of the program that is tried again */
    unsigned tries;     /* how often */
} Watched;

typedef struct Campaign {
    TwCampaignOptions options;
    TwDialect dialect;
    TwShared *shared;
    size_t shared_size;
    TwSlotMet *met;       /* one per worker, or NULL */
    TwSteering *steering; /* or NULL */
    size_t met_size;
    uint64_t chunk_size;
    TwWorkers *workers;
    Watched *watched;
    TwCampaignResult *result;
    GArray *finished; /* guint8 per chunk: it came back */
    GArray *pending;  /* TwChunk: finished, but one below it is not (kept
                       * back only with stop_at_finding) */
    uint64_t folded;  /* every program below is in the result (likewise) */
    uint64_t first_finding; /* lowest number with a finding, or UINT64_MAX */
    double started, stopped_at; /* stopped_at 0: still going */
    char *version;              /* of the target */
    GError *error;
} Campaign;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Results ----------------------------------------------------------------- */

static void add_sums(TwCampaignResult *to, const TwCampaignSums *from)
{
    tw_judge_stats_add(&to->stats, &from->stats);
    for (unsigned i = 0; i < TW_COUNTERS; i++) {
        to->counters[i] += from->counters[i];
    }
    to->programs += from->programs;
    for (unsigned i = 0; i < TW_MAX_KNOWN; i++) {
        to->known[i] += from->known[i];
        to->met[i] += from->met[i];
    }
}

static void key_free(void *data)
{
    TwCampaignKey *key = data;

    g_array_unref(key->cases);
    g_free(key);
}

void tw_campaign_result_clear(TwCampaignResult *result)
{
    g_clear_pointer(&result->keys, g_ptr_array_unref);
}

/* The entry of this key, made if it is new; keys stay in order. */
static TwCampaignKey *key_of(Campaign *c, const TwFinding *finding)
{
    GPtrArray *keys = c->result->keys;
    TwCampaignKey *key;
    unsigned i;

    for (i = 0; i < keys->len; i++) {
        int order;

        key = g_ptr_array_index(keys, i);
        order = strcmp(key->key, finding->key);
        if (order == 0) {
            return key;
        }
        if (order > 0) {
            break;
        }
    }
    key = g_new0(TwCampaignKey, 1);
    g_strlcpy(key->key, finding->key, sizeof(key->key));
    key->verdict = finding->verdict;
    key->first_seconds = now() - c->started;
    key->cases = g_array_new(FALSE, FALSE, sizeof(TwCampaignCase));
    g_ptr_array_insert(keys, (int)i, key);
    return key;
}

/* Counts a case and keeps it if it is among the lowest numbers of its key. */
static void add_case(Campaign *c, const TwCampaignCase *one)
{
    TwCampaignCase copy = *one;
    TwCampaignKey *key;
    unsigned at;

    if (copy.finding.verdict == TW_VERDICT_FLAKY) {
        /* Flaky cases stay apart from those that recur. */
        char target[TW_KEY_SIZE];

        tw_key_write(target, TW_VERDICT_FLAKY, c->options.target.name,
                     TW_OP_NOP, TW_KEY_LEAF_NONE, TW_KEY_LINK_NONE,
                     TW_KEY_EVENT_NONE);
        g_snprintf(copy.finding.key, TW_KEY_SIZE, "Fla%.26s", target);
    }
    key = key_of(c, &copy.finding);
    key->count++;
    at = key->cases->len;
    while (at > 0 && g_array_index(key->cases, TwCampaignCase, at - 1).number >
                         copy.number) {
        at--;
    }
    if (at < c->options.cases_per_key) {
        g_array_insert_val(key->cases, at, copy);
        if (key->cases->len > c->options.cases_per_key) {
            g_array_set_size(key->cases, c->options.cases_per_key);
        }
    }
    if (tw_verdict_is_finding(copy.finding.verdict) &&
        copy.number < c->first_finding) {
        c->first_finding = copy.number;
        if (c->options.stop_at_finding) {
            tw_shared_lower_limit(c->shared, copy.number + 1);
        }
    }
}

static int by_first(const void *a, const void *b)
{
    const TwChunk *x = a, *y = b;

    return x->first < y->first ? -1 : x->first > y->first;
}

/* Adds finished chunks to the result; with stop_at_finding only those that
 * follow without a gap, because programs after the finding do not count. */
static void fold(Campaign *c)
{
    unsigned taken = 0;

    g_array_sort(c->pending, by_first);
    while (taken < c->pending->len) {
        TwChunk *chunk = &g_array_index(c->pending, TwChunk, taken);

        if (chunk->first != c->folded || chunk->first > c->first_finding) {
            break;
        }
        add_sums(c->result, &chunk->sums);
        c->folded += c->chunk_size;
        taken++;
    }
    g_array_remove_range(c->pending, 0, taken);
}

/* Takes the chunks and cases of a worker from its rings. */
static void drain(Campaign *c, TwSlot *slot)
{
    TwProgress p;
    uint64_t taken;

    tw_slot_read(slot, &p);
    taken = atomic_load(&slot->cases_taken);
    for (; taken < p.cases; taken++) {
        add_case(c, &slot->cases[taken % TW_RING_CASES]);
    }
    atomic_store(&slot->cases_taken, taken);
    taken = atomic_load(&slot->chunks_taken);
    for (; taken < p.chunks; taken++) {
        const TwChunk *chunk = &slot->chunks[taken % TW_RING_CHUNKS];
        unsigned n =
            (unsigned)((chunk->first - c->options.start) / c->chunk_size);

        if (n >= c->finished->len) {
            g_array_set_size(c->finished, n + 1);
        }
        g_array_index(c->finished, guint8, n) = 1;

        if (c->options.stop_at_finding) {
            g_array_append_val(c->pending, *chunk);
        } else {
            add_sums(c->result, &chunk->sums);
        }
    }
    atomic_store(&slot->chunks_taken, taken);
    if (c->options.stop_at_finding) {
        fold(c);
    }
}

/* The number below which each program has a verdict: that of the first chunk
 * that is not finished, or where a worker is in it. */
static uint64_t next_of(const Campaign *c)
{
    uint64_t n = 0, next;
    TwProgress p;

    while (n < c->finished->len &&
           g_array_index(c->finished, guint8, (unsigned)n)) {
        n++;
    }
    next = c->options.start + n * c->chunk_size;
    for (unsigned i = 0; i < c->options.jobs; i++) {
        tw_slot_read(&c->shared->slots[i], &p);
        if (p.open && p.chunk.first == next) {
            return p.chunk.next;
        }
    }
    return MIN(next, atomic_load(&c->shared->limit));
}

/* Reports the progress, including results that are not taken yet. */
static void show(Campaign *c, TwCampaignProgress progress, void *data)
{
    TwCampaignResult so_far = *c->result;
    TwProgress p;

    for (unsigned i = 0; i < c->options.jobs; i++) {
        tw_slot_read(&c->shared->slots[i], &p);
        if (p.open) {
            add_sums(&so_far, &p.chunk.sums);
        }
    }
    for (unsigned i = 0; i < c->pending->len; i++) {
        add_sums(&so_far, &g_array_index(c->pending, TwChunk, i).sums);
    }
    so_far.seconds = now() - c->started;
    so_far.next = next_of(c);
    progress(&so_far, data);
}

/* Workers ----------------------------------------------------------------- */

static void life(unsigned i, TwBeat *beat, void *data)
{
    Campaign *c = data;

    tw_campaign_worker(&(TwCampaignPost){
        .options = &c->options,
        .version = c->version,
        .shared = c->shared,
        .slot = &c->shared->slots[i],
        .met = c->met ? &c->met[i] : NULL,
        .beat = beat,
        .start = c->options.start,
        .chunk_size = c->chunk_size,
        .log_fd = c->watched[i].log_fd,
    });
}

static bool spawn(Campaign *c, unsigned i)
{
    c->watched[i].hung = false;
    return tw_workers_start(c->workers, i, &c->error);
}

/* Finds the finding at which a worker died in program `number`. */
static bool explain_death(Campaign *c, const Watched *w, uint64_t number,
                          int status, TwCampaignSums *sums, TwCampaignCase *one)
{
    TwDeath death = {.options = &c->options,
                     .dialect = &c->dialect,
                     .keys = c->result->keys,
                     .log_fd = w->log_fd,
                     .wish = c->steering ? c->shared->wishes[number % TW_ROUND]
                                         : TW_NO_WISH,
                     .hung = w->hung,
                     .status = status};

    return tw_campaign_explain_death(&death, number, sums, one, &c->error);
}

/* A worker is dead: judges the program that it was running.  Returns true if
 * the worker shall be replaced; false at its natural end or on an error. */
static bool bury(Campaign *c, unsigned i, int status)
{
    Watched *w = &c->watched[i];
    TwSlot *slot = &c->shared->slots[i];
    bool outside = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    TwCampaignCase one;
    TwProgress p;

    tw_slot_read(slot, &p);
    if (p.finished) {
        return false;
    }
    if (c->error) {
        return false; /* one is enough */
    }
    if (slot->error[0]) {
        g_set_error(&c->error, TW_TARGET_ERROR, (int)slot->error_code, "%s",
                    slot->error);
        return false;
    }
    if (c->stopped_at > 0) {
        return false; /* we killed it, or it would have been the last */
    }
    c->result->restarts++;
    w->barren = atomic_load(&slot->commits) == w->barren_at ? w->barren + 1 : 1;
    w->barren_at = atomic_load(&slot->commits);
    if (!p.open || p.chunk.next >= p.end) {
        if (w->barren >= BARREN_DEATHS) {
            g_set_error(&c->error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                        "workers die before their first program (status %d)",
                        status);
            return false;
        }
        return true;
    }
    if (!explain_death(c, w, p.chunk.next, status, &p.chunk.sums, &one)) {
        return false;
    }
    if (one.finding.verdict == TW_VERDICT_FLAKY && outside &&
        (w->again != p.chunk.next + 1 || w->tries < MOST_TRIES)) {
        w->tries = w->again == p.chunk.next + 1 ? w->tries + 1 : 1;
        w->again = p.chunk.next + 1;
        return true;
    }
    p.chunk.sums.stats.programs++;
    if (one.finding.known) {
        one.finding.verdict = TW_VERDICT_KNOWN;
        p.chunk.sums.known[one.finding.known - 1]++;
    }
    p.chunk.sums.stats.verdicts[one.finding.verdict]++;
    p.chunk.sums.programs++;
    p.chunk.next++;
    tw_slot_commit(slot, &p);
    w->barren = 0;
    if (tw_campaign_keeps(one.finding.verdict)) {
        add_case(c, &one);
    }
    return true;
}

static void watch(Campaign *c, unsigned i)
{
    TwSlot *slot = &c->shared->slots[i];
    bool ended, over;
    int status;

    if (!tw_workers_runs(c->workers, i)) {
        return;
    }
    ended = tw_workers_ended(c->workers, i, &status);
    drain(c, slot);
    if (ended) {
        if (bury(c, i, status)) {
            spawn(c, i);
        }
        return;
    }
    over = c->stopped_at > 0 && now() - c->stopped_at > STOP_SECONDS;
    if (over || tw_workers_look(c->workers, i, c->options.hang_ms) !=
                    TW_WATCH_GOES_ON) {
        c->watched[i].hung = true;
        tw_workers_kill(c->workers, i);
    }
}

/* If a worker is killed after it took a chunk and before it published that, the
 * chunk is lost.  After all workers have ended, a new worker runs the lost
 * chunk. False: there is none. */
static bool redo_lost(Campaign *c)
{
    uint64_t limit = atomic_load(&c->shared->limit);
    uint64_t dealt = atomic_load(&c->shared->dealt);
    TwProgress p;

    if (c->stopped_at > 0) {
        return false;
    }
    for (uint64_t n = 0;
         n < dealt && c->options.start + n * c->chunk_size < limit; n++) {
        if (n < c->finished->len &&
            g_array_index(c->finished, guint8, (unsigned)n)) {
            continue;
        }
        atomic_store(&c->shared->redo, n + 1);
        tw_slot_read(&c->shared->slots[0], &p);
        p.finished = false;
        tw_slot_commit(&c->shared->slots[0], &p);
        return spawn(c, 0);
    }
    return false;
}

/* The campaign ------------------------------------------------------------ */

/* After the last worker: adds its last chunks, up to the limit. */
static void finish(Campaign *c)
{
    GPtrArray *keys = c->result->keys;
    TwProgress p;

    for (unsigned i = 0; i < c->options.jobs; i++) {
        drain(c, &c->shared->slots[i]);
        tw_slot_read(&c->shared->slots[i], &p);
        if (p.open) { /* it did not end in peace */
            g_array_append_val(c->pending, p.chunk);
        }
    }
    for (unsigned i = 0; i < c->pending->len; i++) {
        TwChunk *chunk = &g_array_index(c->pending, TwChunk, i);

        if (!c->options.stop_at_finding || chunk->first <= c->first_finding) {
            add_sums(c->result, &chunk->sums);
        }
    }
    c->result->seconds = now() - c->started;
    c->result->next = next_of(c);
    if (!c->options.stop_at_finding || c->first_finding == UINT64_MAX) {
        return;
    }
    /* Other workers may have been ahead; only programs up to the first finding
     * count. */
    for (unsigned i = keys->len; i > 0; i--) {
        TwCampaignKey *key = g_ptr_array_index(keys, i - 1);
        unsigned left = 0;

        while (left < key->cases->len &&
               g_array_index(key->cases, TwCampaignCase, left).number <=
                   c->first_finding) {
            left++;
        }
        g_array_set_size(key->cases, left);
        key->count = left;
        if (left == 0) {
            g_ptr_array_remove_index(keys, i - 1);
        }
    }
}

/* Open, copy the dialect, close: the workers open their own. */
static bool look_at_target(Campaign *c, GError **error)
{
    g_autoptr(TwRunner) runner = tw_runner_new(&c->options.target, error);

    if (!runner) {
        return false;
    }
    c->dialect = *tw_runner_dialect(runner);
    c->version = g_strdup(tw_runner_version(runner));
    return tw_runner_set_known(runner, c->options.known, error);
}

/* Pages that are not touched take no memory. */
static bool share_met(Campaign *c, GError **error)
{
    c->met_size = c->options.jobs * sizeof(TwSlotMet);
    c->met = tw_shared_new(c->met_size, error);
    return c->met != NULL;
}

/* Sums up the situations that the workers met, and frees their memory. */
static void take_met(Campaign *c)
{
    TwCoverage *coverage = c->options.coverage;

    for (unsigned j = 0; coverage && j < c->options.jobs; j++) {
        coverage->programs += c->met[j].programs;
        for (uint32_t i = 0; i < TW_SITUATIONS; i++) {
            coverage->seen[i] += c->met[j].seen[i];
        }
    }
    tw_shared_free(c->met, c->met_size);
}

/* Rounds ------------------------------------------------------------------ */

static void open_round(Campaign *c)
{
    tw_steering_wish(c->steering, c->options.met_before, c->met,
                     c->options.jobs, c->shared->wishes);
    atomic_fetch_add(&c->shared->open, TW_ROUND);
}

/* Opens the next round when this one is over.  All workers would wait for a
 * chunk that was lost with its worker, so this chunk is given to another
 * worker. */
static void watch_round(Campaign *c)
{
    uint64_t chunks = atomic_load(&c->shared->open) / c->chunk_size;
    uint64_t n = chunks - TW_ROUND / c->chunk_size;
    TwProgress p;

    if (atomic_load(&c->shared->dealt) < chunks) {
        return;
    }
    for (unsigned i = 0; i < c->options.jobs; i++) {
        TwSlot *slot = &c->shared->slots[i];

        if (tw_workers_runs(c->workers, i)) {
            bool waiting = tw_workers_waits(c->workers, i);

            tw_slot_read(slot, &p);
            if (!waiting || p.open) {
                return; /* busy with it */
            }
        }
        drain(c, slot);
    }
    while (n < chunks && n < c->finished->len &&
           g_array_index(c->finished, guint8, (unsigned)n)) {
        n++;
    }
    if (n < chunks) {
        uint64_t none = 0;
        atomic_compare_exchange_strong(&c->shared->redo, &none, n + 1);
    } else {
        open_round(c);
    }
}

static bool set_up(Campaign *c, GError **error)
{
    TwCampaignOptions *o = &c->options;

    if (o->cases_per_key == 0) {
        o->cases_per_key = DEFAULT_CASES;
    }
    if (o->replays == 0) {
        o->replays = TW_CAMPAIGN_REPLAYS;
    }
    if (o->hang_ms == 0) {
        o->hang_ms = TW_TIMEOUT_MS;
    }
    o->jobs = MAX(o->jobs, 1);
    o->target.in_flight = NULL;
    c->chunk_size = TW_CHUNK;
    if (o->programs > 0) {
        c->chunk_size = CLAMP(o->programs / (16u * o->jobs), 1, TW_CHUNK);
    }
    while (o->steer && (c->chunk_size & (c->chunk_size - 1))) {
        c->chunk_size &= c->chunk_size - 1; /* a round has whole ones */
    }
    if (!look_at_target(c, error)) {
        return false;
    }
    c->shared_size = sizeof(TwShared) + o->jobs * sizeof(TwSlot);
    c->shared = tw_shared_new(c->shared_size, error);
    if (!c->shared) {
        return false;
    }
    if ((o->coverage || o->steer) && !share_met(c, error)) {
        return false;
    }
    atomic_store(&c->shared->open, UINT64_MAX);
    if (o->steer) {
        c->steering = tw_steering_new(o->seed);
        atomic_store(&c->shared->open, 0);
        open_round(c);
    }
    atomic_store(&c->shared->limit,
                 o->programs ? o->start + o->programs : UINT64_MAX);
    c->folded = o->start;
    c->watched = g_new0(Watched, o->jobs);
    for (unsigned i = 0; i < o->jobs; i++) {
        c->watched[i].log_fd = memfd_create("twinwalk-worker", MFD_CLOEXEC);
        c->watched[i].barren_at = UINT64_MAX;
    }
    c->workers = tw_workers_new(o->jobs, life, c, error);
    return c->workers != NULL;
}

static void run(Campaign *c, TwCampaignProgress progress, void *data)
{
    double shown = now();

    for (unsigned i = 0; i < c->options.jobs && !c->error; i++) {
        spawn(c, i);
    }
    while (!c->error && (tw_workers_running(c->workers) > 0 || redo_lost(c))) {
        nanosleep(&(struct timespec){0, POLL_NS}, NULL);
        for (unsigned i = 0; i < c->options.jobs; i++) {
            watch(c, i);
        }
        if (c->steering && tw_workers_running(c->workers) > 0) {
            watch_round(c);
        }
        if (c->stopped_at == 0) {
            bool told = c->options.stop && *c->options.stop;

            if (told || (c->options.seconds > 0 &&
                         now() - c->started >= c->options.seconds)) {
                c->result->interrupted = told;
                c->stopped_at = now();
                atomic_store(&c->shared->stop, 1);
            }
        }
        if (progress && now() - shown >= PROGRESS_SECONDS) {
            shown = now();
            show(c, progress, data);
        }
    }
}

bool tw_campaign_run(const TwCampaignOptions *options,
                     TwCampaignProgress progress, void *data,
                     TwCampaignResult *result, GError **error)
{
    Campaign c = {
        .options = *options, .result = result, .first_finding = UINT64_MAX};
    bool ok;

    memset(result, 0, sizeof(*result));
    result->keys = g_ptr_array_new_with_free_func(key_free);
    c.started = now();
    if (!set_up(&c, error)) {
        g_free(c.version);
        tw_shared_free(c.shared, c.shared_size);
        return false;
    }
    c.pending = g_array_new(FALSE, FALSE, sizeof(TwChunk));
    c.finished = g_array_new(FALSE, TRUE, 1);
    run(&c, progress, data);
    tw_workers_free(c.workers);
    finish(&c);
    take_met(&c);
    ok = !c.error;
    if (c.error) {
        g_propagate_error(error, c.error);
    }
    for (unsigned i = 0; i < c.options.jobs; i++) {
        if (c.watched[i].log_fd >= 0) {
            close(c.watched[i].log_fd);
        }
    }
    g_array_unref(c.pending);
    g_array_unref(c.finished);
    g_free(c.steering);
    g_free(c.watched);
    g_free(c.version);
    tw_shared_free(c.shared, c.shared_size);
    return ok;
}
