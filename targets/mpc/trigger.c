/* SPDX-License-Identifier: MIT */
/* The triggers, told from the program alone. */
#include "targets/mpc/trigger.h"

#include <string.h>

#include "program/ops.h"
#include "targets/mpc/shadow.h"

enum {
    BLOCKED_QUIETLY,
    BLOCKED_RECORD,
    SECURE_FETCH,
    CUT_INSTRUCTION,
    CLOSES_ITSELF,
    RUNNING_CPU
};
#define BIT(trigger) (UINT64_C(1) << (trigger))

enum {
    BLK_LUT = 0x1c,
    INT_STAT = 0x20,
    INT_INFO1 = 0x2c,
    INT_INFO_END = 0x34,
    NONSECURE_ADDRESS = 1, /* MMU index */
};

#define QUIETLY \
    { \
        .name = "blocked-quietly", \
        .meaning = "an access of a block that is closed to it, while " \
                   "CTRL.SEC_RESP is 0" \
    }
#define RECORD \
    { \
        .name = "blocked-record", \
        .meaning = \
            "INT_STAT, INT_INFO1 or INT_INFO2 is read after an access of " \
            "a block that was closed to it" \
    }

#define FETCH \
    { \
        .name = "secure-fetch", \
        .meaning = "code of a Non-secure block is run in Secure state, " \
                   "after a load or store there in that state" \
    }
#define CUT \
    { \
        .name = "cut-instruction", \
        .meaning = "a run goes from an open block on into one that is " \
                   "closed to it", \
        .deadly = true \
    }

#define CLOSES \
    { \
        .name = "closes-itself", \
        .meaning = "a run closes the block that its first and its last word " \
                   "are in" \
    }

const TwTriggerInfo tw_mpc_triggers[] = {
    [BLOCKED_QUIETLY] = QUIETLY, [BLOCKED_RECORD] = RECORD,
    [SECURE_FETCH] = FETCH,      [CUT_INSTRUCTION] = CUT,
    [CLOSES_ITSELF] = CLOSES,    {.name = NULL}};

const TwTriggerInfo tw_mpc_smp_triggers[] = {
    [BLOCKED_QUIETLY] = QUIETLY,
    [BLOCKED_RECORD] = RECORD,
    [SECURE_FETCH] = FETCH,
    [CUT_INSTRUCTION] = CUT,
    [CLOSES_ITSELF] = CLOSES,
    [RUNNING_CPU] = {.name = "running-cpu",
                     .meaning = "one CPU has changed a look-up table while the "
                                "other one goes on running: safe points are "
                                "explicit",
                     .deadly = true},
    {.name = NULL}};

const TwTriggerInfo tw_mpc_data_triggers[] = {
    [BLOCKED_QUIETLY] = QUIETLY, [BLOCKED_RECORD] = RECORD, {.name = NULL}};

/* What of a program matters so far. */
typedef struct Past {
    TwMpcShadows shadows;
    uint32_t blocked; /* a bit per MPC: it has blocked something */
    bool running;     /* a table has changed while another CPU was running */
    /* Pages that a CPU has accessed in Secure state by Non-secure addresses,
     * since its last flush. */
    unsigned n_touched[TW_MPC_BOARD_CPUS];
    uint64_t touched[TW_MPC_BOARD_CPUS][TW_MAX_SCRIPT];
} Past;

static bool is_access(const TwOp *op)
{
    return tw_op_info(op->code)->flags & TW_OP_ACCESS;
}

static uint64_t page_of(uint64_t addr)
{
    return addr >> TW_MPC_BOARD_PAGE_LG;
}

/* The last byte of an access, or of the last word of a run. */
static uint64_t last_of(const Past *past, const TwOp *op)
{
    return op->addr + tw_op_bytes(past->shadows.program, op) - 1;
}

/* Does an access meet a closed block, and where?  Then *mpc is the MPC. */
typedef enum Blocked { NOWHERE, AT_ONCE, ON_ITS_WAY } Blocked;

static Blocked is_blocked(const Past *past, const TwOp *op, unsigned *mpc)
{
    if (!is_access(op)) {
        return NOWHERE;
    }
    if (tw_mpc_shadows_block(&past->shadows, op->index, op->addr, mpc)) {
        return AT_ONCE;
    }
    return tw_mpc_shadows_block(&past->shadows, op->index, last_of(past, op),
                                mpc)
               ? ON_ITS_WAY
               : NOWHERE;
}

static bool is_touched(const Past *past, unsigned cpu, uint64_t page)
{
    for (unsigned i = 0; i < past->n_touched[cpu]; i++) {
        if (past->touched[cpu][i] == page) {
            return true;
        }
    }
    return false;
}

/* Is code of a Non-secure block run in Secure state, which has accessed it? */
static bool is_secure_fetch(const Past *past, const TwOp *op)
{
    return op->code == TW_OP_EXEC && op->index == NONSECURE_ADDRESS &&
           (is_touched(past, op->obj, page_of(op->addr)) ||
            is_touched(past, op->obj, page_of(last_of(past, op))));
}

