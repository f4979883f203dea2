/* SPDX-License-Identifier: MIT */
/*
 * For the oracle's tests: programs from text, and a stand-in for a target that
 * answers as the test wants: truthfully, from a given moment in the past, or
 * out of a naive cache that fills and evicts at random.  It is made of the
 * oracle's own walker, so it says nothing about walks; test-walk and test-flat
 * do.
 */
#ifndef TW_ORACLE_TEST_TEST_SUPPORT_H
#define TW_ORACLE_TEST_TEST_SUPPORT_H

#include "oracle/freshness/floor.h"
#include "oracle/judge/access.h"
#include "oracle/judge/choice.h"
#include "oracle/judge/explain.h"
#include "oracle/judge/fits.h"
#include "oracle/judge/listen.h"
#include "oracle/judge/observe.h"
#include "oracle/judge/oracle.h"
#include "oracle/judge/perform.h"
#include "oracle/story/story.h"
#include "oracle/story/tell.h"
#include "oracle/walk/flat.h"
#include "oracle/walk/render.h"
#include "oracle/world/iommu.h"
#include "oracle/world/page.h"
#include "program/rng.h"

/* Parses strictly; aborts the test with the parser's words otherwise.  Free
 * with g_free(). */
TwProgram *test_program(const char *text);

/*
 * A random program: small pages, two spaces, two IOMMUs that may lead into each
 * other, two CPUs, everything crowded into 4 KiB so that it collides.  With
 * `hostile`, regions also reach to 2^64 and aliases go anywhere.
 */
void test_random(TwProgram *program, TwRng *rng, bool hostile);

/* Softmmu's promises but the length of mappings, everything the language has,
 * and locations. */
TwContract test_contract(void);
TwDialect test_dialect(void);

/* A stand-in at work. */
typedef struct TestTarget {
    const TwProgram *program;
    TwContract contract;
    TwWorld *world;
    TwContents contents;
    TwDirty dirty;
    TwTrace *trace;
    uint32_t before[TW_MAX_SCRIPT]; /* tick before each operation */
    /* Per operation: the access is answered as before operation `as_of`,
     * where that is not its own number; `topology` and `hops` as TwTimes. */
    uint16_t as_of[TW_MAX_SCRIPT];
    uint8_t topology[TW_MAX_SCRIPT], hops[TW_MAX_SCRIPT];
    bool after[TW_MAX_SCRIPT]; /* the operation during the access comes first */
    bool late_fill;  /* the cache takes what it fills for an answer of after */
    uint16_t during; /* the first operation during the access at hand, or
                      * TW_NO_OP */
    uint16_t performed; /* operations before this one were, during an access */
    uint8_t started;    /* the access at hand, as in TwAccess */
    uint32_t acted;     /* bit per actor offset that it or what it starts has */
    TwRegionSet busy;   /* devices that have started it */
    TwRng *rng;         /* not NULL: a naive cache, driven by this */
    bool forgetful;     /* the cache ignores what must end its entries */
    uint32_t hits;      /* old answers that it gave */
    uint32_t fills_during; /* fills with an operation inside */
    uint32_t n_cached;
    struct {
        TwTimes times;
        uint64_t page;
        uint8_t cpu, mmu;
        bool live;
        uint32_t late; /* events up to here do not count, by mistake */
    } cached[256];
} TestTarget;

/* A truthful target for `program`, which must outlive it. */
TestTarget *test_target_new(const TwProgram *program);
void test_target_free(TestTarget *target);

/* Runs the program; the trace is in target->trace. */
void test_target_run(TestTarget *target, bool located);

/* Judges target->trace; aborts unless the verdict is the one named.  The
 * finding is returned in a static buffer. */
const TwFinding *test_judge(TestTarget *target, TwVerdict expected);
const TwFinding *test_judge_stats(TestTarget *target, TwVerdict expected,
                                  TwJudgeStats *stats);

#endif
