/* SPDX-License-Identifier: MIT */
/*
 * Questions: decoded, generated and mutated programs stay inside the question,
 * and do what the question is about.  This test defines "inside" once more, by
 * the operations themselves.
 */
#include "fuzz/harness/question.h"

#include <string.h>

#include "fuzz/generate/generate.h"
#include "fuzz/harness/list.h"
#include "fuzz/mutate/mutate.h"
#include "fuzz/run/runner.h"
#include "program/bytes/bytes.h"
#include "program/legality.h"
#include "program/ops.h"

static TwProgram program, other, crossed;

typedef struct Inside {
    unsigned most_cpus, most_iommus;
    const char *script; /* beside accesses and nop */
    const char * not ;  /* accesses that are outside */
} Inside;

#define TABLES \
    " map unmap protect notify notify-all iommu-reset bypass poke context " \
    "invalidate "

static const Inside insides[TW_QUESTIONS] = {
    [TW_QUESTION_STATIC] = {4, 16, " ", " "},
    [TW_QUESTION_IOMMU] = {1, 16,
                           TABLES "observe unobserve replay veto "
                                  "iommu-destroy del ",
                           " "},
    [TW_QUESTION_INVALIDATE] = {4, 4,
                                TABLES "page unpage flush-page flush-range "
                                       "flush-index flush-all safepoint clock "
                                       "snapshot restore ",
                                " "},
    [TW_QUESTION_TOPOLOGY] = {1, 2,
                              " begin commit add del move resize enable "
                              "priority readonly nonvolatile unmergeable romd "
                              "alias-offset space-new space-del listen "
                              "unlisten snapshot restore ",
                              " "},
    [TW_QUESTION_DMA] = {1, 16,
                         TABLES "dma-map dma-unmap dirty-log dirty-clear "
                                "move enable readonly romd ",
                         " exec rmw "},
    [TW_QUESTION_FAULT] = {4, 16,
                           TABLES "fail-alloc observe unobserve replay veto "
                                  "dma-map dma-unmap listen unlisten "
                                  "space-new space-del flush-all begin commit "
                                  "add del move enable ",
                           " "},
    [TW_QUESTION_CPUS] = {4, 3,
                          TABLES "page unpage flush-page flush-range "
                                 "flush-index flush-all safepoint unplug "
                                 "move enable par and barrier end-par ",
                          " "},
    [TW_QUESTION_PAGETABLE] = {4, 3,
                               TABLES "safepoint page unpage flush-page "
                                      "flush-range flush-index flush-all "
                                      "snapshot restore ",
                               " "},
    [TW_QUESTION_NESTED] = {2, 4,
                            TABLES "safepoint flush-index snapshot restore ",
                            " "},
    [TW_QUESTION_MPC] = {2, 4,
                         " mpc-read mpc-write map unmap notify notify-all "
                         "iommu-reset safepoint observe unobserve replay veto "
                         "snapshot restore ",
                         " "},
};

static bool has_word(const char *words, const char *word)
{
    g_autofree char *spaced = g_strdup_printf(" %s ", word);

    return strstr(words, spaced) != NULL;
}

static void assert_op_inside(const Inside *inside, const TwOp *op)
{
    const TwOpInfo *info = tw_op_info(op->code);

    if (op->code == TW_OP_NOP) {
        return;
    }
    if (info->flags & TW_OP_ACCESS ? has_word(inside->not, info->name)
                                   : !has_word(inside->script, info->name)) {
        g_error("%s is outside", info->name);
    }
}

