/* SPDX-License-Identifier: MIT */
/* The list of known divergences: reading, selecting, matching, avoiding. */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "fuzz/generate/generate.h"
#include "fuzz/run/known.h"
#include "fuzz/run/runner.h"
#include "program/legality.h"
#include "targets/classes/options.h"

#define ENTRY(name) \
    "[" name "]\n" \
    "target=fake*\nversions=2.0.0 - 2.0.1\nkeys=StaFake*;PrmFakeRd\n" \
    "path=one;two\nreason=because\nlink=https://example.org/1\n" \
    "expires=2027-06-30\n"

static const TwTriggerInfo triggers[] = {
    {"zero", "bit 0", true},
    {"one", "bit 1", false},
    {"two", "bit 2", true},
    {NULL, NULL, false},
};

static uint64_t met_now, avoided;
static TwDialect everything;

static uint64_t met(const TwProgram *program, const TwFinding *finding)
{
    (void)program, (void)finding;
    return met_now;
}

static void avoid(TwProgram *program, uint64_t set)
{
    (void)program;
    avoided = set;
}

static const TwTargetClass fake = {
    .name = "fake", .triggers = triggers, .triggers_met = met, .avoid = avoid};

static TwKnown *known_of(const char *text)
{
    TwKnown *known = tw_known_new();
    GError *error = NULL;

    tw_known_add_text(known, text, strlen(text), "list", &error);
    g_assert_no_error(error);
    return known;
}

static bool selects(TwKnown *known, const char *target, const char *version)
{
    GError *error = NULL;

    g_assert_true(
        tw_known_select(known, &fake, &everything, target, version, &error));
    return tw_known_entry(known, 0)->active;
}

static void test_read(void)
{
    g_autoptr(TwKnown) known = known_of(ENTRY("a") ENTRY("b"));
    const TwKnownEntry *e = tw_known_entry(known, 1);

    g_assert_cmpuint(tw_known_n_entries(known), ==, 2);
    g_assert_cmpstr(e->name, ==, "b");
    g_assert_cmpstr(e->reason, ==, "because");
    g_assert_cmpint(g_date_get_month(&e->expires), ==, 6);
    g_assert_cmpuint(tw_known_n_entries(NULL), ==, 0);
}

/* Each mistake: a text of an entry, its replacement, and the message. */
static void test_mistakes(void)
{
    static const struct {
        const char *old, *new, *said;
    } mistakes[] = {
        {"target=fake*\n", "", "list: [a] target: expected a value"},
        {"target=fake*", "target=", "list: [a] target: expected a value"},
        {"2.0.0 - 2.0.1", "new ones", "list: [a] versions: expected \"2.0.1\""},
        {"2.0.0 - 2.0.1", "-", "list: [a] versions: expected"},
        {"StaFake*;", "Sta Fake;", "list: [a] keys: expected letters"},
        {"keys=StaFake*;PrmFakeRd\n", "", "list: [a] keys: expected one"},
        {"path=one;two\n", "path=\n", "list: [a] path: expected one"},
        {"reason=because\n", "", "list: [a] reason: expected a value"},
        {"link=https://example.org/1\n", "", "list: [a] link: expected"},
        {"2027-06-30", "2027-02-30", "list: [a] expires: expected a day"},
        {"2027-06-30", "30.6.2027", "list: [a] expires: expected a day"},
        {"reason=", "excuse=x\nreason=", "list: [a] excuse: expected target"},
        {"reason=", "outcome=ok\nreason=",
         "list: [a] outcome: expected \"same\" or \"other\""},
        {"reason=", "outcome=\nreason=", "list: [a] outcome: expected a value"},
        {"[a]\n", "", "list: expected a key file"},
        {"[a]\n", "[a]\nhello\n", "list: expected a key file"},
        {"because", "be\xff", "list: expected UTF-8"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        g_autoptr(TwKnown) known = known_of(ENTRY("before"));
        g_autoptr(GString) text = g_string_new(ENTRY("a"));
        g_autoptr(GError) error = NULL;

        g_assert_cmpuint(
            g_string_replace(text, mistakes[i].old, mistakes[i].new, 1), ==, 1);
        g_assert_false(
            tw_known_add_text(known, text->str, text->len, "list", &error));
        g_assert_true(g_str_has_prefix(error->message, mistakes[i].said));
        g_assert_null(strchr(error->message, '\n'));
        g_assert_cmpuint(tw_known_n_entries(known), ==, 1);
    }
}

static void test_names(void)
{
    g_autoptr(TwKnown) known = known_of(ENTRY("a"));
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) many = g_string_new(NULL);

    for (unsigned i = 0; i < TW_MAX_KNOWN; i++) {
        g_string_append_printf(many, ENTRY("n%u"), i);
    }
    g_assert_false(
        tw_known_add_text(known, many->str, many->len, "more", &error));
    g_assert_nonnull(strstr(error->message, "expected at most 128 entries"));
    g_assert_cmpuint(tw_known_n_entries(known), ==, 1);
    g_clear_error(&error);
    g_assert_false(tw_known_add_file(known, "/no/such/list", &error));
    g_assert_nonnull(strstr(error->message, "/no/such/list"));
}

