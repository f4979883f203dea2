/* SPDX-License-Identifier: MIT */
/*
 * Edits of programs by structure, shared by the minimiser and the mutator.
 * An edit takes what depends on a thing with it; where that leaves something
 * that tw_program_check() refuses, the caller throws the result away.
 */
#ifndef TW_FUZZ_MINIMISE_INTERNAL_H
#define TW_FUZZ_MINIMISE_INTERNAL_H

#include "fuzz/minimise/minimise.h"

enum { EDIT_REFS = 3 };

/* --- edit.c, redirect.c --- */

/* Where `op` names objects of this kind; returns how many (ids only, not
 * "all", "none" or the board). */
unsigned tw_edit_refs(TwOp *op, TwObject kind, uint8_t *refs[EDIT_REFS]);

/* Takes `count` script operations from `first` on out. */
void tw_edit_cut_script(TwProgram *program, unsigned first, unsigned count);
void tw_edit_cut_setup(TwProgram *program, unsigned first, unsigned count);

/* Clears `during` where it does not follow an access. */
void tw_edit_tidy(TwProgram *program);

/* Each drops one object with what cannot be without it. */
void tw_edit_drop_region(TwProgram *program, uint8_t id);
void tw_edit_drop_space(TwProgram *program, uint8_t id);
void tw_edit_drop_iommu(TwProgram *program, uint8_t id);
void tw_edit_drop_cpu(TwProgram *program, uint8_t id);
void tw_edit_drop_mmu(TwProgram *program, uint8_t cpu, uint8_t index);
void tw_edit_drop_actor(TwProgram *program, uint8_t slot);

/* Puts what is in a container where the container is, and drops it. */
void tw_edit_flatten(TwProgram *program, uint8_t id);

/* What leads into IOMMU `id` by way of map operation `map` leads there
 * directly: other IOMMUs' entries, and with `homes` the CPUs as well. */
void tw_edit_bypass(TwProgram *program, uint8_t id, const TwOp *map,
                    bool homes);

/*
 * What leads to `size` bytes from `first` on of space `from` leads to `at` and
 * on of space `to` instead: IOMMU entries and DMA accesses; with `homes` also
 * the pages of CPU indexes at home there, which move if a page leads there.
 */
void tw_edit_redirect(TwProgram *program, uint8_t from, uint64_t first,
                      uint64_t size, uint8_t to, uint64_t at, bool homes);

/* What leads into one IOMMU leads into another, at the same offset. */
void tw_edit_redirect_iommu(TwProgram *program, uint8_t from, uint8_t to);

/* Everything that names space `id` names `to` instead; `id` is dropped. */
void tw_edit_merge_space(TwProgram *program, uint8_t id, uint8_t to);

/* Gives all objects the lowest ids, in their order. */
void tw_edit_renumber(TwProgram *program);

/* Operations and entries; and regions, spaces, IOMMUs, CPUs, MMU indexes and
 * actors. */
unsigned tw_edit_count_ops(const TwProgram *program);
unsigned tw_edit_count_objects(const TwProgram *program);

/* --- Passes --- */

/*
 * An enumeration of changed programs.  A pass visits all its changes of `best`
 * in a fixed order, which depends on `best` alone; each is a turn, and of the
 * wanted one the changed program is made.  So any candidate can be made without
 * knowing what came of those before it, and several be tried at once.
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
