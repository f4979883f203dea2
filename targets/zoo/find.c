/* SPDX-License-Identifier: MIT */
/* Bugs and mutants by their slugs, and what is expected of each. */
#include <string.h>

#include "targets/zoo/zoo.h"

static const TwZooBug *find_among(const TwZooBug *bugs, unsigned count,
                                  const char *slug)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(bugs[i].slug, slug) == 0) {
            return &bugs[i];
        }
    }
    return NULL;
}

const TwZooBug *tw_zoo_find(const char *slug)
{
    static const TwZooBug *(*const lists[])(unsigned *) = {
        tw_zoo_bugs, tw_zoo_mutants, tw_zoo_cells};
    const TwZooBug *bug = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(lists) && bug == NULL; i++) {
        unsigned count;
        const TwZooBug *bugs = lists[i](&count);

        bug = find_among(bugs, count, slug);
    }
    return bug;
}

/* The list has names with commas between, and perhaps blanks. */
bool tw_zoo_expects(const TwZooBug *bug, unsigned verdict)
{
    const char *name = tw_verdict_name(verdict);
    const char *at = bug->verdicts;

    if (at[0] == '\0') {
        return tw_verdict_is_finding(verdict);
    }
    while (*at) {
        size_t length;

        at += strspn(at, ", ");
        length = strcspn(at, ", ");
        if (strlen(name) == length && memcmp(at, name, length) == 0) {
            return true;
        }
        at += length;
    }
    return false;
}
