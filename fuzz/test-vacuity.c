/* SPDX-License-Identifier: MIT */
/*
 * Is anything tested in vain?  From fixed seeds, over all profiles, each thing
 * that softmmu has must have happened so and so often per million programs, not
 * just stood in a program; and each verdict must come of some bug of the zoo.
 * What is printed (TAP diagnostics, `meson test -v vacuity`) is the table of
 * what was counted.
 *
 * The least that is demanded of a row is about a fifth of what was measured
 * when the row was made, or less: it is to notice what is gone, not what has
 * become a little rarer.
 */
#include <string.h>

#include "fuzz/generate.h"
#include "fuzz/runner.h"
#include "program/ops.h"
#include "targets/zoo/zoo.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

enum {
#ifdef SANITIZED
    PROGRAMS = 20000,
#else
    PROGRAMS = 100000,
#endif
};

/* Rows -------------------------------------------------------------------- */

/* ROW(name, what is counted, least per million programs) */
#define ROWS                                                                  \
    /* accesses */                                                            \
    ROW(CROSSING, "access across pages, ok", 40000)                           \
    ROW(UNALIGNED, "access unaligned, ok", 100000)                            \
    ROW(ODD_SIZE, "access of 3, 5, 6 or 7 bytes, ok", 200000)                 \
    ROW(TWO_LEAVES, "access that went to two places", 10000)                  \
    ROW(READONLY_LEAF, "store discarded by a read-only leaf", 100000)         \
    ROW(ROMD_DIRECT, "read of a ROM device's bytes", 40000)                   \
    ROW(DEVICE_WRITE, "byte stored in a device", 500000)                      \
    ROW(DEVICE_FETCH, "byte fetched from a device", 100000)                   \
    ROW(STALE, "access answered by an old answer", 100000)                    \
    ROW(WINDOW, "access with more than one allowed answer", 200000)           \
    ROW(DEEPER, "depth 7 and more", 60000)                                    \
    /* flushes that were asked for */                                         \
    ROW(FLUSH_RANGE_BITS, "flush-range, fewer than 64 bits", 10000)           \
    ROW(FLUSH_RANGE_PAGES, "flush-range of more than a page", 50000)          \
    ROW(FLUSH_RANGE_BYTE, "flush-range of less than a page", 5000)            \
    ROW(FLUSH_EVERY_CPU, "flush of all CPUs", 10000)                          \
    ROW(FLUSH_OTHER_CPU, "flush by another CPU", 20000)                       \
    ROW(FLUSH_BOARD, "flush by the board", 100000)                            \
    /* invalidations of an IOMMU, by what they cover */                       \
    ROW(UNMAP_BYTE, "UNMAP event of one byte", 20000)                         \
    ROW(UNMAP_PAGE, "UNMAP event of one page", 50000)                         \
    ROW(UNMAP_UNALIGNED, "UNMAP event of other than whole pages", 50000)      \
    ROW(UNMAP_RANGE, "UNMAP event of several pages", 50000)                   \
    ROW(UNMAP_INDEX, "UNMAP event of a whole index", 10000)                   \
    ROW(UNMAP_ALL, "UNMAP of everything on every index", 30000)               \
    ROW(UNMAP_SECOND, "UNMAP event of an index other than 0", 20000)          \
    /* what IOMMUs' observers got */                                          \
    ROW(GOT_UNMAP, "observer told of UNMAP", 40000)                           \
    ROW(GOT_MAP, "observer told of MAP", 30000)                               \
    ROW(GOT_DEVIOTLB, "observer told of a device IOTLB's UNMAP", 1000)        \
    ROW(GOT_CROPPED, "observer told of a part of an event", 5000)             \
    ROW(GOT_NOTHING, "observer told of a MAP of nothing", 500)                \
    /* changes */                                                             \
    ROW(SILENT, "table changed silently", 200000)                             \
    ROW(NOTIFIED, "table changed and told", 400000)                           \
    ROW(COMMITS, "effective commit", 400000)                                  \
    ROW(NESTED, "commit of an inner transaction", 10000)                      \
    ROW(ACTED, "store to an actor offset", 1000)                              \
    ROW(PAGE_SMALL, "page-map entry below the page size", 400)                \
    ROW(PAGE_LARGE, "page-map entry above the page size", 60000)              \
    ROW(GRANULE_SMALL, "program with a granule below the page size", 50000)   \
    ROW(GRANULE_LARGE, "program with a granule above the page size", 60000)   \
    ROW(INDEXES, "program with an IOMMU of several indexes", 100000)          \
    ROW(CPUS, "program with several CPUs", 100000)                            \
    ROW(EXPLICIT, "program with explicit safe points", 40000)                 \
    ROW(SIZE_2_64, "program with a region of 2^64 bytes inside another", 50000)\
    ROW(SUBPAGE, "program with a region off the pages", 100000)               \
    ROW(ALIAS_OF_ALIAS, "program with an alias of an alias", 5000)            \
    ROW(ALIAS_ABOVE, "program with an alias whose origin lies above", 20000)  \
    ROW(ALIAS_OF_BOX, "program with an alias of a container", 30000)          \
    ROW(CHILD_OF_LEAF, "program with a region inside a leaf", 30000)          \
    ROW(BOX_IN_BOX, "program with a container inside a container", 20000)     \
    ROW(ONE_ROOT, "program with two spaces of one root", 3000)                \
    ROW(WRAPPED_ROOT, "program with a root that wraps another", 7000)         \
    ROW(SHARED_BLOCK, "program with two regions on one block", 10000)         \
    ROW(LATE_SPACE, "program with a late space", 10000)

