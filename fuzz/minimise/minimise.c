/* SPDX-License-Identifier: MIT */
/*
 * The minimiser: tries the largest reductions first, and repeats until none
 * succeeds.  A smaller program makes all further candidates cheaper to run.
 */
#include "fuzz/minimise/passes.h"

#include <glib.h>
#include <string.h>

#include "program/legality.h"
#include "program/text/text.h"

enum {
    MOST_PAIRS = 4000, /* candidates, before pairs of steps are given up */
};

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
    TwProgram *half; /* with the first of two steps */
    unsigned budget, window, round;
    Waiting *waiting;     /* `window` of them */
    TwProgram **programs; /* theirs */
    /* Hashes of the programs that were tried, and of each best program.  If two
     * programs had the same hash, a step would be lost; the result would still
     * be right. */
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

/* Makes the program of a turn on `from`; false if the pass has no such turn.
 * *fits: the program differs from `from`, and the dialect admits it. */
static bool make(const Minimiser *min, TwPass pass, const TwProgram *from,
                 unsigned turn, TwProgram *to, bool *fits)
{
    TwTurns turns = {.best = from,
                     .program = to,
                     .dialect = min->options->dialect,
                     .round = min->round,
                     .wanted = turn};

    pass(&turns);
    *fits = false;
    if (!turns.made) {
        return false;
    }
    if (!tw_program_equal(to, from)) {
        tw_dialect_fit(min->options->dialect, to);
        *fits = tw_program_check(to, NULL, 0) &&
                tw_dialect_admits(min->options->dialect, to, NULL, 0);
    }
    return true;
}

/* Fills a window of at most `most` candidates from *turn on, which moves;
 * *more: there may be further ones.  *seen counts those passed over since the
 * last one that waits. */
static unsigned fill(Minimiser *min, TwPass pass, const TwProgram *from,
                     unsigned most, unsigned *turn, unsigned *seen, bool *more)
{
    unsigned n = 0;
    bool fits;

    *seen = 0;
    while (n < most) {
        Waiting *w = &min->waiting[n];

        *more = make(min, pass, from, *turn, w->program, &fits);
        if (!*more) {
            break;
        }
        if (fits) {
            w->hash = tw_program_hash(w->program);
            w->turn = *turn;
            if (g_hash_table_contains(min->seen, &w->hash) ||
                is_waiting(min, n, w->hash)) {
                ++*seen;
            } else {
                w->seen_before = *seen;
                *seen = 0;
                n++;
            }
        }
        ++*turn;
    }
    return n;
}

/* Judges the waiting candidates; true if one became the best program, and *turn
 * is then its turn. */
static bool judge(Minimiser *min, unsigned n, unsigned *turn)
{
    unsigned first =
        min->options->first(min->programs, n, min->options->first_data);

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
    min->stopped |=
        min->stats.tried >= min->budget ||
        (min->options->go_on && !min->options->go_on(min->best, &min->stats,
                                                     min->options->go_on_data));
    return !min->stopped;
}

/* Runs a pass on `from`.  If `from` is the best program itself, the turns after
 * a step are those of the smaller program, from the same number on; the next
 * round tries those that this skips.  If `from` is another program, the pass
 * ends with the first step. */
static bool run_pass(Minimiser *min, TwPass pass, const TwProgram *from)
{
    unsigned turn = 0;
    bool any = false, more = true;

    while (more && may_go_on(min)) {
        unsigned most = MIN(min->window, min->budget - min->stats.tried);
        unsigned seen;
        unsigned n = fill(min, pass, from, most, &turn, &seen, &more);

        if (n > 0 && judge(min, n, &turn)) {
            any = true;
            more = from == min->best;
        } else {
            min->stats.seen += seen;
        }
    }
    return any;
}

static bool one_round(Minimiser *min)
{
    static const TwPass passes[] = {
        tw_pass_tail,    tw_pass_untable, tw_pass_script,     tw_pass_objects,
        tw_pass_setup,   tw_pass_merge,   tw_pass_pairs,      tw_pass_bypass,
        tw_pass_flatten, tw_pass_unwrap,  tw_pass_stand_in,   tw_pass_actors,
        tw_pass_start,   tw_pass_pages,   tw_pass_disable,    tw_pass_entries,
        tw_pass_leaves,  tw_pass_notify,  tw_pass_properties, tw_pass_page_size,
        tw_pass_places,  tw_pass_sizes,   tw_pass_addresses,
    };
    bool any = false;

    min->round++;
    for (unsigned i = 0; i < G_N_ELEMENTS(passes) && !min->stopped; i++) {
        any |= run_pass(min, passes[i], min->best);
    }
    return any;
}

/* Two steps at once: operations that undo each other need not be neighbours,
 * and an object may be needed only for the number of a later one. */
static bool run_pairs(Minimiser *min)
{
    static const TwPass firsts[] = {
        tw_pass_one_op, tw_pass_objects,     tw_pass_unwrap,  tw_pass_stand_in,
        tw_pass_merge,  tw_pass_two_regions, tw_pass_detours, tw_pass_sink};
    static const TwPass seconds[] = {tw_pass_one_op, tw_pass_objects,
                                     tw_pass_unwrap, tw_pass_notify};
    unsigned limit = min->stats.tried + MOST_PAIRS;
    bool fits;

    for (unsigned a = 0; a < G_N_ELEMENTS(firsts); a++) {
        for (unsigned turn = 0;
             make(min, firsts[a], min->best, turn, min->half, &fits); turn++) {
            for (unsigned b = 0; b < G_N_ELEMENTS(seconds) && fits; b++) {
                if (min->stats.tried >= limit || min->stopped) {
                    return false;
                }
                if (run_pass(min, seconds[b], min->half)) {
                    return true;
                }
            }
        }
    }
    return false;
}

static void shrink(Minimiser *min)
{
    do {
        while (one_round(min)) {
        }
    } while (run_pairs(min));
    run_pass(min, tw_pass_renumber, min->best);
}

/* Removes unused numbers; this does not change the program. */
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
    min->half = g_new(TwProgram, 1);
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
    g_free(min->half);
    g_free(min->programs);
    g_free(min->waiting);
}

void tw_minimise(TwProgram *program, const TwMinimiseOptions *options,
                 TwMinimiseStats *stats)
{
    Minimiser min = {
        .options = options,
        .best = program,
        .budget = options->budget ? options->budget : TW_MINIMISE_BUDGET,
        .window = MAX(options->window, 1),
        .seen =
            g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
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
