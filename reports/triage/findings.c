/* SPDX-License-Identifier: MIT */
/* The findings of a target in the store after a triage, and which are new. */
#include <string.h>

#include "reports/triage/triage.h"

typedef struct Collect {
    TwTriage *triage;
    GPtrArray *findings;
    TwStoreBefore *before;
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
    g_free(f->issue);
    g_free(f->duplicate_of);
    g_free(f->comment);
    g_free(f->data);
    g_free(f->issue_text);
    g_free(f->headline);
    g_free(f);
}

/* Also sets the status as it is since then: a finding that two commands of a
 * night have met is still new. */
static TwTriageNews news_of(const Collect *c, const TwStoreFinding *f,
                            TwStoreStatus *status)
{
    const char *was = tw_store_was(c->before, f->id);
    bool returned = was && strcmp(was, "fixed") == 0;

    *status = f->status;
    if (f->status == TW_STORE_FIXED) {
        return was && !returned ? TW_TRIAGE_FIXED : TW_TRIAGE_WAS_FIXED;
    }
    if (f->status == TW_STORE_FLAKY) {
        return TW_TRIAGE_FLAKY;
    }
    if (f->decision.state != TW_STORE_OPEN) {
        *status = TW_STORE_KNOWN; /* that was decided: never new or returned */
        return TW_TRIAGE_KNOWN;
    }
    if (!was || (*was && !returned)) {
        return TW_TRIAGE_KNOWN;
    }
    *status = returned ? TW_STORE_RETURNED : TW_STORE_NEW;
    return TW_TRIAGE_NEW;
}

static bool collect(const TwStoreFinding *from, void *data)
{
    Collect *c = data;
    TwTriageFinding *f = g_new0(TwTriageFinding, 1);

    f->id = from->id;
    f->news = news_of(c, from, &f->status);
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
    f->state = from->decision.state;
    f->issue = g_strdup(from->decision.issue);
    f->duplicate_of = g_strdup(from->decision.duplicate_of);
    f->comment = g_strdup(from->decision.comment);
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
    g_autoptr(TwStoreBefore) before =
        tw_store_before(t->store, t->since ? t->since : t->run.id, error);
    Collect c = {
        .triage = t,
        .findings = g_ptr_array_new_with_free_func(finding_free),
        .before = before,
    };

    if (!before || !tw_store_findings(t->store, t->label, collect, &c, error)) {
        g_ptr_array_unref(c.findings);
        return NULL;
    }
    g_ptr_array_sort(c.findings, by_news);
    return c.findings;
}
