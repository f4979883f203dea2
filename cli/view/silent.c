/* SPDX-License-Identifier: MIT */
/* See silent.h. */
#include "cli/view/silent.h"

#include <fcntl.h>
#include <unistd.h>

TwSilence tw_view_be_silent(void)
{
    TwSilence s = {.before = dup(STDERR_FILENO),
                   .nowhere = open("/dev/null", O_WRONLY)};

    if (s.before >= 0 && s.nowhere >= 0) {
        dup2(s.nowhere, STDERR_FILENO);
    }
    return s;
}

void tw_view_speak(TwSilence s)
{
    if (s.before >= 0 && s.nowhere >= 0) {
        dup2(s.before, STDERR_FILENO);
    }
    if (s.before >= 0) {
        close(s.before);
    }
    if (s.nowhere >= 0) {
        close(s.nowhere);
    }
}
