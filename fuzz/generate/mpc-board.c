/* SPDX-License-Identifier: MIT */
/* See mpc-board.h. */
#include "fuzz/generate/mpc-board.h"

#include <string.h>

#include "program/mpc-board.h"
#include "program/ops.h"
#include "program/runs.h"

enum {
    FEWEST_OPS = 30,
    MOST_OPS = 160,
    HOT = 4,     /* blocks of an MPC */
    SPOTS = 4,   /* offsets that accesses prefer */
    WORDS = 128, /* of the largest table */
    CTRL = 0x00,
    BLK_IDX = 0x18,
    BLK_LUT = 0x1c,
    INT_STAT = 0x20,
    INT_CLEAR = 0x24,
    INT_EN = 0x28,
    INT_INFO1 = 0x2c,
    INT_INFO2 = 0x30,
    INT_SET = 0x34,
    ID = 0xfd0,
    SEC_RESP = 1 << 4,
    AUTOINC = 1 << 8,
    /* Blocks whose TLB slots no agent uses, also of a small TLB: numbers from
     * FREE_FIRST on, modulo SLOTS. */
    SLOTS = 64,
    FREE_FIRST = 4,
    FREE_SLOTS = 24,
};
#define LOCKDOWN (UINT32_C(1) << 31)

/* What the registers of an MPC hold, if all is well. */
typedef struct Shadow {
    bool has, locked;
    uint32_t ctrl, index, words;
    uint32_t lut[WORDS];
    uint16_t hot[HOT]; /* blocks */
} Shadow;

typedef struct Plan {
    TwProgram *program;
    const TwDialect *dialect;
    TwRng *rng;
    uint16_t most;
    bool info;  /* looks at INT_INFO1 and INT_INFO2 */
    bool locks; /* may set LOCKDOWN */
    bool runs;  /* may change a table themselves */
    unsigned n_indexes[TW_MPC_BOARD_CPUS];
    uint8_t indexes[TW_MPC_BOARD_CPUS][TW_MPC_BOARD_INDEXES];
    bool shared;            /* two CPUs */
    unsigned user, changer; /* of a move: CPUs */
    uint16_t spots[SPOTS];
    Shadow shadows[TW_MPC_BOARD_MPCS];
} Plan;

static unsigned draw(Plan *plan, unsigned below)
{
    return (unsigned)tw_rng_below(plan->rng, below);
}

static bool chance(Plan *plan, unsigned percent)
{
    return tw_rng_below(plan->rng, 100) < percent;
}

/* Operations --------------------------------------------------------------- */

/* The CPU that makes an access, and the one that changes a register. */
static unsigned some_user(Plan *plan)
{
    return plan->shared && chance(plan, 15) ? !plan->user : plan->user;
}

static uint8_t some_changer(Plan *plan)
{
    return (uint8_t)(plan->shared && chance(plan, 5) ? TW_BOARD
                                                     : plan->changer);
}

/* A new operation, which fits the dialect once done() was called. */
static TwOp *put(Plan *plan, TwOpCode code)
{
    static _Thread_local TwOp none;
    TwProgram *p = plan->program;
    TwOp *op = p->n_script < plan->most ? &p->script[p->n_script++] : &none;

    *op = tw_op_make(code);
    return op;
}

static void done(Plan *plan, TwOp *op)
{
    tw_mpc_board_fit_op(plan->program, op);
}

static void go_on(Shadow *s)
{
    if (s->ctrl & AUTOINC) {
        s->index = (s->index + 1) % s->words;
    }
}

static void put_read(Plan *plan, unsigned mpc, unsigned offset, unsigned size)
{
    TwOp *op = put(plan, TW_OP_MPC_READ);

    op->actor = some_changer(plan);
    op->obj = (uint8_t)mpc;
    op->addr = offset;
    op->size = (uint8_t)size;
    done(plan, op);
    if (op->addr == BLK_LUT && op->size == 4) {
        go_on(&plan->shadows[mpc]);
    }
}

