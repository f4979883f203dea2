/* SPDX-License-Identifier: MIT */
/*
 * Trials of fuzzing engines, each in processes of its own.  All engines begin
 * with one input of one byte; no engine gets a seed that shows a bug.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "process/beat.h"
#include "process/child.h"
#include "process/tasks.h"
#include "reports/trials/trials.h"

enum {
    POLL_MS = 10,  /* between two looks whether it has ended */
    LOOK_MS = 100, /* and at its processor time, which costs more */
    GRACE_MS = 5000,
    MOST_SEED = 0x7fffffff,
};

typedef struct Engine {
    const TwTrialRules *rules;
    const TwEnginePaths *paths;
    const TwTrial *trial;
    const char *folder; /* of the trial, its own */
    char *meter, *log;  /* paths */
    GPtrArray *words, *environment;
    TwMeterRecord *record;
} Engine;

/* The command -------------------------------------------------------------- */

static void G_GNUC_PRINTF(2, 3) add(GPtrArray *words, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(words, g_strdup_vprintf(format, args));
    va_end(args);
}

/* An engine takes 0 for "any", and 31 bits. */
static unsigned short_seed(uint64_t seed)
{
    return seed % MOST_SEED == 0 ? MOST_SEED : (unsigned)(seed % MOST_SEED);
}

static void libfuzzer_words(const Engine *e)
{
    add(e->words, "%s", e->paths->harness);
    add(e->words, "-seed=%u", short_seed(e->trial->seed));
    /* As in the file .options of the harness. */
    add(e->words, "-entropic=0");
    add(e->words, "-max_len=2048");
    add(e->words, "-timeout=%d", TW_TIMEOUT_MS / 1000);
    add(e->words, "-artifact_prefix=%s/", e->folder);
    if (e->rules->programs > 0) {
        add(e->words, "-runs=%" G_GUINT64_FORMAT,
            MIN(e->rules->programs, G_MAXINT32));
    }
    if (e->paths->dictionary) {
        add(e->words, "-dict=%s", e->paths->dictionary);
    }
}

static void afl_words(const Engine *e)
{
    static const char *const settings[] = {
        "AFL_NO_UI=1",
        "AFL_NO_COLOR=1",
        "AFL_SKIP_CPUFREQ=1",
        "AFL_NO_AFFINITY=1",
        "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1",
        "AFL_FORKSRV_INIT_TMOUT=30000",
        "AFL_BENCH_UNTIL_CRASH=1",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(settings); i++) {
        add(e->environment, "%s", settings[i]);
    }
    add(e->environment, "AFL_CUSTOM_MUTATOR_LIBRARY=%s", e->paths->mutator);
    add(e->words, "%s", e->paths->afl);
    add(e->words, "-s");
    add(e->words, "%u", short_seed(e->trial->seed));
    add(e->words, "-m");
    add(e->words, "none");
    if (e->paths->dictionary) {
        add(e->words, "-x");
        add(e->words, "%s", e->paths->dictionary);
    }
    add(e->words, "-i");
    add(e->words, "%s/seeds", e->folder);
    add(e->words, "-o");
    add(e->words, "%s/afl", e->folder);
    add(e->words, "--");
    add(e->words, "%s", e->paths->harness);
    add(e->words, "2147483647"); /* inputs of one process */
}

/* Settings of the user's environment that would change a trial. */
static bool is_foreign(const char *setting)
{
    return g_str_has_prefix(setting, "AFL_") ||
           g_str_has_prefix(setting, "TWINWALK_");
}

static void make_command(Engine *e)
{
    g_auto(GStrv) inherited = g_get_environ();

    for (char **setting = inherited; *setting; setting++) {
        if (!is_foreign(*setting)) {
            add(e->environment, "%s", *setting);
        }
    }
    add(e->environment, "TWINWALK_ZOO=%s", e->trial->slug);
    add(e->environment, "TWINWALK_METER=%s", e->meter);
    if (e->trial->engine == TW_ENGINE_RAW) {
        add(e->environment, "TWINWALK_RAW=1");
    }
    if (e->trial->engine == TW_ENGINE_AFL) {
        afl_words(e);
    } else {
        libfuzzer_words(e);
    }
    g_ptr_array_add(e->words, NULL);
    g_ptr_array_add(e->environment, NULL);
}

/* The process -------------------------------------------------------------- */

static void G_GNUC_NORETURN become(const Engine *e)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    int out = open(e->log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int in = open("/dev/null", O_RDONLY);

    for (unsigned i = 0; i < G_N_ELEMENTS(signals); i++) {
        signal(signals[i], SIG_DFL);
    }
    setsid(); /* Ctrl-C is for us alone */
    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 ||
        dup2(out, 2) < 0 || chdir(e->folder) != 0) {
        _exit(127);
    }
    execve(e->words->pdata[0], (char **)e->words->pdata,
           (char **)e->environment->pdata);
    dprintf(2, "%s: %s\n", (char *)e->words->pdata[0], strerror(errno));
    _exit(127);
}

