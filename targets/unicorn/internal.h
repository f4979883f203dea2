/* SPDX-License-Identifier: MIT */
/*
 * The parts of the target "unicorn" and what they share.
 *
 *   clock.c    the time, which stands still for the library
 *   library.c  libunicorn as a table of functions (library.h); control.c its
 *              controls, by number
 *   class.c    the classes, the contracts, the version
 *   dialect.c  the dialect
 *   run.c      operations, and which of them run inside the guest
 *   agent.c    the engine, the agent that makes the accesses
 *   agent-*.c  its machine code, one guest each (agent.h)
 *   graph.c    the region graph and its flat view, a page at a time
 *   flat.c     the page map's rights, and which mappings must change (flat.h)
 *   map.c      the engine's mappings; devices
 *   refuse.c   the hook that is called for accesses that are refused
 *   host.c     what the host reads and writes between runs of the guest
 *   pair.c     the class "unicorn-ab": two engines against each other
 *   vtlb.c     the page map of the class "unicorn-vtlb": a hook of ours
 *   snapshot.c snapshots of the class "unicorn-snapshot"
 *   record.c   every call of a run, for emit.c: a reproducer in C
 *   trigger.c  where known defects can show (trigger.h, triggers.def,
 *              trigger-snapshot.c); avoid.c edits programs
 *              so that they cannot; sim.c follows a program for both
 *   title.c    what users call operations, for titles of findings
 *   memory.c   the host memory of RAM blocks, and their digests
 *
 * Guest addresses.  A program sees addresses 0 .. WINDOW_SIZE - 1.  Each run
 * has a window of its own in the guest, so that nothing that the library kept
 * of an earlier run is met again.  Windows are 16 MiB apart: so an address has
 * the same slot in all of them, both of the library's TLB (bits 10 to 17 or
 * 12 to 19) and of its cache of jump targets (bits 0 to 23), and runs are
 * alike.
 */
#ifndef TW_TARGETS_UNICORN_INTERNAL_H
#define TW_TARGETS_UNICORN_INTERNAL_H

#include "program/content.h"
#include "program/legality.h"
#include "targets/target.h"
#include "targets/unicorn/flat.h"
#include "targets/unicorn/library.h"

enum {
    WINDOW_STEP_LG = 24,
    MAX_RECORDS = MAX_PAGE / 32, /* of one run of the agent */
    MAX_DEVICES = 8192,          /* MMIO mappings of one program */
};

/*
 * Of functions that the library calls: what MemorySanitizer thinks of their
 * arguments is left from some other call, since it sees no code of the
 * library's or of a guest's.
 */
#ifdef __clang__
#define TW_CALLED_BACK __attribute__((no_sanitize("memory")))
#else
#define TW_CALLED_BACK
#endif

/* Kinds of records, in the order of the agent's handlers. */
enum {
    RECORD_EXIT,
    RECORD_READ, /* of 1, 2, 4, 8 bytes */
    RECORD_WRITE = RECORD_READ + 4,
    RECORD_RMW = RECORD_WRITE + 4,
    RECORD_EXCLUSIVE = RECORD_RMW + 4, /* rmw by a load and a store */
    RECORD_EXEC = RECORD_EXCLUSIVE + 4,
    RECORD_FROM,     /* made by the instruction at `result` */
    RECORD_DOORBELL, /* operation `value` is performed by the callback */
    RECORD_FLUSH,    /* flushes the TLB, as a guest does */
    /* Two accesses of 4 or of 8 bytes by one instruction (LA-59).  The second
     * is stored from `result`, and loaded to `value`. */
    RECORD_PAIR_READ,
    RECORD_PAIR_WRITE = RECORD_PAIR_READ + 2,
    RECORD_KINDS = RECORD_PAIR_WRITE + 2
};

/* What the agent works through; the layout is in its machine code. */
typedef struct Record {
    uint32_t kind;
    uint16_t op; /* script operation; the agent does not look at it */
    uint8_t at;  /* first byte of the access that this one carries */
    uint8_t zero;
    uint64_t addr;  /* in the guest */
    uint64_t value; /* to store */
    uint64_t result;
} Record;

typedef struct Machine Machine;
typedef struct Guest Guest; /* agent.h */

/* One mapping of a device, as its callbacks know it. */
typedef struct Device {
    Machine *machine;
    uint8_t region;
    uint64_t offset; /* in the region, of the mapping's first byte */
    uint64_t addr;   /* of the mapping's first byte, in the program */
} Device;

enum { BLOCK_PAGES = TW_MAX_REGIONS * PAGES };

/* Data, code and runs: those of an engine's guest. */
enum { POOLS = 3 };
static inline unsigned pool_of(unsigned contents)
{
    return tw_contents_are_runs(contents) ? 2 : tw_contents_are_code(contents);
}

/*
 * RAM blocks, for each pool.  Page `block * PAGES + n` is prepared
 * when it is first shown, has a master copy, and is put right after a run.
 */
