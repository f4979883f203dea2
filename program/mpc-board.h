/* SPDX-License-Identifier: MIT */
/*
 * Programs for a board whose CPU reaches its SRAMs through TrustZone Memory
 * Protection Controllers (`mpc_board` of a dialect): what shape they have, and
 * which numbers stay inside the board.  The board is an Arm MPS2+ with the
 * image AN505, a Cortex-M33 and three SRAMs, or AN521, which has two of these
 * CPUs.
 *
 * Region 0 is the space of the CPU, a container.  MPC k, of three, is IOMMU k
 * and region 1 + k, where the board has its SRAM for Non-secure accesses; it
 * leads to space 1 + k, whose root is the RAM, region 5 + k.  Region 4 is the
 * alias of the first SRAM.  What a program does not need may be missing: an MPC
 * with its three objects, the alias, one of the two CPUs.
 *
 * Addresses of Secure accesses are those of the board without bit 28, by which
 * the board tells them apart.  MMU indexes of each CPU are what an access can
 * be:
 *
 *   c0.0  Secure state, Secure address
 *   c0.1  Secure state, Non-secure address: no instruction is fetched there
 *   c0.2  Non-secure state, Non-secure address
 *
 * The setup has one page-map entry for each index, from 0 to 0 and of 4 GiB;
 * its rights are those of the attribution, which nothing changes.
 *
 * The board or a CPU is the actor of a change.  On a board of one CPU, which
 * has number 0, safe points are implied; with a second CPU in the program they
 * may be explicit.
 *
 * With code contents, a fetch of a blocked block shall be an error: otherwise
 * the CPU reads zeros, which are instructions that go on with the next ones.
 * So each CTRL that is written has SEC_RESP then, and before the first `exec`
 * each MPC's CTRL is.
 */
#ifndef TW_PROGRAM_MPC_BOARD_H
#define TW_PROGRAM_MPC_BOARD_H

#include "program/dialect.h"

enum {
    TW_MPC_BOARD_MPCS = 3,
    TW_MPC_BOARD_INDEXES = 3,
    TW_MPC_BOARD_CPUS = 2,   /* at most */
    TW_MPC_BOARD_REGION = 1, /* of the first MPC, */
    TW_MPC_BOARD_ALIAS = 4,  /* of the alias of its SRAM, */
    TW_MPC_BOARD_RAM = 5,    /* and of that */
    TW_MPC_BOARD_PAGE_LG = 10,
    TW_MPC_BOARD_CTRL = 0x00, /* offsets of registers */
    TW_MPC_BOARD_SEC_RESP = 0x10,
};

#define TW_MPC_BOARD_ALIAS_AT UINT64_C(0x00400000)
/* Where nothing is, for 1 MiB. */
#define TW_MPC_BOARD_HOLE UINT64_C(0x28400000)
#define TW_MPC_BOARD_SECURE UINT64_C(0x10000000)

typedef struct TwMpcSram {
    uint64_t at, size; /* bytes */
} TwMpcSram;
extern const TwMpcSram tw_mpc_srams[TW_MPC_BOARD_MPCS];

/* Has the program MPC k? */
bool tw_mpc_board_has(const TwProgram *program, unsigned mpc);

/* The MPC, of those that the program has, through which an address of a CPU
 * leads, and the offset there; false: none. */
bool tw_mpc_board_find(const TwProgram *program, uint64_t addr, unsigned *mpc,
                       uint64_t *offset);

/* Gives the program the objects of the board, as far as it has them, and the
 * page size; its contents and operations stay. */
void tw_mpc_board_shape(TwProgram *program);

/* Has it these objects, is SEC_RESP set where it must be, and is nothing during
 * what is no run?  If not, a line in `why` (may be NULL). */
bool tw_mpc_board_has_shape(const TwProgram *program, char *why,
                            size_t why_size);

/* Changes what is outside in an operation, or makes it a nop; the program has
 * the shape, and the page-map entries of its setup. */
void tw_mpc_board_fit_op(const TwProgram *program, TwOp *op);

/* The setup of a program that has the shape: the entries of its indexes. */
void tw_mpc_board_pages(TwProgram *program);

/* An `exec` that stands too early becomes a read; what is during no run stands
 * alone. */
void tw_mpc_board_fit_execs(TwProgram *program);

#endif
