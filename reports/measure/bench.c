/* SPDX-License-Identifier: MIT */
/* The loops of `twinwalk bench`. */
#include "reports/measure/bench.h"

#include <string.h>
#include <unistd.h>

#include "fuzz/campaign/campaign.h"
#include "program/bytes/bytes.h"
#include "program/fields.h"
#include "program/path.h"
#include "reports/measure/timing.h"
#include "reports/measure/instructions.h"

enum { BATCH = 200, SEED = 1 };

double tw_bench_calibrate(void)
{
    enum { ROUNDS = 1 << 22, TRIES = 5 };
    double best = 0;

    for (unsigned try = 0; try < TRIES; try++) {
        volatile uint64_t start = try;
        uint64_t x = start;
        double began = tw_timing_now_ns(CLOCK_PROCESS_CPUTIME_ID), took;

        for (unsigned i = 0; i < ROUNDS; i++) {
            x = tw_mix64(x + 0x9e3779b97f4a7c15u);
        }
        start = x;
        took = (tw_timing_now_ns(CLOCK_PROCESS_CPUTIME_ID) - began) / ROUNDS;
        best = best == 0 || took < best ? took : best;
    }
    return best;
}

/* Whole programs ----------------------------------------------------------- */

typedef struct Bench {
    TwBenchLoop *loop;
    unsigned profile;
    TwRunner *runner;
    TwTarget *target;
    clockid_t clock;
    TwDialect dialect;
    TwKnown *known;
    TwProgram *program;
    TwTrace *trace;
    uint64_t first; /* number of the batch's first program */
    uint8_t *bytes; /* of the batch's programs, one after the other */
    size_t size[BATCH];
    int counter; /* of instructions, or -1 */
} Bench;

static void make(Bench *b, unsigned i)
{
    tw_campaign_program(b->program, SEED, b->first + i, b->profile, &b->dialect,
                        b->known, NULL);
}

static double pass_generate(Bench *b)
{
    double began = tw_timing_now_ns(b->clock);

    for (unsigned i = 0; i < BATCH; i++) {
        make(b, i);
    }
    return tw_timing_now_ns(b->clock) - began;
}

/* Behind pointers, so that the calls stay. */
static bool no_run(TwTarget *target, const TwProgram *program, TwTrace *trace)
{
    (void)target;
    (void)program;
    tw_trace_init(trace, program);
    return true;
}

static TwVerdict no_judge(const TwProgram *program, const TwTrace *trace)
{
    (void)program;
    (void)trace;
    return TW_VERDICT_AGREE;
}

static double pass_empty(Bench *b)
{
    bool (*volatile run)(TwTarget *, const TwProgram *, TwTrace *) = no_run;
    TwVerdict (*volatile judge)(const TwProgram *, const TwTrace *) = no_judge;
    double began = tw_timing_now_ns(b->clock);

    for (unsigned i = 0; i < BATCH; i++) {
        make(b, i);
        run(NULL, b->program, b->trace);
        judge(b->program, b->trace);
    }
    return tw_timing_now_ns(b->clock) - began;
}

static double pass_target(Bench *b)
{
    double began = tw_timing_now_ns(b->clock);

    for (unsigned i = 0; i < BATCH; i++) {
        make(b, i);
        tw_target_run(b->target, b->program, b->trace);
    }
    return tw_timing_now_ns(b->clock) - began;
}

static double pass_whole(Bench *b)
{
    double began = tw_timing_now_ns(b->clock);
    TwFinding finding;

    for (unsigned i = 0; i < BATCH; i++) {
        make(b, i);
        b->loop->findings += tw_verdict_is_finding(
            tw_runner_run(b->runner, b->program, &finding, &b->loop->stats,
                          b->loop->counters));
    }
    return tw_timing_now_ns(b->clock) - began;
}

/* Not timed: counts regions and keeps the byte forms for pass_decode. */
static void prepare(Bench *b)
{
    size_t at = 0;

    for (unsigned i = 0; i < BATCH; i++) {
        make(b, i);
        for (unsigned r = 0; r < b->program->n_regions; r++) {
            b->loop->regions += b->program->regions[r].kind != TW_REGION_NONE;
        }
        b->size[i] = tw_program_encode(b->program, b->bytes + at, TW_BYTES_MAX,
                                       &b->dialect);
        at += b->size[i];
    }
    b->loop->bytes += at;
}

static double pass_decode(Bench *b)
{
    double began = tw_timing_now_ns(b->clock);
    size_t at = 0;

    for (unsigned i = 0; i < BATCH; i++) {
        tw_program_decode(b->program, b->bytes + at, b->size[i], &b->dialect);
        at += b->size[i];
    }
    return tw_timing_now_ns(b->clock) - began;
}

