/* SPDX-License-Identifier: MIT */
/*
 * Makes a scene by queries: between two ends of assignments a page map or a
 * table gives the same answer everywhere.  So one query for each such stretch
 * is enough, and its answer is the one that walks get.
 */
#include "oracle/story/scene.h"

#include "oracle/judge/perform.h"
#include "oracle/world/iommu.h"
#include "oracle/world/page.h"

/* Entries ----------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* Notes where first .. last begins, and where what follows it begins. */
static void add_ends(GArray *starts, uint64_t first, uint64_t last)
{
    uint64_t next = last + 1;

    g_array_append_val(starts, first);
    if (last != UINT64_MAX) {
        g_array_append_val(starts, next);
    }
}

/* Adds an entry, to the one before it if it goes on. */
static void add_entry(GArray *entries, TwSceneEntry entry)
{
    TwSceneEntry *before =
        entries->len ? &g_array_index(entries, TwSceneEntry, entries->len - 1)
                     : NULL;

    if (before && before->last + 1 == entry.first && before->op == entry.op &&
        before->space == entry.space && before->perm == entry.perm &&
        before->out + (entry.first - before->first) == entry.out) {
        before->last = entry.last;
    } else {
        g_array_append_val(entries, entry);
    }
}

/* The entry for x now; false: there is none. */
typedef bool Ask(const TwWorld *world, uint8_t object, uint8_t index,
                 uint64_t x, TwSceneEntry *entry);

static bool ask_page(const TwWorld *world, uint8_t cpu, uint8_t mmu, uint64_t x,
                     TwSceneEntry *entry)
{
    bool uniform;
    const TwPageEntry *found =
        tw_page_find(world, cpu, mmu, x, 0, world->now, &uniform);

    if (!found || !found->present) {
        return false;
    }
    entry->out = found->out + (x - found->first);
    entry->op = found->op;
    entry->perm = found->perm;
    return true;
}

static bool ask_table(const TwWorld *world, uint8_t iommu, uint8_t index,
                      uint64_t x, TwSceneEntry *entry)
{
    TwFound found = tw_iommu_find(world, iommu, index, x, world->now);

    entry->out = found.out;
    entry->op = found.op;
    entry->space = found.space;
    entry->perm = found.perm;
    return found.perm != 0;
}

/* What `ask` says from each start to the next; takes the starts. */
static GArray *entries_of(GArray *starts, Ask *ask, const TwWorld *world,
                          uint8_t object, uint8_t index)
{
    GArray *entries = g_array_new(FALSE, FALSE, sizeof(TwSceneEntry));

    g_array_sort(starts, by_number);
    for (unsigned i = 0; i < starts->len; i++) {
        uint64_t x = g_array_index(starts, uint64_t, i);
        TwSceneEntry entry = {
            .first = x,
            .last = i + 1 < starts->len
                        ? g_array_index(starts, uint64_t, i + 1) - 1
                        : UINT64_MAX,
            .space = TW_NONE,
        };

        if (i + 1 < starts->len &&
            g_array_index(starts, uint64_t, i + 1) == x) {
            continue;
        }
        if (ask(world, object, index, x, &entry)) {
            add_entry(entries, entry);
        }
    }
    g_array_unref(starts);
    return entries;
}

static GArray *page_map(const TwWorld *world, uint8_t cpu, uint8_t mmu)
{
    GArray *starts = g_array_new(FALSE, FALSE, sizeof(uint64_t));

    for (int32_t i = world->page_head[cpu][mmu]; i != TW_NIL;
         i = world->pages[i].older) {
        add_ends(starts, world->pages[i].first, world->pages[i].last);
    }
    return entries_of(starts, ask_page, world, cpu, mmu);
}

/* Tables in RAM are looked into for the first granules of the region only. */
#define GRANULES UINT64_C(64)

