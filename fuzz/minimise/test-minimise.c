/* SPDX-License-Identifier: MIT */
/*
 * The minimiser: with predicates whose smallest program is known, and on zoo
 * bugs, where it must keep the key.
 */
#include "fuzz/minimise/minimise.h"

#include <string.h>

#include "fuzz/generate/generate.h"
#include "fuzz/minimise/passes.h"
#include "fuzz/run/runner.h"
#include "program/legality.h"
#include "program/ops.h"
#include "program/test-program.h"
#include "program/text/text.h"

static TwProgram program, twin;

static TwDialect full;

typedef struct Watch {
    unsigned calls;
    bool (*holds)(const TwProgram *p);
} Watch;

/* Every candidate is legal; then what the test asks. */
static bool watch(const TwProgram *candidate, void *data)
{
    Watch *w = data;
    char why[256] = "";

    w->calls++;
    if (!tw_program_check(candidate, why, sizeof(why)) ||
        !tw_dialect_admits(&full, candidate, why, sizeof(why))) {
        g_error("candidate %u: %s", w->calls, why);
    }
    return w->holds(candidate);
}

/* One candidate at a time, or several, of which the first that is true of
 * `still` counts. */
typedef bool (*Still)(const TwProgram *candidate, void *data);

typedef struct Ask {
    Still still;
    void *data;
} Ask;

static unsigned first(TwProgram *const *candidates, unsigned n, void *data)
{
    const Ask *ask = data;

    for (unsigned i = 0; i < n; i++) {
        if (ask->still(candidates[i], ask->data)) {
            return i;
        }
    }
    return n;
}

static void minimise_by(unsigned window, TwProgram *p, const TwDialect *dialect,
                        Still still, void *data, unsigned budget,
                        TwMinimiseStats *stats)
{
    Ask ask = {still, data};
    TwMinimiseOptions options = {.dialect = dialect,
                                 .budget = budget,
                                 .window = window,
                                 .first = first,
                                 .first_data = &ask};

    tw_minimise(p, &options, stats);
}

static void minimise(TwProgram *p, const TwDialect *dialect, Still still,
                     void *data, unsigned budget, TwMinimiseStats *stats)
{
    minimise_by(1, p, dialect, still, data, budget, stats);
}

static void assert_text(const TwProgram *p, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);

    tw_program_print(p, NULL, text);
    g_assert_cmpstr(text->str, ==, expected);
}

static void generate(TwProgram *p, TwProfile profile, unsigned number)
{
    TwRng rng = tw_rng_for(31, number);

    tw_generate(p, profile, &full, &rng);
}

static bool always(const TwProgram *p)
{
    (void)p;
    return true;
}

/* With no condition, almost nothing is left after few steps. */
static void test_always(void)
{
    for (unsigned i = 0; i < 3 * TW_PROFILES; i++) {
        Watch w = {.holds = always};
        TwMinimiseStats stats;
        generate(&program, (TwProfile)(i % TW_PROFILES), i);
        minimise(&program, &full, watch, &w, 0, &stats);
        g_assert_cmpuint(stats.ops_after, ==, 0);
        g_assert_cmpuint(stats.objects_after, ==, 0);
        g_assert_cmpuint(stats.tried, ==, w.calls);
        g_assert_cmpuint(stats.tried, <, 200);
        g_assert_cmpuint(program.n_regions, ==, 0);
    }
}

static bool never(const TwProgram *p)
{
    (void)p;
    return false;
}

static void test_never(void)
{
    Watch w = {.holds = never};
    TwMinimiseStats stats;

    generate(&program, TW_PROFILE_BALANCED, 1);
    tw_program_copy(&twin, &program);
    minimise(&program, &full, watch, &w, 0, &stats);
    g_assert_true(tw_program_equal(&program, &twin));
    g_assert_cmpuint(stats.kept, ==, 0);
    g_assert_cmpuint(stats.ops_after, ==, stats.ops_before);
}

