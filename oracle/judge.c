/* SPDX-License-Identifier: MIT */
/*
 * The judge: performs a program on the oracle's side, operation by operation,
 * and holds each outcome of a trace against what the freshness rule allows.
 * Where several answers are allowed it goes on from the one that the target
 * took; where the trace does not tell, from each (content.c).
 *
 * It must not know any target: what a target promises is in its contract.
 */
#include "oracle/internal.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

#include "program/content.h"
#include "program/ops.h"

TwOracle *tw_oracle_new(void)
{
    TwOracle *oracle = g_new0(TwOracle, 1);

    oracle->world = tw_world_new();
    oracle->contents.stored = g_new(TwStored, TW_MAX_STORED);
    return oracle;
}

void tw_oracle_free(TwOracle *oracle)
{
    if (oracle) {
        tw_world_free(oracle->world);
        g_free(oracle->contents.stored);
        g_free(oracle);
    }
}

void tw_judge_stats_add(TwJudgeStats *to, const TwJudgeStats *from)
{
    /* Counters only, all of one type. */
    uint64_t *sum = (uint64_t *)to;
    const uint64_t *more = (const uint64_t *)from;

    G_STATIC_ASSERT(sizeof(TwJudgeStats) % sizeof(uint64_t) == 0);
    for (size_t i = 0; i < sizeof(TwJudgeStats) / sizeof(uint64_t); i++) {
        sum[i] += more[i];
    }
}

/* Reading the trace ------------------------------------------------------- */

/* What the trace says of one access, byte by byte. */
static void see(const TwOracle *oracle, const TwAccess *access,
                const TwOutcome *outcome, TwSeen *seen)
{
    const TwTrace *trace = oracle->trace;
    unsigned got = 0;

    seen->class_ = outcome->class_;
    seen->value = outcome->value;
    seen->located = outcome->n_locations > 0;
    seen->broken = outcome->class_ >= TW_CLASSES;
    if (!seen->located) {
        return;
    }
    if (outcome->location + outcome->n_locations > trace->n_locations ||
        outcome->class_ > TW_CLASS_DEVICE_ERROR) {
        seen->broken = true;
        return;
    }
    for (unsigned i = 0; i < outcome->n_locations; i++) {
        const TwLocation *at = &trace->locations[outcome->location + i];

        for (unsigned k = at->first; k < at->first + at->length; k++) {
            if (k >= access->size || got >> k & 1 ||
                at->region >= oracle->program->n_regions) {
                seen->broken = true;
                return;
            }
            got |= 1u << k;
            seen->bytes[k] = (TwByte){
                .where = TW_AT_LEAF,
                .region = at->region,
                .flags = at->flags,
                .offset = at->offset + (k - at->first),
            };
        }
    }
    seen->broken |= got != (1u << access->size) - 1;
}

static bool gives_value(uint8_t code)
{
    return code != TW_OP_WRITE && code != TW_OP_DMA_WRITE;
}

bool tw_judge_fits(const TwOracle *oracle, const TwAccess *access,
                   const TwSeen *seen, const TwByte *bytes,
                   const TwEffect *effect, const TwContent *world)
{
    if (seen->broken || seen->class_ != effect->class_) {
        return false;
    }
    if (seen->class_ > TW_CLASS_DEVICE_ERROR) {
        return seen->value == 0;
    }
    if (seen->located) {
        for (unsigned k = 0; k < access->size; k++) {
            if (seen->bytes[k].region != bytes[k].region ||
                seen->bytes[k].offset != bytes[k].offset ||
                seen->bytes[k].flags != bytes[k].flags) {
                return false;
            }
        }
    }
    return !gives_value(access->code) ||
           seen->value == tw_contents_value(&oracle->contents, world, access,
                                            bytes, effect);
}

