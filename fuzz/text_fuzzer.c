/* SPDX-License-Identifier: MIT */
/* Does the text form hold to its promises? */
#include "fuzz/harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return tw_harness_run("text_fuzzer", data, size);
}
