/* SPDX-License-Identifier: MIT */
/* See mpc-board.h. */
#include "program/mpc-board.h"

#include <stdio.h>
#include <string.h>

#include "program/fields.h"
#include "program/ops.h"
#include "program/runs.h"

enum {
    REGISTERS = 0x1000, /* bytes */
    HOLE_BYTES = 1 << 20,
    ALL_LG = 32, /* of the page-map entries, and the space */
    USUAL_TLB_LG = 3,
};

const TwMpcSram tw_mpc_srams[TW_MPC_BOARD_MPCS] = {
    {0x00000000, 4 << 20},
    {0x28000000, 2 << 20},
    {0x28200000, 2 << 20},
};

/* Rights by attribution, of each index. */
static const uint8_t rights_of[TW_MPC_BOARD_INDEXES] = {
    TW_R | TW_W | TW_X, TW_R | TW_W, TW_R | TW_W | TW_X};

bool tw_mpc_board_has(const TwProgram *p, unsigned mpc)
{
    unsigned region = TW_MPC_BOARD_REGION + mpc;

    return region < p->n_regions && p->regions[region].kind == TW_REGION_IOMMU;
}

static bool has_alias(const TwProgram *p)
{
    return TW_MPC_BOARD_ALIAS < p->n_regions &&
           p->regions[TW_MPC_BOARD_ALIAS].kind == TW_REGION_ALIAS &&
           tw_mpc_board_has(p, 0);
}

static bool has_cpu(const TwProgram *p, unsigned cpu)
{
    return cpu < p->n_cpus && p->cpus[cpu].present;
}

static bool has_index(const TwProgram *p, unsigned cpu, unsigned index)
{
    return has_cpu(p, cpu) && p->cpus[cpu].mmu[index].present;
}

/* Has it the second CPU? */
static bool is_shared(const TwProgram *p)
{
    return p->n_cpus > 1;
}

static unsigned first_mpc(const TwProgram *p)
{
    unsigned k = 0;

    while (k + 1 < TW_MPC_BOARD_MPCS && !tw_mpc_board_has(p, k)) {
        k++;
    }
    return k;
}

bool tw_mpc_board_find(const TwProgram *p, uint64_t addr, unsigned *mpc,
                       uint64_t *offset)
{
    if (has_alias(p) && addr - TW_MPC_BOARD_ALIAS_AT < tw_mpc_srams[0].size) {
        *mpc = 0;
        *offset = addr - TW_MPC_BOARD_ALIAS_AT;
        return true;
    }
    for (unsigned k = 0; k < TW_MPC_BOARD_MPCS; k++) {
        if (tw_mpc_board_has(p, k) &&
            addr - tw_mpc_srams[k].at < tw_mpc_srams[k].size) {
            *mpc = k;
            *offset = addr - tw_mpc_srams[k].at;
            return true;
        }
    }
    return false;
}

/* Shape -------------------------------------------------------------------- */

static void shape_mpc(TwProgram *p, unsigned k)
{
    TwRegion *region = &p->regions[TW_MPC_BOARD_REGION + k];
    TwRegion *ram = &p->regions[TW_MPC_BOARD_RAM + k];
    uint8_t space = (uint8_t)(1 + k);

    *region = tw_region_make(TW_REGION_IOMMU);
    region->size = tw_mpc_srams[k].size;
    region->addr = tw_mpc_srams[k].at;
    region->container = 0;
    region->iommu = (uint8_t)k;
    *ram = tw_region_make(TW_REGION_RAM);
    ram->size = tw_mpc_srams[k].size;
    ram->block = (uint8_t)(TW_MPC_BOARD_RAM + k);
    p->spaces[space] =
        (TwSpace){.present = true, .root = (uint8_t)(TW_MPC_BOARD_RAM + k)};
    p->iommus[k] = tw_iommu_make(TW_IOMMU_MPC, TW_MPC_BOARD_PAGE_LG);
    p->iommus[k].indexes = 2;
    p->iommus[k].select = TW_SELECT_SECURE;
    p->iommus[k].bypass_space = space;
    p->iommus[k].mpc.blocked_space = space;
}

static void shape_alias(TwProgram *p)
{
    TwRegion *alias = &p->regions[TW_MPC_BOARD_ALIAS];

    *alias = tw_region_make(TW_REGION_ALIAS);
    alias->target = TW_MPC_BOARD_REGION;
    alias->size = tw_mpc_srams[0].size;
    alias->addr = TW_MPC_BOARD_ALIAS_AT;
    alias->container = 0;
}

