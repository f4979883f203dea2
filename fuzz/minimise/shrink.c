/* SPDX-License-Identifier: MIT */
/* Shrinks a case on a target: the minimiser with a pool of processes, progress,
 * a time limit, and Ctrl-C. */
#include "fuzz/minimise/shrink.h"

#include <string.h>

/* How often a shrunk case that does not recur each time may be run in vain,
 * before it is given up: this number times TwShrink.times. */
#define LAST_LOOKS 10

enum { SHOW_EVERY_US = 200000 };

typedef struct Watch {
    const TwShrink *shrink;
    gint64 start, shown;
    bool cut_short;
} Watch;

static bool go_on(const TwProgram *best, const TwMinimiseStats *so_far,
                  void *data)
{
    Watch *w = data;
    gint64 now = g_get_monotonic_time();

    if ((w->shrink->stop && *w->shrink->stop) ||
        (w->shrink->seconds &&
         now - w->start >= (gint64)w->shrink->seconds * G_USEC_PER_SEC)) {
        w->cut_short = true;
        return false;
    }
    if (w->shrink->progress && now - w->shown >= SHOW_EVERY_US) {
        w->shown = now;
        w->shrink->progress(best, so_far);
    }
    return true;
}

static bool minimise(const TwShrink *shrink, const TwDialect *dialect,
                     const TwPoolOptions *options, TwProgram *program,
                     TwShrunk *result, GError **error)
{
    g_autoptr(TwPool) pool = tw_pool_new(options, error);
    Watch watch = {.shrink = shrink, .start = g_get_monotonic_time()};
    TwMinimiseOptions minimise = {
        .dialect = dialect,
        .budget = shrink->budget,
        .window = tw_pool_window(shrink->jobs),
        .first = tw_pool_first,
        .first_data = pool,
        .go_on = go_on,
        .go_on_data = &watch,
    };

    if (!pool) {
        return false;
    }
    watch.shown = watch.start;
    tw_minimise(program, &minimise, &result->stats);
    result->seconds =
        (double)(g_get_monotonic_time() - watch.start) / G_USEC_PER_SEC;
    result->cut_short = watch.cut_short;
    if (tw_pool_error(pool)) {
        g_propagate_error(error, g_error_copy(tw_pool_error(pool)));
        return false;
    }
    return true;
}

/* Runs the program by itself; in *finding the one with this key (NULL: any), if
 * it shows. */
static bool look(const TwShrink *shrink, const TwProgram *program,
                 const char *key, TwFinding *finding, GError **error)
{
    return tw_run_until(&shrink->target, program, shrink->patience,
                        shrink->times, key, finding, error);
}

bool tw_shrink(const TwShrink *shrink, const TwDialect *dialect,
               TwProgram *program, TwShrunk *result, GError **error)
{
    TwPoolOptions options = {
        .target = shrink->target,
        .jobs = shrink->jobs,
        .isolated = shrink->isolated || shrink->times > 1,
        .times = shrink->times,
        .patience_ms = shrink->patience,
        .known = shrink->known,
    };
    unsigned looks = shrink->times > 1 ? LAST_LOOKS : 1;
    bool there, again = !shrink->expect && shrink->times <= 1;

    memset(result, 0, sizeof(*result));
    /* The case may crash or hang: run it in a process of its own. */
    if (!look(shrink, program, shrink->expect, &result->finding, error)) {
        return false;
    }
    if (shrink->expect) {
        g_strlcpy(options.key, shrink->expect, sizeof(options.key));
    } else if (tw_verdict_is_finding(result->finding.verdict)) {
        memcpy(options.key, result->finding.key, sizeof(options.key));
    } else {
        return true;
    }
    memcpy(result->key, options.key, sizeof(result->key));
    if (again && !look(shrink, program, NULL, &result->finding, error)) {
        return false;
    }
    result->recurs = !again || strcmp(result->finding.key, options.key) == 0;
    if (!result->recurs) {
        return true;
    }
    there = strcmp(result->finding.key, options.key) == 0;
    options.entry =
        there ? tw_known_match(shrink->known, program, &result->finding)
              : TW_POOL_ANY_ENTRY;
    options.least = there ? tw_pool_least(program, &result->finding) : 0;
    options.path = tw_known_path(shrink->known, program, &result->finding);
    options.isolated |= result->finding.verdict == TW_VERDICT_CRASH ||
                        result->finding.verdict == TW_VERDICT_HANG;
    if (!minimise(shrink, dialect, &options, program, result, error)) {
        return false;
    }
    result->found = there || result->stats.kept > 0;
    for (unsigned i = 0; i < looks && !result->same; i++) {
        if (!look(shrink, program, options.key, &result->finding, error)) {
            return false;
        }
        result->same = strcmp(result->finding.key, options.key) == 0;
    }
    return true;
}
