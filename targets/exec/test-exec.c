/* SPDX-License-Identifier: MIT */
/*
 * The exec target against processes of all kinds: shell scripts that
 * misbehave, and this very program, which serves softmmu when it is started
 * with "serve", hangs in an operation with "stuck", and is slow in each with
 * "slow".
 */
#define _GNU_SOURCE
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program/bytes/bytes.h"
#include "program/rng.h"
#include "program/text/text.h"
#include "targets/exec/exec.h"
#include "targets/exec/greeting.h"
#include "targets/exec/serve.h"

static char *self;          /* path of this program */
static char *greeting_file; /* what softmmu would say */
static char *folder;        /* for what scripts leave behind */

static TwTarget *softmmu(void)
{
    TwTargetOptions options = {.name = "softmmu"};
    GError *error = NULL;
    TwTarget *target = tw_target_open(&options, &error);

    g_assert_no_error(error);
    return target;
}

static GString *greeting_of(TwTarget *target)
{
    GString *text = g_string_new(NULL);

    tw_greeting_print(tw_target_dialect(target), tw_target_contract(target),
                      tw_target_version(target), text);
    return text;
}

/* Opens exec with a command; `%G` in it stands for the greeting's file. */
static TwTarget *open_exec(const char *command, uint32_t timeout_ms,
                           GError **error)
{
    g_auto(GStrv) parts = g_strsplit(command, "%G", -1);
    g_autofree char *full = g_strjoinv(greeting_file, parts);
    g_autofree char *name = g_strconcat("exec:", full, NULL);
    TwTargetOptions options = {.name = name, .timeout_ms = timeout_ms};

    return tw_target_open(&options, error);
}

static TwProgram *small_program(void)
{
    static const char text[] = "twinwalk 1\n"
                               "page 4096\n"
                               "hops 16\n"
                               "region r0 container size 0x10000\n"
                               "region r1 ram size 0x10000 in r0 at 0x0\n"
                               "space s0 root r0\n"
                               "script\n"
                               "  dma-write s0 0x10 4 none\n"
                               "  dma-read s0 0x10 4 none\n";
    TwProgram *program = g_new(TwProgram, 1);
    GError *error = NULL;

    tw_program_parse(program, text, strlen(text), "small", TW_TEXT_STRICT, NULL,
                     NULL, &error);
    g_assert_no_error(error);
    return program;
}

/* Greetings --------------------------------------------------------------- */

