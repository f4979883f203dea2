/* SPDX-License-Identifier: MIT */
/*
 * The second walker: answers the same question as walk.c in another way and
 * with no code in common, so that one mistake cannot go unseen.
 *
 *   - An address space is *rendered* (render.c) into ranges that do not
 *     overlap, each as large as its region; then an address is looked up.
 *     (walk.c resolves one address and recurses in relative coordinates.)
 *   - Page maps and IOMMU tables are *replayed* from the oldest assignment to
 *     the newest for one address or granule.  (walk.c searches newest first.)
 *   - Every byte is walked alone.
 *
 * The judge asks it before each finding, and sometimes without one.  It may be
 * slow.
 */
#include "oracle/walk/flat.h"

#include "oracle/walk/render.h"
#include "oracle/walk/word.h"

/* More ranges than this are not worth rendering: only those near the address
 * are asked for. */
enum { MAX_RANGES = 256 };

/* What a space shows near an address.  The bytes of an access share it. */
typedef struct Part {
    const TwSnapshot *snapshot; /* NULL: none was rendered */
    uint64_t first, last;
    unsigned n;
    uint8_t space;
    TwShown list[MAX_RANGES];
} Part;

/* Per hop, what was rendered last. */
typedef struct Views {
    Part at[TW_MAX_HOPS + 1];
} Views;

/* The range of the space that shows `address`, or NULL. */
static const TwShown *look_up(Part *part, const TwSnapshot *snapshot,
                              uint8_t space, uint64_t address)
{
    if (part->snapshot != snapshot || part->space != space ||
        address < part->first || address > part->last) {
        /* A window around the address keeps hostile topologies affordable. */
        part->snapshot = snapshot;
        part->space = space;
        part->first = address > 64 ? address - 64 : 0;
        part->last = address < UINT64_MAX - 64 ? address + 64 : UINT64_MAX;
        tw_render(snapshot, space, part->first, part->last, part->list,
                  MAX_RANGES, &part->n);
    }
    for (unsigned i = 0; i < part->n; i++) {
        if (part->list[i].first <= address && address <= part->list[i].last) {
            return &part->list[i];
        }
    }
    return NULL;
}

/* Replaying --------------------------------------------------------------- */

/* Number of a list's assignments that make it up as at t, and in world->order
 * the oldest-first order: behind a restore come those that made it up when it
 * was saved. */
static unsigned oldest_first(const TwWorld *world, int32_t head, uint32_t t,
                             bool pages)
{
    int32_t *order = world->order;
    unsigned n = 0;

    for (int32_t i = head; i != TW_NIL;) {
        const TwPageEntry *page = &world->pages[pages ? i : 0];
        const TwTableEntry *entry = &world->tables[pages ? 0 : i];
        bool done = (pages ? page->tick : entry->tick) <= t;

        if (done && (pages ? page->back : entry->what == TW_ASSIGN_BACK)) {
            t = (uint32_t)(pages ? page->out : entry->out);
        } else if (done) {
            order[n++] = i;
        }
        i = pages ? page->older : entry->older;
    }
    for (unsigned i = 0; i < n / 2; i++) {
        int32_t swap = order[i];

        order[i] = order[n - 1 - i];
        order[n - 1 - i] = swap;
    }
    return n;
}

typedef struct Record {
    bool present;
    bool blocked; /* by an MPC */
    uint8_t space, perm;
    uint8_t why, level; /* not present: TwReasonKind; the entry's level */
    uint8_t marked;     /* rights for which all of A and D is set (LA-55) */
    uint64_t out;
} Record;

/* Nothing, because of an entry of level n; 0: of none (LA-60). */
static Record nothing(TwReasonKind why, unsigned n)
{
    return (Record){.present = false, .why = (uint8_t)why, .level = (uint8_t)n};
}

