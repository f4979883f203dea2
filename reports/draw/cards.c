/* SPDX-License-Identifier: MIT */
/*
 * The cards of a drawing: one for each tree of regions with its spaces, for
 * each CPU with its page maps, for each IOMMU with its tables, for actor
 * offsets, and for the access.
 */
#include "reports/draw/internal.h"

#include <inttypes.h>
#include <string.h>

#include "program/ops.h"
#include "program/text/text.h"

enum {
    ROWS = 24,      /* of one page map or table, at most; rows that a path
                     * passes are drawn in addition */
    ROWS_MIN = 4,   /* the same if there are many lists */
    ALL_ROWS = 144, /* of all lists of a kind together, about */
};

static TwDrawCard *add_card(TwDraw *draw, TwCardKind kind, uint8_t id)
{
    TwDrawCard *card = &draw->cards[draw->n_cards++];

    *card = (TwDrawCard){.kind = kind, .id = id, .rows = tw_draw_rows()};
    return card;
}

TwDrawCard *tw_draw_card(TwDraw *draw, TwCardKind kind, uint8_t id)
{
    for (unsigned i = 0; i < draw->n_cards; i++) {
        if (draw->cards[i].kind == kind && draw->cards[i].id == id) {
            return &draw->cards[i];
        }
    }
    return NULL;
}

/* Entries ----------------------------------------------------------------- */

/* The access that is drawn. */
static const TwOp *accused(const TwDraw *draw)
{
    return tw_finding_accused(&draw->story->finding, draw->program);
}

TwDrawCard *tw_draw_step_card(TwDraw *draw, const TwStep *step)
{
    return step->kind == TW_STEP_PAGE
               ? tw_draw_card(draw, TW_CARD_CPU, accused(draw)->obj)
           : step->kind == TW_STEP_TRANSLATE
               ? tw_draw_card(draw, TW_CARD_TABLE, step->iommu)
               : NULL;
}

/* The index, of the MMU or the IOMMU, that a step looks something up in. */
static uint8_t step_index(const TwDraw *draw, const TwStep *step)
{
    return step->kind == TW_STEP_PAGE ? accused(draw)->index : step->index;
}

/* Low bits of an output that mean nothing (LA-13). */
static uint64_t low_bits(const TwDraw *draw, const TwDrawCard *card)
{
    return card->kind == TW_CARD_TABLE
               ? ((uint64_t)1 << draw->program->iommus[card->id].granule_lg) - 1
               : 0;
}

/* Is this the entry that the step found? */
static bool is_entry_of(const TwSceneEntry *entry, const TwStep *step,
                        uint64_t low)
{
    return step->there && !step->bypass && entry->first <= step->at &&
           step->at <= entry->last && entry->space == step->space &&
           entry->perm == step->perm &&
           ((entry->out + (step->at - entry->first)) & ~low) ==
               (step->out & ~low);
}

/* The next step of a way, from the i-th on, that looks something up in a list
 * of the card. */
static const TwStep *next_lookup(TwDraw *draw, const TwDrawCard *card,
                                 uint8_t index, unsigned way, unsigned *i)
{
    const GArray *steps = draw->tales[way] ? draw->tales[way]->steps : NULL;

    while (steps && *i < steps->len) {
        const TwStep *step = &g_array_index(steps, TwStep, (*i)++);

        if (tw_draw_step_card(draw, step) == card &&
            step_index(draw, step) == index) {
            return step;
        }
    }
    return NULL;
}

/* Does a way pass an entry? */
static bool is_passed(TwDraw *draw, const TwDrawCard *card, uint8_t index,
                      const TwSceneEntry *entry)
{
    for (unsigned way = 0; way < TW_WAYS; way++) {
        const TwStep *step;

        for (unsigned i = 0;
             (step = next_lookup(draw, card, index, way, &i));) {
            if (is_entry_of(entry, step, low_bits(draw, card))) {
                return true;
            }
        }
    }
    return false;
}

static void print_entry(GString *text, const TwSceneEntry *entry)
{
    g_string_printf(text, "0x%" PRIx64 "..0x%" PRIx64 " → ", entry->first,
                    entry->last);
    if (entry->space != TW_NONE) {
        g_string_append_printf(text, "s%u ", entry->space);
    }
    g_string_append_printf(text, "0x%" PRIx64 " ", entry->out);
    tw_write_perm(text, entry->perm);
    if (entry->op != TW_NO_OP) {
        g_string_append_printf(text, ", op %u", entry->op);
    }
}

