/* SPDX-License-Identifier: MIT */
/* Makes a program of a profile. */
#include "fuzz/generate/generate.h"

#include <string.h>

#include "fuzz/generate/commands.h"
#include "fuzz/generate/extreme.h"
#include "fuzz/generate/devices.h"
#include "fuzz/generate/flat.h"
#include "fuzz/generate/mapping.h"
#include "fuzz/generate/moves.h"
#include "fuzz/generate/mpc.h"
#include "fuzz/generate/mpc-board.h"
#include "fuzz/generate/paged.h"
#include "fuzz/generate/pairs.h"
#include "fuzz/generate/path.h"
#include "fuzz/generate/roots.h"
#include "fuzz/generate/runs.h"
#include "fuzz/generate/started.h"
#include "fuzz/generate/tables.h"
#include "fuzz/generate/topology.h"
#include "fuzz/generate/wish.h"
#include "fuzz/generate/widths.h"

/* Scripts for real emulators are longer by this factor: a start costs as much
 * there as some hundred accesses. */
enum { FLAT_LENGTHS = 14, PAGED_LENGTHS = 6 };

void tw_generate(TwProgram *program, TwProfile profile,
                 const TwDialect *dialect, TwRng *rng)
{
    tw_generate_towards(program, profile, dialect, rng, NULL);
}

void tw_generate_towards(TwProgram *program, TwProfile profile,
                         const TwDialect *dialect, TwRng *rng,
                         const TwSituation *wish)
{
    TwDialect narrow;
    TwGen gen;

    if (dialect->path_stages != 0) {
        tw_path_generate(program, dialect, rng);
        return;
    }
    if (dialect->mpc_board) {
        tw_mpc_board_generate(program, dialect, rng);
        return;
    }
    /* Most profiles are as if the dialect had no mappings. */
    if (!tw_gen_mixture(profile)->mappings || wish != NULL ||
        !tw_mappings_possible(dialect)) {
        narrow = tw_mappings_without(dialect);
        dialect = &narrow;
    }
    gen.program = program;
    gen.dialect = dialect;
    gen.rng = rng;
    gen.profile = profile;
    gen.extreme = TW_EXTREME_NONE;
    gen.mixture = tw_gen_mixture(profile);
    gen.limit = dialect->max_script < TW_MAX_SCRIPT ? dialect->max_script
                                                    : TW_MAX_SCRIPT;
    if (wish == NULL) {
        tw_extreme_draw(&gen);
    }
    gen.iotlbs =
        dialect->iotlbs &&
        tw_mix64(rng->state ^ 0x696f746c6273) % 100 < gen.mixture->iotlb;
    gen.pagetables =
        tw_tables_possible(dialect) && wish == NULL &&
        tw_mix64(rng->state ^ 0x7061676573) % 100 < gen.mixture->pagetable;
    memset(gen.planned, 0, sizeof(gen.planned));
    gen.mpcs = tw_mpc_possible(dialect) && wish == NULL &&
               tw_mix64(rng->state ^ 0x6d706373) % 100 < gen.mixture->mpc;
    gen.mpc_planned = 0;
    bool is_long = gen.extreme == TW_EXTREME_LONG;
    uint16_t limit =
        is_long || gen.limit < TW_USUAL_SCRIPT ? gen.limit : TW_USUAL_SCRIPT;
    tw_gen_topology(&gen);
    gen.limit = limit; /* flat programs were sketched anew */
    if (wish != NULL) {
        tw_gen_wish(&gen, wish);
    }
    unsigned goal =
        gen.mixture->ops[0] +
        tw_rng_below(rng, gen.mixture->ops[1] - gen.mixture->ops[0] + 1u);
    if (dialect->identity_pages) {
        goal = is_long ? limit : goal * FLAT_LENGTHS;
    } else if (tw_paged_dialect(dialect)) {
        goal *= PAGED_LENGTHS;
    }
    for (unsigned part = 0; tw_extreme_script(&gen, part); part++) {
        unsigned some = program->n_script + 8u;

        tw_gen_script(&gen, some < gen.limit ? some : gen.limit);
    }
    tw_gen_script(&gen, goal < gen.limit ? goal : gen.limit);
    /* A dialect that has both gets code now and then; no draw, so that a
     * dialect without keeps its programs. */
    if (tw_dialect_code(dialect) != TW_CONTENTS_DATA &&
        !dialect->identity_pages && !tw_paged_dialect(dialect) &&
        !gen.pagetables && !gen.mpcs && !(tw_mix64(rng->state) & 7)) {
        program->contents = tw_mix64(rng->state) & 8 ? tw_dialect_code(dialect)
                                                     : tw_dialect_runs(dialect);
    }
    if (dialect->identity_pages || tw_paged_dialect(dialect)) {
        tw_flat_from(&gen);
        tw_flat_exclusive(&gen);
        tw_runs_place(&gen);
    }
    if (gen.pagetables) {
        tw_tables_turn(&gen);
    }
    if (gen.mpcs) {
        tw_mpc_turn(&gen);
    }
    if (gen.mixture->commands) {
        tw_commands_weave(&gen);
    }
    if (wish == NULL) {
        tw_devices_make(&gen);
        tw_pairs_make(&gen);
        tw_widths_make(&gen);
        tw_roots_make(&gen);
        tw_started_make(&gen);
    }
    tw_dialect_fit(dialect, program);
}
