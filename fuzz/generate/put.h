/* SPDX-License-Identifier: MIT */
/* What the generator's moves are made of; for generate-*.c only. */
#ifndef TW_FUZZ_GENERATE_PUT_H
#define TW_FUZZ_GENERATE_PUT_H

#include "fuzz/generate/internal.h"

/* --- put.c: operations --- */

/* Has the script no room left? */
bool tw_gen_full(const TwGen *gen);

/*
 * A new operation of the script, by `actor`, otherwise zero; the caller fills
 * in the operands.  Outside the dialect, or if the script is full, one that
 * nobody sees; never NULL.
 */
TwOp *tw_put(TwGen *gen, TwOpCode code, uint8_t actor);

/* A kind of CPU access, in a natural mixture; a size that it may have. */
TwOpCode tw_gen_code(TwGen *gen);
uint8_t tw_gen_size(TwGen *gen, TwOpCode code);

/* Who makes a change that CPU `cpu` should notice: the board, that CPU, or
 * another one. */
uint8_t tw_gen_actor(TwGen *gen, uint8_t cpu);

/* An access at exactly `va`; at or near it, in the same page with few
 * exceptions; at or near an aim's address. */
void tw_put_access(TwGen *gen, TwOpCode code, uint8_t cpu, uint8_t mmu,
                   uint64_t va, uint8_t size);
void tw_put_near(TwGen *gen, TwOpCode code, uint8_t cpu, uint8_t mmu,
                 uint64_t va);
void tw_put_aimed(TwGen *gen, const TwAim *aim, TwOpCode code);

/* Makes sure that there is something to be stale: an access, unless there was
 * one already. */
void tw_put_fill(TwGen *gen, const TwAim *aim, TwOpCode code);

TwOp *tw_put_dma(TwGen *gen, bool write, uint8_t space, uint64_t addr,
                 TwAttrs attrs);
void tw_put_safepoint(TwGen *gen, uint8_t cpu);

/* Sets the new value of a switch. */
void tw_put_on(TwGen *gen, TwOp *op, bool on);

/* --- targets; false if there is none --- */

/* Somewhere; where an access went before; somewhere behind an IOMMU. */
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

/* --- regions.c: what spaces are filled with --- */

/* Where the next region of each space goes. */
typedef struct TwGenCursor {
    uint64_t at[TW_MAX_SPACES];
} TwGenCursor;

/* Are regions of this kind in the dialect? */
bool tw_gen_has_kind(const TwGen *gen, unsigned kind);
/* A new region, in `container` at `addr`; NULL if there is no room for it. */
TwRegion *tw_gen_new_region(TwGen *gen, TwRegionKind kind, uint8_t container,
                            uint64_t addr, uint64_t size);
uint8_t tw_gen_region_id(const TwGen *gen, const TwRegion *region);

/* A leaf of about 2^lg_from to 2^(lg_from + lg_below - 1) pages; any of the
 * rest: leaves, containers, aliases; an IOMMU.  The sketch follows. */
bool tw_gen_add_leaf(TwGen *gen, TwGenCursor *cursor, uint8_t space,
                     TwRegionKind kind, unsigned lg_from, unsigned lg_below);
bool tw_gen_add_extra(TwGen *gen, TwGenCursor *cursor, uint8_t space);
void tw_gen_add_iommu(TwGen *gen, TwGenCursor *cursor, uint8_t space);
/* Aliases of rows of aliases: 9 to 4096 pieces of one leaf, so that views get
 * large; nothing if there are not regions enough left. */
void tw_gen_add_grid(TwGen *gen, TwGenCursor *cursor, uint8_t space);

/* --- board.c: changes of regions --- */

/* One topology change of region `id`, unless one is undone. */
void tw_put_topology(TwGen *gen, uint8_t id, uint8_t actor);
/* A region that matters to an aim: its leaf, an IOMMU on the way, a root. */
uint8_t tw_gen_some_region(TwGen *gen, const TwAim *aim);
/* What may be changed about an aim, whatever it is; `notified` is for hops. */
void tw_put_any_change(TwGen *gen, const TwAim *aim, uint8_t actor,
                       bool notified);

/* --- flat.c: where pages lead to their own addresses --- */

enum { TW_FLAT_MIB_LG = 20 };
/* Has some accesses made by instructions in pages of the program. */
void tw_flat_from(TwGen *gen);

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

/* --- flat-moves.c --- */

/* One move. */
void tw_flat_move(TwGen *gen);

/* --- moves.c, -board.c, -watch.c, -time.c: moves used by others ---
 */

void tw_move_access(TwGen *gen);
void tw_move_topology(TwGen *gen);
void tw_move_transaction(TwGen *gen);
void tw_move_pingpong(TwGen *gen);
void tw_move_cpus(TwGen *gen);
void tw_move_dma(TwGen *gen);
void tw_move_switch(TwGen *gen);
void tw_move_destroy(TwGen *gen);
void tw_move_unplug(TwGen *gen);
void tw_move_observe(TwGen *gen);
void tw_move_actor(TwGen *gen);
void tw_move_listen(TwGen *gen);
void tw_move_dirty(TwGen *gen);
void tw_move_during(TwGen *gen);
void tw_move_snapshot(TwGen *gen);
void tw_move_clock(TwGen *gen);
void tw_move_space(TwGen *gen);

#endif
