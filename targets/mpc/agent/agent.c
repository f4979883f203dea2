/* SPDX-License-Identifier: MIT */
/*
 * The agent: a program that runs alone on an mps2-an505, or on both CPUs of an
 * mps2-an521, in Secure state, and performs what it finds in the mailbox.
 * Registers are as the Armv8-M Architecture Reference Manual (DDI 0553) and the
 * manuals of the board (AN505, AN521) and of its subsystem (SSE-200) describe
 * them.  There is no C library.
 */
#include "targets/mpc/mailbox.h"

typedef uint64_t Access(uint32_t low, uint32_t addr, uint32_t high);

/* In agent.S: calls `access`, in Non-secure state if bit 0 of its address is 0.
 * A fault in it ends it, and done->fault is not 0. */
void agent_try(uint32_t low, uint32_t addr, uint32_t high, uint32_t access,
               TwMpcDone *done);
extern const uint32_t agent_accesses[2 * 4];
_Noreturn void agent_main(void);
_Noreturn void agent_second_main(void);
_Noreturn void agent_panic(uint32_t ipsr);

enum {
    /* System control space */
    ISER0 = 0xe000e100,
    ISER1 = 0xe000e104,
    ICPR0 = 0xe000e280,
    ICPR1 = 0xe000e284,
    IPR1 = 0xe000e404,
    IPR8 = 0xe000e420,
    VTOR = 0xe000ed08,
    AIRCR = 0xe000ed0c,
    CCR = 0xe000ed14,
    SHCSR = 0xe000ed24,
    CFSR = 0xe000ed28,
    BFAR = 0xe000ed38,
    MPU_CTRL = 0xe000ed94,
    SAU_CTRL = 0xe000edd0,
    SFSR = 0xe000ede4,
    /* System control of the subsystem */
    INITSVTOR1 = 0x50021114,
    CPUWAIT = 0x50021118,
    /* Its first message handling unit: wakes a CPU */
    MHU_IRQ = 6,
    MHU_SET = 0x50003004,
    MHU_CLEAR = 0x50003008,
    LOOKS = 20000,
    MHU_CPU = 0x10, /* from the registers of one CPU to those of the other */
    /* UART0 of the board */
    UART = 0x50200000,
    UART_DATA = UART,
    UART_STATE = UART + 4,
    UART_CTRL = UART + 8,
    UART_INT = UART + 0xc,
    UART_BAUD = UART + 0x10,
    /* PL081, the first DMA controller (DDI 0218) */
    DMA = 0x50110000,
    DMA_CLEAR_DONE = DMA + 8,
    DMA_CLEAR_ERROR = DMA + 0x10,
    DMA_ENABLE = DMA + 0x30,
    DMA_FROM = DMA + 0x100,
    DMA_TO = DMA + 0x104,
    DMA_NEXT = DMA + 0x108,
    DMA_CONTROL = DMA + 0x10c,
    DMA_GO = DMA + 0x110,
    /* an MPC */
    CTRL = 0,
    BLK_MAX = 0x10,
    BLK_IDX = 0x18,
    BLK_LUT = 0x1c,
    INT_CLEAR = 0x24,
    INT_EN = 0x28,
    INFO1 = 0x2c,
    INFO2 = 0x30,
};
#define LOCKDOWN (1u << 31)
#define SECURE (1u << 28) /* in addresses */
#define VECTORS 0x30000000u
#define SECOND_VECTORS (VECTORS + 0x200)
#define STACK 0x400u       /* bytes */
#define TRYING 0x30007c00u /* of the first CPU */

/* Non-secure functions, as the processor sees them. */
static const uint16_t stubs[8][4] = {
    {0x7808, 0x4770},                 /* ldrb r0, [r1] */
    {0x8808, 0x4770},                 /* ldrh r0, [r1] */
    {0x6808, 0x4770},                 /* ldr r0, [r1] */
    {0xe9d1, 0x0300, 0x4619, 0x4770}, /* ldrd r0, r3, [r1]; mov r1, r3 */
    {0x7008, 0x4770},                 /* strb r0, [r1] */
    {0x8008, 0x4770},                 /* strh r0, [r1] */
    {0x6008, 0x4770},                 /* str r0, [r1] */
    {0xe9c1, 0x0200, 0x4770},         /* strd r0, r2, [r1] */
};

