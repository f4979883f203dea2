/* SPDX-License-Identifier: MIT */
/*
 * For builds with MemorySanitizer.  libunicorn is built without it, because
 * much of its code is made while it runs.  Wrappers of the functions that the
 * target calls tell the sanitizer what the library has written into memory of
 * the target.  (Not guest memory: the target has initialised all of it.
 * Functions that the library calls are marked TW_CALLED_BACK.)
 */
#include <sanitizer/msan_interface.h>
#include <unicorn/unicorn.h>

/* Declares what --wrap makes of a function, and begins its replacement. */
#define WRAP(type, name, ...) \
    type __real_##name(__VA_ARGS__); \
    type __wrap_##name(__VA_ARGS__); \
    __attribute__((no_sanitize("memory"))) type __wrap_##name(__VA_ARGS__)

/* What reads what it has written, with functions of libc, is watched there. */
#define UNWATCHED(call) \
    ({ \
        __msan_scoped_disable_interceptor_checks(); \
        uc_err err_ = (call); \
        __msan_scoped_enable_interceptor_checks(); \
        err_; \
    })

WRAP(uc_err, uc_open, uc_arch arch, uc_mode mode, uc_engine **uc)
{
    uc_err err = UNWATCHED(__real_uc_open(arch, mode, uc));

    __msan_unpoison(uc, sizeof(*uc));
    return err;
}

WRAP(uc_err, uc_close, uc_engine *uc)
{
    return UNWATCHED(__real_uc_close(uc));
}

WRAP(unsigned, uc_version, unsigned *major, unsigned *minor)
{
    unsigned version = __real_uc_version(major, minor);

    __msan_unpoison(major, sizeof(*major));
    __msan_unpoison(minor, sizeof(*minor));
    return version;
}

WRAP(uc_err, uc_mem_map, uc_engine *uc, uint64_t at, size_t size,
     uint32_t rights)
{
    return UNWATCHED(__real_uc_mem_map(uc, at, size, rights));
}

WRAP(uc_err, uc_mem_map_ptr, uc_engine *uc, uint64_t at, size_t size,
     uint32_t rights, void *host)
{
    return UNWATCHED(__real_uc_mem_map_ptr(uc, at, size, rights, host));
}

WRAP(uc_err, uc_mem_protect, uc_engine *uc, uint64_t at, size_t size,
     uint32_t rights)
{
    return UNWATCHED(__real_uc_mem_protect(uc, at, size, rights));
}

WRAP(uc_err, uc_mem_unmap, uc_engine *uc, uint64_t at, size_t size)
{
    return UNWATCHED(__real_uc_mem_unmap(uc, at, size));
}

WRAP(uc_err, uc_mmio_map, uc_engine *uc, uint64_t at, size_t size,
     uc_cb_mmio_read_t read, void *of_read, uc_cb_mmio_write_t write,
     void *of_write)
{
    return UNWATCHED(
        __real_uc_mmio_map(uc, at, size, read, of_read, write, of_write));
}

WRAP(uc_err, uc_emu_start, uc_engine *uc, uint64_t begin, uint64_t until,
     uint64_t timeout, size_t count)
{
    return UNWATCHED(__real_uc_emu_start(uc, begin, until, timeout, count));
}
