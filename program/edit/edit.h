/* SPDX-License-Identifier: MIT */
/*
 * Edits of programs by structure, shared by the minimiser and the mutator.
 *
 * An edit takes what depends on a thing with it; where that leaves something
 * that tw_program_check() refuses, the caller throws the result away.
 */
#ifndef TW_PROGRAM_EDIT_EDIT_H
#define TW_PROGRAM_EDIT_EDIT_H

#include "program/model.h"

enum { EDIT_REFS = 3 };

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

#endif
