/* SPDX-License-Identifier: MIT */
/*
 * The world: the live region graph, transactions and the topologies that they
 * publish, the log of events that end cached answers, and safe points.  A
 * committed topology is copied whole and kept for the rest of the program,
 * because a CPU before its safe point may still use an older one.
 *
 * Legality is decided by program/legality.h before an operation comes here.
 */
#include "oracle/world/world.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/mman.h>

#define SNAPSHOT_NODES_SIZE \
    ((size_t)TW_MAX_SNAPSHOTS * TW_MAX_REGIONS * sizeof(TwNode))

#define SNAPSHOT_BOUNDS_SIZE \
    ((size_t)TW_MAX_SNAPSHOTS * TW_MAX_REGIONS * sizeof(TwBounds))

/* Much memory, of which most programs use little: it costs nothing until then.
 */
static void *reserve(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory == MAP_FAILED) {
        g_error("oracle: %zu bytes: %s", size, g_strerror(errno));
    }
    return memory;
}

TwWorld *tw_world_new(void)
{
    TwWorld *world = g_new0(TwWorld, 1);

    world->snapshots = g_new(TwSnapshot, TW_MAX_SNAPSHOTS);
    world->snapshot_nodes = reserve(SNAPSHOT_NODES_SIZE);
    world->snapshot_bounds = reserve(SNAPSHOT_BOUNDS_SIZE);
    world->pages = g_new(TwPageEntry, TW_MAX_PAGES);
    world->tables = g_new(TwTableEntry, TW_MAX_ENTRIES);
    world->switches = g_new(TwSwitch, TW_MAX_SWITCHES);
    world->endings = g_new(TwEnding, TW_MAX_ENDS);
    world->owed = g_new(TwOwed, TW_MAX_OWED);
    world->floors = g_new(TwFloor, 2 * TW_MAX_SCRIPT);
    world->order = g_new(int32_t, MAX(TW_MAX_ENTRIES, TW_MAX_PAGES));
    world->views[0] = g_new(TwShown, TW_MAX_SHOWN);
    world->views[1] = g_new(TwShown, TW_MAX_SHOWN);
    return world;
}

void tw_world_free(TwWorld *world)
{
    g_free(world->snapshots);
    munmap(world->snapshot_nodes, SNAPSHOT_NODES_SIZE);
    munmap(world->snapshot_bounds, SNAPSHOT_BOUNDS_SIZE);
    g_free(world->pages);
    g_free(world->tables);
    g_free(world->switches);
    g_free(world->endings);
    g_free(world->owed);
    g_free(world->floors);
    g_free(world->order);
    g_free(world->views[0]);
    g_free(world->views[1]);
    g_free(world);
}

/* The live graph ---------------------------------------------------------- */

/* Puts region r among its container's children (MR-5): before the first whose
 * priority is less than or equal to its own. */
static void insert(TwWorld *world, uint8_t r)
{
    int32_t priority = world->nodes[r].priority;
    uint8_t *link = &world->nodes[world->live[r].container].first_child;

    while (*link != TW_NONE && world->nodes[*link].priority > priority) {
        link = &world->nodes[*link].next_sibling;
    }
    world->nodes[r].next_sibling = *link;
    *link = r;
}

static void take_out(TwWorld *world, uint8_t r)
{
    uint8_t *link = &world->nodes[world->live[r].container].first_child;

    while (*link != r) {
        link = &world->nodes[*link].next_sibling;
    }
    *link = world->nodes[r].next_sibling;
    world->nodes[r].next_sibling = TW_NONE;
}

static void set_size(TwWorld *world, uint8_t r, uint64_t size)
{
    TwNode *node = &world->nodes[r];

    node->empty = size == 0;
    node->last = size == UINT64_MAX ? UINT64_MAX : size - 1;
    node->shown = world->live[r].enabled && size != 0;
}

static uint64_t get_size(const TwWorld *world, uint8_t r)
{
    uint64_t last = world->nodes[r].last;

    return world->nodes[r].empty ? 0 : last == UINT64_MAX ? last : last + 1;
}

/* Aliases from which on walks need bounds: a region to which n lead is met in
 * up to 2^n ways. */
enum { MANY_ALIASES = 4 };

