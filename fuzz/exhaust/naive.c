/* SPDX-License-Identifier: MIT */
/* See naive.h. */
#include "fuzz/exhaust/naive-hops.h"

#include <string.h>

#include "program/ops.h"

static NaiveAnswer refused(TwClass class_)
{
    return (NaiveAnswer){(uint8_t)class_, TW_NONE, 0};
}

/* What a walk may end in. */
typedef struct Ends {
    unsigned n;
    struct {
        NaiveAnswer answer;
        bool denied; /* an IOMMU, or the limit of hops, refused it; a hole does
                      * not */
    } list[NAIVE_ANSWERS];
    bool overflow;
} Ends;

static void add_end(Ends *ends, NaiveAnswer answer, bool denied)
{
    if (ends->n == NAIVE_ANSWERS) {
        ends->overflow = true;
        return;
    }
    ends->list[ends->n].answer = answer;
    ends->list[ends->n++].denied = denied;
}

/* The walks as they may be now, from an address of a space behind `hops`
 * hops. */
static void walk_from(const Naive *n, uint8_t space, uint64_t addr,
                      unsigned hops, uint8_t need, Ends *ends)
{
    NaiveHop hop[NAIVE_RECORDS + 1];
    NaivePair pairs[NAIVE_PAIRS];
    uint64_t offset = 0;
    uint8_t leaf = tw_naive_leaf(n, space, addr, &offset);
    unsigned count;

    if (leaf == TW_NONE) {
        add_end(ends, refused(TW_CLASS_DECODE_ERROR), false);
        return;
    }
    if (!tw_naive_is_iommu(n, leaf)) {
        add_end(ends, (NaiveAnswer){TW_CLASS_OK, leaf, offset}, false);
        return;
    }
    if (hops == n->program->hops) {
        add_end(ends, refused(TW_CLASS_LOOP), true);
        return;
    }
    count =
        tw_naive_translations(n, n->program->regions[leaf].iommu, offset, hop);
    for (unsigned i = 0; i < count; i++) {
        if (need & ~hop[i].perm) {
            add_end(ends, refused(TW_CLASS_DECODE_ERROR), true);
        } else {
            walk_from(n, hop[i].space, hop[i].out, hops + 1, need, ends);
        }
    }
    if (hops + 2u > n->program->hops) {
        return;
    }
    count = tw_naive_pairs(n, n->program->regions[leaf].iommu, offset, pairs);
    for (unsigned i = 0; i < count; i++) {
        if (need & ~(pairs[i].first.perm & pairs[i].second.perm)) {
            add_end(ends, refused(TW_CLASS_DECODE_ERROR), true);
        } else {
            walk_from(n, pairs[i].second.space, pairs[i].second.out, hops + 2,
                      need, ends);
        }
    }
}

/* Entries ------------------------------------------------------------------ */

static void set_add(NaiveSet *set, unsigned entry)
{
    set->bits[entry / 64] |= UINT64_C(1) << entry % 64;
}

static bool set_has(const NaiveSet *set, unsigned entry)
{
    return set->bits[entry / 64] >> entry % 64 & 1;
}

static void set_drop(NaiveSet *set, unsigned entry)
{
    set->bits[entry / 64] &= ~(UINT64_C(1) << entry % 64);
}

/* The number of this entry, which may be a new one. */
static unsigned entry_number(Naive *n, const NaiveEntry *entry)
{
    for (unsigned i = 1; i <= n->n_entries; i++) {
        if (memcmp(&n->entries[i], entry, sizeof(*entry)) == 0) {
            return i;
        }
    }
    if (n->n_entries + 1 == NAIVE_ENTRIES) {
        n->overflow = true;
        return 0;
    }
    n->entries[++n->n_entries] = *entry;
    return n->n_entries;
}

static void fetch_on(Naive *n, NaiveEntry entry, NaiveSet *set);

/* Adds what combined records lead to at the last hop of the entry, an IOMMU
 * asked for this offset; with the hop before it, the entry grants `perm`. */
