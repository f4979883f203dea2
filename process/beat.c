/* SPDX-License-Identifier: MIT */
/* See beat.h. */
#include "process/beat.h"

static TwBeat unwatched;
static TwBeat *mine = &unwatched;

void tw_beat_use(TwBeat *beat)
{
    mine = beat;
}

void tw_beat_move(void)
{
    atomic_fetch_add_explicit(&mine->moves, 1, memory_order_relaxed);
}

TwDoing tw_beat_enter(TwDoing doing)
{
    TwDoing before = (TwDoing)atomic_exchange(&mine->doing, doing);

    if (before != doing) {
        tw_beat_move();
    }
    return before;
}
