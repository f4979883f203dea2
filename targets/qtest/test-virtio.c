/* SPDX-License-Identifier: MIT */
/*
 * A target of virtio-iommu (the first argument, without "qemu-"; the second is
 * a QEMU): programs made by hand with the outcomes that they must have,
 * requests that are answered otherwise, and processes that end, stop or lie.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>

#include "process/tasks.h"
#include "program/path.h"
#include "targets/qtest/internal.h"

static char *name;       /* of the target */
static const char *qemu; /* or NULL */

static TwTarget *open_with(const char *binary, bool drop, GError **error)
{
    TwTargetOptions options = {.name = name,
                               .qemu = binary ? binary : qemu,
                               .timeout_ms = 2000,
                               .drop_flushes = drop};

    return tw_target_open(&options, error);
}

static TwTarget *open_target(bool drop)
{
    GError *error = NULL;
    TwTarget *target = open_with(NULL, drop, &error);

    g_assert_no_error(error);
    return target;
}

/* Programs ----------------------------------------------------------------- */

/* Pages of the window. */
enum { HOT = 16, FRAME = 32, OTHER = 64, AT = 0x40 };

typedef struct Kit {
    TwTarget *target;
    TwProgram program;
    TwTrace trace;
} Kit;

/* `indexes` of the IOMMU; 1: both devices are in one domain. */
static Kit *begin_with(unsigned indexes, bool drop)
{
    Kit *kit = g_new0(Kit, 1);

    kit->target = open_target(drop);
    kit->program.n_iommus = 1;
    kit->program.iommus[0].indexes = (uint8_t)indexes;
    tw_path_shape(tw_target_dialect(kit->target), &kit->program);
    g_assert_cmpuint(kit->program.iommus[0].indexes, ==, indexes);
    return kit;
}

static Kit *begin(bool drop)
{
    return begin_with(MOST_INDEXES, drop);
}

static void end(Kit *kit)
{
    tw_target_close(kit->target);
    g_free(kit);
}

static uint64_t page_at(const Kit *kit, unsigned page)
{
    return tw_target_dialect(kit->target)->dma_first +
           (uint64_t)page * PAGE_BYTES;
}

static TwOp *add(Kit *kit, uint8_t code)
{
    TwProgram *p = &kit->program;
    TwOp *op = &p->script[p->n_script++];

    *op = (TwOp){.code = code, .actor = TW_BOARD};
    return op;
}

/* An operation on n pages. */
static TwOp *put(Kit *kit, uint8_t code, unsigned page, unsigned n)
{
    TwOp *op = add(kit, code);

    op->addr = page_at(kit, page);
    op->last = op->addr + n * PAGE_BYTES - 1;
    op->events = code == TW_OP_NOTIFY ? TW_EVENT_UNMAP : 0;
    return op;
}

static void map(Kit *kit, unsigned page, unsigned n, unsigned frame,
                unsigned perm)
{
    TwOp *op = put(kit, TW_OP_MAP, page, n);

    op->other = 1;
    op->out = page_at(kit, frame);
    op->perm = (uint8_t)perm;
}

static void bypass(Kit *kit, bool on)
{
    add(kit, TW_OP_BYPASS)->flags = on ? TW_OPF_ON : 0;
}

/* The loads of a program, and the frame that each must find, or 0: it is
 * refused. */
static unsigned n_loads, frames[64], loads[64];

static void load_of(Kit *kit, unsigned device, unsigned page, unsigned frame)
{
    TwOp *op;

    loads[n_loads] = kit->program.n_script;
    frames[n_loads++] = frame;
    op = add(kit, TW_OP_DMA_READ);
    op->size = 8;
    op->addr = page_at(kit, page) + AT;
    op->attrs = device << TW_ATTR_REQUESTER_SHIFT;
}

static void load(Kit *kit, unsigned page, unsigned frame)
{
    load_of(kit, 0, page, frame);
}

static void load_of_both(Kit *kit, unsigned page, unsigned frame)
{
    load_of(kit, 0, page, frame);
    load_of(kit, 1, page, frame);
}

static uint64_t initial(const Kit *kit, unsigned frame)
{
    uint64_t value = 0;

    for (unsigned k = 0; k < 8; k++) {
        value |=
            (uint64_t)tw_content_initial(
                TW_CONTENTS_INERT, tw_path_ram(tw_target_dialect(kit->target)),
                (uint64_t)frame * PAGE_BYTES + AT + k)
            << 8 * k;
    }
    return value;
}

static void run(Kit *kit)
{
    char why[160] = "";

    if (!tw_dialect_admits(tw_target_dialect(kit->target), &kit->program, why,
                           sizeof(why))) {
        g_error("%s", why);
    }
    g_assert_true(tw_target_run(kit->target, &kit->program, &kit->trace));
}

