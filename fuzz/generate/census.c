/* SPDX-License-Identifier: MIT */
/* The census: fields as rows, values in buckets; see census.h. */
#include "fuzz/generate/census.h"

#include <string.h>

#include "fuzz/generate/shape.h"
#include "program/fields.h"

/*
 * Values up to EXACT have a bucket each, but only 0 and 1 of addresses and
 * lengths.  Larger ones have one for each number of bits, and UINT64_MAX, which
 * often stands for 2^64, one of its own.  After these come the same buckets for
 * what is below zero.
 */
enum {
    EXACT = 64,
    HUGE_BUCKET = EXACT + 1 + 64,
    POSITIVE = HUGE_BUCKET + 1,
    BUCKETS = 2 * POSITIVE,
    MAX_FIELDS = 192,
};

typedef struct Bucket {
    uint64_t programs;
    uint64_t newest; /* number of the program that was counted last, from 1 */
} Bucket;

typedef struct Row {
    char *name;
    const char *(*word)(unsigned); /* of values that are words, or NULL */
    bool is_signed, is_long;
    bool is_id; /* its largest value, TW_NONE or TW_ALL, is no id */
    Bucket buckets[BUCKETS];
} Row;

/* Where the rows of each part of a program begin. */
typedef struct Starts {
    unsigned program, kinds, region, space, iommu, cpu, mmu, actor, code;
    unsigned arg[TW_ARG_KINDS];
    unsigned shape, run;
} Starts;

struct TwCensus {
    uint64_t programs;
    unsigned n_rows;
    Starts starts;
    Row rows[MAX_FIELDS];
};

/* Rows --------------------------------------------------------------------- */

static Row *add_row(TwCensus *c, char *name)
{
    Row *row = &c->rows[c->n_rows++];

    g_assert(c->n_rows <= MAX_FIELDS);
    row->name = name;
    return row;
}

static void add_field(TwCensus *c, const char *owner, const char *word,
                      const TwField *field)
{
    Row *row = add_row(c, g_strdup_printf("%s.%s", owner, word));

    row->word = field->type == TW_FIELD_WORD ? field->name : NULL;
    row->is_signed = field->type == TW_FIELD_PRIORITY;
    row->is_id = field->type == TW_FIELD_ID;
    row->is_long = field->width == sizeof(uint64_t);
    if (field->type == TW_FIELD_ATTRS) {
        add_row(c, g_strdup_printf("%s.%s.requester", owner, word));
    }
}

static unsigned add_table(TwCensus *c, const char *owner,
                          const TwProperty *table)
{
    unsigned first = c->n_rows;

    for (; table->word != NULL; table++) {
        for (const TwField *f = table->parts; f->type != TW_FIELD_NONE; f++) {
            if (f->type != TW_FIELD_ELSEWHERE) {
                g_autofree char *word =
                    f == table->parts ? g_strdup(table->word)
                                      : g_strdup_printf("%s.end", table->word);
                add_field(c, owner, word, f);
            }
        }
    }
    return first;
}

static const char *const arg_names[TW_ARG_KINDS] = {
#define TW_ARG(name, ...) [TW_ARG_##name] = #name,
#include "program/args.def"
#undef TW_ARG
};

static void add_args(TwCensus *c)
{
    for (unsigned i = TW_ARG_END + 1; i < TW_ARG_KINDS; i++) {
        g_autofree char *name = g_ascii_strdown(arg_names[i], -1);
        g_autofree char *owner =
            g_strdup_printf("op.%s", g_strdelimit(name, "_", '-'));

        c->starts.arg[i] = c->n_rows;
        for (const TwField *f = tw_args[i].parts; f->type != TW_FIELD_NONE;
             f++) {
            add_field(c, owner, f->member, f);
        }
    }
}

static const char *code_name(unsigned code)
{
    return code < TW_OP_CODES ? tw_op_info(code)->name : NULL;
}

/* The fields of a program itself; `value` is of the program `p`. */
#define OWN_FIELDS \
    OWN(page, p->page_lg) \
    OWN(hops, p->hops) \
    OWN(contents, p->contents) \
    OWN(safepoints, p->explicit_safepoints) \
    OWN(regions, p->n_regions) \
    OWN(spaces, p->n_spaces) \
    OWN(iommus, p->n_iommus) \
    OWN(cpus, p->n_cpus) \
    OWN(actors, p->n_actors) \
    OWN(setup, p->n_setup) \
    OWN(script, p->n_script)

static void add_own(TwCensus *c)
{
    c->starts.program = c->n_rows;
#define OWN(name, value) add_row(c, g_strdup("program." #name));
    OWN_FIELDS
#undef OWN
}

