/* SPDX-License-Identifier: MIT */
/*
 * Drawings of any program, read back from the SVG: no two labels overlap, all
 * objects are there and named, a container contains its regions, offsets are in
 * order, and the paths end where the story says.
 */
#include <string.h>

#include "fuzz/generate/generate.h"
#include "fuzz/run/runner.h"
#include "program/text/text.h"
#include "reports/draw/draw.h"
#include "reports/draw/test-check.h"
#include "targets/zoo/zoo.h"

enum { PLAIN = 300, FOUND = 5, PROGRAMS = 1500 };

static unsigned n_bugs, n_rare; /* with fewer findings than wanted */
static TwProgram program;

/* Whole drawings ---------------------------------------------------------- */

static const char *const head[] = {"a <case> & \"its\" name\x01", "  more", "",
                                   NULL};

static GString *draw(const TwScene *scene, const TwStory *story)
{
    GString *svg = g_string_new(NULL);

    tw_draw(scene, story, head, svg);
    return svg;
}

static void assert_drawing(const TwScene *scene, const TwStory *story)
{
    g_autoptr(GString) svg = draw(scene, story);
    g_autoptr(GString) again = draw(scene, story);
    g_autoptr(GPtrArray) faults = test_faults(scene, story, svg->str);

    g_assert_cmpstr(svg->str, ==, again->str);
    if (faults->len) {
        g_autoptr(GString) text = g_string_new(NULL);

        tw_program_print(scene->program, NULL, text);
        g_error("%s (and %u more), in a drawing of:\n%s",
                (char *)faults->pdata[0], faults->len - 1, text->str);
    }
}

static TwRunner *open_target(const char *name)
{
    TwTargetOptions options = {.name = name};
    g_autoptr(GError) error = NULL;
    TwRunner *runner = tw_runner_new(&options, &error);

    g_assert_no_error(error);
    return runner;
}

/* The target that a case says, to be freed. */
static char *target_of(const char *path)
{
    static const char word[] = "# target: ";
    g_autofree char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_true(g_str_has_prefix(text, word));
    return g_strndup(text + strlen(word), strcspn(text + strlen(word), "\n"));
}

static TwStory *story_of_case(const char *name)
{
    g_autofree char *path =
        g_build_filename(g_getenv("TWINWALK_CORPUS"), "draw", name, NULL);
    g_autofree char *target = target_of(path);
    g_autoptr(TwRunner) runner = open_target(target);
    g_autoptr(GError) error = NULL;
    TwFinding finding;
    TwStory *story;

    tw_program_load(&program, path, TW_TEXT_STRICT, NULL, &error);
    g_assert_no_error(error);
    tw_runner_run(runner, &program, &finding, NULL, NULL);
    g_assert_true(tw_verdict_is_finding(finding.verdict));
    story = tw_runner_story(runner);
    g_assert_true(story->access);
    return story;
}

/* Five cases, each of its sort -------------------------------------------- */

/* The way that was seen has corners in the first region, and none in the
 * second. */
static void assert_seen(const TwStory *story, uint8_t in, uint8_t not_in)
{
    g_autoptr(GString) svg = draw(story->scene, story);

    g_assert_true(test_way_passes(svg->str, "tw-way tw-seen", in));
    g_assert_false(test_way_passes(svg->str, "tw-way tw-seen", not_in));
}

