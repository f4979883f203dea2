/* SPDX-License-Identifier: MIT */
/*
 * Which entry of the list of known divergences explains a finding, by
 * experiments on the target.  An entry that matches (key, and triggers on the
 * path) could explain the finding; several may, and a new bug may stand beside
 * triggers of known ones.  So the program is run again:
 *
 *  1. with fewer operations, as long as the finding stays.  A trigger that
 *     goes with them was not needed.  If no entry matches what is left, no
 *     entry explains the finding.
 *  2. with what is mapped over unmapped first, in the same way.
 *  3. without all triggers of the list.  If the finding stays, no entry
 *     explains it.
 *  4. for each entry that still matches: without its triggers, and without all
 *     others.  Best is an entry without whose triggers the finding is gone, and
 *     with which alone it stays.
 */
#include <string.h>

#include "program/legality.h"
#include "reports/cause/internal.h"

enum { MOST_RUNS = 250 }; /* for dropping operations */

typedef enum Fate { GONE, STAYS, UNKNOWN } Fate;

typedef struct Trial {
    const TwKnown *known;
    const TwCauseRun *run;
    const TwFinding *finding;      /* to be explained */
    uint16_t op;                   /* the accused operation in `kept` */
    TwProgram *kept, *edited;      /* the smallest with the finding; the next */
    uint8_t entries[TW_MAX_KNOWN]; /* that match `kept` */
    unsigned n;
    unsigned made;
} Trial;

/* Runs t->edited, in which the accused operation has number `op`. */
static Fate try_it(Trial *t, uint16_t op, TwFinding *outcome)
{
    if (!tw_program_check(t->edited, NULL, 0) ||
        !tw_dialect_admits(t->run->dialect, t->edited, NULL, 0)) {
        return UNKNOWN;
    }
    t->made++;
    if (!t->run->run(t->edited, outcome, t->run->data)) {
        return UNKNOWN;
    }
    if (outcome->verdict == TW_VERDICT_AGREE ||
        outcome->verdict == TW_VERDICT_AGREE_STALE) {
        return GONE;
    }
    if (!tw_verdict_is_finding(outcome->verdict)) {
        return UNKNOWN;
    }
    if (op == TW_NO_OP || outcome->op == op) {
        return STAYS;
    }
    return outcome->op > op ? GONE : UNKNOWN;
}

/* Without these triggers. */
static Fate without(Trial *t, uint64_t triggers)
{
    TwFinding outcome;

    tw_program_copy(t->edited, t->kept);
    tw_known_avoid_these(t->known, t->edited, triggers);
    return try_it(t, t->op, &outcome);
}

/* Fewer operations -------------------------------------------------------- */

static bool is_subset(const uint8_t *some, unsigned n, const Trial *t)
{
    for (unsigned i = 0; i < n; i++) {
        if (!memchr(t->entries, some[i], t->n)) {
            return false;
        }
    }
    return true;
}

/* Keeps t->edited if it has the same finding, and matches no other entry: what
 * is dropped must not bring another known bug in. */
static bool keep(Trial *t, uint16_t op)
{
    uint8_t entries[TW_MAX_KNOWN];
    TwFinding outcome;
    unsigned n;

    if (try_it(t, op, &outcome) != STAYS ||
        strcmp(outcome.key, t->finding->key) != 0) {
        return false;
    }
    n = tw_known_match_all(t->known, t->edited, &outcome, entries);
    if (!is_subset(entries, n, t)) {
        return false;
    }
    tw_program_copy(t->kept, t->edited);
    memcpy(t->entries, entries, n);
    t->n = n;
    t->op = op;
    return true;
}

/* Drops operations before the accused one while the finding stays. */
static void drop_operations(Trial *t)
{
    static const unsigned sizes[] = {16, 4, 1};

    for (unsigned s = 0; s < G_N_ELEMENTS(sizes) && t->n > 0; s++) {
        for (unsigned end = t->op; end > 0 && t->made < MOST_RUNS;) {
            unsigned from = end > sizes[s] ? end - sizes[s] : 0;
            bool any = false;

            tw_program_copy(t->edited, t->kept);
            for (unsigned i = from; i < end; i++) {
                any |= t->edited->script[i].code != TW_OP_NOP;
                t->edited->script[i] = tw_op_make(TW_OP_NOP);
            }
            end = from;
            if (any && keep(t, t->op) && t->n == 0) {
                break;
            }
        }
    }
}

/*
 * What a page map gets in place of something else gets there after that was
 * taken away, which is the same to a correct target: some bugs need the change
 * in one step, others do not.
 */
