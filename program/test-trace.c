/* SPDX-License-Identifier: MIT */
/* Traces: filling them, writing them, and checking all that is read. */
#include "program/test-program.h"
#include "program/trace.h"

static TwProgram p;
static TwTrace t, u;

/*
 *   r0 container:  r1 ram | r2 mmio | r3 iommu
 */
static const char world[] =
    "twinwalk 1\npage 64\nhops 16\n"
    "region r0 container size 0x1000\n"
    "region r1 ram size 0x40 in r0 at 0x0\n"
    "region r2 mmio size 0x40 in r0 at 0x40\n"
    "region r3 iommu size 0x40 in r0 at 0x80 iommu i0\n"
    "space s0 root r0\niommu i0 table granule 64\n"
    "cpu c0 tlb 8\nmmu c0.0 space s0\n"
    "script\n"
    "read c0.0 0x0 8\nwrite c0.0 0x40 4\nunmap i0.0 0x0..0x3f notified\n"
    "rmw c0.0 0x0 2\n";

static const char sample[] =
    "twinwalk-trace 1\n"
    "end done\n"
    "0 ok 0x1122334455667788 at 0+4 r1 0x10 at 4+4 r2 0x0 readonly romd\n"
    "1 discard 0x0\n"
    "2 done\n"
    "3 page-fault 0x0 reason page-map absent at 0x0\n"
    "log 1 write r2 0x8 = 0x5a secure,rid=7\n"
    "log 1 fetch r2 0x9 none\n"
    "event 2 o0 unmap none none none 0x0..0x3f -> 0x0\n"
    "event 2 o1 map rw s0 none 0x0..0xffffffffffffffff -> 0x1000\n"
    "event 2 o2 add none s0 r1 0x0..0x3f -> 0x0\n"
    "dirty 2 r1 0x0..0x3f\n"
    "count tlb-hit 4\n"
    "count subpage 4294967295\n"
    "digest r1 0x1234\n"
    "end\n";

static void parse(TwTrace *trace, const char *text)
{
    g_autoptr(GError) error = NULL;
    tw_trace_parse(trace, &p, text, strlen(text), "t", &error);
    g_assert_no_error(error);
}

static void test_canonical(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    test_parse(&p, world);
    parse(&t, sample);
    tw_trace_print(&t, &p, text);
    g_assert_cmpstr(text->str, ==, sample);
    g_assert_cmpint(t.n_ops, ==, 4);
    g_assert_cmpint(t.n_locations, ==, 2);
    g_assert_cmpint(t.outcomes[0].n_locations, ==, 2);
    g_assert_cmpint(t.locations[1].flags, ==, TW_LOC_READONLY | TW_LOC_ROMD);
    g_assert_cmpint(t.log[0].byte, ==, 0x5a);
    g_assert_cmphex(t.events[1].last, ==, UINT64_MAX);
    g_assert_cmpint(t.events[0].space, ==, TW_NONE);
    g_assert_cmphex(t.digests[1], ==, 0x1234);
    g_assert_cmpint(t.outcomes[3].reason.kind, ==, TW_REASON_ABSENT);
    g_assert_cmpint(t.outcomes[3].reason.iommu, ==, TW_NONE);
    g_assert_cmpint(t.outcomes[1].reason.kind, ==, TW_REASON_NONE);
}

/* Each kind by its name, with a level or without. */
static void test_reasons(void)
{
    test_parse(&p, world);
    for (unsigned kind = 1; kind < TW_REASONS; kind++) {
        g_autofree char *text = g_strdup_printf(
            "twinwalk-trace 1\nend hung op 1\n"
            "0 decode-error 0x0 reason i0 %s%s at 0x%x\nend\n",
            tw_reason_name(kind), kind & 1 ? " level 6" : "", kind);
        g_autoptr(GString) again = g_string_new(NULL);
        TwReason reason = {(uint8_t)kind, 0, kind & 1 ? 6 : 0, kind};

        parse(&t, text);
        g_assert_true(tw_reason_same(&t.outcomes[0].reason, &reason));
        tw_trace_print(&t, &p, again);
        g_assert_cmpstr(again->str, ==, text);
        reason.address++;
        g_assert_false(tw_reason_same(&t.outcomes[0].reason, &reason));
    }
    g_assert_null(tw_reason_name(TW_REASON_NONE));
    g_assert_null(tw_reason_name(TW_REASONS));
}