static void start_regions(TwWorld *world)
{
    const TwProgram *program = world->program;
    unsigned aliases = 0;

    for (unsigned r = 0; r < program->n_regions; r++) {
        const TwRegion *region = &program->regions[r];

        world->nodes[r] = (TwNode){
            .addr = region->addr,
            .alias_offset = region->alias_offset,
            .kind = region->kind,
            .target = region->target,
            .iommu = region->iommu,
            .block = region->block,
            .first_child = TW_NONE,
            .next_sibling = TW_NONE,
            .priority = region->priority,
            .readonly = region->readonly,
            .romd_mode = region->romd_mode,
            .nonvolatile = region->nonvolatile,
            .unmergeable = region->unmergeable,
        };
        world->live[r] = (TwLive){
            .container = region->container,
            .enabled = region->enabled,
        };
        set_size(world, r, region->size);
        aliases += region->kind == TW_REGION_ALIAS;
    }
    world->many_aliases = aliases >= MANY_ALIASES;
    /* LA-5 */
    for (unsigned r = 0; r < program->n_regions; r++) {
        if (program->regions[r].kind != TW_REGION_NONE &&
            program->regions[r].container != TW_NONE) {
            insert(world, r);
        }
    }
    for (unsigned s = 0; s < TW_MAX_SPACES; s++) {
        world->root[s] = s < program->n_spaces && program->spaces[s].present &&
                                 !program->spaces[s].late
                             ? program->spaces[s].root
                             : TW_NONE;
    }
}

/* Transactions ------------------------------------------------------------ */

static const TwBounds no_bounds = {UINT64_MAX, 0};

/* Of the bounds, what lies in first .. first + last, counted from `first`. */
static TwBounds within(TwBounds in, uint64_t first, uint64_t last)
{
    if (in.from > in.to || in.to < first ||
        (in.from > first && in.from - first > last)) {
        return no_bounds;
    }
    return (TwBounds){in.from > first ? in.from - first : 0,
                      MIN(in.to - first, last)};
}

typedef struct Bounding {
    const TwNode *nodes;
    TwBounds *bounds;             /* in the container; to be found */
    TwBounds own[TW_MAX_REGIONS]; /* in the region itself, */
    TwRegionSet done;             /* of these */
} Bounding;

/* Between which of its own offsets are the leaves to which region r leads?
 * Finds the bounds of all these regions on the way. */
static TwBounds find_bounds(Bounding *b, uint8_t r)
{
    const TwNode *node = &b->nodes[r];
    TwBounds all = no_bounds;

    if (!node->shown) {
        return no_bounds;
    }
    if (tw_regions_has(&b->done, r)) {
        return b->own[r];
    }
    for (uint8_t c = node->first_child; c != TW_NONE;
         c = b->nodes[c].next_sibling) {
        TwBounds in = find_bounds(b, c);
        uint64_t addr = b->nodes[c].addr;

        b->bounds[c] = no_bounds;
        if (in.from <= in.to && addr <= node->last &&
            in.from <= node->last - addr) {
            b->bounds[c] = (TwBounds){addr + in.from,
                                      addr + MIN(in.to, node->last - addr)};
            all.from = MIN(all.from, b->bounds[c].from);
            all.to = MAX(all.to, b->bounds[c].to);
        }
    }
    if (node->kind == TW_REGION_ALIAS) {
        all = within(find_bounds(b, node->target), node->alias_offset,
                     node->last);
    } else if (node->kind != TW_REGION_CONTAINER) {
        all = (TwBounds){0, node->last};
    }
    b->own[r] = all;
    tw_regions_add(&b->done, r);
    return all;
}

/* The bounds of a topology that is being published. */
static const TwBounds *bounds_of(TwWorld *world, const TwNode *nodes)
{
    Bounding b;

    b.nodes = nodes;
    b.bounds = world->snapshot_bounds +
               (size_t)world->n_snapshots * world->program->n_regions;
    b.done = (TwRegionSet){0};
    for (unsigned s = 0; s < TW_MAX_SPACES; s++) {
        if (world->root[s] != TW_NONE) {
            find_bounds(&b, world->root[s]);
        }
    }
    return b.bounds;
}

void tw_world_publish(TwWorld *world, uint16_t op)
{
    TwSnapshot *snapshot = &world->snapshots[world->n_snapshots];
    unsigned n = world->program->n_regions;
    TwNode *nodes = world->snapshot_nodes + (size_t)world->n_snapshots * n;

    memcpy(nodes, world->nodes, n * sizeof(*nodes));
    snapshot->tick = world->now;
    snapshot->op = op;
    snapshot->nodes = nodes;
    snapshot->bounds = world->many_aliases ? bounds_of(world, nodes) : NULL;
    memcpy(snapshot->root, world->root, sizeof(snapshot->root));
    world->n_snapshots++;
}

