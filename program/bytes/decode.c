/* SPDX-License-Identifier: MIT */
/*
 * Decodes any bytes to a program: the frame and its records.  BYTES.md explains
 * the meaning of each value.
 */
#include "program/bytes/bytes.h"

#include <string.h>

#include "program/bytes/form.h"
#include "program/mpc-board.h"
#include "program/path.h"
#include "program/check.h"
#include "program/legality.h"

/* Setup, actors, script ---------------------------------------------------- */

static void decode_setup(TwDecode *t, unsigned count)
{
    TwProgram *p = t->p;
    unsigned max =
        t->d->max_setup < TW_MAX_SETUP ? t->d->max_setup : TW_MAX_SETUP;
    size_t have = (size_t)(t->in.end - t->in.at) / TW_OP_BYTES;
    if (count > have) {
        count = (unsigned)have;
    }
    for (unsigned i = 0; i < count; i++, t->in.at += TW_OP_BYTES) {
        TwOp op;
        if (p->n_setup < max && tw_decode_op(t, t->in.at, TW_IN_SETUP, &op) &&
            op.code != TW_OP_NOP) {
            p->setup[p->n_setup++] = op;
        }
    }
}

static void decode_actors(TwDecode *t, unsigned count)
{
    TwProgram *p = t->p;
    uint8_t devices[TW_MAX_REGIONS];
    unsigned n_devices = 0;
    size_t have = (size_t)(t->in.end - t->in.at) / TW_ACTOR_BYTES;
    if (count > have) {
        count = (unsigned)have;
    }
    for (unsigned i = 0; i < t->regions.count; i++) {
        uint8_t id = t->regions.ids[i];
        if (tw_region_has_device(p->regions[id].kind)) {
            devices[n_devices++] = id;
        }
    }
    for (unsigned i = 0; i < count; i++, t->in.at += TW_ACTOR_BYTES) {
        const uint8_t *at = t->in.at;
        TwActor actor;
        unsigned selector = (unsigned)tw_get(at + 1, 2);
        unsigned delta = (unsigned)tw_get(at + 3, 2);
        if (n_devices == 0 || !t->d->actors ||
            !tw_decode_op(t, at + 5, TW_IN_ACTOR, &actor.op) ||
            actor.op.code == TW_OP_NOP) {
            continue;
        }
        actor.region = devices[at[0] % n_devices];
        actor.offset =
            selector >= TW_FORM_ANCHOR
                ? tw_anchor_value(&t->in, &t->anchors, selector, (int16_t)delta)
                : delta & 0x3f;
        p->actors[p->n_actors++] = actor;
    }
}

static void set_nop(TwOp *op)
{
    *op = (TwOp){.code = TW_OP_NOP, .actor = TW_BOARD};
}

/*
 * A par that is not closed, or holds what cannot run in parallel, was none;
 * nor are the words that belong to it anything outside of one.
 */
static void mend_pars(TwProgram *p)
{
    for (unsigned i = 0; i < p->n_script; i++) {
        if (p->script[i].code < TW_OP_PAR ||
            p->script[i].code > TW_OP_END_PAR) {
            continue;
        }
        TwPar par = {0};
        unsigned end = i;
        while (end < p->n_script && !tw_par_step(&par, &p->script[end]) &&
               par.open) {
            end++;
        }
        if (end < p->n_script && p->script[end].code == TW_OP_END_PAR &&
            end > i) {
            i = end;
        } else {
            set_nop(&p->script[i]);
        }
    }
}

static void decode_script(TwDecode *t, unsigned max)
{
    TwProgram *p = t->p;
    bool pars = false;
    if (max > t->d->max_script) {
        max = t->d->max_script;
    }
    while (t->in.at < t->in.end && p->n_script < max) {
        uint8_t padded[TW_OP_BYTES] = {0};
        const uint8_t *at = t->in.at;
        size_t left = (size_t)(t->in.end - at);
        if (left < TW_OP_BYTES) {
            memcpy(padded, at, left);
            at = padded;
            t->in.at = t->in.end;
        } else {
            t->in.at += TW_OP_BYTES;
        }
        unsigned n = p->n_script;
        TwOp *op = &p->script[n];
        tw_decode_op(t, at, TW_IN_SCRIPT, op);
        if ((op->flags & TW_OPF_DURING) && !tw_op_may_be_during(p, n)) {
            op->flags &= (uint8_t)~TW_OPF_DURING;
        }
        if ((op->flags & TW_OPF_PAIRED) && !tw_op_may_be_paired(p, n)) {
            op->flags &= (uint8_t)~TW_OPF_PAIRED;
        }
        pars |= op->code >= TW_OP_PAR && op->code <= TW_OP_END_PAR;
        p->n_script++;
    }
    if (pars) {
        mend_pars(p);
    }
}

