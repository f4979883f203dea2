/* SPDX-License-Identifier: MIT */
/*
 * A target of this room (the first argument, without "qemu-"; the second is a
 * QEMU): programs made by hand with the outcomes that they must have, and
 * processes that end, stop, lie or never were.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "process/tasks.h"
#include "program/entry.h"
#include "program/path.h"
#include "program/trace.h"
#include "targets/qtest/internal.h"

static char *name;       /* of the target */
static const char *qemu; /* or NULL */

static TwTarget *open_with(const char *binary, const char *args,
                           uint32_t timeout_ms, bool drop, GError **error)
{
    TwTargetOptions options = {.name = name,
                               .qemu = binary ? binary : qemu,
                               .qemu_args = args,
                               .timeout_ms = timeout_ms,
                               .drop_flushes = drop};

    return tw_target_open(&options, error);
}

static TwTarget *open_target(void)
{
    GError *error = NULL;
    TwTarget *target = open_with(NULL, NULL, 0, false, &error);

    g_assert_no_error(error);
    return target;
}

static bool is_observed(void)
{
    return g_str_has_suffix(name, "-vhost") || g_str_has_suffix(name, "-ats");
}

/* Does this QEMU tell devices of ours of commands that are for no pages? (Its
 * known defects Y, AA and AB.) */
static bool tells_all(TwTarget *target)
{
    return !g_str_has_suffix(name, "-vhost") ||
           (strcmp(name, "qemu-vtd-vhost") == 0 &&
            g_ascii_strtoull(tw_target_version(target), NULL, 10) > 7);
}

/* Programs ------------------------------------------------------------------
 */

/* Pages of the window. */
enum {
    ROOT = 8,
    OTHER_ROOT = 9,
    TABLE = 10, /* level 2 */
    LAST_TABLE = 11,
    OTHER_TABLE = 12,
    HOT = 16, /* the page that is accessed */
    FRAME = 32,
    OTHER = 33,
    SECOND_ROOT = PAGES - 8,
    WHOLE = PAGES, /* the 1 GiB around the window */
    AT = 0x40,     /* in the page */
};

typedef struct Kit {
    TwProgram program;
    TwTrace trace;
} Kit;

static TwOp *add(Kit *kit, uint8_t code)
{
    TwProgram *p = &kit->program;
    TwOp *op = &p->script[p->n_script++];

    *op = (TwOp){.code = code, .actor = TW_BOARD};
    return op;
}

static uint64_t page_at(TwTarget *target, unsigned page)
{
    return tw_target_dialect(target)->dma_first + (uint64_t)page * PAGE_BYTES;
}

/* The 1 GiB around the window. */
static uint64_t whole(TwTarget *target)
{
    return page_at(target, 0) & ~((UINT64_C(1) << 30) - 1);
}

static void put_entry(TwTarget *target, Kit *kit, unsigned stage,
                      unsigned level, unsigned table, uint64_t address,
                      const TwEntry *entry)
{
    TwOp *op = add(kit, TW_OP_POKE);
    unsigned index = address >> (12 + 9 * (level - 1)) & 511;

    op->obj = tw_path_ram(tw_target_dialect(target));
    op->addr = (uint64_t)table * PAGE_BYTES + 8 * index;
    if (entry) {
        g_assert_true(tw_entry_value(&kit->program.iommus[stage], level, entry,
                                     &op->value));
        op->value |= tw_target_dialect(target)->entry_ones;
    }
}

static void put_leaf(TwTarget *target, Kit *kit, unsigned level, unsigned table,
                     unsigned frame, uint8_t perm)
{
    TwEntry leaf = {TW_ENTRY_LEAF, perm,
                    frame == WHOLE ? whole(target) : page_at(target, frame), 0};

    put_entry(target, kit, 0, level, table, page_at(target, HOT), &leaf);
}

static void put_table(TwTarget *target, Kit *kit, unsigned level,
                      unsigned table, unsigned below)
{
    TwEntry entry = {TW_ENTRY_TABLE, TW_R | TW_W, page_at(target, below), 0};

    put_entry(target, kit, 0, level, table, page_at(target, HOT), &entry);
}

