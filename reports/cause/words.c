/* SPDX-License-Identifier: MIT */
/*
 * Names of causes: from the access, from a minimal case, or from the words of a
 * text; and sentences about causes for people.
 */
#include <string.h>

#include "program/ops.h"
#include "reports/cause/internal.h"
#include "reports/cause/sanitizer.h"

/* Accesses ----------------------------------------------------------------- */

bool tw_cause_is_device(const TwStory *story, const TwPlace *place)
{
    uint8_t kind = place->where == TW_AT_LEAF
                       ? story->program->regions[place->region].kind
                       : TW_REGION_NONE;

    /* All that a target reaches by a call, not through host memory. */
    return kind == TW_REGION_MMIO || kind == TW_REGION_ROMD ||
           kind == TW_REGION_RAM_DEVICE || kind == TW_REGION_RESERVATION;
}

static const char *kind_of_place(const TwStory *story, const TwPlace *place)
{
    return !place                                                    ? "nowhere"
           : place->where == TW_AT_LOOP                              ? "loop"
           : place->where == TW_AT_PAGE || place->where == TW_AT_HOP ? "refused"
           : place->where != TW_AT_LEAF                              ? "hole"
           : tw_cause_is_device(story, place)                        ? "device"
                                                                     : "memory";
}

/* If nothing better is known: the kind of access and of leaf. */
void tw_cause_by_kind(const TwStory *story, const TwPlace *place, unsigned hops,
                      TwCause *cause)
{
    const TwOp *op = tw_finding_accused(&story->finding, story->program);
    unsigned verdict = story->finding.verdict == TW_VERDICT_STALE
                           ? TW_VERDICT_WRONG
                           : story->finding.verdict;

    g_snprintf(cause->name, sizeof(cause->name), "%s-%s-%s%s",
               tw_verdict_name(verdict), tw_op_info(op->code)->name,
               kind_of_place(story, place), hops ? "-behind-iommu" : "");
}

static void append(TwCause *cause, bool there, const char *word)
{
    if (there) {
        g_strlcat(cause->name, "-", sizeof(cause->name));
        g_strlcat(cause->name, word, sizeof(cause->name));
    }
}

/* The unusual features in the topology of a minimal case. */
static void append_regions(const TwProgram *p, TwCause *cause)
{
    bool alias = false, small = false, priority = false, readonly = false;
    bool disabled = false;
    uint64_t low = (UINT64_C(1) << p->page_lg) - 1;

    for (unsigned i = 0; i < p->n_regions; i++) {
        const TwRegion *r = &p->regions[i];

        if (r->kind == TW_REGION_NONE) {
            continue;
        }
        alias |= r->kind == TW_REGION_ALIAS;
        small |= (r->addr & low) != 0 ||
                 ((r->size & low) != 0 && r->size != UINT64_MAX);
        priority |= r->priority != 0;
        readonly |= r->readonly;
        disabled |= !r->enabled;
    }
    append(cause, alias, "alias");
    append(cause, small, "subpage");
    append(cause, priority, "priority");
    append(cause, readonly, "readonly");
    append(cause, disabled, "disabled");
}

/* The operations of a minimal case, except accesses and table changes. */
static void append_script(const TwProgram *p, TwCause *cause)
{
    for (unsigned code = 0; code < TW_OP_CODES; code++) {
        bool there = false;

        if (tw_op_info(code)->flags & (TW_OP_ACCESS | TW_OP_SETUP_OK) ||
            code == TW_OP_NOP) {
            continue;
        }
        for (unsigned i = 0; i < p->n_script && !there; i++) {
            there = p->script[i].code == code;
        }
        append(cause, there, tw_op_info(code)->name);
    }
}

/*
 * All parts of a minimal case are needed for its finding.  So they say more
 * about the bug than the kinds of access and leaf, which vary for one bug.
 */
void tw_cause_by_parts(const TwStory *story, const TwPlace *place,
                       unsigned hops, TwCause *cause)
{
    const TwOp *op = tw_finding_accused(&story->finding, story->program);
    uint8_t verdict = story->finding.verdict;

    g_strlcpy(cause->name,
              verdict == TW_VERDICT_PERM    ? "let-through"
              : verdict == TW_VERDICT_FAULT ? "fault"
                                            : "astray",
              sizeof(cause->name));
    append(cause, true, kind_of_place(story, place));
    append(cause, !(tw_op_info(op->code)->flags & TW_OP_CPU_ACCESS), "dma");
    append(cause, hops > 0, "behind-iommu");
    append_regions(story->program, cause);
    append_script(story->program, cause);
}

/* What of the reason is wrong, of a refusal for another reason. */
void tw_cause_by_reason(const TwReason *expected, const TwReason *seen,
                        TwCause *cause)
{
    bool other = seen->kind != expected->kind || seen->level != expected->level;

    g_snprintf(cause->name, sizeof(cause->name), "reason-%s",
               expected->kind == TW_REASON_NONE ? "in-vain"
               : seen->iommu != expected->iommu ? "hop"
               : other                          ? tw_reason_name(seen->kind)
                                                : "address");
    g_strlcpy(cause->rule, "LA-60", sizeof(cause->rule));
}

/* Texts -------------------------------------------------------------------- */

