/* SPDX-License-Identifier: MIT */
/* See watch.h. */
#include "process/watch.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "process/child.h"

enum {
    LOOKS = 20, /* in a limit */
    LEAST_MS = 5,
    MOST_MS = 100, /* between two looks */
    MOST_GAPS = 4, /* intervals as which one gap counts */
    TICK_MS = 20,  /* by which /proc may count processor time too late */
};

static uint32_t in_flight(const TwWatch *watch)
{
    return watch->in_flight ? *watch->in_flight : 0;
}

/* The count starts at 0.  The process is looked at later, if it is still doing
 * the same: most processes move all the time. */
static void restart(TwWatch *watch)
{
    watch->op = in_flight(watch);
    watch->op_ms = watch->all_ms = watch->stopped_ms = 0;
    watch->last.now_ms = watch->now_ms();
    watch->looked = false;
}

static uint64_t moves(const TwWatch *watch)
{
    return watch->beat ? atomic_load(&watch->beat->moves) : 0;
}

static TwDoing doing(const TwWatch *watch)
{
    return watch->beat ? (TwDoing)atomic_load(&watch->beat->doing)
                       : TW_DOING_TARGET;
}

void tw_watch_start(TwWatch *watch, pid_t pid, const TwBeat *beat,
                    uint32_t limit_ms)
{
    *watch = (TwWatch){.pid = pid,
                       .beat = beat,
                       .in_flight = beat ? &beat->in_flight : NULL,
                       .limit_ms = limit_ms > 0 ? limit_ms : 1,
                       .look = tw_tasks_look,
                       .now_ms = tw_child_now_ms};
    watch->moves = moves(watch);
    restart(watch);
}

int tw_watch_interval(const TwWatch *watch)
{
    uint32_t ms = watch->limit_ms / LOOKS;

    return ms < LEAST_MS ? LEAST_MS : ms > MOST_MS ? MOST_MS : (int)ms;
}

/* Charges the time since the last look. */
static void charge(TwWatch *watch, const TwTasks *now)
{
    const TwTasks *last = &watch->last;
    int64_t most = (int64_t)MOST_GAPS * tw_watch_interval(watch);
    int64_t wall = now->now_ms - last->now_ms;
    int64_t cpu = now->cpu_ms - last->cpu_ms;
    int64_t idle, rest;

    /* Several threads use no more than there is. */
    rest = cpu > wall ? cpu - wall : 0;
    cpu = cpu < 0 ? 0 : cpu - rest;
    idle = wall - cpu < most ? wall - cpu : most;
    if (now->state != last->state || now->state == TW_TASKS_RUN) {
        idle = 0;
    } else if (now->state == TW_TASKS_STOPPED) {
        watch->stopped_ms += idle;
        idle = 0;
    }
    watch->op_ms += cpu + idle;
    watch->all_ms += cpu + idle;
    watch->last = *now;
    watch->last.cpu_ms -= rest < TICK_MS ? rest : TICK_MS;
}

static TwWatchState judge(const TwWatch *watch, bool ours)
{
    int64_t whole = (int64_t)TW_WATCH_WHOLE * watch->limit_ms;

    if (ours) {
        whole = whole > TW_WATCH_OURS_MS ? whole : TW_WATCH_OURS_MS;
        return watch->all_ms >= whole || watch->stopped_ms >= whole
                   ? TW_WATCH_OURS_HANGS
                   : TW_WATCH_GOES_ON;
    }
    return watch->op_ms >= watch->limit_ms || watch->all_ms >= whole ||
                   watch->stopped_ms >=
                       (int64_t)TW_WATCH_STOPPED * watch->limit_ms
               ? TW_WATCH_HANGS
               : TW_WATCH_GOES_ON;
}

TwWatchState tw_watch_look(TwWatch *watch)
{
    uint64_t moved = moves(watch);
    TwDoing does = doing(watch);
    uint32_t op = in_flight(watch);
    TwTasks now;

    if (moved != watch->moves || does == TW_DOING_WAIT) {
        watch->moves = moved;
        restart(watch);
        return TW_WATCH_GOES_ON;
    }
    if (watch->now_ms() - watch->last.now_ms < tw_watch_interval(watch)) {
        return TW_WATCH_GOES_ON;
    }
    watch->look(watch->pid, &now);
    if (!watch->looked) {
        watch->last = now;
        watch->looked = true;
        return TW_WATCH_GOES_ON;
    }
    charge(watch, &now);
    if (op != watch->op) {
        watch->op = op;
        watch->op_ms = 0;
    }
    /* What it did while we looked may have been something else. */
    return moves(watch) != watch->moves ? TW_WATCH_GOES_ON
                                        : judge(watch, does == TW_DOING_OURS);
}

TwWatchState tw_watch_wait_closed(TwWatch *watch, int fd)
{
    TwDoing before = tw_beat_enter(TW_DOING_WAIT);
    struct pollfd end = {.fd = fd, .events = POLLIN};
    TwWatchState state = TW_WATCH_GOES_ON;

    while (state == TW_WATCH_GOES_ON) {
        int ready = poll(&end, 1, tw_watch_interval(watch));

        if (ready > 0 || (ready < 0 && errno != EINTR)) {
            break;
        }
        state = tw_watch_look(watch);
    }
    tw_beat_enter(before);
    return state;
}
