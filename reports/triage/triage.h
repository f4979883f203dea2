/* SPDX-License-Identifier: MIT */
/*
 * Triage: groups the raw findings of one target by cause, in a store.  A caller
 * fills in a TwTriage, adds cases, and calls the three phases.  Prints nothing.
 */
#ifndef TW_REPORTS_TRIAGE_H
#define TW_REPORTS_TRIAGE_H

#include "fuzz/harness/list.h"
#include "fuzz/run/known.h"
#include "fuzz/run/runner.h"
#include "reports/cause/cause.h"
#include "reports/store/damaged.h"

/* Defaults of TwTriage.seconds and .raw, for callers; --help shows them. */
#define TW_TRIAGE_SECONDS 60
#define TW_TRIAGE_RAW 10

/* A case says its true cause, if it is known, in a comment: "# cause: TEXT". */
#define TW_TRIAGE_LABEL "cause"

/* One input. */
typedef struct TwTriageCase {
    char *path;
    const TwHarnessInfo *harness; /* it is bytes that are no program; or NULL */
    TwTargetOptions options;      /* what it is run on */
    GString *data;                /* a canonical program, or those bytes */
    TwCause cause;                /* its cause */
    int known;                    /* the known divergence that it is, or -1 */
    char *label;                  /* its true cause, for a score; or NULL */
    unsigned alone;               /* tw_triage_label() */
    TwStoreSeen seen;             /* if it was recorded */
} TwTriageCase;

/* A key whose case is to be shrunk. */
typedef struct TwTriageKey {
    int64_t id;
    char *data, *key, *sign, *cause;
    size_t size;
    unsigned known; /* 1 + the entry of the list that its sign is, or 0 */
    const TwTargetOptions *options;
    char *other; /* another case, for a second opinion, or NULL */
    size_t other_size;
    const TwTargetOptions *other_options; /* of this one */
    bool second;                          /* this is one */
} TwTriageKey;

/* A key of the store that is run again. */
typedef struct TwTriageRetest {
    int64_t id, finding;
    char *form, *data, *key, *cause, *words;
    size_t size;
    bool done;
    unsigned again;        /* of TW_TRIAGE_TIMES runs */
    TwStoreStatus was, is; /* of the key: known, fixed or flaky */
} TwTriageRetest;

enum { TW_TRIAGE_TIMES = 3 };

typedef struct TwTriage {
    TwTargetOptions target; /* under test */
    uint32_t timeout_ms;    /* as the user gave it, for the words of findings */
    TwKnown *known;         /* selected for the target, or NULL */
    bool keep_known;        /* what the list explains is recorded, too */
    char *label;            /* the name that findings are kept under */
    char *words;            /* options that choose the target */
    const char *version;
    const char *store_path;
    TwStore *store;
    TwStoreRun run;
    int64_t since; /* findings since the start of this run are new; 0: `run` */
    unsigned jobs, raw; /* processes; raw cases kept for a key */
    uint32_t patience;  /* limit with which a target hangs; 0: default */
    uint32_t seconds;   /* for shrinking one case */
    bool shrink;        /* or leave the cases as they are */
    volatile int *stop;
    GPtrArray *cases;   /* TwTriageCase */
    GPtrArray *keys;    /* TwTriageKey */
    GPtrArray *retests; /* TwTriageRetest */
    GPtrArray *damaged; /* TwDamaged: set aside, the rest goes on */
    GPtrArray *options; /* TwTargetOptions that keys point to */
    unsigned unreadable, clean, flaky, unsupported;
    uint64_t matched[TW_MAX_KNOWN]; /* inputs that are known divergences */
    bool self;                      /* a finding against twinwalk itself */
    GError *error;                  /* of the store, while others work */
    unsigned shrunk;                /* cases */
    GPtrArray *again;     /* TwTriageKey: second opinions that are wanted */
    GArray *dying, *died; /* unsigned: cases that took a process with them */
    TwRunner *runner;     /* in a worker */
    TwTargetOptions runner_options;
    gint64 grouped;
    /* Of a file that is passed over, in one line; or NULL. */
    void (*warn)(const char *message, void *data);
    /* While others work: `done` of `all` "cases run"; `what` is NULL when they
     * are done.  Or NULL. */
    void (*progress)(const char *what, unsigned done, unsigned all, void *data);
    void *data; /* for these two */
} TwTriage;

/* What a finding of the store is since TwTriage.since, in the order of the
 * list.
 */
typedef enum TwTriageNews {
    TW_TRIAGE_NEW, /* or returned, since then */
    TW_TRIAGE_KNOWN,
    TW_TRIAGE_FLAKY,     /* recurs in some runs only */
    TW_TRIAGE_FIXED,     /* since then */
    TW_TRIAGE_WAS_FIXED, /* before */
} TwTriageNews;

typedef struct TwTriageFinding {
    int64_t id, first_seen, last_seen;
    TwTriageNews news;
    TwStoreStatus status;
    TwStoreState state; /* that was decided: if any, it is not new */
    bool security, minimal;
    uint64_t count;
    unsigned keys, lines;
    char *cause, *title, *verdict, *rule, *text, *origin, *form, *words;
    char *key, *issue, *duplicate_of, *comment;
    char *data; /* of the case, and a NUL */
    size_t size;
    /* Put in by the caller, or NULL: a text for an issue, and its title. */
    char *issue_text, *headline;
} TwTriageFinding;

/* Makes the lists.  Members that the caller has set are kept; `label`, `words`
 * and `store` are then owned by the triage. */
void tw_triage_init(TwTriage *triage);
void tw_triage_clear(TwTriage *triage);
GPtrArray *tw_triage_new_keys(void); /* of TwTriageKey */

/*
 * Adds the cases of a path: a file; of a folder all *.tw below it or, for a
 * harness, all files (of an AFL++ output folder only crashes and hangs).
 * `harness`: NULL, a name, or "auto".  A file that is not a case is reported
 * and counted; false with `error` if the path cannot be read at all.
 */
bool tw_triage_add(TwTriage *triage, const char *path, const char *harness,
                   GError **error);
/* Adds a program as it would be read from a file of this name. */
TwTriageCase *tw_triage_add_program(TwTriage *triage, const char *name,
                                    const TwTargetOptions *options,
                                    const TwProgram *program);

/*
 * Each of these works in processes and records its results at once; on Ctrl-C
 * it ends early.  False with `error` if the target, the store or processes
 * fail.
 */
/* Runs all cases and files them. */
bool tw_triage_run(TwTriage *triage, GError **error);
/* Shrinks a case of each key of the target that has no minimal one, if
 * triage->shrink. */
bool tw_triage_shrink(TwTriage *triage, GError **error);
/* Runs the keys of the target that this run has not met. */
bool tw_triage_retest(TwTriage *triage, GError **error);

/* The target's findings (TwTriageFinding, owned by the array), in the order of
 * TwTriageNews, or NULL with `error`. */
GPtrArray *tw_triage_findings(TwTriage *triage, GError **error);

#endif
