/* SPDX-License-Identifier: MIT */
/*
 * Prints the canonical text of a program: one line for each object and
 * operation, objects in ascending order of id, words in a fixed order. Defaults
 * are left out, and so are lines that contain only defaults and have no
 * comment.
 */
#include "program/text/text.h"

#include <inttypes.h>
#include <string.h>

#include "program/text/comments.h"
#include "program/text/lexer.h"
#include "program/fields.h"
#include "program/ops.h"
#include "program/text/object.h"
#include "program/text/op.h"

/* Objects ------------------------------------------------------------------ */

static void write_property(GString *out, const TwProperty *property,
                           const void *object)
{
    g_string_append_printf(out, " %s", property->word);
    if (property->parts[0].type == TW_FIELD_SETTING) {
        return;
    }
    g_string_append_c(out, ' ');
    tw_text_write_field(out, &property->parts[0], object);
    if (property->parts[1].type != TW_FIELD_NONE) {
        g_string_append(out, "..");
        tw_text_write_field(out, &property->parts[1], object);
    }
}

/*
 * What is not plain, and what is written in any case.  `space`: what a region
 * is root of, or TW_NONE.
 */
static void write_properties(GString *out, const TwProgram *p,
                             const TwProperty *table, const void *object,
                             unsigned kind, unsigned id, unsigned space)
{
    bool before = false;
    for (const TwProperty *property = table; property->word; property++) {
        if (property->parts[0].type == TW_FIELD_ELSEWHERE) {
            if (space != TW_NONE) {
                g_string_append_printf(out, " root s%u", space);
            }
            continue;
        }
        if (!tw_property_fits(property, kind)) {
            continue;
        }
        before = (property->flags & TW_PROPERTY_SHOWN) ||
                 (before && (property->flags & TW_PROPERTY_WITH)) ||
                 !tw_property_is_plain(property, object, id, p->page_lg);
        if (before) {
            write_property(out, property, object);
        }
    }
}

static void write_region(GString *out, const TwProgram *p, unsigned id,
                         unsigned space)
{
    const TwRegion *r = &p->regions[id];
    g_string_append_printf(out, "region r%u %s", id,
                           tw_region_kind_name(r->kind));
    write_properties(out, p, tw_region_properties, r, r->kind, id, space);
}

static void write_space(GString *out, const TwProgram *p, unsigned id)
{
    g_string_append_printf(out, "space s%u", id);
    write_properties(out, p, tw_space_properties, &p->spaces[id], 0, id,
                     TW_NONE);
}

static void write_iommu(GString *out, const TwProgram *p, unsigned id)
{
    const TwIommu *m = &p->iommus[id];
    g_string_append_printf(out, "iommu i%u %s", id,
                           tw_iommu_kind_name(m->kind));
    write_properties(out, p, tw_iommu_properties, m, m->kind, id, TW_NONE);
}

static void write_cpu_line(GString *out, const TwProgram *p, unsigned id)
{
    g_string_append_printf(out, "cpu c%u", id);
    write_properties(out, p, tw_cpu_properties, &p->cpus[id], 0, id, TW_NONE);
}

static void write_mmu(GString *out, const TwProgram *p, unsigned cpu,
                      unsigned index)
{
    g_string_append_printf(out, "mmu c%u.%u", cpu, index);
    write_properties(out, p, tw_mmu_properties, &p->cpus[cpu].mmu[index], 0,
                     index, TW_NONE);
}

/* The whole ---------------------------------------------------------------- */

typedef struct Printer {
    const TwComments *comments;
    GString *out;
} Printer;

static void write_comments(Printer *pr, TwSpot spot, bool indent)
{
    const char *lines = tw_comments_find(pr->comments, spot, false);
    while (lines && *lines) {
        size_t length = strcspn(lines, "\n");
        g_string_append(pr->out, indent ? "  #" : "#");
        if (length > 0) {
            g_string_append_c(pr->out, ' ');
            g_string_append_len(pr->out, lines, (gssize)length);
        }
        g_string_append_c(pr->out, '\n');
        lines += length + 1;
    }
}

