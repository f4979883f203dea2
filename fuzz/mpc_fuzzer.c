/* SPDX-License-Identifier: MIT */
/* Memory protection controllers: is an access blocked exactly when it must be?
 */
#include "fuzz/harness/harness.h"

TW_FUZZER_OF_PROGRAMS("mpc_fuzzer")
