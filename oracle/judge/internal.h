/* SPDX-License-Identifier: MIT */
/*
 * The parts of the oracle and how they hang together.  Nothing outside this
 * folder includes this file; judge.h is the door.
 *
 *   world.h     what world.c, table.c, saved.c, render.c, listen.c and
 *               observe.c have to offer
 *   world.c     the live region graph, transactions, committed snapshots, and
 *               the operations that change the world or end cached answers
 *   table.c     page maps and IOMMU tables as lists that only ever grow
 *   saved.c     snapshot and restore
 *   walk.c      the uncached answer to an access, by recursion (first opinion)
 *   flat.c      the same by rendering and replaying (second opinion); shares
 *               no code with walk.c and table.c
 *   render.c    an address space as flat ranges
 *   listen.c    what listeners must be told
 *   observe.c   what observers of IOMMUs must be told
 *   leaf.c      what the leaves do with the bytes that reach them
 *   content.c   what is in RAM, in one world or in several
 *   dirty.c     which pages of it were stored to
 *   history.c   the freshness rule: which older answers are still allowed;
 *               FRESHNESS.md beside this file tells the idea
 *   floor.c     what a target has shown of a page that has one entry
 *   met.c       in which situation an access was (situation.h)
 *   choice.c    answers as outcomes of a whole access, and in words
 *   explain.c   what a difference is called, and the text of a finding
 *   tell.c      a walk once more, step by step, for people
 *   story.c     the story of a finding; story.h is the door,
 * oracle/story/text.c makes plain text of it scene.c     the world at one
 * moment, for drawing; scene.h is the door access.c    judges one access
 *   judge.c     steps all of this through a program
 *
 * Time.  Every change of the world and every event that ends cached answers
 * takes the next *tick*; S(t) is the world just after tick t, and S(0) the one
 * before operation 0.  Nothing that a walk looks at is ever overwritten: page
 * maps and tables are newest-first lists of stamped entries, topologies are
 * numbered snapshots.  So "the world as at time t" is the world of now with
 * everything newer than t skipped.
 *
 * All arrays are as large as a program can make them, are allocated once, and
 * are emptied by setting counts: nothing is allocated or cleared per program.
 */
#ifndef TW_ORACLE_JUDGE_INTERNAL_H
#define TW_ORACLE_JUDGE_INTERNAL_H

#include "oracle/judge/judge.h"
#include "oracle/freshness/situation.h"
#include "oracle/story/story.h"
#include "oracle/world/world.h"

/* Walks ------------------------------------------------------------------- */

/* The world just before an operation that is performed `during` an access
 * (LA-47). */
typedef struct TwDuring {
    uint32_t now;
    uint32_t n_endings;
    uint32_t fresh; /* for the CPU and MMU index of the access */
} TwDuring;

/* An access, taken apart. */
typedef struct TwAccess {
    uint8_t code;
    uint8_t cpu, mmu; /* TW_BOARD: DMA */
    uint8_t space;
    uint8_t size;
    uint8_t page_rights, hop_rights; /* rights that it needs */
    uint16_t op;
    TwAttrs attrs;
    uint64_t addr;
    bool beyond; /* runs past 2^64 - 1 (LA-19) */
    bool blind;  /* the fetch of the instruction behind another access (LA-46):
                  * nobody sees the bytes that it gets */
    const TwDuring *during; /* or NULL */
} TwAccess;

/* Reads, fetches and exchanges give a value; stores give none. */
static inline bool tw_is_store(const TwAccess *access)
{
    return access->code == TW_OP_WRITE || access->code == TW_OP_DMA_WRITE;
}
static inline bool tw_gives_value(const TwAccess *access)
{
    return !tw_is_store(access) && !access->blind;
}

/* Where one byte of an access went. */
typedef struct TwByte {
    uint64_t offset;
    uint8_t where;  /* TwWhere */
    uint8_t region; /* LEAF, LOOP; else TW_NONE */
    uint8_t flags;  /* TW_LOC_..., LEAF only */
    uint8_t depth;  /* hops passed */
} TwByte;

/* A translation that some bytes of an access met. */
typedef struct TwHop {
    uint64_t granule; /* number of the granule */
    uint64_t window;  /* first offset of the page window (LA-17) */
    uint32_t since;   /* tick of the entry */
    uint16_t op;
    int16_t before;              /* index of the hop before it, or TW_NIL */
    uint8_t iommu, index, depth; /* depth: hops before it */
    bool granted;
    bool small; /* granule below the page size */
} TwHop;