static void test_budget(void)
{
    Watch w = {.holds = never};
    TwMinimiseStats stats;

    generate(&program, TW_PROFILE_HOSTILE, 2);
    minimise(&program, &full, watch, &w, 17, &stats);
    g_assert_cmpuint(w.calls, ==, 17);
    g_assert_cmpuint(stats.tried, ==, 17);
}

/* A notified map and, later, a write. */
static bool map_then_write(const TwProgram *p)
{
    bool mapped = false;

    for (unsigned i = 0; i < p->n_script; i++) {
        const TwOp *op = &p->script[i];
        if (op->code == TW_OP_MAP && (op->flags & TW_OPF_NOTIFIED)) {
            mapped = true;
        }
        if (op->code == TW_OP_WRITE && mapped) {
            return true;
        }
    }
    return false;
}

static void test_two_operations(void)
{
    unsigned done = 0;

    for (unsigned i = 0; i < 40; i++) {
        Watch w = {.holds = map_then_write};
        TwMinimiseStats stats;
        generate(&program, TW_PROFILE_INVALIDATE, i);
        if (!map_then_write(&program)) {
            continue;
        }
        minimise(&program, &full, watch, &w, 0, &stats);
        g_assert_true(map_then_write(&program));
        /* Two operations; an IOMMU and its region, which is the root of the
         * only space; a CPU with its MMU index. */
        g_assert_cmpuint(stats.ops_after, ==, 2);
        g_assert_cmpuint(stats.objects_after, <=, 5);
        g_assert_cmpuint(program.n_setup, ==, 0);
        g_assert_cmphex(program.script[0].addr, ==, 0);
        g_assert_cmphex(program.script[1].addr, ==, 0);
        g_assert_cmpuint(program.script[1].size, ==, 1);
        done++;
    }
    g_assert_cmpuint(done, >=, 20);
}

static void test_same_again(void)
{
    for (unsigned i = 0; i < 10; i++) {
        Watch a = {.holds = map_then_write}, b = a;
        generate(&program, TW_PROFILE_INVALIDATE, i);
        if (!map_then_write(&program)) {
            continue;
        }
        tw_program_copy(&twin, &program);
        minimise(&program, &full, watch, &a, 0, NULL);
        minimise(&twin, &full, watch, &b, 0, NULL);
        g_assert_true(tw_program_equal(&program, &twin));
        g_assert_cmpuint(a.calls, ==, b.calls);
        /* And a second pass finds nothing more. */
        Watch c = {.holds = map_then_write};
        TwMinimiseStats stats;
        minimise(&twin, &full, watch, &c, 0, &stats);
        g_assert_true(tw_program_equal(&program, &twin));
        g_assert_cmpuint(stats.kept, ==, 0);
    }
}

/* Whatever window, the result and the counts are the same; the finding goes
 * from one program to the next, and no program is tried twice. */
typedef struct Diary {
    GHashTable *seen;
    bool (*holds)(const TwProgram *p);
    unsigned twice;
} Diary;

static bool note(const TwProgram *candidate, void *data)
{
    Diary *diary = data;
    uint64_t hash = tw_program_hash(candidate);

    if (!g_hash_table_add(diary->seen, g_memdup2(&hash, sizeof(hash)))) {
        diary->twice++;
    }
    return diary->holds(candidate);
}

