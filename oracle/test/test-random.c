/* SPDX-License-Identifier: MIT */
/*
 * Random programs for the oracle's own tests: simple, crowded, and unlike
 * those of fuzz/, so that the two do not share a blind spot.
 */
#include "oracle/test/test-support.h"

#include <glib.h>
#include <string.h>

#include "program/ops.h"

enum { REACH = 0x1000 }; /* everything happens below this address */

static uint64_t random_address(TwRng *rng, bool hostile)
{
    uint64_t address = tw_rng_below(rng, REACH);

    if (tw_rng_chance(rng, 70)) {
        /* a few hot places, for accesses to meet in */
        address = tw_rng_below(rng, 3) * 0x1c0 + tw_rng_below(rng, 32);
    }
    if (tw_rng_chance(rng, 50)) {
        address &= ~(uint64_t)15;
    }
    if (hostile && tw_rng_chance(rng, 25)) {
        return -address - 1;
    }
    return address;
}

static uint64_t random_size(TwRng *rng, bool hostile)
{
    if (hostile && tw_rng_chance(rng, 30)) {
        return tw_rng_chance(rng, 50)
                   ? UINT64_MAX
                   : UINT64_MAX - tw_rng_below(rng, REACH) - 1;
    }
    return tw_rng_chance(rng, 5)    ? 0
           : tw_rng_chance(rng, 20) ? tw_rng_below(rng, 64)
                                    : tw_rng_below(rng, REACH);
}

/* r0, r1: roots.  Edges go from higher ids to lower ones only, so that no
 * cycle can close. */
static void random_regions(TwProgram *p, TwRng *rng, bool hostile)
{
    static const uint8_t kinds[] = {
        TW_REGION_CONTAINER, TW_REGION_RAM,   TW_REGION_RAM,
        TW_REGION_ROM,       TW_REGION_ROMD,  TW_REGION_MMIO,
        TW_REGION_ALIAS,     TW_REGION_ALIAS, TW_REGION_RESERVATION,
        TW_REGION_RAM_DEVICE};
    unsigned n = 6 + tw_rng_below(rng, hostile ? 18 : 8);

    p->n_regions = n;
    for (unsigned i = 0; i < n; i++) {
        TwRegion *r = &p->regions[i];
        /* the first IDs are leaves, the last two are the roots */
        bool root = i + 2 >= n, iommu = i == 0 || i == 1;
        uint8_t kind = root    ? TW_REGION_CONTAINER
                       : iommu ? TW_REGION_IOMMU
                               : kinds[tw_rng_below(rng, sizeof(kinds))];

        if (kind == TW_REGION_ALIAS && i == 2) {
            kind = TW_REGION_RAM;
        }
        *r = tw_region_make(kind);
        r->block = i;
        r->size = root ? UINT64_MAX : random_size(rng, hostile);
        if (iommu) {
            r->iommu = i;
            r->size = REACH;
        }
        r->readonly = tw_rng_chance(rng, 8);
        r->enabled = root || tw_rng_chance(rng, 95);
        if (kind == TW_REGION_ALIAS) {
            r->target = tw_rng_below(rng, i);
            r->alias_offset = random_address(rng, hostile);
        }
        if (kind == TW_REGION_ROMD) {
            r->romd_mode = tw_rng_chance(rng, 50);
        }
        if ((kind == TW_REGION_MMIO || kind == TW_REGION_ROMD) &&
            tw_rng_chance(rng, 40)) {
            r->valid_min = tw_rng_chance(rng, 30) ? 2 : 0;
            r->valid_max = 1u << (1 + tw_rng_below(rng, 3));
            if (tw_rng_chance(rng, 50)) {
                r->error.first = tw_rng_below(rng, 64);
                r->error.last = r->error.first + tw_rng_below(rng, 8);
            }
        }
    }
    for (unsigned i = 0; i + 2 < n; i++) {
        TwRegion *r = &p->regions[i];
        unsigned up = n - 1 - tw_rng_below(rng, 2);

        for (unsigned tries = 0; tries < 3; tries++) {
            unsigned k = i + 1 + tw_rng_below(rng, n - 1 - i);

            if (p->regions[k].kind != TW_REGION_ALIAS &&
                tw_rng_chance(rng, 40)) {
                up = k;
            }
        }
        if (tw_rng_chance(rng, 95)) {
            r->container = up;
            r->addr = random_address(rng, hostile);
            r->priority = (int32_t)tw_rng_below(rng, 3) - 1;
        }
    }
}

