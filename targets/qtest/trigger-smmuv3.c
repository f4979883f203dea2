/* SPDX-License-Identifier: MIT */
/*
 * Triggers of SMMUv3, told from the program alone: by entries that it has
 * written so far, wherever the tables are then, and by what a `table` says.
 */
#include "targets/qtest/trigger.h"

#include "program/entry.h"
#include "program/ops.h"

enum { TABLE_RIGHTS, SECOND_RIGHTS, ROOT_MOVES, SPLIT_BLOCKS, SECOND_ALONE };
#define BIT(trigger) (UINT64_C(1) << (trigger))

/* Descriptors (DDI 0487, VMSAv8-64): APTable[1] of stage 1 takes stores away
 * below a table; S2AP[1] of stage 2 grants them. */
#define AP_TABLE (UINT64_C(1) << 62)
#define S2AP_STORE (UINT64_C(1) << 7)

enum { PAGE_LG = 12, INDEX_LG = 9 };

#define INFO_TABLE_RIGHTS \
    { \
        .name = "table-rights", \
        .meaning = "an entry for a table takes a right away" \
    }

/* One stage can meet the first alone. */
const TwTriggerInfo tw_qtest_smmuv3_triggers[] = {
    [TABLE_RIGHTS] = INFO_TABLE_RIGHTS,
    {.name = NULL},
};

const TwTriggerInfo tw_qtest_smmuv3_nested_triggers[] = {
    [TABLE_RIGHTS] = INFO_TABLE_RIGHTS,
    [SECOND_RIGHTS] = {.name = "second-stage-rights",
                       .meaning = "a leaf of the second stage lets no stores "
                                  "through"},
    [ROOT_MOVES] = {.name = "root-moves",
                    .meaning = "the second stage leads the page of a first "
                               "stage's root elsewhere, in the script"},
    [SPLIT_BLOCKS] = {.name = "split-blocks",
                      .meaning = "the first of two stages has a leaf larger "
                                 "than a page"},
    [SECOND_ALONE] = {.name = "second-stage-alone",
                      .meaning = "a leaf of the second stage lets no stores "
                                 "through, and the first stage passes a "
                                 "device through"},
    {.name = NULL},
};

static bool is_table_right(const TwOp *op)
{
    return op->value & AP_TABLE && (op->value & 3) == 3;
}

/* May an entry be one of that stage?  If nobody knows where it is, of each. */
static bool of_stage(TwEntryPlace place, unsigned iommu)
{
    return place.level == 0 || place.iommu == iommu;
}

static bool is_second_right(const TwOp *op, TwEntryPlace place)
{
    return of_stage(place, 1) && op->value & 1 && !(op->value & S2AP_STORE) &&
           (place.level < 2 || (op->value & 3) == 1);
}

static bool is_block(const TwOp *op)
{
    return (op->value & 3) == 1;
}

/* May the entry translate the page of that root?  By its index alone. */
static bool translates(const TwOp *op, unsigned level, uint64_t root)
{
    unsigned lg = PAGE_LG + INDEX_LG * (level - 1);

    return level > 0 &&
           ((op->addr >> 3 ^ root >> lg) & ((1u << INDEX_LG) - 1)) == 0;
}

static bool moves_root(const TwProgram *program, const TwOp *op,
                       TwEntryPlace place)
{
    for (unsigned i = 0; i < program->n_setup + program->n_script; i++) {
        const TwOp *context = tw_op_at(program, i);

        if (context->code == TW_OP_CONTEXT && context->obj == 0 &&
            context->mode == TW_CONTEXT_TABLES &&
            (place.level == 0 || translates(op, place.level, context->out))) {
            return true;
        }
    }
    return false;
}

/* Of a `table` of the second stage: does it let no stores through? */
static bool is_right_of_table(const TwOp *op)
{
    return (op->code == TW_OP_MAP || op->code == TW_OP_PROTECT) &&
           op->obj == 1 && !(op->perm & TW_W);
}

/* Of a `table` of the second stage: may it lead the root of a first stage's
 * tables elsewhere? */