/* An entry for a class is one for its targets with an argument, too. */
static void test_classes(void)
{
    static const struct {
        const char *target, *name;
        bool in;
    } rows[] = {
        {"fake", "fake", true},      {"fake", "fake:x", true},
        {"fake:x", "fake:x", true},  {"fake:x", "fake", false},
        {"fake:x", "fake:y", false}, {"other", "fake:x", false},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) text = g_string_new(ENTRY("a"));
        g_autoptr(TwKnown) known = NULL;

        g_string_replace(text, "fake*", rows[i].target, 1);
        known = known_of(text->str);
        g_assert_cmpint(selects(known, rows[i].name, "2.0.1"), ==, rows[i].in);
    }
}

static void test_versions(void)
{
    static const struct {
        const char *range, *version;
        bool in;
    } rows[] = {
        {"2.0.0 - 2.0.1", "2.0.0", true},
        {"2.0.0 - 2.0.1", "2.0.1", true},
        {"2.0.0 - 2.0.1", "2.0.2", true}, /* newer than the list */
        {"2.0.0 - 2.0.1", "1.9.9", false},
        {"2.0.0-2.0.1", "2.0.10", true},
        {"2.0.9 -", "2.0.10", true},
        {"- 2.1", "2.1", true},
        {"- 2.1", "2.1.1", true},
        {"2.0.1", "2.0.1", true},
        {"2.0.1", "2.0.1.post1", true},
        {"2.0.1", "2.0.0", false},
        {"*", "77", true},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) text = g_string_new(ENTRY("a"));
        g_autoptr(TwKnown) known = NULL;

        g_string_replace(text, "2.0.0 - 2.0.1", rows[i].range, 1);
        known = known_of(text->str);
        g_test_message("%s in %s", rows[i].version, rows[i].range);
        g_assert_cmpint(selects(known, "fake", rows[i].version), ==,
                        rows[i].in);
    }
}

/* An entry of a later list takes the place of one of the same name. */
static void test_replace(void)
{
    g_autoptr(TwKnown) known = known_of(ENTRY("a") ENTRY("b"));
    g_autoptr(GString) text = g_string_new(ENTRY("a") ENTRY("c"));
    static TwProgram program;
    TwFinding finding = {.key = "StaFake"};

    tw_program_init(&program);
    met_now = UINT64_MAX;
    selects(known, "fake", "2.0.1");
    g_assert_cmpint(tw_known_match(known, &program, &finding), ==, 0);
    g_string_replace(text, "because", "another", 1);
    g_string_replace(text, "StaFake*", "StaOther", 1);
    g_assert_true(tw_known_add_text(known, text->str, text->len, "more", NULL));
    g_assert_cmpuint(tw_known_n_entries(known), ==, 3);
    g_assert_cmpstr(tw_known_entry(known, 0)->name, ==, "a");
    g_assert_cmpstr(tw_known_entry(known, 0)->reason, ==, "another");
    g_assert_cmpstr(tw_known_entry(known, 2)->name, ==, "c");
    selects(known, "fake", "2.0.1");
    g_assert_cmpint(tw_known_match(known, &program, &finding), ==, 1);
}