/* The part of a walk that the page map decides. */
typedef struct TwPageLink {
    uint64_t first, last; /* the whole assignment */
    bool present;         /* some assignment was found */
    bool granted;         /* for all bytes */
    bool small;           /* some assignment is below the page size */
} TwPageLink;

typedef struct TwWalk {
    uint8_t mask;   /* the bytes that were walked */
    uint8_t cuts;   /* bit k: a run cannot continue from byte k - 1 to k for
                     * the sake of a link (granule, small page assignment) */
    uint8_t depth;  /* most hops that a byte passed */
    uint8_t link;   /* TwKeyLink: the link that changed last */
    uint16_t op;    /* the operation that changed it */
    uint32_t since; /* when: from then on the walk was like this */
    uint16_t n_hops;
    TwPageLink page;     /* CPU accesses */
    uint32_t page_since; /* of the page map alone */
    uint32_t topology_since;
    int16_t last_hop[TW_MAX_ACCESS]; /* of each byte, or TW_NIL */
    TwByte bytes[TW_MAX_ACCESS];
    TwHop hops[TW_MAX_ACCESS * (TW_MAX_HOPS + 1)];
} TwWalk;

/*
 * Which time each link is taken from: the page map as at `then`, the first
 * `topology` resolutions of an address in the topology as at `then`, the first
 * `hops` translations in the tables as at `then`, and everything else as at
 * `now`.
 */
typedef struct TwTimes {
    uint32_t then, now;
    uint8_t topology, hops;
} TwTimes;

static inline TwTimes tw_times_at(uint32_t t)
{
    return (TwTimes){t, t, UINT8_MAX, UINT8_MAX};
}

/*
 * Walks the bytes in `mask` of an access.  `since`, `link` and `op` mean
 * something only if all times are one.
 */
void tw_walk(const TwWorld *world, const TwAccess *access, uint8_t mask,
             TwTimes times, TwWalk *walk);

/* The index of an IOMMU that attributes choose (LA-11). */
uint8_t tw_walk_index(const TwIommu *iommu, TwAttrs attrs);

/*
 * The second opinion: the same question, answered another way.  Fills `bytes`
 * (of the mask) and `cuts` only.
 */
void tw_flat(const TwWorld *world, const TwAccess *access, uint8_t mask,
             TwTimes times, TwByte bytes[TW_MAX_ACCESS], uint8_t *cuts);

/* Do the walkers agree on this question? */
bool tw_flat_agrees(const TwWorld *world, const TwAccess *access, uint8_t mask,
                    TwTimes times);

/* Leaves ------------------------------------------------------------------ */

typedef enum TwAct {
    TW_ACT_NONE,   /* discarded, or the access was refused */
    TW_ACT_BYTES,  /* straight to or from the block's bytes */
    TW_ACT_DEVICE, /* a callback */
    TW_ACT_ERROR,  /* DEVICE_ERROR: reads zero, does nothing */
} TwAct;

/* What an access that got these answers comes to. */
typedef struct TwEffect {
    uint8_t class_;              /* TwClass */
    uint8_t acts[TW_MAX_ACCESS]; /* TwAct */
    bool callback;               /* a callback ran for sure */
} TwEffect;

/* `bytes` and `cuts` of the whole access. */
TwEffect tw_leaf(const TwWorld *world, const TwAccess *access,
                 const TwByte *bytes, uint8_t cuts);

/* Contents ---------------------------------------------------------------- */

/* Up to eight bytes stored in a block. */
typedef struct TwStored {
    uint64_t offset;
    int32_t older;
    uint32_t tick; /* the store is younger than this tick */
    uint16_t op;
    uint8_t block, length; /* length 0: a restore, where the chain goes on with
                            * the stores that were saved; the others are */
    uint8_t bytes[TW_MAX_ACCESS];
    int32_t past; /* still here */
} TwStored;

/* Each access leaves at most so many worlds with so many runs, and one that
 * turns out to be there already. */
enum { TW_MAX_STORED = (TW_MAX_SCRIPT * TW_MAX_WORLDS + 1) * TW_MAX_ACCESS };

/* One of the possible states of RAM, as the chain of its stores. */
typedef struct TwContent {
    int32_t newest, saved_newest; /* saved: what `restore` goes back to */
    uint64_t hash, saved_hash;    /* equal contents have equal hashes */
} TwContent;