/* The MPCs: registers; the Secure address of the first block. */
static const uint32_t registers_of[] = {0x58007000, 0x58008000, 0x58009000};
static const uint32_t memory_of[] = {0x10000000, 0x38000000, 0x38200000};

static volatile uint32_t *word(uint32_t at)
{
    return (volatile uint32_t *)at;
}

static TwMpcMailbox *mailbox(void)
{
    return (TwMpcMailbox *)(TW_MPC_RAM + TW_MPC_MAILBOX);
}

static void settle(void)
{
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}

static void put_char(char c)
{
    while (*word(UART_STATE) & 1) {
    }
    *word(UART_DATA) = (unsigned char)c;
}

static void say_done(void)
{
    put_char('d');
    put_char('\n');
}

/* Takes a byte that has come in, or sleeps until one comes. */
static _Bool take_byte(void)
{
    if (!(*word(UART_STATE) & 2)) {
        __asm__ volatile("wfi" ::: "memory");
        return 0;
    }
    (void)*word(UART_DATA);
    *word(UART_INT) = 2; /* received */
    *word(ICPR1) = 1;    /* no longer pending */
    return 1;
}

/* Starting ----------------------------------------------------------------- */

/* Receiving a byte shall end a wfi, and so shall the other CPU: the interrupts
 * of the serial port (number 32) and of the message handling unit are enabled,
 * and stay masked by BASEPRI, which faults pass. */
static void start_interrupts(void)
{
    *word(IPR8) = 0xe0;
    *word(ISER1) = 1;
    *word(IPR1) = 0xe0u << 8 * (MHU_IRQ % 4);
    *word(ISER0) = 1u << MHU_IRQ;
    __asm__ volatile("msr basepri, %0\n\tcpsie i" ::"r"(0x40) : "memory");
}

static void start_uart(void)
{
    *word(UART_BAUD) = 16;
    *word(UART_CTRL) = 1 | 2 | 8; /* transmit, receive, interrupt: received */
    (void)*word(UART_DATA);       /* QEMU waits for that after a reset */
}

/* `trying`: see agent.S. */
static void start_cpu(uint32_t vectors, uint32_t stack,
                      volatile uint32_t *trying)
{
    *trying = 0;
    *word(VTOR) = vectors;
    *word(SAU_CTRL) = 2;        /* the board decides: by bit 28 of an address */
    *word(CCR) &= ~8u;          /* accesses may be unaligned */
    *word(SHCSR) |= 0xfu << 16; /* each fault has its own handler */
    __asm__ volatile("msr msp_ns, %0" ::"r"(stack) : "memory");
    settle();
}

static void start_second(void)
{
    TwMpcMailbox *box = mailbox();

    box->ready = 0;
    box->turn = box->turned = box->asleep[0] = box->asleep[1] = 0;
    settle();
    *word(INITSVTOR1) = SECOND_VECTORS;
    *word(CPUWAIT) = 0;
    while (!box->ready) {
    }
}

static void start(void)
{
    volatile uint16_t *to = (volatile uint16_t *)(TW_MPC_RAM + TW_MPC_STUBS);

    start_cpu(VECTORS, TW_MPC_RAM + TW_MPC_STACK_END, word(TRYING));
    for (unsigned i = 0; i < 8; i++) {
        for (unsigned k = 0; k < 4; k++) {
            to[8 * i + k] = stubs[i][k];
        }
    }
    settle();
    start_uart();
    start_interrupts();
    if (mailbox()->n_cpus > 1) {
        start_second();
    }
}

/* Operations --------------------------------------------------------------- */

static void flush(void)
{
    settle();
    *word(MPU_CTRL) = 0;
    settle();
}

/* Stores what differs alone, or all: QEMU drops code that is stored over. */
static void copy_block(uint32_t to, uint32_t from, _Bool all)
{
    for (unsigned i = 0; i < TW_MPC_BLOCK; i += 8) {
        uint32_t low = *word(from + i), high = *word(from + i + 4);

        if (all || *word(to + i) != low) {
            *word(to + i) = low;
        }
        if (all || *word(to + i + 4) != high) {
            *word(to + i + 4) = high;
        }
    }
}