static void test_round_trip(void)
{
    TwDialect full = tw_dialect_full(), dialect;
    TwContract contract = {.cpu_cache = true,
                           .queued = true,
                           .device_reads = true,
                           .device_pieces = true,
                           .device_words = true,
                           .ends = TW_ENDS_UNMAP | TW_ENDS_RESET};
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) again = g_string_new(NULL);
    char version[TW_GREETING_VERSION];
    TwContract parsed;
    GError *error = NULL;

    tw_greeting_print(&full, &contract, "some version 1.2", text);
    g_assert_true(tw_greeting_parse(text->str, text->len, &dialect, &parsed,
                                    version, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(version, ==, "some version 1.2");
    g_assert_true(parsed.cpu_cache && parsed.queued);
    g_assert_false(parsed.one_entry_per_page);
    g_assert_true(parsed.device_words && dialect.implemented_sizes);
    g_assert_cmpuint(parsed.ends, ==, contract.ends);
    g_assert_true(tw_ops_equal(dialect.ops, full.ops));
    g_assert_cmpuint(dialect.max_script, ==, full.max_script);
    g_assert_cmpmem(parsed.commands, sizeof(parsed.commands), contract.commands,
                    sizeof(contract.commands));
    tw_greeting_print(&dialect, &parsed, version, again);
    g_assert_cmpstr(text->str, ==, again->str);
}

/* What only targets without an MMU say; others need not mention it. */
static void test_flat_round_trip(void)
{
    TwDialect flat = tw_dialect_full(), dialect;
    TwContract contract = {.device_reads = true,
                           .device_pieces = true,
                           .code = TW_CODE_ALL_STORES};
    TwContract parsed;
    g_autoptr(GString) text = g_string_new(NULL);
    char version[TW_GREETING_VERSION];
    GError *error = NULL;

    tw_greeting_print(&flat, &contract, "1", text);
    g_assert_null(strstr(text->str, "address-lg"));
    g_assert_null(strstr(text->str, "region-lg"));
    g_assert_true(tw_greeting_parse(text->str, text->len, &dialect, &parsed,
                                    version, &error));
    g_assert_cmpint(dialect.address_lg, ==, 0);
    g_assert_cmpint(dialect.region_lg, ==, 0);
    g_assert_false(dialect.identity_pages || dialect.plain_devices ||
                   dialect.whole_pages || dialect.exec_needs_code);
    g_assert_cmpuint(dialect.contents, ==, flat.contents);

    flat.identity_pages = flat.plain_devices = flat.exec_needs_code = true;
    flat.whole_pages = true;
    contract.ends = TW_ENDS_COMMIT_TAIL;
    flat.contents = 1u << TW_CONTENTS_DATA | 1u << TW_CONTENTS_CODE_RISCV64 |
                    1u << TW_CONTENTS_RUNS_X86_64;
    flat.address_lg = 22;
    flat.region_lg = 12;
    g_string_truncate(text, 0);
    tw_greeting_print(&flat, &contract, "1", text);
    g_assert_true(tw_greeting_parse(text->str, text->len, &dialect, &parsed,
                                    version, &error));
    g_assert_no_error(error);
    g_assert_cmpint(parsed.ends, ==, TW_ENDS_COMMIT_TAIL);
    g_assert_true(dialect.identity_pages && dialect.plain_devices &&
                  dialect.whole_pages && dialect.exec_needs_code);
    g_assert_cmpuint(dialect.contents, ==, flat.contents);
    g_assert_cmpint(dialect.address_lg, ==, 22);
    g_assert_cmpint(dialect.region_lg, ==, 12);
    g_assert_cmpint(parsed.code, ==, TW_CODE_ALL_STORES);
}

/* What a machine with an IOMMU can express, and how much its reasons tell. */
static void test_greeting_of_path(void)
{
    TwDialect path = {
        .reasons = true,
        .reason_coarse = true,
        .table_bases = true,
        .output_widths = true,
        .last_bytes = true,
        .path_shared = true,
        .contents = 1u << TW_CONTENTS_DATA | 1u << TW_CONTENTS_INERT,
        .min_page_lg = 12,
        .max_page_lg = 12,
        .min_granule_lg = 12,
        .max_granule_lg = 12,
        .max_regions = 4,
        .max_spaces = 3,
        .max_script = 100,
        .path_stages = 2,
        .path_formats = {TW_FORMAT_ARM64_S1, TW_FORMAT_ARM64_S2},
        .path_levels = 3,
        .path_scopes = {1 << TW_SCOPE_GLOBAL, 1 << TW_SCOPE_DOMAIN},
        .path_outputs = {40, 44},
        .path_far = 0xc0000000,
        .dma_lg = 22,
        .dma_first = 0x84000000,
        .dma_wide = UINT64_C(0xffffffffc0000000),
        .entry_bits = UINT64_C(0xfff00000000007ff),
        .entry_ones = 0x400,
        .dma_area_lg = 8,
        .dma_area_at = 0x40,
        .dma_area_step = 0x20,
        .reason_groups = {0, 1, 2, 3, 4, 5, 6, TW_REASON_UNTOLD, 8},
        .reason_lg = 64,
    };
    TwContract contract = {.iotlb = TW_IOTLB_ENTRIES}, parsed;
    g_autoptr(GString) text = g_string_new(NULL);
    char version[TW_GREETING_VERSION];
    GError *error = NULL;
    TwDialect dialect;

    tw_greeting_print(&path, &contract, "1", text);
    g_assert_true(tw_greeting_parse(text->str, text->len, &dialect, &parsed,
                                    version, &error));
    g_assert_no_error(error);
    g_assert_cmpmem(&dialect, sizeof(dialect), &path, sizeof(path));
}

static void assert_refused(const char *text, size_t length)
{
    char version[TW_GREETING_VERSION];
    TwDialect dialect;
    TwContract contract;
    GError *error = NULL;

    g_assert_false(
        tw_greeting_parse(text, length, &dialect, &contract, version, &error));
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT);
    g_assert_true(g_str_has_prefix(error->message, "greeting:"));
    g_assert_nonnull(strstr(error->message, ": expected "));
    g_assert_null(strchr(error->message, '\n'));
    g_error_free(error);
}

