/* SPDX-License-Identifier: MIT */
/* twinwalk targets: lists the targets, and what one can express. */
#include "cli/verbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "program/ops.h"
#include "targets/exec/greeting.h"
#include "targets/zoo/zoo.h"

static void json_names(JsonBuilder *b, const char *member, uint64_t bits,
                       const char *(*name)(unsigned), unsigned count)
{
    json_builder_set_member_name(b, member);
    json_builder_begin_array(b);
    for (unsigned i = 0; i < count; i++) {
        if (bits >> i & 1) {
            json_builder_add_string_value(b, name(i));
        }
    }
    json_builder_end_array(b);
}

static void json_ops(JsonBuilder *b, const char *member, const TwOpSet *ops)
{
    json_builder_set_member_name(b, member);
    json_builder_begin_array(b);
    for (unsigned code = 0; code < TW_OP_CODES; code++) {
        if (tw_ops_has(ops, code)) {
            json_builder_add_string_value(b, tw_op_info(code)->name);
        }
    }
    json_builder_end_array(b);
}

static const char *op_flag_name(unsigned bit)
{
    static const char *const names[] = {"during", "notified",  "on",    "from",
                                        "via",    "exclusive", "paired"};
    return names[bit];
}

static const char *iotlb_name(unsigned bit)
{
    static const char *const names[] = {"entries", "refusals", "absent"};

    return names[bit];
}

static const char *event_name(unsigned bit)
{
    static const char *const names[] = {"commit", "unmap", "cpu-flush", "reset",
                                        "commit-tail"};
    return names[bit];
}

static void json_path(JsonBuilder *b, const TwDialect *d)
{
    g_autofree char *bits = g_strdup_printf("0x%" PRIx64, d->entry_bits);
    g_autofree char *wide = g_strdup_printf("0x%" PRIx64, d->dma_wide);
    g_autofree char *ones = g_strdup_printf("0x%" PRIx64, d->entry_ones);

    tw_json_int(b, "path_stages", d->path_stages);
    json_builder_set_member_name(b, "path_formats");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < d->path_stages; i++) {
        json_builder_add_string_value(b, tw_format_name(d->path_formats[i]));
    }
    json_builder_end_array(b);
    tw_json_int(b, "path_levels", d->path_levels);
    json_builder_set_member_name(b, "path_scopes");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < d->path_stages; i++) {
        json_builder_add_int_value(b, d->path_scopes[i]);
    }
    json_builder_end_array(b);
    json_builder_set_member_name(b, "path_outputs");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < d->path_stages; i++) {
        json_builder_add_int_value(b, d->path_outputs[i]);
    }
    json_builder_end_array(b);
    tw_json_int(b, "path_far", (int64_t)d->path_far);
    tw_json_int(b, "dma_lg", d->dma_lg);
    tw_json_int(b, "dma_first", (int64_t)d->dma_first);
    tw_json_string(b, "dma_wide", wide);
    tw_json_bool(b, "last_bytes", d->last_bytes);
    tw_json_bool(b, "path_shared", d->path_shared);
    tw_json_int(b, "dma_area_lg", d->dma_area_lg);
    tw_json_int(b, "dma_area_at", d->dma_area_at);
    tw_json_int(b, "dma_area_step", d->dma_area_step);
    tw_json_string(b, "entry_bits", bits);
    tw_json_string(b, "entry_ones", ones);
    json_builder_set_member_name(b, "reason_groups");
    json_builder_begin_array(b);
    for (unsigned kind = 0; kind < TW_REASONS; kind++) {
        json_builder_add_int_value(b, d->reason_groups[kind]);
    }
    json_builder_end_array(b);
    tw_json_bool(b, "reason_coarse", d->reason_coarse);
    tw_json_int(b, "reason_lg", d->reason_lg);
}

