/* SPDX-License-Identifier: MIT */
/* The lines of a text that declare regions, spaces, IOMMUs and CPUs. */
#include "program/text/object.h"

#include "program/fields.h"
#include "program/text/op.h"

/* What a property is, behind its word. */
static bool parse_property(TwLexer *l, const TwProperty *property, void *object)
{
    const TwField *f = property->parts;
    TwRange range;
    if (f[1].type == TW_FIELD_END) {
        if (!tw_lexer_range(l, &range)) {
            return false;
        }
        tw_field_set(&f[0], object, range.first);
        tw_field_set(&f[1], object, range.last);
        return true;
    }
    switch (f->type) {
    case TW_FIELD_PIECE:
        return tw_lexer_piece_sizes(l, tw_field_byte(&f[0], object),
                                    tw_field_byte(&f[1], object));
    case TW_FIELD_SETTING:
        tw_field_set(f, object, !property->plain);
        return true;
    default:
        return tw_text_field(l, f, object);
    }
}

/*
 * The words of an object with options in any order, of which each stands once;
 * `elsewhere` reads those that are no property of it.
 */
static bool parse_options(TwLexer *l, const TwProperty *table, void *object,
                          unsigned kind, const char *what,
                          bool (*elsewhere)(void *data), void *data)
{
    uint64_t seen = 0;
    while (l->length > 0) {
        unsigned i = 0;
        while (table[i].word && !tw_lexer_is(l, table[i].word)) {
            i++;
        }
        if (!table[i].word || !(table[i].kinds >> kind & 1)) {
            return tw_lexer_expected(l, what);
        }
        if (seen >> i & 1) {
            return tw_lexer_refuse(l, "each option once");
        }
        seen |= UINT64_C(1) << i;
        tw_lexer_next(l);
        if (table[i].parts[0].type == TW_FIELD_ELSEWHERE
                ? !elsewhere(data)
                : !parse_property(l, &table[i], object)) {
            return false;
        }
    }
    TW_EACH_PROPERTY(property, table, kind)
    {
        if ((property->flags & TW_PROPERTY_NEEDED) &&
            !(seen >> (property - table) & 1)) {
            return tw_lexer_word(l, property->word);
        }
    }
    return true;
}

/* The words of an object that stand in the order of the table. */
static bool parse_in_order(TwLexer *l, const TwProperty *table, void *object)
{
    TW_EACH_PROPERTY(property, table, 0)
    {
        bool there = property->flags & TW_PROPERTY_NEEDED
                         ? tw_lexer_word(l, property->word)
                         : tw_lexer_skip(l, property->word);
        if (there ? !parse_property(l, property, object)
                  : (property->flags & TW_PROPERTY_NEEDED) != 0) {
            return false;
        }
    }
    return tw_lexer_end(l);
}

/* The id of a space that has no line yet. */
static bool parse_new_space(TwParser *s, uint8_t *id)
{
    TwLexer *l = &s->lexer;
    const char *word = l->word;
    if (!tw_lexer_id(l, 's', TW_MAX_SPACES, id)) {
        return false;
    }
    if (s->spaces[*id].line != 0) {
        l->word = word;
        return tw_lexer_refuse(l, "a space that is not there yet");
    }
    return true;
}

/* The space that a region's line names, whose root it is. */
typedef struct NewSpace {
    TwParser *parser;
    uint8_t id;
} NewSpace;

static bool parse_space_of_root(void *data)
{
    NewSpace *space = data;
    return parse_new_space(space->parser, &space->id);
}

static const char *region_kind(unsigned i)
{
    return tw_region_kind_name(i + 1); /* "none" is not written */
}

static void add_space(TwParser *s, uint8_t id, TwSpace space)
{
    s->p->spaces[id] = space;
    s->p->n_spaces = MAX(s->p->n_spaces, (uint8_t)(id + 1));
}

bool tw_text_region(TwParser *s)
{
    TwLexer *l = &s->lexer;
    TwTextPlace place = {l->line, tw_lexer_column(l)};
    NewSpace space = {s, TW_NONE};
    uint8_t id, kind;
    const char *word = l->word;
    if (!tw_lexer_id(l, 'r', TW_MAX_REGIONS, &id)) {
        return false;
    }
    if (s->regions[id].line != 0) {
        l->word = word;
        return tw_lexer_refuse(l, "a region that is not there yet");
    }
    s->spot = (TwSpot){TW_SPOT_REGION, id};
    if (!tw_lexer_name(l, region_kind, TW_REGION_KINDS - 1,
                       "container, ram, rom, romd, mmio, alias, iommu, "
                       "reservation or ram-device",
                       &kind)) {
        return false;
    }
    TwRegion r = tw_region_make((TwRegionKind)(kind + 1));
    r.block = tw_region_has_block(r.kind) ? id : TW_NONE;
    char what[64];
    g_snprintf(what, sizeof what, "an option of a region of kind %s",
               tw_region_kind_name(r.kind));
    if (!parse_options(l, tw_region_properties, &r, r.kind, what,
                       parse_space_of_root, &space)) {
        return false;
    }
    s->p->regions[id] = r;
    s->p->n_regions = MAX(s->p->n_regions, (uint8_t)(id + 1));
    if (space.id != TW_NONE) {
        add_space(s, space.id, (TwSpace){.present = true, .root = id});
        s->spaces[space.id] = place;
    }
    return true;
}

