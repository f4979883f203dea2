/* SPDX-License-Identifier: MIT */
/*
 * The minimiser: from what takes most away to what takes least, over and over
 * until nothing goes.  Large things first, since a smaller program makes all
 * further candidates cheaper to run.
 */
#include "fuzz/minimise-internal.h"

#include <glib.h>
#include <string.h>

#include "program/legality.h"
#include "program/ops.h"

enum {
    DEFAULT_BUDGET = 20000,
    /* Redirecting without dropping could go round in circles for ever. */
    BYPASS_ROUNDS = 3,
};

TwProgram *tw_minimise_start(TwMinimiser *min)
{
    tw_program_copy(&min->candidate, min->best);
    return &min->candidate;
}

bool tw_minimise_try(TwMinimiser *min)
{
    tw_dialect_fit(min->dialect, &min->candidate);
    if (min->stats.tried >= min->budget ||
        !tw_program_check(&min->candidate, NULL, 0) ||
        !tw_dialect_admits(min->dialect, &min->candidate, NULL, 0) ||
        tw_program_equal(&min->candidate, min->best)) {
        return false;
    }
    min->stats.tried++;
    if (!min->still_fails(&min->candidate, min->data)) {
        return false;
    }
    tw_program_copy(min->best, &min->candidate);
    min->stats.kept++;
    return true;
}

/* Script and setup -------------------------------------------------------- */

static bool drop_tail(TwMinimiser *min)
{
    bool any = false;

    for (unsigned chunk = min->best->n_script / 2u; chunk > 0; chunk /= 2) {
        while (chunk < min->best->n_script) {
            TwProgram *program = tw_minimise_start(min);
            program->n_script = (uint16_t)(program->n_script - chunk);
            if (!tw_minimise_try(min)) {
                break;
            }
            any = true;
        }
    }
    return any;
}

static bool drop_script(TwMinimiser *min)
{
    bool any = false;

    for (unsigned chunk = (min->best->n_script + 1u) / 2; chunk > 0;
         chunk /= 2) {
        for (unsigned end = min->best->n_script; end >= chunk;) {
            TwProgram *program = tw_minimise_start(min);
            tw_edit_cut_script(program, end - chunk, chunk);
            tw_edit_tidy(program);
            any |= tw_minimise_try(min);
            end -= chunk;
        }
    }
    return any;
}

