/* SPDX-License-Identifier: MIT */
/* Do the oracle's two walkers agree with each other? */
#include "fuzz/harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return tw_harness_run("walkers_fuzzer", data, size);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned int seed)
{
    return tw_harness_mutate("walkers_fuzzer", data, size, max_size, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1,
                                 const uint8_t *data2, size_t size2,
                                 uint8_t *out, size_t max_out_size,
                                 unsigned int seed)
{
    return tw_harness_cross("walkers_fuzzer", data1, size1, data2, size2, out,
                            max_out_size, seed);
}