/* A version that no entry of a list names counts as the newest that one does:
 * the newest of the emulator, not of an entry. */
static void test_newer(void)
{
    static const struct {
        const char *version;
        bool a, b, old;
        const char *told;
    } rows[] = {
        {"2.0.1", true, false, true, NULL},
        {"2.0.5", false, true, false, NULL},
        {"2.1", false, true, false,
         "fake 2.1 is newer than the known divergences (list: 2.0.5): the "
         "entries for 2.0.5 are used, and may not be right any more"},
    };
    g_autoptr(TwKnown) known = NULL;
    g_autoptr(GString) text = g_string_new(ENTRY("a") ENTRY("b") ENTRY("old"));
    char *last = strstr(text->str, "[b]");

    memcpy(strstr(last, "2.0.0 - 2.0.1"), "2.0.3 - 2.0.5", 13);
    known = known_of(text->str);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_cmpint(selects(known, "fake", rows[i].version), ==, rows[i].a);
        g_assert_cmpint(tw_known_entry(known, 1)->active, ==, rows[i].b);
        g_assert_cmpint(tw_known_entry(known, 2)->active, ==, rows[i].old);
        g_assert_cmpstr(tw_known_newer(known, 0), ==, rows[i].told);
        g_assert_null(tw_known_newer(known, 1));
    }
    /* Nothing is told of a list without entries for the target. */
    selects(known, "other", "7");
    g_assert_null(tw_known_newer(known, 0));
    g_assert_null(tw_known_newer(NULL, 0));
}

/* Each list has its own newest version; so a list can take an entry back. */
static void test_newer_lists(void)
{
    g_autoptr(TwKnown) known = known_of(ENTRY("a") ENTRY("b"));
    g_autoptr(GString) text = g_string_new(ENTRY("b") ENTRY("mine"));
    char *mine = strstr(text->str, "[mine]");

    memcpy(strstr(mine, "2.0.0 - 2.0.1"), "2.2.0 - 2.2.1", 13);
    g_assert_true(tw_known_add_text(known, text->str, text->len, "more", NULL));
    g_assert_true(selects(known, "fake", "2.2.1")); /* a: as 2.0.1 */
    g_assert_false(tw_known_entry(known, 1)->active);
    g_assert_true(tw_known_entry(known, 2)->active);
    g_assert_nonnull(strstr(tw_known_newer(known, 0), "(list: 2.0.1)"));
    g_assert_null(tw_known_newer(known, 1));
}

static TwTarget *no_other(TwTarget *target)
{
    (void)target;
    return NULL;
}

/* Of two configurations each entry is for the one with its version. */
static void test_two_versions(void)
{
    static const TwTargetClass two = {.name = "fake",
                                      .triggers = triggers,
                                      .triggers_met = met,
                                      .avoid = avoid,
                                      .other = no_other};
    g_autoptr(TwKnown) known = known_of(ENTRY("a"));
    static TwProgram program;
    TwFinding finding = {.key = "PrmFakeRd"};

    tw_program_init(&program);
    for (unsigned first = 0; first < 2; first++) {
        for (unsigned second = 0; second < 2; second++) {
            g_autofree char *version =
                g_strdup_printf("%s against %s", first ? "2.0.1" : "1.9",
                                second ? "2.0.0" : "1.8");

            g_assert_true(tw_known_select(known, &two, &everything, "fake",
                                          version, NULL));
            g_assert_cmpint(tw_known_entry(known, 0)->active, ==,
                            first || second);
            met_now = UINT64_MAX;
            finding.other = false;
            g_assert_cmpint(tw_known_match(known, &program, &finding), ==,
                            first ? 0 : -1);
            finding.other = true;
            g_assert_cmpint(tw_known_match(known, &program, &finding), ==,
                            second ? 0 : -1);
            /* A class without another configuration has one version. */
            g_assert_cmpint(selects(known, "fake", version), ==, first);
        }
    }
}