/* Each array of a copy has what the first has, and no more. */
static void test_copy(void)
{
    g_autoptr(GString) text = g_string_new(NULL);

    test_parse(&p, world);
    parse(&t, sample);
    g_assert_true(tw_trace_add_mark(&t, (TwMark){.op = 2, .value = 7}));
    tw_trace_add_started(&t, 1)->value = 9;
    memset(&u, 0x5a, sizeof(u));
    tw_trace_copy(&u, &t);
    tw_trace_copy(&u, &u);
    g_assert_cmpint(u.n_marks, ==, 1);
    g_assert_cmphex(u.marks[0].value, ==, 7);
    g_assert_cmpint(u.n_started, ==, 1);
    g_assert_cmphex(u.started[0].outcome.value, ==, 9);
    g_assert_cmphex(u.log[u.n_log].offset, ==, 0x5a5a5a5a5a5a5a5a);
    u.n_marks = u.n_started = 0;
    tw_trace_print(&u, &p, text);
    g_assert_cmpstr(text->str, ==, sample);
}

static void test_ends(void)
{
    static const char *const ends[] = {
        "end died op 3 signal 11\ntext assertion failed: # x\n",
        "end hung op 4\n",
        "end unsupported op 0\ntext no such thing\nlocations hidden\n",
        "end invariant op 1\n",
        "end malformed op 1\ntext line 3\n",
        "end event op 1\ntext an UPDATE of no bytes\n",
        "end overflow op 2\n",
    };
    test_parse(&p, world);
    for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *text = g_strconcat(
            "twinwalk-trace 1\n", ends[i], "0 skipped\n1 not-run\nend\n", NULL);
        g_autoptr(GString) again = g_string_new(NULL);
        parse(&t, text);
        tw_trace_print(&t, &p, again);
        g_assert_cmpstr(again->str, ==, text);
        g_assert_cmpint(t.end, ==, i + 1);
    }
    g_assert_cmpint(t.n_ops, ==, 2);
}

/* Filling: what does not fit ends the trace and nothing else. */
static void test_overflow(void)
{
    TwOutcome outcome = {0};
    tw_trace_init(&t, &p);
    for (unsigned i = 0; i < TW_MAX_LOG; i++) {
        g_assert_true(tw_trace_add_log(&t, (TwLogRecord){.op = 1}));
    }
    g_assert_cmpint(t.end, ==, TW_END_DONE);
    g_assert_false(tw_trace_add_log(&t, (TwLogRecord){.op = 1}));
    g_assert_cmpint(t.end, ==, TW_END_OVERFLOW);
    g_assert_cmpint(t.n_log, ==, TW_MAX_LOG);
    tw_trace_init(&t, &p);
    for (unsigned i = 0; i < TW_MAX_EVENTS; i++) {
        g_assert_true(tw_trace_add_event(&t, (TwEventRecord){.op = 1}));
    }
    g_assert_false(tw_trace_add_event(&t, (TwEventRecord){.op = 1}));
    g_assert_cmpint(t.end, ==, TW_END_OVERFLOW);
    tw_trace_init(&t, &p);
    for (unsigned i = 0; i < TW_MAX_ACCESS; i++) {
        g_assert_true(tw_trace_add_location(&t, &outcome, (TwLocation){0}));
    }
    g_assert_cmpint(outcome.location, ==, 0);
    g_assert_false(tw_trace_add_location(&t, &outcome, (TwLocation){0}));
    g_assert_cmpint(t.end, ==, TW_END_OVERFLOW);
    outcome = (TwOutcome){0};
    tw_trace_add_location(&t, &outcome, (TwLocation){0});
    g_assert_cmpint(outcome.location, ==, TW_MAX_ACCESS);
    g_assert_cmpint(outcome.n_locations, ==, 1);
}

