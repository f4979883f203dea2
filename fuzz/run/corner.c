/* SPDX-License-Identifier: MIT */
/*
 * Corner cases: reads them, and compares a trace with their notes.  Notes are
 * compared as words, so there is one way to write each, and a difference is
 * shown in the same words.
 */
#include "fuzz/run/corner.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "program/ops.h"
#include "program/text/text.h"

static bool expected(GError **error, const char *file, unsigned line,
                     const char *what)
{
    g_set_error(error, TW_TEXT_ERROR, TW_TEXT_ERROR_SYNTAX,
                "%s:%u: expected %s", file, line, what);
    return false;
}

/* Reading ------------------------------------------------------------------ */

static char **list(const char *text)
{
    char **words = g_strsplit(text, ",", -1);

    for (char **word = words; *word; word++) {
        g_strstrip(*word);
    }
    return words;
}

/* The kinds of steps that softmmu reports (TELL in targets/softmmu). */
static const char *const kinds[] = {
    "arm",      "blocked",   "commit",      "dirty",  "dispatch",
    "evict",    "fill",      "flush",       "hit",    "large",
    "listener", "no-fill",   "notify",      "queue",  "reach",
    "register", "render",    "replay",      "resize", "safepoint",
    "start",    "translate", "victim-swap", "walk",   NULL};

static bool is_told(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    return digits > 0 && text[digits] == ' ' &&
           g_strv_contains(kinds, text + digits + 1);
}

static bool is_access(const TwOp *op)
{
    return tw_op_info(op->code)->flags & TW_OP_ACCESS;
}

static bool is_outcome(const TwOp *op, const char *part)
{
    size_t length = strcspn(part, " ");

    if (op->code == TW_OP_MPC_READ && g_str_has_prefix(part, "done value 0x")) {
        return true;
    }

    for (unsigned i = 0; is_access(op) && i < TW_CLASSES; i++) {
        const char *name = tw_class_name(i);
        if (strlen(name) == length && memcmp(name, part, length) == 0) {
            return true;
        }
    }
    for (unsigned i = 0; i < TW_STATUSES; i++) {
        if (strcmp(part, tw_status_name(i)) == 0) {
            return i != TW_STATUS_DONE || !is_access(op);
        }
    }
    return false;
}

/* One part of a note. */
static bool read_part(TwCornerNote *note, const TwOp *op, char *part,
                      const char *file, unsigned line, GError **error)
{
    if (is_outcome(op, part)) {
        if (note->outcome) {
            return expected(error, file, line, "one outcome");
        }
        note->outcome = g_strdup(part);
        note->value = strstr(part, " value 0x") != NULL;
        note->reason = strstr(part, " reason ") != NULL;
    } else if (g_str_has_prefix(part, "told ") && is_told(part + 5)) {
        g_ptr_array_add(note->told, g_strdup(part + 5));
    } else if (strcmp(part, "log none") == 0) {
        note->no_log = true;
    } else if (g_str_has_prefix(part, "log ")) {
        g_ptr_array_add(note->log, g_strdup(part + 4));
    } else if (strcmp(part, "starts none") == 0) {
        note->no_starts = true;
    } else if (g_str_has_prefix(part, "starts ")) {
        g_ptr_array_add(note->starts, g_strdup(part + 7));
    } else if (strcmp(part, "events none") == 0) {
        note->no_events = true;
    } else if ((part[0] == 'o' && g_ascii_isdigit(part[1])) ||
               g_str_has_prefix(part, "dirty ")) {
        g_ptr_array_add(note->events, g_strdup(part));
    } else {
        return expected(error, file, line,
                        "an outcome of this operation, starts, log, events, "
                        "an event of an observer, dirty, or told N KIND");
    }
    return true;
}

/* "# => ok r1+0x0; told 1 fill", from behind the arrow. */
static bool read_note(TwCorner *corner, unsigned op, const char *text,
                      unsigned line, GError **error)
{
    TwCornerNote *note = &corner->notes[op];
    g_auto(GStrv) parts = g_strsplit(text, ";", -1);

    if (!note->events) {
        note->events = g_ptr_array_new_with_free_func(g_free);
        note->starts = g_ptr_array_new_with_free_func(g_free);
        note->log = g_ptr_array_new_with_free_func(g_free);
        note->told = g_ptr_array_new_with_free_func(g_free);
        corner->n_noted++;
    }
    for (char **part = parts; *part; part++) {
        if (!read_part(note, &corner->program.script[op], g_strstrip(*part),
                       corner->file, line, error)) {
            return false;
        }
    }
    return true;
}

