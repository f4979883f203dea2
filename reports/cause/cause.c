/* SPDX-License-Identifier: MIT */
/*
 * Finds the cause of a finding: first from its story, then by experiments
 * (probe.c), the most informative ones first.  There are two families: an old
 * answer that was kept although an event should have ended it, and a wrong walk
 * without any cache.  The verdict does not separate them for certain: a wrong
 * walk may by chance give an answer that was right once.
 */
#include "reports/cause/internal.h"

#include <string.h>

#include "program/ops.h"

static void name_it(TwCause *cause, const char *name)
{
    g_strlcpy(cause->name, name, sizeof(cause->name));
}

static void broken_rule(TwCause *cause, const char *rule)
{
    g_strlcpy(cause->rule, rule ? rule : "", sizeof(cause->rule));
}

/* Stories ------------------------------------------------------------------ */

static const TwTold *expected_of(const TwStory *story)
{
    for (unsigned i = 0; i < story->n_allowed && i < TW_STORY_ALLOWED; i++) {
        if (story->allowed[i].current) {
            return &story->allowed[i];
        }
    }
    return &story->allowed[0];
}

static bool succeeds(const TwTold *told)
{
    return told->class_ <= TW_CLASS_DEVICE_ERROR;
}

/* The part of the access that went elsewhere. */
static const TwPart *part_at_fault(const TwStory *story)
{
    for (unsigned i = 0; i < story->n_parts; i++) {
        if (story->parts[i].paired) {
            return &story->parts[i];
        }
    }
    return &story->parts[0];
}

static const TwPlace *place_of(const TwTold *told, unsigned byte)
{
    for (unsigned i = 0; i < told->n_places; i++) {
        const TwPlace *place = &told->places[i];

        if (byte >= place->from && byte < place->from + place->length) {
            return place;
        }
    }
    return told->n_places ? &told->places[0] : NULL;
}

static unsigned count_hops(const TwTale *tale)
{
    unsigned n = 0;

    for (unsigned i = 0; i < tale->steps->len; i++) {
        n += g_array_index(tale->steps, TwStep, i).kind == TW_STEP_TRANSLATE;
    }
    return n;
}

static const TwLife *life_of(const TwStory *story, TwLifeKind kind)
{
    for (unsigned i = 0; i < story->n_life; i++) {
        if (story->life[i].kind == kind) {
            return &story->life[i];
        }
    }
    return NULL;
}

/*
 * Isolation: the guest reached memory that it must not reach, despite a refusal
 * or through an old answer.
 */
static bool isolation(const TwStory *story)
{
    const TwTold *seen = &story->seen, *expected = expected_of(story);
    bool reached = succeeds(seen) && seen->class_ != TW_CLASS_DISCARD;

    if (!story->access || !reached) {
        return false;
    }
    switch (story->finding.verdict) {
    case TW_VERDICT_PERM:
        return true;
    case TW_VERDICT_STALE:
        return !seen->n_places || seen->places[0].where == TW_AT_LEAF;
    case TW_VERDICT_WRONG:
        return !succeeds(expected);
    default:
        return false;
    }
}

/* Old answers -------------------------------------------------------------- */

/* The lookup of an IOMMU in the old walk: which hop, and by which index. */
static void find_hop(const TwTale *tale, uint8_t iommu, TwSuspect *s)
{
    unsigned hop = 0;

    for (unsigned i = 0; i < tale->steps->len; i++) {
        const TwStep *step = &g_array_index(tale->steps, TwStep, i);

        if (step->kind == TW_STEP_TRANSLATE) {
            if (step->iommu == iommu) {
                s->iommu = iommu;
                s->index = step->index;
                s->hop = hop;
                return;
            }
            hop++;
        }
    }
}

static bool of_iommu(const TwOp *op)
{
    return op->code >= TW_OP_MAP && op->code <= TW_OP_INVALIDATE &&
           op->code != TW_OP_POKE;
}

