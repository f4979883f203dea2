/* SPDX-License-Identifier: MIT */
/*
 * Where the cards stand: the access and the CPUs on the left, then, to the
 * right, trees of regions by the number of spaces that an access passes to get
 * there, each with the tables of its IOMMUs beside it.  Ways run between the
 * columns, where nothing stands.
 */
#include "reports/draw/internal.h"

#include "program/ops.h"

/* PAIRS: pairs of columns, for trees with their tables, at most. */
enum { PAIRS = (TW_DRAW_COLUMNS - 1) / 2, MARGIN = 30 };

/* How deep ---------------------------------------------------------------- */

/* The region without container that region r is in. */
static uint8_t tree_of(const TwDraw *draw, uint8_t r)
{
    while (draw->scene->regions[r].container != TW_NONE) {
        r = draw->scene->regions[r].container;
    }
    return r;
}

typedef struct Search {
    TwDraw *draw;
    TwDrawCard *queue[TW_MAX_REGIONS];
    unsigned n; /* found, in order */
} Search;

static void reach_tree(Search *search, uint8_t r, unsigned depth)
{
    TwDrawCard *card =
        tw_draw_card(search->draw, TW_CARD_TREE, tree_of(search->draw, r));

    if (!card->reached) {
        card->reached = true;
        card->depth = depth;
        search->queue[search->n++] = card;
    }
}

static void reach_space(Search *search, uint8_t space, unsigned depth)
{
    const TwProgram *program = search->draw->program;

    if (space < program->n_spaces && program->spaces[space].present) {
        reach_tree(search, program->spaces[space].root, depth);
    }
}

/* Where an IOMMU leads. */
static void follow_iommu(Search *search, const TwDrawCard *card, uint8_t i)
{
    const TwIommu *iommu = &search->draw->program->iommus[i];

    for (unsigned k = 0; k < TW_MAX_IOMMU_INDEXES; k++) {
        const GArray *entries = search->draw->scene->tables[i][k];

        for (unsigned e = 0; e < entries->len; e++) {
            reach_space(search, g_array_index(entries, TwSceneEntry, e).space,
                        card->depth + 1);
        }
    }
    if (iommu->kind != TW_IOMMU_TABLE || search->draw->scene->bypass[i]) {
        reach_space(search, iommu->bypass_space, card->depth + 1);
    }
    if (iommu->kind == TW_IOMMU_MPC) {
        reach_space(search, iommu->mpc.blocked_space, card->depth + 1);
    }
}

static void follow_tree(Search *search, const TwDrawCard *card)
{
    const TwProgram *program = search->draw->program;

    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned r = 0; r < program->n_regions; r++) {
            const TwRegion *region = &program->regions[r];

            if (region->kind == TW_REGION_NONE ||
                tree_of(search->draw, r) != card->id) {
                continue;
            }
            if (pass == 0 && region->kind == TW_REGION_ALIAS) {
                reach_tree(search, region->target, card->depth);
            } else if (pass == 1 && region->kind == TW_REGION_IOMMU) {
                follow_iommu(search, card, region->iommu);
            }
        }
    }
}

/* Where accesses start: the one that is drawn before all others, then those of
 * CPUs, and of DMA. */
static void start_search(Search *search)
{
    const TwProgram *program = search->draw->program;
    const TwTale *tale = search->draw->tales[TW_WAY_NOW];

    for (unsigned i = 0; tale && i < tale->steps->len; i++) {
        const TwStep *step = &g_array_index(tale->steps, TwStep, i);

        if (step->kind == TW_STEP_SPACE) {
            reach_space(search, step->space, 0);
            break;
        }
    }
    for (unsigned c = 0; c < program->n_cpus; c++) {
        for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
            if (program->cpus[c].present && program->cpus[c].mmu[m].present) {
                reach_space(search, program->cpus[c].mmu[m].space, 0);
            }
        }
    }
    for (unsigned i = 0; i < program->n_script; i++) {
        const TwOp *op = &program->script[i];

        if (op->code == TW_OP_DMA_READ || op->code == TW_OP_DMA_WRITE) {
            reach_space(search, op->obj, 0);
        }
    }
}

/* Columns ----------------------------------------------------------------- */

static void place_rows(TwDrawCard *card)
{
    for (unsigned i = 0; i < card->rows->len; i++) {
        tw_draw_get(card->rows, i)->y = card->y + 3 + (int)i * TW_SVG_LINE;
    }
}

static int rows_height(const TwDrawCard *card)
{
    return (int)card->rows->len * TW_SVG_LINE + 6;
}

static void measure_card(TwDraw *draw, TwDrawCard *card)
{
    card->w = tw_draw_rows_width(card->rows, TW_DRAW_LETTERS + 20) +
              2 * TW_DRAW_PAD + 2;
    card->h = rows_height(card);
    if (card->kind == TW_CARD_TREE) {
        const TwDrawRegion *box = &draw->regions[card->id];

        tw_draw_measure_region(draw, card->id);
        card->w = MAX(card->w, box->need_w + 2 * TW_DRAW_PAD);
        card->h += box->need_h + TW_DRAW_PAD;
    }
    draw->column_w[card->column] = MAX(draw->column_w[card->column], card->w);
}