static void shape_cpu(TwProgram *p, unsigned cpu, unsigned indexes)
{
    TwCpu *c = &p->cpus[cpu];

    *c = (TwCpu){.present = true, .tlb_lg = USUAL_TLB_LG};
    for (unsigned i = 0; i < TW_MPC_BOARD_INDEXES; i++) {
        if (indexes >> i & 1) {
            c->mmu[i] = (TwMmuIndex){.present = true,
                                     .attrs = i == 0 ? TW_ATTR_SECURE : 0};
        }
    }
}

/* What a program has of what may be missing, as bits. */
typedef struct Parts {
    unsigned mpcs;
    bool alias;
    unsigned indexes[TW_MPC_BOARD_CPUS]; /* 0: there is no such CPU */
} Parts;

static Parts parts_of(const TwProgram *p)
{
    Parts parts = {.alias = has_alias(p)};
    unsigned any = 0;

    for (unsigned k = 0; k < TW_MPC_BOARD_MPCS; k++) {
        parts.mpcs |= (unsigned)tw_mpc_board_has(p, k) << k;
    }
    for (unsigned c = 0; c < TW_MPC_BOARD_CPUS; c++) {
        for (unsigned i = 0; i < TW_MPC_BOARD_INDEXES; i++) {
            parts.indexes[c] |= (unsigned)has_index(p, c, i) << i;
        }
        any |= parts.indexes[c];
    }
    parts.mpcs = parts.mpcs ? parts.mpcs : 1;
    parts.indexes[0] = any ? parts.indexes[0] : 1;
    return parts;
}

/* A CPU without an index is none; explicit safe points are for two. */
static void shape_cpus(TwProgram *p, const Parts *parts)
{
    p->n_cpus = parts->indexes[1] ? 2 : 1;
    for (unsigned c = 0; c < p->n_cpus; c++) {
        if (parts->indexes[c]) {
            shape_cpu(p, c, parts->indexes[c]);
        } else {
            p->cpus[c] = (TwCpu){.present = false};
        }
    }
    p->explicit_safepoints = p->explicit_safepoints && p->n_cpus > 1;
}

void tw_mpc_board_shape(TwProgram *p)
{
    Parts parts = parts_of(p);

    p->page_lg = TW_MPC_BOARD_PAGE_LG;
    p->hops = TW_DEFAULT_HOPS;
    p->n_actors = 0;
    p->n_regions = TW_MPC_BOARD_RAM + TW_MPC_BOARD_MPCS;
    p->n_spaces = 1 + TW_MPC_BOARD_MPCS;
    p->n_iommus = TW_MPC_BOARD_MPCS;
    for (unsigned i = 0; i < p->n_regions; i++) {
        p->regions[i] = tw_region_make(TW_REGION_NONE);
    }
    for (unsigned i = 0; i < p->n_spaces; i++) {
        p->spaces[i] = (TwSpace){.present = false};
    }
    for (unsigned i = 0; i < p->n_iommus; i++) {
        p->iommus[i] = (TwIommu){.kind = TW_IOMMU_NONE};
    }
    p->regions[0] = tw_region_make(TW_REGION_CONTAINER);
    p->regions[0].size = UINT64_C(1) << ALL_LG;
    p->spaces[0] = (TwSpace){.present = true, .root = 0};
    for (unsigned k = 0; k < TW_MPC_BOARD_MPCS; k++) {
        if (parts.mpcs >> k & 1) {
            shape_mpc(p, k);
        }
    }
    if (parts.alias) {
        shape_alias(p);
    }
    shape_cpus(p, &parts);
}

/* Execs -------------------------------------------------------------------- */

/* Does the operation write all of CTRL's bits 0 to 7? */
static bool writes_ctrl(const TwOp *op)
{
    return op->code == TW_OP_MPC_WRITE && op->addr == TW_MPC_BOARD_CTRL;
}

/* The first `exec` that comes before each CTRL was written, or n_script. */
static unsigned first_early(const TwProgram *p)
{
    unsigned missing = 0;

    for (unsigned k = 0; k < TW_MPC_BOARD_MPCS; k++) {
        missing |= (unsigned)tw_mpc_board_has(p, k) << k;
    }
    for (unsigned i = 0; i < p->n_script && missing != 0; i++) {
        if (writes_ctrl(&p->script[i])) {
            missing &= ~(1u << p->script[i].obj);
        } else if (p->script[i].code == TW_OP_EXEC) {
            return i;
        }
    }
    return p->n_script;
}

