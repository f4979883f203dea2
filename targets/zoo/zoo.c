/* SPDX-License-Identifier: MIT */
/*
 * The class "zoo": the parts of softmmu compiled a second time, with each
 * TW_BUG() of theirs decided by the bug or mutant that the machine was opened
 * with.
 */
#define TW_ZOO 1

#include "targets/zoo/zoo.h"

#include "targets/softmmu/parts.h"
#include "targets/softmmu/softmmu.h"
#include "targets/softmmu/trigger.h"

static const TwZooBug bugs[] = {
#define TW_ZOO_BUG(slug, name, layer, summary, provenance, verdicts, endings, \
                   rules) \
    {slug, summary, provenance, verdicts, endings, rules, "", layer},
#include "targets/zoo/bugs.def"
#undef TW_ZOO_BUG
};

/* In the order of Bug, behind the bugs. */
static const TwZooBug mutants[] = {
#define TW_ZOO_MUTANT_SHOWN(slug, name, rules, summary, shown) \
    {slug, summary, "", "", "", rules, shown, ""},
#define TW_ZOO_MUTANT(slug, name, rules, summary) \
    TW_ZOO_MUTANT_SHOWN(slug, name, rules, summary, "")
#include "targets/zoo/mutants.def"
#undef TW_ZOO_MUTANT
};

/* Behind the mutants. */
static const TwZooBug equivalents[] = {
#define TW_ZOO_EQUIVALENT(slug, name, summary) \
    {slug, summary, "", "", "", "", "", ""},
#include "targets/zoo/equivalents.def"
#undef TW_ZOO_EQUIVALENT
};

const TwZooBug *tw_zoo_bugs(unsigned *n)
{
    *n = G_N_ELEMENTS(bugs);
    return bugs;
}

const TwZooBug *tw_zoo_mutants(unsigned *n)
{
    *n = G_N_ELEMENTS(mutants);
    return mutants;
}

const TwZooBug *tw_zoo_equivalents(unsigned *n)
{
    *n = G_N_ELEMENTS(equivalents);
    return equivalents;
}

