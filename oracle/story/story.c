/* SPDX-License-Identifier: MIT */
/*
 * Makes the story of a finding from the final state of the judge: the world as
 * it was at the accused access, the allowed answers, and the seen one.
 */
#include "oracle/judge/choice.h"
#include "oracle/judge/explain.h"
#include "oracle/judge/reason.h"
#include "oracle/story/tell.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "program/ops.h"

const char *tw_life_name(unsigned kind)
{
    static const char *const names[TW_LIVES] = {"filled", "changed", "ended",
                                                "used"};

    return kind < TW_LIVES ? names[kind] : NULL;
}

/* Outcomes ---------------------------------------------------------------- */

static void tell_allowed(TwStory *story, const TwOracle *oracle)
{
    const TwAccess *access = &oracle->accused.access;
    TwChoice choice;

    for (uint32_t i = 0;
         tw_choice(oracle, &oracle->history, access, i, &choice); i++) {
        TwTold *told;

        story->n_allowed++;
        if (i >= TW_STORY_ALLOWED) {
            continue;
        }
        told = &story->allowed[i];
        told->class_ = choice.effect.class_;
        told->current = tw_choice_current(&choice);
        told->busy = choice.answers[0] && tw_is_busy(access, choice.bytes);
        told->has_value =
            tw_choice_value(oracle, access, &choice, &told->value);
        told->reason = tw_reason_of(access, choice.bytes, &choice.effect);
        told->n_places = choice.answers[0]
                             ? tw_places(access, choice.bytes, told->places)
                             : 0;
    }
}

static void tell_seen(TwStory *story, const TwOracle *oracle)
{
    const TwAccused *accused = &oracle->accused;
    const TwTrace *trace = oracle->trace;
    uint16_t op = accused->access.op;

    story->seen.class_ = accused->seen.class_;
    story->seen.broken = accused->seen.broken;
    story->seen.gaps = accused->seen.gaps;
    story->reasons = oracle->world->reasons;
    story->seen.reason = accused->seen.reason;
    /* A refused read should give zero (AC-1): then there is nothing to say. */
    story->seen.has_value =
        tw_gives_value(&accused->access) &&
        (accused->seen.class_ <= TW_CLASS_DEVICE_ERROR || accused->seen.value);
    story->seen.value = accused->seen.value;
    if (accused->seen.located && !accused->seen.broken) {
        story->seen.n_places = tw_places(&accused->access, accused->seen.bytes,
                                         story->seen.places);
    }
    story->n_expected = oracle->expected.n_log;
    memcpy(story->expected, oracle->expected.log, sizeof(story->expected));
    for (uint32_t i = oracle->log;
         i < trace->n_log && trace->log[i].op <= op &&
         trace->log[i].started <= accused->access.started;
         i++) {
        if (story->n_log < G_N_ELEMENTS(story->log)) {
            story->log[story->n_log++] = trace->log[i];
        }
    }
}

/* Walks ------------------------------------------------------------------- */

static void tell_now(TwStory *story, const TwOracle *oracle, TwPart *part,
                     const TwAnswer *now)
{
    story->differ |= !tw_tell(oracle->world, &oracle->accused.access,
                              part->byte, now->times, &part->tales[0]);
}

static void tell_old(TwStory *story, const TwOracle *oracle, TwPart *part,
                     const TwAnswer *answer)
{
    TwTale *tale = &part->tales[1];

    part->paired = true;
    tale->old = true;
    tale->topology = answer->times.topology;
    tale->hops = answer->times.hops;
    tale->until = answer->changed;
    story->differ |= !tw_tell(oracle->world, &oracle->accused.access,
                              part->byte, answer->times, tale);
}

/* The first answer of page p that is allowed besides the current one and says
 * something else, or NULL. */
static const TwAnswer *other_allowed(const TwHistory *history, unsigned p)
{
    const TwAnswers *answers = &history->answers[p];

    return answers->n > 1 ? &answers->list[1] : NULL;
}

