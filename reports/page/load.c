/* SPDX-License-Identifier: MIT */
/* Reads the data of a page, from a store and from other files. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/run/known.h"
#include "reports/cause/cause.h"
#include "reports/page/internal.h"

G_DEFINE_QUARK(tw_page_error_quark, tw_page_error)

static const char *const news_names[TW_PAGE_NEWS] = {
    "new", "returned", "fixed", "known", "flaky", "gone"};

const char *tw_page_news_name(unsigned news)
{
    return news < TW_PAGE_NEWS ? news_names[news] : NULL;
}

/* Life --------------------------------------------------------------------- */

static void finding_free(void *data)
{
    TwPageFinding *f = data;

    g_free(f->target);
    g_free(f->cause);
    g_free(f->title);
    g_free(f->verdict);
    g_free(f->rule);
    g_free(f->key);
    g_free(f->form);
    g_free(f->words);
    g_free(f->text);
    g_free(f->origin);
    g_free(f->first_version);
    g_free(f->last_version);
    g_free(f->fixed_version);
    g_free(f->issue);
    g_free(f->duplicate_of);
    g_free(f->comment);
    g_free(f->known);
    g_bytes_unref(f->data);
    g_free(f->words_now);
    g_free(f->explanation);
    g_free(f->drawing);
    g_free(f->headline);
    g_free(f->emitted);
    g_free(f->file);
    g_free(f->seen_with);
    g_free(f);
}

static void series_free(void *data)
{
    TwPageSeries *s = data;

    g_free(s->name);
    g_free(s->target);
    g_array_unref(s->points);
    g_free(s);
}

static void step_free(void *data)
{
    TwPageStep *s = data;

    g_free(s->name);
    g_free(s->outcome);
    g_free(s->note);
    g_free(s->command);
    g_free(s->log);
    g_free(s);
}

static void folder_free(void *data)
{
    TwPageFolder *f = data;

    g_free(f->name);
    g_free(f);
}

static void link_free(void *data)
{
    TwPageRef *l = data;

    g_free(l->text);
    g_free(l->path);
    g_free(l);
}

static void run_free(void *data)
{
    TwPageRun *r = data;

    g_free(r->verb);
    g_free(r->target);
    g_free(r->version);
    g_free(r->options);
    g_free(r->outcome);
    g_free(r);
}

static void masked_free(void *data)
{
    TwPageMasked *m = data;

    g_free(m->name);
    g_free(m->target);
    g_free(m->reason);
    g_free(m);
}

TwPage *tw_page_new(void)
{
    TwPage *page = g_new0(TwPage, 1);

    page->findings = g_ptr_array_new_with_free_func(finding_free);
    page->series = g_ptr_array_new_with_free_func(series_free);
    page->steps = g_ptr_array_new_with_free_func(step_free);
    page->folders = g_ptr_array_new_with_free_func(folder_free);
    page->links = g_ptr_array_new_with_free_func(link_free);
    page->runs = g_ptr_array_new_with_free_func(run_free);
    page->masked = g_ptr_array_new_with_free_func(masked_free);
    return page;
}

void tw_page_free(TwPage *page)
{
    g_ptr_array_unref(page->findings);
    g_ptr_array_unref(page->series);
    g_ptr_array_unref(page->steps);
    g_ptr_array_unref(page->folders);
    g_ptr_array_unref(page->links);
    g_ptr_array_unref(page->runs);
    g_ptr_array_unref(page->masked);
    g_free(page->coverage);
    g_free(page->older);
    g_free(page);
}

/* The store ---------------------------------------------------------------- */

typedef struct Load {
    TwPage *page;
    TwStoreBefore *before; /* the run */
    GHashTable *started;   /* run: TwStoreRun without its strings */
    GHashTable *targets;   /* run: target */
    GHashTable *series;    /* "name\ntarget": TwPageSeries */
    GArray *nights;        /* int64_t: runs that are nights */
    int64_t wanted;
    /* Runs without an end: whose process is there; of others since then. */
    unsigned alive, unsure;
} Load;

static void add_run(TwPage *page, const TwStoreRun *run)
{
    TwPageRun *r = g_new0(TwPageRun, 1);

    r->id = run->id;
    r->started = run->started;
    r->verb = g_strdup(run->verb);
    r->target = g_strdup(run->target);
    r->version = g_strdup(run->version);
    r->options = g_strdup(run->options);
    r->outcome = g_strdup(run->outcome);
    r->seed = run->seed;
    r->programs = run->programs;
    r->seconds = run->seconds;
    g_ptr_array_add(page->runs, r);
}

