/* SPDX-License-Identifier: MIT */
/*
 * Reading the text form of a program: a line at a time, each whole or not at
 * all.  What objects name is looked at when all lines are read, by the check
 * that all programs must pass.
 */
#include "program/text.h"

#include <string.h>

#include "program/comments.h"
#include "program/legality.h"
#include "program/lexer.h"
#include "program/ops.h"
#include "program/text-op.h"

typedef struct Place {
    unsigned line, column; /* of the first word; line 0: nowhere */
} Place;

enum { DECLARATIONS, SETUP, SCRIPT };

typedef struct Parser {
    TwLexer lexer;
    TwProgram *p;
    unsigned section;
    TwSpot spot; /* what the current line is about */
    Place scalars[TW_SPOT_SAFEPOINTS + 1];
    Place regions[TW_MAX_REGIONS];
    Place spaces[TW_MAX_SPACES];
    Place iommus[TW_MAX_IOMMUS];
    Place cpus[TW_MAX_CPUS];
    Place mmus[TW_MAX_CPUS * TW_MAX_MMU_INDEXES];
    Place actors[TW_MAX_ACTORS];
    Place setup[TW_MAX_SETUP];
    Place script[TW_MAX_SCRIPT];
} Parser;

static Place *place_of(Parser *s, TwSpot spot)
{
    switch ((TwSpotKind)spot.kind) {
    case TW_SPOT_VERSION:
    case TW_SPOT_PAGE:
    case TW_SPOT_HOPS:
    case TW_SPOT_SAFEPOINTS:
        return &s->scalars[spot.kind];
    case TW_SPOT_REGION:
        return &s->regions[spot.index];
    case TW_SPOT_SPACE:
        return &s->spaces[spot.index];
    case TW_SPOT_IOMMU:
        return &s->iommus[spot.index];
    case TW_SPOT_CPU:
        return &s->cpus[spot.index];
    case TW_SPOT_MMU:
        return &s->mmus[spot.index];
    case TW_SPOT_ACTOR:
        return &s->actors[spot.index];
    case TW_SPOT_SETUP:
        return &s->setup[spot.index];
    case TW_SPOT_SCRIPT:
        return &s->script[spot.index];
    default:
        return NULL;
    }
}

/* The object of this line must be new; on false the line failed. */
static bool fresh(Parser *s, TwSpotKind kind, unsigned index, const char *what)
{
    s->spot = (TwSpot){(uint8_t)kind, (uint16_t)index};
    if (place_of(s, s->spot)->line != 0) {
        return tw_lexer_expected(&s->lexer, what);
    }
    return true;
}

/* Objects ------------------------------------------------------------------ */

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

