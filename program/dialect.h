/* SPDX-License-Identifier: MIT */
/*
 * What one target instance can express, and what its caches promise, as data.
 * The generator and the decoder are narrowed to the dialect, so that a target
 * never has to fake an operation; the judge is driven by the contract, so that
 * it never has to know a target.
 */
#ifndef TW_PROGRAM_DIALECT_H
#define TW_PROGRAM_DIALECT_H

#include "program/model.h"
#include "program/opset.h"
#include "program/trace.h"

typedef struct TwDialect {
    TwOpSet ops;           /* without `readonly` no region starts read-only
                            * either */
    TwOpSet setup_only;    /* those of `ops` that stand in the setup and
                            * nowhere else */
    uint32_t region_kinds; /* bit per TwRegionKind */
    uint32_t iommu_kinds;  /* bit per TwIommuKind */
    uint32_t selects;      /* bit per TwSelect */
    uint8_t op_flags;      /* TW_OPF_... that operations may carry */
    bool actors;           /* actor offsets (RU-3) */
    bool started;          /* they may perform DMA accesses, which its traces
                            * tell (LA-61) */
    bool explicit_safepoints;
    bool shared_blocks; /* two regions on one RAM block */
    bool late_spaces;
    bool during_dma;        /* DMA accesses may be performed during an access;
                             * the contract has during_refusals */
    bool locations;         /* its traces say where accesses went */
    bool reasons;           /* its traces say why a link refused an access
                             * (LA-60); that is compared */
    bool identity_pages;    /* a page-map entry leads to its own address and
                             * is no smaller than a page */
    bool whole_pages;       /* a page-map entry is no smaller than a page */
    bool plain_devices;     /* devices take every access: no valid sizes, no
                             * reject and no error offsets */
    bool implemented_sizes; /* devices may implement other sizes than they
                             * take (LA-50); the contract has device_pieces */
    bool full_ram;          /* the first RAM region shows wherever page-map
                             * entries can lead, if no other is there */
    bool plain_accesses;    /* accesses have 1, 2, 4 or 8 bytes; rmw at
                             * multiples of their size */
    bool wide_rmw;          /* rmw has 4 bytes or more */
    bool widths;            /* MMU indexes may have a width, or wrap (LA-58) */
    bool iotlbs;            /* a `table` may have an IOTLB (LA-51); the contract
                             * says what it may keep */
    bool nested_tables;     /* a `pagetable` may be nested (LA-53) */
    bool updates_ad;    /* walks of a `pagetable` may set A and D; its traces
                         * say so (LA-55) */
    bool table_bases;   /* tables of a `pagetable` may have a base (LA-35) */
    bool output_widths; /* addresses in its entries may have a width (LA-63) */
    bool mpc_registers; /* a device may be the registers of an MPC: LA-57 */
    bool aligned_rmw;   /* rmw at multiples of its size */
    bool exclusives_of_ram; /* exclusive rmw in programs without devices only
                             * (LA-56) */
    bool pairs_of_ram;      /* paired accesses in programs without devices only,
                             * with nothing during them (LA-59) */
    bool exec_needs_code;   /* exec in programs with code contents only */
    uint32_t contents;      /* bit per TwContentsKind; 0: data only */
    uint8_t address_lg;     /* addresses of accesses, page-map entries and
                             * flushes, and offsets of regions, stay below 2^n;
                             * what has a length, and sizes of regions, may end
                             * there; 0: anywhere.  Containers without a
                             * container may be larger */
    uint8_t physical_lg;    /* page-map entries lead to, and regions that are in
                             * a container end at, addresses below 2^n; 0: as
                             * address_lg says */
    uint8_t page_rights;    /* bit per set of TwRights that a page-map entry can
                             * have; 0: any */
    uint32_t page_lgs;      /* bit per log2 of the size of a page-map entry, bit
                             * 31 for all larger ones; 0: any */
    uint8_t region_lg;      /* regions' offsets, sizes and alias offsets are
                             * multiples of 2^n; 0: any.  2^64 is a multiple */
    uint8_t min_page_lg, max_page_lg;
    uint8_t min_granule_lg, max_granule_lg;
    uint8_t max_regions, max_spaces, max_iommus, max_cpus, max_mmu_indexes,
        max_iommu_indexes;
    uint8_t max_tlb_lg, max_victims;
    uint16_t max_setup, max_script;
    /* Programs for a machine whose devices reach RAM through an IOMMU of its
     * own (path.h); 0: others. */
    uint8_t path_stages;     /* of the IOMMU: 1 or 2 */
    uint8_t path_formats[2]; /* TwTableFormat of each stage */
    uint8_t path_levels;     /* of the tables of each */
    uint8_t path_scopes[2];  /* bit per TwScope that an `invalidate` of a stage
                              * may have; both 0: any */
    uint8_t path_outputs[2]; /* output width (LA-63) of each, or 0 */
    uint8_t dma_lg;          /* RAM and accesses of devices are in the */
    uint64_t dma_first;      /* 2^dma_lg bytes from here on */
    uint64_t path_far; /* a leaf in a root may lead to the 1 GiB from here on,
                        * too, where nothing is; 0: it may not */
    uint64_t dma_wide; /* what accesses may set of bits 30 to 63 of addresses
                        * beside the window (path.h); 0: nothing */
    bool last_bytes;   /* reads may also be of one byte, the last of a page */
    bool path_shared;  /* the IOMMUs may have one index, which all devices
                        * share (path.h) */
    /* Devices that keep mappings (path.h); 0: they keep none. */
    uint8_t dma_area_lg;   /* what they map: 2^n bytes, aligned */
    uint8_t dma_area_at;   /* the offset in there at which each access is */
    uint8_t dma_area_step; /* and each so many bytes from there on, below 2^n;
                            * the last one may end behind it; 0: there alone */
    uint64_t entry_bits; /* a `poke` may set these beside an address in there */
    uint64_t entry_ones; /* and sets these, but for one that stores 0 */
    bool mpc_board; /* programs for a board whose CPU reaches its SRAMs through
                     * MPCs (mpc-board.h) */
    /* How much the reasons of its traces tell (LA-60). */
    uint8_t reason_groups[TW_REASONS]; /* kinds with the same number, not 0, are
                                        * told as one; TW_REASON_UNTOLD: as
                                        * none; 0: each as itself */
    bool reason_coarse; /* neither the IOMMU nor the level is told */
    uint8_t reason_lg;  /* of addresses, what is below bit n is not told; 64:
                         * they are not told */
} TwDialect;

