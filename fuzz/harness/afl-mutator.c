/* SPDX-License-Identifier: MIT */
/*
 * The custom mutator of a harness for AFL++, a module for
 * AFL_CUSTOM_MUTATOR_LIBRARY: mutation, cross-over and trimming by structure.
 * TW_AFL_HARNESS is the harness's name.  Engine glue, for one thread; it runs
 * inside afl-fuzz, and so is never instrumented.
 */
#include <glib.h>
#include <string.h>

#include "fuzz/harness/afl-mutator.h"
#include "fuzz/harness/harness.h"
#include "fuzz/minimise/trim.h"
#include "program/rng.h"

enum {
    MOST_BYTES = 2048, /* as .options has it for libFuzzer */
    CROSS_ONE_IN = 4,
};

typedef struct Mutator {
    TwRng rng;
    TwTrim *trim;
    uint8_t bytes[MOST_BYTES];
} Mutator;

void *afl_custom_init(void *afl, unsigned int seed)
{
    Mutator *m = g_new0(Mutator, 1);

    (void)afl;
    m->rng = tw_rng_for(0x61666c0000000000u, seed);
    m->trim = tw_trim_new(tw_harness_dialect(TW_AFL_HARNESS));
    return m;
}

void afl_custom_deinit(void *data)
{
    Mutator *m = data;

    tw_trim_free(m->trim);
    g_free(m);
}

size_t afl_custom_fuzz(void *data, uint8_t *buf, size_t buf_size,
                       uint8_t **out_buf, uint8_t *add_buf, size_t add_buf_size,
                       size_t max_size)
{
    Mutator *m = data;
    size_t most = MIN(max_size, sizeof(m->bytes));
    unsigned seed = (unsigned)tw_rng_next(&m->rng);

    *out_buf = m->bytes;
    if (add_buf != NULL && add_buf_size > 0 &&
        tw_rng_below(&m->rng, CROSS_ONE_IN) == 0) {
        size_t size = tw_harness_cross(TW_AFL_HARNESS, buf, buf_size, add_buf,
                                       add_buf_size, m->bytes, most, seed);
        if (size > 0) {
            return size;
        }
    }
    size_t size = MIN(buf_size, most);
    memcpy(m->bytes, buf, size);
    return tw_harness_mutate(TW_AFL_HARNESS, m->bytes, size, most, seed);
}

/* Steps go from 0; the number of steps ends them, whatever was expected. */
int32_t afl_custom_init_trim(void *data, uint8_t *buf, size_t buf_size)
{
    Mutator *m = data;

    return tw_trim_start(m->trim, buf, buf_size) ? 1 : 0;
}

size_t afl_custom_trim(void *data, uint8_t **out_buf)
{
    Mutator *m = data;
    const uint8_t *bytes;
    size_t size = tw_trim_candidate(m->trim, &bytes);

    *out_buf = (uint8_t *)bytes; /* afl-fuzz only reads it */
    return size;
}

int32_t afl_custom_post_trim(void *data, unsigned char success)
{
    Mutator *m = data;

    return tw_trim_go_on(m->trim, success) ? 0 : 1;
}
