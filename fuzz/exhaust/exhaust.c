/* SPDX-License-Identifier: MIT */
/* See exhaust.h.  A unit is all programs with the same first two letters.
 * Processes take units and write their counts into shared memory. */
#include "fuzz/exhaust/exhaust.h"

#include <glib/gstdio.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fuzz/exhaust/naive.h"
#include "fuzz/process/work.h"
#include "fuzz/process/workers.h"
#include "oracle/judge/judge.h"
#include "program/content.h"
#include "program/ops.h"
#include "program/text/text.h"

enum { MAX_LETTERS = 16, MAX_UNITS = TW_EXHAUST_BOARDS * 16 * 16 };

/* Intervals: looking at the progress, and saving it. */
enum { LOOK_US = 50000, SAVE_US = 2000000 };

typedef struct Unit {
    uint8_t board, first, second;
    volatile uint8_t done, failed, went_beyond;
    TwExhaustCounts counts;
    char failure[4096], beyond[4096];
} Unit;

typedef struct Shared {
    unsigned n_units;
    Unit units[MAX_UNITS];
} Shared;

/* One process's search through one unit. */
typedef struct Search {
    const TwExhaustOptions *options;
    TwTarget *target;
    TwOracle *oracle;
    Unit *unit;
    TwProgram *board, *program;
    TwTrace *trace;
    unsigned n_letters;
    NaiveAnswer history[TW_EXHAUST_MOST]; /* of the accesses so far */
    Naive *states;                        /* NAIVE_ANSWERS for each depth */
    bool symmetric;
} Search;

/* The whole; of a worker, `search` alone. */
typedef struct Exhaust {
    Search search;
    Shared *shared;
    TwExhaustProgress progress;
    void *data;
    TwExhaustResult *result;
    gint64 start, looked, saved; /* monotonic, in us */
    GError *error;
} Exhaust;

/* Boards ------------------------------------------------------------------- */

static bool parse_board(unsigned board, TwProgram *program, GError **error)
{
    const char *text = tw_exhaust_boards[board].text;

    return tw_program_parse(program, text, strlen(text),
                            tw_exhaust_boards[board].name, TW_TEXT_STRICT, NULL,
                            NULL, error);
}

static bool is_access(const TwOp *op)
{
    return tw_op_info(op->code)->flags & TW_OP_ACCESS;
}

static bool is_cpu_access(const TwOp *op)
{
    return tw_op_info(op->code)->flags & TW_OP_CPU_ACCESS;
}

static bool is_store(const TwOp *op)
{
    return op->code == TW_OP_WRITE || op->code == TW_OP_DMA_WRITE;
}

/* Does the operation name this CPU? */
static bool names_cpu(const TwOp *op, uint8_t cpu)
{
    bool has = op->code == TW_OP_SAFEPOINT || is_cpu_access(op) ||
               ((op->code == TW_OP_FLUSH_ALL || op->code == TW_OP_FLUSH_PAGE) &&
                op->obj != TW_ALL);

    return (has && op->obj == cpu) || op->actor == cpu;
}

/* Traces ------------------------------------------------------------------- */

/* Was it at a byte of RAM?  What an MPC blocks has no place (LA-32). */
static bool has_place(const NaiveAnswer *a)
{
    return a->class_ == TW_CLASS_OK && a->region != NAIVE_BLOCKED;
}

/* The byte there after the first `n` operations, as the history has it. */
static uint8_t byte_at(const Search *s, unsigned n, uint8_t region,
                       uint64_t offset)
{
    for (unsigned i = n; i-- > 0;) {
        const NaiveAnswer *a = &s->history[i];
        if (is_store(&s->program->script[i]) && a->class_ == TW_CLASS_OK &&
            a->region == region && a->offset == offset) {
            return tw_store_tag(i, 0);
        }
    }
    return tw_ram_initial(s->program->regions[region].block, offset);
}