typedef enum Row {
#define ROW(name, what, least) ROW_##name,
    ROWS
#undef ROW
    ROW_COUNT
} Row;

static const struct {
    const char *what;
    unsigned least;
} rows[] = {
#define ROW(name, what, least) {what, least},
    ROWS
#undef ROW
};

/* What every operation, leaf, class, counter ... needs that has no other. */
enum {
    LEAST_OPERATION = 3000,
    LEAST_LEAF = 50000,
    LEAST_CLASS = 4000,
    LEAST_DEPTH = 8000,
    LEAST_COUNTER = 30000,
    LEAST_PAGE_SIZE = 3000,
    LEAST_VERDICT = 200, /* of zoo programs */
};

typedef struct Count {
    uint64_t row[ROW_COUNT];
    uint64_t done[TW_OP_CODES];   /* performed; accesses: served */
    uint64_t during[TW_OP_CODES]; /* performed during an access */
    uint64_t page_lg[TW_MAX_PAGE_LG + 1];
    uint64_t vetoed;
    uint64_t listened[3];
    uint64_t dirty; /* runs of pages that were noted */
    uint64_t counters[TW_COUNTERS];
    TwJudgeStats stats;
} Count;

static TwProgram program;

/* Counting ---------------------------------------------------------------- */

static void count_topology(Count *c, const TwProgram *p)
{
    uint64_t page = UINT64_C(1) << p->page_lg;
    bool seen[ROW_COUNT] = {false};
    unsigned cpus = 0;
    uint64_t roots = 0;

    for (unsigned i = 0; i < p->n_spaces; i++) {
        if (p->spaces[i].present) {
            uint64_t root = UINT64_C(1) << p->spaces[i].root;
            seen[ROW_ONE_ROOT] |= (roots & root) != 0;
            seen[ROW_LATE_SPACE] |= p->spaces[i].late;
            roots |= root;
        }
    }
    c->page_lg[p->page_lg]++;
    seen[ROW_EXPLICIT] = p->explicit_safepoints;
    for (unsigned i = 0; i < p->n_regions; i++) {
        const TwRegion *r = &p->regions[i];
        if (r->kind == TW_REGION_NONE || r->container == TW_NONE) {
            continue;
        }
        seen[ROW_SIZE_2_64] |= r->size == UINT64_MAX;
        seen[ROW_SUBPAGE] |= (r->addr & (page - 1)) != 0;
        if (r->kind == TW_REGION_ALIAS) {
            seen[ROW_ALIAS_OF_ALIAS] |=
                p->regions[r->target].kind == TW_REGION_ALIAS;
            seen[ROW_ALIAS_ABOVE] |= r->alias_offset >> 63;
            seen[ROW_ALIAS_OF_BOX] |=
                p->regions[r->target].kind == TW_REGION_CONTAINER;
            seen[ROW_WRAPPED_ROOT] |=
                r->size == p->regions[r->target].size &&
                (roots >> r->container & roots >> r->target & 1);
        }
        unsigned around = p->regions[r->container].kind;
        seen[ROW_CHILD_OF_LEAF] |= around != TW_REGION_CONTAINER;
        seen[ROW_BOX_IN_BOX] |= r->kind == TW_REGION_CONTAINER &&
                                around == TW_REGION_CONTAINER &&
                                !(roots >> r->container & 1);
        seen[ROW_SHARED_BLOCK] |=
            r->kind == TW_REGION_RAM && r->block != i;
    }
    for (unsigned i = 0; i < p->n_iommus; i++) {
        if (p->iommus[i].kind != TW_IOMMU_NONE) {
            seen[ROW_GRANULE_SMALL] |= p->iommus[i].granule_lg < p->page_lg;
            seen[ROW_GRANULE_LARGE] |= p->iommus[i].granule_lg > p->page_lg;
            seen[ROW_INDEXES] |= p->iommus[i].indexes > 1;
        }
    }
    for (unsigned i = 0; i < p->n_cpus; i++) {
        cpus += p->cpus[i].present;
    }
    seen[ROW_CPUS] = cpus > 1;
    for (unsigned i = 0; i < ROW_COUNT; i++) {
        c->row[i] += seen[i];
    }
}