static void json_dialect(JsonBuilder *b, const TwDialect *d)
{
    json_builder_set_member_name(b, "dialect");
    json_builder_begin_object(b);
    json_ops(b, "operations", &d->ops);
    json_names(b, "operation_flags", d->op_flags, op_flag_name, 7);
    json_names(b, "region_kinds", d->region_kinds & ~UINT64_C(1),
               tw_region_kind_name, TW_REGION_KINDS);
    json_names(b, "iommu_kinds", d->iommu_kinds & ~UINT64_C(1),
               tw_iommu_kind_name, TW_IOMMU_KINDS);
    json_names(b, "selects", d->selects, tw_select_name, TW_SELECTS);
    tw_json_bool(b, "actors", d->actors);
    tw_json_bool(b, "explicit_safepoints", d->explicit_safepoints);
    tw_json_bool(b, "shared_blocks", d->shared_blocks);
    tw_json_bool(b, "late_spaces", d->late_spaces);
    tw_json_bool(b, "during_dma", d->during_dma);
    tw_json_bool(b, "started", d->started);
    tw_json_bool(b, "locations", d->locations);
    tw_json_bool(b, "reasons", d->reasons);
    tw_json_bool(b, "identity_pages", d->identity_pages);
    tw_json_bool(b, "whole_pages", d->whole_pages);
    tw_json_bool(b, "plain_devices", d->plain_devices);
    tw_json_bool(b, "implemented_sizes", d->implemented_sizes);
    tw_json_bool(b, "full_ram", d->full_ram);
    tw_json_bool(b, "plain_accesses", d->plain_accesses);
    tw_json_bool(b, "wide_rmw", d->wide_rmw);
    tw_json_bool(b, "widths", d->widths);
    tw_json_bool(b, "iotlbs", d->iotlbs);
    tw_json_bool(b, "nested-tables", d->nested_tables);
    tw_json_bool(b, "updates_ad", d->updates_ad);
    tw_json_bool(b, "table_bases", d->table_bases);
    tw_json_bool(b, "output_widths", d->output_widths);
    tw_json_bool(b, "mpc_registers", d->mpc_registers);
    tw_json_bool(b, "mpc_board", d->mpc_board);
    tw_json_bool(b, "aligned_rmw", d->aligned_rmw);
    tw_json_bool(b, "exclusives_of_ram", d->exclusives_of_ram);
    tw_json_bool(b, "pairs_of_ram", d->pairs_of_ram);
    tw_json_bool(b, "exec_needs_code", d->exec_needs_code);
    json_names(b, "contents", d->contents, tw_contents_name, TW_CONTENTS_KINDS);
    tw_json_int(b, "address_lg", d->address_lg);
    tw_json_int(b, "physical_lg", d->physical_lg);
    tw_json_int(b, "page_rights", d->page_rights);
    tw_json_int(b, "page_lgs", d->page_lgs);
    tw_json_int(b, "region_lg", d->region_lg);
    tw_json_int(b, "min_page_lg", d->min_page_lg);
    tw_json_int(b, "max_page_lg", d->max_page_lg);
    tw_json_int(b, "min_granule_lg", d->min_granule_lg);
    tw_json_int(b, "max_granule_lg", d->max_granule_lg);
    tw_json_int(b, "max_regions", d->max_regions);
    tw_json_int(b, "max_spaces", d->max_spaces);
    tw_json_int(b, "max_iommus", d->max_iommus);
    tw_json_int(b, "max_cpus", d->max_cpus);
    tw_json_int(b, "max_mmu_indexes", d->max_mmu_indexes);
    tw_json_int(b, "max_iommu_indexes", d->max_iommu_indexes);
    tw_json_int(b, "max_tlb_lg", d->max_tlb_lg);
    tw_json_int(b, "max_victims", d->max_victims);
    tw_json_int(b, "max_setup", d->max_setup);
    tw_json_int(b, "max_script", d->max_script);
    json_path(b, d);
    json_builder_end_object(b);
}

