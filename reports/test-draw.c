/* SPDX-License-Identifier: MIT */
/*
 * Drawings hold what they promise: whatever the program, no two labels meet,
 * everything is there and named, what contains contains, offsets are in order,
 * and the ways end where the story says.  Read back from the SVG.
 */
#include <stdarg.h>
#include <string.h>

#include "fuzz/generate.h"
#include "fuzz/runner.h"
#include "program/text.h"
#include "reports/draw.h"
#include "reports/test-svg.h"
#include "targets/zoo/zoo.h"

enum { PLAIN = 300, FOUND = 15, PROGRAMS = 4000 };

static TwProgram program;

/* What is wrong ----------------------------------------------------------- */

typedef struct Check {
    const TwScene *scene;
    const TwStory *story; /* or NULL */
    const Svg *svg;
    GPtrArray *faults;
} Check;

static void fault(Check *c, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void fault(Check *c, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(c->faults, g_strdup_vprintf(format, args));
    va_end(args);
}

static void check_labels(Check *c)
{
    const GArray *labels = c->svg->labels;

    for (unsigned i = 0; i < labels->len; i++) {
        const SvgItem *a = svg_item(labels, i);

        if (!svg_inside(&a->box, &c->svg->page)) {
            fault(c, "\"%s\" is not on the page", a->text);
        }
        for (unsigned k = 0; k < i; k++) {
            if (svg_meet(&a->box, &svg_item(labels, k)->box)) {
                fault(c, "\"%s\" and \"%s\" meet", a->text,
                      svg_item(labels, k)->text);
            }
        }
    }
}

/* The one rectangle of this class and id, or NULL. */
static const SvgItem *find_rect(Check *c, const char *class_, char letter,
                                unsigned number)
{
    g_autofree char *id = g_strdup_printf("%c%u", letter, number);
    const SvgItem *found = NULL;

    for (unsigned i = 0; i < c->svg->rects->len; i++) {
        const SvgItem *rect = svg_item(c->svg->rects, i);

        if (svg_has_class(rect, class_) && strcmp(rect->id, id) == 0) {
            if (found) {
                fault(c, "%s is drawn twice", id);
            }
            found = rect;
        }
    }
    if (!found) {
        fault(c, "%s is not drawn", id);
    }
    return found;
}

/* Is there a label in `box` (NULL: anywhere) that has this word? */
static bool is_named(Check *c, const SvgBox *box, const char *word)
{
    for (unsigned i = 0; i < c->svg->labels->len; i++) {
        const SvgItem *label = svg_item(c->svg->labels, i);
        g_auto(GStrv) words = g_strsplit_set(label->text, " ,", -1);

        if (svg_has_class(label, "tw-name") &&
            (!box || svg_inside(&label->box, box)) &&
            g_strv_contains((const char *const *)words, word)) {
            return true;
        }
    }
    return false;
}

/* Draws and names object `number`, in a rectangle of this class. */
static const SvgItem *check_named(Check *c, const char *class_, char letter,
                                  unsigned number)
{
    g_autofree char *word = g_strdup_printf("%c%u", letter, number);
    const SvgItem *rect = find_rect(c, class_, letter, number);

    if (rect && !is_named(c, &rect->box, word)) {
        fault(c, "%s has no label in its box", word);
    }
    return rect;
}

static void check_objects(Check *c)
{
    const TwProgram *p = c->scene->program;

    for (unsigned i = 0; i < p->n_iommus; i++) {
        if (p->iommus[i].kind != TW_IOMMU_NONE) {
            check_named(c, "tw-card tw-table", 'i', i);
        }
    }
    for (unsigned i = 0; i < p->n_cpus; i++) {
        const SvgItem *rect = p->cpus[i].present
                                  ? check_named(c, "tw-card tw-cpu", 'c', i)
                                  : NULL;

        for (unsigned m = 0; rect && m < TW_MAX_MMU_INDEXES; m++) {
            g_autofree char *word = g_strdup_printf("c%u.%u", i, m);

            if (p->cpus[i].mmu[m].present && !is_named(c, &rect->box, word)) {
                fault(c, "%s is not named", word);
            }
        }
    }
    for (unsigned i = 0; i < p->n_spaces; i++) {
        g_autofree char *word = g_strdup_printf("s%u", i);

        if (p->spaces[i].present && !is_named(c, NULL, word)) {
            fault(c, "%s is not named", word);
        }
    }
}

/* Regions ----------------------------------------------------------------- */

/* Two boxes in one container: side by side or below each other, in order. */
static void check_siblings(Check *c, unsigned a, const SvgBox *box_a,
                           unsigned b, const SvgBox *box_b)
{
    const TwSceneRegion *ra = &c->scene->regions[a];
    const TwSceneRegion *rb = &c->scene->regions[b];
    uint64_t last_a = ra->addr + ra->size - 1;

    if (svg_meet(box_a, box_b)) {
        fault(c, "r%u and r%u meet", a, b);
    }
    if (ra->addr == rb->addr ? box_a->y != box_b->y
                             : (ra->addr < rb->addr) != (box_a->y < box_b->y)) {
        fault(c, "r%u and r%u do not begin where they should", a, b);
    }
    if (ra->size && last_a >= ra->addr && last_a < rb->addr &&
        box_a->y + box_a->h >= box_b->y) {
        fault(c, "r%u does not end above r%u", a, b);
    }
}

static void check_regions(Check *c)
{
    const TwProgram *p = c->scene->program;
    const SvgItem *rects[TW_MAX_REGIONS] = {NULL};

    for (unsigned r = 0; r < p->n_regions; r++) {
        if (p->regions[r].kind != TW_REGION_NONE) {
            rects[r] = check_named(c, "tw-region", 'r', r);
        }
    }
    for (unsigned r = 0; r < p->n_regions; r++) {
        uint8_t container = c->scene->regions[r].container;

        if (!rects[r] || container == TW_NONE || !rects[container]) {
            continue;
        }
        if (!svg_inside(&rects[r]->box, &rects[container]->box)) {
            fault(c, "r%u is not inside r%u", r, container);
        }
        for (unsigned q = 0; q < r; q++) {
            if (rects[q] && c->scene->regions[q].container == container) {
                check_siblings(c, r, &rects[r]->box, q, &rects[q]->box);
            }
        }
    }
}

/* Ways -------------------------------------------------------------------- */

static unsigned count_paths(const Svg *svg, const char *classes)
{
    unsigned n = 0;

    for (unsigned i = 0; i < svg->paths->len; i++) {
        n += svg_has_class(svg_item(svg->paths, i), classes) &&
             !svg_has_class(svg_item(svg->paths, i), "tw-sample");
    }
    return n;
}

/* The way of that class ends in that region, and nowhere else. */
static void check_end(Check *c, const char *class_, uint8_t region)
{
    g_autofree char *id = g_strdup_printf("r%u", region);
    unsigned n = 0;

    for (unsigned i = 0; i < c->svg->ends->len; i++) {
        const SvgItem *end = svg_item(c->svg->ends, i);

        if (svg_has_class(end, class_)) {
            const SvgItem *rect = find_rect(c, "tw-region", 'r', region);

            n++;
            if (rect && !svg_inside(&end->box, &rect->box)) {
                fault(c, "%s does not end in %s", class_, id);
            }
        }
    }
    if (n != 1) {
        fault(c, "%s has %u ends in regions", class_, n);
    }
}

static unsigned translations(const TwTale *tale)
{
    unsigned n = 0;

    for (unsigned i = 0; i < tale->steps->len; i++) {
        n += g_array_index(tale->steps, TwStep, i).kind == TW_STEP_TRANSLATE;
    }
    return n;
}

/* The part whose ways are drawn is the one where they part. */
static void check_ways(Check *c)
{
    unsigned now = count_paths(c->svg, "tw-way tw-now");
    unsigned seen = count_paths(c->svg, "tw-way tw-seen");
    bool stale = c->story && c->story->finding.verdict == TW_VERDICT_STALE;
    const TwPart *part;

    if (!c->story || c->story->n_parts == 0) {
        if (now || seen) {
            fault(c, "there are ways without a story");
        }
        return;
    }
    if (now == 0 || seen == 0) {
        fault(c, "there are %u stretches now, %u seen", now, seen);
    }
    if (c->story->n_parts > 1) {
        return; /* which one is drawn is told by its byte */
    }
    part = &c->story->parts[0];
    if (now < translations(&part->tales[0]) ||
        (stale && part->paired && seen < translations(&part->tales[1]))) {
        fault(c, "there are %u stretches now, %u seen: too few", now, seen);
    }
    if (part->tales[0].end.where == TW_AT_LEAF) {
        check_end(c, "tw-end tw-now", part->tales[0].end.region);
    }
    if (stale && part->paired && part->tales[1].end.where == TW_AT_LEAF) {
        check_end(c, "tw-end tw-seen", part->tales[1].end.region);
    } else if (!stale && c->story->seen.n_places == 1 &&
               c->story->seen.places[0].where == TW_AT_LEAF) {
        check_end(c, "tw-end tw-seen", c->story->seen.places[0].region);
    }
}

/* Whole drawings ---------------------------------------------------------- */

static const char *const head[] = {"a <case> & \"its\" name\x01", "  more", "",
                                   NULL};

static GString *draw(const TwScene *scene, const TwStory *story)
{
    GString *svg = g_string_new(NULL);

    tw_draw(scene, story, head, svg);
    return svg;
}

/* All that is wrong with a drawing. */
static GPtrArray *faults_of(const TwScene *scene, const TwStory *story,
                            const char *document)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Svg) svg = svg_read(document, &error);
    Check c = {.scene = scene,
               .story = story,
               .svg = svg,
               .faults = g_ptr_array_new_with_free_func(g_free)};

    if (!svg) {
        fault(&c, "%s", error->message);
        return c.faults;
    }
    check_labels(&c);
    check_objects(&c);
    check_regions(&c);
    check_ways(&c);
    return c.faults;
}