static void put_context(TwTarget *target, Kit *kit, unsigned stage,
                        unsigned mode, unsigned root)
{
    TwOp *op = add(kit, TW_OP_CONTEXT);

    op->obj = (uint8_t)stage;
    op->mode = (uint8_t)mode;
    op->out = page_at(target, root);
    op->domain = 2;
}

static void put_access(TwTarget *target, Kit *kit, uint8_t code)
{
    TwOp *op = add(kit, code);

    op->size = 8;
    op->addr = page_at(target, HOT) + AT;
}

static void put_command(TwTarget *target, Kit *kit, unsigned stage,
                        unsigned scope)
{
    TwOp *op = add(kit, TW_OP_INVALIDATE);

    op->obj = (uint8_t)stage;
    op->scope = (uint8_t)scope;
    op->whose = scope == TW_SCOPE_CONTEXT ? 0 : 2;
    op->addr = page_at(target, HOT);
    op->last = op->addr + PAGE_BYTES - 1;
}

/* The objects; device 0 translated by ROOT; with two stages, the second one
 * leads each page to itself. */
static void begin(TwTarget *target, Kit *kit)
{
    const TwDialect *d = tw_target_dialect(target);
    TwEntry all = {TW_ENTRY_LEAF, TW_R | TW_W, whole(target), 0};

    memset(&kit->program, 0, sizeof(kit->program));
    tw_path_shape(d, &kit->program);
    if (d->path_stages == 2) {
        put_entry(target, kit, 1, 3, SECOND_ROOT, d->dma_first, &all);
        put_context(target, kit, 1, TW_CONTEXT_TABLES, SECOND_ROOT);
    }
    put_context(target, kit, 0, TW_CONTEXT_TABLES, ROOT);
}

/* And all tables for the hot page. */
static void begin_mapped(TwTarget *target, Kit *kit, unsigned frame,
                         uint8_t perm)
{
    begin(target, kit);
    put_table(target, kit, 3, ROOT, TABLE);
    put_table(target, kit, 2, TABLE, LAST_TABLE);
    put_leaf(target, kit, 1, LAST_TABLE, frame, perm);
}

static void run(TwTarget *target, Kit *kit)
{
    char why[160] = "";

    if (!tw_dialect_admits(tw_target_dialect(target), &kit->program, why,
                           sizeof(why))) {
        g_error("%s", why);
    }
    g_assert_true(tw_target_run(target, &kit->program, &kit->trace));
    if (kit->trace.end != TW_END_DONE) {
        g_error("%s", kit->trace.text);
    }
}

/* What RAM has there at the start. */
static uint64_t initial(TwTarget *target, unsigned frame)
{
    uint64_t value = 0;

    for (unsigned k = 0; k < 8; k++) {
        value |= (uint64_t)tw_content_initial(
                     TW_CONTENTS_INERT, tw_path_ram(tw_target_dialect(target)),
                     (uint64_t)frame * PAGE_BYTES + AT + k)
                 << 8 * k;
    }
    return value;
}

static TwOutcome *last(Kit *kit)
{
    return &kit->trace.outcomes[kit->program.n_script - 1];
}

static void expect_frame(TwTarget *target, Kit *kit, unsigned frame)
{
    g_assert_cmpint(last(kit)->class_, ==, TW_CLASS_OK);
    g_assert_cmphex(last(kit)->value, ==, initial(target, frame));
}

static void expect_refused(TwTarget *target, Kit *kit, unsigned kind)
{
    const uint8_t *groups = tw_target_dialect(target)->reason_groups;
    unsigned told = last(kit)->reason.kind;

    g_assert_cmpint(last(kit)->class_, ==, TW_CLASS_DECODE_ERROR);
    if (groups[kind] == TW_REASON_UNTOLD) {
        g_assert_cmpint(told, ==, TW_REASON_NONE);
    } else {
        g_assert_cmpint(told, !=, TW_REASON_NONE);
        g_assert_cmpuint(groups[told], ==, groups[kind]);
    }
}

/* A device of ours was told of one range, a page or more with the address of
 * the last access, which leads to that frame (LA-64). */