static void test_window(void)
{
    unsigned done = 0;

    for (unsigned i = 0; i < 12; i++) {
        TwMinimiseStats one, more;

        generate(&program, TW_PROFILE_INVALIDATE, i);
        if (!map_then_write(&program)) {
            continue;
        }
        Diary diary = {.holds = map_then_write,
                       .seen = g_hash_table_new_full(
                           g_int64_hash, g_int64_equal, g_free, NULL)};
        tw_program_copy(&twin, &program);
        minimise_by(1, &program, &full, note, &diary, 0, &one);
        g_assert_cmpuint(diary.twice, ==, 0);
        g_assert_cmpuint(g_hash_table_size(diary.seen), ==, one.tried);
        g_hash_table_destroy(diary.seen);
        for (unsigned window = 3; window <= 24; window *= 8) {
            TwProgram *copy = g_new(TwProgram, 1);
            Watch w = {.holds = map_then_write};

            tw_program_copy(copy, &twin);
            minimise_by(window, copy, &full, watch, &w, 0, &more);
            g_assert_true(tw_program_equal(copy, &program));
            g_assert_cmpmem(&one, sizeof(one), &more, sizeof(more));
            g_assert_cmpuint(w.calls, >=, more.tried);
            g_free(copy);
        }
        g_assert_cmpuint(one.seen, >, 0);
        done++;
    }
    g_assert_cmpuint(done, >=, 5);
}

/* Stops on request, with the best program so far. */
static bool three_steps(const TwProgram *best, const TwMinimiseStats *so_far,
                        void *data)
{
    (void)best;
    (void)data;
    return so_far->kept < 3;
}

static void test_go_on(void)
{
    Watch w = {.holds = always};
    Ask ask = {watch, &w};
    TwMinimiseOptions options = {.dialect = &full,
                                 .first = first,
                                 .first_data = &ask,
                                 .go_on = three_steps};
    TwMinimiseStats stats;

    generate(&program, TW_PROFILE_TOPOLOGY, 4);
    tw_minimise(&program, &options, &stats);
    g_assert_cmpuint(stats.kept, ==, 3);
    g_assert_cmpuint(stats.ops_after, <, stats.ops_before);
    g_assert_cmpuint(stats.lines_after, <, stats.lines_before);
}

/* Edits ------------------------------------------------------------------- */

/*
 *   s0: iommu i0 at 0x4000 -> s1: iommu i1 at 0x8000 -> s2: ram at 0x0
 */
static const char *const chain =
    "twinwalk 1\n"
    "page 4096\n"
    "hops 16\n"
    "region r0 container size 2^64\n"
    "region r1 iommu size 0x4000 in r0 at 0x4000 iommu i0\n"
    "region r2 container size 2^64\n"
    "region r3 iommu size 0x4000 in r2 at 0x8000 iommu i1\n"
    "region r4 container size 2^64\n"
    "region r5 ram size 0x4000 in r4 at 0x0\n"
    "space s0 root r0\n"
    "space s1 root r2\n"
    "space s2 root r4\n"
    "iommu i0 table granule 4096\n"
    "iommu i1 table granule 4096\n"
    "cpu c0 tlb 4\n"
    "mmu c0.0 space s0\n"
    "setup\n"
    "  map i0.0 0x0..0x3fff -> s1 0x8000 rw silent\n"
    "  map i1.0 0x0..0x3fff -> s2 0x0 rw silent\n"
    "  page c0.0 0x10000 -> 0x4000 size 0x4000 rwx\n"
    "script\n"
    "  read c0.0 0x11000 4\n";

static void test_bypass(void)
{
    test_parse(&program, chain);
    TwOp second = program.setup[1];
    tw_edit_bypass(&program, 1, &second, true);
    tw_edit_drop_iommu(&program, 1);
    g_assert_true(tw_program_check(&program, NULL, 0));
    g_assert_cmpuint(program.n_setup, ==, 2);
    g_assert_cmpuint(program.setup[0].other, ==, 2);
    g_assert_cmphex(program.setup[0].out, ==, 0);
    /* Bypassing the first hop moves the CPU to where the hop led. */
    TwOp first = program.setup[0];
    tw_edit_bypass(&program, 0, &first, false);
    g_assert_cmpuint(program.cpus[0].mmu[0].space, ==, 0);
    tw_edit_bypass(&program, 0, &first, true);
    g_assert_cmpuint(program.cpus[0].mmu[0].space, ==, 2);
    g_assert_cmphex(program.setup[1].out, ==, 0);
}

