/* SPDX-License-Identifier: MIT */
/* Files that are read and written; see file.h. */
#define _GNU_SOURCE
#include "cli/common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/common/exit.h"
#include "program/bytes/bytes.h"
#include "targets/target.h"

bool tw_cli_load(TwProgram *program, const char *path, const TwDialect *bytes,
                 GError **error)
{
    g_autoptr(GByteArray) data = NULL;

    if (!bytes) {
        return tw_program_load(program, path, TW_TEXT_STRICT, NULL, error);
    }
    data = g_byte_array_new();
    if (!tw_file_read(path, data, error)) {
        return false;
    }
    tw_program_decode(program, data->data, data->len, bytes);
    return true;
}

/* A full or failing disk is a problem of the environment. */
static bool file_error(GError **error, const char *path)
{
    bool disk =
        errno == ENOSPC || errno == EDQUOT || errno == EIO || errno == EFBIG;

    g_set_error(error, disk ? TW_TARGET_ERROR : TW_TEXT_ERROR,
                disk ? (int)TW_TARGET_ERROR_ENVIRONMENT : (int)TW_TEXT_ERROR_IO,
                "%s: expected to write: %s", path, g_strerror(errno));
    return false;
}

/* A file without a name in the folder of `path`: it disappears with its
 * process. */
static int open_unnamed(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);

    return open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
}

/* Gives the file its name.  A kill can leave a temporary name only between two
 * calls, and only if a file of the final name existed before. */
static bool give_name(int fd, const char *path)
{
    g_autofree char *self = g_strdup_printf("/proc/self/fd/%d", fd);
    g_autofree char *other = g_strdup_printf("%s.%d", path, (int)getpid());

    if (linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0) {
        return true;
    }
    if (errno != EEXIST) {
        return false;
    }
    unlink(other);
    if (linkat(AT_FDCWD, self, AT_FDCWD, other, AT_SYMLINK_FOLLOW) == 0 &&
        rename(other, path) == 0) {
        return true;
    }
    int saved = errno;
    unlink(other);
    errno = saved;
    return false;
}

static bool write_all(int fd, const char *data, size_t length)
{
    bool ok = true;

    for (size_t done = 0; done < length && ok;) {
        ssize_t n = write(fd, data + done, length - done);

        ok = n >= 0 || errno == EINTR;
        done += n > 0 ? (size_t)n : 0;
    }
    return ok;
}

/* Devices, pipes: what has a meaning of its own is not replaced. */
static bool write_in_place(const char *path, const char *data, size_t length)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    bool ok = fd >= 0 && write_all(fd, data, length);
    int saved = errno;

    if (fd >= 0 && close(fd) != 0 && ok) {
        return false;
    }
    errno = saved;
    return ok;
}

/* Owner and mode: those of the file that is replaced, or of a new one. */
static bool own_as(int fd, const struct stat *old)
{
    mode_t mask;

    if (old) {
        bool ours = old->st_uid == geteuid() && old->st_gid == getegid();

        return (ours || fchown(fd, old->st_uid, old->st_gid) == 0) &&
               fchmod(fd, old->st_mode & 07777) == 0;
    }
    mask = umask(0);
    umask(mask);
    return fchmod(fd, 0666 & ~mask) == 0;
}

static bool write_file(const char *path, const struct stat *old,
                       const char *data, size_t length)
{
    int fd = open_unnamed(path), saved;
    bool ok = fd >= 0 && write_all(fd, data, length) && own_as(fd, old) &&
              give_name(fd, path);

    saved = errno;
    if (fd >= 0) {
        close(fd);
    }
    errno = saved;
    return ok;
}

