/* SPDX-License-Identifier: MIT */
/*
 * Sentences about causes for people who know emulators, but not twinwalk: from
 * the name of a cause alone, which is what a store keeps.
 */
#include <string.h>

#include "program/ops.h"
#include "reports/cause/cause.h"

typedef struct Words {
    const char *name, *words;
} Words;

/* Whole names. */
static const Words titles[] = {
    {"missed-unmap-replaced", "no UNMAP when a mapping is mapped over"},
    {"missed-unmap-index", "an UNMAP of an IOMMU index other than 0 is missed"},
    {"missed-unmap-again",
     "an UNMAP is missed after an earlier event of the same IOMMU"},
    {"missed-unmap-later-hop",
     "an UNMAP of an IOMMU behind another one is missed"},
    {"missed-unmap-other-cpu",
     "an UNMAP that another CPU causes does not end what came through it"},
    {"missed-unmap", "an UNMAP does not end what came through it"},
    {"missed-commit", "a topology change does not end old answers"},
    {"missed-restore", "a restore does not end old answers"},
    {"missed-flush-beside",
     "a flush of one page of a large entry leaves its other pages"},
    {"missed-flush-victim", "a flush leaves an entry of the victim TLB"},
    {"missed-flush-other-cpu",
     "a flush that another CPU asks for does not end old answers"},
    {"kept-at-resize", "an entry outlives its flush once the TLB is resized"},
    {"kept-record",
     "a change of an IOMMU's table leaves a record of its IOTLB"},
    {"wrong-record", "an IOTLB answers from a record that does not fit"},
    {"wrong-entry", "a TLB answers from an entry that does not fit"},
    {"wrong-mapping",
     "a DMA mapping leads to memory that it does not lead to any more"},
    {"wrong-index", "an IOMMU translates by another index than the attributes "
                    "of the access choose"},
    {"came-back", "an old answer came back after a newer one was seen"},
    {"cached-in-vain", "an answer was cached that may not be"},
    {"old-code", "old code was run"},
    {"old-code-after-flush", "old code was run after a flush"},
    {"order-of-equals",
     "of overlapping regions of one priority the wrong one is seen"},
    {"order-of-priorities",
     "of overlapping regions the one of lower priority is seen"},
    {"view-out-of-date",
     "a topology change is not seen until the next change of the same space"},
    {"address-width", "an MMU's width of addresses counts for too much or too "
                      "little"},
    {"low-output-bits",
     "the low bits of an IOMMU entry's output address count"},
    {"device-behind-iommu",
     "an access to a device behind an IOMMU goes elsewhere"},
    {"refusal-ignored-no-entry",
     "an access succeeds though an IOMMU has no entry for it"},
    {"refusal-ignored-no-right",
     "an access succeeds though an IOMMU gives no right to it"},
    {"refusal-ignored-page-map",
     "an access succeeds though the page map refuses it"},
    {"refusal-ignored-early",
     "an access succeeds that is refused before any translation"},
    {"refusal-changed-no-entry",
     "an access for which an IOMMU has no entry is refused in another way"},
    {"refusal-changed-no-right",
     "an access to which an IOMMU gives no right is "
     "refused in another way"},
    {"refusal-changed-page-map",
     "an access that the page map refuses is refused in another way, or has "
     "effects"},
    {"refusal-changed-early", "an access that is refused before any "
                              "translation is refused in another way"},
    {"reason-hop", "a refusal is told of another link"},
    {"reason-level", "a refusal is told of another level of the page table"},
    {"reason-address", "a refusal is told of another address"},
    {"reason-in-vain", "a refusal is told of a link that grants"},
    {"unmarked-record",
     "an access that an IOTLB serves does not set A or D in the page table"},
    {"unmarked-kept", "a record is used though its entry has lost A or D"},
    {"dirty-not-set", "a store does not set D in the page table"},
    {"accessed-not-set", "an access does not set A in the page table"},
    {"mark-not-owed", "A or D is set in an entry that the walk does not mark"},
    {"started-own-callback",
     "a device that starts an access is called by it while it is busy"},
    {"started-astray", "an access that a device starts goes elsewhere"},
    {"started-number", "a device starts too many or too few accesses"},
    {"event-replay", "a replay tells a notifier other entries than there are"},
    {"event-wrong-topology",
     "a listener is told other ranges of a view than there are"},
    {"event-extra-topology",
     "a listener is told of a change of a view that was none"},
    {"flaky", "found in some runs only"},
    {"unexplained", "not explained"},
};

/* Ends of names. */
static const Words features[] = {
    {"mpc", "the registers of an MPC were written before"},
    {"tables", "an IOMMU walks page tables in RAM"},
    {"shared-block", "two regions show the same bytes"},
    {"readonly", "a region is read-only"},
    {"subpage", "a region covers part of a page"},
    {"disabled", "a region is disabled"},
    {"alias", "an alias is on the way"},
    {"priority", "regions overlap"},
    {"memory", "it should reach memory"},
    {"memory-dma", "it is made by a device and should reach memory"},
    {"memory-behind-iommu", "it should reach memory behind an IOMMU"},
    {"device", "it should reach a device"},
    {"device-dma", "it is made by a device and should reach a device"},
    {"device-behind-iommu", "it should reach a device behind an IOMMU"},
    {"hole", "it should reach no region"},
    {"hole-dma", "it is made by a device and should reach no region"},
    {"hole-behind-iommu", "it should reach no region behind an IOMMU"},
    {"loop", "it should end as a loop of translations"},
    {"loop-dma", "it is made by a device and should end as a loop"},
    {"loop-behind-iommu", "it should end as a loop of translations"},
    {"refused", "it should be refused"},
    {"refused-dma", "it is made by a device and should be refused"},
    {"refused-behind-iommu", "an IOMMU should refuse it"},
    {"nowhere", "it should reach nothing"},
    {"nowhere-dma", "it is made by a device and should reach nothing"},
    {"nowhere-behind-iommu", "it should reach nothing behind an IOMMU"},
};