/* The whole ---------------------------------------------------------------- */

static unsigned setup_count(const uint8_t header[TW_HEADER_BYTES])
{
    unsigned count = tw_form_count(header, TW_HEADER_SETUP, 1, 8, TW_MAX_SETUP);
    if (tw_form_is_wide(header)) {
        count += (unsigned)tw_get(header + TW_HEADER_POOL, 2) >> TW_POOL_LG
                                                                     << 8;
    }
    return count < TW_MAX_SETUP ? count : TW_MAX_SETUP;
}

static void note_pages(TwDecode *t)
{
    const TwProgram *p = t->p;
    for (unsigned i = 0; i < p->n_setup; i++) {
        if (p->setup[i].code == TW_OP_PAGE) {
            t->pages[t->n_pages++] = (uint16_t)i;
        }
    }
    for (unsigned c = 0; c < p->n_cpus; c++) {
        for (unsigned m = 0; p->cpus[c].present && m < TW_MAX_MMU_INDEXES;
             m++) {
            if (p->cpus[c].mmu[m].present) {
                t->attrs[t->n_attrs++] = p->cpus[c].mmu[m].attrs;
            }
        }
    }
}

static void decode_pool(TwBytesIn *in, const uint8_t *header)
{
    unsigned count = tw_form_pool(header);
    size_t have = (size_t)(in->end - in->at) / TW_POOL_BYTES;
    in->n_pool = count < have ? count : (unsigned)have;
    in->pool = in->at;
    in->at += (size_t)in->n_pool * TW_POOL_BYTES;
}

void tw_program_decode(TwProgram *p, const uint8_t *data, size_t size,
                       const TwDialect *d)
{
    uint8_t header[TW_HEADER_BYTES] = {0};
    size_t head = size < sizeof header ? size : sizeof header;
    TwDecode decode, *t = &decode;
    if (head > 0) {
        memcpy(header, data, head);
    }
    t->p = p;
    t->d = d;
    t->in = (TwBytesIn){head ? data + head : header,
                        head ? data + size : header, NULL, 0};
    t->n_pages = t->n_attrs = 0;

    tw_program_init(p);
    unsigned page = header[TW_HEADER_PAGE];
    unsigned contents = TW_CONTENTS_DATA;
    if (header[TW_HEADER_FLAGS] & TW_FORM_WORDS &&
        d->contents & ~(1u << TW_CONTENTS_DATA)) {
        contents = TW_CONTENTS_CODE + (page >> TW_FORM_CODE_LG);
        page &= (1u << TW_FORM_CODE_LG) - 1;
    }
    if (page < d->min_page_lg || page > d->max_page_lg) {
        page = d->min_page_lg +
               page % ((d->max_page_lg - d->min_page_lg) / 2u + 1);
    }
    p->page_lg = (uint8_t)page;
    unsigned hops = header[TW_HEADER_HOPS];
    p->hops = hops >= 1 && hops <= TW_MAX_HOPS ? (uint8_t)hops : 16;
    p->explicit_safepoints =
        d->explicit_safepoints &&
        (header[TW_HEADER_FLAGS] & TW_FORM_EXPLICIT) == TW_FORM_EXPLICIT;
    p->contents = tw_dialect_fit_contents(d, contents);
    decode_pool(&t->in, header);
    if (header[TW_HEADER_FLAGS] & TW_FORM_OWN) {
        tw_decode_topology(p, &t->in, header, d);
    } else {
        tw_default_topology(p, header[TW_HEADER_REGIONS], d);
    }
    tw_dialect_fit_regions(d, p);
    if (d->path_stages != 0) {
        tw_path_shape(d, p);
    }
    if (d->mpc_board) {
        tw_mpc_board_shape(p);
    }
    if (tw_dialect_is_machine(d)) {
        p->n_setup = 0; /* that of a default topology */
    }
    tw_ranks_of_regions(&t->regions, p);
    tw_ranks_of_spaces(&t->spaces, p);
    tw_ranks_of_iommus(&t->iommus, p);
    tw_ranks_of_cpus(&t->cpus, p);
    tw_anchors_init(&t->anchors);
    tw_anchors_add_regions(&t->anchors, p);
    decode_setup(t, setup_count(header));
    tw_anchors_add_setup(&t->anchors, p);
    note_pages(t);
    decode_actors(t, tw_form_actors(header));
    decode_script(t, tw_form_max_script(header));
    if (d->mpc_board) {
        tw_mpc_board_fit_execs(p);
    }
}