static void json_contract(JsonBuilder *b, const TwContract *c)
{
    json_builder_set_member_name(b, "contract");
    json_builder_begin_object(b);
    tw_json_bool(b, "cpu_cache", c->cpu_cache);
    tw_json_bool(b, "one_entry_per_page", c->one_entry_per_page);
    tw_json_bool(b, "queued", c->queued);
    tw_json_bool(b, "device_reads", c->device_reads);
    tw_json_bool(b, "device_pieces", c->device_pieces);
    tw_json_bool(b, "device_words", c->device_words);
    tw_json_bool(b, "device_rmw", c->device_rmw);
    tw_json_bool(b, "during_refusals", c->during_refusals);
    tw_json_bool(b, "code_until_flush", c->code & TW_CODE_OTHER_STORES);
    tw_json_bool(b, "own_code_until_flush", c->code & TW_CODE_OWN_STORES);
    json_names(b, "ended_by", c->ends, event_name, 5);
    json_names(b, "iotlb", c->iotlb, iotlb_name, 3);
    json_names(b, "mapping_ends", c->mapping_ends, event_name, 5);
    tw_json_bool(b, "mapped_lengths", c->mapped_lengths);
    json_builder_end_object(b);
}

/* Opens one target and adds what only the opened target knows. */
static int json_opened(JsonBuilder *b, const TwTargetOptions *options)
{
    GError *error = NULL;
    TwTarget *target = tw_target_open(options, &error);

    if (!target) {
        return tw_cli_fail_error(error);
    }
    tw_json_string(b, "target", options->name);
    tw_json_string(b, "version", tw_target_version(target));
    json_dialect(b, tw_target_dialect(target));
    json_contract(b, tw_target_contract(target));
    tw_target_close(target);
    return TW_EXIT_CLEAN;
}

