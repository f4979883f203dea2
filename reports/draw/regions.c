/* SPDX-License-Identifier: MIT */
/*
 * Regions as boxes inside boxes.  Offsets grow downwards; in one region the
 * same offset stands at the same height in every box.  Sizes differ by up to
 * 2^64, so a stretch of offsets is as high as the logarithm of its length, and
 * as what stands in it needs.  Of regions that overlap, the one in front stands
 * to the left: an access that comes from the left meets it first (MR-5).
 */
#include "reports/draw/internal.h"

#include <inttypes.h>
#include <stdarg.h>

#include "program/ops.h"
#include "program/text/text.h"

typedef unsigned __int128 Wide; /* an offset beyond 2^64, too */

/* Rows -------------------------------------------------------------------- */

static void clear_row(void *data)
{
    TwDrawRow *row = data;

    g_free(row->text);
    g_free(row->full);
}

GArray *tw_draw_rows(void)
{
    GArray *rows = g_array_new(FALSE, TRUE, sizeof(TwDrawRow));

    g_array_set_clear_func(rows, clear_row);
    return rows;
}

TwDrawRow *tw_draw_row(GArray *rows, const char *class_, const char *format,
                       ...)
{
    TwDrawRow row = {.class_ = class_, .space = TW_NONE};
    va_list args;

    va_start(args, format);
    row.text = g_strdup_vprintf(format, args);
    va_end(args);
    g_array_append_val(rows, row);
    return tw_draw_get(rows, rows->len - 1);
}

int tw_draw_rows_width(const GArray *rows, unsigned most)
{
    int width = 0;

    for (unsigned i = 0; i < rows->len; i++) {
        width = MAX(width, tw_svg_width(tw_draw_get(rows, i)->text));
    }
    return MIN(width, (int)most * TW_SVG_CHAR);
}

const char *tw_draw_way_class(unsigned way)
{
    return way == TW_WAY_NOW ? "tw-now" : "tw-seen";
}

/* What a region says ------------------------------------------------------ */

static Wide length_of(uint64_t size)
{
    return size == UINT64_MAX ? (Wide)1 << 64 : size;
}

static void describe_flags(const TwDraw *draw, uint8_t r, GString *out)
{
    const TwRegion *region = &draw->program->regions[r];
    const TwSceneRegion *now = &draw->scene->regions[r];

    if (region->kind == TW_REGION_IOMMU) {
        g_string_append_printf(
            out, " i%u%s", region->iommu,
            draw->scene->iommus >> region->iommu & 1 ? "" : " destroyed");
    }
    if (now->priority) {
        g_string_append_printf(out, " prio %" PRId32, now->priority);
    }
    if (region->block != r &&
        (region->kind == TW_REGION_RAM || region->kind == TW_REGION_ROM ||
         region->kind == TW_REGION_ROMD ||
         region->kind == TW_REGION_RAM_DEVICE)) {
        g_string_append_printf(out, " block r%u", region->block);
    }
    g_string_append(out, now->readonly ? " readonly" : "");
    g_string_append(out, region->kind == TW_REGION_ROMD && !now->romd_mode
                             ? " romd-off"
                             : "");
    g_string_append(out, now->shown       ? ""
                         : now->size == 0 ? " (empty)"
                                          : " disabled");
}

/* The end of a way that is in region r. */
static void describe_end(const TwPlace *end, unsigned way, uint8_t r,
                         GArray *rows)
{
    if (end->where == TW_AT_LEAF && end->region == r) {
        tw_draw_row(rows, tw_draw_way_class(way), "%s +0x%" PRIx64,
                    way == TW_WAY_NOW ? "now:" : "seen:", end->offset);
    }
}

void tw_draw_describe_region(TwDraw *draw, uint8_t r)
{
    const TwRegion *region = &draw->program->regions[r];
    const TwSceneRegion *now = &draw->scene->regions[r];
    GArray *rows = draw->regions[r].rows = tw_draw_rows();
    g_autoptr(GString) text = g_string_new(NULL);

    describe_flags(draw, r, text);
    tw_draw_row(rows, "tw-name", "r%u %s%s", r,
                tw_region_kind_name(region->kind), text->str);
    g_string_assign(text, "size ");
    tw_write_size(text, now->size);
    if (now->container == TW_NONE) {
        tw_draw_row(rows, "", "%s", text->str);
    } else if (now->size == 0 || now->addr + length_of(now->size) > (Wide)1
                                                                        << 64) {
        tw_draw_row(rows, "", "0x%" PRIx64 ", %s", now->addr, text->str);
    } else {
        tw_draw_row(rows, "", "0x%" PRIx64 "..0x%" PRIx64, now->addr,
                    now->addr + (uint64_t)(length_of(now->size) - 1));
    }
    if (region->kind == TW_REGION_ALIAS) {
        tw_draw_row(rows, "", "→ r%u +0x%" PRIx64, region->target,
                    now->alias_offset);
    }
    for (unsigned way = 0; way < TW_WAYS; way++) {
        if (draw->tales[way]) {
            describe_end(&draw->tales[way]->end, way, r, rows);
        }
    }
    if (draw->end) {
        describe_end(draw->end, TW_WAY_SEEN, r, rows);
    }
}