static bool moves_root_page(const TwProgram *program, const TwOp *op)
{
    bool change = op->code == TW_OP_MAP || op->code == TW_OP_UNMAP ||
                  op->code == TW_OP_PROTECT;

    if (op->obj != 1 || !(change || op->code == TW_OP_BYPASS)) {
        return false;
    }
    for (unsigned i = 0; i < program->n_setup + program->n_script; i++) {
        const TwOp *context = tw_op_at(program, i);

        if (context->code == TW_OP_CONTEXT && context->obj == 0 &&
            (!change ||
             (op->addr <= context->out && context->out <= op->last))) {
            return true;
        }
    }
    return false;
}

static uint64_t met_by(const TwProgram *program, const TwOp *op,
                       TwEntryPlace place, bool script)
{
    bool nested = program->n_iommus == 2;
    uint64_t met = 0;

    if (op->code == TW_OP_CONTEXT && script && op->obj == 1) {
        return BIT(ROOT_MOVES);
    }
    met |= is_right_of_table(op) ? BIT(SECOND_RIGHTS) : 0;
    met |= script && moves_root_page(program, op) ? BIT(ROOT_MOVES) : 0;
    if (op->code != TW_OP_POKE) {
        return met;
    }
    met |= is_table_right(op) ? BIT(TABLE_RIGHTS) : 0;
    if (!nested) {
        return met;
    }
    met |= is_second_right(op, place) ? BIT(SECOND_RIGHTS) : 0;
    met |= of_stage(place, 0) && is_block(op) ? BIT(SPLIT_BLOCKS) : 0;
    met |= script && of_stage(place, 1) && moves_root(program, op, place)
               ? BIT(ROOT_MOVES)
               : 0;
    return met;
}

/* Does the first of two stages pass a device through from then on? */
static bool passes(const TwOp *op)
{
    return op->obj == 0 &&
           ((op->code == TW_OP_CONTEXT && op->mode == TW_CONTEXT_PASS) ||
            (op->code == TW_OP_BYPASS && op->flags & TW_OPF_ON));
}

/* The places of all entries of setup and script; the caller frees them. */
static TwEntryPlace *places_of(const TwProgram *program)
{
    TwEntryPlace *places =
        g_new0(TwEntryPlace, program->n_setup + program->n_script);

    if (program->n_iommus == 2) {
        tw_entry_places(program, program->setup, program->n_setup, places);
        tw_entry_places(program, program->script, program->n_script,
                        places + program->n_setup);
    }
    return places;
}

uint64_t tw_qtest_smmuv3_met(const TwProgram *program, const TwFinding *finding)
{
    g_autofree TwEntryPlace *places = places_of(program);
    unsigned n = program->n_setup;
    uint64_t met = 0;
    bool passed = false;

    for (unsigned i = 0; i < n; i++) {
        met |= met_by(program, &program->setup[i], places[i], false);
        passed |= passes(&program->setup[i]);
    }
    for (unsigned i = 0; i < program->n_script && i <= finding->op; i++) {
        met |= met_by(program, &program->script[i], places[n + i], true);
        passed |= passes(&program->script[i]);
    }
    return met & BIT(SECOND_RIGHTS) && passed ? met | BIT(SECOND_ALONE) : met;
}

void tw_qtest_smmuv3_avoid(TwProgram *program, uint64_t triggers)
{
    /* Of the program as it came: no change below gives an entry another place,
     * and to find the places once more is dear. */
    g_autofree TwEntryPlace *places = places_of(program);

    if (triggers & BIT(SECOND_ALONE)) {
        triggers |= BIT(SECOND_RIGHTS);
    }
    for (unsigned i = 0; i < program->n_setup + program->n_script; i++) {
        bool script = i >= program->n_setup;
        TwOp *op = script ? &program->script[i - program->n_setup]
                          : &program->setup[i];
        uint64_t met = met_by(program, op, places[i], script) & triggers;

        if (met & BIT(TABLE_RIGHTS)) {
            op->value &= ~AP_TABLE;
        }
        if (met & BIT(SECOND_RIGHTS) && op->code == TW_OP_POKE) {
            op->value |= S2AP_STORE;
        } else if (met & BIT(SECOND_RIGHTS)) {
            op->perm |= TW_W;
        }
        if (met & BIT(SPLIT_BLOCKS)) {
            op->value = 0;
        }
        if (met & BIT(ROOT_MOVES)) {
            *op = (TwOp){.code = TW_OP_NOP, .actor = TW_BOARD};
        }
    }
}
