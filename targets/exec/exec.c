/* SPDX-License-Identifier: MIT */
/*
 * The target behind a pipe.  If the process dies, hangs, writes too much or
 * answers nonsense, only the current program is affected: its trace ends
 * `died`, `hung` or `malformed` with one line that says why, the process is
 * killed, and the next program gets a new one.
 */
#define _GNU_SOURCE
#include "targets/exec/exec.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "process/process.h"
#include "program/text/text.h"
#include "targets/exec/emit.h"
#include "targets/exec/greeting.h"

enum {
    /* Limits (process/watch.h): */
    DYING_MS = 1000,   /* for a process that closed its output to be gone */
    CLOSING_MS = 5000, /* to end by itself once its input is closed: it may
                           have counts of coverage to write */
    ANSWER_MAX = 4 << 20,
};

typedef struct ExecTarget {
    TwTarget base;
    char *command;
    uint32_t timeout_ms;
    volatile uint32_t *watched;   /* for the watching process; may be NULL */
    volatile uint32_t *in_flight; /* the process writes here */
    int in_flight_fd;
    TwProcess process;
    GString *question;
    TwDialect dialect;
    TwContract contract;
    char version[TW_GREETING_VERSION];
} ExecTarget;

static void exec_close(TwTarget *target)
{
    ExecTarget *t = (ExecTarget *)target;

    tw_process_clear(&t->process, CLOSING_MS);
    g_string_free(t->question, TRUE);
    if (t->in_flight) {
        munmap((void *)t->in_flight, sizeof(uint32_t));
    }
    if (t->in_flight_fd >= 0) {
        close(t->in_flight_fd);
    }
    g_free(t->command);
    g_free(t);
}

/*
 * Ends the process after a bad answer and says what was wrong with it, in one
 * line.  `most` is the limit of its output in bytes; `*signal` gets the signal
 * that killed it, or 0.
 */
static void post_mortem(ExecTarget *t, TwReply answer, int most, char *text,
                        size_t size, int *signal)
{
    TwProcess *p = &t->process;
    char ended[64];

    tw_process_end(p, answer == TW_REPLY_ENDED ? DYING_MS : 0);
    *signal = 0;
    switch (answer) {
    case TW_REPLY_TIMEOUT:
        g_snprintf(text, size, "the process did not answer in %u ms",
                   t->timeout_ms);
        return;
    case TW_REPLY_FLOOD:
        g_snprintf(text, size,
                   "the process said more than %d bytes without an end", most);
        return;
    case TW_REPLY_EXTRA:
        g_snprintf(text, size,
                   "the process went on after the end of its "
                   "answer");
        return;
    case TW_REPLY_EARLY:
        g_snprintf(text, size,
                   "the process answered before it had read the "
                   "question");
        return;
    case TW_REPLY_ENDED:
    case TW_REPLY_DONE:
    case TW_REPLY_BAD: /* nothing is served */
        break;
    }
    if (p->signal == SIGKILL) {
        /* twinwalk killed it after DYING_MS, or another process did. */
        g_snprintf(ended, sizeof(ended), "closed its output or was killed");
    } else if (p->signal) {
        g_snprintf(ended, sizeof(ended), "died of signal %d (%s)", p->signal,
                   g_strsignal(p->signal));
    } else {
        g_snprintf(ended, sizeof(ended), "ended with exit code %d", p->code);
    }
    *signal = p->signal;
    g_snprintf(text, size, "the process %s%s%s", ended,
               p->complaint[0] ? ": " : "", p->complaint);
}

/* Starts the process and hears its greeting. */
static bool start(ExecTarget *t, TwDialect *dialect, TwContract *contract,
                  char *version, GError **error)
{
    TwReply answer;
    char text[200];
    int signal;

    if (!tw_process_start(&t->process, t->command,
                          &(TwProcessFd){t->in_flight_fd, TW_EXEC_INFLIGHT_ENV},
                          1)) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "exec: expected to start a process: %s", g_strerror(errno));
        return false;
    }
    answer = tw_process_ask(&t->process, "", 0, "ready\n", TW_GREETING_MAX,
                            t->timeout_ms, NULL);
    if (answer == TW_REPLY_DONE) {
        GString *said = t->process.said;

        if (tw_greeting_parse(said->str, said->len, dialect, contract, version,
                              error)) {
            return true;
        }
        g_prefix_error(error, "exec: ");
        tw_process_end(&t->process, 0);
        return false;
    }
    post_mortem(t, answer, TW_GREETING_MAX, text, sizeof(text), &signal);
    g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                "exec: expected a greeting from \"%.80s\": %s", t->command,
                text);
    return false;
}

static TwTarget *exec_open(const TwTargetOptions *options, GError **error)
{
    const char *command = strchr(options->name, ':');
    ExecTarget *t;
    void *memory;

    if (!command || command[1] == '\0') {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "exec: expected a command: exec:COMMAND");
        return NULL;
    }
    t = g_new0(ExecTarget, 1);
    t->base.klass = &tw_exec_class;
    t->command = g_strdup(command + 1);
    t->timeout_ms = options->timeout_ms ? options->timeout_ms : TW_TIMEOUT_MS;
    t->watched = options->in_flight;
    t->question = g_string_new(NULL);
    tw_process_init(&t->process);
    t->in_flight_fd = memfd_create("twinwalk-in-flight", MFD_CLOEXEC);
    memory = MAP_FAILED;
    if (t->in_flight_fd >= 0 &&
        ftruncate(t->in_flight_fd, sizeof(uint32_t)) == 0) {
        memory = mmap(NULL, sizeof(uint32_t), PROT_READ | PROT_WRITE,
                      MAP_SHARED, t->in_flight_fd, 0);
    }
    if (memory == MAP_FAILED) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "exec: expected to share memory: %s", g_strerror(errno));
        exec_close(&t->base);
        return NULL;
    }
    t->in_flight = memory;
    *t->in_flight = TW_NO_OP;
    if (!start(t, &t->dialect, &t->contract, t->version, error)) {
        exec_close(&t->base);
        return NULL;
    }
    return &t->base;
}

