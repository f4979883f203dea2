/* SPDX-License-Identifier: MIT */
/* See conform.h. */
#include "cli/view/conform.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/common/common.h"

enum { WIDTH = 79, INDENT = 18 };

static const char *status_of(const TwConformResult *r)
{
    if (!r->ran) {
        return "outside";
    }
    switch (r->ran->status) {
    case TW_CHECK_AS_NOTED:
        return "passed";
    case TW_CHECK_KNOWN:
        return "known";
    case TW_CHECK_SKIPPED:
        return "outside";
    case TW_CHECK_FLAKY:
        return "flaky";
    default:
        return "failed";
    }
}

/* Text --------------------------------------------------------------------- */

static void print_lines(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line; line++) {
        if (**line) {
            printf("      %s\n", *line);
        }
    }
}

static void print_case(const TwConform *c, const TwConformResult *r, bool all)
{
    const char *status = status_of(r);
    bool bad = r->ran && r->ran->failed;

    if (!all && !bad) {
        return;
    }
    printf("  %-7s  %s\n           %s\n", status, r->of->name, r->title);
    if (strcmp(status, "outside") == 0) {
        printf("      the dialect does not have it: %s\n",
               r->ran ? r->ran->outcomes[0].finding.text : r->outside);
    } else if (strcmp(status, "known") == 0) {
        printf("      known divergence %s\n",
               tw_known_entry(c->check.known,
                              r->ran->outcomes[0].finding.known - 1u)
                   ->name);
    } else if (bad) {
        const TwFinding *finding = &r->ran->outcomes[0].finding;

        printf("      %s %s\n", tw_verdict_name(finding->verdict),
               finding->key);
        print_lines(finding->text);
    }
}

static void print_cases(const TwConform *c, bool all)
{
    printf("corner cases: %u passed, %u failed", c->passed, c->failed);
    if (c->n_known > 0) {
        printf(", %u known divergences", c->n_known);
    }
    printf(", %u outside the dialect\n", c->outside);
    for (unsigned i = 0; i < c->results->len; i++) {
        print_case(c, &g_array_index(c->results, TwConformResult, i), all);
    }
}

static void print_programs(const TwConform *c)
{
    printf("\nrandom programs: %" PRIu64 " with %" PRIu64
           " judged accesses; %" PRIu64 " with a finding",
           c->done, c->stats.accesses, c->findings);
    if (c->known > 0) {
        printf(", %" PRIu64 " with a known divergence", c->known);
    }
    if (c->flaky > 0) {
        printf(", %" PRIu64 " flaky (which is no finding)", c->flaky);
    }
    printf("\n");
    if (c->early > 0) {
        printf("  %" PRIu64 " of them ended early: what their scripts contain "
               "does not count as used\n",
               c->early);
    }
    if (c->findings > 0) {
        printf("  the first: program %" PRIu64 " of seed %" PRIu64 ": %s %s\n",
               c->first, c->seed, tw_verdict_name(c->finding.verdict),
               c->finding.key);
        print_lines(c->finding.text);
    }
}

/* A word in a list behind its group, in lines of WIDTH. */
static void print_word(const char *word, int *column)
{
    if (*column + 2 + (int)strlen(word) > WIDTH) {
        printf(",\n%*s", INDENT, "");
        *column = INDENT;
    } else if (*column > INDENT) {
        *column += printf(", ");
    }
    *column += printf("%s", word);
}

/* The features of the group that begins at `from` that were used, or were not;
 * returns where the next group begins. */
static unsigned print_group(const TwConform *c, unsigned from, bool used)
{
    const char *group = c->features.at[from].group;
    unsigned i = from;
    int column = 0;

    for (; i < c->features.n && c->features.at[i].group == group; i++) {
        g_autofree char *word =
            used ? g_strdup_printf("%s %" PRIu64, c->features.at[i].name,
                                   c->used[i])
                 : g_strdup(c->features.at[i].name);

        if ((c->used[i] > 0) != used) {
            continue;
        }
        if (column == 0) {
            column = printf("  %-*s", INDENT - 2, group);
        }
        print_word(word, &column);
    }
    if (column > 0) {
        printf("\n");
    }
    return i;
}

