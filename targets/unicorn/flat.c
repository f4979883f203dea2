/* SPDX-License-Identifier: MIT */
/*
 * The mappings follow the flat view, with the rights of the page map.  Only
 * differences are applied, so that the library must split, protect and join
 * mappings as for its users.  A page without a page-map entry is not mapped; a
 * page whose entry has no rights is mapped without rights.
 */
#include "targets/unicorn/flat.h"

#include <string.h>

void tw_uc_flat_range(const Flat *flat, const TwOp *op, unsigned *first,
                      unsigned *end)
{
    *first = (unsigned)(op->addr >> flat->page_lg);
    *end = *first + (1u << (op->lg - flat->page_lg));
}

void tw_uc_flat_page(Flat *flat, const TwOp *op)
{
    unsigned first, end;

    tw_uc_flat_range(flat, op, &first, &end);
    memset(flat->rights + first, op->code == TW_OP_PAGE ? op->perm : NO_ENTRY,
           end - first);
}

void tw_uc_flat_init(Flat *flat, const TwProgram *program, unsigned page_lg)
{
    flat->page_lg = page_lg;
    tw_uc_graph_init(&flat->graph, program, page_lg);
    memset(flat->rights, NO_ENTRY, sizeof(flat->rights));
    memset(flat->mapped, 0, sizeof(flat->mapped));
}

void tw_uc_flat_setup(Flat *flat, const TwProgram *program)
{
    for (unsigned i = 0; i < program->n_setup; i++) {
        tw_uc_flat_page(flat, &program->setup[i]);
    }
}

static bool must_unmap(const Flat *f, unsigned p)
{
    return f->mapped[p] != 0 && f->mapped[p] != tw_uc_flat_wanted(f, p);
}

static bool must_map(const Flat *f, unsigned p)
{
    return f->mapped[p] == 0 && tw_uc_flat_wanted(f, p) != 0;
}

static bool must_protect(const Flat *f, unsigned p)
{
    return f->mapped[p] != 0 && f->mapped_rights[p] != f->rights[p];
}

static bool unmap_run(Flat *f, unsigned first, unsigned end,
                      const FlatCalls *calls, void *data)
{
    memset(f->mapped + first, 0, (end - first) * sizeof(f->mapped[0]));
    return calls->unmap(data, first, end);
}

static bool map_run(Flat *f, unsigned first, unsigned end,
                    const FlatCalls *calls, void *data)
{
    Shown shown = tw_uc_flat_wanted(f, first);
    uint8_t rights = shown & SHOWS_RAM ? f->rights[first] : TW_R | TW_W;

    for (unsigned p = first; p < end; p++, shown++) {
        f->mapped[p] = shown;
        f->mapped_rights[p] = rights;
    }
    return calls->map(data, first, end);
}

static bool protect_run(Flat *f, unsigned first, unsigned end,
                        const FlatCalls *calls, void *data)
{
    memset(f->mapped_rights + first, f->rights[first], end - first);
    return calls->protect(data, first, end);
}

void tw_uc_flat_sync(Flat *f, unsigned first, unsigned end,
                     const FlatCalls *calls, void *data)
{
    bool go_on = true;
    unsigned p, q;

    for (p = first; p < end && go_on; p = q) {
        for (q = p; q < end && must_unmap(f, q); q++) {
        }
        if (q > p) {
            go_on = unmap_run(f, p, q, calls, data);
        } else {
            q++;
        }
    }
    for (p = first; p < end && go_on; p = q) {
        q = p + 1;
        if (must_map(f, p)) {
            /* RAM is mapped with its rights, devices get theirs below. */
            while (q < end && must_map(f, q) &&
                   tw_uc_flat_wanted(f, q) == tw_uc_flat_wanted(f, q - 1) + 1 &&
                   (tw_uc_flat_wanted(f, q) & SHOWS_DEVICE ||
                    f->rights[q] == f->rights[p])) {
                q++;
            }
            go_on = map_run(f, p, q, calls, data);
        }
    }
    for (p = first; p < end && go_on; p = q) {
        q = p + 1;
        if (must_protect(f, p)) {
            while (q < end && must_protect(f, q) &&
                   f->rights[q] == f->rights[p]) {
                q++;
            }
            go_on = protect_run(f, p, q, calls, data);
        }
    }
}

void tw_uc_flat_clear(Flat *f, const FlatCalls *calls, void *data)
{
    unsigned p, q;

    for (p = 0; p < PAGES; p = q) {
        for (q = p; q < PAGES && f->mapped[q] != 0; q++) {
        }
        if (q > p) {
            unmap_run(f, p, q, calls, data);
        } else {
            q++;
        }
    }
}