/* A row for what a step met and what is not there as an entry. */
static void add_ghost(TwDrawCard *card, const TwStep *step, unsigned way,
                      uint8_t index)
{
    g_autoptr(GString) text = g_string_new(NULL);
    TwDrawRow *row;

    if (!step->there) {
        g_string_append(text, "no entry");
    } else {
        g_string_append(text, way == TW_WAY_SEEN ? "was → " : "→ ");
        if (step->space != TW_NONE) {
            g_string_append_printf(text, "s%u ", step->space);
        }
        g_string_append_printf(text, "0x%" PRIx64 " ", step->out);
        tw_write_perm(text, step->perm);
    }
    row = tw_draw_row(card->rows, tw_draw_way_class(way), "0x%" PRIx64 ": %s",
                      step->at, text->str);
    row->ghost = true;
    row->index = index;
    row->first = step->at;
    row->out = step->out;
    row->perm = step->perm;
    row->space = step->there ? step->space : TW_NONE;
    row->on[way] = true;
}

static bool is_ghost_of(const TwDrawRow *row, const TwStep *step)
{
    return row->ghost && row->first == step->at &&
           row->space == (step->there ? step->space : TW_NONE) &&
           row->out == step->out && row->perm == step->perm;
}

static bool is_row_of(const TwDraw *draw, const TwDrawCard *card,
                      const TwDrawRow *row, const TwStep *step)
{
    TwSceneEntry entry = {.first = row->first,
                          .last = row->last,
                          .out = row->out,
                          .space = row->space,
                          .perm = row->perm};

    return row->ghost ? is_ghost_of(row, step)
           : row->bypass
               ? step->bypass
               : row->entry && is_entry_of(&entry, step, low_bits(draw, card));
}

/* The row of a list that a step passes, or NULL. */
static TwDrawRow *find_row(const TwDraw *draw, TwDrawCard *card, uint8_t index,
                           const TwStep *step)
{
    for (unsigned i = 0; i < card->rows->len; i++) {
        TwDrawRow *row = tw_draw_get(card->rows, i);

        if ((row->index == index || row->bypass) &&
            is_row_of(draw, card, row, step)) {
            return row;
        }
    }
    return NULL;
}

/* Marks the rows that the ways pass; what no row shows gets one. */
static void add_ghosts(TwDraw *draw, TwDrawCard *card, uint8_t index)
{
    for (unsigned way = 0; way < TW_WAYS; way++) {
        const TwStep *step;

        for (unsigned i = 0;
             (step = next_lookup(draw, card, index, way, &i));) {
            TwDrawRow *row = find_row(draw, card, index, step);

            if (row) {
                row->on[way] = true;
            } else {
                add_ghost(card, step, way, index);
            }
        }
    }
}

/* The row that stands for `left` others; their texts are its title. */
static void add_rest(TwDrawCard *card, unsigned left, const GString *texts)
{
    TwDrawRow *row = tw_draw_row(card->rows, "tw-small", "… and %u more", left);

    row->full = g_strdup(texts->str);
}

/* What a translation read of tables in RAM, level by level; what both ways read
 * alike, once. */
static void add_levels(TwDraw *draw, TwDrawCard *card, uint8_t index)
{
    g_autoptr(GHashTable) texts =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (unsigned way = 0; way < TW_WAYS; way++) {
        const TwTale *tale = draw->tales[way];
        bool here = false;

        for (unsigned i = 0; tale && i < tale->steps->len; i++) {
            const TwStep *step = &g_array_index(tale->steps, TwStep, i);
            g_autoptr(GString) text = g_string_new(NULL);

            if (step->kind == TW_STEP_TRANSLATE) {
                here = tw_draw_step_card(draw, step) == card &&
                       step->index == index;
            }
            if (!here || (step->kind != TW_STEP_CONTEXT &&
                          step->kind != TW_STEP_ENTRY)) {
                continue;
            }
            tw_step_print(draw->story, tale, step, text);
            if (g_hash_table_add(texts, g_strdup(text->str))) {
                tw_draw_row(card->rows, tw_draw_way_class(way), "%s",
                            text->str);
            }
        }
    }
}

