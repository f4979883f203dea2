/* SPDX-License-Identifier: MIT */
/* Triage for those who collect results of tests and of analysers: JUnit XML,
 * SARIF 2.1.0.  Everything in it may come from a hostile file. */
#include <inttypes.h>
#include <string.h>

#include "cli/view/triage.h"
#include "cli/common/xml.h"

static bool fails(const TwTriageFinding *f)
{
    return f->news == TW_TRIAGE_NEW;
}

/* JUnit -------------------------------------------------------------------- */

static void junit_finding(GString *xml, const TwTriage *t,
                          const TwTriageFinding *f)
{
    g_string_append(xml, "    <testcase");
    tw_xml_attribute(xml, "classname", t->label);
    tw_xml_attribute(xml, "name", f->cause);
    g_string_append(xml, ">\n");
    if (fails(f)) {
        g_string_append(xml, "      <failure");
        tw_xml_attribute(xml, "type", tw_store_status_name(f->status));
        tw_xml_attribute(xml, "message", f->title);
        g_string_append_c(xml, '>');
        tw_xml_text(xml, f->text);
        tw_xml_text(xml, "\n");
        tw_xml_text(xml, strcmp(f->form, "text") == 0 ? f->data : f->origin);
        g_string_append(xml, "</failure>\n");
    } else if (f->news == TW_TRIAGE_KNOWN) {
        g_string_append(xml, "      <skipped");
        tw_xml_attribute(xml, "message", tw_store_status_name(f->status));
        g_string_append(xml, "/>\n");
    } else {
        g_string_append(xml, "      <system-out>");
        tw_xml_text(xml, tw_store_status_name(f->status));
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
        known += f->news == TW_TRIAGE_KNOWN;
    }
    g_string_append(xml, "<testsuites>\n  <testsuite");
    tw_xml_attribute(xml, "name", t->label);
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

static void object(JsonBuilder *b, const char *name)
{
    json_builder_set_member_name(b, name);
    json_builder_begin_object(b);
}

static void array(JsonBuilder *b, const char *name)
{
    json_builder_set_member_name(b, name);
    json_builder_begin_array(b);
}

static void message(JsonBuilder *b, const char *name, const char *text)
{
    object(b, name);
    tw_cli_json_string(b, "text", text);
    json_builder_end_object(b);
}

static void sarif_rule(JsonBuilder *b, const TwTriageFinding *f)
{
    json_builder_begin_object(b);
    tw_cli_json_string(b, "id", f->cause);
    message(b, "shortDescription", f->title);
    object(b, "properties");
    if (f->security) {
        tw_cli_json_string(b, "security-severity", "8.0");
    }
    array(b, "tags");
    json_builder_add_string_value(b, f->security ? "security" : "correctness");
    json_builder_end_array(b);
    json_builder_end_object(b);
    json_builder_end_object(b);
}

/* A path that others may have named, as a relative reference. */
static char *uri_of(const char *path)
{
    g_autofree char *uri = NULL;

    if (g_path_is_absolute(path)) {
        return g_filename_to_uri(path, NULL, NULL);
    }
    uri = g_uri_escape_string(path, "/", FALSE);
    return g_strdup(uri);
}

static void sarif_place(JsonBuilder *b, const TwTriageFinding *f)
{
    g_autofree char *uri = f->origin[0] ? uri_of(f->origin) : NULL;

    array(b, "locations");
    if (uri) {
        json_builder_begin_object(b);
        object(b, "physicalLocation");
        object(b, "artifactLocation");
        tw_cli_json_string(b, "uri", uri);
        json_builder_end_object(b);
        object(b, "region");
        tw_cli_json_int(b, "startLine", 1);
        json_builder_end_object(b);
        json_builder_end_object(b);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

static void sarif_result(JsonBuilder *b, const TwTriage *t,
                         const TwTriageFinding *f, unsigned rule)
{
    static const char *const states[] = {
        [TW_TRIAGE_NEW] = "new",
        [TW_TRIAGE_KNOWN] = "unchanged",
        [TW_TRIAGE_FIXED] = "absent",
        [TW_TRIAGE_WAS_FIXED] = "absent",
    };
    g_autofree char *text = g_strdup_printf("%s\n%s", f->title, f->text);
    g_autofree char *print = g_strdup_printf("%s/%s", t->label, f->cause);

    json_builder_begin_object(b);
    tw_cli_json_string(b, "ruleId", f->cause);
    tw_cli_json_int(b, "ruleIndex", rule);
    tw_cli_json_string(b, "level",
                       f->news <= TW_TRIAGE_KNOWN ? "error" : "none");
    tw_cli_json_string(b, "baselineState", states[f->news]);
    message(b, "message", text);
    sarif_place(b, f);
    object(b, "partialFingerprints");
    tw_cli_json_string(b, "twinwalkCause/v1", print);
    json_builder_end_object(b);
    tw_cli_json_int(b, "occurrenceCount", MAX(f->count, 1));
    object(b, "properties");
    tw_cli_json_string(b, "verdict", f->verdict);
    tw_cli_json_string(b, "status", tw_store_status_name(f->status));
    tw_cli_json_string(b, "key", f->key);
    tw_cli_json_string(b, "rules", f->rule);
    tw_cli_json_string(b, "replay", f->words);
    if (strcmp(f->form, "text") == 0) {
        tw_cli_json_string(b, "case", f->data);
    }
    json_builder_end_object(b);
    json_builder_end_object(b);
}

char *tw_triage_sarif(const TwTriage *t, GPtrArray *findings)
{
    g_autoptr(JsonBuilder) b = json_builder_new();
    g_autoptr(JsonGenerator) generator = json_generator_new();
    g_autoptr(JsonNode) root = NULL;

    json_builder_begin_object(b);
    tw_cli_json_string(b, "$schema",
                       "https://json.schemastore.org/sarif-2.1.0.json");
    tw_cli_json_string(b, "version", "2.1.0");
    array(b, "runs");
    json_builder_begin_object(b);
    object(b, "tool");
    object(b, "driver");
    tw_cli_json_string(b, "name", "twinwalk");
    tw_cli_json_string(b, "version", TW_VERSION);
    array(b, "rules");
    for (unsigned i = 0; i < findings->len; i++) {
        sarif_rule(b, g_ptr_array_index(findings, i));
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
    json_builder_end_object(b);
    array(b, "results");
    for (unsigned i = 0; i < findings->len; i++) {
        sarif_result(b, t, g_ptr_array_index(findings, i), i);
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
    json_builder_end_array(b);
    json_builder_end_object(b);
    root = json_builder_get_root(b);
    json_generator_set_pretty(generator, TRUE);
    json_generator_set_root(generator, root);
    return json_generator_to_data(generator, NULL);
}
