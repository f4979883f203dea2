/* SPDX-License-Identifier: MIT */
/*
 * Controls of the library from 2.1 on, for the class "unicorn-snapshot", which
 * needs a newer library, but no newer header.
 */
#include "targets/unicorn/agent.h"

/* The header of 2.0 has neither the control nor what it takes. */
enum {
    CONTEXT_MODE = 14,
    CONTEXT_CPU = 1,
    CONTEXT_MEMORY = 2,
    TLB_FLUSH = 11, /* of 2.1; 2.0 has it under no name */
};
#ifdef uc_ctl_context_mode
_Static_assert((int)CONTEXT_MODE == (int)UC_CTL_CONTEXT_MODE &&
                   (int)CONTEXT_CPU == (int)UC_CTL_CONTEXT_CPU &&
                   (int)CONTEXT_MEMORY == (int)UC_CTL_CONTEXT_MEMORY &&
                   (int)TLB_FLUSH == (int)UC_CTL_TLB_FLUSH,
               "numbers of the library");
#endif

/* The library's macro shifts a bit into the sign. */
__attribute__((no_sanitize("undefined"))) static uc_err
set_context_mode(uc_engine *uc)
{
    return uc_ctl(uc, UC_CTL_WRITE(CONTEXT_MODE, 1),
                  CONTEXT_CPU | CONTEXT_MEMORY);
}

__attribute__((no_sanitize("undefined"))) uc_err
tw_uc_snapshot_flush_tlb(Machine *m)
{
    return uc_ctl(m->uc, UC_CTL_WRITE(TLB_FLUSH, 0));
}

bool tw_uc_snapshot_possible(const Guest *guest)
{
    uc_err err;
    uc_engine *uc;

    if (uc_version(NULL, NULL) >> 16 < (2 << 8 | 1) ||
        uc_open(guest->arch, guest->mode, &uc) != UC_ERR_OK) {
        return false;
    }
    err = set_context_mode(uc);
    uc_close(uc);
    return err == UC_ERR_OK;
}

uc_err tw_uc_snapshot_start(Machine *m)
{
    return set_context_mode(m->uc);
}
