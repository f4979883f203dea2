/* SPDX-License-Identifier: MIT */
/* See naive-hops.h. */
#include "fuzz/exhaust/naive-hops.h"

#include <string.h>

/* The world ---------------------------------------------------------------- */

uint64_t tw_naive_page_size(const Naive *n)
{
    return UINT64_C(1) << n->program->page_lg;
}

uint8_t tw_naive_leaf(const Naive *n, uint8_t space, uint64_t addr,
                      uint64_t *offset)
{
    uint8_t root, best = TW_NONE;

    if (space == NAIVE_BLOCKED) {
        *offset = 0;
        return NAIVE_BLOCKED;
    }
    root = n->program->spaces[space].root;
    for (unsigned i = 0; n->enabled[root] && i < n->program->n_regions; i++) {
        const TwRegion *r = &n->program->regions[i];

        if (r->kind != TW_REGION_NONE && r->container == root &&
            n->enabled[i] && addr >= r->addr && addr - r->addr < r->size &&
            (best == TW_NONE ||
             r->priority >= n->program->regions[best].priority)) {
            best = (uint8_t)i;
            *offset = addr - r->addr;
        }
    }
    return best;
}

bool tw_naive_one_leaf(const Naive *n, uint8_t space, uint64_t addr)
{
    uint64_t first = addr & ~(tw_naive_page_size(n) - 1), at, offset = 0;
    uint8_t leaf = tw_naive_leaf(n, space, first, &offset);

    /* Borders are multiples of a sixteenth of a page. */
    for (at = 0; at < tw_naive_page_size(n); at += tw_naive_page_size(n) / 16) {
        if (tw_naive_leaf(n, space, first + at, &offset) != leaf) {
            return false;
        }
    }
    return true;
}

bool tw_naive_is_iommu(const Naive *n, uint8_t region)
{
    return region != TW_NONE && region != NAIVE_BLOCKED &&
           n->program->regions[region].kind == TW_REGION_IOMMU;
}

/* One hop from `offset` of an IOMMU; rights 0: nothing there. */
static NaiveHop translate(const Naive *n, uint8_t iommu, uint64_t offset)
{
    uint64_t page = offset >> n->program->page_lg;
    uint64_t low = offset & (tw_naive_page_size(n) - 1);
    NaiveHop hop = {.perm = 0};

    if (n->bypass[iommu]) {
        return (NaiveHop){true, n->program->iommus[iommu].bypass_space,
                          TW_R | TW_W, offset};
    }
    if (page < NAIVE_IOMMU_PAGES && n->table[iommu][page].valid) {
        hop = n->table[iommu][page];
        hop.out |= low;
    }
    return hop;
}

static bool same_hop(const NaiveHop *a, const NaiveHop *b)
{
    return a->valid == b->valid && a->space == b->space && a->perm == b->perm &&
           a->out == b->out;
}

unsigned tw_naive_translations(const Naive *n, uint8_t iommu, uint64_t offset,
                               NaiveHop hops[NAIVE_RECORDS + 1])
{
    uint64_t page = offset >> n->program->page_lg;
    uint64_t low = offset & (tw_naive_page_size(n) - 1);
    unsigned count = 1;

    hops[0] = translate(n, iommu, offset);
    if (n->bypass[iommu] || page >= NAIVE_IOMMU_PAGES) {
        return 1;
    }
    for (unsigned i = 0; i < n->n_records[iommu][page]; i++) {
        NaiveHop hop = n->records[iommu][page][i];

        hop.out |= low;
        if (!same_hop(&hop, &hops[0])) {
            hops[count++] = hop;
        }
    }
    return count;
}

/* Does the IOMMU keep records now? */
static bool records(const Naive *n, unsigned iommu)
{
    return n->program->iommus[iommu].iotlb && !n->bypass[iommu];
}

/* The page may be recorded as what is there now. */
static void record_page(Naive *n, unsigned m, unsigned p)
{
    NaiveHop *list = n->records[m][p];
    const NaiveHop *now = &n->table[m][p];
    unsigned i = 0;

    while (now->valid && i < n->n_records[m][p] && !same_hop(&list[i], now)) {
        i++;
    }
    if (now->valid && i == NAIVE_RECORDS) {
        n->overflow = true;
    } else if (now->valid && i == n->n_records[m][p]) {
        list[n->n_records[m][p]++] = *now;
    }
}

