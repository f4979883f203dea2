/* SPDX-License-Identifier: MIT */
/*
 * A and D bits that walks set (LA-55), and what caches may answer where they
 * are not set (FR-13): which marks of a target are right, and which are
 * missing.
 *
 *   s0 = r0   i0, two levels in r2: the root at 0x0, a table at 0x1000
 *   s1 = r1   ram
 */
#include "oracle/test/test-support.h"

#include <glib.h>
#include <string.h>

#define WORLD \
    "twinwalk 1\n" \
    "region r0 iommu size 2^64 root s0 iommu i0\n" \
    "region r1 ram size 2^64 root s1\n" \
    "region r2 ram size 0x10000\n" \
    "iommu i0 pagetable granule 4096 to s1 format abstract tables r2 " \
    "levels 2 iotlb updates-ad\n" \
    "mmu c0.0 space s0\n" \
    "setup\n" \
    "  page c0.0 0x0 -> 0x0 size 0x1000 rwx\n" \
    "  page c0.0 0x1000 -> 0x1000 size 0x1000 rwx\n" \
    "  page c0.0 0x2000 -> 0x2000 size 0x1000 rwx\n" \
    "  context i0 0 tables -> 0x0 domain 0\n" \
    "  poke r2 0x0 = 0x1007\n" \
    "  poke r2 0x8 = 0x7\n" /* leads to the root */ \
    "  poke r2 0x1000 = 0x5007\n" \
    "  poke r2 0x1008 = 0x6003\n" \
    "script\n"

#define AT(op, level, at, value) \
    { \
        op, 0, level, 0, at, value \
    }
#define NO_MARK AT(0, 0, 0, 0)
#define UPPER(op) AT(op, 2, 0x0, 0x1017)
#define LEAF(op, value) AT(op, 1, 0x1000, value)
#define A 0x5017
#define AD 0x5037

