/* SPDX-License-Identifier: MIT */
/* The target's end of the exec protocol (PROTOCOL.md). */
#define _GNU_SOURCE
#include "targets/exec/serve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "program/text/text.h"
#include "targets/exec/exec.h"
#include "targets/exec/greeting.h"

volatile uint32_t *tw_exec_in_flight(void)
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
static bool read_program(FILE *in, GString *text, char **line, size_t *size,
                         bool *cut)
{
    ssize_t n;

    g_string_truncate(text, 0);
    while ((n = getline(line, size, in)) > 0) {
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
                   TwTrace *trace, GString *said)
{
    g_autoptr(GError) error = NULL;

    if (tw_program_parse(program, text->str, text->len, "program",
                         TW_TEXT_STRICT, NULL, NULL, &error)) {
        tw_target_run(target, program, trace);
    } else {
        tw_program_init(program);
        tw_trace_init(trace, program);
        trace->end = TW_END_UNSUPPORTED;
        trace->end_op = 0; /* whatever it is, it has that one */
        g_strlcpy(trace->text, error->message, sizeof(trace->text));
    }
    g_string_truncate(said, 0);
    tw_trace_print(trace, program, said);
}

/* Sends what is in `said` at once. */
static bool say(FILE *out, const GString *said, GError **error)
{
    if (fwrite(said->str, 1, said->len, out) != said->len || fflush(out) != 0) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "standard output: expected to write: %s",
                    g_strerror(errno));
        return false;
    }
    return true;
}

bool tw_exec_serve(TwTarget *target, FILE *in, FILE *out, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) said = g_string_new(NULL);
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autofree TwTrace *trace = g_new(TwTrace, 1);
    char *line = NULL;
    size_t size = 0;
    bool cut = false, ok;

    tw_greeting_print(tw_target_dialect(target), tw_target_contract(target),
                      tw_target_version(target), said);
    ok = say(out, said, error);
    while (ok && read_program(in, text, &line, &size, &cut)) {
        answer(target, text, program, trace, said);
        ok = say(out, said, error);
    }
    free(line);
    if (cut) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "standard input: expected a line \".\" after the "
                    "program");
    }
    return ok && !cut;
}
