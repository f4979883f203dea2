/* SPDX-License-Identifier: MIT */
/*
 * The triggers, told from the program alone.  What an address has led to is the
 * list of page-map operations so far: any of them may still be cached.
 */
#include "targets/qemu/trigger.h"

#include <string.h>

#include "program/runs.h"
#include "targets/qemu/dialect.h"
#include "targets/qemu/view.h"

#define BIT(trigger) (UINT64_C(1) << (trigger))

enum { PAGE_LG = 12 };

#define EXCHANGE_INFO \
    [TW_QEMU_EXCHANGE] = { \
        .name = "exchange", \
        .meaning = \
            "an exchange at an address whose page was not assigned " \
            "just once, is not both readable and writable, or leads to " \
            "nothing"}
#define LARGE_CODE_INFO \
    [TW_QEMU_LARGE_CODE] = { \
        .name = "large-code", \
        .meaning = "an instruction of a page larger than 4 KiB is run, and " \
                   "the page was flushed by another address of it"}
#define UNALIGNED_INFO \
    [TW_QEMU_UNALIGNED_NOWHERE] = { \
        .name = "unaligned-nowhere", \
        .meaning = "an unaligned access of a page that leads to " \
                   "nothing, or to the byte before or behind such"}
#define USER_CODE_INFO \
    [TW_QEMU_USER_CODE] = { \
        .name = "user-code", \
        .meaning = "an instruction is run whose page has had no X, and may " \
                   "have been one of the user's"}

/* What is missing at the end of a list cannot be expressed by the target. */
const TwTriggerInfo tw_qemu_triggers_aarch64[] = {
    EXCHANGE_INFO, LARGE_CODE_INFO, UNALIGNED_INFO, {.name = NULL}};
const TwTriggerInfo tw_qemu_triggers_x86_64[] = {
    EXCHANGE_INFO, LARGE_CODE_INFO, {.name = NULL}};
const TwTriggerInfo tw_qemu_triggers[] = {EXCHANGE_INFO,
                                          LARGE_CODE_INFO,
                                          UNALIGNED_INFO,
                                          USER_CODE_INFO,
                                          {.name = NULL}};

typedef struct Past {
    View view;
    bool runs;
    bool has_users; /* pages without X may be the user's: on RISC-V */
    unsigned n;
    const TwOp *ops[TW_MAX_SETUP + TW_MAX_SCRIPT];
} Past;

static void past_start(Past *past, const TwProgram *program)
{
    past->n = 0;
    past->runs = tw_contents_are_runs(program->contents);
    past->has_users =
        tw_contents_kind(program->contents) == TW_CONTENTS_CODE_RISCV64 ||
        tw_contents_kind(program->contents) == TW_CONTENTS_RUNS_RISCV64;
    tw_qemu_view_make(&past->view, program);
    for (unsigned i = 0; i < program->n_setup; i++) {
        past->ops[past->n++] = &program->setup[i];
    }
}

static void past_step(Past *past, const TwOp *op)
{
    switch (op->code) {
    case TW_OP_PAGE:
    case TW_OP_UNPAGE:
    case TW_OP_FLUSH_PAGE:
    case TW_OP_FLUSH_RANGE:
        past->ops[past->n++] = op;
        break;
    default:
        break;
    }
}

static bool is_page(const TwOp *op)
{
    return op->code == TW_OP_PAGE || op->code == TW_OP_UNPAGE;
}

static bool covers(const TwOp *page, unsigned index, uint64_t addr)
{
    return is_page(page) && page->index == index &&
           page->addr >> page->lg == addr >> page->lg;
}

/* Does a flush meet the entry that a page-map operation made? */
static bool flush_meets(const TwOp *flush, const TwOp *page)
{
    uint64_t low = (UINT64_C(1) << page->lg) - 1;
    uint64_t last = flush->code == TW_OP_FLUSH_PAGE
                        ? flush->addr
                        : flush->addr + (flush->length - 1);

    return !is_page(flush) && flush->index == page->index &&
           flush->addr <= (page->addr | low) && last >= page->addr;
}

static bool is_large_code(const Past *past, unsigned index, uint64_t addr)
{
    for (unsigned i = 0; i < past->n; i++) {
        const TwOp *page = past->ops[i];

        if (!covers(page, index, addr) || page->lg == PAGE_LG) {
            continue;
        }
        for (unsigned k = i + 1; k < past->n; k++) {
            if (flush_meets(past->ops[k], page)) {
                return true;
            }
        }
    }
    return false;
}

static bool is_user_code(const Past *past, unsigned index, uint64_t addr)
{
    for (unsigned i = 0; i < past->n && past->has_users; i++) {
        if (past->ops[i]->code == TW_OP_PAGE &&
            covers(past->ops[i], index, addr) && !(past->ops[i]->perm & TW_X)) {
            return true;
        }
    }
    return false;
}