static void add_pair(Naive *n, unsigned m, unsigned p, const NaivePair *pair)
{
    NaivePair *list = n->pairs[m][p];
    unsigned i = 0;

    while (i < n->n_pairs[m][p] &&
           !(list[i].behind == pair->behind && list[i].window == pair->window &&
             same_hop(&list[i].first, &pair->first) &&
             same_hop(&list[i].second, &pair->second))) {
        i++;
    }
    if (i == NAIVE_PAIRS) {
        n->overflow = true;
    } else if (i == n->n_pairs[m][p]) {
        list[n->n_pairs[m][p]++] = *pair;
    }
}

/* The page may be recorded together with what is behind it, if that is a page
 * of an IOMMU with records, too. */
static void record_pairs(Naive *n, unsigned m, unsigned p)
{
    NaiveHop first[NAIVE_RECORDS + 1], second[NAIVE_RECORDS + 1];
    unsigned n_first = tw_naive_translations(
        n, (uint8_t)m, (uint64_t)p << n->program->page_lg, first);

    for (unsigned i = 0; i < n_first; i++) {
        NaivePair pair = {.first = first[i]};
        unsigned n_second;
        uint8_t leaf;

        if (!first[i].valid ||
            !tw_naive_one_leaf(n, first[i].space, first[i].out)) {
            continue;
        }
        leaf = tw_naive_leaf(n, first[i].space, first[i].out, &pair.window);
        if (!tw_naive_is_iommu(n, leaf) ||
            !records(n, n->program->regions[leaf].iommu)) {
            continue;
        }
        pair.behind = n->program->regions[leaf].iommu;
        n_second = tw_naive_translations(n, pair.behind, pair.window, second);
        for (unsigned k = 0; k < n_second; k++) {
            pair.second = second[k];
            if (second[k].valid) {
                add_pair(n, m, p, &pair);
            }
        }
    }
}

void tw_naive_record(Naive *n)
{
    for (unsigned m = 0; m < n->program->n_iommus; m++) {
        for (unsigned p = 0; records(n, m) && p < NAIVE_IOMMU_PAGES; p++) {
            record_page(n, m, p);
        }
    }
    for (unsigned m = 0; m < n->program->n_iommus; m++) {
        for (unsigned p = 0; records(n, m) && p < NAIVE_IOMMU_PAGES; p++) {
            record_pairs(n, m, p);
        }
    }
}

unsigned tw_naive_pairs(const Naive *n, uint8_t iommu, uint64_t offset,
                        NaivePair pairs[NAIVE_PAIRS])
{
    uint64_t page = offset >> n->program->page_lg;
    uint64_t low = offset & (tw_naive_page_size(n) - 1);
    unsigned count = 0;

    if (n->bypass[iommu] || page >= NAIVE_IOMMU_PAGES) {
        return 0;
    }
    for (; count < n->n_pairs[iommu][page]; count++) {
        pairs[count] = n->pairs[iommu][page][count];
        pairs[count].second.out |= low;
    }
    return count;
}

/* An UNMAP of everything ends pairs by their second parts; one of a range, if
 * the board says so. */
static void end_behind(Naive *n, uint8_t iommu, uint64_t first, uint64_t last)
{
    uint64_t low = tw_naive_page_size(n) - 1;

    if (n->keeps_pairs && !(first == 0 && last == UINT64_MAX)) {
        return;
    }
    for (unsigned m = 0; m < NAIVE_IOMMUS; m++) {
        for (unsigned p = 0; p < NAIVE_IOMMU_PAGES; p++) {
            unsigned left = 0;

            for (unsigned i = 0; i < n->n_pairs[m][p]; i++) {
                const NaivePair *pair = &n->pairs[m][p][i];

                if (pair->behind != iommu || pair->window > last ||
                    (pair->window | low) < first) {
                    n->pairs[m][p][left++] = *pair;
                }
            }
            n->n_pairs[m][p] = (uint8_t)left;
        }
    }
}

void tw_naive_end_records(Naive *n, uint8_t iommu, uint64_t first,
                          uint64_t last)
{
    for (unsigned p = 0; p < NAIVE_IOMMU_PAGES; p++) {
        uint64_t at = (uint64_t)p << n->program->page_lg;

        if (at <= last && (at | (tw_naive_page_size(n) - 1)) >= first) {
            n->n_records[iommu][p] =
                n->deaf_to == EVENT_RECORDS ? n->n_records[iommu][p] : 0;
            n->n_pairs[iommu][p] =
                n->deaf_to == EVENT_PAIRS ? n->n_pairs[iommu][p] : 0;
        }
    }
    if (n->deaf_to != EVENT_PAIRS) {
        end_behind(n, iommu, first, last);
    }
}

void tw_naive_commit(Naive *n)
{
    if (n->deaf_to != EVENT_PAIRS) {
        memset(n->n_pairs, 0, sizeof(n->n_pairs));
    }
}
