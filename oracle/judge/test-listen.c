/* SPDX-License-Identifier: MIT */
/*
 * Listeners (LA-43), replay and veto (LA-48): the calls and events that are
 * due, their order, and that no others are accepted.
 *
 *   s0 r0: 0x0 r1 ram | 0x100 r2, 0x200 r6: aliases of one ram, r3 | 0x300 hole
 *          0x400 r4 romd | 0x500 r7 reservation, 0x40 | 0x1000 r5 iommu
 */
#include "oracle/test/test-support.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

#define WORLD \
    "twinwalk 1\npage 64\nhops 2\n" \
    "region r0 container size 0x10000\n" \
    "region r1 ram size 0x100 in r0 at 0x0\n" \
    "region r2 alias size 0x100 of r3 in r0 at 0x100\n" \
    "region r3 ram size 0x200\n" \
    "region r4 romd size 0x100 in r0 at 0x400\n" \
    "region r5 iommu size 0x1000 in r0 at 0x1000 iommu i0\n" \
    "region r6 alias size 0x100 of r3 offset 0x100 in r0 at 0x200\n" \
    "region r7 reservation size 0x40 in r0 at 0x500\n" \
    "space s0 root r0\n" \
    "iommu i0 table granule 64 indexes 2 to s0\n" \
    "cpu c0 tlb 4\nmmu c0.0 space s0\n" \
    "script\n"

typedef struct Fixture {
    TwProgram *program;
    TestTarget *target;
    TwTrace *trace;
} Fixture;

static Fixture run(const char *script)
{
    g_autofree char *text = g_strconcat(WORLD, script, NULL);
    Fixture f = {.program = test_program(text)};

    f.target = test_target_new(f.program);
    f.trace = f.target->trace;
    test_target_run(f.target, true);
    return f;
}

static void finish(Fixture *f)
{
    test_target_free(f->target);
    g_free(f->program);
}

/* The events of an operation, as "KIND FIRST..LAST rN+OFFSET" lines. */
static char *events_of(const TwTrace *trace, unsigned op)
{
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < trace->n_events; i++) {
        const TwEventRecord *e = &trace->events[i];

        if (e->op == op) {
            g_string_append_printf(text, "%s %" PRIx64 "..%" PRIx64 " ",
                                   tw_event_kind_name(e->kind), e->first,
                                   e->last);
            if (e->region == TW_NONE) {
                g_string_append_printf(text, "s%u", e->space);
            } else {
                g_assert_cmpint(e->space, ==, 0);
                g_string_append_printf(text, "r%u", e->region);
            }
            g_string_append_printf(text, "+%" PRIx64 "\n", e->out);
        }
    }
    return g_string_free(text, FALSE);
}

static void assert_events(const TwTrace *trace, unsigned op,
                          const char *expected)
{
    g_autofree char *text = events_of(trace, op);

    g_assert_cmpstr(text, ==, expected);
}

/* FV-4: r2 and r6 show r3 in one piece. */
#define ALL(kind) \
    kind " 0..ff r1+0\n" kind " 100..2ff r3+0\n" kind " 400..4ff r4+0\n" kind \
         " 500..53f r7+0\n" kind " 1000..1fff r5+0\n"

static void registration(void)
{
    Fixture f = run("  listen o0 of s0\n  unlisten o0\n  move r1 at 0x40\n");

    assert_events(f.trace, 0, ALL("add"));
    assert_events(f.trace, 1, ALL("del"));
    assert_events(f.trace, 2, "");
    test_judge(f.target, TW_VERDICT_AGREE);
    finish(&f);
}

