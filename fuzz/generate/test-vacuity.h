/* SPDX-License-Identifier: MIT */
/*
 * What the anti-vacuity suite counts: of many random programs, what happened
 * when softmmu ran them.  test-vacuity-count.c counts, test-vacuity-rules.c
 * says which of the counts exercise which rule, test-vacuity.c compares both
 * with the demanded minimums.
 */
#ifndef TW_FUZZ_GENERATE_TEST_VACUITY_H
#define TW_FUZZ_GENERATE_TEST_VACUITY_H

#include "oracle/judge/judge.h"
#include "oracle/freshness/situation.h"
#include "program/legality.h"

/* ROW(name, what is counted, least per million programs) */
#define ROWS \
    /* accesses */ \
    ROW(CROSSING, "access across pages, ok", 40000) \
    ROW(CROSSING_NO, "store across pages, refused", 20000) \
    ROW(UNALIGNED, "access unaligned, ok", 100000) \
    ROW(ODD_SIZE, "access of 3, 5, 6 or 7 bytes, ok", 200000) \
    ROW(TWO_LEAVES, "access that went to two places", 10000) \
    ROW(BEYOND, "access past the end of the space", 2000) \
    ROW(WRAPPED, "access that goes on at address 0, ok", 300) \
    ROW(PAST_WIDTH, "access past the highest address of a narrow CPU", 300) \
    ROW(FIRST_PAGE, "access to the first page of a space, ok", 5000) \
    ROW(LAST_PAGE, "access to the last page of a space, ok", 1000) \
    ROW(READONLY_LEAF, "store discarded by a read-only leaf", 100000) \
    ROW(READONLY_DMA, "device's store discarded", 5000) \
    ROW(READONLY_RMW, "rmw discarded", 5000) \
    ROW(RMW_REFUSED, "rmw refused", 50000) \
    ROW(REASON_PAGE, "refusal by the page map", 20000) \
    ROW(REASON_CONTEXT, "refusal by a context: none, or blocked", 1000) \
    ROW(REASON_RANGE, "refusal of an offset beyond the tables", 50) \
    ROW(REASON_UNREADABLE, "refusal by an entry that cannot be read", 500) \
    ROW(REASON_ABSENT, "refusal by an entry that is not there", 1000) \
    ROW(REASON_RESERVED, "refusal by an entry that means nothing", 500) \
    ROW(REASON_WIDE, "refusal by an entry, where addresses have a width", 50) \
    ROW(REASON_RIGHTS, "refusal by the rights of a page table", 1000) \
    ROW(ROMD_DIRECT, "read of a ROM device's bytes", 40000) \
    ROW(ROMD_WRITE, "store in a ROM device", 5000) \
    ROW(PIECES, "access to a device in several pieces", 20000) \
    ROW(PAIR, "pair of accesses that one instruction made", 20000) \
    ROW(PAIR_REFUSED, "pair refused, in two pages", 5000) \
    ROW(PICKY, "access refused, with a device that refuses some", 50000) \
    ROW(DEVICE_WRITE, "byte stored in a device", 500000) \
    ROW(DEVICE_FETCH, "byte fetched from a device", 100000) \
    ROW(CALL_WIDENED, "device called for more than the access has", 1000) \
    ROW(CALL_MERGED, "device asked for a word that is written back", 1000) \
    ROW(CALL_SPLIT, "device called for less than the access has", 1000) \
    ROW(CALL_UNALIGNED, "device called at an offset that is not aligned", \
        1000) \
    ROW(DEVICE_TOLD, "byte of an access with attributes, at a device", 50000) \
    ROW(STALE, "access answered by an old answer", 100000) \
    ROW(WINDOW, "access with more than one allowed answer", 200000) \
    ROW(OLD_RECORD, "old answer that a record of an IOTLB explains", 1000) \
    ROW(OLD_COMBINED, "old answer that only a combined record explains", 200) \
    ROW(OLD_BOTH, "such an answer, held by a CPU's cache as well", 100) \
    ROW(MAPPED, "access that a DMA mapping may answer", 20000) \
    ROW(OLD_MAPPED, "old answer of a DMA mapping", 500) \
    ROW(MAPPED_NOTHING, "DMA mapping of nothing", 1000) \
    ROW(MAPPED_PART, "DMA mapping of less than was asked for", 3000) \
    ROW(DEEPER, "depth 7 and more", 60000) \
    ROW(UNSPECIFIED, "access with unspecified attributes", 10000) \
    /* flushes that were asked for */ \
    ROW(FLUSH_RANGE_BITS, "flush-range, fewer than 64 bits", 10000) \
    ROW(FLUSH_RANGE_PAGES, "flush-range of more than a page", 50000) \
    ROW(FLUSH_RANGE_BYTE, "flush-range of less than a page", 5000) \
    ROW(FLUSH_EVERY_CPU, "flush of all CPUs", 10000) \
    ROW(FLUSH_OTHER_CPU, "flush by another CPU", 20000) \
    ROW(FLUSH_BOARD, "flush by the board", 100000) \
    /* invalidations of an IOMMU, by what they cover */ \
    ROW(UNMAP_BYTE, "UNMAP event of one byte", 20000) \
    ROW(UNMAP_PAGE, "UNMAP event of one page", 50000) \
    ROW(UNMAP_UNALIGNED, "UNMAP event of other than whole pages", 50000) \
    ROW(UNMAP_RANGE, "UNMAP event of several pages", 50000) \
    ROW(UNMAP_INDEX, "UNMAP event of a whole index", 10000) \
    ROW(UNMAP_ALL, "UNMAP of everything on every index", 30000) \
    ROW(UNMAP_SECOND, "UNMAP event of an index other than 0", 20000) \
    /* what IOMMUs' observers got */ \
    ROW(GOT_UNMAP, "observer told of UNMAP", 40000) \
    ROW(GOT_MAP, "observer told of MAP", 30000) \
    ROW(GOT_DEVIOTLB, "observer told of a device IOTLB's UNMAP", 1000) \
    ROW(GOT_CROPPED, "observer told of a part of an event", 5000) \
    ROW(GOT_CROPPED_MAP, "observer told of a MAP from its middle on", 500) \
    ROW(GOT_NOTHING, "observer told of a MAP of nothing", 500) \
    ROW(GOT_REPLAY, "observer told of a mapping that was there", 1000) \
    ROW(GOT_BOTH, "observer told of UNMAP and MAP of one change", 5000) \
    ROW(NOMEM, "registration without memory", 300) \
    ROW(VETOED, "registration vetoed", 300) \
    /* MPCs */ \
    ROW(MPC_RECORD, "record of a blocked access read", 1000) \
    ROW(MPC_NARROW, "register of an MPC written in part", 1000) \
    ROW(REGISTER, "register of an MPC accessed as a device", 1000) \
    ROW(REGISTER_DMA, "the same, written by a device", 300) \
    ROW(MPC_TOLD, "observer told of a block that changed", 1000) \
    /* what listeners and dirty logs got */ \
    ROW(LISTEN_ADD, "listener told of add", 3000) \
    ROW(LISTEN_DEL, "listener told of del", 3000) \
    ROW(LISTEN_NOP, "listener told of nop", 3000) \
    ROW(LISTEN_RECUT, "listener told of a range that changed", 1000) \
    ROW(DIRTY, "pages noted as dirty", 3000) \
    /* changes */ \
    ROW(SILENT, "table changed silently", 200000) \
    ROW(NOTIFIED, "table changed and told", 400000) \
    ROW(ONE_RIGHT, "table gets entries with one right only", 50000) \
    ROW(COMMITS, "effective commit", 400000) \
    ROW(NESTED, "commit of an inner transaction", 10000) \
    ROW(IN_TRANSACTION, "access inside a transaction", 50000) \
    ROW(SIZE_0, "region resized to no bytes", 1000) \
    ROW(DURING, "operation during an access", 3000) \
    ROW(DURING_FLUSH, "flush or change inside an access that fills", 1000) \
    ROW(ACTED, "store to an actor offset", 1000) \
    ROW(STARTED_AFTER, "access started after a change by the same write", 300) \
    ROW(STARTED_VIA, "access started, via a mapping", 300) \
    ROW(STARTED_CHAIN, "write by a started access to an actor offset", 300) \
    ROW(PAGE_SMALL, "page-map entry below the page size", 400) \
    ROW(PAGE_LARGE, "page-map entry above the page size", 60000) \
    /* operations that are not legal when their turn comes */ \
    ROW(SKIPPED, "operation skipped", 50000) \
    ROW(SKIPPED_TAKEN, "add of what has a container, skipped", 1000) \
    ROW(SKIPPED_CYCLE, "add that would close a cycle, skipped", 150) \
    ROW(SKIPPED_ALIAS, "add into an alias, skipped", 150) \
    ROW(SKIPPED_ROOT, "add or move of a root, skipped", 500) \
    ROW(SKIPPED_GONE, "operation of what is gone, skipped", 5000) \
    /* programs */ \
    ROW(GRANULE_SMALL, "program with a granule below the page size", 50000) \
    ROW(GRANULE_LARGE, "program with a granule above the page size", 60000) \
    ROW(INDEXES, "program with an IOMMU of several indexes", 100000) \
    ROW(FOUR_CHOSEN, \
        "program with an IOMMU of four indexes that secure and user choose", \
        10000) \
    ROW(CPUS, "program with several CPUs", 100000) \
    ROW(MANY_IOMMUS, "program with more than four IOMMUs", 10000) \
    ROW(ATTRS, "program with MMU indexes of different attributes", 50000) \
    ROW(EXPLICIT, "program with explicit safe points", 40000) \
    ROW(IMPLIED, "program with implied safe points", 40000) \
    ROW(SIZE_2_64, "program with a region of 2^64 bytes inside another", \
        50000) \
    ROW(SUBPAGE, "program with a region off the pages", 100000) \
    ROW(SUBPAGE_IOMMU, "program with an IOMMU off the pages", 10000) \
    ROW(SUBPAGE_RAM, "program with RAM off the pages", 50000) \
    ROW(SHIFTED_RAM, "program with an alias of RAM, shifted off the pages", \
        5000) \
    ROW(TIE, "program with overlapping siblings of one priority", 100000) \
    ROW(PRIORITIES, "program with overlapping siblings of two priorities", \
        50000) \
    ROW(RESERVATION, "program with a reservation before something", 10000) \
    ROW(FLAG_ABOVE, "program with a flag of a container or an alias", 20000) \
    ROW(UNMERGEABLE, "program with something unmergeable", 10000) \
    ROW(ALIAS, "program with an alias that shifts what it shows", 50000) \
    ROW(JOINED, "program with aliases whose ranges are joined", 10000) \
    ROW(ALIAS_OF_ALIAS, "program with an alias of an alias", 5000) \
    ROW(ALIAS_ABOVE, "program with an alias whose origin lies above", 20000) \
    ROW(ALIAS_OF_BOX, "program with an alias of a container", 30000) \
    ROW(CHILD_OF_LEAF, "program with a region inside a leaf", 30000) \
    ROW(BOX_IN_BOX, "program with a container inside a container", 20000) \
    ROW(ONE_ROOT, "program with two spaces of one root", 3000) \
    ROW(WRAPPED_ROOT, "program with a root that wraps another", 7000) \
    ROW(SHARED_BLOCK, "program with two regions on one block", 10000) \
    ROW(LATE_SPACE, "program with a late space", 10000)

