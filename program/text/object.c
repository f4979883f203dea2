/* SPDX-License-Identifier: MIT */
/* The lines of a text that declare regions, spaces, IOMMUs and CPUs. */
#include "program/text/object.h"

#include "program/ops.h"

/* A word of options that was already there; each may stand once. */
static bool again(TwLexer *l, unsigned *seen, unsigned option)
{
    if (*seen & 1u << option) {
        tw_lexer_expected(l, "each option once");
        return true;
    }
    *seen |= 1u << option;
    return false;
}

enum {
    OPT_SIZE,
    OPT_OF,
    OPT_OFFSET,
    OPT_BLOCK,
    OPT_ROOT,
    OPT_IN,
    OPT_AT,
    OPT_IOMMU,
    OPT_PRIO,
    OPT_VALID,
    OPT_REJECT,
    OPT_ERROR,
    OPT_DISABLED,
    OPT_READONLY,
    OPT_NONVOLATILE,
    OPT_UNMERGEABLE,
    OPT_ROMD_OFF,
    OPTIONS
};

static const char *const region_options[OPTIONS] = {
    [OPT_SIZE] = "size",
    [OPT_OF] = "of",
    [OPT_OFFSET] = "offset",
    [OPT_BLOCK] = "block",
    [OPT_ROOT] = "root",
    [OPT_IN] = "in",
    [OPT_AT] = "at",
    [OPT_IOMMU] = "iommu",
    [OPT_PRIO] = "prio",
    [OPT_VALID] = "valid",
    [OPT_REJECT] = "reject",
    [OPT_ERROR] = "error",
    [OPT_DISABLED] = "disabled",
    [OPT_READONLY] = "readonly",
    [OPT_NONVOLATILE] = "nonvolatile",
    [OPT_UNMERGEABLE] = "unmergeable",
    [OPT_ROMD_OFF] = "romd-off",
};

static bool option_fits(unsigned option, unsigned kind)
{
    switch (option) {
    case OPT_OF:
    case OPT_OFFSET:
        return kind == TW_REGION_ALIAS;
    case OPT_BLOCK:
        return tw_region_has_block(kind);
    case OPT_IOMMU:
        return kind == TW_REGION_IOMMU;
    case OPT_VALID:
    case OPT_REJECT:
    case OPT_ERROR:
        return tw_region_has_device(kind);
    case OPT_ROMD_OFF:
        return kind == TW_REGION_ROMD;
    default:
        return true;
    }
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
        return tw_lexer_expected(l, "a space that is not there yet");
    }
    return true;
}