static void expect_told(TwTarget *target, Kit *kit, unsigned frame)
{
    uint64_t address = page_at(target, HOT) + AT;
    const TwEventRecord *told = &kit->trace.events[0];

    g_assert_cmpuint(kit->trace.n_events, ==, 1);
    g_assert_cmpuint(told->kind, ==, TW_TRACE_TOLD);
    g_assert_cmpuint(told->op, ==, kit->program.n_script - 1);
    g_assert_cmpuint(told->perm, ==, TW_R);
    g_assert_cmpuint(told->space, ==, 1);
    g_assert_true(told->first <= address && address <= told->last);
    g_assert_cmphex(told->last - told->first, >=, PAGE_BYTES - 1);
    g_assert_cmphex(told->out + (address - told->first), ==,
                    page_at(target, frame) + AT);
}

/* Tests ---------------------------------------------------------------------
 */

/* Leaves of each size; a store is where it belongs. */
static void test_sizes(void)
{
    TwTarget *target = open_target();
    g_autofree Kit *kit = g_new(Kit, 1);

    for (unsigned again = 0; again < 2; again++) {
        begin_mapped(target, kit, FRAME, TW_R | TW_W);
        put_access(target, kit, TW_OP_DMA_READ);
        run(target, kit);
        expect_frame(target, kit, FRAME);
        put_access(target, kit, TW_OP_DMA_WRITE);
        run(target, kit);
        g_assert_cmpint(last(kit)->class_, ==, TW_CLASS_OK);
        g_assert_cmpuint(last(kit)->n_locations, ==, 1);
        g_assert_cmphex(kit->trace.locations[last(kit)->location].offset, ==,
                        FRAME * PAGE_BYTES + AT);
        g_assert_cmphex(
            kit->trace.digests[tw_path_ram(tw_target_dialect(target))], !=, 0);
    }
    for (unsigned level = 2; level <= 3; level++) {
        begin(target, kit);
        put_table(target, kit, 3, ROOT, TABLE);
        put_leaf(target, kit, level, level == 2 ? TABLE : ROOT,
                 level == 2 ? 0 : WHOLE, TW_R | TW_W);
        put_access(target, kit, TW_OP_DMA_READ);
        run(target, kit);
        expect_frame(target, kit, HOT);
        if (is_observed()) {
            expect_told(target, kit, HOT);
        }
    }
    tw_target_close(target);
}

static void test_refusals(void)
{
    TwTarget *target = open_target();
    g_autofree Kit *kit = g_new(Kit, 1);

    begin_mapped(target, kit, FRAME, TW_R);
    put_access(target, kit, TW_OP_DMA_WRITE);
    run(target, kit);
    expect_refused(target, kit, TW_REASON_RIGHTS);
    begin(target, kit);
    put_access(target, kit, TW_OP_DMA_READ);
    run(target, kit);
    expect_refused(target, kit, TW_REASON_ABSENT);
    /* The same device after it was refused. */
    begin_mapped(target, kit, FRAME, TW_R | TW_W);
    put_access(target, kit, TW_OP_DMA_READ);
    run(target, kit);
    expect_frame(target, kit, FRAME);
    tw_target_close(target);
}

static void test_contexts(void)
{
    static const unsigned modes[] = {TW_CONTEXT_BLOCKED, TW_CONTEXT_NONE};
    static const unsigned kinds[] = {TW_REASON_BLOCKED, TW_REASON_NO_CONTEXT};
    TwTarget *target = open_target();
    g_autofree Kit *kit = g_new(Kit, 1);

    begin_mapped(target, kit, FRAME, TW_R | TW_W);
    put_context(target, kit, 0, TW_CONTEXT_PASS, ROOT);
    put_access(target, kit, TW_OP_DMA_READ);
    run(target, kit);
    expect_frame(target, kit, HOT);
    for (unsigned i = 0; i < 2 && tells_all(target); i++) {
        begin_mapped(target, kit, FRAME, TW_R | TW_W);
        put_access(target, kit, TW_OP_DMA_READ);
        put_context(target, kit, 0, modes[i], ROOT);
        put_command(target, kit, 0, TW_SCOPE_CONTEXT);
        put_command(target, kit, 0, TW_SCOPE_DOMAIN);
        put_access(target, kit, TW_OP_DMA_READ);
        run(target, kit);
        expect_refused(target, kit, kinds[i]);
        /* And back. */
        put_context(target, kit, 0, TW_CONTEXT_TABLES, ROOT);
        put_command(target, kit, 0, TW_SCOPE_CONTEXTS);
        put_access(target, kit, TW_OP_DMA_READ);
        run(target, kit);
        expect_frame(target, kit, FRAME);
    }
    tw_target_close(target);
}