static void map_afresh(Trial *t)
{
    for (unsigned i = t->op; i-- > 0 && t->n > 1 && t->made < MOST_RUNS;) {
        TwOp *at = &t->kept->script[i], first = *at;
        TwProgram *p = t->edited;

        if (at->code != TW_OP_PAGE || at->flags & TW_OPF_DURING ||
            t->kept->n_script >= TW_MAX_SCRIPT) {
            continue;
        }
        first.code = TW_OP_UNPAGE;
        first.perm = 0;
        first.out = 0;
        tw_program_copy(p, t->kept);
        memmove(&p->script[i + 1], &p->script[i],
                (p->n_script - i) * sizeof(*p->script));
        p->script[i] = first;
        p->n_script++;
        keep(t, (uint16_t)(t->op + 1));
    }
}

/* The whole --------------------------------------------------------------- */

/* How well an entry explains the finding: 0 to 3. */
static unsigned weigh(Trial *t, uint8_t entry)
{
    uint64_t its = tw_known_entry(t->known, entry)->triggers;
    uint64_t others = tw_known_triggers(t->known) & ~its;

    return (without(t, its) == GONE ? 1 : 0) +
           (others == 0 || without(t, others) == STAYS ? 2 : 0);
}

unsigned tw_cause_known(const TwKnown *known, const TwCauseRun *run,
                        const TwProgram *program, const TwFinding *finding,
                        bool drop, unsigned *experiments)
{
    g_autofree TwProgram *kept = g_new(TwProgram, 1);
    g_autofree TwProgram *edited = g_new(TwProgram, 1);
    Trial t = {.known = known,
               .run = run,
               .finding = finding,
               .op = finding->op,
               .kept = kept,
               .edited = edited};
    unsigned best = 0, most = 0;

    t.n = tw_known_match_all(known, program, finding, t.entries);
    if (t.n == 0) {
        return 0;
    }
    tw_program_copy(kept, program);
    if (finding->op < program->n_script) {
        if (drop) {
            drop_operations(&t);
        }
        map_afresh(&t);
    }
    if (t.n > 0 && without(&t, tw_known_triggers(known)) != STAYS) {
        best = t.entries[0] + 1u;
        for (unsigned i = 0; i < t.n && t.n > 1; i++) {
            unsigned weight = weigh(&t, t.entries[i]);

            if (weight > most) {
                most = weight;
                best = t.entries[i] + 1u;
            }
        }
    }
    *experiments += t.made;
    return best;
}

/* In this process --------------------------------------------------------- */

static bool run_here(const TwProgram *program, TwFinding *finding, void *data)
{
    tw_runner_run(data, program, finding, NULL, NULL);
    return true;
}

unsigned tw_cause_known_here(const TwKnown *known, TwRunner *runner,
                             const TwProgram *program, const TwFinding *finding,
                             bool drop, unsigned *experiments)
{
    TwCauseRun run = {
        .run = run_here, .data = runner, .dialect = tw_runner_dialect(runner)};

    return tw_cause_known(known, &run, program, finding, drop, experiments);
}

void tw_cause_drop_here(const TwKnown *known, TwRunner *runner,
                        TwProgram *program, const TwFinding *finding)
{
    g_autofree TwProgram *kept = g_new(TwProgram, 1);
    g_autofree TwProgram *edited = g_new(TwProgram, 1);
    TwCauseRun run = {
        .run = run_here, .data = runner, .dialect = tw_runner_dialect(runner)};
    Trial t = {.known = known,
               .run = &run,
               .finding = finding,
               .op = finding->op,
               .kept = kept,
               .edited = edited};

    if (finding->op >= program->n_script) {
        return;
    }
    t.n = tw_known_match_all(known, program, finding, t.entries);
    tw_program_copy(kept, program);
    drop_operations(&t);
    tw_program_copy(program, kept);
}

/* Names ------------------------------------------------------------------- */

void tw_cause_name_known(const TwKnown *known, TwCause *cause)
{
    const char *name = tw_known_entry(known, cause->known - 1)->name;

    g_snprintf(cause->name, sizeof(cause->name), "%s%s", TW_CAUSE_KNOWN, name);
    g_strcanon(cause->name, TW_CAUSE_LETTERS, '-');
}

char *tw_cause_title_known(const TwKnown *known, unsigned entry,
                           const char *name)
{
    return entry ? g_strdup(tw_known_entry(known, entry - 1)->reason)
                 : tw_cause_title(name);
}
