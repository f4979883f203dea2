/* SPDX-License-Identifier: MIT */
/*
 * The ways of an access, drawn step by step as they are told: from the access
 * to its page-map entry, from there into a space, from the left to what it
 * meets first, through an IOMMU's entry into the next space, and so on.  Each
 * stretch is a path of its own.
 */
#include "reports/draw/internal.h"

enum {
    TRACKS = 4, /* beside each other where ways run, */
    TRACK = 8,  /* so far apart */
    CLEAR = 14, /* the first one, from what stands there */
    ROUND = 6,  /* radius of corners */
};

/* A region on the way, and the offset in it. */
typedef struct Stop {
    uint8_t region;
    uint64_t at;
    uint8_t indent;
    bool alias;
} Stop;

typedef struct Way {
    TwDraw *draw;
    GString *halos, *ways, *marks; /* what is written, from below */
    GString *d;                    /* the stretch at hand */
    unsigned way;
    unsigned *tracks;       /* used so far, by both ways */
    const TwDrawCard *card; /* where it is: in this card, */
    int x, y;               /* here */
    unsigned n_stops;       /* regions since the last space */
    Stop stops[TW_MAX_REGIONS + 1];
} Way;

typedef struct Point {
    int x, y;
} Point;

/* The two ways run beside each other. */
static int aside(const Way *w, int v)
{
    return w->way == TW_WAY_NOW ? v - 2 : v + 2;
}

/* Strokes ----------------------------------------------------------------- */

/* From here on the way goes on there. */
static void jump(Way *w, const TwDrawCard *card, int x, int y)
{
    w->card = card;
    w->x = x;
    w->y = y;
    g_string_printf(w->d, "M%d %d", aside(w, x), aside(w, y));
}

/* Writes the stretch that ends here, with an arrow's head or without. */
static void finish(Way *w, bool arrow)
{
    const char *class_ = tw_draw_way_class(w->way);

    g_string_append_printf(w->halos, "<path class=\"tw-halo\" d=\"%s\"/>\n",
                           w->d->str);
    g_string_append_printf(w->ways, "<path class=\"tw-way %s\" d=\"%s\"",
                           class_, w->d->str);
    if (arrow) {
        g_string_append_printf(w->ways, " marker-end=\"url(#%s-arrow)\"",
                               class_);
    }
    g_string_append(w->ways, "/>\n");
}

static void line(Way *w, int x, int y)
{
    g_string_append_printf(w->d, "L%d %d", aside(w, x), aside(w, y));
    w->x = x;
    w->y = y;
}

/* `most` pixels from one number towards another, or half of the way. */
static int towards(int from, int to, int most)
{
    return from + CLAMP((to - from) / 2, -most, most);
}

/* Through points that are level or plumb with each other; round corners. */
static void corners(Way *w, const Point *points, unsigned n)
{
    for (unsigned i = 0; i + 1 < n; i++) {
        Point p = points[i], next = points[i + 1];

        line(w, towards(p.x, w->x, ROUND), towards(p.y, w->y, ROUND));
        w->x = towards(p.x, next.x, ROUND);
        w->y = towards(p.y, next.y, ROUND);
        g_string_append_printf(w->d, "Q%d %d %d %d", aside(w, p.x),
                               aside(w, p.y), aside(w, w->x), aside(w, w->y));
    }
    line(w, points[n - 1].x, points[n - 1].y);
}

/* A curve that leaves to the right by `bend` (to the left, if negative) and
 * arrives from the left by `arrive`. */
static void curve(Way *w, int x, int y, int bend, int arrive)
{
    g_string_append_printf(w->d, "C%d %d %d %d %d %d", aside(w, w->x + bend),
                           aside(w, w->y), aside(w, x - arrive), aside(w, y),
                           aside(w, x), aside(w, y));
    w->x = x;
    w->y = y;
}

/* Where the way ends in a region. */
static void mark_end(Way *w)
{
    int x = aside(w, w->x), y = aside(w, w->y);

    if (w->way == TW_WAY_NOW) {
        g_string_append_printf(w->marks,
                               "<circle class=\"tw-end tw-now\" cx=\"%d\" "
                               "cy=\"%d\" r=\"5\"/>\n",
                               x, y);
    } else {
        g_string_append_printf(w->marks,
                               "<path class=\"tw-end tw-seen\" "
                               "d=\"M%d %dl6 6l-6 6l-6 -6z\"/>\n",
                               x, y - 6);
    }
}

/* Where it ends because nothing lets it through. */
static void mark_stop(Way *w)
{
    g_string_append_printf(w->marks,
                           "<path class=\"tw-stop %s\" "
                           "d=\"M%d %dl10 10m0 -10l-10 10\"/>\n",
                           tw_draw_way_class(w->way), aside(w, w->x) - 5,
                           aside(w, w->y) - 5);
}