static void measure(Bench *b, double seconds)
{
    double generate = 0, empty = 0, target = 0, whole = 0, decode = 0;
    double until = tw_timing_now_ns(CLOCK_MONOTONIC) + seconds * 1e9;
    uint64_t empty_count = 0, whole_count = 0;
    TwBenchLoop *l = b->loop;
    TwFinding finding;
    double n;

    for (unsigned i = 0; i < BATCH; i++) { /* warm up, on other programs */
        b->first = UINT64_C(1) << 40;
        make(b, i);
        tw_target_run(b->target, b->program, b->trace);
        tw_runner_run(b->runner, b->program, &finding, NULL, NULL);
    }
    b->first = 0;
    do {
        uint64_t before;

        prepare(b);
        generate += pass_generate(b);
        before = tw_instructions_read(b->counter);
        empty += pass_empty(b);
        empty_count += tw_instructions_read(b->counter) - before;
        target += pass_target(b);
        before = tw_instructions_read(b->counter);
        whole += pass_whole(b);
        whole_count += tw_instructions_read(b->counter) - before;
        decode += pass_decode(b);
        b->first += BATCH;
    } while (tw_timing_now_ns(CLOCK_MONOTONIC) < until);
    l->programs = b->first;
    n = (double)l->programs;
    l->generate = generate / n;
    l->decode = decode / n;
    l->empty = empty / n;
    l->whole = whole / n;
    l->instructions = (double)whole_count / n;
    l->empty_instructions = (double)empty_count / n;
    l->target = MAX(target - generate, 0) / n;
    l->judge = MAX(whole - target, 0) / n;
}

bool tw_bench_loop(const TwTargetOptions *options, TwKnown *known,
                   unsigned profile, double seconds, TwBenchLoop *loop,
                   GError **error)
{
    Bench b = {.loop = loop, .profile = profile, .known = known};

    memset(loop, 0, sizeof(*loop));
    b.runner = tw_runner_new(options, error);
    if (!b.runner || !tw_runner_set_known(b.runner, known, error)) {
        tw_runner_free(b.runner);
        return false;
    }
    b.target = tw_target_open(options, error);
    if (!b.target) {
        tw_runner_free(b.runner);
        return false;
    }
    b.clock = tw_timing_clock(b.target);
    b.counter = tw_instructions_open(loop->why_not, sizeof(loop->why_not));
    b.dialect = *tw_target_dialect(b.target);
    b.program = g_new(TwProgram, 1);
    b.trace = g_new(TwTrace, 1);
    b.bytes = g_malloc((size_t)BATCH * TW_BYTES_MAX);
    measure(&b, seconds);
    if (b.counter >= 0) {
        close(b.counter);
    }
    g_free(b.bytes);
    g_free(b.trace);
    g_free(b.program);
    tw_target_close(b.target);
    tw_runner_free(b.runner);
    return true;
}

/* Purpose-built programs --------------------------------------------------- */

enum { PAGE = 4096, RAM_SIZE = 1 << 16, REPEATS = 512, STARTS = 3 };

/*
 * RAM behind `depth` IOMMUs, each with a space of its own:
 *
 *   s<depth>: [ iommu ] -> ... -> s1: [ iommu ] -> s0: [ ram ]
 *
 * (or as much RAM as the dialect wants), and a CPU with one TLB entry, pages 0
 * and 1 mapped to themselves.
 */
static void micro_machine(TwProgram *p, const TwDialect *dialect,
                          unsigned depth)
{
    TwRegion root = tw_region_make(TW_REGION_CONTAINER);
    TwRegion ram = tw_region_make(TW_REGION_RAM);
    TwRegion iommu = tw_region_make(TW_REGION_IOMMU);

    tw_program_init(p);
    root.size = ram.size = iommu.size = RAM_SIZE;
    for (unsigned s = 0; s <= depth; s++) {
        TwRegion *leaf = s == 0 ? &ram : &iommu;
        uint8_t id = p->n_regions;

        leaf->container = id;
        leaf->block = (uint8_t)(id + 1);
        if (s > 0) {
            TwOp map = tw_op_make(TW_OP_MAP);

            leaf->block = TW_NONE;
            leaf->iommu = (uint8_t)(s - 1);
            p->iommus[s - 1] = tw_iommu_make(TW_IOMMU_TABLE, 12);
            p->n_iommus = (uint8_t)s;
            map.obj = (uint8_t)(s - 1);
            map.last = RAM_SIZE - 1;
            map.other = (uint8_t)(s - 1);
            map.perm = TW_R | TW_W;
            p->setup[p->n_setup++] = map;
        }
        p->regions[p->n_regions++] = root;
        p->regions[p->n_regions++] = *leaf;
        p->spaces[p->n_spaces++] = (TwSpace){.present = true, .root = id};
    }
    tw_dialect_fit_regions(dialect, p);
    memset(&p->cpus[0], 0, sizeof(p->cpus[0]));
    p->n_cpus = 1;
    p->cpus[0].present = true;
    p->cpus[0].mmu[0] = (TwMmuIndex){.present = true, .space = (uint8_t)depth};
    for (unsigned page = 0; page < 2; page++) {
        TwOp op = tw_op_make(TW_OP_PAGE);

        op.addr = op.out = page * PAGE;
        op.lg = 12;
        op.perm = TW_R | TW_W | TW_X;
        p->setup[p->n_setup++] = op;
    }
}

