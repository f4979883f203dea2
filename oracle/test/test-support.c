/* SPDX-License-Identifier: MIT */
/* Programs and stand-in targets for the oracle's tests. */
#include "oracle/test/test-support.h"

#include <glib.h>
#include <string.h>

#include "oracle/judge/blocked.h"
#include "oracle/judge/registers.h"
#include "oracle/memory/told.h"
#include "program/content.h"
#include "program/ops.h"
#include "program/text/text.h"

TwProgram *test_program(const char *text)
{
    TwProgram *program = g_new(TwProgram, 1);
    GError *error = NULL;

    if (!tw_program_parse(program, text, strlen(text), "test", TW_TEXT_STRICT,
                          NULL, NULL, &error)) {
        g_error("%s", error->message);
    }
    return program;
}

TwContract test_contract(void)
{
    return (TwContract){
        .cpu_cache = true,
        .one_entry_per_page = true,
        .queued = true,
        .iotlb = TW_IOTLB_ENTRIES | TW_IOTLB_REFUSALS,
        .commands = TW_COMMANDS_PLAIN,
        .ends =
            TW_ENDS_COMMIT | TW_ENDS_UNMAP | TW_ENDS_CPU_FLUSH | TW_ENDS_RESET,
        .mapping_ends = TW_ENDS_COMMIT | TW_ENDS_UNMAP | TW_ENDS_RESET,
    };
}

TwDialect test_dialect(void)
{
    TwDialect dialect = tw_dialect_full();

    dialect.locations = true;
    return dialect;
}

TestTarget *test_target_new(const TwProgram *program)
{
    TestTarget *target = g_new0(TestTarget, 1);

    target->program = program;
    target->contract = test_contract();
    target->world = tw_world_new();
    tw_contents_init(&target->contents);
    target->trace = g_new0(TwTrace, 1);
    for (unsigned i = 0; i < TW_MAX_SCRIPT; i++) {
        target->as_of[i] = i;
        target->topology[i] = target->hops[i] = UINT8_MAX;
    }
    return target;
}

void test_target_free(TestTarget *target)
{
    tw_world_free(target->world);
    tw_contents_clear(&target->contents);
    g_free(target->trace);
    g_free(target);
}

/* The naive cache --------------------------------------------------------- */

static bool page_overlaps(const TestTarget *target, const TwEnding *ending,
                          uint64_t first, uint64_t last)
{
    uint64_t step = target->world->page_size,
             mask = ending->bits >= 64 ? UINT64_MAX
                                       : ((uint64_t)1 << ending->bits) - 1;

    if (ending->whole) {
        return true;
    }
    /* Page by page, as a table would do it; ranges in tests are short. */
    for (uint64_t a = first;; a += step) {
        for (uint64_t b = ending->first;; b += step) {
            if (((a ^ b) & mask & ~(step - 1)) == 0) {
                return true;
            }
            if (ending->last - b < step) {
                break;
            }
        }
        if (last - a < step) {
            return false;
        }
    }
}

/* Must the event end what was cached for that page then? */
static bool must_go(TestTarget *target, unsigned i, const TwEnding *ending)
{
    if (ending->kind == TW_ENDING_RESTORE) {
        return true;
    }

    const TwCpu *cpu = &target->program->cpus[target->cached[i].cpu];
    const TwMmuIndex *mmu = &cpu->mmu[target->cached[i].mmu];
    static TwWalk walk;
    TwAccess access = {
        .code = TW_OP_READ,
        .cpu = target->cached[i].cpu,
        .mmu = target->cached[i].mmu,
        .space = mmu->space,
        .attrs = mmu->attrs,
        .size = 8,
    };

    if (ending->kind == TW_ENDING_COMMIT &&
        (target->contract.ends & TW_ENDS_COMMIT ||
         target->cached[i].times.topology > target->cached[i].times.hops)) {
        return true;
    }
    for (uint64_t k = 0; k < target->world->page_size;
         k += ending->kind == TW_ENDING_COMMIT ? 1 : 8) {
        access.addr = target->cached[i].page * target->world->page_size + k;
        tw_walk(target->world, &access,
                ending->kind == TW_ENDING_COMMIT ? 1 : 0xff,
                tw_times_at(target->cached[i].times.then), &walk);
        if (ending->kind == TW_ENDING_COMMIT) {
            if (target->cached[i].times.topology > walk.depth) {
                return true; /* it knows what is behind the last hop */
            }
            continue;
        }
        if (ending->kind == TW_ENDING_FLUSH) {
            if ((ending->object == TW_ALL || ending->object == access.cpu) &&
                (ending->index == TW_ALL || ending->index == access.mmu) &&
                walk.page.present &&
                page_overlaps(target, ending, walk.page.first,
                              walk.page.last)) {
                return true;
            }
            continue;
        }
        for (unsigned h = 0; h < walk.n_hops; h++) {
            const TwHop *hop = &walk.hops[h];

            if (hop->depth < target->cached[i].times.hops &&
                hop->iommu == ending->object &&
                (ending->kind == TW_ENDING_RESET ||
                 (hop->index == ending->index && hop->window <= ending->last &&
                  hop->window + (target->world->page_size - 1) >=
                      ending->first))) {
                return true;
            }
        }
    }
    return false;
}