/* The trace of a target that has this history. */
static void make_trace(Search *s)
{
    const TwProgram *p = s->program;
    TwTrace *trace = s->trace;

    tw_trace_init(trace, p);
    for (unsigned i = 0; i < p->n_script; i++) {
        const NaiveAnswer *a = &s->history[i];
        TwOutcome *o = &trace->outcomes[i];

        *o = (TwOutcome){.status = TW_STATUS_DONE,
                         .location = trace->n_locations};
        if (!is_access(&p->script[i])) {
            continue;
        }
        o->class_ = a->class_;
        if (!has_place(a)) {
            continue;
        }
        tw_trace_add_location(trace, o,
                              (TwLocation){.length = 1,
                                           .region = a->region,
                                           .offset = a->offset});
        if (!is_store(&p->script[i])) {
            o->value = byte_at(s, i, a->region, a->offset);
        }
    }
    trace->n_ops = p->n_script;
    for (unsigned i = 0; i < p->n_script; i++) {
        const NaiveAnswer *a = &s->history[i];
        bool last = is_store(&p->script[i]) && has_place(a);

        for (unsigned k = i + 1; k < p->n_script && last; k++) {
            last = !is_store(&p->script[k]) ||
                   memcmp(a, &s->history[k], sizeof(*a)) != 0;
        }
        if (last) {
            uint8_t block = p->regions[a->region].block;
            uint8_t byte = tw_store_tag(i, 0);
            if (byte != tw_ram_initial(block, a->offset)) {
                trace->digests[block] += tw_ram_digest_term(a->offset, byte);
            }
        }
    }
}

/* Judging ------------------------------------------------------------------ */

static TwVerdict judge(Search *s, TwFinding *finding)
{
    TwContract contract = *tw_target_contract(s->target);
    TwDialect dialect = *tw_target_dialect(s->target);

    dialect.reasons = false; /* the naive caches have none */
    if (tw_exhaust_boards[s->unit->board].keeps_pairs) {
        contract.commands[TW_SCOPE_RANGE] &= (uint8_t)~TW_RECORD_COMBINED;
    }
    return tw_judge(s->oracle, s->program, &dialect, &contract,
                    s->target->klass->name, s->trace, finding, NULL);
}

static void answer_text(const NaiveAnswer *a, char *text, size_t size)
{
    if (a->region == NAIVE_BLOCKED) {
        g_snprintf(text, size, "blocked");
    } else if (a->class_ == TW_CLASS_OK) {
        g_snprintf(text, size, "r%u+0x%" PRIx64, a->region, a->offset);
    } else {
        g_snprintf(text, size, "%s", tw_class_name(a->class_));
    }
}

/* The program as a case, with the comment `what` and, if `with_history`, the
 * answers to all accesses but the last. */
static void tell(const Search *s, const char *what, bool with_history,
                 char text[4096])
{
    g_autoptr(GString) all = g_string_new(NULL);
    g_autoptr(TwComments) comments = tw_comments_new();
    g_auto(GStrv) lines = g_strsplit(what, "\n", -1);

    for (char **line = lines; *line; line++) {
        if (**line) {
            tw_comments_add_top(comments, *line);
        }
    }
    for (unsigned i = 0; with_history && i + 1 < s->program->n_script; i++) {
        char answer[40], line[80];

        if (is_access(&s->program->script[i])) {
            answer_text(&s->history[i], answer, sizeof(answer));
            g_snprintf(line, sizeof(line), "before, operation %u gave %s", i,
                       answer);
            tw_comments_add_top(comments, line);
        }
    }
    tw_program_print(s->program, comments, all);
    g_strlcpy(text, all->str, 4096);
}

static void fail(Search *s, const char *what, bool with_history)
{
    if (!s->unit->failed) {
        tell(s, what, with_history, s->unit->failure);
        s->unit->failed = 1;
    }
}

/* The target's own answers. */
static void try_target(Search *s)
{
    TwFinding finding;
    TwVerdict verdict;

    s->unit->counts.programs++;
    tw_target_run(s->target, s->program, s->trace);
    verdict = judge(s, &finding);
    if (verdict != TW_VERDICT_AGREE && verdict != TW_VERDICT_AGREE_STALE) {
        g_autofree char *what = g_strdup_printf(
            "exhaust: the target's answer is not allowed\nverdict: %s\n"
            "key: %s\n%s",
            tw_verdict_name(verdict), finding.key, finding.text);
        fail(s, what, false);
    }
}

/* The one reason for which more is allowed than a naive cache can do
 * (EXHAUST.md): something was seen of this page before, and the oracle keeps of
 * that one number only. */
static bool may_go_beyond(const Search *s)
{
    const TwOp *script = s->program->script;
    unsigned last = s->program->n_script - 1, lg = s->program->page_lg;

    for (unsigned i = 0; i < last; i++) {
        if (is_cpu_access(&script[i]) && is_cpu_access(&script[last]) &&
            script[i].obj == script[last].obj &&
            script[i].addr >> lg == script[last].addr >> lg &&
            s->history[i].class_ <= TW_CLASS_DECODE_ERROR) {
            return true;
        }
    }
    return false;
}

