/* SPDX-License-Identifier: MIT */
/*
 * Inside this folder only: a drawing while it is made.  What is drawn is first
 * described (rows of text), then measured, then placed, then written; all
 * lengths are whole pixels.
 *
 *   regions.c  regions as boxes inside boxes
 *   cards.c    what stands around them: spaces, CPUs, IOMMU tables
 *   layout.c   where the cards stand
 *   ways.c     the ways of an access
 *   draw.c          the order of it all, and the legend
 */
#ifndef TW_REPORTS_DRAW_INTERNAL_H
#define TW_REPORTS_DRAW_INTERNAL_H

#include "reports/draw/draw.h"
#include "reports/draw/svg.h"

enum {
    TW_DRAW_STRIP = 16, /* left of a box's labels: here ways end */
    TW_DRAW_PAD = 5,    /* right of and below what is in a box */
    TW_DRAW_BAND = 10, /* below labels of IOMMUs and aliases: here ways leave */
    TW_DRAW_GAP = 4,   /* between boxes */
    TW_DRAW_GUTTER = 84,  /* between columns of cards: here ways run */
    TW_DRAW_SPACING = 26, /* between cards above each other */
    TW_DRAW_LETTERS = 44, /* of a label at most, unless there is room */
    TW_DRAW_CARDS = TW_MAX_REGIONS + TW_MAX_IOMMUS + TW_MAX_CPUS + 2,
    TW_DRAW_COLUMNS = 9,
};

/* The two ways, by number: how the access goes, and how it was seen to go. */
enum { TW_WAY_NOW, TW_WAY_SEEN, TW_WAYS };

/* A row of text in a box or card, owner of its texts. */
typedef struct TwDrawRow {
    char *text;
    char *full;         /* shown when the mouse points at it, or NULL */
    const char *class_; /* of the label, or "" */
    int y;              /* top, once it is placed */
    /* Rows of page maps and IOMMU tables: */
    bool entry;    /* stands for first .. last */
    bool bypass;   /* stands for everything, in bypass */
    bool ghost;    /* does not exist (any more), but a path passes it */
    uint8_t index; /* of the MMU or the IOMMU */
    uint8_t space; /* where it leads, or TW_NONE */
    uint8_t perm;
    uint64_t first, last, out;
    bool on[TW_WAYS]; /* a way passes */
} TwDrawRow;

/* A place on the scale of a region that contains others. */
typedef struct TwDrawTick {
    unsigned __int128 at; /* offset */
    int y;
} TwDrawTick;

typedef struct TwDrawRegion {
    GArray *rows;       /* TwDrawRow: its labels */
    GArray *ticks;      /* TwDrawTick, ascending; empty: nothing is in it */
    int need_w, need_h; /* the least that it can be drawn in */
    int in_x;           /* in its container, from the strip */
    int x, y, w, h;
    uint8_t card;
} TwDrawRegion;

typedef enum TwCardKind {
    TW_CARD_ACCESS,
    TW_CARD_CPU, /* id: CPU */
    TW_CARD_ACTORS,
    TW_CARD_TREE,  /* id: a region without container, and all in it */
    TW_CARD_TABLE, /* id: IOMMU */
} TwCardKind;

typedef struct TwDrawCard {
    uint8_t kind, id;
    uint8_t column;
    uint8_t depth; /* trees: spaces passed to get there */
    bool reached;  /* trees: depth means something */
    GArray *rows;  /* TwDrawRow */
    int x, y, w, h;
} TwDrawCard;

typedef struct TwDraw {
    const TwScene *scene;
    const TwProgram *program;
    const TwStory *story; /* or NULL */
    const TwPart *part;   /* of the story: the byte whose ways are drawn */
    /* What the ways are made of: the tale of each, or NULL; of the second,
     * if its path is not known, its end. */
    const TwTale *tales[TW_WAYS];
    const TwPlace *end;
    TwDrawRegion regions[TW_MAX_REGIONS];
    unsigned n_cards;
    TwDrawCard cards[TW_DRAW_CARDS];
    int column_x[TW_DRAW_COLUMNS], column_w[TW_DRAW_COLUMNS];
    int top, bottom, width; /* of the cards */
} TwDraw;

/* Rows -------------------------------------------------------------------- */

GArray *tw_draw_rows(void);
/* Adds a row with a printed text; it may be changed until the next one. */
TwDrawRow *tw_draw_row(GArray *rows, const char *class_, const char *format,
                       ...) G_GNUC_PRINTF(3, 4);
static inline TwDrawRow *tw_draw_get(const GArray *rows, unsigned i)
{
    return &g_array_index(rows, TwDrawRow, i);
}
/* Pixels of the longest, at most those of `most` letters. */
int tw_draw_rows_width(const GArray *rows, unsigned most);
const char *tw_draw_way_class(unsigned way); /* "tw-now", "tw-seen" */

/* Regions ----------------------------------------------------------------- */

void tw_draw_describe_region(TwDraw *draw, uint8_t region);
void tw_draw_measure_region(TwDraw *draw, uint8_t region);
void tw_draw_place_region(TwDraw *draw, uint8_t region, int x, int y, int w,
                          int h);
/* The height at which offset `at` of a region is. */
int tw_draw_region_y(const TwDraw *draw, uint8_t region, uint64_t at);
void tw_draw_region_boxes(const TwDraw *draw, uint8_t region, GString *svg);
void tw_draw_region_labels(const TwDraw *draw, uint8_t region, GString *svg);
/* IOMMUs are tied to their tables, aliases point at their targets. */
void tw_draw_table_links(TwDraw *draw, GString *svg);
void tw_draw_alias_links(const TwDraw *draw, GString *svg);

/* Cards ------------------------------------------------------------------- */

/* Makes all cards, with what the ways need. */
void tw_draw_describe_cards(TwDraw *draw);
/* The card of that kind, or NULL. */
TwDrawCard *tw_draw_card(TwDraw *draw, TwCardKind kind, uint8_t id);
/* The card, and the row in it, that a step of a way passes (PAGE, TRANSLATE;
 * for other steps there is no card). */
TwDrawCard *tw_draw_step_card(TwDraw *draw, const TwStep *step);
TwDrawRow *tw_draw_step_row(TwDraw *draw, const TwStep *step);
/* Does the target not say where the accused access went, though it went
 * somewhere? */
bool tw_draw_not_told(const TwStory *story);

void tw_draw_card_boxes(const TwDraw *draw, const TwDrawCard *card,
                        GString *svg);
void tw_draw_card_labels(const TwDraw *draw, const TwDrawCard *card,
                         GString *svg);

/* Layout, ways ------------------------------------------------------------ */

/* Places everything, from that height on. */
void tw_draw_layout(TwDraw *draw, int top);
void tw_draw_ways(TwDraw *draw, GString *svg);

#endif
