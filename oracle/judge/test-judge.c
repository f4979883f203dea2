/* SPDX-License-Identifier: MIT */
/*
 * The judge: each verdict is given for its kind of difference, and for no
 * smaller one; contents, devices, several worlds, observers, the end state,
 * keys. Staleness has a file of its own (test-history).
 *
 *          0x0     0x100   0x200   0x300   0x400   0x500  0x600      0x1000
 *   s0 r0: | r1    | r2    | r3    | r4    | hole  | r5   | r6 alias  | r7
 *          | ram   | rom   | mmio  | romd  |       | rsv  | ro of r1  | i0
 *   i0 leads every offset to the same address of s0; c0.0 is 1:1
 */
#include "oracle/test/test-support.h"

#include <glib.h>
#include <string.h>

#include "program/content.h"

#define TOPOLOGY \
    "twinwalk 1\npage 64\nhops 2\n" \
    "region r0 container size 0x10000\n" \
    "region r1 ram size 0x100 in r0 at 0x0\n" \
    "region r2 rom size 0x100 in r0 at 0x100\n" \
    "region r3 mmio size 0x100 in r0 at 0x200 valid 2..4 " \
    "reject 0x40..0x47 error 0x80..0x80\n" \
    "region r4 romd size 0x100 in r0 at 0x300\n" \
    "region r5 reservation size 0x100 in r0 at 0x500\n" \
    "region r6 alias size 0x100 of r1 in r0 at 0x600 readonly\n" \
    "region r7 iommu size 0x1000 in r0 at 0x1000 iommu i0\n" \
    "space s0 root r0\n" \
    "iommu i0 table granule 64 to s0\n" \
    "cpu c0 tlb 4\nmmu c0.0 space s0 attrs user\n" \
    "actor r3 0x10 map i0.0 0x0..0x3f -> s0 0x40 rw notified\n" \
    "setup\n" \
    "  page c0.0 0x0 -> 0x0 size 0x2000 rwx\n" \
    "  map i0.0 0x0..0xfff -> s0 0x0 rw silent\n" \
    "script\n"

typedef struct Fixture {
    TwProgram *program;
    TestTarget *target;
    TwTrace *trace;
} Fixture;

static Fixture start(const char *script, bool located)
{
    g_autofree char *text = g_strconcat(TOPOLOGY, script, NULL);
    Fixture f = {.program = test_program(text)};

    f.target = test_target_new(f.program);
    f.trace = f.target->trace;
    test_target_run(f.target, located);
    return f;
}

static void finish(Fixture *f)
{
    test_target_free(f->target);
    g_free(f->program);
}

