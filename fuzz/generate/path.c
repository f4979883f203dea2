/* SPDX-License-Identifier: MIT */
/* See path.h: the objects, the tables at the start, and the whole. */
#include "fuzz/generate/path.h"

#include <string.h>

#include "fuzz/generate/path-plan.h"
#include "program/path.h"

enum {
    FEWEST_OPS = 60,
    MOST_OPS = 200,
    FIRST_TABLE = 8,   /* of a block: the first page that may be one, */
    LAST_TABLE = 400,  /* the last, and */
    FIRST_HOT = 420,   /* the first that may be hot */
    TABLES_APART = 16, /* between those of two stages */
};

/* Tables at the start ------------------------------------------------------ */

static void choose_hot(TwPathPlan *plan)
{
    unsigned i = tw_path_chance(plan, 30) ? 4 + tw_path_draw(plan, 3)
                                          : FIRST_HOT + tw_path_draw(plan, 91);
    unsigned j = i == 511 ? 510 : i + 1;

    if (tw_path_chance(plan, 50)) {
        j = FIRST_HOT + tw_path_draw(plan, 92);
    }
    plan->hot[0] = (uint16_t)i;
    plan->hot[1] = (uint16_t)(i + TW_PATH_BLOCK);
    plan->hot[2] = (uint16_t)j;
    plan->hot[3] = (uint16_t)(j + TW_PATH_BLOCK);
    plan->hot[4] = (uint16_t)(TW_PATH_BLOCK - 1);
    plan->n_hot = 4 + tw_path_draw(plan, 2);
    for (unsigned k = 0; k < plan->n_hot; k++) {
        plan->hot[k] &= (uint16_t)(plan->pages - 1);
    }
}

/* The window's GiB, others, and one that is like another but for a bit that
 * may be beyond what tables translate. */
static void choose_gibs(TwPathPlan *plan)
{
    const TwDialect *d = plan->dialect;

    plan->gibs[0] = d->dma_first >> 30 << 30;
    for (unsigned i = 1; i < TW_PATH_GIBS && d->dma_wide; i++) {
        uint64_t gib =
            TW_PATH_OWN_WORDS + tw_path_draw(plan, 512 - TW_PATH_OWN_WORDS);

        if (i + 1 == TW_PATH_GIBS) {
            gib = plan->gibs[i - 1] >> 30 | UINT64_C(1)
                                                << (9 + tw_path_draw(plan, 25));
        }
        plan->gibs[i] = gib << 30;
    }
}

/* Pages for the tables of a stage: those of a first stage are in the first
 * block, so that the same pages of the second hold what else they may be. */
static void choose_tables(TwPathPlan *plan, unsigned stage, unsigned first)
{
    TwPathStage *s = &plan->stages[stage];
    uint16_t *pages[TW_PATH_ROOTS + TW_PATH_UPPERS + TW_PATH_LOWERS];
    unsigned n = 0;

    for (unsigned i = 0; i < TW_PATH_ROOTS; i++) {
        pages[n++] = &s->roots[i];
    }
    for (unsigned i = 0; i < TW_PATH_UPPERS; i++) {
        pages[n++] = &s->uppers[i];
    }
    for (unsigned i = 0; i < TW_PATH_LOWERS; i++) {
        pages[n++] = &s->lowers[i];
    }
    for (unsigned i = 0; i < n; i++) {
        unsigned block = tw_path_is_last(plan, stage)
                             ? tw_path_draw(plan, 2) * TW_PATH_BLOCK
                             : 0;

        *pages[i] = (uint16_t)((first + stage * TABLES_APART + i + block) &
                               (plan->pages - 1u));
    }
    for (unsigned i = 0; stage > 0 && i < TW_PATH_ROOTS; i++) {
        unsigned page = (first + i) % TW_PATH_SECOND_ROOTS;

        s->roots[i] = (uint16_t)(plan->pages - TW_PATH_SECOND_ROOTS + page);
    }
}

/* Stores an entry of a table at the start; of a first stage, now and then also
 * in the page that may take its place. */
static void fill(TwPathPlan *plan, unsigned stage, unsigned table,
                 unsigned level, uint64_t x)
{
    uint32_t where = (uint32_t)table << 12 | tw_path_slot(level, x);
    uint64_t value = tw_path_good_entry(plan, stage, level, x);

    tw_path_poke(plan, where, value);
    if (!tw_path_is_last(plan, stage) && plan->pages > TW_PATH_BLOCK) {
        if (tw_path_chance(plan, 40)) {
            value = tw_path_good_entry(plan, stage, level, x);
        }
        tw_path_poke(plan, where ^ TW_PATH_BLOCK << 12, value);
    }
}