static void assert_plain_commands(const GString *text)
{
    static const uint8_t plain[TW_SCOPES] = TW_COMMANDS_PLAIN;
    char version[TW_GREETING_VERSION];
    TwDialect dialect;
    TwContract contract;

    g_assert_true(tw_greeting_parse(text->str, text->len, &dialect, &contract,
                                    version, NULL));
    g_assert_cmpmem(contract.commands, sizeof(contract.commands), plain,
                    sizeof(plain));
}

static void test_hostile_greeting(void)
{
    TwTarget *target = softmmu();
    g_autoptr(GString) good = greeting_of(target);
    g_auto(GStrv) lines = g_strsplit(good->str, "\n", -1);
    unsigned n = g_strv_length(lines) - 1; /* "" after the last newline */

    tw_target_close(target);
    for (size_t cut = 0; cut < good->len; cut++) {
        assert_refused(good->str, cut);
    }
    for (unsigned i = 0; i < n; i++) {
        g_autoptr(GString) without = g_string_new(NULL);
        g_autoptr(GString) twice = g_string_new(NULL);
        g_autoptr(GString) spoilt = g_string_new(NULL);

        for (unsigned k = 0; k < n; k++) {
            g_string_append_printf(twice, "%s\n%s%s", lines[k],
                                   k == i ? lines[k] : "", k == i ? "\n" : "");
            g_string_append_printf(spoilt, "%s%s\n", lines[k],
                                   k == i ? "\001" : "");
            if (k != i) {
                g_string_append_printf(without, "%s\n", lines[k]);
            }
        }
        if (g_str_has_prefix(lines[i], "commands")) {
            assert_plain_commands(without); /* need not be said */
        } else {
            assert_refused(without->str, without->len);
        }
        assert_refused(twice->str, twice->len);
        assert_refused(spoilt->str, spoilt->len);
    }
    for (const char *const *bad =
             (const char *const[]){
                 "max-regions 255", "max-regions", "max-regions -1",
                 "max-regions 1x", "ops read read", "ops fly", "min-page-lg 17",
                 "contract device-words device-reads", "contract device-pieces",
                 "unheard-of 3", "version ", "commands range", NULL};
         *bad; bad++) {
        g_autoptr(GString) text = g_string_new(NULL);
        size_t key = strcspn(*bad, " ");
        bool put = false;

        for (unsigned k = 0; k < n; k++) {
            bool same =
                strncmp(lines[k], *bad, key) == 0 && lines[k][key] == ' ';

            if (!put && (same || k == n - 1)) {
                g_string_append_printf(text, "%s\n", *bad);
                put = true;
            }
            if (!same) {
                g_string_append_printf(text, "%s\n", lines[k]);
            }
        }
        assert_refused(text->str, text->len);
    }
}