static void assert_inside(TwQuestion question, const TwProgram *p,
                          const TwDialect *dialect)
{
    const Inside *inside = &insides[question];
    char why[256] = "";

    if (!tw_program_check(p, why, sizeof(why)) ||
        !tw_dialect_admits(dialect, p, why, sizeof(why))) {
        g_error("%s: %s", tw_question_info(question)->name, why);
    }
    if (inside->script == NULL) {
        return; /* everything is inside */
    }
    for (unsigned i = 0; i < p->n_script; i++) {
        assert_op_inside(inside, &p->script[i]);
    }
    for (unsigned i = 0; i < p->n_actors; i++) {
        if (p->actors[i].region != TW_NONE) {
            assert_op_inside(inside, &p->actors[i].op);
        }
    }
    g_assert_cmpuint(p->n_cpus, <=, inside->most_cpus);
    g_assert_cmpuint(p->n_iommus, <=, inside->most_iommus);
}

static TwProfile a_profile(TwQuestion question, unsigned i)
{
    uint32_t profiles = tw_question_info(question)->profiles;
    unsigned profile = i % TW_MIXTURES;

    while (!(profiles >> profile & 1)) {
        profile = (profile + 1) % TW_MIXTURES;
    }
    return (TwProfile)profile;
}

/* Of softmmu's dialect and of all the language has. */
static void test_inside(gconstpointer data)
{
    TwQuestion question = (TwQuestion)GPOINTER_TO_UINT(data);
    uint32_t profiles = tw_question_info(question)->profiles;
    TwTargetOptions options = {.name = "softmmu"};
    g_autoptr(TwRunner) runner = tw_runner_new(&options, NULL);
    TwDialect full = tw_dialect_full();
    TwDialect dialects[] = {
        tw_question_narrow(question, tw_runner_dialect(runner)),
        tw_question_narrow(question, &full),
    };
    static uint8_t bytes[1024];

    for (unsigned i = 0; i < 6000; i++) {
        const TwDialect *dialect = &dialects[i & 1];
        TwRng rng = tw_rng_for(31, i);

        if (i % 50 < 25) {
            for (unsigned k = 0; k < sizeof(bytes); k++) {
                bytes[k] = (uint8_t)(tw_rng_next(&rng) >> 56);
            }
            bytes[1] &= (uint8_t) ~(i & 2); /* the default topology as well */
            tw_program_decode(&program, bytes,
                              tw_rng_below(&rng, sizeof(bytes)), dialect);
        } else {
            tw_generate(&program, a_profile(question, i), dialect, &rng);
        }
        assert_inside(question, &program, dialect);
        tw_generate(&other, a_profile(question, i), dialect, &rng);
        for (unsigned k = 0; k < 3; k++) {
            tw_mutate(&program, dialect, profiles, &rng);
            assert_inside(question, &program, dialect);
        }
        tw_crossover(&crossed, &program, &other, dialect, &rng);
        assert_inside(question, &crossed, dialect);
    }
}

/* Random programs of a question are about the question, and softmmu and the
 * oracle agree on them. */
