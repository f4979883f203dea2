/* SPDX-License-Identifier: MIT */
/*
 * The text form: the form of record.  Canonical when printed, so that
 * parse -> print -> parse is the identity; comments are kept.
 */
#ifndef TW_PROGRAM_TEXT_TEXT_H
#define TW_PROGRAM_TEXT_TEXT_H

#include <glib.h>

#include "program/entry.h"
#include "program/finding.h"
#include "program/trace.h"

#define TW_TEXT_ERROR (tw_text_error_quark())
GQuark tw_text_error_quark(void);
enum { TW_TEXT_ERROR_SYNTAX, TW_TEXT_ERROR_TOO_LARGE, TW_TEXT_ERROR_IO };

/* Largest file that is read, in bytes. */
enum { TW_TEXT_MAX = 4 << 20 };

typedef enum TwTextMode {
    TW_TEXT_STRICT,  /* every line must be understood; the program must pass
                      * tw_program_check */
    TW_TEXT_LENIENT, /* lines that cannot be understood, or that would break
                      * tw_program_check, are dropped and counted */
} TwTextMode;

/*
 * Comments: whole lines that start with '#', and what follows " # " on other
 * lines.  Each is kept with the program line that it precedes or stands on.
 */
typedef struct TwComments TwComments;
TwComments *tw_comments_new(void);
void tw_comments_free(TwComments *comments);
/* The text of the n-th (from 0) comment line "WORD: text" above the whole
 * program, for the caller to free, or NULL. */
char *tw_comments_note(const TwComments *comments, const char *word,
                       unsigned n);
/* Adds a comment line (without '#') above the whole program. */
void tw_comments_add_top(TwComments *comments, const char *line);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TwComments, tw_comments_free)

/*
 * Parses `length` bytes at `text`.  `name` stands in errors:
 * "NAME:LINE:COLUMN: expected ...".  `comments` (may be NULL) receives the
 * comments.  `dropped` (may be NULL) counts the lines that lenient mode left
 * out.  On failure returns false, sets `error`, and `program` is undefined.
 */
bool tw_program_parse(TwProgram *program, const char *text, size_t length,
                      const char *name, TwTextMode mode, TwComments *comments,
                      unsigned *dropped, GError **error);

/* The canonical text of a program, appended to `out`; comments may be NULL. */
void tw_program_print(const TwProgram *program, const TwComments *comments,
                      GString *out);

/* One operation as it stands in the script, without indent or newline. */
void tw_op_print(const TwProgram *program, const TwOp *op, GString *out);

/* Words of the text form: "2^64", "rw", "secure,rid=1". */
void tw_write_size(GString *out, uint64_t size);
void tw_write_perm(GString *out, unsigned perm);
/* "i0 absent level 2 at 0x1234"; of a kind other than NONE. */
void tw_write_reason(GString *out, const TwReason *reason);
void tw_write_attrs(GString *out, TwAttrs attrs);
/* "table 0x1000 rw": an entry of a page table by its fields. */
void tw_write_entry(GString *out, const TwEntry *entry);

/*
 * Reads a file of at most TW_TEXT_MAX bytes ("-": standard input) into `bytes`
 * (emptied first), without ever holding more of it; errors name the file.
 */
bool tw_file_read(const char *path, GByteArray *bytes, GError **error);

/* tw_file_read and tw_program_parse. */
bool tw_program_load(TwProgram *program, const char *path, TwTextMode mode,
                     TwComments *comments, GError **error);

/*
 * The text form of a trace ("twinwalk-trace 1" ... "end"), one line an
 * outcome, used between processes and for recorded traces; parsing is strict,
 * checks all ranges against `program`, and keeps nothing on failure.
 */
void tw_trace_print(const TwTrace *trace, const TwProgram *program,
                    GString *out);
bool tw_trace_parse(TwTrace *trace, const TwProgram *program, const char *text,
                    size_t length, const char *name, GError **error);

#endif
