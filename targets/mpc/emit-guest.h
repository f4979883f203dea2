/* SPDX-License-Identifier: MIT */
/*
 * The fixed text of the scripts of emit.c.  A script is: comments; `start`; the
 * linker script; the assembly (`head`, macros for what the SRAMs have at the
 * start and for each operation, `tail`); `build`, which runs the guest; the
 * check.  The guest prints the outcome of the last access, and "end".
 */
#ifndef TW_TARGETS_MPC_EMIT_GUEST_H
#define TW_TARGETS_MPC_EMIT_GUEST_H

extern const char tw_mpc_emit_start[], tw_mpc_emit_linker[], tw_mpc_emit_head[],
    tw_mpc_emit_tail[], tw_mpc_emit_build[];
/* For accesses that are the DMA controller's where BY_DMA is defined: `rows`
 * comes before the rows, `functions` behind `tail`, `again` between two of
 * `build`; then files "cpu" and "out" have what the guests have printed. */
extern const char tw_mpc_emit_dma_rows[], tw_mpc_emit_dma_functions[],
    tw_mpc_emit_dma_again[];

#endif