/* Notes what a write changes. */
static void note_write(Shadow *s, const TwOp *op)
{
    unsigned shift = 8 * (op->addr & 3);
    uint32_t mask = (uint32_t)(((UINT64_C(1) << 8 * op->size) - 1) << shift);
    uint32_t value = (uint32_t)(op->value << shift);

    switch (op->addr & ~UINT64_C(3)) {
    case CTRL:
        if (!s->locked) {
            s->ctrl = (s->ctrl & ~mask) | value;
            s->locked = (s->ctrl & LOCKDOWN) != 0;
        }
        break;
    case BLK_IDX:
        s->index = ((s->index & ~mask) | value) % s->words;
        break;
    case BLK_LUT:
        if (!s->locked) {
            s->lut[s->index] = (s->lut[s->index] & ~mask) | value;
            if (op->size == 4) {
                go_on(s);
            }
        }
        break;
    default:
        break;
    }
}

static void put_write_by(Plan *plan, uint8_t actor, unsigned mpc,
                         unsigned offset, unsigned size, uint32_t value)
{
    TwOp *op = put(plan, TW_OP_MPC_WRITE);

    op->actor = actor;
    op->obj = (uint8_t)mpc;
    op->addr = offset;
    op->size = (uint8_t)size;
    op->value = value;
    done(plan, op);
    note_write(&plan->shadows[mpc], op);
}

static void put_write(Plan *plan, unsigned mpc, unsigned offset, unsigned size,
                      uint32_t value)
{
    put_write_by(plan, some_changer(plan), mpc, offset, size, value);
}

/* Accesses ----------------------------------------------------------------- */

static uint64_t address_of(Plan *plan, unsigned mpc, unsigned block)
{
    uint64_t offset = (uint64_t)block << TW_MPC_BOARD_PAGE_LG;
    bool alias = mpc == 0 && chance(plan, 25);

    return (alias ? TW_MPC_BOARD_ALIAS_AT : tw_mpc_srams[mpc].at) + offset;
}

/* In a block, by the index or another one. */
static void put_access(Plan *plan, unsigned mpc, unsigned block, unsigned index)
{
    unsigned how = draw(plan, 100);
    bool code = tw_contents_are_code(plan->program->contents);
    unsigned kind = code && how < 55              ? TW_OP_EXEC
                    : how % 20 < (code ? 7u : 9u) ? TW_OP_WRITE
                                                  : TW_OP_READ;
    unsigned spot =
        chance(plan, 85) ? plan->spots[draw(plan, SPOTS)] : draw(plan, 1024);
    bool nowhere = chance(plan, 1);
    TwOp *op = put(plan, (TwOpCode)kind);
    unsigned cpu = some_user(plan), n = plan->n_indexes[cpu];

    op->obj = (uint8_t)cpu;
    op->index =
        plan->indexes[cpu][chance(plan, 70) ? index % n : draw(plan, n)];
    op->size = (uint8_t)(1u << draw(plan, 4));
    op->addr = nowhere ? TW_MPC_BOARD_HOLE + draw(plan, 1 << 20)
                       : address_of(plan, mpc, block) + spot;
    done(plan, op);
}

static void put_accesses(Plan *plan, unsigned mpc, unsigned block)
{
    unsigned n = 1 + draw(plan, 3), index = draw(plan, TW_MPC_BOARD_INDEXES);

    for (unsigned i = 0; i < n; i++) {
        const Shadow *s = &plan->shadows[mpc];

        put_access(plan, mpc,
                   chance(plan, 85) ? block : s->hot[draw(plan, HOT)], index);
    }
}

/* Changes ------------------------------------------------------------------ */

