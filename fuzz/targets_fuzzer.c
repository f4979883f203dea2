/* SPDX-License-Identifier: MIT */
/* Is any program safe with every target, whether it takes it or refuses it? */
#include "fuzz/harness/harness.h"

/*
 * The library is not instrumented, and gives back megabytes with each engine:
 * to keep all that in quarantine finds nothing there, and costs half of the
 * time. ASAN_OPTIONS overrules it.
 */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "quarantine_size_mb=1:thread_local_quarantine_size_kb=64";
}

TW_FUZZER_OF_PROGRAMS("targets_fuzzer")