static GArray *table(const TwWorld *world, uint8_t iommu, uint8_t index)
{
    GArray *starts = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    const TwIommu *what = &world->program->iommus[iommu];

    if (what->kind == TW_IOMMU_PAGETABLE) {
        for (uint64_t i = 0; world->ram.byte && i < GRANULES; i++) {
            uint64_t x = i << what->granule_lg;

            g_array_append_val(starts, x);
        }
        starts = entries_of(starts, ask_table, world, iommu, index);
        if (starts->len) {
            TwSceneEntry *last =
                &g_array_index(starts, TwSceneEntry, starts->len - 1);

            last->last = MIN(last->last, (GRANULES << what->granule_lg) - 1);
        }
        return starts;
    }
    for (int32_t i = world->table_head[iommu][index]; i != TW_NIL;
         i = world->tables[i].older) {
        add_ends(starts, world->tables[i].first, world->tables[i].last);
    }
    return entries_of(starts, ask_table, world, iommu, index);
}

/* Regions ----------------------------------------------------------------- */

static void add_regions(TwScene *scene, const TwSnapshot *snapshot)
{
    unsigned n = scene->program->n_regions;

    for (unsigned r = 0; r < n; r++) {
        const TwNode *node = &snapshot->nodes[r];

        scene->regions[r] = (TwSceneRegion){
            .addr = node->addr,
            .size = node->empty                ? 0
                    : node->last == UINT64_MAX ? UINT64_MAX
                                               : node->last + 1,
            .alias_offset = node->alias_offset,
            .priority = node->priority,
            .container = TW_NONE,
            .first_child = node->first_child,
            .next_sibling = node->next_sibling,
            .shown = node->shown,
            .readonly = node->readonly,
            .romd_mode = node->romd_mode,
        };
    }
    for (unsigned r = 0; r < n; r++) {
        for (uint8_t c = scene->regions[r].first_child; c != TW_NONE;
             c = scene->regions[c].next_sibling) {
            scene->regions[c].container = r;
        }
    }
}

TwScene *tw_scene_new(const TwWorld *world)
{
    const TwProgram *program = world->program;
    const TwSnapshot *snapshot = tw_world_snapshot(world, world->now);
    TwScene *scene = g_new0(TwScene, 1);

    scene->program = program;
    scene->cpus = world->legality.cpu_live;
    scene->iommus = world->legality.iommu_live;
    add_regions(scene, snapshot);
    for (unsigned s = 0; s < TW_MAX_SPACES; s++) {
        scene->root[s] = snapshot->root[s];
    }
    for (unsigned c = 0; c < program->n_cpus; c++) {
        for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
            scene->pages[c][m] = page_map(world, c, m);
        }
    }
    for (unsigned i = 0; i < program->n_iommus; i++) {
        scene->bypass[i] = world->switches[world->switch_head[i]].on;
        for (unsigned k = 0; k < TW_MAX_IOMMU_INDEXES; k++) {
            scene->tables[i][k] = table(world, i, k);
        }
    }
    return scene;
}

/* The door ---------------------------------------------------------------- */

TwScene *tw_scene_start(const TwProgram *program)
{
    static const TwContract nothing;
    TwWorld *world = tw_world_new();
    TwScene *scene;

    tw_perform_start(world, program, &nothing);
    scene = tw_scene_new(world);
    tw_world_free(world);
    return scene;
}

void tw_scene_free(TwScene *scene)
{
    if (!scene) {
        return;
    }
    for (unsigned c = 0; c < TW_MAX_CPUS; c++) {
        for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
            g_clear_pointer(&scene->pages[c][m], g_array_unref);
        }
    }
    for (unsigned i = 0; i < TW_MAX_IOMMUS; i++) {
        for (unsigned k = 0; k < TW_MAX_IOMMU_INDEXES; k++) {
            g_clear_pointer(&scene->tables[i][k], g_array_unref);
        }
    }
    g_free(scene);
}