/* What a commit calls: deletions first, and by start address (TX-3, TX-5). */
static void commits(void)
{
    static const struct {
        const char *op, *events;
    } table[] = {
        /* r1 starts elsewhere; in its place there is less of it. */
        {"move r1 at 0x80", "del 0..ff r1+0\n"
                            "del 100..2ff r3+0\n"
                            "add 80..17f r1+0\n"
                            "add 180..2ff r3+80\n"
                            "nop 400..4ff r4+0\nnop 500..53f r7+0\n"
                            "nop 1000..1fff r5+0\n"},
        /* one range becomes two: same start, another end */
        {"readonly r6 on", "del 100..2ff r3+0\n"
                           "nop 0..ff r1+0\n"
                           "add 100..1ff r3+0\nadd 200..2ff r3+100\n"
                           "nop 400..4ff r4+0\nnop 500..53f r7+0\n"
                           "nop 1000..1fff r5+0\n"},
        {"nonvolatile r1 on", "del 0..ff r1+0\n"
                              "add 0..ff r1+0\nnop 100..2ff r3+0\n"
                              "nop 400..4ff r4+0\nnop 500..53f r7+0\n"
                              "nop 1000..1fff r5+0\n"},
        {"unmergeable r3 on", "del 100..2ff r3+0\n"
                              "nop 0..ff r1+0\n"
                              "add 100..1ff r3+0\nadd 200..2ff r3+100\n"
                              "nop 400..4ff r4+0\nnop 500..53f r7+0\n"
                              "nop 1000..1fff r5+0\n"},
        {"romd r4 off", "del 400..4ff r4+0\n"
                        "nop 0..ff r1+0\nnop 100..2ff r3+0\n"
                        "add 400..4ff r4+0\nnop 500..53f r7+0\n"
                        "nop 1000..1fff r5+0\n"},
        {"alias-offset r6 at 0x80", "del 100..2ff r3+0\n"
                                    "nop 0..ff r1+0\n"
                                    "add 100..1ff r3+0\nadd 200..2ff r3+80\n"
                                    "nop 400..4ff r4+0\nnop 500..53f r7+0\n"
                                    "nop 1000..1fff r5+0\n"},
        {"enable r0 off", ALL("del")},
        /* nothing has changed, but it is a commit (LA-6) */
        {"priority r5 prio 0", ALL("nop")},
        {"move r1 at 0x0", ""},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *script =
            g_strdup_printf("  listen o0 of s0\n  %s\n", table[i].op);
        Fixture f = run(script);

        assert_events(f.trace, 1, table[i].events);
        test_judge(f.target, TW_VERDICT_AGREE);
        finish(&f);
    }
}

/* Only the outermost commit is told; what is open is not seen (TX-2). */
static void transactions(void)
{
    Fixture f = run("  begin\n  del r4\n  listen o0 of s0\n  del r7\n"
                    "  commit\n");

    assert_events(f.trace, 2, ALL("add"));
    assert_events(f.trace, 3, "");
    assert_events(f.trace, 4,
                  "del 400..4ff r4+0\ndel 500..53f r7+0\n"
                  "nop 0..ff r1+0\nnop 100..2ff r3+0\n"
                  "nop 1000..1fff r5+0\n");
    test_judge(f.target, TW_VERDICT_AGREE);
    finish(&f);
}

/* A restore is a commit, whatever changed; an operation during an access
 * tells under its own number. */
static void other_commits(void)
{
    Fixture f = run("  listen o0 of s0\n  snapshot\n  restore\n"
                    "  read c0.0 0x0 1\n  during del r4\n  restore\n");

    assert_events(f.trace, 2, ALL("nop"));
    assert_events(f.trace, 3, "");
    assert_events(f.trace, 4,
                  "del 400..4ff r4+0\n"
                  "nop 0..ff r1+0\nnop 100..2ff r3+0\n"
                  "nop 500..53f r7+0\nnop 1000..1fff r5+0\n");
    assert_events(f.trace, 5,
                  "nop 0..ff r1+0\nnop 100..2ff r3+0\n"
                  "add 400..4ff r4+0\n"
                  "nop 500..53f r7+0\nnop 1000..1fff r5+0\n");
    test_judge(f.target, TW_VERDICT_AGREE);
    finish(&f);
}

/* Up to the last address, and an offset that would continue only by wrapping
 * round. */
