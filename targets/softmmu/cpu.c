/* SPDX-License-Identifier: MIT */
/*
 * A CPU: its page maps, its queue of flushes from other actors and the safe
 * points at which it does them (LA-3, LA-4), and one notifier for each IOMMU
 * and index on which its entries may depend (TN rules).
 */
#include "targets/softmmu/internal.h"

/* Flushes at once -------------------------------------------------------- */

static void cpu_flush_all(Machine *m, Cpu *cpu)
{
    count(m, TW_COUNT_FLUSH_ALL);
    cpu->epoch++;
    for (unsigned i = 0; i < TW_MAX_MMU_INDEXES; i++) {
        tlb_flush(m, &cpu->tlbs[i]);
    }
    zoo_disarm_all(m, cpu, TW_BUG(m, FLUSH_DISARMS));
}

/*
 * An UNMAP reaches the CPU (TN-3).  Afterwards the notifier is active only if
 * entries derived through it are left (TN-4), which can be only where an UNMAP
 * does not flush everything.
 */
static void cpu_flush_unmap(Machine *m, Cpu *cpu, const Work *work)
{
    Notifier *notifier = &cpu->notifiers[work->iommu][work->index];
    bool left = false;

    if (!m->flush_pages) {
        cpu_flush_all(m, cpu);
    } else {
        cpu->epoch++;
        for (unsigned i = 0; i < TW_MAX_MMU_INDEXES; i++) {
            left |= tlb_flush_derived(m, &cpu->tlbs[i], work->iommu,
                                      work->index, work->first, work->last);
        }
    }
    notifier->active = left || TW_BUG(m, UNMAP_STAYS_ACTIVE);
    zoo_disarm_all(m, cpu, TW_BUG(m, UNMAP_DISARMS_ALL));
}

static unsigned cpu_live(const Cpu *cpu)
{
    unsigned n = 0;

    for (unsigned i = 0; i < TW_MAX_MMU_INDEXES; i++) {
        n += tlb_live(&cpu->tlbs[i]);
    }
    return n;
}

/* Work in words; what asked for it is the operation that it names. */
PART Name work_name(const Machine *m, const Work *work)
{
    const TwOpInfo *info = work->op < m->program->n_script
                               ? tw_op_info(m->program->script[work->op].code)
                               : NULL;
    Name name;
    unsigned n;

    switch (work->kind) {
    case WORK_FLUSH_ALL:
        n = name_format(&name, 0, "everything");
        break;
    case WORK_FLUSH_INDEX:
        n = name_format(&name, 0, "index %u (TL-8)", work->index);
        break;
    case WORK_FLUSH_PAGE:
        n = name_format(&name, 0, "page 0x%" PRIx64 " of index %u (TL-9)",
                        work->first & ~m->page_mask, work->index);
        break;
    case WORK_FLUSH_RANGE:
        n = name_format(&name, 0,
                        "0x%" PRIx64 "..0x%" PRIx64 " of index %u (TL-11)",
                        work->first, work->last, work->index);
        break;
    default:
        n = name_format(&name, 0,
                        "UNMAP of i%u.%u 0x%" PRIx64 "..0x%" PRIx64 " (TN-3)",
                        work->iommu, work->index, work->first, work->last);
        break;
    }
    if (info != NULL) {
        name_format(&name, n, ", for op %u %s", work->op, info->name);
    }
    return name;
}