/* The class of each access, by LA-22 and LA-23. */
static void classes(void)
{
    static const struct {
        const char *op;
        TwClass class_;
    } table[] = {
        {"read c0.0 0x0 8", TW_CLASS_OK},
        {"write c0.0 0x0 8", TW_CLASS_OK},
        {"write c0.0 0x100 8", TW_CLASS_DISCARD},
        {"write c0.0 0xfc 8", TW_CLASS_DISCARD}, /* half of it */
        {"write c0.0 0x600 8", TW_CLASS_DISCARD},
        {"rmw c0.0 0x0 8", TW_CLASS_OK},
        {"rmw c0.0 0x100 8", TW_CLASS_DISCARD},
        {"rmw c0.0 0x600 8", TW_CLASS_DISCARD},
        {"rmw c0.0 0x200 4", TW_CLASS_DECODE_ERROR},
        {"rmw c0.0 0x300 4", TW_CLASS_DECODE_ERROR},
        {"rmw c0.0 0x3e 4", TW_CLASS_DECODE_ERROR}, /* two pages */
        {"read c0.0 0x400 1", TW_CLASS_DECODE_ERROR},
        {"read c0.0 0x500 1", TW_CLASS_DECODE_ERROR},
        {"write c0.0 0x3fc 8", TW_CLASS_DECODE_ERROR}, /* half a hole */
        {"read c0.0 0x200 8", TW_CLASS_OK},
        {"read c0.0 0x201 2", TW_CLASS_DECODE_ERROR}, /* pieces of 1 */
        {"read c0.0 0x23c 8", TW_CLASS_DECODE_ERROR}, /* touches reject */
        {"read c0.0 0x280 4", TW_CLASS_DEVICE_ERROR},
        {"read c0.0 0x282 2", TW_CLASS_OK}, /* beside the error */
        {"read c0.0 0x280 8", TW_CLASS_DEVICE_ERROR},
        {"exec c0.0 0x200 4", TW_CLASS_OK},
        {"write c0.0 0x300 8", TW_CLASS_OK},
        {"read c0.0 0x2000 1", TW_CLASS_PAGE_FAULT},
        {"read c0.0 0x1ffc 8", TW_CLASS_PAGE_FAULT}, /* worse than a hole */
        {"dma-read s0 0xfffffffffffffffc 8 none", TW_CLASS_DECODE_ERROR},
        {"dma-read s0 0x103c 8 none", TW_CLASS_OK},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *script = g_strdup_printf("  %s\n", table[i].op);
        Fixture f = start(script, true);

        if (f.trace->outcomes[0].class_ != table[i].class_) {
            g_error("%s: %s", table[i].op,
                    tw_class_name(f.trace->outcomes[0].class_));
        }
        test_judge(f.target, TW_VERDICT_AGREE);
        /* and any other class is a finding */
        for (unsigned c = 0; c < TW_CLASSES; c++) {
            TwFinding finding;
            TwOracle *oracle = tw_oracle_new();
            TwDialect dialect = test_dialect();

            f.trace->outcomes[0].class_ = c;
            g_assert_cmpint(
                tw_verdict_is_finding(tw_judge(oracle, f.program, &dialect,
                                               &f.target->contract, "x",
                                               f.trace, &finding, NULL)),
                ==, c != table[i].class_);
            tw_oracle_free(oracle);
        }
        finish(&f);
    }
}

/* Values: tags, initial bytes, device answers, zeros of an error. */
static void values(void)
{
    Fixture f = start("  write c0.0 0x2 4\n"
                      "  read c0.0 0x0 8\n"
                      "  read c0.0 0x280 8\n"
                      "  rmw c0.0 0x4 4\n"
                      "  dma-read s0 0x1000 8 none\n",
                      true);
    uint64_t value = f.trace->outcomes[1].value;

    g_assert_cmphex(value & 0xff, ==, tw_ram_initial(1, 0));
    g_assert_cmphex(value >> 16 & 0xff, ==, tw_store_tag(0, 0));
    g_assert_cmphex(value >> 40 & 0xff, ==, tw_store_tag(0, 3));
    g_assert_cmphex(value >> 48 & 0xff, ==, tw_ram_initial(1, 6));
    value = f.trace->outcomes[2].value; /* 4 bytes in error, 4 not */
    g_assert_cmphex(value & 0xffffffff, ==, 0);
    g_assert_cmphex(value >> 32 & 0xff, ==,
                    tw_device_byte(3, 0x84, TW_ATTR_USER));
    g_assert_cmphex(f.trace->outcomes[3].value & 0xff, ==, tw_store_tag(0, 2));
    g_assert_cmphex(f.trace->outcomes[4].value >> 32 & 0xff, ==,
                    tw_store_tag(3, 0));
    test_judge(f.target, TW_VERDICT_AGREE);
    f.trace->outcomes[1].value ^= 1;
    g_assert_cmpstr(test_judge(f.target, TW_VERDICT_WRONG)->key, ==,
                    "WrgSoftmmuRdRam");
    finish(&f);
}

