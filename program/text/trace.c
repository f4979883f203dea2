/* SPDX-License-Identifier: MIT */
/*
 * Reads the text form of a trace, as processes send it and as it is recorded. A
 * process may be broken and send anything, so everything is checked against the
 * program.
 *
 *   twinwalk-trace 1
 *   end died op 3 signal 11       (or: end done)
 *   text assertion failed         (if there is one)
 *   locations hidden              (if they are)
 *   0 ok 0x1f2e at 0+4 r1 0x10 at 4+4 r2 0x0 readonly
 *   1 skipped
 *   2 decode-error 0x0 reason i0 absent level 2 at 0x1234
 *   started 0 ok 0x0 at 0+4 r1 0x20
 *   log 0 write r4 0x8 = 0x5a none call 1
 *   log 0 started 1 write r4 0xc = 0x5a none call 1
 *   event 1 o0 map rw s1 none 0x0..0x3f -> 0x1000
 *   dirty 1 r1 0x0..0xfff
 *   mark 1 i0 level 1 0x3008 = 0x5067
 *   count fill 3
 *   digest r1 0x1234
 *   end
 */
#include "program/text/text.h"

#include <inttypes.h>
#include <string.h>

#include "program/text/lexer.h"
#include "program/ops.h"

enum { TRACE_VERSION = 1 };

static bool is_access(const TwOp *op)
{
    return tw_op_info(op->code)->flags & TW_OP_ACCESS;
}

/* Does the operation, when it is done, say a value (LA-33)? */
static bool gives_value(const TwOp *op)
{
    return op->code == TW_OP_MPC_READ;
}

/* Reading ------------------------------------------------------------------ */

typedef struct Reader {
    TwLexer lexer;
    TwTrace *t;
    const TwProgram *program;
    bool ended; /* the last line was read */
} Reader;

static bool next_line(Reader *r)
{
    TwLexer *l = &r->lexer;
    for (;;) {
        if (!tw_lexer_line(l)) {
            return tw_lexer_expected_at(l, l->line + 1, 1, "'end'");
        }
        if (l->failed) {
            return false;
        }
        if (l->length > 0) {
            return true;
        }
    }
}

/* An object of the program; `what` is expected. */
static bool read_region(Reader *r, uint8_t *id)
{
    TwLexer *l = &r->lexer;
    const char *word = l->word;
    if (!tw_lexer_id(l, 'r', TW_MAX_REGIONS, id)) {
        return false;
    }
    if (*id >= r->program->n_regions ||
        r->program->regions[*id].kind == TW_REGION_NONE) {
        l->word = word;
        return tw_lexer_expected(l, "a region of the program");
    }
    return true;
}

static bool read_space(Reader *r, uint8_t *id)
{
    TwLexer *l = &r->lexer;
    const char *word = l->word;
    if (!tw_lexer_id(l, 's', TW_MAX_SPACES, id)) {
        return false;
    }
    if (*id >= r->program->n_spaces || !r->program->spaces[*id].present) {
        l->word = word;
        return tw_lexer_expected(l, "a space of the program");
    }
    return true;
}

static bool read_op_number(Reader *r, uint16_t *op)
{
    uint64_t value;
    if (r->program->n_script == 0) {
        return tw_lexer_expected(&r->lexer, "an operation of the program");
    }
    if (!tw_lexer_number(&r->lexer, 0, r->program->n_script - 1u,
                         "an operation of the program", &value)) {
        return false;
    }
    *op = (uint16_t)value;
    return true;
}

/* "end died op 3 signal 11" */
static bool read_end(Reader *r)
{
    TwLexer *l = &r->lexer;
    TwTrace *t = r->t;
    uint64_t value;
    if (!tw_lexer_word(l, "end") ||
        !tw_lexer_name(l, tw_end_name, TW_ENDS,
                       "done, died, hung, unsupported, invariant, malformed, "
                       "event or overflow",
                       &t->end)) {
        return false;
    }
    if (t->end == TW_END_DONE) {
        return tw_lexer_end(l);
    }
    /* The number after the last operation stands for the end state. */
    if (!tw_lexer_word(l, "op") ||
        !tw_lexer_number(l, 0, r->program->n_script,
                         "an operation of the program", &value)) {
        return false;
    }
    t->end_op = (uint16_t)value;
    if (t->end == TW_END_DIED && tw_lexer_skip(l, "signal")) {
        if (!tw_lexer_number(l, 1, 255, "a signal number", &value)) {
            return false;
        }
        t->signal = (int32_t)value;
    }
    return tw_lexer_end(l);
}