/* Runs it twice, since what a program leaves must not matter to the next. */
static void expect_loads(Kit *kit)
{
    for (unsigned again = 0; again < 2; again++) {
        run(kit);
        if (kit->trace.end != TW_END_DONE) {
            g_error("%s", kit->trace.text);
        }
        for (unsigned i = 0; i < n_loads; i++) {
            const TwOutcome *outcome = &kit->trace.outcomes[loads[i]];

            g_test_message("load %u", i);
            if (frames[i] == 0) {
                g_assert_cmpint(outcome->class_, ==, TW_CLASS_DECODE_ERROR);
                g_assert_cmpint(outcome->reason.kind, ==, TW_REASON_ABSENT);
                g_assert_cmphex(outcome->reason.address, ==,
                                kit->program.script[loads[i]].addr);
            } else {
                g_assert_cmpint(outcome->class_, ==, TW_CLASS_OK);
                g_assert_cmphex(outcome->value, ==, initial(kit, frames[i]));
            }
        }
    }
    n_loads = 0;
}

/* Tests -------------------------------------------------------------------- */

/* A mapping of four pages; parts of it go, or lead elsewhere. */
static void test_parts(void)
{
    Kit *kit = begin(false);

    load(kit, HOT, 0);
    map(kit, HOT, 4, FRAME, TW_R | TW_W);
    load(kit, HOT, FRAME);
    load(kit, HOT + 3, FRAME + 3);
    put(kit, TW_OP_UNMAP, HOT + 1, 1);
    load(kit, HOT, FRAME);
    load(kit, HOT + 1, 0);
    load(kit, HOT + 2, FRAME + 2);
    map(kit, HOT + 2, 1, OTHER, TW_R);
    load(kit, HOT + 2, OTHER);
    load(kit, HOT + 3, FRAME + 3);
    put(kit, TW_OP_UNMAP, HOT, 4);
    load(kit, HOT, 0);
    load(kit, HOT + 3, 0);
    expect_loads(kit);
    end(kit);
}

/* An UNMAP request that would split a mapping ends nothing. */
static void test_refused(void)
{
    Kit *kit = begin(false);

    map(kit, HOT, 4, FRAME, TW_R | TW_W);
    put(kit, TW_OP_NOTIFY, HOT, 2);
    load(kit, HOT, FRAME);
    load(kit, HOT + 3, FRAME + 3);
    expect_loads(kit);
    end(kit);
}

/* Both ways to pass through, and new domains. */
static void test_domains(void)
{
    Kit *kit = begin(false);

    map(kit, HOT, 1, FRAME, TW_R | TW_W);
    for (unsigned i = 0; i < 3; i++) {
        bypass(kit, true);
        map(kit, HOT + 1, 1, OTHER + i, TW_R);
        load(kit, OTHER, OTHER);
        bypass(kit, false);
        load(kit, HOT, FRAME);
        load(kit, HOT + 1, OTHER + i);
        add(kit, TW_OP_NOTIFY_ALL);
        load(kit, HOT, FRAME);
    }
    expect_loads(kit);
    end(kit);
}

/* Both devices in one domain: each mapping is for both, also for the one that
 * is attached when there are some already; bypass domains, too. */
static void test_shared(void)
{
    Kit *kit = begin_with(1, false);

    map(kit, HOT, 2, FRAME, TW_R | TW_W);
    for (unsigned i = 0; i < 4; i++) {
        load_of_both(kit, HOT, FRAME);
        add(kit, TW_OP_NOTIFY_ALL);
        load_of_both(kit, HOT + 1, FRAME + 1);
        map(kit, HOT + 2, 1, OTHER + i, TW_R);
        load_of_both(kit, HOT + 2, OTHER + i);
        put(kit, TW_OP_UNMAP, HOT + 2, 1);
        load_of_both(kit, HOT + 2, 0);
        bypass(kit, true);
        load_of_both(kit, OTHER, OTHER);
        bypass(kit, false);
        if (!((Machine *)kit->target)->observer) { /* defect AF */
            load_of_both(kit, OTHER, 0);
        }
    }
    expect_loads(kit);
    end(kit);
}

/* One program after another: with a domain for both, with one for each. */
static void test_no_longer_shared(void)
{
    Kit *kit = begin_with(1, false);

    map(kit, HOT, 1, FRAME, TW_R);
    load_of_both(kit, HOT, FRAME);
    expect_loads(kit);
    memset(&kit->program, 0, sizeof(kit->program));
    tw_path_shape(tw_target_dialect(kit->target), &kit->program);
    map(kit, HOT, 1, FRAME, TW_R);
    load_of(kit, 0, HOT, FRAME);
    load_of(kit, 1, HOT, 0);
    expect_loads(kit);
    end(kit);
}

