/* SPDX-License-Identifier: MIT */
/*
 * The corners of the rules, 1 to 90: on softmmu in all its modes, each case of
 * corpus/corners has the outcomes of its notes (so have those of corpus/rules
 * and corpus/basics); the judge accepts these outcomes and no others; and each
 * bug or mutant after "broken by" breaks the case. Corners that no program can
 * express are tests in C, listed here.
 */
#include <string.h>

#include "fuzz/run/corner.h"
#include "fuzz/run/runner.h"
#include "program/ops.h"
#include "targets/softmmu/softmmu.h"
#include "targets/zoo/zoo.h"

enum { CORNERS = 90 };

/* Corners that no program can express: where they are tested, and what breaks
 * them there. */
typedef struct CTest {
    unsigned number;
    const char *file, *path;
    const char *broken_by; /* slugs, separated by commas; or "by hand" */
} CTest;

static const CTest c_tests[] = {
    {89, "targets/zoo/test-callback.c",
     "/corner/89/NT-13/translation-in-callback", "notify-before-change"},
    {0, NULL, NULL, NULL}, /* the end */
};

/* Modes -------------------------------------------------------------------- */

typedef struct Mode {
    const char *name;
    TwFlushMode flush;
    bool hide, check, rebuild;
} Mode;

static const Mode modes[] = {
    {"--flush all", TW_FLUSH_ALL_ENTRIES, false, false, false},
    {"--flush page", TW_FLUSH_PAGES, false, false, false},
    {"--check", TW_FLUSH_ALL_ENTRIES, false, true, false},
    {"--check --flush page", TW_FLUSH_PAGES, false, true, false},
    {"with all views rendered anew", TW_FLUSH_ALL_ENTRIES, false, false, true},
    {"--hide-locations", TW_FLUSH_ALL_ENTRIES, true, false, false},
};

enum { PLAIN, PAGES, FLUSHES };

static void tell(void *data, uint16_t op, const char *kind, const char *text)
{
    TwCornerTold told = {op, g_intern_string(kind)};

    (void)text;
    g_array_append_val((GArray *)data, told);
}

/* One run: its trace, what was told, and the verdict. */
typedef struct Result {
    TwTrace trace;
    GArray *told; /* of TwCornerTold */
    TwFinding finding;
} Result;

static Result result;
static TwOracle *oracle;

static TwVerdict judge(const TwCorner *corner, TwTarget *target,
                       const TwTrace *trace, TwFinding *finding)
{
    return tw_judge(oracle, &corner->program, tw_target_dialect(target),
                    tw_target_contract(target), "softmmu", trace, finding,
                    NULL);
}

static TwTarget *open_target(const char *name, const Mode *mode,
                             const TwTeller *teller)
{
    TwTargetOptions options = {.name = name,
                               .flush = mode->flush,
                               .hide_locations = mode->hide,
                               .check = mode->check,
                               .teller = teller};
    g_autoptr(GError) error = NULL;
    TwTarget *target = tw_target_open(&options, &error);

    g_assert_no_error(error);
    if (mode->rebuild) {
        tw_softmmu_set_full_rebuild(target, true);
    }
    return target;
}

/* On a target of its own. */
static TwVerdict run(const TwCorner *corner, const char *name, const Mode *mode)
{
    TwTeller teller = {tell, result.told};
    TwTarget *target = open_target(name, mode, &teller);
    TwVerdict verdict;

    g_array_set_size(result.told, 0);
    tw_target_run(target, &corner->program, &result.trace);
    verdict = judge(corner, target, &result.trace, &result.finding);
    tw_target_close(target);
    return verdict;
}

/* What softmmu does -------------------------------------------------------- */

/* Notes about reports are for the first mode. */
static void check_mode(const TwCorner *corner, unsigned mode)
{
    TwVerdict verdict = run(corner, "softmmu", &modes[mode]);
    g_autofree char *differs = NULL;

    if (!modes[mode].hide) {
        differs = tw_corner_differs(corner, &result.trace,
                                    mode == PLAIN ? result.told : NULL);
    }
    if (differs) {
        g_error("softmmu %s: %s", modes[mode].name, differs);
    }
    if (verdict != TW_VERDICT_AGREE && verdict != TW_VERDICT_AGREE_STALE) {
        g_error("softmmu %s: %s: %s: %s", modes[mode].name, corner->file,
                tw_verdict_name(verdict), result.finding.text);
    }
}

/* The judge demands what is noted ------------------------------------------ */

