/* SPDX-License-Identifier: MIT */
/* See older.h. */
#include "oracle/freshness/older.h"

#include <string.h>

#include "oracle/freshness/endings.h"
#include "oracle/freshness/kept.h"
#include "oracle/freshness/nested.h"

/* A list of answers that is being made. */
typedef struct List {
    bool overflow;
    TwChange change;
    unsigned n;
    TwOlder list[TW_MAX_OLDER];
} List;

/* A question at work. */
typedef struct Hop {
    const TwOlderAsk *q;
    const TwWorld *world;
    List *list;
    TwFound now;     /* the answer without records */
    uint64_t x;      /* first offset of its granule */
    uint32_t oldest; /* no record is of a time before this */
    uint8_t kept;    /* TW_IOTLB_... */
    bool nested;     /* tw_nested_mixes() */
} Hop;

static void note_since(Hop *h, uint32_t since, uint16_t op)
{
    tw_change_note(&h->list->change, since, op);
}

/* A restore ends all records, and what was there just before it, no list says.
 * The last restore up to t. */
uint32_t tw_older_restored(const TwAsk *ask, uint32_t t)
{
    const TwWorld *world = ask->world;

    for (uint32_t i = ask->n_endings; i > 0; i--) {
        if (world->endings[i - 1].kind == TW_ENDING_RESTORE &&
            world->endings[i - 1].tick <= t) {
            return world->endings[i - 1].tick;
        }
    }
    return 0;
}

/* The first event of the times after t, up to `now`, that ends the record. */
static const TwEnding *ended_by(const Hop *h, TwRecordKey key, uint32_t t,
                                uint32_t now)
{
    const TwEnding *first = NULL;

    key.iommu = h->q->iommu;
    for (uint32_t i = h->q->ask->n_endings; i > 0; i--) {
        const TwEnding *ending = &h->world->endings[i - 1];

        if (ending->tick <= t) {
            break;
        }
        if (ending->tick <= now &&
            tw_ending_covers_record(h->world, ending, &key)) {
            first = ending;
        }
    }
    return first;
}

/* The offsets of what is 2^lg bytes large, around the hop's granule. */
static TwRecordKey key_around(const Hop *h, uint8_t kind, unsigned lg)
{
    uint64_t low = lg < 64 ? ((uint64_t)1 << lg) - 1 : UINT64_MAX;

    return (TwRecordKey){
        .first = h->x & ~low, .last = h->x | low, .kind = kind};
}

static unsigned granule_lg(const Hop *h)
{
    return h->world->program->iommus[h->q->iommu].granule_lg;
}

/* May a record say that, to one who needs those rights? */
static bool may_say(const Hop *h, const TwFound *found)
{
    return h->kept &
           (found->perm == 0                           ? TW_IOTLB_ABSENT
            : (found->perm & h->q->need) == h->q->need ? TW_IOTLB_ENTRIES
                                                       : TW_IOTLB_REFUSALS);
}

/* The translation as at those times, without records of others; looked up in
 * the context that its root comes from, be it that of another index. */
static TwFound translate(const Hop *h, TwParts parts)
{
    return tw_walk_translation(h->world, h->q->iommu, parts.from, h->x, parts,
                               NULL);
}

/* The same, with records of others. */
static void translate_all(const Hop *h, TwParts parts, TwTranslations *all)
{
    if (h->nested) {
        tw_nested_find(h->q, h->x, parts, tw_older_find, all);
        h->list->overflow |= all->overflow;
        return;
    }
    all->n = 1;
    all->list[0].found = translate(h, parts);
    all->list[0].others.n = 0;
    all->list[0].others.ended = NULL;
    all->change = (TwChange){all->list[0].found.since, all->list[0].found.op};
}

/* What an answer is made of. */
typedef struct Answer {
    const TwTranslation *translation;
    TwParts parts;
    bool own; /* TwOlder */
    uint16_t changed;
    uint32_t until;
    const TwEnding *ended;
} Answer;

/* Adds an answer, if there is none like it.  If the question is which entries
 * an access may use, those that read tables now are not alike. */