static void test_stores(void)
{
    Kit *kit = begin(false);
    const TwOutcome *outcomes = kit->trace.outcomes;

    for (unsigned i = 0; i < 2; i++) {
        TwOp *op;

        map(kit, HOT, 1, FRAME, i == 0 ? TW_R | TW_W : TW_R);
        op = add(kit, TW_OP_DMA_WRITE);
        op->size = 8;
        op->addr = page_at(kit, HOT) + AT;
    }
    run(kit);
    g_assert_cmpint(outcomes[1].class_, ==, TW_CLASS_OK);
    g_assert_cmpuint(outcomes[1].n_locations, ==, 1);
    g_assert_cmphex(kit->trace.locations[outcomes[1].location].offset, ==,
                    FRAME * PAGE_BYTES + AT);
    g_assert_cmpint(outcomes[3].class_, ==, TW_CLASS_DECODE_ERROR);
    g_assert_cmphex(outcomes[3].reason.address, ==, page_at(kit, HOT) + AT);
    end(kit);
}

/* More requests and events than the queues hold at once. */
static void test_many(void)
{
    enum { ROUNDS = 300 };
    Kit *kit = begin(false);

    for (unsigned i = 0; i < ROUNDS; i++) {
        TwOp *op = add(kit, TW_OP_DMA_READ);

        op->size = 4;
        op->addr = page_at(kit, HOT) + AT;
        map(kit, HOT, 1, FRAME, TW_R | TW_W);
        put(kit, TW_OP_UNMAP, HOT, 1);
    }
    map(kit, HOT, 1, FRAME, TW_R | TW_W);
    load(kit, HOT, FRAME);
    expect_loads(kit);
    for (unsigned i = 0; i < ROUNDS; i++) {
        const TwOutcome *outcome = &kit->trace.outcomes[3 * i];

        g_assert_cmpint(outcome->class_, ==, TW_CLASS_DECODE_ERROR);
        g_assert_cmpint(outcome->reason.kind, ==, TW_REASON_ABSENT);
    }
    end(kit);
}

/* With --drop-flushes the fourth UNMAP request is left out, so the MAP request
 * behind it is refused; or the first INVALIDATE message is not heeded. */
static void test_drop(void)
{
    Kit *kit = begin(true);

    map(kit, HOT, 1, FRAME, TW_R | TW_W);
    for (unsigned i = 0; i < 4; i++) {
        load(kit, HOT, i % 2 ? OTHER : FRAME);
        map(kit, HOT, 1, i % 2 ? FRAME : OTHER, TW_R | TW_W);
    }
    load(kit, HOT, FRAME);
    n_loads = 0; /* run() looks at none */
    run(kit);
    if (((Machine *)kit->target)->observer) {
        g_assert_cmpint(kit->trace.end, ==, TW_END_DONE);
        g_assert_cmphex(kit->trace.outcomes[loads[1]].value, ==,
                        initial(kit, FRAME));
    } else {
        g_assert_cmpint(kit->trace.end, ==, TW_END_INVARIANT);
        g_assert_nonnull(strstr(kit->trace.text,
                                "domain 1: expected status 0 (OK), not 4 "
                                "(INVAL)"));
        g_assert_cmpint(kit->trace.n_ops, ==, kit->trace.end_op);
    }
    end(kit);
}

/* `notify-all` probes the devices, and 00:09.0, where nothing is: with a device
 * there the status is another one. */
static void test_probe(void)
{
    TwTargetOptions options = {.name = name,
                               .qemu = qemu,
                               .qemu_args = "-device lsi53c895a,addr=9",
                               .timeout_ms = 2000};
    GError *error = NULL;
    Kit *kit = begin(false);

    for (unsigned i = 0; i < 8; i++) { /* more than there are buffers */
        add(kit, TW_OP_NOTIFY_ALL);
    }
    expect_loads(kit);
    tw_target_close(kit->target);
    kit->target = tw_target_open(&options, &error);
    g_assert_no_error(error);
    run(kit);
    g_assert_cmpint(kit->trace.end, ==, TW_END_INVARIANT);
    g_assert_cmpuint(kit->trace.end_op, ==, 0);
    g_assert_cmpstr(kit->trace.text, ==,
                    "PROBE of endpoint 0x48: expected status 6 (NOENT), not 0 "
                    "(OK)");
    end(kit);
}

/* A status is nothing that a script can compare, also where the first operation
 * is an access. */