/* One page map, or one index of a table. */
static void add_list(TwDraw *draw, TwDrawCard *card, uint8_t index,
                     const GArray *entries, unsigned most)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) rest = g_string_new(NULL);
    unsigned shown = 0, left = 0;

    for (unsigned i = 0; i < entries->len; i++) {
        const TwSceneEntry *entry = &g_array_index(entries, TwSceneEntry, i);
        TwDrawRow *row;

        print_entry(text, entry);
        if (shown >= most && entries->len > most + 1 &&
            !is_passed(draw, card, index, entry)) {
            g_string_append_printf(rest, "%s%s", left ? "\n" : "", text->str);
            left++;
            continue;
        }
        shown++;
        row = tw_draw_row(card->rows, "", "%s", text->str);
        row->entry = true;
        row->index = index;
        row->first = entry->first;
        row->last = entry->last;
        row->out = entry->out;
        row->space = entry->space;
        row->perm = entry->perm;
    }
    if (left) {
        add_rest(card, left, rest);
    }
    add_ghosts(draw, card, index);
    if (card->kind == TW_CARD_TABLE) {
        add_levels(draw, card, index);
    }
    if (entries->len == 0) {
        tw_draw_row(card->rows, "tw-small", "nothing%s",
                    card->kind == TW_CARD_CPU ? " in its page map" : "");
    }
}

/* The number of rows that each of n lists may have. */
static unsigned share(unsigned n)
{
    return CLAMP(ALL_ROWS / MAX(n, 1), ROWS_MIN, ROWS);
}

TwDrawRow *tw_draw_step_row(TwDraw *draw, const TwStep *step)
{
    return find_row(draw, tw_draw_step_card(draw, step), step_index(draw, step),
                    step);
}

/* Cards ------------------------------------------------------------------- */

bool tw_draw_not_told(const TwStory *story)
{
    return story->seen.class_ <= TW_CLASS_DEVICE_ERROR &&
           story->seen.n_places == 0 && !story->seen.broken;
}

static void add_access(TwDraw *draw)
{
    const TwStory *story = draw->story;
    TwDrawCard *card = add_card(draw, TW_CARD_ACCESS, 0);
    g_autoptr(GString) text = g_string_new(NULL);

    tw_op_print(draw->program, accused(draw), text);
    tw_draw_row(card->rows, "tw-name", "op %u%s: %s", story->finding.op,
                story->finding.starter ? ", by its device" : "", text->str);
    tw_draw_row(card->rows, "", "its byte %u, at 0x%" PRIx64, draw->part->byte,
                draw->part->addr);
    if (!draw->tales[TW_WAY_SEEN] && !draw->end) {
        tw_draw_row(
            card->rows, "tw-seen", "seen: %s%s",
            story->seen.class_ < TW_CLASSES ? tw_class_name(story->seen.class_)
                                            : "nothing",
            tw_draw_not_told(story) ? "; where it went is not told" : "");
    }
}

static void add_cpu(TwDraw *draw, unsigned c, unsigned most)
{
    const TwCpu *cpu = &draw->program->cpus[c];
    TwDrawCard *card = add_card(draw, TW_CARD_CPU, c);
    g_autoptr(GString) text = g_string_new(NULL);

    if (cpu->victims) {
        g_string_append_printf(text, ", victims %u", cpu->victims);
    }
    tw_draw_row(card->rows, "tw-name", "c%u cpu, tlb %u%s%s", c,
                1u << cpu->tlb_lg, text->str,
                draw->scene->cpus >> c & 1 ? "" : ", unplugged");
    for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
        if (cpu->mmu[m].present) {
            g_string_assign(text, "");
            tw_write_attrs(text, cpu->mmu[m].attrs);
            tw_draw_row(card->rows, "tw-name", "c%u.%u in s%u, attrs %s", c, m,
                        cpu->mmu[m].space, text->str)
                ->index = m;
            add_list(draw, card, m, draw->scene->pages[c][m], most);
        }
    }
}

