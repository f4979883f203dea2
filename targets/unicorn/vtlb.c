/* SPDX-License-Identifier: MIT */
/*
 * The page map of the class "unicorn-vtlb": the library's virtual TLB (2.1 and
 * later).  There the caller is the page map: a hook answers each miss of the
 * TLB with an address and rights.  The TLB keeps the answer until
 * uc_ctl_flush_tlb, or until the library evicts it.
 *
 * So the hook answers from the page map of the program, which leads anywhere.
 * All flushes are uc_ctl_flush_tlb, because there is no smaller flush.  The
 * flat view is mapped at the same physical addresses, with all rights. Unmapped
 * memory must be gone at once: the documentation does not demand a flush for
 * that.  Data only: the class "unicorn" tests code.
 */
#include <string.h>

#include "targets/unicorn/agent.h"
#include "targets/unicorn/record.h"
#include "targets/unicorn/trigger.h"

/* Of the header of 2.1: an answer of the hook, and the hook. */
typedef struct TlbEntry {
    uint64_t paddr;
    uint32_t perms; /* UC_PROT_... */
} TlbEntry;
enum { HOOK_TLB_FILL = 1 << 17 };
#ifdef uc_ctl_tlb_mode
_Static_assert(sizeof(TlbEntry) == sizeof(uc_tlb_entry) &&
                   offsetof(TlbEntry, perms) == offsetof(uc_tlb_entry, perms) &&
                   (int)HOOK_TLB_FILL == (int)UC_HOOK_TLB_FILL,
               "the library's");
#endif

unsigned tw_uc_vtlb_page_lg(const Library *lib, const Guest *guest)
{
    uint32_t size = 0;
    uc_engine *uc;

    if (tw_uc_is_2_1(lib) &&
        lib->open(guest->arch, guest->mode, &uc) == UC_ERR_OK) {
        if (tw_uc_get_page_size(lib, uc, &size) != UC_ERR_OK) {
            size = 0;
        }
        lib->close(uc);
    }
    return size >= 1u << MIN_PAGE_LG && size <= MAX_PAGE
               ? (unsigned)__builtin_ctz(size)
               : 0;
}

/*
 * What a miss at the page at `addr` finds.  Outside of the window are the
 * agent's own pages.  In it the guest does not fetch; but uc_mem_unmap asks for
 * a fetch at the address that it unmaps, as if that were one of the guest's,
 * and when told that there is none (strict), 2.1.1 fails in the mapping calls
 * that follow.
 */
TW_CALLED_BACK static bool fill(uc_engine *uc, uint64_t addr, uc_mem_type type,
                                TlbEntry *entry, void *data)
{
    const Machine *m = data;
    uint64_t page = (addr - m->window) >> m->page_lg;

    (void)uc;
    if (page >= 1u << (PAGES_LG + MAX_PAGE_LG - m->page_lg)) {
        *entry = (TlbEntry){addr, UC_PROT_ALL};
        return true;
    }
    if (type == UC_MEM_FETCH && !m->strict) {
        *entry = (TlbEntry){addr, UC_PROT_EXEC};
        return true;
    }
    *entry =
        (TlbEntry){m->window + ((uint64_t)m->vtlb->out[page] << m->page_lg),
                   m->vtlb->rights[page] & UC_PROT_ALL};
    return !(m->vtlb->rights[page] & NO_ENTRY);
}

uc_err tw_uc_vtlb_start(Machine *m)
{
    uc_hook hook;
    uc_err err = tw_uc_make_tlb_virtual(m);

    return err != UC_ERR_OK ? err
                            : m->lib.hook_add(m->uc, &hook, HOOK_TLB_FILL,
                                              (void *)(uintptr_t)fill, m, 1, 0);
}

void tw_uc_vtlb_page(Machine *m, const TwOp *op)
{
    Vtlb *v = m->vtlb;
    uint64_t first = op->addr >> m->page_lg;
    uint64_t end = first + (UINT64_C(1) << (op->lg - m->page_lg));

    tw_uc_record_tlb_entry(m, op);
    for (uint64_t p = first; p < end; p++) {
        v->rights[p] = op->code == TW_OP_PAGE ? op->perm : NO_ENTRY;
        v->out[p] = (uint16_t)((op->out >> m->page_lg) + (p - first));
    }
}

bool tw_uc_vtlb_refuses(const Machine *m, const TwOp *op, uint8_t need)
{
    uint64_t last = (op->addr + op->size - 1) >> m->page_lg;

    for (uint64_t p = op->addr >> m->page_lg; p <= last; p++) {
        if (p >> (PAGES_LG + MAX_PAGE_LG - m->page_lg) != 0 ||
            m->vtlb->rights[p] & NO_ENTRY || !(m->vtlb->rights[p] & need)) {
            return true;
        }
    }
    return false;
}

void tw_uc_vtlb_reset(Machine *m)
{
    memset(m->vtlb->rights, NO_ENTRY, sizeof(m->vtlb->rights));
    for (unsigned i = 0; i < m->program->n_setup; i++) {
        tw_uc_vtlb_page(m, &m->program->setup[i]);
    }
    /* What devices are mapped with: then no call protects anything. */
    memset(m->flat.rights, TW_R | TW_W, sizeof(m->flat.rights));
}

/* Triggers ---------------------------------------------------------------- */

enum { STORE_CROSSES, UNALIGNED };

const TwTriggerInfo tw_uc_vtlb_triggers[] = {
    [STORE_CROSSES] = {"store-crosses",
                       "a store of bytes in two pages of the page map", false},
    [UNALIGNED] = {"load-unaligned",
                   "a load that is not aligned, or of bytes in two pages",
                   false},
    {NULL, NULL, false},
};

static bool store_crosses(const TwProgram *program, const TwOp *op)
{
    return op->code == TW_OP_WRITE && tw_uc_crosses(program, op);
}

static bool is_unaligned_load(const TwOp *op)
{
    return op->code == TW_OP_READ &&
           (op->size & (op->size - 1) || op->addr & (op->size - 1u));
}

uint64_t tw_uc_vtlb_triggers_met(const TwProgram *program,
                                 const TwFinding *finding)
{
    uint64_t met = 0;

    for (unsigned i = 0; i < program->n_script && i <= finding->op; i++) {
        const TwOp *op = &program->script[i];

        met |= store_crosses(program, op) ? 1u << STORE_CROSSES : 0;
        met |= is_unaligned_load(op) && i == finding->op ? 1u << UNALIGNED : 0;
    }
    return met;
}

void tw_uc_vtlb_avoid(TwProgram *program, uint64_t triggers)
{
    uint64_t page = UINT64_C(1) << program->page_lg;

    for (unsigned i = 0; i < program->n_script; i++) {
        TwOp *op = &program->script[i];

        if (triggers >> STORE_CROSSES & 1 && store_crosses(program, op)) {
            op->size = (uint8_t)(page - (op->addr & (page - 1)));
        }
        if (triggers >> UNALIGNED & 1 && is_unaligned_load(op)) {
            op->size = 1;
        }
    }
}
