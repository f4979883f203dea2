/* SPDX-License-Identifier: MIT */
/*
 * Which count exercises which rule.  Random programs must exercise each rule of
 * RULES.md and LANGUAGE.md, or the rule has a reason here why they cannot.  A
 * rule counts as exercised if its condition occurred and the judge would have
 * refused another answer.
 */
#include "fuzz/generate/test-vacuity.h"

#include <glib.h>
#include <string.h>

/* Default minimum per million programs, for rows that name none. */
enum { LEAST = 3000 };

#define RULE(id, what, count) {id, what, NULL, count, LEAST},
#define RARE(id, what, count, least) {id, what, NULL, count, least},
#define NEVER(id, reason) {id, NULL, reason, 0, 0},

#define ROW_(name) c->row[ROW_##name]
#define OP(name) c->done[TW_OP_##name]
#define COUNTER(name) c->counters[TW_COUNT_##name]
#define CLASS(name) c->stats.by_class[TW_CLASS_##name]
#define LEAF(name) c->stats.by_leaf[TW_REGION_##name]
#define KIND(name) c->stats.by_region[TW_REGION_##name]
#define CHANGED(name) c->changed[TW_MET_##name]
#define ENDED(name) c->ended[TW_MET_##name]
/* Accesses that went there, by the number of IOMMUs on the way. */
#define WENT(name, depth) c->went[TW_MET_##name][depth]

static const char no_code[] =
    "contents code: softmmu does not execute; unicorn's campaign does";

static const char no_exclusives[] =
    "exclusive exchanges: the test generate counts them";

static uint64_t least_of(const uint64_t *counts, unsigned n)
{
    uint64_t least = UINT64_MAX;

    for (unsigned i = 0; i < n; i++) {
        least = MIN(least, counts[i]);
    }
    return least;
}