/* What a target writes as its text is one line in the end. */
static void test_text_is_one_line(void)
{
    test_parse(&p, world);
    tw_trace_init(&t, &p);
    t.end = TW_END_DIED;
    memset(t.text, 0xff, sizeof t.text); /* no NUL, no UTF-8 */
    t.text[3] = '\n';
    g_autoptr(GString) text = g_string_new(NULL);
    tw_trace_print(&t, &p, text);
    parse(&u, text->str);
    g_assert_null(strchr(u.text, '\n'));
    g_assert_cmpuint(strlen(u.text), >, 0);
    g_strlcpy(t.text, "  a\tb \n", sizeof t.text);
    g_string_truncate(text, 0);
    tw_trace_print(&t, &p, text);
    parse(&u, text->str);
    g_assert_cmpstr(u.text, ==, "a b");
    g_strlcpy(t.text, " \n ", sizeof t.text);
    g_string_truncate(text, 0);
    tw_trace_print(&t, &p, text);
    parse(&u, text->str);
    g_assert_cmpstr(u.text, ==, "");
}

static const struct {
    const char *from, *to; /* a change of the sample */
    const char *message;
} lies[] = {
    {"trace 1", "trace 2", "t:1:16: expected version 1, not \"2\""},
    {"twinwalk-trace", "twinwalk",
     "t:1:1: expected 'twinwalk-trace', not \"twinwalk\""},
    {"end done", "end fine",
     "t:2:5: expected done, died, hung, unsupported, invariant, malformed, "
     "event or overflow, not \"fine\""},
    {"end done", "end died op 5",
     "t:2:13: expected an operation of the program, not \"5\""},
    {"end done", "end died op 1 signal 0",
     "t:2:22: expected a signal number, not \"0\""},
    {"0 ok", "1 ok",
     "t:3:1: expected the number of the next operation, not \"1\""},
    {"0 ok", "0 done",
     "t:3:3: expected a class, skipped or not-run, not \"done\""},
    {"2 done", "2 ok 0x0",
     "t:5:3: expected done, skipped, nomem, vetoed or not-run, not \"ok\""},
    {"3 page-fault 0x0", "3 page-fault 0x10000",
     "t:6:14: expected a value as wide as the access, not \"0x10000\""},
    {"page-map absent", "page absent",
     "t:6:25: expected i0 to i15, not \"page\""},
    {"page-map absent", "i1 absent",
     "t:6:25: expected an IOMMU of the program, not \"i1\""},
    {"page-map absent", "i0 gone",
     "t:6:28: expected no-context, blocked, range, unreadable, absent, "
     "reserved, rights or hops, not \"gone\""},
    {"absent at", "absent level 7 at", "t:6:47: expected a level, not \"7\""},
    {"absent at 0x0", "absent",
     "t:6:40: expected 'at', not the end of the line"},
    {"1 discard 0x0", "1 discard 0x0 reason i0 absent at 0x0",
     "t:4:15: expected the end of the line, not \"reason\""},
    {"3 page-fault 0x0 reason page-map absent at 0x0\n", "",
     "t:15:1: expected an outcome for each operation"},
    {"3 page-fault 0x0 reason page-map absent at 0x0\n",
     "3 page-fault 0x0\n4 done\n",
     "t:7:1: expected no more operations than the program has"},
    {"0+4 r1", "0+9 r1",
     "t:3:28: expected bytes FIRST+LENGTH of the access, in order, not "
     "\"0+9\""},
    {"4+4 r2", "3+4 r2",
     "t:3:43: expected bytes FIRST+LENGTH of the access, in order, not "
     "\"3+4\""},
    {"4+4 r2", "5+4 r2",
     "t:3:43: expected bytes FIRST+LENGTH of the access, in order, not "
     "\"5+4\""},
    {"4+4 r2", "4+0 r2",
     "t:3:43: expected bytes FIRST+LENGTH of the access, in order, not "
     "\"4+0\""},
    {"0+4 r1", "0+4 r4",
     "t:3:32: expected a region of the program, not \"r4\""},
    {"0+4 r1", "0+4 r254", "t:3:32: expected r0 to r253, not \"r254\""},
    {"log 1 write", "log 4 write",
     "t:7:5: expected an operation of the program, not \"4\""},
    {"log 1 write", "log 1 wrote",
     "t:7:7: expected write, fetch or read, not \"wrote\""},
    {"0x5a", "0x15a", "t:7:22: expected a byte, not \"0x15a\""},
    {"rid=7", "rid=65536",
     "t:7:27: expected attributes (secure,user,rid=N,unspecified or none), not "
     "\"secure,rid=65536\""},
    {"o0 unmap", "o8 unmap", "t:9:9: expected o0 to o7, not \"o8\""},
    {"o0 unmap", "o0 unmapped",
     "t:9:12: expected unmap, map, deviotlb, add, del or nop, not "
     "\"unmapped\""},
    {"rw s0", "rwx s0", "t:10:16: expected rights (rw or none), not \"rwx\""},
    {"rw s0", "rw s1", "t:10:19: expected a space of the program, not \"s1\""},
    {"0x0..0xff", "0x1..0x0ff", NULL},
    {"count tlb-hit 4", "count tlb-hit 0",
     "t:13:15: expected a number from 1 to 2^32 - 1, not \"0\""},
    {"count tlb-hit 4", "count tlb-hit 4\ncount tlb-hit 4",
     "t:14:7: expected each counter once"},
    {"count tlb-hit 4", "count things 4",
     "t:13:7: expected a counter, not \"things\""},
    {"digest r1", "digest r9",
     "t:15:8: expected a region of the program, not \"r9\""},
    {"digest r1 0x1234\n", "digest r1 0x1\ndigest r1 0x1\n",
     "t:16:8: expected each digest once"},
    {"digest r1 0x1234\nend\n", "digest r1 0x1234\n", "t:16:1: expected 'end'"},
    {"0x1234\nend\n", "0x1234\nend\nend\n",
     "t:17:1: expected nothing behind 'end', not \"end\""},
    {"0x1234\nend\n", "0x1234\nfoo\n",
     "t:16:1: expected an outcome, text, locations, started, log, event, "
     "dirty, told, mark, count, digest or end, not \"foo\""},
    {"dirty 2 r1", "dirty 4 r1",
     "t:12:7: expected an operation of the program, not \"4\""},
    {"dirty 2 r1", "dirty 2 r9",
     "t:12:9: expected a region of the program, not \"r9\""},
    {"dirty 2 r1 0x0..0x3f", "dirty 2 r1 0x0..0x3f -> 0x0",
     "t:12:22: expected the end of the line, not \"->\""},
    {"end done\n", "end done\ntext a\ntext b\n",
     "t:4:6: expected one text only"},
    {"end done\n", "end done\ntext\n",
     "t:3:5: expected a text of 1 to 159 bytes, not the end of the line"},
};