static void fetch_pairs(Naive *n, NaiveEntry entry, uint8_t perm,
                        uint64_t offset, NaiveSet *set)
{
    NaivePair pairs[NAIVE_PAIRS];
    unsigned count;

    if (entry.n_hops == n->program->hops || entry.n_hops == NAIVE_HOPS) {
        return;
    }
    count = tw_naive_pairs(n, entry.iommu[entry.n_hops - 1], offset, pairs);
    entry.n_hops++;
    for (unsigned i = 0; i < count; i++) {
        entry.iommu[entry.n_hops - 1] = pairs[i].behind;
        entry.window[entry.n_hops - 1] = pairs[i].window;
        entry.perm = perm & pairs[i].first.perm & pairs[i].second.perm;
        entry.space = pairs[i].second.space;
        entry.addr = pairs[i].second.out;
        if (entry.perm != 0) {
            fetch_on(n, entry, set);
        }
    }
}

/* Adds the entry, and all that goes on from it: each number of hops, and the
 * whole way, as far as something is granted. */
static void fetch_on(Naive *n, NaiveEntry entry, NaiveSet *set)
{
    NaiveHop hops[NAIVE_RECORDS + 1];
    uint64_t offset = 0;
    unsigned count;
    uint8_t leaf, perm = entry.perm;

    set_add(set, entry_number(n, &entry));
    if (!tw_naive_one_leaf(n, entry.space, entry.addr)) {
        return; /* what is behind it is found out on each access */
    }
    leaf = tw_naive_leaf(n, entry.space, entry.addr, &offset);
    if (!tw_naive_is_iommu(n, leaf)) {
        entry.whole = true;
        entry.region = leaf;
        entry.offset = leaf == TW_NONE ? 0 : offset;
        set_add(set, entry_number(n, &entry));
        return;
    }
    if (entry.n_hops == n->program->hops || entry.n_hops == NAIVE_HOPS) {
        return;
    }
    count =
        tw_naive_translations(n, n->program->regions[leaf].iommu, offset, hops);
    entry.iommu[entry.n_hops] = n->program->regions[leaf].iommu;
    entry.window[entry.n_hops++] = offset;
    for (unsigned i = 0; i < count; i++) {
        entry.perm = perm & hops[i].perm;
        entry.space = hops[i].space;
        entry.addr = hops[i].out;
        if (entry.perm != 0) {
            fetch_on(n, entry, set);
        }
    }
    fetch_pairs(n, entry, perm, offset, set);
}

/* Adds all that may be obtained of a page now. */
static void fetch(Naive *n, unsigned cpu, unsigned page, NaiveSet *set)
{
    const NaivePage *map = &n->map[cpu][page];
    NaiveEntry entry;

    if (!map->valid || map->perm == 0) {
        return;
    }
    memset(&entry, 0, sizeof(entry));
    entry.since = n->n_events[cpu];
    entry.page.valid = true;
    entry.page.perm = map->perm;
    entry.page.lg = map->lg;
    entry.page.first = map->first;
    entry.page.pa = map->pa;
    entry.perm = map->perm & (TW_R | TW_W);
    entry.space = n->program->cpus[cpu].mmu[0].space;
    entry.addr = map->pa;
    fetch_on(n, entry, set);
}

/* It may have fetched, or dropped, anything at any time. */
static void settle(Naive *n)
{
    tw_naive_record(n);
    for (unsigned c = 0; c < NAIVE_CPUS; c++) {
        if (!n->program->cpus[c].present) {
            continue;
        }
        for (unsigned p = 0; p < NAIVE_PAGES; p++) {
            set_add(&n->held[c][p], 0);
            fetch(n, c, p, &n->held[c][p]);
        }
    }
}

/* Events ------------------------------------------------------------------- */

