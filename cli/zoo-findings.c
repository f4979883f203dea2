/* SPDX-License-Identifier: MIT */
/*
 * zoo --findings: how small do findings get, and how fast?  For each bug, the
 * first raw findings of a campaign, with as many different keys as possible,
 * are shrunk.
 */
#include "cli/zoo.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/minimise/shrink.h"
#include "reports/measure/figures.h"
#include "targets/classes/options.h"

/* Doubles, for medians over all bugs. */
typedef struct Sums {
    GArray *lines, *operations, *seconds;
} Sums;

typedef struct Bug {
    Sums sums;
    unsigned found, keys, same;
    uint64_t programs; /* that it took */
    unsigned tried;    /* candidates, of all its cases */
} Bug;

static Sums new_sums(void)
{
    return (Sums){g_array_new(FALSE, FALSE, sizeof(double)),
                  g_array_new(FALSE, FALSE, sizeof(double)),
                  g_array_new(FALSE, FALSE, sizeof(double))};
}

static void free_sums(Sums *sums)
{
    g_array_free(sums->lines, TRUE);
    g_array_free(sums->operations, TRUE);
    g_array_free(sums->seconds, TRUE);
}

static void note(GArray *values, double value)
{
    g_array_append_val(values, value);
}

static void add_sums(Sums *to, const Sums *from)
{
    g_array_append_vals(to->lines, from->lines->data, from->lines->len);
    g_array_append_vals(to->operations, from->operations->data,
                        from->operations->len);
    g_array_append_vals(to->seconds, from->seconds->data, from->seconds->len);
}

static double middle(GArray *values)
{
    return tw_median((double *)(void *)values->data, values->len);
}

/* Of values that middle() has sorted. */
static double least(GArray *values)
{
    return values->len ? g_array_index(values, double, 0) : 0;
}

static double most(GArray *values)
{
    return values->len ? g_array_index(values, double, values->len - 1) : 0;
}

/* Shrinking ---------------------------------------------------------------- */

/* As SLUG-NUMBER.tw, in the folder, which is made if need be. */
static bool write_case(const TwZooRun *zoo, const char *folder,
                       const char *name, const TwProgram *program,
                       const TwCampaignCase *c, const TwShrunk *shrunk,
                       GError **error)
{
    g_autofree char *file =
        g_strdup_printf("%s-%" PRIu64 ".tw", strchr(name, ':') + 1, c->number);
    g_autofree char *path = g_build_filename(folder, file, NULL);
    g_autofree char *origin = g_strdup_printf(
        "shrunk from seed %" PRIu64 ", program %" PRIu64, zoo->seed, c->number);
    TwTargetOptions options = zoo->target;
    g_autofree char *words = NULL;
    GString *text;
    bool ok;

    options.name = name;
    words = tw_target_options_words(&options);
    g_mkdir_with_parents(folder, 0777); /* else writing fails */
    text = tw_cli_case_text(program, &shrunk->finding, "replay", words, origin);
    ok = tw_cli_write(path, text->str, text->len, error);
    g_string_free(text, TRUE);
    return ok;
}

typedef struct Taking {
    const TwZooRun *zoo;
    const char *folder; /* for the cases, or NULL */
    const char *name;   /* of the target */
    Bug *bug;
} Taking;

static bool take_shrunk(const TwCampaignCase *c, const TwProgram *program,
                        const TwShrunk *shrunk, void *data, GError **error)
{
    const Taking *t = data;
    Bug *bug = t->bug;

    if (t->folder &&
        !write_case(t->zoo, t->folder, t->name, program, c, shrunk, error)) {
        return false;
    }
    bug->same += shrunk->same;
    bug->tried += shrunk->stats.tried;
    note(bug->sums.lines, shrunk->stats.lines_after);
    note(bug->sums.operations, shrunk->stats.ops_after);
    note(bug->sums.seconds, shrunk->seconds);
    return true;
}

static bool shrink_bug(const TwZooRun *zoo, const char *folder,
                       const char *name, unsigned n, Bug *bug, GError **error)
{
    Taking taking = {zoo, folder, name, bug};
    TwZooShrunk sums;
    bool ok = tw_zoo_shrink(zoo, name, n, take_shrunk, &taking, &sums, error);

    bug->found = sums.found;
    bug->keys = sums.keys;
    bug->programs = sums.programs;
    return ok;
}

/* Showing ------------------------------------------------------------------ */