/* Tampers with the first outcome, and says what that is called. */
static void tamper(const char *script, void (*how)(TwTrace *),
                   TwVerdict verdict, const char *key)
{
    Fixture f = start(script, true);
    const TwFinding *finding;

    test_judge(f.target, TW_VERDICT_AGREE);
    how(f.trace);
    finding = test_judge(f.target, verdict);
    g_assert_cmpstr(finding->key, ==, key);
    g_assert_cmpuint(strlen(finding->text), >, 0);
    finish(&f);
}

static void to_ok(TwTrace *t)
{
    t->outcomes[0].class_ = TW_CLASS_OK;
}

static void to_decode_error(TwTrace *t)
{
    t->outcomes[0].class_ = TW_CLASS_DECODE_ERROR;
    t->outcomes[0].n_locations = 0;
    t->outcomes[0].value = 0;
}

static void to_page_fault(TwTrace *t)
{
    to_decode_error(t);
    t->outcomes[0].class_ = TW_CLASS_PAGE_FAULT;
}

static void to_other_region(TwTrace *t)
{
    t->locations[t->outcomes[0].location].region = 4;
}

static void to_torn_locations(TwTrace *t)
{
    t->outcomes[0].n_locations--;
}

static void to_not_readonly(TwTrace *t)
{
    for (unsigned i = 0; i < t->n_locations; i++) {
        t->locations[i].flags = 0;
    }
}

static void to_lost_log(TwTrace *t)
{
    t->n_log--;
}

static void to_doubled_log(TwTrace *t)
{
    t->log[t->n_log] = t->log[t->n_log - 1];
    t->n_log++;
}

static void to_other_tag(TwTrace *t)
{
    t->log[0].byte ^= 1;
}

static void to_other_attrs(TwTrace *t)
{
    t->log[0].attrs ^= TW_ATTR_SECURE;
}

static void to_other_digest(TwTrace *t)
{
    t->digests[1]++;
}

static void to_skipped(TwTrace *t)
{
    t->outcomes[0].status = TW_STATUS_SKIPPED;
}

static void to_done(TwTrace *t)
{
    t->outcomes[0].status = TW_STATUS_DONE;
}

static void to_short(TwTrace *t)
{
    t->n_ops--;
}

static void to_invariant(TwTrace *t)
{
    t->end = TW_END_INVARIANT;
    t->end_op = 0;
}

static void to_malformed(TwTrace *t)
{
    t->end = TW_END_MALFORMED;
    t->end_op = 1;
}

static void to_event(TwTrace *t)
{
    t->end = TW_END_EVENT;
    t->end_op = 1;
}

