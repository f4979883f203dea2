/* SPDX-License-Identifier: MIT */
/*
 * Writes the seed corpus of a harness: the cases of a folder that its dialect
 * admits, and random programs of its question; the same from the same cases.
 *
 *     make-seeds HARNESS CASES FOLDER LIST DEPFILE
 *
 * FOLDER is made, and emptied first; LIST gets the names of the seeds, and
 * DEPFILE, for ninja, what LIST depends on.
 */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "fuzz/generate/generate.h"
#include "fuzz/harness/judge-input.h"
#include "program/bytes/bytes.h"
#include "program/text/text.h"

enum {
    GENERATED = 64,
    MOST_OPERATIONS = 64, /* of those; engines make them longer */
    MOST_BYTES = 2048,    /* as .options has it */
};

typedef struct Seeds {
    const TwHarnessInfo *harness;
    TwKnown *known;
    TwInputJudge *judge;
    const char *folder;
    GString *list, *sources;
    TwProgram program;
    uint8_t bytes[TW_BYTES_MAX];
} Seeds;

static void __attribute__((noreturn)) fail(GError *error)
{
    fprintf(stderr, "make-seeds: %s\n", error->message);
    exit(1);
}

static void put(Seeds *s, const char *name, const void *data, size_t size)
{
    g_autofree char *path = g_build_filename(s->folder, name, NULL);
    GError *error = NULL;

    if (!g_file_set_contents(path, data, (gssize)size, &error)) {
        fail(error);
    }
    g_string_append_printf(s->list, "%s\n", name);
}

/* Writes s->program in the form that the harness takes; not if the harness does
 * not take it, or if it is too long. */
static void put_program(Seeds *s, const char *name)
{
    const TwDialect *dialect = tw_input_judge_dialect(s->judge);

    if (dialect == NULL) {
        g_autoptr(GString) text = g_string_new(NULL);
        tw_program_print(&s->program, NULL, text);
        put(s, name, text->str, text->len);
        return;
    }
    if (!tw_dialect_admits(dialect, &s->program, NULL, 0)) {
        return;
    }
    size_t size =
        tw_program_encode(&s->program, s->bytes, sizeof(s->bytes), dialect);
    if (size > 0 && size <= MOST_BYTES) {
        put(s, name, s->bytes, size);
    }
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names in a folder, sorted. */
static GPtrArray *names_in(const char *folder)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    GError *error = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);

    if (dir == NULL) {
        fail(error);
    }
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        g_ptr_array_add(names, g_strdup(name));
    }
    g_ptr_array_sort(names, compare_names);
    return names;
}

/* The cases of a folder; `prefix` names it in the seeds' names. */
static void put_cases(Seeds *s, const char *folder, const char *prefix)
{
    g_autoptr(GPtrArray) names = names_in(folder);

    g_string_append_printf(s->sources, " %s", folder);
    for (unsigned i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
        g_autofree char *name =
            g_strdup_printf("%s%s", prefix, (char *)names->pdata[i]);
        GError *error = NULL;

        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            g_autofree char *below = g_strconcat(name, "-", NULL);
            put_cases(s, path, below);
        } else if (g_str_has_suffix(name, ".tw")) {
            if (!tw_program_load(&s->program, path, TW_TEXT_STRICT, NULL,
                                 &error)) {
                fail(error);
            }
            put_program(s, name);
            g_string_append_printf(s->sources, " %s", path);
        }
    }
}

static void put_generated(Seeds *s)
{
    uint32_t profiles = tw_question_info(s->harness->question)->profiles;
    const TwDialect *own = tw_input_judge_dialect(s->judge);
    TwDialect dialect = own ? *own : tw_dialect_full();
    unsigned n = 0;

    dialect.max_script = MIN(dialect.max_script, MOST_OPERATIONS);

    for (unsigned i = 0; n < GENERATED; i++) {
        g_autofree char *name = g_strdup_printf("generated-%02u", n);
        TwRng rng = tw_rng_for(1, i);
        unsigned profile = i % TW_MIXTURES;

        if (!(profiles >> profile & 1)) {
            continue;
        }
        tw_generate(&s->program, (TwProfile)profile, &dialect, &rng);
        tw_known_avoid_all(s->known, &s->program);
        put_program(s, name);
        n++;
    }
}

static void make_empty(const char *folder)
{
    if (g_mkdir_with_parents(folder, 0777) != 0) {
        perror(folder);
        exit(1);
    }
    g_autoptr(GPtrArray) names = names_in(folder);
    for (unsigned i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
        g_remove(path);
    }
}

static void save(const char *path, const GString *text)
{
    GError *error = NULL;

    if (!g_file_set_contents(path, text->str, (gssize)text->len, &error)) {
        fail(error);
    }
}

int main(int argc, char **argv)
{
    const TwHarnessInfo *harness = argc == 6 ? tw_harness_find(argv[1]) : NULL;
    g_autofree Seeds *s = NULL;
    GError *error = NULL;

    if (harness == NULL) {
        fprintf(stderr, "usage: %s HARNESS CASES FOLDER LIST DEPFILE\n",
                argv[0]);
        return 2;
    }
    s = g_new0(Seeds, 1);
    s->harness = harness;
    s->folder = argv[3];
    s->list = g_string_new(NULL);
    s->sources = g_string_new(argv[4]);
    s->known = tw_known_new_builtin();
    s->judge = tw_input_judge_new(harness, tw_harness_model(harness), s->known,
                                  NULL, &error);
    if (s->judge == NULL) {
        fail(error);
    }
    make_empty(s->folder);
    g_string_append_c(s->sources, ':');
    put_cases(s, argv[2], "");
    put_generated(s);
    g_string_append_c(s->sources, '\n');
    save(argv[5], s->sources);
    save(argv[4], s->list);
    tw_input_judge_free(s->judge);
    tw_known_free(s->known);
    g_string_free(s->list, TRUE);
    g_string_free(s->sources, TRUE);
    return 0;
}
