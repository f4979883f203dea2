/* SPDX-License-Identifier: MIT */
/*
 * Names of causes: from the access, from a minimal case, or from the words of a
 * text.  title.c has sentences about them.
 */
#include <string.h>

#include "program/check.h"
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

/* The rarest feature of the topology of a minimal case, or NULL. */
static const char *feature_of_regions(const TwProgram *p)
{
    bool alias = false, small = false, priority = false, readonly = false;
    bool disabled = false, shared = false;
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
        shared |= tw_region_has_block(r->kind) && r->block != i;
    }
    return shared     ? "shared-block"
           : readonly ? "readonly"
           : small    ? "subpage"
           : disabled ? "disabled"
           : alias    ? "alias"
           : priority ? "priority"
                      : NULL;
}

/* The same of its script: a change of registers or of the topology. */
static const char *feature_of_script(const TwProgram *p)
{
    for (unsigned i = 0; i < p->n_script; i++) {
        if (p->script[i].code == TW_OP_MPC_WRITE) {
            return "mpc";
        }
    }
    for (unsigned i = 0; i < p->n_script; i++) {
        const TwOpInfo *info = tw_op_info(p->script[i].code);

        if (info->flags & TW_OP_TOPOLOGY) {
            return info->name;
        }
    }
    return NULL;
}

/* Page tables in RAM. */
static bool has_tables(const TwProgram *p)
{
    for (unsigned i = 0; i < p->n_iommus; i++) {
        if (p->iommus[i].kind == TW_IOMMU_PAGETABLE) {
            return true;
        }
    }
    return false;
}

/*
 * All parts of a minimal case are needed for its finding.  So its rarest part
 * says more about the bug than the kinds of access and leaf, which vary for one
 * bug.  Which features are rarer than others was seen on the training half of
 * the zoo (twinwalk zoo --triage).
 */
void tw_cause_by_parts(const TwStory *story, const TwPlace *place,
                       unsigned hops, TwCause *cause)
{
    const TwOp *op = tw_finding_accused(&story->finding, story->program);
    const char *feature = feature_of_script(story->program);
    bool cpu = tw_op_info(op->code)->flags & TW_OP_CPU_ACCESS;

    feature = feature ? feature
              : hops > 0 && has_tables(story->program)
                  ? "tables"
                  : feature_of_regions(story->program);
    g_snprintf(cause->name, sizeof(cause->name), "%s-%s%s",
               story->finding.verdict == TW_VERDICT_FAULT ? "fault" : "astray",
               feature ? feature : kind_of_place(story, place),
               feature    ? ""
               : hops > 0 ? "-behind-iommu"
               : cpu || story->finding.verdict == TW_VERDICT_FAULT ? ""
                                                                   : "-dma");
}

/* What of the reason is wrong, of a refusal for another reason. */
void tw_cause_by_reason(const TwReason *expected, const TwReason *seen,
                        TwCause *cause)
{
    if (expected->kind == TW_REASON_NONE) {
        g_strlcpy(cause->name, "reason-in-vain", sizeof(cause->name));
    } else if (seen->iommu != expected->iommu) {
        g_strlcpy(cause->name, "reason-hop", sizeof(cause->name));
    } else if (seen->kind != expected->kind) {
        g_snprintf(cause->name, sizeof(cause->name), "reason-%s-for-%s",
                   tw_reason_name(seen->kind), tw_reason_name(expected->kind));
    } else {
        g_snprintf(cause->name, sizeof(cause->name), "reason-%s",
                   seen->level != expected->level ? "level" : "address");
    }
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
