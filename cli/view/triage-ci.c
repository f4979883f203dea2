/* SPDX-License-Identifier: MIT */
/* The result of triage for other tools: JUnit XML, SARIF 2.1.0.  All texts may
 * come from a hostile file. */
#include <inttypes.h>
#include <string.h>

#include "cli/view/triage.h"
#include "cli/common/xml.h"

static bool fails(const TwTriageFinding *f)
{
    return f->news == TW_TRIAGE_NEW;
}

static bool is_there(const TwTriageFinding *f)
{
    return f->news <= TW_TRIAGE_FLAKY;
}

/* It is there, but nobody has to look at it again. */
static bool is_skipped(const TwTriageFinding *f)
{
    return is_there(f) && !fails(f);
}

/* JUnit -------------------------------------------------------------------- */

static void junit_finding(GString *xml, const TwTriage *t,
                          const TwTriageFinding *f)
{
    g_autofree char *decision = tw_triage_decision(f);
    g_autofree char *state = NULL;

    g_string_append(xml, "    <testcase");
    tw_markup_attribute(xml, "classname", t->label);
    tw_markup_attribute(xml, "name", f->cause);
    g_string_append(xml, ">\n");
    if (*decision) {
        state = g_strdup_printf("%s; %s", tw_store_status_name(f->status),
                                decision);
    }
    if (fails(f)) {
        g_string_append(xml, "      <failure");
        tw_markup_attribute(xml, "type", tw_store_status_name(f->status));
        tw_markup_attribute(xml, "message",
                            f->headline ? f->headline : f->title);
        g_string_append_c(xml, '>');
        tw_markup_text(xml, f->issue_text ? f->issue_text : f->text);
        g_string_append(xml, "</failure>\n");
    } else if (is_skipped(f)) {
        g_string_append(xml, "      <skipped");
        tw_markup_attribute(xml, "message",
                            state ? state : tw_store_status_name(f->status));
        g_string_append(xml, "/>\n");
    } else {
        g_string_append(xml, "      <system-out>");
        tw_markup_text(xml, tw_store_status_name(f->status));
        g_string_append(xml, "</system-out>\n");
    }
    g_string_append(xml, "    </testcase>\n");
}

GString *tw_triage_junit(const TwTriage *t, GPtrArray *findings)
{
    GString *xml = g_string_new("<?xml version=\"1.0\" "
                                "encoding=\"UTF-8\"?>\n");
    unsigned failed = 0, known = 0;

    for (unsigned i = 0; i < findings->len; i++) {
        const TwTriageFinding *f = g_ptr_array_index(findings, i);

        failed += fails(f);
        known += is_skipped(f);
    }
    g_string_append(xml, "<testsuites>\n  <testsuite");
    tw_markup_attribute(xml, "name", t->label);
    g_string_append_printf(xml,
                           " tests=\"%u\" failures=\"%u\" errors=\"0\" "
                           "skipped=\"%u\"",
                           findings->len, failed, known);
    tw_xml_seconds(xml, t->run.seconds);
    g_string_append(xml, ">\n");
    for (unsigned i = 0; i < findings->len; i++) {
        junit_finding(xml, t, g_ptr_array_index(findings, i));
    }
    g_string_append(xml, "  </testsuite>\n</testsuites>\n");
    return xml;
}

/* SARIF -------------------------------------------------------------------- */

/*
 * What GitHub demands ("SARIF support for code scanning" in its documentation):
 * a rule has an id that stays the same, shortDescription, fullDescription and
 * help; a result has a message and a location with a path that stays the same,
 * relative to the root of the repository; partialFingerprints has
 * primaryLocationLineHash, which tells whether two results are one alert;
 * automationDetails.id ends with "/" and is the category, so that the files of
 * several targets do not close each other's alerts.  An alert closes when its
 * result is not in the next file: so what is fixed is not in it.
 */

static void message(JsonBuilder *b, const char *name, const char *text)
{
    tw_json_object(b, name);
    tw_json_string(b, "text", text);
    json_builder_end_object(b);
}

static void sarif_rule(JsonBuilder *b, const TwTriageFinding *f)
{
    const char *help = f->issue_text ? f->issue_text : f->text;

    json_builder_begin_object(b);
    tw_json_string(b, "id", f->cause);
    message(b, "shortDescription", f->title);
    message(b, "fullDescription", f->headline ? f->headline : f->title);
    tw_json_object(b, "help");
    tw_json_string(b, "text", *help ? help : f->title);
    if (f->issue_text) {
        tw_json_string(b, "markdown", f->issue_text);
    }
    json_builder_end_object(b);
    tw_json_object(b, "defaultConfiguration");
    tw_json_string(b, "level", "error");
    json_builder_end_object(b);
    tw_json_object(b, "properties");
    if (f->security) {
        tw_json_string(b, "security-severity", "8.0");
    }
    tw_json_string(b, "problem.severity", "error");
    tw_json_array(b, "tags");
    json_builder_add_string_value(b, f->security ? "security" : "correctness");
    json_builder_end_array(b);
    json_builder_end_object(b);
    json_builder_end_object(b);
}

/* The path does not name the file that a run happened to save, but the finding:
 * it is the same each night. */