static void verdicts(void)
{
    /* perm: no allowed answer has the right */
    tamper("  write c0.0 0x2000 1\n", to_ok, TW_VERDICT_PERM, "PrmSoftmmuWr");
    tamper("  write c0.0 0x100 1\n", to_ok, TW_VERDICT_PERM, "PrmSoftmmuWrRom");
    /* class: refused without reason */
    tamper("  read c0.0 0x0 4\n", to_decode_error, TW_VERDICT_CLASS,
           "ClsSoftmmuRdRam");
    tamper("  read c0.0 0x200 4\n", to_page_fault, TW_VERDICT_CLASS,
           "ClsSoftmmuRdMio");
    /* fault: in the wrong class */
    tamper("  read c0.0 0x2000 4\n", to_decode_error, TW_VERDICT_FAULT,
           "FltSoftmmuRd");
    tamper("  read c0.0 0x400 4\n", to_page_fault, TW_VERDICT_FAULT,
           "FltSoftmmuRdHol");
    /* wrong: never was right */
    tamper("  read c0.0 0x0 4\n", to_other_region, TW_VERDICT_WRONG,
           "WrgSoftmmuRdRmd");
    tamper("  read c0.0 0x0 4\n", to_torn_locations, TW_VERDICT_WRONG,
           "WrgSoftmmuRdRam");
    tamper("  read c0.0 0x100 4\n", to_not_readonly, TW_VERDICT_WRONG,
           "WrgSoftmmuRdRom");
    tamper("  read c0.0 0x400 4\n", to_ok, TW_VERDICT_WRONG, "WrgSoftmmuRdHol");
    /* effect: bytes or devices */
    tamper("  write c0.0 0x200 4\n", to_lost_log, TW_VERDICT_EFFECT,
           "EffSoftmmuWrMio");
    tamper("  write c0.0 0x200 4\n", to_doubled_log, TW_VERDICT_EFFECT,
           "EffSoftmmuWrMio");
    tamper("  write c0.0 0x200 4\n", to_other_tag, TW_VERDICT_EFFECT,
           "EffSoftmmuWrMio");
    tamper("  exec c0.0 0x200 4\n", to_other_attrs, TW_VERDICT_EFFECT,
           "EffSoftmmuExMio");
    tamper("  write c0.0 0x0 4\n", to_other_digest, TW_VERDICT_EFFECT,
           "EffSoftmmu");
    tamper("  write c0.0 0x100 4\n", to_other_digest, TW_VERDICT_EFFECT,
           "EffSoftmmu");
    /* the script itself */
    tamper("  read c0.0 0x0 4\n", to_skipped, TW_VERDICT_WRONG, "WrgSoftmmuRd");
    tamper("  commit\n", to_done, TW_VERDICT_WRONG, "WrgSoftmmu");
    tamper("  nop\n", to_short, TW_VERDICT_WRONG, "WrgSoftmmu");
    tamper("  nop\n", to_invariant, TW_VERDICT_INVARIANT, "InvSoftmmu");
    tamper("  nop\n", to_malformed, TW_VERDICT_MALFORMED, "MalSoftmmu");
    tamper("  nop\n", to_event, TW_VERDICT_EVENT, "EvtSoftmmu");
}

/* How a trace can end. */
static void ends(void)
{
    Fixture f = start("  read c0.0 0x0 4\n  write c0.0 0x0 4\n", true);

    f.trace->end = TW_END_DIED;
    f.trace->end_op = 1;
    f.trace->signal = 11;
    g_assert_cmpstr(test_judge(f.target, TW_VERDICT_CRASH)->key, ==,
                    "CrsSoftmmuWr");
    f.trace->end = TW_END_HUNG;
    f.trace->end_op = 0;
    g_assert_cmpstr(test_judge(f.target, TW_VERDICT_HANG)->key, ==,
                    "HngSoftmmuRd");
    f.trace->end = TW_END_UNSUPPORTED;
    g_assert_cmpstr(test_judge(f.target, TW_VERDICT_UNSUPPORTED)->key, ==, "");
    f.trace->end = TW_END_OVERFLOW;
    g_assert_nonnull(
        strstr(test_judge(f.target, TW_VERDICT_INCONCLUSIVE)->text,
               "at operation 0 the target had told more than a trace keeps"));
    finish(&f);
}

/* What the oracle has no rules for, it does not judge. */
static void unsupported(void)
{
    Fixture f = start("  nop\n", true);

    f.program->script[0] = tw_op_make(TW_OP_PAR);
    test_judge(f.target, TW_VERDICT_UNSUPPORTED);
    finish(&f);
}

/* RU-8: a failed creation has no effect, and later operations on the object
 * are skipped. */
static void nomem(void)
{
    Fixture f = start("  observe o0 of i0.0 unmap 0x0..0xfff\n"
                      "  notify i0.0 unmap 0x0..0x3f\n"
                      "  unobserve o0\n",
                      true);

    g_assert_cmpuint(f.trace->n_events, ==, 1);
    f.trace->outcomes[0].status = TW_STATUS_NOMEM;
    f.trace->outcomes[2].status = TW_STATUS_SKIPPED;
    f.trace->n_events = 0;
    test_judge(f.target, TW_VERDICT_AGREE);
    f.trace->outcomes[1].status = TW_STATUS_NOMEM;
    test_judge(f.target, TW_VERDICT_WRONG);
    finish(&f);
}

