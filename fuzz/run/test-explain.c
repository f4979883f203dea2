/* SPDX-License-Identifier: MIT */
/*
 * The story of a finding names the true culprit: for each bug of the zoo that
 * makes answers stale, the operation and the rule that its definition says, in
 * its case of the corpus and in fresh findings.  The walks of the story end
 * where the judge's walks end.
 */
#include <string.h>

#include "fuzz/generate/generate.h"
#include "fuzz/run/runner.h"
#include "program/ops.h"
#include "program/text/text.h"
#include "targets/zoo/zoo.h"

enum { MOST_FRESH = 40, PROGRAMS = 20000, WIDTH = 100 };

static TwProgram program;
static unsigned n_bugs, n_rare; /* rare: with fewer findings than wanted */

/* Fresh findings for each bug: all with TW_LONG in the environment. */
static unsigned n_fresh(void)
{
    return g_getenv("TW_LONG") ? MOST_FRESH : MOST_FRESH / 4;
}

static bool listed(const char *list, const char *name, size_t length)
{
    g_auto(GStrv) names = g_strsplit(list, ",", -1);

    for (char **n = names; *n; n++) {
        if (strlen(*n) == length && memcmp(*n, name, length) == 0) {
            return true;
        }
    }
    return false;
}

/* The same text with a blank for every break of a line. */
static char *unwrapped(const char *text)
{
    g_auto(GStrv) words = g_strsplit_set(text, " \n", -1);
    GString *out = g_string_new(NULL);

    for (char **word = words; *word; word++) {
        if (**word) {
            g_string_append_printf(out, "%s ", *word);
        }
    }
    return g_string_free(out, FALSE);
}

/* The lines of a story are short enough for a mail, and have its content. */
static void check_text(const TwStory *story)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *flat = NULL;
    g_auto(GStrv) lines = NULL;

    tw_story_print(story, text);
    flat = unwrapped(text->str);
    lines = g_strsplit(text->str, "\n", -1);
    for (char **line = lines; *line; line++) {
        size_t length = strlen(*line);

        g_assert_cmpuint(length, <=, WIDTH);
        g_assert_true(length == 0 || (*line)[length - 1] != ' ');
    }
    for (unsigned i = 0; i < story->n_life; i++) {
        const TwLife *life = &story->life[i];
        g_autoptr(GString) op = g_string_new(NULL);
        g_autofree char *number = g_strdup_printf("at op %u: ", life->op);

        if (life->done) {
            tw_op_print(story->program, life->done, op);
            g_assert_nonnull(strstr(flat, number));
            g_assert_nonnull(strstr(flat, op->str));
        }
        if (life->rule) {
            g_assert_nonnull(strstr(flat, life->rule));
        }
        g_assert_nonnull(strstr(flat, life->what));
    }
}

/* The part of the life in which the old answer should have ended. */
static const TwLife *ended(const TwStory *story)
{
    for (unsigned i = 0; i < story->n_life; i++) {
        if (story->life[i].kind == TW_LIFE_ENDED) {
            return &story->life[i];
        }
    }
    return NULL;
}

static void check_culprit(const TwZooBug *bug, const TwStory *story)
{
    const TwLife *life = ended(story);
    const char *name;

    g_assert_false(story->differ);
    g_assert_nonnull(life);
    g_assert_nonnull(life->done);
    g_assert_cmpuint(life->op, ==, story->finding.ended);
    g_assert_cmpuint(life->op, <=, story->finding.op);
    name = tw_op_info(life->done->code)->name;
    if (!listed(bug->endings, name, strlen(name)) ||
        !listed(bug->rules, life->rule, strcspn(life->rule, ","))) {
        g_autoptr(GString) text = g_string_new(NULL);

        tw_story_print(story, text);
        tw_program_print(&program, NULL, text);
        g_error("%s: %s (%s) is not of the bug:\n%s", bug->slug, name,
                life->rule, text->str);
    }
    check_text(story);
}

static TwRunner *open_bug(const TwZooBug *bug)
{
    g_autofree char *name = g_strdup_printf("zoo:%s", bug->slug);
    TwTargetOptions options = {.name = name};
    g_autoptr(GError) error = NULL;
    TwRunner *runner = tw_runner_new(&options, &error);

    g_assert_no_error(error);
    return runner;
}

static void test_corpus(const void *data)
{
    const TwZooBug *bug = data;
    g_autofree char *file = g_strdup_printf("%s.tw", bug->slug);
    g_autofree char *path =
        g_build_filename(g_getenv("TWINWALK_CORPUS"), "zoo", file, NULL);
    g_autoptr(TwRunner) runner = open_bug(bug);
    g_autoptr(TwStory) story = NULL;
    g_autoptr(GError) error = NULL;
    TwFinding finding;

    tw_program_load(&program, path, TW_TEXT_STRICT, NULL, &error);
    g_assert_no_error(error);
    tw_runner_run(runner, &program, &finding, NULL, NULL);
    story = tw_runner_story(runner);
    g_assert_cmpstr(story->finding.key, ==, finding.key);
    g_assert_false(story->differ);
    check_text(story);
    if (bug->endings[0]) {
        g_assert_cmpint(finding.verdict, ==, TW_VERDICT_STALE);
        check_culprit(bug, story);
    }
}

/* Fresh findings of all profiles, stale ones and others; of a rare bug, those
 * of some programs. */
static void test_fresh(const void *data)
{
    const TwZooBug *bug = data;
    g_autoptr(TwRunner) runner = open_bug(bug);
    unsigned found = 0, stale = 0;
    unsigned programs = g_getenv("TW_LONG") ? PROGRAMS : PROGRAMS / 10;

    for (unsigned n = 0; n < programs && found < n_fresh(); n++) {
        TwRng rng = tw_rng_for(1, n);
        g_autoptr(TwStory) story = NULL;
        TwFinding finding;

        /* Stories of DMA mappings are in oracle/judge/test-mapping.c. */
        tw_generate(&program, n % TW_PROFILE_DMA_MAP, tw_runner_dialect(runner),
                    &rng);
        tw_runner_run(runner, &program, &finding, NULL, NULL);
        if (!tw_verdict_is_finding(finding.verdict)) {
            continue;
        }
        story = tw_runner_story(runner);
        g_assert_false(story->differ);
        check_text(story);
        found++;
        if (finding.verdict == TW_VERDICT_STALE && bug->endings[0]) {
            check_culprit(bug, story);
            stale++;
        }
    }
    n_bugs++;
    n_rare += found < n_fresh();
    g_assert_true(!bug->endings[0] || stale >= found / 2);
}

/* Half of the bugs have as many findings as are wanted. */
static void test_enough(void)
{
    g_test_message("%u of %u bugs are rare", n_rare, n_bugs);
    g_assert_cmpuint(n_rare, <=, n_bugs / 2);
}

int main(int argc, char **argv)
{
    unsigned n;
    const TwZooBug *bugs = tw_zoo_bugs(&n);

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < n; i++) {
        g_autofree char *corpus =
            g_strdup_printf("/explain/corpus/%s", bugs[i].slug);
        g_autofree char *fresh =
            g_strdup_printf("/explain/fresh/%s", bugs[i].slug);

        g_test_add_data_func(corpus, &bugs[i], test_corpus);
        g_test_add_data_func(fresh, &bugs[i], test_fresh);
    }
    g_test_add_func("/explain/fresh/enough", test_enough);
    return g_test_run();
}