/* The first operation during what is no run (LA-52), or n_script. */
static unsigned first_during(const TwProgram *p)
{
    for (unsigned i = 0; i < p->n_script; i++) {
        if (p->script[i].flags & TW_OPF_DURING &&
            (i == 0 || p->script[i - 1].code != TW_OP_EXEC)) {
            return i;
        }
    }
    return p->n_script;
}

void tw_mpc_board_fit_execs(TwProgram *p)
{
    unsigned i;

    while ((i = first_early(p)) < p->n_script) {
        p->script[i].code = TW_OP_READ;
    }
    while ((i = first_during(p)) < p->n_script) {
        p->script[i].flags &= (uint8_t)~TW_OPF_DURING;
    }
}

/* Compares the objects by what has a meaning: without operations. */
bool tw_mpc_board_has_shape(const TwProgram *p, char *why, size_t why_size)
{
    static _Thread_local TwProgram bare, shape;
    unsigned early, during;

    memcpy(&bare, p, offsetof(TwProgram, regions));
    memcpy(bare.regions, p->regions, p->n_regions * sizeof(*p->regions));
    memcpy(bare.spaces, p->spaces, p->n_spaces * sizeof(*p->spaces));
    memcpy(bare.iommus, p->iommus, p->n_iommus * sizeof(*p->iommus));
    memcpy(bare.cpus, p->cpus, p->n_cpus * sizeof(*p->cpus));
    memcpy(bare.actors, p->actors, p->n_actors * sizeof(*p->actors));
    bare.n_setup = bare.n_script = 0;
    memcpy(&shape, &bare, offsetof(TwProgram, setup));
    tw_mpc_board_shape(&shape);
    if (!tw_program_equal(&bare, &shape)) {
        if (why) {
            snprintf(why, why_size,
                     "objects other than those of a board with MPCs");
        }
        return false;
    }
    during = first_during(p);
    if (during < p->n_script) {
        if (why) {
            snprintf(why, why_size, "operation %u: during no run", during);
        }
        return false;
    }
    early = first_early(p);
    if (early < p->n_script && why) {
        snprintf(why, why_size,
                 "operation %u: exec before the CTRL of each mpc was written",
                 early);
    }
    return early == p->n_script;
}

/* Operations --------------------------------------------------------------- */

void tw_mpc_board_pages(TwProgram *p)
{
    p->n_setup = 0;
    for (unsigned i = 0; i < TW_MPC_BOARD_CPUS * TW_MPC_BOARD_INDEXES; i++) {
        unsigned cpu = i / TW_MPC_BOARD_INDEXES;
        unsigned index = i % TW_MPC_BOARD_INDEXES;

        if (has_index(p, cpu, index)) {
            p->setup[p->n_setup++] = (TwOp){.code = TW_OP_PAGE,
                                            .actor = TW_BOARD,
                                            .obj = (uint8_t)cpu,
                                            .index = (uint8_t)index,
                                            .lg = ALL_LG,
                                            .perm = rights_of[index]};
        }
    }
}

/* This CPU, or the other one. */
static uint8_t fit_cpu(const TwProgram *p, unsigned cpu)
{
    cpu %= TW_MPC_BOARD_CPUS;
    return (uint8_t)(has_cpu(p, cpu) ? cpu : !cpu);
}

/* Who changes a register. */
static uint8_t fit_actor(const TwProgram *p, unsigned actor)
{
    return actor == TW_BOARD ? TW_BOARD : fit_cpu(p, actor);
}

/* This index of a CPU, or the next one that has a page-map entry; TW_NONE: none
 * has. */
static uint8_t fit_index(const TwProgram *p, unsigned cpu, unsigned index,
                         bool paged)
{
    unsigned has = 0;

    for (unsigned i = 0; i < p->n_setup && paged; i++) {
        has |= (unsigned)(p->setup[i].obj == cpu) << p->setup[i].index;
    }
    for (unsigned i = 0; i < TW_MPC_BOARD_INDEXES; i++) {
        unsigned k = (index + i) % TW_MPC_BOARD_INDEXES;

        if (has_index(p, cpu, k) && (!paged || has >> k & 1)) {
            return (uint8_t)k;
        }
    }
    return TW_NONE;
}

