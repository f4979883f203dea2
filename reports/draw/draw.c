/* SPDX-License-Identifier: MIT */
/*
 * A drawing: head, cards, ways, labels, legend.  Labels are written last, with
 * a rim, so that no line makes them unreadable.
 */
#include "reports/draw/internal.h"
#include "reports/format/markup.h"

#include <string.h>

#include "program/ops.h"

enum {
    MARGIN = 16,
    ABOVE = 42, /* room for ways above and below the cards */
    SWATCH = 22,
};

/* Colours that all eyes can tell (Okabe and Ito); shapes and dashes say the
 * same again. */
static const char *const style =
    "<style>\n"
    ".tw-label{font:11.5px 'DejaVu Sans Mono',Menlo,Consolas,monospace;"
    "fill:#222;stroke:#fff;stroke-opacity:.8;stroke-width:3px;"
    "paint-order:stroke;stroke-linejoin:round;white-space:pre}\n"
    ".tw-name{font-weight:bold}\n"
    ".tw-title{font-weight:bold;fill:#000}\n"
    ".tw-small{fill:#666}\n"
    ".tw-page{fill:#fff}\n"
    ".tw-card{fill:#f6f6f4;stroke:#bbb}\n"
    ".tw-access{fill:#fff;stroke:#000}\n"
    ".tw-region{stroke:#777;stroke-width:1px}\n"
    ".tw-container{fill:#fff}\n"
    ".tw-ram{fill:#dcefdc}\n"
    ".tw-rom{fill:#e2e2f4}\n"
    ".tw-romd{fill:#efe0f2}\n"
    ".tw-mmio{fill:#fff3c4}\n"
    ".tw-alias{fill:#fff;stroke-dasharray:5 2}\n"
    ".tw-iommu{fill:#fde4cc;stroke-width:2px}\n"
    ".tw-reservation{fill:#e4e4e4}\n"
    ".tw-ram-device{fill:#cfe9e6}\n"
    ".tw-hidden{fill-opacity:.25;stroke:#aaa;stroke-dasharray:1 3}\n"
    ".tw-beyond{fill:#000;fill-opacity:.12;stroke:#777;"
    "stroke-dasharray:2 2}\n"
    ".tw-link{fill:none;stroke:#777;stroke-width:1px}\n"
    ".tw-alias-link{stroke-dasharray:2 2}\n"
    ".tw-table-link{stroke:#c9a37c}\n"
    ".tw-halo{fill:none;stroke:#fff;stroke-width:6px;stroke-opacity:.7}\n"
    ".tw-way{fill:none;stroke-width:3px}\n"
    ".tw-way.tw-now{stroke:#0072b2}\n"
    ".tw-way.tw-seen{stroke:#d55e00;stroke-dasharray:8 4}\n"
    ".tw-end{stroke:#fff;stroke-width:1px}\n"
    ".tw-stop{fill:none;stroke-width:4px}\n"
    ".tw-stop.tw-now{stroke:#0072b2}\n"
    ".tw-stop.tw-seen{stroke:#d55e00}\n"
    ".tw-end.tw-now,text.tw-now{fill:#0072b2}\n"
    ".tw-end.tw-seen,text.tw-seen{fill:#d55e00}\n"
    "text.tw-now,text.tw-seen{font-weight:bold}\n"
    ".tw-row-now{fill:#cfe6f5}\n"
    ".tw-row-seen{fill:#fbdcc8}\n"
    ".tw-row-both{fill:#e3dbe8}\n"
    "</style>\n"
    "<defs>\n"
    "<marker id=\"tw-arrow\" viewBox=\"0 0 6 6\" refX=\"6\" refY=\"3\" "
    "markerWidth=\"6\" markerHeight=\"6\" orient=\"auto\">"
    "<path d=\"M0 0L6 3L0 6z\" fill=\"#888\"/></marker>\n"
    "<marker id=\"tw-now-arrow\" viewBox=\"0 0 6 6\" refX=\"5\" refY=\"3\" "
    "markerWidth=\"4\" markerHeight=\"4\" orient=\"auto\">"
    "<path d=\"M0 0L6 3L0 6z\" fill=\"#0072b2\"/></marker>\n"
    "<marker id=\"tw-seen-arrow\" viewBox=\"0 0 6 6\" refX=\"5\" refY=\"3\" "
    "markerWidth=\"4\" markerHeight=\"4\" orient=\"auto\">"
    "<path d=\"M0 0L6 3L0 6z\" fill=\"#d55e00\"/></marker>\n"
    "</defs>\n";

/* What is drawn of a story ------------------------------------------------ */

/* The place at which a byte was seen, or NULL. */
static const TwPlace *seen_place(const TwStory *story, uint8_t byte)
{
    for (unsigned i = 0; i < story->seen.n_places; i++) {
        const TwPlace *place = &story->seen.places[i];

        if (byte >= place->from && byte < place->from + place->length) {
            return place;
        }
    }
    return NULL;
}

