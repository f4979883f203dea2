/* SPDX-License-Identifier: MIT */
/*
 * What is outside a target's dialect is `unsupported`, with the reason, and is
 * never run: for each field of TwDialect, cases that need it (test-dialects.h),
 * on a dialect without it, on a target in another process, and on all targets.
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/run/runner.h"
#include "fuzz/run/test-dialects.h"
#include "program/check.h"
#include "program/ops.h"
#include "program/text/text.h"
#include "targets/exec/greeting.h"
#include "targets/exec/serve.h"
#include "targets/zoo/zoo.h"

static char *self; /* path of this program */

/* Fields ------------------------------------------------------------------ */

static uint64_t get(const Row *row, const TwDialect *d)
{
    uint64_t value = 0;

    memcpy(&value, (const char *)d + row->field, MIN(row->size, 8));
    return value;
}

static void put(const Row *row, TwDialect *d, uint64_t value)
{
    memcpy((char *)d + row->field, &value, MIN(row->size, 8));
}

/* Does a dialect lack what case `one` of a row needs? */
static bool lacks(const Row *row, const Case *one, const TwDialect *d)
{
    const TwOpSet *ops = (const void *)((const char *)d + row->field);

    switch (row->kind) {
    case OPS:
        return !tw_ops_has(ops, one->bit);
    case NOT_OPS:
        return tw_ops_has(ops, one->bit);
    case BITS:
        return !(get(row, d) >> one->bit & 1);
    case MAY:
        return !get(row, d);
    case MUST:
        return get(row, d);
    case MOST:
        return get(row, d) < one->bit;
    case LEAST:
        return get(row, d) > one->bit;
    case BELOW:
        return get(row, d) != 0 && get(row, d) < one->bit;
    default:
        return false;
    }
}

/* The whole language but for that. */
static TwDialect without(const Row *row, const Case *one)
{
    TwDialect d = tw_dialect_full();
    TwOpSet *ops = (void *)((char *)&d + row->field);

    switch (row->kind) {
    case OPS:
        tw_ops_remove(ops, one->bit);
        break;
    case NOT_OPS:
        tw_ops_add(ops, one->bit);
        break;
    case BITS:
        put(row, &d, get(row, &d) & ~(UINT64_C(1) << one->bit));
        break;
    case MAY:
    case MUST:
        put(row, &d, row->kind == MUST);
        break;
    case MOST:
    case BELOW:
        put(row, &d, one->bit - 1u);
        break;
    case LEAST:
        put(row, &d, one->bit + 1u);
        break;
    default:
        break;
    }
    return d;
}

/* Every field has a row, in order: no more, since they ascend, and no less,
 * since the compiler counts them. */
static void test_rows(void)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wmissing-field-initializers"
#ifdef __clang__ /* braces suit arrays, structures and numbers */
#pragma GCC diagnostic ignored "-Wbraced-scalar-init"
#endif
#define ZERO(member, ...) {0},
    TwDialect counted = {TEST_DIALECT_ROWS(ZERO)};
#pragma GCC diagnostic pop

    (void)counted;
    for (unsigned i = 0; i < N_ROWS; i++) {
        if (i > 0) {
            g_assert_cmpuint(rows[i - 1].field, <, rows[i].field);
        }
        g_assert_true(rows[i].kind == NOTHING || rows[i].cases[0].script);
    }
}

/* Cases ------------------------------------------------------------------- */

/* In the script; or as what a device does when it is written to. */
static bool parse_case(const Case *one, bool by_device, TwProgram *program)
{
    const char *code = one->script + strspn(one->script, " ");
    g_autofree char *text = NULL;
    GError *error = NULL;

    if (!by_device) {
        text = g_strconcat("twinwalk 1\n", one->world, "script\n", one->script,
                           "\n", NULL);
    } else {
        unsigned op = tw_op_find(code, strcspn(code, " \n"));

        if (!tw_op_suits_during(tw_op_info(op)) || strchr(code, '\n')) {
            return false;
        }
        text = g_strconcat("twinwalk 1\n", one->world,
                           "region r20 mmio size 0x1000\nactor r20 0x0 ", code,
                           "\nscript\n", NULL);
    }
    tw_program_parse(program, text, strlen(text), one->script, TW_TEXT_STRICT,
                     NULL, NULL, &error);
    g_assert_no_error(error);
    return true;
}

