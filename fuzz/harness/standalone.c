/* SPDX-License-Identifier: MIT */
/*
 * A driver for fuzz targets without an engine.  It runs every file, and every
 * file of folders, at least four times.  It aborts if a later run gives another
 * result than the first of its file, or if memory grows.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/harness/harness.h"
#include "program/text/text.h"

enum { ROUNDS = 4, SLOTS = 64 };

/* Heap and resident memory may vary by this much; more is growth. */
#define HEAP_SLACK (UINT64_C(16) << 10)
#define RESIDENT_SLACK (UINT64_C(4) << 20)

typedef struct Input {
    char *path;
    GByteArray *bytes;
    char *result; /* of the first run */
} Input;

static void input_free(void *data)
{
    Input *input = data;

    g_free(input->path);
    g_byte_array_unref(input->bytes);
    g_free(input->result);
    g_free(input);
}

/* Files ------------------------------------------------------------------- */

static bool add_file(GPtrArray *inputs, const char *path, GError **error)
{
    Input *input = g_new0(Input, 1);

    input->path = g_strdup(path);
    input->bytes = g_byte_array_new();
    g_ptr_array_add(inputs, input);
    return tw_file_read(path, input->bytes, error);
}

static bool add_folder(GPtrArray *inputs, const char *folder, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, error);
    bool ok = dir != NULL;

    for (const char *name; ok && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        ok = add_file(inputs, path, error);
    }
    return ok;
}

/* Memory ------------------------------------------------------------------ */

/* Of sanitizers, where there is one. */
extern size_t __sanitizer_get_current_allocated_bytes(void)
    __attribute__((weak));
extern void __sanitizer_purge_allocator(void) __attribute__((weak));

