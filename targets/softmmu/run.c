/* SPDX-License-Identifier: MIT */
/*
 * One operation, one program, and the target interface.
 */
#include <errno.h>
#include <sys/mman.h>

#include "targets/softmmu/emit.h"
#include "targets/softmmu/internal.h"

/* One legal operation that is not an access (LA-2 has `actor`). */
PART void perform(Machine *m, const TwOp *op, uint8_t actor)
{
    zoo_begins(m, op);
    switch (op->code) {
    case TW_OP_NOP:
        break;
    case TW_OP_PAGE:
    case TW_OP_UNPAGE:
        cpu_page(m, op);
        break;
    case TW_OP_FLUSH_PAGE:
    case TW_OP_FLUSH_RANGE:
    case TW_OP_FLUSH_INDEX:
    case TW_OP_FLUSH_ALL:
        cpu_flush_op(m, op, actor);
        break;
    case TW_OP_SAFEPOINT:
        cpu_safepoint(m, op->obj);
        break;
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
    case TW_OP_NOTIFY:
    case TW_OP_NOTIFY_ALL:
    case TW_OP_IOMMU_RESET:
    case TW_OP_BYPASS:
    case TW_OP_IOMMU_DESTROY:
    case TW_OP_VETO:
    case TW_OP_CONTEXT:
    case TW_OP_INVALIDATE:
    case TW_OP_MPC_READ:
    case TW_OP_MPC_WRITE:
        iommu_perform(m, op, actor);
        break;
    case TW_OP_BEGIN:
        transaction_begin(m);
        break;
    case TW_OP_COMMIT:
        transaction_commit(m, actor);
        break;
    case TW_OP_UNPLUG:
        cpu_unplug(m, op->obj);
        break;
    case TW_OP_CLOCK:
        m->clock += op->milliseconds;
        break;
    case TW_OP_SNAPSHOT:
        snapshot(m);
        break;
    case TW_OP_RESTORE:
        restore(m, actor);
        break;
    case TW_OP_LISTEN:
        listen(m, op);
        break;
    case TW_OP_UNLISTEN:
        unlisten(m, op->obj);
        break;
    case TW_OP_REPLAY:
        iommu_replay(m, op->obj);
        break;
    case TW_OP_POKE:
        poke(m, op);
        break;
    case TW_OP_DIRTY_LOG:
        dirty_log(m, op);
        break;
    case TW_OP_DIRTY_CLEAR:
        dirty_clear(m, op);
        break;
    case TW_OP_OBSERVE:
        observe(m, op);
        break;
    case TW_OP_UNOBSERVE:
        notifier_unregister(m, &m->observers[op->obj]);
        break;
    case TW_OP_FAIL_ALLOC:
        m->fails_in = op->nth;
        break;
    case TW_OP_DMA_MAP:
        mapping_make(m, op);
        break;
    case TW_OP_DMA_UNMAP:
        break;
    default:
        graph_change(m, op, actor);
        break;
    }
}

static uint8_t actor_of(const Machine *m, const TwOp *op, const TwOpInfo *info)
{
    uint8_t actor;

    if (info->flags & TW_OP_CPU_ACCESS) {
        return op->obj;
    }
    actor = info->flags & TW_OP_BOARD_ONLY ? TW_BOARD : op->actor;
    return TW_BUG(m, BOARD_IS_CPU_0) && actor == TW_BOARD ? 0 : actor;
}

/* RU-8: is there no memory for what the operation creates or registers? */
static bool registration_fails(Machine *m, const TwOp *op)
{
    switch (op->code) {
    case TW_OP_SPACE_NEW:
        return !allocate(m, "a space");
    case TW_OP_OBSERVE:
        return !allocate(m, "an observer");
    case TW_OP_LISTEN:
        return view_is_postponed(m->published[op->other]) ||
               !allocate(m, "a listener");
    case TW_OP_DMA_MAP:
        return !allocate(m, "a mapping");
    default:
        return false;
    }
}

/* One operation of the script; of an access, with the `during` operations that
 * follow it, as many as that; of the first of a pair, with the second. */
