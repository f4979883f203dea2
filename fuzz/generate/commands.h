/* SPDX-License-Identifier: MIT */
/* Commands of IOMMUs between two uses of what they are about. */
#ifndef TW_FUZZ_GENERATE_COMMANDS_H
#define TW_FUZZ_GENERATE_COMMANDS_H

#include "fuzz/generate/sketch.h"

/*
 * Puts into a script that is whole, after some of its accesses: a silent change
 * of an IOMMU, any command of it, and the same accesses again.
 */
void tw_commands_weave(TwGen *gen);

#endif