/* What a command misses; these have no names of their own (TW_BUG). */
static const TwZooBug cells[] = {
#define TW_ZOO_CELL(C, c, S, s, K, k, rules) \
    {"misses:" c ":" s ":" k, \
     "\"" c "\" misses what is kept as " s ", " k, \
     "", \
     "", \
     "", \
     rules, \
     "", \
     ""},
#include "targets/zoo/cells.def"
#undef TW_ZOO_CELL
};
static const struct {
    uint16_t number; /* TW_CELL() */
    bool absent;     /* it is about records of absences */
} misses_of[] = {
#define TW_ZOO_CELL(C, c, S, s, K, k, rules) \
    {TW_CELL(COMMAND_##C, STRUCTURE_##S, KIND_##K), KIND_##K == KIND_ABSENT},
#include "targets/zoo/cells.def"
#undef TW_ZOO_CELL
};

const TwZooBug *tw_zoo_cells(unsigned *n)
{
    *n = G_N_ELEMENTS(cells);
    return cells;
}

uint64_t tw_zoo_missed(const TwTarget *target)
{
    return ((const Machine *)target)->n_missed;
}

uint64_t tw_zoo_reached(const TwTarget *target)
{
    const Machine *m = (const Machine *)target;

    return m->n_reached + m->n_missed;
}

/* The number of the mutant of that slug; as many as there are: none. */
static unsigned find_cell(const char *slug)
{
    unsigned i = 0;

    while (i < G_N_ELEMENTS(cells) && strcmp(cells[i].slug, slug) != 0) {
        i++;
    }
    return i;
}

static const TwZooQuirk quirks[] = {
#define TW_ZOO_QUIRK(slug, name, rule, summary) {slug, summary, rule},
#include "targets/zoo/quirks.def"
#undef TW_ZOO_QUIRK
};
static const Bug quirk_bugs[] = {
#define TW_ZOO_QUIRK(slug, name, rule, summary) BUG_##name,
#include "targets/zoo/quirks.def"
#undef TW_ZOO_QUIRK
};

const TwZooQuirk *tw_zoo_quirks(unsigned *n)
{
    *n = G_N_ELEMENTS(quirks);
    return quirks;
}

static void add_bug(Machine *m, Bug bug)
{
    m->bugs[bug / 64] |= UINT64_C(1) << bug % 64;
}

/* Gives the machine the quirks that the options name; false: there is no such
 * quirk. */
static bool add_quirks(Machine *m, const TwTargetOptions *options,
                       GError **error)
{
    g_auto(GStrv) names = g_strsplit(options->quirks, ",", -1);
    g_autofree char *version = NULL;

    for (char **name = names; *name; name++) {
        unsigned i = 0;

        while (i < G_N_ELEMENTS(quirks) && strcmp(quirks[i].slug, *name)) {
            i++;
        }
        if (i == G_N_ELEMENTS(quirks)) {
            g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                        "--quirk: expected names of quirks with commas "
                        "between (see --help), not \"%s\"",
                        *name);
            return false;
        }
        add_bug(m, quirk_bugs[i]);
    }
    version = g_strdup_printf("1 with %s", options->quirks);
    m->quirks = g_intern_string(version);
    return true;
}

static Bug find_slug(const char *slug)
{
    const struct {
        const TwZooBug *rows;
        unsigned n;
    } tables[] = {{bugs, G_N_ELEMENTS(bugs)},
                  {mutants, G_N_ELEMENTS(mutants)},
                  {equivalents, G_N_ELEMENTS(equivalents)}};
    unsigned bug = BUG_NONE + 1;

    for (unsigned k = 0; k < G_N_ELEMENTS(tables); k++) {
        for (unsigned i = 0; i < tables[k].n; i++, bug++) {
            if (strcmp(slug, tables[k].rows[i].slug) == 0) {
                return (Bug)bug;
            }
        }
    }
    return BUG_NONE;
}

static void add_cell(Machine *m, unsigned i)
{
    m->misses = misses_of[i].number;
    m->contract.iotlb |= misses_of[i].absent ? TW_IOTLB_ABSENT : 0;
}

static TwTarget *zoo_open(const TwTargetOptions *options, GError **error)
{
    const char *slug = name_argument(options);
    Bug bug = slug != NULL ? find_slug(slug) : BUG_NONE;
    unsigned cell = slug != NULL ? find_cell(slug) : G_N_ELEMENTS(cells);

    if (bug != BUG_NONE || cell < G_N_ELEMENTS(cells)) {
        Machine *m = machine_open(&tw_zoo_class, options);

        if (bug != BUG_NONE) {
            add_bug(m, bug);
        } else {
            add_cell(m, cell);
        }
        if (options->quirks != NULL && !add_quirks(m, options, error)) {
            machine_close(&m->target);
            return NULL;
        }
        return &m->target;
    }
    g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                "zoo: expected zoo:SLUG with the slug of a bug or mutant (see "
                "twinwalk targets)");
    return NULL;
}

const TwTargetClass tw_zoo_class = {
    .name = "zoo",
    .forms = "zoo:SLUG",
    .options = tw_softmmu_options,
    .summary = "softmmu with one bug put back, or one rule broken (zoo:SLUG)",
    .tells = true,
    .open = zoo_open,
    .dialect = dialect,
    .contract = contract,
    .version = version,
    .run = run,
    .emit = emit,
    .close = machine_close,
};

/* softmmu as it is here: the machine of the zoo. */
static const TwTargetClass quirky_class = {
    .name = "softmmu",
    .options = tw_softmmu_options,
    .summary = "softmmu with quirks of QEMU",
    .tells = true,
    .peaks = true,
    .dialect = dialect,
    .contract = contract,
    .version = version,
    .run = run,
    .emit = emit,
    .close = machine_close,
    .triggers = tw_softmmu_triggers,
    .triggers_met = tw_softmmu_triggers_met,
    .avoid = tw_softmmu_avoid,
};

TwTarget *tw_zoo_open_quirks(const TwTargetOptions *options, GError **error)
{
    Machine *m;

    if (name_argument(options) != NULL) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "softmmu: takes no argument");
        return NULL;
    }
    m = machine_open(&quirky_class, options);
    if (!add_quirks(m, options, error)) {
        machine_close(&m->target);
        return NULL;
    }
    return &m->target;
}
