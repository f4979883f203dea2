/* SPDX-License-Identifier: MIT */
/* Regions change, in transactions: is the newest topology seen? */
#include "fuzz/harness/harness.h"

TW_FUZZER_OF_PROGRAMS("topology_fuzzer")