/* One answer of the last access, after a history that is allowed. */
static void try_answer(Search *s, const NaiveAnswer *a, bool reached)
{
    unsigned last = s->program->n_script - 1;
    char text[40];
    TwFinding finding;
    TwVerdict verdict;
    bool allowed;

    s->history[last] = *a;
    make_trace(s);
    s->unit->counts.answers++;
    verdict = judge(s, &finding);
    allowed = verdict == TW_VERDICT_AGREE || verdict == TW_VERDICT_AGREE_STALE;
    s->unit->counts.reached += reached;
    s->unit->counts.beyond += allowed && !reached;
    answer_text(a, text, sizeof(text));
    if (reached && !allowed) {
        g_autofree char *what = g_strdup_printf(
            "exhaust: a naive cache answers operation %u with %s, which is "
            "not allowed\nverdict: %s\n%s",
            last, text, tw_verdict_name(verdict), finding.text);
        fail(s, what, true);
    }
    if (allowed && !reached && !may_go_beyond(s)) {
        g_autofree char *what = g_strdup_printf(
            "exhaust: operation %u may be answered with %s, which a naive "
            "cache cannot do, and no earlier access explains it",
            last, text);
        fail(s, what, true);
    }
    if (allowed && !reached && !s->unit->went_beyond) {
        g_autofree char *what = g_strdup_printf(
            "exhaust: operation %u may be answered with %s, which no naive "
            "cache does",
            last, text);
        tell(s, what, true, s->unit->beyond);
        s->unit->went_beyond = 1;
    }
}

/* All that the last access could be answered with: any byte of RAM that has its
 * place in a page, the blocked device of an MPC, and refusals. */
static void try_answers(Search *s, const NaiveAnswer *answers, unsigned n)
{
    const TwOp *op = &s->program->script[s->program->n_script - 1];
    uint64_t page = UINT64_C(1) << s->program->page_lg;
    NaiveAnswer all[64];
    unsigned n_all = 0;

    for (unsigned r = 0; r < s->program->n_regions; r++) {
        const TwRegion *region = &s->program->regions[r];
        uint64_t offset = (op->addr - region->addr) & (page - 1);

        if (region->kind == TW_REGION_RAM && offset < region->size) {
            all[n_all++] = (NaiveAnswer){TW_CLASS_OK, (uint8_t)r, offset};
        }
    }
    for (unsigned i = 0; i < s->program->n_iommus; i++) {
        if (s->program->iommus[i].kind == TW_IOMMU_MPC) {
            all[n_all++] = (NaiveAnswer){TW_CLASS_OK, NAIVE_BLOCKED, 0};
        }
    }
    for (unsigned c = TW_CLASS_DECODE_ERROR; c < TW_CLASSES; c++) {
        all[n_all++] = (NaiveAnswer){(uint8_t)c, TW_NONE, 0};
    }
    for (unsigned i = 0; i < n; i++) {
        try_answer(s, &answers[i], true);
    }
    for (unsigned i = 0; i < n_all; i++) {
        bool reached = false;

        for (unsigned k = 0; k < n; k++) {
            reached |= all[i].class_ == answers[k].class_ &&
                       all[i].region == answers[k].region &&
                       all[i].offset == answers[k].offset;
        }
        if (!reached) {
            try_answer(s, &all[i], false);
        }
    }
}

/* The search --------------------------------------------------------------- */

/* Goes on from `naive`, which `depth` operations led to; `first`: by the first
 * of the ways in which the accesses among them could be answered. */
static void search(Search *s, const Naive *naive, unsigned depth, bool first,
                   bool named)
{
    Naive *after = s->states + depth * NAIVE_ANSWERS;
    bool last = depth + 1 == s->options->length;

    for (unsigned l = 0; l < s->n_letters && !s->unit->failed; l++) {
        const TwOp *op = &s->board->script[l];
        bool judged = depth > 0 || s->unit->second == 0;

        if ((depth == 0 && l != s->unit->first) ||
            (depth == 1 && l != s->unit->second)) {
            continue;
        }
        if (s->symmetric && !named && names_cpu(op, 1)) {
            s->unit->counts.skipped += first && judged;
            continue; /* the same with c0 and c1 the other way round */
        }
        s->program->script[depth] = *op;
        s->program->n_script = (uint16_t)(depth + 1);
        if (!is_access(op)) {
            if (last) {
                continue; /* what comes before was judged */
            }
            if (!tw_naive_matters(naive, op)) {
                s->unit->counts.skipped += first && judged;
                continue;
            }
            after[0] = *naive;
            tw_naive_perform(&after[0], op);
            search(s, &after[0], depth + 1, first, named || names_cpu(op, 0));
            continue;
        }

        NaiveAnswer answers[NAIVE_ANSWERS];
        unsigned n = tw_naive_access(naive, op, answers, after);
        bool overflow = naive->overflow;

        for (unsigned i = 0; i < n; i++) {
            overflow |= after[i].overflow;
        }
        if (overflow) {
            fail(s, "exhaust: more than the naive cache has room for", true);
            return;
        }
        if (judged) {
            if (first) {
                try_target(s);
            }
            s->unit->counts.histories++;
            try_answers(s, answers, n);
        }
        for (unsigned i = 0; i < n && !last; i++) {
            s->history[depth] = answers[i];
            s->program->script[depth] = *op;
            search(s, &after[i], depth + 1, first && i == 0,
                   named || names_cpu(op, 0));
        }
    }
}