static bool ends(const Naive *n, const NaiveEvent *event,
                 const NaiveEntry *entry)
{
    uint64_t low = tw_naive_page_size(n) - 1;

    if ((int)event->kind == n->deaf_to) {
        return false;
    }
    switch (event->kind) {
    case EVENT_ALL:
        return true;
    case EVENT_UNMAP:
        for (unsigned h = 0; h < entry->n_hops; h++) {
            if (entry->iommu[h] == event->iommu &&
                entry->window[h] <= event->last &&
                (entry->window[h] | low) >= event->first) {
                return true;
            }
        }
        return false;
    default:
        return entry->page.first <= event->last &&
               entry->page.first + (UINT64_C(1) << entry->page.lg) - 1 >=
                   event->first;
    }
}

static void reach(Naive *n, unsigned cpu, const NaiveEvent *event)
{
    for (unsigned p = 0; p < NAIVE_PAGES; p++) {
        for (unsigned e = 1; e <= n->n_entries; e++) {
            if (set_has(&n->held[cpu][p], e) &&
                ends(n, event, &n->entries[e])) {
                set_drop(&n->held[cpu][p], e);
                set_add(&n->held[cpu][p], 0);
            }
        }
    }
}

/* At once for the CPU that acts, else queued (LA-4). */
static void tell(Naive *n, unsigned cpu, uint8_t actor, NaiveEvent event)
{
    if (!n->program->cpus[cpu].present) {
        return;
    }
    if (cpu == actor) {
        reach(n, cpu, &event);
    } else if (n->n_events[cpu] == NAIVE_EVENTS) {
        n->overflow = true;
    } else {
        n->events[cpu][n->n_events[cpu]++] = event;
    }
}

static void tell_all(Naive *n, uint8_t actor, NaiveEvent event)
{
    for (unsigned c = 0; c < NAIVE_CPUS; c++) {
        tell(n, c, actor, event);
    }
}

/* What waited was heeded at this moment at the latest, or at any before. */
static void safe_point(Naive *n, unsigned cpu)
{
    unsigned n_events = n->n_events[cpu], n_entries = n->n_entries;

    if (n_events == 0) {
        return;
    }
    for (unsigned p = 0; p < NAIVE_PAGES; p++) {
        NaiveSet before = n->held[cpu][p]; /* an entry may become another */
        NaiveSet *held = &n->held[cpu][p];

        memset(held, 0, sizeof(*held));
        set_add(held, 0);
        for (unsigned e = 1; e <= n_entries; e++) {
            NaiveEntry entry = n->entries[e];
            bool ended = false;

            if (!set_has(&before, e)) {
                continue;
            }
            for (unsigned i = entry.since; i < n_events; i++) {
                ended |= ends(n, &n->events[cpu][i], &entry);
            }
            entry.since = 0;
            if (!ended) {
                set_add(held, entry_number(n, &entry));
            }
        }
    }
    n->n_events[cpu] = 0;
}

/* Operations --------------------------------------------------------------- */

static void set_page(Naive *n, const TwOp *op)
{
    for (unsigned p = 0; p < NAIVE_PAGES; p++) {
        uint64_t at = (uint64_t)p << n->program->page_lg;

        if (at >= op->addr && at - op->addr < UINT64_C(1) << op->lg) {
            n->map[op->obj][p] = (NaivePage){.valid = false};
            if (op->code == TW_OP_PAGE) {
                n->map[op->obj][p] = (NaivePage){
                    true, op->perm, op->lg, op->addr, op->out + at - op->addr};
            }
        }
    }
}

/* map, unmap, protect; true if something was there. */
static bool set_entries(Naive *n, const TwOp *op)
{
    bool had = false;

    for (unsigned p = 0; p < NAIVE_IOMMU_PAGES; p++) {
        NaiveHop *hop = &n->table[op->obj][p];
        uint64_t at = (uint64_t)p << n->program->page_lg;

        if (at < op->addr || at > op->last) {
            continue;
        }
        had |= hop->valid;
        if (op->code == TW_OP_MAP && op->perm != 0) {
            *hop =
                (NaiveHop){true, op->other, op->perm, op->out + at - op->addr};
        } else if (op->code != TW_OP_PROTECT || op->perm == 0) {
            *hop = (NaiveHop){.valid = false};
        } else if (hop->valid) {
            hop->perm = op->perm;
        }
    }
    return had;
}