static bool take_run(const TwStoreRun *run, void *data)
{
    Load *load = data;
    TwPage *page = load->page;
    bool nightly = strcmp(run->verb, "nightly") == 0;
    bool is = load->wanted ? run->id == load->wanted
                           : nightly || !page->since_verb ||
                                 strcmp(page->since_verb, "nightly") != 0;

    if (is) {
        page->since_run = run->id;
        page->since = run->started;
        page->since_verb = g_intern_string(run->verb);
        page->since_outcome = g_intern_string(run->outcome);
        load->unsure = 0;
        g_ptr_array_set_size(page->runs, 0);
    }
    add_run(page, run);
    load->alive += run->alive;
    load->unsure += !run->alive && strcmp(run->outcome, "running") == 0;
    if (nightly) {
        g_array_append_val(load->nights, run->id);
    }
    g_hash_table_insert(load->started, g_memdup2(&run->id, sizeof(run->id)),
                        g_memdup2(run, sizeof(*run)));
    g_hash_table_insert(load->targets, g_memdup2(&run->id, sizeof(run->id)),
                        g_strdup(run->target));
    return true;
}

static TwPageNews news_of(const char *before, TwStoreStatus now)
{
    if (now == TW_STORE_FIXED) {
        return before && strcmp(before, "fixed") != 0 ? TW_PAGE_FIXED
                                                      : TW_PAGE_GONE;
    }
    if (now == TW_STORE_FLAKY) {
        return TW_PAGE_FLAKY; /* as triage counts it */
    }
    if (before && *before == '\0') {
        return TW_PAGE_NEW;
    }
    if (before && strcmp(before, "fixed") == 0) {
        return TW_PAGE_RETURNED;
    }
    return TW_PAGE_KNOWN;
}

static bool take_finding(const TwStoreFinding *stored, void *data)
{
    Load *load = data;
    TwPageFinding *f = g_new0(TwPageFinding, 1);

    f->id = stored->id;
    f->news = news_of(tw_store_was(load->before, stored->id), stored->status);
    f->state = stored->decision.state;
    if (f->state != TW_STORE_OPEN && f->news <= TW_PAGE_RETURNED) {
        f->news = TW_PAGE_KNOWN;
    }
    f->issue = g_strdup(stored->decision.issue);
    f->duplicate_of = g_strdup(stored->decision.duplicate_of);
    f->comment = g_strdup(stored->decision.comment);
    f->security = stored->security;
    f->minimal = stored->minimal;
    f->count = stored->count;
    f->keys = stored->keys;
    f->lines = stored->lines;
    f->first_seen = stored->first_seen;
    f->last_seen = stored->last_seen;
    f->target = g_strdup(stored->target);
    f->cause = g_strdup(stored->cause);
    f->title = g_strdup(stored->title);
    f->verdict = g_strdup(stored->verdict);
    f->rule = g_strdup(stored->rule);
    f->key = g_strdup(stored->key_name);
    f->form = g_strdup(stored->form);
    f->words = g_strdup(stored->words);
    f->text = g_strdup(stored->text);
    f->origin = g_strdup(stored->origin);
    f->first_version = g_strdup(stored->first_version);
    f->last_version = g_strdup(stored->last_version);
    f->fixed_version = g_strdup(stored->fixed_version);
    f->data = g_bytes_new(stored->data, stored->size);
    g_ptr_array_add(load->page->findings, f);
    return true;
}

static void add_point(Load *load, const char *name, const char *target,
                      int64_t at, double value)
{
    g_autofree char *key = g_strdup_printf("%s\n%s", name, target);
    TwPageSeries *s = g_hash_table_lookup(load->series, key);
    TwPagePoint point = {at, value, 1};
    TwPagePoint *last;

    if (!s) {
        s = g_new0(TwPageSeries, 1);
        s->name = g_strdup(name);
        s->target = g_strdup(target);
        s->points = g_array_new(FALSE, FALSE, sizeof(TwPagePoint));
        g_hash_table_insert(load->series, g_steal_pointer(&key), s);
        g_ptr_array_add(load->page->series, s);
    }
    last = s->points->len
               ? &g_array_index(s->points, TwPagePoint, s->points->len - 1)
               : NULL;
    if (!last || last->at != at) {
        g_array_append_val(s->points, point);
    } else {
        last->n++;
        last->value = strstr(name, "_per_second")
                          ? last->value + (value - last->value) / last->n
                          : value;
    }
}

