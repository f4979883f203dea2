/* SPDX-License-Identifier: MIT */
/* What is wrong with a drawing; see test-check.h. */
#include "reports/draw/test-check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "reports/draw/test-svg.h"

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

/* A label that begins in a box ends in it. */
static void check_frames(Check *c)
{
    for (unsigned i = 0; i < c->svg->labels->len; i++) {
        const SvgItem *label = svg_item(c->svg->labels, i);
        SvgBox corner = {label->box.x, label->box.y, 0, 0};

        for (unsigned k = 0; k < c->svg->rects->len; k++) {
            const SvgItem *rect = svg_item(c->svg->rects, k);

            if ((svg_has_class(rect, "tw-region") ||
                 svg_has_class(rect, "tw-card")) &&
                svg_inside(&corner, &rect->box) &&
                !svg_inside(&label->box, &rect->box)) {
                fault(c, "\"%s\" leaves its box", label->text);
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

unsigned test_steps_of(const TwTale *tale, TwStepKind kind)
{
    unsigned n = 0;

    for (unsigned i = 0; i < tale->steps->len; i++) {
        n += g_array_index(tale->steps, TwStep, i).kind == kind;
    }
    return n;
}

/* Has a stretch of that class a corner in that box? */
static bool has_corner(const Svg *svg, const char *class_, const SvgBox *box)
{
    for (unsigned i = 0; i < svg->paths->len; i++) {
        const SvgItem *path = svg_item(svg->paths, i);
        g_auto(GStrv) numbers = g_strsplit_set(path->text, "MLCQ ", -1);
        SvgBox point = {0};
        unsigned n = 0;

        for (char **number = numbers; svg_has_class(path, class_) && *number;
             number++) {
            if (**number == '\0') {
                continue;
            }
            point.x = point.y;
            point.y = atoi(*number);
            if (n++ % 2 && svg_inside(&point, box)) {
                return true;
            }
        }
    }
    return false;
}

/* A way passes each IOMMU that it is told to pass. */
static void check_iommus(Check *c, const char *class_, const TwTale *tale)
{
    for (unsigned i = 0; i < tale->steps->len; i++) {
        const TwStep *step = &g_array_index(tale->steps, TwStep, i);

        if (step->kind == TW_STEP_TRANSLATE) {
            uint8_t r = tw_program_iommu_region(c->scene->program, step->iommu);
            const SvgItem *rect = find_rect(c, "tw-region", 'r', r);

            if (rect && !has_corner(c->svg, class_, &rect->box)) {
                fault(c, "%s does not pass r%u", class_, r);
            }
        }
    }
}

/* The part that is drawn, by the byte that the drawing says, or NULL. */
static const TwPart *drawn_part(Check *c)
{
    for (unsigned p = 0; p < c->story->n_parts; p++) {
        const TwPart *part = &c->story->parts[p];
        g_autofree char *text =
            g_strdup_printf("its byte %u, at 0x%" G_GINT64_MODIFIER "x",
                            part->byte, part->addr);

        for (unsigned i = 0; i < c->svg->labels->len; i++) {
            if (strcmp(svg_item(c->svg->labels, i)->text, text) == 0) {
                return part;
            }
        }
    }
    fault(c, "nothing says which byte is drawn");
    return NULL;
}

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
    part = drawn_part(c);
    if (!part) {
        return;
    }
    if (stale && !part->paired &&
        (c->story->parts[0].paired || c->story->parts[1].paired)) {
        fault(c, "what is drawn is a part in which the ways are one");
    }
    if (now < test_steps_of(&part->tales[0], TW_STEP_TRANSLATE) ||
        (stale && part->paired &&
         seen < test_steps_of(&part->tales[1], TW_STEP_TRANSLATE))) {
        fault(c, "there are %u stretches now, %u seen: too few", now, seen);
    }
    check_iommus(c, "tw-way tw-now", &part->tales[0]);
    if (stale && part->paired) {
        check_iommus(c, "tw-way tw-seen", &part->tales[1]);
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

bool test_way_passes(const char *document, const char *class_, uint8_t region)
{
    g_autoptr(Svg) svg = svg_read(document, NULL);
    Check c = {.svg = svg, .faults = g_ptr_array_new_with_free_func(g_free)};
    const SvgItem *rect = find_rect(&c, "tw-region", 'r', region);

    g_assert_nonnull(rect);
    g_ptr_array_unref(c.faults);
    return has_corner(svg, class_, &rect->box);
}

GPtrArray *test_faults(const TwScene *scene, const TwStory *story,
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
    check_frames(&c);
    check_objects(&c);
    check_regions(&c);
    check_ways(&c);
    return c.faults;
}
