/* SPDX-License-Identifier: MIT */
/*
 * Programs for dialects that have the page tables of a CPU and nothing else
 * that changes.  Bugs there show if many entries compete for one address: so a
 * program has a few hot addresses, and most operations are about them.  Hot
 * addresses are chosen so that pages of all sizes lead to the same bytes:
 *
 *   virtual   1 GiB * {4, 5} + 2 MiB * {0x20 ..} + 4 KiB * {0x20 .., 0, 0x1ff}
 *   physical  2 MiB * {0 ..}                     + 4 KiB * {0 .., 0x1fe, 0x1ff}
 */
#include "fuzz/generate/paged.h"

#include <string.h>

#include "fuzz/generate/op.h"
#include "fuzz/generate/put.h"
#include "fuzz/generate/runs.h"

enum {
    SMALL_LG = 12,
    LARGE_LG = 21,
    HUGE_LG = 30,
    ALL = TW_R | TW_W | TW_X,
};

bool tw_paged_dialect(const TwDialect *dialect)
{
    return dialect->iommu_kinds >> 1 == 0 && dialect->page_lgs != 0 &&
           dialect->page_lgs != UINT32_MAX &&
           (dialect->page_lgs & ((1u << SMALL_LG) - 1)) == 0;
}

/* Places ------------------------------------------------------------------- */

static uint64_t pick(TwGen *gen, const uint16_t *from, unsigned n)
{
    return from[tw_gen_below(gen, n)];
}

/* The 4 KiB page of a hot virtual address. */
static uint64_t hot_page(TwGen *gen)
{
    static const uint16_t small[] = {0x20, 0x21, 0x22, 0x23, 0, 0x1ff};
    uint64_t huge = 4 + (tw_gen_chance(gen, 20) ? 1 : 0);
    uint64_t large = 0x20 + tw_gen_below(gen, 3);

    return huge << HUGE_LG | large << LARGE_LG |
           pick(gen, small, 6) << SMALL_LG;
}

static uint64_t hot_frame(TwGen *gen)
{
    static const uint16_t small[] = {0, 1, 2, 3, 0x20, 0x21, 0x1fe, 0x1ff};

    uint64_t large = tw_gen_below(gen, 4);

    return large << LARGE_LG | pick(gen, small, 8) << SMALL_LG;
}

/* The size of a page: mostly one of those that the dialect has. */
static uint8_t some_lg(TwGen *gen)
{
    unsigned draw = tw_gen_below(gen, 16);

    return draw < 9 ? SMALL_LG : draw < 14 ? LARGE_LG : HUGE_LG;
}

static uint8_t some_rights(TwGen *gen)
{
    static const uint8_t few[] = {TW_R, TW_R | TW_W, TW_R | TW_X,
                                  TW_X, 0,           TW_R};

    return tw_gen_chance(gen, 65) ? ALL : few[tw_gen_below(gen, sizeof(few))];
}

/* An address of a word in a page: mostly the same ones, now and then one that
 * reaches into the next page. */
static uint64_t word_in(TwGen *gen, uint64_t page)
{
    unsigned draw = tw_gen_below(gen, 16);

    return page + (draw < 10   ? 8 * tw_gen_below(gen, 4)
                   : draw < 14 ? 8 * tw_gen_below(gen, 500)
                               : 0xff8 + tw_gen_below(gen, 8));
}

/* Operations --------------------------------------------------------------- */

typedef struct Hot {
    uint8_t cpu, mmu;
    uint8_t lg; /* of the entry that was made last, as far as is known */
    uint64_t va;
} Hot;

static bool is_code(const TwGen *gen)
{
    return tw_contents_are_code(gen->program->contents);
}

static TwOpCode some_code(TwGen *gen)
{
    unsigned draw = tw_gen_below(gen, 16);

    if (draw < (is_code(gen)                    ? 9u
                : gen->dialect->exec_needs_code ? 0u
                                                : 3u) &&
        tw_gen_speaks(gen->dialect, TW_OP_EXEC)) {
        return TW_OP_EXEC;
    }
    return draw < 11 ? TW_OP_READ : draw < 15 ? TW_OP_WRITE : TW_OP_RMW;
}

