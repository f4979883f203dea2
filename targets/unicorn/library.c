/* SPDX-License-Identifier: MIT */
/*
 * See library.h.  twinwalk is not linked with libunicorn: a library that is
 * loaded for all would take the place of functions that another one calls
 * inside itself.  Builds for fuzzing services are linked with it, statically,
 * and take no other.
 */
#include "targets/unicorn/library.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "targets/target.h"

enum { MAJOR = 2 }; /* of the interface that the targets use */

void tw_uc_library_version(const Library *library, char *text, size_t size)
{
    unsigned v = library->release;

    snprintf(text, size, "%u.%u.%u", v >> 16, v >> 8 & 0xff, v & 0xff);
}

/* The version, and is it one that the targets know?  Old versions return other
 * numbers, but they tell major and minor as the new ones do. */
static bool find_release(Library *library, const char *where, int code,
                         GError **error)
{
    unsigned major = 0, minor = 0, all = library->version(&major, &minor);

    library->release = TW_UC_RELEASE(major, minor & 0xff, all >> 8 & 0xff);
    if (major != MAJOR) {
        g_set_error(error, TW_TARGET_ERROR, code,
                    "%s: expected version %d of libunicorn, not %u.%u", where,
                    MAJOR, major, minor);
        return false;
    }
    return true;
}

#ifdef TW_UNICORN_LINKED

bool tw_uc_library_open(Library *library, const char *target, const char *path,
                        GError **error)
{
    if (path != NULL) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "%s: expected no --library: this build has a libunicorn "
                    "linked in",
                    target);
        return false;
    }
#define TW_UC_LINKED(name) library->name = uc_##name;
    TW_UC_FUNCTIONS(TW_UC_LINKED)
    return find_release(library, target, TW_TARGET_ERROR_ENVIRONMENT, error);
}

#else

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#define INSTALLED "libunicorn.so.2"

/* Every function, and where its pointer stands in the table. */
static const struct {
    const char *name;
    size_t member;
} functions[] = {
#define TW_UC_ROW(name) {"uc_" #name, offsetof(Library, name)},
    TW_UC_FUNCTIONS(TW_UC_ROW)};

/* The head of an ELF file.  The class, the type and the machine stand at the
 * same place in files of 32 and of 64 bits.  False: it is none. */
static bool read_head(FILE *file, ElfW(Ehdr) * head)
{
    return file != NULL && fread(head, sizeof(*head), 1, file) == 1 &&
           memcmp(head->e_ident, ELFMAG, SELFMAG) == 0;
}

/* Has a file of this machine all that is to be loaded?  dlopen() does not look,
 * and the process dies. */
static bool is_whole(FILE *file, const ElfW(Ehdr) * head)
{
    ElfW(Phdr) part;
    long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : 0;

    for (unsigned i = 0; i < head->e_phnum; i++) {
        if (fseek(file, (long)(head->e_phoff + i * sizeof(part)), SEEK_SET) !=
                0 ||
            fread(&part, sizeof(part), 1, file) != 1 ||
            (part.p_type == PT_LOAD &&
             (part.p_offset > (uint64_t)size ||
              part.p_filesz > (uint64_t)size - part.p_offset))) {
            return false;
        }
    }
    return true;
}

static const char *machine_name(unsigned machine, char text[24])
{
    static const struct {
        unsigned machine;
        const char *name;
    } names[] = {{EM_386, "x86 (32 bits)"}, {EM_X86_64, "x86-64"},
                 {EM_ARM, "ARM (32 bits)"}, {EM_AARCH64, "AArch64"},
                 {EM_RISCV, "RISC-V"},      {EM_PPC64, "POWER (64 bits)"},
                 {EM_S390, "S/390"}};

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (names[i].machine == machine) {
            return names[i].name;
        }
    }
    snprintf(text, 24, "ELF machine %u", machine);
    return text;
}

/* Is the file a shared library of this machine?  What it is instead, or NULL:
 * it is one.  To be freed. */
static char *other_than_library(FILE *file)
{
    ElfW(Ehdr) head, own;
    char one[24], other[24];
    FILE *self;
    bool known;

    if (!read_head(file, &head)) {
        return g_strdup("it is not an ELF file");
    }
    self = fopen("/proc/self/exe", "rb");
    known = read_head(self, &own);
    if (self != NULL) {
        fclose(self);
    }
    if (known && (head.e_machine != own.e_machine ||
                  head.e_ident[EI_CLASS] != own.e_ident[EI_CLASS])) {
        return g_strdup_printf("it is for %s, not for %s",
                               machine_name(head.e_machine, other),
                               machine_name(own.e_machine, one));
    }
    if (head.e_type != ET_DYN) {
        return g_strdup("it is an ELF file of another kind");
    }
    return is_whole(file, &head) ? NULL : g_strdup("its end is missing");
}

static bool can_load(const char *name, const char *path, GError **error)
{
    g_autofree char *what = NULL;
    FILE *file = fopen(name, "rb");

    if (file == NULL) {
        what = g_strdup(g_strerror(errno));
    } else {
        what = g_file_test(name, G_FILE_TEST_IS_REGULAR)
                   ? other_than_library(file)
                   : g_strdup("it is not a file");
        fclose(file);
    }
    if (what != NULL) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "--library %s: expected a shared library: %s", path, what);
    }
    return what == NULL;
}

/* The library that the user names; NULL with `error`. */
static void *load_named(const char *path, GError **error)
{
    /* dlopen() looks elsewhere for a name without a slash. */
    g_autofree char *file = strchr(path, '/') != NULL
                                ? g_strdup(path)
                                : g_build_filename(".", path, NULL);
    void *handle;

    if (!can_load(file, path, error)) {
        return NULL;
    }
    if (dlsym(RTLD_DEFAULT, "uc_open") != NULL) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "--library %s: expected no other libunicorn that is loaded "
                    "already (LD_PRELOAD)",
                    path);
        return NULL;
    }
    handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "--library %s: expected a libunicorn that can be loaded: "
                    "%s",
                    path, dlerror());
    }
    return handle;
}

static void *load_installed(const char *target, GError **error)
{
    void *handle = dlopen(INSTALLED, RTLD_NOW | RTLD_LOCAL);

    if (handle == NULL) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "%s: expected an installed libunicorn, or --library PATH: "
                    "%s",
                    target, dlerror());
    }
    return handle;
}

bool tw_uc_library_open(Library *library, const char *target, const char *path,
                        GError **error)
{
    g_autofree char *where =
        path != NULL ? g_strdup_printf("--library %s", path) : g_strdup(target);
    int code =
        path != NULL ? TW_TARGET_ERROR_USAGE : TW_TARGET_ERROR_ENVIRONMENT;
    void *handle =
        path != NULL ? load_named(path, error) : load_installed(target, error);

    if (handle == NULL) {
        return false;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(functions); i++) {
        const char *name = functions[i].name;
        /* Of the installed one, what LD_PRELOAD puts in front of it counts, as
         * if it were linked. */
        void *function = path == NULL ? dlsym(RTLD_DEFAULT, name) : NULL;

        if (function == NULL) {
            function = dlsym(handle, name);
        }
        if (function == NULL) {
            g_set_error(error, TW_TARGET_ERROR, code,
                        "%s: expected version 2 of libunicorn: it has no %s",
                        where, name);
            return false;
        }
        memcpy((char *)library + functions[i].member, &function,
               sizeof(function));
    }
    return find_release(library, where, code, error);
}

#endif