static void test_no_greeting(void)
{
    static const struct {
        const char *command, *words;
    } cases[] = {
        {"exit 3", "ended with exit code 3"},
        {"exec /nowhere/at/all", "exit code 127: sh: 1:"},
        {"cat %G | head -n 5", "greeting"},
        {"echo hello; echo ready", "greeting:1: expected"},
        {"kill -SEGV $$", "died of signal 11"},
        {"sleep 100", "did not answer in 400 ms"},
        {"yes", "said more than 65536 bytes"},
        {"g=$(cat %G); printf '%s\\n%s\\n' \"$g\" \"$g\"",
         "went on after the end"},
        {"echo something is wrong >&2; exit 1", ": something is wrong"},
        {"", "expected a command"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        GError *error = NULL;
        /* Short only where it must run out. */
        bool sleeps = g_str_has_prefix(cases[i].command, "sleep");
        TwTarget *target =
            open_exec(cases[i].command, sleeps ? 400 : 30000, &error);

        g_assert_null(target);
        g_assert_nonnull(error);
        g_assert_null(strchr(error->message, '\n'));
        if (!strstr(error->message, cases[i].words)) {
            g_error("%s: %s", cases[i].command, error->message);
        }
        g_error_free(error);
    }
}

static void test_refuses_options(void)
{
    TwTargetOptions options = {.name = "exec:true", .hide_locations = true};
    GError *error = NULL;

    g_assert_null(tw_target_open(&options, &error));
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE);
    g_clear_error(&error);
    options.hide_locations = false;
    options.flush = TW_FLUSH_PAGES;
    g_assert_null(tw_target_open(&options, &error));
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE);
    g_clear_error(&error);
    options.flush = TW_FLUSH_ALL_ENTRIES;
    options.check = true;
    g_assert_null(tw_target_open(&options, &error));
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE);
    g_clear_error(&error);
}

/* Answers ----------------------------------------------------------------- */

/* Each time it hangs, and the next program gets a new one: asleep, burning
 * processor time in the shell, and in a process that the shell has left. */
static void test_hangs(void)
{
#define READ "while read -r l && [ \"$l\" != . ]; do :; done; "
    static const char *const commands[] = {
        "cat %G; " READ "sleep 100",
        "cat %G; " READ "while :; do :; done",
        "cat %G; " READ "(while :; do :; done &); sleep 100",
    };
    enum { LIMIT = 400 };
    g_autofree TwProgram *program = small_program();
    g_autofree TwTrace *trace = g_new(TwTrace, 1);

    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
        GError *error = NULL;
        TwTarget *target = open_exec(commands[i], LIMIT, &error);

        g_assert_no_error(error);
        for (unsigned hung = 0; hung < 2; hung++) {
            gint64 start = g_get_monotonic_time();

            g_assert_true(tw_target_run(target, program, trace));
            g_assert_nonnull(strstr(trace->text, "did not answer in 400 ms"));
            g_assert_cmpint(trace->end, ==, TW_END_HUNG);
            g_assert_cmpint(trace->signal, ==, 0);
            g_assert_cmpint(g_get_monotonic_time() - start, >=, LIMIT * 1000);
        }
        tw_target_close(target);
    }
}

/* Each operation takes most of the limit, so the program takes more. */
static void test_slow(void)
{
    g_autofree char *command = g_strdup_printf("'%s' slow", self);
    g_autofree TwProgram *program = small_program();
    g_autofree TwTrace *trace = g_new(TwTrace, 1);
    TwTarget *target = open_exec(command, 2000, NULL);

    g_assert_nonnull(target);
    g_assert_true(tw_target_run(target, program, trace));
    g_assert_cmpint(trace->end, ==, TW_END_UNSUPPORTED);
    tw_target_close(target);
}

/* After the greeting, each program is read and then answered badly: one line
 * says how, and the target goes on with the next program. */
