/* SPDX-License-Identifier: MIT */
/* What the generator's moves are made of; for this folder and the mutator only.
 */
#ifndef TW_FUZZ_GENERATE_PUT_H
#define TW_FUZZ_GENERATE_PUT_H

#include "fuzz/generate/sketch.h"

/* Has the script no room left? */
bool tw_gen_full(const TwGen *gen);

/*
 * A new operation of the script, by `actor`, otherwise zero; the caller fills
 * in the operands.  Outside the dialect, or if the script is full, a scratch
 * operation that is not in the script; never NULL.
 */
TwOp *tw_put(TwGen *gen, TwOpCode code, uint8_t actor);

/* A kind of CPU access, in a natural mixture; a size that it may have. */
TwOpCode tw_gen_code(TwGen *gen);
uint8_t tw_gen_size(TwGen *gen, TwOpCode code);

/* The actor of a change that CPU `cpu` should notice: the board, that CPU, or
 * another one. */
uint8_t tw_gen_actor(TwGen *gen, uint8_t cpu);

/* An access at exactly `va`; at or near it, in the same page with few
 * exceptions; at or near an aim's address. */
void tw_put_access(TwGen *gen, TwOpCode code, uint8_t cpu, uint8_t mmu,
                   uint64_t va, uint8_t size);
void tw_put_near(TwGen *gen, TwOpCode code, uint8_t cpu, uint8_t mmu,
                 uint64_t va);
void tw_put_aimed(TwGen *gen, const TwAim *aim, TwOpCode code);

/* Makes sure that an answer can become stale: adds an access, unless there was
 * one already. */
void tw_put_fill(TwGen *gen, const TwAim *aim, TwOpCode code);

TwOp *tw_put_dma(TwGen *gen, bool write, uint8_t space, uint64_t addr,
                 TwAttrs attrs);
void tw_put_safepoint(TwGen *gen, uint8_t cpu);

/* Sets the new value of a switch. */
void tw_put_on(TwGen *gen, TwOp *op, bool on);

/* --- targets; false if there is none --- */

/* An address anywhere; one that an access had before; one behind an IOMMU. */
bool tw_aim_anywhere(TwGen *gen, TwAim *aim);
bool tw_aim_touched(TwGen *gen, TwAim *aim);
bool tw_aim_hop(TwGen *gen, TwAim *aim);

/* Nothing answers there, as far as the sketch knows. */
bool tw_aim_dead(const TwGen *gen, const TwAim *aim);

/* Any hop of an aim that has one, the last as often as the first. */
const TwSketchHop *tw_aim_some_hop(TwGen *gen, const TwAim *aim);

/* --- changes of what a hop does --- */

void tw_put_unmap(TwGen *gen, const TwSketchHop *hop, uint8_t actor,
                  bool notified);
void tw_put_protect(TwGen *gen, const TwSketchHop *hop, uint8_t perm,
                    uint8_t actor, bool notified);
/* Maps the hop's page elsewhere; as it was. */
void tw_put_map(TwGen *gen, const TwSketchHop *hop, uint8_t perm, uint8_t actor,
                bool notified);
void tw_put_remap_same(TwGen *gen, const TwSketchHop *hop, uint8_t actor,
                       bool notified);
/* One of these. */
void tw_put_change(TwGen *gen, const TwSketchHop *hop, uint8_t actor,
                   bool notified);
/* An UNMAP event that meets the hop's page window, sometimes just so. */
TwOp *tw_put_notify(TwGen *gen, const TwSketchHop *hop, uint8_t actor);

/* Points the page of an aim elsewhere, in the page map. */
void tw_put_page(TwGen *gen, const TwAim *aim, uint8_t actor);
/* Ends what is cached of an aim's page. */
void tw_put_flush(TwGen *gen, const TwAim *aim, uint8_t actor);

/* An access somewhere. */
void tw_move_access(TwGen *gen);

#endif