/*
 *   s0: iommu i0 at 0x8000, ram r3 at 0x20000 -> s1: mmio at 0x0
 */
static const char *const beside =
    "twinwalk 1\n"
    "region r0 container size 2^64 root s0\n"
    "region r1 iommu size 0x4000 in r0 at 0x8000 iommu i0\n"
    "region r2 mmio size 0x2000 root s1\n"
    "region r3 ram size 0x1000 in r0 at 0x20000\n"
    "mmu c0.0 space s0\n"
    "mmu c0.1 space s0\n"
    "setup\n"
    "  map i0.0 0x1000..0x1fff -> s1 0x1000 rw silent\n"
    "  map i0.0 0x2000..0x2fff -> s0 0x20000 rw silent\n"
    "  page c0.0 0x0 -> 0x9000 size 0x1000 rwx\n"
    "  page c0.1 0x0 -> 0x40000 size 0x1000 rwx\n"
    "script\n"
    "  dma-read s0 0x20008 1 none\n";

/* What leads into a window leads elsewhere, and nothing else does. */
static void test_redirect(void)
{
    test_parse(&program, beside);
    tw_edit_redirect(&program, 0, 0x8000, 0x4000, 1, 0x100000, true);
    g_assert_cmpuint(program.cpus[0].mmu[0].space, ==, 1);
    g_assert_cmphex(program.setup[2].out, ==, 0x101000);
    g_assert_cmpuint(program.cpus[0].mmu[1].space, ==, 0);
    g_assert_cmphex(program.setup[3].out, ==, 0x40000);
    g_assert_cmphex(program.setup[1].out, ==, 0x20000);
    tw_edit_redirect(&program, 0, 0x20000, 0x1000, 1, 0, false);
    g_assert_cmpuint(program.setup[1].other, ==, 1);
    g_assert_cmphex(program.setup[1].out, ==, 0);
    g_assert_cmpuint(program.script[0].obj, ==, 1);
    g_assert_cmphex(program.script[0].addr, ==, 8);
}

/* A pass makes each of its programs by number, and no other after its last. */
static void test_turns(void)
{
    static const TwPass passes[] = {tw_pass_script,    tw_pass_merge,
                                    tw_pass_unwrap,    tw_pass_stand_in,
                                    tw_pass_addresses, tw_pass_properties};

    test_parse(&twin, beside);
    for (unsigned i = 0; i < G_N_ELEMENTS(passes); i++) {
        TwTurns turns = {
            .best = &twin, .program = &program, .dialect = &full, .round = 1};
        unsigned n = 0;

        for (;; n++) {
            turns.wanted = n;
            turns.at = 0;
            turns.made = false;
            passes[i](&turns);
            if (!turns.made) {
                break;
            }
        }
        g_assert_cmpuint(n, ==, turns.at);
        g_assert_cmpuint(n, >, 0);
    }
}

/* i0 gives way to what its first entry leads to. */
static void test_stand_in(void)
{
    TwTurns turns = {.best = &twin, .program = &program, .dialect = &full};

    test_parse(&twin, beside);
    tw_pass_stand_in(&turns);
    g_assert_true(turns.made);
    g_assert_true(tw_program_check(&program, NULL, 0));
    tw_edit_renumber(&program);
    assert_text(&program, "twinwalk 1\n"
                          "region r0 container size 2^64 root s0\n"
                          "region r1 mmio size 0x2000 in r0 at 0x8000\n"
                          "region r2 ram size 0x1000 in r0 at 0x20000\n"
                          "mmu c0.0 space s0\n"
                          "mmu c0.1 space s0\n"
                          "setup\n"
                          "  page c0.0 0x0 -> 0x9000 size 0x1000 rwx\n"
                          "  page c0.1 0x0 -> 0x40000 size 0x1000 rwx\n"
                          "script\n"
                          "  dma-read s0 0x20008 1 none\n");
}