/* The blocks of an MPC: those of index 0 that are open (LA-31).  Returns which
 * changed. */
static uint32_t set_blocks(Naive *n, uint8_t iommu, uint64_t word)
{
    uint8_t open = n->program->iommus[iommu].bypass_space;
    uint32_t changed = 0;

    for (unsigned p = 0; p < NAIVE_IOMMU_PAGES; p++) {
        NaiveHop *hop = &n->table[iommu][p];
        uint8_t space = word >> p & 1 ? NAIVE_BLOCKED : open;

        changed |= (uint32_t)(hop->space != space) << p;
        *hop = (NaiveHop){true, space, TW_R | TW_W,
                          (uint64_t)p << n->program->page_lg};
    }
    return changed;
}

static void unmap(Naive *n, uint8_t iommu, uint64_t first, uint64_t last,
                  uint8_t actor)
{
    tw_naive_end_records(n, iommu, first, last);
    tell_all(n, actor, (NaiveEvent){EVENT_UNMAP, iommu, first, last});
}

/* As it is at first, and after a reset. */
static void start_table(Naive *n, uint8_t iommu)
{
    memset(n->table[iommu], 0, sizeof(n->table[iommu]));
    if (n->program->iommus[iommu].kind == TW_IOMMU_MPC) {
        set_blocks(n, iommu, 0);
    }
}

static void perform(Naive *n, const TwOp *op)
{
    bool on = op->flags & TW_OPF_ON;
    NaiveEvent flush = {EVENT_FLUSH, 0, 0, UINT64_MAX};
    uint32_t changed;
    bool had;

    switch (op->code) {
    case TW_OP_PAGE:
    case TW_OP_UNPAGE:
        set_page(n, op);
        break;
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
        had = set_entries(n, op);
        if (had && (op->flags & TW_OPF_NOTIFIED)) {
            unmap(n, op->obj, op->addr, op->last, op->actor);
        }
        break;
    case TW_OP_NOTIFY:
        if (op->events == TW_EVENT_UNMAP) {
            unmap(n, op->obj, op->addr, op->last, op->actor);
        }
        break;
    case TW_OP_MPC_WRITE: /* of BLK_LUT (LA-34) */
        changed = set_blocks(n, op->obj, op->value);
        for (unsigned p = 0; p < NAIVE_IOMMU_PAGES; p++) {
            if (changed >> p & 1) {
                unmap(n, op->obj, p * tw_naive_page_size(n),
                      (p + 1) * tw_naive_page_size(n) - 1, op->actor);
            }
        }
        break;
    case TW_OP_IOMMU_RESET:
        start_table(n, op->obj);
        n->bypass[op->obj] = n->program->iommus[op->obj].bypass;
        unmap(n, op->obj, 0, UINT64_MAX, op->actor);
        break;
    case TW_OP_BYPASS:
        if (n->bypass[op->obj] != on) {
            n->bypass[op->obj] = on;
            unmap(n, op->obj, 0, UINT64_MAX, op->actor);
        }
        break;
    case TW_OP_ENABLE:
        if (n->enabled[op->obj] != on) {
            n->enabled[op->obj] = on;
            tw_naive_commit(n);
            tell_all(n, op->actor, (NaiveEvent){EVENT_ALL, 0, 0, 0});
        }
        break;
    case TW_OP_FLUSH_PAGE:
        flush.first = op->addr & ~(tw_naive_page_size(n) - 1);
        flush.last = op->addr | (tw_naive_page_size(n) - 1);
        /* fall through */
    case TW_OP_FLUSH_ALL:
        if (op->obj == TW_ALL) {
            tell_all(n, op->actor, flush);
        } else {
            tell(n, op->obj, op->actor, flush);
        }
        break;
    case TW_OP_SAFEPOINT:
        safe_point(n, op->obj);
        break;
    default:
        n->overflow = true;
        break;
    }
}