/* The page whose ways part, or else the first. */
static const TwPart *choose_part(const TwStory *story)
{
    for (unsigned p = 0; p < story->n_parts; p++) {
        const TwPart *part = &story->parts[p];
        const TwPlace *place = seen_place(story, part->byte);

        if (story->n_life > 0 && !story->right_only
                ? part->paired
                : place && (place->region != part->tales[0].end.region ||
                            place->offset + (part->byte - place->from) !=
                                part->tales[0].end.offset)) {
            return part;
        }
    }
    return story->n_parts ? &story->parts[0] : NULL;
}

static void choose_ways(TwDraw *draw, TwPlace *end)
{
    const TwStory *story = draw->story;
    const TwPlace *place;

    draw->part = story ? choose_part(story) : NULL;
    if (!draw->part) {
        return;
    }
    draw->tales[TW_WAY_NOW] = &draw->part->tales[0];
    if (story->n_life > 0 && !story->right_only && draw->part->paired) {
        draw->tales[TW_WAY_SEEN] = &draw->part->tales[1];
        return;
    }
    place = seen_place(story, draw->part->byte);
    if (place) {
        *end = *place;
        end->offset += draw->part->byte - place->from;
        draw->end = end;
    }
}

/* Text -------------------------------------------------------------------- */

/* Which way a line of a story speaks of. */
static const char *line_class(const char *line, unsigned number)
{
    return g_str_has_prefix(line, "allowed:") ? "tw-now"
           : g_str_has_prefix(line, "seen:")  ? "tw-seen"
           : number == 0                      ? "tw-title"
                                              : "";
}

/* Writes lines below each other; returns the height below them. */
static int write_lines(GString *svg, const char *const *lines, int y,
                       int *width)
{
    for (unsigned i = 0; lines[i]; i++) {
        const char *line = lines[i];
        int x = MARGIN;

        for (; *line == ' '; line++) {
            x += TW_SVG_CHAR;
        }
        tw_svg_label(svg, x, y, tw_svg_width(line), line, NULL,
                     line_class(line, i));
        *width = MAX(*width, x + tw_svg_width(line) + MARGIN);
        y += TW_SVG_LINE;
    }
    return y;
}

/* Legend ------------------------------------------------------------------ */

typedef struct Legend {
    GString *svg;
    int x, y, width;
} Legend;

/* Room for a sample and a text behind those before it; in *x, *y where. */
static void legend_item(Legend *l, const char *text, int *x, int *y)
{
    int w = SWATCH + TW_DRAW_PAD + tw_svg_width(text) + MARGIN;

    if (l->x > MARGIN && l->x + w > l->width) {
        l->x = MARGIN;
        l->y += TW_SVG_LINE + TW_DRAW_GAP;
    }
    *x = l->x;
    *y = l->y;
    tw_svg_label(l->svg, l->x + SWATCH + TW_DRAW_PAD, l->y, tw_svg_width(text),
                 text, NULL, "tw-legend");
    l->x += w;
}

static void legend_line(Legend *l, const char *text)
{
    int width = l->width - 2 * MARGIN;
    const char *rest = text;

    if (l->x > MARGIN) {
        l->x = MARGIN;
        l->y += TW_SVG_LINE + TW_DRAW_GAP;
    }
    while (*rest) {
        size_t fit = (size_t)width / TW_SVG_CHAR, length = strlen(rest);
        g_autofree char *line = NULL;

        if (length > fit) {
            for (length = fit; length > 1 && rest[length] != ' '; length--) {
            }
        }
        line = g_strndup(rest, length);
        tw_svg_label(l->svg, l->x, l->y, width, line, NULL,
                     "tw-legend tw-small");
        rest += length;
        rest += *rest == ' ';
        l->y += TW_SVG_LINE;
    }
}

static void legend_way(Legend *l, unsigned way, const char *text)
{
    int x, y;

    legend_item(l, text, &x, &y);
    g_string_append_printf(l->svg,
                           "<path class=\"tw-way tw-sample %s\" d=\"M%d %dh%d"
                           "\"/>\n",
                           tw_draw_way_class(way), x, y + TW_SVG_LINE / 2,
                           SWATCH);
}

static void legend_kinds(Legend *l, const TwProgram *program)
{
    for (unsigned kind = TW_REGION_CONTAINER; kind < TW_REGION_KINDS; kind++) {
        bool there = false;

        for (unsigned r = 0; r < program->n_regions; r++) {
            there |= program->regions[r].kind == kind;
        }
        if (there) {
            g_autofree char *class_ =
                g_strdup_printf("tw-swatch tw-%s", tw_region_kind_name(kind));
            int x, y;

            legend_item(l, tw_region_kind_name(kind), &x, &y);
            tw_svg_rect(l->svg, x, y + 1, SWATCH, TW_SVG_LINE - 3, class_,
                        "stroke=\"#777\"");
        }
    }
}

