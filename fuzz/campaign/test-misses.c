/* SPDX-License-Identifier: MIT */
/*
 * The mutants misses:COMMAND:STRUCTURE:KIND: there is one for each cell of the
 * table "Commands and what they end" (FRESHNESS.md) that must end a record, and
 * random programs find it.  Only programs in which the command has left
 * something are judged; of the others, the first ones: they show nothing.
 */
#include <string.h>

#include "fuzz/campaign/campaign.h"
#include "fuzz/run/runner.h"
#include "targets/zoo/zoo.h"

/* The slowest takes some 18 000. */
enum { PROGRAMS = 100000, CLEAN = 300 };

static TwProgram program;
static TwTrace trace;

static void test_found(gconstpointer data)
{
    const TwZooBug *mutant = data;
    g_autofree char *name = g_strconcat("zoo:", mutant->slug, NULL);
    TwTargetOptions options = {.name = name};
    g_autoptr(GError) error = NULL;
    g_autoptr(TwRunner) runner = tw_runner_new(&options, &error);
    TwTarget *target = tw_target_open(&options, &error);
    TwFinding finding = {.verdict = TW_VERDICT_AGREE};
    unsigned n, judged = 0;

    g_assert_no_error(error);
    for (n = 0; n < PROGRAMS && !tw_verdict_is_finding(finding.verdict); n++) {
        uint64_t missed = tw_zoo_missed(target);

        tw_campaign_program(&program, 1, n, TW_PROFILE_COMMANDS,
                            tw_target_dialect(target), NULL, NULL);
        g_assert_true(tw_target_run(target, &program, &trace));
        g_assert_cmpint(trace.end, !=, TW_END_UNSUPPORTED);
        if (tw_zoo_missed(target) != missed) {
            judged++;
            tw_runner_run(runner, &program, &finding, NULL, NULL);
        } else if (n < CLEAN) {
            tw_runner_run(runner, &program, &finding, NULL, NULL);
            g_assert_false(tw_verdict_is_finding(finding.verdict));
        }
    }
    tw_target_close(target);
    g_test_message("%s: %u programs, %u judged, %s", mutant->slug, n, judged,
                   tw_verdict_name(finding.verdict));
    g_assert_true(tw_verdict_is_finding(finding.verdict));
    g_assert_cmpint(finding.verdict, !=, TW_VERDICT_SELF);
}

/* The table ---------------------------------------------------------------- */

/* The cells of a row between bars, without blanks and backquotes. */
static char **cells_of(const char *line)
{
    char **cells = g_strsplit(line + 1, "|", -1);

    for (char **cell = cells; *cell; cell++) {
        g_strdelimit(g_strstrip(*cell), "`", ' ');
        g_strstrip(*cell);
    }
    return cells;
}

/* Does softmmu's contract say that a command ends what is told there? */
static bool is_told(const char *command)
{
    static const char *const ends[] = {"notified",  "unmap",  "unmap-all",
                                       "global",    "domain", "range",
                                       "any-range", NULL};

    return g_strv_contains(ends, command);
}

/* Has a record of that structure, in an IOMMU of kind `of`, the kind? */
static bool has_kind(const char *of, const char *structure, const char *kind)
{
    if (strcmp(kind, "marked") == 0) {
        return strcmp(of, "table") != 0 && strcmp(of, "mpc") != 0;
    }
    if (strcmp(kind, "blocked") == 0 && strcmp(structure, "cpu") == 0) {
        return strcmp(of, "mpc") == 0;
    }
    return true;
}

/* Adds the mutants of a cell; `kinds`: what a row of the first table says. */
static void expect(GHashTable *slugs, char **row, const char *structure,
                   const char *cell, const char *kinds)
{
    g_auto(GStrv) parts = g_strsplit(kinds, "`", -1);

    if (!g_str_has_prefix(cell, "ends") &&
        !(strcmp(cell, "told") == 0 && is_told(row[1]))) {
        return;
    }
    for (unsigned i = 1; parts[0] && parts[i]; i += 2) {
        g_autofree char *but = g_strconcat("not ", parts[i], NULL);

        if (has_kind(row[0], structure, parts[i]) && !strstr(cell, but)) {
            g_hash_table_add(slugs, g_strdup_printf("misses:%s:%s:%s", row[1],
                                                    structure, parts[i]));
        }
    }
}

/* No command of an IOMMU, or one behind a commit; and a commit or restore takes
 * a combined record as one. */
static bool is_left_out(char **row, const char *structure)
{
    return strcmp(row[1], "flush") == 0 || strcmp(row[1], "destroy") == 0 ||
           (strcmp(row[0], "all") == 0 && strcmp(structure, "second") == 0);
}

/* The kinds of a structure: the rest of its row in the first table. */
static char *kinds_of(const char *page, const char *structure)
{
    g_autofree char *start = g_strdup_printf("\n| %s | ", structure);
    const char *row = strstr(page, start), *kinds;

    g_assert_nonnull(row);
    kinds = strchr(row + strlen(start), '|');
    return g_strndup(kinds, strcspn(kinds, "\n"));
}

static void test_table(void)
{
    g_autofree char *path = g_test_build_filename(
        G_TEST_DIST, "oracle", "freshness", "FRESHNESS.md", NULL);
    g_autoptr(GHashTable) slugs =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *page = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) lines = NULL, head = NULL;
    const TwZooBug *cells;
    unsigned n;

    g_file_get_contents(path, &page, NULL, &error);
    g_assert_no_error(error);
    g_assert_nonnull(strstr(page, "\n| of | command |"));
    lines = g_strsplit(strstr(page, "\n| of | command |") + 1, "\n", -1);
    head = cells_of(lines[0]);
    for (char **line = lines + 2; **line == '|'; line++) {
        g_auto(GStrv) row = cells_of(*line);

        for (unsigned i = 2; *row[i]; i++) {
            g_autofree char *kinds = kinds_of(page, head[i]);

            if (!is_left_out(row, head[i])) {
                expect(slugs, row, head[i], row[i], kinds);
            }
        }
    }
    cells = tw_zoo_cells(&n);
    for (unsigned i = 0; i < n; i++) {
        if (!g_hash_table_remove(slugs, cells[i].slug)) {
            g_error("%s: the table has no such cell, or it is there twice",
                    cells[i].slug);
        }
    }
    if (g_hash_table_size(slugs)) {
        g_autoptr(GList) left = g_hash_table_get_keys(slugs);

        g_error("no mutant %s, and %u more", (char *)left->data,
                g_list_length(left) - 1);
    }
}

int main(int argc, char **argv)
{
    unsigned n;
    const TwZooBug *cells = tw_zoo_cells(&n);

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/misses/FR-11,FR-12,RU-9/table", test_table);
    for (unsigned i = 0; i < n; i++) {
        g_autofree char *path =
            g_strconcat("/misses/found/", cells[i].slug, NULL);

        g_test_add_data_func(path, &cells[i], test_found);
    }
    return g_test_run();
}