static bool leads_nowhere(const Past *past, unsigned index, uint64_t addr)
{
    for (unsigned i = 0; i < past->n; i++) {
        const TwOp *page = past->ops[i];

        if (page->code == TW_OP_PAGE && covers(page, index, addr) &&
            tw_qemu_view_at(&past->view, page->out + (addr - page->addr)) ==
                NULL) {
            return true;
        }
    }
    return false;
}

static bool is_exchange(const Past *past, const TwOp *op)
{
    unsigned n = 0;
    uint8_t rights = TW_R | TW_W;

    if (op->code != TW_OP_RMW) {
        return false;
    }
    for (unsigned i = 0; i < past->n; i++) {
        if (covers(past->ops[i], op->index, op->addr)) {
            n++;
            rights &= past->ops[i]->perm;
        }
    }
    return n != 1 || rights != (TW_R | TW_W) ||
           leads_nowhere(past, op->index, op->addr);
}

static bool is_unaligned(const Past *past, const TwOp *op)
{
    return op->addr % op->size != 0 &&
           (leads_nowhere(past, op->index, op->addr) ||
            leads_nowhere(past, op->index, op->addr + op->size - 1));
}

static bool is_access(const TwOp *op)
{
    return op->code == TW_OP_READ || op->code == TW_OP_WRITE ||
           op->code == TW_OP_EXEC || op->code == TW_OP_RMW;
}

/* Those of what an access does; what it did may show later. */
static uint64_t of_access(const Past *past, const TwOp *op)
{
    return (is_exchange(past, op) ? BIT(TW_QEMU_EXCHANGE) : 0) |
           (is_unaligned(past, op) ? BIT(TW_QEMU_UNALIGNED_NOWHERE) : 0);
}

static uint64_t of_fetch(const Past *past, const TwOp *op)
{
    uint64_t at = op->flags & TW_OPF_FROM ? op->from : op->addr;
    uint64_t last = past->runs ? at + 8 * tw_run_length(at) - 8 : at;

    if (op->code != TW_OP_EXEC && !(op->flags & TW_OPF_FROM)) {
        return 0;
    }
    return (is_large_code(past, op->index, at) ||
                    is_large_code(past, op->index, last)
                ? BIT(TW_QEMU_LARGE_CODE)
                : 0) |
           (is_user_code(past, op->index, at) ||
                    is_user_code(past, op->index, last)
                ? BIT(TW_QEMU_USER_CODE)
                : 0);
}

uint64_t tw_qemu_triggers_met(const TwProgram *program,
                              const TwFinding *finding)
{
    Past past;
    uint64_t before = 0, fetched = 0;

    if (!tw_qemu_admits(program)) {
        return 0; /* no target here runs it */
    }
    past_start(&past, program);
    for (unsigned i = 0; i < program->n_script; i++) {
        const TwOp *op = &program->script[i];

        if (is_access(op)) {
            before |= of_access(&past, op);
            fetched |= of_fetch(&past, op);
            if (i == finding->op) {
                return before | of_fetch(&past, op) |
                       (op->code == TW_OP_READ ? fetched : 0);
            }
        }
        past_step(&past, op);
        if (i == finding->op) {
            break;
        }
    }
    return before | fetched;
}

void tw_qemu_avoid(TwProgram *program, uint64_t triggers)
{
    Past past;

    if (!tw_qemu_admits(program)) {
        return;
    }
    past_start(&past, program);
    for (unsigned i = 0; i < program->n_script; i++) {
        TwOp *op = &program->script[i];

        if (is_access(op)) {
            if (triggers & BIT(TW_QEMU_UNALIGNED_NOWHERE) &&
                is_unaligned(&past, op)) {
                op->addr &= ~(uint64_t)(op->size - 1);
            }
            if (triggers & BIT(TW_QEMU_EXCHANGE) && is_exchange(&past, op)) {
                op->code = TW_OP_WRITE;
            }
            if (of_fetch(&past, op) & triggers & BIT(TW_QEMU_USER_CODE)) {
                op->code = op->code == TW_OP_EXEC ? TW_OP_READ : op->code;
                op->flags &= (uint8_t)~TW_OPF_FROM;
                op->from = 0;
            }
        } else if (triggers & BIT(TW_QEMU_LARGE_CODE) &&
                   tw_contents_are_code(program->contents) &&
                   (op->code == TW_OP_FLUSH_PAGE ||
                    op->code == TW_OP_FLUSH_RANGE)) {
            for (unsigned k = 0; k < past.n; k++) {
                if (is_page(past.ops[k]) && past.ops[k]->lg > PAGE_LG &&
                    flush_meets(op, past.ops[k])) {
                    *op = (TwOp){.code = TW_OP_FLUSH_INDEX,
                                 .actor = op->actor,
                                 .obj = op->obj,
                                 .index = op->index};
                    break;
                }
            }
        }
        past_step(&past, op);
    }
}
