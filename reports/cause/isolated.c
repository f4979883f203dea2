/* SPDX-License-Identifier: MIT */
/*
 * Finds the cause of a finding in a child process, because a target that dies
 * is a finding, too.  Its standard error may contain a sanitizer's report,
 * which says more than the signal.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/process/isolate.h"
#include "reports/cause/internal.h"
#include "reports/cause/sanitizer.h"

enum { MOST_REPORT = 64 * 1024 }; /* bytes of standard error */

typedef struct There {
    const TwTargetOptions *options;
    const TwKnown *known;
    const TwProgram *program;
    bool shrunk;
    uint32_t timeout_ms;
    TwCause *cause; /* shared memory */
    int report;     /* a file without a name */
} There;

static bool find_there(void *data, volatile uint32_t *in_flight,
                       TwFinding *finding, GError **error)
{
    const There *there = data;
    TwTargetOptions options = *there->options;
    TwRunner *runner;

    if (there->report >= 0) {
        dup2(there->report, STDERR_FILENO);
    }
    options.in_flight = in_flight;
    runner = tw_runner_new(&options, error);
    if (!runner) {
        return false;
    }
    tw_cause_find(runner, there->known, there->program, there->shrunk,
                  there->cause);
    *finding = there->cause->finding;
    return true; /* the runner goes with the process */
}

/* The target died: names the cause from its last words. */
static void of_death(int report, TwCause *cause)
{
    g_autofree char *text = g_malloc(MOST_REPORT);
    ssize_t length = report >= 0 ? pread(report, text, MOST_REPORT, 0) : -1;
    char name[TW_CAUSE_SIZE];

    if (length > 0 &&
        tw_sanitizer_name(text, (size_t)length, name, sizeof(name))) {
        g_snprintf(cause->name, sizeof(cause->name), "crash-%.*s",
                   TW_CAUSE_SIZE - 8, name);
    }
}

static bool is_death(const TwFinding *finding)
{
    return finding->verdict == TW_VERDICT_CRASH ||
           finding->verdict == TW_VERDICT_HANG;
}

/* The child ended, or has `finding`. */
static void settle(const There *there, const TwFinding *finding, TwCause *cause)
{
    bool before = tw_verdict_is_finding(there->cause->finding.verdict);

    if (before || !is_death(finding)) {
        *cause = *there->cause;
    } else {
        memset(cause, 0, sizeof(*cause));
        tw_cause_of_text(finding, cause);
    }
    if (before && is_death(finding) && !is_death(&cause->finding)) {
        /* An experiment killed the child, so the cause is still unknown. */
        g_snprintf(cause->name, sizeof(cause->name), "%s-unexplained",
                   tw_verdict_name(cause->finding.verdict));
    } else if (cause->finding.verdict == TW_VERDICT_CRASH) {
        of_death(there->report, cause);
    }
}

/* Another program in a child of its own. */
static bool run_isolated(const TwProgram *program, TwFinding *finding,
                         void *data)
{
    const There *there = data;

    return tw_run_isolated(there->options, program, there->timeout_ms, finding,
                           NULL);
}

/* The target dies of the program, so each experiment needs a child.  No
 * operations are dropped: that would need too many. */
static bool known_death(There *there, TwCause *cause, GError **error)
{
    g_autoptr(TwRunner) runner = NULL;
    TwCauseRun run = {.run = run_isolated, .data = there};

    if (tw_known_match(there->known, there->program, &cause->finding) < 0) {
        return true;
    }
    runner = tw_runner_new(there->options, error);
    if (!runner) {
        return false;
    }
    run.dialect = tw_runner_dialect(runner);
    cause->known = tw_cause_known(there->known, &run, there->program,
                                  &cause->finding, false, &cause->experiments);
    if (cause->known) {
        tw_cause_name_known(there->known, cause);
    }
    return true;
}

bool tw_cause_isolated(const TwTargetOptions *options, const TwKnown *known,
                       const TwProgram *program, bool shrunk,
                       uint32_t timeout_ms, TwCause *cause, GError **error)
{
    There there = {.options = options,
                   .known = known,
                   .program = program,
                   .shrunk = shrunk,
                   .timeout_ms = timeout_ms};
    TwFinding finding;
    bool ok;

    there.cause = mmap(NULL, sizeof(*there.cause), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (there.cause == MAP_FAILED) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "cannot map shared memory: %s", g_strerror(errno));
        return false;
    }
    there.report = memfd_create("report", MFD_CLOEXEC);
    ok = tw_isolate(find_there, &there, options->name, program, timeout_ms,
                    &finding, error);
    if (ok) {
        settle(&there, &finding, cause);
        ok = !is_death(&finding) || known_death(&there, cause, error);
    }
    if (there.report >= 0) {
        close(there.report);
    }
    munmap(there.cause, sizeof(*there.cause));
    return ok;
}
