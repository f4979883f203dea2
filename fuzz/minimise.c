/* SPDX-License-Identifier: MIT */
/*
 * The minimiser: from what takes most away to what takes least, over and over
 * until nothing goes.  Large things first, since a smaller program makes all
 * further candidates cheaper to run.
 */
#include "fuzz/minimise-internal.h"

#include <glib.h>
#include <string.h>

#include "program/legality.h"
#include "program/text.h"

enum { DEFAULT_BUDGET = 20000 };

/* A candidate that waits to be judged. */
typedef struct Waiting {
    TwProgram *program;
    uint64_t hash;
    unsigned turn;
    unsigned seen_before; /* turns passed over since the one before it */
} Waiting;

typedef struct Minimiser {
    const TwMinimiseOptions *options;
    TwProgram *best;
    unsigned budget, window, round;
    Waiting *waiting;     /* `window` of them */
    TwProgram **programs; /* theirs */
    /* Hashes of what was tried, and of each best program.  Two programs with
     * one hash in 2^64 would cost a step, never a wrong result. */
    GHashTable *seen;
    bool stopped;
    TwMinimiseStats stats;
} Minimiser;

unsigned tw_minimise_lines(const TwProgram *program)
{
    g_autoptr(GString) text = g_string_new(NULL);
    unsigned lines = 0;

    tw_program_print(program, NULL, text);
    for (gsize i = 0; i < text->len; i++) {
        lines += text->str[i] == '\n';
    }
    return lines - 2 - (program->n_setup > 0);
}

static void see(Minimiser *min, uint64_t hash)
{
    g_hash_table_add(min->seen, g_memdup2(&hash, sizeof(hash)));
}

static bool is_waiting(const Minimiser *min, unsigned n, uint64_t hash)
{
    for (unsigned i = 0; i < n; i++) {
        if (min->waiting[i].hash == hash) {
            return true;
        }
    }
    return false;
}

/* Makes the candidate of a turn, in `to`; false if the pass has no such
 * turn.  *fits: it is a program to try; *seen: it was tried before. */
static bool make(Minimiser *min, TwPass pass, unsigned turn, unsigned n,
                 Waiting *to, bool *fits, bool *seen)
{
    TwTurns turns = {.best = min->best,
                     .program = to->program,
                     .dialect = min->options->dialect,
                     .round = min->round,
                     .wanted = turn};

    pass(&turns);
    *fits = *seen = false;
    if (!turns.made) {
        return false;
    }
    if (tw_program_equal(to->program, min->best)) {
        return true;
    }
    tw_dialect_fit(min->options->dialect, to->program);
    if (!tw_program_check(to->program, NULL, 0) ||
        !tw_dialect_admits(min->options->dialect, to->program, NULL, 0)) {
        return true;
    }
    to->hash = tw_program_hash(to->program);
    to->turn = turn;
    *seen = g_hash_table_contains(min->seen, &to->hash) ||
            is_waiting(min, n, to->hash);
    *fits = !*seen;
    return true;
}

/* Judges what waits; true if one became the best, and *turn is then its. */
static bool judge(Minimiser *min, unsigned n, unsigned *turn)
{
    unsigned first = min->options->first(min->programs, n,
                                          min->options->first_data);

    for (unsigned i = 0; i < n && i <= first; i++) {
        see(min, min->waiting[i].hash);
        min->stats.tried++;
        min->stats.seen += min->waiting[i].seen_before;
    }
    if (first >= n) {
        return false;
    }
    *turn = min->waiting[first].turn;
    tw_program_copy(min->best, min->waiting[first].program);
    min->stats.kept++;
    return true;
}

static bool may_go_on(Minimiser *min)
{
    min->stopped |= min->stats.tried >= min->budget ||
                    (min->options->go_on &&
                     !min->options->go_on(min->best, &min->stats,
                                          min->options->go_on_data));
    return !min->stopped;
}

/* After a step the turns are those of a smaller program: the one in the place
 * of the step comes next.  What that leaves out, the next round tries. */
static bool run_pass(Minimiser *min, TwPass pass)
{
    unsigned turn = 0;
    bool any = false, more = true;

    while (more && may_go_on(min)) {
        unsigned n = 0, seen_before = 0;
        unsigned most = MIN(min->window, min->budget - min->stats.tried);
        bool fits, seen;

        while (n < most &&
               (more = make(min, pass, turn, n, &min->waiting[n], &fits,
                            &seen))) {
            seen_before += seen;
            if (fits) {
                min->waiting[n++].seen_before = seen_before;
                seen_before = 0;
            }
            turn++;
        }
        if (n > 0 && judge(min, n, &turn)) {
            any = more = true;
        } else {
            min->stats.seen += seen_before;
        }
    }
    return any;
}

static bool one_round(Minimiser *min)
{
    static const TwPass passes[] = {
        tw_pass_tail,       tw_pass_script,  tw_pass_objects,
        tw_pass_setup,      tw_pass_merge,   tw_pass_pairs,
        tw_pass_bypass,     tw_pass_flatten, tw_pass_unwrap,
        tw_pass_start,      tw_pass_entries, tw_pass_notify,
        tw_pass_properties, tw_pass_page_size,  tw_pass_places,  tw_pass_sizes,
        tw_pass_addresses,
    };
    bool any = false;

    min->round++;
    for (unsigned i = 0; i < G_N_ELEMENTS(passes) && !min->stopped; i++) {
        any |= run_pass(min, passes[i]);
    }
    return any;
}

static void shrink(Minimiser *min)
{
    do {
        while (one_round(min)) {
        }
        /* When nothing else goes. */
    } while (run_pass(min, tw_pass_two));
    run_pass(min, tw_pass_renumber);
}

/* Numbers that are not used any more; no program changes by that. */
static void trim(TwProgram *program, TwProgram *scratch)
{
    tw_program_copy(scratch, program);
    tw_edit_renumber(scratch);
    if (tw_program_equal(scratch, program)) {
        tw_program_copy(program, scratch);
    }
}

static void open_windows(Minimiser *min)
{
    min->waiting = g_new0(Waiting, min->window);
    min->programs = g_new(TwProgram *, min->window);
    for (unsigned i = 0; i < min->window; i++) {
        min->programs[i] = g_new(TwProgram, 1);
        min->waiting[i].program = min->programs[i];
    }
}

static void close_windows(Minimiser *min)
{
    for (unsigned i = 0; i < min->window; i++) {
        g_free(min->programs[i]);
    }
    g_free(min->programs);
    g_free(min->waiting);
}

void tw_minimise(TwProgram *program, const TwMinimiseOptions *options,
                 TwMinimiseStats *stats)
{
    Minimiser min = {
        .options = options,
        .best = program,
        .budget = options->budget ? options->budget : DEFAULT_BUDGET,
        .window = MAX(options->window, 1),
        .seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
                                      NULL),
        .stats = {.ops_before = tw_edit_count_ops(program),
                  .objects_before = tw_edit_count_objects(program),
                  .lines_before = tw_minimise_lines(program)},
    };

    open_windows(&min);
    see(&min, tw_program_hash(program));
    shrink(&min);
    trim(program, min.programs[0]);
    close_windows(&min);
    g_hash_table_destroy(min.seen);
    min.stats.ops_after = tw_edit_count_ops(program);
    min.stats.objects_after = tw_edit_count_objects(program);
    min.stats.lines_after = tw_minimise_lines(program);
    if (stats) {
        *stats = min.stats;
    }
}