static void tell_walks(TwStory *story, const TwOracle *oracle)
{
    const TwAccused *accused = &oracle->accused;
    const TwAccess *access = &accused->access;
    const TwHistory *history = &oracle->history;

    for (unsigned p = 0; p < history->n_pages; p++) {
        TwPart *part = &story->parts[story->n_parts++];
        const TwAnswer *now = &history->answers[p].list[0];
        unsigned from = (unsigned)__builtin_ctz(now->mask);
        unsigned to = 32u - (unsigned)__builtin_clz(now->mask);
        const TwAnswer *old = accused->stale ? accused->old.answers[p]
                                             : other_allowed(history, p);
        const TwByte *bytes = accused->stale ? accused->old.bytes
                              : accused->seen.located && !accused->seen.broken
                                  ? accused->seen.bytes
                                  : now->bytes;

        part->byte = tw_first_difference(from, to, bytes, now->bytes);
        part->addr = tw_access_at(access, part->byte);
        tell_now(story, oracle, part, now);
        if (old && !old->current) {
            tell_old(story, oracle, part, old);
        }
    }
}

/* Life -------------------------------------------------------------------- */

static void what(TwLife *life, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void what(TwLife *life, const char *format, ...)
{
    size_t n = strlen(life->what);
    va_list args;

    va_start(args, format);
    vsnprintf(life->what + n, sizeof(life->what) - n, format, args);
    va_end(args);
}

static void what_places(TwLife *life, const TwAccess *access,
                        const TwByte *bytes)
{
    TwPlace places[TW_MAX_ACCESS];
    unsigned n = tw_places(access, bytes, places);
    char text[TW_PLACE_TEXT];

    for (unsigned i = 0; i < n; i++) {
        tw_place_text(&places[i], text, sizeof(text));
        what(life, "%s%s", i ? ", " : "", text);
    }
}

/* Do operations of this code make changes or endings of that kind? */
static bool makes(uint8_t code, TwKeyLink link, TwKeyEvent event)
{
    uint16_t flags = tw_op_info(code)->flags;
    bool flush = code == TW_OP_FLUSH_PAGE || code == TW_OP_FLUSH_RANGE ||
                 code == TW_OP_FLUSH_INDEX || code == TW_OP_FLUSH_ALL;
    bool page = code == TW_OP_PAGE || code == TW_OP_UNPAGE;
    bool topology = flags & TW_OP_TOPOLOGY || code == TW_OP_COMMIT;

    if (link == TW_KEY_LINK_TOPOLOGY || event == TW_KEY_EVENT_COMMIT) {
        return topology;
    }
    if (link == TW_KEY_LINK_PAGE) {
        return page;
    }
    if (event == TW_KEY_EVENT_FLUSH) {
        return flush;
    }
    return !topology && !page && !flush &&
           flags & (TW_OP_CHANGE | TW_OP_ENDING);
}

/* The outcome of the access that a record is of. */
static const TwOutcome *outcome_of(const TwTrace *trace,
                                   const TwLogRecord *record)
{
    for (unsigned i = 0; i < trace->n_started && record->started; i++) {
        if (trace->started[i].op == record->op &&
            tw_trace_started_before(trace, i, record->op) + 1 ==
                record->started) {
            return &trace->started[i].outcome;
        }
    }
    return &trace->outcomes[record->op];
}

/* Is it a byte of the access itself, and none that a wider call of the device
 * wrote back (LA-50)?  If the target does not say, it is. */
static bool is_own(const TwProgram *program, const TwTrace *trace,
                   const TwLogRecord *record)
{
    const TwOutcome *outcome = outcome_of(trace, record);

    if (program->regions[record->region].impl_min == 0 ||
        outcome->n_locations == 0) {
        return true;
    }
    for (unsigned i = 0; i < outcome->n_locations; i++) {
        const TwLocation *at = &trace->locations[outcome->location + i];

        if (at->region == record->region &&
            record->offset - at->offset < at->length) {
            return true;
        }
    }
    return false;
}

/*
 * A part of the life at script operation `op`, which changed `link` or caused
 * `event`.  If it is an access, a byte that it wrote to an actor offset did
 * that; the device log says which.
 */
static TwLife *live(TwStory *story, const TwOracle *oracle, TwLifeKind kind,
                    uint16_t op, TwKeyLink link, TwKeyEvent event)
{
    const TwProgram *program = story->program;
    const TwTrace *trace = oracle->trace;
    TwLife *life = &story->life[story->n_life++];

    *life = (TwLife){.kind = kind, .op = op};
    if (op == TW_NO_OP) {
        return life;
    }
    life->done = &program->script[op];
    if (!(tw_op_info(life->done->code)->flags & TW_OP_ACCESS) ||
        (link == TW_KEY_LINK_NONE && event == TW_KEY_EVENT_NONE)) {
        return life;
    }
    for (uint32_t i = 0; i < trace->n_log; i++) {
        const TwLogRecord *record = &trace->log[i];

        for (unsigned a = 0; record->op == op && a < program->n_actors; a++) {
            const TwActor *actor = &program->actors[a];

            if (record->kind == TW_LOG_WRITE &&
                actor->region == record->region &&
                actor->offset == record->offset &&
                is_own(program, trace, record) &&
                makes(actor->op.code, link, event)) {
                life->done = &actor->op;
                life->by_actor = true;
                return life;
            }
        }
    }
    return life;
}

static void what_entry(TwLife *life, const TwStep *step)
{
    if (!step || !step->there) {
        what(life, "nothing");
        return;
    }
    if (step->kind == TW_STEP_TRANSLATE) {
        what(life, "s%u ", step->space);
    }
    what(life, "0x%" PRIx64 " %s%s%s%s%s", step->out,
         step->perm & TW_R ? "r" : "", step->perm & TW_W ? "w" : "",
         step->perm & TW_X ? "x" : "", step->perm ? "" : "without rights",
         step->blocked ? ", blocked" : "");
}

/* The step of the tale that looks a link up at that place, or NULL. */
static const TwStep *same_lookup(const TwTale *tale, const TwStep *step)
{
    for (unsigned i = 0; i < tale->steps->len; i++) {
        const TwStep *other = &g_array_index(tale->steps, TwStep, i);

        if (other->kind == step->kind && other->iommu == step->iommu &&
            other->index == step->index && other->at == step->at) {
            return other;
        }
    }
    return NULL;
}

/* The times of an answer, but what is not newer than when it was right last is
 * of the tick after that. */
static TwTimes just_after(const TwAnswer *answer, TwRecords *records)
{
    TwTimes times = answer->times;

    if (!answer->by_record) {
        return tw_times_at(answer->until + 1);
    }
    *records = *answer->times.records;
    times.records = records;
    for (unsigned i = 0; i < records->n; i++) {
        TwParts *parts = &records->list[i].parts;

        parts->lookup = MAX(parts->lookup, answer->until + 1);
        parts->entry = MAX(parts->entry, answer->until + 1);
        for (unsigned k = 0; k < parts->n_pointers; k++) {
            parts->pointers[k].t = MAX(parts->pointers[k].t, answer->until + 1);
        }
        parts->root = MAX(parts->root, answer->until + 1);
    }
    return times;
}

/*
 * What the change just after the answer was right last did to a link of the old
 * tale: a look at the walk as it was then, and just after.
 */
static void what_changed(TwLife *life, TwStory *story, const TwOracle *oracle,
                         const TwAnswer *answer, unsigned byte)
{
    const TwAccess *access = &oracle->accused.access;
    uint32_t then = answer->until;
    TwTimes at = answer->by_record ? answer->times : tw_times_at(then);
    TwRecords records;
    TwTale before, after;
    char text[TW_PLACE_TEXT];
    bool told = false;

    story->differ |= !tw_tell(oracle->world, access, byte, at, &before);
    story->differ |= !tw_tell(oracle->world, access, byte,
                              just_after(answer, &records), &after);
    for (unsigned i = 0; i < before.steps->len && !told; i++) {
        const TwStep *step = &g_array_index(before.steps, TwStep, i);
        const TwStep *next = same_lookup(&after, step);

        if ((answer->link == TW_KEY_LINK_PAGE && step->kind == TW_STEP_PAGE) ||
            (answer->link == TW_KEY_LINK_HOP &&
             step->kind == TW_STEP_TRANSLATE && next && next->since > then)) {
            if (step->kind == TW_STEP_PAGE) {
                what(life, "page map c%u.%u", access->cpu, access->mmu);
            } else {
                what(life, "i%u.%u", step->iommu, step->index);
            }
            what(life, " at 0x%" PRIx64 ": ", step->at);
            what_entry(life, step);
            what(life, " became ");
            what_entry(life, next);
            told = true;
        }
    }
    if (!told) {
        what(life, "%s: ", tw_change_text(story->program, answer));
        tw_place_text(&before.end, text, sizeof(text));
        what(life, "byte %u was at %s, ", byte, text);
        tw_place_text(&after.end, text, sizeof(text));
        what(life, "then at %s", text);
    }
    g_array_unref(before.steps);
    g_array_unref(after.steps);
}

static bool passes(const TwTale *tale, uint8_t iommu, uint8_t index)
{
    for (unsigned i = 0; i < tale->steps->len; i++) {
        const TwStep *step = &g_array_index(tale->steps, TwStep, i);

        if (step->kind == TW_STEP_TRANSLATE && step->iommu == iommu &&
            (index == TW_ALL || step->index == index)) {
            return true;
        }
    }
    return false;
}

/* The event of the finding, in the log of events; NULL: none is there. */
static const TwEnding *find_ending(const TwOracle *oracle,
                                   const TwAnswer *answer, const TwTale *tale)
{
    static const uint8_t keys[] = {
        [TW_ENDING_COMMIT] = TW_KEY_EVENT_COMMIT,
        [TW_ENDING_UNMAP] = TW_KEY_EVENT_UNMAP,
        [TW_ENDING_RESET] = TW_KEY_EVENT_RESET,
        [TW_ENDING_FLUSH] = TW_KEY_EVENT_FLUSH,
        [TW_ENDING_RESTORE] = TW_KEY_EVENT_RESTORE,
        [TW_ENDING_COMMAND] = TW_KEY_EVENT_UNMAP,
    };
    const TwWorld *world = oracle->world;

    for (uint32_t i = 0; i < world->n_endings; i++) {
        const TwEnding *ending = &world->endings[i];

        if (ending->tick > answer->until && ending->op == answer->ended &&
            keys[ending->kind] == answer->event &&
            (ending->kind == TW_ENDING_COMMIT ||
             ending->kind == TW_ENDING_FLUSH ||
             ending->kind == TW_ENDING_RESTORE ||
             passes(tale, ending->object,
                    ending->kind == TW_ENDING_UNMAP ? ending->index
                                                    : TW_ALL))) {
            return ending;
        }
    }
    return NULL;
}

/* The records that an `invalidate` ends (LA-37). */
static void what_command_ended(TwLife *life, const TwEnding *ending)
{
    static const struct {
        const char *records; /* "%u": of that domain or index */
        bool range;
    } scopes[TW_SCOPES] = {
        [TW_SCOPE_GLOBAL] = {"all records", false},
        [TW_SCOPE_DOMAIN] = {"the entries and pointers of domain %u", false},
        [TW_SCOPE_RANGE] = {"the entries and pointers of domain %u that meet ",
                            true},
        [TW_SCOPE_LEAF] = {"the entries of domain %u that meet ", true},
        [TW_SCOPE_ANY_RANGE] = {"the entries and pointers that meet ", true},
        [TW_SCOPE_ANY_LEAF] = {"the entries that meet ", true},
        [TW_SCOPE_CONTEXT] = {"the context of index %u", false},
        [TW_SCOPE_CONTEXTS] = {"all contexts", false},
    };
    const char *records = scopes[ending->scope].records;
    const char *number = strstr(records, "%u");

    what(life, "it ends, of the records of i%u, ", ending->object);
    if (number) {
        what(life, "%.*s%u%s", (int)(number - records), records, ending->whose,
             number + 2);
    } else {
        what(life, "%s", records);
    }
    if (scopes[ending->scope].range) {
        what(life, "0x%" PRIx64 "..0x%" PRIx64, ending->first, ending->last);
    }
}

static void what_ended(TwLife *life, const TwOracle *oracle,
                       const TwEnding *ending)
{
    uint8_t cpu = oracle->accused.access.cpu;

    switch (ending->kind) {
    case TW_ENDING_COMMIT:
        what(life, "its commit ends every answer");
        break;
    case TW_ENDING_UNMAP:
        what(life,
             "its UNMAP of 0x%" PRIx64 "..0x%" PRIx64 " on i%u.%u ends what "
             "came through there",
             ending->first, ending->last, ending->object, ending->index);
        break;
    case TW_ENDING_RESET:
        what(life, "it ends what came through i%u, on every index",
             ending->object);
        break;
    case TW_ENDING_RESTORE:
        what(life, "it ends every answer");
        break;
    case TW_ENDING_COMMAND:
        what_command_ended(life, ending);
        break;
    default:
        if (ending->whole) {
            what(life, "its flush ends every answer of the MMU index");
        } else {
            what(life,
                 "its flush ends what came through page-map entries that meet "
                 "0x%" PRIx64 "..0x%" PRIx64,
                 ending->first, ending->last);
        }
        break;
    }
    if (cpu == TW_BOARD) {
        what(life, "; no safe point has to come first");
    } else if (oracle->world->contract.queued && ending->actor != cpu) {
        what(life, "; c%u has passed a safe point since (LA-4)", cpu);
    }
}

/* Why an answer may not be cached at all. */
static void tell_uncacheable(TwLife *life, const TwOracle *oracle,
                             const TwAnswer *answer)
{
    const TwAccess *access = &oracle->accused.access;

    if (access->started) {
        life->rule = "FR-14";
        what(life, "an access that a device starts goes where the walk of its "
                   "turn goes");
    } else if (access->cpu == TW_BOARD) {
        what(life, "a DMA access is answered from no cache");
    } else if (!oracle->world->contract.cpu_cache) {
        life->rule = access->code == TW_OP_EXEC ? "LA-45" : NULL;
        what(life, "by its contract, this target goes where the walk of now "
                   "goes");
    } else {
        life->rule = "LA-28";
        what(life, "%s may not be kept",
             answer->refused ? "a refusal"
                             : "what passes a granule or a page-map entry "
                               "below the page size");
    }
}

static void tell_ended(TwStory *story, const TwOracle *oracle,
                       const TwAnswer *answer, const TwTale *tale)
{
    uint8_t event = answer->cacheable ? answer->event : TW_KEY_EVENT_NONE;
    TwLife *life = live(
        story, oracle, TW_LIFE_ENDED,
        event == TW_KEY_EVENT_NONE ? TW_NO_OP : answer->ended, TW_KEY_LINK_NONE,
        event == TW_KEY_EVENT_NEWER ? TW_KEY_EVENT_NONE : event);
    const TwEnding *ending = find_ending(oracle, answer, tale);

    if (event == TW_KEY_EVENT_NONE) {
        tell_uncacheable(life, oracle, answer);
        return;
    }
    life->rule = tw_event_rule(answer);
    if (event == TW_KEY_EVENT_NEWER) {
        what(life, "it got a newer answer, so the old entry had been replaced");
    } else if (ending) {
        what_ended(life, oracle, ending);
    } else { /* nested tables: of records behind the IOMMUs of the walk */
        what(life, "it ends what the old answer was kept by");
    }
}

/* The life of an answer of an older world. */
static void tell_life(TwStory *story, const TwOracle *oracle)
{
    const TwAccused *accused = &oracle->accused;
    unsigned p =
        accused->old.answers[0] && !accused->old.answers[0]->allowed ? 0 : 1;
    const TwAnswer *answer = accused->old.answers[p];
    const TwPart *part = &story->parts[p];
    TwLife *life;

    if (accused->finding.filled != TW_NO_OP) {
        life = live(story, oracle, TW_LIFE_FILLED, accused->finding.filled,
                    TW_KEY_LINK_NONE, TW_KEY_EVENT_NONE);
        what(life, "%s",
             answer->by_mapping
                 ? "made the mapping; an access via it may find its run anew"
                 : "the last access to the page while the old answer was "
                   "right");
    }
    life = live(story, oracle, TW_LIFE_CHANGED, answer->changed, answer->link,
                TW_KEY_EVENT_NONE);
    what_changed(life, story, oracle, answer, part->byte);
    if (accused->stored) {
        what(life, "; the bytes there were those seen until op %u",
             accused->stored->op);
    }
    tell_ended(story, oracle, answer, &part->tales[1]);
}

/* The life of code that is no longer there (FR-10). */
static void tell_code_life(TwStory *story, const TwOracle *oracle)
{
    const TwAccused *accused = &oracle->accused;
    const TwFinding *finding = &accused->finding;
    bool kept = finding->ended != TW_NO_OP;
    bool own = kept &&
               tw_op_info(oracle->program->script[finding->ended].code)->flags &
                   TW_OP_ACCESS;
    TwLife *life;

    if (finding->filled != TW_NO_OP) {
        life = live(story, oracle, TW_LIFE_FILLED, finding->filled,
                    TW_KEY_LINK_NONE, TW_KEY_EVENT_NONE);
        what(life, "the last fetch of the old code");
    }
    life = live(story, oracle, TW_LIFE_CHANGED, accused->stored->op,
                TW_KEY_LINK_NONE, TW_KEY_EVENT_NONE);
    what(life, "stored other bytes there");
    life = live(story, oracle, TW_LIFE_ENDED, finding->ended, TW_KEY_LINK_NONE,
                own ? TW_KEY_EVENT_STORE : TW_KEY_EVENT_FLUSH);
    life->rule = "FR-10";
    what(life, "%s",
         own    ? "a CPU fetches what it stored itself at this address"
         : kept ? "its flush ends what was made of older bytes"
                : "a fetch sees the bytes that are there");
}

static void tell_used(TwStory *story, const TwOracle *oracle)
{
    const TwAccused *accused = &oracle->accused;
    TwLife *life = live(story, oracle, TW_LIFE_USED, accused->access.op,
                        TW_KEY_LINK_NONE, TW_KEY_EVENT_NONE);

    if (accused->finding.starter) {
        life->done = tw_finding_accused(&accused->finding, oracle->program);
        life->by_actor = true;
    }
    what(life, "got ");
    what_places(life, &accused->access,
                accused->right_only ? accused->seen.bytes : accused->old.bytes);
    if (story->seen.has_value) {
        what(life, ", value 0x%" PRIx64, story->seen.value);
    }
}

/* The door ---------------------------------------------------------------- */

TwStory *tw_story_new(const TwOracle *oracle)
{
    const TwAccused *accused = &oracle->accused;
    TwStory *story = g_new0(TwStory, 1);
    bool moved;

    story->program = oracle->program;
    story->finding = accused->finding;
    story->access = accused->is_access;
    story->too_short = accused->is_access && accused->too_short;
    if (!accused->is_access) {
        return story;
    }
    story->right_only = accused->right_only;
    story->scene = tw_scene_new(oracle->world);
    tell_allowed(story, oracle);
    story->other_refused = accused->access.other != TW_CLASS_OK;
    tell_seen(story, oracle);
    tell_walks(story, oracle);
    if (!accused->stale) {
        return story;
    }
    moved = (accused->old.answers[0] && !accused->old.answers[0]->allowed) ||
            (accused->old.answers[1] && !accused->old.answers[1]->allowed);
    if (moved) {
        tell_life(story, oracle);
    } else {
        tell_code_life(story, oracle);
    }
    tell_used(story, oracle);
    return story;
}

void tw_story_free(TwStory *story)
{
    if (!story) {
        return;
    }
    for (unsigned p = 0; p < story->n_parts; p++) {
        for (unsigned t = 0; t < 2; t++) {
            g_clear_pointer(&story->parts[p].tales[t].steps, g_array_unref);
        }
    }
    tw_scene_free(story->scene);
    g_free(story);
}
