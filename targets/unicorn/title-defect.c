/* SPDX-License-Identifier: MIT */
/*
 * Whole titles of findings that known defects of the library give
 * (TwTargetClass: title): the trigger on the path of a finding and its outcome
 * say more together than the finding alone.
 */
#include <string.h>

#include "program/ops.h"
#include "targets/unicorn/class.h"
#include "targets/unicorn/sim.h"
#include "targets/unicorn/trigger.h"

enum { ANY, GOOD, REFUSED }; /* outcomes */
/* Which accesses: over the end of a page; with operations performed inside (the
 * hook of a refused access), or without. */
enum { EACH, CROSSING, WITH_HOOK, WITHOUT_HOOK };

#define VERDICT(name) (1u << TW_VERDICT_##name)
#define WRONG VERDICT(WRONG)
#define EFFECT VERDICT(EFFECT)
#define FALSE_PLACE (WRONG | EFFECT | VERDICT(STALE))
#define FALSE_RIGHT (VERDICT(PERM) | VERDICT(STALE))
#define FALSE_REFUSAL (VERDICT(CLASS) | VERDICT(STALE))

#define OP(name) (UINT64_C(1) << TW_OP_##name)
#define END OP(NOP) /* no access is accused, but the end state */
#define STORES (OP(WRITE) | OP(RMW))
#define LOADS (OP(READ) | OP(RMW))
#define READS (LOADS | OP(DMA_READ))
#define ACCESSES (OP(READ) | OP(WRITE) | OP(EXEC) | OP(RMW))

typedef struct Row {
    uint8_t trigger; /* on the path */
    uint32_t verdicts;
    uint64_t ops; /* accused ones */
    uint8_t which, expected, seen;
    const char *title; /* "%s": the call that split a mapping */
} Row;

/* The first that fits. */
static const Row rows[] = {
    {CODE_OVER_END, FALSE_REFUSAL, OP(EXEC), EACH, GOOD, REFUSED,
     "uc_emu_start: a block of code that goes on into a page that it may not "
     "execute does "
     "not run at all"},
    {CODE_OVER_END, VERDICT(STALE), OP(EXEC), EACH, GOOD, GOOD,
     "uc_emu_start: a store to code in the next page does not end the block: "
     "old code runs"},
    {OWN_CODE, EFFECT, STORES, EACH, GOOD, GOOD,
     "uc_emu_start: a store is made twice if its callback takes X from the "
     "page of its instruction"},
    {OWN_CODE, VERDICT(CLASS), STORES, WITHOUT_HOOK, GOOD, REFUSED,
     "uc_emu_start: a store is made and then refused if its callback takes X "
     "from the page of its instruction"},
    {OWN_CODE, VERDICT(CLASS), STORES | LOADS, WITH_HOOK, GOOD, REFUSED,
     "uc_emu_start: an access that a hook lets go on is refused if the hook "
     "took X from the page of its instruction"},
    {OWN_CODE, WRONG, READS, EACH, GOOD, GOOD,
     "uc_emu_start: the run stops without an error at an instruction from "
     "whose page a hook took X"},
    {PARTIAL_STORE, EFFECT, STORES, EACH, REFUSED, REFUSED,
     "uc_emu_start: a store that is refused at its second page has told a "
     "device its first bytes"},
    {DEVICE_SPLIT, EFFECT, STORES, CROSSING, REFUSED, REFUSED,
     "%s of part of an MMIO mapping: the rest can be stored to without W"},
    {DEVICE_SPLIT, FALSE_RIGHT, STORES, EACH, REFUSED, GOOD,
     "%s of part of an MMIO mapping: the rest can be stored to without W"},
    {DEVICE_SPLIT, FALSE_RIGHT, OP(READ), EACH, REFUSED, GOOD,
     "%s of part of an MMIO mapping: the rest can be loaded without R"},
    {DEVICE_SPLIT, FALSE_REFUSAL, ACCESSES, EACH, GOOD, REFUSED,
     "%s of part of an MMIO mapping: the rest cannot be executed any more"},
    {END_SPLIT, VERDICT(INVARIANT), ~END, EACH, ANY, ANY,
     "%s fails for the last page of a mapping that ends at 2^64"},
    {END_SPLIT, FALSE_REFUSAL | FALSE_PLACE, ACCESSES | END, EACH, ANY, ANY,
     "%s of part of a mapping that ends at 2^64: the rest is gone"},
    {PARTIAL_STORE, FALSE_PLACE, READS | OP(EXEC) | END, EACH, ANY, ANY,
     "uc_emu_start: a store that is refused at its second page leaves its "
     "first bytes in memory"},
    {EXCHANGE_HALF, EFFECT, OP(RMW), EACH, REFUSED, REFUSED,
     "uc_emu_start: an exchange that is refused for want of W reads the device "
     "first"},
    {EXCHANGE_HALF, WRONG, OP(RMW), EACH, GOOD, GOOD,
     "uc_emu_start: an exchange loads before it is refused for want of W: what "
     "the hook stores is not loaded"},
    {STORE_HANDLED, FALSE_PLACE, READS | END, EACH, ANY, ANY,
     "uc_emu_start: a store is lost after a hook gave W back to its page and "
     "let it go on"},
    {HOOK_MISSED, WRONG, LOADS, EACH, GOOD, GOOD,
     "uc_emu_start: a load of a page without R succeeds, and its hook is not "
     "called"},
    {END_HANDLED, WRONG, OP(READ), WITH_HOOK, GOOD, GOOD,
     "uc_emu_start: a load of the last page of the address space gives 0 after "
     "a hook mapped the page"},
    {END_HANDLED, FALSE_PLACE, READS | END, EACH, ANY, ANY,
     "uc_emu_start: a store to the last page of the address space is lost "
     "after a hook mapped the page"},
    {LOAD_CROSSES, FALSE_RIGHT, OP(READ), EACH, REFUSED, GOOD,
     "uc_emu_start: a load that crosses into a page without R succeeds"},
    {DEVICE_SPLIT, FALSE_PLACE, ACCESSES, EACH, GOOD, GOOD,
     "%s of part of an MMIO mapping: from that part on, callbacks get offsets "
     "that start again at 0"},
    {DEVICE_SPLIT, EFFECT, ACCESSES, EACH, REFUSED, REFUSED,
     "%s of part of an MMIO mapping: from that part on, callbacks get offsets "
     "that start again at 0"},
    {LOAD_UNALIGNED, EFFECT, OP(READ), EACH, ANY, ANY,
     "uc_emu_start: an unaligned load asks a device for bytes that it does not "
     "load"},
    {DEVICE_CODE_FLUSHED, EFFECT, OP(EXEC), EACH, GOOD, GOOD,
     "uc_ctl_remove_cache: code of a device is not fetched again after it"},
    {NOT_READABLE, FALSE_RIGHT, OP(READ), EACH, REFUSED, GOOD,
     "uc_emu_start: a load of a page without R succeeds after a store, a fetch "
     "or uc_ctl_remove_cache of the page"},
    {READ_AGAIN, FALSE_RIGHT, OP(READ), EACH, REFUSED, GOOD,
     "uc_emu_start: a load of a page without R succeeds after one that was "
     "refused"},
};

