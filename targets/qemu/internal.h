/* SPDX-License-Identifier: MIT */
/*
 * The targets "qemu-..." and what their parts share: a stock QEMU with the
 * agent inside (agent/), whose page tables are the page maps of programs.
 *
 *   class.c    the classes, their options, the contract
 *   dialect.c  the dialect
 *   start.c    the process: start, rounds, end
 *   run.c      programs: what the agent is to do
 *   queue.c    handing that over in rounds, and what the results mean
 *   page.c     page-map operations as changes of page tables; flushes
 *   look.c     where stores went: look-table.c, look-result.c
 *   settle.c   programs without open windows, for pairs
 *   pair.c     the class "qemu-ab": two QEMUs against each other
 *   options.c  the options
 *   table.c    the memory of page tables
 *   memory.c   which bytes RAM has at the start and at the end
 *   view.c     where RAM is in a program's physical addresses
 *   emit.c     cases as scripts for QEMU's maintainers; emit-ARCH.c: their text
 *   trigger.c  where known defects can show, and how to avoid that
 *   arch.h     what only an architecture knows: one file each
 *
 * Addresses.  Physical address A of a program is guest physical address
 * arch->ram + TW_AGENT_DATA (or TW_AGENT_CODE_DATA) + A where it has RAM, below
 * 2^TW_QEMU_RAM_LG, and arch->nowhere + A where it has none.  Virtual address V
 * of MMU index 0 is arch->half[0] + V, in the lower half of the guest's
 * addresses; of index 1, arch->half[1] + V, in the upper.  So all alignments up
 * to 1 GiB are kept.
 */
#ifndef TW_TARGETS_QEMU_INTERNAL_H
#define TW_TARGETS_QEMU_INTERNAL_H

#include "process/process.h"
#include "program/content.h"
#include "program/legality.h"
#include "targets/qemu/arch.h"
#include "targets/qemu/mailbox.h"
#include "targets/qemu-version.h"
#include "targets/qemu/view.h"
#include "targets/target.h"

enum {
    PAGE_LG = TW_QEMU_PAGE_LG,
    PAGE_BYTES = 1 << PAGE_LG,
    RAM_PAGES = 1 << (TW_QEMU_RAM_LG - PAGE_LG),
    MOST_ASSIGNED = TW_MAX_SETUP + TW_MAX_SCRIPT,
    WINDOWS = 2, /* RAM of programs with data, and of those with code or runs */
};

/* A page-map assignment, as long as the program runs. */
typedef struct Assigned {
    uint64_t addr;
    uint64_t out;
    uint8_t index, lg;
    bool leads;  /* not an unpage */
    bool split;  /* its entry has become several */
    bool cached; /* for settle.c: may be cached where a newer one covers it */
} Assigned;

/* A page table as it will be when the operations so far are done. */
typedef struct Table {
    uint64_t entries[512];
    uint16_t below[512]; /* number of the table that an entry leads to, or 0 */
} Table;

/* A page of RAM, by the guest's page: which bytes it had at the start. */
typedef struct Frame {
    uint8_t *master;         /* of PAGE_BYTES; NULL: never used */
    uint8_t contents, block; /* what `master` was made for */
    uint64_t offset;
    bool used; /* in this program */
} Frame;

/* A place where bytes first .. first + length - 1 of a store can be. */
typedef struct Look {
    uint64_t pa; /* of the program */
    uint8_t first, length;
} Look;

/* What was there. */
typedef struct Saw {
    Look at;
    uint64_t before, after;
} Saw;

enum { MOST_LOOKS = 6 }; /* around one store */

typedef struct Machine {
    TwTarget target;
    const Arch *arch;
    char *args; /* the user's options of QEMU */
    TwDialect dialect;
    TwContract contract;
    char *binary;
    char version[64];
    char *command;
    uint32_t timeout_ms;
    bool drop_flushes; /* leaves one flush of a program in four out */
    bool small_tlb;    /* the TLB is not made large */
    bool settle;       /* no access meets an older answer (settle.c) */
    volatile uint32_t *in_flight;

    /* The process. */
    TwProcess process;
    int ram_fd, file_fd;
    uint8_t *ram;     /* of TW_AGENT_RAM_SIZE bytes, as the guest sees it */
    bool started;     /* before */
    bool fresh;       /* it has just been started, with empty RAM */
    int64_t grown_ms; /* when its TLB was made large, or small; 0: never */
    uint32_t round;

    /* The run. */
    const TwProgram *program;
    TwTrace *trace;
    TwTrace idle; /* of an exchange without a program */
    TwLegality legality;
    bool broken;        /* it cannot go on; the trace says why */
    unsigned n_flushes; /* of the script */
    GArray *record;     /* of TwDo: takes the operations, and nothing runs; or
                         * NULL */
    unsigned n_ops;
    unsigned n_accesses;

    View view;
    unsigned n_looks; /* of the store at hand */
    Look looks[MOST_LOOKS];
    Saw saw[MOST_LOOKS]; /* of the one of which results come in */

    unsigned n_tables;
    Table tables[TW_AGENT_MAX_TABLES];
    unsigned n_assigned;
    Assigned assigned[MOST_ASSIGNED];

    unsigned n_used;
    uint32_t used[RAM_PAGES]; /* frames of this program */
    Frame *frames[WINDOWS];   /* RAM_PAGES each */
    unsigned n_filled[WINDOWS];
    uint32_t filled[WINDOWS][RAM_PAGES]; /* frames with a master */
} Machine;