static void count_access(Count *c, const TwProgram *p, const TwTrace *t,
                         const TwOp *op, const TwOutcome *outcome)
{
    const TwLocation *location = &t->locations[outcome->location];
    uint64_t page = UINT64_C(1) << p->page_lg;
    bool ok = outcome->class_ == TW_CLASS_OK;

    c->done[op->code] += ok;
    c->row[ROW_CROSSING] += ok && (op->addr & (page - 1)) + op->size > page;
    c->row[ROW_UNALIGNED] += ok && (op->addr & (op->size - 1u)) != 0;
    c->row[ROW_ODD_SIZE] += ok && (op->size & (op->size - 1)) != 0;
    c->row[ROW_TWO_LEAVES] +=
        outcome->n_locations > 1 && location[0].region != location[1].region;
    if (outcome->n_locations > 0) {
        c->row[ROW_READONLY_LEAF] += outcome->class_ == TW_CLASS_DISCARD &&
                                     (location->flags & TW_LOC_READONLY);
        c->row[ROW_ROMD_DIRECT] +=
            op->code == TW_OP_READ && (location->flags & TW_LOC_ROMD);
    }
    for (unsigned a = 0; ok && op->code == TW_OP_WRITE && a < p->n_actors;
         a++) {
        const TwActor *actor = &p->actors[a];
        for (unsigned k = 0; k < outcome->n_locations; k++) {
            c->row[ROW_ACTED] +=
                location[k].region == actor->region &&
                actor->offset - location[k].offset < location[k].length;
        }
    }
}

static void count_flush(Count *c, const TwProgram *p, const TwOp *op)
{
    uint64_t page = UINT64_C(1) << p->page_lg;

    c->row[ROW_FLUSH_EVERY_CPU] += op->obj == TW_ALL;
    c->row[ROW_FLUSH_OTHER_CPU] +=
        op->obj != TW_ALL && op->actor != TW_BOARD && op->actor != op->obj;
    c->row[ROW_FLUSH_BOARD] += op->actor == TW_BOARD;
    if (op->code == TW_OP_FLUSH_RANGE) {
        c->row[ROW_FLUSH_RANGE_BITS] += op->lg < 64;
        c->row[ROW_FLUSH_RANGE_PAGES] += op->last > page;
        c->row[ROW_FLUSH_RANGE_BYTE] += op->last > 0 && op->last < page;
    }
}

