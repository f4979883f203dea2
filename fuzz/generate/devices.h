/* SPDX-License-Identifier: MIT */
/* Devices at work where IOMMUs have IOTLBs (LA-51). */
#ifndef TW_FUZZ_GENERATE_DEVICES_H
#define TW_FUZZ_GENERATE_DEVICES_H

#include "fuzz/generate/sketch.h"

/*
 * In some programs with an IOTLB, most loads and stores of CPUs in the script,
 * which is whole, become DMA accesses of where the page map leads them.  So
 * what the moves do to a cache, they do to IOTLBs alone.
 */
void tw_devices_make(TwGen *gen);

#endif
