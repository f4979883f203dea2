/* SPDX-License-Identifier: MIT */
/*
 * Controls of the library (uc_ctl).  Their numbers from 2.1 on are written
 * here, since the header may be that of 2.0 while the library is a newer one:
 * which controls there are is decided by the library that runs.
 */
#include "targets/unicorn/agent.h"
#include "targets/unicorn/uncounted.h"

/* Of 2.1; the header of 2.0 has neither these nor what they take. */
enum {
    TLB_FLUSH = 11,
    TLB_TYPE = 12,
    TLB_VIRTUAL = 1,
    CONTEXT_MODE = 14,
    CONTEXT_CPU = 1,
    CONTEXT_MEMORY = 2,
};
#ifdef uc_ctl_context_mode
_Static_assert((int)TLB_FLUSH == (int)UC_CTL_TLB_FLUSH &&
                   (int)TLB_TYPE == (int)UC_CTL_TLB_TYPE &&
                   (int)TLB_VIRTUAL == (int)UC_TLB_VIRTUAL &&
                   (int)CONTEXT_MODE == (int)UC_CTL_CONTEXT_MODE &&
                   (int)CONTEXT_CPU == (int)UC_CTL_CONTEXT_CPU &&
                   (int)CONTEXT_MEMORY == (int)UC_CTL_CONTEXT_MEMORY,
               "numbers of the library");
#endif

/* The library's macros shift a bit into the sign. */
#define CONTROL __attribute__((no_sanitize("undefined")))

bool tw_uc_is_2_1(const Library *lib)
{
    return lib->release >= TW_UC_RELEASE(2, 1, 0);
}

TW_UNCOUNTED CONTROL uc_err tw_uc_get_page_size(const Library *lib,
                                                uc_engine *uc, uint32_t *size)
{
    return lib->ctl(uc, UC_CTL_READ(UC_CTL_UC_PAGE_SIZE, 1), size);
}

TW_UNCOUNTED CONTROL uc_err tw_uc_set_cpu_model(const Library *lib,
                                                uc_engine *uc, int model)
{
    return lib->ctl(uc, UC_CTL_WRITE(UC_CTL_CPU_MODEL, 1), model);
}

CONTROL uc_err tw_uc_remove_cache(Machine *m, uint64_t first, uint64_t end)
{
    return m->lib.ctl(m->uc, UC_CTL_WRITE(UC_CTL_TB_REMOVE_CACHE, 2), first,
                      end);
}

CONTROL uc_err tw_uc_flush_tlb(Machine *m)
{
    return m->lib.ctl(m->uc, UC_CTL_WRITE(TLB_FLUSH, 0));
}

CONTROL uc_err tw_uc_make_tlb_virtual(Machine *m)
{
    return m->lib.ctl(m->uc, UC_CTL_WRITE(TLB_TYPE, 1), (int)TLB_VIRTUAL);
}

CONTROL static uc_err set_context_mode(const Library *lib, uc_engine *uc)
{
    return lib->ctl(uc, UC_CTL_WRITE(CONTEXT_MODE, 1),
                    CONTEXT_CPU | CONTEXT_MEMORY);
}

bool tw_uc_snapshot_possible(const Library *lib, const Guest *guest)
{
    uc_err err;
    uc_engine *uc;

    if (!tw_uc_is_2_1(lib) ||
        lib->open(guest->arch, guest->mode, &uc) != UC_ERR_OK) {
        return false;
    }
    err = set_context_mode(lib, uc);
    lib->close(uc);
    return err == UC_ERR_OK;
}

uc_err tw_uc_snapshot_start(Machine *m)
{
    return set_context_mode(&m->lib, m->uc);
}