static void add(Hop *h, Answer answer)
{
    const TwOthersSay *others = &answer.translation->others;
    const TwFound *found = &answer.translation->found;
    bool reads = h->q->ask->access->used && answer.parts.entry == h->q->asked;
    List *list = h->list;
    TwOlder *older;

    if (others->n && !answer.ended && (others->ended || !answer.own)) {
        answer.until = others->until;
        answer.changed = others->changed;
        answer.ended = others->ended;
    }
    if ((!reads && tw_record_same(h->q, found, &h->now)) ||
        (answer.ended && !h->q->ended_too)) {
        return;
    }
    for (unsigned i = 0; i < list->n && !reads; i++) {
        const TwOlder *other = &list->list[i];

        if (tw_record_same(h->q, found, &other->found) &&
            (!h->q->ended_too ||
             (other->until == answer.until && other->ended == answer.ended))) {
            return;
        }
    }
    if (list->n == TW_MAX_OLDER) {
        list->overflow = true;
        return;
    }
    older = &list->list[list->n++];
    older->parts = answer.parts;
    older->found = *found;
    older->own = answer.own;
    older->changed = answer.changed;
    older->until = answer.until;
    older->ended = answer.ended;
    older->n_others = others->n;
    memcpy(older->others, others->list, others->n * sizeof(others->list[0]));
}

/* IOMMUs of kind `table` --------------------------------------------------- */

static void add_of_table(Hop *h)
{
    TwParts parts = tw_parts_at(h->q->index, h->q->asked);
    TwTranslation translation = {.found = h->now};
    TwFound *found = &translation.found;

    while (!h->list->overflow) {
        TwRecordKey key = key_around(h, TW_RECORD_ENTRY, granule_lg(h));
        uint32_t back = tw_older_restored(h->q->ask, parts.entry);
        uint32_t since = found->since > back ? found->since : back;
        const TwEnding *ended;
        uint16_t op = found->op;

        if (since == 0) {
            return;
        }
        note_since(h, since, op);
        parts.entry = since - 1;
        *found = translate(h, parts);
        key.index = h->q->index;
        ended = ended_by(h, key, parts.entry, h->q->asked);
        if (ended && !h->q->ended_too) {
            note_since(h, ended->tick, ended->op);
            return;
        }
        if (may_say(h, found)) {
            add(h, (Answer){.translation = &translation,
                            .parts = parts,
                            .own = true,
                            .changed = op,
                            .until = parts.entry,
                            .ended = ended});
        }
    }
}

/* IOMMUs of kind `pagetable` ----------------------------------------------- */

/*
 * A context as it was in the times first .. last, and may still be used, as a
 * record, in the times up to `usable`.
 */
typedef struct Version {
    TwContext context;
    uint32_t first, last, usable;
    uint16_t changed; /* the operation that replaced it, or TW_NO_OP */
    uint8_t index;
    const TwEnding *ended; /* by then, if something has ended it */
} Version;

enum { MAX_VERSIONS = 32 };
typedef struct Versions {
    unsigned n;
    Version list[MAX_VERSIONS];
} Versions;

/* All versions of the context of index k, up to the time at hand. */
static void add_versions(Hop *h, uint8_t k, Versions *versions)
{
    uint32_t now = h->q->asked, t = now;
    uint16_t changed = TW_NO_OP;

    for (;;) {
        TwContext context = tw_iommu_context(h->world, h->q->iommu, k, t);
        uint32_t first = context.since > h->oldest ? context.since : h->oldest;
        TwRecordKey key = {.kind = TW_RECORD_CONTEXT, .index = k};
        bool kept =
            h->kept & (context.mode == TW_CONTEXT_NONE ? TW_IOTLB_ABSENT
                                                       : TW_IOTLB_CONTEXTS);
        const TwEnding *ended = ended_by(h, key, t, now);

        if (versions->n == MAX_VERSIONS) {
            h->list->overflow = true;
            return;
        }
        versions->list[versions->n++] = (Version){
            .context = context,
            .first = first,
            .last = t,
            .usable = kept ? ended ? ended->tick - 1 : now : t,
            .changed = changed,
            .index = k,
            .ended = ended,
        };
        note_since(h, first, context.op);
        if (ended) {
            note_since(h, ended->tick, ended->op);
        }
        if (first == 0 || first <= h->oldest) {
            return;
        }
        changed = context.op;
        t = first - 1;
    }
}

