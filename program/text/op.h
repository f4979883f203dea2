/* SPDX-License-Identifier: MIT */
/* Inside this folder only: reading one operation of the text form. */
#ifndef TW_PROGRAM_TEXT_OP_H
#define TW_PROGRAM_TEXT_OP_H

#include "program/text/lexer.h"

/*
 * Reads the operation from the current word to the end of the line.  In a
 * script it may be `during` an access and have an actor in front of it.
 */
bool tw_text_op(TwLexer *lexer, bool script, TwOp *op);

#endif
