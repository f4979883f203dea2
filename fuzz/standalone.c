/* SPDX-License-Identifier: MIT */
/*
 * A driver for fuzz targets without an engine: runs each file, and each file of
 * a folder, four times, and dies if a run comes to something else than the one
 * before, which has left something behind for it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/harness.h"
#include "program/text.h"

enum { ROUNDS = 4 };

static bool run_file(const char *path, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree char *first = NULL;

    if (!tw_file_read(path, bytes, error)) {
        return false;
    }
    tw_harness_input_name(path);
    for (unsigned round = 0; round < ROUNDS; round++) {
        /* An exact copy, so that a sanitizer sees reads past the end. */
        g_autofree uint8_t *copy = g_malloc(bytes->len);

        if (bytes->len > 0) {
            memcpy(copy, bytes->data, bytes->len);
        }
        LLVMFuzzerTestOneInput(copy, bytes->len);
        g_autofree char *result = tw_harness_result();
        if (round == 0) {
            first = g_steal_pointer(&result);
        } else if (strcmp(first, result) != 0) {
            fprintf(stderr, "%s: run %u came to something else\n%s\n%s", path,
                    round + 1, first, result);
            abort();
        }
    }
    printf("%s: %u bytes, %d times\n", path, bytes->len, ROUNDS);
    return true;
}

static bool run_folder(const char *folder, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, error);
    bool ok = dir != NULL;

    for (const char *name; ok && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        ok = run_file(path, error);
    }
    return ok;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s FILE|FOLDER... (-: standard input)\n",
                argv[0]);
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        g_autoptr(GError) error = NULL;
        bool folder = g_file_test(argv[i], G_FILE_TEST_IS_DIR);

        if (!(folder ? run_folder : run_file)(argv[i], &error)) {
            fprintf(stderr, "%s: %s\n", argv[0], error->message);
            return 2;
        }
    }
    return 0;
}
