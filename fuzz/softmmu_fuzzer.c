/* SPDX-License-Identifier: MIT */
/* Does the built-in target agree with the oracle? */
#include "fuzz/harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return tw_harness_run("softmmu_fuzzer", data, size);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned int seed)
{
    return tw_harness_mutate("softmmu_fuzzer", data, size, max_size, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1,
                                 const uint8_t *data2, size_t size2,
                                 uint8_t *out, size_t max_out_size,
                                 unsigned int seed)
{
    return tw_harness_cross("softmmu_fuzzer", data1, size1, data2, size2, out,
                            max_out_size, seed);
}
