/* SPDX-License-Identifier: MIT */
/*
 * The canary of walkers_fuzzer: the same harness with a second walker that
 * ignores writes (linked with --wrap=tw_flat_agrees).  If the canary does not
 * abort at once, walkers_fuzzer would not find bugs, either.
 */
#include "fuzz/harness/harness.h"
#include "oracle/walk/walk.h"
#include "program/ops.h"

bool __real_tw_flat_agrees(const TwWorld *world, const TwAccess *access,
                           uint8_t mask, TwTimes times);
bool __wrap_tw_flat_agrees(const TwWorld *world, const TwAccess *access,
                           uint8_t mask, TwTimes times);

bool __wrap_tw_flat_agrees(const TwWorld *world, const TwAccess *access,
                           uint8_t mask, TwTimes times)
{
    return access->code != TW_OP_WRITE &&
           __real_tw_flat_agrees(world, access, mask, times);
}

TW_FUZZER_OF_PROGRAMS("walkers_fuzzer")
