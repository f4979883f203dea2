/* SPDX-License-Identifier: MIT */
/*
 * Names a difference and explains it: the first verdict in the order of
 * TwVerdict that applies, its key, and a few lines for a maintainer.
 */
#include "oracle/judge/explain.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "oracle/freshness/endings.h"
#include "oracle/judge/choice.h"
#include "oracle/judge/expect.h"
#include "oracle/judge/fits.h"
#include "oracle/judge/stale.h"
#include "oracle/judge/told-text.h"
#include "program/content.h"
#include "program/ops.h"

/* Text -------------------------------------------------------------------- */

static void sayv(TwFinding *finding, const char *format, va_list args)
{
    size_t n = strlen(finding->text);

    vsnprintf(finding->text + n, TW_FINDING_TEXT - n, format, args);
}

static void say(TwFinding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void say(TwFinding *finding, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    sayv(finding, format, args);
    va_end(args);
}

static const char *class_name(unsigned class_)
{
    return class_ < TW_CLASSES ? tw_class_name(class_) : "no class";
}

static void say_access(TwFinding *finding, const TwAccess *access)
{
    const char *name = tw_op_info(access->code)->name;

    if (access->cpu == TW_BOARD) {
        say(finding, "op %u: %s s%u 0x%" PRIx64 " %u%s\n", access->op, name,
            access->space, access->addr, access->size,
            access->started ? ", started by an actor offset" : "");
    } else {
        say(finding, "op %u: %s c%u.%u 0x%" PRIx64 " %u%s\n", access->op, name,
            access->cpu, access->mmu, access->addr, access->size,
            access->blind ? ", the fetch of its instruction" : "");
    }
}

/* "r3+0x10 ro, r4+0x0": where the bytes of an access are, run by run. */
static void say_places(TwFinding *finding, const TwAccess *access,
                       const TwByte *bytes)
{
    TwPlace places[TW_MAX_ACCESS];
    unsigned n = tw_places(access, bytes, places);
    char text[TW_PLACE_TEXT];

    for (unsigned i = 0; i < n; i++) {
        tw_place_text(&places[i], text, sizeof(text));
        say(finding, "%s %s", i ? "," : "", text);
    }
}

static TwKeyLeaf leaf_of(const TwOracle *oracle, const TwByte *byte)
{
    if (byte->where == TW_AT_HOLE) {
        return TW_KEY_LEAF_HOLE;
    }
    if (byte->where == TW_AT_BLOCKED) {
        return TW_KEY_LEAF_BLOCKED;
    }
    if (byte->where != TW_AT_LEAF) {
        return TW_KEY_LEAF_NONE;
    }
    switch (oracle->program->regions[byte->region].kind) {
    case TW_REGION_RAM:
        return TW_KEY_LEAF_RAM;
    case TW_REGION_ROM:
        return TW_KEY_LEAF_ROM;
    case TW_REGION_ROMD:
        return TW_KEY_LEAF_ROMD;
    case TW_REGION_MMIO:
        return TW_KEY_LEAF_MMIO;
    case TW_REGION_RESERVATION:
        return TW_KEY_LEAF_RESERVATION;
    case TW_REGION_RAM_DEVICE:
        return TW_KEY_LEAF_RAM_DEVICE;
    default:
        return TW_KEY_LEAF_NONE;
    }
}

/* Stale ------------------------------------------------------------------- */

const char *tw_change_text(const TwProgram *program, const TwAnswer *answer)
{
    if (answer->changed != TW_NO_OP &&
        program->script[answer->changed].code == TW_OP_RESTORE) {
        return "brought back what was saved"; /* links of every kind */
    }
    switch (answer->link) {
    case TW_KEY_LINK_PAGE:
        return "changed a page-map entry";
    case TW_KEY_LINK_HOP:
        return "changed an IOMMU's translation";
    default:
        return "changed the topology";
    }
}

/* "flush" ...; TwKeyEvent. */
static const char *event_name(uint8_t event)
{
    switch (event) {
    case TW_KEY_EVENT_FLUSH:
        return "flush";
    case TW_KEY_EVENT_UNMAP:
        return "UNMAP";
    case TW_KEY_EVENT_COMMIT:
        return "commit";
    case TW_KEY_EVENT_RESET:
        return "reset";
    case TW_KEY_EVENT_RESTORE:
        return "restore";
    default:
        return "answer";
    }
}

const char *tw_event_rule(const TwAnswer *answer)
{
    if (answer->by_record) {
        return tw_walk_combined(answer->times.records) ? "FR-12" : "FR-11";
    }
    if (answer->by_mapping) {
        return "RU-9, LA-38";
    }
    switch (answer->event) {
    case TW_KEY_EVENT_FLUSH:
        return "FR-9, LA-29";
    case TW_KEY_EVENT_UNMAP:
        return "FR-1, LA-17";
    case TW_KEY_EVENT_COMMIT:
        return "FR-3, LA-7";
    case TW_KEY_EVENT_RESET:
        return "FR-5, LA-16";
    case TW_KEY_EVENT_RESTORE:
        return "FR-5, LA-40";
    default:
        return "TL-3";
    }
}

static void say_op(TwFinding *finding, uint16_t op)
{
    if (op == TW_NO_OP) {
        say(finding, "the start");
    } else {
        say(finding, "op %u", op);
    }
}

/* `what`: "stale: r0+0x0 was right" until ... */
static void say_stale(const TwOracle *oracle, const TwAccess *access,
                      const TwChoice *choice, const TwAnswer *answer,
                      const char *label, const char *what)
{
    TwFinding *finding = oracle->finding;

    say(finding, "\n%s:", label);
    say_places(finding, access, choice->bytes);
    say(finding, " %s until ", what);
    say_op(finding, answer->changed);
    say(finding, " %s", tw_change_text(oracle->program, answer));
    if (answer->event == TW_KEY_EVENT_NONE || !answer->cacheable) {
        say(finding, "; it may not be cached (LA-28)");
        return;
    }
    say(finding, "; ");
    say_op(finding, answer->ended);
    say(finding, "'s %s %s (%s)", event_name(answer->event),
        answer->event == TW_KEY_EVENT_NEWER
            ? "was newer: it came back from the dead"
            : "must have ended it",
        tw_event_rule(answer));
    if (finding->filled != TW_NO_OP) {
        say(finding,
            answer->by_mapping ? "; the mapping was made by op %u"
                               : "; filled by op %u at the latest",
            finding->filled);
    }
}

/* Old code ---------------------------------------------------------------- */

/* The last fetch of these bytes before operation `changed` replaced them. */
static uint16_t last_fetch(const TwOracle *oracle, const TwAccess *access,
                           uint16_t changed)
{
    for (unsigned n = changed; n-- > 0;) {
        const TwOp *op = &oracle->program->script[n];
        if (op->code == TW_OP_EXEC && op->obj == access->cpu &&
            access->addr - op->addr < tw_op_bytes(oracle->program, op) &&
            oracle->trace->outcomes[n].status == TW_STATUS_DONE) {
            return n;
        }
    }
    return TW_NO_OP;
}

/* Bytes that a fetch saw although a store had replaced them. */
typedef struct OldCode {
    TwChoice choice;        /* where they were */
    const TwStored *stored; /* what replaced them */
    const TwStored *ender;  /* the newest store that forbids them, or NULL */
    TwOldCode why;          /* of ender */
} OldCode;

/* Looks for them where the fetch went or may have gone once (`history`;
 * FR-10). */
static bool find_old_code(const TwOracle *oracle, const TwHistory *history,
                          const TwAccess *access, const TwSeen *seen,
                          OldCode *old)
{
    const TwContents *contents = &oracle->contents;
    const TwChoice *choice = &old->choice;

    if (access->code != TW_OP_EXEC ||
        !tw_contents_are_code(oracle->program->contents) || seen->broken ||
        seen->class_ > TW_CLASS_DEVICE_ERROR) {
        return false;
    }
    for (uint32_t i = 0; tw_choice(oracle, history, access, i, &old->choice);
         i++) {
        for (unsigned w = 0; w < contents->n_worlds; w++) {
            TwContent at = contents->worlds[w];

            old->ender = NULL;
            old->why = TW_OLD_CODE_ALLOWED;
            while ((old->stored =
                        tw_contents_before(contents, &at, access, choice->bytes,
                                           &choice->effect, &at))) {
                if (!old->ender) {
                    old->why = tw_judge_old_code(oracle, access, choice->bytes,
                                                 old->stored);
                    old->ender =
                        old->why == TW_OLD_CODE_ALLOWED ? NULL : old->stored;
                }
                if (tw_judge_fits(oracle, access, seen, choice->bytes,
                                  &choice->effect, &at) == TW_FIT_NOW) {
                    return true;
                }
            }
        }
    }
    return false;
}

static void say_old_code(TwFinding *finding, const TwAccess *access,
                         const OldCode *old)
{
    say(finding, "\nstale: the code at");
    say_places(finding, access, old->choice.bytes);
    say(finding, " was that until op %u", finding->changed);
    if (old->why == TW_OLD_CODE_OWN_STORE) {
        say(finding,
            "; a CPU must fetch what it stored itself at this address by op %u "
            "(FR-10)",
            finding->ended);
    } else if (finding->ended != TW_NO_OP) {
        say(finding, "; op %u's flush must have ended it (FR-10)",
            finding->ended);
    } else {
        say(finding, "; fetches see what is there (FR-10)");
    }
    if (finding->filled != TW_NO_OP) {
        say(finding, "; last run by op %u", finding->filled);
    }
}

static TwVerdict explain_old_code(TwOracle *oracle, const TwAccess *access,
                                  const OldCode *old)
{
    TwFinding *finding = oracle->finding;
    TwKeyEvent event = TW_KEY_EVENT_NONE;

    finding->verdict = TW_VERDICT_STALE;
    finding->changed = old->stored->op;
    finding->ended = TW_NO_OP;
    finding->filled = last_fetch(oracle, access, old->stored->op);
    if (old->why == TW_OLD_CODE_OWN_STORE) {
        event = TW_KEY_EVENT_STORE;
        finding->ended = old->ender->op;
    } else if (oracle->world->contract.code != 0) {
        const TwEnding *flush = tw_ending_flushed(oracle->world, access);

        if (flush) {
            event = TW_KEY_EVENT_FLUSH;
            finding->ended = flush->op;
        }
    }
    say_old_code(finding, access, old);
    tw_key_write(finding->key, TW_VERDICT_STALE, oracle->target, access->code,
                 leaf_of(oracle, &old->choice.bytes[0]), TW_KEY_LINK_CODE,
                 event);
    return TW_VERDICT_STALE;
}

/* The others -------------------------------------------------------------- */

/* Does the access fail for want of a right? */
static bool lacks_right(const TwAccess *access, const TwChoice *choice)
{
    if (choice->effect.class_ == TW_CLASS_DISCARD ||
        access->other == TW_CLASS_PAGE_FAULT) {
        return true;
    }
    for (unsigned k = 0; k < access->size && choice->answers[0]; k++) {
        if (choice->bytes[k].where == TW_AT_PAGE ||
            choice->bytes[k].where == TW_AT_HOP) {
            return true;
        }
    }
    return false;
}

/* Which of perm, class, fault, reason, wrong: what applies to all or to one of
 * the allowed answers. */
static TwVerdict classify(const TwOracle *oracle, const TwAccess *access,
                          const TwSeen *seen)
{
    bool succeeds = seen->class_ <= TW_CLASS_DEVICE_ERROR;
    bool all_lack = true, all_refuse = true, better = false, same = false;
    bool reasons = oracle->world->reasons;
    TwChoice choice;

    for (uint32_t i = 0;
         tw_choice(oracle, &oracle->history, access, i, &choice); i++) {
        all_lack &=
            lacks_right(access, &choice) && choice.effect.class_ > seen->class_;
        all_refuse &= choice.effect.class_ > TW_CLASS_DEVICE_ERROR;
        better |= choice.effect.class_ <= TW_CLASS_DEVICE_ERROR &&
                  choice.effect.class_ < seen->class_;
        same |= choice.effect.class_ == seen->class_;
    }
    if (seen->broken) {
        return TW_VERDICT_WRONG;
    }
    if (succeeds && all_lack) {
        return TW_VERDICT_PERM;
    }
    if (better && !same) {
        return TW_VERDICT_CLASS;
    }
    if (!succeeds && all_refuse && !same) {
        return TW_VERDICT_FAULT;
    }
    if (!succeeds && same && seen->value == 0 && reasons) {
        return TW_VERDICT_REASON;
    }
    return TW_VERDICT_WRONG;
}

/* Does some allowed choice explain all but the device log? */
static bool only_the_log(const TwOracle *oracle, const TwAccess *access,
                         const TwSeen *seen)
{
    TwChoice choice;

    for (uint32_t i = 0;
         tw_choice(oracle, &oracle->history, access, i, &choice); i++) {
        if (tw_choice_fits(oracle, access, seen, &choice)) {
            return true;
        }
    }
    return false;
}

/* The door ---------------------------------------------------------------- */

static void say_expected(TwFinding *finding, const TwOracle *oracle,
                         const TwAccess *access)
{
    TwChoice choice;

    for (uint32_t i = 0;
         i < 3 && tw_choice(oracle, &oracle->history, access, i, &choice);
         i++) {
        say(finding, "%s%s",
            i == 0                       ? "expected: "
            : tw_choice_current(&choice) ? "\nor: "
                                         : "\nor, old: ",
            class_name(choice.effect.class_));
        if (!choice.answers[0]) {
            say(finding, " beyond the last address");
            continue;
        }
        say_places(finding, access, choice.bytes);
        if (choice.effect.class_ == TW_CLASS_DECODE_ERROR &&
            tw_is_busy(access, choice.bytes)) {
            say(finding, ", in its own callback (AC-8)");
        }
        if (access->other != TW_CLASS_OK) {
            say(finding, ", as the other access of the pair (LA-59)");
        }
        if (tw_gives_value(access) &&
            choice.effect.class_ <= TW_CLASS_DEVICE_ERROR) {
            say(finding, " value 0x%" PRIx64,
                tw_contents_value(&oracle->contents,
                                  &oracle->contents.worlds[0], access,
                                  choice.bytes, &choice.effect));
        }
    }
}

static void say_seen(TwFinding *finding, const TwOracle *oracle,
                     const TwAccess *access, const TwSeen *seen)
{
    say(finding, "\nseen: %s", class_name(seen->class_));
    if (seen->gaps > 0) {
        say(finding, ", but %u of %u bytes are nowhere", seen->gaps,
            access->size);
    } else if (seen->broken) {
        say(finding, " with locations that make no sense");
    } else if (seen->located) {
        say_places(finding, access, seen->bytes);
    }
    if (oracle->world->reasons && seen->class_ > TW_CLASS_DEVICE_ERROR &&
        seen->class_ < TW_CLASSES) {
        char why[TW_PLACE_TEXT];

        tw_reason_text(&seen->reason, why, sizeof(why));
        say(finding, " (%s)", why[0] ? why : "no reason");
    }
    if (tw_gives_value(access)) {
        say(finding, " value 0x%" PRIx64, seen->value);
    }
}

/* Keeps, for the story, the old answer that was seen. */
static void accuse_old(TwOracle *oracle, const TwChoice *old,
                       const TwStored *stored)
{
    oracle->accused.stale = true;
    oracle->accused.old = *old;
    oracle->accused.stored = stored;
}

/* Looks for an older answer of the access that is not allowed; in *stored what
 * replaced the bytes there, if the fetch saw older ones of that place, too. */
static bool find_old_place(TwOracle *oracle, const TwAccess *access,
                           const TwSeen *seen, TwChoice *stale, TwChoice *weak,
                           const TwStored **stored)
{
    OldCode code;

    *stored = NULL;
    weak->answers[0] = weak->answers[1] = NULL;
    if (seen->broken) {
        return false;
    }
    if (tw_find_stale(oracle, access, seen, stale, weak)) {
        return true;
    }
    if (!find_old_code(oracle, &oracle->past, access, seen, &code)) {
        return false;
    }
    *stale = code.choice;
    *stored = code.stored;
    return tw_stale_answer(stale) != NULL;
}

static void note_old(TwFinding *finding, const TwAnswer *answer)
{
    finding->changed = answer->changed;
    finding->ended = answer->ended;
    finding->filled = answer->filled;
}

/* Verdicts that no older answer explains; `weak`: one might, but too few bytes
 * were seen to tell. */
static void say_kind(TwFinding *finding, TwVerdict verdict, bool weak)
{
    say(finding, "\n%s",
        verdict == TW_VERDICT_PERM ? "perm: a right is missing, yet it succeeds"
        : verdict == TW_VERDICT_CLASS
            ? "class: refused or dropped without reason"
        : verdict == TW_VERDICT_FAULT ? "fault: refused in another class"
        : verdict == TW_VERDICT_REASON
            ? "reason: refused in the right class, for another reason (LA-60)"
        : weak ? "wrong: too short to tell whether it is stale"
               : "wrong: never was right");
}

/* What every finding of an access says first. */
static void accuse(TwOracle *oracle, const TwAccess *access, const TwSeen *seen)
{
    TwFinding *finding = oracle->finding;

    finding->op = access->op;
    finding->starter = oracle->starter;
    oracle->accused.is_access = true;
    oracle->accused.access = *access;
    oracle->accused.seen = *seen;
    say_access(finding, access);
    say_expected(finding, oracle, access);
    say_seen(finding, oracle, access, seen);
}

TwVerdict tw_explain_access(TwOracle *oracle, const TwAccess *access,
                            const TwSeen *seen)
{
    TwFinding *finding = oracle->finding;
    const TwAnswer *answer;
    TwChoice current, stale, weak;
    const TwStored *stored;
    OldCode code;
    TwVerdict verdict;
    const TwByte *at;
    char told[TW_TOLD_TEXT];

    tw_choice(oracle, &oracle->history, access, 0, &current);
    at = current.answers[0] ? &current.bytes[0] : NULL;
    tw_judge_expect(oracle, access, &current);
    accuse(oracle, access, seen);
    if (only_the_log(oracle, access, seen)) {
        finding->verdict = verdict = TW_VERDICT_EFFECT;
        if (!tw_told_text(oracle, access, told, sizeof(told))) {
            oracle->expected.beyond = "how a device's calls are divided";
        }
        say(finding, "\nbut the devices were told something else (RU-3)\n%s",
            told);
        tw_key_write(finding->key, verdict, oracle->target, access->code,
                     at ? leaf_of(oracle, at) : TW_KEY_LEAF_NONE,
                     TW_KEY_LINK_NONE, TW_KEY_EVENT_NONE);
        return verdict;
    }
    if (find_old_code(oracle, &oracle->history, access, seen, &code)) {
        accuse_old(oracle, &code.choice, code.stored);
        return explain_old_code(oracle, access, &code);
    }
    if (find_old_place(oracle, access, seen, &stale, &weak, &stored)) {
        accuse_old(oracle, &stale, stored);
        note_old(finding, tw_stale_answer(&stale));
        answer = tw_stale_answer(&stale);
        at = &stale.bytes[tw_first_difference(0, access->size, stale.bytes,
                                              current.bytes)];
        finding->verdict = verdict = TW_VERDICT_STALE;
        say_stale(oracle, access, &stale, answer, "stale", "was right");
        if (stored) {
            say(finding, "; and held that until op %u", stored->op);
        }
        tw_key_write(finding->key, verdict, oracle->target, access->code,
                     leaf_of(oracle, at), answer->link,
                     answer->cacheable ? answer->event : TW_KEY_EVENT_NONE);
        return verdict;
    }
    verdict = classify(oracle, access, seen);
    if (seen->located && !seen->broken) {
        at = &seen->bytes[tw_first_difference(0, access->size, seen->bytes,
                                              current.bytes)];
    }
    finding->verdict = verdict;
    oracle->accused.too_short =
        verdict == TW_VERDICT_WRONG && weak.answers[0] != NULL;
    say_kind(finding, verdict, oracle->accused.too_short);
    if (verdict == TW_VERDICT_PERM && !weak.answers[0] && !seen->broken) {
        oracle->accused.right_only =
            tw_find_old_right(oracle, access, seen, &weak);
    }
    if (verdict == TW_VERDICT_PERM && weak.answers[0]) {
        /* What is old may be the right alone: that has a life, too. */
        accuse_old(oracle, &weak, NULL);
        note_old(finding, tw_stale_answer(&weak));
        say_stale(oracle, access, &weak, tw_stale_answer(&weak), "old",
                  "had this right");
    }
    tw_key_write(finding->key, verdict, oracle->target, access->code,
                 at ? leaf_of(oracle, at) : TW_KEY_LEAF_NONE, TW_KEY_LINK_NONE,
                 TW_KEY_EVENT_NONE);
    return verdict;
}

TwVerdict tw_explain_unmarked(TwOracle *oracle, const TwAccess *access,
                              const TwSeen *seen, const char *why)
{
    TwFinding *finding = oracle->finding;
    TwChoice current;

    tw_choice(oracle, &oracle->history, access, 0, &current);
    tw_judge_expect(oracle, access, &current);
    finding->verdict = TW_VERDICT_EFFECT;
    accuse(oracle, access, seen);
    say(finding, "\nbut %s", why);
    tw_key_write(finding->key, TW_VERDICT_EFFECT, oracle->target, access->code,
                 leaf_of(oracle, &current.bytes[0]), TW_KEY_LINK_MARK,
                 TW_KEY_EVENT_NONE);
    return TW_VERDICT_EFFECT;
}

TwVerdict tw_explain_other(TwOracle *oracle, TwVerdict verdict, uint16_t op,
                           const char *format, ...)
{
    TwFinding *finding = oracle->finding;
    const TwOp *at =
        op < oracle->program->n_script ? &oracle->program->script[op] : NULL;
    const char *name =
        at && tw_op_info(at->code) ? tw_op_info(at->code)->name : NULL;
    va_list args;

    finding->verdict = verdict;
    finding->op = op;
    if (name) {
        say(finding, "op %u: %s\n", op, name);
    } else {
        say(finding, "the end state\n");
    }
    va_start(args, format);
    sayv(finding, format, args);
    va_end(args);
    tw_key_write(finding->key, verdict, oracle->target,
                 at ? at->code : TW_OP_NOP, TW_KEY_LEAF_NONE, TW_KEY_LINK_NONE,
                 TW_KEY_EVENT_NONE);
    return verdict;
}

TwVerdict tw_explain_limit(TwOracle *oracle, const char *format, ...)
{
    va_list args;

    say(oracle->finding, "not judged: ");
    va_start(args, format);
    sayv(oracle->finding, format, args);
    va_end(args);
    return TW_VERDICT_INCONCLUSIVE;
}