/* Before a line: what stands above it. */
static void start(Printer *pr, TwSpotKind kind, unsigned index)
{
    bool indent = kind == TW_SPOT_SETUP || kind == TW_SPOT_SCRIPT;
    write_comments(pr, (TwSpot){(uint8_t)kind, (uint16_t)index}, indent);
    g_string_append(pr->out, indent ? "  " : "");
}

/* After its words: what stands behind it. */
static void finish(Printer *pr, TwSpotKind kind, unsigned index)
{
    TwSpot spot = {(uint8_t)kind, (uint16_t)index};
    const char *lines = tw_comments_find(pr->comments, spot, true);
    if (lines) {
        size_t length = strcspn(lines, "\n");
        g_string_append(pr->out, length ? " # " : " #");
        g_string_append_len(pr->out, lines, (gssize)length);
    }
    g_string_append_c(pr->out, '\n');
}

static bool commented(const Printer *pr, TwSpotKind kind, unsigned index)
{
    TwSpot spot = {(uint8_t)kind, (uint16_t)index};
    return tw_comments_find(pr->comments, spot, false) ||
           tw_comments_find(pr->comments, spot, true);
}

/* The lowest space that the line of its root can name, or TW_NONE. */
static unsigned space_of_root(const Printer *pr, const TwProgram *p,
                              unsigned root)
{
    for (unsigned i = 0; i < p->n_spaces; i++) {
        const TwSpace *s = &p->spaces[i];
        if (s->present && !s->late && s->root == root &&
            !commented(pr, TW_SPOT_SPACE, i)) {
            return i;
        }
    }
    return TW_NONE;
}

static bool is_plain(const TwProgram *p, const TwProperty *table,
                     const void *object, unsigned kind)
{
    TW_EACH_PROPERTY(property, table, kind)
    {
        if (!tw_property_is_plain(property, object, TW_NONE, p->page_lg)) {
            return false;
        }
    }
    return true;
}

/* What an IOMMU is if its region's line only names it. */
static bool iommu_is_plain(const TwProgram *p, const TwIommu *m)
{
    return m->kind == TW_IOMMU_TABLE &&
           is_plain(p, tw_iommu_properties, m, m->kind);
}

/* What a CPU is if only the line of an MMU index names it. */
static bool cpu_is_plain(const TwProgram *p, const TwCpu *c)
{
    bool named = false;
    for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
        named |= c->mmu[m].present;
    }
    return named && is_plain(p, tw_cpu_properties, c, 0);
}

static void print_cpu(Printer *pr, const TwProgram *p, unsigned id)
{
    if (!cpu_is_plain(p, &p->cpus[id]) || commented(pr, TW_SPOT_CPU, id)) {
        start(pr, TW_SPOT_CPU, id);
        write_cpu_line(pr->out, p, id);
        finish(pr, TW_SPOT_CPU, id);
    }
    for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
        if (p->cpus[id].mmu[m].present) {
            unsigned index = id * TW_MAX_MMU_INDEXES + m;
            start(pr, TW_SPOT_MMU, index);
            write_mmu(pr->out, p, id, m);
            finish(pr, TW_SPOT_MMU, index);
        }
    }
}

