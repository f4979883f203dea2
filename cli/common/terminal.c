/* SPDX-License-Identifier: MIT */
/* See terminal.h. */
#include "cli/common/terminal.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { USUAL_WIDTH = 80 };

size_t tw_cli_width(int fd)
{
    struct winsize size = {0};

    if (!isatty(fd)) {
        return 0;
    }
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col
                                                                : USUAL_WIDTH;
}

static bool has_colours(void)
{
    const char *no = g_getenv("NO_COLOR"), *term = g_getenv("TERM");

    return isatty(STDOUT_FILENO) && (!no || !*no) &&
           (!term || strcmp(term, "dumb") != 0);
}

const char *tw_cli_colour(TwCliColour colour)
{
    static const char *const sequences[] = {[TW_CLI_PLAIN] = "\033[0m",
                                            [TW_CLI_BAD] = "\033[1;31m",
                                            [TW_CLI_GOOD] = "\033[32m",
                                            [TW_CLI_DIM] = "\033[2m"};

    return has_colours() ? sequences[colour] : "";
}