static void test_bad_answers(void)
{
    static const struct {
        const char *command;
        TwEnd end;
        int signal;
        const char *words;
    } cases[] = {
        {"cat %G; " READ "kill -SEGV $$", TW_END_DIED, SIGSEGV,
         "died of signal 11"},
        {"cat %G; " READ "exit 7", TW_END_DIED, 0, "exit code 7"},
        {"cat %G; " READ "echo '==12==ERROR: Sanitizer: at 0x1' >&2; "
         "echo 'SUMMARY: Sanitizer: bad' >&2; echo later >&2; exit 1",
         TW_END_DIED, 0, "exit code 1: SUMMARY: Sanitizer: bad"},
        {"cat %G; " READ "echo nonsense; echo end; cat >/dev/null",
         TW_END_MALFORMED, 0, ": \"nonsense\""},
        {"cat %G; " READ "printf 'twinwalk-trace 1\\nend\\033done\\nend\\n';"
         "cat >/dev/null",
         TW_END_MALFORMED, 0, ": \"end?done\""},
        {"cat %G; " READ "printf 'twinwalk-trace 1\\nend done\\n9 ok\\nend\\n';"
         "cat >/dev/null",
         TW_END_MALFORMED, 0, "answer:3:"},
        {"cat %G; " READ "yes", TW_END_MALFORMED, 0, "more than 4194304 bytes"},
        {"cat %G; " READ "printf 'a\\nend\\nb\\n'; cat >/dev/null",
         TW_END_MALFORMED, 0, "went on after the end"},
        {"cat %G; exec 0<&-; sleep 0.2; exit 5", TW_END_DIED, 0, "exit code 5"},
        {"cat %G; exec >&-; sleep 100", TW_END_DIED, SIGKILL,
         "closed its output or was killed"},
    };
    g_autofree TwProgram *program = small_program();
    g_autofree TwTrace *trace = g_new(TwTrace, 1);

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        GError *error = NULL;
        TwTarget *target = open_exec(cases[i].command, 30000, &error);

        g_assert_no_error(error);
        for (unsigned again = 0; again < 2; again++) {
            g_assert_true(tw_target_run(target, program, trace));
            if (trace->end != cases[i].end ||
                trace->signal != cases[i].signal ||
                !strstr(trace->text, cases[i].words)) {
                g_error("%s: end %s signal %d: %s", cases[i].command,
                        tw_end_name(trace->end), trace->signal, trace->text);
            }
            g_assert_null(strchr(trace->text, '\n'));
        }
        tw_target_close(target);
    }
}

/* It greets once only: after its death there is no second one. */
static void test_lost(void)
{
    g_autofree char *flag = g_build_filename(folder, "flag", NULL);
    g_autofree char *command = g_strdup_printf(
        "[ -e '%s' ] && exit 9; : >'%s'; cat %%G; exit 1", flag, flag);
    g_autofree TwProgram *program = small_program();
    g_autofree TwTrace *trace = g_new(TwTrace, 1);
    TwTarget *target = open_exec(command, 30000, NULL);

    g_assert_nonnull(target);
    g_assert_true(tw_target_run(target, program, trace));
    g_assert_cmpuint(trace->end, ==, TW_END_DIED);
    g_assert_false(tw_target_run(target, program, trace));
    g_assert_cmpuint(trace->end, ==, TW_END_DIED);
    g_assert_nonnull(strstr(trace->text, "exit code 9"));
    tw_target_close(target);
    unlink(flag);
}

/* A target that hangs has reported its operation. */
static void test_in_flight(void)
{
    g_autofree char *command = g_strdup_printf("'%s' stuck", self);
    g_autofree char *name = g_strconcat("exec:", command, NULL);
    volatile uint32_t watched = 77;
    TwTargetOptions options = {
        .name = name, .timeout_ms = 300, .in_flight = &watched};
    g_autofree TwProgram *program = small_program();
    g_autofree TwTrace *trace = g_new(TwTrace, 1);
    GError *error = NULL;
    TwTarget *target = tw_target_open(&options, &error);

    g_assert_no_error(error);
    g_assert_true(tw_target_run(target, program, trace));
    g_assert_cmpuint(trace->end, ==, TW_END_HUNG);
    g_assert_cmpuint(trace->end_op, ==, 1);
    g_assert_cmpuint(watched, ==, 1);
    tw_target_close(target);
}