/* In an SRAM that the program has, or where nothing is. */
static uint64_t fit_address(const TwProgram *p, uint64_t addr)
{
    uint64_t offset;
    unsigned mpc;

    addr &= UINT32_MAX & ~TW_MPC_BOARD_SECURE;
    if (tw_mpc_board_find(p, addr, &mpc, &offset) ||
        addr - TW_MPC_BOARD_HOLE < HOLE_BYTES) {
        return addr;
    }
    mpc = first_mpc(p);
    return tw_mpc_srams[mpc].at + (addr & (tw_mpc_srams[mpc].size - 1));
}

/* A run stays in its SRAM: what comes next on the board may be missing. */
static void fit_run(const TwProgram *p, TwOp *op)
{
    uint64_t offset;
    unsigned mpc;

    if (op->code == TW_OP_EXEC &&
        tw_mpc_board_find(p, op->addr, &mpc, &offset) &&
        offset + tw_op_bytes(p, op) > tw_mpc_srams[mpc].size) {
        op->addr -= TW_RUN_BYTES;
    }
}

static void fit_access(const TwProgram *p, TwOp *op)
{
    bool code = tw_contents_are_code(p->contents);

    if (op->code == TW_OP_EXEC && !code) {
        op->code = TW_OP_READ;
    }
    op->size =
        op->size >= 8 ? 8 : (uint8_t)(1u << (31 - __builtin_clz(op->size)));
    if (code && op->code != TW_OP_READ) {
        op->size = 8;
    }
    op->obj = fit_cpu(p, op->obj);
    op->actor = op->obj;
    op->flags = 0;
    op->from = 0;
    op->index = fit_index(p, op->obj, op->index, true);
    op->addr = fit_address(p, op->addr) & ~(uint64_t)(op->size - 1u);
    fit_run(p, op);
    if (op->index == TW_NONE) {
        *op = (TwOp){.code = TW_OP_NOP, .actor = TW_BOARD};
    }
}

static void fit_register(const TwProgram *p, TwOp *op)
{
    unsigned k = op->obj % TW_MPC_BOARD_MPCS;
    uint64_t value = op->value;

    op->size = op->size >= 4 ? 4 : op->size >= 2 ? 2 : 1;
    op->obj = (uint8_t)(tw_mpc_board_has(p, k) ? k : first_mpc(p));
    op->addr &= (REGISTERS - 1) & ~(uint64_t)(op->size - 1u);
    op->attrs = TW_ATTR_SECURE;
    op->actor = fit_actor(p, op->actor);
    op->flags &= op->code == TW_OP_MPC_WRITE &&
                         tw_contents_kind(p->contents) == TW_CONTENTS_RUNS_THUMB
                     ? TW_OPF_DURING
                     : 0;
    if (op->code == TW_OP_MPC_WRITE) {
        value &= (UINT64_C(1) << 8 * op->size) - 1;
        if (op->addr == TW_MPC_BOARD_CTRL &&
            tw_contents_are_code(p->contents)) {
            value |= TW_MPC_BOARD_SEC_RESP;
        }
        op->value = value;
    }
}

static void fit_page(const TwProgram *p, TwOp *op)
{
    uint8_t cpu = fit_cpu(p, op->obj);
    uint8_t index = fit_index(p, cpu, op->index, false);

    *op = (TwOp){.code = TW_OP_PAGE,
                 .actor = TW_BOARD,
                 .obj = cpu,
                 .index = index,
                 .lg = ALL_LG,
                 .perm = rights_of[index % TW_MPC_BOARD_INDEXES]};
}

void tw_mpc_board_fit_op(const TwProgram *p, TwOp *op)
{
    switch (op->code) {
    case TW_OP_READ:
    case TW_OP_WRITE:
    case TW_OP_EXEC:
        fit_access(p, op);
        break;
    case TW_OP_MPC_READ:
    case TW_OP_MPC_WRITE:
        fit_register(p, op);
        break;
    case TW_OP_PAGE:
        fit_page(p, op);
        break;
    case TW_OP_FLUSH_ALL:
        *op = (TwOp){.code = TW_OP_FLUSH_ALL,
                     .obj = fit_cpu(p, op->obj),
                     .actor = is_shared(p) ? fit_cpu(p, op->obj) : TW_BOARD};
        break;
    case TW_OP_SAFEPOINT:
        *op = is_shared(p) ? (TwOp){.code = TW_OP_SAFEPOINT,
                                    .obj = fit_cpu(p, op->obj),
                                    .actor = TW_BOARD}
                           : (TwOp){.code = TW_OP_NOP, .actor = TW_BOARD};
        break;
    default:
        *op = (TwOp){.code = TW_OP_NOP, .actor = TW_BOARD};
        break;
    }
}