/* Processor time of all processes that were waited for. */
static double waited_for(void)
{
    struct rusage usage;

    getrusage(RUSAGE_CHILDREN, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void sleep_ms(unsigned ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* Asks it to end, so that it ends its own processes; then kills it. */
static void end(pid_t pid)
{
    int status;

    kill(pid, SIGTERM);
    for (int waited = 0; waited < GRACE_MS; waited += POLL_MS) {
        if (tw_child_ended(pid, &status)) {
            return;
        }
        sleep_ms(POLL_MS);
    }
    kill(-pid, SIGKILL);
    tw_child_reap(pid);
}

static bool is_over(const Engine *e, double seconds)
{
    const TwMeterRecord *r = e->record;

    return e->rules->programs > 0
               ? r->programs >= e->rules->programs
               : seconds - (double)r->own_ns / 1e9 >= e->rules->seconds;
}

/* Processor time of it and its processes so far. */
static double used(pid_t pid)
{
    TwTasks tasks;

    tw_tasks_look(pid, &tasks);
    return (double)tasks.cpu_ms / 1000;
}

/*
 * Waits for its end, or ends it at the limit.  An engine ends soon after the
 * detection; AFL++ may not, if it was calibrating, and so is ended then.
 * *seconds: processor time.
 */
static void watch(const Engine *e, pid_t pid, double *seconds, bool *by_itself)
{
    double before = waited_for();
    int since = 0; /* the detection, in ms */
    int status;

    *seconds = 0;
    *by_itself = true;
    for (int n = 0; !tw_child_ended(pid, &status); n++) {
        bool detected = e->record->detected != 0;

        if (since == 0 && (detected || n % (LOOK_MS / POLL_MS) == 0)) {
            *seconds = MAX(*seconds, used(pid));
        }
        since += detected ? POLL_MS : 0;
        if (detected ? since >= GRACE_MS : is_over(e, *seconds)) {
            end(pid);
            *by_itself = false;
            break;
        }
        sleep_ms(POLL_MS);
    }
    if (*by_itself || since == 0) {
        *seconds = MAX(*seconds, waited_for() - before);
    }
}

/* The last line that says something, for an error. */
static char *last_words(const Engine *e)
{
    g_autofree char *text = NULL;
    char **lines, *last = g_strdup("it says nothing");

    if (!g_file_get_contents(e->log, &text, NULL, NULL)) {
        return last;
    }
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (*g_strstrip(*line)) {
            g_free(last);
            last = g_strndup(*line, 200);
        }
    }
    g_strfreev(lines);
    for (char *c = last; *c; c++) {
        *c = g_ascii_isprint(*c) ? *c : '?';
    }
    return last;
}

static bool write_seed(const Engine *e)
{
    g_autofree char *folder = g_build_filename(e->folder, "seeds", NULL);
    g_autofree char *seed = g_build_filename(folder, "seed", NULL);

    return g_mkdir(folder, 0700) == 0 &&
           g_file_set_contents(seed, "\n", 1, NULL);
}

static bool run(const Engine *e, TwTrial *trial, GError **error)
{
    g_autofree char *words = NULL;
    TwDoing doing = tw_beat_enter(TW_DOING_WAIT);
    bool by_itself;
    double seconds;
    pid_t pid = tw_child_fork(SIGTERM);

    if (pid == 0) {
        become(e);
    }
    if (pid > 0) {
        watch(e, pid, &seconds, &by_itself);
    }
    tw_beat_enter(doing);
    if (pid > 0 && e->record->programs > 0) {
        bool all =
            e->rules->programs > 0 && e->record->programs >= e->rules->programs;

        tw_trial_end(e->rules, trial, e->record, seconds, by_itself && !all);
        return true;
    }
    words = pid > 0 ? last_words(e) : g_strdup(strerror(errno));
    g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                "engine %s: %s: expected it to run inputs and to measure them, "
                "as that of this version does: %s",
                tw_engine_name(trial->engine), e->paths->harness, words);
    return false;
}

bool tw_trial_engine(const TwTrialRules *rules, const TwEnginePaths *paths,
                     const char *folder, TwTrial *trial, GError **error)
{
    Engine e = {
        .rules = rules,
        .paths = paths,
        .trial = trial,
        .folder = folder,
        .meter = g_build_filename(folder, "meter", NULL),
        .log = g_build_filename(folder, "log", NULL),
        .words = g_ptr_array_new_with_free_func(g_free),
        .environment = g_ptr_array_new_with_free_func(g_free),
    };
    bool ok = tw_meter_make(e.meter, error) &&
              (e.record = tw_meter_map(e.meter, error)) != NULL;

    if (ok && !write_seed(&e)) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "%s: expected to write into it: %s", folder,
                    strerror(errno));
        ok = false;
    }
    if (ok) {
        make_command(&e);
        ok = run(&e, trial, error);
    }
    if (e.record) {
        munmap(e.record, sizeof(*e.record));
    }
    g_ptr_array_free(e.words, TRUE);
    g_ptr_array_free(e.environment, TRUE);
    g_free(e.meter);
    g_free(e.log);
    return ok;
}
