/* SPDX-License-Identifier: MIT */
/* What `twinwalk check` prints: a line for each case, totals, JSON, JUnit. */
#include <stdio.h>

#include "cli/view/check.h"
#include "cli/common/common.h"
#include "cli/common/known.h"
#include "cli/common/xml.h"

static const char *status_name(TwCheckStatus status)
{
    static const char *const names[TW_CHECK_STATUSES] = {
        [TW_CHECK_AS_NOTED] = "as noted", [TW_CHECK_FIXED] = "fixed",
        [TW_CHECK_NEW] = "new",           [TW_CHECK_DIFFERS] = "differs",
        [TW_CHECK_KNOWN] = "known",       [TW_CHECK_FLAKY] = "flaky",
        [TW_CHECK_SKIPPED] = "skipped",   [TW_CHECK_SAME] = "same",
        [TW_CHECK_BETTER] = "better",     [TW_CHECK_WORSE] = "worse",
    };

    return names[status];
}

/* "stale StaZooRdRamHopUnm", "flaky FlaZoo (1 of 3)", "agree", "unsupported
 * (contents code)". */
static void append_result(GString *line, const TwFinding *finding)
{
    g_string_append(line, tw_verdict_name(finding->verdict));
    if (finding->key[0]) {
        g_string_append_printf(line, " %s", finding->key);
    }
    if (finding->verdict == TW_VERDICT_FLAKY) {
        g_string_append_printf(line, " (%u of %u)", finding->again,
                               finding->replays);
    } else if (finding->verdict == TW_VERDICT_UNSUPPORTED) {
        g_string_append_printf(line, " (%s)", finding->text);
    }
}

/* The result of a case, without its path: also the message of a failure. */
static GString *result_line(const TwCheckJob *check, const TwCheckCase *one)
{
    GString *line = g_string_new(NULL);
    const TwFinding *finding = &one->outcomes[0].finding;

    append_result(line, finding);
    if (check->n_targets == 2) {
        g_string_append(line, " | ");
        append_result(line, &one->outcomes[1].finding);
    }
    g_string_append_printf(line, ": %s", status_name(one->status));
    if (one->status == TW_CHECK_KNOWN) {
        g_string_append_printf(
            line, " (%s)",
            tw_known_entry(check->known, finding->known - 1u)->name);
    }
    if (check->n_targets == 1 && one->expects &&
        one->status != TW_CHECK_AS_NOTED) {
        g_string_append_printf(line, " (noted: %s %s)", one->verdict, one->key);
    }
    return line;
}

void tw_check_print_case(const TwCheckJob *check, const TwCheckCase *one)
{
    GString *line = result_line(check, one);
    g_autofree char *name = tw_cli_clean(one->path);

    printf("%s: %s\n", name, line->str);
    fflush(stdout);
    g_string_free(line, TRUE);
}

/* "zoo:slug (1)", with the other target behind it, if there is one. */
static GString *targets_line(const TwCheckJob *check)
{
    GString *line = g_string_new(NULL);

    for (unsigned t = 0; t < check->n_targets; t++) {
        g_string_append_printf(line, "%s%s (%s)", t ? " against " : "",
                               check->targets[t].name, check->versions[t]);
    }
    return line;
}

void tw_check_print_totals(const TwCheckJob *check)
{
    GString *line = targets_line(check);
    g_autofree char *targets = tw_cli_clean(line->str);
    const char *between = ":";

    printf("%u case%s on %s", check->cases->len,
           check->cases->len == 1 ? "" : "s", targets);
    for (unsigned s = 0; s < TW_CHECK_STATUSES; s++) {
        if (check->totals[s] > 0) {
            printf("%s %u %s", between, check->totals[s], status_name(s));
            between = ",";
        }
    }
    printf("; %u failed\n", check->failed);
    if (tw_known_any_active(check->known)) {
        printf("known divergences of this version\n");
        tw_cli_known_table(check->known, check->matched, check->met, "cases");
    }
    g_string_free(line, TRUE);
}

/* JSON --------------------------------------------------------------------- */

static void json_result(JsonBuilder *b, const TwFinding *finding)
{
    tw_json_string(b, "verdict", tw_verdict_name(finding->verdict));
    tw_json_string(b, "key", finding->key);
    if (finding->op != TW_NO_OP) {
        tw_json_int(b, "operation", finding->op);
    }
    tw_json_int(b, "replays", finding->replays);
    tw_json_int(b, "again", finding->again);
    tw_json_string(b, "text", finding->text);
}

