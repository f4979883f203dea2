/* SPDX-License-Identifier: MIT */
/*
 * What only one kind of virtual IOMMU knows: the machine that it is part of,
 * its registers, its structures in memory, its commands, its fault records.
 *
 * A program runs in one go.  Before it, run.c plans what each device does: the
 * *control device*, which the IOMMU passes through, changes tables, structures
 * and registers; *test devices* make the accesses.  A driver only plans: it
 * calls the functions of plan.h, which append to the script of the control
 * device, and puts descriptors of commands in queues where they will be found.
 */
#ifndef TW_TARGETS_QTEST_DRIVER_H
#define TW_TARGETS_QTEST_DRIVER_H

#include "program/dialect.h"
#include "program/trace.h"

typedef struct Machine Machine;

enum {
    CONTROL = 0,      /* number of the control device; test device k, for index
                       * k of the IOMMUs, is number 1 + k */
    MOST_INDEXES = 2, /* test devices */
    DEVICES = 1 + MOST_INDEXES,
    CAPTURE_BYTES = 32, /* of a fault record, per access */
    MOST_TOLD = 256,    /* faults that a script of emit.c reads at its end */
};

/* Offsets in the guest's RAM, from the address of its first byte. */
enum {
    AT_STRUCTURES = 0x00100000, /* 3 MiB for the driver: queues, contexts */
    AT_SCRIPTS = 0x00400000,
    AT_FRAMES = 0x007fe000, /* two pages for copy.c */
    AT_SLOTS = 0x00800000,
    AT_POOL = 0x00c00000,
    AT_FAULT_QUEUE = 0x01000000, /* 16 MiB for faults: a device whose script is
                                  * out of reach makes one for each instruction,
                                  * up to 500 */
    AT_PROGRAM = 0x44000000,     /* the RAM of programs: */
    PROGRAM_LG = 22,
    RAM_BYTES = AT_PROGRAM + (1 << PROGRAM_LG),
};

/* Is it an address that programs access, not one of the machine's own? */
bool tw_qtest_is_of_program(const Machine *m, uint64_t address);

/* How the configuration space of PCI is reached. */
typedef enum Config {
    CONFIG_PORTS, /* by I/O ports 0xcf8, 0xcfc */
    CONFIG_ECAM,  /* at Driver.ecam */
} Config;

/* A context of a stage (LA-35), as the program has set it last. */
typedef struct Stage {
    uint8_t mode; /* TW_CONTEXT_... */
    uint8_t domain;
    uint64_t root;
} Stage;

/* Test devices that keep mappings (RU-9), each of an area: ahci.c, ring.c. */
typedef struct Keeper {
    uint8_t area_lg, area_at, area_step; /* as in TwDialect, with dma_ */
    /* For a reader of a script: lines about the devices and what they do, the
     * last one open. */
    const char *about;
    /* Of QEMU's option -device, for a device and what is behind it. */
    const char *(*device)(unsigned index);
    bool (*start)(Machine *m, char *why, size_t size); /* the devices */
    /* Operations of the script. */
    void (*map)(Machine *m, const TwOp *op, unsigned number);
    void (*unmap)(Machine *m, const TwOp *op);
    void (*store)(Machine *m, const TwOp *op, unsigned number);
    void (*load)(Machine *m, const TwOp *op, unsigned number); /* optional */
    /* What runs still, at the end of a script. */
    void (*stop)(Machine *m);
} Keeper;

typedef struct Driver {
    const char *name;    /* of the class, behind "qemu-" */
    const char *binary;  /* the QEMU of the PATH */
    const char *machine; /* its arguments: machine, CPU, IOMMU; not the devices
                          * that make DMA */
    unsigned oldest;     /* the first version of QEMU that has it; 0: any */
    unsigned since;      /* from this version of QEMU on, if not 0, ... */
    const char *machine_since; /* ... the arguments are these */
    bool observed;             /* test devices are vhost-user devices of ours
                                * (observe.c), and there is no control device */
    bool ats;                  /* and they have ATS, each behind a root port:
                                * then a driver must end what they keep */
    uint64_t hole_first, hole_last; /* of what they are told (told.h) */
    const Keeper *keeper; /* test devices keep mappings, and there is no control
                           * device; or NULL */
    bool silent;          /* a refusal may leave no record */
    unsigned tells_since; /* before this version, no refusal is recorded */
    Config config;
    uint64_t ecam;
    uint64_t ram; /* guest physical address of RAM */
    uint32_t bar; /* of the first device; the next are 64 KiB further each */
    unsigned stages;
    uint8_t formats[2];
    uint8_t outputs[2];              /* path_outputs, and */
    uint64_t far;                    /* path_far, as in TwDialect */
    uint64_t entry_bits, entry_ones; /* as in TwDialect */
    /* dma_wide of the dialect, if devices reach so far.  With two stages no
     * address is too wide for the tables: a device whose second stage has no
     * context has none, before its address is looked at, where the language
     * looks at the address first. */
    uint64_t wide;
    bool tables_alone; /* it has no tables in memory: IOMMUs are of kind
                        * `table`, by table() */
    bool no_pokes;     /* programs have no tables in memory: IOMMUs are of kind
                        * `table`, by tables.c */
    uint8_t reason_groups[TW_REASONS];
    uint8_t reason_lg; /* as in TwDialect */
    TwContract contract;
    const char *uncached; /* QEMU with this among its options keeps no
                           * translations; or NULL */
    /*
     * Sets up registers and queues of a QEMU that has just started, by
     * tw_qtest_... of qtest.h; every device is blocked but the control device,
     * which passes.  False with `why`: this QEMU cannot be used.
     */
    bool (*start)(Machine *m, char *why, size_t size);
    /* Plans: all contexts of test devices are `none`, nothing is cached, no
     * fault is recorded.  Called before each program. */
    void (*reset)(Machine *m);
    /* Plans: the context of that index is now that of m->stages[..][index].  No
     * command is sent. */
    void (*context)(Machine *m, unsigned index);
    /* Plans the command of an `invalidate`. */
    void (*invalidate)(Machine *m, const TwOp *op);
    /* With tables_alone, instead of context(), invalidate() and own_word():
     * plans what an operation on a `table` does. */
    void (*table)(Machine *m, const TwOp *op);
    /* Optional: what was planned has been performed, and nobody has looked at
     * what it has left.  What the machine must not have answered, the driver
     * notes in m->refused. */
    void (*done)(Machine *m);
    /* The word that the machine has at index i (0 to 3, not that of programs)
     * of a root of that stage, so that test devices reach scripts and
     * registers at their own addresses. */
    uint64_t (*own_word)(const Machine *m, unsigned stage, unsigned i);
    /* Plans, for a test device, the copies that note the faults of an access
     * just made: tw_qtest_capture() of plan.h. */
    void (*capture)(Machine *m);
    /*
     * After the run, for each access in order: how many faults of it were
     * recorded, of which the first is *reason (kind and address; all of its
     * group are alike).  `captured` has CAPTURE_BYTES; all 0xff: the script of
     * the device did not run to its capture.
     */
    unsigned (*faults)(Machine *m, unsigned index, const uint8_t *captured,
                       TwReason *reason);
    /* Of what capture() copies, bytes that mean nothing, as bits. */
    uint32_t any_bytes;
    /*
     * Optional, where faults are recorded in memory and not in the registers
     * that capture() copies: offset in RAM and bytes of the place for the first
     * ones, and what faults() took last, at most CAPTURE_BYTES; returns how
     * many.
     */
    uint32_t records, records_bytes;
    unsigned (*record)(const Machine *m, uint8_t *bytes);
} Driver;

#endif
