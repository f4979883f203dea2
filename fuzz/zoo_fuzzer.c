/* SPDX-License-Identifier: MIT */
/* Does an engine find the zoo bug that TWINWALK_ZOO names? */
#include "fuzz/harness/harness.h"

TW_FUZZER_OF_PROGRAMS("zoo_fuzzer")