/* The run itself, or the night that it belongs to. */
static const TwStoreRun *night_of(Load *load, int64_t run)
{
    int64_t night = run;

    for (unsigned i = 0; i < load->nights->len; i++) {
        int64_t id = g_array_index(load->nights, int64_t, i);

        night = id <= run ? id : night;
    }
    return g_hash_table_lookup(load->started, &night);
}

static void add_masked(Load *load, const char *name, const char *target,
                       double value, bool since)
{
    uint64_t n = value > 0 && value < 1e18 ? (uint64_t)value : 0;
    TwPageMasked *m = NULL;

    for (unsigned i = 0; i < load->page->masked->len && !m; i++) {
        TwPageMasked *one = g_ptr_array_index(load->page->masked, i);

        m = strcmp(one->name, name) == 0 && strcmp(one->target, target) == 0
                ? one
                : NULL;
    }
    if (!m) {
        m = g_new0(TwPageMasked, 1);
        m->name = g_strdup(name);
        m->target = g_strdup(target);
        g_ptr_array_add(load->page->masked, m);
    }
    m->all += n;
    m->since += since ? n : 0;
}

/* The reasons, from the built-in list. */
static void explain_masked(TwPage *page)
{
    g_autoptr(TwKnown) list =
        page->masked->len > 0 ? tw_known_new_builtin() : NULL;

    for (unsigned i = 0; i < page->masked->len; i++) {
        TwPageMasked *m = g_ptr_array_index(page->masked, i);

        for (unsigned k = 0; k < tw_known_n_entries(list) && !m->reason; k++) {
            const TwKnownEntry *entry = tw_known_entry(list, k);

            m->reason = strcmp(entry->name, m->name) == 0
                            ? g_strdup(entry->reason)
                            : NULL;
        }
    }
}

/* What the built-in list says of findings that are its entries.  Of an entry of
 * another list the title is the reason, and the store has no link. */
static void explain_known(TwPage *page)
{
    g_autoptr(TwKnown) list = tw_known_new_builtin();

    for (unsigned i = 0; i < page->findings->len; i++) {
        TwPageFinding *f = g_ptr_array_index(page->findings, i);

        if (!g_str_has_prefix(f->cause, TW_CAUSE_KNOWN)) {
            continue;
        }
        for (unsigned k = 0; k < tw_known_n_entries(list) && !f->known; k++) {
            const TwKnownEntry *entry = tw_known_entry(list, k);
            TwCause cause = {.known = k + 1};

            tw_cause_name_known(list, &cause);
            if (strcmp(cause.name, f->cause) == 0) {
                /* A path of ours is no link for those who read an issue. */
                f->known =
                    strstr(entry->link, "://")
                        ? g_strdup_printf("%s (%s)", entry->reason, entry->link)
                        : g_strdup(entry->reason);
            }
        }
        if (!f->known) {
            f->known = g_strdup(f->title);
        }
    }
}

static int by_target(const void *a, const void *b)
{
    const TwPageMasked *m = *(TwPageMasked *const *)a;
    const TwPageMasked *n = *(TwPageMasked *const *)b;
    int order = strcmp(m->target, n->target);

    return order ? order : strcmp(m->name, n->name);
}

static bool take_measure(int64_t run, const char *name, double value,
                         void *data)
{
    Load *load = data;
    const TwStoreRun *r = night_of(load, run);
    const char *target = g_hash_table_lookup(load->targets, &run);

    if (r && g_str_has_prefix(name, TW_PAGE_MASKED)) {
        add_masked(load, name + strlen(TW_PAGE_MASKED), target, value,
                   run >= load->page->since_run);
    } else if (r) {
        /* A night is of all targets; its figures have their names. */
        add_point(load, name, strcmp(target, "all") == 0 ? "" : target,
                  r->started, value);
    }
    return true;
}

static int by_time(const void *a, const void *b)
{
    const TwPagePoint *p = a, *q = b;

    return p->at < q->at ? -1 : p->at > q->at;
}