static bool parse_region_option(TwParser *s, unsigned option, TwRegion *r,
                                uint8_t *space)
{
    TwLexer *l = &s->lexer;
    switch (option) {
    case OPT_SIZE:
        return tw_lexer_size(l, &r->size);
    case OPT_OF:
        return tw_lexer_id(l, 'r', TW_MAX_REGIONS, &r->target);
    case OPT_OFFSET:
        return tw_lexer_number(l, 0, UINT64_MAX, NULL, &r->alias_offset);
    case OPT_BLOCK:
        return tw_lexer_id(l, 'r', TW_MAX_REGIONS, &r->block);
    case OPT_ROOT:
        return parse_new_space(s, space);
    case OPT_IN:
        return tw_lexer_id(l, 'r', TW_MAX_REGIONS, &r->container);
    case OPT_AT:
        return tw_lexer_number(l, 0, UINT64_MAX, NULL, &r->addr);
    case OPT_IOMMU:
        return tw_lexer_id(l, 'i', TW_MAX_IOMMUS, &r->iommu);
    case OPT_PRIO:
        return tw_lexer_priority(l, &r->priority);
    case OPT_VALID:
        return tw_lexer_piece_sizes(l, &r->valid_min, &r->valid_max);
    case OPT_REJECT:
        return tw_lexer_range(l, &r->reject);
    case OPT_ERROR:
        return tw_lexer_range(l, &r->error);
    case OPT_DISABLED:
        r->enabled = false;
        return true;
    case OPT_READONLY:
        r->readonly = true;
        return true;
    case OPT_NONVOLATILE:
        r->nonvolatile = true;
        return true;
    case OPT_UNMERGEABLE:
        r->unmergeable = true;
        return true;
    default:
        r->romd_mode = false;
        return true;
    }
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
    uint8_t id, kind, space = TW_NONE;
    unsigned seen = 0;
    const char *word = l->word;
    if (!tw_lexer_id(l, 'r', TW_MAX_REGIONS, &id)) {
        return false;
    }
    if (s->regions[id].line != 0) {
        l->word = word;
        return tw_lexer_expected(l, "a region that is not there yet");
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
    while (l->length > 0) {
        unsigned option = 0;
        while (option < OPTIONS && !tw_lexer_is(l, region_options[option])) {
            option++;
        }
        if (option == OPTIONS || !option_fits(option, r.kind)) {
            char what[64];
            g_snprintf(what, sizeof what, "an option of a region of kind %s",
                       tw_region_kind_name(r.kind));
            return tw_lexer_expected(l, what);
        }
        if (again(l, &seen, option)) {
            return false;
        }
        tw_lexer_next(l);
        if (!parse_region_option(s, option, &r, &space)) {
            return false;
        }
    }
    if (!(seen & 1u << OPT_SIZE)) {
        return tw_lexer_expected(l, "'size'");
    }
    if (r.kind == TW_REGION_ALIAS && !(seen & 1u << OPT_OF)) {
        return tw_lexer_expected(l, "'of'");
    }
    if (r.kind == TW_REGION_IOMMU && !(seen & 1u << OPT_IOMMU)) {
        return tw_lexer_expected(l, "'iommu'");
    }
    s->p->regions[id] = r;
    s->p->n_regions = MAX(s->p->n_regions, (uint8_t)(id + 1));
    if (space != TW_NONE) {
        add_space(s, space, (TwSpace){.present = true, .root = id});
        s->spaces[space] = place;
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
    if (!tw_lexer_word(l, "root") ||
        !tw_lexer_id(l, 'r', TW_MAX_REGIONS, &space.root)) {
        return false;
    }
    space.late = tw_lexer_skip(l, "late");
    if (!tw_lexer_end(l)) {
        return false;
    }
    add_space(s, id, space);
    return true;
}

static const char *iommu_kind(unsigned i)
{
    return tw_iommu_kind_name(i + 1);
}

enum {
    IOMMU_GRANULE,
    IOMMU_INDEXES,
    IOMMU_SELECT,
    IOMMU_TO,
    IOMMU_BLOCKED,
    IOMMU_FORMAT,
    IOMMU_TABLES,
    IOMMU_LEVELS,
    IOMMU_BYPASS,
    IOMMU_OPTIONS
};

static const char *const iommu_options[IOMMU_OPTIONS] = {
    "granule", "indexes", "select", "to",    "blocked",
    "format",  "tables",  "levels", "bypass"};

static bool parse_iommu_option(TwLexer *l, unsigned option, TwIommu *m)
{
    uint64_t value;
    switch (option) {
    case IOMMU_GRANULE:
        return tw_lexer_power(l, TW_MIN_GRANULE_LG, TW_MAX_GRANULE_LG,
                              "a power of two from 16 to 2^30", &m->granule_lg);
    case IOMMU_INDEXES:
        if (!tw_lexer_number(l, 1, TW_MAX_IOMMU_INDEXES, "1 to 4 indexes",
                             &value)) {
            return false;
        }
        m->indexes = (uint8_t)value;
        return true;
    case IOMMU_SELECT:
        return tw_lexer_name(l, tw_select_name, TW_SELECTS,
                             "zero, secure, user or requester", &m->select);
    case IOMMU_TO:
        return tw_lexer_id(l, 's', TW_MAX_SPACES, &m->bypass_space);
    case IOMMU_BLOCKED:
        return tw_lexer_id(l, 's', TW_MAX_SPACES, &m->blocked_space);
    case IOMMU_FORMAT:
        return tw_lexer_name(l, tw_format_name, TW_FORMATS,
                             "abstract, vtd, smmuv3 or amdvi", &m->format);
    case IOMMU_TABLES:
        return tw_lexer_id(l, 'r', TW_MAX_REGIONS, &m->tables);
    case IOMMU_LEVELS:
        if (!tw_lexer_number(l, 1, 6, "1 to 6 levels", &value)) {
            return false;
        }
        m->levels = (uint8_t)value;
        return true;
    default:
        m->bypass = true;
        return true;
    }
}

/* Its granule is the page size, which may still come: see the defaults. */
enum { GRANULE_OF_PAGE = 0 };

static TwIommu make_iommu(TwIommuKind kind)
{
    return (TwIommu){.kind = (uint8_t)kind,
                     .granule_lg = GRANULE_OF_PAGE,
                     .indexes = 1,
                     .bypass_space = TW_NONE,
                     .blocked_space = TW_NONE,
                     .tables = TW_NONE};
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
    unsigned seen = 0;
    const char *word = l->word;
    if (!tw_lexer_id(l, 'i', TW_MAX_IOMMUS, &id)) {
        return false;
    }
    if (s->iommus[id].line != 0) {
        l->word = word;
        return tw_lexer_expected(l, "an iommu that is not there yet");
    }
    s->spot = (TwSpot){TW_SPOT_IOMMU, id};
    if (!tw_lexer_name(l, iommu_kind, TW_IOMMU_KINDS - 1,
                       "table, mpc or pagetable", &kind)) {
        return false;
    }
    TwIommu m = make_iommu((TwIommuKind)(kind + 1));
    /* Options that the kind has beside those of all. */
    unsigned fits = 1u << IOMMU_GRANULE | 1u << IOMMU_INDEXES |
                    1u << IOMMU_SELECT | 1u << IOMMU_TO | 1u << IOMMU_BYPASS;
    unsigned needs = 0;
    if (m.kind == TW_IOMMU_MPC) {
        needs = 1u << IOMMU_BLOCKED;
    } else if (m.kind == TW_IOMMU_PAGETABLE) {
        needs = 1u << IOMMU_TABLES | 1u << IOMMU_LEVELS;
        fits |= 1u << IOMMU_FORMAT;
    }
    while (l->length > 0) {
        unsigned option = 0;
        while (option < IOMMU_OPTIONS &&
               !tw_lexer_is(l, iommu_options[option])) {
            option++;
        }
        if (option == IOMMU_OPTIONS || !((fits | needs) >> option & 1)) {
            char what[64];
            g_snprintf(what, sizeof what, "an option of an iommu of kind %s",
                       tw_iommu_kind_name(m.kind));
            return tw_lexer_expected(l, what);
        }
        if (again(l, &seen, option)) {
            return false;
        }
        tw_lexer_next(l);
        if (!parse_iommu_option(l, option, &m)) {
            return false;
        }
    }
    for (unsigned option = 0; option < IOMMU_OPTIONS; option++) {
        if ((needs & ~seen) >> option & 1) {
            return tw_lexer_word(l, iommu_options[option]);
        }
    }
    add_iommu(s, id, m);
    return true;
}

static TwCpu make_cpu(void)
{
    return (TwCpu){.present = true, .tlb_lg = TW_TEXT_TLB_LG};
}

bool tw_text_cpu(TwParser *s)
{
    TwLexer *l = &s->lexer;
    TwCpu cpu = make_cpu();
    uint64_t victims;
    uint8_t id;
    const char *word = l->word;
    if (!tw_lexer_id(l, 'c', TW_MAX_CPUS, &id)) {
        return false;
    }
    if (s->cpus[id].line != 0 || s->p->cpus[id].present) {
        l->word = word;
        return tw_lexer_expected(l, s->cpus[id].line != 0
                                        ? "a cpu that is not there yet"
                                        : "a cpu above its MMU indexes");
    }
    s->spot = (TwSpot){TW_SPOT_CPU, id};
    if (tw_lexer_skip(l, "tlb") &&
        !tw_lexer_power(l, 0, TW_MAX_TLB_LG, "a power of two from 1 to 4096",
                        &cpu.tlb_lg)) {
        return false;
    }
    if (tw_lexer_skip(l, "victims")) {
        if (!tw_lexer_number(l, 0, TW_MAX_VICTIMS, "0 to 16 victims",
                             &victims)) {
            return false;
        }
        cpu.victims = (uint8_t)victims;
    }
    if (!tw_lexer_end(l)) {
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
        return tw_lexer_expected(l, "an MMU index that is not there yet");
    }
    s->spot = (TwSpot){TW_SPOT_MMU, (uint16_t)number};
    if (!tw_lexer_word(l, "space") ||
        !tw_lexer_id(l, 's', TW_MAX_SPACES, &mmu.space)) {
        return false;
    }
    if (tw_lexer_skip(l, "attrs") && !tw_lexer_attrs(l, &mmu.attrs)) {
        return false;
    }
    if (!tw_lexer_end(l)) {
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
            add_iommu(s, r->iommu, make_iommu(TW_IOMMU_TABLE));
        }
    }
    for (unsigned i = 0; i < p->n_iommus; i++) {
        if (p->iommus[i].granule_lg == GRANULE_OF_PAGE) {
            p->iommus[i].granule_lg = p->page_lg;
        }
    }
}