/* The trace in `result` was changed: the judge must see it. */
static void must_object(const TwCorner *corner, TwTarget *target,
                        const TwTrace *trace, unsigned op, const char *what)
{
    TwFinding finding;
    TwVerdict verdict = judge(corner, target, trace, &finding);

    if (!tw_verdict_is_finding(verdict)) {
        g_error("%s: op %u: with another %s the judge says %s", corner->file,
                op, what, tw_verdict_name(verdict));
    }
}

static bool has_mpc(const TwProgram *program)
{
    unsigned i = 0;

    while (i < program->n_iommus && program->iommus[i].kind != TW_IOMMU_MPC) {
        i++;
    }
    return i < program->n_iommus;
}

static void change_outcome(const TwCorner *corner, TwTarget *target,
                           TwTrace *trace, unsigned op)
{
    TwOutcome *o = &trace->outcomes[op], was = *o;
    TwLocation *at = &trace->locations[o->location];

    if (o->status != TW_STATUS_DONE ||
        !(tw_op_info(corner->program.script[op].code)->flags & TW_OP_ACCESS)) {
        o->status =
            o->status == TW_STATUS_DONE ? TW_STATUS_SKIPPED : TW_STATUS_DONE;
        must_object(corner, target, trace, op, "status");
        *o = was;
        if (corner->notes[op].value) { /* of a register (LA-33) */
            o->value ^= 1;
            must_object(corner, target, trace, op, "value");
            *o = was;
        }
        return;
    }
    o->class_ =
        o->class_ == TW_CLASS_LOOP ? TW_CLASS_PAGE_FAULT : TW_CLASS_LOOP;
    o->n_locations = 0;
    o->value = 0;
    must_object(corner, target, trace, op, "class");
    *o = was;
    if (o->class_ == TW_CLASS_OK || o->class_ == TW_CLASS_DISCARD) {
        o->class_ ^= TW_CLASS_OK ^ TW_CLASS_DISCARD;
        must_object(corner, target, trace, op, "class");
        *o = was;
    }
    if (o->n_locations > 0) {
        at->offset ^= 0x800;
        must_object(corner, target, trace, op, "location");
        at->offset ^= 0x800;
    }
    if (corner->notes[op].reason) {
        o->reason.kind = o->reason.kind == TW_REASON_ABSENT ? TW_REASON_RIGHTS
                                                            : TW_REASON_ABSENT;
        must_object(corner, target, trace, op, "reason");
        *o = was;
        if (o->reason.kind != TW_REASON_NONE) {
            o->reason.address++;
            must_object(corner, target, trace, op, "reason's address");
            *o = was;
        }
    }
    if (o->n_locations > 0 && has_mpc(&corner->program)) {
        o->n_locations = 0; /* what has none was blocked (LA-32) */
        must_object(corner, target, trace, op, "missing location");
        *o = was;
    }
    if (corner->notes[op].value) {
        o->value ^= 1;
        must_object(corner, target, trace, op, "value");
        *o = was;
    }
}

/* Takes record i of n away, and puts it back. */
#define WITHOUT(records, n, i, ...) \
    do { \
        __typeof__((records)[0]) was_ = (records)[i]; \
        memmove(&(records)[i], &(records)[(i) + 1], \
                ((n) - (i)-1) * sizeof((records)[0])); \
        (n)--; \
        __VA_ARGS__; \
        memmove(&(records)[(i) + 1], &(records)[i], \
                ((n) - (i)) * sizeof((records)[0])); \
        (n)++; \
        (records)[i] = was_; \
    } while (0)

