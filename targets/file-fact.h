/* SPDX-License-Identifier: MIT */
/* What somebody found out about a program file, kept as long as the file stays
 * the same one: to run it for that costs as much as to start a target. */
#ifndef TW_TARGETS_FILE_FACT_H
#define TW_TARGETS_FILE_FACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TW_FACT_PATH = 256, TW_FACT_SIZE = 64 };

/* A file as it is now: another one at the same path has another identity. */
typedef struct TwFileId {
    uint64_t device, inode, size;
    int64_t modified, changed; /* ns since 1970 */
    char path[TW_FACT_PATH];
} TwFileId;

/* The identity of `program`, a path or a name to be found in $PATH.  False if
 * nothing may be kept of it: it is not there, or it is no ELF file (a script
 * may run another program each time). */
bool tw_file_identify(const char *program, TwFileId *id);

/* What is kept of that file, at most TW_FACT_SIZE bytes with the 0. */
bool tw_file_fact(const TwFileId *id, char *fact, size_t size);

/* Keeps `fact`.  A text that is too long is not kept, nor is one for which
 * there is no room. */
void tw_file_fact_keep(const TwFileId *id, const char *fact);

/* From here on this process and those that it forks keep facts together.  Those
 * of before are lost.  May be called again, and then does nothing. */
void tw_file_facts_share(void);

#endif