static Record replay_table(const TwWorld *world, uint8_t iommu, uint8_t index,
                           uint64_t x, uint32_t t)
{
    unsigned lg = world->program->iommus[iommu].granule_lg;
    unsigned n = oldest_first(world, world->table_head[iommu][index], t, false);
    Record record = nothing(TW_REASON_ABSENT, 0);

    record.marked = TW_R | TW_W;
    for (unsigned i = 0; i < n; i++) {
        const TwTableEntry *entry = &world->tables[world->order[i]];

        if (x >> lg < entry->first >> lg || x >> lg > entry->last >> lg) {
            continue;
        }
        switch (entry->what) {
        case TW_ASSIGN_NOTHING:
            record.present = false;
            break;
        case TW_ASSIGN_ENTRY:
            record.present = true;
            record.space = entry->space;
            record.blocked = entry->blocked;
            record.perm = entry->perm;
            record.out =
                (entry->out >> lg) + ((x >> lg) - (entry->first >> lg));
            record.out = (record.out << lg) | (x % ((uint64_t)1 << lg));
            break;
        default:
            record.perm = entry->perm;
            break;
        }
    }
    return record;
}

/* The word at an offset of the region with the tables, as at t. */
static bool table_word(const TwWorld *world, const TwRegion *region,
                       uint64_t offset, uint32_t t, uint64_t *word)
{
    uint64_t end;

    if (__builtin_add_overflow(offset, 8, &end) || end > region->size) {
        return false;
    }
    *word = 0;
    for (int k = 7; k >= 0; k--) {
        *word = *word << 8 | world->ram.byte(world->ram.data, region->block,
                                             offset + (unsigned)k, t);
    }
    return true;
}

/* The context of an index as at t; NULL: there is none. */
static const TwTableEntry *replay_context(const TwWorld *world, uint8_t iommu,
                                          uint8_t index, uint32_t t)
{
    unsigned n = oldest_first(world, world->table_head[iommu][index], t, false);
    const TwTableEntry *newest = n ? &world->tables[world->order[n - 1]] : NULL;

    return newest && newest->what == TW_ASSIGN_ENTRY &&
                   newest->mode != TW_CONTEXT_NONE
               ? newest
               : NULL;
}

/* The way to the tables of an IOMMU, if they are nested. */
typedef struct Nest {
    const TwWorld *world;
    const TwRecords *records;
    unsigned depth; /* hops before the IOMMU that asks, */
    uint64_t page;  /* for this granule of its own */
    bool deep;      /* the tables of others on this way are not read */
    uint8_t pair;   /* TwAsked.combined of the IOMMU that asks */
} Nest;

static bool nested_word(const Nest *nest, uint8_t space, uint64_t address,
                        unsigned level, uint8_t domain, uint32_t t,
                        uint64_t *word);

/* The record of offset x, with the rights of the tables above, becomes that of
 * the leaf of level n. */
static Record leaf_record(const TwIommu *m, unsigned n, uint64_t word,
                          uint64_t x, Record record)
{
    const TwLayout *l = tw_layout(m->pagetable.format);
    uint64_t size = tw_word_granules(m, n, word) << m->granule_lg;
    uint64_t to = (word & l->address) << l->shift;

    if (size == 0 || (l->aligned && (n > 1 ? to & ~l->low_free : to) % size)) {
        return nothing(TW_REASON_RESERVED, n);
    }
    record.perm &= tw_word_grants(m, word);
    record.marked &= tw_word_marked(m, word, true);
    record.out = to - to % size + x % size;
    return record;
}

