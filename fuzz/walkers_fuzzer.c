/* SPDX-License-Identifier: MIT */
/* Do the oracle's two walkers agree with each other? */
#include "fuzz/harness/harness.h"

TW_FUZZER_OF_PROGRAMS("walkers_fuzzer")
