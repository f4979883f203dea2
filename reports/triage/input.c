/* SPDX-License-Identifier: MIT */
/*
 * The input of triage: cases that `run` saved, and files that libFuzzer, AFL++
 * and ClusterFuzz saved.  None of it is trusted.  A file that is not a case is
 * reported and skipped, so that one bad file does not cost the others.
 */
#include <string.h>

#include "fuzz/harness/judge-input.h"
#include "program/text/text.h"
#include "reports/triage/triage.h"

static void case_free(void *data)
{
    TwTriageCase *one = data;

    g_free(one->path);
    g_free(one->label);
    g_string_free(one->data, TRUE);
    g_free(one);
}

static void key_free(void *data)
{
    TwTriageKey *key = data;

    g_free(key->data);
    g_free(key->key);
    g_free(key->sign);
    g_free(key->cause);
    g_free(key->other);
    g_free(key);
}

GPtrArray *tw_triage_new_keys(void)
{
    return g_ptr_array_new_with_free_func(key_free);
}

static void retest_free(void *data)
{
    TwTriageRetest *retest = data;

    g_free(retest->form);
    g_free(retest->data);
    g_free(retest->key);
    g_free(retest->cause);
    g_free(retest->words);
    g_free(retest);
}

void tw_triage_init(TwTriage *t)
{
    t->cases = g_ptr_array_new_with_free_func(case_free);
    t->keys = tw_triage_new_keys();
    t->retests = g_ptr_array_new_with_free_func(retest_free);
    t->damaged = tw_damaged_new();
    t->options = g_ptr_array_new_with_free_func(g_free);
}

void tw_triage_clear(TwTriage *t)
{
    g_ptr_array_unref(t->cases);
    g_ptr_array_unref(t->keys);
    g_ptr_array_unref(t->retests);
    g_ptr_array_unref(t->damaged);
    g_ptr_array_unref(t->options);
    g_clear_pointer(&t->store, tw_store_free);
    g_clear_error(&t->error);
    g_free(t->label);
    g_free(t->words);
}

TwTriageCase *tw_triage_add_program(TwTriage *t, const char *name,
                                    const TwTargetOptions *options,
                                    const TwProgram *program)
{
    TwTriageCase *one = g_new0(TwTriageCase, 1);

    one->path = g_strdup(name);
    one->options = *options;
    one->data = g_string_new(NULL);
    one->known = -1;
    /* Without its comments: they may be wrong. */
    tw_program_print(program, NULL, one->data);
    g_ptr_array_add(t->cases, one);
    return one;
}

static void add_bytes(TwTriage *t, const char *path, const TwHarnessInfo *h,
                      const TwTargetOptions *options, const GByteArray *bytes)
{
    TwTriageCase *one = g_new0(TwTriageCase, 1);

    one->path = g_strdup(path);
    one->harness = h;
    one->options = *options;
    one->data = g_string_new_len((const char *)bytes->data, bytes->len);
    one->known = -1;
    g_ptr_array_add(t->cases, one);
}

