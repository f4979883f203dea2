/* SPDX-License-Identifier: MIT */
/* Allocations fail: is what could not be had simply not there? */
#include "fuzz/harness/harness.h"

TW_FUZZER_OF_PROGRAMS("fault_fuzzer")
