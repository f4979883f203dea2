/* SPDX-License-Identifier: MIT */
/* The findings of a target in the store after a triage, and which are new. */
#include <string.h>

#include "reports/triage/triage.h"

typedef struct Collect {
    TwTriage *triage;
    GPtrArray *findings;
    GHashTable *fixed; /* ids of what was fixed by this run */
} Collect;

static void finding_free(void *data)
{
    TwTriageFinding *f = data;

    g_free(f->cause);
    g_free(f->title);
    g_free(f->verdict);
    g_free(f->rule);
    g_free(f->text);
    g_free(f->origin);
    g_free(f->form);
    g_free(f->words);
    g_free(f->key);
    g_free(f->data);
    g_free(f);
}

static TwTriageNews news_of(const Collect *c, const TwStoreFinding *f)
{
    switch (f->status) {
    case TW_STORE_NEW:
    case TW_STORE_RETURNED:
        return f->last_run == c->triage->run.id ? TW_TRIAGE_NEW
                                                : TW_TRIAGE_KNOWN;
    case TW_STORE_FIXED:
        return g_hash_table_contains(c->fixed, &f->id) ? TW_TRIAGE_FIXED
                                                       : TW_TRIAGE_WAS_FIXED;
    default:
        return TW_TRIAGE_KNOWN;
    }
}

static bool note_change(const TwStoreChange *change, void *data)
{
    Collect *c = data;

    if (strcmp(change->is, tw_store_status_name(TW_STORE_FIXED)) == 0) {
        g_hash_table_add(c->fixed,
                         g_memdup2(&change->finding, sizeof(change->finding)));
    }
    return true;
}

static bool collect(const TwStoreFinding *from, void *data)
{
    Collect *c = data;
    TwTriageFinding *f = g_new0(TwTriageFinding, 1);

    f->id = from->id;
    f->status = from->status;
    f->news = news_of(c, from);
    f->security = from->security;
    f->count = from->count;
    f->keys = from->keys;
    f->lines = from->lines;
    f->minimal = from->minimal;
    f->first_seen = from->first_seen;
    f->last_seen = from->last_seen;
    f->cause = g_strdup(from->cause);
    f->title = g_strdup(from->title);
    f->verdict = g_strdup(from->verdict);
    f->rule = g_strdup(from->rule);
    f->text = g_strdup(from->text);
    f->origin = g_strdup(from->origin);
    f->form = g_strdup(from->form);
    f->words = g_strdup(from->words);
    f->key = g_strdup(from->key_name);
    f->size = from->size;
    f->data = g_strndup(from->data ? from->data : "", from->size);
    g_ptr_array_add(c->findings, f);
    return true;
}

static int by_news(const void *a, const void *b)
{
    const TwTriageFinding *x = *(TwTriageFinding *const *)a;
    const TwTriageFinding *y = *(TwTriageFinding *const *)b;

    return x->news != y->news ? (x->news > y->news) - (x->news < y->news)
                              : (x->id > y->id) - (x->id < y->id);
}

GPtrArray *tw_triage_findings(TwTriage *t, GError **error)
{
    Collect c = {
        .triage = t,
        .findings = g_ptr_array_new_with_free_func(finding_free),
        .fixed =
            g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
    };
    bool ok = tw_store_changes(t->store, t->run.id, note_change, &c, error) &&
              tw_store_findings(t->store, t->label, collect, &c, error);

    g_hash_table_unref(c.fixed);
    if (!ok) {
        g_ptr_array_unref(c.findings);
        return NULL;
    }
    g_ptr_array_sort(c.findings, by_news);
    return c.findings;
}
