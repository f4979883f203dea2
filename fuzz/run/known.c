/* SPDX-License-Identifier: MIT */
/* See known.h. */
#include "fuzz/run/known-internal.h"

#include <string.h>

static const char builtin[] =
#include "fuzz/known-builtin.inc"
    ;

TwKnown *tw_known_new(void)
{
    TwKnown *known = g_new0(TwKnown, 1);

    known->entries = g_ptr_array_new_with_free_func(tw_known_item_free);
    known->lists = g_ptr_array_new_with_free_func(g_free);
    known->newer = g_ptr_array_new_with_free_func(g_free);
    return known;
}

TwKnown *tw_known_new_builtin(void)
{
    TwKnown *known = tw_known_new();
    GError *error = NULL;

    if (!tw_known_add_text(known, builtin, strlen(builtin), "built-in list",
                           &error)) {
        g_error("%s", error->message); /* a test reads it */
    }
    return known;
}

void tw_known_free(TwKnown *known)
{
    if (known != NULL) {
        g_ptr_array_unref(known->entries);
        g_ptr_array_unref(known->lists);
        g_ptr_array_unref(known->newer);
        g_free(known);
    }
}

bool tw_known_remove(TwKnown *known, const char *name)
{
    for (unsigned i = 0; i < known->entries->len; i++) {
        const TwKnownItem *e = g_ptr_array_index(known->entries, i);

        if (strcmp(e->public.name, name) == 0) {
            g_ptr_array_remove_index(known->entries, i);
            return true;
        }
    }
    return false;
}

unsigned tw_known_n_entries(const TwKnown *known)
{
    return known ? known->entries->len : 0;
}

const TwKnownEntry *tw_known_entry(const TwKnown *known, unsigned i)
{
    const TwKnownItem *e = g_ptr_array_index(known->entries, i);

    return &e->public;
}

/* Use --------------------------------------------------------------------- */

/* The triggers that a program meets; none, if the target refuses it. */
static uint64_t ask_met(const TwKnown *known, const TwProgram *program,
                        const TwFinding *finding)
{
    return tw_dialect_admits(&known->dialect, program, NULL, 0)
               ? known->klass->triggers_met(program, finding)
               : 0;
}

static void ask_avoid(const TwKnown *known, TwProgram *program,
                      uint64_t triggers)
{
    if (tw_dialect_admits(&known->dialect, program, NULL, 0)) {
        known->klass->avoid(program, triggers);
    }
}

static bool key_matches(const TwKnownItem *e, const char *key)
{
    for (unsigned i = 0; i < e->keys->len; i++) {
        if (g_pattern_spec_match_string(g_ptr_array_index(e->keys, i), key)) {
            return true;
        }
    }
    return false;
}

/* The class that a line of the finding's text names ("expected: page-fault
 * ..."); returns its length, 0: there is no such line. */
static size_t class_in(const TwFinding *finding, const char *label,
                       const char **class_)
{
    const char *line = strstr(finding->text, label);

    if (line == NULL) {
        return 0;
    }
    *class_ = line + strlen(label);
    return strcspn(*class_, " \n");
}

bool tw_known_fits_outcome(const TwKnown *known, unsigned i,
                           const TwFinding *finding)
{
    const TwKnownItem *e = g_ptr_array_index(known->entries, i);
    const char *expected = "", *seen = "";
    size_t n = class_in(finding, "\nexpected: ", &expected);
    size_t m = class_in(finding, "\nseen: ", &seen);

    return n > 0 && n == m && strncmp(expected, seen, n) == 0 ? e->same
                                                              : e->other;
}

/* Stops after `most` entries. */
static unsigned match(const TwKnown *known, const TwProgram *program,
                      const TwFinding *finding, uint8_t *entries, unsigned most)
{
    uint64_t met = 0;
    bool asked = false;
    unsigned n = 0;

    for (unsigned i = 0; known != NULL && i < known->entries->len && n < most;
         i++) {
        const TwKnownItem *e = g_ptr_array_index(known->entries, i);

        if (!e->public.active || !(finding->other ? e->second : e->first) ||
            !key_matches(e, finding->key) ||
            !tw_known_fits_outcome(known, i, finding)) {
            continue;
        }
        if (!asked) {
            met = ask_met(known, program, finding);
            asked = true;
        }
        if (met & e->public.triggers) {
            entries[n++] = (uint8_t)i;
        }
    }
    return n;
}

int tw_known_match(const TwKnown *known, const TwProgram *program,
                   const TwFinding *finding)
{
    uint8_t first;

    return match(known, program, finding, &first, 1) ? first : -1;
}

unsigned tw_known_match_all(const TwKnown *known, const TwProgram *program,
                            const TwFinding *finding, uint8_t *entries)
{
    return match(known, program, finding, entries, TW_MAX_KNOWN);
}

uint64_t tw_known_path(const TwKnown *known, const TwProgram *program,
                       const TwFinding *finding)
{
    return known != NULL && known->avoid != 0
               ? ask_met(known, program, finding) & known->avoid
               : 0;
}

void tw_known_count_met(const TwKnown *known, const TwProgram *program,
                        uint64_t met[TW_MAX_KNOWN])
{
    TwFinding anywhere = {.op = TW_NO_OP};
    uint64_t triggers;

    if (known == NULL || known->avoid == 0) {
        return;
    }
    triggers = ask_met(known, program, &anywhere);
    for (unsigned i = 0; i < known->entries->len && triggers != 0; i++) {
        const TwKnownItem *e = g_ptr_array_index(known->entries, i);

        met[i] += e->public.active && (triggers & e->public.triggers);
    }
}

void tw_known_avoid_all(const TwKnown *known, TwProgram *program)
{
    if (known != NULL && known->avoid != 0) {
        ask_avoid(known, program, known->avoid);
    }
}

uint64_t tw_known_triggers(const TwKnown *known)
{
    return known != NULL ? known->avoid : 0;
}

void tw_known_avoid_these(const TwKnown *known, TwProgram *program,
                          uint64_t triggers)
{
    triggers &= tw_known_triggers(known);
    if (triggers != 0) {
        ask_avoid(known, program, triggers);
    }
}

void tw_known_avoid_deadly(const TwKnown *known, TwProgram *program)
{
    uint64_t deadly = 0;

    for (unsigned i = 0; known != NULL && known->avoid >> i != 0; i++) {
        deadly |= (uint64_t)known->klass->triggers[i].deadly << i;
    }
    if (deadly != 0) {
        ask_avoid(known, program, known->avoid & deadly);
    }
}

bool tw_known_avoid(const TwKnown *known, TwProgram *program, TwRng *rng)
{
    uint64_t avoid = known ? known->avoid : 0;
    unsigned draw;

    if (avoid == 0) {
        return false;
    }
    draw = (unsigned)tw_rng_below(rng, 16);
    if (draw == 0) {
        return true;
    }
    if (draw == 1) {
        unsigned spared =
            (unsigned)tw_rng_below(rng, (unsigned)__builtin_popcountll(avoid));
        uint64_t bit = avoid;

        while (spared-- > 0) {
            bit &= bit - 1;
        }
        avoid &= ~(bit & -bit);
    }
    ask_avoid(known, program, avoid);
    return draw == 1;
}

bool tw_known_any_active(const TwKnown *known)
{
    for (unsigned i = 0; i < tw_known_n_entries(known); i++) {
        if (tw_known_entry(known, i)->active) {
            return true;
        }
    }
    return false;
}
