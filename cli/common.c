/* SPDX-License-Identifier: MIT */
/* What the verbs share; see common.h. */
#define _GNU_SOURCE
#include "cli/common.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/generate.h"
#include "fuzz/runner.h"
#include "program/bytes.h"
#include "reports/store.h"

/* Errors ------------------------------------------------------------------ */

int tw_cli_fail(int code, const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list ap;

    va_start(ap, format);
    message = g_strdup_vprintf(format, ap);
    va_end(ap);
    g_strdelimit(message, "\n\r", ' ');
    /* Names of files and texts of others may hold what moves a terminal. */
    for (char *c = message; *c; c++) {
        if (g_ascii_iscntrl(*c)) {
            *c = '?';
        }
    }
    fflush(stdout);
    fprintf(stderr, "twinwalk: %s\n", message);
    return code;
}

int tw_cli_fail_error(GError *error)
{
    bool environment =
        g_error_matches(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT) ||
        g_error_matches(error, TW_STORE_ERROR, TW_STORE_ERROR_ENVIRONMENT);
    int code = tw_cli_fail(environment ? TW_EXIT_ENVIRONMENT : TW_EXIT_USAGE,
                           "%s", error->message);

    g_error_free(error);
    return code;
}

int tw_cli_exit_of(unsigned verdict)
{
    return verdict == TW_VERDICT_SELF          ? TW_EXIT_SELF
           : tw_verdict_is_finding(verdict)    ? TW_EXIT_FINDING
           : verdict == TW_VERDICT_UNSUPPORTED ? TW_EXIT_SKIPPED
                                               : TW_EXIT_CLEAN;
}

int tw_cli_worse(int a, int b)
{
    static const int order[] = {TW_EXIT_SELF, TW_EXIT_FINDING, TW_EXIT_SKIPPED,
                                TW_EXIT_CLEAN};

    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
        if (a == order[i] || b == order[i]) {
            return order[i];
        }
    }
    return a;
}

int tw_cli_finish(int code)
{
    if (code == TW_EXIT_USAGE || code == TW_EXIT_ENVIRONMENT ||
        code == TW_EXIT_BISECT_ABORT) {
        return code; /* one line has been said */
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return tw_cli_fail(TW_EXIT_ENVIRONMENT,
                           "standard output: expected to write: %s",
                           g_strerror(errno));
    }
    return code;
}

/* Options ----------------------------------------------------------------- */

static void add_target_options(GOptionContext *context, TwCliTarget *target)
{
    GOptionEntry entries[] = {
        {"target", 't', 0, G_OPTION_ARG_STRING, &target->name,
         "What is tested: softmmu (the default), zoo:SLUG, unicorn, "
         "unicorn:GUEST, unicorn-ab, unicorn-vtlb, exec:COMMAND",
         "NAME"},
        {"flush", 0, 0, G_OPTION_ARG_STRING, &target->flush,
         "What an IOMMU's UNMAP flushes (softmmu, zoo): all (the default) "
         "or page",
         "MODE"},
        {"hide-locations", 0, 0, G_OPTION_ARG_NONE, &target->hide_locations,
         "The target does not say where accesses went (softmmu, zoo)", NULL},
        {"check", 0, 0, G_OPTION_ARG_NONE, &target->check,
         "Tests the target's invariants after each operation (softmmu, zoo)",
         NULL},
        {"contract", 0, 0, G_OPTION_ARG_STRING, &target->contract,
         "How much is demanded (unicorn, unicorn-vtlb): documented (the "
         "default) or strict",
         "NAME"},
        {"timeout", 0, 0, G_OPTION_ARG_INT, &target->timeout_ms,
         "Time for one program (default 10000)", "MS"},
        G_OPTION_ENTRY_NULL,
    };

    memset(target, 0, sizeof(*target));
    g_option_context_add_main_entries(context, entries, NULL);
}

bool tw_cli_options(int *argc, char ***argv, const char *usage,
                    const char *summary, const GOptionEntry *entries,
                    TwCliTarget *target)
{
    g_autoptr(GOptionContext) context = g_option_context_new(usage);
    GError *error = NULL;

    g_option_context_set_summary(context, summary);
    g_option_context_add_main_entries(context, entries, NULL);
    if (target) {
        add_target_options(context, target);
    }
    if (!g_option_context_parse(context, argc, argv, &error)) {
        tw_cli_fail(TW_EXIT_USAGE, "%s (see %s --help)", error->message,
                    g_get_prgname());
        g_error_free(error);
        return false;
    }
    if (*argc > 1 && strcmp((*argv)[1], "--") == 0) {
        memmove(&(*argv)[1], &(*argv)[2], (size_t)(*argc - 1) * sizeof(char *));
        (*argc)--;
    }
    return true;
}