static void top_of_space(void)
{
    TwProgram *program =
        test_program("twinwalk 1\npage 64\n"
                     "region r0 container size 2^64\n"
                     "region r1 mmio size 2^64\n"
                     "region r2 alias size 0x100 of r1 offset "
                     "0xffffffffffffff00 in r0 at 0x0\n"
                     "region r3 alias size 0x100 of r1 in r0 at 0x100\n"
                     "region r4 ram size 2^64 in r0 at 0xffffffffffffff00\n"
                     "space s0 root r0\n"
                     "script\n  listen o0 of s0\n");
    TestTarget *target = test_target_new(program);

    test_target_run(target, true);
    assert_events(target->trace, 0,
                  "add 0..ff r1+ffffffffffffff00\n"
                  "add 100..1ff r1+0\n"
                  "add ffffffffffffff00..ffffffffffffffff r4+0\n");
    test_judge(target, TW_VERDICT_AGREE);
    test_target_free(target);
    g_free(program);
}

/* A rom is read-only whatever its flag or the way to it (LA-9): setting that is
 * a commit, but no change, and no cut. */
static void rom(void)
{
    TwProgram *program =
        test_program("twinwalk 1\npage 64\n"
                     "region r0 container size 0x1000\n"
                     "region r1 rom size 0x200\n"
                     "region r2 alias size 0x100 of r1 in r0 at 0x0\n"
                     "region r3 alias size 0x100 of r1 offset 0x100 in r0 at "
                     "0x100 readonly\n"
                     "space s0 root r0\n"
                     "script\n"
                     "  listen o0 of s0\n  readonly r1 on\n"
                     "  readonly r3 off\n  nonvolatile r3 on\n");
    TestTarget *target = test_target_new(program);

    test_target_run(target, true);
    assert_events(target->trace, 0, "add 0..1ff r1+0\n");
    assert_events(target->trace, 1, "nop 0..1ff r1+0\n");
    assert_events(target->trace, 2, "nop 0..1ff r1+0\n");
    assert_events(target->trace, 3,
                  "del 0..1ff r1+0\n"
                  "add 0..ff r1+0\nadd 100..1ff r1+100\n");
    test_judge(target, TW_VERDICT_AGREE);
    test_target_free(target);
    g_free(program);
}

/* Every way of telling it wrong. */
static void wrong(void)
{
    for (unsigned how = 0; how < 10; how++) {
        Fixture f = run("  listen o0 of s0\n  del r4\n");
        TwEventRecord *e = f.trace->events, swap;
        const TwFinding *finding;
        unsigned op = how < 7 ? 0 : 1;

        test_judge(f.target, TW_VERDICT_AGREE);
        g_assert_cmpint(f.trace->n_events, ==, 10);
        switch (how) {
        case 0:
            e[1].last--;
            break;
        case 1:
            e[1].out++;
            break;
        case 2:
            e[1].region = 1;
            break;
        case 3:
            e[1].space = TW_NONE;
            break;
        case 4:
            e[1].kind = TW_LISTEN_NOP;
            break;
        case 5: /* order */
            swap = e[0];
            e[0] = e[1];
            e[1] = swap;
            break;
        case 6: /* not merged (FV-4) */
            memmove(&e[2], &e[1], 9 * sizeof(*e));
            e[1].last = 0x1ff;
            e[2].first = 0x200;
            e[2].out = 0x100;
            f.trace->n_events++;
            break;
        case 7: /* del after the others */
            swap = e[5];
            memmove(&e[5], &e[6], 4 * sizeof(*e));
            e[9] = swap;
            break;
        case 8: /* one missing at the end */
            f.trace->n_events--;
            break;
        default: /* one more */
            e[10] = e[9];
            f.trace->n_events++;
            break;
        }
        finding = test_judge(f.target, TW_VERDICT_EVENT);
        g_assert_cmpint(finding->op, ==, op);
        g_assert_nonnull(strstr(finding->text, "LA-43"));
        finish(&f);
    }
}