static void sarif_place(JsonBuilder *b, const TwTriage *t,
                        const TwTriageFinding *f)
{
    g_autofree char *label = g_uri_escape_string(t->label, NULL, FALSE);
    g_autofree char *cause = g_uri_escape_string(f->cause, NULL, FALSE);
    g_autofree char *uri = g_strdup_printf("twinwalk/%s/%s.tw", label, cause);

    tw_json_array(b, "locations");
    json_builder_begin_object(b);
    tw_json_object(b, "physicalLocation");
    tw_json_object(b, "artifactLocation");
    tw_json_string(b, "uri", uri);
    tw_json_string(b, "uriBaseId", "%SRCROOT%");
    json_builder_end_object(b);
    tw_json_object(b, "region");
    tw_json_int(b, "startLine", 1);
    json_builder_end_object(b);
    json_builder_end_object(b);
    json_builder_end_object(b);
    json_builder_end_array(b);
}

/* As GitHub writes it: a hash of 16 digits, and which result with this hash. */
static char *fingerprint(const TwTriage *t, const TwTriageFinding *f)
{
    g_autofree char *name = g_strdup_printf("%s/%s", t->label, f->cause);
    g_autofree char *hash =
        g_compute_checksum_for_string(G_CHECKSUM_SHA256, name, -1);

    return g_strdup_printf("%.16s:1", hash);
}

/* What was decided; readers hide a result that is suppressed. */
static void sarif_decision(JsonBuilder *b, const TwTriageFinding *f)
{
    g_autofree char *decision = tw_triage_decision(f);

    tw_json_array(b, "suppressions");
    if (f->state != TW_STORE_OPEN) {
        json_builder_begin_object(b);
        tw_json_string(b, "kind", "external");
        tw_json_string(b, "status", "accepted");
        tw_json_string(b, "justification", decision);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    if (*f->issue) {
        tw_json_array(b, "workItemUris");
        json_builder_add_string_value(b, f->issue);
        json_builder_end_array(b);
    }
}

static void sarif_result(JsonBuilder *b, const TwTriage *t,
                         const TwTriageFinding *f, unsigned rule)
{
    g_autofree char *text = g_strdup_printf(
        "%s\n%s", f->headline ? f->headline : f->title, f->text);
    g_autofree char *print = g_strdup_printf("%s/%s", t->label, f->cause);
    g_autofree char *hash = fingerprint(t, f);

    json_builder_begin_object(b);
    tw_json_string(b, "ruleId", f->cause);
    tw_json_int(b, "ruleIndex", rule);
    tw_json_string(b, "level", "error");
    tw_json_string(b, "baselineState", fails(f) ? "new" : "unchanged");
    message(b, "message", text);
    sarif_place(b, t, f);
    tw_json_object(b, "partialFingerprints");
    tw_json_string(b, "primaryLocationLineHash", hash);
    tw_json_string(b, "twinwalkCause/v1", print);
    json_builder_end_object(b);
    sarif_decision(b, f);
    tw_json_int(b, "occurrenceCount", MAX(f->count, 1));
    tw_json_object(b, "properties");
    tw_json_string(b, "verdict", f->verdict);
    tw_json_string(b, "status", tw_store_status_name(f->status));
    tw_json_string(b, "key", f->key);
    tw_json_string(b, "rules", f->rule);
    tw_json_string(b, "replay", f->words);
    tw_json_string(b, "origin", f->origin);
    if (strcmp(f->form, "text") == 0) {
        tw_json_string(b, "case", f->data);
    }
    json_builder_end_object(b);
    json_builder_end_object(b);
}

char *tw_triage_sarif(const TwTriage *t, GPtrArray *findings)
{
    g_autoptr(JsonBuilder) b = json_builder_new();
    g_autofree char *label = g_uri_escape_string(t->label, NULL, FALSE);
    g_autofree char *category = g_strdup_printf("twinwalk/%s/", label);

    json_builder_begin_object(b);
    tw_json_string(b, "$schema",
                   "https://json.schemastore.org/sarif-2.1.0.json");
    tw_json_string(b, "version", "2.1.0");
    tw_json_array(b, "runs");
    json_builder_begin_object(b);
    tw_json_object(b, "tool");
    tw_json_object(b, "driver");
    tw_json_string(b, "name", "twinwalk");
    tw_json_string(b, "version", TW_VERSION);
    tw_json_array(b, "rules");
    for (unsigned i = 0; i < findings->len; i++) {
        const TwTriageFinding *f = g_ptr_array_index(findings, i);

        if (is_there(f)) {
            sarif_rule(b, f);
        }
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
    json_builder_end_object(b);
    tw_json_object(b, "automationDetails");
    tw_json_string(b, "id", category);
    json_builder_end_object(b);
    tw_json_object(b, "originalUriBaseIds");
    tw_json_object(b, "%SRCROOT%");
    message(b, "description", "The root of the repository.");
    json_builder_end_object(b);
    json_builder_end_object(b);
    tw_json_array(b, "results");
    for (unsigned i = 0, rule = 0; i < findings->len; i++) {
        const TwTriageFinding *f = g_ptr_array_index(findings, i);

        if (is_there(f)) {
            sarif_result(b, t, f, rule++);
        }
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
    json_builder_end_array(b);
    json_builder_end_object(b);
    return tw_json_text(b);
}