static Record replay_tables(const Nest *nest, uint8_t iommu, uint8_t index,
                            uint64_t x, const TwParts *parts)
{
    const TwWorld *world = nest->world;
    const TwIommu *m = &world->program->iommus[iommu];
    const TwRegion *region =
        m->pagetable.nested ? NULL
                            : &world->program->regions[m->pagetable.tables];
    const TwLayout *l = tw_layout(m->pagetable.format);
    unsigned bits = m->granule_lg - 3u, n = m->pagetable.levels;
    uint64_t page = x >> m->granule_lg;
    uint8_t allowed = TW_R | TW_W, marked = TW_R | TW_W;
    const TwTableEntry *context =
        replay_context(world, iommu, index, parts->lookup);
    uint64_t table, word;

    if (context && context->mode == TW_CONTEXT_PASS) {
        return (Record){.present = true,
                        .space = m->bypass_space,
                        .perm = TW_R | TW_W,
                        .marked = TW_R | TW_W,
                        .out = x};
    }
    if (!context || context->mode != TW_CONTEXT_TABLES) {
        return nothing(context ? TW_REASON_BLOCKED : TW_REASON_NO_CONTEXT, 0);
    }
    context = replay_context(world, iommu, parts->from, parts->root);
    if (!context || (n * bits < 64 && page >> n * bits != 0)) {
        return nothing(TW_REASON_RANGE, 0);
    }
    table = context->out;
    for (;;) {
        /* Pages below the entry; which of them it is. */
        uint64_t span = (uint64_t)1 << (n - 1) * bits, inside = page % span;
        uint64_t to, at = table + page / span % ((uint64_t)1 << bits) * 8;
        uint32_t when = parts->entry;
        unsigned next;

        for (unsigned i = parts->n_pointers; i-- > 0;) { /* the highest last */
            when = n > parts->pointers[i].level ? parts->pointers[i].t : when;
        }
        if (!(region
                  ? at >= m->pagetable.base &&
                        table_word(world, region, at - m->pagetable.base, when,
                                   &word)
                  : !nest->deep && nested_word(nest, m->bypass_space, at, n,
                                               context->domain, when, &word))) {
            return nothing(TW_REASON_UNREADABLE, n);
        }
        to = (word & l->address) << l->shift;
        switch (tw_word_is(m, n, word)) {
        case TW_WORD_NOTHING:
            return nothing(TW_REASON_ABSENT, n);
        case TW_WORD_WRONG:
            return nothing(TW_REASON_RESERVED, n);
        case TW_WORD_LEAF:
            return leaf_record(m, n, word, x,
                               (Record){.present = true,
                                        .space = m->bypass_space,
                                        .perm = allowed,
                                        .level = (uint8_t)n,
                                        .marked = marked});
        default:
            break;
        }
        next = l->next_shift ? (unsigned)(word >> l->next_shift) % 8 : n - 1;
        if (next == 0 || next >= n) {
            return nothing(TW_REASON_RESERVED, n);
        }
        if (inside >> next * bits != 0) {
            return nothing(TW_REASON_RANGE, n);
        }
        allowed &= tw_word_lets(l, word);
        marked &= tw_word_marked(m, word, false);
        table = to >> m->granule_lg << m->granule_lg;
        n = next;
    }
}

/* Was the bypass switch on at t? */
static bool bypassed(const TwWorld *world, uint8_t iommu, uint32_t t)
{
    bool on = false;
    uint32_t best = 0;

    for (int32_t i = world->switch_head[iommu]; i != TW_NIL;
         i = world->switches[i].older) {
        if (world->switches[i].tick <= t && world->switches[i].tick >= best) {
            best = world->switches[i].tick;
            on = world->switches[i].on;
        }
    }
    return on;
}

/* The assignment for one virtual address at t; -1: none. */
static int32_t replay_page(const TwWorld *world, uint8_t cpu, uint8_t mmu,
                           uint64_t address, uint32_t t)
{
    unsigned n = oldest_first(world, world->page_head[cpu][mmu], t, true);
    int32_t last = TW_NIL;

    for (unsigned i = 0; i < n; i++) {
        const TwPageEntry *page = &world->pages[world->order[i]];
        uint64_t size_1 = page->last - page->first;

        if (address - page->first <= size_1) {
            last = world->order[i];
        }
    }
    return last;
}

/* One byte ---------------------------------------------------------------- */

/* The granules that a byte passed, for the cuts. */
typedef struct Trail {
    unsigned n;
    bool unmarked; /* a hop needs an A or D that is not set */
    int32_t page;
    struct {
        uint8_t iommu;
        uint64_t granule;
    } at[TW_MAX_HOPS];
} Trail;

