/* SPDX-License-Identifier: MIT */
/* Is forgotten what must be, by every way to forget? */
#include "fuzz/harness/harness.h"

TW_FUZZER_OF_PROGRAMS("invalidate_fuzzer")
