/* SPDX-License-Identifier: MIT */
/* Does a device see what it should, and the CPU what the device stored? */
#include "fuzz/harness/harness.h"

TW_FUZZER_OF_PROGRAMS("dma_fuzzer")
