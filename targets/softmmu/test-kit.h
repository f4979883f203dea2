/* SPDX-License-Identifier: MIT */
/*
 * For the tests of targets: builds programs line by line, runs them, and says
 * what is expected of one operation's outcome.  Header only, so that softmmu's
 * tests and the zoo's share it.
 */
#ifndef TW_TARGETS_SOFTMMU_TEST_KIT_H
#define TW_TARGETS_SOFTMMU_TEST_KIT_H

#include <inttypes.h>
#include <string.h>

#include "program/content.h"
#include "program/legality.h"
#include "program/ops.h"
#include "targets/target.h"

#define KIT static G_GNUC_UNUSED

/* One program at a time, with 4 KiB pages, and the trace of its last run. */
typedef struct Kit {
    TwTarget *target;
    TwProgram p;
    TwTrace trace;
    unsigned started; /* what expect_one_of() and expect_told() look at: an
                       * access that the operation started (LA-61); 0: its own
                       */
} Kit;

enum { P = 0x1000, RW = TW_R | TW_W, RWX = TW_R | TW_W | TW_X };

KIT TwTarget *open_target(const char *name, TwFlushMode flush)
{
    TwTargetOptions options = {.name = name, .flush = flush};
    g_autoptr(GError) error = NULL;
    TwTarget *target = tw_target_open(&options, &error);

    g_assert_no_error(error);
    return target;
}

KIT Kit *kit_new_mode(const char *name, TwFlushMode flush)
{
    Kit *k = g_new0(Kit, 1);

    k->target = open_target(name, flush);
    tw_program_init(&k->p);
    return k;
}

KIT Kit *kit_new(const char *name)
{
    return kit_new_mode(name, TW_FLUSH_ALL_ENTRIES);
}

KIT void kit_free(Kit *k)
{
    tw_target_close(k->target);
    g_free(k);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Kit, kit_free)

/* Topology --------------------------------------------------------------- */

KIT uint8_t region(Kit *k, TwRegionKind kind, uint8_t container, uint64_t addr,
                   uint64_t size)
{
    TwRegion r = tw_region_make(kind);
    uint8_t id = k->p.n_regions++;

    r.container = container;
    r.addr = addr;
    r.size = size;
    if (kind == TW_REGION_RAM || kind == TW_REGION_ROM ||
        kind == TW_REGION_ROMD || kind == TW_REGION_RAM_DEVICE) {
        r.block = id;
    }
    k->p.regions[id] = r;
    return id;
}

KIT uint8_t alias(Kit *k, uint8_t container, uint64_t addr, uint64_t size,
                  uint8_t target, uint64_t offset)
{
    uint8_t id = region(k, TW_REGION_ALIAS, container, addr, size);

    k->p.regions[id].target = target;
    k->p.regions[id].alias_offset = offset;
    return id;
}

KIT uint8_t space(Kit *k, uint8_t root)
{
    k->p.spaces[k->p.n_spaces] = (TwSpace){.present = true, .root = root};
    return k->p.n_spaces++;
}

/* A root container of 2^64 bytes and its space; returns the container. */
KIT uint8_t new_space(Kit *k)
{
    uint8_t root = region(k, TW_REGION_CONTAINER, TW_NONE, 0, UINT64_MAX);

    space(k, root);
    return root;
}

/* An IOMMU of page granules and its region; returns the IOMMU. */
KIT uint8_t iommu(Kit *k, uint8_t container, uint64_t addr, uint64_t size,
                  uint8_t indexes, TwSelect select)
{
    uint8_t r = region(k, TW_REGION_IOMMU, container, addr, size);

    k->p.regions[r].iommu = k->p.n_iommus;
    k->p.iommus[k->p.n_iommus] = (TwIommu){.kind = TW_IOMMU_TABLE,
                                           .granule_lg = 12,
                                           .indexes = indexes,
                                           .select = select,
                                           .bypass_space = 0};
    return k->p.n_iommus++;
}

/* A CPU whose MMU index 0 is in space 0 without attributes. */
KIT uint8_t cpu(Kit *k, uint8_t tlb_lg, uint8_t victims)
{
    uint8_t c = k->p.n_cpus++;

    k->p.cpus[c] =
        (TwCpu){.present = true, .tlb_lg = tlb_lg, .victims = victims};
    for (unsigned i = 0; i < TW_MAX_MMU_INDEXES; i++) {
        k->p.cpus[c].mmu[i] = (TwMmuIndex){.space = TW_NONE};
    }
    k->p.cpus[c].mmu[0] = (TwMmuIndex){.present = true, .space = 0};
    return c;
}

