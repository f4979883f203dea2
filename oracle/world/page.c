/* SPDX-License-Identifier: MIT */
/*
 * Page maps: lists of assignments, newest first, that only ever grow.  To read
 * a list as at time t, assignments newer than t are skipped.
 */
#include "oracle/world/page.h"

const TwPageEntry *tw_page_find(const TwWorld *world, uint8_t cpu, uint8_t mmu,
                                uint64_t addr, uint64_t more, uint32_t t,
                                bool *uniform)
{
    int32_t i = world->page_head[cpu][mmu];

    *uniform = true;
    for (; i != TW_NIL; i = world->pages[i].older) {
        const TwPageEntry *entry = &world->pages[i];

        if (entry->tick > t || addr + more < entry->first ||
            addr > entry->last) {
            continue;
        }
        if (entry->back) {
            t = (uint32_t)entry->out;
            continue;
        }
        if (addr >= entry->first) {
            *uniform = *uniform && entry->last - addr >= more;
            return entry;
        }
        *uniform = false; /* it begins further on */
    }
    return NULL;
}

static void assign(TwWorld *world, const TwOp *op, uint16_t number,
                   uint32_t tick)
{
    uint64_t size_1 = op->lg >= 64 ? UINT64_MAX : ((uint64_t)1 << op->lg) - 1;
    int32_t *head = &world->page_head[op->obj][op->index];

    world->pages[world->n_pages] = (TwPageEntry){
        .first = op->addr,
        .last = op->addr + size_1,
        .out = op->out,
        .tick = tick,
        .older = *head,
        .op = number,
        .lg = op->lg,
        .perm = op->code == TW_OP_PAGE ? op->perm : 0,
        .present = op->code == TW_OP_PAGE,
    };
    *head = world->n_pages++;
}

void tw_page_start(TwWorld *world)
{
    const TwProgram *program = world->program;

    for (unsigned c = 0; c < program->n_cpus; c++) {
        for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
            world->page_head[c][m] = TW_NIL;
        }
    }
    for (unsigned i = 0; i < program->n_setup; i++) {
        if (program->setup[i].code == TW_OP_PAGE) {
            assign(world, &program->setup[i], TW_NO_OP, 0);
        }
    }
}

void tw_page_perform(TwWorld *world, const TwOp *op, uint16_t number)
{
    assign(world, op, number, ++world->now);
    world->silent++;
}

static void restore_list(TwWorld *world, int32_t *head, uint16_t number)
{
    const TwPageEntry *newest = &world->pages[*head == TW_NIL ? 0 : *head];
    uint32_t saved = world->saved.tick;

    if (*head == TW_NIL || newest->tick <= saved ||
        (newest->back && newest->out == saved)) {
        return; /* it says that already */
    }
    world->pages[world->n_pages] = (TwPageEntry){
        .last = UINT64_MAX,
        .out = saved,
        .tick = world->now,
        .older = *head,
        .op = number,
        .back = true,
    };
    *head = world->n_pages++;
}

void tw_page_restore(TwWorld *world, uint16_t number)
{
    for (unsigned c = 0; c < world->program->n_cpus; c++) {
        for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
            restore_list(world, &world->page_head[c][m], number);
        }
    }
}