/* The cache hears of the events logged since `from`; CPUs that are not the
 * actor hear of them at their safe point, or earlier if chance has it. */
static void hear(TestTarget *target)
{
    for (unsigned i = 0; i < target->n_cached; i++) {
        for (uint32_t e = 0;
             target->cached[i].live && e < target->world->n_endings; e++) {
            const TwEnding *ending = &target->world->endings[e];

            if (ending->tick > target->cached[i].times.then &&
                ending->tick > target->cached[i].late &&
                tw_world_counts(target->world, ending, target->cached[i].cpu) &&
                !target->forgetful && must_go(target, i, ending)) {
                target->cached[i].live = false;
            }
        }
    }
}

/* May the page be cached for this access, as it is now? */
static bool may_cache(TestTarget *target, const TwAccess *access, unsigned mask,
                      unsigned hops)
{
    static TwWalk walk;

    tw_walk(target->world, access, mask, tw_times_at(target->world->now),
            &walk);
    if (!walk.page.granted || walk.page.small || !walk.page.present) {
        return false;
    }
    for (unsigned h = 0; h < walk.n_hops; h++) {
        if (walk.hops[h].depth < hops &&
            (walk.hops[h].small || !walk.hops[h].granted)) {
            return false;
        }
    }
    for (unsigned k = 0; k < TW_MAX_ACCESS && hops == UINT8_MAX; k++) {
        if (mask >> k & 1 && (walk.bytes[k].where == TW_AT_HOP ||
                              walk.bytes[k].where == TW_AT_LOOP)) {
            return false;
        }
    }
    return true;
}

/* Does what was cached then serve this access? */
static bool serves(TestTarget *target, unsigned i, const TwAccess *access,
                   unsigned mask)
{
    static TwWalk walk;
    TwTimes times = target->cached[i].times;

    tw_walk(target->world, access, mask, tw_times_at(times.then), &walk);
    if (!walk.page.granted || walk.page.small) {
        return false;
    }
    for (unsigned h = 0; h < walk.n_hops; h++) {
        if (walk.hops[h].depth < times.hops &&
            (walk.hops[h].small || !walk.hops[h].granted)) {
            return false;
        }
    }
    for (unsigned k = 0; k < TW_MAX_ACCESS && times.hops == UINT8_MAX; k++) {
        if (mask >> k & 1 && walk.bytes[k].where == TW_AT_LOOP) {
            return false;
        }
    }
    return true;
}

static void run_access(TestTarget *target, const TwOp *op, uint16_t number,
                       bool located, bool last);

