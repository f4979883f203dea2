/* SPDX-License-Identifier: MIT */
/*
 * The targets that run a stock QEMU without a guest: virtual IOMMUs under the
 * DMA of devices.  QEMU's CPUs never start; its qtest socket performs register
 * accesses, and its RAM is memory that it shares with us.
 *
 *   class.c    the classes, their options, the dialect
 *   start.c    the process: start, devices, end
 *   qtest.c    the protocol
 *   plan.c     scripts for the devices
 *   copy.c     test devices whose addresses have 64 bits
 *   direct.c   instead of plans, where test devices are ours
 *              (Driver.observed), or keep mappings: changes
 *   observe.c  where test devices are ours: accesses
 *   vhost.c    the same: how they are started
 *   observer.c the same: messages
 *   told.c     the same: which messages must not come, and when
 *   iotlb.c    the same: what QEMU has told them
 *   ahci.c     test devices that keep mappings (Driver.keeper)
 *   ahci-list.c  the same: command lists
 *   run.c      programs: what is planned, and what the results mean
 *   families.c the option --only-commands
 *   emit.c     cases as scripts for QEMU's maintainers
 *   emit-vhost.c  the part of those that serves devices that are ours
 *   emit-c.c   the same as tests of their suite
 *   virtio-iommu.c, virtio-queue.c, virtio-probe.c
 *              the IOMMU that has requests, not tables
 *   tables.c   IOMMUs that the language calls a `table`, as real tables
 *   needs.c    what an IOMMU must have, by its capability registers
 *   memory.c   which bytes RAM has at the start and at the end; where stores
 *              went
 *   driver.h   what only an IOMMU knows: a file each
 *   trigger.h  where known defects can show, and how to avoid that: SMMUv3,
 *              devices that are ours, and the others
 *
 * Addresses.  The RAM of programs is guest RAM from driver->ram + AT_PROGRAM
 * on, at the same address in the program, in the guest, and, where the IOMMU
 * passes a device through, on the bus.
 */
#ifndef TW_TARGETS_QTEST_INTERNAL_H
#define TW_TARGETS_QTEST_INTERNAL_H

#include "process/process.h"
#include "program/content.h"
#include "program/legality.h"
#include "program/path.h"
#include "targets/qtest/driver.h"
#include "targets/qtest/observer.h"
#include "targets/qtest/plan.h"
#include "targets/qtest/qtest.h"
#include "targets/target.h"

enum {
    PAGE_BYTES = 4096,
    PAGES = (1 << PROGRAM_LG) / PAGE_BYTES,
    OWN_WORDS = 4, /* at the start of a page, see memory.c */
    SLOT_BYTES = 64,
    SLOT_CAPTURE = 16, /* in a slot: the bytes that were loaded, then what was
                        * captured */
    MOST_SEGMENTS = 4 * TW_MAX_SCRIPT,
    HELD_PORTS = TW_PATH_MAPPINGS + 1, /* of a device that keeps mappings:
                                        * ports, or queues */
};

/* A mapping of the language, of a device that keeps some; with ring.c, the last
 * one is for stores via none. */
typedef struct Held {
    bool runs; /* the port or queue with its number, and */
    uint8_t index;
    bool loads; /* of ahci.c: a command list, for loads */
    uint64_t area;
    uint16_t n; /* elements of the ring that were used */
} Held;

/* An access that is planned. */
typedef struct Planned {
    uint16_t op;
    uint8_t index;
    uint8_t size;
    bool stores;
    uint32_t slot; /* offset in the guest's RAM */
    uint16_t segment;
    uint32_t copies; /* of a store: memory.c; 0: there are none */
} Planned;

/* What a `table` has for a page; perm 0: nothing. */
typedef struct Mapped {
    uint64_t out;
    uint8_t perm;
} Mapped;

/* A segment of a test device: what was captured behind it, if its script may
 * have been out of reach; 0: nothing was. */
typedef struct Segment {
    uint32_t slot;
    bool told; /* the reason is known: */
    TwReason reason;
} Segment;

struct Machine {
    TwTarget target;
    const Driver *driver;
    TwDialect dialect;
    TwContract contract;
    char *args; /* the user's options of QEMU */
    char *binary;
    char version[64];
    Machine *other; /* configuration (TwTargetClass.other), or NULL: then */
    char *versions; /* "A against B" */
    const char *machine; /* its arguments, for this version */
    char *command;
    uint32_t timeout_ms;
    bool wide;          /* test devices are of copy.c */
    Observer *observer; /* test devices are of observe.c; or NULL */
    bool drop_flushes;  /* leaves one command of a program in four out */
    volatile uint32_t *in_flight;