static bool read_text(Reader *r)
{
    TwLexer *l = &r->lexer;
    /* '#' is no comment here. */
    const char *stop = l->comment ? l->comment_stop : l->stop;
    l->word += l->length;
    while (l->word < stop && g_ascii_isspace(*l->word)) {
        l->word++;
    }
    size_t length = (size_t)(stop - l->word);
    if (length == 0 || length >= sizeof r->t->text) {
        return tw_lexer_expected(l, "a text of 1 to 159 bytes");
    }
    if (r->t->text[0]) {
        return tw_lexer_refuse(l, "one text only");
    }
    memcpy(r->t->text, l->word, length);
    r->t->text[length] = '\0';
    return true;
}

static bool read_location(Reader *r, TwOutcome *outcome, unsigned size)
{
    TwLexer *l = &r->lexer;
    TwLocation at = {0};
    const char *what = "bytes FIRST+LENGTH of the access, in order";
    unsigned from = 0;
    if (outcome->n_locations > 0) {
        const TwLocation *before = &r->t->locations[r->t->n_locations - 1];
        from = before->first + (unsigned)before->length;
    }
    if (l->length != 3 || l->word[1] != '+' || l->word[0] < '0' ||
        l->word[0] > '7' || l->word[2] < '1' || l->word[2] > '8') {
        return tw_lexer_expected(l, what);
    }
    at.first = (uint8_t)(l->word[0] - '0');
    at.length = (uint8_t)(l->word[2] - '0');
    if (at.first < from || at.first + (unsigned)at.length > size) {
        return tw_lexer_expected(l, what);
    }
    tw_lexer_next(l);
    if (!read_region(r, &at.region) ||
        !tw_lexer_number(l, 0, UINT64_MAX, "an offset", &at.offset)) {
        return false;
    }
    at.flags |= tw_lexer_skip(l, "readonly") ? TW_LOC_READONLY : 0;
    at.flags |= tw_lexer_skip(l, "romd") ? TW_LOC_ROMD : 0;
    return tw_trace_add_location(r->t, outcome, at) ||
           tw_lexer_refuse(l, "fewer locations");
}

/* "reason i0 absent level 2 at 0x1234": why a link refused an access. */
static bool read_reason(Reader *r, TwReason *reason)
{
    TwLexer *l = &r->lexer;
    const char *word = l->word;
    uint64_t level = 0;
    if (tw_lexer_skip(l, "page-map")) {
        reason->iommu = TW_NONE;
    } else if (!tw_lexer_id(l, 'i', TW_MAX_IOMMUS, &reason->iommu)) {
        return false;
    } else if (reason->iommu >= r->program->n_iommus ||
               r->program->iommus[reason->iommu].kind == TW_IOMMU_NONE) {
        l->word = word;
        return tw_lexer_expected(l, "an IOMMU of the program");
    }
    for (unsigned kind = 1; kind < TW_REASONS; kind++) {
        if (tw_lexer_skip(l, tw_reason_name(kind))) {
            reason->kind = (uint8_t)kind;
            break;
        }
    }
    if (reason->kind == TW_REASON_NONE) {
        return tw_lexer_expected(l, "no-context, blocked, range, unreadable, "
                                    "absent, reserved, rights or hops");
    }
    if (tw_lexer_skip(l, "level") &&
        !tw_lexer_number(l, 1, TW_MAX_LEVELS, "a level", &level)) {
        return false;
    }
    reason->level = (uint8_t)level;
    return tw_lexer_word(l, "at") &&
           tw_lexer_number(l, 0, UINT64_MAX, "an address", &reason->address);
}

/* The answer to an access of `size` bytes, behind its class. */
static bool read_answer(Reader *r, unsigned size, TwOutcome *outcome)
{
    TwLexer *l = &r->lexer;
    uint64_t most = size < 8 ? (UINT64_C(1) << (8 * size)) - 1 : UINT64_MAX;
    if (!tw_lexer_number(l, 0, most, "a value as wide as the access",
                         &outcome->value)) {
        return false;
    }
    while (tw_lexer_skip(l, "at")) {
        if (!read_location(r, outcome, size)) {
            return false;
        }
    }
    return outcome->class_ <= TW_CLASS_DEVICE_ERROR ||
           !tw_lexer_skip(l, "reason") || read_reason(r, &outcome->reason);
}

/* A class and the answer; false, without a mistake: it is no class. */
static bool read_classed(Reader *r, unsigned size, TwOutcome *outcome)
{
    for (unsigned class_ = 0; class_ < TW_CLASSES; class_++) {
        if (tw_lexer_skip(&r->lexer, tw_class_name(class_))) {
            outcome->status = TW_STATUS_DONE;
            outcome->class_ = (uint8_t)class_;
            return read_answer(r, size, outcome) && tw_lexer_end(&r->lexer);
        }
    }
    return false;
}

