/* SPDX-License-Identifier: MIT */
/* twinwalk triage: groups raw findings by cause, in a store. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/triage-score.h"
#include "cli/view/triage.h"
#include "cli/common/known.h"
#include "cli/verbs.h"
#include "process/stop.h"

typedef struct Options {
    TwCliTarget target;
    TwCliKnown known;
    char *harness, *junit, *sarif, *out, *export;
    char **without, *labels, *since;
    gboolean retest, json, drop, keep, score;
} Options;

/* Opens the target once, so that a target that fails to start is reported
 * first. */
static bool open_target(TwTriage *t, GError **error)
{
    g_autoptr(TwRunner) runner = tw_runner_new(&t->target, error);

    if (!runner || !tw_runner_set_known(runner, t->known, error)) {
        return false;
    }
    t->version = g_intern_string(tw_runner_version(runner));
    return true;
}

static bool is_run(const TwStoreRun *run, void *data)
{
    int64_t *wanted = data;

    *wanted = run->id == *wanted ? 0 : *wanted;
    return *wanted != 0;
}

/* The store must have the run of --since. */
static bool has_since(const TwTriage *t, GError **error)
{
    int64_t wanted = t->since;

    if (wanted && !tw_store_runs(t->store, NULL, is_run, &wanted, error)) {
        return false;
    }
    if (wanted) {
        g_set_error(error, TW_TEXT_ERROR, TW_TEXT_ERROR_IO,
                    "--since: expected the number of a run in %s, not "
                    "%" G_GINT64_FORMAT,
                    t->store_path, wanted);
    }
    return wanted == 0;
}

static bool begin(TwTriage *t, const Options *o, GError **error)
{
    t->store = tw_store_open(t->store_path, !o->retest && !t->since, error);
    if (!t->store || !has_since(t, error)) {
        return false;
    }
    t->run.verb = "triage";
    t->run.target = t->label;
    t->run.version = t->version;
    t->run.options = t->words;
    t->run.id = tw_store_run_begin(t->store, &t->run, error);
    return t->run.id != 0;
}

static bool end(TwTriage *t, bool ok, gint64 start, GPtrArray *findings,
                GError **error)
{
    unsigned there = 0, keys = 0;

    for (unsigned i = 0; findings && i < findings->len; i++) {
        const TwTriageFinding *f = g_ptr_array_index(findings, i);

        there += f->news <= TW_TRIAGE_FLAKY;
        keys += f->news <= TW_TRIAGE_FLAKY ? f->keys : 0;
    }
    t->run.outcome = !ok ? "failed" : *t->stop ? "interrupted" : "done";
    t->run.seconds = (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
    return tw_store_measure(t->store, t->run.id, "inputs", t->cases->len,
                            error) &&
           tw_store_measure(t->store, t->run.id, "findings", there, error) &&
           tw_store_measure(t->store, t->run.id, "keys", keys, error) &&
           tw_store_run_end(t->store, &t->run, error);
}

static bool write_files(TwTriage *t, GPtrArray *findings, const Options *o,
                        GError **error)
{
    bool ok = (!o->junit && !o->sarif && !o->out) ||
              tw_triage_issues(t, findings, o->out != NULL, error);

    if (ok && o->junit) {
        GString *xml = tw_triage_junit(t, findings);

        ok = tw_cli_write(o->junit, xml->str, xml->len, error);
        g_string_free(xml, TRUE);
    }
    if (ok && o->sarif) {
        g_autofree char *json = tw_triage_sarif(t, findings);

        ok = tw_cli_write(o->sarif, json, strlen(json), error);
    }
    return ok && (!o->out || tw_triage_write(t, findings, o->out, error)) &&
           (!o->export || tw_damaged_export(t->damaged, o->export, error)) &&
           (!o->drop || tw_damaged_drop(t->damaged, t->store, error));
}

static int triage(TwTriage *t, const Options *o)
{
    g_autoptr(GPtrArray) findings = NULL;
    gint64 start = g_get_monotonic_time();
    GError *error = NULL, *late = NULL;
    int code;
    bool ok;

    if (!begin(t, o, &error)) {
        return tw_cli_fail_error(error);
    }
    ok = tw_triage_run(t, &error) &&
         (*t->stop || tw_triage_shrink(t, &error)) &&
         (*t->stop || tw_triage_retest(t, &error));
    findings = ok ? tw_triage_findings(t, &error) : NULL;
    ok = findings != NULL;
    if (!end(t, ok, start, findings, ok ? &error : &late)) {
        ok = false;
        g_clear_error(&late);
    }
    if (!ok) {
        return tw_cli_fail_error(error);
    }
    tw_triage_print(t, findings, o->json);
    if (!write_files(t, findings, o, &error)) {
        return tw_cli_fail_error(error);
    }
    code = tw_triage_code(t, findings, o->retest);
    return t->unreadable && code == TW_EXIT_CLEAN ? TW_EXIT_USAGE : code;
}

/* The target is that of the harness, unless one is named. */
static bool target_of_harness(Options *o)
{
    const char *harness = o->harness;
    const TwHarnessInfo *h;
    GError *error = NULL;

    if (!harness || strcmp(harness, "auto") == 0) {
        return true;
    }
    h = tw_cli_harness(harness, "auto");
    if (!h) {
        return false;
    }
    if (!tw_cli_target_given(&o->target, "target") && h->target[0]) {
        g_autofree char *name = tw_harness_target(h, &error);

        if (!name) {
            tw_cli_fail_error(error);
            return false;
        }
        tw_cli_target_set_name(&o->target, name);
    }
    return true;
}

/* The built-in list tells causes apart, also if what it explains is recorded.
 */
static bool load_known(Options *o)
{
    if (!tw_cli_known_load(&o->known)) {
        return false;
    }
    if (!o->known.list) {
        o->known.list = tw_known_new_builtin();
        o->keep = true;
    }
    for (char **name = o->without; name && *name; name++) {
        if (!tw_known_remove(o->known.list, *name)) {
            tw_cli_fail(TW_EXIT_USAGE,
                        "--without-known: expected the name of an entry of the "
                        "list, not \"%s\"",
                        *name);
            return false;
        }
    }
    return true;
}

/* --since RUN; true without it. */
static bool parse_since(TwTriage *t, const Options *o)
{
    uint64_t number = 0;

    if (!o->since) {
        return true;
    }
    if (!tw_cli_number("--since", o->since, &number)) {
        return false;
    }
    if (number == 0 || number > INT64_MAX) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "--since: expected the number of a run, "
                    "not %s",
                    o->since);
        return false;
    }
    t->since = (int64_t)number;
    return true;
}