typedef struct TwContents {
    const TwProgram *program;
    uint32_t n_worlds, n_stored, most;
    bool hashed;  /* worlds may split: keep the hashes */
    bool ordered; /* what was there before counts, too (FR-10, LA-39): worlds
                   * are equal only if their stores are, in their order */
    bool noted;   /* nor may a restore forget stores (LA-39) */
    TwContent worlds[TW_MAX_WORLDS];
    TwStored *stored;
} TwContents;

void tw_contents_start(TwContents *contents, const TwProgram *program,
                       bool hashed, bool ordered, bool noted);
/* snapshot or restore (LA-40), in every world. */
void tw_contents_perform(TwContents *contents, const TwOp *op);
/* Are these the same, now and saved? */
bool tw_contents_same(const TwContent *a, const TwContent *b);
/* The byte at `offset` of `block` in that world. */
uint8_t tw_contents_byte(const TwContents *contents, const TwContent *world,
                         uint8_t block, uint64_t offset);
/* Value that a read (or exchange) gives in that world. */
uint64_t tw_contents_value(const TwContents *contents, const TwContent *world,
                           const TwAccess *access, const TwByte *bytes,
                           const TwEffect *effect);
/* The world after the access, at time `tick`. */
TwContent tw_contents_apply(TwContents *contents, TwContent world,
                            const TwAccess *access, const TwByte *bytes,
                            const TwEffect *effect, uint32_t tick);
/*
 * The newest store that changed a byte that the access reads: in *before the
 * world without it and all later ones.  NULL if there is none.  `world` must
 * be one that tw_contents_start() or this function has led to.
 */
const TwStored *tw_contents_before(const TwContents *contents,
                                   const TwContent *world,
                                   const TwAccess *access, const TwByte *bytes,
                                   const TwEffect *effect, TwContent *before);
/* The digests of a world; `digests` has n_regions elements. */
void tw_contents_digests(const TwContents *contents, const TwContent *world,
                         uint64_t *digests);

/* Dirty logs -------------------------------------------------------------- */

enum { TW_MAX_DIRTY = TW_MAX_SCRIPT * TW_MAX_ACCESS * 2 }; /* pages */

typedef struct TwDirtyClear {
    uint64_t first, last; /* page numbers */
    uint16_t op;
    uint8_t block;
} TwDirtyClear;

typedef struct TwDirty {
    uint16_t since[TW_MAX_REGIONS]; /* per block: the operation that started
                                     * its log, or TW_NO_OP */
    unsigned n_clears;
    TwDirtyClear clears[TW_MAX_SCRIPT];
    uint64_t pages[TW_MAX_DIRTY]; /* at work */
    TwRange runs[TW_MAX_DIRTY];
} TwDirty;

void tw_dirty_start(TwDirty *dirty);
void tw_dirty_perform(TwDirty *dirty, const TwProgram *program, const TwOp *op,
                      uint16_t number);
/* What dirty-clear `op` must find in that world, in dirty->runs; returns how
 * many. */
unsigned tw_dirty_runs(TwDirty *dirty, const TwContents *contents,
                       const TwContent *world, const TwOp *op);
/* Performs dirty-log or dirty-clear, and judges what the trace says of it. */
TwVerdict tw_dirty_judge(TwOracle *oracle, const TwOp *op, uint16_t number);
/* Is there a note in the trace that nobody asked for? */
TwVerdict tw_dirty_judge_end(TwOracle *oracle);
/* Situations -------------------------------------------------------------- */

enum { TW_LAST_MET = 256 };

/* The last access to a page, where no other has taken its place. */
typedef struct TwLastMet {
    uint64_t program, page;
    uint32_t tick;    /* just after it */
    uint8_t cpu, mmu; /* of a DMA master: the space */
} TwLastMet;

typedef struct TwMeeting {
    TwMet *met;       /* the caller's */
    uint64_t program; /* number of the one that is judged, from 1 */
    TwWalk walks[2];  /* as it was before a change */
    TwLastMet last[TW_LAST_MET];
} TwMeeting;

/* The next program begins. */
void tw_met_start(TwMeeting *meeting);
/* Notes one page of an access and the walk of its bytes there, current at
 * time `now`. */