/* An operation on the hot page of a `table`. */
static TwOp *put_of_table(TwTarget *target, Kit *kit, uint8_t code,
                          unsigned frame, unsigned perm)
{
    TwOp *op = add(kit, code);

    op->addr = page_at(target, HOT);
    op->last = op->addr + PAGE_BYTES - 1;
    op->perm = (uint8_t)perm;
    if (code == TW_OP_MAP) {
        op->other = 1;
        op->out = page_at(target, frame);
    }
    return op;
}

static void expect_next(TwTarget *target, Kit *kit, unsigned frame)
{
    put_access(target, kit, TW_OP_DMA_READ);
    run(target, kit);
    expect_frame(target, kit, frame);
}

/* A `table` as real tables: what each of its operations does.  A second stage
 * lets all through. */
static void test_table(void)
{
    TwTarget *target = open_target();
    g_autofree Kit *kit = g_new0(Kit, 1);
    TwProgram *p = &kit->program;

    p->n_iommus = tw_target_dialect(target)->path_stages;
    p->iommus[0].kind = p->iommus[1].kind = TW_IOMMU_TABLE;
    tw_path_shape(tw_target_dialect(target), p);
    if (p->n_iommus == 2) {
        TwOp *op = add(kit, TW_OP_BYPASS);

        op->obj = 1;
        op->flags = TW_OPF_ON;
    }
    put_access(target, kit, TW_OP_DMA_READ);
    run(target, kit);
    expect_refused(target, kit, TW_REASON_ABSENT);
    put_of_table(target, kit, TW_OP_MAP, FRAME, TW_R | TW_W);
    expect_next(target, kit, FRAME);
    put_of_table(target, kit, TW_OP_MAP, OTHER, TW_R | TW_W);
    put_of_table(target, kit, TW_OP_NOTIFY, 0, 0)->events = TW_EVENT_UNMAP;
    expect_next(target, kit, OTHER);
    put_of_table(target, kit, TW_OP_MAP, FRAME, TW_R | TW_W)->flags =
        TW_OPF_NOTIFIED;
    expect_next(target, kit, FRAME);
    put_of_table(target, kit, TW_OP_PROTECT, 0, TW_R)->flags = TW_OPF_NOTIFIED;
    put_access(target, kit, TW_OP_DMA_WRITE);
    run(target, kit);
    expect_refused(target, kit, TW_REASON_RIGHTS);
    put_of_table(target, kit, TW_OP_UNMAP, 0, 0);
    if (tells_all(target)) {
        add(kit, TW_OP_NOTIFY_ALL);
    } else {
        put_of_table(target, kit, TW_OP_NOTIFY, 0, 0)->events = TW_EVENT_UNMAP;
    }
    put_access(target, kit, TW_OP_DMA_READ);
    run(target, kit);
    expect_refused(target, kit, TW_REASON_ABSENT);
    add(kit, TW_OP_BYPASS)->flags = TW_OPF_ON;
    expect_next(target, kit, HOT);
    tw_target_close(target);
}

/* A load, another leaf, a command, a load. */
static void change(TwTarget *target, Kit *kit, unsigned scope)
{
    begin_mapped(target, kit, FRAME, TW_R | TW_W);
    put_access(target, kit, TW_OP_DMA_READ);
    put_leaf(target, kit, 1, LAST_TABLE, OTHER, TW_R | TW_W);
    if (scope < TW_SCOPES) {
        put_command(target, kit, 0, scope);
    }
    put_access(target, kit, TW_OP_DMA_READ);
    run(target, kit);
}