/* Compares a view with the other walker. */
static void walkers(void)
{
    Fixture f = run("  nop\n");
    TwWorld *world = f.target->world;
    TwShown list[TW_MAX_SHOWN];
    unsigned n;

    g_assert_true(tw_render(&world->snapshots[0], 0, 0, UINT64_MAX, list,
                            TW_MAX_SHOWN, &n));
    g_assert_cmpint(n, ==, 6);
    g_assert_true(tw_listen_agrees(world, &world->snapshots[0], 0, list, n));
    for (unsigned i = 0; i < n; i++) {
        for (unsigned how = 0; how < 4; how++) {
            TwShown right = list[i];

            switch (how) {
            case 0: /* r5's granules are all that a walk tells of it */
                list[i].offset += 0x40;
                break;
            case 1:
                list[i].first++;
                list[i].offset++;
                break;
            case 2:
                list[i].last--;
                break;
            default:
                list[i].region = list[i].region == 1 ? 3 : 1;
                break;
            }
            g_assert_false(
                tw_listen_agrees(world, &world->snapshots[0], 0, list, n));
            list[i] = right;
        }
    }
    g_assert_false(
        tw_render(&world->snapshots[0], 0, 0, UINT64_MAX, list, 5, &n));
    finish(&f);
}

/* More ranges than are worth it: no verdict, rather than a wrong one. */
static void crowded(void)
{
    enum { BEHIND = 64 }; /* the last region */
    for (unsigned regions = 8; regions <= 32; regions += 24) {
        g_autoptr(GString) text =
            g_string_new("twinwalk 1\npage 64\nhops 8\n"
                         "region r0 container size 0x100000\n"
                         "region r1 container size 0x800 in r0 at 0x0\n"
                         "space s0 root r0\n");
        bool many = regions > 8;
        TwProgram *program;
        TestTarget *target;

        /* r1 has them, and is shown once more by each alias. */
        for (unsigned r = 2; r < 2 + regions; r++) {
            g_string_append_printf(text,
                                   "region r%u ram size 0x20 in r1 at 0x%x\n",
                                   r, (r - 2) * 0x40);
        }
        for (unsigned r = 2 + regions; r < BEHIND; r++) {
            g_string_append_printf(
                text, "region r%u alias size 0x800 of r1 in r0 at 0x%x\n", r,
                r * 0x800);
        }
        g_string_append(text, "script\n  listen o0 of s0\n");
        program = test_program(text->str);
        target = test_target_new(program);
        test_target_run(target, true);
        g_assert_cmpint(target->world->crowded, ==, many);
        g_assert_cmpint(target->trace->n_events, ==,
                        many ? TW_MAX_SHOWN : regions * (BEHIND - 1 - regions));
        test_judge(target, many ? TW_VERDICT_INCONCLUSIVE : TW_VERDICT_AGREE);
        test_target_free(target);
        g_free(program);
    }
}

/* Replay: runs, cropped, of one index, of the table whatever the switch says.
 */
static void replays(void)
{
    Fixture f = run("  map i0.0 0x0..0x3f -> s0 0x1000 rw silent\n"
                    "  map i0.0 0x40..0x7f -> s0 0x1040 rw silent\n" /* on */
                    "  map i0.0 0x80..0xff -> s0 0x1080 r silent\n"
                    "  map i0.0 0x140..0x1bf -> s0 0x2010 w silent\n"
                    "  map i0.0 0x1c0..0x1ff -> s0 0x3000 w silent\n"
                    "  map i0.1 0x0..0x3f -> s0 0x1000 rw silent\n"
                    "  map i0.0 0xffffffffffffffc0..0xffffffffffffffff -> s0 "
                    "0x0 rw silent\n"
                    "  observe o0 of i0.0 map 0x0..0xffffffffffffffff\n"
                    "  observe o1 of i0.0 unmap,map 0x48..0x14f\n"
                    "  observe o2 of i0.0 unmap 0x0..0xffff\n"
                    "  bypass i0 on\n"
                    "  replay o0\n  replay o1\n  replay o2\n"
                    "  unmap i0.0 0x0..0x1bf silent\n"
                    "  replay o1\n");

    assert_events(f.trace, 11,
                  "map 0..7f s0+1000\nmap 80..ff s0+1080\n"
                  "map 140..1bf s0+2000\nmap 1c0..1ff s0+3000\n"
                  "map ffffffffffffffc0..ffffffffffffffff s0+0\n");
    assert_events(f.trace, 12,
                  "map 48..7f s0+1048\nmap 80..ff s0+1080\n"
                  "map 140..14f s0+2000\n");
    assert_events(f.trace, 13, "");
    assert_events(f.trace, 15, "");
    test_judge(f.target, TW_VERDICT_AGREE);
    finish(&f);
}