static void test_select(void)
{
    g_autoptr(TwKnown) known = known_of(ENTRY("a"));
    g_autoptr(TwKnown) lost = NULL;
    g_autoptr(GString) text = g_string_new(ENTRY("a"));
    g_autoptr(GError) error = NULL;

    g_assert_true(selects(known, "fake:x86", "2.0.1"));
    g_assert_cmphex(tw_known_entry(known, 0)->triggers, ==, 6);
    g_assert_false(selects(known, "other", "2.0.1"));
    g_string_replace(text, "one;two", "one;three", 1);
    lost = known_of(text->str);
    g_assert_false(
        tw_known_select(lost, &fake, &everything, "fake", "2.0.1", &error));
    g_assert_cmpstr(error->message, ==,
                    "[a] path: expected triggers of fake, not \"three\"");
}

static int match(const TwKnown *known, const char *key, uint64_t triggers_met)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    TwFinding finding = {.verdict = TW_VERDICT_STALE};

    tw_program_init(program);
    g_strlcpy(finding.key, key, sizeof(finding.key));
    met_now = triggers_met;
    return tw_known_match(known, program, &finding);
}

static void test_match(void)
{
    g_autoptr(TwKnown) known = known_of(ENTRY("a"));

    g_assert_cmpint(match(known, "StaFakeRdRam", 2), ==, -1); /* none chosen */
    g_assert_true(selects(known, "fake", "2.0.1"));
    g_assert_cmpint(match(known, "StaFakeRdRam", 2), ==, 0);
    g_assert_cmpint(match(known, "StaFakeRdRam", 4), ==, 0);
    g_assert_cmpint(match(known, "PrmFakeRd", 6), ==, 0);
    g_assert_cmpint(match(known, "PrmFakeRdMio", 6), ==, -1);
    g_assert_cmpint(match(known, "StaFakeRdRam", 1), ==, -1);
    g_assert_cmpint(match(known, "StaFakeRdRam", 0), ==, -1);
    g_assert_cmpint(match(NULL, "StaFakeRdRam", 7), ==, -1);
    g_assert_false(selects(known, "fake", "1.0"));
    g_assert_cmpint(match(known, "StaFakeRdRam", 7), ==, -1);
}

/* An entry may be for findings with one kind of outcome only. */
static void test_outcome(void)
{
    static const struct {
        const char *text;
        bool same;
    } rows[] = {
        {"op 0: read c0.0 0x0 1\nexpected: ok r0+0x0\nseen: ok\nwrong", true},
        {"op 0: write c0.0 0x0 1\nexpected: ok\nseen: ok", true},
        {"op 0\nexpected: page-fault denied\nseen: page-fault value 0x0", true},
        {"op 0\nexpected: page-fault denied\nseen: ok value 0x1", false},
        {"op 0\nexpected: ok r0+0x0\nor: page-fault\nseen: page-fault", false},
        {"op 0\nexpected: ok\nseen: ok-not", false},
        {"died of signal 6", false},
        {"the end state\nthe bytes of r0 are others", false},
    };
    g_autoptr(GString) same = g_string_new(ENTRY("a"));
    g_autoptr(GString) other = g_string_new(ENTRY("b"));
    g_autoptr(TwKnown) known = NULL;
    static TwProgram program;

    g_string_replace(same, "reason=", "outcome=same\nreason=", 1);
    g_string_replace(other, "reason=", "outcome=other\nreason=", 1);
    g_string_append(same, other->str);
    known = known_of(same->str);
    tw_program_init(&program);
    met_now = UINT64_MAX;
    g_assert_true(selects(known, "fake", "2.0.1"));
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        TwFinding finding = {.key = "StaFakeRdRam"};

        g_strlcpy(finding.text, rows[i].text, sizeof(finding.text));
        g_assert_cmpint(tw_known_match(known, &program, &finding), ==,
                        rows[i].same ? 0 : 1);
        g_assert_cmpint(tw_known_fits_outcome(known, 0, &finding), ==,
                        rows[i].same);
    }
}