/* LA-18: cropped, in order, none missing, none more. */
static void observers(void)
{
    Fixture f = start("  observe o0 of i0.0 unmap,map 0x20..0x5f\n"
                      "  map i0.0 0x0..0x7f -> s0 0x100 r notified\n"
                      "  map i0.0 0x80..0xbf -> s0 0x0 r notified\n"
                      "  notify i0.0 map 0x24..0x40\n"
                      "  unmap i0.0 0x0..0xfff silent\n"
                      "  unmap i0.0 0x0..0xfff notified\n" /* had nothing */
                      "  notify i0.0 map 0x40..0x50\n"
                      "  notify i0.0 deviotlb 0x40..0x50\n"
                      "  iommu-reset i0\n"
                      "  unobserve o0\n"
                      "  notify-all i0\n",
                      true);
    TwEventRecord *e = f.trace->events;

    g_assert_cmpuint(f.trace->n_events, ==, 5);
    g_assert_cmpint(e[0].kind, ==, TW_EVENT_UNMAP);
    g_assert_cmphex(e[0].first, ==, 0x20);
    g_assert_cmphex(e[0].last, ==, 0x5f);
    g_assert_cmpint(e[1].kind, ==, TW_EVENT_MAP);
    g_assert_cmphex(e[1].out, ==, 0x120);
    g_assert_cmphex(e[2].out, ==, 0x124);
    g_assert_cmphex(e[2].last, ==, 0x40);
    g_assert_cmpint(e[3].perm, ==, 0);
    g_assert_cmpint(e[3].space, ==, TW_NONE);
    g_assert_cmpint(e[4].op, ==, 8);
    test_judge(f.target, TW_VERDICT_AGREE);
    e[0].first--; /* beyond the notifier's range */
    g_assert_cmpstr(test_judge(f.target, TW_VERDICT_EVENT)->key, ==,
                    "EvtSoftmmu");
    e[0].first++;
    e[1].out = 0x100; /* not advanced (NT-7) */
    g_assert_cmpuint(test_judge(f.target, TW_VERDICT_EVENT)->op, ==, 1);
    e[1].out = 0x120;
    e[2].perm = TW_R | TW_W;
    test_judge(f.target, TW_VERDICT_EVENT);
    e[2].perm = TW_R;
    f.trace->n_events--; /* one that is missing */
    g_assert_cmpuint(test_judge(f.target, TW_VERDICT_EVENT)->op, ==, 8);
    f.trace->n_events += 2; /* one too many */
    e[5] = e[4];
    e[5].op = 10;
    g_assert_cmpuint(test_judge(f.target, TW_VERDICT_EVENT)->op, ==, 10);
    finish(&f);
}

/* LA-27: performed after the access, once, with its actor, and legally. */
static void actors(void)
{
    Fixture f = start("  read c0.0 0x1000 8\n"
                      "  write c0.0 0x210 2\n" /* maps i0 0x0 -> 0x40 */
                      "  read c0.0 0x1000 8\n"
                      "  read c0.0 0x210 2\n"
                      "  dma-write s0 0x210 2 none\n",
                      true);

    g_assert_cmphex(f.trace->locations[f.trace->outcomes[2].location].offset,
                    ==, 0x40);
    test_judge(f.target, TW_VERDICT_AGREE);
    f.target->as_of[2] = 0;
    test_target_run(f.target, true);
    g_assert_cmpuint(test_judge(f.target, TW_VERDICT_STALE)->ended, ==, 1);
    finish(&f);
}

/*
 * Without locations: a store in a window goes to one place or to the other; the
 * next read tells which, and what contradicts it is a finding.
 */