static void cpu_do_work(Machine *m, Cpu *cpu, const Work *work)
{
    bool other =
        TW_BUG(m, FLUSH_INDEX_OF_INDEX_0) && work->kind == WORK_FLUSH_INDEX;
    Tlb *tlb = &cpu->tlbs[other ? 0 : work->index];
    unsigned live = m->teller != NULL ? cpu_live(cpu) : 0;

    if (work->kind != WORK_FLUSH_ALL && work->kind != WORK_UNMAP &&
        tlb->table == NULL) { /* `all`, but it has no such MMU index */
        return;
    }
    switch (work->kind) {
    case WORK_FLUSH_ALL:
        cpu_flush_all(m, cpu);
        break;
    case WORK_FLUSH_INDEX:
        count(m, TW_COUNT_FLUSH_INDEX);
        cpu->epoch++;
        tlb_flush(m, tlb);
        break;
    case WORK_FLUSH_PAGE:
        cpu->epoch++;
        tlb_flush_page(m, tlb,
                       (TW_BUG(m, OPERAND_SHIFTED_BY_PAGE)
                            ? work->first >> m->page_lg << 12
                            : work->first) &
                           ~m->page_mask);
        break;
    case WORK_FLUSH_RANGE:
        cpu->epoch++;
        tlb_flush_range(m, tlb, work->first, work->last, work->bits);
        break;
    case WORK_UNMAP:
        cpu_flush_unmap(m, cpu, work);
        break;
    }
    TELL(m, "flush", "c%u %s: %u of %u entries dropped",
         (unsigned)(cpu - m->cpus), work_name(m, work).text,
         live - cpu_live(cpu), live);
}

/* The queue -------------------------------------------------------------- */

/* LA-4: at once if CPU `c` is the actor, else at its next safe point. */
static void cpu_ask(Machine *m, uint8_t c, uint8_t actor, Work work)
{
    Cpu *cpu = &m->cpus[c];

    if (!cpu->live || zoo_is_not_asked(m, c, actor)) {
        return;
    }
    work.op = m->op;
    if (c == actor) {
        cpu_do_work(m, cpu, &work);
        return;
    }
    count(m, TW_COUNT_QUEUED);
    TELL(m, "queue", "c%u %s: at its next safe point (LA-4)", c,
         work_name(m, &work).text);
    if (cpu->n_work == MAX_WORK || !allocate(m, "work of a CPU")) {
        cpu->too_much_work = !TW_BUG(m, OVERRUN_IS_LOST);
        return;
    }
    cpu->work[cpu->n_work++] = work;
    note_peak(m, TW_PEAK_QUEUE, cpu->n_work);
}

static void cpu_ask_all(Machine *m, uint8_t actor, Work work)
{
    for (unsigned c = 0; c < m->program->n_cpus; c++) {
        if (!TW_BUG(m, FLUSH_OF_ALL_IS_OWN) || actor == TW_BOARD ||
            c == actor) {
            cpu_ask(m, c, actor, work);
        }
    }
}

/* Does all queued work of CPU `c`. */
static void cpu_safepoint(Machine *m, uint8_t c)
{
    Cpu *cpu = &m->cpus[c];

    if (cpu->n_work > 0) {
        TELL(m, "safepoint", "c%u does what is queued: %u (LA-3, LA-4)", c,
             cpu->n_work);
    }
    for (unsigned i = 0; i < cpu->n_work; i++) {
        cpu_do_work(m, cpu, &cpu->work[i]);
    }
    if (cpu->too_much_work) {
        TELL(m, "flush", "c%u everything: its queue ran over", c);
        cpu_flush_all(m, cpu);
    }
    cpu->n_work = 0;
    cpu->too_much_work = false;
}

/* flush-page, flush-range, flush-index, flush-all (LA-29). */
static void cpu_flush_op(Machine *m, const TwOp *op, uint8_t actor)
{
    Work work = {.index = op->index, .first = op->addr, .last = op->addr};

    switch (op->code) {
    case TW_OP_FLUSH_PAGE:
        work.kind = WORK_FLUSH_PAGE;
        break;
    case TW_OP_FLUSH_RANGE:
        if (op->length == 0 ||
            (TW_BUG(m, FLUSH_RANGE_WRAPS) && op->addr + op->length == 0)) {
            return;
        }
        work.kind = WORK_FLUSH_RANGE;
        work.bits = op->bits;
        work.last = op->length - 1 > UINT64_MAX - op->addr
                        ? UINT64_MAX
                        : op->addr + (op->length - 1);
        if (op->length == UINT64_MAX ||
            (op->bits < 64 && op->length - 1 >= low_mask(op->bits))) {
            work.kind = WORK_FLUSH_INDEX; /* LEN >= 2^bits */
        }
        break;
    case TW_OP_FLUSH_INDEX:
        work.kind = WORK_FLUSH_INDEX;
        break;
    default:
        work.kind = WORK_FLUSH_ALL;
        break;
    }
    if (op->obj == TW_ALL) {
        cpu_ask_all(m, actor, work);
    } else {
        cpu_ask(m, op->obj, actor, work);
    }
}

