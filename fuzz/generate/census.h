/* SPDX-License-Identifier: MIT */
/*
 * The census of random programs: which values each field of programs has had,
 * in how many programs.  The fields of objects and operations follow the
 * tables of program/ (fields.h, args.def); to them come figures of a program
 * as a whole (its *shape*: the longest chain of aliases) and of its run (the
 * peaks of a trace).  Must not know how programs are made.
 */
#ifndef TW_FUZZ_GENERATE_CENSUS_H
#define TW_FUZZ_GENERATE_CENSUS_H

#include <glib.h>

#include "program/trace.h"

typedef struct TwCensus TwCensus;

/* Empty. */
TwCensus *tw_census_new(void);
void tw_census_free(TwCensus *census);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TwCensus, tw_census_free)

/* Counts one well-formed program, and its trace on a target that tells peaks,
 * or NULL. */
void tw_census_count(TwCensus *census, const TwProgram *program,
                     const TwTrace *trace);

uint64_t tw_census_programs(const TwCensus *census);

/* Fields have numbers from 0 on, in the order of a table for people. */
unsigned tw_census_fields(const TwCensus *census);
/* "region.size", "op.addr.addr", "shape.tie", "run.queue". */
const char *tw_census_name(const TwCensus *census, unsigned field);

/*
 * Goes through the values that a field has had, in ascending order: *at is 0 at
 * first, and the census' afterwards.  `text` becomes the value ("3", "mmio") or
 * the range of values ("64..127") that were counted together, and *programs the
 * number of programs that had it.  False: that was all.
 */
bool tw_census_next(const TwCensus *census, unsigned field, unsigned *at,
                    GString *text, uint64_t *programs);

#endif