static TwSuspect suspect_of(const TwStory *story)
{
    const TwOp *access = tw_finding_accused(&story->finding, story->program);
    const TwLife *ended = life_of(story, TW_LIFE_ENDED);
    TwSuspect s = {.changed = story->finding.changed,
                   .ended = story->finding.ended,
                   .iommu = TW_NONE,
                   .cpu = TW_BOARD};

    if (tw_op_info(access->code)->flags & TW_OP_CPU_ACCESS) {
        s.cpu = access->obj;
        s.mmu = access->index;
    }
    for (unsigned i = 0; i < story->n_parts; i++) {
        if (story->parts[i].paired) {
            s.pages[s.n_pages++] = story->parts[i].addr;
        }
    }
    if (ended && ended->op != TW_NO_OP) {
        s.ending = ended->done;
        s.by_actor = ended->by_actor;
    }
    if (s.ending && of_iommu(s.ending) && part_at_fault(story)->paired) {
        find_hop(&part_at_fault(story)->tales[1], s.ending->obj, &s);
    }
    return s;
}

/* Does that flush name the page itself, not another one of its entry? */
static bool names_page(const TwProgram *p, const TwOp *flush, uint64_t addr)
{
    uint64_t bits =
        flush->lg >= 64 ? UINT64_MAX : (UINT64_C(1) << flush->lg) - 1;
    uint64_t page = addr >> p->page_lg << p->page_lg;

    switch (flush->code) {
    case TW_OP_FLUSH_PAGE:
        return flush->addr >> p->page_lg == addr >> p->page_lg;
    case TW_OP_FLUSH_RANGE:
        return ((page - flush->addr) & bits) < flush->last ||
               ((flush->addr - page) & bits) < UINT64_C(1) << p->page_lg;
    default:
        return true;
    }
}

static void missed_flush(TwExperiment *e, const TwSuspect *s, TwCause *cause)
{
    if (s->cpu != TW_BOARD && s->n_pages > 0 && s->ending &&
        !names_page(e->program, s->ending, s->pages[0]) &&
        tw_with_direct_flush(e, s)) {
        name_it(cause, "missed-flush-beside");
    } else if (s->cpu != TW_BOARD && tw_without_victims(e, s)) {
        name_it(cause, "missed-flush-victim");
    } else {
        g_snprintf(cause->name, sizeof(cause->name), "missed-%s",
                   s->ending ? tw_op_info(s->ending->code)->name : "flush");
    }
}

/* Was there an earlier event that an experiment could not remove, because its
 * operation also changes the world? */
static bool switched_before(const TwProgram *p, const TwSuspect *s)
{
    for (unsigned i = 0; i < s->ended; i++) {
        const TwOp *op = &p->script[i];

        if ((op->code == TW_OP_BYPASS || op->code == TW_OP_IOMMU_RESET) &&
            op->obj == s->iommu) {
            return true;
        }
    }
    return false;
}

static void missed_unmap(TwExperiment *e, const TwSuspect *s, TwCause *cause)
{
    bool replaced = s->ending && s->ending->code == TW_OP_MAP;

    if (replaced && !s->by_actor && tw_with_unmap_first(e, s->ended)) {
        name_it(cause, "missed-unmap-replaced");
    } else if (s->iommu != TW_NONE &&
               tw_with_index_zero(e, s->iommu, s->index)) {
        name_it(cause, "missed-unmap-index");
    } else if (s->iommu != TW_NONE &&
               tw_without_earlier_events(e, s->iommu, s->ended)) {
        name_it(cause, "missed-unmap-again");
    } else if (s->iommu != TW_NONE && s->hop > 0) {
        name_it(cause, "missed-unmap-later-hop");
    } else if (s->iommu != TW_NONE && switched_before(e->program, s)) {
        name_it(cause, "missed-unmap-again");
    } else if (replaced && s->by_actor) {
        name_it(cause, "missed-unmap-replaced");
    } else {
        name_it(cause, "missed-unmap");
    }
}

