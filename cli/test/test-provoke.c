/* SPDX-License-Identifier: MIT */
/*
 * For the test of containment: preloaded, or instead of libunicorn, it stands
 * in front of the library's uc_mem_protect and goes wrong there, as PROVOKE in
 * the environment says
 * (segv, abort, stop, loop, exit), when a page whose address in the program is
 * PROVOKE_AT is protected.  With PROVOKE_ONCE, the name of a file, only in the
 * process that can create the file.  With VERSION the library gives this one:
 * "2.9.0".
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <unicorn/unicorn.h>

/* The function that it stands in front of. */
static void *real_of(const char *name)
{
    return dlsym(dlopen("libunicorn.so.2", RTLD_LAZY), name);
}

static bool may_go_wrong(uint64_t address)
{
    const char *at = getenv("PROVOKE_AT"), *once = getenv("PROVOKE_ONCE");

    return at && (address & 0x3fffff) == strtoull(at, NULL, 16) &&
           (!once || open(once, O_CREAT | O_EXCL, 0600) >= 0);
}

static void go_wrong(const char *how)
{
    static volatile int forever = 1;

    if (strcmp(how, "segv") == 0) {
        raise(SIGSEGV);
    } else if (strcmp(how, "abort") == 0) {
        abort();
    } else if (strcmp(how, "stop") == 0) {
        raise(SIGSTOP);
    } else if (strcmp(how, "loop") == 0) {
        while (forever) {
        }
    } else if (strcmp(how, "exit") == 0) {
        _exit(3);
    }
}

uc_err uc_mem_protect(uc_engine *uc, uint64_t address, uint64_t size,
                      uint32_t perms)
{
    static uc_err (*real)(uc_engine *, uint64_t, uint64_t, uint32_t);
    const char *how = getenv("PROVOKE");

    if (!real) {
        *(void **)&real = real_of("uc_mem_protect");
    }
    if (how && may_go_wrong(address)) {
        go_wrong(how);
    }
    return real(uc, address, size, perms);
}

unsigned int uc_version(unsigned int *major, unsigned int *minor)
{
    static unsigned int (*real)(unsigned int *, unsigned int *);
    const char *text = getenv("VERSION");
    unsigned v[3];

    if (!real) {
        *(void **)&real = real_of("uc_version");
    }
    if (!text || sscanf(text, "%u.%u.%u", &v[0], &v[1], &v[2]) != 3) {
        return real(major, minor);
    }
    if (major) {
        *major = v[0];
    }
    if (minor) {
        *minor = v[1];
    }
    return v[0] << 24 | v[1] << 16 | v[2] << 8 | 0xff;
}
