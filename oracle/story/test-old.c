/* SPDX-License-Identifier: MIT */
/*
 * Old answers of a target that may keep nothing and, mostly, does not say where
 * its accesses go: which world they are of, and what can be told from few
 * bytes.
 */
#include <glib.h>
#include <string.h>

#include "oracle/story/story.h"
#include "program/content.h"
#include "program/text/text.h"

#define WORLD \
    "twinwalk 1\n" \
    "region r0 container size 0x10000 root s0\n" \
    "region r1 ram size 0x1000 in r0 at 0x0\n" \
    "region r2 ram size 0x1000\n" \
    "mmu c0.0 space s0\n" \
    "setup\n" \
    "  page c0.0 0x0 -> 0x0 size 0x1000 rwx\n" \
    "script\n" \
    "  read c0.0 0x0 1\n"

typedef struct Told {
    TwFinding finding;
    GString *text; /* the story */
    unsigned n_life;
    bool differ;
} Told;

static uint64_t bytes_of(uint8_t region, uint64_t at, unsigned n)
{
    uint64_t value = 0;

    for (unsigned k = 0; k < n; k++) {
        value |= (uint64_t)tw_ram_initial(region, at + k) << 8 * k;
    }
    return value;
}

/* All goes well but the last operation, which gives `value` and, unless
 * `place` is NULL, says that it went there. */
static Told judge_at(const char *script, uint64_t value,
                     const TwLocation *place)
{
    static const TwContract contract = {.ends = 15};
    TwDialect dialect = tw_dialect_full();
    g_autofree char *text = g_strconcat(WORLD, script, NULL);
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autofree TwTrace *trace = g_new(TwTrace, 1);
    TwOracle *oracle = tw_oracle_new();
    Told told = {.text = g_string_new(NULL)};
    g_autoptr(TwStory) story = NULL;
    GError *error = NULL;

    tw_program_parse(program, text, strlen(text), "case", TW_TEXT_STRICT, NULL,
                     NULL, &error);
    g_assert_no_error(error);
    tw_trace_init(trace, program);
    dialect.locations = place != NULL;
    trace->locations_hidden = !place;
    trace->n_ops = program->n_script;
    for (unsigned i = 0; i < program->n_script; i++) {
        trace->outcomes[i] = (TwOutcome){.status = TW_STATUS_DONE};
    }
    trace->outcomes[0].value = bytes_of(1, 0, 1);
    trace->outcomes[program->n_script - 1].value = value;
    if (place) {
        tw_trace_add_location(trace, &trace->outcomes[0],
                              (TwLocation){.length = 1, .region = 1});
        tw_trace_add_location(trace, &trace->outcomes[program->n_script - 1],
                              *place);
    }
    tw_judge(oracle, program, &dialect, &contract, "plain", trace,
             &told.finding, NULL);
    story = tw_story_new(oracle);
    tw_story_print(story, told.text);
    told.n_life = story->n_life;
    told.differ = story->differ;
    g_clear_pointer(&story, tw_story_free);
    tw_oracle_free(oracle);
    return told;
}

static Told judge(const char *script, uint64_t value)
{
    return judge_at(script, value, NULL);
}

static void says(const Told *told, const char *text)
{
    if (!strstr(told->finding.text, text) && !strstr(told->text->str, text)) {
        g_error("expected \"%s\" in\n%s\n%s", text, told->finding.text,
                told->text->str);
    }
}

#define TWICE \
    "  del r1\n" \
    "  add r1 in r0 at 0x0 prio 0\n" \
    "  page c0.0 0x0 -> 0x0 size 0x1000 w\n"

/* It was right before operation 1 and again before operation 3: that is when it
 * was right last, and the walk is that of this world. */
static void test_whole(void)
{
    Told told = judge(TWICE "  read c0.0 0x10 4\n", bytes_of(1, 0x10, 4));

    g_assert_cmpint(told.finding.verdict, ==, TW_VERDICT_STALE);
    g_assert_cmpstr(told.finding.key, ==, "StaPlainRdRamPgm");
    g_assert_cmpuint(told.finding.changed, ==, 3);
    g_assert_false(told.differ);
    says(&told, "seen, as before op 3");
    says(&told, "commit of op 2");
    g_string_free(told.text, TRUE);
}