/* Ranges of which a device was told (LA-64). */
static void test_told(void)
{
    static const char told[] = "twinwalk-trace 1\n"
                               "end done\n"
                               "0 ok 0x0\n"
                               "1 ok 0x0\n"
                               "2 done\n"
                               "3 ok 0x0\n"
                               "told 1 rw s0 0x0..0x3f -> 0x1000\n"
                               "told 3 w s0 0x0..0xffffffffffffffff -> 0x0\n"
                               "end\n";
    static const struct {
        const char *from, *to, *expected;
    } bad[] = {
        {"told 1", "told 4",
         "t:7:6: expected an operation of the program, not \"4\""},
        {"rw s0", "rw none", "t:7:11: expected s0 to s15, not \"none\""},
        {"0x3f -> 0x1000", "0x3f",
         "t:7:23: expected '->', not the end of the line"},
        {"0x1000", "0x1000 r1",
         "t:7:34: expected the end of the line, not \"r1\""},
    };
    g_autoptr(GString) text = g_string_new(NULL);

    test_parse(&p, world);
    parse(&t, told);
    g_assert_cmpint(t.n_events, ==, 2);
    g_assert_cmpint(t.events[1].kind, ==, TW_TRACE_TOLD);
    g_assert_cmpint(t.events[1].perm, ==, TW_W);
    g_assert_cmpint(t.events[1].space, ==, 0);
    g_assert_cmphex(t.events[1].last, ==, UINT64_MAX);
    tw_trace_print(&t, &p, text);
    g_assert_cmpstr(text->str, ==, told);
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_auto(GStrv) parts = g_strsplit(told, bad[i].from, 2);
        g_autofree char *with = g_strjoinv(bad[i].to, parts);
        g_autoptr(GError) error = NULL;

        g_assert_false(tw_trace_parse(&t, &p, with, strlen(with), "t", &error));
        g_assert_cmpstr(error->message, ==, bad[i].expected);
    }
}