static TwOp random_op(const TwProgram *p, TwRng *rng, bool hostile)
{
    static const uint8_t codes[] = {
        TW_OP_READ,        TW_OP_READ,        TW_OP_READ,
        TW_OP_READ,        TW_OP_READ,        TW_OP_WRITE,
        TW_OP_WRITE,       TW_OP_WRITE,       TW_OP_EXEC,
        TW_OP_RMW,         TW_OP_DMA_READ,    TW_OP_DMA_WRITE,
        TW_OP_PAGE,        TW_OP_PAGE,        TW_OP_UNPAGE,
        TW_OP_FLUSH_PAGE,  TW_OP_MAP,         TW_OP_MAP,
        TW_OP_UNMAP,       TW_OP_PROTECT,     TW_OP_NOTIFY,
        TW_OP_READ,        TW_OP_WRITE,       TW_OP_READ,
        TW_OP_FLUSH_RANGE, TW_OP_FLUSH_INDEX, TW_OP_FLUSH_ALL,
        TW_OP_SAFEPOINT,   TW_OP_MAP,         TW_OP_MAP,
        TW_OP_MAP,         TW_OP_UNMAP,       TW_OP_PROTECT,
        TW_OP_NOTIFY,      TW_OP_NOTIFY_ALL,  TW_OP_IOMMU_RESET,
        TW_OP_BYPASS,      TW_OP_BEGIN,       TW_OP_COMMIT,
        TW_OP_COMMIT,      TW_OP_MOVE,        TW_OP_ENABLE,
        TW_OP_READONLY,    TW_OP_RESIZE,      TW_OP_PRIORITY,
        TW_OP_ADD,         TW_OP_DEL,         TW_OP_OBSERVE,
        TW_OP_UNOBSERVE,   TW_OP_SNAPSHOT,    TW_OP_RESTORE,
        TW_OP_LISTEN,      TW_OP_UNLISTEN,    TW_OP_REPLAY,
        TW_OP_VETO,        TW_OP_DIRTY_LOG,   TW_OP_DIRTY_CLEAR};
    /* the latter half is rarer: it ends what the first half caches */
    unsigned most = tw_rng_chance(rng, 70) ? 24 : sizeof(codes);
    TwOp op = tw_op_make(codes[tw_rng_below(rng, most)]);
    unsigned cpu = tw_rng_below(rng, 2);
    unsigned flags = tw_op_info(op.code)->flags;

    op.actor = flags & TW_OP_CPU_ACCESS                             ? cpu
               : flags & TW_OP_BOARD_ONLY || tw_rng_chance(rng, 50) ? TW_BOARD
                                                                    : cpu;
    for (const uint8_t *arg = tw_op_info(op.code)->args; *arg != TW_ARG_END;
         arg++) {
        switch (*arg) {
        case TW_ARG_CPU_INDEX:
        case TW_ARG_ANY_CPU_INDEX:
            op.index = tw_rng_below(rng, 2);
            /* fall through */
        case TW_ARG_CPU:
        case TW_ARG_CPU_OR_ALL:
            op.obj = cpu;
            if ((*arg == TW_ARG_CPU_OR_ALL || *arg == TW_ARG_ANY_CPU_INDEX) &&
                tw_rng_chance(rng, 30)) {
                op.obj = TW_ALL;
            }
            break;
        case TW_ARG_IOMMU:
            op.obj = tw_rng_below(rng, 2);
            break;
        case TW_ARG_IOMMU_INDEX:
            op.obj = tw_rng_below(rng, 2);
            op.index = tw_rng_below(rng, p->iommus[op.obj].indexes);
            break;
        case TW_ARG_OF_IOMMU:
            op.other = tw_rng_below(rng, 2);
            op.index = tw_rng_below(rng, p->iommus[op.other].indexes);
            break;
        case TW_ARG_REGION:
            op.obj = tw_rng_below(rng, p->n_regions);
            break;
        case TW_ARG_IN_REGION:
            op.other = tw_rng_below(rng, p->n_regions);
            break;
        case TW_ARG_SPACE:
            op.obj = tw_rng_below(rng, 2);
            break;
        case TW_ARG_OF_SPACE:
            op.other = tw_rng_below(rng, 2);
            break;
        case TW_ARG_OBSERVER:
            op.obj = tw_rng_below(rng, 3);
            break;
        case TW_ARG_ADDR:
        case TW_ARG_AT:
            op.addr = random_address(rng, hostile);
            break;
        case TW_ARG_RANGE:
            op.addr = random_address(rng, false);
            op.last = op.addr + tw_rng_below(rng, 0x200);
            break;
        case TW_ARG_LENGTH:
            op.last = op.code == TW_OP_RESIZE ? random_size(rng, hostile)
                                              : 1 + tw_rng_below(rng, 0x200);
            break;
        case TW_ARG_SIZE:
            op.size = 1 + tw_rng_below(rng, 8);
            break;
        case TW_ARG_RMW_SIZE:
            op.size = 1u << tw_rng_below(rng, 4);
            break;
        case TW_ARG_TO_SPACE:
            op.other = tw_rng_below(rng, 2);
            op.out = tw_rng_below(rng, REACH);
            break;
        case TW_ARG_OF_SIZE:
            op.lg = 4 + tw_rng_below(rng, 8);
            break;
        case TW_ARG_TO:
            op.out = tw_rng_below(rng, REACH);
            break;
        case TW_ARG_BITS:
            op.lg = tw_rng_chance(rng, 70) ? 64 : 6 + tw_rng_below(rng, 8);
            break;
        case TW_ARG_PERM:
            op.perm = tw_rng_chance(rng, 70) ? 7 : tw_rng_below(rng, 8);
            break;
        case TW_ARG_IOMMU_PERM:
            op.perm = tw_rng_chance(rng, 70) ? 3 : tw_rng_below(rng, 4);
            break;
        case TW_ARG_NOTIFIED:
            op.flags |= tw_rng_chance(rng, 50) ? TW_OPF_NOTIFIED : 0;
            break;
        case TW_ARG_ON:
            op.flags |= tw_rng_chance(rng, 60) ? TW_OPF_ON : 0;
            break;
        case TW_ARG_PRIO:
            op.priority = (int32_t)tw_rng_below(rng, 3) - 1;
            break;
        case TW_ARG_EVENT:
            op.kinds = 1u << tw_rng_below(rng, 3);
            break;
        case TW_ARG_EVENTS:
            op.kinds = 1 + tw_rng_below(rng, 7);
            break;
        default:
            break;
        }
    }
    tw_op_round(p, &op);
    return op;
}

