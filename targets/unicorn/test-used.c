/* SPDX-License-Identifier: MIT */
/* No program influences the next one on the same engine. */
#include <string.h>

#include "program/text/text.h"
#include "targets/unicorn/internal.h"

/*
 * Reads from 200 pages: at the next flush the library makes its TLB larger.
 *
 *   0x200000 ram ... 0x300000
 */
static TwProgram *many_pages(void)
{
    g_autoptr(GString) text =
        g_string_new("twinwalk 1\n"
                     "region r0 container size 0x400000 root s0\n"
                     "region r1 ram size 0x100000 in r0 at 0x200000\n"
                     "mmu c0.0 space s0\n"
                     "setup\n"
                     "  page c0.0 0x0 -> 0x0 size 0x400000 rwx\n"
                     "script\n");
    TwProgram *program = g_new(TwProgram, 1);
    GError *error = NULL;

    for (unsigned i = 0; i < 200; i++) {
        g_string_append_printf(text, "  read c0.0 0x%x 4\n",
                               0x200000 + i * 0x1000);
    }
    tw_program_parse(program, text->str, text->len, "many", TW_TEXT_STRICT,
                     NULL, NULL, &error);
    g_assert_no_error(error);
    return program;
}

/*
 * A store fills the entry of a page without R, and a load follows.  Between
 * them the doorbell is rung, which has the same slot in a TLB of 256, but not
 * in one of 512.  So the load of 2.0.1 is refused or not, depending on the
 * size.
 */
static TwProgram *slot_of_doorbell(unsigned at)
{
    g_autofree char *text = g_strdup_printf("twinwalk 1\n"
                                            "region r0 container size 0x400000 "
                                            "root s0\n"
                                            "region r6 ram size 0x2000 in r0 "
                                            "at 0x%x\n"
                                            "mmu c0.0 space s0\n"
                                            "setup\n"
                                            "  page c0.0 0x0 -> 0x0 size "
                                            "0x400000 rwx\n"
                                            "  page c0.0 0x%x -> 0x%x size "
                                            "0x1000 w\n"
                                            "script\n"
                                            "  write c0.0 0x%x 8\n"
                                            "  c0: page c0.0 0x0 -> 0x0 size "
                                            "0x1000 rwx\n"
                                            "  read c0.0 0x%x 8\n",
                                            at, at, at, at + 0x348, at + 0x348);
    TwProgram *program = g_new(TwProgram, 1);
    GError *error = NULL;

    tw_program_parse(program, text, strlen(text), "slot", TW_TEXT_STRICT, NULL,
                     NULL, &error);
    g_assert_no_error(error);
    return program;
}

static TwTarget *open_target(const char *name)
{
    GError *error = NULL;
    TwTarget *target = tw_target_open(&(TwTargetOptions){.name = name}, &error);

    g_assert_no_error(error);
    return target;
}

static void assert_same(const TwProgram *program, const TwTrace *a,
                        const TwTrace *b)
{
    g_assert_cmpint(a->end, ==, TW_END_DONE);
    g_assert_cmpint(b->end, ==, TW_END_DONE);
    for (unsigned i = 0; i < program->n_script; i++) {
        g_assert_cmpint(a->outcomes[i].status, ==, b->outcomes[i].status);
        g_assert_cmpint(a->outcomes[i].class_, ==, b->outcomes[i].class_);
        g_assert_cmphex(a->outcomes[i].value, ==, b->outcomes[i].value);
    }
}

static void test_used(gconstpointer data)
{
    /* Pages of the TLB have 1 KiB or 4 KiB. */
    static const unsigned ats[] = {0x105000, 0x1c5000};
    g_autofree TwProgram *many = many_pages();
    g_autofree TwTrace *old = g_new(TwTrace, 1), *new = g_new(TwTrace, 1);
    TwTarget *used = open_target(data);

    for (unsigned i = 0; i < 2 * G_N_ELEMENTS(ats); i++) {
        g_autofree TwProgram *program = slot_of_doorbell(ats[i % 2]);
        TwTarget *fresh = open_target(data);

        g_assert_true(tw_target_run(used, many, old));
        g_assert_cmpint(old->end, ==, TW_END_DONE);
        g_assert_true(tw_target_run(used, program, old));
        g_assert_true(tw_target_run(fresh, program, new));
        assert_same(program, old, new);
        tw_target_close(fresh);
    }
    /* It was one engine, opened with a window that no program has used: opening
     * another one costs more than most programs. */
    g_assert_cmpuint(((Machine *)used)->windows, ==, 1 + 8);
    tw_target_close(used);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"unicorn", "unicorn:x86-64",
                                        "unicorn:riscv64"};

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_strconcat("/unicorn/used/", names[i], NULL);

        g_test_add_data_func(path, names[i], test_used);
    }
    return g_test_run();
}