static void worlds(void)
{
    static const char script[] =
        "  map i0.0 0x0..0x3f -> s0 0x80 rw silent\n"
        "  write c0.0 0x1000 8\n" /* to 0x80, or still to 0x0 */
        "  dma-read s0 0x80 8 none\n"
        "  dma-read s0 0x0 8 none\n";
    Fixture f = start(script, false);
    TwJudgeStats stats = {0};

    test_judge_stats(f.target, TW_VERDICT_AGREE, &stats);
    g_assert_cmpuint(stats.worlds, ==, 2);
    f.target->as_of[1] = 0;
    test_target_run(f.target, false);
    test_judge(f.target, TW_VERDICT_AGREE);
    /* 0x80 says the store came there, 0x0 says so too */
    f.trace->outcomes[2].value = f.trace->outcomes[3].value;
    g_assert_cmpuint(test_judge(f.target, TW_VERDICT_WRONG)->op, ==, 3);
    /* both say it did not: the first removes one world, the second the other */
    test_target_run(f.target, false);
    f.trace->outcomes[3].value = 0x1122334455667788;
    g_assert_cmpuint(test_judge(f.target, TW_VERDICT_WRONG)->op, ==, 3);
    /* both as they should be, but the digests of the other world */
    test_target_run(f.target, false);
    f.trace->digests[1]++;
    g_assert_cmpuint(test_judge(f.target, TW_VERDICT_EFFECT)->op, ==, TW_NO_OP);
    finish(&f);
}

/* The digests alone decide, where nothing is read. */
static void worlds_by_digest(void)
{
    for (unsigned old = 0; old < 2; old++) {
        Fixture f = start("  map i0.0 0x0..0x3f -> s0 0x80 rw silent\n"
                          "  write c0.0 0x1000 8\n",
                          false);

        f.target->as_of[1] = old ? 0 : 1;
        test_target_run(f.target, false);
        test_judge(f.target, TW_VERDICT_AGREE);
        f.trace->digests[1] = 1;
        test_judge(f.target, TW_VERDICT_EFFECT);
        finish(&f);
    }
}

/* Worlds in which the same bytes stand in the same places are one. */
static void worlds_merge(void)
{
    Fixture f = start("  map i0.0 0x0..0x3f -> s0 0x80 rw silent\n"
                      "  write c0.0 0x1000 8\n"
                      "  dma-write s0 0x0 8 none\n"
                      "  dma-write s0 0x80 8 none\n"
                      "  map i0.0 0x0..0x3f -> s0 0x40 rw notified\n"
                      "  map i0.0 0x0..0x3f -> s0 0x80 rw silent\n"
                      "  write c0.0 0x1010 8\n",
                      false);
    TwJudgeStats stats = {0};

    test_judge_stats(f.target, TW_VERDICT_AGREE, &stats);
    /* 2 after the first store, 1 after the others, 2 after the last */
    g_assert_cmpuint(stats.worlds, ==, 2);
    finish(&f);
}

/* More than sixteen: the rest is inconclusive. */
static void worlds_bound(void)
{
    GString *script =
        g_string_new("  map i0.0 0x0..0x3f -> s0 0x80 rw silent\n");

    for (unsigned i = 0; i < 5; i++) {
        g_string_append_printf(script, "  write c0.0 0x%x 1\n", 0x1000 + i);
        if (i >= 3) {
            Fixture f = start(script->str, false);

            const TwFinding *finding = test_judge(
                f.target, i == 3 ? TW_VERDICT_AGREE : TW_VERDICT_INCONCLUSIVE);
            g_assert_cmpstr(finding->text, ==,
                            i == 3 ? ""
                                   : "not judged: stores may have left RAM in "
                                     "more than 16 ways, and the oracle keeps "
                                     "no more");
            finish(&f);
        }
    }
    g_string_free(script, TRUE);
}