static void test_about(gconstpointer data)
{
    TwQuestion question = (TwQuestion)GPOINTER_TO_UINT(data);
    const TwQuestionInfo *info = tw_question_info(question);
    TwTargetOptions options = {.name = "softmmu", .check = info->check};
    g_autoptr(TwRunner) runner = tw_runner_new(&options, NULL);
    TwDialect dialect = tw_question_narrow(question, tw_runner_dialect(runner));
    uint64_t codes[TW_OP_CODES] = {0}, cpus = 0, accesses = 0, dma = 0;
    uint64_t counters[TW_COUNTERS] = {0};
    TwJudgeStats stats;
    TwFinding finding;
    enum { PROGRAMS = 800 };

    memset(&stats, 0, sizeof(stats));
    for (unsigned i = 0; i < PROGRAMS; i++) {
        TwRng rng = tw_rng_for(32, i);

        tw_generate(&program, a_profile(question, i), &dialect, &rng);
        if (tw_verdict_is_finding(
                tw_runner_run(runner, &program, &finding, &stats, counters))) {
            g_error("program %u: %s", i, finding.text);
        }
        cpus += program.n_cpus;
        for (unsigned k = 0; k < program.n_script; k++) {
            codes[program.script[k].code]++;
        }
    }
    for (unsigned code = 0; code < TW_OP_CODES; code++) {
        bool par = code >= TW_OP_PAR && code <= TW_OP_END_PAR;
        if (tw_op_info(code)->flags & TW_OP_ACCESS) {
            accesses += codes[code];
        }
        if (tw_dialect_speaks(&dialect, code) && !par && codes[code] == 0) {
            g_error("operation %s never occurred", tw_op_info(code)->name);
        }
    }
    dma = codes[TW_OP_DMA_READ] + codes[TW_OP_DMA_WRITE];
    double ok = (double)stats.by_class[TW_CLASS_OK] / (double)stats.accesses;
    double nested = 0;
    for (unsigned depth = 2; depth < TW_MAX_HOPS; depth++) {
        nested += (double)stats.by_depth[depth] / (double)stats.accesses;
    }
    g_test_message("accesses %.1f, ok %.2f, windows %.3f, nested %.3f, "
                   "commits %.1f, CPUs %.1f, of accesses DMA %.2f",
                   (double)stats.accesses / PROGRAMS, ok,
                   (double)stats.windows / (double)stats.accesses, nested,
                   (double)stats.commits / PROGRAMS, (double)cpus / PROGRAMS,
                   (double)dma / (double)accesses);
    g_assert_cmpuint(stats.accesses, >, 8 * PROGRAMS);
    g_assert_cmpfloat(ok, >=, 0.4);
    switch (question) {
    case TW_QUESTION_STATIC:
        g_assert_cmpuint(stats.commits, ==, 0);
        g_assert_cmpuint(stats.windows, ==, 0);
        break;
    case TW_QUESTION_IOMMU:
        g_assert_cmpfloat(nested, >=, 0.25);
        break;
    case TW_QUESTION_INVALIDATE:
        g_assert_cmpuint(stats.windows, >, stats.accesses / 20);
        break;
    case TW_QUESTION_TOPOLOGY:
        g_assert_cmpuint(stats.commits, >, 4 * PROGRAMS);
        break;
    case TW_QUESTION_DMA:
        g_assert_cmpuint(3 * dma, >, accesses);
        break;
    case TW_QUESTION_CPUS:
        g_assert_cmpuint(cpus, >=, 2 * PROGRAMS);
        g_assert_cmpuint(stats.windows, >, stats.accesses / 20);
        break;
    case TW_QUESTION_MPC:
        g_assert_cmpuint(stats.blocked, >, stats.accesses / 10);
        g_assert_cmpuint(codes[TW_OP_MPC_WRITE], >, 4 * PROGRAMS);
        break;
    case TW_QUESTION_PAGETABLE:
        g_assert_cmpuint(codes[TW_OP_POKE], >, 2 * PROGRAMS);
        g_assert_cmpuint(counters[TW_COUNT_POINTER], >, PROGRAMS / 4);
        g_assert_cmpuint(counters[TW_COUNT_NESTED], ==, 0);
        break;
    case TW_QUESTION_NESTED:
        g_assert_cmpuint(counters[TW_COUNT_NESTED], >, 4 * PROGRAMS);
        break;
    default:
        break;
    }
}

/* Each question has its harness, and each harness its question. */
static void test_harnesses(void)
{
    unsigned asked = 0;

    for (const TwHarnessInfo *h = tw_harnesses; h->name != NULL; h++) {
        asked |= 1u << h->question;
        g_assert_true(tw_harness_find(h->name) == h);
    }
    g_assert_cmpuint(asked, ==, (1u << TW_QUESTIONS) - 1);
}

static void add(const char *what, TwQuestion question, GTestDataFunc func)
{
    g_autofree char *path = g_strdup_printf("/question/%s/%s", what,
                                            tw_question_info(question)->name);

    g_test_add_data_func(path, GUINT_TO_POINTER(question), func);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/question/harnesses", test_harnesses);
    for (unsigned i = 0; i < TW_QUESTIONS; i++) {
        add("inside", (TwQuestion)i, test_inside);
        add("about", (TwQuestion)i, test_about);
    }
    return g_test_run();
}