static void count_unmap(Count *c, const TwProgram *p, const TwOp *op)
{
    uint64_t low = (UINT64_C(1) << p->page_lg) - 1;
    bool whole = (op->addr & low) == 0 && (op->last & low) == low;
    bool index = op->addr == 0 && op->last == UINT64_MAX;

    c->row[ROW_UNMAP_BYTE] += op->addr == op->last;
    c->row[ROW_UNMAP_PAGE] += whole && op->last - op->addr == low;
    c->row[ROW_UNMAP_UNALIGNED] += !whole;
    c->row[ROW_UNMAP_RANGE] += !index && op->last - op->addr > low;
    c->row[ROW_UNMAP_INDEX] += index;
    c->row[ROW_UNMAP_SECOND] += op->index > 0;
}

static void count_change(Count *c, const TwProgram *p, const TwOp *op,
                         unsigned *depth)
{
    switch (op->code) {
    case TW_OP_FLUSH_PAGE:
    case TW_OP_FLUSH_RANGE:
    case TW_OP_FLUSH_INDEX:
    case TW_OP_FLUSH_ALL:
        count_flush(c, p, op);
        break;
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
        c->row[op->flags & TW_OPF_NOTIFIED ? ROW_NOTIFIED : ROW_SILENT]++;
        break;
    case TW_OP_NOTIFY:
        if (op->kinds == TW_EVENT_UNMAP) {
            count_unmap(c, p, op);
        }
        break;
    case TW_OP_NOTIFY_ALL:
    case TW_OP_IOMMU_RESET:
        c->row[ROW_UNMAP_ALL]++;
        break;
    case TW_OP_PAGE:
        c->row[ROW_PAGE_SMALL] += op->lg < p->page_lg;
        c->row[ROW_PAGE_LARGE] += op->lg > p->page_lg;
        break;
    case TW_OP_BEGIN:
        ++*depth;
        break;
    case TW_OP_COMMIT:
        --*depth;
        c->row[ROW_NESTED] += *depth > 0;
        break;
    default:
        break;
    }
}

static void count_events(Count *c, const TwProgram *p, const TwTrace *t)
{
    for (unsigned i = 0; i < t->n_log; i++) {
        c->row[t->log[i].kind == TW_LOG_WRITE ? ROW_DEVICE_WRITE
                                              : ROW_DEVICE_FETCH]++;
    }
    for (unsigned i = 0; i < t->n_events; i++) {
        const TwEventRecord *e = &t->events[i];
        const TwOp *op = &p->script[e->op];

        c->row[ROW_GOT_UNMAP] += e->kind == TW_EVENT_UNMAP;
        c->row[ROW_GOT_MAP] += e->kind == TW_EVENT_MAP;
        c->row[ROW_GOT_NOTHING] += e->kind == TW_EVENT_MAP && e->perm == 0;
        c->row[ROW_GOT_DEVIOTLB] += e->kind == TW_EVENT_DEVIOTLB_UNMAP;
        c->row[ROW_GOT_CROPPED] +=
            op->code == TW_OP_NOTIFY &&
            (e->first != op->addr || e->last != op->last);
        if (e->kind >= TW_LISTEN_ADD && e->kind <= TW_LISTEN_NOP) {
            c->listened[e->kind - TW_LISTEN_ADD]++;
        }
        c->dirty += e->kind == TW_TRACE_DIRTY;
    }
}

static void count_run(Count *c, const TwProgram *p, const TwTrace *t)
{
    unsigned depth = 0;

    count_topology(c, p);
    for (unsigned i = 0; i < t->n_ops; i++) {
        const TwOp *op = &p->script[i];
        const TwOutcome *outcome = &t->outcomes[i];

        c->vetoed += outcome->status == TW_STATUS_VETOED;
        if (outcome->status != TW_STATUS_DONE) {
            continue;
        }
        if (tw_op_info(op->code)->flags & TW_OP_ACCESS) {
            count_access(c, p, t, op, outcome);
            continue;
        }
        c->done[op->code]++;
        c->during[op->code] += (op->flags & TW_OPF_DURING) != 0;
        count_change(c, p, op, &depth);
    }
    count_events(c, p, t);
}