void tw_naive_perform(Naive *n, const TwOp *op)
{
    if (op->actor != TW_BOARD && !n->program->explicit_safepoints) {
        safe_point(n, op->actor);
    }
    perform(n, op);
    settle(n);
}

void tw_naive_init(Naive *n, const TwProgram *program)
{
    memset(n, 0, sizeof(*n));
    n->program = program;
    n->deaf_to = -1;
    for (unsigned i = 0; i < program->n_regions; i++) {
        n->enabled[i] = program->regions[i].enabled;
    }
    for (unsigned i = 0; i < program->n_iommus; i++) {
        n->bypass[i] = program->iommus[i].bypass;
        start_table(n, (uint8_t)i);
    }
    for (unsigned i = 0; i < program->n_setup; i++) {
        perform(n, &program->setup[i]);
    }
    settle(n);
}

/* The world and what waits, bare of what depends on the cache. */
static bool same_world(const Naive *a, const Naive *b)
{
    return memcmp(a->map, b->map, sizeof(a->map)) == 0 &&
           memcmp(a->table, b->table, sizeof(a->table)) == 0 &&
           memcmp(a->bypass, b->bypass, sizeof(a->bypass)) == 0 &&
           memcmp(a->enabled, b->enabled, sizeof(a->enabled)) == 0 &&
           memcmp(a->n_events, b->n_events, sizeof(a->n_events)) == 0;
}

bool tw_naive_matters(const Naive *n, const TwOp *op)
{
    static _Thread_local Naive after;

    if (op->code == TW_OP_FLUSH_PAGE || op->code == TW_OP_FLUSH_ALL ||
        op->code == TW_OP_NOTIFY || op->code == TW_OP_IOMMU_RESET ||
        (op->actor != TW_BOARD && n->n_events[op->actor] > 0)) {
        return true;
    }
    if (op->code == TW_OP_SAFEPOINT) {
        return n->n_events[op->obj] > 0;
    }
    after = *n;
    perform(&after, op);
    /* A CPU that acts is told at once, of which nothing is queued. */
    return !same_world(n, &after) ||
           ((op->flags & TW_OPF_NOTIFIED) && op->actor != TW_BOARD);
}

/* Accesses ----------------------------------------------------------------- */

static void walk(const Naive *n, const TwOp *op, uint8_t need, Ends *ends)
{
    uint64_t page = op->addr >> n->program->page_lg;
    const NaivePage *map = &n->map[op->obj][page];

    if (!map->valid || (need & ~map->perm)) {
        add_end(ends, refused(TW_CLASS_PAGE_FAULT), true);
        return;
    }
    walk_from(n, n->program->cpus[op->obj].mmu[0].space,
              map->pa | (op->addr & (tw_naive_page_size(n) - 1)), 0, need,
              ends);
}

/* What an entry may answer. */
static void answers_of(const Naive *n, const NaiveEntry *entry, const TwOp *op,
                       uint8_t need, Ends *ends)
{
    uint64_t low = op->addr & (tw_naive_page_size(n) - 1);

    if (!entry->whole) {
        walk_from(n, entry->space, entry->addr | low, entry->n_hops, need,
                  ends);
    } else if (entry->region == TW_NONE) {
        add_end(ends, refused(TW_CLASS_DECODE_ERROR), false);
    } else {
        add_end(ends,
                (NaiveAnswer){TW_CLASS_OK, entry->region, entry->offset | low},
                false);
    }
}

static bool same_answer(const NaiveAnswer *a, const NaiveAnswer *b)
{
    return a->class_ == b->class_ && a->region == b->region &&
           a->offset == b->offset;
}

/* The access may have this answer; then the cache may hold entry `held` (0:
 * nothing) for the page. */