/* Marks (LA-55): of a pagetable, in order. */
static void test_marks(void)
{
    static const char tables[] =
        "twinwalk 1\n"
        "region r0 iommu size 0x1000 root s0 iommu i0\n"
        "region r1 ram size 0x1000 root s1\n"
        "region r2 iommu size 0x1000 iommu i1\n"
        "iommu i0 pagetable to s1 format abstract tables r1 levels 1 "
        "updates-ad\n"
        "script\ndma-read s0 0x0 1 none\n";
    static const char good[] = "twinwalk-trace 1\nend done\n0 ok 0x0\n"
                               "mark 0 i0 level 1 0x8 = 0x17\n"
                               "mark 0 i0 level 6 0xffffffffffffffff = 0x0\n"
                               "count mark 2\nend\n";
    static const struct {
        const char *from, *to, *message;
    } bad[] = {
        {"mark 0", "mark 1",
         "t:4:6: expected an operation of the program, not \"1\""},
        {"i0 level 1", "i1 level 1",
         "t:4:8: expected a pagetable of the program, not \"i1\""},
        {"i0 level 1", "i2 level 1",
         "t:4:8: expected a pagetable of the program, not \"i2\""},
        {"level 1", "level 7", "t:4:17: expected a level, not \"7\""},
        {"level 1", "1", "t:4:11: expected 'level', not \"1\""},
        {"0x8 =", "0x8", "t:4:23: expected '=', not \"0x17\""},
        {"0x17", "rw", "t:4:25: expected the bytes of the entry, not \"rw\""},
        {"0x17", "0x17 0x18",
         "t:4:30: expected the end of the line, not \"0x18\""},
    };
    g_autoptr(GString) again = g_string_new(NULL);

    test_parse(&p, tables);
    parse(&t, good);
    g_assert_cmpint(t.n_marks, ==, 2);
    g_assert_cmphex(t.marks[0].at, ==, 8);
    g_assert_cmphex(t.marks[0].value, ==, 0x17);
    g_assert_cmpint(t.marks[1].level, ==, 6);
    tw_trace_print(&t, &p, again);
    g_assert_cmpstr(again->str, ==, good);
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        const char *at = strstr(good, bad[i].from);
        g_autofree char *text =
            g_strdup_printf("%.*s%s%s", (int)(at - good), good, bad[i].to,
                            at + strlen(bad[i].from));
        g_autoptr(GError) error = NULL;

        g_assert_false(tw_trace_parse(&t, &p, text, strlen(text), "t", &error));
        g_assert_cmpstr(error->message, ==, bad[i].message);
        g_assert_cmpint(t.n_marks, ==, 0);
    }
    for (unsigned i = 0; i < TW_MAX_MARKS; i++) {
        g_assert_true(tw_trace_add_mark(&t, (TwMark){.op = 0}));
    }
    g_assert_false(tw_trace_add_mark(&t, (TwMark){.op = 0}));
    g_assert_cmpint(t.end, ==, TW_END_OVERFLOW);
}