static bool ready(const TwTriage *t, Options *o, int argc, int jobs, int raw)
{
    const char *wrong = NULL;

    if (o->retest && (argc > 1 || o->harness)) {
        wrong = "--retest: expected no files and no --harness, because it runs "
                "the cases in the store";
    } else if (!o->retest && argc < 2) {
        wrong = "triage: expected a folder or a file, or --retest";
    } else if (jobs < 1 || jobs > 1024) {
        wrong = "--jobs: expected 1 to 1024";
    } else if (raw < 1 || raw > 100000) {
        wrong = "--raw: expected 1 to 100000";
    } else if (t->label && !*t->label) {
        wrong = "--as: expected a name";
    } else if ((o->score || o->labels) &&
               (o->retest || o->harness || o->junit || o->sarif || o->out ||
                o->since || t->store_path || (o->score && o->labels))) {
        wrong = "--score, --label: expected one of them, with cases, and "
                "without --retest, --harness, --junit, --sarif, --out, "
                "--since and --store";
    }
    if (wrong) {
        tw_cli_fail(TW_EXIT_USAGE, "%s", wrong);
        return false;
    }
    return tw_cli_file_ready("--junit", o->junit) &&
           tw_cli_file_ready("--sarif", o->sarif) && target_of_harness(o) &&
           load_known(o);
}

static int read_and_triage(TwTriage *t, Options *o, int argc, char **argv)
{
    GError *error = NULL;

    t->words = tw_cli_target_words(&o->target);
    t->patience = tw_cli_target_patience(&o->target);
    t->target = o->target.options;
    t->timeout_ms = o->target.timeout_ms;
    t->known = o->known.list;
    t->keep_known = o->keep;
    t->warn = tw_triage_warn;
    t->progress = tw_triage_show;
    if (!t->label) {
        t->label = g_strdup(t->target.name);
    }
    if (!open_target(t, &error)) {
        return tw_cli_fail_error(error);
    }
    tw_cli_known_warn(&o->known);
    for (int i = 1; i < argc; i++) {
        if (!tw_triage_add(t, argv[i], o->harness, &error)) {
            tw_cli_fail_error(error);
            return TW_EXIT_USAGE;
        }
    }
    if (!o->retest && t->cases->len == 0 && t->unreadable > 0) {
        return TW_EXIT_USAGE;
    }
    tw_stop_on_signals();
    return o->labels  ? tw_triage_write_labels(t, o->labels)
           : o->score ? tw_triage_show_score(t, o->json)
                      : triage(t, o);
}

static void options_clear(Options *o)
{
    g_free(o->harness);
    g_free(o->junit);
    g_free(o->sarif);
    g_free(o->out);
    g_free(o->export);
    g_strfreev(o->without);
    g_free(o->labels);
    g_free(o->since);
    tw_cli_known_clear(&o->known);
    tw_cli_target_clear(&o->target);
}

