/* SPDX-License-Identifier: MIT */
/* Does the text form hold to its promises? */
#include "fuzz/harness/harness.h"

/*
 * Text and comments are allocated piece by piece: the usual quarantine of 256
 * MB is always on its way through the processor's caches, and costs half of the
 * time. This one still has what some dozens of inputs have freed.  ASAN_OPTIONS
 * overrules it.
 */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "quarantine_size_mb=16";
}

TW_FUZZER_OF_TEXT("text_fuzzer")
