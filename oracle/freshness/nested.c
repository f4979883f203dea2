/* SPDX-License-Identifier: MIT */
/* See nested.h. */
#include "oracle/freshness/nested.h"

/* A walk of nested tables at work. */
typedef struct Nested {
    const TwOlderAsk *question;
    uint64_t x;
    TwParts parts;
    const TwOlders *(*ask)(const TwOlderAsk *question);
    TwRecords records;  /* those at hand */
    TwOthersSay others; /* the same, with the tale of the oldest */
    TwTranslations *to;
} Nested;

bool tw_nested_mixes(const TwWorld *world, uint8_t iommu)
{
    const TwProgram *program = world->program;
    const TwIommu *what = &program->iommus[iommu];

    if (what->kind != TW_IOMMU_PAGETABLE || !what->pagetable.nested) {
        return false;
    }
    for (unsigned i = 0; i < program->n_iommus; i++) {
        if (i != iommu && program->iommus[i].iotlb) {
            return true;
        }
    }
    return false;
}

/* Is that translation there, for reasons that are as good? */
static bool is_there(const Nested *n, const TwFound *found)
{
    for (unsigned i = 0; i < n->to->n; i++) {
        const TwTranslation *other = &n->to->list[i];

        if (tw_record_same(n->question, found, &other->found) &&
            found->lg == other->found.lg &&
            found->tables == other->found.tables &&
            (!n->question->ended_too ||
             (other->others.until == n->others.until &&
              other->others.ended == n->others.ended))) {
            return true;
        }
    }
    return false;
}

/* Does the walk ask that before, in the same read? */
static bool asked_before(const TwReads *reads, unsigned i)
{
    const TwRequest *request = &reads->list[i];

    for (unsigned k = 0; k < i; k++) {
        const TwRequest *other = &reads->list[k];

        if (other->granule == request->granule &&
            other->iommu == request->iommu && other->index == request->index &&
            other->table == request->table) {
            return true;
        }
    }
    return false;
}

static void find_all(Nested *n, unsigned from);

/* All translations in which a record answers that request, too. */
static void find_with(Nested *n, const TwReads *reads, unsigned i,
                      const TwOlder *older)
{
    TwOthersSay before = n->others;
    TwRecord record = {.request = reads->list[i], .parts = older->parts};

    if (n->others.n == TW_MAX_OTHERS) {
        n->to->overflow = true;
        return;
    }
    n->records.list[n->records.n++] = record;
    n->others.list[n->others.n++] = record;
    if (!before.ended && (older->ended || n->others.n == 1)) {
        n->others.until = older->until;
        n->others.changed = older->changed;
        n->others.ended = older->ended;
    }
    find_all(n, i + 1);
    n->others = before;
    n->records.n--;
}

/* The translation with the records at hand, and all with further records that
 * answer request number `from` or a later one. */
static void find_all(Nested *n, unsigned from)
{
    const TwOlderAsk *question = n->question;
    const TwWorld *world = question->ask->world;
    TwReads reads = {.n = 0};
    TwLookUp how = {.records = &n->records, .reads = &reads};
    TwFound found = tw_walk_translation(world, question->iommu, n->parts.from,
                                        n->x, n->parts, &how);

    tw_change_note(&n->to->change, found.since, found.op);
    n->to->overflow |= reads.crowded;
    if (!is_there(n, &found)) {
        if (n->to->n == TW_MAX_TRANSLATIONS) {
            n->to->overflow = true;
            return;
        }
        n->to->list[n->to->n++] = (TwTranslation){found, n->others};
    }
    for (unsigned i = from; i < reads.n && !n->to->overflow; i++) {
        const TwRequest *request = &reads.list[i];
        TwOlderAsk inner = {.ask = question->ask,
                            .ended_too = question->ended_too,
                            .granule = request->granule,
                            .asked = reads.asked[i],
                            .iommu = request->iommu,
                            .index = request->index,
                            .need = TW_R};
        const TwOlders *olders;

        if (!world->program->iommus[request->iommu].iotlb ||
            asked_before(&reads, i)) {
            continue;
        }
        olders = n->ask(&inner);
        tw_change_note(&n->to->change, olders->change.since, olders->change.op);
        n->to->overflow |= olders->overflow;
        for (unsigned k = 0; k < olders->n && !n->to->overflow; k++) {
            find_with(n, &reads, i, &olders->list[k]);
        }
    }
}

void tw_nested_find(const TwOlderAsk *question, uint64_t x, TwParts parts,
                    const TwOlders *(*ask)(const TwOlderAsk *question),
                    TwTranslations *translations)
{
    Nested n = {.question = question, .x = x, .parts = parts, .ask = ask};

    n.to = translations;
    translations->overflow = false;
    translations->change = (TwChange){0, TW_NO_OP};
    translations->n = 0;
    n.others.n = 0;
    n.others.until = 0;
    n.others.changed = TW_NO_OP;
    n.others.ended = NULL;
    find_all(&n, 0);
}
