/* SPDX-License-Identifier: MIT */
/* The target class "qemu-mpc": a CPU of a stock QEMU behind TrustZone Memory
 * Protection Controllers. */
#ifndef TW_TARGETS_MPC_CLASS_H
#define TW_TARGETS_MPC_CLASS_H

#include "targets/target.h"

extern const TwTargetClass tw_mpc_class;
/* "qemu-mpc-smp": two CPUs. */
extern const TwTargetClass tw_mpc_smp_class;
/* "qemu-mpc-dma": the same, compared with its DMA controller. */
extern const TwTargetClass tw_mpc_dma_class;

#endif