static void test_lies(void)
{
    test_parse(&p, world);
    for (unsigned i = 0; i < G_N_ELEMENTS(lies); i++) {
        g_autoptr(GError) error = NULL;
        const char *at = strstr(sample, lies[i].from);
        g_assert_nonnull(at);
        g_autofree char *text =
            g_strdup_printf("%.*s%s%s", (int)(at - sample), sample, lies[i].to,
                            at + strlen(lies[i].from));
        bool good = tw_trace_parse(&t, &p, text, strlen(text), "t", &error);
        if (!lies[i].message) {
            g_assert_no_error(error);
            continue;
        }
        g_assert_false(good);
        g_assert_error(error, TW_TEXT_ERROR, TW_TEXT_ERROR_SYNTAX);
        g_assert_cmpstr(error->message, ==, lies[i].message);
        /* Nothing of it is kept. */
        g_assert_cmpint(t.n_ops, ==, 0);
        g_assert_cmpint(t.n_log, ==, 0);
        g_assert_cmphex(t.digests[1], ==, 0);
    }
}

/* Every text that is nearly right parses or fails cleanly. */
static void test_hostile(void)
{
    unsigned good = 0;
    test_parse(&p, world);
    for (unsigned n = 0; n < 20000; n++) {
        TwRng rng = tw_rng_for(5, n);
        char text[sizeof sample];
        size_t length = sizeof sample - 1;
        memcpy(text, sample, sizeof sample);
        for (unsigned i = 1 + tw_rng_below(&rng, 3); i > 0; i--) {
            uint32_t at = tw_rng_below(&rng, (uint32_t)length);
            switch (tw_rng_below(&rng, 3)) {
            case 0:
                text[at] = (char)tw_rng_next(&rng);
                break;
            case 1:
                text[at] = text[tw_rng_below(&rng, (uint32_t)length)];
                break;
            default:
                length = at + 1;
                break;
            }
        }
        g_autoptr(GError) error = NULL;
        if (tw_trace_parse(&t, &p, text, length, "t", &error)) {
            g_autoptr(GString) one = g_string_new(NULL);
            g_autoptr(GString) two = g_string_new(NULL);
            tw_trace_print(&t, &p, one);
            parse(&u, one->str);
            tw_trace_print(&u, &p, two);
            g_assert_cmpstr(one->str, ==, two->str);
            good++;
        } else {
            g_assert_nonnull(error);
            g_assert_null(strchr(error->message, '\n'));
        }
    }
    g_assert_cmpuint(good, >, 100);
}

/* A program without operations has a trace too. */
static void test_empty(void)
{
    g_autoptr(GError) error = NULL;
    const char *text = "twinwalk-trace 1\nend done\nend\n";
    tw_program_init(&p);
    g_assert_true(tw_trace_parse(&t, &p, text, strlen(text), "t", &error));
    text = "twinwalk-trace 1\nend done\nlog 0 fetch r0 0x0 none\nend\n";
    g_assert_false(tw_trace_parse(&t, &p, text, strlen(text), "t", &error));
    g_assert_cmpstr(error->message, ==,
                    "t:3:5: expected an operation of the program, not \"0\"");
    g_clear_error(&error);
    g_assert_false(tw_trace_parse(&t, &p, NULL, 0, NULL, &error));
    g_assert_cmpstr(error->message, ==, "trace:1:1: expected 'end'");
}

