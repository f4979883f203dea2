/* SPDX-License-Identifier: MIT */
/*
 * The fixed text of the scripts of emit.c.  A script is: comments; `start`; the
 * linker script; the assembly (`head`, `entry`, macros for what the SRAMs have
 * at the start and for each operation: `rows`, `tail`); `build`; `run`, which
 * runs the guest; the check.  The guest prints the outcome of the last access,
 * and "end".
 */
#ifndef TW_TARGETS_MPC_EMIT_GUEST_H
#define TW_TARGETS_MPC_EMIT_GUEST_H

extern const char tw_mpc_emit_start[], tw_mpc_emit_linker[], tw_mpc_emit_head[],
    tw_mpc_emit_entry[], tw_mpc_emit_rows[], tw_mpc_emit_tail[],
    tw_mpc_emit_build[], tw_mpc_emit_run[];
/* For accesses that are the DMA controller's where BY_DMA is defined: `rows`
 * comes before the rows, `functions` behind `tail`, `again` between two of
 * `build` and `run`; then files "cpu" and "out" have what the guests have
 * printed. */
extern const char tw_mpc_emit_dma_rows[], tw_mpc_emit_dma_functions[],
    tw_mpc_emit_dma_again[];
/* Two CPUs: `running` or `sleeping` is how a CPU waits, before the entry; `two`
 * comes instead of `rows`.  Around `run`, `repeat` and `until` are a loop that
 * ends when QEMU dies. */
extern const char tw_mpc_emit_two[], tw_mpc_emit_running[],
    tw_mpc_emit_sleeping[], tw_mpc_emit_repeat[], tw_mpc_emit_until[];

#endif