/* A hot address in a page of the page map. */
static bool aim_at_page(TwGen *gen, Hot *hot)
{
    const TwSketchPage *page;
    uint64_t low;
    unsigned n;

    hot->cpu = tw_gen_pick_cpu(gen->program, tw_gen_below(gen, TW_MAX_CPUS));
    if (hot->cpu == TW_NONE) {
        return false;
    }
    hot->mmu = tw_gen_pick_mmu(gen->program, hot->cpu,
                               tw_gen_below(gen, TW_MAX_MMU_INDEXES));
    n = hot->mmu == TW_NONE ? 0 : gen->n_pages[hot->cpu][hot->mmu];
    if (n == 0) {
        return false;
    }
    page = &gen->pages[hot->cpu][hot->mmu][tw_gen_below(gen, n)];
    hot->lg = page->lg >= SMALL_LG ? page->lg : SMALL_LG;
    low = (UINT64_C(1) << hot->lg) - (UINT64_C(1) << SMALL_LG);
    hot->va = word_in(gen, (page->va & ~low) | (hot_page(gen) & low));
    return true;
}

/* A hot address; mostly one that an access had before. */
static bool aim(TwGen *gen, Hot *hot)
{
    TwAim at;

    if (gen->n_touched == 0 || tw_gen_chance(gen, 35)) {
        return aim_at_page(gen, hot);
    }
    if (!tw_aim_touched(gen, &at)) {
        return false;
    }
    hot->cpu = at.cpu;
    hot->mmu = at.mmu;
    hot->va = at.va;
    hot->lg = at.lg >= SMALL_LG ? at.lg : SMALL_LG;
    return true;
}

static void put_access(TwGen *gen, TwOpCode code, const Hot *hot)
{
    tw_put_access(gen, code, hot->cpu, hot->mmu, hot->va,
                  is_code(gen) ? 8 : (uint8_t)(1u << tw_gen_below(gen, 4)));
}

/* Elsewhere in the same entry, or at the same place. */
static void put_access_near(TwGen *gen, TwOpCode code, const Hot *hot)
{
    uint64_t page = hot->va & ~((UINT64_C(1) << SMALL_LG) - 1);
    Hot near = *hot;

    if (hot->lg > SMALL_LG && tw_gen_chance(gen, 50)) {
        page = (page >> LARGE_LG << LARGE_LG) |
               (hot_page(gen) & ((UINT64_C(1) << LARGE_LG) - 1));
    }
    near.va = word_in(gen, page);
    put_access(gen, code, &near);
}

/* Makes the entry at a hot address lead elsewhere; `rights`: all or some. */
static void put_page(TwGen *gen, Hot *hot, uint8_t lg, uint8_t rights,
                     bool same_place)
{
    uint64_t low = (UINT64_C(1) << lg) - 1;
    TwOp *op = tw_put(gen, TW_OP_PAGE, TW_BOARD);
    TwAim at;

    tw_gen_aim(gen, hot->cpu, hot->mmu, hot->va, &at);
    op->obj = hot->cpu;
    op->index = hot->mmu;
    op->lg = lg;
    op->perm = rights;
    op->addr = hot->va & ~low;
    op->out = (same_place ? at.pa : hot_frame(gen)) & ~low;
    tw_gen_note_page(gen, op);
    hot->lg = lg;
}

static void put_unpage(TwGen *gen, const Hot *hot)
{
    TwOp *op = tw_put(gen, TW_OP_UNPAGE, TW_BOARD);

    op->obj = hot->cpu;
    op->index = hot->mmu;
    op->lg = tw_gen_chance(gen, 70) ? hot->lg : some_lg(gen);
    op->addr = hot->va & ~((UINT64_C(1) << op->lg) - 1);
    tw_gen_note_page(gen, op);
}

/* What must end the answers at a hot address: by itself, by another address of
 * the same entry, by a range that meets it, or with all else. */
