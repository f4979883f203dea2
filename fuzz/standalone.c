/* SPDX-License-Identifier: MIT */
/*
 * A driver for fuzz targets without an engine: runs each file four times, and
 * so also finds what one run leaves behind for the next.
 */
#include <stdio.h>
#include <string.h>

#include "fuzz/harness.h"
#include "program/text.h"

enum { ROUNDS = 4 };

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s FILE... (-: standard input)\n", argv[0]);
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        g_autoptr(GError) error = NULL;

        if (!tw_file_read(argv[i], bytes, &error)) {
            fprintf(stderr, "%s: %s\n", argv[0], error->message);
            return 2;
        }
        tw_harness_input_name(argv[i]);
        for (unsigned round = 0; round < ROUNDS; round++) {
            /* An exact copy, so that a sanitizer sees reads past the end. */
            g_autofree uint8_t *copy = g_malloc(bytes->len);

            if (bytes->len > 0) {
                memcpy(copy, bytes->data, bytes->len);
            }
            LLVMFuzzerTestOneInput(copy, bytes->len);
        }
        printf("%s: %u bytes, %d times\n", argv[i], bytes->len, ROUNDS);
    }
    return 0;
}
