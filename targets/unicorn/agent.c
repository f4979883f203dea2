/* SPDX-License-Identifier: MIT */
/*
 * The engine, and the machine code that makes accesses in it: an AArch64
 * guest, MMU off, which works through an array of records.  An access that
 * fails ends the run of the agent at its record; the caller starts it again at
 * another.
 *
 * The agent's own pages and the program's share the library's TLB of 256
 * slots.  The agent fetches its code through translated blocks, so what
 * competes is the page of records and the doorbell, in two slots in the
 * middle of nowhere.
 *
 * The library makes its TLB smaller when some 100 ms have passed in which it
 * was used little: what is stale would hang on the clock.  So no engine gets
 * that old.
 */
#include <string.h>
#include <sys/mman.h>

#include "targets/unicorn/internal.h"

#define CODE UINT64_C(0x1009b000)
#define RECORDS UINT64_C(0x100ad000)
#define DOORBELL UINT64_C(0x100c5000)
#define HANDLERS (CODE + 0x40)
#define EXIT (CODE + 0x800) /* far from all that is executed */
/* Windows lie between the agent and 1 GiB: every mapping call makes the
 * library go through the nodes of a tree, and so they share most of them. */
#define FIRST_WINDOW UINT64_C(0x11000000)

enum {
    MAX_WINDOWS = 46,   /* of one engine */
    MAX_AGE = 80000,    /* of one engine at the start of a run, microseconds */
};

/* x10: the record; x13: HANDLERS; x1, x0: address and value. */
enum {
    LDR_W11_X10 = 0xb940014b,      /* ldr w11, [x10] */
    NEXT_W11_X10 = 0xb8420d4b,     /* ldr w11, [x10, #32]! */
    LDP_X1_X0 = 0xa9408141,        /* ldp x1, x0, [x10, #8] */
    ADD_X12 = 0x8b0b15ac,          /* add x12, x13, x11, lsl #5 */
    BR_X12 = 0xd61f0180,           /* br x12 */
    STR_RESULT = 0xf9000d40,       /* str x0, [x10, #24] */
    B = 0x14000000,                /* b */
    NOP = 0xd503201f,
};

/* Each 32 bytes: this, and then on to the next record. */
static const uint32_t handlers[RECORD_KINDS] = {
    [RECORD_EXIT] = B, /* the distance is put in below */
    [RECORD_READ] = 0x39400020,     /* ldrb w0, [x1] */
    [RECORD_READ + 1] = 0x79400020, /* ldrh w0, [x1] */
    [RECORD_READ + 2] = 0xb9400020, /* ldr w0, [x1] */
    [RECORD_READ + 3] = 0xf9400020, /* ldr x0, [x1] */
    [RECORD_WRITE] = 0x39000020,    /* strb w0, [x1] */
    [RECORD_WRITE + 1] = 0x79000020,
    [RECORD_WRITE + 2] = 0xb9000020,
    [RECORD_WRITE + 3] = 0xf9000020, /* str x0, [x1] */
    [RECORD_EXEC] = 0xd63f0020,      /* blr x1 */
    [RECORD_DOORBELL] = 0xb9000020,  /* str w0, [x1] */
};

static void agent_assemble(uint32_t *code)
{
    static const uint32_t entry[] = {LDR_W11_X10, LDP_X1_X0, ADD_X12, BR_X12};

    for (unsigned i = 0; i < PAGE_SIZE_ / 4; i++) {
        code[i] = NOP;
    }
    memcpy(code, entry, sizeof(entry));
    for (unsigned k = 0; k < RECORD_KINDS; k++) {
        const uint32_t handler[] = {handlers[k], STR_RESULT, NEXT_W11_X10,
                                    LDP_X1_X0, ADD_X12, BR_X12};
        memcpy(code + (HANDLERS - CODE) / 4 + k * 8, handler,
               sizeof(handler));
    }
    code[(HANDLERS - CODE) / 4] = B | (uint32_t)((EXIT - HANDLERS) / 4);
}

