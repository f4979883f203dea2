/* SPDX-License-Identifier: MIT */
/* See marks.h. */
#include "oracle/judge/marks.h"

#include <inttypes.h>
#include <stdio.h>

#include "oracle/judge/apart.h"
#include "oracle/judge/explain.h"
#include "oracle/walk/used.h"
#include "program/layout.h"
#include "program/ops.h"

/* Entries ------------------------------------------------------------------ */

static const TwIommu *iommu_of(const TwOracle *oracle, unsigned iommu)
{
    return &oracle->program->iommus[iommu];
}

static uint64_t bytes_of(const TwOracle *oracle, const TwUsedEntry *entry)
{
    const TwRam *ram = &oracle->world->ram;
    uint32_t since;
    uint16_t op;

    return ram->word(ram->data, entry->block, entry->at, TW_FOREVER, 0, &since,
                     &op);
}

static bool is_set(TwBits bits, uint64_t value)
{
    return (value & bits.mask) == bits.value;
}

static uint64_t set(TwBits bits, uint64_t value)
{
    return (value & ~bits.mask) | bits.value;
}

/* Which bits an access that used the entry sets in it, if they are not set;
 * mask 0: none. */
static void owed(const TwOracle *oracle, const TwUsedEntry *entry,
                 TwBits *accessed, TwBits *dirty)
{
    const TwMarks *marks =
        &tw_layout(iommu_of(oracle, entry->iommu)->pagetable.format)->marks;
    bool leaf = entry->leaf;

    *accessed = leaf || marks->tables ? marks->accessed : (TwBits){0, 0};
    *dirty = leaf && entry->stores ? marks->dirty : (TwBits){0, 0};
}

/* The bits that decide what an entry means to walks of an IOMMU. */
static uint64_t deciding(const TwIommu *iommu)
{
    const TwLayout *l = tw_layout(iommu->pagetable.format);
    uint64_t low = ((uint64_t)1 << iommu->granule_lg) - 1;
    uint64_t bits = l->present.mask | l->present_some | l->leaf_some |
                    l->leaf_none | l->last.mask | l->wrong.mask |
                    l->table_read.mask | l->table_write.mask |
                    l->reserved_leaf | l->reserved_table |
                    (l->shift ? l->address : l->address & ~low);

    if (l->next_shift) {
        bits |= (uint64_t)7 << l->next_shift;
    }
    if (iommu->pagetable.output != 0) {
        bits |= l->address;
    }
    if (!iommu->pagetable.updates_ad) {
        return bits | l->read.mask | l->write.mask;
    }
    return bits | l->marks.read.mask | l->marks.write.mask |
           l->marks.write_clean.mask | l->marks.accessed.mask |
           l->marks.dirty.mask;
}

/* Does somebody read bytes of that entry as something else, in which A or D
 * means something else?  In one format they mean the same at each level: no
 * decision that a walk makes of an entry in which it sets them depends on them.
 */
static bool is_shared(const TwOracle *oracle, const TwUsed *used,
                      const TwUsedEntry *entry)
{
    const TwIommu *iommu = iommu_of(oracle, entry->iommu);
    const TwMarks *marks = &tw_layout(iommu->pagetable.format)->marks;
    uint64_t mask = marks->accessed.mask | marks->dirty.mask;

    for (unsigned i = 0; i < used->n; i++) {
        const TwUsedEntry *other = &used->list[i];
        const TwIommu *by = iommu_of(oracle, other->iommu);

        if (other->block != entry->block ||
            (other->at - entry->at >= 8 && entry->at - other->at >= 8)) {
            continue;
        }
        if (other->at != entry->at ||
            ((by->pagetable.format != iommu->pagetable.format ||
              !by->pagetable.updates_ad) &&
             mask & deciding(by))) {
            return true;
        }
    }
    return false;
}

/* What an access uses ------------------------------------------------------ */

static bool add_used(TwOracle *oracle, TwAccess access, TwUsed *used)
{
    TwHistory *history = &oracle->history;
    TwMeeting *meeting = history->meeting;
    bool complete = true;

    history->meeting = NULL; /* this is no access of the program */
    access.used = used;
    tw_history_allowed(history, oracle->world, &access);
    history->meeting = meeting;
    for (unsigned p = 0; p < history->n_pages; p++) {
        complete &= !history->answers[p].overflow;
    }
    return complete && !used->overflow;
}

/* All entries that access `number` may use, with the fetch of its instruction;
 * false: they are too many. */
static bool find_used(TwOracle *oracle, const TwOp *op, uint16_t number,
                      TwUsed *used)
{
    return (!(op->flags & TW_OPF_FROM) ||
            add_used(oracle, tw_apart_fetch(oracle, op, number), used)) &&
           add_used(oracle, tw_apart(oracle, op, number), used);
}

/* Marks -------------------------------------------------------------------- */

static TwVerdict accuse(TwOracle *oracle, const TwMark *mark, const char *why)
{
    const TwOp *op = &oracle->program->script[mark->op];
    TwVerdict verdict =
        tw_explain_other(oracle, TW_VERDICT_EFFECT, mark->op,
                         "the entry of i%u of level %u at r%u+0x%" PRIx64
                         " became 0x%" PRIx64 ": %s (LA-55)",
                         mark->iommu, mark->level,
                         iommu_of(oracle, mark->iommu)->pagetable.tables,
                         mark->at, mark->value, why);

    tw_key_write(oracle->finding->key, verdict, oracle->target, op->code,
                 TW_KEY_LEAF_NONE, TW_KEY_LINK_MARK, TW_KEY_EVENT_NONE);
    return verdict;
}