static void pass_over(TwTriage *t, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void pass_over(TwTriage *t, const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list ap;

    va_start(ap, format);
    message = g_strdup_vprintf(format, ap);
    va_end(ap);
    if (t->warn) {
        t->warn(message, t->data);
    }
    t->unreadable++;
}

static bool pass_over_error(TwTriage *t, GError *error)
{
    pass_over(t, "%s; passed over", error->message);
    g_error_free(error);
    return true;
}

/* Bytes of a harness that runs programs become text, and so can be shrunk. */
static bool add_input(TwTriage *t, const char *path, const TwHarnessInfo *h,
                      GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    TwTargetOptions options = t->target;
    GError *unread = NULL;
    TwInputJudge *judge;

    options.check |= tw_question_info(h->question)->check;
    if (!tw_file_read(path, bytes, &unread)) {
        return pass_over_error(t, unread);
    }
    if (h->kind != TW_HARNESS_RUN) {
        add_bytes(t, path, h, &options, bytes);
        return true;
    }
    judge = tw_input_judge_new(h, options.name, NULL, NULL, error);
    if (!judge) {
        return false;
    }
    tw_triage_add_program(
        t, path, &options,
        tw_input_judge_program(judge, bytes->data, bytes->len));
    tw_input_judge_free(judge);
    return true;
}

/* ClusterFuzz's folders may hold inputs of harnesses of other targets. */
static bool of_this_target(TwTriage *t, const char *path,
                           const TwHarnessInfo *h)
{
    size_t length = strlen(h->target);
    const char *name = t->target.name;

    if (length == 0 || g_str_has_prefix(name, "zoo:") ||
        (strncmp(name, h->target, length) == 0 &&
         (name[length] == '\0' || name[length] == ':'))) {
        return true;
    }
    pass_over(t, "%s: expected an input of %s, not of %s; passed over", path,
              name, h->target);
    return false;
}

static bool add_file(TwTriage *t, const char *path, const char *harness,
                     GError **error)
{
    const TwHarnessInfo *h = NULL;
    g_autofree TwProgram *program = NULL;
    g_autoptr(TwComments) comments = NULL;
    TwTriageCase *one;
    GError *unread = NULL;

    if (harness) {
        h = strcmp(harness, "auto") == 0 ? tw_harness_of_file(path)
                                         : tw_harness_find(harness);
        if (!h) {
            pass_over(t,
                      "%s: expected a name clusterfuzz-testcase-..."
                      "HARNESS-NUMBER; passed over",
                      path);
            return true;
        }
        if (!of_this_target(t, path, h)) {
            return true;
        }
        return add_input(t, path, h, error);
    }
    program = g_new(TwProgram, 1);
    comments = tw_comments_new();
    if (!tw_program_load(program, path, TW_TEXT_STRICT, comments, &unread)) {
        return pass_over_error(t, unread);
    }
    one = tw_triage_add_program(t, path, &t->target, program);
    one->label = tw_comments_note(comments, TW_TRIAGE_LABEL, 0);
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Files beside inputs that are no inputs. */
static bool is_none(const char *name)
{
    return name[0] == '.' || strcmp(name, "README.txt") == 0;
}

/* All files below a folder, where links to folders are not followed from. */
static bool collect(const char *folder, const char *suffix, GPtrArray *files,
                    GError **error)
{
    GDir *dir = g_dir_open(folder, 0, error);
    const char *name;
    bool ok = true;

    if (!dir) {
        return false;
    }
    while (ok && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            ok = g_file_test(path, G_FILE_TEST_IS_SYMLINK) ||
                 collect(path, suffix, files, error);
        } else if (!is_none(name) && g_str_has_suffix(name, suffix)) {
            g_ptr_array_add(files, g_steal_pointer(&path));
        }
    }
    g_dir_close(dir);
    return ok;
}

/* The folders of AFL++ with inputs that crash or hang: of one instance, or of
 * each of several. */
static void afl_folders(const char *folder, bool instances, GPtrArray *found)
{
    static const char *const names[] = {"crashes", "hangs"};
    GDir *dir = g_dir_open(folder, 0, NULL);
    const char *name;

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        char *path = g_build_filename(folder, names[i], NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            g_ptr_array_add(found, path);
        } else {
            g_free(path);
        }
    }
    while (dir && instances && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            afl_folders(path, false, found);
        }
    }
    if (dir) {
        g_dir_close(dir);
    }
}

bool tw_triage_add(TwTriage *t, const char *path, const char *harness,
                   GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) afl = g_ptr_array_new_with_free_func(g_free);
    bool ok = true;

    if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
        return add_file(t, path, harness, error);
    }
    if (harness) {
        afl_folders(path, true, afl);
    }
    for (unsigned i = 0; i < afl->len && ok; i++) {
        ok = collect(g_ptr_array_index(afl, i), "", files, error);
    }
    ok = ok &&
         (afl->len > 0 || collect(path, harness ? "" : ".tw", files, error));
    g_ptr_array_sort(files, by_name);
    for (unsigned i = 0; i < files->len && ok; i++) {
        ok = add_file(t, g_ptr_array_index(files, i), harness, error);
    }
    return ok;
}