static void test_unsupported(void)
{
    g_autofree char *command = g_strdup_printf("'%s' serve", self);
    g_autofree TwProgram *program = small_program();
    g_autofree TwTrace *trace = g_new(TwTrace, 1);
    TwTarget *target = open_exec(command, 0, NULL);

    g_assert_nonnull(target);
    program->script[0] = tw_op_make(TW_OP_PAR);
    program->script[0].actor = TW_BOARD;
    g_assert_false(
        tw_dialect_admits(tw_target_dialect(target), program, NULL, 0));
    g_assert_true(tw_target_run(target, program, trace));
    g_assert_cmpuint(trace->end, ==, TW_END_UNSUPPORTED);
    g_assert_cmpstr(trace->text, !=, "");
    tw_target_close(target);
}

/* Random programs: the trace through the pipe is the trace from here. */
static void test_same_as_in_process(void)
{
    g_autofree char *command = g_strdup_printf("'%s' serve", self);
    TwTarget *here = softmmu(), *there = open_exec(command, 0, NULL);
    g_autoptr(GString) a = g_string_new(NULL);
    g_autoptr(GString) b = g_string_new(NULL);
    g_autoptr(GString) said_here = NULL;
    g_autoptr(GString) said_there = NULL;
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autofree TwTrace *trace = g_new(TwTrace, 1);
    uint64_t accesses = 0;

    g_assert_nonnull(there);
    said_here = greeting_of(here);
    said_there = greeting_of(there);
    g_assert_cmpstr(said_here->str, ==, said_there->str);
    for (unsigned i = 0; i < 300; i++) {
        TwRng rng = tw_rng_for(7, i);
        uint8_t bytes[1024];

        for (unsigned k = 0; k < sizeof(bytes); k++) {
            bytes[k] = (uint8_t)tw_rng_next(&rng);
        }
        tw_program_decode(program, bytes, sizeof(bytes),
                          tw_target_dialect(here));
        g_string_truncate(a, 0);
        g_string_truncate(b, 0);
        tw_target_run(here, program, trace);
        accesses += trace->n_locations;
        tw_trace_print(trace, program, a);
        g_assert_true(tw_target_run(there, program, trace));
        tw_trace_print(trace, program, b);
        g_assert_cmpstr(a->str, ==, b->str);
    }
    g_assert_cmpuint(accesses, >, 100);
    tw_target_close(here);
    tw_target_close(there);
}

/* What is left ------------------------------------------------------------ */

/* Has every process whose id is a line of the file ended? */
static bool all_gone(const char *path, unsigned expected)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    unsigned seen = 0;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return false;
    }
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_autofree char *stat = NULL;
        g_autofree char *content = NULL;

        if (!**line) {
            continue;
        }
        seen++;
        stat = g_strdup_printf("/proc/%s/stat", *line);
        if (g_file_get_contents(stat, &content, NULL, NULL) &&
            strrchr(content, ')')[2] != 'Z') {
            return false;
        }
    }
    g_assert_cmpuint(seen, ==, expected);
    return true;
}

static bool wait_until_gone(const char *path, unsigned expected)
{
    for (unsigned i = 0; i < 500; i++) {
        if (all_gone(path, expected)) {
            return true;
        }
        g_usleep(10000);
    }
    return false;
}

/* A shell with two children that would stay for long. */
#define FAMILY \
    "sleep 1000 </dev/null >/dev/null 2>&1 & echo $! >>'%s'; " \
    "sleep 1000 </dev/null >/dev/null 2>&1 & echo $! >>'%s'; " \
    "echo $$ >>'%s'; cat %%G; cat >/dev/null; sleep 1000"

static void test_close_kills_all(void)
{
    g_autofree char *pids = g_build_filename(folder, "pids-close", NULL);
    g_autofree char *command = g_strdup_printf(FAMILY, pids, pids, pids);
    TwTarget *target = open_exec(command, 5000, NULL);

    g_assert_nonnull(target);
    g_assert_false(all_gone(pids, 3));
    tw_target_close(target);
    g_assert_true(wait_until_gone(pids, 3));
    unlink(pids);
}

