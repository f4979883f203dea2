/* SPDX-License-Identifier: MIT */
/* What the library's users call the operations of a program, and the
 * circumstances of a finding; for titles (TwTargetClass: call, when). */
#include "program/ops.h"
#include "targets/unicorn/class.h"
#include "targets/unicorn/trigger.h"

/* Does an entry of the page map that is made before `op` have its page? */
static bool is_mapped_before(const TwProgram *program, const TwOp *op)
{
    bool mapped = false;

    for (unsigned i = 0; i < program->n_setup + program->n_script; i++) {
        const TwOp *o = i < program->n_setup
                            ? &program->setup[i]
                            : &program->script[i - program->n_setup];

        if (o == op) {
            break;
        }
        if ((o->code == TW_OP_PAGE || o->code == TW_OP_UNPAGE) &&
            op->addr - o->addr < UINT64_C(1) << o->lg) {
            mapped = o->code == TW_OP_PAGE;
        }
    }
    return mapped;
}

const char *tw_uc_call(const TwProgram *program, const TwOp *op)
{
    switch (op->code) {
    case TW_OP_READ:
    case TW_OP_WRITE:
    case TW_OP_EXEC:
    case TW_OP_RMW:
        return "uc_emu_start";
    case TW_OP_DMA_READ:
        return "uc_mem_read";
    case TW_OP_DMA_WRITE:
        return "uc_mem_write";
    case TW_OP_PAGE:
        return is_mapped_before(program, op) ? "uc_mem_protect"
                                             : "uc_mem_map_ptr";
    case TW_OP_UNPAGE:
        return "uc_mem_unmap";
    case TW_OP_FLUSH_PAGE:
    case TW_OP_FLUSH_RANGE:
    case TW_OP_FLUSH_INDEX:
    case TW_OP_FLUSH_ALL:
        return "uc_ctl_remove_cache";
    case TW_OP_SNAPSHOT:
        return "uc_context_save";
    case TW_OP_RESTORE:
        return "uc_context_restore";
    default: /* the topology: memory is mapped anew */
        return "uc_mem_unmap, uc_mem_map_ptr";
    }
}

const char *tw_uc_vtlb_call(const TwProgram *program, const TwOp *op)
{
    switch (op->code) {
    case TW_OP_PAGE:
    case TW_OP_UNPAGE:
        return "UC_HOOK_TLB_FILL";
    case TW_OP_FLUSH_PAGE:
    case TW_OP_FLUSH_RANGE:
    case TW_OP_FLUSH_INDEX:
    case TW_OP_FLUSH_ALL:
        return "uc_ctl_flush_tlb";
    default:
        return tw_uc_call(program, op);
    }
}

/* The first that is met is said; in the order in which they say most. */
static const struct {
    const char *trigger, *when;
} circumstances[] = {
    {"many-ranges", "with 1000 mappings or more"},
    {"handler-maps", "after a hook of a refused access changed the memory and "
                     "let the access go on"},
    {"handler-flushes", "after a hook of a refused access called "
                        "uc_ctl_remove_cache or uc_ctl_flush_tlb and let the "
                        "access go on"},
    {"end-handled", "after a hook mapped the last page of the address space "
                    "and let the access go on"},
    {"own-code", "when a callback takes X from the page of the instruction "
                 "that called it"},
    {"end-split", "after part of a mapping that ends at 2^64 was unmapped or "
                  "protected"},
    {"device-split", "after part of an MMIO mapping was unmapped or protected"},
    {"partial-store", "after a store that crosses into a page that refuses it"},
    {"exchange-half", "where the page has R but no W"},
    {"store-handled", "after a hook gave W back and let the store go on"},
    {"hook-missed", "since the hook of the load that must be refused is not "
                    "called"},
    {"code-handled", "once a hook has let a refused fetch of the page go on"},
    {"load-crosses", "where the second page has no R"},
    {"load-unaligned", "if it is not aligned"},
    {"saved-cached", "in a page that the guest had accessed before the "
                     "snapshot"},
    {"saved-readonly", "to a page without W after a snapshot"},
    {"not-readable", "after the page without R was stored to, executed or "
                     "flushed"},
    {"read-again", "after a refused load of the page"},
    {"code-stored", "if its memory is mapped at two addresses or its mapping "
                    "has changed"},
};

static const char *when_of(const TwTriggerInfo *triggers, uint64_t met)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(circumstances); i++) {
        for (unsigned k = 0; triggers[k].name != NULL; k++) {
            if (met >> k & 1 &&
                g_strcmp0(triggers[k].name, circumstances[i].trigger) == 0) {
                return circumstances[i].when;
            }
        }
    }
    return NULL;
}

const char *tw_uc_when(const TwProgram *program, const TwFinding *finding)
{
    const char *when =
        when_of(tw_uc_triggers, tw_uc_triggers_met(program, finding));

    return finding->verdict == TW_VERDICT_EFFECT &&
                   g_strcmp0(when, "if it is not aligned") == 0
               ? "since it is asked for more bytes than the load has"
               : when;
}

const char *tw_uc_snapshot_when(const TwProgram *program,
                                const TwFinding *finding)
{
    return when_of(tw_uc_snapshot_triggers,
                   tw_uc_snapshot_triggers_met(program, finding));
}
