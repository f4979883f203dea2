/* SPDX-License-Identifier: MIT */
/*
 * What all fuzz targets of this folder share: bytes in, a verdict or a death
 * out.  Engine glue: it keeps its runner and its buffers for the life of the
 * process, and it is for one thread.
 *
 * A harness dies by abort() in a function named for the verdict, after it has
 * printed (to stderr) the program, what was expected and seen, the command that
 * replays the input, and the line that ClusterFuzz groups by.
 */
#ifndef TW_FUZZ_HARNESS_H
#define TW_FUZZ_HARNESS_H

#include <stddef.h>
#include <stdint.h>

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
 * Decodes the input in the dialect of `target` ("softmmu", "zoo:SLUG",
 * "unicorn"), runs and judges it; dies on a finding that is not on the built-in
 * list of known divergences (on any, if TWINWALK_NO_KNOWN is in the
 * environment).  Now and then it also holds the byte form
 * to its promises.  Returns 0.
 */
int tw_harness_run(const char *target, const uint8_t *data, size_t size);

/*
 * Judges, for each access of the program, a trace that lies about it: a
 * difference is what makes the oracle ask its second walker.  Dies if the
 * walkers disagree.  Returns 0.
 */
int tw_harness_walkers(const uint8_t *data, size_t size);

/*
 * Parses the input as text, strictly and leniently; what is accepted must be
 * well formed and survive being printed and parsed again.  Returns 0.
 */
int tw_harness_text(const uint8_t *data, size_t size);

/* For the custom mutators: decode, mutate or cross, encode. */
size_t tw_harness_mutate(const char *target, uint8_t *data, size_t size,
                         size_t max_size, unsigned int seed);
size_t tw_harness_cross(const char *target, const uint8_t *data1,
                        size_t size1, const uint8_t *data2, size_t size2,
                        uint8_t *out, size_t max_out_size, unsigned int seed);

/*
 * "zoo:SLUG" for the slug in the environment variable TWINWALK_ZOO; without
 * it, a line on stderr and exit code 2.
 */
const char *tw_harness_zoo(void);

#endif
