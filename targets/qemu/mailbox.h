/* SPDX-License-Identifier: MIT */
/*
 * What the host and the agent share: memory of the guest, in which the host
 * writes operations and the agent their results.  Offsets are from the start of
 * the guest's RAM.  The agent is compiled without a library for three
 * architectures; must not need anything of one, or of the host.
 *
 * A round: the host fills operations, sets `n_ops` and `go`, and writes one
 * byte to the guest's serial port.  The agent performs the operations in order,
 * sets `done` to `go` and writes the line "d".
 *
 * What the agent itself accesses would drop entries of the guest's TLB if it
 * shared slots with what is tested.  So its pages have numbers that end in 0x80
 * to 0xff, and programs mostly use pages with others.
 */
#ifndef TW_TARGETS_QEMU_MAILBOX_H
#define TW_TARGETS_QEMU_MAILBOX_H

#include <stdint.h>

/* Layout of the guest's RAM.  The first MiB may hold a device tree. */
#define TW_AGENT_STACK_END 0x2ce000u /* the stack grows down from here */
#define TW_AGENT_MAILBOX 0x2cf000u   /* TwMailbox */
#define TW_AGENT_TOP 0x2d0000u       /* a table above both roots, if any */
#define TW_AGENT_CODE 0x2f0000u      /* the agent */
#define TW_AGENT_OPS 0x280000u       /* TW_AGENT_MAX_OPS operations */
#define TW_AGENT_RESULTS 0x3c0000u   /* TW_AGENT_MAX_RESULTS results */
#define TW_AGENT_TABLES 0x1000000u   /* page tables: TW_AGENT_TABLE() */
#define TW_AGENT_PAD 0x8000000u      /* pages that only make the TLB grow */
#define TW_AGENT_VIEW_TABLES \
    0x10000000u                        /* of a view for the agent (look.c) \
                                        */
#define TW_AGENT_DATA 0x40000000u      /* RAM of programs with data contents */
#define TW_AGENT_CODE_DATA 0x80000000u /* and of those with code contents */
#define TW_AGENT_RAM_SIZE 0xc0000000u

enum {
    TW_AGENT_MAX_OPS = 8192,
    TW_AGENT_MAX_RESULTS = 2048,
    TW_AGENT_MAX_TABLES = 1024,
    TW_AGENT_MOST_PAGES = 4096, /* of TW_DO_FLUSH_RANGE */
};

/* Where page table number `i` is. */
#define TW_AGENT_TABLE(i) \
    (TW_AGENT_TABLES + ((i) / 32u) * 0x100000u + 0xd0000u + \
     ((i) % 32u) * 0x1000u)

/* What an operation does. */
enum {
    /* accesses: they have a result, and may fault */
    TW_DO_READ,     /* 1 << lg bytes at `addr` */
    TW_DO_WRITE,    /* stores `value` */
    TW_DO_EXCHANGE, /* stores `value`, result: what was there */
    TW_DO_CALL,     /* calls `from` with `value` and `addr` */
    TW_DO_ACCESSES,
    /* the rest */
    TW_DO_PUT = TW_DO_ACCESSES, /* stores `value`, 8 bytes, in RAM at offset
                                 * `addr` */
    TW_DO_FLUSH_PAGE,           /* the page at `addr` */
    TW_DO_FLUSH_RANGE, /* `value` pages from `addr` on, in as few instructions
                        * as the architecture has */
    TW_DO_FLUSH_INDEX, /* all of an MMU index, `lg` */
    TW_DO_FLUSH_ALL,
    TW_DO_GROW, /* touches pages of the pad, then flushes all: `value` times */
};

typedef struct TwDo {
    uint16_t kind;
    uint8_t lg;
    uint8_t note; /* for the host alone */
    uint32_t op;  /* operation of the script, for `in_flight` */
    uint64_t addr, value, from;
} TwDo;

/* Of the n-th access. */
typedef struct TwDone {
    uint64_t value;
    uint64_t fault; /* what the architecture records of it; 0: none */
    uint64_t at;    /* faulting address, */
    uint64_t pc;    /* and instruction */
} TwDone;

typedef struct TwMailbox {
    volatile uint32_t go, done;  /* numbers of rounds */
    volatile uint32_t n_ops;     /* operations of this round */
    volatile uint32_t n_done;    /* accesses performed */
    volatile uint32_t in_flight; /* operation of the script */
    volatile uint32_t broken; /* 1: a fault outside of accesses; see `panic` */
    TwDone panic;
    uint64_t roots[2]; /* guest physical addresses of the page tables of both
                        * halves; before the start */
} TwMailbox;

#endif