static void test_emit(void)
{
    Kit *kit = begin(false);
    TwFinding finding = {.verdict = TW_VERDICT_INVARIANT};
    TwExpected expected = {.access = true, .n_allowed = 1};
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    load(kit, HOT, 0);
    n_loads = 0;
    g_assert_false(tw_qtest_emit(kit->target, &kit->program, &finding,
                                 &expected, out, &error));
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE);
    g_assert_cmpuint(out->len, ==, 0);
    end(kit);
}

/* Processes -----------------------------------------------------------------
 */

static void test_killed(void)
{
    Kit *kit = begin(false);
    Machine *m = (Machine *)kit->target;
    TwTasks tasks;

    map(kit, HOT, 1, FRAME, TW_R | TW_W);
    load(kit, HOT, FRAME);
    run(kit);
    kill(-m->process.pid, SIGKILL);
    run(kit);
    g_assert_cmpint(kit->trace.end, ==, TW_END_DIED);
    run(kit); /* by a new process */
    kill(-m->process.pid, SIGSTOP);
    do {
        tw_tasks_look(m->process.pid, &tasks);
    } while (tasks.state != TW_TASKS_STOPPED);
    run(kit);
    g_assert_cmpint(kit->trace.end, ==, TW_END_HUNG);
    expect_loads(kit);
    end(kit);
}

/* A program that says it is QEMU, and answers reads so. */
static void expect_no_start(const char *answers, const char *what)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_dir_make_tmp("twinwalk-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "qemu", NULL);
    g_autofree char *text = g_strdup_printf(
        "#!/bin/sh\n[ \"$1\" != --version ] || "
        "exec echo 'QEMU emulator version 99.9.9'\n"
        "while read -r line; do case $line in endian*) echo OK little;; %s "
        "*) echo OK;; esac; done\n",
        answers);
    TwTarget *target;

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_cmpint(g_chmod(path, 0755), ==, 0);
    target = open_with(path, false, &error);
    g_assert_null(target);
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT);
    g_assert_null(strchr(error->message, '\n'));
    if (strstr(error->message, what) == NULL) {
        g_error("expected \"%s\" in: %s", what, error->message);
    }
    g_remove(path);
    g_rmdir(dir);
}

/* The devices are there; the IOMMU is none, or lacks something.  Its slot is
 * the one at 0x80001800. */
#define DEVICES_OF(features, size) \
    "outl*0x80001800) slot=iommu; echo OK;; outl*0xcf8*) slot=other; echo " \
    "OK;; " \
    "inl*) [ $slot = iommu ] && echo OK 0x10571af4 || echo OK 0x121000;; " \
    "'readl 0xfe400004') echo OK " features ";; " \
    "'readl 0xfe400018') echo OK " size ";; " \
    "read*) echo OK 0x0;;"

static void test_lacks(void)
{
    if (g_str_has_suffix(name, "-vhost")) {
        g_test_skip("the devices come first");
        return;
    }
    expect_no_start("inl*) echo OK 0x121000;;", "(virtio-iommu-pci)");
    expect_no_start(DEVICES_OF("0x53", "0x100"), "MAP and UNMAP");
    expect_no_start(DEVICES_OF("0x17", "0x100"), "a bypass field");
    expect_no_start(DEVICES_OF("0x47", "0x100"), "PROBE requests");
    expect_no_start(DEVICES_OF("0x57", "0x80"), "256 entries");
    expect_no_start(DEVICES_OF("0x57", "0x100"), "to take the features");
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    TwTarget *target;

    g_test_init(&argc, &argv, NULL);
    name = g_strconcat("qemu-", argc > 1 ? argv[1] : "virtio-iommu", NULL);
    qemu = argc > 2 ? argv[2] : NULL;
    target = open_with(NULL, false, &error);
    if (target == NULL) {
        printf("1..0 # SKIP %s\n", error->message);
        return 0;
    }
    tw_target_close(target);
    g_test_add_func("/virtio/parts", test_parts);
    g_test_add_func("/virtio/refused", test_refused);
    g_test_add_func("/virtio/domains", test_domains);
    g_test_add_func("/virtio/shared", test_shared);
    g_test_add_func("/virtio/no-longer-shared", test_no_longer_shared);
    g_test_add_func("/virtio/probe", test_probe);
    g_test_add_func("/virtio/stores", test_stores);
    g_test_add_func("/virtio/many", test_many);
    g_test_add_func("/virtio/drop-flushes", test_drop);
    g_test_add_func("/virtio/emit", test_emit);
    g_test_add_func("/virtio/killed", test_killed);
    g_test_add_func("/virtio/lacks", test_lacks);
    return g_test_run();
}