static void assert_drawing(const TwScene *scene, const TwStory *story)
{
    g_autoptr(GString) svg = draw(scene, story);
    g_autoptr(GString) again = draw(scene, story);
    g_autoptr(GPtrArray) faults = faults_of(scene, story, svg->str);

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

/* Five cases, each of its sort ------------------------------------------- */

static unsigned steps_of(const TwTale *tale, TwStepKind kind)
{
    unsigned n = 0;

    for (unsigned i = 0; i < tale->steps->len; i++) {
        n += g_array_index(tale->steps, TwStep, i).kind == kind;
    }
    return n;
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
        g_assert_cmpuint(translations(&tales[0]), ==, 3);
        g_assert_cmpuint(translations(&tales[1]), ==, 3);
    } else if (strcmp(name, "aliases.tw") == 0) {
        g_assert_cmpuint(steps_of(&tales[0], TW_STEP_ALIAS), ==, 1);
        g_assert_cmpuint(steps_of(&tales[1], TW_STEP_ALIAS), ==, 2);
    } else if (strcmp(name, "cpus.tw") == 0) {
        g_assert_cmpuint(program.n_cpus, ==, 3);
    } else {
        g_assert_cmpuint(n, >=, 30);
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
    g_error("nobody says: %s", expected);
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
        g_autoptr(GPtrArray) faults = faults_of(story->scene, story, changed);

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
    faults = faults_of(story->scene, story, svg->str);
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
    g_assert_cmpuint(found, ==, FOUND);
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
        "iommu i1 pagetable granule 4096 to s0 format vtd tables r1 levels 3\n"
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
    g_test_add_func("/draw/other-kinds", test_other_kinds);
    g_test_add_func("/draw/empty", test_empty);
    return g_test_run();
}