static unsigned mpc_of(uint32_t addr)
{
    return addr < memory_of[1] ? 0 : addr < memory_of[2] ? 1 : 2;
}

/* By the look-up table. */
static void save(uint32_t addr, uint32_t to)
{
    unsigned mpc = mpc_of(addr);
    uint32_t at = registers_of[mpc];
    uint32_t block = (addr - memory_of[mpc]) / TW_MPC_BLOCK;

    *word(at + BLK_IDX) = block / 32;
    if (*word(at + BLK_LUT) >> block % 32 & 1) {
        addr &= ~SECURE;
    }
    copy_block(TW_MPC_RAM + to, addr, 0);
}

static void clean(unsigned mpc)
{
    uint32_t at = registers_of[mpc], last = *word(at + BLK_MAX);

    if (*word(at + CTRL) & LOCKDOWN) {
        mailbox()->stains |= TW_MPC_STAIN_LOCKED;
        return;
    }
    if (*word(at + INFO1) | *word(at + INFO2)) {
        mailbox()->stains |= TW_MPC_STAIN_INFO;
    }
    *word(at + CTRL) = 0x100;
    *word(at + BLK_IDX) = 0;
    for (uint32_t i = 0; i <= last; i++) {
        *word(at + BLK_LUT) = 0;
    }
    *word(at + BLK_IDX) = 0;
    *word(at + INT_EN) = 1;
    *word(at + INT_CLEAR) = 1;
}

/* A Non-secure function has bit 0 clear. */
static void access(const TwMpcDo *what)
{
    TwMpcMailbox *box = mailbox();
    TwMpcDone *done = (TwMpcDone *)(TW_MPC_RAM + TW_MPC_RESULTS) + box->n_done;
    unsigned store = what->kind == TW_MPC_WRITE;
    uint32_t how = what->kind == TW_MPC_CALL
                       ? (what->nonsecure ? what->from & ~1u : what->from | 1)
                   : what->nonsecure ? TW_MPC_RAM + TW_MPC_STUB(store, what->lg)
                                     : agent_accesses[4 * store + what->lg];

    if (what->kind == TW_MPC_CALL) { /* runs.h has what registers are for */
        done->cfsr = (uint32_t)what->value;
        done->bfar = what->addr;
        agent_try(0, TW_MPC_RAM + TW_MPC_RUN_R1, 0, how, done);
    } else {
        agent_try((uint32_t)what->value, what->addr,
                  (uint32_t)(what->value >> 32), how, done);
    }
    settle();
    done->cfsr = done->bfar = done->sfsr = 0;
    if (done->fault) {
        done->cfsr = *word(CFSR);
        done->bfar = *word(BFAR);
        done->sfsr = *word(SFSR);
        *word(CFSR) = done->cfsr;
        *word(SFSR) = done->sfsr;
        *word(0xe000ed2c) = *word(0xe000ed2c); /* HFSR */
    }
    box->n_done++;
}

/* Copies elements of 1 << lg bytes; those of 8 bytes are two of 4. */
static void dma(uint32_t from, uint32_t to, unsigned lg)
{
    unsigned width = lg < 2 ? lg : 2, n = lg == 3 ? 2 : 1;

    *word(DMA_ENABLE) = 1;
    *word(DMA_CLEAR_DONE) = 0xff;
    *word(DMA_CLEAR_ERROR) = 0xff;
    *word(DMA_FROM) = from;
    *word(DMA_TO) = to;
    *word(DMA_NEXT) = 0;
    *word(DMA_CONTROL) = n | width << 18 | width << 21 | 1u << 26 | 1u << 27;
    settle();
    *word(DMA_GO) = 1;
    settle();
}

static void access_by_dma(const TwMpcDo *what)
{
    TwMpcMailbox *box = mailbox();
    TwMpcDone *done = (TwMpcDone *)(TW_MPC_RAM + TW_MPC_RESULTS) + box->n_done;
    uint32_t bounce = TW_MPC_RAM + TW_MPC_BOUNCE;
    _Bool store = what->kind == TW_MPC_DMA_WRITE;

    *word(bounce) = store ? (uint32_t)what->value : 0;
    *word(bounce + 4) = store ? (uint32_t)(what->value >> 32) : 0;
    settle();
    dma(store ? bounce : what->addr, store ? what->addr : bounce, what->lg);
    *done =
        (TwMpcDone){.value = *word(bounce) | (uint64_t)*word(bounce + 4) << 32};
    box->n_done++;
}

