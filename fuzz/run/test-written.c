/* SPDX-License-Identifier: MIT */
/*
 * What can be run can be written and read again: programs of every dialect, as
 * they are generated, decoded, mutated, crossed, and as triggers are avoided,
 * are well formed, and text and bytes give them back.
 */
#include <glib.h>
#include <string.h>

#include "fuzz/generate/generate.h"
#include "fuzz/mutate/mutate.h"
#include "program/bytes/bytes.h"
#include "program/legality.h"
#include "program/text/text.h"
#include "targets/target.h"
#ifdef TW_HAVE_UNICORN
#include "targets/unicorn/dialect.h"
#endif

static TwProgram program, other, crossed, avoiding, again;
static uint8_t bytes[TW_BYTES_MAX];

static void is_written(const char *how, const char *target, unsigned number,
                       const TwDialect *dialect, const TwProgram *p)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    char why[256] = "";

    if (!tw_program_check(p, why, sizeof(why)) ||
        !tw_dialect_admits(dialect, p, why, sizeof(why))) {
        g_error("%s, program %u of %s: %s", how, number, target, why);
    }
    tw_program_print(p, NULL, text);
    if (!tw_program_parse(&again, text->str, text->len, "text", TW_TEXT_STRICT,
                          NULL, NULL, &error)) {
        g_error("%s, program %u of %s: %s\n%s", how, number, target,
                error->message, text->str);
    }
    if (!tw_program_equal(p, &again)) {
        g_error("%s, program %u of %s: text gives another program:\n%s", how,
                number, target, text->str);
    }
    size_t size = tw_program_encode(p, bytes, sizeof(bytes), dialect);
    if (size > 0) { /* else it is too large for engines */
        tw_program_decode(&again, bytes, size, dialect);
        if (!tw_program_equal(p, &again)) {
            g_error("%s, program %u of %s: bytes give another program:\n%s",
                    how, number, target, text->str);
        }
    }
}

/* The same program, edited so that it meets none of the triggers `every`. */
static void avoid(const char *target, unsigned number, const TwDialect *dialect,
                  const TwTargetClass *klass, uint64_t every)
{
    if (every) {
        tw_program_copy(&avoiding, &program);
        klass->avoid(&avoiding, every);
        is_written("avoiding", target, number, dialect, &avoiding);
    }
}

static void of_dialect(const char *target, const TwDialect *dialect,
                       const TwTargetClass *klass)
{
    unsigned n = g_getenv("TW_LONG") ? 40000 : 400;
    uint64_t every = 0;

    for (unsigned k = 0; klass && klass->triggers && klass->triggers[k].name;
         k++) {
        every |= UINT64_C(1) << k;
    }
    tw_program_init(&other);
    for (unsigned i = 0; i < n; i++) {
        TwRng rng = tw_rng_for(9, i);

        tw_generate(&program, i % TW_MIXTURES, dialect, &rng);
        is_written("generated", target, i, dialect, &program);
        avoid(target, i, dialect, klass, every);
        for (unsigned k = 0; k < 4; k++) {
            tw_mutate(&program, dialect, (1u << TW_MIXTURES) - 1, &rng);
            is_written("mutated", target, i, dialect, &program);
        }
        avoid(target, i, dialect, klass, every);
        if (i > 0) {
            tw_crossover(&crossed, &program, &other, dialect, &rng);
            is_written("crossed", target, i, dialect, &crossed);
        }
        tw_program_copy(&other, &program);
    }
}

static void test_targets(void)
{
    for (const TwTargetClass *const *k = tw_target_classes(); *k; k++) {
        TwTargetOptions options = {.name = (*k)->name};
        TwTarget *target = tw_target_open(&options, NULL);

        if (target) {
            of_dialect((*k)->name, tw_target_dialect(target), *k);
            tw_target_close(target);
        }
    }
}

/* An MPC has at most 65536 blocks: pages that are blocks of a large one do not
 * become smaller. */