static void test_scopes(void)
{
    static const unsigned scopes[] = {
        TW_SCOPE_GLOBAL, TW_SCOPE_DOMAIN,    TW_SCOPE_RANGE,
        TW_SCOPE_LEAF,   TW_SCOPE_ANY_RANGE, TW_SCOPE_ANY_LEAF,
    };
    TwTarget *target = open_target();
    g_autofree Kit *kit = g_new(Kit, 1);
    bool kept;

    change(target, kit, TW_SCOPES);
    g_assert_cmpint(last(kit)->class_, ==, TW_CLASS_OK);
    kept = last(kit)->value == initial(target, FRAME);
    g_assert_true(kept || last(kit)->value == initial(target, OTHER));
    g_assert_true(kept); /* else the tests below say nothing */
    for (unsigned i = tells_all(target) ? 0 : 2; i < G_N_ELEMENTS(scopes);
         i++) {
        change(target, kit, scopes[i]);
        expect_frame(target, kit, OTHER);
    }
    tw_target_close(target);
}

/* The fourth command of a program is left out, or the first INVALIDATE message
 * is not heeded. */
static void test_drop(void)
{
    GError *error = NULL;
    TwTarget *target = open_with(NULL, NULL, 0, true, &error);
    g_autofree Kit *kit = g_new(Kit, 1);
    unsigned n;

    g_assert_no_error(error);
    n = ((Machine *)target)->observer ? 1 : 4;
    begin_mapped(target, kit, FRAME, TW_R | TW_W);
    for (unsigned i = 0; i < n; i++) {
        put_access(target, kit, TW_OP_DMA_READ);
        put_leaf(target, kit, 1, LAST_TABLE, i % 2 ? FRAME : OTHER,
                 TW_R | TW_W);
        put_command(target, kit, 0, TW_SCOPE_RANGE);
    }
    put_access(target, kit, TW_OP_DMA_READ);
    run(target, kit);
    expect_frame(target, kit, n % 2 ? FRAME : OTHER);
    tw_target_close(target);
}

/* Processes -----------------------------------------------------------------
 */

static void test_killed(void)
{
    TwTarget *target = open_target();
    Machine *m = (Machine *)target;
    g_autofree Kit *kit = g_new(Kit, 1);

    change(target, kit, TW_SCOPE_RANGE);
    kill(-m->process.pid, SIGKILL);
    g_assert_true(tw_target_run(target, &kit->program, &kit->trace));
    g_assert_cmpint(kit->trace.end, ==, TW_END_DIED);
    g_assert_nonnull(strstr(kit->trace.text, "QEMU "));
    run(target, kit); /* by a new process */
    expect_frame(target, kit, OTHER);
    /* There is no new process of another version. */
    g_strlcpy(m->version, "1.2.3", sizeof(m->version));
    kill(-m->process.pid, SIGKILL);
    g_assert_true(tw_target_run(target, &kit->program, &kit->trace));
    g_assert_false(tw_target_run(target, &kit->program, &kit->trace));
    g_assert_nonnull(strstr(kit->trace.text, "expected QEMU 1.2.3, as at the "
                                             "start, not "));
    tw_target_close(target);
}

static void test_stopped(void)
{
    GError *error = NULL;
    TwTarget *target = open_with(NULL, NULL, 500, false, &error);
    Machine *m = (Machine *)target;
    g_autofree Kit *kit = g_new(Kit, 1);
    TwTasks tasks;

    g_assert_no_error(error);
    change(target, kit, TW_SCOPE_RANGE);
    kill(-m->process.pid, SIGSTOP);
    do {
        tw_tasks_look(m->process.pid, &tasks);
    } while (tasks.state != TW_TASKS_STOPPED);
    g_assert_true(tw_target_run(target, &kit->program, &kit->trace));
    g_assert_cmpint(kit->trace.end, ==, TW_END_HUNG);
    run(target, kit);
    tw_target_close(target);
}