static unsigned pick_index(const TwIommu *iommu, TwAttrs attrs)
{
    bool secure = attrs & TW_ATTR_SECURE, user = attrs & TW_ATTR_USER;
    bool unspecified = attrs & TW_ATTR_UNSPECIFIED;
    unsigned index = 0;

    if (iommu->select == TW_SELECT_SECURE) {
        index = !secure && !unspecified;
    } else if (iommu->select == TW_SELECT_USER) {
        index = user;
    } else if (iommu->select == TW_SELECT_SECURE_USER) {
        index = (unsigned)user + (secure || unspecified ? 0u : 2u);
    } else if (iommu->select == TW_SELECT_REQUESTER) {
        index = (attrs >> TW_ATTR_REQUESTER_SHIFT) & 0xffff;
    }
    return index % iommu->indexes;
}

static TwByte refuse(TwWhere where, unsigned depth)
{
    return (TwByte){.where = where, .region = TW_NONE, .depth = depth};
}

/* By a link; `at`: an offset of IOMMU `by`, or a virtual address. */
static TwByte refuse_by(const TwWorld *world, TwWhere where, unsigned depth,
                        TwReasonKind why, unsigned by, unsigned level,
                        uint64_t at)
{
    TwByte byte = refuse(where, depth);

    if (world->reasons) {
        tw_byte_refuse(
            &byte, (TwReason){(uint8_t)why, (uint8_t)by, (uint8_t)level, at});
    }
    return byte;
}

/* The topology as at t, searched oldest first. */
static const TwSnapshot *topology_at(const TwWorld *world, uint32_t t)
{
    const TwSnapshot *snapshot = &world->snapshots[0];

    for (uint32_t s = 0; s < world->n_snapshots; s++) {
        if (world->snapshots[s].tick <= t) {
            snapshot = &world->snapshots[s];
        }
    }
    return snapshot;
}

static TwByte end_in_leaf(const TwNode *node, const TwShown *in, uint64_t x,
                          unsigned depth)
{
    TwByte byte = {
        .where = TW_AT_LEAF,
        .region = in->region,
        .offset = x,
        .depth = depth,
    };

    if (in->readonly) {
        byte.flags = TW_LOC_READONLY;
    }
    if (node->kind == TW_REGION_ROMD && node->romd_mode) {
        byte.flags |= TW_LOC_ROMD;
    }
    return byte;
}

/* The combined record that a hop begins (LA-54), as TwAsked numbers it; 0:
 * none. */
static uint8_t pair_from(const TwRecords *records, unsigned depth,
                         unsigned iommu, unsigned index, uint64_t granule)
{
    for (unsigned n = 0; records && n < records->n; n++) {
        const TwRequest *r = &records->list[n].request;

        if (records->list[n].both && r->iommu == iommu && r->index == index &&
            r->granule == granule && r->depth == depth) {
            return (uint8_t)(2 * n + 1);
        }
    }
    return 0;
}

/* When the parts of the translation were read: as a record says, or else at
 * time t. */
static TwParts translated_at(const Nest *nest, unsigned table, unsigned iommu,
                             unsigned index, uint64_t granule, uint32_t t)
{
    unsigned n = nest->records ? nest->records->n : 0;

    while (n-- > 0) {
        const TwRecord *record = &nest->records->list[n];
        const TwRequest *r = &record->request;

        if (!record->both && record->combined == nest->pair &&
            r->depth == nest->depth && r->table == table &&
            r->granule == granule && r->iommu == iommu && r->index == index &&
            (table == 0 || r->asker == nest->page)) {
            return record->parts;
        }
    }
    return (TwParts){
        .lookup = t, .entry = t, .root = t, .from = (uint8_t)index};
}

/* What an IOMMU makes of offset x, asked at time t in the read `table` (TwHop)
 * of the way; nothing is present in nested tables of nested tables. */
