/* SPDX-License-Identifier: MIT */
/* See older.h. */
#include "oracle/freshness/older.h"

#include "oracle/freshness/endings.h"

/* One hop at work. */
typedef struct Hop {
    TwOlderList *older;
    const TwWorld *world;
    const TwHop *hop;
    unsigned number;
    uint64_t x;      /* first offset of its granule */
    uint32_t oldest; /* no record is of a time before this */
    uint8_t kept;    /* TW_IOTLB_... */
    bool nested;     /* records take part in the reads of its tables, too: two
                      * times that look the same may differ */
} Hop;

static void note_since(TwOlderList *older, uint32_t since, uint16_t op)
{
    if (since > older->since) {
        older->since = since;
        older->op = op;
    }
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

    key.iommu = h->hop->iommu;
    for (uint32_t i = h->older->ask->n_endings; i > 0; i--) {
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
    return h->world->program->iommus[h->hop->iommu].granule_lg;
}

/* May a record say that, to an access that needs those rights? */
static bool may_say(const Hop *h, const TwFound *found)
{
    uint8_t need = h->older->ask->access->hop_rights;

    return h->kept & (found->perm == 0               ? TW_IOTLB_ABSENT
                      : (found->perm & need) == need ? TW_IOTLB_ENTRIES
                                                     : TW_IOTLB_REFUSALS);
}

static TwFound translate(const Hop *h, TwParts parts)
{
    return tw_walk_translation(h->world, h->hop->iommu, h->hop->index, h->x,
                               parts, NULL);
}

static bool same_found(const TwFound *a, const TwFound *b)
{
    return a->perm == b->perm &&
           (a->perm == 0 || (a->space == b->space && a->out == b->out));
}

/* Adds an answer, if there is none like it. */
static void add(Hop *h, TwParts parts, uint32_t until, uint16_t changed,
                const TwEnding *ended)
{
    TwOlderList *older = h->older;
    TwFound found = translate(h, parts);
    TwFound now = translate(h, tw_parts_at(h->hop->index, h->hop->asked));

    if (same_found(&found, &now) && !h->nested) {
        return;
    }
    for (unsigned i = 0; !h->nested && i < older->n; i++) {
        const TwOlder *other = &older->list[i];

        if (other->hop == h->number && same_found(&found, &other->found) &&
            (!older->ended_too ||
             (other->until == until && other->ended == ended))) {
            return;
        }
    }
    if (older->n == TW_MAX_OLDER) {
        older->overflow = true;
        return;
    }
    older->list[older->n++] = (TwOlder){
        .record = {.granule = h->hop->granule,
                   .parts = parts,
                   .iommu = h->hop->iommu,
                   .index = h->hop->index,
                   .depth = h->hop->depth,
                   .table = h->hop->table,
                   .combined = h->hop->combined},
        .found = found,
        .hop = h->number,
        .until = until,
        .changed = changed,
        .ended = ended,
    };
}

/* IOMMUs of kind `table` --------------------------------------------------- */

static void add_of_table(Hop *h)
{
    TwParts parts = tw_parts_at(h->hop->index, h->hop->asked);
    TwFound found = translate(h, parts);

    for (;;) {
        TwRecordKey key = key_around(h, TW_RECORD_ENTRY, granule_lg(h));
        uint32_t back = tw_older_restored(h->older->ask, parts.entry);
        uint32_t since = found.since > back ? found.since : back;
        const TwEnding *ended;
        uint16_t op = found.op;

        if (since == 0) {
            return;
        }
        note_since(h->older, since, op);
        parts.entry = since - 1;
        found = translate(h, parts);
        key.index = h->hop->index;
        ended = ended_by(h, key, parts.entry, h->hop->asked);
        if (ended && !h->older->ended_too) {
            note_since(h->older, ended->tick, ended->op);
            return;
        }
        if (may_say(h, &found)) {
            add(h, parts, parts.entry, op, ended);
        }
        if (h->older->overflow) {
            return;
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
static void add_versions(const Hop *h, uint8_t k, Versions *versions)
{
    uint32_t now = h->hop->asked, t = now;
    uint16_t changed = TW_NO_OP;

    for (;;) {
        TwContext context = tw_iommu_context(h->world, h->hop->iommu, k, t);
        uint32_t first = context.since > h->oldest ? context.since : h->oldest;
        TwRecordKey key = {.kind = TW_RECORD_CONTEXT, .index = k};
        bool kept =
            h->kept & (context.mode == TW_CONTEXT_NONE ? TW_IOTLB_ABSENT
                                                       : TW_IOTLB_CONTEXTS);
        const TwEnding *ended = ended_by(h, key, t, now);

        if (versions->n == MAX_VERSIONS) {
            h->older->overflow = true;
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
        note_since(h->older, first, context.op);
        if (ended) {
            note_since(h->older, ended->tick, ended->op);
        }
        if (first == 0 || first <= h->oldest) {
            return;
        }
        changed = context.op;
        t = first - 1;
    }
}

/* Are the tables of the IOMMU nested, and may another IOMMU keep records, which
 * could take part in reads of them? */
static bool others_record(const TwWorld *world, uint8_t id)
{
    const TwIommu *iommu = &world->program->iommus[id];

    if (iommu->kind != TW_IOMMU_PAGETABLE || !iommu->pagetable.nested) {
        return false;
    }
    for (unsigned i = 0; i < world->program->n_iommus; i++) {
        if (i != id && world->program->iommus[i].iotlb) {
            return true;
        }
    }
    return false;
}

/* Since when all that was found at time t has been as it was. */
static uint32_t unchanged_since(const Hop *h, const TwFound *found, uint32_t t)
{
    for (uint32_t i = h->older->ask->n_endings; h->nested && i > 0; i--) {
        const TwEnding *ending = &h->world->endings[i - 1];

        if (ending->tick <= t &&
            (ending->kind == TW_ENDING_COMMAND ||
             ending->kind == TW_ENDING_UNMAP ||
             ending->kind == TW_ENDING_RESET) &&
            ending->object != h->hop->iommu) {
            return ending->tick > found->since ? ending->tick : found->since;
        }
    }
    return found->since;
}

/* A search for what a lookup in one context may be answered by. */
typedef struct Lookup {
    Hop *hop;
    const Versions *versions; /* of all indexes */
    const Version *version;   /* of the context that was looked up */
    bool current;             /* it is that of the time at hand */
    uint32_t until;           /* what it adds to the tale of the answer */
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
               ? version->index == l->hop->hop->index
               : version->context.domain == l->version->context.domain;
}

/* A pointer to a table as it was up to time w, found from that context;
 * level 0: none, the walk begins at the root. */
typedef struct Pointer {
    const Version *from;
    unsigned level;
    uint32_t w;
    uint16_t changed; /* the operation that changed it then, or TW_NO_OP */
} Pointer;

/* Adds what was found at time u behind that pointer: a record of an entry, or,
 * at the time at hand, a walk from the pointer. */
static void add_found(const Lookup *l, const Pointer *pointer, TwParts parts,
                      const TwFound *found, const TwEnding *gone,
                      uint16_t changed)
{
    Hop *h = l->hop;
    uint32_t u = parts.entry, now = h->hop->asked;
    const TwEnding *ended = NULL;

    if (u < now || !pointer->level) {
        TwRecordKey key = key_around(h, TW_RECORD_ENTRY,
                                     found->lg ? found->lg : granule_lg(h));

        key.domain = pointer->from->context.domain;
        ended = ended_by(h, key, u, now);
        if (ended) {
            note_since(h->older, ended->tick, ended->op);
        }
        if (!h->nested && !may_say(h, found)) {
            return;
        }
    } else {
        u = pointer->w;
        changed = pointer->changed;
    }
    ended = l->ended ? l->ended : gone ? gone : ended;
    if (!ended || h->older->ended_too) {
        parts.lookup = l->version->first;
        if (l->ended || (u == now && !l->current)) {
            u = l->until;
            changed = l->changed;
        }
        add(h, parts, u, changed, ended);
    }
}

/* All that was ever found behind a pointer, or from a root. */
static void add_behind(const Lookup *l, const Pointer *pointer)
{
    Hop *h = l->hop;
    const Version *from = pointer->from;
    uint32_t now = h->hop->asked, u = now, least = pointer->w;
    uint16_t changed = TW_NO_OP;
    TwRecordKey key = {.kind = 0};

    if (pointer->level) {
        unsigned lg = granule_lg(h);

        key = key_around(h, TW_RECORD_POINTER, lg + pointer->level * (lg - 3));
        key.domain = from->context.domain;
    } else {
        u = from->usable < now ? from->usable : now;
        least = from->first;
        changed = from->changed;
    }
    while (u >= least && !h->older->overflow) {
        TwParts parts = {
            from->first, u,           pointer->level ? pointer->w : u,
            from->first, from->index, (uint8_t)pointer->level};
        TwFound found = translate(h, parts);
        const TwEnding *gone =
            pointer->level ? ended_by(h, key, pointer->w, u) : NULL;
        uint32_t since;

        since = unchanged_since(h, &found, u);
        note_since(h->older, since, found.op);
        if (gone) {
            note_since(h->older, gone->tick, gone->op);
        }
        if (gone && !h->older->ended_too && gone->tick > since &&
            gone->tick > least) {
            /* An entry may have been recorded before the pointer ended. */
            parts.entry = gone->tick - 1;
            add_found(l, pointer, parts, &found, NULL, changed);
        } else {
            add_found(l, pointer, parts, &found, gone, changed);
        }
        if (since <= least || since > u) {
            return;
        }
        changed = found.op;
        u = since - 1;
    }
}

/* Answers of records of entries, and of walks from pointers. */
static void add_records(const Lookup *l, const Version *from)
{
    Hop *h = l->hop;
    unsigned levels = h->world->program->iommus[h->hop->iommu].pagetable.levels;
    uint32_t now = h->hop->asked;
    Pointer pointer = {.from = from, .changed = from->changed};

    add_behind(l, &pointer);
    if (!(h->kept & TW_IOTLB_POINTERS)) {
        return;
    }
    pointer.w = from->usable < now ? from->usable : now;
    while (pointer.w >= from->first && !h->older->overflow) {
        TwParts parts = {from->first, pointer.w,   pointer.w,
                         from->first, from->index, 0};
        TwFound found = translate(h, parts);
        uint32_t since = unchanged_since(h, &found, pointer.w);

        for (unsigned level = 1; level < levels; level++) {
            if (found.tables >> level & 1) {
                pointer.level = level;
                add_behind(l, &pointer);
            }
        }
        note_since(h->older, since, found.op);
        if (since <= from->first || since > pointer.w) {
            return;
        }
        pointer.changed = found.op;
        pointer.w = since - 1;
    }
}

/* Answers after a lookup of that version of the hop's context. */
static void add_looked_up(Hop *h, const Versions *versions,
                          const Version *version)
{
    uint32_t now = h->hop->asked;
    bool current = version->last == now;
    Lookup l = {
        .hop = h,
        .versions = versions,
        .version = version,
        .current = current,
        .until = version->last,
        .changed = version->changed,
        .ended = current || version->usable == now ? NULL : version->ended,
    };
    TwParts parts = {version->first, now, now, version->first,
                     version->index, 0};

    if (version->usable < now && !h->older->ended_too) {
        return;
    }
    if (!current) {
        add(h, parts, l.until, l.changed, l.ended);
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
    unsigned indexes = h->world->program->iommus[h->hop->iommu].indexes;
    Versions versions = {.n = 0};

    for (unsigned k = 0; k < indexes; k++) {
        add_versions(h, (uint8_t)k, &versions);
    }
    for (unsigned i = 0; i < versions.n; i++) {
        const Version *version = &versions.list[i];

        if (version->index != h->hop->index) {
            continue;
        }
        add_looked_up(h, &versions, version);
        if (h->kept & TW_IOTLB_BY_INDEX &&
            version->context.mode == TW_CONTEXT_TABLES) {
            /* Records are found before any context is looked up. */
            Lookup none = {.hop = h,
                           .versions = &versions,
                           .version = version,
                           .current = true};

            add_records(&none, version);
        }
    }
}

void tw_older_add(TwOlderList *older, const TwWalk *walk, unsigned number)
{
    const TwWorld *world = older->ask->world;
    const TwHop *hop = &walk->hops[number];
    const TwIommu *iommu = &world->program->iommus[hop->iommu];
    Hop h = {
        .older = older,
        .world = world,
        .hop = hop,
        .number = number,
        .x = hop->granule << iommu->granule_lg,
        .oldest = tw_older_restored(older->ask, hop->asked),
        .kept = world->contract.iotlb,
        .nested = others_record(world, hop->iommu),
    };

    if (iommu->kind == TW_IOMMU_PAGETABLE) {
        add_of_pagetable(&h);
    } else {
        add_of_table(&h);
    }
}

bool tw_older_names(TwOlderList *older, uint8_t iommu, uint8_t index,
                    uint8_t domain, uint32_t asked)
{
    const TwWorld *world = older->ask->world;
    TwHop hop = {.iommu = iommu, .index = index, .asked = asked};
    Hop h = {
        .older = older,
        .world = world,
        .hop = &hop,
        .oldest = tw_older_restored(older->ask, asked),
        .kept = world->contract.iotlb,
    };
    Versions versions = {.n = 0};

    add_versions(&h, index, &versions);
    for (unsigned i = 0; i < versions.n; i++) {
        const Version *version = &versions.list[i];

        if (version->context.mode == TW_CONTEXT_TABLES &&
            version->context.domain == domain &&
            (version->usable == asked || older->ended_too)) {
            return true;
        }
    }
    return false;
}
