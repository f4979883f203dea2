/* SPDX-License-Identifier: MIT */
/* Instructions that this process retires, counted by the processor. */
#ifndef TW_REPORTS_INSTRUCTIONS_H
#define TW_REPORTS_INSTRUCTIONS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Opens a counter of this thread's instructions outside the kernel: a file
 * descriptor, for the caller to close.  -1 if the machine or the kernel does
 * not count them; then `why` (`size` bytes) says so.
 */
int tw_instructions_open(char *why, size_t size);

/* Instructions since it was opened; 0 for -1 or a counter that cannot be read.
 */
uint64_t tw_instructions_read(int counter);

#endif
