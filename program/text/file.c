/* SPDX-License-Identifier: MIT */
/* Reads files of any kind, with a limit of memory. */
#include "program/text/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool io_error(const char *path, int code, GError **error)
{
    g_set_error(error, TW_TEXT_ERROR, TW_TEXT_ERROR_IO, "%s: %s", path,
                g_strerror(code));
    return false;
}

static bool too_large(const char *path, GError **error)
{
    g_set_error(error, TW_TEXT_ERROR, TW_TEXT_ERROR_TOO_LARGE,
                "%s: expected at most %d bytes", path, TW_TEXT_MAX);
    return false;
}

/* Opens what can be read to an end; -1 on failure. */
static int open_file(const char *path, GError **error)
{
    /* Not blocking: a FIFO without a writer opens, and is empty. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat status;
    if (fd < 0) {
        io_error(path, errno, error);
        return -1;
    }
    if (fstat(fd, &status) != 0) {
        io_error(path, errno, error);
    } else if (S_ISDIR(status.st_mode)) {
        io_error(path, EISDIR, error);
    } else if (S_ISREG(status.st_mode) && status.st_size > TW_TEXT_MAX) {
        too_large(path, error);
    } else {
        int flags = fcntl(fd, F_GETFL);
        if (flags >= 0 && fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0) {
            return fd;
        }
        io_error(path, errno, error);
    }
    close(fd);
    return -1;
}

static bool read_all(int fd, const char *path, GByteArray *bytes,
                     GError **error)
{
    uint8_t block[16 << 10];
    for (;;) {
        size_t room = TW_TEXT_MAX - bytes->len;
        size_t want = MIN(room + 1, sizeof block);
        ssize_t got = read(fd, block, want);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return io_error(path, errno, error);
        }
        if (got == 0) {
            return true;
        }
        if ((size_t)got > room) {
            return too_large(path, error);
        }
        g_byte_array_append(bytes, block, (guint)got);
    }
}

bool tw_file_read(const char *path, GByteArray *bytes, GError **error)
{
    bool standard = strcmp(path, "-") == 0;
    const char *name = standard ? "standard input" : path;
    g_byte_array_set_size(bytes, 0);
    int fd = standard ? STDIN_FILENO : open_file(path, error);
    if (fd < 0) {
        return false;
    }
    bool ok = read_all(fd, name, bytes, error);
    if (!ok) {
        g_byte_array_set_size(bytes, 0);
    }
    if (!standard) {
        close(fd);
    }
    return ok;
}

bool tw_program_load(TwProgram *program, const char *path, TwTextMode mode,
                     TwComments *comments, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    return tw_file_read(path, bytes, error) &&
           tw_program_parse(program, (const char *)bytes->data, bytes->len,
                            name, mode, comments, NULL, error);
}