/* "started 0 ok 0x12 at ...": the program does not say how many bytes the
 * access has, since any actor offset may have started it. */
static bool read_started(Reader *r)
{
    TwLexer *l = &r->lexer;
    TwOutcome *outcome;
    uint16_t op;
    tw_lexer_next(l);
    if (!read_op_number(r, &op)) {
        return false;
    }
    outcome = tw_trace_add_started(r->t, op);
    return (outcome && read_classed(r, TW_MAX_ACCESS, outcome)) ||
           tw_lexer_expected(l, outcome ? "a class" : "at most 2048 accesses");
}

/* "0 ok 0x12 at ..." */
static bool read_outcome(Reader *r)
{
    TwLexer *l = &r->lexer;
    TwTrace *t = r->t;
    uint64_t number;
    if (t->n_ops >= r->program->n_script) {
        return tw_lexer_refuse(l, "no more operations than the program has");
    }
    if (!tw_lexer_number(l, t->n_ops, t->n_ops,
                         "the number of the next operation", &number)) {
        return false;
    }
    const TwOp *op = &r->program->script[t->n_ops];
    TwOutcome *outcome = &t->outcomes[t->n_ops];
    *outcome = (TwOutcome){0};
    bool access = is_access(op);
    if (access && read_classed(r, op->size, outcome)) {
        t->n_ops++;
        return true;
    }
    if (l->failed) {
        return false;
    }
    const char *what = access ? "a class, skipped or not-run"
                              : "done, skipped, nomem, vetoed or not-run";
    if (access && tw_lexer_is(l, "done")) {
        return tw_lexer_expected(l, what); /* with what answer? */
    }
    if (!tw_lexer_name(l, tw_status_name, TW_STATUSES, what,
                       &outcome->status)) {
        return false;
    }
    if (op->code == TW_OP_DMA_MAP && outcome->status == TW_STATUS_DONE &&
        tw_lexer_skip(l, "mapped") &&
        !tw_lexer_number(l, 0, UINT64_MAX, "a length", &outcome->value)) {
        return false;
    }
    if (outcome->status == TW_STATUS_DONE && gives_value(op) &&
        !tw_lexer_number(l, 0, UINT32_MAX, "the value of the register",
                         &outcome->value)) {
        return false;
    }
    if (!tw_lexer_end(l)) {
        return false;
    }
    t->n_ops++;
    return true;
}

static bool read_log_kind(TwLexer *l, uint8_t *kind)
{
    for (*kind = 0; *kind < TW_LOG_KINDS; ++*kind) {
        if (tw_lexer_skip(l, tw_log_kind_name(*kind))) {
            return true;
        }
    }
    return tw_lexer_expected(l, "write, fetch or read");
}

/* "started 2", or nothing. */
static bool read_number(Reader *r, uint8_t *started)
{
    uint64_t value = 0;
    if (tw_lexer_skip(&r->lexer, "started") &&
        !tw_lexer_number(&r->lexer, 1, TW_MAX_ACTORS,
                         "the number of an access, 1 to 16", &value)) {
        return false;
    }
    *started = (uint8_t)value;
    return true;
}

/* "log 0 write r4 0x8 = 0x5a none call 2", "log 1 fetch r4 0x8 none" */
static bool read_log(Reader *r)
{
    TwLexer *l = &r->lexer;
    TwLogRecord record = {0};
    uint64_t byte = 0, call = 0;
    tw_lexer_next(l);
    if (!read_op_number(r, &record.op) || !read_number(r, &record.started)) {
        return false;
    }
    if (!read_log_kind(l, &record.kind) || !read_region(r, &record.region) ||
        !tw_lexer_number(l, 0, UINT64_MAX, "an offset", &record.offset)) {
        return false;
    }
    if (record.kind != TW_LOG_FETCH &&
        (!tw_lexer_word(l, "=") ||
         !tw_lexer_number(l, 0, 255, "a byte", &byte))) {
        return false;
    }
    record.byte = (uint8_t)byte;
    if (!tw_lexer_attrs(l, &record.attrs) ||
        (tw_lexer_skip(l, "call") &&
         !tw_lexer_number(l, 1, 8, "a size of 1 to 8 bytes", &call)) ||
        !tw_lexer_end(l)) {
        return false;
    }
    record.call = (uint8_t)call;
    return tw_trace_add_log(r->t, record) ||
           tw_lexer_refuse(l, "at most 4096 log lines");
}

