/* SPDX-License-Identifier: MIT */
/*
 * A user's hook for accesses that are refused: it may map or protect memory and
 * let the access go on.  Here it performs the operations `during` the access
 * (LA-47), and lets the access go on if that gives it what it needs.
 */
#include "targets/unicorn/internal.h"
#include "targets/unicorn/record.h"

/* The right that an access of this kind needs. */
static uint8_t needs(uc_mem_type type)
{
    switch (type) {
    case UC_MEM_WRITE_UNMAPPED:
    case UC_MEM_WRITE_PROT:
        return TW_W;
    case UC_MEM_FETCH_UNMAPPED:
    case UC_MEM_FETCH_PROT:
        return TW_X;
    default:
        return TW_R;
    }
}

/* Is the memory at this guest address mapped, with the right? */
static bool grants(const Machine *m, uint64_t address, uint8_t right)
{
    uint64_t page = (address - m->window) >> m->flat.page_lg;

    return address >= m->window && page < PAGES && m->flat.mapped[page] != 0 &&
           m->flat.mapped_rights[page] & right;
}

TW_CALLED_BACK static bool on_refused(uc_engine *uc, uc_mem_type type,
                                      uint64_t address, int size, int64_t value,
                                      void *data)
{
    Machine *m = data;
    uint16_t op = tw_uc_agent_record(m)->op;
    bool goes_on;

    (void)size, (void)value;
    if (tw_uc_during_waits(m, op)) {
        m->handled = op;
        m->call_place = FROM_HOOK;
        tw_uc_perform_during(m, op);
        m->call_place = FROM_HOST;
    }
    if (m->broken) {
        m->lib.emu_stop(uc);
        return false;
    }
    goes_on = grants(m, address, needs(type));
    tw_uc_record_hook(m, op, goes_on);
    return goes_on;
}

uc_err tw_uc_refuse_start(Machine *m)
{
    uc_err err = m->lib.hook_add(m->uc, &m->hook,
                                 UC_HOOK_MEM_UNMAPPED | UC_HOOK_MEM_PROT,
                                 (void *)(uintptr_t)on_refused, m, 1, 0);

    m->hooked = err == UC_ERR_OK;
    return err;
}

void tw_uc_refuse_stop(Machine *m)
{
    if (m->hooked) {
        m->lib.hook_del(m->uc, m->hook);
        m->hooked = false;
    }
}