static void script_op(Machine *m, const TwOp *op, bool paired, unsigned during,
                      TwOutcome *outcome)
{
    const TwOpInfo *info = tw_op_info(op->code);
    uint8_t actor = actor_of(m, op, info);

    outcome->status = TW_STATUS_DONE;
    outcome->class_ = TW_CLASS_OK;
    outcome->n_locations = 0;
    outcome->location = m->trace->n_locations;
    outcome->value = 0;
    outcome->reason.kind = TW_REASON_NONE;
    if (tw_legality_step(&m->legality, op) != TW_LEGAL) {
        if (!TW_BUG(m, SKIPPED_IS_DONE)) {
            outcome->status = TW_STATUS_SKIPPED;
        }
        if (paired) {
            outcome[1] = *outcome; /* the same CPU */
            m->op++;
        }
        m->access.during = during; /* they stand for themselves */
        perform_during(m);
        return;
    }
    if (actor != TW_BOARD && !m->program->explicit_safepoints &&
        !TW_BUG(m, NO_IMPLIED_SAFE_POINT)) {
        cpu_safepoint(m, actor);
    }
    if (info->flags & TW_OP_ACCESS && paired) {
        outcome[1] = *outcome;
        tw_legality_step(&m->legality, op + 1); /* as the first */
        pair_perform(m, op, during);
    } else if (info->flags & TW_OP_ACCESS) {
        access_perform(m, op, actor, during, outcome);
    } else if (m->vetoing != 0 &&
               (op->code == TW_OP_OBSERVE || op->code == TW_OP_UNOBSERVE) &&
               iommu_vetoes(m, op)) {
        zoo_observe_vetoed(m, op);
        tw_legality_revert(&m->legality, op);
        outcome->status = TW_STATUS_VETOED;
    } else if (op->code == TW_OP_MPC_READ) {
        outcome->value = mpc_read(m, op);
    } else if (registration_fails(m, op)) {
        zoo_registers_half(m, op);
        tw_legality_revert(&m->legality, op);
        outcome->status = TW_STATUS_NOMEM;
    } else {
        perform(m, op, actor);
        if (op->code == TW_OP_DMA_MAP) {
            outcome->value = mapping_length(m, op->obj);
        }
    }
}

/* The m->access.during operations that follow the one in flight, or the second
 * of a pair, whose first that is; once. */
PART void perform_during(Machine *m)
{
    unsigned n = m->access.during;
    uint16_t access = m->op;

    m->access.during = 0;
    for (unsigned i = 1; i <= n; i++) {
        m->op = (uint16_t)(access + m->pair + i);
        script_op(m, &m->program->script[m->op], false, 0,
                  &m->trace->outcomes[m->op]);
    }
    m->op = access;
}

/* A clean world: what the program starts from (LA-1). */
static void machine_reset(Machine *m)
{
    const TwProgram *program = m->program;
    TlbEntry *entries = m->entries;

    m->resizes = false;
    for (unsigned i = 0; i < program->n_script; i++) {
        m->resizes |= program->script[i].code == TW_OP_CLOCK;
    }
    m->run++; /* 0 marks what is not registered */
    m->op = TW_NO_OP;
    m->access.during = m->pair = 0;
    m->started = 0;
    m->busy = (TwRegionSet){{0}};
    m->marking = 0;
    m->listening = m->vetoing = 0;
    m->dirty.blocks = (TwRegionSet){{0}};
    m->dirty.n_blocks = 0;
    m->dirty.n = 0;
    m->clock = 0;
    m->fails_in = 0;
    m->silent.n = 0;
    m->page_lg = TW_BUG(m, PAGES_OF_4_KIB) ? 12 : program->page_lg;
    m->page_mask = low_mask(m->page_lg);
    tw_legality_init(&m->legality, program);
    ram_reset(&m->ram, program->contents);
    m->pagetables = m->nested = m->marks = m->paired = false;
    for (unsigned i = 0; i < program->n_iommus; i++) {
        iommu_init(m, i);
        m->pagetables |= program->iommus[i].kind == TW_IOMMU_PAGETABLE;
        m->nested |= program->iommus[i].kind == TW_IOMMU_PAGETABLE &&
                     program->iommus[i].pagetable.nested;
        m->marks |= program->iommus[i].kind == TW_IOMMU_PAGETABLE &&
                    program->iommus[i].pagetable.updates_ad;
    }
    for (unsigned c = 0; c < program->n_cpus; c++) {
        const TwCpu *from = &program->cpus[c];
        Cpu *cpu = &m->cpus[c];
        cpu->live = from->present;
        cpu->n_work = cpu->n_notifiers = 0;
        cpu->too_much_work = false;
        for (unsigned i = 0; i < TW_MAX_MMU_INDEXES; i++) {
            bool there = from->present && from->mmu[i].present;
            tlb_init(m, &cpu->tlbs[i], there ? entries : NULL, from->tlb_lg,
                     from->victims);
            entries += !there       ? 0
                       : m->resizes ? 1u << TW_MAX_TLB_LG
                                    : 1u << from->tlb_lg;
            cpu->pages[i].n = 0;
        }
    }
    m->actor_regions = (TwRegionSet){{0}};
    for (unsigned i = 0; i < program->n_actors; i++) {
        if (program->actors[i].region != TW_NONE) {
            tw_regions_add(&m->actor_regions, program->actors[i].region);
        }
    }
    graph_init(m);
    for (unsigned i = 0; i < program->n_setup; i++) {
        perform(m, &program->setup[i], TW_BOARD);
    }
}

