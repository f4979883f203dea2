/* SPDX-License-Identifier: MIT */
/*
 * zoo --triage: does triage separate the bugs?  Triages raw findings of all
 * bugs under one name; then counts the bug of each.  Triage itself is told only
 * how to run each finding, not its bug.
 */
#include <glib/gstdio.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/view/triage.h"
#include "reports/measure/figures.h"
#include "cli/zoo.h"

/* One raw finding: which bug it is of, and what it was taken for. */
typedef struct Label {
    unsigned bug, raw, shrunk; /* numbers of names */
} Label;

typedef struct Names {
    GPtrArray *list; /* char * */
    GHashTable *numbers;
} Names;

static unsigned number_of(Names *names, const char *name)
{
    void *number;

    if (!g_hash_table_lookup_extended(names->numbers, name, NULL, &number)) {
        number = GUINT_TO_POINTER(names->list->len);
        g_ptr_array_add(names->list, g_strdup(name));
        g_hash_table_insert(
            names->numbers,
            g_ptr_array_index(names->list, names->list->len - 1), number);
    }
    return GPOINTER_TO_UINT(number);
}

/* Figures ------------------------------------------------------------------ */

/* Counts of (bug, group), bugs first. */
static unsigned *count(const GArray *labels, bool shrunk, unsigned bugs,
                       unsigned groups)
{
    unsigned *counts = g_new0(unsigned, MAX(bugs * groups, 1));

    for (unsigned i = 0; i < labels->len; i++) {
        const Label *l = &g_array_index(labels, Label, i);

        counts[l->bug * groups + (shrunk ? l->shrunk : l->raw)]++;
    }
    return counts;
}

/* Findings ----------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    uint64_t x = (*(const TwCampaignCase *const *)a)->number;
    uint64_t y = (*(const TwCampaignCase *const *)b)->number;

    return (x > y) - (x < y);
}

/* The first `n` findings of a bug by their numbers, as they come. */
static bool add_findings(const TwZooRun *zoo, TwTriage *t, const char *name,
                         unsigned n, GError **error)
{
    TwTargetOptions options = zoo->target;
    g_autoptr(GPtrArray) cases = g_ptr_array_new();
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autoptr(TwRunner) runner = NULL;
    TwCampaignResult result;
    uint64_t programs;

    options.name = name;
    if (!tw_zoo_hunt(zoo, name, n, &programs, &result, error)) {
        return false;
    }
    for (unsigned k = 0; k < result.keys->len; k++) {
        const TwCampaignKey *key = g_ptr_array_index(result.keys, k);

        for (unsigned i = 0; i < key->cases->len; i++) {
            if (tw_verdict_is_finding(key->verdict)) {
                g_ptr_array_add(cases,
                                &g_array_index(key->cases, TwCampaignCase, i));
            }
        }
    }
    if (cases->len > 0) {
        qsort(cases->pdata, cases->len, sizeof(gpointer), by_number);
    }
    runner = tw_runner_new(&options, error);
    for (unsigned i = 0; runner && i < MIN(n, cases->len); i++) {
        const TwCampaignCase *c = g_ptr_array_index(cases, i);
        g_autofree char *origin = g_strdup_printf(
            "seed %" PRIu64 " number %" PRIu64, zoo->seed, c->number);

        tw_campaign_program(program, zoo->seed, c->number, tw_zoo_profile(name),
                            tw_runner_dialect(runner), NULL, NULL);
        tw_triage_add_program(t, origin, &options, program);
    }
    tw_campaign_result_clear(&result);
    return runner != NULL;
}

static bool note_cause(const TwStoreKey *key, void *data)
{
    g_hash_table_insert(data, g_memdup2(&key->id, sizeof(key->id)),
                        g_strdup(key->cause));
    return true;
}