/* The script: one line an operation, notes on it or on lines above it. */
static bool read_notes(TwCorner *corner, char **lines, unsigned first,
                       GError **error)
{
    static const char mark[] = "# => ";
    unsigned op = 0;

    for (unsigned i = first; lines[i]; i++) {
        const char *line = lines[i] + strspn(lines[i], " ");
        const char *note = strstr(line, mark);

        if (note && op >= corner->program.n_script) {
            return expected(error, corner->file, i + 1,
                            "an operation behind its note");
        }
        if (note && !read_note(corner, op, note + strlen(mark), i + 1, error)) {
            return false;
        }
        op += *line && *line != '#';
    }
    g_assert_cmpuint(op, ==, corner->program.n_script);
    return true;
}

/* The comment above the program: what it is about, and a picture. */
static bool read_head(TwCorner *corner, char **lines, unsigned *end,
                      GError **error)
{
    g_autofree char *about =
        corner->rule ? g_strdup_printf("# rule %s: ", corner->rule)
                     : g_strdup_printf("# corner %u: ", corner->number);
    unsigned drawn = 0, i;

    for (i = 0; lines[i] && lines[i][0] == '#'; i++) {
        const char *line = lines[i];

        if (g_str_has_prefix(line, "# rules: ")) {
            corner->rules = list(line + strlen("# rules: "));
        } else if (g_str_has_prefix(line, "# broken by: ")) {
            corner->broken_by = list(line + strlen("# broken by: "));
        } else if (g_str_has_prefix(line, "# judge: silent, ")) {
            corner->silent = true;
        }
        drawn += corner->broken_by && g_str_has_prefix(line, "#   ");
    }
    *end = i;
    if (!g_str_has_prefix(lines[0], about)) {
        return expected(error, corner->file, 1, about);
    }
    if (!corner->rules || !corner->broken_by) {
        return expected(error, corner->file, i,
                        "above: '# rules: ' and '# broken by: '");
    }
    if (corner->rule && strcmp(corner->rules[0], corner->rule) != 0) {
        return expected(error, corner->file, i,
                        "above: that rule as the first of its '# rules: '");
    }
    if (drawn == 0) {
        return expected(error, corner->file, i,
                        "above: a picture of the regions behind '#   '");
    }
    return true;
}

static bool read_case(TwCorner *corner, const char *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder, corner->file, NULL);
    g_autofree char *text = NULL;
    g_autoptr(TwComments) comments = tw_comments_new();
    g_autoptr(GString) again = g_string_new(NULL);
    g_auto(GStrv) lines = NULL;
    unsigned i;

    if (!g_file_get_contents(path, &text, NULL, error) ||
        !tw_program_parse(&corner->program, text, strlen(text), corner->file,
                          TW_TEXT_STRICT, comments, NULL, error)) {
        return false;
    }
    tw_program_print(&corner->program, comments, again);
    if (strcmp(text, again->str) != 0) {
        return expected(error, corner->file, 1,
                        "canonical form (twinwalk fmt)");
    }
    lines = g_strsplit(text, "\n", -1);
    if (!read_head(corner, lines, &i, error)) {
        return false;
    }
    while (lines[i] && strcmp(lines[i], "script") != 0 &&
           !g_str_has_prefix(lines[i], "script #")) {
        i++;
    }
    if (!lines[i]) {
        return expected(error, corner->file, i, "a script");
    }
    if (!read_notes(corner, lines, i + 1, error)) {
        return false;
    }
    return corner->n_noted > 0 ||
           expected(error, corner->file, i, "a note behind an operation");
}