#define LEAST_OF(...) \
    least_of((const uint64_t[]){__VA_ARGS__}, \
             sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

/* Behind one IOMMU or more; behind two or more. */
static uint64_t behind(const Count *c, unsigned leaf, unsigned hops)
{
    uint64_t n = 0;

    for (unsigned depth = hops; depth < TW_MET_DEPTHS; depth++) {
        n += c->went[leaf][depth];
    }
    return n;
}

#define BEHIND(name, hops) behind(c, TW_MET_##name, hops)

static uint64_t pages_of_each_size(const Count *c)
{
    return least_of(c->page_lg + TW_MIN_PAGE_LG,
                    TW_MAX_PAGE_LG - TW_MIN_PAGE_LG + 1);
}

static uint64_t flushes_of_each_form(const Count *c)
{
    return LEAST_OF(OP(FLUSH_PAGE), OP(FLUSH_RANGE), OP(FLUSH_INDEX),
                    OP(FLUSH_ALL));
}

static uint64_t orders_kept(const Count *c)
{
    return LEAST_OF(OP(ENABLE), OP(RESIZE), OP(READONLY), OP(ROMD),
                    OP(ALIAS_OFFSET));
}

static uint64_t changes_that_pend(const Count *c)
{
    return LEAST_OF(CHANGED(ADD), CHANGED(DEL), CHANGED(MOVE), CHANGED(RESIZE),
                    CHANGED(ENABLE), CHANGED(DISABLE), CHANGED(PRIORITY),
                    CHANGED(READONLY), CHANGED(ALIAS_OFFSET));
}

static uint64_t resets(const Count *c)
{
    return LEAST_OF(OP(IOMMU_RESET), OP(BYPASS), OP(RESTORE), ENDED(END_RESET),
                    ENDED(END_BYPASS));
}

const RuleCount *vacuity_rules(const Count *c, unsigned *n)
{
    static RuleCount rules[256];
    /* clang-format off */
    const RuleCount table[] = {
        /* arithmetic */
        RULE("AR-1", "alias whose origin lies above", ROW_(ALIAS_ABOVE))
        RULE("AR-2", "region of 2^64 bytes", ROW_(SIZE_2_64))
        RARE("AR-3", "region resized to no bytes", ROW_(SIZE_0), 1000)
        RULE("AR-4", "event cropped to a notifier's range", ROW_(GOT_CROPPED))
        RULE("AR-5", "program of the rarest page size", pages_of_each_size(c))
        RARE("AR-6", "access past the end", ROW_(BEYOND), 2000)
        /* regions */
        RULE("MR-1", "region inside a leaf", ROW_(CHILD_OF_LEAF))
        RARE("MR-2", "add of what has a container", ROW_(SKIPPED_TAKEN), 1000)
        RARE("MR-3", "add that would close a cycle", ROW_(SKIPPED_CYCLE), 150)
        RARE("MR-4", "add into an alias", ROW_(SKIPPED_ALIAS), 150)
        RULE("MR-5", "overlapping siblings of one priority", ROW_(TIE))
        RULE("MR-6", "add", OP(ADD))
        RULE("MR-7", "access after a move", CHANGED(MOVE))
        RULE("MR-8", "the rarest change that keeps the order", orders_kept(c))
        RULE("MR-9", "container in a container, and overlaps of two priorities",
             LEAST_OF(ROW_(BOX_IN_BOX), ROW_(PRIORITIES)))
        RARE("MR-10", "add or move of a root", ROW_(SKIPPED_ROOT), 500)
        RARE("MR-11", "access after the rarest change of the topology",
             changes_that_pend(c), 1000)
        /* rendering */
        RULE("FV-1", "aliases of containers, of aliases, reservations",
             LEAST_OF(ROW_(ALIAS_OF_BOX), ROW_(ALIAS_OF_ALIAS),
                      ROW_(RESERVATION)))
        RULE("FV-2", "flag of a container or an alias", ROW_(FLAG_ABOVE))
        RULE("FV-3", "alias that shifts what it shows", ROW_(ALIAS))
        RULE("FV-4", "listener told of a range that stays", ROW_(LISTEN_NOP))
        RARE("FV-5", "listener told of a range that changed",
             ROW_(LISTEN_RECUT), 1000)
        RULE("FV-6", "spaces of one root, or of one that wraps another",
             LEAST_OF(ROW_(ONE_ROOT), ROW_(WRAPPED_ROOT)))
        RULE("FV-7", "root that wraps another", ROW_(WRAPPED_ROOT))
        RARE("FV-8", "add or move of a root", ROW_(SKIPPED_ROOT), 500)
        /* views, transactions */
        RULE("TX-1", "commit of an inner transaction", ROW_(NESTED))
        RULE("TX-2", "access inside a transaction", ROW_(IN_TRANSACTION))
        RULE("TX-3", "listener told of del and add",
             LEAST_OF(ROW_(LISTEN_DEL), ROW_(LISTEN_ADD)))
        NEVER("TX-4", "nothing walks while listeners are told")
        RULE("TX-5", "listener told of a range that stays", ROW_(LISTEN_NOP))
        RULE("TX-6", "listener comes and goes",
             LEAST_OF(OP(LISTEN), OP(UNLISTEN)))
        RULE("TX-7", "access of an answer that a commit ended", ENDED(COMMIT))
        RULE("TX-8", "access before and after a safe point",
             LEAST_OF(ENDED(WAITING), ENDED(SAFEPOINT)))
        RARE("TX-9", "flush or change inside a fill", ROW_(DURING_FLUSH), 1000)
        RULE("TX-10", "access of an answer that waits for a safe point",
             ENDED(WAITING))
        RULE("TX-11", "access after a del", CHANGED(DEL))
        /* dispatch */
        RULE("DS-1", "access to a hole", WENT(HOLE, 0))
        RULE("DS-2", "access through a sub-page container", COUNTER(SUBPAGE))
        RULE("DS-3", "look-up in a view", COUNTER(DISPATCH))
        RULE("DS-4", "access through a sub-page container", COUNTER(SUBPAGE))
        RULE("DS-5", "access that went to two places", ROW_(TWO_LEAVES))
        RULE("DS-6", "store across pages, refused", ROW_(CROSSING_NO))
        RULE("DS-7", "IOMMU off the pages", ROW_(SUBPAGE_IOMMU))
        RULE("DS-8", "RAM off the pages", ROW_(SUBPAGE_RAM))
        NEVER("DS-9", "no trace shows it: what is told of rendering does")
        RARE("DS-10", "access to the first and the last page",
             LEAST_OF(ROW_(FIRST_PAGE), ROW_(LAST_PAGE)), 1000)
        /* leaf accesses */
        RULE("AC-1", "access that was refused", CLASS(DECODE_ERROR))
        RULE("AC-2", "access refused, with a device that refuses some",
             ROW_(PICKY))
        RULE("AC-3", "store discarded, a CPU's and a device's",
             LEAST_OF(ROW_(READONLY_LEAF), ROW_(READONLY_DMA)))
        RULE("AC-4", "ROM device read and written, and switched",
             LEAST_OF(ROW_(ROMD_DIRECT), ROW_(ROMD_WRITE), OP(ROMD)))
        RULE("AC-5", "access to a device in several pieces", ROW_(PIECES))
        RULE("AC-6", "store across pages, refused", ROW_(CROSSING_NO))
        NEVER("AC-7", "not in the language")
        RULE("AC-8", "access refused by a device in its callback",
             COUNTER(BUSY))
        /* walk */
        RULE("IW-1", "access refused by an IOMMU behind another",
             BEHIND(NO_HOP, 2))
        RULE("IW-2", "access to RAM, no IOMMU before it", WENT(RAM, 0))
        RULE("IW-3", "access refused by an IOMMU", BEHIND(NO_HOP, 1))
        RULE("IW-4", "access to a hole behind an IOMMU", BEHIND(HOLE, 1))
        RULE("IW-5", "access that went to two places", ROW_(TWO_LEAVES))
        NEVER("IW-6", "granules of the language end at 2^30")
        NEVER("IW-7", "the language has no other granule")
        RULE("IW-8", "access that met too many IOMMUs", BEHIND(LOOP, 1))
        RULE("IW-9", "load and store behind an IOMMU",
             LEAST_OF(BEHIND(RAM, 1), OP(WRITE)))
        RULE("IW-10", "table with one right only", ROW_(ONE_RIGHT))
        RULE("IW-11", "notification delivered to a CPU", COUNTER(DELIVER))
        NEVER("IW-12", "not in the language: no operation asks")
        /* fill */
        RULE("FI-1", "table with one right only", ROW_(ONE_RIGHT))
        RULE("FI-2", "granule below the page size", ROW_(GRANULE_SMALL))
        RULE("FI-3", "table with one right only", ROW_(ONE_RIGHT))
        RULE("FI-4", "access refused by an IOMMU before another",
             BEHIND(NO_HOP, 1))
        /* notifiers */
        RULE("NT-1", "notifier registered and unregistered",
             LEAST_OF(OP(OBSERVE), OP(UNOBSERVE)))
        RARE("NT-2", "registration vetoed", ROW_(VETOED), 300)
        NEVER("NT-3", "observers name the IOMMU, not an alias of its region")
        RULE("NT-4", "UNMAP event of an index other than 0",
             ROW_(UNMAP_SECOND))
        RULE("NT-5", "event cropped to a notifier's range", ROW_(GOT_CROPPED))
        RULE("NT-6", "UNMAP event of other than whole pages",
             ROW_(UNMAP_UNALIGNED))
        RARE("NT-7", "MAP from its middle on", ROW_(GOT_CROPPED_MAP), 500)
        RULE("NT-8", "UNMAP event of a whole index", ROW_(UNMAP_INDEX))
        RARE("NT-9", "observer told of a mapping that was there",
             ROW_(GOT_REPLAY), 1000)
        NEVER("NT-10", "there is one replay for all models")
        NEVER("NT-11", "observers record, and do nothing else")
        RULE("NT-12", "UNMAP and MAP of one change", ROW_(GOT_BOTH))
        RULE("NT-13", "access after a change that was told",
             CHANGED(MAP_NOTIFIED))
        NEVER("NT-14", "events have a first and a last address, no mask")
        RULE("NT-15", "UNMAP that waits for a safe point", COUNTER(QUEUED))
        /* CPU notifier */
        RULE("TN-1", "notification delivered to a CPU", COUNTER(DELIVER))
        RULE("TN-2", "notification delivered to a CPU", COUNTER(DELIVER))
        RULE("TN-3", "access of an answer that a notification ended",
             LEAST_OF(ENDED(NOTIFIED), ENDED(NOTIFY)))
        RULE("TN-4", "event offered, and delivered",
             LEAST_OF(COUNTER(NOTIFY), COUNTER(DELIVER)))
        RULE("TN-5", "access after a silent change, refused or not",
             LEAST_OF(CHANGED(MAP), BEHIND(NO_HOP, 1)))
        RULE("TN-6", "UNMAP event of one page", ROW_(UNMAP_PAGE))
        RULE("TN-7", "CPU unplugged", OP(UNPLUG))
        RULE("TN-8", "more than four IOMMUs", ROW_(MANY_IOMMUS))
        RULE("TN-9", "IOMMU destroyed", OP(IOMMU_DESTROY))
        RULE("TN-10", "work queued on another CPU", COUNTER(QUEUED))
        RARE("TN-11", "flush or change inside a fill", ROW_(DURING_FLUSH),
             1000)
        /* soft TLB */
        RULE("TL-1", "hit", COUNTER(TLB_HIT))
        RULE("TL-2", "victim hit", COUNTER(VICTIM_HIT))
        RULE("TL-3", "fill", COUNTER(FILL))
        RULE("TL-4", "page-map entry below the page size, or of some rights",
             ROW_(PAGE_SMALL) + CLASS(PAGE_FAULT))
        RULE("TL-5", "alias of RAM, shifted off the pages", ROW_(SHIFTED_RAM))
        RULE("TL-6", "device told of attributes", ROW_(DEVICE_TOLD))
        RULE("TL-7", "access refused by an IOMMU", BEHIND(NO_HOP, 1))
        RULE("TL-8", "flush of an index", COUNTER(FLUSH_INDEX))
        RULE("TL-9", "flush of a page", COUNTER(FLUSH_PAGE))
        RULE("TL-10", "page-map entry above the page size", ROW_(PAGE_LARGE))
        RULE("TL-11", "flush of a range, whole and under fewer bits",
             LEAST_OF(ROW_(FLUSH_RANGE_PAGES), ROW_(FLUSH_RANGE_BITS)))
        RULE("TL-12", "time that passes", OP(CLOCK))
        RULE("TL-13", "flush of all CPUs", ROW_(FLUSH_EVERY_CPU))
        RULE("TL-14", "notes taken", ROW_(DIRTY))
        RULE("TL-15", "access across pages", ROW_(CROSSING))
        RULE("TL-16", "rmw, done and refused",
             LEAST_OF(OP(RMW), ROW_(RMW_REFUSED)))
        RULE("TL-17", "time that passes", OP(CLOCK))
        /* attributes */
        RULE("AT-1", "MMU indexes of different attributes", ROW_(ATTRS))
        RULE("AT-2", "MMU indexes and IOMMUs of several indexes",
             LEAST_OF(ROW_(ATTRS), ROW_(INDEXES)))
        RULE("AT-3", "device told of attributes", ROW_(DEVICE_TOLD))
        RULE("AT-4", "access with unspecified attributes", ROW_(UNSPECIFIED))
        NEVER("AT-5", "not in the language")
        RULE("AT-6", "MMU indexes of different attributes", ROW_(ATTRS))
        /* freshness */
        RULE("FR-1", "access of an answer that an UNMAP ended",
             LEAST_OF(ENDED(NOTIFIED), ENDED(NOTIFY), ENDED(NOTIFY_ALL)))
        RULE("FR-2", "notification delivered to a CPU", COUNTER(DELIVER))
        RULE("FR-3", "access of an answer that a commit ended", ENDED(COMMIT))
        RULE("FR-4", "access with more than one allowed answer",
             ROW_(WINDOW))
        RULE("FR-5", "the rarest of reset, bypass and restore", resets(c))
        RARE("FR-6", "flush or change inside a fill", ROW_(DURING_FLUSH), 1000)
        NEVER("FR-7", "one run does not show it; /random/FR-7/... has two")
        RULE("FR-8", "access while its CPU has work queued", ENDED(WAITING))
        RULE("FR-9", "access of an answer that the rarest flush ended",
             LEAST_OF(ENDED(FLUSH_PAGE), ENDED(FLUSH_RANGE),
                      ENDED(FLUSH_INDEX), ENDED(FLUSH_ALL)))
        NEVER("FR-10", no_code)
        RULE("FR-11", "old answer of a record", ROW_(OLD_RECORD))
        RARE("FR-12", "old answer of a combined record", ROW_(OLD_COMBINED), 200)
        RULE("FR-13", "record that does not answer for want of A or D",
             COUNTER(UNMARKED))
        RARE("FR-14", "change by an actor offset before it starts an access",
             ROW_(STARTED_AFTER), 300)
        /* rulings */
        RULE("RU-1", "operation skipped", ROW_(SKIPPED))
        RULE("RU-2", "load and store of RAM",
             LEAST_OF(LEAF(RAM), OP(READ), OP(WRITE)))
        RULE("RU-3", "store in a device, and at an actor offset",
             LEAST_OF(ROW_(DEVICE_WRITE), ROW_(ACTED)))
        RULE("RU-4", "fetch from a device", ROW_(DEVICE_FETCH))
        RULE("RU-5", "rmw done, refused, discarded",
             LEAST_OF(OP(RMW), ROW_(RMW_REFUSED), ROW_(READONLY_RMW)))
        RULE("RU-6", "access after a change inside a fill", CHANGED(DURING))
        RARE("RU-7", "access after a change that a device made",
             CHANGED(DEVICE), 300)
        RARE("RU-8", "allocation that failed, and registration without memory",
             LEAST_OF(COUNTER(NO_MEMORY), ROW_(NOMEM)), 300)
        RARE("RU-9", "old answer of a DMA mapping", ROW_(OLD_MAPPED), 500)
        RULE("RU-10", "CPU unplugged, IOMMU reset, destroyed",
             LEAST_OF(OP(UNPLUG), OP(IOMMU_RESET), OP(IOMMU_DESTROY)))
        /* the language */
        RULE("LA-1", "operation skipped", ROW_(SKIPPED))
        RULE("LA-2", "flush by the board and by another CPU",
             LEAST_OF(ROW_(FLUSH_BOARD), ROW_(FLUSH_OTHER_CPU)))
        RULE("LA-3", "safe points, implied and explicit",
             LEAST_OF(ROW_(IMPLIED), ROW_(EXPLICIT), OP(SAFEPOINT)))
        RULE("LA-4", "work queued on another CPU", COUNTER(QUEUED))
        RULE("LA-5", "overlapping siblings of one priority", ROW_(TIE))
        RULE("LA-6", "access after a change of priority", CHANGED(PRIORITY))
        RULE("LA-7", "effective commit", ROW_(COMMITS))
        RULE("LA-8", "late space, made and removed",
             LEAST_OF(ROW_(LATE_SPACE), OP(SPACE_NEW), OP(SPACE_DEL)))
        RULE("LA-9", "store discarded", ROW_(READONLY_LEAF))
        RULE("LA-10", "two regions on one block", ROW_(SHARED_BLOCK))
        RULE("LA-11", "IOMMU of several indexes, also of four for two attributes",
             LEAST_OF(ROW_(INDEXES), ROW_(FOUR_CHOSEN)))
        RULE("LA-12", "map, unmap, protect",
             LEAST_OF(OP(MAP), OP(UNMAP), OP(PROTECT)))
        RULE("LA-13", "access behind an IOMMU", BEHIND(RAM, 1))
        RULE("LA-14", "access that met too many IOMMUs", BEHIND(LOOP, 1))
        RULE("LA-15", "table changed silently, and told",
             LEAST_OF(ROW_(SILENT), ROW_(NOTIFIED), OP(NOTIFY)))
        RULE("LA-16", "reset, bypass, notify-all, destruction",
             LEAST_OF(OP(IOMMU_RESET), OP(BYPASS), OP(NOTIFY_ALL),
                      OP(IOMMU_DESTROY)))
        RULE("LA-17", "UNMAP event of one byte", ROW_(UNMAP_BYTE))
        RULE("LA-18", "observer told of UNMAP and of MAP",
             LEAST_OF(ROW_(GOT_UNMAP), ROW_(GOT_MAP)))
        RARE("LA-19", "access past the end", ROW_(BEYOND), 2000)
        RULE("LA-20", "page faults, and page-map entries of other sizes",
             LEAST_OF(CLASS(PAGE_FAULT), ROW_(PAGE_LARGE), OP(UNPAGE)))
        RULE("LA-21", "access of the rarest class",
             LEAST_OF(CLASS(OK), CLASS(DISCARD), CLASS(DEVICE_ERROR),
                      CLASS(DECODE_ERROR), CLASS(LOOP), CLASS(PAGE_FAULT)))
        RULE("LA-22", "access to the rarest kind of leaf",
             LEAST_OF(LEAF(RAM), LEAF(ROM), LEAF(ROMD), LEAF(MMIO),
                      LEAF(RESERVATION), LEAF(RAM_DEVICE)))
        RULE("LA-23", "access in several runs or pieces",
             LEAST_OF(ROW_(TWO_LEAVES), ROW_(PIECES), CLASS(DEVICE_ERROR)))
        RULE("LA-24", "byte stored in a device, and fetched from one",
             LEAST_OF(ROW_(DEVICE_WRITE), ROW_(DEVICE_FETCH)))
        RULE("LA-25", "rmw done and refused",
             LEAST_OF(OP(RMW), ROW_(RMW_REFUSED)))
        RULE("LA-26", "store", OP(WRITE))
        RARE("LA-27", "store to an actor offset", ROW_(ACTED), 1000)
        RULE("LA-28", "access served without an entry", COUNTER(UNCACHED))
        RULE("LA-29", "flush of the rarest form", flushes_of_each_form(c))
        RULE("LA-30", "CPU unplugged", OP(UNPLUG))
        RULE("LA-31", "access that an MPC blocked, or may have",
             c->stats.blocked)
        RULE("LA-32", "what a blocked access recorded, read",
             ROW_(MPC_RECORD))
        RULE("LA-33", "register read, and written, also in part",
             LEAST_OF(OP(MPC_READ), OP(MPC_WRITE), ROW_(MPC_NARROW)))
        RULE("LA-34", "observer told of a block that changed",
             ROW_(MPC_TOLD))
        RULE("LA-35", "context of an index written", OP(CONTEXT))
        RULE("LA-36", "table entry stored", OP(POKE))
        RULE("LA-37", "command of an IOMMU with tables", OP(INVALIDATE))
        RULE("LA-38", "mapping made, ended, and used",
             LEAST_OF(OP(DMA_MAP), OP(DMA_UNMAP), COUNTER(MAPPED),
                      ROW_(MAPPED)))
        RULE("LA-39", "notes taken", ROW_(DIRTY))
        RULE("LA-40", "snapshot and restore",
             LEAST_OF(OP(SNAPSHOT), OP(RESTORE), CHANGED(RESTORE)))
        NEVER("LA-41", "softmmu has no parallel parts")
        RARE("LA-42", "time that passes, and allocations that fail",
             LEAST_OF(OP(CLOCK), OP(FAIL_ALLOC), ROW_(NOMEM)), 300)
        RULE("LA-43", "listener told of the rarest kind",
             LEAST_OF(ROW_(LISTEN_ADD), ROW_(LISTEN_DEL), ROW_(LISTEN_NOP)))
        NEVER("LA-44", no_code)
        NEVER("LA-45", no_code)
        NEVER("LA-46", no_code)
        RULE("LA-47", "operation during an access", ROW_(DURING))
        RARE("LA-48", "mappings told again, registrations vetoed",
             LEAST_OF(ROW_(GOT_REPLAY), ROW_(VETOED)), 300)
        NEVER("LA-49", "random programs keep to the limit of ways")
        RULE("LA-50", "call of a device that is wider, narrower or off its "
                      "alignment, and a word that is written back",
             LEAST_OF(ROW_(CALL_WIDENED), ROW_(CALL_MERGED), ROW_(CALL_SPLIT),
                      ROW_(CALL_UNALIGNED)))
        RULE("LA-51", "translation by a record of each kind",
             LEAST_OF(COUNTER(IOTLB), COUNTER(POINTER), COUNTER(CONTEXT)))
        NEVER("LA-52", no_code)
        RULE("LA-53", "entry of nested tables read", COUNTER(NESTED))
        RULE("LA-54", "two translations by a combined record", COUNTER(COMBINED))
        RULE("LA-55", "A or D set by a walk", COUNTER(MARK))
        NEVER("LA-56", no_exclusives)
        RULE("LA-57", "register accessed as a device, and by DMA",
             LEAST_OF(ROW_(REGISTER), ROW_(REGISTER_DMA)))
        RARE("LA-58", "access that wraps, and one past a CPU's width",
             LEAST_OF(ROW_(WRAPPED), ROW_(PAST_WIDTH)), 300)
        RULE("LA-59", "pair of accesses made, and refused",
             LEAST_OF(ROW_(PAIR), ROW_(PAIR_REFUSED)))
        RARE("LA-60", "refusal of the rarest kind by a page table",
             LEAST_OF(ROW_(REASON_PAGE), ROW_(REASON_CONTEXT),
                      ROW_(REASON_RANGE), ROW_(REASON_UNREADABLE),
                      ROW_(REASON_ABSENT), ROW_(REASON_RESERVED),
                      ROW_(REASON_RIGHTS)), 50)
        RARE("LA-61", "access started, via a mapping, and by a started one",
             LEAST_OF(COUNTER(STARTED), ROW_(STARTED_VIA), ROW_(STARTED_CHAIN)),
             300)
        NEVER("LA-62", "random programs for softmmu have contents data")
        RARE("LA-63", "entry that means nothing, where addresses have a width",
             ROW_(REASON_WIDE), 50)
        NEVER("LA-64", "softmmu tells of no ranges")
    };
    /* clang-format on */

    *n = G_N_ELEMENTS(table);
    g_assert_cmpuint(*n, <=, G_N_ELEMENTS(rules));
    memcpy(rules, table, sizeof(table));
    return rules;
}