KIT void mmu(Kit *k, uint8_t c, uint8_t index, uint8_t in, TwAttrs attrs)
{
    k->p.cpus[c].mmu[index] =
        (TwMmuIndex){.present = true, .space = in, .attrs = attrs};
}

/* Operations ------------------------------------------------------------- */

KIT TwOp op_of(TwOpCode code, uint8_t obj)
{
    TwOp op = tw_op_make(code);

    op.obj = obj;
    return op;
}

/* Appends to the script; returns the operation's number. */
KIT unsigned add_op(Kit *k, TwOp op)
{
    k->p.script[k->p.n_script] = op;
    return k->p.n_script++;
}

KIT void setup(Kit *k, TwOp op)
{
    k->p.setup[k->p.n_setup++] = op;
}

KIT TwOp by(uint8_t actor, TwOp op)
{
    op.actor = actor;
    return op;
}

KIT TwOp access_op(TwOpCode code, uint8_t c, uint8_t index, uint64_t addr,
                   uint8_t size)
{
    TwOp op = op_of(code, c);

    op.index = index;
    op.addr = addr;
    op.size = size;
    if (tw_op_info(code)->flags & TW_OP_CPU_ACCESS) {
        op.actor = c;
    }
    return op;
}

/* c0.0 reads, writes. */
KIT unsigned rd(Kit *k, uint64_t addr)
{
    return add_op(k, access_op(TW_OP_READ, 0, 0, addr, 4));
}

KIT unsigned wr(Kit *k, uint64_t addr)
{
    return add_op(k, access_op(TW_OP_WRITE, 0, 0, addr, 4));
}

KIT unsigned dma(Kit *k, uint8_t in, uint64_t addr, uint8_t size)
{
    return add_op(k, access_op(TW_OP_DMA_READ, in, 0, addr, size));
}

KIT TwOp page_op(uint8_t c, uint8_t index, uint64_t va, uint64_t pa, uint8_t lg,
                 uint8_t perm)
{
    TwOp op = op_of(TW_OP_PAGE, c);

    op.index = index;
    op.addr = va;
    op.out = pa;
    op.lg = lg;
    op.perm = perm;
    return op;
}

/* Identity pages for (c, index) over n pages from `va` on. */
KIT void pages(Kit *k, uint8_t c, uint8_t index, uint64_t va, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        setup(k, page_op(c, index, va + (uint64_t)i * P, va + (uint64_t)i * P,
                         12, RWX));
    }
}

KIT TwOp range_op(TwOpCode code, uint8_t i, uint8_t index, uint64_t first,
                  uint64_t last)
{
    TwOp op = op_of(code, i);

    op.index = index;
    op.addr = first;
    op.last = last;
    return op;
}

KIT TwOp map_op(uint8_t i, uint8_t index, uint64_t first, uint64_t last,
                uint8_t in, uint64_t out, uint8_t perm, bool notified)
{
    TwOp op = range_op(TW_OP_MAP, i, index, first, last);

    op.other = in;
    op.out = out;
    op.perm = perm;
    op.flags = notified ? TW_OPF_NOTIFIED : 0;
    return op;
}

KIT TwOp unmap_op(uint8_t i, uint8_t index, uint64_t first, uint64_t last)
{
    TwOp op = range_op(TW_OP_UNMAP, i, index, first, last);

    op.flags = TW_OPF_NOTIFIED;
    return op;
}

KIT TwOp notify_op(uint8_t i, uint8_t index, uint8_t kind, uint64_t first,
                   uint64_t last)
{
    TwOp op = range_op(TW_OP_NOTIFY, i, index, first, last);

    op.events = kind;
    return op;
}

KIT TwOp observe_op(uint8_t o, uint8_t i, uint8_t index, uint8_t kinds,
                    uint64_t first, uint64_t last)
{
    TwOp op = range_op(TW_OP_OBSERVE, o, index, first, last);

    op.other = i;
    op.events = kinds;
    return op;
}

KIT TwOp switch_op(TwOpCode code, uint8_t obj, bool on)
{
    TwOp op = op_of(code, obj);

    op.flags = on ? TW_OPF_ON : 0;
    return op;
}