static bool read_event_kind(Reader *r, uint8_t *kind)
{
    static const uint8_t kinds[] = {TW_EVENT_UNMAP,          TW_EVENT_MAP,
                                    TW_EVENT_DEVIOTLB_UNMAP, TW_LISTEN_ADD,
                                    TW_LISTEN_DEL,           TW_LISTEN_NOP};
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (tw_lexer_skip(&r->lexer, tw_event_kind_name(kinds[i]))) {
            *kind = kinds[i];
            return true;
        }
    }
    return tw_lexer_expected(&r->lexer,
                             "unmap, map, deviotlb, add, del or nop");
}

static bool add_event(Reader *r, TwEventRecord e, TwRange range)
{
    e.first = range.first;
    e.last = range.last;
    return tw_trace_add_event(r->t, e) ||
           tw_lexer_refuse(&r->lexer, "at most 4096 events");
}

/* "event 1 o0 map rw s1 none 0x0..0x3f -> 0x1000" */
static bool read_event(Reader *r)
{
    TwLexer *l = &r->lexer;
    TwEventRecord e = {.space = TW_NONE, .region = TW_NONE};
    TwRange range;
    tw_lexer_next(l);
    if (!read_op_number(r, &e.op) ||
        !tw_lexer_id(l, 'o', TW_MAX_OBSERVERS, &e.observer) ||
        !read_event_kind(r, &e.kind) ||
        !tw_lexer_perm(l, TW_R | TW_W, &e.perm)) {
        return false;
    }
    if (!tw_lexer_skip(l, "none") && !read_space(r, &e.space)) {
        return false;
    }
    if (!tw_lexer_skip(l, "none") && !read_region(r, &e.region)) {
        return false;
    }
    if (!tw_lexer_range(l, &range) || !tw_lexer_word(l, "->") ||
        !tw_lexer_number(l, 0, UINT64_MAX, "an address", &e.out) ||
        !tw_lexer_end(l)) {
        return false;
    }
    return add_event(r, e, range);
}

/* "dirty 1 r1 0x0..0xfff" */
static bool read_dirty(Reader *r)
{
    TwLexer *l = &r->lexer;
    TwEventRecord e = {
        .observer = TW_NONE, .kind = TW_TRACE_DIRTY, .space = TW_NONE};
    TwRange range;
    tw_lexer_next(l);
    if (!read_op_number(r, &e.op) || !read_region(r, &e.region) ||
        !tw_lexer_range(l, &range) || !tw_lexer_end(l)) {
        return false;
    }
    return add_event(r, e, range);
}

/* "told 1 rw s1 0x0..0xfff -> 0x1000" */
static bool read_told(Reader *r)
{
    TwLexer *l = &r->lexer;
    TwEventRecord e = {
        .observer = TW_NONE, .kind = TW_TRACE_TOLD, .region = TW_NONE};
    TwRange range;
    tw_lexer_next(l);
    if (!read_op_number(r, &e.op) || !tw_lexer_perm(l, TW_R | TW_W, &e.perm) ||
        !read_space(r, &e.space) || !tw_lexer_range(l, &range) ||
        !tw_lexer_word(l, "->") ||
        !tw_lexer_number(l, 0, UINT64_MAX, "an address", &e.out) ||
        !tw_lexer_end(l)) {
        return false;
    }
    return add_event(r, e, range);
}

/* "mark 1 i0 level 1 0x3008 = 0x5067" */
static bool read_mark(Reader *r)
{
    TwLexer *l = &r->lexer;
    TwMark mark = {0};
    uint64_t level;
    tw_lexer_next(l);
    if (!read_op_number(r, &mark.op) || !read_number(r, &mark.started)) {
        return false;
    }
    const char *word = l->word;
    if (!tw_lexer_id(l, 'i', TW_MAX_IOMMUS, &mark.iommu)) {
        return false;
    }
    if (mark.iommu >= r->program->n_iommus ||
        r->program->iommus[mark.iommu].kind != TW_IOMMU_PAGETABLE) {
        l->word = word;
        return tw_lexer_expected(l, "a pagetable of the program");
    }
    if (!tw_lexer_word(l, "level") ||
        !tw_lexer_number(l, 1, TW_MAX_LEVELS, "a level", &level) ||
        !tw_lexer_number(l, 0, UINT64_MAX, "an offset", &mark.at) ||
        !tw_lexer_word(l, "=") ||
        !tw_lexer_number(l, 0, UINT64_MAX, "the bytes of the entry",
                         &mark.value) ||
        !tw_lexer_end(l)) {
        return false;
    }
    mark.level = (uint8_t)level;
    return tw_trace_add_mark(r->t, mark) ||
           tw_lexer_refuse(l, "at most 1024 marks");
}