bool tw_cli_target_chosen(const TwCliTarget *target)
{
    return target->name || target->flush || target->hide_locations ||
           target->check || target->contract;
}

bool tw_cli_target_ready(TwCliTarget *target)
{
    TwTargetOptions *o = &target->options;

    memset(o, 0, sizeof(*o));
    if (!target->name) {
        target->name = g_strdup("softmmu");
    }
    o->name = target->name;
    if (!target->flush || strcmp(target->flush, "all") == 0) {
        o->flush = TW_FLUSH_ALL_ENTRIES;
    } else if (strcmp(target->flush, "page") == 0) {
        o->flush = TW_FLUSH_PAGES;
    } else {
        tw_cli_fail(TW_EXIT_USAGE, "--flush: expected all or page, not \"%s\"",
                    target->flush);
        return false;
    }
    if (target->contract && strcmp(target->contract, "strict") == 0) {
        o->strict = true;
    } else if (target->contract &&
               strcmp(target->contract, "documented") != 0) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "--contract: expected documented or strict, not \"%s\"",
                    target->contract);
        return false;
    }
    if (target->timeout_ms < 0) {
        tw_cli_fail(TW_EXIT_USAGE, "--timeout: expected milliseconds, 1 or "
                                   "more");
        return false;
    }
    o->hide_locations = target->hide_locations;
    o->check = target->check;
    o->timeout_ms = (uint32_t)target->timeout_ms;
    return true;
}

uint32_t tw_cli_target_patience(TwCliTarget *target, unsigned replays)
{
    uint32_t own = target->options.timeout_ms;

    if (g_str_has_prefix(target->name, "exec:")) {
        /* A run, and each time again a start and a run. */
        return (1 + 2 * replays) * (own ? own : 10000);
    }
    target->options.timeout_ms = 0;
    return own;
}

char *tw_cli_target_words(const TwCliTarget *target)
{
    g_autofree char *name = NULL;
    GString *words = g_string_new("--target ");

    if (strspn(target->name, "abcdefghijklmnopqrstuvwxyz0123456789-_:./") ==
        strlen(target->name)) {
        g_string_append(words, target->name);
    } else {
        name = g_shell_quote(target->name);
        g_strdelimit(name, "\n\r", ' ');
        g_string_append(words, name);
    }
    if (target->options.flush == TW_FLUSH_PAGES) {
        g_string_append(words, " --flush page");
    }
    if (target->hide_locations) {
        g_string_append(words, " --hide-locations");
    }
    if (target->check) {
        g_string_append(words, " --check");
    }
    if (target->options.strict) {
        g_string_append(words, " --contract strict");
    }
    if (target->timeout_ms) {
        g_string_append_printf(words, " --timeout %d", target->timeout_ms);
    }
    return g_string_free(words, FALSE);
}

void tw_cli_target_clear(TwCliTarget *target)
{
    g_clear_pointer(&target->name, g_free);
    g_clear_pointer(&target->flush, g_free);
    g_clear_pointer(&target->contract, g_free);
}

bool tw_cli_times(const char *option, int times)
{
    if (times < 1 || times > TW_MAX_REPLAYS) {
        tw_cli_fail(TW_EXIT_USAGE, "%s: expected 1 to %d, not %d", option,
                    TW_MAX_REPLAYS, times);
        return false;
    }
    return true;
}

bool tw_cli_number(const char *option, const char *text, uint64_t *number)
{
    bool hex = g_str_has_prefix(text, "0x");
    guint64 value;

    if (!g_ascii_string_to_unsigned(hex ? text + 2 : text, hex ? 16 : 10, 0,
                                    G_MAXINT64, &value, NULL)) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "%s: expected a number from 0 to 2^63 - 1, not \"%s\"",
                    option, text);
        return false;
    }
    *number = value;
    return true;
}

bool tw_cli_seconds(const char *option, const char *text, uint32_t *seconds)
{
    size_t length = strlen(text);
    g_autofree char *digits = NULL;
    unsigned unit = 1;
    guint64 value;

    if (length > 1 && strchr("smh", text[length - 1])) {
        unit = text[length - 1] == 'm'   ? 60
               : text[length - 1] == 'h' ? 3600
                                         : 1;
        length--;
    }
    digits = g_strndup(text, length);
    if (!g_ascii_string_to_unsigned(digits, 10, 1, 1000000, &value, NULL)) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "%s: expected a time such as 90, 90s, 5m or 2h, not "
                    "\"%s\"",
                    option, text);
        return false;
    }
    *seconds = (uint32_t)value * unit;
    return true;
}