KIT TwOp add_region_op(uint8_t r, uint8_t container, uint64_t addr,
                       int32_t priority)
{
    TwOp op = op_of(TW_OP_ADD, r);

    op.other = container;
    op.addr = addr;
    op.priority = priority;
    return op;
}

KIT TwOp at_op(TwOpCode code, uint8_t obj, uint64_t addr)
{
    TwOp op = op_of(code, obj);

    op.addr = addr;
    return op;
}

KIT TwOp flush_page_op(uint8_t c, uint8_t index, uint64_t va)
{
    TwOp op = at_op(TW_OP_FLUSH_PAGE, c, va);

    op.index = index;
    return op;
}

KIT TwOp flush_range_op(uint8_t c, uint8_t index, uint64_t va, uint64_t length,
                        uint8_t bits)
{
    TwOp op = at_op(TW_OP_FLUSH_RANGE, c, va);

    op.index = index;
    op.length = length;
    op.bits = bits;
    return op;
}

/* Running and expecting -------------------------------------------------- */

KIT void run_kit(Kit *k)
{
    char why[160] = "";

    if (!tw_program_check(&k->p, why, sizeof(why))) {
        g_error("the test's program is not well formed: %s", why);
    }
    g_assert_true(tw_target_run(k->target, &k->p, &k->trace));
    g_assert_cmpstr(k->trace.text, ==, "");
    g_assert_cmpint(k->trace.end, ==, TW_END_DONE);
    g_assert_cmpint(k->trace.n_ops, ==, k->p.n_script);
}

KIT void expect_class(const Kit *k, unsigned op, TwClass class_)
{
    const TwOutcome *o = &k->trace.outcomes[op];

    g_assert_cmpint(o->status, ==, TW_STATUS_DONE);
    g_assert_cmpstr(tw_class_name(o->class_), ==, tw_class_name(class_));
    if (class_ > TW_CLASS_DEVICE_ERROR) {
        g_assert_cmpint(o->n_locations, ==, 0);
        g_assert_cmpuint(o->value, ==, 0);
    }
}

KIT void expect_skipped(const Kit *k, unsigned op)
{
    g_assert_cmpint(k->trace.outcomes[op].status, ==, TW_STATUS_SKIPPED);
}

/* Piece `n` of the access starts at this offset of this region. */
KIT void expect_piece(const Kit *k, unsigned op, unsigned n, uint8_t in,
                      uint64_t offset)
{
    const TwOutcome *o = &k->trace.outcomes[op];

    g_assert_cmpint(o->status, ==, TW_STATUS_DONE);
    g_assert_cmpint(o->n_locations, >, n);
    g_assert_cmpint(k->trace.locations[o->location + n].region, ==, in);
    g_assert_cmphex(k->trace.locations[o->location + n].offset, ==, offset);
}

/* OK, all in one piece. */
KIT void expect_at(const Kit *k, unsigned op, uint8_t in, uint64_t offset)
{
    expect_class(k, op, TW_CLASS_OK);
    g_assert_cmpint(k->trace.outcomes[op].n_locations, ==, 1);
    expect_piece(k, op, 0, in, offset);
}

/* One outcome that an access may have. */
typedef TwAllowed Answer;

KIT void write_answer(GString *out, const Answer *answer)
{
    g_string_append(out, answer->class_ < TW_CLASSES
                             ? tw_class_name(answer->class_)
                             : "no access");
    for (unsigned i = 0; i < answer->n_locations; i++) {
        const TwLocation *at = &answer->locations[i];
        g_string_append_printf(out, " r%u+0x%" PRIx64 "%s%s", at->region,
                               at->offset,
                               at->flags & TW_LOC_READONLY ? " readonly" : "",
                               at->flags & TW_LOC_ROMD ? " romd" : "");
    }
    if (answer->reason.kind != TW_REASON_NONE) {
        g_string_append_printf(out, " reason i%u %s level %u at 0x%" PRIx64,
                               answer->reason.iommu,
                               tw_reason_name(answer->reason.kind),
                               answer->reason.level, answer->reason.address);
    }
    g_string_append_printf(out, " value 0x%" PRIx64, answer->value);
}

KIT bool answers_equal(const Answer *a, const Answer *b)
{
    if (a->class_ != b->class_ || a->value != b->value ||
        a->n_locations != b->n_locations ||
        !tw_reason_same(&a->reason, &b->reason)) {
        return false;
    }
    for (unsigned i = 0; i < a->n_locations; i++) {
        const TwLocation *x = &a->locations[i], *y = &b->locations[i];
        if (x->first != y->first || x->length != y->length ||
            x->region != y->region || x->flags != y->flags ||
            x->offset != y->offset) {
            return false;
        }
    }
    return true;
}

