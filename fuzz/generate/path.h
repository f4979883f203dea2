/* SPDX-License-Identifier: MIT */
/*
 * Programs for a machine whose devices reach RAM through an IOMMU of its own
 * (program/path.h): tables for a few *hot* pages, then changes of the entries
 * and contexts on the way to them, mostly with the commands that they need.
 */
#ifndef TW_FUZZ_GENERATE_PATH_H
#define TW_FUZZ_GENERATE_PATH_H

#include "program/dialect.h"
#include "program/rng.h"

/* Makes such a program, inside the dialect, which has `path_stages`. */
void tw_path_generate(TwProgram *program, const TwDialect *dialect, TwRng *rng);

#endif
