/* SPDX-License-Identifier: MIT */
/* Which version of QEMU a binary is. */
#ifndef TW_TARGETS_QEMU_VERSION_H
#define TW_TARGETS_QEMU_VERSION_H

#include <glib.h>
#include <stdbool.h>

/* Runs "binary --version" and takes the number from what it prints, "7.2.22".
 * An ELF file runs for that once, as long as the file is the same one.  False
 * with `error` (TW_TARGET_ERROR), which names the target "qemu-name". */
bool tw_qemu_version_of(const char *binary, const char *name, char *version,
                        size_t size, GError **error);

/* Is it still of that version?  Somebody may have installed another QEMU
 * meanwhile.  False with a line in `why`. */
bool tw_qemu_is_still(const char *binary, const char *name, const char *version,
                      char *why, size_t size);

#endif
