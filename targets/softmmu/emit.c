/* SPDX-License-Identifier: MIT */
/*
 * A finding as a test beside those of softmmu: a comment that describes it, the
 * topology and the script by calls of test-kit.h, and the expected outcome of
 * the accused operation.
 */
#include "targets/softmmu/emit.h"

#include <inttypes.h>
#include <string.h>

#include "program/fields.h"
#include "program/ops.h"
#include "program/text/text.h"

typedef struct Emit {
    const char *name; /* of the target */
    bool flush_pages;
    const TwProgram *program;
    const TwFinding *finding;
    const TwExpected *expected;
    GString *out;
} Emit;

/* Lines ------------------------------------------------------------------ */

static void put(Emit *e, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void put(Emit *e, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_string_append_vprintf(e->out, format, args);
    va_end(args);
}

/* Text behind `indent`, broken at spaces so that it fits 80 columns; further
 * lines stand behind `next`. */
static void put_wrapped(Emit *e, const char *indent, const char *next,
                        const char *text)
{
    size_t column = strlen(indent), least = strlen(next);

    put(e, "%s", indent);
    for (const char *word = text; *word != '\0';) {
        size_t n = strcspn(word, " ");

        if (column > least && column + n > 79) {
            g_string_truncate(e->out, e->out->len - 1); /* the space */
            put(e, "\n%s", next);
            column = least;
        }
        g_string_append_len(e->out, word, n);
        column += n;
        word += n;
        if (*word == ' ') {
            put(e, " ");
            column++;
            word++;
        }
    }
    put(e, "\n");
}

/* A statement or an element. */
static void put_line(Emit *e, const char *text)
{
    put_wrapped(e, "    ", "            ", text);
}

static void put_format(Emit *e, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void put_format(Emit *e, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    put_line(e, text);
}

/* A number as C has it, for one use in an expression. */
typedef struct Word {
    char text[40];
} Word;

static Word number(uint64_t value)
{
    g_autoptr(GString) text = g_string_new(NULL);
    Word word;

    tw_softmmu_emit_number(value, text);
    g_strlcpy(word.text, text->str, sizeof(word.text));
    return word;
}

static Word id(char letter, unsigned n)
{
    g_autoptr(GString) text = g_string_new(NULL);
    Word word;

    tw_softmmu_emit_id(letter, n, text);
    g_strlcpy(word.text, text->str, sizeof(word.text));
    return word;
}

static Word upper(const char *prefix, const char *name)
{
    g_autoptr(GString) text = g_string_new(NULL);
    Word word;

    tw_softmmu_emit_upper(prefix, name, text);
    g_strlcpy(word.text, text->str, sizeof(word.text));
    return word;
}

/* The comment ------------------------------------------------------------ */

static void put_region(Emit *e, unsigned r, unsigned depth)
{
    const TwProgram *p = e->program;
    const TwRegion *region = &p->regions[r];
    uint64_t last = region->size == UINT64_MAX
                        ? UINT64_MAX
                        : region->addr + region->size - 1;

    put(e, " *   %*s0x%" PRIx64 "..0x%" PRIx64 " r%u %s", (int)(2 * depth), "",
        region->addr, last, r, tw_region_kind_name(region->kind));
    if (region->kind == TW_REGION_IOMMU) {
        put(e, " i%u", region->iommu);
    } else if (region->kind == TW_REGION_ALIAS) {
        put(e, " of r%u from 0x%" PRIx64 " on", region->target,
            region->alias_offset);
    }
    put(e, "%s%s", region->enabled ? "" : " disabled",
        region->readonly ? " readonly" : "");
    if (region->priority != 0) {
        put(e, " priority %" PRId32, region->priority);
    }
    put(e, "\n");
    if (depth > TW_MAX_REGIONS) {
        return;
    }
    for (unsigned i = 0; i < p->n_regions; i++) {
        if (p->regions[i].kind != TW_REGION_NONE &&
            p->regions[i].container == r) {
            put_region(e, i, depth + 1);
        }
    }
}

static void put_picture(Emit *e)
{
    const TwProgram *p = e->program;

    put(e, " * The regions, each at its offset in the one around it:\n *\n");
    for (unsigned s = 0; s < p->n_spaces; s++) {
        if (p->spaces[s].present) {
            put(e, " * s%u%s\n", s,
                p->spaces[s].late ? ", once it is created" : "");
            put_region(e, p->spaces[s].root, 0);
        }
    }
    for (unsigned r = 0; r < p->n_regions; r++) {
        bool seen = p->regions[r].kind == TW_REGION_NONE ||
                    p->regions[r].container != TW_NONE;
        for (unsigned s = 0; s < p->n_spaces; s++) {
            seen |= p->spaces[s].present && p->spaces[s].root == r;
        }
        if (!seen) {
            put(e, " * in no space\n");
            put_region(e, r, 0);
        }
    }
}

static void put_ops(Emit *e, const TwOp *ops, unsigned n, bool script)
{
    for (unsigned i = 0; i < n; i++) {
        g_autoptr(GString) text = g_string_new(NULL);

        tw_op_print(e->program, &ops[i], text);
        if (script) {
            put(e, " * %s %3u  %s\n", e->finding->op == i ? "=>" : "  ", i,
                text->str);
        } else {
            put(e, " *          %s\n", text->str);
        }
    }
}

static void put_head(Emit *e)
{
    const TwProgram *p = e->program;
    g_auto(GStrv) lines = g_strsplit(e->finding->text, "\n", -1);

    put(e,
        "/* SPDX-License-Identifier: MIT */\n/*\n"
        " * %s (%s), seen with\n * the target %s.\n *\n",
        tw_verdict_name(e->finding->verdict), e->finding->key, e->name);
    for (char **line = lines; *line != NULL; line++) {
        if (**line != '\0') {
            put_wrapped(e, " *   ", " *     ", *line);
        }
    }
    put(e, " *\n");
    put_picture(e);
    put(e, " *\n * What is there at the start, and the script (the accused "
           "operation marked):\n *\n");
    put_ops(e, p->setup, p->n_setup, false);
    put_ops(e, p->script, p->n_script, true);
    put(e,
        " *\n"
        " * To compile it, from the source folder, with a build in build/; to "
        "see it pass\n * on softmmu; and to see it fail:\n *\n"
        " *   cc -I. -o case case.c build/targets/libtw_targets.a \\\n"
        " *       build/program/libtw_program.a \\\n"
        " *       $(pkg-config --cflags --libs glib-2.0%s)\n"
        " *   ./case\n *   ./case %s\n *\n"
        " * As targets/softmmu/test-NAME.c it is a test of twinwalk's once "
        "targets_tests\n"
        " * in targets/meson.build has 'softmmu/test-NAME'.\n */\n"
        "#include \"targets/softmmu/test-kit.h\"\n\n"
        "static const char *target = \"softmmu\"; /* or the argument */\n\n",
#ifdef TW_HAVE_UNICORN
        " unicorn",
#else
        "",
#endif
        e->name);
}

/* The topology ----------------------------------------------------------- */

static void put_names(Emit *e, char letter, unsigned n)
{
    g_autoptr(GString) text = g_string_new("enum { ");

    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(text, "%s%c%u", i > 0 ? ", " : "", letter, i);
    }
    g_string_append(text, " };");
    if (n > 0) {
        put_wrapped(e, "", "       ", text->str);
    }
}

/* One field of an object, as C. */
static void put_value(const TwField *f, const void *object, GString *out)
{
    uint64_t value = tw_field_get(f, object);

    switch (f->type) {
    case TW_FIELD_ID:
        g_string_append(out,
                        id(tw_objects[f->object].letter, (unsigned)value).text);
        break;
    case TW_FIELD_SETTING:
        g_string_append(out, value ? "true" : "false");
        break;
    case TW_FIELD_PRIORITY:
        g_string_append_printf(out, "%" PRId32, (int32_t)value);
        break;
    case TW_FIELD_POWER:
    case TW_FIELD_PIECE:
    case TW_FIELD_PIECE_END:
        g_string_append_printf(out, "%u", (unsigned)value);
        break;
    default:
        g_string_append(out, number(value).text);
        break;
    }
}

/* Where an object is not what the kit's function has made of it. */
static void put_rest(Emit *e, const TwProperty *table, unsigned kind,
                     const char *name, const void *object, const void *made)
{
    TW_EACH_PROPERTY(property, table, kind)
    {
        for (const TwField *f = property->parts; f->type != TW_FIELD_NONE;
             f++) {
            if (tw_field_get(f, object) != tw_field_get(f, made)) {
                g_autoptr(GString) value = g_string_new(NULL);

                put_value(f, object, value);
                put_format(e, "%s.%s = %s;", name, f->member, value->str);
            }
        }
    }
}

static void put_region_rest(Emit *e, unsigned r, uint8_t block)
{
    const TwRegion *region = &e->program->regions[r];
    g_autofree char *name = g_strdup_printf("k->p.regions[r%u]", r);
    TwRegion made = tw_region_make(region->kind);

    made.container = region->container;
    made.addr = region->addr;
    made.size = region->size;
    made.target = region->target;
    made.alias_offset = region->alias_offset;
    made.iommu = region->iommu;
    made.block = block;
    put_rest(e, tw_region_properties, region->kind, name, region, &made);
}

static void put_iommu_rest(Emit *e, unsigned i)
{
    const TwIommu *iommu = &e->program->iommus[i];
    g_autofree char *name = g_strdup_printf("k->p.iommus[i%u]", i);
    TwIommu made = tw_iommu_make(TW_IOMMU_TABLE, 12);

    made.indexes = iommu->indexes;
    made.select = iommu->select;
    made.bypass_space = 0;
    if (iommu->kind != TW_IOMMU_TABLE) {
        put_format(e, "%s.kind = %s;", name,
                   upper("TW_IOMMU_", tw_iommu_kind_name(iommu->kind)).text);
    }
    put_rest(e, tw_iommu_properties, iommu->kind, name, iommu, &made);
}

static void put_regions(Emit *e)
{
    const TwProgram *p = e->program;
    unsigned n_regions = 0, n_iommus = 0;

    for (unsigned r = 0; r < p->n_regions; r++) {
        const TwRegion *region = &p->regions[r];
        const TwIommu *iommu;
        Word in = id('r', region->container), at = number(region->addr),
             size = number(region->size);
        uint8_t block = TW_NONE;

        if (region->kind == TW_REGION_NONE) {
            continue;
        }
        if (n_regions != r) { /* the ids between are not used */
            put_format(e, "k->p.n_regions = r%u;", r);
        }
        n_regions = r + 1;
        switch (region->kind) {
        case TW_REGION_IOMMU:
            if (n_iommus != region->iommu) {
                put_format(e, "k->p.n_iommus = i%u;", region->iommu);
            }
            n_iommus = region->iommu + 1u;
            iommu = &p->iommus[region->iommu];
            put_format(e, "iommu(k, %s, %s, %s, %u, %s);", in.text, at.text,
                       size.text, iommu->indexes,
                       upper("TW_SELECT_", tw_select_name(iommu->select)).text);
            put_iommu_rest(e, region->iommu);
            break;
        case TW_REGION_ALIAS:
            put_format(e, "alias(k, %s, %s, %s, %s, %s);", in.text, at.text,
                       size.text, id('r', region->target).text,
                       number(region->alias_offset).text);
            break;
        case TW_REGION_RAM:
        case TW_REGION_ROM:
        case TW_REGION_ROMD:
        case TW_REGION_RAM_DEVICE:
            block = r;
            /* fall through */
        default:
            put_format(
                e, "region(k, %s, %s, %s, %s);",
                upper("TW_REGION_", tw_region_kind_name(region->kind)).text,
                in.text, at.text, size.text);
            break;
        }
        put_region_rest(e, r, block);
    }
    if (n_regions != p->n_regions) {
        put_format(e, "k->p.n_regions = %u;", p->n_regions);
    }
    if (n_iommus != p->n_iommus) {
        put_format(e, "k->p.n_iommus = %u;", p->n_iommus);
    }
}

static void put_spaces(Emit *e)
{
    const TwProgram *p = e->program;

    for (unsigned s = 0; s < p->n_spaces; s++) {
        if (!p->spaces[s].present) {
            put_format(e, "k->p.n_spaces++; /* no s%u */", s);
            continue;
        }
        put_format(e, "space(k, r%u);", p->spaces[s].root);
        if (p->spaces[s].late) {
            put_format(e, "k->p.spaces[s%u].late = true;", s);
        }
    }
}

static void put_cpus(Emit *e)
{
    const TwProgram *p = e->program;

    for (unsigned c = 0; c < p->n_cpus; c++) {
        const TwCpu *cpu = &p->cpus[c];

        if (!cpu->present) {
            put_format(e, "k->p.n_cpus++; /* no c%u */", c);
            continue;
        }
        put_format(e, "cpu(k, %u, %u);", cpu->tlb_lg, cpu->victims);
        if (!cpu->mmu[0].present) {
            put_format(e, "k->p.cpus[c%u].mmu[0].present = false;", c);
        }
        for (unsigned i = 0; i < TW_MAX_MMU_INDEXES; i++) {
            const TwMmuIndex *mmu = &cpu->mmu[i];

            if (mmu->present && (i > 0 || mmu->space != 0 || mmu->attrs)) {
                put_format(e, "mmu(k, c%u, %u, s%u, %s);", c, i, mmu->space,
                           number(mmu->attrs).text);
            }
            if (mmu->present && mmu->width) {
                put_format(e, "k->p.cpus[c%u].mmu[%u].width = %u;", c, i,
                           mmu->width);
            }
            if (mmu->present && mmu->wraps) {
                put_format(e, "k->p.cpus[c%u].mmu[%u].wraps = true;", c, i);
            }
        }
    }
}

static void put_actors(Emit *e)
{
    const TwProgram *p = e->program;

    for (unsigned i = 0; i < p->n_actors; i++) {
        const TwActor *actor = &p->actors[i];
        g_autoptr(GString) op = g_string_new(NULL);

        if (actor->region == TW_NONE) {
            put_format(e, "k->p.actors[%u].region = TW_NONE;", i);
            continue;
        }
        tw_softmmu_emit_op(&actor->op, op);
        put_format(e, "k->p.actors[%u] = (TwActor){r%u, %s, %s};", i,
                   actor->region, number(actor->offset).text, op->str);
    }
    if (p->n_actors > 0) {
        put_format(e, "k->p.n_actors = %u;", p->n_actors);
    }
}

static void put_topology(Emit *e)
{
    const TwProgram *p = e->program;

    put_names(e, 'r', p->n_regions);
    put_names(e, 's', p->n_spaces);
    put_names(e, 'i', p->n_iommus);
    put_names(e, 'c', p->n_cpus);
    put(e, "\nstatic void topology(Kit *k)\n{\n");
    if (p->page_lg != TW_DEFAULT_PAGE_LG) {
        put_format(e, "k->p.page_lg = %u;", p->page_lg);
    }
    if (p->hops != TW_DEFAULT_HOPS) {
        put_format(e, "k->p.hops = %u;", p->hops);
    }
    if (p->explicit_safepoints) {
        put_format(e, "k->p.explicit_safepoints = true;");
    }
    put_regions(e);
    put_spaces(e);
    put_cpus(e);
    put_actors(e);
    put(e, "}\n\n");
}

static void put_script(Emit *e)
{
    const TwProgram *p = e->program;

    put(e, "static void script(Kit *k)\n{\n");
    for (unsigned i = 0; i < p->n_setup + p->n_script; i++) {
        bool script = i >= p->n_setup;
        g_autoptr(GString) op = g_string_new(NULL);

        tw_softmmu_emit_op(script ? &p->script[i - p->n_setup] : &p->setup[i],
                           op);
        put_format(e, "%s(k, %s);", script ? "add_op" : "setup", op->str);
    }
    put(e, "}\n\n");
}

/* What is expected ------------------------------------------------------- */

static void put_answer(Emit *e, const TwAllowed *allowed)
{
    const TwReason *why = &allowed->reason;

    if (why->kind != TW_REASON_NONE) { /* refused by a link (LA-60) */
        g_autofree char *iommu = why->iommu == TW_NONE
                                     ? g_strdup("TW_NONE")
                                     : g_strdup_printf("%u", why->iommu);

        put_format(e,
                   "    {.class_ = %s, .reason = {.kind = %s, .iommu = %s, "
                   ".level = %u, .address = %s}},",
                   upper("TW_CLASS_", tw_class_name(allowed->class_)).text,
                   upper("TW_REASON_", tw_reason_name(why->kind)).text, iommu,
                   why->level, number(why->address).text);
        return;
    }
    put_format(e, "    {.class_ = %s, .value = %s, .n_locations = %u%s",
               upper("TW_CLASS_", tw_class_name(allowed->class_)).text,
               number(allowed->value).text, allowed->n_locations,
               allowed->n_locations > 0 ? ", .locations = {" : "},");
    for (unsigned i = 0; i < allowed->n_locations; i++) {
        const TwLocation *at = &allowed->locations[i];

        put_format(e,
                   "        {.first = %u, .length = %u, .region = r%u, .flags "
                   "= %s, .offset = %s}%s",
                   at->first, at->length, at->region,
                   at->flags == 0                 ? "0"
                   : at->flags == TW_LOC_READONLY ? "TW_LOC_READONLY"
                   : at->flags == TW_LOC_ROMD     ? "TW_LOC_ROMD"
                                              : "TW_LOC_READONLY | TW_LOC_ROMD",
                   number(at->offset).text,
                   i + 1 < allowed->n_locations ? "," : "}},");
    }
}

static void put_log_record(Emit *e, const TwLogRecord *record)
{
    put_format(e,
               "    {.kind = %s, .region = r%u, .offset = %s, .byte = 0x%02x, "
               ".call = %u, .attrs = %s},",
               record->kind == TW_LOG_WRITE   ? "TW_LOG_WRITE"
               : record->kind == TW_LOG_FETCH ? "TW_LOG_FETCH"
                                              : "TW_LOG_READ",
               record->region, number(record->offset).text, record->byte,
               record->call, number(record->attrs).text);
}

static void put_access_check(Emit *e)
{
    const TwExpected *x = e->expected;

    put_format(e, "static const Answer allowed[] = {");
    for (unsigned i = 0; i < x->n_allowed; i++) {
        put_answer(e, &x->allowed[i]);
    }
    put_format(e, "};");
    put_format(e, "expect_one_of(k, %u, allowed, %u);", e->finding->op,
               x->n_allowed);
}

static void put_log_check(Emit *e)
{
    const TwExpected *x = e->expected;

    if (x->access && x->n_log > 0) {
        put_format(e, "static const TwLogRecord told[] = {");
        for (unsigned i = 0; i < x->n_log; i++) {
            put_log_record(e, &x->log[i]);
        }
        put_format(e, "};");
        put_format(e, "expect_told(k, %u, told, %u);", e->finding->op,
                   x->n_log);
    } else {
        put_format(e, "expect_told(k, %u, NULL, 0);", e->finding->op);
    }
}

static void put_event_check(Emit *e)
{
    const TwExpected *x = e->expected;
    const TwEventRecord *r = &x->record;
    bool listener = r->kind >= TW_LISTEN_ADD;

    if (!x->owed) {
        put_format(e, "expect_event(k, %u, %u, NULL, 0);", x->observer,
                   x->event);
        return;
    }
    put_format(e, "/* %s */", tw_event_kind_name(r->kind));
    put_format(
        e,
        "static const TwEventRecord event = {.op = %u, .kind = %u, "
        ".perm = %u, .space = %s, .region = %s, .first = %s, .last = %s, "
        ".out = %s};",
        r->op, r->kind, r->perm,
        listener || r->kind == TW_EVENT_MAP ? id('s', r->space).text
                                            : "TW_NONE",
        listener ? id('r', r->region).text : "TW_NONE", number(r->first).text,
        number(r->last).text, number(r->out).text);
    put_format(e, "expect_event(k, %u, %u, &event, %s);", x->observer, x->event,
               number(x->out_low).text);
}

static void put_test(Emit *e)
{
    const TwExpected *x = e->expected;

    put(e, "static void test_found(void)\n{\n");
    put_format(e, "g_autoptr(Kit) k = kit_new_mode(target, %s);",
               e->flush_pages ? "TW_FLUSH_PAGES" : "TW_FLUSH_ALL_ENTRIES");
    put(e, "\n");
    put_format(e, "topology(k);");
    put_format(e, "script(k);");
    put_format(e, "run_kit(k);");
    if (x->block != TW_NONE) {
        put_format(e,
                   "g_assert_cmphex(k->trace.digests[r%u], ==, "
                   "UINT64_C(0x%" PRIx64 "));",
                   x->block, x->digest);
    } else if (x->observer != TW_NONE) {
        put_event_check(e);
    } else if (x->starts) {
        put_format(e, "expect_starts(k, %u, %u, %u);", e->finding->op,
                   x->starts_least, x->starts_most);
    } else {
        if (x->started != 0) {
            put_format(e, "k->started = %u;", x->started);
        }
        if (x->access) {
            put_access_check(e);
        }
        if (x->reads) {
            put_format(e, "expect_register(k, %u, 0x%" PRIx64 ", 0x%x);",
                       e->finding->op, x->value & x->known, x->known);
        }
        if (e->finding->verdict == TW_VERDICT_EFFECT) {
            put_log_check(e);
        }
    }
    put(e,
        "}\n\nint main(int argc, char **argv)\n{\n"
        "    g_test_init(&argc, &argv, NULL);\n"
        "    g_test_set_nonfatal_assertions();\n"
        "    if (argc > 1) {\n        target = argv[1];\n    }\n"
        "    g_test_add_func(\"/found/%s\", test_found);\n"
        "    return g_test_run();\n}\n",
        e->finding->key);
}

/* What such a test cannot look at; NULL: nothing. */
static const char *untellable(const TwProgram *program,
                              const TwFinding *finding,
                              const TwExpected *expected)
{
    if (finding->verdict == TW_VERDICT_INVARIANT) {
        return NULL; /* run_kit() looks at the end of the trace */
    }
    if (expected->beyond != NULL) {
        return expected->beyond;
    }
    if (expected->block != TW_NONE || expected->observer != TW_NONE) {
        return NULL;
    }
    if (finding->op >= program->n_script) {
        return "the end of the trace";
    }
    if (expected->access && expected->n_allowed > TW_MAX_ALLOWED) {
        return "an access with too many allowed places";
    }
    if (!expected->access && !expected->reads &&
        finding->verdict != TW_VERDICT_EFFECT) {
        return "an operation that was skipped, or should have been skipped";
    }
    return NULL;
}

bool tw_softmmu_emit(const char *name, bool flush_pages,
                     const TwProgram *program, const TwFinding *finding,
                     const TwExpected *expected, GString *out, GError **error)
{
    Emit e = {.name = name,
              .flush_pages = flush_pages,
              .program = program,
              .finding = finding,
              .expected = expected,
              .out = out};
    const char *what = untellable(program, finding, expected);

    if (what != NULL) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "%s: writes no reproducer for %s", name, what);
        return false;
    }
    put_head(&e);
    put_topology(&e);
    put_script(&e);
    put_test(&e);
    return true;
}