/* Notifiers -------------------------------------------------------------- */

/* Delivery of an UNMAP to a CPU's notifier (TN-3, TN-10). */
PART void cpu_unmap(Machine *m, Notifier *notifier, uint64_t first,
                    uint64_t last, uint8_t actor)
{
    TELL(m, "reach", "c%u with 0x%" PRIx64 "..0x%" PRIx64 "%s", notifier->cpu,
         first, last,
         notifier->active ? " (TN-3)"
                          : ": not active, nothing came through it (TN-4)");
    if (!notifier->active || zoo_misses_cpu(m, notifier, first) ||
        (TW_BUG(m, UNMAP_NOT_QUEUED) && notifier->cpu != actor)) {
        return;
    }
    count(m, TW_COUNT_DELIVER);
    cpu_ask(m, notifier->cpu, actor,
            (Work){.kind = WORK_UNMAP,
                   .index = notifier->index,
                   .iommu = notifier->iommu,
                   .first = first,
                   .last = last});
}

/* TN-1, TN-2: from now on, an UNMAP there reaches the CPU.  False: there is no
 * memory for a notifier. */
static bool cpu_arm(Machine *m, uint8_t c, uint8_t iommu, uint8_t index)
{
    Notifier *notifier = &m->cpus[c].notifiers[iommu][index];

    if (!notifier_registered(m, notifier)) {
        if (zoo_has_notifier(m, &m->cpus[c], iommu, index)) {
            return true;
        }
        if (!allocate(m, "a notifier")) {
            return false;
        }
        *notifier = (Notifier){.iommu = iommu,
                               .index = index,
                               .kinds = TW_EVENT_UNMAP,
                               .cpu = c,
                               .active = true,
                               .first = 0,
                               .last = UINT64_MAX};
        notifier_register(m, notifier);
        note_peak(m, TW_PEAK_NOTIFIERS, ++m->cpus[c].n_notifiers);
        TELL(m, "arm", "c%u at i%u.%u (TN-1, TN-2)", c, iommu, index);
    } else if (!notifier->active && !TW_BUG(m, ACTIVE_NEVER_REARMED)) {
        TELL(m, "arm", "c%u at i%u.%u again (TN-2)", c, iommu, index);
        notifier->active = true;
    }
    return true;
}

/* RU-10, TN-7: queue, notifiers (active or not) and entries go. */
static void cpu_unplug(Machine *m, uint8_t c)
{
    Cpu *cpu = &m->cpus[c];

    for (unsigned i = 0; i < m->program->n_iommus; i++) {
        for (unsigned k = 0; k < TW_MAX_IOMMU_INDEXES; k++) {
            Notifier *notifier = &cpu->notifiers[i][k];
            if (!TW_BUG(m, UNPLUG_KEEPS_INACTIVE) || notifier->active) {
                notifier_unregister(m, notifier);
            }
        }
    }
    TELL(m, "flush",
         "c%u everything, with its queue of %u: it is unplugged "
         "(TN-7)",
         c, cpu->n_work);
    cpu_flush_all(m, cpu);
    cpu->n_work = 0;
    cpu->too_much_work = false;
    cpu->live = false;
}

/* The page map ----------------------------------------------------------- */

static void cpu_page(Machine *m, const TwOp *op)
{
    SpanMap *map = &m->cpus[op->obj].pages[op->index];
    uint64_t low = low_mask(op->lg);
    uint64_t first = op->addr & ~low;

    note_silent(m, true, op->obj, op->index, first, first | low);
    if (op->code == TW_OP_UNPAGE) {
        span_remove(map, first, first | low);
    } else {
        span_assign(map, (Span){.first = first,
                                .last = first | low,
                                .out = op->out & ~low,
                                .perm = op->perm,
                                .lg = op->lg});
    }
}