static bool parse_region_option(TwLexer *l, unsigned option, TwRegion *r)
{
    switch (option) {
    case OPT_SIZE:
        return tw_lexer_size(l, &r->size);
    case OPT_OF:
        return tw_lexer_id(l, 'r', TW_MAX_REGIONS, &r->target);
    case OPT_OFFSET:
        return tw_lexer_number(l, 0, UINT64_MAX, NULL, &r->alias_offset);
    case OPT_BLOCK:
        return tw_lexer_id(l, 'r', TW_MAX_REGIONS, &r->block);
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

static bool parse_region(Parser *s)
{
    TwLexer *l = &s->lexer;
    uint8_t id, kind;
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
        while (option < OPTIONS &&
               !tw_lexer_is(l, region_options[option])) {
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
        if (!parse_region_option(l, option, &r)) {
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
    return true;
}

static bool parse_space(Parser *s)
{
    TwLexer *l = &s->lexer;
    TwSpace space = {.present = true};
    uint8_t id;
    const char *word = l->word;
    if (!tw_lexer_id(l, 's', TW_MAX_SPACES, &id)) {
        return false;
    }
    if (s->spaces[id].line != 0) {
        l->word = word;
        return tw_lexer_expected(l, "a space that is not there yet");
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
    s->p->spaces[id] = space;
    s->p->n_spaces = MAX(s->p->n_spaces, (uint8_t)(id + 1));
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
                              "a power of two from 16 to 2^30",
                              &m->granule_lg);
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

static bool parse_iommu(Parser *s)
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
    TwIommu m = {.kind = (uint8_t)(kind + 1),
                 .indexes = 1,
                 .bypass_space = TW_NONE,
                 .blocked_space = TW_NONE,
                 .tables = TW_NONE};
    /* Options that the kind has beside those of all. */
    unsigned fits = 1u << IOMMU_GRANULE | 1u << IOMMU_INDEXES |
                    1u << IOMMU_SELECT | 1u << IOMMU_TO | 1u << IOMMU_BYPASS;
    unsigned needs = 1u << IOMMU_GRANULE;
    if (m.kind == TW_IOMMU_MPC) {
        needs |= 1u << IOMMU_BLOCKED;
    } else if (m.kind == TW_IOMMU_PAGETABLE) {
        needs |= 1u << IOMMU_TABLES | 1u << IOMMU_LEVELS;
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
    s->p->iommus[id] = m;
    s->p->n_iommus = MAX(s->p->n_iommus, (uint8_t)(id + 1));
    return true;
}

static bool parse_cpu(Parser *s)
{
    TwLexer *l = &s->lexer;
    TwCpu cpu = {.present = true, .tlb_lg = 3};
    uint64_t victims;
    uint8_t id;
    const char *word = l->word;
    if (!tw_lexer_id(l, 'c', TW_MAX_CPUS, &id)) {
        return false;
    }
    if (s->cpus[id].line != 0) {
        l->word = word;
        return tw_lexer_expected(l, "a cpu that is not there yet");
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

static bool parse_mmu(Parser *s)
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
    if (s->cpus[cpu].line == 0 || s->mmus[number].line != 0) {
        l->word = word;
        return tw_lexer_expected(l, s->cpus[cpu].line == 0
                                        ? "an MMU index of a cpu above"
                                        : "an MMU index that is not there "
                                          "yet");
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
    s->p->cpus[cpu].mmu[index] = mmu;
    return true;
}

static bool parse_actor(Parser *s)
{
    TwLexer *l = &s->lexer;
    TwActor actor = {0};
    if (s->p->n_actors >= TW_MAX_ACTORS) {
        return tw_lexer_expected(l, "at most 16 actors");
    }
    s->spot = (TwSpot){TW_SPOT_ACTOR, s->p->n_actors};
    if (!tw_lexer_id(l, 'r', TW_MAX_REGIONS, &actor.region) ||
        !tw_lexer_number(l, 0, UINT64_MAX, "an offset", &actor.offset) ||
        !tw_text_op(l, false, &actor.op)) {
        return false;
    }
    s->p->actors[s->p->n_actors++] = actor;
    return true;
}

/* Lines -------------------------------------------------------------------- */

static bool parse_scalar(Parser *s, TwSpotKind kind)
{
    TwLexer *l = &s->lexer;
    uint64_t value;
    if (!fresh(s, kind, 0, "this line once only")) {
        return false;
    }
    tw_lexer_next(l);
    switch (kind) {
    case TW_SPOT_PAGE: {
        uint8_t page;
        if (!tw_lexer_power(l, TW_MIN_PAGE_LG, TW_MAX_PAGE_LG,
                            "a power of two from 64 to 65536", &page) ||
            !tw_lexer_end(l)) {
            return false;
        }
        s->p->page_lg = page;
        return true;
    }
    case TW_SPOT_HOPS:
        if (!tw_lexer_number(l, 1, TW_MAX_HOPS, "1 to 32 hops", &value) ||
            !tw_lexer_end(l)) {
            return false;
        }
        s->p->hops = (uint8_t)value;
        return true;
    default: {
        bool explicit_ = tw_lexer_skip(l, "explicit");
        if (!explicit_ && !tw_lexer_skip(l, "implied")) {
            return tw_lexer_expected(l, "implied or explicit");
        }
        if (!tw_lexer_end(l)) {
            return false;
        }
        s->p->explicit_safepoints = explicit_;
        return true;
    }
    }
}

static bool parse_section(Parser *s, unsigned section, TwSpotKind kind)
{
    TwLexer *l = &s->lexer;
    if (s->section >= section) {
        return tw_lexer_expected(l, section == SETUP
                                        ? "setup once, before the script"
                                        : "script once");
    }
    tw_lexer_next(l);
    if (!tw_lexer_end(l)) {
        return false;
    }
    s->section = section;
    s->spot = (TwSpot){(uint8_t)kind, 0};
    return true;
}

static bool parse_declaration(Parser *s)
{
    static const struct {
        const char *word;
        bool (*parse)(Parser *);
    } objects[] = {
        {"region", parse_region}, {"space", parse_space},
        {"iommu", parse_iommu},   {"cpu", parse_cpu},
        {"mmu", parse_mmu},       {"actor", parse_actor},
    };
    static const struct {
        const char *word;
        TwSpotKind kind;
    } scalars[] = {
        {"page", TW_SPOT_PAGE},
        {"hops", TW_SPOT_HOPS},
        {"safepoints", TW_SPOT_SAFEPOINTS},
    };
    TwLexer *l = &s->lexer;
    for (unsigned i = 0; i < G_N_ELEMENTS(objects); i++) {
        if (tw_lexer_skip(l, objects[i].word)) {
            return objects[i].parse(s);
        }
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(scalars); i++) {
        if (tw_lexer_is(l, scalars[i].word)) {
            return parse_scalar(s, scalars[i].kind);
        }
    }
    return tw_lexer_expected(l, "page, hops, safepoints, region, space, iommu, "
                                "cpu, mmu, actor, setup or script");
}

static bool parse_op_line(Parser *s)
{
    TwLexer *l = &s->lexer;
    TwProgram *p = s->p;
    TwOp op;
    if (s->section == SETUP) {
        if (p->n_setup >= TW_MAX_SETUP) {
            return tw_lexer_expected(l, "at most 128 operations in the setup");
        }
        s->spot = (TwSpot){TW_SPOT_SETUP, p->n_setup};
        if (!tw_text_op(l, s->section == SCRIPT, &op)) {
            return false;
        }
        p->setup[p->n_setup++] = op;
        return true;
    }
    if (p->n_script >= TW_MAX_SCRIPT) {
        return tw_lexer_expected(l, "at most 512 operations");
    }
    s->spot = (TwSpot){TW_SPOT_SCRIPT, p->n_script};
    if (!tw_text_op(l, s->section == SCRIPT, &op)) {
        return false;
    }
    p->script[p->n_script++] = op;
    return true;
}

static bool parse_version(Parser *s)
{
    TwLexer *l = &s->lexer;
    uint64_t version;
    s->spot = (TwSpot){TW_SPOT_VERSION, 0};
    return tw_lexer_word(l, "twinwalk") &&
           tw_lexer_number(l, TW_LANGUAGE_VERSION, TW_LANGUAGE_VERSION,
                           "version 1", &version) &&
           tw_lexer_end(l);
}

static bool parse_line(Parser *s)
{
    TwLexer *l = &s->lexer;
    if (s->scalars[TW_SPOT_VERSION].line == 0) {
        /* Only a lenient reader takes a text that does not say what it is. */
        if (!l->quiet || tw_lexer_is(l, "twinwalk")) {
            return parse_version(s);
        }
        s->scalars[TW_SPOT_VERSION].line = l->line;
    }
    if (tw_lexer_is(l, "setup")) {
        return parse_section(s, SETUP, TW_SPOT_SETUP_WORD);
    }
    if (tw_lexer_is(l, "script")) {
        return parse_section(s, SCRIPT, TW_SPOT_SCRIPT_WORD);
    }
    return s->section == DECLARATIONS ? parse_declaration(s)
                                      : parse_op_line(s);
}

/* The program -------------------------------------------------------------- */

static void remove_op(TwOp *ops, Place *places, uint16_t *count,
                      unsigned index)
{
    unsigned behind = *count - index - 1u;
    memmove(&ops[index], &ops[index + 1], behind * sizeof ops[0]);
    memmove(&places[index], &places[index + 1], behind * sizeof places[0]);
    --*count;
}

/* Takes what is at a spot out of the program. */
static void drop(Parser *s, TwSpot spot)
{
    TwProgram *p = s->p;
    switch ((TwSpotKind)spot.kind) {
    case TW_SPOT_REGION:
        p->regions[spot.index].kind = TW_REGION_NONE;
        break;
    case TW_SPOT_SPACE:
        p->spaces[spot.index].present = false;
        break;
    case TW_SPOT_IOMMU:
        p->iommus[spot.index].kind = TW_IOMMU_NONE;
        break;
    case TW_SPOT_CPU:
        p->cpus[spot.index].present = false;
        break;
    case TW_SPOT_MMU:
        p->cpus[spot.index / TW_MAX_MMU_INDEXES]
            .mmu[spot.index % TW_MAX_MMU_INDEXES]
            .present = false;
        break;
    case TW_SPOT_ACTOR:
        p->actors[spot.index].region = TW_NONE;
        break;
    case TW_SPOT_SETUP:
        remove_op(p->setup, s->setup, &p->n_setup, spot.index);
        break;
    case TW_SPOT_SCRIPT:
        remove_op(p->script, s->script, &p->n_script, spot.index);
        break;
    default:
        g_assert_not_reached();
    }
}

/* Keeps the comments of a line that was understood, or of the end. */
static void keep_comments(Parser *s, TwComments *comments, GString *above)
{
    if (above->len > 0) {
        tw_comments_add(comments, s->spot, false, above->str);
        g_string_truncate(above, 0);
    }
}

static void take_comment(const TwLexer *l, GString *lines)
{
    g_string_append_len(lines, l->comment, l->comment_stop - l->comment);
    g_string_append_c(lines, '\n');
}

static bool parse_lines(Parser *s, TwTextMode mode, TwComments *comments,
                        unsigned *dropped)
{
    TwLexer *l = &s->lexer;
    g_autoptr(GString) above = g_string_new(NULL);
    g_autoptr(GString) behind = g_string_new(NULL);
    while (tw_lexer_line(l)) {
        Place place = {l->line, tw_lexer_column(l)};
        bool empty = !l->failed && l->length == 0;
        if (empty) {
            if (l->comment && comments) {
                take_comment(l, above);
            }
            continue;
        }
        if (l->failed || !parse_line(s)) {
            if (mode == TW_TEXT_STRICT) {
                return false;
            }
            ++*dropped;
            continue;
        }
        Place *where = place_of(s, s->spot);
        if (where) {
            *where = place;
        }
        if (comments) {
            keep_comments(s, comments, above);
            if (l->comment) {
                g_string_truncate(behind, 0);
                take_comment(l, behind);
                tw_comments_add(comments, s->spot, true, behind->str);
            }
        }
    }
    if (s->scalars[TW_SPOT_VERSION].line == 0 && mode == TW_TEXT_STRICT) {
        return tw_lexer_expected_at(l, MAX(l->line, 1u), 1, "'twinwalk'");
    }
    s->spot = (TwSpot){TW_SPOT_END, 0};
    if (comments) {
        keep_comments(s, comments, above);
    }
    return true;
}

bool tw_program_parse(TwProgram *program, const char *text, size_t length,
                      const char *name, TwTextMode mode, TwComments *comments,
                      unsigned *dropped, GError **error)
{
    unsigned count = 0;
    if (length > TW_TEXT_MAX) {
        g_set_error(error, TW_TEXT_ERROR, TW_TEXT_ERROR_TOO_LARGE,
                    "%s: expected at most %d bytes", name ? name : "text",
                    TW_TEXT_MAX);
        return false;
    }
    g_autofree Parser *s = g_new0(Parser, 1);
    tw_program_init(program);
    for (unsigned i = 0; i < TW_MAX_REGIONS; i++) {
        program->regions[i].kind = TW_REGION_NONE;
    }
    memset(program->spaces, 0, sizeof program->spaces);
    memset(program->iommus, 0, sizeof program->iommus);
    memset(program->cpus, 0, sizeof program->cpus);
    s->p = program;
    tw_lexer_init(&s->lexer, text ? text : "", text ? length : 0, name,
                  mode == TW_TEXT_LENIENT, error);
    if (!parse_lines(s, mode, comments, &count)) {
        return false;
    }
    char why[200];
    TwSpot spot;
    while (!tw_program_check_spot(program, &spot, why, sizeof why)) {
        if (mode == TW_TEXT_STRICT) {
            const Place *place = place_of(s, spot);
            g_autofree char *what =
                g_strdup_printf("a well-formed program: %s", why);
            return tw_lexer_expected_at(
                &s->lexer, place ? place->line : s->lexer.line,
                place ? place->column : 1, what);
        }
        drop(s, spot);
        if (comments) {
            tw_comments_drop(comments, spot);
        }
        count++;
    }
    if (dropped) {
        *dropped = count;
    }
    return true;
}