/* Turns bits of a word of the table around; as a rule by the whole word. */
static void put_flip(Plan *plan, unsigned mpc, unsigned block)
{
    Shadow *s = &plan->shadows[mpc];
    uint32_t word = block / 32, bits = UINT32_C(1) << block % 32, value;

    if (s->index != word || chance(plan, 20)) {
        put_write(plan, mpc, BLK_IDX, chance(plan, 85) ? 4 : 1, word);
    }
    if (chance(plan, 20)) {
        bits |= UINT32_C(1) << s->hot[draw(plan, HOT)] % 32;
    }
    if (chance(plan, 5)) {
        bits = UINT32_MAX;
    }
    value = s->lut[s->index] ^ bits;
    if (chance(plan, 12)) {
        put_read(plan, mpc, BLK_LUT, 4);
        if (s->index != word && chance(plan, 90)) {
            put_write(plan, mpc, BLK_IDX, 4, word);
        }
    }
    if (chance(plan, 15)) {
        unsigned byte = block % 32 / 8;

        put_write(plan, mpc, BLK_LUT + byte, 1, value >> 8 * byte & 0xff);
    } else if (chance(plan, 10)) {
        unsigned half = block % 32 / 16;

        put_write(plan, mpc, BLK_LUT + 2 * half, 2,
                  value >> 16 * half & 0xffff);
    } else {
        put_write(plan, mpc, BLK_LUT, 4, value);
    }
}

static void put_ctrl(Plan *plan, unsigned mpc)
{
    uint32_t value =
        (chance(plan, 50) ? SEC_RESP : 0) | (chance(plan, 75) ? AUTOINC : 0);

    if (plan->locks && chance(plan, 30)) {
        value |= LOCKDOWN;
    }
    put_write(plan, mpc, CTRL, chance(plan, 90) ? 4 : 1u << draw(plan, 2),
              value);
}

/* Registers that say what was blocked, and others. */
static void put_look(Plan *plan, unsigned mpc)
{
    static const uint16_t others[] = {CTRL,   0x10, 0x14,  BLK_IDX, BLK_LUT,
                                      INT_EN, ID,   0xfe0, 0xffc,   0x40};
    unsigned how = draw(plan, 100);

    if (how < 35) {
        put_read(plan, mpc, INT_STAT, 4);
    } else if (how < 55 && plan->info) {
        put_read(plan, mpc, chance(plan, 50) ? INT_INFO1 : INT_INFO2, 4);
    } else if (how < 75) {
        put_write(plan, mpc, INT_CLEAR, 4, 1);
    } else if (how < 80) {
        put_write(plan, mpc, chance(plan, 50) ? INT_EN : INT_SET, 4,
                  draw(plan, 2));
    } else {
        unsigned size = chance(plan, 80) ? 4 : 1u << draw(plan, 2);
        unsigned at = others[draw(plan, sizeof(others) / sizeof(others[0]))];

        put_read(plan, mpc, at + (size < 4 ? draw(plan, 4) : 0), size);
    }
}

static void put_run(Plan *plan, const TwOp *run)
{
    *put(plan, TW_OP_EXEC) = *run;
}

/* A run that changes the table itself (LA-52), as a rule after it has run
 * without that. */
static void put_changing_run(Plan *plan, unsigned mpc, unsigned block)
{
    Shadow *s = &plan->shadows[mpc];
    unsigned cpu = some_user(plan);
    uint32_t word = block / 32, bits = UINT32_C(1) << block % 32;
    TwOp run = tw_op_make(TW_OP_EXEC), *change;

    if (chance(plan, 25)) {
        bits |= UINT32_C(1) << s->hot[draw(plan, HOT)] % 32;
    }
    run.obj = (uint8_t)cpu;
    run.size = 8;
    run.addr = (address_of(plan, mpc, block) + plan->spots[draw(plan, SPOTS)]) &
               ~UINT64_C(TW_RUN_BYTES - 1);
    run.addr += TW_RUN_BYTES / 2;
    done(plan, &run);
    if (chance(plan, 80)) {
        put_run(plan, &run);
    }
    if (s->index != word) {
        put_write(plan, mpc, BLK_IDX, 4, word);
    }
    put_run(plan, &run);
    put_write_by(plan, run.obj, mpc, BLK_LUT, 4, s->lut[s->index] ^ bits);
    change = &plan->program->script[plan->program->n_script - 1];
    change->flags |= TW_OPF_DURING;
    if (change[-1].code != TW_OP_EXEC ||
        !tw_op_may_be_during(plan->program, plan->program->n_script - 1u)) {
        change->flags = 0; /* the program has no room for it */
    }
}