/* Makes of `op` one that is performed during the access before it, mostly a
 * change. */
static void random_during(const TwProgram *p, TwRng *rng, bool hostile,
                          TwOp *op)
{
    uint16_t flags = tw_op_info(op->code)->flags;

    for (unsigned i = 0; i < 8 && !(flags & TW_OP_CHANGE); i++) {
        *op = random_op(p, rng, hostile);
        flags = tw_op_info(op->code)->flags;
    }
    if (flags & TW_OP_ACTOR_OK) {
        op->flags |= TW_OPF_DURING;
    }
}

void test_random(TwProgram *p, TwRng *rng, bool hostile)
{
    char why[160];

    tw_program_init(p);
    p->page_lg = 6 + tw_rng_below(rng, 3);
    p->hops = 1 + tw_rng_below(rng, 6);
    p->explicit_safepoints = tw_rng_chance(rng, 50);
    random_regions(p, rng, hostile);
    p->n_spaces = p->n_iommus = p->n_cpus = 2;
    for (unsigned i = 0; i < 2; i++) {
        p->spaces[i] = (TwSpace){.present = true, .root = p->n_regions - 2 + i};
        memset(&p->iommus[i], 0, sizeof(p->iommus[i]));
        p->iommus[i].kind = TW_IOMMU_TABLE;
        p->iommus[i].granule_lg =
            tw_rng_chance(rng, 70) ? p->page_lg : 4 + tw_rng_below(rng, 6);
        p->iommus[i].indexes = 1 + tw_rng_below(rng, 2);
        p->iommus[i].select = tw_rng_below(rng, TW_SELECTS);
        p->iommus[i].bypass_space = 1 - i;
        p->iommus[i].bypass = tw_rng_chance(rng, 10);
        memset(&p->cpus[i], 0, sizeof(p->cpus[i]));
        p->cpus[i].present = true;
        p->cpus[i].tlb_lg = 2;
        for (unsigned m = 0; m < 2; m++) {
            p->cpus[i].mmu[m] =
                (TwMmuIndex){.present = true,
                             .space = m,
                             .attrs = m ? TW_ATTR_SECURE | TW_ATTR_USER : 0};
        }
    }
    for (unsigned k = 0; k < 4; k++) {
        TwOp *op = &p->setup[p->n_setup++];

        *op = tw_op_make(TW_OP_PAGE);
        op->obj = k / 2;
        op->index = k % 2;
        op->lg = 12;
        op->perm = 7;
    }
    for (unsigned k = 0; k < 2; k++) {
        TwOp *op = &p->setup[p->n_setup++];

        *op = tw_op_make(TW_OP_MAP);
        op->obj = k;
        op->last = REACH - 1;
        op->other = tw_rng_below(rng, 2);
        op->out = 0;
        op->perm = 3;
    }
    p->n_script = 20 + tw_rng_below(rng, 20);
    for (unsigned i = 0; i < p->n_script; i++) {
        bool access =
            i > 0 && tw_op_info(p->script[i - 1].code)->flags & TW_OP_ACCESS;

        p->script[i] = random_op(p, rng, hostile);
        if (access && tw_rng_chance(rng, 30)) {
            random_during(p, rng, hostile, &p->script[i]);
            if (p->script[i].flags & TW_OPF_DURING && i + 1u < p->n_script &&
                tw_rng_chance(rng, 50)) {
                i++;
                p->script[i] = p->script[i - 2]; /* the access again */
            }
        }
    }
    for (unsigned i = 0; i < p->n_regions && p->n_actors < 4; i++) {
        TwOp op = random_op(p, rng, hostile);

        if (p->regions[i].kind == TW_REGION_MMIO &&
            tw_op_info(op.code)->flags & TW_OP_ACTOR_OK) {
            op.actor = TW_BOARD;
            p->actors[p->n_actors++] = (TwActor){
                .region = i, .offset = tw_rng_below(rng, 32), .op = op};
        }
    }
    if (!tw_program_check(p, why, sizeof(why))) {
        g_error("random program: %s", why);
    }
}
