/* SPDX-License-Identifier: MIT */
/*
 * A program followed without the library: which circumstances of known defects
 * (trigger.h) hold at each operation.
 */
#ifndef TW_TARGETS_UNICORN_SIM_H
#define TW_TARGETS_UNICORN_SIM_H

#include "program/finding.h"
#include "program/legality.h"
#include "program/ops.h"
#include "targets/unicorn/dialect.h"
#include "targets/unicorn/flat.h"

/* The triggers, in the order of tw_uc_triggers. */
enum {
    READ_REVOKED,
    NOT_READABLE,
    PARTIAL_STORE,
    DEVICE_SPLIT,
    CODE_CHANGED,
    DEVICE_CODE_FLUSHED,
    READ_AGAIN,
    OWN_CODE,
    CODE_STORED,
    LOAD_UNALIGNED,
    MANY_RANGES,
    HANDLER_MAPS,
    STORE_HANDLED,
    CODE_HANDLED,
    END_SPLIT,
    HOOK_MISSED,
    EXCHANGE_HALF,
    ACTORS_ASTRAY,
    CODE_PAGE_STORED,
    LOAD_CROSSES,
    END_HANDLED,
    HANDLER_FLUSHES,
    CODE_OVER_END,
    SAVED_CACHED,
    SAVED_READONLY,
};

enum { MANY = 1000 }; /* mappings at once */

#define BIT(trigger) (UINT64_C(1) << (trigger))

enum { HOOKED_NOT, HOOKED, HOOKED_ROM /* a store to a page that is ROM */ };

typedef struct Sim {
    const TwProgram *program;
    TwLegality legality;
    Flat flat;
    uint64_t ever;         /* triggers met anywhere so far */
    bool refused[PAGES];   /* a load, for want of R */
    uint16_t taint[PAGES]; /* of the mapping that the page is in */
    bool device[PAGES];    /* it is one of a device */
    uint8_t rights[PAGES]; /* of the mapping, before the latest call */
    uint16_t first[PAGES], end[PAGES]; /* pages of the mapping */
    bool begins[PAGES];                /* a mapping, or a part of one */
    bool unmapped_part[PAGES];         /* uc_mem_unmap split the mapping last */
    unsigned n_ranges;                 /* pages that do */
    Shown run[PAGES];                  /* what code of the page was run, or 0 */
    bool twice[PAGES];      /* and this is mapped elsewhere too, since then */
    uint32_t at_run[PAGES]; /* calls when it was run */
    uint32_t n_calls;
    bool dirty[PAGES];   /* and the guest stored to the page */
    bool stored[PAGES];  /* and the guest stored to it while moved or twice */
    bool moved[PAGES];   /* its mapping was unmapped or split since */
    bool lost[PAGES];    /* and flushed, or other code was run: its
                          * translation stays */
    bool flushed[PAGES]; /* and it is a device's */
    uint8_t hooked;      /* inside a refusal for want of a right */
    unsigned own; /* inside an access: page + 1 of the instruction that makes
                   * it; 0: none */
    bool readonly[PAGES]; /* W was taken from it, so that it is ROM */
    bool handled[PAGES];  /* a fetch of it was let go on by a hook */
    bool snapshot;        /* there was one */
    bool cached[PAGES];   /* the TLB may have an entry of it */
    bool early[PAGES];    /* and had, at a snapshot */
    TwRegionSet partial_device;
    /* Last: only what is of the program's blocks is ever looked at.
     * Bits of pages: of a store that was cut, of one that was lost. */
    struct {
        uint64_t partial, lost;
    } ram[TW_MAX_REGIONS * PAGES / 64];
} Sim;

/* What an access with this right finds at a page, or 0: it is refused. */
static inline unsigned tw_uc_sim_page(const Sim *sim)
{
    return 1u << sim->flat.page_lg;
}

static inline Shown granted(const Sim *sim, uint64_t page, uint8_t right)
{
    return page < PAGES && !(sim->flat.rights[page] & NO_ENTRY) &&
                   (sim->flat.rights[page] & right) == right
               ? sim->flat.graph.view[page]
               : 0;
}