static void json_case(const TwCheckJob *check, JsonBuilder *b,
                      const TwCheckCase *one)
{
    const TwFinding *finding = &one->outcomes[0].finding;

    json_builder_begin_object(b);
    tw_json_string(b, "file", one->path);
    tw_json_string(b, "status", status_name(one->status));
    tw_json_bool(b, "failed", one->failed);
    if (one->expects) {
        tw_json_string(b, "noted", one->key);
    }
    json_result(b, finding);
    if (finding->known) {
        tw_json_string(b, "known",
                       tw_known_entry(check->known, finding->known - 1u)->name);
    }
    if (check->n_targets == 2) {
        json_builder_set_member_name(b, "against");
        json_builder_begin_object(b);
        json_result(b, &one->outcomes[1].finding);
        json_builder_end_object(b);
    }
    json_builder_end_object(b);
}

void tw_check_print_json(const TwCheckJob *check)
{
    static const char *const names[] = {"target", "against"};
    static const char *const versions[] = {"version", "against_version"};
    g_autoptr(JsonBuilder) b = json_builder_new();

    json_builder_begin_object(b);
    for (unsigned t = 0; t < check->n_targets; t++) {
        tw_json_string(b, names[t], check->targets[t].name);
        tw_json_string(b, versions[t], check->versions[t]);
    }
    json_builder_set_member_name(b, "cases");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < check->cases->len; i++) {
        json_case(check, b, g_ptr_array_index(check->cases, i));
    }
    json_builder_end_array(b);
    json_builder_set_member_name(b, "totals");
    json_builder_begin_object(b);
    for (unsigned s = 0; s < TW_CHECK_STATUSES; s++) {
        if (check->totals[s] > 0) {
            tw_json_int(b, status_name(s), check->totals[s]);
        }
    }
    json_builder_end_object(b);
    tw_json_int(b, "failed", check->failed);
    tw_cli_known_json(b, check->known, check->matched, check->met);
    tw_cli_known_json_expired(b, check->known);
    json_builder_end_object(b);
    tw_cli_json_print(b, NULL);
}

/* JUnit -------------------------------------------------------------------- */

static double seconds_of(const TwCheckJob *check, const TwCheckCase *one)
{
    double seconds = 0;

    for (unsigned t = 0; t < check->n_targets; t++) {
        seconds += one->outcomes[t].seconds;
    }
    return seconds;
}

static void junit_case(const TwCheckJob *check, GString *xml,
                       const TwCheckCase *one)
{
    g_autofree char *folder = g_path_get_dirname(one->path);
    g_autofree char *name = g_path_get_basename(one->path);
    GString *result = result_line(check, one);

    g_string_append(xml, "    <testcase");
    tw_markup_attribute(xml, "classname", folder);
    tw_markup_attribute(xml, "name", name);
    tw_xml_seconds(xml, seconds_of(check, one));
    g_string_append(xml, ">\n");
    if (one->failed) {
        g_string_append(xml, "      <failure");
        tw_markup_attribute(xml, "type", status_name(one->status));
        tw_markup_attribute(xml, "message", result->str);
        g_string_append_c(xml, '>');
        for (unsigned t = 0; t < check->n_targets; t++) {
            tw_markup_text(xml, one->outcomes[t].finding.text);
        }
        g_string_append(xml, "</failure>\n");
    } else if (one->status == TW_CHECK_SKIPPED) {
        g_string_append(xml, "      <skipped");
        tw_markup_attribute(xml, "message", result->str);
        g_string_append(xml, "/>\n");
    } else {
        g_string_append(xml, "      <system-out>");
        tw_markup_text(xml, result->str);
        g_string_append(xml, "</system-out>\n");
    }
    g_string_append(xml, "    </testcase>\n");
    g_string_free(result, TRUE);
}

GString *tw_check_junit(const TwCheckJob *check)
{
    GString *xml = g_string_new("<?xml version=\"1.0\" "
                                "encoding=\"UTF-8\"?>\n");
    GString *targets = targets_line(check);
    double seconds = 0;

    for (unsigned i = 0; i < check->cases->len; i++) {
        seconds += seconds_of(check, g_ptr_array_index(check->cases, i));
    }
    g_string_append(xml, "<testsuites>\n  <testsuite");
    tw_markup_attribute(xml, "name", targets->str);
    g_string_append_printf(xml,
                           " tests=\"%u\" failures=\"%u\" errors=\"0\" "
                           "skipped=\"%u\"",
                           check->cases->len, check->failed,
                           check->totals[TW_CHECK_SKIPPED]);
    tw_xml_seconds(xml, seconds);
    g_string_append(xml, ">\n");
    for (unsigned i = 0; i < check->cases->len; i++) {
        junit_case(check, xml, g_ptr_array_index(check->cases, i));
    }
    g_string_append(xml, "  </testsuite>\n</testsuites>\n");
    g_string_free(targets, TRUE);
    return xml;
}