typedef void (*OnCase)(const Row *row, const Case *one,
                       const TwProgram *program, void *data);

/* Calls `each` with every case of every row. */
static void all_cases(OnCase each, void *data)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);

    for (unsigned r = 0; r < N_ROWS; r++) {
        const Row *row = &rows[r];

        for (const Case *one = row->cases; one->script; one++) {
            for (unsigned by = 0; by < (row->kind == OPS ? 2 : 1); by++) {
                if (parse_case(one, by == 1, program)) {
                    each(row, one, program, data);
                }
            }
        }
    }
}

static void is_outside(const Row *row, const Case *one,
                       const TwProgram *program, void *data)
{
    TwDialect full = tw_dialect_full(), d = without(row, one);
    char why[160] = "";

    (void)data;
    if (!tw_dialect_admits(&full, program, why, sizeof(why))) {
        g_error("%s: %s: %s", row->name, one->script, why);
    }
    g_assert_false(lacks(row, one, &full));
    g_assert_true(lacks(row, one, &d));
    if (tw_dialect_admits(&d, program, why, sizeof(why)) || !why[0]) {
        g_error("%s: expected not to be admitted: %s", row->name, one->script);
    }
}

/* Each case is inside the whole language, and outside it without the field. */
static void test_dialects(void)
{
    all_cases(is_outside, NULL);
}

/* Targets ----------------------------------------------------------------- */

typedef struct Asked {
    TwRunner *runner;
    const char *name;
    unsigned refused;
} Asked;

static void expect_refused(TwRunner *runner, const char *target, const Row *row,
                           const TwProgram *program)
{
    TwFinding finding;

    tw_runner_run(runner, program, &finding, NULL, NULL);
    if (finding.verdict != TW_VERDICT_UNSUPPORTED || !finding.text[0] ||
        finding.key[0]) {
        g_autoptr(GString) text = g_string_new(NULL);

        tw_program_print(program, NULL, text);
        g_error("%s: %s: expected unsupported with a reason, got %s %s %s\n%s",
                target, row->name, tw_verdict_name(finding.verdict),
                finding.key, finding.text, text->str);
    }
}

static void ask_target(const Row *row, const Case *one,
                       const TwProgram *program, void *data)
{
    Asked *asked = data;

    if (lacks(row, one, tw_runner_dialect(asked->runner))) {
        expect_refused(asked->runner, asked->name, row, program);
        asked->refused++;
    }
}

/* How many cases does a target refuse?  0: it cannot be opened here. */
static unsigned refused_by(const char *name)
{
    TwTargetOptions options = {.name = name};
    g_autoptr(GError) error = NULL;
    g_autoptr(TwRunner) runner = tw_runner_new(&options, &error);
    Asked asked = {runner, name, 0};

    if (!runner) {
        g_assert_true(g_error_matches(error, TW_TARGET_ERROR,
                                      TW_TARGET_ERROR_ENVIRONMENT));
        return 0;
    }
    all_cases(ask_target, &asked);
    return asked.refused;
}

/* These need a newer library, or a newer QEMU, than others. */
static bool may_lack(const char *name)
{
    static const char *const names[] = {"unicorn-vtlb",
                                        "unicorn-snapshot",
                                        "qemu-smmuv3-nested",
                                        "qemu-riscv-iommu",
                                        "qemu-riscv-iommu-nested",
                                        "qemu-vtd-first",
                                        NULL};

    return g_strv_contains(names, name);
}

static void test_targets(void)
{
    for (const TwTargetClass *const *k = tw_target_classes(); *k; k++) {
        unsigned expected = refused_by("softmmu");

        if (strcmp((*k)->name, "zoo") == 0 || strcmp((*k)->name, "exec") == 0) {
            continue; /* below */
        }
        expected = refused_by((*k)->name);
        g_assert_true(expected > 10 || may_lack((*k)->name));
        if (strcmp((*k)->name, "unicorn") == 0) {
            g_assert_cmpuint(refused_by("unicorn:x86-64"), >=, expected);
            g_assert_cmpuint(refused_by("unicorn:riscv64"), >=, expected);
        }
    }
}