static void test_dies_with_us(void)
{
    g_autofree char *pids = g_build_filename(folder, "pids-kill", NULL);
    g_autofree char *command = g_strdup_printf(FAMILY, pids, pids, pids);
    int opened[2];
    pid_t child;
    char byte;

    g_assert_cmpint(pipe(opened), ==, 0);
    child = fork();
    if (child == 0) {
        TwTarget *target = open_exec(command, 5000, NULL);

        if (target && write(opened[1], "x", 1) == 1) {
            pause();
        }
        _exit(1);
    }
    close(opened[1]);
    g_assert_cmpint(read(opened[0], &byte, 1), ==, 1);
    close(opened[0]);
    g_assert_false(all_gone(pids, 3));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    g_assert_true(wait_until_gone(pids, 3));
    unlink(pids);
}

/* Being the other program -------------------------------------------------- */

static int serve(void)
{
    TwTarget *target = softmmu();
    bool ok = tw_exec_serve(target, stdin, stdout, NULL);

    tw_target_close(target);
    return ok ? 0 : 1;
}

/* Takes 700 ms for each of four operations. */
static int slow(void)
{
    TwTarget *target = softmmu();
    GString *text = greeting_of(target);
    bool newline = true, dot = false;

    fputs(text->str, stdout);
    fflush(stdout);
    for (int c = getchar(); c != EOF && !(dot && c == '\n'); c = getchar()) {
        dot = newline && c == '.';
        newline = c == '\n';
    }
    for (uint32_t op = 0; op < 4; op++) {
        *tw_exec_in_flight() = op;
        g_usleep(700 * 1000);
    }
    fputs("twinwalk-trace 1\nend unsupported op 0\ntext slow\nend\n", stdout);
    fflush(stdout);
    return getchar() != EOF;
}

static int stuck(void)
{
    TwTarget *target = softmmu();
    GString *text = greeting_of(target);

    fputs(text->str, stdout);
    fflush(stdout);
    *tw_exec_in_flight() = 1;
    for (int c = getchar(); c != EOF; c = getchar()) {
        *tw_exec_in_flight() = 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    TwTarget *target;
    GString *text;
    int fd, status;

    if (argc > 1 && strcmp(argv[1], "serve") == 0) {
        return serve();
    }
    if (argc > 1 && strcmp(argv[1], "stuck") == 0) {
        return stuck();
    }
    if (argc > 1 && strcmp(argv[1], "slow") == 0) {
        return slow();
    }
    g_test_init(&argc, &argv, NULL);
    self = realpath("/proc/self/exe", NULL);
    folder = g_dir_make_tmp("twinwalk-exec-XXXXXX", NULL);
    greeting_file = g_build_filename(folder, "greeting-XXXXXX", NULL);
    fd = g_mkstemp(greeting_file);
    target = softmmu();
    text = greeting_of(target);
    tw_target_close(target);
    g_assert_cmpint(write(fd, text->str, text->len), ==, (ssize_t)text->len);
    close(fd);
    g_string_free(text, TRUE);

    g_test_add_func("/exec/greeting-of-path", test_greeting_of_path);
    g_test_add_func("/exec/greeting/round-trip", test_round_trip);
    g_test_add_func("/exec/greeting/flat-round-trip", test_flat_round_trip);
    g_test_add_func("/exec/greeting/hostile", test_hostile_greeting);
    g_test_add_func("/exec/greeting/none", test_no_greeting);
    g_test_add_func("/exec/options", test_refuses_options);
    g_test_add_func("/exec/hangs", test_hangs);
    g_test_add_func("/exec/slow", test_slow);
    g_test_add_func("/exec/bad-answers", test_bad_answers);
    g_test_add_func("/exec/lost", test_lost);
    g_test_add_func("/exec/in-flight", test_in_flight);
    g_test_add_func("/exec/unsupported", test_unsupported);
    g_test_add_func("/exec/same-as-in-process", test_same_as_in_process);
    g_test_add_func("/exec/close-kills-all", test_close_kills_all);
    g_test_add_func("/exec/dies-with-us", test_dies_with_us);
    status = g_test_run();
    unlink(greeting_file);
    rmdir(folder);
    g_free(greeting_file);
    g_free(folder);
    free(self);
    return status;
}
