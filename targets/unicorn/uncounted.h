/* SPDX-License-Identifier: MIT */
/*
 * TW_UNCOUNTED: a function that does what the programs before this one have
 * left to do or spared.  Engines that are guided by coverage must not see it:
 * they would take it for something that their input reaches.
 */
#ifndef TW_TARGETS_UNICORN_UNCOUNTED_H
#define TW_TARGETS_UNICORN_UNCOUNTED_H

#if defined(__clang__) && __clang_major__ >= 13
#define TW_UNCOUNTED __attribute__((noinline, no_sanitize("coverage")))
#else
#define TW_UNCOUNTED
#endif

#endif