/* `n` reads; with `alternate`, alternately of two pages. */
static void micro_script(TwProgram *p, unsigned n, bool alternate)
{
    p->n_script = (uint16_t)n;
    for (unsigned i = 0; i < n; i++) {
        TwOp op = tw_op_make(TW_OP_READ);

        op.actor = 0;
        op.size = 8;
        op.addr = alternate && i % 2 ? PAGE : 0;
        p->script[i] = op;
    }
}

typedef struct Micro {
    TwTimed timed;
    double seconds; /* for each figure */
} Micro;

static double best_of(Micro *m, bool judge)
{
    return tw_timing_best(&m->timed, m->seconds / 2, judge);
}

/* ns per access: many against two. */
static double per_access(Micro *m, unsigned depth, bool alternate, bool judge)
{
    double many, few;

    micro_machine(m->timed.program, tw_target_dialect(m->timed.target), depth);
    micro_script(m->timed.program, REPEATS, alternate);
    many = best_of(m, judge);
    micro_script(m->timed.program, 2, alternate);
    few = best_of(m, judge);
    return MAX(many - few, 0) / (REPEATS - 2);
}

/* ns of an exchange; 0: there is none. */
static double trip(Micro *m)
{
    double until = tw_timing_now_ns(CLOCK_MONOTONIC) + m->seconds * 1e9,
           best = 0;

    while (m->timed.target->klass->ping != NULL) {
        double began = tw_timing_now_ns(CLOCK_MONOTONIC), took;

        if (!m->timed.target->klass->ping(m->timed.target)) {
            return 0;
        }
        took = tw_timing_now_ns(CLOCK_MONOTONIC) - began;
        best = best == 0 || took < best ? took : best;
        if (began > until) {
            break;
        }
    }
    return best;
}

/* What a program costs apart from its operations, and a target apart from
 * programs. */
static bool overheads(Micro *m, const TwTargetOptions *options,
                      TwBenchMicro *micro, GError **error)
{
    const TwDialect *dialect = tw_target_dialect(m->timed.target);

    if (dialect->path_stages) {
        tw_program_init(m->timed.program);
        tw_path_shape(dialect, m->timed.program);
    } else {
        micro_machine(m->timed.program, dialect, 0);
    }
    m->timed.program->n_script = 0;
    micro->empty = best_of(m, false);
    micro->trip = trip(m);
    for (unsigned i = 0; i < STARTS; i++) {
        double began = tw_timing_now_ns(CLOCK_MONOTONIC), took;
        TwTarget *target = tw_target_open(options, error);

        if (!target) {
            return false;
        }
        tw_target_run(target, m->timed.program, m->timed.trace);
        took = tw_timing_now_ns(CLOCK_MONOTONIC) - began;
        tw_target_close(target);
        micro->start = i == 0 || took < micro->start ? took : micro->start;
    }
    return true;
}

bool tw_bench_micro(const TwTargetOptions *options, double seconds,
                    TwBenchMicro *micro, char *why, size_t why_size,
                    GError **error)
{
    Micro m = {.seconds = seconds / (3 + 2 * TW_BENCH_DEPTHS)};
    bool ok = true;

    m.timed.target = tw_target_open(options, error);
    if (!m.timed.target) {
        return false;
    }
    m.timed.oracle = tw_oracle_new();
    m.timed.program = g_new(TwProgram, 1);
    m.timed.trace = g_new(TwTrace, 1);
    for (unsigned depth = 0; depth < TW_BENCH_DEPTHS; depth++) {
        micro_machine(m.timed.program, tw_target_dialect(m.timed.target),
                      depth);
        micro_script(m.timed.program, REPEATS, true);
        if (!tw_dialect_admits(tw_target_dialect(m.timed.target),
                               m.timed.program, why, why_size)) {
            break;
        }
        if (depth == 0) {
            micro->hit = per_access(&m, 0, false, false);
        }
        micro->fill[depth] = per_access(&m, depth, true, false);
        micro->walk[depth] = per_access(&m, depth, true, true);
        micro->depths++;
    }
    if (micro->depths > 0 || tw_target_dialect(m.timed.target)->path_stages) {
        ok = micro->overheads = overheads(&m, options, micro, error);
    }
    g_free(m.timed.trace);
    g_free(m.timed.program);
    tw_oracle_free(m.timed.oracle);
    tw_target_close(m.timed.target);
    return ok && micro->overheads;
}
