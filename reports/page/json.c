/* SPDX-License-Identifier: MIT */
/* The content of a page as JSON. */
#include "reports/format/json.h"
#include "reports/page/internal.h"

static void finding(JsonBuilder *b, const TwPage *page, const TwPageFinding *f)
{
    g_autofree char *command = tw_page_command(f);
    g_autofree char *name = tw_page_case_name(f);
    g_autoptr(GString) issue = g_string_new(NULL);

    tw_page_issue(page, f, issue);
    json_builder_begin_object(b);
    tw_json_int(b, "id", (uint64_t)f->id);
    tw_json_string(b, "news", tw_page_news_name(f->news));
    tw_json_string(b, "target", f->target);
    tw_json_string(b, "cause", f->cause);
    tw_json_string(b, "title", f->title);
    tw_json_string(b, "verdict", f->verdict);
    tw_json_string(b, "rule", f->rule);
    tw_json_bool(b, "isolation", f->security);
    tw_json_string(b, "key", f->key);
    tw_json_int(b, "keys", f->keys);
    tw_json_int(b, "count", f->count);
    tw_json_int(b, "first_seen", (uint64_t)f->first_seen);
    tw_json_int(b, "last_seen", (uint64_t)f->last_seen);
    tw_json_string(b, "first_version", f->first_version);
    tw_json_string(b, "last_version", f->last_version);
    tw_json_string(b, "fixed_version", f->fixed_version);
    tw_json_string(b, "state", tw_store_state_name(f->state));
    tw_json_string(b, "issue_link", f->issue);
    tw_json_string(b, "duplicate_of", f->duplicate_of);
    tw_json_string(b, "comment", f->comment);
    if (g_bytes_get_size(f->data) > 0) {
        g_autofree char *path = g_strconcat("cases/", name, NULL);

        tw_json_string(b, "case", path);
        tw_json_bool(b, "minimal", f->minimal);
        tw_json_int(b, "lines", f->lines);
    }
    tw_json_string(b, "command", command);
    tw_json_string(b, "text", f->text);
    tw_json_string(b, "explanation", f->explanation);
    tw_json_string(b, "headline", f->headline);
    tw_json_string(b, "reproducer", f->emitted);
    tw_json_bool(b, "drawing", f->drawing != NULL);
    tw_json_string(b, "origin", f->origin);
    tw_json_string(b, "issue", issue->str);
    json_builder_end_object(b);
}

static void trend(JsonBuilder *b, const TwPageSeries *s)
{
    json_builder_begin_object(b);
    tw_json_string(b, "name", s->name);
    tw_json_string(b, "target", s->target);
    tw_json_array(b, "points");
    for (unsigned k = 0; k < s->points->len; k++) {
        const TwPagePoint *p = &g_array_index(s->points, TwPagePoint, k);

        json_builder_begin_object(b);
        tw_json_int(b, "at", (uint64_t)p->at);
        tw_json_double(b, "value", p->value);
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
    tw_json_int(b, "programs", page->coverage->programs);
    tw_json_int(b, "possible", sums.possible);
    tw_json_int(b, "seen", sums.seen);
    if (page->older) {
        tw_json_int(b, "gained", tw_page_only_in(page->coverage, page->older));
        tw_json_int(b, "lost", tw_page_only_in(page->older, page->coverage));
    }
    json_builder_end_object(b);
}

static void folders(JsonBuilder *b, const TwPage *page)
{
    tw_json_array(b, "folders");
    for (unsigned i = 0; i < page->folders->len; i++) {
        const TwPageFolder *f = g_ptr_array_index(page->folders, i);

        json_builder_begin_object(b);
        tw_json_string(b, "name", f->name);
        tw_json_int(b, "lines", f->lines);
        tw_json_int(b, "lines_reached", f->lines_hit);
        tw_json_int(b, "branches", f->branches);
        tw_json_int(b, "branches_taken", f->branches_hit);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

static void steps(JsonBuilder *b, const TwPage *page)
{
    tw_json_array(b, "steps");
    for (unsigned i = 0; i < page->steps->len; i++) {
        const TwPageStep *s = g_ptr_array_index(page->steps, i);

        json_builder_begin_object(b);
        tw_json_string(b, "name", s->name);
        tw_json_string(b, "outcome", s->outcome);
        tw_json_double(b, "seconds", s->seconds);
        tw_json_string(b, "remark", s->note);
        tw_json_string(b, "log", s->log);
        tw_json_string(b, "command", s->command);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

static void masked(JsonBuilder *b, const TwPage *page)
{
    tw_json_array(b, "masked");
    for (unsigned i = 0; i < page->masked->len; i++) {
        const TwPageMasked *m = g_ptr_array_index(page->masked, i);

        json_builder_begin_object(b);
        tw_json_string(b, "name", m->name);
        tw_json_string(b, "target", m->target);
        tw_json_string(b, "reason", m->reason);
        tw_json_int(b, "programs_since", m->since);
        tw_json_int(b, "programs", m->all);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

static void runs(JsonBuilder *b, const TwPage *page)
{
    tw_json_array(b, "runs");
    for (unsigned i = 0; i < page->runs->len; i++) {
        const TwPageRun *r = g_ptr_array_index(page->runs, i);

        json_builder_begin_object(b);
        tw_json_int(b, "run", (uint64_t)r->id);
        tw_json_string(b, "verb", r->verb);
        tw_json_string(b, "target", r->target);
        tw_json_string(b, "version", r->version);
        tw_json_string(b, "options", r->options);
        tw_json_string(b, "outcome", r->outcome);
        tw_json_int(b, "seed", r->seed);
        tw_json_int(b, "began", (uint64_t)r->started);
        tw_json_double(b, "seconds", r->seconds);
        tw_json_int(b, "programs", r->programs);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

char *tw_page_json(const TwPage *page)
{
    g_autoptr(JsonBuilder) b = json_builder_new();

    json_builder_begin_object(b);
    tw_json_int(b, "format", TW_PAGE_JSON_FORMAT);
    tw_json_string(b, "title", page->title);
    tw_json_string(b, "about", page->about);
    tw_json_string(b, "version", page->version);
    tw_json_int(b, "written", (uint64_t)page->now);
    tw_json_int(b, "since_run", (uint64_t)page->since_run);
    tw_json_string(b, "since_outcome", page->since_outcome);
    tw_json_int(b, "running", page->running);
    tw_json_array(b, "findings");
    for (unsigned i = 0; i < page->findings->len; i++) {
        finding(b, page, g_ptr_array_index(page->findings, i));
    }
    json_builder_end_array(b);
    tw_json_array(b, "trends");
    for (unsigned i = 0; i < page->series->len; i++) {
        trend(b, g_ptr_array_index(page->series, i));
    }
    json_builder_end_array(b);
    if (page->coverage) {
        coverage(b, page);
    }
    folders(b, page);
    steps(b, page);
    masked(b, page);
    runs(b, page);
    json_builder_end_object(b);
    return tw_json_text(b);
}