/* The entries of a table of level 1 for those pages of a block that matter. */
static void fill_lower(TwPathPlan *plan, unsigned stage, unsigned table,
                       unsigned block)
{
    const TwPathStage *first = &plan->stages[0];

    for (unsigned i = 0; i < plan->n_hot; i++) {
        if (plan->hot[i] / TW_PATH_BLOCK == block) {
            fill(plan, stage, table, 1, tw_path_address(plan, plan->hot[i]));
        }
    }
    for (unsigned i = 0; stage > 0 && block == 0 && i < TW_PATH_LOWERS; i++) {
        fill(plan, stage, table, 1, tw_path_address(plan, first->lowers[i]));
    }
    for (unsigned i = 0; stage > 0 && block == 0 && i < TW_PATH_UPPERS; i++) {
        fill(plan, stage, table, 1, tw_path_address(plan, first->uppers[i]));
        fill(plan, stage, table, 1, tw_path_address(plan, first->roots[i]));
    }
}

static void set_up_stage(TwPathPlan *plan, unsigned stage)
{
    TwPathStage *s = &plan->stages[stage];
    uint64_t x = tw_path_address(plan, 0);
    uint64_t y = tw_path_address(plan, TW_PATH_BLOCK);
    unsigned n = plan->dialect->max_iommu_indexes;

    for (unsigned i = 0; i < TW_PATH_ROOTS; i++) {
        fill(plan, stage, s->roots[i], 3, x);
        for (unsigned k = 1; k < TW_PATH_GIBS && plan->dialect->dma_wide; k++) {
            fill(plan, stage, s->roots[i], 3, plan->gibs[k]);
        }
    }
    for (unsigned i = 0; i < TW_PATH_UPPERS; i++) {
        fill(plan, stage, s->uppers[i], 2, x);
        fill(plan, stage, s->uppers[i], 2, y);
    }
    for (unsigned i = 0; i < TW_PATH_LOWERS; i++) {
        fill_lower(plan, stage, s->lowers[i], 0);
        if (i != 0 || stage == 0) {
            fill_lower(plan, stage, s->lowers[i], 1);
        }
    }
    for (unsigned i = 0; i < n; i++) {
        unsigned mode = tw_path_chance(plan, 90)   ? TW_CONTEXT_TABLES
                        : tw_path_chance(plan, 50) ? TW_CONTEXT_PASS
                                                   : TW_CONTEXT_BLOCKED;
        unsigned domain = tw_path_some_domain(plan, stage, i);
        unsigned root = s->roots[tw_path_draw(plan, TW_PATH_ROOTS)];

        tw_path_context(plan, stage, i, mode, root, domain);
    }
}

/* The whole ---------------------------------------------------------------- */

static void set_up_tables(TwPathPlan *plan)
{
    const TwDialect *dialect = plan->dialect;
    unsigned first = FIRST_TABLE + tw_path_draw(plan, LAST_TABLE - FIRST_TABLE -
                                                          2 * TABLES_APART);

    for (unsigned stage = 0; stage < dialect->path_stages; stage++) {
        plan->stages[stage].layout = tw_layout(dialect->path_formats[stage]);
        choose_tables(plan, stage, first);
    }
    for (unsigned stage = dialect->path_stages; stage-- > 0;) {
        set_up_stage(plan, stage);
    }
}

/* One in three, where the dialect has both kinds. */
static bool is_table(TwPathPlan *plan)
{
    if (tw_path_is_all_tables(plan->dialect)) {
        return true;
    }
    return tw_path_has_tables(plan->dialect) && tw_path_chance(plan, 33);
}

void tw_path_generate(TwProgram *program, const TwDialect *dialect, TwRng *rng)
{
    static _Thread_local TwPathPlan plan;
    unsigned goal;
    bool table;

    tw_program_init(program);
    memset(&plan, 0, sizeof(plan));
    plan.program = program;
    plan.dialect = dialect;
    plan.rng = rng;
    table = is_table(&plan);
    program->n_iommus = dialect->path_stages;
    for (unsigned i = 0; i < program->n_iommus; i++) {
        program->iommus[i].kind = table ? TW_IOMMU_TABLE : TW_IOMMU_PAGETABLE;
    }
    if (dialect->path_shared) { /* all devices have one index in common */
        program->iommus[0].indexes = tw_path_chance(&plan, 33) ? 1 : 0;
    }
    tw_path_shape(dialect, program);
    plan.pages = (uint16_t)(1u << (dialect->dma_lg - 12));
    plan.to = program->setup;
    plan.n = &program->n_setup;
    plan.most = dialect->max_setup;
    choose_hot(&plan);
    choose_gibs(&plan);
    if (table) {
        tw_path_table_setup(&plan);
    } else {
        set_up_tables(&plan);
    }
    goal = FEWEST_OPS + tw_path_draw(&plan, MOST_OPS - FEWEST_OPS + 1);
    plan.to = program->script;
    plan.n = &program->n_script;
    plan.most =
        (uint16_t)(goal < dialect->max_script ? goal : dialect->max_script);
    while (*plan.n < plan.most) {
        if (table) {
            tw_path_table_move(&plan);
        } else {
            tw_path_move(&plan);
        }
    }
}
