/* SPDX-License-Identifier: MIT */
/*
 * A target in two configurations, with a registry of its own: "both:A,B" is
 * two softmmus, of which each refuses operation A or B, or none if it is "-".
 */
#include <glib.h>
#include <string.h>

#include "fuzz/run/runner.h"
#include "program/text/text.h"
#include "targets/softmmu/softmmu.h"

enum { NONE = 99 };

typedef struct Both {
    TwTarget base;
    TwTarget *inner; /* a softmmu that does the work */
    struct Both *other;
    unsigned lies_at;
    bool gets_lost;
    const char *version;
} Both;

static const TwTargetClass both_class;

static Both *new_one(unsigned lies_at, const char *version)
{
    TwTargetOptions options = {.name = "softmmu"};
    Both *both = g_new0(Both, 1);

    both->base.klass = &both_class;
    both->inner = tw_softmmu_class.open(&options, NULL);
    both->lies_at = lies_at;
    both->version = version;
    return both;
}

static unsigned number_of(const char *text)
{
    return *text == '-' ? NONE : (unsigned)g_ascii_strtoull(text, NULL, 10);
}

static TwTarget *both_open(const TwTargetOptions *options, GError **error)
{
    const char *first = options->name + strlen("both:");
    Both *both = new_one(number_of(first), "1.0 against 2.0");

    (void)error;
    both->other = new_one(number_of(strchr(first, ',') + 1), "2.0");
    both->other->gets_lost = strstr(first, "lost") != NULL;
    return &both->base;
}

static const TwDialect *both_dialect(TwTarget *target)
{
    return tw_target_dialect(((Both *)target)->inner);
}

static const TwContract *both_contract(TwTarget *target)
{
    return tw_target_contract(((Both *)target)->inner);
}

static const char *both_version(TwTarget *target)
{
    return ((Both *)target)->version;
}

static bool both_run(TwTarget *target, const TwProgram *p, TwTrace *trace)
{
    Both *both = (Both *)target;

    tw_target_run(both->inner, p, trace);
    if (both->lies_at != NONE) {
        TwOutcome *outcome = &trace->outcomes[both->lies_at];

        outcome->class_ = TW_CLASS_DECODE_ERROR;
        outcome->n_locations = 0;
        outcome->value = 0;
    }
    return !both->gets_lost;
}

static TwTarget *both_other(TwTarget *target)
{
    return (TwTarget *)((Both *)target)->other;
}

static void both_close(TwTarget *target)
{
    Both *both = (Both *)target;

    tw_target_close((TwTarget *)both->other);
    tw_target_close(both->inner);
    g_free(both);
}

static const TwTargetClass both_class = {
    .name = "both",
    .summary = "lies on request",
    .open = both_open,
    .dialect = both_dialect,
    .contract = both_contract,
    .version = both_version,
    .run = both_run,
    .other = both_other,
    .close = both_close,
};

/* The registry: takes the place of targets/classes/registry.c. */
const TwTargetClass *const *tw_target_classes(void)
{
    static const TwTargetClass *const classes[] = {&tw_softmmu_class,
                                                   &both_class, NULL};
    return classes;
}

TwTarget *tw_target_open(const TwTargetOptions *options, GError **error)
{
    return both_open(options, error);
}

static const char *const three_reads =
    "twinwalk 1\n"
    "page 4096\n"
    "region r0 ram size 0x4000\n"
    "space s0 root r0\n"
    "cpu c0 tlb 4\n"
    "mmu c0.0 space s0\n"
    "setup\n"
    "  page c0.0 0x0 -> 0x0 size 0x4000 rwx\n"
    "script\n"
    "  read c0.0 0x0 4\n"
    "  write c0.0 0x1000 4\n"
    "  read c0.0 0x1000 4\n";

typedef struct Row {
    const char *name;
    unsigned op; /* accused, or NONE: nothing is */
    bool other;
    const char *says;
} Row;

static const Row rows[] = {
    {"both:-,-", NONE, false, NULL},
    {"both:2,-", 2, false, "the other one, 2.0, is right here: ok, value 0x"},
    {"both:1,-", 1, false, "the other one, 2.0, is right here: ok\n"},
    {"both:-,1", 1, true,
     "this is the other one, 2.0\nthe first one, 1.0, is right here: ok\n"},
    {"both:1,1", 1, false, "the other one, 2.0, is wrong, too: Cls"},
    {"both:0,2", 0, false, "the other one, 2.0, is right here: ok, value"},
    {"both:2,0", 0, true, "the first one, 1.0, is right here: ok, value"},
};

static void test_row(gconstpointer data)
{
    const Row *row = data;
    TwTargetOptions options = {.name = row->name};
    g_autoptr(TwRunner) runner = tw_runner_new(&options, NULL);
    static TwProgram program;
    TwJudgeStats stats = {0};
    GError *error = NULL;
    TwFinding finding;
    TwVerdict verdict;

    tw_program_parse(&program, three_reads, strlen(three_reads), "test",
                     TW_TEXT_STRICT, NULL, NULL, &error);
    g_assert_no_error(error);
    verdict = tw_runner_run(runner, &program, &finding, &stats, NULL);
    g_assert_cmpuint(stats.programs, ==, 1);
    if (row->op == NONE) {
        g_assert_cmpint(verdict, ==, TW_VERDICT_AGREE);
        return;
    }
    g_test_message("%s", finding.text);
    g_assert_cmpint(verdict, ==, TW_VERDICT_CLASS);
    g_assert_cmpuint(finding.op, ==, row->op);
    g_assert_cmpint(finding.other, ==, row->other);
    g_assert_nonnull(strstr(finding.text, row->says));
    g_assert_cmpuint(stats.verdicts[TW_VERDICT_CLASS], ==, 1);
    /* Trace and story are those of what is accused. */
    g_assert_cmpint(tw_runner_trace(runner)->outcomes[row->op].class_, ==,
                    TW_CLASS_DECODE_ERROR);
}

/* A target whose other configuration is lost is opened again. */
static void test_lost(void)
{
    TwTargetOptions options = {.name = "both:-,-lost"};
    g_autoptr(TwRunner) runner = tw_runner_new(&options, NULL);
    static TwProgram program;
    TwFinding finding;

    tw_program_parse(&program, three_reads, strlen(three_reads), "test",
                     TW_TEXT_STRICT, NULL, NULL, NULL);
    for (unsigned i = 0; i < 3; i++) {
        g_assert_cmpint(tw_runner_run(runner, &program, &finding, NULL, NULL),
                        ==, TW_VERDICT_AGREE);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *name = g_strconcat("/both/", rows[i].name + 5, NULL);

        g_test_add_data_func(name, &rows[i], test_row);
    }
    g_test_add_func("/both/lost", test_lost);
    return g_test_run();
}