/* A search for what a lookup in one context may be answered by. */
typedef struct Lookup {
    Hop *hop;
    const Version *version; /* of the context that was looked up */
    bool current;           /* it is that of the time at hand */
    uint32_t until;         /* what it adds to the tale of the answer */
    uint16_t changed;
    const TwEnding *ended;
} Lookup;

/* Does a record made with the root of that context serve this lookup? */
static bool serves(const Lookup *l, const Version *version)
{
    if (version->context.mode != TW_CONTEXT_TABLES) {
        return false;
    }
    return l->hop->kept & TW_IOTLB_BY_INDEX
               ? version->index == l->hop->q->index
               : version->context.domain == l->version->context.domain;
}

/*
 * A chain of pointers to tables, each made by a walk that began at the one
 * before it, and the first at the root of that context; or none.
 */
typedef struct Chain {
    const Version *from;
    TwParts parts;        /* but for the time of the entries */
    uint16_t changed;     /* the operation that changed the last one, or the
                           * context, then, or TW_NO_OP */
    const TwEnding *gone; /* the event that ended one before the last */
} Chain;

/* The level of the table at the end of the chain; without pointers, that of
 * the root and one more. */
static unsigned level_of(const Lookup *l, const Chain *chain)
{
    const TwParts *parts = &chain->parts;
    const Hop *h = l->hop;

    return parts->n_pointers
               ? parts->pointers[parts->n_pointers - 1].level
               : h->world->program->iommus[h->q->iommu].pagetable.levels;
}

/* Since when the chain has been there. */
static uint32_t made_at(const Chain *chain)
{
    const TwParts *parts = &chain->parts;

    return parts->n_pointers ? parts->pointers[parts->n_pointers - 1].t
                             : chain->from->first;
}

/* Adds what was found at time u behind that chain: a record of an entry, or,
 * at the time at hand, a walk from the last pointer. */
static void add_found(const Lookup *l, const Chain *chain, TwParts parts,
                      const TwTranslation *translation, const TwEnding *gone,
                      uint16_t changed)
{
    Hop *h = l->hop;
    const TwFound *found = &translation->found;
    uint32_t u = parts.entry, now = h->q->asked;
    const TwEnding *ended = NULL;

    if (parts.n_pointers && !(found->tables >> level_of(l, chain) & 1)) {
        return; /* this walk does not come to the pointer */
    }
    if (u < now || !parts.n_pointers) {
        TwRecordKey key = key_around(h, TW_RECORD_ENTRY,
                                     found->lg ? found->lg : granule_lg(h));

        key.domain = chain->from->context.domain;
        ended = ended_by(h, key, u, now);
        if (ended) {
            note_since(h, ended->tick, ended->op);
        }
        if (!may_say(h, found)) {
            return;
        }
    } else {
        u = made_at(chain);
        changed = chain->changed;
    }
    ended = l->ended ? l->ended : gone ? gone : ended;
    parts.lookup = l->version->first;
    if (l->ended || (u == now && !l->current)) {
        u = l->until;
        changed = l->changed;
    }
    add(h, (Answer){.translation = translation,
                    .parts = parts,
                    .own = true,
                    .changed = changed,
                    .until = u,
                    .ended = ended});
}

/* What a command for pointers must meet to end one to a table of that level. */
static TwRecordKey pointer_key(const Hop *h, const Chain *chain, unsigned level)
{
    unsigned lg = granule_lg(h);
    TwRecordKey key = key_around(h, TW_RECORD_POINTER, lg + level * (lg - 3));

    key.domain = chain->from->context.domain;
    return key;
}

/* May a walk at time u begin where the one that made the last pointer began? */
static bool begins_at(const Hop *h, const Chain *chain, uint32_t u)
{
    const TwParts *parts = &chain->parts;
    unsigned n = parts->n_pointers;

    return n == 1
               ? chain->from->usable >= u
               : !ended_by(h,
                           pointer_key(h, chain, parts->pointers[n - 2].level),
                           parts->pointers[n - 2].t, u);
}

