/* SPDX-License-Identifier: MIT */
/* See pair.h. */
#include "oracle/judge/pair.h"

#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "program/ops.h"

typedef struct Pair {
    const TwProgram *program;
    const char *target;
    const TwTrace *seen, *reference;
    TwFinding *finding;
    TwJudgeStats *stats;
    bool stored; /* since the last flush of everything */
    uint32_t seen_log, reference_log;
} Pair;

static const char *class_text(unsigned class_)
{
    return class_ < TW_CLASSES ? tw_class_name(class_) : "no class";
}

static const char *end_text(const TwTrace *trace)
{
    return trace->text[0] ? trace->text : tw_end_name(trace->end);
}

static TwVerdict differ(Pair *pair, TwVerdict verdict, unsigned op,
                        const char *seen, const char *reference)
{
    const TwOp *at =
        op < pair->program->n_script ? &pair->program->script[op] : NULL;
    TwFinding *finding = pair->finding;

    finding->verdict = verdict;
    finding->op = at ? (uint16_t)op : TW_NO_OP;
    if (at && tw_op_info(at->code)->flags & TW_OP_CPU_ACCESS) {
        snprintf(finding->text, sizeof(finding->text),
                 "op %u: %s c%u.%u 0x%" PRIx64 " %u\nexpected, as with its "
                 "reference: %s\nseen: %s\n",
                 op, tw_op_info(at->code)->name, at->obj, at->index, at->addr,
                 at->size, reference, seen);
    } else {
        snprintf(finding->text, sizeof(finding->text),
                 "expected, as with its reference: %s\nseen: %s\n", reference,
                 seen);
    }
    tw_key_write(finding->key, verdict, pair->target,
                 at ? (TwOpCode)at->code : TW_OP_NOP, TW_KEY_LEAF_NONE,
                 TW_KEY_LINK_NONE, TW_KEY_EVENT_NONE);
    return verdict;
}

/* The records of stores by operation `op` from *at on, as text; *at goes on
 * behind all of its records. */
static void log_text(const TwTrace *trace, uint32_t *at, unsigned op,
                     char *text, size_t size)
{
    g_strlcpy(text, "devices are told", size);
    for (; *at < trace->n_log && trace->log[*at].op <= op; (*at)++) {
        const TwLogRecord *r = &trace->log[*at];
        size_t length = strlen(text);

        if (r->kind != TW_LOG_FETCH) {
            snprintf(text + length, size - length,
                     "%s r%u+0x%" PRIx64 "=0x%02x",
                     r->kind == TW_LOG_READ ? " read of" : "", r->region,
                     r->offset, r->byte);
        }
    }
    if (strlen(text) == strlen("devices are told")) {
        g_strlcpy(text, "devices are told nothing", size);
    }
}

static TwVerdict compare_access(Pair *pair, unsigned op)
{
    const TwOutcome *seen = &pair->seen->outcomes[op];
    const TwOutcome *right = &pair->reference->outcomes[op];
    uint8_t code = pair->program->script[op].code;
    bool ok = seen->class_ <= TW_CLASS_DEVICE_ERROR;
    bool right_ok = right->class_ <= TW_CLASS_DEVICE_ERROR;
    char a[64], b[64];

    if (seen->class_ != right->class_) {
        TwVerdict verdict = ok && !right_ok   ? TW_VERDICT_PERM
                            : !ok && right_ok ? TW_VERDICT_CLASS
                                              : TW_VERDICT_FAULT;

        return differ(pair, verdict, op, class_text(seen->class_),
                      class_text(right->class_));
    }
    if (seen->value != right->value && !(code == TW_OP_EXEC && pair->stored)) {
        snprintf(a, sizeof(a), "value 0x%" PRIx64, seen->value);
        snprintf(b, sizeof(b), "value 0x%" PRIx64, right->value);
        return differ(pair, TW_VERDICT_WRONG, op, a, b);
    }
    return TW_VERDICT_AGREE;
}