static inline uint8_t right_of(const TwOp *op)
{
    return op->code == TW_OP_WRITE  ? TW_W
           : op->code == TW_OP_EXEC ? TW_X
           : op->code == TW_OP_RMW  ? TW_R | TW_W
                                    : TW_R;
}

static inline bool cannot_read(const Sim *sim, uint64_t page)
{
    return sim->flat.mapped[page] != 0 &&
           !(sim->flat.mapped_rights[page] & TW_R);
}

static inline bool loads(const TwOp *op)
{
    return op->code == TW_OP_READ || op->code == TW_OP_RMW;
}

static inline bool stores(const TwOp *op)
{
    return op->code == TW_OP_WRITE || op->code == TW_OP_RMW;
}

/* The state before the script; `program` must outlive it. */
void tw_uc_sim_start(Sim *sim, const TwProgram *program);
void tw_uc_sim_copy(Sim *to, const Sim *from);
/* Performs an operation of the script, with what is performed during it and
 * what devices do because of it.  Nothing, if it is itself during an access. */
void tw_uc_sim_step(Sim *sim, const TwOp *op);

/* sim-saved.c: the TLB may have entries of the pages of an access now; a
 * snapshot. */
void tw_uc_sim_cache(Sim *sim, const TwOp *op);
void tw_uc_sim_save(Sim *sim);
/* How many operations of the script are performed during this one? */
unsigned tw_uc_n_during(const Sim *sim, const TwOp *op);
/* The triggers that a fetch meets now; 0 for other operations. */
uint64_t tw_uc_exec_triggers(const Sim *sim, const TwOp *op);
/* Does the access fill the entry of a page without R? */
bool tw_uc_is_unreadable(const Sim *sim, const TwOp *op);
/* Is it a load of a page of which a load was refused before? */
bool tw_uc_reads_again(const Sim *sim, const TwOp *op);
/* Is it the first of a pair, in the script? */
bool tw_uc_leads_pair(const Sim *sim, const TwOp *op);
/* Does the store, or the pair that it is one of, begin in a page that takes it
 * and end in one that does not? */
bool tw_uc_is_partial_store(const Sim *sim, const TwOp *op);
/* Is it a load of a device's page with a part that is not aligned? */
bool tw_uc_is_unaligned_load(const Sim *sim, const TwOp *op);
/* The same of a load, and a page that has no R? */
bool tw_uc_load_crosses(const Sim *sim, const TwOp *op);
/* Is it a store of the host, after a snapshot, to memory that is mapped without
 * W? */
bool tw_uc_stores_saved(const Sim *sim, const TwOp *op);
/* Is it a snapshot while the TLB may have an entry of a page? */
bool tw_uc_saves_cached(const Sim *sim, const TwOp *op);
/* Is it an exchange of a page that can be read, but not written? */
bool tw_uc_is_half_exchange(const Sim *sim, const TwOp *op);
/* Does a device that the access writes to take X from its instruction? */
bool tw_uc_loses_own_code(const Sim *sim, const TwOp *op);
/* The pages of a flush, last included; false: none. */
bool tw_uc_flush_range(const Sim *sim, const TwOp *op, uint64_t *first,
                       uint64_t *last);
/* Does it flush a page that is mapped without R? */
bool tw_uc_flushes_unreadable(const Sim *sim, const TwOp *op);
/* The actors that a store would ask (LA-27), in order, in asked[]: how many. */
unsigned tw_uc_asks(const Sim *sim, const TwOp *op,
                    uint8_t asked[TW_MAX_ACTORS]);
/* The fetch of the instruction that makes an access (LA-46). */
TwOp tw_uc_fetch_of(const TwOp *op);

/* Where an access begins, or the pair whose second it is (LA-59). */
static inline uint64_t tw_uc_whole_address(const TwOp *op)
{
    return op->addr - (op->flags & TW_OPF_PAIRED ? op->size : 0);
}

/* The last byte that an access accesses: of a run, of all its words. */
static inline uint64_t tw_uc_last_byte(const Sim *sim, const TwOp *op)
{
    return op->addr - 1 + tw_op_bytes(sim->program, op);
}

#endif
