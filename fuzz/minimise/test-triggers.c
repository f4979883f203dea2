/* SPDX-License-Identifier: MIT */
/*
 * Shrinking keeps the cause of a finding where a list of known divergences can
 * tell it: a bug of the zoo, as a class that has triggers, though they have
 * nothing to do with the bug.
 */
#include <glib.h>
#include <string.h>

#include "fuzz/minimise/shrink.h"
#include "program/text/text.h"
#include "targets/zoo/zoo.h"

/* The class --------------------------------------------------------------- */

static TwTarget *lure_open(const TwTargetOptions *options, GError **error)
{
    TwTargetOptions inner = *options;

    inner.name = "zoo:rights-not-anded";
    return tw_zoo_class.open(&inner, error);
}

static const TwTriggerInfo lure_triggers[] = {
    {"safepoint", "a safe point", false},
    {"clock", "time passes", false},
    {NULL, NULL, false}};

static uint64_t lure_met(const TwProgram *program, const TwFinding *finding)
{
    uint64_t met = 0;

    for (unsigned i = 0; i < program->n_script && i <= finding->op; i++) {
        met |= program->script[i].code == TW_OP_SAFEPOINT ? 1
               : program->script[i].code == TW_OP_CLOCK   ? 2
                                                          : 0;
    }
    return met;
}

static void lure_avoid(TwProgram *program, uint64_t triggers)
{
    (void)program, (void)triggers;
}

static const TwTargetClass lure_class = {.name = "lure",
                                         .open = lure_open,
                                         .triggers = lure_triggers,
                                         .triggers_met = lure_met,
                                         .avoid = lure_avoid};

static const TwTargetClass *const classes[] = {&lure_class, NULL};

const TwTargetClass *const *tw_target_classes(void)
{
    return classes;
}

TwTarget *tw_target_open(const TwTargetOptions *options, GError **error)
{
    return lure_open(options, error);
}

/* Shrinking --------------------------------------------------------------- */

static const char text[] = "twinwalk 1\n"
                           "region r0 ram size 0x1000 root s0\n"
                           "region r1 iommu size 0x2000 root s1 iommu i0\n"
                           "mmu c0.0 space s1\n"
                           "setup\n"
                           "  map i0.0 0x1000..0x1fff -> s0 0x0 rw silent\n"
                           "  map i0.0 0x0..0xfff -> s1 0x1000 rw silent\n"
                           "  page c0.0 0x0 -> 0x0 size 0x1000 rwx\n"
                           "script\n"
                           "  safepoint c0\n"
                           "  clock 1\n"
                           "  protect i0.0 0x0..0xfff w notified\n"
                           "  begin\n"
                           "  commit\n"
                           "  read c0.0 0x0 8\n";

/* The triggers that the shrunk case meets, where the list knows such keys. */
static uint64_t left(const char *keys, unsigned *operations)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autofree char *entry =
        g_strconcat("[a]\ntarget=*\nversions=*\nkeys=", keys,
                    "\npath=safepoint;clock\nreason=x\n"
                    "link=https://example.org\nexpires=2030-01-01\n",
                    NULL);
    g_autoptr(TwKnown) known = tw_known_new();
    TwDialect full = tw_dialect_full();
    TwFinding finding = {.op = TW_NO_OP};
    TwShrink shrink = {.target = {.name = "lure"}, .jobs = 1, .known = known};
    volatile sig_atomic_t stop = 0;
    TwShrunk result;
    GError *error = NULL;

    shrink.stop = &stop;
    tw_known_add_text(known, entry, strlen(entry), "list", &error);
    g_assert_no_error(error);
    tw_known_select(known, &lure_class, &full, "lure", "1", &error);
    g_assert_no_error(error);
    tw_program_parse(program, text, strlen(text), "text", TW_TEXT_STRICT, NULL,
                     NULL, &error);
    g_assert_no_error(error);
    g_assert_true(tw_shrink(&shrink, &full, program, &result, &error));
    g_assert_no_error(error);
    g_assert_true(result.found && result.same);
    *operations = program->n_script;
    /* With fewer bytes, others could not tell that it is stale. */
    g_assert_cmpint(result.finding.verdict, ==, TW_VERDICT_STALE);
    g_assert_cmpuint(program->script[result.finding.op].size, ==, 4);
    return lure_met(program, &finding);
}

/* Of a known finding each trigger could be the cause: all stay. */
static void test_known(void)
{
    unsigned operations;

    g_assert_cmphex(left("*", &operations), ==, 3);
    g_assert_cmpuint(operations, ==, 4);
}

/* Of a new one none is: they may go, and other operations do. */
static void test_new(void)
{
    unsigned operations;

    g_assert_cmphex(left("CrsNone", &operations), ==, 0);
    g_assert_cmpuint(operations, ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/triggers/known", test_known);
    g_test_add_func("/triggers/new", test_new);
    return g_test_run();
}