static Record asked_at(const Nest *nest, unsigned table, uint8_t iommu,
                       unsigned index, uint64_t x, uint32_t t)
{
    const TwProgram *program = nest->world->program;
    const TwIommu *m = &program->iommus[iommu];
    TwParts parts =
        translated_at(nest, table, iommu, index, x >> m->granule_lg, t);
    Nest inner = {.world = nest->world, .deep = true};

    if (bypassed(nest->world, iommu, parts.entry)) {
        return (Record){.present = true,
                        .space = m->bypass_space,
                        .perm = TW_R | TW_W,
                        .marked = TW_R | TW_W,
                        .out = x};
    }
    return m->kind == TW_IOMMU_PAGETABLE
               ? replay_tables(table ? &inner : nest, iommu, (uint8_t)index, x,
                               &parts)
               : replay_table(nest->world, iommu, (uint8_t)index, x,
                              parts.entry);
}

/* One byte of an entry of nested tables (LA-53), as at time t. */
static bool nested_byte(const Nest *nest, uint8_t space, uint64_t address,
                        unsigned level, uint8_t domain, uint32_t t,
                        uint8_t *byte)
{
    const TwWorld *world = nest->world;
    const TwSnapshot *snapshot = topology_at(world, t);

    for (unsigned hops = 0;; hops++) {
        const TwShown *in;
        const TwNode *node;
        const TwIommu *m;
        Record record;
        uint64_t x;
        Part part;

        part.snapshot = NULL;
        in = look_up(&part, snapshot, space, address);
        node = in ? &snapshot->nodes[in->region] : NULL;
        x = in ? in->offset + (address - in->first) : 0;
        if (node &&
            (node->kind == TW_REGION_RAM || node->kind == TW_REGION_ROM)) {
            *byte = world->ram.byte(world->ram.data, node->block, x, t);
            return true;
        }
        if (!node || node->kind != TW_REGION_IOMMU ||
            hops == TW_MAX_TABLE_HOPS) {
            return false;
        }
        m = &world->program->iommus[node->iommu];
        if (m->kind == TW_IOMMU_PAGETABLE && m->pagetable.nested) {
            return false;
        }
        record = asked_at(nest, level * 16 + hops, node->iommu,
                          pick_index(m, tw_table_attrs(domain)), x, t);
        if (!record.present || record.blocked || !(record.perm & TW_R)) {
            return false;
        }
        space = record.space;
        address = record.out;
    }
}

static bool nested_word(const Nest *nest, uint8_t space, uint64_t address,
                        unsigned level, uint8_t domain, uint32_t t,
                        uint64_t *word)
{
    *word = 0;
    for (unsigned k = 0; k < 8; k++) {
        uint8_t byte;

        if (address + k < address ||
            !nested_byte(nest, space, address + k, level, domain, t, &byte)) {
            return false;
        }
        *word |= (uint64_t)byte << 8 * k;
    }
    return true;
}