static inline TwMailbox *tw_qemu_mailbox(Machine *m)
{
    return (TwMailbox *)(void *)(m->ram + TW_AGENT_MAILBOX);
}

/* Where the RAM of programs with these contents begins, in the guest's RAM. */
static inline uint64_t tw_qemu_window(unsigned contents)
{
    return tw_contents_are_code(contents) ? TW_AGENT_CODE_DATA : TW_AGENT_DATA;
}

/* The frames of the program that runs. */
static inline Frame *tw_qemu_frames(const Machine *m)
{
    return m->frames[tw_contents_are_code(m->program->contents)];
}

/* start.c: starts the process if it does not run; false with `why`. */
bool tw_qemu_start(Machine *m, char *why, size_t size);
/* Performs the operations in the mailbox.  False: the run is broken. */
bool tw_qemu_round(Machine *m);

/* queue.c: the next operation for the agent, all zero but for `kind` and `op`;
 * a round before it if there is no room.  Performs those that are waiting, and
 * takes over their results. */
TwDo *tw_qemu_do(Machine *m, unsigned kind, unsigned op);
void tw_qemu_flush_queue(Machine *m);

/* run.c */
bool tw_qemu_run(TwTarget *target, const TwProgram *program, TwTrace *trace);
/* A round without operations. */
bool tw_qemu_ping(TwTarget *target);
/* Appends to `record` (TwDo) what the agent would be told, and tells it
 * nothing.  The tables in RAM are then as they were when they were new, and the
 * frames are those that the program uses, until tw_qemu_memory_finish(). */
void tw_qemu_record(Machine *m, const TwProgram *program, TwTrace *trace,
                    GArray *record);

/* emit.c */
bool tw_qemu_emit(TwTarget *target, const TwProgram *program,
                  const TwFinding *finding, const TwExpected *expected,
                  GString *out, GError **error);

/* table.c: the tables as before a program: two roots.  A new, empty table; 0:
 * there is none left.  A table as the guest sees it. */
void tw_qemu_table_reset(Machine *m);
unsigned tw_qemu_table_new(Machine *m);
uint64_t *tw_qemu_table_shared(Machine *m, unsigned table);

/* page.c: what an operation changes. */
void tw_qemu_page_assign(Machine *m, const TwOp *op, unsigned number);
void tw_qemu_page_flush(Machine *m, const TwOp *op, unsigned number);
/* Guest address of an address of the program. */
uint64_t tw_qemu_virtual(const Machine *m, unsigned index, uint64_t addr);

/* settle.c: notes a new assignment, and a flush of the program; flushes before
 * an access that could meet an older answer. */
void tw_qemu_settle_assigned(Machine *m);
void tw_qemu_settle_flushed(Machine *m, const TwOp *op);
void tw_qemu_settle_access(Machine *m, const TwOp *op, unsigned number);

/* look-table.c: the tables of the agent's view of RAM, which `root` (half 0)
 * shall have; guest virtual address of a place in the program's RAM there. */
void tw_qemu_look_start(Machine *m, uint64_t *root);
uint64_t tw_qemu_look_at(Machine *m, uint64_t pa);

/* look.c: what comes before and after an access that may store. */
void tw_qemu_look_before(Machine *m, const TwOp *op, unsigned number);
void tw_qemu_look_after(Machine *m, unsigned number);

/* look-result.c: TwDo.note of the loads of look.c, and their results; what
 * operation `number` stores. */
enum { LOOK_BEFORE = 1, LOOK_AFTER, LOOK_AFTER_LAST };
void tw_qemu_look_result(Machine *m, const TwDo *what, const TwDone *done);
uint64_t tw_qemu_store_value(const Machine *m, unsigned number);

/* memory.c: the RAM of programs.  A new process has empty RAM. */
bool tw_qemu_memory_open(Machine *m);
void tw_qemu_memory_close(Machine *m);
void tw_qemu_memory_forget(Machine *m);
/* Makes ready what the access can reach by any assignment so far. */
void tw_qemu_memory_reach(Machine *m, const TwOp *op, unsigned number);
/* After a run: digests. */
void tw_qemu_memory_finish(Machine *m, uint64_t *digests);

#endif
