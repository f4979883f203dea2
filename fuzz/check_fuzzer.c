/* SPDX-License-Identifier: MIT */
/* Does the built-in target keep its invariants, after every operation? */
#include "fuzz/harness/harness.h"

TW_FUZZER_OF_PROGRAMS("check_fuzzer")