static const struct {
    const char *name, *script;
    TwMark marks[5];
    TwVerdict verdict;
    const char *text; /* of the finding */
} cases[] = {
    {"load", "  read c0.0 0x0 4\n", {UPPER(0), LEAF(0, A)}, .text = ""},
    {"order", "  read c0.0 0x0 4\n", {LEAF(0, A), UPPER(0)}, .text = ""},
    {"store", "  write c0.0 0x0 4\n", {UPPER(0), LEAF(0, AD)}, .text = ""},
    {"two-steps",
     "  write c0.0 0x0 4\n",
     {UPPER(0), LEAF(0, A), LEAF(0, AD)},
     .text = ""},
    {"nothing",
     "  read c0.0 0x0 4\n",
     {NO_MARK},
     TW_VERDICT_EFFECT,
     "A is not set in the entry of i0 of level 2 at r2+0x0, 0x1007"},
    {"no-leaf",
     "  read c0.0 0x0 4\n",
     {UPPER(0)},
     TW_VERDICT_EFFECT,
     "A is not set in the entry of i0 of level 1 at r2+0x1000"},
    {"no-upper",
     "  read c0.0 0x0 4\n",
     {LEAF(0, A)},
     TW_VERDICT_EFFECT,
     "A is not set in the entry of i0 of level 2"},
    {"no-dirty",
     "  write c0.0 0x0 4\n",
     {UPPER(0), LEAF(0, A)},
     TW_VERDICT_EFFECT,
     "D is not set in the entry of i0 of level 1 at r2+0x1000, 0x5017"},
    {"load-dirty",
     "  read c0.0 0x0 4\n",
     {UPPER(0), LEAF(0, AD)},
     TW_VERDICT_EFFECT,
     "became 0x5037: D is set by an access that does not store"},
    {"upper-dirty",
     "  write c0.0 0x0 4\n",
     {AT(0, 2, 0x0, 0x1037), LEAF(0, AD)},
     TW_VERDICT_EFFECT,
     "an entry for a table has no D"},
    {"more",
     "  write c0.0 0x0 4\n",
     {UPPER(0), LEAF(0, 0x5437)},
     TW_VERDICT_EFFECT,
     "more has changed than A and D"},
    {"again",
     "  write c0.0 0x0 4\n",
     {UPPER(0), UPPER(0)},
     TW_VERDICT_EFFECT,
     "it was that before"},
    {"beside",
     "  read c0.0 0x0 4\n",
     {UPPER(0), LEAF(0, A), AT(0, 1, 0x1008, 0x6013)},
     TW_VERDICT_EFFECT,
     "no walk of the access uses it"},
    {"level",
     "  read c0.0 0x0 4\n",
     {AT(0, 1, 0x0, 0x1017)},
     TW_VERDICT_EFFECT,
     "no walk of the access uses it"},
    {"readable",
     "  read c0.0 0x1000 4\n",
     {UPPER(0), AT(0, 1, 0x1008, 0x6013)},
     .text = ""},
    {"refused-none", "  write c0.0 0x1000 4\n", {NO_MARK}, .text = ""},
    {"refused",
     "  write c0.0 0x1000 4\n",
     {UPPER(0)},
     TW_VERDICT_EFFECT,
     "its translation does not grant the access"},
    {"absent",
     "  read c0.0 0x2000 4\n",
     {UPPER(0)},
     TW_VERDICT_EFFECT,
     "its translation does not grant the access"},
    /* An access of two pages, the second of which refuses it: the first
     * translation may have set its bits, or not. */
    {"half-refused",
     "  read c0.0 0x1ffc 8\n",
     {UPPER(0), AT(0, 1, 0x1008, 0x6013)},
     .text = ""},
    {"half-refused-none", "  read c0.0 0x1ffc 8\n", {NO_MARK}, .text = ""},
    {"two-pages",
     "  read c0.0 0xffc 8\n",
     {UPPER(0), LEAF(0, A)},
     TW_VERDICT_EFFECT,
     "A is not set in the entry of i0 of level 1 at r2+0x1008"},
    {"no-access",
     "  read c0.0 0x0 4\n  nop\n",
     {UPPER(0), LEAF(0, A), LEAF(1, AD)},
     TW_VERDICT_EFFECT,
     "no access used it"},
    {"skipped",
     "  unplug c0\n  read c0.0 0x0 4\n  dma-read s0 0x0 4 none\n",
     {UPPER(1), LEAF(1, A)},
     TW_VERDICT_EFFECT,
     "no access used it"},
    {"skipped-last",
     "  unplug c0\n  read c0.0 0x0 4\n",
     {UPPER(1), LEAF(1, A)},
     TW_VERDICT_EFFECT,
     "no access used it"},
    /* An entry that a load has made does not answer a store. */
    {"hit",
     "  dma-read s0 0x0 4 none\n  dma-write s0 0x0 4 none\n",
     {UPPER(0), LEAF(0, A)},
     TW_VERDICT_EFFECT,
     "D is not set"},
    {"hit-cpu",
     "  read c0.0 0x0 4\n  write c0.0 0x4 4\n",
     {UPPER(0), LEAF(0, A)},
     TW_VERDICT_EFFECT,
     "D is not set"},
    {"hit-set",
     "  dma-read s0 0x0 4 none\n  dma-write s0 0x0 4 none\n",
     {UPPER(0), LEAF(0, A), LEAF(1, AD)},
     .text = ""},
    /* One that a store has made does, and sets nothing, until it ends. */
    {"kept",
     "  dma-write s0 0x0 4 none\n"
     "  poke r2 0x1000 = 0x5007\n"
     "  dma-write s0 0x0 4 none\n"
     "  dma-read s0 0x0 4 none\n",
     {UPPER(0), LEAF(0, AD)},
     .text = ""},
    {"kept-cpu",
     "  write c0.0 0x0 4\n"
     "  poke r2 0x1000 = 0x5007\n"
     "  write c0.0 0x0 4\n",
     {UPPER(0), LEAF(0, AD)},
     .text = ""},
    {"kept-load",
     "  dma-read s0 0x0 4 none\n"
     "  poke r2 0x1000 = 0x5007\n"
     "  dma-write s0 0x0 4 none\n",
     {UPPER(0), LEAF(0, A)},
     TW_VERDICT_EFFECT,
     "is not set in the entry of i0 of level 1"},
    {"ended",
     "  dma-write s0 0x0 4 none\n"
     "  poke r2 0x1000 = 0x5007\n"
     "  invalidate i0 global 0 0x0..0x0\n"
     "  dma-write s0 0x0 4 none\n",
     {UPPER(0), LEAF(0, AD)},
     TW_VERDICT_EFFECT,
     "A is not set in the entry of i0 of level 1"},
    {"ended-set",
     "  dma-write s0 0x0 4 none\n"
     "  poke r2 0x1000 = 0x5007\n"
     "  invalidate i0 global 0 0x0..0x0\n"
     "  dma-write s0 0x0 4 none\n",
     {UPPER(0), LEAF(0, AD), LEAF(3, AD)},
     .text = ""},
    /* A restore takes the bits back. */
    {"restored",
     "  snapshot\n  write c0.0 0x0 4\n  restore\n  read c0.0 0x0 4\n",
     {UPPER(1), LEAF(1, AD)},
     TW_VERDICT_EFFECT,
     "A is not set"},
    {"restored-set",
     "  snapshot\n  write c0.0 0x0 4\n  restore\n  read c0.0 0x0 4\n",
     {UPPER(1), LEAF(1, AD), UPPER(3), LEAF(3, A)},
     .text = ""},
    {"exchange",
     "  rmw c0.0 0x0 4\n",
     {UPPER(0), LEAF(0, A)},
     TW_VERDICT_EFFECT,
     "D is not set"},
    {"fetch",
     "  exec c0.0 0x0 4\n",
     {UPPER(0)},
     TW_VERDICT_EFFECT,
     "A is not set"},
    /* The fetch of an instruction is an access, too. */
    {"from",
     "  write c0.0 0x0 4 from 0x1000\n",
     {UPPER(0), AT(0, 1, 0x1008, 0x6013), LEAF(0, AD)},
     .text = ""},
    {"from-unmarked",
     "  write c0.0 0x0 4 from 0x1000\n",
     {UPPER(0), LEAF(0, AD)},
     TW_VERDICT_EFFECT,
     "A is not set in the entry of i0 of level 1 at r2+0x1008"},
    {"pair",
     "  read c0.0 0xffc 4\n  read c0.0 0x1000 4 paired\n",
     {UPPER(0), LEAF(0, A), AT(1, 1, 0x1008, 0x6013)},
     .text = ""},
    {"pair-unmarked",
     "  read c0.0 0xffc 4\n  read c0.0 0x1000 4 paired\n",
     {UPPER(0), LEAF(0, A)},
     TW_VERDICT_EFFECT,
     "A is not set in the entry of i0 of level 1 at r2+0x1008"},
    /* An entry of two levels, which leads to itself. */
    {"itself",
     "  dma-read s0 0x201000 4 none\n",
     {AT(0, 2, 0x8, 0x17)},
     .text = ""},
    /* Open: which came first; and what half of another entry says with A. */
    {"during",
     "  read c0.0 0x0 4\n  during flush-all c0\n",
     {UPPER(0), LEAF(0, A)},
     TW_VERDICT_INCONCLUSIVE,
     "operations during it"},
    {"overlap",
     "  poke r2 0x2004 = 0x2007\n"
     "  poke r2 0x2000 = 0x200700000007\n"
     "  context i0 0 tables -> 0x2004 domain 1\n"
     "  dma-read s0 0x10 4 none\n",
     {AT(3, 2, 0x2004, 0x2017)},
     TW_VERDICT_INCONCLUSIVE,
     "as something else"},
};

