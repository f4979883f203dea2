/* SPDX-License-Identifier: MIT */
/*
 * The class "zoo": softmmu with one historical bug put back, with one rule
 * broken on purpose (a mutant), or with a change that breaks none (an
 * equivalent), opened as "zoo:SLUG".  What a testbed does not find here it
 * would not find elsewhere.
 */
#ifndef TW_TARGETS_ZOO_ZOO_H
#define TW_TARGETS_ZOO_ZOO_H

#include "targets/target.h"

typedef struct TwZooBug {
    const char *slug;       /* [a-z0-9-]+ */
    const char *summary;    /* one line */
    const char *provenance; /* where it was seen, or what it is derived from;
                             * mutants: "" */
    const char *verdicts;   /* names of verdicts, the usual one first,
                             * separated by commas; mutants: "", any finding */
    const char *endings;    /* stale: names of operations that should end what
                             * the bug keeps, separated by commas; else "" */
    const char *rules;      /* stale, and mutants: ids of rules that it breaks,
                             * separated by commas; else "" */
    const char *shown;      /* mutants: random programs show it only with
                             * --flush page ("page"), only with --check
                             * ("check"), or "never"; else "" */
    const char *layer;      /* bugs: the part of the memory system that is
                             * wrong, for people; else "" */
} TwZooBug;

extern const TwTargetClass tw_zoo_class;

/* All bugs, in the order of bugs.def; *count receives how many. */
const TwZooBug *tw_zoo_bugs(unsigned *count);

/* A bug or mutant that is QEMU's behaviour: the rule is the one that it
 * overrides. */
typedef struct TwZooQuirk {
    const char *slug, *summary, *rule;
} TwZooQuirk;

/* All quirks, in the order of quirks.def. */
const TwZooQuirk *tw_zoo_quirks(unsigned *count);

/* Opens softmmu with the quirks that the options name. */
TwTarget *tw_zoo_open_quirks(const TwTargetOptions *options, GError **error);

/* All mutants, in the order of mutants.def; no slug is a bug's. */
const TwZooBug *tw_zoo_mutants(unsigned *count);

/* All equivalents, in the order of equivalents.def: changes that no rule
 * forbids. Of these only slug and summary are set; no slug is that of a bug or
 * mutant. */
const TwZooBug *tw_zoo_equivalents(unsigned *count);

/* The mutants misses:COMMAND:STRUCTURE:KIND, in the order of cells.def: a
 * command that leaves one kind of record in one structure. */
const TwZooBug *tw_zoo_cells(unsigned *count);

/* How often the target, one of these, has left something since it was opened.
 * A program in which that did not change cannot show the mutant. */
uint64_t tw_zoo_missed(const TwTarget *target);

/* How often the target, of this class, has run the code of its bug since it was
 * opened: the place where the bug decides, whether or not it made a difference;
 * of a mutant misses:..., how often that has left something. */
uint64_t tw_zoo_reached(const TwTarget *target);

/* The bug or mutant of this slug (misses:... too), or NULL. */
const TwZooBug *tw_zoo_find(const char *slug);

/* Is the verdict one of those that the bug is known to cause?  A mutant may
 * cause any that is a finding. */
bool tw_zoo_expects(const TwZooBug *bug, unsigned verdict);

#endif
