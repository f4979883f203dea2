/* SPDX-License-Identifier: MIT */
/*
 * The calls that listeners must get (LA-43): the flat ranges of their space,
 * and how a commit changes them.  The ranges come from render.c; walk.c must
 * agree at their ends.
 */
#include "oracle/judge/listen.h"

#include <glib.h>

#include "oracle/walk/render.h"
#include "oracle/walk/walk.h"

/* Views ------------------------------------------------------------------- */

/* FV-4; they are adjacent. */
static bool merge(const TwShown *a, const TwShown *b)
{
    uint64_t more = a->last - a->first;

    return a->region == b->region && a->offset + more != UINT64_MAX &&
           a->offset + more + 1 == b->offset && a->readonly == b->readonly &&
           a->nonvolatile == b->nonvolatile && !a->unmergeable &&
           !b->unmergeable;
}

static unsigned merge_all(TwShown *list, unsigned n)
{
    unsigned to = 0;

    for (unsigned i = 1; i < n; i++) {
        if (list[to].last + 1 == list[i].first && merge(&list[to], &list[i])) {
            list[to].last = list[i].last;
        } else {
            list[++to] = list[i];
        }
    }
    return n ? to + 1 : 0;
}

/* Does walk.c see region and offset of `shown` (NULL: a hole) at `address`? */
static bool walk_agrees(const TwWorld *world, const TwSnapshot *snapshot,
                        uint8_t space, uint64_t address, const TwShown *shown)
{
    TwAccess access = {
        .code = TW_OP_DMA_READ,
        .cpu = TW_BOARD,
        .space = space,
        .size = 1,
        .addr = address,
    };
    TwWalk walk;
    const TwByte *byte = &walk.bytes[0];
    const TwNode *node;
    uint64_t offset;

    tw_walk(world, &access, 1, tw_times_at(snapshot->tick), &walk);
    if (!shown) {
        return byte->where == TW_AT_HOLE && byte->depth == 0;
    }
    node = &snapshot->nodes[shown->region];
    offset = shown->offset + (address - shown->first);
    if (node->kind == TW_REGION_IOMMU) {
        return walk.n_hops > 0 && walk.hops[0].iommu == node->iommu &&
               walk.hops[0].granule ==
                   offset >> world->program->iommus[node->iommu].granule_lg;
    }
    return byte->where == TW_AT_LEAF && byte->depth == 0 &&
           byte->region == shown->region && byte->offset == offset &&
           !!(byte->flags & TW_LOC_READONLY) == shown->readonly;
}

bool tw_listen_agrees(const TwWorld *world, const TwSnapshot *snapshot,
                      uint8_t space, const TwShown *list, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        uint64_t before = list[i].first - 1, after = list[i].last + 1;

        if (!walk_agrees(world, snapshot, space, list[i].first, &list[i]) ||
            !walk_agrees(world, snapshot, space, list[i].last, &list[i]) ||
            (list[i].first > 0 && (i == 0 || list[i - 1].last < before) &&
             !walk_agrees(world, snapshot, space, before, NULL)) ||
            (list[i].last < UINT64_MAX &&
             (i + 1 == n || list[i + 1].first > after) &&
             !walk_agrees(world, snapshot, space, after, NULL))) {
            return false;
        }
    }
    return n > 0 || walk_agrees(world, snapshot, space, 0, NULL);
}

/* The flat ranges of a space, merged (FV-4); returns how many.  Sets
 * world->crowded or world->differ if they are not to be believed. */
static unsigned view_of(TwWorld *world, const TwSnapshot *snapshot,
                        uint8_t space, TwShown list[TW_MAX_SHOWN])
{
    unsigned n;

    if (!tw_render(snapshot, space, 0, UINT64_MAX, list, TW_MAX_SHOWN, &n)) {
        world->crowded = true;
    } else if (!tw_listen_agrees(world, snapshot, space, list, n)) {
        world->differ = true;
    }
    return merge_all(list, n);
}

/* Calls ------------------------------------------------------------------- */

static void call(TwWorld *world, unsigned o, uint8_t kind, const TwShown *shown,
                 uint16_t number)
{
    if (world->n_owed < TW_MAX_OWED) {
        world->owed[world->n_owed++] = (TwOwed){
            .record = {.op = number,
                       .observer = o,
                       .kind = kind,
                       .space = world->listeners[o].space,
                       .region = shown->region,
                       .first = shown->first,
                       .last = shown->last,
                       .out = shown->offset},
        };
    }
}

/* FV-5; both start at the same address. */
static bool same(const TwSnapshot *before, const TwShown *a,
                 const TwSnapshot *after, const TwShown *b)
{
    return a->last == b->last && a->region == b->region &&
           a->offset == b->offset && a->readonly == b->readonly &&
           a->nonvolatile == b->nonvolatile &&
           a->unmergeable == b->unmergeable &&
           before->nodes[a->region].romd_mode ==
               after->nodes[b->region].romd_mode;
}

/* TX-3, TX-5: first what goes, then what comes and what stays. */
static void call_changes(TwWorld *world, unsigned o, uint16_t number)
{
    const TwSnapshot *after = &world->snapshots[world->n_snapshots - 1];
    const TwSnapshot *before = after - 1;
    TwShown *old = world->views[0], *new = world->views[1];
    uint8_t space = world->listeners[o].space;
    unsigned n_old = view_of(world, before, space, old);
    unsigned n_new = view_of(world, after, space, new);

    for (unsigned i = 0, j = 0; i < n_old; i++) {
        while (j < n_new && new[j].first < old[i].first) {
            j++;
        }
        if (j == n_new || new[j].first != old[i].first ||
            !same(before, &old[i], after, &new[j])) {
            call(world, o, TW_LISTEN_DEL, &old[i], number);
        }
    }
    for (unsigned i = 0, j = 0; j < n_new; j++) {
        while (i < n_old && old[i].first < new[j].first) {
            i++;
        }
        call(world, o,
             i < n_old && old[i].first == new[j].first &&same(before, &old[i],
                                                              after, &new[j])
                 ? TW_LISTEN_NOP
                 : TW_LISTEN_ADD,
             &new[j], number);
    }
}

void tw_listen_commit(TwWorld *world, uint16_t number)
{
    for (uint32_t left = world->listening; left; left &= left - 1) {
        call_changes(world, (unsigned)__builtin_ctz(left), number);
    }
}

void tw_listen_perform(TwWorld *world, const TwOp *op, uint16_t number)
{
    const TwSnapshot *now = &world->snapshots[world->n_snapshots - 1];
    bool on = op->code == TW_OP_LISTEN;
    unsigned n;

    if (on) {
        world->listening |= 1u << op->obj;
        world->listeners[op->obj].space = op->other;
    } else {
        world->listening &= ~(1u << op->obj);
    }
    n = view_of(world, now, world->listeners[op->obj].space, world->views[0]);
    for (unsigned i = 0; i < n; i++) {
        call(world, op->obj, on ? TW_LISTEN_ADD : TW_LISTEN_DEL,
             &world->views[0][i], number); /* TX-6 */
    }
}