/* Pages lead to their own addresses, and a region comes and goes. */
static const char *const aside = "twinwalk 1\n"
                                 "region r0 container size 2^64 root s0\n"
                                 "region r1 ram size 0x2000 in r0 at 0x9000\n"
                                 "region r2 ram size 0x1000 in r0 at 0xc000\n"
                                 "mmu c0.0 space s0\n"
                                 "setup\n"
                                 "  page c0.0 0x8000 -> 0x8000 size 0x8000 rw\n"
                                 "script\n"
                                 "  del r2\n"
                                 "  read c0.0 0xa008 8\n"
                                 "  add r2 in r0 at 0x9000 prio 0\n"
                                 "  flush-page c0.0 0xa000\n";

static void assert_turn(TwPass pass, unsigned turn, const char *text)
{
    TwTurns turns = {
        .best = &twin, .program = &program, .dialect = &full, .wanted = turn};
    char why[160] = "";
    pass(&turns);
    g_assert_true(turns.made);
    tw_program_check(&program, why, sizeof(why));
    g_assert_cmpstr(why, ==, "");
    assert_text(&program, text);
}

static void test_detours(void)
{
    test_parse(&twin, aside);
    assert_turn(tw_pass_pages, 0,
                "twinwalk 1\n"
                "region r0 container size 2^64 root s0\n"
                "region r1 ram size 0x2000 in r0 at 0x9000\n"
                "mmu c0.0 space s0\n"
                "setup\n"
                "  page c0.0 0x8000 -> 0x8000 size 0x8000 rw\n"
                "script\n"
                "  unpage c0.0 0xa000 size 0x1000\n"
                "  read c0.0 0xa008 8\n"
                "  page c0.0 0xa000 -> 0xa000 size 0x1000 rw\n"
                "  flush-page c0.0 0xa000\n");
    assert_turn(tw_pass_disable, 0,
                "twinwalk 1\n"
                "region r0 container size 2^64 root s0\n"
                "region r1 ram size 0x2000 in r0 at 0x9000\n"
                "region r2 ram size 0x1000 in r0 at 0xc000\n"
                "mmu c0.0 space s0\n"
                "setup\n"
                "  page c0.0 0x8000 -> 0x8000 size 0x8000 rw\n"
                "script\n"
                "  enable r2 off\n"
                "  read c0.0 0xa008 8\n"
                "  enable r2 on\n"
                "  flush-page c0.0 0xa000\n");
    assert_turn(tw_pass_sink, 0,
                "twinwalk 1\n"
                "region r0 container size 2^64 root s0\n"
                "region r1 ram size 0x2000 in r0 at 0x0\n"
                "region r2 ram size 0x1000 in r0 at 0x3000\n"
                "mmu c0.0 space s0\n"
                "setup\n"
                "  page c0.0 0x0 -> 0x0 size 0x8000 rw\n"
                "script\n"
                "  del r2\n"
                "  read c0.0 0x1008 8\n"
                "  add r2 in r0 at 0x9000 prio 0\n"
                "  flush-page c0.0 0x1000\n");
    /* It only goes: the page comes with that, and ends where it began. */
    test_parse(&twin, "twinwalk 1\n"
                      "region r0 container size 2^64 root s0\n"
                      "region r1 ram size 0x2000 in r0 at 0x9000\n"
                      "region r2 ram size 0x1000 in r0 at 0xa000\n"
                      "mmu c0.0 space s0\n"
                      "setup\n"
                      "  page c0.0 0x8000 -> 0x8000 size 0x8000 rw\n"
                      "script\n"
                      "  del r2\n"
                      "  read c0.0 0xa008 8\n");
    assert_turn(tw_pass_pages, 0,
                "twinwalk 1\n"
                "region r0 container size 2^64 root s0\n"
                "region r1 ram size 0x2000 in r0 at 0x9000\n"
                "mmu c0.0 space s0\n"
                "setup\n"
                "  page c0.0 0x8000 -> 0x8000 size 0x2000 rw\n"
                "script\n"
                "  page c0.0 0xa000 -> 0xa000 size 0x1000 rw\n"
                "  read c0.0 0xa008 8\n");
    test_parse(&twin, "twinwalk 1\n"
                      "region r0 container size 2^64 root s0\n"
                      "region r1 ram size 0x2000 in r0 at 0x9000\n"
                      "script\n"
                      "  move r1 at 0x4000\n"
                      "  enable r1 off\n");
    assert_turn(tw_pass_detours, 0,
                "twinwalk 1\n"
                "region r0 container size 2^64 root s0\n"
                "region r1 ram size 0x2000 in r0 at 0x9000\n"
                "script\n"
                "  move r1 at 0x4000\n"
                "  move r1 at 0x9000\n");
}

