/* SPDX-License-Identifier: MIT */
/* IOMMUs whose tables other IOMMUs translate: is the whole way right, and what
 * is kept of it?
 */
#include "fuzz/harness/harness.h"

TW_FUZZER_OF_PROGRAMS("nested_fuzzer")
