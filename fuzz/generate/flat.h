/* SPDX-License-Identifier: MIT */
/* Programs without translation: pages have the same virtual and physical
 * address. */
#ifndef TW_FUZZ_GENERATE_FLAT_H
#define TW_FUZZ_GENERATE_FLAT_H

#include "fuzz/generate/sketch.h"

enum { TW_FLAT_MIB_LG = 20 };
/* Lets instructions in pages of the program make some of the accesses. */
void tw_flat_from(TwGen *gen);
/* A move: what a snapshot saves, and a restore brings back (flat-saved.c). */
void tw_flat_saved(TwGen *gen);
/* Makes some exchanges exclusive (LA-56), where no device is. */
void tw_flat_exclusive(TwGen *gen);

/* Everything but the script, of a program that has its parameters. */
void tw_flat_topology(TwGen *gen);

/* log2 of where addresses end. */
unsigned tw_flat_limit_lg(const TwGen *gen);
/* Regions begin and end at multiples of this. */
uint64_t tw_flat_unit(const TwGen *gen);
/* Somewhere to put one: mostly in the first pages of a MiB. */
uint64_t tw_flat_place(TwGen *gen);
/* Rights of a page that has not got all. */
uint8_t tw_flat_rights(TwGen *gen);

/* One move. */
void tw_flat_move(TwGen *gen);

#endif