static const TwDialect *exec_dialect(TwTarget *target)
{
    return &((ExecTarget *)target)->dialect;
}

static const TwContract *exec_contract(TwTarget *target)
{
    return &((ExecTarget *)target)->contract;
}

static const char *exec_version(TwTarget *target)
{
    return ((ExecTarget *)target)->version;
}

/* A process for the next program; it must be what it was at the start. */
static bool restart(ExecTarget *t, char *why, size_t size)
{
    g_autoptr(GString) first = g_string_new(NULL);
    g_autoptr(GString) now = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    char version[TW_GREETING_VERSION];
    TwDialect dialect;
    TwContract contract;

    if (!start(t, &dialect, &contract, version, &error)) {
        g_snprintf(why, size, "%s", error->message);
        return false;
    }
    tw_greeting_print(&dialect, &contract, version, now);
    tw_greeting_print(&t->dialect, &t->contract, t->version, first);
    if (!g_string_equal(now, first)) {
        tw_process_end(&t->process, 0);
        g_snprintf(why, size,
                   "exec: expected the same greeting after a "
                   "restart");
        return false;
    }
    return true;
}

/* Turns a bad answer into the end of the trace. */
static void bad_answer(ExecTarget *t, TwReply answer, const TwProgram *program,
                       TwTrace *trace)
{
    int signal;
    uint32_t op;

    tw_trace_init(trace, program);
    post_mortem(t, answer, ANSWER_MAX, trace->text, sizeof(trace->text),
                &signal);
    op = *t->in_flight;
    trace->end = answer == TW_REPLY_TIMEOUT ? TW_END_HUNG
                 : answer == TW_REPLY_ENDED ? TW_END_DIED
                                            : TW_END_MALFORMED;
    trace->end_op = op < program->n_script ? (uint16_t)op : program->n_script;
    trace->signal = signal;
}

/* The mistake ("answer:LINE:COLUMN: expected ..."), cut where it must be, and
 * the beginning of the line that has it. */
static void say_line(const char *mistake, const GString *answer, char *text,
                     size_t size)
{
    unsigned long number = strtoul(mistake + strlen("answer:"), NULL, 10);
    const char *line = answer->str, *end = answer->str + answer->len;
    char shown[50];
    size_t n = 0;

    while (number > 1 && line < end) {
        number -= *line++ == '\n';
    }
    for (; line + n < end && line[n] != '\n' && n < sizeof(shown) - 1; n++) {
        shown[n] = g_ascii_isprint(line[n]) ? line[n] : '?';
    }
    shown[n] = '\0';
    g_snprintf(text, size, "%.*s: \"%s\"", (int)(size - n - sizeof(": \"\"")),
               mistake, shown);
}

static bool exec_run(TwTarget *target, const TwProgram *program, TwTrace *trace)
{
    ExecTarget *t = (ExecTarget *)target;
    g_autoptr(GError) error = NULL;
    TwReply answer;
    char why[200];

    tw_trace_init(trace, program);
    if (t->process.pid == 0 && !restart(t, why, sizeof(why))) {
        trace->end = TW_END_DIED;
        trace->end_op = program->n_script; /* not in an operation */
        g_snprintf(trace->text, sizeof(trace->text), "%s", why);
        return false;
    }
    g_string_truncate(t->question, 0);
    tw_program_print(program, NULL, t->question);
    g_string_append(t->question, TW_EXEC_PROGRAM_END);
    *t->in_flight = TW_NO_OP;
    answer = tw_process_ask(&t->process, t->question->str, t->question->len,
                            "end\n", ANSWER_MAX, t->timeout_ms, t->in_flight);
    if (t->watched) {
        *t->watched = *t->in_flight;
    }
    if (answer != TW_REPLY_DONE) {
        bad_answer(t, answer, program, trace);
        return true;
    }
    if (!tw_trace_parse(trace, program, t->process.said->str,
                        t->process.said->len, "answer", &error)) {
        tw_trace_init(trace, program);
        trace->end = TW_END_MALFORMED;
        trace->end_op = program->n_script; /* not in an operation */
        say_line(error->message, t->process.said, trace->text,
                 sizeof(trace->text));
        tw_process_end(&t->process, 0);
    }
    return true;
}

static bool exec_emit(TwTarget *target, const TwProgram *program,
                      const TwFinding *finding, const TwExpected *expected,
                      GString *out, GError **error)
{
    ExecTarget *t = (ExecTarget *)target;

    (void)error;
    return tw_exec_emit(target, program, finding, expected, t->command,
                        t->timeout_ms, out);
}

/* All else the command decides. */
static const TwTargetOption exec_options[] = {
    {"timeout", TW_TARGET_MILLISECONDS, TW_TARGET_FIELD(timeout_ms),
     .value = "MS",
     .help = "Time limit for one operation in ms "
             "(default " G_STRINGIFY(TW_TIMEOUT_MS) ")",
     .any_target = true},
    {.name = NULL},
};

const TwTargetClass tw_exec_class = {
    .name = "exec",
    .forms = "exec:COMMAND",
    .options = exec_options,
    .summary = "any program that reads cases and writes traces: exec:COMMAND",
    .elsewhere = true,
    .open = exec_open,
    .dialect = exec_dialect,
    .contract = exec_contract,
    .version = exec_version,
    .run = exec_run,
    .emit = exec_emit,
    .emits_hangs = true,
    .close = exec_close,
};