static TwByte flat_byte(const TwWorld *world, const TwAccess *access,
                        unsigned k, TwTimes times, Views *views, Trail *trail)
{
    const TwProgram *program = world->program;
    uint64_t address = (access->addr + k) & ~access->above;
    uint8_t space = access->space, pair = 0;

    trail->n = 0;
    trail->unmarked = false;
    trail->page = TW_NIL;
    if (access->cpu != TW_BOARD) {
        int32_t i =
            replay_page(world, access->cpu, access->mmu, address, times.then);

        trail->page = i;
        if (i == TW_NIL || !world->pages[i].present ||
            access->page_rights & ~world->pages[i].perm) {
            bool there = i != TW_NIL && world->pages[i].present;

            return refuse_by(world, TW_AT_PAGE, 0,
                             there ? TW_REASON_RIGHTS : TW_REASON_ABSENT,
                             TW_NONE, 0, address);
        }
        address = world->pages[i].out | (address - world->pages[i].first);
    }
    for (unsigned depth = 0;; depth++) {
        uint32_t when = depth < times.topology ? times.then : times.now;
        const TwSnapshot *snapshot = topology_at(world, when);
        const TwShown *in;
        const TwNode *node;
        uint64_t x;
        unsigned index;
        Record record;
        uint8_t i;

        in = look_up(&views->at[depth], snapshot, space, address);
        if (!in) {
            return refuse(TW_AT_HOLE, depth);
        }
        node = &snapshot->nodes[in->region];
        x = in->offset + (address - in->first);
        if (node->kind != TW_REGION_IOMMU) {
            return end_in_leaf(node, in, x, depth);
        }
        if (depth == program->hops) {
            TwByte byte = refuse_by(world, TW_AT_LOOP, depth, TW_REASON_HOPS,
                                    node->iommu, 0, x);

            byte.region = in->region;
            return byte;
        }
        i = node->iommu;
        when = depth < times.hops ? times.then : times.now;
        index = pick_index(&program->iommus[i], access->attrs);
        trail->at[trail->n].iommu = i;
        trail->at[trail->n++].granule = x >> program->iommus[i].granule_lg;
        pair = pair & 1 ? pair + 1
                        : pair_from(times.records, depth, i, index,
                                    x >> program->iommus[i].granule_lg);
        when = pair ? times.records->list[(pair - 1) / 2].parts.entry : when;
        record = asked_at(&(Nest){.world = world,
                                  .records = times.records,
                                  .depth = depth,
                                  .page = x >> program->iommus[i].granule_lg,
                                  .pair = pair},
                          0, i, index, x, when);
        if (!record.present || access->hop_rights & ~record.perm) {
            return refuse_by(world, TW_AT_HOP, depth,
                             record.present ? TW_REASON_RIGHTS
                                            : (TwReasonKind)record.why,
                             i, record.level, x);
        }
        trail->unmarked |= (access->hop_rights & ~record.marked) != 0;
        if (record.blocked) {
            TwByte byte = refuse(TW_AT_BLOCKED, depth + 1);

            byte.region = in->region;
            byte.offset = x;
            return byte;
        }
        space = record.space;
        address = record.out;
    }
}

/* Where page-map assignments differ within a page, one is below its size. */
static bool same_trail(const Trail *a, const Trail *b)
{
    if (a->page != b->page || a->n != b->n) {
        return false;
    }
    for (unsigned i = 0; i < a->n; i++) {
        if (a->at[i].iommu != b->at[i].iommu ||
            a->at[i].granule != b->at[i].granule) {
            return false;
        }
    }
    return true;
}

void tw_flat(const TwWorld *world, const TwAccess *access, uint8_t mask,
             TwTimes times, TwByte bytes[TW_MAX_ACCESS], uint8_t *cuts,
             bool *unmarked)
{
    Trail trails[2];
    Views views;

    for (unsigned i = 0; i <= world->program->hops; i++) {
        views.at[i].snapshot = NULL;
    }
    *cuts = 0;
    *unmarked = false;
    for (unsigned k = 0; k < TW_MAX_ACCESS; k++) {
        if (mask >> k & 1) {
            bytes[k] =
                flat_byte(world, access, k, times, &views, &trails[k & 1]);
            *unmarked |= trails[k & 1].unmarked;
            if (k && mask >> (k - 1) & 1 &&
                !same_trail(&trails[0], &trails[1])) {
                *cuts |= 1u << k;
            }
        }
    }
}

bool tw_flat_agrees(const TwWorld *world, const TwAccess *access, uint8_t mask,
                    TwTimes times)
{
    TwByte bytes[TW_MAX_ACCESS];
    uint8_t cuts, both = mask & (uint8_t)(mask << 1);
    bool unmarked;
    TwWalk walk;

    tw_walk(world, access, mask, times, &walk);
    tw_flat(world, access, mask, times, bytes, &cuts, &unmarked);
    if ((walk.cuts & both) != (cuts & both) || walk.unmarked != unmarked) {
        return false;
    }
    for (unsigned k = 0; k < TW_MAX_ACCESS; k++) {
        const TwByte *a = &walk.bytes[k], *b = &bytes[k];

        if (mask >> k & 1 && (!tw_byte_same(a, b) || a->depth != b->depth)) {
            return false;
        }
    }
    return true;
}
