/* SPDX-License-Identifier: MIT */
/* Terminals: their width, and colours. */
#ifndef TW_CLI_COMMON_TERMINAL_H
#define TW_CLI_COMMON_TERMINAL_H

#include <stddef.h>

/* The columns of the terminal that a file descriptor is; 0: it is none. */
size_t tw_cli_width(int fd);

typedef enum TwCliColour {
    TW_CLI_PLAIN,
    TW_CLI_BAD,  /* a finding: red */
    TW_CLI_GOOD, /* none: green */
    TW_CLI_DIM,  /* what matters less */
} TwCliColour;

/*
 * The sequence that begins a colour on standard output, and with TW_CLI_PLAIN
 * ends it.  "" if standard output is no terminal, TERM is dumb, or the
 * environment has NO_COLOR (https://no-color.org).
 */
const char *tw_cli_colour(TwCliColour colour);

#endif