static void print_topology(Printer *pr, const TwProgram *p)
{
    for (unsigned i = 0; i < p->n_regions; i++) {
        if (p->regions[i].kind != TW_REGION_NONE) {
            start(pr, TW_SPOT_REGION, i);
            write_region(pr->out, p, i, space_of_root(pr, p, i));
            finish(pr, TW_SPOT_REGION, i);
        }
    }
    for (unsigned i = 0; i < p->n_spaces; i++) {
        if (p->spaces[i].present &&
            space_of_root(pr, p, p->spaces[i].root) != i) {
            start(pr, TW_SPOT_SPACE, i);
            write_space(pr->out, p, i);
            finish(pr, TW_SPOT_SPACE, i);
        }
    }
    for (unsigned i = 0; i < p->n_iommus; i++) {
        if (p->iommus[i].kind != TW_IOMMU_NONE &&
            (!iommu_is_plain(p, &p->iommus[i]) ||
             commented(pr, TW_SPOT_IOMMU, i))) {
            start(pr, TW_SPOT_IOMMU, i);
            write_iommu(pr->out, p, i);
            finish(pr, TW_SPOT_IOMMU, i);
        }
    }
    for (unsigned i = 0; i < p->n_cpus; i++) {
        if (p->cpus[i].present) {
            print_cpu(pr, p, i);
        }
    }
    for (unsigned i = 0; i < p->n_actors; i++) {
        if (p->actors[i].region != TW_NONE) {
            start(pr, TW_SPOT_ACTOR, i);
            g_string_append_printf(pr->out, "actor r%u 0x%" PRIx64 " ",
                                   p->actors[i].region, p->actors[i].offset);
            tw_op_print(p, &p->actors[i].op, pr->out);
            finish(pr, TW_SPOT_ACTOR, i);
        }
    }
}

static void print_ops(Printer *pr, const TwProgram *p, TwSpotKind kind,
                      const TwOp *ops, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        start(pr, kind, i);
        tw_op_print(p, &ops[i], pr->out);
        finish(pr, kind, i);
    }
}

void tw_program_print(const TwProgram *p, const TwComments *comments,
                      GString *out)
{
    Printer printer = {comments, out}, *pr = &printer;
    write_comments(pr, (TwSpot){TW_SPOT_TOP, 0}, false);
    start(pr, TW_SPOT_VERSION, 0);
    g_string_append_printf(out, "twinwalk %d", TW_LANGUAGE_VERSION);
    finish(pr, TW_SPOT_VERSION, 0);
    if (p->page_lg != TW_DEFAULT_PAGE_LG || commented(pr, TW_SPOT_PAGE, 0)) {
        start(pr, TW_SPOT_PAGE, 0);
        g_string_append_printf(out, "page %u", 1u << p->page_lg);
        finish(pr, TW_SPOT_PAGE, 0);
    }
    if (p->hops != TW_DEFAULT_HOPS || commented(pr, TW_SPOT_HOPS, 0)) {
        start(pr, TW_SPOT_HOPS, 0);
        g_string_append_printf(out, "hops %u", p->hops);
        finish(pr, TW_SPOT_HOPS, 0);
    }
    if (tw_contents_kind(p->contents) != TW_CONTENTS_DATA ||
        commented(pr, TW_SPOT_CONTENTS, 0)) {
        start(pr, TW_SPOT_CONTENTS, 0);
        g_string_append_printf(out, "contents %s",
                               tw_contents_name(p->contents));
        finish(pr, TW_SPOT_CONTENTS, 0);
    }
    if (p->explicit_safepoints || commented(pr, TW_SPOT_SAFEPOINTS, 0)) {
        start(pr, TW_SPOT_SAFEPOINTS, 0);
        g_string_append_printf(out, "safepoints %s",
                               p->explicit_safepoints ? "explicit" : "implied");
        finish(pr, TW_SPOT_SAFEPOINTS, 0);
    }
    print_topology(pr, p);
    if (p->n_setup > 0 || commented(pr, TW_SPOT_SETUP_WORD, 0)) {
        start(pr, TW_SPOT_SETUP_WORD, 0);
        g_string_append(out, "setup");
        finish(pr, TW_SPOT_SETUP_WORD, 0);
        print_ops(pr, p, TW_SPOT_SETUP, p->setup, p->n_setup);
    }
    start(pr, TW_SPOT_SCRIPT_WORD, 0);
    g_string_append(out, "script");
    finish(pr, TW_SPOT_SCRIPT_WORD, 0);
    print_ops(pr, p, TW_SPOT_SCRIPT, p->script, p->n_script);
    write_comments(pr, (TwSpot){TW_SPOT_END, 0}, false);
}