/* The call that split the mapping which the accused access is about. */
static const char *split_call(const TwProgram *program,
                              const TwFinding *finding)
{
    const TwOp *op = tw_finding_accused(finding, program);
    bool unmap = false;
    Sim sim;

    tw_uc_sim_start(&sim, program);
    for (unsigned i = 0; i < program->n_script && i <= finding->op; i++) {
        if (i < finding->op || !(tw_op_info(op->code)->flags & TW_OP_ACCESS)) {
            tw_uc_sim_step(&sim, &program->script[i]);
        }
    }
    for (unsigned p = 0; p < PAGES; p++) {
        bool its =
            op == NULL ||
            (p >= op->addr >> sim.flat.page_lg &&
             p <= tw_uc_last_byte(&sim, op) >> sim.flat.page_lg) ||
            (op->flags & TW_OPF_FROM && p == op->out >> sim.flat.page_lg);

        unmap |= its && sim.unmapped_part[p];
    }
    return unmap ? "uc_mem_unmap" : "uc_mem_protect";
}

static bool is_one(unsigned which, const TwProgram *program, const TwOp *op)
{
    const TwOp *end = program->script + program->n_script;
    bool hooked = op != NULL && op >= program->script && op + 1 < end &&
                  op[1].flags & TW_OPF_DURING;

    switch (which) {
    case CROSSING:
        return op->addr >> program->page_lg !=
               (op->addr + op->size - 1) >> program->page_lg;
    case WITH_HOOK:
        return hooked;
    case WITHOUT_HOOK:
        return !hooked;
    default:
        return true;
    }
}

static bool is_outcome(unsigned wanted, bool refused)
{
    return wanted == ANY || refused == (wanted == REFUSED);
}

bool tw_uc_title(const TwProgram *program, const TwFinding *finding,
                 GString *title)
{
    const TwOp *op = tw_finding_accused(finding, program);
    unsigned code = op != NULL ? op->code : TW_OP_NOP;
    uint64_t met = tw_uc_triggers_met(program, finding);
    bool expects = tw_title_is_refusal(finding, "expected");
    bool sees = tw_title_is_refusal(finding, "seen");

    for (unsigned i = 0; met != 0 && i < G_N_ELEMENTS(rows); i++) {
        const Row *row = &rows[i];
        const char *rest = strstr(row->title, "%s");

        if (!(met & BIT(row->trigger)) ||
            !(row->verdicts >> finding->verdict & 1) ||
            !(row->ops >> code & 1) || !is_one(row->which, program, op) ||
            !is_outcome(row->expected, expects) ||
            !is_outcome(row->seen, sees)) {
            continue;
        }
        if (rest != NULL) {
            g_string_append(title, finding->verdict == TW_VERDICT_INVARIANT
                                       ? tw_uc_call(program, op)
                                       : split_call(program, finding));
        }
        g_string_append(title, rest != NULL ? rest + strlen("%s") : row->title);
        return true;
    }
    return false;
}

bool tw_uc_pair_title(const TwProgram *program, const TwFinding *finding,
                      GString *title)
{
    const TwOp *op = tw_finding_accused(finding, program);

    if (op == NULL || !tw_title_is_refusal(finding, "reference") ||
        tw_title_is_refusal(finding, "seen") || !(LOADS >> op->code & 1)) {
        return false;
    }
    g_string_append_printf(title,
                           "uc_emu_start: %s that the TLB serves succeeds "
                           "where the slow path refuses it",
                           op->code == TW_OP_RMW ? "an exchange" : "a load");
    return true;
}