/* Does a later operation of the script take the mark back? */
static bool is_undone(const TwProgram *program, const TwMark *mark)
{
    for (unsigned i = mark->op + 1u; i < program->n_script; i++) {
        const TwOp *op = &program->script[i];

        if (op->code == TW_OP_RESTORE ||
            (op->code == TW_OP_POKE && op->addr == mark->at)) {
            return true;
        }
    }
    return false;
}

/* The digests of what RAM holds with the marks. */
static void store_marks(TestTarget *target)
{
    TwTrace *trace = target->trace;

    for (unsigned i = 0; i < trace->n_marks; i++) {
        const TwMark *mark = &trace->marks[i];

        if (!is_undone(target->program, mark)) {
            tw_contents_store(&target->contents, 2, mark->at, UINT64_MAX,
                              mark->value, target->world->now + 1, mark->op);
        }
    }
    tw_contents_digests(&target->contents, target->contents.worlds,
                        trace->digests);
}

static void run_case(const void *data)
{
    unsigned i = GPOINTER_TO_UINT(data);
    g_autofree char *text = g_strconcat(WORLD, cases[i].script, NULL);
    TwProgram *program = test_program(text);
    TestTarget *target = test_target_new(program);
    const TwFinding *finding;

    test_target_run(target, true);
    for (unsigned k = 0; k < G_N_ELEMENTS(cases[i].marks); k++) {
        if (cases[i].marks[k].level) {
            tw_trace_add_mark(target->trace, cases[i].marks[k]);
        }
    }
    store_marks(target);
    finding = test_judge(target, cases[i].verdict);
    g_assert_nonnull(strstr(finding->text, cases[i].text));
    if (cases[i].verdict == TW_VERDICT_EFFECT) {
        g_assert_true(g_str_has_suffix(finding->key, "Acd"));
    }
    test_target_free(target);
    g_free(program);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        bool fresh = strstr(cases[i].name, "hit") ||
                     strstr(cases[i].name, "kept") ||
                     strstr(cases[i].name, "ended");
        g_autofree char *path = g_strdup_printf(
            fresh ? "/marks/FR-13/%s" : "/marks/LA-55/%s", cases[i].name);

        g_test_add_data_func(path, GUINT_TO_POINTER(i), run_case);
    }
    return g_test_run();
}