static void add_cpus(TwDraw *draw)
{
    const TwProgram *program = draw->program;
    unsigned n = 0;

    for (unsigned c = 0; c < program->n_cpus; c++) {
        for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
            n += program->cpus[c].present && program->cpus[c].mmu[m].present;
        }
    }
    for (unsigned c = 0; c < program->n_cpus; c++) {
        if (program->cpus[c].present) {
            add_cpu(draw, c, share(n));
        }
    }
}

static void add_actors(TwDraw *draw)
{
    TwDrawCard *card = NULL;

    for (unsigned a = 0; a < draw->program->n_actors; a++) {
        const TwActor *actor = &draw->program->actors[a];
        g_autoptr(GString) text = g_string_new(NULL);

        if (actor->region == TW_NONE) {
            continue;
        }
        if (!card) {
            card = add_card(draw, TW_CARD_ACTORS, 0);
            tw_draw_row(card->rows, "tw-name", "actor offsets");
        }
        tw_op_print(draw->program, &actor->op, text);
        tw_draw_row(card->rows, "", "r%u+0x%" PRIx64 ": %s", actor->region,
                    actor->offset, text->str);
    }
}

/* The end of a way that is in a tree, and in none of its regions. */
static void add_tree_end(const TwDraw *draw, TwDrawCard *card, unsigned way)
{
    const TwTale *tale = draw->tales[way];
    const TwStep *last = NULL;

    for (unsigned i = 0; tale && i < tale->steps->len; i++) {
        const TwStep *step = &g_array_index(tale->steps, TwStep, i);

        last = step->kind == TW_STEP_SPACE ? step : last;
    }
    if (last && draw->program->spaces[last->space].root == card->id &&
        (tale->end.where == TW_AT_HOLE || tale->end.where == TW_AT_LOOP)) {
        tw_draw_row(card->rows, tw_draw_way_class(way),
                    "%s s%u 0x%" PRIx64 " %s",
                    way == TW_WAY_NOW ? "now:" : "seen:", last->space, last->at,
                    tale->end.where == TW_AT_HOLE ? "is a hole"
                                                  : "is an IOMMU too many");
    }
}

static void add_trees(TwDraw *draw)
{
    const TwProgram *program = draw->program;

    for (unsigned r = 0; r < program->n_regions; r++) {
        const char *before = "";
        g_autoptr(GString) spaces = g_string_new(NULL);
        TwDrawCard *card;

        if (program->regions[r].kind == TW_REGION_NONE ||
            draw->scene->regions[r].container != TW_NONE) {
            continue;
        }
        card = add_card(draw, TW_CARD_TREE, r);
        for (unsigned s = 0; s < program->n_spaces; s++) {
            if (program->spaces[s].present && program->spaces[s].root == r) {
                g_string_append_printf(
                    spaces, "%ss%u%s", before, s,
                    draw->scene->root[s] == r ? "" : " (not there)");
                before = ", ";
            }
        }
        tw_draw_row(card->rows, "tw-name", "%s",
                    spaces->len ? spaces->str : "in no space");
        for (unsigned way = 0; way < TW_WAYS; way++) {
            add_tree_end(draw, card, way);
        }
    }
}

/* What an IOMMU does besides its entries. */
static void describe_iommu(const TwDraw *draw, TwDrawCard *card)
{
    const TwIommu *iommu = &draw->program->iommus[card->id];
    g_autoptr(GString) text = g_string_new(NULL);

    tw_draw_row(card->rows, "tw-name", "i%u %s, granule 0x%x%s", card->id,
                tw_iommu_kind_name(iommu->kind), 1u << iommu->granule_lg,
                iommu->iotlb ? ", IOTLB" : "");
    if (iommu->kind == TW_IOMMU_MPC) {
        g_string_append_printf(text, "open to s%u, closed to s%u",
                               iommu->bypass_space, iommu->mpc.blocked_space);
    } else if (iommu->kind == TW_IOMMU_PAGETABLE) {
        g_string_append_printf(text, "%s, %u levels ",
                               tw_format_name(iommu->pagetable.format),
                               iommu->pagetable.levels);
        if (iommu->pagetable.nested) {
            g_string_append_printf(text, "in s%u", iommu->bypass_space);
        } else {
            g_string_append_printf(text, "in r%u, to s%u",
                                   iommu->pagetable.tables,
                                   iommu->bypass_space);
        }
        if (iommu->pagetable.updates_ad) {
            g_string_append(text, ", walks set A and D");
        }
        if (iommu->pagetable.output != 0) {
            g_string_append_printf(text, ", addresses of %u bits",
                                   iommu->pagetable.output);
        }
    } else if (iommu->indexes > 1) {
        g_string_append_printf(text, "%u indexes, by %s", iommu->indexes,
                               tw_select_name(iommu->select));
    }
    if (text->len) {
        tw_draw_row(card->rows, "", "%s", text->str);
    }
    if (draw->scene->bypass[card->id]) {
        TwDrawRow *row = tw_draw_row(
            card->rows, "", "in bypass: everything → s%u", iommu->bypass_space);

        row->bypass = true;
        row->space = iommu->bypass_space;
    }
}