bool tw_judge_log(const TwOracle *oracle, const TwAccess *access,
                  const TwByte *bytes, const TwEffect *effect, uint32_t *n)
{
    const TwTrace *trace = oracle->trace;
    bool store = access->code == TW_OP_WRITE ||
                 access->code == TW_OP_DMA_WRITE;
    uint32_t at = oracle->log;

    *n = 0;
    if (store || access->code == TW_OP_EXEC) {
        for (unsigned k = 0; k < access->size; k++) {
            const TwLogRecord *record = &trace->log[at];

            if (effect->acts[k] != TW_ACT_DEVICE) {
                continue;
            }
            if (at >= trace->n_log || record->op != access->op ||
                record->kind != (store ? TW_LOG_WRITE : TW_LOG_FETCH) ||
                record->region != bytes[k].region ||
                record->offset != bytes[k].offset ||
                record->attrs != access->attrs ||
                record->byte != (store ? tw_store_tag(access->op, k) : 0)) {
                return false;
            }
            at++;
        }
    }
    *n = at - oracle->log;
    return at >= trace->n_log || trace->log[at].op > access->op;
}

/* One access -------------------------------------------------------------- */

/* What came of an access: the worlds after it, and what explains it. */
typedef struct Outcome {
    unsigned n;
    bool too_many;
    TwContent worlds[TW_MAX_WORLDS];
    bool current; /* the current answer explains it */
    bool unknown; /* an explanation that no cache entry stands behind */
    bool callback;
    uint32_t oldest[2][TW_PREFIX_SLOTS];
    uint32_t n_log;
    TwByte bytes[TW_MAX_ACCESS]; /* of one explanation; all log the same */
    TwEffect effect;
} Outcome;

/* Adds the world after the access, unless an equal one is there. */
static void add_world(TwContents *contents, const TwContent *before,
                      const TwAccess *access, const TwByte *bytes,
                      const TwEffect *effect, Outcome *out)
{
    uint32_t n_stored = contents->n_stored;
    TwContent world = tw_contents_apply(contents, *before, access, bytes,
                                        effect);

    for (unsigned i = 0; i < out->n; i++) {
        if (out->worlds[i].newest == world.newest ||
            out->worlds[i].hash == world.hash) {
            contents->n_stored = n_stored;
            return;
        }
    }
    if (out->n == TW_MAX_WORLDS) {
        contents->n_stored = n_stored;
        out->too_many = true;
        return;
    }
    out->worlds[out->n++] = world;
}

static void merge_oldest(uint32_t *to, const uint32_t *from)
{
    for (unsigned s = 0; s < TW_PREFIX_SLOTS; s++) {
        to[s] = from[s] < to[s] ? from[s] : to[s];
    }
}

/* Holds one choice of answers (one per page; the second may be missing)
 * against what was seen. */
static void try_choice(TwOracle *oracle, const TwAccess *access,
                       const TwSeen *seen, const TwAnswer *first,
                       const TwAnswer *second, Outcome *out)
{
    TwContents *contents = &oracle->contents;
    TwByte bytes[TW_MAX_ACCESS];
    TwEffect effect;
    uint8_t cuts = 0;
    uint32_t n_log;
    bool any = false;

    if (first) {
        tw_answer_join(access, first, second, bytes, &cuts);
    }
    effect = tw_leaf(oracle->world, access, bytes, cuts);
    if (effect.class_ != seen->class_ ||
        !tw_judge_log(oracle, access, bytes, &effect, &n_log)) {
        return;
    }
    for (unsigned w = 0; w < contents->n_worlds && !out->too_many; w++) {
        if (tw_judge_fits(oracle, access, seen, bytes, &effect,
                          &contents->worlds[w])) {
            any = true;
            add_world(contents, &contents->worlds[w], access, bytes, &effect,
                      out);
        }
    }
    if (!any) {
        return;
    }
    out->callback &= effect.callback;
    out->n_log = n_log;
    out->effect = effect;
    memcpy(out->bytes, bytes, sizeof(bytes));
    if (!first) {
        out->current = out->unknown = true;
        return;
    }
    out->current |= first->current && (!second || second->current);
    out->unknown |= first->refused || (second && second->refused);
    merge_oldest(out->oldest[0], first->oldest);
    if (second) {
        merge_oldest(out->oldest[1], second->oldest);
    }
}