static void run_unit(Search *s, Unit *unit)
{
    static Naive start;

    s->unit = unit;
    s->symmetric = tw_exhaust_boards[unit->board].symmetric;
    parse_board(unit->board, s->board, NULL);
    tw_program_copy(s->program, s->board);
    s->n_letters = s->board->n_script;
    tw_naive_init(&start, s->board);
    start.deaf_to = s->options->deaf_to;
    start.keeps_pairs = tw_exhaust_boards[unit->board].keeps_pairs;
    memset(&unit->counts, 0, sizeof(unit->counts));
    search(s, &start, 0, true, false);
    unit->done = 1;
}

/* Processes ---------------------------------------------------------------- */

/* What a process works with, made when it first needs it. */
static bool make_ready(Search *s, TwWorkFailure *failure)
{
    GError *error = NULL;

    if (s->target) {
        return true;
    }
    s->target = tw_target_open(&s->options->target, &error);
    if (!s->target) {
        tw_work_fail(failure, error);
        return false;
    }
    s->oracle = tw_oracle_new();
    s->board = g_new(TwProgram, 1);
    s->program = g_new(TwProgram, 1);
    s->trace = g_new(TwTrace, 1);
    s->states = g_new0(Naive, (s->options->length + 1) * NAIVE_ANSWERS);
    return true;
}

static void do_unit(unsigned i, void *slot, void *data)
{
    Exhaust *e = data;
    Unit *unit = &e->shared->units[i];

    if (!unit->done && make_ready(&e->search, slot)) {
        run_unit(&e->search, unit);
    }
}

static bool unit_done(unsigned i, const void *slot, bool died, void *data)
{
    Exhaust *e = data;

    (void)i;
    if (died) {
        g_set_error(
            &e->error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
            "a worker process crashed or hung: expected a target that does "
            "neither");
        return false;
    }
    return !tw_work_failed(slot, &e->error);
}

static bool make_units(const TwExhaustOptions *options, Shared *shared,
                       GError **error)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    unsigned n = 0;

    for (unsigned b = 0; tw_exhaust_boards[b].name; b++) {
        if (options->board &&
            strcmp(options->board, tw_exhaust_boards[b].name) != 0) {
            continue;
        }
        if (!parse_board(b, program, error)) {
            return false;
        }
        for (unsigned i = 0; i < program->n_script; i++) {
            for (unsigned k = 0; k < program->n_script; k++) {
                shared->units[n++] = (Unit){.board = (uint8_t)b,
                                            .first = (uint8_t)i,
                                            .second = (uint8_t)k};
            }
        }
    }
    shared->n_units = n;
    return true;
}

static void sum_up(const Shared *shared, TwExhaustResult *result)
{
    memset(result->boards, 0, sizeof(result->boards));
    result->failure[0] = result->beyond[0] = '\0';
    result->units = shared->n_units;
    result->done = 0;
    for (unsigned i = 0; i < shared->n_units; i++) {
        const Unit *unit = &shared->units[i];
        TwExhaustCounts *to = &result->boards[unit->board];

        if (!unit->done) {
            continue;
        }
        result->done++;
        to->programs += unit->counts.programs;
        to->skipped += unit->counts.skipped;
        to->histories += unit->counts.histories;
        to->answers += unit->counts.answers;
        to->reached += unit->counts.reached;
        to->beyond += unit->counts.beyond;
        if (unit->failed && !result->failure[0]) {
            g_strlcpy(result->failure, unit->failure, sizeof(result->failure));
        }
        if (unit->went_beyond && !result->beyond[0]) {
            g_strlcpy(result->beyond, unit->beyond, sizeof(result->beyond));
        }
    }
}

/* What is done, kept ------------------------------------------------------- */

static char *head_line(const TwExhaustOptions *options)
{
    return g_strdup_printf(
        "twinwalk-exhaust 1 length %u board %s target %s\n", options->length,
        options->board ? options->board : "all", options->target.name);
}

