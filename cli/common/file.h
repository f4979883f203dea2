/* SPDX-License-Identifier: MIT */
/* Files that are read, and files that are written as a whole or not at all. */
#ifndef TW_CLI_COMMON_FILE_H
#define TW_CLI_COMMON_FILE_H

#include <glib.h>
#include <stdbool.h>

#include "program/dialect.h"
#include "program/finding.h"
#include "program/text/text.h"

/*
 * Loads a case ("-": standard input): text, or, where `bytes` is given, bytes
 * with their meaning in that dialect.  False with `error` set.
 */
bool tw_cli_load(TwProgram *program, const char *path, const TwDialect *bytes,
                 GError **error);

/*
 * Writes a whole file or nothing: the new file gets its name after it is
 * complete.  A file that existed keeps its owner, its mode and the symbolic
 * links to it.  "-" is standard output; a device or a pipe is written to.
 */
bool tw_cli_write(const char *path, const char *data, size_t length,
                  GError **error);

/* Checks, before the work begins, that `path` can be written at its end (the
 * value of an option, or NULL).  False: an error was printed. */
bool tw_cli_file_ready(const char *option, const char *path);

/* Makes the folder `path`, for the files that come at the end, and checks that
 * they can be written.  False: an error was printed. */
bool tw_cli_folder_ready(const char *option, const char *path);

/* The name of the file of case `i` (from 0) of a key: KEY-N.tw.  `before` says
 * how many cases of a key were in the folder before (key -> number as a
 * pointer).  To be freed. */
char *tw_cli_case_name(GHashTable *before, const char *key, unsigned i);

/* Does the case note that its finding does not recur each time? */
bool tw_cli_notes_flaky(const TwComments *comments);
/* The key that the case notes, to be freed; NULL if it notes none, or that its
 * finding does not recur: the key is then none of a finding. */
char *tw_cli_noted_key(const TwComments *comments);

/*
 * The text of a case with a finding: comments that name the finding, the target
 * (`words`, the options that choose it) and the command that shows the finding
 * again, with this verb; then the program.
 */
GString *tw_cli_case_text(const TwProgram *program, const TwFinding *finding,
                          const char *verb, const char *words,
                          const char *origin);

#endif
