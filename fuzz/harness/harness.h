/* SPDX-License-Identifier: MIT */
/*
 * What all fuzz targets of this folder share: bytes in, a verdict or an abort
 * out.  Engine glue: it keeps its runner and its buffers as long as the
 * process lives, and it is for one thread.
 *
 * At a finding a harness prints to stderr the program, the expected and the
 * seen outcome, the command that replays the input, and the line by which
 * ClusterFuzz groups crashes.  Then it calls abort() in a function that is
 * named for the verdict.
 */
#ifndef TW_FUZZ_HARNESS_HARNESS_H
#define TW_FUZZ_HARNESS_HARNESS_H

#include <stddef.h>
#include <stdint.h>

#include "program/dialect.h"

/* What engines call; each fuzz target defines the first, some the others. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1,
                                 const uint8_t *data2, size_t size2,
                                 uint8_t *out, size_t max_out_size,
                                 unsigned int seed);

/*
 * The name under which the input can be found, for the replay command; NULL
 * (the default) means libFuzzer's, "crash-" and the SHA-1 of the input.
 */
void tw_harness_input_name(const char *name);

/*
 * Judges an input as the harness of this name (fuzz/harnesses.def) does
 * (tw_input_judge), and aborts at a finding that is not on the built-in list of
 * known divergences (at any, if TWINWALK_NO_KNOWN is in the environment).
 * With TWINWALK_COVERAGE in the environment, the situations of the inputs are
 * added to that file when the process ends or aborts.
 * With TWINWALK_METER in the environment, the name of a file of
 * tw_meter_make(), what the inputs come to is noted there, and only a verdict
 * that the bug of TWINWALK_ZOO is known to cause aborts.
 * Returns 0.  The name must be the same in each call.
 */
int tw_harness_run(const char *name, const uint8_t *data, size_t size);

/*
 * The result of the last input, as text for comparison, for the caller to free:
 * the verdict, and for built-in targets the whole trace (the caches of others
 * depend on the time).
 */
char *tw_harness_result(void);

/* The dialect in which inputs of the harness are programs; they must be. */
const TwDialect *tw_harness_dialect(const char *name);

/*
 * For the custom mutators: decode, mutate or cross, encode.  Returns the new
 * size; cross: 0 if nothing fits.  With TWINWALK_RAW in the environment,
 * libFuzzer's mutator of bytes does all the work, where there is one.
 */
size_t tw_harness_mutate(const char *name, uint8_t *data, size_t size,
                         size_t max_size, unsigned int seed);
size_t tw_harness_cross(const char *name, const uint8_t *data1, size_t size1,
                        const uint8_t *data2, size_t size2, uint8_t *out,
                        size_t max_out_size, unsigned int seed);

/* What a fuzz target is made of: of one whose inputs are text, and of one
 * whose inputs are the bytes of programs. */
#define TW_FUZZER_OF_TEXT(name) \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) \
    { \
        return tw_harness_run(name, data, size); \
    }
#define TW_FUZZER_OF_PROGRAMS(name) \
    TW_FUZZER_OF_TEXT(name) \
    size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, \
                                   size_t max_size, unsigned int seed) \
    { \
        return tw_harness_mutate(name, data, size, max_size, seed); \
    } \
    size_t LLVMFuzzerCustomCrossOver( \
        const uint8_t *data1, size_t size1, const uint8_t *data2, \
        size_t size2, uint8_t *out, size_t max_out_size, unsigned int seed) \
    { \
        return tw_harness_cross(name, data1, size1, data2, size2, out, \
                                max_out_size, seed); \
    }

#endif
