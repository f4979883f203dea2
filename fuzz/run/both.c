/* SPDX-License-Identifier: MIT */
/* See both.h. */
#include "fuzz/run/both.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Its own version, without that of its other configuration. */
static char *version_of(TwTarget *target)
{
    const char *version = tw_target_version(target);
    const char *end = strstr(version, " against ");

    return end ? g_strndup(version, (size_t)(end - version))
               : g_strdup(version);
}

/* What a configuration did at the accused operation. */
static void describe(const TwProgram *program, const TwTrace *trace,
                     unsigned op, char *text, size_t size)
{
    const TwOutcome *outcome = &trace->outcomes[op];
    unsigned code = program->script[op].code;

    if (op >= trace->n_ops || outcome->class_ >= TW_CLASSES) {
        g_strlcpy(text, "no answer", size);
    } else if (outcome->class_ > TW_CLASS_DEVICE_ERROR) {
        g_snprintf(text, size, "%s%s", tw_class_name(outcome->class_),
                   tw_reason_name(outcome->reason.kind) ? "" : " (no reason)");
    } else if (code == TW_OP_WRITE || code == TW_OP_DMA_WRITE) {
        g_strlcpy(text, tw_class_name(outcome->class_), size);
    } else {
        g_snprintf(text, size, "%s, value 0x%" PRIx64,
                   tw_class_name(outcome->class_), outcome->value);
    }
}

/* One more line, for which the end of the last ones may have to go. */
static void add_line(TwFinding *finding, const char *line)
{
    size_t room = sizeof(finding->text) - strlen(line) - 2;
    size_t length = strlen(finding->text);

    length = length < room ? length : room;
    if (length > 0 && finding->text[length - 1] != '\n') {
        finding->text[length++] = '\n';
    }
    g_strlcpy(finding->text + length, line, sizeof(finding->text) - length);
}

/* The configurations, the accused one first, and of the second what the oracle
 * says and what it did. */
static void tell(TwFinding *finding, const TwProgram *program,
                 TwTarget *accused, TwTarget *target, const TwFinding *second,
                 const TwTrace *trace)
{
    const char *which = finding->other ? "first" : "other";
    g_autofree char *version = version_of(target);
    bool agrees =
        !tw_verdict_is_finding(second->verdict) || second->op > finding->op;
    char did[80], line[200];

    if (!agrees) {
        g_snprintf(line, sizeof(line), "the %s one, %s, is wrong, too: %s\n",
                   which, version, second->key);
    } else if (finding->op == TW_NO_OP) {
        g_snprintf(line, sizeof(line), "the %s one, %s, is right\n", which,
                   version);
    } else {
        describe(program, trace, finding->op, did, sizeof(did));
        g_snprintf(line, sizeof(line), "the %s one, %s, is right here: %s\n",
                   which, version, did);
    }
    if (finding->other) {
        g_autofree char *own = version_of(accused);
        g_autofree char *own_line =
            g_strdup_printf("this is the other one, %s\n", own);

        add_line(finding, own_line);
    }
    add_line(finding, line);
}

static void exchange(TwTrace *one, TwTrace *two)
{
    g_autofree TwTrace *kept = g_memdup2(one, sizeof(*one));

    *one = *two;
    *two = *kept;
}

TwVerdict tw_judge_both(TwOracle *oracle, const TwProgram *program,
                        TwTarget *target, TwTarget *other, const char *name,
                        TwTrace *trace, TwTrace *others, TwFinding *finding,
                        TwJudgeStats *stats, bool *alive)
{
    TwFinding second;
    TwVerdict verdict, theirs;

    *alive &= tw_target_run(other, program, others);
    theirs = tw_judge(oracle, program, tw_target_dialect(other),
                      tw_target_contract(other), name, others, &second, NULL);
    verdict = tw_judge(oracle, program, tw_target_dialect(target),
                       tw_target_contract(target), name, trace, finding, stats);
    finding->other = false;
    if (tw_verdict_is_finding(theirs) &&
        (!tw_verdict_is_finding(verdict) || second.op < finding->op)) {
        TwFinding first = *finding;

        verdict =
            tw_judge(oracle, program, tw_target_dialect(other),
                     tw_target_contract(other), name, others, finding, NULL);
        exchange(trace, others);
        finding->other = true;
        if (stats) {
            stats->verdicts[verdict]++;
            if (tw_verdict_is_finding(first.verdict)) {
                stats->verdicts[first.verdict]--;
            }
        }
        tell(finding, program, other, target, &first, others);
    } else if (tw_verdict_is_finding(verdict)) {
        tell(finding, program, target, other, &second, others);
    }
    return verdict;
}
