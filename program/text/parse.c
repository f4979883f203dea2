/* SPDX-License-Identifier: MIT */
/*
 * Parses the text form of a program, line by line; a line counts whole or not
 * at all.  References between objects are checked after all lines are read, by
 * the check that all programs must pass.
 */
#include "program/text/text.h"

#include <string.h>

#include "program/text/comments.h"
#include "program/legality.h"
#include "program/text/lexer.h"
#include "program/ops.h"
#include "program/text/op.h"
#include "program/text/object.h"

static TwTextPlace *place_of(TwParser *s, TwSpot spot)
{
    switch ((TwSpotKind)spot.kind) {
    case TW_SPOT_VERSION:
    case TW_SPOT_PAGE:
    case TW_SPOT_HOPS:
    case TW_SPOT_CONTENTS:
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
static bool fresh(TwParser *s, TwSpotKind kind, unsigned index,
                  const char *what)
{
    s->spot = (TwSpot){(uint8_t)kind, (uint16_t)index};
    if (place_of(s, s->spot)->line != 0) {
        return tw_lexer_refuse(&s->lexer, what);
    }
    return true;
}

static bool parse_actor(TwParser *s)
{
    TwLexer *l = &s->lexer;
    TwActor actor = {0};
    if (s->p->n_actors >= TW_MAX_ACTORS) {
        return tw_lexer_refuse(l, "at most 16 actors");
    }
    s->spot = (TwSpot){TW_SPOT_ACTOR, s->p->n_actors};
    if (!tw_lexer_id(l, 'r', TW_MAX_REGIONS, &actor.region) ||
        !tw_lexer_number(l, 0, UINT64_MAX, "an offset", &actor.offset) ||
        !tw_text_op(l, s->p, false, &actor.op)) {
        return false;
    }
    s->p->actors[s->p->n_actors++] = actor;
    return true;
}

/* Lines -------------------------------------------------------------------- */

static bool parse_scalar(TwParser *s, TwSpotKind kind)
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
    case TW_SPOT_CONTENTS: {
        if (!tw_lexer_name(l, tw_contents_name, TW_CONTENTS_KINDS,
                           "data, code, code-x86-64, code-riscv64, runs, "
                           "runs-x86-64, runs-riscv64, runs-thumb or inert",
                           &s->p->contents) ||
            !tw_lexer_end(l)) {
            return false;
        }
        return true;
    }
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

static bool parse_section(TwParser *s, unsigned section, TwSpotKind kind)
{
    TwLexer *l = &s->lexer;
    if (s->section >= section) {
        return tw_lexer_refuse(l, section == TW_TEXT_SETUP
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

static bool parse_declaration(TwParser *s)
{
    static const struct {
        const char *word;
        bool (*parse)(TwParser *);
    } objects[] = {
        {"region", tw_text_region}, {"space", tw_text_space},
        {"iommu", tw_text_iommu},   {"cpu", tw_text_cpu},
        {"mmu", tw_text_mmu},       {"actor", parse_actor},
    };
    static const struct {
        const char *word;
        TwSpotKind kind;
    } scalars[] = {
        {"page", TW_SPOT_PAGE},
        {"hops", TW_SPOT_HOPS},
        {"contents", TW_SPOT_CONTENTS},
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
    return tw_lexer_expected(l, "page, hops, contents, safepoints, region, "
                                "space, iommu, cpu, mmu, actor, setup or "
                                "script");
}

static bool parse_op_line(TwParser *s)
{
    TwLexer *l = &s->lexer;
    TwProgram *p = s->p;
    TwOp op;
    if (s->section == TW_TEXT_SETUP) {
        _Static_assert(TW_MAX_SETUP == 1536, "what the message says");
        if (p->n_setup >= TW_MAX_SETUP) {
            return tw_lexer_refuse(l, "at most 1536 operations in the setup");
        }
        s->spot = (TwSpot){TW_SPOT_SETUP, p->n_setup};
        if (!tw_text_op(l, p, s->section == TW_TEXT_SCRIPT, &op)) {
            return false;
        }
        p->setup[p->n_setup++] = op;
        return true;
    }
    if (p->n_script >= TW_MAX_SCRIPT) {
        return tw_lexer_refuse(l, "at most 1536 operations");
    }
    s->spot = (TwSpot){TW_SPOT_SCRIPT, p->n_script};
    if (!tw_text_op(l, p, s->section == TW_TEXT_SCRIPT, &op)) {
        return false;
    }
    p->script[p->n_script++] = op;
    return true;
}

static bool parse_version(TwParser *s)
{
    TwLexer *l = &s->lexer;
    uint64_t version;
    s->spot = (TwSpot){TW_SPOT_VERSION, 0};
    return tw_lexer_word(l, "twinwalk") &&
           tw_lexer_number(l, TW_LANGUAGE_VERSION, TW_LANGUAGE_VERSION,
                           "version 1", &version) &&
           tw_lexer_end(l);
}

static bool parse_line(TwParser *s)
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
        return parse_section(s, TW_TEXT_SETUP, TW_SPOT_SETUP_WORD);
    }
    if (tw_lexer_is(l, "script")) {
        return parse_section(s, TW_TEXT_SCRIPT, TW_SPOT_SCRIPT_WORD);
    }
    return s->section == TW_TEXT_DECLARATIONS ? parse_declaration(s)
                                              : parse_op_line(s);
}

/* The program -------------------------------------------------------------- */

static void remove_op(TwOp *ops, TwTextPlace *places, uint16_t *count,
                      unsigned index)
{
    unsigned behind = *count - index - 1u;
    memmove(&ops[index], &ops[index + 1], behind * sizeof ops[0]);
    memmove(&places[index], &places[index + 1], behind * sizeof places[0]);
    --*count;
}

/* Takes what is at a spot out of the program. */
static void drop(TwParser *s, TwSpot spot)
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
static void keep_comments(TwParser *s, TwComments *comments, GString *above)
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

static bool parse_lines(TwParser *s, TwTextMode mode, TwComments *comments,
                        unsigned *dropped)
{
    TwLexer *l = &s->lexer;
    g_autoptr(GString) above = g_string_new(NULL);
    g_autoptr(GString) behind = g_string_new(NULL);
    while (tw_lexer_line(l)) {
        TwTextPlace place = {l->line, tw_lexer_column(l)};
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
        TwTextPlace *where = place_of(s, s->spot);
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
    g_autofree TwParser *s = g_new0(TwParser, 1);
    tw_program_init(program);
    for (unsigned i = 0; i < TW_MAX_REGIONS; i++) {
        program->regions[i] = (TwRegion){.kind = TW_REGION_NONE};
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
    tw_text_defaults(s);
    char why[200];
    TwSpot spot;
    while (!tw_program_check_spot(program, &spot, why, sizeof why)) {
        const TwTextPlace *place = place_of(s, spot);
        if (mode == TW_TEXT_STRICT) {
            g_autofree char *what =
                g_strdup_printf("a well-formed program: %s", why);
            return tw_lexer_expected_at(
                &s->lexer, place && place->line ? place->line : s->lexer.line,
                place && place->line ? place->column : 1, what);
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
