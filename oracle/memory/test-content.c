/* SPDX-License-Identifier: MIT */
/* RAM as at a time, as a walk of tables that lie in it would read it. */
#include <glib.h>

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
    TwContents contents = {.stored = g_new(TwStored, 4)};
    TwRam ram = {.byte = tw_contents_byte_at, .data = &contents};
    uint8_t first = tw_content_initial(TW_CONTENTS_DATA, 0, 0x10);
    uint8_t tag_1 = tw_content_tag(TW_CONTENTS_DATA, 1, 0x10, 0);
    uint8_t tag_2 = tw_content_tag(TW_CONTENTS_DATA, 2, 0x10, 0);

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
    g_free(contents.stored);
    g_free(program);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/content/as-at-a-time", test_as_at_a_time);
    return g_test_run();
}
