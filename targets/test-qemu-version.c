/* SPDX-License-Identifier: MIT */
/* Tests of qemu-version.c.  The QEMU is this program, which counts how often it
 * is asked for its version. */
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "targets/qemu-version.h"
#include "targets/target.h"

static char *folder, *asked, *self;

static int say_version(void)
{
    FILE *count = fopen(g_getenv("TW_TEST_ASKED"), "a");

    g_assert_nonnull(count);
    fputc('.', count);
    fclose(count);
    printf("QEMU emulator version %s (of a test)\n",
           g_getenv("TW_TEST_VERSION"));
    return 0;
}

/* How often it was asked. */
static long times(void)
{
    struct stat file;

    return stat(asked, &file) == 0 ? (long)file.st_size : 0;
}

static void expect(const char *binary, const char *expected)
{
    g_autoptr(GError) error = NULL;
    char version[64];

    tw_qemu_version_of(binary, "test", version, sizeof(version), &error);
    g_assert_no_error(error);
    g_assert_cmpstr(version, ==, expected);
}

/* The file is not the one that it was: its ctime is another. */
static void change(const char *file)
{
    struct stat before, now;

    g_assert_cmpint(stat(file, &before), ==, 0);
    do {
        g_assert_cmpint(chmod(file, before.st_mode), ==, 0);
        g_assert_cmpint(stat(file, &now), ==, 0);
    } while (now.st_ctim.tv_sec == before.st_ctim.tv_sec &&
             now.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
}

static void test_once(void)
{
    long before = times();

    expect(self, "1.2.3");
    expect(self, "1.2.3");
    g_assert_cmpint(times() - before, ==, 1);
}

static void test_another(void)
{
    char why[160] = "";

    g_setenv("TW_TEST_VERSION", "1.2.3", true);
    change(self);
    expect(self, "1.2.3");
    g_assert_true(tw_qemu_is_still(self, "test", "1.2.3", why, sizeof(why)));
    g_setenv("TW_TEST_VERSION", "4.5.6", true);
    g_assert_true(tw_qemu_is_still(self, "test", "1.2.3", why, sizeof(why)));
    change(self);
    g_assert_false(tw_qemu_is_still(self, "test", "1.2.3", why, sizeof(why)));
    g_assert_cmpstr(why, ==, "expected QEMU 1.2.3, as at the start, not 4.5.6");
    g_assert_cmpint(g_unlink(asked), ==, 0);
    expect(self, "4.5.6");
    g_assert_cmpint(times(), ==, 0);
    g_setenv("TW_TEST_VERSION", "1.2.3", true);
    change(self);
}

/* A script is asked each time: what it runs may be another program. */
static void test_script(void)
{
    g_autofree char *script = g_build_filename(folder, "qemu", NULL);
    g_autofree char *quoted = g_shell_quote(self);
    g_autofree char *text =
        g_strdup_printf("#!/bin/sh\nexec %s \"$@\"\n", quoted);
    long before = times();

    g_assert_true(g_file_set_contents(script, text, -1, NULL));
    g_assert_cmpint(g_chmod(script, 0755), ==, 0);
    expect(script, "1.2.3");
    expect(script, "1.2.3");
    g_assert_cmpint(times() - before, ==, 2);
    g_unlink(script);
}

static void test_none(void)
{
    g_autofree char *none = g_build_filename(folder, "none", NULL);
    g_autoptr(GError) error = NULL;
    char version[64];

    g_assert_false(
        tw_qemu_version_of(none, "test", version, sizeof(version), &error));
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT);
}

/* What one process asked, its brothers know. */
static void test_shared(void)
{
    long before;
    int status = 1;
    pid_t pid;

    tw_targets_share();
    tw_targets_share();
    change(self);
    before = times();
    pid = fork();
    if (pid == 0) {
        char version[64];
        bool got =
            tw_qemu_version_of(self, "test", version, sizeof(version), NULL);

        _exit(got && strcmp(version, "1.2.3") == 0 ? 0 : 1);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
    expect(self, "1.2.3");
    g_assert_cmpint(times() - before, ==, 1);
}

/* More files than there is room for: all are answered. */
static void test_many(void)
{
    for (unsigned i = 0; i < 40; i++) {
        g_autofree char *name = g_strdup_printf("%s/link-%u", folder, i);

        g_assert_cmpint(symlink(self, name), ==, 0);
        expect(name, "1.2.3");
        expect(name, "1.2.3");
        g_unlink(name);
    }
}

int main(int argc, char **argv)
{
    int result;

    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        return say_version();
    }
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("twinwalk-version-XXXXXX", NULL);
    asked = g_build_filename(folder, "asked", NULL);
    self = g_file_read_link("/proc/self/exe", NULL);
    g_assert_true(folder && self);
    g_setenv("TW_TEST_ASKED", asked, true);
    g_setenv("TW_TEST_VERSION", "1.2.3", true);
    g_test_add_func("/qemu-version/once", test_once);
    g_test_add_func("/qemu-version/another", test_another);
    g_test_add_func("/qemu-version/script", test_script);
    g_test_add_func("/qemu-version/none", test_none);
    g_test_add_func("/qemu-version/shared", test_shared);
    g_test_add_func("/qemu-version/many", test_many);
    result = g_test_run();
    g_unlink(asked);
    g_rmdir(folder);
    g_free(asked);
    g_free(self);
    g_free(folder);
    return result;
}