/* Moves -------------------------------------------------------------------- */

static unsigned some_mpc(Plan *plan)
{
    unsigned k = draw(plan, TW_MPC_BOARD_MPCS);

    while (!plan->shadows[k].has) {
        k = (k + 1) % TW_MPC_BOARD_MPCS;
    }
    return k;
}

/* The CPU does what another one has asked it for. */
static void put_safepoint(Plan *plan)
{
    TwOp *op;

    if (plan->program->explicit_safepoints && chance(plan, 70)) {
        op = put(plan, TW_OP_SAFEPOINT);
        op->obj = (uint8_t)plan->user;
        done(plan, op);
    }
}

static void put_flush(Plan *plan)
{
    TwOp *op = put(plan, TW_OP_FLUSH_ALL);

    op->obj = (uint8_t)plan->user;
    done(plan, op);
}

static void choose_cpus(Plan *plan)
{
    if (plan->shared) {
        plan->user = draw(plan, TW_MPC_BOARD_CPUS);
        plan->changer = chance(plan, 75) ? !plan->user : plan->user;
    }
}

static void move(Plan *plan)
{
    unsigned mpc = some_mpc(plan), how = draw(plan, 100);
    unsigned block = plan->shadows[mpc].hot[draw(plan, HOT)];

    choose_cpus(plan);
    if (plan->runs && chance(plan, 12)) {
        put_changing_run(plan, mpc, block);
        put_accesses(plan, mpc, block);
    } else if (how < 60) {
        if (chance(plan, 70)) {
            put_accesses(plan, mpc, block);
        }
        put_flip(plan, mpc, block);
        put_safepoint(plan);
        put_accesses(plan, mpc, block);
    } else if (how < 75) {
        put_accesses(plan, mpc, block);
    } else if (how < 82) {
        put_ctrl(plan, mpc);
        put_accesses(plan, mpc, block);
    } else if (how < 97) {
        put_look(plan, mpc);
    } else {
        put_flush(plan);
    }
}

/* The whole ---------------------------------------------------------------- */

/* Neighbours, with the ends of words and of the SRAM. */
static void choose_hot(Plan *plan, unsigned mpc)
{
    Shadow *s = &plan->shadows[mpc];
    unsigned blocks = 32 * s->words;
    unsigned first = draw(plan, blocks / SLOTS) * SLOTS + FREE_FIRST +
                     draw(plan, FREE_SLOTS - 1);

    s->hot[0] = (uint16_t)first;
    s->hot[1] = (uint16_t)(first + 1);
    s->hot[2] = (uint16_t)(draw(plan, blocks / SLOTS) * SLOTS + FREE_FIRST +
                           draw(plan, FREE_SLOTS));
    s->hot[3] = (uint16_t)(chance(plan, 70)   ? s->hot[0]
                           : chance(plan, 50) ? blocks - 1
                           : chance(plan, 50) ? 32 * draw(plan, s->words) + 31
                                              : draw(plan, blocks));
}

/* Bits: indexes of the CPU; none means all. */
static void choose_cpu(Plan *plan, unsigned cpu, unsigned indexes)
{
    TwProgram *p = plan->program;

    p->n_cpus = (uint8_t)(cpu + 1);
    p->cpus[cpu] = (TwCpu){.present = true};
    for (unsigned i = 0; i < TW_MPC_BOARD_INDEXES; i++) {
        p->cpus[cpu].mmu[i].present = indexes == 0 || (indexes >> i & 1);
        if (p->cpus[cpu].mmu[i].present) {
            plan->indexes[cpu][plan->n_indexes[cpu]++] = (uint8_t)i;
        }
    }
}