/* Most programs avoid all, some all but one, some none. */
static void test_avoid(void)
{
    g_autoptr(TwKnown) known = known_of(ENTRY("a"));
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    TwRng rng = tw_rng_for(1, 1);
    unsigned all = 0, but_one = 0, none = 0;

    tw_program_init(program);
    g_assert_true(selects(known, "fake", "2.0.1"));
    for (unsigned i = 0; i < 1600; i++) {
        avoided = 0;
        tw_known_avoid(known, program, &rng);
        all += avoided == 6;
        but_one += avoided == 2 || avoided == 4;
        none += avoided == 0;
    }
    g_assert_cmpuint(all + but_one + none, ==, 1600);
    g_assert_cmpuint(all, >, 1300);
    g_assert_cmpuint(but_one, >, 40);
    g_assert_cmpuint(none, >, 40);
    tw_known_avoid(NULL, NULL, &rng);
}

/* The triggers of a program that the target refuses are not looked up. */
static void test_refused(void)
{
    g_autoptr(TwKnown) known = known_of(ENTRY("a"));
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    TwDialect narrow = tw_dialect_full();
    TwRng rng = tw_rng_for(1, 1);
    TwFinding finding = {.verdict = TW_VERDICT_CRASH, .key = "StaFakeRdRam"};
    uint64_t met[TW_MAX_KNOWN] = {0};
    GError *error = NULL;

    narrow.contents = 1u << TW_CONTENTS_DATA;
    g_assert_true(
        tw_known_select(known, &fake, &narrow, "fake", "2.0.1", &error));
    met_now = 7;
    for (unsigned code = 0; code < 2; code++) {
        tw_program_init(program);
        program->contents = code ? TW_CONTENTS_CODE : TW_CONTENTS_DATA;
        g_assert_cmpint(tw_known_match(known, program, &finding), ==,
                        code ? -1 : 0);
        met[0] = 0;
        tw_known_count_met(known, program, met);
        g_assert_cmpuint(met[0], ==, code ? 0 : 1);
        avoided = 0;
        tw_known_avoid_all(known, program);
        g_assert_cmphex(avoided, ==, code ? 0 : 6);
        avoided = 0;
        tw_known_avoid_deadly(known, program); /* of those on the list */
        g_assert_cmphex(avoided, ==, code ? 0 : 4);
        avoided = 0;
        for (unsigned i = 0; i < 64; i++) {
            tw_known_avoid(known, program, &rng);
        }
        g_assert_true((avoided == 0) == (code == 1));
    }
}

/* The programs of a target, after editing, meet no trigger and stay inside the
 * dialect; then the target agrees with the oracle.  Returns the triggers that
 * they met before; false: the target cannot be opened. */