/* On targets -------------------------------------------------------------- */

/* Some read is served from RAM. */
static bool reads_ram(const TwProgram *p, void *data)
{
    TwRunner *runner = data;
    TwFinding finding;

    tw_runner_run(runner, p, &finding, NULL, NULL);
    const TwTrace *trace = tw_runner_trace(runner);
    for (unsigned i = 0; i < p->n_script; i++) {
        const TwOutcome *outcome = &trace->outcomes[i];
        if (p->script[i].code == TW_OP_READ &&
            outcome->status == TW_STATUS_DONE &&
            outcome->class_ == TW_CLASS_OK && outcome->n_locations == 1) {
            uint8_t region = trace->locations[outcome->location].region;
            return p->regions[region].kind == TW_REGION_RAM;
        }
    }
    return false;
}

/* A finding that needs no hop keeps none: down to a root that is RAM. */
static void test_hops_go(void)
{
    TwTargetOptions options = {.name = "softmmu"};
    g_autoptr(TwRunner) runner = tw_runner_new(&options, NULL);

    test_parse(&program, chain);
    g_assert_true(reads_ram(&program, runner));
    minimise(&program, tw_runner_dialect(runner), reads_ram, runner, 0, NULL);
    assert_text(&program, "twinwalk 1\n"
                          "region r0 ram size 0x1000 root s0\n"
                          "mmu c0.0 space s0\n"
                          "setup\n"
                          "  page c0.0 0x0 -> 0x0 size 0x1000 rwx\n"
                          "script\n"
                          "  read c0.0 0x0 1\n");
}

typedef struct Hunt {
    TwRunner *runner;
    char key[TW_KEY_SIZE];
} Hunt;

static bool same_key(const TwProgram *p, void *data)
{
    Hunt *hunt = data;
    TwFinding finding;

    tw_runner_run(hunt->runner, p, &finding, NULL, NULL);
    return strcmp(finding.key, hunt->key) == 0;
}

/* Finds a zoo bug and shrinks the first case. */
static void test_zoo(gconstpointer data)
{
    g_autofree char *target = g_strconcat("zoo:", (const char *)data, NULL);
    TwTargetOptions options = {.name = target};
    g_autoptr(GError) error = NULL;
    g_autoptr(TwRunner) runner = tw_runner_new(&options, &error);
    Hunt hunt = {.runner = runner};
    TwFinding finding;
    TwMinimiseStats stats;
    bool found = false;

    g_assert_no_error(error);
    for (unsigned i = 0; i < 20000 && !found; i++) {
        TwRng rng = tw_rng_for(41, i);
        tw_generate(&program, (TwProfile)(i % TW_PROFILES),
                    tw_runner_dialect(runner), &rng);
        found = tw_verdict_is_finding(
            tw_runner_run(runner, &program, &finding, NULL, NULL));
    }
    g_assert_true(found);
    memcpy(hunt.key, finding.key, sizeof(hunt.key));
    minimise(&program, tw_runner_dialect(runner), same_key, &hunt, 0, &stats);
    g_test_message("%s: %s, %u operations, %u objects, %u tried",
                   (const char *)data, hunt.key, stats.ops_after,
                   stats.objects_after, stats.tried);
    g_assert_true(same_key(&program, &hunt));
    g_assert_cmpuint(stats.ops_after, <=, 10);
    g_assert_cmpuint(stats.objects_after, <=, 16);
    g_assert_cmpuint(stats.tried, <, 6000);
}

