/* SPDX-License-Identifier: MIT */
/*
 * A walk once more, for people: one byte, with each step written down and the
 * rule that decides it.  Written from the rules, region by region; links are
 * looked up where the judge looks them up.  The end must be that of tw_walk():
 * a story that differs from the judge's walk would be worse than none.
 */
#include "oracle/story/tell.h"

#include <string.h>

#include "oracle/world/iommu.h"
#include "oracle/world/page.h"

const char *tw_step_name(unsigned kind)
{
    static const char *const names[TW_STEPS] = {
        "page",      "space",   "region", "alias", "nothing",
        "translate", "context", "entry",  "end",
    };

    return kind < TW_STEPS ? names[kind] : NULL;
}

typedef struct Teller {
    const TwWorld *world;
    const TwAccess *access;
    TwTimes times;
    const TwSnapshot *snapshot; /* of the space at hand */
    GArray *steps;
    uint8_t stage;
    uint8_t combined; /* of the last hop (TwAsked) */
    bool readonly;    /* some flag on the path to `end` (FV-2) */
    TwByte end;
    TwReason denial; /* of the last link, should it refuse (LA-60) */
} Teller;

/* The walk ends where a link refuses. */
static void refuse(Teller *t, TwWhere where)
{
    bool reasons = t->world->reasons;

    t->end.where = (uint8_t)where;
    t->end.offset = 0;
    t->end.flags = 0;
    if (reasons) {
        tw_byte_refuse(&t->end, t->denial);
    }
}

/* Adds a step without operands; the pointer holds until the next one. */
static TwStep *add(Teller *t, uint8_t kind, unsigned indent, const char *rule)
{
    TwStep step = {
        .kind = kind,
        .stage = t->stage,
        .indent = indent,
        .region = TW_NONE,
        .to = TW_NONE,
        .space = TW_NONE,
        .iommu = TW_NONE,
        .index = TW_NONE,
        .op = TW_NO_OP,
        .rule = rule,
    };

    g_array_append_val(t->steps, step);
    return &g_array_index(t->steps, TwStep, t->steps->len - 1);
}

/* Regions ----------------------------------------------------------------- */

static bool within(const TwNode *node, uint64_t x)
{
    return x >= node->addr && x - node->addr <= node->last;
}

static uint64_t bit(unsigned r)
{
    return (uint64_t)1 << r;
}

/* Notes the siblings that a region is seen over: the order decides. */
static void note_under(TwStep *step, uint64_t under)
{
    step->under = under;
    if (under) {
        step->rule = step->kind == TW_STEP_ALIAS       ? "MR-5, FV-1"
                     : strcmp(step->rule, "FV-3") == 0 ? "MR-5, FV-3"
                                                       : "MR-5";
    }
}

static bool enter(Teller *t, uint8_t r, uint64_t x, unsigned indent,
                  bool readonly);

/* The part of an alias's target that is behind it, if any (FV-1). */
static bool enter_alias(Teller *t, uint8_t r, uint64_t x, unsigned indent,
                        bool readonly)
{
    const TwNode *node = &t->snapshot->nodes[r];
    const TwNode *target = &t->snapshot->nodes[node->target];
    TwStep *step = add(t, TW_STEP_ALIAS, indent, "FV-1");
    uint64_t to = x + node->alias_offset;

    step->region = r;
    step->to = node->target;
    step->at = x;
    step->out = to;
    if (!target->shown) {
        step->hidden = bit(node->target);
    }
    if (target->shown && to >= x && to <= target->last) {
        return enter(t, node->target, to, indent, readonly);
    }
    add(t, TW_STEP_NOTHING, indent + 1, "FV-1")->region = node->target;
    return false;
}

/* Offset x of region r; true if something terminates the walk there. */
static bool enter(Teller *t, uint8_t r, uint64_t x, unsigned indent,
                  bool readonly)
{
    const TwNode *nodes = t->snapshot->nodes, *node = &nodes[r];
    bool children = false;
    unsigned own;
    TwStep *step;

    readonly |= node->readonly;
    if (node->kind == TW_REGION_ALIAS) {
        return enter_alias(t, r, x, indent, readonly);
    }
    own = t->steps->len;
    step = add(t, TW_STEP_REGION, indent, "MR-5");
    step->region = r;
    step->at = x;
    for (uint8_t c = node->first_child; c != TW_NONE;
         c = nodes[c].next_sibling) {
        uint64_t under = 0;
        unsigned first = t->steps->len;

        if (!within(&nodes[c], x)) {
            continue;
        }
        if (!nodes[c].shown) {
            g_array_index(t->steps, TwStep, own).hidden |= bit(c);
            continue;
        }
        children = true;
        if (!enter(t, c, x - nodes[c].addr, indent + 1, readonly)) {
            continue;
        }
        for (uint8_t d = nodes[c].next_sibling; d != TW_NONE;
             d = nodes[d].next_sibling) {
            under |= nodes[d].shown && within(&nodes[d], x) ? bit(d) : 0;
        }
        note_under(&g_array_index(t->steps, TwStep, first), under);
        return true;
    }
    if (node->kind == TW_REGION_CONTAINER) {
        add(t, TW_STEP_NOTHING, indent + 1, "FV-1")->region = r;
        return false;
    }
    /* What terminates fills the holes between its children. */
    g_array_index(t->steps, TwStep, own).rule =
        children ? "MR-1, FV-1" : "FV-3";
    t->end.region = r;
    t->end.offset = x;
    t->readonly = readonly;
    return true;
}