static void test_large_mpc(void)
{
    static const char text[] =
        "twinwalk 1\n"
        "page 512\n"
        "region r0 container size 2^64 root s0\n"
        "region r1 iommu size 0x2000000 in r0 at 0x0 iommu i0\n"
        "region r2 iommu size 0x1000 in r0 at 0x2000000 iommu i1\n"
        "iommu i0 mpc indexes 2 select secure to s0 blocked s0\n"
        "iommu i1 table granule 64 to s0\n"
        "cpu c0 tlb 1\n"
        "mmu c0.0 space s0\n"
        "script\n"
        "  read c0.0 0x2000000 1\n";
    TwTargetOptions options = {.name = "softmmu"};
    TwTarget *target = tw_target_open(&options, NULL);
    const TwTargetClass *klass = target->klass;
    TwFinding finding = {.op = 0};
    g_autoptr(GError) error = NULL;

    tw_program_parse(&program, text, strlen(text), "text", TW_TEXT_STRICT, NULL,
                     NULL, &error);
    g_assert_no_error(error);
    for (unsigned k = 0; klass->triggers[k].name; k++) {
        if (strcmp(klass->triggers[k].name, "small-granule") == 0) {
            uint64_t bit = UINT64_C(1) << k;

            g_assert_true(klass->triggers_met(&program, &finding) & bit);
            klass->avoid(&program, bit);
            g_assert_false(klass->triggers_met(&program, &finding) & bit);
            is_written("avoiding", "softmmu", 0, tw_target_dialect(target),
                       &program);
            tw_target_close(target);
            return;
        }
    }
    g_assert_not_reached();
}

/* The programs of a dialect that lacks something. */
static void narrowed(const char *what, const TwDialect *dialect)
{
    unsigned n = g_getenv("TW_LONG") ? 3000 : 60;

    for (unsigned i = 0; i < n; i++) {
        TwRng rng = tw_rng_for(10, i);

        tw_generate(&program, i % TW_MIXTURES, dialect, &rng);
        is_written("generated", what, i, dialect, &program);
        tw_mutate(&program, dialect, (1u << TW_MIXTURES) - 1, &rng);
        is_written("mutated", what, i, dialect, &program);
    }
}

/* Any target may come with any dialect: generators need nothing to be there. */
static void test_narrow(void)
{
    const TwDialect full = tw_dialect_full();
    TwDialect d;

    for (unsigned kind = TW_REGION_RAM; kind < TW_REGION_KINDS; kind++) {
        d = full;
        d.region_kinds &= ~(1u << kind);
        narrowed("a dialect without a kind of region", &d);
        d.region_kinds = 1u << TW_REGION_CONTAINER | 1u << kind;
        narrowed("a dialect with one kind of region", &d);
        d.identity_pages = true;
        narrowed("a flat dialect with one kind of region", &d);
    }
    for (unsigned code = 1; code < TW_OP_CODES; code++) {
        d = full;
        tw_ops_remove(&d.ops, code);
        narrowed("a dialect without an operation", &d);
    }
    for (unsigned most = 1; most <= 8; most *= 2) {
        d = full;
        d.max_regions = (uint8_t)most;
        narrowed("a dialect with few regions", &d);
        d = full;
        d.max_spaces = (uint8_t)most;
        narrowed("a dialect with few spaces", &d);
        d = full;
        d.max_setup = d.max_script = (uint16_t)most;
        narrowed("a dialect with few operations", &d);
        d = full;
        d.max_iommus = d.max_cpus = (uint8_t)(most / 2);
        narrowed("a dialect with few IOMMUs and CPUs", &d);
    }
}

static void test_language(void)
{
    const TwDialect full = tw_dialect_full();

    of_dialect("the language", &full, NULL);
}

/* Dialects of targets that need another version of a library. */
static void test_newer(void)
{
#ifdef TW_HAVE_UNICORN
    for (unsigned page_lg = 10; page_lg <= 12; page_lg++) {
        const TwDialect dialect = tw_uc_dialect(false, true, page_lg);

        of_dialect("unicorn-vtlb", &dialect,
                   tw_target_class_of("unicorn-vtlb"));
    }
    for (unsigned page_lg = 10; page_lg <= 12; page_lg += 2) {
        const TwDialect dialect = tw_uc_snapshot_dialect(page_lg);

        of_dialect("unicorn-snapshot", &dialect,
                   tw_target_class_of("unicorn-snapshot"));
    }
#endif
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/written/language", test_language);
    g_test_add_func("/written/targets", test_targets);
    g_test_add_func("/written/large-mpc", test_large_mpc);
    g_test_add_func("/written/newer", test_newer);
    g_test_add_func("/written/narrow", test_narrow);
    return g_test_run();
}