/* Scales ------------------------------------------------------------------ */

static unsigned log2_of(Wide length)
{
    unsigned n = 0;

    for (; length > 1; length >>= 1) {
        n++;
    }
    return n;
}

static TwDrawTick *tick(const GArray *ticks, unsigned i)
{
    return &g_array_index(ticks, TwDrawTick, i);
}

/* Where a region begins and ends in its container; one of size 0 is drawn as
 * if it had one byte. */
static void extent(const TwDraw *draw, uint8_t r, Wide *first, Wide *end)
{
    const TwSceneRegion *now = &draw->scene->regions[r];

    *first = now->addr;
    *end = *first + (now->size == 0 ? 1 : length_of(now->size));
}

static bool overlap(const TwDraw *draw, uint8_t a, uint8_t b)
{
    Wide a_first, a_end, b_first, b_end;

    extent(draw, a, &a_first, &a_end);
    extent(draw, b, &b_first, &b_end);
    return a_first < b_end && b_first < a_end;
}

static int by_offset(const void *a, const void *b)
{
    Wide x = ((const TwDrawTick *)a)->at, y = ((const TwDrawTick *)b)->at;

    return x < y ? -1 : x > y;
}

static void add_tick(GArray *ticks, Wide at)
{
    TwDrawTick new = {.at = at};

    for (unsigned i = 0; i < ticks->len; i++) {
        if (tick(ticks, i)->at == at) {
            return;
        }
    }
    g_array_append_val(ticks, new);
}

/* Height of an offset on a scale. */
static int scale_y(const GArray *ticks, Wide at)
{
    unsigned i = 0;
    const TwDrawTick *a, *b;

    if (at <= tick(ticks, 0)->at) {
        return tick(ticks, 0)->y;
    }
    if (at >= tick(ticks, ticks->len - 1)->at) {
        return tick(ticks, ticks->len - 1)->y;
    }
    while (at >= tick(ticks, i + 1)->at) {
        i++;
    }
    a = tick(ticks, i);
    b = tick(ticks, i + 1);
    return a->y + (int)((at - a->at) * (Wide)(b->y - a->y) / (b->at - a->at));
}

/* Makes stretches from..to higher by `more` in all, each by its share. */
static void stretch(GArray *ticks, unsigned from, unsigned to, int more)
{
    int y0 = tick(ticks, from)->y, height = tick(ticks, to)->y - y0;

    for (unsigned i = from + 1; i < ticks->len; i++) {
        TwDrawTick *t = tick(ticks, i);

        t->y += i < to ? more * (t->y - y0) / height : more;
    }
}

/* Children of region r, those in front first; returns how many. */
static unsigned children(const TwDraw *draw, uint8_t r,
                         uint8_t list[TW_MAX_REGIONS])
{
    unsigned n = 0;

    for (uint8_t c = draw->scene->regions[r].first_child; c != TW_NONE;
         c = draw->scene->regions[c].next_sibling) {
        list[n++] = c;
    }
    return n;
}

/* The scale of a region from what its children need. */
static void make_scale(TwDraw *draw, uint8_t r, const uint8_t *list, unsigned n)
{
    GArray *ticks = draw->regions[r].ticks;
    int y = 0;

    add_tick(ticks, 0);
    add_tick(ticks, length_of(draw->scene->regions[r].size));
    for (unsigned i = 0; i < n; i++) {
        Wide first, end;

        extent(draw, list[i], &first, &end);
        add_tick(ticks, first);
        add_tick(ticks, end);
    }
    g_array_sort(ticks, by_offset);
    for (unsigned i = 1; i < ticks->len; i++) {
        y += 4 + (int)log2_of(tick(ticks, i)->at - tick(ticks, i - 1)->at) / 3;
        tick(ticks, i)->y = y;
    }
    /* Short children first: what they stretch serves those around them. */
    for (unsigned span = 1; span < ticks->len; span++) {
        for (unsigned i = 0; i < n; i++) {
            int need = draw->regions[list[i]].need_h + TW_DRAW_GAP;
            unsigned from = 0, to;
            Wide first, end;
            int have;

            extent(draw, list[i], &first, &end);
            while (tick(ticks, from)->at < first) {
                from++;
            }
            for (to = from; tick(ticks, to)->at < end;) {
                to++;
            }
            have = tick(ticks, to)->y - tick(ticks, from)->y;
            if (to - from == span && have < need) {
                stretch(ticks, from, to, need - have);
            }
        }
    }
}