bool tw_cli_profile(const char *text, bool all, unsigned *profile)
{
    g_autoptr(GString) names = NULL;

    *profile = tw_profile_find(text);
    if (*profile < TW_PROFILES || (all && strcmp(text, "all") == 0)) {
        return true;
    }
    names = g_string_new(NULL);
    for (unsigned i = 0; i < TW_PROFILES; i++) {
        g_string_append_printf(names, "%s%s", i ? ", " : "",
                               tw_profile_name(i));
    }
    tw_cli_fail(TW_EXIT_USAGE, "--profile: expected %s%s, not \"%s\"",
                names->str, all ? " or all" : "", text);
    return false;
}

char *tw_cli_wish_name(uint32_t wish)
{
    GString *name;
    TwSituation situation;

    if (wish >= TW_SITUATIONS) {
        return NULL;
    }
    situation = tw_situation_of(wish);
    name = g_string_new(NULL);
    for (unsigned d = 0; d < TW_MET_DIMENSIONS; d++) {
        g_string_append_printf(name, "%s%s", d ? ":" : "",
                               tw_situation_name(d, situation.is[d]));
    }
    return g_string_free(name, FALSE);
}

bool tw_cli_wish(const char *text, uint32_t *wish)
{
    g_auto(GStrv) words = g_strsplit(text, ":", 0);
    TwSituation situation;

    if (g_strv_length(words) != TW_MET_DIMENSIONS) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "--wish: expected ACCESS:LEAF:DEPTH:CHANGE:ENDING, "
                    "not \"%s\"",
                    text);
        return false;
    }
    for (unsigned d = 0; d < TW_MET_DIMENSIONS; d++) {
        unsigned value = 0;

        while (value < tw_situation_values(d) &&
               strcmp(words[d], tw_situation_name(d, value)) != 0) {
            value++;
        }
        if (value == tw_situation_values(d)) {
            tw_cli_fail(TW_EXIT_USAGE,
                        "--wish: expected a name of dimension %s, not \"%s\"",
                        tw_situation_dimension(d), words[d]);
            return false;
        }
        situation.is[d] = (uint8_t)value;
    }
    if (!tw_situation_possible(&situation)) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "--wish: %s: expected a situation that there can be", text);
        return false;
    }
    *wish = tw_situation_number(&situation);
    return true;
}

const TwHarnessInfo *tw_cli_harness(const char *name, const char *others)
{
    const TwHarnessInfo *h = tw_harness_find(name);
    g_autoptr(GString) names = g_string_new(NULL);

    if (h) {
        return h;
    }
    for (const TwHarnessInfo *i = tw_harnesses; i->name; i++) {
        g_string_append_printf(names, "%s%s", names->len ? ", " : "", i->name);
    }
    tw_cli_fail(TW_EXIT_USAGE, "--harness: expected %s%s%s, not \"%s\"",
                names->str, others ? ", or " : "", others ? others : "", name);
    return NULL;
}

/* Files ------------------------------------------------------------------- */

bool tw_cli_load(TwProgram *program, const char *path, const TwDialect *bytes,
                 GError **error)
{
    g_autoptr(GByteArray) data = NULL;

    if (!bytes) {
        return tw_program_load(program, path, TW_TEXT_STRICT, NULL, error);
    }
    data = g_byte_array_new();
    if (!tw_file_read(path, data, error)) {
        return false;
    }
    tw_program_decode(program, data->data, data->len, bytes);
    return true;
}

static bool file_error(GError **error, const char *path)
{
    g_set_error(error, TW_TEXT_ERROR, TW_TEXT_ERROR_IO,
                "%s: expected to write: %s", path, g_strerror(errno));
    return false;
}

/* A file without a name in the folder of `path`: it goes with its process. */
static int open_unnamed(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);

    return open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
}

/* Gives it a name: the only moment in which something can be left behind is
 * the one between two calls, and only if there was such a file before. */
