/* SPDX-License-Identifier: MIT */
/* See emitted.h. */
#define _GNU_SOURCE
#include "cli/view/emitted.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/view/silent.h"
#include "fuzz/process/isolate.h"
#include "fuzz/run/runner.h"
#include "program/content.h"

/* Memory of a child -------------------------------------------------------- */

int tw_view_memory(GError **error)
{
    int fd = memfd_create("told", MFD_CLOEXEC);

    if (fd < 0) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "expected memory for what a child tells: %s",
                    g_strerror(errno));
    }
    return fd;
}

char *tw_view_take(int fd, size_t *size)
{
    off_t end = lseek(fd, 0, SEEK_END);
    char *data = end > 0 ? g_malloc0((size_t)end + 1) : NULL;

    if (data && pread(fd, data, (size_t)end, 0) != end) {
        g_clear_pointer(&data, g_free);
    }
    *size = data ? (size_t)end : 0;
    return data;
}

bool tw_view_put(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);

        if (n < 0 && errno != EINTR) {
            return false;
        }
        data += MAX(n, 0);
        size -= (size_t)MAX(n, 0);
    }
    return true;
}

/* Title and reproducer ----------------------------------------------------- */

typedef struct Emit {
    const TwTargetOptions *options;
    TwProgram program;
    TwFinding finding;
    int fd; /* receives the title, a NUL, and the reproducer */
} Emit;

/* In the child.  A finding that has no reproducer has a title. */
static bool emit(void *data, volatile uint32_t *in_flight, TwFinding *finding,
                 GError **error)
{
    Emit *e = data;
    TwTargetOptions options = *e->options;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) title = g_string_new(NULL);
    g_autoptr(GError) none = NULL;
    TwRunner *runner;

    options.in_flight = in_flight;
    runner = tw_runner_new(&options, error);
    if (!runner) {
        return false;
    }
    tw_runner_set_replays(runner, 0, 0); /* tw_view_find() has done that */
    *finding = e->finding;
    if (finding->verdict != TW_VERDICT_CRASH &&
        finding->verdict != TW_VERDICT_HANG) {
        tw_runner_run(runner, &e->program, finding, NULL, NULL);
    }
    if (!tw_verdict_is_finding(finding->verdict)) {
        return true;
    }
    tw_target_title(tw_target_class_of(options.name), &e->program, finding,
                    title);
    if (!tw_runner_emit(runner, &e->program, finding, false, text, &none)) {
        g_string_truncate(text, 0);
    }
    tw_view_put(e->fd, title->str, title->len + 1);
    tw_view_put(e->fd, text->str, text->len);
    return true;
}

/* A run in a child; what a library says when it dies is not shown. */
static bool run(const TwTargetOptions *options, uint32_t patience,
                const TwProgram *program, TwFinding *finding, GError **error)
{
    TwSilence silence = tw_view_be_silent();
    bool ok = tw_run_isolated(options, program, patience, finding, error);

    tw_view_speak(silence);
    return ok;
}

bool tw_view_is_emitted(const TwTargetOptions *options,
                        const TwFinding *finding)
{
    const TwTargetClass *klass = tw_target_class_of(options->name);

    return tw_verdict_is_finding(finding->verdict) &&
           finding->verdict != TW_VERDICT_SELF &&
           (finding->verdict != TW_VERDICT_HANG || klass->elsewhere ||
            klass->emits_hangs);
}

bool tw_view_find(const TwTargetOptions *options, uint32_t patience,
                  TwProgram *program, TwFinding *finding, GError **error)
{
    g_autofree TwProgram *readable = NULL;
    TwFinding again;

    if (!run(options, patience, program, finding, error)) {
        return false;
    }
    if (!tw_view_is_emitted(options, finding) ||
        !tw_target_class_of(options->name)->readable) {
        return true;
    }
    readable = g_memdup2(program, sizeof(*program));
    readable->contents |= TW_CONTENTS_READABLE;
    if (!run(options, patience, readable, &again, error)) {
        return false;
    }
    if (strcmp(again.key, finding->key) == 0 && again.op == finding->op) {
        *program = *readable;
        *finding = again;
    }
    return true;
}

bool tw_view_look_for(const TwTargetOptions *options, uint32_t patience,
                      unsigned times, const char *key, const TwProgram *program,
                      TwFinding *finding, GError **error)
{
    TwSilence silence = tw_view_be_silent();
    bool ok =
        tw_run_until(options, program, patience, times, key, finding, error);

    tw_view_speak(silence);
    return ok;
}

bool tw_view_emit(const TwTargetOptions *options, uint32_t patience,
                  const TwProgram *program, TwEmitted *emitted, GError **error)
{
    g_autofree Emit *e = g_new0(Emit, 1);
    g_autofree char *data = NULL;
    TwFinding last;
    size_t size, title;
    bool ok;

    memset(emitted, 0, sizeof(*emitted));
    e->options = options;
    e->program = *program;
    if (!tw_view_find(options, patience, &e->program, &e->finding, error)) {
        return false;
    }
    if (!tw_view_is_emitted(options, &e->finding)) {
        return true;
    }
    e->fd = tw_view_memory(error);
    ok = e->fd >= 0 && tw_isolate(emit, e, options->name, &e->program, patience,
                                  &last, error);
    data = ok ? tw_view_take(e->fd, &size) : NULL;
    if (e->fd >= 0) {
        close(e->fd);
    }
    title = data ? strlen(data) : 0;
    if (title > 0) {
        emitted->title = g_strdup(data);
        emitted->text = title + 1 < size ? g_strdup(data + title + 1) : NULL;
    }
    return ok;
}
