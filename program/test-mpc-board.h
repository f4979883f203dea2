/* SPDX-License-Identifier: MIT */
/* For tests: a dialect of the board with MPCs (program/mpc-board.h). */
#ifndef TW_PROGRAM_TEST_MPC_BOARD_H
#define TW_PROGRAM_TEST_MPC_BOARD_H

#include "program/mpc-board.h"

/* With the contents `code`, too, or with data alone. */
static inline TwDialect test_mpc_board_dialect(bool code)
{
    static const uint8_t codes[] = {
        TW_OP_NOP,  TW_OP_READ,     TW_OP_WRITE,     TW_OP_EXEC,
        TW_OP_PAGE, TW_OP_MPC_READ, TW_OP_MPC_WRITE, TW_OP_FLUSH_ALL};
    static const uint8_t setup_only[] = {TW_OP_PAGE};
    TwDialect d = tw_dialect_full();

    d.ops = tw_ops_of(codes, sizeof(codes));
    d.setup_only = tw_ops_of(setup_only, sizeof(setup_only));
    d.op_flags = 0;
    d.contents = 1u << TW_CONTENTS_DATA | (unsigned)code << TW_CONTENTS_CODE;
    d.mpc_board = true;
    d.max_cpus = 1;
    d.explicit_safepoints = false;
    return d;
}

/* The same with two CPUs. */
static inline TwDialect test_mpc_board_of_two(bool code)
{
    TwDialect d = test_mpc_board_dialect(code);

    tw_ops_add(&d.ops, TW_OP_SAFEPOINT);
    d.max_cpus = TW_MPC_BOARD_CPUS;
    d.explicit_safepoints = true;
    return d;
}

#endif
