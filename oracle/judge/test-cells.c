/* SPDX-License-Identifier: MIT */
/*
 * The table "commands and what they end" of FRESHNESS.md, cell by cell and for
 * each kind of record.  The state changes from X to Y without an event; then
 * comes the command, and then an access that is answered as in X.  If the
 * command ends the record, this answer is a finding that names the command;
 * otherwise it is allowed.  The contract lets the structure of the cell alone
 * be kept, so nothing else explains the answer.
 */
#include "oracle/judge/test-cells.h"

#include <glib.h>
#include <string.h>

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static bool keeps_pairs(const Record *r)
{
    return r->iotlb & TW_IOTLB_COMBINED;
}

/* One program -------------------------------------------------------------- */

/* A program and what is noted of its operations. */
typedef struct Case {
    TwProgram *program;
    unsigned first, last; /* the command */
    unsigned as_of;       /* the last access is answered as before this */
    unsigned filled[2];   /* the stores that set A and D; TW_NO_OP: none */
    unsigned saved;       /* the snapshot, or TW_NO_OP */
} Case;

/* Adds operations, a line each; returns the number of the first. */
static unsigned add(GString *script, unsigned *n, const char *ops)
{
    unsigned first = *n;

    if (*ops) {
        g_string_append_printf(script, "  %s\n", ops);
        for (*n += 1; (ops = strchr(ops, '\n')); ops++) {
            *n += 1;
        }
    }
    return first;
}

/* What ends records of i1 alone, and no combined one, where commands of that
 * scope may do both. */
static const char *alone(const Record *r, unsigned scope)
{
    if (is(r->of, "table")) {
        return scope == TW_SCOPE_DOMAIN ? "notify i1.0 unmap 0x0..0xfff"
                                        : "notify-all i1";
    }
    return scope == TW_SCOPE_ANY_LEAF ? "invalidate i1 global 0 0x0..0x0"
                                      : "invalidate i1 any-leaf 0 0x0..0xfff";
}

/* `op`: the command, or an aside; NULL: the change itself. */
static Case case_new(const Record *r, const Command *c, const char *op)
{
    g_autoptr(GString) text = g_string_new(r->world);
    bool restore = is(c->name, "restore");
    bool told = !op && is(c->of, "table"), itself = is(r->of, "mpc");
    unsigned n = 0;
    Case k = {.filled = {TW_NO_OP, TW_NO_OP}, .saved = TW_NO_OP};

    if (*r->x) {
        g_string_append_printf(text, "  %s\n", r->x);
    }
    g_string_append(text, "script\n");
    add(text, &n, r->prepare);
    k.filled[0] = r->marked ? n - 1 : TW_NO_OP;
    k.as_of = n;
    if (restore) {
        add(text, &n, r->change);
        k.saved = add(text, &n, "snapshot");
        add(text, &n, r->back);
        k.filled[1] = r->marked ? n - 1 : TW_NO_OP;
        k.as_of = k.first = add(text, &n, "restore");
    } else if (told) {
        g_autoptr(GString) loud = g_string_new(r->again);

        g_string_replace(loud, "silent", "notified", 0);
        if (!g_str_has_prefix(r->change, r->again)) {
            add(text, &n, r->change);
        }
        k.first = add(text, &n, loud->str);
    } else {
        if (!itself) {
            add(text, &n, r->change);
        }
        k.first = add(text, &n, op ? op : r->change);
    }
    k.last = n - 1;
    if (strstr(text->str, "iommu-reset i")) {
        add(text, &n, itself ? "" : r->again);
    }
    add(text, &n, r->access);
    g_string_replace(text, "iX", is(r->structure, "second") ? "i1" : "i0", 0);
    g_string_replace(text, "ALONE", alone(r, c->scope), 0);
    k.program = test_program(text->str);
    return k;
}

/* Marks -------------------------------------------------------------------- */

/* The entry of level 1 or 2, with the bits of a store. */
static TwMark mark_of(const Record *r, unsigned level, unsigned op)
{
    bool second = is(r->structure, "second"), pair = keeps_pairs(r);
    uint64_t leaf = pair && !second ? 0x400037 : 0x37;

    return (TwMark){.op = (uint16_t)op,
                    .iommu = second,
                    .level = (uint8_t)level,
                    .at = level == 1 ? 0x1000 : 0,
                    .value = level == 1 ? leaf : 0x1017};
}

/* RAM at the end has the mark if nothing has taken it back. */
static bool is_left(const Case *k, const TwMark *mark)
{
    for (unsigned i = mark->op + 1u; i < k->program->n_script; i++) {
        const TwOp *op = &k->program->script[i];

        if ((op->code == TW_OP_POKE && op->addr == mark->at) ||
            (op->code == TW_OP_RESTORE && mark->op > k->saved)) {
            return false;
        }
    }
    return true;
}