static int by_name(const void *a, const void *b)
{
    const TwPageSeries *s = *(TwPageSeries *const *)a;
    const TwPageSeries *t = *(TwPageSeries *const *)b;
    int order = strcmp(s->name, t->name);

    return order ? order : strcmp(s->target, t->target);
}

/* Sorts by news, then by security, then by count. */
static int by_news(const void *a, const void *b)
{
    const TwPageFinding *f = *(TwPageFinding *const *)a;
    const TwPageFinding *g = *(TwPageFinding *const *)b;

    if (f->news != g->news) {
        return (int)f->news - (int)g->news;
    }
    if (f->security != g->security) {
        return (int)g->security - (int)f->security;
    }
    if (f->count != g->count) {
        return f->count > g->count ? -1 : 1;
    }
    return f->id < g->id ? -1 : f->id > g->id;
}

static GHashTable *table(void)
{
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
}

static bool load_all(Load *load, TwStore *store, GError **error)
{
    if (!tw_store_runs(store, NULL, take_run, load, error)) {
        return false;
    }
    if (load->wanted && load->page->since_run != load->wanted) {
        g_set_error(error, TW_PAGE_ERROR, TW_PAGE_ERROR_RUN,
                    "--since: expected the number of a run, not "
                    "%" G_GINT64_FORMAT,
                    load->wanted);
        return false;
    }
    load->page->running = load->alive + load->unsure;
    load->before = tw_store_before(store, load->page->since_run, error);
    return load->before &&
           tw_store_findings(store, NULL, take_finding, load, error) &&
           tw_store_measures(store, 0, take_measure, load, error);
}

bool tw_page_load(TwPage *page, TwStore *store, int64_t since, GError **error)
{
    Load load = {
        .page = page,
        .started = table(),
        .targets = table(),
        .series = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .nights = g_array_new(FALSE, FALSE, sizeof(int64_t)),
        .wanted = since};
    bool ok = load_all(&load, store, error);

    g_ptr_array_sort(page->findings, by_news);
    g_ptr_array_sort(page->series, by_name);
    g_ptr_array_sort(page->masked, by_target);
    explain_known(page);
    explain_masked(page);
    for (unsigned i = 0; i < page->series->len; i++) {
        TwPageSeries *s = g_ptr_array_index(page->series, i);

        g_array_sort(s->points, by_time);
    }
    g_clear_pointer(&load.before, tw_store_before_free);
    g_hash_table_unref(load.started);
    g_hash_table_unref(load.targets);
    g_hash_table_unref(load.series);
    g_array_unref(load.nights);
    return ok;
}

/* Steps -------------------------------------------------------------------- */

bool tw_page_add_steps(TwPage *page, const char *text, const char *name,
                       GError **error)
{
    const char *end;

    for (unsigned n = 1; (end = strchr(text, '\n')) != NULL; n++) {
        g_autofree char *line = g_strndup(text, (size_t)(end - text));
        g_auto(GStrv) words = g_strsplit(line, "\t", 5);
        TwPageStep *step;
        char *rest = NULL;
        double seconds = 0;

        text = end + 1;
        if (g_strv_length(words) >= 4) {
            seconds = g_ascii_strtod(words[2], &rest);
        }
        if (!rest || rest == words[2] || *rest || !(seconds >= 0)) {
            g_set_error(error, TW_PAGE_ERROR, TW_PAGE_ERROR_FORMAT,
                        "%s:%u: expected name, outcome, seconds and a remark, "
                        "with tabs between them",
                        name, n);
            return false;
        }
        step = g_new0(TwPageStep, 1);
        step->name = g_strdup(words[0]);
        step->outcome = g_strdup(words[1]);
        step->seconds = seconds;
        step->note = g_strdup(words[3]);
        step->command = words[4] && *words[4] ? g_strdup(words[4]) : NULL;
        g_ptr_array_add(page->steps, step);
    }
    return true;
}

void tw_page_add_link(TwPage *page, const char *text, const char *path)
{
    TwPageRef *link = g_new0(TwPageRef, 1);

    link->text = g_strdup(text);
    link->path = g_strdup(path);
    g_ptr_array_add(page->links, link);
}

unsigned tw_page_only_in(const TwCoverage *a, const TwCoverage *b)
{
    unsigned n = 0;

    for (uint32_t i = 0; i < TW_SITUATIONS; i++) {
        n += a->seen[i] > 0 && b->seen[i] == 0;
    }
    return n;
}
