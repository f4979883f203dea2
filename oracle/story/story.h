/* SPDX-License-Identifier: MIT */
/*
 * The story of a finding, as data: what was allowed and what was seen, the
 * walks that lead there, step by step with the rules that decide, and the life
 * of an answer that should have been dropped.  For the code that shows it; made
 * once per finding, so unlike judging it may allocate.
 */
#ifndef TW_ORACLE_STORY_STORY_H
#define TW_ORACLE_STORY_STORY_H

#include <glib.h>

#include "oracle/judge/judge.h"
#include "oracle/story/scene.h"
#include "oracle/walk/place.h"

/* Steps of a walk --------------------------------------------------------- */

typedef enum TwStepKind {
    TW_STEP_PAGE,      /* the CPU's page map: `at` -> `out`, or refused */
    TW_STEP_SPACE,     /* `at` in `space`, whose root is `region` */
    TW_STEP_REGION,    /* offset `at` of `region` */
    TW_STEP_ALIAS,     /* offset `at` of alias `region` is `out` of `to` */
    TW_STEP_NOTHING,   /* nothing there in `region`: what lies under it shows */
    TW_STEP_TRANSLATE, /* offset `at` of IOMMU `iommu`: `out` in `space` */
    TW_STEP_CONTEXT,   /* the context that it read: `mode`, root `out`, `domain`
                        */
    TW_STEP_ENTRY,     /* and each entry: `out` at `at` of its tables */
    TW_STEP_END,       /* where the walk ends: TwTale.end */
    TW_STEPS
} TwStepKind;

const char *tw_step_name(unsigned kind); /* "page" ... */

typedef struct TwStep {
    uint8_t kind;   /* TwStepKind */
    uint8_t stage;  /* 0: page map; then two for each IOMMU: space, entry */
    uint8_t indent; /* regions: how deep */
    uint8_t region, to, space, iommu, index; /* ids, or TW_NONE */
    uint8_t mode, domain;                    /* CONTEXT: TwContextMode */
    uint8_t level;      /* ENTRY; its tables are in `region` or `space` */
    uint8_t perm, need; /* rights that are there, that the access needs */
    bool there;         /* PAGE, TRANSLATE: there is an entry; SPACE: a root;
                         * ENTRY: it can be read */
    bool bypass;        /* TRANSLATE: the IOMMU is in bypass */
    bool recorded;      /* TRANSLATE: by a record of its IOTLB */
    bool combined;      /* TRANSLATE: by a record of two hops, of which it is
                         * one (LA-54) */
    bool blocked;       /* TRANSLATE: the MPC blocks it, and the walk ends */
    uint16_t op;        /* PAGE, TRANSLATE, CONTEXT, ENTRY: what made it so;
                         * SPACE: the last commit; TW_NO_OP: the setup */
    uint32_t since;     /* when it did */
    uint64_t at, out;
    /* Regions that contain the byte but are not seen, as bits by id: siblings
     * that come after this one (MR-5), children that are disabled or of size 0,
     * REGION and ALIAS; bit r is 1 << r. */
    uint64_t under, hidden;
    const char *rule; /* ids, ", " between them */
} TwStep;

/* One byte's walk at one time, or at two. */
typedef struct TwTale {
    GArray *steps; /* TwStep */
    TwPlace end;   /* as the judge's own walk has it, one byte */
    bool old;      /* the page map is as it was, and so are the first */
    uint8_t topology, hops; /* resolutions, translations; the rest as now */
    uint16_t until; /* old: they were so until this operation; TW_NO_OP: at
                     * the start */
} TwTale;

/* The life of an old answer ----------------------------------------------- */

typedef enum TwLifeKind {
    TW_LIFE_FILLED,
    TW_LIFE_CHANGED,
    TW_LIFE_ENDED,
    TW_LIFE_USED,
    TW_LIVES
} TwLifeKind;

const char *tw_life_name(unsigned kind); /* "filled" ... */

typedef struct TwLife {
    uint8_t kind;     /* TwLifeKind */
    uint16_t op;      /* number in the script, or TW_NO_OP: the start */
    const TwOp *done; /* what was performed; NULL at the start.  Not the
                       * script's own operation if an actor offset did it: */
    bool by_actor;
    const char *rule; /* that it stands under, or NULL */
    char what[200];   /* what it did, one line */
} TwLife;

/* The story --------------------------------------------------------------- */

enum { TW_STORY_ALLOWED = 8 };

/* What came, or may come, of the access. */
typedef struct TwTold {
    uint8_t class_; /* TwClass */
    bool broken;    /* seen: locations that make no sense, and */
    uint8_t gaps;   /* if nothing else is wrong, bytes that have none */
    bool busy;      /* it reaches a device that has started it (AC-8) */
    bool has_value;
    bool current;     /* the current answer, not an older one; of an access
                       * with an operation during it, before or after that */
    uint8_t n_places; /* 0: nothing is known, or nothing was walked */
    uint64_t value;
    TwReason reason; /* kind NONE: none is known */
    TwPlace places[TW_MAX_ACCESS];
} TwTold;

/* One page of the access: the walk of one byte in it. */
typedef struct TwPart {
    uint8_t byte;    /* of the access: the first that parts, else the first */
    uint64_t addr;   /* of that byte */
    bool paired;     /* tales[1] is there */
    TwTale tales[2]; /* now; the old answer that was seen, or else one that
                      * was allowed besides */
} TwPart;

typedef struct TwStory {
    const TwProgram *program;
    TwFinding finding;
    bool access;     /* an access is accused; else there is only the finding */
    TwScene *scene;  /* the world that the access met; NULL without one */
    bool too_short;  /* wrong: an older answer gives what was seen, but too few
                      * bytes were seen to tell */
    bool right_only; /* perm: tales[1] is the answer whose right it had; what
                      * was seen went elsewhere */
    bool cacheable;  /* stale: the answer might have been cached */
    bool reasons;    /* reasons of refusals were compared (LA-60) */
    bool other_refused; /* the access had to be refused with the other one that
                         * its instruction makes (LA-59) */
    bool differ; /* a tale ends where the judge's walk does not: twinwalk's
                  * own fault */
    TwTold allowed[TW_STORY_ALLOWED], seen;
    uint32_t n_allowed;         /* of all; the first are in `allowed` */
    unsigned n_expected, n_log; /* what devices should be told (the current
                                 * answer), and were */
    TwLogRecord expected[TW_MAX_TOLD], log[2 * TW_MAX_TOLD];
    unsigned n_parts;
    TwPart parts[2];
    unsigned n_life;
    TwLife life[TW_LIVES];
} TwStory;

/*
 * The story of a finding, after tw_judge() gave it and before the next call.
 * The program must stay as long as the story.  Free with tw_story_free().
 */
TwStory *tw_story_new(const TwOracle *oracle);
void tw_story_free(TwStory *story);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TwStory, tw_story_free)

/* The story as plain text of at most 100 columns, appended to `out`. */
void tw_story_print(const TwStory *story, GString *out);

/* The same without the walks. */
void tw_story_print_brief(const TwStory *story, GString *out);

/* One line of such text, broken where it must be; what follows is indented. */
void tw_story_line(const char *text, unsigned indent, GString *out);

/* One step without its rule, appended to `out`. */
void tw_step_print(const TwStory *story, const TwTale *tale, const TwStep *step,
                   GString *out);

#endif
