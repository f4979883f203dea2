/* SPDX-License-Identifier: MIT */
/* The result of a case, from its findings and its notes. */
#include <string.h>

#include "reports/check/check.h"

static bool unknown(const TwFinding *finding)
{
    return finding->verdict == TW_VERDICT_UNSUPPORTED ||
           finding->verdict == TW_VERDICT_INCONCLUSIVE;
}

static TwCheckStatus against_notes(const TwCheckCase *one)
{
    const TwFinding *finding = &one->outcomes[0].finding;

    if (unknown(finding)) {
        return TW_CHECK_SKIPPED;
    }
    if (finding->verdict == TW_VERDICT_FLAKY) {
        return TW_CHECK_FLAKY;
    }
    if (!tw_verdict_is_finding(finding->verdict)) {
        return one->expects ? TW_CHECK_FIXED : TW_CHECK_AS_NOTED;
    }
    if (one->expects && tw_key_same_thing(one->key, finding->key)) {
        return TW_CHECK_AS_NOTED;
    }
    return finding->known ? TW_CHECK_KNOWN
           : one->expects ? TW_CHECK_DIFFERS
                          : TW_CHECK_NEW;
}

static TwCheckStatus against_other(const TwCheckCase *one)
{
    const TwFinding *a = &one->outcomes[0].finding;
    const TwFinding *b = &one->outcomes[1].finding;
    bool found_a = tw_verdict_is_finding(a->verdict);
    bool found_b = tw_verdict_is_finding(b->verdict);

    if (unknown(a) || unknown(b)) {
        return TW_CHECK_SKIPPED;
    }
    if (a->verdict == TW_VERDICT_FLAKY || b->verdict == TW_VERDICT_FLAKY) {
        return TW_CHECK_FLAKY;
    }
    if (found_a != found_b) {
        return found_b ? TW_CHECK_WORSE : TW_CHECK_BETTER;
    }
    return !found_a || tw_key_same_thing(a->key, b->key) ? TW_CHECK_SAME
                                                         : TW_CHECK_DIFFERS;
}

static bool fails(const TwCheckJob *check, const TwCheckCase *one)
{
    unsigned verdict = one->outcomes[0].finding.verdict;

    switch (one->status) {
    case TW_CHECK_NEW:
    case TW_CHECK_DIFFERS:
    case TW_CHECK_WORSE:
        return true;
    case TW_CHECK_FIXED:
        return check->want == TW_CHECK_WANT_NOTED;
    case TW_CHECK_AS_NOTED:
    case TW_CHECK_KNOWN:
    case TW_CHECK_FLAKY:
        return check->want == TW_CHECK_WANT_CLEAN &&
               (tw_verdict_is_finding(verdict) || verdict == TW_VERDICT_FLAKY);
    default:
        return false;
    }
}

void tw_check_judge(const TwCheckJob *check, TwCheckCase *one)
{
    one->status =
        check->n_targets == 2 ? against_other(one) : against_notes(one);
    one->failed = fails(check, one);
}
