/* SPDX-License-Identifier: MIT */
/* See results.h. */
#define _GNU_SOURCE
#include "reports/trials/results.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "reports/format/json.h"

enum { FORMAT = 1 };

/* Writing ------------------------------------------------------------------ */

static char *line_of(JsonBuilder *b)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();
    g_autoptr(JsonNode) root = json_builder_get_root(b);
    g_autofree char *text = NULL;

    json_generator_set_root(generator, root);
    text = json_generator_to_data(generator, NULL);
    return g_strconcat(text, "\n", NULL);
}

static char *line_of_rules(const TwTrialRules *rules)
{
    g_autoptr(JsonBuilder) b = json_builder_new();

    json_builder_begin_object(b);
    tw_json_string(b, "what", "trials of twinwalk zoo bench");
    tw_json_int(b, "format", FORMAT);
    tw_json_int(b, "seconds", rules->seconds);
    tw_json_int(b, "programs", rules->programs);
    tw_json_int(b, "seed", rules->seed);
    json_builder_end_object(b);
    return line_of(b);
}

static char *line_of_trial(const TwTrial *t)
{
    g_autoptr(JsonBuilder) b = json_builder_new();

    json_builder_begin_object(b);
    tw_json_string(b, "bug", t->slug);
    tw_json_string(b, "engine", tw_engine_name(t->engine));
    tw_json_int(b, "trial", t->number);
    tw_json_int(b, "seed", t->seed);
    tw_json_string(b, "outcome", tw_trial_outcome_name(t->outcome));
    tw_json_int(b, "programs", t->programs);
    tw_json_double(b, "seconds", t->seconds);
    tw_json_int(b, "reached", t->reached);
    tw_json_int(b, "triggered", t->triggered);
    if (t->outcome == TW_TRIAL_DETECTED) {
        tw_json_string(b, "verdict", tw_verdict_name(t->verdict));
        tw_json_string(b, "key", t->key);
    }
    if (t->unexpected) {
        tw_json_int(b, "unexpected", t->unexpected);
        tw_json_string(b, "unexpected_verdict",
                       tw_verdict_name(t->unexpected_verdict));
    }
    tw_json_int(b, "counters", t->counters);
    tw_json_string(b, "build", t->build);
    json_builder_end_object(b);
    return line_of(b);
}

static bool io_error(const TwResults *r, const char *what, GError **error)
{
    g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                "%s: expected to %s: %s", r->path, what, g_strerror(errno));
    return false;
}