static void print_features(const TwConform *c)
{
    unsigned never = 0;

    for (unsigned i = 0; i < c->features.n; i++) {
        never += c->used[i] == 0;
    }
    printf(
        "\nparts of the dialect, and how many of these programs use each:\n");
    for (unsigned i = 0; i < c->features.n;) {
        i = print_group(c, i, true);
    }
    printf("\nnever used: %s\n", never ? "" : "nothing");
    for (unsigned i = 0; never && i < c->features.n;) {
        i = print_group(c, i, false);
    }
}

void tw_conform_print(const TwConform *c, bool all)
{
    g_autofree char *name = tw_cli_clean(c->check.targets[0].name);

    printf("conformance of %s (%s)\n\n", name, c->check.versions[0]);
    print_cases(c, all);
    print_programs(c);
    print_features(c);
}

/* JSON --------------------------------------------------------------------- */

static void json_finding(JsonBuilder *b, const TwFinding *finding)
{
    tw_json_string(b, "verdict", tw_verdict_name(finding->verdict));
    tw_json_string(b, "key", finding->key);
    tw_json_string(b, "text", finding->text);
}

static void json_case(const TwConform *c, JsonBuilder *b,
                      const TwConformResult *r)
{
    json_builder_begin_object(b);
    tw_json_string(b, "case", r->of->name);
    tw_json_string(b, "title", r->title);
    tw_json_string(b, "status", status_of(r));
    if (!r->ran) {
        tw_json_string(b, "outside", r->outside);
    } else {
        const TwFinding *finding = &r->ran->outcomes[0].finding;

        json_finding(b, finding);
        if (finding->known) {
            tw_json_string(
                b, "known",
                tw_known_entry(c->check.known, finding->known - 1u)->name);
        }
    }
    json_builder_end_object(b);
}

static void json_programs(const TwConform *c, JsonBuilder *b)
{
    json_builder_set_member_name(b, "programs");
    json_builder_begin_object(b);
    tw_json_int(b, "run", (int64_t)c->done);
    tw_json_int(b, "seed", (int64_t)c->seed);
    tw_json_int(b, "accesses", (int64_t)c->stats.accesses);
    tw_json_int(b, "findings", (int64_t)c->findings);
    tw_json_int(b, "known", (int64_t)c->known);
    tw_json_int(b, "flaky", (int64_t)c->flaky);
    tw_json_int(b, "early", (int64_t)c->early);
    if (c->findings > 0) {
        tw_json_int(b, "first", (int64_t)c->first);
        json_finding(b, &c->finding);
    }
    json_builder_end_object(b);
}

void tw_conform_print_json(const TwConform *c)
{
    g_autoptr(JsonBuilder) b = json_builder_new();

    json_builder_begin_object(b);
    tw_json_string(b, "target", c->check.targets[0].name);
    tw_json_string(b, "version", c->check.versions[0]);
    tw_json_int(b, "passed", c->passed);
    tw_json_int(b, "failed", c->failed);
    tw_json_int(b, "known", c->n_known);
    tw_json_int(b, "outside", c->outside);
    tw_json_array(b, "cases");
    for (unsigned i = 0; i < c->results->len; i++) {
        json_case(c, b, &g_array_index(c->results, TwConformResult, i));
    }
    json_builder_end_array(b);
    json_programs(c, b);
    tw_json_array(b, "features");
    for (unsigned i = 0; i < c->features.n; i++) {
        json_builder_begin_object(b);
        tw_json_string(b, "group", c->features.at[i].group);
        tw_json_string(b, "name", c->features.at[i].name);
        tw_json_int(b, "programs", (int64_t)c->used[i]);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
    tw_cli_json_print(b, NULL);
}