static void test_case(const void *data)
{
    const char *name = data;
    g_autoptr(TwStory) story = story_of_case(name);
    const TwTale *tales = story->parts[0].tales;
    unsigned n = 0;

    for (unsigned r = 0; r < program.n_regions; r++) {
        n += program.regions[r].kind != TW_REGION_NONE;
    }
    if (strcmp(name, "flat.tw") == 0) {
        g_assert_cmpuint(program.n_iommus, ==, 0);
    } else if (strcmp(name, "nested.tw") == 0) {
        g_assert_cmpuint(test_steps_of(&tales[0], TW_STEP_TRANSLATE), ==, 3);
        g_assert_cmpuint(test_steps_of(&tales[1], TW_STEP_TRANSLATE), ==, 3);
    } else if (strcmp(name, "aliases.tw") == 0) {
        g_assert_cmpuint(test_steps_of(&tales[0], TW_STEP_ALIAS), ==, 1);
        g_assert_cmpuint(test_steps_of(&tales[1], TW_STEP_ALIAS), ==, 2);
        assert_seen(story, 4, 2);
        assert_seen(story, 10, 3);
    } else if (strcmp(name, "cpus.tw") == 0) {
        g_assert_cmpuint(program.n_cpus, ==, 3);
    } else {
        g_assert_cmpuint(n, >=, 30);
        /* behind an alias that shows nothing there */
        assert_seen(story, 14, 17);
    }
    assert_drawing(story->scene, story);
}

/* The checks can fail ----------------------------------------------------- */

/* A copy in which `from`, which is there, has become `to`. */
static char *doctored(const GString *svg, const char *from, const char *to)
{
    const char *at = strstr(svg->str, from);

    g_assert_nonnull(at);
    return g_strdup_printf("%.*s%s%s", (int)(at - svg->str), svg->str, to,
                           at + strlen(from));
}

static void assert_fault(const GPtrArray *faults, const char *expected)
{
    for (unsigned i = 0; i < faults->len; i++) {
        if (strstr(faults->pdata[i], expected)) {
            return;
        }
    }
    g_error("the drawing lacks: %s", expected);
}

static void test_checks(void)
{
    static const struct {
        const char *from, *to, *fault;
    } changes[] = {
        {"</svg>", "", "elements still open"},
        {"data-id=\"r4\"", "data-id=\"r3\"", "r3 is drawn twice"},
        {"data-id=\"i2\"", "", "i2 is not drawn"},
        {">r7 iommu i1<", "><", "r7 has no label in its box"},
        {">c0.0 in s0,", ">", "c0.0 is not named"},
        {">s3<", ">s4<", "s3 is not named"},
        {"<circle class=\"tw-end tw-now\" cx=\"", "<circle cx=\"0",
         "tw-end tw-now has 0 ends in regions"},
        {"<path class=\"tw-end tw-seen\" d=\"M",
         "<path class=\"tw-end "
         "tw-seen\" d=\"M1",
         "tw-end tw-seen does not end in r14"},
        {"</svg>",
         "<text class=\"tw-label\" x=\"20\" y=\"20\" textLength=\"70\">x"
         "</text></svg>",
         "\"x\" and \"a <case> & \"its\" name?\" meet"},
        {"</svg>",
         "<text class=\"tw-label\" x=\"9999\" y=\"20\" textLength=\"70\">x"
         "</text></svg>",
         "\"x\" is not on the page"},
    };
    g_autoptr(TwStory) story = story_of_case("nested.tw");
    g_autoptr(GString) svg = draw(story->scene, story);

    for (unsigned i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autofree char *changed =
            doctored(svg, changes[i].from, changes[i].to);
        g_autoptr(GPtrArray) faults = test_faults(story->scene, story, changed);

        assert_fault(faults, changes[i].fault);
    }
}

/* Boxes of a scene in which two regions have changed places. */
static void test_order_check(void)
{
    g_autoptr(TwStory) story = story_of_case("flat.tw");
    g_autoptr(GString) svg = draw(story->scene, story);
    TwSceneRegion *regions = story->scene->regions;
    uint64_t addr = regions[5].addr;
    g_autoptr(GPtrArray) faults = NULL;

    regions[5].addr = regions[7].addr;
    regions[7].addr = addr;
    faults = test_faults(story->scene, story, svg->str);
    assert_fault(faults, "r7 and r5 do not begin where they should");
}

/* Any program ------------------------------------------------------------- */