static const char *remark(const Bug *bug, unsigned n)
{
    return bug->found < n                              ? "TOO FEW FINDINGS"
           : bug->same < n                             ? "KEY NOT KEPT"
           : most(bug->sums.lines) > TW_ZOO_MOST_LINES ? "TOO LONG"
                                                       : "ok";
}

static void show(const char *slug, Bug *bug, unsigned n)
{
    double lines = middle(bug->sums.lines),
           operations = middle(bug->sums.operations),
           seconds = middle(bug->sums.seconds);

    printf("%-28s %5u %4u  %3.0f %3.0f %3.0f  %3.0f %3.0f %3.0f  %6.2f %6.2f "
           "%7u  %s\n",
           slug, bug->found, bug->keys, least(bug->sums.lines), lines,
           most(bug->sums.lines), least(bug->sums.operations), operations,
           most(bug->sums.operations), seconds, most(bug->sums.seconds),
           bug->found ? bug->tried / bug->found : 0, remark(bug, n));
    fflush(stdout);
}

static void show_json(JsonBuilder *b, const char *slug, Bug *bug)
{
    double lines = middle(bug->sums.lines),
           operations = middle(bug->sums.operations),
           seconds = middle(bug->sums.seconds);

    json_builder_begin_object(b);
    tw_json_string(b, "slug", slug);
    tw_json_int(b, "findings", bug->found);
    tw_json_int(b, "keys", bug->keys);
    tw_json_int(b, "programs", bug->programs);
    tw_json_int(b, "key_kept", bug->same);
    tw_json_double(b, "lines_median", lines);
    tw_json_double(b, "lines_most", most(bug->sums.lines));
    tw_json_double(b, "operations_median", operations);
    tw_json_double(b, "operations_most", most(bug->sums.operations));
    tw_json_double(b, "seconds_median", seconds);
    tw_json_double(b, "seconds_most", most(bug->sums.seconds));
    tw_json_int(b, "tried", bug->tried);
    json_builder_end_object(b);
}

int tw_zoo_findings(const TwZooRun *zoo, GPtrArray *bugs, unsigned n,
                    const char *out, bool json)
{
    g_autoptr(JsonBuilder) b = json_builder_new();
    Sums all = new_sums();
    unsigned well = 0, same = 0;
    double lines;
    int code = TW_EXIT_CLEAN;

    if (!json) {
        printf("%-28s %5s %4s  %11s  %11s  %13s %7s\n%-28s %5s %4s  %11s  "
               "%11s  %13s %7s\n",
               "", "", "", "lines", "operations", "seconds", "tried", "bug",
               "cases", "keys", "min mid max", "min mid max", "mid    max",
               "mean");
    }
    json_builder_begin_array(b);
    for (unsigned i = 0; i < bugs->len && !*zoo->stop; i++) {
        const TwZooBug *zoo_bug = g_ptr_array_index(bugs, i);
        g_autofree char *name = g_strdup_printf("zoo:%s", zoo_bug->slug);
        Bug bug = {.sums = new_sums()};
        GError *error = NULL;

        if (!shrink_bug(zoo, out, name, n, &bug, &error)) {
            free_sums(&bug.sums);
            free_sums(&all);
            return tw_cli_fail_error(error);
        }
        add_sums(&all, &bug.sums);
        same += bug.same;
        if (json) {
            show_json(b, zoo_bug->slug, &bug);
        } else {
            show(zoo_bug->slug, &bug, n);
        }
        well += strcmp(remark(&bug, n), "ok") == 0;
        free_sums(&bug.sums);
    }
    json_builder_end_array(b);
    lines = middle(all.lines);
    if (json) {
        tw_cli_json_print(b, NULL);
    } else {
        double seconds = middle(all.seconds);

        printf("%u cases of %u bugs, %u with the key they had: lines median "
               "%.0f, most %.0f; seconds median %.2f, most %.2f\n"
               "wanted: %u cases of each bug, the same key, at most %d lines, "
               "a median of at most %d: %s\n",
               all.lines->len, bugs->len, same, lines, most(all.lines), seconds,
               most(all.seconds), n, TW_ZOO_MOST_LINES, TW_ZOO_MEDIAN_LINES,
               well == bugs->len && lines <= TW_ZOO_MEDIAN_LINES ? "yes"
                                                                 : "NO");
    }
    if (well < bugs->len || lines > TW_ZOO_MEDIAN_LINES) {
        code = TW_EXIT_FINDING;
    }
    free_sums(&all);
    return code;
}