static void expect_no_start(const char *binary, const char *args,
                            const char *what)
{
    g_autoptr(GError) error = NULL;
    TwTarget *target = open_with(binary, args, 2000, false, &error);

    g_assert_null(target);
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT);
    g_assert_null(strchr(error->message, '\n'));
    if (strstr(error->message, what) == NULL) {
        g_error("expected \"%s\" in: %s", what, error->message);
    }
}

/* A program that says it is QEMU, and does this. */
static void expect_liar(const char *does, const char *what)
{
    g_autofree char *dir = g_dir_make_tmp("twinwalk-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "qemu", NULL);
    g_autofree char *text =
        g_strdup_printf("#!/bin/sh\n[ \"$1\" != --version ] || "
                        "exec echo 'QEMU emulator version 99.9.9'\n%s\n",
                        does);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_cmpint(g_chmod(path, 0755), ==, 0);
    expect_no_start(path, NULL, what);
    g_remove(path);
    g_rmdir(dir);
}

static void test_no_qemu(void)
{
    expect_no_start("/nowhere/qemu", NULL, "/nowhere/qemu");
    expect_no_start("/bin/true", NULL, "--version");
    expect_no_start(NULL, "-no-such-option", "no-such-option");
    expect_liar("exit 3", "exit code 3");
    expect_liar("kill -9 $$", "signal 9");
    expect_liar("read line; echo OK 0x0; echo OK little; cat", "not more");
    expect_liar("while read line; do case $line in endian*) echo OK little;; "
                "read*|in*) echo OK 0xzz;; *) echo OK;; esac; done",
                "expected OK");
    expect_liar("while read line; do case $line in endian*) echo OK little;; "
                "read*|in*) echo OK 0x0;; *) echo OK;; esac; done",
                is_observed() ? "vhost-user-fs-pci" : "lsi53c895a");
    expect_liar("yes", "qtest");
}

/* A machine with the devices, whose registers say this; its target says what it
 * lacks. */
static void expect_lack(const char *registers, const char *what)
{
    g_autofree char *does = g_strdup_printf(
        "while read line; do case $line in endian*) echo OK little;; %s "
        "read*|in*) echo OK 0x121000;; *) echo OK;; esac; done",
        registers);

    expect_liar(does, what);
}

/* VT-d: CAP and ECAP. */
#define VTD_REGISTERS(cap, ecap) \
    "'readq 0xfed90008'*) echo OK " cap ";; " \
    "'readq 0xfed90010'*) echo OK " ecap ";;"
/* SMMUv3: IDR0, IDR1, IDR3, IDR5. */
#define SMMU_REGISTERS(idr0, idr1, idr3, idr5) \
    "'readl 0x9050000'*) echo OK " idr0 ";; " \
    "'readl 0x9050004'*) echo OK " idr1 ";; " \
    "'readl 0x905000c'*) echo OK " idr3 ";; " \
    "'readl 0x9050014'*) echo OK " idr5 ";;"
/* The RISC-V IOMMU: capabilities; AMD-Vi: extended features. */
#define RISCV_REGISTERS(capabilities) \
    "'readq 0x40200000'*) echo OK " capabilities ";;"
#define AMDVI_REGISTERS(features) "'readq 0xfed80030'*) echo OK " features ";;"

/* What each lacks differs from what QEMU has by one field. */
static const struct {
    const char *target, *registers, *what;
} lacks[] = {
    {"qemu-vtd", VTD_REGISTERS("0xd2008c222f0606", "0xf00"), "queued"},
    {"qemu-vtd", VTD_REGISTERS("0xd2008c222f0602", "0xf02"), "domain ids"},
    {"qemu-vtd", VTD_REGISTERS("0xd2008c222f0406", "0xf02"), "3 levels"},
    {"qemu-vtd", VTD_REGISTERS("0xd2008c22250606", "0xf02"), "39 bits"},
    {"qemu-vtd", VTD_REGISTERS("0xd20084222f0606", "0xf02"), "1 GiB"},
    {"qemu-vtd", VTD_REGISTERS("0xd2000c222f0606", "0xf02"), "by pages"},
    {"qemu-vtd", VTD_REGISTERS("0xd2008c232f0606", "0xf02"), "0x220"},
    {"qemu-vtd", VTD_REGISTERS("0xd2008c222f0606", "0xf02"), "to translate"},
    {"qemu-vtd-scalable", VTD_REGISTERS("0xd2008c222f0606", "0x400000000f02"),
     "scalable mode"},
    {"qemu-vtd-scalable", VTD_REGISTERS("0xd2008c222f0606", "0x80000000f02"),
     "second-stage"},
    {"qemu-vtd-first", VTD_REGISTERS("0x1d2008c222f0606", "0x480000000f02"),
     "first-stage"},
    {"qemu-vtd-first", VTD_REGISTERS("0xd2008c222f0606", "0x880000000f02"),
     "1 GiB"},
    {"qemu-vtd-first", VTD_REGISTERS("0x1d2008c22260606", "0x880000000f02"),
     "48 bits"},
    {"qemu-smmuv3", SMMU_REGISTERS("0xd401019", "0x2730010", "0x1404", "0x74"),
     "stage 1"},
    {"qemu-smmuv3", SMMU_REGISTERS("0xd401012", "0x2730010", "0x1404", "0x74"),
     "AArch64"},
    {"qemu-smmuv3", SMMU_REGISTERS("0xd40101a", "0x2730007", "0x1404", "0x74"),
     "streams"},
    {"qemu-smmuv3", SMMU_REGISTERS("0xd40101a", "0x1730010", "0x1404", "0x74"),
     "commands"},
    {"qemu-smmuv3", SMMU_REGISTERS("0xd40101a", "0x2620010", "0x1404", "0x74"),
     "events"},
    {"qemu-smmuv3", SMMU_REGISTERS("0xd40101a", "0x2730010", "0x1004", "0x74"),
     "ranges"},
    {"qemu-smmuv3", SMMU_REGISTERS("0xd40101a", "0x2730010", "0x1404", "0x64"),
     "4 KiB"},
    {"qemu-smmuv3-nested",
     SMMU_REGISTERS("0xd44101a", "0x2730010", "0x1404", "0x74"), "two stages"},
    {"qemu-riscv-iommu", RISCV_REGISTERS("0x78c2cf4d10"), "Sv39"},
    {"qemu-riscv-iommu", RISCV_REGISTERS("0x78c2cf4f20"), "version 1"},
    {"qemu-riscv-iommu", RISCV_REGISTERS("0x78c28f4f10"), "MSI_FLAT"},
    {"qemu-riscv-iommu", RISCV_REGISTERS("0x5fc2cf4f10"), "32 bits"},
    {"qemu-riscv-iommu-nested", RISCV_REGISTERS("0x78c2cb4f10"), "Sv48x4"},
    {"qemu-amdvi", AMDVI_REGISTERS("0x2dd3"), "3 levels"},
};

static void test_lacks(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(lacks); i++) {
        if (strcmp(lacks[i].target, name) == 0) {
            expect_lack(lacks[i].registers, lacks[i].what);
        }
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    TwTarget *target;

    g_test_init(&argc, &argv, NULL);
    name = g_strconcat("qemu-", argc > 1 ? argv[1] : "smmuv3", NULL);
    qemu = argc > 2 ? argv[2] : NULL;
    target = open_with(NULL, NULL, 0, false, &error);
    if (target == NULL) {
        printf("1..0 # SKIP %s\n", error->message);
        return 0;
    }
    tw_target_close(target);
    g_test_add_func("/qtest/sizes", test_sizes);
    g_test_add_func("/qtest/refusals", test_refusals);
    g_test_add_func("/qtest/contexts", test_contexts);
    g_test_add_func("/qtest/table", test_table);
    g_test_add_func("/qtest/scopes", test_scopes);
    g_test_add_func("/qtest/drop-flushes", test_drop);
    g_test_add_func("/qtest/killed", test_killed);
    g_test_add_func("/qtest/stopped", test_stopped);
    g_test_add_func("/qtest/no-qemu", test_no_qemu);
    g_test_add_func("/qtest/lacks", test_lacks);
    return g_test_run();
}