static void test_random_scenes(void)
{
    g_autoptr(TwRunner) runner = open_target("softmmu");

    for (unsigned n = 0; n < PLAIN; n++) {
        TwRng rng = tw_rng_for(1, n);
        g_autoptr(TwScene) scene = NULL;

        tw_generate(&program, n % TW_PROFILES, tw_runner_dialect(runner), &rng);
        scene = tw_scene_start(&program);
        assert_drawing(scene, NULL);
    }
}

/* Findings of a bug, with their ways. */
static void test_random_findings(const void *data)
{
    const TwZooBug *bug = data;
    g_autofree char *name = g_strdup_printf("zoo:%s", bug->slug);
    g_autoptr(TwRunner) runner = open_target(name);
    unsigned found = 0;

    for (unsigned n = 0; n < PROGRAMS && found < FOUND; n++) {
        TwRng rng = tw_rng_for(2, n);
        g_autoptr(TwStory) story = NULL;
        TwFinding finding;

        tw_generate(&program, n % TW_PROFILES, tw_runner_dialect(runner), &rng);
        tw_runner_run(runner, &program, &finding, NULL, NULL);
        if (!tw_verdict_is_finding(finding.verdict)) {
            continue;
        }
        story = tw_runner_story(runner);
        if (story->access) {
            assert_drawing(story->scene, story);
            found++;
        }
    }
    n_bugs++;
    n_rare += found < FOUND;
}

/* Half of the bugs have as many findings with an access as are wanted. */
static void test_enough(void)
{
    g_test_message("%u of %u bugs are rare", n_rare, n_bugs);
    g_assert_cmpuint(n_rare, <=, n_bugs / 2);
}

/* Kinds that no target runs yet are drawn all the same. */
static void test_other_kinds(void)
{
    static const char text[] =
        "twinwalk 1\n"
        "page 4096\n"
        "region r0 container size 2^64\n"
        "region r1 ram size 0x10000 in r0 at 0x0\n"
        "region r2 iommu size 0x10000 in r0 at 0x10000 iommu i0\n"
        "region r3 iommu size 0x10000 in r0 at 0xfffffffffffff000 iommu i1\n"
        "region r4 reservation size 0\n"
        "space s0 root r0\n"
        "space s1 root r4 late\n"
        "iommu i0 mpc granule 4096 indexes 2 select secure to s0 blocked s1\n"
        "iommu i1 pagetable granule 4096 to s0 format vtd-sl tables r1 levels "
        "3\n"
        "cpu c0 tlb 8\n"
        "cpu c3 tlb 8 victims 1\n"
        "mmu c3.2 space s0\n"
        "script\n";
    g_autoptr(GError) error = NULL;
    g_autoptr(TwScene) scene = NULL;

    tw_program_parse(&program, text, strlen(text), "test", TW_TEXT_STRICT, NULL,
                     NULL, &error);
    g_assert_no_error(error);
    scene = tw_scene_start(&program);
    assert_drawing(scene, NULL);
}

static void test_empty(void)
{
    g_autoptr(TwScene) scene = NULL;

    tw_program_init(&program);
    scene = tw_scene_start(&program);
    assert_drawing(scene, NULL);
}

int main(int argc, char **argv)
{
    static const char *const cases[] = {"flat.tw", "nested.tw", "aliases.tw",
                                        "cpus.tw", "thirty.tw"};
    unsigned n;
    const TwZooBug *bugs = tw_zoo_bugs(&n);

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/draw/case/%s", cases[i]);

        g_test_add_data_func(path, cases[i], test_case);
    }
    g_test_add_func("/draw/checks", test_checks);
    g_test_add_func("/draw/checks/order", test_order_check);
    g_test_add_func("/draw/scenes", test_random_scenes);
    for (unsigned i = 0; i < n; i++) {
        g_autofree char *path =
            g_strdup_printf("/draw/findings/%s", bugs[i].slug);

        g_test_add_data_func(path, &bugs[i], test_random_findings);
    }
    g_test_add_func("/draw/findings/enough", test_enough);
    g_test_add_func("/draw/other-kinds", test_other_kinds);
    g_test_add_func("/draw/empty", test_empty);
    return g_test_run();
}
