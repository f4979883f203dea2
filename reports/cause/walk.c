/* SPDX-License-Identifier: MIT */
/*
 * The cause of an access that went elsewhere, other than by an old answer: a
 * cache that answers what it never may, a view that is not up to date, or a
 * walk that is wrong by itself.
 */
#include "reports/cause/internal.h"

#include "program/ops.h"

/* Walks that go elsewhere -------------------------------------------------- */

/* Regions that win over a sibling of the same priority there. */
static unsigned find_ties(const TwStory *story, const TwTale *tale,
                          uint8_t *regions, int32_t *priorities, unsigned most)
{
    const TwSceneRegion *scene = story->scene->regions;
    unsigned n = 0;

    for (unsigned i = 0; i < tale->steps->len && n < most; i++) {
        const TwStep *step = &g_array_index(tale->steps, TwStep, i);
        bool tie = false;

        if (step->region == TW_NONE || !step->under ||
            scene[step->region].container == TW_NONE) {
            continue;
        }
        for (uint64_t under = step->under; under; under &= under - 1) {
            tie |= scene[__builtin_ctzll(under)].priority ==
                   scene[step->region].priority;
        }
        for (unsigned k = 0; k < n && tie; k++) {
            tie = regions[k] != step->region;
        }
        if (tie) {
            regions[n] = step->region;
            priorities[n++] = scene[step->region].priority;
        }
    }
    return n;
}

static bool order_of_equals(TwExperiment *e, const TwStory *story)
{
    uint8_t regions[16];
    int32_t priorities[16];
    unsigned n = 0;

    for (unsigned i = 0; i < story->n_parts && n == 0; i++) {
        n = find_ties(story, &story->parts[i].tales[0], regions, priorities,
                      G_N_ELEMENTS(regions));
    }
    return n > 0 && tw_with_higher_priority(e, regions, priorities, n);
}

static const TwStep *last_step(const TwTale *tale, TwStepKind kind)
{
    for (unsigned i = tale->steps->len; i-- > 0;) {
        const TwStep *step = &g_array_index(tale->steps, TwStep, i);

        if (step->kind == kind) {
            return step;
        }
    }
    return NULL;
}

static void refusal(const TwStory *story, const TwTale *tale, bool at_hop,
                    TwCause *cause)
{
    /* Without a reason, the access came to a place that refuses by itself. */
    bool ignored = tw_told_succeeds(&story->seen) ||
                   story->finding.verdict == TW_VERDICT_REASON;
    const TwStep *step =
        last_step(tale, at_hop ? TW_STEP_TRANSLATE : TW_STEP_PAGE);

    g_snprintf(cause->name, sizeof(cause->name), "refusal-%s-%s",
               ignored ? "ignored" : "changed",
               !step          ? "early"
               : !at_hop      ? "page-map"
               : !step->there ? "no-entry"
                              : "no-right");
    tw_cause_broken_rule(cause, step ? step->rule : NULL);
}

/* Does an IOMMU choose another index than it must? */
static bool wrong_index(TwExperiment *e, const TwTale *tale)
{
    for (unsigned i = 0; i < tale->steps->len; i++) {
        const TwStep *step = &g_array_index(tale->steps, TwStep, i);

        if (step->kind == TW_STEP_TRANSLATE &&
            tw_with_fixed_index(e, step->iommu, step->index)) {
            return true;
        }
    }
    return false;
}

/* Is it a record of what was mapped over? */
static bool replaced(TwExperiment *e)
{
    for (uint16_t i = e->finding.op; i-- > 0;) {
        if (i < e->program->n_script && tw_with_unmap_first(e, i)) {
            return true;
        }
    }
    return false;
}

/* What is not of the walk itself: a cache, or a view that is not up to date. */
static bool of_cache_or_view(TwExperiment *e, const TwTale *tale,
                             TwCause *cause)
{
    if (tw_without_iotlbs(e)) {
        tw_cause_name(cause,
                      replaced(e) ? "missed-unmap-replaced" : "wrong-record");
    } else if (tw_with_flush_before(e)) {
        tw_cause_name(cause, "wrong-entry");
    } else if (tale && wrong_index(e, tale)) {
        tw_cause_name(cause, "wrong-index");
    } else if (tw_with_ranked_priorities(e)) {
        tw_cause_name(cause, "order-of-priorities");
    } else if (tw_with_roots_switched(e)) {
        tw_cause_name(cause, "view-out-of-date");
    } else {
        return false;
    }
    return true;
}

/* Of a minimal case, made plain. */
static void by_plain_parts(TwExperiment *e, const TwStory *story,
                           TwCause *cause)
{
    g_autofree TwProgram *plain = g_new(TwProgram, 1);
    g_autoptr(TwStory) other = NULL;
    TwFinding finding;

    if (tw_make_plain(e, plain)) {
        tw_runner_run(e->runner, plain, &finding, NULL, NULL);
        other = tw_verdict_is_finding(finding.verdict)
                    ? tw_runner_story(e->runner)
                    : NULL;
        story = other && other->access ? other : story;
    }
    tw_cause_by_parts(
        story,
        tw_told_place(tw_told_expected(story), tw_told_part(story)->byte),
        story->n_parts > 0 ? tw_told_hops(&tw_told_part(story)->tales[0]) : 0,
        cause);
}

/* Are its addresses of few bits?  In a minimal case that is needed. */
static bool has_width(const TwProgram *p, const TwFinding *finding)
{
    const TwOp *op = tw_finding_accused(finding, p);

    return tw_op_info(op->code)->flags & TW_OP_CPU_ACCESS &&
           p->cpus[op->obj].mmu[op->index].width != 0;
}

void tw_cause_of_walk(TwExperiment *e, const TwStory *story, TwCause *cause)
{
    const TwTold *expected = tw_told_expected(story);
    const TwPart *part = tw_told_part_refused(story, expected);
    const TwPlace *place = tw_told_place(expected, part->byte);
    const TwStep *region = NULL;
    unsigned hops = 0;

    if (story->n_parts > 0) {
        hops = tw_told_hops(&part->tales[0]);
        region = last_step(&part->tales[0], TW_STEP_REGION);
    }
    tw_cause_broken_rule(cause, region ? region->rule : NULL);
    if (e->shrunk && has_width(e->program, &story->finding)) {
        tw_cause_name(cause, "address-width");
        tw_cause_broken_rule(cause, "LA-58");
    } else if (story->n_parts > 0 && order_of_equals(e, story)) {
        tw_cause_name(cause, "order-of-equals");
        tw_cause_broken_rule(cause, "MR-5");
    } else if (tw_with_aligned_entries(e)) {
        tw_cause_name(cause, "low-output-bits");
        tw_cause_broken_rule(cause, "LA-13");
    } else if (of_cache_or_view(e, story->n_parts > 0 ? &part->tales[0] : NULL,
                                cause)) {
        ;
    } else if (story->finding.verdict == TW_VERDICT_REASON &&
               story->seen.reason.kind != TW_REASON_NONE) {
        tw_cause_by_reason(&expected->reason, &story->seen.reason, cause);
    } else if (story->n_parts > 0 && tw_told_is_refusal(place)) {
        refusal(story, &part->tales[0], place->where == TW_AT_HOP, cause);
    } else if (place && hops > 0 && tw_cause_is_device(story, place)) {
        tw_cause_name(cause, "device-behind-iommu");
    } else if (e->shrunk) {
        by_plain_parts(e, story, cause);
    } else {
        tw_cause_by_kind(story, place, hops, cause);
    }
}
