/* SPDX-License-Identifier: MIT */
/* What AFL++ calls in a custom mutator; its documentation says how. */
#ifndef TW_FUZZ_HARNESS_AFL_MUTATOR_H
#define TW_FUZZ_HARNESS_AFL_MUTATOR_H

#include <stddef.h>
#include <stdint.h>

void *afl_custom_init(void *afl, unsigned int seed);
void afl_custom_deinit(void *data);

/* A changed `buf`, now and then crossed with `add_buf`. */
size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t buf_size,
                       uint8_t **out_buf, uint8_t *add_buf, size_t add_buf_size,
                       size_t max_size);

/* Returns the number of steps; the next step; which ends at that number. */
int32_t afl_custom_init_trim(void *data, uint8_t *buf, size_t buf_size);
size_t afl_custom_trim(void *data, uint8_t **out_buf);
int32_t afl_custom_post_trim(void *data, unsigned char success);

#endif
