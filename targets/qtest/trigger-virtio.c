/* SPDX-License-Identifier: MIT */
/*
 * Triggers of virtio-iommu.  Mappings are followed as the target makes them: an
 * operation that meets a part of one leaves the rest as mappings of their own.
 */
#include <string.h>

#include "program/ops.h"
#include "targets/qtest/trigger.h"

enum { LAST_BYTE, PART_UNMAP, PART_RIGHT, LEFT_BYPASS };
enum { INDEXES = 2, PAGES = 1024, PAGE_LG = 12, LAST = (1 << PAGE_LG) - 1 };

#define BIT(trigger) (UINT64_C(1) << (trigger))

#define INFOS \
    [LAST_BYTE] = {.name = "last-byte", \
                   .meaning = "a read of the last byte before a page with " \
                              "which a mapping begins"}, \
    [PART_UNMAP] = {.name = "part-unmap", \
                    .meaning = \
                        "a `notify` whose range has a mapping and a part of " \
                        "another"}

const TwTriggerInfo tw_qtest_virtio_triggers[] = {
    INFOS,
    {.name = NULL},
};

const TwTriggerInfo tw_qtest_virtio_vhost_triggers[] = {
    INFOS,
    [PART_RIGHT] = TW_QTEST_INFO_PART_RIGHT,
    [LEFT_BYPASS] = {.name = "left-bypass",
                     .meaning = "the script switches bypass on and off"},
    {.name = NULL},
};

/* Numbers of the mappings of the pages of each index; 0: none. */
typedef struct Mappings {
    uint64_t first;   /* address of the window */
    uint32_t next;    /* number */
    unsigned indexes; /* of the IOMMU: 1 or INDEXES */
    bool bypassed;
    uint32_t of[INDEXES][PAGES + 1]; /* the last one is never mapped */
} Mappings;

static bool is_of_path(const TwProgram *p)
{
    return p->n_iommus == 1 && p->n_regions == 3 &&
           p->regions[2].kind == TW_REGION_RAM &&
           p->regions[2].size <= (uint64_t)PAGES << PAGE_LG;
}

static unsigned page_of(const Mappings *all, uint64_t address)
{
    uint64_t page = (address - all->first) >> PAGE_LG;

    return page < PAGES ? (unsigned)page : PAGES - 1;
}

/* What is behind a page gets a number of its own, if it had that of the page.
 */
static void cut(Mappings *all, uint32_t *of, unsigned page)
{
    uint32_t old = of[page];

    if (old == 0 || of[page + 1] != old) {
        return;
    }
    all->next++;
    while (of[++page] == old) {
        of[page] = all->next;
    }
}

/* An operation that changes entries. */
static void change(Mappings *all, const TwOp *op)
{
    uint32_t *of = all->of[op->index % INDEXES];
    unsigned first = page_of(all, op->addr), last = page_of(all, op->last);

    if (first > 0) {
        cut(all, of, first - 1);
    }
    cut(all, of, last);
    all->next++;
    for (unsigned i = first; i <= last && op->code != TW_OP_PROTECT; i++) {
        of[i] = op->code == TW_OP_MAP ? all->next : 0;
    }
}

static void follow(Mappings *all, const TwOp *op)
{
    switch (op->code) {
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
        change(all, op);
        break;
    case TW_OP_BYPASS:
        all->bypassed = op->flags & TW_OPF_ON;
        break;
    default:
        break;
    }
}

static void begin(Mappings *all, const TwProgram *p)
{
    memset(all, 0, sizeof(*all));
    all->first = p->regions[2].addr;
    all->indexes = p->iommus[0].indexes == 1 ? 1 : INDEXES;
    for (unsigned i = 0; i < p->n_setup; i++) {
        follow(all, &p->setup[i]);
    }
}

static bool is_last_byte(const Mappings *all, const TwOp *op)
{
    const uint32_t *of =
        all->of[(op->attrs >> TW_ATTR_REQUESTER_SHIFT) % all->indexes];
    unsigned page = page_of(all, op->addr);

    return op->code == TW_OP_DMA_READ && op->size == 1 && !all->bypassed &&
           (op->addr & LAST) == LAST && of[page + 1] != 0 &&
           of[page + 1] != of[page];
}

