/* SPDX-License-Identifier: MIT */
/* Does the text form hold to its promises? */
#include "fuzz/harness.h"

TW_FUZZER_OF_TEXT("text_fuzzer")
