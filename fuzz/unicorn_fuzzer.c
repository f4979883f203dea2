/* SPDX-License-Identifier: MIT */
/* Does libunicorn agree with the oracle, known divergences aside? */
#include "fuzz/harness.h"

TW_FUZZER_OF_PROGRAMS("unicorn_fuzzer")