/* When the topology was published in which a way enters its first space, or 0:
 * it enters none. */
static uint32_t topology_of(const TwTale *tale)
{
    for (unsigned i = 0; tale && i < tale->steps->len; i++) {
        const TwStep *step = &g_array_index(tale->steps, TwStep, i);

        if (step->kind == TW_STEP_SPACE) {
            return step->since;
        }
    }
    return 0;
}

/* Returns the height below it. */
static int write_legend(const TwDraw *draw, GString *svg, int y, int width)
{
    Legend legend = {.svg = svg, .x = MARGIN, .y = y, .width = width};

    if (draw->part) {
        legend_way(&legend, TW_WAY_NOW, "the way it should go");
        legend_way(&legend, TW_WAY_SEEN,
                   draw->tales[TW_WAY_SEEN] ? "the way it was seen to go"
                   : draw->end
                       ? "where it was seen to go; which way, it does not say"
                   : tw_draw_not_told(draw->story)
                       ? "what was seen: the target does not say where it went"
                       : "what was seen: it went nowhere");
    }
    legend_kinds(&legend, draw->program);
    if (draw->tales[TW_WAY_SEEN] && topology_of(draw->tales[TW_WAY_SEEN]) <
                                        topology_of(draw->tales[TW_WAY_NOW])) {
        legend_line(&legend,
                    "The topology has changed since the way that was seen was "
                    "right: it is drawn through the regions where they stand "
                    "now, with the offsets that it had in them then.");
    }
    legend_line(&legend,
                "Offsets grow downwards, and in one region the same offset is "
                "at the same height everywhere; a stretch is as high as the "
                "logarithm of its length, and as its labels need.");
    legend_line(&legend,
                "Of regions that overlap, the one on the left is in front: an "
                "access comes from the left and ends at the first that has "
                "something there. Thin lines lead from an IOMMU to its table, "
                "dotted ones from an alias to what it shows.");
    legend_line(&legend,
                "Dotted, pale boxes are disabled or empty; what is dark lies "
                "beyond the end of the region around it. An entry that ends "
                "in \"op N\" was made by that operation, others by the "
                "setup.");
    return legend.y;
}

/* The whole --------------------------------------------------------------- */

static void write_cards(TwDraw *draw, GString *svg)
{
    for (unsigned i = 0; i < draw->n_cards; i++) {
        tw_draw_card_boxes(draw, &draw->cards[i], svg);
    }
    tw_draw_table_links(draw, svg);
    tw_draw_alias_links(draw, svg);
}

static void clear(TwDraw *draw)
{
    for (unsigned r = 0; r < TW_MAX_REGIONS; r++) {
        g_clear_pointer(&draw->regions[r].rows, g_array_unref);
        g_clear_pointer(&draw->regions[r].ticks, g_array_unref);
    }
    for (unsigned i = 0; i < draw->n_cards; i++) {
        g_array_unref(draw->cards[i].rows);
    }
    g_free(draw);
}

void tw_draw(const TwScene *scene, const TwStory *story,
             const char *const *head, GString *svg)
{
    TwDraw *draw = g_new0(TwDraw, 1);
    g_autoptr(GString) body = g_string_new(NULL);
    int width = 640, y;
    TwPlace end;

    draw->scene = scene;
    draw->program = scene->program;
    draw->story = story;
    choose_ways(draw, &end);
    for (unsigned r = 0; r < draw->program->n_regions; r++) {
        if (draw->program->regions[r].kind != TW_REGION_NONE) {
            tw_draw_describe_region(draw, r);
        }
    }
    tw_draw_describe_cards(draw);
    y = write_lines(body, head, MARGIN, &width);
    tw_draw_layout(draw, y + ABOVE);
    width = MAX(width, draw->width);
    write_cards(draw, body);
    tw_draw_ways(draw, body);
    for (unsigned i = 0; i < draw->n_cards; i++) {
        tw_draw_card_labels(draw, &draw->cards[i], body);
    }
    y = write_legend(draw, body, draw->bottom + ABOVE, width) + MARGIN;
    g_string_append_printf(svg,
                           "<svg xmlns=\"http://www.w3.org/2000/svg\" "
                           "width=\"%d\" height=\"%d\" "
                           "viewBox=\"0 0 %d %d\">\n<title>",
                           width, y, width, y);
    tw_markup_text(svg, head[0] ? head[0] : "");
    g_string_append_printf(svg, "</title>\n%s", style);
    tw_svg_rect(svg, 0, 0, width, y, "tw-page", "");
    g_string_append_len(svg, body->str, body->len);
    g_string_append(svg, "</svg>\n");
    clear(draw);
}
