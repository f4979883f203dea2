/* SPDX-License-Identifier: MIT */
/* Edits of a program after which it meets no trigger; see trigger.h. */
#include <string.h>

#include "program/runs.h"
#include "targets/unicorn/sim.h"
#include "targets/unicorn/trigger.h"

static void avoid_resize(const TwProgram *program, TwOp *op)
{
    if (op->code == TW_OP_RESIZE &&
        program->regions[op->obj].kind == TW_REGION_MMIO &&
        op->length > UINT64_C(1) << program->page_lg) {
        op->length = UINT64_C(1) << program->page_lg;
    }
}

static void avoid_split(TwProgram *program)
{
    for (unsigned i = 0; i < program->n_regions; i++) {
        if (program->regions[i].kind == TW_REGION_MMIO &&
            program->regions[i].size > UINT64_C(1) << program->page_lg) {
            program->regions[i].size = UINT64_C(1) << program->page_lg;
        }
    }
    for (unsigned i = 0; i < program->n_script; i++) {
        TwOp *op = &program->script[i];

        avoid_resize(program, op);
    }
    for (unsigned i = 0; i < program->n_actors; i++) {
        avoid_resize(program, &program->actors[i].op);
    }
}

static void avoid_rights(const Sim *sim, TwOp *op, uint64_t triggers)
{
    unsigned first, end;

    if (triggers & BIT(NOT_READABLE) && op->perm != 0) {
        op->perm |= TW_R;
    }
    if (!(triggers & BIT(READ_REVOKED)) || op->perm & TW_R || !sim) {
        return;
    }
    tw_uc_flat_range(&sim->flat, op, &first, &end);
    for (unsigned p = first; p < end; p++) {
        if (sim->flat.mapped[p] != 0 && sim->flat.mapped_rights[p] & TW_R) {
            op->perm |= TW_R;
        }
    }
}

/* Would an actor that the write asks meet a trigger when it acts? */
static bool asks_for_trouble(const Sim *sim, const TwOp *op, uint64_t triggers)
{
    uint8_t asked[TW_MAX_ACTORS];
    unsigned n = tw_uc_asks(sim, op, asked);

    for (unsigned i = 0; i < n; i++) {
        const TwOp *act = &sim->program->actors[asked[i]].op;
        TwOp tame = *act;

        if (act->code == TW_OP_PAGE) {
            avoid_rights(sim, &tame, triggers);
        }
        /* After another one, who knows what it would find. */
        if (tame.perm != act->perm ||
            (triggers & BIT(NOT_READABLE) &&
             (tw_uc_flushes_unreadable(sim, act) ||
              (i > 0 &&
               tw_uc_flush_range(sim, act, &(uint64_t){0}, &(uint64_t){0})))) ||
            (i > 0 && act->code == TW_OP_PAGE && !(act->perm & TW_R))) {
            return true;
        }
    }
    return false;
}

/* An entry of the page map divides mappings at two places at most: so few
 * entries that regions cannot make them a thousand. */
static void avoid_many(TwProgram *program)
{
    enum { MOST = 300, KEPT = 64 };
    unsigned n = program->n_setup;

    for (unsigned i = 0; i < program->n_script; i++) {
        n += program->script[i].code == TW_OP_PAGE;
    }
    if (n <= MOST) {
        return;
    }
    program->n_setup = MIN(program->n_setup, KEPT);
    n = program->n_setup;
    for (unsigned i = 0; i < program->n_script; i++) {
        TwOp *op = &program->script[i];

        if (op->code == TW_OP_PAGE && ++n > MOST) {
            *op = tw_op_make(TW_OP_NOP);
        }
    }
}

/* What is performed during an access is performed after it. */
static void perform_after(const Sim *sim, TwOp *op)
{
    for (unsigned n = tw_uc_n_during(sim, op); n > 0; n--) {
        op[n].flags &= (uint8_t)~TW_OPF_DURING;
    }
}

/* What is performed during an access and would meet a trigger there is
 * performed after it. */
