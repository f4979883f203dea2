/* SPDX-License-Identifier: MIT */
/* Programs of growing size, and the time that each takes. */
#include "reports/measure/scale.h"

#include <math.h>

#include "fuzz/run/runner.h"
#include "program/text/text.h"
#include "reports/measure/timing.h"

/* Operations of the script where the script does not grow. */
enum { OPERATIONS = 64 };

/* How the parts of a program are called, and the least and greatest size. */
static const struct Part {
    const char *name;
    unsigned least, most;
} parts[TW_SCALE_PARTS] = {
    [TW_SCALE_REGIONS] = {"regions", 4, TW_MAX_REGIONS - 2},
    [TW_SCALE_ALIASES] = {"aliases", 4, TW_MAX_REGIONS - 14},
    [TW_SCALE_NESTING] = {"nesting", 4, TW_MAX_REGIONS - 2},
    [TW_SCALE_HOPS] = {"hops", 1, TW_MAX_IOMMUS - 1},
    [TW_SCALE_IOMMUS] = {"iommus", 1, TW_MAX_IOMMUS - 1},
    [TW_SCALE_CPUS] = {"cpus", 1, TW_MAX_CPUS},
    [TW_SCALE_MAPS] = {"maps", 8, TW_MAX_SETUP - 512},
    [TW_SCALE_PAGES] = {"pages", 8, TW_MAX_SETUP - 512},
    [TW_SCALE_SCRIPT] = {"script", 48, TW_MAX_SCRIPT},
};

const char *tw_scale_name(TwScalePart part)
{
    return parts[part].name;
}

/* The sizes of a part; returns how many. */
static unsigned sizes_of(TwScalePart part, unsigned size[TW_SCALE_SIZES])
{
    unsigned n = 0;

    for (unsigned next = parts[part].least;
         next < parts[part].most && n + 1 < TW_SCALE_SIZES; next *= 2) {
        size[n++] = next;
    }
    size[n++] = parts[part].most;
    return n;
}

/* Programs ----------------------------------------------------------------- */

/* A program in the making: lines of its setup and script stand apart. */
typedef struct Draft {
    GString *objects, *setup, *script;
} Draft;

#define OBJECT(d, ...) g_string_append_printf((d)->objects, __VA_ARGS__)
#define SETUP(d, ...) g_string_append_printf((d)->setup, __VA_ARGS__)
#define SCRIPT(d, ...) g_string_append_printf((d)->script, __VA_ARGS__)

/* c`cpu` reaches `n` leaves of 4 KiB, which are 8 KiB apart, by as many pages.
 */
static void pages(Draft *d, unsigned cpu, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        SETUP(d, "  page c%u.0 0x%x -> 0x%x size 0x1000 rwx\n", cpu, i * 0x1000,
              i * 0x2000);
    }
}

/* Operation i of the script: stores and loads in `pages` pages, in turn by
 * `cpus` CPUs; and now and then a change of the topology (`region`), or of an
 * IOMMU that is told (`iommus`). */
static void operation(Draft *d, unsigned i, unsigned pages, unsigned cpus,
                      unsigned region, unsigned iommus)
{
    unsigned page = i * 7 % pages;

    if (i % 16 == 15) {
        SCRIPT(d, "  enable r%u %s\n", region, i % 32 == 15 ? "off" : "on");
    } else if (i % 8 == 7 && iommus > 0) {
        SCRIPT(d, "  protect i%u.0 0x0..0xfff %s notified\n", i / 8 % iommus,
               i % 16 == 7 ? "r" : "rw");
    } else {
        SCRIPT(d, "  %s c%u.0 0x%x 4\n", i % 3 == 0 ? "write" : "read",
               i % cpus, page * 0x1000 + i % 64 * 8);
    }
}

static void operations(Draft *d, unsigned n, unsigned pages, unsigned cpus,
                       unsigned region, unsigned iommus)
{
    for (unsigned i = 0; i < n; i++) {
        operation(d, i, pages, cpus, region, iommus);
    }
}

static void draft_regions(Draft *d, unsigned n)
{
    OBJECT(d, "region r0 container size 2^64 root s0\n");
    for (unsigned i = 0; i < n; i++) {
        OBJECT(d, "region r%u ram size 0x1000 in r0 at 0x%x\n", i + 1,
               i * 0x2000);
    }
    pages(d, 0, n);
    operations(d, OPERATIONS, n, 1, 1, 0);
}

