/* SPDX-License-Identifier: MIT */
/* Inside this folder only: reading one operation of the text form. */
#ifndef TW_PROGRAM_TEXT_OP_H
#define TW_PROGRAM_TEXT_OP_H

#include "program/ops.h"
#include "program/text/lexer.h"

/*
 * Reads the operation from the current word to the end of the line.  In a
 * script it may be `during` an access and have an actor in front of it.  The
 * lines above have declared what is in `program`.
 */
bool tw_text_op(TwLexer *lexer, const TwProgram *program, bool script,
                TwOp *op);

/*
 * `entry` (LA-35): reads what follows that word, up to the end of the line, as
 * the `poke` that it stands for.
 */
bool tw_text_entry(TwLexer *lexer, const TwProgram *program, TwOp *op);
/* Writes a `poke` as an `entry`; false, and nothing is written: it is none, or
 * its bytes are no fields. */
bool tw_text_write_entry(GString *out, const TwProgram *program,
                         const TwOp *op);

/*
 * Reads one field of an object or operation, and writes it as it is read.
 * Fields that make one word together are read together: an id with its
 * index, a range, piece sizes.
 */
bool tw_text_field(TwLexer *lexer, const TwField *field, void *object);
void tw_text_write_field(GString *out, const TwField *field,
                         const void *object);

#endif
