/* SPDX-License-Identifier: MIT */
/* Does the built-in target agree with the oracle? */
#include "fuzz/harness/harness.h"

TW_FUZZER_OF_PROGRAMS("softmmu_fuzzer")
