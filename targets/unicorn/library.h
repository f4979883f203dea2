/* SPDX-License-Identifier: MIT */
/*
 * libunicorn as a table of its functions: the installed one, or any other that
 * the user names.  The targets call the library through the table alone, so a
 * process can use several, and what runs need not be what the header was of.
 */
#ifndef TW_TARGETS_UNICORN_LIBRARY_H
#define TW_TARGETS_UNICORN_LIBRARY_H

#include <glib.h>
#include <stdbool.h>

#include <unicorn/unicorn.h>

/* All functions that the targets call, without "uc_".  (On hosts of 64 bits
 * their types are those of each version from 2.0 on.) */
#define TW_UC_FUNCTIONS(F) \
    F(open) \
    F(close) \
    F(context_alloc) \
    F(context_free) \
    F(context_restore) \
    F(context_save) \
    F(ctl) \
    F(emu_start) \
    F(emu_stop) \
    F(hook_add) \
    F(hook_del) \
    F(mem_map) \
    F(mem_map_ptr) \
    F(mem_protect) \
    F(mem_read) \
    F(mem_unmap) \
    F(mem_write) \
    F(mmio_map) \
    F(reg_read) \
    F(reg_write) \
    F(strerror) \
    F(version)

#define TW_UC_MEMBER(name) __typeof__(uc_##name) *name;

typedef struct Library {
    TW_UC_FUNCTIONS(TW_UC_MEMBER)
    unsigned release; /* TW_UC_RELEASE(major, minor, patch) */
} Library;

#define TW_UC_RELEASE(major, minor, patch) \
    ((unsigned)(major) << 16 | (unsigned)(minor) << 8 | (unsigned)(patch))

/*
 * Fills the table from a shared library, or, if `path` is NULL, from the
 * installed one.  The library stays loaded until the process ends.  False with
 * `error` (TW_TARGET_ERROR; of a path USAGE, else ENVIRONMENT) if there is no
 * such file, or it is no libunicorn 2 of this machine.  `target` names the
 * target in the message.
 */
bool tw_uc_library_open(Library *library, const char *target, const char *path,
                        GError **error);

/* "2.0.1", into `text`. */
void tw_uc_library_version(const Library *library, char *text, size_t size);

#endif
