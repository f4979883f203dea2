/* SPDX-License-Identifier: MIT */
/* The text form in files: long and odd ones, FIFOs, and those of the corpus. */
#include "program/test-program.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static TwProgram p;

#define HEAD "twinwalk 1\n"

static char *print(const TwProgram *program, const TwComments *comments)
{
    GString *text = g_string_new(NULL);
    tw_program_print(program, comments, text);
    return g_string_free(text, FALSE);
}

static void test_long_lines(void)
{
    g_autofree char *spaces = g_strnfill(4086, ' ');
    g_autofree char *fits = g_strconcat("twinwalk 1", spaces, "\n", NULL);
    g_autofree char *long_line = g_strconcat("twinwalk 1", spaces, " \n", NULL);
    g_autoptr(GError) error = NULL;
    test_parse(&p, fits);
    g_assert_false(tw_program_parse(&p, long_line, strlen(long_line), "m",
                                    TW_TEXT_STRICT, NULL, NULL, &error));
    g_assert_cmpstr(error->message, ==,
                    "m:1:4097: expected a line of at most 4096 bytes");
}

static void test_nul(void)
{
    static const char text[] = "twinwalk 1\nscript\nnop\0nop\n";
    g_autoptr(GError) error = NULL;
    g_assert_false(tw_program_parse(&p, text, sizeof text - 1, "m",
                                    TW_TEXT_STRICT, NULL, NULL, &error));
    g_assert_cmpstr(error->message, ==, "m:3:4: expected text");
}

/* As large as a text may be, and of the worst kind, in no time. */
static void test_large(void)
{
    static const char *const lines[] = {"#\n", "x\n", "read c0.0 0 1\n",
                                        "during c0: "};
    g_autofree char *text = g_malloc(TW_TEXT_MAX + 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        size_t length = strlen(lines[i]), at = 0;
        const char *head = HEAD "script\n";
        memcpy(text, head, strlen(head));
        for (at = strlen(head); at < TW_TEXT_MAX; at++) {
            text[at] = lines[i][at % length];
        }
        g_autoptr(TwComments) comments = tw_comments_new();
        gint64 start = g_get_monotonic_time();
        g_assert_true(tw_program_parse(&p, text, TW_TEXT_MAX, "m",
                                       TW_TEXT_LENIENT, comments, NULL, NULL));
        g_assert_cmpint(g_get_monotonic_time() - start, <, 20000000);
        g_assert_true(tw_program_check(&p, NULL, 0));
    }
    g_autoptr(GError) error = NULL;
    g_assert_false(tw_program_parse(&p, text, TW_TEXT_MAX + 1, "m",
                                    TW_TEXT_LENIENT, NULL, NULL, &error));
    g_assert_error(error, TW_TEXT_ERROR, TW_TEXT_ERROR_TOO_LARGE);
    g_assert_cmpstr(error->message, ==, "m: expected at most 4194304 bytes");
}

/* Files -------------------------------------------------------------------- */

static const char small[] = HEAD "region r0 ram size 0x1000 root s0\n"
                                 "script\n"
                                 "  dma-read s0 0x0 1 none\n";

static void test_files(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_dir_make_tmp("twinwalk-text-XXXXXX", &error);
    g_assert_no_error(error);
    g_autofree char *path = g_build_filename(dir, "case.tw", NULL);
    g_autofree char *fifo = g_build_filename(dir, "fifo", NULL);
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    g_assert_true(g_file_set_contents(path, small, -1, NULL));
    g_assert_true(tw_program_load(&p, path, TW_TEXT_STRICT, NULL, &error));
    g_autofree char *text = print(&p, NULL);
    g_assert_cmpstr(text, ==, small);

    /* Too large by one byte, and as large as may be. */
    g_assert_cmpint(truncate(path, TW_TEXT_MAX), ==, 0);
    g_assert_true(tw_file_read(path, bytes, &error));
    g_assert_cmpuint(bytes->len, ==, TW_TEXT_MAX);
    g_assert_cmpint(truncate(path, TW_TEXT_MAX + 1), ==, 0);
    g_assert_false(tw_file_read(path, bytes, &error));
    g_assert_error(error, TW_TEXT_ERROR, TW_TEXT_ERROR_TOO_LARGE);
    g_autofree char *large =
        g_strconcat(path, ": expected at most 4194304 bytes", NULL);
    g_assert_cmpstr(error->message, ==, large);
    g_assert_cmpuint(bytes->len, ==, 0);
    g_clear_error(&error);
    g_assert_cmpint(truncate(path, 100 << 20), ==, 0);
    g_assert_false(tw_file_read(path, bytes, &error));
    g_assert_error(error, TW_TEXT_ERROR, TW_TEXT_ERROR_TOO_LARGE);
    g_clear_error(&error);

    /* Endless, and never begun. */
    g_assert_false(tw_file_read("/dev/zero", bytes, &error));
    g_assert_error(error, TW_TEXT_ERROR, TW_TEXT_ERROR_TOO_LARGE);
    g_clear_error(&error);
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    g_assert_true(tw_file_read(fifo, bytes, &error));
    g_assert_cmpuint(bytes->len, ==, 0);

    /* No file. */
    g_assert_false(tw_file_read(dir, bytes, &error));
    g_assert_error(error, TW_TEXT_ERROR, TW_TEXT_ERROR_IO);
    g_assert_true(g_str_has_suffix(error->message, ": Is a directory"));
    g_clear_error(&error);
    g_unlink(path);
    g_assert_false(tw_program_load(&p, path, TW_TEXT_STRICT, NULL, &error));
    g_assert_error(error, TW_TEXT_ERROR, TW_TEXT_ERROR_IO);
    g_assert_true(
        g_str_has_suffix(error->message, ": No such file or directory"));
    g_unlink(fifo);
    g_rmdir(dir);
}