bool tw_cli_write(const char *path, const char *data, size_t length,
                  GError **error)
{
    g_autofree char *real = NULL;
    struct stat old;
    bool there, ok;

    if (strcmp(path, "-") == 0) {
        if (fwrite(data, 1, length, stdout) != length || fflush(stdout) != 0) {
            g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                        "standard output: expected to write: %s",
                        g_strerror(errno));
            return false;
        }
        return true;
    }
    there = stat(path, &old) == 0;
    if (there && S_ISDIR(old.st_mode)) {
        errno = EISDIR;
        return file_error(error, path);
    }
    if (there && !S_ISREG(old.st_mode)) {
        ok = write_in_place(path, data, length);
    } else {
        real = there ? realpath(path, NULL) : NULL; /* links stay links */
        ok = write_file(real ? real : path, there ? &old : NULL, data, length);
    }
    return ok || file_error(error, path);
}

bool tw_cli_file_ready(const char *option, const char *path)
{
    g_autofree char *folder = path ? g_path_get_dirname(path) : NULL;
    struct stat st;

    if (!path) {
        return true;
    }
    if (strcmp(path, "-") == 0 || g_file_test(path, G_FILE_TEST_IS_DIR)) {
        tw_cli_fail(TW_EXIT_USAGE, "%s: expected a file, not \"%s\"", option,
                    path);
        return false;
    }
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) &&
        access(path, W_OK) == 0) {
        return true;
    }
    if (access(folder, W_OK) != 0) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "%s: %s: expected a folder to write into: %s", option,
                    folder, g_strerror(errno));
        return false;
    }
    return true;
}

bool tw_cli_folder_ready(const char *option, const char *path)
{
    g_autofree char *probe = g_build_filename(path, ".probe-XXXXXX", NULL);
    int fd;

    if (g_mkdir_with_parents(path, 0777) != 0 || (fd = g_mkstemp(probe)) < 0) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "%s: %s: expected a folder to write into: %s", option, path,
                    g_strerror(errno));
        return false;
    }
    close(fd);
    unlink(probe);
    return true;
}

char *tw_cli_case_name(GHashTable *before, const char *key, unsigned i)
{
    return g_strdup_printf("%s-%u.tw", key,
                           GPOINTER_TO_UINT(g_hash_table_lookup(before, key)) +
                               i + 1);
}

bool tw_cli_notes_flaky(const TwComments *comments)
{
    g_autofree char *verdict = tw_comments_note(comments, "verdict", 0);

    return verdict && strcmp(verdict, tw_verdict_name(TW_VERDICT_FLAKY)) == 0;
}

char *tw_cli_noted_key(const TwComments *comments)
{
    return tw_cli_notes_flaky(comments) ? NULL
                                        : tw_comments_note(comments, "key", 0);
}

GString *tw_cli_case_text(const TwProgram *program, const TwFinding *finding,
                          const char *verb, const char *words,
                          const char *origin)
{
    g_autoptr(TwComments) comments = tw_comments_new();
    g_auto(GStrv) lines = g_strsplit(finding->text, "\n", -1);
    GString *text = g_string_new(NULL);

    g_string_printf(text, "verdict: %s", tw_verdict_name(finding->verdict));
    tw_comments_add_top(comments, text->str);
    g_string_printf(text, "key: %s", finding->key);
    tw_comments_add_top(comments, text->str);
    if (finding->verdict == TW_VERDICT_FLAKY && finding->replays > 0) {
        g_string_printf(text, "again: %u of %u replays on a fresh target",
                        finding->again, finding->replays);
        tw_comments_add_top(comments, text->str);
    }
    if (finding->op < program->n_script) {
        g_string_printf(text, "operation: %u", finding->op);
        tw_comments_add_top(comments, text->str);
    }
    if (origin) {
        g_autofree char *clean = tw_cli_clean(origin);

        g_string_printf(text, "origin: %s", clean);
        tw_comments_add_top(comments, text->str);
    }
    g_string_printf(text, "see it: twinwalk %s %s THIS-FILE", verb, words);
    tw_comments_add_top(comments, text->str);
    for (char **line = lines; *line; line++) {
        if (**line) {
            g_string_printf(text, "  %s", *line);
            tw_comments_add_top(comments, text->str);
        }
    }
    g_string_truncate(text, 0);
    tw_program_print(program, comments, text);
    return text;
}