/* NN-SLUG.tw of a corner, RULE-SLUG.tw of a rule; the slug, or NULL. */
static char *read_name(TwCorner *corner)
{
    g_autoptr(GRegex) regex =
        g_regex_new("^(?:([0-9]{2})|([A-Z]{2}-[1-9][0-9]*))-([a-z0-9-]+)\\.tw$",
                    0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    g_autofree char *number = NULL, *rule = NULL;

    if (!g_regex_match(regex, corner->file, 0, &match)) {
        return NULL;
    }
    number = g_match_info_fetch(match, 1);
    rule = g_match_info_fetch(match, 2);
    if (*rule) {
        corner->rule = g_steal_pointer(&rule);
    } else {
        corner->number = (unsigned)strtoul(number, NULL, 10);
    }
    return g_match_info_fetch(match, 3);
}

TwCorner *tw_corner_load(const char *folder, const char *file, GError **error)
{
    TwCorner *corner = g_new0(TwCorner, 1);
    g_autofree char *slug = NULL;

    corner->file = g_strdup(file);
    slug = read_name(corner);
    if (!slug) {
        expected(error, file, 0, "a name NN-SLUG.tw or RULE-SLUG.tw");
    } else if (read_case(corner, folder, error)) {
        corner->path =
            corner->rule ? g_strdup_printf("/rule/%s/%s", corner->rule, slug)
                         : g_strdup_printf("/corner/%02u/%s/%s", corner->number,
                                           corner->rules[0], slug);
        return corner;
    }
    tw_corner_free(corner);
    return NULL;
}

void tw_corner_free(TwCorner *corner)
{
    for (unsigned i = 0; i < TW_MAX_SCRIPT; i++) {
        TwCornerNote *note = &corner->notes[i];

        g_free(note->outcome);
        g_clear_pointer(&note->events, g_ptr_array_unref);
        g_clear_pointer(&note->starts, g_ptr_array_unref);
        g_clear_pointer(&note->log, g_ptr_array_unref);
        g_clear_pointer(&note->told, g_ptr_array_unref);
    }
    g_strfreev(corner->rules);
    g_strfreev(corner->broken_by);
    g_free(corner->file);
    g_free(corner->path);
    g_free(corner->rule);
    g_free(corner);
}

/* A trace in the same words -------------------------------------------------
 */

static char *answer_text(const TwTrace *trace, const TwOutcome *o, bool reason,
                         bool value)
{
    GString *text = g_string_new(tw_class_name(o->class_));

    for (unsigned i = 0; i < o->n_locations; i++) {
        const TwLocation *at = &trace->locations[o->location + i];

        g_string_append_printf(text, " r%u+0x%" PRIx64, at->region, at->offset);
        g_string_append(text, at->flags & TW_LOC_READONLY ? " readonly" : "");
        g_string_append(text, at->flags & TW_LOC_ROMD ? " romd" : "");
    }
    if (reason) {
        g_string_append(text, " reason ");
        if (o->reason.kind == TW_REASON_NONE) {
            g_string_append(text, "none");
        } else {
            tw_write_reason(text, &o->reason);
        }
    }
    if (value) {
        g_string_append_printf(text, " value 0x%" PRIx64, o->value);
    }
    return g_string_free(text, FALSE);
}

static char *outcome_text(const TwCorner *corner, const TwTrace *trace,
                          unsigned op)
{
    const TwOutcome *o = &trace->outcomes[op];
    const TwCornerNote *note = &corner->notes[op];

    if (op >= trace->n_ops) {
        return g_strdup(tw_status_name(TW_STATUS_NOT_RUN));
    }
    if (o->status != TW_STATUS_DONE ||
        !is_access(&corner->program.script[op])) {
        return note->value && o->status == TW_STATUS_DONE
                   ? g_strdup_printf("done value 0x%" PRIx64, o->value)
                   : g_strdup(tw_status_name(o->status));
    }
    return answer_text(trace, o, note->reason, note->value);
}

/* The accesses that actor offsets have started, with a reason or a value where
 * the note of the same number has one. */
static GPtrArray *start_texts(const TwTrace *trace, unsigned op,
                              const GPtrArray *noted)
{
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);

    for (unsigned i = 0; i < trace->n_started; i++) {
        const char *note =
            texts->len < noted->len ? g_ptr_array_index(noted, texts->len) : "";

        if (trace->started[i].op == op) {
            g_ptr_array_add(texts,
                            answer_text(trace, &trace->started[i].outcome,
                                        strstr(note, " reason ") != NULL,
                                        strstr(note, " value 0x") != NULL));
        }
    }
    return texts;
}

/* "o0 add 0x0..0xfff r1+0x0", "o0 unmap 0x0..0xfff", "o0 map 0x0..0xfff s1
 * 0x5000 rw", "dirty r1 0x0..0xfff" */
static char *event_text(const TwEventRecord *e)
{
    GString *text = g_string_new(NULL);

    if (e->kind == TW_TRACE_DIRTY) {
        g_string_printf(text, "dirty r%u 0x%" PRIx64 "..0x%" PRIx64, e->region,
                        e->first, e->last);
        return g_string_free(text, FALSE);
    }
    if (e->kind == TW_TRACE_TOLD) {
        g_string_printf(text, "told 0x%" PRIx64 "..0x%" PRIx64, e->first,
                        e->last);
        return g_string_free(text, FALSE);
    }
    g_string_printf(text, "o%u %s 0x%" PRIx64 "..0x%" PRIx64, e->observer,
                    tw_event_kind_name(e->kind), e->first, e->last);
    if (e->kind >= TW_LISTEN_ADD) {
        g_string_append_printf(text, " r%u+0x%" PRIx64, e->region, e->out);
    } else if (e->kind == TW_EVENT_MAP) {
        if (e->space != TW_NONE) {
            g_string_append_printf(text, " s%u", e->space);
        }
        g_string_append_printf(text, " 0x%" PRIx64 " ", e->out);
        tw_write_perm(text, e->perm);
    }
    return g_string_free(text, FALSE);
}

static GPtrArray *event_texts(const TwTrace *trace, unsigned op)
{
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);

    for (unsigned i = 0; i < trace->n_events; i++) {
        if (trace->events[i].op == op) {
            g_ptr_array_add(texts, event_text(&trace->events[i]));
        }
    }
    return texts;
}