/* Runs go on over the end of the outputs, and over granules of one run. */
static void replay_runs(void)
{
    Fixture f = run("  map i0.0 0x0..0x3f -> s0 0xffffffffffffffc0 rw silent\n"
                    "  map i0.0 0x40..0x7f -> s0 0x20 rw silent\n"
                    "  map i0.0 0x80..0xbf -> s0 0x1000 rw silent\n"
                    "  snapshot\n"
                    "  map i0.0 0x0..0xff -> s0 0x0 r silent\n"
                    "  restore\n"
                    "  observe o0 of i0.0 map 0x0..0xff\n"
                    "  replay o0\n");

    assert_events(f.trace, 7,
                  "map 0..7f s0+ffffffffffffffc0\n"
                  "map 80..bf s0+1000\n");
    test_judge(f.target, TW_VERDICT_AGREE);
    f.trace->events[0].perm = TW_R;
    test_judge(f.target, TW_VERDICT_EVENT);
    f.trace->events[0].perm = TW_R | TW_W;
    f.trace->events[1].op = 5;
    test_judge(f.target, TW_VERDICT_EVENT);
    finish(&f);
}

static void put_unmap(TwTrace *trace, unsigned at, uint64_t first,
                      uint64_t last)
{
    TwEventRecord event = {.op = 4,
                           .kind = TW_EVENT_UNMAP,
                           .space = TW_NONE,
                           .region = TW_NONE,
                           .first = first,
                           .last = last};

    memmove(&trace->events[at + 1], &trace->events[at],
            (trace->n_events - at) * sizeof(event));
    trace->events[at] = event;
    trace->n_events++;
}

static void take(TwTrace *trace, unsigned at)
{
    trace->n_events--;
    memmove(&trace->events[at], &trace->events[at + 1],
            (trace->n_events - at) * sizeof(trace->events[0]));
}

/* LA-48: a replay may unmap what it maps after that, all at first or one by
 * one, and what is not mapped; nothing that it has mapped, nor beyond the
 * range, nor in another operation, nor if the observer asks for MAPs only. */
static void replay_unmaps(void)
{
    Fixture f = run("  map i0.0 0x0..0x3f -> s0 0x1000 rw silent\n"
                    "  map i0.0 0x80..0xbf -> s0 0x2000 rw silent\n"
                    "  observe o0 of i0.0 unmap,map 0x0..0x1ff\n"
                    "  observe o1 of i0.0 map 0x0..0xff\n"
                    "  replay o0\n" /* maps 0..3f and 80..bf */
                    "  replay o1\n");

    g_assert_cmpuint(f.trace->n_events, ==, 4);
    put_unmap(f.trace, 0, 0x0, 0x1ff); /* all at first */
    test_judge(f.target, TW_VERDICT_AGREE);
    put_unmap(f.trace, 2, 0x80, 0xbf); /* one by one */
    test_judge(f.target, TW_VERDICT_AGREE);
    put_unmap(f.trace, 4, 0x100, 0x1ff); /* at the end, what is not there */
    test_judge(f.target, TW_VERDICT_AGREE);
    f.trace->events[4].first = 0xbf; /* its last byte is mapped */
    test_judge(f.target, TW_VERDICT_EVENT);
    f.trace->events[4].first = 0xc0;
    test_judge(f.target, TW_VERDICT_AGREE);
    f.trace->events[4].last = 0x200; /* beyond the range */
    test_judge(f.target, TW_VERDICT_EVENT);
    take(f.trace, 4);
    f.trace->events[2].op = 3; /* not by the replay */
    test_judge(f.target, TW_VERDICT_EVENT);
    take(f.trace, 2);
    put_unmap(f.trace, 3, 0x0, 0xff); /* of who asks for MAPs only */
    f.trace->events[3].op = 5;
    f.trace->events[3].observer = 1;
    test_judge(f.target, TW_VERDICT_EVENT);
    take(f.trace, 3);
    test_judge(f.target, TW_VERDICT_AGREE);
    take(f.trace, 2); /* the MAPs are owed still */
    test_judge(f.target, TW_VERDICT_EVENT);
    finish(&f);
}