static void json_zoo(JsonBuilder *b)
{
    unsigned count;
    const TwZooBug *bugs = tw_zoo_bugs(&count);

    json_builder_set_member_name(b, "zoo");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < count; i++) {
        json_builder_begin_object(b);
        tw_json_string(b, "slug", bugs[i].slug);
        tw_json_string(b, "layer", bugs[i].layer);
        tw_json_string(b, "summary", bugs[i].summary);
        tw_json_string(b, "provenance", bugs[i].provenance);
        tw_json_string(b, "verdicts", bugs[i].verdicts);
        tw_json_string(b, "endings", bugs[i].endings);
        tw_json_string(b, "rules", bugs[i].rules);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

static void json_mutants(JsonBuilder *b)
{
    unsigned count;
    const TwZooBug *mutants = tw_zoo_mutants(&count);

    json_builder_set_member_name(b, "mutants");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < count; i++) {
        json_builder_begin_object(b);
        tw_json_string(b, "mutant", mutants[i].slug);
        tw_json_string(b, "summary", mutants[i].summary);
        tw_json_string(b, "rules", mutants[i].rules);
        tw_json_string(b, "shown", mutants[i].shown);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

static void json_equivalents(JsonBuilder *b)
{
    unsigned count;
    const TwZooBug *equivalents = tw_zoo_equivalents(&count);

    json_builder_set_member_name(b, "equivalents");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < count; i++) {
        json_builder_begin_object(b);
        tw_json_string(b, "equivalent", equivalents[i].slug);
        tw_json_string(b, "summary", equivalents[i].summary);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

static void json_misses(JsonBuilder *b)
{
    unsigned count;
    const TwZooBug *cells = tw_zoo_cells(&count);

    json_builder_set_member_name(b, "misses");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < count; i++) {
        json_builder_begin_object(b);
        tw_json_string(b, "mutant", cells[i].slug);
        tw_json_string(b, "rules", cells[i].rules);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

static void json_quirks(JsonBuilder *b)
{
    unsigned count;
    const TwZooQuirk *quirks = tw_zoo_quirks(&count);

    json_builder_set_member_name(b, "quirks");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < count; i++) {
        json_builder_begin_object(b);
        tw_json_string(b, "quirk", quirks[i].slug);
        tw_json_string(b, "summary", quirks[i].summary);
        tw_json_string(b, "rule", quirks[i].rule);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

static void json_triggers(JsonBuilder *b, const TwTriggerInfo *trigger)
{
    json_builder_set_member_name(b, "triggers");
    json_builder_begin_array(b);
    for (; trigger && trigger->name; trigger++) {
        json_builder_begin_object(b);
        tw_json_string(b, "name", trigger->name);
        tw_json_string(b, "meaning", trigger->meaning);
        tw_json_bool(b, "deadly", trigger->deadly);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

/* What random programs need to show a mutant, behind its rules. */
static const char *mutant_shown(const char *shown)
{
    return strcmp(shown, "page") == 0    ? "; shown with --flush page"
           : strcmp(shown, "check") == 0 ? "; shown with --check"
           : strcmp(shown, "never") == 0 ? "; random programs do not show it"
                                         : "";
}

static void text_equivalents(void)
{
    unsigned count;
    const TwZooBug *equivalents = tw_zoo_equivalents(&count);

    printf("\nEquivalents of the zoo, in which nothing is wrong (%u):\n",
           count);
    for (unsigned i = 0; i < count; i++) {
        printf("  %s\n      %s\n", equivalents[i].slug, equivalents[i].summary);
    }
}

/* A line for each command and structure: the kinds. */
static void text_misses(void)
{
    unsigned count, length = 0;
    const TwZooBug *cells = tw_zoo_cells(&count);

    printf("\nMutants misses:COMMAND:STRUCTURE:KIND: a command that leaves one "
           "kind of record,\nby the table in "
           "oracle/freshness/FRESHNESS.md (%u):\n",
           count);
    for (unsigned i = 0; i < count; i++) {
        const char *slug = cells[i].slug;

        if (i == 0 || strncmp(slug, cells[i - 1].slug, length) != 0) {
            length = (unsigned)(strrchr(slug, ':') - slug) + 1;
            printf("%s  %.*s", i ? "\n" : "", (int)length, slug);
        }
        printf(" %s", slug + length);
    }
    printf("\n");
}

static void text(void)
{
    const TwTargetClass *const *classes = tw_target_classes();
    unsigned count;
    const TwZooBug *bugs = tw_zoo_bugs(&count), *mutants;
    const TwZooQuirk *quirks;

    for (unsigned i = 0; classes[i]; i++) {
        printf("%-8s  %s\n", classes[i]->name, classes[i]->summary);
    }
    printf("\nBugs of the zoo, by the layer that is wrong (%u):\n", count);
    for (unsigned i = 0; i < count; i++) {
        if (i == 0 || strcmp(bugs[i].layer, bugs[i - 1].layer) != 0) {
            printf(" %s\n", bugs[i].layer);
        }
        printf("  %s\n      %s\n      (%s)\n", bugs[i].slug, bugs[i].summary,
               bugs[i].provenance);
    }
    mutants = tw_zoo_mutants(&count);
    printf("\nMutants of the zoo, each with the rules that it breaks:\n");
    for (unsigned i = 0; i < count; i++) {
        printf("  %s\n      %s (%s)%s\n", mutants[i].slug, mutants[i].summary,
               mutants[i].rules, mutant_shown(mutants[i].shown));
    }
    text_misses();
    text_equivalents();
    quirks = tw_zoo_quirks(&count);
    printf("\nQuirks of softmmu (--quirk), each with the rule that it "
           "overrides:\n");
    for (unsigned i = 0; i < count; i++) {
        printf("  %s\n      %s (%s)\n", quirks[i].slug, quirks[i].summary,
               quirks[i].rule);
    }
    for (unsigned i = 0; classes[i]; i++) {
        const TwTriggerInfo *trigger = classes[i]->triggers;

        if (trigger) {
            printf("\nTriggers of %s, for lists of known divergences:\n",
                   classes[i]->name);
        }
        for (; trigger && trigger->name; trigger++) {
            printf("  %s\n      %s%s\n", trigger->name, trigger->meaning,
                   trigger->deadly ? " (deadly)" : "");
        }
    }
}

/* The greeting that it would give over a pipe says it all. */
static int text_opened(const TwTargetOptions *options)
{
    g_autoptr(GString) out = g_string_new(NULL);
    GError *error = NULL;
    TwTarget *target = tw_target_open(options, &error);

    if (!target) {
        return tw_cli_fail_error(error);
    }
    tw_greeting_print(tw_target_dialect(target), tw_target_contract(target),
                      tw_target_version(target), out);
    tw_target_close(target);
    fputs(out->str, stdout);
    return TW_EXIT_CLEAN;
}

/* A name in each line: the classes, and the bugs and mutants of the zoo. */
static void names(void)
{
    const TwTargetClass *const *classes = tw_target_classes();
    const TwZooBug *(*const lists[])(unsigned *) = {tw_zoo_bugs, tw_zoo_mutants,
                                                    tw_zoo_equivalents};

    for (unsigned i = 0; classes[i]; i++) {
        printf("%s\n", classes[i]->name);
    }
    for (unsigned l = 0; l < G_N_ELEMENTS(lists); l++) {
        unsigned n;
        const TwZooBug *bugs = lists[l](&n);

        for (unsigned i = 0; i < n; i++) {
            printf("zoo:%s\n", bugs[i].slug);
        }
    }
}

static int json(const TwTargetOptions *options)
{
    g_autoptr(JsonBuilder) b = json_builder_new();
    const TwTargetClass *const *classes = tw_target_classes();
    int code;

    json_builder_begin_object(b);
    json_builder_set_member_name(b, "classes");
    json_builder_begin_array(b);
    for (unsigned i = 0; classes[i]; i++) {
        json_builder_begin_object(b);
        tw_json_string(b, "name", classes[i]->name);
        tw_json_string(b, "summary", classes[i]->summary);
        json_triggers(b, classes[i]->triggers);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    json_zoo(b);
    json_mutants(b);
    json_equivalents(b);
    json_misses(b);
    json_quirks(b);
    json_builder_set_member_name(b, "opened");
    json_builder_begin_object(b);
    code = json_opened(b, options);
    json_builder_end_object(b);
    json_builder_end_object(b);
    if (code == TW_EXIT_CLEAN) {
        tw_cli_json_print(b, NULL);
    }
    return code;
}

int tw_verb_targets(int argc, char **argv)
{
    gboolean as_json = FALSE, only_names = FALSE, named;
    TwCliTarget target;
    GOptionEntry entries[] = {
        {"names", 0, 0, G_OPTION_ARG_NONE, &only_names,
         "Prints only the names of all targets, one in each line", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &as_json,
         "Prints JSON, with the dialect and the contract of --target", NULL},
        G_OPTION_ENTRY_NULL,
    };
    int code = TW_EXIT_USAGE;

    if (!tw_cli_options(
            &argc, &argv, NULL,
            "Lists the kinds of targets, the bugs and mutants of the zoo, the "
            "quirks of softmmu,\nand the triggers for lists of known "
            "divergences. With --target, "
            "opens that target and prints its\ndialect (what it can express) "
            "and its contract (when it must drop answers).",
            entries, &target)) {
        goto out;
    }
    named = tw_cli_target_chosen(&target) || target.timeout_ms;
    if (argc > 1) {
        tw_cli_fail(TW_EXIT_USAGE, "targets: expected options only, not \"%s\"",
                    argv[1]);
    } else if (only_names && (named || as_json)) {
        tw_cli_fail(TW_EXIT_USAGE, "--names: expected no other option");
    } else if (only_names) {
        names();
        code = TW_EXIT_CLEAN;
    } else if (as_json) {
        code = json(&target.options);
    } else if (named) {
        code = text_opened(&target.options);
    } else {
        text();
        code = TW_EXIT_CLEAN;
    }
out:
    tw_cli_target_clear(&target);
    return code;
}