/* Does the record go on with what the one before it began?  Of a read, each
 * call stands alone. */
static bool goes_on(const TwLogRecord *before, const TwLogRecord *record)
{
    return record->op == before->op && record->kind == before->kind &&
           record->region == before->region && record->attrs == before->attrs &&
           record->offset == before->offset + 1 &&
           (record->kind != TW_LOG_READ || record->call == 0);
}

/* "write r2+0x0 4 none": bytes that follow each other.  "read r2+0x0 4 none": a
 * call; left out without `reads`, since the outcome says what was read. */
static GPtrArray *log_texts(const TwTrace *trace, unsigned op, bool reads)
{
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
    unsigned n;

    for (unsigned i = 0; i < trace->n_log; i += n) {
        const TwLogRecord *first = &trace->log[i];

        n = 1;
        while (i + n < trace->n_log &&
               goes_on(&trace->log[i + n - 1], &trace->log[i + n])) {
            n++;
        }
        if (first->op == op && (first->kind != TW_LOG_READ || reads)) {
            GString *text = g_string_new(tw_log_kind_name(first->kind));

            g_string_append_printf(text, " r%u+0x%" PRIx64 " %u ",
                                   first->region, first->offset, n);
            tw_write_attrs(text, first->attrs);
            g_ptr_array_add(texts, g_string_free(text, FALSE));
        }
    }
    return texts;
}

static bool notes_reads(const TwCornerNote *note)
{
    for (unsigned i = 0; i < note->log->len; i++) {
        if (g_str_has_prefix(g_ptr_array_index(note->log, i), "read ")) {
            return true;
        }
    }
    return false;
}

/* Holding one against the other ---------------------------------------------
 */

static char *join(GPtrArray *texts)
{
    GString *all = g_string_new(NULL);

    for (unsigned i = 0; i < texts->len; i++) {
        g_string_append_printf(all, "%s%s", i > 0 ? "; " : "",
                               (const char *)g_ptr_array_index(texts, i));
    }
    return g_string_free(all, FALSE);
}

/* NULL, or what is different.  `texts` is taken over. */
static char *compare(const char *what, GPtrArray *noted, bool none,
                     GPtrArray *texts)
{
    g_autofree char *right = join(noted), *seen = join(texts);
    char *differs = NULL;

    if ((none || noted->len > 0) && strcmp(right, seen) != 0) {
        differs = g_strdup_printf("%s noted: %s; seen: %s", what,
                                  none ? "none" : right,
                                  texts->len > 0 ? seen : "none");
    }
    g_ptr_array_unref(texts);
    return differs;
}

/* "1 render": the number of reports of this kind. */
static char *compare_told(const char *noted, const GArray *told, unsigned op)
{
    char *kind;
    unsigned wanted = (unsigned)strtoul(noted, &kind, 10), n = 0;

    kind += *kind == ' ';
    for (unsigned i = 0; i < told->len; i++) {
        const TwCornerTold *t = &g_array_index(told, TwCornerTold, i);
        n += t->op == op && strcmp(t->kind, kind) == 0;
    }
    return n == wanted ? NULL
                       : g_strdup_printf("noted: told %s; told %u", noted, n);
}

static char *note_differs(const TwCorner *corner, const TwTrace *trace,
                          const GArray *told, unsigned op)
{
    const TwCornerNote *note = &corner->notes[op];
    g_autofree char *seen = outcome_text(corner, trace, op);
    char *differs = NULL;

    if (note->outcome && strcmp(note->outcome, seen) != 0) {
        return g_strdup_printf("noted: %s; seen: %s", note->outcome, seen);
    }
    differs = compare("starts", note->starts, note->no_starts,
                      start_texts(trace, op, note->starts));
    if (differs) {
        return differs;
    }
    differs = compare("events", note->events, note->no_events,
                      event_texts(trace, op));
    if (!differs) {
        differs = compare("log", note->log, note->no_log,
                          log_texts(trace, op, notes_reads(note)));
    }
    for (unsigned i = 0; told && !differs && i < note->told->len; i++) {
        differs = compare_told(g_ptr_array_index(note->told, i), told, op);
    }
    return differs;
}

char *tw_corner_differs(const TwCorner *corner, const TwTrace *trace,
                        const GArray *told)
{
    for (unsigned op = 0; op < corner->program.n_script; op++) {
        g_autofree char *differs = NULL;

        if (corner->notes[op].events) {
            differs = note_differs(corner, trace, told, op);
        }
        if (differs) {
            g_autoptr(GString) text = g_string_new(NULL);

            tw_op_print(&corner->program, &corner->program.script[op], text);
            return g_strdup_printf("%s: op %u (%s): %s", corner->file, op,
                                   text->str, differs);
        }
    }
    return NULL;
}
