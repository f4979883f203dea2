/* SPDX-License-Identifier: MIT */
/* The content of a page as JSON. */
#include <json-glib/json-glib.h>

#include "reports/page/internal.h"

static void add_text(JsonBuilder *b, const char *name, const char *text)
{
    g_autofree char *valid = text ? g_utf8_make_valid(text, -1) : NULL;

    if (valid) {
        json_builder_set_member_name(b, name);
        json_builder_add_string_value(b, valid);
    }
}

static void add_int(JsonBuilder *b, const char *name, uint64_t value)
{
    json_builder_set_member_name(b, name);
    json_builder_add_int_value(b, (gint64)MIN(value, G_MAXINT64));
}

static void add_bool(JsonBuilder *b, const char *name, bool value)
{
    json_builder_set_member_name(b, name);
    json_builder_add_boolean_value(b, value);
}

static void add_double(JsonBuilder *b, const char *name, double value)
{
    json_builder_set_member_name(b, name);
    json_builder_add_double_value(b, value);
}

static void open_array(JsonBuilder *b, const char *name)
{
    json_builder_set_member_name(b, name);
    json_builder_begin_array(b);
}

static void finding(JsonBuilder *b, const TwPage *page, const TwPageFinding *f)
{
    g_autofree char *command = tw_page_command(f);
    g_autofree char *name = tw_page_case_name(f);
    g_autoptr(GString) issue = g_string_new(NULL);

    tw_page_issue(page, f, issue);
    json_builder_begin_object(b);
    add_int(b, "id", (uint64_t)f->id);
    add_text(b, "news", tw_page_news_name(f->news));
    add_text(b, "target", f->target);
    add_text(b, "cause", f->cause);
    add_text(b, "title", f->title);
    add_text(b, "verdict", f->verdict);
    add_text(b, "rule", f->rule);
    add_bool(b, "isolation", f->security);
    add_text(b, "key", f->key);
    add_int(b, "keys", f->keys);
    add_int(b, "count", f->count);
    add_int(b, "first_seen", (uint64_t)f->first_seen);
    add_int(b, "last_seen", (uint64_t)f->last_seen);
    add_text(b, "first_version", f->first_version);
    add_text(b, "last_version", f->last_version);
    add_text(b, "fixed_version", f->fixed_version);
    if (g_bytes_get_size(f->data) > 0) {
        g_autofree char *path = g_strconcat("cases/", name, NULL);

        add_text(b, "case", path);
        add_bool(b, "minimal", f->minimal);
        add_int(b, "lines", f->lines);
    }
    add_text(b, "command", command);
    add_text(b, "text", f->text);
    add_text(b, "explanation", f->explanation);
    add_bool(b, "drawing", f->drawing != NULL);
    add_text(b, "origin", f->origin);
    add_text(b, "issue", issue->str);
    json_builder_end_object(b);
}

static void trend(JsonBuilder *b, const TwPageSeries *s)
{
    json_builder_begin_object(b);
    add_text(b, "name", s->name);
    add_text(b, "target", s->target);
    open_array(b, "points");
    for (unsigned k = 0; k < s->points->len; k++) {
        const TwPagePoint *p = &g_array_index(s->points, TwPagePoint, k);

        json_builder_begin_object(b);
        add_int(b, "at", (uint64_t)p->at);
        add_double(b, "value", p->value);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
}

static void coverage(JsonBuilder *b, const TwPage *page)
{
    TwCoverageSums sums = tw_coverage_sums(page->coverage, 1, 0,
                                           TW_MET_ACCESSES, 1, TW_MET_LEAVES);

    json_builder_set_member_name(b, "situations");
    json_builder_begin_object(b);
    add_int(b, "programs", page->coverage->programs);
    add_int(b, "possible", sums.possible);
    add_int(b, "seen", sums.seen);
    if (page->older) {
        add_int(b, "gained", tw_page_only_in(page->coverage, page->older));
        add_int(b, "lost", tw_page_only_in(page->older, page->coverage));
    }
    json_builder_end_object(b);
}

static void folders(JsonBuilder *b, const TwPage *page)
{
    open_array(b, "folders");
    for (unsigned i = 0; i < page->folders->len; i++) {
        const TwPageFolder *f = g_ptr_array_index(page->folders, i);

        json_builder_begin_object(b);
        add_text(b, "name", f->name);
        add_int(b, "lines", f->lines);
        add_int(b, "lines_reached", f->lines_hit);
        add_int(b, "branches", f->branches);
        add_int(b, "branches_taken", f->branches_hit);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

static void steps(JsonBuilder *b, const TwPage *page)
{
    open_array(b, "steps");
    for (unsigned i = 0; i < page->steps->len; i++) {
        const TwPageStep *s = g_ptr_array_index(page->steps, i);

        json_builder_begin_object(b);
        add_text(b, "name", s->name);
        add_text(b, "outcome", s->outcome);
        add_double(b, "seconds", s->seconds);
        add_text(b, "remark", s->note);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

char *tw_page_json(const TwPage *page)
{
    g_autoptr(JsonBuilder) b = json_builder_new();
    g_autoptr(JsonGenerator) generator = json_generator_new();
    g_autoptr(JsonNode) root = NULL;

    json_builder_begin_object(b);
    add_text(b, "title", page->title);
    add_text(b, "version", page->version);
    add_int(b, "written", (uint64_t)page->now);
    add_int(b, "since_run", (uint64_t)page->since_run);
    add_text(b, "since_outcome", page->since_outcome);
    add_int(b, "running", page->running);
    open_array(b, "findings");
    for (unsigned i = 0; i < page->findings->len; i++) {
        finding(b, page, g_ptr_array_index(page->findings, i));
    }
    json_builder_end_array(b);
    open_array(b, "trends");
    for (unsigned i = 0; i < page->series->len; i++) {
        trend(b, g_ptr_array_index(page->series, i));
    }
    json_builder_end_array(b);
    if (page->coverage) {
        coverage(b, page);
    }
    folders(b, page);
    steps(b, page);
    json_builder_end_object(b);
    root = json_builder_get_root(b);
    json_generator_set_pretty(generator, TRUE);
    json_generator_set_root(generator, root);
    return json_generator_to_data(generator, NULL);
}