/* Measuring, placing ------------------------------------------------------ */

static int head_height(const TwDrawRegion *box)
{
    return (int)box->rows->len * TW_SVG_LINE + TW_DRAW_PAD;
}

/* Each child stands to the right of those in front of it that it overlaps. */
static int set_side_by_side(TwDraw *draw, const uint8_t *list, unsigned n)
{
    int width = 0;

    for (unsigned i = 0; i < n; i++) {
        TwDrawRegion *box = &draw->regions[list[i]];

        box->in_x = 0;
        for (unsigned k = 0; k < i; k++) {
            const TwDrawRegion *front = &draw->regions[list[k]];

            if (overlap(draw, list[i], list[k])) {
                box->in_x =
                    MAX(box->in_x, front->in_x + front->need_w + TW_DRAW_GAP);
            }
        }
        width = MAX(width, box->in_x + box->need_w);
    }
    return width;
}

void tw_draw_measure_region(TwDraw *draw, uint8_t r)
{
    TwDrawRegion *box = &draw->regions[r];
    uint8_t list[TW_MAX_REGIONS];
    unsigned n = children(draw, r, list);
    int inside;

    box->ticks = g_array_new(FALSE, TRUE, sizeof(TwDrawTick));
    box->need_w = TW_DRAW_STRIP + TW_DRAW_PAD +
                  tw_draw_rows_width(box->rows, TW_DRAW_LETTERS);
    box->need_h = head_height(box);
    if (n == 0) {
        box->need_h +=
            (int)log2_of(length_of(draw->scene->regions[r].size)) / 2 +
            (draw->program->regions[r].kind == TW_REGION_IOMMU ||
                     draw->program->regions[r].kind == TW_REGION_ALIAS
                 ? TW_DRAW_BAND
                 : 0);
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        tw_draw_measure_region(draw, list[i]);
    }
    inside = set_side_by_side(draw, list, n);
    box->need_w = MAX(box->need_w, TW_DRAW_STRIP + inside + TW_DRAW_PAD);
    make_scale(draw, r, list, n);
    box->need_h += tick(box->ticks, box->ticks->len - 1)->y + TW_DRAW_PAD;
}

void tw_draw_place_region(TwDraw *draw, uint8_t r, int x, int y, int w, int h)
{
    TwDrawRegion *box = &draw->regions[r];
    uint8_t list[TW_MAX_REGIONS];
    unsigned n = children(draw, r, list);

    box->x = x;
    box->y = y;
    box->w = w;
    box->h = h;
    if (n == 0) {
        return;
    }
    stretch(box->ticks, 0, box->ticks->len - 1, h - box->need_h);
    for (unsigned i = 0; i < box->ticks->len; i++) {
        tick(box->ticks, i)->y += y + head_height(box);
    }
    for (unsigned i = 0; i < n; i++) {
        int left = x + TW_DRAW_STRIP, right = x + w - TW_DRAW_PAD, top, bottom;
        Wide first, end;

        extent(draw, list[i], &first, &end);
        top = scale_y(box->ticks, first);
        bottom = scale_y(box->ticks, end) - TW_DRAW_GAP;
        /* to the right as far as nothing is behind it */
        for (unsigned k = i + 1; k < n; k++) {
            if (overlap(draw, list[i], list[k])) {
                right = MIN(right,
                            left + draw->regions[list[k]].in_x - TW_DRAW_GAP);
            }
        }
        left += draw->regions[list[i]].in_x;
        tw_draw_place_region(draw, list[i], left, top, right - left,
                             bottom - top);
    }
}

int tw_draw_region_y(const TwDraw *draw, uint8_t r, uint64_t at)
{
    const TwSceneRegion *now = &draw->scene->regions[r];
    const TwDrawRegion *box = &draw->regions[r];
    Wide length = length_of(now->size);
    int y;

    if (box->ticks->len) {
        return scale_y(box->ticks, at);
    }
    if (now->container != TW_NONE) {
        y = scale_y(draw->regions[now->container].ticks, (Wide)now->addr + at);
    } else {
        y = box->y + (int)((Wide)box->h * MIN(at, length) / (length + 1));
    }
    return CLAMP(y, box->y + 3, box->y + box->h - 3);
}