void tw_met_note(TwMeeting *meeting, const TwWorld *world,
                 const TwAccess *access, uint64_t page, const TwWalk *walk,
                 uint32_t now);

/* History ----------------------------------------------------------------- */

/* An answer to the bytes of an access in one page. */
typedef struct TwAnswer {
    TwTimes times;                    /* how to walk it again */
    uint32_t oldest[TW_PREFIX_SLOTS]; /* the oldest cached prefix that explains
                                       * it, per slot; TW_FOREVER: none */
    uint8_t mask, cuts;
    bool allowed;
    bool current; /* what the walk in S(n) says; with an operation during
                   * the access, the one before it or the one after */
    bool refused; /* by the page map, an IOMMU, or LOOP */
    /* Of answers that are not allowed: */
    bool cacheable; /* it might have been cached */
    uint8_t link;   /* TwKeyLink: what changed after it */
    uint8_t event;  /* TwKeyEvent: what should have ended it */
    uint16_t changed, ended;
    uint16_t filled; /* the last access to the page while it was right, or
                      * TW_NO_OP (tw_history_ever) */
    TwByte bytes[TW_MAX_ACCESS];
} TwAnswer;

/* An access that can have filled a cache: when, and which operation. */
typedef struct TwTouch {
    uint32_t tick;
    uint16_t op;
} TwTouch;

typedef struct TwAnswers {
    uint32_t n;
    bool overflow; /* there are more than fit: inconclusive */
    TwAnswer list[TW_MAX_WALKS];
} TwAnswers;

/* Answers to an access: one list per page that it touches. */
typedef struct TwHistory {
    TwMeeting *meeting; /* who wants to know of situations, or NULL */
    uint8_t n_pages;
    bool open[2];     /* older answers may matter for this page */
    uint64_t page[2]; /* number of the page */
    TwAnswers answers[2];
    /* For tw_history_ever: the accesses to each page before this one, by the
     * same CPU and MMU index, oldest first. */
    uint32_t n_touches[2];
    TwTouch touches[2][TW_MAX_SCRIPT];
    uint32_t walks; /* beyond the current ones */
    TwWalk walk;    /* of the version at hand */
    TwWalk mixed;   /* with links of several times */
} TwHistory;

/* Does the event cover an answer that used the page-map assignment and the
 * first j hops of the walk, and, if `tail`, the topology behind them? */
bool tw_history_covers(const TwWorld *world, const TwAccess *access,
                       const TwEnding *ending, const TwWalk *walk, unsigned j,
                       bool tail);

/* Fills in Allowed(n), current answers first.  With access->during, the world
 * is the one after that operation. */
void tw_history_allowed(TwHistory *history, const TwWorld *world,
                        const TwAccess *access);
/*
 * Fills in every answer that was ever right, back to the start of the program,
 * allowed or not; those that are not say what ended them.  Of several times at
 * which an answer was right, it is told of one at which an access can have
 * filled it (history->touches), the latest.  For findings only.
 */
void tw_history_ever(TwHistory *history, const TwWorld *world,
                     const TwAccess *access);

/*
 * The newest flush that counts for the CPU of a fetch and covers a page of it
 * (FR-10), or NULL.
 */
const TwEnding *tw_history_flushed(const TwWorld *world,
                                   const TwAccess *access);

/* The floor of a page of a CPU's MMU index, or NULL. */
TwFloor *tw_floor_find(const TwWorld *world, uint8_t cpu, uint8_t mmu,
                       uint64_t page);

/* Notes, for page i, that the target's answer is explained by the prefixes
 * with these `oldest` ticks only (one entry per page). */
void tw_history_observed(const TwHistory *history, unsigned i, TwWorld *world,
                         const TwAccess *access,
                         const uint32_t oldest[TW_PREFIX_SLOTS]);

/* Puts the answers of both pages together. */
void tw_answer_join(const TwAccess *access, const TwAnswer *first,
                    const TwAnswer *second, TwByte bytes[TW_MAX_ACCESS],
                    uint8_t *cuts);

/* Judging ----------------------------------------------------------------- */

/* What the trace says of one access. */
typedef struct TwSeen {
    uint8_t class_;
    bool located; /* locations are there */
    bool broken;  /* locations overlap, have gaps, or stand at a refusal */
    uint64_t value;
    TwByte bytes[TW_MAX_ACCESS]; /* located: region, offset, flags */
} TwSeen;