static TwVerdict compare_op(Pair *pair, unsigned op)
{
    const TwOp *o = &pair->program->script[op];
    const TwOutcome *seen = &pair->seen->outcomes[op];
    const TwOutcome *right = &pair->reference->outcomes[op];
    uint16_t flags = tw_op_info(o->code)->flags;
    char a[160], b[160];

    if (seen->status != right->status) {
        return differ(pair, TW_VERDICT_INVARIANT, op, "another status",
                      "its status");
    }
    pair->stats->operations++;
    pair->stats->by_code[o->code]++;
    if (flags & TW_OP_ACCESS && seen->status == TW_STATUS_DONE) {
        TwVerdict verdict = compare_access(pair, op);

        pair->stats->accesses++;
        pair->stats->verdicts[verdict]++;
        if (seen->class_ < TW_CLASSES) {
            pair->stats->by_class[seen->class_]++;
        }
        if (verdict != TW_VERDICT_AGREE) {
            return verdict;
        }
        pair->stored |= o->code != TW_OP_READ && o->code != TW_OP_EXEC;
    } else if (o->code == TW_OP_MPC_READ && seen->value != right->value) {
        snprintf(a, sizeof(a), "value 0x%" PRIx64, seen->value);
        snprintf(b, sizeof(b), "value 0x%" PRIx64, right->value);
        pair->stats->verdicts[TW_VERDICT_WRONG]++;
        return differ(pair, TW_VERDICT_WRONG, op, a, b);
    } else if (seen->status == TW_STATUS_SKIPPED) {
        pair->stats->skipped++;
    } else if (o->code == TW_OP_FLUSH_ALL) {
        pair->stored = false;
    }
    log_text(pair->seen, &pair->seen_log, op, a, sizeof(a));
    log_text(pair->reference, &pair->reference_log, op, b, sizeof(b));
    if (strcmp(a, b) != 0) {
        pair->stats->verdicts[TW_VERDICT_EFFECT]++;
        return differ(pair, TW_VERDICT_EFFECT, op, a, b);
    }
    return TW_VERDICT_AGREE;
}

static TwVerdict compare_ends(Pair *pair)
{
    for (unsigned r = 0; r < pair->program->n_regions; r++) {
        if (pair->seen->digests[r] != pair->reference->digests[r]) {
            char text[64];

            snprintf(text, sizeof(text), "other bytes in r%u at the end", r);
            pair->stats->verdicts[TW_VERDICT_EFFECT]++;
            return differ(pair, TW_VERDICT_EFFECT, TW_NO_OP, text, "its bytes");
        }
    }
    return TW_VERDICT_AGREE;
}

TwVerdict tw_judge_pair(const TwProgram *program, const TwContract *contract,
                        const char *target, const TwTrace *trace,
                        const TwTrace *reference, TwFinding *finding,
                        TwJudgeStats *stats)
{
    TwJudgeStats unused = {0};
    Pair pair = {.program = program,
                 .target = target,
                 .seen = trace,
                 .reference = reference,
                 .finding = finding,
                 .stats = stats ? stats : &unused};
    TwVerdict verdict = TW_VERDICT_AGREE;

    memset(finding, 0, sizeof(*finding));
    finding->op = finding->filled = finding->changed = finding->ended =
        TW_NO_OP;
    pair.stats->programs++;
    for (unsigned r = 0; r < program->n_regions; r++) {
        pair.stats->by_region[program->regions[r].kind]++;
    }
    if (contract->cpu_cache || trace->end == TW_END_UNSUPPORTED ||
        reference->end == TW_END_UNSUPPORTED) {
        verdict = TW_VERDICT_UNSUPPORTED;
        g_strlcpy(finding->text,
                  trace->end == TW_END_UNSUPPORTED ? trace->text
                  : reference->end == TW_END_UNSUPPORTED
                      ? reference->text
                      : "a target that may cache cannot be compared with a "
                        "reference",
                  sizeof(finding->text));
        pair.stats->verdicts[verdict]++;
    } else if (trace->end != reference->end ||
               trace->end_op != reference->end_op) {
        verdict = differ(&pair, TW_VERDICT_INVARIANT, trace->end_op,
                         end_text(trace), end_text(reference));
        pair.stats->verdicts[verdict]++;
    }
    for (unsigned op = 0; op < trace->n_ops && verdict == TW_VERDICT_AGREE;
         op++) {
        verdict = compare_op(&pair, op);
    }
    if (verdict == TW_VERDICT_AGREE) {
        verdict = compare_ends(&pair);
    }
    finding->verdict = (uint8_t)verdict;
    return verdict;
}