/* A right that is gone has a life, too, though the value is no evidence. */
static void test_right(void)
{
    Told told = judge(TWICE "  read c0.0 0x10 1\n", bytes_of(1, 0x10, 1));

    g_assert_cmpint(told.finding.verdict, ==, TW_VERDICT_PERM);
    g_assert_cmpstr(told.finding.key, ==, "PrmPlainRd");
    g_assert_cmpuint(told.finding.changed, ==, 3);
    g_assert_cmpuint(told.n_life, >, 1);
    says(&told, "old: r1+0x10 had this right until op 3 changed a page-map");
    says(&told, "0x10 rwx became 0x10 w");
    g_string_free(told.text, TRUE);
}

#define MOVED \
    "  page c0.0 0x0 -> 0x800 size 0x800 r\n" \
    "  write c0.0 0x10 1\n"

/* The place is that of now, the right is older: no answer of one time explains
 * both, but the right had a life. */
static void test_right_alone(void)
{
    TwLocation now = {.length = 1, .region = 1, .offset = 0x810};
    TwLocation never = {.length = 1, .region = 1, .offset = 0x820};
    TwLocation then = {.length = 1, .region = 1, .offset = 0x10};
    Told told = judge_at(MOVED, 0, &now);

    g_assert_cmpint(told.finding.verdict, ==, TW_VERDICT_PERM);
    g_assert_cmpstr(told.finding.key, ==, "PrmPlainWrRam");
    g_assert_cmpuint(told.finding.changed, ==, 1);
    g_assert_cmpuint(told.n_life, >, 1);
    g_assert_false(told.differ);
    says(&told, "old: r1+0x10 had this right until op 1 changed a page-map");
    says(&told, "0x10 rwx became 0x810 r");
    says(&told, "with the right, as before op 1");
    says(&told, "got r1+0x810");
    g_string_free(told.text, TRUE);
    /* Where neither the way of now nor that of then leads. */
    told = judge_at(MOVED, 0, &never);
    g_assert_cmpint(told.finding.verdict, ==, TW_VERDICT_PERM);
    g_assert_cmpuint(told.n_life, ==, 0);
    g_assert_cmpuint(told.finding.changed, ==, TW_NO_OP);
    g_string_free(told.text, TRUE);
    /* Where that of then led. */
    told = judge_at(MOVED, 0, &then);
    g_assert_cmpint(told.finding.verdict, ==, TW_VERDICT_STALE);
    g_string_free(told.text, TRUE);
    /* The right was never there. */
    told = judge_at("  page c0.0 0x1000 -> 0x0 size 0x1000 r\n"
                    "  write c0.0 0x1010 1\n",
                    0, &then);
    g_assert_cmpint(told.finding.verdict, ==, TW_VERDICT_PERM);
    g_assert_cmpuint(told.n_life, ==, 0);
    g_string_free(told.text, TRUE);
}

#define REPLACED \
    "  del r1\n" \
    "  add r2 in r0 at 0x0 prio 0\n"

/* A byte can be that of an older answer by chance. */
static void test_short(void)
{
    uint8_t any = 1;
    Told told = judge(REPLACED "  read c0.0 0x10 4\n", bytes_of(1, 0x10, 4));

    g_assert_cmpstr(told.finding.key, ==, "StaPlainRdRamTop");
    g_string_free(told.text, TRUE);
    told = judge(REPLACED "  read c0.0 0x10 3\n", bytes_of(1, 0x10, 3));
    g_assert_cmpint(told.finding.verdict, ==, TW_VERDICT_WRONG);
    says(&told, "wrong: too short to tell whether it is stale");
    says(&told, "what was seen is too short to tell");
    g_assert_cmpuint(told.n_life, ==, 0);
    g_string_free(told.text, TRUE);
    while (any == bytes_of(1, 0x10, 1) || any == bytes_of(2, 0x10, 1)) {
        any++;
    }
    told = judge(REPLACED "  read c0.0 0x10 1\n", any);
    g_assert_cmpint(told.finding.verdict, ==, TW_VERDICT_WRONG);
    says(&told, "never was right");
    g_string_free(told.text, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/old/whole", test_whole);
    g_test_add_func("/old/right", test_right);
    g_test_add_func("/old/right-alone", test_right_alone);
    g_test_add_func("/old/short", test_short);
    return g_test_run();
}