static bool reads_record(const TwOp *op)
{
    uint64_t offset = op->addr & ~UINT64_C(3);

    return op->code == TW_OP_MPC_READ &&
           (offset == INT_STAT ||
            (offset >= INT_INFO1 && offset < INT_INFO_END));
}

/* Does a run close the block that it is in (LA-52)? */
static bool closes_itself(const Past *past, const TwOp *op, unsigned number)
{
    const TwProgram *p = past->shadows.program;
    unsigned mpc;
    TwMpcShadows after;

    if (op->code != TW_OP_EXEC || number + 1u >= p->n_script ||
        !(p->script[number + 1].flags & TW_OPF_DURING) ||
        page_of(op->addr) != page_of(last_of(past, op)) ||
        tw_mpc_shadows_block(&past->shadows, op->index, op->addr, &mpc)) {
        return false;
    }
    after = past->shadows;
    tw_mpc_shadows_step(&after, op);
    tw_mpc_shadows_step(&after, &p->script[number + 1]);
    return tw_mpc_shadows_block(&after, op->index, op->addr, &mpc);
}

/* From there on what was damaged may show anywhere. */
static bool is_running(const Past *past, const TwOp *op)
{
    return past->running || (past->shadows.program->explicit_safepoints &&
                             op->code == TW_OP_MPC_WRITE &&
                             (op->addr & ~UINT64_C(3)) == BLK_LUT);
}

/* The triggers that an operation meets. */
static uint64_t met_by(const Past *past, const TwOp *op, unsigned number)
{
    unsigned mpc;
    Blocked blocked = is_blocked(past, op, &mpc);
    uint64_t met = is_secure_fetch(past, op) ? BIT(SECURE_FETCH) : 0;

    if (blocked != NOWHERE && !tw_mpc_shadows_refuse(&past->shadows, mpc)) {
        met |= BIT(BLOCKED_QUIETLY);
    }
    if (blocked == ON_ITS_WAY && op->code == TW_OP_EXEC) {
        met |= BIT(CUT_INSTRUCTION);
    }
    if (closes_itself(past, op, number)) {
        met |= BIT(CLOSES_ITSELF);
    }
    if (reads_record(op) && past->blocked >> op->obj & 1) {
        met |= BIT(BLOCKED_RECORD);
    }
    return met | (is_running(past, op) ? BIT(RUNNING_CPU) : 0);
}

static void step(Past *past, const TwOp *op, unsigned number)
{
    unsigned mpc;

    if (closes_itself(past, op, number)) {
        tw_mpc_shadows_block(&past->shadows, op->index, op->addr, &mpc);
        past->blocked |= 1u << mpc;
    }

    past->running = is_running(past, op);
    if (is_blocked(past, op, &mpc) != NOWHERE) {
        past->blocked |= 1u << mpc;
    }
    if (op->code == TW_OP_FLUSH_ALL) {
        past->n_touched[op->obj] = 0;
    } else if ((op->code == TW_OP_READ || op->code == TW_OP_WRITE) &&
               op->index == NONSECURE_ADDRESS &&
               !is_touched(past, op->obj, page_of(op->addr))) {
        unsigned n = past->n_touched[op->obj]++;

        past->touched[op->obj][n] = page_of(op->addr);
    }
    tw_mpc_shadows_step(&past->shadows, op);
}

static void start(Past *past, const TwProgram *program)
{
    past->blocked = 0;
    past->running = false;
    memset(past->n_touched, 0, sizeof(past->n_touched));
    tw_mpc_shadows_start(&past->shadows, program);
}

uint64_t tw_mpc_triggers_met(const TwProgram *program, const TwFinding *finding)
{
    Past past;
    uint64_t all = 0;

    if (!tw_mpc_board_has_shape(program, NULL, 0)) {
        return 0;
    }
    start(&past, program);
    for (unsigned i = 0; i < program->n_script; i++) {
        const TwOp *op = &program->script[i];
        uint64_t met = met_by(&past, op, i);

        if (i == finding->op) {
            return met;
        }
        all |= met;
        step(&past, op, i);
    }
    return all;
}

/* What meets a trigger becomes nothing; no CPU goes on running. */
void tw_mpc_avoid(TwProgram *program, uint64_t triggers)
{
    Past past;

    if (!tw_mpc_board_has_shape(program, NULL, 0)) {
        return;
    }
    if (triggers & BIT(RUNNING_CPU)) {
        program->explicit_safepoints = false;
    }
    start(&past, program);
    for (unsigned i = 0; i < program->n_script; i++) {
        TwOp *op = &program->script[i];

        if (met_by(&past, op, i) & triggers) {
            *op = (TwOp){.code = TW_OP_NOP, .actor = TW_BOARD};
            if (i + 1u < program->n_script) { /* what it made stands alone */
                program->script[i + 1].flags &= (uint8_t)~TW_OPF_DURING;
            }
        }
        step(&past, op, i);
    }
}