static void try_all(TwOracle *oracle, const TwAccess *access,
                    const TwSeen *seen, Outcome *out)
{
    const TwHistory *history = &oracle->history;
    const TwAnswers *first = &history->answers[0];
    const TwAnswers *second = &history->answers[1];

    out->n = out->n_log = 0;
    out->too_many = out->current = out->unknown = false;
    out->callback = true;
    memset(out->oldest, 0xff, sizeof(out->oldest));
    if (history->n_pages == 0) {
        try_choice(oracle, access, seen, NULL, NULL, out);
        return;
    }
    for (uint32_t i = 0; i < first->n; i++) {
        if (history->n_pages == 1) {
            try_choice(oracle, access, seen, &first->list[i], NULL, out);
            continue;
        }
        for (uint32_t j = 0; j < second->n; j++) {
            try_choice(oracle, access, seen, &first->list[i],
                       &second->list[j], out);
        }
    }
}

/* Tells the history what was observed (one entry per page).  A refused access
 * shows a cached answer only if it has no other page and no other reason. */
static void observe(TwOracle *oracle, const TwAccess *access,
                    const TwSeen *seen, const Outcome *out)
{
    const TwHistory *history = &oracle->history;

    if (out->unknown ||
        (seen->class_ > TW_CLASS_DEVICE_ERROR &&
         (history->n_pages != 1 || access->code == TW_OP_RMW))) {
        return;
    }
    for (unsigned i = 0; i < history->n_pages; i++) {
        tw_history_observed(history, i, oracle->world, access,
                            out->oldest[i]);
    }
}

/* Do both walkers give every allowed answer? */
static bool walkers_agree(TwOracle *oracle, const TwAccess *access)
{
    const TwHistory *history = &oracle->history;

    for (unsigned p = 0; p < history->n_pages; p++) {
        for (uint32_t i = 0; i < history->answers[p].n; i++) {
            const TwAnswer *answer = &history->answers[p].list[i];

            oracle->stats->flat_checks++;
            if (!tw_flat_agrees(oracle->world, access, answer->mask,
                                answer->times)) {
                return false;
            }
        }
    }
    return true;
}

static void count_access(TwOracle *oracle, const TwOutcome *outcome)
{
    const TwHistory *history = &oracle->history;
    TwJudgeStats *stats = oracle->stats;
    uint8_t leaf = TW_REGION_NONE, depth = 0;

    if (history->n_pages) {
        const TwByte *byte = &history->answers[0].list[0].bytes[0];

        depth = byte->depth;
        if (byte->where == TW_AT_LEAF) {
            leaf = oracle->program->regions[byte->region].kind;
        }
        if (depth > 0 || byte->where == TW_AT_HOP ||
            byte->where == TW_AT_LOOP) {
            stats->met_iommu++;
            stats->hops += depth;
        }
    }
    stats->accesses++;
    stats->by_leaf[leaf]++;
    stats->by_depth[depth]++;
    if (outcome->class_ < TW_CLASSES) {
        stats->by_class[outcome->class_]++;
    }
    for (unsigned p = 0; p < history->n_pages; p++) {
        if (history->answers[p].n > 1) {
            stats->windows++;
            break;
        }
    }
}

static TwAccess take_apart(const TwProgram *program, const TwOp *op,
                           uint16_t number)
{
    TwAccess access = {
        .code = op->code,
        .cpu = TW_BOARD,
        .space = op->obj,
        .size = op->size,
        .op = number,
        .attrs = op->attrs,
        .addr = op->addr,
        .beyond = op->addr > UINT64_MAX - (op->size - 1),
    };

    switch (op->code) {
    case TW_OP_WRITE:
    case TW_OP_DMA_WRITE:
        access.page_rights = access.hop_rights = TW_W;
        break;
    case TW_OP_RMW:
        access.page_rights = access.hop_rights = TW_R | TW_W;
        break;
    case TW_OP_EXEC:
        access.page_rights = TW_X;
        access.hop_rights = TW_R; /* LA-13 */
        break;
    default:
        access.page_rights = access.hop_rights = TW_R;
        break;
    }
    if (op->code != TW_OP_DMA_READ && op->code != TW_OP_DMA_WRITE) {
        const TwMmuIndex *mmu = &program->cpus[op->obj].mmu[op->index];

        access.cpu = op->obj;
        access.mmu = op->index;
        access.space = mmu->space;
        access.attrs = mmu->attrs;
    }
    return access;
}