/* Which group each case is in, by itself and in the store. */
static bool label_cases(TwTriage *t, const GArray *bugs, Names *names,
                        GArray *labels, GError **error)
{
    g_autoptr(GHashTable) causes =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);

    if (!tw_store_keys(t->store, t->label, note_cause, causes, error)) {
        return false;
    }
    for (unsigned i = 0; i < t->cases->len; i++) {
        const TwTriageCase *one = g_ptr_array_index(t->cases, i);
        const char *cause = g_hash_table_lookup(causes, &one->seen.key);
        Label label = {.bug = g_array_index(bugs, unsigned, i)};

        label.raw =
            number_of(names, one->cause.name[0] ? one->cause.name : "none");
        label.shrunk = number_of(names, cause ? cause : "none");
        g_array_append_val(labels, label);
    }
    return true;
}

/* Showing ------------------------------------------------------------------ */

static void show_row(const unsigned *counts, unsigned groups,
                     const Names *names)
{
    bool any = false;

    for (unsigned most = UINT32_MAX;;) {
        unsigned next = 0;

        for (unsigned g = 0; g < groups; g++) {
            next = counts[g] < most ? MAX(next, counts[g]) : next;
        }
        if (next == 0) {
            break;
        }
        for (unsigned g = 0; g < groups; g++) {
            if (counts[g] == next) {
                printf("%s%u %s", any ? ", " : "", next,
                       (char *)g_ptr_array_index(names->list, g));
                any = true;
            }
        }
        most = next;
    }
    printf("\n");
}

static void show_table(const char *title, const unsigned *counts,
                       GPtrArray *bugs, const Names *names)
{
    printf("%s\n", title);
    for (unsigned b = 0; b < bugs->len; b++) {
        const TwZooBug *bug = g_ptr_array_index(bugs, b);

        printf("  %-28s ", bug->slug);
        show_row(counts + b * names->list->len, names->list->len, names);
    }
}

static void json_table(JsonBuilder *b, const char *member,
                       const unsigned *counts, GPtrArray *bugs,
                       const Names *names, TwGrouping m)
{
    json_builder_set_member_name(b, member);
    json_builder_begin_object(b);
    tw_json_double(b, "adjusted_rand_index", m.index);
    tw_json_double(b, "groups_median", m.groups);
    json_builder_set_member_name(b, "table");
    json_builder_begin_object(b);
    for (unsigned i = 0; i < bugs->len; i++) {
        const TwZooBug *bug = g_ptr_array_index(bugs, i);

        json_builder_set_member_name(b, bug->slug);
        json_builder_begin_object(b);
        for (unsigned g = 0; g < names->list->len; g++) {
            unsigned n = counts[i * names->list->len + g];

            if (n > 0) {
                tw_json_int(b, g_ptr_array_index(names->list, g), n);
            }
        }
        json_builder_end_object(b);
    }
    json_builder_end_object(b);
    json_builder_end_object(b);
}

static int show_all(TwTriage *t, GPtrArray *bugs, const Names *names,
                    const GArray *labels, unsigned wanted, double seconds,
                    bool json)
{
    unsigned groups = names->list->len;
    g_autofree unsigned *raw = count(labels, false, bugs->len, groups);
    g_autofree unsigned *shrunk = count(labels, true, bugs->len, groups);
    TwGrouping a = tw_grouping_of(raw, bugs->len, groups);
    TwGrouping b = tw_grouping_of(shrunk, bugs->len, groups);
    bool well = labels->len >= wanted && a.index >= TW_ZOO_RAND_RAW &&
                b.index >= TW_ZOO_RAND_STORE && b.groups <= TW_ZOO_GROUPS;

    if (json) {
        g_autoptr(JsonBuilder) builder = json_builder_new();

        json_builder_begin_object(builder);
        tw_json_int(builder, "findings", labels->len);
        tw_json_int(builder, "shrunk", t->shrunk);
        tw_json_double(builder, "seconds", seconds);
        json_table(builder, "raw_causes", raw, bugs, names, a);
        json_table(builder, "store", shrunk, bugs, names, b);
        tw_json_bool(builder, "well", well);
        json_builder_end_object(builder);
        tw_cli_json_print(builder, NULL);
    } else {
        show_table("the cause of each raw finding", raw, bugs, names);
        show_table("the cause in the store, after a case of each key is shrunk",
                   shrunk, bugs, names);
        printf("%u findings of %u bugs, %u cases shrunk, triaged in %.1f s\n"
               "adjusted Rand index: raw %.3f (wanted %.1f), in the store "
               "%.3f (wanted %.1f)\n"
               "findings of the store for a bug, median: %.0f (wanted %d "
               "at most): %s\n",
               labels->len, bugs->len, t->shrunk, seconds, a.index,
               TW_ZOO_RAND_RAW, b.index, TW_ZOO_RAND_STORE, b.groups,
               TW_ZOO_GROUPS, well ? "yes" : "NO");
    }
    return well ? TW_EXIT_CLEAN : TW_EXIT_FINDING;
}