TwCensus *tw_census_new(void)
{
    TwCensus *c = g_new0(TwCensus, 1);
    Starts *at = &c->starts;

    add_own(c);
    at->kinds = c->n_rows;
    add_row(c, g_strdup("region.kind"))->word = tw_region_kind_name;
    add_row(c, g_strdup("iommu.kind"))->word = tw_iommu_kind_name;
    at->region = add_table(c, "region", tw_region_properties);
    at->space = add_table(c, "space", tw_space_properties);
    at->iommu = add_table(c, "iommu", tw_iommu_properties);
    at->cpu = add_table(c, "cpu", tw_cpu_properties);
    at->mmu = add_table(c, "mmu", tw_mmu_properties);
    at->actor = c->n_rows;
    add_row(c, g_strdup("actor.region"))->word = tw_region_kind_name;
    add_row(c, g_strdup("actor.offset"))->is_long = true;
    add_row(c, g_strdup("actor.code"))->word = code_name;
    at->code = c->n_rows;
    add_row(c, g_strdup("op.code"))->word = code_name;
    add_row(c, g_strdup("op.actor"))->is_id = true;
    add_row(c, g_strdup("op.flags"));
    add_args(c);
    at->shape = c->n_rows;
    for (unsigned i = 0; i < TW_SHAPES; i++) {
        add_row(c, g_strdup_printf("shape.%s", tw_shape_name(i)));
    }
    at->run = c->n_rows;
    for (unsigned i = 0; i < TW_PEAKS; i++) {
        add_row(c, g_strdup_printf("run.%s", tw_peak_name(i)));
    }
    return c;
}

void tw_census_free(TwCensus *c)
{
    for (unsigned i = 0; c != NULL && i < c->n_rows; i++) {
        g_free(c->rows[i].name);
    }
    g_free(c);
}

/* Counting ----------------------------------------------------------------- */

static unsigned magnitude_bucket(uint64_t value, unsigned exact)
{
    return value <= exact ? (unsigned)value
           : value == UINT64_MAX
               ? HUGE_BUCKET
               : EXACT + 1 + 63 - (unsigned)__builtin_clzll(value);
}

static unsigned exact(const Row *row)
{
    return row->is_long ? 1 : EXACT;
}

static void count(TwCensus *c, unsigned row, uint64_t value)
{
    Row *r = &c->rows[row];
    int64_t low = (int32_t)value;
    bool negative = r->is_signed && low < 0;

    value = r->is_id && value == TW_NONE ? UINT64_MAX : value;
    Bucket *bucket =
        &r->buckets[magnitude_bucket(negative ? (uint64_t)-low : value,
                                     exact(r)) +
                    (negative ? POSITIVE : 0)];

    bucket->programs += bucket->newest != c->programs;
    bucket->newest = c->programs;
}

/* The row after those of the field. */
static unsigned count_field(TwCensus *c, unsigned row, const TwField *field,
                            const void *object)
{
    uint64_t value = tw_field_get(field, object);

    if (field->type == TW_FIELD_ATTRS) {
        count(c, row, value & ((1u << TW_ATTR_REQUESTER_SHIFT) - 1));
        count(c, row + 1, value >> TW_ATTR_REQUESTER_SHIFT);
        return row + 2;
    }
    if (field->type == TW_FIELD_SWITCH) {
        value = (value & field->mask) != 0;
    }
    count(c, row, value);
    return row + 1;
}

static void count_table(TwCensus *c, unsigned row, const TwProperty *table,
                        unsigned kind, const void *object)
{
    for (; table->word != NULL; table++) {
        for (const TwField *f = table->parts; f->type != TW_FIELD_NONE; f++) {
            if (f->type == TW_FIELD_ELSEWHERE) {
                continue;
            }
            if (tw_property_fits(table, kind)) {
                row = count_field(c, row, f, object);
            } else {
                row += f->type == TW_FIELD_ATTRS ? 2 : 1;
            }
        }
    }
}

static void count_op(TwCensus *c, const TwOp *op)
{
    const TwOpInfo *info = tw_op_info(op->code);

    count(c, c->starts.code, op->code);
    count(c, c->starts.code + 1, op->actor);
    count(c, c->starts.code + 2, op->flags);
    for (const uint8_t *arg = info->args; *arg != TW_ARG_END; arg++) {
        unsigned row = c->starts.arg[*arg];

        for (const TwField *f = tw_args[*arg].parts; f->type != TW_FIELD_NONE;
             f++) {
            row = count_field(c, row, f, op);
        }
    }
}