/* The operation has started that many accesses. */
KIT void expect_starts(const Kit *k, unsigned op, unsigned least, unsigned most)
{
    unsigned n = 0;

    for (unsigned i = 0; i < k->trace.n_started; i++) {
        n += k->trace.started[i].op == op;
    }
    if (n < least || n > most) {
        g_test_message("operation %u: expected %u to %u started accesses, seen "
                       "%u",
                       op, least, most, n);
        g_test_fail();
    }
}

/* That of access number `n` of those; if there is none, the test fails, and it
 * is one without a class. */
KIT const TwOutcome *started_outcome(const Kit *k, unsigned op, unsigned n)
{
    static const TwOutcome none = {.status = TW_STATUS_DONE,
                                   .class_ = TW_CLASSES};

    for (unsigned i = 0; i < k->trace.n_started; i++) {
        if (k->trace.started[i].op == op && --n == 0) {
            return &k->trace.started[i].outcome;
        }
    }
    return &none;
}

/* The access has one of `n` outcomes; else the test fails and says both. */
KIT void expect_one_of(const Kit *k, unsigned op, const Answer *allowed,
                       unsigned n)
{
    const TwOutcome *o = k->started ? started_outcome(k, op, k->started)
                                    : &k->trace.outcomes[op];
    Answer seen = {.class_ = o->class_,
                   .value = o->value,
                   .n_locations = o->n_locations,
                   .reason = o->reason};
    g_autoptr(GString) text = g_string_new(NULL);

    g_assert_cmpint(o->status, ==, TW_STATUS_DONE);
    g_assert_cmpint(o->n_locations, <=, TW_MAX_ACCESS);
    memcpy(seen.locations, &k->trace.locations[o->location],
           o->n_locations * sizeof(TwLocation));
    for (unsigned i = 0; i < n; i++) {
        if (answers_equal(&seen, &allowed[i])) {
            return;
        }
        g_string_append(text, i > 0 ? " or " : "expected ");
        write_answer(text, &allowed[i]);
    }
    g_string_append(text, ", seen ");
    write_answer(text, &seen);
    g_test_message("operation %u: %s", op, text->str);
    g_test_fail();
}

/* What an mpc-read gave, in the bits that are known. */
KIT void expect_register(const Kit *k, unsigned op, uint32_t value,
                         uint32_t known)
{
    uint64_t seen = k->trace.outcomes[op].value;

    if (((seen ^ value) & known) != 0) {
        g_test_message("operation %u: expected 0x%x in bits 0x%x, seen "
                       "0x%" PRIx64,
                       op, value, known, seen);
        g_test_fail();
    }
}

/* What devices were told at operation `op`, byte by byte. */
KIT void expect_told(const Kit *k, unsigned op, const TwLogRecord *told,
                     unsigned n)
{
    unsigned seen = 0;

    for (unsigned i = 0; i < k->trace.n_log; i++) {
        const TwLogRecord *x = &k->trace.log[i];
        if (x->op != op || x->started != k->started) {
            continue;
        }
        if (seen < n &&
            (x->kind != told[seen].kind || x->region != told[seen].region ||
             x->offset != told[seen].offset || x->byte != told[seen].byte ||
             x->attrs != told[seen].attrs)) {
            g_test_message(
                "operation %u, byte %u: expected 0x%02x at r%u+0x%" PRIx64
                ", seen 0x%02x at r%u+0x%" PRIx64,
                op, seen, told[seen].byte, told[seen].region, told[seen].offset,
                x->byte, x->region, x->offset);
            g_test_fail();
        }
        seen++;
    }
    if (seen != n) {
        g_test_message("operation %u: expected %u bytes at devices, seen %u",
                       op, n, seen);
        g_test_fail();
    }
}

static inline bool same_event(const TwEventRecord *seen,
                              const TwEventRecord *expected, uint64_t low)
{
    if (seen->op != expected->op || seen->kind != expected->kind ||
        seen->first != expected->first || seen->last != expected->last) {
        return false;
    }
    if (seen->kind == TW_EVENT_MAP) {
        return seen->perm == expected->perm && seen->space == expected->space &&
               (seen->out == expected->out || seen->out == expected->out + low);
    }
    return seen->kind < TW_LISTEN_ADD ||
           (seen->region == expected->region &&
            seen->space == expected->space && seen->out == expected->out);
}