/* The table --------------------------------------------------------------- */

typedef struct Table {
    uint64_t programs;
    unsigned short_of; /* rows */
} Table;

static void row(Table *table, uint64_t count, unsigned least,
                const char *format, ...) G_GNUC_PRINTF(4, 5);

static void row(Table *table, uint64_t count, unsigned least,
                const char *format, ...)
{
    g_autofree char *what = NULL;
    double rate = (double)count * 1e6 / (double)table->programs;
    bool enough = rate >= least;
    va_list args;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    table->short_of += !enough;
    g_test_message("%10.0f a million, at least %6u%s  %s", rate, least,
                   enough ? " " : ": TOO FEW", what);
}

/* par and its parts stand in no random program. */
static bool is_random(unsigned code)
{
    return code < TW_OP_PAR || code > TW_OP_END_PAR;
}

static void print_stats(Table *table, const TwJudgeStats *stats)
{
    static const uint8_t leaves[] = {TW_REGION_RAM,  TW_REGION_ROM,
                                     TW_REGION_ROMD, TW_REGION_MMIO,
                                     TW_REGION_RESERVATION,
                                     TW_REGION_RAM_DEVICE};

    for (unsigned i = 0; i < G_N_ELEMENTS(leaves); i++) {
        row(table, stats->by_leaf[leaves[i]], LEAST_LEAF, "access to a %s",
            tw_region_kind_name(leaves[i]));
    }
    row(table, stats->by_leaf[TW_REGION_NONE], LEAST_LEAF,
        "access to nothing");
    for (unsigned i = TW_REGION_CONTAINER; i < TW_REGION_KINDS; i++) {
        row(table, stats->by_region[i], LEAST_LEAF, "region of kind %s",
            tw_region_kind_name(i));
    }
    for (unsigned i = 0; i < TW_CLASSES; i++) {
        row(table, stats->by_class[i], LEAST_CLASS, "class %s",
            tw_class_name(i));
    }
    for (unsigned i = 0; i <= 6; i++) {
        row(table, stats->by_depth[i], LEAST_DEPTH, "depth %u", i);
    }
}

static void print_table(Table *table, Count *c, const TwDialect *dialect)
{
    uint64_t during = 0;

    for (unsigned code = 0; code < TW_OP_CODES; code++) {
        during += c->during[code];
        if (code != TW_OP_NOP && (dialect->ops >> code & 1) &&
            is_random(code)) {
            row(table, c->done[code], LEAST_OPERATION, "operation %s",
                tw_op_info(code)->name);
        }
    }
    if (dialect->op_flags & TW_OPF_DURING) {
        row(table, during, LEAST_OPERATION, "operation during an access");
    }
    if (dialect->ops >> TW_OP_VETO & 1) {
        row(table, c->vetoed, LEAST_OPERATION / 10, "registration vetoed");
    }
    for (unsigned i = 0; (dialect->ops >> TW_OP_LISTEN & 1) && i < 3; i++) {
        static const char *const names[] = {"add", "del", "nop"};
        row(table, c->listened[i], LEAST_OPERATION, "listener told of %s",
            names[i]);
    }
    if (dialect->ops >> TW_OP_DIRTY_CLEAR & 1) {
        row(table, c->dirty, LEAST_OPERATION, "pages noted as dirty");
    }
    print_stats(table, &c->stats);
    for (unsigned lg = dialect->min_page_lg; lg <= dialect->max_page_lg;
         lg++) {
        row(table, c->page_lg[lg], LEAST_PAGE_SIZE,
            "program with pages of %u bytes", 1u << lg);
    }
    for (unsigned i = 0; i < TW_COUNTERS; i++) {
        row(table, c->counters[i], LEAST_COUNTER, "counter %s",
            tw_counter_name(i));
    }
    for (unsigned i = 0; i < ROW_COUNT; i++) {
        row(table, c->row[i], rows[i].least, "%s", rows[i].what);
    }
}