typedef struct Memory {
    uint8_t *now[POOLS], *master[POOLS];
    uint64_t prepared[POOLS][BLOCK_PAGES / 64];
    unsigned page_lg;
    uint32_t n_prepared;
    uint64_t used[BLOCK_PAGES / 64]; /* shown in this run */
    uint32_t n_pages;
    uint32_t pages[BLOCK_PAGES]; /* the used ones */
    uint8_t *saved;   /* bytes at the latest snapshot; NULL: there are none */
    uint32_t n_saved; /* used pages that it has */
} Memory;

/* The page map where it is not made of mappings (vtlb.c): in the pages of the
 * library's TLB, which may be smaller than what can be mapped. */
enum { TLB_PAGES = 1 << (PAGES_LG + MAX_PAGE_LG - MIN_PAGE_LG) };
typedef struct Vtlb {
    uint8_t rights[TLB_PAGES]; /* or NO_ENTRY */
    uint16_t out[TLB_PAGES];   /* page that it leads to */
} Vtlb;

/* Where in the guest programs are: the first windows; above 2^48; the window
 * that ends with the last address. */
typedef enum Place { PLACE_LOW, PLACE_HIGH, PLACE_LAST, PLACES } Place;

typedef struct Recorder Recorder; /* record.h */

/* What an access has asked of devices so far: it wrote actor offsets. */
typedef struct Asked {
    uint16_t op;    /* the access */
    uint8_t n_told; /* bytes of it that devices were told */
    uint8_t n;
    uint8_t actors[TW_MAX_ACTORS];
} Asked;

struct Machine {
    TwTarget target;
    TwDialect dialect;
    Library lib;
    char version[32];
    uc_hook hook; /* of refuse.c, while the program has `during` */
    bool hooked;
    bool slow_path;                  /* a hook on every load and store */
    bool strict;                     /* code must follow at once */
    bool snapshots;                  /* contexts hold memory, too */
    uc_context *first_saved, *saved; /* the first and the latest snapshot of
                                      * this run; NULL: none */
    volatile uint32_t *in_flight;

    /* The engine. */
    const Guest *guest;
    Place place;
    uc_engine *uc;    /* NULL: to be opened */
    uint32_t windows; /* used in this engine */
    unsigned tlb_page_lg;
    uint64_t window; /* guest address of the program's address 0 */
    Record *records; /* MAX_RECORDS; a page, shown to the guest */

    Recorder *recorder;      /* may be NULL */
    const TwTeller *teller;  /* likewise; */
    const TwTeller *telling; /* while a program runs */
    bool started;            /* with the script */

    /* The run. */
    const TwProgram *program;
    TwTrace *trace;
    bool broken;       /* the run cannot go on; the trace says why */
    bool lost;         /* and the engine cannot be used again */
    unsigned op;       /* operation in flight */
    unsigned log_from; /* first log record of this run of the agent */
    TwAttrs attrs;
    TwLegality legality;

    Flat flat;
    Vtlb *vtlb;       /* NULL: pages are mapped where they are seen */
    unsigned page_lg; /* of the page map */
    uint64_t ever_mapped[PAGES / 64]; /* in this run */

    Asked asked;
    uint16_t during_of; /* the access whose `during` operations were performed
                         * last, or TW_NO_OP */
    uint8_t call_place; /* CallPlace, for the recorder */
    unsigned n_called;  /* callbacks of devices that this access has called */
    uint16_t called_by; /* the access */
    uint16_t handled;   /* the access with such operations inside a refusal */
    unsigned n_devices;
    Device devices[MAX_DEVICES];
    uint64_t log_at[TW_MAX_LOG]; /* sorts the log records of an access */
    /* Fetched words of devices: number FETCHED + k stands for word k. */
    unsigned n_fetched;
    struct {
        uint8_t region;
        uint64_t offset;
    } fetched[TW_MAX_SCRIPT];

    Memory memory;
};

enum { FETCHED = 0xc000 }; /* below: numbers of words in RAM (content.h) */

/* Ends the run with TW_END_INVARIANT: `what` at a page, and the library's
 * error.  The engine is not used again. */
void tw_uc_fail(Machine *m, const char *what, uint64_t addr, uint64_t size,
                uc_err err);

/* agent.c: opens the engine if need be and takes a new window.  False: the
 * library cannot be opened. */
bool tw_uc_engine_prepare(Machine *m);
void tw_uc_engine_close(Machine *m);
/* The first window of a place, for programs with pages of 2^page_lg bytes. */
uint64_t tw_uc_window(Place place, unsigned page_lg);
/* From here on engines take the library's slow path for loads and stores. */
void tw_uc_take_slow_path(Machine *m);
/* Runs the agent from record `first` on.  UC_ERR_OK: it reached the exit.
 * Otherwise *stopped is the record that it stopped at. */
uc_err tw_uc_agent_run(Machine *m, unsigned first, unsigned *stopped);
/* The record in flight; for callbacks. */
const Record *tw_uc_agent_record(Machine *m);
/* The register of the result, as the agent was stopped. */
uint64_t tw_uc_agent_result(Machine *m);

/* The doorbell: not an operation of the script, but those that the latest
 * access asked for, or those during it. */