/* From hop to hop --------------------------------------------------------- */

static bool in_bypass(const TwWorld *world, uint8_t iommu, uint32_t time)
{
    int32_t i = world->switch_head[iommu];

    while (world->switches[i].tick > time) {
        i = world->switches[i].older;
    }
    return world->switches[i].on;
}

/* Address a in `space`; false if the walk ends there (t->end says how). */
static bool resolve(Teller *t, uint8_t space, uint64_t a)
{
    uint8_t root = space < TW_MAX_SPACES ? t->snapshot->root[space] : TW_NONE;
    const TwNode *node = root == TW_NONE ? NULL : &t->snapshot->nodes[root];
    TwStep *step = add(t, TW_STEP_SPACE, 0, root == TW_NONE ? "LA-8" : "TX-2");

    step->space = space;
    step->region = root;
    step->at = a;
    step->op = t->snapshot->op;
    step->since = t->snapshot->tick;
    step->there = node && node->shown && within(node, a);
    t->end.where = TW_AT_HOLE;
    t->end.region = TW_NONE;
    t->end.offset = 0;
    if (node && !node->shown) {
        step->hidden = bit(root);
    }
    return step->there && enter(t, root, a - node->addr, 1, false);
}

/* A translation whose tables are told. */
typedef struct TableTeller {
    Teller *teller;
    const TwIommu *iommu;
    uint8_t id;
} TableTeller;

/* TwTableSeer.see */
static void see_table(void *data, const TwTableSeen *seen)
{
    const TableTeller *tables = data;
    TwStep *step =
        add(tables->teller, seen->level ? TW_STEP_ENTRY : TW_STEP_CONTEXT, 1,
            seen->level && tables->iommu->pagetable.nested ? "LA-53" : "LA-35");

    step->iommu = tables->id;
    step->level = seen->level;
    step->mode = seen->mode;
    step->domain = seen->domain;
    step->there = seen->level ? seen->there : seen->mode != TW_CONTEXT_NONE;
    step->at = seen->at;
    step->out = seen->value;
    step->op = seen->op;
    step->since = seen->since;
    if (seen->level && tables->iommu->pagetable.nested) {
        step->space = tables->iommu->bypass_space;
    } else if (seen->level) {
        step->region = tables->iommu->pagetable.tables;
    }
}

/* Offset x of an IOMMU; false if the walk is refused there; *blocked: it ends
 * there. */
static bool translate(Teller *t, uint8_t iommu, uint64_t x, uint32_t time,
                      unsigned depth, uint8_t *space, uint64_t *a,
                      bool *blocked)
{
    const TwIommu *what = &t->world->program->iommus[iommu];
    uint8_t index = tw_walk_index(what, t->access->attrs);
    TwRequest request = {.granule = x >> what->granule_lg,
                         .iommu = iommu,
                         .index = index,
                         .depth = (uint8_t)depth};
    TwAsked asked =
        tw_walk_asked(t->times.records, &request, t->combined, time);
    unsigned at = t->steps->len;
    TableTeller tables = {t, what, iommu};
    TwTableSeer seer = {see_table, &tables};
    TwLookUp how = {.records = t->times.records,
                    .depth = (uint8_t)depth,
                    .combined = asked.combined,
                    .seer = &seer};
    uint8_t need = t->access->hop_rights;
    TwFound found;
    TwStep *step;
    bool granted;

    add(t, TW_STEP_TRANSLATE, 0, NULL);
    found = tw_walk_translation(t->world, iommu, index, x, asked.parts, &how);
    granted = (found.perm & need) == need;
    step = &g_array_index(t->steps, TwStep, at);
    step->rule = found.blocked    ? "LA-31"
                 : asked.combined ? "LA-11, LA-54"
                 : asked.recorded ? "LA-11, LA-51"
                 : granted        ? "LA-11, LA-13"
                                  : "LA-11, IW-1";
    t->combined = asked.combined;
    step->iommu = iommu;
    step->index = index;
    step->at = x;
    step->out = found.out;
    step->space = found.space;
    step->perm = found.perm;
    step->need = need;
    step->there = found.perm != 0;
    step->bypass = !asked.recorded && in_bypass(t->world, iommu, asked.asked);
    step->recorded = asked.recorded;
    step->combined = asked.combined;
    step->blocked = *blocked = found.blocked;
    step->op = found.op;
    step->since = found.since;
    t->denial = (TwReason){found.denial, iommu, found.level, x};
    *space = found.space;
    *a = found.out;
    return granted;
}

