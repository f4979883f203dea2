/* SPDX-License-Identifier: MIT */
/*
 * The page of a store, as data, as HTML that needs no other file, and as JSON.
 * The data come from the store.  The caller adds the explanation and the
 * drawing of a finding, because its case must be run for them.
 *
 * The page trusts no text from outside: it escapes names of files, cases and
 * texts of crashes everywhere, and it forbids all scripts except its own.
 */
#ifndef TW_REPORTS_PAGE_PAGE_H
#define TW_REPORTS_PAGE_PAGE_H

#include "fuzz/run/coverage.h"
#include "reports/store/store.h"

/* The state of a finding since the page's run began, in the order on the page.
 */
typedef enum TwPageNews {
    TW_PAGE_NEW,
    TW_PAGE_RETURNED, /* it was fixed */
    TW_PAGE_FIXED,
    TW_PAGE_KNOWN, /* and still there */
    TW_PAGE_FLAKY, /* recurs in some runs only */
    TW_PAGE_GONE,  /* was fixed before */
    TW_PAGE_NEWS
} TwPageNews;

const char *tw_page_news_name(unsigned news); /* "new" ... */

typedef struct TwPageFinding {
    int64_t id;
    TwPageNews news;
    bool security, minimal;
    uint64_t count;
    unsigned keys, lines;
    int64_t first_seen, last_seen; /* seconds since 1970 */
    /* Never NULL. */
    char *target, *cause, *title, *verdict, *rule, *key, *form, *words;
    char *text, *origin, *first_version, *last_version, *fixed_version;
    char *issue, *duplicate_of, *comment; /* TwStoreDecision */
    TwStoreState state;
    char *known;  /* reason and link of the entry of a list of known divergences
                   * that it is, or NULL */
    GBytes *data; /* the case; may be empty */
    /* Put in by the caller, or NULL. */
    char *words_now;   /* options that choose the target, safe in a shell */
    char *explanation; /* what `explain` tells */
    char *drawing;     /* SVG of tw_draw() */
    char *headline;    /* tw_target_title() */
    char *emitted;     /* what `emit` writes */
    char *file;        /* that its case is in, for the text of an issue; NULL:
                        * tw_page_case_name() in cases/ */
    char *seen_with;   /* the target and its version, for people who do not
                        * know twinwalk; NULL: its name in the store */
} TwPageFinding;

/* A figure over time: all runs of one target (or of "") that have it. */
typedef struct TwPageSeries {
    char *name, *target;
    GArray *points; /* TwPagePoint, oldest first */
} TwPageSeries;

/* The runs of one night are one point: of rates the mean, of other figures the
 * last. */
typedef struct TwPagePoint {
    int64_t at; /* seconds since 1970 */
    double value;
    unsigned n; /* runs */
} TwPagePoint;

/* A step of the night that made the page, from its log. */
typedef struct TwPageStep {
    char *name, *outcome, *note;
    char *command; /* that repeats it, or NULL */
    char *log;     /* its log, relative to the page; put in by the caller, or
                    * NULL */
    double seconds;
} TwPageStep;

/* A run since the page's run began. */
typedef struct TwPageRun {
    int64_t id, started;
    char *verb, *target, *version, *options, *outcome;
    uint64_t seed, programs;
    double seconds;
} TwPageRun;

/* Figures of runs whose names begin so are no series: programs that showed the
 * known divergence of the rest of the name, and nothing else. */
#define TW_PAGE_MASKED "known."

/* A known divergence that programs showed, by the list of their runs. */
typedef struct TwPageMasked {
    char *name, *target;
    char *reason;        /* from the built-in list, or NULL */
    uint64_t since, all; /* programs, since the page's run began and ever */
} TwPageMasked;

/* Lines and branches of a folder of sources. */
typedef struct TwPageFolder {
    char *name;
    uint64_t lines, lines_hit, branches, branches_hit;
} TwPageFolder;

/* Another page to link to; `path` is relative to this one. */
typedef struct TwPageRef {
    char *text, *path;
} TwPageRef;

typedef struct TwPage {
    const char *title;
    const char *version;      /* of twinwalk */
    int64_t now;              /* seconds since 1970 */
    int64_t since_run, since; /* the run and when it began; 0: all */
    const char *since_verb, *since_outcome;
    unsigned running;    /* runs that are going on, or since then may be */
    GPtrArray *findings; /* TwPageFinding, as shown */
    GPtrArray *series;   /* TwPageSeries */
    GPtrArray *steps;    /* TwPageStep */
    GPtrArray *folders;  /* TwPageFolder */
    GPtrArray *links;    /* TwPageRef */
    GPtrArray *runs;     /* TwPageRun, oldest first */
    GPtrArray *masked;   /* TwPageMasked, by target and name */
    const char *about;   /* of the build, a line; or NULL */
    TwCoverage *coverage, *older; /* or NULL */
} TwPage;

#define TW_PAGE_ERROR (tw_page_error_quark())
GQuark tw_page_error_quark(void);
enum {
    TW_PAGE_ERROR_FORMAT, /* a file of another format */
    TW_PAGE_ERROR_RUN,    /* no such run */
};

TwPage *tw_page_new(void);
void tw_page_free(TwPage *page);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TwPage, tw_page_free)

/*
 * Reads a store.  `since`: the run after whose start findings count as new; 0:
 * the last one whose verb is "nightly", or else the last one.  False with
 * `error` (TW_STORE_ERROR, TW_PAGE_ERROR_RUN).
 */
bool tw_page_load(TwPage *page, TwStore *store, int64_t since, GError **error);

/*
 * Reads a log of steps: a line for each, name, outcome, seconds, a remark and,
 * if it is known, the command that repeats it, with tabs between them; errors
 * call the file `name`.  A last line without a newline is skipped: its writer
 * was interrupted.
 */
bool tw_page_add_steps(TwPage *page, const char *text, const char *name,
                       GError **error);

/* Reads the JSON summary of llvm-cov: a row for each folder. */
bool tw_page_add_lines(TwPage *page, const char *json, const char *name,
                       GError **error);

void tw_page_add_link(TwPage *page, const char *text, const char *path);

/* Name of the file, beside the page, that a finding's case is in: letters,
 * digits, '-' and '.' only.  For the caller to free. */
char *tw_page_case_name(const TwPageFinding *finding);

/* The command that runs the case, or NULL if nothing is known that runs it. */
char *tw_page_command(const TwPageFinding *finding);

/* Appends the text of an issue: Markdown, all that is not ours in blocks of
 * code.  Nothing for a flaky finding: its case may show another defect. */
void tw_page_issue(const TwPage *page, const TwPageFinding *finding,
                   GString *out);

/* Appends a whole HTML document. */
void tw_page_html(const TwPage *page, GString *out);

/* The number of the format of this JSON: it grows when a member goes or changes
 * its meaning, not when one is added. */
enum { TW_PAGE_JSON_FORMAT = 1 };

/* The same content as JSON, for the caller to free. */
char *tw_page_json(const TwPage *page);

#endif