/* Two traces are the same until a member of one record changes; counters, peaks
 * and what no count reaches do not matter. */
static void test_same(void)
{
    test_parse(&p, world);
    parse(&t, sample);
    t.n_started = t.n_marks = 1;
    t.started[0] = (TwStarted){.op = 1};
    t.marks[0] = (TwMark){.op = 2, .level = 1};
    memset(&u, 0xff, sizeof(u)); /* padding, too */
    u = t;
    g_assert_true(tw_trace_same(&t, &u, p.n_regions));
    u.counters[TW_COUNT_FILL]++;
    u.peaks[TW_PEAK_HOPS]++;
    u.locations[u.n_locations].offset++;
    g_assert_true(tw_trace_same(&t, &u, p.n_regions));
#define DIFFERS(member, other) \
    do { \
        u = t; \
        u.member = other; \
        g_assert_false(tw_trace_same(&t, &u, p.n_regions)); \
    } while (0)
    DIFFERS(end, TW_END_DIED);
    DIFFERS(end_op, 3);
    DIFFERS(signal, 11);
    DIFFERS(text[0], 'x');
    DIFFERS(locations_hidden, true);
    DIFFERS(n_ops, 3);
    DIFFERS(n_log, 1);
    DIFFERS(digests[1], 0);
    DIFFERS(outcomes[0].status, TW_STATUS_SKIPPED);
    DIFFERS(outcomes[0].class_, TW_CLASS_DISCARD);
    DIFFERS(outcomes[0].value, 0);
    DIFFERS(outcomes[0].n_locations, 1);
    DIFFERS(outcomes[3].reason.address, 1);
    DIFFERS(locations[1].first, 5);
    DIFFERS(locations[1].length, 3);
    DIFFERS(locations[1].region, 1);
    DIFFERS(locations[1].flags, 0);
    DIFFERS(locations[1].offset, 1);
    DIFFERS(log[1].op, 2);
    DIFFERS(log[0].kind, TW_LOG_READ);
    DIFFERS(log[0].region, 1);
    DIFFERS(log[0].byte, 0);
    DIFFERS(log[0].call, 8);
    DIFFERS(log[0].started, 1);
    DIFFERS(log[0].offset, 0);
    DIFFERS(log[0].attrs, 0);
    DIFFERS(events[0].op, 1);
    DIFFERS(events[0].observer, 1);
    DIFFERS(events[0].kind, TW_TRACE_DIRTY);
    DIFFERS(events[1].perm, 0);
    DIFFERS(events[1].space, 1);
    DIFFERS(events[2].region, 2);
    DIFFERS(events[0].first, 1);
    DIFFERS(events[0].last, 1);
    DIFFERS(events[1].out, 1);
    DIFFERS(marks[0].op, 1);
    DIFFERS(marks[0].iommu, 1);
    DIFFERS(marks[0].level, 0);
    DIFFERS(marks[0].started, 1);
    DIFFERS(marks[0].at, 8);
    DIFFERS(marks[0].value, 1);
    DIFFERS(started[0].op, 2);
    DIFFERS(started[0].outcome.value, 1);
#undef DIFFERS
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trace/same", test_same);
    g_test_add_func("/trace/canonical", test_canonical);
    g_test_add_func("/trace/LA-60/reasons", test_reasons);
    g_test_add_func("/trace/copy", test_copy);
    g_test_add_func("/trace/ends", test_ends);
    g_test_add_func("/trace/overflow", test_overflow);
    g_test_add_func("/trace/text-is-one-line", test_text_is_one_line);
    g_test_add_func("/trace/LA-64/told", test_told);
    g_test_add_func("/trace/LA-55/marks", test_marks);
    g_test_add_func("/trace/lies", test_lies);
    g_test_add_func("/trace/hostile", test_hostile);
    g_test_add_func("/trace/empty", test_empty);
    return g_test_run();
}