/* Bytes that are allocated and were not given back. */
static uint64_t heap(void)
{
    if (__sanitizer_get_current_allocated_bytes != NULL) {
        return __sanitizer_get_current_allocated_bytes();
    }
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* Bytes of the process that are in memory, without what a sanitizer keeps. */
static uint64_t resident(void)
{
    unsigned long all, pages = 0;

    if (__sanitizer_purge_allocator != NULL) {
        __sanitizer_purge_allocator();
    }
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL) {
        if (fscanf(file, "%lu %lu", &all, &pages) != 2) {
            pages = 0;
        }
        fclose(file);
    }
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/*
 * The least value of each `width` rounds.  Its memory does not grow with the
 * rounds: when all slots are used, each two are merged and `width` doubles.
 */
typedef struct History {
    uint64_t least[SLOTS];
    unsigned n, width, in_last; /* rounds in a slot, and in the last one */
} History;

static void history_add(History *h, uint64_t value)
{
    if (h->n == SLOTS && h->in_last == h->width) {
        for (unsigned i = 0; i < SLOTS / 2; i++) {
            h->least[i] = MIN(h->least[2 * i], h->least[2 * i + 1]);
        }
        h->n /= 2;
        h->width *= 2;
        h->in_last = h->width;
    }
    if (h->n == 0 || h->in_last == h->width) {
        h->least[h->n++] = UINT64_MAX;
        h->in_last = 0;
    }
    h->least[h->n - 1] = MIN(h->least[h->n - 1], value);
    h->in_last++;
}

/* Of the second quarter of the rounds (2), the first being for warming up, or
 * of the last one (4). */
static uint64_t history_least(const History *h, unsigned quarter)
{
    uint64_t least = UINT64_MAX;

    for (unsigned i = h->n * (quarter - 1) / 4; i < h->n * quarter / 4; i++) {
        least = MIN(least, h->least[i]);
    }
    return least;
}

static void check_growth(const char *what, const History *h, uint64_t slack)
{
    uint64_t before = history_least(h, 2), after = history_least(h, 4);

    if (after > before + slack) {
        fprintf(stderr,
                "%s grows: %" G_GUINT64_FORMAT " bytes at least in the "
                "second quarter, %" G_GUINT64_FORMAT " in the last\n",
                what, before, after);
        abort();
    }
    printf("%s: %" G_GUINT64_FORMAT " bytes, and %" G_GUINT64_FORMAT
           " at the end\n",
           what, before, after);
}

/* Runs -------------------------------------------------------------------- */

static void run(Input *input, unsigned round)
{
    /* An exact copy, so that a sanitizer sees reads past the end. */
    g_autofree uint8_t *copy = g_malloc(input->bytes->len);

    if (input->bytes->len > 0) {
        memcpy(copy, input->bytes->data, input->bytes->len);
    }
    tw_harness_input_name(input->path);
    LLVMFuzzerTestOneInput(copy, input->bytes->len);
    g_autofree char *result = tw_harness_result();
    if (input->result == NULL) {
        input->result = g_steal_pointer(&result);
    } else if (strcmp(input->result, result) != 0) {
        fprintf(stderr, "%s: run %u gave another result\n%s\n%s", input->path,
                round + 1, input->result, result);
        abort();
    }
}

/*
 * Bytes that each run may leave behind, on average: what the library under test
 * is known to leak.  0 unless TWINWALK_LEAK is in the environment.
 */
static uint64_t leak_of_a_run(void)
{
    const char *text = g_getenv("TWINWALK_LEAK");
    guint64 bytes = 0;

    if (text != NULL &&
        !g_ascii_string_to_unsigned(text, 10, 0, UINT32_MAX, &bytes, NULL)) {
        fprintf(stderr,
                "TWINWALK_LEAK: expected bytes per run, a number, not "
                "\"%s\"\n",
                text);
        exit(2);
    }
    return bytes;
}

static void run_all(GPtrArray *inputs, gint64 seconds)
{
    gint64 end = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
    History heaps = {.width = 1}, residents = {.width = 1};
    uint64_t leak = leak_of_a_run() * inputs->len;
    unsigned round = 0;

    for (; round < ROUNDS || g_get_monotonic_time() < end; round++) {
        uint64_t least = UINT64_MAX;

        for (unsigned i = 0; i < inputs->len; i++) {
            run(inputs->pdata[i], round);
            least = MIN(least, heap());
        }
        history_add(&heaps, least);
        history_add(&residents, resident());
    }
    for (unsigned i = 0; i < inputs->len; i++) {
        const Input *input = inputs->pdata[i];
        printf("%s: %u bytes, %u times\n", input->path, input->bytes->len,
               round);
    }
    printf("runs: %" G_GUINT64_FORMAT "\n", (guint64)round * inputs->len);
    check_growth("heap", &heaps, HEAP_SLACK + leak * round);
    check_growth("resident memory", &residents, RESIDENT_SLACK + leak * round);
}

int main(int argc, char **argv)
{
    g_autoptr(GPtrArray) inputs = g_ptr_array_new_with_free_func(input_free);
    guint64 seconds = 0;
    int first = 1;

    if (argc > 2 && strcmp(argv[1], "--time") == 0) {
        if (!g_ascii_string_to_unsigned(argv[2], 10, 0, 1000000, &seconds,
                                        NULL)) {
            fprintf(stderr, "%s: --time: expected seconds, not \"%s\"\n",
                    argv[0], argv[2]);
            return 2;
        }
        first = 3;
    }
    if (argc <= first) {
        fprintf(stderr,
                "usage: %s [--time SECONDS] FILE|FOLDER... "
                "(-: standard input)\n",
                argv[0]);
        return 2;
    }
    for (int i = first; i < argc; i++) {
        g_autoptr(GError) error = NULL;
        bool folder = g_file_test(argv[i], G_FILE_TEST_IS_DIR);

        if (!(folder ? add_folder : add_file)(inputs, argv[i], &error)) {
            fprintf(stderr, "%s: %s\n", argv[0], error->message);
            return 2;
        }
    }
    run_all(inputs, (gint64)seconds);
    return 0;
}