/* Between cards ----------------------------------------------------------- */

static bool adjacent(const TwDraw *draw, unsigned left, unsigned right)
{
    for (unsigned i = left + 1; i < right; i++) {
        if (draw->column_w[i]) {
            return false;
        }
    }
    return left < right;
}

/* From where it is, to the right, to the left edge of another card. */
static void go(Way *w, const TwDrawCard *to, int y)
{
    const TwDraw *draw = w->draw;
    unsigned from = w->card->column;
    int left, right, aisle, track;

    if (adjacent(draw, from, to->column)) {
        line(w, MAX(w->x, w->card->x + w->card->w), w->y);
        curve(w, to->x, y, (to->x - w->x) / 2, (to->x - w->x) / 2);
        w->card = to;
        return;
    }
    track = TRACK * (int)((*w->tracks)++ % TRACKS);
    right = draw->column_x[from] + draw->column_w[from] + CLEAR + track;
    left = draw->column_x[to->column] - CLEAR - track;
    if (from == to->column || from == to->column + 1u) {
        aisle = to->y - 6 - track / 2; /* above that card */
    } else if (w->y + y - 2 * draw->top < 2 * draw->bottom - w->y - y) {
        aisle = draw->top - CLEAR - track;
    } else {
        aisle = draw->bottom + CLEAR + track;
    }
    corners(w,
            (Point[]){{right, w->y},
                      {right, aisle},
                      {left, aisle},
                      {left, y},
                      {to->x, y}},
            5);
    finish(w, true);
    jump(w, to, to->x, y);
}

/* Among regions ----------------------------------------------------------- */

static const TwDrawCard *card_of(const Way *w, uint8_t region)
{
    return &w->draw->cards[w->draw->regions[region].card];
}

/* Where in a region's strip a way runs, beside the other one. */
static int strip_of(const Way *w, uint8_t region)
{
    return w->draw->regions[region].x + (w->way == TW_WAY_NOW ? 6 : 10);
}

/* Out of the region that was met last, an IOMMU or an alias, below its labels:
 * to its right edge. */
static void leave(Way *w, uint8_t region)
{
    const TwDrawRegion *box = &w->draw->regions[region];
    int y = box->y + box->h - TW_DRAW_BAND / 2;

    corners(w, (Point[]){{w->x, y}, {box->x + box->w, y}}, 2);
}

/* To a region that is not drawn in the one before it. */
static void leap(Way *w, const Stop *stop, const Stop *before)
{
    int y = tw_draw_region_y(w->draw, stop->region, stop->at);
    const TwDrawCard *card = card_of(w, stop->region);

    if (card == w->card) {
        int bend = 24 + ABS(y - w->y) / 6;

        curve(w, strip_of(w, stop->region), y, -bend, bend);
    } else {
        if (before->alias) {
            leave(w, before->region);
        }
        go(w, card, y);
        line(w, strip_of(w, stop->region), y);
    }
}

/* To a region that is drawn in the one before it, or is the root. */
static void enter(Way *w, const Stop *stop)
{
    const TwDrawRegion *box = &w->draw->regions[stop->region];
    int y = tw_draw_region_y(w->draw, stop->region, stop->at);

    if (y != w->y) {
        /* its scale is another than that of what it is in */
        line(w, MAX(w->x, box->x), w->y);
    }
    line(w, strip_of(w, stop->region), y);
}

/* Through the regions that were met since the last space. */
static void pass_regions(Way *w)
{
    const TwSceneRegion *regions = w->draw->scene->regions;

    for (unsigned i = 0; i < w->n_stops; i++) {
        const Stop *stop = &w->stops[i];

        if (i == 0) {
            go(w, card_of(w, stop->region),
               tw_draw_region_y(w->draw, stop->region, stop->at));
            enter(w, stop);
        } else if (!w->stops[i - 1].alias &&
                   regions[stop->region].container == w->stops[i - 1].region) {
            enter(w, stop);
        } else {
            leap(w, stop, &w->stops[i - 1]);
        }
    }
}

/* Back to what contains things of that depth: they were passed without
 * anything being there. */
static void drop_stops(Way *w, unsigned indent)
{
    while (w->n_stops && w->stops[w->n_stops - 1].indent >= indent) {
        w->n_stops--;
    }
}

/* `behind`: it is what an alias shows, and as deep as the alias. */
static void add_stop(Way *w, const TwStep *step, bool behind)
{
    if (!behind) {
        drop_stops(w, step->indent);
    }
    w->stops[w->n_stops++] = (Stop){
        .region = step->region,
        .at = step->at,
        .indent = step->indent,
        .alias = step->kind == TW_STEP_ALIAS,
    };
}

