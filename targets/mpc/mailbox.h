/* SPDX-License-Identifier: MIT */
/*
 * What the host and the agent on an mps2-an505, or an mps2-an521, share: the
 * board's main RAM, in which the host writes operations and the agent their
 * results.  Offsets are from the start of that RAM.  The agent is compiled
 * without a library; must not need anything of the host.
 *
 * A round: the host fills operations, sets `n_ops` and `go`, and writes one
 * byte to the guest's serial port.  The agent performs the operations in order,
 * sets `done` to `go` and writes the line "d".  On the mps2-an521 the agent
 * runs on two CPUs: the first one does all of this, and hands over to the
 * second one what that is to do, one operation at a time, while it waits.
 *
 * What the agent itself accesses would drop entries of the guest's TLB if it
 * shared slots with what is tested.  A TLB has at least 64 slots of 1 KiB: so
 * pages here have numbers that end in 48 to 63 (modulo 64), and the agent's
 * own memory has those of 0 to 3 and 28 to 31.
 */
#ifndef TW_TARGETS_MPC_MAILBOX_H
#define TW_TARGETS_MPC_MAILBOX_H

#include <stdint.h>

#define TW_MPC_RAM 0x80000000u     /* where it begins */
#define TW_MPC_RAM_SIZE 0x1000000u /* 16 MiB */
#define TW_MPC_MAILBOX 0xc000u     /* TwMpcMailbox */
#define TW_MPC_STUBS 0xc400u       /* Non-secure functions: TW_MPC_STUB() */
#define TW_MPC_STACK_END \
    0xe000u                     /* of the Non-secure state; that of the \
                                 * second CPU is 0x400 lower */
#define TW_MPC_SCRATCH 0xe100u  /* where runs of Non-secure code store */
#define TW_MPC_BOUNCE 0xe000u   /* a word that the DMA controller copies */
#define TW_MPC_OPS 0x1c000u     /* TW_MPC_MAX_OPS operations */
#define TW_MPC_RESULTS 0x2c000u /* TW_MPC_MAX_OPS results */
#define TW_MPC_BLOCKS 0x100000u /* copies of blocks, of 1 KiB */

enum {
    TW_MPC_MAX_OPS = 480,
    TW_MPC_BLOCK = 1024,
    TW_MPC_MAX_BLOCKS = 4096, /* copies */
};

/* What an operation does. */
enum {
    /* accesses: they have a result, and may fault */
    TW_MPC_READ,     /* 1 << lg bytes at `addr` */
    TW_MPC_WRITE,    /* stores `value` */
    TW_MPC_CALL,     /* calls `from` with `value` in r4, `addr` in r5; other
                      * registers as runs of code need them */
    TW_MPC_DMA_READ, /* the first two, made by the DMA controller */
    TW_MPC_DMA_WRITE,
    TW_MPC_ACCESSES,
    /* the rest */
    TW_MPC_FLUSH = TW_MPC_ACCESSES, /* the TLB */
    TW_MPC_FILL,  /* the block at the Secure address `addr`, with the copy at
                   * `from`; lg: also bytes that are there already */
    TW_MPC_SAVE,  /* the other way, by the address that is open to it */
    TW_MPC_CLEAN, /* MPC number `addr` as after a reset; see `stains` */
    TW_MPC_SAFEPOINT, /* the CPU takes an exception, and returns */
    TW_MPC_RESET,     /* the whole board: its start is the answer */
};

typedef struct TwMpcDo {
    uint8_t kind;
    uint8_t lg : 4;
    uint8_t nonsecure : 1; /* the access is made in Non-secure state */
    uint8_t running : 1;   /* of the second CPU: the first one goes on running
                            * while it waits for this, and then the second one
                            * until its next operation; 0: they sleep */
    uint8_t cpu;           /* that performs it */
    uint8_t unused;
    uint32_t op; /* operation of the script, for `in_flight` */
    uint64_t value;
    uint32_t addr, from;
} TwMpcDo;

/* Of the n-th access.  `fault` is the number of the exception (IPSR), or 0. */
typedef struct TwMpcDone {
    uint64_t value, value2; /* r0 and r1, r2 and r3 */
    uint32_t fault, cfsr, bfar, sfsr;
} TwMpcDone;

/* What TW_MPC_CLEAN cannot undo. */
enum { TW_MPC_STAIN_LOCKED = 1, TW_MPC_STAIN_INFO = 2 };

typedef struct TwMpcMailbox {
    volatile uint32_t go, done;  /* numbers of rounds */
    volatile uint32_t n_ops;     /* operations of this round */
    volatile uint32_t n_done;    /* accesses performed */
    volatile uint32_t in_flight; /* operation of the script */
    volatile uint32_t broken;  /* 1: a fault outside of accesses; see `panic` */
    volatile uint32_t stains;  /* TW_MPC_STAIN_..., of all since the start */
    volatile uint32_t n_cpus;  /* of the agent, 1 or 2 */
    volatile uint32_t ready;   /* the second CPU has started */
    volatile uint32_t turn;    /* operations handed over to the second CPU, */
    volatile uint32_t turned;  /* those that it has performed, */
    volatile uint32_t turn_of; /* and the index of the last one */
    volatile uint32_t asleep[2]; /* each CPU */
    uint32_t unused;
    TwMpcDone panic;
} TwMpcMailbox;

/* What r1 is before a call, from the start of main RAM; and where runs of
 * Secure code store if they change no MPC: in a device, as if they did (the
 * register of the board's LEDs). */
#define TW_MPC_RUN_R1 0x10000u
#define TW_MPC_LEDS 0x50302000u

/* The Non-secure function that makes an access of 1 << lg bytes. */
#define TW_MPC_STUB(write, lg) (TW_MPC_STUBS + 16u * (4u * (write) + (lg)))

#endif