/* The operations behind actor offsets that the access wrote (LA-27). */
static void perform_actors(TwOracle *oracle, const TwAccess *access,
                           const Outcome *out)
{
    const TwProgram *program = oracle->program;
    uint32_t done = 0;

    if ((access->code != TW_OP_WRITE && access->code != TW_OP_DMA_WRITE) ||
        program->n_actors == 0) {
        return;
    }
    for (unsigned k = 0; k < access->size; k++) {
        for (unsigned a = 0; a < program->n_actors; a++) {
            const TwActor *actor = &program->actors[a];

            if (out->effect.acts[k] == TW_ACT_DEVICE && !(done >> a & 1) &&
                actor->region == out->bytes[k].region &&
                actor->offset == out->bytes[k].offset) {
                done |= 1u << a;
                if (tw_legality_step(&oracle->world->legality, &actor->op) ==
                    TW_LEGAL) {
                    tw_world_perform(oracle->world, &actor->op, access->cpu,
                                     access->op);
                }
            }
        }
    }
}

static TwVerdict judge_access(TwOracle *oracle, const TwOp *op,
                              uint16_t number)
{
    const TwOutcome *outcome = &oracle->trace->outcomes[number];
    TwAccess access = take_apart(oracle->program, op, number);
    TwHistory *history = &oracle->history;
    uint64_t lot = op->addr ^ ((uint64_t)number << 40) ^
                   ((uint64_t)op->code << 56) ^ oracle->program->n_script;
    TwSeen seen;
    Outcome out;
    bool overflow;

    see(oracle, &access, outcome, &seen);
    if (!seen.located) {
        oracle->contents.hashed = true;
    }
    tw_history_allowed(history, oracle->world, &access);
    count_access(oracle, outcome);
    overflow = (history->n_pages > 0 && history->answers[0].overflow) ||
               (history->n_pages > 1 &&
                (history->answers[1].overflow ||
                 history->answers[0].n * history->answers[1].n >
                     TW_MAX_WALKS));
    if (overflow) {
        return TW_VERDICT_INCONCLUSIVE;
    }
    if ((tw_mix64(lot) & 63) == 0 && !walkers_agree(oracle, &access)) {
        return tw_explain_other(oracle, TW_VERDICT_SELF, number,
                                "the two walkers disagree");
    }
    try_all(oracle, &access, &seen, &out);
    if (out.too_many) {
        return TW_VERDICT_INCONCLUSIVE;
    }
    if (out.n == 0) {
        if (!walkers_agree(oracle, &access)) {
            return tw_explain_other(oracle, TW_VERDICT_SELF, number,
                                    "the two walkers disagree");
        }
        return tw_explain_access(oracle, &access, &seen);
    }
    oracle->contents.n_worlds = out.n;
    memcpy(oracle->contents.worlds, out.worlds,
           out.n * sizeof(out.worlds[0]));
    if (out.n > oracle->contents.most) {
        oracle->contents.most = out.n;
    }
    oracle->log += out.n_log;
    observe(oracle, &access, &seen, &out);
    perform_actors(oracle, &access, &out);
    if (out.callback && access.cpu != TW_BOARD) {
        tw_world_safepoint(oracle->world, access.cpu); /* LA-3 */
    }
    return out.current ? TW_VERDICT_AGREE : TW_VERDICT_AGREE_STALE;
}

/* One operation ------------------------------------------------------------- */