const TwSnapshot *tw_world_snapshot(const TwWorld *world, uint32_t t)
{
    const TwSnapshot *snapshot = &world->snapshots[world->n_snapshots - 1];

    while (snapshot->tick > t) {
        snapshot--;
    }
    return snapshot;
}

/* Events and safe points -------------------------------------------------- */

/* Which bits of the contract an event stands under. */
static unsigned contract_bits(const TwEnding *ending)
{
    switch (ending->kind) {
    case TW_ENDING_COMMIT:
        return TW_ENDS_COMMIT | TW_ENDS_COMMIT_TAIL;
    case TW_ENDING_UNMAP:
        return TW_ENDS_UNMAP;
    case TW_ENDING_RESET:
        return TW_ENDS_RESET;
    default:
        return TW_ENDS_CPU_FLUSH;
    }
}

/* Does the target promise that its CPUs or its DMA mappings obey the event?  It
 * must always obey a restore, and IOTLBs always obey the events of their
 * IOMMUs. */
static bool promised(const TwWorld *world, const TwEnding *ending)
{
    return ending->kind == TW_ENDING_RESTORE ||
           (world->iotlbs && (ending->kind == TW_ENDING_UNMAP ||
                              ending->kind == TW_ENDING_COMMAND ||
                              ending->kind == TW_ENDING_RESET)) ||
           (ending->kind != TW_ENDING_COMMAND &&
            (world->contract.ends | world->contract.mapping_ends) &
                contract_bits(ending));
}

/* Notes for one CPU that `ending` counts now: if it ends everything of an MMU
 * index, no older answer of that index needs to be looked for. */
static void count_whole(TwWorld *world, const TwEnding *ending, uint8_t cpu)
{
    bool all = ending->kind == TW_ENDING_RESTORE ||
               (ending->kind == TW_ENDING_COMMIT &&
                world->contract.ends & TW_ENDS_COMMIT);

    if (!all && (ending->kind != TW_ENDING_FLUSH || !ending->whole ||
                 (ending->object != TW_ALL && ending->object != cpu))) {
        return;
    }
    for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
        if ((all || ending->index == TW_ALL || ending->index == m) &&
            world->fresh[cpu][m] < ending->tick) {
            world->fresh[cpu][m] = ending->tick;
        }
    }
}

void tw_world_end(TwWorld *world, TwEnding ending)
{
    TwEnding *slot = &world->endings[world->n_endings];

    if (!promised(world, &ending)) {
        return;
    }
    ending.tick = ++world->now;
    *slot = ending;
    world->n_endings++;
    for (unsigned c = 0; c < world->program->n_cpus; c++) {
        if (tw_world_counts(world, slot, c)) {
            count_whole(world, slot, c);
        }
    }
}

void tw_world_safepoint(TwWorld *world, uint8_t cpu)
{
    uint32_t from = world->seen[cpu];

    world->seen[cpu] = world->n_endings;
    for (uint32_t i = from; i < world->n_endings; i++) {
        count_whole(world, &world->endings[i], cpu);
    }
}

/* Operations -------------------------------------------------------------- */

static bool shown_in_container(const TwWorld *world, uint8_t r)
{
    uint8_t container = world->live[r].container;

    return container != TW_NONE && world->live[container].enabled &&
           world->live[r].enabled;
}

/* A flag of region r; pending if it changes and r is enabled (LA-6). */
static void set_flag(TwWorld *world, uint8_t r, bool *flag, bool value)
{
    if (*flag != value) {
        *flag = value;
        world->pending |= world->live[r].enabled;
    }
}

