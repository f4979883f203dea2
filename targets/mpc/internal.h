/* SPDX-License-Identifier: MIT */
/*
 * The targets "qemu-mpc", "qemu-mpc-smp" and "qemu-mpc-dma", and what their
 * parts share: a stock qemu-system-arm with the agent inside (agent/), whose
 * CPUs reach its SRAMs through MPCs.
 *
 *   class.c       the classes, their options, dialects, the contract
 *   start.c       the process: start, rounds, reset of the board, end
 *   run.c         programs: what the agent is to do
 *   result.c      what its results mean
 *   queue.c       handing that over in rounds
 *   memory.c      which bytes the SRAMs have at the start and at the end
 *   shadow.c      what the MPCs of a program hold, told from the program
 *   trigger.c     where known defects can show, and how to avoid that
 *   emit.c        cases as scripts for QEMU's maintainers
 *   emit-guest.c  their text
 *
 * Addresses are those of programs (program/mpc-board.h); on the board, Secure
 * ones have bit 28 set.  A bus fault is an error of a device where an MPC is,
 * and nothing (an undecoded address) elsewhere: the CPU does not tell which.
 */
#ifndef TW_TARGETS_MPC_INTERNAL_H
#define TW_TARGETS_MPC_INTERNAL_H

#include "process/process.h"
#include "program/legality.h"
#include "program/mpc-board.h"
#include "targets/mpc/mailbox.h"
#include "targets/mpc/shadow.h"
#include "targets/target.h"

enum {
    BLOCK_BYTES = TW_MPC_BLOCK,
    BLOCK_LG = 10,
    MOST_BLOCKS = (8 << 20) >> BLOCK_LG, /* of all SRAMs */
    MOST_USED = TW_MPC_MAX_BLOCKS / 2,   /* in one program: each has a copy to
                                          * fill it with, and one of its end */
};

/* A block of an SRAM: which bytes it had at the start. */
typedef struct Block {
    uint8_t *master;  /* of BLOCK_BYTES; NULL: never used */
    uint8_t contents; /* what `master` was made for */
    bool intact;      /* the SRAM has the bytes of `master` */
    bool used;        /* in this program */
} Block;

typedef struct Machine {
    TwTarget target;
    TwDialect dialect;
    TwContract contract;
    char *args; /* the user's options of QEMU */
    char *binary;
    char version[64];
    char *command;
    struct Machine *other; /* the other configuration, or NULL */
    char *versions;        /* of both, then */
    uint32_t timeout_ms;
    unsigned n_cpus;
    bool pairs;  /* no class tells that an access was blocked, for `by_dma` */
    bool by_dma; /* loads and stores are the DMA controller's */
    bool drop_flushes; /* leaves one write of a table in four out */
    volatile uint32_t *in_flight;

    /* The process. */
    TwProcess process;
    int ram_fd, file_fd;
    uint8_t *ram; /* of TW_MPC_RAM_SIZE bytes, as the guest sees it */
    bool started; /* before */
    bool fresh;   /* it has just been started: what the SRAMs have is unknown */
    bool vectors; /* the board was reset: the vectors are in the first block */
    uint32_t round;

    /* The run. */
    const TwProgram *program;
    TwTrace *trace;
    TwTrace idle; /* of an exchange without a program */
    TwLegality legality;
    TwMpcShadows shadows;
    bool quiet[TW_MAX_SCRIPT];    /* an access may be a bus fault, and zeros are
                                   * as good; of `pairs` */
    unsigned n_writes;            /* of tables, in the script */
    bool owes[TW_MPC_BOARD_CPUS]; /* a safe point: another has done something */
    bool broken;                  /* it cannot go on; the trace says why */
    unsigned n_ops;
    unsigned n_used;
    uint16_t used[MOST_USED]; /* blocks of this program */
    Block blocks[MOST_BLOCKS];
} Machine;

extern const uint8_t tw_mpc_agent[];
extern const uint32_t tw_mpc_agent_size;

static inline TwMpcMailbox *tw_mpc_mailbox(Machine *m)
{
    return (TwMpcMailbox *)(void *)(m->ram + TW_MPC_MAILBOX);
}

/* Number of the block at an offset of an SRAM. */
static inline unsigned tw_mpc_block(unsigned mpc, uint64_t offset)
{
    return (unsigned)((tw_mpc_srams[mpc].at == 0
                           ? offset
                           : (4 << 20) + (mpc - 1) * (2 << 20) + offset) >>
                      BLOCK_LG);
}

/* start.c: starts the process if it does not run; false with `why`. */
bool tw_mpc_start(Machine *m, char *why, size_t size);
/* Performs the operations in the mailbox.  False: the run is broken. */
bool tw_mpc_round(Machine *m);
/* Resets the board. */
void tw_mpc_reset(Machine *m);

/* queue.c: the next operation for the agent, all zero but for `kind` and `op`;
 * a round before it if there is no room.  Performs those that are waiting, and
 * takes over their results. */
TwMpcDo *tw_mpc_do(Machine *m, unsigned kind, unsigned op);
void tw_mpc_flush_queue(Machine *m);

/* run.c */
bool tw_mpc_run(TwTarget *target, const TwProgram *program, TwTrace *trace);
/* The same by DMA. */
bool tw_mpc_run_by_dma(TwTarget *target, const TwProgram *program,
                       TwTrace *trace);
bool tw_mpc_ping(TwTarget *target);

/* result.c: what the agent says of an access. */
void tw_mpc_result(Machine *m, const TwMpcDo *what, const TwMpcDone *done);

/* memory.c: fills the blocks that the program can reach; asks for them, and
 * makes digests of them. */
void tw_mpc_memory_fill(Machine *m);
void tw_mpc_memory_ask(Machine *m);
void tw_mpc_memory_finish(Machine *m, uint64_t *digests);
void tw_mpc_memory_close(Machine *m);

#endif