static bool give_name(int fd, const char *path)
{
    g_autofree char *self = g_strdup_printf("/proc/self/fd/%d", fd);
    g_autofree char *other = g_strdup_printf("%s.%d", path, (int)getpid());

    if (linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0) {
        return true;
    }
    if (errno != EEXIST) {
        return false;
    }
    unlink(other);
    if (linkat(AT_FDCWD, self, AT_FDCWD, other, AT_SYMLINK_FOLLOW) == 0 &&
        rename(other, path) == 0) {
        return true;
    }
    int saved = errno;
    unlink(other);
    errno = saved;
    return false;
}

bool tw_cli_write(const char *path, const char *data, size_t length,
                  GError **error)
{
    bool ok = true;
    mode_t mask;
    int fd, saved;

    if (strcmp(path, "-") == 0) {
        if (fwrite(data, 1, length, stdout) != length || fflush(stdout) != 0) {
            g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                        "standard output: expected to write: %s",
                        g_strerror(errno));
            return false;
        }
        return true;
    }
    if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
        errno = EISDIR;
        return file_error(error, path);
    }
    fd = open_unnamed(path);
    if (fd < 0) {
        return file_error(error, path);
    }
    for (size_t done = 0; done < length && ok;) {
        ssize_t n = write(fd, data + done, length - done);

        ok = n >= 0 || errno == EINTR;
        done += n > 0 ? (size_t)n : 0;
    }
    mask = umask(0);
    umask(mask);
    ok = ok && fchmod(fd, 0666 & ~mask) == 0 && give_name(fd, path);
    saved = errno;
    close(fd);
    errno = saved;
    return ok || file_error(error, path);
}

bool tw_cli_file_ready(const char *option, const char *path)
{
    g_autofree char *folder = path ? g_path_get_dirname(path) : NULL;

    if (!path) {
        return true;
    }
    if (strcmp(path, "-") == 0 || g_file_test(path, G_FILE_TEST_IS_DIR)) {
        tw_cli_fail(TW_EXIT_USAGE, "%s: expected a file, not \"%s\"", option,
                    path);
        return false;
    }
    if (access(folder, W_OK) != 0) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "%s: %s: expected a folder to write into: %s", option,
                    folder, g_strerror(errno));
        return false;
    }
    return true;
}

GString *tw_cli_case_text(const TwProgram *program, const TwFinding *finding,
                          const TwCliTarget *target, const char *origin)
{
    g_autoptr(TwComments) comments = tw_comments_new();
    g_autofree char *words = tw_cli_target_words(target);
    g_auto(GStrv) lines = g_strsplit(finding->text, "\n", -1);
    GString *text = g_string_new(NULL);

    g_string_printf(text, "verdict: %s", tw_verdict_name(finding->verdict));
    tw_comments_add_top(comments, text->str);
    g_string_printf(text, "key: %s", finding->key);
    tw_comments_add_top(comments, text->str);
    if (finding->verdict == TW_VERDICT_FLAKY) {
        g_string_printf(text, "again: %u of %u replays on a fresh target",
                        finding->again, finding->replays);
        tw_comments_add_top(comments, text->str);
    }
    if (finding->op < program->n_script) {
        g_string_printf(text, "operation: %u", finding->op);
        tw_comments_add_top(comments, text->str);
    }
    if (origin) {
        g_string_printf(text, "origin: %s", origin);
        tw_comments_add_top(comments, text->str);
    }
    g_string_printf(text, "see it: twinwalk replay %s THIS-FILE", words);
    tw_comments_add_top(comments, text->str);
    for (char **line = lines; *line; line++) {
        if (**line) {
            g_string_printf(text, "  %s", *line);
            tw_comments_add_top(comments, text->str);
        }
    }
    g_string_truncate(text, 0);
    tw_program_print(program, comments, text);
    return text;
}

/* JSON -------------------------------------------------------------------- */

void tw_cli_json_print(JsonBuilder *builder)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autofree char *text = NULL;

    json_generator_set_pretty(generator, TRUE);
    json_generator_set_root(generator, root);
    text = json_generator_to_data(generator, NULL);
    puts(text);
}

void tw_cli_json_int(JsonBuilder *builder, const char *name, uint64_t value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, (gint64)MIN(value, G_MAXINT64));
}

void tw_cli_json_string(JsonBuilder *builder, const char *name,
                        const char *value)
{
    g_autofree char *valid = g_utf8_make_valid(value, -1);

    json_builder_set_member_name(builder, name);
    json_builder_add_string_value(builder, valid);
}

void tw_cli_json_double(JsonBuilder *builder, const char *name, double value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_double_value(builder, value);
}

void tw_cli_json_bool(JsonBuilder *builder, const char *name, bool value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_boolean_value(builder, value);
}
