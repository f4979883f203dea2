/* SPDX-License-Identifier: MIT */
/*
 * The class "softmmu": the parts as one unit, without bugs.  internal.h lists
 * the parts.
 */
#include "targets/softmmu/softmmu.h"

#include "targets/softmmu/parts.h"
#include "targets/softmmu/trigger.h"

static TwTarget *softmmu_open(const TwTargetOptions *options, GError **error)
{
    if (name_argument(options) != NULL) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "softmmu: takes no argument");
        return NULL;
    }
    return &machine_open(&tw_softmmu_class, options)->target;
}

static const char *const flush_words[] = {
    [TW_FLUSH_ALL_ENTRIES] = "all", [TW_FLUSH_PAGES] = "page", NULL};

static const char *const narrow_words[] = {
    [TW_NARROW_WORD] = "word", [TW_NARROW_AS_IS] = "as-is", NULL};

const TwTargetOption tw_softmmu_options[] = {
    {"flush", TW_TARGET_CHOICE, TW_TARGET_FIELD(flush), flush_words, "MODE",
     "What the TLB flushes at an UNMAP of an IOMMU: all (the default) or page"},
    {"narrow", TW_TARGET_CHOICE, TW_TARGET_FIELD(narrow), narrow_words, "MODE",
     "How a device gets less than it implements: the aligned word, which a "
     "write reads first (word, the default), or a call where the access "
     "begins (as-is)"},
    {"hide-locations", TW_TARGET_SWITCH, TW_TARGET_FIELD(hide_locations),
     .help = "The target does not report where accesses went"},
    {"check", TW_TARGET_SWITCH, TW_TARGET_FIELD(check),
     .help = "Tests internal invariants of the target after each operation"},
    {"quirk", TW_TARGET_TEXT, TW_TARGET_FIELD(quirks), NULL, "NAMES",
     "What QEMU does although a rule says otherwise, names with commas between:"
#define TW_ZOO_QUIRK(slug, name, rule, summary) " " slug " (" rule ")"
#include "targets/zoo/quirks.def"
#undef TW_ZOO_QUIRK
    },
    {.name = NULL},
};

const TwTargetClass tw_softmmu_class = {
    .name = "softmmu",
    .options = tw_softmmu_options,
    .summary = "built-in soft TLB with flat views and IOMMU notifiers",
    .tells = true,
    .peaks = true,
    .open = softmmu_open,
    .dialect = dialect,
    .contract = contract,
    .version = version,
    .run = run,
    .emit = emit,
    .close = machine_close,
    .triggers = tw_softmmu_triggers,
    .triggers_met = tw_softmmu_triggers_met,
    .avoid = tw_softmmu_avoid,
};

void tw_softmmu_set_full_rebuild(TwTarget *target, bool on)
{
    g_return_if_fail(target->klass == &tw_softmmu_class);
    ((Machine *)target)->full_rebuild = on;
}

void tw_softmmu_set_check(TwTarget *target, bool on)
{
    g_return_if_fail(target->klass == &tw_softmmu_class);
    ((Machine *)target)->check = on;
}