static bool read_count(Reader *r)
{
    TwLexer *l = &r->lexer;
    uint8_t counter;
    uint64_t value;
    tw_lexer_next(l);
    const char *word = l->word;
    if (!tw_lexer_name(l, tw_counter_name, TW_COUNTERS, "a counter",
                       &counter)) {
        return false;
    }
    if (r->t->counters[counter] != 0) {
        l->word = word;
        return tw_lexer_refuse(l, "each counter once");
    }
    if (!tw_lexer_number(l, 1, UINT32_MAX, "a number from 1 to 2^32 - 1",
                         &value)) {
        return false;
    }
    r->t->counters[counter] = (uint32_t)value;
    return tw_lexer_end(l);
}

static bool read_digest(Reader *r)
{
    TwLexer *l = &r->lexer;
    uint8_t region;
    tw_lexer_next(l);
    const char *word = l->word;
    if (!read_region(r, &region)) {
        return false;
    }
    if (r->t->digests[region] != 0) {
        l->word = word;
        return tw_lexer_refuse(l, "each digest once");
    }
    return tw_lexer_number(l, 1, UINT64_MAX, "a digest, not 0",
                           &r->t->digests[region]) &&
           tw_lexer_end(l);
}

static bool read_line(Reader *r)
{
    TwLexer *l = &r->lexer;
    if (g_ascii_isdigit(*l->word)) {
        return read_outcome(r);
    }
    if (tw_lexer_is(l, "text")) {
        return read_text(r);
    }
    if (tw_lexer_skip(l, "locations")) {
        r->t->locations_hidden = true;
        return tw_lexer_word(l, "hidden") && tw_lexer_end(l);
    }
    if (tw_lexer_is(l, "started")) {
        return read_started(r);
    }
    if (tw_lexer_is(l, "log")) {
        return read_log(r);
    }
    if (tw_lexer_is(l, "event")) {
        return read_event(r);
    }
    if (tw_lexer_is(l, "dirty")) {
        return read_dirty(r);
    }
    if (tw_lexer_is(l, "told")) {
        return read_told(r);
    }
    if (tw_lexer_is(l, "mark")) {
        return read_mark(r);
    }
    if (tw_lexer_is(l, "count")) {
        return read_count(r);
    }
    if (tw_lexer_is(l, "digest")) {
        return read_digest(r);
    }
    if (tw_lexer_skip(l, "end")) {
        r->ended = true;
        return tw_lexer_end(l);
    }
    return tw_lexer_expected(l,
                             "an outcome, text, locations, started, log, "
                             "event, dirty, told, mark, count, digest or end");
}

static bool read_trace(Reader *r)
{
    TwLexer *l = &r->lexer;
    uint64_t version;
    if (!next_line(r) || !tw_lexer_word(l, "twinwalk-trace") ||
        !tw_lexer_number(l, TRACE_VERSION, TRACE_VERSION, "version 1",
                         &version) ||
        !tw_lexer_end(l) || !next_line(r) || !read_end(r)) {
        return false;
    }
    while (!r->ended) {
        if (!next_line(r) || !read_line(r)) {
            return false;
        }
    }
    if (r->t->end == TW_END_DONE && r->t->n_ops != r->program->n_script) {
        return tw_lexer_expected_at(l, l->line, 1,
                                    "an outcome for each operation");
    }
    while (tw_lexer_line(l)) {
        if (l->failed || l->length > 0) {
            return tw_lexer_expected(l, "nothing behind 'end'");
        }
    }
    return true;
}

bool tw_trace_parse(TwTrace *trace, const TwProgram *program, const char *text,
                    size_t length, const char *name, GError **error)
{
    Reader reader = {.t = trace, .program = program}, *r = &reader;
    if (length > TW_TEXT_MAX) {
        g_set_error(error, TW_TEXT_ERROR, TW_TEXT_ERROR_TOO_LARGE,
                    "%s: expected at most %d bytes", name ? name : "trace",
                    TW_TEXT_MAX);
        tw_trace_init(trace, program);
        return false;
    }
    tw_trace_init(trace, program);
    tw_lexer_init(&r->lexer, text ? text : "", text ? length : 0,
                  name ? name : "trace", false, error);
    if (!read_trace(r)) {
        tw_trace_init(trace, program); /* nothing of a bad trace is kept */
        return false;
    }
    return true;
}