static void add_marks(const Record *r, const Case *k, TestTarget *target)
{
    unsigned other = 3 - r->marked;

    for (unsigned i = 0; i < 2; i++) {
        if (k->filled[i] != TW_NO_OP) {
            tw_trace_add_mark(target->trace,
                              mark_of(r, r->marked, k->filled[i]));
        }
        if (k->filled[i] != TW_NO_OP && i == 0) {
            tw_trace_add_mark(target->trace, mark_of(r, other, k->filled[i]));
        }
    }
    for (unsigned i = 0; i < target->trace->n_marks; i++) {
        const TwMark *mark = &target->trace->marks[i];

        if (is_left(k, mark)) {
            tw_contents_store(&target->contents, mark->iommu ? 4 : 3, mark->at,
                              UINT64_MAX, mark->value, target->world->now + 1,
                              mark->op);
        }
    }
    tw_contents_digests(&target->contents, target->contents.worlds,
                        target->trace->digests);
}

/* Judging ------------------------------------------------------------------ */

/* What is made once for all programs: it is large. */
static TestTarget *target;
static TwOracle *oracle;

/* With `ends` false, the contract says that the command does not. */
static TwContract contract_of(const Record *r, const Command *c, bool ends)
{
    TwContract contract = test_contract();
    uint8_t second = is(r->structure, "second") ? TW_RECORD_COMBINED : 0;
    uint8_t kind = is(r->structure, "pointer")   ? TW_RECORD_POINTER
                   : is(r->structure, "context") ? TW_RECORD_CONTEXT
                   : second                      ? second
                                                 : TW_RECORD_ENTRY;

    contract.iotlb = r->iotlb;
    contract.queued = false;
    for (unsigned s = 0; s < TW_SCOPES; s++) {
        contract.commands[s] &= (uint8_t)~TW_RECORD_COMBINED;
    }
    if (c->scope != NO_SCOPE && ends) {
        contract.commands[c->scope] |= second;
    } else if (c->scope != NO_SCOPE) {
        contract.commands[c->scope] &= (uint8_t)~kind;
    }
    if (is(c->name, "destroy")) {
        contract.ends &= (uint8_t)~TW_ENDS_COMMIT;
        contract.mapping_ends &= (uint8_t)~TW_ENDS_COMMIT;
    }
    if (!ends && is(r->structure, "cpu")) {
        contract.ends &= (uint8_t)~c->event;
    } else if (!ends && is(r->structure, "mapping")) {
        contract.mapping_ends &= (uint8_t)~c->event;
    }
    return contract;
}

/* A finding: does it say what it should? */
static void check_finding(const Record *r, const Command *c, const Case *k,
                          const TwFinding *finding)
{
    /* Of a refusal of i1, what ended the record of i1 alone may be named. */
    bool alone = keeps_pairs(r) && is(r->kind, "refusal");
    bool named = finding->verdict == TW_VERDICT_STALE &&
                 finding->ended >= (alone ? 0 : k->first) &&
                 finding->ended <= k->last;
    /* Where nothing is left, a refusal is no news. */
    bool unnamed = finding->verdict == TW_VERDICT_CLASS &&
                   is(c->name, "reset") &&
                   (is(r->kind, "refusal") || is(r->kind, "blocked"));

    /* That A or D is not set. */
    bool missing = finding->verdict == TW_VERDICT_EFFECT && r->marked;

    g_assert_cmpint(finding->op, ==, k->program->n_script - 1);
    if (!named && !unnamed && !missing) {
        g_error("%s of %s, %s, then %s: %s", r->structure, r->of, r->kind,
                c->name, finding->text);
    }
}

/* Is the answer of X allowed after the operation? */
static bool is_allowed(const Record *r, const Command *c, const char *op,
                       bool ends)
{
    Case k = case_new(r, c, op);
    TwDialect dialect = test_dialect();
    uint16_t last = (uint16_t)(k.program->n_script - 1);
    /* Where the IOMMU is gone, the place differs, too. */
    bool marks = r->marked && !(op == c->op && is(c->name, "destroy"));
    TwFinding finding;
    TwVerdict verdict;

    target->program = k.program;
    target->contract = contract_of(r, c, ends);
    target->as_of[last] = (uint16_t)(marks ? last : k.as_of);
    test_target_run(target, true);
    add_marks(r, &k, target);
    verdict = tw_judge(oracle, k.program, &dialect, &target->contract, "x",
                       target->trace, &finding, NULL);
    target->as_of[last] = last;
    if (tw_verdict_is_finding(verdict)) {
        check_finding(r, c, &k, &finding);
    } else if (verdict != TW_VERDICT_AGREE_STALE &&
               !(marks && verdict == TW_VERDICT_AGREE)) {
        g_error("%s of %s, %s, then %s: %s", r->structure, r->of, r->kind,
                op ? op : c->name, tw_verdict_name(verdict));
    }
    g_free(k.program);
    return !tw_verdict_is_finding(verdict);
}

