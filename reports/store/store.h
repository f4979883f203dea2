/* SPDX-License-Identifier: MIT */
/*
 * The store: the findings of many runs, in one SQLite file that only its owner
 * can read (mode 0600).  STORE.md has the tables.
 *
 * A *finding* of the store is one bug: all findings with one cause (cause.h) on
 * one target.  It has *keys*, and each key has *cases*: raw ones as they were
 * found, and a minimal one.
 *
 * Each function that writes is one short transaction, so a process that is
 * killed loses at most what it was about to write, and several processes may
 * write at once: each waits for the others for up to a minute.
 */
#ifndef TW_REPORTS_STORE_STORE_H
#define TW_REPORTS_STORE_STORE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define TW_STORE_ERROR (tw_store_error_quark())
GQuark tw_store_error_quark(void);
enum {
    TW_STORE_ERROR_REFUSED,     /* no store of ours, or a broken one: exit 2 */
    TW_STORE_ERROR_ENVIRONMENT, /* disk full, locked too long: exit 99 */
};

typedef struct TwStore TwStore;

/*
 * Opens a store.  With `create` one is made if there is no file, with its
 * folder; an older one is brought up to date.  NULL with `error`
 * (TW_STORE_ERROR, one line that names the file) for a file that is corrupt,
 * of another program, or of a newer twinwalk: it stays as it is, byte for byte.
 */
TwStore *tw_store_open(const char *path, bool create, GError **error);
void tw_store_free(TwStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TwStore, tw_store_free)

/* For tests: the store uses this time (seconds since 1970); 0: the clock. */
void tw_store_set_now(TwStore *store, int64_t now);

/*
 * All writes between the two calls are one transaction: for many small writes,
 * each of which would wait for the disk.  A process that is killed in between
 * loses all of them, and other writers wait, so keep it under a second.
 */
bool tw_store_group_begin(TwStore *store, GError **error);
bool tw_store_group_end(TwStore *store, GError **error);

/* Runs -------------------------------------------------------------------- */

typedef struct TwStoreRun {
    int64_t id;
    const char *verb;    /* "run", "triage", "nightly" ... */
    const char *target;  /* the name that findings are kept under */
    const char *version; /* of the target; may be "" */
    const char *options; /* as shell words; may be "" */
    const char *outcome; /* "running" until it ends, then "done",
                          * "interrupted" or "failed" */
    uint64_t seed;
    int64_t started; /* seconds since 1970 */
    double seconds;  /* until it ended, or was last heard of */
    uint64_t programs, accesses;
    int64_t owner; /* when it begins: the process whose end ends the run;
                    * 0: this one, TW_STORE_NOBODY: that is not known */
    bool alive; /* when read: it runs, and its process is there for certain */
} TwStoreRun;

enum { TW_STORE_NOBODY = -1 };

/*
 * Notes the start of a run: verb, target, version, options, seed, owner.  0
 * with `error` on failure, else its id.  If the owner exits without an end, the
 * next process that opens the store and is certain of this records the run as
 * interrupted.
 */
int64_t tw_store_run_begin(TwStore *store, const TwStoreRun *run,
                           GError **error);
/* The progress of a run: seconds, programs, accesses. */
bool tw_store_run_so_far(TwStore *store, const TwStoreRun *run, GError **error);
/* The end of a run: outcome, seconds, programs, accesses. */
bool tw_store_run_end(TwStore *store, const TwStoreRun *run, GError **error);
/* A figure of a run: "corpus.files", "coverage.lines" ...; replaces an older
 * one of that name. */
bool tw_store_measure(TwStore *store, int64_t run, const char *name,
                      double value, GError **error);

/* Findings ---------------------------------------------------------------- */

typedef enum TwStoreStatus {
    TW_STORE_NEW,      /* seen for the first time by the last run that saw it */
    TW_STORE_KNOWN,    /* seen before, and still there */
    TW_STORE_RETURNED, /* was fixed, and is back */
    TW_STORE_FIXED,    /* its cases no longer show it */
    TW_STORE_FLAKY,    /* its cases have it in some runs only */
    TW_STORE_STATUSES
} TwStoreStatus;

const char *tw_store_status_name(TwStoreStatus status); /* "new" ... */

/* One finding as it was met. */
typedef struct TwStoreSight {
    int64_t run; /* 0: none */
    const char *target, *version;
    const char *key;     /* tw_key_write() */
    const char *sign;    /* the cause that the raw case shows; keys are told
                          * apart by it, too */
    const char *title;   /* a sentence about it; NULL: tw_cause_title() */
    const char *verdict; /* tw_verdict_name() */
    const char *rule;    /* may be "" */
    bool security;
    const char *text; /* what was found, lines */
    const char *form; /* of `data`: "text", or "bytes:HARNESS" */
    const void *data; /* the raw case; only counted if `size` is 0 */
    size_t size;
    const char *origin; /* a path, or seed and number; may be "" */
    const char *words;  /* options that choose the target */
    uint64_t count;     /* times it was met; 0: 1, unless this very input was
                         * met before on this target */
} TwStoreSight;

typedef struct TwStoreSeen {
    int64_t finding, key;
    TwStoreStatus status; /* of the finding, now */
    bool again;           /* this very input had been met before */
    bool minimal;         /* its key has a minimal case */
} TwStoreSeen;

/*
 * Records a finding.  Until its key has a minimal case, the key belongs to the
 * cause of the raw case.  A finding is `new` as long as only one run has met
 * it, and a fixed one becomes `returned`.  At most `most` raw cases are kept
 * for a key.
 */
