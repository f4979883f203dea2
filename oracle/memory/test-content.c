/* SPDX-License-Identifier: MIT */
/* RAM as at a time, as a walk of tables that lie in it would read it. */
#include <glib.h>
#include <string.h>

#include "oracle/memory/content.h"
#include "program/content.h"

/* A store of one byte at offset 0x10 of r0 by operation `op` at tick `tick`. */
static void store(TwContents *contents, uint16_t op, uint32_t tick)
{
    TwAccess access = {.code = TW_OP_WRITE, .size = 1, .op = op};
    TwByte byte = {.where = TW_AT_LEAF, .region = 0, .offset = 0x10};
    TwEffect effect = {.class_ = TW_CLASS_OK, .acts = {TW_ACT_BYTES}};

    contents->worlds[0] = tw_contents_apply(contents, contents->worlds[0],
                                            &access, &byte, &effect, tick);
}

/*
 * tick   0 . . . 3 . . . 5
 * store        ^op 1   ^op 2   (each after its tick, before the next)
 */
static void test_as_at_a_time(void)
{
    TwProgram *program = g_new0(TwProgram, 1);
    TwContents contents;
    TwRam ram = {.byte = tw_contents_byte_at, .data = &contents};
    uint8_t first = tw_content_initial(TW_CONTENTS_DATA, 0, 0x10);
    uint8_t tag_1 = tw_content_tag(TW_CONTENTS_DATA, 1, 0x10, 0);
    uint8_t tag_2 = tw_content_tag(TW_CONTENTS_DATA, 2, 0x10, 0);

    tw_contents_init(&contents);
    tw_program_init(program);
    program->n_regions = 1;
    program->regions[0] = tw_region_make(TW_REGION_RAM);
    program->regions[0].block = 0;
    tw_contents_start(&contents, program, false, false, false);
    store(&contents, 1, 3);
    store(&contents, 2, 5);

    g_assert_cmpuint(ram.byte(ram.data, 0, 0x10, 0), ==, first);
    g_assert_cmpuint(ram.byte(ram.data, 0, 0x10, 2), ==, first);
    g_assert_cmpuint(ram.byte(ram.data, 0, 0x10, 3), ==, tag_1);
    g_assert_cmpuint(ram.byte(ram.data, 0, 0x10, 4), ==, tag_1);
    g_assert_cmpuint(ram.byte(ram.data, 0, 0x10, 5), ==, tag_2);
    g_assert_cmpuint(ram.byte(ram.data, 0, 0x10, TW_FOREVER), ==, tag_2);
    g_assert_cmpuint(ram.byte(ram.data, 0, 0x11, TW_FOREVER), ==,
                     tw_content_initial(TW_CONTENTS_DATA, 0, 0x11));
    tw_contents_clear(&contents);
    g_free(program);
}

enum { BLOCKS = 2, BYTES = 32, TICKS = 60 };

/* Reads each byte as at each tick so far, and compares it with arrays. */
static void check_all(const TwContents *contents,
                      uint8_t was[TICKS][BLOCKS][BYTES], uint32_t now)
{
    for (uint32_t t = 0; t <= now; t++) {
        for (unsigned b = 0; b < BLOCKS; b++) {
            for (unsigned x = 0; x < BYTES; x++) {
                g_assert_cmpuint(
                    tw_contents_byte_at(contents, (uint8_t)b, x, t), ==,
                    was[t][b][x]);
            }
        }
    }
}

/* Stores of all lengths in two blocks, snapshots and restores that forget
 * nothing: each byte as at each time is what an array of that time holds. */
static void test_as_arrays(void)
{
    TwProgram *program = g_new0(TwProgram, 1);
    TwContents contents;
    uint8_t was[TICKS][BLOCKS][BYTES], saved[BLOCKS][BYTES];
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);

    tw_contents_init(&contents);
    tw_program_init(program);
    tw_contents_start(&contents, program, false, true, true);
    for (unsigned b = 0; b < BLOCKS; b++) {
        for (unsigned x = 0; x < BYTES; x++) {
            was[0][b][x] = tw_content_initial(program->contents, (uint8_t)b, x);
        }
    }
    memcpy(saved, was[0], sizeof(saved));
    for (uint32_t t = 1; t < TICKS; t++) {
        unsigned b = (unsigned)g_rand_int_range(rand, 0, BLOCKS);
        unsigned x = (unsigned)g_rand_int_range(rand, 0, BYTES);
        unsigned what = (unsigned)g_rand_int_range(rand, 0, 10);
        uint64_t value = (uint64_t)g_rand_int(rand) << 32 | g_rand_int(rand);
        TwOp op = {.code = what == 0 ? TW_OP_SNAPSHOT : TW_OP_RESTORE};

        memcpy(was[t], was[t - 1], sizeof(was[t]));
        if (what < 2) {
            tw_contents_perform(&contents, &op, (uint16_t)t, t);
            memcpy(what == 0 ? saved : was[t], what == 0 ? was[t] : saved,
                   sizeof(saved));
        } else {
            tw_contents_store(&contents, (uint8_t)b, x, BYTES - 1, value, t,
                              (uint16_t)t);
            for (unsigned k = 0; k < 8 && x + k < BYTES; k++) {
                was[t][b][x + k] = (uint8_t)(value >> 8 * k);
            }
        }
        check_all(&contents, was, t);
    }
    tw_contents_clear(&contents);
    g_free(program);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/content/as-at-a-time", test_as_at_a_time);
    g_test_add_func("/content/as-arrays", test_as_arrays);
    return g_test_run();
}
