/* SPDX-License-Identifier: MIT */
/*
 * The question of a harness, for instance about DMA, so that an engine spends
 * its time on one subject.  A question narrows the dialect of the target, and
 * says from which profiles the mutator draws.
 */
#ifndef TW_FUZZ_HARNESS_QUESTION_H
#define TW_FUZZ_HARNESS_QUESTION_H

#include "program/dialect.h"

typedef enum TwQuestion {
    TW_QUESTION_ANY,        /* everything that the target has */
    TW_QUESTION_STATIC,     /* nothing changes: is the walk right? */
    TW_QUESTION_IOMMU,      /* nested IOMMUs, and what they tell observers */
    TW_QUESTION_INVALIDATE, /* does the target drop what it must? */
    TW_QUESTION_TOPOLOGY,   /* regions that change, in transactions */
    TW_QUESTION_DMA,        /* devices that access memory */
    TW_QUESTION_CPUS,       /* several CPUs: queues and safe points */
    TW_QUESTION_MPC,        /* TrustZone Memory Protection Controllers */
    TW_QUESTION_PAGETABLE,  /* IOMMUs with tables in RAM */
    TW_QUESTION_NESTED,     /* the same, with tables that others translate */
    TW_QUESTION_FAULT,      /* allocations that fail */
    TW_QUESTION_CHECK,      /* everything, with invariants tested */
    TW_QUESTIONS
} TwQuestion;

typedef struct TwQuestionInfo {
    const char *name, *summary;
    uint32_t profiles; /* bit per TwProfile */
    bool check;        /* TwTargetOptions */
} TwQuestionInfo;

/* The row of a question below TW_QUESTIONS. */
const TwQuestionInfo *tw_question_info(TwQuestion question);

/* Removes from `dialect` all that the question is not about. */
TwDialect tw_question_narrow(TwQuestion question, const TwDialect *dialect);

#endif