static void add_tables(TwDraw *draw)
{
    const TwProgram *program = draw->program;
    unsigned n = 0;

    for (unsigned i = 0; i < program->n_iommus; i++) {
        n += program->iommus[i].kind == TW_IOMMU_NONE
                 ? 0
                 : program->iommus[i].indexes;
    }
    for (unsigned i = 0; i < program->n_iommus; i++) {
        const TwIommu *iommu = &program->iommus[i];
        TwDrawCard *card;

        if (iommu->kind == TW_IOMMU_NONE) {
            continue;
        }
        card = add_card(draw, TW_CARD_TABLE, i);
        describe_iommu(draw, card);
        for (unsigned k = 0; k < iommu->indexes; k++) {
            if (iommu->indexes > 1) {
                tw_draw_row(card->rows, "tw-name", "i%u.%u", i, k)->index = k;
            }
            add_list(draw, card, k, draw->scene->tables[i][k], share(n));
        }
    }
}

void tw_draw_describe_cards(TwDraw *draw)
{
    if (draw->part) {
        add_access(draw);
    }
    add_cpus(draw);
    add_actors(draw);
    add_trees(draw);
    add_tables(draw);
}

/* Writing ----------------------------------------------------------------- */

void tw_draw_card_boxes(const TwDraw *draw, const TwDrawCard *card,
                        GString *svg)
{
    static const char *const classes[] = {
        [TW_CARD_ACCESS] = "tw-card tw-access",
        [TW_CARD_CPU] = "tw-card tw-cpu",
        [TW_CARD_ACTORS] = "tw-card tw-actors",
        [TW_CARD_TREE] = "tw-card tw-tree",
        [TW_CARD_TABLE] = "tw-card tw-table",
    };
    g_autofree char *id =
        card->kind == TW_CARD_CPU || card->kind == TW_CARD_TABLE
            ? g_strdup_printf("rx=\"4\" data-id=\"%c%u\"",
                              card->kind == TW_CARD_CPU ? 'c' : 'i', card->id)
            : g_strdup("rx=\"4\"");

    tw_svg_rect(svg, card->x, card->y, card->w, card->h, classes[card->kind],
                id);
    for (unsigned i = 0; i < card->rows->len; i++) {
        const TwDrawRow *row = tw_draw_get(card->rows, i);

        if (row->on[TW_WAY_NOW] || row->on[TW_WAY_SEEN]) {
            tw_svg_rect(svg, card->x + 1, row->y, card->w - 2, TW_SVG_LINE,
                        !row->on[TW_WAY_SEEN]  ? "tw-row-now"
                        : !row->on[TW_WAY_NOW] ? "tw-row-seen"
                                               : "tw-row-both",
                        "");
        }
    }
    if (card->kind == TW_CARD_TREE) {
        tw_draw_region_boxes(draw, card->id, svg);
    }
}

void tw_draw_card_labels(const TwDraw *draw, const TwDrawCard *card,
                         GString *svg)
{
    for (unsigned i = 0; i < card->rows->len; i++) {
        const TwDrawRow *row = tw_draw_get(card->rows, i);

        tw_svg_label(svg, card->x + TW_DRAW_PAD + 2, row->y,
                     card->w - 2 * TW_DRAW_PAD - 2, row->text, row->full,
                     row->class_);
    }
    if (card->kind == TW_CARD_TREE) {
        tw_draw_region_labels(draw, card->id, svg);
    }
}
