/* SPDX-License-Identifier: MIT */
/*
 * twinwalk replay --as-target: the other end of the exec target's protocol
 * (targets/exec/PROTOCOL.md), played by one of our own targets.
 */
#define _GNU_SOURCE
#include "cli/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "targets/exec/exec.h"
#include "targets/exec/greeting.h"

/* The shared memory that the starter offers, or NULL. */
static volatile uint32_t *shared_in_flight(void)
{
    const char *text = g_getenv(TW_EXEC_INFLIGHT_ENV);
    guint64 fd;
    void *memory;

    if (!text ||
        !g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT, &fd, NULL)) {
        return NULL;
    }
    memory = mmap(NULL, sizeof(uint32_t), PROT_READ | PROT_WRITE, MAP_SHARED,
                  (int)fd, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* Reads lines up to the one that ends a program.  False at the end of the
 * input; `*cut` if that came in the middle of a program. */
static bool read_program(GString *text, char **line, size_t *size, bool *cut)
{
    ssize_t n;

    g_string_truncate(text, 0);
    while ((n = getline(line, size, stdin)) > 0) {
        if (strcmp(*line, TW_EXEC_PROGRAM_END) == 0) {
            return true;
        }
        /* What is too large is refused by the parser; here it is only not
         * kept. */
        if (text->len <= TW_TEXT_MAX) {
            g_string_append_len(text, *line, n);
        }
    }
    *cut = text->len > 0;
    return false;
}

static void answer(TwTarget *target, const GString *text, TwProgram *program,
                   TwTrace *trace, GString *out)
{
    g_autoptr(GError) error = NULL;

    if (tw_program_parse(program, text->str, text->len, "program",
                         TW_TEXT_STRICT, NULL, NULL, &error)) {
        tw_target_run(target, program, trace);
    } else {
        tw_program_init(program);
        tw_trace_init(trace);
        trace->end = TW_END_UNSUPPORTED;
        trace->end_op = TW_NO_OP;
        g_strlcpy(trace->text, error->message, sizeof(trace->text));
    }
    g_string_truncate(out, 0);
    tw_trace_print(trace, program, out);
    fwrite(out->str, 1, out->len, stdout);
    fflush(stdout);
}

int tw_replay_as_target(const TwCliTarget *target)
{
    TwTargetOptions options = target->options;
    GString *text = g_string_new(NULL), *out = g_string_new(NULL);
    TwProgram *program = g_new(TwProgram, 1);
    TwTrace *trace = g_new(TwTrace, 1);
    GError *error = NULL;
    TwTarget *opened;
    char *line = NULL;
    size_t size = 0;
    bool cut = false;
    int code = TW_EXIT_CLEAN;

    options.in_flight = shared_in_flight();
    opened = tw_target_open(&options, &error);
    if (!opened) {
        code = tw_cli_fail_error(error);
    } else {
        tw_greeting_print(tw_target_dialect(opened),
                          tw_target_contract(opened),
                          tw_target_version(opened), out);
        fwrite(out->str, 1, out->len, stdout);
        fflush(stdout);
        while (read_program(text, &line, &size, &cut)) {
            answer(opened, text, program, trace, out);
        }
        tw_target_close(opened);
        if (cut) {
            code = tw_cli_fail(TW_EXIT_USAGE,
                               "standard input: expected a line \".\" after "
                               "the program");
        }
    }
    free(line);
    g_free(program);
    g_free(trace);
    g_string_free(text, TRUE);
    g_string_free(out, TRUE);
    return code;
}