/* What a raw case shows, by its verdict. */
static const Words verdicts[] = {
    {"wrong", "goes elsewhere, or gets other data"},
    {"perm", "succeeds without the right"},
    {"class", "ends in another way"},
    {"fault", "is refused though it may be made"},
    {"effect", "has other effects"},
};

static const Words changes[] = {
    {"entry", "a change of an IOMMU's table"},
    {"topology", "a topology change"},
    {"iommu-reset", "a reset of an IOMMU"},
    {"notify-all", "a flush of all of an IOMMU"},
    {"bypass", "a switch of an IOMMU's bypass"},
    {"mpc-write", "a write to an MPC's registers"},
    {"write", "a store to a device"},
    {"end", "the program's end"},
    {"global", "an invalidation of everything"},
    {"domain", "an invalidation of a domain"},
    {"range", "an invalidation of a range"},
    {"leaf", "an invalidation of the last level of a range"},
    {"context", "an invalidation of one context"},
    {"contexts", "an invalidation of all contexts"},
};

static const char *find(const Words *words, unsigned n, const char *name)
{
    for (unsigned i = 0; i < n; i++) {
        if (strcmp(words[i].name, name) == 0) {
            return words[i].words;
        }
    }
    return NULL;
}

/* `a` or the operation's own word. */
static char *change_of(const char *name)
{
    const char *words = find(changes, G_N_ELEMENTS(changes), name);

    return words ? g_strdup(words) : g_strdup_printf("the operation %s", name);
}

static char *of_feature(const char *what, const char *feature)
{
    const char *words = find(features, G_N_ELEMENTS(features), feature);

    return words ? g_strdup_printf("%s (%s)", what, words)
                 : g_strdup_printf("%s after the operation %s", what, feature);
}

/* "event-missing-entry", "event-extra-iommu-reset". */
static char *of_event(const char *what)
{
    static const Words kinds[] = {
        {"missing", "an observer misses an event of"},
        {"extra", "an observer gets an event in vain at"},
        {"kind", "an observer gets an event of another kind at"},
        {"range", "an observer gets an event of another range at"},
        {"content", "an observer gets an event with other contents at"},
        {"other", "an observer gets wrong events at"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        size_t length = strlen(kinds[i].name);

        if (g_str_has_prefix(what, kinds[i].name) && what[length] == '-') {
            g_autofree char *change = change_of(what + length + 1);

            return g_strdup_printf("%s %s", kinds[i].words, change);
        }
    }
    return NULL;
}

/* "perm-read-memory", "wrong-dma-write-hole-behind-iommu". */
static char *of_raw(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(verdicts); i++) {
        size_t length = strlen(verdicts[i].name);
        const char *op = name + length + 1;

        if (!g_str_has_prefix(name, verdicts[i].name) || name[length] != '-') {
            continue;
        }
        for (unsigned code = 0; code < TW_OP_CODES; code++) {
            const char *word = tw_op_info(code)->name;
            size_t n = strlen(word);

            if (tw_op_info(code)->flags & TW_OP_ACCESS &&
                g_str_has_prefix(op, word) && op[n] == '-') {
                g_autofree char *what =
                    g_strdup_printf("a %s %s", word, verdicts[i].words);

                return of_feature(what, op + n + 1);
            }
        }
    }
    return NULL;
}

/* "rights-for-unreadable". */
static char *of_reason(const char *kinds)
{
    const char *between = strstr(kinds, "-for-");

    return !between ? NULL
                    : g_strdup_printf("a refusal for the reason %s is told as "
                                      "%.*s",
                                      between + strlen("-for-"),
                                      (int)(between - kinds), kinds);
}

static char *after_prefix(const char *name)
{
    static const struct {
        const char *prefix, *format;
    } kinds[] = {
        {"missed-unmap-of-", "%s does not end what came through the IOMMU"},
        {"missed-", "%s does not end old answers"},
        {"kept-record-", "%s leaves a record of an IOTLB"},
    };
    char *title = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(kinds) && !title; i++) {
        if (g_str_has_prefix(name, kinds[i].prefix)) {
            g_autofree char *change = change_of(name + strlen(kinds[i].prefix));
            g_auto(GStrv) around = g_strsplit(kinds[i].format, "%s", 2);

            title = g_strconcat(around[0], change, around[1], NULL);
        }
    }
    return title;
}

char *tw_cause_title(const char *name)
{
    const char *whole = find(titles, G_N_ELEMENTS(titles), name);
    char *title = whole ? g_strdup(whole) : after_prefix(name);

    if (!title && g_str_has_prefix(name, "astray-")) {
        title =
            of_feature("an access goes elsewhere", name + strlen("astray-"));
    }
    if (!title && g_str_has_prefix(name, "event-")) {
        title = of_event(name + strlen("event-"));
    }
    if (!title && g_str_has_prefix(name, "reason-")) {
        title = of_reason(name + strlen("reason-"));
    }
    title = title ? title : of_raw(name);
    if (!title && g_str_has_prefix(name, "fault-")) {
        title = of_feature("an access is refused though it may be made",
                           name + strlen("fault-"));
    }
    if (!title && g_str_has_prefix(name, "effect-")) {
        g_autofree char *change = change_of(name + strlen("effect-"));

        title = strcmp(name, "effect-end") == 0
                    ? g_strdup("memory holds other bytes at the end")
                    : g_strdup_printf("%s has other effects", change);
    }
    if (!title) {
        title = g_strdup(name);
        g_strdelimit(title, "-", ' ');
    }
    return title;
}