/* Writing ----------------------------------------------------------------- */

/* What lies beyond the end of a region that its children pass. */
static void beyond_end(const TwDraw *draw, uint8_t r, GString *svg)
{
    const TwDrawRegion *box = &draw->regions[r];
    Wide end = length_of(draw->scene->regions[r].size);
    const TwDrawTick *last;

    if (box->ticks->len == 0) {
        return;
    }
    last = tick(box->ticks, box->ticks->len - 1);
    if (last->at > end) {
        int y = scale_y(box->ticks, end);

        tw_svg_rect(svg, box->x, y, box->w, box->y + box->h - y, "tw-beyond",
                    "");
    }
}

void tw_draw_region_boxes(const TwDraw *draw, uint8_t r, GString *svg)
{
    const TwRegion *region = &draw->program->regions[r];
    const TwSceneRegion *now = &draw->scene->regions[r];
    const TwDrawRegion *box = &draw->regions[r];
    g_autofree char *class_ =
        g_strdup_printf("tw-region tw-%s%s", tw_region_kind_name(region->kind),
                        now->shown ? "" : " tw-hidden");
    g_autofree char *id = g_strdup_printf("data-id=\"r%u\"", r);
    uint8_t list[TW_MAX_REGIONS];
    unsigned n = children(draw, r, list);

    tw_svg_rect(svg, box->x, box->y, box->w, box->h, class_, id);
    for (unsigned i = 0; i < n; i++) {
        tw_draw_region_boxes(draw, list[i], svg);
    }
    beyond_end(draw, r, svg);
}

void tw_draw_region_labels(const TwDraw *draw, uint8_t r, GString *svg)
{
    const TwDrawRegion *box = &draw->regions[r];
    uint8_t list[TW_MAX_REGIONS];
    unsigned n = children(draw, r, list);

    for (unsigned i = 0; i < box->rows->len; i++) {
        const TwDrawRow *row = tw_draw_get(box->rows, i);

        tw_svg_label(svg, box->x + TW_DRAW_STRIP,
                     box->y + 3 + (int)i * TW_SVG_LINE,
                     box->w - TW_DRAW_STRIP - TW_DRAW_PAD, row->text, row->full,
                     row->class_);
    }
    for (unsigned i = 0; i < n; i++) {
        tw_draw_region_labels(draw, list[i], svg);
    }
}

void tw_draw_table_links(TwDraw *draw, GString *svg)
{
    for (unsigned i = 0; i < draw->n_cards; i++) {
        const TwDrawCard *card = &draw->cards[i];
        const TwDrawRegion *box;
        int x1, y1, y2 = card->y + TW_SVG_LINE / 2 + 3, bend;

        if (card->kind != TW_CARD_TABLE) {
            continue;
        }
        box = &draw->regions[tw_program_iommu_region(draw->program, card->id)];
        x1 = box->x + box->w;
        y1 = box->y + TW_SVG_LINE / 2 + 3;
        bend = TW_DRAW_GUTTER / 2;
        g_string_append_printf(
            svg,
            "<path class=\"tw-link tw-table-link\" d=\"M%d %dC%d %d %d %d %d "
            "%d\"/>\n",
            x1, y1, MAX(x1, card->x - TW_DRAW_GUTTER) + bend, y1,
            card->x - bend, y2, card->x, y2);
    }
}

void tw_draw_alias_links(const TwDraw *draw, GString *svg)
{
    for (unsigned r = 0; r < draw->program->n_regions; r++) {
        const TwRegion *region = &draw->program->regions[r];
        const TwDrawRegion *from = &draw->regions[r], *to;
        int y1 = from->y + 2 * TW_SVG_LINE + TW_SVG_LINE / 2, x2, y2, bend;

        if (region->kind != TW_REGION_ALIAS) {
            continue;
        }
        to = &draw->regions[region->target];
        x2 = to->x + to->w;
        y2 = tw_draw_region_y(draw, region->target,
                              draw->scene->regions[r].alias_offset);
        bend = 24 + ABS(y2 - y1) / 8;
        if (draw->cards[from->card].column != draw->cards[to->card].column &&
            to->x > from->x) {
            x2 = to->x;
            bend = -bend;
        }
        g_string_append_printf(
            svg,
            "<path class=\"tw-link tw-alias-link\" data-from=\"r%u\" "
            "data-to=\"r%u\" d=\"M%d %d C%d %d %d %d %d %d\" "
            "marker-end=\"url(#tw-arrow)\"/>\n",
            r, region->target, from->x + from->w, y1,
            from->x + from->w + ABS(bend), y1, x2 + bend, y2, x2, y2);
    }
}
