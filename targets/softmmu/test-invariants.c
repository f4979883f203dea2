/* SPDX-License-Identifier: MIT */
/*
 * Each invariant is seen to fail: a machine of our own, after a program, in
 * which one thing is broken by hand.
 */
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

static const char *const board =
    "twinwalk 1\n"
    "region r0 container size 0x100000 root s0\n"
    "region r1 iommu size 0x8000 in r0 at 0x10000 iommu i0\n"
    "region r2 ram size 0x8000 root s1\n"
    "region r3 ram size 0x3000 in r0 at 0x20000\n"
    "cpu c0 tlb 4 victims 2\n"
    "mmu c0.0 space s0\n"
    "mmu c0.1 space s0\n"
    "setup\n"
    "  page c0.0 0x1000 -> 0x10000 size 0x1000 rw\n"
    "  page c0.0 0x10000 -> 0x20000 size 0x1000 rw\n"
    "  map i0.0 0x0..0x1fff -> s1 0x0 rw silent\n"
    "script\n"
    "  read c0.0 0x1010 4\n"
    "  read c0.0 0x10010 4\n";

static Machine *machine_after(const char *more)
{
    TwTargetOptions options = {.name = "test", .check = true};
    g_autofree char *text = g_strconcat(board, more, NULL);
    g_autoptr(GError) error = NULL;
    Machine *m = machine_open(&test_class, &options);

    g_assert_null(name_argument(&options));
    tw_program_parse(&program, text, strlen(text), "test", TW_TEXT_STRICT, NULL,
                     NULL, &error);
    g_assert_no_error(error);
    run(&m->target, &program, &trace);
    g_assert_cmpuint(trace.end, ==, TW_END_DONE);
    g_assert_true(invariants_hold(m));
    return m;
}

/* The entry of page 0x1000, which came through i0; of 0x10000, which did
 * not. */
static TlbEntry *entry_of(Machine *m, uint64_t page)
{
    TlbEntry *entry = tlb_slot(m, &m->cpus[0].tlbs[0], page);

    g_assert_cmphex(entry_page(entry), ==, page);
    return entry;
}

static void expect_broken(Machine *m, const char *rule)
{
    g_assert_false(invariants_hold(m));
    g_assert_cmpuint(trace.end, ==, TW_END_INVARIANT);
    g_assert_true(g_str_has_prefix(trace.text, rule));
    machine_close(&m->target);
}

static void test_clean_index(void)
{
    Machine *m = machine_after("");

    m->cpus[0].tlbs[0].dirty = false;
    expect_broken(m, "TL-8");
}

static void test_no_rights(void)
{
    Machine *m = machine_after("");
    TlbEntry *entry = entry_of(m, 0x1000);

    entry->cmp[CMP_R] = entry->cmp[CMP_W] = entry->cmp[CMP_X] = CMP_NONE;
    expect_broken(m, "TL-7");
}

static void test_foreign_slot(void)
{
    Machine *m = machine_after("");
    Tlb *tlb = &m->cpus[0].tlbs[0];

    tlb->table[3] = *entry_of(m, 0x1000);
    entry_of(m, 0x1000)->stamp = 0;
    expect_broken(m, "TL-1");
}

static void test_two_entries(void)
{
    Machine *m = machine_after("");

    m->cpus[0].tlbs[0].victims[1] = *entry_of(m, 0x1000);
    expect_broken(m, "TL-3");
}

static void test_not_active(void)
{
    Machine *m = machine_after("");

    m->cpus[0].notifiers[0][0].active = false;
    expect_broken(m, "FR-2");
}

static void test_not_registered(void)
{
    Machine *m = machine_after("");

    notifier_unregister(m, &m->cpus[0].notifiers[0][0]);
    expect_broken(m, "FR-2");
}

static void test_notifier_outlives_cpu(void)
{
    Machine *m = machine_after("  unplug c0\n");

    notifier_register(m, &m->cpus[0].notifiers[0][0]);
    expect_broken(m, "TN-7");
}

/* Where it leads, what it grants, through what, and what changed behind it. */
static void test_not_the_walk(void)
{
    Machine *m = machine_after("");
    entry_of(m, 0x10000)->offset ^= 0x1000;
    expect_broken(m, "FR-3");

    m = machine_after("");
    entry_of(m, 0x10000)->region = 2;
    expect_broken(m, "FR-3");

    m = machine_after("");
    entry_of(m, 0x1000)->cmp[CMP_X] = 0x1000; /* the page map says rw */
    expect_broken(m, "FR-3");

    m = machine_after("");
    entry_of(m, 0x1000)->n_hops = 0;
    expect_broken(m, "FR-3");

    m = machine_after("");
    m->iommus[0].tables[0].spans[0].out += 0x1000;
    expect_broken(m, "FR-3");

    m = machine_after("");
    m->cpus[0].pages[0].n = 0;
    expect_broken(m, "FR-3");
}

/* What changed in silence may differ, until it is filled again; what is queued
 * may still come. */
static void test_silence(void)
{
    Machine *m =
        machine_after("  map i0.0 0x0..0xfff -> s1 0x1000 rw "
                      "silent\n"
                      "  page c0.0 0x10000 -> 0x21000 size 0x1000 r\n");
    machine_close(&m->target);
    m = machine_after("  map i0.0 0x0..0xfff -> s1 0x1000 rw silent\n"
                      "  c0: flush-all c0\n"
                      "  read c0.0 0x1010 4\n");
    entry_of(m, 0x1000)->offset = 0;
    expect_broken(m, "FR-3");
    m = machine_after("  move r3 at 0x40000\n"); /* nobody has flushed yet */
    m->cpus[0].n_work = 0;
    expect_broken(m, "FR-3");
}

static void test_view(void)
{
    Machine *m = machine_after("");

    m->published[0]->ranges[1].offset = 0x1000;
    m->views_new = true;
    expect_broken(m, "FV-1");

    m = machine_after(""); /* the last range is missing, or all of them */
    m->published[0]->n--;
    m->published[0]->built = false;
    m->published[0]->hint_first = 1;
    m->published[0]->hint_last = 0;
    m->views_new = true;
    expect_broken(m, "FV-1");

    m = machine_after("");
    m->published[0] = &m->empty;
    m->views_new = true;
    expect_broken(m, "FV-1");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/invariants/TL-8/clean-index", test_clean_index);
    g_test_add_func("/invariants/TL-7/no-rights", test_no_rights);
    g_test_add_func("/invariants/TL-1/foreign-slot", test_foreign_slot);
    g_test_add_func("/invariants/TL-3/two-entries", test_two_entries);
    g_test_add_func("/invariants/TN-4/not-active", test_not_active);
    g_test_add_func("/invariants/FR-2/not-registered", test_not_registered);
    g_test_add_func("/invariants/TN-7/notifier-outlives-cpu",
                    test_notifier_outlives_cpu);
    g_test_add_func("/invariants/FR-3/not-the-walk", test_not_the_walk);
    g_test_add_func("/invariants/FR-3/silence", test_silence);
    g_test_add_func("/invariants/FV-1/view", test_view);
    return g_test_run();
}
