/* SPDX-License-Identifier: MIT */
/*
 * What the verbs share: exit codes, one-line errors, options that name a
 * target, output that is never half written, JSON.
 */
#ifndef TW_CLI_COMMON_H
#define TW_CLI_COMMON_H

#include <glib.h>
#include <json-glib/json-glib.h>

#include "fuzz/harness-list.h"
#include "program/finding.h"
#include "program/text.h"
#include "targets/target.h"

/* What they mean to whoever calls is in twinwalk.1, EXIT STATUS. */
enum {
    TW_EXIT_CLEAN = 0,
    TW_EXIT_USAGE = 2, /* usage, or input that is no program */
    TW_EXIT_FINDING = 10,
    TW_EXIT_SELF = 11, /* a finding against twinwalk itself */
    TW_EXIT_SKIPPED = 77,
    TW_EXIT_ENVIRONMENT = 99,
    /* Of replay --bisect, as git bisect run reads them. */
    TW_EXIT_BISECT_GOOD = 0,
    TW_EXIT_BISECT_BAD = 1,
    TW_EXIT_BISECT_SKIP = 125,
    TW_EXIT_BISECT_ABORT = 128,
};

/* Prints "twinwalk: MESSAGE" on standard error and returns `code`. */
int tw_cli_fail(int code, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The same for an error; the code follows from its domain.  Frees it. */
int tw_cli_fail_error(GError *error);

/* The exit code that a verdict stands for. */
int tw_cli_exit_of(unsigned verdict);

/* The graver of two exit codes of verdicts. */
int tw_cli_worse(int a, int b);

/* --target, --flush, --hide-locations, --check, --contract, --timeout. */
typedef struct TwCliTarget {
    char *name;
    char *flush;
    gboolean hide_locations;
    gboolean check;
    char *contract;
    int timeout_ms;
    TwTargetOptions options; /* valid after tw_cli_target_ready() */
} TwCliTarget;

/*
 * Parses the options of a verb: `usage` is what follows the options in the
 * usage line, `summary` a few lines for --help; with `target`, the options
 * that choose one too (it is cleared first).  argv keeps the verb's name and
 * what is no option.  False: an error was printed (exit with 2).
 */
bool tw_cli_options(int *argc, char ***argv, const char *usage,
                    const char *summary, const GOptionEntry *entries,
                    TwCliTarget *target);

/* Was one of these given, --timeout aside? */
bool tw_cli_target_chosen(const TwCliTarget *target);

/* Checks the values.  False: an error was printed. */
bool tw_cli_target_ready(TwCliTarget *target);

/*
 * For verbs that run cases in other processes: --timeout is theirs, unless the
 * target keeps time itself (exec).  Returns how long to wait for a process in
 * ms (0: the default), which runs a case and, if it is a finding, `replays`
 * times again.
 */
uint32_t tw_cli_target_patience(TwCliTarget *target, unsigned replays);

/* The options that must be given again to get the same target, as shell
 * words: "--target zoo:slug --flush page". */
char *tw_cli_target_words(const TwCliTarget *target);
void tw_cli_target_clear(TwCliTarget *target);

/* --times and --replays: 1 to TW_MAX_REPLAYS; false: error printed. */
bool tw_cli_times(const char *option, int times);

/* A number from 0 to 2^63 - 1, decimal or 0x...; false: error printed. */
bool tw_cli_number(const char *option, const char *text, uint64_t *number);

/* Seconds: "90", "90s", "5m", "2h"; false: error printed. */
bool tw_cli_seconds(const char *option, const char *text, uint32_t *seconds);

/* A profile, or TW_PROFILES for "all" if `all` is allowed. */
bool tw_cli_profile(const char *text, bool all, unsigned *profile);
/* What a program was made towards, as "read:ram:1:map:notify", to be freed;
 * NULL for TW_NO_WISH.  And back: false after one line on standard error. */
char *tw_cli_wish_name(uint32_t wish);
bool tw_cli_wish(const char *text, uint32_t *wish);

/* A harness; `others` is what else is expected, or NULL.  NULL: error
 * printed. */
const TwHarnessInfo *tw_cli_harness(const char *name, const char *others);

/*
 * Loads a case ("-": standard input): text, or, where `bytes` is given, bytes
 * with their meaning in that dialect.  False with `error` set.
 */
bool tw_cli_load(TwProgram *program, const char *path, const TwDialect *bytes,
                 GError **error);

/*
 * Writes a whole file or nothing: without a name, which it gets in the end.
 * "-" is standard output.
 */
bool tw_cli_write(const char *path, const char *data, size_t length,
                  GError **error);

/* Can `path`, the value of an option or NULL, be written in the end?  To be
 * known before all is done.  False: an error was printed. */
bool tw_cli_file_ready(const char *option, const char *path);

/*
 * The text of a case as a finding: the program under comments that say what
 * was found, with which target, and how to see it again.
 */
GString *tw_cli_case_text(const TwProgram *program, const TwFinding *finding,
                          const TwCliTarget *target, const char *origin);

/* Prints what was built, indented, on standard output. */
void tw_cli_json_print(JsonBuilder *builder);
void tw_cli_json_int(JsonBuilder *builder, const char *name, uint64_t value);
void tw_cli_json_string(JsonBuilder *builder, const char *name,
                        const char *value);
void tw_cli_json_double(JsonBuilder *builder, const char *name, double value);
void tw_cli_json_bool(JsonBuilder *builder, const char *name, bool value);

/* Flushes standard output; TW_EXIT_ENVIRONMENT with a line if that fails
 * (disk full), else `code`. */
int tw_cli_finish(int code);

#endif