/* Does the oracle know this operation? */
static bool knows(const TwOp *op)
{
    if (op->flags & (TW_OPF_DURING | TW_OPF_FROM | TW_OPF_VIA)) {
        return false;
    }
    switch (op->code) {
    case TW_OP_MPC_READ:
    case TW_OP_MPC_WRITE:
    case TW_OP_POKE:
    case TW_OP_CONTEXT:
    case TW_OP_INVALIDATE:
    case TW_OP_REPLAY:
    case TW_OP_VETO:
    case TW_OP_LISTEN:
    case TW_OP_UNLISTEN:
    case TW_OP_SNAPSHOT:
    case TW_OP_RESTORE:
    case TW_OP_DMA_MAP:
    case TW_OP_DMA_UNMAP:
    case TW_OP_PAR:
    case TW_OP_AND:
    case TW_OP_BARRIER:
    case TW_OP_END_PAR:
        return false;
    default:
        return op->code < TW_OP_CODES;
    }
}

/* The first thing of the program that the oracle has no rules for. */
static bool knows_all(const TwProgram *program, const char **what)
{
    for (unsigned i = 0; i < program->n_iommus; i++) {
        uint8_t kind = program->iommus[i].kind;

        if (kind != TW_IOMMU_NONE && kind != TW_IOMMU_TABLE) {
            *what = tw_iommu_kind_name(kind);
            return false;
        }
    }
    for (unsigned i = 0; i < program->n_script; i++) {
        if (!knows(&program->script[i])) {
            const TwOpInfo *info = tw_op_info(program->script[i].code);

            *what = info ? info->name : "an unknown operation";
            return false;
        }
    }
    for (unsigned i = 0; i < program->n_actors; i++) {
        if (program->actors[i].region != TW_NONE &&
            !knows(&program->actors[i].op)) {
            *what = "an actor's operation";
            return false;
        }
    }
    return true;
}

/* Did the target do, skip or fail the operation as it must?  In *perform
 * whether it took place. */
static TwVerdict judge_status(TwOracle *oracle, const TwOp *op,
                              uint16_t number, bool *perform)
{
    uint8_t status = oracle->trace->outcomes[number].status;
    TwLegality *legality = &oracle->world->legality;
    TwIllegal illegal = tw_legality_step(legality, op);

    *perform = false;
    if (illegal != TW_LEGAL) {
        oracle->stats->skipped++;
        if (status == TW_STATUS_SKIPPED) {
            return TW_VERDICT_AGREE;
        }
        return tw_explain_other(oracle, TW_VERDICT_WRONG, number,
                                "%s, but it is not legal here (RU-1): %s",
                                status < TW_STATUSES ? tw_status_name(status)
                                                     : "no status",
                                tw_illegal_text(illegal));
    }
    oracle->stats->operations++;
    oracle->stats->by_code[op->code]++;
    if (status == TW_STATUS_DONE) {
        *perform = true;
        return TW_VERDICT_AGREE;
    }
    if (status == TW_STATUS_NOMEM &&
        (op->code == TW_OP_OBSERVE || op->code == TW_OP_SPACE_NEW)) {
        tw_legality_revert(legality, op); /* RU-8 */
        return TW_VERDICT_AGREE;
    }
    return tw_explain_other(oracle, TW_VERDICT_WRONG, number,
                            "%s, but it is legal here (RU-1)",
                            status < TW_STATUSES ? tw_status_name(status)
                                                 : "no status");
}

static TwVerdict judge_op(TwOracle *oracle, uint16_t number, bool *judged)
{
    const TwProgram *program = oracle->program;
    const TwOp *op = &program->script[number];
    uint16_t flags = tw_op_info(op->code)->flags;
    uint8_t actor = flags & TW_OP_CPU_ACCESS ? op->obj : op->actor;
    bool perform;
    TwVerdict verdict = judge_status(oracle, op, number, &perform);

    *judged = false;
    if (!perform) {
        return verdict;
    }
    if (actor != TW_BOARD && !program->explicit_safepoints) {
        tw_world_safepoint(oracle->world, actor); /* LA-3 */
    }
    if (flags & TW_OP_ACCESS) {
        *judged = true;
        return judge_access(oracle, op, number);
    }
    tw_world_perform(oracle->world, op, actor, number);
    if (oracle->log < oracle->trace->n_log &&
        oracle->trace->log[oracle->log].op <= number) {
        return tw_explain_other(oracle, TW_VERDICT_EFFECT, number,
                                "a device was reached by no access");
    }
    return TW_VERDICT_AGREE;
}