static void test_happens(void)
{
    TwTargetOptions options = {.name = "softmmu"};
    g_autoptr(TwRunner) runner = tw_runner_new(&options, NULL);
    const TwDialect *dialect = tw_runner_dialect(runner);
    g_autofree Count *c = g_new0(Count, 1);
    Table table = {.programs = PROGRAMS};
    TwFinding finding;

    for (unsigned i = 0; i < PROGRAMS; i++) {
        TwRng rng = tw_rng_for(1, i);

        tw_generate(&program, (TwProfile)(i % TW_PROFILES), dialect, &rng);
        if (tw_verdict_is_finding(tw_runner_run(runner, &program, &finding,
                                                &c->stats, c->counters))) {
            g_error("program %u: %s", i, finding.text);
        }
        count_run(c, &program, tw_runner_trace(runner));
    }
    c->row[ROW_STALE] = c->stats.verdicts[TW_VERDICT_AGREE_STALE];
    c->row[ROW_WINDOW] = c->stats.windows;
    c->row[ROW_COMMITS] = c->stats.commits;
    for (unsigned i = 7; i < G_N_ELEMENTS(c->stats.by_depth); i++) {
        c->row[ROW_DEEPER] += c->stats.by_depth[i];
    }
    print_table(&table, c, dialect);
    g_assert_cmpuint(table.short_of, ==, 0);
}

/* Verdicts ---------------------------------------------------------------- */

/* Of each bug, each way to open it; as many under sanitizers, since the rarest
 * verdict comes of one program in a thousand. */
enum { ZOO_PROGRAMS = 800 };

/* Program after program: `number` is that of the next. */
static void run_bug(const char *slug, bool hide, bool check,
                    uint64_t *number, uint64_t *verdicts)
{
    g_autofree char *name = g_strconcat("zoo:", slug, NULL);
    TwTargetOptions options = {
        .name = name, .hide_locations = hide, .check = check};
    g_autoptr(TwRunner) runner = tw_runner_new(&options, NULL);
    TwFinding finding;

    g_assert_nonnull(runner);
    for (unsigned i = 0; i < ZOO_PROGRAMS; i++, (*number)++) {
        TwRng rng = tw_rng_for(2, *number);

        tw_generate(&program, (TwProfile)(i % TW_PROFILES),
                    tw_runner_dialect(runner), &rng);
        verdicts[tw_runner_run(runner, &program, &finding, NULL, NULL)]++;
    }
}

/*
 * Each verdict that judging can come to, of some bug.  Not here: crash and
 * hang, which need a target that dies (cli-exec, runner, campaign); self,
 * known and flaky, which need a wrong oracle, a list and a die (judge, known,
 * campaign).
 */
static void test_verdicts(void)
{
    static const uint8_t wanted[] = {
        TW_VERDICT_AGREE, TW_VERDICT_AGREE_STALE, TW_VERDICT_STALE,
        TW_VERDICT_PERM,  TW_VERDICT_CLASS,       TW_VERDICT_FAULT,
        TW_VERDICT_WRONG, TW_VERDICT_EFFECT,      TW_VERDICT_EVENT,
        TW_VERDICT_INVARIANT, TW_VERDICT_INCONCLUSIVE};
    uint64_t verdicts[TW_VERDICTS] = {0};
    Table table = {0};
    unsigned n;
    const TwZooBug *bugs = tw_zoo_bugs(&n);

    for (unsigned i = 0; i < n; i++) {
        run_bug(bugs[i].slug, false, false, &table.programs, verdicts);
        run_bug(bugs[i].slug, true, false, &table.programs, verdicts);
        run_bug(bugs[i].slug, false, true, &table.programs, verdicts);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(wanted); i++) {
        row(&table, verdicts[wanted[i]], LEAST_VERDICT, "verdict %s",
            tw_verdict_name(wanted[i]));
    }
    g_assert_cmpuint(verdicts[TW_VERDICT_SELF], ==, 0);
    g_assert_cmpuint(verdicts[TW_VERDICT_FLAKY], ==, 0);
    g_assert_cmpuint(table.short_of, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vacuity/happens", test_happens);
    g_test_add_func("/vacuity/verdicts", test_verdicts);
    return g_test_run();
}
