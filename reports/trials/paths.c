/* SPDX-License-Identifier: MIT */
/* The programs of engines: where they are, and which build they are of. */
#define _GNU_SOURCE
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "reports/trials/trials.h"

/* The harness: everything, and whatever bug TWINWALK_ZOO names. */
#define HARNESS "softmmu_fuzzer"
#define BUILD_THEM "ci/bench-harnesses builds them"

static bool missing(GError **error, TwEngine engine, const char *what,
                    const char *where)
{
    g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                "engine %s: expected %s%s%s", tw_engine_name(engine), what,
                where ? " in " : "", where ? where : "");
    return false;
}

static char *program_in(const char *folder, const char *name)
{
    char *path = g_canonicalize_filename(name, folder);

    if (g_file_test(path, G_FILE_TEST_IS_EXECUTABLE) &&
        !g_file_test(path, G_FILE_TEST_IS_DIR)) {
        return path;
    }
    g_free(path);
    return NULL;
}

/* The module for AFL++: that of the build that this program is of. */
static char *own_mutator(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = self ? g_path_get_dirname(self) : NULL;
    char *path =
        folder ? g_canonicalize_filename("../fuzz/" HARNESS "_afl.so", folder)
               : NULL;

    if (path && !g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        g_clear_pointer(&path, g_free);
    }
    return path;
}

bool tw_engine_find(TwEngine engine, const char *harnesses,
                    TwEnginePaths *paths, GError **error)
{
    g_autofree char *top = g_canonicalize_filename(harnesses, NULL);
    g_autofree char *folder = g_canonicalize_filename(
        engine == TW_ENGINE_AFL ? "afl-none" : "libfuzzer-none", top);

    memset(paths, 0, sizeof(*paths));
    if (engine == TW_ENGINE_RANDOM) {
        return true;
    }
    paths->harness = program_in(folder, HARNESS);
    if (!paths->harness && engine != TW_ENGINE_AFL) {
        paths->harness = program_in(top, HARNESS);
    }
    if (!paths->harness) {
        g_autofree char *where = g_strconcat(
            harnesses,
            engine == TW_ENGINE_AFL ? "/afl-none" : "/libfuzzer-none",
            " (" BUILD_THEM ")", NULL);

        return missing(error, engine, HARNESS, where);
    }
    if (engine != TW_ENGINE_RAW) {
        paths->dictionary = g_strconcat(paths->harness, ".dict", NULL);
        if (!g_file_test(paths->dictionary, G_FILE_TEST_IS_REGULAR)) {
            g_clear_pointer(&paths->dictionary, g_free);
        }
    }
    if (engine == TW_ENGINE_AFL) {
        paths->afl = g_find_program_in_path("afl-fuzz");
        paths->mutator = own_mutator();
        if (!paths->afl) {
            return missing(error, engine, "afl-fuzz to be installed", NULL);
        }
        if (!paths->mutator) {
            return missing(error, engine, HARNESS "_afl.so",
                           "fuzz/ of the build folder of this command");
        }
    }
    return true;
}

void tw_engine_clear(TwEnginePaths *paths)
{
    g_free(paths->harness);
    g_free(paths->afl);
    g_free(paths->mutator);
    g_free(paths->dictionary);
    memset(paths, 0, sizeof(*paths));
}

/* Builds ------------------------------------------------------------------- */

/* Adds this program and the libraries of twinwalk that it has loaded. */
static int add_own(struct dl_phdr_info *info, size_t size, void *data)
{
    g_autofree char *name = g_path_get_basename(info->dlpi_name);

    (void)size;
    if (info->dlpi_name[0] == '\0' || g_str_has_prefix(name, "libtw_")) {
        g_ptr_array_add(data, g_strdup(info->dlpi_name[0] ? info->dlpi_name
                                                          : "/proc/self/exe"));
    }
    return 0;
}

bool tw_trial_build(TwEngine engine, const TwEnginePaths *paths,
                    char build[TW_BUILD_SIZE], GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

    dl_iterate_phdr(add_own, files);
    if (engine != TW_ENGINE_RANDOM) {
        g_ptr_array_add(files, g_strdup(paths->harness));
    }
    for (unsigned i = 0; i < files->len; i++) {
        const char *path = g_ptr_array_index(files, i);
        g_autoptr(GError) why = NULL;
        GMappedFile *file = g_mapped_file_new(path, FALSE, &why);

        if (!file) {
            g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                        "%s: expected to read it: %s", path, why->message);
            return false;
        }
        g_checksum_update(sum, (const guchar *)g_mapped_file_get_contents(file),
                          (gssize)g_mapped_file_get_length(file));
        g_mapped_file_unref(file);
    }
    g_strlcpy(build, g_checksum_get_string(sum), TW_BUILD_SIZE);
    return true;
}