/* A FIFO that goes on and on is refused when it is too much. */
static void test_fifo(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    int ends[2];
    g_assert_cmpint(pipe(ends), ==, 0);
    pid_t child = fork();
    if (child == 0) {
        char block[4096];
        memset(block, 'x', sizeof block);
        close(ends[0]);
        while (write(ends[1], block, sizeof block) > 0) {
        }
        _exit(0);
    }
    close(ends[1]);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", ends[0]);
    g_assert_false(tw_file_read(path, bytes, &error));
    g_assert_error(error, TW_TEXT_ERROR, TW_TEXT_ERROR_TOO_LARGE);
    close(ends[0]);
    g_assert_cmpint(waitpid(child, NULL, 0), ==, child);
}

/* The example of the manual ------------------------------------------------ */

/* The file, and the same text in LANGUAGE.md, are canonical. */
static void test_example(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = g_test_build_filename(
        G_TEST_DIST, "corpus", "examples", "nested-stale.tw", NULL);
    g_autofree char *manual =
        g_test_build_filename(G_TEST_DIST, "program", "LANGUAGE.md", NULL);
    g_autofree char *text = NULL, *page = NULL;
    g_autoptr(TwComments) comments = tw_comments_new();
    g_file_get_contents(file, &text, NULL, &error);
    g_assert_no_error(error);
    g_file_get_contents(manual, &page, NULL, &error);
    g_assert_no_error(error);
    tw_program_parse(&p, text, strlen(text), file, TW_TEXT_STRICT, comments,
                     NULL, &error);
    g_assert_no_error(error);
    g_autofree char *printed = print(&p, comments);
    g_assert_cmpstr(printed, ==, text);
    g_autofree char *fenced = g_strconcat("```\n", text, "```\n", NULL);
    if (!strstr(page, fenced)) {
        g_error("LANGUAGE.md does not hold corpus/examples/nested-stale.tw");
    }
}

/* All of the script is legal. */
static void test_example_is_legal(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = g_test_build_filename(
        G_TEST_DIST, "corpus", "examples", "nested-stale.tw", NULL);
    TwLegality l;
    g_assert_true(tw_program_load(&p, file, TW_TEXT_STRICT, NULL, &error));
    tw_legality_init(&l, &p);
    for (unsigned i = 0; i < p.n_script; i++) {
        g_assert_cmpint(tw_legality_step(&l, &p.script[i]), ==, TW_LEGAL);
    }
}

/* Notes are read from the top of a text, and from what was added there. */
static void test_notes(void)
{
    static const char text[] = "# key: StaX\n"
                               "#agrees with: 1.0 \n"
                               "# monkey: no\n"
                               "#   key: second\n"
                               "twinwalk 1 # key: behind\n"
                               "script # key: below\n";
    g_autoptr(TwComments) comments = tw_comments_new();
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autoptr(GError) error = NULL;
    g_autofree char *key = NULL, *second = NULL, *agrees = NULL;
    g_autofree char *added = NULL;

    tw_program_parse(program, text, strlen(text), "test", TW_TEXT_STRICT,
                     comments, NULL, &error);
    g_assert_no_error(error);
    key = tw_comments_note(comments, "key", 0);
    second = tw_comments_note(comments, "key", 1);
    agrees = tw_comments_note(comments, "agrees with", 0);
    g_assert_cmpstr(key, ==, "StaX");
    g_assert_cmpstr(second, ==, "second");
    g_assert_cmpstr(agrees, ==, "1.0");
    g_assert_null(tw_comments_note(comments, "key", 2));
    g_assert_null(tw_comments_note(comments, "verdict", 0));
    g_assert_null(tw_comments_note(comments, "agrees", 0));
    tw_comments_add_top(comments, "verdict: stale");
    added = tw_comments_note(comments, "verdict", 0);
    g_assert_cmpstr(added, ==, "stale");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/text/long-lines", test_long_lines);
    g_test_add_func("/text/nul", test_nul);
    g_test_add_func("/text/large", test_large);
    g_test_add_func("/text/files", test_files);
    g_test_add_func("/text/fifo", test_fifo);
    g_test_add_func("/text/notes", test_notes);
    g_test_add_func("/text/example", test_example);
    g_test_add_func("/text/example-is-legal", test_example_is_legal);
    return g_test_run();
}