enum { RING_ACTORS = 0xffff, RING_DURING = 0xfffe };

/* run.c: what the doorbell's callback does. */
void tw_uc_perform(Machine *m, unsigned op);
/* Performs what the latest access asked for through actor offsets. */
void tw_uc_perform_asked(Machine *m);
/* Performs the operations `during` access `op`, once (LA-47). */
void tw_uc_perform_during(Machine *m, unsigned op);
/* Has access `op` such operations, and are they still to be performed? */
bool tw_uc_during_waits(const Machine *m, unsigned op);
/* Notes the actors at offsets of a device that operation `op` wrote (LA-27). */
void tw_uc_ask_actors(Machine *m, uint8_t region, uint16_t op, uint64_t offset,
                      unsigned size);
/* refuse.c: from here on a hook is called for each access that is refused; not
 * any more. */
uc_err tw_uc_refuse_start(Machine *m);
void tw_uc_refuse_stop(Machine *m);
/* host.c: performs m->op, a DMA access; `outcome` says done. */
void tw_uc_host_access(Machine *m, const TwOp *op, TwOutcome *outcome);
/* Bytes of a page, while a program runs. */
static inline unsigned tw_uc_page_size(const Machine *m)
{
    return 1u << m->flat.page_lg;
}
/* Does an access reach into another page? */
static inline bool tw_uc_crosses(const TwProgram *p, const TwOp *op)
{
    uint64_t last = op->addr + op->size - 1;

    return op->addr >> p->page_lg != last >> p->page_lg;
}

/* map.c: makes the engine show pages first .. end - 1 as view and rights have
 * it; unmaps everything. */
void tw_uc_map_sync(Machine *m, unsigned first, unsigned end);
void tw_uc_map_clear(Machine *m);
/* Drops translated code of the pages of a range of program addresses, last
 * included; up to UINT64_MAX, the TLB too, where the library can. */
void tw_uc_map_flush(Machine *m, uint64_t first, uint64_t last);
/* Drops the library's TLB, where it can (2.1 and later). */
void tw_uc_map_flush_tlb(Machine *m);
/* The word of a device that a fetch with number FETCHED + `k` got. */
uint64_t tw_uc_fetched_word(const Machine *m, unsigned k);

/* control.c: has the library the controls of 2.1?  The rest are controls, with
 * the errors of the library; those of 2.1 may be used only if it has them. */
bool tw_uc_is_2_1(const Library *lib);
uc_err tw_uc_get_page_size(const Library *lib, uc_engine *uc, uint32_t *size);
uc_err tw_uc_set_cpu_model(const Library *lib, uc_engine *uc, int model);
/* Drops translated code of the guest addresses first .. end - 1. */
uc_err tw_uc_remove_cache(Machine *m, uint64_t first, uint64_t end);
uc_err tw_uc_flush_tlb(Machine *m);        /* 2.1 */
uc_err tw_uc_make_tlb_virtual(Machine *m); /* 2.1 */
/* Can the library save memory?  Makes the contexts of a new engine hold
 * memory. */
bool tw_uc_snapshot_possible(const Library *lib, const Guest *guest);
uc_err tw_uc_snapshot_start(Machine *m);

/* vtlb.c: the size of the TLB's pages; 0: the library has no virtual TLB, or
 * cannot be used.  Makes a new engine ask for the page map.  The page map that
 * a program starts with; a page-map operation; is an access refused by it? */
unsigned tw_uc_vtlb_page_lg(const Library *lib, const Guest *guest);
uc_err tw_uc_vtlb_start(Machine *m);
void tw_uc_vtlb_reset(Machine *m);
void tw_uc_vtlb_page(Machine *m, const TwOp *op);
bool tw_uc_vtlb_refuses(const Machine *m, const TwOp *op, uint8_t need);

/* snapshot.c: saves the world (LA-40); goes back to it.  After a run with a
 * snapshot: takes over the bytes of RAM; the engine is not used again. */
void tw_uc_snapshot_save(Machine *m);
void tw_uc_snapshot_restore(Machine *m);
void tw_uc_snapshot_finish(Machine *m);

/* memory.c: reserves the address space, for pages of 2^page_lg bytes; false:
 * there is none. */
bool tw_uc_memory_open(Memory *memory, unsigned page_lg);
void tw_uc_memory_close(Memory *memory);
/* Host address of n pages of a block, from `page` on, ready to be shown. */
uint8_t *tw_uc_memory_use(Memory *memory, unsigned contents, uint8_t block,
                          uint32_t page, uint32_t n);
/* From here on bytes can be saved; false: there is no address space. */
bool tw_uc_memory_open_saved(Memory *memory);
/* Saves the host memory of all that was used in this run; brings the i-th used
 * page back to that, or to what it starts with if it was not used then. */
void tw_uc_memory_save(Memory *memory, unsigned contents);
void tw_uc_memory_restore(Memory *memory, unsigned contents, uint32_t i);
/* After a run: adds digests up, puts all that was shown right again. */
void tw_uc_memory_finish(Memory *memory, unsigned contents, uint64_t *digests);

#endif