/* Something is fetched, stored and fetched again. */
static bool runs_rewritten(const TwProgram *p)
{
    unsigned state = 0;
    uint64_t addr = 0;

    for (unsigned i = 0; i < p->n_script; i++) {
        const TwOp *op = &p->script[i];

        if (op->code == TW_OP_EXEC && (state == 0 || op->addr == addr)) {
            addr = op->addr;
            state += state != 1;
        } else if (op->code == TW_OP_WRITE && op->addr == addr && state == 1) {
            state = 2;
        }
    }
    return state == 3 && tw_contents_are_code(p->contents);
}

/* In a flat dialect with code, the shrunk program is flat, has code, and
 * nothing that the finding does not need. */
static void test_flat(void)
{
    TwDialect was = full;
    unsigned done = 0;

    full.iommu_kinds = 0;
    full.max_iommus = 0;
    full.min_page_lg = full.max_page_lg = 12;
    full.identity_pages = full.plain_devices = full.exec_needs_code = true;
    full.implemented_sizes = false;
    full.address_lg = 22;
    full.region_lg = 12;
    for (unsigned i = 0; done < 5; i++) {
        Watch w = {.holds = runs_rewritten};
        TwMinimiseStats stats;

        generate(&program, TW_PROFILE_BALANCED, i);
        if (!runs_rewritten(&program)) {
            continue;
        }
        done++;
        minimise(&program, &full, watch, &w, 0, &stats);
        g_assert_true(runs_rewritten(&program) &&
                      program.contents == TW_CONTENTS_CODE);
        g_assert_cmpuint(program.n_script, ==, 3);
        g_assert_cmpuint(stats.ops_after, ==, 3);
        g_assert_cmpuint(stats.objects_after, <=, 4);
        g_assert_cmpuint(stats.tried, <, 2000);
    }
    full = was;
}

int main(int argc, char **argv)
{
    static const char *const slugs[] = {
        "map-over-map-no-unmap",   "rights-not-anded",
        "tie-oldest-wins",         "commit-flush-own-as-only",
        "second-hop-unregistered", "large-page-sibling"};

    g_test_init(&argc, &argv, NULL);
    full = tw_dialect_full();
    g_test_add_func("/minimise/always", test_always);
    g_test_add_func("/minimise/flat", test_flat);
    g_test_add_func("/minimise/never", test_never);
    g_test_add_func("/minimise/budget", test_budget);
    g_test_add_func("/minimise/two-operations", test_two_operations);
    g_test_add_func("/minimise/same-again", test_same_again);
    g_test_add_func("/minimise/window", test_window);
    g_test_add_func("/minimise/go-on", test_go_on);
    g_test_add_func("/minimise/turns", test_turns);
    g_test_add_func("/minimise/edit/redirect", test_redirect);
    g_test_add_func("/minimise/edit/stand-in", test_stand_in);
    g_test_add_func("/minimise/edit/detours", test_detours);
    g_test_add_func("/minimise/edit/bypass", test_bypass);
    g_test_add_func("/minimise/hops-go", test_hops_go);
    for (unsigned i = 0; i < G_N_ELEMENTS(slugs); i++) {
        g_autofree char *name = g_strconcat("/minimise/zoo/", slugs[i], NULL);

        g_test_add_data_func(name, slugs[i], test_zoo);
    }
    return g_test_run();
}