static void put_flush(TwGen *gen, const Hot *hot)
{
    unsigned draw = tw_gen_below(gen, 16);
    uint64_t page = hot->va & ~((UINT64_C(1) << SMALL_LG) - 1);
    TwOp *op = tw_put(gen,
                      draw < 8    ? TW_OP_FLUSH_PAGE
                      : draw < 13 ? TW_OP_FLUSH_RANGE
                      : draw < 15 ? TW_OP_FLUSH_INDEX
                                  : TW_OP_FLUSH_ALL,
                      hot->cpu);

    op->obj = hot->cpu;
    if (op->code == TW_OP_FLUSH_ALL) {
        return;
    }
    op->index = hot->mmu;
    if (op->code == TW_OP_FLUSH_PAGE) {
        op->addr = hot->va;
        if (hot->lg > SMALL_LG && tw_gen_chance(gen, 60)) {
            uint64_t low =
                (UINT64_C(1) << (hot->lg < HUGE_LG ? hot->lg : LARGE_LG)) - 1;

            op->addr = (hot->va & ~low) | (hot_page(gen) & low);
        }
    } else if (op->code == TW_OP_FLUSH_RANGE) {
        uint64_t before = tw_gen_below(gen, 4);
        uint64_t n = before + 1 + tw_gen_below(gen, 12);

        op->addr = page - (before << SMALL_LG);
        op->length = tw_gen_chance(gen, 85) ? n << SMALL_LG
                                            : (UINT64_C(1) << LARGE_LG) + 8;
        op->bits = tw_gen_chance(gen, 90) ? 64 : 56;
    }
}

/* Moves -------------------------------------------------------------------- */

static void put_change(TwGen *gen, Hot *hot)
{
    unsigned draw = tw_gen_below(gen, 16);

    if (draw < 8) { /* leads elsewhere */
        put_page(gen, hot, hot->lg, some_rights(gen), false);
    } else if (draw < 10) { /* the same, with other rights */
        put_page(gen, hot, hot->lg, some_rights(gen), true);
    } else if (draw < 12) { /* in pages of another size: the same, */
        put_page(gen, hot, some_lg(gen), ALL, true);
    } else if (draw < 13) { /* or another */
        uint8_t lg = some_lg(gen);

        put_page(gen, hot, lg, some_rights(gen), false);
    } else {
        put_unpage(gen, hot);
    }
}

/* Loads from many pages of a large one: they take all slots of a small TLB, and
 * move what is in it to where it keeps what it drops; a TLB that follows its
 * use becomes larger. */
static void put_sweep(TwGen *gen, const Hot *hot)
{
    unsigned n = 24 + tw_gen_below(gen, 97);
    Hot at = *hot;

    for (unsigned i = 0; i < n && !tw_gen_full(gen); i++) {
        at.va = (hot->va >> LARGE_LG << LARGE_LG) + ((uint64_t)i << SMALL_LG);
        put_access(gen, TW_OP_READ, &at);
    }
}

/* Fill, change, flush, access: what was filled must be gone. */
static void move_change(TwGen *gen)
{
    Hot hot;

    if (!aim(gen, &hot)) {
        return;
    }
    TwOpCode code = some_code(gen);

    put_access(gen, code, &hot);
    if (tw_gen_chance(gen, 30)) {
        put_access_near(gen, some_code(gen), &hot);
    }
    if (hot.lg > SMALL_LG && tw_gen_chance(gen, 2)) {
        put_sweep(gen, &hot);
    }
    Hot before = hot;
    put_change(gen, &hot);
    if (tw_gen_chance(gen, 35)) { /* the old answer is still allowed */
        put_access(gen, tw_gen_chance(gen, 60) ? code : some_code(gen), &hot);
    }
    if (tw_gen_chance(gen, 25)) {
        put_change(gen, &hot);
    }
    if (tw_gen_chance(gen, 85)) {
        /* By software that knows what was there, or what is there. */
        put_flush(gen, tw_gen_chance(gen, 60) ? &before : &hot);
    }
    put_access(gen, tw_gen_chance(gen, 70) ? code : some_code(gen), &before);
    if (tw_gen_chance(gen, 40)) {
        put_access_near(gen, some_code(gen), &before);
    }
}

static void move_burst(TwGen *gen)
{
    unsigned n = 4 + tw_gen_below(gen, 12);
    Hot hot;

    for (unsigned i = 0; i < n && !tw_gen_full(gen) && aim(gen, &hot); i++) {
        if (tw_gen_chance(gen, 50)) {
            put_access(gen, some_code(gen), &hot);
        } else {
            put_access_near(gen, some_code(gen), &hot);
        }
    }
}

/* A page that was not there. */
static void move_new(TwGen *gen)
{
    const TwProgram *program = gen->program;
    Hot hot = {.lg = some_lg(gen)};

    hot.cpu = tw_gen_pick_cpu(program, tw_gen_below(gen, TW_MAX_CPUS));
    if (hot.cpu == TW_NONE) {
        return;
    }
    hot.mmu = tw_gen_pick_mmu(program, hot.cpu, tw_gen_below(gen, 4));
    hot.va = word_in(gen, hot_page(gen));
    if (tw_gen_chance(gen, 30)) {
        put_access(gen, some_code(gen), &hot); /* refused: never kept */
    }
    put_page(gen, &hot, hot.lg, some_rights(gen), false);
    put_access(gen, some_code(gen), &hot);
}