/* The whole ---------------------------------------------------------------- */

/* A store of its own, which goes with it. */
static bool open_store(TwTriage *t, char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "findings.db", NULL);

    t->store = tw_store_open(path, true, error);
    t->run = (TwStoreRun){.verb = "zoo",
                          .target = t->label,
                          .version = t->version,
                          .options = ""};
    t->run.id = t->store ? tw_store_run_begin(t->store, &t->run, error) : 0;
    return t->run.id != 0;
}

static bool triage(TwTriage *t, const TwZooRun *zoo, GPtrArray *bugs,
                   unsigned n, char *folder, GArray *of, double *seconds,
                   GError **error)
{
    gint64 start;

    for (unsigned i = 0; i < bugs->len && !*zoo->stop; i++) {
        const TwZooBug *bug = g_ptr_array_index(bugs, i);
        unsigned share = n / bugs->len + (i < n % bugs->len);
        g_autofree char *name = g_strdup_printf("zoo:%s", bug->slug);

        if (!add_findings(zoo, t, g_intern_string(name), share, error)) {
            return false;
        }
        while (of->len < t->cases->len) {
            g_array_append_val(of, i);
        }
    }
    start = g_get_monotonic_time();
    if (!open_store(t, folder, error) || !tw_triage_run(t, error) ||
        !tw_triage_shrink(t, error)) {
        return false;
    }
    *seconds = (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
    return true;
}

int tw_zoo_triage(const TwZooRun *zoo, GPtrArray *bugs, unsigned n, bool json)
{
    g_autofree char *folder = g_dir_make_tmp("twinwalk-XXXXXX", NULL);
    g_autofree char *path = NULL;
    TwTriage t = {.label = g_strdup("zoo"),
                  .version = "",
                  .shrink = true,
                  .seconds = TW_TRIAGE_SECONDS,
                  .raw = TW_TRIAGE_RAW,
                  .jobs = zoo->jobs,
                  .progress = tw_triage_show,
                  .stop = zoo->stop};
    Names names = {g_ptr_array_new_with_free_func(g_free),
                   g_hash_table_new(g_str_hash, g_str_equal)};
    GArray *labels = g_array_new(FALSE, FALSE, sizeof(Label));
    GArray *of = g_array_new(FALSE, FALSE, sizeof(unsigned));
    GError *error = NULL;
    double seconds = 0;
    int code = TW_EXIT_ENVIRONMENT;

    tw_triage_init(&t);
    if (!folder) {
        tw_cli_fail(code, "expected to create a temporary folder");
    } else if (!triage(&t, zoo, bugs, n, folder, of, &seconds, &error) ||
               !label_cases(&t, of, &names, labels, &error)) {
        code = tw_cli_fail_error(error);
    } else {
        code = show_all(&t, bugs, &names, labels, n, seconds, json);
    }
    tw_triage_clear(&t);
    if (folder) {
        path = g_build_filename(folder, "findings.db", NULL);
        g_unlink(path);
        g_rmdir(folder);
    }
    g_array_unref(labels);
    g_array_unref(of);
    g_ptr_array_unref(names.list);
    g_hash_table_unref(names.numbers);
    return code;
}