static void choose_parts(Plan *plan)
{
    TwProgram *p = plan->program;
    unsigned most = plan->dialect->max_iommus;
    unsigned n = chance(plan, 55) ? 1 : chance(plan, 60) ? 2 : 3;
    unsigned first = draw(plan, TW_MPC_BOARD_MPCS);
    unsigned indexes = draw(plan, 8);

    p->n_regions = TW_MPC_BOARD_RAM + TW_MPC_BOARD_MPCS;
    for (unsigned i = 0; i < p->n_regions; i++) {
        p->regions[i] = tw_region_make(TW_REGION_NONE);
    }
    for (unsigned i = 0; i < n && i < most; i++) {
        unsigned k = (first + i) % TW_MPC_BOARD_MPCS;

        p->regions[TW_MPC_BOARD_REGION + k].kind = TW_REGION_IOMMU;
    }
    if (chance(plan, 50)) {
        p->regions[TW_MPC_BOARD_ALIAS].kind = TW_REGION_ALIAS;
    }
    choose_cpu(plan, 0, indexes);
    if (plan->dialect->max_cpus > 1) {
        plan->shared = true;
        choose_cpu(plan, 1, draw(plan, 8));
        p->explicit_safepoints =
            plan->dialect->explicit_safepoints && chance(plan, 60);
    }
}

static void set_up(Plan *plan)
{
    TwProgram *p = plan->program;

    choose_parts(plan);
    if (tw_dialect_code(plan->dialect) != TW_CONTENTS_DATA &&
        chance(plan, 40)) {
        p->contents = chance(plan, 50) ? tw_dialect_code(plan->dialect)
                                       : tw_dialect_runs(plan->dialect);
    }
    tw_mpc_board_shape(p);
    tw_mpc_board_pages(p);
    for (unsigned k = 0; k < TW_MPC_BOARD_MPCS; k++) {
        Shadow *s = &plan->shadows[k];

        s->has = tw_mpc_board_has(p, k);
        s->ctrl = AUTOINC;
        s->words =
            (uint32_t)(tw_mpc_srams[k].size >> (TW_MPC_BOARD_PAGE_LG + 5));
        choose_hot(plan, k);
    }
    for (unsigned i = 0; i < SPOTS; i++) {
        plan->spots[i] = (uint16_t)(8 * draw(plan, 128));
    }
    plan->spots[0] = chance(plan, 50) ? 0 : 0x3f8;
}

/* With code, errors of blocked fetches come first (mpc-board.h). */
static void begin(Plan *plan)
{
    for (unsigned k = 0; k < TW_MPC_BOARD_MPCS; k++) {
        if (plan->shadows[k].has &&
            tw_contents_are_code(plan->program->contents)) {
            put_write(plan, k, CTRL, 4, AUTOINC | SEC_RESP);
        }
    }
}

void tw_mpc_board_generate(TwProgram *program, const TwDialect *dialect,
                           TwRng *rng)
{
    static _Thread_local Plan plan;
    unsigned goal;

    tw_program_init(program);
    memset(&plan, 0, sizeof(plan));
    plan.program = program;
    plan.dialect = dialect;
    plan.rng = rng;
    plan.info = chance(&plan, 12);
    plan.locks = chance(&plan, 4);
    set_up(&plan);
    goal = FEWEST_OPS + draw(&plan, MOST_OPS - FEWEST_OPS + 1);
    plan.most =
        (uint16_t)(goal < dialect->max_script ? goal : dialect->max_script);
    plan.runs = dialect->op_flags & TW_OPF_DURING &&
                tw_contents_kind(program->contents) == TW_CONTENTS_RUNS_THUMB;
    begin(&plan);
    while (program->n_script < plan.most) {
        move(&plan);
    }
}