/* Puts a card at the top of what is left of its column. */
static void place_card(TwDraw *draw, TwDrawCard *card, int y)
{
    card->x = draw->column_x[card->column];
    card->y = y;
    card->w =
        card->kind == TW_CARD_TREE ? card->w : draw->column_w[card->column];
    place_rows(card);
    if (card->kind == TW_CARD_TREE) {
        tw_draw_place_region(draw, card->id, card->x + TW_DRAW_PAD,
                             y + rows_height(card), card->w - 2 * TW_DRAW_PAD,
                             draw->regions[card->id].need_h);
    }
    draw->bottom = MAX(draw->bottom, y + card->h);
}

/* The column pair of a tree: deep ones share. */
static unsigned pair_of(unsigned depth, unsigned deepest)
{
    return deepest < PAIRS ? depth : depth * PAIRS / (deepest + 1);
}

static void set_columns(TwDraw *draw, Search *search)
{
    unsigned deepest = 0;

    for (unsigned i = 0; i < search->n; i++) {
        deepest = MAX(deepest, search->queue[i]->depth);
    }
    for (unsigned i = 0; i < search->n; i++) {
        TwDrawCard *card = search->queue[i];

        card->column = 1 + 2 * pair_of(card->depth, deepest);
    }
    for (unsigned r = 0; r < draw->program->n_regions; r++) {
        if (draw->program->regions[r].kind != TW_REGION_NONE) {
            draw->regions[r].card =
                tw_draw_card(draw, TW_CARD_TREE, tree_of(draw, r)) -
                draw->cards;
        }
    }
    for (unsigned i = 0; i < draw->n_cards; i++) {
        TwDrawCard *card = &draw->cards[i];

        if (card->kind == TW_CARD_TABLE) {
            uint8_t r = tw_program_iommu_region(draw->program, card->id);

            card->column = draw->cards[draw->regions[r].card].column + 1;
        }
        measure_card(draw, card);
    }
}

static void set_column_places(TwDraw *draw)
{
    int x = MARGIN;

    for (unsigned i = 0; i < TW_DRAW_COLUMNS; i++) {
        draw->column_x[i] = x;
        if (draw->column_w[i]) {
            x += draw->column_w[i] + TW_DRAW_GUTTER;
        }
    }
    draw->width = x;
}

/* A tree, and beside it the tables of its IOMMUs in the order of their
 * regions' heights; returns where the next one may begin. */
static int place_tree(TwDraw *draw, TwDrawCard *tree, int y)
{
    int below = y;

    place_card(draw, tree, y);
    for (;;) {
        TwDrawCard *next = NULL;
        int next_y = 0;

        for (unsigned i = 0; i < draw->n_cards; i++) {
            TwDrawCard *card = &draw->cards[i];
            uint8_t r;

            if (card->kind != TW_CARD_TABLE || card->y) {
                continue;
            }
            r = tw_program_iommu_region(draw->program, card->id);
            if (&draw->cards[draw->regions[r].card] == tree &&
                (!next || draw->regions[r].y < next_y)) {
                next = card;
                next_y = draw->regions[r].y;
            }
        }
        if (!next) {
            break;
        }
        place_card(draw, next, MAX(below, next_y));
        below = next->y + next->h + TW_DRAW_SPACING / 2;
    }
    return MAX(below, y + tree->h + TW_DRAW_SPACING);
}

void tw_draw_layout(TwDraw *draw, int top)
{
    Search search = {.draw = draw};
    int y[TW_DRAW_COLUMNS];

    start_search(&search);
    for (unsigned i = 0; i < search.n; i++) {
        follow_tree(&search, search.queue[i]);
    }
    for (unsigned i = 0; i < draw->n_cards; i++) {
        if (draw->cards[i].kind == TW_CARD_TREE && !draw->cards[i].reached) {
            reach_tree(&search, draw->cards[i].id, 0);
        }
    }
    set_columns(draw, &search);
    set_column_places(draw);
    draw->top = draw->bottom = top;
    for (unsigned i = 0; i < TW_DRAW_COLUMNS; i++) {
        y[i] = top;
    }
    for (unsigned i = 0; i < draw->n_cards; i++) {
        TwDrawCard *card = &draw->cards[i];

        if (card->kind != TW_CARD_TREE && card->kind != TW_CARD_TABLE) {
            place_card(draw, card, y[0]);
            y[0] += card->h + TW_DRAW_SPACING;
        }
    }
    for (unsigned i = 0; i < search.n; i++) {
        TwDrawCard *card = search.queue[i];

        y[card->column] = place_tree(draw, card, y[card->column]);
    }
}