bool tw_text_space(TwParser *s)
{
    TwLexer *l = &s->lexer;
    TwSpace space = {.present = true};
    uint8_t id;
    if (!parse_new_space(s, &id)) {
        return false;
    }
    s->spot = (TwSpot){TW_SPOT_SPACE, id};
    if (!parse_in_order(l, tw_space_properties, &space)) {
        return false;
    }
    add_space(s, id, space);
    return true;
}

static const char *iommu_kind(unsigned i)
{
    return tw_iommu_kind_name(i + 1);
}

static void add_iommu(TwParser *s, uint8_t id, TwIommu iommu)
{
    s->p->iommus[id] = iommu;
    s->p->n_iommus = MAX(s->p->n_iommus, (uint8_t)(id + 1));
}

bool tw_text_iommu(TwParser *s)
{
    TwLexer *l = &s->lexer;
    uint8_t id, kind;
    const char *word = l->word;
    if (!tw_lexer_id(l, 'i', TW_MAX_IOMMUS, &id)) {
        return false;
    }
    if (s->iommus[id].line != 0) {
        l->word = word;
        return tw_lexer_refuse(l, "an iommu that is not there yet");
    }
    s->spot = (TwSpot){TW_SPOT_IOMMU, id};
    if (!tw_lexer_name(l, iommu_kind, TW_IOMMU_KINDS - 1,
                       "table, mpc or pagetable", &kind)) {
        return false;
    }
    TwIommu m = tw_iommu_make((TwIommuKind)(kind + 1), TW_GRANULE_OF_PAGE);
    char what[64];
    g_snprintf(what, sizeof what, "an option of an iommu of kind %s",
               tw_iommu_kind_name(m.kind));
    if (!parse_options(l, tw_iommu_properties, &m, m.kind, what, NULL, NULL)) {
        return false;
    }
    add_iommu(s, id, m);
    return true;
}

static TwCpu make_cpu(void)
{
    TwCpu cpu = {.present = true};
    tw_properties_set_plain(tw_cpu_properties, &cpu, 0, TW_NONE, 0);
    return cpu;
}

bool tw_text_cpu(TwParser *s)
{
    TwLexer *l = &s->lexer;
    TwCpu cpu = make_cpu();
    uint8_t id;
    const char *word = l->word;
    if (!tw_lexer_id(l, 'c', TW_MAX_CPUS, &id)) {
        return false;
    }
    if (s->cpus[id].line != 0 || s->p->cpus[id].present) {
        l->word = word;
        return tw_lexer_refuse(l, s->cpus[id].line != 0
                                      ? "a cpu that is not there yet"
                                      : "a cpu above its MMU indexes");
    }
    s->spot = (TwSpot){TW_SPOT_CPU, id};
    if (!parse_in_order(l, tw_cpu_properties, &cpu)) {
        return false;
    }
    s->p->cpus[id] = cpu;
    s->p->n_cpus = MAX(s->p->n_cpus, (uint8_t)(id + 1));
    return true;
}

bool tw_text_mmu(TwParser *s)
{
    TwLexer *l = &s->lexer;
    TwMmuIndex mmu = {.present = true};
    uint8_t cpu, index;
    const char *word = l->word;
    if (!tw_lexer_id_index(l, 'c', TW_MAX_CPUS, TW_MAX_MMU_INDEXES, &cpu,
                           &index)) {
        return false;
    }
    unsigned number = cpu * TW_MAX_MMU_INDEXES + index;
    if (s->mmus[number].line != 0) {
        l->word = word;
        return tw_lexer_refuse(l, "an MMU index that is not there yet");
    }
    s->spot = (TwSpot){TW_SPOT_MMU, (uint16_t)number};
    if (!parse_in_order(l, tw_mmu_properties, &mmu)) {
        return false;
    }
    if (!s->p->cpus[cpu].present) {
        s->p->cpus[cpu] = make_cpu();
        s->p->n_cpus = MAX(s->p->n_cpus, (uint8_t)(cpu + 1));
    }
    s->p->cpus[cpu].mmu[index] = mmu;
    return true;
}

void tw_text_defaults(TwParser *s)
{
    TwProgram *p = s->p;
    for (unsigned i = 0; i < p->n_regions; i++) {
        const TwRegion *r = &p->regions[i];
        if (r->kind == TW_REGION_IOMMU && s->iommus[r->iommu].line == 0) {
            add_iommu(s, r->iommu,
                      tw_iommu_make(TW_IOMMU_TABLE, TW_GRANULE_OF_PAGE));
        }
    }
    for (unsigned i = 0; i < p->n_iommus; i++) {
        if (p->iommus[i].granule_lg == TW_GRANULE_OF_PAGE) {
            p->iommus[i].granule_lg = p->page_lg;
        }
    }
}