static void test_zoo(void)
{
    unsigned expected = refused_by("softmmu");
    const TwZooBug *bugs[2];
    unsigned n[2];

    bugs[0] = tw_zoo_bugs(&n[0]);
    bugs[1] = tw_zoo_mutants(&n[1]);
    for (unsigned list = 0; list < 2; list++) {
        for (unsigned i = 0; i < n[list]; i++) {
            g_autofree char *name =
                g_strconcat("zoo:", bugs[list][i].slug, NULL);

            g_assert_cmpuint(refused_by(name), ==, expected);
        }
    }
}

/* Another process --------------------------------------------------------- */

typedef struct Served {
    TwTarget target;
    TwDialect dialect;
} Served;

static const TwDialect *served_dialect(TwTarget *target)
{
    return &((Served *)target)->dialect;
}

static const TwContract *served_contract(TwTarget *target)
{
    static const TwContract contract = {
        .cpu_cache = true, .device_reads = true, .device_pieces = true};

    (void)target;
    return &contract;
}

static const char *served_version(TwTarget *target)
{
    (void)target;
    return "1";
}

/* It must not be asked. */
static bool served_run(TwTarget *target, const TwProgram *program,
                       TwTrace *trace)
{
    (void)target, (void)program, (void)trace;
    abort();
}

static const TwTargetClass served_class = {.name = "served",
                                           .dialect = served_dialect,
                                           .contract = served_contract,
                                           .version = served_version,
                                           .run = served_run};

static int serve(unsigned row, unsigned one)
{
    Served served = {{&served_class},
                     without(&rows[row], &rows[row].cases[one])};

    return !tw_exec_serve(&served.target, stdin, stdout, NULL);
}

/* Does the protocol tell that a dialect lacks it? */
static bool is_told(const Row *row, const Case *one)
{
    TwDialect d = without(row, one), told;
    g_autoptr(GString) text = g_string_new(NULL);
    char version[TW_GREETING_VERSION];
    TwContract contract = {
        .cpu_cache = true, .device_reads = true, .device_pieces = true};

    tw_greeting_print(&d, &contract, "1", text);
    return tw_greeting_parse(text->str, text->len, &told, &contract, version,
                             NULL) &&
           lacks(row, one, &told);
}

static void test_exec(void)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    unsigned asked = 0, untold = 0;

    for (unsigned r = 0; r < N_ROWS; r++) {
        unsigned n = 0;

        while (rows[r].cases[n].script &&
               !is_told(&rows[r], &rows[r].cases[n])) {
            n++;
        }
        if (rows[r].kind != NOTHING && rows[r].cases[n].script) {
            g_autofree char *name =
                g_strdup_printf("exec:'%s' serve %u %u", self, r, n);
            TwTargetOptions options = {.name = name};
            GError *error = NULL;
            g_autoptr(TwRunner) runner = tw_runner_new(&options, &error);

            g_assert_no_error(error);
            parse_case(&rows[r].cases[n], false, program);
            expect_refused(runner, name, &rows[r], program);
            asked++;
        } else { /* nothing to lack; setup-only: never said */
            untold += rows[r].kind == NOT_OPS;
            g_assert_true(rows[r].kind == NOTHING || rows[r].kind == NOT_OPS);
        }
    }
    g_assert_cmpuint(untold, ==, 1);
    g_assert_cmpuint(asked, >=, 48);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "serve") == 0) {
        return serve((unsigned)atoi(argv[2]), (unsigned)atoi(argv[3]));
    }
    self = g_canonicalize_filename(argv[0], NULL);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dialects/rows", test_rows);
    g_test_add_func("/dialects/all", test_dialects);
    g_test_add_func("/dialects/targets", test_targets);
    g_test_add_func("/dialects/zoo", test_zoo);
    g_test_add_func("/dialects/exec", test_exec);
    return g_test_run();
}
