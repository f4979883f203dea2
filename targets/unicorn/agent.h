/* SPDX-License-Identifier: MIT */
/*
 * What the agent is in the machine code of one guest, as data: agent.c puts it
 * together and runs it.
 *
 * A page of code: at its start what begins with the record in flight, behind
 * it a handler for each kind of record: the access, and then on to the next
 * record.
 */
#ifndef TW_TARGETS_UNICORN_AGENT_H
#define TW_TARGETS_UNICORN_AGENT_H

#include "targets/unicorn/internal.h"

enum {
    AGENT_HANDLERS = 0x40, /* from the first byte of the page */
    AGENT_EXIT = 0x800,    /* far from all that is executed */
    /* What the handler of RECORD_EXIT has to jump. */
    AGENT_EXIT_DISTANCE = AGENT_EXIT - AGENT_HANDLERS,
};

typedef struct AgentCode {
    uint8_t size, bytes[40];
} AgentCode;

/* An instruction of four bytes, and code made of such. */
#define AGENT_WORD(w) \
    (w) & 0xff, (w) >> 8 & 0xff, (w) >> 16 & 0xff, (w) >> 24 & 0xff

struct Guest {
    const char *title; /* for people */
    uc_arch arch;
    uc_mode mode;
    int cpu_model;      /* -1: the library's default */
    bool wide_exchange; /* none of 1 or 2 bytes */
    uint8_t words; /* TwContentsKind: the code words that it runs (LA-44) */
    /* Registers: the address of the record in flight, that of the handlers,
     * the result. */
    int record, table, result;
    int control;           /* of the CPU: a register that gets control_bits */
    uint64_t control_bits; /* too; 0: there is none */
    unsigned handler_lg;   /* handlers are 2^n bytes apart */
    AgentCode entry;       /* loads the record, goes to its handler */
    AgentCode next;        /* stores the result, and the same for the next */
    AgentCode handlers[RECORD_KINDS]; /* of size 0: none */
};

extern const Guest tw_uc_arm64, tw_uc_riscv64, tw_uc_x86_64;

#endif