static void draft_aliases(Draft *d, unsigned n)
{
    OBJECT(d, "region r0 container size 2^64 root s0\n"
              "region r1 container size 0x4000\n");
    for (unsigned i = 0; i < 2; i++) {
        OBJECT(d, "region r%u ram size 0x1000 in r1 at 0x%x\n", i + 2,
               i * 0x2000);
    }
    for (unsigned i = 0; i < n; i++) {
        OBJECT(d, "region r%u alias size 0x4000 of r1 in r0 at 0x%x\n", i + 4,
               i * 0x4000);
    }
    pages(d, 0, n);
    operations(d, OPERATIONS, n, 1, 2, 0);
}

static void draft_nesting(Draft *d, unsigned n)
{
    OBJECT(d, "region r0 container size 2^64 root s0\n");
    for (unsigned i = 1; i <= n; i++) {
        OBJECT(d, "region r%u %s size 0x100000 in r%u at 0x0\n", i,
               i == n ? "ram" : "container", i - 1);
    }
    pages(d, 0, 8);
    operations(d, OPERATIONS, 8, 1, n, 0);
}

/* s0 is where the IOMMUs of it stand; `hops` of them one behind the other, or
 * `side` side by side, each with a space and a RAM. */
static void draft_iommus(Draft *d, unsigned hops, unsigned side, unsigned cpus,
                         unsigned entries)
{
    unsigned r = 0, n = MAX(hops, side);

    for (unsigned s = 0; s < (hops ? hops : 1); s++) {
        unsigned root = r++;

        OBJECT(d, "region r%u container size 2^64 root s%u\n", root, s);
        for (unsigned i = 0; i < (hops ? 1 : side); i++) {
            OBJECT(d, "region r%u iommu size 0x%x in r%u at 0x%x iommu i%u\n",
                   r++, hops ? 0x400000 : 0x1000 * MAX(entries, 1), root,
                   hops ? 0 : i * 0x2000, s + i);
        }
    }
    for (unsigned i = 0; i < (hops ? 1 : side); i++) {
        OBJECT(d, "region r%u ram size 0x%x root s%u\n", r++,
               hops || entries > 1 ? 0x400000 : 0x1000, hops ? hops : i + 1);
    }
    for (unsigned i = 0; i < n; i++) {
        for (unsigned e = 0; e < MAX(entries, hops ? 16 : 1); e++) {
            SETUP(d, "  map i%u.0 0x%x..0x%x -> s%u 0x%x rw silent\n", i,
                  e * 0x1000, e * 0x1000 + 0xfff, i + 1,
                  (e * 0x1000 + (e % 2 ? 0x100000 : 0)));
        }
    }
    for (unsigned c = 0; c < cpus; c++) {
        pages(d, c, hops || entries > 1 ? 8 : side);
    }
    operations(d, OPERATIONS, hops || entries > 1 ? 8 : side, cpus, 0, n);
}

static void draft_script(Draft *d, unsigned n)
{
    OBJECT(d, "region r0 container size 2^64 root s0\n");
    for (unsigned i = 0; i < 4; i++) {
        OBJECT(d, "region r%u ram size 0x1000 in r0 at 0x%x\n", i + 1,
               i * 0x2000);
    }
    OBJECT(d, "region r5 iommu size 0x1000 in r0 at 0x8000 iommu i0\n"
              "region r6 ram size 0x1000 root s1\n");
    SETUP(d, "  map i0.0 0x0..0xfff -> s1 0x0 rw silent\n");
    pages(d, 0, 5);
    operations(d, n, 5, 1, 1, 1);
}

