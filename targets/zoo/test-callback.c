/* SPDX-License-Identifier: MIT */
/*
 * Corner 89, which no program can express, because no operation of a program
 * translates during a notification: here the receiver of an UNMAP asks the
 * IOMMU again at once.
 */
#define TW_ZOO 1

#include <glib.h>
#include <string.h>

#include "program/text/text.h"
#include "targets/softmmu/parts.h"

static const TwTargetClass test_class = {
    .name = "test",
    .dialect = dialect,
    .contract = contract,
    .version = version,
    .run = run,
    .emit = emit,
    .close = machine_close,
};
static TwProgram program;
static TwTrace trace;

/*
 *   s0  0 [ i0: page 0 -> s1 0, later otherwise ] 0x80     bypass: s2
 *   s1  0 [ r1 ram .............................] 0x80
 *   o0 and c0 are told of each change: asked in the midst of it, i0 must give
 *   what it gives afterwards.
 */
static const char *const board = "twinwalk 1\n"
                                 "page 64\n"
                                 "region r0 iommu size 0x80 root s0 iommu i0\n"
                                 "region r1 ram size 0x80 root s1\n"
                                 "region r2 ram size 0x80 root s2\n"
                                 "iommu i0 table to s2\n"
                                 "mmu c0.0 space s0\n"
                                 "setup\n"
                                 "  page c0.0 0x0 -> 0x0 size 0x40 rwx\n"
                                 "  map i0.0 0x0..0x3f -> s1 0x0 rw silent\n"
                                 "script\n"
                                 "  observe o0 of i0.0 unmap 0x0..0x3f\n"
                                 "  read c0.0 0x0 4\n";

/* Each with what page 0 translates to from then on. */
static const struct {
    const char *op;
    Translation after;
} changes[] = {
    {"map i0.0 0x0..0x3f -> s1 0x40 rw notified",
     {.addr = 0x40, .space = 1, .perm = TW_R | TW_W}},
    {"map i0.0 0x0..0x3f -> s2 0x0 r notified", {.space = 2, .perm = TW_R}},
    {"protect i0.0 0x0..0x3f w notified", {.space = 1, .perm = TW_W}},
    {"unmap i0.0 0x0..0x3f notified", {.perm = 0}},
    {"iommu-reset i0", {.perm = 0}},
    {"bypass i0 on", {.space = 2, .perm = TW_R | TW_W}},
};

/* What those who were reached were answered. */
typedef struct Asked {
    Machine *m;
    unsigned n;
    Translation answers[4];
} Asked;

static void tell_reached(void *data, uint16_t op, const char *kind,
                         const char *text)
{
    Asked *asked = data;

    (void)text;
    if (op != TW_NO_OP && strcmp(kind, "reach") == 0) {
        g_assert_cmpuint(asked->n, <, G_N_ELEMENTS(asked->answers));
        asked->answers[asked->n++] = iommu_translate(asked->m, 0, 0, 0);
    }
}

/* How many of the two that are reached by `change` see it, under `bug`. */
static unsigned see_it(unsigned change, Bug bug)
{
    Asked asked = {.n = 0};
    TwTeller teller = {tell_reached, &asked};
    TwTargetOptions options = {.name = "test", .teller = &teller};
    g_autofree char *text = g_strdup_printf("%s  %s\n  read c0.0 0x0 4\n",
                                            board, changes[change].op);
    const Translation *after = &changes[change].after;
    g_autoptr(GError) error = NULL;
    Machine *m = machine_open(&test_class, &options);
    unsigned seen = 0;

    g_assert_no_error(error);
    g_assert_null(name_argument(&options));
    tw_program_parse(&program, text, strlen(text), "test", TW_TEXT_STRICT, NULL,
                     NULL, &error);
    g_assert_no_error(error);
    asked.m = m;
    m->bugs[bug / 64] = UINT64_C(1) << bug % 64;
    run(&m->target, &program, &trace);
    g_assert_cmpuint(trace.end, ==, TW_END_DONE);
    /* c0 and o0; a MAP that follows reaches nobody. */
    g_assert_cmpuint(asked.n, >=, 2);
    for (unsigned i = 0; i < 2; i++) {
        const Translation *answer = &asked.answers[i];
        seen += answer->perm == after->perm &&
                (after->perm == 0 || (answer->addr == after->addr &&
                                      answer->space == after->space));
    }
    machine_close(&m->target);
    return seen;
}

static void test_translation_in_callback(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_test_message("%s", changes[i].op);
        g_assert_cmpuint(see_it(i, BUG_NONE), ==, 2);
        g_assert_cmpuint(see_it(i, BUG_NOTIFY_BEFORE_CHANGE), ==, 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/corner/89/NT-13/translation-in-callback",
                    test_translation_in_callback);
    return g_test_run();
}