/* A value-only trace needs four tagged bytes to show that it is stale. */
static void tagged_bytes(void)
{
    for (unsigned size = 3; size <= 4; size++) {
        g_autofree char *script =
            g_strdup_printf("  map i0.0 0x0..0x3f -> s0 0x80 rw notified\n"
                            "  read c0.0 0x1000 %u\n",
                            size);
        Fixture f = start(script, true);

        f.target->as_of[1] = 0;
        test_target_run(f.target, true);
        test_judge(f.target, TW_VERDICT_STALE);
        test_target_run(f.target, false);
        test_judge(f.target, size < 4 ? TW_VERDICT_WRONG : TW_VERDICT_STALE);
        finish(&f);
    }
}

static void statistics(void)
{
    Fixture f = start("  read c0.0 0x1000 4\n"
                      "  map i0.0 0x0..0x3f -> s0 0x80 rw silent\n"
                      "  read c0.0 0x1000 4\n"
                      "  map i0.0 0x0..0x3f -> s0 0x40 rw notified\n"
                      "  commit\n"
                      "  readonly r1 on\n"
                      "  write c0.0 0x2000 1\n",
                      true);
    TwJudgeStats stats = {0}, sum = {0};

    f.target->as_of[2] = 1;
    test_target_run(f.target, true);
    test_judge_stats(f.target, TW_VERDICT_AGREE_STALE, &stats);
    g_assert_cmpuint(stats.programs, ==, 1);
    g_assert_cmpuint(stats.operations, ==, 6);
    g_assert_cmpuint(stats.skipped, ==, 1);
    g_assert_cmpuint(stats.accesses, ==, 3);
    g_assert_cmpuint(stats.windows, ==, 1);
    g_assert_cmpuint(stats.commits, ==, 1);
    g_assert_cmpuint(stats.silent, ==, 1);
    g_assert_cmpuint(stats.notified, ==, 1);
    g_assert_cmpuint(stats.met_iommu, ==, 2);
    g_assert_cmpuint(stats.hops, ==, 2);
    g_assert_cmpuint(stats.by_depth[1], ==, 2);
    g_assert_cmpuint(stats.by_region[TW_REGION_CONTAINER], ==, 1);
    g_assert_cmpuint(stats.by_region[TW_REGION_RESERVATION], ==, 1);
    g_assert_cmpuint(stats.by_leaf[TW_REGION_RAM], ==, 2);
    g_assert_cmpuint(stats.by_leaf[TW_REGION_NONE], ==, 1);
    g_assert_cmpuint(stats.by_class[TW_CLASS_PAGE_FAULT], ==, 1);
    g_assert_cmpuint(stats.by_code[TW_OP_READ], ==, 2);
    g_assert_cmpuint(stats.verdicts[TW_VERDICT_AGREE], ==, 2);
    g_assert_cmpuint(stats.verdicts[TW_VERDICT_AGREE_STALE], ==, 1);
    tw_judge_stats_add(&sum, &stats);
    tw_judge_stats_add(&sum, &stats);
    g_assert_cmpuint(sum.accesses, ==, 6);
    g_assert_cmpuint(sum.flat_checks, ==, 2 * stats.flat_checks);
    finish(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/judge/LA-22/classes", classes);
    g_test_add_func("/judge/RU-2/values", values);
    g_test_add_func("/judge/verdicts", verdicts);
    g_test_add_func("/judge/ends", ends);
    g_test_add_func("/judge/unsupported", unsupported);
    g_test_add_func("/judge/RU-8/nomem", nomem);
    g_test_add_func("/judge/LA-18/observers", observers);
    g_test_add_func("/judge/LA-27/actors", actors);
    g_test_add_func("/judge/worlds/split-and-eliminate", worlds);
    g_test_add_func("/judge/worlds/digest", worlds_by_digest);
    g_test_add_func("/judge/worlds/merge", worlds_merge);
    g_test_add_func("/judge/worlds/sixteen", worlds_bound);
    g_test_add_func("/judge/tagged-bytes", tagged_bytes);
    g_test_add_func("/judge/statistics", statistics);
    return g_test_run();
}
