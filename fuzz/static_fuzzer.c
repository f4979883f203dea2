/* SPDX-License-Identifier: MIT */
/* Nothing changes: is the walk right? */
#include "fuzz/harness/harness.h"

TW_FUZZER_OF_PROGRAMS("static_fuzzer")