/* Would the last pointer of the chain be the same, had it been made at time u?
 * Then one that is made then from it is one made without it. */
static bool same_at(Hop *h, const Chain *chain, uint32_t u)
{
    TwParts parts = chain->parts;
    uint32_t made = made_at(chain);
    TwTranslations all;

    if (!begins_at(h, chain, u)) {
        return false;
    }
    parts.entry = made;
    parts.pointers[parts.n_pointers - 1].t = u;
    translate_all(h, parts, &all);
    return all.change.since <= made;
}

static void add_behind(const Lookup *l, const Chain *chain);

/* Answers with a further pointer, made at time u, to one of these tables. */
static void add_pointers(const Lookup *l, const Chain *chain, uint32_t u,
                         const TwTranslations *all, const TwEnding *gone,
                         uint16_t changed)
{
    Hop *h = l->hop;
    unsigned n = chain->parts.n_pointers, tables = 0;
    Chain longer = *chain;

    for (unsigned i = 0; i < all->n; i++) {
        tables |= all->list[i].found.tables;
    }
    tables &= (1u << level_of(l, chain)) - 2;
    if (!(h->kept & TW_IOTLB_POINTERS) || !tables ||
        (n && (u == h->q->asked || same_at(h, chain, u)))) {
        return;
    }
    if (n == TW_MAX_POINTERS) {
        h->list->overflow = true;
        return;
    }
    longer.changed = changed;
    longer.gone = gone;
    longer.parts.n_pointers++;
    longer.parts.pointers[n].t = u;
    for (unsigned level = 1; tables >> level; level++) {
        if (tables >> level & 1) {
            longer.parts.pointers[n].level = (uint8_t)level;
            add_behind(l, &longer);
        }
    }
}

/* All that was ever found behind a chain, or from a root. */
static void add_behind(const Lookup *l, const Chain *chain)
{
    Hop *h = l->hop;
    const Version *from = chain->from;
    bool pointer = chain->parts.n_pointers;
    uint32_t now = h->q->asked, least = made_at(chain);
    uint32_t u = pointer || from->usable > now ? now : from->usable;
    uint16_t changed = pointer ? TW_NO_OP : chain->changed;
    TwRecordKey key = {.kind = 0};
    TwParts parts = chain->parts;
    TwTranslations all;

    if (pointer) {
        key = pointer_key(h, chain, level_of(l, chain));
    }
    while (u >= least && !h->list->overflow) {
        const TwEnding *gone = pointer ? ended_by(h, key, least, u) : NULL;
        uint32_t since;

        parts.entry = u;
        translate_all(h, parts, &all);
        since = all.change.since;
        note_since(h, since, all.change.op);
        if (gone) {
            note_since(h, gone->tick, gone->op);
        }
        if (gone && !h->q->ended_too && gone->tick > since &&
            gone->tick > least) {
            /* An entry may have been recorded before the pointer ended: of the
             * same version, but perhaps without A or D that was set later. */
            parts.entry = gone->tick - 1;
            translate_all(h, parts, &all);
            gone = NULL;
        }
        gone = chain->gone ? chain->gone : gone;
        for (unsigned i = 0; i < all.n; i++) {
            add_found(l, chain, parts, &all.list[i], gone, changed);
        }
        if (!gone || h->q->ended_too) {
            add_pointers(l, chain, parts.entry, &all, gone, changed);
        }
        if (since <= least || since > u) {
            return;
        }
        changed = all.change.op;
        u = since - 1;
    }
}

/* Answers of records of entries, and of walks from pointers. */
static void add_records(const Lookup *l, const Version *from)
{
    Chain chain = {.from = from,
                   .parts = {.lookup = from->first,
                             .root = from->first,
                             .from = from->index},
                   .changed = from->changed};

    add_behind(l, &chain);
}

/* Answers of walks at the time at hand, as records of others answer the reads
 * of nested tables. */