static void draft(Draft *d, TwScalePart part, unsigned n)
{
    switch (part) {
    case TW_SCALE_REGIONS:
        draft_regions(d, n);
        break;
    case TW_SCALE_ALIASES:
        draft_aliases(d, n);
        break;
    case TW_SCALE_NESTING:
        draft_nesting(d, n);
        break;
    case TW_SCALE_HOPS:
        draft_iommus(d, n, 0, 1, 0);
        break;
    case TW_SCALE_IOMMUS:
        draft_iommus(d, 0, n, 1, 0);
        break;
    case TW_SCALE_CPUS:
        draft_iommus(d, 0, 4, n, 0);
        break;
    case TW_SCALE_MAPS:
        draft_iommus(d, 0, 1, 1, n);
        break;
    case TW_SCALE_PAGES:
        OBJECT(d, "region r0 ram size 2^32 root s0\n");
        pages(d, 0, n);
        operations(d, OPERATIONS, n, 1, 0, 0);
        break;
    case TW_SCALE_SCRIPT:
        draft_script(d, n);
        break;
    case TW_SCALE_PARTS:
        g_assert_not_reached();
    }
}

/* The program of that size.  All sizes of a part have the same number of
 * operations, but for TW_SCALE_SCRIPT. */
static void make(TwScalePart part, unsigned size, TwProgram *program)
{
    Draft d = {g_string_new("twinwalk 1\n"), g_string_new("setup\n"),
               g_string_new("script\n")};
    GError *error = NULL;

    draft(&d, part, size);
    for (unsigned c = 0; c < (part == TW_SCALE_CPUS ? size : 1); c++) {
        OBJECT(&d, "cpu c%u tlb 64\nmmu c%u.0 space s0\n", c, c);
    }
    g_string_append(d.objects, d.setup->str);
    g_string_append(d.objects, d.script->str);
    if (!tw_program_parse(program, d.objects->str, d.objects->len,
                          parts[part].name, TW_TEXT_STRICT, NULL, NULL,
                          &error)) {
        g_error("%s", error->message);
    }
    g_string_free(d.objects, TRUE);
    g_string_free(d.setup, TRUE);
    g_string_free(d.script, TRUE);
}

/* Measuring ---------------------------------------------------------------- */

/* Does it run the program, without a finding? */
static bool runs(TwTimed *s)
{
    char why[200];

    return tw_dialect_admits(tw_target_dialect(s->target), s->program, why,
                             sizeof(why)) &&
           tw_target_run(s->target, s->program, s->trace) &&
           !tw_verdict_is_finding(tw_timing_judge(s));
}

/* By which power of the size the last of `n` values has grown. */
static double power_of(const unsigned *size, const double *value, unsigned n)
{
    unsigned last = n - 1, half = last;

    while (half > 0 && size[half] * 2 > size[last]) {
        half--;
    }
    if (half == last || value[half] <= 0 || value[last] <= 0) {
        return 0;
    }
    return log(value[last] / value[half]) /
           log((double)size[last] / (double)size[half]);
}

/* `seconds` for each figure. */
static void measure(TwTimed *s, double seconds, TwScalePart part,
                    TwScaleRow *row)
{
    unsigned size[TW_SCALE_SIZES], n = sizes_of(part, size);

    *row = (TwScaleRow){0};
    for (unsigned i = 0; i < n; i++) {
        make(part, size[i], s->program);
        if (!runs(s)) {
            break;
        }
        row->size[i] = size[i];
        row->target[i] = tw_timing_best(s, seconds, false);
        row->judge[i] = tw_timing_best(s, seconds, true);
        row->sizes++;
    }
    if (row->sizes > 1) {
        row->target_power = power_of(row->size, row->target, row->sizes);
        row->judge_power = power_of(row->size, row->judge, row->sizes);
    }
}

bool tw_bench_scale(const TwTargetOptions *options, double seconds,
                    TwScaleRow rows[TW_SCALE_PARTS], GError **error)
{
    unsigned size[TW_SCALE_SIZES], figures = 0;
    TwTimed s = {.target = tw_target_open(options, error)};

    if (!s.target) {
        return false;
    }
    for (TwScalePart part = 0; part < TW_SCALE_PARTS; part++) {
        figures += 2 * sizes_of(part, size);
    }
    seconds /= figures;
    s.oracle = tw_oracle_new();
    s.program = g_new(TwProgram, 1);
    s.trace = g_new(TwTrace, 1);
    for (TwScalePart part = 0; part < TW_SCALE_PARTS; part++) {
        measure(&s, seconds, part, &rows[part]);
    }
    g_free(s.trace);
    g_free(s.program);
    tw_oracle_free(s.oracle);
    tw_target_close(s.target);
    return true;
}