static void avoid_inside(const Sim *sim, TwOp *op, uint64_t triggers)
{
    unsigned n = tw_uc_n_during(sim, op);
    Sim trial;

    if (n == 0) {
        return;
    }
    for (unsigned i = 1; i <= n; i++) {
        avoid_rights(NULL, &op[i], triggers);
    }
    tw_uc_sim_copy(&trial, sim);
    trial.ever = 0;
    tw_uc_sim_step(&trial, op);
    if (trial.ever & triggers) {
        perform_after(sim, op);
    }
}

/* A page-map operation of more than the last page leaves its upper half out. */
static bool avoid_end(const TwProgram *program, TwOp *op)
{
    uint64_t last = (uint64_t)(PAGES - 1) << program->page_lg;

    if ((op->code != TW_OP_PAGE && op->code != TW_OP_UNPAGE) ||
        op->lg == program->page_lg ||
        op->addr + (UINT64_C(1) << op->lg) <= last) {
        return false;
    }
    op->lg--;
    return true;
}

/* The last page is in no mapping with others, so that no mapping that it is in
 * can be split: the page in front of it is never there.  What an entry of the
 * setup loses, others give back. */
static void avoid_end_split(TwProgram *program)
{
    uint64_t last_but_one = (uint64_t)(PAGES - 2) << program->page_lg;
    unsigned n = 0;

    for (unsigned i = 0; i < program->n_setup; i++) {
        TwOp rest = program->setup[i];

        if (avoid_end(program, &program->setup[i]) &&
            program->n_setup < TW_MAX_SETUP) {
            memmove(&program->setup[i + 2], &program->setup[i + 1],
                    (program->n_setup - i - 1) * sizeof(TwOp));
            program->n_setup++;
            rest.lg--; /* the upper half, which the next round looks at */
            rest.addr += UINT64_C(1) << rest.lg;
            rest.out = rest.addr;
            program->setup[i + 1] = rest;
        }
    }
    for (unsigned i = 0; i < program->n_setup; i++) {
        if (program->setup[i].addr != last_but_one) {
            program->setup[n++] = program->setup[i];
        }
    }
    program->n_setup = (uint16_t)n;
    for (unsigned i = 0; i < program->n_script + program->n_actors; i++) {
        TwOp *op = i < program->n_script
                       ? &program->script[i]
                       : &program->actors[i - program->n_script].op;

        avoid_end(program, op);
        if (op->code == TW_OP_PAGE && op->addr == last_but_one) {
            op->code = TW_OP_UNPAGE;
            op->out = 0;
            op->perm = 0;
        }
    }
}

/* Is it a store that, after a snapshot, may make too many mappings? */
static bool makes_many(const Sim *sim, const TwOp *op)
{
    enum { MADE = 4 + 4 * TW_MAX_DURING }; /* by it, and what is during it */

    return sim->snapshot && sim->n_ranges + MADE > MANY &&
           (stores(op) || op->code == TW_OP_DMA_WRITE);
}

static void avoid_from(const Sim *sim, TwOp *op, uint64_t triggers)
{
    TwOp fetch = tw_uc_fetch_of(op);

    if (op->flags & TW_OPF_FROM &&
        (tw_uc_exec_triggers(sim, &fetch) & triggers ||
         (triggers & BIT(NOT_READABLE) && tw_uc_is_unreadable(sim, &fetch)))) {
        op->flags &= (uint8_t)~TW_OPF_FROM;
        op->out = 0;
    }
}

/* The two accesses of a pair that meets a trigger are made one by one. */
static void avoid_pair(const Sim *sim, TwOp *op, uint64_t triggers)
{
    if (tw_uc_leads_pair(sim, op) &&
        ((triggers & BIT(PARTIAL_STORE) && tw_uc_is_partial_store(sim, op)) ||
         (triggers & BIT(LOAD_CROSSES) && tw_uc_load_crosses(sim, op)))) {
        op[1].flags &= (uint8_t)~TW_OPF_PAIRED;
    }
}