bool tw_store_see(TwStore *store, const TwStoreSight *sight, unsigned most,
                  TwStoreSeen *seen, GError **error);

/* A shrunk case. */
typedef struct TwStoreMinimal {
    int64_t run, key;  /* TwStoreSeen */
    const char *cause; /* that the minimal case shows; cause.h */
    const char *title, *rule, *text;
    bool security;
    const char *form, *words;
    const void *data;
    size_t size;
    unsigned lines, operations;
} TwStoreMinimal;

/* Records the minimal case of a key, and files the key under its cause; returns
 * the finding (0 with `error` on failure). */
int64_t tw_store_minimal(TwStore *store, const TwStoreMinimal *minimal,
                         GError **error);

/*
 * Records a retest of a key on this version of the target: `again` of `times`
 * runs had the finding.  The finding is fixed when none of its keys recurs any
 * more.  *status (may be NULL) receives the finding's.
 */
bool tw_store_retested(TwStore *store, int64_t run, int64_t key,
                       const char *version, unsigned again, unsigned times,
                       TwStoreStatus *status, GError **error);

/* Removes a key with its cases, and its finding if that has no other key. */
bool tw_store_drop_key(TwStore *store, int64_t key, GError **error);

/* What people decide ------------------------------------------------------- */

typedef enum TwStoreState {
    TW_STORE_OPEN,      /* nothing is decided */
    TW_STORE_DUPLICATE, /* of another finding */
    TW_STORE_WONT_FIX,  /* it stays as it is */
    TW_STORE_STATES
} TwStoreState;

const char *tw_store_state_name(TwStoreState state); /* "", "duplicate" ... */

typedef struct TwStoreDecision {
    TwStoreState state;
    /* Each may be "": the address of an issue; CAUSE or TARGET/CAUSE; words. */
    const char *issue, *duplicate_of, *comment;
    int64_t at; /* seconds since 1970, when read; 0: there is none */
} TwStoreDecision;

/*
 * Records what was decided about the finding with this cause on this target, in
 * the place of an older decision; one that says nothing removes that.  It stays
 * if the finding is fixed, or goes and comes back.
 */
bool tw_store_decide(TwStore *store, const char *target, const char *cause,
                     const TwStoreDecision *decision, GError **error);

/* Reading ----------------------------------------------------------------- */

/* Strings live until the callback returns. */
typedef struct TwStoreFinding {
    int64_t id;
    const char *target, *cause, *title, *verdict, *rule;
    TwStoreStatus status;
    bool security;
    uint64_t count; /* times met */
    unsigned keys;
    int64_t first_seen, last_seen; /* seconds since 1970 */
    const char *first_version, *last_version;
    int64_t first_run, last_run;
    const char *fixed_version; /* of the target that no longer has it, or "" */
    int64_t key; /* of the case that is easiest to understand; `verdict`, too */
    const char *key_name;
    bool minimal; /* `data` is a minimal case, not a raw one */
    const char *form, *words, *text; /* of that case */
    const char *origin;              /* of the first raw one */
    const void *data;
    size_t size;
    unsigned lines;
    TwStoreDecision decision;
} TwStoreFinding;

typedef struct TwStoreKey {
    int64_t id, finding;
    const char *target, *key, *sign, *cause, *verdict;
    uint64_t count;
    TwStoreStatus status; /* known, fixed or flaky */
    int64_t first_seen, last_seen;
    bool minimal; /* `data` is a minimal case, else the first raw one */
    const char *form, *words;
    const void *data;
    size_t size;
} TwStoreKey;

/* A finding that changed its status in a run. */
typedef struct TwStoreChange {
    int64_t run, finding, at;
    const char *was, *is; /* names of statuses; was: "" for a new one */
} TwStoreChange;

/*
 * Each calls `each` row by row; false from it ends the reading.  False with
 * `error` if the store cannot be read.  `target` and `run`: of that one only;
 * NULL, 0: of all.
 */
bool tw_store_findings(TwStore *store, const char *target,
                       bool (*each)(const TwStoreFinding *finding, void *data),
                       void *data, GError **error);
/* The raw cases of a key that are text, the smallest first, then by age. */
bool tw_store_raw(TwStore *store, int64_t key,
                  bool (*each)(const void *data, size_t size, const char *words,
                               void *data_of_each),
                  void *data, GError **error);
bool tw_store_keys(TwStore *store, const char *target,
                   bool (*each)(const TwStoreKey *key, void *data), void *data,
                   GError **error);
/* Oldest first. */
bool tw_store_runs(TwStore *store, const char *target,
                   bool (*each)(const TwStoreRun *run, void *data), void *data,
                   GError **error);
bool tw_store_changes(TwStore *store, int64_t run,
                      bool (*each)(const TwStoreChange *change, void *data),
                      void *data, GError **error);
bool tw_store_measures(TwStore *store, int64_t run,
                       bool (*each)(int64_t run, const char *name, double value,
                                    void *data),
                       void *data, GError **error);

/*
 * What findings were before a run began.  tw_store_was(): the name of the
 * status of a finding then, "" if the store did not have it, or NULL if its
 * status has not changed since; valid as long as `before`, which is the
 * caller's.  NULL with `error` if the store cannot be read.
 */
typedef struct TwStoreBefore TwStoreBefore;
TwStoreBefore *tw_store_before(TwStore *store, int64_t run, GError **error);
const char *tw_store_was(const TwStoreBefore *before, int64_t finding);
void tw_store_before_free(TwStoreBefore *before);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TwStoreBefore, tw_store_before_free)

#endif