/* Event `number` of observer or listener `o` is this one; the output of a MAP
 * may have the low bits `low` added.  NULL: there is no event of this number.
 */
KIT void expect_event(const Kit *k, uint8_t o, unsigned number,
                      const TwEventRecord *expected, uint64_t low)
{
    const TwEventRecord *seen = NULL;
    unsigned n = 0;

    for (unsigned i = 0; i < k->trace.n_events && seen == NULL; i++) {
        if (k->trace.events[i].observer == o && n++ == number) {
            seen = &k->trace.events[i];
        }
    }
    if (expected == NULL && seen == NULL) {
        return;
    }
    if (expected != NULL && seen != NULL && same_event(seen, expected, low)) {
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        const TwEventRecord *e = i == 0 ? expected : seen;
        if (e == NULL) {
            g_test_message("o%u, event %u: %s none", o, number,
                           i == 0 ? "expected" : "seen");
        } else {
            g_test_message(
                "o%u, event %u: %s at operation %u: kind %u, 0x%" PRIx64
                "..0x%" PRIx64 " -> s%u r%u 0x%" PRIx64 " rights %u",
                o, number, i == 0 ? "expected" : "seen", e->op, e->kind,
                e->first, e->last, e->space, e->region, e->out, e->perm);
        }
    }
    g_test_fail();
}

KIT uint64_t initial_bytes(uint8_t block, uint64_t offset, unsigned n)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < n; i++) {
        value |= (uint64_t)tw_ram_initial(block, offset + i) << 8 * i;
    }
    return value;
}

KIT uint64_t stored_bytes(unsigned op, unsigned n)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < n; i++) {
        value |= (uint64_t)tw_store_tag(op, i) << 8 * i;
    }
    return value;
}

/* Are the traces equal, apart from the counters? */
KIT bool traces_equal(const TwTrace *a, const TwTrace *b, unsigned n_regions)
{
    if (a->end != b->end || a->n_ops != b->n_ops ||
        a->n_locations != b->n_locations || a->n_log != b->n_log ||
        a->n_events != b->n_events || a->n_marks != b->n_marks ||
        a->n_started != b->n_started) {
        return false;
    }
    for (unsigned i = 0; i < a->n_started; i++) {
        const TwStarted *x = &a->started[i], *y = &b->started[i];
        if (x->op != y->op || x->outcome.class_ != y->outcome.class_ ||
            x->outcome.n_locations != y->outcome.n_locations ||
            x->outcome.value != y->outcome.value) {
            return false;
        }
    }
    for (unsigned i = 0; i < a->n_marks; i++) {
        const TwMark *x = &a->marks[i], *y = &b->marks[i];
        if (x->op != y->op || x->iommu != y->iommu || x->level != y->level ||
            x->at != y->at || x->value != y->value) {
            return false;
        }
    }
    for (unsigned i = 0; i < a->n_ops; i++) {
        const TwOutcome *x = &a->outcomes[i], *y = &b->outcomes[i];
        if (x->status != y->status || x->class_ != y->class_ ||
            x->n_locations != y->n_locations || x->value != y->value ||
            !tw_reason_same(&x->reason, &y->reason)) {
            return false;
        }
    }
    for (unsigned i = 0; i < a->n_locations; i++) {
        const TwLocation *x = &a->locations[i], *y = &b->locations[i];
        if (x->first != y->first || x->length != y->length ||
            x->region != y->region || x->flags != y->flags ||
            x->offset != y->offset) {
            return false;
        }
    }
    for (unsigned i = 0; i < a->n_log; i++) {
        const TwLogRecord *x = &a->log[i], *y = &b->log[i];
        if (x->op != y->op || x->kind != y->kind || x->region != y->region ||
            x->byte != y->byte || x->call != y->call ||
            x->offset != y->offset || x->attrs != y->attrs ||
            x->started != y->started) {
            return false;
        }
    }
    for (unsigned i = 0; i < a->n_events; i++) {
        const TwEventRecord *x = &a->events[i], *y = &b->events[i];
        if (x->op != y->op || x->observer != y->observer ||
            x->kind != y->kind || x->perm != y->perm || x->space != y->space ||
            x->first != y->first || x->last != y->last || x->out != y->out) {
            return false;
        }
    }
    return memcmp(a->digests, b->digests, n_regions * sizeof(a->digests[0])) ==
           0;
}

#endif