/* What is wrong with an event, by the words of the judge. */
const char *tw_cause_what_of_event(const char *text)
{
    const char *expected = strstr(text, "expected "), *got = NULL;
    size_t kind;

    if (strstr(text, "did not get")) {
        return "missing";
    }
    if (strstr(text, "too many")) {
        return "extra";
    }
    got = expected ? strstr(expected, ", got ") : NULL;
    if (!got) {
        return "other";
    }
    expected += strlen("expected ");
    got += strlen(", got ");
    kind = strcspn(expected, " ");
    if (strncmp(expected, got, kind + 1) != 0) {
        return "kind";
    }
    kind = strcspn(expected, ">");
    return strncmp(expected, got, kind) != 0 ? "range" : "content";
}

/* The ids in the last parentheses of a text, where it has any. */
void tw_cause_rule_of_text(TwCause *cause)
{
    const char *open = strrchr(cause->finding.text, '(');
    const char *close = open ? strchr(open, ')') : NULL;
    g_autofree char *rule = NULL;

    if (close) {
        rule = g_strndup(open + 1, (size_t)(close - open - 1));
        if (strspn(rule, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-, ") ==
            strlen(rule)) {
            g_strlcpy(cause->rule, rule, sizeof(cause->rule));
        }
    }
}

/* The words of a text, without numbers and addresses. */
void tw_cause_of_text(const TwFinding *finding, TwCause *cause)
{
    const char *text = finding->text;
    const char *frames = strchr(text, '\n');
    GString *name = g_string_new(tw_verdict_name(finding->verdict));
    char sanitizer[TW_CAUSE_SIZE - 6];
    bool word = false;

    cause->finding = *finding;
    if (finding->verdict == TW_VERDICT_CRASH &&
        tw_sanitizer_name(text, strlen(text), sanitizer, sizeof(sanitizer))) {
        g_snprintf(cause->name, sizeof(cause->name), "crash-%s", sanitizer);
        g_string_free(name, TRUE);
        return;
    }
    /* A stack says more than the line above it. */
    if ((finding->verdict == TW_VERDICT_CRASH ||
         finding->verdict == TW_VERDICT_HANG) &&
        frames && frames[1]) {
        text = frames + 1;
    } else if (g_str_has_prefix(text, "op ") && frames) {
        text = frames + 1; /* which access it is is no cause */
    }
    for (const char *c = text; *c && name->len < TW_CAUSE_SIZE - 1; c++) {
        if (g_ascii_isalpha(*c)) {
            if (!word) {
                g_string_append_c(name, '-');
            }
            g_string_append_c(name, g_ascii_tolower(*c));
        }
        word = g_ascii_isalpha(*c);
    }
    g_string_truncate(name, MIN(name->len, TW_CAUSE_SIZE - 1));
    while (name->len && name->str[name->len - 1] == '-') {
        g_string_truncate(name, name->len - 1);
    }
    g_strlcpy(cause->name, name->str, sizeof(cause->name));
    g_string_free(name, TRUE);
    tw_cause_rule_of_text(cause);
}

/* In words ------------------------------------------------------------------
 */

char *tw_cause_title(const char *name)
{
    static const struct {
        const char *name, *title;
    } titles[] = {
        {"missed-unmap-replaced", "no UNMAP when a mapping is mapped over"},
        {"missed-unmap-index",
         "an UNMAP of an IOMMU index other than 0 is missed"},
        {"missed-unmap-again",
         "an UNMAP is missed after an earlier event of the same IOMMU"},
        {"missed-unmap-later-hop",
         "an UNMAP of an IOMMU behind another one is missed"},
        {"missed-unmap", "an UNMAP does not end what came through it"},
        {"missed-commit", "a topology change does not end old answers"},
        {"missed-restore", "a restore does not end old answers"},
        {"missed-flush-beside",
         "a flush of one page of a large entry leaves its other pages"},
        {"missed-flush-victim",
         "a page flush leaves an entry of the victim TLB"},
        {"came-back", "an old answer came back after a newer one was seen"},
        {"cached-in-vain", "an answer was cached that may not be"},
        {"old-code", "old code was run"},
        {"old-code-after-flush", "old code was run after a flush"},
        {"order-of-equals",
         "of overlapping regions of one priority the wrong one is seen"},
        {"low-output-bits",
         "the low bits of an IOMMU entry's output address count"},
        {"refusal-ignored-no-entry",
         "an access succeeds though an IOMMU has no entry for it"},
        {"refusal-ignored-no-right",
         "an access succeeds though an IOMMU gives no right to it"},
        {"refusal-ignored-page-map",
         "an access succeeds though the page map refuses it"},
        {"event-missing-map", "an observer misses an event of a map"},
        {"reason-hop", "a refusal is told of another link"},
        {"reason-address", "a refusal is told of another address"},
        {"reason-in-vain", "a refusal is told of a link that grants"},
        {"device-behind-iommu",
         "an access to a device behind an IOMMU goes elsewhere"},
    };
    char *title;

    for (unsigned i = 0; i < G_N_ELEMENTS(titles); i++) {
        if (strcmp(titles[i].name, name) == 0) {
            return g_strdup(titles[i].title);
        }
    }
    if (g_str_has_prefix(name, "missed-")) {
        return g_strdup_printf("a %s does not end old answers",
                               name + strlen("missed-"));
    }
    title = g_strdup(name);
    g_strdelimit(title, "-", ' ');
    return title;
}