static bool is_part_unmap(const Mappings *all, const TwOp *op)
{
    const uint32_t *of = all->of[op->index % INDEXES];
    unsigned first, last, left, right;
    bool whole = false;

    if (op->code != TW_OP_NOTIFY || all->bypassed) {
        return false;
    }
    first = page_of(all, op->addr);
    last = page_of(all, op->last);
    left = first > 0 && of[first - 1] == of[first] ? of[first] : 0;
    right = of[last + 1] == of[last] ? of[last] : 0;
    for (unsigned i = first; i <= last; i++) {
        whole |= of[i] != 0 && of[i] != left && of[i] != right;
    }
    return whole && (left != 0 || right != 0);
}

static bool is_part_right(const TwOp *op)
{
    return (op->code == TW_OP_MAP || op->code == TW_OP_PROTECT) &&
           op->perm != (TW_R | TW_W);
}

static bool is_left_bypass(const Mappings *all, const TwOp *op)
{
    return op->code == TW_OP_BYPASS && all->bypassed &&
           !(op->flags & TW_OPF_ON);
}

static uint64_t met_by(const Mappings *all, const TwOp *op)
{
    return (is_last_byte(all, op) ? BIT(LAST_BYTE) : 0) |
           (is_part_unmap(all, op) ? BIT(PART_UNMAP) : 0) |
           (is_part_right(op) ? BIT(PART_RIGHT) : 0) |
           (is_left_bypass(all, op) ? BIT(LEFT_BYPASS) : 0);
}

uint64_t tw_qtest_virtio_vhost_met(const TwProgram *program,
                                   const TwFinding *finding)
{
    unsigned n =
        finding->op < program->n_script ? finding->op + 1u : program->n_script;
    uint64_t met = 0;
    Mappings all;

    if (!is_of_path(program)) {
        return 0;
    }
    begin(&all, program);
    for (unsigned i = 0; i < program->n_setup; i++) {
        met |= is_part_right(&program->setup[i]) ? BIT(PART_RIGHT) : 0;
    }
    for (unsigned i = 0; i < n; i++) {
        met |= met_by(&all, &program->script[i]);
        follow(&all, &program->script[i]);
    }
    return met;
}

uint64_t tw_qtest_virtio_met(const TwProgram *program, const TwFinding *finding)
{
    return tw_qtest_virtio_vhost_met(program, finding) &
           (BIT(LAST_BYTE) | BIT(PART_UNMAP));
}

/* The read becomes one of 4 bytes of that page; the `notify` goes, and so does
 * what switches bypass on. */
static void avoid_in(const Mappings *all, TwOp *op, uint64_t triggers)
{
    if (triggers & BIT(LAST_BYTE) && is_last_byte(all, op)) {
        op->size = 4;
        op->addr -= 7;
    }
    if (triggers & BIT(PART_UNMAP) && is_part_unmap(all, op)) {
        *op = (TwOp){.code = TW_OP_NOP, .actor = TW_BOARD};
    }
    if (triggers & BIT(LEFT_BYPASS) && op->code == TW_OP_BYPASS &&
        op->flags & TW_OPF_ON) {
        *op = (TwOp){.code = TW_OP_NOP, .actor = TW_BOARD};
    }
    if (triggers & BIT(PART_RIGHT) && is_part_right(op)) {
        op->perm = TW_R | TW_W;
    }
}

void tw_qtest_virtio_vhost_avoid(TwProgram *program, uint64_t triggers)
{
    Mappings all;

    if (!is_of_path(program)) {
        return;
    }
    begin(&all, program);
    for (unsigned i = 0; i < program->n_setup; i++) {
        if (triggers & BIT(PART_RIGHT) && is_part_right(&program->setup[i])) {
            program->setup[i].perm = TW_R | TW_W;
        }
    }
    for (unsigned i = 0; i < program->n_script; i++) {
        avoid_in(&all, &program->script[i], triggers);
        follow(&all, &program->script[i]);
    }
}

void tw_qtest_virtio_avoid(TwProgram *program, uint64_t triggers)
{
    tw_qtest_virtio_vhost_avoid(program, triggers);
}
