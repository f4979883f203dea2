/* SPDX-License-Identifier: MIT */
/*
 * What the guest's pages show, without any engine: the region graph, its flat
 * view, the page map's rights, and which mappings an engine that follows them
 * by differences has.  The target (map.c) makes its calls from this; what the
 * target says of a program without running it (trigger.c) follows it too.
 */
#ifndef TW_TARGETS_UNICORN_FLAT_H
#define TW_TARGETS_UNICORN_FLAT_H

#include <glib.h>

#include "program/model.h"

enum {
    /* Pages are of 2^page_lg bytes, a property of a target (and of each program
     * that it runs): the sizes in which memory can be mapped. */
    MIN_PAGE_LG = 10,
    MAX_PAGE_LG = 12,
    MAX_PAGE = 1 << MAX_PAGE_LG,
    PAGES_LG = 10,
    PAGES = 1 << PAGES_LG, /* of a window, and of a block: addresses of a
                            * program are 0 .. 2^(PAGES_LG + page_lg) - 1 */
    NO_ENTRY = 0x80,       /* rights of a page without page-map entry */
};

/*
 * What a page of the guest shows: 0 nothing, else one of these, a block or
 * region, and the page of its offset.  The next page of the same is one more.
 */
typedef uint32_t Shown;
#define SHOWS_RAM 0x40000000u
#define SHOWS_DEVICE 0x80000000u

static inline Shown shown_make(uint32_t what, uint8_t id, uint32_t page)
{
    return what | (uint32_t)id << 16 | page;
}
static inline uint8_t shown_id(Shown shown)
{
    return (uint8_t)(shown >> 16);
}
static inline uint32_t shown_page(Shown shown)
{
    return shown & 0xffff;
}

/* The live graph; sizes and offsets in pages (LA-5, LA-6). */
typedef struct Region {
    int64_t size, addr, alias_offset;
    int32_t priority;
    uint8_t kind, container, target;
    uint8_t child, next; /* first child; next of the same container */
    uint8_t block;
    bool enabled;
} Region;

typedef struct Graph {
    Region regions[TW_MAX_REGIONS];
    uint8_t root; /* or TW_NONE */
    uint8_t page_lg;
    unsigned depth;
    bool pending;
    bool too_deep;       /* aliases of aliases: it cannot be rendered */
    Shown view[PAGES];   /* committed */
    unsigned first, end; /* pages of the view that the latest commit changed */
} Graph;

/* graph.c: the topology at the start, rendered, with pages of 2^page_lg bytes;
 * a change of it.  True: the change was an effective commit, and the view was
 * made anew; `first` and `end` say where it is another. */
void tw_uc_graph_init(Graph *graph, const TwProgram *program, unsigned page_lg);
bool tw_uc_graph_change(Graph *graph, const TwOp *op);

typedef struct Flat {
    Graph graph;
    unsigned page_lg;
    uint8_t rights[PAGES]; /* of page-map entries, or NO_ENTRY */
    Shown mapped[PAGES];   /* in the engine; 0: nothing */
    uint8_t mapped_rights[PAGES];
} Flat;

/* What an engine is asked for: pages first .. end - 1.  False: it failed, and
 * nothing more is asked for. */
typedef struct FlatCalls {
    bool (*unmap)(void *data, unsigned first, unsigned end);
    /* RAM is mapped with the rights of the pages, devices with RW. */
    bool (*map)(void *data, unsigned first, unsigned end);
    bool (*protect)(void *data, unsigned first, unsigned end);
} FlatCalls;

/* The start of a program: no pages (of 2^page_lg bytes), and nothing is mapped
 * yet. */
void tw_uc_flat_init(Flat *flat, const TwProgram *program, unsigned page_lg);
/* The pages that it starts with. */
void tw_uc_flat_setup(Flat *flat, const TwProgram *program);
/* A page-map operation (page, unpage): rights only, no call. */
void tw_uc_flat_page(Flat *flat, const TwOp *op);
/* The pages of a page-map operation: first, and behind the last. */
void tw_uc_flat_range(const Flat *flat, const TwOp *op, unsigned *first,
                      unsigned *end);
/* Calls for what must change in pages first .. end - 1 so that the engine has
 * what view and rights want: unmap, map, protect, in this order. */
void tw_uc_flat_sync(Flat *flat, unsigned first, unsigned end,
                     const FlatCalls *calls, void *data);
/* Unmaps what is mapped. */
void tw_uc_flat_clear(Flat *flat, const FlatCalls *calls, void *data);

/* What is to be seen at a page: 0 without page-map entry. */
static inline Shown tw_uc_flat_wanted(const Flat *flat, unsigned page)
{
    return flat->rights[page] & NO_ENTRY ? 0 : flat->graph.view[page];
}

#endif