static bool edit_programs(const TwTargetClass *klass, const char *name,
                          bool wide, uint64_t every, uint64_t *ever)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autofree TwProgram *again = g_new(TwProgram, 1);
    TwTargetOptions options = {.name = name, .wide = wide};
    TwFinding all = {.op = TW_NO_OP};
    g_autoptr(GError) error = NULL;
    g_autoptr(TwRunner) runner = tw_runner_new(&options, &error);

    if (runner == NULL && /* not with this version of the library */
        g_error_matches(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT)) {
        return false;
    }
    g_assert_no_error(error);
    for (unsigned i = 0; i < 3000; i++) {
        const TwDialect *dialect = tw_runner_dialect(runner);
        TwRng rng = tw_rng_for(79, i);
        char why[160] = "";
        TwFinding finding;

        tw_generate(program, i % TW_PROFILES, dialect, &rng);
        *ever |= klass->triggers_met(program, &all);
        g_assert_cmphex(*ever & ~every, ==, 0);
        klass->avoid(program, every);
        g_assert_cmphex(klass->triggers_met(program, &all), ==, 0);
        if (!tw_program_check(program, why, sizeof(why)) ||
            !tw_dialect_admits(dialect, program, why, sizeof(why))) {
            g_error("program %u: %s", i, why);
        }
        tw_program_copy(again, program);
        klass->avoid(again, every);
        g_assert_true(tw_program_equal(program, again));
        if (i % 10 == 0) {
            g_assert_false(tw_verdict_is_finding(
                tw_runner_run(runner, program, &finding, NULL, NULL)));
        }
    }
    return true;
}

/* Real targets, each with another one whose programs meet what its own do
 * not. */
static void test_targets(void)
{
    static const struct {
        const char *klass, *also;
    } more[] = {{"unicorn", "unicorn:x86-64"},
                {"unicorn-ab", "unicorn:x86-64"}, /* its list is the same */
                {"qemu-ab", "qemu-ab:riscv64"}};
    unsigned with = 0, opened = 0;

    for (const TwTargetClass *const *k = tw_target_classes(); *k; k++) {
        uint64_t every = 0, ever = 0;
        unsigned n = 0;

        if ((*k)->triggers == NULL) {
            continue;
        }
        while ((*k)->triggers[n].name) {
            every |= UINT64_C(1) << n++;
        }
        g_assert_cmpuint(n, <=, TW_MAX_TRIGGERS);
        with++;
        if (!edit_programs(*k, (*k)->name, false, every, &ever)) {
            continue;
        }
        opened++;
        for (unsigned i = 0; i < G_N_ELEMENTS(more); i++) {
            if (strcmp((*k)->name, more[i].klass) == 0) {
                edit_programs(*k, more[i].also, false, every, &ever);
            }
        }
        if (tw_target_option_of(*k, "wide")) {
            edit_programs(*k, (*k)->name, true, every, &ever);
        }
        g_assert_cmphex(ever, ==, every); /* or nothing was tested */
    }
    g_assert_true(opened >= 2 || with == 0);
}

static void test_builtin(void)
{
    g_autoptr(TwKnown) known = tw_known_new_builtin();
    GError *error = NULL;

    g_assert_cmpuint(tw_known_n_entries(known), >, 0);
    for (const TwTargetClass *const *k = tw_target_classes(); *k; k++) {
        tw_known_select(known, *k, &everything, (*k)->name, "2.0.1", &error);
        g_assert_no_error(error);
    }
}

int main(int argc, char **argv)
{
    everything = tw_dialect_full();
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/known/read", test_read);
    g_test_add_func("/known/mistakes", test_mistakes);
    g_test_add_func("/known/names", test_names);
    g_test_add_func("/known/classes", test_classes);
    g_test_add_func("/known/versions", test_versions);
    g_test_add_func("/known/replace", test_replace);
    g_test_add_func("/known/newer", test_newer);
    g_test_add_func("/known/newer-lists", test_newer_lists);
    g_test_add_func("/known/two-versions", test_two_versions);
    g_test_add_func("/known/select", test_select);
    g_test_add_func("/known/match", test_match);
    g_test_add_func("/known/outcome", test_outcome);
    g_test_add_func("/known/avoid", test_avoid);
    g_test_add_func("/known/refused", test_refused);
    g_test_add_func("/known/targets", test_targets);
    g_test_add_func("/known/builtin", test_builtin);
    return g_test_run();
}