/* The end state --------------------------------------------------------------- */

/* Did each observer get what it is owed, in order, and nothing else? */
static TwVerdict judge_events(TwOracle *oracle)
{
    const TwWorld *world = oracle->world;
    const TwTrace *trace = oracle->trace;

    for (unsigned o = 0; o < TW_MAX_OBSERVERS; o++) {
        uint32_t i = 0, j = 0;

        for (;; i++, j++) {
            const TwEventRecord *owed, *got;
            uint64_t low;

            while (i < world->n_owed && world->owed[i].record.observer != o) {
                i++;
            }
            while (j < trace->n_events && trace->events[j].observer != o) {
                j++;
            }
            if (i == world->n_owed && j == trace->n_events) {
                break;
            }
            if (i == world->n_owed) {
                return tw_explain_other(oracle, TW_VERDICT_EVENT,
                                        trace->events[j].op,
                                        "o%u got an event too many (LA-18)",
                                        o);
            }
            owed = &world->owed[i].record;
            low = world->owed[i].low;
            if (j == trace->n_events) {
                return tw_explain_other(oracle, TW_VERDICT_EVENT, owed->op,
                                        "o%u did not get an event (LA-18)",
                                        o);
            }
            got = &trace->events[j];
            if (got->op != owed->op || got->kind != owed->kind ||
                got->first != owed->first || got->last != owed->last ||
                (owed->kind == TW_EVENT_MAP &&
                 (got->perm != owed->perm || got->space != owed->space ||
                  (got->out != owed->out && got->out != owed->out - low)))) {
                return tw_explain_other(
                    oracle, TW_VERDICT_EVENT, owed->op,
                    "o%u: event of kind %u for 0x%" PRIx64 "..0x%" PRIx64
                    " -> 0x%" PRIx64 " of op %u expected, got kind %u for "
                    "0x%" PRIx64 "..0x%" PRIx64 " -> 0x%" PRIx64
                    " of op %u (LA-18)",
                    o, owed->kind, owed->first, owed->last, owed->out,
                    owed->op, got->kind, got->first, got->last, got->out,
                    got->op);
            }
        }
    }
    return TW_VERDICT_AGREE;
}

static TwVerdict judge_end_state(TwOracle *oracle)
{
    const TwContents *contents = &oracle->contents;
    const TwTrace *trace = oracle->trace;
    uint64_t digests[TW_MAX_REGIONS];
    unsigned bad = 0;

    if (oracle->log < trace->n_log) {
        return tw_explain_other(oracle, TW_VERDICT_EFFECT,
                                trace->log[oracle->log].op,
                                "a device was reached by no access");
    }
    for (unsigned w = 0; w < contents->n_worlds; w++) {
        unsigned r = 0;

        tw_contents_digests(contents, &contents->worlds[w], digests);
        while (r < oracle->program->n_regions &&
               digests[r] == trace->digests[r]) {
            r++;
        }
        if (r == oracle->program->n_regions) {
            return judge_events(oracle);
        }
        bad = r;
    }
    return tw_explain_other(oracle, TW_VERDICT_EFFECT, TW_NO_OP,
                            "the bytes of r%u at the end are not those that "
                            "its stores left there",
                            bad);
}

/* The whole ------------------------------------------------------------------- */

/* Ends that need no judging, and what to call the others. */
static TwVerdict judge_end(TwOracle *oracle)
{
    const TwTrace *trace = oracle->trace;

    switch (trace->end) {
    case TW_END_DONE:
        return TW_VERDICT_AGREE;
    case TW_END_DIED:
        return tw_explain_other(oracle, TW_VERDICT_CRASH, trace->end_op,
                                "the target died (signal %d): %s",
                                trace->signal, trace->text);
    case TW_END_HUNG:
        return tw_explain_other(oracle, TW_VERDICT_HANG, trace->end_op,
                                "the target did not answer in time");
    case TW_END_INVARIANT:
        return tw_explain_other(oracle, TW_VERDICT_INVARIANT, trace->end_op,
                                "%s", trace->text);
    case TW_END_UNSUPPORTED:
        return TW_VERDICT_UNSUPPORTED;
    default:
        return TW_VERDICT_INCONCLUSIVE;
    }
}

