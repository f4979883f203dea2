/* SPDX-License-Identifier: MIT */
/* The cases of a check: files, and what their comments note. */
#include <string.h>

#include "program/text/text.h"
#include "reports/check/check.h"

static void case_free(void *data)
{
    TwCheckCase *one = data;

    g_free(one->path);
    g_free(one->program);
    g_free(one->verdict);
    g_free(one->key);
    g_free(one);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static TwCheckCase *add_case(TwCheckJob *check, const char *path)
{
    TwCheckCase *one = g_new0(TwCheckCase, 1);

    one->path = g_strdup(path);
    g_ptr_array_add(check->cases, one);
    return one;
}

void tw_check_add_program(TwCheckJob *check, const char *name,
                          const TwProgram *program)
{
    TwCheckCase *one = add_case(check, name);

    one->program = g_new(TwProgram, 1);
    tw_program_copy(one->program, program);
}

/* All *.tw below a folder, which links to folders are not followed from. */
static bool collect(const char *folder, GPtrArray *paths, GError **error)
{
    GDir *dir = g_dir_open(folder, 0, error);
    const char *name;
    bool ok = dir != NULL;

    if (!ok) {
        return false;
    }
    while (ok && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            ok = g_file_test(path, G_FILE_TEST_IS_SYMLINK) ||
                 collect(path, paths, error);
        } else if (g_str_has_suffix(name, ".tw")) {
            g_ptr_array_add(paths, g_steal_pointer(&path));
        }
    }
    g_dir_close(dir);
    return ok;
}

void tw_check_init(TwCheckJob *check)
{
    check->cases = g_ptr_array_new_with_free_func(case_free);
}

void tw_check_clear(TwCheckJob *check)
{
    g_ptr_array_unref(check->cases);
    for (unsigned t = 0; t < 2; t++) {
        g_free(check->versions[t]);
    }
}

bool tw_check_add(TwCheckJob *check, const char *path, GError **error)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);

    if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
        add_case(check, path);
        return true;
    }
    if (!collect(path, paths, error)) {
        return false;
    }
    if (paths->len == 0) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "%s: expected cases (*.tw) in it", path);
        return false;
    }
    g_ptr_array_sort(paths, by_path);
    for (unsigned i = 0; i < paths->len; i++) {
        add_case(check, g_ptr_array_index(paths, i));
    }
    return true;
}

/* What is noted of a case, for this version of the target. */
static void read_notes(const TwCheckJob *check, TwCheckCase *one,
                       const TwComments *comments)
{
    char *version;

    one->verdict = tw_comments_note(comments, "verdict", 0);
    one->key = tw_comments_note(comments, "key", 0);
    if (one->verdict && one->key) {
        for (unsigned v = TW_VERDICT_CRASH; v < TW_VERDICTS; v++) {
            one->expects |= tw_verdict_is_finding(v) &&
                            strcmp(tw_verdict_name(v), one->verdict) == 0;
        }
    }
    for (unsigned i = 0;
         (version = tw_comments_note(comments, "agrees with", i)); i++) {
        one->expects &= strcmp(version, check->versions[0]) != 0;
        g_free(version);
    }
}

bool tw_check_read(TwCheckJob *check, GError **error)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);

    for (unsigned i = 0; i < check->cases->len; i++) {
        TwCheckCase *one = g_ptr_array_index(check->cases, i);
        g_autoptr(TwComments) comments = tw_comments_new();

        if (one->program) {
            continue;
        }
        if (strcmp(one->path, "-") == 0) {
            g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                        "check: expected files or folders, not standard "
                        "input");
            return false;
        }
        if (!tw_program_load(program, one->path, TW_TEXT_STRICT, comments,
                             error)) {
            return false;
        }
        read_notes(check, one, comments);
    }
    return true;
}
