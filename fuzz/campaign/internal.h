/* SPDX-License-Identifier: MIT */
/*
 * What the parent of a campaign and its workers share: memory, nothing else.
 *
 * A worker owns its slot while it lives; the parent owns the slot after it has
 * reaped the worker.  The results of a worker are in its `progress`: after
 * every program the worker writes a whole new one and publishes it with one
 * store.  So wherever a worker dies, its slot has the sums of exactly the
 * programs that the worker finished, and the next worker continues from there.
 */
#ifndef TW_FUZZ_CAMPAIGN_INTERNAL_H
#define TW_FUZZ_CAMPAIGN_INTERNAL_H

#include <stdatomic.h>
#include <sys/types.h>

#include "fuzz/campaign/campaign.h"
#include "fuzz/process/workers.h"

enum {
    TW_CHUNK = 256,      /* most programs dealt at once */
    TW_RING_CHUNKS = 64, /* finished chunks the parent has not taken */
    TW_RING_CASES = 256, /* findings the parent has not taken */
    TW_ROUND = 4096, /* programs of a round: their wishes are chosen at once;
                      * a multiple of TW_CHUNK */
};

typedef struct TwCampaignSums {
    TwJudgeStats stats;
    uint64_t counters[TW_COUNTERS];
    uint64_t programs;
    uint64_t known[TW_MAX_KNOWN]; /* programs that matched an entry */
    uint64_t met[TW_MAX_KNOWN];   /* that met its triggers */
} TwCampaignSums;

/* Programs first .. next - 1 and their results. */
typedef struct TwChunk {
    uint64_t first, next;
    TwCampaignSums sums;
} TwChunk;

typedef struct TwProgress {
    bool open;     /* in a chunk; `chunk.next` < `end` is in flight */
    bool finished; /* no more work for this worker */
    uint64_t end;  /* of the chunk, exclusive */
    TwChunk chunk;
    uint64_t chunks; /* ever put into the ring of chunks */
    uint64_t cases;  /* ever put into the ring of cases */
} TwProgress;

typedef struct TwSlot {
    _Atomic uint64_t commits; /* progress[commits & 1] is the latest */
    _Atomic uint64_t chunks_taken, cases_taken; /* by the parent */
    uint32_t error_code; /* TW_TARGET_ERROR_..., if error is set */
    char error[300];     /* the target could not be opened */
    TwProgress progress[2];
    TwChunk chunks[TW_RING_CHUNKS];
    TwCampaignCase cases[TW_RING_CASES];
} TwSlot;

typedef struct TwShared {
    _Atomic uint64_t dealt; /* chunks given to workers */
    _Atomic uint64_t redo;  /* 1 + a chunk that was dealt and lost, or 0 */
    _Atomic uint64_t limit; /* numbers from here on are not run */
    _Atomic uint32_t stop;  /* end after the program in flight */
    /* Numbers from here on wait until their round has its wishes. */
    _Atomic uint64_t open;
    uint32_t wishes[TW_ROUND]; /* of the round before `open`, by number modulo
                                * TW_ROUND; with steering only */
    TwSlot slots[];
} TwShared;

/* What the programs of one slot have met; written by its worker only. */
typedef struct TwSlotMet {
    uint64_t programs;
    uint32_t seen[TW_SITUATIONS];
} TwSlotMet;

/* What a campaign with steering knows; in the parent. */
typedef struct TwSteering {
    uint32_t n; /* situations that there can be */
    uint32_t order[TW_SITUATIONS];
    uint32_t tries[TW_SITUATIONS]; /* programs made towards it so far */
    uint64_t seen[TW_SITUATIONS];
} TwSteering;

/* Free with g_free(). */
TwSteering *tw_steering_new(uint64_t seed);

/*
 * The wishes of the next round: situations that neither `before` (or NULL) nor
 * the `n` workers have met in the rounds so far; those that the fewest programs
 * have tried come first.
 */
void tw_steering_wish(TwSteering *steering, const TwCoverage *before,
                      const TwSlotMet *met, unsigned n,
                      uint32_t wishes[TW_ROUND]);

/* Lowers the limit to `limit` if it is above. */
static inline void tw_shared_lower_limit(TwShared *shared, uint64_t limit)
{
    uint64_t now = atomic_load(&shared->limit);

    while (now > limit &&
           !atomic_compare_exchange_weak(&shared->limit, &now, limit)) {
    }
}

/* For tests: called when a worker has taken a chunk but not published it. */
void tw_campaign_test_dealt(uint64_t first) __attribute__((weak));

/* Publishes `progress` (by the owner of the slot). */
void tw_slot_commit(TwSlot *slot, const TwProgress *progress);

/* The latest progress, consistent, whoever owns the slot. */
void tw_slot_read(const TwSlot *slot, TwProgress *progress);

/* Are cases of this verdict kept by their keys?  (Findings and flaky ones.) */
bool tw_campaign_keeps(unsigned verdict);

/* The death of a worker. */
typedef struct TwDeath {
    const TwCampaignOptions *options;
    const TwDialect *dialect;
    const GPtrArray *keys; /* TwCampaignKey: what was found so far */
    uint32_t wish;         /* what the program was made towards */
    int log_fd;            /* what it said on its standard error, or -1 */
    bool hung;             /* the parent killed it because it did not move */
    int status;            /* from waitpid() */
} TwDeath;

/*
 * Finds the finding at which a worker died in program `number`.  Adds the other
 * counts of the program to `sums`.  False with `error` set if the program could
 * not be run.
 */
bool tw_campaign_explain_death(const TwDeath *death, uint64_t number,
                               TwCampaignSums *sums, TwCampaignCase *one,
                               GError **error);

/* What a worker process is given. */
typedef struct TwCampaignPost {
    const TwCampaignOptions *options;
    const char *version; /* that the target must have */
    TwShared *shared;
    TwSlot *slot;
    TwSlotMet *met; /* shared memory, too; may be NULL */
    TwBeat *beat;   /* of this process; moves with each program */
    uint64_t start; /* the first program of chunk 0 */
    uint64_t chunk_size;
    int log_fd; /* becomes its standard error; -1: it keeps that */
} TwCampaignPost;

/* What a worker process runs: works on chunks until there are none left or the
 * parent tells it to stop. */
void tw_campaign_worker(const TwCampaignPost *post);

#endif