/* Units that went well; one that failed is searched again. */
static bool save(const TwExhaustOptions *options, const Shared *shared,
                 GError **error)
{
    g_autofree char *head = head_line(options);
    g_autoptr(GString) text = g_string_new(head);

    for (unsigned i = 0; i < shared->n_units; i++) {
        const Unit *u = &shared->units[i];

        if (u->done && !u->failed) {
            g_string_append_printf(text,
                                   "%u %" PRIu64 " %" PRIu64 " %" PRIu64
                                   " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
                                   i, u->counts.programs, u->counts.skipped,
                                   u->counts.histories, u->counts.answers,
                                   u->counts.reached, u->counts.beyond);
        }
    }
    return g_file_set_contents(options->resume, text->str, (gssize)text->len,
                               error);
}

static bool load(const TwExhaustOptions *options, Shared *shared,
                 GError **error)
{
    g_autofree char *head = head_line(options);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!g_file_test(options->resume, G_FILE_TEST_EXISTS)) {
        return true;
    }
    if (!g_file_test(options->resume, G_FILE_TEST_IS_REGULAR)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "%s: expected a file, no device or folder",
                    options->resume);
        return false;
    }
    if (!g_file_get_contents(options->resume, &text, NULL, error)) {
        return false;
    }
    g_strdelimit(head, "\n", '\0');
    lines = g_strsplit(text, "\n", -1);
    if (!lines[0] || strcmp(lines[0], head) != 0) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "%s:1: expected \"%s\"", options->resume, head);
        return false;
    }
    for (unsigned n = 1; lines[n] && *lines[n]; n++) {
        TwExhaustCounts c;
        unsigned i;

        if (sscanf(lines[n],
                   "%u %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
                   " %" SCNu64,
                   &i, &c.programs, &c.skipped, &c.histories, &c.answers,
                   &c.reached, &c.beyond) != 7 ||
            i >= shared->n_units) {
            g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                        "%s:%u: expected the number of a part below %u and "
                        "six counts",
                        options->resume, n + 1, shared->n_units);
            return false;
        }
        shared->units[i].counts = c;
        shared->units[i].went_beyond = 0;
        shared->units[i].done = 1;
    }
    return true;
}

/* The whole ---------------------------------------------------------------- */

/* The progress so far, for the status line and the file of `resume`. */
static void look_around(unsigned done, void *data)
{
    Exhaust *e = data;
    gint64 now = g_get_monotonic_time();

    (void)done; /* units end in any order */
    if (now - e->looked < LOOK_US) {
        return;
    }
    e->looked = now;
    sum_up(e->shared, e->result);
    e->result->seconds = (double)(now - e->start) / G_USEC_PER_SEC;
    if (e->progress) {
        e->progress(e->result, e->data);
    }
    if (e->search.options->resume && now - e->saved > SAVE_US) {
        e->saved = now;
        save(e->search.options, e->shared, NULL);
    }
}

static bool search_all(Exhaust *e, GError **error)
{
    const TwExhaustOptions *options = e->search.options;
    TwWork todo = {.n = e->shared->n_units,
                   .jobs = options->jobs,
                   .slot = sizeof(TwWorkFailure),
                   .limit_ms = TW_TIMEOUT_MS,
                   .one = do_unit,
                   .done = unit_done,
                   .idle = look_around,
                   .data = e,
                   .stop = options->stop};

    if (!tw_work_run(&todo, error)) {
        return false;
    }
    if (e->error) {
        g_propagate_error(error, e->error);
        return false;
    }
    return true;
}

bool tw_exhaust(const TwExhaustOptions *options, TwExhaustProgress progress,
                void *data, TwExhaustResult *result, GError **error)
{
    Exhaust e = {.search = {.options = options},
                 .progress = progress,
                 .data = data,
                 .result = result,
                 .start = g_get_monotonic_time()};
    bool ok;

    memset(result, 0, sizeof(*result));
    e.saved = e.start;
    e.shared = tw_shared_new(sizeof(*e.shared), error);
    if (!e.shared) {
        return false;
    }
    ok = make_units(options, e.shared, error) &&
         (!options->resume || load(options, e.shared, error)) &&
         search_all(&e, error);
    if (ok) {
        sum_up(e.shared, result);
        result->interrupted = options->stop && *options->stop;
        result->seconds =
            (double)(g_get_monotonic_time() - e.start) / G_USEC_PER_SEC;
        ok = !options->resume || save(options, e.shared, error);
    }
    tw_shared_free(e.shared, sizeof(*e.shared));
    return ok;
}