static void walk(Teller *t, uint8_t space, uint64_t a)
{
    for (unsigned depth = 0;; depth++) {
        uint32_t topology =
            depth < t->times.topology ? t->times.then : t->times.now;
        uint32_t table = depth < t->times.hops ? t->times.then : t->times.now;
        const TwNode *node;
        bool blocked;

        t->snapshot = tw_world_snapshot(t->world, topology);
        t->stage = 2 * depth + 1;
        t->end.depth = depth;
        if (!resolve(t, space, a)) {
            return;
        }
        node = &t->snapshot->nodes[t->end.region];
        if (node->kind != TW_REGION_IOMMU) {
            t->end.where = TW_AT_LEAF;
            t->end.flags =
                (t->readonly || node->kind == TW_REGION_ROM ? TW_LOC_READONLY
                                                            : 0) |
                (node->kind == TW_REGION_ROMD && node->romd_mode ? TW_LOC_ROMD
                                                                 : 0);
            return;
        }
        if (depth >= t->world->program->hops) {
            t->denial = (TwReason){.kind = TW_REASON_HOPS,
                                   .iommu = node->iommu,
                                   .address = t->end.offset};
            refuse(t, TW_AT_LOOP);
            return;
        }
        t->stage++;
        if (!translate(t, node->iommu, t->end.offset, table, depth, &space, &a,
                       &blocked)) {
            t->end.region = TW_NONE;
            refuse(t, TW_AT_HOP);
            return;
        }
        if (blocked) {
            t->end.where = TW_AT_BLOCKED;
            t->end.flags = 0;
            t->end.depth = (uint8_t)(depth + 1);
            return;
        }
    }
}

/* The page map, and the whole --------------------------------------------- */

/* In *a the address behind the page map; false: refused. */
static bool through_page_map(Teller *t, uint64_t addr, uint64_t *a)
{
    const TwAccess *access = t->access;
    bool uniform;
    const TwPageEntry *entry = tw_page_find(t->world, access->cpu, access->mmu,
                                            addr, 0, t->times.then, &uniform);
    TwStep *step = add(t, TW_STEP_PAGE, 0, "LA-20");

    step->at = addr;
    step->need = access->page_rights;
    t->denial = (TwReason){.kind = entry && entry->present ? TW_REASON_RIGHTS
                                                           : TW_REASON_ABSENT,
                           .iommu = TW_NONE,
                           .address = addr};
    t->end.where = TW_AT_PAGE;
    if (!entry) {
        return false;
    }
    step->op = entry->op;
    step->since = entry->tick;
    step->there = entry->present;
    step->perm = entry->perm;
    step->out = *a = entry->out + (addr - entry->first);
    return (entry->perm & access->page_rights) == access->page_rights;
}

static const char *end_rule(const Teller *t)
{
    switch (t->end.where) {
    case TW_AT_LEAF:
        return t->end.flags & TW_LOC_READONLY ? "LA-9" : "FV-3";
    case TW_AT_HOLE:
        return "IW-4, LA-8";
    case TW_AT_HOP:
        return "IW-1";
    case TW_AT_LOOP:
        return "LA-14, IW-8";
    case TW_AT_BLOCKED:
        return "LA-32";
    default:
        return "LA-20";
    }
}

bool tw_tell(const TwWorld *world, const TwAccess *access, unsigned k,
             TwTimes times, TwTale *tale)
{
    g_autofree TwWalk *judged = g_new(TwWalk, 1);
    Teller t = {
        .world = world,
        .access = access,
        .times = times,
        .steps = g_array_sized_new(FALSE, FALSE, sizeof(TwStep), 64),
        .end.region = TW_NONE,
    };
    uint64_t addr = tw_access_at(access, k), a = addr;
    const TwByte *byte = &judged->bytes[k];

    if (access->cpu == TW_BOARD || through_page_map(&t, addr, &a)) {
        walk(&t, access->space, a);
    } else {
        refuse(&t, TW_AT_PAGE);
    }
    add(&t, TW_STEP_END, 0, end_rule(&t));
    tw_walk(world, access, 1u << k, times, judged);
    tale->steps = t.steps;
    tale->end = (TwPlace){
        .from = k,
        .length = 1,
        .where = byte->where,
        .region = byte->where == TW_AT_HOP ? TW_NONE : byte->region,
        .flags = byte->where == TW_AT_LEAF ? byte->flags : 0,
        .depth = byte->depth,
        .offset = byte->offset,
        .reason = tw_byte_reason(byte),
    };
    return tw_byte_same(byte, &t.end) && byte->depth == t.end.depth;
}
