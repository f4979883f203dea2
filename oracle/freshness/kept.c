/* SPDX-License-Identifier: MIT */
/* See kept.h. */
#include "oracle/freshness/kept.h"

#include <glib.h>
#include <string.h>

enum { SLOTS_LG = 13, MAX_KEPT = 32768 };

typedef struct Slot {
    uint64_t granule;
    uint32_t round, asked;
    uint32_t endings; /* that count, of the times up to `asked` */
    uint8_t iommu, index, need;
    bool ended_too;
    bool used; /* the access notes which entries it uses */
    TwOlders olders;
} Slot;

struct TwOlderMemo {
    uint32_t round; /* slots of another round are empty */
    uint32_t start; /* TwWorld.starts of the program */
    unsigned n_slots, n_kept;
    Slot slots[1 << SLOTS_LG];
    TwOlder kept[MAX_KEPT];
};

TwOlderMemo *tw_kept_new(void)
{
    TwOlderMemo *memo = g_new0(TwOlderMemo, 1);

    memo->round = 1;
    return memo;
}

void tw_kept_begin(TwHistory *history, const TwWorld *world)
{
    TwOlderMemo *memo = history->older;

    if (memo->start != world->starts || memo->n_slots > (1 << SLOTS_LG) / 2 ||
        memo->n_kept > MAX_KEPT / 2) {
        memo->round++;
        memo->start = world->starts;
        memo->n_slots = 0;
        memo->n_kept = 0;
    }
}

void tw_kept_clear(TwHistory *history)
{
    g_clear_pointer(&history->older, g_free);
}

static uint32_t endings_of(const TwOlderAsk *q)
{
    uint32_t endings = q->ask->n_endings;

    while (endings > 0 && q->ask->world->endings[endings - 1].tick > q->asked) {
        endings--;
    }
    return endings;
}

/* The slot of a question; its round is another one if it is new. */
static Slot *slot_of(TwOlderMemo *memo, const TwOlderAsk *q, uint32_t endings)
{
    bool used = q->ask->access->used != NULL;
    uint64_t key = (q->granule * 31 + q->asked) * 31 + endings;
    uint32_t i;

    key = (key * 31 + q->iommu) * 31 + q->index;
    key = (key * 4 + q->need) * 2 + q->ended_too;
    key = key * 2 + used;
    i = (uint32_t)(key * 0x9e3779b97f4a7c15u >> (64 - SLOTS_LG));
    for (;; i = (i + 1) % (1 << SLOTS_LG)) {
        Slot *slot = &memo->slots[i];

        if (slot->round != memo->round ||
            (slot->granule == q->granule && slot->asked == q->asked &&
             slot->endings == endings && slot->iommu == q->iommu &&
             slot->index == q->index && slot->need == q->need &&
             slot->ended_too == q->ended_too && slot->used == used)) {
            return slot;
        }
    }
}

const TwOlders *tw_kept_find(const TwOlderAsk *question)
{
    TwOlderMemo *memo = question->ask->history->older;
    Slot *slot = slot_of(memo, question, endings_of(question));

    return slot->round == memo->round ? &slot->olders : NULL;
}

const TwOlders *tw_kept_add(const TwOlderAsk *question, TwOlders olders)
{
    static const TwOlders too_many = {.overflow = true};
    TwOlderMemo *memo = question->ask->history->older;
    uint32_t endings = endings_of(question);
    TwOlder *kept = &memo->kept[memo->n_kept];
    Slot *slot = slot_of(memo, question, endings);

    if (memo->n_slots == (1 << SLOTS_LG) - 1 ||
        memo->n_kept + olders.n > MAX_KEPT) {
        return &too_many;
    }
    memcpy(kept, olders.list, olders.n * sizeof(olders.list[0]));
    olders.list = kept;
    memo->n_kept += olders.n;
    memo->n_slots++;
    *slot = (Slot){
        .granule = question->granule,
        .round = memo->round,
        .asked = question->asked,
        .endings = endings,
        .iommu = question->iommu,
        .index = question->index,
        .need = question->need,
        .ended_too = question->ended_too,
        .used = question->ask->access->used != NULL,
        .olders = olders,
    };
    return &slot->olders;
}
