/* SPDX-License-Identifier: MIT */
/* Text, times and counts as the page writes them. */
#include "reports/format/markup.h"
#include "reports/page/internal.h"

void tw_page_text(GString *out, const char *text)
{
    tw_markup_text(out, text);
}

void tw_page_time(GString *out, int64_t at)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(at);
    g_autofree char *text =
        time ? g_date_time_format(time, "%Y-%m-%d %H:%M") : g_strdup("?");

    g_string_append(out, text);
}

const char *tw_page_heading(unsigned news)
{
    static const char *const headings[TW_PAGE_NEWS] = {
        "New", "Returned", "Fixed", "Known", "Flaky", "Fixed before"};

    return headings[news];
}

const char *tw_page_state(const TwPageFinding *finding)
{
    static const char *const words[TW_STORE_STATES] = {"", "duplicate",
                                                       "won't fix"};

    return words[finding->state];
}

unsigned tw_page_count(const TwPage *page, unsigned news)
{
    unsigned n = 0;

    for (unsigned i = 0; i < page->findings->len; i++) {
        const TwPageFinding *f = g_ptr_array_index(page->findings, i);

        n += f->news == news;
    }
    return n;
}
