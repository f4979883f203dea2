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
        address = tw_rng_below(rng, 3) * 0x1c0;
        address += tw_rng_below(rng, 32);
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
            if (tw_rng_chance(rng, 50)) {
                r->impl_min = 1u << tw_rng_below(rng, 4);
                r->impl_max = tw_rng_chance(rng, 50) ? 8 : 0;
                r->unaligned = tw_rng_chance(rng, 30);
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

static unsigned random_id(const TwProgram *p, TwRng *rng, unsigned cpu,
                          const TwField *part)
{
    switch (part->object) {
    case TW_OBJECT_CPU:
        return cpu;
    case TW_OBJECT_REGION:
        return tw_rng_below(rng, p->n_regions);
    case TW_OBJECT_OBSERVER:
        return tw_rng_below(rng, 3);
    default: /* a space or an IOMMU */
        return tw_rng_below(rng, 2);
    }
}

/* What is one byte and no name of an object. */
static unsigned random_small(TwRng *rng, const TwField *part)
{
    switch (part->type) {
    case TW_FIELD_SIZE:
        return part->powers ? 1u << tw_rng_below(rng, 4)
                            : 1 + tw_rng_below(rng, 8);
    case TW_FIELD_POWER:
        return 4 + tw_rng_below(rng, 8);
    case TW_FIELD_BITS:
        return tw_rng_chance(rng, 70) ? 64 : 6 + tw_rng_below(rng, 8);
    case TW_FIELD_RIGHTS:
        return tw_rng_chance(rng, 70) ? part->mask
                                      : tw_rng_below(rng, part->mask + 1u);
    case TW_FIELD_EVENT:
        return 1u << tw_rng_below(rng, 3);
    case TW_FIELD_EVENTS:
        return 1 + tw_rng_below(rng, 7);
    default:
        return 0;
    }
}

static void random_part(const TwProgram *p, TwRng *rng, bool hostile,
                        unsigned cpu, const TwField *part, TwOp *op)
{
    unsigned id = tw_field_get(part - 1, op); /* of an index */

    switch (part->type) {
    case TW_FIELD_ID:
        tw_field_set(part, op, random_id(p, rng, cpu, part));
        if (part->all && part[1].type != TW_FIELD_INDEX &&
            tw_rng_chance(rng, 30)) {
            tw_field_set(part, op, TW_ALL);
        }
        break;
    case TW_FIELD_INDEX:
        tw_field_set(part, op,
                     tw_rng_below(rng, part->object == TW_OBJECT_CPU
                                           ? 2
                                           : p->iommus[id].indexes));
        if (part[-1].all && tw_rng_chance(rng, 30)) {
            tw_field_set(part - 1, op, TW_ALL);
        }
        break;
    case TW_FIELD_ADDRESS:
        if (part->field == offsetof(TwOp, out)) {
            op->out = tw_rng_below(rng, REACH);
        } else {
            op->addr =
                random_address(rng, hostile && part[1].type != TW_FIELD_END);
        }
        break;
    case TW_FIELD_END:
        op->last = op->addr + tw_rng_below(rng, 0x200);
        break;
    case TW_FIELD_LENGTH:
        op->length = op->code == TW_OP_RESIZE ? random_size(rng, hostile)
                                              : 1 + tw_rng_below(rng, 0x200);
        break;
    case TW_FIELD_SWITCH:
        if (tw_rng_chance(rng, part->mask == TW_OPF_ON ? 60 : 50)) {
            op->flags |= part->mask;
        }
        break;
    case TW_FIELD_PRIORITY:
        op->priority = (int32_t)tw_rng_below(rng, 3) - 1;
        break;
    case TW_FIELD_ATTRS:
    case TW_FIELD_NUMBER:
        break;
    default:
        tw_field_set(part, op, random_small(rng, part));
        break;
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
    for (TwFieldAt at = tw_fields(tw_op_info(op.code)); at.part;
         tw_fields_next(&at)) {
        random_part(p, rng, hostile, cpu, at.part, &op);
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
        unsigned access = i - 1;
        bool behind =
            i > 0 && tw_op_info(p->script[access].code)->flags & TW_OP_ACCESS;

        p->script[i] = random_op(p, rng, hostile);
        if (behind && tw_rng_chance(rng, 30)) {
            random_during(p, rng, hostile, &p->script[i]);
            while (p->script[i].flags & TW_OPF_DURING && i + 1u < p->n_script &&
                   tw_op_may_be_during(p, i + 1) && tw_rng_chance(rng, 20)) {
                i++;
                p->script[i] = random_op(p, rng, hostile);
                random_during(p, rng, hostile, &p->script[i]);
            }
            if (p->script[i].flags & TW_OPF_DURING && i + 1u < p->n_script &&
                tw_rng_chance(rng, 50)) {
                i++;
                p->script[i] = p->script[access]; /* again */
            }
        }
    }
    for (unsigned i = 0; i < p->n_regions && p->n_actors < 4; i++) {
        TwOp op = random_op(p, rng, hostile);

        if (p->regions[i].kind == TW_REGION_MMIO &&
            (tw_op_info(op.code)->flags & TW_OP_ACTOR_OK ||
             (tw_op_is_dma(&op) && !tw_contents_are_code(p->contents)))) {
            op.flags &= (uint8_t)~TW_OPF_DURING;
            op.actor = TW_BOARD;
            p->actors[p->n_actors++] = (TwActor){
                .region = i, .offset = tw_rng_below(rng, 32), .op = op};
        }
    }
    if (!tw_program_check(p, why, sizeof(why))) {
        g_error("random program: %s", why);
    }
}
