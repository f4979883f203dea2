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

/* Stories ------------------------------------------------------------------ */

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
    const TwTold *seen = &story->seen, *expected = tw_told_expected(story);
    bool reached = tw_told_succeeds(seen) && seen->class_ != TW_CLASS_DISCARD;

    if (!story->access || !reached) {
        return false;
    }
    switch (story->finding.verdict) {
    case TW_VERDICT_PERM:
        return true;
    case TW_VERDICT_STALE:
        return !seen->n_places || seen->places[0].where == TW_AT_LEAF;
    case TW_VERDICT_WRONG:
        return !tw_told_succeeds(expected);
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
    if (s.ending && of_iommu(s.ending) && tw_told_part(story)->paired) {
        find_hop(&tw_told_part(story)->tales[1], s.ending->obj, &s);
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

/* Did a flush of one page of an entry leave its others? */
static bool is_beside(TwExperiment *e, const TwSuspect *s)
{
    return s->cpu != TW_BOARD && s->n_pages > 0 && s->ending &&
           !names_page(e->program, s->ending, s->pages[0]) &&
           tw_with_direct_flush(e, s);
}

static void missed_flush(TwExperiment *e, const TwSuspect *s, TwCause *cause)
{
    if (is_beside(e, s)) {
        tw_cause_name(cause, "missed-flush-beside");
    } else if (s->cpu != TW_BOARD && tw_with_own_changes(e, s->cpu)) {
        tw_cause_name(cause, "missed-flush-other-cpu");
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

/* By what should have told the UNMAP. */
static void name_unmap(const TwSuspect *s, TwCause *cause)
{
    switch (s->ending ? s->ending->code : TW_OP_UNMAP) {
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
    case TW_OP_NOTIFY:
        tw_cause_name(cause, "missed-unmap");
        break;
    default:
        g_snprintf(cause->name, sizeof(cause->name), "missed-unmap-of-%s",
                   tw_op_info(s->ending->code)->name);
    }
}

static void missed_unmap(TwExperiment *e, const TwSuspect *s, TwCause *cause)
{
    bool replaced = s->ending && s->ending->code == TW_OP_MAP;

    if (replaced && !s->by_actor && tw_with_unmap_first(e, s->ended)) {
        tw_cause_name(cause, "missed-unmap-replaced");
    } else if (s->iommu != TW_NONE &&
               tw_with_index_zero(e, s->iommu, s->index)) {
        tw_cause_name(cause, "missed-unmap-index");
    } else if (s->iommu != TW_NONE &&
               tw_without_earlier_events(e, s->iommu, s->ended)) {
        tw_cause_name(cause, "missed-unmap-again");
    } else if (s->iommu != TW_NONE && s->hop > 0) {
        tw_cause_name(cause, "missed-unmap-later-hop");
    } else if (s->iommu != TW_NONE && switched_before(e->program, s)) {
        tw_cause_name(cause, "missed-unmap-again");
    } else if (replaced && s->by_actor) {
        tw_cause_name(cause, "missed-unmap-replaced");
    } else if (s->cpu != TW_BOARD && tw_with_own_changes(e, s->cpu)) {
        tw_cause_name(cause, "missed-unmap-other-cpu");
    } else {
        name_unmap(s, cause);
    }
}

static void old_answer(TwExperiment *e, const TwStory *story, TwCause *cause)
{
    const TwLife *ended = life_of(story, TW_LIFE_ENDED);
    TwSuspect s = suspect_of(story);

    tw_cause_broken_rule(cause, ended ? ended->rule : NULL);
    if (!tw_told_part(story)->paired) {
        tw_cause_name(cause, s.ending ? "old-code-after-flush" : "old-code");
    } else if (tw_without_clock(e)) {
        tw_cause_name(cause, "kept-at-resize");
    } else if (s.cpu != TW_BOARD && tw_without_victims(e, &s) &&
               !is_beside(e, &s)) {
        tw_cause_name(cause, "missed-flush-victim");
    } else if (!ended || !s.ending) {
        tw_cause_name(cause, "cached-in-vain");
    } else if (strstr(ended->what, "newer answer")) {
        tw_cause_name(cause, "came-back");
    } else if (s.ending->code == TW_OP_RESTORE) {
        tw_cause_name(cause, "missed-restore");
    } else if (tw_op_info(s.ending->code)->flags & TW_OP_TOPOLOGY ||
               s.ending->code == TW_OP_COMMIT) {
        tw_cause_name(cause, "missed-commit");
    } else if (of_iommu(s.ending)) {
        missed_unmap(e, &s, cause);
    } else {
        missed_flush(e, &s, cause);
    }
}

/* The others --------------------------------------------------------------- */

/* All changes of entries tell in one way, so do all changes of regions. */
static const char *kind_of_change(const TwOp *op)
{
    switch (op->code) {
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
    case TW_OP_NOTIFY:
        return "entry";
    default:
        return tw_op_info(op->code)->flags & TW_OP_TOPOLOGY ||
                       op->code == TW_OP_LISTEN
                   ? "topology"
                   : tw_op_info(op->code)->name;
    }
}

/*
 * What a listener is told of regions, and a replay, is right or wrong as a
 * whole: whether an event is missing or of another range depends on what else
 * is there.  Events in vain are another thing.
 */
static void name_event(const TwExperiment *e, TwCause *cause)
{
    const TwProgram *p = e->program;
    const TwOp *op =
        e->finding.op < p->n_script ? &p->script[e->finding.op] : NULL;
    const char *what = tw_cause_what_of_event(e->finding.text);
    const char *change = op ? kind_of_change(op) : "end";

    if (op && op->code == TW_OP_REPLAY) {
        tw_cause_name(cause, "event-replay");
    } else if (strcmp(change, "topology") == 0 && strcmp(what, "extra") != 0) {
        tw_cause_name(cause, "event-wrong-topology");
    } else {
        g_snprintf(cause->name, sizeof(cause->name), "event-%s-%s", what,
                   change);
    }
}

/* A bug that makes events to observers wrong also makes events to caches
 * wrong, so both have the same causes. */
static void wrong_event(TwExperiment *e, TwCause *cause)
{
    const TwProgram *p = e->program;
    uint16_t at = e->finding.op;

    tw_cause_rule_of_text(cause);
    if (at < p->n_script && tw_with_unmap_first(e, at)) {
        tw_cause_name(cause, "missed-unmap-replaced");
    } else if (tw_with_one_index(e)) {
        tw_cause_name(cause, "missed-unmap-index");
    } else if (at < p->n_script && of_iommu(&p->script[at]) &&
               tw_without_earlier_events(e, p->script[at].obj, at)) {
        tw_cause_name(cause, "missed-unmap-again");
    } else {
        name_event(e, cause);
    }
}

static void wrong_effect(TwExperiment *e, TwCause *cause)
{
    const TwProgram *p = e->program;
    uint16_t at = e->finding.op;

    tw_cause_rule_of_text(cause);
    if (tw_with_aligned_entries(e)) {
        tw_cause_name(cause, "low-output-bits");
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
        tw_cause_name(cause, "unmarked-record");
        tw_cause_broken_rule(cause, "FR-13");
    } else if (strstr(text, "D is not set")) {
        tw_cause_name(cause, "dirty-not-set");
    } else if (strstr(text, "A is not set")) {
        tw_cause_name(cause, "accessed-not-set");
    } else if (strstr(text, "the older entry")) {
        tw_cause_name(cause, "unmarked-kept");
    } else {
        tw_cause_name(cause, "mark-not-owed");
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

/* By what should have ended it: changes of tables are of one kind. */
static void name_record(const TwSuspect *s, TwCause *cause)
{
    switch (s->ending ? s->ending->code : TW_OP_UNMAP) {
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
    case TW_OP_NOTIFY:
        tw_cause_name(cause, "kept-record");
        break;
    case TW_OP_INVALIDATE:
        g_snprintf(cause->name, sizeof(cause->name), "kept-record-%s",
                   tw_scope_name(s->ending->scope));
        break;
    default:
        g_snprintf(cause->name, sizeof(cause->name), "kept-record-%s",
                   tw_op_info(s->ending->code)->name);
    }
}

static void of_access(TwExperiment *e, const TwStory *story, TwCause *cause)
{
    TwSuspect s = suspect_of(story);
    const TwLife *ended = life_of(story, TW_LIFE_ENDED);

    if (tw_without_mapping(e)) {
        tw_cause_name(cause, "wrong-mapping");
        tw_cause_broken_rule(cause, ended ? ended->rule : NULL);
    } else if (story->finding.verdict == TW_VERDICT_STALE &&
               kept_record(e, &s)) {
        name_record(&s, cause);
        tw_cause_broken_rule(cause, ended ? ended->rule : NULL);
    } else if (story->finding.verdict != TW_VERDICT_STALE ||
               story->finding.filled == TW_NO_OP ||
               tw_stays_without_fills(e, &s)) {
        tw_cause_of_walk(e, story, cause);
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
            tw_cause_name(cause, "started-number");
            tw_cause_broken_rule(cause, "LA-61");
        }
        return missing;
    }
    tw_cause_name(cause, story->access && story->allowed[0].busy
                             ? "started-own-callback"
                             : "started-astray");
    tw_cause_broken_rule(
        cause, story->access && story->allowed[0].busy ? "AC-8" : "FR-14");
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