static void demand(const Record *r, const Command *c, const char *op, bool ends,
                   bool allowed)
{
    if (is_allowed(r, c, op, ends) != allowed) {
        g_error("%s of %s, %s, then %s: it is%s allowed", r->structure, r->of,
                r->kind, op ? op : c->name, allowed ? " not" : "");
    }
}

/* The cell ----------------------------------------------------------------- */

/* Can the contract say that the command does not end the record? */
static bool is_promised(const Record *r, const Command *c)
{
    bool cache = is(r->structure, "cpu") || is(r->structure, "mapping");

    if (cache) {
        return c->event != 0;
    }
    return c->scope != NO_SCOPE &&
           (is(r->of, "pagetable") || is(r->structure, "second"));
}

static void check(const Record *r, const Command *c, const char *cell)
{
    g_autofree char *but = g_strconcat("not ", r->kind, NULL);
    bool told = is(cell, "told");
    bool ends = (told || g_str_has_prefix(cell, "ends")) && !strstr(cell, but);

    g_assert_cmpint(told, ==,
                    is(r->structure, "second") && c->scope != NO_SCOPE);
    demand(r, c, c->op, true, !ends);
    if (ends && is_promised(r, c)) {
        demand(r, c, c->op, false, true);
    }
    for (unsigned i = 0; i < ASIDES; i++) {
        if (c->aside[i]) {
            demand(r, c, c->aside[i], true, true);
        }
    }
}

/* A cell without a question: there is no such record, or it answers nobody
 * since its IOMMU is gone. */
static bool cannot_be(const Command *c, const char *structure, unsigned n)
{
    return n == 0 || (is(c->name, "destroy") && !is(structure, "cpu") &&
                      !is(structure, "mapping"));
}

static const Command *find_command(const char *of, const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (is(commands[i].of, of) && is(commands[i].name, name)) {
            return &commands[i];
        }
    }
    g_error("FRESHNESS.md: %s: %s: no such command", of, name);
}

/* A cell of the table, for all kinds of its structure; returns how many there
 * are. */
static unsigned check_cell(const Command *c, const char *structure,
                           const char *cell)
{
    unsigned n = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(records); i++) {
        const Record *r = &records[i];
        bool any = is(c->of, "all") && !is(r->of, "mpc");

        if (is(r->structure, structure) && (any || is(r->of, c->of))) {
            n++;
            if (!is(cell, "–")) {
                check(r, c, cell);
            }
        }
    }
    g_assert_cmpint(is(cell, "–"), ==, cannot_be(c, structure, n));
    return is(cell, "–") ? 0 : n;
}

/* The cells between bars, without blanks and backquotes. */
static char **cells_of(const char *line)
{
    char **cells = g_strsplit(line + 1, "|", -1);

    for (char **cell = cells; *cell; cell++) {
        g_strdelimit(g_strstrip(*cell), "`", ' ');
        g_strstrip(*cell);
    }
    return cells;
}

/* The lines of the table, from its head on; free with g_strfreev(). */
static char **read_table(void)
{
    g_autofree char *path = g_test_build_filename(
        G_TEST_DIST, "oracle", "freshness", "FRESHNESS.md", NULL);
    g_autofree char *page = NULL;
    g_autoptr(GError) error = NULL;
    const char *table;

    g_file_get_contents(path, &page, NULL, &error);
    g_assert_no_error(error);
    table = strstr(page, "\n| of | command |");
    g_assert_nonnull(table);
    return g_strsplit(table + 1, "\n", -1);
}

static void table(void)
{
    g_auto(GStrv) lines = read_table();
    g_auto(GStrv) head = cells_of(lines[0]);
    unsigned rows = 0, cells = 0;

    target = test_target_new(NULL);
    oracle = tw_oracle_new();
    for (char **line = lines + 2; **line == '|'; line++, rows++) {
        g_auto(GStrv) row = cells_of(*line);
        const Command *c = find_command(row[0], row[1]);

        g_assert_cmpuint(g_strv_length(row), ==, g_strv_length(head));
        for (unsigned i = 2; *row[i]; i++) {
            cells += check_cell(c, head[i], row[i]);
        }
    }
    g_assert_cmpuint(rows, ==, G_N_ELEMENTS(commands));
    g_test_message("%u commands, %u cells with a kind of record", rows, cells);
    test_target_free(target);
    tw_oracle_free(oracle);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cells/FR-11,FR-12,FR-13,RU-9/table", table);
    return g_test_run();
}
