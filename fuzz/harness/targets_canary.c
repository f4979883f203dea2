/* SPDX-License-Identifier: MIT */
/*
 * The canary of targets_fuzzer: the same harness on a target that forgets one
 * trigger when it avoids all (linked with --wrap=tw_uc_avoid).  If it does not
 * die at once, silence of targets_fuzzer says nothing.
 */
#include "fuzz/harness/harness.h"
#include "program/model.h"

void __real_tw_uc_avoid(TwProgram *program, uint64_t triggers);
void __wrap_tw_uc_avoid(TwProgram *program, uint64_t triggers);

void __wrap_tw_uc_avoid(TwProgram *program, uint64_t triggers)
{
    __real_tw_uc_avoid(program, triggers & ~UINT64_C(2));
}

TW_FUZZER_OF_PROGRAMS("targets_fuzzer")