static void move_flush(TwGen *gen)
{
    Hot hot;

    if (aim(gen, &hot)) {
        put_flush(gen, &hot);
        put_access(gen, some_code(gen), &hot);
    }
}

void tw_paged_move(TwGen *gen)
{
    unsigned draw = tw_gen_below(gen, 16);

    if (draw < 9) {
        move_change(gen);
    } else if (draw < 12) {
        move_burst(gen);
    } else if (draw < 14) {
        move_new(gen);
    } else {
        move_flush(gen);
    }
}

/* Topology ----------------------------------------------------------------- */

static void put_ram(TwGen *gen, uint64_t addr, uint64_t size)
{
    TwProgram *program = gen->program;
    uint8_t id = program->n_regions;
    TwRegion *region = &program->regions[id];

    if (id >= gen->dialect->max_regions) {
        return;
    }
    program->n_regions++;
    *region = tw_region_make(TW_REGION_RAM);
    region->block = id;
    region->container = 0;
    region->addr = addr;
    region->size = size;
}

/* RAM wherever pages lead; or, in one program of eight, with holes. */
static void add_regions(TwGen *gen)
{
    TwProgram *program = gen->program;
    uint64_t large = UINT64_C(1) << LARGE_LG;
    bool alone = gen->dialect->max_regions < 2 ||
                 !(gen->dialect->region_kinds & 1u << TW_REGION_CONTAINER);

    program->regions[program->n_regions++] =
        tw_region_make(alone ? TW_REGION_RAM : TW_REGION_CONTAINER);
    program->regions[0].size = alone ? UINT64_C(1) << HUGE_LG : UINT64_MAX;
    program->spaces[program->n_spaces++] = (TwSpace){.present = true};
    if (alone) {
        program->regions[0].block = 0;
        return;
    }
    if (gen->dialect->full_ram || !tw_gen_chance(gen, 12)) {
        put_ram(gen, 0, UINT64_C(1) << HUGE_LG);
        return;
    }
    put_ram(gen, 0, large * (1 + tw_gen_below(gen, 3)));
    put_ram(gen, 3 * large, 0x3000);
    if (tw_gen_chance(gen, 50)) { /* in front of the first */
        put_ram(gen, 0x1000 * tw_gen_below(gen, 4), 0x2000);
        if (program->n_regions > 3) {
            program->regions[3].priority = 1;
        }
    }
}

static void add_setup(TwGen *gen, uint8_t mmu)
{
    TwProgram *program = gen->program;

    for (unsigned n = 2 + tw_gen_below(gen, 6); n > 0; n--) {
        TwOp *op = &program->setup[program->n_setup++];
        uint8_t lg = some_lg(gen);
        uint64_t low = (UINT64_C(1) << lg) - 1;

        *op = tw_op_make(TW_OP_PAGE);
        op->index = mmu;
        op->lg = lg;
        op->perm = tw_gen_chance(gen, 85) ? ALL : some_rights(gen);
        op->addr = hot_page(gen) & ~low;
        op->out = hot_frame(gen) & ~low;
    }
}

void tw_paged_topology(TwGen *gen)
{
    TwProgram *program = gen->program;
    const TwDialect *dialect = gen->dialect;
    unsigned mmus = 1 + tw_gen_below(gen, 2);

    if (tw_dialect_code(dialect) != TW_CONTENTS_DATA &&
        (tw_gen_chance(gen, 40) ||
         !(dialect->contents >> TW_CONTENTS_DATA & 1))) {
        program->contents = tw_dialect_code(dialect);
        tw_runs_choose(gen);
    }
    add_regions(gen);
    if (dialect->max_cpus > 0) {
        program->n_cpus = 1;
        memset(&program->cpus[0], 0, sizeof(program->cpus[0]));
        program->cpus[0].present = true;
        for (unsigned m = 0; m < mmus && m < dialect->max_mmu_indexes; m++) {
            program->cpus[0].mmu[m].present = true;
            add_setup(gen, (uint8_t)m);
        }
    }
    tw_dialect_fit(dialect, program);
    tw_gen_sketch(gen, program, dialect, gen->profile, gen->rng);
}