static unsigned add_answer(const Naive *start, const TwOp *op,
                           NaiveAnswer answer, unsigned held,
                           NaiveAnswer answers[NAIVE_ANSWERS],
                           Naive after[NAIVE_ANSWERS], unsigned n)
{
    unsigned page = (unsigned)(op->addr >> start->program->page_lg);
    unsigned i;

    for (i = 0; i < n; i++) {
        if (same_answer(&answers[i], &answer)) {
            break;
        }
    }
    if (i == NAIVE_ANSWERS) {
        after[0].overflow = true;
        return n;
    }
    if (i == n) {
        memset(&answers[i], 0, sizeof(answers[i])); /* they are compared */
        answers[i].class_ = answer.class_;
        answers[i].region = answer.region;
        answers[i].offset = answer.offset;
        after[i] = *start;
        memset(&after[i].held[op->obj][page], 0, sizeof(NaiveSet));
        n++;
    }
    set_add(&after[i].held[op->obj][page], held);
    return n;
}

/* A device's: by no cache but those of IOMMUs. */
static unsigned dma_access(const Naive *naive, const TwOp *op, uint8_t need,
                           NaiveAnswer answers[NAIVE_ANSWERS],
                           Naive after[NAIVE_ANSWERS])
{
    Ends ends = {.n = 0};
    unsigned n = 0;

    walk_from(naive, op->obj, op->addr, 0, need, &ends);
    for (unsigned i = 0; i < ends.n; i++) {
        bool known = false;

        for (unsigned k = 0; k < n; k++) {
            known |= same_answer(&answers[k], &ends.list[i].answer);
        }
        if (!known) {
            memset(&answers[n], 0, sizeof(answers[n])); /* they are compared */
            answers[n].class_ = ends.list[i].answer.class_;
            answers[n].region = ends.list[i].answer.region;
            answers[n].offset = ends.list[i].answer.offset;
            after[n++] = *naive;
        }
    }
    after[0].overflow |= ends.overflow;
    return n;
}

unsigned tw_naive_access(const Naive *naive, const TwOp *op,
                         NaiveAnswer answers[NAIVE_ANSWERS],
                         Naive after[NAIVE_ANSWERS])
{
    static _Thread_local Naive start;
    bool store = op->code == TW_OP_WRITE || op->code == TW_OP_DMA_WRITE;
    uint8_t need = store ? TW_W : TW_R;
    unsigned page = (unsigned)(op->addr >> naive->program->page_lg);
    Ends walked = {.n = 0};
    unsigned n = 0;

    if (op->code == TW_OP_DMA_READ || op->code == TW_OP_DMA_WRITE) {
        return dma_access(naive, op, need, answers, after);
    }
    start = *naive;
    if (!start.program->explicit_safepoints) {
        safe_point(&start, op->obj);
        settle(&start);
    }
    walk(&start, op, need, &walked);
    start.overflow |= walked.overflow;
    for (unsigned e = 0; e <= start.n_entries; e++) {
        const NaiveEntry *entry = &start.entries[e];
        bool serves = e > 0 && !(need & ~entry->perm);
        Ends kept = {.n = 0};

        if (!set_has(&start.held[op->obj][page], e)) {
            continue;
        }
        if (serves) {
            answers_of(&start, entry, op, need, &kept);
            start.overflow |= kept.overflow;
        }
        for (unsigned i = 0; i < kept.n; i++) {
            n = add_answer(&start, op, kept.list[i].answer, e, answers, after,
                           n);
        }
        for (unsigned i = 0; i < walked.n; i++) {
            bool denied = walked.list[i].denied;

            if (denied) { /* and the entry was not looked at, or stays */
                n = add_answer(&start, op, walked.list[i].answer, e, answers,
                               after, n);
            } else if (!serves) {
                /* An entry without the right is replaced by the one of the
                 * walk, because there is one entry for a page. */
                n = add_answer(&start, op, walked.list[i].answer, 0, answers,
                               after, n);
            }
        }
    }
    for (unsigned i = 0; i < n; i++) {
        settle(&after[i]);
    }
    return n;
}