/* Is that what the entry becomes?  NULL, or what is wrong. */
static const char *judge_value(const TwOracle *oracle, const TwUsedEntry *entry,
                               uint64_t value)
{
    const TwMarks *marks =
        &tw_layout(iommu_of(oracle, entry->iommu)->pagetable.format)->marks;
    uint64_t old = bytes_of(oracle, entry);
    TwBits accessed, dirty;

    owed(oracle, entry, &accessed, &dirty);
    if (value == old) {
        return "it was that before";
    }
    if (value == set(accessed, old) || value == set(dirty, old) ||
        value == set(dirty, set(accessed, old))) {
        return NULL;
    }
    if (value == set(marks->dirty, set(accessed, old)) ||
        value == set(marks->dirty, old)) {
        return entry->leaf ? "D is set by an access that does not store"
                           : "an entry for a table has no D";
    }
    return "more has changed than A and D";
}

/* One mark of an access that may use these entries. */
static TwVerdict apply(TwOracle *oracle, const TwUsed *used, const TwMark *mark)
{
    const TwUsedEntry *entry = NULL;
    bool read = false;
    const char *why;

    for (unsigned i = 0; i < used->n; i++) {
        const TwUsedEntry *other = &used->list[i];

        if (other->iommu == mark->iommu && other->level == mark->level &&
            other->at == mark->at) {
            read = true;
            entry = other->used ? other : NULL;
        }
    }
    if (!entry) {
        return accuse(oracle, mark,
                      read ? "its translation does not grant the access"
                           : "no walk of the access uses it");
    }
    why = judge_value(oracle, entry, mark->value);
    if (why) {
        return accuse(oracle, mark, why);
    }
    if (is_shared(oracle, used, entry)) {
        return tw_explain_limit(oracle,
                                "A or D is set in bytes that a walk reads as "
                                "something else");
    }
    tw_contents_mark(&oracle->contents, entry->block, mark->at, mark->value,
                     iommu_of(oracle, mark->iommu)->pagetable.format,
                     oracle->world->now, mark->op);
    oracle->stats->marks++;
    return TW_VERDICT_AGREE;
}

static const TwMark *next_mark(const TwOracle *oracle)
{
    const TwTrace *trace = oracle->trace;

    return oracle->mark < trace->n_marks ? &trace->marks[oracle->mark] : NULL;
}

/* Is an operation performed during that access, or is it during another? */
static bool has_during(const TwProgram *program, unsigned number)
{
    return program->script[number].flags & TW_OPF_DURING ||
           (number + 1u < program->n_script &&
            program->script[number + 1].flags & TW_OPF_DURING);
}

TwVerdict tw_marks_apply(TwOracle *oracle, const TwOp *op, uint16_t number)
{
    const TwProgram *program = oracle->program;
    unsigned last =
        number + (!oracle->started && tw_op_leads_pair(program, number));
    const TwMark *mark = next_mark(oracle);
    TwVerdict verdict = TW_VERDICT_AGREE;
    TwUsed used;

    if (!mark || mark->op > last || mark->started > oracle->started) {
        return TW_VERDICT_AGREE;
    }
    if (!oracle->started && has_during(program, last)) {
        return tw_explain_limit(oracle,
                                "A or D is set by an access with operations "
                                "during it");
    }
    used.n = 0;
    used.overflow = false;
    if (!find_used(oracle, op, number, &used) ||
        (last > number && !find_used(oracle, op + 1, (uint16_t)last, &used))) {
        return tw_explain_limit(oracle,
                                "an access that sets A or D may use more "
                                "entries than the oracle keeps");
    }
    oracle->world->now++;
    for (; mark && mark->op <= last && mark->started <= oracle->started &&
           verdict == TW_VERDICT_AGREE;
         mark = next_mark(oracle)) {
        verdict = mark->op < number || mark->started < oracle->started
                      ? accuse(oracle, mark, "no access used it")
                      : apply(oracle, &used, mark);
        oracle->mark++;
    }
    if (!oracle->started) {
        oracle->before[number] = oracle->before[last] = oracle->world->now;
    }
    return verdict;
}

TwVerdict tw_marks_none(TwOracle *oracle, uint16_t number)
{
    const TwMark *mark = next_mark(oracle);

    return mark && (mark->op <= number || number == TW_NO_OP)
               ? accuse(oracle, mark, "no access used it")
               : TW_VERDICT_AGREE;
}

void tw_marks_text(TwOracle *oracle, const TwAccess *access, char *text,
                   size_t size)
{
    TwAccess again = *access;
    TwUsed used = {.n = 0};

    again.used = &used;
    tw_walk(oracle->world, &again, (uint8_t)((1u << access->size) - 1),
            tw_times_at(oracle->world->now), &oracle->history.walk);
    for (unsigned i = 0; i < used.n; i++) {
        const TwUsedEntry *entry = &used.list[i];
        uint64_t value = bytes_of(oracle, entry);
        TwBits accessed, dirty;

        owed(oracle, entry, &accessed, &dirty);
        if (entry->used &&
            (!is_set(accessed, value) || !is_set(dirty, value))) {
            snprintf(text, size,
                     "%s is not set in the entry of i%u of level %u at "
                     "r%u+0x%" PRIx64 ", 0x%" PRIx64 " (LA-55, FR-13)",
                     is_set(accessed, value) ? "D" : "A", entry->iommu,
                     entry->level,
                     iommu_of(oracle, entry->iommu)->pagetable.tables,
                     entry->at, value);
            return;
        }
    }
    snprintf(text, size,
             "the older entry that led there did not have the A or D that the "
             "access needs (FR-13)");
}
