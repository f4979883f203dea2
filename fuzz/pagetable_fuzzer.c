/* SPDX-License-Identifier: MIT */
/* IOMMUs with tables in RAM: is a changed entry used when it must be?
 */
#include "fuzz/harness/harness.h"

TW_FUZZER_OF_PROGRAMS("pagetable_fuzzer")
