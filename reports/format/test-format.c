/* SPDX-License-Identifier: MIT */
/* JSON and markup of hostile text. */
#include "reports/format/json.h"
#include "reports/format/markup.h"

static void test_markup(void)
{
    static const struct {
        const char *text, *markup;
    } cases[] = {
        {"plain", "plain"},
        {"<script>\"a\" & 'b'", "&lt;script&gt;&quot;a&quot; &amp; 'b'"},
        {"two\nlines\tand a tab", "two\nlines and a tab"},
        {"\033[2J\a\r\177", "?[2J???"},
        {"\xc2\x85\xc2\x9b", "??"},                  /* C1 */
        {"\xe2\x80\xae\xe2\x81\xa6\xd8\x9c", "???"}, /* directions */
        {"\xef\xbf\xbe", "?"},                       /* no character */
        {"\xff", "\xef\xbf\xbd"},                    /* no UTF-8 */
        {"\xc3\xa4\xf0\x9f\x90\x9b", "\xc3\xa4\xf0\x9f\x90\x9b"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) out = g_string_new(NULL);

        tw_markup_text(out, cases[i].text);
        g_assert_cmpstr(out->str, ==, cases[i].markup);
    }
}

static void test_attribute(void)
{
    g_autoptr(GString) out = g_string_new("<a");

    tw_markup_attribute(out, "name", "\" onload=\"x");
    g_assert_cmpstr(out->str, ==, "<a name=\"&quot; onload=&quot;x\"");
}

static void test_json(void)
{
    g_autoptr(JsonBuilder) b = json_builder_new();
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autofree char *text = NULL;
    JsonObject *root;

    json_builder_begin_object(b);
    tw_json_int(b, "most", UINT64_MAX);
    tw_json_string(b, "text", "\xff \"<\n");
    tw_json_string(b, "none", NULL);
    tw_json_bool(b, "yes", true);
    tw_json_double(b, "half", 0.5);
    tw_json_array(b, "list");
    json_builder_end_array(b);
    tw_json_object(b, "inside");
    json_builder_end_object(b);
    json_builder_end_object(b);
    text = tw_json_text(b);
    g_assert_true(json_parser_load_from_data(parser, text, -1, NULL));
    root = json_node_get_object(json_parser_get_root(parser));
    g_assert_cmpint(json_object_get_int_member(root, "most"), ==, INT64_MAX);
    g_assert_cmpstr(json_object_get_string_member(root, "text"), ==,
                    "\xef\xbf\xbd \"<\n");
    g_assert_false(json_object_has_member(root, "none"));
    g_assert_true(json_object_get_boolean_member(root, "yes"));
    g_assert_cmpfloat(json_object_get_double_member(root, "half"), ==, 0.5);
    g_assert_cmpuint(
        json_array_get_length(json_object_get_array_member(root, "list")), ==,
        0);
    g_assert_nonnull(json_object_get_object_member(root, "inside"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/format/markup", test_markup);
    g_test_add_func("/format/attribute", test_attribute);
    g_test_add_func("/format/json", test_json);
    return g_test_run();
}
