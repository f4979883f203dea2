/* SPDX-License-Identifier: MIT */
/* See timing.h. */
#include "reports/measure/timing.h"

double tw_timing_now_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

clockid_t tw_timing_clock(const TwTarget *target)
{
    return target->klass->elsewhere ? CLOCK_MONOTONIC
                                    : CLOCK_PROCESS_CPUTIME_ID;
}

TwVerdict tw_timing_judge(TwTimed *b)
{
    TwFinding finding;

    return tw_judge(b->oracle, b->program, tw_target_dialect(b->target),
                    tw_target_contract(b->target), "bench", b->trace, &finding,
                    NULL);
}

double tw_timing_best(TwTimed *b, double seconds, bool judge)
{
    double until = tw_timing_now_ns(CLOCK_MONOTONIC) + seconds * 1e9, best = 0;
    clockid_t clock = tw_timing_clock(b->target);

    tw_target_run(b->target, b->program, b->trace);
    do {
        double began = tw_timing_now_ns(clock), took;

        if (judge) {
            tw_timing_judge(b);
        } else {
            tw_target_run(b->target, b->program, b->trace);
        }
        took = tw_timing_now_ns(clock) - began;
        best = best == 0 || took < best ? took : best;
    } while (tw_timing_now_ns(CLOCK_MONOTONIC) < until);
    return best;
}
