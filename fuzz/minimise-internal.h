/* SPDX-License-Identifier: MIT */
/*
 * Edits of programs by structure, shared by the minimiser and the mutator.
 * An edit takes what depends on a thing with it; where that leaves something
 * that tw_program_check() refuses, the caller throws the result away.
 */
#ifndef TW_FUZZ_MINIMISE_INTERNAL_H
#define TW_FUZZ_MINIMISE_INTERNAL_H

#include "fuzz/minimise.h"

typedef enum TwObject {
    OBJECT_REGION,
    OBJECT_SPACE,
    OBJECT_IOMMU,
    OBJECT_CPU,
    OBJECT_OBSERVER,
    OBJECT_MAPPING,
    OBJECTS
} TwObject;

enum { EDIT_REFS = 3 };

/* --- minimise-edit.c --- */

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

/* Everything that names space `id` names `to` instead; `id` is dropped. */
void tw_edit_merge_space(TwProgram *program, uint8_t id, uint8_t to);

/* Gives all objects the lowest ids, in their order. */
void tw_edit_renumber(TwProgram *program);

/* Operations and entries; and regions, spaces, IOMMUs, CPUs, MMU indexes and
 * actors. */
unsigned tw_edit_count_ops(const TwProgram *program);
unsigned tw_edit_count_objects(const TwProgram *program);

/* --- minimise.c, minimise-properties.c, minimise-numbers.c --- */

typedef struct TwMinimiser {
    TwProgram *best;
    TwProgram candidate;
    const TwDialect *dialect;
    TwStillFails still_fails;
    void *data;
    unsigned budget, rounds;
    TwMinimiseStats stats;
} TwMinimiser;

/* Starts a candidate as a copy of the best program so far. */
TwProgram *tw_minimise_start(TwMinimiser *min);

/* Takes the candidate if it is another program that still fails. */
bool tw_minimise_try(TwMinimiser *min);

/* Tries one change to the candidate, named `program`; notes in `any` whether
 * it was kept. */
#define TW_TRY(min, program, statement)                                      \
    do {                                                                     \
        TwProgram *program = tw_minimise_start(min);                         \
        statement;                                                           \
        any |= tw_minimise_try(min);                                         \
    } while (0)

/* Properties to their defaults, numbers to small ones; true if any went. */
bool tw_minimise_properties(TwMinimiser *min);
bool tw_minimise_numbers(TwMinimiser *min);

#endif