static void perform(const TwMpcDo *what)
{
    switch (what->kind) {
    case TW_MPC_DMA_READ:
    case TW_MPC_DMA_WRITE:
        access_by_dma(what);
        break;
    case TW_MPC_FLUSH:
        flush();
        break;
    case TW_MPC_FILL:
        copy_block(what->addr, TW_MPC_RAM + what->from, what->lg);
        break;
    case TW_MPC_SAVE:
        save(what->addr, what->from);
        break;
    case TW_MPC_CLEAN:
        clean(what->addr);
        break;
    case TW_MPC_SAFEPOINT:
        __asm__ volatile("svc 0" ::: "memory");
        break;
    case TW_MPC_RESET:
        settle();
        *word(AIRCR) = 0x05fa0004; /* SYSRESETREQ */
        settle();
        for (;;) {
        }
    default:
        access(what);
        break;
    }
}

_Noreturn void agent_panic(uint32_t ipsr)
{
    TwMpcMailbox *box = mailbox();

    box->panic = (TwMpcDone){.fault = ipsr,
                             .cfsr = *word(CFSR),
                             .bfar = *word(BFAR),
                             .sfsr = *word(SFSR)};
    box->broken = 1;
    box->done = box->go;
    say_done();
    for (;;) {
    }
}

/* Two CPUs ----------------------------------------------------------------- */

static const TwMpcDo *operations(void)
{
    return (const TwMpcDo *)(TW_MPC_RAM + TW_MPC_OPS);
}

/* Wakes a CPU if it sleeps, after what it waits for has happened. */
static void wake(unsigned cpu)
{
    settle();
    if (mailbox()->asleep[cpu]) {
        *word(MHU_SET + MHU_CPU * cpu) = 1;
    }
}

/* Waits until *count is no longer `old`.  `running`: looks many times before it
 * sleeps.  (To sleep is a safe point, which may come early.) */
static void wait(unsigned cpu, volatile uint32_t *count, uint32_t old,
                 _Bool running)
{
    TwMpcMailbox *box = mailbox();

    for (unsigned i = 0; running && i < LOOKS && *count == old; i++) {
        __asm__ volatile("yield" ::: "memory");
    }
    /* Of the last wake; nobody wakes a CPU that does not sleep. */
    *word(MHU_CLEAR + MHU_CPU * cpu) = 1;
    *word(ICPR0) = 1u << MHU_IRQ;
    box->asleep[cpu] = 1;
    settle();
    while (*count == old) {
        __asm__ volatile("wfi" ::: "memory");
    }
    box->asleep[cpu] = 0;
    settle();
}

/* The second CPU performs operation `i`, while the first one waits. */
static void hand_over(uint32_t i)
{
    TwMpcMailbox *box = mailbox();
    uint32_t turned = box->turned;

    box->turn_of = i;
    settle();
    box->turn++;
    wake(1);
    wait(0, &box->turned, turned, operations()[i].running);
}

_Noreturn void agent_second_main(void)
{
    TwMpcMailbox *box = mailbox();
    _Bool running = 0;
    uint32_t turn = 0;

    start_cpu(SECOND_VECTORS, TW_MPC_RAM + TW_MPC_STACK_END - STACK,
              word(TRYING - STACK));
    start_interrupts();
    box->ready = 1;
    for (;; turn++) {
        wait(1, &box->turn, turn, running);
        running = operations()[box->turn_of].running;
        perform(&operations()[box->turn_of]);
        settle();
        box->turned++;
        wake(0);
    }
}

static void round(void)
{
    TwMpcMailbox *box = mailbox();
    const TwMpcDo *ops = operations();

    box->n_done = 0;
    for (uint32_t i = 0; i < box->n_ops; i++) {
        box->in_flight = ops[i].op;
        if (ops[i].cpu) {
            hand_over(i);
        } else {
            perform(&ops[i]);
        }
    }
    box->done = box->go;
}

_Noreturn void agent_main(void)
{
    start();
    say_done(); /* ready */
    for (;;) {
        while (!take_byte()) {
        }
        round();
        say_done();
    }
}
