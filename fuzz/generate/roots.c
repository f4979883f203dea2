/* SPDX-License-Identifier: MIT */
/* See roots.h.  Numbers of their own: other programs stay as they were. */
#include "fuzz/generate/roots.h"

#include "fuzz/generate/paged.h"
#include "fuzz/generate/regions.h"
#include "program/ways.h"

enum { ONE_IN = 8 /* programs of the profile */, ACCESSES = 3 };

static uint64_t lot(const TwGen *gen, uint64_t salt)
{
    return tw_mix64(gen->rng->state ^ 0x726f6f7473 ^ salt << 56);
}

/* A region that is not at the start of its container, the `draw`-th modulo
 * their number; TW_NONE: there is none. */
static uint8_t some_moved(const TwProgram *program, uint64_t draw)
{
    unsigned n = 0;

    for (unsigned pass = 0; pass < 2; pass++) {
        unsigned left = n > 0 ? (unsigned)(draw % n) : 0;

        for (unsigned i = 0; i < program->n_regions; i++) {
            const TwRegion *region = &program->regions[i];

            if (region->kind == TW_REGION_NONE ||
                region->container == TW_NONE || region->addr == 0 ||
                region->size == 0) {
                continue;
            }
            if (pass == 0) {
                n++;
            } else if (left-- == 0) {
                return (uint8_t)i;
            }
        }
        if (n == 0) {
            break;
        }
    }
    return TW_NONE;
}

static void put_access(TwGen *gen, const TwRegion *target, uint8_t space,
                       uint64_t draw)
{
    TwProgram *program = gen->program;
    uint64_t offset =
        draw / 16 % (target->size < gen->page ? target->size : gen->page);

    program->script[program->n_script++] =
        (TwOp){.code = draw & 1 ? TW_OP_DMA_READ : TW_OP_DMA_WRITE,
               .actor = TW_BOARD,
               .obj = space,
               .size = (uint8_t)(1u << (draw / 2 & 3)),
               .addr = draw & 8 ? offset : target->addr + offset};
}

void tw_roots_make(TwGen *gen)
{
    TwProgram *program = gen->program;
    const TwDialect *dialect = gen->dialect;
    uint64_t draw = lot(gen, 0);
    uint8_t target, space = program->n_spaces;
    TwRegion *alias;

    if (gen->profile != TW_PROFILE_TOPOLOGY || draw % ONE_IN != 0 ||
        !tw_ops_has(&dialect->ops, TW_OP_DMA_READ) ||
        !tw_ops_has(&dialect->ops, TW_OP_DMA_WRITE) ||
        dialect->identity_pages || tw_paged_dialect(dialect) ||
        gen->extreme != TW_EXTREME_NONE || space >= dialect->max_spaces ||
        program->contents != TW_CONTENTS_DATA ||
        program->n_script + (unsigned)ACCESSES > gen->limit) {
        return;
    }
    target = some_moved(program, draw / ONE_IN);
    alias = target == TW_NONE
                ? NULL
                : tw_gen_new_region(gen, TW_REGION_ALIAS, TW_NONE, 0,
                                    program->regions[target].size);
    if (alias == NULL) {
        return;
    }
    alias->target = target;
    if (tw_ways_too_many_at_start(program) != TW_NONE) {
        alias->kind = TW_REGION_NONE;
        program->n_regions--;
        return;
    }
    program->spaces[space] =
        (TwSpace){.present = true, .root = tw_gen_region_id(gen, alias)};
    program->n_spaces++;
    for (unsigned i = 0; i < ACCESSES; i++) {
        put_access(gen, &program->regions[target], space, lot(gen, i + 1));
    }
}