    /* The process. */
    TwProcess process;
    int ram_fd;
    uint8_t *ram; /* of RAM_BYTES, as the guest sees it */
    bool started; /* before */
    GString *out; /* commands that wait */
    unsigned n_out;
    GString *tell;    /* takes the commands of all that is planned, for a reader
                       * (emit.c), and nothing is performed; or NULL */
    unsigned n_told;  /* commands in there */
    bool tell_faults; /* with reads of what capture() would copy */
    bool tell_alone;  /* accesses without capture() */
    void *state; /* of the driver, zero when QEMU starts; DRIVER_STATE bytes */

    /* The run. */
    const TwProgram *program;
    TwTrace *trace;
    TwTrace idle; /* where there is no program */
    TwLegality legality;
    bool broken; /* it cannot go on; the trace says why */
    uint16_t op; /* of the script, that is planned; if there is none, their
                  * number */
    /* A line: what the machine has answered to a request of operation
     * refused_op (or of the setup, as in `op`), and must not; "": nothing. */
    char refused[160];
    uint16_t refused_op;
    unsigned n_commands;
    unsigned indexes;       /* of the IOMMUs of the program; 1 with
                             * path_shared: all devices have this one */
    uint32_t domains[2][8]; /* those that the program has named, as bits */
    Stage stages[2][MOST_INDEXES];
    bool tables[2]; /* its IOMMU of that stage is a `table`: */
    bool bypassed[2];
    Mapped mapped[2][MOST_INDEXES][PAGES]; /* of the window */
    bool risky;          /* a script may have been out of reach, and so */
    bool stuck[DEVICES]; /* the device may wait for ever */

    /* The plan. */
    unsigned device; /* whose script is open */
    unsigned n_moves;
    uint32_t script, pool, slot; /* offsets where the next goes */
    uint32_t segment_at;         /* where the open one begins */
    uint32_t capture;            /* the slot that capture() fills */
    unsigned n_planned, n_segments;
    Planned planned[TW_MAX_SCRIPT];
    Segment segments[MOST_SEGMENTS];

    /* ahci.c, ring.c */
    Held held[HELD_PORTS];
    bool held_lost[TW_MAX_SCRIPT]; /* this `dma-map` has mapped nothing */
    uint64_t held_word;  /* the first bytes that a device has stored */
    uint64_t held_place; /* of a load: guest address of what was read, */
    bool held_unused;    /* which a fault alone shows */

    /* memory.c */
    uint8_t block, contents; /* of the RAM that the masters are of */
    uint8_t *masters;        /* of the bytes of all pages, as they start */
    bool made[PAGES];        /* the page has a master */
    uint32_t n_used;         /* pages that this program may reach */
    uint16_t used[PAGES];
    bool is_used[PAGES];
};

enum { DRIVER_STATE = 4096 };

/* Which test device makes the access, from 0.  Where a program may have one
 * index for all devices (Driver.tables_alone), it says more than the index. */
static inline unsigned tw_qtest_device_of(const Machine *m, const TwOp *op)
{
    unsigned requester = op->attrs >> TW_ATTR_REQUESTER_SHIFT;

    return requester % (m->dialect.path_shared ? MOST_INDEXES : m->indexes);
}

/* Is each operation performed by itself (direct.c)? */
static inline bool tw_qtest_is_direct(const Machine *m)
{
    return m->driver->observed || m->driver->keeper;
}

/* copy.c: plans that a test device copies n bytes, between bus addresses of 64
 * bits with Machine.wide.  Then, too: where its registers are; puts them right.
 */
void tw_qtest_copy(Machine *m, unsigned device, unsigned n, uint64_t from,
                   uint64_t to);
uint32_t tw_qtest_copy_bar(const Machine *m, unsigned device);
void tw_qtest_copy_start(Machine *m, unsigned device);

/* vhost.c: with which the CPU stops; starts the devices; of QEMU's option
 * -device, for one. */
const Firmware *tw_vhost_firmware(const Machine *m);
const char *tw_vhost_device(const Machine *m, unsigned index);
bool tw_vhost_start(Machine *m, char *why, size_t size);

/* direct.c: is it an address of RAM?  What waits is performed before memory
 * changes, or is looked at.  A store of 4 or 8 bytes; n bytes for capture(). */
bool tw_direct_is_ram(const Machine *m, uint64_t pa);
void tw_direct_settle(Machine *m);
void tw_direct_store(Machine *m, uint64_t pa, uint64_t value, unsigned n);
void tw_direct_capture(Machine *m, uint64_t pa, unsigned n, unsigned at);