static void add_walked(const Lookup *l)
{
    Hop *h = l->hop;
    uint32_t now = h->q->asked;
    const Version *version = l->version;
    TwParts parts = {.lookup = version->first,
                     .entry = now,
                     .root = version->first,
                     .from = version->index};
    TwTranslations all;

    translate_all(h, parts, &all);
    note_since(h, all.change.since, all.change.op);
    for (unsigned i = 0; i < all.n; i++) {
        add(h, (Answer){.translation = &all.list[i],
                        .parts = parts,
                        .own = !l->current,
                        .changed = l->changed,
                        .until = l->until,
                        .ended = l->ended});
    }
}

/* Answers after a lookup of that version of the hop's context. */
static void add_looked_up(Hop *h, const Versions *versions,
                          const Version *version)
{
    uint32_t now = h->q->asked;
    bool current = version->last == now;
    Lookup l = {
        .hop = h,
        .version = version,
        .current = current,
        .until = version->last,
        .changed = version->changed,
        .ended = current || version->usable == now ? NULL : version->ended,
    };

    if (version->usable < now && !h->q->ended_too) {
        return;
    }
    if (!current || h->nested) {
        add_walked(&l);
    }
    for (unsigned k = 0;
         version->context.mode == TW_CONTEXT_TABLES && k < versions->n; k++) {
        if (serves(&l, &versions->list[k])) {
            add_records(&l, &versions->list[k]);
        }
    }
}

static void add_of_pagetable(Hop *h)
{
    unsigned indexes = h->world->program->iommus[h->q->iommu].indexes;
    Versions versions = {.n = 0};

    for (unsigned k = 0; k < indexes; k++) {
        add_versions(h, (uint8_t)k, &versions);
    }
    for (unsigned i = 0; i < versions.n; i++) {
        const Version *version = &versions.list[i];

        if (version->index != h->q->index) {
            continue;
        }
        add_looked_up(h, &versions, version);
        if (h->kept & TW_IOTLB_BY_INDEX &&
            version->context.mode == TW_CONTEXT_TABLES) {
            /* Records are found before any context is looked up. */
            Lookup none = {.hop = h, .version = version, .current = true};

            add_records(&none, version);
        }
    }
}

static Hop hop_of(const TwOlderAsk *question, List *list)
{
    const TwWorld *world = question->ask->world;
    const TwIommu *iommu = &world->program->iommus[question->iommu];

    list->overflow = false;
    list->change = (TwChange){0, TW_NO_OP};
    list->n = 0;
    return (Hop){
        .q = question,
        .world = world,
        .list = list,
        .x = question->granule << iommu->granule_lg,
        .oldest = tw_older_restored(question->ask, question->asked),
        .kept = iommu->iotlb ? world->contract.iotlb : 0,
        .nested = tw_nested_mixes(world, question->iommu),
    };
}

static void find(const TwOlderAsk *question, List *list)
{
    Hop h = hop_of(question, list);

    h.now = translate(&h, tw_parts_at(question->index, question->asked));
    if (h.world->program->iommus[question->iommu].kind == TW_IOMMU_PAGETABLE) {
        add_of_pagetable(&h);
    } else {
        add_of_table(&h);
    }
}

bool tw_older_names(const TwOlderAsk *question, uint8_t domain,
                    TwChange *change)
{
    Versions versions = {.n = 0};
    List list;
    Hop h = hop_of(question, &list);

    add_versions(&h, question->index, &versions);
    tw_change_note(change, list.change.since, list.change.op);
    for (unsigned i = 0; i < versions.n; i++) {
        const Version *version = &versions.list[i];

        if (version->context.mode == TW_CONTEXT_TABLES &&
            version->context.domain == domain &&
            (version->usable == question->asked || question->ended_too)) {
            return true;
        }
    }
    return false;
}

const TwOlders *tw_older_find(const TwOlderAsk *question)
{
    const TwOlders *known = tw_kept_find(question);
    List list;

    if (known) {
        return known;
    }
    find(question, &list);
    return tw_kept_add(
        question, (TwOlders){list.overflow, list.change, list.n, list.list});
}