/* Tests the invariants, for which memory does not run out. */
static bool check_passes(Machine *m)
{
    uint32_t fails_in = m->fails_in;
    bool passes;

    m->fails_in = 0;
    passes = invariants_hold(m);
    m->fails_in = fails_in;
    return passes;
}

static bool run(TwTarget *target, const TwProgram *program, TwTrace *trace)
{
    Machine *m = (Machine *)target;

    m->program = program;
    m->trace = trace;
    tw_trace_init(trace, program);
    trace->locations_hidden = m->hide_locations;
    machine_reset(m);
    for (unsigned i = 0; i < program->n_script; i++) {
        bool paired = tw_op_leads_pair(program, i);
        unsigned during = 0, last = i + paired;

        m->op = i;
        if (m->in_flight != NULL) {
            *m->in_flight = i;
        }
        while (last + 1 + during < program->n_script &&
               (program->script[last + 1 + during].flags & TW_OPF_DURING)) {
            during++;
        }
        script_op(m, &program->script[i], paired, during, &trace->outcomes[i]);
        i = last + during;
        if (trace->end == TW_END_OVERFLOW) {
            trace->end_op = i;
            break;
        }
        trace->n_ops = i + 1;
        if (m->check && !check_passes(m)) {
            break;
        }
    }
    ram_digest(&m->ram, trace->digests);
    return true;
}

/* The interface ---------------------------------------------------------- */

static bool emit(TwTarget *target, const TwProgram *program,
                 const TwFinding *finding, const TwExpected *expected,
                 GString *out, GError **error)
{
    const Machine *m = (Machine *)target;

    if (finding->verdict == TW_VERDICT_CRASH) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "%s: writes no reproducer for a crash", m->name);
        return false;
    }
    if (m->hide_locations) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "%s: reproducers look at locations: expected no "
                    "--hide-locations",
                    m->name);
        return false;
    }
    if (m->quirks != NULL) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "%s: reproducers run without --quirk", m->name);
        return false;
    }
    if (g_str_has_suffix(finding->key, "Acd")) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "%s: reproducers do not look at A and D of page tables",
                    m->name);
        return false;
    }
    if (m->narrow_as_is) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "%s: reproducers run with --narrow word", m->name);
        return false;
    }
    return tw_softmmu_emit(m->name, m->flush_pages, program, finding, expected,
                           out, error);
}

static const TwContract softmmu_contract = {
    .cpu_cache = true,
    .one_entry_per_page = true,
    .queued = true,
    .device_reads = true,
    .device_pieces = true,
    .device_words = true,
    .iotlb = TW_IOTLB_ENTRIES | TW_IOTLB_REFUSALS | TW_IOTLB_CONTEXTS |
             TW_IOTLB_POINTERS | TW_IOTLB_COMBINED,
    .commands = TW_COMMANDS_PLAIN,
    .ends = TW_ENDS_COMMIT | TW_ENDS_UNMAP | TW_ENDS_CPU_FLUSH | TW_ENDS_RESET,
    .mapping_ends = TW_ENDS_COMMIT | TW_ENDS_UNMAP | TW_ENDS_RESET,
    .mapped_lengths = true,
};