/* Nothing was there: to the right edge of the root. */
static void end_in_hole(Way *w, const TwStep *space)
{
    if (w->n_stops == 0 && space) {
        /* there is no root, or it ends before */
        uint8_t root = w->draw->program->spaces[space->space].root;

        go(w, card_of(w, root), card_of(w, root)->y + TW_SVG_LINE / 2);
    } else if (w->n_stops) {
        const TwDrawRegion *box =
            &w->draw->regions[w->stops[w->n_stops - 1].region];

        pass_regions(w);
        line(w, box->x + box->w - TW_DRAW_PAD, w->y);
    }
    finish(w, false);
    mark_stop(w);
}

/* Step by step ------------------------------------------------------------ */

static bool refused(const TwStep *step)
{
    return !step->there || (step->need & ~step->perm);
}

/* To the left end of a row, and on from its right end. */
static void pass_row(Way *w, const TwStep *step)
{
    const TwDrawRow *row = tw_draw_step_row(w->draw, step);
    const TwDrawCard *card = tw_draw_step_card(w->draw, step);
    int y = row->y + TW_SVG_LINE / 2;

    if (step->kind == TW_STEP_PAGE) {
        /* both are in the first column: along its left side */
        int x = card->x - CLEAR;

        jump(w, card, card->x, w->y);
        corners(w, (Point[]){{x, w->y}, {x, y}, {card->x, y}}, 3);
    } else {
        go(w, card, y);
    }
    finish(w, true);
    jump(w, card, card->x + card->w, y);
    if (refused(step) || step->blocked) {
        line(w, w->x + CLEAR, y);
        finish(w, false);
        mark_stop(w);
    }
}

static void start(Way *w)
{
    const TwDrawCard *card = tw_draw_card(w->draw, TW_CARD_ACCESS, 0);

    jump(w, card, card->x + card->w, card->y + card->h / 2);
}

static void draw_tale(Way *w, const TwTale *tale)
{
    const TwStep *space = NULL;

    start(w);
    for (unsigned i = 0; i < tale->steps->len; i++) {
        const TwStep *step = &g_array_index(tale->steps, TwStep, i);
        bool behind = i && step[-1].kind == TW_STEP_ALIAS;

        switch (step->kind) {
        case TW_STEP_PAGE:
            pass_row(w, step);
            break;
        case TW_STEP_SPACE:
            space = step;
            w->n_stops = 0;
            break;
        case TW_STEP_REGION:
        case TW_STEP_ALIAS:
            add_stop(w, step, behind);
            break;
        case TW_STEP_NOTHING:
            drop_stops(w, step->indent);
            break;
        case TW_STEP_TRANSLATE:
            pass_regions(w);
            leave(w, w->stops[w->n_stops - 1].region);
            pass_row(w, step);
            w->n_stops = 0;
            break;
        case TW_STEP_END:
            if (tale->end.where == TW_AT_LEAF) {
                pass_regions(w);
                finish(w, false);
                mark_end(w);
            } else if (tale->end.where == TW_AT_HOLE) {
                end_in_hole(w, space);
            } else if (tale->end.where == TW_AT_LOOP) {
                pass_regions(w);
                finish(w, false);
                mark_stop(w);
            }
            break;
        default:
            break;
        }
    }
}

/* The path is not known, or the access was refused. */
static void draw_end(Way *w, const TwPlace *end)
{
    start(w);
    if (end && end->where == TW_AT_LEAF) {
        Stop stop = {.region = end->region, .at = end->offset};
        const TwDrawCard *card = card_of(w, end->region);
        int y = tw_draw_region_y(w->draw, end->region, end->offset);

        go(w, card, y);
        enter(w, &stop);
        finish(w, false);
        mark_end(w);
    } else {
        line(w, w->x + 2 * CLEAR, w->y);
        finish(w, false);
        mark_stop(w);
    }
}

void tw_draw_ways(TwDraw *draw, GString *svg)
{
    g_autoptr(GString) ways = g_string_new(NULL);
    g_autoptr(GString) marks = g_string_new(NULL);
    g_autoptr(GString) d = g_string_new(NULL);
    unsigned tracks = 0;

    for (unsigned way = 0; draw->part && way < TW_WAYS; way++) {
        Way w = {
            .draw = draw,
            .halos = svg,
            .ways = ways,
            .marks = marks,
            .d = d,
            .way = way,
            .tracks = &tracks,
        };

        if (draw->tales[way]) {
            draw_tale(&w, draw->tales[way]);
        } else {
            draw_end(&w, draw->end);
        }
    }
    g_string_append_len(svg, ways->str, ways->len);
    g_string_append_len(svg, marks->str, marks->len);
}