static void change_records(const TwCorner *corner, TwTarget *target, TwTrace *t,
                           unsigned op)
{
    const TwCornerNote *note = &corner->notes[op];

    for (unsigned i = 0; note->events->len > 0 && i < t->n_events; i++) {
        if (t->events[i].op == op) {
            WITHOUT(t->events, t->n_events, i,
                    must_object(corner, target, t, op, "event"));
        }
    }
    for (unsigned i = 0; note->starts->len > 0 && i < t->n_started; i++) {
        if (t->started[i].op == op) {
            WITHOUT(t->started, t->n_started, i,
                    must_object(corner, target, t, op, "start"));
        }
    }
    if (note->no_starts) {
        unsigned at = t->n_started;
        while (at > 0 && t->started[at - 1].op > op) {
            t->started[at] = t->started[at - 1];
            at--;
        }
        t->started[at] = (TwStarted){.op = (uint16_t)op};
        t->n_started++;
        must_object(corner, target, t, op, "start");
        t->n_started--;
        memmove(&t->started[at], &t->started[at + 1],
                (t->n_started - at) * sizeof(t->started[0]));
    }
    for (unsigned i = 0; note->log->len > 0 && i < t->n_log; i++) {
        if (t->log[i].op == op) {
            WITHOUT(t->log, t->n_log, i,
                    must_object(corner, target, t, op, "log"));
        }
    }
    if (note->no_log) {
        unsigned at = 0;
        while (at < t->n_log && t->log[at].op <= op) {
            at++;
        }
        memmove(&t->log[at + 1], &t->log[at],
                (t->n_log - at) * sizeof(t->log[0]));
        t->log[at] = (TwLogRecord){.op = (uint16_t)op, .kind = TW_LOG_WRITE};
        t->n_log++;
        must_object(corner, target, t, op, "log");
        t->n_log--;
        memmove(&t->log[at], &t->log[at + 1],
                (t->n_log - at) * sizeof(t->log[0]));
    }
}

/* The oracle demands all notes that it can check. */
static void check_notes(const TwCorner *corner)
{
    TwTarget *target = open_target("softmmu", &modes[PLAIN], NULL);

    tw_target_run(target, &corner->program, &result.trace);
    for (unsigned op = 0; op < corner->program.n_script; op++) {
        if (corner->notes[op].outcome) {
            change_outcome(corner, target, &result.trace, op);
        }
        if (corner->notes[op].events) {
            change_records(corner, target, &result.trace, op);
        }
    }
    tw_target_close(target);
}

/* What breaks it ----------------------------------------------------------- */

static const TwZooBug *find_slug(const TwZooBug *bugs, unsigned n,
                                 const char *slug)
{
    for (unsigned i = 0; i < n; i++) {
        if (strcmp(bugs[i].slug, slug) == 0) {
            return &bugs[i];
        }
    }
    return NULL;
}

/* A mutant breaks a rule that the case names. */
static void check_slug(const TwCorner *corner, const char *slug)
{
    unsigned n_bugs, n_mutants;
    const TwZooBug *bugs = tw_zoo_bugs(&n_bugs),
                   *mutants = tw_zoo_mutants(&n_mutants),
                   *mutant = find_slug(mutants, n_mutants, slug);
    g_auto(GStrv) rules = NULL;
    bool common = false;

    if (!mutant) {
        if (!find_slug(bugs, n_bugs, slug)) {
            g_error("%s: broken by %s, which is neither bug nor mutant",
                    corner->file, slug);
        }
        return;
    }
    rules = g_strsplit(mutant->rules, ",", -1);
    for (char **rule = rules; *rule; rule++) {
        common |= g_strv_contains((const char *const *)corner->rules, *rule);
    }
    if (!common) {
        g_error("%s: broken by %s, which breaks %s: none of its rules",
                corner->file, slug, mutant->rules);
    }
}

/* In one of the modes the trace differs from a note, and is a finding. */
static void check_broken(const TwCorner *corner, const char *slug)
{
    g_autofree char *name = g_strconcat("zoo:", slug, NULL);
    bool differs = false, found = false;

    check_slug(corner, slug);
    for (unsigned mode = PLAIN; mode < FLUSHES && !found; mode++) {
        TwVerdict verdict = run(corner, name, &modes[mode]);
        g_autofree char *how = tw_corner_differs(
            corner, &result.trace, mode == PLAIN ? result.told : NULL);

        differs |= how != NULL;
        found = how && tw_verdict_is_finding(verdict);
    }
    if (!differs) {
        g_error("%s: %s does not break it", corner->file, name);
    }
    if (found == corner->silent) {
        g_error("%s: %s: the judge finds %s", corner->file, name,
                found ? "it, but is said to be silent" : "nothing");
    }
}

/* The tests ---------------------------------------------------------------- */

static void test_corner(gconstpointer data)
{
    const TwCorner *corner = data;

    for (unsigned mode = 0; mode < G_N_ELEMENTS(modes); mode++) {
        check_mode(corner, mode);
    }
    check_notes(corner);
    for (char **slug = corner->broken_by; *slug; slug++) {
        check_broken(corner, *slug);
    }
}

