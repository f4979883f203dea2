/* SPDX-License-Identifier: MIT */
/* The passes of the minimiser, and how their candidates are numbered. */
#ifndef TW_FUZZ_MINIMISE_PASSES_H
#define TW_FUZZ_MINIMISE_PASSES_H

#include "fuzz/minimise/minimise.h"
#include "program/edit/edit.h"

/*
 * An enumeration of changed programs.  A pass visits all its changes of `best`
 * in a fixed order, which depends only on `best`.  Each change is a turn; only
 * the program of the wanted turn is made.  So a candidate does not depend on
 * the results of earlier ones, and several can be tried at once.
 */
typedef struct TwTurns {
    const TwProgram *best;
    TwProgram *program; /* becomes the changed program */
    const TwDialect *dialect;
    unsigned round; /* from 1 */
    unsigned at, wanted;
    bool made;
} TwTurns;

/* Is this change wanted?  If so `program` is a copy of `best`, to change. */
static inline bool tw_turn(TwTurns *turns)
{
    if (turns->made || turns->at++ != turns->wanted) {
        return false;
    }
    tw_program_copy(turns->program, turns->best);
    turns->made = true;
    return true;
}

/* One turn: the statement behind `p` changes that program. */
#define TW_TURN(turns, p, ...) \
    do { \
        if (tw_turn(turns)) { \
            TwProgram *p = (turns)->program; \
            __VA_ARGS__; \
            return; \
        } \
    } while (0)

typedef void (*TwPass)(TwTurns *turns);

/* --- untable.c: pagetables that become tables --- */
void tw_pass_untable(TwTurns *turns);

/* --- leaves.c: larger pages --- */
void tw_pass_leaves(TwTurns *turns);

/* --- structure.c: operations, objects with their users --- */
void tw_pass_tail(TwTurns *turns);
void tw_pass_script(TwTurns *turns);
void tw_pass_setup(TwTurns *turns);
void tw_pass_one_op(TwTurns *turns);
void tw_pass_objects(TwTurns *turns);
void tw_pass_two_regions(TwTurns *turns);
void tw_pass_pairs(TwTurns *turns);
void tw_pass_notify(TwTurns *turns);
void tw_pass_bypass(TwTurns *turns);
void tw_pass_flatten(TwTurns *turns);
void tw_pass_renumber(TwTurns *turns);

/* --- join.c: one of two --- */
void tw_pass_merge(TwTurns *turns);
void tw_pass_unwrap(TwTurns *turns);
void tw_pass_stand_in(TwTurns *turns);
void tw_pass_actors(TwTurns *turns);
void tw_pass_start(TwTurns *turns);
void tw_pass_entries(TwTurns *turns);

/* --- detour.c: one thing instead of another --- */
void tw_pass_pages(TwTurns *turns);
void tw_pass_disable(TwTurns *turns);
void tw_pass_detours(TwTurns *turns);
void tw_pass_sink(TwTurns *turns);

/* --- properties.c: properties to their defaults --- */
void tw_pass_properties(TwTurns *turns);

/* --- numbers.c: addresses, sizes, the page size --- */
void tw_pass_page_size(TwTurns *turns);
void tw_pass_places(TwTurns *turns);
void tw_pass_sizes(TwTurns *turns);
void tw_pass_addresses(TwTurns *turns);

#endif
