/* SPDX-License-Identifier: MIT */
/*
 * The minimiser's large steps: drops operations and objects with their users,
 * bypasses hops, and replaces containers by their content.
 */
#include "fuzz/minimise/passes.h"

#include "program/ops.h"

/* Script and setup -------------------------------------------------------- */

void tw_pass_tail(TwTurns *turns)
{
    for (unsigned chunk = turns->best->n_script / 2u; chunk > 0; chunk /= 2) {
        TW_TURN(turns, p, p->n_script = (uint16_t)(p->n_script - chunk));
    }
}

void tw_pass_script(TwTurns *turns)
{
    unsigned n = turns->best->n_script;

    for (unsigned chunk = (n + 1) / 2; chunk > 0; chunk /= 2) {
        for (unsigned end = n; end >= chunk; end -= chunk) {
            TW_TURN(turns, p, {
                tw_edit_cut_script(p, end - chunk, chunk);
                tw_edit_tidy(p);
            });
        }
    }
}

void tw_pass_setup(TwTurns *turns)
{
    unsigned n = turns->best->n_setup;

    for (unsigned chunk = (n + 1) / 2; chunk > 0; chunk /= 2) {
        for (unsigned end = n; end >= chunk; end -= chunk) {
            TW_TURN(turns, p, tw_edit_cut_setup(p, end - chunk, chunk));
        }
    }
}

/* Without chunks, script and setup. */
void tw_pass_one_op(TwTurns *turns)
{
    for (unsigned i = turns->best->n_script; i-- > 0;) {
        TW_TURN(turns, p, {
            tw_edit_cut_script(p, i, 1);
            tw_edit_tidy(p);
        });
    }
    for (unsigned i = turns->best->n_setup; i-- > 0;) {
        TW_TURN(turns, p, tw_edit_cut_setup(p, i, 1));
    }
}

/* The operation that closes what `first` opens, or n_script. */
static unsigned closing(const TwProgram *program, unsigned first)
{
    unsigned open = program->script[first].code;
    unsigned close = open == TW_OP_BEGIN ? TW_OP_COMMIT : TW_OP_END_PAR;
    unsigned depth = 0;

    for (unsigned i = first; i < program->n_script; i++) {
        depth += program->script[i].code == open;
        if (program->script[i].code == close && --depth == 0) {
            return i;
        }
    }
    return program->n_script;
}

static void drop_pair(TwProgram *program, unsigned first, unsigned last)
{
    bool par = program->script[first].code == TW_OP_PAR;

    for (unsigned k = last + 1; k-- > first;) {
        unsigned inner = program->script[k].code;
        if (k == first || k == last ||
            (par && (inner == TW_OP_AND || inner == TW_OP_BARRIER))) {
            tw_edit_cut_script(program, k, 1);
        }
    }
    tw_edit_tidy(program);
}

/* Drops operations that need each other: begin and commit; par and end-par with
 * `and` and `barrier` between them. */
void tw_pass_pairs(TwTurns *turns)
{
    const TwProgram *best = turns->best;

    for (unsigned i = 0; i < best->n_script; i++) {
        unsigned code = best->script[i].code;
        if (code != TW_OP_BEGIN && code != TW_OP_PAR) {
            continue;
        }
        unsigned last = closing(best, i);
        if (last < best->n_script) {
            TW_TURN(turns, p, drop_pair(p, i, last));
        }
    }
}

static void notify_at_once(TwProgram *program, unsigned change, unsigned notify)
{
    program->script[change].flags |= TW_OPF_NOTIFIED;
    tw_edit_cut_script(program, notify, 1);
    tw_edit_tidy(program);
}

static bool is_silent_change(const TwOp *op)
{
    return (op->code == TW_OP_MAP || op->code == TW_OP_UNMAP ||
            op->code == TW_OP_PROTECT) &&
           !(op->flags & TW_OPF_NOTIFIED);
}

static void only_notify(TwOp *op)
{
    op->code = TW_OP_NOTIFY_ALL;
    op->flags &= (uint8_t)~TW_OPF_ON;
}

/* A silent change and a later notification become one notified change; an
 * reset or a bypass switch becomes a mere notification of everything. */
void tw_pass_notify(TwTurns *turns)
{
    const TwProgram *best = turns->best;

    for (unsigned i = 0; i < best->n_script; i++) {
        const TwOp *change = &best->script[i];

        if (change->code == TW_OP_BYPASS || change->code == TW_OP_IOMMU_RESET) {
            TW_TURN(turns, p, only_notify(&p->script[i]));
        }
        for (unsigned k = i + 1; k < best->n_script && is_silent_change(change);
             k++) {
            const TwOp *op = &best->script[k];
            if ((op->code == TW_OP_NOTIFY || op->code == TW_OP_NOTIFY_ALL) &&
                op->obj == change->obj) {
                TW_TURN(turns, p, notify_at_once(p, i, k));
            }
        }
    }
}