static void old_answer(TwExperiment *e, const TwStory *story, TwCause *cause)
{
    const TwLife *ended = life_of(story, TW_LIFE_ENDED);
    TwSuspect s = suspect_of(story);

    broken_rule(cause, ended ? ended->rule : NULL);
    if (!part_at_fault(story)->paired) {
        name_it(cause, s.ending ? "old-code-after-flush" : "old-code");
    } else if (!ended || !s.ending) {
        name_it(cause, "cached-in-vain");
    } else if (strstr(ended->what, "newer answer")) {
        name_it(cause, "came-back");
    } else if (s.ending->code == TW_OP_RESTORE) {
        name_it(cause, "missed-restore");
    } else if (tw_op_info(s.ending->code)->flags & TW_OP_TOPOLOGY ||
               s.ending->code == TW_OP_COMMIT) {
        name_it(cause, "missed-commit");
    } else if (of_iommu(s.ending)) {
        missed_unmap(e, &s, cause);
    } else {
        missed_flush(e, &s, cause);
    }
}

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
    bool ignored =
        succeeds(&story->seen) || story->finding.verdict == TW_VERDICT_REASON;
    const TwStep *step =
        last_step(tale, at_hop ? TW_STEP_TRANSLATE : TW_STEP_PAGE);

    g_snprintf(cause->name, sizeof(cause->name), "refusal-%s-%s",
               ignored ? "ignored" : "changed",
               !step          ? "early"
               : !at_hop      ? "page-map"
               : !step->there ? "no-entry"
                              : "no-right");
    broken_rule(cause, step ? step->rule : NULL);
}

static void wrong_walk(TwExperiment *e, const TwStory *story, TwCause *cause)
{
    const TwPart *part = part_at_fault(story);
    const TwTold *expected = expected_of(story);
    const TwPlace *place = place_of(expected, part->byte);
    const TwStep *region = NULL;
    unsigned hops = 0;

    if (story->n_parts > 0) {
        hops = count_hops(&part->tales[0]);
        region = last_step(&part->tales[0], TW_STEP_REGION);
    }
    broken_rule(cause, region ? region->rule : NULL);
    if (story->n_parts > 0 && order_of_equals(e, story)) {
        name_it(cause, "order-of-equals");
        broken_rule(cause, "MR-5");
    } else if (tw_with_aligned_entries(e)) {
        name_it(cause, "low-output-bits");
        broken_rule(cause, "LA-13");
    } else if (story->finding.verdict == TW_VERDICT_REASON &&
               story->seen.reason.kind != TW_REASON_NONE) {
        tw_cause_by_reason(&expected->reason, &story->seen.reason, cause);
    } else if (place && story->n_parts > 0 &&
               (place->where == TW_AT_HOP || place->where == TW_AT_PAGE)) {
        refusal(story, &part->tales[0], place->where == TW_AT_HOP, cause);
    } else if (place && hops > 0 && tw_cause_is_device(story, place)) {
        name_it(cause, "device-behind-iommu");
    } else if (e->shrunk) {
        tw_cause_by_parts(story, place, hops, cause);
    } else {
        tw_cause_by_kind(story, place, hops, cause);
    }
}

/* The others --------------------------------------------------------------- */

/* A bug that makes events to observers wrong also makes events to caches
 * wrong, so both have the same causes. */
static void wrong_event(TwExperiment *e, TwCause *cause)
{
    const TwProgram *p = e->program;
    uint16_t at = e->finding.op;

    tw_cause_rule_of_text(cause);
    if (at < p->n_script && tw_with_unmap_first(e, at)) {
        name_it(cause, "missed-unmap-replaced");
    } else if (tw_with_one_index(e)) {
        name_it(cause, "missed-unmap-index");
    } else if (at < p->n_script && of_iommu(&p->script[at]) &&
               tw_without_earlier_events(e, p->script[at].obj, at)) {
        name_it(cause, "missed-unmap-again");
    } else {
        g_snprintf(cause->name, sizeof(cause->name), "event-%s-%s",
                   tw_cause_what_of_event(e->finding.text),
                   at < p->n_script ? tw_op_info(p->script[at].code)->name
                                    : "end");
    }
}

static void wrong_effect(TwExperiment *e, TwCause *cause)
{
    const TwProgram *p = e->program;
    uint16_t at = e->finding.op;

    tw_cause_rule_of_text(cause);
    if (tw_with_aligned_entries(e)) {
        name_it(cause, "low-output-bits");
    } else {
        g_snprintf(cause->name, sizeof(cause->name), "effect-%s",
                   at < p->n_script ? tw_op_info(p->script[at].code)->name
                                    : "end");
    }
}