/* Performs the operations during the access at hand, unless they were. */
static void perform_during(TestTarget *target)
{
    const TwProgram *program = target->program;
    uint16_t number = target->during;

    target->during = TW_NO_OP;
    while (number < program->n_script &&
           program->script[number].flags & TW_OPF_DURING) {
        const TwOp *op = &program->script[number];
        TwOutcome *outcome = &target->trace->outcomes[number];

        target->before[number] = target->world->now;
        *outcome = (TwOutcome){
            .status = tw_legality_step(&target->world->legality, op) == TW_LEGAL
                          ? TW_STATUS_DONE
                          : TW_STATUS_SKIPPED};
        if (outcome->status == TW_STATUS_DONE) {
            if (op->actor != TW_BOARD && !program->explicit_safepoints) {
                tw_world_safepoint(target->world, op->actor);
            }
            if (tw_op_is_dma(op)) {
                run_access(target, op, number, !target->trace->locations_hidden,
                           false);
            } else {
                tw_perform(target->world, op, op->actor, number);
            }
        }
        target->performed = ++number;
    }
}

/* A fill is under way, of entry i: the operation comes, and the access goes on
 * with what the fill found, or with some of it, or starts anew. */
static TwTimes fill_during(TestTarget *target, TwTimes now, unsigned i)
{
    unsigned hops;

    if (target->during == TW_NO_OP) {
        return now;
    }
    target->fills_during++;
    perform_during(target);
    if (target->late_fill && i < target->n_cached && target->cached[i].live) {
        /* the mistake: the flush epoch is read after the walk */
        target->cached[i].late = target->world->now;
    }
    hops = tw_rng_below(target->rng, 4);
    if (hops == 3) {
        return now;
    }
    now.now = target->world->now;
    if (tw_rng_chance(target->rng, 30)) {
        return tw_times_at(now.now);
    }
    now.topology = hops + tw_rng_below(target->rng, 2);
    now.hops = hops;
    return now;
}

/* What the cache says to a page of an access: an old entry, or the current
 * walk, which then may be cached. */
static TwTimes from_cache(TestTarget *target, const TwAccess *access,
                          unsigned mask)
{
    uint64_t page =
        (access->addr + __builtin_ctz(mask)) >> target->program->page_lg;
    TwTimes now = tw_times_at(target->world->now);
    unsigned i, hops;

    for (i = 0; i < target->n_cached; i++) {
        if (target->cached[i].live && target->cached[i].page == page &&
            target->cached[i].cpu == access->cpu &&
            target->cached[i].mmu == access->mmu) {
            break;
        }
    }
    if (i < target->n_cached) {
        if (tw_rng_chance(target->rng, 90) && serves(target, i, access, mask)) {
            TwTimes times = target->cached[i].times;

            target->hits++;
            times.now = target->world->now;
            return times;
        }
        target->cached[i].live = false; /* one entry per page */
    }
    if (target->during != TW_NO_OP) {
        now = tw_times_at(target->world->now); /* before it */
    }
    hops = tw_rng_chance(target->rng, 75) ? UINT8_MAX
                                          : tw_rng_below(target->rng, 3);
    if (target->n_cached < G_N_ELEMENTS(target->cached) &&
        may_cache(target, access, mask, hops)) {
        i = target->n_cached++;
        target->cached[i].page = page;
        target->cached[i].cpu = access->cpu;
        target->cached[i].mmu = access->mmu;
        target->cached[i].live = true;
        target->cached[i].late = 0;
        target->cached[i].times = (TwTimes){
            .then = now.then,
            .topology =
                hops == UINT8_MAX ? hops : hops + tw_rng_below(target->rng, 2),
            .hops = hops,
        };
    }
    return fill_during(target, now, i);
}

/* The rest of it ---------------------------------------------------------- */

static void add_locations(TestTarget *target, TwOutcome *outcome,
                          const TwAccess *access, const TwByte *bytes)
{
    for (unsigned k = 0; k < access->size; k++) {
        if (bytes[k].where == TW_AT_BLOCKED) {
            continue; /* it has no location (LA-32) */
        }
        tw_trace_add_location(target->trace, outcome,
                              (TwLocation){.first = k,
                                           .length = 1,
                                           .region = bytes[k].region,
                                           .flags = bytes[k].flags,
                                           .offset = bytes[k].offset});
    }
}

/* What an access leaves in the registers of MPCs. */
static void run_mpcs(TestTarget *target, const TwAccess *access,
                     const TwByte *bytes, const TwEffect *effect)
{
    TwReached reached;
    TwBlocked blocked;

    tw_blocked_start(&blocked);
    tw_blocked_add(&blocked, target->world, access, bytes, effect);
    tw_blocked_record(&blocked, target->world, access);
    tw_reached_start(&reached);
    tw_reached_add(&reached, bytes, effect, access->size);
    if (reached.any) {
        tw_registers_perform(target->world, access, &reached, blocked.any);
    }
}