/* Objects ----------------------------------------------------------------- */

static void drop_cpus(TwTurns *turns)
{
    const TwProgram *best = turns->best;

    for (unsigned i = best->n_cpus; i-- > 0;) {
        if (!best->cpus[i].present) {
            continue;
        }
        TW_TURN(turns, p, tw_edit_drop_cpu(p, (uint8_t)i));
        for (unsigned m = TW_MAX_MMU_INDEXES; m-- > 0;) {
            if (best->cpus[i].mmu[m].present) {
                TW_TURN(turns, p, tw_edit_drop_mmu(p, (uint8_t)i, (uint8_t)m));
            }
        }
    }
}

void tw_pass_objects(TwTurns *turns)
{
    const TwProgram *best = turns->best;

    drop_cpus(turns);
    for (unsigned i = best->n_iommus; i-- > 0;) {
        if (best->iommus[i].kind != TW_IOMMU_NONE) {
            TW_TURN(turns, p, tw_edit_drop_iommu(p, (uint8_t)i));
        }
    }
    for (unsigned i = best->n_spaces; i-- > 0;) {
        if (best->spaces[i].present) {
            TW_TURN(turns, p, tw_edit_drop_space(p, (uint8_t)i));
        }
    }
    for (unsigned i = best->n_regions; i-- > 0;) {
        if (best->regions[i].kind != TW_REGION_NONE) {
            TW_TURN(turns, p, tw_edit_drop_region(p, (uint8_t)i));
        }
    }
    for (unsigned i = best->n_actors; i-- > 0;) {
        if (best->actors[i].region != TW_NONE) {
            TW_TURN(turns, p, tw_edit_drop_actor(p, (uint8_t)i));
        }
    }
}

void tw_pass_two_regions(TwTurns *turns)
{
    const TwProgram *best = turns->best;

    for (unsigned a = best->n_regions; a-- > 1;) {
        for (unsigned b = a; b-- > 0;) {
            if (best->regions[a].kind != TW_REGION_NONE &&
                best->regions[b].kind != TW_REGION_NONE) {
                TW_TURN(turns, p, {
                    tw_edit_drop_region(p, (uint8_t)a);
                    tw_edit_drop_region(p, (uint8_t)b);
                });
            }
        }
    }
}

void tw_pass_flatten(TwTurns *turns)
{
    const TwProgram *best = turns->best;

    for (unsigned i = best->n_regions; i-- > 0;) {
        if (best->regions[i].kind == TW_REGION_CONTAINER &&
            best->regions[i].container != TW_NONE) {
            TW_TURN(turns, p, tw_edit_flatten(p, (uint8_t)i));
        }
    }
}

/* Redirecting without dropping could go round in circles for ever. */
enum { BYPASS_ROUNDS = 3 };

static void bypass_by(TwTurns *turns, const TwOp *ops, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const TwOp *map = &ops[i];
        if (map->code != TW_OP_MAP) {
            continue;
        }
        TW_TURN(turns, p, {
            tw_edit_bypass(p, map->obj, map, true);
            tw_edit_drop_iommu(p, map->obj);
        });
        if (turns->round <= BYPASS_ROUNDS) {
            TW_TURN(turns, p, tw_edit_bypass(p, map->obj, map, false));
        }
    }
}

void tw_pass_bypass(TwTurns *turns)
{
    const TwProgram *best = turns->best;

    for (unsigned i = best->n_iommus; i-- > 0;) {
        const TwIommu *iommu = &best->iommus[i];
        if (iommu->kind != TW_IOMMU_NONE && iommu->bypass_space != TW_NONE) {
            TW_TURN(turns, p, {
                TwOp all = {.obj = (uint8_t)i, .other = iommu->bypass_space};
                tw_edit_bypass(p, (uint8_t)i, &all, true);
                tw_edit_drop_iommu(p, (uint8_t)i);
            });
        }
    }
    bypass_by(turns, best->setup, best->n_setup);
    bypass_by(turns, best->script, best->n_script);
}

/* Low ids; ids are part of what RAM holds, so this may lose the finding. */
void tw_pass_renumber(TwTurns *turns)
{
    TW_TURN(turns, p, tw_edit_renumber(p));
}