/* Parallel parts are not in this target. */
static TwDialect softmmu_dialect(bool hide_locations)
{
    static const uint8_t codes[] = {
        TW_OP_NOP,           TW_OP_READ,         TW_OP_WRITE,
        TW_OP_EXEC,          TW_OP_RMW,          TW_OP_DMA_READ,
        TW_OP_DMA_WRITE,     TW_OP_PAGE,         TW_OP_UNPAGE,
        TW_OP_FLUSH_PAGE,    TW_OP_FLUSH_RANGE,  TW_OP_FLUSH_INDEX,
        TW_OP_FLUSH_ALL,     TW_OP_SAFEPOINT,    TW_OP_MAP,
        TW_OP_UNMAP,         TW_OP_PROTECT,      TW_OP_NOTIFY,
        TW_OP_NOTIFY_ALL,    TW_OP_IOMMU_RESET,  TW_OP_BYPASS,
        TW_OP_IOMMU_DESTROY, TW_OP_BEGIN,        TW_OP_COMMIT,
        TW_OP_ADD,           TW_OP_DEL,          TW_OP_MOVE,
        TW_OP_RESIZE,        TW_OP_ENABLE,       TW_OP_PRIORITY,
        TW_OP_READONLY,      TW_OP_NONVOLATILE,  TW_OP_UNMERGEABLE,
        TW_OP_ROMD,          TW_OP_ALIAS_OFFSET, TW_OP_SPACE_NEW,
        TW_OP_SPACE_DEL,     TW_OP_UNPLUG,       TW_OP_OBSERVE,
        TW_OP_UNOBSERVE,     TW_OP_CLOCK,        TW_OP_SNAPSHOT,
        TW_OP_RESTORE,       TW_OP_LISTEN,       TW_OP_UNLISTEN,
        TW_OP_REPLAY,        TW_OP_VETO,         TW_OP_DIRTY_LOG,
        TW_OP_DIRTY_CLEAR,   TW_OP_POKE,         TW_OP_CONTEXT,
        TW_OP_INVALIDATE,    TW_OP_MPC_READ,     TW_OP_MPC_WRITE,
        TW_OP_DMA_MAP,       TW_OP_DMA_UNMAP,    TW_OP_FAIL_ALLOC,
    };
    TwDialect dialect = tw_dialect_full();

    dialect.ops = tw_ops_of(codes, sizeof(codes));
    dialect.iommu_kinds = 0;
    for (unsigned kind = 0; kind < G_N_ELEMENTS(iommu_kinds); kind++) {
        dialect.iommu_kinds |= iommu_has_kind(kind) ? 1u << kind : 0;
    }
    dialect.op_flags = TW_OPF_NOTIFIED | TW_OPF_ON | TW_OPF_DURING |
                       TW_OPF_VIA | TW_OPF_PAIRED;
    dialect.implemented_sizes = true;
    /* Whether an access fills is the TLB's affair, and with it the order. */
    dialect.during_dma = false;
    dialect.locations = !hide_locations;
    dialect.reasons = true;
    dialect.contents = 1u << TW_CONTENTS_DATA | 1u << TW_CONTENTS_INERT;
    return dialect;
}

static const TwDialect *dialect(TwTarget *target)
{
    return &((Machine *)target)->dialect;
}

static const TwContract *contract(TwTarget *target)
{
    return &((Machine *)target)->contract;
}

static const char *version(TwTarget *target)
{
    const Machine *m = (const Machine *)target;

    return m->quirks != NULL ? m->quirks : "1";
}

static void machine_close(TwTarget *target)
{
    munmap(target, sizeof(Machine));
}

/* What follows "CLASS:" in a target's name, or NULL. */
static const char *name_argument(const TwTargetOptions *options)
{
    const char *colon = strchr(options->name, ':');

    return colon != NULL ? colon + 1 : NULL;
}

static Machine *machine_open(const TwTargetClass *klass,
                             const TwTargetOptions *options)
{
    /* Zeros that cost nothing until they are used; calloc() may write them. */
    Machine *m = mmap(NULL, sizeof(Machine), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (m == MAP_FAILED) {
        g_error("softmmu: %zu bytes: %s", sizeof(Machine), g_strerror(errno));
    }
    m->target.klass = klass;
    m->name = g_intern_string(options->name); /* LeakSanitizer does not look
                                               * into what mmap() gave */
    m->dialect = softmmu_dialect(options->hide_locations);
    m->contract = softmmu_contract;
    m->contract.commands[TW_SCOPE_RANGE] |= TW_RECORD_COMBINED;
    m->contract.commands[TW_SCOPE_ANY_RANGE] |= TW_RECORD_COMBINED;
    m->narrow_as_is = options->narrow == TW_NARROW_AS_IS;
    m->contract.device_words = !m->narrow_as_is;
    m->flush_pages = options->flush == TW_FLUSH_PAGES;
    m->hide_locations = options->hide_locations;
    m->check = options->check;
    m->in_flight = options->in_flight;
    m->teller = options->teller;
    m->empty.root = TW_NONE;
    m->empty.built = true;
    m->empty.hint_first = 1;
    return m;
}
