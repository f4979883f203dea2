/* SPDX-License-Identifier: MIT */
/* --known and --no-known, and how known divergences are shown. */
#include "cli/known.h"

#include <stdio.h>

#include "cli/common.h"

bool tw_cli_known_load(TwCliKnown *known)
{
    GError *error = NULL;

    if (known->off) {
        if (known->files) {
            tw_cli_fail(TW_EXIT_USAGE,
                        "expected --known or --no-known, not both");
            return false;
        }
        return true;
    }
    known->list = tw_known_new_builtin();
    for (char **file = known->files; file && *file; file++) {
        if (!tw_known_add_file(known->list, *file, &error)) {
            tw_cli_fail_error(error);
            return false;
        }
    }
    return true;
}

void tw_cli_known_clear(TwCliKnown *known)
{
    g_strfreev(known->files);
    tw_known_free(known->list);
}

static void today(GDate *day)
{
    g_date_clear(day, 1);
    g_date_set_time_t(day, time(NULL));
}

void tw_cli_known_warn(const TwCliKnown *known)
{
    GDate day;

    today(&day);
    for (unsigned i = 0; i < tw_known_n_entries(known->list); i++) {
        const TwKnownEntry *e = tw_known_entry(known->list, i);

        if (e->active && g_date_compare(&e->expires, &day) < 0) {
            fprintf(stderr,
                    "twinwalk: known divergence %s expired on "
                    "%04u-%02u-%02u: is it still so? (%s)\n",
                    e->name, g_date_get_year(&e->expires),
                    g_date_get_month(&e->expires),
                    g_date_get_day(&e->expires), e->link);
        }
    }
}