/* NT-2: the union of kinds counts, over indexes and observers. */
static void vetoes(void)
{
    static const uint8_t vetoed[] = {5, 6, 9, 12};
    Fixture f = run("  observe o0 of i0.0 unmap 0x0..0xff\n"
                    "  veto i0 on\n"
                    "  observe o1 of i0.1 unmap 0x0..0xff\n" /* no change */
                    "  unobserve o0\n"                       /* nor here */
                    "  observe o0 of i0.0 unmap 0x0..0x3f\n"
                    "  observe o2 of i0.0 unmap,map 0x0..0xff\n" /* vetoed */
                    "  observe o2 of i0.0 map 0x0..0xff\n"       /* vetoed */
                    "  unobserve o2\n" /* it is not there: skipped */
                    "  unobserve o1\n"
                    "  unobserve o0\n" /* the last: vetoed, and stays */
                    "  notify i0.0 unmap 0x0..0x3f\n"
                    "  veto i0 on\n"
                    "  unobserve o0\n" /* still vetoed */
                    "  veto i0 off\n"
                    "  unobserve o0\n");

    for (unsigned i = 0, v = 0; i < f.program->n_script; i++) {
        bool refused = v < G_N_ELEMENTS(vetoed) && vetoed[v] == i;

        v += refused;
        g_assert_cmpint(f.trace->outcomes[i].status, ==,
                        refused  ? TW_STATUS_VETOED
                        : i == 7 ? TW_STATUS_SKIPPED
                                 : TW_STATUS_DONE);
    }
    assert_events(f.trace, 10, "unmap 0..3f s255+0\n");
    test_judge(f.target, TW_VERDICT_AGREE);
    for (unsigned i = 2; i < 6; i++) { /* the other way round */
        f.trace->outcomes[i].status = i < 5 ? TW_STATUS_VETOED : TW_STATUS_DONE;
        g_assert_cmpint(test_judge(f.target, TW_VERDICT_WRONG)->op, ==, i);
        f.trace->outcomes[i].status = i < 5 ? TW_STATUS_DONE : TW_STATUS_VETOED;
    }
    finish(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/listen/TX-6/registration", registration);
    g_test_add_func("/listen/TX-5/commits", commits);
    g_test_add_func("/listen/TX-2/transactions", transactions);
    g_test_add_func("/listen/LA-43/other-commits", other_commits);
    g_test_add_func("/listen/FV-4/top-of-space", top_of_space);
    g_test_add_func("/listen/LA-9/rom", rom);
    g_test_add_func("/listen/LA-43/wrong", wrong);
    g_test_add_func("/listen/walkers", walkers);
    g_test_add_func("/listen/crowded", crowded);
    g_test_add_func("/listen/LA-48/replay", replays);
    g_test_add_func("/listen/LA-48/runs", replay_runs);
    g_test_add_func("/listen/LA-48/unmaps", replay_unmaps);
    g_test_add_func("/listen/NT-2/veto", vetoes);
    return g_test_run();
}