/* The test exists in the named file. */
static void test_c_test(gconstpointer data)
{
    const CTest *c = data;
    g_autofree char *file =
        g_build_filename(g_getenv("TWINWALK_SOURCE"), c->file, NULL);
    g_autofree char *quoted = g_strdup_printf("\"%s\"", c->path);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    g_file_get_contents(file, &text, NULL, &error);
    g_assert_no_error(error);
    g_assert_nonnull(strstr(text, quoted));
}

static void must_be_empty(const GString *missing, const char *what)
{
    if (missing->len > 0) {
        g_error("%s:%s", what, missing->str);
    }
}

/* Every corner has a test. */
static void test_all_there(gconstpointer data)
{
    const GPtrArray *corners = data;
    bool there[CORNERS + 1] = {false};
    g_autoptr(GString) missing = g_string_new(NULL);

    for (unsigned i = 0; i < corners->len; i++) {
        const TwCorner *corner = g_ptr_array_index(corners, i);

        g_assert_cmpuint(corner->number, <=, CORNERS);
        there[corner->number] = true; /* 0: one of a rule */
    }
    for (unsigned i = 0; c_tests[i].file; i++) {
        there[c_tests[i].number] = true;
    }
    for (unsigned i = 1; i <= CORNERS; i++) {
        if (!there[i]) {
            g_string_append_printf(missing, " %u", i);
        }
    }
    must_be_empty(missing, "corners without a test");
}

/* Does it break a corner? */
static bool breaks_one(const GPtrArray *corners, const char *slug)
{
    for (unsigned i = 0; i < corners->len; i++) {
        const TwCorner *corner = g_ptr_array_index(corners, i);

        if (g_strv_contains((const char *const *)corner->broken_by, slug)) {
            return true;
        }
    }
    for (unsigned i = 0; c_tests[i].file; i++) {
        g_auto(GStrv) slugs = g_strsplit(c_tests[i].broken_by, ",", -1);

        if (g_strv_contains((const char *const *)slugs, slug)) {
            return true;
        }
    }
    return false;
}

/* Every mutant breaks a corner. */
static void test_mutants(gconstpointer data)
{
    g_autoptr(GString) missing = g_string_new(NULL);
    unsigned n;
    const TwZooBug *mutants = tw_zoo_mutants(&n);

    for (unsigned i = 0; i < n; i++) {
        if (!breaks_one(data, mutants[i].slug)) {
            g_string_append_printf(missing, " %s", mutants[i].slug);
        }
    }
    must_be_empty(missing, "mutants that are said to break nothing");
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Adds all cases of a folder, by their names; each must be readable. */
static void load_all(GPtrArray *corners, const char *name)
{
    g_autofree char *folder =
        g_build_filename(g_getenv("TWINWALK_SOURCE"), "corpus", name, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    const char *file;

    g_assert_no_error(error);
    while ((file = g_dir_read_name(dir)) != NULL) {
        if (g_str_has_suffix(file, ".tw")) {
            g_ptr_array_add(files, g_strdup(file));
        }
    }
    g_ptr_array_sort(files, by_name);
    for (unsigned i = 0; i < files->len; i++) {
        TwCorner *corner =
            tw_corner_load(folder, g_ptr_array_index(files, i), &error);

        if (!corner) {
            g_error("%s", error->message);
        }
        /* Corners have numbers, all others the ids of rules. */
        g_assert_cmpint(corner->rule == NULL, ==, strcmp(name, "corners") == 0);
        g_ptr_array_add(corners, corner);
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GPtrArray) corners =
        g_ptr_array_new_with_free_func((GDestroyNotify)tw_corner_free);
    int code;

    g_test_init(&argc, &argv, NULL);
    load_all(corners, "corners");
    load_all(corners, "rules");
    load_all(corners, "basics");
    oracle = tw_oracle_new();
    result.told = g_array_new(FALSE, FALSE, sizeof(TwCornerTold));
    for (unsigned i = 0; i < corners->len; i++) {
        TwCorner *corner = g_ptr_array_index(corners, i);

        g_test_add_data_func(corner->path, corner, test_corner);
    }
    for (unsigned i = 0; c_tests[i].file; i++) {
        g_autofree char *path = g_strconcat(c_tests[i].path, "/is-there", NULL);

        g_test_add_data_func(path, &c_tests[i], test_c_test);
    }
    g_test_add_data_func("/corners/all-there", corners, test_all_there);
    g_test_add_data_func("/corners/mutants", corners, test_mutants);
    code = g_test_run();
    tw_oracle_free(oracle);
    g_array_unref(result.told);
    return code;
}