/* The whole line, or nothing that could be taken for one. */
static bool write_line(const TwResults *r, const char *line, GError **error)
{
    size_t length = strlen(line);
    off_t before = lseek(r->fd, 0, SEEK_END);

    for (size_t done = 0; done < length;) {
        ssize_t n = write(r->fd, line + done, length - done);

        if (n < 0 && errno != EINTR) {
            io_error(r, "write it", error);
            return ftruncate(r->fd, before) == 0 && false;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

bool tw_results_add(TwResults *r, const TwTrial *trial, GError **error)
{
    g_autofree char *line = line_of_trial(trial);

    if (r->fd >= 0 && !write_line(r, line, error)) {
        return false;
    }
    g_array_append_vals(r->trials, trial, 1);
    return true;
}

/* Reading ------------------------------------------------------------------ */

static bool bad(const TwResults *r, unsigned line, const char *expected,
                GError **error)
{
    g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                "%s:%u: expected %s", r->path, line, expected);
    return false;
}

/* A member that is a number from 0, or false. */
static bool number(JsonObject *o, const char *name, uint64_t most,
                   uint64_t *value)
{
    JsonNode *node = json_object_get_member(o, name);
    gint64 v;

    if (!node || !JSON_NODE_HOLDS_VALUE(node) ||
        json_node_get_value_type(node) != G_TYPE_INT64) {
        return false;
    }
    v = json_node_get_int(node);
    *value = (uint64_t)v;
    return v >= 0 && *value <= most;
}

static bool seconds(JsonObject *o, const char *name, double *value)
{
    JsonNode *node = json_object_get_member(o, name);

    if (!node || !JSON_NODE_HOLDS_VALUE(node) ||
        (json_node_get_value_type(node) != G_TYPE_INT64 &&
         json_node_get_value_type(node) != G_TYPE_DOUBLE)) {
        return false;
    }
    *value = json_node_get_double(node);
    return *value >= 0;
}

static const char *text(JsonObject *o, const char *name)
{
    JsonNode *node = json_object_get_member(o, name);

    return node && JSON_NODE_HOLDS_VALUE(node) &&
                   json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : "";
}

static bool copy_text(JsonObject *o, const char *name, char *to, size_t size)
{
    return text(o, name)[0] && g_strlcpy(to, text(o, name), size) < size;
}

/* The number of a word, by its names; `n`: none has it. */
static unsigned named(const char *word, const char *(*name_of)(unsigned),
                      unsigned n)
{
    unsigned i = 0;

    while (i < n && strcmp(name_of(i), word) != 0) {
        i++;
    }
    return i;
}

static const char *verdict_name(unsigned verdict)
{
    return tw_verdict_name(verdict);
}

/* NULL, or what is wrong with it. */
static const char *read_trial(JsonObject *o, TwTrial *t)
{
    uint64_t trial, counters;

    memset(t, 0, sizeof(*t));
    t->engine = (uint8_t)tw_engine_named(text(o, "engine"));
    t->outcome = (uint8_t)named(text(o, "outcome"), tw_trial_outcome_name,
                                TW_TRIAL_OUTCOMES);
    if (!copy_text(o, "bug", t->slug, sizeof(t->slug)) ||
        t->engine == TW_ENGINES || t->outcome == TW_TRIAL_OUTCOMES ||
        !number(o, "trial", UINT32_MAX, &trial) || trial == 0) {
        return "a trial with its bug, engine, number and outcome";
    }
    t->number = (uint32_t)trial;
    if (!number(o, "seed", INT64_MAX, &t->seed) ||
        !number(o, "programs", INT64_MAX, &t->programs) ||
        !seconds(o, "seconds", &t->seconds) ||
        !number(o, "reached", t->programs, &t->reached) ||
        !number(o, "triggered", t->programs, &t->triggered) ||
        !number(o, "counters", INT64_MAX, &counters) ||
        !copy_text(o, "build", t->build, sizeof(t->build))) {
        return "a trial with its seed, programs, seconds, reached, triggered, "
               "counters and build";
    }
    t->counters = counters;
    if (t->outcome == TW_TRIAL_DETECTED) {
        t->verdict = named(text(o, "verdict"), verdict_name, TW_VERDICTS);
        if (t->verdict == TW_VERDICTS ||
            !copy_text(o, "key", t->key, sizeof(t->key))) {
            return "a detection with its verdict and key";
        }
    }
    if (json_object_has_member(o, "unexpected")) {
        t->unexpected_verdict =
            named(text(o, "unexpected_verdict"), verdict_name, TW_VERDICTS);
        if (!number(o, "unexpected", t->programs, &t->unexpected) ||
            t->unexpected_verdict == TW_VERDICTS) {
            return "an unexpected finding with its program and verdict";
        }
    }
    return NULL;
}

/* Had its trials these rules? */
static bool check_rules(const TwResults *r, JsonObject *o,
                        const TwTrialRules *rules, GError **error)
{
    const struct {
        const char *member, *option;
        uint64_t value;
    } numbers[] = {
        {"seconds", "--time", rules->seconds},
        {"programs", "--programs", rules->programs},
        {"seed", "--seed", rules->seed},
    };
    uint64_t value;

    if (!number(o, "format", INT64_MAX, &value) || value != FORMAT) {
        return bad(
            r, 1,
            "the first line that zoo bench writes, of format " G_STRINGIFY(1),
            error);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autofree char *expected = NULL;

        if (!number(o, numbers[i].member, INT64_MAX, &value)) {
            return bad(r, 1, "the first line that zoo bench writes", error);
        }
        expected = g_strdup_printf(
            "trials with %s %" G_GUINT64_FORMAT ", not %" G_GUINT64_FORMAT
            " (0: not given); other trials need another --out",
            numbers[i].option, numbers[i].value, value);
        if (value != numbers[i].value) {
            return bad(r, 1, expected, error);
        }
    }
    return true;
}

static bool read_line(TwResults *r, const char *line, unsigned n,
                      const TwTrialRules *rules, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonNode *root;
    const char *wrong;
    TwTrial trial;

    if (!g_utf8_validate(line, -1, NULL) ||
        !json_parser_load_from_data(parser, line, -1, NULL) ||
        (root = json_parser_get_root(parser)) == NULL ||
        !JSON_NODE_HOLDS_OBJECT(root)) {
        return bad(r, n, "a line of JSON, an object", error);
    }
    if (n == 1) {
        return check_rules(r, json_node_get_object(root), rules, error);
    }
    wrong = read_trial(json_node_get_object(root), &trial);
    if (wrong) {
        return bad(r, n, wrong, error);
    }
    if (tw_results_find(r, trial.slug, trial.engine, trial.number)) {
        return bad(r, n, "each trial once", error);
    }
    g_array_append_val(r->trials, trial);
    return true;
}

/* All lines; what is behind the last newline is dropped. */
static bool read_all(TwResults *r, char *data, size_t length,
                     const TwTrialRules *rules, GError **error)
{
    size_t whole = length;
    unsigned n = 0;

    while (whole > 0 && data[whole - 1] != '\n') {
        whole--;
    }
    r->dropped_line = whole < length;
    for (size_t at = 0; at < whole;) {
        char *end = memchr(data + at, '\n', whole - at);

        *end = '\0';
        if (strlen(data + at) != (size_t)(end - data) - at) {
            return bad(r, n + 1, "a line of JSON without zero bytes", error);
        }
        if (!read_line(r, data + at, ++n, rules, error)) {
            return false;
        }
        at = (size_t)(end - data) + 1;
    }
    if (r->fd >= 0 && r->dropped_line && ftruncate(r->fd, (off_t)whole) != 0) {
        return io_error(r, "drop its last line, which is cut short", error);
    }
    if (whole == 0 && r->fd < 0) {
        return bad(r, 1, "the first line that zoo bench writes", error);
    }
    if (whole == 0) {
        g_autofree char *line = line_of_rules(rules);

        return write_line(r, line, error);
    }
    return true;
}

bool tw_results_open(TwResults *r, const char *folder,
                     const TwTrialRules *rules, bool read_only, GError **error)
{
    g_autofree char *data = NULL;
    gsize length = 0;

    r->fd = -1;
    r->path = NULL;
    r->dropped_line = false;
    r->trials = g_array_new(FALSE, FALSE, sizeof(TwTrial));
    if (!folder) {
        return true;
    }
    r->path = g_build_filename(folder, TW_RESULTS_FILE, NULL);
    if (!read_only) {
        r->fd = open(r->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        if (r->fd < 0) {
            return io_error(r, "open it", error);
        }
        if (flock(r->fd, LOCK_EX | LOCK_NB) != 0) {
            errno = errno == EWOULDBLOCK ? EBUSY : errno;
            return io_error(r, "be the only process that writes it", error);
        }
    }
    if (!g_file_get_contents(r->path, &data, &length, NULL)) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "%s: expected a file of results that can be read", r->path);
        return false;
    }
    return read_all(r, data, length, rules, error);
}

void tw_results_close(TwResults *r)
{
    if (r->fd >= 0) {
        close(r->fd);
    }
    g_free(r->path);
    g_array_free(r->trials, TRUE);
}

const TwTrial *tw_results_find(const TwResults *r, const char *slug,
                               TwEngine engine, unsigned number)
{
    for (unsigned i = 0; i < r->trials->len; i++) {
        const TwTrial *t = &g_array_index(r->trials, TwTrial, i);

        if (t->engine == engine && t->number == number &&
            strcmp(t->slug, slug) == 0) {
            return t;
        }
    }
    return NULL;
}

bool tw_results_same_build(const TwResults *r, TwEngine engine,
                           const char *build, GError **error)
{
    for (unsigned i = 0; i < r->trials->len; i++) {
        const TwTrial *t = &g_array_index(r->trials, TwTrial, i);

        if (t->engine == engine && strcmp(t->build, build) != 0) {
            g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                        "%s: expected trials of engine %s by this build (%s), "
                        "not by %s; other trials need another --out (--report "
                        "shows these)",
                        r->path, tw_engine_name(engine), build, t->build);
            return false;
        }
    }
    return true;
}