/* What was changed may be no pair any more. */
static void part_pairs(TwProgram *program)
{
    for (unsigned i = 0; i < program->n_script; i++) {
        if (program->script[i].flags & TW_OPF_PAIRED &&
            !tw_op_may_be_paired(program, i)) {
            program->script[i].flags &= (uint8_t)~TW_OPF_PAIRED;
        }
    }
}

void tw_uc_avoid(TwProgram *program, uint64_t triggers)
{
    Sim sim;

    if (!tw_uc_admits(program)) {
        return;
    }
    if (triggers & BIT(DEVICE_SPLIT)) {
        avoid_split(program);
    }
    if (triggers & BIT(END_SPLIT)) {
        avoid_end_split(program);
    }
    if (triggers & BIT(MANY_RANGES)) {
        avoid_many(program);
    }
    for (unsigned i = 0; i < program->n_setup; i++) {
        avoid_rights(NULL, &program->setup[i], triggers);
    }
    tw_uc_sim_start(&sim, program);
    for (unsigned i = 0; i < program->n_script; i++) {
        TwOp *op = &program->script[i];

        if (op->flags & TW_OPF_DURING) {
            continue; /* its access has cared for it */
        }
        if (op->code == TW_OP_PAGE) {
            avoid_rights(&sim, op, triggers);
        }
        avoid_from(&sim, op, triggers);
        avoid_pair(&sim, op, triggers);
        if (triggers & BIT(CODE_OVER_END) &&
            tw_uc_exec_triggers(&sim, op) & BIT(CODE_OVER_END)) {
            op->addr -= TW_RUN_BYTES; /* the run before, in one page */
        }
        if (triggers & BIT(PARTIAL_STORE) && tw_uc_is_partial_store(&sim, op)) {
            op->size = (uint8_t)(tw_uc_sim_page(&sim) -
                                 (op->addr & (tw_uc_sim_page(&sim) - 1)));
        }
        if ((triggers & BIT(NOT_READABLE) && tw_uc_is_unreadable(&sim, op)) ||
            tw_uc_exec_triggers(&sim, op) & triggers ||
            (triggers & BIT(OWN_CODE) && tw_uc_loses_own_code(&sim, op)) ||
            (triggers & BIT(EXCHANGE_HALF) &&
             tw_uc_is_half_exchange(&sim, op)) ||
            (triggers & BIT(SAVED_READONLY) && tw_uc_stores_saved(&sim, op)) ||
            (triggers & BIT(MANY_RANGES) && makes_many(&sim, op)) ||
            asks_for_trouble(&sim, op, triggers)) {
            op->code =
                op->code == TW_OP_DMA_WRITE ? TW_OP_DMA_READ : TW_OP_READ;
            op->flags &=
                (uint8_t) ~(TW_OPF_FROM | TW_OPF_EXCLUSIVE | TW_OPF_PAIRED);
            op->out = 0;
        }
        if (triggers & BIT(LOAD_CROSSES) && tw_uc_load_crosses(&sim, op)) {
            op->size = (uint8_t)(tw_uc_sim_page(&sim) -
                                 (op->addr & (tw_uc_sim_page(&sim) - 1)));
        }
        if (triggers & BIT(LOAD_UNALIGNED) &&
            tw_uc_is_unaligned_load(&sim, op)) {
            op->size = 1;
            op->flags &= (uint8_t)~TW_OPF_FROM; /* it loads more */
            op->out = 0;
        }
        if ((triggers & BIT(SAVED_CACHED) && tw_uc_saves_cached(&sim, op)) ||
            (triggers & BIT(READ_AGAIN) && tw_uc_reads_again(&sim, op)) ||
            (triggers & BIT(NOT_READABLE) &&
             tw_uc_flushes_unreadable(&sim, op))) {
            perform_after(&sim, op);
            *op = tw_op_make(TW_OP_NOP);
        }
        avoid_inside(&sim, op, triggers);
        tw_uc_sim_step(&sim, op);
    }
    part_pairs(program);
}