/* reason.c: what was recorded of a device since this was last asked; noted in
 * that slot. */
void tw_qtest_reason(Machine *m, unsigned index, uint32_t slot,
                     TwReason *reason);

/* observe.c: an access of the script. */
void tw_observe_access(Machine *m, const TwOp *op, unsigned number);

extern const Keeper tw_ahci, tw_ring;

/* Of QEMU's option -device, for device number i; NULL: there is none. */
const char *tw_qtest_device(const Machine *m, unsigned i);

/* start.c: starts the process if it does not run; false with `why`. */
bool tw_qtest_start(Machine *m, char *why, size_t size);
/* Gives the devices that make DMA their addresses, and sets up the IOMMU. */
bool tw_qtest_set_up(Machine *m, char *why, size_t size);

/* plan.c: an empty plan; the device's moves of n bytes; what has been planned
 * becomes commands. */
void tw_plan_begin(Machine *m);
void tw_plan_move(Machine *m, unsigned device, unsigned n, uint64_t from,
                  uint64_t to);
/* The next n moves are of one script, if they are of one device. */
void tw_plan_room(Machine *m, unsigned n);
/* Guest address of a constant of up to 8 bytes, and of a new slot. */
uint64_t tw_plan_constant(Machine *m, uint64_t value);
uint32_t tw_plan_slot(Machine *m);
/* The command of an `invalidate`, if it is not one to be left out. */
void tw_plan_command(Machine *m, const TwOp *op);
/* Ends a script that is open. */
void tw_plan_close(Machine *m);

/* run.c: the world that the program starts from, but for the driver's reset();
 * the setup; one operation of the script. */
void tw_qtest_plan_world(Machine *m);
void tw_qtest_plan_setup(Machine *m);
void tw_qtest_plan_op(Machine *m, unsigned number);

void tw_qtest_prepare(Machine *m, const TwProgram *program, TwTrace *trace);
bool tw_qtest_run(TwTarget *target, const TwProgram *program, TwTrace *trace);
bool tw_qtest_ping(TwTarget *target);

/* tables.c: the tables of a program's `table`, if its IOMMU is one; the
 * contexts that lead to them; an operation that changes them or sends a
 * command. */
void tw_qtest_tables_start(Machine *m);
void tw_qtest_tables_contexts(Machine *m);
void tw_qtest_tables_change(Machine *m, const TwOp *op);

/* memory.c: before a run, RAM is as the program says; after it, digests and
 * where stores went. */
bool tw_qtest_memory_open(Machine *m);
void tw_qtest_memory_close(Machine *m);
void tw_qtest_memory_start(Machine *m);
void tw_qtest_memory_use(Machine *m, uint64_t pa); /* that page */
void tw_qtest_memory_finish(Machine *m);
/* Plans copies of all words to which a store may just have gone: the offset of
 * the first in the guest's RAM. */
uint32_t tw_qtest_memory_copy(Machine *m, const TwOp *op);
/* What a store left: the offset in RAM, or UINT64_MAX: nowhere. */
uint64_t tw_qtest_memory_find(const Machine *m, const Planned *planned);

/* families.c: narrows the dialect to the commands that `text` names
 * (TwTargetOptions.only_commands; NULL: to none); false with `error`. */
bool tw_qtest_families(const char *text, const char *target, TwDialect *dialect,
                       GError **error);

/* emit.c: as a shell script; as a test of QEMU's own suite. */
bool tw_qtest_emit(TwTarget *target, const TwProgram *program,
                   const TwFinding *finding, const TwExpected *expected,
                   GString *out, GError **error);
bool tw_qtest_emit_test(TwTarget *target, const TwProgram *program,
                        const TwFinding *finding, const TwExpected *expected,
                        GString *out, GError **error);

extern const Driver tw_qtest_smmuv3, tw_qtest_smmuv3_nested,
    tw_qtest_riscv_iommu, tw_qtest_riscv_iommu_nested, tw_qtest_vtd,
    tw_qtest_vtd_scalable, tw_qtest_vtd_first, tw_qtest_smmuv3_vhost,
    tw_qtest_vtd_vhost, tw_qtest_vtd_ats, tw_qtest_vtd_ahci,
    tw_qtest_virtio_vtd, tw_qtest_amdvi, tw_qtest_amdvi_vhost,
    tw_qtest_virtio_iommu, tw_qtest_virtio_iommu_vhost;

#endif