/* In `reason_groups`: what is refused for such a reason has none. */
#define TW_REASON_UNTOLD 255u

/* May operation `code` stand in scripts and actor offsets? */
static inline bool tw_dialect_speaks(const TwDialect *dialect, unsigned code)
{
    return tw_ops_has(&dialect->ops, code) &&
           !tw_ops_has(&dialect->setup_only, code);
}

/* Are the objects of all its programs those of one machine? */
static inline bool tw_dialect_is_machine(const TwDialect *dialect)
{
    return dialect->path_stages != 0 || dialect->mpc_board;
}

/* Everything the language has: for the text form and for tools. */
TwDialect tw_dialect_full(void);

/*
 * Does `program` stay inside `dialect`?  If not, one line in `why` (at least
 * 160 bytes; may be NULL) names the first thing outside.
 */
bool tw_dialect_admits(const TwDialect *dialect, const TwProgram *program,
                       char *why, size_t why_size);

/* May an operation of this code be performed during an access? */
bool tw_dialect_suits_during(const TwDialect *dialect, const TwOp *op);

/* Is operation `n` performed during a paired access, which the dialect does not
 * have (pairs_of_ram)? */
bool tw_dialect_parts_pair(const TwDialect *dialect, const TwProgram *program,
                           unsigned n);

/* Every number may stand: fitting changes nothing in `program`, whose contents
 * the dialect has. */
bool tw_dialect_is_wide(const TwDialect *dialect, const TwProgram *program);

/*
 * Changes what is outside, where a change is possible.  Numbers outside become
 * the nearest inside (addresses and offsets modulo 2^address_lg, rounded), an
 * exec that needs code becomes a read, devices become plain, contents change.
 * Nothing inside is changed, and a well-formed program stays well formed.  An
 * operation that code contents do not allow (tw_program_check) is made well
 * formed or a nop (in the setup, or an actor offset: removed).  The program's
 * contents must be set; for operations its regions, too.
 */
void tw_dialect_fit(const TwDialect *dialect, TwProgram *program);
void tw_dialect_fit_op(const TwDialect *dialect, const TwProgram *program,
                       TwOp *op);
void tw_dialect_fit_regions(const TwDialect *dialect, TwProgram *program);
/* `region` is, or is to become, the region with this id. */
void tw_dialect_fit_region(const TwDialect *dialect, const TwProgram *program,
                           unsigned id, TwRegion *region);
uint8_t tw_dialect_fit_contents(const TwDialect *dialect, unsigned contents);

/* The (first) code contents of the dialect; TW_CONTENTS_DATA: it has none. */
uint8_t tw_dialect_code(const TwDialect *dialect);
/* The same of those for runs. */
uint8_t tw_dialect_runs(const TwDialect *dialect);

/* Which events end which cached answers (the freshness rule's parameters). */
enum {
    TW_ENDS_COMMIT = 1, /* an effective commit: everything */
    TW_ENDS_UNMAP = 2,  /* UNMAP: answers with a hop that meets it */
    TW_ENDS_CPU_FLUSH = 4,
    TW_ENDS_RESET = 8, /* IOMMU reset, bypass switch, destruction */
    /* An effective commit: what lies behind the page map and the hops.  The
     * way there may still be old.  Nothing beside TW_ENDS_COMMIT. */
    TW_ENDS_COMMIT_TAIL = 16,
};

