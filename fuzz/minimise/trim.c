/* SPDX-License-Identifier: MIT */
/*
 * The trimmer uses the minimiser's passes over structure, and skips candidates
 * that are not shorter in bytes.
 */
#include "fuzz/minimise/trim.h"

#include <glib.h>
#include <string.h>

#include "fuzz/minimise/passes.h"
#include "program/bytes/bytes.h"
#include "program/legality.h"

/* Those whose changes may be shorter; the first two halve. */
static const TwPass passes[] = {tw_pass_tail,  tw_pass_script,  tw_pass_setup,
                                tw_pass_pairs, tw_pass_objects, tw_pass_one_op};

struct TwTrim {
    const TwDialect *dialect;
    TwTurns turns;
    unsigned pass, made;
    bool whole; /* the candidate is all of the input, in its shortest form */
    TwProgram best, changed;
    uint8_t bytes[TW_BYTES_MAX]; /* of the candidate */
    size_t size, best_size;
};

TwTrim *tw_trim_new(const TwDialect *dialect)
{
    TwTrim *trim = g_malloc(sizeof(*trim));

    trim->dialect = dialect;
    return trim;
}

void tw_trim_free(TwTrim *trim)
{
    g_free(trim);
}

static bool is_shorter(TwTrim *trim, TwProgram *program)
{
    if (!tw_program_check(program, NULL, 0) ||
        !tw_dialect_admits(trim->dialect, program, NULL, 0)) {
        return false;
    }
    trim->size = tw_program_encode(program, trim->bytes, sizeof(trim->bytes),
                                   trim->dialect);
    return trim->size > 0 && trim->size < trim->best_size;
}

/* The next change that gives a shorter input. */
static bool find(TwTrim *trim)
{
    TwTurns *turns = &trim->turns;

    while (trim->made < TW_TRIM_MOST && trim->pass < G_N_ELEMENTS(passes)) {
        turns->at = 0;
        turns->made = false;
        passes[trim->pass](turns);
        if (!turns->made) {
            trim->pass++;
            turns->wanted = 0;
            continue;
        }
        tw_edit_tidy(&trim->changed);
        tw_dialect_fit(trim->dialect, &trim->changed);
        if (is_shorter(trim, &trim->changed)) {
            trim->made++;
            return true;
        }
        turns->wanted++;
    }
    return false;
}

bool tw_trim_start(TwTrim *trim, const uint8_t *data, size_t size)
{
    tw_program_decode(&trim->best, data, size, trim->dialect);
    trim->turns = (TwTurns){.best = &trim->best,
                            .program = &trim->changed,
                            .dialect = trim->dialect,
                            .round = 1};
    trim->pass = trim->made = 0;
    trim->best_size = size;
    trim->whole = is_shorter(trim, &trim->best);
    if (trim->whole) {
        trim->made++;
        return true;
    }
    return find(trim);
}

size_t tw_trim_candidate(const TwTrim *trim, const uint8_t **data)
{
    *data = trim->bytes;
    return trim->size;
}

bool tw_trim_go_on(TwTrim *trim, bool same)
{
    if (same) {
        trim->best_size = trim->size;
        if (!trim->whole) {
            tw_program_copy(&trim->best, &trim->changed);
        }
    } else if (!trim->whole) {
        trim->turns.wanted++;
    }
    trim->whole = false;
    return find(trim);
}