static const char summary[] =
    "Groups raw findings by their cause. Raw findings are the cases that "
    "run saved or,\nwith --harness, the inputs that libFuzzer, AFL++ or "
    "ClusterFuzz saved. triage finds\nthe cause of each, shrinks one "
    "case of each key, and records one finding for each\ncause in a "
    "store. Then it runs the older findings of the store again, and "
    "prints\nwhich findings are new, known, returned or fixed. Exit code "
    "10 if a finding is new\nor returned (with --retest: if a key is not "
    "fixed).";

int tw_verb_triage(int argc, char **argv)
{
    g_autofree char *store = NULL, *time = NULL;
    TwTriage t = {
        .shrink = true, .seconds = TW_TRIAGE_SECONDS, .stop = tw_stop_asked()};
    Options o = {.json = FALSE};
    int jobs = (int)g_get_num_processors(), raw = TW_TRIAGE_RAW;
    int code = TW_EXIT_USAGE;
    gboolean no_min = FALSE;
    GOptionEntry entries[] = {
        {"store", 0, 0, G_OPTION_ARG_FILENAME, &store,
         "The store of findings (default " TW_CLI_STORE ")", "FILE"},
        {"as", 0, 0, G_OPTION_ARG_STRING, &t.label,
         "Name of the target in the store (default: its own)", "NAME"},
        {"harness", 0, 0, G_OPTION_ARG_STRING, &o.harness,
         "The files are inputs that an engine saved for this harness; auto: "
         "takes the harness from the file names of ClusterFuzz",
         "NAME"},
        {"retest", 0, 0, G_OPTION_ARG_NONE, &o.retest,
         "Reads no files: runs the cases in the store and prints which keys "
         "are fixed",
         NULL},
        {"since", 0, 0, G_OPTION_ARG_STRING, &o.since,
         "Findings are new if the store did not have them when run RUN began "
         "(default: when this triage began)",
         "RUN"},
        {"no-min", 0, 0, G_OPTION_ARG_NONE, &no_min,
         "Does not shrink cases; the next triage without this option does",
         NULL},
        {"time", 0, 0, G_OPTION_ARG_STRING, &time,
         "Shrinks each case for at most TIME "
         "(default " G_STRINGIFY(TW_TRIAGE_SECONDS) "s)",
         "TIME"},
        {"raw", 0, 0, G_OPTION_ARG_INT, &raw,
         "Keeps at most N raw cases of a key "
         "(default " G_STRINGIFY(TW_TRIAGE_RAW) ")",
         "N"},
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &jobs,
         "Number of worker processes (default: one per processor)", "N"},
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &o.out,
         "Writes a case and a text for an issue of each finding into this "
         "folder, as CAUSE.tw and CAUSE.md; of a flaky one the case alone",
         "DIR"},
        {"junit", 0, 0, G_OPTION_ARG_FILENAME, &o.junit,
         "Also writes a JUnit XML file", "FILE"},
        {"sarif", 0, 0, G_OPTION_ARG_FILENAME, &o.sarif,
         "Also writes a SARIF 2.1.0 file", "FILE"},
        {"score", 0, 0, G_OPTION_ARG_NONE, &o.score,
         "Uses no store: measures how well triage tells causes apart. Of the "
         "cases with a line \"# cause: NAME\", prints which causes triage "
         "found "
         "and the adjusted Rand index (1: perfectly; 0: as well as chance). "
         "Exit code 10 if it is below " G_STRINGIFY(TW_SCORE_INDEX),
         NULL},
        {"label", 0, 0, G_OPTION_ARG_FILENAME, &o.labels,
         "Uses no store: writes the cases that exactly one entry of the list "
         "of known divergences explains into this folder, with the name of the "
         "entry as a line \"# cause: NAME\"",
         "DIR"},
        TW_DAMAGED_ENTRIES(o.export, o.drop),
        {"json", 0, 0, G_OPTION_ARG_NONE, &o.json, "Prints JSON", NULL},
        TW_CLI_KNOWN_ENTRIES(o.known),
        {"without-known", 0, 0, G_OPTION_ARG_STRING_ARRAY, &o.without,
         "Takes this entry off the list: is what it explains new without it?",
         "NAME"},
        G_OPTION_ENTRY_NULL,
    };

    tw_triage_init(&t);
    if (!tw_cli_options(&argc, &argv, "[DIR|FILE...]", summary, entries,
                        &o.target)) {
        goto out;
    }
    t.store_path = store;
    if (!parse_since(&t, &o) || !ready(&t, &o, argc, jobs, raw) ||
        (time && !tw_cli_seconds("--time", time, &t.seconds))) {
        goto out;
    }
    t.store_path = store ? store : TW_CLI_STORE;
    t.shrink = !no_min;
    t.jobs = (unsigned)jobs;
    t.raw = (unsigned)raw;
    code = read_and_triage(&t, &o, argc, argv);
out:
    tw_triage_clear(&t);
    options_clear(&o);
    return code;
}