/* Performs and judges the script as far as the trace goes. */
static TwVerdict judge_script(TwOracle *oracle, uint16_t *op)
{
    const TwProgram *program = oracle->program;
    const TwTrace *trace = oracle->trace;
    unsigned n = trace->n_ops < program->n_script ? trace->n_ops
                                                  : program->n_script;
    TwVerdict result = TW_VERDICT_AGREE;

    for (unsigned i = 0; i < n; i++) {
        bool judged;
        TwVerdict verdict = judge_op(oracle, i, &judged);

        if (judged) {
            oracle->stats->verdicts[verdict]++;
        } else if (verdict != TW_VERDICT_AGREE) {
            oracle->stats->verdicts[verdict]++;
        }
        if (verdict == TW_VERDICT_AGREE_STALE) {
            result = verdict;
        } else if (verdict != TW_VERDICT_AGREE) {
            *op = i;
            return verdict;
        }
    }
    return result;
}

static TwVerdict judge_all(TwOracle *oracle, const TwDialect *dialect,
                           const TwContract *contract, uint16_t *op)
{
    const TwTrace *trace = oracle->trace;
    const char *what = NULL;
    TwVerdict verdict, last;

    *op = TW_NO_OP;
    if (trace->end == TW_END_DIED || trace->end == TW_END_HUNG ||
        trace->end == TW_END_UNSUPPORTED) {
        verdict = judge_end(oracle);
        oracle->stats->verdicts[verdict]++;
        return verdict;
    }
    if (!knows_all(oracle->program, &what)) {
        oracle->stats->verdicts[TW_VERDICT_UNSUPPORTED]++;
        g_snprintf(oracle->finding->text, TW_FINDING_TEXT,
                   "the oracle has no rules for %s", what);
        return TW_VERDICT_UNSUPPORTED;
    }
    tw_world_start(oracle->world, oracle->program, contract);
    tw_contents_start(&oracle->contents, oracle->program,
                      trace->locations_hidden || !dialect->locations);
    oracle->log = 0;
    verdict = judge_script(oracle, op);
    oracle->stats->commits += oracle->world->commits;
    oracle->stats->silent += oracle->world->silent;
    oracle->stats->notified += oracle->world->notified;
    oracle->stats->worlds += oracle->contents.most;
    if (verdict != TW_VERDICT_AGREE && verdict != TW_VERDICT_AGREE_STALE) {
        return verdict;
    }
    last = judge_end(oracle);
    if (last == TW_VERDICT_AGREE) {
        last = trace->n_ops == oracle->program->n_script
                   ? judge_end_state(oracle)
                   : tw_explain_other(oracle, TW_VERDICT_WRONG, trace->n_ops,
                                      "the trace ends early, but says done");
    }
    if (last != TW_VERDICT_AGREE) {
        oracle->stats->verdicts[last]++;
        return last;
    }
    return verdict;
}

TwVerdict tw_judge(TwOracle *oracle, const TwProgram *program,
                   const TwDialect *dialect, const TwContract *contract,
                   const char *target, const TwTrace *trace,
                   TwFinding *finding, TwJudgeStats *stats)
{
    TwVerdict verdict;
    uint16_t op;

    oracle->program = program;
    oracle->trace = trace;
    oracle->target = target;
    oracle->finding = finding;
    oracle->stats = stats ? stats : &oracle->unused;
    finding->op = finding->filled = finding->changed = finding->ended =
        TW_NO_OP;
    finding->key[0] = finding->text[0] = '\0';
    oracle->stats->programs++;
    verdict = judge_all(oracle, dialect, contract, &op);
    finding->verdict = verdict;
    if (!tw_verdict_is_finding(verdict)) {
        finding->op = op;
    }
    return verdict;
}
