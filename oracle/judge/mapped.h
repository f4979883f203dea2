/* SPDX-License-Identifier: MIT */
/* The length that a target tells of a DMA mapping (LA-38). */
#ifndef TW_ORACLE_JUDGE_MAPPED_H
#define TW_ORACLE_JUDGE_MAPPED_H

#include "oracle/judge/oracle.h"

/* Judges the length that operation `number`, a `dma-map` that was performed,
 * tells.  Where an IOMMU has an IOTLB, it is not judged. */
TwVerdict tw_mapped_judge(TwOracle *oracle, const TwOp *op, uint16_t number);

#endif