/* A or D of a page table (LA-55). */
static void wrong_mark(TwExperiment *e, TwCause *cause)
{
    const char *text = e->finding.text;

    tw_cause_rule_of_text(cause);
    if (tw_without_iotlbs(e)) {
        name_it(cause, "unmarked-record");
        broken_rule(cause, "FR-13");
    } else if (strstr(text, "D is not set")) {
        name_it(cause, "dirty-not-set");
    } else if (strstr(text, "A is not set")) {
        name_it(cause, "accessed-not-set");
    } else if (strstr(text, "the older entry")) {
        name_it(cause, "unmarked-kept");
    } else {
        name_it(cause, "mark-not-owed");
    }
}

/* Was it a record of an IOTLB that should have ended, by more than that a MAP
 * came without an UNMAP? */
static bool kept_record(TwExperiment *e, const TwSuspect *s)
{
    bool replaced = s->ending && s->ending->code == TW_OP_MAP && !s->by_actor;

    return !(replaced && tw_with_unmap_first(e, s->ended)) &&
           tw_without_iotlbs(e);
}

static void of_access(TwExperiment *e, const TwStory *story, TwCause *cause)
{
    TwSuspect s = suspect_of(story);
    const TwLife *ended = life_of(story, TW_LIFE_ENDED);

    if (story->finding.verdict == TW_VERDICT_STALE && kept_record(e, &s)) {
        name_it(cause, "kept-record");
        broken_rule(cause, ended ? ended->rule : NULL);
    } else if (story->finding.verdict != TW_VERDICT_STALE ||
               story->finding.filled == TW_NO_OP ||
               tw_stays_without_fills(e, &s)) {
        wrong_walk(e, story, cause);
    } else {
        old_answer(e, story, cause);
    }
}

/* An access that an actor offset starts (LA-61), or that should have been. */
static bool of_started(const TwStory *story, TwCause *cause)
{
    if (!cause->finding.starter) {
        bool missing = strstr(cause->finding.text, "(LA-61)") != NULL;

        if (missing) {
            name_it(cause, "started-number");
            broken_rule(cause, "LA-61");
        }
        return missing;
    }
    name_it(cause, story->access && story->allowed[0].busy
                       ? "started-own-callback"
                       : "started-astray");
    broken_rule(cause,
                story->access && story->allowed[0].busy ? "AC-8" : "FR-14");
    return true;
}

/* Is it an entry of the list?  Then that is all there is to say. */
static bool is_known(TwExperiment *e, const TwKnown *known, TwCause *cause)
{
    cause->known = tw_cause_known_here(known, e->runner, e->program,
                                       &e->finding, !e->shrunk, &e->made);
    if (cause->known) {
        tw_cause_name_known(known, cause);
    }
    return cause->known != 0;
}

void tw_cause_find(TwRunner *runner, const TwKnown *known,
                   const TwProgram *program, bool shrunk, TwCause *cause)
{
    g_autofree TwProgram *edited = g_new(TwProgram, 1);
    TwExperiment e = {.runner = runner,
                      .program = program,
                      .shrunk = shrunk,
                      .edited = edited};
    g_autoptr(TwStory) story = NULL;

    memset(cause, 0, sizeof(*cause));
    tw_runner_run(runner, program, &cause->finding, NULL, NULL);
    e.finding = cause->finding;
    if (!tw_verdict_is_finding(cause->finding.verdict)) {
        return;
    }
    if (cause->finding.verdict == TW_VERDICT_CRASH ||
        cause->finding.verdict == TW_VERDICT_HANG ||
        cause->finding.verdict == TW_VERDICT_MALFORMED) {
        tw_cause_of_text(&e.finding, cause);
        return;
    }
    story = tw_runner_story(runner);
    if (story) {
        cause->security = isolation(story);
    }
    if (is_known(&e, known, cause)) {
        cause->experiments = e.made;
        return;
    }
    if (!story || cause->finding.verdict == TW_VERDICT_SELF ||
        cause->finding.verdict == TW_VERDICT_INVARIANT) {
        tw_cause_of_text(&e.finding, cause);
        return;
    }
    if (cause->finding.verdict == TW_VERDICT_EVENT) {
        wrong_event(&e, cause);
    } else if (g_str_has_suffix(cause->finding.key, "Acd")) {
        wrong_mark(&e, cause);
    } else if (of_started(story, cause)) {
        ; /* no experiment is needed */
    } else if (!story->access) {
        wrong_effect(&e, cause);
    } else {
        of_access(&e, story, cause);
    }
    cause->experiments = e.made;
}