static TwAccess take_apart(const TwProgram *program, const TwOp *op,
                           uint16_t number)
{
    bool dma = op->code == TW_OP_DMA_READ || op->code == TW_OP_DMA_WRITE;
    const TwMmuIndex *mmu = dma ? NULL : &program->cpus[op->obj].mmu[op->index];
    bool write = op->code == TW_OP_WRITE || op->code == TW_OP_DMA_WRITE;
    uint8_t rights = op->code == TW_OP_RMW ? TW_R | TW_W : write ? TW_W : TW_R;

    return (TwAccess){
        .code = op->code,
        .exclusive = op->flags & TW_OPF_EXCLUSIVE,
        .cpu = dma ? TW_BOARD : op->obj,
        .mmu = op->index,
        .space = dma ? op->obj : mmu->space,
        .attrs = dma ? op->attrs : mmu->attrs,
        .size = op->size,
        .op = number,
        .addr = op->addr,
        .beyond = op->addr + (op->size - 1u) < op->addr,
        .page_rights = op->code == TW_OP_EXEC ? TW_X : rights,
        .hop_rights = rights,
    };
}

/* An access that an actor offset starts (LA-61). */
static void run_started(TestTarget *target, const TwActor *actor,
                        uint16_t number)
{
    TwRegionSet busy = target->busy;
    uint8_t started = target->started;

    tw_trace_add_started(target->trace, number);
    tw_regions_add(&target->busy, actor->region);
    target->started = (uint8_t)tw_trace_started_before(
        target->trace, target->trace->n_started, number);
    run_access(target, &actor->op, number, !target->trace->locations_hidden,
               false);
    target->started = started;
    target->busy = busy;
}

static void run_actors(TestTarget *target, const TwAccess *access,
                       const TwEffect *effect, const TwByte *bytes)
{
    uint8_t list[TW_MAX_ACTORS];
    unsigned n = 0;

    target->acted = access->started ? target->acted : 0;
    for (unsigned i = 0; i < access->size * target->program->n_actors &&
                         (tw_is_store(access) || access->code == TW_OP_RMW);
         i++) {
        unsigned k = i / target->program->n_actors;
        unsigned a = i % target->program->n_actors;
        const TwActor *actor = &target->program->actors[a];

        if (effect->acts[k] == TW_ACT_DEVICE && !(target->acted >> a & 1) &&
            actor->region == bytes[k].region &&
            actor->offset == bytes[k].offset) {
            target->acted |= 1u << a;
            list[n++] = (uint8_t)a;
        }
    }
    for (unsigned i = 0; i < n; i++) {
        const TwActor *actor = &target->program->actors[list[i]];

        if (tw_legality_step(&target->world->legality, &actor->op) !=
            TW_LEGAL) {
            continue;
        }
        if (tw_op_is_dma(&actor->op)) {
            run_started(target, actor, access->op);
        } else {
            tw_perform(target->world, &actor->op, access->cpu, access->op);
        }
    }
}