/* One answer per page of an access, and what they come to. */
typedef struct TwChoice {
    const TwAnswer *answers[2]; /* the second may be NULL; both, for an access
                                 * that is refused before any walk */
    TwByte bytes[TW_MAX_ACCESS];
    TwEffect effect;
} TwChoice;

/* What became a finding, for its story. */
typedef struct TwAccused {
    TwFinding finding;
    bool is_access; /* what follows means something */
    bool stale;     /* `old` is the answer that was seen */
    TwAccess access;
    TwSeen seen;
    TwChoice old;           /* points into TwOracle.past, or for old code into
                             * TwOracle.history */
    const TwStored *stored; /* old code: what replaced it, or NULL */
} TwAccused;

struct TwOracle {
    TwWorld *world;
    TwContents contents;
    TwHistory history, past;
    /* of the program being judged */
    const TwProgram *program;
    const TwTrace *trace;
    const char *target;
    TwFinding *finding;
    TwJudgeStats *stats;
    TwExpected expected; /* of the finding */
    TwAccused accused;   /* the same */
    uint32_t log;        /* trace log records that have been accounted for */
    TwDirty dirty;
    uint32_t dirty_record; /* trace events before this one hold no more notes */
    uint32_t before[TW_MAX_SCRIPT]; /* tick before each access so far */
    TwDuring before_during;
    const TwDuring *during; /* the same, or NULL: of the access at hand */
    TwJudgeStats unused;
};

typedef enum TwFit {
    TW_FIT_NOT,
    TW_FIT_OLD, /* a fetch of bytes that were there, and may be cached */
    TW_FIT_NOW,
} TwFit;

/* Does an access that went there explain class, locations and value that were
 * seen, in that world? */
TwFit tw_judge_fits(const TwOracle *oracle, const TwAccess *access,
                    const TwSeen *seen, const TwByte *bytes,
                    const TwEffect *effect, const TwContent *world);

/* Judges an access that is performed, and performs its effects. */
TwVerdict tw_judge_access(TwOracle *oracle, const TwOp *op, uint16_t number);

/* The i-th choice from a history, in an order that starts with the current
 * answers; false beyond the last. */
bool tw_choice(const TwOracle *oracle, const TwHistory *history,
               const TwAccess *access, uint32_t i, TwChoice *choice);
/* Is it made of current answers? */
static inline bool tw_choice_current(const TwChoice *choice)
{
    return (!choice->answers[0] || choice->answers[0]->current) &&
           (!choice->answers[1] || choice->answers[1]->current);
}
/* Does it explain all but the device log, in some world? */
bool tw_choice_fits(const TwOracle *oracle, const TwAccess *access,
                    const TwSeen *seen, const TwChoice *choice);
/* The value that it gives, in the first world; false: it gives none. */
bool tw_choice_value(const TwOracle *oracle, const TwAccess *access,
                     const TwChoice *choice, uint64_t *value);
/* The first of bytes from .. to - 1 in which two outcomes part, or `from`. */
unsigned tw_first_difference(unsigned from, unsigned to, const TwByte *a,
                             const TwByte *b);
/* Where the bytes are, run by run; returns how many runs. */
unsigned tw_places(const TwAccess *access, const TwByte *bytes,
                   TwPlace places[TW_MAX_ACCESS]);

/* The rules that make an event end an answer; TwKeyEvent. */
const char *tw_event_rule(uint8_t event);
/* What the operation that ended the time of an answer did, in words. */
const char *tw_change_text(const TwProgram *program, const TwAnswer *answer);

/*
 * Walks byte k of an access once more and writes the steps down, in
 * tale->steps; then holds the end against tw_walk(), the judge's own.  False:
 * they differ.
 */
bool tw_tell(const TwWorld *world, const TwAccess *access, unsigned k,
             TwTimes times, TwTale *tale);

/* The world as it is now (scene.h). */
TwScene *tw_scene_new(const TwWorld *world);

/* explain.c: names the difference of an access that nothing allowed explains
 * (oracle->history holds what was); fills in oracle->finding and returns the
 * verdict. */
TwVerdict tw_explain_access(TwOracle *oracle, const TwAccess *access,
                            const TwSeen *seen);
/* A finding that is no access's answer; `format` as printf.  `op` is a script
 * operation or TW_NO_OP. */
TwVerdict tw_explain_other(TwOracle *oracle, TwVerdict verdict, uint16_t op,
                           const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
