/* SPDX-License-Identifier: MIT */
/* Texts for issues about the findings of a triage: those of the page. */
#include <string.h>

#include "cli/view/report.h"
#include "cli/view/triage.h"

static bool is_wanted(const TwTriageFinding *f, bool all)
{
    return f->news == TW_TRIAGE_NEW || (all && f->news == TW_TRIAGE_KNOWN);
}

static TwPageFinding *on_page(const TwPage *page, int64_t id)
{
    for (unsigned i = 0; i < page->findings->len; i++) {
        TwPageFinding *f = g_ptr_array_index(page->findings, i);

        if (f->id == id) {
            return f;
        }
    }
    return NULL;
}

bool tw_triage_issues(const TwTriage *t, GPtrArray *findings, bool all,
                      GError **error)
{
    g_autoptr(TwPage) page = tw_page_new();

    page->version = TW_VERSION;
    if (!tw_page_load(page, t->store, t->run.id, error)) {
        return false;
    }
    for (unsigned i = 0; i < findings->len; i++) {
        TwTriageFinding *f = g_ptr_array_index(findings, i);
        TwPageFinding *shown = is_wanted(f, all) ? on_page(page, f->id) : NULL;
        g_autoptr(GString) text = NULL;

        if (!shown) {
            continue;
        }
        /* A command of the store is started if it is that of the triage. */
        if (!tw_report_tell(shown, strcmp(shown->words, t->words) == 0,
                            t->damaged, error)) {
            return false;
        }
        shown->file = tw_triage_case_name(f);
        text = g_string_new(NULL);
        tw_page_issue(page, shown, text);
        f->issue_text = g_strdup(text->str);
        f->headline = g_strdup(shown->headline);
    }
    return true;
}
