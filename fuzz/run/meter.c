/* SPDX-License-Identifier: MIT */
/* See meter.h. */
#define _GNU_SOURCE
#include "fuzz/run/meter.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "program/text/text.h"
#include "targets/zoo/zoo.h"

struct TwMeter {
    const TwZooBug *bug;
    TwMeterRecord *record;
    TwTarget *with, *without; /* the bug */
    TwTrace *trace;
    GString *said, *other; /* traces as text */
    uint8_t *kept;         /* counters of libFuzzer, meanwhile */
};

/* What counts coverage, where the program has it: libFuzzer's counters, in a
 * section of the program, and the switch of AFL++.  What the meter runs is not
 * what the input reaches, and it would be missing once the bug was triggered.
 */
extern uint8_t __start___sancov_cntrs[] __attribute__((weak));
extern uint8_t __stop___sancov_cntrs[] __attribute__((weak));
extern void __afl_coverage_off(void) __attribute__((weak));
extern void __afl_coverage_on(void) __attribute__((weak));
extern int __afl_selective_coverage __attribute__((weak));

static size_t counters(void)
{
    return __start___sancov_cntrs != NULL
               ? (size_t)(__stop___sancov_cntrs - __start___sancov_cntrs)
               : 0;
}

static void stop_counting(TwMeter *m)
{
    size_t n = counters();

    if (&__afl_selective_coverage != NULL && __afl_coverage_off != NULL) {
        __afl_selective_coverage = 1; /* or the switch does nothing */
        __afl_coverage_off();
    }
    if (n > 0) {
        memcpy(m->kept, __start___sancov_cntrs, n);
    }
}

static void go_on_counting(TwMeter *m)
{
    size_t n = counters();

    if (n > 0) {
        memcpy(__start___sancov_cntrs, m->kept, n);
    }
    if (__afl_coverage_on != NULL) {
        __afl_coverage_on();
    }
}

TwMeter *tw_meter_new(const TwTargetOptions *options, TwMeterRecord *record,
                      GError **error)
{
    const char *colon = strchr(options->name, ':');
    const TwZooBug *bug = colon != NULL ? tw_zoo_find(colon + 1) : NULL;
    TwTargetOptions plain = *options;
    TwMeter *m;

    if (bug == NULL) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "%s: expected a bug of the zoo (zoo:SLUG)", options->name);
        return NULL;
    }
    m = g_new0(TwMeter, 1);
    plain.name = "softmmu";
    m->bug = bug;
    m->record = record;
    m->with = tw_target_open(options, error);
    m->without = m->with != NULL ? tw_target_open(&plain, error) : NULL;
    if (m->without == NULL) {
        tw_meter_free(m);
        return NULL;
    }
    m->trace = g_malloc(sizeof(*m->trace));
    m->said = g_string_new(NULL);
    m->other = g_string_new(NULL);
    record->counters = counters();
    m->kept = g_malloc(counters());
    return m;
}

void tw_meter_free(TwMeter *m)
{
    if (m == NULL) {
        return;
    }
    if (m->with != NULL) {
        tw_target_close(m->with);
    }
    if (m->without != NULL) {
        tw_target_close(m->without);
    }
    if (m->said != NULL) {
        g_string_free(m->said, TRUE);
        g_string_free(m->other, TRUE);
    }
    g_free(m->trace);
    g_free(m->kept);
    g_free(m);
}

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void trace_of(TwMeter *m, TwTarget *target, const TwProgram *program,
                     GString *text)
{
    g_string_truncate(text, 0);
    tw_target_run(target, program, m->trace);
    tw_trace_print(m->trace, program, text);
}

bool tw_meter_begin(TwMeter *m)
{
    m->record->programs++;
    return m->record->triggered == 0;
}

/* Runs it both ways: is the bug's code run, and does it show? */
static void compare(TwMeter *m, const TwProgram *program)
{
    TwMeterRecord *r = m->record;
    uint64_t before = tw_zoo_reached(m->with);

    trace_of(m, m->with, program, m->said);
    if (tw_zoo_reached(m->with) == before) {
        return;
    }
    if (r->reached == 0) {
        r->reached = r->programs;
    }
    trace_of(m, m->without, program, m->other);
    if (m->said->len != m->other->len ||
        memcmp(m->said->str, m->other->str, m->said->len) != 0) {
        r->triggered = r->programs;
    }
}

void tw_meter_compare(TwMeter *m, const TwProgram *program)
{
    uint64_t start = now_ns();

    stop_counting(m);
    compare(m, program);
    go_on_counting(m);
    m->record->own_ns += now_ns() - start;
}

bool tw_meter_after(TwMeter *m, const TwFinding *finding)
{
    TwMeterRecord *r = m->record;

    if (tw_zoo_expects(m->bug, finding->verdict)) {
        if (r->detected == 0) {
            r->verdict = finding->verdict;
            memcpy(r->key, finding->key, sizeof(r->key));
            r->detected = r->programs;
        }
        return true;
    }
    if (tw_verdict_is_finding(finding->verdict) && r->unexpected == 0) {
        r->unexpected_verdict = finding->verdict;
        r->unexpected = r->programs;
    }
    return false;
}

/* Files -------------------------------------------------------------------- */

static bool fail(const char *path, GError **error)
{
    g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                "%s: expected a file for what is measured: %s", path,
                strerror(errno));
    return false;
}

bool tw_meter_make(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && ftruncate(fd, sizeof(TwMeterRecord)) == 0;

    if (!ok) {
        fail(path, error);
    }
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

TwMeterRecord *tw_meter_map(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    void *memory = MAP_FAILED;

    if (fd >= 0 && lseek(fd, 0, SEEK_END) != (off_t)sizeof(TwMeterRecord)) {
        errno = EINVAL;
    } else if (fd >= 0) {
        memory = mmap(NULL, sizeof(TwMeterRecord), PROT_READ | PROT_WRITE,
                      MAP_SHARED, fd, 0);
    }
    if (memory == MAP_FAILED) {
        fail(path, error);
    }
    if (fd >= 0) {
        close(fd);
    }
    return memory == MAP_FAILED ? NULL : memory;
}