void tw_world_change(TwWorld *world, const TwOp *op)
{
    uint8_t r = op->obj;
    TwNode *node = &world->nodes[r < TW_MAX_REGIONS ? r : 0];
    TwLive *live = &world->live[r < TW_MAX_REGIONS ? r : 0];
    bool on = op->flags & TW_OPF_ON;

    switch (op->code) {
    case TW_OP_ADD:
        live->container = op->other;
        node->priority = op->priority;
        node->addr = op->addr;
        insert(world, r);
        world->pending |= shown_in_container(world, r);
        break;
    case TW_OP_DEL:
        world->pending |= shown_in_container(world, r);
        take_out(world, r);
        live->container = TW_NONE;
        break;
    case TW_OP_PRIORITY:
        world->pending |= shown_in_container(world, r);
        take_out(world, r);
        node->priority = op->priority;
        insert(world, r);
        break;
    case TW_OP_MOVE:
        if (node->addr != op->addr) {
            node->addr = op->addr;
            if (live->container != TW_NONE) {
                take_out(world, r);
                insert(world, r);
                world->pending = true;
            }
        }
        break;
    case TW_OP_RESIZE:
        if (get_size(world, r) != op->length) {
            set_size(world, r, op->length);
            world->pending = true;
        }
        break;
    case TW_OP_ENABLE:
        if (live->enabled != on) {
            live->enabled = on;
            node->shown = on && !node->empty;
            world->pending = true;
        }
        break;
    case TW_OP_READONLY:
        set_flag(world, r, &node->readonly, on);
        break;
    case TW_OP_NONVOLATILE:
        set_flag(world, r, &node->nonvolatile, on);
        break;
    case TW_OP_UNMERGEABLE:
        set_flag(world, r, &node->unmergeable, on);
        break;
    case TW_OP_ROMD:
        set_flag(world, r, &node->romd_mode, on);
        break;
    case TW_OP_ALIAS_OFFSET:
        if (node->alias_offset != op->addr) {
            node->alias_offset = op->addr;
            world->pending |= live->enabled;
        }
        break;
    case TW_OP_SPACE_NEW:
        world->root[op->obj] = world->program->spaces[op->obj].root;
        world->pending = true;
        break;
    case TW_OP_SPACE_DEL:
        world->root[op->obj] = TW_NONE;
        world->pending = true;
        break;
    default:
        g_assert_not_reached();
    }
}

/* Its range is widened to whole pages. */
void tw_world_flush(TwWorld *world, const TwOp *op, uint8_t actor,
                    uint16_t number)
{
    uint64_t low = world->page_size - 1;
    TwEnding ending = {
        .kind = TW_ENDING_FLUSH,
        .actor = actor,
        .op = number,
        .object = op->obj,
        .index = op->index,
        .first = op->addr & ~low,
        .last = op->addr | low,
        .bits = 64,
    };

    if (op->code == TW_OP_FLUSH_ALL) {
        ending.index = TW_ALL;
        ending.whole = true;
    } else if (op->code == TW_OP_FLUSH_INDEX) {
        ending.whole = true;
    } else if (op->code == TW_OP_FLUSH_RANGE) {
        uint64_t length = op->length;

        if (length == 0) {
            return;
        }
        ending.bits = op->bits;
        ending.whole =
            length == UINT64_MAX || (op->bits < 64 && length >> op->bits != 0);
        ending.last = length - 1 > UINT64_MAX - op->addr
                          ? UINT64_MAX
                          : (op->addr + (length - 1)) | low;
    }
    tw_world_end(world, ending);
}

void tw_world_reset(TwWorld *world, const TwProgram *program,
                    const TwContract *contract)
{
    world->program = program;
    world->contract = *contract;
    world->page_size = (uint64_t)1 << program->page_lg;
    world->now = 0;
    world->pending = false;
    world->depth = 0;
    world->n_snapshots = world->n_pages = world->n_tables = 0;
    world->n_switches = world->n_endings = world->n_owed = 0;
    world->n_floors = 0;
    world->commits = world->silent = world->notified = 0;
    memset(world->seen, 0, sizeof(world->seen));
    memset(world->fresh, 0, sizeof(world->fresh));
    memset(world->observers, 0, sizeof(world->observers));
    world->vetoes = world->listening = 0;
    world->crowded = world->differ = world->reasons = false;
    world->starts++;
    world->iotlbs = world->pagetables = world->has_mpcs = world->full = false;
    world->marks = false;
    world->sec_resp = world->mpc_changes = world->block_changes = 0;
    for (unsigned i = 0; i < program->n_iommus; i++) {
        world->pagetables |= program->iommus[i].kind == TW_IOMMU_PAGETABLE;
        world->marks |= program->iommus[i].kind == TW_IOMMU_PAGETABLE &&
                        program->iommus[i].pagetable.updates_ad;
        world->has_mpcs |= program->iommus[i].kind == TW_IOMMU_MPC;
        world->iotlbs |= program->iommus[i].iotlb && contract->iotlb != 0;
    }
    tw_legality_init(&world->legality, program);
    start_regions(world);
}