typedef enum Row {
#define ROW(name, what, least) ROW_##name,
    ROWS
#undef ROW
        ROW_COUNT
} Row;

typedef struct Count {
    uint64_t programs;
    uint64_t row[ROW_COUNT];
    uint64_t done[TW_OP_CODES]; /* performed; accesses: served */
    uint64_t page_lg[TW_MAX_PAGE_LG + 1];
    uint64_t counters[TW_COUNTERS];
    /* Situations, by where the access went and behind how many IOMMUs, by what
     * had changed its answer, and by what had ended the one before. */
    uint64_t went[TW_MET_LEAVES][TW_MET_DEPTHS];
    uint64_t changed[TW_MET_CHANGES];
    uint64_t ended[TW_MET_ENDINGS];
    TwJudgeStats stats;
} Count;

/* Adds what one program and its trace show. */
void vacuity_count(Count *c, const TwProgram *program, const TwTrace *trace,
                   const TwMet *met);

/* How often a rule was exercised, or why random programs cannot. */
typedef struct RuleCount {
    const char *id, *what; /* what is counted; NULL: */
    const char *reason;
    uint64_t count;
    unsigned least; /* per million programs */
} RuleCount;

/* All of them, `n` in number; static. */
const RuleCount *vacuity_rules(const Count *c, unsigned *n);

#endif