/* `last`: it is no fetch before another access. */
static void run_access(TestTarget *target, const TwOp *op, uint16_t number,
                       bool located, bool last)
{
    TwAccess access = take_apart(target->program, op, number);
    uint8_t started = target->started;
    TwOutcome *outcome =
        started ? &target->trace->started[target->trace->n_started - 1].outcome
                : &target->trace->outcomes[number];
    uint64_t page_1 = target->world->page_size - 1;
    TwAnswer answers[2];
    static TwWalk walk;
    TwByte bytes[TW_MAX_ACCESS];
    TwEffect effect;
    unsigned pages = 0, done = 0;
    uint8_t cuts = 0;

    access.started = started;
    access.busy = started ? &target->busy : NULL;
    hear(target);
    while (!access.beyond && done < access.size) {
        unsigned upto = access.size;
        TwTimes times = tw_times_at(target->world->now);

        if (access.cpu != TW_BOARD) {
            uint64_t left = page_1 + 1 - ((access.addr + done) & page_1);

            upto =
                left < access.size - done ? done + (unsigned)left : access.size;
        }
        answers[pages].mask = ((1u << upto) - 1) & ~((1u << done) - 1);
        if (target->rng && access.cpu != TW_BOARD) {
            times = from_cache(target, &access, answers[pages].mask);
        } else if (target->as_of[number] != number) {
            times.then = target->before[target->as_of[number]];
            times.topology = target->topology[number];
            times.hops = target->hops[number];
        }
        tw_walk(target->world, &access, answers[pages].mask, times, &walk);
        answers[pages].cuts = walk.cuts;
        memcpy(answers[pages].bytes, walk.bytes, sizeof(walk.bytes));
        pages++;
        done = upto;
    }
    if (pages) {
        tw_answer_join(&access, &answers[0], pages > 1 ? &answers[1] : NULL,
                       bytes, &cuts);
    }
    effect = tw_leaf(target->world, &access, bytes, cuts);
    outcome->class_ = effect.class_;
    if (effect.class_ <= TW_CLASS_DEVICE_ERROR) {
        if (tw_gives_value(&access)) {
            outcome->value =
                tw_contents_value(&target->contents, target->contents.worlds,
                                  &access, bytes, &effect);
        }
        if (located) {
            add_locations(target, outcome, &access, bytes);
        }
        target->contents.worlds[0] =
            tw_contents_apply(&target->contents, target->contents.worlds[0],
                              &access, bytes, &effect, target->world->now);
    }
    for (unsigned k = 0; k < access.size; k++) {
        TwLogRecord told[2 * TW_MAX_ACCESS];
        unsigned n = tw_told(target->world, &access, bytes, &effect, k, told);

        for (unsigned i = 0; i < n && tw_is_told(target->world, &access); i++) {
            tw_trace_add_log(target->trace, told[i]);
        }
    }
    if (target->world->has_mpcs) {
        run_mpcs(target, &access, bytes, &effect);
    }
    if (last || effect.class_ > TW_CLASS_DEVICE_ERROR) {
        perform_during(target);
    }
    run_actors(target, &access, &effect, bytes);
    if (effect.callback && access.cpu != TW_BOARD) {
        tw_world_safepoint(target->world, access.cpu);
    }
}

/* LA-46: the fetch of the instruction first. */
static void run_from(TestTarget *target, const TwOp *op, uint16_t number,
                     bool located)
{
    TwOutcome *outcome = &target->trace->outcomes[number];
    TwOp fetch = *op;

    fetch.code = TW_OP_EXEC;
    fetch.addr = op->from;
    fetch.size = tw_contents_are_code(target->program->contents) ? 8 : 4;
    run_access(target, &fetch, number, false, false);
    if (outcome->class_ <= TW_CLASS_DEVICE_ERROR) {
        outcome->value = 0;
        run_access(target, op, number, located, true);
    }
}

/* LA-52: the words of a run, one by one. */
static void run_words(TestTarget *target, const TwOp *op, uint16_t number)
{
    TwOutcome *outcome = &target->trace->outcomes[number];
    unsigned contents = target->program->contents, i = 0;
    uint64_t numbers = 0;
    TwOp word = *op;

    do {
        word.addr = op->addr + 8 * i;
        outcome->value = 0;
        run_access(target, &word, number, false, true);
        if (outcome->class_ > TW_CLASS_DEVICE_ERROR) {
            break;
        }
        numbers |= (uint64_t)tw_run_number(contents, outcome->value) << 16 * i;
    } while (++i < tw_run_length(op->addr));
    outcome->value = numbers;
}

static void run_dirty(TestTarget *target, const TwOp *op, uint16_t number)
{
    unsigned runs = op->code == TW_OP_DIRTY_CLEAR
                        ? tw_dirty_runs(&target->dirty, &target->contents,
                                        target->contents.worlds, op)
                        : 0;

    for (unsigned i = 0; i < runs; i++) {
        tw_trace_add_event(target->trace,
                           (TwEventRecord){
                               .op = number,
                               .observer = TW_NONE,
                               .kind = TW_TRACE_DIRTY,
                               .space = TW_NONE,
                               .region = op->obj,
                               .first = target->dirty.runs[i].first,
                               .last = target->dirty.runs[i].last,
                           });
    }
    tw_dirty_perform(&target->dirty, target->program, op, number);
}