/*
 * Which bytes a fetch may see although a store has replaced them, until a
 * flush-page, flush-range, flush-index or flush-all covers the address (FR-10);
 * 0: none, a fetch sees what a load would.  Where the bytes are, and whether
 * they may be fetched, is as current as for data.
 */
enum {
    /* A store of the same CPU and MMU index to the same address. */
    TW_CODE_OWN_STORES = 1,
    /* Any other store: to another address of the same bytes, by another MMU
     * index, another CPU, or a device. */
    TW_CODE_OTHER_STORES = 2,
    TW_CODE_ALL_STORES = TW_CODE_OWN_STORES | TW_CODE_OTHER_STORES,
};

/*
 * What an IOMMU with an IOTLB may keep in records (FR-11); 0: nothing.  A
 * record of a `table` ends by an UNMAP that meets its granule; those of a
 * `pagetable` end by the commands of the contract's `commands`; all end by a
 * reset.
 */
enum {
    /* An entry: it answers accesses that its rights grant. */
    TW_IOTLB_ENTRIES = 1,
    /* It also refuses those that its rights do not grant. */
    TW_IOTLB_REFUSALS = 2,
    /* That there is no entry, or no context. */
    TW_IOTLB_ABSENT = 4,
    /* `pagetable`: the context of an index; */
    TW_IOTLB_CONTEXTS = 8,
    /* where a table is, with the rights on the way to it. */
    TW_IOTLB_POINTERS = 16,
    /* Records of entries and tables are found by index, before a context is
     * looked at; without this, by the domain that the context names. */
    TW_IOTLB_BY_INDEX = 32,
    /* Where an entry leads to an IOMMU with an IOTLB, both together (FR-12). */
    TW_IOTLB_COMBINED = 64,
};

/* Kinds of records, as bits: what a command must end. */
enum {
    TW_RECORD_ENTRY = 1,
    TW_RECORD_POINTER = 2,
    TW_RECORD_CONTEXT = 4,
    /* A combined record of another IOMMU, of which this one gave the second
     * part (FR-12).  Those of its own are ended as entries are.  Of a `table`,
     * UNMAP of everything counts as the command for a domain, any other as that
     * for a range. */
    TW_RECORD_COMBINED = 8,
};

/* Commands that end what their names say, and no more: a context command ends
 * contexts, all others entries; those for leaves no pointers; those for ranges
 * no combined records of which they name the second part. */
#define TW_COMMANDS_PLAIN \
    { \
        [TW_SCOPE_GLOBAL] = \
            TW_RECORD_ENTRY | TW_RECORD_POINTER | TW_RECORD_COMBINED, \
        [TW_SCOPE_DOMAIN] = \
            TW_RECORD_ENTRY | TW_RECORD_POINTER | TW_RECORD_COMBINED, \
        [TW_SCOPE_RANGE] = TW_RECORD_ENTRY | TW_RECORD_POINTER, \
        [TW_SCOPE_LEAF] = TW_RECORD_ENTRY, \
        [TW_SCOPE_ANY_RANGE] = TW_RECORD_ENTRY | TW_RECORD_POINTER, \
        [TW_SCOPE_ANY_LEAF] = TW_RECORD_ENTRY, \
        [TW_SCOPE_CONTEXT] = TW_RECORD_CONTEXT, \
        [TW_SCOPE_CONTEXTS] = TW_RECORD_CONTEXT, \
    }

typedef struct TwContract {
    bool cpu_cache;          /* CPU answers may be cached at all */
    bool one_entry_per_page; /* a newer answer ends all older ones */
    bool queued;             /* events reach other CPUs at safe points */
    bool device_reads;       /* the log has the reads of devices, too, and the
                              * size of each call of a callback; each byte of an
                              * access is in one call, in order (AC-5) */
    bool device_pieces;      /* and each piece of LA-23 is one call */
    bool device_words; /* a piece that is too narrow for the device reaches the
                        * aligned word, and a write reads it first (LA-50) */
    bool device_rmw;   /* rmw of a device reads it and writes it (LA-25) */
    bool during_refusals; /* operations during an access are performed inside
                           * its first refusal (LA-47); counts without
                           * cpu_cache only */
    uint8_t ends;         /* TW_ENDS_... */
    uint8_t code;         /* TW_CODE_..._STORES: those that fetches may
                           * not see */
    uint8_t iotlb;        /* TW_IOTLB_... */
    uint8_t mapping_ends; /* TW_ENDS_COMMIT, _UNMAP, _RESET: which events end a
                           * cached DMA mapping (LA-38) */
    bool mapped_lengths;  /* dma-map tells how long the mapping is (LA-38) */
    uint8_t commands[TW_SCOPES]; /* TW_RECORD_...: what `invalidate` of that
                                  * scope ends at least */
} TwContract;

#endif
