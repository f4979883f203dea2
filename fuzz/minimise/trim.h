/* SPDX-License-Identifier: MIT */
/*
 * Trims an input for an engine, by structure.  Candidates are the input in its
 * shortest form, then without parts of its script, entries of its setup,
 * objects.  The engine says of each candidate whether it still does the same.
 * No candidate is longer than the input before it.  Allocates in tw_trim_new()
 * only.
 */
#ifndef TW_FUZZ_MINIMISE_TRIM_H
#define TW_FUZZ_MINIMISE_TRIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "program/dialect.h"

/* Maximum of candidates of one input: each costs a run. */
enum { TW_TRIM_MOST = 192 };

typedef struct TwTrim TwTrim;

/* Inputs are programs of this dialect, which is kept.  Free with
 * tw_trim_free(). */
TwTrim *tw_trim_new(const TwDialect *dialect);
void tw_trim_free(TwTrim *trim);

/* Begins with an input; false if it has no candidate. */
bool tw_trim_start(TwTrim *trim, const uint8_t *data, size_t size);

/* The candidate, valid until the next call, and its size. */
size_t tw_trim_candidate(const TwTrim *trim, const uint8_t **data);

/* It does the same, or it does not; false if there is no further one. */
bool tw_trim_go_on(TwTrim *trim, bool same);

#endif