static void run_op(TestTarget *target, uint16_t number, bool located)
{
    const TwOp *op = &target->program->script[number];
    TwOutcome *outcome = &target->trace->outcomes[number];
    unsigned flags = tw_op_info(op->code)->flags;
    uint8_t actor = flags & TW_OP_CPU_ACCESS ? op->obj : op->actor;

    if (number < target->performed) {
        return; /* during an access */
    }
    *outcome = (TwOutcome){.status = TW_STATUS_DONE};
    target->before[number] = target->world->now;
    if (tw_legality_step(&target->world->legality, op) != TW_LEGAL) {
        outcome->status = TW_STATUS_SKIPPED;
        return;
    }
    if (tw_observe_vetoed(target->world, op)) {
        outcome->status = TW_STATUS_VETOED;
        tw_legality_revert(&target->world->legality, op);
        return;
    }
    if (actor != TW_BOARD && !target->program->explicit_safepoints) {
        tw_world_safepoint(target->world, actor);
    }
    if (flags & TW_OP_ACCESS && number + 1u < target->program->n_script &&
        op[1].flags & TW_OPF_DURING) {
        target->during = number + 1;
        if (target->after[number]) {
            perform_during(target);
        }
    }
    if (op->flags & TW_OPF_FROM) {
        run_from(target, op, number, located);
    } else if (op->code == TW_OP_EXEC &&
               tw_contents_are_runs(target->program->contents)) {
        run_words(target, op, number);
    } else if (flags & TW_OP_ACCESS) {
        run_access(target, op, number, located, true);
    } else {
        tw_perform(target->world, op, actor, number);
        if (op->code == TW_OP_MPC_READ) {
            outcome->value = target->world->mpc_value;
        }
        if (op->code == TW_OP_SNAPSHOT || op->code == TW_OP_RESTORE) {
            tw_contents_perform(&target->contents, op, number,
                                target->world->now);
        }
        if (op->code == TW_OP_DIRTY_LOG || op->code == TW_OP_DIRTY_CLEAR) {
            run_dirty(target, op, number);
        }
    }
}

void test_target_run(TestTarget *target, bool located)
{
    const TwProgram *program = target->program;

    tw_perform_start(target->world, program, &target->contract);
    tw_contents_start(&target->contents, program, false, false, true);
    tw_perform_fill(target->world, &target->contents);
    tw_dirty_start(&target->dirty);
    tw_trace_init(target->trace, program);
    target->performed = 0;
    target->n_cached = target->hits = target->fills_during = 0;
    target->during = TW_NO_OP;
    target->trace->locations_hidden = !located;
    for (unsigned i = 0; i < program->n_script; i++) {
        run_op(target, i, located);
    }
    target->trace->n_ops = program->n_script;
    for (uint32_t i = 0; i < target->world->n_owed; i++) {
        if (target->world->owed[i].record.kind) { /* no beginning of a replay */
            tw_trace_add_event(target->trace, target->world->owed[i].record);
        }
    }
    tw_contents_digests(&target->contents, target->contents.worlds,
                        target->trace->digests);
}

const TwFinding *test_judge_stats(TestTarget *target, TwVerdict expected,
                                  TwJudgeStats *stats)
{
    static TwFinding finding;
    TwOracle *oracle = tw_oracle_new();
    TwDialect dialect = test_dialect();
    TwVerdict verdict =
        tw_judge(oracle, target->program, &dialect, &target->contract,
                 "softmmu", target->trace, &finding, stats);

    tw_oracle_free(oracle);
    if (verdict != expected) {
        g_error("verdict %s, expected %s:\n%s", tw_verdict_name(verdict),
                tw_verdict_name(expected), finding.text);
    }
    g_assert_cmpint(finding.verdict, ==, verdict);
    return &finding;
}

const TwFinding *test_judge(TestTarget *target, TwVerdict expected)
{
    return test_judge_stats(target, expected, NULL);
}