static void count_objects(TwCensus *c, const TwProgram *p)
{
    const Starts *at = &c->starts;

    for (unsigned i = 0; i < p->n_regions; i++) {
        unsigned kind = p->regions[i].kind;

        if (kind != TW_REGION_NONE) {
            count(c, at->kinds, kind);
            count_table(c, at->region, tw_region_properties, kind,
                        &p->regions[i]);
        }
    }
    for (unsigned i = 0; i < p->n_spaces; i++) {
        if (p->spaces[i].present) {
            count_table(c, at->space, tw_space_properties, 0, &p->spaces[i]);
        }
    }
    for (unsigned i = 0; i < p->n_iommus; i++) {
        unsigned kind = p->iommus[i].kind;

        if (kind != TW_IOMMU_NONE) {
            count(c, at->kinds + 1, kind);
            count_table(c, at->iommu, tw_iommu_properties, kind, &p->iommus[i]);
        }
    }
    for (unsigned i = 0; i < p->n_cpus; i++) {
        if (!p->cpus[i].present) {
            continue;
        }
        count_table(c, at->cpu, tw_cpu_properties, 0, &p->cpus[i]);
        for (unsigned k = 0; k < TW_MAX_MMU_INDEXES; k++) {
            if (p->cpus[i].mmu[k].present) {
                count_table(c, at->mmu, tw_mmu_properties, 0,
                            &p->cpus[i].mmu[k]);
            }
        }
    }
}

static void count_actors(TwCensus *c, const TwProgram *p)
{
    for (unsigned i = 0; i < p->n_actors; i++) {
        const TwActor *actor = &p->actors[i];

        if (actor->region != TW_NONE) {
            count(c, c->starts.actor, p->regions[actor->region].kind);
            count(c, c->starts.actor + 1, actor->offset);
            count(c, c->starts.actor + 2, actor->op.code);
            count_op(c, &actor->op);
        }
    }
}

static void count_own(TwCensus *c, const TwProgram *p)
{
    unsigned row = c->starts.program;

#define OWN(name, value) count(c, row++, value);
    OWN_FIELDS
#undef OWN
}

void tw_census_count(TwCensus *c, const TwProgram *p, const TwTrace *trace)
{
    TwShape shape;

    c->programs++;
    count_own(c, p);
    count_objects(c, p);
    count_actors(c, p);
    for (unsigned i = 0; i < p->n_setup; i++) {
        count_op(c, &p->setup[i]);
    }
    for (unsigned i = 0; i < p->n_script; i++) {
        count_op(c, &p->script[i]);
    }
    tw_shape_of(p, &shape);
    for (unsigned i = 0; i < TW_SHAPES; i++) {
        count(c, c->starts.shape + i, shape.is[i]);
    }
    for (unsigned i = 0; trace != NULL && i < TW_PEAKS; i++) {
        count(c, c->starts.run + i, trace->peaks[i]);
    }
}

/* Asking ------------------------------------------------------------------- */

uint64_t tw_census_programs(const TwCensus *c)
{
    return c->programs;
}

unsigned tw_census_fields(const TwCensus *c)
{
    return c->n_rows;
}

const char *tw_census_name(const TwCensus *c, unsigned field)
{
    return c->rows[field].name;
}

/* `bucket` is one of the first POSITIVE. */
static void name_magnitude(unsigned bucket, const char *sign, GString *text)
{
    if (bucket <= EXACT) {
        g_string_printf(text, "%s%u", sign, bucket);
    } else if (bucket == HUGE_BUCKET) {
        g_string_printf(text, "%s2^64-1", sign);
    } else {
        unsigned lg = bucket - (EXACT + 1);

        if (lg < 16) {
            g_string_printf(text, "%s%u..%u", sign, 1u << lg, (2u << lg) - 1);
        } else {
            g_string_printf(text, "%s2^%u..2^%u", sign, lg, lg + 1);
        }
    }
}

/* What is below zero first, the largest magnitude before all. */
static unsigned bucket_at(unsigned at)
{
    return at < POSITIVE ? BUCKETS - 1 - at : at - POSITIVE;
}

bool tw_census_next(const TwCensus *c, unsigned field, unsigned *at,
                    GString *text, uint64_t *programs)
{
    const Row *row = &c->rows[field];

    while (*at < BUCKETS) {
        unsigned b = bucket_at((*at)++);
        const char *word = row->word && b <= EXACT ? row->word(b) : NULL;

        if (row->buckets[b].programs == 0) {
            continue;
        }
        if (word != NULL) {
            g_string_assign(text, word);
        } else if (row->is_id && b == HUGE_BUCKET) {
            g_string_assign(text, "none");
        } else {
            name_magnitude(b % POSITIVE, b >= POSITIVE ? "-" : "", text);
        }
        *programs = row->buckets[b].programs;
        return true;
    }
    return false;
}
