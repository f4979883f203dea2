/* SPDX-License-Identifier: MIT */
/*
 * How well a triage tells causes apart, measured by cases whose causes are
 * known: their labels (TwTriageCase.label).  A label with a comma names several
 * causes: each of them explains the finding, or it takes them all.
 */
#ifndef TW_REPORTS_TRIAGE_SCORE_H
#define TW_REPORTS_TRIAGE_SCORE_H

#include "reports/measure/figures.h"
#include "reports/triage/triage.h"

typedef struct TwTriageScore {
    GPtrArray *labels; /* char *: rows of the tables, sorted */
    GPtrArray *causes; /* char *: columns, in the order in which they came */
    /* counts[label * causes->len + cause] of findings: by the cause that each
     * has by itself, and by its cause in the store. */
    unsigned *raw, *stored;
    TwGrouping of_raw, of_stored;
    unsigned findings;   /* with one label: what is measured */
    unsigned unlabelled; /* findings without one, left out */
    unsigned several;    /* findings with several, left out */
    unsigned silent;     /* cases with a label that show no finding here */
} TwTriageScore;

/* After tw_triage_run() and tw_triage_shrink().  False with `error` if the
 * store cannot be read.  To be cleared. */
bool tw_triage_score(TwTriage *triage, TwTriageScore *score, GError **error);
void tw_triage_score_clear(TwTriageScore *score);

/*
 * The rows `chosen` (of labels->len; NULL: all) of a table by themselves.
 */
TwGrouping tw_triage_score_of(const TwTriageScore *score,
                              const unsigned *counts, const bool *chosen);

/*
 * Gives labels to cases that have none: the name of the entry of the list that
 * explains the finding alone.  For that, the case is run once for each entry
 * that is for findings with such an outcome, without the triggers of all
 * others.  The label is the entry with which the finding stays, if there is
 * only one; TwTriageCase.alone says how many there are.  Works in processes.
 * Neither the key patterns of the list nor the experiments of tw_cause_find()
 * are asked.
 */
bool tw_triage_label(TwTriage *triage, GError **error);

#endif