static bool drop_setup(TwMinimiser *min)
{
    bool any = false;

    for (unsigned chunk = (min->best->n_setup + 1u) / 2; chunk > 0;
         chunk /= 2) {
        for (unsigned end = min->best->n_setup; end >= chunk;) {
            tw_edit_cut_setup(tw_minimise_start(min), end - chunk, chunk);
            any |= tw_minimise_try(min);
            end -= chunk;
        }
    }
    return any;
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

/* A pair that makes sense only together: begin and commit, par and end-par
 * with what stands between as parts. */
static bool drop_pairs(TwMinimiser *min)
{
    bool any = false;

    for (unsigned i = 0; i < min->best->n_script; i++) {
        unsigned code = min->best->script[i].code;
        if (code != TW_OP_BEGIN && code != TW_OP_PAR) {
            continue;
        }
        unsigned last = closing(min->best, i);
        if (last == min->best->n_script) {
            continue;
        }
        TwProgram *program = tw_minimise_start(min);
        for (unsigned k = last + 1; k-- > i;) {
            unsigned inner = program->script[k].code;
            if (k == i || k == last ||
                (code == TW_OP_PAR &&
                 (inner == TW_OP_AND || inner == TW_OP_BARRIER))) {
                tw_edit_cut_script(program, k, 1);
            }
        }
        tw_edit_tidy(program);
        any |= tw_minimise_try(min);
    }
    return any;
}

/* Two operations that undo each other need not be neighbours. */
static bool drop_two(TwMinimiser *min)
{
    bool any = false;

    if (min->best->n_script > 24) {
        return false;
    }
    for (unsigned a = 0; a + 2 < min->best->n_script; a++) {
        for (unsigned b = a + 2; b < min->best->n_script; b++) {
            TwProgram *program = tw_minimise_start(min);
            tw_edit_cut_script(program, b, 1);
            tw_edit_cut_script(program, a, 1);
            tw_edit_tidy(program);
            any |= tw_minimise_try(min);
        }
    }
    return any;
}

/* Objects ----------------------------------------------------------------- */

static bool drop_objects(TwMinimiser *min)
{
    bool any = false;

    for (unsigned i = min->best->n_cpus; i-- > 0;) {
        if (min->best->cpus[i].present) {
            tw_edit_drop_cpu(tw_minimise_start(min), (uint8_t)i);
            any |= tw_minimise_try(min);
        }
        for (unsigned m = TW_MAX_MMU_INDEXES; m-- > 0;) {
            if (min->best->cpus[i].present &&
                min->best->cpus[i].mmu[m].present) {
                tw_edit_drop_mmu(tw_minimise_start(min), (uint8_t)i,
                                 (uint8_t)m);
                any |= tw_minimise_try(min);
            }
        }
    }
    for (unsigned i = min->best->n_iommus; i-- > 0;) {
        if (min->best->iommus[i].kind != TW_IOMMU_NONE) {
            tw_edit_drop_iommu(tw_minimise_start(min), (uint8_t)i);
            any |= tw_minimise_try(min);
        }
    }
    for (unsigned i = min->best->n_spaces; i-- > 0;) {
        if (min->best->spaces[i].present) {
            tw_edit_drop_space(tw_minimise_start(min), (uint8_t)i);
            any |= tw_minimise_try(min);
        }
        for (unsigned k = 0; k < min->best->n_spaces; k++) {
            if (k != i && min->best->spaces[k].present &&
                min->best->spaces[i].present) {
                tw_edit_merge_space(tw_minimise_start(min), (uint8_t)i,
                                    (uint8_t)k);
                any |= tw_minimise_try(min);
            }
        }
    }
    for (unsigned i = min->best->n_regions; i-- > 0;) {
        if (min->best->regions[i].kind != TW_REGION_NONE) {
            tw_edit_drop_region(tw_minimise_start(min), (uint8_t)i);
            any |= tw_minimise_try(min);
        }
    }
    for (unsigned i = min->best->n_actors; i-- > 0;) {
        if (min->best->actors[i].region != TW_NONE) {
            tw_edit_drop_actor(tw_minimise_start(min), (uint8_t)i);
            any |= tw_minimise_try(min);
        }
    }
    return any;
}

static bool flatten(TwMinimiser *min)
{
    bool any = false;

    for (unsigned i = min->best->n_regions; i-- > 0;) {
        if (min->best->regions[i].kind == TW_REGION_CONTAINER &&
            min->best->regions[i].container != TW_NONE) {
            tw_edit_flatten(tw_minimise_start(min), (uint8_t)i);
            any |= tw_minimise_try(min);
        }
    }
    return any;
}

/* A root that holds one region at 0 may as well be that region. */
static bool unwrap_roots(TwMinimiser *min)
{
    bool any = false;

    for (unsigned s = 0; s < min->best->n_spaces; s++) {
        if (!min->best->spaces[s].present) {
            continue;
        }
        uint8_t root = min->best->spaces[s].root;
        for (unsigned i = 0; i < min->best->n_regions; i++) {
            const TwRegion *child = &min->best->regions[i];
            if (child->kind == TW_REGION_NONE || child->container != root) {
                continue;
            }
            TwProgram *program = tw_minimise_start(min);
            program->regions[i].container = TW_NONE;
            program->regions[i].addr = 0;
            for (unsigned t = 0; t < program->n_spaces; t++) {
                if (program->spaces[t].root == root) {
                    program->spaces[t].root = (uint8_t)i;
                }
            }
            tw_edit_drop_region(program, root);
            if (tw_minimise_try(min)) {
                any = true;
                break;
            }
        }
    }
    return any;
}

static bool bypass_from(TwMinimiser *min, bool script)
{
    bool any = false;

    for (unsigned i = 0;
         i < (script ? min->best->n_script : min->best->n_setup); i++) {
        const TwOp *op =
            script ? &min->best->script[i] : &min->best->setup[i];
        if (op->code != TW_OP_MAP) {
            continue;
        }
        TwOp map = *op;
        TwProgram *program = tw_minimise_start(min);
        tw_edit_bypass(program, map.obj, &map, true);
        tw_edit_drop_iommu(program, map.obj);
        if (tw_minimise_try(min)) {
            any = true;
            continue;
        }
        if (min->rounds <= BYPASS_ROUNDS) {
            tw_edit_bypass(tw_minimise_start(min), map.obj, &map, false);
            any |= tw_minimise_try(min);
        }
    }
    return any;
}

/* Each round tries everything once. */
static bool one_round(TwMinimiser *min)
{
    bool any = drop_tail(min);

    min->rounds++;
    any |= drop_script(min);
    any |= drop_objects(min);
    any |= drop_setup(min);
    any |= drop_pairs(min);
    any |= bypass_from(min, false);
    any |= bypass_from(min, true);
    any |= flatten(min);
    any |= unwrap_roots(min);
    any |= tw_minimise_properties(min);
    any |= tw_minimise_numbers(min);
    return any;
}

/* Low ids; ids are part of what RAM holds, so this may lose the finding. */
static void renumber(TwMinimiser *min)
{
    tw_edit_renumber(tw_minimise_start(min));
    if (tw_program_equal(&min->candidate, min->best)) {
        tw_program_copy(min->best, &min->candidate); /* only the counts */
    } else {
        tw_minimise_try(min);
    }
}

void tw_minimise(TwProgram *program, const TwDialect *dialect,
                 TwStillFails still_fails, void *data, unsigned budget,
                 TwMinimiseStats *stats)
{
    TwMinimiser *min = g_new(TwMinimiser, 1);

    min->best = program;
    min->dialect = dialect;
    min->still_fails = still_fails;
    min->data = data;
    min->rounds = 0;
    min->budget = budget ? budget : DEFAULT_BUDGET;
    min->stats = (TwMinimiseStats){
        .ops_before = tw_edit_count_ops(program),
        .objects_before = tw_edit_count_objects(program),
    };
    do {
        while (one_round(min)) {
        }
        renumber(min);
    } while (one_round(min) || drop_two(min));
    renumber(min);
    min->stats.ops_after = tw_edit_count_ops(program);
    min->stats.objects_after = tw_edit_count_objects(program);
    if (stats != NULL) {
        *stats = min->stats;
    }
    g_free(min);
}