static uint64_t doorbell_read(uc_engine *uc, uint64_t offset, unsigned size,
                              void *data)
{
    (void)uc, (void)offset, (void)size, (void)data;
    return 0; /* the agent never reads it */
}

/* The agent asks for operation `value`, inside its run. */
static void doorbell_write(uc_engine *uc, uint64_t offset, unsigned size,
                           uint64_t value, void *data)
{
    Machine *m = data;

    (void)offset, (void)size;
    tw_uc_perform(m, (unsigned)value);
    if (m->broken) {
        uc_emu_stop(uc);
    }
}

static void on_access(uc_engine *uc, uc_mem_type type, uint64_t address,
                      int size, int64_t value, void *data)
{
    (void)uc, (void)type, (void)address, (void)size, (void)value, (void)data;
}

/* A range that ends before it begins is everywhere. */
static uc_err hook_everything(uc_engine *uc)
{
    uc_hook hook;

    return uc_hook_add(uc, &hook, UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE,
                       (void *)(uintptr_t)on_access, NULL, 1, 0);
}

void tw_uc_take_slow_path(Machine *m)
{
    m->slow_path = true;
    tw_uc_engine_close(m);
}

static uc_err engine_open(Machine *m)
{
    uint32_t code[PAGE_SIZE_ / 4];
    uint64_t table = HANDLERS;
    uc_err err = uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &m->uc);

    if (err != UC_ERR_OK) {
        m->uc = NULL;
        return err;
    }
    agent_assemble(code);
    if ((err = uc_mem_map(m->uc, CODE, PAGE_SIZE_,
                          UC_PROT_READ | UC_PROT_EXEC)) ||
        (err = uc_mem_write(m->uc, CODE, code, sizeof(code))) ||
        (err = uc_mem_map_ptr(m->uc, RECORDS, PAGE_SIZE_,
                              UC_PROT_READ | UC_PROT_WRITE, m->records)) ||
        (err = uc_mmio_map(m->uc, DOORBELL, PAGE_SIZE_, doorbell_read, m,
                           doorbell_write, m)) ||
        (err = uc_reg_write(m->uc, UC_ARM64_REG_X13, &table)) ||
        (m->slow_path && (err = hook_everything(m->uc)))) {
        uc_close(m->uc);
        m->uc = NULL;
        return err;
    }
    m->opened = g_get_monotonic_time();
    m->windows = 0;
    return UC_ERR_OK;
}

bool tw_uc_engine_prepare(Machine *m)
{
    if (m->uc != NULL &&
        (m->windows == MAX_WINDOWS ||
         g_get_monotonic_time() - m->opened > MAX_AGE)) {
        tw_uc_engine_close(m);
    }
    if (m->uc == NULL && engine_open(m) != UC_ERR_OK) {
        return false;
    }
    m->window = FIRST_WINDOW + ((uint64_t)m->windows++ << WINDOW_STEP_LG);
    return true;
}

void tw_uc_engine_close(Machine *m)
{
    if (m->uc != NULL) {
        uc_close(m->uc);
        m->uc = NULL;
    }
}

uc_err tw_uc_agent_run(Machine *m, unsigned first, unsigned *stopped)
{
    uint64_t at = RECORDS + first * sizeof(Record);
    uc_err err;

    for (unsigned i = first; m->records[i].kind != RECORD_EXIT; i++) {
        if (m->records[i].kind == RECORD_DOORBELL) {
            m->records[i].addr = DOORBELL;
        }
    }
    uc_reg_write(m->uc, UC_ARM64_REG_X10, &at);
    err = uc_emu_start(m->uc, CODE, EXIT, 0, 0);
    if (err != UC_ERR_OK) {
        *stopped = (unsigned)(tw_uc_agent_record(m) - m->records);
    }
    return err;
}

const Record *tw_uc_agent_record(Machine *m)
{
    uint64_t at = 0;

    uc_reg_read(m->uc, UC_ARM64_REG_X10, &at);
    return m->records + (at - RECORDS) / sizeof(Record) % MAX_RECORDS;
}
