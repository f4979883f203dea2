/* SPDX-License-Identifier: MIT */
/* Several CPUs: does each forget what the others changed, in time? */
#include "fuzz/harness/harness.h"

TW_FUZZER_OF_PROGRAMS("cpus_fuzzer")
